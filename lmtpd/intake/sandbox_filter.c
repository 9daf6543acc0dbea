/*
 * The system call filter; see sandbox_filter.h. libseccomp takes its time to turn rules into a program, and asks the kernel nine things first, so the
 * parent does it once and a child only puts its own number where the rules have a mark.
 */
#include "lmtpd/intake/sandbox_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/log.h"

enum {
	MOST_STEPS = 1024,     /* a tenth of that is in use */
	OWN_PID = 0x5eccf117,  /* the mark: beyond every number that a process can have */
};

static struct sock_filter steps[MOST_STEPS];
static unsigned short step_count;
static struct sock_filter *own_pid; /* the one of them that compares with it */

/*
 * What a child needs: to move bytes on descriptors it has, to make memory files and socket pairs (which lead nowhere
 * but to whoever gets the other end), memory, time, signals to itself, and to exit. Not shutdown(2): the tickets' and the
 * log's sockets are shared with every other child, and one that shuts them down does so for all.
 */
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
	SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(ftruncate),
	SCMP_SYS(memfd_create), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrusage),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
};

static gboolean add_rules(scmp_filter_ctx filter)
{
	for (gsize i = 0; i < G_N_ELEMENTS(allowed); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) != 0)
			return FALSE;
	return
		/* abort(3) of ours: a signal to ourselves and to nobody else. */
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, OWN_PID)) == 0 &&
		/* The wire's phases: pairs only, and only in the unix family. */
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
			SCMP_A0(SCMP_CMP_EQ, AF_UNIX)) == 0 &&
		/* Seals, descriptor flags; no F_SETOWN, which could aim a signal at another process. */
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, F_ADD_SEALS)) == 0 &&
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, F_GET_SEALS)) == 0 &&
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, F_GETFL)) == 0 &&
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, F_GETFD)) == 0 &&
		/* Memory may be readable or writable, never executable. */
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

static void find_mark(void)
{
	for (unsigned short i = 0; i < step_count; i++) {
		if (steps[i].k != OWN_PID)
			continue;
		if (own_pid || steps[i].code != (BPF_JMP | BPF_JEQ | BPF_K))
			log_panic("the system call filter has its mark in an odd place");
		own_pid = &steps[i];
	}
	if (!own_pid)
		log_panic("the system call filter has no mark");
}

void sandbox_filter_make(void)
{
	io_autofd int fd = memfd_create("filter", MFD_CLOEXEC);
	/* EPERM and not death: a library that asks for a file it can do without must not cost the post. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (fd < 0 || !filter || !add_rules(filter) || seccomp_export_bpf(filter, fd) != 0)
		log_fatal("cannot make the system call filter: %s", g_strerror(errno));
	seccomp_release(filter);
	ssize_t length = pread(fd, steps, sizeof(steps), 0);
	if (length <= 0 || length == sizeof(steps) || length % sizeof(*steps) != 0)
		log_fatal("the system call filter has %zd bytes", length);
	step_count = (unsigned short)((gsize)length / sizeof(*steps));
	find_mark();
}

void sandbox_filter_load(void)
{
	struct sock_fprog program = {.len = step_count, .filter = steps};

	if (!own_pid)
		log_panic("no system call filter was made");
	own_pid->k = (guint32)getpid();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
		log_fatal("cannot load the system call filter: %s", g_strerror(errno));
}
