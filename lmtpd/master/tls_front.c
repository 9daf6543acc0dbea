/* Accepts TCP connections and starts their relays; see tls_front.h. */
#include "lmtpd/master/tls_front.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/handoff.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/networks.h"
#include "lib/base/privilege.h"
#include "lib/base/process.h"
#include "lmtpd/master/tls_certificate.h"
#include "lmtpd/master/tls_confine.h"
#include "lmtpd/master/tls_relay.h"

enum {
	HANDOFF_TIME = 60,   /* seconds that a connection waits for a place in intake */
	ACCEPT_PAUSE = 200,  /* milliseconds before the next try when accept or fork fails */
};

struct front {
	const struct tls_front_setup *setup;
	GArray *networks;
	struct tls_certificate *certificate; /* NULL: no TLS */
	struct privilege_user user;          /* of the relays; uid 0: nothing is dropped, since we are not root */
	int signals;
	guint relays, limit;
	gboolean stop;
};

union peer_address {
	struct sockaddr any;
	struct sockaddr_storage storage;
};

static gboolean find_user(const struct settings *settings, struct front *front)
{
	const char *name = settings_text(settings, SET_tls_user, NULL);
	const char *error;

	if (geteuid() != 0)
		return TRUE;
	if (*name == '\0')
		name = settings_text(settings, SET_intake_user, NULL);
	if (privilege_find_user(name, &front->user, &error))
		return TRUE;
	log_warning("tls_user %s: %s", name, error);
	return FALSE;
}

static gboolean load_certificate(const struct settings *settings, struct front *front)
{
	const char *certificate_file = settings_text(settings, SET_tls_certificate_file, NULL);
	const char *key_file = settings_text(settings, SET_tls_key_file, NULL);
	g_autofree char *error = NULL;

	if (*certificate_file == '\0')
		return TRUE;
	front->certificate = tls_certificate_load(certificate_file, key_file, &error);
	if (!front->certificate)
		log_warning("TLS certificate cannot be used: %s", error);
	return front->certificate != NULL;
}

/* All that can be wrong is found here, in the master, so that a reload with a bad certificate changes nothing. */
static gboolean prepare(struct front *front)
{
	const struct settings *settings = front->setup->settings;
	const char *bad = NULL;

	front->limit = (guint)settings_number(settings, SET_sessions_limit, NULL);
	front->networks = networks_parse(settings_strings(settings, SET_lmtp_clients, NULL), &bad);
	if (!front->networks) {
		log_warning("lmtp_clients: %s is no network; expected ADDRESS or ADDRESS/BITS", bad);
		return FALSE;
	}
	return find_user(settings, front) && load_certificate(settings, front);
}

static void front_clear(struct front *front)
{
	g_clear_pointer(&front->networks, g_array_unref);
	g_clear_pointer(&front->certificate, tls_certificate_free);
}

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The configuration, the tickets and the other listeners of the master are none of our business. */
static void close_others(const struct tls_front_setup *setup)
{
	g_autofree int *kept = g_new(int, setup->listen_count + 2);
	guint count = 0, next = STDERR_FILENO + 1;

	for (guint i = 0; i < setup->listen_count; i++)
		kept[count++] = setup->listen[i];
	kept[count++] = setup->handoff;
	kept[count++] = log_descriptor();
	qsort(kept, count, sizeof(kept[0]), compare_fds);
	for (guint i = 0; i < count; i++) {
		if ((guint)kept[i] > next)
			syscall(SYS_close_range, next, (guint)kept[i] - 1, 0);
		next = MAX(next, (guint)kept[i] + 1);
	}
	syscall(SYS_close_range, next, ~0U, 0);
}

static void close_listeners(const struct tls_front_setup *setup)
{
	for (guint i = 0; i < setup->listen_count; i++)
		close(setup->listen[i]);
}

