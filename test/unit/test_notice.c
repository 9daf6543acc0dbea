/* room: intake. lib/mail/notice.h, mailto.h and describe.h: a mail of our own leaves as it was made (HOSTILE X6, X7, X9, D18). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gmime/gmime.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/mail/answer.h"
#include "lib/mail/describe.h"
#include "lib/mail/dkim_sign.h"
#include "lib/mail/long_lines.h"
#include "lib/mail/mailto.h"
#include "lib/mail/notice.h"
#include "lib/mail/outgoing.h"
#include "lib/mail/walk.h"
#include "test/unit/mail_help.h"

#define LIST "choir@lists.example.org"

static char post[] = "From: anna@example.org\r\nSubject: x\r\n\r\nHello\r\n";
static const struct texts_filled plain = {(char *)"Hello", (char *)"Hello\r\n"};
static const struct notice_link links[] = {{"accept & <go>", "mailto:a@b?subject=x&body=y"}, {"page", "https://example.org"}, {NULL, NULL}};

static struct notice ordinary(void)
{
	return (struct notice){.list = LIST, .to = "mod@example.org", .language = "en", .text = &plain, .key = "held 1 mod",
		.now = 1795257320};
}

/* The whole mail with CRLF, after the linter and the signer have been pleased. */
static char *build(const struct notice *notice, size_t *length)
{
	static const struct dkim_sign_key key = {.domain = "lists.example.org", .selector = "a", .algorithm = "rsa-sha256"};
	struct compose_message message;
	struct dkim_sign_draft draft;
	g_autoptr(GError) error = NULL;

	notice_build(notice, &message);
	int fd = outgoing_write(&message.header, message.body->str, message.body->len);
	struct io_mapping mapping;
	assert_true(fd >= 0 && io_map(fd, TRUE, &mapping));
	const char *wrong = outgoing_lint(mapping.data, mapping.length);
	if (wrong)
		print_error("%s\n", wrong);
	assert_null(wrong);
	io_unmap(&mapping);
	close(fd);

	struct dkim_sign_message to_sign = {&message.header, message.body->str, message.body->len, notice->now, 3600};
	assert_true(dkim_sign_drafts(&to_sign, &key, 1, &draft, &error));
	dkim_sign_clear(&draft);

	GString *whole = g_string_new(NULL);
	header_render(&message.header, whole);
	g_string_append(whole, "\r\n");
	g_string_append_len(whole, message.body->str, (gssize)message.body->len);
	assert_false(long_lines_found(whole->str, whole->len));
	compose_message_clear(&message);
	*length = whole->len;
	return g_string_free(whole, FALSE);
}

static void expect_field(const struct notice *notice, const char *name, const char *expected)
{
	size_t length;
	g_autofree char *text = build(notice, &length);
	struct help_message message = help_bytes(text, length);
	g_autofree char *value = header_value(&message.header, name, 0);

	if (g_strcmp0(value, expected) != 0)
		print_error("%s: %s\n", name, value);
	assert_true(g_strcmp0(value, expected) == 0);
	assert_true(header_count(&message.header, name) <= 1);
	help_clear(&message);
}

static void test_fields(void **state)
{
	struct notice notice = ordinary();
	const char *const thread[] = {"<a@b>", "<c@d>", NULL};

	expect_field(&notice, "From", "\"choir owner\" <choir-owner@lists.example.org>");
	expect_field(&notice, "To", "<mod@example.org>");
	expect_field(&notice, "Reply-To", NULL);
	expect_field(&notice, "Subject", "Hello");
	expect_field(&notice, "Date", "Sat, 21 Nov 2026 10:35:20 +0000");
	expect_field(&notice, "Auto-Submitted", "auto-generated");
	expect_field(&notice, "X-Loop", LIST);
	expect_field(&notice, "Precedence", NULL);
	expect_field(&notice, "In-Reply-To", NULL);
	expect_field(&notice, "Content-Type", "text/plain; charset=utf-8");
	expect_field(&notice, "Content-Transfer-Encoding", "7bit");
	expect_field(&notice, "Content-Language", "en");
	notice.from_name = "A \"b\" \\ <c@d>, e";
	notice.reply_to = "choir-confirm+abcdefghijklmnopqrstuvwxyz@lists.example.org";
	notice.thread = thread;
	notice.reply = TRUE;
	expect_field(&notice, "From", "\"A \\\"b\\\" \\\\ <c@d>, e\" <choir-owner@lists.example.org>");
	expect_field(&notice, "Reply-To", "<choir-confirm+abcdefghijklmnopqrstuvwxyz@lists.example.org>");
	expect_field(&notice, "Auto-Submitted", "auto-replied");
	expect_field(&notice, "In-Reply-To", "<c@d>");
	expect_field(&notice, "References", "<a@b> <c@d>");
	notice.from_name = "Ch\xC3\xB6r";
	expect_field(&notice, "From", "=?utf-8?Q?Ch=C3=B6r?= <choir-owner@lists.example.org>");
}

