/*
 * What the files of this room share and nobody else sees. One operation on the CRM is one call of
 * crm_run(): it connects where needed, opens a snapshot, lets the operation's own function ask and
 * read, and turns whatever went wrong into one verdict and one log line. In between, functions only
 * return FALSE; the first reason is latched in `crm->error`.
 */
#ifndef ROLLCALL_CRM_CRM_PRIVATE_H
#define ROLLCALL_CRM_CRM_PRIVATE_H

#include <glib.h>
#include <mysql.h>

#include "lib/base/deadline.h"
#include "lib/crm/crm.h"
#include "lib/crm/crm_options.h"
#include "lib/crm/crm_rows.h"

enum {
	CRM_COLUMNS = 4,
	CRM_CELL_SIZE = 1024,      /* bytes; no address, list or word we take is longer than a quarter of it */
	CRM_ROWS_LIMIT = 10000000, /* rows of one list; struct recipients can hold that many of the longest */
	CRM_TEXT_LIMIT = 200,      /* bytes of a server's message in the log */
};

/* ---- what went wrong ---- */

enum crm_trouble {
	CRM_TROUBLE_NONE,
	CRM_TROUBLE_OPTIONS,    /* the option file cannot be used */
	CRM_TROUBLE_BREAKER,    /* left alone after repeated failures */
	CRM_TROUBLE_CONNECT,
	CRM_TROUBLE_TLS,
	CRM_TROUBLE_BUSY,       /* too many connections */
	CRM_TROUBLE_DENIED,
	CRM_TROUBLE_SCHEMA,     /* view or column missing, invalid or of the wrong type */
	CRM_TROUBLE_LOST,       /* connection or query killed */
	CRM_TROUBLE_TIME,       /* no answer in time */
	CRM_TROUBLE_INCOMPLETE, /* the answer is not what was counted */
	CRM_TROUBLE_AMBIGUOUS,  /* two lists have this address */
	CRM_TROUBLE_OTHER,
};

struct crm_error {
	enum crm_trouble trouble;
	guint code; /* MySQL's number; 0: ours */
	char *text; /* for the log: printable, of a bounded length, no member data; may be NULL */
};

/* ---- the door ---- */

/*
 * A column of the view as information_schema has it. Empty: not there, or the view cannot be read
 * at all.
 */
struct crm_column {
	char type[32];
	char collation[64];
};

enum crm_view_column {
	CRM_COLUMN_LIST,
	CRM_COLUMN_ADDRESS,
	CRM_COLUMN_MODE,
	CRM_COLUMN_OWNER,
	CRM_COLUMN_MODERATOR,
	CRM_VIEW_COLUMNS,
};

struct crm {
	const struct settings *settings;
	struct crm_breaker *breaker;
	MYSQL *mysql;       /* NULL: not connected */
	gboolean uses_tls;
	guint host;         /* place of the server that answered last, tried first */
	gboolean answered;  /* a statement of the operation at work has had an answer */
	guint spelling;     /* place among a list's spellings of the one that the view had last, tried first */
	struct crm_column columns[CRM_VIEW_COLUMNS];
	GHashTable *names;  /* of all columns, in lower case, to their type */
	gint64 columns_until; /* monotonic microseconds: looked at again then */
	GHashTable *told;   /* "LIST WORD" of reception modes that mean nothing and were told */
	gint64 told_since;  /* monotonic microseconds */
	struct deadline deadline; /* of the statement at work */
	struct crm_error error;
};

/* ---- crm_trouble.c ---- */

/* Latches an error of ours, unless there is one already. Returns FALSE, for `return crm_fail(…)`. */
gboolean crm_fail(struct crm *crm, enum crm_trouble trouble, const char *format, ...) G_GNUC_PRINTF(3, 4);
/*
 * Latches what MySQL says (`code`, `text`); `connecting` when there is no connection yet. Returns
 * FALSE.
 */
gboolean crm_fail_mysql(struct crm *crm, guint code, const char *text, gboolean connecting);
/* The verdict for the latched error. */
struct verdict crm_verdict(const struct crm *crm);
/* The error in words for log and findings. The caller frees. */
char *crm_error_text(const struct crm *crm) G_GNUC_WARN_UNUSED_RESULT;
/** What an admin can do about the latched error, or NULL where nothing general can be said. */
const char *crm_error_todo(const struct crm *crm);
void crm_error_clear(struct crm *crm);

