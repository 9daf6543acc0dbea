"""What the machine does to running programs: too few descriptors, too little memory, stopped for a while, killed outright; MariaDB and Postfix too."""
import contextlib
import os
import re
import signal
import time

import pytest

from lab.postfix import DOMAIN
from lab.process import LabError, children, program, run, status, wait_until
from lab.world import World
from oracle import SHORT, descriptors, parent_of, some

CROWD = 2000
TITLES = {"nofile": "Max open files", "as": "Max address space"}
QUICK = {"rollcall": {"dispatch_workers": 2}, "crm": {"breaker_failures": 1000, "query_deadline": 5, "connect_deadline": 5}}
# Of a daemon that dies before it has served anybody, and of a service that did not answer, Postfix keeps away for a minute.
SOON = {"service_throttle_time": "1s", "transport_retry_time": "1s"}


@pytest.fixture(scope="module")
def world():
    with World(settings=QUICK, postfix_settings=SOON) as everything:
        everything.crm.fill("crowd", CROWD)
        everything.crm.join("chaya@mail.example.net", "crowd")
        yield everything


def roles(world):
    """{what it is: pids}"""
    master = world.rollcall.pid
    direct = {program(pid): pid for pid in children(master) if parent_of(pid) == master}
    if set(direct) != {"rollcall-intake", "rollcall-dispatch"}:
        return None
    found = {"master": [master], "intake": [direct["rollcall-intake"]], "pool": [direct["rollcall-dispatch"]]}
    found["workers"] = [pid for pid in children(direct["rollcall-dispatch"])]
    return found if len(found["workers"]) == 4 else None


def pids_of(world, role):
    return wait_until(lambda: roles(world), 60, "all programs")[role]


@contextlib.contextmanager
def limited(pids, which, soft):
    """soft(pid) is the limit. Those who die meanwhile took it with them."""
    before = {pid: re.search(r"%s +(\S+)" % TITLES[which], open("/proc/%d/limits" % pid).read()).group(1) for pid in pids}
    for pid in pids:
        limit(pid, which, soft(pid))
    try:
        yield
    finally:
        for pid, was in before.items():
            limit(pid, which, was)


def limit(pid, which, soft):
    """As the user of that process, since root in a container may not change other users' limits."""
    with contextlib.suppress(OSError, LabError):
        user, group = status(pid)["Uid"].split()[0], status(pid)["Gid"].split()[0]
        run(["setpriv", "--reuid", user, "--regid", group, "--clear-groups", "prlimit", "--pid=%d" % pid, "--%s=%s:" % (which, soft)])


def end_or_wait(world):
    # Who cannot even accept a connection keeps it waiting, and Postfix is patient.
    with contextlib.suppress(LabError):
        wait_until(lambda: world.postfix.queued() == 0 or world.postfix.deferred(), 6, "an end or another time")


ROLES = ["workers"] if SHORT else ["master", "intake", "pool", "workers"]


@pytest.mark.parametrize("role", ROLES)
def test_too_few_descriptors(world, trial, role):
    with trial(world, "too few descriptors: %s" % role) as its:
        for spare in some(range(0, 9)):
            with limited(pids_of(world, role), "nofile", lambda pid, s=spare: descriptors(pid) + s):
                its.post()
                end_or_wait(world)
            its.settle()


@pytest.mark.parametrize("role", ROLES)
def test_too_little_memory(world, trial, role):
    with trial(world, "too little memory: %s" % role, lists=("crowd",)) as its:
        for spare in some((0, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192)):
            with limited(pids_of(world, role), "as", lambda pid, s=spare: (int(status(pid)["VmSize"].split()[0]) + s) * 1024):
                its.post("crowd")
                end_or_wait(world)
            its.settle()


@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
def test_stopped(world, trial, role):
    """Longer than a retry of Postfix's, shorter than anybody's deadline; the post comes while they are stopped."""
    with trial(world, "SIGSTOP for 2 s: %s" % role) as its:
        for wait in some((0.0, 0.01, 0.02, 0.05), 2):
            pids = pids_of(world, role)
            if wait:
                its.post()
                time.sleep(wait)
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            its.post()
            time.sleep(2)
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            its.settle()


