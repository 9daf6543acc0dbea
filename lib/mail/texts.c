/* Reading and finding texts; see texts.h. Lines are checked by texts_line.c, filled by texts_fill.c. */
#include "lib/mail/texts_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/log.h"
#include "lib/base/settings.h"
#include "lib/mail/clean.h"
#include "lib/mail/texts_distributed.h"

G_DEFINE_QUARK(rollcall-texts-error-quark, texts_error)

#define SENTENCES "sentences"

static const char built_in[] = "(built in)";

/* A template: as in the file, lines end in LF. A sentence has no subject. */
struct text {
	char *subject, *body;
};

struct texts {
	GHashTable *all; /* "LANGUAGE/NAME" or "LANGUAGE/sentences/KEY" to struct text */
	GPtrArray *problems; /* of files that are passed over; NULL: the first broken one is the end */
};

static void free_text(gpointer data)
{
	struct text *text = data;

	g_free(text->subject);
	g_free(text->body);
	g_free(text);
}

void texts_free(struct texts *texts)
{
	if (!texts)
		return;
	g_hash_table_unref(texts->all);
	g_free(texts);
}

static gboolean fail(GError **error, const char *path, guint line, const char *what)
{
	if (line)
		g_set_error(error, TEXTS_ERROR, TEXTS_ERROR_SYNTAX, "%s:%u: %s", path, line, what);
	else
		g_set_error(error, TEXTS_ERROR, TEXTS_ERROR_FILE, "%s: %s", path, what);
	return FALSE;
}

/* Whether the reading goes on without what `error` is about; its text is then with the problems, and `error` is not NULL. */
static gboolean forgive(struct texts *texts, GError **error)
{
	if (!texts->problems)
		return FALSE;
	g_ptr_array_add(texts->problems, g_strdup((*error)->message));
	g_clear_error(error);
	return TRUE;
}

/* The distributed text of that path, or NULL. */
static const char *find_built_in(const char *path)
{
	size_t length = strlen(built_in);

	if (strncmp(path, built_in, length) != 0 || path[length] != '/')
		return NULL;
	for (const struct texts_distributed *text = texts_distributed; text->name; text++)
		if (strcmp(text->name, path + length + 1) == 0)
			return text->text;
	return NULL;
}

static GBytes *read_file(const char *path, GError **error)
{
	const char *text = find_built_in(path);

	return text ? g_bytes_new_static(text, strlen(text)) : settings_read_file(path, error);
}

/* The lines of a file without their ends, or NULL. */
static char **read_lines(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = read_file(path, error);
	gsize length = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;

	if (!bytes)
		return NULL;
	if (length > 0 && memchr(data, '\0', length)) {
		fail(error, path, 0, "a NUL in it: not a text");
		return NULL;
	}
	gboolean marked = length >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0;
	g_autofree char *text = g_strndup(data + (marked ? 3 : 0), length - (marked ? 3 : 0));
	char **lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		if (g_str_has_suffix(*line, "\r"))
			(*line)[strlen(*line) - 1] = '\0';
	return lines;
}

static gboolean check_lines(const char *path, char **lines, const char *fields, GError **error)
{
	for (guint i = 0; lines[i]; i++) {
		g_autofree char *problem = texts_check_line(lines[i], fields);

		if (problem)
			return fail(error, path, i + 1, problem);
	}
	return TRUE;
}

static gboolean read_text(struct texts *texts, const char *path, const char *key, const struct texts_row *row, GError **error)
{
	static const char head[] = "Subject: ";
	g_auto(GStrv) lines = read_lines(path, error);

	if (!lines || !check_lines(path, lines, row->fields, error))
		return FALSE;
	if (!lines[0] || !g_str_has_prefix(lines[0], head) || lines[0][strlen(head)] == '\0')
		return fail(error, path, 1, "expected \"Subject: \" and the subject");
	if (strstr(lines[0], "{?"))
		return fail(error, path, 1, "{?field} may only begin a line");
	if (!lines[1] || *lines[1])
		return fail(error, path, 2, "expected an empty line behind the subject");
	g_autofree char *body = g_strjoinv("\n", lines + 2);
	if (body[strspn(body, "\n ")] == '\0')
		return fail(error, path, 3, "expected a text");
	struct text *text = g_new(struct text, 1);
	text->subject = g_strdup(lines[0] + strlen(head));
	text->body = g_steal_pointer(&body);
	g_hash_table_insert(texts->all, g_strdup(key), text);
	return TRUE;
}

