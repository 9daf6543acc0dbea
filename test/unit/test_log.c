/* room: base. lib/base/log.h where nobody reads the log (HOSTILE S9): nothing waits for it, no line comes in pieces, and what is lost is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/log.h"

/* stderr becomes the writing end of a pipe, which blocks as a supervisor's does; the reading end of it. */
static int set_up_pipe(int *saved)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	*saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	log_open("test", LOG_TARGET_STDERR);
	return ends[0];
}

static GString *drain(int reader)
{
	GString *all = g_string_new(NULL);
	char piece[4096];
	ssize_t got;

	while ((got = read(reader, piece, sizeof(piece))) > 0)
		g_string_append_len(all, piece, got);
	return all;
}

static void a_log_that_nobody_reads(void **state)
{
	int saved, reader = set_up_pipe(&saved);
	guint written = 0;

	/* Would it block, alarm(2) would end this test. */
	alarm(20);
	for (guint i = 0; i < 2000; i++)
		log_info("line %u %0500u", i, i);
	alarm(0);
	g_autoptr(GString) first = drain(reader);
	errno = EBUSY;
	log_info("the next");
	assert_int_equal(errno, EBUSY);
	g_autoptr(GString) second = drain(reader);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(reader);

	g_auto(GStrv) lines = g_strsplit(first->str, "\n", -1);
	for (char **line = lines; *line && **line; line++, written++) {
		g_autofree char *start = g_strdup_printf("test[%d]: line %u 000", (int)getpid(), written);

		assert_true(g_str_has_prefix(*line, start));
		assert_int_equal(strlen(*line), strlen(start) - 3 + 500);
	}
	assert_in_range(written, 10, 1999);
	g_autofree char *wanted = g_strdup_printf("test[%d]: warning: %u log lines lost before this one\ntest[%d]: the next\n", (int)getpid(), 2000 - written,
		(int)getpid());
	assert_string_equal(second->str, wanted);
}

static void a_log_whose_reader_is_gone(void **state)
{
	int saved, reader = set_up_pipe(&saved);

	/* As process_start() has it. */
	signal(SIGPIPE, SIG_IGN);
	close(reader);
	log_warning("nobody hears this");
	dup2(saved, STDERR_FILENO);
	close(saved);
}

/* A logger, as rsyslog makes it: what was at its place goes. */
static int make_logger(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	unlink(address.sun_path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void assert_heard(int logger, const char *text)
{
	char line[300] = "";
	ssize_t length = recv(logger, line, sizeof(line) - 1, 0);

	if (length < 0 || !strstr(line, text))
		fail_msg("heard \"%s\" and not \"%s\"", line, text);
}

/* A child behind walls, which sees no /dev: it says a line each time that it is told to, and that it has. */
static pid_t start_confined(int *tell, int *hear)
{
	int to[2], from[2];

	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char byte;

		close(to[1]);
		if (chroot("/proc/self/fdinfo") != 0)
			_exit(1);
		while (read(to[0], &byte, 1) == 1) {
			log_info("from behind the walls");
			if (write(from[1], &byte, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	*tell = to[1];
	*hear = from[0];
	return pid;
}

static void say(int tell, int hear)
{
	char byte = 'x';

	assert_int_equal(write(tell, &byte, 1), 1);
	assert_int_equal(read(hear, &byte, 1), 1);
}

/* What a logger that starts anew does to who cannot see it: nothing, once somebody who can has looked. What was lost until then is told. */
static void a_logger_that_starts_anew(void **state)
{
	int tell, hear;

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", "/dev", "tmpfs", 0, NULL) != 0)
		skip();
	int logger = make_logger();
	log_open("test", LOG_TARGET_SYSLOG);
	/* What the tests before have lost. */
	log_info("the first");
	while (recv(logger, &tell, sizeof(tell), 0) >= 0)
		;
	pid_t pid = start_confined(&tell, &hear);
	say(tell, hear);
	assert_heard(logger, "from behind the walls");
	/* It starts anew, and we look before anything is said. */
	close(logger);
	logger = make_logger();
	log_refresh();
	say(tell, hear);
	assert_heard(logger, "from behind the walls");
	/* It starts anew, and the child comes first. */
	close(logger);
	logger = make_logger();
	say(tell, hear);
	log_warning("from outside");
	assert_heard(logger, "1 log lines lost before this one");
	assert_heard(logger, "from outside");
	say(tell, hear);
	assert_heard(logger, "from behind the walls");
	/* The old one is still there, but it is not the one at the place any more. */
	int second = make_logger();
	log_refresh();
	say(tell, hear);
	assert_heard(second, "from behind the walls");
	/* Whoever is started takes the same socket, and no other. */
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	int ours = dup(log_descriptor());
	log_open("test", LOG_TARGET_STDERR);
	log_adopt(pair[0]);
	assert_int_equal(log_descriptor(), STDERR_FILENO);
	log_adopt(ours);
	log_open("test", LOG_TARGET_SYSLOG);
	assert_int_equal(log_descriptor(), ours);
	close(second);
	int third = make_logger();
	log_info("adopted");
	assert_heard(third, "adopted");
	say(tell, hear);
	assert_heard(third, "from behind the walls");
	log_open("test", LOG_TARGET_STDERR);
	close(tell);
	waitpid(pid, NULL, 0);
	close(third);
	close(logger);
}

int main(void)
{
	/* The last one takes /dev away. */
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_log_that_nobody_reads), cmocka_unit_test(a_log_whose_reader_is_gone),
		cmocka_unit_test(a_logger_that_starts_anew)};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
