/*
 * The wire between the rooms: requests of an intake child, answers of a dispatch worker.
 *
 * There is no socket in any file system. The master makes one datagram pair; all intake children hold
 * one end, all dispatch workers the other. For each phase (routing, one post) a child makes a
 * SOCK_SEQPACKET pair and sends one end as a *ticket*; a free worker takes it and answers until it
 * is closed. A slow LMTP client therefore never occupies a worker, and when a worker or the whole
 * dispatch restarts, tickets wait in the kernel.
 *
 * A frame is one packet: one GVariant in normal form of the type in the table below, of at most
 * LIMIT_FRAME bytes, and at most one descriptor beside it. Each side checks type, form and size before
 * it looks at a value: the parser's room may be owned, and dispatch must not care.
 */
#ifndef ROLLCALL_WIRE_WIRE_H
#define ROLLCALL_WIRE_WIRE_H

#include <glib.h>

#include "lib/base/deadline.h"
#include "lib/base/verdict.h"

/** A request's name, then the type of its arguments and of its answer (GVariant type strings). */
#define WIRE_REQUESTS(X)                                                                            \
	/* Which list and role is this address? address -> verdict, list, role, extension.          \
	 * verdict NONE: it is ours; REFUSED 5.1.1: it is not; DEFERRED: the CRM did not say. */     \
	X(ROUTE, "(s)", "((uuss)sus)")                                                               \
	/* What is this address on this list? list, address -> verdict, standing bits. */            \
	X(STANDING, "(ss)", "((uuss)u)")                                                             \
	/* One column of this address's own row on this list: list, address, column -> verdict, value ("" for none). A phase may ask \
	 * about one address. */                                                                    \
	X(ROW, "(sss)", "((uuss)s)")                                                                 \
	/* How many members has this list? list -> verdict, rows of the view. */                     \
	X(TOTAL, "(s)", "((uuss)u)")                                                                 \
	/* Take this post in hand: list, K -> verdict. NONE: go on; SENT: it is done already;        \
	 * DEFERRED: another delivery of it is at work. Held until the phase ends. */                \
	X(CLAIM, "(say)", "((uuss))")                                                                \
	/* The post in hand: was the same one, by another path, distributed on this list lately? list, hash of list and content -> verdict. NONE: \
	 * no, and from now on its content is in hand, too; DISCARDED: it was; DEFERRED: it is being delivered. */ \
	X(DUPLICATE, "(say)", "((uuss))")                                                            \
	/* How many processes has this message killed that read it? hash of envelope sender and bytes -> verdict, number. */ \
	X(DEATHS, "(ay)", "((uuss)u)")                                                               \
	/* It has killed one more -> verdict. Of the intake parent alone, by the jobs' socket; told and not asked. */ \
	X(DEATH, "(ay)", "((uuss))")                                                                 \
	/* Which keys sign for this domain? domain -> verdict, (selector, algorithm, public key DER). */ \
	X(KEYS, "(s)", "((uuss)a(ssay))")                                                            \
	/* Sign a 32-byte digest: domain, selector, digest -> verdict, signature. */                 \
	X(SIGN, "(ssay)", "((uuss)ay)")                                                              \
	/* Ask an OCSP responder: http URL, request in DER -> verdict (NONE or DEFERRED with the reason), response in DER. \
	 * At most LIMIT_OCSP_QUESTIONS in a phase, and none where smime_ocsp is off. */          \
	X(OCSP, "(say)", "((uuss)ay)")                                                               \
	/* Read who gets it, live, for the K in hand: list, role, K, author (normal form, or ""), addresses that have a copy already, \
	 * lists that have sent this same message already -> verdict, ways in use (lib/list/reception.h) with their numbers. NONE: \
	 * somebody does; DISCARDED: nobody. */                                                      \
	X(ROSTER, "(suaysasas)", "((uuss)a(su))")                                                    \
	/* Get one variant of it ready: its way; the message as a sealed memfd with LF line ends -> verdict. NONE: ready for \
	 * COMMIT; SENT: all of it is with Postfix; HELD: Postfix may have it and the list wants a person to be asked, after the others and FINISH. */                                                             \
	X(PREPARE, "(s)", "((uuss))")                                                                \
	/* Hand the prepared variant, or its prepared batch, to Postfix -> verdict (SENT, DEFERRED, or NONE: prepare the next batch), queue id. */ \
	X(COMMIT, "()", "((uuss)s)")                                                                 \
	/* All variants are with Postfix: the post's address in the archive (or ""), whether the list's digest wants it; the message as \
	 * it went out as a sealed memfd, if anybody wants it -> verdict (SENT or DEFERRED; HELD after a HELD of PREPARE: now HOLD it). */      \
	X(FINISH, "(sb)", "((uuss))")                                                                \
	/* Hold a post: list, K (in hand), kind (1 moderation, 2 confirmation, 3 unparsed, 4 ambiguous), author, envelope sender, reason in words, \
	 * facts; the message as it came (CRLF) as a sealed memfd. -> verdict (SENT "held as N" or DEFERRED), number. \
	 * facts that dispatch reads: tell-author=yes writes to the author, too (now, and when it expires); unproved=yes: to him \
	 * once a day at most, and a confirmation that is one too many is asked for later; \
	 * answerable=no: he gets no rejection either. */                                            \
	X(HOLD, "(sayusssa{ss})", "((uuss)x)")                                                       \
	/* A moderator's or author's order: list, token, person (From, normal form), word, text; how sure we are of that person: \
	 * method, DMARC's result, and where the mail is from (for counting bad tokens) -> verdict (NONE heard, or DEFERRED), \
	 * outcome, fields (held, state, at). outcome: decided already unknown expired wrong-person missing not-moderator ignored \
	 * asked (a mail that nothing proves: the person is asked whether it is his). Whoever is to hear of it gets mail by a job. */ \
	X(ORDER, "(ssssssss)", "((uuss)sa{ss})")                                                     \
	/* Answer somebody who wrote: list, address, name of the text, fields -> verdict (NONE or DEFERRED), "queued", or \
	 * "later" (had one in 24 hours). */                                                         \
	X(ANSWER, "(sssa{ss})", "((uuss)s)")                                                         \
	/* Somebody wants to join or to leave: list, K (in hand), "subscribe" or "unsubscribe", address, envelope sender, method as scenarios \
	 * have it, fields (page, message-id); the mail as it came (CRLF) as a sealed memfd -> verdict (NONE or DEFERRED), what came of \
	 * it in words for the log. */ \
	X(WISH, "(sayssssa{ss})", "((uuss)s)")                                                       \
	/* Take job N in hand -> verdict (NONE: yours; DISCARDED: gone, busy or early; DEFERRED), kind, list, held number, \
	 * fields, for each recipient what is his: "id" (of job and person) and new tokens under accept reject discard \
	 * reply, withdraw, or confirm; the held message as a sealed memfd when there is one. The addresses stay in dispatch. \
	 * fields: the job's own; of the held post held-author held-sender held-reason held-at held-until held-kind (1, 2) \
	 * held-state (a word) held-decided-at, and its facts, each as fact-NAME. */                 \
	X(JOB, "(x)", "((uuss)ssxa{ss}aa{ss})")                                                      \
	/* One mail of the job in hand: the recipient's place, K; the message as a sealed memfd with LF line ends, for the \
	 * empty envelope sender -> verdict (SENT or DEFERRED), queue id. With the same job, person and K again: sent once. */ \
	X(NOTICE, "(uay)", "((uuss)s)")                                                              \
	/* The TXT records of a name -> verdict (always NONE), enum txt_result, each record's bytes, its strings joined. At most \
	 * 100 names in a phase, and 4 times dns_deadline for all of them: after that TXT_TROUBLE. */ \
	X(TXT, "(s)", "((uuss)uaay)")                                                                \
	/* The job in hand is done (TRUE), or is to be tried again; and why its post can never go out, "" when it did or may \
	 * still: then whoever waits for it is told -> verdict (NONE or DEFERRED). */                \
	X(JOB_DONE, "(bs)", "((uuss))")

