/*
 * A message's header block as raw fields, byte for byte, and surgical edits on it.
 * GMime is used to understand a message; what goes out is made from these bytes: a field that nobody touched leaves
 * exactly as it came, folds, odd spacing and all. RFC 5322 section 2.2.
 */
#ifndef ROLLCALL_MAIL_HEADER_H
#define ROLLCALL_MAIL_HEADER_H

#include <glib.h>
#include <stddef.h>

struct header_field {
	const char *data;   /**< the whole field with folds and its last CRLF; not NUL-terminated */
	size_t length;
	size_t name_length; /**< bytes before the colon */
	char *owned;        /**< backing store of a field that we made; NULL for an original one */
};

struct header {
	GArray *fields;     /**< of struct header_field, in order */
};

enum header_result {
	HEADER_OK,
	HEADER_NO_COLON,    /**< a line that is no field: a continuation without a field, or no colon */
	HEADER_NAME,        /**< empty name, a blank before the colon, or a byte no name may have */
	HEADER_NAME_LENGTH, /**< name over LIMIT_FIELD_NAME */
	HEADER_LIMIT,       /**< a limit of limits.h: fields, field length or block length */
};

/**
 * Splits (data, length), a message with CRLF line ends, into header and body. An mbox "From " or ">From " line at
 * the very top is dropped; a last field without CRLF gets one. `*body` is the offset of the first body byte (after the
 * empty line), or `length`. The fields point into `data`, which must outlive the header. `header` is overwritten: clear
 * it before a second parse. On any result but HEADER_OK it is empty, as header_clear() leaves it, and `*body` is 0.
 * After HEADER_OK no field has a NUL, or a CR or LF that is not the end of one of its lines. At most
 * LIMIT_HEADER_BLOCK + 1 bytes are looked at.
 */
enum header_result header_parse(const char *data, size_t length, struct header *header, size_t *body)
	G_GNUC_WARN_UNUSED_RESULT;
/** What is odd about a name, but leaves no doubt which field it is. */
enum header_oddity {
	HEADER_ODD_BLANK = 1, /**< blanks before the colon (RFC 5322 section 4.5 lets such be read); they are taken out */
	HEADER_ODD_LONG = 2,  /**< name over LIMIT_FIELD_NAME, up to LIMIT_FIELD_NAME_HOLD: never for libopendkim */
};

/** As header_parse(), but what is only odd parses, and `*odd` says what there is of it (enum header_oddity). */
enum header_result header_parse_odd(const char *data, size_t length, struct header *header, size_t *body, guint *odd)
	G_GNUC_WARN_UNUSED_RESULT;
/** Bytes of an mbox "From " or ">From " line at the very top, with its CRLF; 0 when there is none. */
size_t header_mbox_line(const char *data, size_t length);
/** Frees fields and store; the struct may be used again. A zeroed struct is fine. */
void header_clear(struct header *header);

/**
 * A copy to edit apart from the original; fields that nobody made anew still point into the message. The caller ends it with
 * header_clear(); `to` is overwritten.
 */
void header_copy(const struct header *from, struct header *to);

/** Whether this field is called `name` (ASCII case ignored). */
gboolean header_is(const struct header_field *field, const char *name);
/** How many fields of that name there are. */
guint header_count(const struct header *header, const char *name);
/** The first (`place` 0), second, … field of that name, or NULL. Valid until the next edit. */
const struct header_field *header_find(const struct header *header, const char *name, guint place);
/** The value: unfolded (CRLF before blank removed), outer blanks trimmed. NULL when absent. The caller frees. */
char *header_value(const struct header *header, const char *name, guint place) G_GNUC_WARN_UNUSED_RESULT;
char *header_field_value(const struct header_field *field) G_GNUC_WARN_UNUSED_RESULT;

/** Removes all fields of that name; returns how many. */
guint header_remove(struct header *header, const char *name);
/** Removes the field at this index of `fields`. */
void header_remove_index(struct header *header, guint index);
/**
 * Adds a field on top / at the end. `value` has no CR or LF except as CRLF followed by a blank (ready-made folds): anything else is a
 * bug and panics, so that no foreign text can make a new field. Lines over 78 characters are folded at blanks where possible.
 */
void header_prepend(struct header *header, const char *name, const char *value);
void header_append(struct header *header, const char *name, const char *value);
/** Puts a new value into the place of the first field of that name, removes the others; appends if there is none. */
void header_replace(struct header *header, const char *name, const char *value);
/**
 * Puts `raw` in the place of the field at this index: a whole field made from the bytes that stood there, with the same name, folds
 * and last CRLF. It is taken over.
 */
void header_set_raw(struct header *header, guint index, char *raw);
/** All fields in order, CRLF line ends, without the empty line that ends the block. */
void header_render(const struct header *header, GString *out);

#endif
