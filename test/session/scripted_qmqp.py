"""A QMQP server that says what each test tells it to: the peer of a fan-out that goes wrong."""
import contextlib
import os
import socket
import threading


class Qmqp:
    """A QMQP server. `replies` has what it says to the next transactions, each once a whole one is there (None: nothing, it hangs up);
    `before` is called before that. `taken` has the whole ones."""

    def __init__(self, path):
        self.path, self.replies, self.taken, self.before = path, [], [], None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        os.chmod(path, 0o666)
        self._listener.listen(20)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            with client, contextlib.suppress(OSError):
                self._serve(client)

    def _serve(self, client):
        data = b""
        while not (b":" in data and len(data) >= int(data.partition(b":")[0]) + len(data.partition(b":")[0]) + 2):
            piece = client.recv(65536)
            if not piece:
                return
            data += piece
        self.taken.append(data)
        if self.before:
            self.before()
        reply = self.replies.pop(0) if self.replies else b"KOk: queued as 4bT2xk1Zz%d" % len(self.taken)
        if reply is not None:
            client.sendall(b"%d:%s," % (len(reply), reply))
