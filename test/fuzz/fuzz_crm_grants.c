/* A line of SHOW GRANTS: either it is one of the few that are fine, or it is excess; never neither. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crm/crm_grants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crm_grants grants = {0};
	g_autofree char *text = g_strndup((const char *)data, size);

	const struct crm_grants_meant meant = {"crm", "view", {"join", "crm.leave"}};

	crm_grants_take(&grants, (const char *)data, size, &meant);
	/* Behind TO stands the user, who may be called anything. */
	const char *user = strstr(text, " TO ");
	gboolean dangerous = g_strstr_len(text, user ? user - text : -1, "ALL PRIVILEGES") || !g_str_has_prefix(text, "GRANT ");
	if (dangerous && !grants.excess && !g_str_has_prefix(text, "SET DEFAULT ROLE ") && !strpbrk(text, "`'\"("))
		abort();
	if ((grants.may_select || grants.may_show_view || grants.may_execute[0] || grants.may_execute[1]) && !g_strrstr(text, "."))
		abort();
	for (guint i = 0; grants.excess && i < grants.excess->len; i++)
		for (const char *c = grants.excess->pdata[i]; *c; c++)
			if (*c < 32 || *c > 126)
				abort();
	crm_grants_clear(&grants);
	return 0;
}
