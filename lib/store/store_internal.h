/*
 * What the files of lib/store share: the connection, its prepared statements and how its errors are told.
 * Not for callers of the store.
 */
#ifndef ROLLCALL_STORE_STORE_INTERNAL_H
#define ROLLCALL_STORE_STORE_INTERNAL_H

#include <sqlite3.h>
#include <sys/types.h>

#include "lib/base/io.h"
#include "lib/store/store_held.h"

/* What a job's next attempt waits: 1 minute after the first, then twice as long each time, at most an hour. */
#define STORE_PAUSE(taken) "min(3600, 60 << min(6, " taken "))"
/* What records are stamped with: see store_age(). */
#define STORE_AGE "(SELECT seconds FROM age WHERE one = 1)"
/*
 * Jobs are tried for as long as it takes, and what they have sent stands in the same records. So while one has been tried for days, nothing
 * is forgotten; one that has been tried for six weeks is past helping and no longer counts. Nor is anything while somebody is asked whether a post
 * has arrived (STORE_HELD_AMBIGUOUS): what of it is out stands there, too.
 */
#define STORE_PATIENT "100 AND 1000"
/* expires_at is kept as the table age counts; told is the time of day at which that will be, if nobody stops us before. */
#define HELD_COLUMNS "id, kind, list, author, sender, reason, facts, size, held_at, " \
	"unixepoch() + max(0, expires_at - " STORE_AGE "), state, decided_at, decider"

/*
 * Every statement of the store. Each finds its rows by the primary key or an index that schema/store.sql names; only the hourly
 * clean-up (…_EXPIRE) and counts read tables.
 */
