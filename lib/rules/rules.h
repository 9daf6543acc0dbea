/*
 * Scenarios: what may go out, in the language of Sympa's authorization scenarios and some words more (scenarios(5)).
 *
 * A scenario is compiled once and asked often. Asking has no side effects: facts go in, a decision and the way to it come out. A fact
 * that costs a question (the CRM) is asked by callback, when a condition that is looked at needs it, and once only. Whatever
 * cannot be answered makes the decision "defer", never a refusal. Work is bounded: by steps of all patterns together,
 * by questions, by the limits below. Knowingly not here: SQL, LDAP and Perl conditions, which would be files and network
 * in the room that holds nothing; who writes one gets "defer" and a warning.
 */
#ifndef ROLLCALL_RULES_RULES_H
#define ROLLCALL_RULES_RULES_H

#include <glib.h>

#include "lib/mail/header.h"

enum {
	RULES_FILE = 256 * 1024,     /* bytes of one scenario file: the largest of Sympa's has 2 kB */
	RULES_LINE = 8192,           /* bytes of one line */
	RULES_COUNT = 1000,          /* rules of a scenario with its includes */
	RULES_INCLUDE_DEPTH = 8,     /* files inside each other */
	RULES_NESTING = 20,          /* parentheses inside each other */
	RULES_STEPS = 2000000,       /* of all patterns of one decision: some tenths of a second */
	RULES_SECONDS = 3,           /* of all patterns too: one step of "\1" or ".*" may read the whole subject */
	RULES_QUESTIONS = 100,       /* callbacks of one decision */
	RULES_VALUE = 1024 * 1024,   /* bytes of [msg_body] that are looked at */
	RULES_TROUBLE = 160,
};

/** What becomes of the post. */
enum rules_action {
	RULES_DO_IT,
	RULES_REJECT,
	RULES_REQUEST_AUTH,
	RULES_OWNER,
	RULES_EDITOR,
	RULES_EDITORKEY,
	RULES_LISTMASTER,
	RULES_HAM,
	RULES_SPAM,
	RULES_UNSURE,
	RULES_DEFER,   /**< 451: written in a rule, or trouble */
	RULES_DISCARD, /**< 250, and nobody gets it */
};

/** How the decision came about. */
enum rules_status {
	RULES_DECIDED,        /**< `rule` decided */
	RULES_NOT_COMPILED,   /**< there is no scenario: reject, reason "not-compiled" */
	RULES_LIST_NOT_OPEN,  /**< reject, "list-no-open"; no rule was looked at */
	RULES_UNKNOWN_METHOD, /**< reject, "unknown-auth-method" */
	RULES_NO_MATCH,       /**< reject, "no-rule-match" */
	RULES_TROUBLED,       /**< defer, "error-performing-condition": `trouble` says why, `rule` where */
	RULES_UNKNOWN_ACTION, /**< reject, "unknown-action": `rule` names an action that nobody knows */
};

enum rules_truth { RULES_FALSE, RULES_TRUE, RULES_TRUTH_TROUBLE };

/** In the place of a file: the rule is a setting of the list, its text the setting's name, and line and column are 0. */
#define RULES_SETTINGS "settings"

/** A rule as its file has it. Owned by the scenario, or static. */
struct rules_rule {
	const char *file;
	guint line, column; /**< from 1; the column counts bytes */
	const char *text;   /**< without comment and outer blanks */
};

/** Owns nothing: valid as long as the scenario. */
struct rules_decision {
	enum rules_status status;
	enum rules_action action;
	const char *word;             /**< the action as the file writes it: "do_it" */
	const char *const *modifiers; /**< "quiet", "notify", …; NULL-terminated, never NULL */
	const char *argument;         /**< of request_auth([email]): "[email]"; else NULL */
	const char *reason;           /**< key of a text; NULL when none */
	const char *template;         /**< name of a mail template; NULL when none */
	const struct rules_rule *rule; /**< NULL when no rule decided */
	char trouble[RULES_TROUBLE];  /**< printable ASCII, names no person; "" when none */
};

