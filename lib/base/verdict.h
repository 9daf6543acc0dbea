/*
 * The fate of a post, as a value. It is made where the reason is known and spoken in one place
 * (the LMTP session and the log line), so no layer in between invents a reply of its own.
 *
 * A verdict owns no memory: it may be copied, returned and sent over the wire. Its text is always
 * printable ASCII without CR or LF, whatever was given to the constructors.
 * RFC 5321 section 4.2 (reply codes), RFC 3463 and RFC 5248 (enhanced status codes).
 */
#ifndef ROLLCALL_BASE_VERDICT_H
#define ROLLCALL_BASE_VERDICT_H

#include <glib.h>

/** What becomes of the post. The numbers travel on the wire: do not renumber. */
enum verdict_class {
	VERDICT_NONE = 0,      /**< not decided yet: the next stage looks at it */
	VERDICT_SENT = 1,      /**< every variant is in Postfix's queue */
	VERDICT_DISCARDED = 2, /**< policy says nobody gets it; answered 250 and logged */
	VERDICT_DEFERRED = 3,  /**< Postfix keeps it and tries again (4xx) */
	VERDICT_REFUSED = 4,   /**< Postfix tells the sender (5xx) */
	VERDICT_HELD = 5,      /**< in the store until somebody decides; answered 250 */
	VERDICT_UNCLEAR = 6,   /**< of a message: a person has to look at it first. No answer: where nobody asks one it is a refusal (5xx) */
};

enum { VERDICT_STATUS_SIZE = 12, VERDICT_TEXT_SIZE = 256 };

struct verdict {
	enum verdict_class class;
	unsigned short code;              /**< SMTP reply code, 250 to 599 */
	char status[VERDICT_STATUS_SIZE]; /**< enhanced status code such as "5.7.1" */
	char text[VERDICT_TEXT_SIZE];     /**< one printable line, no code in it */
};

/** No decision yet. */
#define VERDICT_UNDECIDED ((struct verdict){.class = VERDICT_NONE})

/** The post is in Postfix's queue: `250 2.0.0 text`. */
struct verdict verdict_sent(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** It is safely in the store: `250 2.0.0 text`. */
struct verdict verdict_held(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** Policy discards it: `250 2.0.0 text`. */
struct verdict verdict_discarded(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** Temporary: `451 status text`. `status` must start with "4."; anything else is a bug and panics. */
struct verdict verdict_deferred(const char *status, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Permanent: `550 status text` (552 for 5.3.4, 501 for 5.5.4). `status` must start with "5.". */
struct verdict verdict_refused(const char *status, const char *format, ...) G_GNUC_PRINTF(2, 3);

/**
 * It could go out, but does not mean the same to everybody: whoever knows the list holds it for a person. Reads like verdict_refused(), so
 * that it is one where that is forgotten; never goes over the wire.
 */
struct verdict verdict_unclear(const char *status, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** The graver of two looks at one message: a refusal, then unclear, then anything else; of two alike `first`. */
struct verdict verdict_graver(struct verdict first, struct verdict second);

/** The word for the log line: "none", "sent", "discarded", "deferred", "refused", "held" or "unclear". Static. */
const char *verdict_word(enum verdict_class class);

/** Whether a later stage may still change it. */
static inline gboolean verdict_is_final(const struct verdict *verdict)
{
	return verdict->class != VERDICT_NONE;
}

/**
 * Rebuilds a verdict that came over the wire; every field is checked, since the other room may be
 * owned. A value that no constructor could have made becomes `451 4.3.0`.
 */
struct verdict verdict_from_wire(guint class, guint code, const char *status, const char *text);

#endif
