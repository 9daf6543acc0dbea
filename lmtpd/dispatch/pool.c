/* The prefork pool; see pool.h. The parent serves nothing itself: it only watches. */
#include "lmtpd/dispatch/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/fault.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lmtpd/dispatch/archiver.h"
#include "lmtpd/dispatch/clock.h"
#include "lmtpd/dispatch/worker.h"

enum {
	RESTART_PAUSE = 1, /* seconds before a worker that died is replaced */
	FINISH_TIME = 30,  /* seconds that workers get to finish at SIGTERM */
	START_TIME = 60,   /* seconds for a worker to open its store */
	SILENCE = 20,      /* seconds beyond what a worker announced before it counts as stopped or stuck */
};

struct pool {
	const struct pool_setup *setup;
	pid_t *pids; /* 0: to be started at `start_at` */
	gint64 *start_at;
	gint64 *silent_until; /* shared with the workers, see worker_silent_until(); G_MAXINT64: not looked at */
	gint64 looked_at, awake_since; /* when we last looked for silence, and since when without a break */
	guint workers; /* in the first places; behind them the clock and the archiver */
	guint size;
};

static volatile gint worker_stop;

static void on_terminate(int signal)
{
	worker_stop = 1;
}

/* What every process of the pool does first; returns its own store. */
static struct store *settle(const struct pool_setup *setup, pid_t parent)
{
	g_autoptr(GError) error = NULL;
	struct sigaction action = {.sa_handler = on_terminate};

	close(setup->signals);
	close(PROCESS_FD_STATUS);
	process_signals_default();
	/* No SA_RESTART: waiting for a ticket ends at once, an exchange in hand goes on. */
	sigaction(SIGTERM, &action, NULL);
	process_die_with_parent(parent);
	struct store *store = store_open(settings_text(setup->settings, SET_state_directory, NULL), &error);
	if (!store)
		log_fatal("state store: %s", error->message);
	return store;
}

static void run_clock(const struct pool_setup *setup, struct store *store)
{
	close(setup->tickets);
	clock_run(store, setup, &worker_stop);
}

static void run_archiver(const struct pool_setup *setup, struct store *store)
{
	close(setup->tickets);
	close(setup->jobs);
	archiver_run(store, setup, &worker_stop);
}

struct worker pool_worker(const struct pool_setup *setup, struct store *store)
{
	return (struct worker){
		.settings = setup->settings,
		.keys = setup->keys,
		.tickets = setup->tickets,
		.jobs = setup->jobs,
		.crm = crm_new(setup->settings, setup->breaker),
		.store = store,
		.dns = dns_new(setup->settings),
		.way = setup->way,
	};
}

void pool_worker_clear(struct worker *worker)
{
	g_clear_pointer(&worker->dns, dns_free);
	g_clear_pointer(&worker->crm, crm_free);
}

static void run_worker(const struct pool *pool, guint place, struct store *store)
{
	struct worker worker = pool_worker(pool->setup, store);

	worker.silent_until = &pool->silent_until[place];
	/*
	 * Jobs go first where both wait, and one takes as long as all its mails need: ten held posts and a Postfix that thinks about each notice would
	 * keep all workers, and every post out. So no more than half of them do jobs.
	 */
	worker.posts_only = place >= (pool->workers + 1) / 2;
	worker_serve(&worker, &worker_stop);
	pool_worker_clear(&worker);
}

static void run_child(const struct pool *pool, guint place, pid_t parent) G_GNUC_NORETURN;

static void run_child(const struct pool *pool, guint place, pid_t parent)
{
	struct store *store = settle(pool->setup, parent);

	FAULT_POINT("child-settled");
	if (place < pool->workers)
		run_worker(pool, place, store);
	else if (place == pool->workers)
		run_clock(pool->setup, store);
	else
		run_archiver(pool->setup, store);
	store_close(store);
	_exit(0);
}

static void start_child(struct pool *pool, guint place)
{
	gboolean is_worker = place < pool->workers;
	pid_t parent = getpid();

	pool->silent_until[place] = is_worker ? deadline_in(START_TIME).at : G_MAXINT64;
	pid_t pid = fork();
	if (pid == 0)
		run_child(pool, place, parent);
	if (pid < 0) {
		log_warning("cannot start a worker: %s", g_strerror(errno));
		pool->start_at[place] = g_get_monotonic_time() + RESTART_PAUSE * G_USEC_PER_SEC;
		return;
	}
	pool->pids[place] = pid;
	FAULT_POINT("child-started");
}

