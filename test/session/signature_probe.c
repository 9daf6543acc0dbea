/* room: intake */
/*
 * Verifies and seals many messages in one process, for test_verify.py and test_arc.py, which make them with another implementation.
 *
 *   signature_probe ZONE SECONDS [DOMAIN SELECTOR KEY.pem]...
 *
 * ZONE has lines "NAME TAB TEXT"; the text "!" means that DNS does not answer. SECONDS is the time when messages come. stdin is a row of
 * "WORD LENGTH LF MESSAGE", CRLF line ends; stdout for each:
 *   verify  (nothing but the "." for what has no readable header) a line "dkim TAB d TAB s TAB a TAB result TAB reason" for each signature, one "arc TAB cv TAB instances TAB sealers TAB reason", and "."
 *   seal    LENGTH LF MESSAGE: with our link of the chain by the first key, or as it came when there is none
 *   sign    the same, with DKIM signatures by all keys before
 */
#include <gmime/gmime.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/mail/arc_seal.h"
#include "lib/mail/arc_verify.h"
#include "lib/mail/dkim_sign.h"
#include "lib/mail/dkim_verify.h"

struct probe {
	GHashTable *zone; /* name -> GPtrArray of texts */
	gint64 now;
	guint count;
	struct dkim_sign_key keys[LIMIT_SIGNATURES];
	EVP_PKEY *secrets[LIMIT_SIGNATURES];
};

static void fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(2);
}

static void load_key(struct probe *probe, char **words)
{
	FILE *file = fopen(words[2], "r");
	EVP_PKEY *secret = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

	if (!secret || probe->count == LIMIT_SIGNATURES)
		fail("no key");
	fclose(file);
	probe->secrets[probe->count] = secret;
	probe->keys[probe->count++] = (struct dkim_sign_key){
		.domain = words[0], .selector = words[1], .algorithm = EVP_PKEY_is_a(secret, "RSA") ? "rsa-sha256" : "ed25519-sha256"};
}

static void load_zone(struct probe *probe, const char *path)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		fail("no zone");
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	probe->zone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
	for (char **line = lines; *line && **line; line++) {
		char *tab = strchr(*line, '\t');
		g_autofree char *name = g_strndup(*line, (gsize)(tab - *line));
		GPtrArray *texts = g_hash_table_lookup(probe->zone, name);

		if (!texts) {
			texts = g_ptr_array_new_with_free_func(g_free);
			g_hash_table_insert(probe->zone, g_strdup(name), texts);
		}
		g_ptr_array_add(texts, g_strdup(tab + 1));
	}
}

static enum txt_result ask(gpointer context, const char *name, GPtrArray *texts)
{
	const GPtrArray *found = g_hash_table_lookup(context, name);

	if (!found)
		return TXT_NO_NAME;
	for (guint i = 0; i < found->len; i++) {
		if (strcmp(g_ptr_array_index(found, i), "!") == 0)
			return TXT_TROUBLE;
		g_ptr_array_add(texts, g_strdup(g_ptr_array_index(found, i)));
	}
	return TXT_FOUND;
}

/* RSASSA-PKCS1-v1_5 over the digest, or Ed25519 with the digest as message: what lib/keys does. */
static GBytes *sign(EVP_PKEY *secret, const guint8 *digest)
{
	guint8 signature[1024];
	size_t length = sizeof signature;
	gboolean good;

	if (EVP_PKEY_is_a(secret, "RSA")) {
		EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(secret, NULL);

		good = EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
		       EVP_PKEY_sign(context, signature, &length, digest, DKIM_SIGN_DIGEST) == 1;
		EVP_PKEY_CTX_free(context);
	} else {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		good = EVP_DigestSignInit(context, NULL, NULL, NULL, secret) == 1 &&
		       EVP_DigestSign(context, signature, &length, digest, DKIM_SIGN_DIGEST) == 1;
		EVP_MD_CTX_free(context);
	}
	if (!good)
		fail("OpenSSL does not sign");
	return g_bytes_new(signature, length);
}

static void finish(EVP_PKEY *secret, struct header *header, const char *name, struct dkim_sign_draft *draft)
{
	g_autoptr(GBytes) signature = sign(secret, draft->digest);

	dkim_sign_finish_as(header, name, draft, signature);
	dkim_sign_clear(draft);
}

