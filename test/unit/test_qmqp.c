/*
 * room: trusted. QMQP against a server that does its worst at each moment (HOSTILE S4 in QMQP's terms),
 * and what exactly is sent. That the real qmqpd understands it is test_qmqp_postfix.py's business.
 */
#include "test/unit/qmqp_peer.h"

#include <sys/syscall.h>
#include <sys/time.h>

#define OK_REPLY "24:KOk: queued as 4bT2xk1Zz,"

static const char *const outcome_words[] = {"accepted", "temporary", "permanent", "unclear"};

static struct qmqp_job job_for(const struct peer *peer, const struct recipients *recipients, const char *message,
	gsize length)
{
	return (struct qmqp_job){.endpoint = peer->endpoint, .message = {message, length}, .sender = "choir-bounces@lists.example",
		.recipients = recipients};
}

/* ---- what is sent ---- */

/* The netstrings as they should be, built the simple way. */
static GString *expected_bytes(const struct qmqp_job *job)
{
	g_autoptr(GString) inner = g_string_new(NULL);
	GString *all = g_string_new(NULL);

	g_string_append_printf(inner, "%zu:", job->message.length);
	g_string_append_len(inner, job->message.data, (gssize)job->message.length);
	g_string_append_printf(inner, ",%zu:%s,", strlen(job->sender), job->sender);
	for (guint i = 0; i < recipients_count(job->recipients); i++) {
		const char *address = recipients_get(job->recipients, i);

		g_string_append_printf(inner, "%zu:%s,", strlen(address), address);
	}
	g_string_append_printf(all, "%zu:", inner->len);
	g_string_append_len(all, inner->str, (gssize)inner->len);
	g_string_append_c(all, ',');
	return all;
}

static guint sends;
static _Thread_local gulong pause_after_send; /* microseconds; of the tested side only */

/* Counted, slowed down where a test wants the other side to be quicker, and still done. */
ssize_t send(int fd, const void *data, size_t length, int flags)
{
	ssize_t count = (ssize_t)syscall(SYS_sendto, fd, data, length, flags, NULL, 0);
	int saved_errno = errno;

	g_atomic_int_inc(&sends);
	g_usleep(pause_after_send);
	errno = saved_errno;
	return count;
}

static void check_transaction(gsize message_length, guint count, const char *sender)
{
	struct peer *peer = peer_start(&(struct peer_script){.moment = PEER_AT_END, .answer = OK_REPLY});
	recipients_auto struct recipients *recipients = some_recipients(count);
	g_autofree char *message = g_malloc(message_length);
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GString) id = g_string_new("old");
	g_autoptr(GString) reason = g_string_new("old");

	for (gsize i = 0; i < message_length; i++)
		message[i] = (char)(i * 7 % 256);
	struct qmqp_job job = job_for(peer, recipients, message, message_length);
	job.sender = sender;
	g_autoptr(GString) expected = expected_bytes(&job);
	struct qmqp *qmqp = qmqp_begin(&job, deadline_in(30), &verdict);
	assert_non_null(qmqp);
	assert_int_equal(verdict.class, VERDICT_NONE);
	assert_int_equal(qmqp_commit(qmqp, deadline_in(30), id, reason), RELAY_ACCEPTED);
	assert_string_equal(id->str, "4bT2xk1Zz");
	assert_string_equal(reason->str, "Ok: queued as 4bT2xk1Zz");
	qmqp_free(qmqp);
	peer_end(peer);
	assert_int_equal(peer->heard->len, expected->len);
	assert_memory_equal(peer->heard->str, expected->str, expected->len);
	peer_free(peer);
}

static void bytes_are_right(void **state)
{
	/* Around one digit more or less, and around the size of the send buffer. */
	static const gsize sizes[] = {0, 1, 9, 10, 99, 100, 65000, 65500, 65534, 65535, 65536, 65537, 131072, 3000000};

	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
		check_transaction(sizes[i], 1 + i, "choir-bounces@lists.example");
	check_transaction(500, 1, "");
	check_transaction(500, 3, "choir-bounces+@lists.example-@[]");
	check_transaction(4300, 5000, "choir-bounces@lists.example");
}

static void many_recipients_in_few_writes(void **state)
{
	sends = 0;
	check_transaction(4300, 100000, "choir-bounces@lists.example");
	print_message("100,000 recipients: %u writes\n", sends);
	/* 8 MB in pieces of 64 KiB is 130; the rest is waiting for room. */
	assert_in_range(sends, 50, 2000);
}

