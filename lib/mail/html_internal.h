/* Shared by the files of html_text.h. */
#ifndef ROLLCALL_MAIL_HTML_INTERNAL_H
#define ROLLCALL_MAIL_HTML_INTERNAL_H

#include <glib.h>

enum {
	HTML_LISTS = 8,   /* lists inside each other that are indented */
	HTML_QUOTES = 8,  /* quotes inside each other that are marked */
	HTML_LINK = 2000, /* bytes of a link that is shown */
	HTML_MARKER = 16,
};

struct html_writer {
	GString *out;
	size_t start;            /**< in `out`: what was there before us */
	GString *line;           /**< the line or paragraph that is being written */
	void *parser;            /**< libxml2's, to stop it */
	gboolean failed;
	guint depth;             /**< of elements */
	guint hidden;            /**< depth of the element whose content is not shown; 0: none */
	guint quotes, preformatted;
	guint lists;             /**< inside each other */
	guint numbers[HTML_LISTS]; /**< the last number of an ordered list, counted from 1; 0: an unordered one */
	gboolean ordered[HTML_LISTS];
	char marker[HTML_MARKER]; /**< stands before the next line of a list item */
	gboolean gap;            /**< an empty line before the next one */
	guint gap_quotes;        /**< quotes around it */
	char *link;              /**< where the open link leads; NULL: none is open */
	size_t link_start;       /**< in `line` */
};

/* ---- html_element.c ---- */

/** An element begins (attributes: name, value, …, NULL; or NULL) or ends. */
void html_start(struct html_writer *writer, const char *name, const char **attributes);
void html_end(struct html_writer *writer, const char *name);

/* ---- html_line.c ---- */

/** Text of the document: blanks become one, what nobody sees falls away. */
void html_line_text(struct html_writer *writer, const char *text, size_t length);
/** Text of ours, as it is. */
void html_line_put(struct html_writer *writer, const char *text);
/** Ends the line, if there is something in it. */
void html_line_break(struct html_writer *writer);
/** The same, with an empty line before the next one. */
void html_line_gap(struct html_writer *writer);
/** Ends all; frees what is in the writer. */
void html_line_finish(struct html_writer *writer);

#endif
