/* room: intake. lib/mail/digest.h and plain_post.h: issues in all forms, of posts of many shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/digest.h"
#include "lib/mail/mail.h"
#include "lib/mail/plain_post.h"
#include "lib/mail/walk.h"

#define LIST "choir@lists.example.org"

static struct texts *texts;

static const char plain[] =
	"Received: from x\r\nSubject: =?utf-8?q?Pr=C3=B6be?=\r\nFrom: =?utf-8?q?Ann=C3=A4?= <anna@example.org>\r\n"
	"To: choir@lists.example.org,\r\n bert@example.org\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nX-Other: x\r\n"
	"Message-ID: <1@example.org>\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
	"Content-Transfer-Encoding: 8bit\r\n\r\n\r\nGr\xFC\xDF" "e\r\n------------------------------\r\n.dot\r\n\r\n\r\n";
static const char nested[] =
	"Subject: Files\r\nFrom: bert@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
	"--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>rich</p>\r\n"
	"--b\r\nContent-Type: text/plain\r\n\r\npoor\r\n--b--\r\n"
	"--a\r\nContent-Type: image/png; name=\"a\\\"b.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
	"--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nhidden\r\n--a--\r\n";
static const char html[] =
	"Subject: Page\r\nFrom: <c@example.org>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>only <b>rich</b></p>\r\n";
static const char broken[] =
	"From: d@example.org\r\nContent-Type: multipart/mixed\r\n\r\n--x\r\n\r\nlost\r\n--x--\r\n";
/* Would close a boundary of ours if it could be guessed, and has a line that is too long to travel. */
static char *long_post(void)
{
	g_autofree char *line = g_strnfill(2000, 'x');

	return g_strconcat("From: e@example.org\r\nSubject: Long\r\n\r\n", line, "\r\n", NULL);
}

static void build(const struct digest_post *posts, guint count, enum digest_form form, struct compose_message *message)
{
	const struct digest_issue issue = {
		.list = LIST, .language = "en", .texts = texts, .page = "https://crm.example.org/me", .volume = 3, .number = 7,
		.part = 1, .parts = 1, .closed = 1795255200, .posts = posts, .count = count,
	};

	digest_build(&issue, form, message);
}

static struct digest_post post(const char *data)
{
	return (struct digest_post){.data = data, .length = strlen(data)};
}

/* Undoes quoted-printable, for looking. */
static char *readable(const struct compose_message *message)
{
	g_autofree char *encoding = header_value(&message->header, "Content-Transfer-Encoding", 0);
	GString *out = g_string_new(NULL);

	if (g_strcmp0(encoding, "quoted-printable") != 0)
		return g_string_free(g_string_append(out, message->body->str), FALSE);
	for (const char *c = message->body->str; *c; c++) {
		if (*c != '=') {
			g_string_append_c(out, *c);
			continue;
		}
		if (c[1] != '\r')
			g_string_append_c(out, (char)(g_ascii_xdigit_value(c[1]) * 16 + g_ascii_xdigit_value(c[2])));
		c += 2;
	}
	return g_string_free(out, FALSE);
}

#define RULE30 "------------------------------"
#define RULE70 RULE30 RULE30 "----------"

static void test_plain(void **state)
{
	struct digest_post posts[] = {post(plain), post(nested), post(html), post(broken)};
	struct compose_message message;

	build(posts, G_N_ELEMENTS(posts), DIGEST_PLAIN, &message);
	g_autofree char *text = readable(&message);
	g_autofree char *subject = header_value(&message.header, "Subject", 0);
	assert_string_equal(subject, "choir Digest, Vol 3, Issue 7");
	static const char *const wanted[] = {
		"Today's Topics:\r\n\r\n   1. Pr\xC3\xB6" "be (Ann\xC3\xA4)\r\n   2. Files (bert@example.org)\r\n",
		"   4. (no subject) (d@example.org)\r\n\r\n" RULE70 "\r\n\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nFrom: Ann\xC3\xA4 <anna@example.org>\r\n"
		"To: choir@lists.example.org,\r\n bert@example.org\r\nSubject: Pr\xC3\xB6" "be\r\nMessage-ID: <1@example.org>\r\n\r\n"
		"Gr\xC3\xBC\xC3\x9F" "e\r\n -----------------------------\r\n.dot\r\n\r\n" RULE30 "\r\n\r\nFrom: bert@example.org\r\n"
		"Subject: Files\r\n\r\npoor\r\n\r\n[Attachment: a\"b.png, image/png, 1 kB]\r\n\r\n[Attachment: message/rfc822, 1 kB]\r\n\r\n"
		RULE30 "\r\n\r\n",
		"Subject: Page\r\n\r\nonly rich\r\n\r\n" RULE30 "\r\n\r\n",
		RULE30 "\r\n\r\nEnd of choir Digest\r\n*******************\r\n",
	};
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		if (!strstr(text, wanted[i]))
			print_error("%zu: %s\nin\n%s\n", i, wanted[i], text);
		assert_non_null(strstr(text, wanted[i]));
	}
	assert_null(strstr(text, "hidden"));
	assert_null(strstr(text, "X-Other"));
	compose_message_clear(&message);
}

