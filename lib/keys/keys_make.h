/*
 * A new private key in a new file, made so that keys_file_read() takes it: mode 0600, ours. Nothing is ever overwritten.
 */
#ifndef ROLLCALL_KEYS_KEYS_MAKE_H
#define ROLLCALL_KEYS_KEYS_MAKE_H

#include <glib.h>

/** Sizes of RSA keys that are made: RFC 8301 3.2 advises no less, and verifiers need not take more. */
enum { KEYS_MAKE_LEAST = 2048, KEYS_MAKE_MOST = 4096 };

/**
 * Makes an RSA key of `bits` bits, or with `bits` 0 an Ed25519 key, and writes it to `path` in PEM (PKCS#8), on the disk when this returns.
 * FALSE with `error` (KEYS_ERROR_FILE, KEYS_ERROR_KEY), also when something stands there already; then no file of ours is left.
 */
gboolean keys_make_file(const char *path, guint bits, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
