/*
 * Puts one post into an archive, as the archiver does, for tests that kill it on the way:
 *     archive_probe ARCHIVE LIST AT REPEATED [KEY [CA-FILE]] <post
 * Prints the result's word and, unless it is done, why. With KEY "-" there is none. "probe" for REPEATED only asks whether it would take posts.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/archive/archive.h"

static int read_post(void)
{
	char piece[65536];
	int fd = io_memory_file("post");

	for (ssize_t count; (count = read(STDIN_FILENO, piece, sizeof(piece))) > 0;)
		if (io_write_all(fd, piece, (size_t)count, deadline_in(10)) != IO_OK)
			return -1;
	return io_memory_seal(fd) ? fd : -1;
}

int main(int argc, char **argv)
{
	static const char *const words[] = {"done", "refused", "trouble", "broken", "silent"};
	archive_place_auto struct archive_place place = {0};
	struct io_mapping message = {0};
	g_autoptr(GError) error = NULL;
	g_autofree char *why = NULL;

	if (argc < 5)
		return 64;
	g_autofree char *text = g_strdup_printf("[domain lists.example.org]\n[list %s]\narchive = %s\n", argv[2], argv[1]);
	settings_auto struct settings *settings = settings_parse(text, strlen(text), "probe", &error);
	if (!settings || !archive_place_read(settings, argv[2], &place, &error) || !io_map(read_post(), TRUE, &message)) {
		printf("bad %s\n", error ? error->message : "message");
		return 1;
	}
	const struct archive_post post = {
		.place = &place,
		.list = argv[2],
		.key = argc > 5 && strcmp(argv[5], "-") != 0 ? argv[5] : NULL,
		.ca_file = argc > 6 ? argv[6] : "",
		.message = &message,
		.at = g_ascii_strtoll(argv[3], NULL, 10),
		.repeated = strcmp(argv[4], "yes") == 0,
	};
	if (strcmp(argv[4], "probe") == 0)
		puts(archive_probe(&post, &why) ? "good" : "bad");
	else
		puts(words[archive_put(&post, &why)]);
	if (why)
		puts(why);
	return 0;
}
