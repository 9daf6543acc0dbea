/* An issue of a digest; see digest.h. */
#include "lib/mail/digest.h"

#include <gmime/gmime.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/list/list.h"
#include "lib/mail/clean.h"
#include "lib/mail/digest_internal.h"
#include "lib/mail/mail_date.h"
#include "lib/mail/text_flow.h"

enum { TOPIC = 200 }; /* bytes of a subject or a name in the table of contents */

const char *digest_form_word(enum digest_form form)
{
	switch (form) {
	case DIGEST_MIME:
		return "digest";
	case DIGEST_PLAIN:
		return "digestplain";
	case DIGEST_SUMMARY:
		return "summary";
	}
	log_panic("digest_form_word: form %d", (int)form);
}

char *digest_sentence(const struct digest_issue *issue, const char *key)
{
	g_autofree char *part = g_strdup_printf("%u", issue->part);
	g_autofree char *parts = g_strdup_printf("%u", issue->parts);
	g_autofree char *name = g_strndup(issue->list, strcspn(issue->list, "@"));
	const struct texts_field fields[] = {{"part", part}, {"parts", parts}, {"list_name", name}, {"list", issue->list}, {NULL, NULL}};

	return texts_sentence(issue->texts, issue->language, key, fields);
}

static void fill(const struct digest_issue *issue, struct texts_filled *filled)
{
	g_autoptr(GDateTime) closed = g_date_time_new_from_unix_local(issue->closed);
	g_autofree char *date = g_date_time_format(closed, "%Y-%m-%d");
	g_autofree char *volume = g_strdup_printf("%u", issue->volume);
	g_autofree char *number = g_strdup_printf("%u", issue->number);
	g_autofree char *part = issue->parts > 1 ? digest_sentence(issue, "digest-part") : NULL;
	g_autofree char *name = g_strndup(issue->list, strcspn(issue->list, "@"));
	g_autofree char *owner = list_role_address(issue->list, "owner");
	g_autofree char *request = list_role_address(issue->list, "request");
	const struct texts_field fields[] = {{"volume", volume}, {"issue", number}, {"date", date}, {"part", part},
		{"page", issue->page}, {"list", issue->list}, {"list_name", name}, {"owner", owner}, {"request", request}, {NULL, NULL}};

	texts_fill(issue->texts, issue->language, "digest", fields, filled);
}

/* The author as a reader of the list sees him: his name, else his address. */
static char *author_text(const struct header *header)
{
	g_autofree char *value = header_value(header, "From", 0);
	InternetAddressList *from = value ? internet_address_list_parse(NULL, value) : NULL;
	InternetAddress *first = from && internet_address_list_length(from) > 0 ? internet_address_list_get_address(from, 0) : NULL;
	const char *name = first ? internet_address_get_name(first) : NULL;

	if (first && (!name || !*name) && INTERNET_ADDRESS_IS_MAILBOX(first))
		name = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first));
	char *text = clean_text(name ? name : "", TOPIC);
	if (from)
		g_object_unref(from);
	return text;
}

static void append_topic(const struct digest_issue *issue, guint place, gboolean link, GString *out)
{
	const struct digest_post *post = &issue->posts[place];
	struct header header = {0};
	size_t body;
	gboolean read = header_parse(post->data, post->length, &header, &body) == HEADER_OK;
	g_autofree char *raw = read ? header_value(&header, "Subject", 0) : NULL;
	g_autofree char *decoded = raw ? g_mime_utils_header_decode_text(NULL, raw) : NULL;
	g_autofree char *subject = clean_text(decoded ? decoded : "", TOPIC);
	g_autofree char *author = read ? author_text(&header) : g_strdup("");
	g_autofree char *none = *subject ? NULL : digest_sentence(issue, "digest-no-subject");
	g_autoptr(GString) line = g_string_new(NULL);

	g_string_append_printf(line, "%4u. %s", place + 1, *subject ? subject : none);
	if (*author)
		g_string_append_printf(line, " (%s)", author);
	text_flow_append(out, line->str, "      ");
	if (link && post->archived_at)
		g_string_append_printf(out, "      %s\r\n", post->archived_at);
	header_clear(&header);
}

void digest_append_topics(const struct digest_issue *issue, gboolean links, GString *out)
{
	g_autofree char *heading = digest_sentence(issue, "digest-topics");

	g_string_append_printf(out, "%s\r\n\r\n", heading);
	for (guint i = 0; i < issue->count; i++)
		append_topic(issue, i, links, out);
}

static void put_fields(const struct digest_issue *issue, enum digest_form form, const char *subject, struct header *header)
{
	g_autofree char *key = g_strdup_printf("%s %u.%u.%u", digest_form_word(form), issue->volume, issue->number, issue->part);
	g_autofree char *id = compose_message_id("digest", issue->list, key);
	g_autofree char *request = list_role_address(issue->list, "request");
	g_autofree char *name = g_strndup(issue->list, strcspn(issue->list, "@"));
	g_autofree char *from = compose_mailbox(name, request);
	g_autofree char *to = g_strdup_printf("<%s>", issue->list);
	g_autofree char *date = mail_date(issue->closed);
	size_t none;

	if (header_parse("", 0, header, &none) != HEADER_OK)
		log_panic("digest: no empty header");
	header_append(header, "From", from);
	header_append(header, "To", to);
	header_append(header, "Reply-To", to);
	compose_put_text(header, "Subject", subject);
	header_append(header, "Date", date);
	header_append(header, "Message-ID", id);
	header_append(header, "Content-Language", issue->language);
	header_append(header, "MIME-Version", "1.0");
}

void digest_build(const struct digest_issue *issue, enum digest_form form, struct compose_message *message)
{
	struct texts_filled filled;
	struct compose_part part = {0};

	fill(issue, &filled);
	/* The same in all languages, and by it a reader puts the parts in order. */
	g_autofree char *numbered =
		issue->parts > 1 ? g_strdup_printf("%s (%u/%u)", filled.subject, issue->part, issue->parts) : NULL;
	put_fields(issue, form, numbered ? numbered : filled.subject, &message->header);
	switch (form) {
	case DIGEST_MIME:
		digest_part_mime(issue, filled.body, &part);
		break;
	case DIGEST_PLAIN:
		digest_part_plain(issue, filled.body, &part);
		break;
	case DIGEST_SUMMARY:
		digest_part_summary(issue, filled.body, &part);
		break;
	}
	texts_clear(&filled);
	compose_put_fields(&part, &message->header);
	g_string_free(part.fields, TRUE);
	message->body = part.body;
}
