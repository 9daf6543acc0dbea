/* lib/list/archive_place.h: where a list's archive is, and what its posts are called there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/list/archive_place.h"

#define LIST "choir+a@lists.example.org"

static struct settings *settings_of(const char *lines)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = g_strdup_printf("[domain lists.example.org]\n%s\n", lines);
	struct settings *settings = settings_parse(text, strlen(text), "test", &error);

	assert_non_null(settings);
	return settings;
}

static void places(void **state)
{
	static const struct {
		const char *value, *list, *where; /* NULL: refused */
		enum archive_kind kind;
	} cases[] = {
		{"maildir:/a/{domain}/{list}", LIST, "/a/lists.example.org/choir+a", ARCHIVE_MAILDIR},
		{"maildir:/a/{list}", "lists.example.org", "/a/list", ARCHIVE_MAILDIR},
		{"mbox:/a/{list}.mbox", "..@lists.example.org", "/a/...mbox", ARCHIVE_MBOX},
		/* A list's name is no way out of the directory. */
		{"maildir:/a/{list}", "..@lists.example.org", NULL, ARCHIVE_NONE},
		{"maildir:/a/{list}/x", ".@lists.example.org", NULL, ARCHIVE_NONE},
		{"maildir:/a/.{list}", ".@lists.example.org", NULL, ARCHIVE_NONE},
		{"hyperkitty:https://h/hk/", LIST, "https://h/hk", ARCHIVE_HYPERKITTY},
		{"hyperkitty:https://h:8443", LIST, "https://h:8443", ARCHIVE_HYPERKITTY},
		{"hyperkitty:http://127.0.0.1:8000/hk", LIST, "http://127.0.0.1:8000/hk", ARCHIVE_HYPERKITTY},
		{"hyperkitty:http://[::1]/hk", LIST, "http://[::1]/hk", ARCHIVE_HYPERKITTY},
		{"hyperkitty:http://localhost.example.org/hk", LIST, NULL, ARCHIVE_NONE},
		{"hyperkitty:https://u@h/hk", LIST, NULL, ARCHIVE_NONE},
		{"hyperkitty:https:///hk", LIST, NULL, ARCHIVE_NONE},
		{"mbox:/a/{id}", LIST, NULL, ARCHIVE_NONE},
		{"nowhere", LIST, NULL, ARCHIVE_NONE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line = g_strdup_printf("archive = %s", cases[i].value);
		settings_auto struct settings *settings = settings_of(line);
		archive_place_auto struct archive_place place = {0};
		g_autoptr(GError) error = NULL;
		gboolean good = archive_place_read(settings, cases[i].list, &place, &error);

		assert_int_equal(good, cases[i].where != NULL);
		assert_int_equal(good, error == NULL);
		if (good)
			assert_string_equal(place.where, cases[i].where);
		assert_int_equal(place.kind, cases[i].kind);
		assert_true(archive_place_is_set(settings, cases[i].list));
	}
}

static void templates(void **state)
{
	static const struct {
		const char *lines, *page, *post;
	} cases[] = {
		{"", "", ""},
		{"archive = mbox:/a", "", ""},
		{"archive = hyperkitty:https://h/hk", "https://h/hk/list/{list}@{domain}/", "https://h/hk/list/{list}@{domain}/message/{hash}/"},
		{"archive = hyperkitty:http://127.0.0.1/hk", "", ""},
		{"archive = hyperkitty:https://h/hk\narchived_at = https://x/{hash}\narchive_page = https://x/", "https://x/", "https://x/{hash}"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		settings_auto struct settings *settings = settings_of(cases[i].lines);
		g_autofree char *page = archive_place_template(settings, SET_archive_page, LIST);
		g_autofree char *post = archive_place_template(settings, SET_archived_at, LIST);
		g_autofree char *help = archive_place_template(settings, SET_help_page, LIST);

		assert_string_equal(page, cases[i].page);
		assert_string_equal(post, cases[i].post);
		assert_string_equal(help, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(templates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
