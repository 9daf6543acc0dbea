/* room: intake */
/*
 * The MIME filter: "FLAGS MESSAGE". What comes out has no part that the rules do not want, is what a second filtering leaves as it is, has clean lines, and
 * each line of it stood in the message (where HTML is not converted). Also names of parts, alone.
 */
#include <stdint.h>
#include <string.h>

#include "lib/mail/filter.h"
#include "lib/mail/filter_name.h"
#include "lib/mail/html_text.h"
#include "lib/mail/mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int what)
{
	if (!what)
		__builtin_trap();
}

static GString *clean(const uint8_t *data, size_t size)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n')
			g_string_append(out, "\r\n");
		else if (data[i] != '\r' && data[i] != '\0')
			g_string_append_c(out, (char)data[i]);
	}
	g_string_append(out, "\r\n");
	return out;
}

struct result {
	gboolean clear;
	struct filter_outcome outcome;
	GString *whole; /* NULL: as it came */
};

static gboolean run(const GString *message, const struct filter_rules *rules, struct result *result)
{
	struct header header = {0};
	struct draft draft;
	size_t body;

	if (header_parse(message->str, message->len, &header, &body) != HEADER_OK)
		return FALSE;
	draft_begin(&draft, &header, message->str, message->len, body);
	result->clear = filter_apply(&draft, rules, "en", &result->outcome);
	g_autoptr(GString) made = draft_end(&draft);
	result->whole = made ? g_string_new(NULL) : NULL;
	if (made) {
		header_render(&header, result->whole);
		g_string_append(result->whole, "\r\n");
		g_string_append_len(result->whole, made->str, (gssize)made->len);
	}
	header_clear(&header);
	return TRUE;
}

static void clear(struct result *result)
{
	filter_outcome_clear(&result->outcome);
	if (result->whole)
		g_string_free(result->whole, TRUE);
}

static void look(const GString *whole, const struct filter_rules *rules)
{
	struct result again = {0};
	struct filter_rules second = *rules;

	for (size_t i = 0; i < whole->len; i++) {
		demand(whole->str[i] != '\0' && whole->str[i] != '\n' && (whole->str[i] != '\r' || whole->str[i + 1] == '\n'));
		i += whole->str[i] == '\r';
	}
	/* A text made of HTML may be larger than that was: bytes that are no letters become letters of three. What came was weighed. */
	if (rules->html_to_text)
		second.part_size = 0;
	if (!run(whole, &second, &again))
		return;
	/* Structure that only our limits made unreadable is none of the filter's. */
	if (again.clear)
		demand(again.outcome.removed == 0 || again.outcome.empty);
	clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const none[] = {NULL}, *const pass[] = {"text", "message", NULL}, *const take[] = {"image/*", "application/zip", NULL};
	static const char *const extensions[] = {"exe", ".js", NULL};
	static gboolean warm;
	struct result result = {0};

	if (size < 1 || size > 8000)
		return 0;
	if (!warm) {
		g_free(mail_warm_up());
		html_text_warm_up();
	}
	warm = TRUE;
	const struct filter_rules rules = {
		.pass_types = data[0] & 1 ? pass : none,
		.remove_types = data[0] & 2 ? take : none,
		.extensions = data[0] & 4 ? extensions : none,
		.part_size = data[0] & 8 ? 300 : 0,
		.collapse = (data[0] & 16) != 0,
		.html_to_text = (data[0] & 32) != 0,
	};
	g_autoptr(GString) message = clean(data + 1, size - 1);
	g_autofree char *name = g_strndup((const char *)data, size);
	(void)filter_name_matches(name, extensions);
	if (!run(message, &rules, &result))
		return 0;
	demand(result.clear || !result.whole);
	demand(!result.outcome.empty || !result.whole);
	demand(result.outcome.names->len <= FILTER_NAMED);
	if (result.whole)
		look(result.whole, &rules);
	clear(&result);
	return 0;
}
