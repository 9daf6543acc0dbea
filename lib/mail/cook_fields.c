/* A list's header fields; see cook_fields.h. */
#include "lib/mail/cook_fields.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/text.h"
#include "lib/list/archive_place.h"
#include "lib/list/list.h"
#include "lib/mail/author_signed.h"
#include "lib/mail/encoded_word.h"
#include "lib/mail/mail_date.h"
#include "lib/mail/url_template.h"

/* HOSTILE M29, M30. Everything that begins with "List-" or "X-Rollcall-" goes too. */
static const char *const not_the_senders[] = {
	/* the list's word, or that of the last mail server */
	"Archived-At",
	"Errors-To",
	"Return-Path",
	/* wishes that would make every member's mailer answer */
	"Return-Receipt-To",
	"Read-Receipt-To",
	"Delivery-Receipt-To",
	"Disposition-Notification-To",
	"Disposition-Notification-Options",
	"X-Confirm-Reading-To",
	"X-Confirm-Delivery-To",
	"X-Confirm-Reading",
	"X-PMRQC",
	/* secrets */
	"Bcc",
	"Resent-Bcc",
	"Approved",
	"Approve",
	"X-Approved",
	"X-Approve",
	"X-Approved-By",
	"X-Moderate",
	"X-Moderated",
};

static const char *const arc_set[] = {
	"ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"};

static gboolean begins_with(const struct header_field *field, const char *prefix)
{
	gsize length = strlen(prefix);

	return field->name_length > length && g_ascii_strncasecmp(field->data, prefix, length) == 0;
}

/* What we tell moderators is nobody else's to say, and not for members. */
void cook_fields_take_own(struct header *header)
{
	for (guint i = 0; i < header->fields->len;) {
		if (begins_with(&g_array_index(header->fields, struct header_field, i), "X-Rollcall-"))
			header_remove_index(header, i);
		else
			i++;
	}
}

/*
 * Signatures beyond LIMIT_SIGNATURES only cost each member's server its time. The topmost stay: the
 * latest servers put them there. An ARC chain may have 50 links; of a longer one nothing stays, since
 * it proves nothing.
 */
static void thin_signatures(struct header *header)
{
	guint seen = 0;
	gboolean arc_flood = FALSE;

	for (guint i = 0; i < header->fields->len;) {
		if (header_is(&g_array_index(header->fields, struct header_field, i),
			    "DKIM-Signature") &&
			++seen > LIMIT_SIGNATURES)
			header_remove_index(header, i);
		else
			i++;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(arc_set); i++)
		arc_flood |= header_count(header, arc_set[i]) > LIMIT_ARC_SETS;
	for (size_t i = 0; arc_flood && i < G_N_ELEMENTS(arc_set); i++)
		(void)header_remove(header, arc_set[i]);
}

static void take_off(struct header *header)
{
	for (size_t i = 0; i < G_N_ELEMENTS(not_the_senders); i++)
		(void)header_remove(header, not_the_senders[i]);
	for (guint i = 0; i < header->fields->len;) {
		if (begins_with(&g_array_index(header->fields, struct header_field, i), "List-"))
			header_remove_index(header, i);
		else
			i++;
	}
	cook_fields_take_own(header);
	thin_signatures(header);
}

static const char *text(const struct cook_post *post, enum setting setting)
{
	return settings_text(post->settings, setting, post->list);
}

/* RFC 2919: an optional phrase, then the list's address with a dot for the '@'. */
static void put_list_id(const struct cook_post *post, struct header *header)
{
	const char *description = text(post, SET_description);
	g_autoptr(GString) value = g_string_new(NULL);
	const char *at = strrchr(post->list, '@');

	if (*description && encoded_word_is_plain(description, strlen(description))) {
		g_string_append_c(value, '"');
		for (const char *c = description; *c; c++) {
			if (*c == '"' || *c == '\\')
				g_string_append_c(value, '\\');
			g_string_append_c(value, *c);
		}
		g_string_append_c(value, '"');
	} else {
		encoded_word_append(value, description, strlen(description));
	}
	g_string_append_printf(value, "%s<%.*s.%s>", value->len ? " " : "", (int)(at - post->list),
		post->list, at + 1);
	header_append(header, "List-Id", value->str);
}

/*
 * One URL field: the page of the template, where there is one, before the mail address, where there
 * is one.
 */
static void put_urls(const struct cook_post *post, struct header *header, const char *name,
	const char *page, const char *mail)
{
	g_autoptr(GString) value = g_string_new(NULL);

	if (page && *page) {
		g_autofree char *url = url_template_fill(page, post->list, NULL);

		g_string_append_printf(value, "<%s>", url);
	}
	if (mail)
		g_string_append_printf(value, "%s<mailto:%s>", value->len ? ", " : "", mail);
	if (value->len)
		header_append(header, name, value->str);
}

