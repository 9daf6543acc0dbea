/*
 * The mbox format as we write and read it: messages behind lines "From SENDER DATE", lines that look like one quoted by '>' (mboxrd, so that it can be
 * taken back). RFC 4155 names the variants; mboxo, which quotes "From " only, reads the same but for lines that began with ">From " in the mail.
 */
#ifndef ROLLCALL_ARCHIVE_MBOX_H
#define ROLLCALL_ARCHIVE_MBOX_H

#include <glib.h>
#include <stdio.h>

/** Appends "From SENDER DATE" (UTC) and its LF. `sender` is an address in normal form. */
void mbox_append_line(GString *out, const char *sender, gint64 at);
/** Appends a message with LF line ends, quoted, and the empty line behind it. */
void mbox_append_message(GString *out, const char *data, gsize length);

enum mbox_read {
	MBOX_MESSAGE,
	MBOX_TOO_LARGE, /**< passed over: more bytes than `most`, or none at all */
	MBOX_END,
	MBOX_NO_MBOX,   /**< the file does not begin with such a line */
	MBOX_TROUBLE,   /**< errno */
};
struct mbox_reader;

/** Reads from `file`, which stays the caller's; messages of at most `most` bytes. Uses little more memory than that. */
struct mbox_reader *mbox_reader_new(FILE *file, gsize most) G_GNUC_WARN_UNUSED_RESULT;
void mbox_reader_free(struct mbox_reader *reader);
/**
 * The next message, unquoted, LF line ends, into `out` (replaced); `*at` is what its line says (epoch seconds), 0 when that cannot be read. A "From " line
 * begins a message only behind an empty line and with a time and a year in it: careless writers quoted nothing.
 */
enum mbox_read mbox_reader_next(struct mbox_reader *reader, GString *out, gint64 *at) G_GNUC_WARN_UNUSED_RESULT;

#endif
