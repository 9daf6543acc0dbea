/*
 * What the console writes to the author of a rejected post: cleaned as a moderator's mail would be (lib/mail/order.h), with the same
 * bounds; but what is too long or no text is refused and not cut, because here is somebody to ask.
 */
#ifndef ROLLCALL_CLI_REJECT_TEXT_H
#define ROLLCALL_CLI_REJECT_TEXT_H

#include <glib.h>

/**
 * The text that `given` is, or with "-" what stands on standard input, which must then be something. `*text` is UTF-8 with LF between
 * its lines, or NULL when `given` has only blanks; the caller frees it. FALSE with `error`.
 */
gboolean reject_text_read(const char *given, char **text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