#define STORE_STATEMENTS(X)                                                                                   \
	X(BEGIN, "BEGIN IMMEDIATE")                                                                           \
	X(COMMIT, "COMMIT")                                                                                   \
	X(POST_READ, "SELECT state, queue_id FROM post WHERE key = ?1")                                       \
	X(POST_WRITE,                                                                                         \
		"INSERT INTO post (key, state, queue_id, changed) VALUES (?1, ?2, ?3, " STORE_AGE ") "       \
		"ON CONFLICT (key) DO UPDATE SET state = ?2, queue_id = ?3, changed = excluded.changed")     \
	X(POST_FORGET, "DELETE FROM post WHERE key = ?1")                                                     \
	X(POST_EXPIRE,                                                                                        \
		"DELETE FROM post WHERE changed < " STORE_AGE " - ?1 "                                        \
		"AND NOT EXISTS (SELECT 1 FROM job WHERE attempts BETWEEN " STORE_PATIENT ") "                \
		"AND NOT EXISTS (SELECT 1 FROM held WHERE kind = 4 AND size > 0)")                            \
	X(DISTRIBUTED_READ,                                                                                   \
		"SELECT state, distributed_at FROM distributed "                                              \
		"WHERE key = ?1 AND distributed_at > unixepoch() - ?2 AND post <> ?3")                        \
	X(DISTRIBUTED_WRITE,                                                                                  \
		"INSERT INTO distributed (key, post, state, distributed_at, expires_at) "                     \
		"VALUES (?1, ?2, ?3, unixepoch(), unixepoch() + ?4) ON CONFLICT (key) DO UPDATE SET "         \
		"post = ?2, state = ?3, distributed_at = unixepoch(), expires_at = unixepoch() + ?4")         \
	X(DISTRIBUTED_EXPIRE,                                                                                 \
		"DELETE FROM distributed WHERE expires_at <= unixepoch() OR distributed_at > unixepoch() + 86400") \
	X(DISTRIBUTED_CUT_EXPIRE,                                                                             \
		"DELETE FROM distributed WHERE distributed_at <= "                                            \
		"(SELECT distributed_at FROM distributed ORDER BY distributed_at DESC LIMIT 1 OFFSET ?1)")    \
	X(DEATH_READ, "SELECT count FROM death WHERE key = ?1")                                               \
	X(DEATH_ADD,                                                                                          \
		"INSERT INTO death (key, count, changed) VALUES (?1, 1, " STORE_AGE ") "                      \
		"ON CONFLICT (key) DO UPDATE SET count = count + 1, changed = excluded.changed RETURNING count") \
	X(DEATH_EXPIRE,                                                                                       \
		"DELETE FROM death WHERE changed < " STORE_AGE " - ?1 "                                       \
		"OR key NOT IN (SELECT key FROM death ORDER BY changed DESC LIMIT ?2)")                       \
	X(AGE_ADD, "UPDATE age SET seconds = seconds + ?1 WHERE one = 1")                                     \
	X(COUNT_READ, "SELECT members, shrunk_since, " STORE_AGE " FROM list_count WHERE list = ?1")          \
	X(COUNT_WRITE,                                                                                        \
		"INSERT INTO list_count (list, members, shrunk_since) VALUES (?1, ?2, ?3) "                   \
		"ON CONFLICT (list) DO UPDATE SET members = ?2, shrunk_since = ?3")                           \
	X(HELD_ADD,                                                                                           \
		"INSERT INTO held (kind, state, list, author, sender, reason, facts, size, held_at, expires_at, decided_at) " \
		"VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, unixepoch(), " STORE_AGE " + ?8 + " G_STRINGIFY(STORE_STEP) ", 0)") \
	X(HELD_READ, "SELECT " HELD_COLUMNS " FROM held WHERE id = ?1")                                       \
	X(HELD_LIST,                                                                                          \
		"SELECT " HELD_COLUMNS " FROM held WHERE id > ?1 AND (?2 IS NULL OR list = ?2) "              \
		"AND (?3 = 0 OR state = 1) ORDER BY id LIMIT ?4")                                             \
	X(HELD_DUE, "SELECT id FROM held WHERE state = 1 AND expires_at <= " STORE_AGE " ORDER BY expires_at LIMIT ?1") \
	X(HELD_DECISION, "SELECT state, decided_at, decider FROM held WHERE id = ?1")                         \
	X(HELD_DECIDE, "UPDATE held SET state = ?2, decider = ?3, decided_at = unixepoch() WHERE id = ?1 AND state = 1") \
	X(HELD_BURY,                                                                                          \
		"UPDATE held SET author = '', sender = '', reason = '', facts = x'', size = 0 "               \
		"WHERE id = ?1 AND state <> 1 AND NOT EXISTS (SELECT 1 FROM job WHERE job.held = ?1)")        \
	X(HELD_EXPIRE,                                                                                        \
		"DELETE FROM held WHERE state <> 1 AND size = 0 "                                             \
		"AND NOT EXISTS (SELECT 1 FROM token WHERE token.held = held.id) "                            \
		"AND NOT EXISTS (SELECT 1 FROM job WHERE job.held = held.id)")                                \
	X(HELD_MESSAGE_ADD, "INSERT INTO held_message (held, hash, message) VALUES (?1, ?2, zeroblob(?3))")   \
	X(HELD_MESSAGE_READ, "SELECT hash FROM held_message WHERE held = ?1")                                 \
	X(HELD_MESSAGE_REMOVE, "DELETE FROM held_message WHERE held = ?1")                                    \
	X(KEPT_ADD,                                                                                           \
		"INSERT INTO kept (list, issue, archive, archived_at, size, kept_at) "                        \
		"VALUES (?1, ?2, ?3, ?4, ?5, coalesce(?6, unixepoch()))")                                     \
	X(KEPT_READ, "SELECT list, archived_at, size, kept_at FROM kept WHERE id = ?1")                       \
	X(KEPT_MESSAGE_ADD, "INSERT INTO kept_message (kept, hash, message) VALUES (?1, ?2, zeroblob(?3))")   \
	X(KEPT_MESSAGE_READ, "SELECT hash FROM kept_message WHERE kept = ?1")                                 \
	X(KEPT_BURY, "DELETE FROM kept WHERE issue IS NULL AND archive = 0")                                  \
	X(KEPT_MESSAGE_BURY, \
		"DELETE FROM kept_message WHERE kept IN (SELECT id FROM kept WHERE issue IS NULL AND archive = 0)") \
	X(DIGEST_CLOSED, "SELECT i.list, count(k.id), coalesce(sum(k.size), 0), coalesce(min(k.kept_at), i.closed_at), i.number FROM digest_issue i " \
		"LEFT JOIN kept k ON k.issue = i.id GROUP BY i.id ORDER BY i.id") \
	X(DIGEST_OPEN, "SELECT list, count(*), sum(size), min(kept_at) FROM kept WHERE issue = 0 GROUP BY list") \
	X(DIGEST_NUMBER,                                                                                      \
		"INSERT INTO digest (list, volume, number) VALUES (?1, ?2, 1) ON CONFLICT (list) DO UPDATE SET " \
		"number = CASE WHEN excluded.volume > volume THEN 1 ELSE number + 1 END, "                    \
		"volume = max(volume, excluded.volume) RETURNING volume, number")                             \
	X(DIGEST_ISSUE_ADD,                                                                                   \
		"INSERT INTO digest_issue (list, volume, number, closed_at) VALUES (?1, ?2, ?3, unixepoch())") \
	X(DIGEST_FILL,                                                                                        \
		"UPDATE kept SET issue = ?2 WHERE list = ?1 AND issue = 0 AND id <= (SELECT max(id) FROM ("   \
		"SELECT id, sum(size) OVER (ORDER BY id) total, row_number() OVER (ORDER BY id) place "      \
		"FROM kept WHERE list = ?1 AND issue = 0) WHERE total <= ?3 OR place = 1)")                   \
	X(DIGEST_ISSUE_READ, "SELECT volume, number, closed_at FROM digest_issue WHERE id = ?1")              \
	X(DIGEST_ISSUE_REMOVE, "DELETE FROM digest_issue WHERE id = ?1")                                      \
	X(DIGEST_POSTS, "SELECT id FROM kept WHERE issue = ?1 ORDER BY id")                                   \
	X(DIGEST_LEAVE, "UPDATE kept SET issue = NULL WHERE issue = ?1")                                      \
	X(ARCHIVE_LISTS,                                                                                      \
		"SELECT list, sum(aside = 0), sum(aside), sum(size), min(kept_at) FROM kept WHERE archive = 1 GROUP BY list") \
	X(ARCHIVE_BACKLOG, "SELECT count(*), coalesce(sum(size), 0) FROM kept WHERE archive = 1 AND list = ?1") \
	X(ARCHIVE_DUE, "SELECT id FROM kept WHERE archive = 1 AND list = ?1 AND aside = 0 ORDER BY id LIMIT ?2") \
	X(ARCHIVE_ASIDE, "UPDATE kept SET aside = 1 WHERE id = ?1")                                           \
	X(ARCHIVE_AGAIN, "UPDATE kept SET aside = 0 WHERE archive = 1 AND list = ?1 AND aside = 1")           \
	X(ARCHIVE_FORGET, "UPDATE kept SET archive = 0 WHERE archive = 1 AND list = ?1")                      \
	X(ARCHIVE_DONE, "UPDATE kept SET archive = 0 WHERE id = ?1")                                          \
	X(JOB_ADD,                                                                                            \
		"INSERT INTO job (held, list, kind, fields, attempts, made_at, due_at) "                      \
		"VALUES (?1, ?2, ?3, ?4, 0, unixepoch(), unixepoch())")                                       \
	X(JOB_DUE, "SELECT id FROM job WHERE due_at <= unixepoch() ORDER BY due_at, id LIMIT ?1")             \
	X(JOB_READ, "SELECT id, held, list, kind, fields, attempts, made_at, due_at <= unixepoch() FROM job WHERE id = ?1") \
	X(JOB_TAKE,                                                                                           \
		"UPDATE job SET attempts = attempts + 1, due_at = unixepoch() + " STORE_PAUSE("attempts") " WHERE id = ?1") \
	X(JOB_RETRY, "UPDATE job SET due_at = unixepoch() + " STORE_PAUSE("attempts - 1") " WHERE id = ?1")   \
	X(JOB_HASTEN,                                                                                         \
		"UPDATE job SET due_at = unixepoch() WHERE id = (SELECT min(job.id) FROM job JOIN held ON held.id = job.held " \
		"WHERE job.kind = ?1 AND held.list = ?2 AND held.author = ?3 AND held.state = 1)")            \
	X(JOB_REMOVE, "DELETE FROM job WHERE id = ?1 RETURNING held")                                         \
	X(JOB_REPAIR, "UPDATE job SET due_at = unixepoch() WHERE due_at > unixepoch() + 3600")                \
	X(TOKEN_ADD,                                                                                          \
		"INSERT INTO token (hash, held, action, second, person, expires_at) "                         \
		"SELECT ?1, id, ?3, ?4, ?5, " STORE_AGE " + ?6 FROM held WHERE id = ?2")                      \
	X(TOKEN_READ,                                                                                         \
		"SELECT state, decided_at, decider, held, action, second, person, token.expires_at <= " STORE_AGE " " \
		"FROM token JOIN held ON held.id = token.held WHERE hash = ?1 AND list = ?2")                 \
	X(TOKEN_EXPIRE, "DELETE FROM token WHERE expires_at < " STORE_AGE " - 30 * 86400")                    \
	X(BAD_READ, "SELECT count FROM token_bad WHERE person = ?1 AND hour = unixepoch() / 3600")            \
	X(BAD_ADD,                                                                                            \
		"INSERT INTO token_bad (person, hour, count) VALUES (?1, unixepoch() / 3600, 1) "             \
		"ON CONFLICT (person, hour) DO UPDATE SET count = count + 1 RETURNING count")                 \
	X(BAD_EXPIRE, "DELETE FROM token_bad WHERE hour <> unixepoch() / 3600")                               \
	X(ANSWER_TAKE,                                                                                        \
		"INSERT INTO answer (person, list, answered_at) VALUES (?1, ?2, unixepoch()) "                \
		"ON CONFLICT (person, list) DO UPDATE SET answered_at = unixepoch() "                         \
		"WHERE answered_at <= unixepoch() - 86400 OR answered_at > unixepoch()")                      \
	X(ANSWER_FORGET, "DELETE FROM answer WHERE person = ?1 AND list = ?2")                                \
	X(ANSWER_EXPIRE, "DELETE FROM answer WHERE answered_at <= unixepoch() - 86400 OR answered_at > unixepoch()")

