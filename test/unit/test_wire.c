/* lib/wire/wire.h: tickets, frames, and what a hostile other side may try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/wire/wire.h"

/* One honest worker that answers a single request with a given verdict. */
struct worker {
	int tickets;
	enum wire_request expect;
	struct verdict verdict;
	size_t message_length; /* of the memory file that came along */
	int answer_fd;         /* goes along with the answer */
};

/* Like a worker that has only just come. */
static int accept_once(int tickets, guint seconds)
{
	wire_queue_auto struct wire_queue queue;
	guint source;

	return wire_queue_open(&queue, &tickets, 1) ? wire_accept(&queue, deadline_in(seconds), &source) : -1;
}

static void *serve_one(void *data)
{
	struct worker *worker = data;
	int phase = accept_once(worker->tickets, 5), fd = -1;
	enum wire_request request;
	GVariant *arguments = NULL;

	if (phase < 0 || wire_receive(phase, deadline_in(5), &request, &arguments, &fd) != WIRE_RECEIVED ||
		request != worker->expect)
		return NULL;
	struct io_mapping mapping;
	if (fd >= 0 && io_map(fd, TRUE, &mapping)) {
		worker->message_length = mapping.length;
		io_unmap(&mapping);
	}
	gboolean sent = wire_answer(phase, request,
		request == WIRE_PREPARE ? g_variant_new("(@(uuss))", wire_verdict(&worker->verdict))
								: g_variant_new("(@(uuss)sus)", wire_verdict(&worker->verdict), "a@b.org", 3, "x"),
		worker->answer_fd);
	g_variant_unref(arguments);
	io_close(&fd);
	io_close(&phase);
	return sent ? worker : NULL;
}

static GVariant *ask(int phase, enum wire_request request, GVariant *arguments, int fd, struct verdict *verdict)
{
	struct wire_question question = {.request = request, .arguments = arguments, .fd = fd};

	return wire_call(phase, &question, deadline_in(request == WIRE_ROUTE ? 1 : 5), verdict);
}

static void test_request_and_answer(void **state)
{
	int tickets[2];
	pthread_t thread;
	void *served;
	struct verdict verdict;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, tickets), 0);
	struct worker worker = {.tickets = tickets[1], .expect = WIRE_ROUTE, .verdict = VERDICT_UNDECIDED, .answer_fd = -1};
	pthread_create(&thread, NULL, serve_one, &worker);
	int phase = wire_open(tickets[0], deadline_in(5));
	assert_true(phase >= 0);
	GVariant *answer =
		ask(phase, WIRE_ROUTE, g_variant_new("(s)", "a-request@b.org"), -1, &verdict);
	pthread_join(thread, &served);
	assert_non_null(served);
	assert_non_null(answer);
	assert_int_equal(verdict.class, VERDICT_NONE);
	const char *list, *extension;
	guint role;
	g_variant_get(answer, "(@(uuss)&su&s)", NULL, &list, &role, &extension);
	assert_string_equal(list, "a@b.org");
	assert_int_equal(role, 3);
	assert_string_equal(extension, "x");
	g_variant_unref(answer);
	io_close(&phase);
	close(tickets[0]);
	close(tickets[1]);
}

static void test_descriptor_travels_beside(void **state)
{
	int tickets[2];
	pthread_t thread;
	void *served;
	struct verdict verdict;
	int message = io_memory_file_with("m", "hello", 5);

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, tickets), 0);
	struct worker worker = {.tickets = tickets[1],
		.expect = WIRE_PREPARE,
		.verdict = verdict_deferred("4.3.0", "crm down"),
		.answer_fd = -1};
	pthread_create(&thread, NULL, serve_one, &worker);
	int phase = wire_open(tickets[0], deadline_in(5));
	GVariant *answer = ask(phase, WIRE_PREPARE, g_variant_new("(s)", "mail"), message, &verdict);
	pthread_join(thread, &served);
	assert_non_null(served);
	assert_int_equal(worker.message_length, 5);
	assert_non_null(answer);
	assert_int_equal(verdict.class, VERDICT_DEFERRED);
	assert_string_equal(verdict.text, "crm down");
	g_variant_unref(answer);
	io_close(&phase);
	io_close(&message);
	close(tickets[0]);
	close(tickets[1]);
}

