/*
 * The floor that the fan-out is measured against: a bare QMQP client that knows message and recipients beforehand and hands them to
 * Postfix in one write. No CRM, no signing, no store, no check. Own code on purpose: it shares nothing with lib/relay.
 * qmqp_floor SOCKET SENDER MESSAGE-FILE RECIPIENTS-FILE   prints the seconds from connect to reply, and the reply
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void netstring(GString *out, const char *data, gsize length)
{
	g_string_append_printf(out, "%zu:", length);
	g_string_append_len(out, data, (gssize)length);
	g_string_append_c(out, ',');
}

static GString *request(const char *sender, const char *message, gsize length, char **recipients)
{
	GString *inner = g_string_new(NULL), *outer = g_string_new(NULL);

	netstring(inner, message, length);
	netstring(inner, sender, strlen(sender));
	for (; *recipients; recipients++)
		if (**recipients)
			netstring(inner, *recipients, strlen(*recipients));
	netstring(outer, inner->str, inner->len);
	g_string_free(inner, TRUE);
	return outer;
}

static gboolean talk(const char *path, const GString *bytes, char *reply, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t used = 0;

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return FALSE;
	for (gsize sent = 0; sent < bytes->len;) {
		ssize_t count = write(fd, bytes->str + sent, bytes->len - sent);

		if (count <= 0)
			return FALSE;
		sent += (gsize)count;
	}
	for (;;) {
		ssize_t count = read(fd, reply + used, size - 1 - used);

		if (count <= 0)
			break;
		used += (size_t)count;
	}
	reply[used] = '\0';
	close(fd);
	return used > 0;
}

int main(int argc, char **argv)
{
	g_autofree char *message = NULL, *list = NULL;
	gsize length;
	char reply[4096];

	if (argc != 5 || !g_file_get_contents(argv[3], &message, &length, NULL) ||
		!g_file_get_contents(argv[4], &list, NULL, NULL)) {
		fputs("qmqp_floor SOCKET SENDER MESSAGE-FILE RECIPIENTS-FILE\n", stderr);
		return 64;
	}
	g_auto(GStrv) recipients = g_strsplit(list, "\n", -1);
	GString *bytes = request(argv[2], message, length, recipients);
	gint64 start = g_get_monotonic_time();
	if (!talk(argv[1], bytes, reply, sizeof(reply))) {
		perror("qmqp_floor");
		return 1;
	}
	printf("%.6f %s\n", (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC, reply);
	g_string_free(bytes, TRUE);
	return strstr(reply, ":K") ? 0 : 1;
}
