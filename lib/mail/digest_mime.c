/*
 * A digest as multipart/mixed: masthead, table of contents, and a multipart/digest in which each post stands byte for byte. What is
 * message/rfc822 there may not be encoded (RFC 2046 section 5.2.1), so a post that could not travel like that goes as a file.
 */
#include <string.h>

#include "lib/mail/digest_internal.h"
#include "lib/mail/transfer.h"

/* A boundary that no post has in it. "=_" is in no encoded text. */
static char *make_boundary(const struct digest_issue *issue, const char *what)
{
	for (guint i = 0;; i++) {
		g_autofree char *key = g_strdup_printf("%u.%u.%u %u", issue->volume, issue->number, issue->part, i);
		g_autofree char *unique = compose_digits(what, issue->list, key);
		g_autofree char *boundary = g_strdup_printf("=_%s", unique);
		gboolean found = FALSE;

		for (guint j = 0; j < issue->count && !found; j++)
			found = memmem(issue->posts[j].data, issue->posts[j].length, boundary, strlen(boundary)) != NULL;
		if (!found)
			return g_steal_pointer(&boundary);
	}
}

static void append_post(const struct digest_post *post, guint place, const char *const *boundaries, GString *out, gboolean *eight_bit)
{
	gboolean eight;

	if (compose_can_travel(post->data, post->length, boundaries, &eight)) {
		if (eight)
			g_string_append(out, "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n");
		g_string_append(out, "\r\n");
		g_string_append_len(out, post->data, (gssize)post->length);
		*eight_bit |= eight;
		return;
	}
	g_string_append_printf(out, "Content-Type: application/octet-stream; name=\"post-%u.eml\"\r\n"
		"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"post-%u.eml\"\r\n\r\n", place, place);
	transfer_base64(post->data, post->length, out);
}

static void append_posts(const struct digest_issue *issue, const char *around, GString *out, gboolean *eight_bit)
{
	g_autofree char *boundary = make_boundary(issue, "digest");
	const char *const boundaries[] = {boundary, around, NULL};
	g_autoptr(GString) posts = g_string_new(NULL);

	for (guint i = 0; i < issue->count; i++) {
		g_string_append_printf(posts, "--%s\r\n", boundary);
		append_post(&issue->posts[i], i + 1, boundaries, posts, eight_bit);
		/* The line end before a delimiter is the delimiter's: a post keeps its own last one. */
		g_string_append(posts, "\r\n");
	}
	g_string_append_printf(out, "Content-Type: multipart/digest; boundary=\"%s\"\r\n%s\r\n", boundary,
		*eight_bit ? "Content-Transfer-Encoding: 8bit\r\n" : "");
	g_string_append_len(out, posts->str, (gssize)posts->len);
	g_string_append_printf(out, "--%s--\r\n", boundary);
}

static void append_text(const char *text, size_t length, const char *boundary, GString *out)
{
	struct compose_part part;

	compose_text_part("text/plain", text, length, &part);
	g_string_append_printf(out, "--%s\r\n%s\r\n", boundary, part.fields->str);
	g_string_append_len(out, part.body->str, (gssize)part.body->len);
	g_string_append(out, "\r\n");
	compose_part_clear(&part);
}

void digest_part_mime(const struct digest_issue *issue, const char *masthead, struct compose_part *part)
{
	g_autofree char *boundary = make_boundary(issue, "mixed");
	g_autoptr(GString) topics = g_string_new(NULL);
	gboolean eight_bit = FALSE;

	part->body = g_string_new(NULL);
	append_text(masthead, strlen(masthead), boundary, part->body);
	digest_append_topics(issue, FALSE, topics);
	append_text(topics->str, topics->len, boundary, part->body);
	g_string_append_printf(part->body, "--%s\r\n", boundary);
	append_posts(issue, boundary, part->body, &eight_bit);
	g_string_append_printf(part->body, "--%s--\r\n", boundary);
	part->fields = g_string_new(NULL);
	g_string_append_printf(part->fields, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n%s", boundary,
		eight_bit ? "Content-Transfer-Encoding: 8bit\r\n" : "");
}
