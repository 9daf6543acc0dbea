/*
 * An intake child without a parser: opens one phase on the wire and asks what it is told, for test_dispatch.py.
 *     wire_probe TICKETS-DESCRIPTOR DIRECTORY
 * A line of JSON on stdin is a question: {"request": NAME, "arguments": [...], "file": PATH or absent}; a line of JSON on stdout
 * its answer: {"class", "code", "status", "text", "answer": [...] or null, "file": PATH or null}. The phase ends with stdin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/wire/wire.h"

static const char *const types[WIRE_REQUEST_COUNT] = {
#define X(name, arguments, answer) [WIRE_##name] = arguments,
	WIRE_REQUESTS(X)
#undef X
};

static enum wire_request find_request(const char *name)
{
	for (guint i = 0; i < WIRE_REQUEST_COUNT; i++)
		if (strcmp(wire_request_word(i), name) == 0)
			return (enum wire_request)i;
	log_fatal("no request %s", name);
}

static int load_message(const char *path)
{
	g_autofree char *data = NULL;
	gsize length;

	if (!path)
		return -1;
	if (!g_file_get_contents(path, &data, &length, NULL))
		log_fatal("cannot read %s", path);
	return io_memory_file_with("message", data, length);
}

/* Writes what came beside an answer to a file; NULL when nothing did. */
static char *save_message(int fd, const char *directory)
{
	struct io_mapping mapping;

	if (fd < 0)
		return NULL;
	if (!io_map(fd, TRUE, &mapping))
		log_fatal("what came along is no sealed memory file");
	char *path = g_strdup_printf("%s/answer.%d", directory, (int)getpid());
	if (!g_file_set_contents(path, mapping.data ? mapping.data : "", (gssize)mapping.length, NULL))
		log_fatal("cannot write %s", path);
	io_unmap(&mapping);
	return path;
}

static void print(const struct verdict *verdict, GVariant *answer, const char *file)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "class");
	json_builder_add_string_value(builder, verdict_word(verdict->class));
	json_builder_set_member_name(builder, "code");
	json_builder_add_int_value(builder, verdict->code);
	json_builder_set_member_name(builder, "text");
	json_builder_add_string_value(builder, verdict->text);
	json_builder_set_member_name(builder, "answer");
	json_builder_add_value(builder, answer ? json_gvariant_serialize(answer) : json_node_new(JSON_NODE_NULL));
	json_builder_set_member_name(builder, "file");
	if (file)
		json_builder_add_string_value(builder, file);
	else
		json_builder_add_null_value(builder);
	json_builder_end_object(builder);
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *line = json_to_string(root, FALSE);
	puts(line);
	fflush(stdout);
}

static void ask(int phase, const char *line, const char *directory)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) root = json_from_string(line, &error);

	if (!root)
		log_fatal("%s", error->message);
	JsonObject *object = json_node_get_object(root);
	enum wire_request request = find_request(json_object_get_string_member(object, "request"));
	GVariant *arguments = json_gvariant_deserialize(json_object_get_member(object, "arguments"), types[request], &error);
	if (!arguments)
		log_fatal("%s", error->message);
	int message = load_message(json_object_get_string_member_with_default(object, "file", NULL)), came = -1;
	struct wire_question question = {.request = request, .arguments = arguments, .fd = message, .answer_fd = &came};
	struct verdict verdict;
	g_autoptr(GVariant) answer = wire_call(phase, &question, deadline_in(60), &verdict);
	g_autofree char *file = save_message(came, directory);
	print(&verdict, answer, file);
	io_close(&message);
	io_close(&came);
}

int main(int argc, char **argv)
{
	g_autofree char *line = NULL;
	size_t size = 0;

	if (argc != 3)
		return 64;
	log_open("wire_probe", LOG_TARGET_STDERR);
	int phase = wire_open((int)g_ascii_strtoll(argv[1], NULL, 10), deadline_in(10));
	if (phase < 0)
		log_fatal("no phase");
	while (getline(&line, &size, stdin) > 0)
		ask(phase, line, argv[2]);
	io_close(&phase);
	return 0;
}
