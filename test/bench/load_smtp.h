/*
 * The envelope of an SMTP transaction, pipelined: in windows that fit into smtpd's buffer of 4 KiB, because a larger one costs a
 * delayed acknowledgement each.
 */
#pragma once

#include "test/bench/load.h"

enum { LOAD_WINDOW = 4000 }; /* bytes */

/* Sends the window and takes so many replies. */
static inline gboolean load_flush(struct load *load, GString *window, guint *waiting)
{
	gboolean good = load_send(load, window->str, window->len);

	for (; good && *waiting > 0; (*waiting)--)
		good = load_reply(load, "250") != NULL;
	g_string_truncate(window, 0);
	return good;
}

static inline gboolean load_envelope(struct load *load)
{
	g_autoptr(GString) window = g_string_sized_new(2 * LOAD_WINDOW);
	guint waiting = 1;

	g_string_append_printf(window, "MAIL FROM:<%s> BODY=8BITMIME\r\n", load->sender);
	for (char **recipient = load->recipients; *recipient; recipient++) {
		if (window->len + strlen(*recipient) + sizeof("RCPT TO:<>\r\nDATA\r\n") > LOAD_WINDOW && !load_flush(load, window, &waiting))
			return FALSE;
		g_string_append_printf(window, "RCPT TO:<%s>\r\n", *recipient);
		waiting++;
	}
	g_string_append(window, "DATA\r\n");
	return load_flush(load, window, &waiting) && load_reply(load, "354");
}
