/* room: trusted. Lines of SHOW GRANTS from MariaDB and MySQL: what is fine and what is too much (HOSTILE D15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/crm/crm_grants.h"

struct grant_case {
	const char *line;
	gboolean may_select, may_show_view;
	const char *excess; /* NULL: none */
};

static const struct crm_grants_meant meant = {"crm", "mailinglists_api", {"join_list", "other.leave_list"}};

static const struct grant_case cases[] = {
	{"GRANT USAGE ON *.* TO `mlist`@`%` IDENTIFIED BY PASSWORD '*SECRET' REQUIRE SSL", FALSE, FALSE, NULL},
	{"GRANT USAGE ON *.* TO `mlist`@`%` IDENTIFIED VIA mysql_native_password USING '*SECRET' OR unix_socket", FALSE, FALSE, NULL},
	{"GRANT USAGE ON *.* TO `mlist`@`%` WITH MAX_USER_CONNECTIONS 10", FALSE, FALSE, NULL},
	{"GRANT SELECT, SHOW VIEW ON `crm`.`mailinglists_api` TO `mlist`@`%`", TRUE, TRUE, NULL},
	{"GRANT SHOW VIEW, SELECT ON `crm`.`mailinglists_api` TO `mlist`@`%`", TRUE, TRUE, NULL},
	{"GRANT SELECT ON `crm`.`mailinglists_api` TO 'mlist'@'%'", TRUE, FALSE, NULL},
	{"GRANT SELECT (`list`, `a (b, c`, `owner`), SHOW VIEW ON `crm`.`mailinglists_api` TO `mlist`@`%`", TRUE, TRUE, NULL},
	{"GRANT SELECT ON crm.mailinglists_api TO mlist@localhost", TRUE, FALSE, NULL},
	{"GRANT SELECT ON \"crm\".\"mailinglists_api\" TO \"mlist\"@\"%\"", TRUE, FALSE, NULL},
	{"SET DEFAULT ROLE reader FOR 'mlist'@'%'", FALSE, FALSE, NULL},

	{"GRANT SELECT, INSERT, SHOW VIEW ON `crm`.`mailinglists_api` TO `mlist`@`%`", TRUE, TRUE,
		"SELECT, INSERT, SHOW VIEW ON `crm`.`mailinglists_api`"},
	{"GRANT SELECT, INSERT (`list`) ON `crm`.`mailinglists_api` TO `mlist`@`%`", TRUE, FALSE,
		"SELECT, INSERT (`list`) ON `crm`.`mailinglists_api`"},
	{"GRANT SELECT ON `crm`.* TO `mlist`@`%`", FALSE, FALSE, "SELECT ON `crm`.*"},
	{"GRANT SELECT ON *.* TO `mlist`@`%` IDENTIFIED BY PASSWORD '*SECRET'", FALSE, FALSE, "SELECT ON *.*"},
	{"GRANT FILE ON *.* TO `mlist`@`%`", FALSE, FALSE, "FILE ON *.*"},
	{"GRANT ALL PRIVILEGES ON *.* TO `mlist`@`%` IDENTIFIED BY PASSWORD '*SECRET' WITH GRANT OPTION", FALSE, FALSE,
		"ALL PRIVILEGES ON *.*"},
	{"GRANT SELECT ON `crm`.`members_user` TO `mlist`@`%`", FALSE, FALSE, "SELECT ON `crm`.`members_user`"},
	{"GRANT SELECT ON `crm`.`mailinglists_api2` TO `mlist`@`%`", FALSE, FALSE, "SELECT ON `crm`.`mailinglists_api2`"},
	{"GRANT SELECT ON `crm2`.`mailinglists_api` TO `mlist`@`%`", FALSE, FALSE, "SELECT ON `crm2`.`mailinglists_api`"},
	{"GRANT USAGE ON `crm`.`mailinglists_api` TO `mlist`@`%` WITH GRANT OPTION", FALSE, FALSE,
		"USAGE ON `crm`.`mailinglists_api`"},
	{"GRANT SELECT ON `crm`.`mailinglists_api` TO `mlist`@`%` WITH GRANT OPTION", TRUE, FALSE,
		"GRANT OPTION ON `crm`.`mailinglists_api`"},
	{"GRANT USAGE ON *.* TO `mlist`@`%` WITH GRANT OPTION", FALSE, FALSE, "GRANT OPTION ON *.*"},
	{"GRANT EXECUTE ON PROCEDURE `crm`.`mailinglists_api` TO `mlist`@`%`", FALSE, FALSE,
		"EXECUTE ON PROCEDURE `crm`.`mailinglists_api`"},
	{"GRANT EXECUTE ON PROCEDURE `crm`.`join_list` TO `mlist`@`%`", FALSE, FALSE, NULL},
	{"GRANT EXECUTE ON PROCEDURE other.leave_list TO `mlist`@`%`", FALSE, FALSE, NULL},
	{"GRANT EXECUTE ON PROCEDURE `crm`.`leave_list` TO `mlist`@`%`", FALSE, FALSE, "EXECUTE ON PROCEDURE `crm`.`leave_list`"},
	{"GRANT EXECUTE ON PROCEDURE `other`.`join_list` TO `mlist`@`%`", FALSE, FALSE, "EXECUTE ON PROCEDURE `other`.`join_list`"},
	{"GRANT EXECUTE ON FUNCTION `crm`.`join_list` TO `mlist`@`%`", FALSE, FALSE, "EXECUTE ON FUNCTION `crm`.`join_list`"},
	{"GRANT EXECUTE ON `crm`.`join_list` TO `mlist`@`%`", FALSE, FALSE, "EXECUTE ON `crm`.`join_list`"},
	{"GRANT EXECUTE ON `crm`.* TO `mlist`@`%`", FALSE, FALSE, "EXECUTE ON `crm`.*"},
	{"GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `crm`.`join_list` TO `mlist`@`%`", FALSE, FALSE,
		"EXECUTE, ALTER ROUTINE ON PROCEDURE `crm`.`join_list`"},
	{"GRANT SELECT ON PROCEDURE `crm`.`join_list` TO `mlist`@`%`", FALSE, FALSE, "SELECT ON PROCEDURE `crm`.`join_list`"},
	{"GRANT EXECUTE ON PROCEDURE `crm`.`join_list` TO `mlist`@`%` WITH GRANT OPTION", FALSE, FALSE,
		"GRANT OPTION ON PROCEDURE `crm`.`join_list`"},
	{"GRANT `reader` TO `mlist`@`%`", FALSE, FALSE, "role `reader`"},
	{"GRANT `a ON b` TO `mlist`@`%`", FALSE, FALSE, "role `a ON b`"},
	{"GRANT `r` TO `x ON y`@`%` WITH ADMIN OPTION", FALSE, FALSE, "role `r`"},
	{"GRANT PROXY ON ''@'%' TO 'mlist'@'%'", FALSE, FALSE, "PROXY ON ''@'%'"},
	{"GRANT SELECT ON `crm`.`mailinglists_api`.`x` TO `mlist`@`%`", FALSE, FALSE,
		"SELECT ON `crm`.`mailinglists_api`.`x`"},
	{"GRANT SELECT ON `crm`.`mailing``lists_api` TO `mlist`@`%`", FALSE, FALSE, "SELECT ON `crm`.`mailing``lists_api`"},
	{"REVOKE SELECT ON `crm`.* FROM `mlist`@`%`", FALSE, FALSE, "a line of SHOW GRANTS that is not understood"},
	{"GRANT SELECTED ON `crm`.`mailinglists_api` TO `mlist`@`%`", FALSE, FALSE, "SELECTED ON `crm`.`mailinglists_api`"},
	{"", FALSE, FALSE, "a line of SHOW GRANTS that is not understood"},
	{"GRANT ", FALSE, FALSE, "a line of SHOW GRANTS that is not understood"},
	{"GRANT ON L ON `crm`.`mailinglists_api` TO `mlist`@`%`", FALSE, FALSE, "ON L ON `crm`.`mailinglists_api`"},
	{"GRANT  ON  TO  TO ", FALSE, FALSE, " ON "},
	{"GRANT TO x IDENTIFIED BY PASSWORD '*SECRET'", FALSE, FALSE, "a line of SHOW GRANTS that is not understood"},
	{"GRANT  TO x IDENTIFIED BY PASSWORD '*SECRET'", FALSE, FALSE, "role "},
	{"GRANT `unclosed ON *.* TO `m`@`%`", FALSE, FALSE, "a line of SHOW GRANTS that is not understood"},
};

