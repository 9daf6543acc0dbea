/*
 * Writing JSON, as far as the commands need it: arrays of flat objects, and whole GVariants. RFC 8259.
 * Knowingly not here: reading, floating point.
 */
#ifndef ROLLCALL_CLI_JSON_H
#define ROLLCALL_CLI_JSON_H

#include <glib.h>

/** Appends `text` as a JSON string, or null for NULL. Bytes that are not UTF-8 become U+FFFD; what a terminal might obey is escaped. */
void json_append_string(GString *out, const char *text);

/** Appends a value: a{sv} as an object, av as an array, texts, numbers and flags; anything else, and what is nested too deeply, as null. */
void json_append_value(GString *out, GVariant *value);

/*
 * One array of objects:
 *     json_begin(out);
 *     json_object(out); json_text(out, "name", "x"); json_number(out, "size", 3);   once for each element
 *     json_end(out);
 */
void json_begin(GString *out);
void json_object(GString *out);
void json_text(GString *out, const char *name, const char *value);
void json_number(GString *out, const char *name, gint64 value);
void json_boolean(GString *out, const char *name, gboolean value);
void json_end(GString *out);

#endif
