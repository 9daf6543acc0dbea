/* Edits; see edits.h. */
#include "lib/mail/edits.h"

struct edit {
	size_t start, end;
	guint number; /* in the order of their making: GArray's sort is not stable */
	GString *text;
};

static void free_edit(gpointer data)
{
	struct edit *edit = data;

	if (edit->text)
		g_string_free(edit->text, TRUE);
}

void edits_put(struct edits *edits, size_t start, size_t end, GString *text)
{
	if (!edits->list) {
		edits->list = g_array_new(FALSE, FALSE, sizeof(struct edit));
		g_array_set_clear_func(edits->list, free_edit);
	}
	struct edit edit = {.start = start, .end = end, .number = edits->list->len, .text = text};
	g_array_append_val(edits->list, edit);
}

static gint by_place(gconstpointer a, gconstpointer b)
{
	const struct edit *one = a, *other = b;

	if (one->start != other->start)
		return one->start < other->start ? -1 : 1;
	return one->number < other->number ? -1 : 1;
}

GString *edits_apply(struct edits *edits, const char *data, size_t from, size_t to)
{
	GString *out = g_string_sized_new(to - from + 1);
	size_t place = from;

	if (edits->list)
		g_array_sort(edits->list, by_place);
	for (guint i = 0; edits->list && i < edits->list->len; i++) {
		const struct edit *edit = &g_array_index(edits->list, struct edit, i);

		if (edit->start < place || edit->end > to)
			continue;
		g_string_append_len(out, data + place, (gssize)(edit->start - place));
		if (edit->text)
			g_string_append_len(out, edit->text->str, (gssize)edit->text->len);
		place = edit->end;
	}
	g_string_append_len(out, data + place, (gssize)(to - place));
	return out;
}

void edits_clear(struct edits *edits)
{
	g_clear_pointer(&edits->list, g_array_unref);
}
