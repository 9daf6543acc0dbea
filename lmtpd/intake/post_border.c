/* Authentication-Results in and out; see post_border.h. */
#include "lmtpd/intake/post_border.h"

#include <string.h>

#include "lib/base/process.h"
#include "lib/mail/authres_write.h"

void post_border_find(const struct post *post, struct post_border *found)
{
	const struct settings *settings = post->setup->knowledge->settings;
	const char *const *hosts = settings_strings(settings, SET_border_hosts, NULL);

	*found = (struct post_border){.us = {process_hostname(settings)}};
	found->setup = (struct border_setup){
		.hosts = *hosts ? hosts : found->us,
		.ids = settings_strings(settings, SET_border_authserv_ids, NULL),
		.results_below = settings_is(settings, SET_border_results, NULL, "below"),
		.queue_id = post->envelope->queue_id,
	};
	border_find(&found->setup, &post->message->header, &found->border);
}

static const char *own_id(const struct post *post)
{
	const char *id = settings_text(post->setup->knowledge->settings, SET_authserv_id, strrchr(post->list, '@') + 1);

	return *id ? id : NULL;
}

void post_border_strip(struct post *post)
{
	struct post_border found;

	post_border_find(post, &found);
	(void)border_strip(&found.setup, &found.border, own_id(post), &post->header);
	border_clear(&found.border);
}

void post_border_tell(struct post *post)
{
	const char *author = post->message->author;

	if (!own_id(post))
		return;
	g_autofree char *value =
		authres_write(own_id(post), &post->message->authentication, author ? strrchr(author, '@') + 1 : NULL);
	header_prepend(&post->header, "Authentication-Results", value);
}
