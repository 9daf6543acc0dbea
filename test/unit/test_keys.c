/*
 * room: trusted. Keys by way of the setting: files, selectors and domains (HOSTILE C2, C3), and
 * signatures that others can verify, among them the published ones of RFC 8463, appendix A.
 */
#include "test/unit/keys_help.h"

/* `settings` is the value of dkim_keys in the section of `domain`. */
static struct keys *load(const char *domain, const char *value, GError **error)
{
	g_autofree char *text = g_strdup_printf("[domain %s]\ndkim_keys = %s\n", domain, value);
	g_autoptr(GError) wrong = NULL;
	settings_auto struct settings *settings = settings_parse(text, strlen(text), "rollcall.conf", &wrong);

	if (!settings)
		fail_msg("%s", wrong->message);
	return keys_load(settings, error);
}

static void expect_refusal(const char *value, enum keys_error code, const char *says)
{
	g_autoptr(GError) error = NULL;

	assert_null(load("lists.example.org", value, &error));
	if (!g_error_matches(error, KEYS_ERROR, (int)code) || !strstr(error->message, says) ||
		!strstr(error->message, "line 2: [domain lists.example.org] dkim_keys: "))
		fail_msg("%s: %s", value, error->message);
}

static void bad_files_are_refused(void **state)
{
	static const mode_t modes[] = {0644, 0640, 0604, 0660, 0606, 0620, 0602, 0610, 0601, 0777};
	struct place *place = *state;
	g_autofree char *value = g_strdup_printf("s1:%s", place->path);

	expect_refusal(value, KEYS_ERROR_FILE, "No such file");
	for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
		put(place->path, ED25519, PKCS8, modes[i]);
		expect_refusal(value, KEYS_ERROR_FILE, "chmod 0600");
	}
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(mkdir(place->path, 0700), 0);
	expect_refusal(value, KEYS_ERROR_FILE, "no regular file");
	assert_int_equal(rmdir(place->path), 0);
	assert_int_equal(mkfifo(place->path, 0600), 0);
	expect_refusal(value, KEYS_ERROR_FILE, "no regular file");
	expect_refusal("s1:/dev/zero", KEYS_ERROR_FILE, "no regular file");
	assert_int_equal(unlink(place->path), 0);
	put(place->path, RSA_512, PKCS8, 0600);
	expect_refusal(value, KEYS_ERROR_KEY, place->path);
	assert_int_equal(truncate(place->path, 65537), 0);
	expect_refusal(value, KEYS_ERROR_FILE, "64 KiB");
	if (geteuid() == 0) {
		put(place->path, ED25519, PKCS8, 0600);
		assert_int_equal(chown(place->path, 12345, 0), 0);
		expect_refusal(value, KEYS_ERROR_FILE, "chown root");
	}
}

static void links_are_followed(void **state)
{
	struct place *place = *state;
	g_autofree char *link = g_build_filename(place->directory, "b.key", NULL);
	g_autofree char *value = g_strdup_printf("s1:%s", link);

	put(place->path, ED25519, PKCS8, 0400);
	assert_int_equal(symlink(place->path, link), 0);
	struct keys *keys = load("lists.example.org", value, NULL);
	assert_non_null(keys);
	keys_free(keys);
	keys_free(NULL);
	/* What counts is the file at the end. */
	assert_int_equal(chmod(place->path, 0644), 0);
	expect_refusal(value, KEYS_ERROR_FILE, "chmod 0600");
}

#define LABEL_63 "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxy"

