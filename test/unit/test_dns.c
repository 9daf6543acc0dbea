/* lib/dns: names that may be asked for, settings, and answers as their bytes come, each in a block of its exact size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/dns/dns.h"
#include "lib/dns/dns_records.h"

/* ---- names ---- */

static void test_names(void **state)
{
	static const struct {
		const char *name;
		gboolean good;
	} cases[] = {
		{"example.org", TRUE}, {"_dmarc.example.org", TRUE}, {"s1._domainkey.xn--bcher-kva.example", TRUE}, {"org", TRUE},
		{"EXAMPLE.org", TRUE}, {"1.2.3.4", TRUE}, {"-.example", TRUE}, {"", FALSE}, {".", FALSE}, {"example.org.", FALSE},
		{".org", FALSE}, {"a..b", FALSE}, {"b\xC3\xBC" "cher.example", FALSE}, {"a b.example", FALSE}, {"a\nb", FALSE},
		{"*.example", FALSE}, {"a\\046b.example", FALSE}, {"a@b.example", FALSE}, {"a/b", FALSE}, {"\x7f", FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *block = g_strdup(cases[i].name);

		if (dns_name_is_askable(block) != cases[i].good)
			fail_msg("\"%s\": expected %d", cases[i].name, cases[i].good);
	}
}

static void test_long_names(void **state)
{
	g_autofree char *label = g_strnfill(63, 'x');
	g_autofree char *longest = g_strdup_printf("%s.%s.%s.%.61s", label, label, label, label);
	g_autofree char *longer = g_strdup_printf("%s.%s.%s.%.62s", label, label, label, label);
	g_autofree char *long_label = g_strdup_printf("%sx.example", label);

	assert_true(strlen(longest) == 253 && dns_name_is_askable(longest));
	assert_false(dns_name_is_askable(longer));
	assert_false(dns_name_is_askable(long_label));
}

/* ---- settings ---- */

static char *check(const char *lines)
{
	g_autofree char *text = g_strdup_printf("[rollcall]\n%s\n", lines);
	g_autoptr(GError) error = NULL;
	settings_auto struct settings *settings = settings_parse(text, strlen(text), "test", &error);

	assert_non_null(settings);
	return g_strdup(dns_check(settings, &error) ? "good" : error->message);
}

static void test_settings(void **state)
{
	static const struct {
		const char *lines, *expect;
	} cases[] = {
		{"", "good"}, {"resolver = 127.0.0.1", "good"}, {"resolver = 127.0.0.1@5353", "good"},
		{"resolver = 2001:db8::1;::1@65535 ; 192.0.2.1", "good"}, {"resolver = dns.example", "found \"dns.example\""},
		{"resolver = 127.0.0.1@0", "found \"127.0.0.1@0\""}, {"resolver = ::1;127.0.0.1@65536", "found \"127.0.0.1@65536\""},
		{"resolver = 127.0.0.1@53@53", "found"}, {"resolver = 127.0.0.1@", "found"}, {"resolver = @53", "found"},
		{"resolver = 127.0.0.1:53", "found"}, {"resolver = 127.0.0.1@53#dns.example", "found"},
		{"dnssec_anchor = /nowhere/root.key", "dnssec_anchor: "}, {"dnssec_anchor = /proc/self/comm", "expected DS"},
		{"dnssec_anchor = /", "dnssec_anchor: "},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *said = check(cases[i].lines);

		if (!strstr(said, cases[i].expect))
			fail_msg("\"%s\": %s", cases[i].lines, said);
	}
}

/* ---- answers ---- */

/* The head of an answer with one question, "a.example" IN TXT, and room for records. */
static GByteArray *start(guint8 code, guint8 records)
{
	const guint8 head[] = {0, 1, 0x81, (guint8)(0x80 | code), 0, 1, 0, records, 0, 0, 0, 0, 1, 'a', 7, 'e', 'x', 'a', 'm', 'p', 'l',
		'e', 0, 0, 16, 0, 1};

	return g_byte_array_append(g_byte_array_new(), head, sizeof(head));
}

static void add(GByteArray *packet, guint8 type, const char *data, gsize length)
{
	const guint8 head[] = {0xC0, 12, 0, type, 0, 1, 0, 0, 0, 60, (guint8)(length >> 8), (guint8)length};

	g_byte_array_append(packet, head, sizeof(head));
	g_byte_array_append(packet, (const guint8 *)data, (guint)length);
}

static const char *const results[] = {
	[TXT_FOUND] = "found",
	[TXT_NO_RECORD] = "no TXT record",
	[TXT_NO_NAME] = "no such name",
	[TXT_TROUBLE] = "no usable answer",
};

/* Reads the packet, given away, from a block of its size: "RESULT|RECORD|…" or "RESULT: why". */
static char *read_packet(GByteArray *packet)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	const char *why = NULL;
	g_autofree guint8 *block = g_memdup2(packet->data, packet->len);
	enum txt_result result = dns_records_read(block, packet->len, texts, &why);
	GString *said = g_string_new(results[result]);

	g_byte_array_unref(packet);
	assert_true((result == TXT_FOUND) == (texts->len > 0));
	if (result == TXT_TROUBLE)
		g_string_append_printf(said, ": %s", why);
	for (guint i = 0; i < texts->len; i++)
		g_string_append_printf(said, "|%s", (const char *)g_ptr_array_index(texts, i));
	return g_string_free(said, FALSE);
}

