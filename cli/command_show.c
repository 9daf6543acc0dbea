/*
 * rollcall show: all that the store knows of one held post, or with --raw its message: byte for byte into a file or a pipe, and
 * harmless to the terminal where that is what reads it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/held_text.h"
#include "cli/store_door.h"
#include "lib/base/io.h"
#include "lib/base/text.h"

static int complain(const char *text)
{
	fprintf(stderr, "rollcall show: %s\n", text);
	return COMMAND_BAD;
}

/* ---- the message ---- */

/* A mail is foreign text: its escape sequences would be the terminal's commands. */
static void write_lines(const struct io_mapping *message)
{
	const char *place = message->data, *end = message->data + message->length;

	while (place < end) {
		const char *stop = memchr(place, '\n', (size_t)(end - place));
		size_t length = (size_t)((stop ? stop : end) - place);
		size_t line = length > 0 && place[length - 1] == '\r' ? length - 1 : length;
		g_autofree char *text = text_printable_dup(place, line, line);

		puts(text);
		place += length + (stop ? 1 : 0);
	}
}

static int write_message(int fd)
{
	struct io_mapping message;
	gboolean good;

	if (!io_map(fd, TRUE, &message))
		return complain(g_strerror(errno));
	if (isatty(STDOUT_FILENO))
		write_lines(&message);
	else
		fwrite(message.data, 1, message.length, stdout);
	good = fflush(stdout) == 0 && !ferror(stdout);
	int number = errno;
	io_unmap(&message);
	return good ? COMMAND_GOOD : complain(g_strerror(number));
}

static int show_message(const struct invocation *invocation, gint64 number)
{
	struct store_door door;
	g_autoptr(GError) error = NULL;
	io_autofd int fd = -1;
	enum store_message result = STORE_MESSAGE_TROUBLE;

	if (store_door_open(&door, invocation->config, &error))
		result = store_held_message(door.store, number, &fd, &error);
	/* Who reads our output may take his time: the store is not kept open for that. */
	store_door_close(&door);
	return result == STORE_MESSAGE_WHOLE ? write_message(fd) : complain(error->message);
}

/* ---- the facts ---- */

static int print_post(struct store_held *held, gboolean json)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new();

	g_ptr_array_add(one, held);
	g_autofree char *text = json ? held_text_json(one, TRUE) : held_text_whole(held);
	fputs(text, stdout);
	return COMMAND_GOOD;
}

static int show_facts(const struct invocation *invocation, gint64 number)
{
	store_door_auto struct store_door door = {0};
	store_held_auto struct store_held *held = NULL;
	g_autoptr(GError) error = NULL;

	if (!store_door_open(&door, invocation->config, &error) || !store_held_get(door.store, number, &held, &error))
		return complain(error->message);
	if (!held) {
		fprintf(stderr, "rollcall show: there is no held post %" G_GINT64_FORMAT "\n", number);
		return COMMAND_BAD;
	}
	return print_post(held, invocation->json);
}

int command_show(struct invocation *invocation)
{
	gboolean raw = FALSE;
	gint64 number;
	const GOptionEntry own[] = {
		{"raw", 0, 0, G_OPTION_ARG_NONE, &raw, "Print the message itself, as it came", NULL},
		{NULL},
	};

	int status = command_parse(invocation, own, "Exit status: 0 shown, 1 there is no such post or no way to it, 64 wrong usage.");
	if (status != COMMAND_GO_ON)
		return status;
	if (!command_number(invocation, &number))
		return COMMAND_USAGE;
	if (raw && invocation->json) {
		fputs("rollcall show: --raw is the message and nothing else, leave out --json: see rollcall show --help\n", stderr);
		return COMMAND_USAGE;
	}
	return raw ? show_message(invocation, number) : show_facts(invocation, number);
}
