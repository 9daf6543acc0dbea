/* One reading of the configuration and its programs; see generation.h. */
#include "lmtpd/master/generation.h"

#include <errno.h>
#include <signal.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/door.h"
#include "lib/base/fault.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lmtpd/master/listener.h"
#include "lib/base/spawn.h"
#include "lmtpd/master/tls_front.h"

enum {
	START_TIME = 60,    /* seconds a program has to get ready; dispatch asks the CRM meanwhile */
	LONGEST_PAUSE = 30, /* seconds between restarts of a program that keeps dying */
	GOOD_LIFE = 60,     /* seconds after which a program counts as healthy again */
	PATIENCE = 60,      /* seconds for an answer; intake may pause a second, dispatch never does */
};

static const char *const names[PROGRAM_COUNT] = {
	[PROGRAM_DISPATCH] = "rollcall-dispatch",
	[PROGRAM_INTAKE] = "rollcall-intake",
	[PROGRAM_TLS_FRONT] = "TLS front",
};

static const char *const door_names[PROGRAM_COUNT] = {
	[PROGRAM_DISPATCH] = "dispatch",
	[PROGRAM_INTAKE] = "intake",
};

static guint tcp_count(const struct generation *generation)
{
	guint count = 0;

	for (guint i = 0; i < generation->listeners->len; i++)
		count += ((const struct listener *)g_ptr_array_index(generation->listeners, i))->tcp;
	return count;
}

static struct generation *generation_new(const struct generation_setup *setup)
{
	struct generation *generation = g_new0(struct generation, 1);

	generation->setup = setup;
	for (int which = 0; which < PROGRAM_COUNT; which++)
		program_clear(&generation->programs[which]);
	generation->config = -1;
	generation->tickets[0] = generation->tickets[1] = -1;
	generation->jobs[0] = generation->jobs[1] = -1;
	generation->handoff[0] = generation->handoff[1] = -1;
	return generation;
}

static gboolean read_configuration(struct generation *generation, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = settings_read_file(path, error);
	gsize length;

	if (!bytes)
		return FALSE;
	const char *data = g_bytes_get_data(bytes, &length);
	generation->settings = settings_parse(data ? data : "", length, path, error);
	if (!generation->settings)
		return FALSE;
	generation->config = io_memory_file_with("rollcall.conf", data, length);
	if (generation->config < 0)
		g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_FILE, "memory file: %s", g_strerror(errno));
	return generation->config >= 0;
}

static gboolean make_pairs(struct generation *generation)
{
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, generation->tickets) != 0 ||
		socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, generation->jobs) != 0)
		return FALSE;
	return tcp_count(generation) == 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, generation->handoff) == 0;
}

/* As a child of ours, or behind its door. FALSE with errno. */
static gboolean start(struct generation *generation, enum generation_program which, const struct spawn *spawn)
{
	struct program *program = &generation->programs[which];

	if (!generation->setup->doors) {
		program->pid = spawn_start(spawn, &program->status);
		return program->pid > 0;
	}
	g_autofree char *path = g_build_filename(generation->setup->doors, door_names[which], NULL);
	program->door = door_knock(path, spawn, &program->status);
	return program->door >= 0;
}

static gboolean start_dispatch(struct generation *generation)
{
	const char *const arguments[] = {"rollcall-dispatch", NULL};
	struct spawn spawn = {
		.program = names[PROGRAM_DISPATCH],
		.arguments = arguments,
		.config = generation->config,
		.tickets = generation->tickets[1],
		.jobs = generation->jobs[1],
	};

	return start(generation, PROGRAM_DISPATCH, &spawn);
}

