"""Supervisors for Rollcall: one of our own that speaks systemd's protocols, and the run directories of runit and s6."""
import json
import os
import socket
import subprocess
import sys
import time

from lab.process import BUILD, Daemon, LabError, wait_until

PROGRAM = os.path.join(BUILD, "rollcall-lmtpd")
# Puts the listening sockets on descriptors 3 and up and becomes the program, so that its pid is the one that was announced.
LAUNCH = """
import fcntl, json, os, sys
setup = json.loads(sys.argv[1])
for number, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in setup["fds"]]):
    os.dup2(fd, 3 + number)
os.environ.update(setup["environment"], LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(setup["fds"])))
os.execv(setup["argv"][0], setup["argv"])
"""


class Supervisor:
    """Holds the sockets `paths`, hears what the program tells, and starts it again when asked; `environment` is added to its own."""

    def __init__(self, directory, config, paths=(), environment=None, watchdog=1.0):
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify = os.path.join(directory, "notify")
        self.notices.bind(notify)
        self.notices.setblocking(False)
        self.paths, self.listening = list(paths), []
        for path in self.paths:
            one = socket.socket(socket.AF_UNIX)
            one.bind(path)
            one.listen(64)
            os.chmod(path, 0o666)
            self.listening.append(one)
        self.environment = dict(environment or {}, NOTIFY_SOCKET=notify, WATCHDOG_USEC=str(int(watchdog * 1e6)))
        self.argv = [PROGRAM, "--config", config]
        self.log = os.path.join(directory, "supervised.log")
        self.process, self.heard = None, []

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.process and self.process.poll() is None and self.stop()
        for one in self.listening + [self.notices]:
            one.close()
        for path in self.paths + [self.environment["NOTIFY_SOCKET"]]:
            os.path.exists(path) and os.unlink(path)

    def start(self, ready=True):
        fds = [one.fileno() for one in self.listening]
        setup = {"fds": fds, "environment": self.environment, "argv": self.argv}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", sys.executable, "-c", LAUNCH, json.dumps(setup)], pass_fds=fds, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        if ready:
            self.wait("READY=1", 30)

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)

    def listen(self):
        """What has been told since the last call."""
        while True:
            try:
                self.heard += self.notices.recv(1000).decode().splitlines()
            except BlockingIOError:
                told, self.heard = self.heard, []
                return told

    def wait(self, word, timeout=10):
        """Until the word is told; forgets what came before it."""
        def told():
            if self.process.poll() is not None:
                raise LabError("ended with %d:\n%s" % (self.process.returncode, self.tail()))
            return word in self.listen()
        wait_until(told, timeout, word)

    def silent(self, word, seconds):
        """Whether the word is not told for so long."""
        self.listen()
        time.sleep(seconds)
        return word not in self.listen()

    def tail(self):
        with open(self.log, errors="replace") as f:
            return f.read()[-3000:]


class RunDirectory:
    """A service directory under runsv(8) or s6-supervise(1). `with` starts the supervisor, and ends it with the service."""

    WORDS = {"runsv": {"up": ["sv", "up", "."], "down": ["sv", "down", "."], "hup": ["sv", "hup", "."]},
             "s6-supervise": {"up": ["s6-svc", "-u", "."], "down": ["s6-svc", "-d", "."], "hup": ["s6-svc", "-h", "."]}}

    def __init__(self, parent, kind, config):
        self.kind, self.directory = kind, os.path.join(parent, kind)
        os.mkdir(self.directory)
        script = os.path.join(self.directory, "run")
        with open(os.open(script, os.O_WRONLY | os.O_CREAT, 0o755), "w") as f:
            f.write('#!/bin/sh\nexec %s --config %s 2>&1\n' % (PROGRAM, config))
        self.log = os.path.join(parent, kind + ".log")
        self.daemon = Daemon(kind, self.log, [kind, self.directory])

    def __enter__(self):
        self.daemon.start()
        return self

    def __exit__(self, *why):
        self.daemon.end()

    def say(self, word):
        subprocess.run(self.WORDS[self.kind][word], cwd=self.directory, check=True, stdout=subprocess.DEVNULL)

    def pid(self):
        """The service's process, None while there is none."""
        with open("/proc/%d/task/%d/children" % (self.daemon.pid, self.daemon.pid)) as f:
            found = f.read().split()
        return int(found[0]) if found else None
