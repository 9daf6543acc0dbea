/* What a message says; see understand.h. */
#include "lib/mail/understand.h"

#include <gmime/gmime.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/mail/clean.h"

/* The length of the identifier "<...>" at the start of `text`, 0 when there is none that we would repeat in a header of ours. */
static size_t identifier_length(const char *text)
{
	size_t length = 1;

	if (text[0] != '<')
		return 0;
	while (text[length] > 32 && text[length] < 127 && text[length] != '<' && text[length] != '>')
		length++;
	/* "References: " and the like must fit on its line. */
	return text[length] == '>' && length > 1 && length + 1 < LIMIT_LINE - LIMIT_FIELD_NAME ? length + 1 : 0;
}

static char *read_message_id(const struct header *header)
{
	g_autofree char *value = header_value(header, "Message-ID", 0);
	size_t length = value ? identifier_length(value) : 0;

	return length > 0 && value[length] == '\0' ? g_steal_pointer(&value) : NULL;
}

static char **read_references(const struct header *header)
{
	g_autofree char *value = header_value(header, "References", 0);
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

	if (!value)
		value = header_value(header, "In-Reply-To", 0);
	for (const char *place = value; place && (place = strchr(place, '<'));) {
		size_t length = identifier_length(place);

		if (length > 0)
			g_ptr_array_add(found, g_strndup(place, length));
		place += MAX(length, 1);
	}
	if (found->len > UNDERSTAND_REFERENCES)
		g_ptr_array_remove_range(found, 0, found->len - UNDERSTAND_REFERENCES);
	g_ptr_array_add(found, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}

/* GMime's own walk does not look into attached messages. Its parser nests no deeper than 1,024, scan_message() allows far less. */
static guint count_leaves(GMimeObject *object)
{
	guint count = 0;

	if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
		GMimeObject *inside = message ? g_mime_message_get_mime_part(message) : NULL;

		return inside ? count_leaves(inside) : 1;
	}
	if (!GMIME_IS_MULTIPART(object))
		return 1;
	for (int i = 0; i < g_mime_multipart_get_count(GMIME_MULTIPART(object)); i++)
		count += count_leaves(g_mime_multipart_get_part(GMIME_MULTIPART(object), i));
	return count;
}

static GMimeMessage *parse(const char *data, size_t length)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data, length);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

static void read_top(GMimeMessage *message, struct understanding *understanding)
{
	const char *subject = g_mime_message_get_subject(message);
	GMimeObject *top = g_mime_message_get_mime_part(message);

	if (subject)
		understanding->subject = clean_text(subject, UNDERSTAND_SUBJECT);
	if (!top)
		return;
	g_autofree char *type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(top));
	understanding->type = g_ascii_strdown(type, -1);
	understanding->parts = count_leaves(top);
}

gboolean understand_message(const char *data, size_t length, const struct header *header,
	struct understanding *understanding)
{
	*understanding = (struct understanding){
		.message_id = read_message_id(header),
		.references = read_references(header),
	};
	/* An mbox line is no part of the message; header_parse() has dropped it too. */
	size_t mbox = header_mbox_line(data, length);
	GMimeMessage *message = parse(data + mbox, length - mbox);
	if (message) {
		read_top(message, understanding);
		g_object_unref(message);
	}
	if (!understanding->subject)
		understanding->subject = g_strdup("");
	if (!understanding->type)
		understanding->type = g_strdup("text/plain");
	return message != NULL;
}

void understand_clear(struct understanding *understanding)
{
	g_clear_pointer(&understanding->subject, g_free);
	g_clear_pointer(&understanding->message_id, g_free);
	g_clear_pointer(&understanding->references, g_strfreev);
	g_clear_pointer(&understanding->type, g_free);
}
