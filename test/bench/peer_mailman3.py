"""Mailman 3's core: posts come to its LMTP runner, as from Postfix; its out runner sends to Postfix by SMTP. Lists are made by its own API,
members by its own tables in bulk, since the API takes seconds for a hundred."""
import contextlib
import os
import socket
import subprocess
import time

from lab.crm import member
from lab.postfix import DOMAIN
from lab.process import free_port, wait_until
from peer_base import Base

PROGRAMS = "/usr/lib/mailman3/bin/"
CONFIG = """\
[mailman]
site_owner: owner@%(domain)s
layout: bench
[paths.bench]
var_dir: %(here)s/var
queue_dir: $var_dir/queue
bin_dir: %(programs)s
list_data_dir: $var_dir/lists
log_dir: $var_dir/logs
lock_dir: $var_dir/locks
data_dir: $var_dir/data
cache_dir: $var_dir/cache
etc_dir: $var_dir/etc
ext_dir: $var_dir/ext
messages_dir: $var_dir/messages
archive_dir: $var_dir/archives
template_dir: $var_dir/templates
pid_file: $var_dir/master.pid
lock_file: $lock_dir/master.lck
[database]
class: mailman.database.sqlite.SQLiteDatabase
url: sqlite:///%(here)s/var/mailman.db
[webservice]
hostname: 127.0.0.1
port: %(web)d
[mta]
incoming: mailman.mta.null.NullMTA
outgoing: mailman.mta.deliver.deliver
smtp_host: 127.0.0.1
smtp_port: %(smtp)d
lmtp_host: 127.0.0.1
lmtp_port: %(lmtp)d
"""
# It looks into its queues once a second by default; with this it does so as often as it pays.
EAGER = "".join("[runner.%s]\nsleep_time: 0.02s\n" % runner for runner in ("in", "pipeline", "out"))
BUILD = """\
from zope.component import getUtility
from mailman.app.lifecycle import create_list
from mailman.config import config
from mailman.database.transaction import transaction
from mailman.interfaces.domain import IDomainManager
from mailman.interfaces.member import MemberRole
from mailman.model.address import Address
from mailman.model.member import Member
from mailman.model.preferences import Preferences
from mailman.utilities.datetime import now

def build():
    lists, addresses = %(lists)r, %(addresses)r
    store, known = config.db.store, []
    with transaction():
        getUtility(IDomainManager).add(%(domain)r)
        for text in addresses:
            address = Address(text, "")
            address.verified_on = now()
            address.preferences = Preferences()
            store.add(address)
            known.append(address)
    for name, count in lists:
        with transaction():
            made = create_list(name, [], "legacy-default")
            made.send_welcome_message = False
            for address in known[:count]:
                one = Member(MemberRole.member, made.list_id, address)
                one.preferences = Preferences()
                store.add(one)
"""


class Peer(Base):
    name, user, posts = "mailman3", "list", 60
    about = "Core with all its runners, SQLite, style legacy-default, no archiver, no VERP (its default), queues polled every 20 ms in place of 1 s."

    def prepare(self):
        self.lmtp_port = free_port()
        os.makedirs(os.path.join(self.directory, "var", "etc"))
        subprocess.run(["chown", "-R", self.user + ":", self.directory], check=True)
        values = dict(domain=DOMAIN, here=self.directory, programs=PROGRAMS, web=free_port(), smtp=self.port, lmtp=self.lmtp_port)
        self.config = self.file("mailman.cfg", CONFIG % values + EAGER, 0o640)
        lists = [(self.list_address(count), count) for count in self.sizes]
        self.file("benchbuild.py", BUILD % dict(domain=DOMAIN, lists=lists, addresses=self.members(max(self.sizes))))

    def set_up(self):
        environment = {"PATH": "/usr/bin:/bin", "HOME": self.directory, "LANG": "C.UTF-8", "PYTHONPATH": self.directory, "PYTHONDONTWRITEBYTECODE": "1"}
        output = os.path.join(self.directory, "output")
        self.run([{"argv": [PROGRAMS + "mailman", "-C", self.config, "withlist", "-r", "benchbuild.build"], "env": environment, "output": output}])
        self.box.ask(start={"argv": [PROGRAMS + "master", "-C", self.config, "--force"], "env": environment, "output": output})
        wait_until(self._answers, 60, "Mailman's LMTP runner", pause=0.2)
        time.sleep(2)  # the other runners start with it

    def _answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.lmtp_port), 2) as client:
            return client.recv(3) == b"220"
        return False

    def feed(self, members, posts):
        """By the same client as Rollcall's, which keeps its connections here."""
        name = self.list_name(members)
        message = self.arena.file(name + ".post", self.arena.post(name))
        to = self.arena.file(name + ".to", self.list_address(members).encode() + b"\n")
        start = time.time()
        self.arena.client("lmtp_load", "inet:127.0.0.1:%d" % self.lmtp_port, member(1), message, to, min(4, posts),
                          posts=max(1, posts // 4), environment={"LOAD_KEEP": "1"})
        return start
