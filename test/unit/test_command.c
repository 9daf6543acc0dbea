/* room: intake. Command lines and what becomes of them; rows L1, L4, L5, L10, L12 and L20 of the hostile input table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lmtpd/intake/command.h"
#include "lmtpd/intake/xtext.h"

/* The input in a block of exactly its size, so that an overread shows. */
static enum command_fault parse_exact(const char *line, size_t length, gboolean utf8, struct command *command)
{
	char *exact = g_memdup2(line, length);
	enum command_fault fault = command_parse(exact, length, utf8, command);

	g_free(exact);
	return fault;
}

static enum command_fault parse(const char *text, gboolean utf8, struct command *command)
{
	g_autofree char *line = g_strconcat(text, "\r\n", NULL);

	return parse_exact(line, strlen(line), utf8, command);
}

#define LOCAL_64 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"

static const struct {
	const char *line;
	enum command_verb verb;
	enum command_fault fault;
} faults[] = {
	/* L1 */
	{"HELO x", COMMAND_HELO, COMMAND_OK},
	{"EHLO", COMMAND_HELO, COMMAND_OK},
	{"LHLO x", COMMAND_LHLO, COMMAND_OK},
	{"lhlo [192.0.2.1]", COMMAND_LHLO, COMMAND_OK},
	{"LHLO", COMMAND_LHLO, COMMAND_BAD_ARGUMENTS},
	{"LHLO ", COMMAND_LHLO, COMMAND_BAD_ARGUMENTS},
	{"LHLO a b", COMMAND_LHLO, COMMAND_BAD_ARGUMENTS},
	/* words */
	{"", COMMAND_NONE, COMMAND_UNKNOWN},
	{" ", COMMAND_NONE, COMMAND_UNKNOWN},
	{" LHLO x", COMMAND_NONE, COMMAND_UNKNOWN},
	{"LHLOX x", COMMAND_NONE, COMMAND_UNKNOWN},
	{"LHL", COMMAND_NONE, COMMAND_UNKNOWN},
	{"DATA", COMMAND_DATA, COMMAND_OK},
	{"data   ", COMMAND_DATA, COMMAND_OK},
	{"DATA x", COMMAND_DATA, COMMAND_BAD_ARGUMENTS},
	{"RSET", COMMAND_RSET, COMMAND_OK},
	{"QUIT now", COMMAND_QUIT, COMMAND_BAD_ARGUMENTS},
	{"NOOP anything at all", COMMAND_NOOP, COMMAND_OK},
	{"HELP me", COMMAND_HELP, COMMAND_OK},
	{"STARTTLS", COMMAND_STARTTLS, COMMAND_OK},
	{"STARTTLS 1", COMMAND_STARTTLS, COMMAND_BAD_ARGUMENTS},
	/* L5 */
	{"NOOP \x01", COMMAND_NONE, COMMAND_BAD_BYTES},
	{"NOOP\tx", COMMAND_NONE, COMMAND_BAD_BYTES},
	{"NOOP \x7f", COMMAND_NONE, COMMAND_BAD_BYTES},
	{"NOOP a\rb", COMMAND_NONE, COMMAND_BAD_BYTES},
	{"NOOP a\r", COMMAND_NONE, COMMAND_BAD_BYTES},
	{"NOOP \xc3\xa9", COMMAND_NOOP, COMMAND_BAD_BYTES},
	{"LHLO \xc3\xa9", COMMAND_LHLO, COMMAND_BAD_BYTES},
	{"\xc3\xa9", COMMAND_NONE, COMMAND_BAD_BYTES},
	{"MAIL FROM:<a@d.example> SIZE=\xb2", COMMAND_MAIL, COMMAND_BAD_BYTES},
	{"XFORWARD NAME=\xc3\xa9", COMMAND_XFORWARD, COMMAND_BAD_BYTES},
	/* L20 */
	{"VRFY a", COMMAND_FOREIGN, COMMAND_OK},
	{"EXPN a", COMMAND_FOREIGN, COMMAND_OK},
	{"BDAT 10 LAST", COMMAND_FOREIGN, COMMAND_OK},
	{"AUTH PLAIN x", COMMAND_FOREIGN, COMMAND_OK},
	{"XFORWARD", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD NAME", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD =x", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD NAMES=x", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD NAME=a  HELO=b", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD NAME=+", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD NAME=+0A", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD NAME=a=b", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD ADDR=spike", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD ADDR=2001:db8::1", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD ADDR=IPv6:192.0.2.1", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD PORT=65536", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD PORT=-1", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD SOURCE=NEITHER", COMMAND_XFORWARD, COMMAND_BAD_ATTRIBUTE},
	{"XFORWARD NAME= ADDR=[UNAVAILABLE] PORT=[unavailable] SOURCE=local", COMMAND_XFORWARD, COMMAND_OK},
	/* MAIL and RCPT */
	{"MAIL", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:<", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM: <a@d.example>", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:a@d.example", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL  FROM:<a@d.example>", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL TO:<a@d.example>", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:<a@d.example>SIZE=1", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:<a@d.example>  SIZE=1", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:<\"a@d.example>", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:<@x.example:a@d.example>", COMMAND_MAIL, COMMAND_BAD_SENDER},
	{"MAIL FROM:<a>", COMMAND_MAIL, COMMAND_BAD_SENDER},
	{"MAIL FROM:<a@[192.0.2.1]>", COMMAND_MAIL, COMMAND_OK},
	{"MAIL FROM:<a@mail_host.example>", COMMAND_MAIL, COMMAND_OK},
	{"MAIL FROM:<a@b@c_d.example>", COMMAND_MAIL, COMMAND_BAD_SENDER},
	{"RCPT TO:<a@mail_host.example>", COMMAND_RCPT, COMMAND_BAD_RECIPIENT},
	{"MAIL FROM:< >", COMMAND_MAIL, COMMAND_BAD_SENDER},
	{"MAIL FROM:<\xc3\xa9@d.example>", COMMAND_MAIL, COMMAND_NEEDS_UTF8},
	{"MAIL FROM:<\xff@d.example> SMTPUTF8", COMMAND_MAIL, COMMAND_BAD_SENDER},
	/* L10 */
	{"RCPT TO:<../../etc/passwd@d.example>", COMMAND_RCPT, COMMAND_BAD_RECIPIENT},
	{"RCPT TO:<|cmd@d.example>", COMMAND_RCPT, COMMAND_OK},
	{"RCPT TO:<\"a b\"@d.example>", COMMAND_RCPT, COMMAND_OK},
	{"RCPT TO:<a@[127.0.0.1]>", COMMAND_RCPT, COMMAND_BAD_RECIPIENT},
	{"RCPT TO:<@x.example:a@d.example>", COMMAND_RCPT, COMMAND_BAD_RECIPIENT},
	{"RCPT TO:<>", COMMAND_RCPT, COMMAND_EMPTY_RECIPIENT},
	{"RCPT TO:<a@d.example.>", COMMAND_RCPT, COMMAND_BAD_RECIPIENT},
	{"RCPT TO:<a@b@d.example>", COMMAND_RCPT, COMMAND_BAD_RECIPIENT},
	{"RCPT TO:<a" LOCAL_64 "@d_.example>", COMMAND_RCPT, COMMAND_BAD_RECIPIENT},
	{"RCPT TO:<" LOCAL_64 LOCAL_64 LOCAL_64 LOCAL_64 "@d.example>", COMMAND_RCPT, COMMAND_BAD_RECIPIENT},
	{"RCPT TO:<\"" LOCAL_64 " a\"@d.example>", COMMAND_RCPT, COMMAND_BAD_RECIPIENT},
	{"RCPT TO:<a@d.example> SIZE=1", COMMAND_RCPT, COMMAND_UNKNOWN_PARAMETER},
	/* L12 */
	{"MAIL FROM:<> SIZE=99999999999999999999", COMMAND_MAIL, COMMAND_OK},
	{"MAIL FROM:<> SIZE=999999999999999999999", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> SIZE=-1", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> SIZE", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> SIZE=", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:<> SIZE=1 SIZE=1", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> BODY=BINARYMIME", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> BODY", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> SMTPUTF8=yes", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> AUTH=+0A", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> AUTH=+4", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> AUTH", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"MAIL FROM:<> RET=HDRS", COMMAND_MAIL, COMMAND_UNKNOWN_PARAMETER},
	{"MAIL FROM:<> ENVID=x+2Bx", COMMAND_MAIL, COMMAND_UNKNOWN_PARAMETER},
	{"MAIL FROM:<> ENVID=x+0Ax", COMMAND_MAIL, COMMAND_BAD_PARAMETER},
	{"RCPT TO:<a@d.example> NOTIFY=NEVER", COMMAND_RCPT, COMMAND_UNKNOWN_PARAMETER},
	{"RCPT TO:<a@d.example> ORCPT=rfc822;a+0D@d", COMMAND_RCPT, COMMAND_BAD_PARAMETER},
	{"RCPT TO:<a@d.example> ORCPT=rfc822;a@d", COMMAND_RCPT, COMMAND_UNKNOWN_PARAMETER},
	{"MAIL FROM:<> -X=1", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:<> X=1=2", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
	{"MAIL FROM:<> =", COMMAND_MAIL, COMMAND_BAD_ARGUMENTS},
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
		struct command command;
		enum command_fault fault = parse(faults[i].line, FALSE, &command);

		if (fault != faults[i].fault || command.verb != faults[i].verb)
			fail_msg("'%s': fault %d, verb %d", faults[i].line, (int)fault, (int)command.verb);
		command_clear(&command);
	}
}

static const struct {
	const char *line;
	gboolean utf8;
	const char *address;
} addresses[] = {
	{"MAIL FROM:<>", FALSE, ""},
	{"mail from:<Jan@Example.ORG>", FALSE, "Jan@example.org"},
	{"RCPT TO:<\"jan\"@example.org>", FALSE, "jan@example.org"},
	{"RCPT TO:<\"a b\"@example.org>", FALSE, "\"a b\"@example.org"},
	{"RCPT TO:<\"a>b\\\"@x\"@example.org>", FALSE, "\"a>b\\\"@x\"@example.org"},
	{"rcpt to:<|cmd@example.org>", FALSE, "|cmd@example.org"},
	{"RCPT TO:<list+ext@example.org> ", FALSE, "list+ext@example.org"},
	{"RCPT TO:<PostMaster>", FALSE, "postmaster"},
	{"RCPT TO:<" LOCAL_64 "@example.org>", FALSE, LOCAL_64 "@example.org"},
	/* SRS and VERP: longer than the RFC has it, and in use. */
	{"MAIL FROM:<SRS0=" LOCAL_64 "@Forwarder.example>", FALSE, "SRS0=" LOCAL_64 "@Forwarder.example"},
	{"RCPT TO:<list-bounces+" LOCAL_64 "=d@Example.ORG>", FALSE, "list-bounces+" LOCAL_64 "=d@example.org"},
	{"RCPT TO:<\xc3\xa9@example.org>", TRUE, "\xc3\xa9@example.org"},
	{"MAIL FROM:<\xc3\xa9@b\xc3\xbc" "cher.example> SMTPUTF8", FALSE, "\xc3\xa9@xn--bcher-kva.example"},
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
		struct command command;

		assert_int_equal(parse(addresses[i].line, addresses[i].utf8, &command), COMMAND_OK);
		assert_string_equal(command.address, addresses[i].address);
		command_clear(&command);
	}
}

static void test_line_end(void **state)
{
	static const struct {
		const char *line;
		size_t length;
	} bad[] = {{"", 0}, {"\n", 1}, {"\r", 1}, {"RSET\n", 5}, {"RSET\r", 5}, {"RSET", 4}, {"RS\0ET\r\n", 7},
		{"\0\r\n", 3}, {"RSET\n\r\n", 7}};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct command command;

		assert_int_equal(parse_exact(bad[i].line, bad[i].length, FALSE, &command), COMMAND_BAD_BYTES);
		command_clear(&command);
	}
}

