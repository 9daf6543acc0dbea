/* room: intake */
/*
 * Cooks and signs the message on stdin as Rollcall would, and writes it to stdout: for test_dkim.py,
 * which verifies it with another implementation. The private keys are used here by OpenSSL alone, where
 * in Rollcall the other room would.
 *
 *   dkim_probe [--cook] [--tag TAG] [--reply-to POLICY] [--lf] [--time SECONDS] [--repeat N] DOMAIN [SELECTOR KEY.pem]...
 *
 * --lf writes what goes to Postfix, through the linter; else CRLF. --repeat prints the milliseconds of
 * one round to stderr. Status 0; 1 when the message is refused, with the reason on stderr; 2 on wrong
 * use.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/io.h"
#include "lib/base/limits.h"
#include "lib/base/settings.h"
#include "lib/mail/cook_fields.h"
#include "lib/mail/dkim_check.h"
#include "lib/mail/dkim_sign.h"
#include "lib/mail/eight_bit.h"
#include "lib/mail/long_lines.h"
#include "lib/mail/outgoing.h"
#include "lib/mail/reply_to.h"
#include "lib/mail/subject.h"

struct probe {
	gboolean cook, lf;
	const char *tag, *reply_to;
	gint64 now;
	guint repeat;
	guint count;
	struct dkim_sign_key keys[LIMIT_SIGNATURES];
	EVP_PKEY *secrets[LIMIT_SIGNATURES];
	struct settings *settings;
};

static void fail(int status, const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(status);
}

static void load_key(struct probe *probe, const char *domain, const char *selector, const char *path)
{
	FILE *file = fopen(path, "r");
	EVP_PKEY *secret = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
	unsigned char *der = NULL;
	int length = secret ? i2d_PUBKEY(secret, &der) : 0;

	if (length <= 0 || probe->count == LIMIT_SIGNATURES)
		fail(2, "no key");
	fclose(file);
	probe->secrets[probe->count] = secret;
	probe->keys[probe->count++] = (struct dkim_sign_key){
		.domain = domain,
		.selector = selector,
		.algorithm = EVP_PKEY_is_a(secret, "RSA") ? "rsa-sha256" : "ed25519-sha256",
		.public_der = der,
		.public_length = (gsize)length,
	};
}

/* RSASSA-PKCS1-v1_5 over the digest, or Ed25519 with the digest as message: what lib/keys does. */
static void sign(EVP_PKEY *secret, const guint8 *digest, guint8 *signature, size_t *length)
{
	gboolean good;

	if (EVP_PKEY_is_a(secret, "RSA")) {
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(secret, NULL);

		good = EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
		       EVP_PKEY_sign(context, signature, length, digest, DKIM_SIGN_DIGEST) == 1;
		EVP_PKEY_CTX_free(context);
	} else {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		good = EVP_DigestSignInit(context, NULL, NULL, NULL, secret) == 1 &&
		       EVP_DigestSign(context, signature, length, digest, DKIM_SIGN_DIGEST) == 1;
		EVP_MD_CTX_free(context);
	}
	if (!good)
		fail(2, "OpenSSL does not sign");
}

static void add_signatures(const struct probe *probe, struct header *header, const char *body, size_t length)
{
	struct dkim_sign_message message = {.header = header, .body = body, .length = length, .now = probe->now, .expire = 1209600};
	struct dkim_sign_draft drafts[LIMIT_SIGNATURES];
	g_autoptr(GError) error = NULL;

	if (probe->count == 0)
		return;
	if (!dkim_sign_drafts(&message, probe->keys, probe->count, drafts, &error))
		fail(1, error->message);
	for (guint i = 0; i < probe->count; i++) {
		guint8 signature[1024];
		size_t size = sizeof signature;

		sign(probe->secrets[i], drafts[i].digest, signature, &size);
		dkim_sign_finish(header, &drafts[i], signature, size);
		dkim_sign_clear(&drafts[i]);
	}
	if (!dkim_check(&message, probe->keys, probe->count, &error))
		fail(1, error->message);
}

static void refuse_if(struct verdict verdict)
{
	if (verdict_is_final(&verdict))
		fail(1, verdict.text);
}

static void cook(const struct probe *probe, struct header *header)
{
	static const guint8 key[COOK_KEY_SIZE] = {7};
	struct cook_post post = {.settings = probe->settings, .list = "choir@lists.example.org", .hostname = "mail.example.org",
		.now = probe->now, .key = key, .client_name = "client.example.net", .client_address = "192.0.2.1"};

	if (!probe->cook)
		return;
	cook_fields(&post, header);
	subject_put_tag(header, probe->tag);
	reply_to_apply(header, probe->reply_to, "choir@lists.example.org");
	refuse_if(eight_bit_encode(header, FALSE));
}

