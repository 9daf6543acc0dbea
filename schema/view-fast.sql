-- The same view as view.sql, without DISTINCT and ORDER BY. Put it in the other's place at any time; grants stay as they are.
--
--     mariadb crm < schema/view-fast.sql
--
-- Why: with DISTINCT the server must write the whole list into a temporary table, and with ORDER BY sort it, before the first row
-- leaves. Measured on Debian 12's MariaDB: a list of 1,000,000 takes 17 s with the two and 1.7 s without. Conditions on list and
-- address reach the tables' indexes in both, so asking about one person is fast either way.
-- Nothing is lost: a person is on a list once (unique key of mailinglists_subscription), Rollcall sends to each address once
-- whatever the view says, and the order of the rows means nothing to it.

create or replace view mailinglists_api as select concat(first_name,' ',last_name) "comment_subscriber", name "list", email "user_subscriber",
  CASE WHEN mailinglists_subscription.digest THEN "digestplain" ELSE "mail" END as "digest",
  (members_user.is_superuser) as "owner", (members_user.is_superuser || members_user.is_staff) as "moderator"
from members_user, mailinglists_subscription, mailinglists_mailinglist
where mailinglists_subscription.member_id = members_user.id and mailinglists_subscription.mailinglist_id = mailinglists_mailinglist.id
  and mailinglists_subscription.active = 1;
