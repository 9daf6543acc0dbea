/* Judges the cells of a row; see crm_rows.h. All comparing is ASCII only and knows no locale. */
#include "lib/crm/crm_rows.h"

#include <string.h>

#include "lib/base/text.h"

enum { WORD_LIMIT = 20 };

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void trim(const char **data, gsize *length)
{
	while (*length > 0 && is_blank(**data)) {
		(*data)++;
		(*length)--;
	}
	while (*length > 0 && is_blank((*data)[*length - 1]))
		(*length)--;
}

enum address_result crm_rows_address(const struct crm_cell *cell, gboolean utf8_allowed, GString *normal)
{
	const char *data = cell->data;
	gsize length = cell->length;

	g_string_truncate(normal, 0);
	if (cell->null)
		return ADDRESS_EMPTY;
	if (cell->truncated)
		return ADDRESS_LENGTH;
	trim(&data, &length);
	return address_normalise(data, length, utf8_allowed, normal);
}

static gboolean is_word(const char *data, gsize length, const char *const *words)
{
	for (; *words; words++)
		if (text_equal_ascii_case(data, length, *words))
			return TRUE;
	return FALSE;
}

gboolean crm_rows_reception(const struct crm_cell *cell, enum reception *reception, gboolean *not_me)
{
	*reception = RECEPTION_MAIL;
	*not_me = FALSE;
	return !cell->null && !cell->truncated && reception_read(cell->data, cell->length, reception, not_me);
}

/* A whole number with an optional sign: `*zero` says whether it is 0, however many digits it has. */
static gboolean is_number(const char *data, gsize length, gboolean *zero)
{
	if (length > 0 && (*data == '-' || *data == '+')) {
		data++;
		length--;
	}
	*zero = TRUE;
	for (gsize i = 0; i < length; i++) {
		if (!g_ascii_isdigit(data[i]))
			return FALSE;
		*zero &= data[i] == '0';
	}
	return length > 0;
}

enum crm_truth crm_rows_truth(const struct crm_cell *cell)
{
	static const char *const yes[] = {"yes", "y", "true", "t", "on", NULL};
	static const char *const no[] = {"", "no", "n", "false", "f", "off", NULL};
	const char *data = cell->data;
	gsize length = cell->length;
	gboolean zero;

	if (cell->null || cell->truncated)
		return CRM_UNCLEAR;
	/* A column of type BIT(1) arrives as a byte. */
	if (length == 1 && (*data == '\0' || *data == '\1'))
		return *data == '\1' ? CRM_TRUE : CRM_FALSE;
	trim(&data, &length);
	if (is_number(data, length, &zero))
		return zero ? CRM_FALSE : CRM_TRUE;
	if (is_word(data, length, yes))
		return CRM_TRUE;
	return is_word(data, length, no) ? CRM_FALSE : CRM_UNCLEAR;
}

char *crm_rows_word(const struct crm_cell *cell)
{
	if (cell->null)
		return g_strdup("NULL");
	if (cell->truncated || cell->length > WORD_LIMIT)
		return g_strdup("(something else)");
	for (gsize i = 0; i < cell->length; i++)
		if (!g_ascii_isalnum(cell->data[i]) && cell->data[i] != '_' && cell->data[i] != '-')
			return g_strdup("(something else)");
	return g_strdup_printf("'%.*s'", (int)cell->length, cell->data);
}
