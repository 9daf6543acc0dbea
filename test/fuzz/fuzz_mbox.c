/* room: trusted */
/* The mbox reader: any bytes. What was read, written by us, is read as the same again. */
#include <stdint.h>
#include <string.h>

#include "lib/archive/mbox.h"

enum { MOST = 100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(const GString *message)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GString) again = g_string_new(NULL);
	gint64 at;

	mbox_append_line(text, "a@b.example", 7);
	mbox_append_message(text, message->str, message->len);
	FILE *file = fmemopen(text->str, text->len, "r");
	struct mbox_reader *reader = mbox_reader_new(file, MOST + 1);
	g_assert_cmpint(mbox_reader_next(reader, again, &at), ==, MBOX_MESSAGE);
	/* A last line without its LF gets one. */
	g_assert_true(at == 7 && again->len >= message->len && again->len - message->len <= 1 && memcmp(again->str, message->str, message->len) == 0);
	g_assert_cmpint(mbox_reader_next(reader, again, &at), ==, MBOX_END);
	mbox_reader_free(reader);
	fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) message = g_string_new(NULL);
	enum mbox_read found;
	gint64 at;

	if (size == 0)
		return 0;
	FILE *file = fmemopen((void *)data, size, "r");
	struct mbox_reader *reader = mbox_reader_new(file, MOST);
	while ((found = mbox_reader_next(reader, message, &at)) != MBOX_END && found != MBOX_NO_MBOX) {
		g_assert_true(at >= 0 && message->len <= MOST + 1);
		/* We write LF alone; a CR that stands before one is taken for its half. */
		if (found == MBOX_MESSAGE && !memchr(message->str, '\r', message->len))
			write_and_read(message);
	}
	mbox_reader_free(reader);
	fclose(file);
	return 0;
}
