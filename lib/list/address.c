/*
 * Strict reading of one addr-spec; see address.h for the promise and the normal form.
 * The domain goes through libidn2 in every case, so that a Kelvin sign or a full-width letter cannot make two
 * spellings of one domain, and so that what comes out is plain ASCII.
 */
#include "lib/list/address.h"

#include <idn2.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

const char *address_word(enum address_result result)
{
	switch (result) {
	case ADDRESS_OK:
		return "ok";
	case ADDRESS_EMPTY:
		return "empty";
	case ADDRESS_SYNTAX:
		return "syntax";
	case ADDRESS_LENGTH:
		return "too long";
	case ADDRESS_LITERAL:
		return "address literal";
	case ADDRESS_DOMAIN:
		return "no valid domain";
	case ADDRESS_ENCODING:
		return "no valid text";
	case ADDRESS_NEEDS_UTF8:
		return "needs SMTPUTF8";
	}
	log_panic("address_word: result %d", (int)result);
}

/* RFC 5322 atext; bytes above 127 are checked as UTF-8 elsewhere. */
static gboolean is_atext(unsigned char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c)) || c > 127;
}

static gboolean is_dot_atom(const char *text, size_t length)
{
	gboolean want_atom = TRUE;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '.') {
			if (want_atom)
				return FALSE;
			want_atom = TRUE;
			continue;
		}
		if (!is_atext((unsigned char)text[i]))
			return FALSE;
		want_atom = FALSE;
	}
	return !want_atom;
}

/*
 * Characters that a person cannot see or that change the direction of text have no place in an
 * address: two people would look the same to a moderator.
 */
static gboolean is_invisible(gunichar c)
{
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_UNASSIGNED:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
	case G_UNICODE_SPACE_SEPARATOR:
		return c != ' ';
	default:
		return FALSE;
	}
}

static gboolean has_invisible(const char *text)
{
	for (; *text; text = g_utf8_next_char(text))
		if (is_invisible(g_utf8_get_char(text)))
			return TRUE;
	return FALSE;
}

/* Reads a quoted local part that spans exactly (text, length); `content` gets what it says. */
static gboolean read_quoted(const char *text, size_t length, GString *content)
{
	if (length < 2 || text[0] != '"' || text[length - 1] != '"')
		return FALSE;
	for (size_t i = 1; i < length - 1; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\\') {
			c = (unsigned char)text[++i];
			if (i >= length - 1)
				return FALSE;
		} else if (c == '"') {
			return FALSE;
		}
		if (c < 32 || c == 127)
			return FALSE;
		g_string_append_c(content, (char)c);
	}
	return TRUE;
}

/* Appends content as a quoted string, for the rare local part that no dot-atom can say. */
static void append_quoted(const char *content, GString *out)
{
	g_string_append_c(out, '"');
	for (; *content; content++) {
		if (*content == '"' || *content == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *content);
	}
	g_string_append_c(out, '"');
}

/* Where the local part ends: the last '@' outside quotes; for a quoted one the first after the closing quote. */
static const char *find_at(const char *data, size_t length)
{
	if (data[0] != '"')
		return memchr(data, '@', length);
	for (size_t i = 1; i < length; i++) {
		if (data[i] == '\\')
			i++;
		else if (data[i] == '"')
			return i + 1 < length && data[i + 1] == '@' ? data + i + 1 : NULL;
	}
	return NULL;
}

static enum address_result read_local(const char *data, size_t length, gboolean utf8_allowed, GString *out)
{
	g_autoptr(GString) content = g_string_new(NULL);

	if (data[0] == '"') {
		if (!read_quoted(data, length, content))
			return ADDRESS_SYNTAX;
	} else {
		if (!is_dot_atom(data, length))
			return ADDRESS_SYNTAX;
		g_string_append_len(content, data, (gssize)length);
	}
	if (!g_utf8_validate(content->str, (gssize)content->len, NULL) || has_invisible(content->str))
		return ADDRESS_ENCODING;
	g_autofree char *composed = g_utf8_normalize(content->str, -1, G_NORMALIZE_NFC);
	if (is_dot_atom(composed, strlen(composed)))
		g_string_append(out, composed);
	else
		append_quoted(composed, out);
	if (out->len > LIMIT_LOCAL_PART)
		return ADDRESS_LENGTH;
	return utf8_allowed || !text_has_8bit(out->str, out->len) ? ADDRESS_OK : ADDRESS_NEEDS_UTF8;
}

