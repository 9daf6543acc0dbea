/*
 * Batches by hash; see batches.h. The hash is FNV-1a with the bits of the seed before, and mixed once more at the end: quick, the same on every machine, and
 * not to be guessed by who chooses an address, since the post's key seeds it.
 */
#include "lib/list/batches.h"

#include <string.h>

enum {
	BATCHES_SPARE = 10, /* a tenth of a batch stays free */
	BATCHES_TRIES = 40,
};

static guint64 add_bytes(guint64 sum, const void *data, gsize length)
{
	const guint8 *bytes = data;

	for (gsize i = 0; i < length; i++)
		sum = (sum ^ bytes[i]) * G_GUINT64_CONSTANT(0x100000001b3);
	return sum;
}

guint batches_place(const guint8 seed[BATCHES_SEED_SIZE], const char *address, guint count)
{
	guint64 sum = add_bytes(G_GUINT64_CONSTANT(0xcbf29ce484222325), seed, BATCHES_SEED_SIZE);

	sum = add_bytes(sum, address, strlen(address));
	/* The low bits of FNV alone follow the last characters too closely. */
	sum ^= sum >> 33;
	sum *= G_GUINT64_CONSTANT(0xff51afd7ed558ccd);
	sum ^= sum >> 33;
	return (guint)(sum % count);
}

/* The size of the largest. */
static guint largest_of(const guint8 seed[BATCHES_SEED_SIZE], const struct recipients *recipients, guint count)
{
	g_autofree guint *sizes = g_new0(guint, count);
	guint largest = 0;

	for (guint i = 0; i < recipients_count(recipients); i++) {
		guint size = ++sizes[batches_place(seed, recipients_get(recipients, i), count)];

		largest = MAX(largest, size);
	}
	return largest;
}

guint batches_count(const guint8 seed[BATCHES_SEED_SIZE], const struct recipients *recipients, guint largest)
{
	guint wanted = MAX(largest - largest / BATCHES_SPARE, 1);
	guint count = recipients_count(recipients) / wanted + 1;

	/* Chance makes some larger than others; a few steps of a tenth even that out. */
	for (guint try = 0; try < BATCHES_TRIES && largest_of(seed, recipients, count) > wanted; try++)
		count += MAX(count / 10, 1);
	return count;
}

struct recipients *batches_pick(const guint8 seed[BATCHES_SEED_SIZE], const struct recipients *recipients, guint number, guint count)
{
	struct recipients *picked = recipients_new();

	for (guint i = 0; i < recipients_count(recipients); i++) {
		const char *address = recipients_get(recipients, i);

		if (batches_place(seed, address, count) == number)
			recipients_add(picked, address);
	}
	recipients_seal(picked);
	return picked;
}
