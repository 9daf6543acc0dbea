/*
 * The relay's loop; see tls_relay.h. Two lanes, each with one buffer: up from the client to the child, down from the
 * child to the client. Every turn moves what can be moved without waiting; poll(2) is asked only when nothing could be.
 */
#include "lmtpd/master/tls_relay.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/handoff.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lmtpd/master/tls_stream.h"

enum {
	LANE_SIZE = 16 * 1024, /* bytes; a TLS record's most */
	HANDSHAKE_TIME = 60,   /* seconds from START to GO */
	STALL_TIME = 300,      /* seconds that a client may let a reply lie */
};

struct lane {
	size_t start, stop; /* bytes[start..stop) wait to be written */
	gboolean closed;    /* nothing more comes in */
	gboolean shut;      /* the end was passed on */
	char bytes[LANE_SIZE];
};

struct relay {
	struct tls_stream client;
	int data, control;
	SSL_CTX *context;
	struct lane up, down;
	struct deadline stall; /* of what lies in `down` */
};

static gboolean lane_is_empty(const struct lane *lane)
{
	return lane->start == lane->stop;
}

static gboolean lane_wants_input(const struct lane *lane)
{
	return !lane->closed && (lane_is_empty(lane) || lane->stop < sizeof(lane->bytes));
}

/* Where the next bytes go, NULL when there is no room. */
static char *lane_room(struct lane *lane, size_t *size)
{
	if (!lane_wants_input(lane))
		return NULL;
	if (lane_is_empty(lane))
		lane->start = lane->stop = 0;
	*size = sizeof(lane->bytes) - lane->stop;
	return lane->bytes + lane->stop;
}

static enum tls_flow data_flow(ssize_t result, size_t *count)
{
	if (result > 0) {
		*count = (size_t)result;
		return TLS_FLOW_MOVED;
	}
	return result < 0 && (errno == EAGAIN || errno == EINTR) ? TLS_FLOW_BLOCKED : TLS_FLOW_END;
}

static gboolean fill(struct lane *lane, enum tls_flow flow, size_t count)
{
	switch (flow) {
	case TLS_FLOW_MOVED:
		lane->stop += count;
		return TRUE;
	case TLS_FLOW_END:
		lane->closed = TRUE;
		return TRUE;
	case TLS_FLOW_BLOCKED:
		break;
	}
	return FALSE;
}

/* Whoever does not take bytes any more gets none: the lane is emptied and ends. */
static gboolean drain(struct lane *lane, enum tls_flow flow, size_t count)
{
	switch (flow) {
	case TLS_FLOW_MOVED:
		lane->start += count;
		return TRUE;
	case TLS_FLOW_END:
		lane->start = lane->stop;
		lane->closed = lane->shut = TRUE;
		return TRUE;
	case TLS_FLOW_BLOCKED:
		break;
	}
	return FALSE;
}

