/* Store errors as verdicts; see store_trouble.h. */
#include "lmtpd/dispatch/store_trouble.h"

#include "lib/base/log.h"
#include "lib/store/store.h"

struct verdict store_trouble(const GError *error)
{
	log_warning("state store: %s", error->message);
	if (g_error_matches(error, STORE_ERROR, STORE_ERROR_FULL))
		return verdict_deferred("4.3.1", "no room on the state store's disk, try again later");
	return verdict_deferred("4.3.0", "state store unavailable, try again later");
}
