/*
 * Writes log lines without ever blocking. syslog(3) is not used because its socket blocks when the
 * logger hangs, and because it reopens /dev/log, which a sandboxed child cannot.
 * Lines are cut at 2,000 bytes: one line per datagram, no continuation.
 *
 * A logger that starts anew makes another /dev/log. All programs share one socket (the master's, process.h), and to connect it again helps all who have it:
 * so whoever sees /dev does that, at once when a line is refused and each second, and the children behind their walls speak to the new logger, too.
 */
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

enum { LINE_LIMIT = 2000 };

static const char *log_program = "rollcall";
static int log_socket = -1;
static gboolean log_debug_on;
static struct stat log_place; /* the /dev/log that we are connected to */
static guint lost_alone, *lost_lines = &lost_alone;

/* A child's last line may be lost, and then it is gone: its parent's next child tells how many were. */
static void share_lost_lines(void)
{
	void *page = lost_lines == &lost_alone ? mmap(NULL, sizeof(*lost_lines), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;

	if (page == MAP_FAILED)
		return;
	lost_lines = page;
	*lost_lines = lost_alone;
}

static gboolean connect_syslog(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	struct stat place;
	gboolean good = stat(address.sun_path, &place) == 0 && connect(log_socket, (const struct sockaddr *)&address, sizeof(address)) == 0;

	if (good)
		log_place = place;
	return good;
}

static void open_syslog(void)
{
	if (log_socket < 0)
		log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log_socket >= 0 && !connect_syslog() && log_place.st_ino == 0) {
		close(log_socket);
		log_socket = -1;
	}
}

void log_open(const char *program, enum log_target target)
{
	log_program = program;
	share_lost_lines();
	if (target == LOG_TARGET_SYSLOG) {
		open_syslog();
	} else if (log_socket >= 0) {
		close(log_socket);
		log_socket = -1;
	}
}

void log_adopt(int fd)
{
	struct sockaddr_un peer = {.sun_family = AF_UNSPEC};
	socklen_t length = sizeof(peer);

	/* The pairs that we make have no names. */
	if (log_socket >= 0 || getpeername(fd, (struct sockaddr *)&peer, &length) != 0 || peer.sun_family != AF_UNIX || peer.sun_path[0] != '/')
		return;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	log_socket = fd;
	/* Connected by whoever made it. */
	log_place.st_ino = 1;
}

void log_refresh(void)
{
	struct stat place;

	if (log_socket >= 0 && stat("/dev/log", &place) == 0 && (place.st_ino != log_place.st_ino || place.st_dev != log_place.st_dev))
		(void)connect_syslog();
}

void log_set_debug(gboolean on)
{
	log_debug_on = on;
}

int log_descriptor(void)
{
	return log_socket >= 0 ? log_socket : STDERR_FILENO;
}

/*
 * stderr is shared with others, so it must not be made non-blocking for them; instead it is only
 * written when poll(2) says it has room, and PIPE_BUF keeps a line whole.
 */
static gboolean write_stderr(const char *line, size_t length)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
		return FALSE;
	return write(STDERR_FILENO, line, length) == (ssize_t)length;
}

static gboolean send_line(const char *line, size_t length)
{
	return send(log_socket, line, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length;
}

/* The logger that we knew is gone. */
static gboolean is_orphaned(int error)
{
	return error == ECONNREFUSED || error == ENOTCONN || error == ECONNRESET || error == EPIPE;
}

static gboolean write_line(int priority, const char *text)
{
	char line[LINE_LIMIT + 128];
	int length;

	if (log_socket >= 0) {
		length = g_snprintf(line, sizeof(line), "<%d>%s[%d]: %.*s", LOG_MAIL | priority, log_program,
			(int)getpid(), LINE_LIMIT, text);
		return send_line(line, (size_t)length) || (is_orphaned(errno) && connect_syslog() && send_line(line, (size_t)length));
	}
	length = g_snprintf(
		line, sizeof(line), "%s[%d]: %.*s\n", log_program, (int)getpid(), LINE_LIMIT, text);
	return write_stderr(line, (size_t)length);
}

static void write_format(int priority, const char *word, const char *format, va_list arguments)
	G_GNUC_PRINTF(3, 0);

static void write_format(int priority, const char *word, const char *format, va_list arguments)
{
	int saved_errno = errno;
	char text[LINE_LIMIT];
	size_t used = g_strlcpy(text, word, sizeof(text));

	guint lost = __atomic_exchange_n(lost_lines, 0, __ATOMIC_RELAXED);
	if (lost > 0) {
		char note[64];

		g_snprintf(note, sizeof(note), "warning: %u log lines lost before this one", lost);
		if (!write_line(LOG_WARNING, note))
			__atomic_add_fetch(lost_lines, lost, __ATOMIC_RELAXED);
	}
	g_vsnprintf(text + used, sizeof(text) - used, format, arguments);
	if (!write_line(priority, text))
		__atomic_add_fetch(lost_lines, 1, __ATOMIC_RELAXED);
	errno = saved_errno;
}

void log_debug(const char *format, ...)
{
	va_list arguments;

	if (!log_debug_on)
		return;
	va_start(arguments, format);
	write_format(LOG_DEBUG, "debug: ", format, arguments);
	va_end(arguments);
}

void log_info(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_format(LOG_INFO, "", format, arguments);
	va_end(arguments);
}

void log_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_format(LOG_WARNING, "warning: ", format, arguments);
	va_end(arguments);
}

void log_fatal(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_format(LOG_ERR, "fatal: ", format, arguments);
	va_end(arguments);
	/* A supervisor that restarts us at once must not turn a broken world into a busy loop. */
	sleep(1);
	_exit(75);
}

void log_panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_format(LOG_CRIT, "panic: ", format, arguments);
	va_end(arguments);
	abort();
}
