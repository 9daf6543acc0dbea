/*
 * rollcall-intake: the parser's room. The parent warms up the libraries, locks itself into an empty directory and forks a child for
 * each connection; it holds no key, no password, no member, and never reads a foreign byte.
 * Started by rollcall-lmtpd, or behind a door (lib/base/door.h): rollcall-intake front|direct COUNT [again], with the descriptors of lib/base/process.h,
 * where "front" says that the first of COUNT sockets is the TLS front's, and "again" that it ran already with this configuration. Started by
 * `rollcall explain`: rollcall-intake explain 1, with the socket for its letters.
 */
#include <string.h>
#include <unistd.h>

#include "lib/base/door.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/base/text.h"
#include "lib/mail/dkim_check.h"
#include "lib/mail/dkim_verify.h"
#include "lib/mail/html_text.h"
#include "lib/mail/mail.h"
#include "lmtpd/intake/explain_server.h"
#include "lmtpd/intake/heap.h"
#include "lmtpd/intake/sandbox.h"
#include "lmtpd/intake/server.h"

enum { MOST_LISTENERS = 64 };

static guint parse_count(const char *text)
{
	guint64 count;

	if (!text_parse_number(text, strlen(text), 1, MOST_LISTENERS, &count))
		log_fatal("this program is started by rollcall-lmtpd");
	return (guint)count;
}

static int answer_letters(struct knowledge *knowledge)
{
	const struct explain_server server = {
		.knowledge = knowledge,
		.tickets = PROCESS_FD_TICKETS,
		.letters = PROCESS_FD_LISTEN,
	};

	process_ready();
	close(PROCESS_FD_STATUS);
	explain_server_run(&server);
	knowledge_clear(knowledge);
	return 0;
}

int main(int argc, char **argv)
{
	int listen[MOST_LISTENERS];

	io_fill_standard_descriptors();
	gboolean door = door_enter(&argc, &argv);
	pid_t master = getppid();
	if (argc != 3 && argc != 4)
		log_fatal("this program is started by rollcall-lmtpd");
	guint count = parse_count(argv[2]);
	gboolean front = strcmp(argv[1], "front") == 0, explain = strcmp(argv[1], "explain") == 0;
	settings_auto struct settings *settings = process_settings("rollcall.conf");
	if (explain)
		log_open("rollcall-intake", LOG_TARGET_STDERR);
	else
		process_log("rollcall-intake", settings);

	/* Everything that a library loads or looks up lazily is loaded and looked up now. */
	process_hostname(settings);
	g_autofree char *missing = mail_warm_up();
	if (missing)
		log_info("this machine cannot convert: %s", missing);
	dkim_verify_warm_up();
	dkim_check_warm_up();
	html_text_warm_up();

	struct knowledge knowledge;
	knowledge_load(settings, argc == 4, &knowledge);
	g_autoptr(GArray) peers = server_find_peers(settings);
	struct server server = {
		.knowledge = &knowledge,
		.peers = peers,
		.settings = settings,
		.front = front ? PROCESS_FD_LISTEN : -1,
		.listen = listen,
		.listen_count = front ? count - 1 : count,
		.tickets = PROCESS_FD_TICKETS,
		.jobs = PROCESS_FD_JOBS,
		.pulse = PROCESS_FD_STATUS,
	};
	for (guint i = 0; i < server.listen_count; i++)
		listen[i] = PROCESS_FD_LISTEN + (int)i + (front ? 1 : 0);
	sandbox_enter_room(settings, door);
	process_die_with_parent(master);
	if (explain)
		return answer_letters(&knowledge);
	server.signals = process_signals();
	heap_fill_holes();
	process_ready();
	server_run(&server);
	knowledge_clear(&knowledge);
	return 0;
}
