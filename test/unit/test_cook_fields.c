/* lib/mail/cook_fields.h: what a sender may not set goes, the list's own comes (HOSTILE M22, M23, M29, M30, M31). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/mail/author_signed.h"
#include "lib/mail/cook_fields.h"
#include "lib/mail/mail_date.h"
#include "test/unit/mail_help.h"

static const char configuration[] =
	"[domain lists.example.org]\n"
	"[list choir@lists.example.org]\n"
	"description=The \"big\" choir\n"
	"unsubscribe_page=https://crm.example.org/{list}/leave?d={domain}\n"
	"help_page=https://crm.example.org/{list}\n"
	"subscribe_page=https://crm.example.org/{list}/join\n"
	"archive_page=https://archive.example.org/{list}@{domain}/\n"
	"archived_at=https://archive.example.org/{list}/{hash}?id={id}\n"
	"[list utf8@lists.example.org]\n"
	"description=Ch\xC3\xB6r\n";

static const guint8 key[COOK_KEY_SIZE] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff};
static struct settings *settings;

static int setup(void **state)
{
	g_autoptr(GError) error = NULL;

	settings = settings_parse(configuration, strlen(configuration), "t", &error);
	if (!settings)
		print_error("%s\n", error->message);
	return settings ? 0 : -1;
}

static int teardown(void **state)
{
	settings_free(settings);
	return 0;
}

static struct cook_post post_for(const char *list)
{
	return (struct cook_post){.settings = settings, .list = list, .hostname = "mail.example.org", .now = 1795257320, .key = key};
}

static char *cook(const struct cook_post *post, const char *fields)
{
	struct help_message message = help_message(fields);

	cook_fields(post, &message.header);
	char *rendered = help_render(&message.header);
	help_clear(&message);
	return rendered;
}

static void test_whole(void **state)
{
	struct cook_post post = post_for("choir@lists.example.org");

	post.client_name = "mx.example.net";
	post.client_address = "192.0.2.7";
	g_autofree char *got = cook(&post, "From: Jan <jan@example.net>\r\nSubject:  odd\t spacing \r\n");
	assert_string_equal(got,
		"Received: from mx.example.net ([192.0.2.7]) by mail.example.org (Rollcall)\r\n"
		" with LMTP id 0123456789abcdef\r\n"
		"\tfor <choir@lists.example.org>; Sat, 21 Nov 2026 10:35:20 +0000\r\n"
		"From: Jan <jan@example.net>\r\n"
		"Subject:  odd\t spacing \r\n"
		"Date: Sat, 21 Nov 2026 10:35:20 +0000\r\n"
		"Message-ID: <0123456789abcdefff00000000000000.rollcall@lists.example.org>\r\n"
		"List-Id: \"The \\\"big\\\" choir\" <choir.lists.example.org>\r\n"
		"List-Help: <https://crm.example.org/choir>,\r\n"
		" <mailto:choir-request@lists.example.org>\r\n"
		"List-Unsubscribe: <https://crm.example.org/choir/leave?d=lists.example.org>,\r\n"
		" <mailto:choir-unsubscribe@lists.example.org>\r\n"
		"List-Subscribe: <https://crm.example.org/choir/join>,\r\n <mailto:choir-subscribe@lists.example.org>\r\n"
		"List-Post: <mailto:choir@lists.example.org>\r\n"
		"List-Owner: <mailto:choir-owner@lists.example.org>\r\n"
		"List-Archive: <https://archive.example.org/choir@lists.example.org/>\r\n"
		"Archived-At: <https://archive.example.org/choir/UHOHAI2XKTFAGGRNFVYOOGZGZ3KGG7LI?id=0123456789abcdefff00000000000000.rollcall%40lists.example.org>\r\n"
		"Precedence: list\r\n"
		"Sender: choir-bounces@lists.example.org\r\n"
		"X-Loop: choir@lists.example.org\r\n");
}

static void test_bare(void **state)
{
	struct cook_post post = post_for("tiny@lists.example.org");

	post.smtputf8 = TRUE;
	g_autofree char *got = cook(&post, "From: a@b\r\nDate: x\r\nMessage-ID: <1@b>\r\n");
	assert_string_equal(got,
		"Received: by mail.example.org (Rollcall) with UTF8LMTP id 0123456789abcdef\r\n"
		"\tfor <tiny@lists.example.org>; Sat, 21 Nov 2026 10:35:20 +0000\r\n"
		"From: a@b\r\nDate: x\r\nMessage-ID: <1@b>\r\n"
		"List-Id: <tiny.lists.example.org>\r\n"
		"List-Help: <mailto:tiny-request@lists.example.org>\r\n"
		"List-Unsubscribe: <mailto:tiny-unsubscribe@lists.example.org>\r\n"
		"List-Subscribe: <mailto:tiny-subscribe@lists.example.org>\r\n"
		"List-Post: <mailto:tiny@lists.example.org>\r\n"
		"List-Owner: <mailto:tiny-owner@lists.example.org>\r\n"
		"Precedence: list\r\n"
		"Sender: tiny-bounces@lists.example.org\r\n"
		"X-Loop: tiny@lists.example.org\r\n");
}

static void test_description_utf8(void **state)
{
	struct cook_post post = post_for("utf8@lists.example.org");
	g_autofree char *got = cook(&post, "From: a@b\r\n");

	assert_non_null(strstr(got, "\r\nList-Id: =?utf-8?Q?Ch=C3=B6r?= <utf8.lists.example.org>\r\n"));
}

/* Each of them goes, whatever its case and however often it stands there; what looks like them stays. */
static void test_taken_off(void **state)
{
	static const char *const gone[] = {"List-Id", "LIST-POST", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post",
		"List-Subscribe", "List-Owner", "List-Archive", "List-Whatever", "Archived-At", "Errors-To", "Return-Path",
		"Return-Receipt-To", "Read-Receipt-To", "Disposition-Notification-To", "disposition-notification-options",
		"X-Confirm-Reading-To", "X-Confirm-Delivery-To", "X-PMRQC", "Bcc", "BCC", "Resent-Bcc", "Approved", "approve", "X-Approved",
		"X-Approve", "X-Moderate", "Delivery-Receipt-To"};
	static const char *const kept[] = {"X-No-Archive", "X-Loop", "X-BeenThere", "List", "X-List-Id", "Listing", "Resent-To", "Resent-From",
		"Received", "In-Reply-To", "References", "Cc", "To", "Reply-To", "Auto-Submitted", "Delivered-To", "Approved-By-X", "Importance"};
	struct cook_post post = post_for("tiny@lists.example.org");

	for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
		g_autofree char *fields = g_strdup_printf("From: a@b\r\n%s: evil1\r\nTo: x\r\n%s: evil2\r\n", gone[i], gone[i]);
		g_autofree char *got = cook(&post, fields);

		assert_null(strstr(got, "evil"));
		assert_non_null(strstr(got, "\r\nTo: x\r\n"));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		g_autofree char *field = g_strdup_printf("\r\n%s:  Good \r\n\t1\r\n", kept[i]);
		g_autofree char *fields = g_strdup_printf("From: a@b%s", field);
		g_autofree char *got = cook(&post, fields);

		assert_non_null(strstr(got, field));
	}
}