/** Seconds that a job's child has, and the worker for it. A million members take a minute; a Postfix that thinks about each notice takes longer. */
enum { WIRE_JOB_TIME = 900 };

enum wire_request {
#define X(name, arguments, answer) WIRE_##name,
	WIRE_REQUESTS(X)
#undef X
	WIRE_REQUEST_COUNT
};

/** Bits of a STANDING answer. */
enum wire_standing {
	STANDING_SUBSCRIBER = 1,
	STANDING_OWNER = 2,
	STANDING_MODERATOR = 4,
	STANDING_LIST_HAS_MODERATOR = 8, /**< somebody on the list is one: else owners stand in */
};

/** Name of a request, e.g. "ROUTE", for logs. Static; "?" for none. */
const char *wire_request_word(guint request);

/* ---- intake's side ---- */

/**
 * Opens a phase: makes the pair and sends a ticket on `tickets`. Returns our end (the caller closes it)
 * or -1 with errno when no worker's queue had room before the deadline.
 */
int wire_open(int tickets, struct deadline deadline) G_GNUC_WARN_UNUSED_RESULT;

/** One question to dispatch. */
struct wire_question {
	enum wire_request request;
	GVariant *arguments; /**< of the table's type; consumed if floating */
	int fd;              /**< sent beside it, -1 for none; it stays the caller's */
	int *answer_fd;      /**< receives the descriptor beside the answer, or -1; NULL: none is wanted, one that comes is closed */
};

