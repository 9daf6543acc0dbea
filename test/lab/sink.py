"""The sink where every member's copy arrives, and the questions tests ask it. sink.c does the SMTP."""
import collections
import contextlib
import fcntl
import json
import os

from lab.process import CACHE, Daemon, LabError, run, wait_until

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sink.c")


def program():
    """The compiled sink, made when missing or older than its source."""
    path = os.path.join(CACHE, "sink")
    os.makedirs(CACHE, exist_ok=True)
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path) or os.stat(path).st_mtime < os.stat(SOURCE).st_mtime:
            run([os.environ.get("CC", "cc"), "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-o", path + ".new", SOURCE])
            os.rename(path + ".new", path)
    return path


class Transaction:
    """One SMTP transaction: sender, recipients (list), parameters (of MAIL FROM), time, connection, and the message's bytes."""

    def __init__(self, sink, fields):
        self._sink, self._offset, self._length = sink, fields["offset"], fields["length"]
        self.sender, self.recipients, self.parameters = fields["sender"], fields["recipients"], fields["parameters"]
        self.time, self.connection = fields["time"], fields["connection"]

    @property
    def message(self):
        """The bytes as they came, CRLF line ends, dots unstuffed."""
        return os.pread(self._sink.messages, self._length, self._offset)

    def header(self, name):
        """All values of a header field in order, unfolded, as text."""
        head = self.message.partition(b"\r\n\r\n")[0].decode("utf-8", "surrogateescape").replace("\r\n ", " ").replace("\r\n\t", "\t")
        return [line.partition(":")[2].strip() for line in head.split("\r\n") if line.partition(":")[0].lower() == name.lower()]

    @property
    def body(self):
        return self.message.partition(b"\r\n\r\n")[2]

    def __repr__(self):
        return "<from %s to %s, %d bytes>" % (self.sender, self.recipients[:3], self._length)


class Sink:
    """`port` is where it listens. forget() makes the questions be about what comes later."""

    def __init__(self, parent):
        self.directory = os.path.join(parent, "sink")
        os.mkdir(self.directory)
        self.daemon = Daemon("sink", os.path.join(self.directory, "port"), [program(), self.directory])
        self.index = self.messages = self.port = None
        self._known, self._forgotten, self._rest = [], 0, b""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *why):
        self.stop()

    def start(self):
        self.daemon.start()
        self.port = int(self.daemon.wait_ready(lambda: self.daemon.tail(1).endswith("\n") and self.daemon.tail(1)))
        self.messages = os.open(os.path.join(self.directory, "messages"), os.O_RDONLY)
        self.index = os.open(os.path.join(self.directory, "index"), os.O_RDONLY)

    def stop(self):
        self.daemon.end()
        for fd in (self.messages, self.index):
            with contextlib.suppress(OSError, TypeError):
                os.close(fd)
        self.messages = self.index = None

    def _read_on(self):
        while True:
            data = os.read(self.index, 1 << 20)
            if not data:
                return
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._known += [Transaction(self, json.loads(line.decode("utf-8", "surrogateescape"))) for line in lines]

    def transactions(self, recipient=None):
        """What came since the last forget(), in order; only those to `recipient` when given."""
        self._read_on()
        found = self._known[self._forgotten:]
        return [t for t in found if recipient is None or recipient in t.recipients]

    def forget(self):
        self._read_on()
        self._forgotten = len(self._known)

    def recipients(self):
        """How many copies each address got, as a Counter."""
        return collections.Counter(address for t in self.transactions() for address in t.recipients)

    def wait(self, copies, timeout=30):
        """Until at least so many copies (recipients) came; returns the transactions. LabError tells how many there were."""
        def enough():
            return sum(len(t.recipients) for t in self.transactions()) >= copies
        try:
            wait_until(enough, timeout, "%d copies at the sink" % copies)
        except LabError as error:
            raise LabError("%s; there are %d" % (error, sum(self.recipients().values()))) from None
        return self.transactions()
