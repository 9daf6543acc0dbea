/*
 * room: trusted. The parser of SMTP's replies, and what they mean. Each input stands in an exact-size block, and is given whole and in all its beginnings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/relay/smtp_envelope.h"
#include "lib/relay/smtp_reply.h"

/* The reply in a block of its own, which the caller frees. */
static char *parse(const char *data, struct smtp_reply *reply)
{
	char *block = g_memdup2(data, strlen(data));

	assert_int_equal(smtp_reply_parse(block, strlen(data), reply), SMTP_REPLY_COMPLETE);
	return block;
}

static const struct {
	const char *data;
	gsize length; /* 0: strlen */
	enum smtp_reply_result result;
	guint code;
} rows[] = {
	{"250 Ok\r\n", 0, SMTP_REPLY_COMPLETE, 250},
	{"250 Ok\n", 0, SMTP_REPLY_COMPLETE, 250},
	{"250\r\n", 0, SMTP_REPLY_COMPLETE, 250},
	{"250\n", 0, SMTP_REPLY_COMPLETE, 250},
	{"250-a\r\n250-b\r\n250 c\r\n", 0, SMTP_REPLY_COMPLETE, 250},
	{"250-\r\n250 \r\n550 next\r\n", 0, SMTP_REPLY_COMPLETE, 250},
	{"559 x\r\n", 0, SMTP_REPLY_COMPLETE, 559},
	{"", 0, SMTP_REPLY_INCOMPLETE, 0},
	{"2", 0, SMTP_REPLY_INCOMPLETE, 0},
	{"250", 0, SMTP_REPLY_INCOMPLETE, 0},
	{"250 Ok\r", 0, SMTP_REPLY_INCOMPLETE, 0},
	{"250-Ok\r\n", 0, SMTP_REPLY_INCOMPLETE, 0},
	{"250-Ok\r\n25", 0, SMTP_REPLY_INCOMPLETE, 0},
	{"150 x\r\n", 0, SMTP_REPLY_NONSENSE, 0},
	{"6", 0, SMTP_REPLY_NONSENSE, 0},
	{"260 x\r\n", 0, SMTP_REPLY_NONSENSE, 0},
	{"25\r\n", 0, SMTP_REPLY_NONSENSE, 0},
	{"2500\r\n", 0, SMTP_REPLY_NONSENSE, 0},
	{"250_x\r\n", 0, SMTP_REPLY_NONSENSE, 0},
	{"\r\n", 0, SMTP_REPLY_NONSENSE, 0},
	{"250-a\r\n251 b\r\n", 0, SMTP_REPLY_NONSENSE, 0},
	{"250-a\r\n550", 0, SMTP_REPLY_NONSENSE, 0},
	{"250 a\0b\r\n", 9, SMTP_REPLY_NONSENSE, 0},
	{"\0", 1, SMTP_REPLY_NONSENSE, 0},
};

static void parsed(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		gsize length = rows[i].length ? rows[i].length : strlen(rows[i].data);
		gboolean decided = FALSE;

		for (gsize part = 0; part <= length; part++) {
			g_autofree char *block = g_memdup2(rows[i].data, part);
			struct smtp_reply reply = {0};
			enum smtp_reply_result result = smtp_reply_parse(block, part, &reply);

			if (part == length || decided)
				assert_int_equal(result, rows[i].result);
			decided = result != SMTP_REPLY_INCOMPLETE;
			if (result == SMTP_REPLY_COMPLETE)
				assert_int_equal(reply.code, rows[i].code);
		}
	}
}

static enum smtp_reply_result long_reply(gsize lines, gsize length)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct smtp_reply reply;

	for (gsize i = 0; i < lines; i++) {
		g_string_append(text, i + 1 < lines ? "250-" : "250 ");
		for (gsize k = 4; k < length; k++)
			g_string_append_c(text, 'x');
		g_string_append_c(text, '\n');
	}
	g_autofree char *block = g_memdup2(text->str, text->len);
	return smtp_reply_parse(block, text->len, &reply);
}

static void limits(void **state)
{
	assert_int_equal(long_reply(1, SMTP_LINE_LIMIT), SMTP_REPLY_COMPLETE);
	assert_int_equal(long_reply(1, SMTP_LINE_LIMIT + 1), SMTP_REPLY_NONSENSE);
	assert_int_equal(long_reply(SMTP_REPLY_LIMIT / 32, 31), SMTP_REPLY_COMPLETE);
	assert_int_equal(long_reply(SMTP_REPLY_LIMIT / 32 + 1, 31), SMTP_REPLY_NONSENSE);
	assert_int_equal(long_reply(100000, 10), SMTP_REPLY_NONSENSE);
}

static const struct {
	const char *data, *secret, *text;
} texts[] = {
	{"250 Ok\r\n", NULL, "250 Ok"},
	{"250\r\n", NULL, "250"},
	{"550-5.1.1 no such\r\n550  user\r\n", NULL, "550 5.1.1 no such user"},
	{"550 <ann@home.example>: unknown\r\n", NULL, "550 [...] unknown"},
	{"550 mailbox Ann.Bee is full\r\n", "ann.bee", "550 mailbox [...] is full"},
	{"550 ann annotates\r\n", "ann", "550 [...] [...]"},
	{"550 x\x1b[2J\xc3\xa9\ty\r\n", NULL, "550 x?[2J???y"},
};

