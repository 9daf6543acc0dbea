/*
 * Fault points: the moments at which test/fault ends, stops or aborts a program, to see what that leaves. They are there only in a build made for
 * it (`make FAULT=1 BUILD=build-fault`); otherwise the macros are nothing at all.
 * The suite names a file in the environment, all programs map it, and what it says there holds at once. See struct fault_page in fault.c.
 */
#ifndef ROLLCALL_BASE_FAULT_H
#define ROLLCALL_BASE_FAULT_H

#ifdef ROLLCALL_FAULT
/** A moment worth dying at. `name` (at most 31 bytes) goes into the trail that the suite reads; idle programs pass none. */
#define FAULT_POINT(name) fault_point(name)
/** What spawn.c lets through to the programs beside its own list. */
#define FAULT_ENVIRONMENT , "ROLLCALL_FAULT"
void fault_point(const char *name);
#else
#define FAULT_POINT(name) ((void)0)
#define FAULT_ENVIRONMENT
#endif

#endif
