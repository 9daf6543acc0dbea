"""Each connection cut, stalled, swallowed, garbled and sliced at each of its steps, by a proxy between the real programs."""
import os

import pytest

from lab.process import wait_until
from lab.proxy import Fault, Proxy
from lab.world import World
from oracle import SHORT, some

QUICK = {"rollcall": {"post_deadline": 20}, "crm": {"query_deadline": 3, "connect_deadline": 3, "breaker_failures": 1000}}


@pytest.fixture(scope="module", params=["QMQP", "SMTP"])
def world(request):
    """Rollcall between two proxies, and one on its way to the CRM; by both ways back into Postfix."""
    with World(settings=QUICK, start_rollcall=False) as everything:
        smtp = request.param == "SMTP"
        target = everything.postfix.add_smtp_entrance().partition(":")[2] if smtp else everything.postfix.qmqp_socket
        with Proxy(everything.rollcall.lmtp.partition(":")[2], os.path.join(everything.directory, "lmtp")) as lmtp, \
                Proxy(target, os.path.join(everything.directory, "back")) as back, \
                Proxy(everything.mariadb.port) as mysql:
            everything.lines = {"LMTP": lmtp, request.param: back, "MySQL": mysql}
            way = {"relay": "smtp", "smtp_server": "unix:" + back.path} if smtp else {"qmqp_socket": "unix:" + back.path}
            everything.rollcall.configure({"rollcall": way})
            everything.crm.option_file(everything.rollcall.option_file, port=mysql.port)
            everything.postfix.apply("unix:" + lmtp.path)
            everything.rollcall.start()
            yield everything


def measure(world, its, line):
    """How many bytes each side of a line says about one post."""
    before = len(line.sent), line.received
    # A worker that has no connection yet says more; so each fault meets a fresh one.
    fresh(world)
    its.post()
    its.settle()
    return {"client": len(line.sent) - before[0], "server": line.received - before[1]}


def fresh(world):
    world.mariadb.execute("KILL USER mlist") if world.mariadb.connections() else None


def steps(length, count):
    """Places over the whole of it, first and last byte among them."""
    count = min(count, length)
    return sorted({i * (length - 1) // max(1, count - 1) for i in range(count)})


# On a unix socket nobody could tell that bytes of a message are others; and what a reply of ours means that is none is Postfix's to say (it waits).
WAYS = [("SMTP" if line == "SMTP" else "QMQP", line, side, action)
        for line in ("LMTP", "QMQP", "MySQL", "SMTP") for side in ("client", "server") for action in ("close", "stall", "swallow", "slice", "garble")
        if action != "garble" or line == "MySQL" or (line, side) in (("QMQP", "server"), ("SMTP", "server"))]
SHORT_WAYS = [("QMQP", "LMTP", "server", "close"), ("QMQP", "MySQL", "server", "close"), ("QMQP", "QMQP", "server", "swallow"), ("SMTP", "SMTP", "server", "close")]
SLOW = {"stall", "swallow"}


@pytest.mark.parametrize("world, name, side, action", SHORT_WAYS if SHORT else WAYS, indirect=["world"])
def test_line(world, trial, name, side, action):
    line = world.lines[name]
    with trial(world, "%s: %s what the %s says, at each step" % (name, action, side)) as its:
        length = measure(world, its, line)[side]
        assert length > 0
        # A reply whose line does not end is waited for, ten minutes after the last byte.
        length -= action == "garble" and name == "SMTP"
        its.runs = 0
        for at in steps(length, 2 if SHORT else 4 if action in SLOW else 14):
            if name == "MySQL":
                fresh(world)
            line.fault, met, its.place = Fault(side, at, action), line.met, "at byte %d" % at
            its.post()
            wait_until(lambda: line.met > met or world.postfix.queued() == 0, 30, "the step", pause=0.02)
            its.settle(90)
            line.fault = None
