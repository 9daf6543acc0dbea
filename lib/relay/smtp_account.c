/* The account; see smtp_account.h. */
#include "lib/relay/smtp_account.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/credential.h"
#include "lib/base/io.h"
#include "lib/base/text.h"

enum { PASSWORD_LIMIT = 500 }; /* bytes */

static gboolean fail(GError **error, const struct settings *settings, enum setting setting, const char *what)
{
	g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "line %u: [rollcall] %s: %s", settings_line(settings, setting, NULL),
		settings_row(setting)->name, what);
	return FALSE;
}

/* ---- place ---- */

static gboolean read_inet(const char *text, struct smtp_place *place)
{
	unsigned char address[sizeof(struct in6_addr)];
	const char *colon = strrchr(text, ':');
	guint64 port;

	if (!colon || colon == text || !text_parse_number(colon + 1, strlen(colon + 1), 1, 65535, &port))
		return FALSE;
	gboolean bracketed = text[0] == '[' && colon[-1] == ']';
	place->host = g_strndup(text + bracketed, (gsize)(colon - text) - 2 * (gsize)bracketed);
	place->port = g_strdup(colon + 1);
	place->by_name = inet_pton(AF_INET, place->host, address) != 1 && inet_pton(AF_INET6, place->host, address) != 1;
	place->here = strcmp(place->host, "::1") == 0 || strcmp(place->host, "localhost") == 0 ||
		(!place->by_name && g_str_has_prefix(place->host, "127."));
	/* An IPv6 address without its brackets would be cut at the wrong colon. */
	return *place->host && (bracketed || !strchr(place->host, ':'));
}

static gboolean read_place(const char *text, struct smtp_place *place)
{
	place->endpoint = g_strdup(text);
	if (g_str_has_prefix(text, "inet:"))
		return read_inet(text + strlen("inet:"), place);
	place->here = TRUE;
	return g_str_has_prefix(text, "unix:/");
}

/* ---- password ---- */

static const char *read_password(const char *text, char **password)
{
	g_autofree char *path = credential_path(text);
	char data[PASSWORD_LIMIT + 2];
	struct stat status;
	io_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *fault = fd < 0 || fstat(fd, &status) != 0 ? g_strerror(errno) : credential_fault(path, &status);
	ssize_t length = fault ? 0 : read(fd, data, sizeof(data));

	if (length < 0)
		fault = g_strerror(errno);
	if (length == (ssize_t)sizeof(data))
		fault = "is longer than 500 bytes: no password";
	/* One line; its end is no part of it. */
	while (length > 0 && (data[length - 1] == '\n' || data[length - 1] == '\r'))
		length--;
	if (!fault && length == 0)
		fault = "is empty";
	if (!fault && (memchr(data, '\0', (gsize)length) || memchr(data, '\n', (gsize)length)))
		fault = "holds more than one line";
	if (!fault)
		*password = g_strndup(data, (gsize)length);
	explicit_bzero(data, sizeof(data));
	return fault;
}

static gboolean load_login(struct smtp_account *account, GError **error)
{
	const struct settings *settings = account->settings;
	const char *path = settings_text(settings, SET_smtp_password_file, NULL);

	if (*settings_text(settings, SET_smtp_user, NULL) == '\0')
		return TRUE;
	if (!account->place.here && strcmp(settings_text(settings, SET_smtp_tls, NULL), "require") != 0)
		return fail(error, settings, SET_smtp_user, "a password leaves this machine only with smtp_tls = require");
	if (*path == '\0')
		return fail(error, settings, SET_smtp_user, "wants smtp_password_file, too");
	const char *fault = read_password(path, &account->password);
	if (!fault)
		return TRUE;
	g_autofree char *what = g_strdup_printf("%s %s", path, fault);
	return fail(error, settings, SET_smtp_password_file, what);
}

/* ---- both ---- */

gboolean smtp_account_load(struct smtp_account *account, const struct settings *settings, GError **error)
{
	*account = (struct smtp_account){.settings = settings};
	if (!read_place(settings_text(settings, SET_smtp_server, NULL), &account->place))
		return fail(error, settings, SET_smtp_server, "expected unix:/PATH or inet:HOST:PORT");
	if (!account->place.host && strcmp(settings_text(settings, SET_smtp_tls, NULL), "require") == 0)
		return fail(error, settings, SET_smtp_tls, "a unix socket has no name that a certificate could prove");
	return load_login(account, error);
}

void smtp_account_clear(struct smtp_account *account)
{
	if (account->password)
		explicit_bzero(account->password, strlen(account->password));
	g_clear_pointer(&account->password, g_free);
	g_clear_pointer(&account->place.endpoint, g_free);
	g_clear_pointer(&account->place.host, g_free);
	g_clear_pointer(&account->place.port, g_free);
}