/* The length of the key in "key: text", 0 when there is none. */
static size_t key_length(const char *line)
{
	size_t length = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return line[length] == ':' ? length : 0;
}

/* One line that is neither empty nor a comment; `last` is the sentence that the line may go on with. */
static gboolean read_sentence(GHashTable *found, const char *line, struct text **last, char **problem)
{
	size_t length = key_length(line);
	g_autofree char *part = g_strstrip(g_strdup(*line == ' ' ? line : line + length + 1));
	g_autofree char *key = g_strndup(line, length);

	if (*line == ' ' ? !*last : length == 0)
		*problem = g_strdup("expected \"key: text\", or a blank and more of the text before");
	else if (strstr(part, "{?"))
		*problem = g_strdup("{?field} has no place in a sentence");
	else if (*line != ' ' && g_hash_table_contains(found, key))
		*problem = g_strdup("this key stands twice");
	else
		*problem = texts_check_line(part, *line == ' ' ? " " : texts_key_fields(key));
	if (*problem)
		return FALSE;
	if (*line == ' ') {
		g_autofree char *before = (*last)->body;

		(*last)->body = g_strconcat(before, " ", part, NULL);
		return TRUE;
	}
	*last = g_new0(struct text, 1);
	(*last)->body = g_steal_pointer(&part);
	g_hash_table_insert(found, g_steal_pointer(&key), *last);
	return TRUE;
}

/* Earlier directories win key by key. */
static gboolean read_sentences(struct texts *texts, const char *path, const char *language, GError **error)
{
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_text);
	g_auto(GStrv) lines = read_lines(path, error);
	struct text *last = NULL;
	GHashTableIter iterator;
	gpointer key, text;

	if (!lines)
		return FALSE;
	for (guint i = 0; lines[i]; i++) {
		g_autofree char *problem = NULL;

		if (*lines[i] && *lines[i] != '#' && !read_sentence(found, lines[i], &last, &problem))
			return fail(error, path, i + 1, problem);
	}
	g_hash_table_iter_init(&iterator, found);
	while (g_hash_table_iter_next(&iterator, &key, &text)) {
		g_autofree char *name = g_strdup_printf("%s/" SENTENCES "/%s", language, (const char *)key);

		if (g_hash_table_contains(texts->all, name))
			continue;
		g_hash_table_iter_steal(&iterator);
		g_free(key);
		g_hash_table_insert(texts->all, g_steal_pointer(&name), text);
	}
	return TRUE;
}

/* What editors and package managers leave behind. */
static gboolean is_left_over(const char *name)
{
	return *name == '.' || g_str_has_suffix(name, "~") || g_str_has_suffix(name, ".bak") || strstr(name, ".dpkg-");
}

