/*
 * S/MIME: a whole message, a container beside or around fixed content, or a responder's answer, by the first byte. Only the one signature that was
 * made (smime_fuzz.h) can pass, over the content that was signed, for its own address; everything else has a reason or is not signed at all.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/io.h"
#include "lib/mail/smime.h"
#include "test/fuzz/smime_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WHEN = 1798761600 }; /* 2027 */

static const struct smime_trust *trust(void)
{
	static struct smime_trust *loaded;
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

	if (!loaded) {
		gsize length;
		g_autofree guchar *der = g_base64_decode(smime_fuzz_authority, &length);
		int fd = io_memory_file_with("authority", der, length);
		g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

		loaded = smime_trust_load(path, NULL, problems);
	}
	if (!loaded)
		abort();
	return loaded;
}

static gboolean answer(gpointer context, const char *url, GBytes *request, GBytes **response, char **reason)
{
	if (strcmp(url, "http://r.example/") != 0 || g_bytes_get_size(request) > 256)
		abort();
	*response = g_bytes_ref(context);
	return TRUE;
}

static GString *wrap(const char *base64, gboolean opaque)
{
	GString *message = g_string_new("From: a@b.example\r\n");

	if (opaque)
		g_string_append_printf(message,
			"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n", base64);
	else
		g_string_append_printf(message,
			"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n%s\r\n--b\r\n"
			"Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--b--\r\n",
			smime_fuzz_content, base64);
	return message;
}

/* What was signed is in the message as it was, unless it stands in base64. */
static void check_pass(const GString *message, gboolean opaque, const struct authentication_smime *found)
{
	g_autoptr(GString) small = g_string_new_len(message->str, (gssize)message->len);

	for (gsize i = 0; i < small->len; i++)
		small->str[i] = small->str[i] ? g_ascii_tolower(small->str[i]) : '?';
	if (found->reason || g_strcmp0(found->signer, "a@b.example") != 0)
		abort();
	if (!opaque && !strstr(small->str, "pkcs7-mime") &&
		!memmem(message->str, message->len, smime_fuzz_content, strlen(smime_fuzz_content)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	guint way = data[0] & 3;
	g_autoptr(GBytes) rest = g_bytes_new(data + 1, size - 1);
	g_autofree char *base64 = g_base64_encode(data + 1, size - 1);
	GString *message = way == 0 ? g_string_new_len((const char *)data + 1, (gssize)size - 1)
							  : wrap(way == 3 ? smime_fuzz_signature : base64, way == 2);
	const struct smime_door door = {.ask = answer, .context = rest};
	const struct smime_question question = {.data = message->str, .length = message->len, .author = "a@b.example", .arrived = WHEN,
		.trust = trust(), .ocsp = way == 3 ? &door : NULL};
	struct authentication found;

	authentication_init(&found);
	smime_verify(&question, &found.smime);
	if (strcmp(found.smime.result, "pass") == 0)
		check_pass(message, way == 2, &found.smime);
	else if (strcmp(found.smime.result, "none") != 0 && !found.smime.reason)
		abort();
	authentication_clear(&found);
	g_string_free(message, TRUE);
	return 0;
}
