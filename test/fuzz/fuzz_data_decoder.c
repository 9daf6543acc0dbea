/* room: intake */
/*
 * The DATA decoder: however the input is cut, the result is the same; what it calls clean is clean, and it calls the end
 * only what is CRLF.CRLF. The first two bytes choose the cuts and the limit.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lmtpd/intake/data_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	enum data_progress progress;
	struct data_decoder decoder;
	size_t used;
	GString *content;
};

/* Pieces of `longest` bytes at most, of lengths that follow from `seed`. */
static struct result run(const char *input, size_t size, guint64 limit, size_t longest, unsigned seed)
{
	struct result result = {.progress = DATA_MORE, .content = g_string_new(NULL)};

	data_decoder_start(&result.decoder, limit);
	while (result.used < size && result.progress == DATA_MORE) {
		size_t take, used;

		seed = seed * 1103515245u + 12345u;
		take = MIN(1 + (seed >> 16) % longest, size - result.used);
		char *exact = g_memdup2(input + result.used, take);
		result.progress = data_decoder_feed(&result.decoder, exact, take, result.content, &used);
		g_free(exact);
		if (used > take || (result.progress == DATA_MORE && used != take))
			abort();
		result.used += used;
	}
	return result;
}

static void check_same(const struct result *a, const struct result *b)
{
	if (a->progress != b->progress || a->decoder.faults != b->decoder.faults || !g_string_equal(a->content, b->content))
		abort();
	if (a->progress != DATA_FLOOD &&
		(a->used != b->used || a->decoder.size != b->decoder.size || a->decoder.state != b->decoder.state))
		abort();
}

static void check_content(const struct result *result, const char *input)
{
	const char *text = result->content->str;
	size_t length = result->content->len;

	if (length > result->decoder.limit)
		abort();
	if (result->progress == DATA_END) {
		size_t end = result->used;

		if (end < 3 || memcmp(input + end - 3, ".\r\n", 3) != 0 ||
			(end > 3 && (end < 5 || memcmp(input + end - 5, "\r\n", 2) != 0)))
			abort();
	}
	if (result->progress != DATA_END || result->decoder.faults)
		return;
	if (length != result->decoder.size || (length > 0 && (length < 2 || memcmp(text + length - 2, "\r\n", 2) != 0)))
		abort();
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\0' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) ||
			(text[i] == '\r' && text[i + 1] != '\n'))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const char *input = (const char *)data + 2;
	guint64 limit = data[1] == 255 ? 1000000 : data[1];
	struct result whole = run(input, size - 2, limit, 1, 0);
	struct result parts = run(input, size - 2, limit, 2 + data[0], data[1]);

	check_same(&whole, &parts);
	check_content(&whole, input);
	g_string_free(whole.content, TRUE);
	g_string_free(parts.content, TRUE);
	return 0;
}
