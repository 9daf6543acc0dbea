/* The walls around a relay; see tls_confine.h. */
#include "lmtpd/master/tls_confine.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/log.h"

enum {
	RELAY_CPU_SECONDS = 300, /* TLS for a 1 GiB post takes seconds */
	RELAY_DESCRIPTORS = 16,
	RELAY_MEMORY = 256,      /* MiB of address space, most of it the libraries' */
};

/* AddressSanitizer reserves terabytes of address space and looks at files: under it (tests) both walls are left out. */
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#else
#define UNDER_ASAN 0
#endif

static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(shutdown), SCMP_SYS(close),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
};

static gboolean add_rules(scmp_filter_ctx filter)
{
	for (gsize i = 0; i < G_N_ELEMENTS(allowed); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) != 0)
			return FALSE;
	/* abort(3) of ours, and memory that is never executable. */
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) == 0 &&
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

static void load_filter(void)
{
	/* EPERM and not death: a library that asks for a file it can do without must not cost the connection. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (!filter || !add_rules(filter) || seccomp_load(filter) != 0)
		log_fatal("cannot load the system call filter: %s", g_strerror(errno));
	seccomp_release(filter);
}

static void limit(int resource, rlim_t value, const char *what)
{
	const struct rlimit both = {value, value};

	if (setrlimit((__rlimit_resource_t)resource, &both) != 0)
		log_fatal("cannot limit %s: %s", what, g_strerror(errno));
}

void tls_confine(const struct privilege_user *user)
{
	if (user)
		privilege_drop(user, (gid_t)-1);
	privilege_lock();
	limit(RLIMIT_CPU, RELAY_CPU_SECONDS, "CPU time");
	limit(RLIMIT_NOFILE, RELAY_DESCRIPTORS, "descriptors");
	limit(RLIMIT_NPROC, 0, "processes");
	if (UNDER_ASAN)
		return;
	limit(RLIMIT_AS, (rlim_t)RELAY_MEMORY << 20, "memory");
	load_filter();
}
