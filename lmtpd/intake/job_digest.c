/*
 * Sends one issue of a digest: in parts where it is large, each part in the forms that somebody wants at this moment. A part has its K, and each form
 * in it a record, so that a second attempt sends what is missing, with the same Message-ID.
 */
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/mail/cook_fields.h"
#include "lib/mail/digest.h"
#include "lib/mail/outgoing.h"
#include "lib/mail/url_template.h"
#include "lib/wire/bundle.h"
#include "lib/wire/wire.h"
#include "lmtpd/intake/job.h"

struct sending {
	struct job *job;
	GArray *messages;           /* of struct bundle_message: the posts with LF line ends */
	GPtrArray *texts;           /* of GString: those of the part at hand with CRLF line ends, */
	GArray *posts;              /* of struct digest_post: the same */
	struct digest_issue issue;  /* of the part at hand */
	char *page;
};

static guint number_field(const struct job *job, const char *name)
{
	const char *text = g_hash_table_lookup(job->fields, name);

	return text ? (guint)g_ascii_strtoull(text, NULL, 10) : 0;
}

static void free_text(gpointer text)
{
	g_string_free(text, TRUE);
}

/* Only one part at a time is in memory a second time. */
static void load_part(struct sending *sending, guint first, guint end)
{
	g_ptr_array_set_size(sending->texts, 0);
	g_array_set_size(sending->posts, 0);
	for (guint i = first; i < end; i++) {
		const struct bundle_message *message = &g_array_index(sending->messages, struct bundle_message, i);
		GString *text = outgoing_read(message->data, message->length);
		const struct digest_post post = {
			.data = text->str,
			.length = text->len,
			.archived_at = *message->word ? message->word : NULL,
		};

		g_ptr_array_add(sending->texts, text);
		g_array_append_val(sending->posts, post);
	}
	sending->issue.posts = (const struct digest_post *)(void *)sending->posts->data;
	sending->issue.count = end - first;
}

static const struct settings *settings_of(const struct sending *sending)
{
	return sending->job->setup->knowledge->settings;
}

static void begin_issue(struct sending *sending)
{
	const struct job *job = sending->job;
	const char *page = settings_text(settings_of(sending), SET_unsubscribe_page, job->list);
	const char *closed = g_hash_table_lookup(job->fields, "closed");

	sending->page = *page ? url_template_fill(page, job->list, NULL) : NULL;
	sending->issue = (struct digest_issue){
		.list = job->list,
		.language = settings_text(settings_of(sending), SET_language, job->list),
		.texts = job->setup->knowledge->texts,
		.page = sending->page,
		.volume = number_field(job, "volume"),
		.number = number_field(job, "number"),
		.closed = closed ? g_ascii_strtoll(closed, NULL, 10) : 0,
	};
}

/* Where the part that begins at `first` ends: it has at least one post. */
static guint part_end(const struct sending *sending, guint first)
{
	const struct settings *settings = settings_of(sending);
	guint64 part = (guint64)settings_number(settings, SET_digest_part, sending->job->list), bytes = 0;
	guint64 limit = (guint64)settings_number(settings, SET_message_size_limit, NULL);
	/* Text grows: to three times when it becomes UTF-8, and then by its encoding. */
	guint64 most = MIN(part, limit / 3);
	guint end = first;

	while (end < sending->messages->len) {
		bytes += g_array_index(sending->messages, struct bundle_message, end).length;
		if (bytes > most && end > first)
			break;
		end++;
	}
	return end;
}

static guint count_parts(const struct sending *sending)
{
	guint parts = 0;

	for (guint first = 0; first < sending->messages->len; parts++)
		first = part_end(sending, first);
	return parts;
}

/* The same on each attempt, whatever the clock says. */
static void part_key(const struct sending *sending, guint8 key[POST_KEY_SIZE])
{
	const struct digest_issue *issue = &sending->issue;
	const char *id = g_hash_table_lookup(sending->job->fields, "issue");
	g_autofree char *name = g_strdup_printf("digest %s %s %u of %u", issue->list, id ? id : "", issue->part, issue->parts);

	job_key(name, key);
}

