/* room: intake. lib/mail/content_hash.h: what makes two mails the same post, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/mail/content_hash.h"

#define ID "Message-ID: <1@mua.example>\r\n"
#define FROM "From: Chaya <chaya@mail.example.net>\r\n"
#define HEAD ID FROM "Date: Sat, 21 Nov 2026 17:00:00 +0000\r\nSubject: The key\r\nTo: choir@lists.example.org\r\n"
#define BODY "Who has the key?\r\n-- \r\nChaya\r\n"

static gboolean hash(const char *fields, const char *body, guint8 digest[CONTENT_HASH_SIZE])
{
	g_autofree char *whole = g_strconcat(fields, "\r\n", body, NULL);
	size_t length = strlen(whole), at;
	char *exact = g_memdup2(whole, length);
	struct header header;

	assert_int_equal(header_parse(exact, length, &header, &at), HEADER_OK);
	gboolean named = content_hash(&header, exact + at, length - at, digest);
	header_clear(&header);
	g_free(exact);
	return named;
}

static const struct {
	const char *what, *fields, *body;
	gboolean same;
} table[] = {
	{"itself", HEAD, BODY, TRUE},
	{"trace", "Return-Path: <a@b>\r\nDelivered-To: x@y\r\nReceived: from a by b; today\r\nReceived: from c by d; today\r\n" HEAD, BODY, TRUE},
	{"signatures", "DKIM-Signature: v=1; d=hop.example; b=AAAA\r\nARC-Seal: i=1; b=BBBB\r\nAuthentication-Results: mx; spf=pass\r\n" HEAD, BODY, TRUE},
	{"a scanner's fields", HEAD "X-Spam-Status: No\r\nX-Virus: none\r\nReceived-SPF: pass\r\n", BODY, TRUE},
	{"resent", "Resent-From: <o@p>\r\nResent-To: choir@lists.example.org\r\n" HEAD, BODY, TRUE},
	{"another list's fields", HEAD "List-Id: <x.y>\r\nPrecedence: list\r\n", BODY, TRUE},
	{"folds and blanks", "MESSAGE-ID:\r\n <1@mua.example>\r\nfrom:  Chaya\r\n\t<chaya@mail.example.net>  \r\n"
		"Date: Sat, 21 Nov 2026 17:00:00 +0000\r\nSubject:  The \t key\r\nTo: choir@lists.example.org\r\n", BODY, TRUE},
	{"order", "To: choir@lists.example.org\r\nSubject: The key\r\nDate: Sat, 21 Nov 2026 17:00:00 +0000\r\n" FROM ID, BODY, TRUE},
	{"empty lines at the end", HEAD, BODY "\r\n\r\n", TRUE},
	{"another body", HEAD, "Who has the keys?\r\n-- \r\nChaya\r\n", FALSE},
	{"blanks in the body", HEAD, "Who has  the key?\r\n-- \r\nChaya\r\n", FALSE},
	{"a footer", HEAD, BODY "--\r\nA relay\r\n", FALSE},
	{"no body", HEAD, "", FALSE},
	{"another Message-ID", "Message-ID: <2@mua.example>\r\n" FROM "Date: Sat, 21 Nov 2026 17:00:00 +0000\r\nSubject: The key\r\nTo: choir@lists.example.org\r\n", BODY, FALSE},
	{"a tag in the subject", ID FROM "Date: Sat, 21 Nov 2026 17:00:00 +0000\r\nSubject: [SPAM] The key\r\nTo: choir@lists.example.org\r\n", BODY, FALSE},
	{"another author", ID "From: Eve <eve@mail.example.net>\r\nDate: Sat, 21 Nov 2026 17:00:00 +0000\r\nSubject: The key\r\nTo: choir@lists.example.org\r\n", BODY, FALSE},
	{"one more Cc", HEAD "Cc: x@y.example\r\n", BODY, FALSE},
	{"one more To", HEAD "To: x@y.example\r\n", BODY, FALSE},
	{"another type", HEAD "Content-Type: text/html\r\n", BODY, FALSE},
	{"text from a field into the next", ID FROM "Date: Sat, 21 Nov 2026 17:00:00 +0000\r\nSubject: The\r\nTo: key choir@lists.example.org\r\n", BODY, FALSE},
};

static void same_and_not(void **state)
{
	guint8 first[CONTENT_HASH_SIZE], other[CONTENT_HASH_SIZE];

	assert_true(hash(HEAD, BODY, first));
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		assert_true(hash(table[i].fields, table[i].body, other));
		if ((memcmp(first, other, sizeof(first)) == 0) != table[i].same)
			fail_msg("%s", table[i].what);
	}
}

static void without_a_name(void **state)
{
	static const char *const fields[] = {FROM, FROM "Message-ID:\r\n", FROM "Message-ID: <>\r\n", ID FROM ID, ID "Message-Id: <2@x>\r\n" FROM};
	guint8 digest[CONTENT_HASH_SIZE];

	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
		assert_false(hash(fields[i], BODY, digest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_and_not),
		cmocka_unit_test(without_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
