/* Limits on bytes before any parser; see scan.h for the promise. */
#include "lib/mail/scan.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/mail/header.h"
#include "lib/mail/walk.h"

/* Fields that GMime, or a later stage, reads as lists of addresses. */
static const char *const address_fields[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Resent-From",
	"Resent-Sender", "Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc", "Return-Path", "Errors-To",
	"Apparently-To", "Mail-Reply-To", "Mail-Followup-To", "Disposition-Notification-To", "Return-Receipt-To", NULL};

/* One limit of a header was passed: says which, in the order in which a reader meets them. */
static struct verdict refuse_limit(const char *data, size_t length)
{
	const char *place = data + header_mbox_line(data, length);
	const char *end = data + MIN(length, (size_t)LIMIT_HEADER_BLOCK + 1);
	struct header_field field;
	guint count = 0;

	while (place < end && walk_next_field(&place, end, &field)) {
		if (++count > LIMIT_HEADER_FIELDS)
			return verdict_refused("5.6.0", "The header of this message has more than %d fields",
				LIMIT_HEADER_FIELDS);
		if (field.length > LIMIT_HEADER_FIELD)
			return verdict_refused("5.6.0", "A header field of this message is longer than %d bytes",
				LIMIT_HEADER_FIELD);
	}
	return verdict_refused("5.6.0", "The header of this message is longer than %d bytes", LIMIT_HEADER_BLOCK);
}

static struct verdict judge_odd(guint odd)
{
	if (odd & HEADER_ODD_BLANK)
		return verdict_unclear("5.6.0", "The header of this message has a blank before the colon of a field");
	if (odd & HEADER_ODD_LONG)
		return verdict_unclear("5.6.0", "The header of this message has a field name longer than %d bytes", LIMIT_FIELD_NAME);
	return VERDICT_UNDECIDED;
}

static struct verdict check_header(const char *data, size_t length)
{
	struct header header;
	size_t body;
	guint odd;
	enum header_result result = header_parse_odd(data, length, &header, &body, &odd);

	header_clear(&header);
	switch (result) {
	case HEADER_OK:
		return judge_odd(odd);
	case HEADER_NO_COLON:
		return verdict_refused("5.6.0", "The header of this message has a line that is no header field");
	case HEADER_NAME:
		return verdict_refused("5.6.0",
			"The header of this message has a field whose name is empty or has a blank or a foreign character in it");
	case HEADER_NAME_LENGTH:
		return verdict_refused("5.6.0", "The header of this message has a field name longer than %d bytes",
			LIMIT_FIELD_NAME_HOLD);
	case HEADER_LIMIT:
		return refuse_limit(data, length);
	}
	log_panic("scan: header result %d", (int)result);
}

/* How deep comments, groups and brackets stand in each other at the worst place; quoted text does not count. */
struct nesting {
	guint depth, deepest;
	gboolean quoted;
};

static void nest(struct nesting *nesting, char c)
{
	if (c == '"') {
		nesting->quoted = !nesting->quoted;
	} else if (nesting->quoted) {
		return;
	} else if (memchr("(<[:", c, 4)) {
		nesting->depth++;
		nesting->deepest = MAX(nesting->deepest, nesting->depth);
	} else if (memchr(")>];", c, 4) && nesting->depth > 0) {
		nesting->depth--;
	}
}

/*
 * Separators are counted in quotes and comments too: where those end is what a hostile field is unclear about. A list of
 * 2,000 addresses does not need more.
 */
static struct verdict check_addresses(const struct header_field *field)
{
	const char *end = field->data + field->length;
	struct nesting nesting = {0};
	gboolean escaped = FALSE;
	guint separators = 0;

	for (const char *place = field->data + field->name_length + 1; place < end; place++) {
		separators += *place == ',' || *place == ';' || *place == ':';
		if (!escaped)
			nest(&nesting, *place);
		escaped = !escaped && *place == '\\';
	}
	if (separators > LIMIT_HEADER_ADDRESSES)
		return verdict_refused("5.6.0", "An address field of this message has more than %d addresses",
			LIMIT_HEADER_ADDRESSES);
	if (nesting.deepest > LIMIT_HEADER_NESTING)
		return verdict_refused("5.6.0",
			"An address field of this message has comments, groups or brackets nested deeper than %d",
			LIMIT_HEADER_NESTING);
	return VERDICT_UNDECIDED;
}

static struct verdict check_entity(const char *data, const struct walk_entity *entity)
{
	const char *place = data + entity->header, *end = data + entity->body;
	struct header_field field;

	while (walk_next_field(&place, end, &field)) {
		for (guint i = 0; field.name_length > 0 && address_fields[i]; i++) {
			if (!header_is(&field, address_fields[i]))
				continue;
			struct verdict verdict = check_addresses(&field);
			if (verdict_is_final(&verdict))
				return verdict;
		}
	}
	return VERDICT_UNDECIDED;
}

static struct verdict check_walk(const char *data, enum walk_result result, const struct walk *walk)
{
	if (result == WALK_DEPTH)
		return verdict_refused("5.6.0", "The parts of this message are nested deeper than %d", LIMIT_MIME_DEPTH);
	if (result == WALK_PARTS)
		return verdict_refused("5.6.0", "This message has more than %d parts", LIMIT_MIME_PARTS);
	if (result == WALK_HEADER_LIMIT)
		return verdict_refused("5.6.0",
			"A part of this message has a header of more than %d fields, %d bytes a field or %d bytes in all",
			LIMIT_HEADER_FIELDS, LIMIT_HEADER_FIELD, LIMIT_HEADER_BLOCK);
	for (guint i = 0; i < walk->entities->len; i++) {
		struct verdict verdict = check_entity(data, walk_entity(walk, i));

		if (verdict_is_final(&verdict))
			return verdict;
	}
	if (walk->depth > LIMIT_MIME_DEPTH_HOLD)
		return verdict_unclear("5.6.0", "The parts of this message are nested deeper than %d", LIMIT_MIME_DEPTH_HOLD);
	return VERDICT_UNDECIDED;
}

struct verdict scan_message(const char *data, size_t length)
{
	struct verdict verdict = check_header(data, length);
	struct walk walk;

	if (verdict.class == VERDICT_REFUSED)
		return verdict;
	enum walk_result result = walk_message(data, length, &walk);
	verdict = verdict_graver(verdict, check_walk(data, result, &walk));
	walk_clear(&walk);
	return verdict;
}
