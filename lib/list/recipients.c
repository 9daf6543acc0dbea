/*
 * The recipients of one fan-out; see recipients.h. Addresses stand one after another,
 * NUL-terminated, in blocks that never move: nothing is copied while the list grows, so wiping
 * the blocks wipes every byte. A recipient is then a 32-bit place (block and position), and the
 * duplicate check an open-addressed table of 32-bit numbers. The hash is keyed at random, because
 * members choose their addresses and could choose them all to collide.
 */
#include "lib/list/recipients.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/log.h"

enum {
	BLOCK_BITS = 18,
	BLOCK_SIZE = 1 << BLOCK_BITS,       /* bytes */
	BLOCK_LIMIT = 1 << (32 - BLOCK_BITS), /* what a 32-bit place can say: 4 GiB in all */
	FIRST_PLACES = 256,
	FIRST_SLOTS = 512, /* a power of two */
};

struct recipients {
	char **blocks;
	guint block_count;
	gsize block_used; /* bytes of the last block */
	guint32 *places;
	guint count, room;
	guint32 *slots; /* number of a recipient plus one; 0: free. NULL once sealed */
	guint32 slot_count;
	guint64 key[2];
};

struct recipients *recipients_new(void)
{
	struct recipients *recipients = g_new0(struct recipients, 1);

	recipients->room = FIRST_PLACES;
	recipients->places = g_new(guint32, recipients->room);
	recipients->slot_count = FIRST_SLOTS;
	recipients->slots = g_new0(guint32, recipients->slot_count);
	if (getrandom(recipients->key, sizeof(recipients->key), 0) != sizeof(recipients->key))
		log_fatal("no random numbers: %s", g_strerror(errno));
	return recipients;
}

void recipients_free(struct recipients *recipients)
{
	if (!recipients)
		return;
	for (guint i = 0; i < recipients->block_count; i++) {
		gboolean is_last = i + 1 == recipients->block_count;

		explicit_bzero(recipients->blocks[i], is_last ? recipients->block_used : BLOCK_SIZE);
		g_free(recipients->blocks[i]);
	}
	g_free(recipients->blocks);
	g_free(recipients->places);
	g_free(recipients->slots);
	g_free(recipients);
}

static const char *at_place(const struct recipients *recipients, guint32 place)
{
	return recipients->blocks[place >> BLOCK_BITS] + (place & (BLOCK_SIZE - 1));
}

/* A 64 by 64 bit product folded in half, the mixing step of wyhash. */
static guint64 mix(guint64 a, guint64 b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (guint64)product ^ (guint64)(product >> 64);
}

static guint32 hash(const struct recipients *recipients, const char *text, gsize length)
{
	guint64 state = recipients->key[0] ^ length;

	while (length > 0) {
		guint64 piece = 0;
		gsize take = MIN(length, sizeof(piece));

		memcpy(&piece, text, take);
		state = mix(state ^ piece, recipients->key[1] | 1);
		text += take;
		length -= take;
	}
	return (guint32)mix(state, 0x9e3779b97f4a7c15);
}

/* The slot that has this address, or the free one where it belongs. */
static guint32 *find_slot(const struct recipients *recipients, const char *address, gsize length)
{
	guint32 mask = recipients->slot_count - 1;
	guint32 at = hash(recipients, address, length) & mask;

	while (recipients->slots[at] != 0) {
		if (strcmp(recipients_get(recipients, recipients->slots[at] - 1), address) == 0)
			break;
		at = (at + 1) & mask;
	}
	return &recipients->slots[at];
}

static void grow_slots(struct recipients *recipients)
{
	g_free(recipients->slots);
	recipients->slot_count *= 2;
	recipients->slots = g_new0(guint32, recipients->slot_count);
	for (guint i = 0; i < recipients->count; i++) {
		const char *address = recipients_get(recipients, i);

		*find_slot(recipients, address, strlen(address)) = i + 1;
	}
}

/* Copies the address behind the others, into a new block where it does not fit. */
static guint32 store(struct recipients *recipients, const char *address, gsize size)
{
	if (recipients->block_count == 0 || recipients->block_used + size > BLOCK_SIZE) {
		if (recipients->block_count == BLOCK_LIMIT || size > BLOCK_SIZE)
			log_fatal("more recipients than fit into 4 GiB");
		recipients->blocks = g_renew(char *, recipients->blocks, recipients->block_count + 1);
		recipients->blocks[recipients->block_count++] = g_malloc(BLOCK_SIZE);
		recipients->block_used = 0;
	}
	guint32 place = (guint32)((recipients->block_count - 1) << BLOCK_BITS | recipients->block_used);
	memcpy(recipients->blocks[recipients->block_count - 1] + recipients->block_used, address, size);
	recipients->block_used += size;
	return place;
}

gboolean recipients_add(struct recipients *recipients, const char *address)
{
	gsize length = strlen(address);

	if (!recipients->slots)
		log_panic("recipients_add after recipients_seal");
	guint32 *slot = find_slot(recipients, address, length);
	if (*slot != 0)
		return FALSE;
	if (recipients->count == recipients->room) {
		recipients->room *= 2;
		recipients->places = g_renew(guint32, recipients->places, recipients->room);
	}
	recipients->places[recipients->count++] = store(recipients, address, length + 1);
	*slot = recipients->count;
	/* Three quarters full: beyond, probes get long. */
	if (recipients->count >= recipients->slot_count / 4 * 3)
		grow_slots(recipients);
	return TRUE;
}

gboolean recipients_has(const struct recipients *recipients, const char *address)
{
	if (!recipients->slots)
		log_panic("recipients_has after recipients_seal");
	return *find_slot(recipients, address, strlen(address)) != 0;
}

void recipients_seal(struct recipients *recipients)
{
	g_clear_pointer(&recipients->slots, g_free);
	if (recipients->count > 0)
		recipients->places = g_renew(guint32, recipients->places, recipients->count);
	recipients->room = recipients->count;
}

guint recipients_count(const struct recipients *recipients)
{
	return recipients->count;
}

const char *recipients_get(const struct recipients *recipients, guint place)
{
	if (place >= recipients->count)
		log_panic("recipients_get: %u of %u", place, recipients->count);
	return at_place(recipients, recipients->places[place]);
}
