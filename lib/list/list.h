/*
 * What a list is to the outside: its address, and the role addresses around it.
 * A list's name is ASCII letters, digits, and . _ - + (not first), at most 64 bytes, in lower case; whatever else stands
 * in the CRM's list column is no list (HOSTILE D17, L10). Whether a list exists only the CRM knows.
 */
#ifndef ROLLCALL_LIST_LIST_H
#define ROLLCALL_LIST_LIST_H

#include <glib.h>
#include <stddef.h>

#include "lib/base/settings.h"

/** What an address of a list is for. The numbers travel on the wire: do not renumber. */
enum list_role {
	LIST_ROLE_POST = 0,        /**< NAME@: the list itself */
	LIST_ROLE_OWNER = 1,       /**< NAME-owner@ */
	LIST_ROLE_EDITOR = 2,      /**< NAME-editor@: the moderators */
	LIST_ROLE_REQUEST = 3,     /**< NAME-request@ */
	LIST_ROLE_BOUNCES = 4,     /**< NAME-bounces@ and NAME-bounces+USER=DOMAIN@ (VERP) */
	LIST_ROLE_CONFIRM = 5,     /**< NAME-confirm+TOKEN@ */
	LIST_ROLE_SUBSCRIBE = 6,   /**< NAME-subscribe@ */
	LIST_ROLE_UNSUBSCRIBE = 7, /**< NAME-unsubscribe@ */
};
enum { LIST_ROLE_COUNT = 8 };

/** "post", "owner", … as in the log. Static. */
const char *list_role_word(enum list_role role);

/** One way to read an address: this list in this role. */
struct list_reading {
	enum list_role role;
	char *name;      /**< list name, lower case */
	char *domain;    /**< as in the configuration */
	char *extension; /**< what stands after '+', as written; NULL when none */
};
void list_reading_clear(struct list_reading *reading);

/**
 * All ways to read an address in normal form as one of ours, most specific first: "a-owner@d" is first a list of
 * that name, then the owners of "a". The array is empty when the domain is not ours or the name is
 * impossible. The CRM decides which of the readings exists. Elements are struct list_reading;
 * free with g_array_unref(), which clears them.
 */
GArray *list_readings(const struct settings *settings, const char *address) G_GNUC_WARN_UNUSED_RESULT;

/** Whether `name` can be a list's name. */
gboolean list_name_is_valid(const char *name, size_t length);

/**
 * The list address that a value of the CRM's list column stands for, in normal form, or NULL when it
 * is no list of ours (bad name, foreign domain). The caller frees it.
 */
char *list_address_from_column(const struct settings *settings, const char *value, size_t length)
	G_GNUC_WARN_UNUSED_RESULT;

/** NAME-SUFFIX@DOMAIN for a list's address: list_role_address("a@d", "owner") is "a-owner@d". Caller frees. */
char *list_role_address(const char *list, const char *suffix) G_GNUC_WARN_UNUSED_RESULT;

#endif
