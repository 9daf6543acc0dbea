/*
 * Other programs; see run.h. Input and both outputs are memory files, so neither side can block the other however much is said.
 */
#include "cli/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "lib/base/io.h"
#include "lib/base/text.h"

enum { ERRORS_LIMIT = 300 }; /* bytes */

static const char sbin[] = "/usr/local/sbin:/usr/sbin:/sbin";

void run_result_clear(struct run_result *result)
{
	g_clear_pointer(&result->output, g_free);
	g_clear_pointer(&result->errors, g_free);
}

char *run_find(const char *program)
{
	char *path = g_find_program_in_path(program);
	g_auto(GStrv) directories = g_strsplit(sbin, ":", -1);

	for (char **directory = directories; *directory && !path; directory++) {
		path = g_build_filename(*directory, program, NULL);
		if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
			g_clear_pointer(&path, g_free);
	}
	return path;
}

/* Postfix's programs take MAIL_CONFIG from the environment; the rest of ours is none of their business. */
static char **environment(void)
{
	g_autofree char *path = g_strdup_printf("%s:/usr/local/bin:/usr/bin:/bin:%s", g_getenv("PATH"), sbin);
	char **clean = g_environ_setenv(NULL, "LC_ALL", "C", TRUE);

	if (g_getenv("MAIL_CONFIG"))
		clean = g_environ_setenv(clean, "MAIL_CONFIG", g_getenv("MAIL_CONFIG"), TRUE);
	return g_environ_setenv(clean, "PATH", g_getenv("PATH") ? path : strchr(path, ':') + 1, TRUE);
}

static char *whole_file(int fd)
{
	struct io_mapping mapping;

	if (!io_map(fd, FALSE, &mapping))
		return g_strdup("");
	char *text = g_strndup(mapping.length ? mapping.data : "", mapping.length);
	io_unmap(&mapping);
	return text;
}

/* Exit status, or -1 when it was killed by a signal: ours after the deadline, or another. */
static int wait_for(GPid pid, guint seconds)
{
	io_autofd int process = (int)syscall(SYS_pidfd_open, pid, 0);
	int status;

	if (process < 0 || !deadline_poll(process, POLLIN, deadline_in(seconds)))
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

gboolean run_program(const char *const *argv, const char *input, guint seconds, struct run_result *result, GError **error)
{
	io_autofd int in = io_memory_file_with("input", input, strlen(input));
	io_autofd int out = io_memory_file("output");
	io_autofd int errors = io_memory_file("errors");
	g_auto(GStrv) clean = environment();
	GPid pid;

	*result = (struct run_result){.status = -1};
	/* It was written to its end, and the child would read from there. */
	if (in < 0 || out < 0 || errors < 0 || lseek(in, 0, SEEK_SET) != 0) {
		g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "no memory file");
		return FALSE;
	}
	if (!g_spawn_async_with_fds(NULL, (char **)argv, clean, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, in, out, errors, error))
		return FALSE;
	result->status = wait_for(pid, seconds);
	result->output = whole_file(out);
	g_autofree char *said = whole_file(errors);
	result->errors = text_printable_dup(said, strlen(said), ERRORS_LIMIT);
	if (result->status >= 0)
		return TRUE;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s did not end by itself within %u s", argv[0], seconds);
	return FALSE;
}
