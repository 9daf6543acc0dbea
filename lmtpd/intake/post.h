/*
 * A post's way, stage by stage (DESIGN section 3). post_deliver() is the table of contents: for each list in the
 * envelope it runs the named stages until one gives a final verdict.
 */
#ifndef ROLLCALL_INTAKE_POST_H
#define ROLLCALL_INTAKE_POST_H

#include <glib.h>

#include "lib/base/io.h"
#include "lib/base/settings.h"
#include "lib/base/verdict.h"
#include "lib/list/list.h"
#include "lib/list/reception.h"
#include "lib/mail/authentication.h"
#include "lib/mail/draft.h"
#include "lib/mail/header.h"
#include "lib/mail/understand.h"
#include "lib/rules/rules.h"
#include "lmtpd/intake/knowledge.h"
#include "lmtpd/intake/poison.h"
#include "lmtpd/intake/post_key.h"
#include "lmtpd/intake/session.h"

struct explain;

struct post_setup {
	const struct knowledge *knowledge;
	struct explain *explain; /**< somebody asks what happens; NULL: it happens */
	int tickets; /**< our end of the wire */
	struct poison *poison; /**< where the parent sees which message we read; NULL: nobody looks */
	int peer;    /**< the LMTP client's connection, looked at before the last byte; -1: nobody waits */
};

/** Decides about the message in `fd` for every recipient of the envelope, and logs one line per list. Fills their verdicts. */
void post_deliver(const struct post_setup *setup, struct session_envelope *envelope, int fd);

/** A held post that may go out, or that its author has confirmed. */
struct post_release {
	const char *list, *sender, *method; /**< "md5": its scenario is asked again; NULL: a moderator has accepted it */
	const char *client_name, *client_address;
	const char *authentication; /**< what was found about its author when it came, as authentication_to_text() wrote it; NULL: nothing */
	gboolean smtputf8;
	enum list_role role;   /**< what it came for; a list's post, but where nobody has read it */
	gint64 held;           /**< its number */
	gboolean unfiltered;   /**< it was held because the filter leaves nothing of it, and goes out as it came */
	const char *key;       /**< K in hexadecimal of the post that was held between two attempts; NULL: the release has a K of its own */
	int phase;             /**< the wire, with the job in hand */
	struct io_mapping raw; /**< the message as it came */
};

/** Runs it through the stages that are left, and logs one line. SENT, HELD (for a moderator now), DEFERRED, or what else the rules say. */
struct verdict post_release(const struct post_setup *setup, const struct post_release *release);

/* ---- for the stages ---- */


/** The message, read once for all the lists it is for. */
struct message {
	struct io_mapping raw;
	guint deaths;               /**< processes that it has killed */
	struct verdict scan, parse; /**< what those stages said, once `scanned` and `parsed`; `scan` may be UNCLEAR */
	gboolean scanned, parsed;
	struct header header;       /**< fields as they came; empty until parsed */
	size_t body;                /**< offset of the body in `raw` */
	char *author;               /**< address in normal form; NULL when there is not exactly one */
	struct verdict doubt;       /**< why the message is no post for a list (REFUSED), or only one when a person says so (UNCLEAR) */
	struct understanding says;  /**< subject, identifiers, type; empty where `doubt` refuses it */
	gboolean authenticated;
	struct verdict authenticate; /**< what that stage said, once `authenticated`: DEFERRED when a check that counts met trouble */
	struct authentication authentication; /**< how sure we are of the author; everything "none" until `authenticated` */
};

/** One post: a message for one list in one role. */
struct post {
	const struct post_setup *setup;
	const struct session_envelope *envelope;
	struct message *message;
	const char *list;
	const char *extension;     /**< what stood behind the '+' of a role address; NULL when nothing */
	enum list_role role;       /**< an editor's forward turns a post into mail for the moderators */
	const char *method;        /**< how sure we are of the author, in the words of scenarios: smtp, dkim, md5, smime */
	gboolean smtputf8;         /**< what is not ASCII in its header may go out so */
	gint64 held;               /**< number of the held post that is being released, 0 for one that just came */
	gboolean unfiltered;       /**< a moderator knows that the filter leaves nothing of it, and lets it out */
	struct deadline deadline;
	int phase;                 /**< the wire, -1 until somebody asks */
	guint8 key[POST_KEY_SIZE]; /**< K */
	gboolean keyed;            /**< it is there already */
	struct header header;      /**< fields as they go out */
	GString *body;             /**< the body where it is another one; NULL: it leaves as it came */
	GPtrArray *changes;        /**< of char *: what the list changed beside its own fields, in words for explain; NULL: nothing */
	gboolean rehearsing;       /**< its stages are only tried out */
	enum reception reception;  /**< for whom it is being cooked: RECEPTION_MAIL but in post_variant() */
	int outgoing;              /**< sealed memory file with LF line ends */
	guint ways[RECEPTION_VARIANTS]; /**< how many get it in each way, now or in a digest; 0 until they are known */
	char *queue_id;
	char *rule;                /**< "FILE:LINE", or "settings:NAME", of the rule that decided; NULL when none did */
	char *rule_text;           /**< as its file has it, printable ASCII; NULL when none did */
	struct verdict trouble;    /**< why a question of the rules was not answered; NONE when all were */
	const char *stage;         /**< name of the stage that is running or decided */
	gint64 started, decided, cooked, handed; /**< monotonic microseconds, for the log line */
};

