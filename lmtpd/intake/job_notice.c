/*
 * Notices and answers: which text a job wants, what stands in it, and one signed mail for each recipient with that one's tokens. The
 * held post goes along byte for byte where a moderator has to judge it; nothing of it is parsed here.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/list/token.h"
#include "lib/mail/notice.h"
#include "lib/mail/order.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/job.h"

struct kind_row {
	const char *kind, *text;
	const char *ambiguous; /* the text where nobody knows whether the held post went out; NULL: the same */
	gboolean post;    /* the held post is attached */
	gboolean links;   /* its links are worth an HTML part */
	gboolean reply;   /* it answers a mail of its receiver's */
	const char *key;  /* of the Message-ID: "held" is the thread that all that moderators hear of a post is in */
};

static const struct kind_row kinds[] = {
	{"notice-moderators", "held-moderator", "held-ambiguous", TRUE, TRUE, FALSE, "held"},
	{"notice-owners", "held-unparsed", NULL, FALSE, TRUE, FALSE, "held"},
	{"decided", "decided", NULL, FALSE, FALSE, FALSE, "decided"},
	{"expired-moderators", "expired-moderator", "expired-ambiguous", FALSE, FALSE, FALSE, "expired"},
	{"expired-owners", "expired-unparsed", NULL, FALSE, FALSE, FALSE, "expired"},
	{"release-failed", "release-failed", NULL, TRUE, FALSE, FALSE, "failed"},
	{"refused", "policy-rejected", NULL, FALSE, FALSE, TRUE, "refused"},
	{"second", "confirm-order", NULL, FALSE, TRUE, FALSE, "second"},
	{"rejected", "rejected", NULL, FALSE, FALSE, TRUE, "rejected"},
	{"expired-author", "expired-author", NULL, FALSE, FALSE, TRUE, "expired-author"},
};

#define AMBIGUOUS "4" /* kind of a held post, as dispatch gives it */

struct composing {
	struct job *job;
	const struct kind_row *row;
	const char *text;      /* name of the text */
	const char *language;
	GHashTable *tokens;    /* of this recipient */
	guint place;
};

static const char *field(const struct job *job, const char *name)
{
	return g_hash_table_lookup(job->fields, name);
}

/* Row and text of a job. An answer names its text itself; what an author hears of a held post depends on whose word it waits for. */
static gboolean find_text(struct composing *composing)
{
	static const struct kind_row author = {"notice-author", NULL, NULL, FALSE, TRUE, TRUE, "held-author"};
	static const struct kind_row answer = {"answer", NULL, NULL, FALSE, FALSE, TRUE, "answer"};
	static const struct kind_row note = {"note", NULL, NULL, FALSE, FALSE, FALSE, "note"};
	const struct job *job = composing->job;
	const char *wish = field(job, "fact-wish");

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].kind, job->kind) == 0) {
			composing->row = &kinds[i];
			composing->text = kinds[i].ambiguous && g_strcmp0(field(job, "held-kind"), AMBIGUOUS) == 0 ? kinds[i].ambiguous : kinds[i].text;
			return TRUE;
		}
	if (strcmp(job->kind, "notice-author") == 0) {
		composing->row = &author;
		composing->text = g_hash_table_contains(composing->tokens, "confirm") ? "confirm-author" : "held-author";
		if (wish)
			composing->text = strcmp(wish, "subscribe") == 0 ? "confirm-subscribe" : "confirm-unsubscribe";
		return TRUE;
	}
	composing->row = strcmp(job->kind, "note") == 0 ? &note : &answer;
	composing->text = field(job, "text");
	return strcmp(job->kind, composing->row->kind) == 0 && composing->text;
}

static char *date_text(const char *epoch)
{
	g_autoptr(GDateTime) time = epoch ? g_date_time_new_from_unix_local(g_ascii_strtoll(epoch, NULL, 10)) : NULL;

	return time ? g_date_time_format(time, "%Y-%m-%d %H:%M %Z") : NULL;
}

