/* Handing connections from the TLS front to the parser's room, and the words of STARTTLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/handoff.h"
#include "lib/base/io.h"

static guint count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	guint count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

/* Sends `text` with `count` copies of descriptor 0 beside it. */
static void send_raw(int fd, const char *text, size_t length, guint count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} ancillary = {.space = {0}};
	const int zeros[4] = {0, 0, 0, 0};
	struct iovec data = {.iov_base = (void *)text, .iov_len = length};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (count > 0) {
		message.msg_control = &ancillary;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(header), zeros, count * sizeof(int));
	}
	assert_int_equal(sendmsg(fd, &message, 0), (ssize_t)length);
}

static void test_connection(void **state)
{
	int front[2], pipes[2];
	struct handoff sent, received = {0};
	char byte = 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, front), 0);
	assert_int_equal(pipe(pipes), 0);
	for (int with_control = 0; with_control <= 1; with_control++) {
		sent = (struct handoff){.data = pipes[1], .control = with_control ? pipes[0] : -1};
		g_strlcpy(sent.peer, "192.0.2.1", sizeof(sent.peer));
		assert_true(handoff_send(front[0], &sent, deadline_in(1)));
		assert_int_equal(handoff_receive(front[1], &received), HANDOFF_RECEIVED);
		assert_string_equal(received.peer, "192.0.2.1");
		assert_int_equal(received.control >= 0, with_control);
		assert_int_equal(write(received.data, "x", 1), 1);
		assert_int_equal(read(with_control ? received.control : pipes[0], &byte, 1), 1);
		io_close(&received.data);
		io_close(&received.control);
	}
	assert_int_equal(handoff_receive(front[1], &received), HANDOFF_NONE);
	io_close(&front[0]);
	assert_int_equal(handoff_receive(front[1], &received), HANDOFF_CLOSED);
	io_close(&front[1]);
	io_close(&pipes[0]);
	io_close(&pipes[1]);
}

/* The other side may be owned: nothing that it sends is taken for more than it is, and no descriptor is left. */
static void test_nonsense(void **state)
{
	int front[2];
	struct handoff received;
	char text[200];
	guint before;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, front), 0);
	before = count_descriptors();
	send_raw(front[0], "192.0.2.1", 10, 0);
	assert_int_equal(handoff_receive(front[1], &received), HANDOFF_NONE);
	send_raw(front[0], "192.0.2.1", 10, 3);
	assert_int_equal(handoff_receive(front[1], &received), HANDOFF_NONE);
	send_raw(front[0], text, sizeof(text), 2);
	assert_int_equal(handoff_receive(front[1], &received), HANDOFF_NONE);
	assert_int_equal(count_descriptors(), before);

	/* No NUL, and bytes that no log should see. */
	send_raw(front[0], "a\nb\x1b" "c\xff", 6, 2);
	assert_int_equal(handoff_receive(front[1], &received), HANDOFF_RECEIVED);
	assert_string_equal(received.peer, "a?b?c?");
	io_close(&received.data);
	io_close(&received.control);
	assert_int_equal(count_descriptors(), before);
	io_close(&front[0]);
	io_close(&front[1]);
}

static void test_no_room(void **state)
{
	int front[2];
	struct handoff sent = {.data = 0, .control = -1, .peer = "192.0.2.1"};
	gboolean good = TRUE;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, front), 0);
	for (int i = 0; good && i < 100000; i++)
		good = handoff_send(front[0], &sent, deadline_in(0));
	assert_false(good);
	assert_int_equal(errno, ETIMEDOUT);
	io_close(&front[1]);
	assert_false(handoff_send(front[0], &sent, deadline_in(1)));
	io_close(&front[0]);
}

static void test_words(void **state)
{
	int control[2];
	char *text = g_malloc(HANDOFF_TEXT_SIZE);
	char longest[HANDOFF_TEXT_SIZE + 100];

	(void)state;
	memset(longest, 'y', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, control), 0);
	assert_true(handoff_say(control[0], HANDOFF_UP, "TLSv1.3 X", deadline_in(1)));
	assert_true(handoff_say(control[0], HANDOFF_GO, "", deadline_in(1)));
	assert_true(handoff_say(control[0], HANDOFF_START, longest, deadline_in(1)));
	assert_int_equal(send(control[0], "Q\n\xff", 3, 0), 3);
	assert_int_equal(handoff_hear(control[1], text, deadline_in(1)), HANDOFF_UP);
	assert_string_equal(text, "TLSv1.3 X");
	assert_int_equal(handoff_hear(control[1], text, deadline_in(1)), HANDOFF_GO);
	assert_string_equal(text, "");
	assert_int_equal(handoff_hear(control[1], text, deadline_in(1)), HANDOFF_START);
	assert_true(strlen(text) >= HANDOFF_TEXT_SIZE - 3 && g_str_has_prefix(longest, text));
	assert_int_equal(handoff_hear(control[1], text, deadline_in(1)), 'Q');
	assert_string_equal(text, "??");
	assert_int_equal(handoff_hear(control[1], text, deadline_in(0)), 0);
	io_close(&control[0]);
	assert_int_equal(handoff_hear(control[1], text, deadline_in(1)), 0);
	assert_false(handoff_say(control[1], HANDOFF_GO, "", deadline_in(1)));
	io_close(&control[1]);
	g_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
