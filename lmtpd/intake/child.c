/*
 * One session in its child: glues the LMTP session to the wire and the stages. The routing phase holds a worker only while
 * commands are waiting; before the session blocks on its peer the worker goes free.
 */
#include "lmtpd/intake/child.h"

#include <string.h>

#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/list/token.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/explain.h"
#include "lmtpd/intake/post.h"
#include "lmtpd/intake/session.h"

/*
 * Seconds until somebody says whose address it is. Workers that are all busy, or a CRM that takes all of query_deadline, would bring in some posts that go back into
 * Postfix's queue after that. But where nobody is there to answer, as after a crash with a key that is gone, Postfix's client is kept for so long, and
 * the generation before the reload that mends it.
 */
enum { ROUTE_TIME = 60 };

struct child {
	const struct child_session *session;
	int routing; /* phase of RCPT questions, -1 when none is open */
};

static void close_routing(void *context)
{
	struct child *child = context;

	io_close(&child->routing);
}

static void let_idle(void *context)
{
	const struct child *child = context;

	close_routing(context);
	if (child->session->explain)
		explain_client_talk(&child->session->explain->client);
}

static struct verdict ask_route(struct child *child, struct session_recipient *recipient)
{
	struct deadline deadline = deadline_in(ROUTE_TIME);
	struct verdict verdict = VERDICT_UNDECIDED;
	const char *list, *extension;
	guint role;

	if (child->routing < 0)
		child->routing = wire_open(child->session->tickets, deadline);
	if (child->routing < 0)
		return verdict_deferred("4.3.2", "all workers are busy, try again later");
	struct wire_question question = {
		.request = WIRE_ROUTE,
		.arguments = g_variant_new("(s)", recipient->address),
		.fd = -1,
	};
	g_autoptr(GVariant) answer = wire_call(child->routing, &question, deadline, &verdict);
	if (!answer) {
		close_routing(child);
		return verdict;
	}
	if (verdict_is_final(&verdict))
		return verdict;
	g_variant_get(answer, "(@(uuss)&su&s)", NULL, &list, &role, &extension);
	if (role >= LIST_ROLE_COUNT)
		return verdict_deferred("4.3.0", "internal trouble (route)");
	recipient->list = g_strdup(list);
	recipient->role = (enum list_role)role;
	recipient->extension = *extension ? g_strdup(extension) : NULL;
	return VERDICT_UNDECIDED;
}

static struct verdict route(void *context, struct session_recipient *recipient)
{
	const struct child *child = context;
	struct verdict verdict = ask_route(context, recipient);

	/* What can be no token at all is nobody's address; whether a token lives is told in the answer and not to guessers. */
	if (!verdict_is_final(&verdict) && recipient->role == LIST_ROLE_CONFIRM && !token_is_valid(recipient->extension))
		verdict = verdict_refused("5.1.1", "nothing is waiting for this confirmation");
	explain_route(child->session->explain, recipient, &verdict);
	return verdict;
}

static void post(void *context, struct session_envelope *envelope, int message)
{
	struct child *child = context;
	struct post_setup setup = {
		.knowledge = child->session->knowledge,
		.tickets = child->session->tickets,
		.peer = child->session->data,
		.explain = child->session->explain,
		.poison = child->session->poison,
	};

	close_routing(child);
	post_deliver(&setup, envelope, message);
}

void child_serve(const struct child_session *session)
{
	const struct settings *settings = session->knowledge->settings;
	struct child child = {.session = session, .routing = -1};
	const struct session_handlers handlers = {
		.context = &child,
		.route = route,
		.idle = let_idle,
		.post = post,
	};
	const struct session_config config = {
		.hostname = process_hostname(settings),
		.message_size_limit = (guint64)settings_number(settings, SET_message_size_limit, NULL),
		.recipients_limit = (guint)settings_number(settings, SET_recipients_limit, NULL),
		.command_deadline = (guint)settings_number(settings, SET_command_deadline, NULL),
		.session_deadline = (guint)settings_number(settings, SET_session_deadline, NULL),
		.post_deadline = (guint)settings_number(settings, SET_post_deadline, NULL),
		/* Whoever may connect at all is Postfix: lmtp_peer_users and lmtp_clients say so. */
		.trusted = TRUE,
		.tls_control = session->control,
	};

	log_debug("session from %s", session->peer);
	session_serve(&config, &handlers, session->data, session->data);
	close_routing(&child);
}