static void refuse(int client, const char *line)
{
	/* What does not fit into the socket at once is not worth waiting for. */
	(void)!send(client, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The relay's process: hands the child's ends over, locks itself in, and only then looks at the client. */
static void serve(struct front *front, int client, const char *peer) G_GNUC_NORETURN;

static void serve(struct front *front, int client, const char *peer)
{
	int data[2], control[2] = {-1, -1};
	struct handoff handoff;

	process_signals_default();
	io_close(&front->signals);
	close_listeners(front->setup);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, data) != 0 ||
		(front->certificate && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0))
		log_fatal("socketpair: %s", g_strerror(errno));
	handoff = (struct handoff){.data = data[1], .control = control[1]};
	g_strlcpy(handoff.peer, peer, sizeof(handoff.peer));
	if (!handoff_send(front->setup->handoff, &handoff, deadline_in(HANDOFF_TIME))) {
		log_warning("%s: no place for a session: %s", peer, g_strerror(errno));
		refuse(client, "421 4.3.2 too busy, try again later\r\n");
		_exit(0);
	}
	close(front->setup->handoff);
	io_close(&data[1]);
	io_close(&control[1]);
	tls_confine(front->user.uid != 0 ? &front->user : NULL);

	struct tls_relay_setup setup = {
		.client = client,
		.data = data[0],
		.control = control[0],
		.context = front->certificate ? tls_certificate_context(front->certificate) : NULL,
	};
	tls_relay_run(&setup);
	_exit(0);
}

static void accept_one(struct front *front, int listener)
{
	union peer_address address = {0};
	socklen_t size = sizeof(address);
	char peer[HANDOFF_PEER_SIZE];
	io_autofd int client = accept4(listener, &address.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (client < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		log_warning("accept: %s", g_strerror(errno));
		g_usleep(ACCEPT_PAUSE * 1000);
		return;
	}
	networks_address_text(&address.any, peer, sizeof(peer));
	if (!networks_contain(front->networks, &address.any)) {
		log_warning("%s may not speak LMTP to us (lmtp_clients): refused", peer);
		refuse(client, "421 4.7.0 you may not speak LMTP here\r\n");
		return;
	}
	if (front->certificate)
		tls_certificate_refresh(front->certificate);
	pid_t pid = fork();
	if (pid == 0)
		serve(front, client, peer);
	if (pid > 0) {
		front->relays++;
		return;
	}
	log_warning("cannot fork for a connection: %s", g_strerror(errno));
	g_usleep(ACCEPT_PAUSE * 1000);
}

static void reap(struct front *front)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		front->relays--;
		if (status != 0)
			log_warning("relay %d ended: %s", (int)pid, process_ending(status));
	}
}

/* Waits for signals and, while there is room for another relay, for connections; the rest wait in the kernel. */
static void serve_once(struct front *front)
{
	const struct tls_front_setup *setup = front->setup;
	g_autofree struct pollfd *ready = g_new0(struct pollfd, setup->listen_count + 1);
	guint count = 1;

	ready[0] = (struct pollfd){.fd = front->signals, .events = POLLIN};
	for (guint i = 0; i < setup->listen_count && !front->stop && front->relays < front->limit; i++)
		ready[count++] = (struct pollfd){.fd = setup->listen[i], .events = POLLIN};
	if (poll(ready, count, -1) <= 0)
		return;
	for (int signal; (signal = process_next_signal(front->signals)) != 0;)
		front->stop = front->stop || signal == SIGTERM || signal == SIGINT;
	reap(front);
	for (guint i = 1; i < count && !front->stop && front->relays < front->limit; i++)
		if (ready[i].revents)
			accept_one(front, ready[i].fd);
}

static void run(struct front *front, pid_t master) G_GNUC_NORETURN;

static void run(struct front *front, pid_t master)
{
	process_signals_default();
	close_others(front->setup);
	privilege_lock();
	process_die_with_parent(master);
	front->signals = process_signals();
	while (!front->stop)
		serve_once(front);
	/* Who waits in the kernel's queue goes to the next generation's front, which has the same sockets. */
	close_listeners(front->setup);
	while (front->relays > 0)
		serve_once(front);
	_exit(0);
}

pid_t tls_front_start(const struct tls_front_setup *setup)
{
	struct front front = {.setup = setup, .signals = -1};
	pid_t master = getpid();

	if (!prepare(&front)) {
		front_clear(&front);
		errno = EINVAL;
		return -1;
	}
	pid_t pid = fork();
	if (pid == 0)
		run(&front, master);
	int error = errno;
	front_clear(&front);
	errno = error;
	return pid;
}
