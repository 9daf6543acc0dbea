/*
 * What a session child might send to dispatch once it belongs to an attacker. Takes the tickets' socket out of a running
 * rollcall-intake, which root may. owned_probe PID LIST ATTEMPT; prints "CODE TEXT" of the last answer, code 0 for none.
 *
 *  plain     a fan-out up to the last byte, as an honest child does it: to see that the others fail for what is wrong with them
 *  giant     the same with a sparse message of 256 MiB, five times what a post may have
 *  unsealed  the same with a message that can still be changed
 *  forge     a domain with a line end in it, which would be a second line in the log
 *  nobody    the standing of what is no address in normal form
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/wire/wire.h"

enum { KEY_SIZE = 32 };

static struct verdict ask(int phase, enum wire_request request, GVariant *arguments, int fd)
{
	struct wire_question question = {.request = request, .arguments = arguments, .fd = fd};
	struct verdict verdict = VERDICT_UNDECIDED;
	g_autoptr(GVariant) answer = wire_call(phase, &question, deadline_in(60), &verdict);

	return verdict;
}

static GVariant *bytes(const guint8 *data)
{
	return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, KEY_SIZE, 1);
}

static int make_message(off_t size, int seals)
{
	static const char text[] = "From: a@b.example\nSubject: x\n\nx\n";
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || (size && ftruncate(fd, size) != 0) ||
		fcntl(fd, F_ADD_SEALS, seals) != 0)
		log_fatal("no message");
	return fd;
}

static struct verdict prepare(int phase, const char *list, off_t size, int seals)
{
	guint8 key[KEY_SIZE];
	int message = make_message(size, seals);

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		log_fatal("no random bytes");
	struct verdict verdict = ask(phase, WIRE_CLAIM, g_variant_new("(s@ay)", list, bytes(key)), -1);
	GVariant *nobody = g_variant_new_strv(NULL, 0);
	if (!verdict_is_final(&verdict))
		verdict = ask(phase, WIRE_ROSTER, g_variant_new("(su@ays@as@as)", list, 0, bytes(key), "", nobody, nobody), -1);
	if (!verdict_is_final(&verdict))
		verdict = ask(phase, WIRE_PREPARE, g_variant_new("(s)", "mail"), message);
	close(message);
	return verdict;
}

static struct verdict attempt(int phase, const char *list, const char *what)
{
	static const int sealed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	const guint8 digest[KEY_SIZE] = {0};

	if (strcmp(what, "plain") == 0)
		return prepare(phase, list, 0, sealed);
	if (strcmp(what, "giant") == 0)
		return prepare(phase, list, (off_t)256 << 20, sealed);
	if (strcmp(what, "unsealed") == 0)
		return prepare(phase, list, 0, F_SEAL_GROW);
	if (strcmp(what, "forge") == 0)
		return ask(phase, WIRE_SIGN, g_variant_new("(ss@ay)", "x\nforged line", "s", bytes(digest)), -1);
	if (strcmp(what, "nobody") == 0)
		return ask(phase, WIRE_STANDING, g_variant_new("(ss)", list, "Nobody At All"), -1);
	log_fatal("no such attempt: %s", what);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 64;
	int process = (int)syscall(SYS_pidfd_open, (pid_t)strtol(argv[1], NULL, 10), 0);
	int tickets = (int)syscall(SYS_pidfd_getfd, process, PROCESS_FD_TICKETS, 0);
	int phase = tickets < 0 ? -1 : wire_open(tickets, deadline_in(10));
	if (phase < 0) {
		perror("the tickets of that process");
		return 1;
	}
	struct verdict verdict = attempt(phase, argv[2], argv[3]);
	printf("%d %s\n", verdict.code, verdict.text);
	return 0;
}
