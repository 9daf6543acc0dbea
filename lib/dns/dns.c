/* The resolver; see dns.h. */
#include "lib/dns/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <event2/event.h>
#include <string.h>
#include <unbound.h>
#include <unbound-event.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/dns/dns_records.h"

G_DEFINE_QUARK(rollcall-dns-error-quark, dns_error)

enum {
	NAME_LIMIT = 253, /* bytes of a name as text without the last dot: RFC 1035 2.3.4 */
	LABEL_LIMIT = 63, /* the same */
	UDP_PATIENCE = 1128, /* milliseconds for the first answer by UDP, of which two may be lost within 5 s; unbound.conf(5) advises it for long lines */
	BOGUS = 1,        /* libunbound's word for an answer that failed its DNSSEC check */
};

struct dns {
	const struct settings *settings;
	struct event_base *events;
	struct event *alarm;
	struct ub_ctx *context; /* NULL until somebody asks */
};

/* One question under way. */
struct question {
	struct dns *dns;
	gboolean answered;
	enum txt_result result;
	GPtrArray *texts;
	const char *why;
};

/*
 * infra-host-ttl: how badly a server did is forgotten at once. Otherwise whoever sends mail from a domain whose own name servers are
 * silent could make libunbound give up our resolver, which is all that it knows, for everybody.
 * num-queries-per-thread: questions given up after our deadline still run; so many at most.
 * max-reuse-tcp-queries: a TCP connection that has gone dumb, behind a firewall that forgot it or with a length that lies, is not asked again. By itself
 * libunbound asks it as long as somebody asks, and each question puts its end off: no post got through any more.
 */
static const char *const options[][2] = {
	{"infra-host-ttl:", "1"},
	{"num-queries-per-thread:", "256"},
	{"outgoing-range:", "32"},
	{"do-not-query-localhost:", "no"},
	{"max-reuse-tcp-queries:", "1"},
};

/* ---- settings ---- */

/* "ADDRESS" or "ADDRESS@PORT", as libunbound takes it. */
static gboolean is_server(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "@", 2);
	guint8 address[16];
	guint64 port;

	if (parts[1] && !text_parse_number(parts[1], strlen(parts[1]), 1, 65535, &port))
		return FALSE;
	return inet_pton(AF_INET, parts[0], address) == 1 || inet_pton(AF_INET6, parts[0], address) == 1;
}

gboolean dns_check(const struct settings *settings, GError **error)
{
	const char *const *server = settings_strings(settings, SET_resolver, NULL);
	const char *anchor = settings_text(settings, SET_dnssec_anchor, NULL);

	for (; *server; server++)
		if (!is_server(*server)) {
			g_set_error(error, DNS_ERROR, DNS_ERROR_SETTINGS, "resolver: expected ADDRESS or ADDRESS@PORT, found \"%s\"",
				*server);
			return FALSE;
		}
	if (!*anchor)
		return TRUE;
	g_autofree char *data = NULL;
	g_autoptr(GError) wrong = NULL;
	if (g_file_get_contents(anchor, &data, NULL, &wrong) && (strstr(data, "DNSKEY") || strstr(data, "DS")))
		return TRUE;
	g_set_error(error, DNS_ERROR, DNS_ERROR_SETTINGS, "dnssec_anchor: %s",
		wrong ? wrong->message : "expected DS or DNSKEY records as a zone file has them");
	return FALSE;
}

/* ---- the context ---- */

static gboolean set_servers(struct ub_ctx *context, const struct settings *settings)
{
	const char *const *server = settings_strings(settings, SET_resolver, NULL);

	if (!*server)
		return ub_ctx_resolvconf(context, NULL) == 0;
	for (; *server; server++)
		if (ub_ctx_set_fwd(context, *server) != 0)
			return FALSE;
	return TRUE;
}

/*
 * The question that finds it dumb asks another while there is still time. The option's name notwithstanding, libunbound waits so long for the answer to
 * the first question too: less than a slow server needs, and nothing is ever learnt by TCP.
 */
static gboolean set_tcp_patience(struct ub_ctx *context, const struct settings *settings)
{
	guint64 patience = settings_number(settings, SET_dns_deadline, NULL);
	g_autofree char *half = g_strdup_printf("%" G_GUINT64_FORMAT, patience * 1000 / 2);

	return ub_ctx_set_option(context, "tcp-reuse-timeout:", half) == 0;
}

/*
 * libunbound takes a server that it does not know for lost after 376 ms and asks again, each time with twice the patience; an answer to a question that it has
 * given up is dropped. Since infra-host-ttl makes it know nobody for long, a resolver that needs half a second for each answer cost two or three rounds,
 * 3 s, for each first name, and one that needs 2 s got no first name through.
 */