/* All but the last byte is there, and then it is given up: the server sees a netstring that never ends. */
static void dropped_before_the_commit(void **state)
{
	struct peer *peer = peer_start(&(struct peer_script){.moment = PEER_MIDWAY, .hold = TRUE});
	recipients_auto struct recipients *recipients = some_recipients(3);
	struct verdict verdict = VERDICT_UNDECIDED;
	struct qmqp_job job = job_for(peer, recipients, "a: b\n\nc\n", 8);
	g_autoptr(GString) expected = expected_bytes(&job);
	struct qmqp *qmqp = qmqp_begin(&job, deadline_in(30), &verdict);

	peer_go_on(peer);
	qmqp_free(qmqp);
	qmqp_free(NULL);
	while (!g_atomic_int_get(&peer->saw_end))
		g_usleep(1000);
	peer_end(peer);
	assert_int_equal(peer->heard->len, expected->len - 1);
	assert_memory_equal(peer->heard->str, expected->str, expected->len - 1);
	peer_free(peer);
}

/* ---- answers ---- */

struct answer {
	const char *what;
	struct peer_script script;
	enum relay_outcome outcome;
	const char *id;
	const char *reason; /* part of it */
};

#define THOUSAND_DIGITS "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"

static const struct answer answers[] = {
	/* The last byte was heard. */
	{"accepted", {.moment = PEER_AT_END, .answer = OK_REPLY}, RELAY_ACCEPTED, "4bT2xk1Zz", ""},
	{"byte by byte", {.moment = PEER_AT_END, .answer = OK_REPLY, .dribble = TRUE}, RELAY_ACCEPTED, "4bT2xk1Zz", ""},
	{"accepted and not closed", {.moment = PEER_AT_END, .answer = OK_REPLY, .hold = TRUE}, RELAY_ACCEPTED, "4bT2xk1Zz", ""},
	{"accepted and chatting on", {.moment = PEER_AT_END, .answer = OK_REPLY "and 1 MB more", .repeat = 40000}, RELAY_ACCEPTED, "4bT2xk1Zz", ""},
	{"qmail's words", {.moment = PEER_AT_END, .answer = "20:Kok 1093538 qp 12345,"}, RELAY_ACCEPTED, "", ""},
	{"no words", {.moment = PEER_AT_END, .answer = "1:K,"}, RELAY_ACCEPTED, "", ""},
	{"not now", {.moment = PEER_AT_END, .answer = "12:ZError: disk,"}, RELAY_TEMPORARY, "", "Error: disk"},
	{"never", {.moment = PEER_AT_END, .answer = "14:DError: no\x01\xffpe,"}, RELAY_PERMANENT, "", "Error: no??pe"},
	{"closes", {.moment = PEER_AT_END}, RELAY_UNCLEAR, "", "connection closed"},
	{"is silent", {.moment = PEER_AT_END, .hold = TRUE}, RELAY_UNCLEAR, "", "timed out"},
	{"closes in its answer", {.moment = PEER_AT_END, .answer = "24:KOk: queued as 4bT2xk1Z"}, RELAY_UNCLEAR, "", "connection closed"},
	{"closes before the comma", {.moment = PEER_AT_END, .answer = "24:KOk: queued as 4bT2xk1Zz"}, RELAY_UNCLEAR, "", "connection closed"},
	{"stops in its answer", {.moment = PEER_AT_END, .answer = "24:KOk", .hold = TRUE}, RELAY_UNCLEAR, "", "timed out"},
	{"speaks SMTP", {.moment = PEER_AT_END, .answer = "220 mx.example.org ESMTP\r\n", .hold = TRUE}, RELAY_UNCLEAR, "", "no QMQP"},
	{"NUL", {.moment = PEER_AT_END, .answer = "\0\0\0", .length = 3, .hold = TRUE}, RELAY_UNCLEAR, "", "no QMQP"},
	{"1 MB of a", {.moment = PEER_AT_END, .answer = "aaaaaaaaaaaaaaaa", .repeat = 65536}, RELAY_UNCLEAR, "", "no QMQP"},
	{"1 MB of digits", {.moment = PEER_AT_END, .answer = THOUSAND_DIGITS, .repeat = 10000}, RELAY_UNCLEAR, "", "no QMQP"},
	{"too long", {.moment = PEER_AT_END, .answer = "1000000:K", .repeat = 65536, .hold = TRUE}, RELAY_UNCLEAR, "", "no QMQP"},
	{"other status", {.moment = PEER_AT_END, .answer = "3:Xyz,", .hold = TRUE}, RELAY_UNCLEAR, "", "no QMQP"},
	{"wrong length", {.moment = PEER_AT_END, .answer = "3:KOk: queued as 4bT2xk1Zz,", .hold = TRUE}, RELAY_UNCLEAR, "", "no QMQP"},
	/*
	 * It speaks or leaves when we are about to commit; the last byte may still get into the kernel
	 * where it does not close.
	 */
	{"left before the commit", {.moment = PEER_MIDWAY}, RELAY_TEMPORARY, "", "connection closed"},
	{"not now, before", {.moment = PEER_MIDWAY, .answer = "12:ZError: disk,"}, RELAY_TEMPORARY, "", "Error: disk"},
	{"never, before", {.moment = PEER_MIDWAY, .answer = "4:Dno!,", .hold = TRUE}, RELAY_PERMANENT, "", "no!"},
	{"accepted, before", {.moment = PEER_MIDWAY, .answer = OK_REPLY}, RELAY_UNCLEAR, "", "Ok: queued as"},
	{"rubbish, before", {.moment = PEER_MIDWAY, .answer = "hello"}, RELAY_TEMPORARY, "", "no QMQP"},
};