/* RFC 952/1123 host name with at least one label; an all-numeric top label would be an address. */
static gboolean is_host_name(const char *domain)
{
	const char *label = domain;

	for (;;) {
		size_t length = strcspn(label, ".");

		if (length == 0 || length > LIMIT_DOMAIN_LABEL || label[0] == '-' || label[length - 1] == '-')
			return FALSE;
		for (size_t i = 0; i < length; i++)
			if (!g_ascii_isalnum(label[i]) && label[i] != '-')
				return FALSE;
		if (label[length] == '\0')
			return strspn(label, "0123456789") != length;
		label += length + 1;
	}
}

gboolean address_domain(const char *data, size_t length, GString *out)
{
	g_autofree char *text = NULL;
	char *ascii = NULL;

	g_string_truncate(out, 0);
	if (length == 0 || length > LIMIT_ADDRESS || memchr(data, '\0', length))
		return FALSE;
	text = g_strndup(data, length);
	if (!text_has_8bit(text, length)) {
		g_autofree char *lower = g_ascii_strdown(text, -1);
		/* A-labels must decode: "xn--" with rubbish behind it would come back as another domain elsewhere. */
		if (!is_host_name(lower) ||
			(strstr(lower, "xn--") && idn2_to_unicode_8z8z(lower, NULL, 0) != IDN2_OK))
			return FALSE;
		g_string_assign(out, lower);
		return TRUE;
	}
	if (!g_utf8_validate(text, -1, NULL) || has_invisible(text) ||
		idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return FALSE;
	gboolean good = is_host_name(ascii);
	if (good)
		g_string_assign(out, ascii);
	idn2_free(ascii);
	return good;
}

static enum address_result read_address(const char *data, size_t length, gboolean utf8_allowed, GString *out)
{
	if (length == 0)
		return ADDRESS_EMPTY;
	if (memchr(data, '\0', length))
		return ADDRESS_SYNTAX;
	/* Nothing that long can be an address, and no check below has to think about size. */
	if (length > 4 * LIMIT_ADDRESS)
		return ADDRESS_LENGTH;
	const char *at = find_at(data, length);
	if (!at || at == data)
		return ADDRESS_SYNTAX;

	size_t domain_length = length - (size_t)(at + 1 - data);
	if (domain_length > 0 && at[1] == '[')
		return ADDRESS_LITERAL;
	enum address_result local = read_local(data, (size_t)(at - data), utf8_allowed, out);
	if (local != ADDRESS_OK)
		return local;
	g_autoptr(GString) domain = g_string_new(NULL);
	if (!address_domain(at + 1, domain_length, domain))
		return memchr(at + 1, '@', domain_length) ? ADDRESS_SYNTAX : ADDRESS_DOMAIN;
	g_string_append_c(out, '@');
	g_string_append_len(out, domain->str, (gssize)domain->len);
	return out->len > LIMIT_ADDRESS ? ADDRESS_LENGTH : ADDRESS_OK;
}

enum address_result address_normalise(const char *data, size_t length, gboolean utf8_allowed, GString *out)
{
	g_string_truncate(out, 0);
	enum address_result result = read_address(data, length, utf8_allowed, out);
	if (result != ADDRESS_OK)
		g_string_truncate(out, 0);
	return result;
}

char *address_key(const char *normal)
{
	return g_ascii_strdown(normal, -1);
}

gboolean address_same(const char *a, const char *b)
{
	return g_ascii_strcasecmp(a, b) == 0;
}

char **address_spellings(const char *normal)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *lower = address_key(normal);
	const char *at = strrchr(normal, '@');
	char *unicode = NULL;

	g_strv_builder_add(builder, normal);
	if (strcmp(lower, normal) != 0)
		g_strv_builder_add(builder, lower);
	if (at && strstr(at, "xn--") && idn2_to_unicode_8z8z(at + 1, &unicode, 0) == IDN2_OK) {
		g_autofree char *spelling = g_strdup_printf("%.*s@%s", (int)(at - normal), normal, unicode);

		if (strcmp(spelling, normal) != 0)
			g_strv_builder_add(builder, spelling);
	}
	idn2_free(unicode);
	return g_strv_builder_end(builder);
}
