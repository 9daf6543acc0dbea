/* Digests that are due become issues with a number and a job; the jobs do the rest. */
#ifndef ROLLCALL_DISPATCH_DIGEST_DUE_H
#define ROLLCALL_DISPATCH_DIGEST_DUE_H

#include "lib/base/settings.h"
#include "lib/store/store.h"

/** Closes what is due now. Trouble is logged: the next look finds it again. */
void digest_due_look(const struct settings *settings, struct store *store);

#endif
