/* A mail of our own; see notice.h. The parts are made in notice_parts.c, and put together here. */
#include "lib/mail/notice.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/list/list.h"
#include "lib/mail/encoded_word.h"
#include "lib/mail/mail_date.h"
#include "lib/mail/notice_parts.h"

enum { DIGITS = 32 }; /* of a Message-ID or boundary: 128 bits */

/* The first DIGITS of the SHA-256 over `what`, the list and the key. */
static char *digits(const char *what, const char *list, const char *key)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	g_checksum_update(sum, (const guchar *)what, (gssize)strlen(what) + 1);
	g_checksum_update(sum, (const guchar *)list, (gssize)strlen(list) + 1);
	g_checksum_update(sum, (const guchar *)key, -1);
	return g_strndup(g_checksum_get_string(sum), DIGITS);
}

char *notice_message_id(const char *list, const char *key)
{
	g_autofree char *unique = digits("message-id", list, key);

	return g_strdup_printf("<%s.rollcall%s>", unique, strrchr(list, '@'));
}

static void put_from(const struct notice *notice, struct header *header)
{
	g_autofree char *owner = list_role_address(notice->list, "owner");
	const char *at = strrchr(notice->list, '@');
	g_autofree char *own = g_strdup_printf("%.*s owner", (int)(at - notice->list), notice->list);
	const char *name = notice->from_name && *notice->from_name ? notice->from_name : own;
	g_autoptr(GString) value = g_string_new(NULL);

	if (encoded_word_is_plain(name, strlen(name))) {
		g_string_append_c(value, '"');
		for (; *name; name++) {
			if (*name == '"' || *name == '\\')
				g_string_append_c(value, '\\');
			g_string_append_c(value, *name);
		}
		g_string_append_c(value, '"');
	} else {
		encoded_word_append(value, name, strlen(name));
	}
	g_string_append_printf(value, " <%s>", owner);
	header_append(header, "From", value->str);
}

static void put_subject(const char *subject, struct header *header)
{
	g_autoptr(GString) value = g_string_new(NULL);

	if (encoded_word_is_plain(subject, strlen(subject)))
		g_string_append(value, subject);
	else
		encoded_word_append(value, subject, strlen(subject));
	header_append(header, "Subject", value->str);
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
	put_subject(notice->text->subject, header);
	header_append(header, "Date", date);
	header_append(header, "Message-ID", id);
	put_thread(notice->thread, header);
	header_append(header, "Auto-Submitted", notice->reply ? "auto-replied" : "auto-generated");
	header_append(header, "X-Auto-Response-Suppress", "All");
	header_append(header, "X-Loop", notice->list);
	header_append(header, "Content-Language", notice->language);
	header_append(header, "MIME-Version", "1.0");
}

/* A boundary that none of the parts has in it. "=_" is in no encoded text; the post may hold anything. */
static char *make_boundary(const struct notice *notice, const char *what)
{
	for (guint i = 0;; i++) {
		g_autofree char *seed = g_strdup_printf("%s %u", what, i);
		g_autofree char *unique = digits(seed, notice->list, notice->key);
		g_autofree char *boundary = g_strdup_printf("=_%s", unique);

		if (!notice->post || !memmem(notice->post, notice->post_length, boundary, strlen(boundary)))
			return g_steal_pointer(&boundary);
	}
}

static void join(const char *type, const char *boundary, const struct notice_part parts[2], struct notice_part *out)
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

static void make_text(const struct notice *notice, struct notice_part *part)
{
	struct notice_part both[2];

	if (!notice->links) {
		notice_part_text(notice, part);
		return;
	}
	g_autofree char *boundary = make_boundary(notice, "alternative");
	notice_part_text(notice, &both[0]);
	notice_part_html(notice, &both[1]);
	join("multipart/alternative", boundary, both, part);
	notice_part_clear(&both[0]);
	notice_part_clear(&both[1]);
}

static void make_all(const struct notice *notice, struct notice_part *part)
{
	struct notice_part both[2];
	gboolean eight_bit;

	make_text(notice, &both[0]);
	if (!notice->post) {
		*part = both[0];
		return;
	}
	g_autofree char *boundary = make_boundary(notice, "mixed");
	notice_part_post(notice, &both[1], &eight_bit);
	join("multipart/mixed", boundary, both, part);
	if (eight_bit)
		g_string_append(part->fields, "Content-Transfer-Encoding: 8bit\r\n");
	notice_part_clear(&both[0]);
	notice_part_clear(&both[1]);
}

void notice_build(const struct notice *notice, struct notice_message *message)
{
	struct notice_part part;

	put_fields(notice, &message->header);
	make_all(notice, &part);
	g_auto(GStrv) fields = g_strsplit(part.fields->str, "\r\n", -1);
	for (char **field = fields; *field && **field; field++) {
		char *colon = strchr(*field, ':');

		*colon = '\0';
		header_append(&message->header, *field, colon + 2);
	}
	g_string_free(part.fields, TRUE);
	message->body = part.body;
}

void notice_clear(struct notice_message *message)
{
	header_clear(&message->header);
	if (message->body)
		g_string_free(message->body, TRUE);
	message->body = NULL;
}