static void put_list_fields(const struct cook_post *post, struct header *header)
{
	g_autofree char *owner = list_role_address(post->list, "owner");
	g_autofree char *request = list_role_address(post->list, "request");
	g_autofree char *subscribe = list_role_address(post->list, "subscribe");
	g_autofree char *unsubscribe = list_role_address(post->list, "unsubscribe");
	g_autofree char *archive = archive_place_template(post->settings, SET_archive_page, post->list);

	put_list_id(post, header);
	put_urls(post, header, "List-Help", text(post, SET_help_page), request);
	put_urls(post, header, "List-Unsubscribe", text(post, SET_unsubscribe_page), unsubscribe);
	put_urls(post, header, "List-Subscribe", text(post, SET_subscribe_page), subscribe);
	put_urls(post, header, "List-Post", NULL, post->list);
	put_urls(post, header, "List-Owner", NULL, owner);
	put_urls(post, header, "List-Archive", archive, NULL);
}

/* Whether there is anything between the brackets, so that the field names the post. */
static gboolean has_content(const char *value)
{
	return value && value[strspn(value, "<> \t")] != '\0';
}

/* Postfix would add what is missing, after we have signed that it is not there. */
void cook_fields_complete(const struct cook_post *post, struct header *header)
{
	g_autofree char *date = header_value(header, "Date", 0);
	g_autofree char *id = header_value(header, "Message-ID", 0);

	if (!has_content(date)) {
		g_autofree char *now = mail_date(post->now);

		header_replace(header, "Date", now);
	}
	if (!has_content(id)) {
		g_autofree char *name = text_write_hex(post->key, COOK_KEY_SIZE / 2);
		g_autofree char *value = g_strdup_printf("<%s.rollcall%s>", name, strrchr(post->list, '@'));

		header_replace(header, "Message-ID", value);
	}
}

static void put_archived_at(const struct cook_post *post, struct header *header)
{
	g_autofree char *template = archive_place_template(post->settings, SET_archived_at, post->list);

	if (*template == '\0')
		return;
	g_autofree char *id = header_value(header, "Message-ID", 0);
	g_autofree char *url = url_template_fill(template, post->list, id);
	g_autofree char *value = g_strdup_printf("<%s>", url);
	header_append(header, "Archived-At", value);
}

/* Who reports complaints must find us, and not whom the author's provider named. */
static void put_reports(const struct cook_post *post, struct header *header)
{
	if (*text(post, SET_feedback_id))
		header_replace(header, "Feedback-ID", text(post, SET_feedback_id));
	if (*text(post, SET_cfbl_address)) {
		(void)header_remove(header, "CFBL-Feedback-ID");
		header_replace(header, "CFBL-Address", text(post, SET_cfbl_address));
	}
}

/* What a client said of itself is written only when it cannot be more than a name or an address. */
static gboolean is_host(const char *name)
{
	if (!name || *name == '\0' || strlen(name) > 255 ||
		g_ascii_strcasecmp(name, "[UNAVAILABLE]") == 0)
		return FALSE;
	for (; *name; name++)
		if (!g_ascii_isalnum(*name) && !strchr(".-_:", *name))
			return FALSE;
	return TRUE;
}

static void put_received(const struct cook_post *post, struct header *header)
{
	g_autofree char *date = mail_date(post->now);
	g_autofree char *id = text_write_hex(post->key, 8);
	g_autoptr(GString) value = g_string_new(NULL);
	gboolean named = is_host(post->client_name), numbered = is_host(post->client_address);

	if (named && numbered)
		g_string_append_printf(
			value, "from %s ([%s]) ", post->client_name, post->client_address);
	else if (named || numbered)
		g_string_append_printf(value, named ? "from %s " : "from [%s] ",
			named ? post->client_name : post->client_address);
	g_string_append_printf(value, "by %s (Rollcall) with %s id ", post->hostname,
		post->smtputf8 ? "UTF8LMTP" : "LMTP");
	g_string_append_printf(value, "%s\r\n\tfor <%s>; %s", id, post->list, date);
	header_prepend(header, "Received", value->str);
}

void cook_fields(const struct cook_post *post, struct header *header)
{
	gboolean sender_is_signed = author_signed(header, "Sender");
	gboolean precedence_is_signed = author_signed(header, "Precedence");

	take_off(header);
	cook_fields_complete(post, header);
	put_list_fields(post, header);
	put_archived_at(post, header);
	if (!precedence_is_signed)
		header_replace(header, "Precedence", "list");
	if (!sender_is_signed) {
		g_autofree char *bounces = list_role_address(post->list, "bounces");

		header_replace(header, "Sender", bounces);
	}
	put_reports(post, header);
	header_append(header, "X-Loop", post->list);
	put_received(post, header);
}
