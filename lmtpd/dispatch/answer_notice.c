/*
 * One mail of the job in hand, to one receiver: handed to Postfix with the empty envelope sender, so that nothing comes back.
 * Its K is made here, of the child's K, the job and the person: neither a list of moderators that changes between two attempts nor
 * a child that was taken over can make one mail pass for another.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/asker.h"
#include "lmtpd/dispatch/handover.h"
#include "lmtpd/dispatch/job_fields.h"
#include "lmtpd/dispatch/store_trouble.h"

struct notice {
	struct phase *phase;
	const char *address;
	guint8 theirs[STORE_KEY_SIZE]; /* the child's K */
	guint8 key[STORE_KEY_SIZE];
	int message;
};

static gboolean make_key(struct notice *notice, GError **error)
{
	guint8 person[STORE_PERSON_SIZE];
	gsize length = sizeof(notice->key);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	if (!asker_hash(notice->phase->worker->store, notice->address, person, error))
		return FALSE;
	g_autofree char *id = job_fields_id(notice->phase->errand.job->id, person);
	g_checksum_update(sum, (const guint8 *)"notice", sizeof("notice"));
	g_checksum_update(sum, (const guint8 *)id, -1);
	g_checksum_update(sum, notice->theirs, sizeof(notice->theirs));
	g_checksum_get_digest(sum, notice->key, &length);
	return TRUE;
}

static struct verdict hand_over(struct notice *notice, GString *queue_id)
{
	struct worker *worker = notice->phase->worker;
	recipients_auto struct recipients *one = recipients_new();
	struct relay_job job = {
		.way = worker->way,
		.sender = "",
		.recipients = one,
	};
	struct verdict verdict = VERDICT_UNDECIDED;

	recipients_add(one, notice->address);
	recipients_seal(one);
	if (!answer_map_message(worker->settings, notice->message, &job.message))
		return verdict_deferred("4.3.0", "internal trouble (notice)");
	struct relay *relay = relay_begin(&job, notice->phase->deadline, &verdict);
	if (relay) {
		struct handover handover = {
			.worker = worker,
			.key = notice->key,
			.list = notice->phase->errand.job->list,
			.relay = relay,
		};

		verdict = handover_commit(&handover, queue_id);
	}
	relay_free(relay);
	io_unmap(&job.message);
	return verdict;
}

static struct verdict send_notice(struct notice *notice, GString *queue_id)
{
	struct store *store = notice->phase->worker->store;
	g_autoptr(GError) error = NULL;

	if (!make_key(notice, &error))
		return store_trouble(error);
	struct verdict verdict = handover_claim(store, notice->phase->errand.job->list, notice->key);
	if (verdict_is_final(&verdict))
		return verdict;
	verdict = hand_over(notice, queue_id);
	store_release(store);
	return verdict;
}

GVariant *answer_notice(struct phase *phase, GVariant *arguments, int fd)
{
	guint place;
	struct verdict verdict;
	struct notice notice = {.phase = phase, .message = fd};
	g_autoptr(GVariant) bytes = NULL;
	g_autoptr(GString) queue_id = g_string_new(NULL);
	const struct recipients *recipients = phase->errand.recipients;

	g_variant_get(arguments, "(u@ay)", &place, &bytes);
	if (fd < 0 || !recipients || place >= recipients_count(recipients) || phase->claimed ||
		!answer_read_key(bytes, notice.theirs)) {
		verdict = verdict_deferred("4.3.0", "internal trouble (notice)");
	} else {
		notice.address = recipients_get(recipients, place);
		verdict = send_notice(&notice, queue_id);
	}
	return g_variant_new("(@(uuss)s)", wire_verdict(&verdict), queue_id->str);
}
