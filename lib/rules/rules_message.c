/*
 * What conditions see of the message: header values raw or decoded, the addresses in them, its structure. The addresses are taken as a reader
 * takes them, without display names and comments; none of this says who wrote the post, which is [sender] alone.
 */
#include <string.h>

#include "lib/list/address.h"
#include "lib/mail/encoded_word.h"
#include "lib/rules/rules_internal.h"

/* As Sympa shows it: what stands behind the colon and blanks, folds kept, lines ending in LF. */
static char *raw_value(const struct header_field *field)
{
	const char *start = field->data + field->name_length + 1, *end = field->data + field->length;

	while (start < end && (rules_is_blank(*start) || *start == '\r' || *start == '\n'))
		start++;
	if (end - start >= 2 && end[-2] == '\r')
		end -= 2;
	GString *text = g_string_new_len(start, end - start);
	g_string_replace(text, "\r\n", "\n", 0);
	return g_string_free(text, FALSE);
}

static char *decoded_value(const struct header_field *field)
{
	g_autofree char *value = header_field_value(field);
	GString *out = g_string_new(NULL);

	for (const char *place = value; *place;) {
		gsize length = encoded_word_run(place, strlen(place));

		/* What does not decode is shown as well as it goes: who only looks at it may. */
		if (length == 0 || (!encoded_word_decode(place, length, out) && out->len == 0))
			g_string_append_c(out, *place);
		place += MAX(length, 1);
	}
	g_string_replace(out, "\n", " ", 0);
	return g_string_free(out, FALSE);
}

void rules_header_values(const struct rules_run *run, const char *name, gboolean decoded, GPtrArray *values)
{
	const struct header *header = run->facts->header;

	for (guint i = 0; header && i < header->fields->len; i++) {
		const struct header_field *field = &g_array_index(header->fields, struct header_field, i);

		if (header_is(field, name))
			g_ptr_array_add(values, decoded ? decoded_value(field) : raw_value(field));
	}
}

const struct walk *rules_walk(struct rules_run *run)
{
	const struct rules_facts *facts = run->facts;

	if (!facts->data)
		return NULL;
	if (!run->walked)
		run->walk_result = walk_message(facts->data, facts->length, &run->walk);
	run->walked = TRUE;
	if (run->walk_result != WALK_OK)
		(void)rules_trouble(run, "the message has more parts than can be looked at");
	return run->walk_result == WALK_OK ? &run->walk : NULL;
}

/* ---- addresses ---- */

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

void rules_addresses(const char *text, GPtrArray *addresses)
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

void rules_recipients(const struct rules_run *run, GPtrArray *addresses)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);

	rules_header_values(run, "To", FALSE, values);
	rules_header_values(run, "Cc", FALSE, values);
	for (guint i = 0; i < values->len; i++)
		rules_addresses(g_ptr_array_index(values, i), addresses);
}
