/*
 * Locks itself in exactly as a session child does, then tries what an attacker would. Prints one line per attempt:
 * "NAME denied" or "NAME ALLOWED". sandbox_probe CONFIG
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/settings.h"
#include "lmtpd/intake/sandbox.h"

static void report(const char *name, gboolean allowed)
{
	char line[80];
	int length = g_snprintf(line, sizeof(line), "%s %s\n", name, allowed ? "ALLOWED" : "denied");

	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		_exit(1);
}

static void try_files(void)
{
	report("open-read", open("/etc/passwd", O_RDONLY) >= 0);
	report("open-here", open(".", O_RDONLY) >= 0);
	report("open-create", open("/file", O_WRONLY | O_CREAT, 0600) >= 0);
	report("open-tmp", open("/tmp/rollcall-sandbox-probe", O_WRONLY | O_CREAT, 0600) >= 0);
	report("openat2", syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY) >= 0);
	report("mkdir", syscall(SYS_mkdir, "/tmp/rollcall-sandbox-probe-d", 0700) >= 0);
	report("unlink", syscall(SYS_unlink, "/etc/passwd") >= 0);
	report("chroot", chroot("/") == 0);
}

/* `shared` stands for the tickets' socket, which every child has: shut down by one, it would be so for all. */
static void try_network(int shared)
{
	report("shutdown-shared", shutdown(shared, SHUT_RDWR) == 0);
	report("socket-inet", socket(AF_INET, SOCK_STREAM, 0) >= 0);
	report("socket-unix", socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	report("socket-netlink", socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	report("connect", connect(0, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(struct sockaddr)) == 0 || errno != EPERM);
	report("bind", bind(0, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(struct sockaddr)) == 0 || errno != EPERM);
}

static void try_processes(pid_t parent)
{
	char name[] = "sh";
	char *const arguments[] = {name, NULL};

	report("fork", syscall(SYS_fork) >= 0);
	report("vfork-clone", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0);
	report("exec", execve("/bin/sh", arguments, NULL) == 0 || errno != EPERM);
	report("kill-parent", kill(parent, 0) == 0);
	report("tgkill-parent", syscall(SYS_tgkill, parent, parent, 0) == 0);
	report("ptrace", ptrace(PTRACE_ATTACH, parent, 0, 0) == 0 || errno != EPERM);
	report("setuid", setuid(0) == 0);
	report("fcntl-setown", fcntl(0, F_SETOWN, parent) == 0);
}

static void try_memory(void)
{
	report("mmap-exec", mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	report("mmap-plain", page != MAP_FAILED);
	report("mprotect-exec", mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
	/* More than any limit of ours: RLIMIT_AS must say no. */
	report("mmap-huge", mmap(NULL, 64UL << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	report("memfd", memfd_create("x", MFD_CLOEXEC) >= 0);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = argc == 2 ? settings_read_file(argv[1], &error) : NULL;
	pid_t parent = getppid();
	int pair[2];

	if (!bytes) {
		fprintf(stderr, "sandbox_probe CONFIG: %s\n", error ? error->message : "usage");
		return 2;
	}
	settings_auto struct settings *settings =
		settings_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), argv[1], &error);
	if (!settings) {
		fprintf(stderr, "%s\n", error->message);
		return 2;
	}
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
		return 2;
	sandbox_enter_room(settings, FALSE);
	sandbox_lock_child(settings);
	try_files();
	try_network(pair[0]);
	try_processes(parent);
	try_memory();
	_exit(0);
}
