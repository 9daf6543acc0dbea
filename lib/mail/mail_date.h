/*
 * A date as header fields want it, RFC 5322 section 3.3. Always UTC and always English, whatever the
 * locale says.
 */
#ifndef ROLLCALL_MAIL_MAIL_DATE_H
#define ROLLCALL_MAIL_MAIL_DATE_H

#include <glib.h>

/** "Sat, 21 Nov 2026 10:35:20 +0000" for seconds of Unix time. The caller frees. */
char *mail_date(gint64 seconds) G_GNUC_WARN_UNUSED_RESULT;

#endif
