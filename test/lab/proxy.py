"""A proxy on one connection (TCP or unix socket) that does what a network, a crash or an attacker does: close, stall, swallow, garble, slice, strip TLS.

It counts bytes, not rows or commands: under TLS nobody in the middle can see rows. Cutting at every so many bytes of an exchange that is known to
be longer meets each step of it all the same.
"""
import collections
import contextlib
import os
import select
import socket
import threading

from lab.process import as_ourselves
from lab.served import Served, listen

CLIENT_SSL = 0x08  # in the upper byte of the greeting's lower capability word
HOLD = 2  # seconds that a stalled or half deaf connection lasts: those who wait for it wait up to ten minutes
SLICES = 400  # pieces of one byte; what comes after them passes as it comes, or a long result would take minutes

# At byte `at` (from 0) of what the "client" or the "server" says: "close" ends the connection before it; "stall" lets nothing pass any more, in either
# direction, and ends it after HOLD; "swallow" loses it and all that this side says after it, until HOLD; "garble" flips bits of it, "slice" hands on
# single bytes from there on.
Fault = collections.namedtuple("Fault", "side at action")


def strip_tls(greeting):
    """MariaDB's greeting without the offer of TLS, as a man in the middle would send it on."""
    flags = greeting.index(b"\0", 5) + 1 + 4 + 8 + 1
    return greeting[:flags + 1] + bytes([greeting[flags + 1] & ~CLIENT_SSL]) + greeting[flags + 2:]


class End(Exception):
    """The connection ends here."""


class Proxy(Served):
    """Listens for `with` on loopback (`port`) or on the unix socket `path`, and hands on to a port or path. Settings, read for each piece of data:
    cut_after, stall_after: bytes from the server, counted per connection, after which it resets or falls silent (None: never);
    edit: called with the server's first piece, returns what is sent on instead, e.g. strip_tls;
    fault: a Fault for the one connection that gets that far first; then it is None again and `met` is one more.
    `sent` is all that clients sent, `received` how much servers sent, `connections` how many there were."""

    def __init__(self, target, path=None):
        self.target, self.path = target, path
        self.cut_after = self.stall_after = self.edit = self.fault = None
        self.sent, self.received, self.connections, self.met = bytearray(), 0, 0, 0
        self._listener = listen("unix:" + path if path else "")[0]
        self.port = None if path else self._listener.getsockname()[1]
        self._lock = threading.Lock()
        super().__init__(self._listener)

    def __enter__(self):
        self.start(self.accept, self._listener, self._serve)
        return self

    def __exit__(self, *why):
        super().__exit__(*why)
        if self.path:
            os.unlink(self.path)

    def _connect(self):
        if not isinstance(self.target, str):
            return socket.create_connection(("127.0.0.1", self.target))
        server = socket.socket(socket.AF_UNIX)
        with as_ourselves():
            server.connect(self.target)
        return server

    def _serve(self, client):
        self.connections += 1
        with client, contextlib.suppress(OSError, End):
            with self._connect() as server:
                self._relay(client, server)

    def _relay(self, client, server):
        counts, lost = {"client": 0, "server": 0}, set()
        while True:
            ready = select.select([client, server, self._stop_reader], [], [], HOLD if lost else None)[0]
            if self._stop_reader in ready or not ready:
                return
            for side, source, target in ("client", client, server), ("server", server, client):
                if source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    self._pass_on(side, data, counts[side], target, lost)
                    counts[side] += len(data)

    def _take_fault(self, side, count, length):
        """The fault that this piece meets, for us alone."""
        with self._lock:
            fault = self.fault
            if not fault or fault.side != side or not count <= fault.at < count + length:
                return None
            self.fault, self.met = None, self.met + 1
            return fault

    def _wait_for_the_end(self, seconds=None):
        select.select([self._stop_reader], [], [], seconds)
        raise End

    def _pass_on(self, side, data, count, target, lost):
        """Sends what may pass."""
        if side == "client":
            self.sent += data
        else:
            self.received += len(data)
            data = self.edit(data) if self.edit and not count else data
            self._limit(data, count, target)
        fault = self._take_fault(side, count, len(data))
        if side in lost:
            return
        if not fault:
            target.sendall(data)
            return
        place = fault.at - count
        if fault.action == "garble":
            target.sendall(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1:])
        elif fault.action == "slice":
            for i in range(place, min(place + SLICES, len(data))):
                target.sendall(data[i:i + 1] if i > place else data[:i + 1])
            target.sendall(data[place + SLICES:])
        else:
            target.sendall(data[:place])
            if fault.action == "swallow":
                lost.add(side)
            elif fault.action == "stall":
                self._wait_for_the_end(HOLD)
            else:
                raise End

    def _limit(self, data, count, client):
        """What the server may still say by cut_after and stall_after."""
        for limit, end in (self.cut_after, False), (self.stall_after, True):
            if limit is not None and count + len(data) > limit:
                client.sendall(data[:max(0, limit - count)])
                if end:
                    self._wait_for_the_end()
                raise End
