/*
 * Parts of an explanation as values for the wire to the sysadmin: what is in them came from a stranger, so each text is valid UTF-8 of a bounded
 * length, and each list has an end.
 */
#ifndef ROLLCALL_INTAKE_EXPLAIN_FACTS_H
#define ROLLCALL_INTAKE_EXPLAIN_FACTS_H

#include <glib.h>

#include "lib/mail/header.h"
#include "lib/rules/rules.h"

/** Adds name and value to an a{sv} in the making; a NULL text is not added. */
void explain_put(GVariantBuilder *dict, const char *name, GVariant *value);
void explain_put_text(GVariantBuilder *dict, const char *name, const char *text);
void explain_put_flag(GVariantBuilder *dict, const char *name, gboolean flag);
void explain_put_number(GVariantBuilder *dict, const char *name, gint64 number);

/** The rules that were looked at, in order; floating av of a{sv}. */
GVariant *explain_rules_value(const GPtrArray *trace);

/**
 * What became of the fields between arrival and departure: floating a{sv} of removed, changed and added, and how the body left (`body`: as another one).
 * `done` are words for what the list did beside its own fields; NULL: nothing.
 */
GVariant *explain_changes(const struct header *came, const struct header *goes, gboolean body, const GPtrArray *done);

#endif
