/* room: intake */
/*
 * Writes a notice as it would be sent to stdout, CRLF line ends: for test_notice.py, which reads it with another implementation.
 *
 *   notice_probe [--post] [--site DIRECTORY] LANGUAGE TEXT [FIELD=VALUE]...      a post to attach comes on stdin
 *   notice_probe --all                                                           "TEXT FIELD..." a line
 *
 * The fields accept, reject, discard, confirm and withdraw are links to the token that is their value. Status 1 and the reason on
 * stderr when the texts cannot be loaded.
 */
#include <gmime/gmime.h>
#include <stdio.h>
#include <string.h>

#include "lib/mail/notice.h"
#include "lib/mail/order.h"
#include "lib/mail/texts_internal.h"

enum { MOST = 40 };

struct probe {
	const char *language;
	struct texts_field fields[MOST + 1];
	struct notice_link links[MOST + 1];
	guint field_count, link_count;
};

static void take(struct probe *probe, char *pair)
{
	char *equals = strchr(pair, '=');
	const char *value = equals + 1;

	*equals = '\0';
	for (int kind = ORDER_NONE + 1; kind < ORDER_HELP; kind++)
		if (strcmp(order_kind_word((enum order_kind)kind), pair) == 0) {
			const char *label = order_word((enum order_kind)kind, probe->language);

			value = order_link("choir@lists.example.org", value, (enum order_kind)kind, probe->language, "Gr\xC3\xBC\xC3\x9F" "e");
			probe->links[probe->link_count++] = (struct notice_link){label, value};
		}
	probe->fields[probe->field_count++] = (struct texts_field){pair, value};
}

static GString *read_all(void)
{
	GString *all = g_string_new(NULL);
	char buffer[4096];
	size_t got;

	while ((got = fread(buffer, 1, sizeof(buffer), stdin)) > 0)
		g_string_append_len(all, buffer, (gssize)got);
	return all;
}

static void write_notice(const struct notice *notice)
{
	g_autoptr(GString) header = g_string_new(NULL);
	struct compose_message message;

	notice_build(notice, &message);
	header_render(&message.header, header);
	fwrite(header->str, 1, header->len, stdout);
	fputs("\r\n", stdout);
	fwrite(message.body->str, 1, message.body->len, stdout);
	compose_message_clear(&message);
}

static int run(struct probe *probe, const char *name, const char *site, gboolean attach)
{
	const char *const directories[] = {site, "lib/mail/texts", NULL};
	const char *const thread[] = {"<first@lists.example.org>", NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) post = attach ? read_all() : NULL;
	struct texts_filled filled;

	texts_auto struct texts *texts = texts_load(directories, &error);
	if (!texts) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	texts_fill(texts, probe->language, name, probe->fields, &filled);
	struct notice notice = {.list = "choir@lists.example.org", .to = "mod@example.org", .reply_to = "choir-owner@lists.example.org",
		.language = probe->language, .text = &filled, .key = name, .thread = thread,
		.links = probe->link_count ? probe->links : NULL, .now = g_get_real_time() / G_USEC_PER_SEC};
	if (post) {
		notice.post = post->str;
		notice.post_length = post->len;
	}
	write_notice(&notice);
	texts_clear(&filled);
	return 0;
}

int main(int argc, char **argv)
{
	struct probe probe = {.field_count = 0};
	const char *site = "/nonexistent";
	gboolean attach = FALSE;
	int place = 1;

	g_mime_init();
	if (argc == 2 && strcmp(argv[1], "--all") == 0) {
		for (const struct texts_row *row = texts_table; row->name; row++)
			printf("%s%s\n", row->name, row->fields);
		return 0;
	}
	for (; place < argc && argv[place][0] == '-'; place++) {
		if (strcmp(argv[place], "--post") == 0)
			attach = TRUE;
		else if (strcmp(argv[place], "--site") == 0 && place + 1 < argc)
			site = argv[++place];
	}
	if (argc - place < 2 || argc - place > MOST)
		return 2;
	probe.language = argv[place];
	for (int i = place + 2; i < argc; i++)
		take(&probe, argv[i]);
	int status = run(&probe, argv[place + 1], site, attach);
	for (guint i = 0; i < probe.link_count; i++)
		g_free((char *)probe.links[i].url);
	return status;
}
