/*
 * A sendmail(1) for peers that hand mail over by running one: bench_sendmail [-f SENDER] [OPTION …] [--] RECIPIENT …, message on standard input.
 * It speaks SMTP to BENCH_SMTP (as WHERE in load.h), which is less work than Postfix's own sendmail, postdrop and pickup would be.
 */
#include <stdlib.h>
#include <sysexits.h>

#include "test/bench/load_smtp.h"

static GString *read_all(int fd)
{
	GString *all = g_string_new(NULL);
	char piece[65536];

	for (ssize_t count; (count = read(fd, piece, sizeof(piece))) > 0;)
		g_string_append_len(all, piece, count);
	return all;
}

/* The place of the first recipient; `sender` may be given as -fX or as -f X. */
static int options(int argc, char **argv, const char **sender)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		if (argv[i][0] != '-')
			return i;
		if (strcmp(argv[i], "-f") == 0 && i + 1 < argc)
			*sender = argv[++i];
		else if (g_str_has_prefix(argv[i], "-f"))
			*sender = argv[i] + 2;
		else if (strlen(argv[i]) == 2 && strchr("NVRB", argv[i][1]))
			i++;
	}
	return argc;
}

int main(int argc, char **argv)
{
	static struct load load = {.fd = -1, .sender = ""};
	g_autoptr(GString) message = read_all(STDIN_FILENO);

	load.where = g_getenv("BENCH_SMTP");
	load.recipients = argv + options(argc, argv, &load.sender);
	if (!load.where || !load_connect(&load) || !load_reply(&load, "220") || !load_command(&load, "EHLO client.example\r\n", "250") ||
		!load_envelope(&load))
		return EX_TEMPFAIL;
	GString *bytes = load_stuffed(message);
	g_string_append(bytes, ".\r\n");
	gboolean good = load_send(&load, bytes->str, bytes->len) && load_reply(&load, "250");
	g_string_free(bytes, TRUE);
	return good ? EX_OK : EX_TEMPFAIL;
}