static gboolean set_udp_patience(struct ub_ctx *context, const struct settings *settings)
{
	guint64 patience = settings_number(settings, SET_dns_deadline, NULL);
	g_autofree char *wait = g_strdup_printf("%" G_GUINT64_FORMAT, MIN(patience * 1000 / 4, UDP_PATIENCE));

	return ub_ctx_set_option(context, "unknown-server-time-limit:", wait) == 0;
}

static gboolean set_up(struct ub_ctx *context, const struct settings *settings)
{
	const char *anchor = settings_text(settings, SET_dnssec_anchor, NULL);
	gboolean good = ub_ctx_debugout(context, NULL) == 0;

	for (gsize i = 0; i < G_N_ELEMENTS(options); i++)
		good = good && ub_ctx_set_option(context, options[i][0], options[i][1]) == 0;
	if (*anchor)
		good = good && ub_ctx_add_ta_file(context, anchor) == 0;
	else
		good = good && ub_ctx_set_option(context, "module-config:", "iterator") == 0;
	return good && set_tcp_patience(context, settings) && set_udp_patience(context, settings) && set_servers(context, settings);
}

static void close_context(struct dns *dns)
{
	if (dns->context)
		ub_ctx_delete(dns->context);
	if (dns->alarm)
		event_free(dns->alarm);
	if (dns->events)
		event_base_free(dns->events);
	dns->context = NULL;
	dns->alarm = NULL;
	dns->events = NULL;
}

static void on_alarm(evutil_socket_t fd, short what, void *data)
{
	struct dns *dns = data;

	event_base_loopbreak(dns->events);
}

static gboolean open_context(struct dns *dns)
{
	if (dns->context)
		return TRUE;
	dns->events = event_base_new();
	if (dns->events) {
		dns->alarm = evtimer_new(dns->events, on_alarm, dns);
		dns->context = ub_ctx_create_event(dns->events);
	}
	if (dns->alarm && dns->context && set_up(dns->context, dns->settings))
		return TRUE;
	close_context(dns);
	return FALSE;
}

struct dns *dns_new(const struct settings *settings)
{
	struct dns *dns = g_new0(struct dns, 1);

	dns->settings = settings;
	return dns;
}

void dns_free(struct dns *dns)
{
	if (!dns)
		return;
	close_context(dns);
	g_free(dns);
}

/* ---- asking ---- */

gboolean dns_name_is_askable(const char *name)
{
	size_t length = strlen(name), label = 0;

	if (length == 0 || length > NAME_LIMIT)
		return FALSE;
	for (const char *p = name; *p; p++) {
		label = *p == '.' ? 0 : label + 1;
		if (label > LABEL_LIMIT || (*p == '.' && (p == name || p[-1] == '.')))
			return FALSE;
		if (!g_ascii_isalnum(*p) && !strchr("-_.", *p))
			return FALSE;
	}
	return label > 0;
}

static void on_answer(void *data, int code, void *packet, int length, int security, char *bogus, int limited)
{
	struct question *question = data;

	question->answered = TRUE;
	question->result = TXT_TROUBLE;
	if (security == BOGUS)
		question->why = "the DNSSEC check failed";
	else if (code != ns_r_noerror || !packet || length <= 0)
		question->why = "no server gave an answer";
	else
		question->result = dns_records_read(packet, (size_t)length, question->texts, &question->why);
	event_base_loopbreak(question->dns->events);
}

static void wait_for_answer(struct question *question, struct deadline deadline)
{
	struct dns *dns = question->dns;

	while (!question->answered && !deadline_passed(deadline)) {
		int left = deadline_left(deadline);
		struct timeval time = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};

		if (event_add(dns->alarm, &time) != 0 || event_base_loop(dns->events, 0) < 0)
			return;
	}
	event_del(dns->alarm);
}

static enum txt_result ask(struct question *question, const char *name, struct deadline deadline)
{
	int id = 0;

	question->why = "the resolver cannot be set up";
	if (!open_context(question->dns) ||
		ub_resolve_event(question->dns->context, name, ns_t_txt, ns_c_in, question, on_answer, &id) != 0)
		return TXT_TROUBLE;
	wait_for_answer(question, deadline);
	if (question->answered)
		return question->result;
	/* From here on nobody calls back: `question` is on our stack. */
	ub_cancel(question->dns->context, id);
	question->why = "no answer in time";
	return TXT_TROUBLE;
}

enum txt_result dns_txt(struct dns *dns, const char *name, struct deadline deadline, GPtrArray *texts, char **why)
{
	struct question question = {.dns = dns, .texts = texts};
	guint patience = (guint)settings_number(dns->settings, SET_dns_deadline, NULL);

	if (why)
		*why = NULL;
	if (!dns_name_is_askable(name))
		return TXT_NO_NAME;
	enum txt_result result = ask(&question, name, deadline_earlier(deadline, deadline_in(patience)));
	if (result == TXT_TROUBLE && why)
		*why = g_strdup(question.why);
	return result;
}
