"""A group of processes that together have no more memory than that, as systemd's MemoryMax= makes one: by cgroup v2 where that has the memory, else v1. The
kernel kills when it is out. A container may have neither; `available()` tells."""
import contextlib
import os
import tempfile

from lab.process import children, wait_until

V1 = {"root": "/sys/fs/cgroup/memory", "limit": "memory.limit_in_bytes", "usage": "memory.usage_in_bytes", "none": "-1"}
V2 = {"root": "/sys/fs/cgroup", "limit": "memory.max", "usage": "memory.current", "none": "max"}


def _home():
    """(names, our own group's directory) of the version that has the memory, or None."""
    with open("/proc/self/cgroup") as f:
        groups = [line.rstrip("\n").split(":", 2) for line in f]
    for _, controllers, path in groups:
        if "memory" in controllers.split(","):
            return V1, V1["root"] + path
    for number, _, path in groups:
        place = V2["root"] + path
        with contextlib.suppress(OSError), open(os.path.join(place, "cgroup.subtree_control")) as f:
            if number == "0" and "memory" in f.read().split():
                return V2, place
    return None


class MemoryGroup:
    """For `with`. Who was put in and still lives comes out again at the end."""

    def __enter__(self):
        self.names, self.home = _home()
        self.place = tempfile.mkdtemp(prefix="rollcall-", dir=self.home)
        return self

    def __exit__(self, *why):
        self.limit(None)
        wait_until(self._is_gone, 20, "the end of " + self.place)

    def _is_gone(self):
        """Who is just being killed keeps it for a moment."""
        with open(os.path.join(self.place, "cgroup.procs")) as f:
            for pid in f.read().split():
                _write(os.path.join(self.home, "cgroup.procs"), pid)
        with contextlib.suppress(OSError):
            os.rmdir(self.place)
        return not os.path.isdir(self.place)

    def add(self, pids):
        """These, and what they fork from now on."""
        for pid in pids:
            _write(os.path.join(self.place, "cgroup.procs"), str(pid))

    def add_tree(self, pid):
        self.add([pid] + children(pid))

    @property
    def usage(self):
        with open(os.path.join(self.place, self.names["usage"])) as f:
            return int(f.read())

    def limit(self, size):
        """In bytes; None: no limit. Less than is in use already is no error here: what cannot be taken back is killed."""
        _write(os.path.join(self.place, self.names["limit"]), self.names["none"] if size is None else str(size))


def _write(path, text):
    with contextlib.suppress(OSError), open(path, "w") as f:
        f.write(text)


def available():
    try:
        with MemoryGroup() as group:
            group.limit(1 << 24)
            with open(os.path.join(group.place, group.names["limit"])) as f:
                return f.read().strip() == str(1 << 24)
    except (OSError, TypeError):
        return False
