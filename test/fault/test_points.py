"""kill -9 and SIGSTOP of whoever comes to each named moment (lib/base/fault.h) of a post, by the build that has such moments. What may come twice is known
here exactly: only what was killed after the last byte and before that was recorded."""
import contextlib
import os
import signal
import time

import pytest

from lab.faults import Faults
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World
from oracle import LIST, SHORT, some

KEY_MOMENTS = ("before-intent", "after-intent", "after-last-byte", "after-outcome", "after-done", "decided")


@pytest.fixture(scope="module", params=["QMQP"] if SHORT else ["QMQP", "SMTP"])
def world(request):
    with World(start_rollcall=False) as everything:
        everything.way = request.param
        if request.param == "SMTP":
            everything.rollcall.configure({"rollcall": {"relay": "smtp", "smtp_server": everything.postfix.add_smtp_entrance()}})
        everything.crm.execute("UPDATE mailinglists_subscription SET digest = 0")
        archive = os.path.join(everything.directory, "archive")
        os.mkdir(archive, 0o777)
        os.chmod(archive, 0o777)
        everything.rollcall.configure({"list %s@%s" % (LIST, DOMAIN): {"archive": "maildir:%s/choir" % archive}})
        everything.faults = Faults(everything.rollcall)
        everything.rollcall.start()
        everything.archive = os.path.join(archive, "choir", "new")
        yield everything


def archived(world):
    return len(os.listdir(world.archive)) if os.path.isdir(world.archive) else 0


def trail_of(world, its):
    """The moments of one post that nothing happens to."""
    before = archived(world)
    world.faults.arm(0)
    its.post()
    its.settle()
    wait_until(lambda: archived(world) > before, 20, "the archive's copy")
    wait_until(lambda: world.rollcall.store("SELECT count(*) FROM kept") == [(0,)], 20, "the archive's record")
    return world.faults.trail()


def chosen(trail):
    numbers = range(1, len(trail) + 1)
    return [n for n in numbers if not SHORT or trail[n - 1][1] in KEY_MOMENTS]


def may_double(moments):
    """Whether the last of these moments of one process lies behind the last byte, and before that is recorded."""
    if "after-last-byte" not in moments:
        return False
    since = moments[len(moments) - 1 - moments[::-1].index("after-last-byte"):]
    return "after-commit" not in since and "after-done" not in since


def test_killed_at_each_moment(world, trial):
    with trial(world, "kill -9 of the program at each named moment of a post (%s)" % world.way) as its:
        trail = trail_of(world, its)
        assert len(trail) > 60 and {"rollcall-intake", "rollcall-dispatch"} == {program for program, _, _ in trail}
        its.runs, its.may_double = 0, set()
        for number in chosen(trail):
            world.faults.arm(number)
            post = its.post()
            wait_until(lambda: world.faults.met or world.postfix.queued() == 0, 30, "the moment", pause=0.02)
            if world.faults.met:
                trail = world.faults.trail()[:number]
                moments = [moment for _, moment, pid in trail if pid == trail[-1][2]]
                its.places[post.subject] = moments[-1]
                if may_double(moments):
                    its.may_double.add(post.subject)
            its.settle()
        world.faults.disarm()
    wait_until(lambda: archived(world) == its.runs + 1, 20, "each post in the archive once")


def test_stopped_at_each_moment(world, trial):
    """SIGSTOP for a moment: nothing may come of it but delay."""
    with trial(world, "SIGSTOP of the program at each named moment of a post, for 0.3 s (%s)" % world.way) as its:
        trail = trail_of(world, its)
        its.may_double, its.runs = set(), 0
        for number in some(range(1, len(trail) + 1), 4):
            world.faults.arm(number, signal.SIGSTOP)
            its.post()
            wait_until(lambda: world.faults.met or world.postfix.queued() == 0, 30, "the moment", pause=0.02)
            time.sleep(0.3)
            wake(world)
            its.settle()
        world.faults.disarm()


def wake(world):
    for pids in world.rollcall.processes().values():
        for pid in pids:
            # Whoever has ended since we looked needs none.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