enum store_statement {
#define X(name, sql) STATEMENT_##name,
	STORE_STATEMENTS(X)
#undef X
	STATEMENT_COUNT
};

/** Values of post.state. */
enum { POST_INTENT = 1, POST_DONE = 2 };

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	pid_t owner;                  /* the process that opened it */
	int claims;                   /* claims.lock */
	gboolean durable;             /* the transaction at work waits for the disk */
	gboolean together;            /* it is the caller's: store_together() */
	int copied;                   /* of a copy: changes that making it took */
	gboolean holding;
	guint8 held[STORE_KEY_SIZE];  /* K in hand, if holding */
	gboolean has_part;
	guint8 part[STORE_KEY_SIZE];  /* of K, if has_part */
	gboolean has_content;
	guint8 content[STORE_KEY_SIZE]; /* of the post in hand, if has_content */
	gint64 content_life;
	gint64 job;                   /* the job in hand, or 0 */
	gboolean has_person_key;
	guint8 person_key[STORE_PERSON_SIZE];
};

/** Prepares all statements on an open database whose tables are there. */
gboolean store_prepare(struct store *store, GError **error);
/** For a copy: takes the key in the file `path`, or makes one that nobody keeps. FALSE with `error`. */
gboolean store_person_borrow_key(struct store *store, const char *path, GError **error);

