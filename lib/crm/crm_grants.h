/*
 * Reads the lines of SHOW GRANTS: what may the CRM user do beyond reading the view (HOSTILE D15)?
 */
#ifndef ROLLCALL_CRM_CRM_GRANTS_H
#define ROLLCALL_CRM_CRM_GRANTS_H

#include <glib.h>

/** What all lines together say. Zero-initialised. */
struct crm_grants {
	gboolean may_select;    /**< SELECT on the view, or on some of its columns */
	gboolean may_show_view; /**< SHOW VIEW on it */
	GPtrArray *excess;      /**< "INSERT ON `crm`.*" …, printable, without user or password; NULL when none */
};
void crm_grants_clear(struct crm_grants *grants);

/**
 * Judges one line. Only USAGE on *.* and SELECT and SHOW VIEW on exactly `database`.`view` are fine;
 * everything else is excess, also roles, GRANT OPTION and whatever is not understood.
 */
void crm_grants_take(
	struct crm_grants *grants, const char *line, gsize length, const char *database, const char *view);

#endif
