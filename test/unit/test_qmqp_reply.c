/*
 * room: trusted. The parser of QMQP's one reply. Each input stands in an exact-size block, and is given
 * whole and in all its beginnings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/relay/qmqp_reply.h"

static enum qmqp_reply_result parse(const char *data, gsize length, char *status, char **text, GString *id)
{
	char *block = g_memdup2(data, length);
	struct qmqp_reply reply = {0};
	enum qmqp_reply_result result = qmqp_reply_parse(block, length, &reply);

	if (result == QMQP_REPLY_COMPLETE) {
		*status = reply.status;
		g_free(*text);
		*text = g_strndup(reply.text, reply.length);
		qmqp_reply_queue_id(&reply, id);
	}
	g_free(block);
	return result;
}

struct row {
	const char *data;
	gsize length; /* 0: strlen */
	enum qmqp_reply_result result;
	char status;
	const char *text, *id;
};

#define GOOD(data, status, text, id) {data, 0, QMQP_REPLY_COMPLETE, status, text, id}
#define BAD(data) {data, sizeof(data) - 1, QMQP_REPLY_NONSENSE, 0, NULL, NULL}
#define HALF(data) {data, sizeof(data) - 1, QMQP_REPLY_INCOMPLETE, 0, NULL, NULL}

static const struct row rows[] = {
	GOOD("26:KOk: queued as 308625300ED,", 'K', "Ok: queued as 308625300ED", "308625300ED"),
	GOOD("24:KOk: queued as 4bT2xk1Zz,", 'K', "Ok: queued as 4bT2xk1Zz", "4bT2xk1Zz"),
	GOOD("24:KOk: queued as 4bT2xk1Zz,and more", 'K', "Ok: queued as 4bT2xk1Zz", "4bT2xk1Zz"),
	GOOD("47:KOk: queued as ABCDEFGHIJKLMNOPQRSTUVWXYZ012345,", 'K', "Ok: queued as ABCDEFGHIJKLMNOPQRSTUVWXYZ012345",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"),
	/* A queue id is letters and digits, few of them, and the words are Postfix's. */
	GOOD("48:KOk: queued as ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456,", 'K', "Ok: queued as ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", ""),
	GOOD("15:KOk: queued as ,", 'K', "Ok: queued as ", ""),
	GOOD("14:KOk: queued as,", 'K', "Ok: queued as", ""),
	GOOD("18:KOk: queued as A B,", 'K', "Ok: queued as A B", ""),
	GOOD("17:KOk: queued as A\n,", 'K', "Ok: queued as A\n", ""),
	GOOD("18:KOk: queued as A\xc3\xa9,", 'K', "Ok: queued as A\xc3\xa9", ""),
	GOOD("18:Kok: queued as ABC,", 'K', "ok: queued as ABC", ""),
	GOOD("14:Kok 1 qp 12345,", 'K', "ok 1 qp 12345", ""),
	GOOD("1:K,", 'K', "", ""),
	GOOD("1:Z,", 'Z', "", ""),
	GOOD("9:DError: x,", 'D', "Error: x", ""),
	GOOD("2:K,,x", 'K', ",", ""),
	GOOD("3:Z,,,", 'Z', ",,", ""),
	BAD("0:,"), BAD("00:,"), BAD("01:K,"), BAD("K"), BAD(":K,"), BAD(","), BAD(" 1:K,"), BAD("+1:K,"), BAD("-1:K,"), BAD("1 :K,"),
	BAD("1;K,"), BAD("1:k,"), BAD("1:X,"), BAD("2:\0K,"), BAD("\0"), BAD("1\0:K,"), BAD("1:K;"), BAD("1:K\0"),
	BAD("4097:K"), BAD("4097"), BAD("9999"), BAD("18446744073709551617:K,"), BAD("99999999999999999999999999999999999"),
	BAD("250 2.0.0 Ok\r\n"), BAD("\xff"),
	{"", 0, QMQP_REPLY_INCOMPLETE, 0, NULL, NULL},
	HALF("1"), HALF("4096"), HALF("409"), HALF("1:"), HALF("1:K"), HALF("4096:K"), HALF("26:KOk: queued as 308625300ED"),
};

static void rows_are_read(void **state)
{
	g_autoptr(GString) id = g_string_new(NULL);
	g_autofree char *text = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		char status = 0;
		gsize length = row->length ? row->length : strlen(row->data);
		enum qmqp_reply_result result = parse(row->data, length, &status, &text, id);

		if (result != row->result)
			fail_msg("row %u (%s): %d", i, row->data, (int)result);
		if (result != QMQP_REPLY_COMPLETE)
			continue;
		assert_int_equal(status, row->status);
		assert_string_equal(text, row->text);
		assert_string_equal(id->str, row->id);
	}
}

/* Reading on never changes what is decided: incomplete, incomplete, …, then one answer for ever. */
static void beginnings_agree(void **state)
{
	g_autoptr(GString) id = g_string_new(NULL);
	g_autofree char *text = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		gsize length = rows[i].length ? rows[i].length : strlen(rows[i].data);
		enum qmqp_reply_result before = QMQP_REPLY_INCOMPLETE;
		char status;

		for (gsize part = 0; part <= length; part++) {
			enum qmqp_reply_result now = parse(rows[i].data, part, &status, &text, id);

			assert_true(before == QMQP_REPLY_INCOMPLETE || now == before);
			before = now;
		}
		assert_int_equal(before, rows[i].result);
	}
}

/* The longest reply fits the buffer that callers have, to the byte. */
static void longest_reply(void **state)
{
	g_autoptr(GString) data = g_string_new("4096:K");
	g_autoptr(GString) id = g_string_new(NULL);
	g_autofree char *text = NULL;
	char status;

	while (data->len < QMQP_REPLY_BYTES - 1)
		g_string_append_c(data, 'x');
	assert_int_equal(parse(data->str, data->len, &status, &text, id), QMQP_REPLY_INCOMPLETE);
	g_string_append_c(data, ',');
	assert_int_equal(parse(data->str, data->len, &status, &text, id), QMQP_REPLY_COMPLETE);
	assert_int_equal(strlen(text), QMQP_REPLY_LIMIT - 1);
	data->str[data->len - 1] = 'x';
	assert_int_equal(parse(data->str, data->len, &status, &text, id), QMQP_REPLY_NONSENSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(beginnings_agree),
		cmocka_unit_test(longest_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
