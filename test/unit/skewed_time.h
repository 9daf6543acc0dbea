/* A file system of SQLite's whose time of day is ahead of the real one: for stores that are opened between skew_begin() and skew_end(). */
#ifndef ROLLCALL_TEST_UNIT_SKEWED_TIME_H
#define ROLLCALL_TEST_UNIT_SKEWED_TIME_H

#include "test/unit/store_help.h"

static sqlite3_vfs skewed_time_system, *skewed_time_real;
static sqlite3_int64 skewed_time_ahead; /* milliseconds */

static int skewed_time_now(sqlite3_vfs *vfs, sqlite3_int64 *now)
{
	int result = skewed_time_real->xCurrentTimeInt64(vfs, now);

	*now += skewed_time_ahead;
	return result;
}

static inline void skew_begin(void)
{
	skewed_time_real = sqlite3_vfs_find(NULL);
	skewed_time_system = *skewed_time_real;
	skewed_time_system.zName = "skewed";
	skewed_time_system.xCurrentTimeInt64 = skewed_time_now;
	assert_int_equal(sqlite3_vfs_register(&skewed_time_system, 1), SQLITE_OK);
}

/* Moves the time of day of the store in `directory`, and makes sure of it. */
static inline void skew_days(const char *directory, gint64 days)
{
	skewed_time_ahead = days * 86400 * 1000;
	assert_int_equal(ABS(sql(directory, "SELECT unixepoch()") - g_get_real_time() / G_USEC_PER_SEC) > 43200, days != 0);
}

static inline void skew_end(void)
{
	skewed_time_ahead = 0;
	assert_int_equal(sqlite3_vfs_unregister(&skewed_time_system), SQLITE_OK);
}

#endif
