/* systemctl(1); see units.h. */
#include "cli/units.h"

#include <string.h>

#include "cli/run.h"
#include "lib/base/settings.h"

enum { PATIENCE = 20 }; /* seconds */

gboolean units_are_for(const char *config)
{
	static const char *const places[] = {"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"};

	if (strcmp(config, ROLLCALL_CONFIG) != 0 || !g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *path = g_build_filename(places[i], "systemd/system", UNITS_DISPATCH, NULL);

		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return TRUE;
	}
	return FALSE;
}

char *units_property(const char *unit, const char *property, GError **error)
{
	g_autofree char *systemctl = run_find("systemctl");
	const char *at = strstr(unit, "@.");
	g_autofree char *name = at ? g_strdup_printf("%.*s@0.%s", (int)(at - unit), unit, at + 2) : g_strdup(unit);
	const char *argv[] = {systemctl, "show", name, "--value", "--property", property, NULL};
	struct run_result result;

	if (!systemctl) {
		g_set_error_literal(error, SETTINGS_ERROR, SETTINGS_ERROR_FILE, "systemctl is not in PATH");
		return NULL;
	}
	if (!run_program(argv, "", PATIENCE, &result, error))
		return NULL;
	char *value = result.status == 0 ? g_strstrip(g_strdelimit(g_strdup(result.output), "\n", ' ')) : NULL;
	if (!value)
		g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_FILE, "systemctl show %s: %s", name, result.errors);
	run_result_clear(&result);
	return value;
}
