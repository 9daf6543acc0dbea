/* cli/settings_text.h: what `rollcall settings` prints reads back as the same settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/settings_text.h"

static const char text[] =
	"[rollcall]\n"
	"message_size_limit = 20M\n"
	"listen = unix:/a ; inet:127.0.0.1:24\n"
	"[crm]\n"
	"view = a\\\\b\\sc\n"
	"[domain b.org]\n"
	"subject_tag = [b]\n"
	"dkim_expire = 2d\n"
	"[domain a.org]\n"
	"[list choir@b.org]\n"
	"reply_to = list\n";

static struct settings *parse(const char *data)
{
	g_autoptr(GError) error = NULL;
	struct settings *settings = settings_parse(data, strlen(data), "t.conf", &error);

	if (!settings)
		fail_msg("%s in:\n%s", error->message, data);
	return settings;
}

static char *show(struct settings *settings, const char *where, gboolean only_changed)
{
	struct settings_view view = {.settings = settings, .file = "t.conf", .where = where, .only_changed = only_changed};

	return settings_text_file(&view);
}

/* Every value, at every place that has one. */
static void assert_same(const struct settings *a, const struct settings *b)
{
	static const char *const places[] = {"b.org", "a.org", "choir@b.org", "other@b.org", "any@a.org"};

	for (int i = 0; i < SETTING_COUNT; i++) {
		enum setting setting = (enum setting)i;
		enum setting_scope scope = settings_row(setting)->scope;

		if (scope == SCOPE_ROLLCALL || scope == SCOPE_CRM || scope == SCOPE_SITE)
			assert_string_equal(settings_text(a, setting, NULL), settings_text(b, setting, NULL));
		if (scope == SCOPE_ROLLCALL || scope == SCOPE_CRM)
			continue;
		for (gsize k = 0; k < G_N_ELEMENTS(places); k++)
			assert_string_equal(settings_text(a, setting, places[k]), settings_text(b, setting, places[k]));
	}
}

static void test_all_reads_back(void **state)
{
	settings_auto struct settings *settings = parse(text);
	g_autofree char *shown = show(settings, NULL, FALSE);
	settings_auto struct settings *again = parse(shown);

	assert_same(settings, again);
	assert_true(g_strv_equal(settings_lists(settings), settings_lists(again)));
	assert_non_null(strstr(shown, "# From t.conf:2.\nmessage_size_limit = 20M\n"));
	assert_non_null(strstr(shown, "# The default.\nsessions_limit = 100\n"));
}

/* What only the domain sets stands once. */
static void test_changed_reads_back(void **state)
{
	settings_auto struct settings *settings = parse(text);
	g_autofree char *shown = show(settings, NULL, TRUE);
	settings_auto struct settings *again = parse(shown);
	const char *tag = strstr(shown, "subject_tag = [b]");

	assert_same(settings, again);
	assert_true(g_strv_equal(settings_domains(settings), settings_domains(again)));
	assert_non_null(tag);
	assert_null(strstr(tag + 1, "subject_tag"));
	assert_null(strstr(shown, "sessions_limit"));
}

static void test_effective(void **state)
{
	settings_auto struct settings *settings = parse(text);
	g_autofree char *shown = show(settings, "choir@b.org", FALSE);

	assert_non_null(strstr(shown, "[domain b.org]\n"));
	assert_non_null(strstr(shown, "dkim_expire = 2d\n"));
	assert_non_null(strstr(shown, "[list choir@b.org]\n"));
	assert_non_null(strstr(shown, "# From t.conf:7.\nsubject_tag = [b]\n"));
	assert_non_null(strstr(shown, "# From t.conf:11.\nreply_to = list\n"));
	assert_non_null(strstr(shown, "# The default.\nverp = no\n"));
	assert_null(strstr(shown, "message_size_limit"));
	g_autofree char *changed = show(settings, "other@b.org", TRUE);
	assert_non_null(strstr(changed, "subject_tag = [b]\n"));
	assert_null(strstr(changed, "reply_to"));
}

static void test_json(void **state)
{
	settings_auto struct settings *settings = parse(text);
	struct settings_view view = {.settings = settings, .file = "t.conf", .where = "choir@b.org"};
	g_autofree char *shown = settings_text_json(&view);

	assert_non_null(strstr(shown, "{\"section\": \"list choir@b.org\", \"name\": \"reply_to\", \"value\": \"list\", "
				      "\"default\": \"author\", \"file\": \"t.conf\", \"line\": 11, "));
	assert_non_null(strstr(shown, "\"name\": \"verp\", \"value\": \"no\", \"default\": \"no\", \"file\": null, \"line\": null, "));
}

/* A line of roff that begins with a stop or a quote, or has a backslash, would be a request. */
static void test_manual(void **state)
{
	g_autofree char *manual = settings_text_manual();
	g_auto(GStrv) lines = g_strsplit(manual, "\n", -1);

	for (char **line = lines; *line; line++) {
		assert_false(**line == '\'');
		assert_true(**line != '.' || g_str_has_prefix(*line, ".TP") || g_str_has_prefix(*line, ".SS ") ||
			g_str_has_prefix(*line, ".B ") || g_str_has_prefix(*line, ".BR "));
	}
	for (int i = 0; i < SETTING_COUNT; i++) {
		g_autofree char *entry = g_strdup_printf(".TP\n.B %s\n", settings_row((enum setting)i)->name);

		assert_non_null(strstr(manual, entry));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_reads_back),
		cmocka_unit_test(test_changed_reads_back),
		cmocka_unit_test(test_effective),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
