/*
 * One private key from one file, with all that must be right about both.
 */
#ifndef ROLLCALL_KEYS_KEYS_FILE_H
#define ROLLCALL_KEYS_KEYS_FILE_H

#include <glib.h>
#include <openssl/evp.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

/**
 * Reads and checks the key of `path`. NULL with `error` (KEYS_ERROR_FILE or KEYS_ERROR_KEY) that names
 * path and cause.
 */
EVP_PKEY *keys_file_read(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** The same from bytes; causes are told without a path. */
EVP_PKEY *keys_file_parse(const char *data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
