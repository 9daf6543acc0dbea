/* room: base. The set of recipients: each address once, in order, many of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/list/recipients.h"

static void test_each_address_once_and_in_order(void **state)
{
	recipients_auto struct recipients *recipients = recipients_new();

	assert_true(recipients_add(recipients, "a@x.example"));
	assert_true(recipients_add(recipients, "b@x.example"));
	assert_false(recipients_add(recipients, "a@x.example"));
	/* Duplicates are exact: the local part's case is the receiving host's business. */
	assert_true(recipients_add(recipients, "A@x.example"));
	assert_true(recipients_add(recipients, "a+tag@x.example"));
	recipients_seal(recipients);
	assert_int_equal(recipients_count(recipients), 4);
	assert_string_equal(recipients_get(recipients, 0), "a@x.example");
	assert_string_equal(recipients_get(recipients, 1), "b@x.example");
	assert_string_equal(recipients_get(recipients, 2), "A@x.example");
	assert_string_equal(recipients_get(recipients, 3), "a+tag@x.example");
}

static void test_empty(void **state)
{
	recipients_auto struct recipients *recipients = recipients_new();

	recipients_seal(recipients);
	assert_int_equal(recipients_count(recipients), 0);
	recipients_free(NULL);
}

/* Addresses of every length around the end of a block, each in a heap block of its exact size. */
static void test_block_borders(void **state)
{
	recipients_auto struct recipients *recipients = recipients_new();
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < 5000; i++) {
		guint length = 8 + i % 247;
		char *address = g_malloc(length + 1);

		memset(address, 'a' + (char)(i % 26), length);
		address[length] = '\0';
		g_snprintf(address, 8, "%07u", i);
		address[7] = '@';
		assert_true(recipients_add(recipients, address));
		g_ptr_array_add(all, address);
	}
	for (guint i = 0; i < all->len; i++)
		assert_false(recipients_add(recipients, all->pdata[i]));
	recipients_seal(recipients);
	assert_int_equal(recipients_count(recipients), all->len);
	for (guint i = 0; i < all->len; i++)
		assert_string_equal(recipients_get(recipients, i), all->pdata[i]);
}

static void test_many(void **state)
{
	enum { MANY = 300000 };
	recipients_auto struct recipients *recipients = recipients_new();
	char address[64];

	for (guint round = 0; round < 2; round++)
		for (guint i = 0; i < MANY; i++) {
			g_snprintf(address, sizeof(address), "member%u@mail.example.net", i);
			assert_int_equal(recipients_add(recipients, address), round == 0);
		}
	recipients_seal(recipients);
	assert_int_equal(recipients_count(recipients), MANY);
	assert_string_equal(recipients_get(recipients, MANY - 1), address);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_address_once_and_in_order),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_block_borders),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
