/* Tables instead of libraries; see charset_table.h. */
#include "lib/mail/charset_table.h"

#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "lib/base/log.h"

enum { UPPER = 128, MOST_TABLES = 40 };

/*
 * The C library's name first, then by which others it knows it; small letters and digits only. Below 0x80 all are ASCII, which the tables do
 * not hold.
 */
static const char *const names[] = {
	"iso-8859-1 iso88591 88591 iso885911987 latin1 l1 cp819 ibm819 csisolatin1 isoir100",
	"iso-8859-2 iso88592 88592 iso885921987 latin2 l2 cp912 ibm912 csisolatin2 isoir101",
	"iso-8859-3 iso88593 88593 iso885931988 latin3 l3 csisolatin3 isoir109",
	"iso-8859-4 iso88594 88594 iso885941988 latin4 l4 csisolatin4 isoir110",
	"iso-8859-5 iso88595 88595 iso885951988 cyrillic cp915 ibm915 csisolatincyrillic isoir144",
	"iso-8859-6 iso88596 88596 iso885961987 arabic asmo708 ecma114 cp1089 ibm1089 csisolatinarabic isoir127",
	"iso-8859-7 iso88597 88597 iso885971987 iso885972003 greek greek8 ecma118 elot928 cp813 ibm813 csisolatingreek isoir126",
	"iso-8859-8 iso88598 88598 iso885981988 hebrew cp916 ibm916 csisolatinhebrew isoir138",
	"iso-8859-9 iso88599 88599 iso885991989 latin5 l5 ecma128 ts5881 cp920 ibm920 csisolatin5 isoir148",
	"iso-8859-10 iso885910 iso8859101992 latin6 l6 csisolatin6 isoir157",
	"iso-8859-13 iso885913 latin7 l7 baltic isoir179",
	"iso-8859-14 iso885914 iso8859141998 latin8 l8 isoceltic isoir199",
	"iso-8859-15 iso885915 iso8859151998 latin9 isoir203",
	"iso-8859-16 iso885916 iso8859162001 latin10 l10 isoir226",
	"windows-1250 windows1250 cp1250 msee",
	"windows-1251 windows1251 cp1251 mscyrl",
	"windows-1252 windows1252 cp1252 msansi",
	"windows-1253 windows1253 cp1253 msgreek",
	"windows-1254 windows1254 cp1254 msturk",
	"windows-1256 windows1256 cp1256 msarab",
	"windows-1257 windows1257 cp1257 winbaltrim",
	"windows-874 windows874 cp874 ibm874 874",
	"tis-620 tis620 tis6200 tis62025291 tis62025330 isoir166",
	"koi8-r koi8r cskoi8r",
	"koi8-u koi8u",
	"macintosh mac csmacintosh",
	"cp437 ibm437 437 cspc8codepage437",
	"cp850 ibm850 850 cspc850multilingual",
	"cp852 ibm852 852 cspcp852",
	"cp866 ibm866 866 csibm866",
};
G_STATIC_ASSERT(G_N_ELEMENTS(names) <= MOST_TABLES);

/* A converter is the address of one of the two; they have no state. */
struct table {
	gboolean filled;
	char to_utf8, from_utf8;
	gunichar2 letters[UPPER]; /* 0: there is none */
};

static struct table tables[MOST_TABLES];

/* The C library's own. */
static iconv_t (*library_open)(const char *, const char *);
static size_t (*library_convert)(iconv_t, char **, size_t *, char **, size_t *);
static int (*library_close)(iconv_t);

static void *find_function(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		log_panic("charset_table: the C library has no %s", name);
	return function;
}

static void find_library(void)
{
	if (library_open)
		return;
	library_convert = (size_t (*)(iconv_t, char **, size_t *, char **, size_t *))find_function("iconv");
	library_close = (int (*)(iconv_t))find_function("iconv_close");
	library_open = (iconv_t (*)(const char *, const char *))find_function("iconv_open");
}

/* ---- filling ---- */

static gunichar2 ask_library(iconv_t converter, guint8 byte)
{
	char in = (char)byte, out[8], *place = &in, *made = out;
	size_t left = 1, room = sizeof(out);

	(void)library_convert(converter, NULL, NULL, NULL, NULL);
	if (library_convert(converter, &place, &left, &made, &room) != 0 || made == out)
		return 0;
	return (gunichar2)g_utf8_get_char(out);
}

