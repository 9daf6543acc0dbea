/*
 * Text that a list puts above or below each post: a file of the site's, UTF-8, with named fields ({list}, {unsubscribe_page}, …).
 *
 * Line by line: a line stays as it is written and is never broken, since it may be an address; a line that begins with {?field} is there only when
 * the field has a value. One pass: a value is never read again, and control and direction characters are taken out of it. The file is read and
 * checked before the children are forked, so that no post meets a broken one (HOSTILE C7).
 *
 * Its marks are what tells a footer that is there already, in a post that comes by for the second time or in a reply that quotes all of the first
 * one: its lines, without blanks, but for those that differ from post to post.
 */
#ifndef ROLLCALL_MAIL_FOOTER_TEXT_H
#define ROLLCALL_MAIL_FOOTER_TEXT_H

#include <glib.h>

#include "lib/mail/texts.h"

enum {
	FOOTER_LINES = 100, /* of a file */
	FOOTER_LINE = 400,  /* bytes of one of them */
	FOOTER_MARK = 8,    /* bytes without blanks: what has less is a rule or a dot, which any post may have */
};

struct footer_template;

/** What may stand in braces, with a blank around each, beside those of each text of ours (list, list_name, owner, request). */
#define FOOTER_FIELDS " domain description subscribe unsubscribe subscribe_page unsubscribe_page help_page archive_page archived_at "

#define FOOTER_ERROR (footer_error_quark())
GQuark footer_error_quark(void);

/** Reads a template; `name` is what errors call it, "NAME:LINE: reason". NULL with `error` when it is none, or empty. */
struct footer_template *footer_template_parse(const char *data, size_t length, const char *name, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;
/** The same from a file, which only root or this process's user may be able to change. */
struct footer_template *footer_template_load(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void footer_template_free(struct footer_template *template);

/** A filled one. */
struct footer_text {
	char *text;   /**< UTF-8, CRLF line ends, no empty line at either end; "" when nothing is left */
	char **marks; /**< squeezed lines, see footer_squeeze(); NULL-terminated; none when they are too short to tell anything */
	gboolean open_end; /**< its last line is none of them */
};

/** Fills it; fields as for texts_fill(). The caller ends it by footer_text_clear(). */
void footer_template_fill(const struct footer_template *template, const struct texts_field *fields, struct footer_text *out);
/** Frees what is in it; a zeroed struct is fine. */
void footer_text_clear(struct footer_text *text);

/**
 * Whether `text` (UTF-8) has it already: as it is, anywhere, or quoted at the very end, where it was left by a reply that quotes the whole post. A
 * reply that quotes it in its middle needs one of its own.
 */
gboolean footer_text_stands_in(const struct footer_text *footer, const char *text, size_t length);

#endif
