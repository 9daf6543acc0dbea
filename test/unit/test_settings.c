/* lib/base/settings.h: HOSTILE C1 and C2 (what a configuration must refuse, and where it says so), and the look-ups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/settings.h"

static struct settings *parse(const char *text, size_t length, GError **error)
{
	/* An exact-size block, so that a read beyond the end shows. */
	char *copy = g_malloc(length ? length : 1);

	memcpy(copy, text, length);
	struct settings *settings = settings_parse(copy, length, "r.conf", error);
	g_free(copy);
	return settings;
}

static void test_refusals(void **state)
{
#define BAD(text, error) {text, sizeof(text) - 1, error}
	static const struct {
		const char *text;
		size_t length;
		const char *error;
	} cases[] = {
		BAD("[rollcall]\nusre = x\n", "r.conf:2: unknown setting \"usre\" in [rollcall]; the nearest is \"user\""),
		BAD("[rollcall]\nview = x\n", "r.conf:2: unknown setting \"view\""),
		BAD("[crm]\nview = a\n# c\nview = b\n", "r.conf:4: this setting stands twice"),
		BAD("[crm]\nview=a\n[rollcall]\n[crm]\n", "r.conf:4: this section stands twice"),
		BAD("[domain A.org]\n[domain a.org]\n", "r.conf:2: [domain a.org] stands twice"),
		BAD("[rollcall]\nrecipients_limit = 10x\n", "r.conf:2: recipients_limit: expected a number from 1 to 100000"),
		BAD("[rollcall]\nrecipients_limit = -1\n", "r.conf:2: recipients_limit: expected a number"),
		BAD("[rollcall]\nrecipients_limit =\n", "r.conf:2: recipients_limit: expected a number"),
		/* Of which 15 s are kept for the answer: with less each post would be put off for ever. */
		BAD("[rollcall]\npost_deadline = 15\n", "r.conf:2: post_deadline: expected"),
		BAD("[rollcall]\nmessage_size_limit = 99999999999999999999\n", "r.conf:2: message_size_limit: expected"),
		BAD("[rollcall]\nmessage_size_limit = 17179869184G\n", "r.conf:2: message_size_limit: expected"),
		BAD("[rollcall]\nmessage_size_limit = 10 m\n", "r.conf:2: message_size_limit: expected"),
		BAD("[rollcall]\nmessage_size_limit = 10MB\n", "r.conf:2: message_size_limit: expected"),
		BAD("[rollcall]\ncommand_deadline = 5w\n", "r.conf:2: command_deadline: expected"),
		BAD("[rollcall]\nlisten_mode = 0999\n", "r.conf:2: listen_mode: expected an octal"),
		BAD("[rollcall]\nlisten_mode = 7777\n", "r.conf:2: listen_mode: expected a file mode"),
		BAD("[rollcall]\nlog = journal\n", "r.conf:2: log: expected one of syslog, stderr, found \"journal\""),
		BAD("[rollcall]\nlog_debug = true\n", "r.conf:2: log_debug: expected yes or no"),
		BAD("[rollcall]\nstate_directory = var/lib\n", "r.conf:2: state_directory: expected an absolute path"),
		BAD("[rollcall]\nuser = \n", "r.conf:2: user: expected a value"),
		BAD("user = x\n", "r.conf:1: expected a section"),
		BAD("[rollcall]\nuser\n", "r.conf:2: expected a section, \"name = value\""),
		BAD("[rollcall\nuser = x\n", "r.conf:1: expected a section"),
		BAD("[rolcall]\n", "r.conf:1: unknown section [rolcall]"),
		BAD("[domain ]\n", "r.conf:1: expected [domain NAME]"),
		BAD("[domain a b]\n", "r.conf:1: expected [domain NAME]"),
		BAD("[list choir]\n", "r.conf:1: expected [list NAME@DOMAIN]"),
		BAD("[list @a.org]\n[domain a.org]\n", "r.conf:1: expected [list NAME@DOMAIN]"),
		BAD("[list choir@a.org]\n", "r.conf: [list choir@a.org] needs a section [domain a.org]"),
		BAD("[rollcall]\ndefault_domain = b.org\n[domain a.org]\n", "r.conf:2: default_domain needs a section"),
		BAD("[rollcall]\nuser = a\0b\n", "r.conf:2: expected text, found a NUL byte"),
		BAD("[rollcall]\r\n", "r.conf:1: expected lines that end in LF"),
		BAD("\xef\xbb\xbf[rollcall]\n", "r.conf:1: expected no byte order mark"),
		BAD("[rollcall]\nuser = \xff\n", "r.conf:2: expected UTF-8"),
		BAD("[domain a.org]\nsubject_tag = a\\tb\n", "r.conf:2: subject_tag: expected text without control"),
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		GError *error = NULL;
		struct settings *settings = parse(cases[i].text, cases[i].length, &error);

		assert_null(settings);
		assert_non_null(error);
		if (!g_str_has_prefix(error->message, cases[i].error))
			fail_msg("case %zu: \"%s\" does not begin with \"%s\"", i, error->message, cases[i].error);
		g_error_free(error);
	}
}

