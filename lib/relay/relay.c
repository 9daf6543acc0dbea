/* The way into the mail server; see relay.h. Each protocol has its own files. */
#include "lib/relay/relay.h"

#include <string.h>

#include "lib/relay/qmqp.h"

struct relay_way {
	const struct settings *settings;
};

struct relay {
	struct qmqp *qmqp;
};

struct relay_way *relay_way_new(const struct settings *settings, GError **error)
{
	struct relay_way *way = g_new0(struct relay_way, 1);

	way->settings = settings;
	return way;
}

void relay_way_free(struct relay_way *way)
{
	g_free(way);
}

/* Postfix's VERP form: NAME-bounces+@DOMAIN-@[] makes each copy's sender NAME-bounces+user=domain@DOMAIN. */
static char *qmqp_sender(const struct relay_job *job)
{
	const char *at = strrchr(job->sender, '@');

	if (!job->verp || !at)
		return g_strdup(job->sender);
	return g_strdup_printf("%.*s+%s-@[]", (int)(at - job->sender), job->sender, at);
}

struct relay *relay_begin(const struct relay_job *job, struct deadline deadline, struct verdict *verdict)
{
	g_autofree char *sender = qmqp_sender(job);
	const struct qmqp_job qmqp_job = {
		.endpoint = settings_text(job->way->settings, SET_qmqp_socket, NULL),
		.message = job->message,
		.sender = sender,
		.recipients = job->recipients,
	};
	struct qmqp *qmqp = qmqp_begin(&qmqp_job, deadline, verdict);

	if (!qmqp)
		return NULL;
	struct relay *relay = g_new0(struct relay, 1);
	relay->qmqp = qmqp;
	return relay;
}

enum relay_outcome relay_commit(struct relay *relay, struct deadline deadline, GString *queue_id, GString *reason)
{
	return qmqp_commit(relay->qmqp, deadline, queue_id, reason);
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	qmqp_free(relay->qmqp);
	g_free(relay);
}
