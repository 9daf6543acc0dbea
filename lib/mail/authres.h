/*
 * Authentication-Results, RFC 8601 section 2.2, read. Whether a field may be believed is border.h's; here only what it says.
 *
 * All or nothing: a field that is not wholly understood says nothing, since the part that is missing could be the one that matters. Two things
 * are taken that the letter does not allow and border software writes: a property's value with "/", "=", "+" or "<" unquoted, and a
 * property without a type. RFC 8616 (UTF-8) is taken. The reason= of a result is read and dropped.
 */
#ifndef ROLLCALL_MAIL_AUTHRES_H
#define ROLLCALL_MAIL_AUTHRES_H

#include <glib.h>
#include <stddef.h>

enum {
	AUTHRES_BYTES = 5 * 1024, /* of one value; a border that tells of ten signatures writes 2 kB */
	AUTHRES_RESULTS = 50,
	AUTHRES_PROPERTIES = 200, /* of all results together */
	AUTHRES_NESTING = 20,     /* comments inside each other */
};

struct authres_property {
	char *type; /**< "smtp", "header", …, lower case; "" when there is none */
	char *name; /**< "mailfrom", lower case */
	char *value;
};

struct authres_result {
	char *method, *result; /**< "spf", "pass"; lower case */
	GPtrArray *properties; /**< of struct authres_property, in order */
};

struct authres {
	char *id;           /**< the authserv-id, as written */
	GPtrArray *results; /**< of struct authres_result, in order; empty for "none" */
};

/** Reads a field's value; folds may be in it. FALSE, with nothing to clear: it says nothing that may be used. */
gboolean authres_parse(const char *value, size_t length, struct authres *authres) G_GNUC_WARN_UNUSED_RESULT;
void authres_clear(struct authres *authres);

/**
 * The authserv-id of a field, also where the rest is rubbish or too long: who removes the fields that bear his name (RFC 8601 section 5) must
 * see it there as well. NULL when not even that can be read. The caller frees.
 */
char *authres_id(const char *value, size_t length) G_GNUC_WARN_UNUSED_RESULT;

/** The value of a result's property, the first of that type and name; NULL when there is none. */
const char *authres_property(const struct authres_result *result, const char *type, const char *name);

#endif
