/* room: intake */
/*
 * Whole messages with ARC fields: a chain that passes has whole sets from 1 on; and our own link on top of whatever came either is not made,
 * or is one that the validator understands.
 */
#include <stdint.h>
#include <stdlib.h>

#include "lib/mail/arc_seal.h"
#include "lib/mail/arc_verify.h"
#include "test/fuzz/signatures_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct header *header, const struct authentication_arc *arc)
{
	static const char *const words[] = {"none", "pass", "fail", "temperror", NULL};
	gboolean passed = strcmp(arc->cv, "pass") == 0, none = strcmp(arc->cv, "none") == 0;

	g_assert_true(g_strv_contains(words, arc->cv));
	g_assert_true((arc->reason != NULL) != (passed || none));
	g_assert_cmpuint(arc->instances, <=, LIMIT_ARC_SETS);
	if (passed)
		g_assert_true(arc->sealers->len == arc->instances && header_count(header, ARC_SEAL) == arc->instances &&
			      header_count(header, ARC_SIGNATURE) == arc->instances && header_count(header, ARC_RESULTS) == arc->instances);
	if (none)
		g_assert_true(arc->instances == 0 && !arc->sealers);
}

/* With a signature of nobody; what it hashes to is another test's. */
static void add_link(struct header *header, const struct dkim_verify_message *came, const char *cv)
{
	static const struct dkim_sign_key key = {.domain = "example.org", .selector = "n", .algorithm = "rsa-sha256"};
	struct arc_seal_link link = {.instance = arc_seal_instance(header, cv), .cv = cv, .key = &key};
	struct dkim_sign_message message = {.header = header, .body = came->body, .length = came->length, .now = FUZZ_NOW};
	struct dkim_sign_draft draft;
	g_autoptr(GBytes) nothing = g_bytes_new_static("nothing", 7);
	struct arc_chain chain;

	if (link.instance == 0)
		return;
	arc_seal_results(header, link.instance, "example.org; arc=none");
	if (!arc_seal_draft_signature(&message, &link, &draft, NULL))
		return;
	dkim_sign_finish_as(header, ARC_SIGNATURE, &draft, nothing);
	dkim_sign_clear(&draft);
	arc_seal_draft_seal(&message, &link, &draft);
	dkim_sign_finish_as(header, ARC_SEAL, &draft, nothing);
	dkim_sign_clear(&draft);
	arc_chain_collect(header, &chain);
	g_assert_true(chain.count == link.instance && chain.sets[link.instance - 1].seal && !chain.limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header header;
	struct dkim_verify_message message;
	struct authentication found;
	guint asked = 0;
	struct txt_door door = {.ask = fuzz_ask, .context = &asked};
	static gboolean started;

	if (!started)
		dkim_verify_warm_up();
	started = TRUE;
	if (!fuzz_message((const char *)data, size, &header, &message))
		return 0;
	authentication_init(&found);
	arc_verify_message(&message, &door, &found.arc);
	check(&header, &found.arc);
	if (strcmp(found.arc.cv, "temperror") != 0)
		add_link(&header, &message, found.arc.cv);
	authentication_clear(&found);
	header_clear(&header);
	return 0;
}
