/*
 * rollcall explain: what would become of a mail, and why. The daemon's own rooms answer (explain_rooms.h); here files are read, questions asked and
 * answers printed, and no byte of a mail is understood.
 * Knowingly not told: whether this very mail was delivered before. Of a repeated post the daemon says so and sends nothing twice.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/explain_rooms.h"
#include "cli/explain_text.h"
#include "cli/held_text.h"
#include "cli/json.h"
#include "cli/store_door.h"
#include "lib/base/explain_letter.h"
#include "lib/base/io.h"
#include "lib/base/text.h"

/* What the command line says. */
struct wish {
	char **to;
	char *sender, *method, *client_name, *client_address;
	gint64 held; /* 0: the mails are files */
};

static void wish_clear(struct wish *wish)
{
	g_strfreev(wish->to);
	g_free(wish->sender);
	g_free(wish->method);
	g_free(wish->client_name);
	g_free(wish->client_address);
}
#define wish_auto __attribute__((cleanup(wish_clear)))

static int usage(const char *text)
{
	fprintf(stderr, "rollcall explain: %s: see rollcall explain --help\n", text);
	return COMMAND_USAGE;
}

/* ---- one mail ---- */

struct mail {
	const char *name; /* as it is shown */
	int fd;           /* sealed memory file */
	GVariant *held;   /* what is known of a held post; NULL: it is a file */
};

static GVariant *trouble(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GVariantBuilder dict;

	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&dict, "{sv}", "trouble", g_variant_new_string(valid));
	return g_variant_ref_sink(g_variant_builder_end(&dict));
}

static gboolean has_posts(GVariant *answer)
{
	g_autoptr(GVariant) posts = g_variant_lookup_value(answer, "posts", G_VARIANT_TYPE("av"));

	return posts && g_variant_n_children(posts) > 0;
}

static GVariant *ask(struct explain_rooms *rooms, const struct wish *wish, const struct mail *mail)
{
	static const char *const nobody[] = {NULL};
	g_autoptr(GError) error = NULL;
	GVariant *question = g_variant_new("(^asmsmsmsms)", wish->to ? (const char *const *)wish->to : nobody, wish->sender, wish->method,
		wish->client_name, wish->client_address);
	GVariant *answer = explain_rooms_ask(rooms, question, mail->fd, &error);

	if (!answer)
		return trouble(error->message);
	if (!wish->to && !has_posts(answer)) {
		g_variant_unref(answer);
		return trouble("no list address of ours stands in To or Cc: say with --to for whom it is");
	}
	return answer;
}

/* One object with all of it: the mail's name first. */
static GVariant *compose(const struct mail *mail, GVariant *answer)
{
	g_autofree char *name = g_utf8_make_valid(mail->name, -1);
	GVariantBuilder dict;
	GVariantIter iterator;
	const char *key;
	GVariant *value;

	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&dict, "{sv}", "file", g_variant_new_string(name));
	if (mail->held)
		g_variant_builder_add(&dict, "{sv}", "held", mail->held);
	g_variant_iter_init(&iterator, answer);
	while (g_variant_iter_loop(&iterator, "{&sv}", &key, &value))
		g_variant_builder_add(&dict, "{sv}", key, value);
	return g_variant_ref_sink(g_variant_builder_end(&dict));
}

static gboolean explain_mail(struct explain_rooms *rooms, const struct wish *wish, const struct mail *mail, gboolean json)
{
	g_autoptr(GVariant) answer = ask(rooms, wish, mail);
	g_autoptr(GVariant) whole = compose(mail, answer);
	g_autoptr(GString) out = g_string_new(NULL);

	if (json) {
		json_append_value(out, whole);
		g_string_append_c(out, '\n');
	} else {
		g_autofree char *text = explain_text(whole);

		g_string_append(out, text);
	}
	fputs(out->str, stdout);
	return has_posts(whole);
}

/* ---- files ---- */

