/* A message through DATA; see smtp_message.h. */
#include "lib/relay/smtp_message.h"

#include <string.h>

enum { BUFFER_SIZE = 16 * 1024 }; /* one TLS record */

void smtp_message_needs(const struct io_mapping *message, struct smtp_needs *needs)
{
	gboolean in_header = TRUE;
	guint64 lines = 0;
	char last = '\n';

	*needs = (struct smtp_needs){0};
	for (gsize i = 0; i < message->length; i++) {
		char byte = message->data[i];

		if ((byte & 0x80) != 0) {
			needs->eight_bit = TRUE;
			needs->utf8 = needs->utf8 || in_header;
		} else if (byte == '\n') {
			in_header = in_header && last != '\n';
			lines++;
		} else if (byte == '\r' || byte == '\0') {
			needs->impossible = TRUE;
		}
		last = byte;
	}
	needs->size = message->length + lines + (last != '\n' ? 2 : 0);
}

struct writer {
	struct smtp_stream *stream;
	struct deadline deadline;
	enum smtp_stream_result result;
	gsize used;
	char buffer[BUFFER_SIZE];
};

static void flush(struct writer *writer)
{
	if (writer->result == SMTP_STREAM_SENT)
		writer->result = smtp_stream_send(writer->stream, writer->buffer, writer->used, writer->deadline);
	writer->used = 0;
}

static void add(struct writer *writer, const char *data, gsize length)
{
	while (length > 0) {
		gsize piece = MIN(length, BUFFER_SIZE - writer->used);

		memcpy(writer->buffer + writer->used, data, piece);
		writer->used += piece;
		data += piece;
		length -= piece;
		if (writer->used == BUFFER_SIZE)
			flush(writer);
	}
}

enum smtp_stream_result smtp_message_send(struct smtp_stream *stream, const struct io_mapping *message, struct deadline deadline)
{
	g_autofree struct writer *writer = g_new(struct writer, 1);
	gsize place = 0;

	*writer = (struct writer){.stream = stream, .deadline = deadline, .result = SMTP_STREAM_SENT};
	while (place < message->length && writer->result == SMTP_STREAM_SENT) {
		const char *line = message->data + place;
		gsize left = message->length - place;
		const char *end = memchr(line, '\n', left);
		gsize length = end ? (gsize)(end - line) : left;

		if (line[0] == '.')
			add(writer, ".", 1);
		add(writer, line, length);
		add(writer, "\r\n", 2);
		place += length + 1;
	}
	flush(writer);
	return writer->result;
}