@pytest.mark.parametrize("role", ROLES)
def test_killed_and_aborted(world, trial, role):
    """SIGABRT and SIGTRAP are what GLib does when memory is out or it is misused. Four times: the pause before the next start doubles."""
    with trial(world, "SIGKILL, SIGABRT, SIGTRAP, SIGSEGV at any moment: %s" % role, lists=("crowd",)) as its:
        for number, what in enumerate(some([signal.SIGKILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSEGV], 2)):
            pids = pids_of(world, role)
            its.post("crowd")
            time.sleep(0.01 * number)
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, what)
            if role == "master":
                world.rollcall.kill()
                world.rollcall.start()
            its.settle(90)


# ---- MariaDB and Postfix ----

VIEW = ("CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, 'row' list, IF(seq = 150, 'chaya@mail.example.net', CONCAT('member', seq, '@mail.example.net')) user_subscriber,"
        " 'mail' digest, 0 owner, 0 moderator FROM seq_1_to_300")


def test_mariadb_killed_at_a_row(world, trial):
    world.crm.execute(VIEW)
    world.mariadb.execute("GRANT SELECT, SHOW VIEW ON crm.mailinglists_api TO mlist")
    try:
        with trial(world, "MariaDB killed (-9) at row k", lists=("row",)) as its:
            for number, row in enumerate(some([1, 2, 75, 150, 225, 299, 300])):
                world.crm.execute(VIEW + " WHERE seq <> %d OR SLEEP(0.4) = 0" % row)
                its.post("row")
                wait_until(lambda: world.crm.query("SELECT id FROM information_schema.processlist WHERE user = 'mlist' AND info LIKE %s AND state = 'User sleep'",
                                                   "%UNION ALL%"), 20, "rows being read")
                # The statement counts before it reads: every second time it dies over the rows themselves.
                time.sleep(number % 2 * 0.5)
                world.mariadb.kill()
                end_or_wait(world)
                world.mariadb.start()
                world.crm.execute(VIEW)
                its.settle()
    finally:
        world.crm.use_view("view.sql")
        world.mariadb.execute("GRANT SELECT, SHOW VIEW ON crm.mailinglists_api TO mlist")


@pytest.mark.long
def test_mariadb_stopped(world, trial):
    with trial(world, "MariaDB stopped (SIGSTOP) for 8 s", lists=("crowd",)) as its:
        for _ in range(1 if SHORT else 2):
            its.post("crowd")
            world.mariadb.freeze()
            its.post("crowd")
            time.sleep(8)
            world.mariadb.thaw()
            its.settle()


def kill_daemons(world, names):
    for pid in children(world.postfix.pid):
        if program(pid) in names:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def kill_all_of_postfix(world, _):
    world.postfix.kill()
    world.postfix.start()


# The first two end what takes our hand-over and what brings us posts; with the others Postfix itself may deliver a copy again, which the oracle knows by its queue id.
POSTFIX = {"qmqpd, cleanup, lmtp": kill_daemons, "qmgr, trivial-rewrite, cleanup": kill_daemons, "smtp": kill_daemons, "all of it, and started again": kill_all_of_postfix}


@pytest.mark.parametrize("victims", [name for name in POSTFIX if not SHORT or name.startswith("qmqpd")])
def test_postfix_killed(world, trial, victims):
    """Its own promise, and ours about the reply that never came. What cleanup was killed over was answered 250 to nobody."""
    with trial(world, "Postfix killed (-9) while posts pass: %s" % victims, lists=("crowd",), postfix_dies=True) as its:
        for number in some(range(12)):
            its.post("crowd")
            time.sleep(0.015 * number)
            POSTFIX[victims](world, victims.split(", "))
            its.settle()
    unfinished = world.postfix.abandoned()
    assert not [line for line in world.postfix.log() for name in unfinished if "queued as %s" % name in line]
