/*
 * One trusted worker: takes a phase from the wire, answers its requests until it is closed, takes the next.
 * It owns one connection to the CRM, one to the store, and sees the keys. It never looks into a message.
 */
#ifndef ROLLCALL_DISPATCH_WORKER_H
#define ROLLCALL_DISPATCH_WORKER_H

#include <glib.h>

#include "lib/base/deadline.h"
#include "lib/base/io.h"
#include "lib/crm/crm.h"
#include "lib/dns/dns.h"
#include "lib/keys/keys.h"
#include "lib/list/list.h"
#include "lib/list/reception.h"
#include "lib/relay/relay.h"
#include "lib/store/store_job.h"

/** What a worker holds for its whole life. */
struct worker {
	const struct settings *settings;
	const struct keys *keys;
	struct crm *crm;
	struct store *store;
	struct dns *dns;
	struct relay_way *way; /**< back into the mail server; NULL when dry */
	gboolean dry; /**< of `rollcall explain`: the store is a copy in memory, and nothing goes to Postfix */
	int tickets;
	int jobs; /**< where the numbers of jobs go (job_tickets.h), and where the children that do them come from */
	gboolean posts_only; /**< it does no job itself */
	gint64 *silent_until; /**< monotonic microseconds; in memory that it shares with the pool */
};
/**
 * Tells the pool that nothing may be heard of this worker until then. One that is silent for longer is stopped or stuck and gets
 * killed, for it would be missing for ever (HOSTILE S8).
 */
void worker_silent_until(struct worker *worker, struct deadline deadline);

/** Who gets the K in hand, and the variant that is ready for its last byte. */
struct fanout {
	char *list;            /**< NULL: nobody was asked for */
	enum list_role role;
	char *sender;
	gboolean verp;
	struct roster *roster; /**< settled */
	GString *queue_ids;    /**< of the variants that Postfix has, separated by commas */
	guint8 part[STORE_KEY_SIZE]; /**< key of the variant */
	gboolean ambiguous;    /**< a variant was not sent, because Postfix may have it */
	enum reception reception;    /**< whose variant it is */
	guint batches;               /**< into how many it is divided; 0: it goes at once */
	guint batch;                 /**< which of them */
	gboolean divided;            /**< that number is in the store and holds */
	gboolean more;               /**< a batch was sent and the next is to be prepared */
	guint count;                 /**< recipients of the transaction */
	gboolean asked;              /**< a batch of it is ambiguous */
	gboolean whole;              /**< the variant was all of the post, which is DONE with it */
	gboolean ready;        /**< everything but the last byte is there; when dry, too */
	struct relay *relay;   /**< NULL: nothing prepared */
	struct io_mapping message;
};
/** Takes the variant back; an open transaction leaves nothing in Postfix. */
void fanout_drop(struct fanout *fanout);
/** Gives everything back; an open transaction leaves nothing in Postfix. */
void fanout_clear(struct fanout *fanout);

/** A job in hand and whom its mails go to. */
struct errand {
	gboolean may;                 /**< the phase is of a child that was made for a job, and none was asked for yet */
	struct store_job *job;        /**< NULL: none is in hand */
	struct recipients *recipients; /**< in the order of the JOB answer; NULL without a job */
};

/** What belongs to the phase that is being served. */
struct phase {
	struct worker *worker;
	struct deadline deadline;
	gboolean claimed;     /**< `key` is in hand */
	guint8 key[STORE_KEY_SIZE];
	char *row_of;         /**< whose columns were asked for; NULL: nobody's yet */
	gboolean wished;      /**< it was about a wish to join or to leave */
	struct fanout fanout;
	struct errand errand;
	guint names;          /**< how many DNS was asked for */
	gint64 dns_time;      /**< microseconds that this took */
	guint responders;     /**< OCSP responders that were asked in it */
	int answer_fd;        /**< goes beside the answer in the making and is closed then; -1: none */
};

/** Serves phases until `*stop` becomes non-zero (set by a signal handler); finishes the one in hand first. */
void worker_serve(struct worker *worker, const volatile gint *stop);

#endif
