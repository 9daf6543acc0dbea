"""QMQP into a real Postfix: what lib/relay hands over comes out once to each, and what it does not commit leaves nothing behind."""
import errno
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from lab.postfix import DOMAIN
from lab.process import BUILD, children, program, status, wait_until

PROBE = os.path.join(BUILD, "test", "session", "qmqp_probe")
SENDER = "choir-bounces@" + DOMAIN
POST = (b"From: alice@post.example.com\nTo: choir@lists.example.org\nSubject: Rehearsal\nMessage-ID: <1@post.example.com>\n"
        b"Date: Sat, 21 Nov 2026 10:00:00 +0000\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        b"Hello\n.\n..two dots\n\xc3\xa9t\xc3\xa9 and a space \n\nFrom here on\n")
BODY = POST.partition(b"\n\n")[2].replace(b"\n", b"\r\n")


def members(count):
    return ["m%d@%s.example" % (i, "abcdefg"[i % 7] * (1 + i % 40)) for i in range(count)]


class Probe:
    """One transaction: answer() is what came of it. With pause, begun() waits until all but the last byte is sent."""

    def __init__(self, directory, endpoint, recipients, message=POST, sender=SENDER, seconds=60, pause=False):
        paths = [os.path.join(directory, name) for name in ("message", "recipients")]
        with open(paths[0], "wb") as f:
            f.write(message)
        with open(paths[1], "w") as f:
            f.write("\n".join(recipients))
        argv = [PROBE, endpoint, paths[0], sender, paths[1], str(seconds)] + ["pause"] * pause
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def begun(self):
        line = self.process.stdout.readline()
        assert line == "begun\n"
        return self

    def answer(self, word=""):
        said = self.process.communicate(word + "\n" if word else "", timeout=120)[0]
        assert self.process.returncode == 0, said
        return said.replace("begun\n", "").strip()


@pytest.fixture
def entrance(postfix, lab_directory):
    """entrance(recipients, …) starts a transaction with a Postfix that rollcall-postfix was applied to."""
    postfix.apply("unix:%s/nobody" % lab_directory)
    probes = []

    def start(recipients, **options):
        options.setdefault("endpoint", "unix:" + postfix.qmqp_socket)
        probes.append(Probe(lab_directory, recipients=recipients, **options))
        return probes[-1]
    yield start
    for probe in probes:
        probe.process.kill()
        probe.process.communicate()


def nothing_left(postfix, sink):
    postfix.wait_empty()
    assert sink.transactions() == []


def servers(postfix, name):
    return [pid for pid in children(postfix.pid) if program(pid) == name]


# ---- it arrives ----

@pytest.mark.parametrize("count", [1, 2, 100, 10000])
def test_each_member_gets_one_copy(entrance, postfix, sink, count):
    addresses = members(count)
    said = entrance(addresses).answer()
    accepted = re.fullmatch(r"accepted ([0-9A-Za-z]+) ([0-9.]+)", said)
    assert accepted, said
    print("%d recipients: %s s" % (count, accepted[2]))
    sink.wait(count, 120)
    postfix.wait_empty(60)
    assert sink.recipients() == {address: 1 for address in addresses}
    for transaction in sink.transactions():
        assert transaction.sender == SENDER
        assert transaction.body == BODY
    # One queue file for all, under the id that we were told.
    assert postfix.log(r"qmgr\[\d+\]: %s: from=<%s>, size=\d+, nrcpt=%d " % (accepted[1], SENDER, count))
    assert len(postfix.log(r"qmgr\[\d+\]: \w+: from=")) == 1


def test_verp(entrance, sink):
    addresses = ["ann@post.example.com", "Bob+x@home.example.org", "c=d@e.example"]
    assert entrance(addresses, sender="choir-bounces+@%s-@[]" % DOMAIN).answer().startswith("accepted ")
    transactions = sink.wait(3)
    assert {(t.sender, tuple(t.recipients)) for t in transactions} == {
        ("choir-bounces+%s@%s" % (address.replace("@", "="), DOMAIN), (address,)) for address in addresses}


def test_empty_sender(entrance, sink):
    assert entrance(["ann@post.example.com"], sender="").answer().startswith("accepted ")
    assert sink.wait(1)[0].sender == ""


def test_long_queue_ids(entrance, postfix, sink):
    postfix.set(enable_long_queue_ids="yes")
    accepted = re.match(r"accepted (\w+)", entrance(["ann@post.example.com"]).answer())[1]
    assert len(accepted) > 12
    sink.wait(1)
    assert postfix.log(r"%s: from=" % accepted)


def test_big_message(entrance, sink):
    """Larger than main.cf's message_size_limit, which counts recipients too: our service has none."""
    message = POST + b"".join(b"line %07d\n" % i for i in range(1000000))
    assert entrance(["ann@post.example.com"], message=message).answer().startswith("accepted ")
    assert sink.wait(1, 60)[0].body.count(b"\r\n") == BODY.count(b"\r\n") + 1000000


# ---- what is not committed leaves nothing ----

@pytest.mark.parametrize("count", [1, 10000])
def test_dropped_before_the_commit(entrance, postfix, sink, count):
    assert entrance(members(count), pause=True).begun().answer("drop") == ""
    postfix.wait_log("lost connection while receiving")
    nothing_left(postfix, sink)


def test_killed_before_the_commit(entrance, postfix, sink):
    probe = entrance(members(1000), pause=True).begun()
    probe.process.send_signal(signal.SIGKILL)
    postfix.wait_log("lost connection while receiving")
    nothing_left(postfix, sink)


def test_committed_after_a_pause(entrance, sink):
    """Nothing is queued while it waits, all of it afterwards."""
    probe = entrance(members(100), pause=True).begun()
    time.sleep(1)
    assert sink.transactions() == []
    assert probe.answer("commit").startswith("accepted ")
    assert len(sink.wait(100)) > 0


def test_postfix_stopped_before_the_commit(entrance, postfix, sink):
    probe = entrance(members(100), pause=True).begun()
    # Wait until it is at work: a connection that nobody has taken yet would outlive the stop.
    wait_until(lambda: servers(postfix, "qmqpd"), 10, "qmqpd")
    postfix.wait_log(r"qmqpd\[\d+\]: connect from")
    for pid in servers(postfix, "qmqpd"):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not servers(postfix, "qmqpd"), 10, "qmqpd's end")
    assert probe.answer("commit") == "temporary connection closed"
    nothing_left(postfix, sink)


