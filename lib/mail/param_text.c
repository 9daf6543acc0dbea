/* RFC 2231's encoding of values; see param_text.h. */
#include "lib/mail/param_text.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/param.h"

const char *param_text_charset(const GString *raw, gboolean *latin1, guint *flags)
{
	const char *first = memchr(raw->str, '\'', raw->len);
	const char *second = first ? strchr(first + 1, '\'') : NULL;

	*latin1 = FALSE;
	if (!second) {
		*flags |= PARAM_UNSURE;
		return raw->str;
	}
	size_t length = (size_t)(first - raw->str);
	if (text_equal_ascii_case(raw->str, length, "iso-8859-1"))
		*latin1 = TRUE;
	else if (!text_equal_ascii_case(raw->str, length, "utf-8") &&
		!text_equal_ascii_case(raw->str, length, "us-ascii"))
		*flags |= PARAM_UNSURE;
	return second + 1;
}

void param_text_percent(GString *out, const char *place, const char *end, guint *flags)
{
	for (; place < end; place++) {
		if (*place != '%') {
			g_string_append_c(out, *place);
		} else if (end - place > 2 && g_ascii_isxdigit(place[1]) && g_ascii_isxdigit(place[2])) {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(place[1]) * 16 + g_ascii_xdigit_value(place[2])));
			place += 2;
		} else {
			g_string_append_c(out, '%');
			*flags |= PARAM_UNSURE;
		}
	}
}

void param_text_finish(GString *value, gboolean latin1, guint *flags)
{
	g_autoptr(GString) out = g_string_sized_new(value->len);

	for (size_t i = 0; i < value->len; i++) {
		unsigned char c = (unsigned char)value->str[i];

		if (c < 32 || c == 127) {
			g_string_append_c(out, '?');
			*flags |= PARAM_UNSURE;
		} else if (c > 127 && latin1) {
			g_string_append_unichar(out, c);
		} else {
			g_string_append_c(out, (char)c);
		}
	}
	if (!text_is_utf8(out->str, out->len))
		*flags |= PARAM_UNSURE;
	g_autofree char *valid = g_utf8_make_valid(out->str, (gssize)out->len);
	g_string_assign(value, valid);
	if (value->len <= PARAM_VALUE)
		return;
	*flags |= PARAM_UNSURE;
	g_string_truncate(value, (gsize)(g_utf8_find_prev_char(value->str, value->str + PARAM_VALUE) - value->str));
}
