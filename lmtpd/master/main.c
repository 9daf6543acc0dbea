/*
 * rollcall-lmtpd: the supervisor. It reads the configuration, opens the sockets, starts the two rooms, restarts what dies,
 * and reloads on SIGHUP without dropping a session. It never reads a byte of mail and asks nobody anything.
 * It stays in the foreground: systemd, runit or a shell may watch it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/fault.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lmtpd/master/generation.h"
#include "lmtpd/master/passed.h"
#include "lib/base/notify.h"
#include "lmtpd/master/watch.h"

enum {
	STOP_TIME = 60,   /* seconds to finish at SIGTERM: intake's 25 and dispatch's 30 are inside */
	ASK_TIME = 20000, /* milliseconds between questions to the programs where no watchdog wants to know more often */
};

struct master {
	char *path;
	char *doors; /* NULL: intake and dispatch are children of ours */
	struct generation_setup setup;
	int watchdog; /* how often the service manager wants to hear, in milliseconds; -1: not at all */
	struct deadline ask; /* when the programs are asked next */
	gboolean asked;      /* they were, and not all have answered yet */
	int signals;
	struct generation *current;
	GPtrArray *old; /* generations that finish what they have in hand */
	guint64 watched; /* scenarios and texts, as the current generation has read them */
	gboolean stop;
};

/* g_option_context_parse() would print it in the locale's character set, and we have no locale: UTF-8 goes out as it is. */
static void print_help(GOptionContext *context)
{
	g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);

	fputs(text, stdout);
}

static void parse_options(int argc, char **argv, struct master *master)
{
	char **path = &master->path;

	gboolean help = FALSE, version = FALSE;
	const GOptionEntry entries[] = {
		{"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help and exit", NULL},
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, path, "Configuration file (default " ROLLCALL_CONFIG ")", "FILE"},
		{"doors", 0, 0, G_OPTION_ARG_FILENAME, &master->doors, "Sockets by which a service manager starts the two rooms", "DIR"},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and exit", NULL},
		{NULL},
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_set_summary(context, "Mailing list delivery agent for Postfix; stays in the foreground.");
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_description(context,
		"Signals: SIGHUP reloads the configuration, SIGTERM finishes the sessions in hand and ends.");
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
		fprintf(stderr, "rollcall-lmtpd: %s: see rollcall-lmtpd --help\n", error ? error->message : "no arguments expected");
		exit(64);
	}
	if (help)
		print_help(context);
	else if (version)
		puts("rollcall " ROLLCALL_VERSION);
	if (help || version)
		exit(0);
	/* We live in "/" later, and a reload must find the same file. */
	g_autofree char *given = *path;
	*path = g_canonicalize_filename(given ? given : ROLLCALL_CONFIG, NULL);
}

/* One master for a run directory: two would fight over the sockets. The lock goes with the process. */
static void write_pid_file(const struct settings *settings)
{
	const char *directory = settings_text(settings, SET_run_directory, NULL);
	g_autofree char *path = g_build_filename(directory, "rollcall.pid", NULL);
	g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());

	if (mkdir(directory, 0755) != 0 && errno != EEXIST)
		log_fatal("run_directory %s: %s", directory, g_strerror(errno));
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		log_fatal("%s: %s", path, g_strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		log_fatal("%s is locked: rollcall-lmtpd runs already with this run_directory", path);
	if (ftruncate(fd, 0) != 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		log_fatal("%s: %s", path, g_strerror(errno));
	/* The descriptor stays open for the life of the process: it is the lock. */
}

static void reload(struct master *master)
{
	log_info("reloading %s", master->path);
	notify_service_manager("RELOADING=1");
	/* Before they are read: what changes meanwhile is seen at the next look. */
	master->watched = watch_fingerprint(master->current->settings);
	struct generation *next = generation_start(&master->setup, master->current);
	if (next) {
		FAULT_POINT("before-retire");
		generation_retire(master->current, GENERATION_LET_FINISH);
		FAULT_POINT("after-retire");
		g_ptr_array_add(master->old, master->current);
		master->current = next;
		process_log("rollcall-lmtpd", next->settings);
		log_info("reloaded");
	} else {
		log_warning("ALARM reload failed, see the line above: the configuration in force stays in force");
	}
	notify_service_manager("READY=1");
}

static void reap_old(struct master *master, pid_t pid, int status)
{
	for (guint i = 0; i < master->old->len; i++)
		if (generation_ended(g_ptr_array_index(master->old, i), pid, status))
			return;
}

static void reap(struct master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!generation_ended(master->current, pid, status))
			reap_old(master, pid, status);
	generation_look_at_doors(master->current);
	for (guint i = master->old->len; i-- > 0;) {
		struct generation *generation = g_ptr_array_index(master->old, i);

		generation_look_at_doors(generation);
		if (generation_is_running(generation))
			continue;
		generation_free(generation, master->current);
		g_ptr_array_remove_index(master->old, i);
	}
}