static void selectors_are_checked(void **state)
{
	static const char *const good[] = {"s", "2026", "a.b-c.d", "MAIL", LABEL_63, "a--b"};
	static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a_b", "a b", "a=b", "a,b", "a\tb",
		"\xc3\xa9", "x" LABEL_63, "a/b", "a\"b",
		LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63};
	struct place *place = *state;

	put(place->path, ED25519, PKCS8, 0600);
	for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autofree char *value = g_strdup_printf("%s:%s", good[i], place->path);
		g_autoptr(GError) error = NULL;
		struct keys *keys = load("lists.example.org", value, &error);

		if (!keys)
			fail_msg("%s: %s", good[i], error->message);
		keys_free(keys);
	}
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *text = g_strdup_printf("[domain lists.example.org]\ndkim_keys=%s:%s\n", bad[i], place->path);
		g_autoptr(GError) error = NULL;
		settings_auto struct settings *settings = settings_parse(text, strlen(text), "x", &error);

		/* Control characters do not even pass the settings. */
		if (settings && keys_load(settings, &error))
			fail_msg("selector \"%s\" was taken", bad[i]);
		assert_non_null(error);
	}
	expect_refusal("s;x:/y", KEYS_ERROR_SELECTOR, "expected SELECTOR:/PATH");
	expect_refusal("s:relative", KEYS_ERROR_SELECTOR, "expected SELECTOR:/PATH");
	expect_refusal("s", KEYS_ERROR_SELECTOR, "expected SELECTOR:/PATH");
	g_autofree char *twice = g_strdup_printf("s:%s;S:%s", place->path, place->path);
	expect_refusal(twice, KEYS_ERROR_SELECTOR, "twice");
}

static void selector_with_line_breaks(void **state)
{
	static const char text[] = "[domain lists.example.org]\ndkim_keys = s\\r\\nBcc: x:/tmp/key\n";
	g_autoptr(GError) error = NULL;

	assert_null(settings_parse(text, strlen(text), "rollcall.conf", &error));
	assert_non_null(strstr(error->message, "control characters"));
}

static void domains_are_checked(void **state)
{
	static const char *const bad[] = {"a..b", ".a", "a.", "-a.b", "a-.b", "xn--zzzzzzzz99999.example"};
	struct place *place = *state;
	g_autofree char *value = g_strdup_printf("s:%s", place->path);

	put(place->path, ED25519, PKCS8, 0600);
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(load(bad[i], value, &error));
		if (!strstr(error->message, "no domain name"))
			fail_msg("%s: %s", bad[i], error->message);
	}
}

static void seals_want_a_key(void **state)
{
	static const struct {
		enum sample sample;
		const char *more, *says;
	} cases[] = {
		{RSA_2048, "arc = yes", NULL},
		{RSA_2048, "arc = yes\narc_key = s", NULL},
		{ED25519, "arc = yes\narc_key = s", NULL},
		{ED25519, "arc = no", NULL},
		{ED25519, "arc = yes", "line 3: [domain lists.example.org] arc: wants an RSA key"},
		{RSA_2048, "arc_key = other", "line 3: [domain lists.example.org] arc_key: \"other\" is no selector"},
	};
	struct place *place = *state;

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *value = g_strdup_printf("s:%s\n%s", place->path, cases[i].more);
		g_autoptr(GError) error = NULL;

		put(place->path, cases[i].sample, PKCS8, 0600);
		struct keys *keys = load("lists.example.org", value, &error);
		if ((keys == NULL) != (cases[i].says != NULL) || (error && !strstr(error->message, cases[i].says)))
			fail_msg("%s: %s", cases[i].more, error ? error->message : "no error");
		keys_free(keys);
	}
}

/* ---- signing ---- */

static void digest_of(const char *text, guint8 digest[KEYS_DIGEST_SIZE])
{
	unsigned int length;

	assert_int_equal(EVP_Digest(text, strlen(text), digest, &length, EVP_sha256(), NULL), 1);
}

/* As a verifier does it: from the text and the published key alone. */
static gboolean verifies(const struct keys_public *public, GBytes *signature, const char *text)
{
	gsize length, signature_length;
	const unsigned char *der = g_bytes_get_data(public->public_der, &length);
	const guint8 *bytes = g_bytes_get_data(signature, &signature_length);
	g_autoptr(EVP_PKEY) key = d2i_PUBKEY(NULL, &der, (long)length);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	guint8 digest[KEYS_DIGEST_SIZE];
	gboolean is_rsa = strcmp(public->algorithm, "rsa-sha256") == 0;
	int result;

	digest_of(text, digest);
	assert_int_equal(EVP_DigestVerifyInit(context, NULL, is_rsa ? EVP_sha256() : NULL, NULL, key), 1);
	if (is_rsa)
		result = EVP_DigestVerify(context, bytes, signature_length, (const guint8 *)text, strlen(text));
	else
		result = EVP_DigestVerify(context, bytes, signature_length, digest, sizeof(digest));
	EVP_MD_CTX_free(context);
	return result == 1;
}

