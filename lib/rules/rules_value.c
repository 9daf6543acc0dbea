/*
 * Variables: their names, and what they are for the post in hand. A header without an index is as many values as the message has;
 * everything else is one text. What is unknown or absent is empty, as in Sympa.
 */
#include <string.h>

#include "lib/mail/smime.h"
#include "lib/rules/rules_internal.h"

typedef gboolean evaluate_function(struct rules_run *run, const struct rules_argument *argument, struct rules_value *value);

struct rules_variable {
	const char *name;
	gboolean key;    /* "[name->key]" */
	gboolean exact;  /* in this spelling only; else in any case */
	gboolean silent; /* Sympa has it, and we have nothing to put into it */
	evaluate_function *evaluate;
};

void rules_value_clear(struct rules_value *value)
{
	g_clear_pointer(&value->items, g_ptr_array_unref);
}

const char *rules_value_text(const struct rules_value *value)
{
	return value->list ? "ARRAY(0x0)" : g_ptr_array_index(value->items, 0);
}

static gboolean put(struct rules_value *value, const char *text)
{
	g_ptr_array_add(value->items, g_strdup(text ? text : ""));
	return TRUE;
}

static gboolean put_number(struct rules_value *value, gint64 number)
{
	g_ptr_array_add(value->items, g_strdup_printf("%" G_GINT64_FORMAT, number));
	return TRUE;
}

static gboolean put_from(struct rules_value *value, GHashTable *table, const char *key)
{
	return put(value, table ? g_hash_table_lookup(table, key) : NULL);
}

#define EVALUATE(name) static gboolean name(struct rules_run *run, const struct rules_argument *argument, struct rules_value *value)

EVALUATE(nothing)
{
	return put(value, NULL);
}

EVALUATE(sender)
{
	return put(value, run->facts->sender ? run->facts->sender : "nobody");
}

EVALUATE(remote_host)
{
	return put(value, run->facts->remote_host ? run->facts->remote_host : "unknown_host");
}

EVALUATE(remote_address)
{
	return put(value, run->facts->remote_address);
}

EVALUATE(domain)
{
	return put(value, run->facts->list_domain);
}

EVALUATE(list_name)
{
	return put(value, run->facts->list_name);
}

EVALUATE(now)
{
	return put_number(value, run->facts->now);
}

EVALUATE(custom_vars)
{
	return put_from(value, run->facts->custom_vars, argument->key);
}

EVALUATE(conf)
{
	gboolean domain_key = strcmp(argument->key, "host") == 0 || strcmp(argument->key, "domain") == 0;
	GHashTable *table = run->facts->conf;

	if (domain_key && !(table && g_hash_table_contains(table, "domain")))
		return domain(run, argument, value);
	return put_from(value, table, domain_key ? "domain" : argument->key);
}

EVALUATE(list)
{
	const struct rules_facts *facts = run->facts;
	gint64 total = 0;

	if (strcmp(argument->key, "name") == 0)
		return put(value, facts->list_name);
	if (strcmp(argument->key, "address") == 0) {
		g_ptr_array_add(value->items, g_strdup_printf("%s@%s", facts->list_name, facts->list_domain));
		return TRUE;
	}
	if (strcmp(argument->key, "status") == 0)
		return put(value, facts->list_status ? facts->list_status : "open");
	if (strcmp(argument->key, "total") != 0)
		return put_from(value, facts->parameters, argument->key);
	const char *known = g_hash_table_lookup(run->answers, "total");
	if (known)
		return put(value, known);
	if (!rules_ask(run))
		return FALSE;
	if (facts->questions && facts->questions->total && !facts->questions->total(facts->context, &total)) {
		(void)rules_trouble(run, "the number of members is not known now");
		return FALSE;
	}
	put_number(value, total);
	g_hash_table_insert(run->answers, g_strdup("total"), g_strdup(rules_value_text(value)));
	return TRUE;
}

