/* room: intake. lib/mail/scan.h: limits before any parser (HOSTILE M1, M9 to M15, M18, M31). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "lib/base/limits.h"
#include "lib/mail/scan.h"
#include "test/unit/mail_help.h"

/* HOSTILE wants 50 ms for most rows; sanitizers cost a factor. */
#if defined(__SANITIZE_ADDRESS__)
enum { SLOWER = 5 };
#else
enum { SLOWER = 1 };
#endif

/*
 * Scans an exact block; the verdict must be none (`reason` NULL) or a refusal that says `reason`, behind a '?' one for a person to look at.
 * CPU time in milliseconds.
 */
static void check(const char *text, const char *reason, guint milliseconds)
{
	gboolean unclear = reason && *reason == '?';
	size_t length = strlen(text);
	char *exact = g_malloc(MAX(length, 1));

	memcpy(exact, text, length);
	clock_t start = clock();
	struct verdict verdict = scan_message(exact, length);
	clock_t took = clock() - start;
	g_free(exact);
	if (!reason) {
		if (verdict.class != VERDICT_NONE)
			print_error("refused: %s: %.40s\n", verdict.text, text);
		assert_int_equal(verdict.class, VERDICT_NONE);
	} else {
		reason += unclear;
		if (!strstr(verdict.text, reason))
			print_error("%s: says \"%s\"\n", reason, verdict.text);
		assert_int_equal(verdict.class, unclear ? VERDICT_UNCLEAR : VERDICT_REFUSED);
		assert_int_equal(verdict.code, 550);
		assert_string_equal(verdict.status, "5.6.0");
		assert_non_null(strstr(verdict.text, reason));
	}
	assert_true(took < (clock_t)milliseconds * SLOWER * CLOCKS_PER_SEC / 1000);
}

/* `before`, `count` times `piece`, `after`. */
static void check_many(const char *before, const char *piece, guint count, const char *after, const char *reason)
{
	g_autofree char *many = help_repeat(piece, count);
	g_autofree char *text = g_strconcat(before, many, after, NULL);

	check(text, reason, 50);
}

