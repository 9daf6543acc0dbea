/*
 * The beginning of a session; see smtp_session.h. A server that lacks EHLO is spoken to without any extension. STARTTLS as smtp_tls says: "may" takes what is
 * offered, but what fails then does not go on in plain text, for whoever can disturb a handshake could also read.
 */
#include "lib/relay/smtp_session.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/dns/dns_addresses.h"
#include "lib/relay/relay_connect.h"
#include "lib/relay/smtp_login.h"

enum { CONNECT_TIME = 20 }; /* seconds for each address */

/* ---- one step ---- */

static struct deadline step_deadline(struct deadline deadline)
{
	return deadline_earlier(deadline, deadline_in(SMTP_STEP_TIME));
}

struct verdict smtp_session_refused(const char *step, const struct smtp_reply *reply)
{
	char text[SMTP_TEXT_SIZE];

	smtp_reply_text(reply, NULL, text);
	return verdict_deferred("4.3.0", "mail server said at %s: %s", step, text);
}

gboolean smtp_session_say(struct smtp_session *session, const char *command, struct deadline deadline, struct verdict *verdict)
{
	enum smtp_stream_result result =
		smtp_stream_send(session->stream, command, strlen(command), step_deadline(deadline));

	/* Whoever broke off may have said why: the next reply is it. */
	if (result == SMTP_STREAM_SENT || result == SMTP_STREAM_INTERRUPTED)
		return TRUE;
	*verdict = verdict_deferred("4.4.2", "mail server: %s", smtp_stream_word(result));
	return FALSE;
}

gboolean smtp_session_hear(struct smtp_session *session, const char *step, struct smtp_reply *reply, struct deadline deadline,
	struct verdict *verdict)
{
	g_autoptr(GString) reason = g_string_new(NULL);

	if (smtp_stream_reply(session->stream, step_deadline(deadline), reply, reason))
		return TRUE;
	*verdict = verdict_deferred("4.4.2", "mail server broke off at %s: %s", step, reason->str);
	return FALSE;
}

/* ---- connection ---- */

static int connect_to(const struct addrinfo *place, struct deadline deadline)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo(place->ai_addr, place->ai_addrlen, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return -1;
	g_autofree char *endpoint = g_strdup_printf("inet:[%s]:%s", host, port);
	return relay_connect(endpoint, deadline_earlier(deadline, deadline_in(CONNECT_TIME)));
}

/* One address after the other: a name has several so that one may be down. */
static int connect_by_name(const struct smtp_place *place, struct deadline deadline)
{
	struct addrinfo *found = dns_addresses(place->host, place->port, FALSE);
	int fd = -1;

	if (!found)
		errno = ENXIO;
	for (const struct addrinfo *next = found; next && fd < 0; next = next->ai_next)
		fd = connect_to(next, deadline);
	int saved_errno = errno;
	if (found)
		freeaddrinfo(found);
	errno = saved_errno;
	return fd;
}

static gboolean connect_session(struct smtp_session *session, const struct smtp_place *place, struct deadline deadline,
	struct verdict *verdict)
{
	io_autofd int fd = place->by_name ? connect_by_name(place, deadline)
									  : relay_connect(place->endpoint, deadline_earlier(deadline, deadline_in(CONNECT_TIME)));

	if (fd < 0) {
		*verdict = verdict_deferred("4.4.1", "mail server not reached: %s", errno == ENXIO ? "its name has no address, or DNS does not say" : g_strerror(errno));
		return FALSE;
	}
	session->stream = smtp_stream_new(io_steal_fd(&fd));
	return TRUE;
}

/* ---- EHLO ---- */

static gboolean hello(struct smtp_session *session, const char *verb, const char *name, struct deadline deadline,
	struct verdict *verdict)
{
	g_autofree char *command = g_strdup_printf("%s %s\r\n", verb, name);
	struct smtp_reply reply;

