/* The parts of a notice; see notice.h for the choices. */
#include "lib/mail/notice_parts.h"

#include <string.h>

#include "lib/mail/transfer.h"

void notice_part_text(const struct notice *notice, struct compose_part *part)
{
	compose_text_part("text/plain", notice->text->body, strlen(notice->text->body), part);
}

/* The link whose URL stands first in `text`, and where; NULL when none does. */
static const struct notice_link *find_link(const char *text, const struct notice_link *links, const char **place)
{
	const struct notice_link *first = NULL;

	for (; links->url; links++) {
		const char *found = *links->url ? strstr(text, links->url) : NULL;

		if (found && (!first || found < *place)) {
			first = links;
			*place = found;
		}
	}
	return first;
}

/* GLib's escaper writes &apos;, which old HTML does not know. */
static void append_escaped(GString *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (strchr("&<>\"'", text[i]))
			g_string_append_printf(out, "&#%d;", text[i]);
		else
			g_string_append_c(out, text[i]);
	}
}

static void append_line(GString *out, const char *line, const struct notice_link *links)
{
	static const char style[] = "display:inline-block;padding:4px 14px;border:1px solid #666;border-radius:4px;"
				    "background:#eee;color:#000;text-decoration:none";
	const struct notice_link *link;
	const char *place = NULL;

	for (; *line == ' '; line++)
		g_string_append(out, "&nbsp;");
	while ((link = find_link(line, links, &place))) {
		append_escaped(out, line, (size_t)(place - line));
		g_string_append(out, "<a href=\"");
		append_escaped(out, link->url, strlen(link->url));
		g_string_append_printf(out, "\"\r\nstyle=\"%s\">", style);
		append_escaped(out, link->label, strlen(link->label));
		g_string_append(out, "</a>");
		line = place + strlen(link->url);
	}
	append_escaped(out, line, strlen(line));
}

void notice_part_html(const struct notice *notice, struct compose_part *part)
{
	g_autoptr(GString) html = g_string_new(NULL);
	g_auto(GStrv) paragraphs = g_strsplit(notice->text->body, "\r\n\r\n", -1);

	g_string_append(html, "<!DOCTYPE html>\r\n<html lang=\"");
	append_escaped(html, notice->language, strlen(notice->language));
	g_string_append(html, "\">\r\n<body>\r\n");
	for (char **paragraph = paragraphs; *paragraph; paragraph++) {
		g_auto(GStrv) lines = g_strsplit(*paragraph, "\r\n", -1);
		gboolean placed = FALSE;

		for (char **line = lines; *line; line++)
			placed |= **line == ' ' || **line == '>' || **line == '-';
		g_string_append(html, "<p>");
		for (char **line = lines; *line; line++) {
			append_line(html, *line, notice->links);
			if (line[1] && *line[1])
				g_string_append(html, placed ? "<br>\r\n" : "\r\n");
		}
		g_string_append(html, "</p>\r\n");
	}
	g_string_append(html, "</body>\r\n</html>\r\n");
	compose_text_part("text/html", html->str, html->len, part);
}

void notice_part_post(const struct notice *notice, const char *boundary, struct compose_part *part, gboolean *eight_bit)
{
	const char *const boundaries[] = {boundary, NULL};
	gboolean travels = compose_can_travel(notice->post, notice->post_length, boundaries, eight_bit);

	part->fields = g_string_new(NULL);
	part->body = g_string_new(NULL);
	if (travels) {
		g_string_append_printf(part->fields, "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: %s\r\n",
			*eight_bit ? "8bit" : "7bit");
		g_string_append_len(part->body, notice->post, (gssize)notice->post_length);
	} else {
		g_string_append(part->fields, "Content-Type: application/octet-stream; name=\"post.eml\"\r\n"
			"Content-Transfer-Encoding: base64\r\n");
		transfer_base64(notice->post, notice->post_length, part->body);
	}
	g_string_append(part->fields, "Content-Disposition: attachment; filename=\"post.eml\"\r\n");
}
