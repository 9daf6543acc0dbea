/*
 * The door through which a post's stages ask DNS (lib/mail/txt_lookup.h): each name is a question to dispatch, which has the resolver,
 * in the post's own phase, and is asked once, so that all checks of one post see the same records.
 */
#ifndef ROLLCALL_INTAKE_DNS_DOOR_H
#define ROLLCALL_INTAKE_DNS_DOOR_H

#include "lib/base/verdict.h"
#include "lib/mail/txt_lookup.h"
#include "lmtpd/intake/post.h"

enum { DNS_DOOR_SECONDS = 40 }; /* of waiting for all answers of one post: a name may take the setting dns_deadline, and a sender chooses 80 of them */

struct dns_door {
	struct txt_door door;
	struct post *post;
	GHashTable *known;      /**< name -> what was said of it */
	gint64 spent;           /**< microseconds until now; beyond the limit every new name is TXT_TROUBLE */
	struct verdict verdict; /**< NONE, or why dispatch could not be asked: then every answer is TXT_TROUBLE */
};

/** Opens it for a post that lives longer; nothing is asked yet. The caller ends it with dns_door_close(). */
void dns_door_open(struct dns_door *dns, struct post *post);
void dns_door_close(struct dns_door *dns);
#define dns_door_auto __attribute__((cleanup(dns_door_close)))

#endif
