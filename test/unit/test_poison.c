/* room: intake. lmtpd/intake/poison.h: what a child has said before it died is what the parent reports, and an orderly end is no report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/wire/wire.h"
#include "lmtpd/intake/poison.h"

static const guint8 key[POISON_KEY_SIZE] = "thirty-two bytes of some message";

enum step { DIE_UNARMED, DIE_ARMED, DIE_AFTER };

static void child(struct poison *poison, enum step step)
{
	if (step != DIE_UNARMED)
		poison_arm(poison, key);
	if (step == DIE_AFTER)
		poison_disarm(poison);
	raise(SIGKILL);
}

/* The key that dispatch hears of, or NULL when it hears nothing. */
static GVariant *hear(int end)
{
	enum wire_request request;
	GVariant *arguments = NULL;
	int fd = -1;
	wire_queue_auto struct wire_queue queue;
	guint source;
	assert_true(wire_queue_open(&queue, &end, 1));
	io_autofd int phase = wire_accept(&queue, deadline_in(0), &source);

	if (phase < 0)
		return NULL;
	assert_int_equal(wire_receive(phase, deadline_in(1), &request, &arguments, &fd), WIRE_RECEIVED);
	assert_int_equal(request, WIRE_DEATH);
	/* Nobody waits for the answer, and the next thing is the end. */
	GVariant *rest = NULL;
	assert_int_equal(wire_receive(phase, deadline_in(1), &request, &rest, &fd), WIRE_CLOSED);
	return arguments;
}

static void the_dead_are_reported(void **state)
{
	static const struct {
		enum step step;
		gboolean reported;
	} table[] = {{DIE_UNARMED, FALSE}, {DIE_ARMED, TRUE}, {DIE_AFTER, FALSE}};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct poison *poison = poison_new();
		int ends[2], status;

		assert_non_null(poison);
		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
		pid_t pid = fork();
		if (pid == 0)
			child(poison, table[i].step);
		poison_keep(poison);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		poison_report(poison, ends[0]);
		g_autoptr(GVariant) heard = hear(ends[1]);
		assert_int_equal(heard != NULL, table[i].reported);
		if (heard) {
			g_autoptr(GVariant) bytes = g_variant_get_child_value(heard, 0);

			assert_int_equal(g_variant_get_size(bytes), POISON_KEY_SIZE);
			assert_memory_equal(g_variant_get_data(bytes), key, POISON_KEY_SIZE);
		}
		poison_free(poison);
		close(ends[0]);
		close(ends[1]);
	}
}

/* Each child has its own page and no other's. */
static void later_children_do_not_get_it(void **state)
{
	struct poison *first = poison_new(), *second = poison_new();
	int status;

	poison_keep(first);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL); /* cmocka has it */
		poison_arm(second, key);
		poison_arm(first, key); /* not there: this ends it */
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	poison_free(first);
	poison_free(second);
}

static void nobody_looks(void **state)
{
	int ends[2];

	poison_arm(NULL, key);
	poison_disarm(NULL);
	poison_keep(NULL);
	poison_free(NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	poison_report(NULL, ends[0]);
	assert_null(hear(ends[1]));
	/* Nobody at the other end: said in the log, and nothing is waited for. */
	struct poison *poison = poison_new();
	poison_arm(poison, key);
	close(ends[1]);
	poison_report(poison, ends[0]);
	poison_free(poison);
	assert_int_equal(poison_deaths(ends[0], -1, key, deadline_in(1)), 0);
	close(ends[0]);
}

static void keys(void **state)
{
	static const struct {
		gint64 held;
		const char *sender, *text;
	} table[] = {{0, "a@b", "text"}, {0, "a@b", "texts"}, {0, "a@", "text"}, {0, "", "a@btext"}, {7, "a@b", "text"}, {8, "a@b", "text"}, {0, "", ""}};
	guint8 all[G_N_ELEMENTS(table)][POISON_KEY_SIZE];

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		guint8 again[POISON_KEY_SIZE];
		const struct io_mapping raw = {.data = (char *)table[i].text, .length = strlen(table[i].text)};

		poison_key(table[i].held, table[i].sender, &raw, all[i]);
		poison_key(table[i].held, table[i].sender, &raw, again);
		assert_memory_equal(all[i], again, sizeof(again));
		for (gsize k = 0; k < i; k++)
			assert_memory_not_equal(all[i], all[k], POISON_KEY_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dead_are_reported),
		cmocka_unit_test(later_children_do_not_get_it),
		cmocka_unit_test(nobody_looks),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
