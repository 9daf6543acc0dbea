/* Tokens for a job's receivers; see job_tokens.h. */
#include "lmtpd/dispatch/job_tokens.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/list/token.h"
#include "lib/store/store_token.h"

static const struct {
	enum jobs_kind kind;
	enum store_held_kind held;
	enum store_action action;
	const char *name;
} rows[] = {
	{JOBS_NOTICE_MODERATORS, STORE_HELD_MODERATION, STORE_ACTION_ACCEPT, "accept"},
	{JOBS_NOTICE_MODERATORS, STORE_HELD_MODERATION, STORE_ACTION_REJECT, "reject"},
	{JOBS_NOTICE_MODERATORS, STORE_HELD_MODERATION, STORE_ACTION_DISCARD, "discard"},
	{JOBS_NOTICE_MODERATORS, STORE_HELD_MODERATION, STORE_ACTION_REPLY, "reply"},
	/* A reply that says reject is a discard: the author hears of neither. */
	{JOBS_NOTICE_MODERATORS, STORE_HELD_AMBIGUOUS, STORE_ACTION_ACCEPT, "accept"},
	{JOBS_NOTICE_MODERATORS, STORE_HELD_AMBIGUOUS, STORE_ACTION_DISCARD, "discard"},
	{JOBS_NOTICE_MODERATORS, STORE_HELD_AMBIGUOUS, STORE_ACTION_REPLY, "reply"},
	{JOBS_SECOND, STORE_HELD_AMBIGUOUS, STORE_ACTION_ACCEPT, "accept"},
	{JOBS_SECOND, STORE_HELD_AMBIGUOUS, STORE_ACTION_REJECT, "reject"},
	{JOBS_SECOND, STORE_HELD_AMBIGUOUS, STORE_ACTION_DISCARD, "discard"},
	/* To let out what nobody has read takes the console. */
	{JOBS_NOTICE_OWNERS, STORE_HELD_UNPARSED, STORE_ACTION_DISCARD, "discard"},
	{JOBS_SECOND, STORE_HELD_UNPARSED, STORE_ACTION_DISCARD, "discard"},
	{JOBS_NOTICE_AUTHOR, STORE_HELD_MODERATION, STORE_ACTION_WITHDRAW, "withdraw"},
	{JOBS_NOTICE_AUTHOR, STORE_HELD_CONFIRMATION, STORE_ACTION_CONFIRM, "confirm"},
	{JOBS_SECOND, STORE_HELD_MODERATION, STORE_ACTION_ACCEPT, "accept"},
	{JOBS_SECOND, STORE_HELD_MODERATION, STORE_ACTION_REJECT, "reject"},
	{JOBS_SECOND, STORE_HELD_MODERATION, STORE_ACTION_DISCARD, "discard"},
	{JOBS_SECOND, STORE_HELD_MODERATION, STORE_ACTION_WITHDRAW, "withdraw"},
	{JOBS_SECOND, STORE_HELD_CONFIRMATION, STORE_ACTION_CONFIRM, "confirm"},
};

/* As long as the post waits; what is decided says so to any token. */
static gint64 life_of(const struct store_held *held)
{
	return MAX(held->expires_at - g_get_real_time() / G_USEC_PER_SEC, 1);
}

static gboolean mint(struct store *store, const struct store_token *what, const char *name, GVariantBuilder *builder,
	GError **error)
{
	guint8 random[TOKEN_RANDOM];

	if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "no random bytes: %s", g_strerror(errno));
		return FALSE;
	}
	g_autofree char *token = token_write(random);
	explicit_bzero(random, sizeof(random));
	gboolean kept = store_token_add(store, token, what, error);
	if (kept)
		g_variant_builder_add(builder, "{ss}", name, token);
	explicit_bzero(token, TOKEN_LENGTH);
	return kept;
}

gboolean job_tokens_add(struct store *store, const struct job_bearer *bearer, GVariantBuilder *builder, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (!bearer->held || rows[i].kind != bearer->kind || rows[i].held != bearer->held->kind)
			continue;
		if (bearer->kind == JOBS_SECOND && strcmp(bearer->word, rows[i].name) != 0)
			continue;
		struct store_token what = {
			.held = bearer->held->id,
			.action = rows[i].action,
			.second = bearer->kind == JOBS_SECOND,
			.life = life_of(bearer->held),
		};
		memcpy(what.person, bearer->person, STORE_PERSON_SIZE);
		if (!mint(store, &what, rows[i].name, builder, error))
			return FALSE;
	}
	return TRUE;
}