static const char good[] = "# a comment\n"
						   "[rollcall]\n"
						   "  message_size_limit = 10M \n"
						   "listen = unix:/a ; inet:127.0.0.1:24;\n"
						   "listen_mode = 600\n"
						   "command_deadline = 2m\n"
						   "[domain Lists.Example.org]\n"
						   "subject_tag = [x]\n"
						   "verp = yes\n"
						   "[domain b.org]\n"
						   "[list Choir@lists.example.org]\n"
						   "subject_tag ="; /* no final newline, empty value */

static void test_values(void **state)
{
	GError *error = NULL;
	struct settings *settings = parse(good, sizeof(good) - 1, &error);

	assert_null(error);
	assert_int_equal(settings_number(settings, SET_message_size_limit, NULL), 10 << 20);
	assert_int_equal(settings_number(settings, SET_listen_mode, NULL), 0600);
	assert_int_equal(settings_number(settings, SET_command_deadline, NULL), 120);
	const char *const *listen = settings_strings(settings, SET_listen, NULL);
	assert_string_equal(listen[0], "unix:/a");
	assert_string_equal(listen[1], "inet:127.0.0.1:24");
	assert_null(listen[2]);
	assert_int_equal(settings_line(settings, SET_listen, NULL), 4);
	assert_int_equal(settings_line(settings, SET_user, NULL), 0);
	assert_string_equal(settings_text(settings, SET_user, NULL), "rollcall");

	/* List before domain before default, also when the list's value is empty. */
	assert_string_equal(settings_text(settings, SET_subject_tag, "choir@lists.example.org"), "");
	assert_string_equal(settings_text(settings, SET_subject_tag, "other@lists.example.org"), "[x]");
	assert_string_equal(settings_text(settings, SET_subject_tag, "x@b.org"), "");
	assert_true(settings_boolean(settings, SET_verp, "choir@lists.example.org"));
	assert_false(settings_boolean(settings, SET_verp, "x@b.org"));
	assert_true(settings_is(settings, SET_reply_to, "x@b.org", "author"));

	assert_string_equal(settings_domains(settings)[0], "lists.example.org");
	assert_string_equal(settings_domains(settings)[1], "b.org");
	assert_null(settings_domains(settings)[2]);
	assert_string_equal(settings_lists(settings)[0], "choir@lists.example.org");
	assert_string_equal(settings_default_domain(settings), "lists.example.org");
	settings_free(settings);
}

static void test_empty_file_is_all_defaults(void **state)
{
	GError *error = NULL;
	struct settings *settings = parse("", 0, &error);

	assert_null(error);
	assert_null(settings_default_domain(settings));
	assert_int_equal(settings_number(settings, SET_recipients_limit, NULL), 1000);
	settings_free(settings);
}

static void test_each_row_is_complete(void **state)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_row *row = settings_row((enum setting)i);

		assert_non_null(row->name);
		assert_non_null(row->value);
		assert_true(g_str_has_suffix(row->help, "."));
		assert_int_equal(row->type == TYPE_CHOICE, row->choices != NULL);
	}
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_int_equal(chmod(path, mode), 0);
}

static void refuse_file(const char *path, const char *reason)
{
	GError *error = NULL;

	assert_null(settings_read_file(path, &error));
	assert_non_null(error);
	if (!strstr(error->message, reason))
		fail_msg("\"%s\" does not say \"%s\"", error->message, reason);
	g_error_free(error);
}

static void test_files(void **state)
{
	g_autofree char *directory = g_dir_make_tmp("settings-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "r.conf", NULL);
	g_autofree char *fifo = g_build_filename(directory, "fifo", NULL);
	g_autofree char *big = g_malloc0(1024 * 1024 + 1);

	refuse_file(path, "No such file");
	refuse_file(directory, "expected a regular file");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	refuse_file(fifo, "expected a regular file");
	write_file(path, "[rollcall]\n", 0664);
	refuse_file(path, "must not be writable by group or others");
	write_file(path, "[rollcall]\n", 0646);
	refuse_file(path, "must not be writable by group or others");
	assert_true(g_file_set_contents(path, big, 1024 * 1024 + 1, NULL));
	chmod(path, 0644);
	refuse_file(path, "larger than 1 MiB");
	if (geteuid() == 0) {
		write_file(path, "[rollcall]\n", 0644);
		assert_int_equal(chown(path, 12345, 12345), 0);
		refuse_file(path, "must be owned by root");
		assert_int_equal(chown(path, 0, 0), 0);
	}
	write_file(path, "[rollcall]\n", 0644);
	g_autoptr(GBytes) bytes = settings_read_file(path, NULL);
	assert_non_null(bytes);
	assert_int_equal(g_bytes_get_size(bytes), 11);
	unlink(path);
	unlink(fifo);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_empty_file_is_all_defaults),
		cmocka_unit_test(test_each_row_is_complete),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
