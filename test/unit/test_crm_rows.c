/* room: trusted. What a row's cells mean: HOSTILE D1 to D5 and D9, each input in a heap block of its exact size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/crm/crm_rows.h"
#include "lib/list/recipients.h"

#define L16 "aaaaaaaaaaaaaaaa"
#define L64 L16 L16 L16 L16
#define LABEL63 L16 L16 L16 "aaaaaaaaaaaaaaa"

struct text {
	const char *data;
	gsize length;
};
#define T(literal) {literal, sizeof(literal) - 1}

static struct crm_cell cell_of(const struct text *text)
{
	/* One byte where there is none, so that the block exists; it is never to be read. */
	char *data = g_malloc(MAX(text->length, 1));

	memcpy(data, text->data, text->length);
	return (struct crm_cell){.data = data, .length = text->length};
}

struct address_case {
	const char *row;
	struct text in;
	enum address_result result;
	const char *normal; /* on ADDRESS_OK */
};

static const struct address_case address_cases[] = {
	/* D1: blanks are dropped, everything else makes the row no address. */
	{"D1", T("jan@x.example"), ADDRESS_OK, "jan@x.example"},
	{"D1", T(" jan@x.example"), ADDRESS_OK, "jan@x.example"},
	{"D1", T("jan@x.example \t "), ADDRESS_OK, "jan@x.example"},
	{"D1", T("jan@x.example\r"), ADDRESS_DOMAIN, NULL},
	{"D1", T("jan@x.example\n"), ADDRESS_DOMAIN, NULL},
	{"D1", T("jan@x.example\r\nRCPT TO:<evil@x.example>"), ADDRESS_SYNTAX, NULL},
	{"D1", T("\njan@x.example"), ADDRESS_SYNTAX, NULL},
	{"D1", T("jan@x.example\0"), ADDRESS_SYNTAX, NULL},
	{"D1", T("jan\0@x.example"), ADDRESS_SYNTAX, NULL},
	{"D1", T("\0"), ADDRESS_SYNTAX, NULL},
	{"D1", T("jan\t@x.example"), ADDRESS_SYNTAX, NULL},
	{"D1", T("jan @x.example"), ADDRESS_SYNTAX, NULL},
	{"D1", T("jan@ x.example"), ADDRESS_DOMAIN, NULL},
	{"D1", T("<jan@x.example>"), ADDRESS_SYNTAX, NULL},
	{"D1", T("Jan <jan@x.example>"), ADDRESS_SYNTAX, NULL},
	{"D1", T("jan@x.example>"), ADDRESS_DOMAIN, NULL},
	{"D1", T("jan@x.example,piet@x.example"), ADDRESS_SYNTAX, NULL},
	{"D1", T("\xef\xbb\xbfjan@x.example"), ADDRESS_ENCODING, NULL},
	{"D1", T("ja\xe2\x80\x8bn@x.example"), ADDRESS_ENCODING, NULL},
	{"D1", T("jan@x\xe2\x80\x8b.example"), ADDRESS_DOMAIN, NULL},
	{"D1", T("jan@x.example\xc2\xa0"), ADDRESS_DOMAIN, NULL},
	{"D1", T("jan@x.example\x7f"), ADDRESS_DOMAIN, NULL},
	/* D2: nothing there, or half of it. */
	{"D2", T(""), ADDRESS_EMPTY, NULL},
	{"D2", T("  \t "), ADDRESS_EMPTY, NULL},
	{"D2", T("NULL"), ADDRESS_SYNTAX, NULL},
	{"D2", T("@"), ADDRESS_SYNTAX, NULL},
	{"D2", T("a@"), ADDRESS_DOMAIN, NULL},
	{"D2", T("@b"), ADDRESS_SYNTAX, NULL},
	{"D2", T("a"), ADDRESS_SYNTAX, NULL},
	{"D2", T("a@b@c"), ADDRESS_SYNTAX, NULL},
	/* D3: quoting, literals, lengths. */
	{"D3", T("\"quoted local\"@x.example"), ADDRESS_OK, "\"quoted local\"@x.example"},
	{"D3", T("\"a\\\"b\"@x.example"), ADDRESS_OK, "\"a\\\"b\"@x.example"},
	{"D3", T("\"a\"@x.example"), ADDRESS_OK, "a@x.example"},
	{"D3", T("\"a\"b@x.example"), ADDRESS_SYNTAX, NULL},
	{"D3", T("a@[1.2.3.4]"), ADDRESS_LITERAL, NULL},
	{"D3", T("a@1.2.3.4"), ADDRESS_DOMAIN, NULL},
	{"D3", T(L64 "@x.example"), ADDRESS_OK, L64 "@x.example"},
	{"D3", T(L64 "a@x.example"), ADDRESS_LENGTH, NULL},
	{"D3", T("a@" LABEL63 "." LABEL63 "." LABEL63 "." L16 L16 L16 "aaaaaaaaa.ex"), ADDRESS_OK,
		"a@" LABEL63 "." LABEL63 "." LABEL63 "." L16 L16 L16 "aaaaaaaaa.ex"},
	{"D3", T("aaa@" LABEL63 "." LABEL63 "." LABEL63 "." L16 L16 L16 "aaaaaaaaa.ex"), ADDRESS_LENGTH, NULL},
	{"D3", T("a@" LABEL63 "a.example"), ADDRESS_DOMAIN, NULL},
	{"D3", T("a@" LABEL63 ".example"), ADDRESS_OK, "a@" LABEL63 ".example"},
	{"D3", T(L64 L64 L64 L64 "@" L64), ADDRESS_LENGTH, NULL},
	/* D4: bytes beyond ASCII. */
	{"D4", T("jos\xe9@x.example"), ADDRESS_ENCODING, NULL},
	{"D4", T("jan@b\xfc" "cher.example"), ADDRESS_DOMAIN, NULL},
	{"D4", T("jos\xc3\xa9@x.example"), ADDRESS_NEEDS_UTF8, NULL},
	{"D4", T("jan@b\xc3\xbc" "cher.example"), ADDRESS_OK, "jan@xn--bcher-kva.example"},
	{"D4", T("jan@bu\xcc\x88" "cher.example"), ADDRESS_OK, "jan@xn--bcher-kva.example"},
	{"D4", T("jan@XN--BCHER-KVA.example"), ADDRESS_OK, "jan@xn--bcher-kva.example"},
	{"D4", T("\xf0\x9f\x92\xa9@x.example"), ADDRESS_NEEDS_UTF8, NULL},
	{"D4", T("jan@\xf0\x9f\x92\xa9.example"), ADDRESS_DOMAIN, NULL},
	{"D4", T("\xed\xa0\x80@x.example"), ADDRESS_ENCODING, NULL},
	/* D5: the domain has one spelling, the local part as many as there are. */
	{"D5", T("Jan@X.Example"), ADDRESS_OK, "Jan@x.example"},
	{"D5", T("jan+tag@x.example"), ADDRESS_OK, "jan+tag@x.example"},
	{"D5", T("jan@x.example."), ADDRESS_DOMAIN, NULL},
};

