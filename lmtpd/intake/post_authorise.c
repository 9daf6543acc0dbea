/*
 * May this post go out? The list's scenario decides, with the CRM's live roles. A question that is not answered, a scenario that
 * is missing or broken, and a pattern that takes too long are 451, never a refusal.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/list/address.h"
#include "lib/mail/sasl_match.h"
#include "lib/rules/rules_site.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/explain.h"
#include "lmtpd/intake/post.h"

/* rules.h's callbacks. */

/*
 * Whether this is the author, and his own domain says that he did not write it: then he has no rights beyond a stranger's or a member's, whatever
 * the scenario asks. A moderator's post would go out unseen otherwise, and his address stands in every notice.
 */
static gboolean is_disowned(const struct post *post, const char *address)
{
	return post->message->author && address_same(address, post->message->author) &&
		authentication_is_disowned(&post->message->authentication, post->method);
}

static gboolean ask_standing(gpointer context, const char *list, const char *address, guint *standing)
{
	struct post *post = context;
	g_autoptr(GVariant) answer =
		post_ask(post, WIRE_STANDING, g_variant_new("(ss)", list, address), -1, &post->trouble);

	if (answer)
		g_variant_get(answer, "(@(uuss)u)", NULL, standing);
	if (answer && is_disowned(post, address))
		*standing &= ~(guint)(STANDING_OWNER | STANDING_MODERATOR);
	return answer != NULL;
}

/* The author's own row and nobody else's. */
static gboolean ask_column(gpointer context, const char *name, char **value)
{
	struct post *post = context;
	const char *author = post->message->author, *text;

	*value = NULL;
	if (!author)
		return TRUE;
	g_autoptr(GVariant) answer =
		post_ask(post, WIRE_ROW, g_variant_new("(sss)", post->list, author, name), -1, &post->trouble);
	if (!answer)
		return FALSE;
	g_variant_get(answer, "(@(uuss)&s)", NULL, &text);
	*value = g_strdup(text);
	return TRUE;
}

static gboolean ask_total(gpointer context, gint64 *members)
{
	struct post *post = context;
	guint total = 0;
	g_autoptr(GVariant) answer = post_ask(post, WIRE_TOTAL, g_variant_new("(s)", post->list), -1, &post->trouble);

	if (answer)
		g_variant_get(answer, "(@(uuss)u)", NULL, &total);
	*members = total;
	return answer != NULL;
}

static gboolean find_listmaster(gpointer context, const char *address, gboolean *is)
{
	const struct post *post = context;

	*is = !is_disowned(post, address) && rules_site_is_listmaster(post->setup->knowledge->settings, post->list, address);
	return TRUE;
}

static gboolean find_filter(gpointer context, const char *name, GPtrArray *texts)
{
	const struct post *post = context;

	rules_set_filter(post->setup->knowledge->rules, post->list, name, texts);
	return TRUE;
}

static const struct rules_questions questions = {
	.standing = ask_standing,
	.listmaster = find_listmaster,
	.column = ask_column,
	.total = ask_total,
	.filter = find_filter,
};

/* What a refusal's sentence is called; of the two, Sympa would send the template. */
static const char *reason_key(const struct rules_decision *decision)
{
	if (decision->template)
		return decision->template;
	return decision->reason ? decision->reason : "other";
}

/* The sentence for a key, in the list's language; one that nobody has a sentence for stands behind the general one. */
static char *reason_text(const struct post *post, const char *key)
{
	const struct knowledge *knowledge = post->setup->knowledge;
	const char *language = settings_text(knowledge->settings, SET_language, post->list);
	g_autofree char *text = texts_sentence(knowledge->texts, language, key, NULL);
	g_autofree char *general = text ? NULL : texts_sentence(knowledge->texts, language, "other", NULL);
	g_autofree char *both = text ? g_steal_pointer(&text) : g_strdup_printf("%s (%s)", general, key);

	/* A reply of LMTP is ASCII, and "geschlossen fur" reads better than a question mark. */
	return g_str_to_ascii(both, "C");
}

static gboolean is_quiet(const struct rules_decision *decision)
{
	return g_strv_contains(decision->modifiers, "quiet");
}

/*
 * To the moderators whatever the rules would do to a clear one, but only if it could go out as it is: what Postfix or libopendkim cannot
 * carry is refused while its author still waits for the answer, and not when somebody has accepted it.
 */
