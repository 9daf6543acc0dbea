/* room: intake */
/* HTML to text: whatever goes in, UTF-8 with clean lines comes out, bounded, without controls, or nothing. */
#include <stdint.h>
#include <string.h>

#include "lib/mail/html_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int what)
{
	if (!what)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *text = g_utf8_make_valid((const char *)data, (gssize)size);
	g_autofree char *block = g_memdup2(text, MAX(strlen(text), 1));

	if (size > 20000)
		return 0;
	if (!html_text_append(block, strlen(text), out)) {
		demand(out->len == 0);
		return 0;
	}
	demand(g_utf8_validate(out->str, (gssize)out->len, NULL));
	demand(out->len == 0 || g_str_has_suffix(out->str, "\r\n"));
	demand(!g_str_has_prefix(out->str, "\r\n") && !strstr(out->str, "\r\n\r\n\r\n"));
	for (const char *c = out->str; *c; c++)
		demand((guchar)*c >= 32 ? *c != 127 : *c == '\r' ? c[1] == '\n' : *c == '\n' && c > out->str && c[-1] == '\r');
	return 0;
}