/* ---- crm_breaker.c ---- */

/*
 * Whether a connection may be tried now: the breaker is closed, or this is the one probe after
 * the pause.
 */
gboolean crm_breaker_admits(struct crm_breaker *breaker, const struct settings *settings);
void crm_breaker_failed(struct crm_breaker *breaker, const struct settings *settings);
void crm_breaker_worked(struct crm_breaker *breaker);

/* ---- crm_connect.c ---- */

/* Connects to the first server that answers. FALSE with the error latched. */
gboolean crm_connect(struct crm *crm) G_GNUC_WARN_UNUSED_RESULT;
/* Closes without waiting for anything. */
void crm_disconnect(struct crm *crm);

/* ---- crm_run.c ---- */

typedef gboolean (*crm_work)(struct crm *crm, void *context);

/*
 * Runs `work` inside one consistent read-only snapshot. TRUE when it returned TRUE; else
 * `*verdict` says why not, the log has the details and the connection is closed, so that no
 * unread row is left on it.
 */
gboolean crm_run(struct crm *crm, crm_work work, void *context, const char *list, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;
/*
 * The same without a snapshot, for `work` that asks one thing, or several that need not be of one moment. It is run a second time, on a new
 * connection, when a kept one turned out to be lost before its first statement had an answer.
 */
gboolean crm_ask(struct crm *crm, crm_work work, void *context, const char *list, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;
/* Connection and snapshot alone, for crm_check(). FALSE with the error latched. */
gboolean crm_begin(struct crm *crm) G_GNUC_WARN_UNUSED_RESULT;
void crm_end(struct crm *crm);

/* ---- crm_sql.c ---- */

enum crm_query {
	CRM_SQL_COLUMNS,
	CRM_SQL_SPELLINGS,
	CRM_SQL_COUNT,
	CRM_SQL_MEMBERS,
	CRM_SQL_OWNERS,
	CRM_SQL_MODERATORS,
	CRM_SQL_PERSON,
	CRM_SQL_COLUMN,
	CRM_SQL_CALL,
	CRM_SQL_HAS_MODERATOR,
	CRM_SQL_KNOWN_LISTS,
	CRM_SQL_LISTS,
	CRM_SQL_VIEW,
	CRM_SQL_NAMES,
	CRM_SQL_DATABASE,
	CRM_SQL_GRANTS,
	CRM_SQL_TLS_VERSION,
	CRM_SQL_QUERIES,
};

/* What a query is about. NULL or NULL-terminated, not empty where the query uses it. */
struct crm_values {
	const char *const *names;     /* of lists, as the column may spell them */
	const char *const *addresses; /* of people, as the column may spell them */
	const char *column;           /* a further column of the view */
	const char *procedure;        /* NAME or DATABASE.NAME */
};

/*
 * The text of a query: the names of view and columns quoted, the values as hexadecimal literals.
 * The caller wipes and frees.
 */
char *crm_sql_text(const struct crm *crm, enum crm_query query, const struct crm_values *values)
	G_GNUC_WARN_UNUSED_RESULT;
/*
 * The statements that make the session ours: isolation, character set, modes, limits on the
 * server's side. Free with g_strfreev().
 */
char **crm_sql_session(const struct crm *crm) G_GNUC_WARN_UNUSED_RESULT;
/* The setting that names a column of the view. */
const char *crm_sql_column(const struct crm *crm, enum crm_view_column column);
/*
 * Whether `column` tells capital from small letters apart, so that comparing needs a looser
 * spelling.
 */
gboolean crm_sql_is_exact(const struct crm *crm, enum crm_view_column column);

/* ---- crm_statement.c ---- */

struct crm_statement;

enum crm_step { CRM_ROW, CRM_END, CRM_BROKEN };

/* Sends `query` and waits for its rows to begin. NULL with the error latched. */
struct crm_statement *crm_statement_open(struct crm *crm, enum crm_query query, const struct crm_values *values)
	G_GNUC_WARN_UNUSED_RESULT;
/*
 * The next row, straight from the wire. On CRM_ROW `cells` has one element for each column, valid
 * until the next call. CRM_END only after the server said so and no error is pending; CRM_BROKEN
 * has the error latched.
 */
enum crm_step crm_statement_next(struct crm_statement *statement, const struct crm_cell **cells)
	G_GNUC_WARN_UNUSED_RESULT;
/*
 * Frees; after anything but CRM_END it closes the connection first, rather than read all that is
 * left. NULL is fine.
 */
void crm_statement_close(struct crm_statement *statement);
static inline void crm_statement_clear(struct crm_statement **statement)
{
	crm_statement_close(*statement);
	*statement = NULL;
}
#define crm_auto_statement __attribute__((cleanup(crm_statement_clear)))

/* ---- crm_columns.c ---- */

/*
 * Reads the columns' types and collations, when they have not been looked at for a while. FALSE
 * with the error latched.
 */
gboolean crm_columns_look(struct crm *crm) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a column can hold what we read from it; unknown columns can. */
gboolean crm_columns_is_text(const struct crm_column *column);
gboolean crm_columns_is_truth(const struct crm_column *column);
/* The type of any column of the view, or NULL when it has none of that name. */
const char *crm_columns_type(const struct crm *crm, const char *name);

/* ---- crm_list.c ---- */

/*
 * The values of the list column that can stand for the list `name@domain`, NULL-terminated. Free
 * with g_strfreev().
 */
char **crm_list_spellings(const struct crm *crm, const char *name, const char *domain) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a list's address. */
char **crm_list_spellings_of(const struct crm *crm, const char *list) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a value of the list column is this list. */
gboolean crm_list_is(const struct crm *crm, const struct crm_cell *value, const char *list);
/*
 * The one value under which the view has the list and its number of rows, in one pass.
 * `*spelling` is NULL when it has none; the caller frees. FALSE when it is ambiguous or something
 * else went wrong.
 */
gboolean crm_list_count(struct crm *crm, const char *list, char **spelling, guint *rows) G_GNUC_WARN_UNUSED_RESULT;

/* What a list's name can be in the column, the number of its rows and the value it has there. */
struct crm_count {
	char *spelling; /* NULL: the view has no such list */
	guint rows;
};
/*
 * Takes what a group of rows says into account: its value of the list column and its number of rows. FALSE with the error latched when the list has
 * another spelling, too.
 */
gboolean crm_list_take_count(struct crm *crm, const char *list, const struct crm_cell *value, const struct crm_cell *number,
	struct crm_count *count) G_GNUC_WARN_UNUSED_RESULT;

/* ---- crm_members.c ---- */

/* Told of each row; the cells are address and mode. */
typedef void (*crm_member)(struct crm *crm, const struct crm_cell *cells, void *context);
/*
 * Reads all rows of a list, counted in the same statement. FALSE with the error latched, and then what `take` was told is worth nothing. The caller
 * frees `count->spelling`.
 */
gboolean crm_members_read(struct crm *crm, const char *list, crm_member take, void *context, struct crm_count *count)
	G_GNUC_WARN_UNUSED_RESULT;

/* ---- crm_standing.c ---- */

/* Every spelling that a row may have of a person's address in normal form; ends with NULL, freed by g_ptr_array_unref(). */
GPtrArray *crm_person_spellings(const char *person) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the address in a cell is the person's with this address_key(). `normal` is scratch. */
gboolean crm_person_is(const struct crm_cell *cell, const char *key, GString *normal);

/*
 * What a person is on a list by all of their rows: bits of enum wire_standing without
 * LIST_HAS_MODERATOR.
 */
gboolean crm_person_look(struct crm *crm, const char *list, const char *person, guint *standing)
	G_GNUC_WARN_UNUSED_RESULT;

/* ---- crm_loop.c ---- */

/*
 * Whether an address in normal form lies in a domain of ours, and so could be a list, a role of
 * one, or the site's.
 */
gboolean crm_loop_suspects(const struct crm *crm, const char *address);
/*
 * Takes those `suspects` (strings in normal form) out of the array that are ours indeed: lists of
 * the view, their roles, the site's own addresses. `*looping` is their number.
 */
gboolean crm_loop_remove(struct crm *crm, GPtrArray *suspects, guint *looping) G_GNUC_WARN_UNUSED_RESULT;

#endif
