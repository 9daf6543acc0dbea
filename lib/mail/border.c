/* Our servers' fields; see border.h. */
#include "lib/mail/border.h"

#include <string.h>

#include "lib/mail/authres.h"
#include "lib/mail/received.h"

#define AUTHRES "Authentication-Results"

static const struct header_field *field_at(const struct header *header, guint index)
{
	return &g_array_index(header->fields, struct header_field, index);
}

static gboolean is_one_of(const char *const *names, const char *name)
{
	for (; name && names && *names; names++)
		if (g_ascii_strcasecmp(*names, name) == 0)
			return TRUE;
	return FALSE;
}

/* The next Received at `*index` or below; FALSE when there is none, or none that says who wrote it. */
static gboolean next_received(const struct header *header, guint *index, struct received *received)
{
	for (; *index < header->fields->len; (*index)++) {
		if (!header_is(field_at(header, *index), "Received"))
			continue;
		g_autofree char *value = header_field_value(field_at(header, *index));

		return received_parse(value, strlen(value), received);
	}
	return FALSE;
}

static void enter(struct border *border, guint index, struct received *received)
{
	g_free(border->login);
	border->login = g_steal_pointer(&received->login);
	border->trusted = index;
}

/* Where milters may have written below the entry: up to the next Received, which was there before. */
static guint below(const struct header *header, guint entry)
{
	for (guint i = entry + 1; i < header->fields->len; i++)
		if (header_is(field_at(header, i), "Received"))
			return i;
	return header->fields->len;
}

void border_find(const struct border_setup *setup, const struct header *header, struct border *border)
{
	gboolean more = TRUE, entered = FALSE, named = !setup->queue_id;
	guint index = 0;

	*border = (struct border){0};
	for (guint hops = 0; more && hops < BORDER_HOPS; hops++, index++) {
		struct received received;

		if (!next_received(header, &index, &received))
			break;
		more = is_one_of(setup->hosts, received.by);
		if (more) {
			named |= g_strcmp0(received.id, setup->queue_id) == 0;
			entered = TRUE;
			/* Whom it had it from, as it saw itself. */
			more = is_one_of(setup->hosts, received.client);
			enter(border, index, &received);
		}
		received_clear(&received);
	}
	/* A server that leaves its own Received out, or another's: what is on top then may be the sender's. */
	if (!named)
		border_clear(border);
	else if (entered && setup->results_below)
		border->trusted = below(header, border->trusted);
}

void border_clear(struct border *border)
{
	g_free(border->login);
	*border = (struct border){0};
}

static const char *known_result(const char *word)
{
	static const char *const words[] = {"pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"};

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strcmp(words[i], word) == 0)
			return words[i];
	return NULL;
}

/* The domain of "user@domain", "<user@domain>" or "domain"; NULL when there is none. */
static char *domain_of(const char *value)
{
	const char *at = value ? strrchr(value, '@') : NULL;
	const char *start = at ? at + 1 : value;
	size_t length = start ? strcspn(start, ">") : 0;

	if (start && *start == '<')
		return NULL;
	return length > 0 ? g_ascii_strdown(start, (gssize)length) : NULL;
}

/* A result by MAIL FROM; by HELO only where there is no MAIL FROM to go by. */
static gboolean take_spf(const struct authres *authres, struct authentication_spf *spf, gboolean helo)
{
	for (guint i = 0; i < authres->results->len; i++) {
		const struct authres_result *result = g_ptr_array_index(authres->results, i);
		const char *word = strcmp(result->method, "spf") == 0 ? known_result(result->result) : NULL;
		g_autofree char *domain = domain_of(authres_property(result, "smtp", helo ? "helo" : "mailfrom"));

		if (!word || !domain)
			continue;
		spf->result = word;
		spf->domain = g_steal_pointer(&domain);
		return TRUE;
	}
	return FALSE;
}

static gboolean read_spf(const struct border_setup *setup, const struct border *border, const struct header *header,
	struct authentication_spf *spf, gboolean helo)
{
	for (guint i = 0; i < border->trusted; i++) {
		struct authres authres;
		gboolean found = FALSE;

		if (!header_is(field_at(header, i), AUTHRES))
			continue;
		g_autofree char *value = header_field_value(field_at(header, i));
		if (!authres_parse(value, strlen(value), &authres))
			continue;
		if (is_one_of(setup->ids, authres.id))
			found = take_spf(&authres, spf, helo);
		authres_clear(&authres);
		if (found)
			return TRUE;
	}
	return FALSE;
}

void border_read_spf(const struct border_setup *setup, const struct border *border, const struct header *header,
	struct authentication_spf *spf)
{
	if (!read_spf(setup, border, header, spf, FALSE))
		(void)read_spf(setup, border, header, spf, TRUE);
}

guint border_strip(const struct border_setup *setup, const struct border *border, const char *own, struct header *header)
{
	guint trusted = border->trusted, removed = 0;
	const char *const no_names[] = {own, NULL};

	/* From the bottom, so that the indexes above stay. */
	for (guint i = header->fields->len; i-- > 0;) {
		if (!header_is(field_at(header, i), AUTHRES))
			continue;
		g_autofree char *value = header_field_value(field_at(header, i));
		g_autofree char *id = authres_id(value, strlen(value));
		gboolean forged = i >= trusted && (id ? is_one_of(setup->ids, id) : own || (setup->ids && *setup->ids));

		if (!forged && !is_one_of(no_names, id))
			continue;
		header_remove_index(header, i);
		removed++;
	}
	return removed;
}
