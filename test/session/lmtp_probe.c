/*
 * The LMTP session (lmtpd/intake/session.c) with simple handlers behind it, for test_lmtp.py and test_starttls.py:
 *
 *   lmtp_probe stdin [KEY=VALUE ...]             one session on stdin and stdout
 *   lmtp_probe unix path=PATH [...]              forks a child for each connection
 *   lmtp_probe tcp port=PORT config=FILE [...]   the same behind a real TLS front (lmtpd/master/tls_front.c)
 *
 * Lists of lists.example.org: list, other and slow take posts, third refuses each post, defer and blank do not decide,
 * closed is refused and crm deferred at RCPT, shy answers RCPT with a verdict that no route may give.
 * What a post brought is written to OUT/PID.eml and OUT/PID.txt.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/handoff.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/settings.h"
#include "lib/list/list.h"
#include "lmtpd/intake/session.h"
#include "lmtpd/master/tls_front.h"

struct probe {
	GHashTable *options;
	struct settings *lists; /* the domain */
	struct session_config config;
	GString *events;        /* R: route, I: idle, P: post, in the order of the calls */
	int in;
};

static const char *option(const struct probe *probe, const char *key, const char *otherwise)
{
	const char *value = g_hash_table_lookup(probe->options, key);

	return value ? value : otherwise;
}

static guint number(const struct probe *probe, const char *key, guint otherwise)
{
	const char *value = option(probe, key, NULL);

	return value ? (guint)g_ascii_strtoull(value, NULL, 10) : otherwise;
}

/* ---- handlers ---- */

static struct verdict route(void *context, struct session_recipient *recipient)
{
	struct probe *probe = context;
	g_autoptr(GArray) readings = list_readings(probe->lists, recipient->address);

	g_string_append_c(probe->events, 'R');
	for (guint i = 0; i < readings->len; i++) {
		const struct list_reading *reading = &g_array_index(readings, struct list_reading, i);
		static const char *const good[] = {"list", "other", "slow", "third", "defer", "blank", NULL};

		if (strcmp(reading->name, "closed") == 0)
			return verdict_refused("5.7.1", "this list is closed");
		if (strcmp(reading->name, "crm") == 0)
			return verdict_deferred("4.3.0", "the CRM does not answer");
		if (strcmp(reading->name, "shy") == 0)
			return verdict_sent("nothing was sent");
		if (!g_strv_contains(good, reading->name))
			continue;
		recipient->list = g_strdup_printf("%s@%s", reading->name, reading->domain);
		recipient->role = reading->role;
		recipient->extension = g_strdup(reading->extension);
		return VERDICT_UNDECIDED;
	}
	return verdict_refused("5.1.1", "no such list");
}

static void idle(void *context)
{
	struct probe *probe = context;

	g_string_append_c(probe->events, 'I');
}

static void write_file(const struct probe *probe, const char *suffix, const char *data, gsize length)
{
	const char *directory = option(probe, "out", NULL);

	if (!directory)
		return;
	/* Under another name first: who waits for the file finds it whole. */
	g_autofree char *path = g_strdup_printf("%s/%d.%s", directory, (int)getpid(), suffix);
	g_autoptr(GError) error = NULL;

	if (!g_file_set_contents(path, data, (gssize)length, &error))
		log_fatal("%s", error->message);
}

static void note(GString *text, const char *key, const char *value)
{
	if (value)
		g_string_append_printf(text, "%s=%s\n", key, value);
}

static void write_envelope(const struct probe *probe, const struct session_envelope *envelope)
{
	g_autoptr(GString) text = g_string_new(NULL);

	note(text, "sender", envelope->sender);
	note(text, "smtputf8", envelope->smtputf8 ? "yes" : "no");
	note(text, "8bit", envelope->body_8bit ? "yes" : "no");
	note(text, "sasl", envelope->sasl_user);
	note(text, "name", envelope->client_name);
	note(text, "addr", envelope->client_address);
	note(text, "helo", envelope->client_helo);
	note(text, "ident", envelope->queue_id);
	note(text, "events", probe->events->str);
	note(text, "present", session_peer_present(probe->in) ? "yes" : "no");
	g_string_append_printf(text, "seconds=%d\n", deadline_left(envelope->deadline) / 1000);
	for (guint i = 0; i < envelope->recipients->len; i++) {
		const struct session_recipient *recipient = g_ptr_array_index(envelope->recipients, i);

		g_string_append_printf(text, "rcpt=%s %s %s %s\n", recipient->address, recipient->list,
			list_role_word(recipient->role), recipient->extension ? recipient->extension : "-");
	}
	write_file(probe, "txt", text->str, text->len);
}

static struct verdict decide(const struct session_recipient *recipient)
{
	if (g_str_has_prefix(recipient->list, "third@"))
		return verdict_refused("5.7.1", "not for you");
	if (g_str_has_prefix(recipient->list, "defer@"))
		return verdict_deferred("4.3.0", "not now");
	if (g_str_has_prefix(recipient->list, "blank@"))
		return VERDICT_UNDECIDED;
	return verdict_sent("queued for %s", recipient->list);
}

