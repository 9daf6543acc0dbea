/* Job tickets; see job_tickets.h. */
#include "lmtpd/dispatch/job_tickets.h"

#include <sys/socket.h>

#include "lib/base/log.h"

gboolean job_tickets_send(int jobs, gint64 id)
{
	return send(jobs, &id, sizeof(id), MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(id);
}

void job_tickets_send_due(int jobs, struct store *store)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GError) error = NULL;

	if (!store_job_due(store, JOB_TICKETS_MOST, ids, &error)) {
		log_warning("state store: %s", error->message);
		return;
	}
	for (guint i = 0; i < ids->len; i++)
		if (!job_tickets_send(jobs, g_array_index(ids, gint64, i)))
			return;
}
