/* The worker of `rollcall explain`; see dry.h. */
#include "lmtpd/dispatch/dry.h"

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/store/store.h"

static struct store *open_copy(const struct settings *settings)
{
	g_autoptr(GError) error = NULL;
	struct store *store = store_open_copy(settings_text(settings, SET_state_directory, NULL), &error);

	if (!store)
		log_fatal("state store: %s", error->message);
	return store;
}

void dry_forget(struct worker *worker)
{
	if (store_is_untouched(worker->store))
		return;
	store_close(worker->store);
	worker->store = open_copy(worker->settings);
}

void dry_run(const struct pool_setup *setup)
{
	const volatile gint never = 0;
	gint64 silent_until = 0;
	struct worker worker = pool_worker(setup, open_copy(setup->settings));

	worker.dry = TRUE;
	worker.silent_until = &silent_until;
	process_signals_default();
	process_ready();
	close(PROCESS_FD_STATUS);
	worker_serve(&worker, &never);
	_exit(0);
}
