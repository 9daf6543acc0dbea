/* Canonical forms; see canonical.h. */
#include "lib/mail/canonical.h"

#include <openssl/evp.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

enum { BUFFER = 16 * 1024 };

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static gboolean read_form(const char *text, size_t length, enum canonical_form *form)
{
	*form = text_equal_ascii_case(text, length, "relaxed") ? CANONICAL_RELAXED : CANONICAL_SIMPLE;
	return *form == CANONICAL_RELAXED || text_equal_ascii_case(text, length, "simple");
}

gboolean canonical_read(const char *text, enum canonical_form *header, enum canonical_form *body)
{
	*header = *body = CANONICAL_SIMPLE;
	if (!text)
		return TRUE;
	const char *slash = strchr(text, '/');
	if (!slash)
		return read_form(text, strlen(text), header);
	return read_form(text, (size_t)(slash - text), header) && read_form(slash + 1, strlen(slash + 1), body);
}

/* ---- fields ---- */

static void relax_field(const char *data, size_t length, GString *out)
{
	const char *colon = memchr(data, ':', length), *end = data + length;
	size_t name = colon ? (size_t)(colon - data) : length;
	gboolean blank = FALSE;

	while (name > 0 && is_blank(data[name - 1]))
		name--;
	for (size_t i = 0; i < name; i++)
		g_string_append_c(out, g_ascii_tolower(data[i]));
	if (!colon)
		return;
	g_string_append_c(out, ':');
	size_t start = out->len;
	for (const char *c = colon + 1; c < end; c++) {
		if (is_blank(*c)) {
			blank = TRUE;
		} else if (end - c >= 2 && c[0] == '\r' && c[1] == '\n') {
			c++;
		} else {
			if (blank && out->len > start)
				g_string_append_c(out, ' ');
			blank = FALSE;
			g_string_append_c(out, *c);
		}
	}
}

void canonical_field(const char *data, size_t length, enum canonical_form form, GString *out)
{
	if (length >= 2 && data[length - 2] == '\r' && data[length - 1] == '\n')
		length -= 2;
	if (form == CANONICAL_RELAXED)
		relax_field(data, length, out);
	else
		g_string_append_len(out, data, (gssize)length);
}

/* ---- bodies ---- */

struct sink {
	EVP_MD_CTX *context;
	guint64 written, empty; /* bytes; empty lines that only count when another line follows */
	size_t used;
	char buffer[BUFFER];
};

static void flush(struct sink *sink)
{
	if (EVP_DigestUpdate(sink->context, sink->buffer, sink->used) != 1)
		log_panic("canonical: SHA-256 does not go on");
	sink->written += sink->used;
	sink->used = 0;
}

static void put(struct sink *sink, const char *data, size_t length)
{
	while (length > 0) {
		size_t take = MIN(length, BUFFER - sink->used);

		memcpy(sink->buffer + sink->used, data, take);
		sink->used += take;
		data += take;
		length -= take;
		if (sink->used == BUFFER)
			flush(sink);
	}
}

static void put_relaxed(struct sink *sink, const char *line, size_t length)
{
	const char *end = line + length;

	while (line < end) {
		const char *word = line;

		while (word < end && is_blank(*word))
			word++;
		if (word > line)
			put(sink, " ", 1);
		for (line = word; line < end && !is_blank(*line); line++)
			;
		put(sink, word, (size_t)(line - word));
	}
}

/* A line without its CRLF. */
static void put_line(struct sink *sink, const char *line, size_t length, enum canonical_form form)
{
	while (form == CANONICAL_RELAXED && length > 0 && is_blank(line[length - 1]))
		length--;
	if (length == 0) {
		sink->empty++;
		return;
	}
	for (; sink->empty > 0; sink->empty--)
		put(sink, "\r\n", 2);
	if (form == CANONICAL_RELAXED)
		put_relaxed(sink, line, length);
	else
		put(sink, line, length);
	put(sink, "\r\n", 2);
}

/* The CRLF at or behind `place`, or `end`. */
static const char *find_line_end(const char *place, const char *end)
{
	for (const char *c = place; c < end && (c = memchr(c, '\n', (size_t)(end - c))); c++)
		if (c > place && c[-1] == '\r')
			return c - 1;
	return end;
}

guint64 canonical_body(const char *data, size_t length, enum canonical_form form, guint8 digest[CANONICAL_DIGEST])
{
	struct sink sink = {.context = EVP_MD_CTX_new()};
	const char *end = data + length;

	if (!sink.context || EVP_DigestInit_ex(sink.context, EVP_sha256(), NULL) != 1)
		log_panic("canonical: there is no SHA-256");
	for (const char *line = data, *line_end; line < end; line = line_end + 2) {
		line_end = find_line_end(line, end);
		put_line(&sink, line, (size_t)(line_end - line), form);
		if (line_end == end)
			break;
	}
	/* Of nothing the simple form makes one empty line. */
	if (form == CANONICAL_SIMPLE && sink.written + sink.used == 0)
		put(&sink, "\r\n", 2);
	flush(&sink);
	if (EVP_DigestFinal_ex(sink.context, digest, NULL) != 1)
		log_panic("canonical: SHA-256 does not end");
	EVP_MD_CTX_free(sink.context);
	return sink.written;
}