static void test_descriptor_travels_back(void **state)
{
	int tickets[2], got = -1;
	pthread_t thread;
	void *served;
	struct verdict verdict;
	struct io_mapping mapping;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, tickets), 0);
	struct worker worker = {.tickets = tickets[1],
		.expect = WIRE_ROUTE,
		.verdict = VERDICT_UNDECIDED,
		.answer_fd = io_memory_file_with("m", "back", 4)};
	for (int wanted = 0; wanted < 2; wanted++) {
		struct wire_question question = {
			.request = WIRE_ROUTE,
			.arguments = g_variant_new("(s)", "x"),
			.fd = -1,
			.answer_fd = wanted ? &got : NULL,
		};

		pthread_create(&thread, NULL, serve_one, &worker);
		int phase = wire_open(tickets[0], deadline_in(5));
		GVariant *answer = wire_call(phase, &question, deadline_in(5), &verdict);
		pthread_join(thread, &served);
		assert_non_null(answer);
		g_variant_unref(answer);
		io_close(&phase);
	}
	assert_true(io_map(got, TRUE, &mapping));
	assert_int_equal(mapping.length, 4);
	io_unmap(&mapping);
	io_close(&got);
	io_close(&worker.answer_fd);
	close(tickets[0]);
	close(tickets[1]);
}

/* What the answering side may do to a child: nothing worse than 451. */
static void expect_trouble(const void *frame, size_t length)
{
	int pair[2];
	struct verdict verdict = VERDICT_UNDECIDED;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	if (frame)
		assert_int_equal(send(pair[1], frame, length, 0), length);
	else
		close(pair[1]);
	GVariant *answer = ask(pair[0], WIRE_ROUTE, g_variant_new("(s)", "x"), -1, &verdict);
	assert_null(answer);
	assert_int_equal(verdict.class, VERDICT_DEFERRED);
	assert_int_equal(verdict.code, 451);
	close(pair[0]);
	if (frame)
		close(pair[1]);
}

static void test_bad_answers_defer(void **state)
{
	guint64 other = WIRE_SIGN, same = WIRE_ROUTE;
	char rubbish[64];

	expect_trouble(NULL, 0);
	expect_trouble("x", 1);
	expect_trouble(&other, sizeof(other));
	expect_trouble(&same, sizeof(same));
	memset(rubbish, 0xff, sizeof(rubbish));
	memcpy(rubbish, &same, sizeof(same));
	expect_trouble(rubbish, sizeof(rubbish));
}

static void test_silent_worker_times_out(void **state)
{
	int pair[2];
	struct verdict verdict;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_null(ask(pair[0], WIRE_ROUTE, g_variant_new("(s)", "x"), -1, &verdict));
	assert_int_equal(verdict.class, VERDICT_DEFERRED);
	close(pair[0]);
	close(pair[1]);
}

static void expect_nonsense(const void *frame, size_t length, int fd)
{
	int pair[2], got = -1;
	enum wire_request request;
	GVariant *arguments;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(send(pair[1], frame, length, 0), length);
	assert_int_equal(wire_receive(pair[0], deadline_in(1), &request, &arguments, &got), WIRE_NONSENSE);
	assert_int_equal(got, -1);
	close(pair[0]);
	close(pair[1]);
}

static void test_bad_requests_are_nonsense(void **state)
{
	guint64 unknown = WIRE_REQUEST_COUNT, huge = G_MAXUINT64, route = WIRE_ROUTE;
	char frame[100] = {0};
	char *large = g_malloc0(LIMIT_FRAME + 1);

	expect_nonsense("x", 1, -1);
	expect_nonsense(&unknown, sizeof(unknown), -1);
	expect_nonsense(&huge, sizeof(huge), -1);
	/* A ROUTE whose string is not terminated, and one that is not UTF-8. */
	memcpy(frame, &route, sizeof(route));
	memset(frame + 8, 'a', 20);
	expect_nonsense(frame, 28, -1);
	memcpy(frame + 8, "\xff\0", 2);
	expect_nonsense(frame, 10, -1);
	/* Longer than a frame may be: the kernel cuts it, and a cut frame is nothing. */
	memcpy(large, &route, sizeof(route));
	expect_nonsense(large, LIMIT_FRAME + 1, -1);
	g_free(large);
}

static void test_ticket_without_descriptor_is_ignored(void **state)
{
	int tickets[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, tickets), 0);
	assert_int_equal(send(tickets[0], "T", 1, 0), 1);
	assert_int_equal(send(tickets[0], "TTTTTTTTTT", 10, 0), 10);
	int phase = wire_open(tickets[0], deadline_in(1));
	int served = accept_once(tickets[1], 1);
	assert_true(served >= 0);
	close(served);
	close(phase);
	errno = 0;
	assert_int_equal(accept_once(tickets[1], 1), -1);
	assert_int_equal(errno, ETIMEDOUT);
	close(tickets[0]);
	close(tickets[1]);
}

