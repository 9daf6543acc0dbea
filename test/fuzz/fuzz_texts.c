/* room: intake */
/*
 * The filler of texts and the builder of notices: "TEMPLATE NUL VALUE NUL VALUE NUL POST". A template that the check lets pass is
 * filled; what comes out is UTF-8 with clean lines, a value is never read again, and a notice made of it passes the linter,
 * holds the post byte for byte, and has no field that is not ours.
 */
#include <gmime/gmime.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/mail/clean.h"
#include "lib/mail/notice.h"
#include "lib/mail/order.h"
#include "lib/mail/outgoing.h"
#include "lib/mail/texts_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int what)
{
	if (!what)
		__builtin_trap();
}

static gboolean is_good_template(const char *template)
{
	g_auto(GStrv) lines = g_strsplit(template, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_autofree char *problem = texts_check_line(*line, " a b ");

		if (problem)
			return FALSE;
	}
	return TRUE;
}

static void look_at_body(const char *body)
{
	demand(g_utf8_validate(body, -1, NULL));
	for (const char *c = body; *c; c++)
		demand((guchar)*c >= 32 ? c[0] != 127 : *c == '\r' ? c[1] == '\n' : *c == '\n' && c > body && c[-1] == '\r');
	demand(*body == '\0' || g_str_has_suffix(body, "\r\n"));
	demand(!g_str_has_prefix(body, "\r\n") && !strstr(body, "\r\n\r\n\r\n"));
}

/* A value that names a field does not get that field's value. */
static void look_for_second_reading(const char *template)
{
	static const struct texts_field inert[] = {{"a", "{b}{{}}{list}"}, {"b", "SECRET"}, {"list", "SECRET"}, {NULL, NULL}};
	g_autoptr(GString) out = g_string_new(NULL);

	if (strstr(template, "{b}") || strstr(template, "{list}") || strstr(template, "SECRET"))
		return;
	texts_fill_body(template, inert, out);
	demand(!strstr(out->str, "SECRET"));
}

static void look_at_notice(const struct notice *notice)
{
	static const char *const ours[] = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
		"X-Loop", "Content-Language", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", NULL};
	struct compose_message message;
	struct io_mapping mapping;

	notice_build(notice, &message);
	for (guint i = 0; i < message.header.fields->len; i++) {
		g_autofree char *name = g_strndup(g_array_index(message.header.fields, struct header_field, i).data,
			g_array_index(message.header.fields, struct header_field, i).name_length);

		demand(g_strv_contains(ours, name) && header_count(&message.header, name) == 1);
	}
	int fd = outgoing_write(&message.header, message.body->str, message.body->len);
	demand(fd >= 0 && io_map(fd, TRUE, &mapping));
	demand(outgoing_lint(mapping.data, mapping.length) == NULL);
	if (notice->post && memmem(message.body->str, message.body->len, "message/rfc822", 14) && notice->post_length)
		demand(memmem(message.body->str, message.body->len, notice->post, notice->post_length) != NULL ||
			memmem(message.body->str, message.body->len, "octet-stream", 12) != NULL);
	io_unmap(&mapping);
	close(fd);
	compose_message_clear(&message);
}

/* The bytes up to the next NUL. */
static char *take(const char **place, const char *end)
{
	const char *stop = *place < end ? memchr(*place, '\0', (size_t)(end - *place)) : NULL;
	char *piece = g_strndup(*place, (size_t)((stop ? stop : end) - *place));

	*place = stop ? stop + 1 : end;
	return piece;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *place = (const char *)data, *end = place + size;

	if (size > 20000)
		return 0;
	g_autofree char *template = take(&place, end), *a = take(&place, end), *b = take(&place, end);
	if (!is_good_template(template))
		return 0;
	g_autofree char *link = order_link("choir@lists.example.org", "abcdefghijklmnopqrstuvwxyz", ORDER_REJECT, "de", a);
	const struct texts_field fields[] = {{"a", a}, {"b", b}, {"list", link}, {NULL, NULL}};
	g_autoptr(GString) subject = g_string_new(NULL), body = g_string_new(NULL);
	texts_fill_line(template, fields, subject);
	texts_fill_body(template, fields, body);
	look_at_body(body->str);
	look_for_second_reading(template);

	g_autofree char *clean = clean_text(subject->str, TEXTS_SUBJECT);
	const struct texts_filled filled = {clean, body->str};
	const struct notice_link links[] = {{"label", link}, {NULL, NULL}};
	g_autofree char *post = g_malloc(MAX((size_t)(end - place), 1));
	memcpy(post, place, (size_t)(end - place));
	look_at_notice(&(struct notice){.list = "choir@lists.example.org", .to = "mod@example.org", .language = "en", .text = &filled,
		.key = a, .links = size % 3 ? links : NULL, .post = size % 2 ? post : NULL, .post_length = (size_t)(end - place),
		.now = 1795257320});
	return 0;
}
