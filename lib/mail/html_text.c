/* HTML as plain text; see html_text.h. What each element does stands in html_element.c, how lines are made in html_line.c. */
#include "lib/mail/html_text.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/mail/html_internal.h"

static void on_start(void *context, const xmlChar *name, const xmlChar **attributes)
{
	struct html_writer *writer = context;

	if (++writer->depth > HTML_TEXT_DEPTH) {
		writer->failed = TRUE;
		xmlStopParser(writer->parser);
		return;
	}
	if (writer->hidden == 0)
		html_start(writer, (const char *)name, (const char **)attributes);
}

static void on_end(void *context, const xmlChar *name)
{
	struct html_writer *writer = context;

	if (writer->hidden == 0)
		html_end(writer, (const char *)name);
	else if (writer->hidden == writer->depth)
		writer->hidden = 0;
	writer->depth -= writer->depth > 0;
}

static void on_text(void *context, const xmlChar *text, int length)
{
	struct html_writer *writer = context;

	if (writer->hidden == 0 && length > 0)
		html_line_text(writer, (const char *)text, (size_t)length);
}

/* Its words about broken HTML are for nobody. */
static void on_problem(void *context, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void on_problem(void *context, const char *format, ...)
{
}

void html_text_warm_up(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	static const char sample[] = "<p>&eacute;</p>";

	xmlInitParser();
	if (!html_text_append(sample, strlen(sample), out))
		log_panic("html_text: libxml2 cannot read HTML");
}

static gboolean has_too_many_tokens(const char *html, size_t length)
{
	guint tokens = 0;

	for (size_t i = 0; i < length; i++)
		if (memchr(" \t\r\n\f\"'", html[i], 7) && (i == 0 || !memchr(" \t\r\n\f", html[i - 1], 5)))
			tokens++;
	return tokens > HTML_TEXT_TOKENS;
}

static gboolean parse(const char *html, size_t length, struct html_writer *writer)
{
	htmlSAXHandler handler = {
		.startElement = on_start,
		.endElement = on_end,
		.characters = on_text,
		.cdataBlock = on_text,
		.ignorableWhitespace = on_text,
		.warning = on_problem,
		.error = on_problem,
		.fatalError = on_problem,
	};
	htmlParserCtxtPtr parser = htmlCreateMemoryParserCtxt(html, (int)length);

	if (!parser)
		return FALSE;
	writer->parser = parser;
	htmlSAXHandlerPtr own = parser->sax;
	parser->sax = &handler;
	parser->userData = writer;
	/* The caller has made it UTF-8, whatever it says of itself. */
	(void)htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
		HTML_PARSE_NOIMPLIED | HTML_PARSE_IGNORE_ENC | HTML_PARSE_COMPACT);
	(void)xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
	htmlParseDocument(parser);
	parser->sax = own;
	/* A document that the parser made in spite of us. */
	if (parser->myDoc)
		xmlFreeDoc(parser->myDoc);
	htmlFreeParserCtxt(parser);
	return !writer->failed;
}

gboolean html_text_append(const char *html, size_t length, GString *out)
{
	size_t start = out->len;

	if (length > HTML_TEXT_SIZE || memchr(html, '\0', length) || has_too_many_tokens(html, length))
		return FALSE;
	/* libxml2 calls nothing an error. */
	if (length == 0)
		return TRUE;
	struct html_writer writer = {.out = out, .start = start, .line = g_string_new(NULL)};
	gboolean good = parse(html, length, &writer);
	html_line_finish(&writer);
	if (!good)
		g_string_truncate(out, start);
	return good;
}