static void signatures_verify(void **state)
{
	static const enum sample table[] = {RSA_2048, RSA_1024, ED25519};
	struct place *place = *state;
	g_autofree char *value = g_strdup_printf("s1:%s", place->path);
	guint8 digest[KEYS_DIGEST_SIZE];

	digest_of("from:a@b\r\n", digest);
	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		put(place->path, table[i], PKCS8, 0600);
		struct keys *keys = load("lists.example.org", value, NULL);
		g_autoptr(GPtrArray) all = keys_for_domain(keys, "lists.example.org");
		const struct keys_public *public = g_ptr_array_index(all, 0);
		g_autoptr(GBytes) signature = keys_sign(keys, "lists.example.org", "s1", digest, sizeof(digest), NULL);

		assert_true(verifies(public, signature, "from:a@b\r\n"));
		assert_false(verifies(public, signature, "from:c@b\r\n"));
		assert_int_equal(public->bits, table[i] == RSA_2048 ? 2048 : table[i] == RSA_1024 ? 1024 : 0);
		assert_int_equal(public->bits >= KEYS_BITS_ADVISED, table[i] == RSA_2048);
		keys_free(keys);
	}
}

static void several_keys_and_domains(void **state)
{
	struct place *place = *state;
	g_autofree char *other = g_build_filename(place->directory, "b.key", NULL);
	g_autofree char *text = g_strdup_printf(
		"[domain a.example]\ndkim_keys = rsa:%s;ed:%s\n[domain b.example]\n[domain c.example]\ndkim_keys = rsa:%s\n",
		place->path, other, other);
	settings_auto struct settings *settings = settings_parse(text, strlen(text), "x", NULL);
	guint8 digest[KEYS_DIGEST_SIZE] = {0};

	put(place->path, RSA_2048, TRADITIONAL, 0600);
	put(other, ED25519, PKCS8, 0600);
	struct keys *keys = keys_load(settings, NULL);
	g_autoptr(GPtrArray) a = keys_for_domain(keys, "a.example");
	g_autoptr(GPtrArray) b = keys_for_domain(keys, "b.example");
	g_autoptr(GPtrArray) none = keys_for_domain(keys, "sub.a.example");
	assert_int_equal(a->len, 2);
	const struct keys_public *first = g_ptr_array_index(a, 0);
	const struct keys_public *second = g_ptr_array_index(a, 1);
	assert_string_equal(first->selector, "rsa");
	assert_string_equal(first->algorithm, "rsa-sha256");
	assert_string_equal(second->selector, "ed");
	assert_string_equal(second->domain, "a.example");
	assert_string_equal(second->algorithm, "ed25519-sha256");
	assert_int_equal(b->len, 0);
	assert_int_equal(none->len, 0);
	/* A selector belongs to its domain. */
	g_autoptr(GBytes) c = keys_sign(keys, "c.example", "rsa", digest, sizeof(digest), NULL);
	assert_int_equal(g_bytes_get_size(c), 64);
	assert_null(keys_sign(keys, "c.example", "ed", digest, sizeof(digest), NULL));
	assert_null(keys_sign(keys, "b.example", "rsa", digest, sizeof(digest), NULL));
	assert_null(keys_sign(keys, "a.example", "rsa", digest, sizeof(digest) - 1, NULL));
	assert_null(keys_sign(keys, "a.example", "ed", digest, 0, NULL));
	keys_free(keys);
}

