/* The accept loop; see server.h. */
#include "lmtpd/intake/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/fault.h"
#include "lib/base/handoff.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/privilege.h"
#include "lib/base/process.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/child.h"
#include "lmtpd/intake/job.h"
#include "lmtpd/intake/poison.h"
#include "lmtpd/intake/post.h"
#include "lmtpd/intake/sandbox.h"

enum {
	MOST_SOCKETS = 64,
	FINISH_TIME = 25,   /* seconds that sessions get to finish at SIGTERM */
	CHILD_SLACK = 60,   /* seconds beyond its own deadlines before a child is killed: it must be stopped or stuck */
	FORK_PAUSE = 1,     /* seconds before the next try when fork fails */
	ACCEPT_PAUSE = 1,   /* seconds before the next try when accept fails, for want of memory or descriptors */
};

struct state {
	const struct server *server;
	int pulse;            /* -1: the master does not ask any more */
	GHashTable *children; /* pid to struct watched * */
	guint jobs;           /* how many of them have a job */
	gboolean retired;     /* accepts nothing any more */
	gboolean stop;        /* and the sessions in hand have FINISH_TIME to end */
};

struct watched {
	struct deadline deadline;
	guint *jobs; /* where it is counted; NULL: it has a session */
	struct poison *poison; /* which message it reads; may be NULL */
};

static void free_watched(gpointer data)
{
	struct watched *watched = data;

	if (watched->jobs)
		(*watched->jobs)--;
	poison_free(watched->poison);
	g_free(watched);
}

GArray *server_find_peers(const struct settings *settings)
{
	GArray *peers = g_array_new(FALSE, FALSE, sizeof(uid_t));
	const char *const *name = settings_strings(settings, SET_lmtp_peer_users, NULL);
	uid_t uid = geteuid();

	g_array_append_val(peers, uid);
	for (; *name; name++) {
		if (privilege_find_uid(*name, &uid))
			g_array_append_val(peers, uid);
		else
			log_warning("lmtp_peer_users: no user %s", *name);
	}
	return peers;
}

static gboolean is_peer(const struct state *state, int fd)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
		return FALSE;
	for (guint i = 0; i < state->server->peers->len; i++)
		if (g_array_index(state->server->peers, uid_t, i) == credentials.uid)
			return TRUE;
	log_warning("user %u may not speak LMTP to us (lmtp_peer_users): refused", (guint)credentials.uid);
	return FALSE;
}

static void close_listeners(const struct server *server)
{
	for (guint i = 0; i < server->listen_count; i++)
		close(server->listen[i]);
	if (server->front >= 0)
		close(server->front);
}

static void run_child(struct state *state, struct child_session *session) G_GNUC_NORETURN;

static void run_child(struct state *state, struct child_session *session)
{
	const struct server *server = state->server;

	close_listeners(server);
	close(server->pulse);
	close(server->signals);
	/* Whoever has it may ask dispatch for jobs: held posts and what decides about them. */
	close(server->jobs);
	process_signals_default();
	sandbox_lock_child(server->settings);
	FAULT_POINT("session-locked");
	child_serve(session);
	_exit(0);
}

static void note_child(struct state *state, pid_t pid, struct poison *poison, guint *jobs)
{
	const struct settings *settings = state->server->settings;
	struct watched *watched = g_new(struct watched, 1);

	/* Whoever waits for Postfix's answer to a last byte is not stuck, and what is killed counts as a death over its message. */
	guint session = (guint)(settings_number(settings, SET_session_deadline, NULL) + settings_number(settings, SET_post_deadline, NULL)) +
		POST_ANSWER_TIME;

	watched->deadline = deadline_in(MAX(session, (guint)WIRE_JOB_TIME + POST_ANSWER_TIME) + CHILD_SLACK);
	watched->poison = poison;
	watched->jobs = jobs;
	if (jobs)
		(*jobs)++;
	poison_keep(poison);
	g_hash_table_insert(state->children, GINT_TO_POINTER(pid), watched);
}

static void run_job(struct state *state, gint64 number, struct poison *poison) G_GNUC_NORETURN;

static void run_job(struct state *state, gint64 number, struct poison *poison)
{
	const struct server *server = state->server;
	const struct post_setup setup = {.knowledge = server->knowledge, .tickets = server->jobs, .poison = poison, .peer = -1};

	close_listeners(server);
	close(server->pulse);
	close(server->signals);
	close(server->tickets);
	process_signals_default();
	sandbox_lock_child(server->settings);
	FAULT_POINT("job-locked");
	job_run(&setup, number);
	_exit(0);
}

/* A job that no child can be made for now is due again in a moment: the clock knows it. */
static void start_job(struct state *state)
{
	gint64 number;
	ssize_t length = recv(state->server->jobs, &number, sizeof(number), MSG_DONTWAIT);

	if (length != sizeof(number))
		return;
	FAULT_POINT("job-came");
	struct poison *poison = poison_new();
	pid_t pid = fork();
	if (pid == 0)
		run_job(state, number, poison);
	if (pid > 0)
		note_child(state, pid, poison, &state->jobs);
	else
		poison_free(poison);
}

static void start_child(struct state *state, int data, int control, const char *peer)
{
	struct child_session session = {
		.knowledge = state->server->knowledge,
		.tickets = state->server->tickets,
		.data = data,
		.control = control,
		.peer = peer,
		.poison = poison_new(),
	};
	pid_t pid = fork();

	if (pid == 0)
		run_child(state, &session);
	if (pid < 0) {
		/* The client sees the connection closed and comes again; Postfix keeps the post. */
		log_warning("cannot fork for a session: %s", g_strerror(errno));
		poison_free(session.poison);
		sleep(FORK_PAUSE);
		return;
	}
	note_child(state, pid, session.poison, NULL);
}

