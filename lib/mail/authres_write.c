/* Our own results; see authres_write.h. What is foreign in them is a token, or it is quoted. */
#include "lib/mail/authres_write.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"

/*
 * Characters of a foreign value. What may be a domain is told whole: cut, "x.bank.example.evil.test" would be a pass of another domain's to whoever
 * reads our field.
 */
enum { NAME = 253, OTHER = 100 };

static gboolean is_token(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("-._", *c))
			return FALSE;
	return *text != '\0';
}

static void append(GString *out, const char *property, const char *text)
{
	char clean[NAME + 1];

	if (!text || !*text)
		return;
	text_printable(text, strlen(text), clean, is_token(text) ? sizeof(clean) : OTHER + 1);
	g_string_append_printf(out, " %s=", property);
	if (is_token(clean)) {
		g_string_append(out, clean);
		return;
	}
	g_string_append_c(out, '"');
	for (const char *c = clean; *c; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *c);
	}
	g_string_append_c(out, '"');
}

static void append_dkim(GString *out, const struct authentication *found)
{
	guint count = found->dkim ? MIN(found->dkim->len, (guint)LIMIT_SIGNATURES) : 0;

	if (count == 0)
		g_string_append(out, "; dkim=none");
	for (guint i = 0; i < count; i++) {
		const struct authentication_dkim *dkim = g_ptr_array_index(found->dkim, i);

		g_string_append_printf(out, "; dkim=%s", dkim->result);
		append(out, "header.d", dkim->domain);
		append(out, "header.s", dkim->selector);
		append(out, "header.a", dkim->algorithm);
	}
}

static void append_dmarc(GString *out, const struct authentication *found, const char *author)
{
	g_string_append_printf(out, "; dmarc=%s", found->dmarc.result);
	if (*found->dmarc.policy)
		g_string_append_printf(out, " (p=%s%s)", found->dmarc.policy, found->dmarc.testing ? ", testing" : "");
	append(out, "header.from", author);
}

char *authres_write(const char *id, const struct authentication *found, const char *author)
{
	GString *out = g_string_new(id);

	append_dkim(out, found);
	/* Silence of the border is no result of SPF. */
	if (found->spf.domain) {
		g_string_append_printf(out, "; spf=%s", found->spf.result);
		append(out, "smtp.mailfrom", found->spf.domain);
	}
	append_dmarc(out, found, author);
	if (found->arc.instances > 0)
		g_string_append_printf(out, "; arc=%s", found->arc.cv);
	if (strcmp(found->smime.result, "none") != 0)
		g_string_append_printf(out, "; smime=%s", found->smime.result);
	return g_string_free(out, FALSE);
}
