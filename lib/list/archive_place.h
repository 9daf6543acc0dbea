/*
 * Where a list's posts are kept for reading: the setting archive, which says maildir:/PATH, mbox:/PATH or hyperkitty:URL. In both rooms, because the
 * parser's writes the archive's addresses into posts and the trusted one fills it.
 * A list's name becomes part of a path, so what comes out is looked at again: no "." or ".." component, whatever the list is called.
 * HyperKitty is spoken to by https; by http on this machine only, where Mailman's own set-up has it, too.
 */
#ifndef ROLLCALL_LIST_ARCHIVE_PLACE_H
#define ROLLCALL_LIST_ARCHIVE_PLACE_H

#include "lib/base/settings.h"

enum archive_kind { ARCHIVE_NONE, ARCHIVE_MAILDIR, ARCHIVE_MBOX, ARCHIVE_HYPERKITTY };

struct archive_place {
	enum archive_kind kind;
	char *where; /**< an absolute path, or a URL without "/" at its end; NULL for NONE */
};
void archive_place_clear(struct archive_place *place);
#define archive_place_auto __attribute__((cleanup(archive_place_clear)))

/**
 * The archive of a list (an address), or what a domain's section says (then {list} is filled in with some name). FALSE with `error` (what is wrong
 * with the value) and a place that needs no clearing.
 */
gboolean archive_place_read(const struct settings *settings, const char *list, struct archive_place *place, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

/** Whether it keeps posts at all, good or not. */
gboolean archive_place_is_set(const struct settings *settings, const char *list);

/**
 * The template that `setting` is: as it is set; else, for archive_page and archived_at, HyperKitty's form of it where that is the archive; else "". To be
 * filled in by url_template_fill(). The caller frees.
 */
char *archive_place_template(const struct settings *settings, enum setting setting, const char *list) G_GNUC_WARN_UNUSED_RESULT;

#endif
