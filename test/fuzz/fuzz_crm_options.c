/* The MySQL option file: what is read is text that ends where it should, and an error never shows a value. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crm/crm_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	struct crm_options options;
	gboolean done = crm_options_parse((const char *)data, size, "client", "crm.cnf", &options, &error);

	if (done == (error != NULL))
		abort();
	/* Ours alone: nothing of the file's bytes is in it. */
	if (error && !g_str_has_prefix(error->message, "crm.cnf:"))
		abort();
	for (guint i = 0; i < options.ignored->len; i++)
		for (const char *c = options.ignored->pdata[i]; *c; c++)
			if (*c < 32 || *c > 126)
				abort();
	if (options.password && strlen(options.password) > size)
		abort();
	crm_options_clear(&options);
	return 0;
}
