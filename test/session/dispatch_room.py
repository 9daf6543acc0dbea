"""The real rollcall-dispatch alone, started as the master does it, with real CRM and Postfix; and children that ask it (wire_probe)."""
import contextlib
import fcntl
import hashlib
import itertools
import json
import os
import signal
import socket
import sqlite3
import subprocess

import pytest

from lab.postfix import DOMAIN
from lab.process import BUILD, alive, as_user, children, wait_until
from lab.rollcall import DISPATCH_UID
from lab.world import World

PROGRAM = os.path.join(BUILD, "rollcall-dispatch")
PROBE = os.path.join(BUILD, "test", "session", "wire_probe")
AUTHOR = "chaya@mail.example.net"
POST = b"From: chaya@mail.example.net\r\nSubject: Tea\r\n\r\nAt four.\r\n"
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def high(fd):
    """The descriptor above the numbers that the program wants (3 to 6)."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD, 50)
    os.close(fd)
    return moved


def key_of(*what):
    """A K as JSON has it: 32 numbers."""
    return list(hashlib.sha256(repr(what).encode()).digest())


class Answer:
    """`word` is the verdict's class; `values` what stands behind the verdict; `message` what came beside."""

    def __init__(self, fields):
        self.word, self.code, self.text = fields["class"], fields["code"], fields["text"]
        self.values = fields["answer"][1:] if fields["answer"] else None
        self.message = None
        if fields["file"]:
            with open(fields["file"], "rb") as f:
                self.message = f.read()
            os.unlink(fields["file"])

    def __repr__(self):
        return "<%s %d %s %s>" % (self.word, self.code, self.text, self.values)


