/*
 * Fault points of a test build; see fault.h. Not compiled otherwise.
 *
 * All programs share one counter, so a number names one moment of a run: the suite lets one post through, reads the trail, and then ends whoever
 * comes to number 1, 2, 3, … of posts of the same kind. The wall clock is moved by defining the calls that GLib and SQLite ask for it: the program's
 * own definition goes before libc's.
 */
#include "lib/base/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

enum { TRAIL = 4000, NAME = 32, PROGRAM = 20 };

/* test/lab/faults.py reads and writes this. */
struct fault_page {
	guint32 passed; /* points passed so far, by all programs */
	guint32 number; /* whoever takes this number gets `signal`; 0: nobody */
	guint32 signal;
	guint32 skew; /* seconds that are added to the wall clock, as a gint32 */
	struct {
		char name[NAME];
		char program[PROGRAM];
		gint32 process;
	} trail[TRAIL];
};

static struct fault_page *page;

static void __attribute__((constructor)) attach(void)
{
	const char *path = getenv("ROLLCALL_FAULT");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *mapped = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	page = mapped == MAP_FAILED ? NULL : mapped;
	close(fd);
}

void fault_point(const char *name)
{
	if (!page)
		return;
	guint32 number = __atomic_add_fetch(&page->passed, 1, __ATOMIC_SEQ_CST);

	if (number <= TRAIL) {
		g_strlcpy(page->trail[number - 1].name, name, NAME);
		g_strlcpy(page->trail[number - 1].program, program_invocation_short_name, PROGRAM);
		page->trail[number - 1].process = (gint32)getpid();
	}
	/* The call that abort(3) makes, since the parser's sandbox lets it make no other. */
	if (number == __atomic_load_n(&page->number, __ATOMIC_SEQ_CST))
		syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), (int)page->signal);
}

static gint32 skew(clockid_t clock)
{
	gboolean wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;

	return wall && page ? (gint32)__atomic_load_n(&page->skew, __ATOMIC_SEQ_CST) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	now->tv_sec += skew(clock);
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec exact;
	int result = clock_gettime(CLOCK_REALTIME, &exact);

	*now = (struct timeval){.tv_sec = exact.tv_sec, .tv_usec = exact.tv_nsec / 1000};
	return result;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