static void test_parameters(void **state)
{
	struct command command;

	(void)state;
	assert_int_equal(parse("MAIL FROM:<a@d.example> size=18446744073709551615 Body=8bitMIME SMTPUTF8 "
		"AUTH=j+2Ban+20x+C3+A9", FALSE, &command), COMMAND_OK);
	assert_true(command.size == G_MAXUINT64);
	assert_true(command.body_8bit);
	assert_true(command.smtputf8);
	assert_string_equal(command.auth, "j+an x??");
	command_clear(&command);

	assert_int_equal(parse("MAIL FROM:<a@d.example> SIZE=00000000000000000042 BODY=7BIT AUTH=<>", FALSE, &command),
		COMMAND_OK);
	assert_true(command.size == 42);
	assert_false(command.body_8bit);
	assert_false(command.smtputf8);
	assert_null(command.auth);
	command_clear(&command);

	assert_int_equal(parse("MAIL FROM:<> SIZE=99999999999999999999", FALSE, &command), COMMAND_OK);
	assert_true(command.size == G_MAXUINT64);
	command_clear(&command);
}

static void test_forward(void **state)
{
	struct command command;

	(void)state;
	assert_int_equal(parse("XFORWARD name=spike.example ADDR=IPv6:2001:db8::1 PORT=25 PROTO=ESMTP HELO=a+20b+5D "
		"IDENT=4bT2xk1Zz SOURCE=REMOTE", FALSE, &command), COMMAND_OK);
	assert_string_equal(command.forward[FORWARD_NAME], "spike.example");
	assert_string_equal(command.forward[FORWARD_ADDR], "2001:db8::1");
	assert_string_equal(command.forward[FORWARD_HELO], "a b]");
	assert_string_equal(command.forward[FORWARD_IDENT], "4bT2xk1Zz");
	command_clear(&command);

	assert_int_equal(parse("XFORWARD NAME=[UNAVAILABLE] ADDR=192.0.2.1 ADDR=192.0.2.2", FALSE, &command), COMMAND_OK);
	assert_string_equal(command.forward[FORWARD_NAME], "");
	assert_string_equal(command.forward[FORWARD_ADDR], "192.0.2.2");
	assert_null(command.forward[FORWARD_HELO]);
	command_clear(&command);
}

