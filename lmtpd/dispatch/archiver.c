/* Posts on their way into archives; see archiver.h. */
#include "lmtpd/dispatch/archiver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/archive/archive.h"
#include "lib/archive/archive_keys.h"
#include "lib/base/fault.h"
#include "lib/base/log.h"
#include "lib/store/store_kept.h"

enum {
	TICK = 1000,         /* milliseconds between rounds with nothing to do */
	IN_A_ROUND = 20,     /* posts of one list before it is the next one's turn */
	TURN_TIME = 3,       /* seconds, after which no further post is begun */
	PAUSE_FIRST = 60,    /* seconds after the first failure */
	PAUSE_MOST = 3600,
	ALARM_EACH = 5,      /* failures */
	BROKEN_MOST = 8,     /* failures of one post with a 500, some two hours, until it is taken for the cause */
	LISTS_MOST = 10000,  /* lists that we remember something of */
};

/* What we remember of a list. */
struct course {
	guint failures;
	gint64 next_at;      /* monotonic microseconds */
	gint64 broken;       /* the post over which the archive came to grief, and how often */
	guint broken_count;
	gboolean settled;    /* the last attempt ended and is recorded: the next post was never tried */
};

struct archiver {
	struct store *store;
	const struct pool_setup *setup;
	const volatile gint *stop;
	GHashTable *courses; /* list -> struct course */
	GHashTable *silent;  /* places that did not answer in this round, and why */
};

static struct course *course_of(struct archiver *archiver, const char *list)
{
	struct course *course = g_hash_table_lookup(archiver->courses, list);

	if (course)
		return course;
	if (g_hash_table_size(archiver->courses) >= LISTS_MOST)
		g_hash_table_remove_all(archiver->courses);
	course = g_new0(struct course, 1);
	g_hash_table_insert(archiver->courses, g_strdup(list), course);
	return course;
}

static void fail(struct course *course, const char *list, const char *why)
{
	guint doublings = MIN(course->failures, 10);
	gint64 pause = MIN((gint64)PAUSE_FIRST << doublings, PAUSE_MOST);

	course->failures++;
	course->settled = FALSE;
	course->next_at = g_get_monotonic_time() + pause * G_USEC_PER_SEC;
	log_warning("%slist=<%s> archive: %s; its posts wait, tried again in %" G_GINT64_FORMAT " s (%u so far)",
		course->failures % ALARM_EACH == 0 ? "ALARM " : "", list, why, pause, course->failures);
}

/* ---- one post ---- */

static gboolean read_message(struct store *store, gint64 id, int fd, struct io_mapping *message, gboolean *missing, GError **error)
{
	enum store_message found = store_kept_write(store, id, fd, error);

	*missing = found == STORE_MESSAGE_MISSING;
	return found == STORE_MESSAGE_WHOLE && io_memory_seal(fd) && io_map(fd, TRUE, message);
}

static enum archive_result put(struct archiver *archiver, const char *list, const struct course *course, gint64 id, char **why)
{
	const struct settings *settings = archiver->setup->settings;
	archive_place_auto struct archive_place place = {0};
	g_autoptr(GError) error = NULL;
	io_autofd int fd = io_memory_file("archive");
	struct io_mapping message = {0};
	struct store_kept kept = {0};
	gboolean missing = FALSE;
	enum archive_result result = ARCHIVE_TROUBLE;

	*why = NULL;
	if (!archive_place_read(settings, list, &place, &error)) {
		*why = g_strdup(error->message);
		return ARCHIVE_TROUBLE;
	}
	const char *silent = place.where ? g_hash_table_lookup(archiver->silent, place.where) : NULL;
	if (silent) {
		*why = g_strdup(silent);
		return ARCHIVE_TROUBLE;
	}
	if (fd >= 0 && store_kept_get(archiver->store, id, &kept, &error) && read_message(archiver->store, id, fd, &message, &missing, &error)) {
		const struct archive_post post = {
			.place = &place,
			.list = list,
			.key = archive_keys_get(archiver->setup->archive_keys, settings, list),
			.ca_file = settings_text(settings, SET_archive_ca_file, list),
			.message = &message,
			.at = kept.at,
			.repeated = !course->settled,
			.stop = archiver->stop,
		};
		FAULT_POINT("before-archive");
		result = archive_put(&post, why);
		FAULT_POINT("after-archive");
		io_unmap(&message);
	}
	store_kept_clear(&kept);
	if (missing) {
		*why = g_strdup("the stored post is damaged");
		return ARCHIVE_REFUSED;
	}
	if (result == ARCHIVE_SILENT)
		g_hash_table_insert(archiver->silent, g_strdup(place.where), g_strdup(*why));
	if (result != ARCHIVE_DONE && !*why)
		*why = g_strdup(error ? error->message : "internal trouble (memory)");
	return result;
}

