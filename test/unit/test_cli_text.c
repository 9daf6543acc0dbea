/* cli/json.h, cli/explain_text.h, cli/report.h, cli/endpoint.h, cli/postfix_text.h, cli/run.h: what the sysadmin's command is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/endpoint.h"
#include "cli/explain_text.h"
#include "cli/json.h"
#include "cli/postfix_text.h"
#include "cli/report.h"
#include "cli/run.h"

static void test_json_strings(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{NULL, "null"},
		{"", "\"\""},
		{"a", "\"a\""},
		{"say \"hi\" \\ bye", "\"say \\\"hi\\\" \\\\ bye\""},
		{"a\nb\tc\x01\x7f", "\"a\\u000ab\\u0009c\\u0001\\u007f\""},
		{"caf\xc3\xa9", "\"caf\xc3\xa9\""},
		{"bad \xff byte", "\"bad \xef\xbf\xbd byte\""},
		/* C1 control, right-to-left override, zero-width space, line separator */
		{"\xc2\x9b\xe2\x80\xae\xe2\x80\x8b\xe2\x80\xa8", "\"\\u009b\\u202e\\u200b\\u2028\""},
		{"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		json_append_string(out, cases[i].text);
		assert_string_equal(out->str, cases[i].expected);
	}
}

static void test_json_arrays(void **state)
{
	g_autoptr(GString) none = g_string_new(NULL);
	g_autoptr(GString) two = g_string_new(NULL);

	json_begin(none);
	json_end(none);
	assert_string_equal(none->str, "[\n]\n");
	json_begin(two);
	json_object(two);
	json_text(two, "a", "[");
	json_number(two, "b", -3);
	json_object(two);
	json_boolean(two, "c", TRUE);
	json_end(two);
	assert_string_equal(two->str, "[\n{\"a\": \"[\", \"b\": -3},\n{\"c\": true}\n]\n");
}

static void test_report(void **state)
{
	struct report *report = report_new();

	report_add(report, REPORT_OK, "all is %s", "well");
	report_add(report, REPORT_WARNING, "hm");
	report_todo(report, "look at %d", 3);
	assert_int_equal(report_errors(report), 0);
	report_add(report, REPORT_ERROR, "a\nforged line and a byte \xfe\x1b[31m");
	assert_int_equal(report_errors(report), 1);
	g_autofree char *lines = report_text(report, FALSE);
	assert_string_equal(lines,
		"ok: all is well\nwarning: hm — look at 3\nerror: a forged line and a byte \xef\xbf\xbd [31m\n");
	g_autofree char *json = report_text(report, TRUE);
	assert_non_null(strstr(json, "{\"level\": \"warning\", \"text\": \"hm\", \"todo\": \"look at 3\"},\n"));
	assert_non_null(strstr(json, "\"todo\": null}\n]\n"));
	report_free(report);
}

