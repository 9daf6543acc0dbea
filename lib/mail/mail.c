/* Warming up; see mail.h. */
#include "lib/mail/mail.h"

#include <gmime/gmime.h>
#include <iconv.h>

/* What mail is written in, by the names that GMime gives to iconv or that stand in mail. */
static const char *const charsets[] = {"utf-8", "utf-16", "utf-7", "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-3",
	"iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-9", "iso-8859-10", "iso-8859-13",
	"iso-8859-14", "iso-8859-15", "iso-8859-16", "windows-1250", "windows-1251", "windows-1252", "windows-1253",
	"windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874", "koi8-r", "koi8-u",
	"macintosh", "tis-620", "gb2312", "gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp", "shift_jis", "cp932", "cp437",
	"cp850", "cp852", "cp866", "euc-kr", "iso-2022-kr", "ks_c_5601-1987", "windows-949"};

/*
 * Knowingly never closed: the C library unloads a module some closes after its last user is gone, and what a child then asks for
 * would be a file again.
 */
static iconv_t converters[G_N_ELEMENTS(charsets)];

char *mail_warm_up(void)
{
	g_autoptr(GString) missing = g_string_new(NULL);

	g_mime_init();
	for (guint i = 0; i < G_N_ELEMENTS(charsets); i++) {
		if (converters[i])
			continue;
		converters[i] = g_mime_iconv_open("utf-8", charsets[i]);
		if (converters[i] == (iconv_t)-1)
			g_string_append_printf(missing, "%s%s", missing->len ? " " : "", charsets[i]);
	}
	return missing->len ? g_string_free(g_steal_pointer(&missing), FALSE) : NULL;
}
