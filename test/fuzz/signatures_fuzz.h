/* For fuzz targets of signatures: a message, and a DNS with one key for all (RFC 8463's), nobody's, trouble and junk. */
#ifndef TEST_FUZZ_SIGNATURES_FUZZ_H
#define TEST_FUZZ_SIGNATURES_FUZZ_H

#include <string.h>

#include "lib/mail/authentication.h"
#include "lib/mail/dkim_verify.h"
#include "lib/mail/header.h"

enum { FUZZ_NOW = 1900000000 };

static inline enum txt_result fuzz_ask(gpointer context, const char *name, GPtrArray *texts)
{
	guint *asked = context;

	g_assert_true(strlen(name) <= 253 && strstr(name, "._domainkey."));
	g_assert_cmpuint(++*asked, <=, 60);
	switch (name[0]) {
	case 'n':
		return TXT_NO_NAME;
	case 't':
		return TXT_TROUBLE;
	case 'j':
		g_ptr_array_add(texts, g_strdup(name));
		return TXT_FOUND;
	default:
		g_ptr_array_add(texts, g_strdup("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
		return TXT_FOUND;
	}
}

/* What the LMTP session lets in. */
static inline gboolean fuzz_lines_are_clean(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] == '\0' || (data[i] == '\n' && (i == 0 || data[i - 1] != '\r')) ||
			(data[i] == '\r' && (i + 1 == size || data[i + 1] != '\n')))
			return FALSE;
	return TRUE;
}

/* FALSE when it has no readable header. The caller clears the header. */
static inline gboolean fuzz_message(const char *data, size_t size, struct header *header, struct dkim_verify_message *message)
{
	size_t body;

	if (!fuzz_lines_are_clean(data, size) || header_parse(data, size, header, &body) != HEADER_OK)
		return FALSE;
	*message = (struct dkim_verify_message){.header = header, .body = data + body, .length = size - body, .now = FUZZ_NOW};
	return TRUE;
}

#endif