class Phase:
    """One phase of an intake child. `with` ends it; kill() ends it as a crash does."""

    def __init__(self, room, tickets):
        self.room = room
        fd = tickets.fileno()
        self.process = subprocess.Popen([PROBE, str(fd), room.directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, pass_fds=[fd])

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def kill(self):
        self.process.kill()

    def ask(self, request, *arguments, message=None):
        question = {"request": request, "arguments": arguments}
        if message is not None:
            question["file"] = os.path.join(self.room.directory, "question.%d" % self.process.pid)
            with open(question["file"], "wb") as f:
                f.write(message)
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the probe died:\n" + self.room.log_text()
        return Answer(json.loads(line))

    def claim_again(self, name, key):
        """CLAIM's answer, once the worker that had this post has seen that its phase is over."""
        return wait_until(lambda: (answer := self.ask("CLAIM", name, key)).word != "deferred" and answer, 10, "the phase before to be over")

    def prepare(self, name, key, message, role=0, way="mail"):
        """Everybody of a list, and one variant all but sent: the numbers by way, and PREPARE's answer."""
        roster = self.ask("ROSTER", name, role, key, "", [], [])
        assert roster.word == "none", roster
        return dict(roster.values[0]), self.ask("PREPARE", way, message=message.replace(b"\r\n", b"\n"))


class Job:
    """A job in hand, in a phase of its own. `recipients` are a{ss} each."""

    def __init__(self, phase, answer):
        self.phase, self.message = phase, answer.message
        self.kind, self.list, self.held, self.fields, self.recipients = answer.values

    def notice(self, place, text="A notice", key=None):
        message = "From: <owner@%s>\nTo: <editor@%s>\nSubject: %s\nMessage-ID: <%s@%s>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\n%s\n" % (
            DOMAIN, DOMAIN, text, self.recipients[place]["id"], DOMAIN, json.dumps(self.recipients[place]))
        return self.phase.ask("NOTICE", place, key or key_of("K"), message=message.encode())

    def done(self, done=True, why=""):
        with self.phase:
            answer = self.phase.ask("JOB_DONE", done, why)
            assert answer.word == "none", answer

    def send_all(self):
        for place in range(len(self.recipients)):
            answer = self.notice(place)
            assert answer.word == "sent", answer
        self.done()


class Room:
    """Uses a World whose own Rollcall is not started: its CRM, Postfix, sink and configuration."""

    def __init__(self, world, **settings):
        self.world, self.directory = world, world.directory
        world.rollcall.configure({"domain " + DOMAIN: settings})
        self.state = os.path.join(world.rollcall.directory, "state")
        self.log_file = os.path.join(self.directory, "dispatch.log")
        self.tickets, self._workers = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.jobs, self._clock = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.jobs.settimeout(10)
        self.process = None
        self.start()

    def start(self):
        config = high(os.memfd_create("rollcall.conf", os.MFD_ALLOW_SEALING))
        with open(self.world.rollcall.config, "rb") as f:
            os.write(config, f.read())
        fcntl.fcntl(config, fcntl.F_ADD_SEALS, SEALS)
        ready, status = map(high, os.pipe())
        given = [config, status, high(os.dup(self._workers.fileno())), high(os.dup(self._clock.fileno()))]
        script = 'exec "$0" 3<&%d 4<&%d 5<&%d 6<&%d %d<&- %d<&- %d<&- %d<&-' % tuple(given * 2)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(["bash", "-c", script, PROGRAM], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            pass_fds=given)
        for fd in given:
            os.close(fd)
        assert os.read(ready, 1) == b"R", self.log_text()
        os.close(ready)

    def kill(self):
        """SIGKILL to all of it at once, and a new start: what a crash leaves is all that there is."""
        family = children(self.process.pid)
        for pid in [self.process.pid] + family:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        wait_until(lambda: not any(alive(pid) for pid in family), 10, "the end of the workers")
        self.start()

    def end(self):
        self.process.terminate()
        try:
            return self.process.wait(40)
        finally:
            self.process.kill()
            self.process.wait()
            for end in (self.tickets, self._workers, self.jobs, self._clock):
                end.close()

    def log_text(self):
        with open(self.log_file) as f:
            return f.read()

    def store(self, sql, *arguments):
        """The state store from outside: what a test cannot wait for (pauses, expiry) is put forward there. As the room's own user: the
        files beside the store that root makes are for a moment root's, and a worker that looks then finds a store it cannot write."""
        with as_user(DISPATCH_UID):
            with contextlib.closing(sqlite3.connect(os.path.join(self.state, "store.db"), timeout=10)) as db, db:
                return db.execute(sql, arguments).fetchall()

    def phase(self):
        """As a session's child opens one."""
        return Phase(self, self.tickets)

    def errand(self):
        """As a child does that was made for a job."""
        return Phase(self, self.jobs)

    # ---- what children do ----

    def hold(self, name, message, author=AUTHOR, kind=1, facts=None, key=None):
        """Holds a post; its number."""
        key = key or key_of(name, message)
        with self.phase() as phase:
            assert phase.ask("CLAIM", name, key).word == "none"
            answer = phase.ask("HOLD", name, key, kind, author, author, "because", facts or {}, message=message)
        assert answer.word == "sent" and answer.text == "held as %d" % answer.values[0], answer
        return answer.values[0]

    def due(self, held=None, kind=None):
        """Numbers of jobs, due or not."""
        return [row[0] for row in self.store("SELECT id FROM job WHERE (?1 IS NULL OR held = ?1) AND (?2 IS NULL OR kind = ?2)"
                                             " ORDER BY id", held, kind)]

    def take(self, held, kind):
        """The one job of this kind about this post, in hand."""
        number, = self.due(held, kind)
        self.store("UPDATE job SET due_at = 0 WHERE id = ?", number)
        phase = self.errand()
        answer = phase.ask("JOB", number)
        assert answer.word == "none", "%s\n%s" % (answer, self.log_text()[-2000:])
        return Job(phase, answer)

    def tokens(self, held, kind="notice-moderators"):
        """Sends the notices of a held post; {address: its tokens}, read where the mails arrived."""
        self.world.sink.forget()
        job = self.take(held, kind)
        count = len(job.recipients)
        job.send_all()
        return {t.recipients[0]: json.loads(t.body) for t in self.world.copies(count)}

    def order(self, name, token, person, word, text="", method="smtp", dmarc="none", origin="client 192.0.2.1"):
        """(outcome, fields), or the verdict when it was none."""
        with self.phase() as phase:
            answer = phase.ask("ORDER", name, token, person, word, text, method, dmarc, origin)
        return (answer.values[0], answer.values[1]) if answer.word == "none" else answer

    def answer_to(self, name):
        """Text name and job of the one answer job of this list, in hand."""
        (number,), = self.store("SELECT id FROM job WHERE list = ? AND kind = 'answer'", name)
        phase = self.errand()
        answer = phase.ask("JOB", number)
        assert answer.word == "none", answer
        return answer.values[3]["text"], Job(phase, answer)

    def next_ticket(self):
        return int.from_bytes(self.jobs.recv(64), "little", signed=True)

    def forget_tickets(self):
        self.jobs.setblocking(False)
        try:
            while True:
                self.jobs.recv(64)
        except BlockingIOError:
            pass
        self.jobs.settimeout(10)


# ---- a store that fails ----


@contextlib.contextmanager
def without(room, table):
    """The store does not answer: one of its tables is not there."""
    room.store("ALTER TABLE %s RENAME TO away_%s" % (table, table))
    try:
        yield
    finally:
        room.store("ALTER TABLE away_%s RENAME TO %s" % (table, table))


@contextlib.contextmanager
def broken(room, what, when="1", end="ABORT"):
    """Every such statement of rows for which `when` holds fails, e.g. "INSERT ON job", and nothing else: it is taken back, or with ROLLBACK its whole
    transaction is, as when the disk is full."""
    name = "broken%d" % next(numbers)
    room.store("CREATE TRIGGER %s BEFORE %s WHEN %s BEGIN SELECT RAISE(%s, 'planted'); END" % (name, what, when, end))
    try:
        yield
    finally:
        room.store("DROP TRIGGER " + name)


# ---- for the tests ----

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def room():
    with World(start_rollcall=False) as world:
        started = Room(world)
        yield started
        assert started.end() == 0
        log = started.log_text()
        assert "@mail.example.net" not in log and "@mods.example" not in log, log


class List:
    """A fresh list with an author, two moderators of its own and a member."""

    def __init__(self, room, moderators=2, owners=0):
        number = next(numbers)
        self.room, self.name = room, "list%d@%s" % (number, DOMAIN)
        self.local = "list%d" % number
        self.moderators = ["m%d-%d@mods.example" % (i, number) for i in range(moderators)]
        self.owners = ["o%d-%d@mods.example" % (i, number) for i in range(owners)]
        crm = room.world.crm
        crm.add_list(self.local)
        for address in self.moderators:
            crm.add_person(address, moderator=True)
            crm.join(address, self.local)
        for address in self.owners:
            crm.add_person(address, owner=True)
            crm.join(address, self.local)
        crm.join(AUTHOR, self.local)

    def hold(self, **how):
        return self.room.hold(self.name, POST, **how)

    def order(self, *what, **how):
        return self.room.order(self.name, *what, **how)

    def demote(self, address):
        self.room.world.crm.execute("UPDATE members_user SET is_staff = 0, is_superuser = 0 WHERE email = %s", address)


@pytest.fixture
def ours(room):
    return List(room)


def state(room, held):
    (number, message), = room.store("SELECT state, (SELECT count(*) FROM held_message WHERE held = id) FROM held WHERE id = ?", held)
    return {1: "waiting", 2: "accepted", 3: "rejected", 4: "discarded", 5: "expired", 6: "withdrawn", 7: "confirmed"}[number], message


def one_phase(room, *request, before=(), **how):
    """A request in a phase of its own, behind those of `before`: a function that asks it."""
    def ask():
        with room.phase() as phase:
            for first in before:
                phase.ask(*first)
            return phase.ask(*request, **how)
    return ask
