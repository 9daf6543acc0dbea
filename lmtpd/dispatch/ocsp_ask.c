/* The way to a responder; see ocsp_ask.h. The address that was looked at is the one that is connected to: no second look-up can tell another. */
#include "lmtpd/dispatch/ocsp_ask.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/http.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "lib/base/io.h"
#include "lib/base/limits.h"
#include "lib/base/networks.h"
#include "lib/base/text.h"
#include "lib/dns/dns_addresses.h"
#include "lib/list/address.h"

enum {
	CONNECT = 4,        /* seconds for one address */
	MOST_ADDRESSES = 4, /* of one name */
};

/* Where no public responder is: RFC 6890 and its registries. Of IPv6 only what is given out is public, without what wraps an IPv4 address. */
static const char *const private_networks[] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", NULL};
static const char *const given_networks[] = {"2000::/3", NULL};

struct place {
	char *host, *port, *path;
};

static void place_clear(struct place *place)
{
	OPENSSL_free(place->host);
	OPENSSL_free(place->port);
	g_free(place->path);
}

static GArray *own_networks(const char *const *texts)
{
	const char *bad;
	GArray *networks = networks_parse(texts, &bad);

	g_assert(networks);
	return networks;
}

/*
 * This machine's own public address: to Postfix and others who listen there we would be a trusted client. Only what is our own can be bound; where
 * the kernel lets anything be bound (ip_nonlocal_bind), nothing is asked.
 */
static gboolean is_our_own(const struct addrinfo *at)
{
	io_autofd int fd = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage address = {0};

	memcpy(&address, at->ai_addr, MIN(at->ai_addrlen, sizeof(address)));
	if (at->ai_family == AF_INET)
		((struct sockaddr_in *)&address)->sin_port = 0;
	else
		((struct sockaddr_in6 *)&address)->sin6_port = 0;
	return fd < 0 || bind(fd, (struct sockaddr *)&address, at->ai_addrlen) == 0;
}

static gboolean may_connect(const struct addrinfo *at, const GArray *allowed)
{
	g_autoptr(GArray) closed = own_networks(private_networks), given = own_networks(given_networks);

	if (networks_contain(allowed, at->ai_addr))
		return TRUE;
	return !networks_contain(closed, at->ai_addr) && (at->ai_family == AF_INET || networks_contain(given, at->ai_addr)) && !is_our_own(at);
}

/* 80, or one that no service of the system has: our request's bytes are a stranger's, and mail servers take lines from anybody. */
static gboolean is_port(const char *port)
{
	guint64 number;

	return text_parse_number(port, strlen(port), 1, 65535, &number) && (number == 80 || number >= 1024);
}

/* The host must be a name: a number could be written in ways that only some software reads. */
static gboolean read_url(const char *url, struct place *place)
{
	g_autoptr(GString) name = g_string_new(NULL);
	char *user = NULL, *path = NULL, *query = NULL, *fragment = NULL;
	int tls = 0;

	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c > '~')
			return FALSE;
	if (strlen(url) > LIMIT_OCSP_URL ||
		OSSL_HTTP_parse_url(url, &tls, &user, &place->host, &place->port, NULL, &path, &query, &fragment) != 1)
		return FALSE;
	gboolean good = !tls && is_port(place->port) && (!user || !*user) && (!fragment || !*fragment) &&
		address_domain(place->host, strlen(place->host), name) && !g_ascii_isdigit(name->str[name->len - 1]);
	place->path = g_strconcat(path, query && *query ? "?" : "", query, NULL);
	OPENSSL_free(user);
	OPENSSL_free(path);
	OPENSSL_free(query);
	OPENSSL_free(fragment);
	return good;
}

static int connect_address(const struct addrinfo *address, struct deadline deadline)
{
	io_autofd int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;
	socklen_t size = sizeof(error);

	if (fd < 0)
		return -1;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return io_steal_fd(&fd);
	/* What failed at once (no route) is pollable, and SO_ERROR knows nothing of it. */
	if (errno != EINPROGRESS || !deadline_poll(fd, POLLOUT, deadline_earlier(deadline, deadline_in(CONNECT))) ||
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
		return -1;
	return io_steal_fd(&fd);
}

static int connect_place(const struct place *place, const GArray *allowed, struct deadline deadline, const char **reason)
{
	guint count = 0;
	int fd = -1;

	*reason = "its name is not known";
	struct addrinfo *list = dns_addresses(place->host, place->port, TRUE);
	if (!list)
		return -1;
	*reason = "its address is not public (smime_ocsp_networks)";
	for (const struct addrinfo *at = list; at && fd < 0 && count < MOST_ADDRESSES; at = at->ai_next) {
		if (!may_connect(at, allowed))
			continue;
		*reason = "no connection";
		count++;
		fd = connect_address(at, deadline);
	}
	freeaddrinfo(list);
	return fd;
}

/* Over a connection that is ours; OpenSSL does neither look up nor connect anything. */
static GBytes *transfer(int fd, const struct place *place, GBytes *request, struct deadline deadline)
{
	gsize length;
	const void *data = g_bytes_get_data(request, &length);
	BIO *connection = BIO_new_socket(fd, BIO_NOCLOSE);
	BIO *body = BIO_new_mem_buf(data, (int)length);
	int seconds = MAX(deadline_left(deadline) / 1000, 1);
	BIO *answer = OSSL_HTTP_transfer(NULL, place->host, place->port, place->path, 0, NULL, NULL, connection, connection, NULL, NULL,
		0, NULL, "application/ocsp-request", body, "application/ocsp-response", 1, LIMIT_OCSP_RESPONSE, seconds, 0);
	char *found = NULL;
	long size = answer ? BIO_get_mem_data(answer, &found) : 0;
	GBytes *bytes = size > 0 && size <= LIMIT_OCSP_RESPONSE ? g_bytes_new(found, (gsize)size) : NULL;

	BIO_free(answer);
	BIO_free(body);
	BIO_free(connection);
	ERR_clear_error();
	return bytes;
}

GBytes *ocsp_ask(const char *url, GBytes *request, const GArray *allowed, struct deadline deadline, const char **reason)
{
	struct place place = {0};
	GBytes *answer = NULL;

	*reason = "its address is none that may be asked";
	if (read_url(url, &place)) {
		io_autofd int fd = connect_place(&place, allowed, deadline, reason);

		if (fd >= 0) {
			*reason = "no answer in time, or one that is too long or none";
			answer = transfer(fd, &place, request, deadline);
		}
	}
	place_clear(&place);
	return answer;
}
