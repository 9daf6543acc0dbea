/* room: trusted. The MySQL option file: what is read, what is refused, and that no value ever shows in an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/settings.h"
#include "lib/crm/crm_options.h"

static gboolean parse(const char *text, gsize length, struct crm_options *options, GError **error)
{
	g_autofree char *data = g_malloc(MAX(length, 1));

	memcpy(data, text, length);
	return crm_options_parse(data, length, "client", "crm.cnf", options, error);
}

static void test_reads_as_the_manual_says(void **state)
{
	static const char text[] = "# a comment\r\n; another\n\n[mysqld]\nuser = root\n"
		"[client]\n  host=db.example.org  \nport = 3307 # the other one\nuser\t=\tmlist\n"
		"password = \"a # b \\\" c\"\ndatabase='crm'\nssl_ca = /etc/ssl/ca.pem\nssl-verify-server-cert\nssl_cert=/a\\sb\n"
		"loose-ssl-key = /k\nsocket=\nno-auto-rehash\nPrompt=x\n[clientele]\nhost = elsewhere\n[client]\nport=3308";
	struct crm_options options;

	assert_true(parse(text, sizeof(text) - 1, &options, NULL));
	assert_string_equal(options.host, "db.example.org");
	assert_string_equal(options.port, "3308");
	assert_string_equal(options.user, "mlist");
	assert_string_equal(options.password, "a # b \" c");
	assert_string_equal(options.database, "crm");
	assert_string_equal(options.ssl_ca, "/etc/ssl/ca.pem");
	assert_string_equal(options.ssl_cert, "/a b");
	assert_string_equal(options.ssl_key, "/k");
	assert_string_equal(options.socket, "");
	assert_null(options.ssl_capath);
	assert_false(options.lax);
	assert_int_equal(options.ignored->len, 2);
	assert_string_equal(options.ignored->pdata[0], "no-auto-rehash");
	crm_options_clear(&options);
	crm_options_clear(&options);
}

static void test_passwords(void **state)
{
	static const struct {
		const char *line, *password;
	} cases[] = {
		{"password=plain", "plain"},
		{"password = two words", "two words"},
		{"password=a=b", "a=b"},
		{"password=cut#here", "cut"},
		{"password='kept#here'", "kept#here"},
		{"password=\"", "\""},
		{"password=\"\"", ""},
		{"password=\\\\", "\\"},
		{"password=\\", "\\"},
		{"password=\\q", "\\q"},
		{"password=a\\tb\\nc\\rd\\be", "a\tb\nc\rd\be"},
		{"password=", ""},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strconcat("[client]\n", cases[i].line, NULL);
		struct crm_options options;

		assert_true(parse(text, strlen(text), &options, NULL));
		assert_string_equal(options.password, cases[i].password);
		crm_options_clear(&options);
	}
}

static void test_less_than_verified_tls_is_noticed(void **state)
{
	static const struct {
		const char *line;
		gboolean lax;
	} cases[] = {
		{"ssl", FALSE}, {"ssl=1", FALSE}, {"ssl=0", TRUE}, {"skip-ssl", TRUE}, {"skip_ssl", TRUE}, {"disable-ssl", TRUE},
		{"ssl-verify-server-cert", FALSE}, {"ssl-verify-server-cert=ON", FALSE}, {"ssl-verify-server-cert=off", TRUE},
		{"ssl-verify-server-cert=0", TRUE}, {"skip-ssl-verify-server-cert", TRUE},
		{"disable-ssl-verify-server-cert", TRUE}, {"loose-skip-ssl", TRUE}, {"ssl-mode=VERIFY_IDENTITY", FALSE},
		{"ssl-mode=REQUIRED", TRUE}, {"ssl-mode", TRUE}, {"local-infile=1", FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strconcat("[client]\n", cases[i].line, "\n", NULL);
		struct crm_options options;

		assert_true(parse(text, strlen(text), &options, NULL));
		if (options.lax != cases[i].lax)
			fail_msg("%s", cases[i].line);
		crm_options_clear(&options);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text;
		gsize length;
		const char *error;
	} cases[] = {
#define CASE(literal, error) {literal, sizeof(literal) - 1, error}
		CASE("", "crm.cnf: has no group [client]"),
		CASE("[mysqld]\nuser=x\n", "crm.cnf: has no group [client]"),
		CASE("[client]\n!include /etc/secret.cnf\n", "crm.cnf:2: !include"),
		CASE("!includedir /etc/mysql\n[client]\n", "crm.cnf:1: !include"),
		CASE("[client]\nuser=a\npassword\n", "crm.cnf:3: this option needs a value"),
		CASE("[client]\npassword=secret\0tail\n", "crm.cnf:2: NUL byte"),
		CASE("[client\n", "crm.cnf:1: expected [GROUP]"),
		CASE("[client]\n=secret\n", "crm.cnf:2: expected NAME=VALUE"),
		CASE("[client]\nsecretsecretsecretsecretsecretsecretsecretsecretsecretsecretsecret\n", "crm.cnf:2: expected"),
#undef CASE
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		struct crm_options options;

		assert_false(parse(cases[i].text, cases[i].length, &options, &error));
		if (!g_str_has_prefix(error->message, cases[i].error))
			fail_msg("case %zu: %s", i, error->message);
		assert_null(strstr(error->message, "secret"));
		crm_options_clear(&options);
	}
}

static void test_long_lines(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) text = g_string_new("[client]\npassword=");
	struct crm_options options;

	for (int i = 0; i < 4000; i++)
		g_string_append_c(text, 'x');
	assert_true(parse(text->str, text->len, &options, NULL));
	assert_int_equal(strlen(options.password), 4000);
	crm_options_clear(&options);
	for (int i = 0; i < 200; i++)
		g_string_append_c(text, 'x');
	assert_false(parse(text->str, text->len, &options, &error));
	assert_string_equal(error->message, "crm.cnf:2: line too long");
	crm_options_clear(&options);
}

/* ---- the file itself: HOSTILE C2 ---- */