/* Intake gets the front's hand-off socket, if there is one, and the unix listeners; argv says which is which. */
static gboolean start_intake(struct generation *generation)
{
	g_autofree int *listen = g_new(int, generation->listeners->len + 1);
	guint count = 0;
	gboolean front = generation->handoff[1] >= 0;

	if (front)
		listen[count++] = generation->handoff[1];
	for (guint i = 0; i < generation->listeners->len; i++) {
		const struct listener *listener = g_ptr_array_index(generation->listeners, i);

		if (!listener->tcp)
			listen[count++] = listener->fd;
	}
	g_autofree char *number = g_strdup_printf("%u", count);
	const char *again = generation->programs[PROGRAM_INTAKE].started_at > 0 ? "again" : NULL;
	const char *const arguments[] = {"rollcall-intake", front ? "front" : "direct", number, again, NULL};
	struct spawn spawn = {
		.program = names[PROGRAM_INTAKE],
		.arguments = arguments,
		.config = generation->config,
		.tickets = generation->tickets[0],
		.jobs = generation->jobs[0],
		.listen = listen,
		.listen_count = count,
	};

	return start(generation, PROGRAM_INTAKE, &spawn);
}

/* The front is this very program after a fork: it has nothing to wait for. */
static gboolean start_front(struct generation *generation)
{
	g_autofree int *listen = g_new(int, generation->listeners->len);
	guint count = 0;

	for (guint i = 0; i < generation->listeners->len; i++) {
		const struct listener *listener = g_ptr_array_index(generation->listeners, i);

		if (listener->tcp)
			listen[count++] = listener->fd;
	}
	struct tls_front_setup setup = {
		.settings = generation->settings,
		.listen = listen,
		.listen_count = count,
		.handoff = generation->handoff[0],
	};

	generation->programs[PROGRAM_TLS_FRONT].pid = tls_front_start(&setup);
	return generation->programs[PROGRAM_TLS_FRONT].pid > 0;
}

static gboolean start_program(struct generation *generation, enum generation_program which)
{
	struct program *program = &generation->programs[which];
	gboolean started = FALSE;

	FAULT_POINT("before-start");
	switch (which) {
	case PROGRAM_DISPATCH:
		started = start_dispatch(generation);
		break;
	case PROGRAM_INTAKE:
		started = start_intake(generation);
		break;
	case PROGRAM_TLS_FRONT:
		if (generation->handoff[0] < 0)
			return TRUE;
		started = start_front(generation);
		break;
	case PROGRAM_COUNT:
		return FALSE;
	}
	program->started_at = g_get_monotonic_time();
	program->restart_at = 0;
	if (!started) {
		log_warning("cannot start %s: %s", names[which], g_strerror(errno));
		program_ended(program);
		return FALSE;
	}
	if (program->status >= 0 && !program_wait_ready(program, START_TIME, generation->setup->meanwhile, generation->setup->data)) {
		log_warning("%s did not get ready", names[which]);
		return FALSE;
	}
	FAULT_POINT("after-start");
	return TRUE;
}

struct generation *generation_start(const struct generation_setup *setup, struct generation *before)
{
	struct generation *generation = generation_new(setup);
	g_autoptr(GError) error = NULL;

	if (read_configuration(generation, setup->path, &error))
		generation->listeners =
			listener_open_all(generation->settings, before ? before->listeners : NULL, &error);
	if (!generation->listeners) {
		log_warning("%s", error->message);
		generation_free(generation, before);
		return NULL;
	}
	gboolean started = make_pairs(generation);
	for (int which = 0; started && which < PROGRAM_COUNT; which++)
		started = start_program(generation, (enum generation_program)which);
	if (!started) {
		generation_kill(generation);
		generation_free(generation, before);
		return NULL;
	}
	return generation;
}

static void signal_program(struct generation *generation, enum generation_program which, int signal)
{
	struct program *program = &generation->programs[which];

	program->restart_at = 0;
	program_signal(program, signal);
}

void generation_retire(struct generation *generation, enum generation_haste haste)
{
	generation->retired = TRUE;
	signal_program(generation, PROGRAM_TLS_FRONT, SIGTERM);
	signal_program(generation, PROGRAM_INTAKE, haste == GENERATION_STOP ? SIGTERM : SIGHUP);
	if (!program_is_running(&generation->programs[PROGRAM_INTAKE]))
		signal_program(generation, PROGRAM_DISPATCH, SIGTERM);
}

void generation_kill(struct generation *generation)
{
	for (int which = 0; which < PROGRAM_COUNT; which++)
		signal_program(generation, (enum generation_program)which, SIGKILL);
}

gboolean generation_is_running(const struct generation *generation)
{
	for (int which = 0; which < PROGRAM_COUNT; which++)
		if (program_is_running(&generation->programs[which]))
			return TRUE;
	return FALSE;
}

