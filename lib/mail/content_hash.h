/*
 * Whether two mails are the same post that took two paths: a digest of what its author wrote and no path changes.
 *
 * In it: Message-ID, From, Date, Subject, To, Cc, In-Reply-To, References, MIME-Version, Content-Type and Content-Transfer-Encoding, each in DKIM's
 * relaxed form (so folds and blanks do not count) and in this order, and the body in DKIM's simple form. Left out is all that a server
 * writes on the way: Received, Return-Path, Delivered-To, X-…, Resent-…, List-…, signatures, seals and results of DKIM and ARC.
 * Knowingly another post: one to which a relay added a footer or a tag in the subject, whose transfer encoding it changed, or whose From
 * it rewrote. In doubt a post is another one, and goes out.
 */
#ifndef ROLLCALL_MAIL_CONTENT_HASH_H
#define ROLLCALL_MAIL_CONTENT_HASH_H

#include "lib/mail/header.h"

enum { CONTENT_HASH_SIZE = 32 };

/**
 * The digest of a message with these fields and this body (CRLF line ends). FALSE when it has not exactly one Message-ID, or that has
 * no text: then no other is the same.
 */
gboolean content_hash(const struct header *header, const char *body, size_t length, guint8 digest[CONTENT_HASH_SIZE])
	G_GNUC_WARN_UNUSED_RESULT;

#endif
