/*
 * The door through which a post's stages ask DNS (lib/mail/txt_lookup.h): each name is a question to dispatch, which has the resolver,
 * in the post's own phase, and is asked once, so that all checks of one post see the same records.
 */
#ifndef ROLLCALL_INTAKE_DNS_DOOR_H
#define ROLLCALL_INTAKE_DNS_DOOR_H

#include "lib/base/verdict.h"
#include "lib/mail/txt_lookup.h"
#include "lmtpd/intake/post.h"

struct dns_door {
	struct txt_door door;
	struct post *post;
	GHashTable *known;      /**< name -> what was said of it */
	struct verdict verdict; /**< NONE, or why dispatch could not be asked: then every answer is TXT_TROUBLE */
};

/** Opens it for a post that lives longer; nothing is asked yet. The caller ends it with dns_door_close(). */
void dns_door_open(struct dns_door *dns, struct post *post);
void dns_door_close(struct dns_door *dns);
#define dns_door_auto __attribute__((cleanup(dns_door_close)))

#endif