/* The whole file or standard input; NULL with `error`. */
static GString *read_file(const char *path, GError **error)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	g_autoptr(GString) content = g_string_new(NULL);
	char piece[64 * 1024];
	size_t got;

	if (!file) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s: %s", path, g_strerror(errno));
		return NULL;
	}
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		g_string_append_len(content, piece, (gssize)got);
	gboolean bad = ferror(file);
	if (file != stdin)
		fclose(file);
	if (!bad)
		return g_steal_pointer(&content);
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO, "%s: cannot be read", path);
	return NULL;
}

static gboolean explain_file(struct explain_rooms *rooms, const struct wish *wish, const char *path, gboolean json)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) content = read_file(path, &error);
	io_autofd int fd = content ? io_memory_file_with("mail", content->str, content->len) : -1;
	const struct mail mail = {.name = strcmp(path, "-") == 0 ? "standard input" : path, .fd = fd};

	if (fd >= 0)
		return explain_mail(rooms, wish, &mail, json);
	fprintf(stderr, "rollcall explain: %s\n", error ? error->message : g_strerror(errno));
	return FALSE;
}

static int explain_files(const struct invocation *invocation, const struct wish *wish)
{
	explain_rooms_auto struct explain_rooms rooms;
	g_autoptr(GError) error = NULL;
	gboolean good = TRUE;

	if (!explain_rooms_open(&rooms, invocation->config, &error)) {
		fprintf(stderr, "rollcall explain: %s%s\n", error->message,
			geteuid() == 0 ? "" : " (this takes root, or the daemon's user who can read its keys)");
		return COMMAND_BAD;
	}
	for (int i = 0; i < MAX(invocation->argc, 1); i++)
		good = explain_file(&rooms, wish, invocation->argc > 0 ? invocation->argv[i] : "-", invocation->json) && good;
	return good ? COMMAND_GOOD : COMMAND_BAD;
}

/* ---- a held post ---- */

static GVariant *held_value(const struct store_held *held)
{
	GVariantBuilder dict;

	g_variant_builder_init(&dict, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&dict, "{sv}", "number", g_variant_new_int64(held->id));
	g_variant_builder_add(&dict, "{sv}", "state", g_variant_new_string(store_held_word(held->decision.state)));
	g_variant_builder_add(&dict, "{sv}", "kind", g_variant_new_string(held_text_kind(held->kind)));
	g_variant_builder_add(&dict, "{sv}", "reason", g_variant_new_string(held->reason));
	g_variant_builder_add(&dict, "{sv}", "rule", g_variant_new_string(held_text_fact(held, "rule")));
	return g_variant_ref_sink(g_variant_builder_end(&dict));
}

/* An empty fact is one that nobody knew. */
static char *fact_or_null(const struct store_held *held, const char *name)
{
	const char *value = held_text_fact(held, name);

	return *value ? g_strdup(value) : NULL;
}

/* Takes the post and its envelope out of the store. NULL with `error`. */
static GVariant *read_held(const char *config, struct wish *wish, int *fd, GError **error)
{
	store_door_auto struct store_door door = {0};
	store_held_auto struct store_held *held = NULL;

	if (!store_door_open(&door, config, error) || !store_held_get(door.store, wish->held, &held, error))
		return NULL;
	if (!held) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "there is no held post %" G_GINT64_FORMAT, wish->held);
		return NULL;
	}
	if (store_held_message(door.store, wish->held, fd, error) != STORE_MESSAGE_WHOLE)
		return NULL;
	const char *const list[] = {held->list, NULL};
	wish->to = g_strdupv((char **)list);
	wish->sender = g_strdup(held->sender);
	wish->method = wish->method ? wish->method : fact_or_null(held, "method");
	wish->client_name = fact_or_null(held, "client-name");
	wish->client_address = fact_or_null(held, "client-address");
	return held_value(held);
}

