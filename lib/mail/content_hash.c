/* What makes two mails the same post; see content_hash.h. */
#include "lib/mail/content_hash.h"

#include "lib/mail/canonical.h"

G_STATIC_ASSERT((int)CONTENT_HASH_SIZE == (int)CANONICAL_DIGEST);

static const char *const names[] = {"Message-ID", "From", "Date", "Subject", "To", "Cc", "In-Reply-To", "References", "MIME-Version",
	"Content-Type", "Content-Transfer-Encoding"};

static gboolean is_named(const struct header *header)
{
	g_autofree char *id = header_count(header, names[0]) == 1 ? header_value(header, names[0], 0) : NULL;

	return id && *id != '\0' && !g_str_equal(id, "<>");
}

gboolean content_hash(const struct header *header, const char *body, size_t length, guint8 digest[CONTENT_HASH_SIZE])
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint8 of_body[CANONICAL_DIGEST];

	if (!is_named(header))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		guint count = header_count(header, names[i]);

		for (guint k = 0; k < count; k++) {
			const struct header_field *field = header_find(header, names[i], k);

			canonical_field(field->data, field->length, CANONICAL_RELAXED, text);
			g_string_append_c(text, '\n');
		}
	}
	canonical_body(body, length, CANONICAL_SIMPLE, of_body);
	g_string_append_len(text, (const char *)of_body, sizeof(of_body));
	/* No field has a line end in its relaxed form, so where one ends is clear. */
	canonical_body(text->str, text->len, CANONICAL_SIMPLE, digest);
	return TRUE;
}
