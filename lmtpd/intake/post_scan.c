/* Limits on bytes, before any parser runs. The result is kept: a message for three lists is looked at once. */
#include "lib/mail/scan.h"
#include "lmtpd/intake/post.h"

struct verdict post_scan(struct post *post)
{
	struct message *message = post->message;

	if (!message->scanned) {
		message->scanned = TRUE;
		message->scan = scan_message(message->raw.data, message->raw.length);
	}
	return message->scan.class == VERDICT_UNCLEAR ? VERDICT_UNDECIDED : message->scan;
}