/** Where a rule stands: "FILE:LINE", or "settings:NAME". The caller frees it. */
char *rules_rule_place(const struct rules_rule *rule) G_GNUC_WARN_UNUSED_RESULT;

/** What is wrong in a file. */
struct rules_problem {
	char *file;
	guint line, column;
	gboolean warning; /**< Sympa takes it, and not as its writer may think; an error otherwise */
	char *text;       /**< with what was expected */
};

/** "FILE:LINE:COLUMN: text". The caller frees it. */
char *rules_problem_text(const struct rules_problem *problem) G_GNUC_WARN_UNUSED_RESULT;
/** A place for problems: of struct rules_problem. The caller ends it with g_ptr_array_unref(). */
GPtrArray *rules_problems_new(void) G_GNUC_WARN_UNUSED_RESULT;

/** A file's content as an include callback gives it back; both owned by the receiver. */
struct rules_text {
	char *file, *text;
};

struct rules_source {
	const char *file;     /**< shown in problems and traces */
	const char *text;     /**< ends in NUL; any bytes */
	const char *function; /**< "send"; NULL is the same */
	/** Content of include.NAME; FALSE when there is none. NULL: there are no includes. */
	gboolean (*include)(gpointer context, const char *name, struct rules_text *found);
	gpointer context;
	gboolean no_blocklist; /**< do not begin with the rule search('blocklist.txt',[sender]) -> reject,quiet */
	const char *const *parameters; /**< further names that [list->NAME] may have; NULL-terminated or NULL */
};

struct rules_scenario;

/**
 * Compiles. NULL when anything is wrong; every error and warning is in `problems` (which may not be NULL). The caller
 * ends it with rules_scenario_free().
 */
struct rules_scenario *rules_compile(const struct rules_source *source, GPtrArray *problems) G_GNUC_WARN_UNUSED_RESULT;
void rules_scenario_free(struct rules_scenario *scenario);

/** Called for each column of the author's row that a rule asks for; `sympas`: as [subscriber->…] or [user->…]. */
typedef void (*rules_column_found)(gpointer context, const struct rules_rule *rule, const char *column, gboolean sympas);
void rules_scenario_columns(const struct rules_scenario *scenario, rules_column_found found, gpointer context);

/** Called for each rule's key of a text that tells an author why. */
typedef void (*rules_reason_found)(gpointer context, const struct rules_rule *rule, const char *key);
void rules_scenario_reasons(const struct rules_scenario *scenario, rules_reason_found found, gpointer context);

/** Bits of a standing; those that the wire has, have its numbers. */
enum rules_standing {
	RULES_IS_SUBSCRIBER = 1,
	RULES_IS_OWNER = 2,
	RULES_IS_EDITOR = 4,
	RULES_HAS_EDITOR = 8, /**< the list has a moderator: else its owners stand in */
};

/**
 * Questions. Each returns FALSE when it could not be answered, which defers the post. A NULL pointer answers "nothing there".
 */
struct rules_questions {
	/** What `address` (normal form) is on `list` (NAME@DOMAIN); no bits for a list that does not exist. */
	gboolean (*standing)(gpointer context, const char *list, const char *address, guint *standing);
	gboolean (*listmaster)(gpointer context, const char *address, gboolean *is);
	/** The author's row: `*value` is NULL (no row, no such column, SQL's NULL), or freed by us. */
	gboolean (*column)(gpointer context, const char *name, char **value);
	gboolean (*total)(gpointer context, gint64 *members);
	/** Appends the text of every search file of that name (g_free()d by the array); none is an answer too. */
	gboolean (*filter)(gpointer context, const char *name, GPtrArray *texts);
};

