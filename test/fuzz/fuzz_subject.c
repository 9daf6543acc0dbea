/* room: intake */
/*
 * The subject's tag, and the encoding of what is not ASCII, on any header field: whatever comes in, one
 * line of header comes out as a header of the same number of fields, putting the tag twice is putting
 * it once, and no byte above 127 is left where none may be.
 */
#include <gmime/gmime.h>
#include <stdint.h>
#include <string.h>

#include "lib/mail/eight_bit.h"
#include "lib/mail/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	g_mime_init();
	return 0;
}

static void demand(int what)
{
	if (!what)
		__builtin_trap();
}

static void tag_and_look(const struct header *parsed, const char *text, size_t length, const char *tag)
{
	struct header header, again;
	size_t body;
	g_autoptr(GString) once = g_string_new(NULL), twice = g_string_new(NULL);

	demand(header_parse(text, length, &header, &body) == HEADER_OK);
	subject_put_tag(&header, tag);
	header_render(&header, once);
	demand(header.fields->len <= parsed->fields->len + 1);
	demand(header_count(&header, "Subject") == 1);
	subject_put_tag(&header, tag);
	header_render(&header, twice);
	demand(strcmp(once->str, twice->str) == 0);
	demand(header_parse(once->str, once->len, &again, &body) == HEADER_OK);
	demand(again.fields->len == header.fields->len);
	header_clear(&again);
	header_clear(&header);
}

static void encode_and_look(struct header *header)
{
	guint count = header->fields->len;
	struct verdict verdict = eight_bit_encode(header, FALSE);
	g_autoptr(GString) text = g_string_new(NULL);
	struct header again;
	size_t body;

	if (verdict_is_final(&verdict))
		return;
	header_render(header, text);
	for (size_t i = 0; i < text->len; i++)
		demand((guchar)text->str[i] < 128);
	demand(header_parse(text->str, text->len, &again, &body) == HEADER_OK && again.fields->len == count);
	header_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header header;
	size_t body;

	if (size > 20000)
		return 0;
	if (header_parse((const char *)data, size, &header, &body) != HEADER_OK)
		return 0;
	/* Two subjects were refused long before. */
	if (header_count(&header, "Subject") <= 1) {
		tag_and_look(&header, (const char *)data, body, "[choir]");
		tag_and_look(&header, (const char *)data, body, "[Ch\xC3\xB6r]");
	}
	encode_and_look(&header);
	header_clear(&header);
	return 0;
}
