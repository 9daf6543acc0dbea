/*
 * sink: an SMTP server that takes everything and writes down exactly what it got. One thread, epoll, because the
 * end-to-end tests hand it tens of thousands of transactions a run, which Python would slow down.
 *
 *	sink DIRECTORY		listens on 127.0.0.1, prints the port, then writes until it is ended:
 *	DIRECTORY/messages	the bytes of all messages one after the other, dots unstuffed, line ends as they came
 *	DIRECTORY/index		one JSON line each: offset and length in `messages`, sender, its parameters, recipients, connection
 *
 * A message's bytes and then its line are written before its 250, so whatever Postfix believes delivered can be read.
 * Recipients whose local part begins with "refuse-" get 550, those with "defer-" 451: that is how tests make bounces.
 * Knowingly not here: TLS, AUTH, time limits, any check of order; our Postfix is the only client.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct buffer {
	char *data;
	size_t length, room;
};

/* Where we are in the end of data: CRLF.CRLF, and nothing like it, ends it. */
enum data_state { AT_LINE_START, IN_LINE, AFTER_CR, AFTER_DOT, AFTER_DOT_CR };

struct connection {
	int fd;
	uint64_t number;
	bool in_data, quit;
	enum data_state state;
	struct buffer in, out, message, sender, parameters, recipients;
};

static int messages_fd, index_fd;
static uint64_t messages_end, connection_count;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void add(struct buffer *buffer, const void *data, size_t length)
{
	if (buffer->room - buffer->length < length) {
		buffer->room = (buffer->room + length) * 2 + 256;
		buffer->data = realloc(buffer->data, buffer->room);
		if (!buffer->data)
			die("realloc");
	}
	memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
}

static void add_text(struct buffer *buffer, const char *text)
{
	add(buffer, text, strlen(text));
}

static void add_json_string(struct buffer *buffer, const char *data, size_t length)
{
	add(buffer, "\"", 1);
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)data[i];
		char escaped[8];

		if (byte == '"' || byte == '\\' || byte < 0x20 || byte == 0x7f) {
			int used = snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
			add(buffer, escaped, (size_t)used);
		} else {
			add(buffer, data + i, 1);
		}
	}
	add(buffer, "\"", 1);
}

static void write_all(int fd, const struct buffer *buffer)
{
	for (size_t done = 0; done < buffer->length;) {
		ssize_t written = write(fd, buffer->data + done, buffer->length - done);

		if (written < 0 && errno != EINTR)
			die("write");
		if (written > 0)
			done += (size_t)written;
	}
}

static void record(struct connection *c)
{
	struct buffer line = {0};
	struct timespec now;
	char numbers[200];

	write_all(messages_fd, &c->message);
	clock_gettime(CLOCK_REALTIME, &now);
	int used = snprintf(numbers, sizeof(numbers),
		"{\"time\":%lld.%06ld,\"connection\":%llu,\"offset\":%llu,\"length\":%zu,\"sender\":", (long long)now.tv_sec,
		now.tv_nsec / 1000, (unsigned long long)c->number, (unsigned long long)messages_end, c->message.length);
	add(&line, numbers, (size_t)used);
	add_json_string(&line, c->sender.data, c->sender.length);
	add_text(&line, ",\"parameters\":");
	add_json_string(&line, c->parameters.data, c->parameters.length);
	add_text(&line, ",\"recipients\":[");
	add(&line, c->recipients.data, c->recipients.length);
	add_text(&line, "]}\n");
	write_all(index_fd, &line);
	messages_end += c->message.length;
	free(line.data);
}

static void forget_transaction(struct connection *c)
{
	c->message.length = c->sender.length = c->parameters.length = c->recipients.length = 0;
}

/* Splits "<path> parameters"; a '>' inside a quoted local part does not end the path. */
static void split_path(const char *text, size_t length, size_t *path_length, size_t *parameters)
{
	bool quoted = false;
	size_t i = 1;

	for (; i < length; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && text[i] == '>')
			break;
	}
	if (i > length)
		i = length;
	*path_length = i - 1;
	*parameters = i + 1;
	while (*parameters < length && text[*parameters] == ' ')
		++*parameters;
}

static void take_sender(struct connection *c, const char *text, size_t length)
{
	size_t path, parameters;

	split_path(text, length, &path, &parameters);
	forget_transaction(c);
	add(&c->sender, text + 1, path);
	if (parameters < length)
		add(&c->parameters, text + parameters, length - parameters);
	add_text(&c->out, "250 2.1.0 Ok\r\n");
}

static void take_recipient(struct connection *c, const char *text, size_t length)
{
	size_t path, parameters;

	split_path(text, length, &path, &parameters);
	if (path >= 7 && !memcmp(text + 1, "refuse-", 7)) {
		add_text(&c->out, "550 5.1.1 No such person here\r\n");
	} else if (path >= 6 && !memcmp(text + 1, "defer-", 6)) {
		add_text(&c->out, "451 4.2.2 Mailbox full, come again\r\n");
	} else {
		if (c->recipients.length)
			add(&c->recipients, ",", 1);
		add_json_string(&c->recipients, text + 1, path);
		add_text(&c->out, "250 2.1.5 Ok\r\n");
	}
}

static bool is_verb(const char *line, size_t length, const char *verb)
{
	return length >= strlen(verb) && !strncasecmp(line, verb, strlen(verb));
}

