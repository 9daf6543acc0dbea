/* Signatures that came; see dkim_verify.h. */
#include "lib/mail/dkim_verify.h"

#include <stdbool.h>
#include <string.h>

#include <dkim.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/mail/canonical.h"
#include "lib/mail/dkim_key.h"
#include "lib/mail/dkim_read.h"
#include "lib/mail/dkim_sign.h"

/*
 * A field that no signature covers, shown last: libopendkim writes one pointer too many when h= goes on after it has named each field of the
 * message [M].
 */
#define UNSIGNED_FIELD "X-Rollcall-End"

struct signature {
	const struct header_field *field;
	struct dkim_read read;
	struct authentication_dkim *entry;
	gboolean shown; /* to libopendkim */
};

struct verification {
	const struct dkim_verify_message *message;
	struct dkim_key_door door;
	guint count, shown;
	gboolean more; /* fields than are in `all` */
	struct signature all[LIMIT_SIGNATURES]; /* 40 kB, each made when it is counted */
};

static void settle(struct signature *signature, const char *result, const char *reason)
{
	signature->entry->result = result;
	g_free(signature->entry->reason);
	signature->entry->reason = g_strdup(reason);
}

static void name_entry(struct signature *signature)
{
	struct authentication_dkim *entry = signature->entry;
	const struct tag *algorithm = tag_list_find(&signature->read.tags, "a");

	if (algorithm) {
		g_autofree char *clean = text_printable_dup(algorithm->value, algorithm->length, 30);

		g_free(entry->algorithm);
		entry->algorithm = g_ascii_strdown(clean, -1);
	}
	if (signature->read.domain) {
		g_free(entry->domain);
		g_free(entry->selector);
		entry->domain = g_strdup(signature->read.domain);
		entry->selector = g_strdup(signature->read.selector);
	}
}

/* RFC 6376 section 8.2: whatever stands behind the signed bytes, the reader sees it. */
static struct dkim_read_flaw check_body_limit(const struct dkim_verify_message *message, const struct dkim_read *read)
{
	struct dkim_read_flaw flaw = {0};
	guint8 digest[CANONICAL_DIGEST];
	gint64 limit;

	if (!tag_list_find(&read->tags, "l"))
		return flaw;
	if (!tag_list_number(&read->tags, "l", &limit))
		return (struct dkim_read_flaw){"permerror", "the body's length (l=) is none"};
	guint64 length = canonical_body(message->body, message->length, read->body, digest);
	if ((guint64)limit > length)
		return (struct dkim_read_flaw){"permerror", "the body is shorter than what was signed (l=)"};
	if ((guint64)limit < length)
		return (struct dkim_read_flaw){"policy", "only the beginning of the body is signed (l=)"};
	return flaw;
}

static gboolean has_odd_blank(const struct header_field *field)
{
	return memchr(field->data, '\v', field->length) || memchr(field->data, '\f', field->length);
}

/* What libopendkim reads otherwise than the RFC, or what would harm it. */
static const char *find_difference(const struct verification *verification, const struct signature *signature)
{
	const GArray *fields = verification->message->header->fields;
	const struct dkim_read *read = &signature->read;
	gint64 number;

	/* It gives up the whole message for a byte that RFC 8616 allows. */
	if (text_has_8bit(signature->field->data, signature->field->length))
		return "libopendkim reads no UTF-8 in a signature";

	/* Its clock is set so that ours decides; times before that setting wrap below zero in it. */
	if (tag_list_number(&read->tags, "t", &number) && number < DKIM_SIGN_DRIFT)
		return "the signature is older than DKIM";
	if (dkim_read_covers(read, UNSIGNED_FIELD, strlen(UNSIGNED_FIELD)))
		return "a field of our own is signed (h=)";
	for (guint i = 0; i < fields->len; i++) {
		const struct header_field *field = &g_array_index(fields, struct header_field, i);

		if (field->name_length > LIMIT_FIELD_NAME && dkim_read_covers(read, field->data, field->name_length))
			return "a field is signed whose name is too long";
		if (read->header == CANONICAL_RELAXED && has_odd_blank(field) && dkim_read_covers(read, field->data, field->name_length))
			return "verifiers do not agree about a control character in a signed field";
	}
	return NULL;
}

static void read_signature(struct verification *verification, struct signature *signature)
{
	struct dkim_read_flaw flaw =
		dkim_read_field(signature->field, DKIM_READ_SIGNATURE, verification->message->now, &signature->read);

	name_entry(signature);
	if (!flaw.result)
		flaw = check_body_limit(verification->message, &signature->read);
	if (!flaw.result) {
		flaw.reason = find_difference(verification, signature);
		flaw.result = flaw.reason ? "policy" : NULL;
	}
	signature->shown = flaw.result == NULL;
	verification->shown += signature->shown;
	if (flaw.result)
		settle(signature, flaw.result, flaw.reason);
}

/* A signature over other signatures can only be verified when all of them are shown. */
static void drop_covering(struct verification *verification)
{
	if (!verification->more && verification->shown == verification->count)
		return;
	for (guint i = 0; i < verification->count; i++) {
		struct signature *signature = &verification->all[i];

		if (!signature->shown || !dkim_read_covers(&signature->read, "DKIM-Signature", strlen("DKIM-Signature")))
			continue;
		settle(signature, "policy", "it covers other signatures that are not looked at");
		signature->shown = FALSE;
		verification->shown--;
	}
}

