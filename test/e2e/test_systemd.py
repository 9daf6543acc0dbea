"""Rollcall as `make install` and systemd run it: no process of ours with a right, each room a user of its own, sockets that outlive us."""
import contextlib
import os
import signal
import threading

import pytest

from lab.lmtp import Lmtp
from lab.machine import Machine, can_boot
from lab.postfix import DOMAIN
from lab.process import alive, children, status, wait_until
from lab.world import World, compose

pytestmark = pytest.mark.skipif(not can_boot(), reason="systemd-nspawn may not make a machine here")
AUTHOR = "chaya@mail.example.net"
LIST = "deelnemers@" + DOMAIN
USERS = {"rollcall-lmtpd": "rollcall-lmtpd", "rollcall-intake": "rollcall-intake", "rollcall-dispatch": "rollcall"}


@pytest.fixture(scope="module")
def world():
    with World(start_rollcall=False) as outside:
        yield outside


@pytest.fixture(scope="module")
def machine(world):
    # A stuck program is seen in seconds, so that the test does not take minutes.
    with Machine(world, drop_ins={"rollcall.service": "[Service]\nWatchdogSec=6\nRestartSec=0\n"}) as inside:
        inside.systemctl("start", "rollcall.service")
        yield inside


def post_arrives(world, subject):
    world.sink.forget()
    world.post(AUTHOR, LIST, subject)
    world.copies(len(world.crm.members("deelnemers")), timeout=40)
    assert world.sink.recipients() == {address: 1 for address in world.crm.members("deelnemers")}


def uid(machine, name):
    return machine.inside("id", "-u", name).stdout.strip()


def test_a_post_goes_through(world, machine):
    """By root's own 0600 files, which no process of ours can open: they came as credentials."""
    post_arrives(world, "By systemd")
    assert not [line for line in machine.journal("-u", "rollcall*") if "ALARM" in line]


def test_no_process_has_a_right(machine):
    found = machine.processes()
    assert set(found) == set(USERS)
    for name, pids in found.items():
        for pid in pids:
            state = status(pid)
            assert state["Uid"].split() == [uid(machine, USERS[name])] * 4, (name, state["Uid"])
            for which in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                assert int(state[which], 16) == 0, (name, which, state[which])
            assert (state["NoNewPrivs"], state["Seccomp"]) == ("1", "2"), name
            groups = {machine.inside("id", "-g", USERS[name]).stdout.strip()}
            if name == "rollcall-dispatch":
                groups.add(machine.inside("getent", "group", "postdrop").stdout.split(":")[2])
            assert set(state["Groups"].split()) <= groups, (name, state["Groups"])


def test_only_the_trusted_room_has_a_network(machine):
    networks = {name: {os.readlink("/proc/%d/ns/net" % pid) for pid in pids} for name, pids in machine.processes().items()}
    ours = os.readlink("/proc/self/ns/net")
    assert networks["rollcall-dispatch"] == {ours}
    assert ours not in networks["rollcall-intake"] | networks["rollcall-lmtpd"]
    assert not networks["rollcall-intake"] & networks["rollcall-lmtpd"]


def test_each_room_sees_its_own_secrets_only(machine):
    """Looked at with each program's own eyes: its user, its mounts."""
    def can_read(pid, path):
        state = status(pid)
        return machine.inside("nsenter", "-t", state["NSpid"].split()[-1], "-m", "setpriv", "--reuid", state["Uid"].split()[0], "--regid", state["Gid"].split()[0],
                              "--clear-groups", "cat", path, check=False).returncode == 0
    pids = {name: found[0] for name, found in machine.processes().items()}
    (credentials,) = machine.inside("sh", "-c", "ls -d /run/credentials/rollcall-dispatch*").stdout.split()
    for name, pid in pids.items():
        assert can_read(pid, "/etc/rollcall/rollcall.conf")
        for path in ("/etc/rollcall/crm.cnf", "/etc/rollcall/keys/rsa2026.pem"):
            assert not can_read(pid, path), (name, path)
        for path in (credentials + "/crm.cnf", credentials + "/keys_rsa2026.pem", "/var/lib/rollcall/store.db"):
            assert can_read(pid, path) == (name == "rollcall-dispatch"), (name, path)