static guint count_of(const char *text, const char *piece)
{
	guint count = 0;

	for (; (text = strstr(text, piece)); text++)
		count++;
	return count;
}

static void test_signature_flood(void **state)
{
	struct cook_post post = post_for("tiny@lists.example.org");
	g_autofree char *hundred = help_repeat("DKIM-Signature: h=from; b=x\r\n", 100);
	g_autofree char *flood = g_strdup_printf("DKIM-Signature: h=from; b=top\r\n%sFrom: a@b\r\nDKIM-Signature: h=from; b=low\r\n", hundred);
	g_autofree char *got = cook(&post, flood);

	assert_int_equal(count_of(got, "DKIM-Signature:"), 20);
	assert_non_null(strstr(got, "b=top"));
	assert_null(strstr(got, "b=low"));

	g_autofree char *sets = help_repeat("ARC-Seal: i=1\r\nARC-Message-Signature: i=1\r\nARC-Authentication-Results: i=1; x\r\n", LIMIT_ARC_SETS);
	g_autofree char *fine = g_strdup_printf("%sFrom: a@b\r\n", sets);
	g_autofree char *kept = cook(&post, fine);
	assert_int_equal(count_of(kept, "ARC-"), 3 * LIMIT_ARC_SETS);

	g_autofree char *many = g_strdup_printf("%sARC-Seal: i=200\r\nFrom: a@b\r\n", sets);
	g_autofree char *dropped = cook(&post, many);
	assert_int_equal(count_of(dropped, "ARC-"), 0);
}

