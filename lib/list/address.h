/*
 * Mail addresses, read strictly and brought into one normal form, on the mail side (From, envelope)
 * and on the CRM side (rows) alike, so that both agree on who somebody is.
 *
 * Normal form: the local part as written, but unquoted where a dot-atom says the same and in NFC;
 * the domain in lower case as A-labels (IDNA 2008, non-transitional). The *key*, used only to compare, is the
 * normal form with ASCII letters of the local part in lower case too: "Jan@x" and "jan@x" are one
 * person to rules, but mail goes out to the spelling in the CRM.
 * Knowingly not done: no address literals, no source routes, no comments, no sub-address (+tag) folding.
 * RFC 5321 section 4.1.2, RFC 6531 section 3.3, RFC 5891.
 */
#ifndef ROLLCALL_LIST_ADDRESS_H
#define ROLLCALL_LIST_ADDRESS_H

#include <glib.h>
#include <stddef.h>

enum address_result {
	ADDRESS_OK,
	ADDRESS_EMPTY,    /**< nothing there */
	ADDRESS_SYNTAX,   /**< not local@domain by RFC 5321; control bytes, blanks, brackets … */
	ADDRESS_LENGTH,   /**< local part over 64, label over 63 or all over 254 bytes */
	ADDRESS_LITERAL,  /**< a@[1.2.3.4] */
	ADDRESS_DOMAIN,   /**< the domain is no valid (internationalised) domain name */
	ADDRESS_ENCODING, /**< not valid UTF-8, or invisible characters such as zero-width ones */
	ADDRESS_NEEDS_UTF8 = 100, /**< a good address, but its local part is not ASCII: it wants SMTPUTF8.
	                               Only where address_normalise() was told that UTF-8 is not allowed. */
};

/** Word for logs and explanations, e.g. "syntax". Static. */
const char *address_word(enum address_result result);

/**
 * Reads exactly (data, length) as one addr-spec without brackets and writes its normal form to `out`
 * (replaced; emptied unless ADDRESS_OK). Nothing is trimmed. No byte of a bad address is ever copied.
 */
enum address_result address_normalise(const char *data, size_t length, gboolean utf8_allowed, GString *out)
	G_GNUC_WARN_UNUSED_RESULT;

/** The comparing key of an address in normal form. The caller frees it. */
char *address_key(const char *normal) G_GNUC_WARN_UNUSED_RESULT;

/** Whether two addresses in normal form are the same person to rules. */
gboolean address_same(const char *a, const char *b);

/**
 * The domain as lower-case A-labels into `out` (replaced). FALSE when it is no valid host name (also
 * for a trailing dot, an empty label, an underscore, or a label over 63 bytes).
 */
gboolean address_domain(const char *data, size_t length, GString *out) G_GNUC_WARN_UNUSED_RESULT;

/**
 * The spellings under which a CRM may hold an address in normal form: as it is, all lower case, and
 * with the domain as U-labels (each once). NULL-terminated; the caller frees with g_strfreev().
 */
char **address_spellings(const char *normal) G_GNUC_WARN_UNUSED_RESULT;

#endif
