/* DMARC records; see dmarc_record.h. */
#include "lib/mail/dmarc_record.h"

#include <string.h>

#include "lib/base/text.h"

/* A tag's value as it stands between '=' and ';', outer blanks off. */
struct value {
	const char *data; /* NULL: no such tag */
	size_t length;
};

enum known { V, P, SP, NP, ADKIM, ASPF, T, PSD, RUA, KNOWN };

static const char *const names[KNOWN] = {"v", "p", "sp", "np", "adkim", "aspf", "t", "psd", "rua"};

static gboolean is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct value trim(const char *start, const char *end)
{
	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	return (struct value){.data = start, .length = (size_t)(end - start)};
}

/* "name = value" into its place; the first of two counts. What is no tag is passed over. */
static gboolean take_tag(const char *start, const char *end, struct value values[KNOWN], enum known *which)
{
	const char *equals = memchr(start, '=', (size_t)(end - start));

	if (!equals)
		return FALSE;
	struct value name = trim(start, equals), value = trim(equals + 1, end);
	for (enum known i = V; i < KNOWN; i++) {
		if (!text_equal_ascii_case(name.data, name.length, names[i]))
			continue;
		if (!values[i].data)
			values[i] = value;
		*which = i;
		return TRUE;
	}
	return FALSE;
}

/* FALSE when the first tag is not the version. */
static gboolean split(const char *text, size_t length, struct value values[KNOWN])
{
	const char *end = text + length;

	for (guint tags = 0; text < end && tags < DMARC_RECORD_TAGS; tags++) {
		const char *semicolon = memchr(text, ';', (size_t)(end - text));
		const char *stop = semicolon ? semicolon : end;
		enum known which = KNOWN;
		gboolean known = take_tag(text, stop, values, &which);

		if (tags == 0 && (!known || which != V))
			return FALSE;
		text = semicolon ? stop + 1 : end;
	}
	return values[V].length == 6 && memcmp(values[V].data, "DMARC1", 6) == 0;
}

static gboolean is_word(const struct value *value, const char *word)
{
	return value->data && text_equal_ascii_case(value->data, value->length, word);
}

const char *dmarc_policy_word(enum dmarc_policy policy)
{
	static const char *const words[] = {"none", "quarantine", "reject"};

	return words[policy];
}

/* FALSE when there is a tag and its value is no policy. */
static gboolean read_policy(const struct value *value, enum dmarc_policy otherwise, enum dmarc_policy *policy)
{
	*policy = otherwise;
	if (!value->data)
		return TRUE;
	for (enum dmarc_policy i = DMARC_NONE; i <= DMARC_REJECT; i++) {
		if (is_word(value, dmarc_policy_word(i))) {
			*policy = i;
			return TRUE;
		}
	}
	return FALSE;
}

/* A reporting address: all that matters here is that somebody is there who looks at reports, and so meant the record. */
static gboolean wants_reports(const struct value *rua)
{
	return rua->length > 7 && g_ascii_strncasecmp(rua->data, "mailto:", 7) == 0 && memchr(rua->data, '@', rua->length);
}

gboolean dmarc_record_parse(const char *text, size_t length, struct dmarc_record *record)
{
	struct value values[KNOWN] = {0};

	*record = (struct dmarc_record){0};
	if (length > DMARC_RECORD_BYTES || !split(text, length, values))
		return FALSE;
	gboolean readable = read_policy(&values[P], DMARC_NONE, &record->domain);

	readable &= read_policy(&values[SP], record->domain, &record->subdomains);
	readable &= read_policy(&values[NP], record->subdomains, &record->no_such_name);
	if (!readable)
		record->domain = record->subdomains = record->no_such_name = DMARC_NONE;
	record->usable = readable || wants_reports(&values[RUA]);
	record->strict_dkim = is_word(&values[ADKIM], "s");
	record->strict_spf = is_word(&values[ASPF], "s");
	record->testing = is_word(&values[T], "y");
	if (is_word(&values[PSD], "y"))
		record->psd = DMARC_PSD_YES;
	else if (is_word(&values[PSD], "n"))
		record->psd = DMARC_PSD_NO;
	return TRUE;
}
