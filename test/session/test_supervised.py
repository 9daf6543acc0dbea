"""rollcall-lmtpd under supervisors: sockets, secrets and watchdog as systemd has them, and runit and s6 as they are."""
import contextlib
import os
import signal
import subprocess

import pytest

from lab.lmtp import Closed, Lmtp
from lab.postfix import DOMAIN
from lab.process import alive, children, program, wait_until
from lab.world import World, compose
from supervisor import PROGRAM, RunDirectory, Supervisor

AUTHOR = "chaya@mail.example.net"
LIST = "deelnemers@" + DOMAIN


@pytest.fixture(scope="module")
def world():
    with World(start_rollcall=False) as everything:
        yield everything


def post(world):
    with world.rollcall.connect() as client:
        return client.post(AUTHOR, [LIST], compose(AUTHOR, LIST))[0].code


def rooms(pid):
    """{program name: pid} of the rooms' first processes."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return {program(int(child)): int(child) for child in f.read().split()}


@pytest.fixture(scope="module")
def supervised(world):
    """With a passed socket, a watchdog of a second, and secrets in a directory of credentials."""
    secrets = os.path.join(world.directory, "credentials")
    os.mkdir(secrets, 0o755)
    for source, name in ((world.rollcall.option_file, "crm.cnf"), (os.path.join(world.rollcall.directory, "keys", "rsa2026.pem"), "dkim.pem")):
        # 0440: how an access list for our user shows.
        with open(source, "rb") as f, open(os.open(os.path.join(secrets, name), os.O_WRONLY | os.O_CREAT, 0o440), "wb") as copy:
            copy.write(f.read())
    os.chown(os.path.join(secrets, "crm.cnf"), 0, 61001)
    world.rollcall.configure({"crm": {"option_file": "credential:crm.cnf"}, "domain " + DOMAIN: {"dkim_keys": "rsa2026:credential:dkim.pem"}})
    path = world.rollcall.lmtp[len("unix:"):]
    with Supervisor(world.directory, world.rollcall.config, [path], {"CREDENTIALS_DIRECTORY": secrets}) as one:
        one.start()
        yield one


def test_a_post_by_passed_socket_and_passed_secrets(world, supervised):
    world.sink.forget()
    assert post(world) == 250
    (copy,) = {transaction.message for transaction in world.copies(len(world.crm.members("deelnemers")))}
    assert b"s=rsa2026;" in copy


@pytest.mark.parametrize("name", ["rollcall-intake", "rollcall-dispatch"])
def test_the_watchdog_hears_nothing_while_a_room_is_stopped(supervised, name):
    """HOSTILE S8."""
    supervised.wait("WATCHDOG=1")
    stopped = rooms(supervised.process.pid)[name]
    os.kill(stopped, signal.SIGSTOP)
    try:
        # What was on its way may still come.
        supervised.silent("WATCHDOG=1", 0.6)
        assert supervised.silent("WATCHDOG=1", 1.5)
    finally:
        os.kill(stopped, signal.SIGCONT)
    supervised.wait("WATCHDOG=1")


def test_a_reload_keeps_socket_and_session(world, supervised):
    before = os.stat(world.rollcall.lmtp[len("unix:"):]).st_ino
    with world.rollcall.connect() as client:
        client.envelope(AUTHOR, [LIST])
        supervised.process.send_signal(signal.SIGHUP)
        supervised.wait("RELOADING=1")
        supervised.wait("READY=1", 30)
        assert client.data(compose(AUTHOR, LIST), 1)[0].code == 250
    assert os.stat(world.rollcall.lmtp[len("unix:"):]).st_ino == before


def test_who_connects_while_it_is_down_is_served_by_the_next(world, supervised):
    """An orderly stop and a kill -9: the socket is the supervisor's and is still there."""
    assert supervised.stop() == 0
    for ending in ("stop", "kill"):
        with Lmtp(world.rollcall.lmtp, 30, greeting=False) as client:
            supervised.start()
            assert client.reply().code == 220
            assert client.post(AUTHOR, [LIST], compose(AUTHOR, LIST))[0].code == 250
        if ending == "stop":
            family = children(supervised.process.pid)
            supervised.process.kill()
            supervised.process.wait()
            wait_until(lambda: not any(alive(pid) for pid in family), 10, "the end of its rooms")
    supervised.wait("WATCHDOG=1")


def test_a_socket_that_no_setting_names_is_refused(world, supervised):
    path = os.path.join(world.directory, "other")
    with contextlib.ExitStack() as stack:
        directory = os.path.join(world.directory, "second")
        os.mkdir(directory)
        other = stack.enter_context(Supervisor(directory, world.rollcall.config, [path], supervised.environment))
        world.rollcall.configure({"rollcall": {"run_directory": directory}})
        other.start(ready=False)
        assert other.process.wait(20) != 0
        assert "listen unix:%s: this socket was passed to us and is not named in listen" % path in other.tail()
    world.rollcall.configure({"rollcall": {"run_directory": os.path.join(world.rollcall.directory, "run")}})


def test_what_cannot_start_says_so_by_its_status(world):
    """A plain shell sees it, and every supervisor."""
    done = subprocess.run(["sh", "-c", 'exec "$0" --config /nonexistent', PROGRAM], capture_output=True, text=True)
    assert done.returncode != 0 and "/nonexistent" in done.stderr


@pytest.mark.parametrize("kind", ["runsv", "s6-supervise"])
def test_under_the_supervisors_of_debian(world, supervised, kind):
    """Started, killed, started again, reloaded and stopped by them; no notify socket, nothing passed."""
    supervised.process.poll() is None and supervised.stop()
    path = world.rollcall.lmtp[len("unix:"):]
    os.path.exists(path) and os.unlink(path)
    world.rollcall.configure({"crm": {"option_file": world.rollcall.option_file}, "domain " + DOMAIN: {"dkim_keys": None}})

    def answers():
        with contextlib.suppress(OSError, Closed), world.rollcall.connect(5) as client:
            return client.greeting.code == 220
        return False
    with RunDirectory(world.directory, kind, world.rollcall.config) as service:
        wait_until(answers, 20, "the greeting")
        first = service.pid()
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: service.pid() not in (None, first), 10, "another process")
        wait_until(answers, 20, "the greeting of the second")
        assert post(world) == 250
        service.say("hup")
        wait_until(lambda: "reloaded" in open(service.log, errors="replace").read(), 20, "the reload")
        service.say("down")
        wait_until(lambda: service.pid() is None, 30, "the end")
        assert "stopped" in open(service.log, errors="replace").read()
