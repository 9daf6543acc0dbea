/* Starting, asking and ending one program; see program.h. */
#include "lmtpd/master/program.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "lib/base/door.h"
#include "lib/base/io.h"

void program_clear(struct program *program)
{
	*program = (struct program){.door = -1, .status = -1};
}

gboolean program_is_running(const struct program *program)
{
	return program->pid > 0 || program->door >= 0;
}

void program_signal(const struct program *program, int signal)
{
	if (program->pid > 0)
		kill(program->pid, signal);
	else if (program->door >= 0)
		door_signal(program->door, signal);
}

void program_ended(struct program *program)
{
	program->pid = 0;
	program->asked_at = 0;
	io_close(&program->door);
	io_close(&program->status);
}

gboolean program_wait_ready(const struct program *program, guint seconds, void (*meanwhile)(void *), void *data)
{
	struct deadline deadline = deadline_in(seconds);
	enum io_result result = IO_TIMEOUT;
	char byte = 0;
	size_t got;

	while (result == IO_TIMEOUT && !deadline_passed(deadline)) {
		if (meanwhile)
			meanwhile(data);
		result = io_read(program->status, &byte, 1, deadline_in(1), &got);
	}
	return result == IO_OK && byte == 'R';
}

void program_ask(struct program *program)
{
	if (program->status < 0 || program->asked_at)
		return;
	if (send(program->status, "?", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
		program->asked_at = g_get_monotonic_time();
}

gboolean program_has_answered(struct program *program)
{
	char answers[16];

	if (program->status < 0)
		return TRUE;
	ssize_t length = recv(program->status, answers, sizeof(answers), MSG_DONTWAIT);
	if (length > 0)
		program->asked_at = 0;
	/* Its end is told by other ways; a socket that stays readable would only wake us. */
	if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
		io_close(&program->status);
		program->asked_at = 0;
	}
	return program->asked_at == 0;
}
