/*
 * Reads the lines of SHOW GRANTS: what may the CRM user do beyond reading the view (HOSTILE D15)?
 */
#ifndef ROLLCALL_CRM_CRM_GRANTS_H
#define ROLLCALL_CRM_CRM_GRANTS_H

#include <glib.h>

/** What the user is there for. Procedures may be NULL or "", and NAME or DATABASE.NAME. */
struct crm_grants_meant {
	const char *database, *view;
	const char *procedures[2];
};

/** What all lines together say. Zero-initialised. */
struct crm_grants {
	gboolean may_select;    /**< SELECT on the view, or on some of its columns */
	gboolean may_show_view; /**< SHOW VIEW on it */
	gboolean may_execute[2]; /**< EXECUTE on the procedures that are meant */
	GPtrArray *excess;      /**< "INSERT ON `crm`.*" …, printable, without user or password; NULL when none */
};
void crm_grants_clear(struct crm_grants *grants);

/**
 * Judges one line. Only USAGE on *.*, SELECT and SHOW VIEW on exactly the view, and EXECUTE on exactly the procedures that are meant are fine;
 * everything else is excess, also roles, GRANT OPTION and whatever is not understood.
 */
void crm_grants_take(
	struct crm_grants *grants, const char *line, gsize length, const struct crm_grants_meant *meant);

#endif