static void start_due(struct pool *pool)
{
	gint64 now = g_get_monotonic_time();

	for (guint i = 0; i < pool->size; i++)
		if (pool->pids[i] == 0 && pool->start_at[i] <= now)
			start_child(pool, i);
}

static guint reap(struct pool *pool, gboolean expected)
{
	guint alive = 0;
	int status;

	for (guint i = 0; i < pool->size; i++) {
		if (pool->pids[i] == 0)
			continue;
		if (waitpid(pool->pids[i], &status, WNOHANG) == 0) {
			alive++;
			continue;
		}
		if (!expected)
			log_warning("worker %d ended: %s", (int)pool->pids[i], process_ending(status));
		pool->pids[i] = 0;
		pool->start_at[i] = g_get_monotonic_time() + RESTART_PAUSE * G_USEC_PER_SEC;
	}
	return alive;
}

/* A worker that keeps its place and does nothing would be missing for ever; its post is in Postfix or waits there. */
static void kill_silent(struct pool *pool)
{
	gint64 now = g_get_monotonic_time(), patience = (gint64)SILENCE * G_USEC_PER_SEC;

	/* Whoever stopped us, as a container is paused, has stopped them as well: then the time counts from now. */
	if (now - pool->looked_at > patience / 2)
		pool->awake_since = now;
	pool->looked_at = now;
	for (guint i = 0; i < pool->size; i++) {
		gint64 until = __atomic_load_n(&pool->silent_until[i], __ATOMIC_RELAXED);

		if (pool->pids[i] == 0 || until > now || now - MAX(until, pool->awake_since) < patience)
			continue;
		log_warning("worker %d is beyond every deadline: killed", (int)pool->pids[i]);
		kill(pool->pids[i], SIGKILL);
		pool->silent_until[i] = G_MAXINT64;
	}
}

static void signal_workers(struct pool *pool, int signal)
{
	for (guint i = 0; i < pool->size; i++)
		if (pool->pids[i] > 0)
			kill(pool->pids[i], signal);
}

static void finish(struct pool *pool)
{
	struct deadline deadline = deadline_in(FINISH_TIME);

	signal_workers(pool, SIGTERM);
	while (reap(pool, TRUE) > 0) {
		struct pollfd ready = {.fd = pool->setup->signals, .events = POLLIN};

		if (deadline_passed(deadline)) {
			log_warning("workers still busy after %d seconds are stopped; Postfix keeps their posts", FINISH_TIME);
			signal_workers(pool, SIGKILL);
			return;
		}
		poll(&ready, 1, MIN(deadline_left(deadline), 1000));
		while (process_next_signal(pool->setup->signals) != 0)
			;
	}
}

void pool_run(const struct pool_setup *setup)
{
	struct pool pool = {
		.setup = setup,
		.workers = (guint)settings_number(setup->settings, SET_dispatch_workers, NULL),
	};
	gboolean stop = FALSE;
	int pulse = setup->pulse;

	pool.size = pool.workers + 2;
	pool.silent_until = mmap(NULL, pool.size * sizeof(gint64), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pool.silent_until == MAP_FAILED)
		log_fatal("cannot share memory");
	pool.pids = g_new0(pid_t, pool.size);
	pool.start_at = g_new0(gint64, pool.size);
	while (!stop) {
		struct pollfd ready[] = {{.fd = setup->signals, .events = POLLIN}, {.fd = pulse, .events = POLLIN}};

		start_due(&pool);
		poll(ready, G_N_ELEMENTS(ready), 1000 * RESTART_PAUSE);
		if (ready[1].revents)
			process_answer(&pulse);
		for (int signal; (signal = process_next_signal(setup->signals)) != 0;)
			stop = stop || signal == SIGTERM || signal == SIGINT;
		reap(&pool, stop);
		kill_silent(&pool);
	}
	finish(&pool);
	munmap(pool.silent_until, pool.size * sizeof(gint64));
	g_free(pool.pids);
	g_free(pool.start_at);
}
