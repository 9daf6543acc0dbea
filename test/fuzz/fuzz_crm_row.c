/*
 * One row of the CRM: flags, then address, mode and role separated by 0x1f. What comes out is fit for an envelope: ASCII,
 * one line, within the limits, stable, and one recipient only.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/crm/crm_rows.h"
#include "lib/list/recipients.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IS_NULL = 1, IS_TRUNCATED = 2, CELLS = 3 };

static void check_address(const struct crm_cell *cell)
{
	g_autoptr(GString) once = g_string_new("left over");
	g_autoptr(GString) twice = g_string_new(NULL);
	recipients_auto struct recipients *recipients = recipients_new();
	enum address_result result = crm_rows_address(cell, FALSE, once);

	if (result != ADDRESS_OK) {
		if (once->len != 0)
			abort();
		return;
	}
	if (cell->null || cell->truncated || once->len > LIMIT_ADDRESS || strlen(once->str) != once->len)
		abort();
	for (gsize i = 0; i < once->len; i++)
		if (once->str[i] < 32 || once->str[i] > 126)
			abort();
	if (*once->str != '"' && strpbrk(once->str, " <>,;:\"\\()[]"))
		abort();
	const struct crm_cell again = {.data = once->str, .length = once->len};
	if (crm_rows_address(&again, FALSE, twice) != ADDRESS_OK || !g_string_equal(once, twice))
		abort();
	if (!recipients_add(recipients, once->str) || recipients_add(recipients, twice->str))
		abort();
}

static void check_words(const struct crm_cell *mode, const struct crm_cell *role)
{
	g_autofree char *word = crm_rows_word(mode);

	if (strlen(word) > 32)
		abort();
	for (const char *c = word; *c; c++)
		if (*c < 32 || *c > 126 || *c == '@')
			abort();
	enum reception reception;
	gboolean not_me;
	/* Nobody loses his mail by a word that was not said. */
	crm_rows_reception(mode, &reception, &not_me);
	if (reception == RECEPTION_NOMAIL && (mode->null || mode->truncated || mode->length < strlen("nomail")))
		abort();
	/* The least privilege: a yes needs something that was said. */
	if (crm_rows_truth(role) == CRM_TRUE && (role->null || role->truncated || role->length == 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crm_cell cells[CELLS];
	const char *place = (const char *)data + 1, *end = (const char *)data + size;

	if (size == 0)
		return 0;
	for (int i = 0; i < CELLS; i++) {
		const char *stop = i + 1 < CELLS && place < end ? memchr(place, 0x1f, (size_t)(end - place)) : NULL;

		cells[i] = (struct crm_cell){
			.data = place,
			.length = (gsize)((stop ? stop : end) - place),
			.null = (data[0] >> (2 * i)) & IS_NULL,
			.truncated = (data[0] >> (2 * i)) & IS_TRUNCATED,
		};
		place = stop ? stop + 1 : end;
	}
	check_address(&cells[0]);
	check_words(&cells[1], &cells[2]);
	return 0;
}