static void handle_signals(struct master *master)
{
	for (int signal; (signal = process_next_signal(master->signals)) != 0;) {
		if (signal == SIGTERM || signal == SIGINT)
			master->stop = TRUE;
		else if (signal == SIGHUP && !master->stop)
			reload(master);
	}
	reap(master);
}

static void wait_for_something(struct master *master, int milliseconds)
{
	g_autoptr(GArray) polls = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
	const struct pollfd signals = {.fd = master->signals, .events = POLLIN};

	g_array_append_val(polls, signals);
	generation_add_poll(master->current, polls);
	for (guint i = 0; i < master->old->len; i++)
		generation_add_poll(g_ptr_array_index(master->old, i), polls);
	poll((void *)polls->data, polls->len, milliseconds);
	handle_signals(master);
}

/*
 * One question at a time: the service manager hears that all is well when the programs have said so after it was last told. It is also told while a
 * reload waits for new programs, since the old ones go on with the mail.
 */
static void ask_programs(void *data)
{
	struct master *master = data;

	if (!master->current)
		return;
	if (!master->asked && deadline_passed(master->ask)) {
		generation_ask(master->current);
		master->asked = TRUE;
	}
	if (!master->asked || !generation_has_answered(master->current))
		return;
	notify_service_manager("WATCHDOG=1");
	master->asked = FALSE;
	master->ask = (struct deadline){.at = g_get_monotonic_time() + (gint64)(master->watchdog > 0 ? MIN(master->watchdog, ASK_TIME) : ASK_TIME) * 1000};
}

static void look_at_rules(struct master *master)
{
	if (watch_fingerprint(master->current->settings) == master->watched)
		return;
	log_info("scenarios or texts have changed");
	reload(master);
}

/* Until when nothing is to be done unless something happens, in milliseconds. */
static int next_time(const struct master *master, int restart, struct deadline look)
{
	int next = restart < 0 ? deadline_left(look) : MIN(restart, deadline_left(look));

	return master->asked ? MIN(next, 1000) : MIN(next, deadline_left(master->ask));
}

static void supervise(struct master *master)
{
	struct deadline look = deadline_in(WATCH_INTERVAL);

	while (!master->stop) {
		int restart = generation_restart_due(master->current);

		if (deadline_passed(look)) {
			look_at_rules(master);
			look = deadline_in(WATCH_INTERVAL);
		}
		ask_programs(master);
		wait_for_something(master, next_time(master, restart, look));
	}
}

static void finish(struct master *master)
{
	struct deadline deadline = deadline_in(STOP_TIME);

	log_info("stopping");
	notify_service_manager("STOPPING=1");
	generation_retire(master->current, GENERATION_STOP);
	for (guint i = 0; i < master->old->len; i++)
		generation_retire(g_ptr_array_index(master->old, i), GENERATION_STOP);
	while ((generation_is_running(master->current) || master->old->len > 0) && !deadline_passed(deadline))
		wait_for_something(master, MIN(deadline_left(deadline), 1000));
	generation_kill(master->current);
	for (guint i = 0; i < master->old->len; i++)
		generation_kill(g_ptr_array_index(master->old, i));
	generation_free(master->current, NULL);
	log_info("stopped");
}

int main(int argc, char **argv)
{
	struct master master = {.old = g_ptr_array_new()};

	io_fill_standard_descriptors();
	umask(022);
	parse_options(argc, argv, &master);
	/* Until the configuration says where the log goes, whoever starts us should see what is wrong with it. */
	log_open("rollcall-lmtpd", LOG_TARGET_STDERR);
	master.signals = process_signals();
	g_autoptr(GError) error = NULL;
	if (!passed_find(&error))
		log_fatal("%s", error->message);
	g_autoptr(GBytes) bytes = settings_read_file(master.path, &error);
	settings_auto struct settings *settings = bytes
		? settings_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), master.path, &error)
		: NULL;
	if (!settings)
		log_fatal("%s", error->message);
	/* Behind doors the service manager sees to it that there is one of us, and the directory is not ours. */
	if (!master.doors)
		write_pid_file(settings);
	process_log("rollcall-lmtpd", settings);
	if (chdir("/") != 0)
		log_fatal("chdir /: %s", g_strerror(errno));
	master.watchdog = notify_watchdog_interval();
	master.setup = (struct generation_setup){.path = master.path, .doors = master.doors, .meanwhile = ask_programs, .data = &master};
	master.watched = watch_fingerprint(settings);
	master.current = generation_start(&master.setup, NULL);
	if (!master.current)
		log_fatal("not started, see the lines above");
	log_info("rollcall " ROLLCALL_VERSION " ready");
	notify_service_manager("READY=1");
	supervise(&master);
	finish(&master);
	g_ptr_array_unref(master.old);
	g_free(master.path);
	g_free(master.doors);
	return 0;
}
