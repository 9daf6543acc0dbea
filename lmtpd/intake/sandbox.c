/* The walls around the parser; see sandbox.h. */
#include "lmtpd/intake/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
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
#include "lmtpd/intake/sandbox_filter.h"

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
	sandbox_filter_make();
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

void sandbox_lock_child(const struct settings *settings)
{
	rlim_t message = (rlim_t)settings_number(settings, SET_message_size_limit, NULL);

	limit(RLIMIT_CPU, CHILD_CPU_SECONDS, "CPU time");
	limit(RLIMIT_NOFILE, CHILD_DESCRIPTORS, "descriptors");
	limit(RLIMIT_NPROC, 0, "processes");
	if (UNDER_ASAN)
		return;
	limit(RLIMIT_AS, ((rlim_t)CHILD_MEMORY_BASE << 20) + CHILD_MEMORY_PER_MESSAGE * message, "memory");
	sandbox_filter_load();
}
