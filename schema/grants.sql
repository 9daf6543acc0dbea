-- The user that Rollcall reads the view as: SELECT and SHOW VIEW on the view and nothing else, and only over TLS.
-- Give it a password of its own; said this way it shows in no process list and in no shell history:
--
--     (printf "SET @password = '%s';\n" "$(cat FILE-WITH-THE-PASSWORD)"; cat schema/grants.sql) | mariadb crm
--
-- Without @password nothing is made. The view runs with the rights of whoever made it, so this user needs none on the tables
-- beneath and cannot read them. SHOW VIEW lets `rollcall check` name the column that is missing. Rollcall refuses to start when
-- this user may do more ([crm] excess_grants).

SET @create_user = IF(@password > '', CONCAT("CREATE USER 'mlist'@'%' IDENTIFIED BY ", QUOTE(@password), " REQUIRE SSL"),
	'no @password is set: see the top of grants.sql');
PREPARE create_user FROM @create_user;
EXECUTE create_user;
DEALLOCATE PREPARE create_user;
SET @create_user = NULL, @password = NULL;

GRANT SELECT, SHOW VIEW ON mailinglists_api TO 'mlist'@'%';