/** The message's body that goes out: its bytes with CRLF line ends. */
const char *post_body(const struct post *post, size_t *length);

/** How many copies of it go out now; how many will have it in a digest. */
guint post_members(const struct post *post);
guint post_digest_members(const struct post *post);

/**
 * Asks dispatch, opening the post's phase when needed; see wire_call(). NULL with `verdict` set on trouble or when dispatch itself
 * says something final.
 */
GVariant *post_ask(struct post *post, guint request, GVariant *arguments, int fd, struct verdict *verdict)
	G_GNUC_WARN_UNUSED_RESULT;

/*
 * The stages. Class NONE: go on; anything else ends the post's way.
 */
struct verdict post_scan(struct post *post);
struct verdict post_parse(struct post *post);
struct verdict post_claim(struct post *post);
struct verdict post_duplicate(struct post *post);
struct verdict post_authenticate(struct post *post);
struct verdict post_authorise(struct post *post);
struct verdict post_order(struct post *post);
struct verdict post_cook(struct post *post);
struct verdict post_sign(struct post *post);
struct verdict post_fan_out(struct post *post);

/** What the stage authenticate asks: fills message->authentication.smime, which must be empty. */
void post_smime(struct post *post);

/**
 * Parts of post_cook(). Body: filters, and puts the list's texts in; NONE, or what the list wants done with a post of which nothing is left. Mitigate:
 * makes a finished post mail from the list where the policy of the author's domain wants it; NONE or REFUSED.
 */
struct verdict post_cook_body(struct post *post, struct draft *draft);
struct verdict post_mitigate(struct post *post);

/** Notes what was changed. */
void post_note_change(struct post *post, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** The list's page of this setting (SET_archived_at and kin; `id`: Message-ID for its {id}, or NULL), filled in; NULL when there is none. The caller frees. */
char *post_page(const struct post *post, enum setting setting, const char *id) G_GNUC_WARN_UNUSED_RESULT;

/** Makes the variant for members who want the list in this way: `*outgoing` is its sealed memory file, or -1. NONE, or what stands in the way. */
struct verdict post_variant(const struct post *post, enum reception reception, int *outgoing);
/**
 * Who gets the post whose K is in hand: a(su), ways and their numbers, which the caller unrefs; or NULL with `verdict`: DISCARDED (nobody) or DEFERRED.
 */
GVariant *post_roster(struct post *post, struct verdict *verdict) G_GNUC_WARN_UNUSED_RESULT;
/** Hands one variant of the roster at hand to Postfix. SENT, now or before; else what stands in the way. */
struct verdict post_hand_over(struct post *post, enum reception reception, int message);
/** All variants are sent: keeps the post for the list's digest, if that wants it. SENT or DEFERRED. */
struct verdict post_finish(struct post *post, gboolean digest);

/** Why a post of which the filter leaves nothing is held: the key of a sentence. */
#define POST_HELD_FILTER "held-filter"
/** Whose word a held post waits for. The numbers travel on the wire. */
enum { POST_ANSWER_TIME = 630 }; /* seconds for Postfix's answer to a last byte; dispatch waits 600 */

enum post_hold { POST_HOLD_MODERATION = 1, POST_HOLD_CONFIRMATION = 2, POST_HOLD_UNPARSED = 3, POST_HOLD_AMBIGUOUS = 4 };

/** Instead of the stages, of a message that has killed POISON_DEATHS processes: has it held for the owners, unread. HELD, SENT before, or DEFERRED. */
struct verdict post_poison(struct post *post);

/**
 * Hands the bytes as they came to the store, with what a notice will say: `author` ("" for none), `reason`, `facts` (a{ss}, consumed if floating). HELD, or
 * DEFERRED.
 */
struct verdict post_hold_ask(struct post *post, enum post_hold kind, const char *author, const char *reason, GVariant *facts);
/** The same as the decision says: HELD, DISCARDED when its author would have to be asked and may not be, or DEFERRED. */
struct verdict post_hold(struct post *post, enum post_hold kind, const struct rules_decision *decision);

/**
 * Why a person has to look at the message before it may go out on any list (UNCLEAR, never a reply), or NONE: it duplicates a field, other
 * software sees other parts than we do, and the like (HOSTILE M8, M9, M13, M16, M34).
 */
struct verdict post_unclear(const struct message *message);

/**
 * Runs the stages between the decision and the fan-out, and forgets what they made. NONE: it could go out now; else what they said. Asked
 * before a moderator is, so that what cannot go out is refused while somebody waits for the answer.
 */
struct verdict post_rehearse(struct post *post);

/**
 * What becomes of a refusal whose bounce might go to somebody who never wrote (HOSTILE rule B): as the setting unauthenticated_refusals says; DISCARDED
 * where it would go to a process.
 * The same verdict where the envelope sender is proved, or the setting wants it so; DEFERRED when that cannot be told now.
 */
struct verdict post_soften(struct post *post, const struct verdict *refusal);
/** Whether a refusal of the scenario is to be held instead. */
gboolean post_holds_refusals(const struct post *post);

/** The one line that each post leaves in the log, keys in fixed order (STYLE, practice 9). */
void post_log(const struct post *post, const struct verdict *verdict);

#endif
