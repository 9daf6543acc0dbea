/* A mail of our own; see notice.h. The parts are made in notice_parts.c, and put together here. */
#include "lib/mail/notice.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/list/list.h"
#include "lib/mail/mail_date.h"
#include "lib/mail/notice_parts.h"

char *notice_message_id(const char *list, const char *key)
{
	return compose_message_id("message-id", list, key);
}

static void put_from(const struct notice *notice, struct header *header)
{
	g_autofree char *owner = list_role_address(notice->list, "owner");
	const char *at = strrchr(notice->list, '@');
	g_autofree char *own = g_strdup_printf("%.*s owner", (int)(at - notice->list), notice->list);
	g_autofree char *value = compose_mailbox(notice->from_name && *notice->from_name ? notice->from_name : own, owner);

	header_append(header, "From", value);
}

static void put_thread(const char *const *thread, struct header *header)
{
	guint count = thread ? g_strv_length((char **)thread) : 0;

	if (count == 0)
		return;
	g_autofree char *all = g_strjoinv(" ", (char **)thread);
	header_append(header, "In-Reply-To", thread[count - 1]);
	header_append(header, "References", all);
}

static void put_fields(const struct notice *notice, struct header *header)
{
	g_autofree char *date = mail_date(notice->now);
	g_autofree char *id = notice_message_id(notice->list, notice->key);
	g_autofree char *to = g_strdup_printf("<%s>", notice->to);
	size_t none;

	if (header_parse("", 0, header, &none) != HEADER_OK)
		log_panic("notice: no empty header");
	put_from(notice, header);
	header_append(header, "To", to);
	if (notice->reply_to) {
		g_autofree char *reply_to = g_strdup_printf("<%s>", notice->reply_to);

		header_append(header, "Reply-To", reply_to);
	}
	compose_put_text(header, "Subject", notice->text->subject);
	header_append(header, "Date", date);
	header_append(header, "Message-ID", id);
	put_thread(notice->thread, header);
	header_append(header, "Auto-Submitted", notice->reply ? "auto-replied" : "auto-generated");
	header_append(header, "X-Auto-Response-Suppress", "All");
	header_append(header, "X-Loop", notice->list);
	if (notice->rule)
		header_append(header, "X-Rollcall-Rule", notice->rule);
	header_append(header, "Content-Language", notice->language);
	header_append(header, "MIME-Version", "1.0");
}

/* A boundary that none of the parts has in it. "=_" is in no encoded text; the post may hold anything. */
static char *make_boundary(const struct notice *notice, const char *what)
{
	for (guint i = 0;; i++) {
		g_autofree char *seed = g_strdup_printf("%s %u", what, i);
		g_autofree char *unique = compose_digits(seed, notice->list, notice->key);
		g_autofree char *boundary = g_strdup_printf("=_%s", unique);

		if (!notice->post || !memmem(notice->post, notice->post_length, boundary, strlen(boundary)))
			return g_steal_pointer(&boundary);
	}
}

static void join(const char *type, const char *boundary, const struct compose_part parts[2], struct compose_part *out)
{
	out->fields = g_string_new(NULL);
	g_string_append_printf(out->fields, "Content-Type: %s; boundary=\"%s\"\r\n", type, boundary);
	out->body = g_string_new(NULL);
	for (guint i = 0; i < 2; i++) {
		g_string_append_printf(out->body, "--%s\r\n%s\r\n", boundary, parts[i].fields->str);
		g_string_append_len(out->body, parts[i].body->str, (gssize)parts[i].body->len);
		g_string_append(out->body, "\r\n");
	}
	g_string_append_printf(out->body, "--%s--\r\n", boundary);
}

static void make_text(const struct notice *notice, struct compose_part *part)
{
	struct compose_part both[2];

	if (!notice->links) {
		notice_part_text(notice, part);
		return;
	}
	g_autofree char *boundary = make_boundary(notice, "alternative");
	notice_part_text(notice, &both[0]);
	notice_part_html(notice, &both[1]);
	join("multipart/alternative", boundary, both, part);
	compose_part_clear(&both[0]);
	compose_part_clear(&both[1]);
}

static void make_all(const struct notice *notice, struct compose_part *part)
{
	struct compose_part both[2];
	gboolean eight_bit;

	make_text(notice, &both[0]);
	if (!notice->post) {
		*part = both[0];
		return;
	}
	g_autofree char *boundary = make_boundary(notice, "mixed");
	notice_part_post(notice, boundary, &both[1], &eight_bit);
	join("multipart/mixed", boundary, both, part);
	if (eight_bit)
		g_string_append(part->fields, "Content-Transfer-Encoding: 8bit\r\n");
	compose_part_clear(&both[0]);
	compose_part_clear(&both[1]);
}

void notice_build(const struct notice *notice, struct compose_message *message)
{
	struct compose_part part;

	put_fields(notice, &message->header);
	make_all(notice, &part);
	compose_put_fields(&part, &message->header);
	g_string_free(part.fields, TRUE);
	message->body = part.body;
}
