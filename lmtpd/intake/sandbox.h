/*
 * The walls around the parser. The intake parent locks itself into an empty directory, an own network
 * namespace and an own user once; each child adds limits and a system call filter before it reads the
 * first foreign byte. What the kernel or a missing root right does not allow is left out and said in the log.
 */
#ifndef ROLLCALL_INTAKE_SANDBOX_H
#define ROLLCALL_INTAKE_SANDBOX_H

#include <glib.h>

#include "lib/base/settings.h"

/**
 * For the parent, after warm-up: network namespace, chroot into `run_directory`/empty (made here) and own user when
 * root; Landlock and no_new_privs always. Fatal when root and a wall cannot be built; otherwise what is missing is logged, but for what `door` tells is a
 * service manager's part (lib/base/door.h).
 */
void sandbox_enter_room(const struct settings *settings, gboolean door);

/**
 * For the child: CPU, memory, descriptor and file limits, then the seccomp filter. After it no file can be opened, no socket
 * made, no program run. Fatal when the filter cannot be loaded.
 */
void sandbox_lock_child(const struct settings *settings);

#endif
