/*
 * How sure we are of who wrote a message: what each check found, in one place, for rules, log, explain and the fields that members get. Made by the
 * stage "authenticate"; each part is filled by the module of its name. Results are the words of RFC 8601 ("pass", "fail", "none", "temperror", …).
 */
#ifndef ROLLCALL_MAIL_AUTHENTICATION_H
#define ROLLCALL_MAIL_AUTHENTICATION_H

#include <glib.h>

/** One DKIM-Signature field, topmost first. */
struct authentication_dkim {
	char *domain, *selector, *algorithm; /**< d=, s=, a=; "" where unreadable */
	const char *result;                  /**< static: pass fail neutral policy temperror permerror */
	char *reason;                        /**< in words, for explain; NULL when there is nothing to say */
	gboolean aligned;                    /**< with From, relaxed, by DMARC's organisational domain */
};

struct authentication_spf {
	const char *result; /**< static; "none" when no border that we trust said anything */
	char *domain;       /**< of MAIL FROM (or HELO) as the border has it; NULL when none */
	gboolean aligned;
};

struct authentication_dmarc {
	const char *result; /**< static: pass fail none temperror permerror */
	const char *policy; /**< static: what the domain asks for this author, "none" "quarantine" "reject"; "" without a record */
	char *domain;       /**< where the record stands; NULL without one */
	char *organisation; /**< the author's organisational domain; NULL without an author */
	gboolean testing;   /**< t=y */
};

struct authentication_arc {
	const char *cv;     /**< static: none pass fail; temperror when DNS did not answer for a key */
	guint instances;
	GPtrArray *sealers; /**< d= of each seal, i=1 first; NULL when there is none */
	char *reason;       /**< why it fails; NULL when it does not */
};

struct authentication_smime {
	const char *result; /**< static: none pass fail temperror */
	char *signer;       /**< address of the certificate that signed; NULL when none */
	char *reason;       /**< why it is no "smime", for explain; NULL when it is, or nothing is signed */
};

struct authentication_sasl {
	char *login;      /**< as our own Postfix told it; NULL: nobody logged in */
	gboolean matches; /**< the login may write as this From */
};

struct authentication {
	GPtrArray *dkim; /**< of struct authentication_dkim; NULL when there is none */
	struct authentication_spf spf;
	struct authentication_dmarc dmarc;
	struct authentication_arc arc;
	struct authentication_smime smime;
	struct authentication_sasl sasl;
};

/** Everything "none", nothing owned. */
void authentication_init(struct authentication *authentication);
/** Frees what is in it. */
void authentication_clear(struct authentication *authentication);
/** Adds an empty signature ("neutral") to the array, which owns it. */
struct authentication_dkim *authentication_add_dkim(struct authentication *authentication);

/** Whether a signature of the author's domain passed, and the domain's policy does not disown the message all the same (adkim=s). */
gboolean authentication_is_signed(const struct authentication *authentication);

/**
 * Whether the author's own domain says that he did not write it, and nothing better than that domain's word says that he did: such an author has
 * no rights as moderator or owner. `method` is the scenario's; NULL is "smtp".
 */
gboolean authentication_is_disowned(const struct authentication *authentication, const char *method);

#endif
