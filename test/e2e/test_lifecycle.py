"""Start, stop, reload and death of the daemons: nothing lost, no session dropped, and refusals that say why."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from lab.lmtp import Closed
from lab.postfix import DOMAIN
from lab.process import BUILD, alive, children, wait_until
from lab.rollcall import TEXTS
from lab.world import World, compose

AUTHOR = "chaya@mail.example.net"
LIST = "deelnemers@" + DOMAIN


@pytest.fixture(scope="module")
def shared():
    with World() as world:
        yield world


def post_arrives(world, subject):
    world.sink.forget()
    world.post(AUTHOR, LIST, subject)
    members = world.crm.members("deelnemers")
    copies = world.copies(len(members), timeout=40)
    assert world.sink.recipients() == {address: 1 for address in members}
    return copies


def test_broken_reload_keeps_what_is_in_force(shared):
    """HOSTILE C10."""
    with shared.rollcall.connect() as client:
        client.command("LHLO x")
        good = open(shared.rollcall.config).read()
        with open(shared.rollcall.config, "a") as f:
            f.write("[rollcall]\nuser = twice\n")
        before = shared.rollcall.processes()
        assert not shared.rollcall.reload()
        assert shared.rollcall.log(r"ALARM reload failed") and shared.rollcall.log(r"rollcall.conf:\d+: this section stands twice")
        assert shared.rollcall.processes()["rollcall-dispatch"] == before["rollcall-dispatch"]
        with open(shared.rollcall.config, "w") as f:
            f.write(good)
        # The session that was open all the while goes on.
        assert [reply.code for reply in client.post(AUTHOR, [LIST], compose(AUTHOR, LIST))] == [250]


def test_a_text_with_an_unknown_field_changes_nothing(shared):
    """HOSTILE C7: seen by itself or at a reload, it is an alarm with its place, and the texts that were read before stay in force."""
    directory = os.path.join(shared.directory, "texts")
    shutil.copytree(TEXTS, directory)
    help_text = os.path.join(directory, "en", "help")
    old = dict(shared.rollcall.sections["rollcall"])
    shared.rollcall.configure({"rollcall": {"texts_directory": directory}})
    try:
        with open(help_text, "a") as f:
            f.write("\nOurs.\n")
        assert shared.rollcall.reload()
        before = shared.rollcall.processes()
        for broken, words in (("Subject: Ours\n\nDear {nmae}\n", "en/help:3: .*nmae"), ("Subject: 100%n {x}\n\nDear\n", "en/help:1: .*x")):
            with open(help_text, "w") as f:
                f.write(broken)
            assert not shared.rollcall.reload()
            assert shared.rollcall.log("texts: .*" + words) and shared.rollcall.log(r"ALARM reload failed")
        # Those of before the good reload may have ended meanwhile; nobody new is there.
        assert set(shared.rollcall.processes()["rollcall-dispatch"]) <= set(before["rollcall-dispatch"])
        shared.sink.forget()
        shared.post("texts@ask.example", "deelnemers-request", "help", b"help\r\n")
        (answer,) = shared.copies(1)
        assert b"Ours." in answer.body and b"nmae" not in answer.body
    finally:
        shared.rollcall.sections["rollcall"] = old
        shared.rollcall.configure({})
        assert shared.rollcall.reload()


def test_reload_with_a_broken_key_keeps_what_is_in_force(shared):
    key = [value for name, value in shared.rollcall.sections.items() if name.startswith("domain")][0]["dkim_keys"]
    shared.rollcall.configure({"domain " + DOMAIN: {"dkim_keys": "gone:/nonexistent.pem"}})
    assert not shared.rollcall.reload()
    shared.rollcall.configure({"domain " + DOMAIN: {"dkim_keys": key}})
    post_arrives(shared, "After a broken key")


def test_reload_drops_no_session(shared):
    with shared.rollcall.connect() as client:
        client.envelope(AUTHOR, [LIST])
        old = set(sum(shared.rollcall.processes().values(), [])) - {shared.rollcall.pid}
        shared.rollcall.configure({"domain " + DOMAIN: {"subject_tag": "[new]"}})
        assert shared.rollcall.reload()
        shared.sink.forget()
        assert client.data(compose(AUTHOR, LIST), 1)[0].code == 250
    # Old programs go once they have finished.
    wait_until(lambda: not [pid for pid in old if alive(pid)], 20, "the end of the old generation")
    copies = post_arrives(shared, "With the new setting")
    assert copies[0].header("Subject")[0] == "[new] With the new setting"
    shared.rollcall.configure({"domain " + DOMAIN: {"subject_tag": None}})
    assert shared.rollcall.reload()


@pytest.mark.parametrize("program", ["rollcall-dispatch", "rollcall-intake"])
def test_killed_program_is_back_within_two_seconds(shared, program):
    """HOSTILE S7."""
    def running():
        return [pid for pid in shared.rollcall.processes().get(program, []) if pid in direct_children(shared)]
    # After a reload the old generation's goes on for a while, and nobody starts that one again.
    wait_until(lambda: len(running()) == 1, 20, "the end of the old generation")
    (parent,) = running()
    os.kill(parent, signal.SIGKILL)
    start = time.monotonic()
    wait_until(lambda: [pid for pid in running() if pid != parent], 2, "a new " + program)
    assert time.monotonic() - start < 2
    post_arrives(shared, "After the death of " + program)


def direct_children(world):
    with open("/proc/%d/task/%d/children" % (world.rollcall.pid, world.rollcall.pid)) as f:
        return [int(pid) for pid in f.read().split()]


def test_killed_worker_is_replaced_and_its_post_waits(shared):
    with shared.rollcall.connect() as client:
        client.envelope(AUTHOR, [LIST])
        (parent,) = [pid for pid in shared.rollcall.processes()["rollcall-dispatch"] if pid in direct_children(shared)]
        workers = children(parent)
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len([pid for pid in children(parent) if alive(pid)]) == len(workers), 5, "new workers")
        shared.sink.forget()
        assert client.data(compose(AUTHOR, LIST), 1)[0].code == 250
    shared.copies(len(shared.crm.members("deelnemers")))


def socket_at(pid, number):
    path = "/proc/%d/fd/%d" % (pid, number)
    return os.path.lexists(path) and os.readlink(path).startswith("socket:")


def test_stopped_workers_are_replaced():
    """HOSTILE S8, kill -STOP of a worker: all of them, so that a post must wait for the new ones."""
    with World(settings={"rollcall": {"dispatch_workers": "2"}}) as world:
        (parent,) = [pid for pid in world.rollcall.processes()["rollcall-dispatch"] if pid in direct_children(world)]
        # The clock and the archiver beside them have closed the tickets' socket.
        workers = [pid for pid in children(parent) if socket_at(pid, 5)]
        assert len(workers) == 2
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        world.post(AUTHOR, LIST, "While they are stopped")
        wait_until(lambda: not any(alive(pid) for pid in workers), 45, "the end of the stopped workers")
        assert world.rollcall.log(r"worker %d is beyond every deadline" % workers[0])
        members = world.crm.members("deelnemers")
        world.copies(len(members))
        assert world.sink.recipients() == {address: 1 for address in members}


def test_one_message_per_session(shared):
    with shared.rollcall.connect() as client:
        assert client.post(AUTHOR, [LIST], compose(AUTHOR, LIST))[0].code == 250
        assert client.command("MAIL FROM:<%s>" % AUTHOR).code == 421
        with pytest.raises(Closed):
            client.reply()


def test_second_master_refuses(shared):
    result = subprocess.run([os.path.join(BUILD, "rollcall-lmtpd"), "--config", shared.rollcall.config],
                            capture_output=True, text=True, timeout=20)
    assert result.returncode != 0 and "runs already" in result.stderr
    post_arrives(shared, "The first one still works")


def test_stop_finishes_and_leaves_nothing():
    with World() as world:
        family = children(world.rollcall.pid)
        path = world.rollcall.lmtp.partition(":")[2]
        with world.rollcall.connect() as client:
            client.command("LHLO x")
            world.rollcall.daemon.send(signal.SIGTERM)
            assert [reply.code for reply in client.post(AUTHOR, [LIST], compose(AUTHOR, LIST))] == [250]
            client.command("QUIT")
        assert world.rollcall.stop() == 0
        assert not [pid for pid in family if alive(pid)]
        assert not os.path.exists(path)
        world.copies(len(world.crm.members("deelnemers")))
        # What comes meanwhile waits in Postfix.
        world.sink.forget()
        world.post(AUTHOR, LIST, "While stopped")
        assert world.postfix.wait_deferred()
        world.rollcall.start()
        world.postfix.flush()
        world.copies(len(world.crm.members("deelnemers")))


def test_master_killed_hard_takes_its_children_with_it_and_starts_again():
    with World() as world:
        world.rollcall.kill()
        world.rollcall.start()
        post_arrives(world, "After kill -9")


def test_new_master_starts_while_the_sessions_of_a_killed_one_still_end():
    """The old room keeps the session that is open, and lets go of the socket."""
    with World() as world:
        with world.rollcall.connect() as client:
            client.envelope(AUTHOR, [LIST])
            os.kill(world.rollcall.pid, signal.SIGKILL)
            world.rollcall.start()
            # Its dispatch goes with the old master: then the post waits.
            code = client.data(compose(AUTHOR, LIST), 1)[0].code
            assert code in (250, 451)
        if code == 250:
            world.copies(len(world.crm.members("deelnemers")))
        post_arrives(world, "By the new master")


def test_nobody_sleeps_in_accept(shared):
    """Around a reload two generations wait for one connection; the slower one must not hang in accept(2)."""
    path = shared.rollcall.lmtp.partition(":")[2]
    sockets = {line.split()[6] for line in open("/proc/net/unix") if line.endswith(" %s\n" % path) and line.split()[3] == "00010000"}
    holders = [shared.rollcall.pid] + [pid for pid in shared.rollcall.processes()["rollcall-intake"] if pid in direct_children(shared)]
    for pid in holders:
        (fd,) = [fd for fd in os.listdir("/proc/%d/fd" % pid)
                 if os.readlink("/proc/%d/fd/%s" % (pid, fd)) in ["socket:[%s]" % inode for inode in sockets]]
        flags = re.search(r"flags:\s+(\d+)", open("/proc/%d/fdinfo/%s" % (pid, fd)).read()).group(1)
        assert int(flags, 8) & os.O_NONBLOCK


def bad_settings(world):
    """Settings that must refuse the start, with what must be said."""
    here = world.rollcall.directory
    rsa1024 = os.path.join(here, "keys", "small.pem")
    readable = os.path.join(here, "keys", "readable.pem")
    subprocess.run(["openssl", "genrsa", "-out", rsa1024, "512"], check=True, capture_output=True)
    subprocess.run(["openssl", "genrsa", "-out", readable, "2048"], check=True, capture_output=True)
    os.chmod(rsa1024, 0o600)
    os.chmod(readable, 0o644)
    texts = os.path.join(here, "texts")
    shutil.copytree(TEXTS, texts)
    with open(os.path.join(texts, "en", "help"), "w") as f:
        f.write("Subject: Ours\n\nDear {nmae}\n")
    open_state = os.path.join(here, "open-state")
    os.mkdir(open_state, 0o777)
    os.chmod(open_state, 0o777)
    return [
        ({"rollcall": {"usre": "x"}}, r"unknown setting \"usre\""),
        ({"rollcall": {"user": "root"}}, r"user root: must not be root"),
        ({"rollcall": {"intake_user": "nobody-of-that-name"}}, r"intake_user nobody-of-that-name: no such user"),
        ({"rollcall": {"listen": "tcp:1234"}}, r"listen tcp:1234: expected"),
        ({"rollcall": {"listen": "unix:/nonexistent/lmtp"}}, r"listen unix:/nonexistent/lmtp: No such file"),
        ({"rollcall": {"qmqp_group": "no-such-group"}}, r"qmqp_group no-such-group: no such group"),
        ({"rollcall": {"state_directory": "/nonexistent"}}, r"/nonexistent"),
        ({"rollcall": {"state_directory": open_state}}, r"open-state"),
        ({"rollcall": {"texts_directory": texts}}, r"texts: .*en/help:3: .*nmae"),
        ({"domain " + DOMAIN: {"dkim_keys": "s:" + rsa1024}}, r"small\.pem"),
        ({"domain " + DOMAIN: {"dkim_keys": "s:" + readable}}, r"readable\.pem"),
        ({"domain " + DOMAIN: {"dkim_keys": "a b:" + readable}}, r"selector"),
    ]


def test_refusals_to_start():
    """HOSTILE C1, C2, C3, C9, D15 at the start of the whole: it ends, and says what is wrong."""
    with World(start_rollcall=False) as world:
        for settings, words in bad_settings(world):
            good = {section: dict(values) for section, values in world.rollcall.sections.items()}
            world.rollcall.configure(settings)
            status, said = world.rollcall.refusal()
            assert status != 0
            assert re.search(words, said), (settings, said)
            world.rollcall.sections = good
        world.rollcall.configure({})
        world.mariadb.execute("GRANT INSERT ON crm.members_user TO mlist")
        status, said = world.rollcall.refusal()
        assert status != 0 and "INSERT" in said
        world.rollcall.configure({"crm": {"excess_grants": "warn"}})
        world.rollcall.start()
        assert world.rollcall.log("INSERT")
        post_arrives(world, "Allowed with a warning")


def test_odd_surroundings():
    """HOSTILE S9, S10: descriptors 0 to 2 closed, a Turkish locale, umask 0, a huge environment, a deleted working directory."""
    with World(start_rollcall=False) as world:
        program, config = os.path.join(BUILD, "rollcall-lmtpd"), world.rollcall.config
        gone = os.path.join(world.directory, "gone")
        os.mkdir(gone)
        environment = dict(os.environ, LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8", HUGE="x" * 100000, LD_PRELOAD="")
        world.rollcall.configure({"rollcall": {"log": "syslog"}})
        script = "umask 0; cd %s && rmdir %s && exec %s --config %s <&- >&- 2>&-" % (gone, gone, program, config)
        process = subprocess.Popen(["sh", "-c", script], env=environment)
        try:
            wait_until(world.rollcall.answers, 15, "the start")
            post_arrives(world, "From odd surroundings")
            assert os.stat(os.path.join(world.rollcall.directory, "run", "rollcall.pid")).st_mode & 0o022 == 0
        finally:
            process.terminate()
            assert process.wait(45) == 0


class Logger:
    """Syslog's socket, made as rsyslog makes it: in the place of what was there."""

    def __init__(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink("/dev/log")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.socket.setblocking(False)
        self.lines = []

    def heard(self, *words):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.lines.append(self.socket.recv(8192).decode())
        return [line for line in self.lines if all(word in line for word in words)]


@pytest.mark.skipif(os.geteuid() != 0 or os.path.lexists("/dev/log"), reason="wants to be the logger")
def test_a_logger_that_starts_anew():
    """HOSTILE S9: intake's children see no /dev, and speak to the new one all the same."""
    with World(start_rollcall=False) as world:
        world.rollcall.configure({"rollcall": {"log": "syslog"}})
        logger = Logger()
        process = subprocess.Popen([os.path.join(BUILD, "rollcall-lmtpd"), "--config", world.rollcall.config], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(world.rollcall.answers, 15, "the start")
            post_arrives(world, "Before")
            wait_until(lambda: logger.heard("rollcall-intake", "status=sent"), 10, "a line of intake's child")
            for number in range(2):
                logger.socket.close()
                logger = Logger()

                def speaks(logger=logger, number=number):
                    post_arrives(world, "After %d" % number)
                    return logger.heard("rollcall-intake", "status=sent")
                wait_until(speaks, 20, "a line to the new logger")
        finally:
            process.terminate()
            assert process.wait(45) == 0
            logger.socket.close()
            os.unlink("/dev/log")
