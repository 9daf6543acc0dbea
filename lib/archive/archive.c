/* Which kind of archive it is; see archive.h. */
#include "lib/archive/archive.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"

enum archive_result archive_trouble(char **why, const char *doing, const char *path)
{
	*why = g_strdup_printf("%s %s: %s", doing, path, g_strerror(errno));
	return ARCHIVE_TROUBLE;
}

enum archive_result archive_put(const struct archive_post *post, char **why)
{
	*why = NULL;
	switch (post->place->kind) {
	case ARCHIVE_NONE:
		*why = g_strdup("the list has no archive now; set one, or rollcall archive forget");
		return ARCHIVE_TROUBLE;
	case ARCHIVE_MAILDIR:
		return archive_maildir_put(post, why);
	case ARCHIVE_MBOX:
		return archive_mbox_put(post, why);
	case ARCHIVE_HYPERKITTY:
		return archive_hyperkitty_put(post, why);
	}
	log_panic("an archive of kind %d", (int)post->place->kind);
}

/* A Maildir or mbox that is there is written to, in its directory something is made beside it or in its place. */
static gboolean probe_files(const struct archive_place *place, char **why)
{
	g_autofree char *parent = g_path_get_dirname(place->where);
	gboolean is_maildir = place->kind == ARCHIVE_MAILDIR;
	struct stat status;
	gboolean there = lstat(place->where, &status) == 0;

	if (!there && errno != ENOENT)
		*why = g_strdup_printf("%s: %s", place->where, g_strerror(errno));
	else if (there && (is_maildir ? !S_ISDIR(status.st_mode) : !S_ISREG(status.st_mode)))
		*why = g_strdup_printf("%s is no %s", place->where, is_maildir ? "directory" : "regular file");
	else if (there && eaccess(place->where, is_maildir ? W_OK | X_OK : R_OK | W_OK) != 0)
		*why = g_strdup_printf("%s cannot be written by the daemon's user: %s", place->where, g_strerror(errno));
	else if ((!there || !is_maildir) && eaccess(parent, W_OK | X_OK) != 0)
		*why = g_strdup_printf("%s cannot be written by the daemon's user: %s", parent, g_strerror(errno));
	return *why == NULL;
}

gboolean archive_probe(const struct archive_post *post, char **why)
{
	*why = NULL;
	switch (post->place->kind) {
	case ARCHIVE_NONE:
		return TRUE;
	case ARCHIVE_MAILDIR:
	case ARCHIVE_MBOX:
		return probe_files(post->place, why);
	case ARCHIVE_HYPERKITTY:
		return archive_hyperkitty_ask(post, why) == ARCHIVE_DONE;
	}
	log_panic("an archive of kind %d", (int)post->place->kind);
}
