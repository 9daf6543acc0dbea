/* The daemon's two rooms for a question; see explain_rooms.h. */
#include "cli/explain_rooms.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "lib/base/explain_letter.h"
#include "lib/base/handoff.h"
#include "lib/base/io.h"
#include "lib/base/process.h"
#include "lib/base/spawn.h"

enum {
	START_TIME = 60,     /* seconds, as for the daemon */
	SLACK = 150,         /* seconds beyond a post's own deadline: the parser's CPU limit lies inside */
	LOG_SHOWN = 64 * 1024, /* bytes of log that are told of one mail */
	LOG_LINES = 200,
};

static gboolean fail(GError **error, const char *what, const char *why)
{
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", what, why);
	return FALSE;
}

/* What was logged since the last time, line by line. */
static char **read_log(struct explain_rooms *rooms)
{
	struct stat status;

	if (rooms->log < 0 || fstat(rooms->log, &status) != 0 || status.st_size <= rooms->logged)
		return g_new0(char *, 1);
	gsize length = (gsize)MIN(status.st_size - rooms->logged, LOG_SHOWN);
	g_autofree char *text = g_malloc0(length + 1);
	if (pread(rooms->log, text, length, rooms->logged) < 0)
		*text = '\0';
	rooms->logged = status.st_size;
	return g_strsplit(g_strchomp(text), "\n", LOG_LINES);
}

/* The lines that say why a program did not start; all of them when none says so aloud. */
static char *last_words(struct explain_rooms *rooms)
{
	g_auto(GStrv) lines = read_log(rooms);
	g_autoptr(GString) fatal = g_string_new(NULL);

	for (char **line = lines; *line; line++) {
		const char *found = strstr(*line, "fatal: ");

		if (found)
			g_string_append_printf(fatal, "%s%s", fatal->len ? "; " : "", found + strlen("fatal: "));
	}
	return fatal->len ? g_string_free(g_steal_pointer(&fatal), FALSE) : g_strjoinv("; ", lines);
}

/* systemd takes it away with the daemon; the master makes it where it is missing, and so do we, as long as we need it. */
static gboolean make_directory(struct explain_rooms *rooms, GError **error)
{
	const char *path = settings_text(rooms->settings, SET_run_directory, NULL);

	if (mkdir(path, 0755) == 0)
		rooms->directory = g_strdup(path);
	else if (errno != EEXIST && geteuid() == 0)
		return fail(error, path, g_strerror(errno));
	return TRUE;
}

static void remove_directory(struct explain_rooms *rooms)
{
	if (!rooms->directory)
		return;
	g_autofree char *empty = g_build_filename(rooms->directory, "empty", NULL);
	/* A daemon that was started meanwhile has something in it: then both stay. */
	(void)!rmdir(empty);
	(void)!rmdir(rooms->directory);
	g_clear_pointer(&rooms->directory, g_free);
}

static gboolean start(struct explain_rooms *rooms, const struct spawn *spawn, pid_t *pid, GError **error)
{
	int status;

	*pid = spawn_start(spawn, &status);
	if (*pid < 0) {
		*pid = 0;
		return fail(error, spawn->program, g_strerror(errno));
	}
	if (spawn_wait_ready(status, START_TIME))
		return TRUE;
	g_autofree char *words = last_words(rooms);
	return fail(error, spawn->program, *words ? words : "does not start");
}

static gboolean start_both(struct explain_rooms *rooms, int config, GError **error)
{
	const char *const dispatch[] = {"rollcall-dispatch", "explain", NULL};
	const char *const intake[] = {"rollcall-intake", "explain", "1", NULL};
	int tickets[2] = {-1, -1}, jobs[2] = {-1, -1}, letters[2] = {-1, -1};
	gboolean good = socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, tickets) == 0 &&
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, jobs) == 0 &&
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, letters) == 0;

	if (good) {
		struct spawn spawn = {.program = dispatch[0], .arguments = dispatch, .config = config, .tickets = tickets[1], .jobs = jobs[1],
			.errors = rooms->log};

		good = start(rooms, &spawn, &rooms->dispatch, error);
		spawn = (struct spawn){.program = intake[0], .arguments = intake, .config = config, .tickets = tickets[0], .jobs = jobs[0],
			.listen = &letters[1], .listen_count = 1, .errors = rooms->log};
		good = good && start(rooms, &spawn, &rooms->intake, error);
		rooms->letters = io_steal_fd(&letters[0]);
	} else {
		fail(error, "socketpair", g_strerror(errno));
	}
	for (int end = 0; end < 2; end++) {
		io_close(&tickets[end]);
		io_close(&jobs[end]);
		io_close(&letters[end]);
	}
	return good;
}

