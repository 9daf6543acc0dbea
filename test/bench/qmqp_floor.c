/*
 * The floor that the fan-out is measured against: a bare QMQP client that knows message and recipients beforehand and hands them to
 * Postfix in one write. No CRM, no signing, no store, no check. A post's seconds are from connect to reply. Usage: load.h.
 */
#include "test/bench/load.h"

static void netstring(GString *out, const char *data, gsize length)
{
	g_string_append_printf(out, "%zu:", length);
	g_string_append_len(out, data, (gssize)length);
	g_string_append_c(out, ',');
}

static GString *request(const struct load *load)
{
	GString *inner = g_string_new(NULL), *outer = g_string_new(NULL);

	netstring(inner, load->message->str, load->message->len);
	netstring(inner, load->sender, strlen(load->sender));
	for (char **recipient = load->recipients; *recipient; recipient++)
		netstring(inner, *recipient, strlen(*recipient));
	netstring(outer, inner->str, inner->len);
	g_string_free(inner, TRUE);
	return outer;
}

static double post(struct load *load)
{
	static const char number[] = "@@@@@@@@@@@@@@@@";
	static GString *bytes;
	static char *place;
	char reply[4096];
	gsize used = 0;

	if (!bytes) {
		bytes = request(load);
		place = memmem(bytes->str, bytes->len, number, LOAD_NUMBER);
	}
	if (place)
		load_number(load, place);
	double start = load_now();
	if (!load_connect(load) || !load_send(load, bytes->str, bytes->len))
		return load_fail("qmqp", g_strerror(errno));
	for (ssize_t count; (count = read(load->fd, reply + used, sizeof(reply) - 1 - used)) > 0;)
		used += (gsize)count;
	reply[used] = '\0';
	load_close(load);
	return strstr(reply, ":K") ? load_now() - start : load_fail("qmqp", reply);
}

int main(int argc, char **argv)
{
	return load_main(argc, argv, post);
}
