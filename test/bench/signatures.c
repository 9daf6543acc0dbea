/*
 * What signatures cost a post, in CPU time: the author's verified, ours made and verified, the ARC link sealed. Both rooms' work in one process, without
 * the wire and DNS: the same library calls as in Rollcall, with the private keys by lib/keys.
 * signatures MESSAGE-FILE AUTHOR-RECORD-FILE DOMAIN RSA-KEY ED25519-KEY ROUNDS   prints the milliseconds of each per post: verify, sign, seal
 */
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/keys/keys.h"
#include "lib/mail/arc_seal.h"
#include "lib/mail/arc_verify.h"
#include "lib/mail/dkim_check.h"
#include "lib/mail/dkim_sign.h"
#include "lib/mail/dkim_verify.h"

struct bench {
	char *data, *record, *domain;
	gsize length;
	struct keys *keys;
	struct dkim_sign_key signers[2];
	double verify, sign, seal;
};

static double cpu(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void need(gboolean good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static enum txt_result ask(gpointer context, const char *name, GPtrArray *texts)
{
	g_ptr_array_add(texts, g_strdup(context));
	return TXT_FOUND;
}

static void put(const struct bench *bench, struct header *header, const char *name, const struct dkim_sign_key *key, struct dkim_sign_draft *draft)
{
	g_autoptr(GBytes) signature = keys_sign(bench->keys, key->domain, key->selector, draft->digest, DKIM_SIGN_DIGEST, NULL);

	need(signature != NULL, "no signature");
	dkim_sign_finish_as(header, name, draft, signature);
	dkim_sign_clear(draft);
}

static void verify(struct bench *bench, const struct header *header, size_t body, struct authentication *found)
{
	const struct dkim_verify_message came = {
		.header = header, .body = bench->data + body, .length = bench->length - body, .now = g_get_real_time() / G_USEC_PER_SEC};
	struct txt_door door = {.ask = ask, .context = bench->record};
	double start = cpu();

	dkim_verify_message(&came, &door, found);
	arc_verify_message(&came, &door, &found->arc);
	bench->verify += cpu() - start;
	need(found->dkim && strcmp(((struct authentication_dkim *)g_ptr_array_index(found->dkim, 0))->result, "pass") == 0, "the author's does not pass");
}

static void sign(struct bench *bench, const struct dkim_sign_message *message, struct header *header)
{
	struct dkim_sign_draft drafts[2];
	double start = cpu();

	need(dkim_sign_drafts(message, bench->signers, 2, drafts, NULL), "no drafts");
	for (guint i = 2; i-- > 0;)
		put(bench, header, "DKIM-Signature", &bench->signers[i], &drafts[i]);
	need(dkim_check(message, bench->signers, 2, NULL), "ours do not verify");
	bench->sign += cpu() - start;
}

static void seal(struct bench *bench, const struct dkim_sign_message *message, struct header *header)
{
	double start = cpu();
	struct arc_seal_link link = {.instance = arc_seal_instance(header, "none"), .cv = "none", .key = &bench->signers[0]};
	struct dkim_sign_draft draft;

	need(link.instance == 1, "no link");
	arc_seal_results(header, 1, "mx.example.org; dkim=pass header.d=mail.example.net");
	need(arc_seal_draft_signature(message, &link, &draft, NULL), "no draft");
	put(bench, header, ARC_SIGNATURE, link.key, &draft);
	arc_seal_draft_seal(message, &link, &draft);
	put(bench, header, ARC_SEAL, link.key, &draft);
	bench->seal += cpu() - start;
}

static void round_of(struct bench *bench)
{
	struct header header;
	struct authentication found;
	size_t body;

	need(header_parse(bench->data, bench->length, &header, &body) == HEADER_OK, "no header");
	struct dkim_sign_message message = {.header = &header, .body = bench->data + body, .length = bench->length - body,
		.now = g_get_real_time() / G_USEC_PER_SEC, .expire = 1209600};
	authentication_init(&found);
	verify(bench, &header, body, &found);
	sign(bench, &message, &header);
	seal(bench, &message, &header);
	authentication_clear(&found);
	header_clear(&header);
}

static void load_keys(struct bench *bench, const char *rsa, const char *ed25519)
{
	g_autofree char *text = g_strdup_printf("[domain %s]\ndkim_keys = rsa:%s;ed:%s\n", bench->domain, rsa, ed25519);
	struct settings *settings = settings_parse(text, strlen(text), "bench", NULL);

	bench->keys = keys_load(settings, NULL);
	need(bench->keys != NULL, "no keys");
	g_autoptr(GPtrArray) all = keys_for_domain(bench->keys, bench->domain);
	for (guint i = 0; i < 2; i++) {
		const struct keys_public *key = g_ptr_array_index(all, i);

		bench->signers[i] = (struct dkim_sign_key){.domain = key->domain, .selector = key->selector, .algorithm = key->algorithm};
		bench->signers[i].public_der = g_bytes_get_data(key->public_der, &bench->signers[i].public_length);
	}
	settings_free(settings);
}

int main(int count, char **arguments)
{
	struct bench bench = {0};

	need(count == 7, "signatures MESSAGE-FILE AUTHOR-RECORD-FILE DOMAIN RSA-KEY ED25519-KEY ROUNDS");
	g_mime_init();
	dkim_verify_warm_up();
	dkim_check_warm_up();
	need(g_file_get_contents(arguments[1], &bench.data, &bench.length, NULL) && g_file_get_contents(arguments[2], &bench.record, NULL, NULL), "no file");
	bench.domain = arguments[3];
	load_keys(&bench, arguments[4], arguments[5]);
	guint rounds = (guint)g_ascii_strtoull(arguments[6], NULL, 10);
	round_of(&bench);
	bench.verify = bench.sign = bench.seal = 0;
	for (guint i = 0; i < rounds; i++)
		round_of(&bench);
	printf("%.4f %.4f %.4f\n", bench.verify / rounds, bench.sign / rounds, bench.seal / rounds);
	keys_free(bench.keys);
	g_free(bench.data);
	g_free(bench.record);
	return 0;
}
