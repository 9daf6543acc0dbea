/*
 * What a list does to the body of its posts: the MIME filter, and the texts above and below, with a note of what was removed. Nothing unless the list's
 * settings say so.
 */
#include "lib/list/archive_place.h"
#include "lib/list/list.h"
#include "lib/mail/filter.h"
#include "lib/mail/footer.h"
#include "lib/mail/url_template.h"
#include "lmtpd/intake/post.h"

/* ---- filter ---- */

static const struct settings *settings_of(const struct post *post)
{
	return post->setup->knowledge->settings;
}

static char *sentence(const struct post *post, const char *key)
{
	g_autofree char *text = texts_sentence(post->setup->knowledge->texts, settings_text(settings_of(post), SET_language, post->list), key, NULL);

	return text ? g_steal_pointer(&text) : g_strdup(key);
}

/*
 * Held, a post is for a moderator to see, who was told that it goes out as it came: to filter it then would send nothing. Who has accepted it for another reason
 * was not told so, and is asked.
 */
static struct verdict nothing_left(struct post *post)
{
	const char *wish = settings_text(settings_of(post), SET_filter_empty, post->list);
	static const char *const none[] = {NULL};
	const struct rules_decision decision = {.action = RULES_EDITORKEY, .reason = POST_HELD_FILTER, .modifiers = none};
	g_autofree char *text = sentence(post, "filter-empty"), *reason = g_str_to_ascii(text, "C");

	if (g_str_equal(wish, "discard"))
		return verdict_discarded("its filter leaves nothing of it");
	if (g_str_equal(wish, "reject"))
		return verdict_refused("5.6.1", "%s", reason);
	if (post->unfiltered || post->rehearsing) {
		post_note_change(post, "filter: nothing would be left, so it goes out as it came");
		return VERDICT_UNDECIDED;
	}
	return post_hold(post, POST_HOLD_MODERATION, &decision);
}

static char *note_of(const struct post *post, const struct filter_outcome *outcome)
{
	g_autofree char *head = sentence(post, "filter-note");
	GString *note = g_string_new(head);

	g_string_append(note, "\r\n");
	for (guint i = 0; i < outcome->names->len; i++)
		g_string_append_printf(note, "- %s\r\n", (const char *)g_ptr_array_index(outcome->names, i));
	if (outcome->removed > outcome->names->len)
		g_string_append_printf(note, "- … (%u)\r\n", outcome->removed);
	return g_string_free(note, FALSE);
}

static void note_filter(struct post *post, const struct filter_outcome *outcome)
{
	if (outcome->removed > 0)
		post_note_change(post, "filter: %u part%s removed", outcome->removed, outcome->removed == 1 ? "" : "s");
	if (outcome->collapsed > 0)
		post_note_change(post, "filter: one alternative kept");
	if (outcome->converted > 0)
		post_note_change(post, "filter: HTML to text");
}

/* `*note`: what was removed, for the members; NULL when nothing was. */
static struct verdict filter(struct post *post, struct draft *draft, char **note)
{
	const struct settings *settings = settings_of(post);
	const struct filter_rules rules = {
		.pass_types = settings_strings(settings, SET_filter_pass_types, post->list),
		.remove_types = settings_strings(settings, SET_filter_remove_types, post->list),
		.extensions = settings_strings(settings, SET_filter_remove_extensions, post->list),
		.part_size = (size_t)settings_number(settings, SET_filter_part_size, post->list),
		.collapse = settings_boolean(settings, SET_collapse_alternatives, post->list),
		.html_to_text = settings_boolean(settings, SET_html_to_text, post->list),
	};
	struct filter_outcome outcome;
	struct verdict verdict = VERDICT_UNDECIDED;

	if (!filter_is_wanted(&rules))
		return verdict;
	if (!filter_apply(draft, &rules, settings_text(settings, SET_language, post->list), &outcome))
		verdict = verdict_refused("5.6.0", "the list filters its posts, and this one has parts that can be read in more than one way");
	else if (outcome.empty)
		verdict = nothing_left(post);
	else if (outcome.removed > 0)
		*note = note_of(post, &outcome);
	if (!verdict_is_final(&verdict) && !outcome.empty)
		note_filter(post, &outcome);
	filter_outcome_clear(&outcome);
	return verdict;
}

