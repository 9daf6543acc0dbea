/*
 * One function for each request of the wire (lib/wire/wire.h has the types and says what they mean). `arguments` has
 * the request's type; `fd` is the descriptor beside it or -1 and stays the caller's. Each returns a floating answer.
 */
#ifndef ROLLCALL_DISPATCH_ANSWERS_H
#define ROLLCALL_DISPATCH_ANSWERS_H

#include "lmtpd/dispatch/worker.h"

GVariant *answer_route(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_standing(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_row(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_total(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_claim(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_duplicate(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_deaths(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_death(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_keys(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_sign(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_ocsp(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_roster(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_prepare(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_commit(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_finish(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_hold(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_order(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_reply(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_wish(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_job(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_job_done(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_notice(struct phase *phase, GVariant *arguments, int fd);
GVariant *answer_txt(struct phase *phase, GVariant *arguments, int fd);

/** Largest arguments, in bytes, of a request whose texts go into the store: they must fit into a frame again with more beside them. */
enum { ANSWER_ARGUMENTS = 16 * 1024 };

/** Whether `list` is the address of a list in one of our domains; asked of every list that came over the wire. */
gboolean answer_list_is_ours(const struct settings *settings, const char *list);
/** The idempotency key in an "ay" argument: FALSE when it has not the right length. */
gboolean answer_read_key(GVariant *bytes, guint8 key[STORE_KEY_SIZE]);
/**
 * Maps the message beside a request: FALSE when it is not a sealed memory file, is empty, or larger than a post within message_size_limit
 * can become (its body in base64 and our fields come to less than twice as much).
 */
gboolean answer_map_message(const struct settings *settings, int fd, struct io_mapping *mapping)
	G_GNUC_WARN_UNUSED_RESULT;

#endif
