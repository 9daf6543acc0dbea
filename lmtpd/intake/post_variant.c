/*
 * Variants of a post: as plain text, and as a notice that there is one. Cooked like the post itself, then given another body and signed anew. Whatever the
 * author signed does not hold for them, so his signatures go.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/mail/compose.h"
#include "lib/mail/plain_post.h"
#include "lmtpd/intake/post.h"

/* The text that takes the body's place. Its source is the post as the list sends it, filters and footers included. */
static void write_text(const struct post *variant, enum reception reception, GString *out)
{
	const struct knowledge *knowledge = variant->setup->knowledge;
	const char *language = settings_text(knowledge->settings, SET_language, variant->list);
	g_autofree char *id = header_value(&variant->header, "Message-ID", 0);
	g_autofree char *url = post_page(variant, SET_archived_at, id);

	if (reception == RECEPTION_NOTICE) {
		const struct texts_field fields[] = {{"url", url}, {NULL, NULL}};
		g_autofree char *line = texts_sentence(knowledge->texts, language, url ? "notice-archive" : "notice-no-archive", fields);

		g_string_append_printf(out, "%s\r\n", line);
		return;
	}
	g_autoptr(GString) whole = g_string_new(NULL);
	size_t length;
	const char *body = post_body(variant, &length);
	header_render(&variant->header, whole);
	g_string_append(whole, "\r\n");
	g_string_append_len(whole, body, (gssize)length);
	const struct plain_post plain = {.data = whole->str, .length = whole->len, .language = language, .texts = knowledge->texts,
		.archived_at = url};
	plain_post_append(&plain, out);
}

static gboolean is_about_the_body(const struct header_field *field)
{
	static const char *const names[] = {"DKIM-Signature", "Autocrypt", "Lines"};

	if (field->name_length >= strlen("Content-") && g_ascii_strncasecmp(field->data, "Content-", strlen("Content-")) == 0)
		return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (header_is(field, names[i]))
			return TRUE;
	return FALSE;
}

static void put_body(struct post *variant, const GString *text)
{
	struct compose_part part;

	for (guint i = variant->header.fields->len; i-- > 0;)
		if (is_about_the_body(&g_array_index(variant->header.fields, struct header_field, i)))
			header_remove_index(&variant->header, i);
	compose_text_part("text/plain", text->str, text->len, &part);
	header_replace(&variant->header, "MIME-Version", "1.0");
	compose_put_fields(&part, &variant->header);
	if (variant->body)
		g_string_free(variant->body, TRUE);
	variant->body = g_string_new_len(part.body->str, (gssize)part.body->len);
	compose_part_clear(&part);
}

struct verdict post_variant(const struct post *post, enum reception reception, int *outgoing)
{
	struct post variant = *post;
	g_autoptr(GString) text = g_string_new(NULL);

	variant.header = (struct header){0};
	variant.body = NULL;
	variant.outgoing = -1;
	variant.reception = reception;
	struct verdict verdict = post_cook(&variant);
	if (!verdict_is_final(&verdict)) {
		write_text(&variant, reception, text);
		put_body(&variant, text);
		verdict = post_sign(&variant);
	}
	*outgoing = variant.outgoing;
	header_clear(&variant.header);
	if (variant.body)
		g_string_free(variant.body, TRUE);
	return verdict;
}
