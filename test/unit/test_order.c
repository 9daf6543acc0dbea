/* room: intake. lib/mail/order.h and lib/list/token.h: what is an order and what is not (HOSTILE X1, X4, X6, X7, X9). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gmime/gmime.h>

#include "lib/list/token.h"
#include "lib/mail/order.h"
#include "test/unit/mail_help.h"

#define LIST "choir@lists.example.org"

struct result {
	enum verdict_class class;
	struct order order;
};

/* `subject` decoded; `text` a whole message. */
static struct result read_order(const char *text, size_t length, const char *sender, const char *subject)
{
	struct help_message message = help_bytes(text, length);
	struct automatic_post post = {.header = &message.header, .list = LIST, .sender = sender,
		.author = "anna@example.org", .subject = subject};
	struct walk walk;
	struct result result;

	assert_int_equal(walk_message(message.data, message.length, &walk), WALK_OK);
	struct order_mail mail = {.mail = &post, .data = message.data, .walk = &walk};
	struct verdict verdict = order_read(&mail, &result.order);
	result.class = verdict.class;
	walk_clear(&walk);
	help_clear(&message);
	return result;
}

static void expect(const char *fields, const char *subject, const char *body, enum order_kind kind, const char *text)
{
	g_autofree char *whole = g_strconcat("From: anna@example.org\r\n", fields, "\r\n", body, NULL);
	struct result result = read_order(whole, strlen(whole), "anna@example.org", subject);

	if (result.order.kind != kind || g_strcmp0(result.order.text, text) != 0)
		print_error("%s|%s|%s: %s, %s\n", fields, subject, body, order_kind_word(result.order.kind), result.order.text);
	assert_int_equal(result.class, VERDICT_NONE);
	assert_int_equal(result.order.kind, kind);
	assert_true(g_strcmp0(result.order.text, text) == 0);
	order_clear(&result.order);
}