static void test_subjects(void **state)
{
	g_autofree char *run = help_repeat("x", TEXTS_SUBJECT);
	const struct {
		const char *subject, *expected;
	} cases[] = {
		{"", ""},
		{"Gr\xC3\xBC\xC3\x9F" "e", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?="},
		/* X7: it cannot become a word of ours by being decoded a second time */
		{"=?utf-8?q?=0D=0ABcc:_x?=", "=?utf-8?Q?=3D=3Futf-8=3Fq=3F=3D0D=3D0ABcc=3A=5Fx=3F=3D?="},
		{run, run},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct texts_filled text = {(char *)cases[i].subject, plain.body};
		struct notice notice = ordinary();

		notice.text = &text;
		expect_field(&notice, "Subject", cases[i].expected);
	}
}

static void test_message_id(void **state)
{
	struct notice notice = ordinary();
	g_autofree char *id = notice_message_id(LIST, notice.key), *again = notice_message_id(LIST, notice.key);
	g_autofree char *other = notice_message_id(LIST, "held 1 other"), *list = notice_message_id("c@d", notice.key);

	assert_true(g_str_has_suffix(id, ".rollcall@lists.example.org>") && *id == '<');
	assert_string_equal(id, again);
	assert_string_not_equal(id, other);
	assert_string_not_equal(id, list);
	expect_field(&notice, "Message-ID", id);
}

/* No machine answers a mail of ours, not even we ourselves. */
static void test_unanswerable(void **state)
{
	struct notice notice = ordinary();
	size_t length;
	g_autofree char *text = build(&notice, &length);
	struct help_message message = help_bytes(text, length);
	struct automatic_post mail = {.header = &message.header, .list = "other@lists.example.org", .sender = "a@b", .author = "a@b"};
	char why[ANSWER_WORD];

	assert_false(answer_allowed(&mail, why));
	assert_string_equal(why, "auto-submitted");
	help_clear(&message);
}

static const struct walk_entity *find(const struct walk *walk, const char *type)
{
	for (guint i = 0; i < walk->entities->len; i++)
		if (strcmp(walk_entity(walk, i)->type, type) == 0)
			return walk_entity(walk, i);
	return NULL;
}

static void test_html(void **state)
{
	struct texts_filled text = {(char *)"s", (char *)"A <b>&\"'\r\n\r\n  mailto:a@b?subject=x&body=y\r\n  > x\r\n"};
	struct notice notice = ordinary();
	size_t length;

	notice.text = &text;
	notice.links = links;
	g_autofree char *whole = build(&notice, &length);
	assert_non_null(strstr(whole, "Content-Type: multipart/alternative"));
	assert_non_null(strstr(whole, "<p>A &#60;b&#62;&#38;&#34;&#39;</p>"));
	assert_non_null(strstr(whole, "<a href=\"mailto:a@b?subject=x&#38;body=y\""));
	assert_non_null(strstr(whole, ">accept &#38; &#60;go&#62;</a><br>\r\n&nbsp;&nbsp;&#62; x</p>"));
	assert_null(strstr(whole, "<b>&#38;"));
}

/* The attached post comes out byte for byte, or as a file. */
static void expect_post(const char *data, size_t size, const char *type, const char *encoding)
{
	struct notice notice = ordinary();
	g_autofree char *exact = g_memdup2(data, MAX(size, 1));
	struct walk walk;
	size_t length;

	notice.post = exact;
	notice.post_length = size;
	notice.links = links;
	g_autofree char *whole = build(&notice, &length);
	assert_int_equal(walk_message(whole, length, &walk), WALK_OK);
	const struct walk_entity *entity = find(&walk, type);
	if (!entity) {
		fail_msg("%.60s: no %s", data, type);
		return;
	}
	g_autofree char *fields = g_strndup(whole + entity->header, entity->body - entity->header);
	g_autofree char *wanted = g_strdup_printf("Content-Transfer-Encoding: %s\r\n", encoding);
	assert_non_null(strstr(fields, wanted));
	if (strcmp(encoding, "base64") == 0) {
		g_autofree char *base64 = g_strndup(whole + entity->body, entity->end - entity->body);
		gsize got;
		g_autofree guchar *bytes = g_base64_decode(base64, &got);

		assert_int_equal(got, size);
		assert_memory_equal(bytes, data, size);
	} else {
		assert_int_equal(entity->end - entity->body, size);
		assert_memory_equal(whole + entity->body, data, size);
		assert_int_equal(strstr(whole, "Content-Transfer-Encoding: 8bit") != NULL, strcmp(encoding, "8bit") == 0);
	}
	walk_clear(&walk);
}

static void test_post(void **state)
{
	g_autofree char *run = help_repeat("x", 999), *longest = help_repeat("x", 998);
	g_autofree char *too_long = g_strconcat(post, run, "\r\n", NULL), *fits = g_strconcat(post, longest, NULL);
	static const char zero[] = "From: a@b\r\n\r\na\0b\r\n";
	static const char part_8bit[] = "From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: \xC3\xBC\r\n\r\nx\r\n--b--\r\n";
	const struct {
		const char *data, *encoding;
	} cases[] = {
		{post, "7bit"}, {"From: a@b\r\n\r\nno end", "7bit"}, {"From: a@b\r\n\r\n\xC3\xBC\r\n", "8bit"}, {fits, "7bit"},
		{"From: a@b\r\n\r\n--b\r\n\r\n", "7bit"}, {"From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n", "7bit"},
		{too_long, "base64"}, {"From: \xC3\xBC <a@b>\r\n\r\nx\r\n", "base64"}, {part_8bit, "base64"},
		{"From: a@b\r\n\r\na\nb\r\n", "base64"}, {"From: a@b\r\n\r\na\rb\r\n", "base64"}, {"no header\r\n\r\nx\r\n", "base64"},
		{"\r\nx\r\n", "base64"}, {"", "base64"}, {"From x\r\nFrom: a@b\r\n\r\nx\r\n", "base64"},
		{"From: a@b\r\nContent-Transfer-Encoding: binary\r\n\r\nx\r\n", "base64"},
		/* what ours begins with, by which a reader might think that it has not ended */
		{"From: a@b\r\nContent-Type: multipart/mixed; boundary=\"=\"\r\n\r\n--=\r\n\r\nx\r\n", "base64"},
		{"From: a@b\r\nContent-Type: multipart/mixed; boundary=\"==\"\r\n\r\n--==\r\n\r\nx\r\n", "7bit"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		expect_post(cases[i].data, strlen(cases[i].data), strcmp(cases[i].encoding, "base64") == 0 ? "application/octet-stream"
			: "message/rfc822", cases[i].encoding);
	expect_post(zero, sizeof zero - 1, "application/octet-stream", "base64");
}

/* A post that holds the boundary which the key would give gets another one around it. */
static void test_boundary(void **state)
{
	struct notice notice = ordinary();
	size_t length;

	notice.post = post;
	notice.post_length = strlen(post);
	g_autofree char *first = build(&notice, &length);
	char *boundary = strstr(first, "boundary=\"") + strlen("boundary=\"");
	*strchr(boundary, '"') = '\0';
	g_autofree char *evil = g_strdup_printf("%s--%s--\r\n", post, boundary);
	notice.post = evil;
	notice.post_length = strlen(evil);
	g_autofree char *second = build(&notice, &length);
	assert_null(strstr(strstr(second, "boundary=\""), boundary) < strstr(second, "\r\n\r\n") ? "same" : NULL);
	expect_post(evil, strlen(evil), "message/rfc822", "7bit");
}

static void test_mailto(void **state)
{
	g_autofree char *bare = mailto_link("a@b", NULL, NULL), *body = mailto_link("a+b@c", NULL, "x\r\ny\nz");
	g_autofree char *odd = mailto_link("\"a b\"?x=y&<>@c", "100% \xE2\x82\xAC\"<>'", "");

	assert_string_equal(bare, "mailto:a@b");
	assert_string_equal(body, "mailto:a+b@c?body=x%0D%0Ay%0D%0Az");
	assert_string_equal(odd, "mailto:%22a%20b%22%3Fx%3Dy%26%3C%3E@c?subject=100%25%20%E2%82%AC%22%3C%3E%27&body=");
}

static void test_describe(void **state)
{
	static const struct {
		guint64 bytes;
		const char *language, *expected;
	} cases[] = {
		{0, "en", "1 kB"}, {1, "en", "1 kB"}, {1001, "nl", "2 kB"}, {999000, "nl", "999 kB"}, {999001, "nl", "0,9 MB"},
		{1000000, "en", "1.0 MB"}, {12345678, "en", "12.3 MB"}, {12345678, "de", "12,3 MB"},
	};
	static const char message[] = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: TEXT/plain\r\n\r\nx\r\n"
		"--b\r\nContent-Type: image/jpeg; name=\"a\xE2\x80\xAE b.jpg\"\r\n\r\nx\r\n--b--\r\n";
	struct walk walk;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *size = describe_size(cases[i].bytes, cases[i].language);

		assert_string_equal(size, cases[i].expected);
	}
	assert_int_equal(walk_message(message, strlen(message), &walk), WALK_OK);
	g_autofree char *parts = describe_parts(&walk);
	assert_string_equal(parts, "text/plain, image/jpeg (a b.jpg)");
	walk_clear(&walk);
}

static int setup(void **state)
{
	g_mime_init();
	dkim_sign_warm_up();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_message_id),
		cmocka_unit_test(test_unanswerable),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_boundary),
		cmocka_unit_test(test_mailto),
		cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests_name("notice", tests, setup, NULL);
}