static void test_lines(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct grant_case *test = &cases[i];
		gsize length = strlen(test->line);
		g_autofree char *line = g_malloc(MAX(length, 1));
		struct crm_grants grants = {0};

		memcpy(line, test->line, length);
		crm_grants_take(&grants, line, length, &meant);
		if (grants.may_select != test->may_select || grants.may_show_view != test->may_show_view)
			fail_msg("%s: select %d, show view %d", test->line, grants.may_select, grants.may_show_view);
		if (!test->excess)
			assert_null(grants.excess);
		else if (!grants.excess || strcmp(grants.excess->pdata[0], test->excess) != 0)
			fail_msg("%s: %s", test->line, grants.excess ? (char *)grants.excess->pdata[0] : "fine");
		for (guint k = 0; grants.excess && k < grants.excess->len; k++)
			assert_null(strstr(grants.excess->pdata[k], "SECRET"));
		crm_grants_clear(&grants);
	}
}

static void test_lines_add_up(void **state)
{
	struct crm_grants grants = {0};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		crm_grants_take(&grants, cases[i].line, strlen(cases[i].line), &meant);
	assert_true(grants.may_select);
	assert_true(grants.may_show_view);
	assert_true(grants.excess->len > 20);
	crm_grants_clear(&grants);
	assert_null(grants.excess);
}

/* A view's name with a backtick, and names whose case the server ignores. */
static void test_names(void **state)
{
	static const char line[] = "GRANT SELECT ON `CRM`.`odd``name` TO `mlist`@`%`";
	struct crm_grants grants = {0};

	crm_grants_take(&grants, line, strlen(line), &(struct crm_grants_meant){"crm", "odd`name", {NULL, NULL}});
	assert_true(grants.may_select);
	assert_null(grants.excess);
	crm_grants_clear(&grants);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_add_up),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
