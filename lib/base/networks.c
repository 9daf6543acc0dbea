/* Networks and who is in them; see networks.h. */
#include "lib/base/networks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/base/text.h"

struct network {
	int family;
	unsigned char address[16];
	guint bits;
};

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static size_t address_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

static gboolean has_host_bits(const struct network *network)
{
	for (size_t i = 0; i < address_size(network->family); i++) {
		guint covered = network->bits > 8 * i ? MIN(network->bits - 8 * (guint)i, 8) : 0;

		if (network->address[i] & (0xff >> covered))
			return TRUE;
	}
	return FALSE;
}

static gboolean parse(const char *text, struct network *network)
{
	const char *slash = strchr(text, '/');
	g_autofree char *address = g_strndup(text, slash ? (gsize)(slash - text) : strlen(text));
	guint64 bits;

	network->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(network->family, address, network->address) != 1)
		return FALSE;
	bits = 8 * address_size(network->family);
	if (slash && !text_parse_number(slash + 1, strlen(slash + 1), 0, bits, &bits))
		return FALSE;
	network->bits = (guint)bits;
	return !has_host_bits(network);
}

GArray *networks_parse(const char *const *texts, const char **bad)
{
	g_autoptr(GArray) networks = g_array_new(FALSE, TRUE, sizeof(struct network));

	for (; *texts; texts++) {
		struct network network = {0};

		if (!parse(*texts, &network)) {
			*bad = *texts;
			return NULL;
		}
		g_array_append_val(networks, network);
	}
	return g_steal_pointer(&networks);
}

/* The address's bytes and true family; NULL when it has none. */
static const unsigned char *address_bytes(const struct sockaddr *address, int *family)
{
	*family = address->sa_family;
	if (address->sa_family == AF_INET)
		return (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
	if (address->sa_family != AF_INET6)
		return NULL;
	const unsigned char *bytes = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
	if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) != 0)
		return bytes;
	*family = AF_INET;
	return bytes + sizeof(mapped_prefix);
}

static gboolean is_in(const struct network *network, int family, const unsigned char *bytes)
{
	size_t whole = network->bits / 8;
	guint rest = network->bits % 8;

	if (network->family != family || memcmp(network->address, bytes, whole) != 0)
		return FALSE;
	return rest == 0 || (bytes[whole] ^ network->address[whole]) >> (8 - rest) == 0;
}

gboolean networks_contain(const GArray *networks, const struct sockaddr *address)
{
	int family;
	const unsigned char *bytes = address_bytes(address, &family);

	for (guint i = 0; bytes && i < networks->len; i++)
		if (is_in(&g_array_index(networks, struct network, i), family, bytes))
			return TRUE;
	return FALSE;
}

void networks_address_text(const struct sockaddr *address, char *text, size_t size)
{
	int family;
	const unsigned char *bytes = address_bytes(address, &family);

	if (!bytes || !inet_ntop(family, bytes, text, (socklen_t)size))
		g_strlcpy(text, "unknown", size);
}
