/* Shared by the files of filter.h. */
#ifndef ROLLCALL_MAIL_FILTER_INTERNAL_H
#define ROLLCALL_MAIL_FILTER_INTERNAL_H

#include "lib/mail/filter.h"

enum fate {
	FATE_STAYS,
	FATE_TEXT,        /**< stays as the text of its HTML */
	FATE_GOES,        /**< and is told of */
	FATE_SUPERFLUOUS, /**< goes, since something that says the same stays */
};

/** One filtering. Arrays have an element for each entity of the walk. */
struct cut {
	struct draft *draft;
	const struct filter_rules *rules;
	const char *language;
	const struct walk *walk;
	struct filter_outcome *outcome;
	enum fate *fates;
	guint *chosen;    /**< of a multipart/alternative that is collapsed: the child that takes its place; 0: none */
	GPtrArray *texts; /**< of GString: the whole part that takes the place of one with FATE_TEXT */
};

/** Makes the text of an HTML entity, in cut->texts. FALSE when it cannot be read. */
gboolean filter_convert(struct cut *cut, guint index);

/** Takes out of the draft what goes. The top entity stays. */
void filter_cut(struct cut *cut);

#endif
