/*
 * The recipients of one fan-out: each address once, in memory only, never on disk or in a log.
 * Made by the CRM's door, read by the way into Postfix; only rollcall-dispatch has one.
 * Sized for a million: about 60 bytes a recipient while filling, 35 once sealed.
 */
#ifndef ROLLCALL_LIST_RECIPIENTS_H
#define ROLLCALL_LIST_RECIPIENTS_H

#include <glib.h>

struct recipients;

struct recipients *recipients_new(void) G_GNUC_WARN_UNUSED_RESULT;
/** Wipes and frees; NULL is fine. */
void recipients_free(struct recipients *recipients);
static inline void recipients_clear(struct recipients **recipients)
{
	recipients_free(*recipients);
	*recipients = NULL;
}
#define recipients_auto __attribute__((cleanup(recipients_clear)))

/** Adds an address in normal form; FALSE when it is there already. Not after recipients_seal(). */
gboolean recipients_add(struct recipients *recipients, const char *address);
/** Whether it is there. Not after recipients_seal(). */
gboolean recipients_has(const struct recipients *recipients, const char *address);
/** No more additions: gives back what only the duplicate check needed. */
void recipients_seal(struct recipients *recipients);
guint recipients_count(const struct recipients *recipients);
/** The address at `place` below count; belongs to `recipients`. */
const char *recipients_get(const struct recipients *recipients, guint place);

#endif
