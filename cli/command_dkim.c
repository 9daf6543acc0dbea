/*
 * rollcall dkim keygen: new DKIM keys in files that the daemon takes, and rollcall dkim record: what DNS must say about keys. What
 * is printed is a piece of a zone file; the line for rollcall.conf stands in it as a comment. Nothing is changed but for the new
 * files: neither DNS nor the settings, so that keys are in DNS before anything is signed with them. RFC 6376, RFC 8463; HOSTILE C3, S2.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/json.h"
#include "lib/keys/keys_make.h"
#include "lib/keys/keys_record.h"
#include "lib/list/address.h"

static const char more[] =
	"rollcall dkim keygen makes an RSA key in DIR/SELECTOR.pem and an Ed25519 key in DIR/SELECTOR-ed.pem (or one of the two, as SELECTOR),\n"
	"and prints their records. rollcall dkim record prints those of the keys in the settings, or of the key in FILE.\n"
	"Exit status: 0 done, 1 not, 64 wrong usage.";

#define DEFAULT_DIRECTORY "/etc/rollcall/keys"

struct dkim {
	const struct invocation *invocation;
	char *domain, *selector, *algorithm, *directory, *file; /* as on the command line; NULL: not given */
	int bits;
	struct settings *settings; /* NULL when they cannot be read */
	GPtrArray *keys;           /* struct keys, each with what is to be printed */
	GPtrArray *files;          /* their paths; NULL when the settings say where */
};

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean fail(GError **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, KEYS_ERROR, KEYS_ERROR_KEY, text);
	return FALSE;
}

/* ---- names ---- */

/* The domain in normal form, from the command line or the settings. `wrong` is why those cannot be read. */
static gboolean find_domain(struct dkim *dkim, const GError *wrong, GError **error)
{
	g_autoptr(GString) normal = g_string_new(NULL);

	if (!dkim->domain) {
		const char *domain = dkim->settings ? settings_default_domain(dkim->settings) : NULL;

		if (!domain)
			return fail(error, "%s; say --domain", wrong ? wrong->message : "the settings have no [domain] section");
		dkim->domain = g_strdup(domain);
		return TRUE;
	}
	if (!address_domain(dkim->domain, strlen(dkim->domain), normal))
		return fail(error, "\"%s\" is no domain name", dkim->domain);
	g_free(dkim->domain);
	dkim->domain = g_string_free(g_steal_pointer(&normal), FALSE);
	return TRUE;
}

static char *path_of(const struct dkim *dkim, const char *selector, const char *suffix)
{
	return g_strdup_printf("%s/%s%s.pem", dkim->directory, selector, suffix);
}

static gboolean is_taken(const struct dkim *dkim, const char *selector)
{
	g_autofree char *one = path_of(dkim, selector, ""), *two = path_of(dkim, selector, "-ed");
	g_autofree char *start = g_strconcat(selector, ":", NULL);
	gboolean known = dkim->settings && g_strv_contains(settings_domains(dkim->settings), dkim->domain);
	const char *const *key = known ? settings_strings(dkim->settings, SET_dkim_keys, dkim->domain) : NULL;

	for (; key && *key; key++)
		if (g_str_has_prefix(*key, start))
			return TRUE;
	return access(one, F_OK) == 0 || access(two, F_OK) == 0;
}

/* The year and the first letter that is free, as people who rotate their keys do it. */
static gboolean find_selector(struct dkim *dkim, GError **error)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	for (char letter = 'a'; !dkim->selector && letter <= 'z'; letter++) {
		g_autofree char *selector = g_strdup_printf("%d%c", g_date_time_get_year(now), letter);

		if (!is_taken(dkim, selector))
			dkim->selector = g_steal_pointer(&selector);
	}
	return dkim->selector ? TRUE : fail(error, "all selectors of this year are taken; say --selector");
}

/* ---- making ---- */

/* Loads what was made as the daemon will: what it would refuse is no key. */
static gboolean load(struct dkim *dkim, const char *selector, const char *path, GError **error)
{
	g_autofree char *text = g_strdup_printf("%s:%s", selector, path);
	struct keys *keys = keys_load_one(dkim->domain, text, error);

	if (!keys)
		return FALSE;
	g_ptr_array_add(dkim->keys, keys);
	g_ptr_array_add(dkim->files, g_strdup(path));
	return TRUE;
}

