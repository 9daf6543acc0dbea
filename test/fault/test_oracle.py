"""The oracle itself: each thing that it is to notice is planted once, for real, and it does. A trial that cannot fail would prove nothing."""
import contextlib
import os
import re
import signal
import smtplib
import sqlite3
import subprocess

import pytest

from lab.inject import AVAILABLE, Strace
from lab.world import World
from oracle import AUTHOR, LIST, Trial


@pytest.fixture(scope="module")
def world():
    with World(settings={"rollcall": {"dispatch_workers": 2}}) as everything:
        yield everything


@contextlib.contextmanager
def blamed(world, *words, **how):
    """A trial that is to end with each of these patterns in its blame; yields it, and its row afterwards in `its.row`."""
    rows = []
    with pytest.raises(AssertionError) as error, Trial(world, "planted", rows.append, **how) as its:
        its.patience = 0.5
        yield its
    its.row, = rows
    for word in words:
        assert re.search(word, str(error.value)), (word, str(error.value))


def replay(world, message, recipients):
    """Right into the sink, as if Postfix had."""
    with smtplib.SMTP("127.0.0.1", world.sink.port) as smtp:
        assert smtp.sendmail("deelnemers-bounces@lists.example.org", recipients, message) == {}


def one_copy(world, its):
    post = its.post()
    its.settle()
    return post, its.copies()[post.subject][0]


def test_nothing_planted(world):
    rows = []
    with Trial(world, "nothing", rows.append) as its:
        its.post()
    assert rows == [["nothing", 1, 0, 0, 0, "none", "250 2.0.0 × 1"]]


def test_a_copy_that_is_lost(world):
    """Postfix throws one member's away."""
    member = world.crm.members(LIST)[0]
    before = world.postfix.postconf("-h", "transport_maps").strip()
    world.postfix.set(transport_maps="inline:{{%s = discard:}} %s" % (member, before))
    try:
        with blamed(world, "1 copies lost") as its:
            its.post()
    finally:
        world.postfix.set(transport_maps=before)
    assert its.row[2] == 1


def test_copies_that_nobody_should_have(world):
    """Twice, to a stranger, another body, another header, a post that nobody wrote. What the log says of another post excuses nothing."""
    with blamed(world, "1 posts twice", "another body", "signatures", "copies to strangers", "nobody wrote: Re: Fault") as its:
        post, copy = one_copy(world, its)
        member = copy.recipients[0]
        with open(world.rollcall.log_file, "a") as f:
            f.write("warning: list=<other@lists.example.org>: sending again, a member may get two copies\n")
        replay(world, copy.message, [member])
        _, other = one_copy(world, its)
        replay(world, other.message.replace(b"vraag", b"Vraag", 1), ["stranger@elsewhere.example"])
        replay(world, other.message.replace(b"\r\nSubject: ", b"\r\nSubject: Re: "), [member])
    assert its.row[2:5] == [0, 0, 1]


def test_a_copy_that_postfix_delivers_again_is_postfix_s_own(world):
    rows = []
    with Trial(world, "again", rows.append, postfix_dies=True) as its:
        _, copy = one_copy(world, its)
        replay(world, copy.message, copy.recipients)
    assert rows[0][2:6] == [0, 0, 0, "none"]


def test_what_is_left_over(world):
    """A file, a process, a transaction in the CRM, a question to it, a snapshot and a lock of the store, a panic."""
    stray = os.path.join(world.rollcall.directory, "state", "stray")
    with contextlib.ExitStack() as stack:
        with blamed(world, "state/stray: 0 before, 1 now", "rollcall-intake: 1 before, 2 now", "transactions: 0 before, 1 now",
                    "questions to the CRM: 0 before, 1 now", "snapshot or a lock", "panic") as its:
            with open(stray, "w"):
                pass
            stack.callback(os.unlink, stray)
            stack.enter_context(world.rollcall.connect())
            hold_transaction(world, stack)
            one_copy(world, its)
            hold_store(world, stack)
            with open(world.rollcall.log_file, "a") as f:
                f.write("rollcall-dispatch[1]: panic: planted\n")


def hold_transaction(world, stack):
    """As a worker that hangs would: by the same user, asking."""
    client = subprocess.Popen(["mariadb", "--defaults-file=" + world.rollcall.option_file, "crm"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    stack.callback(client.communicate)
    stack.callback(client.kill)
    client.stdin.write("START TRANSACTION; SELECT COUNT(*) FROM mailinglists_api; SELECT SLEEP(60);\n")
    client.stdin.flush()


def hold_store(world, stack):
    db = sqlite3.connect(os.path.join(world.rollcall.directory, "state", "store.db"), isolation_level=None)
    stack.callback(db.close)
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM post").fetchall()


def test_a_process_that_nobody_buried(world):
    intake = world.rollcall.processes()["rollcall-intake"][0]
    with blamed(world, "dead and not buried: 0 before, 1 now") as its:
        with world.rollcall.connect():
            os.kill(intake, signal.SIGSTOP)
        its.settle()
    os.kill(intake, signal.SIGCONT)


@pytest.mark.skipif(not AVAILABLE, reason="no strace")
def test_descriptors(world):
    """Each close(2) does nothing: in the workers, and in the process that forks."""
    programs = world.rollcall.processes()
    with blamed(world, "a worker with ", "rollcall-intake: descriptors: ") as its:
        with Strace(programs["rollcall-dispatch"], ["close"], "retval=0"):
            one_copy(world, its)
        with Strace(programs["rollcall-intake"], ["close"], "retval=0"), world.rollcall.connect():
            pass
    world.rollcall.stop()
    world.rollcall.start()


def test_a_store_that_is_damaged(world):
    """The last one: it stays so."""
    path = os.path.join(world.rollcall.directory, "state", "store.db")
    with blamed(world, "the store is damaged") as its:
        one_copy(world, its)
        world.rollcall.store("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(path, "r+b") as f:
            f.seek(os.path.getsize(path) - 4096)
            f.write(b"\x0d" + b"\xff" * 100)
