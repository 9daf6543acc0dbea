/* A message that is being changed; see draft.h. */
#include "lib/mail/draft.h"

#include <string.h>

static gboolean is_content_field(const struct header_field *field)
{
	return field->name_length > 8 && g_ascii_strncasecmp(field->data, "Content-", 8) == 0;
}

void draft_begin(struct draft *draft, struct header *header, const char *data, size_t length, size_t body)
{
	*draft = (struct draft){.header = header, .data = data, .length = length, .body = body};
}

/* Only the fields that the walk looks at: with all of them, ours could be one too many for its limits. */
void draft_set_body(struct draft *draft, GString *body)
{
	g_autoptr(GString) head = g_string_new(NULL);

	for (guint i = 0; i < draft->header->fields->len; i++) {
		const struct header_field *field = &g_array_index(draft->header->fields, struct header_field, i);

		if (is_content_field(field))
			g_string_append_len(head, field->data, (gssize)field->length);
	}
	g_string_append(head, "\r\n");
	if (body->len > 0 && (body->len < 2 || memcmp(body->str + body->len - 2, "\r\n", 2) != 0))
		g_string_append(body, "\r\n");
	g_string_prepend_len(body, head->str, (gssize)head->len);
	if (draft->made)
		g_string_free(draft->made, TRUE);
	draft->made = body;
	draft->data = body->str;
	draft->length = body->len;
	draft->body = head->len;
}

GString *draft_take_content_fields(struct draft *draft)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < draft->header->fields->len;) {
		const struct header_field *field = &g_array_index(draft->header->fields, struct header_field, i);

		if (!is_content_field(field)) {
			i++;
			continue;
		}
		g_string_append_len(out, field->data, (gssize)field->length);
		header_remove_index(draft->header, i);
	}
	return out;
}

void draft_set_field(struct draft *draft, const char *name, const char *value)
{
	if (header_count(draft->header, "MIME-Version") == 0)
		header_append(draft->header, "MIME-Version", "1.0");
	header_replace(draft->header, name, value);
}

GString *draft_end(struct draft *draft)
{
	GString *made = g_steal_pointer(&draft->made);

	if (made)
		g_string_erase(made, 0, (gssize)draft->body);
	return made;
}
