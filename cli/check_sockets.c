/*
 * Where Postfix reaches us, where we reach Postfix, and STARTTLS. The trap here is a fan-out that comes straight back:
 * qmqp_socket (or smtp_server) must not be one of our own sockets (HOSTILE C5).
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/endpoint.h"
#include "lib/base/credential.h"
#include "lib/base/networks.h"

enum { UNIX_PATH_LIMIT = 107 }; /* bytes: sun_path without its NUL */

static void fail_setting(struct check *check, enum setting setting, const char *value, const char *fault)
{
	report_add(check->report, REPORT_ERROR, "%s:%u: %s %s: %s", check->config,
		settings_line(check->settings, setting, NULL), settings_row(setting)->name, value, fault);
}

static gboolean read_endpoint(struct check *check, enum setting setting, const char *text, struct endpoint *endpoint)
{
	if (!endpoint_parse(text, endpoint)) {
		fail_setting(check, setting, text, "expected unix:/PATH or inet:ADDRESS:PORT");
		return FALSE;
	}
	if (endpoint->kind == ENDPOINT_UNIX && strlen(endpoint->place) > UNIX_PATH_LIMIT) {
		fail_setting(check, setting, text, "the path of a socket has at most 107 bytes");
		endpoint_clear(endpoint);
		return FALSE;
	}
	return TRUE;
}

/* A socket is made anew at each start, so its directory must be there, and nothing else under its name. */
static void check_place(struct check *check, const char *text, const struct endpoint *endpoint)
{
	g_autofree char *directory = g_path_get_dirname(endpoint->place);
	const char *run = settings_text(check->settings, SET_run_directory, NULL);
	struct stat status;

	if (access(directory, F_OK) != 0 && strcmp(directory, run) != 0) {
		fail_setting(check, SET_listen, text, "its directory is not there");
		report_todo(check->report, "mkdir %s", directory);
	} else if (lstat(endpoint->place, &status) == 0 && !S_ISSOCK(status.st_mode)) {
		fail_setting(check, SET_listen, text, "something else has this name");
	}
}

static void check_listener(struct check *check, const char *text, const struct endpoint *out, enum setting way)
{
	struct endpoint endpoint;

	if (!read_endpoint(check, SET_listen, text, &endpoint))
		return;
	if (out->place && endpoint_same(&endpoint, out)) {
		g_autofree char *fault = g_strdup_printf("is also %s: posts would come back to us", settings_row(way)->name);

		fail_setting(check, SET_listen, text, fault);
		report_todo(check->report, "%s is Postfix's socket, listen is ours", settings_row(way)->name);
	}
	if (endpoint.kind == ENDPOINT_UNIX)
		check_place(check, text, &endpoint);
	else if (!endpoint_is_local(&endpoint) && !*settings_text(check->settings, SET_tls_certificate_file, NULL)) {
		report_add(check->report, REPORT_WARNING, "listen %s: posts cross the network in plain text", text);
		report_todo(check->report, "set tls_certificate_file and tls_key_file");
	}
	endpoint_clear(&endpoint);
}

static void check_listeners(struct check *check)
{
	const char *const *text = settings_strings(check->settings, SET_listen, NULL);
	struct endpoint out = {0};
	enum setting way = settings_is(check->settings, SET_relay, NULL, "smtp") ? SET_smtp_server : SET_qmqp_socket;
	guint errors = report_errors(check->report);

	if (!read_endpoint(check, way, settings_text(check->settings, way, NULL), &out))
		out.place = NULL;
	if (!*text)
		fail_setting(check, SET_listen, "", "nobody could reach us");
	for (; *text; text++)
		check_listener(check, *text, &out, way);
	endpoint_clear(&out);
	if (report_errors(check->report) == errors)
		report_add(check->report, REPORT_OK, "our sockets and Postfix's are different ones");
}

static void check_clients(struct check *check)
{
	const char *bad = NULL;
	g_autoptr(GArray) networks = networks_parse(settings_strings(check->settings, SET_lmtp_clients, NULL), &bad);

	if (!networks)
		fail_setting(check, SET_lmtp_clients, bad, "expected ADDRESS or ADDRESS/BITS");
}

/* Nothing may ever ask on a terminal. */
static int no_password(char *buffer, int size, int writing, void *context)
{
	return -1;
}

static gboolean is_pair(const char *certificate, const char *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_default_passwd_cb(context, no_password);
	gboolean good = SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
		SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 &&
		SSL_CTX_check_private_key(context) == 1;
	SSL_CTX_free(context);
	ERR_clear_error();
	return good;
}

static void check_tls(struct check *check)
{
	const char *certificate = settings_text(check->settings, SET_tls_certificate_file, NULL);
	const char *key = settings_text(check->settings, SET_tls_key_file, NULL);
	g_autofree char *certificate_path = credential_path(certificate), *key_path = credential_path(key);
	struct stat status;

	if (!*certificate && !*key)
		return;
	if (!*certificate || !*key)
		fail_setting(check, *key ? SET_tls_key_file : SET_tls_certificate_file, *key ? key : certificate,
			"certificate and key are wanted together");
	else if (stat(key_path, &status) == 0 && (status.st_mode & (S_IWGRP | S_IRWXO)))
		fail_setting(check, SET_tls_key_file, key, "others may read or change it: chmod 0600");
	else if (!is_pair(certificate_path, key_path))
		fail_setting(check, SET_tls_certificate_file, certificate,
			"is not the PEM certificate of tls_key_file, or one of the two cannot be read");
	else
		report_add(check->report, REPORT_OK, "STARTTLS: certificate and key belong together");
}

void check_sockets(struct check *check)
{
	check_listeners(check);
	check_clients(check);
	check_tls(check);
}
