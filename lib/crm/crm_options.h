/*
 * The MySQL option file with the way to the CRM, as `mysql --defaults-file` reads it. The reason
 * to read it ourselves: libmariadb reads it inside mysql_real_connect(), where a line of the file
 * overrides what we demanded before (ssl-verify-server-cert, local-infile …), and says nothing
 * when it cannot read the file.
 */
#ifndef ROLLCALL_CRM_CRM_OPTIONS_H
#define ROLLCALL_CRM_CRM_OPTIONS_H

#include <glib.h>

#include "lib/base/settings.h"

/** One row each: our name, then the file's name. All are text; NULL where the file does not say. */
#define CRM_OPTIONS(X)                                                                              \
	X(host, "host")                                                                              \
	X(port, "port")                                                                              \
	X(user, "user")                                                                              \
	X(password, "password")                                                                      \
	X(database, "database")                                                                      \
	X(socket, "socket")                                                                          \
	X(ssl_ca, "ssl-ca")                                                                          \
	X(ssl_capath, "ssl-capath")                                                                  \
	X(ssl_cert, "ssl-cert")                                                                      \
	X(ssl_key, "ssl-key")                                                                        \
	X(ssl_crl, "ssl-crl")                                                                        \
	X(ssl_crlpath, "ssl-crlpath")                                                                \
	X(ssl_cipher, "ssl-cipher")

struct crm_options {
#define X(member, name) char *member;
	CRM_OPTIONS(X)
#undef X
	GPtrArray *ignored; /**< names of options that mean nothing here, as written, printable */
	gboolean lax;       /**< a line asks for less than verified TLS */
};

/** Frees the strings; the password is wiped first. Safe to call twice. */
void crm_options_clear(struct crm_options *options);

#define CRM_OPTIONS_ERROR (crm_options_error_quark())
GQuark crm_options_error_quark(void);
enum crm_options_error { CRM_OPTIONS_ERROR_FILE, CRM_OPTIONS_ERROR_SYNTAX };
/** What an admin can do about such an error, or NULL where the error's text says it. */
const char *crm_options_todo(const GError *error);

/**
 * Reads group `group` out of the bytes of an option file; `name` is what errors call it
 * ("NAME:LINE: …", never with a value). FALSE with `error` set for anything that is not clear:
 * !include, a NUL, a group that is not there, a password that is to be asked for. The caller ends
 * `options` with crm_options_clear() in either case.
 */
gboolean crm_options_parse(const char *data, gsize length, const char *group, const char *name,
	struct crm_options *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * Reads the option file that the settings name: a regular file of root or this process's user,
 * which others may neither read nor write, nor a group but root's, our own or that of the setting
 * `user`.
 */
gboolean crm_options_read(const struct settings *settings, struct crm_options *options, GError **error)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
