/*
 * Everybody on a list at one moment, each person once, by the way in which the list reaches them. In memory only, as recipients.h
 * has it, of which it is a handful.
 */
#ifndef ROLLCALL_LIST_ROSTER_H
#define ROLLCALL_LIST_ROSTER_H

#include "lib/list/reception.h"
#include "lib/list/recipients.h"

struct roster {
	struct recipients *of[RECEPTION_VARIANTS]; /**< of each way; NULL once settled where nobody takes it */
};

struct roster *roster_new(void) G_GNUC_WARN_UNUSED_RESULT;
/** Wipes and frees; NULL is fine. */
void roster_free(struct roster *roster);
static inline void roster_clear(struct roster **roster)
{
	roster_free(*roster);
	*roster = NULL;
}
#define roster_auto __attribute__((cleanup(roster_clear)))

/** Adds an address in normal form (not RECEPTION_NOMAIL). FALSE when it is there already in this way. Not after roster_settle(). */
gboolean roster_add(struct roster *roster, enum reception reception, const char *address);

/** Whether it is there in any way. Not after roster_settle(). */
gboolean roster_has(const struct roster *roster, const char *address);

/** Nobody comes any more: who is there in several ways stays in the most direct one. Returns how many further ways that ended. */
guint roster_settle(struct roster *roster);

/** How many take it in this way; all of them together. */
guint roster_count(const struct roster *roster, enum reception reception);
guint roster_total(const struct roster *roster);

#endif
