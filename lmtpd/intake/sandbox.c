/* The walls around the parser; see sandbox.h. */
#include "lmtpd/intake/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif

#include "lib/base/log.h"
#include "lib/base/privilege.h"

enum {
	CHILD_CPU_SECONDS = 120,             /* a 1 GiB post needs seconds; a loop in a parser gets no more */
	CHILD_DESCRIPTORS = 64,
	CHILD_MEMORY_BASE = 512,             /* MiB of address space beside the message's copies */
	CHILD_MEMORY_PER_MESSAGE = 6,        /* raw, parsed, cooked, sent; with room for each one's growth */
};

/* AddressSanitizer reserves terabytes of address space, and at exit it looks at files: under it (tests) both walls are left out. */
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#else
#define UNDER_ASAN 0
#endif

static void make_empty_directory(const char *path)
{
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		log_fatal("%s: %s", path, g_strerror(errno));
}

static void enter_as_root(const struct settings *settings)
{
	struct privilege_user user;
	const char *error = NULL;
	const char *name = settings_text(settings, SET_intake_user, NULL);
	g_autofree char *root = g_build_filename(settings_text(settings, SET_run_directory, NULL), "empty", NULL);

	if (!privilege_find_user(name, &user, &error))
		log_fatal("intake_user %s: %s", name, error);
	make_empty_directory(root);
	if (unshare(CLONE_NEWNET) != 0)
		log_warning("no network namespace of our own (%s): seccomp alone keeps the parser off the network",
			g_strerror(errno));
	if (chroot(root) != 0 || chdir("/") != 0)
		log_fatal("chroot %s: %s", root, g_strerror(errno));
	privilege_drop(&user, (gid_t)-1);
}

/* Denies every file system right that this kernel knows; nothing is let through. */
static gboolean landlock_everything(void)
{
#ifdef LANDLOCK_CREATE_RULESET_VERSION
	long version = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr rules = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};

	if (version < 1)
		return FALSE;
	int fd = (int)syscall(__NR_landlock_create_ruleset, &rules, sizeof(rules.handled_access_fs), 0);
	if (fd < 0)
		return FALSE;
	gboolean done = syscall(__NR_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return done;
#else
	return FALSE;
#endif
}

void sandbox_enter_room(const struct settings *settings, gboolean door)
{
	if (geteuid() == 0)
		enter_as_root(settings);
	else if (!door)
		log_info("not started as root: the parser keeps this user and this directory tree, "
				 "without chroot and network namespace");
	privilege_lock();
	if (!landlock_everything())
		log_info("this kernel has no Landlock: %sseccomp keeps the parser off files", door ? "" : "chroot where started as root, and ");
}

static void limit(int resource, rlim_t value, const char *what)
{
	const struct rlimit both = {value, value};

	if (setrlimit((__rlimit_resource_t)resource, &both) != 0)
		log_fatal("cannot limit %s: %s", what, g_strerror(errno));
}

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
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) == 0 &&
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

static void load_filter(void)
{
	/* EPERM and not death: a library that asks for a file it can do without must not cost the post. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (!filter || !add_rules(filter) || seccomp_load(filter) != 0)
		log_fatal("cannot load the system call filter: %s", g_strerror(errno));
	seccomp_release(filter);
}

void sandbox_lock_child(const struct settings *settings)
{
	rlim_t message = (rlim_t)settings_number(settings, SET_message_size_limit, NULL);

	limit(RLIMIT_CPU, CHILD_CPU_SECONDS, "CPU time");
	limit(RLIMIT_NOFILE, CHILD_DESCRIPTORS, "descriptors");
	limit(RLIMIT_NPROC, 0, "processes");
	if (UNDER_ASAN)
		return;
	limit(RLIMIT_AS, ((rlim_t)CHILD_MEMORY_BASE << 20) + CHILD_MEMORY_PER_MESSAGE * message, "memory");
	load_filter();
}
