/* An mbox on its way into an archive; see archive_import.h. */
#include "cli/archive_import.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "lib/archive/mbox.h"
#include "lib/store/store_kept.h"

enum {
	WAITING_MOST = 200,               /* posts of the list in the store */
	WAITING_BYTES = 64 * 1024 * 1024, /* the same in bytes */
	LOOK_EACH = 20,                   /* posts between two looks at that */
	PAUSE = 100,                      /* milliseconds */
	PATIENCE = 120,                   /* seconds in which the archive takes nothing */
	TELL_EACH = 1000,                 /* posts */
};

static gboolean give_up(GError **error, const char *text)
{
	g_set_error_literal(error, STORE_ERROR, STORE_ERROR_TROUBLE, text);
	return FALSE;
}

static const struct store_archive_list *find(const GPtrArray *lists, const char *name)
{
	for (guint i = 0; i < lists->len; i++) {
		const struct store_archive_list *list = g_ptr_array_index(lists, i);

		if (g_str_equal(list->list, name))
			return list;
	}
	return NULL;
}

/* What is set aside does not go away by waiting. */
static gboolean wait_for_room(const struct archive_import *import, GError **error)
{
	gint64 until = g_get_monotonic_time() + (gint64)PATIENCE * G_USEC_PER_SEC;
	guint least = G_MAXUINT;

	for (;;) {
		g_autoptr(GPtrArray) lists = store_archive_lists(import->store, error);
		const struct store_archive_list *list = lists ? find(lists, import->list) : NULL;

		if (!lists)
			return FALSE;
		if (!list || list->posts == 0 || (list->posts < WAITING_MOST && list->bytes < WAITING_BYTES))
			return TRUE;
		if (list->posts < least)
			until = g_get_monotonic_time() + (gint64)PATIENCE * G_USEC_PER_SEC;
		least = MIN(least, list->posts);
		if (g_get_monotonic_time() > until)
			return give_up(error, "the archive takes nothing: does the daemon run, and what does its log say? Run this again then, no post comes twice");
		poll(NULL, 0, PAUSE);
	}
}

static void make_key(const char *list, const GString *message, guint8 key[STORE_KEY_SIZE])
{
	static const char kind[] = "archive import";
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize length = STORE_KEY_SIZE;

	g_checksum_update(sum, (const guchar *)kind, sizeof(kind));
	g_checksum_update(sum, (const guchar *)list, (gssize)strlen(list) + 1);
	g_checksum_update(sum, (const guchar *)message->str, (gssize)message->len);
	g_checksum_get_digest(sum, key, &length);
}

static gboolean take(struct archive_import *import, const GString *message, gint64 at, GError **error)
{
	const struct io_mapping mapping = {.data = message->str, .length = message->len};
	const struct store_kept_plan plan = {
		.list = import->list, .message = &mapping, .archived_at = "", .archive = TRUE, .queue_id = "imported", .at = at};
	guint8 key[STORE_KEY_SIZE];

	make_key(import->list, message, key);
	switch (store_claim(import->store, key, NULL, error)) {
	case STORE_DONE:
		import->known++;
		return TRUE;
	case STORE_IN_PROGRESS:
		return give_up(error, "somebody else brings in the same posts");
	case STORE_TROUBLE:
		return FALSE;
	case STORE_NEW:
	case STORE_UNCLEAR:
		break;
	}
	gboolean good = store_kept_add(import->store, key, &plan, error);
	store_release(import->store);
	import->taken += good;
	return good;
}

static void tell(const struct archive_import *import)
{
	guint all = import->taken + import->known + import->older + import->large;

	if (import->progress && all % TELL_EACH == 0)
		fprintf(stderr, "%u posts read, %u taken\n", all, import->taken);
}

gboolean archive_import_run(struct archive_import *import, GError **error)
{
	struct mbox_reader *reader = mbox_reader_new(import->file, import->most);
	g_autoptr(GString) message = g_string_new(NULL);
	enum mbox_read found;
	gboolean good = TRUE;
	gint64 at;

	while (good && (found = mbox_reader_next(reader, message, &at)) != MBOX_END) {
		if (found == MBOX_NO_MBOX)
			good = give_up(error, "is no mbox: it does not begin with a \"From \" line");
		else if (found == MBOX_TROUBLE)
			good = give_up(error, g_strerror(errno));
		else if (found == MBOX_TOO_LARGE)
			import->large++;
		else if (at != 0 && at < import->from)
			import->older++;
		else
			good = (import->taken % LOOK_EACH != 0 || wait_for_room(import, error)) && take(import, message, at, error);
		tell(import);
	}
	mbox_reader_free(reader);
	return good;
}
