/*
 * room: intake. Judges the S/MIME signature of the message on stdin as Rollcall would, and prints result, signer and reason, a line each: for
 * test_smime.py. Behind the walls of a session's child, but with --ocsp, where it asks responders itself as the other room would.
 *
 *   smime_probe --ca FILE [--crl PATH] [--at SECONDS] [--ocsp] [--allow NETWORK] [--patience SECONDS] [--repeat N] AUTHOR
 *
 * --repeat prints the microseconds of one round as a fourth line. Problems with the files go to stderr. An empty line: there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/networks.h"
#include "lib/base/settings.h"
#include "lib/mail/smime.h"
#include "lmtpd/dispatch/ocsp_ask.h"
#include "lmtpd/intake/sandbox.h"
#include "lmtpd/intake/sandbox_filter.h"

struct options {
	char *ca, *crl, *allow;
	gint64 at;
	gint repeat, patience;
	gboolean ocsp;
};

static gboolean ask(gpointer context, const char *url, GBytes *request, GBytes **response, char **reason)
{
	const struct options *options = context;
	const char *const allow[] = {options->allow, NULL}, *bad, *why;
	g_autoptr(GArray) allowed = networks_parse(options->allow ? allow : allow + 1, &bad);

	*response = ocsp_ask(url, request, allowed, deadline_in(options->patience), &why);
	*reason = *response ? NULL : g_strdup(why);
	return *response != NULL;
}

static GString *read_message(void)
{
	GString *message = g_string_new(NULL);
	char buffer[65536];

	for (ssize_t got; (got = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0;)
		g_string_append_len(message, buffer, got);
	return message;
}

static void parse(struct options *options, int *argc, char ***argv)
{
	const GOptionEntry entries[] = {
		{"ca", 0, 0, G_OPTION_ARG_FILENAME, &options->ca, NULL, NULL},
		{"crl", 0, 0, G_OPTION_ARG_FILENAME, &options->crl, NULL, NULL},
		{"at", 0, 0, G_OPTION_ARG_INT64, &options->at, NULL, NULL},
		{"repeat", 0, 0, G_OPTION_ARG_INT, &options->repeat, NULL, NULL},
		{"patience", 0, 0, G_OPTION_ARG_INT, &options->patience, NULL, NULL},
		{"ocsp", 0, 0, G_OPTION_ARG_NONE, &options->ocsp, NULL, NULL},
		{"allow", 0, 0, G_OPTION_ARG_STRING, &options->allow, NULL, NULL},
		{0},
	};
	GOptionContext *context = g_option_context_new("AUTHOR");

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, NULL) || *argc != 2) {
		fputs("wrong use\n", stderr);
		exit(2);
	}
	g_option_context_free(context);
}

static void lock_in(void)
{
	static const char text[] = "[rollcall]\n";
	settings_auto struct settings *settings = settings_parse(text, strlen(text), "probe", NULL);

	sandbox_filter_make();
	sandbox_lock_child(settings);
}

int main(int argc, char **argv)
{
	struct options options = {.at = g_get_real_time() / G_USEC_PER_SEC, .repeat = 1, .patience = 10};
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	struct authentication found;

	parse(&options, &argc, &argv);
	struct smime_trust *trust = options.ca ? smime_trust_load(options.ca, options.crl, problems) : NULL;
	for (guint i = 0; i < problems->len; i++)
		fprintf(stderr, "%s\n", (const char *)g_ptr_array_index(problems, i));
	if (!options.ocsp)
		lock_in();
	GString *message = read_message();
	const struct smime_door door = {.ask = ask, .context = &options};
	const struct smime_question question = {.data = message->str, .length = message->len, .author = argv[1], .arrived = options.at,
		.trust = trust, .ocsp = options.ocsp ? &door : NULL};
	gint64 started = g_get_monotonic_time();
	authentication_init(&found);
	for (int i = 0; i < options.repeat; i++) {
		authentication_clear(&found);
		smime_verify(&question, &found.smime);
	}
	printf("%s\n%s\n%s\n%" G_GINT64_FORMAT "\n", found.smime.result, found.smime.signer ? found.smime.signer : "",
		found.smime.reason ? found.smime.reason : "", (g_get_monotonic_time() - started) / options.repeat);
	authentication_clear(&found);
	smime_trust_free(trust);
	g_string_free(message, TRUE);
	g_free(options.ca);
	g_free(options.crl);
	g_free(options.allow);
	return 0;
}