static void write_lf(const struct header *header, const char *body, size_t length, gboolean print)
{
	io_autofd int fd = outgoing_write(header, body, length);
	struct io_mapping mapping;

	if (fd < 0 || !io_map(fd, TRUE, &mapping))
		fail(2, "no memory file");
	const char *wrong = outgoing_lint(mapping.data, mapping.length);
	if (wrong)
		fail(1, wrong);
	if (print)
		fwrite(mapping.data, 1, mapping.length, stdout);
	io_unmap(&mapping);
}

static void write_crlf(const struct header *header, const char *body, size_t length)
{
	g_autoptr(GString) text = g_string_new(NULL);

	header_render(header, text);
	fwrite(text->str, 1, text->len, stdout);
	fwrite("\r\n", 1, 2, stdout);
	fwrite(body, 1, length, stdout);
	/* As outgoing_write() does it. */
	if (length > 0 && body[length - 1] != '\n')
		fwrite("\r\n", 1, 2, stdout);
}

static void run(const struct probe *probe, const char *data, size_t length, gboolean print)
{
	struct header header;
	size_t place;
	GString *mended = NULL;

	if (header_parse(data, length, &header, &place) != HEADER_OK)
		fail(1, "no header");
	cook(probe, &header);
	refuse_if(long_lines_mend(&header, data, length, place, &mended));
	const char *body = mended ? mended->str : data + place;
	size_t body_length = mended ? mended->len : length - place;
	add_signatures(probe, &header, body, body_length);
	if (probe->lf)
		write_lf(&header, body, body_length, print);
	else if (print)
		write_crlf(&header, body, body_length);
	if (mended)
		g_string_free(mended, TRUE);
	header_clear(&header);
}

static GByteArray *read_all(void)
{
	GByteArray *data = g_byte_array_new();
	guint8 buffer[65536];
	size_t got;

	while ((got = fread(buffer, 1, sizeof buffer, stdin)) > 0)
		g_byte_array_append(data, buffer, (guint)got);
	return data;
}

static int options(struct probe *probe, int count, char **arguments)
{
	int i = 1;

	for (; i < count && g_str_has_prefix(arguments[i], "--"); i++) {
		if (strcmp(arguments[i], "--cook") == 0)
			probe->cook = TRUE;
		else if (strcmp(arguments[i], "--lf") == 0)
			probe->lf = TRUE;
		else if (i + 1 == count)
			fail(2, "an option without its value");
		else if (strcmp(arguments[i], "--tag") == 0)
			probe->tag = arguments[++i];
		else if (strcmp(arguments[i], "--reply-to") == 0)
			probe->reply_to = arguments[++i];
		else if (strcmp(arguments[i], "--time") == 0)
			probe->now = g_ascii_strtoll(arguments[++i], NULL, 10);
		else if (strcmp(arguments[i], "--repeat") == 0)
			probe->repeat = (guint)g_ascii_strtoull(arguments[++i], NULL, 10);
		else
			fail(2, "an option that is none");
	}
	return i;
}

int main(int count, char **arguments)
{
	static const char configuration[] = "[domain lists.example.org]\nunsubscribe_page=https://crm.example.org/{list}\n"
					    "archived_at=https://archive.example.org/{hash}\n";
	struct probe probe = {.tag = "", .reply_to = "author", .now = g_get_real_time() / G_USEC_PER_SEC, .repeat = 1};
	int place = options(&probe, count, arguments);

	if (place >= count)
		fail(2, "no domain");
	g_mime_init();
	dkim_sign_warm_up();
	dkim_check_warm_up();
	probe.settings = settings_parse(configuration, strlen(configuration), "probe", NULL);
	const char *domain = arguments[place++];
	for (; place + 1 < count; place += 2)
		load_key(&probe, domain, arguments[place], arguments[place + 1]);
	g_autoptr(GByteArray) data = read_all();
	for (guint i = 0; i < probe.repeat; i++) {
		gint64 start = g_get_monotonic_time();

		run(&probe, (const char *)data->data, data->len, i == 0);
		if (probe.repeat > 1)
			fprintf(stderr, "%.3f\n", (double)(g_get_monotonic_time() - start) / 1000.0);
	}
	for (guint i = 0; i < probe.count; i++) {
		EVP_PKEY_free(probe.secrets[i]);
		OPENSSL_free((void *)probe.keys[i].public_der);
	}
	settings_free(probe.settings);
	return 0;
}