static char *sentence(const struct composing *composing, const char *prefix, const char *key)
{
	g_autofree char *name = g_strconcat(prefix, key, NULL);
	char *text = key ? texts_sentence(composing->job->setup->knowledge->texts, composing->language, name, NULL) : NULL;

	return text ? text : g_strdup(key);
}

/* What was decided, as an order's word: a job says it as the word that was given, or as the state that came of it. */
static const char *decision_word(const struct job *job)
{
	static const char *const states[][2] = {{"accepted", "accept"}, {"rejected", "reject"}, {"discarded", "discard"},
		{"withdrawn", "withdraw"}, {"expired", "expire"}};

	for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
		if (g_strcmp0(field(job, "state"), states[i][0]) == 0)
			return states[i][1];
	return field(job, "word");
}

static char *link_for(const struct composing *composing, const char *token_name, enum order_kind order)
{
	const char *token = g_hash_table_lookup(composing->tokens, token_name);

	return token ? order_link(composing->job->list, token, order, composing->language, field(composing->job, "fact-subject"))
				 : NULL;
}

enum { FIELD_COUNT = 37 };

struct values {
	struct texts_field fields[FIELD_COUNT];
	guint count;
	char *made[FIELD_COUNT];
	guint made_count;
};

static void add(struct values *values, const char *name, const char *value)
{
	g_assert(values->count < FIELD_COUNT - 1);
	values->fields[values->count++] = (struct texts_field){.name = name, .value = value};
}

static void add_made(struct values *values, const char *name, char *value)
{
	values->made[values->made_count++] = value;
	add(values, name, value);
}

/* Who sent it, where that says more than who wrote it. */
static const char *other_sender(const struct job *job)
{
	const char *sender = field(job, "held-sender"), *author = field(job, "held-author");

	return sender && author && g_ascii_strcasecmp(sender, author) == 0 ? NULL : sender;
}

/* Nobody hears that such a held post was rejected (see WIRE_HOLD), so what moderators read must not say it. */
static gboolean is_unanswerable(const struct job *job)
{
	return g_strcmp0(field(job, "fact-answerable"), "no") == 0;
}

/* What became of it, as the key of a sentence. */
static char *done_key(const struct job *job)
{
	const char *word = decision_word(job);

	if (field(job, "done-key"))
		return g_strdup(field(job, "done-key"));
	return word ? g_strdup_printf("done-%s%s", word, strcmp(word, "reject") == 0 && is_unanswerable(job) ? "-untold" : "") : NULL;
}

static void collect(const struct composing *composing, struct values *values)
{
	/* What texts call it, and what dispatch does: "held-" is the store's, "fact-" was noted when the post came. */
	static const char *const plain[][2] = {{"subject", "fact-subject"}, {"author", "held-author"},
		{"rule", "fact-rule"}, {"flaw", "fact-flaw"}, {"size", "fact-size"}, {"parts", "fact-parts"}, {"page", "page"}, {"person", "person"},
		{"who", "by"}, {"join", "join"}, {"leave", "leave"}, {"by_page", "by-page"}, {"count", "count"}, {"members", "members"}};
	const struct job *job = composing->job;

	*values = (struct values){0};
	for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
		add(values, plain[i][0], field(job, plain[i][1]));
	add(values, "sender", other_sender(job));
	/* "text" of an answer is the name of its text, and "words" what the CRM said; of a rejection it is what the moderator wrote. */
	const char *text = strcmp(job->kind, "answer") == 0 ? field(job, "words") : field(job, "text");
	add(values, strcmp(job->kind, "decided") == 0 && is_unanswerable(job) ? "note" : "text", text);
	add_made(values, "untold", is_unanswerable(job) ? sentence(composing, "", "untold") : NULL);
	add(values, "list", job->list);
	add_made(values, "request", list_role_address(job->list, "request"));
	add_made(values, "number", g_strdup_printf("%" G_GINT64_FORMAT, job->held));
	add_made(values, "owner", list_role_address(job->list, "owner"));
	add_made(values, "list_name", g_strndup(job->list, strcspn(job->list, "@")));
	add_made(values, "reason", field(job, "why") ? g_strdup(field(job, "why")) : sentence(composing, "", field(job, "held-reason")));
	add_made(values, "sure", sentence(composing, "sure-", field(job, "fact-sure") ? field(job, "fact-sure") : field(job, "fact-method")));
	g_autofree char *done = done_key(job);
	add_made(values, "done", sentence(composing, "", done));
	add_made(values, "when", date_text(field(job, "at")));
	add_made(values, "until", date_text(field(job, "held-until")));
	add_made(values, "accept", link_for(composing, "accept", ORDER_ACCEPT));
	add_made(values, "reject", link_for(composing, "reject", ORDER_REJECT));
	add_made(values, "discard", link_for(composing, "discard", ORDER_DISCARD));
	add_made(values, "withdraw", link_for(composing, "withdraw", ORDER_WITHDRAW));
	add_made(values, "confirm", link_for(composing, "confirm", ORDER_CONFIRM));
	/* An order that is to be confirmed has one token, under its own word. */
	if (field(job, "word")) {
		enum order_kind order = order_line(field(job, "word"), strlen(field(job, "word")));

		add(values, "word", order_word(order, composing->language));
		add_made(values, "go", link_for(composing, field(job, "word"), order));
	}
}

