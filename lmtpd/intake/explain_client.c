/* An LMTP client of one message; see explain_client.h. */
#include "lmtpd/intake/explain_client.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/base/io.h"
#include "lib/base/text.h"

void explain_client_init(struct explain_client *client)
{
	*client = (struct explain_client){
		.fd = -1,
		.sender = g_strdup(""),
		.recipients = g_ptr_array_new_with_free_func(g_free),
		.message = g_string_new(NULL),
		.unsent = g_string_new(NULL),
		.received = g_string_new(NULL),
		.replies = g_ptr_array_new_with_free_func(g_free),
	};
}

void explain_client_clear(struct explain_client *client)
{
	io_close(&client->fd);
	g_free(client->sender);
	g_ptr_array_unref(client->recipients);
	g_ptr_array_unref(client->replies);
	g_string_free(client->message, TRUE);
	g_string_free(client->unsent, TRUE);
	g_string_free(client->received, TRUE);
}

/* ---- what it says ---- */

/* xtext, RFC 3461 section 4. */
static void append_attribute(GString *out, const char *name, const char *value)
{
	if (!value)
		return;
	g_string_append_printf(out, " %s=", name);
	for (; *value; value++) {
		guchar byte = (guchar)*value;

		if (byte > 32 && byte < 127 && byte != '+' && byte != '=')
			g_string_append_c(out, *value);
		else
			g_string_append_printf(out, "+%02X", byte);
	}
}

static void say_envelope(struct explain_client *client)
{
	GString *out = client->unsent;
	gboolean eight = text_has_8bit(client->message->str, client->message->len);

	/* A queue id of our own would not stand in the mail's topmost Received, and then nothing of our border's is believed. */
	g_string_append(out, "LHLO explain\r\nXFORWARD IDENT=[UNAVAILABLE]");
	append_attribute(out, "NAME", client->client_name);
	append_attribute(out, "ADDR", client->client_address);
	g_string_append_printf(out, "\r\nMAIL FROM:<%s> SIZE=%zu%s%s\r\n", client->sender, client->message->len,
		eight ? " BODY=8BITMIME" : "", client->smtputf8 ? " SMTPUTF8" : "");
	for (guint i = 0; i < client->recipients->len; i++)
		g_string_append_printf(out, "RCPT TO:<%s>\r\n", (char *)g_ptr_array_index(client->recipients, i));
}

/* Dots stuffed, RFC 5321 section 4.5.2. */
static void say_message(struct explain_client *client)
{
	const char *place = client->message->str, *end = place + client->message->len;

	while (place < end) {
		const char *stop = memchr(place, '\n', (size_t)(end - place));
		size_t length = (size_t)((stop ? stop + 1 : end) - place);

		if (*place == '.')
			g_string_append_c(client->unsent, '.');
		g_string_append_len(client->unsent, place, (gssize)length);
		place += length;
	}
	g_string_append(client->unsent, ".\r\n");
}

/* ---- what it hears ---- */

static void hear(struct explain_client *client)
{
	char piece[4096];
	ssize_t got;
	char *end;

	while ((got = recv(client->fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0)
		g_string_append_len(client->received, piece, got);
	while ((end = strstr(client->received->str, "\r\n"))) {
		gsize length = (gsize)(end - client->received->str);

		if (length >= 3 && client->received->str[3] != '-')
			g_ptr_array_add(client->replies, g_strndup(client->received->str, length));
		g_string_erase(client->received, 0, (gssize)length + 2);
	}
}

/* Greeting, LHLO, XFORWARD and MAIL stand before the RCPTs. */
static const char *rcpt_reply(const struct explain_client *client, guint recipient)
{
	return recipient + 4 < client->replies->len ? g_ptr_array_index(client->replies, recipient + 4) : NULL;
}

gboolean explain_client_accepted(const struct explain_client *client, guint recipient)
{
	const char *reply = rcpt_reply(client, recipient);

	return reply && *reply == '2';
}

static guint accepted_before(const struct explain_client *client, guint recipient)
{
	guint count = 0;

	for (guint i = 0; i < recipient; i++)
		count += explain_client_accepted(client, i);
	return count;
}

/* A sender that is not taken is what each recipient's reply is about. */
const char *explain_client_reply(const struct explain_client *client, guint recipient)
{
	const char *mail = client->replies->len > 3 ? g_ptr_array_index(client->replies, 3) : NULL;

	if (mail && *mail != '2')
		return mail;
	if (!explain_client_accepted(client, recipient))
		return rcpt_reply(client, recipient);
	/* DATA's own reply comes first. */
	guint place = 4 + client->recipients->len + 1 + accepted_before(client, recipient);
	return place < client->replies->len ? g_ptr_array_index(client->replies, place) : NULL;
}

static enum explain_step next_step(struct explain_client *client)
{
	guint last = client->replies->len - 1;

	switch (client->step) {
	case EXPLAIN_GREETING:
		say_envelope(client);
		return EXPLAIN_ENVELOPE;
	case EXPLAIN_ENVELOPE:
		if (accepted_before(client, client->recipients->len) == 0)
			break;
		g_string_append(client->unsent, "DATA\r\n");
		return EXPLAIN_DATA;
	case EXPLAIN_DATA:
		if (!g_str_has_prefix(g_ptr_array_index(client->replies, last), "354"))
			break;
		say_message(client);
		return EXPLAIN_MESSAGE;
	case EXPLAIN_MESSAGE:
	case EXPLAIN_OVER:
		break;
	}
	return EXPLAIN_OVER;
}

void explain_client_talk(struct explain_client *client)
{
	if (client->fd < 0)
		return;
	hear(client);
	/* It is asked when the session has read all that was said, and has answered. */
	if (client->sent == client->unsent->len && client->step != EXPLAIN_OVER && client->replies->len > 0) {
		g_string_truncate(client->unsent, 0);
		client->sent = 0;
		client->step = next_step(client);
	}
	ssize_t went = send(client->fd, client->unsent->str + client->sent, client->unsent->len - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (went > 0)
		client->sent += (gsize)went;
	/* Its end is the end of the session, as when a client hangs up after its last reply. */
	if (client->step == EXPLAIN_OVER)
		io_close(&client->fd);
}