/* The author's row: one question for each column. */
static gboolean put_column(struct rules_run *run, const char *name, struct rules_value *value)
{
	const struct rules_facts *facts = run->facts;
	g_autofree char *text = NULL;
	g_autofree char *question = g_strconcat("column ", name, NULL);
	gpointer known;

	if (g_hash_table_lookup_extended(run->answers, question, NULL, &known))
		return put(value, known);
	if (!rules_ask(run))
		return FALSE;
	if (facts->questions && facts->questions->column &&
		!facts->questions->column(facts->context, name, &text)) {
		(void)rules_trouble(run, "column \"%s\" of the author's row in the CRM is not known now", name);
		return FALSE;
	}
	put(value, text);
	g_hash_table_insert(run->answers, g_steal_pointer(&question), g_strdup(g_ptr_array_index(value->items, 0)));
	return TRUE;
}

EVALUATE(column)
{
	return put_column(run, argument->key, value);
}

/* Sympa's words for what a row of its own tables says. */
EVALUATE(subscriber)
{
	GHashTable *words = run->facts->subscriber_columns;
	const char *column = words ? g_hash_table_lookup(words, argument->key) : NULL;

	return put_column(run, column ? column : argument->key, value);
}

EVALUATE(auth)
{
	const struct rules_facts *facts = run->facts;

	if (strcmp(argument->key, "dkim_domain") == 0)
		return put(value, facts->dkim_domain);
	if (strcmp(argument->key, "dmarc") == 0)
		return put(value, facts->dmarc);
	if (strcmp(argument->key, "sasl") == 0)
		return put(value, facts->sasl);
	return put(value, strcmp(argument->key, "method") == 0 ? facts->method : NULL);
}

static gboolean put_header(struct rules_run *run, const struct rules_argument *argument, gboolean decoded,
	struct rules_value *value)
{
	rules_header_values(run, argument->key, decoded, value->items);
	guint count = value->items->len;
	gint64 place = argument->index < 0 ? (gint64)count + argument->index : argument->index;

	if (!argument->has_index) {
		value->list = TRUE;
		return count > 0 || put(value, NULL);
	}
	g_autofree char *one = g_strdup(place >= 0 && place < count ? g_ptr_array_index(value->items, place) : NULL);
	g_ptr_array_set_size(value->items, 0);
	return put(value, one);
}

EVALUATE(raw_header)
{
	return put_header(run, argument, FALSE, value);
}

EVALUATE(decoded_header)
{
	return put_header(run, argument, TRUE, value);
}

EVALUATE(body)
{
	const struct rules_facts *facts = run->facts;
	const struct walk *walk = rules_walk(run);
	const char *type = walk && walk->entities->len > 0 ? walk_entity(walk, 0)->type : "text/plain";

	if (!facts->data || !g_str_has_prefix(type, "text"))
		return put(value, NULL);
	GString *text = g_string_new_len(facts->data + facts->body, (gssize)MIN(facts->length - facts->body, RULES_VALUE));
	g_string_replace(text, "\r\n", "\n", 0);
	g_ptr_array_add(value->items, g_string_free(text, FALSE));
	return TRUE;
}

EVALUATE(part_types)
{
	const struct walk *walk = rules_walk(run);

	value->list = TRUE;
	for (guint i = 1; walk && i < walk->entities->len; i++)
		if (walk_entity(walk, i)->parent == 0)
			put(value, walk_entity(walk, i)->type);
	return TRUE;
}

/* Sympa's word where it has decrypted a message; we cannot, and say the same of one that members will have to. */
EVALUATE(encrypted)
{
	const struct walk *walk = rules_walk(run);

	return put(value, walk && walk->entities->len > 0 && smime_is_encrypted(run->facts->data, walk) ? "smime" : NULL);
}

EVALUATE(message)
{
	const struct rules_facts *facts = run->facts;
	g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(g_free);

	if (strcmp(argument->key, "size") == 0)
		return put_number(value, (gint64)facts->length);
	if (strcmp(argument->key, "sender") == 0)
		return sender(run, argument, value);
	if (strcmp(argument->key, "recipients") != 0)
		return put(value, NULL);
	rules_recipients(run, recipients);
	return put_number(value, recipients->len);
}