static void collect(struct verification *verification, struct authentication *authentication)
{
	const struct header *header = verification->message->header;
	const struct header_field *field;

	for (guint i = 0; (field = header_find(header, "DKIM-Signature", i)); i++) {
		struct authentication_dkim *entry = authentication_add_dkim(authentication);

		if (i == LIMIT_SIGNATURES) {
			entry->result = "policy";
			entry->reason = g_strdup("there are more signatures than are looked at");
			verification->more = TRUE;
			break;
		}
		verification->all[i] = (struct signature){.field = field, .entry = entry};
		verification->count++;
		read_signature(verification, &verification->all[i]);
	}
	drop_covering(verification);
}

/* ---- digests ---- */

static gboolean is_shown(const struct verification *verification, const struct header_field *field)
{
	if (!header_is(field, "DKIM-Signature"))
		return TRUE;
	for (guint i = 0; i < verification->count; i++)
		if (verification->all[i].field == field)
			return verification->all[i].shown;
	return FALSE;
}

/* A field that it does not take has a name that no h= can have. */
static void feed_field(DKIM *dkim, const char *data, size_t length)
{
	(void)dkim_header(dkim, (unsigned char *)(char *)data, length);
}

static gboolean feed(const struct verification *verification, DKIM *dkim)
{
	const GArray *fields = verification->message->header->fields;
	struct dkim_sign_message body = {.body = verification->message->body, .length = verification->message->length};

	for (guint i = 0; i < fields->len; i++) {
		const struct header_field *field = &g_array_index(fields, struct header_field, i);

		/* A longer name is one that libopendkim writes beyond its buffers for; find_difference() has said so of signatures over it. */
		if (field->name_length <= LIMIT_FIELD_NAME && is_shown(verification, field))
			feed_field(dkim, field->data, field->length - 2);
	}
	feed_field(dkim, UNSIGNED_FIELD ": x", strlen(UNSIGNED_FIELD ": x"));
	return dkim_eoh(dkim) == DKIM_STAT_OK && dkim_sign_feed_body(dkim, &body, NULL) && dkim_eom(dkim, NULL) == DKIM_STAT_NOKEY;
}

static void judge(struct verification *verification, struct signature *signature, DKIM_SIGINFO *info)
{
	void *header, *body;
	size_t header_length, body_length;

	/* Any other error means that it never got to the digests, and then asking for them aborts. */
	if (dkim_sig_geterror(info) != DKIM_SIGERROR_NOKEY) {
		settle(signature, "permerror", dkim_sig_geterrorstr(dkim_sig_geterror(info)));
		return;
	}
	if (dkim_sig_gethashes(info, &header, &header_length, &body, &body_length) != DKIM_STAT_OK || header_length != DKIM_KEY_DIGEST ||
		body_length != CANONICAL_DIGEST) {
		settle(signature, "permerror", "libopendkim has no digests");
		return;
	}
	if (memcmp(body, g_bytes_get_data(signature->read.body_hash, NULL), CANONICAL_DIGEST) != 0) {
		settle(signature, "fail", "the body was changed (bh=)");
		return;
	}
	struct dkim_key_signature question = {
		.domain = signature->read.domain,
		.selector = signature->read.selector,
		.identity = signature->read.identity,
		.ed25519 = signature->read.ed25519,
		.digest = header,
		.signature = signature->read.signature,
	};
	struct dkim_key_answer answer = dkim_key_verify(&verification->door, &question);
	settle(signature, answer.result, answer.reason);
}

static gboolean judge_all(struct verification *verification, DKIM *dkim)
{
	DKIM_SIGINFO **list = NULL;
	int found = 0;
	guint next = 0;

	if (!feed(verification, dkim) || dkim_getsiglist(dkim, &list, &found) != DKIM_STAT_OK || found != (int)verification->shown)
		return FALSE;
	for (guint i = 0; i < verification->count; i++)
		if (verification->all[i].shown)
			judge(verification, &verification->all[i], list[next++]);
	return TRUE;
}

static void look(struct verification *verification)
{
	DKIM *dkim = dkim_sign_open(NULL);
	gboolean good = dkim && judge_all(verification, dkim);

	for (guint i = 0; !good && i < verification->count; i++)
		if (verification->all[i].shown)
			settle(&verification->all[i], "permerror", "libopendkim does not take the message");
	if (dkim)
		dkim_free(dkim);
}

void dkim_verify_message(const struct dkim_verify_message *message, const struct txt_door *door, struct authentication *authentication)
{
	struct verification *verification = g_new(struct verification, 1);

	memset(verification, 0, offsetof(struct verification, all));
	verification->message = message;
	verification->door.txt = door;
	collect(verification, authentication);
	if (verification->shown > 0)
		look(verification);
	for (guint i = 0; i < verification->count; i++)
		dkim_read_clear(&verification->all[i].read);
	g_free(verification);
}

void dkim_verify_warm_up(void)
{
	dkim_sign_warm_up();
	dkim_key_warm_up();
}