static int explain_held(const struct invocation *invocation, struct wish *wish)
{
	explain_rooms_auto struct explain_rooms rooms = {.letters = -1, .log = -1};
	g_autoptr(GError) error = NULL;
	io_autofd int fd = -1;
	g_autoptr(GVariant) held = read_held(invocation->config, wish, &fd, &error);
	const struct mail mail = {.name = "its message", .fd = fd, .held = held};

	if (held && explain_rooms_open(&rooms, invocation->config, &error))
		return explain_mail(&rooms, wish, &mail, invocation->json) ? COMMAND_GOOD : COMMAND_BAD;
	fprintf(stderr, "rollcall explain: %s\n", error->message);
	return COMMAND_BAD;
}

/* ---- the command line ---- */

static gboolean is_method(const char *method)
{
	static const char *const methods[] = {"smtp", "dkim", "md5", "smime", NULL};

	return g_strv_contains(methods, method);
}

/* What goes into commands of LMTP must not end one. */
static gboolean is_plain(const char *text)
{
	if (!text_is_utf8(text, strlen(text)))
		return FALSE;
	for (; *text; text++)
		if ((guchar)*text <= ' ' || *text == 127 || *text == '<' || *text == '>')
			return FALSE;
	return TRUE;
}

static const char *find_fault(const struct invocation *invocation, const struct wish *wish)
{
	if (wish->held < 0)
		return "expected the number of a held post";
	if (wish->held > 0 && (wish->to || wish->sender || wish->client_name || wish->client_address || invocation->argc > 0))
		return "a held post brings its list and its envelope along";
	if ((wish->client_name && !is_plain(wish->client_name)) || (wish->client_address && !is_plain(wish->client_address)))
		return "--client-name and --client-address are words";
	if (wish->method && !is_method(wish->method))
		return "the method is smtp, dkim, md5 or smime";
	for (char **address = wish->to; address && *address; address++)
		if (!is_plain(*address) || !strchr(*address, '@'))
			return "--to wants an address";
	if (wish->to && g_strv_length(wish->to) > EXPLAIN_RECIPIENTS)
		return "too many addresses in --to";
	return wish->sender && !is_plain(wish->sender) ? "--sender wants an address, or nothing between quotes" : NULL;
}

int command_explain(struct invocation *invocation)
{
	wish_auto struct wish wish = {0};
	/* "Filenames", because texts would be converted from the locale's character set, and we have no locale. */
	const GOptionEntry own[] = {
		{"to", 't', 0, G_OPTION_ARG_FILENAME_ARRAY, &wish.to, "For whom it is; may be given more than once (default: our addresses in To and Cc)", "ADDRESS"},
		{"sender", 's', 0, G_OPTION_ARG_FILENAME, &wish.sender, "Envelope sender (default: the Return-Path, else the author)", "ADDRESS"},
		{"method", 'm', 0, G_OPTION_ARG_FILENAME, &wish.method, "How sure we are of the author: smtp, dkim, md5 or smime (default: what the checks find)", "METHOD"},
		{"client-name", 0, 0, G_OPTION_ARG_FILENAME, &wish.client_name, "Host that gave it to Postfix", "NAME"},
		{"client-address", 0, 0, G_OPTION_ARG_FILENAME, &wish.client_address, "Its address", "ADDRESS"},
		{"held", 0, 0, G_OPTION_ARG_INT64, &wish.held, "A held post: what would become of it if it came now", "NUMBER"},
		{NULL},
	};
	int status = command_parse(invocation, own,
		"Reads a mail from each FILE, or from standard input. Nothing is sent, written or remembered; what was delivered before is not looked at.\n"
		"Exit status: 0 explained, 1 not to be explained, 64 wrong usage.");

	if (status != COMMAND_GO_ON)
		return status;
	const char *fault = find_fault(invocation, &wish);
	if (fault)
		return usage(fault);
	return wish.held > 0 ? explain_held(invocation, &wish) : explain_files(invocation, &wish);
}
