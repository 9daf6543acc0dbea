/* room: intake */
/*
 * Footers: "FLAGS MESSAGE". What comes out is read by the same walker again: everything that was there is there byte for byte or says the same, the
 * footer stands in it once, a second time changes nothing, and a message that is clean for Postfix stays so.
 */
#include <stdint.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/exact_text.h"
#include "lib/mail/footer.h"
#include "lib/mail/long_lines.h"
#include "lib/mail/mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int what)
{
	if (!what)
		__builtin_trap();
}

/* The bytes that LMTP lets through: lines with CRLF at their ends, the last one too, no NUL. */
static GString *clean(const uint8_t *data, size_t size)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n')
			g_string_append(out, "\r\n");
		else if (data[i] != '\r' && data[i] != '\0')
			g_string_append_c(out, (char)data[i]);
	}
	g_string_append(out, "\r\n");
	return out;
}

struct result {
	struct header header;
	GString *whole, *body; /* the header with the body; `body` NULL: as it came */
	size_t start;
	enum footer_place place;
};

static gboolean add(const GString *message, const struct footer *footer, struct result *result)
{
	struct header header = {0};
	struct draft draft;
	size_t body;

	if (header_parse(message->str, message->len, &header, &body) != HEADER_OK)
		return FALSE;
	draft_begin(&draft, &header, message->str, message->len, body);
	result->place = footer_add(&draft, footer);
	result->body = draft_end(&draft);
	result->whole = g_string_new(NULL);
	header_render(&header, result->whole);
	g_string_append(result->whole, "\r\n");
	result->start = result->whole->len;
	if (result->body)
		g_string_append_len(result->whole, result->body->str, (gssize)result->body->len);
	else
		g_string_append_len(result->whole, message->str + body, (gssize)(message->len - body));
	header_clear(&header);
	return TRUE;
}

static void clear(struct result *result)
{
	g_string_free(result->whole, TRUE);
	if (result->body)
		g_string_free(result->body, TRUE);
}

/* Parts of the old message stand in the new one. */
static void demand_kept(const GString *old, const struct result *result)
{
	struct walk before = {0}, after = {0};

	demand(walk_message(old->str, old->len, &before) == WALK_OK);
	enum walk_result read = walk_message(result->whole->str, result->whole->len, &after);
	demand(read == WALK_OK || read == WALK_HEADER_LIMIT);
	const struct walk_entity *top = walk_entity(&before, 0);
	if (result->place != FOOTER_INSIDE && read == WALK_OK) {
		/* A message/rfc822 that ended before its body has an empty one when something follows. */
		guint more = after.entities->len - before.entities->len, most = (before.flags & WALK_NO_BODY) != 0 ? 4 : 3;

		demand(more >= 1 && more <= most && !(after.flags & WALK_AMBIGUOUS & ~before.flags));
		for (guint i = 1; i < before.entities->len; i++) {
			const struct walk_entity *entity = walk_entity(&before, i);

			demand(memmem(result->whole->str, result->whole->len, old->str + entity->header, entity->end - entity->header) != NULL);
		}
		demand(before.entities->len > 1 ||
			memmem(result->whole->str, result->whole->len, old->str + top->body, top->end - top->body) != NULL);
	}
	walk_clear(&before);
	walk_clear(&after);
}

static void run(const GString *message, const struct footer *footer)
{
	struct result first = {0}, second = {0};
	gboolean changed;

	if (!add(message, footer, &first))
		return;
	changed = first.place == FOOTER_INSIDE || first.place == FOOTER_PART || first.place == FOOTER_AROUND;
	demand(changed == (first.body != NULL));
	if (changed) {
		demand(text_has_clean_lines(first.whole->str, first.whole->len));
		demand(g_str_has_suffix(first.body->str, "\r\n"));
		demand_kept(message, &first);
		if (!footer->note && add(first.whole, footer, &second)) {
			demand(second.place == FOOTER_THERE || second.place == FOOTER_BROKEN || second.place == FOOTER_SIGNED);
			clear(&second);
		}
	}
	clear(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const guint8 key[8] = {7};
	static char above[] = "Welcome to this list\r\n", ascii[] = "-- \r\nThe choir of x.example\r\n", wide[] = "Caf\xC3\xA9 \xE5\x90\x88\xE5\x94\xB1 of x\r\n";
	static char above_mark[] = "Welcometothislist", ascii_mark[] = "Thechoirofx.example", wide_mark[] = "Caf\xC3\xA9\xE5\x90\x88\xE5\x94\xB1ofx";
	static char *above_marks[] = {above_mark, NULL}, *ascii_marks[] = {(char *)"--", ascii_mark, NULL}, *wide_marks[] = {wide_mark, NULL};
	static gboolean warm;

	if (size < 1 || size > 8000)
		return 0;
	if (!warm)
		g_free(mail_warm_up());
	warm = TRUE;
	const struct footer_text over = {.text = above, .marks = above_marks};
	const struct footer_text under = {.text = data[0] & 1 ? wide : ascii, .marks = data[0] & 1 ? wide_marks : ascii_marks};
	const struct footer footer = {
		.above = data[0] & 2 ? &over : NULL,
		.below = &under,
		.note = data[0] & 4 ? "Removed: x\r\n" : NULL,
		.around_signed = (data[0] & 8) != 0,
		.key = key,
	};
	g_autoptr(GString) message = clean(data + 1, size - 1);
	run(message, &footer);
	return 0;
}