static void check_answer(const struct answer *answer)
{
	struct peer *peer = peer_start(&answer->script);
	recipients_auto struct recipients *recipients = some_recipients(3);
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GString) id = g_string_new("old");
	g_autoptr(GString) reason = g_string_new("old");
	struct qmqp_job job = job_for(peer, recipients, "a: b\n\nc\n", 8);
	struct qmqp *qmqp = qmqp_begin(&job, deadline_in(30), &verdict);

	if (!qmqp)
		fail_msg("%s: %s", answer->what, verdict.text);
	if (answer->script.moment == PEER_MIDWAY)
		peer_go_on(peer);
	enum relay_outcome outcome = qmqp_commit(qmqp, deadline_ms(300), id, reason);
	if (outcome != answer->outcome || strcmp(id->str, answer->id) != 0 || !strstr(reason->str, answer->reason))
		fail_msg("%s: %s, id \"%s\", reason \"%s\"", answer->what, outcome_words[outcome], id->str, reason->str);
	qmqp_free(qmqp);
	peer_free(peer);
}

static void each_answer_has_its_outcome(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(answers); i++)
		check_answer(&answers[i]);
}

static void ignore_signal(int number)
{
}

/* A timer that goes off all the time must not change anything: EINTR in every call. */
static void signals_do_no_harm(void **state)
{
	struct sigaction action = {.sa_handler = ignore_signal}, before;
	struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};

	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	check_transaction(3000000, 5000, "");
	check_answer(&answers[1]);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
}

/* ---- trouble before the last byte ---- */

struct early {
	const char *what;
	struct peer_script script;
	gsize message;
	const char *status;
	const char *text; /* part of it */
};

enum { BIG = 4000000 }; /* more than any socket buffer */

static const struct early earlies[] = {
	{"hangs up", {.moment = PEER_AT_ONCE}, BIG, "4.4.2", "connection closed"},
	{"says never and hangs up", {.moment = PEER_AT_ONCE, .answer = "23:DError: not authorised!,"}, BIG, "4.3.0", "Error: not authorised!"},
	{"says never and waits", {.moment = PEER_AT_ONCE, .answer = "23:DError: not authorised!,", .hold = TRUE, .deaf = TRUE}, BIG, "4.3.0",
		"Error: not authorised!"},
	{"says not now, drop by drop", {.moment = PEER_AT_ONCE, .answer = "12:ZError: disk,", .dribble = TRUE, .hold = TRUE, .deaf = TRUE}, BIG,
		"4.3.0", "Error: disk"},
	{"says yes", {.moment = PEER_AT_ONCE, .answer = OK_REPLY, .hold = TRUE, .deaf = TRUE}, BIG, "4.3.0", "before it had heard"},
	{"says rubbish", {.moment = PEER_AT_ONCE, .answer = "hello", .hold = TRUE, .deaf = TRUE}, BIG, "4.4.2", "no QMQP"},
	{"says 1 MB of rubbish", {.moment = PEER_AT_ONCE, .answer = "hello", .repeat = 200000, .deaf = TRUE}, BIG, "4.4.2", "no QMQP"},
	{"never reads", {.moment = PEER_AT_ONCE, .hold = TRUE, .deaf = TRUE}, BIG, "4.4.2", "too slow"},
};

