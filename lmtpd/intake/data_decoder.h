/*
 * The bytes between DATA's 354 and the end of the message, as a stream. Pure: how the network cut the stream into
 * pieces changes nothing of the result, which a fuzz target and the unit test hold it to.
 *
 * Only CRLF "." CRLF ends the data (the CRLF of the DATA command counts as the first). Whatever else looks like an
 * end to somebody (LF.LF, LF.CRLF, CRLF.LF, CR.CR …) is content with a fault in it: such a message is
 * drained to its real end and then refused, because two servers that disagree where it ends are a way to smuggle
 * a second one. RFC 5321 2.3.8, 4.1.1.4 and 4.5.2.
 */
#ifndef ROLLCALL_INTAKE_DATA_DECODER_H
#define ROLLCALL_INTAKE_DATA_DECODER_H

#include <glib.h>
#include <stddef.h>

/** What was found in the content; bits of data_decoder.faults. */
enum data_fault {
	DATA_FAULT_NUL = 1,
	DATA_FAULT_BARE_LF = 2,
	DATA_FAULT_BARE_CR = 4,
	DATA_FAULT_TOO_BIG = 8, /**< more than the limit */
};

enum data_progress {
	DATA_MORE,  /**< all input used, the end is not yet there */
	DATA_END,   /**< the end was found; input behind it is not used */
	DATA_FLOOD, /**< more than twice the limit: there is no sense in waiting for the end */
};

enum data_state {
	DATA_LINE_START,
	DATA_DOT,    /**< a line's first byte was a dot, which is not part of the content */
	DATA_DOT_CR, /**< … and then came CR */
	DATA_TEXT,   /**< within a line */
	DATA_CR,     /**< within a line, CR came */
};

struct data_decoder {
	guint64 limit;   /**< bytes of content */
	guint64 size;    /**< bytes of content so far, also those that were not handed out */
	unsigned faults; /**< enum data_fault */
	enum data_state state;
};

void data_decoder_start(struct data_decoder *decoder, guint64 limit);

/**
 * Takes the next piece. Content (CRLF line ends, dots unstuffed) is appended to `out`: at most `length + 1` bytes,
 * nothing any more once there is a fault. `*used` is the number of input bytes taken: all of them after DATA_MORE.
 * Not to be called again after DATA_END or DATA_FLOOD.
 */
enum data_progress data_decoder_feed(struct data_decoder *decoder, const char *data, size_t length, GString *out,
	size_t *used) G_GNUC_WARN_UNUSED_RESULT;

#endif
