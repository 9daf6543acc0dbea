/* DMARC by the table, DNS being a table too; and how often it asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mail/dmarc_walk.h"
#include "test/unit/dmarc_help.h"

struct zone {
	const char *const *lines;
	guint questions;
	GHashTable *asked;
};

static gboolean ends_with_label(const char *name, size_t length, const char *tail)
{
	size_t tail_length = strlen(tail);

	return length > tail_length && name[length - tail_length - 1] == '.' && strncmp(name + length - tail_length, tail, tail_length) == 0;
}

static enum txt_result ask_zone(gpointer context, const char *name, GPtrArray *texts)
{
	struct zone *zone = context;
	enum txt_result result = TXT_NO_NAME;

	zone->questions++;
	assert_true(strlen(name) <= 253);
	/* Nothing is asked twice. */
	assert_true(g_hash_table_add(zone->asked, g_strdup(name)));
	for (guint i = 0; i < DMARC_CASE_NAMES && zone->lines[i]; i++) {
		gboolean trouble = zone->lines[i][0] == '!';
		const char *line = zone->lines[i] + trouble;
		const char *blank = strchrnul(line, ' ');
		size_t length = (size_t)(blank - line);

		if (strlen(name) == length && strncmp(line, name, length) == 0) {
			g_auto(GStrv) records = *blank ? g_strsplit(blank + 1, "|", -1) : NULL;

			for (char **record = records; record && *record; record++)
				g_ptr_array_add(texts, g_strdup(*record));
			return trouble ? TXT_TROUBLE : records ? TXT_FOUND : TXT_NO_RECORD;
		}
		if (ends_with_label(line, length, name))
			result = TXT_NO_RECORD;
	}
	return result;
}

static void test_cases(void **state)
{
	guint failed = 0;

	assert_true(G_N_ELEMENTS(dmarc_cases) >= 60);
	for (guint i = 0; i < G_N_ELEMENTS(dmarc_cases); i++) {
		const struct dmarc_case *one = &dmarc_cases[i];
		struct zone zone = {.lines = one->zone, .asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
		const struct txt_door door = {.ask = ask_zone, .context = &zone};
		g_autofree char *aligned = NULL;
		g_autofree char *got = dmarc_help_run(one, &door, &aligned);

		if (strcmp(got, one->expected) != 0 || (one->aligned && strcmp(aligned, one->aligned) != 0)) {
			print_error("%s: %s (%s), expected %s (%s)\n", one->name, got, aligned, one->expected, one->aligned ? one->aligned : "any");
			failed++;
		}
		g_hash_table_unref(zone.asked);
	}
	assert_int_equal(failed, 0);
}

static void test_nobody_in_particular(void **state)
{
	const struct txt_door door = {.ask = NULL};
	static const char *const authors[] = {NULL, "", ".", "..", "a..b", "a b.test", "a\n.test"};

	for (guint i = 0; i < G_N_ELEMENTS(authors); i++) {
		struct authentication found;

		authentication_init(&found);
		assert_true(dmarc_evaluate(authors[i], &door, &found));
		assert_string_equal(found.dmarc.result, "none");
		authentication_clear(&found);
	}
}

/* However many labels: eight questions for the author; however many signatures: no more than the bound, and then it is trouble. */
static void test_questions_are_bounded(void **state)
{
	static const char *const nothing[DMARC_CASE_NAMES] = {AT("test", "p=reject; psd=n")};
	g_autoptr(GString) name = g_string_new("test");

	while (name->len < 240)
		g_string_prepend(name, "a.");
	struct zone zone = {.lines = nothing, .asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
	const struct txt_door door = {.ask = ask_zone, .context = &zone};
	struct authentication found;

	authentication_init(&found);
	assert_true(dmarc_evaluate(name->str, &door, &found));
	assert_int_equal(zone.questions, DMARC_WALK_QUESTIONS);
	authentication_clear(&found);

	authentication_init(&found);
	for (guint i = 0; i < 50; i++) {
		struct authentication_dkim *dkim = authentication_add_dkim(&found);

		g_free(dkim->domain);
		dkim->domain = g_strdup_printf("a%u.b%u.c%u.d%u.test", i, i, i, i);
		dkim->result = "pass";
	}
	g_hash_table_remove_all(zone.asked);
	zone.questions = 0;
	assert_true(dmarc_evaluate("x.test", &door, &found));
	assert_int_equal(zone.questions, DMARC_ZONE_QUESTIONS);
	assert_string_equal(found.dmarc.result, "pass");
	authentication_clear(&found);
	g_hash_table_unref(zone.asked);
}

static void test_record_bounds(void **state)
{
	g_autoptr(GString) text = g_string_new("v=DMARC1; p=reject; rua=mailto:");
	struct dmarc_record record;

	while (text->len < DMARC_RECORD_BYTES)
		g_string_append_c(text, 'a');
	assert_true(dmarc_record_parse(text->str, text->len, &record));
	assert_int_equal(record.domain, DMARC_REJECT);
	g_string_append_c(text, 'a');
	assert_false(dmarc_record_parse(text->str, text->len, &record));
	g_string_assign(text, "v=DMARC1");
	for (guint i = 0; i < DMARC_RECORD_TAGS; i++)
		g_string_append(text, ";x=y");
	g_string_append(text, ";p=reject");
	assert_true(dmarc_record_parse(text->str, text->len, &record));
	assert_int_equal(record.domain, DMARC_NONE);
}

/* Pieces of a record in blocks of exactly their size. */
static void test_record_is_read_within_its_bytes(void **state)
{
	static const char text[] = " v = DMARC1 ; p=reject;sp=quarantine; np=none ;adkim=s;aspf=s;t=y;psd=n;rua=mailto:a@b";
	struct dmarc_record record;

	for (size_t length = 0; length < sizeof(text); length++) {
		char *block = g_memdup2(text, MAX(length, 1));

		assert_int_equal(dmarc_record_parse(block, length, &record), length >= strlen(" v = DMARC1"));
		g_free(block);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_nobody_in_particular),
		cmocka_unit_test(test_questions_are_bounded),
		cmocka_unit_test(test_record_bounds),
		cmocka_unit_test(test_record_is_read_within_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
