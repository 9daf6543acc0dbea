/*
 * The circuit breaker: when the CRM fails several times in a row, it is left alone for a pause,
 * and then one worker tries while the others go on waiting. All workers share one struct
 * crm_breaker in memory, so they learn from each other. There is no lock: the worst that a race
 * can do is one probe too many.
 */
#include "lib/base/log.h"
#include "lib/crm/crm_private.h"

gboolean crm_breaker_admits(struct crm_breaker *breaker, const struct settings *settings)
{
	gint64 pause = settings_number(settings, SET_breaker_pause, NULL) * G_USEC_PER_SEC;
	gint64 until = __atomic_load_n(&breaker->open_until, __ATOMIC_ACQUIRE);
	gint64 now = g_get_monotonic_time();

	if (g_atomic_int_get(&breaker->failures) < settings_number(settings, SET_breaker_failures, NULL))
		return TRUE;
	if (now < until)
		return FALSE;
	/* Who moves the end of the pause has the probe. */
	return __atomic_compare_exchange_n(
		&breaker->open_until, &until, now + pause, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

void crm_breaker_failed(struct crm_breaker *breaker, const struct settings *settings)
{
	gint limit = (gint)settings_number(settings, SET_breaker_failures, NULL);
	gint64 pause = settings_number(settings, SET_breaker_pause, NULL);
	gint failures = g_atomic_int_get(&breaker->failures);

	if (failures < limit)
		failures = g_atomic_int_add(&breaker->failures, 1) + 1;
	if (failures < limit)
		return;
	__atomic_store_n(
		&breaker->open_until, g_get_monotonic_time() + pause * G_USEC_PER_SEC, __ATOMIC_RELEASE);
	log_warning("crm: failed %d times in a row, left alone for %d s", (int)limit, (int)pause);
}

void crm_breaker_worked(struct crm_breaker *breaker)
{
	if (g_atomic_int_get(&breaker->failures) == 0)
		return;
	g_atomic_int_set(&breaker->failures, 0);
	log_info("crm: answers again");
}
