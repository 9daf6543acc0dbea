"""The sample CRM in a private MariaDB: tables, people, the view and Rollcall's user, all from schema/.

Changing it goes the way a CRM does: by rows in the three tables, never by touching the view.
"""
import os
import shlex

from lab.process import ROOT

DOMAINS = ("mail.example.net", "post.example.com", "space.example", "home.example.org")
PASSWORD = "only for the lab"
DATABASE = "crm"


def member(i):
    """The address of the i-th made-up member (from 1 on), spread over four domains."""
    return "member%07d@%s" % (i, DOMAINS[i % len(DOMAINS)])


def schema(name):
    with open(os.path.join(ROOT, "schema", name)) as f:
        return f.read()


class Crm:
    """Loads the sample into `mariadb` (which runs) when made. With fast=True the faster of the two views."""

    def __init__(self, mariadb, fast=False, sample=True):
        self.mariadb = mariadb
        mariadb.execute("CREATE DATABASE %s DEFAULT CHARACTER SET utf8mb4" % DATABASE)
        text = schema("crm-sample.sql")
        mariadb.script(text if sample else text.partition("\nINSERT INTO")[0])
        self.use_view("view-fast.sql" if fast else "view.sql")
        mariadb.script("SET @password = '%s';\n" % PASSWORD + schema("grants.sql"))

    def use_view(self, name):
        """Puts view.sql or view-fast.sql in place."""
        self.mariadb.script(schema(name))

    def drop_view(self):
        self.execute("DROP VIEW mailinglists_api")

    def query(self, sql, *arguments):
        return self.mariadb.query(sql, arguments or None, DATABASE)

    def execute(self, sql, *arguments):
        return self.mariadb.execute(sql, arguments or None, DATABASE)

    def add_list(self, name):
        self.execute("INSERT IGNORE INTO mailinglists_mailinglist (name) VALUES (%s)", name)

    def add_person(self, address, first="", last="", owner=False, moderator=False):
        """A person on no list yet; the address is written as it is, bad ones too."""
        self.execute("INSERT INTO members_user (username, email, first_name, last_name, is_superuser, is_staff)"
                     " VALUES (UUID(), %s, %s, %s, %s, %s)", address, first, last, owner, moderator)

    def join(self, address, name, digest=False):
        """Puts everyone with that address on the list, or back on it; the person is made when missing."""
        if not self.query("SELECT id FROM members_user WHERE email = %s LIMIT 1", address):
            self.add_person(address)
        self.add_list(name)
        self.execute("INSERT INTO mailinglists_subscription (member_id, mailinglist_id, digest)"
                     " SELECT u.id, l.id, %s FROM members_user u, mailinglists_mailinglist l WHERE u.email = %s AND l.name = %s"
                     " ON DUPLICATE KEY UPDATE active = 1, digest = VALUES(digest)", digest, address, name)

    def leave(self, address, name):
        """Takes the address off the list; returns how many rows that were."""
        return self.execute("UPDATE mailinglists_subscription s, members_user u, mailinglists_mailinglist l SET s.active = 0"
                            " WHERE s.member_id = u.id AND s.mailinglist_id = l.id AND u.email = %s AND l.name = %s", address, name)

    def change_address(self, old, new):
        return self.execute("UPDATE members_user SET email = %s WHERE email = %s", new, old)

    def fill(self, name, count):
        """Puts member(1) … member(count) on the list (made when missing); 100,000 take about two seconds."""
        self.add_list(name)
        domain = "ELT(1 + seq %% %d, %s)" % (len(DOMAINS), ", ".join("'%s'" % d for d in DOMAINS))
        self.execute("INSERT IGNORE INTO members_user (username, first_name, last_name, email)"
                     " SELECT CONCAT('member', seq), 'Member', seq, CONCAT('member', LPAD(seq, 7, '0'), '@', %s)"
                     " FROM seq_1_to_%d" % (domain, count))
        self.execute("INSERT IGNORE INTO mailinglists_subscription (member_id, mailinglist_id)"
                     " SELECT u.id, l.id FROM seq_1_to_%d JOIN members_user u ON u.username = CONCAT('member', seq)"
                     " JOIN mailinglists_mailinglist l ON l.name = '%s'" % (count, name))

    def members(self, name, mode="mail"):
        """The addresses on the list now, as the view has them, sorted: those who want it in this mode; None: all."""
        return sorted(row[0] for row in self.query("SELECT user_subscriber, digest FROM mailinglists_api WHERE list = %s", name)
                      if mode in (None, row[1]))

    def option_file(self, path, **changes):
        """Writes the option file that Rollcall reads; a change to None leaves the line out. Returns the path. Mode 0600."""
        lines = {"host": self.mariadb.host, "port": self.mariadb.port, "user": "mlist", "password": PASSWORD, "database": DATABASE,
                 "ssl-ca": self.mariadb.ca, "ssl-verify-server-cert": True}
        lines.update({key.replace("_", "-"): value for key, value in changes.items()})
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.write("[client]\n")
            for key, value in lines.items():
                if value is True:
                    f.write(key + "\n")
                elif value is not None:
                    f.write("%s = %s\n" % (key, '"%s"' % value if isinstance(value, str) and " " in value else value))
        return path

    def client(self, option_file, *options):
        """The command line of Debian's client as Rollcall's user, over TCP and TLS."""
        return ["mariadb", "--defaults-file=" + option_file, "--protocol=tcp"] + list(options)

    def administrator(self):
        """Debian's client as administrator, as one shell word sequence (for schema/renew-certificate)."""
        return shlex.join(self.mariadb.client())
