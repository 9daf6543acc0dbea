/*
 * A post into a Maildir: written to tmp/, synced, linked into new/ under a name that is made from the time it went out and its bytes, so that the second of
 * two attempts finds the first. A mail reader may have moved that to cur/ and put flags behind its name.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/archive/archive.h"

enum { WRITE_TIME = 60, FILE_MODE = 0640, DIRECTORY_MODE = 0750 };

/* Opens a directory, making it if its parent is there. -1 with errno. */
static int enter(int parent, const char *name)
{
	if (mkdirat(parent, name, DIRECTORY_MODE) != 0 && errno != EEXIST)
		return -1;
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static char *name_of(const struct archive_post *post)
{
	g_autofree char *hash =
		g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)post->message->data, post->message->length);

	return g_strdup_printf("%" G_GINT64_FORMAT ".%.32s.rollcall", post->at, hash);
}

/* Whether a reader has it: NAME, or NAME:FLAGS. FALSE with errno when it could not be looked. */
static gboolean is_in(int directory, const char *name)
{
	size_t length = strlen(name);
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd >= 0 ? fdopendir(fd) : NULL;
	gboolean found = FALSE;

	if (!all) {
		io_close(&fd);
		return FALSE;
	}
	errno = 0;
	for (struct dirent *entry; !found && (entry = readdir(all));)
		found = strncmp(entry->d_name, name, length) == 0 && (entry->d_name[length] == '\0' || entry->d_name[length] == ':');
	int number = errno;
	closedir(all);
	errno = number;
	return found;
}

/* What an earlier attempt left under this name was never finished. */
static gboolean write_file(int directory, const char *name, const struct io_mapping *message)
{
	if (unlinkat(directory, name, 0) != 0 && errno != ENOENT)
		return FALSE;
	io_autofd int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	return fd >= 0 && fchmod(fd, FILE_MODE) == 0 &&
		io_write_all(fd, message->data, message->length, deadline_in(WRITE_TIME)) == IO_OK && fsync(fd) == 0;
}

static gboolean move(int from, int to, const char *name)
{
	if (linkat(from, name, to, name, 0) != 0 && errno != EEXIST)
		return FALSE;
	return fsync(to) == 0 && unlinkat(from, name, 0) == 0;
}

enum archive_result archive_maildir_put(const struct archive_post *post, char **why)
{
	const char *path = post->place->where;
	g_autofree char *name = name_of(post);
	io_autofd int whole = enter(AT_FDCWD, path);
	io_autofd int tmp = whole < 0 ? -1 : enter(whole, "tmp");
	io_autofd int new = tmp < 0 ? -1 : enter(whole, "new");
	io_autofd int cur = new < 0 ? -1 : enter(whole, "cur");

	if (cur < 0)
		return archive_trouble(why, "cannot enter", path);
	errno = 0;
	if (post->repeated && is_in(cur, name))
		return ARCHIVE_DONE;
	if (errno != 0)
		return archive_trouble(why, "cannot look through", path);
	if (write_file(tmp, name, post->message) && move(tmp, new, name))
		return ARCHIVE_DONE;
	/* On a full disk the piece that is there would keep it full. */
	archive_trouble(why, "cannot write to", path);
	unlinkat(tmp, name, 0);
	return ARCHIVE_TROUBLE;
}
