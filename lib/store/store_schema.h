/*
 * Whose SQLite file it is and of which version, and the steps that bring an older one up to date.
 */
#ifndef ROLLCALL_STORE_STORE_SCHEMA_H
#define ROLLCALL_STORE_STORE_SCHEMA_H

#include <sqlite3.h>

#include "lib/store/store.h"

/** Refuses (STORE_ERROR_SCHEMA) what is no store of ours or of a newer version; writes nothing. An empty file is fine. */
gboolean store_schema_check(sqlite3 *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Brings a checked store to the newest version: all missing steps in one transaction, so it is of the old or of the
 * new version whatever happens. FALSE with `error`.
 */
gboolean store_schema_migrate(sqlite3 *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** Whether the attached database `name` is a store of ours and of the newest version. */
gboolean store_schema_is_ours(sqlite3 *db, const char *name);

#endif
