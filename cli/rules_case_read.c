/* Reads a case for the rules from JSON; see rules_case.h. */
#include <string.h>

#include "cli/rules_case.h"
#include "lib/list/address.h"
#include "lib/rules/rules_site.h"

static const char *const role_names[] = {"subscriber", "owner", "editor", "listmaster"};

static gboolean wrong(GError **error, const char *text)
{
	g_set_error_literal(error, JSON_READER_ERROR, JSON_READER_ERROR_INVALID_TYPE, text);
	return FALSE;
}

const char *rules_case_text(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : NULL;
}

JsonObject *rules_case_object(JsonObject *object, const char *name)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* A text, a number or a truth as a text; NULL for null and all else. The caller frees it. */
static char *scalar(JsonNode *node)
{
	if (!JSON_NODE_HOLDS_VALUE(node))
		return NULL;
	GType type = json_node_get_value_type(node);
	if (type == G_TYPE_STRING)
		return json_node_dup_string(node);
	if (type == G_TYPE_BOOLEAN)
		return g_strdup(json_node_get_boolean(node) ? "1" : "0");
	if (type == G_TYPE_INT64)
		return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
	return g_strdup_printf("%.15g", json_node_get_double(node));
}

static gint64 number(JsonObject *object, const char *name, gint64 otherwise)
{
	JsonNode *node = object ? json_object_get_member(object, name) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) != G_TYPE_STRING ? json_node_get_int(node) : otherwise;
}

/* An address as the roles are compared by: its key where it is one, else lower case. */
static char *normal_form(const char *text, gboolean key)
{
	g_autoptr(GString) normal = g_string_new(NULL);

	if (address_normalise(text, strlen(text), TRUE, normal) != ADDRESS_OK)
		return g_ascii_strdown(text, -1);
	return key ? address_key(normal->str) : g_strdup(normal->str);
}

static GHashTable *read_addresses(JsonObject *roles, const char *name)
{
	GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	JsonNode *node = roles ? json_object_get_member(roles, name) : NULL;
	JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

	for (guint i = 0; array && i < json_array_get_length(array); i++) {
		g_autofree char *text = scalar(json_array_get_element(array, i));

		if (text)
			g_hash_table_add(found, normal_form(text, TRUE));
	}
	return found;
}

static GHashTable *read_texts(JsonObject *object)
{
	GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	JsonObjectIter iterator;
	const char *name;
	JsonNode *node;

	if (!object)
		return found;
	json_object_iter_init(&iterator, object);
	while (json_object_iter_next(&iterator, &name, &node)) {
		char *text = scalar(node);

		if (text)
			g_hash_table_insert(found, g_strdup(name), text);
	}
	return found;
}

/* ---- the message ---- */

/* Line ends become CRLF, whatever they were. */
static void append_lines(GString *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\r' && text[1] == '\n')
			continue;
		if (*text == '\n')
			g_string_append_c(out, '\r');
		g_string_append_c(out, *text);
	}
}

static gboolean append_headers(GString *out, JsonNode *node, GError **error)
{
	JsonArray *headers = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

	for (guint i = 0; headers && i < json_array_get_length(headers); i++) {
		JsonNode *element = json_array_get_element(headers, i);
		JsonArray *pair = JSON_NODE_HOLDS_ARRAY(element) ? json_node_get_array(element) : NULL;

		if (!pair || json_array_get_length(pair) != 2)
			return wrong(error, "headers: each is [name, value]");
		g_autofree char *name = scalar(json_array_get_element(pair, 0));
		g_autofree char *value = scalar(json_array_get_element(pair, 1));
		if (!name || !value)
			return wrong(error, "headers: names and values are texts");
		g_string_append_printf(out, "%s: ", name);
		append_lines(out, value);
		if (!g_str_has_suffix(out->str, "\r\n"))
			g_string_append(out, "\r\n");
	}
	return headers ? TRUE : wrong(error, "headers: not an array of [name, value]");
}

static gboolean read_message(struct rules_case *one, GError **error)
{
	const char *raw = rules_case_text(one->object, "message");
	JsonNode *headers = json_object_get_member(one->object, "headers");
	g_autoptr(GString) out = g_string_new(NULL);
	size_t body;

	if (raw) {
		append_lines(out, raw);
	} else {
		const char *text = rules_case_text(one->object, "body");

		if (headers && !JSON_NODE_HOLDS_NULL(headers) && !append_headers(out, headers, error))
			return FALSE;
		g_string_append(out, "\r\n");
		append_lines(out, text ? text : "");
	}
	one->length = out->len;
	one->message = g_string_free(g_steal_pointer(&out), FALSE);
	if (header_parse(one->message, one->length, &one->header, &body) != HEADER_OK)
		return wrong(error, "the message has a header that no mail can have");
	one->body = body;
	return TRUE;
}

/* ---- the whole ---- */

/* A case's own scenario is judged as Sympa would, so that it must name the parameters that Sympa does not know; a site's knows the site's. */
static char **parameter_names(const struct rules_case *one)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	GHashTableIter iterator;
	gpointer key;

	g_hash_table_iter_init(&iterator, one->parameters);
	while (g_hash_table_iter_next(&iterator, &key, NULL))
		g_ptr_array_add(names, key);
	if (!rules_case_text(one->object, "scenario"))
		for (const char *const *name = rules_site_parameters(); *name; name++)
			g_ptr_array_add(names, (gpointer)*name);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

static void read_list(struct rules_case *one)
{
	JsonObject *list = rules_case_object(one->object, "list");
	const char *name = rules_case_text(list, "name"), *domain = rules_case_text(list, "domain");

	one->list = g_strdup(name ? name : "list");
	one->domain = g_strdup(domain ? domain : "example.org");
	one->address = g_strdup_printf("%s@%s", one->list, one->domain);
	one->total = number(list, "total", 0);
	one->parameters = read_texts(rules_case_object(list, "params"));
	one->custom_vars = read_texts(rules_case_object(list, "custom_vars"));
	one->parameter_names = parameter_names(one);
}

gboolean rules_case_read(struct rules_case *one, JsonObject *object, GError **error)
{
	const char *sender = rules_case_text(object, "sender");

	*one = (struct rules_case){.object = json_object_ref(object)};
	one->sender = sender && *sender ? normal_form(sender, FALSE) : NULL;
	read_list(one);
	one->conf = read_texts(rules_case_object(object, "conf"));
	for (guint i = 0; i < G_N_ELEMENTS(role_names); i++)
		one->roles[i] = read_addresses(rules_case_object(object, "roles"), role_names[i]);
	one->now = number(object, "now", g_get_real_time() / G_USEC_PER_SEC);
	return read_message(one, error);
}

void rules_case_clear(struct rules_case *one)
{
	header_clear(&one->header);
	g_clear_pointer(&one->object, json_object_unref);
	g_clear_pointer(&one->sender, g_free);
	g_clear_pointer(&one->list, g_free);
	g_clear_pointer(&one->domain, g_free);
	g_clear_pointer(&one->address, g_free);
	g_clear_pointer(&one->message, g_free);
	g_clear_pointer(&one->parameter_names, g_free);
	g_clear_pointer(&one->parameters, g_hash_table_unref);
	g_clear_pointer(&one->custom_vars, g_hash_table_unref);
	g_clear_pointer(&one->conf, g_hash_table_unref);
	for (guint i = 0; i < G_N_ELEMENTS(one->roles); i++)
		g_clear_pointer(&one->roles[i], g_hash_table_unref);
}