static void accept_unix(struct state *state, int listener)
{
	static const char refusal[] = "421 4.7.0 your user may not speak LMTP to us\r\n";
	io_autofd int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		/* The connection is still there: without the pause this would spin, and fill the log. */
		log_warning("accept: %s", g_strerror(errno));
		sleep(ACCEPT_PAUSE);
		return;
	}
	FAULT_POINT("accepted");
	if (is_peer(state, fd))
		start_child(state, fd, -1, "unix");
	else
		(void)!send(fd, refusal, strlen(refusal), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void accept_front(struct state *state)
{
	struct handoff handoff;

	/* CLOSED cannot be: the master keeps the other end for the next front. */
	if (handoff_receive(state->server->front, &handoff) != HANDOFF_RECEIVED)
		return;
	start_child(state, handoff.data, handoff.control, handoff.peer);
	io_close(&handoff.data);
	io_close(&handoff.control);
}

static void reap(struct state *state)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		const struct watched *watched = g_hash_table_lookup(state->children, GINT_TO_POINTER(pid));

		/* What ends when we end says nothing about what it read. */
		if (status != 0 && watched && !state->retired)
			poison_report(watched->poison, state->server->jobs);
		g_hash_table_remove(state->children, GINT_TO_POINTER(pid));
		if (status != 0)
			log_warning("session process %d ended: %s; Postfix keeps what it had not answered", (int)pid,
				process_ending(status));
	}
}

static void kill_overdue(struct state *state)
{
	GHashTableIter iterator;
	void *pid, *value;

	g_hash_table_iter_init(&iterator, state->children);
	while (g_hash_table_iter_next(&iterator, &pid, &value)) {
		struct watched *watched = value;

		if (!deadline_passed(watched->deadline))
			continue;
		log_warning("session process %d is beyond every deadline: killed", GPOINTER_TO_INT(pid));
		kill(GPOINTER_TO_INT(pid), SIGKILL);
		watched->deadline = deadline_in(CHILD_SLACK);
	}
}

static void handle_signals(struct state *state)
{
	for (int signal; (signal = process_next_signal(state->server->signals)) != 0;) {
		state->stop = state->stop || signal == SIGTERM || signal == SIGINT;
		state->retired = state->retired || state->stop || signal == SIGHUP;
	}
	reap(state);
	kill_overdue(state);
}

/* Waits for signals and, while there is room for a session, for connections. */
static void serve_once(struct state *state)
{
	const struct server *server = state->server;
	struct pollfd ready[MOST_SOCKETS + 4] = {{.fd = server->signals, .events = POLLIN}, {.fd = state->pulse, .events = POLLIN}};
	guint limit = (guint)settings_number(server->settings, SET_sessions_limit, NULL);
	guint count = 2;

	if (g_hash_table_size(state->children) < limit) {
		for (guint i = 0; i < server->listen_count; i++)
			ready[count++] = (struct pollfd){.fd = server->listen[i], .events = POLLIN};
		if (server->front >= 0)
			ready[count++] = (struct pollfd){.fd = server->front, .events = POLLIN};
		/* A child for each number that comes while Postfix is slow would wait for a worker, and take the place of a session. */
		if (state->jobs < (guint)settings_number(server->settings, SET_dispatch_workers, NULL))
			ready[count++] = (struct pollfd){.fd = server->jobs, .events = POLLIN};
	}
	if (poll(ready, count, 10000) <= 0 && errno != EINTR)
		kill_overdue(state);
	/* Where we see /dev, since nobody gave us a log that he connects for us. */
	log_refresh();
	handle_signals(state);
	if (ready[1].revents)
		process_answer(&state->pulse);
	for (guint i = 2; i < count && !state->retired; i++) {
		if (!(ready[i].revents & (POLLIN | POLLHUP)))
			continue;
		if (ready[i].fd == server->jobs)
			start_job(state);
		else if (ready[i].fd == server->front)
			accept_front(state);
		else
			accept_unix(state, ready[i].fd);
	}
}

static void kill_all(struct state *state)
{
	GHashTableIter iterator;
	void *pid;

	log_warning("%u sessions do not end within %d seconds: killed; Postfix keeps what they had not answered",
		g_hash_table_size(state->children), FINISH_TIME);
	g_hash_table_iter_init(&iterator, state->children);
	while (g_hash_table_iter_next(&iterator, &pid, NULL))
		kill(GPOINTER_TO_INT(pid), SIGKILL);
}

/* After a reload each session may take its time (and has its own deadlines); a stop is in more haste. */
static void finish(struct state *state)
{
	struct deadline deadline = deadline_in(FINISH_TIME);

	while (g_hash_table_size(state->children) > 0) {
		struct pollfd ready = {.fd = state->server->signals, .events = POLLIN};

		if (!state->stop)
			deadline = deadline_in(FINISH_TIME);
		if (deadline_passed(deadline)) {
			kill_all(state);
			return;
		}
		poll(&ready, 1, MIN(deadline_left(deadline), 1000));
		handle_signals(state);
	}
}

void server_run(const struct server *server)
{
	struct state state = {
		.server = server,
		.pulse = server->pulse,
		.children = g_hash_table_new_full(NULL, NULL, NULL, free_watched),
	};

	while (!state.retired)
		serve_once(&state);
	/* Who waits in the kernel's queue goes to the next generation, or to a master that is started while sessions end here. */
	close_listeners(server);
	close(server->jobs);
	finish(&state);
	g_hash_table_unref(state.children);
}
