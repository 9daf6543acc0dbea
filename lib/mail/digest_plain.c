/*
 * A digest as RFC 1153 has it, and the table of contents alone. The separators: a line of 70 hyphens and an empty line behind the preamble, a
 * line of 30 between two empty ones behind each message, and the trailer underlined with asterisks.
 */
#include <gmime/gmime.h>
#include <string.h>

#include "lib/mail/digest_internal.h"
#include "lib/mail/encoded_word.h"
#include "lib/mail/plain_post.h"

/* RFC 1153: these and no others, in this order; Summary is optional there. */
static const char *const retained[] = {"Date", "From", "To", "Cc", "Subject", "Message-ID", "Keywords", "Summary"};

static void append_hyphens(GString *out, guint count)
{
	for (guint i = 0; i < count; i++)
		g_string_append_c(out, '-');
	g_string_append(out, "\r\n\r\n");
}

static gboolean has_encoded_word(const struct header_field *field)
{
	for (size_t i = 0; i < field->length; i++)
		if (encoded_word_length(field->data + i, field->length - i) > 0)
			return TRUE;
	return FALSE;
}

/* As it is with its folds; only what nobody decodes in a body is decoded. */
static void append_field(const struct header_field *field, GString *out)
{
	if (!has_encoded_word(field)) {
		g_autofree char *valid = g_utf8_make_valid(field->data, (gssize)field->length);

		g_string_append(out, valid);
		return;
	}
	g_autofree char *value = header_field_value(field);
	/* One line: what a word says may hold anything, also a line end. */
	g_autofree char *decoded = g_mime_utils_header_decode_text(NULL, value);
	g_autofree char *valid = g_utf8_make_valid(decoded, -1);
	for (char *c = valid; *c; c++)
		if ((guchar)*c < ' ' || *c == 127)
			*c = ' ';
	g_string_append_printf(out, "%.*s: %s\r\n", (int)field->name_length, field->data, valid);
}

static void append_fields(const struct digest_post *post, GString *out)
{
	struct header header = {0};
	size_t body;

	if (header_parse(post->data, post->length, &header, &body) == HEADER_OK)
		for (gsize i = 0; i < G_N_ELEMENTS(retained); i++) {
			const struct header_field *field = header_find(&header, retained[i], 0);

			if (field)
				append_field(field, out);
		}
	header_clear(&header);
	g_string_append(out, "\r\n");
}

/* A line of exactly 30 hyphens would end the message: its first one becomes a blank. */
static void append_body(const char *text, GString *out)
{
	static const char separator[] = "------------------------------";

	for (const char *line = text; *line;) {
		const char *end = strstr(line, "\r\n");
		size_t length = end ? (size_t)(end - line) : strlen(line);

		if (length == strlen(separator) && strncmp(line, separator, length) == 0)
			g_string_append_printf(out, " %s", separator + 1);
		else
			g_string_append_len(out, line, (gssize)length);
		g_string_append(out, "\r\n");
		line = end ? end + 2 : line + length;
	}
}

static void append_post(const struct digest_issue *issue, const struct digest_post *post, GString *out)
{
	const struct plain_post plain = {
		.data = post->data,
		.length = post->length,
		.language = issue->language,
		.texts = issue->texts,
		.archived_at = post->archived_at,
	};
	g_autoptr(GString) text = g_string_new(NULL);

	append_fields(post, out);
	plain_post_append(&plain, text);
	append_body(text->str, out);
	g_string_append(out, "\r\n");
	append_hyphens(out, 30);
}

static void append_trailer(const struct digest_issue *issue, GString *out)
{
	g_autofree char *name = g_strndup(issue->list, strcspn(issue->list, "@"));
	g_autofree char *trailer = g_strdup_printf("End of %s Digest", name);

	g_string_append_printf(out, "%s\r\n", trailer);
	for (size_t i = strlen(trailer); i > 0; i--)
		g_string_append_c(out, '*');
	g_string_append(out, "\r\n");
}

void digest_part_plain(const struct digest_issue *issue, const char *masthead, struct compose_part *part)
{
	g_autoptr(GString) text = g_string_new(masthead);

	g_string_append(text, "\r\n");
	digest_append_topics(issue, FALSE, text);
	g_string_append(text, "\r\n");
	append_hyphens(text, 70);
	for (guint i = 0; i < issue->count; i++)
		append_post(issue, &issue->posts[i], text);
	append_trailer(issue, text);
	compose_text_part("text/plain", text->str, text->len, part);
}

void digest_part_summary(const struct digest_issue *issue, const char *masthead, struct compose_part *part)
{
	g_autoptr(GString) text = g_string_new(masthead);

	g_string_append(text, "\r\n");
	digest_append_topics(issue, TRUE, text);
	compose_text_part("text/plain", text->str, text->len, part);
}