/* A message on which the archive itself breaks each time would keep all others out for ever. */
static gboolean is_the_cause(struct course *course, gint64 id)
{
	if (course->broken != id) {
		course->broken = id;
		course->broken_count = 0;
	}
	return ++course->broken_count >= BROKEN_MOST;
}

/* FALSE: the list is to be left alone for a while. */
static gboolean take(struct archiver *archiver, const char *list, struct course *course, gint64 id)
{
	g_autofree char *why = NULL;
	g_autoptr(GError) error = NULL;
	enum archive_result result = put(archiver, list, course, id, &why);

	if (result == ARCHIVE_BROKEN && is_the_cause(course, id))
		result = ARCHIVE_REFUSED;
	if (result != ARCHIVE_DONE && result != ARCHIVE_REFUSED) {
		if (!*archiver->stop)
			fail(course, list, why);
		return FALSE;
	}
	if (!(result == ARCHIVE_DONE ? store_archive_done(archiver->store, id, &error) : store_archive_aside(archiver->store, id, &error))) {
		fail(course, list, error->message);
		return FALSE;
	}
	if (result == ARCHIVE_REFUSED)
		log_warning("ALARM list=<%s> archive: post %" G_GINT64_FORMAT " is set aside: %s; see rollcall archive status", list, id, why);
	if (course->failures > 0)
		log_info("list=<%s> archive: takes posts again", list);
	*course = (struct course){.settled = TRUE};
	return TRUE;
}

/* ---- rounds ---- */

/* Whether anything was done. */
static gboolean look_at(struct archiver *archiver, const struct store_archive_list *waiting, gint64 now)
{
	struct course *course = course_of(archiver, waiting->list);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GError) error = NULL;
	gint64 end = g_get_monotonic_time() + (gint64)TURN_TIME * G_USEC_PER_SEC;
	guint done = 0;

	if (waiting->posts == 0 || course->next_at > now)
		return FALSE;
	if (!store_archive_due(archiver->store, waiting->list, IN_A_ROUND, ids, &error)) {
		log_warning("state store: %s", error->message);
		return FALSE;
	}
	while (done < ids->len && !*archiver->stop && take(archiver, waiting->list, course, g_array_index(ids, gint64, done))) {
		done++;
		if (g_get_monotonic_time() > end)
			break;
	}
	return done > 0;
}

static gboolean go_round(struct archiver *archiver)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) lists = store_archive_lists(archiver->store, &error);
	gint64 now = g_get_monotonic_time();
	gboolean done = FALSE;

	if (!lists)
		log_warning("state store: %s", error->message);
	g_hash_table_remove_all(archiver->silent);
	for (guint i = 0; lists && i < lists->len && !*archiver->stop; i++)
		done = look_at(archiver, g_ptr_array_index(lists, i), now) || done;
	return done;
}

/* The lock is the kernel's: a crash leaves none. */
static int take_lock(const struct pool_setup *setup, const volatile gint *stop)
{
	g_autofree char *path = g_build_filename(settings_text(setup->settings, SET_state_directory, NULL), "archive.lock", NULL);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fd < 0)
		log_fatal("%s: %s", path, g_strerror(errno));
	while (!*stop && fcntl(fd, F_OFD_SETLK, &whole) != 0)
		poll(NULL, 0, TICK);
	return fd;
}

void archiver_run(struct store *store, const struct pool_setup *setup, const volatile gint *stop)
{
	io_autofd int lock = take_lock(setup, stop);
	struct archiver archiver = {
		.store = store,
		.setup = setup,
		.stop = stop,
		.courses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
		.silent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
	};

	while (!*stop)
		if (!go_round(&archiver))
			poll(NULL, 0, TICK);
	g_hash_table_unref(archiver.courses);
	g_hash_table_unref(archiver.silent);
}
