#!/usr/bin/python3
"""Runs a peer and counts its CPU: all that it starts stays below this process, detached or not, since orphans become its children.

Lines of JSON come in and one goes out for each: {"start": COMMAND} leaves a daemon running, {"run": [COMMAND, …], "width": N} runs all,
so many at a time, and waits for these (not for what they leave behind); {"cpu": 1} answers with the CPU seconds of everything below so
far. COMMAND: {"argv", "stdin": path, "env", "output": path}. Arguments: --user NAME, and --bind FROM TO … for a view of the file system
in which a peer's fixed places are directories of the bench, so that an installed one is left alone. The end of the input ends all.
"""
import argparse
import contextlib
import ctypes
import json
import os
import pwd
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 36, 1, 0x20000, 4096, 16384, 1 << 18


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), "%s: %s" % (what, os.strerror(ctypes.get_errno())))


def settle(options):
    libc = ctypes.CDLL(None, use_errno=True)
    check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "subreaper")
    if options.bind:
        check(libc.unshare(CLONE_NEWNS), "unshare")
        check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount")
        for source, target in options.bind:
            check(libc.mount(source.encode(), target.encode(), None, MS_BIND, None), target)
    user = pwd.getpwnam(options.user)
    os.setgroups([user.pw_gid])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    # Changing the user forgot it.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def spawn(command):
    """posix_spawn, because a fork of this process would cost the peer time."""
    output = command.get("output", "/dev/null")
    actions = [(os.POSIX_SPAWN_OPEN, 0, command.get("stdin", "/dev/null"), os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), (os.POSIX_SPAWN_DUP2, 1, 2)]
    return os.posix_spawn(command["argv"][0], command["argv"], command.get("env", {"PATH": "/usr/bin:/bin"}), file_actions=actions)


class Box:
    def __init__(self):
        self.cpu = 0.0

    def reap(self, options=os.WNOHANG):
        """The next child that has ended: (pid, status); None when there is none (any more, or with WNOHANG: now)."""
        with contextlib.suppress(ChildProcessError):
            pid, status, usage = os.wait4(-1, options)
            if pid:
                self.cpu += usage.ru_utime + usage.ru_stime
                return pid, status
        return None

    def run(self, commands, width):
        waiting, left, failed = list(reversed(commands)), set(), 0
        start = time.time()
        while waiting or left:
            while waiting and len(left) < width:
                left.add(spawn(waiting.pop()))
            ended = self.reap(0)
            if ended and ended[0] in left:
                left.discard(ended[0])
                failed += ended[1] != 0
        return {"start": start, "failed": failed}

    def living(self):
        """{pid: CPU seconds} of what is below us now."""
        parents, ticks = {}, {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open("/proc/%s/stat" % entry) as f:
                fields = f.read().rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    parents[int(entry)], ticks[int(entry)] = int(fields[1]), sum(map(int, fields[11:15]))
        found = [os.getpid()]
        for known in found:
            found += [pid for pid, parent in parents.items() if parent == known]
        return {pid: ticks[pid] / os.sysconf("SC_CLK_TCK") for pid in found[1:]}

    def total(self):
        while self.reap():
            pass
        return self.cpu + sum(self.living().values())

    def end(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            end = time.monotonic() + 10
            while self.living() and time.monotonic() < end:
                for pid in self.living():
                    with contextlib.suppress(OSError):
                        os.kill(pid, number)
                time.sleep(0.2)
                while self.reap():
                    pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--user", required=True)
    parser.add_argument("--bind", nargs=2, action="append", default=[])
    settle(parser.parse_args())
    box = Box()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        for line in sys.stdin:
            order = json.loads(line)
            if "start" in order:
                answer = {"pid": spawn(order["start"])}
            elif "run" in order:
                answer = box.run(order["run"], order.get("width", 1))
            else:
                answer = {"cpu": box.total(), "pids": list(box.living())}
            print(json.dumps(answer), flush=True)
    finally:
        box.end()


class Client:
    """The bench's end of a box."""

    def __init__(self, user, binds=()):
        argv = ["/usr/bin/python3", "-B", __file__, "--user", user] + sum([["--bind", *pair] for pair in binds], [])
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the box has ended")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(40)


if __name__ == "__main__":
    main()
