/*
 * A case for the rules, as JSON: a scenario, a post and who is what, in; the decision and the way to it, out. The keys are those of
 * `rollcall test` (rollcall(1)). Everything a case says is data: no file is opened, no CRM is asked.
 */
#ifndef ROLLCALL_CLI_RULES_CASE_H
#define ROLLCALL_CLI_RULES_CASE_H

#include <glib.h>
#include <json-glib/json-glib.h>

#include "lib/rules/rules_set.h"

/** A case as it was read. Texts belong to `object`. */
struct rules_case {
	JsonObject *object;
	char *sender;      /**< in normal form where it is an address; NULL when nobody */
	char *list, *domain, *address;
	GHashTable *roles[4]; /**< subscriber, owner, editor, listmaster: keys of addresses */
	GHashTable *parameters, *custom_vars, *conf;
	char **parameter_names;
	char *message;     /**< CRLF line ends */
	gsize length, body;
	struct header header;
	gint64 now, total;
	struct rules_set *set; /**< where a `name`, its includes and search files are found; NULL: only in the case */
};

/** Reads a case. FALSE with `error` when a key has a wrong type or the message has a header that no mail has. Clear it in both cases. */
gboolean rules_case_read(struct rules_case *one, JsonObject *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void rules_case_clear(struct rules_case *one);

/** The member's text; NULL when it is absent, null or no text. */
const char *rules_case_text(JsonObject *object, const char *name);
/** A member that is an object, or NULL. */
JsonObject *rules_case_object(JsonObject *object, const char *name);

/** Runs it and appends the members of its answer (all but "id") to the object that `out` has open. */
void rules_case_run(const struct rules_case *one, JsonBuilder *out);

#endif
