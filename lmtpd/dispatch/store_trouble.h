/* What a store that does not answer means for a post: it waits in Postfix. */
#ifndef ROLLCALL_DISPATCH_STORE_TROUBLE_H
#define ROLLCALL_DISPATCH_STORE_TROUBLE_H

#include <glib.h>

#include "lib/base/verdict.h"

/** Logs the error and returns `452 4.3.1` for a full disk, `451 4.3.0` for anything else. */
struct verdict store_trouble(const GError *error);

#endif