/* What the author's signature speaks for stays as it is, or stays away. */
static void test_author_signed(void **state)
{
	static const struct {
		const char *fields;
		gboolean sender, precedence;
	} cases[] = {
		{"From: a@b\r\n", TRUE, TRUE},
		{"DKIM-Signature: v=1; h=from:to; b=x\r\nFrom: a@b\r\n", TRUE, TRUE},
		{"DKIM-Signature: v=1; h=from:sender; b=x\r\nFrom: a@b\r\n", FALSE, TRUE},
		{"DKIM-Signature: v=1; h = From :\r\n\t SENDER\r\n ; b=x\r\nFrom: a@b\r\n", FALSE, TRUE},
		{"DKIM-Signature: v=1; h=from; b=x\r\nDKIM-Signature: h=from:sender:precedence\r\nFrom: a@b\r\n", FALSE, FALSE},
		{"DKIM-Signature: v=1; h=from:x-sender; bh=sender; b=h=sender\r\nFrom: a@b\r\n", TRUE, TRUE},
		{"DKIM-Signature: v=1; h=from:sender\r\nFrom: a@b\r\nSender: boss@b\r\n", FALSE, TRUE},
		{"DKIM-Signature: h\r\nDKIM-Signature:\r\nDKIM-Signature: ;;=;h=\r\nFrom: a@b\r\nSender: boss@b\r\n", TRUE, TRUE},
		{"From: a@b\r\nSender: boss@b\r\nPrecedence: bulk\r\n", TRUE, TRUE},
	};
	struct cook_post post = post_for("tiny@lists.example.org");

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = cook(&post, cases[i].fields);

		assert_int_equal(count_of(got, "\r\nSender: tiny-bounces@lists.example.org\r\n"), cases[i].sender);
		assert_int_equal(count_of(got, "\r\nPrecedence: list\r\n"), cases[i].precedence);
		assert_int_equal(count_of(got, "\r\nSender: boss@b\r\n"), !cases[i].sender && strstr(cases[i].fields, "boss"));
		assert_null(strstr(got, "bulk"));
	}
}

static void test_missing(void **state)
{
	static const struct {
		const char *fields;
		gboolean date, id;
	} cases[] = {
		{"From: a@b\r\n", TRUE, TRUE},
		{"From: a@b\r\nDate:\r\nMessage-Id: \r\n \r\n", TRUE, TRUE},
		{"From: a@b\r\nMessage-ID: <>\r\nDate: garbage\r\n", FALSE, TRUE},
		{"From: a@b\r\nMessage-ID: < >\r\nDate: Thu, 01 Jan 1970 00:00:00 +0000\r\n", FALSE, TRUE},
		{"From: a@b\r\nMessage-ID: no brackets at all\r\nDate: Fri, 1 Jan 2099 00:00:00 +0000\r\n", FALSE, FALSE},
	};
	struct cook_post post = post_for("tiny@lists.example.org");

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = cook(&post, cases[i].fields), *again = cook(&post, cases[i].fields);

		assert_int_equal(count_of(got, "\r\nDate: Sat, 21 Nov 2026 10:35:20 +0000\r\n"), cases[i].date);
		assert_int_equal(count_of(got, ".rollcall@lists.example.org>\r\n"), cases[i].id);
		/* A retry makes the same post. */
		assert_string_equal(got, again);
	}
}

/* Forwarded mail gets these two and nothing else. */
static void test_complete(void **state)
{
	struct cook_post post = post_for("tiny@lists.example.org");
	struct help_message message = help_message("From: a@b\r\nBcc: c\r\nDate: \r\n");

	cook_fields_complete(&post, &message.header);
	g_autofree char *rendered = help_render(&message.header);
	assert_string_equal(rendered,
		"From: a@b\r\nBcc: c\r\nDate: Sat, 21 Nov 2026 10:35:20 +0000\r\n"
		"Message-ID: <0123456789abcdefff00000000000000.rollcall@lists.example.org>\r\n");
	help_clear(&message);
}

/* What a client calls itself goes into a field of ours: nothing that could be more than a name. */
static void test_client(void **state)
{
	static const struct {
		const char *name, *address, *expected;
	} cases[] = {
		{NULL, NULL, "Received: by "},
		{"[UNAVAILABLE]", "[UNAVAILABLE]", "Received: by "},
		{"a.b", NULL, "Received: from a.b by "},
		{NULL, "2001:db8::1", "Received: from [2001:db8::1] by "},
		{"a b", "1.2.3.4", "Received: from [1.2.3.4] by "},
		{"a;b", "1)", "Received: by "},
		{"", "", "Received: by "},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct cook_post post = post_for("tiny@lists.example.org");

		post.client_name = cases[i].name;
		post.client_address = cases[i].address;
		g_autofree char *got = cook(&post, "From: a@b\r\n");
		assert_true(g_str_has_prefix(got, cases[i].expected));
	}
}

static void test_dates(void **state)
{
	static const struct {
		gint64 seconds;
		const char *expected;
	} cases[] = {
		{0, "Thu, 01 Jan 1970 00:00:00 +0000"},
		{951782400, "Tue, 29 Feb 2000 00:00:00 +0000"},
		{2147483648, "Tue, 19 Jan 2038 03:14:08 +0000"},
		{-1, "Wed, 31 Dec 1969 23:59:59 +0000"},
		{G_MAXINT64, "Thu, 01 Jan 1970 00:00:00 +0000"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = mail_date(cases[i].seconds);

		assert_string_equal(got, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_description_utf8),
		cmocka_unit_test(test_taken_off),
		cmocka_unit_test(test_signature_flood),
		cmocka_unit_test(test_author_signed),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests_name("cook_fields", tests, setup, teardown);
}
