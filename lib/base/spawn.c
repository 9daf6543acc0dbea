/* Starts our programs; see spawn.h. */
#include "lib/base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/fault.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/process.h"

enum {
	HIGH_FD = 200, /* above every number that a child is given */
};

/* Beside us in a build tree, in libexec once installed. */
static char *find_program(const char *name)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *directory = self ? g_path_get_dirname(self) : NULL;
	char *beside = directory ? g_build_filename(directory, name, NULL) : NULL;

	if (beside && access(beside, X_OK) == 0)
		return beside;
	g_free(beside);
	return g_build_filename(ROLLCALL_LIBEXEC, name, NULL);
}

static char **clean_environment(void)
{
	static const char *const kept[] = {"TZ", "CREDENTIALS_DIRECTORY", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS" FAULT_ENVIRONMENT};
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	g_strv_builder_add(builder, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	g_strv_builder_add(builder, "LC_ALL=C.UTF-8");
	/* One allocator and not two: lmtpd/intake/heap.h. (From GLib 2.76 on there is but one.) */
	g_strv_builder_add(builder, "G_SLICE=always-malloc");
	for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
		const char *value = g_getenv(kept[i]);
		g_autofree char *pair = value ? g_strdup_printf("%s=%s", kept[i], value) : NULL;

		if (pair)
			g_strv_builder_add(builder, pair);
	}
	return g_strv_builder_end(builder);
}

/* Where the log goes to stderr, the child has that anyway. */
static void place_log(void)
{
	if (log_descriptor() == STDERR_FILENO)
		close(PROCESS_FD_LOG);
	else if (log_descriptor() != PROCESS_FD_LOG)
		dup2(log_descriptor(), PROCESS_FD_LOG);
}

/*
 * Puts the descriptors on their numbers. First all are moved up, so that no source is overwritten by another's target.
 */
static gboolean place_descriptors(const struct spawn *spawn, int status)
{
	int sources[PROCESS_FD_LISTEN + SPAWN_MOST_LISTENERS];
	guint count = PROCESS_FD_LISTEN + spawn->listen_count;

	sources[PROCESS_FD_CONFIG] = spawn->config;
	sources[PROCESS_FD_STATUS] = status;
	sources[PROCESS_FD_TICKETS] = spawn->tickets;
	sources[PROCESS_FD_JOBS] = spawn->jobs;
	for (guint i = 0; i < spawn->listen_count; i++)
		sources[PROCESS_FD_LISTEN + i] = spawn->listen[i];
	for (guint fd = PROCESS_FD_CONFIG; fd < count; fd++)
		if ((sources[fd] = fcntl(sources[fd], F_DUPFD_CLOEXEC, HIGH_FD)) < 0)
			return FALSE;
	place_log();
	for (guint fd = PROCESS_FD_CONFIG; fd < count; fd++)
		if (dup2(sources[fd], (int)fd) < 0)
			return FALSE;
	/* Whatever else this process has open, by whomever it was left, is none of the child's business. */
	syscall(SYS_close_range, count, PROCESS_FD_LOG - 1, 0);
	syscall(SYS_close_range, PROCESS_FD_LOG + 1, ~0U, 0);
	return TRUE;
}

static gboolean place_errors(int errors)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0;
}

static void run_program(const struct spawn *spawn, const char *path, char **environment, int status)
	G_GNUC_NORETURN;

static void run_program(const struct spawn *spawn, const char *path, char **environment, int status)
{
	process_signals_default();
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if ((spawn->errors == 0 || place_errors(spawn->errors)) && place_descriptors(spawn, status))
		execve(path, (char *const *)spawn->arguments, environment);
	log_warning("cannot run %s: %s", path, g_strerror(errno));
	_exit(75);
}

pid_t spawn_start(const struct spawn *spawn, int *status)
{
	g_autofree char *path = find_program(spawn->program);
	g_auto(GStrv) environment = clean_environment();
	int pair[2];

	if (spawn->listen_count > SPAWN_MOST_LISTENERS) {
		errno = E2BIG;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		run_program(spawn, path, environment, pair[1]);
	io_close(&pair[1]);
	if (pid < 0)
		io_close(&pair[0]);
	*status = pair[0];
	return pid;
}

gboolean spawn_wait_ready(int status, guint seconds)
{
	char byte = 0;
	size_t got;
	gboolean ready = io_read(status, &byte, 1, deadline_in(seconds), &got) == IO_OK && byte == 'R';

	io_close(&status);
	return ready;
}