static void test_endpoints(void **state)
{
	static const struct {
		const char *text, *place;
		guint port;
	} cases[] = {
		{"unix:/run/rollcall/lmtp", "/run/rollcall/lmtp", 0},
		{"unix:/run//x/../rollcall/lmtp", "/run/rollcall/lmtp", 0},
		{"inet:127.0.0.1:2424", "127.0.0.1", 2424},
		{"inet:LOCALHOST:24", "127.0.0.1", 24},
		{"inet:[::1]:24", "::1", 24},
		{"inet:*:25", "", 25},
		{"inet:0.0.0.0:25", "", 25},
		{"inet:[::]:25", "", 25},
		{"unix:run", NULL, 0},
		{"unix:", NULL, 0},
		{"inet:a", NULL, 0},
		{"inet:a:0", NULL, 0},
		{"inet:a:65536", NULL, 0},
		{"inet:a:2x", NULL, 0},
		{"lmtp:a:24", NULL, 0},
		{"", NULL, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct endpoint endpoint;

		assert_int_equal(endpoint_parse(cases[i].text, &endpoint), cases[i].place != NULL);
		if (!cases[i].place)
			continue;
		assert_string_equal(endpoint.place, cases[i].place);
		assert_int_equal(endpoint.port, cases[i].port);
		endpoint_clear(&endpoint);
	}
}

static void test_same_endpoints(void **state)
{
	static const struct {
		const char *a, *b;
		gboolean same;
	} cases[] = {
		{"unix:/a", "unix:/b", FALSE},
		{"unix:/a/./b", "unix:/a/b", TRUE},
		{"unix:/proc/self/exe", "unix:/proc/thread-self/exe", TRUE}, /* two names of one file */
		{"unix:/24", "inet:24:24", FALSE},
		{"inet:127.0.0.1:24", "inet:localhost:24", TRUE},
		{"inet:127.0.0.1:24", "inet:127.0.0.1:25", FALSE},
		{"inet:127.0.0.1:24", "inet:127.0.0.2:24", FALSE},
		{"inet:127.0.0.1:24", "inet:0.0.0.0:24", TRUE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct endpoint a, b;

		assert_true(endpoint_parse(cases[i].a, &a) && endpoint_parse(cases[i].b, &b));
		assert_int_equal(endpoint_same(&a, &b), cases[i].same);
		assert_int_equal(endpoint_same(&b, &a), cases[i].same);
		endpoint_clear(&a);
		endpoint_clear(&b);
	}
}

static void test_elements(void **state)
{
	static const struct {
		const char *text, *expected; /* elements joined by | */
	} cases[] = {
		{"", ""},
		{" , \t", ""},
		{"a", "a"},
		{"a, b,c\td", "a|b|c|d"},
		{"inline:{a=b, c=d}, hash:/x", "inline:{a=b, c=d}|hash:/x"},
		{"x inline:{ {a = b c}, d=e } y", "x|inline:{ {a = b c}, d=e }|y"},
		{"a} b", "a}|b"},
		{"{a b", "{a b"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(GStrv) elements = postfix_text_elements(cases[i].text);
		g_autofree char *joined = g_strjoinv("|", elements);

		assert_string_equal(joined, cases[i].expected);
	}
	assert_true(postfix_text_has("no_milters, no_header_body_checks", "no_milters"));
	assert_false(postfix_text_has("no_milters_at_all", "no_milters"));
}

static void test_seconds(void **state)
{
	static const struct {
		const char *text;
		gint64 expected; /* -1: none */
	} cases[] = {
		{"600s", 600}, {"600", 600}, {"10m", 600}, {"1h", 3600}, {"2d", 172800}, {"1w", 604800}, {"0s", 0}, {"", -1},
		{"s", -1}, {"10x", -1}, {"-1s", -1}, {"1 h", -1}, {"99999999999s", -1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		guint64 seconds = 0;

		assert_int_equal(postfix_text_seconds(cases[i].text, &seconds), cases[i].expected >= 0);
		if (cases[i].expected >= 0)
			assert_int_equal(seconds, cases[i].expected);
	}
}

/* Both ways are memory files: more than a pipe holds goes in and comes out, and nobody waits for the other. */
static void test_run_much(void **state)
{
	const char *argv[] = {"/bin/cat", NULL};
	g_autofree char *input = g_strnfill(1000000, 'x');
	g_autoptr(GError) error = NULL;
	struct run_result result;

	assert_true(run_program(argv, input, 20, &result, &error));
	assert_int_equal(result.status, 0);
	assert_string_equal(result.output, input);
	assert_string_equal(result.errors, "");
	run_result_clear(&result);
}

static void test_run_status(void **state)
{
	const char *argv[] = {"/bin/sh", "-c", "echo out; printf 'e\\033rr' >&2; exit 3", NULL};
	g_autoptr(GError) error = NULL;
	struct run_result result;

	assert_true(run_program(argv, "", 20, &result, &error));
	assert_int_equal(result.status, 3);
	assert_string_equal(result.output, "out\n");
	assert_string_equal(result.errors, "e?rr");
	run_result_clear(&result);
}

static void test_run_too_long(void **state)
{
	const char *argv[] = {"/bin/sleep", "60", NULL};
	g_autoptr(GError) error = NULL;
	struct run_result result;
	gint64 started = g_get_monotonic_time();

	assert_false(run_program(argv, "", 1, &result, &error));
	assert_non_null(error);
	assert_true(g_get_monotonic_time() - started < 20 * G_USEC_PER_SEC);
	run_result_clear(&result);
}

static void test_run_missing(void **state)
{
	const char *argv[] = {"/nowhere/at/all", NULL};
	g_autoptr(GError) error = NULL;
	struct run_result result;

	assert_false(run_program(argv, "", 1, &result, &error));
	assert_non_null(error);
	run_result_clear(&result);
	assert_null(run_find("no-such-program-anywhere"));
	g_autofree char *found = run_find("sh");
	assert_non_null(found);
}

/* What an answer has that no honest program puts there is null, and the rest is whole. */
static void test_json_values(void **state)
{
	static const struct {
		const char *value, *expected;
	} cases[] = {
		{"@a{sv} {}", "{}"},
		{"{'a': <'x\"'>, 'b': <int64 -3>, 'c': <true>, 'd': <@av []>}", "{\"a\": \"x\\\"\", \"b\": -3, \"c\": true, \"d\": []}"},
		{"{'a': <[<'x'>, <{'b': <false>}>]>}", "{\"a\": [\"x\", {\"b\": false}]}"},
		{"{'a': <uint32 3>, '': <(1, 2)>, 'b': <3.5>, 'c': <[1, 2]>}", "{\"a\": null, \"\": null, \"b\": null, \"c\": null}"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autoptr(GVariant) value = g_variant_parse(NULL, cases[i].value, NULL, NULL, NULL);

		json_append_value(out, value);
		assert_string_equal(out->str, cases[i].expected);
	}
	GVariant *deep = g_variant_new("av", NULL);
	for (int i = 0; i < 40; i++)
		deep = g_variant_new_array(G_VARIANT_TYPE_VARIANT, (GVariant *[]){g_variant_new_variant(deep)}, 1);
	g_autoptr(GVariant) owned = g_variant_ref_sink(deep);
	g_autoptr(GString) out = g_string_new(NULL);
	json_append_value(out, owned);
	assert_string_equal(out->str, "[[[[[[[[[[[[[[[[null]]]]]]]]]]]]]]]]");
}

/* Whatever an owned parser answers: one line stays one line, and a terminal obeys nothing of it. */
static void test_explanations(void **state)
{
	g_autoptr(GVariant) answer = g_variant_parse(NULL,
		"{'file': <'post.eml'>, 'size': <int64 12>, 'sender': <'a@b'>, 'log': <[<'one'>, <int64 2>, <'three'>]>, 'posts': <[<'no'>, <{"
		"'address': <'choir\\u001b[2J@d'>, 'verdict': <'refused'>, 'reply': <'550 5.7.1 no\\nadded: line'>, 'stage': <'authorise'>,"
		"'author': <{'address': <'a@b'>, 'subscriber': <true>, 'owner': <false>, 'moderator': <true>}>, 'recipients': <'many'>,"
		"'told': <{'moderators': <int64 1>, 'author': <'held'>, 'bounce': <true>}>}>]>}", NULL, NULL, NULL);
	g_autofree char *text = explain_text(answer);

	assert_non_null(strstr(text, "post.eml: 12 bytes, envelope sender <a@b>\n"));
	assert_non_null(strstr(text, "choir [2J@d would be refused\n"));
	assert_non_null(strstr(text, "  reply      550 5.7.1 no added: line\n"));
	assert_non_null(strstr(text, "a@b: subscriber, moderator\n"));
	assert_non_null(strstr(text, "1 moderator gets a notice\n"));
	assert_non_null(strstr(text, "the envelope sender gets Postfix's bounce\n"));
	assert_non_null(strstr(text, "  three\n"));
	assert_null(strchr(text, 27));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_json_values),
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_json_arrays),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_same_endpoints),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_run_much),
		cmocka_unit_test(test_run_status),
		cmocka_unit_test(test_run_too_long),
		cmocka_unit_test(test_run_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
