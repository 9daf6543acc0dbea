/* Networks of the setting lmtp_clients, and who is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "lib/base/networks.h"

/* A socket address of exactly its family's size in the heap. */
static struct sockaddr *address_of(const char *text)
{
	if (strchr(text, ':')) {
		struct sockaddr_in6 *six = g_new0(struct sockaddr_in6, 1);

		six->sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
		return (struct sockaddr *)six;
	}
	struct sockaddr_in *four = g_new0(struct sockaddr_in, 1);
	four->sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
	return (struct sockaddr *)four;
}

static void test_contain(void **state)
{
	static const struct {
		const char *network, *address;
		gboolean inside;
	} cases[] = {
		{"127.0.0.0/8", "127.0.0.1", TRUE},
		{"127.0.0.0/8", "127.255.255.255", TRUE},
		{"127.0.0.0/8", "128.0.0.0", FALSE},
		{"127.0.0.0/8", "126.255.255.255", FALSE},
		{"192.0.2.1", "192.0.2.1", TRUE},
		{"192.0.2.1", "192.0.2.2", FALSE},
		{"192.0.2.1/32", "192.0.2.0", FALSE},
		{"10.16.0.0/12", "10.31.255.255", TRUE},
		{"10.16.0.0/12", "10.32.0.0", FALSE},
		{"10.16.0.0/12", "10.15.255.255", FALSE},
		{"192.0.2.128/25", "192.0.2.127", FALSE},
		{"192.0.2.254/31", "192.0.2.255", TRUE},
		{"0.0.0.0/0", "203.0.113.7", TRUE},
		{"0.0.0.0/0", "2001:db8::1", FALSE},
		{"::/0", "2001:db8::1", TRUE},
		{"::/0", "203.0.113.7", FALSE},
		{"::1/128", "::1", TRUE},
		{"::1", "::2", FALSE},
		{"2001:db8::/33", "2001:db8:7fff::1", TRUE},
		{"2001:db8::/33", "2001:db8:8000::1", FALSE},
		{"2001:db8::fe/127", "2001:db8::ff", TRUE},
		/* An IPv4 client on an IPv6 socket. */
		{"192.0.2.0/24", "::ffff:192.0.2.9", TRUE},
		{"::/0", "::ffff:192.0.2.9", FALSE},
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *const texts[] = {"198.51.100.1", cases[i].network, NULL};
		const char *bad = NULL;
		GArray *networks = networks_parse(texts, &bad);
		struct sockaddr *address = address_of(cases[i].address);

		assert_non_null(networks);
		if (networks_contain(networks, address) != cases[i].inside)
			fail_msg("%s in %s", cases[i].address, cases[i].network);
		g_free(address);
		g_array_unref(networks);
	}
}

static void test_bad(void **state)
{
	static const char *const cases[] = {"", "/", "/8", "127.0.0.1/", "127.0.0.1/33", "127.0.0.1/8", "127.0.0.0/-1",
		"127.0.0.0/8 ", " 127.0.0.0/8", "127.1", "127.0.0.0/255.0.0.0", "localhost", "::1/129", "2001:db8::1/64",
		"[::1]", "1.2.3.4/08x", "0.0.0.1/0", "fe80::1%lo"};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *const texts[] = {"::1", cases[i], NULL};
		const char *bad = NULL;
		GArray *networks = networks_parse(texts, &bad);

		if (networks)
			fail_msg("'%s' was taken", cases[i]);
		assert_string_equal(bad, cases[i]);
	}
}

static void test_others(void **state)
{
	const char *const none[] = {NULL}, *const all[] = {"0.0.0.0/0", "::/0", NULL};
	const char *bad = NULL;
	struct sockaddr_un unix_address = {.sun_family = AF_UNIX};
	struct sockaddr *loopback = address_of("127.0.0.1"), *mapped = address_of("::ffff:192.0.2.9");
	struct sockaddr *six = address_of("2001:db8::1");
	g_autoptr(GArray) nobody = networks_parse(none, &bad);
	g_autoptr(GArray) everybody = networks_parse(all, &bad);
	char text[46];

	(void)state;
	assert_false(networks_contain(nobody, loopback));
	assert_true(networks_contain(everybody, loopback));
	assert_false(networks_contain(everybody, (const struct sockaddr *)&unix_address));
	networks_address_text(loopback, text, sizeof(text));
	assert_string_equal(text, "127.0.0.1");
	networks_address_text(mapped, text, sizeof(text));
	assert_string_equal(text, "192.0.2.9");
	networks_address_text(six, text, sizeof(text));
	assert_string_equal(text, "2001:db8::1");
	networks_address_text((const struct sockaddr *)&unix_address, text, sizeof(text));
	assert_string_equal(text, "unknown");
	g_free(loopback);
	g_free(mapped);
	g_free(six);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contain),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
