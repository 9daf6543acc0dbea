/*
 * HTML as plain text, for people who read text: paragraphs, lists, tables and quotes keep their shape, a link shows where it leads, a picture
 * what stands for it. Scripts, styles and what is hidden are left out. Parsing is libxml2's, as a stream of events: no tree, no network, no
 * entities but HTML's own, and the character set is the caller's word, not the document's.
 */
#ifndef ROLLCALL_MAIL_HTML_TEXT_H
#define ROLLCALL_MAIL_HTML_TEXT_H

#include <glib.h>
#include <stddef.h>

enum {
	HTML_TEXT_SIZE = 1024 * 1024, /* bytes of HTML: newsletters have a tenth of that */
	/*
	 * Blanks and quotes in it. libxml2 compares each attribute of a tag with all others, and this bounds how many there can be: the worst case
	 * takes seconds, and mail of this size has a third of them.
	 */
	HTML_TEXT_TOKENS = 40000,
	HTML_TEXT_DEPTH = 500, /* elements inside each other: an end tag is searched among them */
};

/** To be called once before children are forked. */
void html_text_warm_up(void);

/**
 * Appends the text of (html, length), UTF-8, to `out`: UTF-8, CRLF line ends, lines of at most 76 columns where there are blanks to break at. FALSE
 * when it is over a limit or libxml2 gives up; `out` is then as it was.
 */
gboolean html_text_append(const char *html, size_t length, GString *out) G_GNUC_WARN_UNUSED_RESULT;

#endif
