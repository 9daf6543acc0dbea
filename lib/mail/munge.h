/*
 * Mail of a list whose author's domain would disown it (DMARC), sent by the list itself: From becomes "NAME via LIST" <the list>, or the whole
 * post goes into a mail from the list. The author stays where a reply finds him, as Mailman does it: in Reply-To, or in Cc where replies go to
 * the list; and in Author (RFC 9057), which keeps the From as it was. His address is in no display name: mail software shows that and people
 * take it for the sender, which spammers know too.
 *
 * Message-ID, References and Date stay, so that threads hold. Autocrypt goes: its key belongs to the From that is gone. Author is always made
 * by us: the From is what the list's rules have looked at.
 */
#ifndef ROLLCALL_MAIL_MUNGE_H
#define ROLLCALL_MAIL_MUNGE_H

#include "lib/base/verdict.h"
#include "lib/mail/header.h"

struct munge {
	const char *list;     /**< its address in normal form */
	const char *author;   /**< address in normal form; NULL when there is not exactly one */
	const char *name;     /**< his display name, decoded and cleaned; NULL when he has none */
	const char *reply_to; /**< the list's setting: "author", "list" or "both"; already applied to the header */
};

/** Makes `header`, a cooked one, mail from the list. */
void munge_from(const struct munge *munge, struct header *header);

/** A post for wrapping. */
struct wrap {
	struct munge munge;
	const struct header *came; /**< fields as they came; in the wrapped post they are those again, so that signatures over them hold */
	const char *body;          /**< as it goes out, CRLF line ends */
	size_t length;
	gboolean smtputf8;
};

/**
 * Makes `header`, a cooked one, and `*body` (the caller frees) a mail from the list that holds the post as message/rfc822. NONE, or REFUSED when
 * the post's fields cannot travel.
 */
struct verdict munge_wrap(const struct wrap *wrap, struct header *header, GString **body);

#endif
