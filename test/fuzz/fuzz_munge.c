/* room: intake */
/*
 * From made the list's: "WAYS NAME NUL HEADER". Whatever name and fields an author sends, there is one From, its only address is the list's, no field
 * comes about that is not ours, and References and Message-ID stay. Also whether a signature survives, against itself.
 */
#include <stdint.h>
#include <string.h>

#include "lib/mail/author.h"
#include "lib/mail/author_intact.h"
#include "lib/mail/clean.h"
#include "lib/mail/mail.h"
#include "lib/mail/munge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int what)
{
	if (!what)
		__builtin_trap();
}

static void look_at_from(const struct header *header, const char *list)
{
	struct author author = {0};
	struct verdict verdict = author_read(header, FALSE, &author);

	demand(!verdict_is_final(&verdict) && strcmp(author.address, list) == 0);
	demand(author.name && !strchr(author.name, '@'));
	author_clear(&author);
}

static guint count_ours(const struct header *header)
{
	static const char *const ours[] = {"From", "Sender", "Author", "Reply-To", "Cc", "Autocrypt"};
	guint count = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(ours); i++)
		count += header_count(header, ours[i]);
	return count;
}

static void munge_one(const struct header *came, const struct munge *munge)
{
	struct header header = {0};

	header_copy(came, &header);
	guint others = header.fields->len - count_ours(&header);
	munge_from(munge, &header);
	look_at_from(&header, munge->list);
	demand(header.fields->len - count_ours(&header) == others);
	demand(header_count(&header, "Author") <= 1 && header_count(&header, "Autocrypt") == 0 && header_count(&header, "Sender") == 1);
	header_clear(&header);
}

static void wrap_one(const struct header *came, const struct munge *munge)
{
	struct header header = {0};
	GString *body = NULL;
	const struct wrap wrap = {.munge = *munge, .came = came, .body = "x\r\n", .length = 3};

	header_copy(came, &header);
	struct verdict verdict = munge_wrap(&wrap, &header, &body);
	demand(verdict_is_final(&verdict) == (body == NULL));
	if (body) {
		look_at_from(&header, munge->list);
		demand(header_count(&header, "Content-Type") == 1 && header_count(&header, "MIME-Version") == 1);
		demand(g_str_has_suffix(body->str, "\r\n\r\nx\r\n") || g_str_has_prefix(body->str, "\r\nx"));
		g_string_free(body, TRUE);
	}
	header_clear(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const ways[] = {"author", "list", "both"};
	static gboolean warm;
	struct header came = {0};
	size_t body;

	if (size < 2 || size > 8000)
		return 0;
	if (!warm)
		g_free(mail_warm_up());
	warm = TRUE;
	const char *nul = memchr(data + 1, '\0', size - 1);
	if (!nul)
		return 0;
	g_autofree char *raw = g_utf8_make_valid((const char *)data + 1, -1), *name = clean_text(raw, AUTHOR_NAME);
	size_t length = size - (size_t)(nul + 1 - (const char *)data);
	g_autofree char *block = length ? g_memdup2(nul + 1, length) : g_strdup("");
	if (header_parse(block, length, &came, &body) != HEADER_OK)
		return 0;
	const struct munge munge = {
		.list = "choir@lists.example.org",
		.author = data[0] & 4 ? NULL : "\"a b\"@x.example",
		.name = *name ? name : NULL,
		.reply_to = ways[data[0] % 3],
	};
	munge_one(&came, &munge);
	wrap_one(&came, &munge);
	for (guint i = 0; i < MIN(header_count(&came, "DKIM-Signature"), 5); i++)
		(void)author_intact(&came, &came, i);
	header_clear(&came);
	return 0;
}