/* ---- texts above and below ---- */

struct values {
	char *name, *owner, *request, *subscribe, *unsubscribe, *subscribe_page, *unsubscribe_page, *help_page, *archive_page, *archived_at;
};

char *post_page(const struct post *post, enum setting setting, const char *id)
{
	g_autofree char *template = archive_place_template(settings_of(post), setting, post->list);

	return *template ? url_template_fill(template, post->list, id) : NULL;
}

static void find_values(const struct post *post, struct values *values)
{
	g_autofree char *id = header_value(&post->header, "Message-ID", 0);

	*values = (struct values){
		.name = g_strndup(post->list, strcspn(post->list, "@")),
		.owner = list_role_address(post->list, "owner"),
		.request = list_role_address(post->list, "request"),
		.subscribe = list_role_address(post->list, "subscribe"),
		.unsubscribe = list_role_address(post->list, "unsubscribe"),
		.subscribe_page = post_page(post, SET_subscribe_page, NULL),
		.unsubscribe_page = post_page(post, SET_unsubscribe_page, NULL),
		.help_page = post_page(post, SET_help_page, NULL),
		.archive_page = post_page(post, SET_archive_page, NULL),
		.archived_at = post_page(post, SET_archived_at, id),
	};
}

static void clear_values(struct values *values)
{
	g_free(values->name);
	g_free(values->owner);
	g_free(values->request);
	g_free(values->subscribe);
	g_free(values->unsubscribe);
	g_free(values->subscribe_page);
	g_free(values->unsubscribe_page);
	g_free(values->help_page);
	g_free(values->archive_page);
	g_free(values->archived_at);
}

/* FALSE: the template is broken, and who reads the list would miss what it always says. */
static gboolean fill(const struct post *post, enum setting setting, struct footer_text *text)
{
	const struct footer_template *template;
	struct values values;

	if (!knowledge_footer(post->setup->knowledge, setting, post->list, &template))
		return FALSE;
	if (!template)
		return TRUE;
	find_values(post, &values);
	const struct texts_field fields[] = {
		{"list", post->list},
		{"domain", strrchr(post->list, '@') + 1},
		{"description", settings_text(settings_of(post), SET_description, post->list)},
		{"list_name", values.name},
		{"owner", values.owner},
		{"request", values.request},
		{"subscribe", values.subscribe},
		{"unsubscribe", values.unsubscribe},
		{"subscribe_page", values.subscribe_page},
		{"unsubscribe_page", values.unsubscribe_page},
		{"help_page", values.help_page},
		{"archive_page", values.archive_page},
		{"archived_at", values.archived_at},
		{NULL, NULL},
	};
	footer_template_fill(template, fields, text);
	clear_values(&values);
	return TRUE;
}

static void note_footer(struct post *post, enum footer_place place)
{
	switch (place) {
	case FOOTER_NOTHING:
		break;
	case FOOTER_THERE:
		post_note_change(post, "footer: there already");
		break;
	case FOOTER_INSIDE:
	case FOOTER_PART:
	case FOOTER_AROUND:
		post_note_change(post, "footer");
		break;
	case FOOTER_SIGNED:
		post_note_change(post, "footer: left out, the post is signed or encrypted");
		break;
	case FOOTER_BROKEN:
		post_note_change(post, "footer: left out, the post's structure is broken");
		break;
	}
}

struct verdict post_cook_body(struct post *post, struct draft *draft)
{
	g_autofree char *note = NULL;
	struct verdict verdict = filter(post, draft, &note);
	struct footer_text above = {0}, below = {0};

	if (verdict_is_final(&verdict))
		return verdict;
	if (!fill(post, SET_header_file, &above) || !fill(post, SET_footer_file, &below)) {
		footer_text_clear(&above);
		return verdict_deferred("4.3.5", "the list's header or footer cannot be read right now");
	}
	const struct footer footer = {
		.above = above.text ? &above : NULL,
		.below = below.text ? &below : NULL,
		.note = note,
		.around_signed = settings_is(settings_of(post), SET_footer_signed, post->list, "around"),
		.key = post->key,
	};
	enum footer_place place = footer_add(draft, &footer);
	if (above.text || below.text)
		note_footer(post, place);
	footer_text_clear(&above);
	footer_text_clear(&below);
	return VERDICT_UNDECIDED;
}
