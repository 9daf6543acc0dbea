"""Where everything is measured: one Postfix that puts all it gets on hold, the CRM, Rollcall, and the clients that put load on them.

On hold means: accepted for good, and nothing is delivered meanwhile, which would disturb the figures. It is the same for all who feed this
Postfix, and the queue is emptied after each measurement.
"""
import contextlib
import os
import re
import subprocess

from lab.crm import member
from lab.postfix import DOMAIN
from lab.process import BUILD, LabError, children, program, run, wait_until
from lab.world import World, compose

NUMBER = "@" * 16  # what the load clients make a number of its own in each post
# in_flow_delay: cleanup would wait a second for each message that nobody takes off the queue.
POSTFIX = {"header_checks": "static:HOLD", "in_flow_delay": "0", "message_size_limit": "0", "smtpd_recipient_limit": "2000000",
           "queue_minfree": "0"}
BODY = b"".join(b"Line %02d of a plain text post of the kind that people write to lists, nothing special.\n" % i for i in range(45))


class Load:
    """What a load client saw: seconds in all, and those of each post."""

    def __init__(self, text):
        lines = text.split("\n")
        self.elapsed = float(lines[0].split()[0])
        self.posts = [float(line) for line in lines[1:] if line]
        self.rate = len(self.posts) / self.elapsed


def parse_stat(text):
    """(state, CPU ticks of the process, of its reaped children) of a line of /proc/PID/stat; the name may hold anything."""
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


def cpu_of(pids):
    """CPU seconds of these processes and of those children that they have reaped."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError), open("/proc/%d/stat" % pid) as f:
            ticks += sum(parse_stat(f.read())[1:])
    return ticks / os.sysconf("SC_CLK_TCK")


def pss_of(pid):
    """A process's share of memory in KiB; 0 when it has gone."""
    with contextlib.suppress(OSError), open("/proc/%d/smaps_rollup" % pid) as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return 0


