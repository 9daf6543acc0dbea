/*
 * One DMARC policy record, as a TXT record has it: "v=DMARC1; p=reject; sp=none". RFC 7489 section 6.3 and its successor (RFC 9989 section 4.7).
 *
 * The version is strict: a record that does not begin with it is none. Behind it the standard wants mercy: unknown tags, and values that are none,
 * count as not there. Mercy must not make a record milder by accident, so a policy that cannot be read is told apart from one that is not there.
 * pct= is not read: it is gone from the standard (t= stands for pct=0), and "reject for half of you" is no answer for a moderator.
 */
#ifndef ROLLCALL_MAIL_DMARC_RECORD_H
#define ROLLCALL_MAIL_DMARC_RECORD_H

#include <glib.h>
#include <stddef.h>

enum {
	DMARC_RECORD_BYTES = 4096, /* of one record; real ones have 200, and a UDP answer 1,232 */
	DMARC_RECORD_TAGS = 64,
};

/** From mild to strict; the order is used. */
enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

/** "none", "quarantine" or "reject". Static. */
const char *dmarc_policy_word(enum dmarc_policy policy);

enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

struct dmarc_record {
	enum dmarc_policy domain;        /**< p=, none when it is not there */
	enum dmarc_policy subdomains;    /**< sp=, else p= */
	enum dmarc_policy no_such_name;  /**< np=, else sp=, else p= */
	gboolean usable;                 /**< FALSE: p= is no policy, or sp= or np=, and nobody wants reports: act as if there were no policy */
	gboolean strict_dkim, strict_spf;
	gboolean testing;                /**< t=y: one step milder than it says */
	enum dmarc_psd psd;
};

/** Reads one TXT record. FALSE: it is no DMARC record, and the next one may be. Linear in `length`. */
gboolean dmarc_record_parse(const char *text, size_t length, struct dmarc_record *record) G_GNUC_WARN_UNUSED_RESULT;

#endif
