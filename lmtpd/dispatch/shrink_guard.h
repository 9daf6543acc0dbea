/*
 * A half-done import is the commonest accident in a CRM: a list that has lost more than half of its members at once waits
 * (451) for some hours, so that somebody can look, before a small list is believed. Only the count is remembered.
 */
#ifndef ROLLCALL_DISPATCH_SHRINK_GUARD_H
#define ROLLCALL_DISPATCH_SHRINK_GUARD_H

#include "lib/base/settings.h"
#include "lib/base/verdict.h"
#include "lib/store/store.h"

/**
 * Looks at a list's row count and remembers a good one. Class NONE: go on. DEFERRED: the list has shrunk (fewer than half of the last good
 * count of 20 or more, or none where there were some), for less than the setting's time; or the store did not answer.
 * The setting's time is that of store_age(): a clock that jumps believes nobody.
 */
struct verdict shrink_guard_check(const struct settings *settings, struct store *store, const char *list,
	guint rows);

#endif
