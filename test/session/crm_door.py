"""The CRM's door as a program (crm_probe): asks it one thing, or several through one connection, and looks at log and time."""
import os
import queue
import subprocess
import threading
import time

from lab.crm import PASSWORD, schema
from lab.process import BUILD

PROBE = os.path.join(BUILD, "test", "session", "crm_probe")
DOMAIN = "lists.example.org"
# Domains of members in all tests: not one of them may ever show in the log.
PRIVATE = ("mail.example.net", "post.example.com", "space.example", "home.example.org", "x.example")


def listed(name):
    return "%s@%s" % (name, DOMAIN)


def renew_user(crm):
    """Rollcall's user as schema/grants.sql makes it, whatever a test before has done to it."""
    crm.execute("DROP USER IF EXISTS mlist")
    crm.mariadb.script("SET @password = '%s';\n" % PASSWORD + schema("grants.sql"))


class Answer:
    def __init__(self, lines, log, seconds=0.0):
        self.lines, self.log, self.seconds = lines, log, seconds
        for domain in PRIVATE:
            assert "@" + domain not in log, "a member's address is in the log:\n" + log

    @property
    def first(self):
        return self.lines[0] if self.lines else ""

    @property
    def trouble(self):
        """The verdict's text when it was trouble; fails when it was no 451 4.3.0."""
        assert self.first.startswith("trouble deferred 451 4.3.0 "), self
        return self.first.partition(" 4.3.0 ")[2]

    @property
    def addresses(self):
        assert " recipients, " in self.first, self
        return self.lines[1:]

    @property
    def counts(self):
        """recipients, rows, skipped, duplicates, looping"""
        return tuple(int(part.split()[0]) for part in self.first.split(", "))

    def __repr__(self):
        return "%s\n%s" % ("\n".join(self.lines[:20]), self.log)


class Door:
    """Rollcall's side: a configuration beside `option_file`. `settings` go into [crm], `changes` into the option file."""

    def __init__(self, directory, crm, settings=None, **changes):
        self.directory = directory
        self.config = os.path.join(directory, "door.conf")
        self.option_file = crm.option_file(os.path.join(directory, "door.cnf"), **changes)
        self.configure(settings or {})

    def configure(self, settings, general=""):
        lines = ["%s = %s" % pair for pair in settings.items()]
        with open(self.config, "w") as f:
            f.write("[rollcall]\nhostname = host.example.org\n%s\n[crm]\noption_file = %s\n%s\n[domain %s]\n[domain xn--bcher-kva.example]\n"
                    % (general, self.option_file, "\n".join(lines), DOMAIN))

    def ask(self, *words, timeout=60):
        start = time.monotonic()
        done = subprocess.run([PROBE, self.config] + list(words), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout)
        assert done.returncode == 0, done.stderr
        return Answer(done.stdout.splitlines(), done.stderr, time.monotonic() - start)

    def recipients(self, name, role=0, **how):
        return self.ask("recipients", listed(name), str(role), **how)

    def standing(self, name, person):
        """The words of a standing as a set."""
        return set(self.ask("standing", listed(name), person).first.split())

    def start(self, *words):
        """Asks without waiting; finish() gets the answer."""
        return subprocess.Popen([PROBE, self.config] + list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)


def finish(process, timeout=60):
    out, log = process.communicate(timeout=timeout)
    assert process.returncode == 0, log
    return Answer(out.splitlines(), log)


class Talk:
    """Several questions through one process, and so one connection. `with` ends it."""

    def __init__(self, door):
        self.process = subprocess.Popen([PROBE, door.config], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self._log = queue.Queue()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def _read_log(self):
        for line in self.process.stderr:
            self._log.put(line)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.process.stdin.close()
        self.process.wait(30)
        self._reader.join(10)
        self.process.stdout.close()
        self.process.stderr.close()

    def ask(self, *words):
        start = time.monotonic()
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        lines = []
        while True:
            line = self.process.stdout.readline()
            assert line, "the probe died: " + "".join(self.log())
            if line == ".\n":
                break
            lines.append(line.rstrip("\n"))
        seconds = time.monotonic() - start
        time.sleep(0.02)
        return Answer(lines, "".join(self.log()), seconds)

    def log(self):
        while not self._log.empty():
            yield self._log.get()
