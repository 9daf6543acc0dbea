/* Tokens; see store_token.h. */
#include "lib/store/store_token.h"

#include <openssl/evp.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/store/store_internal.h"

enum { HASH_SIZE = 32 };

static gboolean hash_token(const char *token, guint8 hash[HASH_SIZE], GError **error)
{
	if (EVP_Digest(token, strlen(token), hash, NULL, EVP_sha256(), NULL) == 1)
		return TRUE;
	g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "SHA-256 is not to be had");
	return FALSE;
}

gboolean store_token_add(struct store *store, const char *token, const struct store_token *what, GError **error)
{
	store_statement_auto sqlite3_stmt *add = store_statement(store, STATEMENT_TOKEN_ADD);
	guint8 hash[HASH_SIZE];

	if (!hash_token(token, hash, error))
		return FALSE;
	sqlite3_bind_blob(add, 1, hash, HASH_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(add, 2, what->held);
	sqlite3_bind_int(add, 3, what->action);
	sqlite3_bind_int(add, 4, what->second != FALSE);
	sqlite3_bind_blob(add, 5, what->person, STORE_PERSON_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(add, 6, what->life);
	return store_run_one(store, add, "remembering a token", "held post for it", error);
}

static gboolean is_theirs(sqlite3_stmt *row, int column, const guint8 *person)
{
	return sqlite3_column_bytes(row, column) == STORE_PERSON_SIZE &&
		memcmp(sqlite3_column_blob(row, column), person, STORE_PERSON_SIZE) == 0;
}

enum store_order store_token_look(struct store *store, const struct store_bearer *bearer, struct store_token_found *found,
	GError **error)
{
	store_statement_auto sqlite3_stmt *read = store_statement(store, STATEMENT_TOKEN_READ);
	guint8 hash[HASH_SIZE];

	*found = (struct store_token_found){.decision = {.state = STORE_HELD_WAITING}};
	if (!hash_token(bearer->token, hash, error))
		return STORE_ORDER_TROUBLE;
	sqlite3_bind_blob(read, 1, hash, HASH_SIZE, SQLITE_STATIC);
	sqlite3_bind_text(read, 2, bearer->list, -1, SQLITE_STATIC);
	int result = sqlite3_step(read);
	if (result == SQLITE_DONE)
		return STORE_ORDER_UNKNOWN;
	if (result != SQLITE_ROW) {
		store_fail(store->db, "looking a token up", error);
		return STORE_ORDER_TROUBLE;
	}
	if (!is_theirs(read, 6, bearer->person))
		return STORE_ORDER_WRONG_PERSON;
	store_column_decision(read, 0, &found->decision);
	found->held = sqlite3_column_int64(read, 3);
	found->action = (enum store_action)sqlite3_column_int(read, 4);
	found->second = sqlite3_column_int(read, 5) != 0;
	if (found->decision.state != STORE_HELD_WAITING)
		return STORE_ORDER_ALREADY;
	return sqlite3_column_int(read, 7) ? STORE_ORDER_EXPIRED : STORE_ORDER_GOOD;
}

static gboolean fits(enum store_action action, enum store_held_state state)
{
	switch (action) {
	case STORE_ACTION_ACCEPT:
		return state == STORE_HELD_ACCEPTED;
	case STORE_ACTION_REJECT:
		return state == STORE_HELD_REJECTED;
	case STORE_ACTION_DISCARD:
		return state == STORE_HELD_DISCARDED;
	case STORE_ACTION_WITHDRAW:
		return state == STORE_HELD_WITHDRAWN;
	case STORE_ACTION_CONFIRM:
		return state == STORE_HELD_CONFIRMED;
	case STORE_ACTION_REPLY:
		return state == STORE_HELD_ACCEPTED || state == STORE_HELD_REJECTED || state == STORE_HELD_DISCARDED;
	}
	return FALSE; /* a damaged row */
}

enum store_order store_token_use(struct store *store, const struct store_bearer *bearer,
	const struct store_verdict *verdict, struct store_token_found *found, GError **error)
{
	struct store_verdict theirs = *verdict;
	enum store_order order = store_token_look(store, bearer, found, error);

	theirs.decider = bearer->person;
	if (order == STORE_ORDER_GOOD && !fits(found->action, verdict->state)) {
		g_set_error(error, STORE_ERROR, STORE_ERROR_TROUBLE, "a token for another action");
		return STORE_ORDER_TROUBLE;
	}
	if (order == STORE_ORDER_GOOD)
		order = store_held_ready(store, found->held, verdict->state, error);
	if (order != STORE_ORDER_GOOD)
		return order;
	if (!store_begin(store, STORE_DURABLE, error))
		return STORE_ORDER_TROUBLE;
	order = store_token_look(store, bearer, found, error);
	if (order == STORE_ORDER_GOOD)
		order = store_held_write(store, found->held, &theirs, &found->decision, error) ? STORE_ORDER_DECIDED :
												 STORE_ORDER_TROUBLE;
	return store_order_end(store, order, &found->decision, error);
}

gboolean store_token_bad(struct store *store, const guint8 person[STORE_PERSON_SIZE], gboolean one_more, guint *count,
	GError **error)
{
	store_statement_auto sqlite3_stmt *statement =
		store_statement(store, one_more ? STATEMENT_BAD_ADD : STATEMENT_BAD_READ);

	*count = 0;
	sqlite3_bind_blob(statement, 1, person, STORE_PERSON_SIZE, SQLITE_STATIC);
	int result = sqlite3_step(statement);
	if (result == SQLITE_ROW) {
		*count = (guint)sqlite3_column_int64(statement, 0);
		result = sqlite3_step(statement);
	}
	return result == SQLITE_DONE || store_fail(store->db, "counting bad tokens", error);
}
