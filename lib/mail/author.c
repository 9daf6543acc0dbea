/* The reader of From; see author.h for the promise. */
#include "lib/mail/author.h"

#include <gmime/gmime.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/list/address.h"
#include "lib/mail/clean.h"

struct reader {
	const char *place, *end;
};

struct slice {
	const char *data;
	size_t length;
};

/* Reasons, each behind "The From field of this message ". They say nothing of what stood there: it may be anything. */
static const char unclear[] = "cannot be read with certainty";
static const char several[] = "names more than one author, or has a comma that is not in quotes";
static const char unbalanced[] = "has a quote, comment or bracket without its end";

static gboolean at(const struct reader *reader, char c)
{
	return reader->place < reader->end && *reader->place == c;
}

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 5322 atext, and UTF-8 as in RFC 6532. */
static gboolean is_atext(char c)
{
	return g_ascii_isalnum(c) || memchr("!#$%&'*+-/=?^_`{|}~", c, 19) || (unsigned char)c > 127;
}

static void skip_blanks(struct reader *reader)
{
	while (reader->place < reader->end && is_blank(*reader->place))
		reader->place++;
}

static const char *skip_comment(struct reader *reader)
{
	guint depth = 0;

	while (reader->place < reader->end) {
		char c = *reader->place++;

		if (c == '\\') {
			if (reader->place++ == reader->end)
				break;
		} else if (c == '(') {
			if (++depth > LIMIT_HEADER_NESTING)
				return unclear;
		} else if (c == ')' && --depth == 0) {
			return NULL;
		}
	}
	return unbalanced;
}

static const char *skip_cfws(struct reader *reader)
{
	skip_blanks(reader);
	while (at(reader, '(')) {
		const char *wrong = skip_comment(reader);

		if (wrong)
			return wrong;
		skip_blanks(reader);
	}
	return NULL;
}

static const char *skip_quoted(struct reader *reader)
{
	reader->place++;
	while (reader->place < reader->end) {
		char c = *reader->place++;

		if (c == '"')
			return NULL;
		if (c == '\\' && reader->place++ == reader->end)
			break;
	}
	return unbalanced;
}

static void skip_dot_atom(struct reader *reader)
{
	while (reader->place < reader->end && (is_atext(*reader->place) || *reader->place == '.'))
		reader->place++;
}

/* Words, dots and comments; stops at the first byte that is none of them. */
static const char *skip_phrase(struct reader *reader)
{
	const char *start = reader->place;

	while (reader->place < reader->end) {
		const char *wrong = NULL;
		char c = *reader->place;

		if (c == '"')
			wrong = skip_quoted(reader);
		else if (c == '(')
			wrong = skip_comment(reader);
		else if (is_atext(c) || is_blank(c) || (c == '.' && reader->place > start))
			reader->place++;
		else
			break;
		if (wrong)
			return wrong;
	}
	return NULL;
}

/* An address without any blank or comment inside. Whether it is a good one is asked of address_normalise() later. */
static const char *read_address(struct reader *reader, struct slice *address)
{
	address->data = reader->place;
	if (at(reader, '"')) {
		const char *wrong = skip_quoted(reader);

		if (wrong)
			return wrong;
	} else {
		skip_dot_atom(reader);
	}
	/* Some software decodes encoded words before it looks for addresses: it would see another one. */
	if (g_strstr_len(address->data, reader->place - address->data, "=?"))
		return unclear;
	if (!at(reader, '@'))
		return reader->place == address->data ? unclear : "has no address of the form name@domain";
	reader->place++;
	if (at(reader, '['))
		return "has an address with a number instead of a domain name";
	skip_dot_atom(reader);
	address->length = (size_t)(reader->place - address->data);
	return NULL;
}

/* What stands behind the one mailbox must be nothing. */
static const char *read_end(struct reader *reader)
{
	const char *wrong = skip_cfws(reader);

	if (wrong)
		return wrong;
	if (reader->place == reader->end)
		return NULL;
	return at(reader, ',') ? several : unclear;
}

static const char *read_brackets(struct reader *reader, struct slice *address)
{
	reader->place++;
	skip_blanks(reader);
	if (at(reader, '>'))
		return "has no address between its brackets";
	if (at(reader, '@'))
		return "has a route in its address";
	const char *wrong = read_address(reader, address);
	if (wrong)
		return wrong;
	skip_blanks(reader);
	if (!at(reader, '>'))
		return unclear;
	reader->place++;
	return read_end(reader);
}

/*
 * All that came was an address, or one stands there bare where the name of the one in brackets should be: "a@b <a@b>", as scripts write it. Where it is the
 * same, everybody reads the same author; `mailbox` then begins at the bracket.
 */
static const char *read_bare(struct reader *reader, struct slice *address, const char **mailbox)
{
	const char *wrong = read_address(reader, address);

	if (!wrong)
		wrong = skip_cfws(reader);
	if (wrong || !at(reader, '<'))
		return wrong ? wrong : read_end(reader);
	struct slice name = *address;
	*mailbox = reader->place;
	if ((wrong = read_brackets(reader, address)))
		return wrong;
	return name.length == address->length && g_ascii_strncasecmp(name.data, address->data, name.length) == 0 ? NULL : unclear;
}

/* `mailbox` is where its part that is beyond doubt begins. */
static const char *read_mailbox(struct reader *reader, struct slice *address, const char **mailbox)
{
	const char *wrong = skip_cfws(reader);

	if (wrong)
		return wrong;
	if (reader->place == reader->end)
		return "is empty";
	struct reader start = *reader;
	if ((wrong = skip_phrase(reader)))
		return wrong;
	if (reader->place == reader->end)
		return "has no address of the form name@domain";
	switch (*reader->place) {
	case '<':
		return read_brackets(reader, address);
	case ':':
		return "names a group, or has a colon that is not in quotes";
	case ',':
		return several;
	case '@':
		/* Then all of it was the local part; a blank or a second word in it shows at once. */
		return read_bare(&start, address, mailbox);
	default:
		return unclear;
	}
}

