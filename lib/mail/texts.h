/*
 * The mails that Rollcall itself writes, as files that people can read and change: DIRECTORY/LANGUAGE/NAME.
 *
 * A file begins with "Subject: ..." and an empty line; then comes the body, UTF-8. {field} stands for a value, "{{" and "}}" for braces.
 * A line that begins with {?field} is there only when the field has a value. One pass: a value is never read again, so braces,
 * percent signs and anything else in it are only text; control and direction characters are taken out of it. How values make lines:
 *
 *  - A line that ends with a field and has only blanks or '>' before it takes a value of many lines, and repeats what is before it.
 *    Elsewhere a value's line ends become blanks.
 *  - A line that begins with a blank, '>' or "- " keeps its place; if its value makes it too long, it goes on below the value's column.
 *  - Other lines are paragraphs: one that has a field in it is broken anew, one without stands as it is written.
 *  - A line of nothing but fields without a value is left out; of several empty lines one stays.
 *
 * The file `sentences` of a language has one "key: text" a line (a line that begins with a blank goes on): reasons and other parts of
 * texts. A site may add keys. All is read and checked before the children are forked; an unknown field or file is an error with its
 * place, so that no text breaks when it is needed. Knowingly not done: no conditions beyond {?field}, no inclusion, no numbers in words.
 */
#ifndef ROLLCALL_MAIL_TEXTS_H
#define ROLLCALL_MAIL_TEXTS_H

#include <glib.h>

#include "lib/base/settings.h"

struct texts;

/** A named value; NULL is none. Arrays end with a NULL name. */
struct texts_field {
	const char *name, *value;
};

struct texts_filled {
	char *subject; /**< UTF-8, one line, cleaned as clean.h says, at most TEXTS_SUBJECT bytes */
	char *body;    /**< UTF-8, CRLF line ends, no empty line at either end */
};

enum { TEXTS_SUBJECT = 400, TEXTS_VALUE = 2000, TEXTS_LINES = 200 }; /* bytes of a subject and of a value's line, and its lines */

/** "en", "nl", "fr", "de", NULL. */
extern const char *const texts_languages[];

#define TEXTS_ERROR (texts_error_quark())
GQuark texts_error_quark(void);
enum texts_error { TEXTS_ERROR_FILE, TEXTS_ERROR_SYNTAX };

/**
 * Reads all texts. For each file the first of the directories (NULL-terminated: the site's first, the distributed ones last) that has
 * it wins; of `sentences` each key does. A directory need not exist. NULL with `error` "FILE[:LINE]: reason" for a broken file, a name
 * or field that nothing uses, or a text that English lacks. Reads files: only at start and reload.
 */
struct texts *texts_load(const char *const *directories, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/**
 * The site's directory first (texts_directory), then the distributed one, then what the program has built in. With `problems` (of char *, with a free
 * function) what is broken is told there and passed over, so that the next place has the word; NULL then is a bug in what is built in.
 */
struct texts *texts_load_site(const struct settings *settings, GPtrArray *problems, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void texts_free(struct texts *texts);
static inline void texts_free_pointer(struct texts **texts)
{
	texts_free(*texts);
}
/** `texts_auto struct texts *texts = texts_load(...);` frees at the end of the scope. */
#define texts_auto __attribute__((cleanup(texts_free_pointer)))

/**
 * Fills the text `name`, one of the table in texts_table.c (anything else is a bug and panics), in `language` ("nl", or "nl-BE"), else in
 * English. A field that is not given has no value; fields that the text does not use are ignored. The caller ends it by texts_clear().
 */
void texts_fill(const struct texts *texts, const char *language, const char *name, const struct texts_field *fields,
	struct texts_filled *filled);
void texts_clear(struct texts_filled *filled);

/** The filled sentence of this key as one line, or NULL when no language of the two has it. The caller frees it. */
char *texts_sentence(const struct texts *texts, const char *language, const char *key, const struct texts_field *fields)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
