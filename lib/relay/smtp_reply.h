/*
 * Replies of an SMTP server, and what it offers. Pure functions over bytes that came from outside: code, then blank or hyphen, then
 * text, on lines of which all but the last have the hyphen (RFC 5321 section 4.2); enhanced codes of RFC 2034.
 */
#ifndef ROLLCALL_RELAY_SMTP_REPLY_H
#define ROLLCALL_RELAY_SMTP_REPLY_H

#include <glib.h>

enum {
	SMTP_LINE_LIMIT = 2048,   /* bytes of a line; RFC 5321 says 512, some say more */
	SMTP_REPLY_LIMIT = 16384, /* bytes of all lines of one reply */
	SMTP_TEXT_SIZE = 201,     /* of a reply's text that we repeat, with its NUL */
};

enum smtp_reply_result {
	SMTP_REPLY_INCOMPLETE, /**< good so far: read on */
	SMTP_REPLY_COMPLETE,
	SMTP_REPLY_NONSENSE,   /**< whatever follows, it is no reply */
};

struct smtp_reply {
	guint code;       /**< 200 to 599 */
	const char *data; /**< foreign bytes inside what was parsed: all lines with their ends, no NUL */
	gsize length;
};

/** Reads the reply at the beginning of (data, length); what follows a complete one is not looked at. */
enum smtp_reply_result smtp_reply_parse(const char *data, gsize length, struct smtp_reply *reply) G_GNUC_WARN_UNUSED_RESULT;

/** The next line's text without code and line end; `*place` is 0 at first. FALSE after the last. */
gboolean smtp_reply_line(const struct smtp_reply *reply, gsize *place, const char **text, gsize *length);

/**
 * Code and texts of all lines on one, printable, cut to fit. Words with an '@' and, where given, with `secret` in them (ASCII case ignored) become
 * "[...]": servers like to repeat the address that they refuse, and no member's belongs into a log.
 */
void smtp_reply_text(const struct smtp_reply *reply, const char *secret, char text[SMTP_TEXT_SIZE]);

/** Whether a reply to RCPT says that there are too many in this transaction, and not that one is bad (RFC 5321 section 4.5.3.1.10). */
gboolean smtp_reply_is_limit(const struct smtp_reply *reply);

/** The queue id out of "queued as ID" or "id=ID"; an empty string where there is none. `out` is replaced. */
void smtp_reply_queue_id(const struct smtp_reply *reply, GString *out);

/** What EHLO said. */
struct smtp_offers {
	gboolean pipelining, eight_bit, utf8, xverp, starttls, size, auth_plain, auth_login;
	guint64 size_limit; /**< bytes; 0: none said */
	guint recipients;   /**< most in a transaction (RFC 9422); 0: not said */
};
/** Reads the reply to EHLO; what is not understood is left out. */
void smtp_reply_offers(const struct smtp_reply *reply, struct smtp_offers *offers);

#endif
