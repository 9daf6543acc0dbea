/* lmtpd/master/watch.h: what is looked at for changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "lmtpd/master/watch.h"

/* A file below the directory %s that each line writes anew, or NULL: removes it. The fingerprint must change each time. */
static const struct {
	const char *file, *text;
} changes[] = {
	{"ca.pem", "a certificate"},
	{"ca.pem", "two certificates"},
	{"crl/one.crl", "one"},
	{"crl/two.crl", "two"},
	{"crl/one.crl", "one, later"},
	{"crl/two.crl", NULL},
	{"scenari/send.x", "true() -> do_it"},
	{"lists/choir@lists.example.org/scenari/send.x", "true() -> reject"},
	{"texts/en/held", "Subject: x"},
	{"ca.pem", NULL},
};

static void change(const char *root, const char *file, const char *text)
{
	g_autofree char *path = g_build_filename(root, file, NULL);
	g_autofree char *directory = g_path_get_dirname(path);

	assert_int_equal(g_mkdir_with_parents(directory, 0700), 0);
	if (text)
		assert_true(g_file_set_contents(path, text, -1, NULL));
	else
		assert_int_equal(unlink(path), 0);
}

static void remove_all(const char *path)
{
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory))) {
		g_autofree char *entry = g_build_filename(path, name, NULL);

		remove_all(entry);
	}
	assert_int_equal(g_remove(path), 0);
}

static void test_changes(void **state)
{
	g_autofree char *root = g_dir_make_tmp("watch-XXXXXX", NULL);
	g_autofree char *text = g_strdup_printf(
		"[rollcall]\nrules_directory = %s\ntexts_directory = %s/texts\nsmime_ca_file = %s/ca.pem\nsmime_crl = %s/crl\n", root, root, root, root);
	settings_auto struct settings *settings = settings_parse(text, strlen(text), "test", NULL);
	guint64 before = watch_fingerprint(settings);

	for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
		change(root, changes[i].file, changes[i].text);
		guint64 after = watch_fingerprint(settings);
		if (after == before)
			fail_msg("%s: not seen", changes[i].file);
		assert_true(after == watch_fingerprint(settings));
		before = after;
	}
	remove_all(root);
}

static void test_crl_as_a_file(void **state)
{
	g_autofree char *root = g_dir_make_tmp("watch-XXXXXX", NULL);
	g_autofree char *text = g_strdup_printf("[rollcall]\nrules_directory = %s/none\ntexts_directory = %s/none\nsmime_crl = %s/x.crl\n", root, root, root);
	settings_auto struct settings *settings = settings_parse(text, strlen(text), "test", NULL);

	change(root, "x.crl", "1");
	guint64 before = watch_fingerprint(settings);
	change(root, "y.crl", "not ours");
	assert_true(before == watch_fingerprint(settings));
	change(root, "x.crl", "22");
	assert_true(before != watch_fingerprint(settings));
	remove_all(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_crl_as_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