static void clear_values(struct values *values)
{
	for (guint i = 0; i < values->made_count; i++)
		g_free(values->made[i]);
}

/* The links of this recipient, in the order of the text. */
static void collect_links(const struct composing *composing, const struct values *values, struct notice_link links[6])
{
	static const struct {
		const char *name;
		enum order_kind order;
	} all[] = {{"accept", ORDER_ACCEPT}, {"reject", ORDER_REJECT}, {"discard", ORDER_DISCARD}, {"withdraw", ORDER_WITHDRAW},
		{"confirm", ORDER_CONFIRM}};
	guint count = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		for (guint j = 0; j < values->count; j++)
			if (strcmp(values->fields[j].name, all[i].name) == 0 && values->fields[j].value)
				links[count++] = (struct notice_link){
					.label = order_word(all[i].order, composing->language),
					.url = values->fields[j].value,
				};
	links[count] = (struct notice_link){0};
}

static char *reply_address(const struct composing *composing)
{
	static const char *const names[] = {"reply", "confirm", "withdraw", "accept", "reject", "discard"};
	const char *token = NULL;

	/* The last three only count where an order is to be confirmed: else there is a "reply". */
	for (gsize i = 0; i < G_N_ELEMENTS(names) && !token; i++)
		token = g_hash_table_lookup(composing->tokens, names[i]);
	return token ? token_address(composing->job->list, token) : NULL;
}

/* The K of one notice: the same on each attempt of the job. */
static void notice_key(const struct composing *composing, guint8 key[POST_KEY_SIZE])
{
	g_autofree char *name = g_strdup_printf("notice %s %" G_GINT64_FORMAT " %u", composing->job->list,
		composing->job->number, composing->place);

	job_key(name, key);
}

/* Signed like a post and handed over for this one recipient, whom only dispatch knows. */
static struct verdict send_notice(const struct composing *composing, struct compose_message *notice)
{
	struct job *job = composing->job;
	struct message none = {.raw = {.data = ""}};
	struct post post = {
		.setup = job->setup,
		.message = &none,
		.list = job->list,
		.role = LIST_ROLE_POST,
		.deadline = job->deadline,
		.phase = job->phase,
		.header = notice->header,
		.body = notice->body,
		.outgoing = -1,
	};
	struct verdict verdict = post_sign(&post);

	/* Header and body stay the notice's; signing has put fields into the header. */
	notice->header = post.header;
	if (!verdict_is_final(&verdict)) {
		guint8 key[POST_KEY_SIZE];

		notice_key(composing, key);
		GVariant *bytes = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, key, POST_KEY_SIZE, 1);
		g_autoptr(GVariant) answer = post_ask(
			&post, WIRE_NOTICE, g_variant_new("(u@ay)", composing->place, bytes), post.outgoing, &verdict);
	}
	io_close(&post.outgoing);
	return verdict;
}

