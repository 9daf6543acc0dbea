"""What our own small servers and proxies have in common: where they listen, and threads that end when they do."""
import contextlib
import os
import select
import socket
import threading


def listen(where=""):
    """A listening socket and how Rollcall calls its place: `where` is "unix:/PATH", which anybody may enter, or a port of 127.0.0.1 is taken."""
    if not where.startswith("unix:"):
        listener = socket.create_server(("127.0.0.1", 0))
        return listener, "inet:127.0.0.1:%d" % listener.getsockname()[1]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(where[5:])
    os.chmod(where[5:], 0o666)
    listener.listen(50)
    return listener, where


class Served:
    """Threads of a server, whose `sockets` are closed at the end. A thread that waits by ready(), or for one of the connections that accept() handed out,
    ends with it."""

    def __init__(self, *sockets):
        self._sockets, self._connections, self._threads = list(sockets), [], []
        self._stop_reader, self._stop_writer = socket.socketpair()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self._stop_writer.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)  # what has come is read all the same
        for thread in self._threads:
            thread.join(10)
        for s in self._sockets + [self._stop_reader]:
            s.close()

    def start(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def ready(self, s, seconds=None):
        """Whether there is something to read, and the end has not come."""
        ready = select.select([s, self._stop_reader], [], [], seconds)[0]
        return self._stop_reader not in ready and s in ready

    def accept(self, listener, serve):
        """Each client in a thread of its own, by serve(connection), until the end. A work for start()."""
        while self.ready(listener):
            connection = listener.accept()[0]
            self._connections.append(connection)
            self.start(serve, connection)
