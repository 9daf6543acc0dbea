/* The parts of a notice's body, for notice.c. */
#ifndef ROLLCALL_MAIL_NOTICE_PARTS_H
#define ROLLCALL_MAIL_NOTICE_PARTS_H

#include "lib/mail/notice.h"

/** The filled text itself. */
void notice_part_text(const struct notice *notice, struct compose_part *part);
/** The same as HTML, with the links. */
void notice_part_html(const struct notice *notice, struct compose_part *part);
/** The attached post, in a multipart with this boundary; `*eight_bit` tells whether its bytes need 8BITMIME. */
void notice_part_post(const struct notice *notice, const char *boundary, struct compose_part *part, gboolean *eight_bit);

#endif
