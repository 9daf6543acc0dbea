/*
 * What intake knows for its whole life: settings, scenarios, texts and whom to trust, all read before the sandbox closes. Nothing secret.
 */
#ifndef ROLLCALL_INTAKE_KNOWLEDGE_H
#define ROLLCALL_INTAKE_KNOWLEDGE_H

#include "lib/base/settings.h"
#include "lib/mail/footer_text.h"
#include "lib/mail/smime.h"
#include "lib/mail/texts.h"
#include "lib/rules/rules_set.h"

struct knowledge {
	const struct settings *settings;
	struct rules_set *rules;
	struct texts *texts;
	struct smime_trust *smime; /* NULL: nobody vouches for signers */
	GHashTable *footers; /**< path to struct footer_template, of all header_file and footer_file settings */
};

/**
 * Reads scenarios and texts from the directories that the settings name. Scenarios that do not compile are logged, with their place, and are
 * not there; texts that are broken are fatal, since a notice that cannot be written would keep a post for ever, and so are footers.
 * Certificates and CRLs that cannot be read are logged, and do not count.
 * `again`: we ran, died, and a file was broken meanwhile, so that nobody would take any post until an admin comes. Then nothing is fatal: the distributed
 * texts stand in, and only the posts of lists whose footers are broken wait.
 */
void knowledge_load(const struct settings *settings, gboolean again, struct knowledge *knowledge);
/** The template that this setting (header_file or footer_file) names for the list, or NULL. FALSE: there should be one, and it is broken. */
gboolean knowledge_footer(const struct knowledge *knowledge, enum setting setting, const char *list, const struct footer_template **template);
void knowledge_clear(struct knowledge *knowledge);

#endif
