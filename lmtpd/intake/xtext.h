/*
 * xtext of RFC 3461 section 4: printable ASCII in which "+XX" stands for a byte. Postfix sends the values
 * of XFORWARD in it, and AUTH= and the DSN parameters are in it.
 */
#ifndef ROLLCALL_INTAKE_XTEXT_H
#define ROLLCALL_INTAKE_XTEXT_H

#include <glib.h>
#include <stddef.h>

/**
 * Decodes (data, length) into `out` (replaced; emptied on failure). FALSE when it is no xtext or when it
 * decodes to a control character: a line end smuggled in by "+0A" has no honest use in any value that we take.
 * Bytes above 127 come through.
 */
gboolean xtext_decode(const char *data, size_t length, GString *out) G_GNUC_WARN_UNUSED_RESULT;

#endif
