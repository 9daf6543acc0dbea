/*
 * Surgical edits on the bytes of a message: what is said to go goes, what is said to come comes, and every other byte is copied as it is.
 * Nothing is parsed here. An edit inside of one that takes more away is void: what is inside a removed part is removed with it.
 */
#ifndef ROLLCALL_MAIL_EDITS_H
#define ROLLCALL_MAIL_EDITS_H

#include <glib.h>
#include <stddef.h>

struct edits {
	GArray *list; /**< NULL until there is one */
};

/** Puts `text` (taken over; NULL: nothing) in the place of the bytes from `start` to `end`; both the same: only put in. */
void edits_put(struct edits *edits, size_t start, size_t end, GString *text);

/**
 * The bytes from `from` to `to` of `data` with the edits made, those that begin at the same place in the order of their making. Edits outside are
 * left out. The caller frees.
 */
GString *edits_apply(struct edits *edits, const char *data, size_t from, size_t to) G_GNUC_WARN_UNUSED_RESULT;

/** Frees what is in it; a zeroed struct is fine. */
void edits_clear(struct edits *edits);

#endif
