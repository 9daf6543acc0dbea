/* The way out; see outgoing.h. */
#include "lib/mail/outgoing.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "lib/base/io.h"
#include "lib/base/limits.h"
#include "lib/base/text.h"

enum { CHUNK = 32 * 1024 };

struct writer {
	int fd;
	size_t used;
	gboolean failed;
	char *buffer; /* CHUNK bytes */
};

static void flush(struct writer *writer)
{
	/* A memory file never blocks, so the deadline is only a formality. */
	if (!writer->failed &&
		io_write_all(writer->fd, writer->buffer, writer->used, deadline_in(60)) != IO_OK)
		writer->failed = TRUE;
	writer->used = 0;
}

static void put(struct writer *writer, const char *data, size_t length)
{
	while (length > 0) {
		size_t take = MIN(length, CHUNK - writer->used);

		memcpy(writer->buffer + writer->used, data, take);
		writer->used += take;
		data += take;
		length -= take;
		if (writer->used == CHUNK)
			flush(writer);
	}
}

static void put_lines(struct writer *writer, const char *data, size_t length)
{
	const char *end = data + length, *line_end;

	for (; data < end; data = line_end + 1) {
		line_end = memchr(data, '\n', (size_t)(end - data));
		if (!line_end) {
			put(writer, data, (size_t)(end - data));
			put(writer, "\n", 1);
			return;
		}
		size_t size = (size_t)(line_end - data);
		put(writer, data, size > 0 && data[size - 1] == '\r' ? size - 1 : size);
		put(writer, "\n", 1);
	}
}

int outgoing_write(const struct header *header, const char *body, size_t length)
{
	io_autofd int fd = io_memory_file("outgoing");
	g_autofree char *buffer = g_malloc(CHUNK);
	struct writer writer = {.fd = fd, .buffer = buffer};

	if (fd < 0)
		return -1;
	for (guint i = 0; i < header->fields->len; i++) {
		const struct header_field *field =
			&g_array_index(header->fields, struct header_field, i);

		put_lines(&writer, field->data, field->length);
	}
	put(&writer, "\n", 1);
	put_lines(&writer, body, length);
	flush(&writer);
	if (writer.failed || !io_memory_seal(fd))
		return -1;
	return io_steal_fd(&fd);
}

enum {
	HAS_FROM = 1,
	HAS_DATE = 2,
	HAS_MESSAGE_ID = 4,
};

static guint name_bit(const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	size_t size = colon ? (size_t)(colon - line) : 0;

	if (text_equal_ascii_case(line, size, "From"))
		return HAS_FROM;
	if (text_equal_ascii_case(line, size, "Date"))
		return HAS_DATE;
	return text_equal_ascii_case(line, size, "Message-ID") ? HAS_MESSAGE_ID : 0;
}

/* One line of the header: a field, or a fold behind one. */
static const char *lint_header_line(const char *line, size_t length, guint *seen)
{
	const char *colon = memchr(line, ':', length);

	if (line[0] == ' ' || line[0] == '\t')
		return *seen ? NULL : "the header begins with a fold";
	if (!colon || colon == line || colon[-1] == ' ' || colon[-1] == '\t')
		return "a line of the header is no field";
	*seen |= name_bit(line, length) | 8;
	return NULL;
}

static const char *lint_end(guint seen, gboolean in_header, gboolean line_open)
{
	if (in_header)
		return "no empty line ends the header";
	if (line_open)
		return "the last line has no end";
	if (!(seen & HAS_FROM))
		return "no From field";
	if (!(seen & HAS_DATE))
		return "no Date field";
	return seen & HAS_MESSAGE_ID ? NULL : "no Message-ID field";
}

GString *outgoing_read(const char *data, size_t length)
{
	GString *out = g_string_sized_new(length + length / 32);
	const char *end = data + length;

	while (data < end) {
		const char *line = memchr(data, '\n', (size_t)(end - data));
		size_t size = line ? (size_t)(line - data) : (size_t)(end - data);

		g_string_append_len(out, data, (gssize)size);
		g_string_append(out, "\r\n");
		data += line ? size + 1 : size;
	}
	return out;
}

const char *outgoing_lint(const char *data, size_t length)
{
	const char *end = data + length, *line_end = data;
	gboolean in_header = TRUE;
	guint seen = 0;

	if (length > 0 && (memchr(data, '\r', length) || memchr(data, '\0', length)))
		return "a bare CR or a NUL";
	for (const char *line = data; line < end; line = line_end + 1) {
		line_end = memchr(line, '\n', (size_t)(end - line));
		if (!line_end)
			return lint_end(seen, in_header, TRUE);
		size_t size = (size_t)(line_end - line);
		if (size > LIMIT_LINE)
			return "a line of more than 998 bytes";
		if (in_header && size == 0) {
			in_header = FALSE;
		} else if (in_header) {
			const char *wrong = lint_header_line(line, size, &seen);

			if (wrong)
				return wrong;
		}
	}
	return lint_end(seen, in_header, FALSE);
}