/* Who stands in To of an answer; "to" is missing where a moderator asked, whose address stays with dispatch. */
static const char *receiver(const struct job *job, const char *otherwise)
{
	const char *to = field(job, "to");

	if (!to && strcmp(job->kind, "answer") != 0 && strcmp(job->kind, "second") != 0)
		to = field(job, "held-author");
	return to && *to ? to : otherwise;
}

/* The mail that an answer is to: of a held post, or the one that asked. */
static const char *answered_id(const struct job *job)
{
	const char *id = field(job, "fact-message-id");

	return id ? id : field(job, "message-id");
}

/* For moderators' mail filters; NULL where none decided, or somebody else gets it. */
static char *rule_of(const struct composing *composing)
{
	const char *at = field(composing->job, "fact-rule-at"), *text = field(composing->job, "fact-rule");

	return composing->row->post && at && text ? g_strdup_printf("%s %s", at, text) : NULL;
}

static struct verdict notify_one(struct composing *composing)
{
	struct job *job = composing->job;
	const struct kind_row *row = composing->row;
	struct values values;
	struct texts_filled filled;
	struct compose_message message;
	struct notice_link links[6];
	g_autofree char *key = g_strdup_printf("%s-%" G_GINT64_FORMAT, row->key,
		strcmp(row->key, "held") == 0 ? job->held : job->number);
	g_autofree char *held_key = g_strdup_printf("held-%" G_GINT64_FORMAT, job->held);
	g_autofree char *held_id = notice_message_id(job->list, held_key);
	g_autofree char *reply_to = reply_address(composing);
	gboolean unread = strcmp(job->kind, "notice-owners") == 0 || strcmp(job->kind, "expired-owners") == 0;
	gboolean note = strcmp(row->key, "note") == 0;
	g_autofree char *moderators = list_role_address(job->list, row->reply || note || unread ? "owner" : "editor");
	/* Moderators and owners have one thread for each held post; an author's thread is the mail that is answered. */
	const char *thread[] = {row->reply ? answered_id(job) : note || strcmp(row->key, "held") == 0 ? NULL : held_id, NULL};

	g_autofree char *rule = rule_of(composing);

	collect(composing, &values);
	collect_links(composing, &values, links);
	texts_fill(job->setup->knowledge->texts, composing->language, composing->text, values.fields, &filled);
	const struct notice notice = {
		.list = job->list,
		.to = row->reply || field(job, "to") ? receiver(job, moderators) : moderators,
		.reply_to = reply_to,
		.language = composing->language,
		.text = &filled,
		.key = key,
		.thread = thread[0] ? thread : NULL,
		.reply = row->reply,
		.rule = rule,
		.links = row->links ? links : NULL,
		.post = row->post && job->message.length > 0 ? job->message.data : NULL,
		.post_length = job->message.length,
		.now = g_get_real_time() / G_USEC_PER_SEC,
	};
	notice_build(&notice, &message);
	struct verdict verdict = send_notice(composing, &message);
	compose_message_clear(&message);
	texts_clear(&filled);
	clear_values(&values);
	return verdict;
}

struct verdict job_notify(struct job *job)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	gsize count = g_variant_n_children(job->recipients);

	for (gsize i = 0; i < count; i++) {
		g_autoptr(GVariant) tokens = g_variant_get_child_value(job->recipients, i);
		struct composing composing = {
			.job = job,
			.language = settings_text(job->setup->knowledge->settings, SET_language, job->list),
			.tokens = job_read_fields(tokens),
			.place = (guint)i,
		};

		if (!find_text(&composing))
			verdict = verdict_discarded("no such kind of job");
		else
			verdict = notify_one(&composing);
		g_hash_table_unref(composing.tokens);
		if (verdict.class == VERDICT_DEFERRED)
			return verdict;
		if (verdict.class == VERDICT_REFUSED)
			log_warning("ALARM list=<%s> job=%" G_GINT64_FORMAT " (%s): nobody can be told: %s", job->list, job->number,
				job->kind, verdict.text);
	}
	return VERDICT_UNDECIDED;
}
