/*
 * Columns of the store that are more than a number; see store_internal.h.
 * The file is ours, but a disk may have flipped a bit in it: what is read here is valid in form whatever it was.
 */
#include "lib/store/store_internal.h"

#include <string.h>

#include "lib/base/log.h"

char *store_column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return g_utf8_make_valid(text ? text : "", -1);
}

GVariant *store_column_fields(sqlite3_stmt *row, int column)
{
	const void *data = sqlite3_column_blob(row, column);
	g_autoptr(GBytes) bytes = g_bytes_new(data, (gsize)sqlite3_column_bytes(row, column));
	g_autoptr(GVariant) fields = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE("a{ss}"), bytes, FALSE));

	return g_variant_get_normal_form(fields);
}

void store_bind_fields(sqlite3_stmt *statement, int place, GVariant *fields)
{
	if (!fields) {
		sqlite3_bind_zeroblob(statement, place, 0);
		return;
	}
	if (!g_variant_is_of_type(fields, G_VARIANT_TYPE("a{ss}")))
		log_panic("fields of type %s", g_variant_get_type_string(fields));
	/* An array without entries has no data at all, and NULL would be no blob. */
	if (g_variant_get_size(fields) == 0)
		sqlite3_bind_zeroblob(statement, place, 0);
	else
		sqlite3_bind_blob64(statement, place, g_variant_get_data(fields), g_variant_get_size(fields),
			SQLITE_TRANSIENT);
}

void store_column_decision(sqlite3_stmt *row, int first, struct store_decision *decision)
{
	*decision = (struct store_decision){
		.state = (enum store_held_state)sqlite3_column_int(row, first),
		.at = sqlite3_column_int64(row, first + 1),
		.by_person = sqlite3_column_bytes(row, first + 2) == STORE_PERSON_SIZE,
	};
	if (decision->by_person)
		memcpy(decision->decider, sqlite3_column_blob(row, first + 2), STORE_PERSON_SIZE);
}

gboolean store_read_numbers(struct store *store, sqlite3_stmt *read, GArray *numbers, const char *doing, GError **error)
{
	int result;

	g_array_set_size(numbers, 0);
	while ((result = sqlite3_step(read)) == SQLITE_ROW) {
		gint64 number = sqlite3_column_int64(read, 0);

		g_array_append_val(numbers, number);
	}
	return result == SQLITE_DONE || store_fail(store->db, doing, error);
}
