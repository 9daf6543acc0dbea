/* Looks at names, sizes and times of the files; see watch.h. inotify would need a watch for each directory that comes and goes. */
#include "lmtpd/master/watch.h"

#include <sys/stat.h>

enum {
	WATCH_DEPTH = 4,     /* rules_directory/lists/NAME@DOMAIN/scenari/FILE */
	WATCH_FILES = 20000, /* more are not looked at: the reader takes no more either */
};

struct look {
	guint64 sum;
	guint files;
};

/* Order does not matter to a sum, and directories come in any. */
static void add_file(struct look *look, const char *path, const struct stat *status)
{
	guint64 mixed = g_str_hash(path);

	mixed = mixed * 0x9e3779b97f4a7c15u + (guint64)status->st_size;
	mixed = mixed * 0x9e3779b97f4a7c15u + (guint64)status->st_mtim.tv_sec;
	mixed = mixed * 0x9e3779b97f4a7c15u + (guint64)status->st_mtim.tv_nsec;
	mixed = mixed * 0x9e3779b97f4a7c15u + (guint64)status->st_ino;
	look->sum += mixed;
	look->files++;
}

static void look_into(struct look *look, const char *path, guint depth)
{
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory && look->files < WATCH_FILES && (name = g_dir_read_name(directory))) {
		g_autofree char *entry = g_build_filename(path, name, NULL);
		struct stat status;

		if (name[0] == '.' || stat(entry, &status) != 0)
			continue;
		if (S_ISREG(status.st_mode))
			add_file(look, entry, &status);
		else if (S_ISDIR(status.st_mode) && depth > 1)
			look_into(look, entry, depth - 1);
	}
}

/* A file, or the files right in a directory; the empty path is neither. */
static void look_at(struct look *look, const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
		add_file(look, path, &status);
	else
		look_into(look, path, 1);
}

static void look_at_footers(struct look *look, const struct settings *settings, const char *where)
{
	look_at(look, settings_text(settings, SET_header_file, where));
	look_at(look, settings_text(settings, SET_footer_file, where));
}

guint64 watch_fingerprint(const struct settings *settings)
{
	static const char *const parts[] = {"scenari", "search_filters", "domains", "lists"};
	const char *rules = settings_text(settings, SET_rules_directory, NULL);
	struct look look = {0};

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_build_filename(rules, parts[i], NULL);

		look_into(&look, path, WATCH_DEPTH - 1);
	}
	look_into(&look, settings_text(settings, SET_texts_directory, NULL), 2);
	look_at(&look, settings_text(settings, SET_smime_ca_file, NULL));
	look_at(&look, settings_text(settings, SET_smime_crl, NULL));
	for (const char *const *domain = settings_domains(settings); *domain; domain++)
		look_at_footers(&look, settings, *domain);
	for (const char *const *list = settings_lists(settings); *list; list++)
		look_at_footers(&look, settings, *list);
	return look.sum;
}
