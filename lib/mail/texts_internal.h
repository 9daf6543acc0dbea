/* Shared by the files of texts.h: what texts there are, what they are made of, how they are checked and filled. */
#ifndef ROLLCALL_MAIL_TEXTS_INTERNAL_H
#define ROLLCALL_MAIL_TEXTS_INTERNAL_H

#include "lib/mail/texts.h"

struct texts_row {
	const char *name;
	const char *fields; /**< with a blank around each */
};

/** What every text and sentence may use. */
#define TEXTS_COMMON " list list_name owner request "

/** All texts; ends with a NULL name. */
extern const struct texts_row texts_table[];
/** The keys of `sentences` that our programs ask for; NULL-terminated. */
extern const char *const texts_keys[];

/** What the sentence of this key may use beside TEXTS_COMMON, as a row has it. Static. */
const char *texts_key_fields(const char *key);

/** The row of a text, or NULL. */
const struct texts_row *texts_row(const char *name);

/** One piece of a line of a template. */
struct texts_piece {
	enum { TEXTS_LITERAL, TEXTS_FIELD, TEXTS_CONDITION } kind;
	const char *text; /**< the literal, or the name of the field; into the line */
	size_t length;
};

/**
 * Takes the next piece of a line of a template from `*place`. FALSE at its end. `*wrong` gets the reason, static, when there is no good
 * piece; `start` is the line's beginning.
 */
gboolean texts_next_piece(const char *start, const char **place, struct texts_piece *piece, const char **wrong);

/** What is wrong with one line of a template whose fields are `fields` and TEXTS_COMMON, or NULL. The caller frees it. */
char *texts_check_line(const char *line, const char *fields) G_GNUC_WARN_UNUSED_RESULT;

/** Fills one line, such as a subject, into `out`; line ends in values become blanks. The template has been checked. */
void texts_fill_line(const char *template, const struct texts_field *fields, GString *out);
/** Fills a body with LF line ends. */
void texts_fill_body(const char *template, const struct texts_field *fields, GString *out);

#endif
