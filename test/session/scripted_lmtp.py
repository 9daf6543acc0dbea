"""An LMTP server that does as each test tells it: the peer of Postfix's lmtp(8) and of rollcall-pipe.

It is the other side of what is tested, so its faults are scripted: a test replaces the reply to one step by other bytes, by
STALL (never answers, never reads on), by DROP (closes) or by a function of the connection.
"""
import contextlib
import threading

from lab.served import Served, listen

STALL = object()
DROP = object()

LHLO = b"250-lmtp.example\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n250-SIZE 10240000\r\n" \
       b"250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\r\n250 8BITMIME\r\n"
REPLIES = {"greeting": b"220 lmtp.example LMTP\r\n", "LHLO": LHLO, "XFORWARD": b"250 2.0.0 Ok\r\n", "MAIL": b"250 2.1.0 Ok\r\n",
           "RCPT": b"250 2.1.5 Ok\r\n", "DATA": b"354 Go on\r\n", "end": b"250 2.0.0 Ok: queued as 4bT2xk1Zz\r\n",
           "RSET": b"250 2.0.0 Ok\r\n", "QUIT": b"221 2.0.0 Bye\r\n"}


class ScriptedLmtp(Served):
    """Listens on "unix:/PATH" or "inet:127.0.0.1:0"; `where` is how to reach it. `changed` replaces entries of REPLIES.
    `commands` are the lines it was sent, `messages` the bytes between DATA's reply and the final dot, as they came."""

    def __init__(self, where, **changed):
        self.replies = dict(REPLIES, **changed)
        self.commands, self.messages, self.parted = [], [], threading.Event()
        self.ended = threading.Event()
        listener, self.where = listen(where)
        super().__init__(listener)
        self.start(self.accept, listener, self._serve)

    def __exit__(self, *why):
        self.ended.set()
        super().__exit__(*why)

    def _serve(self, connection):
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            accepted = 0
            going = self._reply(connection, "greeting")
            while going:
                line = lines.readline()
                if not line:
                    break
                self.commands.append(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))
                verb = line.split(b" ")[0].strip().decode("ascii", "replace").upper()
                reply = self._reply(connection, verb)
                going = reply and verb != "QUIT"
                accepted += verb == "RCPT"
                if verb == "DATA" and reply.startswith(b"354"):
                    going = self._message(connection, lines, accepted)
        self.parted.set()

    def _message(self, connection, lines, accepted):
        message = b""
        for line in lines:
            if line == b".\r\n":
                self.messages.append(message)
                return all(self._reply(connection, "end") for _ in range(accepted))
            message += line
        return False

    def _reply(self, connection, step):
        reply = self.replies.get(step, b"500 5.5.1 What?\r\n")
        if callable(reply):
            reply = reply(connection)
        if reply is STALL:
            self.ended.wait(60)
        if reply in (STALL, DROP):
            return b""
        connection.sendall(reply)
        return reply