	if (!smtp_session_say(session, command, deadline, verdict) || !smtp_session_hear(session, verb, &reply, deadline, verdict))
		return FALSE;
	session->hello = reply.code;
	if (reply.code / 100 != 2) {
		*verdict = smtp_session_refused(verb, &reply);
		return FALSE;
	}
	smtp_reply_offers(&reply, &session->offers);
	return TRUE;
}

/* Old servers know HELO only, and then no extension. */
static gboolean greet(struct smtp_session *session, const struct settings *settings, struct deadline deadline, struct verdict *verdict)
{
	const char *name = process_hostname(settings);

	if (hello(session, "EHLO", name, deadline, verdict))
		return TRUE;
	if (session->hello != 500 && session->hello != 502)
		return FALSE;
	*verdict = VERDICT_UNDECIDED;
	return hello(session, "HELO", name, deadline, verdict);
}

static gboolean banner(struct smtp_session *session, struct deadline deadline, struct verdict *verdict)
{
	struct smtp_reply reply;

	if (!smtp_session_hear(session, "connecting", &reply, deadline, verdict))
		return FALSE;
	if (reply.code / 100 == 2)
		return TRUE;
	*verdict = smtp_session_refused("connecting", &reply);
	return FALSE;
}

/* ---- TLS ---- */

static gboolean start_tls(struct smtp_session *session, const struct smtp_account *account, struct deadline deadline,
	struct verdict *verdict)
{
	g_autoptr(GString) reason = g_string_new(NULL);
	struct smtp_reply reply;
	const struct smtp_tls tls = {
		.verify = strcmp(settings_text(account->settings, SET_smtp_tls, NULL), "require") == 0,
		.host = account->place.host,
		.ca_file = settings_text(account->settings, SET_smtp_tls_ca_file, NULL),
	};

	if (!smtp_session_say(session, "STARTTLS\r\n", deadline, verdict) ||
		!smtp_session_hear(session, "STARTTLS", &reply, deadline, verdict))
		return FALSE;
	if (reply.code != 220) {
		*verdict = smtp_session_refused("STARTTLS", &reply);
		return FALSE;
	}
	if (!smtp_stream_start_tls(session->stream, &tls, step_deadline(deadline), reason)) {
		*verdict = verdict_deferred("4.7.5", "mail server: %s", reason->str);
		return FALSE;
	}
	session->tls = TRUE;
	/* What it said before is anybody's word. */
	return greet(session, account->settings, deadline, verdict);
}

static gboolean secure(struct smtp_session *session, const struct smtp_account *account, struct deadline deadline,
	struct verdict *verdict)
{
	const char *wish = settings_text(account->settings, SET_smtp_tls, NULL);

	/* Nobody listens on a unix socket. */
	if (strcmp(wish, "none") == 0 || !account->place.host)
		return TRUE;
	if (session->offers.starttls)
		return start_tls(session, account, deadline, verdict);
	if (strcmp(wish, "may") == 0)
		return TRUE;
	*verdict = verdict_deferred("4.7.5", "mail server does not offer STARTTLS, and smtp_tls is require");
	return FALSE;
}

/* ---- all of it ---- */

gboolean smtp_session_open(struct smtp_session *session, const struct smtp_account *account, struct deadline deadline,
	struct verdict *verdict)
{
	*session = (struct smtp_session){0};
	return connect_session(session, &account->place, deadline, verdict) && banner(session, deadline, verdict) &&
		greet(session, account->settings, deadline, verdict) && secure(session, account, deadline, verdict) &&
		(!account->password || smtp_login(session, account, deadline, verdict));
}

void smtp_session_end(struct smtp_session *session)
{
	static const char quit[] = "QUIT\r\n";

	if (session->stream && !smtp_stream_is_interrupted(session->stream) &&
		smtp_stream_send(session->stream, quit, strlen(quit), deadline_in(0)) != SMTP_STREAM_SENT)
		log_debug("mail server did not hear QUIT");
	g_clear_pointer(&session->stream, smtp_stream_free);
}
