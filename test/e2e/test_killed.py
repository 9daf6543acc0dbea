"""kill -9 of each program while a post is held, its moderators are told, one accepts, and it goes out: nothing lost, each member has it once, each
moderator his notice at least once. session/test_dispatch_kill.py does it to the trusted room at each of its writes; here intake's children die before
each frame that they send to that room, and the master takes everything with it."""
import collections
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess

import pytest

from lab.lmtp import Closed
from lab.postfix import DOMAIN
from lab.process import BUILD, wait_until
from lab.rollcall import DISPATCH_UID
from lab.world import World, compose
from moderating import links, moderators

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
LIST, STRANGER = "deelnemers@" + DOMAIN, "stranger@elsewhere.example"


@pytest.fixture(scope="module")
def shared():
    with World(settings={"list " + LIST: {"scenario": "privateoreditorkey"}}) as world:
        yield world


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
    os.seteuid(DISPATCH_UID)
    try:
        with contextlib.closing(sqlite3.connect(os.path.join(world.rollcall.directory, "state", "store.db"), timeout=10)) as db, db:
            db.execute("UPDATE job SET due_at = 0")
    finally:
        os.seteuid(0)
    deliver(world, "deelnemers-confirm+%s@%s" % ("a" * 16, DOMAIN), compose("nobody@elsewhere.example", LIST, "accept", b"accept\r\n"))


def deliver(world, to, message, sender=STRANGER):
    """As Postfix does: whether it may forget the mail."""
    try:
        with world.rollcall.connect() as client:
            return client.post(sender, [to], message)[0].code == 250
    except (Closed, OSError, AssertionError, IndexError):
        return False


def of_post(world, subject):
    return [copy for copy in world.sink.transactions() if copy.header("Subject") and copy.header("Subject")[0].endswith(subject)]


def notices(world, subject):
    return {copy.recipients[0]: copy for copy in of_post(world, ": " + subject) if copy.header("Auto-Submitted") == ["auto-generated"]}


def members_with(world, subject):
    return [address for copy in of_post(world, subject) if copy.header("List-Id") for address in copy.recipients]


def story(world, subject, trouble):
    """`trouble` opens around the first attempt of each step, with a look whether that step is done."""
    first, everybody = moderators(world)[0], set(world.crm.members("deelnemers"))
    message = compose(STRANGER, LIST, subject)

    def told():
        return set(moderators(world)) <= set(notices(world, subject))

    def out():
        return everybody <= set(members_with(world, subject))

    def attempt(to, mail, sender, done):
        with trouble() as killer:
            delivered = deliver(world, to, mail, sender)
            if killer:
                wait_until(lambda: killer.has_killed() or done(), 15, "a death or an end: " + world.last_words())
        if not delivered:
            wait_until(lambda: deliver(world, to, mail, sender), 20, "taken: " + world.last_words(), pause=0.1)
        wait_until(lambda: done() or hurry(world), 30, "an end: " + world.last_words(), pause=0.2)
    attempt(LIST, message, STRANGER, told)
    address, title, text = links(notices(world, subject)[first])["accept"]
    attempt(address, compose(first, address, title, text.encode() + b"\r\n"), first, out)


def check(world, subjects, before):
    world.postfix.wait_empty()
    double = 0
    for subject in subjects:
        got = collections.Counter(members_with(world, subject))
        assert set(got) == set(world.crm.members("deelnemers")) and max(got.values()) <= 2, subject
        double += max(got.values()) - 1
        told = collections.Counter(copy.recipients[0] for copy in of_post(world, "For you to decide: " + subject)
                                   if copy.header("Auto-Submitted") == ["auto-generated"] and not copy.header("Subject")[0].startswith("Re:"))
        assert set(told) == set(moderators(world)) and max(told.values()) <= 2, subject
        double += sum(told.values()) - len(told)
    assert double <= len(world.rollcall.log("a member may get two copies")) - before, "a second copy outside of the window"


def test_intakes_children_at_each_frame(shared):
    numbers, before, killers = (1, 2, 3, 4, 5, 6, 8, 10), len(shared.rollcall.log("a member may get two copies")), []

    def trouble(number):
        killers.append(Killer(shared, number))
        return killers[-1]
    for number in numbers:
        story(shared, "Frame %d." % number, lambda n=number: trouble(n))
    assert sum(killer.killed for killer in killers) >= len(killers) * 3 // 4
    check(shared, ["Frame %d." % number for number in numbers], before)


def issues(world, reader):
    """{Message-ID: the digests with it that this member got}"""
    found = collections.defaultdict(list)
    for copy in world.sink.transactions():
        if reader in copy.recipients and " Digest, Vol " in (copy.header("Subject") or [""])[0]:
            found[copy.header("Message-ID")[0]].append(copy)
    return found


def close_digest(world):
    subprocess.run([os.path.join(BUILD, "rollcall"), "digest", LIST, "--config", world.rollcall.config], check=True, stdout=subprocess.DEVNULL)


def is_sent(world):
    return world.rollcall.store("SELECT count(*) FROM digest_issue") == [(0,)]


def test_intakes_children_while_a_digest_leaves(shared):
    """At each frame: a second attempt has the same Message-ID and the same posts."""
    world, author = shared, shared.crm.members("deelnemers")[0]
    reader, = world.crm.query("SELECT user_subscriber FROM mailinglists_api WHERE list = 'deelnemers' AND digest = 'digestplain' LIMIT 1")[0]
    before, killers = len(world.rollcall.log("a member may get two copies")), []
    close_digest(world)
    wait_until(lambda: is_sent(world) or hurry(world), 30, "what earlier tests left: " + world.last_words(), pause=0.2)
    world.postfix.wait_empty()
    world.sink.forget()
    numbers = (1, 3, 5, 6, 8)
    for number in numbers:
        assert deliver(world, LIST, compose(author, LIST, "Digested %d." % number), author)
        with Killer(world, number) as killer:
            close_digest(world)
            wait_until(lambda k=killer: k.has_killed() or is_sent(world), 15, "a death or an end: " + world.last_words())
        killers.append(killer)
        wait_until(lambda: is_sent(world) or hurry(world), 30, "an end: " + world.last_words(), pause=0.2)
    world.postfix.wait_empty()
    assert sum(killer.killed for killer in killers) >= len(killers) * 3 // 4
    found = issues(world, reader)
    assert len(found) == len(numbers)
    for copies in found.values():
        assert len({(copy.header("Subject")[0], copy.body) for copy in copies}) == 1
    for number in numbers:
        assert sum(b"Digested %d." % number in copies[0].body for copies in found.values()) == 1
    assert sum(len(copies) - 1 for copies in found.values()) <= len(world.rollcall.log("a member may get two copies")) - before


def test_the_master(shared):
    """Before anybody was told, and before it goes out."""
    @contextlib.contextmanager
    def trouble():
        yield None
        shared.rollcall.kill()
        shared.rollcall.start()
    before = len(shared.rollcall.log("a member may get two copies"))
    story(shared, "Master.", trouble)
    check(shared, ["Master."], before)