static void plan_restart(struct program *program, const char *name, int status)
{
	gint64 now = g_get_monotonic_time();

	/* At once after a good life, then with a pause that doubles: a broken start must not spin. */
	if (now - program->started_at > (gint64)GOOD_LIFE * G_USEC_PER_SEC)
		program->pause = 0;
	log_warning("%s ended (%s), started again in %u s", name, process_ending(status), program->pause);
	program->restart_at = now + (gint64)program->pause * G_USEC_PER_SEC;
	program->pause = MIN(program->pause * 2 + 1, LONGEST_PAUSE);
}

static void note_end(struct generation *generation, enum generation_program which, int status)
{
	program_ended(&generation->programs[which]);
	if (!generation->retired)
		plan_restart(&generation->programs[which], names[which], status);
	else if (which == PROGRAM_INTAKE)
		signal_program(generation, PROGRAM_DISPATCH, SIGTERM);
}

gboolean generation_ended(struct generation *generation, pid_t pid, int status)
{
	for (int which = 0; which < PROGRAM_COUNT; which++) {
		if (generation->programs[which].pid != pid)
			continue;
		note_end(generation, (enum generation_program)which, status);
		return TRUE;
	}
	return FALSE;
}

void generation_look_at_doors(struct generation *generation)
{
	int status;

	for (int which = 0; which < PROGRAM_COUNT; which++)
		if (generation->programs[which].door >= 0 && door_ended(generation->programs[which].door, &status))
			note_end(generation, (enum generation_program)which, status);
}

void generation_add_poll(const struct generation *generation, GArray *polls)
{
	for (int which = 0; which < PROGRAM_COUNT; which++) {
		const struct pollfd ready[] = {
			{.fd = generation->programs[which].door, .events = POLLIN},
			/* Nobody reads what a retired one says. */
			{.fd = generation->retired ? -1 : generation->programs[which].status, .events = POLLIN},
		};

		g_array_append_vals(polls, ready, G_N_ELEMENTS(ready));
	}
}

void generation_ask(struct generation *generation)
{
	for (int which = 0; which < PROGRAM_COUNT; which++)
		program_ask(&generation->programs[which]);
}

gboolean generation_has_answered(struct generation *generation)
{
	gint64 now = g_get_monotonic_time();
	gboolean all = TRUE;

	for (int which = 0; which < PROGRAM_COUNT; which++) {
		struct program *program = &generation->programs[which];

		if (program_has_answered(program))
			continue;
		all = FALSE;
		if (now - program->asked_at <= (gint64)PATIENCE * G_USEC_PER_SEC)
			continue;
		log_warning("ALARM %s has not answered for %d s: killed", names[which], PATIENCE);
		program_signal(program, SIGKILL);
		/* Once: behind a door its service manager sees to a porter that does not hear. */
		program->asked_at = now;
	}
	return all;
}

int generation_restart_due(struct generation *generation)
{
	int next = -1;

	for (int which = 0; which < PROGRAM_COUNT; which++) {
		struct program *program = &generation->programs[which];

		if (program_is_running(program) || program->restart_at == 0)
			continue;
		int left = deadline_left((struct deadline){.at = program->restart_at});
		if (left == 0) {
			/* A program that fails here shows up again by its SIGCHLD, with a longer pause. */
			if (!start_program(generation, (enum generation_program)which) && !program_is_running(program))
				program->restart_at = deadline_in(1).at;
			continue;
		}
		next = next < 0 ? left : MIN(next, left);
	}
	return next;
}

void generation_free(struct generation *generation, struct generation *after)
{
	if (!generation)
		return;
	if (generation->listeners)
		listener_retire(generation->listeners, after ? after->listeners : NULL);
	for (int which = 0; which < PROGRAM_COUNT; which++)
		program_ended(&generation->programs[which]);
	settings_free(generation->settings);
	io_close(&generation->config);
	for (int end = 0; end < 2; end++) {
		io_close(&generation->tickets[end]);
		io_close(&generation->jobs[end]);
		io_close(&generation->handoff[end]);
	}
	g_free(generation);
}
