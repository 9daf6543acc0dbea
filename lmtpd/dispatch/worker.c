/* One trusted worker; see worker.h. */
#include "lmtpd/dispatch/worker.h"

#include <errno.h>
#include <string.h>

#include "lib/base/fault.h"
#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/list/list.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/dry.h"

enum {
	TICKET_WAIT = 10, /* seconds; only so that the loop comes round now and then, and the pool sees that it does */
	PHASE_SLACK = 30, /* seconds beyond a post's or a job's own deadline before a silent child is given up */
	TEXT_GROWTH = 2 << 20, /* bytes */
};

typedef GVariant *(*answer_function)(struct phase *phase, GVariant *arguments, int fd);

/* The table of contents of this room. */
static const answer_function answers[WIRE_REQUEST_COUNT] = {
	[WIRE_ROUTE] = answer_route,
	[WIRE_STANDING] = answer_standing,
	[WIRE_ROW] = answer_row,
	[WIRE_TOTAL] = answer_total,
	[WIRE_CLAIM] = answer_claim,
	[WIRE_DUPLICATE] = answer_duplicate,
	[WIRE_DEATHS] = answer_deaths,
	[WIRE_DEATH] = answer_death,
	[WIRE_KEYS] = answer_keys,
	[WIRE_SIGN] = answer_sign,
	[WIRE_OCSP] = answer_ocsp,
	[WIRE_ROSTER] = answer_roster,
	[WIRE_PREPARE] = answer_prepare,
	[WIRE_COMMIT] = answer_commit,
	[WIRE_FINISH] = answer_finish,
	[WIRE_HOLD] = answer_hold,
	[WIRE_ORDER] = answer_order,
	[WIRE_ANSWER] = answer_reply,
	[WIRE_WISH] = answer_wish,
	[WIRE_JOB] = answer_job,
	[WIRE_NOTICE] = answer_notice,
	[WIRE_JOB_DONE] = answer_job_done,
	[WIRE_TXT] = answer_txt,
};

void worker_silent_until(struct worker *worker, struct deadline deadline)
{
	/* After a long wait for Postfix the phase's own deadline may lie behind us. */
	__atomic_store_n(worker->silent_until, MAX(deadline.at, g_get_monotonic_time()), __ATOMIC_RELAXED);
}

void fanout_drop(struct fanout *fanout)
{
	g_clear_pointer(&fanout->relay, relay_free);
	io_unmap(&fanout->message);
	fanout->ready = FALSE;
}

void fanout_clear(struct fanout *fanout)
{
	fanout_drop(fanout);
	fanout->more = FALSE;
	g_clear_pointer(&fanout->roster, roster_free);
	g_clear_pointer(&fanout->sender, g_free);
	g_clear_pointer(&fanout->list, g_free);
	if (fanout->queue_ids)
		g_string_free(fanout->queue_ids, TRUE);
	fanout->queue_ids = NULL;
	fanout->ambiguous = FALSE;
	fanout->whole = FALSE;
}

/* A job that was not reported on is tried again when its pause is over. */
static void errand_clear(struct errand *errand, struct store *store)
{
	g_clear_pointer(&errand->job, store_job_free);
	g_clear_pointer(&errand->recipients, recipients_free);
	store_job_release(store);
}

gboolean answer_list_is_ours(const struct settings *settings, const char *list)
{
	g_autofree char *address = list_address_from_column(settings, list, strlen(list));

	return strchr(list, '@') && address && strcmp(address, list) == 0;
}

gboolean answer_read_key(GVariant *bytes, guint8 key[STORE_KEY_SIZE])
{
	gsize length;
	const void *data = g_variant_get_fixed_array(bytes, &length, 1);

	if (length != STORE_KEY_SIZE)
		return FALSE;
	memcpy(key, data, STORE_KEY_SIZE);
	return TRUE;
}

