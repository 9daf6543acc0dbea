/*
 * Knocking and opening; see door.h. One packet holds argv, its words apart by NUL, and all descriptors; after it a byte from the master is the
 * number of a signal, and the last packet from the porter is the program's wait status.
 * Knowingly not here: who may knock. The mode of the socket in the file system says that.
 */
#include "lib/base/door.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/notify.h"
#include "lib/base/privilege.h"
#include "lib/base/process.h"

enum {
	MOST_DESCRIPTORS = PROCESS_FD_LISTEN - PROCESS_FD_CONFIG + SPAWN_MOST_LISTENERS,
	WORDS_SIZE = 256,  /* bytes of argv */
	MOST_WORDS = 8,
	PACKET_TIME = 10,  /* seconds for the master to say what it wants */
	FINISH_TIME = 60,  /* seconds for a program whose master is gone */
	HIGH_FD = 200,     /* above every number that a program is given */
};

union ancillary {
	struct cmsghdr header; /* the first one, and the alignment of all */
	char space[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
};

/* ---- the master's side ---- */

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	io_autofd int door = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (door < 0 || connect(door, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return io_steal_fd(&door);
}

static gboolean send_everything(int door, const struct spawn *spawn, int status)
{
	int descriptors[MOST_DESCRIPTORS] = {spawn->config, status, spawn->tickets, spawn->jobs};
	guint count = PROCESS_FD_LISTEN - PROCESS_FD_CONFIG;
	union ancillary ancillary = {.space = {0}};
	g_autoptr(GString) words = g_string_new(NULL);

	for (guint i = 0; i < spawn->listen_count; i++)
		descriptors[count++] = spawn->listen[i];
	for (const char *const *word = spawn->arguments; *word; word++)
		g_string_append_len(words, *word, (gssize)strlen(*word) + 1);
	struct iovec text = {.iov_base = words->str, .iov_len = words->len};
	struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1, .msg_control = &ancillary,
		.msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *header = &ancillary.header;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
	return sendmsg(door, &message, MSG_NOSIGNAL) == (ssize_t)words->len;
}

int door_knock(const char *path, const struct spawn *spawn, int *status)
{
	io_autofd int ours = -1, theirs = -1;
	int pair[2];

	if (spawn->listen_count > SPAWN_MOST_LISTENERS) {
		errno = E2BIG;
		return -1;
	}
	io_autofd int door = connect_to(path);
	if (door < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	ours = pair[0];
	theirs = pair[1];
	if (!send_everything(door, spawn, theirs))
		return -1;
	*status = io_steal_fd(&ours);
	return io_steal_fd(&door);
}

void door_signal(int door, int signal)
{
	guint8 byte = (guint8)signal;

	/* A porter that does not read is one whose service manager will end it. */
	(void)!send(door, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

gboolean door_ended(int door, int *status)
{
	ssize_t length = recv(door, status, sizeof(*status), MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return FALSE;
	/* A porter that could not tell was killed. */
	if (length != sizeof(*status))
		*status = SIGKILL;
	return TRUE;
}

/* ---- the porter's side ---- */

static guint take_descriptors(struct msghdr *message, int *descriptors)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS || (message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 0;
	size_t bytes = header->cmsg_len - CMSG_LEN(0);
	memcpy(descriptors, CMSG_DATA(header), bytes);
	return (guint)(bytes / sizeof(int));
}

/* Onto their numbers; first all are moved up, so that none is overwritten. */
static gboolean place_descriptors(int *descriptors, guint count)
{
	for (guint i = 0; i < count; i++)
		if ((descriptors[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, HIGH_FD)) < 0)
			return FALSE;
	for (guint i = 0; i < count; i++)
		if (dup2(descriptors[i], PROCESS_FD_CONFIG + (int)i) < 0)
			return FALSE;
	syscall(SYS_close_range, PROCESS_FD_CONFIG + count, ~0U, 0);
	return TRUE;
}

static void take_words(char *words, size_t length, int *argc, char ***argv)
{
	static char *taken[MOST_WORDS + 1];
	int count = 0;

	for (size_t at = 0; at < length && count < MOST_WORDS; at += strlen(words + at) + 1)
		taken[count++] = words + at;
	*argc = count;
	*argv = taken;
}

static void receive_everything(int *argc, char ***argv)
{
	static char words[WORDS_SIZE + 1];
	int descriptors[MOST_DESCRIPTORS];
	union ancillary ancillary;
	struct iovec text = {.iov_base = words, .iov_len = WORDS_SIZE};
	struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof(ancillary.space)};

	if (!deadline_poll(STDIN_FILENO, POLLIN, deadline_in(PACKET_TIME)))
		log_fatal("nobody at the door: this program is started by a service manager when rollcall-lmtpd knocks");
	ssize_t length = recvmsg(STDIN_FILENO, &message, MSG_DONTWAIT);
	guint count = length > 0 ? take_descriptors(&message, descriptors) : 0;
	if (count < PROCESS_FD_LISTEN - PROCESS_FD_CONFIG || !place_descriptors(descriptors, count))
		log_fatal("what came through the door is not from rollcall-lmtpd");
	take_words(words, (size_t)length, argc, argv);
}

struct porter {
	pid_t child;
	int signals;
	gboolean master_gone;
	struct deadline finish;
};

static void leave(struct porter *porter, int status) G_GNUC_NORETURN;

static void leave(struct porter *porter, int status)
{
	(void)!send(STDIN_FILENO, &status, sizeof(status), MSG_NOSIGNAL | MSG_DONTWAIT);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 70);
}

static void end_child(struct porter *porter)
{
	kill(porter->child, SIGTERM);
	porter->finish = deadline_in(FINISH_TIME);
}

static void hear_master(struct porter *porter)
{
	guint8 byte;
	ssize_t length = recv(STDIN_FILENO, &byte, 1, MSG_DONTWAIT);

	if (length == 1 && (byte == SIGHUP || byte == SIGTERM || byte == SIGKILL)) {
		kill(porter->child, byte);
	} else if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
		porter->master_gone = TRUE;
		end_child(porter);
	}
}

static void hear_signals(struct porter *porter)
{
	int status;

	for (int signal; (signal = process_next_signal(porter->signals)) != 0;)
		if (signal == SIGTERM || signal == SIGINT)
			end_child(porter);
	if (waitpid(porter->child, &status, WNOHANG) == porter->child)
		leave(porter, status);
	if (porter->finish.at && deadline_passed(porter->finish))
		kill(porter->child, SIGKILL);
}

static void keep_door(struct porter *porter) G_GNUC_NORETURN;

static void keep_door(struct porter *porter)
{
	int watchdog = notify_watchdog_interval();

	for (;;) {
		struct pollfd ready[] = {
			{.fd = porter->signals, .events = POLLIN},
			{.fd = porter->master_gone ? -1 : STDIN_FILENO, .events = POLLIN},
		};

		if (watchdog > 0)
			notify_service_manager("WATCHDOG=1");
		poll(ready, G_N_ELEMENTS(ready), porter->finish.at ? 1000 : watchdog);
		if (ready[1].revents)
			hear_master(porter);
		hear_signals(porter);
	}
}

gboolean door_enter(int *argc, char ***argv)
{
	struct porter porter = {0};

	if (*argc != 2 || strcmp((*argv)[1], "door") != 0)
		return FALSE;
	receive_everything(argc, argv);
	porter.child = fork();
	if (porter.child < 0)
		log_fatal("cannot fork: %s", g_strerror(errno));
	if (porter.child == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null < 0 || dup2(null, STDIN_FILENO) < 0)
			log_fatal("/dev/null: %s", g_strerror(errno));
		close(null);
		return TRUE;
	}
	privilege_lock();
	syscall(SYS_close_range, PROCESS_FD_CONFIG, ~0U, 0);
	porter.signals = process_signals();
	keep_door(&porter);
}