/**
 * Asks and waits for the answer. `*verdict` is the answer's verdict, already checked; when anything at all
 * goes wrong (no answer in time, worker died, nonsense) it is `451 4.3.0`. Returns the whole answer tuple of the table's
 * type, or NULL then. The caller unrefs it.
 */
GVariant *wire_call(int phase, const struct wire_question *question, struct deadline deadline,
	struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Opens a phase for one request, tells it and goes: the answer is nobody's, and nothing is waited for. FALSE when the ticket could not be sent at
 * once. `arguments` as in a question.
 */
gboolean wire_tell(int tickets, enum wire_request request, GVariant *arguments) G_GNUC_WARN_UNUSED_RESULT;

/* ---- dispatch's side ---- */

enum wire_receive {
	WIRE_RECEIVED,
	WIRE_CLOSED,    /**< the phase is over */
	WIRE_TIMED_OUT, /**< nothing before the deadline */
	WIRE_NONSENSE,  /**< a frame that no honest child sends: drop the phase, log it */
};

enum { WIRE_SOURCES = 2 }; /* sockets that tickets come from, at most */

/** Where one worker waits for tickets. */
struct wire_queue {
	int tickets[WIRE_SOURCES]; /**< the caller's; the first goes before the next */
	guint count;
	int poll; /**< closed by wire_queue_clear() */
};
/** Begins to wait on `count` sockets, of which each may have other workers waiting as well. FALSE with errno. After fork() a child makes its own. */
gboolean wire_queue_open(struct wire_queue *queue, const int *tickets, guint count) G_GNUC_WARN_UNUSED_RESULT;
void wire_queue_clear(struct wire_queue *queue);
#define wire_queue_auto __attribute__((cleanup(wire_queue_clear)))

/**
 * Waits for a ticket. Returns the phase's descriptor (caller closes) and which socket it came on, or -1 when the deadline passed (errno ETIMEDOUT)
 * or (errno EINTR) a signal came. Of those who wait one is woken for each ticket.
 */
int wire_accept(const struct wire_queue *queue, struct deadline deadline, guint *source) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Receives one request. On WIRE_RECEIVED `*arguments` (caller unrefs) has the request's type and `*fd` is a
 * descriptor or -1 (caller closes).
 */
enum wire_receive wire_receive(int phase, struct deadline deadline, enum wire_request *request,
	GVariant **arguments, int *fd) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Sends an answer (consumed if floating) and beside it `fd`, -1 for none, which stays the caller's. FALSE when the child is gone.
 * Panics if its type is not the request's.
 */
gboolean wire_answer(int phase, enum wire_request request, GVariant *answer, int fd) G_GNUC_WARN_UNUSED_RESULT;

/** A verdict as it stands in answers: a floating "(uuss)". */
GVariant *wire_verdict(const struct verdict *verdict);

/**
 * Decodes one frame: the fuzz target's way in. Request number and arguments when it is a well-formed
 * request; NULL otherwise. The caller unrefs.
 */
GVariant *wire_decode_request(const void *data, gsize length, enum wire_request *request)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