static void test_header(void **state)
{
	static const char no_field[] = "has a line that is no header field";
	static const char bad_name[] = "a field whose name is empty or has a blank or a foreign character";
	static const char *const cases[][2] = {
		/* M1: what is missing is not this file's business */
		{"", NULL},
		{"\r\n", NULL},
		{"\r\nbody\r\n", NULL},
		{"From: a@b.example\r\n", NULL},
		{"x", no_field},
		/* M9 */
		{"From: a@b.example\r\nno colon\r\n\r\n", no_field},
		{" From: a@b.example\r\n\r\n", no_field},
		{"From : a@b.example\r\n\r\n", "?a blank before the colon"},
		{"From : a@b.example\r\nno colon\r\n\r\n", no_field},
		{"The From : a@b.example\r\n\r\n", bad_name},
		{" : a@b.example\r\n\r\n", no_field},
		{": a@b.example\r\n\r\n", bad_name},
		{"Fr\303\266m: a@b.example\r\n\r\n", bad_name},
		{"From a@b.example Mon Jan  1 00:00:00 2026\r\nFrom: a@b.example\r\n\r\n", NULL},
		{">From a@b.example Mon Jan  1 00:00:00 2026\r\nFrom: a@b.example\r\n\r\n", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		check(cases[i][0], cases[i][1], 50);
}

static void test_header_limits(void **state)
{
	/* M9 */
	check_many("", "N", 128, ": x\r\n\r\n", NULL);
	check_many("", "N", 129, ": x\r\n\r\n", "?a field name longer than 128 bytes");
	check_many("", "N", 900, " : x\r\n\r\n", "?a blank before the colon");
	check_many("", "N", 901, ": x\r\n\r\n", "a field name longer than 900 bytes");
	check_many("", "N", 20000, ": x\r\n\r\n", "a field name longer than 900 bytes");
	/* Refused before unclear. */
	check_many("Subject : x\r\n", "X: y\r\n", LIMIT_HEADER_FIELDS, "\r\nbody\r\n", "more than 1000 fields");
	/* M10 */
	check_many("", "X: y\r\n", LIMIT_HEADER_FIELDS, "\r\nbody\r\n", NULL);
	check_many("", "X: y\r\n", LIMIT_HEADER_FIELDS + 1, "\r\nbody\r\n", "more than 1000 fields");
	check_many("", "To: a@b.example\r\n", 100000, "\r\n", "more than 1000 fields");
	check_many("X: ", "y", 100000, "\r\n\r\n", "field of this message is longer than 65536 bytes");
	check_many("X: y", "\r\n y", 25000, "\r\n\r\n", "field of this message is longer than 65536 bytes");
	g_autofree char *fill = help_repeat("y", 1000);
	g_autofree char *field = g_strconcat("X: ", fill, "\r\n", NULL);
	check_many("", field, 300, "\r\n", "longer than 262144 bytes");
	/* M31: many signatures are thinned out later, not refused */
	check_many("", "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=y; h=from; bh=AA==; b=AA==\r\n", 100, "\r\n", NULL);
	check_many("", "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=x.example; s=y; b=AA==\r\n", 200, "\r\n", NULL);
}

static void test_addresses(void **state)
{
	static const char many[] = "more than 2000 addresses", deep[] = "nested deeper than 50";
	static const char *const fields[] = {"From: ", "to: ", "CC: ", "Bcc: ", "Reply-To: ", "Sender: ", "Resent-From: ",
		"Resent-To: ", "Resent-Cc: "};

	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		/* M11 */
		check_many(fields[i], "a:b@c,", 3000, "\r\n\r\n", many);
		check_many(fields[i], "a:b@c,", 50000, "\r\n\r\n", "longer than 65536 bytes");
		check_many(fields[i], "a:", 9000, "\r\n\r\n", many);
		check_many(fields[i], "a:", 50, "\r\n\r\n", NULL);
		check_many(fields[i], "a:", 51, "\r\n\r\n", deep);
		check_many(fields[i], "a@b.example,", 2000, "\r\n\r\n", NULL);
		check_many(fields[i], "a@b.example,", 2001, "\r\n\r\n", many);
		/* counted in quotes and behind backslashes too: where they end is the sender's secret */
		check_many(fields[i], "\",", 3000, "\r\n\r\n", many);
		check_many(fields[i], "\\,", 3000, "\r\n\r\n", many);
		/* M12 */
		check_many(fields[i], "(", 50, "\r\n\r\n", NULL);
		check_many(fields[i], "(", 51, "\r\n\r\n", deep);
		check_many(fields[i], "(", 60000, "\r\n\r\n", deep);
		check_many(fields[i], "(", 100000, "\r\n\r\n", "longer than 65536 bytes");
		check_many(fields[i], "<", 60000, "\r\n\r\n", deep);
		check_many(fields[i], "[", 60000, "\r\n\r\n", deep);
		check_many(fields[i], "(<[", 17, "\r\n\r\n", deep);
		check_many(fields[i], "\"", 60000, "\r\n\r\n", NULL);
		check_many(fields[i], "()", 30000, "\r\n\r\n", NULL);
		check_many(fields[i], "\\(", 30000, "\r\n\r\n", NULL);
		check_many(fields[i], "\"Section: (\" <a@b.example>,", 100, "\r\n\r\n", NULL);
		check_many(fields[i], "g: a@b.example;\r\n ", 900, "\r\n\r\n", NULL);
	}
	/* not in other fields */
	check_many("Subject: ", "(", 60000, "\r\n\r\n", NULL);
	check_many("X-To: ", "a@b.example,", 4000, "\r\n\r\n", NULL);
	/* but in attached messages, which GMime parses too */
	check_many("Content-Type: message/rfc822\r\n\r\nTo: ", "a:b@c,", 3000, "\r\n\r\n", many);
}

/* `count` multiparts in each other. */
static char *nested(guint count)
{
	GString *out = g_string_new("From: a@b.example\r\n");

	for (guint i = 0; i < count; i++)
		g_string_append_printf(out, "Content-Type: multipart/mixed; boundary=\"b%u.\"\r\n\r\n--b%u.\r\n", i, i);
	g_string_append(out, "\r\ntext\r\n");
	for (guint i = count; i > 0; i--)
		g_string_append_printf(out, "--b%u.--\r\n", i - 1);
	return g_string_free(out, FALSE);
}

static void test_depth(void **state)
{
	static const struct {
		guint count;
		const char *reason;
	} cases[] = {{1, NULL}, {20, NULL}, {21, "?nested deeper than 20"}, {100, "?nested deeper than 20"},
		{101, "nested deeper than 100"}, {1000, "nested deeper than 100"}, {100000, "nested deeper than 100"}};

	/* M13 */
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = nested(cases[i].count);

		check(text, cases[i].reason, 50);
	}
	check_many("From: a@b.example\r\n", "Content-Type: message/rfc822\r\n\r\n", 20, "Subject: x\r\n\r\n", NULL);
	check_many("From: a@b.example\r\n", "Content-Type: message/rfc822\r\n\r\n", 21, "Subject: x\r\n\r\n", "?deeper than 20");
	check_many("From: a@b.example\r\n", "Content-Type: message/rfc822\r\n\r\n", 30, "From: ::::::::::::::::::::::::::::::::::::::::::::::::::::\r\n\r\n",
		"nested deeper than 50");
	check_many("From: a@b.example\r\n", "Content-Type: message/rfc822\r\n\r\n", 200000, "", "deeper than 100");
	check_many("From: a@b.example\r\n", "Content-Type: message/global\r\n\r\n", 30, "", "?deeper than 20");
	/* a digest's parts are messages */
	check_many("From: a@b.example\r\n", "Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\n", 11, "",
		"?deeper than 20");
}

