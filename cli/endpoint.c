/* Sockets by name; see endpoint.h. */
#include "cli/endpoint.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/base/text.h"

void endpoint_clear(struct endpoint *endpoint)
{
	g_clear_pointer(&endpoint->place, g_free);
}

static char *normal_host(const char *text, gsize length)
{
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	g_autofree char *host = g_ascii_strdown(text, (gssize)length);
	if (strcmp(host, "localhost") == 0)
		return g_strdup("127.0.0.1");
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || strcmp(host, "*") == 0)
		return g_strdup("");
	return g_steal_pointer(&host);
}

static gboolean parse_inet(const char *text, struct endpoint *endpoint)
{
	const char *colon = strrchr(text, ':');
	guint64 port;

	if (!colon || !text_parse_number(colon + 1, strlen(colon + 1), 1, 65535, &port))
		return FALSE;
	*endpoint = (struct endpoint){
		.kind = ENDPOINT_INET, .place = normal_host(text, (gsize)(colon - text)), .port = (guint)port};
	return TRUE;
}

gboolean endpoint_parse(const char *text, struct endpoint *endpoint)
{
	*endpoint = (struct endpoint){0};
	if (g_str_has_prefix(text, "inet:"))
		return parse_inet(text + strlen("inet:"), endpoint);
	if (!g_str_has_prefix(text, "unix:/"))
		return FALSE;
	*endpoint = (struct endpoint){
		.kind = ENDPOINT_UNIX, .place = g_canonicalize_filename(text + strlen("unix:"), "/")};
	return TRUE;
}

/* Two names of one socket file. */
static gboolean same_file(const char *a, const char *b)
{
	struct stat first, second;

	return strcmp(a, b) == 0 ||
		(stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
			first.st_ino == second.st_ino);
}

gboolean endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
	if (a->kind != b->kind)
		return FALSE;
	if (a->kind == ENDPOINT_UNIX)
		return same_file(a->place, b->place);
	return a->port == b->port && (*a->place == '\0' || *b->place == '\0' || strcmp(a->place, b->place) == 0);
}

gboolean endpoint_is_local(const struct endpoint *endpoint)
{
	return endpoint->kind == ENDPOINT_UNIX || strcmp(endpoint->place, "::1") == 0 ||
		g_str_has_prefix(endpoint->place, "127.");
}
