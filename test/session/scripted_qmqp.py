"""A QMQP server that says what each test tells it to: the peer of a fan-out that goes wrong."""
import contextlib

from lab.served import Served, listen


class ScriptedQmqp(Served):
    """A QMQP server. `replies` has what it says to the next transactions, each once a whole one is there (None: nothing, it hangs up);
    `before` is called before that. `taken` has the whole ones."""

    def __init__(self, path):
        self.path, self.replies, self.taken, self.before = path, [], [], None
        listener, self.where = listen("unix:" + path)
        super().__init__(listener)
        self.start(self.accept, listener, self._serve)

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            self._talk(client)

    def _talk(self, client):
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
