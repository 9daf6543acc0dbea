/* DKIM fields and digests; see dkim_sign.h. */
#include "lib/mail/dkim_sign.h"

#include <stdbool.h>
#include <string.h>

#include <dkim.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/mail/canonical.h"

enum {
	/*
	 * libopendkim keeps h= in 4,096 bytes when it verifies. Who repeats a field so often is
	 * broken, and half is enough.
	 */
	FIELD_NAMES = 2048,
	LINE = 76,
};

/*
 * DESIGN section 6. List-Unsubscribe-Post is one of "every List- field" that we do not write and
 * nobody shall add.
 */
static const char *const signed_fields[] = {"From", "Sender", "Reply-To", "Subject", "Date",
	"Message-ID", "To", "Cc", "In-Reply-To", "References", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", "List-Id", "List-Help", "List-Unsubscribe",
	"List-Unsubscribe-Post", "List-Subscribe", "List-Post", "List-Owner", "List-Archive", "Author",
	"Feedback-ID", "CFBL-Address", "CFBL-Feedback-ID"};

static DKIM_LIB *library;

GQuark dkim_sign_error_quark(void)
{
	return g_quark_from_static_string("rollcall-dkim-sign-error");
}

/*
 * Asked for a key, it says there is none: the hashes are done by then, and nothing but them was
 * wanted.
 */
static DKIM_CBSTAT no_key(DKIM *dkim, DKIM_SIGINFO *signature, unsigned char *buffer, size_t size)
{
	(void)dkim, (void)signature, (void)buffer, (void)size;
	return DKIM_CBSTAT_NOTFOUND;
}

void dkim_sign_warm_up(void)
{
	/*
	 * It refuses to look at a signature "from the future" or expired. Here nothing is verified,
	 * so what our clock and the caller's `now` say must not matter; larger than t= itself, the
	 * drift would wrap below zero in the library.
	 */
	uint64_t drift = DKIM_SIGN_DRIFT;
	/* A From that libopendkim cannot take apart (ours can) must not stop it. */
	uint32_t flags = DKIM_LIBFLAGS_BADSIGHANDLES;

	if (library)
		return;
	library = dkim_init(NULL, NULL);
	if (!library || !dkim_libfeature(library, DKIM_FEATURE_ED25519) ||
		!dkim_libfeature(library, DKIM_FEATURE_SHA256) ||
		dkim_set_key_lookup(library, no_key) != DKIM_STAT_OK ||
		dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift, sizeof drift) !=
			DKIM_STAT_OK ||
		dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) !=
			DKIM_STAT_OK)
		log_panic("dkim_sign: libopendkim cannot do what we need of it");
}

static gboolean fail_library(GError **error, const char *what, DKIM_STAT status)
{
	g_set_error(error, DKIM_SIGN_ERROR, DKIM_SIGN_ERROR_LIBRARY, "libopendkim: %s: %s", what,
		dkim_getresultstr(status));
	return FALSE;
}

/*
 * libopendkim's relaxed form takes VT and FF for blanks, others (RFC 6376 section 3.4.2: WSP) do
 * not: no signature over such a field verifies everywhere.
 */
static gboolean feed_field(DKIM *dkim, const struct header_field *field, GError **error)
{
	size_t length = field->length;

	if (memchr(field->data, '\v', length) || memchr(field->data, '\f', length)) {
		g_set_error(error, DKIM_SIGN_ERROR, DKIM_SIGN_ERROR_MESSAGE,
			"a control character in %.*s", (int)field->name_length, field->data);
		return FALSE;
	}
	while (length > 0 && (field->data[length - 1] == '\n' || field->data[length - 1] == '\r'))
		length--;
	DKIM_STAT status = dkim_header(dkim, (unsigned char *)(char *)field->data, length);
	return status == DKIM_STAT_OK || fail_library(error, "header", status);
}

static gboolean is_signed_field(const struct header_field *field)
{
	for (size_t i = 0; i < G_N_ELEMENTS(signed_fields); i++)
		if (header_is(field, signed_fields[i]))
			return TRUE;
	return FALSE;
}

gboolean dkim_sign_feed_fields(DKIM *dkim, const struct header *header, GError **error)
{
	for (guint i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
			&g_array_index(header->fields, struct header_field, i);

		if (is_signed_field(field) && !feed_field(dkim, field, error))
			return FALSE;
	}
	return TRUE;
}

