/*
 * The mails that Rollcall writes itself: the site's texts name only fields and files that there are. Looked at as intake does at its start, which
 * refuses what is broken; after a reload the texts that were read before stay in force.
 */
#include "cli/check.h"
#include "lib/mail/texts.h"

void check_texts(struct check *check)
{
	g_autoptr(GError) error = NULL;
	struct texts *texts = texts_load_site(check->settings, NULL, &error);

	if (texts) {
		report_add(check->report, REPORT_OK, "texts: every one of them can be filled");
	} else {
		report_add(check->report, REPORT_ERROR, "texts: %s", error->message);
		report_todo(check->report, "the daemon does not start with this; one that runs keeps the texts that it has");
	}
	texts_free(texts);
}
