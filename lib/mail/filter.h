/*
 * The MIME filter of a list: parts that it does not want are taken out by type, name and size; of alternatives one is kept; HTML becomes text. What
 * stays, stays byte for byte.
 *
 * A multipart goes when nothing in it stays, and so does an attached message. What is signed or encrypted is one: it stays or goes as a whole, and it
 * goes when anything in it would. In a multipart/encrypted, only its type can be looked at.
 */
#ifndef ROLLCALL_MAIL_FILTER_H
#define ROLLCALL_MAIL_FILTER_H

#include "lib/mail/draft.h"
#include "lib/mail/walk.h"

enum { FILTER_NAMED = 20 }; /* removed parts that are told by name; of more the number is told */

/** What a list wants. A type is "image/png", "image" or a pattern with a star for the second half; lower case. Arrays are NULL-terminated. */
struct filter_rules {
	const char *const *pass_types;   /**< empty: all */
	const char *const *remove_types;
	const char *const *extensions;   /**< of names; see filter_name.h */
	size_t part_size;                /**< decoded bytes of one part; 0: any */
	gboolean collapse;               /**< of a multipart/alternative keep the first that stays */
	gboolean html_to_text;
};

/** What became of a post. */
struct filter_outcome {
	guint removed;     /**< parts, inside of removed ones too */
	guint converted;   /**< parts that were HTML */
	guint collapsed;   /**< alternatives */
	gboolean empty;    /**< nothing is left that says anything; the draft is then as it was */
	GPtrArray *names;  /**< of char *: "name (type, size)" of each removed part, cleaned; at most FILTER_NAMED */
};

/**
 * Applies them. `language` is that of the sizes in names. FALSE when the structure is over our limits or unclear, so that a part could hide; nothing is then
 * changed. `outcome` is overwritten; clear it afterwards.
 */
gboolean filter_apply(struct draft *draft, const struct filter_rules *rules, const char *language, struct filter_outcome *outcome)
	G_GNUC_WARN_UNUSED_RESULT;
void filter_outcome_clear(struct filter_outcome *outcome);

/** Whether they ask for anything. */
gboolean filter_is_wanted(const struct filter_rules *rules);

#endif
