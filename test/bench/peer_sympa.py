"""Sympa: each post goes to its `queue` program on stdin, as pipe(8) hands it over; sympa_msg.pl and bulk.pl run as daemons, and hand mail to
Postfix by bench_sendmail. Its places are fixed when it is built, so it sees directories of the bench there; an installed Sympa is left alone."""
import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time

from lab.crm import member
from lab.postfix import DOMAIN
from lab.process import BUILD
from peer_base import Base

PASSWORD = "only for the bench"
CONFIG = """\
domain %(domain)s
listmaster listmaster@%(domain)s
lang en_US
wwsympa_url http://%(domain)s/wws
db_type MySQL
db_host 127.0.0.1
db_port %(port)d
db_name sympa
db_user sympa
db_passwd %(password)s
sendmail %(sendmail)s
sendmail_aliases none
log_socket_type inet
create_list listmaster
sleep 1
bulk_sleep 1
nrcpt 500
avg 100
maxsmtp 3
"""
LIST = """\
<?xml version="1.0" ?>
<list><listname>%(name)s</listname><type>discussion_list</type><subject>bench</subject><description>bench</description><status>open</status>
<language>en_US</language><topic>computers</topic><owner multiple="1"><email>owner@%(domain)s</email><gecos>Owner</gecos></owner></list>
"""
MEMBERS = """\
INSERT INTO subscriber_table (user_subscriber, list_subscriber, robot_subscriber, date_epoch_subscriber, update_epoch_subscriber, reception_subscriber,
 visibility_subscriber, subscribed_subscriber) SELECT user_subscriber, '%(name)s', '%(domain)s', %(now)d, %(now)d, 'mail', 'noconceal', 1
 FROM crm.mailinglists_api WHERE list = '%(all)s';
INSERT IGNORE INTO user_table (email_user, lang_user) SELECT user_subscriber, 'en-US' FROM subscriber_table;
"""
PLACES = ("/etc/sympa", "/var/lib/sympa", "/var/spool/sympa")
PROGRAMS = "/usr/lib/sympa/bin/"


class Peer(Base):
    name, user, posts = "sympa", "sympa", 60
    about = ("sympa_msg.pl and bulk.pl, MariaDB (counted apart), nrcpt 500, avg 100, sleep and bulk_sleep 1 s in place of 5 s, maxsmtp 3, which spares it its pause of 0.3 s after "
             "each sendmail; no web, archive or bounce daemon, no VERP (its default). Its `queue` sleeps for a second, so 60 run at a time.")

    def prepare(self):
        self.binds = [(os.path.join(self.directory, place[1:].replace("/", "-")), place) for place in PLACES]
        for source, place in self.binds:
            # The tree as the package made it, without what a site has put there.
            shutil.copytree(place, source, ignore=lambda path, names: [n for n in names if not os.path.isdir(os.path.join(path, n))] if path.startswith("/var") else [])
        run = os.path.join(self.directory, "run")
        os.makedirs(os.path.join(run, "sympa"))
        self.binds.append((run, "/run"))
        values = dict(domain=DOMAIN, port=self.arena.world.mariadb.port, password=PASSWORD, sendmail=os.path.join(BUILD, "test", "bench", "bench_sendmail"))
        with open(os.path.join(self.binds[0][0], "sympa", "sympa.conf"), "w") as f:
            f.write(CONFIG % values)
        os.makedirs(os.path.join(self.binds[1][0], "list_data", "X509-user-certs"), exist_ok=True)
        subprocess.run(["chown", "-R", self.user + ":", self.directory], check=True)
        self.environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": self.directory, "LANG": "en_US.UTF-8", "LC_ALL": "C.UTF-8",
                            "BENCH_SMTP": "inet:127.0.0.1:%d" % self.port}
        self.arena.world.mariadb.script("CREATE DATABASE sympa CHARACTER SET utf8mb4; CREATE USER sympa@'127.0.0.1' IDENTIFIED BY '%s';"
                                        "GRANT ALL ON sympa.* TO sympa@'127.0.0.1';" % PASSWORD, "mysql")
        self._drain()

    def _drain(self):
        """It will not run without a syslog daemon; where this machine has none on its port, here is one that forgets."""
        self.drain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            self.drain.bind(("127.0.0.1", 514))
            threading.Thread(target=self._swallow, daemon=True).start()

    def _swallow(self):
        with contextlib.suppress(OSError):
            while True:
                self.drain.recv(65536)

    def __exit__(self, *why):
        super().__exit__(*why)
        self.drain.close()

    def _command(self, *argv, **more):
        return dict({"argv": list(argv), "env": self.environment, "output": os.path.join(self.directory, "output")}, **more)

    def set_up(self):
        self.run([self._command("/usr/bin/sympa", "check")])
        for members in self.sizes:
            name = self.list_name(members)
            xml = self.file(name + ".xml", LIST % dict(name=name, domain=DOMAIN))
            self.run([self._command("/usr/bin/sympa", "create", "--input_file=" + xml, DOMAIN)])
            self.arena.world.mariadb.script(MEMBERS % dict(name=name, domain=DOMAIN, now=time.time(), all=self.arena.fill(members)), "sympa")
        for program in ("sympa_msg.pl", "bulk.pl"):
            self.box.ask(start=self._command(PROGRAMS + program, "--foreground"))
        time.sleep(4)
        if len(self.box.ask(cpu=1)["pids"]) < 2:
            raise RuntimeError("Sympa's daemons did not start:\n" + open(os.path.join(self.directory, "output")).read()[-2000:])

    def feed(self, members, posts):
        environment = dict(self.environment, SENDER=member(1))
        return self.run([dict(self._command(PROGRAMS + "queue", self.list_address(members), stdin=path), env=environment)
                         for path in self.post_files(members, posts)], width=60)
