/* Keys of mails; see post_key.h. */
#include "lmtpd/intake/post_key.h"

#include <openssl/evp.h>
#include <string.h>

gboolean post_key_make(const char *const *words, const char *data, size_t length, guint8 key[POST_KEY_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	gboolean good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;

	for (; good && *words; words++)
		good = EVP_DigestUpdate(context, *words, strlen(*words) + 1) == 1;
	good = good && EVP_DigestUpdate(context, data, length) == 1 && EVP_DigestFinal_ex(context, key, NULL) == 1;
	EVP_MD_CTX_free(context);
	return good;
}
