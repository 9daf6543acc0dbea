/*
 * Makes the fields that go out. A post becomes a list post: the sender's list fields go, the list's come, a tag or Reply-To where the
 * list asks for it. Mail to the people behind a role address is forwarded as it is, with a loop mark.
 * Transparent by default: the body leaves byte for byte but for lines that Postfix would break. In this order: fields, filter, texts above and
 * below, what the next server would not take, and From, since whether that must change depends on all that was changed before.
 */
#include "lib/base/process.h"
#include "lib/mail/address_form.h"
#include "lib/mail/cook_fields.h"
#include "lib/mail/eight_bit.h"
#include "lib/mail/long_lines.h"
#include "lib/mail/reply_to.h"
#include "lib/mail/subject.h"
#include "lmtpd/intake/post_border.h"

static void cook_post(const struct post *post, const struct cook_post *cook, struct header *header)
{
	const struct settings *settings = post->setup->knowledge->settings;

	cook_fields(cook, header);
	subject_put_tag(header, settings_text(settings, SET_subject_tag, post->list));
	reply_to_apply(header, settings_text(settings, SET_reply_to, post->list), post->list);
}

static void forward(const struct post *post, const struct cook_post *cook, struct header *header)
{
	cook_fields_complete(cook, header);
	cook_fields_take_own(header);
	/* A post that the scenario gives to the moderators. */
	if (post->rule) {
		g_autofree char *rule = g_strdup_printf("%s %s", post->rule, post->rule_text);

		header_prepend(header, "X-Rollcall-Rule", rule);
	}
	header_prepend(header, "X-Loop", post->list);
}

/* What Postfix or a member's server would change or refuse. */
static struct verdict settle(struct post *post, struct draft *draft)
{
	struct verdict verdict = eight_bit_encode(&post->header, post->smtputf8);

	if (verdict_is_final(&verdict))
		return verdict;
	address_form_settle(&post->header);
	return long_lines_mend(&post->header, draft->data, draft->length, draft->body, &post->body);
}

void post_note_change(struct post *post, const char *format, ...)
{
	va_list arguments;

	if (!post->changes)
		post->changes = g_ptr_array_new_with_free_func(g_free);
	va_start(arguments, format);
	g_ptr_array_add(post->changes, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

struct verdict post_cook(struct post *post)
{
	struct draft draft;
	const struct message *message = post->message;
	const struct cook_post cook = {
		.settings = post->setup->knowledge->settings,
		.list = post->list,
		.hostname = process_hostname(post->setup->knowledge->settings),
		.now = g_get_real_time() / G_USEC_PER_SEC,
		.key = post->key,
		.client_name = post->envelope->client_name,
		.client_address = post->envelope->client_address,
		.smtputf8 = post->envelope->smtputf8,
	};

	/* On a copy: the same message may be for a second list. */
	header_copy(&message->header, &post->header);
	post_border_strip(post);
	if (post->role == LIST_ROLE_POST)
		cook_post(post, &cook, &post->header);
	else
		forward(post, &cook, &post->header);
	draft_begin(&draft, &post->header, message->raw.data, message->raw.length, message->body);
	struct verdict verdict = post->role == LIST_ROLE_POST ? post_cook_body(post, &draft) : VERDICT_UNDECIDED;
	if (!verdict_is_final(&verdict))
		verdict = settle(post, &draft);
	g_autoptr(GString) made = draft_end(&draft);
	if (!post->body)
		post->body = g_steal_pointer(&made);
	if (verdict_is_final(&verdict) || post->role != LIST_ROLE_POST)
		return verdict;
	verdict = post_mitigate(post);
	/* On top, also of a post that was wrapped. */
	if (!verdict_is_final(&verdict))
		post_border_tell(post);
	return verdict;
}