static void test_parts(void **state)
{
	static const char top[] = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n";
	struct rusage before, after;

	/* M14 */
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	check_many(top, "--x\r\n", 1000000, "", "more than 10000 parts");
	check_many(top, "--x\r\n\r\n", 700000, "", "more than 10000 parts");
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	/* The input itself, twice, is 12 MB of it; under ASan the quarantine is more. */
	if (SLOWER == 1)
		assert_true(after.ru_maxrss - before.ru_maxrss < 64 * 1024);
	check_many(top, "--x\r\n\r\n", LIMIT_MIME_PARTS - 1, "--x--\r\n", NULL);
	check_many(top, "--x\r\n\r\n", LIMIT_MIME_PARTS, "--x--\r\n", "more than 10000 parts");
}

static void test_part_headers(void **state)
{
	static const char top[] = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n";
	static const char limit[] = "A part of this message has a header of more than 1000 fields, 65536 bytes a field";

	check_many(top, "X: y\r\n", 1001, "\r\n--x--\r\n", limit);
	check_many(top, "X: y\r\n", 1000000, "", limit);
	check_many("From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nX: ", "y", 8000000, "", limit);
	/* M18: as many segments as the field may have */
	check_many("From: a@b.example\r\nContent-Type: text/plain", ";n*1=", 13000, "\r\n\r\n", NULL);
	check_many("From: a@b.example\r\nContent-Type: text/plain", ";\r\n name*1*=%41", 50000, "\r\n\r\n", "longer than 65536");
	check_many(top, "Content-Type: text/plain; name*0=a; name*2=b\r\n", 900, "\r\n", NULL);
}

/* M15: lines that look like delimiters, at the deepest that may be, with boundaries that differ at their ends. */
static void test_dashes(void **state)
{
	g_autofree char *fill = help_repeat("z", 60);
	g_autoptr(GString) text = g_string_new("From: a@b.example\r\n");

	for (guint i = 0; i < LIMIT_MIME_DEPTH_HOLD; i++)
		g_string_append_printf(text, "Content-Type: multipart/mixed; boundary=%s%03u\r\n\r\n--%s%03u\r\n", fill, i, fill, i);
	g_string_append(text, "\r\n");
	size_t start = text->len;
	while (text->len < start + 8 * 1000 * 1000)
		g_string_append(text, "--x\r\n");
	check(text->str, NULL, 2000);
	g_string_truncate(text, start);
	while (text->len < start + 8 * 1000 * 1000)
		g_string_append_printf(text, "--%s999\r\n", fill);
	check(text->str, NULL, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_limits),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_part_headers),
		cmocka_unit_test(test_dashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