static void test_address(void **state)
{
	g_autoptr(GString) normal = g_string_new("left over");

	for (gsize i = 0; i < G_N_ELEMENTS(address_cases); i++) {
		const struct address_case *test = &address_cases[i];
		struct crm_cell cell = cell_of(&test->in);
		enum address_result result = crm_rows_address(&cell, FALSE, normal);

		if (result != test->result)
			fail_msg("%s, case %zu: %s, not %s", test->row, i, address_word(result), address_word(test->result));
		assert_string_equal(normal->str, test->normal ? test->normal : "");
		assert_int_equal(normal->len, strlen(normal->str));
		g_free((char *)cell.data);
	}
}

static void test_null_and_truncated_are_no_address(void **state)
{
	g_autoptr(GString) normal = g_string_new(NULL);
	const struct crm_cell null = {.data = "", .null = TRUE};
	/* D11: the beginning of a longer value may look like an address of somebody else. */
	const struct crm_cell truncated = {.data = "jan@x.example", .length = 13, .truncated = TRUE};

	assert_int_equal(crm_rows_address(&null, FALSE, normal), ADDRESS_EMPTY);
	assert_int_equal(crm_rows_address(&truncated, FALSE, normal), ADDRESS_LENGTH);
	assert_string_equal(normal->str, "");
}

