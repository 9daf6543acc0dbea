/* Scenario and search files of a site; see rules_set.h for the promise. */
#include "lib/rules/rules_set.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/rules/rules_distributed.h"
#include "lib/rules/rules_internal.h"

/* One file. Its name is with the folder: "scenari/send.private". */
struct file {
	char *scope, *path, *name, *text;
};

struct rules_set {
	GPtrArray *files;    /* of struct file, in search order */
	GPtrArray *scopes;   /* of places */
	GHashTable *compiled; /* "SCOPE NAME" to scenario, NULL where it does not compile */
	GHashTable *reasons;  /* the same to why */
	const char *const *parameters;
	gsize bytes;
};

/* Where an include is looked for. */
struct search {
	struct rules_set *set;
	const char *list;
};

static const char *const folders[] = {"scenari", "search_filters"};

static void file_free(gpointer data)
{
	struct file *file = data;

	g_free(file->scope);
	g_free(file->path);
	g_free(file->name);
	g_free(file->text);
	g_free(file);
}

/* ---- reading ---- */

/* Letters, digits, "_", "-" and "." behind "send." or "include."; ".txt" for a search file. */
static gboolean is_wanted(guint folder, const char *name)
{
	gsize length = strlen(name);

	if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") != length)
		return FALSE;
	if (folder == 1)
		return name[0] != '.' && g_str_has_suffix(name, ".txt");
	return (g_str_has_prefix(name, "send.") && length > strlen("send.")) ||
	       (g_str_has_prefix(name, "include.") && length > strlen("include."));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a folder that are wanted, sorted, so that problems come in one order. */
static GPtrArray *list_folder(const char *directory, guint folder)
{
	g_autofree char *path = g_build_filename(directory, folders[folder], NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (is_wanted(folder, name))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	return names;
}

/* A regular file of at most `limit` bytes; NULL with `*why`. A FIFO must not make us wait. */
static char *read_file(const char *path, gsize limit, gsize *length, const char **why)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	g_autofree char *text = g_malloc(limit + 2);

	*length = 0;
	if (fd < 0 || fstat(fd, &status) < 0) {
		*why = g_strerror(errno);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	ssize_t got = S_ISREG(status.st_mode) ? 1 : 0;
	*why = S_ISREG(status.st_mode) ? NULL : "not a regular file";
	while (got > 0 && *length <= limit) {
		got = read(fd, text + *length, limit + 1 - *length);
		*length += got > 0 ? (gsize)got : 0;
	}
	if (got < 0)
		*why = g_strerror(errno);
	close(fd);
	if (!*why && *length > limit)
		*why = "the file is too big";
	if (!*why && memchr(text, '\0', *length))
		*why = "a NUL byte in it: not a text";
	if (*why)
		return NULL;
	text[*length] = '\0';
	return g_realloc(g_steal_pointer(&text), *length + 1);
}

static void load_file(struct rules_set *set, const struct rules_place *place, guint folder, const char *name, GPtrArray *problems)
{
	struct file *file = g_new0(struct file, 1);
	const char *why = NULL;
	gsize length;

	file->scope = g_ascii_strdown(place->scope, -1);
	file->path = g_build_filename(place->directory, folders[folder], name, NULL);
	file->name = g_build_filename(folders[folder], name, NULL);
	file->text = read_file(file->path, folder == 0 ? RULES_FILE : RULES_SET_FILTER, &length, &why);
	if (file->text && (set->files->len >= RULES_SET_FILES || set->bytes + length > RULES_SET_BYTES))
		why = "there are too many files, or too many bytes in them";
	if (why) {
		rules_problem_add(problems, file->path, 1, why);
		/* It stays: a scenario that cannot be read must not be replaced by one of the same name further on. */
		g_clear_pointer(&file->text, g_free);
	}
	if (file->text && folder == 1 && strcmp(name, "ban.txt") == 0)
		rules_ban_check(file->path, file->text, problems);
	set->bytes += length;
	g_ptr_array_add(set->files, file);
}

/* What stands behind all places: the scenarios that came with the program. They are installed as files, too, to be read and copied. */
static void load_distributed(struct rules_set *set)
{
	for (const struct rules_distributed *one = rules_distributed; one->name; one++) {
		struct file *file = g_new0(struct file, 1);

		file->scope = g_strdup("");
		file->path = g_build_filename(ROLLCALL_DATA, folders[0], one->name, NULL);
		file->name = g_build_filename(folders[0], one->name, NULL);
		file->text = g_strdup(one->text);
		g_ptr_array_add(set->files, file);
	}
}

/* ---- finding ---- */

/* Whether what is for `scope` is for `list` (NAME@DOMAIN, or a DOMAIN alone). */
static gboolean is_for(const char *scope, const char *list)
{
	const char *at = strchr(list, '@');

	return !*scope || g_ascii_strcasecmp(scope, list) == 0 || (at && g_ascii_strcasecmp(scope, at + 1) == 0);
}

static const struct file *find_file(const struct rules_set *set, const char *list, const char *name)
{
	for (guint i = 0; i < set->files->len; i++) {
		const struct file *file = g_ptr_array_index(set->files, i);

		if (strcmp(file->name, name) == 0 && is_for(file->scope, list))
			return file;
	}
	return NULL;
}

gboolean rules_set_text(const struct rules_set *set, const char *list, const char *name, struct rules_text *found)
{
	g_autofree char *path = g_build_filename(folders[0], name, NULL);
	const struct file *file = find_file(set, list, path);

	if (!file || !file->text)
		return FALSE;
	*found = (struct rules_text){.file = g_strdup(file->path), .text = g_strdup(file->text)};
	return TRUE;
}

static gboolean find_include(gpointer context, const char *name, struct rules_text *found)
{
	const struct search *search = context;
	g_autofree char *file = g_strconcat("include.", name, NULL);

	return rules_set_text(search->set, search->list, file, found);
}

/* The scope by which a list's scenarios differ from others': its own, its domain's, or "". */
static const char *scope_of(const struct rules_set *set, const char *list)
{
	const char *domain = strchr(list, '@'), *best = "";

	for (guint i = 0; i < set->scopes->len; i++) {
		const char *scope = g_ptr_array_index(set->scopes, i);

		if (g_ascii_strcasecmp(scope, list) == 0)
			return scope;
		if (domain && g_ascii_strcasecmp(scope, domain + 1) == 0)
			best = scope;
	}
	return best;
}

/* Of those from `first` on; before it stand other files'. */
static char *first_error(const GPtrArray *problems, guint first)
{
	for (guint i = first; i < problems->len; i++) {
		const struct rules_problem *problem = g_ptr_array_index(problems, i);

		if (!problem->warning)
			return rules_problem_text(problem);
	}
	return NULL;
}

static struct rules_scenario *compile(struct rules_set *set, const char *list, const struct file *file, GPtrArray *problems)
{
	struct search search = {.set = set, .list = list};
	const struct rules_source source = {
		.file = file->path,
		.text = file->text,
		.include = find_include,
		.context = &search,
		.parameters = set->parameters,
	};

	return rules_compile(&source, problems);
}

/* Compiles send.`name` for this scope and remembers it. */
static void compile_for(struct rules_set *set, const char *scope, const char *name, GPtrArray *problems)
{
	g_autofree char *path = g_strconcat("scenari/send.", name, NULL);
	const struct file *file = find_file(set, scope, path);
	char *key = g_strdup_printf("%s %s", scope, name);
	struct rules_scenario *scenario = NULL;
	guint before = problems->len;

	if (!file)
		g_hash_table_insert(set->reasons, g_strdup(key), g_strdup_printf("there is no file send.%s", name));
	else if (!file->text)
		g_hash_table_insert(set->reasons, g_strdup(key), g_strdup_printf("%s: could not be read", file->path));
	else if (!(scenario = compile(set, scope, file, problems)))
		g_hash_table_insert(set->reasons, g_strdup(key), first_error(problems, before));
	g_hash_table_insert(set->compiled, key, scenario);
}

const struct rules_scenario *rules_set_find(struct rules_set *set, const char *list, const char *name, char **reason)
{
	const char *scope = scope_of(set, list);
	g_autofree char *key = g_strdup_printf("%s %s", scope, name);
	g_autoptr(GPtrArray) problems = rules_problems_new();

	if (!g_hash_table_contains(set->compiled, key))
		compile_for(set, scope, name, problems);
	const struct rules_scenario *scenario = g_hash_table_lookup(set->compiled, key);
	*reason = scenario ? NULL : g_strdup(g_hash_table_lookup(set->reasons, key));
	return scenario;
}

void rules_set_filter(const struct rules_set *set, const char *list, const char *name, GPtrArray *texts)
{
	g_autofree char *path = g_strconcat("search_filters/", name, NULL);

	for (guint i = 0; i < set->files->len; i++) {
		const struct file *file = g_ptr_array_index(set->files, i);

		if (file->text && strcmp(file->name, path) == 0 && is_for(file->scope, list))
			g_ptr_array_add(texts, g_strdup(file->text));
	}
}

void rules_set_each(const struct rules_set *set, void (*visit)(gpointer context, const struct rules_scenario *scenario), gpointer context)
{
	GHashTableIter iterator;
	gpointer scenario;

	g_hash_table_iter_init(&iterator, set->compiled);
	while (g_hash_table_iter_next(&iterator, NULL, &scenario))
		if (scenario)
			visit(context, scenario);
}

/* ---- the whole ---- */

static void scenario_free(gpointer scenario)
{
	rules_scenario_free(scenario);
}

struct rules_set *rules_set_load(const struct rules_place *places, guint count, const char *const *parameters, GPtrArray *problems)
{
	struct rules_set *set = g_new0(struct rules_set, 1);

	set->files = g_ptr_array_new_with_free_func(file_free);
	set->scopes = g_ptr_array_new_with_free_func(g_free);
	set->compiled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, scenario_free);
	set->reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	set->parameters = parameters;
	for (guint i = 0; i < count; i++) {
		g_ptr_array_add(set->scopes, g_ascii_strdown(places[i].scope, -1));
		for (guint folder = 0; folder < G_N_ELEMENTS(folders); folder++) {
			g_autoptr(GPtrArray) names = list_folder(places[i].directory, folder);

			for (guint j = 0; j < names->len; j++)
				load_file(set, &places[i], folder, g_ptr_array_index(names, j), problems);
		}
	}
	load_distributed(set);
	for (guint i = 0; i < set->files->len; i++) {
		const struct file *file = g_ptr_array_index(set->files, i);

		g_autofree char *key = g_strdup_printf("%s %s", file->scope, strchr(file->name, '.') + 1);
		if (g_str_has_prefix(file->name, "scenari/send.") && !g_hash_table_contains(set->compiled, key))
			compile_for(set, file->scope, file->name + strlen("scenari/send."), problems);
	}
	return set;
}

void rules_set_free(struct rules_set *set)
{
	if (!set)
		return;
	g_ptr_array_unref(set->files);
	g_ptr_array_unref(set->scopes);
	g_hash_table_unref(set->compiled);
	g_hash_table_unref(set->reasons);
	g_free(set);
}