/* A file with a bit turned in the modulus reads well, but its signatures are worth nothing. */
static void halves_must_fit(void **state)
{
	struct place *place = *state;
	g_autofree char *value = g_strdup_printf("s1:%s", place->path);
	g_autoptr(GString) der = write_key(RSA_2048, DER);
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	der->str[100] ^= 4; /* the modulus is at 11 to 267 of a traditional key of 2,048 bits */
	assert_int_equal(PEM_write_bio(bio, "RSA PRIVATE KEY", "", (unsigned char *)der->str, (long)der->len) > 0, 1);
	long length = BIO_get_mem_data(bio, &pem);
	assert_true(g_file_set_contents(place->path, pem, length, NULL));
	assert_int_equal(chmod(place->path, 0600), 0);
	BIO_free(bio);
	expect_refusal(value, KEYS_ERROR_KEY, "did not come out right");
}

/* ---- RFC 8463, appendix A ---- */

static const char rfc8463_rsa[] =
	"-----BEGIN RSA PRIVATE KEY-----\n"
	"MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\n"
	"Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM\n"
	"KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n"
	"AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm\n"
	"6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe\n"
	"zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy\n"
	"6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc\n"
	"uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy\n"
	"WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd\n"
	"WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a\n"
	"licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst\n"
	"o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe\n"
	"uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL\n"
	"-----END RSA PRIVATE KEY-----\n";

/* The seed nWGxne/9… of A.1 in PKCS#8. */
static const char rfc8463_ed25519[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	"-----END PRIVATE KEY-----\n";

/* The header fields of A.3 in relaxed form, then the signature field with its b= empty. */
#define RFC8463_FIELDS                                                                                        \
	"from:Joe SixPack <joe@football.example.com>\r\n"                                                     \
	"to:Suzie Q <suzie@shopping.example.net>\r\n"                                                         \
	"subject:Is dinner ready?\r\n"                                                                        \
	"date:Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"                                                      \
	"message-id:<20030712040037.46341.5F8J@football.example.com>\r\n"
#define RFC8463_SIGNATURE(algorithm, selector)                                                                \
	"dkim-signature:v=1; a=" algorithm "; c=relaxed/relaxed; d=football.example.com; "                    \
	"i=@football.example.com; q=dns/txt; s=" selector "; t=1528637909; h=from : to : subject : "          \
	"date : message-id : from : subject : date; "                                                         \
	"bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b="

static void published_signatures_come_out(void **state)
{
	static const struct {
		const char *selector, *key, *text, *signature;
	} table[] = {
		{"brisbane", rfc8463_ed25519, RFC8463_FIELDS RFC8463_SIGNATURE("ed25519-sha256", "brisbane"),
			"/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="},
		{"test", rfc8463_rsa, RFC8463_FIELDS RFC8463_SIGNATURE("rsa-sha256", "test"),
			"F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9"
			"mPYQTnGdaSGsgeefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="},
	};
	struct place *place = *state;

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *value = g_strdup_printf("%s:%s", table[i].selector, place->path);
		guint8 digest[KEYS_DIGEST_SIZE];
		gsize length;

		assert_true(g_file_set_contents(place->path, table[i].key, -1, NULL));
		assert_int_equal(chmod(place->path, 0600), 0);
		struct keys *keys = load("football.example.com", value, NULL);
		digest_of(table[i].text, digest);
		g_autoptr(GBytes) signature =
			keys_sign(keys, "football.example.com", table[i].selector, digest, sizeof(digest), NULL);
		const guint8 *bytes = g_bytes_get_data(signature, &length);
		g_autofree char *text = g_base64_encode(bytes, length);
		assert_string_equal(text, table[i].signature);
		keys_free(keys);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(bad_files_are_refused),
		T(links_are_followed),
		T(selectors_are_checked),
		cmocka_unit_test(selector_with_line_breaks),
		T(domains_are_checked), T(seals_want_a_key),
		T(signatures_verify),
		T(several_keys_and_domains),
		T(halves_must_fit),
		T(published_signatures_come_out),
#undef T
	};

	alarm(120);
	return cmocka_run_group_tests(tests, make_samples, free_samples);
}
