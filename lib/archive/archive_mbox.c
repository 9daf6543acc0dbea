/*
 * A post onto the end of an mbox. Under both locks a note is written first: where the post will begin, how long it is, its hash and its first line. What a
 * crash leaves: the note without the post, or with a piece of it, which the next one cuts off if it is as the note says, or with all of it,
 * which is then known. What others append or remove meanwhile is left alone: a note that does not fit says nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/archive/archive.h"
#include "lib/archive/mbox.h"
#include "lib/base/text.h"

enum {
	WRITE_TIME = 60,     /* seconds */
	LOCK_TIME = 2,       /* seconds until somebody else's lock counts as trouble */
	LOCK_PAUSE = 100,    /* milliseconds between looks at it */
	LOCK_STALE = 300,    /* seconds: as liblockfile has it, nobody writes that long */
	FILE_MODE = 0640,
	NOTE_LIMIT = 1024,   /* bytes */
};

struct mbox {
	const char *path;
	char *lock, *note;
	int fd;
	gboolean locked; /* the dot-lock is ours */
	off_t size;
};

struct note {
	gint64 offset, length;
	char *hash, *line;
};

/* ---- locks ---- */

/* Ours says who made it: whom a crash took is known at once. */
static gboolean is_stale(const char *lock)
{
	struct stat status;
	char text[64] = "";
	static const char mark[] = "rollcall ";
	guint64 pid;
	io_autofd int fd = open(lock, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &status) != 0)
		return FALSE;
	if (read(fd, text, sizeof(text) - 1) > 0 && g_str_has_prefix(text, mark) &&
		text_parse_number(text + strlen(mark), strcspn(text + strlen(mark), "\n"), 1, G_MAXINT32, &pid) && kill((pid_t)pid, 0) != 0 &&
		errno == ESRCH)
		return TRUE;
	return time(NULL) - status.st_mtime > LOCK_STALE;
}

/* Made under another name and linked, so that no crash leaves a lock that does not say whose it was. FALSE with EEXIST: it is taken. */
static gboolean make_lock(const char *lock)
{
	g_autofree char *new = g_strconcat(lock, ".new", NULL);

	if (unlink(new) != 0 && errno != ENOENT)
		return FALSE;
	io_autofd int fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	gboolean good = fd >= 0 && dprintf(fd, "rollcall %d\n", (int)getpid()) > 0 && link(new, lock) == 0;
	int number = errno;
	unlink(new);
	errno = number;
	return good;
}

/* Two who find it stale at one time may both think that they have it: the lock on the file itself keeps them apart. */
static gboolean take_dot_lock(struct mbox *mbox, struct deadline deadline)
{
	for (;;) {
		mbox->locked = make_lock(mbox->lock);
		if (mbox->locked)
			return TRUE;
		if (errno != EEXIST)
			return FALSE;
		if (is_stale(mbox->lock) && unlink(mbox->lock) == 0)
			continue;
		errno = EEXIST;
		if (deadline_passed(deadline))
			return FALSE;
		poll(NULL, 0, LOCK_PAUSE);
	}
}

static gboolean take_file_lock(const struct mbox *mbox, struct deadline deadline)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	while (fcntl(mbox->fd, F_OFD_SETLK, &whole) != 0) {
		if ((errno != EAGAIN && errno != EACCES) || deadline_passed(deadline))
			return FALSE;
		poll(NULL, 0, LOCK_PAUSE);
	}
	return TRUE;
}

static void close_mbox(struct mbox *mbox)
{
	io_close(&mbox->fd);
	if (mbox->locked)
		unlink(mbox->lock);
	g_free(mbox->lock);
	g_free(mbox->note);
}

static gboolean open_mbox(struct mbox *mbox)
{
	struct deadline deadline = deadline_in(LOCK_TIME);
	struct stat status;

	mbox->lock = g_strconcat(mbox->path, ".lock", NULL);
	mbox->note = g_strconcat(mbox->path, ".rollcall", NULL);
	if (!take_dot_lock(mbox, deadline))
		return FALSE;
	mbox->fd = open(mbox->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, FILE_MODE);
	if (mbox->fd < 0 || !take_file_lock(mbox, deadline) || fstat(mbox->fd, &status) != 0)
		return FALSE;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return FALSE;
	}
	mbox->size = status.st_size;
	return TRUE;
}

/* ---- the note ---- */

