"""Rollcall itself under the lab: configuration, keys and directories in one place, started from the build tree.

As root it drops to the numbers 61001 (dispatch) and 61002 (intake), which need no passwd entry. BUILD=build-asan in the
environment makes it run that build.
"""
import contextlib
import os
import re
import signal
import sqlite3

from lab.dkimcheck import Key
from lab.lmtp import Closed, Lmtp
from lab.process import BUILD, Daemon, LabError, alive, as_user, children, program, wait_until

PROGRAMS = ("rollcall-lmtpd", "rollcall-intake", "rollcall-dispatch")
TEXTS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "lib", "mail", "texts")
DISPATCH_UID, INTAKE_UID = 61001, 61002
DOMAIN = "lists.example.org"


class Rollcall:
    """Not started yet; `with` starts and stops it. `sections` changes settings: {"rollcall": {"log_debug": "yes"}, …}; a value of None
    leaves the line out. Further [domain] and [list] sections may be given."""

    def __init__(self, parent, crm, qmqp_socket, sections=None, resolver="127.0.0.1@1"):
        self.directory = os.path.join(parent, "rollcall")
        self.config = os.path.join(self.directory, "rollcall.conf")
        self.log_file = os.path.join(self.directory, "log")
        self.lmtp = "unix:" + os.path.join(self.directory, "run", "lmtp")
        self.daemon = self.environment = None
        self.build = BUILD
        os.mkdir(self.directory, 0o755)
        for name, mode in (("run", 0o755), ("state", 0o700), ("keys", 0o700)):
            os.mkdir(os.path.join(self.directory, name), mode)
        os.chown(os.path.join(self.directory, "state"), DISPATCH_UID, DISPATCH_UID)
        self.keys = [Key(DOMAIN, "rsa2026", "rsa"), Key(DOMAIN, "ed2026", "ed25519")]
        paths = [self.write_key(key) for key in self.keys]
        # What crm.option_file() writes there later keeps owner and mode.
        self.option_file = crm.option_file(os.path.join(self.directory, "crm.cnf"))
        os.chown(self.option_file, 0, DISPATCH_UID)
        os.chmod(self.option_file, 0o640)
        self.sections = {
            "rollcall": {"user": DISPATCH_UID, "intake_user": INTAKE_UID, "listen": self.lmtp, "listen_group": "postfix",
                         "state_directory": os.path.join(self.directory, "state"),
                         "run_directory": os.path.join(self.directory, "run"), "qmqp_socket": "unix:" + qmqp_socket,
                         "rules_directory": os.path.join(self.directory, "etc"), "texts_directory": TEXTS, "hostname": "mx.example.org", "resolver": resolver, "dispatch_workers": 4, "log": "stderr"},
            "crm": {"option_file": self.option_file, "breaker_pause": 1},
            "domain " + DOMAIN: {"dkim_keys": ";".join("%s:%s" % (k.selector, p) for k, p in zip(self.keys, paths))},
        }
        self.configure(sections or {})

    def write_key(self, key):
        """Writes a DKIM key where the daemon may read it and returns the path."""
        path = os.path.join(self.directory, "keys", key.selector + ".pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
            f.write(key.pem)
        return path

    def configure(self, sections):
        """Changes settings and writes the file; a running daemon knows them after reload()."""
        for section, settings in sections.items():
            self.sections.setdefault(section, {}).update(settings)
        text = ""
        for section, settings in self.sections.items():
            text += "[%s]\n" % section + "".join("%s = %s\n" % item for item in settings.items() if item[1] is not None) + "\n"
        with open(self.config, "w") as f:
            f.write(text)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *why):
        self.daemon and self.daemon.end(grace=5)

    def store(self, sql, *arguments, timeout=10):
        """Rows from the state store, as its own user: what root made beside it, no worker could open."""
        with as_user(DISPATCH_UID):
            with contextlib.closing(sqlite3.connect(os.path.join(self.directory, "state", "store.db"), timeout=timeout)) as db, db:
                return db.execute(sql, arguments).fetchall()

    def forget_who_was_told(self):
        """As a day does: whoever proves nothing hears of his posts, and is answered, once a day and list."""
        self.store("DELETE FROM answer")

    # ---- life ----

    def launch(self):
        """Starts it without waiting for anything."""
        # All three: the master would take an installed room for one that is missing here, and the test would be about that.
        for path in [os.path.join(self.build, name) for name in PROGRAMS]:
            if not os.access(path, os.X_OK):
                raise LabError("%s is not there: build it first" % path)
        self.daemon = Daemon("rollcall-lmtpd", self.log_file, [os.path.join(self.build, PROGRAMS[0]), "--config", self.config],
                             env=self.environment, death_signal="TERM")
        self.daemon.start()

    def start(self):
        """Starts and waits until it greets; LabError with its last words when it refuses to start."""
        self.launch()
        self.daemon.wait_ready(self.answers)

    def answers(self):
        with contextlib.suppress(OSError, Closed), self.connect(5) as client:
            return client.greeting.code == 220
        return False

    def refusal(self, timeout=15):
        """Launches with the expectation that it refuses: (exit status, what it said). LabError when it starts after all."""
        before = len(self.log())
        self.launch()
        process = self.daemon.process
        try:
            wait_until(lambda: process.poll() is not None, timeout, "refusal to start")
        finally:
            self.daemon.end(grace=5)
        return process.returncode, "\n".join(self.log()[before:])

    @property
    def pid(self):
        return self.daemon.pid

    def stop(self):
        """An orderly stop; returns the exit status."""
        return self.daemon and self.daemon.end(grace=45)

    def kill(self):
        """SIGKILL to the master; returns when all that it started is gone too."""
        family = children(self.pid)
        self.daemon.end(signal.SIGKILL)
        wait_until(lambda: not any(alive(pid) for pid in family), 10, "the end of rollcall-lmtpd's children")

    def reload(self, timeout=20):
        """SIGHUP; True when it took the new configuration, False when it said that it keeps the old one."""
        pattern = r"\b(reloaded|reload failed)\b"
        before = len(self.log(pattern))
        self.daemon.send(signal.SIGHUP)
        wait_until(lambda: len(self.log(pattern)) > before, timeout, "rollcall-lmtpd's reload")
        return "reload failed" not in self.log(pattern)[-1]

    def processes(self):
        """{program name: [pids]} of the master and all its descendants."""
        found = {}
        for pid in [self.pid] + children(self.pid):
            name = program(pid)
            if name:
                found.setdefault(name, []).append(pid)
        return found

    # ---- talking to it ----

    def connect(self, timeout=20):
        """An LMTP conversation over its unix socket."""
        return Lmtp(self.lmtp, timeout)

    def log(self, pattern=None):
        """The log's lines; only those in which the regular expression is found, when given."""
        try:
            with open(self.log_file, errors="replace") as f:
                lines = f.read().splitlines()
        except FileNotFoundError:
            lines = []
        return [line for line in lines if pattern is None or re.search(pattern, line)]

    def wait_log(self, pattern, timeout=10):
        """The lines with the pattern, as soon as there is one."""
        return wait_until(lambda: self.log(pattern), timeout, "'%s' in Rollcall's log" % pattern, pause=0.02)
