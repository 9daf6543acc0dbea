"""A wall clock that jumps, to and fro, for all programs at once (lib/base/fault.c moves it)."""

import pytest

from lab.faults import Faults
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World
from oracle import LIST, some

DAY = 86400
# A day back, an hour forth and back (daylight saving), beyond what is kept, beyond 2038 (and beyond 2^31 seconds), the year 1970.
JUMPS = [-DAY, 3600, -3600, 20 * DAY, 400 * DAY, 2**31 - 1, -(2**30)]


@pytest.fixture(scope="module")
def world():
    with World(start_rollcall=False) as everything:
        everything.rollcall.configure({"list %s@%s" % (LIST, DOMAIN): {"scenario": "privateoreditorkey"}})
        everything.faults = Faults(everything.rollcall)
        everything.rollcall.start()
        yield everything


def test_jumps(world, trial):
    with trial(world, "wall clock that jumps, to and fro", signatures=False) as its:
        for jump in some(JUMPS):
            its.place, world.faults.skew = "%d s" % jump, jump
            its.post()
            # In a year that no signature can be of, it waits.
            wait_until(lambda: world.postfix.queued() == 0 or world.postfix.deferred(), 30, "an end or another time")
            world.faults.skew = 0
            its.settle()
            its.post()
            its.settle()