/** What the list's settings have looked at before the scenario, in this order. Each is also a condition. */
enum rules_check {
	RULES_CHECK_BANNED,
	RULES_CHECK_EMERGENCY,
	RULES_CHECK_ADMINISTRIVIA,
	RULES_CHECK_DESTINATION,
	RULES_CHECK_RECIPIENTS,
	RULES_CHECK_SIZE,
	RULES_CHECK_SUBJECT,
	RULES_CHECK_DIGEST,
	RULES_CHECK_COUNT
};
/** Settings for them. Zero: nothing is looked at, and the conditions without arguments never hold. */
struct rules_checks {
	const char *const *banned;  /**< entries as rules_ban_fault() wants them; NULL-terminated or NULL */
	const char *const *aliases; /**< addresses that stand for the list in To and Cc; the same */
	gint64 recipients, size;    /**< from so many addresses, or bytes, on; 0: never */
	enum rules_action does[RULES_CHECK_COUNT]; /**< RULES_DO_IT: it is not looked at */
};

/**
 * What is wrong with an entry of banned addresses, or NULL: it is an address ("*" in it stands for anything), or a pattern that begins
 * with "^". The caller frees it.
 */
char *rules_ban_fault(const char *entry) G_GNUC_WARN_UNUSED_RESULT;

/** Facts. Nothing is owned or kept; what is unknown is NULL or 0. */
struct rules_facts {
	const char *method; /**< "smtp", "dkim", "md5", "smime" or "pgp" */
	gboolean dkim_is_smtp; /**< "dkim" is another spelling of "smtp", as in Sympa since 6.2.71b */
	const char *sender; /**< the author, normal form; NULL: "nobody" */
	const char *remote_host, *remote_address;
	const char *dkim_domain; /**< d= of the signature that passed */
	const char *sasl;        /**< login at our own Postfix, whoever stands in From */
	const char *dmarc;       /**< "pass", "fail", "none", … */

	const char *list_name, *list_domain; /**< never NULL */
	const char *list_status; /**< NULL is "open" */
	gboolean emergency;      /**< the list's emergency brake: is_emergency() */
	const struct rules_checks *checks; /**< NULL: none */
	GHashTable *subscriber_columns; /**< Sympa's words for columns ([subscriber->gecos]) to the view's; NULL or missing: the same */
	GHashTable *parameters;  /**< [list->NAME], text to text */
	GHashTable *custom_vars; /**< [custom_vars->NAME] */
	GHashTable *conf;        /**< [conf->NAME] */

	const struct header *header; /**< as it came; NULL when there is no message */
	const char *data;            /**< the whole message with CRLF line ends */
	gsize length, body;          /**< its length, and the offset of its body */

	gint64 now;                  /**< seconds of Unix time */
	const struct rules_questions *questions;
	gpointer context;            /**< for the questions */
};

/** One condition that was looked at. */
struct rules_saw {
	const char *text;       /**< as written, owned by the scenario */
	char *values;           /**< what its arguments were then: printable ASCII, foreign bytes cut short */
	enum rules_truth truth;
};

/** One rule that was looked at. */
struct rules_step {
	const struct rules_rule *rule;
	gboolean method;        /**< FALSE: it is for other methods, and nothing of it was looked at */
	enum rules_truth truth;
	GPtrArray *saw;         /**< of struct rules_saw, in the order they were looked at */
};

/** A place for a trace: of struct rules_step. Valid as long as the scenario; ended with g_ptr_array_unref(). */
GPtrArray *rules_trace_new(void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Decides. `scenario` may be NULL (it did not compile), `trace` too (nobody wants to know). The decision points into the scenario.
 */
struct rules_decision rules_decide(const struct rules_scenario *scenario, const struct rules_facts *facts, GPtrArray *trace)
	G_GNUC_WARN_UNUSED_RESULT;

/** "do_it", "editorkey", …; "decided", "not-compiled", …. Static. */
const char *rules_action_word(enum rules_action action);
const char *rules_status_word(enum rules_status status);

/** Before children are forked and locked in: the time zone is read now. */
void rules_warm_up(void);

#endif
