"""System calls of running programs that end in a kill or in an error, by strace: each call of each name, one after the other, none left out.

strace counts each call by its name and for each process, so a loop over numbers alone passes over whatever comes between two calls of another name: first
everything is counted (`Census`), then each name is met at each of its numbers.
"""
import collections
import os
import re
import shutil
import signal
import subprocess

from lab.process import LabError, alive

AVAILABLE = shutil.which("strace") is not None
# Whatever leaves something behind: in a file, at the other end of a socket, in the kernel.
WRITES = ("pwrite64", "write", "writev", "sendmsg", "sendto", "fdatasync", "fsync", "ftruncate", "unlink", "rename", "link")


def count_calls(trace):
    """{call: the most of it that one process made}, from what strace wrote."""
    by_process, counts = collections.Counter(), {}
    with open(trace) as f:
        for line in f:
            found = re.match(r"(\d+) +(\w+)\(", line)
            if found:
                by_process[found.groups()] += 1
    for (_, call), count in by_process.items():
        counts[call] = max(count, counts.get(call, 0))
    return counts


def each_call(counts):
    """Every (call, number) there is."""
    return [(call, number) for call in sorted(counts) for number in range(1, counts[call] + 1)]


class Strace:
    """Open over running processes and what they fork: `what` is put behind -e inject=. Attached when `with` begins."""

    def __init__(self, pids, calls, what=None, output=os.devnull):
        inject = ["-e", "inject=%s:%s" % (",".join(calls), what)] if what else []
        self.victims, self.output = list(pids), output
        self.argv = ["strace", "-f", "-o", output, "-e", "trace=" + ",".join(calls)] + inject + ["-p%d" % pid for pid in self.victims]

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, stderr=subprocess.PIPE, text=True)
        left = set(self.victims)
        while left:
            line = self.process.stderr.readline()
            # Whoever ends just now is no victim.
            found = re.search(r"Process (\d+) attached", line) or re.search(r"SEIZE, (\d+)\): No such process", line)
            if not found:
                self.process.kill()
                self.process.wait()
                raise LabError("strace: %s" % line)
            left.discard(int(found.group(1)))
        return self

    def __exit__(self, *why):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)

    def killed(self):
        """Whether one of those that were there at the beginning is dead."""
        return not all(alive(pid) for pid in self.victims)

    def met(self):
        """Whether strace has done what it was told, as its output says."""
        with open(self.output) as f:
            return "(INJECTED)" in (text := f.read()) or "killed by" in text


class Census(Strace):
    """Only counts. `counts` at the end: {call: the most of it that one process made}."""

    def __init__(self, pids, calls, output):
        super().__init__(pids, calls, output=output)

    def __exit__(self, *why):
        super().__exit__(*why)
        self.counts = count_calls(self.output)

    def each(self):
        return each_call(self.counts)
