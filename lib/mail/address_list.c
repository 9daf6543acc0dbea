/* Addresses of a field; see address_list.h. */
#include "lib/mail/address_list.h"

#include <string.h>

#include "lib/list/address.h"

struct scanner {
	GString *plain, *angle; /* outside and inside of <> */
	gboolean in_angle, has_angle, quoted;
	guint comment; /* depth */
	GPtrArray *addresses;
};

static void flush(struct scanner *scanner)
{
	GString *found = scanner->has_angle ? scanner->angle : scanner->plain;
	g_autofree char *text = g_strstrip(g_strdup(found->str));
	g_autoptr(GString) normal = g_string_new(NULL);

	if (address_normalise(text, strlen(text), TRUE, normal) == ADDRESS_OK)
		g_ptr_array_add(scanner->addresses, g_strdup(normal->str));
	g_string_truncate(scanner->plain, 0);
	g_string_truncate(scanner->angle, 0);
	scanner->in_angle = scanner->has_angle = FALSE;
}

/* A character that is neither in a comment nor in quotes. */
static void scan_plain(struct scanner *scanner, char c)
{
	if (c == '(') {
		scanner->comment = 1;
	} else if (c == '<' && !scanner->in_angle) {
		scanner->in_angle = scanner->has_angle = TRUE;
		g_string_truncate(scanner->angle, 0);
	} else if (c == '>' && scanner->in_angle) {
		scanner->in_angle = FALSE;
	} else if ((c == ',' || c == ';') && !scanner->in_angle) {
		flush(scanner);
	} else if (c == ':' && !scanner->in_angle) {
		g_string_truncate(scanner->plain, 0);
	} else {
		scanner->quoted = c == '"';
		g_string_append_c(scanner->in_angle ? scanner->angle : scanner->plain, c);
	}
}

void address_list_read(const char *text, GPtrArray *addresses)
{
	g_autoptr(GString) plain = g_string_new(NULL);
	g_autoptr(GString) angle = g_string_new(NULL);
	struct scanner scanner = {.plain = plain, .angle = angle, .addresses = addresses};

	for (; *text; text++) {
		gboolean escaped = *text == '\\' && text[1] && (scanner.comment || scanner.quoted);

		if (scanner.comment) {
			scanner.comment += escaped ? 0 : (*text == '(') - (*text == ')');
		} else if (scanner.quoted) {
			GString *out = scanner.in_angle ? angle : plain;

			g_string_append_len(out, text, escaped ? 2 : 1);
			scanner.quoted = escaped || *text != '"';
		} else {
			scan_plain(&scanner, *text);
		}
		text += escaped;
	}
	flush(&scanner);
}
