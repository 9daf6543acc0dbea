"""What tests of moderation share: the notices of a held post, their links, the mails that these make, and what makes its jobs hurry or die."""
import email
import email.policy
import os
import re
import signal
import subprocess
import urllib.parse

from lab.lmtp import Closed
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import compose

LIST, STRANGER = "deelnemers@" + DOMAIN, "stranger@elsewhere.example"


def parse(copy):
    return email.message_from_bytes(copy.message, policy=email.policy.default)


def text_of(copy):
    return parse(copy).get_body(("plain",)).get_content()


def links(copy):
    """{word: (address, subject, body)} of the mailto links in a notice."""
    found = {}
    for url in re.findall(r"mailto:\S+", text_of(copy)):
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query))
        found[query["body"].split()[0].lower()] = (urllib.parse.unquote(parts.path), query["subject"], query["body"])
    return found


def moderators(world, name="deelnemers"):
    return sorted(r[0] for r in world.crm.query("SELECT DISTINCT user_subscriber FROM mailinglists_api WHERE list=%s AND moderator", name))


def follow(world, sender, link, fields=(), body=None, author=None):
    """Sends the mail that a link makes."""
    address, subject, text = link
    world.sink.forget()
    return world.postfix.send(compose(author or sender, address, subject, (body or text).encode() + b"\r\n", fields), sender, address)


def status(world, pattern, timeout=15):
    return world.rollcall.wait_log(pattern, timeout)


def sent_to_all(world, name="deelnemers"):
    members = world.crm.members(name)
    wait_until(lambda: set(members) <= set(world.sink.recipients()), 20, "the post at every member: %r\n%s" % (world.sink.recipients(), world.last_words()))
    posts = [copy for copy in world.sink.transactions() if copy.header("List-Id")]
    assert sorted(a for copy in posts for a in copy.recipients) == sorted(members)
    return posts


class Killer:
    """While it is open, each child of intake dies of this signal before its frame number `number` to the other room."""

    def __init__(self, world, number, death="KILL"):
        self.trace = os.path.join(world.directory, "strace")
        self.strace = subprocess.Popen(["strace", "-f", "-o", self.trace, "-e", "trace=sendmsg", "-e", "inject=sendmsg:signal=%s:when=%d" % (death, number)]
                                       + ["-p%d" % pid for pid in world.rollcall.processes()["rollcall-intake"]], stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        assert "attached" in self.strace.stderr.readline()
        return self

    def __exit__(self, *why):
        self.strace.send_signal(signal.SIGINT)
        self.strace.communicate(timeout=10)
        self.killed = self.has_killed()

    def has_killed(self):
        with open(self.trace) as f:
            return "killed by SIG" in f.read()


def hurry(world):
    """Puts the pauses of jobs forward, and has dispatch look for what is due: it does at each order, if only of a token that there is none."""
    world.rollcall.store("UPDATE job SET due_at = 0")
    deliver(world, "deelnemers-confirm+%s@%s" % ("a" * 16, DOMAIN), compose("nobody@elsewhere.example", LIST, "accept", b"accept\r\n"))


def deliver(world, to, message, sender=STRANGER):
    """As Postfix does: whether it may forget the mail."""
    try:
        with world.rollcall.connect() as client:
            return client.post(sender, [to], message)[0].code == 250
    except (Closed, OSError, AssertionError, IndexError):
        return False
