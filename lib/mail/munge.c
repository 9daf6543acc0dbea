/* Mail from the list; see munge.h. */
#include "lib/mail/munge.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/list/list.h"
#include "lib/mail/clean.h"
#include "lib/mail/compose.h"
#include "lib/mail/eight_bit.h"
#include "lib/mail/long_lines.h"

enum { NAME = 80 }; /* bytes of a display name: more is no name, and only the beginning is shown */

/* What looks like an address is none of a person's name: "@" in all its widths. */
static gboolean is_name(const char *name)
{
	return name && *name && !strchr(name, '@') && !strstr(name, "\xEF\xBC\xA0") && !strstr(name, "\xEF\xB9\xAB");
}

static char *display_name(const struct munge *munge)
{
	g_autofree char *list = g_strndup(munge->list, strcspn(munge->list, "@"));
	g_autofree char *local = munge->author ? g_strndup(munge->author, (gsize)(strrchr(munge->author, '@') - munge->author)) : NULL;
	g_autofree char *name = is_name(munge->name) ? clean_text(munge->name, NAME) : local ? clean_text(local, NAME) : NULL;

	return is_name(name) ? g_strdup_printf("%s via %s", name, list) : g_strdup(list);
}

/* Too many is no harm, too few is: so only a whole address counts. */
static gboolean is_named(const char *value, const char *address)
{
	g_autofree char *lower = g_ascii_strdown(value, -1);
	size_t length = strlen(address);

	for (const char *found = lower; (found = strstr(found, address)); found++)
		if ((found == lower || strchr("<, \t:", found[-1])) && (found[length] == '\0' || strchr(">, \t;(", found[length])))
			return TRUE;
	return FALSE;
}

static void add_author(const char *name, const char *author, const char *mailbox, struct header *header)
{
	g_autofree char *value = header_value(header, name, 0);

	if (value && is_named(value, author))
		return;
	g_autofree char *both = value && *value ? g_strdup_printf("%s, %s", value, mailbox) : g_strdup(mailbox);
	header_replace(header, name, both);
}

/* Where whoever answers finds him. */
static void keep_author(const struct munge *munge, struct header *header)
{
	g_autofree char *plain = is_name(munge->name) ? clean_text(munge->name, NAME) : NULL;
	g_autofree char *mailbox = plain ? compose_mailbox(plain, munge->author) : g_strdup(munge->author);
	g_autofree char *replies = header_value(header, "Reply-To", 0);

	if (strcmp(munge->reply_to, "author") == 0)
		add_author("Reply-To", munge->author, mailbox, header);
	else if (!replies || !is_named(replies, munge->author))
		add_author("Cc", munge->author, mailbox, header);
}

void munge_from(const struct munge *munge, struct header *header)
{
	g_autofree char *name = display_name(munge), *bounces = list_role_address(munge->list, "bounces");
	g_autofree char *from = compose_mailbox(name, munge->list);
	g_autofree char *was = header_value(header, "From", 0);

	(void)header_remove(header, "Author");
	(void)header_remove(header, "Autocrypt");
	if (was && *was)
		header_append(header, "Author", was);
	if (munge->author)
		keep_author(munge, header);
	header_replace(header, "From", from);
	header_replace(header, "Sender", bounces);
}

/* ---- a post inside ---- */

static gboolean begins(const struct header_field *field, const char *start)
{
	return field->name_length >= strlen(start) && g_ascii_strncasecmp(field->data, start, strlen(start)) == 0;
}

/* What the mail around it needs of the post; From and what munge_from() looks at come along. */
static gboolean is_kept(const struct header_field *field)
{
	static const char *const kept[] = {"From", "Reply-To", "Cc", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Sender",
		"Precedence", "X-Loop", "Received", "Archived-At", "Feedback-ID", "CFBL-Address", "Auto-Submitted"};

	for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
		if (header_is(field, kept[i]))
			return TRUE;
	return begins(field, "List-");
}

static gboolean is_body_field(const struct header_field *field)
{
	return begins(field, "Content-") || header_is(field, "MIME-Version");
}

static void copy_field(const struct header_field *field, struct header *to)
{
	struct header_field copy = *field;

	if (field->owned)
		copy.data = copy.owned = g_memdup2(field->data, field->length);
	g_array_append_val(to->fields, copy);
}

/* The fields as they came, without those that cooking took off for good (secrets, another list's), and with what is said of the body now. */
static void inner_header(const struct header *came, const struct header *cooked, struct header *inner)
{
	header_copy(came, inner);
	for (guint i = 0; i < inner->fields->len;) {
		const struct header_field *field = &g_array_index(inner->fields, struct header_field, i);
		g_autofree char *name = g_strndup(field->data, field->name_length);

		if (is_body_field(field) || begins(field, "List-") || header_count(cooked, name) == 0)
			header_remove_index(inner, i);
		else
			i++;
	}
	for (guint i = 0; i < cooked->fields->len; i++)
		if (is_body_field(&g_array_index(cooked->fields, struct header_field, i)))
			copy_field(&g_array_index(cooked->fields, struct header_field, i), inner);
}

static void outer_header(const struct munge *munge, gboolean eight_bit, struct header *header)
{
	for (guint i = 0; i < header->fields->len;) {
		if (is_kept(&g_array_index(header->fields, struct header_field, i)))
			i++;
		else
			header_remove_index(header, i);
	}
	munge_from(munge, header);
	header_append(header, "MIME-Version", "1.0");
	header_append(header, "Content-Type", "message/rfc822");
	header_append(header, "Content-Disposition", "inline");
	if (eight_bit)
		header_append(header, "Content-Transfer-Encoding", "8bit");
}

struct verdict munge_wrap(const struct wrap *wrap, struct header *header, GString **body)
{
	struct header inner = {0};
	GString *none = NULL;

	*body = NULL;
	inner_header(wrap->came, header, &inner);
	struct verdict verdict = eight_bit_encode(&inner, wrap->smtputf8);
	if (!verdict_is_final(&verdict))
		verdict = long_lines_mend(&inner, "", 0, 0, &none);
	if (!verdict_is_final(&verdict)) {
		*body = g_string_sized_new(wrap->length + 4096);
		header_render(&inner, *body);
		g_string_append(*body, "\r\n");
		g_string_append_len(*body, wrap->body, (gssize)wrap->length);
		outer_header(&wrap->munge, text_has_8bit((*body)->str, (*body)->len), header);
	}
	header_clear(&inner);
	return verdict;
}
