/*
 * What the cells of a row mean: address, reception mode, role. Pure functions, because this is
 * where the CRM's bytes are judged (HOSTILE D1 to D5, D9): nothing that fails here gets any
 * further.
 */
#ifndef ROLLCALL_CRM_CRM_ROWS_H
#define ROLLCALL_CRM_CRM_ROWS_H

#include <glib.h>

#include "lib/list/address.h"
#include "lib/list/reception.h"

/** One value as it came from the server. */
struct crm_cell {
	const char *data; /**< not terminated */
	gsize length;     /**< of `data`, also when the value was longer */
	gboolean null;
	gboolean truncated; /**< the value was longer than the buffer: its beginning is no value at all */
};

/**
 * The address in a cell, in normal form into `normal` (replaced, empty unless ADDRESS_OK). ASCII
 * blanks (space, tab) around it are dropped, as people leave them behind; anything else that is
 * not an address is not repaired. NULL is ADDRESS_EMPTY, a truncated cell ADDRESS_LENGTH. RFC
 * 5321, RFC 6531.
 */
enum address_result crm_rows_address(const struct crm_cell *cell, gboolean utf8_allowed, GString *normal)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * How this row wants the list. FALSE for NULL, a value that is too long, and words that mean nothing: they count as mail, and the log says so.
 */
gboolean crm_rows_reception(const struct crm_cell *cell, enum reception *reception, gboolean *not_me);

enum crm_truth {
	CRM_FALSE,   /**< 0, empty, no, n, false, f, off */
	CRM_TRUE,    /**< a whole number but 0, yes, y, true, t, on */
	CRM_UNCLEAR, /**< NULL or another word: counts as false, and the log says so */
};
enum crm_truth crm_rows_truth(const struct crm_cell *cell);

/**
 * A word of the mode or role columns for the log, printable and short; "(something else)" when it
 * could be anything personal, as when somebody swapped two columns of the view. The caller frees.
 */
char *crm_rows_word(const struct crm_cell *cell) G_GNUC_WARN_UNUSED_RESULT;

#endif
