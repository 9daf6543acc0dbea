-- A small CRM to try Rollcall with: the three Django tables that the view reads, and a dozen invented people.
--
--     mariadb crm < schema/crm-sample.sql
--
-- The columns are those that Django 3 and 4 make for a user model derived from AbstractUser and for two small models beside it;
-- what the view does not read is left at what Django would write. Rollcall never sees these tables: it may read the view only
-- (grants.sql). The tests and `make demo` load this file.

SET NAMES utf8mb4;

CREATE TABLE members_user (
	id           BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
	password     VARCHAR(128) NOT NULL DEFAULT '!',
	last_login   DATETIME(6)  NULL,
	is_superuser TINYINT(1)   NOT NULL DEFAULT 0,
	username     VARCHAR(150) NOT NULL UNIQUE,
	first_name   VARCHAR(150) NOT NULL DEFAULT '',
	last_name    VARCHAR(150) NOT NULL DEFAULT '',
	email        VARCHAR(254) NOT NULL,
	is_staff     TINYINT(1)   NOT NULL DEFAULT 0,
	is_active    TINYINT(1)   NOT NULL DEFAULT 1,
	date_joined  DATETIME(6)  NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
	KEY members_user_email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE mailinglists_mailinglist (
	id          BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
	name        VARCHAR(64)  NOT NULL UNIQUE,
	description LONGTEXT     NOT NULL DEFAULT ''
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE mailinglists_subscription (
	id             BIGINT     NOT NULL AUTO_INCREMENT PRIMARY KEY,
	active         TINYINT(1) NOT NULL DEFAULT 1,
	digest         TINYINT(1) NOT NULL DEFAULT 0,
	mailinglist_id BIGINT     NOT NULL,
	member_id      BIGINT     NOT NULL,
	UNIQUE KEY mailinglists_subscription_once (member_id, mailinglist_id),
	KEY mailinglists_subscription_list (mailinglist_id),
	CONSTRAINT mailinglists_subscription_list_fk FOREIGN KEY (mailinglist_id) REFERENCES mailinglists_mailinglist (id),
	CONSTRAINT mailinglists_subscription_member_fk FOREIGN KEY (member_id) REFERENCES members_user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO mailinglists_mailinglist (id, name, description) VALUES
	(1, 'deelnemers', 'Everybody who takes part'),
	(2, 'spacelog', 'What goes on in the space'),
	(3, 'testlist', 'To try things out');

-- anneke is superuser (an owner in the view), bram is staff (a moderator).
INSERT INTO members_user (id, username, first_name, last_name, email, is_superuser, is_staff) VALUES
	( 1, 'anneke',  'Anneke',  'de Wit',      'anneke@space.example',         1, 1),
	( 2, 'bram',    'Bram',    'Kuiper',      'bram@space.example',           0, 1),
	( 3, 'chaya',   'Chaya',   'Levi',        'chaya@mail.example.net',       0, 0),
	( 4, 'daan',    'Daan',    'van Dijk',    'Daan.van.Dijk@mail.example.net', 0, 0),
	( 5, 'elif',    'Elif',    'Yıldız',      'elif@post.example.com',        0, 0),
	( 6, 'femke',   'Femke',   'Bos',         'femke+lists@post.example.com', 0, 0),
	( 7, 'gerrit',  'Gerrit',  'O''Neill',    'g.oneill@mail.example.net',    0, 0),
	( 8, 'hong',    'Hong',    'Nguyễn',      'hong@post.example.com',        0, 0),
	( 9, 'ines',    'Inês',    'Araújo',      'ines@mail.example.net',        0, 0),
	(10, 'joost',   'Joost',   'Smit',        'joost@space.example',          0, 0),
	(11, 'karlijn', 'Karlijn', 'Meijer',      'karlijn@post.example.com',     0, 0),
	(12, 'lars',    'Lars',    'Berg',        'lars@mail.example.net',        0, 0);

-- deelnemers: all but lars; joost once was (not active); ines and karlijn asked for digests.
-- spacelog: bram, chaya, daan, lars.  testlist: anneke, bram.
INSERT INTO mailinglists_subscription (mailinglist_id, member_id, active, digest) VALUES
	(1, 1, 1, 0), (1, 2, 1, 0), (1, 3, 1, 0), (1, 4, 1, 0), (1, 5, 1, 0), (1, 6, 1, 0), (1, 7, 1, 0), (1, 8, 1, 0),
	(1, 9, 1, 1), (1, 10, 0, 0), (1, 11, 1, 1),
	(2, 2, 1, 0), (2, 3, 1, 0), (2, 4, 1, 0), (2, 12, 1, 0),
	(3, 1, 1, 0), (3, 2, 1, 0);
