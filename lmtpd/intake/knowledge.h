/*
 * What intake knows for its whole life: settings, scenarios, texts and whom to trust, all read before the sandbox closes. Nothing secret.
 */
#ifndef ROLLCALL_INTAKE_KNOWLEDGE_H
#define ROLLCALL_INTAKE_KNOWLEDGE_H

#include "lib/base/settings.h"
#include "lib/mail/smime.h"
#include "lib/mail/texts.h"
#include "lib/rules/rules_set.h"

struct knowledge {
	const struct settings *settings;
	struct rules_set *rules;
	struct texts *texts;
	struct smime_trust *smime; /* NULL: nobody vouches for signers */
};

/**
 * Reads scenarios and texts from the directories that the settings name. Scenarios that do not compile are logged, with their place, and are
 * not there; texts that are broken are fatal, since a notice that cannot be written would keep a post for ever.
 * Certificates and CRLs that cannot be read are logged, and do not count.
 */
void knowledge_load(const struct settings *settings, struct knowledge *knowledge);
void knowledge_clear(struct knowledge *knowledge);

#endif