static void post(void *context, struct session_envelope *envelope, int message)
{
	struct probe *probe = context;
	struct io_mapping mapping;

	g_string_append_c(probe->events, 'P');
	if (!io_map(message, FALSE, &mapping))
		log_fatal("message: %s", g_strerror(errno));
	for (guint i = 0; i < envelope->recipients->len; i++) {
		struct session_recipient *recipient = g_ptr_array_index(envelope->recipients, i);

		if (g_str_has_prefix(recipient->list, "slow@"))
			sleep(1);
		recipient->verdict = decide(recipient);
	}
	write_file(probe, "eml", mapping.data ? mapping.data : "", mapping.length);
	write_envelope(probe, envelope);
	io_unmap(&mapping);
}

static void serve(struct probe *probe, int in, int out, int control)
{
	const struct session_handlers handlers = {.context = probe, .route = route, .idle = idle, .post = post};

	probe->in = in;
	probe->config.tls_control = control;
	session_serve(&probe->config, &handlers, in, out);
}

/* ---- servers ---- */

static void serve_in_child(struct probe *probe, guint *children, int data, int control)
{
	pid_t pid = fork();

	if (pid < 0)
		log_fatal("fork: %s", g_strerror(errno));
	if (pid == 0) {
		serve(probe, data, data, control);
		/* Not _exit(2): under AddressSanitizer leaks of a session are to show. */
		exit(0);
	}
	++*children;
	io_close(&data);
	io_close(&control);
	/* At the limit the next connection waits in the kernel until a session ends. */
	while (*children > 0 && waitpid(-1, NULL, *children >= number(probe, "sessions", 50) ? 0 : WNOHANG) > 0)
		--*children;
}

static int listen_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1024) != 0)
		log_fatal("%s: %s", path, g_strerror(errno));
	return fd;
}

static int listen_tcp(guint port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((guint16)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
		bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1024) != 0)
		log_fatal("port %u: %s", port, g_strerror(errno));
	return fd;
}

static void serve_unix(struct probe *probe)
{
	int listener = listen_unix(option(probe, "path", NULL));
	guint children = 0;

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			serve_in_child(probe, &children, fd, -1);
	}
}

static void serve_tcp(struct probe *probe)
{
	g_autoptr(GError) error = NULL;
	const char *path = option(probe, "config", NULL);
	g_autoptr(GBytes) bytes = settings_read_file(path, &error);
	struct settings *settings = NULL;
	int pair[2], listener = listen_tcp(number(probe, "port", 0));
	guint children = 0;

	if (bytes)
		settings = settings_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), path, &error);
	if (!settings)
		log_fatal("%s", error->message);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		log_fatal("socketpair: %s", g_strerror(errno));
	const struct tls_front_setup setup = {
		.settings = settings, .listen = &listener, .listen_count = 1, .handoff = pair[0]};
	pid_t front = tls_front_start(&setup);
	if (front < 0)
		log_fatal("no TLS front");
	/* So that it is the front alone that keeps the port open; and a test can end it. */
	io_close(&listener);
	printf("%d\n", (int)front);
	fflush(stdout);
	for (;;) {
		struct pollfd ready = {.fd = pair[1], .events = POLLIN};
		struct handoff handoff;

		if (poll(&ready, 1, -1) <= 0 || handoff_receive(pair[1], &handoff) != HANDOFF_RECEIVED)
			continue;
		log_info("connection from %s", handoff.peer);
		serve_in_child(probe, &children, handoff.data, handoff.control);
	}
}

int main(int argc, char **argv)
{
	static const char lists[] = "[domain lists.example.org]\n";
	struct probe probe = {.options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.events = g_string_new(NULL)};

	log_open("lmtp_probe", LOG_TARGET_STDERR);
	for (int i = 2; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');

		if (!equals)
			log_fatal("%s: expected KEY=VALUE", argv[i]);
		g_hash_table_insert(probe.options, g_strndup(argv[i], (gsize)(equals - argv[i])), (void *)(equals + 1));
	}
	probe.lists = settings_parse(lists, strlen(lists), "lists", NULL);
	probe.config = (struct session_config){
		.hostname = "mx.example.org",
		.message_size_limit = number(&probe, "size", 1000000),
		.recipients_limit = number(&probe, "recipients", 1000),
		.command_deadline = number(&probe, "command", 60),
		.session_deadline = number(&probe, "session", 120),
		.post_deadline = number(&probe, "post", 540),
		.trusted = number(&probe, "trusted", 1) != 0,
	};
	if (argc > 1 && strcmp(argv[1], "stdin") == 0)
		serve(&probe, STDIN_FILENO, STDOUT_FILENO, -1);
	else if (argc > 1 && strcmp(argv[1], "unix") == 0)
		serve_unix(&probe);
	else if (argc > 1 && strcmp(argv[1], "tcp") == 0)
		serve_tcp(&probe);
	else
		log_fatal("expected stdin, unix or tcp");
	g_string_free(probe.events, TRUE);
	settings_free(probe.lists);
	g_hash_table_unref(probe.options);
	return 0;
}
