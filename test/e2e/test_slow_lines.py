"""Each line is long: the CRM in another data centre, a resolver behind a modem, a Postfix that thinks before it answers. Slow is not broken: no post is put off for it,
none is lost, none goes out twice, and who is slow holds up nobody else."""
import contextlib
import os
import random
import re

import pytest

from lab.dnsproxy import DnsProxy
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.slowline import SlowLine
from lab.world import World

HELD = "spacelog"
AUTHOR = "chaya@mail.example.net"


@pytest.fixture(scope="module")
def far():
    """A world whose lines are `mysql`, `back`, `lmtp` (SlowLine) and `dns`."""
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(World(settings={"list %s@%s" % (HELD, DOMAIN): {"scenario": "editorkeyonly"}}, start_rollcall=False, fast=True))
        world.mysql = stack.enter_context(SlowLine(world.mariadb.port, delay=0.04, jitter=0.03))
        world.lmtp = stack.enter_context(SlowLine(world.rollcall.lmtp.partition(":")[2], os.path.join(world.directory, "lmtp"), delay=0.02, jitter=0.02))
        world.back = stack.enter_context(SlowLine(world.postfix.qmqp_socket, os.path.join(world.directory, "back"), delay=0.05, jitter=0.05))
        world.line = stack.enter_context(DnsProxy(world.resolver.port))
        jitter = random.Random(1)
        world.line.arm(lambda answer: [(0.03 + jitter.random() * 0.05, answer)])
        world.rollcall.configure({"rollcall": {"qmqp_socket": "unix:" + world.back.path, "resolver": world.line.setting, "dispatch_workers": 2},
                                  "crm": {"connect_deadline": 1}})
        world.crm.option_file(world.rollcall.option_file, port=world.mysql.port)
        world.postfix.apply("unix:" + world.lmtp.path)
        world.rollcall.start()
        yield world


def sent(world, queue_id, timeout=30):
    """Waits until Postfix has its answer about a post; it is 250, and the first one."""
    def answers():
        return [line for line in world.postfix.log() if queue_id in line and "/lmtp[" in line and "status=" in line]
    wait_until(answers, timeout, "an answer about %s\n%s" % (queue_id, world.last_words()))
    assert "status=sent" in answers()[0], answers()


def test_many_at_once(far):
    """More posts than workers, at once, while a reload happens: all 250 at the first attempt, each member one copy of each."""
    members, count = far.crm.members("deelnemers"), 8
    posts = [far.post(AUTHOR, "deelnemers", "Far %d" % i) for i in range(count)]
    far.rollcall.reload()
    for queue_id in posts:
        sent(far, queue_id)
    copies = far.copies(count * len(members))
    for i in range(count):
        assert sorted(a for copy in copies if copy.header("Subject")[0].endswith("Far %d" % i) for a in copy.recipients) == members


def test_a_firewall_forgets_between_two_posts(far):
    """The first after a quiet hour goes out as well: the dead connections are seen, and made again."""
    far.sink.forget()
    members = far.crm.members("deelnemers")
    far.mysql.vanish()
    sent(far, far.post(AUTHOR, "deelnemers", "After a quiet hour"))
    assert sorted(a for copy in far.copies(len(members)) for a in copy.recipients) == members
    assert far.rollcall.wait_log("a kept connection was dead, which took 1 s to see")


def test_notices_leave_room_for_a_post(far):
    """Postfix thinks about each mail, and a held post makes one for each moderator: a post that comes meanwhile finds a worker that has no such job."""
    count, moderators = 3, 6
    for i in range(moderators):
        far.crm.add_person("moderator%d@home.example.org" % i, moderator=True)
        far.crm.join("moderator%d@home.example.org" % i, HELD)
    far.sink.forget()
    far.back.delay, far.back.jitter = 1.0, 0
    before = len(far.rollcall.log())

    def lines(pattern):
        return [line for line in far.rollcall.log()[before:] if re.search(pattern, line)]
    for i in range(count):
        far.post(AUTHOR, HELD, "Held %d" % i)
    wait_until(lambda: len(lines(r"list=<%s@.*status=held" % HELD)) == count, 30, "%d held posts" % count)
    sent(far, far.post(AUTHOR, "deelnemers", "In between"))
    assert not lines(r"kind=notice-moderators,.*status=done"), "the post waited for all notices of a held one"
    far.back.delay = 0
    wait_until(lambda: len(lines(r"kind=notice-moderators,.*status=done")) == count, 60, "all notices")
    notices = [copy for copy in far.sink.transactions() if any(a.startswith("moderator") for a in copy.recipients)]
    assert len(notices) == count * moderators