static struct verdict send_form(const struct sending *sending, struct post *post, enum reception reception)
{
	static const enum digest_form forms[] = {
		[RECEPTION_DIGEST] = DIGEST_MIME,
		[RECEPTION_DIGESTPLAIN] = DIGEST_PLAIN,
		[RECEPTION_SUMMARY] = DIGEST_SUMMARY,
	};
	struct compose_message message;
	const struct cook_post cook = {
		.settings = settings_of(sending),
		.list = post->list,
		.hostname = process_hostname(settings_of(sending)),
		.now = sending->issue.closed,
		.key = post->key,
	};

	digest_build(&sending->issue, forms[reception], &message);
	cook_fields(&cook, &message.header);
	/* It came from nobody, and is in no archive. */
	header_remove(&message.header, "Received");
	header_remove(&message.header, "Archived-At");
	post->header = message.header;
	post->body = message.body;
	struct verdict verdict = post_sign(post);
	if (!verdict_is_final(&verdict))
		verdict = post_hand_over(post, reception, post->outgoing);
	/* What is refused ends a job, and the posts would go with it: this is ours to mend. */
	if (verdict.class == VERDICT_REFUSED)
		verdict = verdict_deferred("4.3.5", "%s", verdict.text);
	message.header = post->header;
	io_close(&post->outgoing);
	compose_message_clear(&message);
	post->body = NULL;
	post->header = (struct header){0};
	return verdict;
}

static struct verdict send_forms(const struct sending *sending, struct post *post, GVariant *ways)
{
	struct verdict verdict = VERDICT_UNDECIDED;
	GVariantIter iterator;
	const char *way;

	g_variant_iter_init(&iterator, ways);
	while (g_variant_iter_next(&iterator, "(&su)", &way, NULL)) {
		enum reception reception;

		if (!reception_find(way, &reception) || !reception_is_digest(reception))
			continue;
		verdict = send_form(sending, post, reception);
		if (verdict.class != VERDICT_SENT)
			return verdict;
	}
	return post_finish(post, FALSE);
}

/* SENT; DISCARDED when nobody wants digests any more; else what stands in the way. */
static struct verdict send_part(const struct sending *sending)
{
	struct job *job = sending->job;
	struct message none = {.raw = {.data = ""}};
	struct session_envelope envelope = {0};
	struct post post = {
		.setup = job->setup,
		.envelope = &envelope,
		.message = &none,
		.list = job->list,
		.role = LIST_ROLE_POST,
		.deadline = job->deadline,
		.phase = job->phase,
		.outgoing = -1,
	};
	struct verdict verdict = VERDICT_UNDECIDED;

	part_key(sending, post.key);
	GVariant *key = g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, post.key, POST_KEY_SIZE, 1);
	g_autoptr(GVariant) claimed = post_ask(&post, WIRE_CLAIM, g_variant_new("(s@ay)", job->list, key), -1, &verdict);
	if (!claimed)
		return verdict;
	g_autoptr(GVariant) ways = post_roster(&post, &verdict);
	return ways ? send_forms(sending, &post, ways) : verdict;
}

static struct verdict send_parts(struct sending *sending)
{
	struct verdict verdict = VERDICT_UNDECIDED;

	sending->issue.parts = count_parts(sending);
	for (guint first = 0; first < sending->messages->len;) {
		guint end = part_end(sending, first);

		sending->issue.part++;
		load_part(sending, first, end);
		verdict = send_part(sending);
		if (verdict.class != VERDICT_SENT)
			return verdict;
		first = end;
	}
	return verdict;
}

struct verdict job_digest(struct job *job)
{
	g_autoptr(GArray) messages = bundle_read(&job->message);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(free_text);
	g_autoptr(GArray) posts = g_array_new(FALSE, FALSE, sizeof(struct digest_post));
	struct sending sending = {.job = job, .messages = messages, .texts = texts, .posts = posts};

	if (!messages)
		return verdict_deferred("4.3.0", "internal trouble (bundle)");
	if (messages->len == 0)
		return verdict_discarded("none of its posts is left");
	begin_issue(&sending);
	struct verdict verdict = send_parts(&sending);
	g_free(sending.page);
	return verdict;
}
