/*
 * Input of the session. One buffer of fixed size serves commands and data, so a client cannot make it grow,
 * and what is pipelined behind the end of data is simply still there.
 */
#include "lmtpd/intake/session_state.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/io.h"
#include "lib/base/limits.h"

static gboolean is_ready(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	return poll(&ready, 1, 0) > 0;
}

enum session_fill session_input_fill(struct session *session, struct deadline deadline)
{
	size_t got;

	if (session->start > 0) {
		memmove(session->input, session->input + session->start, session->stop - session->start);
		session->stop -= session->start;
		session->start = 0;
	}
	if (!is_ready(session->in)) {
		session_flush(session);
		session->handlers->idle(session->handlers->context);
	}
	if (session->over)
		return SESSION_FILL_GONE;
	/* Asked here, since a client that always has a byte ready would never let poll(2) find the time up. */
	if (deadline_passed(deadline))
		return SESSION_FILL_LATE;
	switch (io_read(session->in, session->input + session->stop, sizeof(session->input) - session->stop, deadline,
		&got)) {
	case IO_OK:
		session->stop += got;
		return SESSION_FILLED;
	case IO_TIMEOUT:
		return SESSION_FILL_LATE;
	case IO_EOF:
	case IO_ERROR:
		break;
	}
	return SESSION_FILL_GONE;
}

/* After the replies to its message a client has nothing to say but QUIT: it is not to hold a process for long. */
static struct deadline line_deadline(const struct session *session)
{
	guint seconds = session->config->command_deadline;

	if (session->served)
		return deadline_in(MIN(seconds, SESSION_LAST_WAIT));
	return deadline_earlier(deadline_in(seconds), session->end);
}

static enum session_line fill_word(enum session_fill fill)
{
	switch (fill) {
	case SESSION_FILLED:
		return SESSION_LINE;
	case SESSION_FILL_LATE:
		return SESSION_LINE_LATE;
	case SESSION_FILL_GONE:
		break;
	}
	return SESSION_LINE_GONE;
}

/* Drops a line that is too long, up to its LF. */
static enum session_line drop_line(struct session *session, struct deadline deadline)
{
	size_t dropped = 0;

	for (;;) {
		const char *line = session->input + session->start;
		size_t there = session->stop - session->start;
		const char *end = memchr(line, '\n', there);
		size_t take = end ? (size_t)(end - line) + 1 : there;

		session->start += take;
		dropped += take;
		if (dropped > LIMIT_COMMAND_FLOOD)
			return SESSION_LINE_FLOOD;
		if (end)
			return SESSION_LINE_LONG;
		enum session_fill fill = session_input_fill(session, deadline);
		if (fill != SESSION_FILLED)
			return fill_word(fill);
	}
}

enum session_line session_input_line(struct session *session, const char **line, size_t *length)
{
	/* One deadline for the whole line: who sends a byte a second does not get a new one with each. */
	struct deadline deadline = line_deadline(session);

	for (;;) {
		const char *text = session->input + session->start;
		size_t there = session->stop - session->start;
		const char *end = memchr(text, '\n', MIN(there, LIMIT_COMMAND_LINE));

		if (end) {
			*line = text;
			*length = (size_t)(end - text) + 1;
			session->start += *length;
			return SESSION_LINE;
		}
		if (there > LIMIT_COMMAND_LINE)
			return drop_line(session, deadline);
		enum session_fill fill = session_input_fill(session, deadline);
		if (fill != SESSION_FILLED)
			return fill_word(fill);
	}
}

void session_input_drop(struct session *session)
{
	session->start = session->stop = 0;
	while (recv(session->in, session->input, sizeof(session->input), MSG_DONTWAIT) > 0)
		;
}

gboolean session_peer_present(int in)
{
	struct pollfd state = {.fd = in, .events = POLLRDHUP};
	char byte;

	/* A pipe's writer may be done while its reader still waits for replies: only a socket tells. */
	if (recv(in, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == ENOTSOCK)
		return TRUE;
	/* Not by what recv(2) says: a pipelined QUIT would hide the end behind it. */
	return poll(&state, 1, 0) == 0;
}
