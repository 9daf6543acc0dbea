-- What mail to -subscribe and -unsubscribe may change in the CRM, as an example for the tables of crm-sample.sql. Most sites need none of
-- this: without it such mail is answered with the page where members join and leave.
--
--     mariadb crm < schema/procedures.sql
--
-- and in rollcall.conf:
--
--     [crm]
--     subscribe_procedure = mailinglists_join
--     unsubscribe_procedure = mailinglists_leave
--     [domain lists.example.org]
--     subscription_requests = procedure
--
-- Rollcall calls PROCEDURE(list, address) once a wish is proved: the mail was signed by the author's domain or by the author, or its author has
-- confirmed it by a mail that we sent to that very address. `list` is the list's name as the view has it.
--
--  * Ended well: the change is committed and the person gets a mail that says so. The first value of a SELECT in it is told, too.
--  * SIGNAL SQLSTATE '45000': nothing is changed, and the person gets the message text. Write it for people, and in their language.
--  * Any other error: nothing is changed, the admin finds an ALARM in the log, and Rollcall tries again later.
--  * It may be called twice for one wish (when the answer to COMMIT was lost): the second time must do no harm.
--  * It runs with the rights of whoever made it, so that Rollcall's user needs EXECUTE on these two and still cannot touch a table.
--
-- Do not tell a stranger who is a member: whoever asks proves only that he reads that address's mail.

DELIMITER //

-- Joining: only people whom the CRM knows. Who is not, is told where to go.
CREATE OR REPLACE PROCEDURE mailinglists_join(IN wanted VARCHAR(255), IN address VARCHAR(320))
	SQL SECURITY DEFINER
	MODIFIES SQL DATA
BEGIN
	IF NOT EXISTS (SELECT 1 FROM members_user WHERE email = address AND is_active) THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'We do not know this address. Please become a member first: https://crm.example.org/join';
	END IF;
	INSERT INTO mailinglists_subscription (member_id, mailinglist_id)
		SELECT u.id, l.id FROM members_user u, mailinglists_mailinglist l
		WHERE u.email = address AND u.is_active AND l.name = wanted
		ON DUPLICATE KEY UPDATE active = 1;
END//

-- Leaving: nobody is kept, and who is not on the list hears the same as who was.
CREATE OR REPLACE PROCEDURE mailinglists_leave(IN wanted VARCHAR(255), IN address VARCHAR(320))
	SQL SECURITY DEFINER
	MODIFIES SQL DATA
BEGIN
	UPDATE mailinglists_subscription s, members_user u, mailinglists_mailinglist l SET s.active = 0
		WHERE s.member_id = u.id AND s.mailinglist_id = l.id AND u.email = address AND l.name = wanted;
END//

DELIMITER ;

GRANT EXECUTE ON PROCEDURE mailinglists_join TO 'mlist'@'%';
GRANT EXECUTE ON PROCEDURE mailinglists_leave TO 'mlist'@'%';
