/* What each element of HTML does to the text; see html_text.h. */
#include <string.h>

#include "lib/mail/html_internal.h"

/* Its content is not for reading. */
static const char *const unseen[] = {"script", "style", "head", "title", "template", "object", "embed", "applet", "svg", "math", "iframe", "video",
	"audio", "canvas", "map", "select", "textarea", NULL};
/* Begin and end a line. */
static const char *const lines[] = {"div", "tr", "dt", "dd", "section", "article", "header", "footer", "main", "nav", "aside", "center",
	"caption", "legend", "body", "details", "summary", "figcaption", "option", NULL};
/* And have an empty line on both sides. */
static const char *const blocks[] = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "dl", "table", "figure", "form", "fieldset", "address", NULL};

static const char *attribute(const char **attributes, const char *name)
{
	for (; attributes && *attributes; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return attributes[1] ? attributes[1] : "";
	return NULL;
}

static gboolean is_hidden(const char *name, const char **attributes)
{
	const char *style = attribute(attributes, "style");
	g_autoptr(GString) plain = g_string_new(NULL);

	if (g_strv_contains(unseen, name) || attribute(attributes, "hidden"))
		return TRUE;
	for (; style && *style; style++)
		if (!g_ascii_isspace(*style))
			g_string_append_c(plain, g_ascii_tolower(*style));
	return strstr(plain->str, "display:none") || strstr(plain->str, "visibility:hidden") || strstr(plain->str, "mso-hide:all");
}

/* ---- links ---- */

static void begin_link(struct html_writer *writer, const char **attributes)
{
	static const char *const schemes[] = {"http:", "https:", "mailto:", "ftp:", "tel:"};
	const char *target = attribute(attributes, "href");
	GString *link = NULL;

	g_clear_pointer(&writer->link, g_free);
	for (guint i = 0; target && strlen(target) <= HTML_LINK && i < G_N_ELEMENTS(schemes) && !link; i++)
		if (g_ascii_strncasecmp(target + strspn(target, " \t\r\n"), schemes[i], strlen(schemes[i])) == 0)
			link = g_string_new(NULL);
	if (!link)
		return;
	/* Only what may stand between its brackets. */
	for (target += strspn(target, " \t\r\n"); *target; target++)
		if ((guchar)*target > 32 && *target != 127 && !strchr("<>\"", *target))
			g_string_append_c(link, *target);
	writer->link = g_utf8_make_valid(link->str, (gssize)link->len);
	g_string_free(link, TRUE);
	writer->link_start = writer->line->len;
}

static const char *without_scheme(const char *link)
{
	static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:"};

	for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
		if (g_ascii_strncasecmp(link, schemes[i], strlen(schemes[i])) == 0)
			return link + strlen(schemes[i]);
	return link;
}

/* A link whose text is its address says it once. */
static gboolean is_shown(const char *text, const char *link)
{
	const char *bare = without_scheme(link);
	size_t length = strlen(bare);

	text = without_scheme(text);
	if (length > 0 && bare[length - 1] == '/' && strlen(text) == length - 1)
		length--;
	return strlen(text) == length && g_ascii_strncasecmp(text, bare, length) == 0;
}

static void end_link(struct html_writer *writer)
{
	g_autofree char *link = g_steal_pointer(&writer->link);

	if (!link)
		return;
	g_autofree char *text = g_strstrip(g_strdup(writer->line->str + MIN(writer->link_start, writer->line->len)));
	if (is_shown(text, link))
		return;
	if (writer->line->len > 0 && writer->line->str[writer->line->len - 1] != ' ')
		html_line_put(writer, " ");
	html_line_put(writer, "<");
	html_line_put(writer, g_str_has_prefix(link, "mailto:") ? link + 7 : link);
	html_line_put(writer, ">");
}

/* ---- lists ---- */

static void begin_list(struct html_writer *writer, gboolean ordered)
{
	if (writer->lists == 0)
		html_line_gap(writer);
	else
		html_line_break(writer);
	if (writer->lists < HTML_LISTS) {
		writer->numbers[writer->lists] = 0;
		writer->ordered[writer->lists] = ordered;
	}
	writer->lists++;
}

static void end_list(struct html_writer *writer)
{
	html_line_break(writer);
	writer->marker[0] = '\0';
	writer->lists -= writer->lists > 0;
	if (writer->lists == 0)
		html_line_gap(writer);
}

static void begin_item(struct html_writer *writer)
{
	guint list = writer->lists - 1;

	html_line_break(writer);
	if (writer->lists > 0 && writer->lists <= HTML_LISTS && writer->ordered[list])
		g_snprintf(writer->marker, HTML_MARKER, "%u. ", ++writer->numbers[list]);
	else
		g_snprintf(writer->marker, HTML_MARKER, "- ");
}

/* ---- all ---- */

static void put_picture(struct html_writer *writer, const char **attributes)
{
	const char *alternative = attribute(attributes, "alt");

	if (!alternative || alternative[strspn(alternative, " \t\r\n")] == '\0')
		return;
	html_line_put(writer, "[");
	html_line_text(writer, alternative, strlen(alternative));
	html_line_put(writer, "]");
}

static void begin_quote(struct html_writer *writer)
{
	html_line_gap(writer);
	writer->quotes++;
}

static void begin_cell(struct html_writer *writer)
{
	if (writer->line->len > 0)
		html_line_put(writer, writer->line->str[writer->line->len - 1] == ' ' ? " " : "  ");
}

static void put_rule(struct html_writer *writer)
{
	html_line_gap(writer);
	html_line_put(writer, "----------------------------------------");
	html_line_gap(writer);
}

/* Elements that are themselves alone. FALSE: not one of them. */
static gboolean start_special(struct html_writer *writer, const char *name, const char **attributes)
{
	if (strcmp(name, "a") == 0)
		begin_link(writer, attributes);
	else if (strcmp(name, "br") == 0 && writer->line->len == 0)
		html_line_gap(writer);
	else if (strcmp(name, "br") == 0)
		html_line_break(writer);
	else if (strcmp(name, "ul") == 0 || strcmp(name, "ol") == 0)
		begin_list(writer, name[0] == 'o');
	else if (strcmp(name, "li") == 0)
		begin_item(writer);
	else if (strcmp(name, "img") == 0)
		put_picture(writer, attributes);
	else if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0)
		begin_cell(writer);
	else if (strcmp(name, "blockquote") == 0)
		begin_quote(writer);
	else if (strcmp(name, "hr") == 0)
		put_rule(writer);
	else
		return FALSE;
	return TRUE;
}