static gboolean read_note(const struct mbox *mbox, struct note *note)
{
	char text[NOTE_LIMIT] = "";
	guint64 offset, length;
	io_autofd int fd = open(mbox->note, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	*note = (struct note){0};
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return FALSE;
	g_auto(GStrv) words = g_strsplit_set(text, " \n", 4);
	if (g_strv_length(words) != 4 || !text_parse_number(words[0], strlen(words[0]), 0, G_MAXINT64 / 2, &offset) ||
		!text_parse_number(words[1], strlen(words[1]), 1, G_MAXINT64 / 2, &length))
		return FALSE;
	*note = (struct note){.offset = (gint64)offset, .length = (gint64)length, .hash = g_strdup(words[2]), .line = g_strdup(words[3])};
	return g_str_has_prefix(note->line, "From ");
}

static gboolean sync_directory(const char *path)
{
	g_autofree char *parent = g_path_get_dirname(path);
	io_autofd int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0;
}

static gboolean write_note(const struct mbox *mbox, gint64 offset, const GString *text, const char *hash)
{
	g_autofree char *new = g_strconcat(mbox->note, ".new", NULL);
	gsize line = strcspn(text->str, "\n") + 1;
	g_autofree char *note = g_strdup_printf("%" G_GINT64_FORMAT " %" G_GSIZE_FORMAT " %s\n%.*s", offset, text->len, hash, (int)line, text->str);

	if (unlink(new) != 0 && errno != ENOENT)
		return FALSE;
	io_autofd int fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0 && io_write_all(fd, note, strlen(note), deadline_in(WRITE_TIME)) == IO_OK && fsync(fd) == 0 &&
		rename(new, mbox->note) == 0 && sync_directory(mbox->note);
}

/* ---- what stands there ---- */

/* Whether the file has these bytes at `offset`. */
static gboolean has_bytes(const struct mbox *mbox, gint64 offset, const char *data, gsize length)
{
	char piece[16 * 1024];

	while (length > 0) {
		ssize_t count = pread(mbox->fd, piece, MIN(length, sizeof(piece)), offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0 || memcmp(piece, data, (gsize)count) != 0)
			return FALSE;
		data += count;
		length -= (gsize)count;
		offset += count;
	}
	return TRUE;
}

/* Whether the post is there; a torn end is cut off. FALSE with errno 0 when it is not there. */
static gboolean look_back(struct mbox *mbox, const GString *text, const char *hash)
{
	struct note note;
	gboolean there = FALSE;

	errno = 0;
	if (read_note(mbox, &note) && mbox->size > note.offset) {
		gint64 rest = mbox->size - note.offset;

		there = strcmp(note.hash, hash) == 0 && rest >= (gint64)text->len && has_bytes(mbox, note.offset, text->str, text->len);
		errno = 0;
		if (rest < note.length && has_bytes(mbox, note.offset, note.line, MIN((gsize)rest, strlen(note.line))) &&
			ftruncate(mbox->fd, note.offset) == 0)
			mbox->size = note.offset;
	} else {
		errno = 0;
	}
	g_free(note.hash);
	g_free(note.line);
	return there;
}

/* Somebody may have left the last message without its empty line. */
static gboolean end_last(struct mbox *mbox)
{
	const char *missing = "";

	if (mbox->size > 0 && !has_bytes(mbox, mbox->size - 1, "\n", 1))
		missing = "\n\n";
	else if (mbox->size > 1 && !has_bytes(mbox, mbox->size - 2, "\n\n", 2))
		missing = "\n";
	if (pwrite(mbox->fd, missing, strlen(missing), mbox->size) != (ssize_t)strlen(missing))
		return FALSE;
	mbox->size += (off_t)strlen(missing);
	return TRUE;
}

static gboolean append(struct mbox *mbox, const GString *text, const char *hash)
{
	if (!end_last(mbox) || !write_note(mbox, mbox->size, text, hash) || lseek(mbox->fd, mbox->size, SEEK_SET) < 0)
		return FALSE;
	if (io_write_all(mbox->fd, text->str, text->len, deadline_in(WRITE_TIME)) == IO_OK && fsync(mbox->fd) == 0)
		return TRUE;
	/* A full disk: readers should not see half a post until there is room. What fails here the note mends. */
	int number = errno;
	if (ftruncate(mbox->fd, mbox->size) == 0)
		fsync(mbox->fd);
	errno = number;
	return FALSE;
}

enum archive_result archive_mbox_put(const struct archive_post *post, char **why)
{
	struct mbox mbox = {.path = post->place->where, .fd = -1};
	enum archive_result result = ARCHIVE_DONE;
	g_autoptr(GString) text = g_string_new(NULL);

	mbox_append_line(text, post->list, post->at);
	mbox_append_message(text, post->message->data, post->message->length);
	g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text->str, text->len);
	if (!open_mbox(&mbox))
		result = archive_trouble(why, errno == EEXIST || errno == EAGAIN ? "somebody has locked" : "cannot open", mbox.path);
	else if (!look_back(&mbox, text, hash) && (errno != 0 || !append(&mbox, text, hash)))
		result = archive_trouble(why, "cannot write to", mbox.path);
	close_mbox(&mbox);
	return result;
}
