"""The real rollcall-intake alone, on a unix socket, with nobody at the other end of the wire: rows L19 and L21 of the hostile input
table, and the walls around a child."""
import contextlib
import fcntl
import os
import socket
import subprocess
import threading

import pytest

from lab.rollcall import TEXTS
from lab.process import BUILD, as_user, children, status, wait_until
from lmtp_client import LIST, Lmtp

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")
PROGRAM = os.path.join(BUILD, "rollcall-intake")
STRANGER = 61010
SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def high(fd):
    """The descriptor above the numbers that the program wants (3 to 7)."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD, 50)
    os.close(fd)
    return moved


class Intake:
    """Started as the master does it: configuration, status pipe, tickets, jobs and one listener as descriptors 3 to 7."""

    def __init__(self, directory, **settings):
        self.path, self.log = directory + "/lmtp", directory + "/log"
        text = "[rollcall]\nlog = stderr\nintake_user = 61001:61001\nrun_directory = %s\ntexts_directory = %s\n" % (directory, TEXTS)
        text += "".join("%s = %s\n" % item for item in settings.items()) + "[domain lists.example.org]\n"
        config = high(os.memfd_create("rollcall.conf", os.MFD_ALLOW_SEALING))
        os.write(config, text.encode())
        fcntl.fcntl(config, fcntl.F_ADD_SEALS, SEALS)
        ready, status_end = map(high, os.pipe())
        self.worker, tickets = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.clock, jobs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        os.chmod(self.path, 0o777)
        listener.listen(1024)
        given = [config, status_end, high(tickets.detach()), high(jobs.detach()), high(listener.detach())]
        script = 'exec "$0" direct 1 3<&%d 4<&%d 5<&%d 6<&%d 7<&%d %d<&- %d<&- %d<&- %d<&- %d<&-' % tuple(given * 2)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["bash", "-c", script, PROGRAM], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            pass_fds=given)
        for fd in given:
            os.close(fd)
        assert os.read(ready, 1) == b"R", self.log_text()
        os.close(ready)
        self.thread = threading.Thread(target=self._refuse_tickets, daemon=True)
        self.thread.start()

    def _refuse_tickets(self):
        """A worker that dies with each question: what the child then says is 451."""
        with contextlib.suppress(OSError):
            while True:
                data, fds, _, _ = socket.recv_fds(self.worker, 65536, 4)
                for fd in fds:
                    os.close(fd)
                if not data and not fds:
                    return

    def log_text(self):
        with open(self.log) as f:
            return f.read()

    def connect(self, user=0, timeout=60):
        connection = socket.socket(socket.AF_UNIX)
        with as_user(user):
            wait_until(lambda: connection.connect_ex(self.path) == 0, what="connection")
        return Lmtp(connection, timeout)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(40)
        finally:
            self.process.kill()
            self.process.wait()
            self.worker.shutdown(socket.SHUT_RDWR)
            self.worker.close()
            self.clock.close()


@pytest.fixture
def start(lab_directory):
    started = []

    def start_intake(**settings):
        started.append(Intake(lab_directory, **settings))
        return started[-1]

    yield start_intake
    for server in started:
        server.end()


def test_l21_stranger(start):
    """The socket's mode lets him in here; who he is does not."""
    server = start()
    with server.connect(STRANGER) as c:
        assert c.reply().startswith("421 4.7.0")
        assert c.is_closed()
    assert "user %d may not speak LMTP" % STRANGER in server.log_text()
    with server.connect() as c:
        c.hello()


def test_l21_stranger_who_was_named(start):
    server = start(lmtp_peer_users="postfix;%d" % STRANGER)
    with server.connect(STRANGER) as c:
        c.hello()
    with server.connect(STRANGER + 1) as c:
        assert c.reply().startswith("421 4.7.0")
        assert c.is_closed()


def test_l19_five_hundred_connections(start):
    """Never more children than the limit; the rest wait in the kernel and each is served."""
    server = start(sessions_limit=20)
    clients = [server.connect() for _ in range(500)]
    most = 0
    try:
        for c in clients:
            c.say("LHLO x", "MAIL FROM:<>", "RCPT TO:<%s>" % LIST, "QUIT")
        for c in clients:
            assert [c.reply()[:3] for _ in range(5)] == ["220", "250", "250", "451", "221"]
            c.socket.close()
            most = max(most, len(children(server.process.pid)))
    finally:
        for c in clients:
            c.socket.close()
    assert 1 <= most <= 20


def test_walls_around_a_child(start):
    """After LHLO the child has read foreign bytes: by then everything must stand."""
    server = start()
    with server.connect() as c:
        c.hello()
        child, = children(server.process.pid)
        state = status(child)
        assert state["Uid"].split() == ["61001"] * 4 and state["Gid"].split() == ["61001"] * 4
        assert state["Groups"].split() == []
        assert state["NoNewPrivs"] == "1"
        assert state["CapEff"].strip("0") == state["CapPrm"].strip("0") == ""
        with open(PROGRAM, "rb") as f:
            if b"__asan_init" not in f.read():
                assert state["Seccomp"] == "2"
        # No other connection's socket, no listener: standard descriptors, configuration, tickets and this one.
        links = [os.readlink("/proc/%d/fd/%s" % (child, fd)) for fd in os.listdir("/proc/%d/fd" % child)]
        assert len([link for link in links if link.startswith("socket:")]) == 2, links