void html_start(struct html_writer *writer, const char *name, const char **attributes)
{
	if (is_hidden(name, attributes)) {
		writer->hidden = writer->depth;
		return;
	}
	if (start_special(writer, name, attributes))
		return;
	if (strcmp(name, "pre") == 0) {
		html_line_gap(writer);
		writer->preformatted++;
	} else if (g_strv_contains(blocks, name)) {
		html_line_gap(writer);
	} else if (g_strv_contains(lines, name)) {
		html_line_break(writer);
	}
}

void html_end(struct html_writer *writer, const char *name)
{
	if (strcmp(name, "a") == 0) {
		end_link(writer);
	} else if (strcmp(name, "ul") == 0 || strcmp(name, "ol") == 0) {
		end_list(writer);
	} else if (strcmp(name, "li") == 0) {
		html_line_break(writer);
		writer->marker[0] = '\0';
	} else if (strcmp(name, "blockquote") == 0) {
		html_line_gap(writer);
		writer->quotes -= writer->quotes > 0;
	} else if (strcmp(name, "pre") == 0) {
		html_line_gap(writer);
		writer->preformatted -= writer->preformatted > 0;
	} else if (g_strv_contains(blocks, name)) {
		html_line_gap(writer);
	} else if (g_strv_contains(lines, name)) {
		html_line_break(writer);
	}
}