static gboolean make(struct dkim *dkim, const char *suffix, guint bits, GError **error)
{
	g_autofree char *selector = g_strconcat(dkim->selector, suffix, NULL);
	g_autofree char *path = path_of(dkim, dkim->selector, suffix);

	if (!keys_check_names(dkim->domain, selector, error) || !keys_make_file(path, bits, error))
		return FALSE;
	if (load(dkim, selector, path, error))
		return TRUE;
	unlink(path);
	return FALSE;
}

static gboolean make_all(struct dkim *dkim, GError **error)
{
	gboolean both = strcmp(dkim->algorithm, "both") == 0, rsa = both || strcmp(dkim->algorithm, "rsa") == 0;
	gboolean done = !rsa || make(dkim, "", (guint)dkim->bits, error);

	if (done && (both || !rsa))
		done = make(dkim, both ? "-ed" : "", 0, error);
	/* Half of what was asked for would be taken for all of it. */
	for (guint i = 0; !done && i < dkim->files->len; i++)
		unlink(g_ptr_array_index(dkim->files, i));
	return done;
}

/* Also what record does not look at: a wrong option is a wrong option. */
static gboolean check_options(struct dkim *dkim, GError **error)
{
	if (!dkim->algorithm)
		dkim->algorithm = g_strdup("both");
	if (!dkim->directory)
		dkim->directory = g_strdup(DEFAULT_DIRECTORY);
	if (!g_strv_contains((const char *const[]){"rsa", "ed25519", "both", NULL}, dkim->algorithm))
		return fail(error, "--algorithm: expected rsa, ed25519 or both, found \"%s\"", dkim->algorithm);
	if (dkim->bits < KEYS_MAKE_LEAST || dkim->bits > KEYS_MAKE_MOST)
		return fail(error, "--bits: expected %d to %d", KEYS_MAKE_LEAST, KEYS_MAKE_MOST);
	if (*dkim->directory != '/')
		return fail(error, "--directory: expected an absolute path, found \"%s\"", dkim->directory);
	return TRUE;
}

static gboolean keygen(struct dkim *dkim, GError **error)
{
	if (mkdir(dkim->directory, 0700) != 0 && errno != EEXIST)
		return fail(error, "%s: %s; --directory names another place", dkim->directory, g_strerror(errno));
	return find_selector(dkim, error) && make_all(dkim, error);
}

/* ---- showing ---- */

static gboolean record(struct dkim *dkim, GError **error)
{
	if (dkim->file) {
		g_autofree char *name = g_path_get_basename(dkim->file);

		if (!dkim->selector && g_str_has_suffix(name, ".pem"))
			dkim->selector = g_strndup(name, strlen(name) - strlen(".pem"));
		if (!dkim->selector)
			return fail(error, "the selector does not follow from %s; say --selector", dkim->file);
		return load(dkim, dkim->selector, dkim->file, error);
	}
	struct keys *keys = keys_load(dkim->settings, error);
	if (!keys)
		return FALSE;
	g_ptr_array_add(dkim->keys, keys);
	g_ptr_array_add(dkim->files, NULL);
	return TRUE;
}

static void print_json(GString *out, const struct keys_public *key, const char *file)
{
	g_autofree char *name = keys_record_name(key), *text = keys_record_text(key), *zone = keys_record_zone(key);

	json_object(out);
	json_text(out, "domain", key->domain);
	json_text(out, "selector", key->selector);
	json_text(out, "algorithm", key->algorithm);
	json_number(out, "bits", key->bits);
	json_text(out, "file", file);
	json_text(out, "name", name);
	json_number(out, "ttl", KEYS_RECORD_TTL);
	json_text(out, "record", text);
	json_text(out, "zone", zone);
}

static void print_zone(GString *out, const struct keys_public *key)
{
	g_autofree char *zone = keys_record_zone(key);

	g_string_append(out, zone);
}

/* All of them, but only that selector's if one was named for keys of the settings. */
static guint print(struct dkim *dkim, const char *domain, GString *out, GString *setting)
{
	guint shown = 0;

	for (guint i = 0; i < dkim->keys->len; i++) {
		g_autoptr(GPtrArray) found = keys_for_domain(g_ptr_array_index(dkim->keys, i), domain);
		const char *file = g_ptr_array_index(dkim->files, i);

		for (guint j = 0; j < found->len; j++) {
			const struct keys_public *key = g_ptr_array_index(found, j);

			if (!file && dkim->selector && strcmp(dkim->selector, key->selector) != 0)
				continue;
			if (dkim->invocation->json)
				print_json(out, key, file);
			else
				print_zone(out, key);
			if (file)
				g_string_append_printf(setting, "%s%s:%s", setting->len > 0 ? ";" : "", key->selector, file);
			shown++;
		}
	}
	return shown;
}

