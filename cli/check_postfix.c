/*
 * Postfix's side. The traps: mail that comes back to where it left, limits of which the other side knows nothing, and settings
 * of the admin's that would change a signed copy. Everything is read from Postfix's files by its own programs.
 * Knowingly not here: other mail servers, other instances than the one named, and policy servers.
 */
#include "cli/check_postfix.h"

#include <string.h>

#include "cli/endpoint.h"
#include "cli/run.h"
#include "lib/base/text.h"

enum { PATIENCE = 60 }; /* seconds for rollcall-postfix, which calls postconf many times */

/* Our own script knows each line that it writes; here only whether they are all there. */
static void check_script(struct postfix_check *part)
{
	struct report *report = part->check->report;
	g_autofree char *script = run_find("rollcall-postfix");
	const char *argv[] = {script, "--config-dir", postfix_directory(part->postfix), "status", NULL};
	struct run_result result;
	g_autoptr(GError) error = NULL;

	if (!script) {
		report_add(report, REPORT_WARNING, "rollcall-postfix is not in PATH: its lines in Postfix are not compared");
		return;
	}
	if (!run_program(argv, "", PATIENCE, &result, &error)) {
		report_add(report, REPORT_WARNING, "rollcall-postfix: %s", error->message);
	} else if (result.status == 0) {
		report_add(report, REPORT_OK, "Postfix: main.cf and master.cf are as rollcall-postfix would write them");
	} else {
		report_add(report, REPORT_WARNING, "Postfix: main.cf and master.cf in %s are not as rollcall-postfix would write them",
			postfix_directory(part->postfix));
		report_todo(report, "rollcall-postfix status shows the difference, rollcall-postfix apply mends it");
	}
	run_result_clear(&result);
}

/* Where a service of master.cf listens, as an endpoint; FALSE when it is of another kind. */
static gboolean service_endpoint(const struct postfix *postfix, const char *service, struct endpoint *endpoint)
{
	const char *slash = strrchr(service, '/');
	g_autofree char *name = g_strndup(service, (gsize)(slash - service));
	g_autofree char *text = NULL;

	if (strcmp(slash, "/inet") != 0)
		return FALSE;
	/* smtp inet, 25 inet, host:25 inet; a name that stands for a port is one of Postfix's own. */
	if (strcmp(name, "smtp") == 0)
		text = g_strdup("inet:*:25");
	else
		text = g_strdup_printf(strrchr(name, ':') ? "inet:%s" : "inet:*:%s", name);
	return endpoint_parse(text, endpoint);
}

/* A socket that both want, or a qmqp_socket at which Postfix speaks something else (HOSTILE C5). */
static void check_shared(struct postfix_check *part, const char *service, const struct endpoint *theirs)
{
	const struct settings *settings = part->check->settings;
	const char *const *listen = settings_strings(settings, SET_listen, NULL);
	struct endpoint ours;

	for (; *listen; listen++) {
		if (!endpoint_parse(*listen, &ours))
			continue;
		if (endpoint_same(&ours, theirs)) {
			report_add(part->check->report, REPORT_ERROR, "listen %s is Postfix's service %s", *listen, service);
			report_todo(part->check->report, "give us a port of our own");
		}
		endpoint_clear(&ours);
	}
	if (settings_is(settings, SET_relay, NULL, "smtp") || !endpoint_parse(settings_text(settings, SET_qmqp_socket, NULL), &ours))
		return;
	if (endpoint_same(&ours, theirs) && !postfix_service_runs(part->postfix, service, "qmqpd")) {
		report_add(part->check->report, REPORT_ERROR, "qmqp_socket is Postfix's service %s, which does not speak QMQP", service);
		report_todo(part->check->report, "the unix socket rollcall-out that rollcall-postfix makes is meant there");
	}
	endpoint_clear(&ours);
}

static void check_sockets_apart(struct postfix_check *part)
{
	g_autoptr(GPtrArray) services = postfix_services(part->postfix);

	for (guint i = 0; i < services->len; i++) {
		const char *service = g_ptr_array_index(services, i);
		struct endpoint endpoint;

		if (!service_endpoint(part->postfix, service, &endpoint))
			continue;
		check_shared(part, service, &endpoint);
		endpoint_clear(&endpoint);
	}
}

static void check_sizes(struct postfix_check *part)
{
	const char *text = postfix_setting(part->postfix, "message_size_limit");
	gint64 ours = settings_number(part->check->settings, SET_message_size_limit, NULL);
	guint64 theirs;

	if (!text_parse_number(text, strlen(text), 0, G_MAXINT64, &theirs) || (theirs > 0 && theirs <= (guint64)ours))
		return;
	report_add(part->check->report, REPORT_WARNING,
		"Postfix takes posts of %s%s bytes, we take %" G_GINT64_FORMAT ": those between are bounced to their authors",
		theirs ? "up to " : "any number of", theirs ? text : "", ours);
	report_todo(part->check->report, "set message_size_limit in [rollcall] at least as high as in main.cf");
}

/* A retry that we have forgotten is a new post to us. A setting of Postfix's is a number and, without a unit, days. */
static void check_lifetime(struct postfix_check *part)
{
	static const struct {
		char unit;
		guint64 seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	const char *text = postfix_setting(part->postfix, "maximal_queue_lifetime");
	gint64 ours = settings_number(part->check->settings, SET_queue_lifetime, NULL);
	size_t digits = strspn(text, "0123456789");
	char unit = text[digits] ? text[digits] : 'd';
	guint64 theirs;

	if (!text_parse_number(text, digits, 0, 8640000, &theirs))
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
		if (units[i].unit == unit && theirs * units[i].seconds > (guint64)ours) {
			report_add(part->check->report, REPORT_WARNING,
				"Postfix tries for %s to deliver a post (maximal_queue_lifetime), we remember deliveries as for %" G_GINT64_FORMAT
				" seconds: a late retry may go out twice", text, ours);
			report_todo(part->check->report, "set queue_lifetime in [rollcall] to the same");
		}
}

static void check_unasked(struct postfix_check *part)
{
	const GPtrArray *unasked = postfix_unasked(part->postfix);

	for (guint i = 0; i < unasked->len; i++) {
		report_add(part->check->report, REPORT_WARNING, "Postfix: %s could not be asked",
			(const char *)g_ptr_array_index(unasked, i));
		report_todo(part->check->report, "see that it has no entry that catches a list's address");
	}
}

static void look(struct postfix_check *part)
{
	check_script(part);
	check_sockets_apart(part);
	check_sizes(part);
	check_lifetime(part);
	check_border(part);
	check_fanout(part);
	check_outgoing(part);
	check_routes(part);
	check_unasked(part);
}

void check_postfix(struct check *check)
{
	g_autoptr(GError) error = NULL;
	struct postfix *postfix = postfix_open(check->postfix_directory, &error);

	if (!postfix) {
		report_add(check->report, error ? REPORT_ERROR : REPORT_WARNING, "Postfix: %s",
			error ? error->message : "there is no postconf here, so its side is not looked at");
		return;
	}
	struct postfix_check part = {.check = check, .postfix = postfix};
	look(&part);
	postfix_free(postfix);
}
