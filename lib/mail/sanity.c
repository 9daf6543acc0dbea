/* Whether a message means the same to everybody; see sanity.h for the promise. */
#include "lib/mail/sanity.h"

#include <string.h>

#include "lib/base/text.h"

static const char *const single_fields[] = {"From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "To", "Cc",
	"In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};

static const char *const address_fields[] = {"Sender", "Reply-To", "To", "Cc"};

static const struct {
	guint flag;
	const char *text;
} ambiguities[] = {
	{WALK_NO_BOUNDARY, "has no boundary"},
	{WALK_LONG_BOUNDARY, "has a boundary that is too long"},
	{WALK_SAME_BOUNDARY, "has the same boundary as one around it"},
	{WALK_PREFIX_BOUNDARY, "has a boundary that another one begins with"},
	{WALK_NEAR_BOUNDARY, "has a line that begins with its boundary and goes on"},
	{WALK_UNSURE_BOUNDARY, "has a Content-Type that can be read in more than one way"},
};

static struct verdict check_single(const struct header *header)
{
	for (guint i = 0; i < G_N_ELEMENTS(single_fields); i++) {
		guint count = header_count(header, single_fields[i]);

		if (count > 1)
			return verdict_unclear("5.6.0", "This message has %u fields called %s; there may be only one", count,
				single_fields[i]);
	}
	return VERDICT_UNDECIDED;
}

static gboolean is_address_byte(char c)
{
	return (unsigned char)c > 127 || g_ascii_isalnum(c) || memchr("!#$%&'*+-/=?^_`{|}~.", c, 20);
}

/* Whether the address around the '@' at `place` has a byte above 127. It ends at the next '@', so all of them cost linear time. */
static gboolean has_8bit_around(const char *value, const char *place)
{
	for (const char *c = place; c > value && is_address_byte(c[-1]); c--)
		if ((unsigned char)c[-1] > 127)
			return TRUE;
	for (const char *c = place + 1; is_address_byte(*c); c++)
		if ((unsigned char)*c > 127)
			return TRUE;
	return FALSE;
}

/* A display name in raw UTF-8 is tolerated, an address is not. Quoted text is no address; a quoted local part in UTF-8 slips through. */
static gboolean has_8bit_address(const char *value)
{
	gboolean quoted = FALSE;

	for (const char *c = value; *c; c++) {
		if (*c == '\\' && c[1] != '\0') {
			c++;
			continue;
		}
		if (*c == '"')
			quoted = !quoted;
		if (!quoted && *c == '@' && has_8bit_around(value, c))
			return TRUE;
	}
	return FALSE;
}

static struct verdict check_addresses(const struct header *header, gboolean utf8_allowed)
{
	for (guint i = 0; i < G_N_ELEMENTS(address_fields); i++) {
		g_autofree char *value = header_value(header, address_fields[i], 0);

		if (!value || !text_has_8bit(value, strlen(value)))
			continue;
		if (!text_is_utf8(value, strlen(value)))
			return verdict_unclear("5.6.0", "The %s field of this message is neither ASCII nor UTF-8", address_fields[i]);
		if (!utf8_allowed && has_8bit_address(value))
			return verdict_unclear("5.6.7", "The %s field of this message has an address that needs SMTPUTF8",
				address_fields[i]);
	}
	return VERDICT_UNDECIDED;
}

static struct verdict check_structure(const struct walk *walk)
{
	for (guint i = 0; i < G_N_ELEMENTS(ambiguities); i++)
		if (walk->flags & ambiguities[i].flag)
			return verdict_unclear("5.6.0", "A part of this message %s, so not everybody would see the same",
				ambiguities[i].text);
	return VERDICT_UNDECIDED;
}

struct verdict sanity_check(const struct header *header, const struct walk *walk, gboolean utf8_allowed)
{
	struct verdict verdict = check_single(header);

	if (!verdict_is_final(&verdict))
		verdict = check_addresses(header, utf8_allowed);
	if (!verdict_is_final(&verdict))
		verdict = check_structure(walk);
	return verdict;
}