/* A sparse file costs its maker nothing; whoever reads it pays with the host's memory, and then with Postfix's disk. */
gboolean answer_map_message(const struct settings *settings, int fd, struct io_mapping *mapping)
{
	guint64 limit = (guint64)settings_number(settings, SET_message_size_limit, NULL);

	if (!io_map(fd, TRUE, mapping))
		return FALSE;
	/* A post as a file in a digest is 4/3 of it; a MiB of text in UTF-8 may have been a third of that. */
	if (mapping->length > 0 && mapping->length / 2 <= limit + 2 * LIMIT_HEADER_BLOCK + TEXT_GROWTH)
		return TRUE;
	log_warning("a parser process sent a message that no honest one sends: %zu bytes", mapping->length);
	io_unmap(mapping);
	return FALSE;
}

static gboolean answer_request(struct phase *phase, int socket, enum wire_request request, GVariant *arguments, int fd)
{
	FAULT_POINT(wire_request_word(request));
	GVariant *answer = answers[request](phase, arguments, fd);
	FAULT_POINT("answer");
	gboolean sent = wire_answer(socket, request, answer, phase->answer_fd);

	io_close(&phase->answer_fd);
	FAULT_POINT("answered");
	return sent;
}

/* One request. FALSE when the phase is over. */
static gboolean serve_request(struct phase *phase, int socket)
{
	enum wire_request request;
	g_autoptr(GVariant) arguments = NULL;
	io_autofd int fd = -1;

	worker_silent_until(phase->worker, phase->deadline);
	switch (wire_receive(socket, phase->deadline, &request, &arguments, &fd)) {
	case WIRE_RECEIVED:
		log_debug("request %s", wire_request_word(request));
		return answer_request(phase, socket, request, arguments, fd);
	case WIRE_CLOSED:
		return FALSE;
	case WIRE_TIMED_OUT:
		log_warning("a parser process kept a worker waiting too long: phase dropped");
		return FALSE;
	case WIRE_NONSENSE:
		log_warning("a parser process sent a frame that no honest one sends: phase dropped");
		return FALSE;
	}
	log_panic("serve_request: unknown outcome");
}

static void serve_phase(struct worker *worker, int socket, gboolean for_job)
{
	guint post = (guint)settings_number(worker->settings, SET_post_deadline, NULL);
	struct phase phase = {
		.worker = worker,
		.deadline = deadline_in((for_job ? MAX(post, (guint)WIRE_JOB_TIME) : post) + PHASE_SLACK),
		.errand = {.may = for_job},
		.answer_fd = -1,
	};

	while (serve_request(&phase, socket))
		;
	fanout_clear(&phase.fanout);
	errand_clear(&phase.errand, worker->store);
	g_free(phase.row_of);
	store_release(worker->store);
	if (worker->dry)
		dry_forget(worker);
}

void worker_serve(struct worker *worker, const volatile gint *stop)
{
	/*
	 * A child with a job in hand sees a held post and its moderators' tokens, and a session's child, which has just parsed what a
	 * stranger sent, must not: so it has no descriptor of the socket that the others come by.
	 */
	const int sources[] = {worker->jobs, worker->tickets};
	const guint first = worker->posts_only ? 1 : 0;
	wire_queue_auto struct wire_queue queue;

	if (!wire_queue_open(&queue, sources + first, G_N_ELEMENTS(sources) - first))
		log_fatal("cannot wait for tickets: %s", g_strerror(errno));
	while (!*stop) {
		struct deadline deadline = deadline_in(TICKET_WAIT);
		guint source;

		worker_silent_until(worker, deadline);
		io_autofd int phase = wire_accept(&queue, deadline, &source);

		if (phase >= 0)
			serve_phase(worker, phase, sources[first + source] == worker->jobs);
		else if (errno != ETIMEDOUT && errno != EINTR)
			log_fatal("cannot take tickets from the wire: %s", g_strerror(errno));
	}
}
