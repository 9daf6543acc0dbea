/*
 * The narrow door to the CRM: the live view, and nothing else of the database.
 * "Not there" and "no answer" are different results: any trouble (connection, TLS, a killed query, a
 * missing column, a truncated value) is CRM_TROUBLE with a `451` verdict that names the cause, and
 * never an empty or partial list.
 * One struct crm is one connection, used by one process. DESIGN section 5, HOSTILE 5.3.
 */
#ifndef ROLLCALL_CRM_CRM_H
#define ROLLCALL_CRM_CRM_H

#include <glib.h>

#include "lib/base/settings.h"
#include "lib/base/verdict.h"
#include "lib/list/list.h"
#include "lib/list/roster.h"

struct crm;

enum crm_result {
	CRM_FOUND,
	CRM_NOT_FOUND,
	CRM_TROUBLE, /**< the verdict is set, class DEFERRED */
};

/** State of the circuit breaker; lives in memory that all workers share. Zero-initialised. */
struct crm_breaker {
	gint failures;    /**< connections in a row that failed; atomic */
	gint64 open_until; /**< monotonic microseconds; written under no lock, a stale read is harmless */
};

/** Makes the door without connecting. `settings` and `breaker` must outlive it. */
struct crm *crm_new(const struct settings *settings, struct crm_breaker *breaker) G_GNUC_WARN_UNUSED_RESULT;
/** Closes the connection and frees; NULL is fine. */
void crm_free(struct crm *crm);

/**
 * Whether the view has this list: `name`, or `name@domain`, or the bare name where domain is the
 * default one. More than one spelling in the view (differing in case, or both bare and with
 * domain) is CRM_TROUBLE: an ambiguous address is never "the first".
 */
enum crm_result crm_find_list(struct crm *crm, const char *name, const char *domain, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;

/**
 * What `person` (an address in normal form) is on `list` (its address): bits of enum
 * wire_standing in `*standing`, 0 for a stranger. STANDING_LIST_HAS_MODERATOR is looked up for
 * owners and moderators only: to others it makes no difference, and finding out that there is
 * none reads the whole list. CRM_FOUND or CRM_TROUBLE.
 */
enum crm_result crm_standing(struct crm *crm, const char *list, const char *person, guint *standing,
	struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;

enum { CRM_COLUMN_NAME = 64 }; /* bytes of a column's name */
/** Whether a text can be the name of a column that rules ask for: 1 to CRM_COLUMN_NAME of letters, digits, "_" and "-". */
gboolean crm_column_is_name(const char *name);

/** A question about one person on one list. `column` fits crm_column_is_name(); `person` is an address in normal form. */
struct crm_question {
	const char *list, *person, *column;
};
/**
 * The column in the person's row on the list. CRM_FOUND: `*value` is valid UTF-8 that the caller frees, or NULL where the row has
 * NULL. CRM_NOT_FOUND: no such row. CRM_TROUBLE also when the view has no such column, which the verdict names, and when the
 * person has rows that say different things.
 */
enum crm_result crm_column(struct crm *crm, const struct crm_question *question, char **value, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;

/** Whether the view has this column. */
enum crm_result crm_has_column(struct crm *crm, const char *column, struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;

/** How many rows the list has now; 0 for a list that is not there. CRM_FOUND or CRM_TROUBLE. */
enum crm_result crm_total(struct crm *crm, const char *list, guint *members, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;

/** What was seen while the recipients were read; for the log and the alarms. */
struct crm_reading {
	guint rows;       /**< rows of the list in the view, as COUNT said in the same statement */
	guint skipped;    /**< rows that are no usable address */
	guint duplicates; /**< rows whose address was there already */
	guint looping;    /**< rows that are an address of ours (a list, its roles, the site's) */
	guint left_out;   /**< rows that the wish leaves out */
};

/** Whose addresses are asked for. Nothing is owned. */
struct crm_wish {
	const char *list;
	enum list_role role;
	const char *author;          /**< normal form: who does not want his own posts (`not_me`) and has this address is left out; or NULL */
	GHashTable *addressed;       /**< address_key()s that have a copy already and get no second one; or NULL */
	const struct roster *besides; /**< not settled: who is in it has one, too; or NULL */
};

/**
 * Reads everybody who gets a copy, now: for LIST_ROLE_POST the members by the way they want it, without those of mode `nomail`; for
 * LIST_ROLE_OWNER the owners, for LIST_ROLE_EDITOR the moderators or, if there are none, the owners, all by RECEPTION_MAIL.
 * Of one moment, checked against its own COUNT and mysql_errno() before anything is returned. CRM_NOT_FOUND: the
 * list has no row at all. On CRM_FOUND the caller frees `*roster`, which may be empty and is not settled yet.
 */
enum crm_result crm_roster(struct crm *crm, const struct crm_wish *wish, struct roster **roster, struct crm_reading *reading,
	struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;

enum { CRM_CALL_TEXT = 400 }; /* bytes of what a procedure says */
/** Whether a text can name a stored procedure: NAME or DATABASE.NAME of letters, digits and "_". */
gboolean crm_call_is_name(const char *name);

/** Calls `procedure`(list as the view spells it, person). */
struct crm_call_plan {
	const char *procedure; /**< fits crm_call_is_name() */
	const char *list, *person; /**< the list's address; an address in normal form */
};
enum crm_call {
	CRM_CALL_DONE,
	CRM_CALL_REFUSED, /**< SIGNAL SQLSTATE '45000': its text is for the person */
	CRM_CALL_TROUBLE, /**< the verdict is set; it may have been done, so the procedure must bear a second call */
};
/**
 * Does it, in a transaction of its own. `*text` is what the procedure says to the person, one line of valid UTF-8, which the caller
 * frees, or NULL.
 */
enum crm_call crm_call(struct crm *crm, const struct crm_call_plan *plan, char **text, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;

/** One list of the view, for `rollcall lists`. */
struct crm_list {
	char *value;   /**< printable form of what the column says */
	char *address; /**< the list's address, or NULL when the value can be no list of ours */
	guint members, owners, moderators;
	gboolean ambiguous; /**< another row spells the same address differently */
};
void crm_list_clear(struct crm_list *list);

/**
 * All lists of the view with their counts. On CRM_FOUND the caller unrefs `*lists` (elements
 * struct crm_list).
 */
enum crm_result crm_lists(struct crm *crm, GArray **lists, struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;

/** One finding of a check. */
enum crm_finding_level { CRM_GOOD, CRM_WARNING, CRM_BAD };
struct crm_finding {
	enum crm_finding_level level;
	/** A daemon must not start like this: only the admin can mend it. A CRM that is down is not of that kind. */
	gboolean refuse;
	char *text;       /**< what is so */
	const char *todo; /**< what to do about it; NULL where the text says that, too, or all is well */
};
void crm_finding_clear(struct crm_finding *finding);

/**
 * Connects and looks at the option file, TLS and the user's grants: what a daemon looks at when
 * it starts. Never fails: what is wrong is a finding. The caller unrefs the array (elements
 * struct crm_finding).
 */
GArray *crm_check_start(struct crm *crm) G_GNUC_WARN_UNUSED_RESULT;

/**
 * The same and the view, its columns and types, and the names of all lists (which reads the whole
 * view): what `rollcall check` shows.
 */
GArray *crm_check(struct crm *crm) G_GNUC_WARN_UNUSED_RESULT;

#endif
