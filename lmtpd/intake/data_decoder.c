/*
 * The automaton of data_decoder.h. Within a line it goes from one CR, LF or NUL to the next and copies what lies between;
 * only around line ends does it step byte by byte. A plain loop looks for them: with memchr() for each of the
 * three, a message of nothing but CRs would cost the square of the piece's length.
 */
#include "lmtpd/intake/data_decoder.h"

#include <string.h>

#include "lib/base/log.h"

void data_decoder_start(struct data_decoder *decoder, guint64 limit)
{
	*decoder = (struct data_decoder){.limit = limit, .state = DATA_LINE_START};
}

static gboolean is_flood(const struct data_decoder *decoder)
{
	return decoder->size > decoder->limit && decoder->size - decoder->limit > decoder->limit;
}

/* Content goes out up to the very byte where the limit is passed, however the input was cut. */
static void put(struct data_decoder *decoder, const char *data, size_t length, GString *out)
{
	guint64 room = decoder->limit - MIN(decoder->size, decoder->limit);

	decoder->size += length;
	if (!decoder->faults)
		g_string_append_len(out, data, (gssize)MIN(length, room));
	if (length > room)
		decoder->faults |= DATA_FAULT_TOO_BIG;
}

static size_t plain_length(const char *data, size_t length)
{
	size_t i = 0;

	while (i < length && data[i] != '\n' && data[i] != '\r' && data[i] != '\0')
		i++;
	return i;
}

/* Takes input within a line: a run of plain bytes, or one special byte. Returns how many. */
static size_t take_text(struct data_decoder *decoder, const char *data, size_t length, GString *out)
{
	size_t plain = plain_length(data, length);

	decoder->state = DATA_TEXT;
	if (plain > 0) {
		put(decoder, data, plain, out);
		return plain;
	}
	switch (data[0]) {
	case '\r':
		decoder->state = DATA_CR;
		return 1;
	case '\n':
		decoder->faults |= DATA_FAULT_BARE_LF;
		break;
	default:
		decoder->faults |= DATA_FAULT_NUL;
		break;
	}
	put(decoder, data, 1, out);
	return 1;
}

/* One step; sets `*end` when it was the last. */
static size_t step(struct data_decoder *decoder, const char *data, size_t length, GString *out, gboolean *end)
{
	switch (decoder->state) {
	case DATA_LINE_START:
		if (data[0] != '.')
			break;
		decoder->state = DATA_DOT;
		return 1;
	case DATA_DOT:
		if (data[0] != '\r')
			break;
		decoder->state = DATA_DOT_CR;
		return 1;
	case DATA_TEXT:
		break;
	case DATA_DOT_CR:
	case DATA_CR:
		if (data[0] != '\n') {
			decoder->faults |= DATA_FAULT_BARE_CR;
			put(decoder, "\r", 1, out);
			break;
		}
		if (decoder->state == DATA_CR)
			put(decoder, "\r\n", 2, out);
		else
			*end = TRUE;
		decoder->state = DATA_LINE_START;
		return 1;
	}
	return take_text(decoder, data, length, out);
}

enum data_progress data_decoder_feed(struct data_decoder *decoder, const char *data, size_t length, GString *out,
	size_t *used)
{
	gboolean end = FALSE;

	*used = 0;
	while (*used < length) {
		*used += step(decoder, data + *used, length - *used, out, &end);
		if (end)
			return DATA_END;
		if (is_flood(decoder))
			return DATA_FLOOD;
	}
	return DATA_MORE;
}