/* Blanks at the ends of lines go, but the one by which a reader knows where the signature begins. */
static void test_signature_line(void **state)
{
	static const char data[] = "Subject: S\r\n\r\ntext  \r\n--  \t \r\nx -- \r\n-- \r\nAnna\r\n";
	const struct plain_post shown = {.data = data, .length = strlen(data), .language = "en", .texts = texts};
	g_autoptr(GString) out = g_string_new(NULL);

	plain_post_append(&shown, out);
	assert_string_equal(out->str, "text\r\n-- \r\nx --\r\n-- \r\nAnna\r\n");
}

/* Text that nobody reads to its end is named, and neither grows: three bytes of UTF-8 for one, and quoted-printable of those. */
static void test_much_text(void **state)
{
	g_autofree char *line = g_strnfill(60, '\xFC');
	g_autoptr(GString) body = g_string_new("Subject: Much\r\nContent-Type: text/plain; charset=cp437\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
	struct compose_message message;

	while (body->len < 600000)
		g_string_append_printf(body, "%s\r\n", line);
	struct digest_post posts[] = {post(body->str), post(plain)};
	build(posts, G_N_ELEMENTS(posts), DIGEST_PLAIN, &message);
	g_autofree char *text = readable(&message);
	assert_non_null(strstr(text, "[Attachment: text/plain, 600 kB]"));
	assert_non_null(strstr(text, "Gr\xC3\xBC\xC3\x9F" "e"));
	compose_message_clear(&message);
	/* Less of it is shown, in the shorter encoding. */
	g_string_truncate(body, 300000);
	posts[0] = post(body->str);
	build(posts, 1, DIGEST_PLAIN, &message);
	g_autofree char *encoding = header_value(&message.header, "Content-Transfer-Encoding", 0);
	assert_string_equal(encoding, "base64");
	assert_true(message.body->len > 800000 && message.body->len < 1300000 && g_str_has_suffix(message.body->str, "\r\n"));
	compose_message_clear(&message);
}

static guint count_of(const char *text, const char *what)
{
	guint count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

static void test_mime(void **state)
{
	g_autofree char *large = long_post();
	static const char near[] = "From: a@b\r\nContent-Type: multipart/mixed; boundary=\"=_\"\r\n\r\n--=_\r\n\r\nx\r\n";
	struct digest_post posts[] = {post(plain), post(nested), post(large), post(near)};
	struct compose_message message;
	struct walk walk;

	build(posts, G_N_ELEMENTS(posts), DIGEST_MIME, &message);
	g_autoptr(GString) whole = g_string_new(NULL);
	header_render(&message.header, whole);
	g_string_append(whole, "\r\n");
	g_string_append_len(whole, message.body->str, (gssize)message.body->len);
	assert_int_equal(walk_message(whole->str, whole->len, &walk), WALK_OK);
	static const char *const types[] = {"multipart/mixed", "text/plain", "text/plain", "multipart/digest", "message/rfc822", "text/plain",
		"message/rfc822", "multipart/mixed"};
	for (guint i = 0; i < G_N_ELEMENTS(types); i++)
		assert_string_equal(walk_entity(&walk, i)->type, types[i]);
	/* Untouched, byte for byte. */
	const struct walk_entity *first = walk_entity(&walk, 4);
	assert_int_equal(first->end - first->body, strlen(plain));
	assert_memory_equal(whole->str + first->body, plain, strlen(plain));
	for (guint last = 1; last <= 2; last++)
		assert_string_equal(walk_entity(&walk, walk.entities->len - last)->type, "application/octet-stream");
	assert_int_equal(walk.flags & (WALK_AMBIGUOUS | WALK_UNCLOSED | WALK_PREAMBLE), 0);
	walk_clear(&walk);
	compose_message_clear(&message);
}

static void test_summary_and_identity(void **state)
{
	struct digest_post posts[] = {post(plain)};
	struct compose_message first, second, other;

	posts[0].archived_at = "https://archive.example.org/1";
	build(posts, 1, DIGEST_SUMMARY, &first);
	build(posts, 1, DIGEST_SUMMARY, &second);
	build(posts, 1, DIGEST_MIME, &other);
	g_autofree char *a = header_value(&first.header, "Message-ID", 0);
	g_autofree char *b = header_value(&second.header, "Message-ID", 0);
	g_autofree char *c = header_value(&other.header, "Message-ID", 0);
	g_autofree char *text = readable(&first);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_non_null(strstr(text, "https://archive.example.org/1\r\n"));
	assert_int_equal(count_of(text, RULE30), 0);
	compose_message_clear(&first);
	compose_message_clear(&second);
	compose_message_clear(&other);
}

static void test_many(void **state)
{
	g_autofree struct digest_post *posts = g_new(struct digest_post, 1000);
	struct compose_message message;

	for (guint i = 0; i < 1000; i++)
		posts[i] = post(i % 3 == 0 ? plain : i % 3 == 1 ? nested : broken);
	build(posts, 1000, DIGEST_PLAIN, &message);
	g_autofree char *text = readable(&message);
	assert_int_equal(count_of(text, "\r\n\r\n" RULE30 "\r\n\r\n"), 1000);
	compose_message_clear(&message);
}

static int start(void **state)
{
	static const char *const directories[] = {"lib/mail/texts", NULL};
	g_autofree char *missing = mail_warm_up();
	g_autoptr(GError) error = NULL;

	texts = texts_load(directories, &error);
	if (!texts)
		print_error("%s\n", error->message);
	return texts ? 0 : -1;
}

static int stop(void **state)
{
	texts_free(texts);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_signature_line),
		cmocka_unit_test(test_much_text),
		cmocka_unit_test(test_mime),
		cmocka_unit_test(test_summary_and_identity),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
