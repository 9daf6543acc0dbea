/*
 * What conditions see of the message: header values raw or decoded, the addresses in them, its structure. The addresses are taken as a reader
 * takes them, without display names and comments; none of this says who wrote the post, which is [sender] alone.
 */
#include <string.h>

#include "lib/mail/encoded_word.h"
#include "lib/mail/address_list.h"
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

void rules_recipients(const struct rules_run *run, GPtrArray *addresses)
{
	g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);

	rules_header_values(run, "To", FALSE, values);
	rules_header_values(run, "Cc", FALSE, values);
	for (guint i = 0; i < values->len; i++)
		address_list_read(g_ptr_array_index(values, i), addresses);
}