EVALUATE(is_bcc)
{
	g_autoptr(GPtrArray) recipients = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *own = g_strdup_printf("%s@%s", run->facts->list_name, run->facts->list_domain);
	gboolean named = FALSE;

	rules_recipients(run, recipients);
	for (guint i = 0; i < recipients->len && !named; i++)
		named = g_ascii_strcasecmp(g_ptr_array_index(recipients, i), own) == 0;
	return put(value, named ? "0" : "1");
}

static const struct rules_variable variables[] = {
	{"sender", FALSE, TRUE, FALSE, sender},
	{"email", FALSE, TRUE, FALSE, sender},
	{"previous_email", FALSE, TRUE, TRUE, nothing},
	{"remote_host", FALSE, TRUE, FALSE, remote_host},
	{"remote_addr", FALSE, TRUE, FALSE, remote_address},
	{"domain", FALSE, TRUE, FALSE, domain},
	{"host", FALSE, TRUE, FALSE, domain},
	{"execution_date", FALSE, TRUE, FALSE, now},
	{"date", FALSE, TRUE, TRUE, nothing},
	{"listname", FALSE, FALSE, FALSE, list_name},
	{"current_date", FALSE, FALSE, FALSE, now},
	{"msg_body", FALSE, FALSE, FALSE, body},
	{"msg_encrypted", FALSE, FALSE, FALSE, encrypted},
	{"is_bcc", FALSE, FALSE, FALSE, is_bcc},
	{"topic", FALSE, FALSE, TRUE, nothing},
	{"topic_sender", FALSE, FALSE, TRUE, nothing},
	{"topic_editor", FALSE, FALSE, TRUE, nothing},
	{"topic_auto", FALSE, FALSE, TRUE, nothing},
	{"topic_needed", FALSE, FALSE, TRUE, nothing},
	{"custom_vars", TRUE, FALSE, FALSE, custom_vars},
	{"conf", TRUE, FALSE, FALSE, conf},
	{"list", TRUE, FALSE, FALSE, list},
	{"crm", TRUE, FALSE, FALSE, column},
	{"user", TRUE, FALSE, FALSE, subscriber},
	{"subscriber", TRUE, FALSE, FALSE, subscriber},
	{"user_attributes", TRUE, FALSE, TRUE, nothing},
	{"env", TRUE, FALSE, TRUE, nothing},
	{"family", TRUE, FALSE, TRUE, nothing},
	{"auth", TRUE, FALSE, FALSE, auth},
	{"msg_header", TRUE, FALSE, FALSE, raw_header},
	{"header", TRUE, FALSE, FALSE, decoded_header},
	{"msg", TRUE, FALSE, FALSE, message},
	{"msg_part", TRUE, FALSE, FALSE, part_types},
};

const struct rules_variable *rules_variable_find(const char *name, gboolean key)
{
	for (guint i = 0; i < G_N_ELEMENTS(variables); i++) {
		const struct rules_variable *variable = &variables[i];

		if (variable->key == key &&
			(variable->exact ? strcmp(variable->name, name) : g_ascii_strcasecmp(variable->name, name)) == 0)
			return variable;
	}
	return NULL;
}

gboolean rules_variable_is_silent(const struct rules_variable *variable)
{
	return variable->silent;
}

gboolean rules_variable_is_column(const struct rules_variable *variable, gboolean *sympas)
{
	*sympas = variable->evaluate == subscriber;
	return variable->evaluate == column || *sympas;
}

gboolean rules_evaluate(struct rules_run *run, const struct rules_argument *argument, struct rules_value *value)
{
	*value = (struct rules_value){.items = g_ptr_array_new_with_free_func(g_free)};
	if (argument->kind != RULES_VARIABLE)
		return put(value, argument->text);
	return argument->variable ? argument->variable->evaluate(run, argument, value) : put(value, NULL);
}
