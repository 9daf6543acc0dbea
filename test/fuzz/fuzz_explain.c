/*
 * Letters as a parser process that an attacker owns could answer them: `rollcall explain`, which may be run by root on a terminal, reads, prints and
 * writes JSON of them. Nothing of it may be a terminal's command, and the JSON must be one line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/explain_text.h"
#include "cli/json.h"
#include "lib/base/explain_letter.h"
#include "lib/base/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, const char *allowed)
{
	for (; *text; text++)
		if (((guchar)*text < 32 || *text == 127) && !strchr(allowed, *text))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	io_autofd int fd = io_memory_file_with("letter", data, size);
	g_autoptr(GVariant) answer = explain_letter_read(fd, EXPLAIN_ANSWER);

	if (!answer)
		return 0;
	g_autofree char *text = explain_text(answer);
	g_autoptr(GString) json = g_string_new(NULL);
	json_append_value(json, answer);
	check(text, "\n");
	check(json->str, "");
	return 0;
}
