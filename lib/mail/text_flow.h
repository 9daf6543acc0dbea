/*
 * Lines of plain text, broken at blanks so that they fit a mail (RFC 5322 section 2.1.1 asks for 78). What has no blank, such as a
 * link, is never broken: half a link is none.
 */
#ifndef ROLLCALL_MAIL_TEXT_FLOW_H
#define ROLLCALL_MAIL_TEXT_FLOW_H

#include <glib.h>

enum { TEXT_FLOW_COLUMNS = 76 };

/** Columns that UTF-8 text takes where every character has the same width: 0, 1 or 2 each. */
guint text_flow_width(const char *text, size_t length);

/**
 * Appends `text` (UTF-8, one line) with CRLF, broken where it is longer than TEXT_FLOW_COLUMNS; `again` stands before each line
 * but the first. Blanks at its beginning stay.
 */
void text_flow_append(GString *out, const char *text, const char *again);

#endif