static void expect(GByteArray *packet, const char *expected)
{
	g_autofree char *said = read_packet(packet);

	assert_string_equal(said, expected);
}

static void expect_record(const char *data, gsize length, const char *expected)
{
	GByteArray *packet = start(0, 1);

	add(packet, 16, data, length);
	expect(packet, expected);
}

static void test_records(void **state)
{
	expect(start(0, 0), "no TXT record");
	expect(start(3, 0), "no such name");
	expect(start(2, 0), "no usable answer: SERVFAIL");
	expect(start(5, 0), "no usable answer: an answer with an error code");
	expect_record("\5first\6second", 13, "found|firstsecond");
	expect_record("\0", 1, "found|");
	expect_record("", 0, "found|");
	expect_record("\3a\0b", 4, "no TXT record");
	expect_record("\3a", 2, "no usable answer: a TXT record makes no sense");
	expect_record("\1a\377", 3, "no usable answer: a TXT record makes no sense");
	expect(start(0, 1), "no usable answer: an answer that makes no sense");
}

static void test_aliases(void **state)
{
	GByteArray *packet = start(3, 1);

	add(packet, 5, "\1b\300\16", 4);
	expect(packet, "no TXT record");
	packet = start(0, 2);
	add(packet, 5, "\1b\300\16", 4);
	add(packet, 16, "\1x", 2);
	expect(packet, "found|x");
}

static void test_limits(void **state)
{
	GByteArray *most = start(0, TXT_RECORDS), *more = start(0, TXT_RECORDS + 1), *much = start(0, TXT_RECORDS);
	char large[8 * 256];
	g_autofree char *said = NULL;

	for (guint i = 0; i < TXT_RECORDS; i++)
		add(most, 16, "\1x", 2);
	for (guint i = 0; i <= TXT_RECORDS; i++)
		add(more, 16, "\1x", 2);
	said = read_packet(most);
	assert_int_equal(strlen(said), strlen("found") + 2 * TXT_RECORDS);
	expect(more, "no usable answer: too many TXT records");
	memset(large, 255, sizeof(large));
	for (guint i = 0; i < TXT_RECORDS; i++)
		add(much, 16, large, sizeof(large));
	expect(much, "no usable answer: too long a TXT record");
}

static void test_largest_record(void **state)
{
	/* 32 strings of 255 bytes and one of 32 are 8,192; one byte more is too much. */
	g_autoptr(GByteArray) data = g_byte_array_new();
	guint8 string[256];

	memset(string, 'x', sizeof(string));
	string[0] = 255;
	for (int i = 0; i < 32; i++)
		g_byte_array_append(data, string, 256);
	string[0] = 32;
	g_byte_array_append(data, string, 33);
	GByteArray *packet = start(0, 1), *longer = start(0, 1);
	add(packet, 16, (const char *)data->data, data->len);
	g_autofree char *said = read_packet(packet);
	assert_int_equal(strlen(said), strlen("found|") + TXT_RECORD_SIZE);
	g_byte_array_append(data, (const guint8 *)"\1x", 2);
	add(longer, 16, (const char *)data->data, data->len);
	expect(longer, "no usable answer: too long a TXT record");
}

/* No beginning of a good answer is an answer. */
static void test_cut_anywhere(void **state)
{
	g_autoptr(GByteArray) whole = start(0, 1);

	add(whole, 16, "\5first\6second", 13);
	for (guint length = 0; length < whole->len; length++) {
		GByteArray *packet = g_byte_array_new();
		g_autofree char *said = NULL;

		g_byte_array_append(packet, whole->data, length);
		said = read_packet(packet);
		assert_true(g_str_has_prefix(said, "no usable answer"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_largest_record),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
