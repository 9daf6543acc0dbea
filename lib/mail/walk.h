/*
 * The MIME structure of a message as byte ranges, by our own bounded reader.
 *
 * It finds what stands where, so that limits can be checked before GMime runs, and so that a later stage can change one part and
 * copy all others untouched. It descends wherever GMime descends (multipart, message/rfc822 and kin), in one pass over
 * the lines, without recursion. Where mail software may see another structure than we do, it says so in flags: this
 * file judges nothing. Knowingly not done: nothing is decoded but parameters; uuencoded text and PGP blocks in text
 * are text. RFC 2045, RFC 2046 section 5.1, RFC 2231.
 */
#ifndef ROLLCALL_MAIL_WALK_H
#define ROLLCALL_MAIL_WALK_H

#include <glib.h>
#include <stddef.h>

#include "lib/mail/header.h"

enum walk_flag {
	/* How its header reads. */
	WALK_TYPE = 1 << 0,       /**< Content-Type is unreadable or stands twice, or its charset is unsure */
	WALK_ENCODING = 1 << 1,   /**< Content-Transfer-Encoding is unknown, stands twice, or encodes a multipart or message */
	WALK_NAME = 1 << 2,       /**< the file name can be read in more than one way */
	WALK_FIELDS = 1 << 3,     /**< a line of the header is no header field */
	WALK_NO_BODY = 1 << 4,    /**< no empty line ends the header */

	/* Multiparts. */
	WALK_NO_BOUNDARY = 1 << 5,     /**< no boundary, or an empty one: its content is taken as one piece */
	WALK_LONG_BOUNDARY = 1 << 6,   /**< over LIMIT_BOUNDARY characters */
	WALK_SAME_BOUNDARY = 1 << 7,   /**< equal to the boundary of a multipart around it */
	WALK_PREFIX_BOUNDARY = 1 << 8, /**< one of the two begins with the other */
	WALK_NEAR_BOUNDARY = 1 << 9,   /**< a line begins with the delimiter and goes on: RFC 2046 says match, most say no */
	WALK_NO_PARTS = 1 << 10,       /**< no delimiter line at all */
	WALK_UNCLOSED = 1 << 11,       /**< no closing delimiter */
	WALK_PREAMBLE = 1 << 12,       /**< text before the first delimiter */
	WALK_EPILOGUE = 1 << 13,       /**< text after the closing delimiter */

	WALK_UNSURE_BOUNDARY = 1 << 14, /**< other software may read another boundary, or another Content-Type field */

	/* Where it stands. */
	WALK_IN_SIGNED = 1 << 15,    /**< somewhere inside a multipart/signed */
	WALK_IN_ENCRYPTED = 1 << 16, /**< somewhere inside a multipart/encrypted */
};

/** Flags that say: other software may see other parts than these. */
#define WALK_AMBIGUOUS (WALK_NO_BOUNDARY | WALK_LONG_BOUNDARY | WALK_SAME_BOUNDARY | WALK_PREFIX_BOUNDARY | \
	WALK_NEAR_BOUNDARY | WALK_UNSURE_BOUNDARY)

enum walk_encoding {
	WALK_7BIT, /**< also when there is no field */
	WALK_8BIT,
	WALK_BINARY,
	WALK_QUOTED_PRINTABLE,
	WALK_BASE64,
	WALK_UUENCODE,
	WALK_UNKNOWN, /**< unknown to us: never re-encode, footer or filter it */
};

/** One entity: the message itself (index 0), a part of a multipart, or the message inside a message/rfc822. */
struct walk_entity {
	size_t header; /**< offset of the first byte of its header */
	size_t body;   /**< offset of the first byte of its body, behind the empty line */
	size_t end;    /**< offset behind its body, without the CRLF that belongs to the delimiter */
	int parent;    /**< index of the entity around it, -1 for the message */
	guint depth;   /**< 0 for the message */
	guint flags;   /**< of enum walk_flag */
	enum walk_encoding encoding;
	/* NUL-terminated, owned by the walk; NULL when absent. `type` is never NULL, in lower case: "text/plain". */
	const char *type, *charset, *boundary, *name;
};

enum walk_result {
	WALK_OK,
	WALK_DEPTH,        /**< deeper than LIMIT_MIME_DEPTH */
	WALK_PARTS,        /**< more than LIMIT_MIME_PARTS entities */
	WALK_HEADER_LIMIT, /**< a part's header is over a limit of limits.h for headers */
};

struct walk {
	GArray *entities;   /**< of struct walk_entity, in the order of their headers */
	GStringChunk *text; /**< store of their strings */
	guint flags;        /**< all flags of all entities */
	guint depth;        /**< of the deepest entity */
};

/**
 * Walks the whole message (data, length). `walk` is overwritten; clear it afterwards, whatever the result. On any result but
 * WALK_OK it holds what was found until then. Time is linear in `length` (times the depth for lines that begin with
 * "--"), memory is bounded by the limits and by the header bytes of the parts.
 */
enum walk_result walk_message(const char *data, size_t length, struct walk *walk) G_GNUC_WARN_UNUSED_RESULT;
/** Frees it; a zeroed struct is fine. */
void walk_clear(struct walk *walk);

/** The entity at this index. Valid until walk_clear(). */
const struct walk_entity *walk_entity(const struct walk *walk, guint index);

/** Whether it is a multipart, or a message inside of which we looked. */
gboolean walk_is_multipart(const struct walk_entity *entity);
gboolean walk_is_message(const struct walk_entity *entity);

/**
 * Whether one of its multiparts has a boundary that this one begins with. RFC 2046 section 5.1.1 compares beginnings, so readers may take the
 * delimiters of a multipart with this boundary, put around the message, for delimiters inside of it.
 */
gboolean walk_would_end_at(const struct walk *walk, const char *boundary);

/**
 * The next field at `*place`, up to `end`, which is moved on; FALSE at `end`. For headers of parts, which may be broken: a line
 * that is no field comes out with name_length 0. `data` is not NUL-terminated, `owned` is NULL. Blanks before the colon
 * are tolerated, as GMime does it, and do not count as part of the name.
 */
gboolean walk_next_field(const char **place, const char *end, struct header_field *field);

#endif
