/* The certificates and CRLs that an admin gave us, read once before the room is closed; see smime.h. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "lib/mail/smime_internal.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_CRL, X509_CRL_free)

/* A whole public bundle has 150 certificates, a public CA some dozen CRLs of up to some megabytes. */
enum { MOST_CRL_FILES = 1000 };

/* What a file is read for: a certificate beside the CRLs is not trusted for it. */
struct reading {
	X509_STORE *store;
	gboolean crls;
	guint count;
};

static void add_problem(GPtrArray *problems, const char *path, const char *what)
{
	g_ptr_array_add(problems, g_strdup_printf("%s: %s", path, what));
}

static void add_certificate(struct reading *reading, X509 *certificate)
{
	reading->count += !reading->crls && certificate && X509_STORE_add_cert(reading->store, certificate) == 1;
}

static void add_crl(struct reading *reading, X509_CRL *crl)
{
	reading->count += reading->crls && crl && X509_STORE_add_crl(reading->store, crl) == 1;
}

/* One broken entry costs the whole file: half of the revoked would be known, and nobody told. */
static void read_pem(struct reading *reading, const char *data, gsize length)
{
	g_autoptr(BIO) bio = BIO_new_mem_buf(data, (int)length);
	STACK_OF(X509_INFO) *list = PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL);

	for (int i = 0; i < sk_X509_INFO_num(list); i++) {
		add_certificate(reading, sk_X509_INFO_value(list, i)->x509);
		add_crl(reading, sk_X509_INFO_value(list, i)->crl);
	}
	sk_X509_INFO_pop_free(list, X509_INFO_free);
}

static void read_der(struct reading *reading, const char *data, gsize length)
{
	const unsigned char *place = (const unsigned char *)data;
	g_autoptr(X509) certificate = reading->crls ? NULL : d2i_X509(NULL, &place, (long)length);
	g_autoptr(X509_CRL) crl = reading->crls ? d2i_X509_CRL(NULL, &place, (long)length) : NULL;

	add_certificate(reading, certificate);
	add_crl(reading, crl);
}

/* FALSE with a line in `problems` when there is nothing of the kind in it. */
static gboolean read_file(struct reading *reading, const char *path, GPtrArray *problems)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *data = NULL;
	gsize length;

	reading->count = 0;
	if (!g_file_get_contents(path, &data, &length, &error)) {
		g_ptr_array_add(problems, g_strdup(error->message));
		return FALSE;
	}
	if (length <= G_MAXINT && g_strstr_len(data, (gssize)length, "-----BEGIN "))
		read_pem(reading, data, length);
	else if (length <= G_MAXINT)
		read_der(reading, data, length);
	ERR_clear_error();
	if (reading->count == 0)
		add_problem(problems, path, reading->crls ? "no CRL can be read from it" : "no certificate can be read from it");
	return reading->count > 0;
}

static void read_crls(X509_STORE *store, const char *path, GPtrArray *problems)
{
	struct reading reading = {.store = store, .crls = TRUE};
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;
	guint count = 0;

	if (!directory)
		(void)read_file(&reading, path, problems);
	while (directory && (name = g_dir_read_name(directory)) && count < MOST_CRL_FILES) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		if (name[0] == '.' || !g_file_test(file, G_FILE_TEST_IS_REGULAR))
			continue;
		(void)read_file(&reading, file, problems);
		count++;
	}
	if (directory && (count == 0 || count == MOST_CRL_FILES))
		add_problem(problems, path, count ? "too many files, the rest is left out" : "there is no CRL in it");
}

struct smime_trust *smime_trust_load(const char *ca_file, const char *crl, GPtrArray *problems)
{
	struct smime_trust *trust = g_new0(struct smime_trust, 1);

	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS |
			OPENSSL_INIT_LOAD_CONFIG, NULL);
	trust->store = X509_STORE_new();
	g_assert(trust->store);
	/* What stands in the bundle is trusted as it is: an intermediate alone says less than its root would. */
	X509_STORE_set_flags(trust->store, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(trust->store), SMIME_LEVEL);
	trust->crls = crl && *crl;
	struct reading bundle = {.store = trust->store};
	if (!read_file(&bundle, ca_file, problems))
		g_clear_pointer(&trust, smime_trust_free);
	else if (trust->crls)
		read_crls(trust->store, crl, problems);
	return trust;
}

/* A CRL without an end is never out of date. */
static gboolean is_over(const ASN1_TIME *end, time_t now)
{
	return end && X509_cmp_time(end, &now) < 0;
}

/* Whether another CRL of the same issuer is in date: then it is that one which counts. */
static gboolean is_replaced(STACK_OF(X509_OBJECT) *objects, const X509_CRL *old, time_t now)
{
	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		const X509_CRL *crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));

		if (crl && !is_over(X509_CRL_get0_nextUpdate(crl), now) && X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_CRL_get_issuer(old)) == 0)
			return TRUE;
	}
	return FALSE;
}

static void add_expired(GPtrArray *expired, const char *what, const X509_NAME *name)
{
	char *text = X509_NAME_oneline(name, NULL, 0);

	g_ptr_array_add(expired, g_strdup_printf("%s %s", what, text ? text : "?"));
	OPENSSL_free(text);
}

void smime_trust_look(const struct smime_trust *trust, gint64 now, guint counts[2], GPtrArray *expired)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(trust->store);

	counts[0] = counts[1] = 0;
	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
		X509_CRL *crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));

		counts[0] += certificate != NULL;
		counts[1] += crl != NULL;
		if (certificate && is_over(X509_get0_notAfter(certificate), (time_t)now))
			add_expired(expired, "the certificate of", X509_get_subject_name(certificate));
		if (crl && is_over(X509_CRL_get0_nextUpdate(crl), (time_t)now) && !is_replaced(objects, crl, (time_t)now))
			add_expired(expired, "the CRL of", X509_CRL_get_issuer(crl));
	}
}

void smime_trust_free(struct smime_trust *trust)
{
	if (!trust)
		return;
	X509_STORE_free(trust->store);
	g_free(trust);
}
