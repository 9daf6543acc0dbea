/* lib/keys/keys_record.h: what DNS is to say of a key, and whether a record that was found says it. The keys come from keys_make.h. */
#include "test/unit/keys_help.h"

#include "lib/keys/keys_make.h"
#include "lib/keys/keys_record.h"

/* A key made in a file of its own; the caller frees. */
static struct keys *make(guint bits)
{
	g_autofree char *directory = g_dir_make_tmp("rollcall-keys-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "key.pem", NULL), *text = g_strconcat("s.2026:", path, NULL);
	g_autoptr(GError) error = NULL;
	struct stat status;

	umask(0);
	assert_true(keys_make_file(path, bits, &error));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	struct keys *keys = keys_load_one("lists.example.org", text, &error);
	assert_non_null(keys);
	assert_false(keys_make_file(path, bits, &error));
	assert_true(g_error_matches(error, KEYS_ERROR, KEYS_ERROR_FILE));
	unlink(path);
	rmdir(directory);
	return keys;
}

static const struct keys_public *first(const struct keys *keys)
{
	g_autoptr(GPtrArray) found = keys_for_domain(keys, "lists.example.org");

	assert_int_equal(found->len, 1);
	return g_ptr_array_index(found, 0);
}

static void check_ours(const struct keys_public *key, const struct keys_public *other)
{
	g_autofree char *name = keys_record_name(key), *text = keys_record_text(key), *wrong = keys_record_text(other);
	g_autofree char *short_one = g_strndup(text, strlen(text) - 4), *long_one = g_strconcat(text, "AAAA", NULL);
	g_autofree char *folded = g_strdup_printf("%.60s \t\r\n %s ; t=s", text, text + 60);
	g_autofree char *bare = g_strconcat("p=", strstr(text, "p=") + 2, NULL);

	assert_string_equal(name, "s.2026._domainkey.lists.example.org");
	assert_true(keys_record_is_ours(key, text));
	assert_true(keys_record_is_ours(key, folded));
	assert_true(keys_record_is_ours(key, bare));
	assert_false(keys_record_is_ours(key, wrong));
	assert_false(keys_record_is_ours(key, short_one));
	assert_false(keys_record_is_ours(key, long_one));
	assert_false(keys_record_is_ours(key, "v=DKIM1; p="));
	assert_false(keys_record_is_ours(key, ""));
}

static void test_ours(void **state)
{
	struct keys *rsa = make(2048), *ed25519 = make(0);

	check_ours(first(rsa), first(ed25519));
	check_ours(first(ed25519), first(rsa));

	/* The RSAPublicKey alone, which RFC 6376 asks for, is 24 bytes shorter than what is usual, and as good. */
	g_autoptr(GBytes) usual = keys_record_public(first(rsa), FALSE), bare = keys_record_public(first(rsa), TRUE);
	gsize length;
	const guint8 *data = g_bytes_get_data(bare, &length);
	assert_int_equal(length, g_bytes_get_size(usual) - 24);
	g_autofree char *base64 = g_base64_encode(data, length), *text = g_strconcat("v=DKIM1; p=", base64, NULL);
	assert_true(keys_record_is_ours(first(rsa), text));
	keys_free(rsa);
	keys_free(ed25519);
}

static void test_zone(void **state)
{
	struct keys *rsa = make(2048);
	g_autofree char *zone = keys_record_zone(first(rsa)), *text = keys_record_text(first(rsa));
	g_auto(GStrv) parts = g_strsplit(zone, "\"", -1);
	g_autoptr(GString) joined = g_string_new(NULL);

	assert_true(g_str_has_prefix(zone, "s.2026._domainkey.lists.example.org. 3600 IN TXT ( \"v=DKIM1; k=rsa; p="));
	assert_true(g_str_has_suffix(zone, "\" )\n"));
	for (guint i = 1; parts[i - 1] && parts[i]; i += 2) {
		assert_true(strlen(parts[i]) <= 255);
		g_string_append(joined, parts[i]);
	}
	assert_string_equal(joined->str, text);
	keys_free(rsa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ours), cmocka_unit_test(test_zone)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
