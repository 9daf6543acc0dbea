/* room: intake. lib/mail/canonical.h: held against libopendkim, which makes the same forms for DKIM (RFC 6376 section 3.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dkim.h>
#include <openssl/evp.h>

#include "lib/mail/canonical.h"
#include "lib/mail/dkim_sign.h"
#include "test/unit/mail_help.h"

static const struct {
	const char *field, *relaxed;
} fields[] = {
	{"A: X\r\n", "a:X"},
	{"B : Y\t\r\n\tZ  \r\n", "b:Y Z"},
	{"Subject:\r\n", "subject:"},
	{"Subject: \t \r\n", "subject:"},
	{"SUBJect:x\r\n  \r\n y\r\n", "subject:x y"},
	{"Subject:  one:two \t three", "subject:one:two three"},
	{"Subject: \303\274 \377\r\n", "subject:\303\274 \377"},
	{"Subject: a\vb \f c\r\n", "subject:a\vb \f c"},
	{"No colon\r\n", "no colon"},
};

static void test_fields(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autoptr(GString) out = g_string_new("before"), simple = g_string_new(NULL);
		size_t length = strlen(fields[i].field);
		char *exact = g_malloc(length);

		memcpy(exact, fields[i].field, length);
		canonical_field(exact, length, CANONICAL_RELAXED, out);
		canonical_field(exact, length, CANONICAL_SIMPLE, simple);
		g_free(exact);
		assert_string_equal(out->str + 6, fields[i].relaxed);
		assert_true(g_str_has_prefix(fields[i].field, simple->str) && !g_str_has_suffix(simple->str, "\n"));
	}
}

static const struct {
	const char *body, *simple, *relaxed;
} bodies[] = {
	{"", "\r\n", ""},
	{"\r\n", "\r\n", ""},
	{"\r\n\r\n\r\n", "\r\n", ""},
	{" \t\r\n", " \t\r\n", ""},
	{" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
	{"x", "x\r\n", "x\r\n"},
	{"x ", "x \r\n", "x\r\n"},
	{"\r\nx\r\n \r\n", "\r\nx\r\n \r\n", "\r\nx\r\n"},
	{"a\nb\rc\r\n", "a\nb\rc\r\n", "a\nb\rc\r\n"},
	{"a\v \fb\r\n", "a\v \fb\r\n", "a\v \fb\r\n"},
	{"\n", "\n\r\n", "\n\r\n"},
	{"\r", "\r\r\n", "\r\r\n"},
};

static void check_body(const char *body, size_t length, enum canonical_form form, const char *expected)
{
	guint8 digest[CANONICAL_DIGEST], right[CANONICAL_DIGEST];
	char *exact = g_malloc(MAX(length, 1));

	memcpy(exact, body, length);
	assert_int_equal(canonical_body(exact, length, form, digest), strlen(expected));
	g_free(exact);
	assert_int_equal(EVP_Digest(expected, strlen(expected), right, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(digest, right, sizeof digest);
}

static void test_bodies(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
		check_body(bodies[i].body, strlen(bodies[i].body), CANONICAL_SIMPLE, bodies[i].simple);
		check_body(bodies[i].body, strlen(bodies[i].body), CANONICAL_RELAXED, bodies[i].relaxed);
	}
}

static void test_forms(void **state)
{
	enum canonical_form header, body;

	assert_true(canonical_read(NULL, &header, &body) && header == CANONICAL_SIMPLE && body == CANONICAL_SIMPLE);
	assert_true(canonical_read("relaxed", &header, &body) && header == CANONICAL_RELAXED && body == CANONICAL_SIMPLE);
	assert_true(canonical_read("Simple/RELAXED", &header, &body) && header == CANONICAL_SIMPLE && body == CANONICAL_RELAXED);
	assert_false(canonical_read("", &header, &body));
	assert_false(canonical_read("relaxed/", &header, &body));
	assert_false(canonical_read("relaxed/nofws", &header, &body));
	assert_false(canonical_read("relaxed/simple/simple", &header, &body));
}

/* ---- against libopendkim ---- */

