/* Reading and writing with deadlines, memory files; see io.h. */
#include "lib/base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"

enum { ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

enum io_result io_read(int fd, void *data, size_t size, struct deadline deadline, size_t *got)
{
	for (;;) {
		if (!deadline_poll(fd, POLLIN, deadline))
			return IO_TIMEOUT;
		ssize_t count = read(fd, data, size);
		if (count > 0) {
			*got = (size_t)count;
			return IO_OK;
		}
		if (count == 0)
			return IO_EOF;
		if (errno == ECONNRESET)
			return IO_EOF;
		if (errno != EINTR && errno != EAGAIN)
			return IO_ERROR;
	}
}

/* MSG_DONTWAIT, because poll(2) promises room for a byte and not for the whole piece. */
static ssize_t write_some(int fd, const char *data, size_t length)
{
	ssize_t count = send(fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (count < 0 && errno == ENOTSOCK)
		count = write(fd, data, length);
	return count;
}

enum io_result io_write_all(int fd, const void *data, size_t length, struct deadline deadline)
{
	const char *place = data;

	while (length > 0) {
		ssize_t count = write_some(fd, place, length);

		if (count > 0) {
			place += count;
			length -= (size_t)count;
			continue;
		}
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && (errno == EPIPE || errno == ECONNRESET))
			return IO_EOF;
		if (count < 0 && errno != EAGAIN)
			return IO_ERROR;
		if (!deadline_poll(fd, POLLOUT, deadline))
			return IO_TIMEOUT;
	}
	return IO_OK;
}

const char *io_word(enum io_result result)
{
	switch (result) {
	case IO_OK:
		return "ok";
	case IO_EOF:
		return "connection closed";
	case IO_TIMEOUT:
		return "timed out";
	case IO_ERROR:
		return g_strerror(errno);
	}
	log_panic("io_word: result %d", (int)result);
}

void io_close(int *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved_errno;
}

int io_memory_file(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int io_memory_file_with(const char *name, const void *data, size_t length)
{
	io_autofd int fd = io_memory_file(name);

	if (fd < 0)
		return -1;
	/* A memory file never blocks, so the deadline is only a formality. */
	if (io_write_all(fd, data, length, deadline_in(60)) != IO_OK || !io_memory_seal(fd))
		return -1;
	return io_steal_fd(&fd);
}

gboolean io_memory_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, ALL_SEALS) == 0;
}

gboolean io_map(int fd, gboolean must_be_sealed, struct io_mapping *mapping)
{
	struct stat status;

	*mapping = (struct io_mapping){0};
	if (must_be_sealed) {
		int seals = fcntl(fd, F_GET_SEALS);

		if (seals < 0)
			return FALSE;
		if ((seals & (F_SEAL_WRITE | F_SEAL_SHRINK)) != (F_SEAL_WRITE | F_SEAL_SHRINK)) {
			errno = EPERM;
			return FALSE;
		}
	}
	if (fstat(fd, &status) != 0)
		return FALSE;
	if (status.st_size == 0)
		return TRUE;
	void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return FALSE;
	*mapping = (struct io_mapping){.data = data, .length = (size_t)status.st_size};
	return TRUE;
}

void io_unmap(struct io_mapping *mapping)
{
	if (mapping->length > 0)
		munmap((void *)mapping->data, mapping->length);
	*mapping = (struct io_mapping){0};
}

void io_fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is the one that is missing. */
		if (open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			_exit(75);
	}
}