static const char *check_bytes(const char *value, size_t length)
{
	if (!text_is_utf8(value, length))
		return "is neither ASCII nor UTF-8";
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '\r' && length - i > 2 && value[i + 1] == '\n' && (value[i + 2] == ' ' || value[i + 2] == '\t'))
			i += 2;
		else if ((c < 32 && c != '\t') || c == 127)
			return "has a control character in it";
	}
	return NULL;
}

/* Why address_normalise() did not like it. */
static const char *address_reason(enum address_result result)
{
	switch (result) {
	case ADDRESS_OK:
	case ADDRESS_NEEDS_UTF8:
		return NULL;
	case ADDRESS_EMPTY:
	case ADDRESS_SYNTAX:
		return "has an address that is not valid";
	case ADDRESS_LENGTH:
		return "has an address that is too long";
	case ADDRESS_LITERAL:
		return "has an address with a number instead of a domain name";
	case ADDRESS_DOMAIN:
		return "has an address without a valid domain name";
	case ADDRESS_ENCODING:
		return "has an address with characters that cannot be seen";
	}
	return unclear;
}

/* A quoted local part may hold a whole other address: software that looks for one by its shape would find it. */
static gboolean holds_address(const char *normal)
{
	return strcspn(normal, "<>,;:()@") < (size_t)(strrchr(normal, '@') - normal);
}

/* Whether the name's first bracket, its only one, holds the author's own address: "Jan <a@b>" as whole name, as address books make it. */
static gboolean is_own(const char *bracket, const char *address)
{
	g_autoptr(GString) normal = g_string_new(NULL);
	size_t length = strcspn(bracket + 1, "<>");

	return !strchr(bracket + 1, '<') && address_normalise(bracket + 1, length, TRUE, normal) == ADDRESS_OK && address_same(normal->str, address);
}

/* The display name of GMime's reading, cleaned. Not those with another's address in brackets: people would take that one. */
static const char *read_name(InternetAddress *mailbox, struct author *author)
{
	const char *raw = internet_address_get_name(mailbox);
	g_autofree char *name = raw ? clean_text(raw, AUTHOR_NAME) : NULL;

	if (!name || *name == '\0')
		return NULL;
	const char *bracket = strchr(name, '<');
	if (bracket && strchr(bracket, '@') && !is_own(bracket, author->address))
		return "has another address in its display name";
	author->name = g_steal_pointer(&name);
	return NULL;
}

/* GMime must see one mailbox, and the same address. */
static const char *check_agreement(const char *mailbox, const char *end, struct author *author)
{
	static const char differs[] = "is read in more than one way by mail software";
	g_autofree char *text = g_strndup(mailbox, (gsize)(end - mailbox));
	g_autoptr(GString) address = g_string_new(NULL);
	const char *wrong = differs;

	GMimeParserOptions *options = g_mime_parser_options_new();
	g_mime_parser_options_set_address_compliance_mode(options, GMIME_RFC_COMPLIANCE_STRICT);
	InternetAddressList *list = internet_address_list_parse(options, text);
	g_mime_parser_options_free(options);
	if (!list)
		return differs;
	InternetAddress *first = internet_address_list_get_address(list, 0);
	if (internet_address_list_length(list) == 1 && INTERNET_ADDRESS_IS_MAILBOX(first)) {
		const char *seen = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first));

		/* GMime shows A-labels as U-labels; the normal form takes that back. */
		if (seen && address_normalise(seen, strlen(seen), TRUE, address) == ADDRESS_OK &&
			strcmp(address->str, author->address) == 0)
			wrong = read_name(first, author);
	}
	g_object_unref(list);
	return wrong;
}

struct verdict author_parse(const char *value, size_t length, gboolean utf8_allowed, struct author *author)
{
	struct reader reader = {value, value + length};
	g_autoptr(GString) normal = g_string_new(NULL);
	struct slice address = {0};
	const char *mailbox = value;

	*author = (struct author){0};
	const char *wrong = check_bytes(value, length);
	if (!wrong)
		wrong = read_mailbox(&reader, &address, &mailbox);
	gboolean unasked = !wrong && !utf8_allowed && text_has_8bit(address.data, address.length);
	if (!wrong)
		wrong = address_reason(address_normalise(address.data, address.length, TRUE, normal));
	if (!wrong && holds_address(normal->str))
		wrong = unclear;
	if (!wrong) {
		author->address = g_strdup(normal->str);
		wrong = check_agreement(mailbox, value + length, author);
	}
	if (!wrong && unasked)
		return verdict_unclear("5.6.7", "The From field of this message has an address that needs SMTPUTF8");
	if (!wrong)
		return VERDICT_UNDECIDED;
	author_clear(author);
	return verdict_refused("5.6.0", "The From field of this message %s", wrong);
}

struct verdict author_read(const struct header *header, gboolean utf8_allowed, struct author *author)
{
	guint count = header_count(header, "From");

	*author = (struct author){0};
	if (count == 0)
		return verdict_refused("5.6.0", "This message has no From field, so its author is not known");
	if (count > 1)
		return verdict_refused("5.6.0", "This message has %u From fields, so its author is not known", count);
	g_autofree char *value = header_value(header, "From", 0);
	return author_parse(value, strlen(value), utf8_allowed, author);
}

void author_clear(struct author *author)
{
	g_clear_pointer(&author->address, g_free);
	g_clear_pointer(&author->name, g_free);
}