enum { BUSY = 8 };

/* Takes one ticket and never comes back for a second. */
static void *take_one(void *data)
{
	const int *tickets = data;

	return GINT_TO_POINTER(accept_once(*tickets, 20));
}

/* Of those who wait one is woken for a ticket: never the same one for two, and never nobody. */
static void test_each_ticket_finds_a_worker(void **state)
{
	for (guint round = 0; round < 20; round++) {
		GThread *workers[BUSY];
		int tickets[2], phases[BUSY];

		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, tickets), 0);
		gint64 started = g_get_monotonic_time();
		for (guint i = 0; i < BUSY; i++)
			workers[i] = g_thread_new("worker", take_one, &tickets[1]);
		/* Some come before and some after the first tickets. */
		for (guint i = 0; i < BUSY; i++)
			assert_true((phases[i] = wire_open(tickets[0], deadline_in(1))) >= 0);
		for (guint i = 0; i < BUSY; i++) {
			int served = GPOINTER_TO_INT(g_thread_join(workers[i]));

			assert_true(served >= 0);
			close(served);
			close(phases[i]);
		}
		/* Well before anybody looks without having been called. */
		assert_true(g_get_monotonic_time() - started < 10 * G_USEC_PER_SEC);
		close(tickets[0]);
		close(tickets[1]);
	}
}

static void test_closed_phase(void **state)
{
	int pair[2], fd;
	enum wire_request request;
	GVariant *arguments;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	close(pair[1]);
	assert_int_equal(wire_receive(pair[0], deadline_in(1), &request, &arguments, &fd), WIRE_CLOSED);
	close(pair[0]);
}

static void test_full_queue_times_out(void **state)
{
	int tickets[2], phases[4096];
	int count = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, tickets), 0);
	while (count < 4096 && (phases[count] = wire_open(tickets[0], (struct deadline){0})) >= 0)
		count++;
	assert_in_range(count, 1, 4095);
	assert_int_equal(errno, ETIMEDOUT);
	while (count-- > 0)
		close(phases[count]);
	close(tickets[0]);
	close(tickets[1]);
}

/* ---- more descriptors on their way than the kernel takes from one user ---- */

enum { CROWD_LIMIT = 24, CROWD_USER = 61234 };

static int send_descriptor(int socket)
{
	char byte = 'x', space[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec piece = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &socket, sizeof(int));
	return sendmsg(socket, &message, MSG_DONTWAIT) == 1 ? 0 : errno;
}

static void *leave_soon(void *data)
{
	int *crowd = data;

	usleep(100000);
	close(crowd[1]);
	close(crowd[0]);
	return NULL;
}

/* In a process of its own, as a user of its own: 0 when all is as it should be, else which step was not. */
static int wait_in_a_crowd(const int *tickets)
{
	const struct rlimit few = {CROWD_LIMIT, CROWD_LIMIT};
	int crowd[2], wrong = 0;
	pthread_t thread;

	if (setrlimit(RLIMIT_NOFILE, &few) != 0 || (geteuid() == 0 && setuid(CROWD_USER) != 0) ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, crowd) != 0)
		return 1;
	for (int i = 0; i < 4 * CROWD_LIMIT && wrong == 0; i++)
		wrong = send_descriptor(crowd[0]);
	if (wrong != ETOOMANYREFS)
		return 2;
	if (wire_open(tickets[0], deadline_in(0)) >= 0 || errno != ETIMEDOUT)
		return 3;
	if (pthread_create(&thread, NULL, leave_soon, crowd) != 0)
		return 4;
	return wire_open(tickets[0], deadline_in(20)) >= 0 ? 0 : 5;
}

static void test_crowd_waits(void **state)
{
	int tickets[2], status;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, tickets), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(wait_in_a_crowd(tickets));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(tickets[0]);
	close(tickets[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_and_answer),
		cmocka_unit_test(test_descriptor_travels_beside),
		cmocka_unit_test(test_descriptor_travels_back),
		cmocka_unit_test(test_bad_answers_defer),
		cmocka_unit_test(test_silent_worker_times_out),
		cmocka_unit_test(test_bad_requests_are_nonsense),
		cmocka_unit_test(test_ticket_without_descriptor_is_ignored),
		cmocka_unit_test(test_each_ticket_finds_a_worker),
		cmocka_unit_test(test_closed_phase),
		cmocka_unit_test(test_full_queue_times_out),
		cmocka_unit_test(test_crowd_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
