/*
 * An issue of three posts, one of them any bytes that got as far as being sent: whatever it is, the others are there byte for byte in the MIME
 * form, the separators of RFC 1153 are as many as there are posts, and every line can travel.
 */
#include <stdint.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/mail/digest.h"
#include "lib/mail/long_lines.h"
#include "lib/mail/mail.h"

static const char other[] = "From: a@example.org\r\nSubject: other\r\n\r\nthe other post\r\n";

static struct texts *texts;

static void check(gboolean good, const char *what)
{
	if (!good)
		log_panic("%s", what);
}

/* The program stands in BUILD/fuzz of the project's root. */
static void warm_up(void)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = g_path_get_dirname(program);
	g_autofree char *path = g_build_filename(folder, "../../lib/mail/texts", NULL);
	const char *const directories[] = {path, NULL};

	g_free(mail_warm_up());
	texts = texts_load(directories, NULL);
	check(texts != NULL, "no texts");
}

/* Lines of 30 hyphens, in text that is not base64: quoted-printable escapes the first, and may break a longer line before it. */
static guint separators(const char *text, gboolean quoted)
{
	static const char rest[] = "-----------------------------\r\n";
	const char *first = quoted ? "=2D" : "-";
	guint count = 0;

	for (const char *line = text; *line;) {
		const char *end = strstr(line, "\r\n");

		if (line > text && !(quoted && line[-3] == '=') && g_str_has_prefix(line, first) && g_str_has_prefix(line + strlen(first), rest))
			count++;
		line = end ? end + 2 : line + strlen(line);
	}
	return count;
}

static void check_form(const struct digest_issue *issue, enum digest_form form)
{
	struct compose_message message;

	digest_build(issue, form, &message);
	check(message.body->len == strlen(message.body->str), "a NUL in a digest");
	check(!long_lines_found(message.body->str, message.body->len), "a long line in a digest");
	if (form == DIGEST_MIME) {
		const char *first = strstr(message.body->str, other);

		check(first && strstr(first + 1, other), "a post is missing");
	}
	g_autofree char *encoding = header_value(&message.header, "Content-Transfer-Encoding", 0);
	if (form == DIGEST_PLAIN && g_strcmp0(encoding, "base64") != 0)
		check(separators(message.body->str, g_strcmp0(encoding, "quoted-printable") == 0) == issue->count, "a separator too many or too few");
	compose_message_clear(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!texts)
		warm_up();
	/* Nothing else gets as far: the linter stands before Postfix. */
	if (memchr(data, 0, size))
		return 0;
	const struct digest_post posts[] = {
		{.data = other, .length = strlen(other)},
		{.data = (const char *)data, .length = size, .archived_at = "https://archive.example.org/x"},
		{.data = other, .length = strlen(other)},
	};
	const struct digest_issue issue = {.list = "choir@lists.example.org", .language = "de", .texts = texts, .volume = 1, .number = 1,
		.part = 1, .parts = 2, .closed = 1795255200, .posts = posts, .count = G_N_ELEMENTS(posts)};

	check_form(&issue, DIGEST_MIME);
	check_form(&issue, DIGEST_PLAIN);
	check_form(&issue, DIGEST_SUMMARY);
	return 0;
}
