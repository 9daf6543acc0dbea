/*
 * The connection: option file, hosts in turn, TLS, limits. Everything that the library would
 * otherwise take from its own defaults or from the environment is said here, for security must
 * not depend on how it was built. Knowingly not done: compression, a pool, other character sets
 * than utf8mb4, authentication that shows the password.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/crm/crm_private.h"

enum {
	PACKET_LIMIT = 16 * 1024 * 1024,
	DEFAULT_PORT = 3306,
	KEEPALIVE = 60, /* seconds without a word before the kernel asks whether the other end is there; load balancers forget after 240 or 350 */
	KEEPALIVE_AGAIN = 5,
};

/*
 * The password plugins that prove knowledge of a password without sending it, or send it inside
 * verified TLS only.
 */
static const char good_plugins[] = "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password";

struct host {
	char *name; /* NULL: the unix socket */
	guint port;
};

struct crm *crm_new(const struct settings *settings, struct crm_breaker *breaker)
{
	struct crm *crm = g_new0(struct crm, 1);

	crm->settings = settings;
	crm->breaker = breaker;
	crm->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	crm->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return crm;
}

void crm_free(struct crm *crm)
{
	if (!crm)
		return;
	crm_disconnect(crm);
	crm_error_clear(crm);
	g_hash_table_unref(crm->names);
	g_hash_table_unref(crm->told);
	g_free(crm);
}

void crm_disconnect(struct crm *crm)
{
	g_clear_pointer(&crm->mysql, mysql_close);
	crm->columns_until = 0;
}

static gboolean is_insecure(const struct crm *crm)
{
	return settings_boolean(crm->settings, SET_insecure_i_know, NULL);
}

static void set_limits(const struct crm *crm, MYSQL *mysql)
{
	unsigned int connect = (unsigned int)settings_number(crm->settings, SET_connect_deadline, NULL);
	unsigned int query = (unsigned int)settings_number(crm->settings, SET_query_deadline, NULL);
	unsigned long packet = PACKET_LIMIT;
	unsigned int off = 0;

	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &query);
	mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &query);
	mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(mysql, MYSQL_OPT_CONNECT_ATTR_RESET, NULL);
	mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "rollcall");
#ifdef MARIADB_PACKAGE_VERSION_ID
	my_bool no = 0, yes = 1;

	mysql_options(mysql, MYSQL_OPT_RECONNECT, &no);
	mysql_options(mysql, MYSQL_REPORT_DATA_TRUNCATION, &yes);
	mysql_options(mysql, MARIADB_OPT_RESTRICTED_AUTH, good_plugins);
#endif
}

static void set_text(MYSQL *mysql, enum mysql_option option, const char *value)
{
	if (value)
		mysql_options(mysql, option, value);
}

/*
 * Without verifying, TLS is still used where the option file names an authority; its chain counts
 * then, the name does not.
 */
static void set_verification(MYSQL *mysql, gboolean on)
{
#ifdef MARIADB_PACKAGE_VERSION_ID
	my_bool verify = (my_bool)on;

	mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &verify);
	mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
#else
	unsigned int mode = on ? SSL_MODE_VERIFY_IDENTITY : SSL_MODE_PREFERRED;

	mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
#endif
}

/*
 * Without ssl-ca or ssl-capath the system's authorities count. They are named here, since some
 * versions of the library verify nothing, or accept what the password can prove, where none is
 * named.
 */
static void set_tls(const struct crm *crm, MYSQL *mysql, const struct crm_options *options)
{
	gboolean has_ca = options->ssl_ca || options->ssl_capath;

	set_verification(mysql, !is_insecure(crm));
	if (!has_ca && !is_insecure(crm))
		mysql_options(mysql, MYSQL_OPT_SSL_CAPATH, X509_get_default_cert_dir());
	set_text(mysql, MYSQL_OPT_SSL_CA, options->ssl_ca);
	set_text(mysql, MYSQL_OPT_SSL_CAPATH, options->ssl_capath);
	set_text(mysql, MYSQL_OPT_SSL_CERT, options->ssl_cert);
	set_text(mysql, MYSQL_OPT_SSL_KEY, options->ssl_key);
	set_text(mysql, MYSQL_OPT_SSL_CRL, options->ssl_crl);
	set_text(mysql, MYSQL_OPT_SSL_CRLPATH, options->ssl_crlpath);
	set_text(mysql, MYSQL_OPT_SSL_CIPHER, options->ssl_cipher);
	mysql_options(mysql, MYSQL_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
}

static void host_clear(struct host *host)
{
	g_clear_pointer(&host->name, g_free);
}

/* "NAME", "NAME:PORT", "ADDRESS" or "[ADDRESS]:PORT". FALSE when the port is none. */
static gboolean read_host(const char *text, guint port, struct host *host)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL;
	const char *colon = close ? strchr(close, ':') : strchr(text, ':');
	guint64 number = port;

	/* Two colons without brackets: an IPv6 address and no port. */
	if (colon && !close && strchr(colon + 1, ':'))
		colon = NULL;
	if (colon && !text_parse_number(colon + 1, strlen(colon + 1), 1, G_MAXUINT16, &number))
		return FALSE;
	host->port = (guint)number;
	if (close)
		host->name = g_strndup(text + 1, (gsize)(close - text - 1));
	else
		host->name = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
	return TRUE;
}

