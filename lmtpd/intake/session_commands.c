/* The commands of a session but DATA and STARTTLS. Sequence and arguments were checked before (session.c). */
#include "lmtpd/intake/session_state.h"

#include <string.h>

#include "lib/base/log.h"

static void free_recipient(void *data)
{
	struct session_recipient *recipient = data;

	g_free(recipient->address);
	g_free(recipient->list);
	g_free(recipient->extension);
	g_free(recipient);
}

static void free_envelope(struct session_envelope *envelope)
{
	g_free(envelope->sender);
	g_free(envelope->sasl_user);
	g_free(envelope->client_name);
	g_free(envelope->client_address);
	g_free(envelope->client_helo);
	g_free(envelope->queue_id);
	g_clear_pointer(&envelope->recipients, g_ptr_array_unref);
	*envelope = (struct session_envelope){0};
}

void session_reset(struct session *session)
{
	free_envelope(&session->envelope);
	session->mail = FALSE;
	session->asked = 0;
}

void session_lhlo(struct session *session, const struct command *command)
{
	const struct session_config *config = session->config;
	char size[32];

	session_reset(session);
	session->greeted = TRUE;
	log_debug("LHLO from %s", command->name);
	g_snprintf(size, sizeof(size), "SIZE %" G_GUINT64_FORMAT, config->message_size_limit);
	session_say_more(session, 250, config->hostname);
	session_say_more(session, 250, "PIPELINING");
	session_say_more(session, 250, "ENHANCEDSTATUSCODES");
	session_say_more(session, 250, "SMTPUTF8");
	session_say_more(session, 250, size);
	if (config->tls_control >= 0 && !session->tls)
		session_say_more(session, 250, "STARTTLS");
	if (config->trusted)
		session_say_more(session, 250, "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE");
	session_say(session, 250, NULL, "8BITMIME");
}

void session_mail(struct session *session, const struct command *command)
{
	struct session_envelope *envelope = &session->envelope;

	if (command->size > session->config->message_size_limit) {
		session_say(session, 552, "5.3.4", "Message is larger than we take");
		return;
	}
	session->mail = TRUE;
	envelope->sender = g_strdup(command->address);
	envelope->smtputf8 = command->smtputf8;
	envelope->body_8bit = command->body_8bit;
	if (session->config->trusted)
		envelope->sasl_user = g_strdup(command->auth);
	envelope->recipients = g_ptr_array_new_with_free_func(free_recipient);
	session_say(session, 250, "2.1.0", "Ok");
}

/*
 * The same address may come twice: it gets as many replies as it has RCPTs, so both are kept, and
 * whoever decides about the post sees that they are one list.
 */
void session_rcpt(struct session *session, const struct command *command)
{
	struct session_recipient *recipient;
	struct verdict verdict;

	if (session->asked >= session->config->recipients_limit) {
		session_say(session, 452, "4.5.3", "Too many recipients");
		return;
	}
	session->asked++;
	recipient = g_new0(struct session_recipient, 1);
	recipient->address = g_strdup(command->address);
	verdict = session->handlers->route(session->handlers->context, recipient);
	if (!verdict_is_final(&verdict)) {
		g_ptr_array_add(session->envelope.recipients, recipient);
		session_say(session, 250, "2.1.5", "Ok");
		return;
	}
	free_recipient(recipient);
	/* A 2xx without a recipient behind it would shift every reply after the dot to the wrong RCPT. */
	if (verdict.code / 100 != 4 && verdict.code / 100 != 5)
		verdict = verdict_deferred("4.3.0", "Routing gave no answer");
	session_say_verdict(session, &verdict);
}

void session_rset(struct session *session, const struct command *command)
{
	session_reset(session);
	session_say(session, 250, "2.0.0", "Ok");
}

void session_noop(struct session *session, const struct command *command)
{
	session_say(session, 250, "2.0.0", "Ok");
}

void session_help(struct session *session, const struct command *command)
{
	session_say(session, 214, "2.0.0", "Rollcall takes posts for mailing lists by LMTP, RFC 2033");
}

void session_quit(struct session *session, const struct command *command)
{
	session_say(session, 221, "2.0.0", "Bye");
	session->over = TRUE;
}

/* Several XFORWARDs add up; "" says that Postfix does not know, which to us is the same as not said. */
static void set_forward(char **field, const char *value)
{
	if (!value)
		return;
	g_free(*field);
	*field = *value ? g_strdup(value) : NULL;
}

void session_xforward(struct session *session, const struct command *command)
{
	struct session_envelope *envelope = &session->envelope;

	set_forward(&envelope->client_name, command->forward[FORWARD_NAME]);
	set_forward(&envelope->client_address, command->forward[FORWARD_ADDR]);
	set_forward(&envelope->client_helo, command->forward[FORWARD_HELO]);
	set_forward(&envelope->queue_id, command->forward[FORWARD_IDENT]);
	session_say(session, 250, "2.0.0", "Ok");
}
