"""The programs as they are installed, by strace: killed before each of their writes, and each call that can fail fails once."""
import contextlib
import os

import pytest

from lab.inject import AVAILABLE, WRITES, Census, Strace
from lab.process import LabError, wait_until
from lab.world import World
from oracle import some

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="no strace")
# What can go wrong with each call of a healthy program, by manual page. Not fcntl: strace would fail unlocking as well, which no local file system does.
ERRORS = {
    "pwrite64": ("ENOSPC", "EIO"), "write": ("ENOSPC", "EIO"), "fsync": ("EIO",), "fdatasync": ("EIO",), "ftruncate": ("EIO", "ENOSPC"), "pread64": ("EIO",),
    "openat": ("EMFILE", "EROFS"), "unlink": ("EIO",), "rename": ("EIO",), "link": ("ENOSPC",), "memfd_create": ("EMFILE", "ENOMEM"), "socketpair": ("EMFILE",), "socket": ("EMFILE",),
    "connect": ("ECONNREFUSED",), "sendmsg": ("ENOBUFS", "EPIPE"), "sendto": ("ECONNRESET", "ENOBUFS"), "recvmsg": ("ECONNRESET", "EMFILE"), "recvfrom": ("ECONNRESET",),
    "mmap": ("ENOMEM",), "poll": ("ENOMEM",), "accept4": ("EMFILE",), "clone": ("EAGAIN",), "fstat": ("EIO",), "newfstatat": ("EIO",),
    "clone3": ("EAGAIN",), "read": ("EIO",), "setsockopt": ("ENOBUFS",), "prlimit64": ("EPERM",), "dup": ("EMFILE",), "brk": ("ENOMEM",), "getrandom": ("EAGAIN",),
}


@pytest.fixture(scope="module")
def world():
    with World(settings={"rollcall": {"dispatch_workers": 2}, "crm": {"breaker_failures": 1000}}) as everything:
        everything.trace = os.path.join(everything.directory, "trace")
        yield everything


def room(world, program):
    return wait_until(lambda: world.rollcall.processes().get(program), 40, program)


def count(world, its, program, calls):
    """What one post makes the program do."""
    its.post()
    its.settle()
    with Census(room(world, program), calls, world.trace) as census:
        its.post()
        its.settle()
    its.runs = 0
    return census


def suffer(world, its, program, call, what):
    its.place = "%s %s" % (call, what)
    with Strace(room(world, program), [call], what, world.trace) as strace:
        its.post()
        # A program that is started again counts from 1, and meets the fault again: not for ever.
        with contextlib.suppress(LabError):
            wait_until(lambda: world.postfix.queued() == 0 or world.postfix.deferred(), 6, "an end or another time", pause=0.02)
        met = strace.met()
    its.settle()
    return met


@pytest.mark.parametrize("program", ["rollcall-intake", "rollcall-dispatch"])
def test_killed_before_each_write(world, trial, program):
    with trial(world, "kill -9 of %s before each of its writes (strace)" % program) as its:
        places = count(world, its, program, WRITES).each()
        assert len(places) >= 8
        met = sum(suffer(world, its, program, call, "signal=KILL:when=%d" % number) for call, number in some(places, 4))
        assert met >= len(some(places, 4)) // 2


@pytest.mark.long
@pytest.mark.parametrize("program", ["rollcall-intake", "rollcall-dispatch"])
def test_each_call_fails_once(world, trial, program):
    with trial(world, "each system call of %s fails once (strace)" % program) as its:
        places = [(call, number, error) for call, number in count(world, its, program, ERRORS).each() for error in ERRORS[call]]
        for call, number, error in some(places, 4):
            suffer(world, its, program, call, "error=%s:when=%d" % (error, number))
