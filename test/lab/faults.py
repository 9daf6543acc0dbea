"""Fault points (lib/base/fault.h), from outside: who comes to the n-th moment of a post is killed, stopped or aborted there; and the wall clock moves.

The programs must be of the build with such points (`make fault-programs`), which is beside the ordinary one.
"""
import mmap
import os
import signal
import struct

from lab.process import BUILD

FAULT_BUILD = BUILD + "-fault"
HEAD, ENTRY, MOST = struct.Struct("=IIIi"), struct.Struct("=32s20si"), 4000


class Faults:
    """The page that all programs of `rollcall` (a lab.rollcall.Rollcall, not started yet) share from its next start on."""

    def __init__(self, rollcall):
        self.path = os.path.join(rollcall.directory, "faults")
        with open(self.path, "wb") as f:
            f.truncate(HEAD.size + ENTRY.size * MOST)
        os.chmod(self.path, 0o666)
        with open(self.path, "r+b") as f:
            self._page = mmap.mmap(f.fileno(), 0)
        rollcall.build = FAULT_BUILD
        rollcall.environment = dict(os.environ, ROLLCALL_FAULT=self.path)

    def _set(self, passed, number, what, skew):
        self._page[:HEAD.size] = HEAD.pack(passed, number, what, skew)

    def arm(self, number, what=signal.SIGKILL):
        """Whoever comes to moment `number`, counted from 1 from now on, gets that signal. 0: nobody."""
        self._set(0, 0, what, self.skew)
        self._set(0, number, what, self.skew)

    def disarm(self):
        self.arm(0)

    @property
    def skew(self):
        """Seconds by which the programs' wall clock is ahead."""
        return HEAD.unpack(self._page[:HEAD.size])[3]

    @skew.setter
    def skew(self, seconds):
        passed, number, what, _ = HEAD.unpack(self._page[:HEAD.size])
        self._set(passed, number, what, seconds)

    def trail(self):
        """[(program, moment, pid)] since arm()."""
        passed = min(HEAD.unpack(self._page[:HEAD.size])[0], MOST)
        entries = [ENTRY.unpack_from(self._page, HEAD.size + i * ENTRY.size) for i in range(passed)]
        return [(program.split(b"\0")[0].decode(), name.split(b"\0")[0].decode(), pid) for name, program, pid in entries]

    @property
    def met(self):
        """Whether the armed moment came."""
        passed, number, _, _ = HEAD.unpack(self._page[:HEAD.size])
        return 0 < number <= passed
