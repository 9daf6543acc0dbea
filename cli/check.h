/*
 * `rollcall check`, part by part: each check_NAME.c looks at one thing and adds its findings to the report. A part that cannot look
 * (no CRM, no Postfix) says so as a finding; no part changes or creates anything.
 */
#ifndef ROLLCALL_CLI_CHECK_H
#define ROLLCALL_CLI_CHECK_H

#include <glib.h>

#include "cli/identity.h"
#include "cli/report.h"
#include "lib/base/settings.h"
#include "lib/crm/crm.h"

struct check {
	const char *config; /**< path, for messages */
	const struct settings *settings;
	const char *postfix_directory; /**< Postfix's configuration directory, NULL for postconf's own */
	struct identity identity;      /**< who rollcall-dispatch will be */
	gboolean by_units;             /**< systemd runs the daemon by our units (units.h), root's own files are handed to it */
	GArray *lists;                 /**< struct crm_list, as the CRM told them; NULL: not known */
	struct report *report;
};

/** Users, groups and who may speak LMTP; finds `check->identity`. */
void check_people(struct check *check);
/** [domain] and [list] sections: names, page templates, default domain. */
void check_places(struct check *check);
/** Our listening sockets, the way into Postfix, STARTTLS; that no two of them are one. */
void check_sockets(struct check *check);
/** State and run directory. */
void check_directories(struct check *check);
/** What systemd's units do for us, where they do it. */
void check_units(struct check *check);
/** DKIM keys. */
void check_keys(struct check *check);
/** S/MIME: the bundle, CRLs, and what of them is out of date. */
void check_smime(struct check *check);
/** Scenarios: files, the settings that name them, banned addresses. */
void check_rules(struct check *check);
/** The site's own texts. */
void check_texts(struct check *check);
/** That each reason which a scenario gives has a sentence. */
void check_reasons(struct check *check);
/** That the view has every column that a scenario asks for; a part of check_crm(). */
void check_columns(struct check *check, struct crm *crm);
/** Archives of lists: places, keys, and whether they would take posts; offline HyperKitty is not asked. */
void check_archives(struct check *check);
void check_archives_offline(struct check *check);
/** What DNS says of the keys and domains. */
void check_dns(struct check *check);
/** The option file, without connecting. */
void check_options(struct check *check);
/** The CRM, live: TLS, grants, view, every list; leaves `check->lists`. */
void check_crm(struct check *check);
/** The server of relay = smtp, live; nothing by QMQP. */
void check_relay(struct check *check);
/** Postfix: services, limits, routes, and ways in which mail could come back to where it left. */
void check_postfix(struct check *check);

#endif
