/* room: intake */
/* Tag lists: any bytes. What was read, written again without blanks and folds around it, is read as the same. */
#include <stdint.h>
#include <string.h>

#include "lib/mail/tag_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct tag_list *list, const struct tag *tag)
{
	g_autofree char *name = g_strndup(tag->name, tag->name_length);
	g_autofree char *text = tag_list_text(list, name);
	g_autoptr(GBytes) bytes = tag_list_base64(list, name);
	gint64 number = -1;

	g_assert_true(tag_list_find(list, name) == tag);
	g_assert_true(strlen(text) <= tag->length && !strpbrk(text, " \t\r\n;"));
	g_assert_true(!bytes || g_bytes_get_size(bytes) * 4 / 3 <= tag->length);
	g_assert_true(!tag_list_number(list, name, &number) || number >= 0);
	(void)tag_list_has(list, name, "sha256");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tag_list list, again;
	g_autoptr(GString) text = g_string_new(NULL);

	if (!tag_list_parse((const char *)data, size, &list)) {
		g_assert_cmpuint(list.count, ==, 0);
		return 0;
	}
	g_assert_cmpuint(list.count, >, 0);
	for (guint i = 0; i < list.count; i++) {
		const struct tag *tag = &list.tags[i];

		g_assert_true(tag->value >= tag->start && tag->value + tag->length <= tag->start + tag->whole);
		g_assert_true(tag->start[-1] == '=' && tag->start + tag->whole <= (const char *)data + size);
		look_up(&list, tag);
		g_string_append_len(text, tag->name, (gssize)tag->name_length);
		g_string_append_c(text, '=');
		g_string_append_len(text, tag->value, (gssize)tag->length);
		g_string_append_c(text, ';');
	}
	g_assert_true(tag_list_parse(text->str, text->len, &again) && again.count == list.count);
	for (guint i = 0; i < list.count; i++)
		g_assert_true(again.tags[i].length == list.tags[i].length &&
			      memcmp(again.tags[i].value, list.tags[i].value, list.tags[i].length) == 0);
	return 0;
}
