/* room: intake */
/*
 * Authentication-Results and Received, by any bytes: what is read is valid text, has an id that the stripper sees too, and our own field with the
 * same foreign values reads back as what was written.
 */
#include <stdint.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/mail/authres.h"
#include "lib/mail/authres_write.h"
#include "lib/mail/received.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int what)
{
	if (!what)
		__builtin_trap();
}

static void demand_text(const char *text)
{
	demand(!text || text_is_utf8(text, strlen(text)));
}

static void look_at_results(const char *text, size_t size)
{
	struct authres authres;
	g_autofree char *id = authres_id(text, size);

	demand_text(id);
	if (!authres_parse(text, size, &authres))
		return;
	demand(id && strcmp(id, authres.id) == 0);
	for (guint i = 0; i < authres.results->len; i++) {
		const struct authres_result *result = g_ptr_array_index(authres.results, i);

		for (guint k = 0; k < result->properties->len; k++) {
			const struct authres_property *property = g_ptr_array_index(result->properties, k);

			demand_text(property->value);
			demand(authres_property(result, property->type, property->name) != NULL);
		}
	}
	authres_clear(&authres);
}

static void look_at_received(const char *text, size_t size)
{
	struct received received;

	if (received_parse(text, size, &received))
		demand(received.by && *received.by && !strchr(received.by, '('));
	demand_text(received.login);
	received_clear(&received);
}

static void write_and_read(const char *text, size_t size)
{
	struct authentication found;
	struct authres authres;

	authentication_init(&found);
	struct authentication_dkim *dkim = authentication_add_dkim(&found);
	g_free(dkim->domain);
	dkim->domain = g_strndup(text, size);
	g_autofree char *written = authres_write("lists.test", &found, NULL);
	demand(authres_parse(written, strlen(written), &authres));
	demand(authres.results->len == 2);
	authres_clear(&authres);
	authentication_clear(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = g_memdup2(data, MAX(size, 1));

	look_at_results(text, size);
	look_at_received(text, size);
	write_and_read(text, size);
	g_free(text);
	return 0;
}