class Arena:
    """`with Arena() as arena`: a world with the lists that fill() makes."""

    def __init__(self, settings=None):
        self.world = World(settings=settings, postfix_settings=POSTFIX, fast=True)
        self._samples = {}

    def __enter__(self):
        self.world.__enter__()
        try:
            self.directory = os.path.join(self.world.directory, "bench")
            os.mkdir(self.directory, 0o755)
            self.hold = os.path.join(self.world.postfix.queue_directory, "hold")
            # As for all others: checks on, so that the hold takes them.
            self.world.postfix.postconf("-P", "rollcall-out/unix/receive_override_options=no_milters")
            self.world.postfix.reload()
            # The author's domain says what its policy is, as most do, and a resolver may remember it, and that those above it say nothing.
            self.world.resolver.absent(3600)
            self.world.resolver.set("_dmarc." + member(1).partition("@")[2], "v=DMARC1; p=none", ttl=3600)
        except BaseException:
            self.world.__exit__()
            raise
        return self

    def __exit__(self, *why):
        self.world.__exit__(*why)

    # ---- lists and messages ----

    def file(self, name, data):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    @staticmethod
    def post(name):
        """A post to the list, LF at the ends of its lines, with NUMBER where each has its own."""
        text = compose(member(1), name + "@" + DOMAIN, subject="Question " + NUMBER, body=BODY)
        return re.sub(rb"Message-ID: <[^>]*>", b"Message-ID: <%s@mua.example>" % NUMBER.encode(), text).replace(b"\r\n", b"\n")

    def fill(self, count):
        """The list of so many members, its name: made when missing, and posted to once."""
        name = "all%d" % count
        if name not in self._samples:
            self.world.crm.fill(name, count)
            self.file(name + ".to", b"%s@%s\n" % (name.encode(), DOMAIN.encode()))
            self.file(name + ".post", self.post(name))
            self.file(name + ".members", "\n".join(self.world.crm.members(name)).encode() + b"\n")
            self.lmtp(name)
            self._samples[name] = self.file(name + ".sent", self.taken())
            self.clear()
        return name

    def taken(self):
        """The bytes of the one message that is on hold, as Postfix got them."""
        said = subprocess.run(["postcat", "-c", self.world.postfix.config, "-bhq", self.held()[0]], capture_output=True, check=True).stdout
        # What qmqpd put on top, it will put there again.
        return re.sub(rb"\AReceived: [^\n]*\n([ \t][^\n]*\n)*", b"", said)

    # ---- load ----

    def client(self, name, where, sender, message, recipients, connections=1, seconds=0, posts=1, environment=None):
        """Runs one of the load clients; see load.h. With seconds, each connection posts until they are over."""
        argv = [os.path.join(BUILD, "test", "bench", name), where, sender, message, recipients, str(connections), str(seconds), "0" if seconds else str(posts)]
        said = subprocess.run(argv, capture_output=True, text=True, env=dict(os.environ, **(environment or {})))
        if said.returncode:
            raise LabError("%s: %s\n%s" % (" ".join(argv), said.stderr[-500:], self.world.last_words()))
        return Load(said.stdout)

    def _path(self, name):
        return os.path.join(self.directory, name)

    def posting(self, name):
        """Sender, message and recipients of a post to the list, as the LMTP client wants them."""
        return member(1), self._path(name + ".post"), self._path(name + ".to")

    def lmtp(self, name, connections=1, seconds=0):
        """Rollcall's turn."""
        return self.client("lmtp_load", self.world.rollcall.lmtp, *self.posting(name), connections, seconds)

    def qmqp(self, name, connections=1, seconds=0):
        """The same bytes and recipients from a client that has nothing else to do."""
        return self.client("qmqp_floor", "unix:" + self.world.postfix.qmqp_socket, "%s-bounces+@%s-@[]" % (name, DOMAIN),
                           self._samples[name], self._path(name + ".members"), connections, seconds)

    def smtp(self, name, connections=1, seconds=0):
        return self.client("smtp_floor", "inet:127.0.0.1:%d" % self.world.postfix.port, "%s-bounces@%s" % (name, DOMAIN),
                           self._samples[name], self._path(name + ".members"), connections, seconds)

    # ---- the queue ----

    def held(self):
        return os.listdir(self.hold)

    def wait_held(self, count, timeout=120):
        wait_until(lambda: len(self.held()) >= count, timeout, "%d messages on hold" % count, pause=0.005)

    def last_held(self):
        """When the last of them was complete, by the clock of time.time()."""
        return max(os.stat(os.path.join(self.hold, name)).st_mtime for name in self.held())

    def held_recipients(self):
        return sum(len(entry["recipients"]) for entry in self.world.postfix.queue())

    def clear(self):
        """Empties the queue. Nobody has these files open: they were complete before the client had its answer."""
        for name in self.held():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.hold, name))

    # ---- what it costs ----

    def cpu(self):
        """{program: CPU seconds so far}: Rollcall's three, the database, all of Postfix."""
        found = {name: cpu_of(pids) for name, pids in self.world.rollcall.processes().items()}
        found["mariadbd"] = cpu_of([self.world.mariadb.pid])
        found["postfix"] = cpu_of(children(self.world.postfix.daemon.pid))
        return found

    def rollcall_cpu(self):
        return sum(seconds for name, seconds in self.cpu().items() if name.startswith("rollcall"))

    def memory(self):
        """{program: (processes, PSS in MiB)} of Rollcall's."""
        return {name: (len(pids), sum(map(pss_of, pids)) / 1024) for name, pids in self.world.rollcall.processes().items()}

    def last_delays(self):
        """The four delays of the last post's log line: authorising, signing, recipients (the CRM), hand-over and answer."""
        found = re.search(r"delays=([\d./]+)", self.world.rollcall.log(r"delays=")[-1])
        return [float(part) for part in found.group(1).split("/")]


def versions(*packages):
    """[(package, version)] of those that are installed."""
    said = run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package} ${Version}\n"] + list(packages), check=False).stdout
    return [tuple(line.split()[1:3]) for line in said.splitlines() if line.startswith("ii ")]


def installed(package):
    return bool(versions(package))


def descendants(pid):
    """{pid: program} of what runs below a process."""
    return {child: program(child) for child in children(pid)}
