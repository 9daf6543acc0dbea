/*
 * The way from us into Postfix. A copy must be queued as it was signed and for whom it was meant: what else the admin's Postfix does
 * to mail (filters, milters, size limits) must not apply here, and whoever may enter must be us.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/check_postfix.h"
#include "cli/endpoint.h"
#include "cli/postfix_text.h"
#include "lib/base/text.h"

enum { LARGE_LIST = 100000 }; /* recipients */

static const char apply[] = "rollcall-postfix apply puts it right";

static void finding(struct postfix_check *part, enum report_level level, const char *text)
{
	report_add(part->check->report, level, "Postfix: %s", text);
	report_todo(part->check->report, "%s", apply);
}

/* Size limits count the envelope, too: with main.cf's usual 10 MB a list of 100,000 members is refused. */
static gboolean has_no_limit(struct postfix_check *part, const char *service)
{
	return strcmp(postfix_service_setting(part->postfix, service, "message_size_limit"), "0") == 0;
}

static void check_cleanup(struct postfix_check *part, const char *service)
{
	g_autofree char *cleanup =
		g_strconcat(postfix_service_setting(part->postfix, service, "cleanup_service_name"), "/unix", NULL);

	if (!postfix_service_runs(part->postfix, cleanup, "cleanup"))
		finding(part, REPORT_ERROR, "the cleanup service that the fan-out wants is not in master.cf");
	else if (!has_no_limit(part, service) || !has_no_limit(part, cleanup))
		finding(part, REPORT_WARNING, "message_size_limit holds for the fan-out, too: a large list's posts would wait for ever");
}

static gboolean is_set(const struct postfix *postfix, const char *service, const char *cleanup, const char *name)
{
	return *postfix_service_setting(postfix, service, name) || *postfix_service_setting(postfix, cleanup, name);
}

/* qmqpd says whether there are checks and milters at all, cleanup which. */
static void check_content(struct postfix_check *part, const char *service)
{
	const struct postfix *postfix = part->postfix;
	g_autofree char *cleanup = g_strconcat(postfix_service_setting(postfix, service, "cleanup_service_name"), "/unix", NULL);
	const char *override = postfix_service_setting(postfix, service, "receive_override_options");
	const char *clients = postfix_service_setting(postfix, service, "qmqpd_authorized_clients");

	if (*postfix_service_setting(postfix, service, "content_filter"))
		finding(part, REPORT_ERROR, "content_filter takes the copies in its hands: signatures break, and it may refuse some");
	if (!postfix_text_has(override, "no_milters") && is_set(postfix, service, cleanup, "non_smtpd_milters"))
		finding(part, REPORT_ERROR, "non_smtpd_milters change the copies after they are signed");
	if (!postfix_text_has(override, "no_header_body_checks") &&
		(is_set(postfix, service, cleanup, "header_checks") || is_set(postfix, service, cleanup, "body_checks")))
		finding(part, REPORT_WARNING, "header_checks or body_checks may refuse or change the copies");
	if (postfix_text_has(override, "no_address_mappings"))
		finding(part, REPORT_WARNING, "no_address_mappings: members in your virtual alias domains get no copy");
	if (!strstr(clients, "127.0.0.1") && !strstr(clients, "127.0.0.0/8"))
		finding(part, REPORT_ERROR, "qmqpd_authorized_clients does not name 127.0.0.1, as which we come");
}

static void check_service(struct postfix_check *part, const char *service)
{
	if (!postfix_service_command(part->postfix, service)) {
		report_add(part->check->report, REPORT_ERROR, "Postfix: master.cf has no service %s for qmqp_socket", service);
		report_todo(part->check->report, "rollcall-postfix --domain DOMAIN apply, then postfix reload");
	} else if (!postfix_service_runs(part->postfix, service, "qmqpd")) {
		report_add(part->check->report, REPORT_ERROR, "Postfix: service %s does not speak QMQP", service);
		report_todo(part->check->report, "point qmqp_socket at the service that runs qmqpd");
	} else {
		check_cleanup(part, service);
		check_content(part, service);
	}
}

