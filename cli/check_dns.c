/*
 * What DNS says of us: is each key that signs published so that others can verify with it, and do the records stand there without
 * which large providers take no mail of a list (SPF and DMARC of the list's domain)? The first are errors, the second hints. That DNS does
 * not answer here and now is no error of the settings: a warning. HOSTILE S1, S2; RFC 6376 section 3.6.1, RFC 8463, RFC 7208, RFC 7489.
 */
#include <string.h>

#include "cli/check.h"
#include "lib/dns/dns.h"
#include "lib/keys/keys_record.h"
#include "lib/mail/tag_list.h"

enum { NAME_PATIENCE = 60 }; /* seconds; dns_deadline is shorter */

struct looking {
	struct report *report;
	struct dns *dns;
	gint64 patience; /* microseconds of dns_deadline */
	gboolean dead;   /* somebody was waited for in vain: nobody else is */
};

/* The TXT records of a name; on trouble a warning is added. */
static enum txt_result ask(struct looking *looking, const char *name, GPtrArray *texts)
{
	g_autofree char *why = NULL;
	gint64 started = g_get_monotonic_time();

	if (looking->dead)
		return TXT_TROUBLE;
	enum txt_result result = dns_txt(looking->dns, name, deadline_in(NAME_PATIENCE), texts, &why);
	if (result != TXT_TROUBLE)
		return result;
	looking->dead = g_get_monotonic_time() - started >= looking->patience;
	report_add(looking->report, REPORT_WARNING, "DNS does not tell about %s: %s%s", name, why,
		looking->dead ? "; nothing else was asked for" : "");
	report_todo(looking->report, "look at the setting resolver, or at /etc/resolv.conf");
	return TXT_TROUBLE;
}

/* Leaves only the records that begin with a word, whatever its case. */
static void keep_those_with(GPtrArray *texts, const char *start)
{
	for (guint i = texts->len; i-- > 0;)
		if (g_ascii_strncasecmp(g_ptr_array_index(texts, i), start, strlen(start)) != 0)
			g_ptr_array_remove_index(texts, i);
}

/* ---- keys ---- */

static const char *wrong_public(const struct keys_public *key, const struct tag_list *list)
{
	const struct tag *tag = tag_list_find(list, "p");
	g_autoptr(GBytes) found = tag_list_base64(list, "p");

	if (!tag)
		return "the record has no p=";
	if (tag->length == 0)
		return "the key is revoked there: p= is empty";
	if (!found)
		return "the record's p= is no base64";
	for (int bare = FALSE; bare <= TRUE; bare++) {
		g_autoptr(GBytes) ours = keys_record_public(key, bare);

		if (g_bytes_equal(ours, found))
			return NULL;
	}
	return "another key is published there";
}

/* What is wrong with a record; NULL when others can verify by it. */
static const char *find_flaw(const struct keys_public *key, const char *text, struct tag_list *list)
{
	const char *kind = g_str_has_prefix(key->algorithm, "rsa") ? "rsa" : "ed25519";

	if (!tag_list_parse(text, strlen(text), list))
		return "the record is no list of tags";
	const struct tag *version = tag_list_find(list, "v");
	if (version && (version != list->tags || !tag_list_is(list, "v", "DKIM1", FALSE)))
		return "the record does not begin with v=DKIM1";
	/* Without k= it is RSA. */
	if (tag_list_find(list, "k") ? !tag_list_is(list, "k", kind, FALSE) : strcmp(kind, "rsa") != 0)
		return "the record's k= is for another kind of key";
	if (tag_list_find(list, "h") && !tag_list_has(list, "h", "sha256"))
		return "the record's h= allows no sha256";
	if (tag_list_find(list, "s") && !tag_list_has(list, "s", "email") && !tag_list_has(list, "s", "*"))
		return "the record's s= is not for mail";
	return wrong_public(key, list);
}

