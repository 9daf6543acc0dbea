/* The way into the mail server; see relay.h. Each protocol has its own files. */
#include "lib/relay/relay.h"

#include <string.h>

#include "lib/relay/qmqp.h"
#include "lib/relay/smtp.h"

struct relay_way {
	const struct settings *settings;
	gboolean by_smtp;
	struct smtp_account account; /* by SMTP alone */
	struct smtp_memory memory;
};

/* One of the two. */
struct relay {
	struct qmqp *qmqp;
	struct smtp *smtp;
};

struct relay_way *relay_way_new(const struct settings *settings, GError **error)
{
	struct relay_way *way = g_new0(struct relay_way, 1);

	way->settings = settings;
	way->by_smtp = strcmp(settings_text(settings, SET_relay, NULL), "smtp") == 0;
	if (!way->by_smtp || smtp_account_load(&way->account, settings, error))
		return way;
	relay_way_free(way);
	return NULL;
}

void relay_way_free(struct relay_way *way)
{
	if (!way)
		return;
	smtp_account_clear(&way->account);
	g_free(way);
}

guint relay_batch(const struct relay_way *way)
{
	guint wanted = (guint)settings_number(way->settings, SET_smtp_batch, NULL);

	if (!way->by_smtp || wanted == 0)
		return 0;
	return way->memory.recipients > 0 ? MIN(wanted, way->memory.recipients) : wanted;
}

/* Postfix's VERP form: NAME-bounces+@DOMAIN-@[] makes each copy's sender NAME-bounces+user=domain@DOMAIN. */
static char *qmqp_sender(const struct relay_job *job)
{
	const char *at = strrchr(job->sender, '@');

	if (!job->verp || !at)
		return g_strdup(job->sender);
	return g_strdup_printf("%.*s+%s-@[]", (int)(at - job->sender), job->sender, at);
}

static struct qmqp *begin_qmqp(const struct relay_job *job, struct deadline deadline, struct verdict *verdict)
{
	g_autofree char *sender = qmqp_sender(job);
	const struct qmqp_job qmqp_job = {
		.endpoint = settings_text(job->way->settings, SET_qmqp_socket, NULL),
		.message = job->message,
		.sender = sender,
		.recipients = job->recipients,
	};

	return qmqp_begin(&qmqp_job, deadline, verdict);
}

struct relay *relay_begin(const struct relay_job *job, struct deadline deadline, struct verdict *verdict)
{
	struct relay_way *way = job->way;
	struct relay relay = {0};

	if (way->by_smtp)
		relay.smtp = smtp_begin(job, &way->account, &way->memory, deadline, verdict);
	else
		relay.qmqp = begin_qmqp(job, deadline, verdict);
	return relay.smtp || relay.qmqp ? g_memdup2(&relay, sizeof(relay)) : NULL;
}

const struct relay_skipped *relay_skipped(const struct relay *relay)
{
	static const struct relay_skipped none;

	/* By QMQP one reply covers all. */
	return relay->smtp ? smtp_skipped(relay->smtp) : &none;
}

enum relay_outcome relay_commit(struct relay *relay, struct deadline deadline, GString *queue_id, GString *reason)
{
	if (relay->smtp)
		return smtp_commit(relay->smtp, deadline, queue_id, reason);
	return qmqp_commit(relay->qmqp, deadline, queue_id, reason);
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	qmqp_free(relay->qmqp);
	smtp_free(relay->smtp);
	g_free(relay);
}
