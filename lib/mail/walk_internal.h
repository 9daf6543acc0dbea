/* What walk.c and walk_header.c share; nobody else includes this. */
#ifndef ROLLCALL_MAIL_WALK_INTERNAL_H
#define ROLLCALL_MAIL_WALK_INTERNAL_H

#include "lib/mail/walk.h"

/**
 * Reads the Content- fields between `entity->header` and `end` and fills in type, charset, boundary, name, encoding
 * and flags. FALSE when the header is over a limit.
 */
gboolean walk_header(struct walk *walk, struct walk_entity *entity, const char *data, size_t end);

#endif
