/*
 * What a list's owners should hear because they can mend it, or know who can: a note by mail, once a day for each list and matter, since each post would say
 * it anew. Numbers and a server's words only: no member's address goes into a note, for it would lie in the store until it has left.
 */
#ifndef ROLLCALL_DISPATCH_OWNER_NOTE_H
#define ROLLCALL_DISPATCH_OWNER_NOTE_H

#include "lib/store/jobs.h"

/**
 * Has the owners told, if they have not heard of it today. `text` is the name of a text, `fields` are its (ended by a NULL). It is said beside something that has
 * happened: trouble with the store is logged and changes nothing.
 */
void owner_note(struct store *store, const char *list, const char *text, const struct jobs_pair *fields);

#endif