static void report_key(struct report *report, const struct keys_public *key, GPtrArray *texts)
{
	struct tag_list list;
	const char *flaw = "there is no such record";

	if (texts->len > 1)
		flaw = "there is more than one record, and verifiers may take either";
	else if (texts->len == 1)
		flaw = find_flaw(key, g_ptr_array_index(texts, 0), &list);
	if (flaw) {
		report_add(report, REPORT_ERROR, "DNS: DKIM key %s of %s cannot be verified: %s", key->selector, key->domain, flaw);
		report_todo(report, "publish what `rollcall dkim record --domain %s --selector %s` prints", key->domain, key->selector);
	} else if (tag_list_has(&list, "t", "y")) {
		report_add(report, REPORT_WARNING, "DNS: DKIM key %s of %s is marked as a test (t=y): to others such mail is unsigned",
			key->selector, key->domain);
		report_todo(report, "take t=y out of the record when all works");
	} else {
		report_add(report, REPORT_OK, "DNS: DKIM key %s of %s is published", key->selector, key->domain);
	}
}

static void check_key(struct looking *looking, const struct keys_public *key)
{
	g_autofree char *name = keys_record_name(key);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	if (ask(looking, name, texts) != TXT_TROUBLE)
		report_key(looking->report, key, texts);
}

/* ---- hints ---- */

static void check_spf(struct looking *looking, const char *domain)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	if (ask(looking, domain, texts) == TXT_TROUBLE)
		return;
	keep_those_with(texts, "v=spf1");
	if (texts->len == 1) {
		report_add(looking->report, REPORT_OK, "DNS: %s has an SPF record", domain);
		return;
	}
	report_add(looking->report, REPORT_WARNING, "DNS: %s has %s SPF record", domain, texts->len == 0 ? "no" : "more than one");
	report_todo(looking->report, "publish one TXT record that names this Postfix's addresses, such as \"v=spf1 mx -all\"");
}

/* A parent's record holds for its subdomains, too, unless there is one of their own. */
static void check_dmarc(struct looking *looking, const char *domain)
{
	for (const char *parent = domain; parent && strchr(parent, '.'); parent = strchr(parent, '.') + 1) {
		g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
		g_autofree char *name = g_strconcat("_dmarc.", parent, NULL);

		if (ask(looking, name, texts) == TXT_TROUBLE)
			return;
		keep_those_with(texts, "v=DMARC1");
		if (texts->len == 0)
			continue;
		report_add(looking->report, texts->len == 1 ? REPORT_OK : REPORT_WARNING, "DNS: the DMARC policy of %s stands at %s%s",
			domain, name, texts->len == 1 ? "" : " more than once, and so not at all");
		return;
	}
	report_add(looking->report, REPORT_WARNING, "DNS: %s has no DMARC policy, which large providers want of lists", domain);
	report_todo(looking->report, "publish a TXT record _dmarc.%s, \"v=DMARC1; p=none\" to begin with", domain);
}

void check_dns(struct check *check)
{
	g_autoptr(GError) error = NULL;
	struct keys *keys = dns_check(check->settings, &error) ? keys_load(check->settings, NULL) : NULL;

	if (error)
		report_add(check->report, REPORT_ERROR, "%s: %s", check->config, error->message);
	/* What is wrong with the files stands above already. */
	if (!keys)
		return;
	struct looking looking = {
		.report = check->report,
		.dns = dns_new(check->settings),
		.patience = settings_number(check->settings, SET_dns_deadline, NULL) * G_USEC_PER_SEC,
	};
	for (const char *const *domain = settings_domains(check->settings); *domain; domain++) {
		g_autoptr(GPtrArray) found = keys_for_domain(keys, *domain);

		for (guint i = 0; i < found->len; i++)
			check_key(&looking, g_ptr_array_index(found, i));
		check_spf(&looking, *domain);
		check_dmarc(&looking, *domain);
	}
	dns_free(looking.dns);
	keys_free(keys);
}
