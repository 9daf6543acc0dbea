/*
 * Posts by LMTP, as Postfix's client hands them over: LHLO, then envelope and DATA in one write, then the message; a new connection for each
 * post, or the same for all of them where LOAD_KEEP is set (for servers that take more than one). A post's seconds are from the end of DATA to the last reply. Usage: load.h.
 */
#include "test/bench/load.h"

static gboolean hello(struct load *load)
{
	if (load->fd >= 0)
		return TRUE;
	return load_connect(load) && load_reply(load, "220") && load_command(load, "LHLO client.example\r\n", "250");
}

static gboolean envelope(struct load *load, guint *count)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text, "MAIL FROM:<%s> BODY=8BITMIME\r\n", load->sender);
	for (*count = 0; load->recipients[*count]; (*count)++)
		g_string_append_printf(text, "RCPT TO:<%s>\r\n", load->recipients[*count]);
	g_string_append(text, "DATA\r\n");
	gboolean good = load_send(load, text->str, text->len) && load_reply(load, "250");
	for (guint i = 0; i < *count; i++)
		good = good && load_reply(load, "250");
	return good && load_reply(load, "354");
}

static double post(struct load *load)
{
	static GString *bytes;
	static char *place;
	guint count;

	if (!bytes) {
		bytes = load_stuffed(load->message);
		place = strstr(bytes->str, "@@@@@@@@@@@@@@@@");
	}
	if (place)
		load_number(load, place);
	if (!hello(load) || !envelope(load, &count) || !load_send(load, bytes->str, bytes->len))
		return load_fail("lmtp", g_strerror(errno));
	double start = load_now();
	gboolean good = load_send(load, ".\r\n", 3);
	for (guint i = 0; i < count; i++)
		good = good && load_reply(load, "250");
	double seconds = load_now() - start;
	if (!g_getenv("LOAD_KEEP"))
		load_close(load);
	return good ? seconds : load_fail("lmtp", "no post");
}

int main(int argc, char **argv)
{
	return load_main(argc, argv, post);
}