static char *random_text(GRand *dice, const char *const *pieces, guint count, guint most)
{
	GString *text = g_string_new(NULL);

	for (gint left = g_rand_int_range(dice, 0, (gint)most); left > 0; left--)
		g_string_append(text, pieces[g_rand_int_range(dice, 0, (gint)count)]);
	return g_string_free(text, FALSE);
}

/* What libopendkim hashes for a signature of these forms that covers Subject, and what it says of itself. */
static void hash_there(const char *subject, const char *signature, const char *body, guint8 header[32], guint8 hash[32])
{
	DKIM *dkim = dkim_sign_open(NULL);
	struct dkim_sign_message message = {.body = body, .length = strlen(body)};
	DKIM_SIGINFO **list;
	int count;
	void *header_hash, *body_hash;
	size_t header_length, body_length;

	assert_int_equal(dkim_header(dkim, (unsigned char *)(char *)subject, strlen(subject)), DKIM_STAT_OK);
	assert_int_equal(dkim_header(dkim, (unsigned char *)(char *)"From: a@b.example", strlen("From: a@b.example")), DKIM_STAT_OK);
	assert_int_equal(dkim_header(dkim, (unsigned char *)(char *)signature, strlen(signature)), DKIM_STAT_OK);
	assert_int_equal(dkim_eoh(dkim), DKIM_STAT_OK);
	assert_true(dkim_sign_feed_body(dkim, &message, NULL));
	assert_int_equal(dkim_eom(dkim, NULL), DKIM_STAT_NOKEY);
	assert_int_equal(dkim_getsiglist(dkim, &list, &count), DKIM_STAT_OK);
	assert_int_equal(dkim_sig_gethashes(list[0], &header_hash, &header_length, &body_hash, &body_length), DKIM_STAT_OK);
	assert_true(header_length == 32 && body_length == 32);
	memcpy(header, header_hash, 32);
	memcpy(hash, body_hash, 32);
	dkim_free(dkim);
}

static void check_random(GRand *dice, enum canonical_form header_form, enum canonical_form body_form)
{
	static const char *const in_fields[] = {"a", "B", " ", "\t", "\r\n ", "\r\n\t", ":", "\303\274", "=", ";", "word "};
	static const char *const in_bodies[] = {"a", " ", "\t", "\r\n", "\r\n", "\r\n\r\n", ".", "\v", "\303\274", "word ", "  \r\n"};
	static const char *const names[] = {"simple", "relaxed"};
	g_autofree char *value = random_text(dice, in_fields, G_N_ELEMENTS(in_fields), 30);
	g_autofree char *body = random_text(dice, in_bodies, G_N_ELEMENTS(in_bodies), 60);
	g_autofree char *subject = g_strconcat("SubJect:", value, "x", NULL);
	g_autofree char *signature = g_strdup_printf("DKIM-Signature: v=1; a=rsa-sha256; c=%s/%s;\r\n\t d=example.org; s=s; h=Subject:From; bh=AAAA; b=AAAA",
		names[header_form], names[body_form]);
	g_autoptr(GString) text = g_string_new(NULL);
	guint8 header[32], hash[32], ours[32];

	hash_there(subject, signature, body, header, hash);
	(void)canonical_body(body, strlen(body), body_form, ours);
	assert_memory_equal(ours, hash, 32);
	canonical_field(subject, strlen(subject), header_form, text);
	g_string_append(text, "\r\n");
	canonical_field("From: a@b.example", strlen("From: a@b.example"), header_form, text);
	g_string_append(text, "\r\n");
	canonical_field(signature, strlen(signature) - 4, header_form, text);
	assert_int_equal(EVP_Digest(text->str, text->len, ours, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(ours, header, 32);
}

static void test_against_libopendkim(void **state)
{
	GRand *dice = g_rand_new_with_seed(8617);

	dkim_sign_warm_up();
	for (guint i = 0; i < 2000; i++)
		check_random(dice, i & 1 ? CANONICAL_RELAXED : CANONICAL_SIMPLE, i & 2 ? CANONICAL_RELAXED : CANONICAL_SIMPLE);
	g_rand_free(dice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_against_libopendkim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
