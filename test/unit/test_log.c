/* room: base. lib/base/log.h where nobody reads the log (HOSTILE S9): nothing waits for it, no line comes in pieces, and what is lost is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_log_that_nobody_reads), cmocka_unit_test(a_log_whose_reader_is_gone)};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
