/*
 * The texts that come with Rollcall, lib/mail/texts/LANGUAGE/NAME, inside of the library: the Makefile makes the .c file from them.
 */
#ifndef ROLLCALL_MAIL_TEXTS_DISTRIBUTED_H
#define ROLLCALL_MAIL_TEXTS_DISTRIBUTED_H

struct texts_distributed {
	const char *name; /**< "en/help" */
	const char *text;
};

/** Ends in an entry without a name. */
extern const struct texts_distributed texts_distributed[];

#endif