static void early_trouble_is_deferred(void **state)
{
	g_autofree char *message = g_malloc0(BIG);

	for (guint i = 0; i < G_N_ELEMENTS(earlies); i++) {
		const struct early *early = &earlies[i];
		struct peer *peer = peer_start(&early->script);
		recipients_auto struct recipients *recipients = some_recipients(3);
		struct verdict verdict = VERDICT_UNDECIDED;
		struct qmqp_job job = job_for(peer, recipients, message, early->message);
		gint64 start = g_get_monotonic_time();

		assert_null(qmqp_begin(&job, deadline_ms(1000), &verdict));
		if (verdict.class != VERDICT_DEFERRED || strcmp(verdict.status, early->status) != 0 ||
			!strstr(verdict.text, early->text))
			fail_msg("%s: %s %s", early->what, verdict.status, verdict.text);
		/* Only the one that says nothing takes until the deadline. */
		gboolean waited = g_get_monotonic_time() - start >= G_USEC_PER_SEC;
		assert_int_equal(waited, strstr(early->text, "too slow") != NULL);
		peer_free(peer);
	}
}

/*
 * All of a small job fits into the kernel's buffers, so nothing ever stops us; a server that has spoken
 * by then is heard all the same.
 */
static void early_trouble_of_small_jobs(void **state)
{
	pause_after_send = 100000;
	for (guint i = 0; i < G_N_ELEMENTS(earlies); i++) {
		struct peer *peer = peer_start(&earlies[i].script);
		recipients_auto struct recipients *recipients = some_recipients(3);
		struct verdict verdict = VERDICT_UNDECIDED;
		struct qmqp_job job = job_for(peer, recipients, "a: b\n", 5);
		struct qmqp *qmqp = qmqp_begin(&job, deadline_ms(1000), &verdict);

		/* Silence is no trouble yet. */
		if (strcmp(earlies[i].what, "never reads") == 0) {
			assert_non_null(qmqp);
			assert_int_equal(verdict.class, VERDICT_NONE);
		} else if (qmqp || strcmp(verdict.status, earlies[i].status) != 0 || !strstr(verdict.text, earlies[i].text)) {
			fail_msg("%s: %s %s", earlies[i].what, verdict.status, verdict.text);
		}
		qmqp_free(qmqp);
		peer_free(peer);
	}
	pause_after_send = 0;
}

/*
 * The server stops reading when nothing but the last byte is missing: that byte cannot be sent, and it is
 * certain that it was not.
 */
static void no_room_for_the_last_byte(void **state)
{
	struct peer *peer = peer_start(&(struct peer_script){.moment = PEER_AT_ONCE, .hold = TRUE, .deaf = TRUE});
	recipients_auto struct recipients *recipients = some_recipients(1);
	g_autofree char *message = g_malloc0(BIG);
	struct qmqp *qmqp = NULL;
	gsize length = 0;

	/* Fill the kernel's buffers to the last byte: the largest message that still goes through. */
	for (gsize step = 1 << 20; step > 0; step /= 2) {
		struct verdict verdict = VERDICT_UNDECIDED;
		struct qmqp_job job = job_for(peer, recipients, message, length + step);
		struct peer *other = peer_start(&peer->script);

		job.endpoint = other->endpoint;
		struct qmqp *attempt = qmqp_begin(&job, deadline_ms(50), &verdict);
		if (attempt)
			length += step;
		qmqp_free(attempt);
		peer_free(other);
	}
	struct verdict verdict = VERDICT_UNDECIDED;
	struct qmqp_job job = job_for(peer, recipients, message, length);
	g_autoptr(GString) id = g_string_new(NULL);
	g_autoptr(GString) reason = g_string_new(NULL);
	qmqp = qmqp_begin(&job, deadline_ms(500), &verdict);
	assert_non_null(qmqp);
	/*
	 * The byte fits or not, by the kernel's arithmetic; what is never right is a clear answer that
	 * nobody gave.
	 */
	enum relay_outcome outcome = qmqp_commit(qmqp, deadline_ms(200), id, reason);
	assert_true(outcome == RELAY_TEMPORARY || outcome == RELAY_UNCLEAR);
	assert_string_equal(reason->str, outcome == RELAY_TEMPORARY ? "too slow in taking the message" : "timed out");
	qmqp_free(qmqp);
	peer_free(peer);
}

/* ---- connecting ---- */

static void expect_no_connection(const char *endpoint, const char *text)
{
	recipients_auto struct recipients *recipients = some_recipients(1);
	struct verdict verdict = VERDICT_UNDECIDED;
	struct qmqp_job job = {.endpoint = endpoint, .message = {"\n", 1}, .sender = "", .recipients = recipients};

	assert_null(qmqp_begin(&job, deadline_ms(300), &verdict));
	if (verdict.class != VERDICT_DEFERRED || strcmp(verdict.status, "4.4.1") != 0 || !strstr(verdict.text, text))
		fail_msg("%s: %s %s", endpoint, verdict.status, verdict.text);
}