/* D5: what the rows say in several ways is one recipient. */
static void test_duplicates(void **state)
{
	static const struct text rows[] = {T("jan@x.example"), T("jan@X.EXAMPLE"), T(" jan@x.example "),
		T("\"jan\"@x.example"), T("Jan@x.example"), T("jan+a@x.example"), T("jan@b\xc3\xbc" "cher.example"),
		T("jan@xn--bcher-kva.example")};
	recipients_auto struct recipients *recipients = recipients_new();
	g_autoptr(GString) normal = g_string_new(NULL);
	guint duplicates = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct crm_cell cell = cell_of(&rows[i]);

		assert_int_equal(crm_rows_address(&cell, FALSE, normal), ADDRESS_OK);
		duplicates += !recipients_add(recipients, normal->str);
		g_free((char *)cell.data);
	}
	assert_int_equal(recipients_count(recipients), 4);
	assert_int_equal(duplicates, 4);
}

struct word_case {
	struct text in;
	int meaning;
	const char *word; /* in the log; NULL: not looked at */
};

/* The words themselves: test_reception.c. */
static void test_mode(void **state)
{
	static const struct word_case cases[] = {
		{T(" mail\t"), TRUE, NULL},
		{T("nomail"), TRUE, NULL},
		{T("nomails"), FALSE, "'nomails'"},
		{T(""), FALSE, "''"},
		{T("0"), FALSE, "'0'"},
		{T("nomail\0"), FALSE, "(something else)"},
		{T("jan@x.example"), FALSE, "(something else)"},
		{T("Jan de Vries"), FALSE, "(something else)"},
		{T("aVeryLongWordThatIsSomething"), FALSE, "(something else)"},
	};
	enum reception reception;
	gboolean not_me;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct crm_cell cell = cell_of(&cases[i].in);
		g_autofree char *word = crm_rows_word(&cell);

		assert_int_equal(crm_rows_reception(&cell, &reception, &not_me), cases[i].meaning);
		if (cases[i].word)
			assert_string_equal(word, cases[i].word);
		g_free((char *)cell.data);
	}
	const struct crm_cell null = {.data = "", .null = TRUE}, cut = {.data = "nomail", .length = 6, .truncated = TRUE};
	g_autofree char *word = crm_rows_word(&null);
	assert_false(crm_rows_reception(&null, &reception, &not_me));
	assert_string_equal(word, "NULL");
	assert_false(crm_rows_reception(&cut, &reception, &not_me));
	assert_int_equal(reception, RECEPTION_MAIL);
}

/* D9: in doubt no. */
static void test_truth(void **state)
{
	static const struct word_case cases[] = {
		{T("1"), CRM_TRUE, NULL},
		{T("+1"), CRM_TRUE, NULL},
		{T("-1"), CRM_TRUE, NULL},
		{T("007"), CRM_TRUE, NULL},
		{T("99999999999999999999999999999999"), CRM_TRUE, NULL},
		{T("yes"), CRM_TRUE, NULL},
		{T("YES"), CRM_TRUE, NULL},
		{T(" True "), CRM_TRUE, NULL},
		{T("y"), CRM_TRUE, NULL},
		{T("t"), CRM_TRUE, NULL},
		{T("on"), CRM_TRUE, NULL},
		{T("\1"), CRM_TRUE, NULL},
		{T("\0"), CRM_FALSE, NULL},
		{T("0"), CRM_FALSE, NULL},
		{T("000"), CRM_FALSE, NULL},
		{T("-0"), CRM_FALSE, NULL},
		{T(""), CRM_FALSE, NULL},
		{T("no"), CRM_FALSE, NULL},
		{T("False"), CRM_FALSE, NULL},
		{T("off"), CRM_FALSE, NULL},
		{T("maybe"), CRM_UNCLEAR, NULL},
		{T("owner"), CRM_UNCLEAR, NULL},
		{T("1.0"), CRM_UNCLEAR, NULL},
		{T("1 2"), CRM_UNCLEAR, NULL},
		{T("0x1"), CRM_UNCLEAR, NULL},
		{T("+"), CRM_UNCLEAR, NULL},
		{T("\2"), CRM_UNCLEAR, NULL},
		{T("yes\0"), CRM_UNCLEAR, NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct crm_cell cell = cell_of(&cases[i].in);

		if ((int)crm_rows_truth(&cell) != cases[i].meaning)
			fail_msg("case %zu", i);
		g_free((char *)cell.data);
	}
	const struct crm_cell null = {.data = "", .null = TRUE};
	const struct crm_cell truncated = {.data = "1", .length = 1, .truncated = TRUE};
	assert_int_equal(crm_rows_truth(&null), CRM_UNCLEAR);
	assert_int_equal(crm_rows_truth(&truncated), CRM_UNCLEAR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_null_and_truncated_are_no_address),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_truth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