# ---- Postfix says no, or nothing ----

@pytest.mark.parametrize("soft_bounce, outcome", [("no", "permanent"), ("yes", "temporary")])
def test_cleanup_refuses(entrance, postfix, sink, soft_bounce, outcome):
    """Refused only when all has been read: a message that has been round too often."""
    postfix.set(soft_bounce=soft_bounce)
    message = b"".join(b"Received: from x by y; Sat, 21 Nov 2026 10:00:00 +0000\n" for _ in range(60)) + POST
    assert entrance(members(100), message=message).answer() == outcome + " Error: too many hops"
    nothing_left(postfix, sink)


def test_not_authorized(entrance, postfix, sink):
    """It does not read at all and answers after a second: a small job is in the kernel's buffers then, a big one is not."""
    postfix.postconf("-P", "rollcall-out/unix/qmqpd_authorized_clients=192.0.2.1")
    postfix.reload()
    said = entrance(members(10)).answer()
    assert said == "permanent Error: localhost[127.0.0.1] is not authorized to use this service"
    said = entrance(members(50000)).answer()
    assert said.startswith("deferred 451 4.3.0 mail system did not take the message: Error: localhost[127.0.0.1] is not auth"), said
    nothing_left(postfix, sink)


def test_message_size_limit(entrance, postfix, sink):
    """An admin took our override out: told early, in Postfix's words, and long before any deadline."""
    postfix.postconf("-P", "rollcall-out/unix/message_size_limit=100000")
    postfix.reload()
    start = time.monotonic()
    said = entrance(members(10), message=POST + b"x" * 70 * 100 + b"\n" + b"line\n" * 1000000).answer()
    assert said.startswith("deferred 451 4.3.0 mail system did not take the message: netstring length exceeds storage limit"), said
    assert time.monotonic() - start < 10
    nothing_left(postfix, sink)


def is_gone(postfix):
    """Master's daemons hold its sockets a moment longer than it does: whoever connects then is let down without a word."""
    def refused(family, address):
        with socket.socket(family) as s:
            return s.connect_ex(address) == errno.ECONNREFUSED
    return refused(socket.AF_UNIX, postfix.qmqp_socket) and refused(socket.AF_INET, ("127.0.0.1", postfix.port))


def test_postfix_is_down(entrance, postfix, sink):
    postfix.stop()
    wait_until(lambda: is_gone(postfix), 20, "Postfix's end")
    start = time.monotonic()
    said = entrance(members(10)).answer()
    assert said == "deferred 451 4.4.1 mail system not reached: Connection refused"
    assert time.monotonic() - start < 2
    postfix.start()
    assert entrance(members(10)).answer().startswith("accepted ")
    sink.wait(10)


def test_no_such_service(entrance, postfix):
    postfix.remove()
    said = entrance(members(10)).answer()
    assert said.startswith("deferred 451 4.4.1 mail system not reached: "), said


def test_answer_does_not_come(entrance, postfix, sink):
    """qmqpd stands still when it gets the last byte. That is unclear, and rightly so: when it goes on, it takes the message."""
    probe = entrance(members(100), pause=True, seconds=2).begun()
    postfix.wait_log(r"qmqpd\[\d+\]: connect from")
    pid, = servers(postfix, "qmqpd")
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: status(pid)["State"].startswith("T"), 5, "qmqpd stopped")
    try:
        assert probe.answer("commit") == "unclear timed out"
        assert sink.transactions() == []
    finally:
        os.kill(pid, signal.SIGCONT)
    sink.wait(100)
    assert set(sink.recipients().values()) == {1}


def test_something_else_listens(entrance, postfix, sink):
    """qmqp_socket points at smtpd: its greeting is no answer, and nothing was handed over."""
    said = entrance(members(1), endpoint="inet:127.0.0.1:%d" % postfix.port).answer()
    assert said == "unclear an answer that is no QMQP" or said.startswith("deferred 451 4.4.2 "), said
    nothing_left(postfix, sink)
