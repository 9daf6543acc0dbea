/* Messages in one file; see bundle.h. */
#include "lib/wire/bundle.h"

#include <string.h>

#include "lib/base/deadline.h"

enum { WORD = 4096, PATIENCE = 60 }; /* bytes of a word with its NUL; seconds to write it to memory */

struct head {
	guint64 word, data; /* bytes that follow */
};

gboolean bundle_begin(int fd, const char *word, guint64 length)
{
	const struct head head = {.word = strlen(word) + 1, .data = length};
	struct deadline deadline = deadline_in(PATIENCE);

	return io_write_all(fd, &head, sizeof(head), deadline) == IO_OK && io_write_all(fd, word, head.word, deadline) == IO_OK;
}

GArray *bundle_read(const struct io_mapping *mapping)
{
	g_autoptr(GArray) messages = g_array_new(FALSE, FALSE, sizeof(struct bundle_message));

	for (size_t place = 0; place < mapping->length;) {
		size_t left = mapping->length - place;
		struct head head;

		if (left < sizeof(head))
			return NULL;
		memcpy(&head, mapping->data + place, sizeof(head));
		left -= sizeof(head);
		place += sizeof(head);
		if (head.word == 0 || head.word > WORD || head.word > left || head.data > left - head.word ||
			mapping->data[place + head.word - 1] != '\0')
			return NULL;
		const struct bundle_message message = {
			.word = mapping->data + place,
			.data = mapping->data + place + head.word,
			.length = head.data,
		};
		g_array_append_val(messages, message);
		place += head.word + head.data;
	}
	return g_steal_pointer(&messages);
}