gboolean explain_rooms_open(struct explain_rooms *rooms, const char *config, GError **error)
{
	g_autoptr(GBytes) bytes = command_config_read(config, error);
	gsize length;

	*rooms = (struct explain_rooms){.letters = -1, .log = -1};
	if (!bytes)
		return FALSE;
	const char *data = g_bytes_get_data(bytes, &length);
	rooms->settings = settings_parse(data ? data : "", length, config, error);
	if (!rooms->settings || !make_directory(rooms, error))
		return FALSE;
	io_autofd int memory = io_memory_file_with("rollcall.conf", data, length);
	rooms->log = io_memory_file("log");
	if (memory < 0 || rooms->log < 0)
		return fail(error, "memory file", g_strerror(errno));
	if (!start_both(rooms, memory, error))
		return FALSE;
	/* What they say while they start is said each time the daemon starts. */
	g_auto(GStrv) lines = read_log(rooms);
	return TRUE;
}

static void end_program(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGTERM);
		while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*pid = 0;
}

void explain_rooms_close(struct explain_rooms *rooms)
{
	io_close(&rooms->letters);
	end_program(&rooms->intake);
	end_program(&rooms->dispatch);
	io_close(&rooms->log);
	remove_directory(rooms);
	g_clear_pointer(&rooms->settings, settings_free);
}

/* ---- one mail ---- */

static GVariant *with_log(struct explain_rooms *rooms, GVariant *answer)
{
	g_auto(GStrv) lines = read_log(rooms);
	GVariantBuilder dict, log;
	GVariantIter iterator;
	const char *name;
	GVariant *value;

	g_variant_builder_init(&log, G_VARIANT_TYPE("av"));
	for (char **line = lines; *line; line++) {
		g_autofree char *valid = g_utf8_make_valid(*line, -1);

		g_variant_builder_add(&log, "v", g_variant_new_string(valid));
	}
	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	g_variant_iter_init(&iterator, answer);
	while (g_variant_iter_loop(&iterator, "{&sv}", &name, &value))
		g_variant_builder_add(&dict, "{sv}", name, value);
	g_variant_builder_add(&dict, "{sv}", "log", g_variant_builder_end(&log));
	return g_variant_ref_sink(g_variant_builder_end(&dict));
}

static gboolean wait_for_child(const struct explain_rooms *rooms, GError **error)
{
	guint seconds = (guint)settings_number(rooms->settings, SET_post_deadline, NULL) + SLACK;
	int status;

	if (!deadline_poll(rooms->letters, POLLIN, deadline_in(seconds)))
		return fail(error, "rollcall-intake", "no answer in time");
	if (recv(rooms->letters, &status, sizeof(status), 0) != sizeof(status))
		return fail(error, "rollcall-intake", "gone");
	if (status == 0)
		return TRUE;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
		"the process that read the mail ended (%s): Postfix would keep the mail and try again", process_ending(status));
	return FALSE;
}

GVariant *explain_rooms_ask(struct explain_rooms *rooms, GVariant *question, int mail, GError **error)
{
	io_autofd int letter = io_memory_file("letter");
	struct handoff handoff = {.data = mail, .control = letter};

	if (letter < 0 || !explain_letter_write(letter, question) ||
		!handoff_send(rooms->letters, &handoff, deadline_in(START_TIME)))
		return fail(error, "letter", g_strerror(errno)), NULL;
	if (!wait_for_child(rooms, error))
		return NULL;
	g_autoptr(GVariant) answer = explain_letter_read(letter, EXPLAIN_ANSWER);
	if (!answer)
		return fail(error, "rollcall-intake", "its answer is not understood"), NULL;
	return with_log(rooms, answer);
}
