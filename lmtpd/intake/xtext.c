/* xtext decoding; see xtext.h. Hexadecimal digits must be upper case, as RFC 3461 says and Postfix writes. */
#include "lmtpd/intake/xtext.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static gboolean decode(const char *data, size_t length, GString *out)
{
	for (size_t i = 0; i < length; i++) {
		int byte = (unsigned char)data[i];

		if (byte < 33 || byte > 126 || byte == '=')
			return FALSE;
		if (byte == '+') {
			if (length - i < 3)
				return FALSE;
			int high = hex_digit(data[i + 1]), low = hex_digit(data[i + 2]);

			if (high < 0 || low < 0)
				return FALSE;
			byte = high * 16 + low;
			if (byte < 32 || byte == 127)
				return FALSE;
			i += 2;
		}
		g_string_append_c(out, (char)byte);
	}
	return TRUE;
}

gboolean xtext_decode(const char *data, size_t length, GString *out)
{
	g_string_truncate(out, 0);
	if (decode(data, length, out))
		return TRUE;
	g_string_truncate(out, 0);
	return FALSE;
}
