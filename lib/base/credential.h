/*
 * Secrets that a service manager hands over: files in a directory of its own that $CREDENTIALS_DIRECTORY names (systemd's LoadCredential=, its
 * encrypted kin, or whatever another supervisor puts there). So the files in /etc can be root's alone while the program that reads them is not root.
 */
#ifndef ROLLCALL_BASE_CREDENTIAL_H
#define ROLLCALL_BASE_CREDENTIAL_H

#include <glib.h>
#include <sys/stat.h>

/** What a setting may say instead of a path: this and a name. */
#define CREDENTIAL_PREFIX "credential:"

/** Whether `text` is "credential:NAME" with a name of letters, digits and . _ - @ +, at most 255 bytes and not hidden. */
gboolean credential_is_named(const char *text);

/**
 * The file to read for what a setting says. "credential:NAME" is NAME there; where there is no such directory, as for root's commands, in that of
 * a daemon that systemd runs. A path in our
 * configuration directory is the credential of that name, with '_' for '/' (keys/2026a.pem: keys_2026a.pem), if there is one; any other is itself.
 * The caller frees.
 */
char *credential_path(const char *text) G_GNUC_WARN_UNUSED_RESULT;

/**
 * The same as privilege_secret_fault() for the file that credential_path() told: a group's right to read counts for nothing on a credential, since it is
 * how an access list for our own user shows, and nobody else can enter the directory.
 */
const char *credential_fault(const char *path, const struct stat *status);

/** Whether the file that credential_path() told is a credential. */
gboolean credential_is_one(const char *path);

#endif
