/* Pieces of mails of our own; see compose.h. */
#include "lib/mail/compose.h"

#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/mail/encoded_word.h"
#include "lib/mail/long_lines.h"
#include "lib/mail/transfer.h"
#include "lib/mail/walk.h"

enum {
	DIGITS = 32,
	QUOTE_COST = 20, /* percent; as in long_lines.c: with more, base64 is shorter */
};

void compose_part_clear(struct compose_part *part)
{
	g_string_free(part->fields, TRUE);
	g_string_free(part->body, TRUE);
}

void compose_message_clear(struct compose_message *message)
{
	header_clear(&message->header);
	if (message->body)
		g_string_free(message->body, TRUE);
	message->body = NULL;
}

char *compose_digits(const char *what, const char *list, const char *key)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	g_checksum_update(sum, (const guchar *)what, (gssize)strlen(what) + 1);
	g_checksum_update(sum, (const guchar *)list, (gssize)strlen(list) + 1);
	g_checksum_update(sum, (const guchar *)key, -1);
	return g_strndup(g_checksum_get_string(sum), DIGITS);
}

char *compose_message_id(const char *what, const char *list, const char *key)
{
	g_autofree char *unique = compose_digits(what, list, key);

	return g_strdup_printf("<%s.rollcall%s>", unique, strrchr(list, '@'));
}

void compose_put_text(struct header *header, const char *name, const char *text)
{
	g_autoptr(GString) value = g_string_new(NULL);

	if (encoded_word_is_plain(text, strlen(text)))
		g_string_append(value, text);
	else
		encoded_word_append(value, text, strlen(text));
	header_append(header, name, value->str);
}

char *compose_mailbox(const char *name, const char *address)
{
	GString *value = g_string_new(NULL);

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
	g_string_append_printf(value, " <%s>", address);
	return g_string_free(value, FALSE);
}

void compose_text_part(const char *type, const char *text, size_t length, struct compose_part *part)
{
	const char *encoding = "7bit";

	part->body = g_string_new(NULL);
	if (!text_has_8bit(text, length) && !long_lines_found(text, length)) {
		g_string_append_len(part->body, text, (gssize)length);
	} else if (transfer_quote_cost(text, length) <= QUOTE_COST) {
		encoding = "quoted-printable";
		transfer_quote(text, length, part->body);
	} else {
		encoding = "base64";
		transfer_base64(text, length, part->body);
		g_string_append(part->body, "\r\n");
	}
	part->fields = g_string_new(NULL);
	g_string_append_printf(part->fields, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n", type, encoding);
}

void compose_put_fields(const struct compose_part *part, struct header *header)
{
	g_auto(GStrv) fields = g_strsplit(part->fields->str, "\r\n", -1);

	for (char **field = fields; *field && **field; field++) {
		char *colon = strstr(*field, ": ");

		if (!colon)
			log_panic("compose: a field without a name");
		*colon = '\0';
		header_append(header, *field, colon + 2);
	}
}

gboolean compose_can_travel(const char *post, size_t length, const char *const *boundaries, gboolean *eight_bit)
{
	struct header header = {0};
	struct walk walk = {0};
	size_t body;
	gboolean good = text_has_clean_lines(post, length) && !long_lines_found(post, length) && header_mbox_line(post, length) == 0;

	good = good && header_parse(post, length, &header, &body) == HEADER_OK && header.fields->len > 0;
	good = good && walk_message(post, length, &walk) == WALK_OK && walk.depth <= LIMIT_MIME_DEPTH_HOLD;
	for (guint i = 0; good && i < walk.entities->len; i++) {
		const struct walk_entity *entity = walk_entity(&walk, i);

		good = entity->encoding != WALK_BINARY && !text_has_8bit(post + entity->header, entity->body - entity->header);
	}
	for (; good && *boundaries; boundaries++)
		good = !walk_would_end_at(&walk, *boundaries);
	walk_clear(&walk);
	header_clear(&header);
	*eight_bit = good && text_has_8bit(post, length);
	return good;
}
