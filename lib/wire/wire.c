/* Frames and requests between the rooms; see wire.h. */
#include "lib/wire/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/fault.h"
#include "lib/base/io.h"
#include "lib/base/limits.h"
#include "lib/base/log.h"

struct request_row {
	const char *name;
	const char *arguments;
	const char *answer;
};

static const struct request_row rows[WIRE_REQUEST_COUNT] = {
#define X(name, arguments, answer) [WIRE_##name] = {#name, arguments, answer},
	WIRE_REQUESTS(X)
#undef X
};

/* Room for the one descriptor that may travel beside a frame. */
union control {
	char space[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header;
};

const char *wire_request_word(guint request)
{
	return request < WIRE_REQUEST_COUNT ? rows[request].name : "?";
}

/*
 * Waits until a packet that was not taken may be tried again; FALSE: time is up. The kernel takes no more descriptors from a process while more of its user's
 * than it may itself have open are on their way (unix(7), ETOOMANYREFS), and all children are one user: so many of them in line for a worker reach that. No event
 * tells when it is over, therefore a pause.
 */
static gboolean wait_to_send(int socket, struct deadline deadline)
{
	enum { PAUSE = 10 }; /* milliseconds */

	if (errno != ETOOMANYREFS)
		return deadline_poll(socket, POLLOUT, deadline);
	(void)poll(NULL, 0, MIN(PAUSE, deadline_left(deadline)));
	return !deadline_passed(deadline);
}

/* Sends one packet with at most one descriptor. FALSE with errno. */
static gboolean send_packet(int socket, const void *data, size_t length, int fd, struct deadline deadline)
{
	union control control = {0};
	struct iovec piece = {.iov_base = (void *)data, .iov_len = length};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(int));
	}
	for (;;) {
		ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent == (ssize_t)length)
			return TRUE;
		if (sent >= 0)
			errno = EMSGSIZE;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != ENOBUFS && errno != ETOOMANYREFS)
			return FALSE;
		if (!wait_to_send(socket, deadline)) {
			errno = ETIMEDOUT;
			return FALSE;
		}
	}
}

/* Takes the descriptors out of a received message: the first is kept, more than one is nonsense and closed. */
static int take_descriptor(struct msghdr *message)
{
	int kept = -1;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
			if (kept < 0)
				kept = fd;
			else
				close(fd);
		}
	}
	return kept;
}

/*
 * Receives one packet. Its length, 0 when the peer closed, -1 with errno (EMSGSIZE: cut). `*fd` is what came beside
 * it, or -1.
 */
static ssize_t receive_packet(int socket, void *data, size_t size, int *fd)
{
	union control control;
	struct iovec piece = {.iov_base = data, .iov_len = size};
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	*fd = length >= 0 ? take_descriptor(&message) : -1;
	if (length >= 0 && (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		io_close(fd);
		errno = EMSGSIZE;
		return -1;
	}
	return length;
}

int wire_open(int tickets, struct deadline deadline)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	gboolean sent = send_packet(tickets, "T", 1, pair[1], deadline);
	io_close(&pair[1]);
	if (!sent)
		io_close(&pair[0]);
	return pair[0];
}

/* One ticket off the socket; -1 with errno, EAGAIN when there is none: another worker may have been quicker. */
static int take_ticket(int tickets)
{
	char byte;
	int fd;
	ssize_t length = receive_packet(tickets, &byte, 1, &fd);

	if (length == 1 && fd >= 0)
		return fd;
	io_close(&fd);
	/* A datagram that is no ticket is none, and so is one that was cut. */
	if (length >= 0 || errno == EMSGSIZE)
		errno = EAGAIN;
	return -1;
}

gboolean wire_queue_open(struct wire_queue *queue, const int *tickets, guint count)
{
	if (count > WIRE_SOURCES)
		log_panic("wire_queue_open: %u sockets", count);
	*queue = (struct wire_queue){.count = count, .poll = epoll_create1(EPOLL_CLOEXEC)};
	gboolean good = queue->poll >= 0;

	for (guint i = 0; i < count && good; i++) {
		/* Else each ticket would wake all who wait: most of what taking one cost was the others' looking in vain. */
		struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};

		queue->tickets[i] = tickets[i];
		good = epoll_ctl(queue->poll, EPOLL_CTL_ADD, tickets[i], &event) == 0;
	}
	if (!good)
		io_close(&queue->poll);
	return good;
}

void wire_queue_clear(struct wire_queue *queue)
{
	io_close(&queue->poll);
}

int wire_accept(const struct wire_queue *queue, struct deadline deadline, guint *source)
{
	for (;;) {
		struct epoll_event ready[WIRE_SOURCES];
		int found = epoll_wait(queue->poll, ready, WIRE_SOURCES, deadline_left(deadline));

		if (found < 0)
			return -1;
		/* After a time in which nobody called we look, too: whoever was woken for a ticket may have died on the way to it. */
		for (*source = 0; *source < queue->count; (*source)++) {
			int phase = take_ticket(queue->tickets[*source]);

			if (phase >= 0 || errno != EAGAIN)
				return phase;
		}
		if (found == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
}

/*
 * A frame is the request's number in eight bytes of host order, then the GVariant. Both ends are on one machine and of one
 * build, and eight bytes keep the variant behind them aligned for every type in the table.
 */
static GBytes *encode(guint32 request, GVariant *value)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(value);
	gsize size = g_variant_get_size(owned);
	guint8 *frame = g_malloc(sizeof(guint64) + size);
	guint64 head = request;

	memcpy(frame, &head, sizeof(head));
	g_variant_store(owned, frame + sizeof(head));
	return g_bytes_new_take(frame, sizeof(head) + size);
}

/* The value of a frame, or NULL when it is not a normal-form value of the wanted type. */
static GVariant *decode(const void *data, gsize length, guint request, gboolean answer)
{
	if (length < sizeof(guint64) || request >= WIRE_REQUEST_COUNT)
		return NULL;
	const char *type = answer ? rows[request].answer : rows[request].arguments;
	/* A copy of its own: aligned, exactly as long as the value, and not shared with the receive buffer. */
	g_autoptr(GBytes) bytes = g_bytes_new((const char *)data + sizeof(guint64), length - sizeof(guint64));
	g_autoptr(GVariant) value = g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(type), bytes, FALSE));

	return g_variant_is_normal_form(value) ? g_steal_pointer(&value) : NULL;
}

