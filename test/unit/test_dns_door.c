/* lmtpd/intake/dns_door.h: each name is asked for once in a post, and a worker that is gone is trouble for all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/wire/wire.h"
#include "lmtpd/intake/dns_door.h"

/* A worker that counts questions; it leaves at "last.example" without an answer. */
struct worker {
	int tickets;
	guint asked;
	pthread_t thread;
};

static GVariant *make_answer(const char *name)
{
	const char *const records[] = {"first", "second \377"};
	guint count = strcmp(name, "two.example") == 0 ? 2 : 0;
	guint result = count > 0 ? TXT_FOUND : strcmp(name, "nonsense.example") == 0 ? 7 : TXT_NO_NAME;

	return g_variant_new("(@(uuss)u@aay)", wire_verdict(&VERDICT_UNDECIDED), result,
		g_variant_new_bytestring_array(records, (gssize)count));
}

static void *serve(void *data)
{
	struct worker *worker = data;
	wire_queue_auto struct wire_queue queue;
	guint source;
	gboolean more = wire_queue_open(&queue, &worker->tickets, 1);
	io_autofd int phase = more ? wire_accept(&queue, deadline_in(5), &source) : -1;
	enum wire_request request;

	more = phase >= 0;

	while (more) {
		g_autoptr(GVariant) arguments = NULL;
		io_autofd int fd = -1;
		const char *name;

		if (wire_receive(phase, deadline_in(5), &request, &arguments, &fd) != WIRE_RECEIVED)
			break;
		g_variant_get(arguments, "(&s)", &name);
		worker->asked++;
		more = request == WIRE_TXT && strcmp(name, "last.example") != 0 &&
			wire_answer(phase, request, make_answer(name), -1);
	}
	return NULL;
}

static enum txt_result ask(struct dns_door *dns, const char *name, guint count)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	enum txt_result result = dns->door.ask(dns->door.context, name, texts);

	assert_int_equal(texts->len, count);
	if (count == 2) {
		assert_string_equal(g_ptr_array_index(texts, 0), "first");
		assert_string_equal(g_ptr_array_index(texts, 1), "second \377");
	}
	return result;
}

static void test_door(void **state)
{
	int tickets[2];
	struct dns_door dns;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, tickets), 0);
	struct worker worker = {.tickets = tickets[1]};
	struct post_setup setup = {.tickets = tickets[0]};
	struct post post = {.setup = &setup, .deadline = deadline_in(5), .phase = -1};
	assert_int_equal(pthread_create(&worker.thread, NULL, serve, &worker), 0);

	dns_door_open(&dns, &post);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(&dns, "two.example", 2), TXT_FOUND);
		assert_int_equal(ask(&dns, "TWO.example", 2), TXT_FOUND);
		assert_int_equal(ask(&dns, "none.example", 0), TXT_NO_NAME);
		assert_int_equal(ask(&dns, "nonsense.example", 0), TXT_TROUBLE);
		assert_int_equal(ask(&dns, "\377.example", 0), TXT_NO_NAME);
	}
	assert_int_equal(worker.asked, 3);
	assert_false(verdict_is_final(&dns.verdict));

	/* What was said before it went away still holds. */
	assert_int_equal(ask(&dns, "last.example", 0), TXT_TROUBLE);
	assert_int_equal(dns.verdict.class, VERDICT_DEFERRED);
	pthread_join(worker.thread, NULL);
	assert_int_equal(ask(&dns, "another.example", 0), TXT_TROUBLE);
	assert_int_equal(ask(&dns, "two.example", 2), TXT_FOUND);
	assert_int_equal(worker.asked, 4);
	dns_door_close(&dns);
	io_close(&post.phase);
	io_close(&tickets[0]);
	io_close(&tickets[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_door)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
