/*
 * The value of a Content-Type or Content-Disposition field: its first word and its parameters, with the
 * continuations and character sets of RFC 2231, by our own bounded reader.
 *
 * Mail software reads broken values in many ways. This reader takes the value that most take and says PARAM_UNSURE
 * where another could take another one; who decides something by the value looks at that first.
 * Knowingly not done: encoded words in a value (RFC 2047 section 5 forbids them), conversion from other character sets than
 * UTF-8, US-ASCII and ISO-8859-1, which is what needs no module of the C library. RFC 2045 section 5.1, RFC 2183, RFC 2231.
 */
#ifndef ROLLCALL_MAIL_PARAM_H
#define ROLLCALL_MAIL_PARAM_H

#include <glib.h>
#include <stddef.h>

enum {
	PARAM_SEGMENTS = 100, /* continuations of one parameter that are looked at: a file name needs ten */
	PARAM_VALUE = 8192,   /* bytes of one value that are kept: a field may have 64 kB */
};

enum param_flag {
	PARAM_FOUND = 1 << 0,  /**< the parameter is there */
	PARAM_UNSURE = 1 << 1, /**< other software may take another value, or find one where we find none */
	PARAM_EXTENDED = 1 << 2, /**< the value comes from an RFC 2231 form, which not all software knows */
};

/**
 * Reads the first word of a field's value, "type/subtype" or a disposition, into `head` (replaced; in lower case; empty
 * when there is none). Returns the offset behind it. Folds may still be in `data`.
 */
size_t param_head(const char *data, size_t length, GString *head);

/**
 * Looks for the parameter `name` (ASCII case ignored) behind the first word and puts its decoded value into `value` (replaced;
 * valid UTF-8 without control characters, at most PARAM_VALUE bytes). Returns enum param_flag bits. The first of several wins, and
 * an RFC 2231 form wins over a plain one. Linear in `length`.
 */
guint param_value(const char *data, size_t length, const char *name, GString *value);

#endif