static guint64 frame_head(const void *data, gsize length)
{
	guint64 head = G_MAXUINT64;

	if (length >= sizeof(head))
		memcpy(&head, data, sizeof(head));
	return head;
}

GVariant *wire_decode_request(const void *data, gsize length, enum wire_request *request)
{
	guint64 head = frame_head(data, length);

	if (length > LIMIT_FRAME || head >= WIRE_REQUEST_COUNT)
		return NULL;
	*request = (enum wire_request)head;
	return decode(data, length, (guint)head, FALSE);
}

GVariant *wire_verdict(const struct verdict *verdict)
{
	return g_variant_new("(uuss)", (guint)verdict->class, (guint)verdict->code, verdict->status, verdict->text);
}

/* The verdict that begins each answer. "None" with no code is the one that no constructor makes. */
static struct verdict read_verdict(GVariant *answer)
{
	guint class, code;
	const char *status, *text;
	g_autoptr(GVariant) value = g_variant_get_child_value(answer, 0);

	g_variant_get(value, "(uu&s&s)", &class, &code, &status, &text);
	if (class == VERDICT_NONE)
		return VERDICT_UNDECIDED;
	return verdict_from_wire(class, code, status, text);
}

/* Waits for the answer's packet; NULL with the reason. */
static GVariant *receive_answer(int phase, const struct wire_question *question, struct deadline deadline,
	const char **reason)
{
	g_autofree char *frame = g_malloc(LIMIT_FRAME);
	io_autofd int fd = -1;

	*reason = "no answer in time";
	if (!deadline_poll(phase, POLLIN, deadline))
		return NULL;
	ssize_t length = receive_packet(phase, frame, LIMIT_FRAME, &fd);
	*reason = "worker gone";
	if (length <= 0)
		return NULL;
	*reason = "answer not understood";
	if (frame_head(frame, (gsize)length) != question->request)
		return NULL;
	GVariant *answer = decode(frame, (gsize)length, question->request, TRUE);
	if (answer && question->answer_fd)
		*question->answer_fd = io_steal_fd(&fd);
	return answer;
}

GVariant *wire_call(int phase, const struct wire_question *question, struct deadline deadline,
	struct verdict *verdict)
{
	const char *reason = "cannot ask";
	g_autoptr(GBytes) frame = encode(question->request, question->arguments);
	g_autoptr(GVariant) answer = NULL;

	if (question->answer_fd)
		*question->answer_fd = -1;
	FAULT_POINT("ask");
	if (send_packet(phase, g_bytes_get_data(frame, NULL), g_bytes_get_size(frame), question->fd, deadline))
		answer = receive_answer(phase, question, deadline, &reason);
	FAULT_POINT("told");
	if (!answer) {
		log_warning("dispatch: %s: %s", rows[question->request].name, reason);
		*verdict = verdict_deferred("4.3.0", "internal trouble (%s), try again later", reason);
		return NULL;
	}
	*verdict = read_verdict(answer);
	return g_steal_pointer(&answer);
}

gboolean wire_tell(int tickets, enum wire_request request, GVariant *arguments)
{
	struct deadline now = deadline_in(0);
	g_autoptr(GBytes) frame = encode(request, arguments);
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return FALSE;
	/* What is in the socket stays there for whoever takes the ticket, also when our end is closed. */
	gboolean sent = send_packet(pair[0], g_bytes_get_data(frame, NULL), g_bytes_get_size(frame), -1, now) &&
		send_packet(tickets, "T", 1, pair[1], now);
	io_close(&pair[0]);
	io_close(&pair[1]);
	return sent;
}

enum wire_receive wire_receive(int phase, struct deadline deadline, enum wire_request *request,
	GVariant **arguments, int *fd)
{
	g_autofree char *frame = g_malloc(LIMIT_FRAME);

	if (!deadline_poll(phase, POLLIN, deadline))
		return WIRE_TIMED_OUT;
	ssize_t length = receive_packet(phase, frame, LIMIT_FRAME, fd);
	if (length == 0 || (length < 0 && errno == ECONNRESET))
		return WIRE_CLOSED;
	*arguments = length > 0 ? wire_decode_request(frame, (gsize)length, request) : NULL;
	if (!*arguments) {
		io_close(fd);
		return WIRE_NONSENSE;
	}
	return WIRE_RECEIVED;
}

gboolean wire_answer(int phase, enum wire_request request, GVariant *answer, int fd)
{
	if (!g_variant_is_of_type(answer, G_VARIANT_TYPE(rows[request].answer)))
		log_panic("answer to %s has type %s", rows[request].name, g_variant_get_type_string(answer));
	g_autoptr(GBytes) frame = encode(request, answer);
	/* The child reads at once; one that does not is dying, and 10 seconds are plenty to find out. */
	return send_packet(phase, g_bytes_get_data(frame, NULL), g_bytes_get_size(frame), fd, deadline_in(10));
}
