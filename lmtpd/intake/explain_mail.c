/* A mail out of a file; see explain_mail.h. */
#include "lmtpd/intake/explain_mail.h"

#include <string.h>

#include "lib/base/explain_letter.h"
#include "lib/base/text.h"
#include "lib/list/address.h"
#include "lib/list/list.h"
#include "lib/mail/author.h"
#include "lib/mail/scan.h"

/* CRLF line ends, the last one too. All else stays, bare CR and NUL included: to refuse them is the session's affair. */
static void read_lines(const struct io_mapping *raw, GString *out)
{
	const char *place = raw->data, *end = raw->data + raw->length;

	while (place < end) {
		const char *stop = memchr(place, '\n', (size_t)(end - place));
		size_t length = (size_t)((stop ? stop : end) - place);

		g_string_append_len(out, place, (gssize)(length > 0 && stop && stop[-1] == '\r' ? length - 1 : length));
		g_string_append(out, "\r\n");
		place += length + (stop ? 1 : 0);
	}
}

/* Nothing that could end a command, or the path in it. */
static gboolean is_plain(const char *text)
{
	for (; *text; text++)
		if ((guchar)*text <= ' ' || *text == 127 || *text == '<' || *text == '>')
			return FALSE;
	return TRUE;
}

/* ---- recipients ---- */

static gboolean contains(const GPtrArray *addresses, const char *address)
{
	for (guint i = 0; i < addresses->len; i++)
		if (address_same(g_ptr_array_index(addresses, i), address))
			return TRUE;
	return FALSE;
}

static void add_if_ours(const struct settings *settings, const char *word, GPtrArray *recipients)
{
	g_autoptr(GString) normal = g_string_new(NULL);

	if (address_normalise(word, strlen(word), TRUE, normal) != ADDRESS_OK || contains(recipients, normal->str))
		return;
	g_autoptr(GArray) readings = list_readings(settings, normal->str);
	if (readings->len > 0 && recipients->len < EXPLAIN_RECIPIENTS)
		g_ptr_array_add(recipients, g_strdup(normal->str));
}

/* Whatever looks like an address of ours is one: nothing is decided by it. */
static void find_recipients(const struct settings *settings, const struct header *header, GPtrArray *recipients)
{
	static const char *const names[] = {"To", "Cc"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		for (guint place = 0; place < header_count(header, names[i]); place++) {
			g_autofree char *value = header_value(header, names[i], place);
			g_auto(GStrv) words = g_strsplit_set(value, " \t\r\n,;:<>()[]\"", -1);

			for (char **word = words; *word; word++)
				if (strchr(*word, '@'))
					add_if_ours(settings, *word, recipients);
		}
}

/* ---- sender ---- */

static char *return_path(const struct header *header)
{
	g_autofree char *value = header_value(header, "Return-Path", 0);
	gsize length = value ? strlen(value) : 0;

	if (length < 2 || value[0] != '<' || value[length - 1] != '>')
		return NULL;
	char *path = g_strndup(value + 1, length - 2);
	if (!is_plain(path) || !text_is_utf8(path, strlen(path)))
		g_clear_pointer(&path, g_free);
	return path;
}

/* The parser that reads From is not shown what the first stage would not let it see. */
static char *find_sender(const GString *message, const struct header *header)
{
	struct verdict scan = scan_message(message->str, message->len);
	struct author author = {0};
	char *path = return_path(header);

	if (path || verdict_is_final(&scan))
		return path ? path : g_strdup("");
	struct verdict verdict = author_read(header, TRUE, &author);
	char *sender = g_strdup(verdict_is_final(&verdict) ? "" : author.address);
	author_clear(&author);
	return sender;
}

static gboolean wants_utf8(const struct explain_client *client, size_t body)
{
	gboolean wants = text_has_8bit(client->message->str, body) || text_has_8bit(client->sender, strlen(client->sender));

	for (guint i = 0; i < client->recipients->len && !wants; i++) {
		const char *address = g_ptr_array_index(client->recipients, i);

		wants = text_has_8bit(address, strlen(address));
	}
	return wants;
}

void explain_mail_read(const struct settings *settings, const struct io_mapping *raw, GVariant *question, struct explain *explain)
{
	struct explain_client *client = &explain->client;
	struct header header = {0};
	size_t body = 0;
	const char *sender = NULL;
	g_autofree const char **to = NULL;

	g_variant_get(question, "(^a&sm&sm&sm&sm&s)", &to, &sender, &explain->method, &client->client_name, &client->client_address);
	read_lines(raw, client->message);
	gboolean parsed = header_parse(client->message->str, client->message->len, &header, &body) == HEADER_OK;
	for (const char **address = to; *address; address++)
		if (is_plain(*address) && client->recipients->len < EXPLAIN_RECIPIENTS && !contains(client->recipients, *address))
			g_ptr_array_add(client->recipients, g_strdup(*address));
	if (!*to && parsed)
		find_recipients(settings, &header, client->recipients);
	g_free(client->sender);
	if (sender)
		client->sender = g_strdup(is_plain(sender) ? sender : "");
	else
		client->sender = parsed ? find_sender(client->message, &header) : g_strdup("");
	client->smtputf8 = wants_utf8(client, parsed ? body : 0);
	header_clear(&header);
}
