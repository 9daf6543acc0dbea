/*
 * The encoding that RFC 2231 gives to the value of a parameter: charset'language'percent-encoded. A part of param.c.
 * Whatever is not clear adds PARAM_UNSURE to `*flags`.
 */
#ifndef ROLLCALL_MAIL_PARAM_TEXT_H
#define ROLLCALL_MAIL_PARAM_TEXT_H

#include <glib.h>

/** Reads "charset'language'" at the front of an extended value; returns what stands behind it. */
const char *param_text_charset(const GString *raw, gboolean *latin1, guint *flags);

/** Appends what the bytes from `place` to `end` say, percent-decoded. */
void param_text_percent(GString *out, const char *place, const char *end, guint *flags);

/** Makes the whole value valid UTF-8 without control characters, of at most PARAM_VALUE bytes. */
void param_text_finish(GString *value, gboolean latin1, guint *flags);

#endif
