/*
 * Where the SMTP server is and who we are there, out of the settings, checked when the daemon starts. A password goes over a network only to a server that
 * has proved its name.
 */
#ifndef ROLLCALL_RELAY_SMTP_ACCOUNT_H
#define ROLLCALL_RELAY_SMTP_ACCOUNT_H

#include <glib.h>

#include "lib/base/settings.h"

struct smtp_place {
	char *endpoint;    /**< as it was written */
	char *host, *port; /**< NULL for a unix socket; host without brackets */
	gboolean by_name;  /**< `host` is no address */
	gboolean here;     /**< nothing leaves this machine */
};

struct smtp_account {
	const struct settings *settings;
	struct smtp_place place;
	char *password; /**< NULL: no login */
};

/** Reads the settings, and the password as whoever we are now. FALSE with `error` when that makes no account; clear it in both cases. */
gboolean smtp_account_load(struct smtp_account *account, const struct settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/** Wipes the password. */
void smtp_account_clear(struct smtp_account *account);

#endif