static gboolean show(struct dkim *dkim, gboolean all_domains, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL), setting = g_string_new(NULL);
	const char *const one[] = {dkim->domain, NULL};
	guint shown = 0;

	if (dkim->invocation->json)
		json_begin(out);
	for (const char *const *domain = all_domains ? settings_domains(dkim->settings) : one; *domain; domain++)
		shown += print(dkim, *domain, out, setting);
	if (dkim->invocation->json)
		json_end(out);
	else if (setting->len > 0)
		g_string_append_printf(out, "; When all name servers have that, in rollcall.conf under [domain %s]:\n; dkim_keys = %s\n",
			dkim->domain, setting->str);
	if (shown == 0)
		return fail(error, "the settings name no such key; rollcall dkim keygen makes one");
	fputs(out->str, stdout);
	return TRUE;
}

static gboolean run(struct dkim *dkim, const char *what, GError **error)
{
	g_autoptr(GError) wrong = NULL;
	gboolean is_record = strcmp(what, "record") == 0;
	gboolean all_domains = is_record && !dkim->domain && !dkim->file;

	dkim->settings = command_settings_read(dkim->invocation->config, &wrong);
	if (is_record && !dkim->file && !dkim->settings)
		return fail(error, "%s", wrong->message);
	if (!all_domains && !find_domain(dkim, wrong, error))
		return FALSE;
	return (is_record ? record(dkim, error) : keygen(dkim, error)) && show(dkim, all_domains, error);
}

static void dkim_clear(struct dkim *dkim)
{
	g_free(dkim->domain);
	g_free(dkim->selector);
	g_free(dkim->algorithm);
	g_free(dkim->directory);
	g_free(dkim->file);
	g_clear_pointer(&dkim->settings, settings_free);
	g_ptr_array_unref(dkim->keys);
	g_ptr_array_unref(dkim->files);
}

int command_dkim(struct invocation *invocation)
{
	struct dkim dkim = {.invocation = invocation, .bits = KEYS_MAKE_LEAST};
	const GOptionEntry own[] = {
		{"domain", 0, 0, G_OPTION_ARG_STRING, &dkim.domain, "Whose key (default: default_domain of the settings)", "DOMAIN"},
		{"selector", 0, 0, G_OPTION_ARG_STRING, &dkim.selector, "Its name in DNS (default: the year and a letter)", "SELECTOR"},
		{"algorithm", 0, 0, G_OPTION_ARG_STRING, &dkim.algorithm, "keygen: rsa, ed25519 or both (default)", "NAME"},
		{"bits", 0, 0, G_OPTION_ARG_INT, &dkim.bits, "keygen: size of the RSA key (default 2048)", "BITS"},
		{"directory", 0, 0, G_OPTION_ARG_FILENAME, &dkim.directory, "keygen: where the files go (default " DEFAULT_DIRECTORY ")", "DIR"},
		{"file", 0, 0, G_OPTION_ARG_FILENAME, &dkim.file, "record: a key that the settings do not name", "FILE"},
		{NULL},
	};
	g_autoptr(GError) error = NULL;
	int status = command_parse(invocation, own, more);

	if (status != COMMAND_GO_ON)
		return status;
	const char *what = invocation->argc > 0 ? invocation->argv[0] : "";
	dkim.keys = g_ptr_array_new_with_free_func((GDestroyNotify)keys_free);
	dkim.files = g_ptr_array_new_with_free_func(g_free);
	if (strcmp(what, "keygen") != 0 && strcmp(what, "record") != 0) {
		fputs("rollcall dkim: expected keygen or record: see rollcall dkim --help\n", stderr);
		status = COMMAND_USAGE;
	} else if (!check_options(&dkim, &error)) {
		fprintf(stderr, "rollcall dkim: %s: see rollcall dkim --help\n", error->message);
		g_clear_error(&error);
		status = COMMAND_USAGE;
	} else {
		status = run(&dkim, what, &error) ? COMMAND_GOOD : COMMAND_BAD;
	}
	if (error)
		fprintf(stderr, "rollcall dkim: %s\n", error->message);
	dkim_clear(&dkim);
	return status;
}