static gboolean move_up(struct relay *relay)
{
	struct lane *lane = &relay->up;
	gboolean moved = FALSE;
	size_t size, count = 0;
	char *room = lane_room(lane, &size);

	if (room) {
		enum tls_flow flow = tls_stream_read(&relay->client, room, size, &count);

		moved = fill(lane, flow, count);
	}
	if (!lane_is_empty(lane)) {
		ssize_t sent = send(relay->data, lane->bytes + lane->start, lane->stop - lane->start,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		enum tls_flow flow = data_flow(sent, &count);

		moved = drain(lane, flow, count) || moved;
	}
	/* A client that is done is not yet a client that is gone: replies still go down. */
	if (lane->closed && lane_is_empty(lane) && !lane->shut) {
		shutdown(relay->data, SHUT_WR);
		lane->shut = TRUE;
	}
	return moved;
}

static gboolean move_down(struct relay *relay)
{
	struct lane *lane = &relay->down;
	gboolean moved = FALSE;
	size_t size, count = 0;
	char *room = lane_room(lane, &size);

	if (lane_is_empty(lane))
		relay->stall = deadline_in(STALL_TIME);
	if (room) {
		enum tls_flow flow = data_flow(recv(relay->data, room, size, MSG_DONTWAIT), &count);

		moved = fill(lane, flow, count);
	}
	if (!lane_is_empty(lane)) {
		enum tls_flow flow = tls_stream_write(&relay->client, lane->bytes + lane->start,
			lane->stop - lane->start, &count);

		if (drain(lane, flow, count)) {
			relay->stall = deadline_in(STALL_TIME);
			moved = TRUE;
		}
	}
	return moved;
}

static gboolean is_done(const struct relay *relay)
{
	return relay->down.closed && lane_is_empty(&relay->down);
}

/* Everything that the child has written so far goes out before the connection changes. */
static gboolean flush_down(struct relay *relay, struct deadline deadline)
{
	while (move_down(relay) || !lane_is_empty(&relay->down)) {
		if (is_done(relay) || deadline_passed(deadline))
			return FALSE;
		if (!lane_is_empty(&relay->down) && !deadline_poll(relay->client.fd, relay->client.write_event, deadline))
			return FALSE;
	}
	return TRUE;
}

/* What was sent before the 220 was sent in plain text, by the client or by whoever sits on the line. */
static void discard_input(struct relay *relay, struct deadline deadline)
{
	size_t count;

	relay->up.start = relay->up.stop = 0;
	while (!deadline_passed(deadline) &&
		tls_stream_read(&relay->client, relay->up.bytes, sizeof(relay->up.bytes), &count) == TLS_FLOW_MOVED)
		;
}

/* Takes the connection under TLS: the relay's steps of lib/base/handoff.h. FALSE: end the connection. */
static gboolean start_tls(struct relay *relay, const char *reply)
{
	struct deadline deadline = deadline_in(HANDSHAKE_TIME);
	g_autofree char *line = g_strdup_printf("%s\r\n", reply);
	char text[HANDOFF_TEXT_SIZE];

	if (!flush_down(relay, deadline))
		return FALSE;
	discard_input(relay, deadline);
	if (io_write_all(relay->client.fd, line, strlen(line), deadline) != IO_OK)
		return FALSE;
	if (!tls_stream_handshake(&relay->client, relay->context, deadline)) {
		log_info("TLS handshake failed");
		/* Only for the child: the client has had its alert from the library. */
		(void)!handoff_say(relay->control, HANDOFF_FAILED, "", deadline);
		return FALSE;
	}
	g_snprintf(text, sizeof(text), "%s %s", SSL_get_version(relay->client.ssl),
		SSL_get_cipher_name(relay->client.ssl));
	return handoff_say(relay->control, HANDOFF_UP, text, deadline) &&
		handoff_hear(relay->control, text, deadline) == HANDOFF_GO;
}

/* Looks whether the child asks for TLS. FALSE: end the connection. */
static gboolean listen_to_child(struct relay *relay, gboolean *moved)
{
	struct pollfd ready = {.fd = relay->control, .events = POLLIN};
	char text[HANDOFF_TEXT_SIZE];

	if (relay->control < 0 || poll(&ready, 1, 0) <= 0)
		return TRUE;
	*moved = TRUE;
	int word = handoff_hear(relay->control, text, deadline_in(HANDSHAKE_TIME));
	gboolean going = word == HANDOFF_START ? relay->context && start_tls(relay, text) : word == 0;
	/* Nothing more is ever heard there: TLS starts once, and a child that is gone shows on `data`. */
	relay->control = -1;
	return going;
}

static gboolean wait_for_something(const struct relay *relay)
{
	gboolean stalled = !lane_is_empty(&relay->down);
	short client = 0, data = 0;

	if (lane_wants_input(&relay->up))
		client |= relay->client.read_event;
	if (!lane_is_empty(&relay->down))
		client |= relay->client.write_event;
	if (lane_wants_input(&relay->down))
		data |= POLLIN;
	if (!lane_is_empty(&relay->up))
		data |= POLLOUT;
	/* A descriptor that nothing is wanted of is left out, or its hang-up would turn this into a spin. */
	struct pollfd ready[] = {
		{.fd = client ? relay->client.fd : -1, .events = client},
		{.fd = data ? relay->data : -1, .events = data},
		{.fd = relay->control, .events = POLLIN},
	};
	int left = stalled ? deadline_left(relay->stall) : -1;
	return poll(ready, G_N_ELEMENTS(ready), left) != 0;
}

void tls_relay_run(const struct tls_relay_setup *setup)
{
	struct relay *relay = g_new0(struct relay, 1);
	gboolean going = TRUE;

	tls_stream_start(&relay->client, setup->client);
	relay->data = setup->data;
	relay->control = setup->control;
	relay->context = setup->context;
	while (going) {
		gboolean moved = FALSE;

		/* Before anything is carried: once the child has asked, not a byte more may go up. */
		going = listen_to_child(relay, &moved);
		if (!going)
			break;
		moved = move_up(relay) || moved;
		moved = move_down(relay) || moved;
		if (is_done(relay))
			break;
		if (!moved)
			going = wait_for_something(relay);
	}
	if (is_done(relay))
		tls_stream_close(&relay->client);
	SSL_free(relay->client.ssl);
	g_free(relay);
}
