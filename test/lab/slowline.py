"""A proxy whose line is long: each piece arrives later than it was said, by `delay` seconds and up to `jitter` more, in the order it was said; what is on its way
does not hold up what comes after it, as on a real line. vanish() is a firewall that forgets: from then on no packet of the connections
that there are gets through, in neither direction, and nobody is told.
"""
import collections
import ctypes
import random
import select
import socket
import struct
import time

from lab.proxy import Proxy

SO_ATTACH_FILTER = 26
RETURN_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)  # the one instruction of a socket filter that keeps 0 bytes of a packet


def drop_packets(s):
    """The kernel throws away each packet for this socket, before TCP sees it: the other end hears nothing, not even an acknowledgement."""
    code = ctypes.create_string_buffer(RETURN_NOTHING)
    s.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(code)))


class SlowLine(Proxy):
    """`delay` and `jitter` are read for each piece, in seconds one way."""

    def __init__(self, target, path=None, delay=0.0, jitter=0.0):
        super().__init__(target, path)
        self.delay, self.jitter = delay, jitter
        self._clients, self._random = [], random.Random(1)

    def vanish(self):
        clients, self._clients = self._clients, []
        for client in clients:
            try:
                drop_packets(client)
            except OSError:
                pass  # it has ended

    def _relay(self, client, server):
        self._clients.append(client)
        under_way, open_sides = collections.deque(), [client, server]
        while open_sides or under_way:
            wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
            ready = select.select(open_sides + [self._stop_reader], [], [], wait)[0]
            if self._stop_reader in ready:
                return
            for source, target in (client, server), (server, client):
                if source not in ready:
                    continue
                data = source.recv(65536)
                if source is client:
                    self.sent += data
                else:
                    self.received += len(data)
                if not data:
                    open_sides.remove(source)
                due = time.monotonic() + self.delay + self._random.random() * self.jitter
                under_way.append((max(due, under_way[-1][0]) if under_way else due, target, data))
            while under_way and under_way[0][0] <= time.monotonic():
                _, target, data = under_way.popleft()
                if not data:
                    return
                target.sendall(data)