def test_check_knows_what_the_units_do(machine):
    """Neither a password file of root's alone nor our own users are an error there; what a unit does not allow is."""
    def findings(settings):
        machine.configure(settings)
        return machine.inside("rollcall", "check", check=False).stdout
    good = findings({})
    assert "ok: systemd: the units run us without privileges" in good and "error: systemd" not in good, good
    assert "ok: CRM: connected" in good and "error: CRM" not in good, good
    bad = findings({"listen": "unix:/lab/rollcall/run/lmtp;inet:127.0.0.1:2424", "user": "daemon", "state_directory": "/srv/state"})
    assert "error: systemd: rollcall.socket does not listen on inet:127.0.0.1:2424" in bad
    assert "rollcall-dispatch@.service runs as user rollcall, the setting says daemon" in bad
    assert "error: systemd: the trusted room may not write to state_directory" in bad
    machine.configure({})


def test_a_reload_keeps_the_sockets(world, machine):
    before = machine.processes()
    with Lmtp("unix:" + machine.lmtp) as client:
        client.envelope(AUTHOR, [LIST])
        machine.systemctl("reload", "rollcall.service")
        wait_until(lambda: "reloaded" in machine.journal("-u", "rollcall.service"), 20, "the reload")
        world.sink.forget()
        assert [reply.code for reply in client.data(compose(AUTHOR, LIST), 1)] == [250]
    after = machine.processes()
    assert after["rollcall-lmtpd"] == before["rollcall-lmtpd"]
    wait_until(lambda: not [pid for pid in before["rollcall-intake"] + before["rollcall-dispatch"] if alive(pid)], 20, "the end of the old rooms")
    post_arrives(world, "After a reload")


def test_a_restart_loses_no_connection(machine):
    """Who connects while nobody is there waits in systemd's queue, and is greeted."""
    codes, going = [], threading.Event()

    def knock():
        while not going.is_set():
            with Lmtp("unix:" + machine.lmtp, 30) as client:
                codes.append(client.greeting.code)
            going.wait(0.02)
    thread = threading.Thread(target=knock)
    thread.start()
    try:
        before = machine.processes()["rollcall-lmtpd"]
        machine.systemctl("restart", "rollcall.service")
        seen = len(codes)
        wait_until(lambda: len(codes) > seen + 2, 30, "connections after the restart")
    finally:
        going.set()
        thread.join(40)
    assert set(codes) == {220} and machine.processes()["rollcall-lmtpd"] != before


@pytest.mark.parametrize("name", ["rollcall-dispatch"])
def test_what_is_stuck_is_started_again(world, machine, name):
    """HOSTILE S8, kill -STOP: whichever of the three it is, systemd hears nothing any more and starts all of them anew."""
    wait_until(lambda: len(machine.processes().get("rollcall-intake", [])) == 2, 20, "one intake and its porter")
    found = machine.processes()
    stuck = found[name][0] if name == "rollcall-lmtpd" else children(found[name][0])[0]
    restarts = int(machine.show("rollcall.service", "NRestarts")["NRestarts"])
    os.kill(stuck, signal.SIGSTOP)
    try:
        wait_until(lambda: int(machine.show("rollcall.service", "NRestarts")["NRestarts"]) > restarts, 40, "a restart by the watchdog", pause=0.2)
        wait_until(lambda: machine.show("rollcall.service", "ActiveState")["ActiveState"] == "active", 30, "a new start", pause=0.1)
        post_arrives(world, "After " + name + " was stuck")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(stuck, signal.SIGKILL)


def test_an_orderly_stop_leaves_nothing(machine):
    machine.systemctl("stop", "rollcall.service", "rollcall.socket")
    assert machine.show("rollcall.service", "Result")["Result"] == "success"
    wait_until(lambda: not machine.processes(), 10, "the end of both rooms")
