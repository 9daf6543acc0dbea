/* Page addresses from templates; see url_template.h. */
#include "lib/mail/url_template.h"

#include <string.h>

enum { STORED_LIMIT = 255 }; /* HyperKitty: models/email.py, lib/utils.py */

struct values {
	char *list, *domain, *id, *hash; /* id and hash NULL when not about one post */
};

static void clear_values(struct values *values)
{
	g_free(values->list);
	g_free(values->domain);
	g_free(values->id);
	g_free(values->hash);
}

static void append_escaped(GString *out, const char *text, const char *also_allowed)
{
	for (; *text; text++) {
		if (g_ascii_isalnum(*text) || strchr("-._~", *text) || strchr(also_allowed, *text))
			g_string_append_c(out, *text);
		else
			g_string_append_printf(out, "%%%02X", (guchar)*text);
	}
}

/* RFC 4648 section 6. A SHA-1 is 20 bytes, so there is never padding. */
static char *base32(const guint8 *data, size_t length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	GString *out = g_string_new(NULL);
	guint bits = 0, held = 0;

	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | data[i];
		for (held += 8; held >= 5; held -= 5)
			g_string_append_c(out, alphabet[bits >> (held - 5) & 31]);
	}
	return g_string_free(out, FALSE);
}

/* As HyperKitty 1.3 stores posts: blanks within the Message-ID go, and what is longer than its column is cut. */
static char *hash_of(const char *id)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
	g_autoptr(GString) stored = g_string_new(NULL);
	guint8 digest[20];
	gsize length = sizeof digest;

	for (; *id; id++)
		if (!g_ascii_isspace(*id) && *id != '\v')
			g_string_append_c(stored, *id);
	if (stored->len >= STORED_LIMIT)
		g_string_truncate(stored, STORED_LIMIT - 1);
	g_checksum_update(sum, (const guchar *)stored->str, (gssize)stored->len);
	g_checksum_get_digest(sum, digest, &length);
	return base32(digest, length);
}

static char *without_brackets(const char *id)
{
	size_t length = strlen(id);

	if (length >= 2 && id[0] == '<' && id[length - 1] == '>')
		return g_strndup(id + 1, length - 2);
	return g_strdup(id);
}

static const char *value_of(const struct values *values, const char *name, size_t length)
{
	const struct {
		const char *name, *value;
	} known[] = {
		{"{list}", values->list},
		{"{domain}", values->domain},
		{"{id}", values->id},
		{"{hash}", values->hash},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (strlen(known[i].name) == length && memcmp(known[i].name, name, length) == 0)
			return known[i].value;
	return NULL;
}

static void fill(const char *template, const struct values *values, GString *out)
{
	while (*template) {
		const char *end = *template == '{' ? strchr(template, '}') : NULL;
		const char *value =
			end ? value_of(values, template, (size_t)(end + 1 - template)) : NULL;

		if (value) {
			append_escaped(out, value, "");
			template = end + 1;
			continue;
		}
		const char one[2] = {*template ++, '\0'};
		append_escaped(out, one, ":/?#[]@!$&'()*+,;=%");
	}
}

char *url_template_fill(const char *template, const char *list, const char *id)
{
	const char *at = strrchr(list, '@');
	struct values values = {
		.list = at ? g_strndup(list, (gsize)(at - list)) : g_strdup(list),
		.domain = g_strdup(at ? at + 1 : ""),
	};
	GString *out = g_string_new(NULL);

	if (id) {
		values.id = without_brackets(id);
		values.hash = hash_of(values.id);
	}
	fill(template, &values, out);
	clear_values(&values);
	return g_string_free(out, FALSE);
}