static void add_signatures(const struct probe *probe, const struct dkim_sign_message *message, struct header *header)
{
	struct dkim_sign_draft drafts[LIMIT_SIGNATURES];

	if (!dkim_sign_drafts(message, probe->keys, probe->count, drafts, NULL))
		fail("no drafts");
	for (guint i = 0; i < probe->count; i++)
		finish(probe->secrets[i], header, "DKIM-Signature", &drafts[i]);
}

static void add_link(const struct probe *probe, const struct dkim_sign_message *message, struct header *header, const char *cv)
{
	struct arc_seal_link link = {.instance = arc_seal_instance(header, cv), .cv = cv, .key = &probe->keys[0]};
	struct dkim_sign_draft draft;
	g_autofree char *results = g_strdup_printf("lists.example.org;\r\n\tdkim=none;\r\n\tarc=%s", cv);

	if (link.instance == 0)
		return;
	arc_seal_results(header, link.instance, results);
	if (!arc_seal_draft_signature(message, &link, &draft, NULL))
		fail("no draft");
	finish(probe->secrets[0], header, ARC_SIGNATURE, &draft);
	arc_seal_draft_seal(message, &link, &draft);
	finish(probe->secrets[0], header, ARC_SEAL, &draft);
}

static void print_findings(const struct authentication *found)
{
	for (guint i = 0; found->dkim && i < found->dkim->len; i++) {
		const struct authentication_dkim *dkim = g_ptr_array_index(found->dkim, i);

		printf("dkim\t%s\t%s\t%s\t%s\t%s\n", dkim->domain, dkim->selector, dkim->algorithm, dkim->result, dkim->reason ? dkim->reason : "");
	}
	printf("arc\t%s\t%u\t", found->arc.cv, found->arc.instances);
	for (guint i = 0; found->arc.sealers && i < found->arc.sealers->len; i++)
		printf("%s%s", i ? "," : "", (const char *)g_ptr_array_index(found->arc.sealers, i));
	printf("\t%s\n.\n", found->arc.reason ? found->arc.reason : "");
}

static void print_message(const struct header *header, const char *rest, size_t length)
{
	g_autoptr(GString) text = g_string_new(NULL);

	header_render(header, text);
	g_string_append(text, "\r\n");
	g_string_append_len(text, rest, (gssize)length);
	printf("%zu\n", text->len);
	fwrite(text->str, 1, text->len, stdout);
}

static void run(const struct probe *probe, const char *word, const char *data, size_t length)
{
	struct header header;
	struct authentication found;
	struct txt_door door = {.ask = ask, .context = probe->zone};
	size_t place;

	if (header_parse(data, length, &header, &place) != HEADER_OK) {
		puts(".");
		return;
	}
	const struct dkim_verify_message came = {.header = &header, .body = data + place, .length = length - place, .now = probe->now};
	authentication_init(&found);
	if (strcmp(word, "verify") == 0)
		dkim_verify_message(&came, &door, &found);
	arc_verify_message(&came, &door, &found.arc);
	if (strcmp(word, "verify") == 0) {
		print_findings(&found);
	} else {
		struct dkim_sign_message message = {
			.header = &header, .body = came.body, .length = came.length, .now = probe->now, .expire = 1209600};

		if (strcmp(word, "sign") == 0)
			add_signatures(probe, &message, &header);
		add_link(probe, &message, &header, found.arc.cv);
		print_message(&header, came.body, came.length);
	}
	authentication_clear(&found);
	header_clear(&header);
}

int main(int count, char **arguments)
{
	struct probe probe = {0};
	char word[16];
	size_t length;

	if (count < 3 || count % 3 != 0)
		fail("signature_probe ZONE SECONDS [DOMAIN SELECTOR KEY.pem]...");
	g_mime_init();
	dkim_verify_warm_up();
	load_zone(&probe, arguments[1]);
	probe.now = g_ascii_strtoll(arguments[2], NULL, 10);
	for (int i = 3; i < count; i += 3)
		load_key(&probe, arguments + i);
	while (scanf("%15s %zu", word, &length) == 2 && getchar() == '\n') {
		g_autofree char *exact = g_malloc(MAX(length, 1));

		if (fread(exact, 1, length, stdin) != length)
			fail("no message");
		run(&probe, word, exact, length);
		fflush(stdout);
	}
	for (guint i = 0; i < probe.count; i++)
		EVP_PKEY_free(probe.secrets[i]);
	g_hash_table_unref(probe.zone);
	return 0;
}