static void command(struct connection *c, const char *line, size_t length)
{
	if (is_verb(line, length, "RCPT TO:<")) {
		take_recipient(c, line + 8, length - 8);
	} else if (is_verb(line, length, "MAIL FROM:<")) {
		take_sender(c, line + 10, length - 10);
	} else if (is_verb(line, length, "DATA")) {
		c->in_data = c->recipients.length > 0;
		c->state = AT_LINE_START;
		add_text(&c->out, c->in_data ? "354 Go on\r\n" : "554 5.5.1 No valid recipients\r\n");
	} else if (is_verb(line, length, "EHLO")) {
		add_text(&c->out, "250-sink.example\r\n250-PIPELINING\r\n250-SIZE 0\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
			"250 ENHANCEDSTATUSCODES\r\n");
	} else if (is_verb(line, length, "RSET")) {
		forget_transaction(c);
		add_text(&c->out, "250 2.0.0 Ok\r\n");
	} else if (is_verb(line, length, "HELO") || is_verb(line, length, "NOOP")) {
		add_text(&c->out, "250 2.0.0 Ok\r\n");
	} else if (is_verb(line, length, "QUIT")) {
		c->quit = true;
		add_text(&c->out, "221 2.0.0 Bye\r\n");
	} else {
		add_text(&c->out, "502 5.5.2 Not here\r\n");
	}
}

/* Takes one byte of the message; true when it was the last of CRLF.CRLF. */
static bool data_byte(struct connection *c, char byte)
{
	switch (c->state) {
	case AT_LINE_START:
		if (byte == '.') {
			c->state = AFTER_DOT;
			return false;
		}
		break;
	case AFTER_DOT:
		if (byte == '\r') {
			c->state = AFTER_DOT_CR;
			return false;
		}
		break;
	case AFTER_DOT_CR:
		if (byte == '\n')
			return true;
		add(&c->message, "\r", 1);
		break;
	case AFTER_CR:
	case IN_LINE:
		break;
	}
	add(&c->message, &byte, 1);
	if (c->state == AFTER_CR && byte == '\n')
		c->state = AT_LINE_START;
	else
		c->state = byte == '\r' ? AFTER_CR : IN_LINE;
	return false;
}

static size_t take_data(struct connection *c, const char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (c->state == IN_LINE && data[i] != '\r') {
			const char *end = memchr(data + i, '\r', length - i);
			size_t run = end ? (size_t)(end - data) - i : length - i;

			add(&c->message, data + i, run);
			i += run - 1;
		} else if (data_byte(c, data[i])) {
			record(c);
			forget_transaction(c);
			c->in_data = false;
			add_text(&c->out, "250 2.0.0 Taken\r\n");
			return i + 1;
		}
	}
	return length;
}

static void work_through(struct connection *c)
{
	size_t done = 0;

	while (done < c->in.length && !c->quit) {
		char *rest = c->in.data + done;
		size_t length = c->in.length - done;

		if (c->in_data) {
			done += take_data(c, rest, length);
			continue;
		}
		char *end = memchr(rest, '\n', length);
		if (!end)
			break;
		done += (size_t)(end - rest) + 1;
		command(c, rest, (size_t)(end - rest) - (end > rest && end[-1] == '\r'));
	}
	memmove(c->in.data, c->in.data + done, c->in.length - done);
	c->in.length -= done;
}

/* Replies are short and the client reads them, so waiting for room in the socket is a matter of microseconds. */
static bool answer(struct connection *c)
{
	for (size_t done = 0; done < c->out.length;) {
		ssize_t sent = send(c->fd, c->out.data + done, c->out.length - done, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return false;
		if (sent > 0)
			done += (size_t)sent;
	}
	c->out.length = 0;
	return true;
}

static void close_connection(struct connection *c)
{
	close(c->fd);
	free(c->in.data);
	free(c->out.data);
	free(c->message.data);
	free(c->sender.data);
	free(c->parameters.data);
	free(c->recipients.data);
	free(c);
}

static void open_connection(int listener, int epoll)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct connection *c = calloc(1, sizeof(*c));
	int one = 1;

	if (!c)
		die("calloc");
	c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (c->fd < 0)
		die("accept");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->number = ++connection_count;
	event.data.ptr = c;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
		die("epoll_ctl");
	add_text(&c->out, "220 sink.example ESMTP\r\n");
	if (!answer(c))
		close_connection(c);
}

static void serve(struct connection *c)
{
	char data[65536];
	ssize_t got = recv(c->fd, data, sizeof(data), 0);

	if (got > 0) {
		add(&c->in, data, (size_t)got);
		work_through(c);
	}
	if ((got <= 0 && errno != EINTR) || !answer(c) || c->quit)
		close_connection(c);
}

static int listen_on_loopback(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		die("listen");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static int create(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		die(name);
	return fd;
}

int main(int argc, char **argv)
{
	struct epoll_event event = {.events = EPOLLIN}, ready[64];

	if (argc != 2 || chdir(argv[1]) < 0) {
		fprintf(stderr, "usage: sink DIRECTORY\n");
		return 64;
	}
	messages_fd = create("messages");
	index_fd = create("index");
	int listener = listen_on_loopback();
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
		die("epoll");
	for (;;) {
		int count = epoll_wait(epoll, ready, 64, -1);

		if (count < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < count; i++) {
			if (ready[i].data.ptr)
				serve(ready[i].data.ptr);
			else
				open_connection(listener, epoll);
		}
	}
}
