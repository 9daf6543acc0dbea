/* Signature fields; see dkim_read.h. */
#include "lib/mail/dkim_read.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/list/address.h"
#include "lib/mail/dkim_verify.h"

static const struct dkim_read_flaw no_flaw;

static struct dkim_read_flaw flaw(const char *result, const char *reason)
{
	return (struct dkim_read_flaw){.result = result, .reason = reason};
}

static struct dkim_read_flaw read_algorithm(struct dkim_read *read)
{
	read->ed25519 = tag_list_is(&read->tags, "a", "ed25519-sha256", TRUE);
	if (read->ed25519 || tag_list_is(&read->tags, "a", "rsa-sha256", TRUE))
		return no_flaw;
	if (tag_list_is(&read->tags, "a", "rsa-sha1", TRUE))
		return flaw("policy", "rsa-sha1 proves nothing any more (RFC 8301)");
	return flaw("permerror", "the algorithm (a=) is unknown");
}

/* RFC 6376 section 2.11: each '=' begins the hex form of a byte. libopendkim gives up the whole message otherwise. */
static gboolean is_quoted_printable(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c == '=' && (!g_ascii_isxdigit(c[1]) || !g_ascii_isxdigit(c[2]) || g_ascii_islower(c[1]) || g_ascii_islower(c[2])))
			return FALSE;
	return strlen(text) <= LIMIT_ADDRESS;
}

/* The domain of i= is that of d= or below it. */
static struct dkim_read_flaw read_identity(struct dkim_read *read)
{
	g_autofree char *text = tag_list_text(&read->tags, "i");
	g_autoptr(GString) normal = g_string_new(NULL);
	const char *at = text ? strchr(text, '@') : NULL;

	if (!text)
		return no_flaw;
	if (!at || !is_quoted_printable(text) || !address_domain(at + 1, strlen(at + 1), normal))
		return flaw("permerror", "the identity (i=) is none");
	size_t whole = normal->len, domain = strlen(read->domain);
	if (whole < domain || strcmp(normal->str + whole - domain, read->domain) != 0 ||
		(whole > domain && normal->str[whole - domain - 1] != '.'))
		return flaw("permerror", "the identity (i=) is of another domain");
	read->identity = g_strdup(normal->str);
	return no_flaw;
}

/* A name as in RFC 5322, without the ';' that a tag list cannot have. */
static gboolean is_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == ':')
			return FALSE;
	return *name != '\0';
}

static struct dkim_read_flaw read_names(struct dkim_read *read)
{
	g_autofree char *text = tag_list_text(&read->tags, "h");

	if (!text || !tag_list_has(&read->tags, "h", "From"))
		return flaw("permerror", "the From field is not signed (h=)");
	if (tag_list_find(&read->tags, "h")->length > DKIM_VERIFY_NAMES)
		return flaw("policy", "too many fields are signed (h=)");
	read->names = g_strsplit(text, ":", -1);
	for (char **name = read->names; *name; name++)
		if (!is_name(*name))
			return flaw("permerror", "the list of signed fields (h=) is none");
	return no_flaw;
}

/* RFC 6376 section 3.5: 12 digits or fewer, x= behind t=. */
static struct dkim_read_flaw read_times(const struct dkim_read *read, gint64 now)
{
	gint64 signed_at = 0, expires = 0;
	gboolean has_time = tag_list_find(&read->tags, "t") != NULL, has_end = tag_list_find(&read->tags, "x") != NULL;

	if ((has_time && !tag_list_number(&read->tags, "t", &signed_at)) || (has_end && !tag_list_number(&read->tags, "x", &expires)) ||
		(has_time && has_end && expires <= signed_at))
		return flaw("permerror", "the times (t=, x=) are none");
	if (has_end && expires + DKIM_VERIFY_DRIFT < now)
		return flaw("fail", "the signature has expired");
	return signed_at > now + DKIM_VERIFY_DRIFT ? flaw("policy", "the signature is from the future") : no_flaw;
}

static struct dkim_read_flaw read_hashes(struct dkim_read *read, enum dkim_read_kind kind)
{
	read->signature = tag_list_base64(&read->tags, "b");
	if (!read->signature)
		return flaw("permerror", "the signature (b=) is not base64");
	if (kind == DKIM_READ_ARC_SEAL)
		return no_flaw;
	read->body_hash = tag_list_base64(&read->tags, "bh");
	if (!read->body_hash || g_bytes_get_size(read->body_hash) != CANONICAL_DIGEST)
		return flaw("permerror", "the body's hash (bh=) is no SHA-256");
	return no_flaw;
}

/* What a seal must not have, a message's signature may: forms and fields. */
static struct dkim_read_flaw read_forms(struct dkim_read *read, enum dkim_read_kind kind)
{
	static const char *const not_in_seals[] = {"h", "bh", "c", "l"};
	g_autofree char *forms = tag_list_text(&read->tags, "c");

	for (gsize i = 0; kind == DKIM_READ_ARC_SEAL && i < G_N_ELEMENTS(not_in_seals); i++)
		if (tag_list_find(&read->tags, not_in_seals[i]))
			return flaw("permerror", "a seal has a tag of a signature");
	if (kind == DKIM_READ_ARC_SEAL)
		return no_flaw;
	if (!canonical_read(forms, &read->header, &read->body))
		return flaw("permerror", "the canonical forms (c=) are unknown");
	if (tag_list_find(&read->tags, "q") && !tag_list_has(&read->tags, "q", "dns/txt"))
		return flaw("permerror", "the key is not in DNS (q=)");
	return read_names(read);
}

static struct dkim_read_flaw read_tags(struct dkim_read *read, enum dkim_read_kind kind, gint64 now)
{
	g_autofree char *d = tag_list_text(&read->tags, "d"), *s = tag_list_text(&read->tags, "s");
	gboolean named = dkim_key_read_names(d, s, &read->domain, &read->selector);
	struct dkim_read_flaw found = read_algorithm(read);

	if (!named)
		return flaw("permerror", "the domain (d=) or the selector (s=) is none");
	if (kind == DKIM_READ_SIGNATURE && !tag_list_is(&read->tags, "v", "1", FALSE))
		return flaw("permerror", "the version (v=) is unknown");
	if (!found.result && kind == DKIM_READ_SIGNATURE)
		found = read_identity(read);
	if (!found.result)
		found = read_forms(read, kind);
	if (!found.result)
		found = read_hashes(read, kind);
	return found.result ? found : read_times(read, now);
}

struct dkim_read_flaw dkim_read_field(const struct header_field *field, enum dkim_read_kind kind, gint64 now, struct dkim_read *read)
{
	const char *value = field->data + field->name_length + 1;

	*read = (struct dkim_read){.tags.count = 0};
	if (field->length > DKIM_VERIFY_FIELD)
		return flaw("policy", "the signature field is too long");
	if (!tag_list_parse(value, field->length - 2 - field->name_length - 1, &read->tags))
		return flaw("permerror", "the signature field is no tag list");
	return read_tags(read, kind, now);
}

void dkim_read_clear(struct dkim_read *read)
{
	g_free(read->domain);
	g_free(read->selector);
	g_free(read->identity);
	g_strfreev(read->names);
	g_clear_pointer(&read->signature, g_bytes_unref);
	g_clear_pointer(&read->body_hash, g_bytes_unref);
	*read = (struct dkim_read){.tags.count = 0};
}

gboolean dkim_read_covers(const struct dkim_read *read, const char *name, size_t length)
{
	for (char **other = read->names; other && *other; other++)
		if (text_equal_ascii_case(name, length, *other))
			return TRUE;
	return FALSE;
}