static void test_limits(void **state)
{
	g_autofree char *name = g_strnfill(255, 'n');
	g_autofree char *fits = g_strconcat("LHLO ", name, NULL), *over = g_strconcat("LHLO n", name, NULL);
	g_autofree char *value = g_strconcat("XFORWARD HELO=", name, NULL);
	g_autofree char *long_value = g_strconcat("XFORWARD HELO=n", name, NULL);
	struct command command;

	(void)state;
	assert_int_equal(parse(fits, FALSE, &command), COMMAND_OK);
	assert_string_equal(command.name, name);
	command_clear(&command);
	assert_int_equal(parse(over, FALSE, &command), COMMAND_BAD_ARGUMENTS);
	command_clear(&command);
	assert_int_equal(parse(value, FALSE, &command), COMMAND_OK);
	assert_string_equal(command.forward[FORWARD_HELO], name);
	command_clear(&command);
	assert_int_equal(parse(long_value, FALSE, &command), COMMAND_BAD_ATTRIBUTE);
	command_clear(&command);
}

/* Each fault has a reply whose codes agree with each other: 5xx with 5.x.x. */
static void test_replies(void **state)
{
	(void)state;
	for (int fault = COMMAND_OK + 1; fault < COMMAND_FAULT_COUNT; fault++) {
		const struct command_reply *reply = command_reply((enum command_fault)fault);

		assert_true(reply->code >= 500 && reply->code < 556);
		assert_int_equal(strncmp(reply->status, "5.", 2), 0);
		assert_true(strlen(reply->text) > 0);
	}
	assert_int_equal(command_reply(COMMAND_IS_SMTP)->code, 500);
	assert_int_equal(command_reply(COMMAND_BAD_BYTES)->code, 500);
	assert_int_equal(command_reply(COMMAND_EMPTY_RECIPIENT)->code, 501);
	assert_int_equal(command_reply(COMMAND_NOT_OFFERED)->code, 502);
	assert_int_equal(command_reply(COMMAND_BAD_RECIPIENT)->code, 550);
	assert_int_equal(command_reply(COMMAND_UNKNOWN_PARAMETER)->code, 555);
}

static void test_xtext(void **state)
{
	static const struct {
		const char *text, *decoded; /* NULL: refused */
	} cases[] = {{"", ""}, {"a", "a"}, {"+2B", "+"}, {"a+3Db", "a=b"}, {"+20", " "}, {"+FF", "\xff"}, {"+", NULL},
		{"+2", NULL}, {"a+2b", NULL}, {"+GG", NULL}, {"a=b", NULL}, {"a b", NULL}, {"+00", NULL},
		{"+0D+0A", NULL}, {"+7F", NULL}, {"\xc3\xa9", NULL}};
	g_autoptr(GString) out = g_string_new("before");

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		size_t length = strlen(cases[i].text);
		char *exact = g_memdup2(cases[i].text, length);

		assert_int_equal(xtext_decode(exact, length, out), cases[i].decoded != NULL);
		assert_string_equal(out->str, cases[i].decoded ? cases[i].decoded : "");
		g_free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_line_end),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_forward),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_xtext),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
