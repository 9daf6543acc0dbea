"""A TCP proxy between Rollcall and MariaDB that does what a network or an attacker does: cut, stall, flip, strip TLS.

It counts bytes, not rows: under TLS nobody in the middle can see rows. Cutting at every so many bytes of a result that is known to
be longer meets row 0, row k and the last row all the same.
"""
import contextlib
import select
import socket
import threading

CLIENT_SSL = 0x08  # in the upper byte of the greeting's lower capability word


def strip_tls(greeting):
    """MariaDB's greeting without the offer of TLS, as a man in the middle would send it on."""
    flags = greeting.index(b"\0", 5) + 1 + 4 + 8 + 1
    return greeting[:flags + 1] + bytes([greeting[flags + 1] & ~CLIENT_SSL]) + greeting[flags + 2:]


class Proxy:
    """Listens on `port` for `with` and hands on to `target_port`. Settings, read for each piece of data:
    cut_after, stall_after: bytes from the server, counted per connection, after which it resets or falls silent (None: never);
    edit: called with the server's first piece, returns what is sent on instead, e.g. strip_tls.
    `sent` is all that clients sent, `received` how much servers sent, `connections` how many there were."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.cut_after = self.stall_after = self.edit = None
        self.sent, self.received, self.connections = bytearray(), 0, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._stop_reader, self._stop_writer = socket.socketpair()
        self._threads = []

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *why):
        self._stop_writer.close()
        for thread in self._threads:
            thread.join(10)
        for s in (self._listener, self._stop_reader):
            s.close()

    def _start(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while self._stop_reader not in select.select([self._listener, self._stop_reader], [], [])[0]:
            client = self._listener.accept()[0]
            self.connections += 1
            self._start(self._serve, client)

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.target_port)) as server:
                self._relay(client, server)

    def _relay(self, client, server):
        count = 0
        while True:
            ready = select.select([client, server, self._stop_reader], [], [])[0]
            if self._stop_reader in ready:
                return
            if client in ready:
                data = client.recv(65536)
                if not data:
                    return
                self.sent += data
                server.sendall(data)
            if server in ready:
                data = server.recv(16384)
                if not data:
                    return
                data = self.edit(data) if self.edit and not count else data
                if not self._pass_on(client, data, count):
                    return
                count += len(data)

    def _pass_on(self, client, data, count):
        """Sends what may pass; False when the connection ends here."""
        self.received += len(data)
        if self.cut_after is not None and count + len(data) > self.cut_after:
            client.sendall(data[:max(0, self.cut_after - count)])
            return False
        if self.stall_after is not None and count + len(data) > self.stall_after:
            client.sendall(data[:max(0, self.stall_after - count)])
            select.select([self._stop_reader], [], [])
            return False
        client.sendall(data)
        return True
