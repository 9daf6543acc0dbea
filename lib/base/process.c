/* What the long-running programs share; see process.h. */
#include "lib/base/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/log.h"

struct settings *process_settings(const char *name)
{
	struct io_mapping mapping;
	g_autoptr(GError) error = NULL;

	if (!io_map(PROCESS_FD_CONFIG, TRUE, &mapping))
		log_fatal("cannot read the configuration from descriptor %d (%s): this program is started by rollcall-lmtpd",
			PROCESS_FD_CONFIG, g_strerror(errno));
	struct settings *settings = settings_parse(mapping.length ? mapping.data : "", mapping.length, name, &error);
	io_unmap(&mapping);
	if (!settings)
		log_fatal("%s", error->message);
	return settings;
}

void process_log(const char *program, const struct settings *settings)
{
	log_adopt(PROCESS_FD_LOG);
	log_open(program, settings_is(settings, SET_log, NULL, "syslog") ? LOG_TARGET_SYSLOG : LOG_TARGET_STDERR);
	log_set_debug(settings_boolean(settings, SET_log_debug, NULL));
}

void process_ready(void)
{
	/* A master that is gone already shows by its death signal; there is nobody to tell. */
	if (write(PROCESS_FD_STATUS, "R", 1) != 1)
		log_warning("cannot report ready: %s", g_strerror(errno));
}

void process_answer(int *pulse)
{
	char questions[16];
	ssize_t length = recv(*pulse, questions, sizeof(questions), MSG_DONTWAIT);

	if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
		*pulse = -1;
	/* One answer is enough for many questions. */
	if (length > 0)
		(void)!send(*pulse, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGCHLD);
}

int process_signals(void)
{
	sigset_t set;

	signal_set(&set);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		log_fatal("cannot block signals: %s", g_strerror(errno));
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		log_fatal("signalfd: %s", g_strerror(errno));
	return fd;
}

void process_signals_default(void)
{
	sigset_t set;

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	signal_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int process_next_signal(int signals)
{
	struct signalfd_siginfo info;

	return read(signals, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

const char *process_ending(int status)
{
	static char text[32];

	if (WIFEXITED(status))
		g_snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	else
		g_snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	return text;
}

void process_die_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0)
		log_fatal("prctl: %s", g_strerror(errno));
	/* The parent may have died before the line above. */
	if (getppid() != parent)
		_exit(75);
}

const char *process_hostname(const struct settings *settings)
{
	static char name[256];
	const char *set = settings_text(settings, SET_hostname, NULL);

	if (*set)
		return set;
	if (*name == '\0' && (gethostname(name, sizeof(name) - 1) != 0 || *name == '\0'))
		g_strlcpy(name, "localhost", sizeof(name));
	return name;
}
