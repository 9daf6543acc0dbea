/* The parser's room for a question; see explain_server.h. */
#include "lmtpd/intake/explain_server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/explain_letter.h"
#include "lib/base/handoff.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lmtpd/intake/child.h"
#include "lmtpd/intake/explain.h"
#include "lmtpd/intake/explain_mail.h"
#include "lmtpd/intake/sandbox.h"

static void converse(const struct explain_server *server, struct explain *explain)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		log_fatal("socketpair: %s", g_strerror(errno));
	const struct child_session session = {
		.knowledge = server->knowledge,
		.tickets = server->tickets,
		.data = pair[0],
		.control = -1,
		.peer = "explain",
		.explain = explain,
	};
	explain->client.fd = pair[1];
	child_serve(&session);
	/* The last replies. */
	explain_client_talk(&explain->client);
	io_close(&pair[0]);
}

static void answer_letter(const struct explain_server *server, int mail, int letter)
{
	struct explain *explain = explain_new();
	struct io_mapping raw = {0};
	g_autoptr(GVariant) question = explain_letter_read(letter, EXPLAIN_QUESTION);

	if (!question || !io_map(mail, TRUE, &raw))
		log_fatal("a question that is not understood");
	explain_mail_read(server->knowledge->settings, &raw, question, explain);
	io_unmap(&raw);
	if (explain->client.recipients->len > 0)
		converse(server, explain);
	if (!explain_letter_write(letter, explain_answer(explain)))
		log_fatal("cannot write the answer: %s", g_strerror(errno));
	explain_free(explain);
}

static void run_child(const struct explain_server *server, const struct handoff *handoff, pid_t parent) G_GNUC_NORETURN;

static void run_child(const struct explain_server *server, const struct handoff *handoff, pid_t parent)
{
	close(server->letters);
	process_die_with_parent(parent);
	sandbox_lock_child(server->knowledge->settings);
	answer_letter(server, handoff->data, handoff->control);
	_exit(0);
}

static gboolean serve_one(const struct explain_server *server)
{
	struct pollfd ready = {.fd = server->letters, .events = POLLIN};
	struct handoff handoff;
	pid_t parent = getpid();
	int status = -1;

	if (poll(&ready, 1, -1) < 0)
		return errno == EINTR;
	enum handoff_result result = handoff_receive(server->letters, &handoff);
	if (result != HANDOFF_RECEIVED)
		return result == HANDOFF_NONE;
	pid_t pid = fork();
	if (pid == 0)
		run_child(server, &handoff, parent);
	if (pid < 0)
		log_warning("cannot fork: %s", g_strerror(errno));
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	io_close(&handoff.data);
	io_close(&handoff.control);
	return send(server->letters, &status, sizeof(status), MSG_NOSIGNAL) == sizeof(status);
}

void explain_server_run(const struct explain_server *server)
{
	while (serve_one(server))
		;
}
