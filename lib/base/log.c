/*
 * Writes log lines without ever blocking. syslog(3) is not used because its socket blocks when the
 * logger hangs, and because it reopens /dev/log, which a sandboxed child cannot.
 * Lines are cut at 2,000 bytes: one line per datagram, no continuation.
 */
#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

enum { LINE_LIMIT = 2000 };

static const char *log_program = "rollcall";
static int log_socket = -1;
static gboolean log_debug_on;
static guint lost_lines;

static int open_syslog(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void log_open(const char *program, enum log_target target)
{
	log_program = program;
	if (log_socket >= 0)
		close(log_socket);
	log_socket = target == LOG_TARGET_SYSLOG ? open_syslog() : -1;
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

static gboolean write_line(int priority, const char *text)
{
	char line[LINE_LIMIT + 128];
	int length;

	if (log_socket >= 0) {
		length = g_snprintf(line, sizeof(line), "<%d>%s[%d]: %.*s", LOG_MAIL | priority, log_program,
			(int)getpid(), LINE_LIMIT, text);
		return send(log_socket, line, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length;
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

	if (lost_lines > 0) {
		char note[64];

		g_snprintf(note, sizeof(note), "warning: %u log lines lost before this one", lost_lines);
		if (write_line(LOG_WARNING, note))
			lost_lines = 0;
	}
	g_vsnprintf(text + used, sizeof(text) - used, format, arguments);
	if (!write_line(priority, text))
		lost_lines++;
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
