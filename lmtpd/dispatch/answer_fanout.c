/*
 * The fan-out in two steps. PREPARE reads the recipients live and hands Postfix everything but the last byte, so that
 * all that can fail has failed while nothing is sent. COMMIT records INTENT, writes the last byte, records DONE.
 * Between the two the intake child looks whether its LMTP client is still there.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/wire/wire.h"
#include "lmtpd/dispatch/answers.h"
#include "lmtpd/dispatch/handover.h"
#include "lmtpd/dispatch/shrink_guard.h"

/*
 * Postfix's VERP form: NAME-bounces+@DOMAIN-@[] makes each copy's sender NAME-bounces+user=domain@DOMAIN. The role
 * addresses' mail has no VERP: who the owners are is nobody's business.
 */
static char *envelope_sender(const struct settings *settings, const char *list, enum list_role role)
{
	g_autofree char *bounces = list_role_address(list, "bounces");
	const char *at = strrchr(bounces, '@');

	if (role != LIST_ROLE_POST || !settings_boolean(settings, SET_verp, list))
		return g_steal_pointer(&bounces);
	return g_strdup_printf("%.*s+%s-@[]", (int)(at - bounces), bounces, at);
}

static struct verdict read_recipients(struct phase *phase, const char *list, enum list_role role)
{
	struct crm_reading reading = {0};
	struct verdict verdict = VERDICT_UNDECIDED;
	struct worker *worker = phase->worker;
	enum crm_result found =
		crm_recipients(worker->crm, list, role, &phase->fanout.recipients, &reading, &verdict);

	if (found == CRM_TROUBLE)
		return verdict;
	if (role == LIST_ROLE_POST) {
		verdict = shrink_guard_check(worker->settings, worker->store, list, reading.rows,
			g_get_real_time() / G_USEC_PER_SEC);
		if (verdict_is_final(&verdict))
			return verdict;
	}
	/* The list was there at RCPT: a view that lost it in between is not the author's fault. */
	if (found == CRM_NOT_FOUND)
		return verdict_deferred("4.3.0", "the list is gone from the member directory");
	if (recipients_count(phase->fanout.recipients) > 0)
		return VERDICT_UNDECIDED;
	if (reading.skipped > 0)
		return verdict_deferred("4.3.0", "no row of the member directory is a usable address");
	if (role != LIST_ROLE_POST) {
		log_warning("ALARM list=<%s>: nobody in the CRM is its owner: mail for the %s waits", list,
			list_role_word(role));
		return verdict_deferred("4.2.1", "the list has no owner right now");
	}
	return verdict_discarded("no member wants single posts");
}

static struct verdict prepare(struct phase *phase, const char *list, enum list_role role, int fd)
{
	struct fanout *fanout = &phase->fanout;
	struct verdict verdict = read_recipients(phase, list, role);

	if (verdict_is_final(&verdict))
		return verdict;
	if (!answer_map_message(phase->worker->settings, fd, &fanout->message))
		return verdict_deferred("4.3.0", "internal trouble (message)");
	fanout->list = g_strdup(list);
	fanout->sender = envelope_sender(phase->worker->settings, list, role);
	struct qmqp_job job = {
		.endpoint = settings_text(phase->worker->settings, SET_qmqp_socket, NULL),
		.message = fanout->message,
		.sender = fanout->sender,
		.recipients = fanout->recipients,
	};
	if (!phase->worker->dry)
		fanout->qmqp = qmqp_begin(&job, phase->deadline, &verdict);
	return verdict;
}

GVariant *answer_prepare(struct phase *phase, GVariant *arguments, int fd)
{
	const char *list;
	guint role, count = 0;
	guint8 key[STORE_KEY_SIZE];
	g_autoptr(GVariant) bytes = NULL;
	struct verdict verdict;

	g_variant_get(arguments, "(&su@ay)", &list, &role, &bytes);
	fanout_clear(&phase->fanout);
	if (fd < 0 || role >= LIST_ROLE_COUNT || !answer_read_key(bytes, key) || !phase->claimed ||
		!answer_list_is_ours(phase->worker->settings, list) ||
		memcmp(key, phase->key, sizeof(key)) != 0)
		verdict = verdict_deferred("4.3.0", "internal trouble (prepare)");
	else
		verdict = prepare(phase, list, (enum list_role)role, fd);
	if (!verdict_is_final(&verdict))
		count = recipients_count(phase->fanout.recipients);
	else
		fanout_clear(&phase->fanout);
	return g_variant_new("(@(uuss)u)", wire_verdict(&verdict), count);
}

static struct verdict commit(struct phase *phase, GString *queue_id)
{
	struct handover handover = {
		.worker = phase->worker,
		.key = phase->key,
		.list = phase->fanout.list,
		.qmqp = phase->fanout.qmqp,
	};

	if (phase->worker->dry && handover.list)
		return verdict_sent("queued as QUEUEID");
	if (!handover.qmqp)
		return verdict_deferred("4.3.0", "internal trouble (commit)");
	return handover_commit(&handover, queue_id);
}

GVariant *answer_commit(struct phase *phase, GVariant *arguments, int fd)
{
	g_autoptr(GString) queue_id = g_string_new(NULL);
	struct verdict verdict = commit(phase, queue_id);

	fanout_clear(&phase->fanout);
	return g_variant_new("(@(uuss)s)", wire_verdict(&verdict), queue_id->str);
}
