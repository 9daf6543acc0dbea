/* Counting who dies of a message; see poison.h. */
#include "lmtpd/intake/poison.h"

#include <string.h>
#include <sys/mman.h>

#include "lib/base/log.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/post_key.h"

G_STATIC_ASSERT((int)POISON_KEY_SIZE == (int)POST_KEY_SIZE);

struct poison {
	guint8 armed, key[POISON_KEY_SIZE];
};

struct poison *poison_new(void)
{
	void *page = mmap(NULL, sizeof(struct poison), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

void poison_keep(struct poison *poison)
{
	/* Failing that a later child, if owned, could blame another's message: it has to know its bytes. */
	if (poison)
		madvise(poison, sizeof(*poison), MADV_DONTFORK);
}

void poison_free(struct poison *poison)
{
	if (poison)
		munmap(poison, sizeof(*poison));
}

void poison_arm(struct poison *poison, const guint8 key[POISON_KEY_SIZE])
{
	if (!poison)
		return;
	memcpy(poison->key, key, POISON_KEY_SIZE);
	__atomic_store_n(&poison->armed, 1, __ATOMIC_RELEASE);
}

void poison_disarm(struct poison *poison)
{
	if (poison)
		__atomic_store_n(&poison->armed, 0, __ATOMIC_RELEASE);
}

void poison_key(gint64 held, const char *sender, const struct io_mapping *raw, guint8 key[POISON_KEY_SIZE])
{
	g_autofree char *what = g_strdup_printf("read %" G_GINT64_FORMAT, held);
	const char *const words[] = {what, sender, NULL};

	if (!post_key_make(words, raw->data, raw->length, key))
		log_panic("poison: there is no SHA-256");
}

static GVariant *key_argument(const guint8 *key)
{
	return g_variant_new("(@ay)", g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, key, POISON_KEY_SIZE, 1));
}

void poison_report(const struct poison *poison, int jobs)
{
	guint8 key[POISON_KEY_SIZE];

	if (!poison || __atomic_load_n(&poison->armed, __ATOMIC_ACQUIRE) != 1)
		return;
	memcpy(key, poison->key, sizeof(key));
	if (!wire_tell(jobs, WIRE_DEATH, key_argument(key)))
		log_warning("a message has killed its reader, and nobody is there to count it");
}

guint poison_deaths(int tickets, int phase, const guint8 key[POISON_KEY_SIZE], struct deadline deadline)
{
	io_autofd int own = phase >= 0 ? -1 : wire_open(tickets, deadline);
	struct wire_question question = {.request = WIRE_DEATHS, .arguments = key_argument(key), .fd = -1};
	struct verdict verdict = VERDICT_UNDECIDED;
	guint deaths = 0;

	if (phase < 0 && own < 0) {
		g_variant_unref(g_variant_ref_sink(question.arguments));
		return 0;
	}
	g_autoptr(GVariant) answer = wire_call(phase >= 0 ? phase : own, &question, deadline, &verdict);
	if (answer && !verdict_is_final(&verdict))
		g_variant_get(answer, "(@(uuss)u)", NULL, &deaths);
	return deaths;
}
