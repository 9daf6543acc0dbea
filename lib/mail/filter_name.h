/*
 * What a part may be called, for rules about file names (HOSTILE M33): each name that some software could show or save, brought into the
 * form that a file system makes of it. RFC 2183, RFC 2231.
 *
 * "photo.exe ", "photo.exe.", "photo.EXE", "photo.exe::$DATA", "photo\u202Egpj.exe", a name in two continuations, one only in Content-Type,
 * one as encoded words, two that differ: all have the extension "exe". Every extension of a name counts, not only the last one: what runs
 * "a.exe.txt" is a matter of settings and of luck. Where a name cannot be read with certainty, the bytes of the field are looked at.
 */
#ifndef ROLLCALL_MAIL_FILTER_NAME_H
#define ROLLCALL_MAIL_FILTER_NAME_H

#include "lib/mail/walk.h"

/**
 * Whether a name of this entity of `message` has one of the extensions (NULL-terminated; ASCII case and a dot at the beginning do not
 * count).
 */
gboolean filter_name_has(const char *message, const struct walk_entity *entity, const char *const *extensions);

/** Whether one name has; `name` is UTF-8. */
gboolean filter_name_matches(const char *name, const char *const *extensions);

#endif