struct file {
	char *directory, *path;
	struct settings *settings;
};

static void make_file(struct file *file, mode_t mode)
{
	static const char text[] = "[client]\nhost=h\n";
	g_autoptr(GError) error = NULL;

	file->directory = g_dir_make_tmp("rollcall-XXXXXX", NULL);
	file->path = g_build_filename(file->directory, "crm.cnf", NULL);
	assert_true(g_file_set_contents(file->path, text, sizeof(text) - 1, NULL));
	assert_int_equal(chmod(file->path, mode), 0);
	g_autofree char *conf =
		g_strdup_printf("[rollcall]\nuser=61001:61001\n[crm]\noption_file=%s\n", file->path);
	file->settings = settings_parse(conf, strlen(conf), "test", &error);
	assert_non_null(file->settings);
}

static void end_file(struct file *file)
{
	unlink(file->path);
	rmdir(file->path);
	rmdir(file->directory);
	settings_free(file->settings);
	g_free(file->directory);
	g_free(file->path);
}

static void expect(const struct file *file, const char *part)
{
	g_autoptr(GError) error = NULL;
	struct crm_options options;
	gboolean done = crm_options_read(file->settings, &options, &error);

	crm_options_clear(&options);
	if (!part) {
		assert_null(error);
		assert_true(done);
		return;
	}
	assert_false(done);
	if (!strstr(error->message, part))
		fail_msg("%s", error->message);
}

static void test_modes_of_the_file(void **state)
{
	static const struct {
		mode_t mode;
		const char *part;
	} cases[] = {
		{0600, NULL}, {0400, NULL}, {0640, NULL}, {0644, "no right for others"}, {0604, "no right for others"},
		{0601, "no right for others"}, {0660, "no write right for the group"}, {0620, "no write right for the group"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct file file;

		make_file(&file, cases[i].mode);
		expect(&file, cases[i].part);
		end_file(&file);
	}
}

static void test_owner_and_group_of_the_file(void **state)
{
	struct file file;

	if (geteuid() != 0)
		skip();
	make_file(&file, 0640);
	assert_int_equal(chown(file.path, 0, 61001), 0);
	expect(&file, NULL);
	assert_int_equal(chown(file.path, 0, 61002), 0);
	expect(&file, "group that is not ours");
	assert_int_equal(chmod(file.path, 0600), 0);
	expect(&file, NULL);
	assert_int_equal(chown(file.path, 61001, 0), 0);
	expect(&file, "must be owned by root");
	end_file(&file);
}

static void test_what_is_no_file(void **state)
{
	struct file file;

	make_file(&file, 0600);
	unlink(file.path);
	expect(&file, "No such file");
	assert_int_equal(mkfifo(file.path, 0600), 0);
	expect(&file, "expected a regular file");
	unlink(file.path);
	assert_int_equal(mkdir(file.path, 0700), 0);
	expect(&file, "expected a regular file");
	rmdir(file.path);
	g_autofree char *large = g_malloc0(65537);
	assert_true(g_file_set_contents(file.path, large, 65537, NULL));
	assert_int_equal(chmod(file.path, 0600), 0);
	expect(&file, "larger than 64 KiB");
	end_file(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_as_the_manual_says),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_less_than_verified_tls_is_noticed),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_modes_of_the_file),
		cmocka_unit_test(test_owner_and_group_of_the_file),
		cmocka_unit_test(test_what_is_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