/* A file that nothing would read is a spelling mistake whose author thinks that it works. */
static gboolean check_names(const char *path, gboolean top, GError **error)
{
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory))) {
		gboolean known = top ? g_strv_contains(texts_languages, name) : texts_row(name) || strcmp(name, SENTENCES) == 0;
		g_autofree char *inside = g_build_filename(path, name, NULL);

		if (is_left_over(name))
			continue;
		if (!known)
			return fail(error, inside, 0, top ? "no language of ours (en, nl, fr, de)" : "there is no text of this name");
		if (top && !check_names(inside, FALSE, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean exists(const char *path)
{
	struct stat status;

	return find_built_in(path) || lstat(path, &status) == 0;
}

static gboolean read_directory(struct texts *texts, const char *directory, const char *language, GError **error)
{
	g_autofree char *sentences = g_build_filename(directory, language, SENTENCES, NULL);

	for (const struct texts_row *row = texts_table; row->name; row++) {
		g_autofree char *path = g_build_filename(directory, language, row->name, NULL);
		g_autofree char *key = g_strdup_printf("%s/%s", language, row->name);

		if (!g_hash_table_contains(texts->all, key) && exists(path) && !read_text(texts, path, key, row, error) && !forgive(texts, error))
			return FALSE;
	}
	return !exists(sentences) || read_sentences(texts, sentences, language, error) || forgive(texts, error);
}

static gboolean has(const struct texts *texts, const char *kind, const char *name)
{
	g_autofree char *key = g_strdup_printf("%s/%s%s", texts_languages[0], kind, name);

	return g_hash_table_contains(texts->all, key);
}

static gboolean check_complete(const struct texts *texts, const char *const *directories, GError **error)
{
	g_autofree char *places = g_strjoinv(", ", (char **)directories);

	for (const struct texts_row *row = texts_table; row->name; row++)
		if (!has(texts, "", row->name)) {
			g_set_error(error, TEXTS_ERROR, TEXTS_ERROR_FILE, "no text en/%s in any of: %s", row->name, places);
			return FALSE;
		}
	for (const char *const *key = texts_keys; *key; key++)
		if (!has(texts, SENTENCES "/", *key)) {
			g_set_error(error, TEXTS_ERROR, TEXTS_ERROR_FILE, "no sentence %s in en/sentences in any of: %s", *key, places);
			return FALSE;
		}
	return TRUE;
}

static struct texts *load(const char *const *directories, GPtrArray *problems, GError **error)
{
	texts_auto struct texts *texts = g_new0(struct texts, 1);

	texts->problems = problems;
	texts->all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_text);
	for (const char *const *directory = directories; *directory; directory++) {
		if (!check_names(*directory, TRUE, error) && !forgive(texts, error))
			return NULL;
		for (guint i = 0; texts_languages[i]; i++)
			if (!read_directory(texts, *directory, texts_languages[i], error))
				return NULL;
	}
	return check_complete(texts, directories, error) ? g_steal_pointer(&texts) : NULL;
}

struct texts *texts_load(const char *const *directories, GError **error)
{
	return load(directories, NULL, error);
}

struct texts *texts_load_site(const struct settings *settings, GPtrArray *problems, GError **error)
{
	const char *const directories[] = {
		settings_text(settings, SET_texts_directory, NULL),
		ROLLCALL_DATA "/texts",
		built_in,
		NULL,
	};

	g_autoptr(GError) reason = NULL;
	struct texts *texts = load(directories, problems, &reason);

	if (!texts)
		g_propagate_error(error, g_steal_pointer(&reason));
	return texts;
}

/* In the language ("nl-BE" is "nl"), else in English, else NULL. */
static const struct text *find(const struct texts *texts, const char *language, const char *name)
{
	g_autofree char *own = g_strdup_printf("%.2s/%s", language, name);
	g_autofree char *english = g_strdup_printf("%s/%s", texts_languages[0], name);
	const struct text *text = g_hash_table_lookup(texts->all, own);

	return text ? text : g_hash_table_lookup(texts->all, english);
}

void texts_fill(const struct texts *texts, const char *language, const char *name, const struct texts_field *fields,
	struct texts_filled *filled)
{
	/* "Already decided: " and nothing behind it: the last field has no value. */
	static const char *const ends[] = {"\302\240: ", " : ", ": "};
	const struct text *text = find(texts, language, name);
	g_autoptr(GString) subject = g_string_new(NULL);
	GString *body = g_string_new(NULL);

	if (!text || !text->subject)
		log_panic("texts: there is no text %s", name);
	texts_fill_line(text->subject, fields, subject);
	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
		if (g_str_has_suffix(subject->str, ends[i]))
			g_string_truncate(subject, subject->len - strlen(ends[i]));
	texts_fill_body(text->body, fields, body);
	filled->subject = clean_text(subject->str, TEXTS_SUBJECT);
	filled->body = g_string_free(body, FALSE);
}

void texts_clear(struct texts_filled *filled)
{
	g_clear_pointer(&filled->subject, g_free);
	g_clear_pointer(&filled->body, g_free);
}

char *texts_sentence(const struct texts *texts, const char *language, const char *key, const struct texts_field *fields)
{
	g_autofree char *name = g_strdup_printf(SENTENCES "/%s", key);
	const struct text *text = find(texts, language, name);
	g_autoptr(GString) line = g_string_new(NULL);

	if (!text)
		return NULL;
	texts_fill_line(text->body, fields, line);
	return g_string_free(g_steal_pointer(&line), FALSE);
}
