/* Where secrets are read when a service manager hands them over, and when none does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "lib/base/credential.h"
#include "lib/base/privilege.h"

static void names(void **state)
{
	static const struct {
		const char *text;
		gboolean good;
	} cases[] = {
		{"credential:crm.cnf", TRUE},
		{"credential:keys_2026a.pem", TRUE},
		{"credential:", FALSE},
		{"credential:.hidden", FALSE},
		{"credential:../shadow", FALSE},
		{"credential:a/b", FALSE},
		{"credential:a*", FALSE},
		{"credential:a b", FALSE},
		{"Credential:a", FALSE},
		{"/etc/rollcall/crm.cnf", FALSE},
		{"", FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		/* Exactly as long as it is, so that an overread shows. */
		g_autofree char *text = g_strdup(cases[i].text);

		assert_int_equal(credential_is_named(text), cases[i].good);
	}
}

static void expect(const char *text, const char *path)
{
	g_autofree char *found = credential_path(text);

	assert_string_equal(found, path);
}

static void paths(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("credential-XXXXXX", NULL);
	g_autofree char *option = g_build_filename(directory, "crm.cnf", NULL), *key = g_build_filename(directory, "keys_2026a.pem", NULL);
	g_autofree char *missing = g_build_filename(directory, "nowhere", NULL), *ours = g_path_get_dirname(ROLLCALL_CONFIG);
	g_autofree char *crm_path = g_build_filename(ours, "crm.cnf", NULL), *key_path = g_build_filename(ours, "keys", "2026a.pem", NULL);
	g_autofree char *other_path = g_build_filename(ours, "keys", "2025.pem", NULL), *beside = g_strconcat(ours, "2/crm.cnf", NULL);

	assert_true(g_file_set_contents(option, "", 0, NULL) && g_file_set_contents(key, "", 0, NULL));
	g_setenv("CREDENTIALS_DIRECTORY", directory, TRUE);
	expect("credential:crm.cnf", option);
	expect("credential:nowhere", missing);
	expect(crm_path, option);
	expect(key_path, key);
	/* Not there, not ours: what the setting says. */
	expect(other_path, other_path);
	expect(beside, beside);
	expect("/var/crm.cnf", "/var/crm.cnf");
	expect("", "");
	assert_true(credential_is_one(option) && !credential_is_one(crm_path) && !credential_is_one(directory));
	/* An access list shows as a right of a group's; a credential may have it, another file may not. */
	struct stat status = {.st_mode = S_IFREG | 0440, .st_uid = geteuid()};
	assert_null(credential_fault(option, &status));
	assert_non_null(credential_fault(crm_path, &status));
	status.st_mode = S_IFREG | 0444;
	assert_non_null(credential_fault(option, &status));
	g_unsetenv("CREDENTIALS_DIRECTORY");
	expect(crm_path, crm_path);
	expect("credential:nowhere", "/run/credentials/nowhere");
	assert_false(credential_is_one(option));
	g_unlink(option);
	g_unlink(key);
	g_rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
