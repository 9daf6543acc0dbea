/* Warming up; see mail.h. */
#include "lib/mail/mail.h"

#include <gmime/gmime.h>
#include <iconv.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/mail/author.h"
#include "lib/mail/understand.h"

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

/*
 * A message of our own with one of each kind of thing: GLib and GMime make their types, tables and words when they are first asked for, and a child that does
 * so has to write to pages that it shares with its parent.
 */
static void rehearse(void)
{
	static const char message[] =
		"From: =?utf-8?q?N=C3=B6?= Name <name@example.org>\r\n"
		"To: friends: a@example.org, b@example.org;, \"c\" <c@example.org>\r\n"
		"Subject: =?utf-8?q?=C3=B6?=\r\nDate: Sat, 21 Nov 2026 20:00:00 +0000\r\nMessage-ID: <a@example.org>\r\nReferences: <b@example.org>\r\n"
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"one\"\r\n\r\n"
		"--one\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=B6\r\n"
		"--one\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@example.org\r\n\r\nx\r\n"
		"--one\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*=utf-8''a.html\r\n\r\nPGI+\r\n"
		"--one--\r\n";
	struct header header;
	struct author author;
	struct understanding understanding;
	size_t body;

	if (header_parse(message, strlen(message), &header, &body) != HEADER_OK)
		log_panic("mail: a message of our own is none");
	struct verdict verdict = author_read(&header, FALSE, &author);
	if (verdict_is_final(&verdict) || !understand_message(message, strlen(message), &header, &understanding))
		log_panic("mail: a message of our own is not understood");
	understand_clear(&understanding);
	author_clear(&author);
	header_clear(&header);
}

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
	rehearse();
	return missing->len ? g_string_free(g_steal_pointer(&missing), FALSE) : NULL;
}
