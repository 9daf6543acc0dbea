"""Too little memory for all of Rollcall together, as a unit's MemoryMax= sets it: the kernel kills one of the group, which one is its own choice. The post
waits, and goes out once when there is room again. What too little address space does to single programs: test_programs.py."""
import contextlib

import pytest

from lab.cgroup import MemoryGroup, available
from lab.process import LabError, wait_until
from lab.world import World
from oracle import steady

pytestmark = pytest.mark.skipif(not available(), reason="no memory cgroup")
MIB = 1 << 20
BODY = b"So much to say.\r\n" * 400000  # 6.8 MB


@pytest.fixture(scope="module")
def world():
    with World(settings={"rollcall": {"dispatch_workers": 2}, "crm": {"breaker_failures": 1000}}) as everything:
        yield everything


def supervise(world):
    """As systemd, when the kernel has chosen the master."""
    if not world.rollcall.daemon.running():
        world.rollcall.daemon.end()
        world.rollcall.start()
        return 1
    return 0


@pytest.mark.long
@pytest.mark.parametrize("what", ["all of it", "intake", "dispatch"])
def test_memory_max(world, trial, what):
    """The group counts what is taken from then on: from nothing to as much as the whole post needs."""
    with trial(world, "memory of a control group full: %s" % what) as its:
        killed = 0
        for spare in (0, MIB // 2, 2 * MIB, 8 * MIB):
            steady(world)
            its.place, before = "%d bytes to spare" % spare, world.rollcall.processes()
            with MemoryGroup() as group:
                for pid in [world.rollcall.pid] if what == "all of it" else before["rollcall-" + what][:1]:
                    group.add_tree(pid)
                group.limit(group.usage + spare + 4096 * 16)
                its.post(body=BODY)
                with contextlib.suppress(LabError):
                    wait_until(lambda: world.postfix.queued() == 0 or world.postfix.deferred(), 5, "an end or another time")
            killed += supervise(world) or world.rollcall.processes() != before
            its.settle()
        assert killed, "no limit was too low"
