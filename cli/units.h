/*
 * What systemd would do with our units, asked of systemctl(1). Where it runs and has them, they say who runs what, where we listen and what may be
 * written, and not the settings that say so for a daemon that is started as root.
 */
#ifndef ROLLCALL_CLI_UNITS_H
#define ROLLCALL_CLI_UNITS_H

#include <glib.h>

#define UNITS_SUPERVISOR "rollcall.service"
#define UNITS_SOCKET "rollcall.socket"
#define UNITS_INTAKE "rollcall-intake@.service"
#define UNITS_DISPATCH "rollcall-dispatch@.service"

/** Whether systemd runs this machine and would run the daemon with the configuration `config`. */
gboolean units_are_for(const char *config);

/** One property of a unit, values apart by blanks; NULL with `error` when systemctl does not tell. A template's is asked of an instance. The caller frees. */
char *units_property(const char *unit, const char *property, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