static void bad_endpoints(void **state)
{
	static const char *const bad[] = {"", "unix", "unix:", "unix:relative", "/run/x", "inet:", "inet:127.0.0.1", "inet::628",
		"inet:127.0.0.1:", "inet:127.0.0.1:smtp", "inet:localhost:628", "inet:mx.example.org:628", "inet:[::1]", "inet:[:628",
		"inet:]:628", "inet:127.0.0.1:628 "};
	g_autofree char *deep = g_strnfill(200, 'x');
	g_autofree char *too_long = g_strdup_printf("unix:/%s", deep);

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		expect_no_connection(bad[i], "Invalid argument");
	expect_no_connection(too_long, "Invalid argument");
	expect_no_connection("unix:/nonexistent/socket", "No such file");
	expect_no_connection("unix:/etc/passwd", "Connection refused");
}

/* Nobody accepts and the queue is full: that is waited for, until the deadline. */
static void a_full_queue_is_waited_for(void **state)
{
	struct peer *peer = peer_new(&(struct peer_script){.moment = PEER_AT_END, .answer = OK_REPLY});
	recipients_auto struct recipients *recipients = some_recipients(1);
	struct verdict verdict = VERDICT_UNDECIDED;
	struct qmqp_job job = job_for(peer, recipients, "\n", 1);
	struct qmqp *first = qmqp_begin(&job, deadline_in(5), &verdict);

	assert_non_null(first); /* its bytes wait in the kernel */
	gint64 start = g_get_monotonic_time();
	expect_no_connection(peer->endpoint, "timed out");
	assert_in_range(g_get_monotonic_time() - start, 250000, 5 * G_USEC_PER_SEC);
	/* As soon as somebody serves, it goes on. */
	peer->thread = g_thread_new("peer", peer_run, peer);
	g_autoptr(GString) id = g_string_new(NULL);
	g_autoptr(GString) reason = g_string_new(NULL);
	assert_int_equal(qmqp_commit(first, deadline_in(5), id, reason), RELAY_ACCEPTED);
	qmqp_free(first);
	peer_free(peer);
}

/* Lets the peer listen on a loopback port instead; FALSE where there is no such family. */
static gboolean listen_on_tcp(struct peer *peer, int family)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
	socklen_t length = family == AF_INET ? sizeof(four) : sizeof(six);

	close(peer->listener);
	peer->listener = socket(family, SOCK_STREAM, 0);
	if (bind(peer->listener, address, length) != 0 || listen(peer->listener, 5) != 0 ||
		getsockname(peer->listener, address, &length) != 0)
		return FALSE;
	g_free(peer->endpoint);
	peer->endpoint = family == AF_INET ? g_strdup_printf("inet:127.0.0.1:%u", ntohs(four.sin_port))
					   : g_strdup_printf("inet:[::1]:%u", ntohs(six.sin6_port));
	return TRUE;
}

static void by_tcp(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
		struct peer *peer = peer_new(&(struct peer_script){.moment = PEER_AT_END, .answer = OK_REPLY});
		recipients_auto struct recipients *recipients = some_recipients(1000);
		struct verdict verdict = VERDICT_UNDECIDED;
		g_autoptr(GString) id = g_string_new(NULL);
		g_autoptr(GString) reason = g_string_new(NULL);

		if (!listen_on_tcp(peer, families[i])) {
			print_message("no IPv6 here: only IPv4 was tried\n");
			peer_free(peer);
			continue;
		}
		peer->thread = g_thread_new("peer", peer_run, peer);
		struct qmqp_job job = job_for(peer, recipients, "\n", 1);
		struct qmqp *qmqp = qmqp_begin(&job, deadline_in(5), &verdict);
		assert_non_null(qmqp);
		assert_int_equal(qmqp_commit(qmqp, deadline_in(5), id, reason), RELAY_ACCEPTED);
		qmqp_free(qmqp);
		/* A port where nobody listens any more. */
		peer_end(peer);
		close(peer->listener);
		peer->listener = -1;
		expect_no_connection(peer->endpoint, "Connection refused");
		peer_free(peer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_right),
		cmocka_unit_test(many_recipients_in_few_writes),
		cmocka_unit_test(dropped_before_the_commit),
		cmocka_unit_test(each_answer_has_its_outcome),
		cmocka_unit_test(signals_do_no_harm),
		cmocka_unit_test(early_trouble_is_deferred),
		cmocka_unit_test(early_trouble_of_small_jobs),
		cmocka_unit_test(no_room_for_the_last_byte),
		cmocka_unit_test(bad_endpoints),
		cmocka_unit_test(a_full_queue_is_waited_for),
		cmocka_unit_test(by_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
