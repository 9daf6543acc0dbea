-- The view that Rollcall reads: one row for each list that a person is on, with what Rollcall wants to know about them there.
--
--     mariadb crm < schema/view.sql
--
-- Columns: the person's name, the list's name, the address, the reception mode, owner (0/1), moderator (0/1). Further columns
-- may be added. The reception mode is read whenever something goes out, and is one of
--   mail         each post                              digest       posts in a MIME digest
--   txt          each post, as plain text               digestplain  posts in a plain digest (RFC 1153)
--   notice       of each post its header and a line     summary      the table of contents of digests
--   nomail       nothing                                not_me       "mail", but not one's own; also beside others: "txt,not_me"
-- NULL, an empty or an unknown word is "mail", and the log says so. View and columns may have other names: see the settings in [crm].
-- From some ten thousand members on, see view-fast.sql.

create or replace view mailinglists_api as select distinct concat(first_name,' ',last_name) "comment_subscriber", name "list", email "user_subscriber",
  CASE WHEN mailinglists_subscription.digest THEN "digestplain" ELSE "mail" END as "digest",
  (members_user.is_superuser) as "owner", (members_user.is_superuser || members_user.is_staff) as "moderator"
from members_user, mailinglists_subscription, mailinglists_mailinglist
where mailinglists_subscription.member_id = members_user.id and mailinglists_subscription.mailinglist_id = mailinglists_mailinglist.id
  and mailinglists_subscription.active = 1 order by email;
