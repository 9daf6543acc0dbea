/*
 * The other floor: a bare SMTP client. It keeps its connection, and pipelines (load_smtp.h). A post's seconds are from MAIL to the reply after the final dot.
 * Usage: load.h.
 */
#include "test/bench/load_smtp.h"

static double post(struct load *load)
{
	static GString *bytes;
	static char *place;

	if (!bytes) {
		bytes = load_stuffed(load->message);
		g_string_append(bytes, ".\r\n");
		place = strstr(bytes->str, "@@@@@@@@@@@@@@@@");
		if (!load_connect(load) || !load_reply(load, "220") || !load_command(load, "EHLO client.example\r\n", "250"))
			return load_fail("smtp", g_strerror(errno));
	}
	if (place)
		load_number(load, place);
	double start = load_now();
	if (!load_envelope(load) || !load_send(load, bytes->str, bytes->len) || !load_reply(load, "250"))
		return load_fail("smtp", "no post");
	return load_now() - start;
}

int main(int argc, char **argv)
{
	return load_main(argc, argv, post);
}
