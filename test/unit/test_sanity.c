/* room: intake. lib/mail/sanity.h: one meaning for everybody (HOSTILE M8, M16, M17, M19, M20, M34). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/sanity.h"
#include "test/unit/mail_help.h"

static struct verdict check(const char *text, gboolean utf8)
{
	struct help_message message = help_message(text);
	struct walk walk;

	assert_int_equal(walk_message(message.data, message.length, &walk), WALK_OK);
	struct verdict verdict = sanity_check(&message.header, &walk, utf8);
	walk_clear(&walk);
	help_clear(&message);
	return verdict;
}

/* `status` NULL: passes. */
static void expect(const char *text, gboolean utf8, const char *status, const char *reason)
{
	struct verdict verdict = check(text, utf8);

	if (!status) {
		if (verdict.class != VERDICT_NONE)
			print_error("%s: %s\n", text, verdict.text);
		assert_int_equal(verdict.class, VERDICT_NONE);
		return;
	}
	if (!strstr(verdict.text, reason))
		print_error("%s: \"%s\"\n", text, verdict.text);
	assert_int_equal(verdict.class, VERDICT_UNCLEAR);
	assert_string_equal(verdict.status, status);
	assert_non_null(strstr(verdict.text, reason));
}

/* M8 */
static void test_single(void **state)
{
	static const char *const single[] = {"From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "To", "Cc",
		"In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};
	static const char *const many[] = {"Received", "DKIM-Signature", "Comments", "Keywords", "Resent-From", "X-Loop", "Bcc"};

	for (guint i = 0; i < G_N_ELEMENTS(single); i++) {
		g_autofree char *upper = g_ascii_strup(single[i], -1);
		g_autofree char *twice = g_strdup_printf("%s: a\r\nX: y\r\n%s: a\r\n\r\n", single[i], upper);
		g_autofree char *once = g_strdup_printf("%s: a\r\nX-%s: y\r\n\r\n%s: in the body\r\n", single[i], upper, single[i]);
		g_autofree char *reason = g_strdup_printf("has 2 fields called %s", single[i]);

		expect(twice, FALSE, "5.6.0", reason);
		expect(once, FALSE, NULL, NULL);
	}
	for (guint i = 0; i < G_N_ELEMENTS(many); i++) {
		g_autofree char *twice = g_strdup_printf("%s: a\r\n%s: a\r\n\r\n", many[i], many[i]);

		expect(twice, FALSE, NULL, NULL);
	}
}

#define MIXED "Content-Type: multipart/mixed; boundary=x\r\n\r\n"

static void test_structure(void **state)
{
	/* M16 */
	expect("Content-Type: multipart/mixed\r\n\r\none", FALSE, "5.6.0", "has no boundary");
	expect("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\none", FALSE, "5.6.0", "has no boundary");
	expect("Content-Type: multipart/mixed; boundary=x; boundary=y\r\n\r\n--x\r\n\r\n--x--\r\n", FALSE, "5.6.0",
		"can be read in more than one way");
	expect(MIXED "--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n--x--\r\n", FALSE, "5.6.0",
		"has the same boundary");
	expect(MIXED "--x\r\nContent-Type: multipart/mixed; boundary=xy\r\n\r\n--xy\r\n\r\n--x--\r\n", FALSE, "5.6.0",
		"has a boundary that another one begins with");
	expect(MIXED "--x\r\n\r\none\r\n--xy\r\n--x--\r\n", FALSE, "5.6.0", "has a line that begins with its boundary");
	g_autofree char *seventy = help_repeat("b", 70);
	g_autofree char *good = g_strdup_printf(
		"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n\r\none\r\n--%s--\r\n", seventy, seventy, seventy);
	g_autofree char *bad = g_strdup_printf(
		"Content-Type: multipart/mixed; boundary=b%s\r\n\r\n--b%s\r\n\r\none\r\n--b%s--\r\n", seventy, seventy, seventy);
	expect(good, FALSE, NULL, NULL);
	expect(bad, FALSE, "5.6.0", "has a boundary that is too long");
	/* M17 */
	expect(MIXED "preamble\r\n--x\r\n\r\none\r\n", FALSE, NULL, NULL);
	expect(MIXED "--x\r\n\r\none\r\n--x--\r\nepilogue\r\n--x\r\n\r\nhidden\r\n", FALSE, NULL, NULL);
	/* M19 */
	expect("Content-Type: text/plain; multipart/mixed\r\n\r\none", FALSE, NULL, NULL);
	expect("Content-Transfer-Encoding: x-unknown\r\n\r\none", FALSE, NULL, NULL);
	expect(MIXED "--x\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\none\r\n--x--\r\n", FALSE, "5.6.0",
		"can be read in more than one way");
}

static void test_bytes(void **state)
{
	static const char *const fields[] = {"Sender", "Reply-To", "To", "Cc"};

	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autofree char *display = g_strdup_printf("%s: J\303\241n <a@b.example>, \"\303\251@x\" <c@d.example>\r\n\r\n", fields[i]);
		g_autofree char *local = g_strdup_printf("%s: Jan <a@b.example>, j\303\241n@b.example\r\n\r\n", fields[i]);
		g_autofree char *domain = g_strdup_printf("%s: \"x\\\"\" <a@m\303\274nchen.example>\r\n\r\n", fields[i]);
		g_autofree char *latin = g_strdup_printf("%s: J\341n <a@b.example>\r\n\r\n", fields[i]);

		/* M34 */
		expect(display, FALSE, NULL, NULL);
		expect(local, FALSE, "5.6.7", "needs SMTPUTF8");
		expect(local, TRUE, NULL, NULL);
		expect(domain, FALSE, "5.6.7", fields[i]);
		expect(domain, TRUE, NULL, NULL);
		expect(latin, TRUE, "5.6.0", "is neither ASCII nor UTF-8");
	}
	/* M20: whatever the subject holds, it goes out as it came */
	expect("Subject: =?utf-8?q?a=0D=0ABcc:_x=00=E2=80=AE?= =?nonsense?b?////?= =?utf-8?q?=C3?= =?utf-8?q?=A1?=\r\n\r\n", FALSE,
		NULL, NULL);
	expect("Subject: caf\351\r\n\r\n", FALSE, NULL, NULL);
	/* many '@' in a row are no trap */
	g_autofree char *many = help_repeat("@\303\251a", 15000);
	g_autofree char *text = g_strdup_printf("To: %s\r\n\r\n", many);
	expect(text, TRUE, NULL, NULL);
	expect(text, FALSE, "5.6.7", "To");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