gboolean dkim_sign_end_message(DKIM *dkim, struct dkim_sign_hashes *hashes, guint count, GError **error)
{
	DKIM_SIGINFO **signatures = NULL;
	int found = 0;
	DKIM_STAT status = dkim_eom(dkim, NULL);

	if (status != DKIM_STAT_NOKEY)
		return fail_library(error, "end of message", status);
	status = dkim_getsiglist(dkim, &signatures, &found);
	if (status != DKIM_STAT_OK || found != (int)count)
		return fail_library(error, "signatures", status);
	for (guint i = 0; i < count; i++) {
		/*
		 * Any other error means that it never got to the hashes, and then asking for them
		 * aborts.
		 */
		if (dkim_sig_geterror(signatures[i]) != DKIM_SIGERROR_NOKEY)
			return fail_library(error, "our own field", DKIM_STAT_SYNTAX);
		status = dkim_sig_gethashes(signatures[i], &hashes[i].header,
			&hashes[i].header_length, &hashes[i].body, &hashes[i].body_length);
		if (status != DKIM_STAT_OK || hashes[i].header_length != DKIM_SIGN_DIGEST ||
			hashes[i].body_length != DKIM_SIGN_DIGEST)
			return fail_library(error, "hashes", status);
	}
	return TRUE;
}

static gboolean feed_text(DKIM *dkim, const char *text, GError **error)
{
	DKIM_STAT status = dkim_header(dkim, (unsigned char *)(char *)text, strlen(text));

	return status == DKIM_STAT_OK || fail_library(error, "field", status);
}

gboolean dkim_sign_feed_body(DKIM *dkim, const struct dkim_sign_message *message, GError **error)
{
	static const char crlf[] = "\r\n";
	DKIM_STAT status = DKIM_STAT_OK;

	if (message->length > 0)
		status = dkim_body(dkim, (unsigned char *)(char *)message->body, message->length);
	if (status == DKIM_STAT_OK && message->length > 0 &&
		message->body[message->length - 1] != '\n')
		status = dkim_body(dkim, (unsigned char *)(char *)crlf, 2);
	return status == DKIM_STAT_OK || fail_library(error, "body", status);
}

gboolean dkim_sign_end_header(DKIM *dkim, GError **error)
{
	DKIM_STAT status = dkim_eoh(dkim);

	return status == DKIM_STAT_OK || fail_library(error, "end of header", status);
}

DKIM *dkim_sign_open(GError **error)
{
	DKIM_STAT status = DKIM_STAT_OK;

	if (!library)
		log_panic("dkim_sign: not warmed up");
	DKIM *dkim = dkim_verify(library, (const unsigned char *)"post", NULL, &status);
	if (!dkim)
		fail_library(error, "handle", status);
	return dkim;
}

/*
 * The body's hash as bh= wants it, by the code that ARC's links are made with, which takes a fraction of libopendkim's time. libopendkim makes its own of the finished
 * message, and dkim_check() compares.
 */
static char *hash_body(const struct dkim_sign_message *message)
{
	guint8 digest[CANONICAL_DIGEST];

	(void)canonical_body(message->body, message->length, CANONICAL_RELAXED, digest);
	return g_base64_encode(digest, sizeof digest);
}

/* "h=": each field once for each time that it stands there, and once more. */
char *dkim_sign_names(const struct header *header, GError **error)
{
	g_autoptr(GString) names = g_string_new("h=");
	size_t line = names->len;

	for (size_t i = 0; i < G_N_ELEMENTS(signed_fields); i++) {
		for (guint times = header_count(header, signed_fields[i]) + 1; times > 0; times--) {
			if (line + strlen(signed_fields[i]) + 2 > LINE) {
				g_string_append(names, "\r\n\t ");
				line = 9;
			}
			g_string_append_printf(names, "%s:", signed_fields[i]);
			line += strlen(signed_fields[i]) + 1;
		}
		if (names->len > FIELD_NAMES) {
			g_set_error(error, DKIM_SIGN_ERROR, DKIM_SIGN_ERROR_MESSAGE,
				"too many %s fields", signed_fields[i]);
			return NULL;
		}
	}
	g_string_truncate(names, names->len - 1);
	return g_strdup(names->str);
}

static gboolean is_name(const char *name)
{
	if (!name || *name == '\0' || strlen(name) > 253)
		return FALSE;
	for (; *name; name++)
		if (!g_ascii_isalnum(*name) && !strchr(".-_", *name))
			return FALSE;
	return TRUE;
}