/** Hands out a prepared statement. `store_statement_auto sqlite3_stmt *s = …` ends its read or write at the end of the scope. */
sqlite3_stmt *store_statement(struct store *store, enum store_statement statement);
static inline void store_statement_end(sqlite3_stmt **statement)
{
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
}
#define store_statement_auto __attribute__((cleanup(store_statement_end)))

/** Runs a statement that gives no row. FALSE with `error`, which begins with `doing`. */
gboolean store_run(struct store *store, sqlite3_stmt *statement, const char *doing, GError **error);

/** store_run(), and exactly one row must have changed; `what` is what there is none of when not. */
gboolean store_run_one(struct store *store, sqlite3_stmt *statement, const char *doing, const char *what, GError **error);

/* ---- transactions ---- */

enum store_promise {
	STORE_CHEAP,   /* in the kernel's hands */
	STORE_DURABLE, /* on the disk when store_end() returns: what a 250 promises */
};
/** Begins a transaction that writes, or goes on with that of store_together(). FALSE with `error`, and none is begun. */
gboolean store_begin(struct store *store, enum store_promise promise, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Ends it: commits if `good`, else takes all back (error is then set already). Whether it was committed, or is good in the caller's own. */
gboolean store_end(struct store *store, gboolean good, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- columns ---- */

/** Text of a column; a damaged one becomes valid UTF-8, because GVariant dies of what is not. The caller frees it. */
char *store_column_text(sqlite3_stmt *row, int column);
/** a{ss}, not floating; what is damaged in it reads as empty. NULL is written as empty. */
GVariant *store_column_fields(sqlite3_stmt *row, int column);
void store_bind_fields(sqlite3_stmt *statement, int place, GVariant *fields);
/** Reads `first` (state) and the two columns after it. */
void store_column_decision(sqlite3_stmt *row, int first, struct store_decision *decision);
/** Steps through a statement whose only column is a number. FALSE with `error`. */
gboolean store_read_numbers(struct store *store, sqlite3_stmt *read, GArray *numbers, const char *doing, GError **error);

/* ---- parts of transactions ---- */

/** Whose message. */
enum store_message_of { STORE_MESSAGE_HELD, STORE_MESSAGE_KEPT };
/** Writes the message of a held or kept post. In a transaction. */
gboolean store_message_write(struct store *store, enum store_message_of of, gint64 id, const struct io_mapping *message,
	GError **error);
/** Reads a message through and compares its hash; writes it to `fd` unless that is -1. */
enum store_message store_message_read(struct store *store, enum store_message_of of, gint64 id, int fd, GError **error);
/** Records that the content in hand is distributed in part (POST_INTENT) or as a whole (POST_DONE). Nothing when none is. In a transaction. */
gboolean store_distributed_write(struct store *store, int state, GError **error);
/** The byte of claims.lock that stands for a key. */
off_t store_lock_place(const guint8 *key);
/** Removes job `id`, which is in hand, and what goes with it. In a transaction. */
gboolean store_job_remove(struct store *store, gint64 id, GError **error);
/** Adds jobs. In a transaction; `held` may be 0. */
gboolean store_job_write(struct store *store, const char *list, gint64 held, const struct store_job_plan *plan,
	GError **error);
/** What stands in the way of a decision: ALREADY, UNKNOWN or TROUBLE, else GOOD. */
enum store_order store_held_look(struct store *store, gint64 id, struct store_decision *decision, GError **error);
/** Whether the message is there when `state` will want it: GOOD, MISSING or TROUBLE. Outside of transactions, as it may take long. */
enum store_order store_held_ready(struct store *store, gint64 id, enum store_held_state state, GError **error);
/** Decides a post that store_held_look() finds GOOD in the same transaction. */
gboolean store_held_write(struct store *store, gint64 id, const struct store_verdict *verdict,
	struct store_decision *decision, GError **error);
/** Ends the transaction of an order: commits DECIDED, takes the rest back; TROUBLE when that fails. Clears `decision` then. */
enum store_order store_order_end(struct store *store, enum store_order order, struct store_decision *decision,
	GError **error);
/** Makes a tombstone of a post that is decided and has no jobs left; else nothing happens. In a transaction. */
gboolean store_held_bury(struct store *store, gint64 id, GError **error);

/** Tells SQLite's last error; always FALSE. */
gboolean store_fail(sqlite3 *db, const char *doing, GError **error);
/** Tells errno; always FALSE. */
gboolean store_fail_errno(int number, const char *doing, GError **error);

/** Locks one byte of claims.lock for this open file; FALSE with errno (EAGAIN: somebody else has it). */
gboolean store_lock_byte(int claims, off_t place);
void store_unlock_byte(int claims, off_t place);

enum { STORE_BUSY_PATIENCE = 5000 }; /* milliseconds for a writer; a write takes 0.05 */

/** The byte that whoever opens the store holds meanwhile; claims lie above it, jobs above them. */
enum { STORE_OPENING = 0 };
#define STORE_JOBS ((off_t)1 << 62)

#endif
