/*
 * DATA: the message goes through the decoder into a memory file; then whoever decides about posts decides; then one reply
 * per accepted RCPT, in their order (RFC 2033 section 4.2).
 *
 * A message with a fault is read to its real end before it is refused, because until then nobody
 * knows where the next command begins. When the client goes away before the end, nothing has happened.
 */
#include "lmtpd/intake/session_state.h"

#include "lib/base/fault.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lmtpd/intake/data_decoder.h"

enum {
	PIECE_SIZE = 256 * 1024, /* bytes of content that are written at a time */
	FIRST_PIECE = 16 * 1024, /* most posts never need more */
};

/* Content on its way into the memory file. */
struct store {
	int fd;
	gboolean failed; /* memory is out: the post is drained and deferred */
	GString *piece;
};

static void store_flush(struct store *store)
{
	/* A memory file never blocks, so the deadline is only a formality. */
	if (!store->failed && store->piece->len > 0 &&
		io_write_all(store->fd, store->piece->str, store->piece->len, deadline_in(60)) != IO_OK)
		store->failed = TRUE;
	g_string_truncate(store->piece, 0);
}

enum received { RECEIVED, RECEIVED_FLOOD, RECEIVED_LATE, RECEIVED_GONE };

static enum received receive(struct session *session, struct data_decoder *decoder, struct store *store)
{
	for (;;) {
		size_t used;
		enum data_progress progress = data_decoder_feed(decoder, session->input + session->start,
			session->stop - session->start, store->piece, &used);

		session->start += used;
		if (store->piece->len >= PIECE_SIZE || progress != DATA_MORE)
			store_flush(store);
		switch (progress) {
		case DATA_END:
			return RECEIVED;
		case DATA_FLOOD:
			return RECEIVED_FLOOD;
		case DATA_MORE:
			break;
		}
		struct deadline deadline = deadline_in(session->config->command_deadline);
		switch (session_input_fill(session, deadline_earlier(deadline, session->end))) {
		case SESSION_FILLED:
			break;
		case SESSION_FILL_LATE:
			return RECEIVED_LATE;
		case SESSION_FILL_GONE:
			return RECEIVED_GONE;
		}
	}
}

/* Why the message cannot even be looked at; NONE when it can. */
static struct verdict judge(const struct data_decoder *decoder, const struct store *store)
{
	if (decoder->faults & DATA_FAULT_TOO_BIG)
		return verdict_refused("5.3.4", "Message is larger than we take");
	if (decoder->faults & DATA_FAULT_NUL)
		return verdict_refused("5.6.0", "Message has a NUL byte");
	if (decoder->faults & DATA_FAULT_BARE_LF)
		return verdict_refused("5.6.11", "Message has a line end without CR");
	if (decoder->faults & DATA_FAULT_BARE_CR)
		return verdict_refused("5.6.11", "Message has a CR that ends no line");
	if (store->failed)
		return verdict_deferred("4.3.1", "No memory for the message");
	return VERDICT_UNDECIDED;
}

/* The post never got to those who log posts, so its line per list is written here. */
static void decide_all(struct session_envelope *envelope, const struct verdict *verdict)
{
	for (guint i = 0; i < envelope->recipients->len; i++) {
		struct session_recipient *recipient = g_ptr_array_index(envelope->recipients, i);

		recipient->verdict = *verdict;
		log_info("%s: list=<%s>, dsn=%s, status=%s (%s)", envelope->queue_id ? envelope->queue_id : "-",
			recipient->list ? recipient->list : "", verdict->status, verdict_word(verdict->class),
			verdict->text);
	}
}

static void answer(struct session *session)
{
	GPtrArray *recipients = session->envelope.recipients;

	for (guint i = 0; i < recipients->len; i++) {
		const struct session_recipient *recipient = g_ptr_array_index(recipients, i);

		session_say_verdict(session, &recipient->verdict);
	}
}

static void take_message(struct session *session, struct store *store)
{
	struct data_decoder decoder;
	struct verdict verdict;

	data_decoder_start(&decoder, session->config->message_size_limit);
	enum received received = receive(session, &decoder, store);
	if (received == RECEIVED_GONE) {
		session->over = TRUE;
		return;
	}
	if (received == RECEIVED_LATE) {
		session_say_goodbye(session, "4.4.2", "timed out");
		return;
	}
	FAULT_POINT("received");
	session->served = TRUE;
	session->envelope.deadline = deadline_in(session->config->post_deadline);
	verdict = judge(&decoder, store);
	if (verdict_is_final(&verdict))
		decide_all(&session->envelope, &verdict);
	else
		session->handlers->post(session->handlers->context, &session->envelope, store->fd);
	FAULT_POINT("decided");
	answer(session);
	/* No end in sight: a client that looks for replies has them now, but there is no next command. */
	if (received == RECEIVED_FLOOD)
		session->over = TRUE;
}

void session_data(struct session *session, const struct command *command)
{
	struct store store = {.fd = io_memory_file("message")};

	if (store.fd < 0) {
		session_say(session, 452, "4.3.1", "No memory for the message");
		return;
	}
	store.piece = g_string_sized_new(FIRST_PIECE);
	session_say(session, 354, NULL, "End data with <CR><LF>.<CR><LF>");
	take_message(session, &store);
	g_string_free(store.piece, TRUE);
	io_close(&store.fd);
	session_reset(session);
}