static void test_words(void **state)
{
	static const struct {
		const char *line;
		enum order_kind kind;
	} cases[] = {
		{"accept", ORDER_ACCEPT}, {"Accept", ORDER_ACCEPT}, {"ACCEPT \t", ORDER_ACCEPT}, {"accept.", ORDER_ACCEPT},
		{"approve", ORDER_ACCEPT}, {"goedkeuren", ORDER_ACCEPT}, {"accepter", ORDER_ACCEPT}, {"Annehmen", ORDER_ACCEPT},
		{"accept\xC2\xA0", ORDER_ACCEPT}, {"accept\r", ORDER_ACCEPT},
		{"reject", ORDER_REJECT}, {"Afwijzen", ORDER_REJECT}, {"refuser", ORDER_REJECT},
		{"zur\xC3\xBC" "ckweisen", ORDER_REJECT}, {"ZUR\xC3\x9C" "CKWEISEN", ORDER_REJECT},
		{"zuru\xCC\x88" "ckweisen", ORDER_REJECT},
		{"discard", ORDER_DISCARD}, {"l\xC3\xB6schen", ORDER_DISCARD}, {"weggooien", ORDER_DISCARD},
		{"confirm", ORDER_CONFIRM}, {"best\xC3\xA4tigen", ORDER_CONFIRM}, {"withdraw", ORDER_WITHDRAW},
		{"help", ORDER_HELP}, {"subscribe", ORDER_SUBSCRIBE}, {"unsubscribe", ORDER_UNSUBSCRIBE},
		{"se d\xC3\xA9sabonner", ORDER_UNSUBSCRIBE},
		/* not exactly a word, flush left */
		/* as people and their programs dress it */
		{"\"accept\"", ORDER_ACCEPT}, {"\"Accept.\"", ORDER_ACCEPT}, {"\"accept\".", ORDER_ACCEPT}, {"'reject'", ORDER_REJECT}, {"Accept!", ORDER_ACCEPT},
		{"“goedkeuren”", ORDER_ACCEPT}, {"„annehmen“", ORDER_ACCEPT}, {"‘discard’", ORDER_DISCARD}, {"« confirmer »", ORDER_CONFIRM},
		{"«\xC2\xA0" "confirmer\xE2\x80\xAF»", ORDER_CONFIRM}, {"*accept*", ORDER_ACCEPT}, {"_accept_", ORDER_ACCEPT}, {"/accept/ ", ORDER_ACCEPT},
		{" accept", ORDER_ACCEPT}, {"\xC2\xA0" "accept", ORDER_ACCEPT}, {" \"accept\" ", ORDER_ACCEPT},
		{"", ORDER_NONE}, {"  accept", ORDER_NONE}, {"\taccept", ORDER_NONE}, {"> accept", ORDER_NONE},
		{"accept it", ORDER_NONE}, {"I accept", ORDER_NONE}, {"accepted", ORDER_NONE}, {"accep", ORDER_NONE},
		{"accept..", ORDER_NONE}, {"accept!!", ORDER_NONE}, {"\"accept", ORDER_NONE}, {"accept\"", ORDER_NONE}, {"\"\"accept\"\"", ORDER_NONE},
		{"\"accept\",", ORDER_NONE}, {"\"accept\" or \"reject\"", ORDER_NONE}, {"'accept\"", ORDER_NONE}, {"\"", ORDER_NONE}, {"\"\"", ORDER_NONE}, {"**", ORDER_NONE},
		{" ", ORDER_NONE}, {"!", ORDER_NONE}, {"«", ORDER_NONE}, {"« »", ORDER_NONE}, {"write \"accept\"", ORDER_NONE}, {"accept?", ORDER_NONE}, {"not accept", ORDER_NONE}, {"accept\x01", ORDER_NONE},
		{"\xD0\xB0" "ccept", ORDER_NONE}, {"accept\xFF", ORDER_NONE}, {"ac\xE2\x80\x8B" "cept", ORDER_NONE},
		{".", ORDER_NONE}, {"acceptacceptacceptacceptacceptacceptaccept", ORDER_NONE},
		/* X7 */
		{"accept%n%s", ORDER_NONE}, {"accept; rm -rf /", ORDER_NONE}, {"accept' OR '1'='1", ORDER_NONE}, {"{accept}", ORDER_NONE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t length = strlen(cases[i].line);
		g_autofree char *exact = g_memdup2(cases[i].line, MAX(length, 1));

		if (order_line(exact, length) != cases[i].kind)
			print_error("%s\n", cases[i].line);
		assert_int_equal(order_line(exact, length), cases[i].kind);
	}
}

/* X6: where a word counts. */
static void test_places(void **state)
{
	g_autofree char *nineteen = help_repeat("x\r\n", 19), *twenty = help_repeat("x\r\n", 20);
	g_autofree char *quoted = help_repeat("> x\r\n", 500), *many = help_repeat("discard\r\n", 500);
	g_autofree char *late = g_strconcat(nineteen, "accept\r\n", NULL), *too_late = g_strconcat(twenty, "accept\r\n", NULL);
	g_autofree char *below = g_strconcat(quoted, "accept\r\n", NULL), *one = g_strconcat("accept\r\n", many, NULL);

	expect("", "", "accept\r\n", ORDER_ACCEPT, NULL);
	expect("", "", "accept", ORDER_ACCEPT, NULL);
	expect("", "", "\r\n\r\nHello,\r\naccept\r\nAnna\r\n", ORDER_ACCEPT, NULL);
	expect("", "", late, ORDER_ACCEPT, NULL);
	expect("", "", too_late, ORDER_NONE, NULL);
	expect("", "", below, ORDER_ACCEPT, NULL);
	expect("", "", one, ORDER_ACCEPT, NULL);
	expect("", "", many, ORDER_DISCARD, NULL);
	expect("", "", "> accept\r\n", ORDER_NONE, NULL);
	expect("", "", " > accept\r\n", ORDER_NONE, NULL);
	expect("", "", "-- \r\naccept\r\n", ORDER_NONE, NULL);
	expect("", "", "--\r\naccept\r\n", ORDER_NONE, NULL);
	expect("", "", "---\r\naccept\r\n", ORDER_ACCEPT, NULL);
	expect("", "", "-----Original Message-----\r\naccept\r\n", ORDER_NONE, NULL);
	expect("", "", "-----Urspr\xC3\xBCngliche Nachricht-----\r\naccept\r\n", ORDER_NONE, NULL);
	expect("", "", "________________________________\r\naccept\r\n", ORDER_NONE, NULL);
	expect("", "", "", ORDER_NONE, NULL);
}

static void test_subjects(void **state)
{
	expect("", "accept", "", ORDER_ACCEPT, NULL);
	expect("", "accept: Spring concert", "", ORDER_ACCEPT, NULL);
	expect("", "goedkeuren: x", "\r\n", ORDER_ACCEPT, NULL);
	expect("", "Re: accept: Spring concert", "", ORDER_NONE, NULL);
	expect("", "acceptance: x", "", ORDER_NONE, NULL);
	expect("", "help: the door is locked", "Come quickly.\r\n", ORDER_NONE, NULL);
	expect("", "help", "", ORDER_HELP, NULL);
	expect("", "unsubscribe", "", ORDER_UNSUBSCRIBE, NULL);
	/* what is written by hand counts more than what the link wrote */
	expect("", "accept: x", "reject\r\n\r\nOff topic.\r\n", ORDER_REJECT, "Off topic.");
	expect("", "[choir] For you to decide: accept", "", ORDER_NONE, NULL);
}

#define HTML "Content-Type: text/html; charset=utf-8\r\n"

static void test_reject_text(void **state)
{
	g_autofree char *long_line = help_repeat("x", 10000), *lines = help_repeat("line\r\n", 500);
	g_autofree char *first = g_strconcat("reject\r\n", long_line, "\r\nmore\r\n", NULL);
	g_autofree char *second = g_strconcat("reject\r\n", lines, NULL);

	expect("", "", "reject\r\n", ORDER_REJECT, NULL);
	expect("", "", "reject\r\n\r\n\r\nOff topic.\r\n\r\n\r\nSorry,\r\nAnna\r\n", ORDER_REJECT, "Off topic.\n\nSorry,\nAnna");
	expect("", "", "reject\r\nOff topic.\r\n-- \r\nAnna\r\n", ORDER_REJECT, "Off topic.");
	expect("", "", "reject\r\nOff topic.\r\n> quoted\r\nmore\r\n", ORDER_REJECT, "Off topic.");
	expect("", "", "reject\r\nOff topic.\r\n\r\nOn Sat, Anna wrote:\r\n> quoted\r\n", ORDER_REJECT, "Off topic.");
	expect("", "", "reject\r\nOff topic.\r\n\r\nOn Sat, 21 Nov 2026 at 10:00, choir owner\r\n<choir-owner@x>\r\nwrote:\r\n\r\n> q\r\n",
		ORDER_REJECT, "Off topic.");
	expect("", "", "reject\r\n\r\nOn Sat, Anna wrote:\r\n> quoted\r\n", ORDER_REJECT, NULL);
	expect("", "", "reject\r\nOff topic:\r\n-----Original Message-----\r\nx\r\n", ORDER_REJECT, "Off topic:");
	/* the link's subject, when the word was taken out of the body */
	expect("", "reject: x", "Off topic.\r\n", ORDER_REJECT, "Off topic.");
	expect("", "reject: x", "reject Off topic.\r\n", ORDER_REJECT, "reject Off topic.");
	/* Outlook's head of the original, with our links below it */
	expect("", "", "reject\r\nOff topic.\r\n\r\nFrom: choir owner <choir-owner@x>\r\nSent: Saturday, November 21, 2026 10:00\r\nTo: x\r\n\r\nmailto:x\r\n",
		ORDER_REJECT, "Off topic.");
	expect("", "", "ablehnen\r\n\r\nVon: choir owner <choir-owner@x>\r\nGesendet: Samstag, 21. November 2026 10:00\r\nAn: x\r\n", ORDER_REJECT, NULL);
	expect("", "", "refuser\r\nNon.\r\n\r\nDe\302\240: choir owner\r\nEnvoy\303\251\302\240: samedi\r\n", ORDER_REJECT, "Non.");
	expect("", "", "reject\r\nFrom: here on, please\r\nwrite in plain text.\r\n", ORDER_REJECT, "From: here on, please\nwrite in plain text.");
	expect("", "", "Who is that?\r\n\r\nFrom: choir owner <choir-owner@x>\r\nSent: Saturday\r\n\r\naccept\r\n", ORDER_NONE, NULL);
	/* from HTML, where a link's mail has nothing else; never where our own mail may stand in it, too */
	expect(HTML, "reject: x", "<p>reject</p><p>Too&nbsp;long.<br>Sorry</p>\r\n", ORDER_REJECT, "Too long.\nSorry");
	expect(HTML, "reject: x", "<div>Too long.</div>\r\n", ORDER_REJECT, "Too long.");
	expect(HTML, "reject: x", "<p>reject</p>\r\n", ORDER_REJECT, NULL);
	expect(HTML "In-Reply-To: <a@b>\r\n", "reject: x", "<p>reject</p><p>Too long.</p>\r\n", ORDER_REJECT, NULL);
	expect(HTML, "discard: x", "<p>reject</p><p>Too long.</p>\r\n", ORDER_DISCARD, NULL);
	/* X7: only text, cleaned */
	expect("", "", "reject\r\n%s%n {list} $(id)\x07\xE2\x80\xAE' -- \r\n", ORDER_REJECT, "%s%n {list} $(id) ' --");
	expect("", "", "reject\r\naccept\r\n", ORDER_REJECT, "accept");
	/* bounded */
	g_autofree char *whole = g_strconcat("From: a@b\r\n\r\n", first, NULL);
	struct result result = read_order(whole, strlen(whole), "a@b", "");
	assert_in_range(strlen(result.order.text), ORDER_TEXT - 10, ORDER_TEXT);
	order_clear(&result.order);
	g_free(whole);
	whole = g_strconcat("From: a@b\r\n\r\n", second, NULL);
	result = read_order(whole, strlen(whole), "a@b", "");
	assert_true(strlen(result.order.text) <= ORDER_TEXT_LINES * strlen("line\n"));
	order_clear(&result.order);
}

#define MULTI(type) "Content-Type: multipart/" type "; boundary=b\r\n"
#define PART(type, body) "--b\r\nContent-Type: " type "\r\n\r\n" body "\r\n"

/* X6, X9: which part counts. */
static void test_parts(void **state)
{
	expect(MULTI("alternative"), "", PART("text/plain", "accept") PART("text/html", "discard") "--b--\r\n", ORDER_ACCEPT, NULL);
	expect(MULTI("alternative"), "", PART("text/html", "accept") "--b--\r\n", ORDER_NONE, NULL);
	expect("Content-Type: text/html\r\n", "", "accept\r\n", ORDER_NONE, NULL);
	expect("Content-Type: text/html\r\n", "accept: x", "<p>\r\n", ORDER_ACCEPT, NULL);
	expect(MULTI("mixed"), "", PART("text/plain", "Hello") PART("text/plain", "accept") "--b--\r\n", ORDER_NONE, NULL);
	expect(MULTI("mixed"), "", PART("text/plain; name=\"a.txt\"", "accept") "--b--\r\n", ORDER_NONE, NULL);
	expect(MULTI("mixed"), "", PART("message/rfc822", "From: x@y\r\n\r\naccept") "--b--\r\n", ORDER_NONE, NULL);
	expect(MULTI("mixed"), "", PART("message/rfc822", "From: x@y\r\nApproved: secret\r\n\r\naccept")
		PART("text/plain", "reject\r\nno") "--b--\r\n", ORDER_REJECT, "no");
	expect(MULTI("signed"), "", PART("text/plain", "accept") PART("application/pgp-signature", "x") "--b--\r\n", ORDER_ACCEPT, NULL);
	/* Two levels with one boundary: programs differ about the parts. */
	expect(MULTI("mixed"), "", PART("text/plain", "accept") PART("multipart/mixed; boundary=b", "--b\r\n\r\nx") "--b--\r\n",
		ORDER_NONE, NULL);
	expect("Content-Type: multipart/mixed\r\n", "", "--b\r\n\r\naccept\r\n", ORDER_NONE, NULL);
}

static void test_encodings(void **state)
{
	expect("Content-Transfer-Encoding: quoted-printable\r\n", "", "ac=63ept\r\n", ORDER_ACCEPT, NULL);
	expect("Content-Transfer-Encoding: quoted-printable\r\n", "", "acc=\r\nept\r\n", ORDER_ACCEPT, NULL);
	expect("Content-Transfer-Encoding: quoted-printable\r\n", "", "=3E accept\r\n", ORDER_NONE, NULL);
	expect("Content-Transfer-Encoding: base64\r\n", "", "YWNjZXB0DQo=\r\n", ORDER_ACCEPT, NULL);
	expect("Content-Transfer-Encoding: base64\r\n", "", "!!!", ORDER_NONE, NULL);
	expect("Content-Transfer-Encoding: x-odd\r\n", "", "accept\r\n", ORDER_NONE, NULL);
	expect("Content-Type: text/plain; charset=iso-8859-1\r\n", "", "best\xE4tigen\r\n", ORDER_CONFIRM, NULL);
	expect("Content-Type: text/plain; charset=utf-8\r\n", "", "\xEF\xBB\xBF" "accept\r\n", ORDER_ACCEPT, NULL);
	expect("Content-Type: text/plain; charset=x-nobody\r\n", "", "accept\r\n\xE4\r\n", ORDER_ACCEPT, NULL);
	expect("Content-Type: text/plain; charset=iso-8859-1\r\n", "", "reject\r\nZu sp\xE4t.\r\n", ORDER_REJECT, "Zu sp\xC3\xA4t.");
	/* Twice the field: programs differ. */
	expect("Content-Type: text/plain\r\nContent-Type: text/html\r\n", "", "accept\r\n", ORDER_NONE, NULL);
}

/* A megabyte, and a NUL, are only text. */
static void test_big(void **state)
{
	g_autofree char *line = help_repeat("xxxxxxxxx ", 100000);
	g_autofree char *whole = g_strconcat("From: a@b\r\n\r\naccept\r\n", line, NULL);
	struct result result = read_order(whole, strlen(whole), "a@b", "");
	static const char zero[] = "From: a@b\r\n\r\nx\0y\r\naccept\r\n";

	assert_int_equal(result.order.kind, ORDER_ACCEPT);
	order_clear(&result.order);
	result = read_order(zero, sizeof zero - 1, "a@b", "");
	assert_int_equal(result.order.kind, ORDER_ACCEPT);
	order_clear(&result.order);
}

/* X4: what a machine sends is never an order. */
static void test_machines(void **state)
{
	static const struct {
		const char *fields, *sender, *subject;
	} cases[] = {
		{"", "", "accept"},
		{"", "MAILER-DAEMON@example.org", "accept"},
		{"Auto-Submitted: auto-replied\r\n", "a@b", "accept"},
		{"Auto-Submitted: auto-replied (vacation)\r\n", "a@b", "accept"},
		{"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n", "a@b", "accept"},
		{"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n", "a@b", "accept"},
		{"Precedence: bulk\r\n", "a@b", "accept"},
		{"X-Autoreply: yes\r\n", "a@b", "accept"},
		{"", "a@b", "Automatic reply: accept"},
		{"", "a@b", "Abwesenheitsnotiz: accept"},
		{"X-Loop: " LIST "\r\n", "a@b", "accept"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *whole = g_strconcat("From: a@b\r\n", cases[i].fields, "\r\naccept\r\n", NULL);
		struct result result = read_order(whole, strlen(whole), cases[i].sender, cases[i].subject);

		assert_int_equal(result.class, VERDICT_DISCARDED);
		assert_int_equal(result.order.kind, ORDER_NONE);
		assert_false(result.order.answer);
		order_clear(&result.order);
	}
}

static void test_answer(void **state)
{
	static const struct {
		const char *fields, *subject, *body;
		gboolean answer;
	} cases[] = {
		{"In-Reply-To: <a@b>\r\n", "Re: [choir] Please confirm", "Yes, that was me.\r\n", TRUE},
		{"In-Reply-To: <a@b>\r\n", "AW: [choir] Please confirm", "", TRUE},
		{"In-Reply-To: <a@b>\r\n", "RE : [choir] Please confirm", "", TRUE},
		{"In-Reply-To: <a@b>\r\n", "R: [choir] Please confirm", "Sono io\r\n", TRUE},
		{"In-Reply-To: <a@b>\r\n", "Re[2]: [choir] Please confirm", "", TRUE},
		{"In-Reply-To: <a@b>\r\n", "ODP: [choir] Please confirm", "", TRUE},
		{"In-Reply-To: <a@b>\r\n", "回复：[choir] Please confirm", "", TRUE},
		{"In-Reply-To: <a@b>\r\n", "Ответ: [choir] Please confirm", "", TRUE},
		{"In-Reply-To: <a@b>\r\n", "Gelesen: [choir] Please confirm", "", FALSE},
		{"In-Reply-To: <a@b>\r\n", "Afwezig: [choir] Please confirm", "", FALSE},
		{"", "Re: [choir] Please confirm", "", FALSE},
		{"In-Reply-To: <a@b>\r\n", "[choir] Please confirm", "", FALSE},
		{"In-Reply-To: <a@b>\r\n", "Re: x", "confirm\r\n", FALSE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *whole = g_strconcat("From: a@b\r\n", cases[i].fields, "\r\n", cases[i].body, NULL);
		struct result result = read_order(whole, strlen(whole), "a@b", cases[i].subject);

		assert_int_equal(result.class, VERDICT_NONE);
		assert_int_equal(result.order.answer, cases[i].answer);
		order_clear(&result.order);
	}
}

/* X1: only exact tokens are any. */
static void test_tokens(void **state)
{
	static const guint8 zero[TOKEN_RANDOM] = {0}, ones[TOKEN_RANDOM] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
		count[TOKEN_RANDOM] = {0x00, 0x44, 0x32, 0x14, 0xC7, 0x42, 0x54, 0xB6, 0x35, 0xCF};
	g_autofree char *low = token_write(zero), *high = token_write(ones), *all = token_write(count);
	g_autofree char *address = token_address(LIST, all);
	static const char *const bad[] = {"", "abcdefghijklmno", "abcdefghijklmnopa", "ABCDEFGHIJKLMNOP", "Abcdefghijklmnop", "abcdefghijklmno=",
		"abcdefghijklmno0", "abcdefghijklmno1", "abcdefgh\njklmnop", "abcdefgh jklmnop", "=abcdefghijklmno", "abcdefghijklmn\xC3\xA9",
		"abcdefghijklmnop+", "../../../etc/pas", "abcdefghijklmnopqrstuvwxyz"};

	assert_string_equal(low, "aaaaaaaaaaaaaaaa");
	assert_string_equal(high, "7777777777777777");
	assert_string_equal(all, "abcdefghijklmnop");
	assert_string_equal(address, "choir-confirm+abcdefghijklmnop@lists.example.org");
	assert_true(token_is_valid(low) && token_is_valid(high) && token_is_valid(all));
	assert_false(token_is_valid(NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *exact = g_strdup(bad[i]);

		assert_false(token_is_valid(exact));
	}
}

static void expect_link(enum order_kind kind, const char *language, const char *subject, const char *expected)
{
	g_autofree char *link = order_link(LIST, "abcdefghijklmnop", kind, language, subject);
	g_autofree char *whole = g_strconcat("mailto:choir-confirm+abcdefghijklmnop@lists.example.org", expected, NULL);

	assert_string_equal(link, whole);
}

static void test_links(void **state)
{
	expect_link(ORDER_ACCEPT, "en", NULL, "?subject=accept&body=accept%0D%0A");
	expect_link(ORDER_ACCEPT, "en", "", "?subject=accept&body=accept%0D%0A");
	expect_link(ORDER_ACCEPT, "nl-BE", "R&D? 100% + #1", "?subject=goedkeuren%3A%20R%26D%3F%20100%25%20%2B%20%231&body=goedkeuren%0D%0A");
	expect_link(ORDER_REJECT, "de", "\xC3\xBC\r\nBcc: x", "?subject=ablehnen%3A%20%C3%BC%0D%0ABcc%3A%20x&body=ablehnen%0D%0A%0D%0A");
	expect_link(ORDER_DISCARD, "xx", "aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbb cccccccccccccccccc",
		"?subject=discard%3A%20aaaaaaaaaaaaaaaaaaaa%20bbbbbbbbbbbbbbb%E2%80%A6&body=discard%0D%0A");
}

static int setup(void **state)
{
	g_mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_reject_text),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_big),
		cmocka_unit_test(test_machines),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_links),
	};

	return cmocka_run_group_tests_name("order", tests, setup, NULL);
}