static void said(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct smtp_reply reply;
		g_autofree char *block = parse(texts[i].data, &reply);
		char text[SMTP_TEXT_SIZE];

		smtp_reply_text(&reply, texts[i].secret, text);
		assert_string_equal(text, texts[i].text);
	}
}

static const struct {
	const char *data;
	gboolean limit;
} recipients_limits[] = {
	{"452 4.5.3 Error: too many recipients\r\n", TRUE},
	{"452 4.5.3\r\n", TRUE},
	{"552 5.5.3 enough\r\n", TRUE},
	{"452 Too Many Recipients\r\n", TRUE},
	{"452 4.2.2 too many recipients have a full mailbox\r\n", FALSE},
	{"452 4.3.1 disk full\r\n", FALSE},
	{"452 mailbox full\r\n", FALSE},
	{"451 4.5.3 too many recipients\r\n", FALSE},
	{"552 4.5.3 of another class\r\n", FALSE},
	{"452 4.5.3.1 no code: too many recipients\r\n", TRUE},
	{"452\r\n", FALSE},
};

static void limit_or_refusal(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(recipients_limits); i++) {
		struct smtp_reply reply;
		g_autofree char *block = parse(recipients_limits[i].data, &reply);

		if (smtp_reply_is_limit(&reply) != recipients_limits[i].limit)
			fail_msg("%s", recipients_limits[i].data);
	}
}

static const struct {
	const char *data, *id;
} ids[] = {
	{"250 2.0.0 Ok: queued as 4bT2xk1Zz\r\n", "4bT2xk1Zz"},
	{"250 OK id=1rL2cD-0004xY-2w\r\n", "1rL2cD-0004xY-2w"},
	{"250 queued as \r\n", ""},
	{"250 2.0.0 message accepted\r\n", ""},
	{"250-x\r\n250 queued as AB\r\n", ""},
	{"250 queued as aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345\r\n", ""},
};

static void queue_ids(void **state)
{
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
		struct smtp_reply reply;
		g_autofree char *block = parse(ids[i].data, &reply);
		g_autoptr(GString) id = g_string_new("old");

		smtp_reply_queue_id(&reply, id);
		assert_string_equal(id->str, ids[i].id);
	}
}

static void offers(void **state)
{
	struct smtp_reply reply;
	struct smtp_offers found;
	g_autofree char *block = parse("250-PIPELINING\r\n250-pipelining\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-AUTH PLAIN CRAM-MD5\r\n250-AUTH=LOGIN\r\n"
								   "250-LIMITS MAILMAX=5 rcptmax=100\r\n250-XVERPX\r\n250 STARTTLS \r\n", &reply);

	smtp_reply_offers(&reply, &found);
	assert_true(found.pipelining && found.eight_bit && found.size && found.auth_plain && found.starttls);
	assert_false(found.utf8 || found.xverp || found.auth_login);
	assert_int_equal(found.size_limit, 1000);
	assert_int_equal(found.recipients, 100);
	/* A name is no offer, and a limit that is no number is none. */
	g_autofree char *other = parse("250-SMTPUTF8 PIPELINING\r\n250-SIZE much\r\n250 LIMITS RCPTMAX=0 RCPTMAX= RCPTMAX=99999999999\r\n", &reply);
	smtp_reply_offers(&reply, &found);
	assert_false(found.utf8 || found.pipelining);
	assert_true(found.size && found.size_limit == 0 && found.recipients == 0);
}

static void how_many_may_be_refused(void **state)
{
	static const guint cases[][3] = {{1, 1, 0}, {2, 1, 1}, {100, 1, 1}, {299, 1, 2}, {300, 1, 3}, {1000, 0, 0}, {4, 100, 3}, {0, 1, 0}, {4000000000u, 50, 2000000000u}};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_int_equal(smtp_envelope_skip_limit(cases[i][0], cases[i][1]), cases[i][2]);
}

static void what_a_message_needs(void **state)
{
	static const struct {
		const char *text;
		guint64 size;
		gboolean eight_bit, utf8, impossible;
	} cases[] = {
		{"", 0, FALSE, FALSE, FALSE}, {"\n", 2, FALSE, FALSE, FALSE}, {"a", 3, FALSE, FALSE, FALSE}, {"a: b\n\nc\n", 11, FALSE, FALSE, FALSE},
		{"a: \xe9\n\nc\n", 11, TRUE, TRUE, FALSE}, {"a: b\n\n\xe9\n", 11, TRUE, FALSE, FALSE}, {"\n\xe9\n", 5, TRUE, FALSE, FALSE}, {"a\r\n", 4, FALSE, FALSE, TRUE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *block = g_memdup2(cases[i].text, strlen(cases[i].text));
		const struct io_mapping message = {block, strlen(cases[i].text)};
		struct smtp_needs needs;

		smtp_message_needs(&message, &needs);
		assert_int_equal(needs.size, cases[i].size);
		assert_int_equal(needs.eight_bit, cases[i].eight_bit);
		assert_int_equal(needs.utf8, cases[i].utf8);
		assert_int_equal(needs.impossible, cases[i].impossible);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsed),
		cmocka_unit_test(limits),
		cmocka_unit_test(said),
		cmocka_unit_test(limit_or_refusal),
		cmocka_unit_test(queue_ids),
		cmocka_unit_test(offers),
		cmocka_unit_test(how_many_may_be_refused),
		cmocka_unit_test(what_a_message_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