static struct verdict hold_doubtful(struct post *post, const struct rules_decision *decision, const char *reason)
{
	struct verdict unclear = post_unclear(post->message);
	struct rules_decision held = *decision;

	/* An address that is not ASCII can only travel so, and then reaches those members whose servers can take it. */
	if (strcmp(unclear.status, "5.6.7") == 0)
		post->smtputf8 = TRUE;
	struct verdict verdict = post_rehearse(post);
	if (verdict_is_final(&verdict))
		return verdict;
	held.reason = reason;
	return post_hold(post, POST_HOLD_MODERATION, &held);
}

static gboolean is_unclear(const struct post *post)
{
	struct verdict unclear = post_unclear(post->message);

	return verdict_is_final(&unclear);
}

static struct verdict hold(struct post *post, enum post_hold kind, const struct rules_decision *decision)
{
	return is_unclear(post) ? hold_doubtful(post, decision, "held-structure") : post_hold(post, kind, decision);
}

/*
 * The author is logged in here, and the site says that mail of his domain starts here: then its servers have not signed yet, and SPF has nothing to
 * say. A login of another domain is no such thing: that domain says where its mail comes from, and we are not among it.
 */
static gboolean is_sent_from_here(const struct post *post)
{
	const char *const *domains = settings_strings(post->setup->knowledge->settings, SET_sasl_domains, NULL);

	return post->message->authentication.sasl.matches && post->message->author && sasl_is_in(domains, post->message->author);
}

/*
 * What becomes of a post that its author's domain disowns; NULL when it does not. Neither a confirmation by mail nor an S/MIME signature changes
 * that: the copies would still go out in the name of a domain that wants them refused.
 */
static const char *disowned_word(const struct post *post)
{
	const struct authentication *found = &post->message->authentication;
	const struct settings *settings = post->setup->knowledge->settings;

	if (strcmp(found->dmarc.result, "fail") != 0 || is_sent_from_here(post))
		return NULL;
	if (strcmp(found->dmarc.policy, "reject") == 0)
		return settings_text(settings, SET_dmarc_fail_reject, post->list);
	return strcmp(found->dmarc.policy, "quarantine") == 0 ? settings_text(settings, SET_dmarc_fail_quarantine, post->list) : NULL;
}

static struct verdict let_out(struct post *post, const struct rules_decision *decision)
{
	const char *word = disowned_word(post);
	struct rules_decision held = *decision;

	if (word && strcmp(word, "reject") == 0)
		return verdict_refused("5.7.26", "the domain of the author says that this message is not genuine (DMARC)");
	if (word && strcmp(word, "discard") == 0)
		return verdict_discarded("the domain of the author says that this message is not genuine (DMARC)");
	if (word && strcmp(word, "hold") == 0) {
		held.reason = "held-dmarc";
		return is_unclear(post) ? hold_doubtful(post, decision, held.reason) : post_hold(post, POST_HOLD_MODERATION, &held);
	}
	return is_unclear(post) ? hold(post, POST_HOLD_MODERATION, decision) : VERDICT_UNDECIDED;
}

static struct verdict refuse(struct post *post, const struct rules_decision *decision)
{
	g_autofree char *reason = reason_text(post, reason_key(decision));

	if (is_quiet(decision))
		return verdict_discarded("the list's rules say so, and to tell nobody");
	if (post_holds_refusals(post))
		return hold_doubtful(post, decision, reason_key(decision));
	return verdict_refused("5.7.1", "%s", reason);
}

/* What the author can do nothing about, but somebody else has to. */
static struct verdict wait_for_admin(const struct post *post, const struct rules_decision *decision, const char *why)
{
	log_warning("ALARM list=<%s>: scenario: %s%s%s", post->list, why, *decision->trouble ? ": " : "", decision->trouble);
	if (verdict_is_final(&post->trouble))
		return post->trouble;
	return verdict_deferred("4.3.5", "the list's rules cannot be followed right now");
}

