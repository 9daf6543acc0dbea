/* Secrets from a service manager; see credential.h. */
#include "lib/base/credential.h"

#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/privilege.h"

#define NAME_LETTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-@+"

enum { NAME_LENGTH = 255 };

/* NULL when there is none. */
static const char *directory(void)
{
	const char *path = g_getenv("CREDENTIALS_DIRECTORY");

	return path && path[0] == '/' ? path : NULL;
}

gboolean credential_is_named(const char *text)
{
	if (!g_str_has_prefix(text, CREDENTIAL_PREFIX))
		return FALSE;
	const char *name = text + strlen(CREDENTIAL_PREFIX);
	return *name && *name != '.' && strspn(name, NAME_LETTERS) == strlen(name) && strlen(name) <= NAME_LENGTH;
}

static char *name_of_path(const char *path)
{
	g_autofree char *ours = g_path_get_dirname(ROLLCALL_CONFIG);
	gsize length = strlen(ours);

	if (strncmp(path, ours, length) != 0 || path[length] != '/' || path[length + 1] == '\0')
		return NULL;
	return g_strdelimit(g_strdup(path + length + 1), "/", '_');
}

/* For root's commands, which nobody gives any: those of a daemon that runs, where systemd keeps them. */
static char *of_a_daemon(const char *name)
{
	g_autofree char *pattern = g_strconcat("/run/credentials/rollcall*.service/", name, NULL);
	glob_t found = {0};
	char *path = glob(pattern, GLOB_NOESCAPE, NULL, &found) == 0 ? g_strdup(found.gl_pathv[0]) : NULL;

	globfree(&found);
	return path ? path : g_build_filename("/run/credentials", name, NULL);
}

char *credential_path(const char *text)
{
	const char *where = directory(), *name_in_text = text + strlen(CREDENTIAL_PREFIX);

	if (credential_is_named(text))
		return where ? g_build_filename(where, name_in_text, NULL) : of_a_daemon(name_in_text);
	g_autofree char *name = where ? name_of_path(text) : NULL;
	char *path = name ? g_build_filename(where, name, NULL) : NULL;
	if (path && access(path, F_OK) == 0)
		return path;
	g_free(path);
	return g_strdup(text);
}

gboolean credential_is_one(const char *path)
{
	const char *where = directory();
	gsize length = where ? strlen(where) : 0;

	return where && strncmp(path, where, length) == 0 && path[length] == '/';
}

const char *credential_fault(const char *path, const struct stat *status)
{
	struct stat without = *status;

	if (credential_is_one(path))
		without.st_mode &= ~(mode_t)S_IRGRP;
	return privilege_secret_fault(&without);
}