static gboolean fill(struct table *table, const char *name)
{
	iconv_t converter = library_open("utf-8", name);

	if (converter == (iconv_t)-1)
		return FALSE;
	for (guint i = 0; i < UPPER; i++) {
		if (ask_library(converter, (guint8)i) != i && i > 0)
			log_panic("charset_table: %s is not ASCII in its lower half", name);
		table->letters[i] = ask_library(converter, (guint8)(UPPER + i));
	}
	(void)library_close(converter);
	return TRUE;
}

void charset_table_fill(GString *missing)
{
	find_library();
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *name = g_strndup(names[i], strcspn(names[i], " "));

		tables[i].filled = tables[i].filled || fill(&tables[i], name);
		if (!tables[i].filled)
			g_string_append_printf(missing, "%s%s", missing->len ? " " : "", name);
	}
}

/* ---- finding ---- */

/* Whether `name` is this word, apart from case and from the signs that some write and others do not. */
static gboolean is_word(const char *name, const char *word, size_t length)
{
	size_t i = 0;

	for (; *name; name++) {
		if (strchr("-_:.", *name))
			continue;
		if (i == length || g_ascii_tolower(*name) != word[i])
			return FALSE;
		i++;
	}
	return i == length;
}

static gboolean has_name(const char *words, const char *name)
{
	while (*words) {
		size_t length = strcspn(words, " ");

		if (is_word(name, words, length))
			return TRUE;
		words += length + (words[length] == ' ');
	}
	return FALSE;
}

static struct table *find_table(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (tables[i].filled && has_name(strchr(names[i], ' ') + 1, name))
			return &tables[i];
	return NULL;
}

/* ---- what libraries call ---- */

/* NULL when the converter is the C library's. `*to_utf8` is set otherwise. */
static const struct table *table_of(iconv_t converter, gboolean *to_utf8)
{
	const char *place = converter;
	gsize number = (gsize)(place - (const char *)tables) / sizeof(*tables);

	if (place < (const char *)tables || place >= (const char *)(tables + MOST_TABLES))
		return NULL;
	*to_utf8 = place == &tables[number].to_utf8;
	return &tables[number];
}

iconv_t iconv_open(const char *to, const char *from)
{
	struct table *table = NULL;

	find_library();
	if (has_name("utf8", to) && (table = find_table(from)))
		return &table->to_utf8;
	if (has_name("utf8", from) && (table = find_table(to)))
		return &table->from_utf8;
	return library_open(to, from);
}

/* One letter. */
struct step {
	const char *in;
	size_t left, used; /* bytes that are there, and of the letter */
	char *out;
	size_t room;
};

/* Bytes written (0: no room), or -1 with errno when it is no letter. */
static int decode(const struct table *table, struct step *step)
{
	guint8 byte = (guint8)*step->in;
	gunichar letter = byte < UPPER ? byte : table->letters[byte - UPPER];
	char text[6];
	int length = g_unichar_to_utf8(letter, text);

	step->used = 1;
	if (byte >= UPPER && letter == 0) {
		errno = EILSEQ;
		return -1;
	}
	if ((size_t)length > step->room)
		return 0;
	memcpy(step->out, text, (size_t)length);
	return length;
}

static int encode(const struct table *table, struct step *step)
{
	gunichar letter = *step->in ? g_utf8_get_char_validated(step->in, (gssize)step->left) : 0;
	gboolean cut = letter == (gunichar)-2, bad = letter == (gunichar)-1;
	guint i = 0;

	while (!cut && !bad && letter >= UPPER && i < UPPER && table->letters[i] != letter)
		i++;
	if (cut || bad || i == UPPER) {
		/* The rest of a letter may be still to come. */
		errno = cut ? EINVAL : EILSEQ;
		return -1;
	}
	step->used = (size_t)g_unichar_to_utf8(letter, NULL);
	if (step->room == 0)
		return 0;
	*step->out = (char)(letter < UPPER ? letter : UPPER + i);
	return 1;
}

size_t iconv(iconv_t converter, char **in, size_t *left, char **out, size_t *room)
{
	gboolean to_utf8 = FALSE;
	const struct table *table = table_of(converter, &to_utf8);

	if (!table)
		return library_convert(converter, in, left, out, room);
	while (in && *in && *left > 0) {
		struct step step = {.in = *in, .left = *left, .out = *out, .room = *room};
		int made = to_utf8 ? decode(table, &step) : encode(table, &step);

		if (made == 0)
			errno = E2BIG;
		if (made <= 0)
			return (size_t)-1;
		*in += step.used;
		*left -= step.used;
		*out += made;
		*room -= (size_t)made;
	}
	return 0;
}

int iconv_close(iconv_t converter)
{
	gboolean to_utf8;

	return table_of(converter, &to_utf8) ? 0 : library_close(converter);
}