/* The servers to try, in the order of the settings. FALSE with the error latched. */
static gboolean list_hosts(struct crm *crm, const struct crm_options *options, GArray *hosts)
{
	const char *const *names = settings_strings(crm->settings, SET_hosts, NULL);
	const char *const single[] = {options->host, NULL};
	guint64 port = DEFAULT_PORT;

	if (options->port && !text_parse_number(options->port, strlen(options->port), 1, G_MAXUINT16, &port))
		return crm_fail(crm, CRM_TROUBLE_OPTIONS, "port in the option file is no port number");
	if (options->socket && !options->host && !*names) {
		struct host host = {0};

		if (!is_insecure(crm))
			return crm_fail(crm, CRM_TROUBLE_OPTIONS,
				"no TLS is spoken over a unix socket: name a host, or set insecure_i_know = yes");
		g_array_append_val(hosts, host);
		return TRUE;
	}
	for (names = *names ? names : single; *names; names++) {
		struct host host = {0};

		if (!read_host(*names, (guint)port, &host))
			return crm_fail(crm, CRM_TROUBLE_OPTIONS, "hosts: expected HOST or HOST:PORT");
		g_array_append_val(hosts, host);
	}
	return hosts->len > 0 ||
		crm_fail(crm, CRM_TROUBLE_OPTIONS, "no host: neither in hosts nor in the option file");
}

/*
 * A slow answer and a dead line are two things: a server that thinks has acknowledged the question. What nobody acknowledges within connect_deadline
 * is a line that a firewall has forgotten, or a host that is gone without a word (a failover), and then a kept connection is made again.
 * Without it each worker would wait query_deadline for its first question after a quiet hour, in vain.
 */
static void watch_line(const struct crm *crm, int fd)
{
	const unsigned int patience = (unsigned int)settings_number(crm->settings, SET_connect_deadline, NULL) * 1000;
	const int on = 1, idle = KEEPALIVE, again = KEEPALIVE_AGAIN;

	if (setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof(patience)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &again, sizeof(again)) != 0)
		log_debug("crm: the line is not watched: %s", g_strerror(errno));
}

/* The session as we want it, and the proof that the library did what it was told. */
static gboolean settle(struct crm *crm, gboolean over_tcp)
{
	g_auto(GStrv) session = crm_sql_session(crm);

	if (over_tcp)
		watch_line(crm, (int)crm->mysql->net.fd);
	crm->uses_tls = mysql_get_ssl_cipher(crm->mysql) != NULL;
	if (!crm->uses_tls && !is_insecure(crm))
		return crm_fail(crm, CRM_TROUBLE_TLS, "the connection is not encrypted");
	crm->deadline = deadline_in((guint)settings_number(crm->settings, SET_query_deadline, NULL));
	for (char **text = session; *text; text++)
		if (mysql_query(crm->mysql, *text) != 0)
			return crm_fail_mysql(crm, mysql_errno(crm->mysql), mysql_error(crm->mysql), TRUE);
	return TRUE;
}

static gboolean connect_to(struct crm *crm, const struct host *host, const struct crm_options *options)
{
	unsigned int protocol = host->name ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
	const char *database = settings_text(crm->settings, SET_database, NULL);

	crm->mysql = mysql_init(NULL);
	if (!crm->mysql)
		log_fatal("crm: out of memory");
	set_limits(crm, crm->mysql);
	set_tls(crm, crm->mysql, options);
	mysql_options(crm->mysql, MYSQL_OPT_PROTOCOL, &protocol);
	/* Empty strings rather than NULL: for NULL the library asks the environment. */
	if (mysql_real_connect(crm->mysql, host->name, options->user ? options->user : "",
		    options->password ? options->password : "", *database ? database : options->database,
		    host->port, host->name ? NULL : options->socket, 0) &&
		settle(crm, host->name != NULL))
		return TRUE;
	crm_fail_mysql(crm, mysql_errno(crm->mysql), mysql_error(crm->mysql), TRUE);
	crm_disconnect(crm);
	return FALSE;
}

/* Each server once, beginning with the one that answered last; the error of the last one stays. */
static gboolean connect_in_turn(struct crm *crm, const GArray *hosts, const struct crm_options *options)
{
	for (guint i = 0; i < hosts->len; i++) {
		guint place = (crm->host + i) % hosts->len;
		const struct host *host = &g_array_index(hosts, struct host, place);

		crm_error_clear(crm);
		if (connect_to(crm, host, options)) {
			crm->host = place;
			return TRUE;
		}
		if (i + 1 < hosts->len) {
			g_autofree char *text = crm_error_text(crm);

			log_warning("crm: %s: %s; trying the next server", host->name, text);
		}
	}
	return FALSE;
}

static gboolean connect_with(struct crm *crm, const struct crm_options *options)
{
	g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(struct host));

	g_array_set_clear_func(hosts, (GDestroyNotify)host_clear);
	if (options->lax && !is_insecure(crm))
		return crm_fail(crm, CRM_TROUBLE_OPTIONS,
			"the option file asks for less than verified TLS:"
			" remove that line, or set insecure_i_know = yes");
	return list_hosts(crm, options, hosts) && connect_in_turn(crm, hosts, options);
}

gboolean crm_connect(struct crm *crm)
{
	g_autoptr(GError) error = NULL;
	struct crm_options options;
	gboolean done = FALSE;

	if (!crm_breaker_admits(crm->breaker, crm->settings))
		return crm_fail(crm, CRM_TROUBLE_BREAKER, "no connection tried");
	if (crm_options_read(crm->settings, &options, &error))
		done = connect_with(crm, &options);
	else
		crm_fail(crm, CRM_TROUBLE_OPTIONS, "%s", error->message);
	crm_options_clear(&options);
	if (!done)
		crm_breaker_failed(crm->breaker, crm->settings);
	return done;
}
