"""Processes, directories and ports that are gone again when we are.

Everything that is started is ended by its pid and every directory is made by mkdtemp, so that several labs can run beside each
other on one machine. Three ways out are covered: the end of a `with` block (exceptions too), SIGTERM and SIGINT (turned into
SystemExit by `tidy_signals`, so that `with` blocks unwind), and our own SIGKILL (setpriv --pdeathsig: the kernel then ends what
we started; the directory stays, nothing can help that).
"""
import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
CACHE = os.path.join(ROOT, "build", "lab")


class LabError(Exception):
    """Something that the lab itself could not do; the message says what to look at."""


def tidy_signals():
    """Makes SIGTERM and SIGHUP unwind `with` blocks as SIGINT does, which a shell ignores for what it starts in the background. Main
    thread only."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, frame: sys.exit(128 + got))


@contextlib.contextmanager
def directory(name="lab"):
    """A directory that every user may pass through (daemons run as users of their own) and that is removed at the end."""
    path = tempfile.mkdtemp(prefix="rollcall-%s-" % name)
    os.chmod(path, 0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        # A daemon that was just ended may have been writing its last file.
        if os.path.isdir(path):
            time.sleep(0.2)
            shutil.rmtree(path, ignore_errors=True)


def free_port():
    """A loopback port below the kernel's ephemeral range, so that no outgoing connection takes it before the server does."""
    for _ in range(100):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise LabError("no free port")


def wait_until(condition, timeout=10, what="condition", pause=0.01):
    """Returns condition()'s first true value; LabError names `what` when that takes longer than `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError("%s: not within %g s" % (what, timeout))
        time.sleep(pause)


def alive(pid):
    """True while the process exists and is no zombie."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


_identity = threading.RLock()


@contextlib.contextmanager
def as_user(uid):
    """What stands inside is done with this user's rights: by all threads, since that is how they are changed, so see as_ourselves()."""
    with _identity:
        os.seteuid(uid)
        try:
            yield
        finally:
            os.seteuid(0)


def as_ourselves():
    """For a thread that needs our own rights, while another may be inside as_user()."""
    return _identity


def children(pid):
    """The pids of all living descendants, parents first."""
    parent = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open("/proc/%s/stat" % entry) as f:
                fields = f.read().rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    parent[int(entry)] = int(fields[1])
    found = [pid]
    for known in found:
        found += [child for child, its_parent in parent.items() if its_parent == known]
    return found[1:]


def status(pid):
    """/proc/PID/status as a dict of texts, e.g. status(pid)["Seccomp"]."""
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def is_open(path, pids):
    """Whether one of the processes has that file open."""
    state = os.stat(path)
    for pid in pids:
        with contextlib.suppress(OSError):
            for fd in os.listdir("/proc/%d/fd" % pid):
                with contextlib.suppress(OSError):
                    if os.path.samestat(os.stat("/proc/%d/fd/%s" % (pid, fd)), state):
                        return True
    return False


def started(pid):
    """When the process was started, in clock ticks since the machine was."""
    with open("/proc/%d/stat" % pid) as f:
        return int(f.read().rpartition(")")[2].split()[19])


def program(pid):
    """The file name of the program that the process runs; "" when it has ended."""
    try:
        return os.path.basename(os.readlink("/proc/%d/exe" % pid))
    except OSError:
        return ""


class Daemon:
    """One daemon in the foreground, its output in a file, ended by pid."""

    def __init__(self, name, log, argv, user=None, env=None, death_signal="KILL"):
        self.name, self.log, self.process = name, log, None
        # setpriv, not preexec_fn: Python must not run between fork and exec in a program with threads.
        become = ["--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--init-groups"] if user else []
        self.argv = ["setpriv", "--pdeathsig", death_signal] + become + list(argv)
        self.env = env

    def start(self):
        if self.process:
            raise LabError("%s runs already" % self.name)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env)

    @property
    def pid(self):
        if not self.process:
            raise LabError("%s does not run" % self.name)
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def wait_ready(self, ready, timeout=15):
        """Until ready() is true; LabError with the end of the log when the daemon dies or takes too long."""
        def check():
            if not self.running():
                raise LabError("%s ended with %s:\n%s" % (self.name, self.process and self.process.returncode, self.tail()))
            return ready()
        try:
            return wait_until(check, timeout, self.name)
        except LabError as error:
            raise LabError("%s\n%s" % (error, self.tail())) from None

    def tail(self, lines=20):
        with contextlib.suppress(OSError), open(self.log, errors="replace") as f:
            return "".join(f.readlines()[-lines:])
        return ""

    def send(self, number):
        os.kill(self.pid, number)

    def freeze(self):
        """SIGSTOP, returning when it has really stopped; send(signal.SIGCONT) lets it go on."""
        self.send(signal.SIGSTOP)
        wait_until(lambda: status(self.pid)["State"].startswith("T"), 5, self.name + " stopped")

    def end(self, number=signal.SIGTERM, grace=15):
        """Signals, waits and returns the exit status; SIGKILL to it and what it started after `grace` seconds. Again is harmless."""
        if not self.process:
            return None
        process, self.process = self.process, None
        if process.poll() is None:
            family = children(process.pid)
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)
            try:
                process.wait(grace)
            except subprocess.TimeoutExpired:
                for pid in [process.pid] + family:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                process.wait()
        return process.returncode


def run(argv, check=True, **options):
    """subprocess.run with text output captured together; LabError with that output when it fails and `check` is set."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.STDOUT)
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(argv, text=True, errors="replace", **options)
    if check and done.returncode:
        raise LabError("%s: exit status %d:\n%s" % (" ".join(argv), done.returncode, done.stdout))
    return done