static struct verdict follow(struct post *post, const struct rules_decision *decision)
{
	switch (decision->action) {
	case RULES_DO_IT:
		return let_out(post, decision);
	case RULES_REJECT:
		if (decision->status == RULES_NOT_COMPILED)
			return wait_for_admin(post, decision, "missing or not usable");
		return refuse(post, decision);
	case RULES_DISCARD:
		return verdict_discarded("the list's rules say so");
	case RULES_DEFER:
		return decision->status == RULES_TROUBLED ? wait_for_admin(post, decision, "cannot be decided")
												  : verdict_deferred("4.7.1", "the list's rules say to wait");
	case RULES_EDITORKEY:
		return hold(post, POST_HOLD_MODERATION, decision);
	case RULES_REQUEST_AUTH:
		return hold(post, POST_HOLD_CONFIRMATION, decision);
	case RULES_EDITOR:
		if (is_unclear(post))
			return hold(post, POST_HOLD_MODERATION, decision);
		/* Forwarded to the moderators, and nothing is kept. */
		post->role = LIST_ROLE_EDITOR;
		return VERDICT_UNDECIDED;
	case RULES_OWNER:
	case RULES_LISTMASTER:
	case RULES_HAM:
	case RULES_SPAM:
	case RULES_UNSURE:
		return wait_for_admin(post, decision, "an action that no post can have");
	}
	log_panic("follow: unknown action");
}

static const struct rules_scenario *find_scenario(const struct post *post)
{
	const char *name = settings_text(post->setup->knowledge->settings, SET_scenario, post->list);
	g_autofree char *reason = NULL;
	const struct rules_scenario *scenario = rules_set_find(post->setup->knowledge->rules, post->list, name, &reason);

	if (!scenario)
		log_warning("list=<%s>: scenario send.%s: %s", post->list, name, reason);
	return scenario;
}

/* d= of a signature that passed: the author's domain's where there is one. */
static const char *dkim_domain(const struct authentication *authentication)
{
	const char *domain = NULL;

	for (guint i = 0; authentication->dkim && i < authentication->dkim->len; i++) {
		const struct authentication_dkim *dkim = g_ptr_array_index(authentication->dkim, i);

		if (strcmp(dkim->result, "pass") != 0)
			continue;
		if (dkim->aligned)
			return dkim->domain;
		if (!domain)
			domain = dkim->domain;
	}
	return domain;
}

enum { RULE_SHOWN = 200 }; /* bytes of a rule that moderators are shown */

static char *name_rule(const struct rules_rule *rule)
{
	g_autofree char *place = rules_rule_place(rule);

	return g_path_get_basename(place);
}

struct verdict post_authorise(struct post *post)
{
	const struct message *message = post->message;
	const struct settings *settings = post->setup->knowledge->settings;
	g_autofree char *name = g_strndup(post->list, (gsize)(strrchr(post->list, '@') - post->list));
	struct rules_site_facts site;

	rules_site_facts(settings, post->list, &site);
	const struct rules_facts facts = {
		.method = post->method,
		.sender = message->author,
		.remote_host = post->envelope->client_name,
		.remote_address = post->envelope->client_address,
		.dkim_domain = dkim_domain(&message->authentication),
		.sasl = message->authentication.sasl.login,
		.dmarc = message->authentication.dmarc.result,
		.list_name = name,
		.list_domain = strrchr(post->list, '@') + 1,
		.list_status = settings_text(settings, SET_list_status, post->list),
		.dkim_is_smtp = settings_boolean(settings, SET_dkim_is_smtp, post->list),
		.emergency = settings_boolean(settings, SET_emergency, post->list),
		.checks = &site.checks,
		.parameters = site.parameters,
		.conf = site.conf,
		.subscriber_columns = site.columns,
		.header = &message->header,
		.data = message->raw.data,
		.length = message->raw.length,
		.body = message->body,
		.now = g_get_real_time() / G_USEC_PER_SEC,
		.questions = &questions,
		.context = post,
	};
	g_autoptr(GPtrArray) trace = post->setup->explain ? rules_trace_new() : NULL;
	struct rules_decision decision = rules_decide(find_scenario(post), &facts, trace);

	explain_rules(post, &decision, trace);
	post->decided = g_get_monotonic_time();
	if (decision.rule) {
		post->rule = name_rule(decision.rule);
		post->rule_text = text_printable_dup(decision.rule->text, strlen(decision.rule->text), RULE_SHOWN);
	}
	rules_site_clear(&site);
	return follow(post, &decision);
}
