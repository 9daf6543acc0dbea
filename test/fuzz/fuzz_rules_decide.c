/*
 * The evaluator: a scenario that looks at everything, against any message, search file, sender and pattern. Time is bounded by the
 * steps that rules.h promises, which libFuzzer's timeout watches.
 */
#include <stdint.h>

#include "test/fuzz/rules_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const scenarios[] = {
	"search('a.txt') smtp -> do_it\nis_banned([header->To]) smtp -> discard\nis_subscriber([listname],[header->From]) smtp -> do_it\n"
	"is_owner([header->List][0],[msg_header->X]) smtp -> do_it\nis_editor([listname],[msg_header->Sender][-1]) smtp -> do_it\n"
	"implicit_destination([header->X]) and too_many_recipients(3) smtp -> do_it\nadministrivia() smtp -> do_it\n"
	"digest_reply() and no_subject() smtp -> do_it\nequal([msg_part->type],'image/png') smtp -> do_it\nequal([is_bcc],7) smtp -> do_it\n",
	"match([msg_header->Subject],/(a+)+$/) smtp -> do_it\nmatch([header->Subject],/^(re:\\s*)*\\[?x/) smtp -> do_it\n"
	"match([msg_body],/(\\w+\\s?)*!$/) smtp -> do_it\nmatch([header->X],[header->Y][0]) smtp -> do_it\n",
	"older([header->A][0],[header->B][0]) smtp -> do_it\nless_than([header->A],[header->B][0]) smtp -> do_it\n"
	"newer([current_date],[header->A][0]) smtp -> do_it\nequal([header->A],[header->B][0]) smtp -> do_it\n"
	"verify_netmask([header->A][0]) smtp -> do_it\nsearch([header->A][0]) smtp -> do_it\n",
};

/* The message of (text, length) with CRLF line ends. */
static GString *message_of(const char *text, gsize length)
{
	GString *message = g_string_new_len(text, (gssize)length);

	g_string_replace(message, "\r", "", 0);
	g_string_replace(message, "\n", "\r\n", 0);
	return message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rules_scenario *compiled[G_N_ELEMENTS(scenarios)];
	struct header header;
	size_t body;

	for (guint i = 0; i < G_N_ELEMENTS(scenarios); i++) {
		g_autoptr(GPtrArray) problems = rules_problems_new();
		const struct rules_source source = {.file = "send.fuzz", .text = scenarios[i], .no_blocklist = TRUE};

		if (!compiled[i] && !(compiled[i] = rules_compile(&source, problems)))
			abort();
	}
	if (size < 2 || memchr(data, 0, size))
		return 0;
	g_autofree char *filter = g_strndup((const char *)data + 1, MIN(size - 1, 64));
	g_autoptr(GString) message = message_of((const char *)data + 1, size - 1);
	if (header_parse(message->str, message->len, &header, &body) != HEADER_OK)
		return 0;
	g_autofree char *sender = g_strndup(message->str, MIN(message->len, 40));
	const struct rules_facts facts = {
		.method = "smtp",
		.sender = data[0] & 64 ? sender : "ann@example.org",
		.remote_address = data[0] & 128 ? "2001:db8::1" : NULL,
		.list_name = "choir",
		.list_domain = "lists.example.org",
		.header = &header,
		.data = message->str,
		.length = message->len,
		.body = body,
		.now = 1790000000,
		.questions = &fuzz_questions,
		.context = filter,
	};
	fuzz_decide(compiled[data[0] % G_N_ELEMENTS(scenarios)], &facts);
	header_clear(&header);
	return 0;
}
