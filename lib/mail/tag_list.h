/*
 * Tag lists, "v=1; a=rsa-sha256; …": the one grammar of DKIM signatures, ARC fields, DKIM keys and DMARC records. RFC 6376 section 3.2.
 *
 * Strict, because what stands here decides whom we believe: one tag that is none, or that stands twice, and the whole list is none. Two readers
 * of a list must never see two values. What a value means is the caller's. Values may hold UTF-8 (RFC 8616). Nothing is copied until asked for.
 */
#ifndef ROLLCALL_MAIL_TAG_LIST_H
#define ROLLCALL_MAIL_TAG_LIST_H

#include <glib.h>
#include <stddef.h>

enum { TAG_LIST_TAGS = 40 }; /* tags of one list: DKIM knows 15 */

/** One tag. All point into the text that was parsed; not NUL-terminated. */
struct tag {
	const char *name;
	size_t name_length;
	const char *value; /**< without the blanks and folds around it; those inside are still there */
	size_t length;     /**< may be 0 */
	const char *start; /**< all between the '=' and the ';' (or the end): what a hash over the list without this value leaves out */
	size_t whole;      /**< bytes of that */
};

struct tag_list {
	guint count;
	struct tag tags[TAG_LIST_TAGS]; /**< in order */
};

/**
 * Reads (data, length), which must outlive the list. Blanks are space, tab and CRLF before one of the two. TRUE when it is a tag list
 * of at least one and at most TAG_LIST_TAGS tags; FALSE with an empty list otherwise. Linear in `length`.
 */
gboolean tag_list_parse(const char *data, size_t length, struct tag_list *list) G_GNUC_WARN_UNUSED_RESULT;

/** The tag of that name (case matters), or NULL. */
const struct tag *tag_list_find(const struct tag_list *list, const char *name);

/** Its value without any blanks and folds, also without those inside; NULL when there is no such tag. The caller frees. */
char *tag_list_text(const struct tag_list *list, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/** Whether the tag is there and its value is this word; ASCII case ignored when `any_case`. */
gboolean tag_list_is(const struct tag_list *list, const char *name, const char *word, gboolean any_case);

/** Whether one of the words of a value that is a list with colons is this word (ASCII case ignored); FALSE without the tag. */
gboolean tag_list_has(const struct tag_list *list, const char *name, const char *word);

/** The value as base64, folds inside allowed, padding required. NULL when it is none, empty or not there. The caller unrefs. */
GBytes *tag_list_base64(const struct tag_list *list, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/** The value as a decimal number of at most 12 digits (RFC 6376 asks for that much in times). FALSE when it is none or not there. */
gboolean tag_list_number(const struct tag_list *list, const char *name, gint64 *number) G_GNUC_WARN_UNUSED_RESULT;

#endif
