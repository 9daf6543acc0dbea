/* Shared by the files of order.h. */
#ifndef ROLLCALL_MAIL_ORDER_INTERNAL_H
#define ROLLCALL_MAIL_ORDER_INTERNAL_H

#include "lib/mail/order.h"

/**
 * The first text/plain part that is neither a file nor inside an attached message, decoded to UTF-8 without NUL, cut after
 * ORDER_BODY bytes; NULL when there is none, or when mail programs may disagree about what the parts are. The caller frees it.
 */
char *order_body(const char *data, const struct walk *walk) G_GNUC_WARN_UNUSED_RESULT;

/** The same of text/html, as plain text. It holds no order, but may hold the reasons for one. The caller frees it. */
char *order_html(const char *data, const struct walk *walk) G_GNUC_WARN_UNUSED_RESULT;

/** Whether the subject begins with one of our words and a colon, or is one: what our links write. */
enum order_kind order_subject(const char *subject);

#endif
