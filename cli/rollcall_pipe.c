/*
 * rollcall-pipe: hands a post that Postfix's pipe(8) gives it on to rollcall-lmtpd by LMTP, for sysadmins who prefer a pipe
 * transport. It decides nothing: it asks the daemon and says its answer in sysexits, 75 whenever in doubt. Wrong options
 * are 75 too, not 64, since pipe(8) would return the post to its author for what the sysadmin has to mend.
 *
 * The whole message is read before the daemon is bothered: a slow pipe(8) holds nobody up, SIZE and BODY= are known, and a
 * message that was cut short is noticed. pipe(8) always ends a message with a newline; one without is a delivery that died
 * half-way, which no reader of a pipe can tell from the end otherwise. (Cut exactly at a line end it still looks whole.)
 * Knowingly not here: SMTPUTF8 for a header alone, because pipe(8) does not say whether it was asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/pipe_lmtp.h"

enum {
	ADDRESS_LIMIT = 500,     /* bytes; RFC 5321 4.5.3.1.3 allows 254, the rest leaves the verdict to the daemon */
	TIMEOUT_DEFAULT = 600,   /* seconds; what lmtp(8) waits, and with its half less than the 1000 of pipe(8) */
	TIMEOUT_MAX = 86400,
	READ_SIZE = 64 * 1024,
};

static const struct option options[] = {
	{"sender", required_argument, NULL, 's'},
	{"recipient", required_argument, NULL, 'r'},
	{"sasl-user", required_argument, NULL, 'u'},
	{"client", required_argument, NULL, 'c'},
	{"queue-id", required_argument, NULL, 'q'},
	{"socket", required_argument, NULL, 'S'},
	{"timeout", required_argument, NULL, 't'},
	{NULL, 0, NULL, 0},
};

static const char usage[] = "usage: rollcall-pipe --sender ADDRESS --recipient ADDRESS [--sasl-user LOGIN] [--client IP]"
	" [--queue-id ID] [--socket unix:PATH|inet:HOST:PORT] [--timeout SECONDS] <message";

/* pipe(8) says the null sender as null_sender= has it: nothing, or by default MAILER-DAEMON. */
static const char *without_null_sender(const char *sender)
{
	return strcasecmp(sender, "MAILER-DAEMON") == 0 || strcmp(sender, "<>") == 0 ? "" : sender;
}

/*
 * Can `address` stand between angle brackets in a command? Nothing that ends the line or the brackets: no control
 * character anywhere, blank and bracket only within quotes. Whether it is an address is for the daemon to say.
 */
static bool is_speakable(const char *address)
{
	bool quoted = false, escaped = false;

	for (const char *c = address; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
		if (escaped || (quoted && *c == '\\'))
			escaped = !escaped;
		else if (*c == '"')
			quoted = !quoted;
		else if (!quoted && strchr(" <>\\", *c))
			return false;
	}
	return !quoted && strlen(address) <= ADDRESS_LIMIT;
}

static bool read_timeout(const char *text, int *seconds)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < 1 || value > TIMEOUT_MAX)
		return false;
	*seconds = (int)value;
	return true;
}

static bool read_options(int argc, char **argv, struct pipe_post *post)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			post->sender = without_null_sender(optarg);
			break;
		case 'r':
			post->recipient = optarg;
			break;
		case 'u':
			post->sasl_user = optarg;
			break;
		case 'c':
			post->client = optarg;
			break;
		case 'q':
			post->queue_id = optarg;
			break;
		case 'S':
			post->socket = optarg;
			break;
		case 't':
			if (read_timeout(optarg, &post->timeout))
				break;
			return false;
		default:
			return false;
		}
	}
	return optind == argc && post->sender && post->recipient;
}

/* What may not go on the wire is refused for good: the same address will come with every try. */
static bool check_addresses(const struct pipe_post *post, struct pipe_result *result)
{
	if (!is_speakable(post->recipient) || *post->recipient == '\0')
		pipe_result_set(result, EX_NOUSER, "5.1.3 The recipient is no address: %.100s", post->recipient);
	else if (!is_speakable(post->sender))
		pipe_result_set(result, EX_DATAERR, "5.1.7 The sender is no address: %.100s", post->sender);
	else
		return true;
	return false;
}

/* All of `fd`, in memory of the caller's; NULL with errno. */
static char *read_all(int fd, size_t *size)
{
	size_t room = 0;
	char *data = NULL;

	*size = 0;
	for (;;) {
		char *larger;
		ssize_t got;

		if (room - *size < READ_SIZE) {
			larger = room > SIZE_MAX / 2 - READ_SIZE ? NULL : realloc(data, room * 2 + READ_SIZE);
			if (!larger)
				break;
			data = larger;
			room = room * 2 + READ_SIZE;
		}
		got = read(fd, data + *size, room - *size);
		if (got == 0)
			return data;
		if (got > 0)
			*size += (size_t)got;
		else if (errno != EINTR)
			break;
	}
	free(data);
	return NULL;
}

static void deliver(struct pipe_post *post, struct pipe_result *result)
{
	char *message;

	if (!check_addresses(post, result))
		return;
	message = read_all(STDIN_FILENO, &post->size);
	post->message = message;
	if (!message)
		pipe_result_set(result, EX_TEMPFAIL, "4.3.0 Cannot read the message: %s", strerror(errno));
	else if (post->size == 0 || message[post->size - 1] != '\n')
		pipe_result_set(result, EX_TEMPFAIL, "4.3.0 The message was cut short: it does not end in a newline");
	else
		pipe_lmtp_deliver(post, result);
	free(message);
}

/* A missing descriptor 0 to 2 would be taken by the socket, and the reply's text be sent to the daemon. */
static bool have_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct pipe_post post = {.socket = "unix:/run/rollcall/lmtp", .timeout = TIMEOUT_DEFAULT};
	struct pipe_result result;

	if (!have_standard_descriptors())
		return EX_TEMPFAIL;
	signal(SIGPIPE, SIG_IGN);
	if (read_options(argc, argv, &post))
		deliver(&post, &result);
	else
		pipe_result_set(&result, EX_TEMPFAIL, "4.3.5 %s", usage);
	printf("%s\n", result.text);
	return result.status;
}
