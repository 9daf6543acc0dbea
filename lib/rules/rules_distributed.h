/*
 * The scenarios that come with Rollcall, lib/rules/scenari/send.*, as texts: the Makefile makes the .c file from them.
 */
#ifndef ROLLCALL_RULES_RULES_DISTRIBUTED_H
#define ROLLCALL_RULES_RULES_DISTRIBUTED_H

struct rules_distributed {
	const char *name; /**< "send.private" */
	const char *text;
};

/** Sorted by name; ends in an entry without one. */
extern const struct rules_distributed rules_distributed[];

#endif
