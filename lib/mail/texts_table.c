/*
 * Which texts there are and what each may say: the contract between those who write a text and the code that fills it. A field
 * is added here first, then given where the text is used.
 */
#include "lib/mail/texts_internal.h"

#include <string.h>

const char *const texts_languages[] = {"en", "nl", "fr", "de", NULL};

const struct texts_row texts_table[] = {
	/* to moderators */
	{"held-moderator", " author sender sure reason rule flaw subject size parts until accept reject discard untold "},
	{"held-ambiguous", " author sender subject size until accept discard "},
	{"decided", " subject author who done when text note "},
	{"already", " subject who done when "},
	{"not-moderator-any-more", " subject "},
	{"expired-moderator", " subject author "},
	{"expired-ambiguous", " subject author "},
	{"withdrawn", " subject author "},
	{"lost", " subject author "},
	{"release-failed", " subject author reason "},
	/* to authors */
	{"held-author", " subject reason until withdraw "},
	{"confirm-author", " subject until confirm "},
	{"rejected", " subject text "},
	{"expired-author", " subject "},
	{"policy-rejected", " subject reason "},
	/* to whoever may have sent an order that nothing proves to be his */
	{"confirm-order", " subject author word text until go "},
	/* to whoever used a token or wrote to -request and its kin */
	{"token-unknown", " "},
	{"token-expired", " "},
	{"not-understood", " subject "},
	{"help", " page join leave by_page "},
	{"subscribe", " page done "},
	{"unsubscribe", " page done "},
	{"confirm-subscribe", " until confirm "},
	{"confirm-unsubscribe", " until confirm "},
	{"subscribed", " text "},
	{"unsubscribed", " text "},
	{"wish-refused", " text "},
	/* to owners */
	{"note-subscribe", " person "},
	{"note-unsubscribe", " person "},
	{"held-unparsed", " number sender size until discard "},
	{"expired-unparsed", " number sender size "},
	{"note-refused", " count members reason "},
	{"note-unusable", " count members "},
	{"note-archive", " count "},
	/* to members */
	{"digest", " volume issue date part page "},
	{NULL, NULL},
};

const char *const texts_keys[] = {
	/* why a post is refused or held: the reasons of scenarios, as Sympa calls them */
	"send_closed", "send_editor", "send_owner", "send_subscriber", "send_subscriber_smime", "send_local_user",
	"send_local_user_sub", "send_multipart", "list-no-open", "no-rule-match", "unknown-auth-method", "unknown-action", "other",
	/* Mailman's rules */
	"banned", "emergency", "implicit-destination", "too-many-recipients", "no-subject", "administrivia", "digest-subject",
	"too-big",
	/* why a post is held */
	"filter-empty", "held", "held-author", "held-structure", "held-dmarc", "held-filter",
	/* how sure we are of the author */
	"sure-smtp", "sure-dkim", "sure-md5", "sure-smime", "sure-sasl", "sure-failed",
	/* what became of a held post */
	"done-accept", "done-reject", "done-reject-untold", "done-discard", "done-withdraw", "done-expire",
	/* that a rejection reaches nobody */
	"untold",
	/* before the names of parts that the list's filter has removed */
	"filter-note",
	/* what became of a wish to join or to leave */
	"wish-noted",
	/* digests and posts as plain text */
	"digest-part", "digest-topics", "digest-no-subject", "file-named", "file-unnamed", "file-archive",
	"notice-archive", "notice-no-archive",
	NULL};

static const struct texts_row sentences_with_fields[] = {
	{"digest-part", " part parts "},
	{"file-named", " name type size "},
	{"file-unnamed", " type size "},
	{"file-archive", " url "},
	{"notice-archive", " url "},
};

const char *texts_key_fields(const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS(sentences_with_fields); i++)
		if (strcmp(sentences_with_fields[i].name, key) == 0)
			return sentences_with_fields[i].fields;
	return " ";
}

const struct texts_row *texts_row(const char *name)
{
	for (const struct texts_row *row = texts_table; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}
