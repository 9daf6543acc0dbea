/*
 * Sees when scenarios, texts or CRLs change, so that a rule that an admin edits counts without a signal. The configuration itself is
 * read again at SIGHUP only: half of an edit must not come into force.
 */
#ifndef ROLLCALL_MASTER_WATCH_H
#define ROLLCALL_MASTER_WATCH_H

#include <glib.h>

#include "lib/base/settings.h"

enum { WATCH_INTERVAL = 10 }; /* seconds between looks */

/** A number that changes when a file of rules_directory, texts_directory, smime_ca_file or smime_crl comes, goes or changes. */
guint64 watch_fingerprint(const struct settings *settings);

#endif
