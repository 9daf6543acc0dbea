/*
 * The walls around a relay: it faces the network and holds the TLS key, so it may do nothing but move bytes on the
 * descriptors it has.
 */
#ifndef ROLLCALL_MASTER_TLS_CONFINE_H
#define ROLLCALL_MASTER_TLS_CONFINE_H

#include "lib/base/privilege.h"

/** Becomes `user` (NULL: stays who it is), takes limits, then the system call filter. Fatal when any of it fails. */
void tls_confine(const struct privilege_user *user);

#endif