static gboolean check_key(const struct dkim_sign_key *key, GError **error)
{
	if (is_name(key->domain) && is_name(key->selector) &&
		(strcmp(key->algorithm, "rsa-sha256") == 0 ||
			strcmp(key->algorithm, "ed25519-sha256") == 0))
		return TRUE;
	g_set_error(
		error, DKIM_SIGN_ERROR, DKIM_SIGN_ERROR_LIBRARY, "a key that has no name of a key");
	return FALSE;
}

static gboolean write_values(const struct dkim_sign_message *message,
	const struct dkim_sign_key *keys, guint count, struct dkim_sign_draft *drafts,
	GError **error)
{
	g_autofree char *names = dkim_sign_names(message->header, error);
	g_autofree char *hash = names ? hash_body(message) : NULL;

	if (!hash)
		return FALSE;
	for (guint i = 0; i < count; i++) {
		if (!check_key(&keys[i], error))
			return FALSE;
		drafts[i].value = g_strdup_printf(
			"v=1; a=%s; c=relaxed/relaxed;\r\n\td=%s; s=%s;\r\n"
			"\tt=%" G_GINT64_FORMAT "; x=%" G_GINT64_FORMAT "; i=@%s;\r\n"
			"\t%s;\r\n\tbh=%s;\r\n\tb=",
			keys[i].algorithm, keys[i].domain, keys[i].selector, message->now,
			message->now + message->expire, keys[i].domain, names, hash);
	}
	return TRUE;
}

/*
 * All header digests in one go. An empty body, for its hash is known by now; and b= must not be
 * empty for libopendkim.
 */
static gboolean hash_headers(
	const struct header *header, guint count, struct dkim_sign_draft *drafts, GError **error)
{
	struct dkim_sign_hashes hashes[LIMIT_SIGNATURES];
	DKIM *dkim = dkim_sign_open(error);

	if (!dkim)
		return FALSE;
	gboolean good = dkim_sign_feed_fields(dkim, header, error);
	for (guint i = 0; good && i < count; i++) {
		g_autofree char *text =
			g_strconcat("DKIM-Signature: ", drafts[i].value, "AAAA", NULL);

		good = feed_text(dkim, text, error);
	}
	good = good && dkim_sign_end_header(dkim, error) && dkim_sign_end_message(dkim, hashes, count, error);
	for (guint i = 0; good && i < count; i++)
		memcpy(drafts[i].digest, hashes[i].header, DKIM_SIGN_DIGEST);
	dkim_free(dkim);
	return good;
}

gboolean dkim_sign_drafts(const struct dkim_sign_message *message, const struct dkim_sign_key *keys,
	guint count, struct dkim_sign_draft *drafts, GError **error)
{
	if (count == 0 || count > LIMIT_SIGNATURES)
		log_panic("dkim_sign: %u keys", count);
	memset(drafts, 0, sizeof *drafts * count);
	if (header_count(message->header, "From") == 0) {
		g_set_error(error, DKIM_SIGN_ERROR, DKIM_SIGN_ERROR_MESSAGE, "no From field");
		return FALSE;
	}
	if (write_values(message, keys, count, drafts, error) &&
		hash_headers(message->header, count, drafts, error))
		return TRUE;
	for (guint i = 0; i < count; i++)
		dkim_sign_clear(&drafts[i]);
	return FALSE;
}

void dkim_sign_finish_as(struct header *header, const char *name, const struct dkim_sign_draft *draft, GBytes *signature)
{
	gsize length;
	const guint8 *data = g_bytes_get_data(signature, &length);
	g_autofree char *text = g_base64_encode(data, length);
	g_autoptr(GString) value = g_string_new(draft->value);
	size_t line = strlen("\tb=") + 7, place = 0, left = strlen(text);

	while (left > 0) {
		size_t take = MIN(left, LINE - line);

		g_string_append_len(value, text + place, (gssize)take);
		place += take;
		left -= take;
		line = 9;
		if (left > 0)
			g_string_append(value, "\r\n\t ");
	}
	header_prepend(header, name, value->str);
}

void dkim_sign_finish(struct header *header, const struct dkim_sign_draft *draft,
	const guint8 *signature, gsize length)
{
	g_autoptr(GBytes) bytes = g_bytes_new(signature, length);

	dkim_sign_finish_as(header, "DKIM-Signature", draft, bytes);
}

void dkim_sign_clear(struct dkim_sign_draft *draft)
{
	g_clear_pointer(&draft->value, g_free);
}
