/* Raw fields: what was parsed is rendered byte for byte and parses to the same, and edits touch nothing but their own field. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint parse_again(const GString *block)
{
	struct header again;
	size_t body;

	if (header_parse(block->str, block->len, &again, &body) != HEADER_OK || body != block->len)
		abort();
	g_autoptr(GString) twice = g_string_new(NULL);
	header_render(&again, twice);
	if (!g_string_equal(block, twice))
		abort();
	guint count = again.fields->len;
	header_clear(&again);
	return count;
}

static void look_up(const struct header *header)
{
	for (guint i = 0; i < header->fields->len; i++) {
		const struct header_field *field = &g_array_index(header->fields, struct header_field, i);
		g_autofree char *name = g_strndup(field->data, field->name_length);
		g_autofree char *value = header_field_value(field);

		if (!header_is(field, name) || header_count(header, name) == 0 || strpbrk(value, "\r\n") ||
			strlen(value) >= field->length || field->name_length > LIMIT_FIELD_NAME)
			abort();
	}
}

/* A value made of fuzzed bytes, but one that a caller may pass: no CR and LF but in folds. */
static void edit(struct header *header, const char *data, size_t size)
{
	g_autofree char *value = g_strndup(data, MIN(size, 300));
	g_autoptr(GString) out = g_string_new(NULL);

	g_strdelimit(value, "\r\n", ' ');
	guint before = header->fields->len - header_count(header, "Subject");
	header_replace(header, "Subject", value);
	if (header->fields->len != before + 1 || header_count(header, "subject") != 1)
		abort();
	g_autofree char *back = header_value(header, "Subject", 0);
	if (strcmp(g_strstrip(back), g_strstrip(value)) != 0)
		abort();
	header_prepend(header, "X-Loop", "a@b.example");
	header_render(header, out);
	if (out->len <= LIMIT_HEADER_BLOCK && header->fields->len <= LIMIT_HEADER_FIELDS &&
		parse_again(out) != header->fields->len)
		abort();
}

/* What is only odd comes out so that nobody has to know about blanks before the colon. */
static void parse_odd(const char *text, size_t size)
{
	g_autoptr(GString) block = g_string_new(NULL);
	struct header header, again;
	size_t body;
	guint odd, left;

	if (header_parse_odd(text, size, &header, &body, &odd) != HEADER_OK)
		return;
	if (odd == 0 || body > size)
		abort();
	header_render(&header, block);
	if (block->len > LIMIT_HEADER_BLOCK) {
		header_clear(&header);
		return;
	}
	if (header_parse_odd(block->str, block->len, &again, &body, &left) != HEADER_OK || left != (odd & HEADER_ODD_LONG) ||
		again.fields->len != header.fields->len)
		abort();
	if (!(odd & HEADER_ODD_LONG))
		look_up(&header);
	header_clear(&again);
	header_clear(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) block = g_string_new(NULL);
	const char *text = (const char *)data;
	struct header header;
	size_t body;

	if (header_parse(text, size, &header, &body) != HEADER_OK) {
		if (header.fields || body != 0)
			abort();
		parse_odd(text, size);
		return 0;
	}
	if (body > size)
		abort();
	header_render(&header, block);
	size_t mbox = header_mbox_line(text, size);
	/* A last line without its end gets one; all else is the input. */
	size_t same = MIN(block->len, size - mbox);
	if (memcmp(block->str, text + mbox, same) != 0 || block->len > size - mbox + 2)
		abort();
	/* A block that now begins as an mbox line would lose its first field: fields never do, "From " has no colon in time. */
	if (parse_again(block) != header.fields->len)
		abort();
	look_up(&header);
	edit(&header, text, size);
	header_clear(&header);
	return 0;
}