/* With the daemon's own user and group. */
static void check_enterable(struct postfix_check *part, const char *path)
{
	struct check *check = part->check;
	struct stat status;

	if (!identity_assume(&check->identity))
		return;
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 && stat(path, &status) == 0 && S_ISSOCK(status.st_mode)) {
		report_add(check->report, REPORT_OK, "Postfix: the daemon can enter %s", path);
	} else if (errno == EACCES) {
		report_add(check->report, REPORT_ERROR, "qmqp_socket %s: the daemon may not enter", path);
		report_todo(check->report, "set qmqp_group to the group of its directory, usually postdrop");
	} else {
		report_add(check->report, REPORT_ERROR, "qmqp_socket %s: %s", path,
			errno == ENOENT ? "is not there" : "is no socket");
		report_todo(check->report, "postfix reload, or postfix start");
	}
	identity_resume(&check->identity);
}

/* unix:QUEUE-DIRECTORY/public/NAME is service NAME. */
static void check_unix(struct postfix_check *part, const char *path)
{
	g_autofree char *directory = g_path_get_dirname(path);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *public = g_build_filename(postfix_setting(part->postfix, "queue_directory"), "public", NULL);
	g_autofree char *service = g_strconcat(name, "/unix", NULL);

	if (strcmp(directory, public) == 0) {
		check_service(part, service);
		check_enterable(part, path);
		return;
	}
	report_add(part->check->report, REPORT_ERROR, "qmqp_socket %s is no public socket of the Postfix in %s", path,
		postfix_directory(part->postfix));
	report_todo(part->check->report, "this Postfix has its public sockets in %s; for another instance see --postfix-config", public);
}

/* By SMTP the server may be another one; where it is this Postfix, its limit can be known before a large list meets it. */
static void check_recipient_limit(struct postfix_check *part)
{
	const struct settings *settings = part->check->settings;
	const char *where = settings_text(settings, SET_smtp_server, NULL);
	struct endpoint endpoint;
	guint64 limit;

	if (!endpoint_parse(where, &endpoint))
		return;
	g_autofree char *name = g_path_get_basename(endpoint.place);
	g_autofree char *service = endpoint.kind == ENDPOINT_UNIX ? g_strconcat(name, "/unix", NULL) : g_strdup("smtp/inet");
	const char *text = postfix_service_setting(part->postfix, service, "smtpd_recipient_limit");
	gboolean local = endpoint_is_local(&endpoint);

	endpoint_clear(&endpoint);
	if (!local || !text_parse_number(text, strlen(text), 1, G_MAXUINT, &limit))
		return;
	guint64 batch = (guint64)settings_number(settings, SET_smtp_batch, NULL);
	report_add(part->check->report, batch == 0 && limit < LARGE_LIST ? REPORT_WARNING : REPORT_OK,
		"smtp_server %s: Postfix's %s takes %" G_GUINT64_FORMAT " recipients at once (smtpd_recipient_limit)", where, service, limit);
	if (batch == 0 && limit < LARGE_LIST)
		report_todo(part->check->report, "raise it for that service, or set smtp_batch = %" G_GUINT64_FORMAT ", or a longer list's posts wait", limit);
}

void check_fanout(struct postfix_check *part)
{
	struct endpoint endpoint;

	if (settings_is(part->check->settings, SET_relay, NULL, "smtp")) {
		check_recipient_limit(part);
		return;
	}
	if (!endpoint_parse(settings_text(part->check->settings, SET_qmqp_socket, NULL), &endpoint))
		return;
	if (endpoint.kind == ENDPOINT_UNIX)
		check_unix(part, endpoint.place);
	else {
		report_add(part->check->report, REPORT_WARNING, "qmqp_socket: whoever may connect to port %u can send as your lists",
			endpoint.port);
		report_todo(part->check->report, "use the unix socket that rollcall-postfix makes, if Postfix is on this machine");
	}
	endpoint_clear(&endpoint);
}
