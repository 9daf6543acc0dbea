"""An SMTP server that does as each test tells it: the peer of lib/relay's SMTP (HOSTILE S4).

A test replaces the reply to one step by other bytes, by STALL (never answers, never reads on), by DROP (closes), by a list (one for each time), or by a
function of the connection that returns one of these. What it was sent is kept as it came.
"""
import contextlib
import ssl
import threading
import time

from lab.served import Served, listen

STALL = object()
DROP = object()
SAID = object()  # by the function itself

OFFERS = ("PIPELINING", "SIZE 52428800", "XVERP", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")


def ehlo(*offers):
    lines = ("smtp.example",) + offers
    return "".join("250%s%s\r\n" % ("-" if i < len(lines) - 1 else " ", line) for i, line in enumerate(lines)).encode()


REPLIES = {"greeting": b"220 smtp.example ESMTP\r\n", "EHLO": ehlo(*OFFERS), "HELO": b"250 smtp.example\r\n", "MAIL": b"250 2.1.0 Ok\r\n",
           "RCPT": b"250 2.1.5 Ok\r\n", "DATA": b"354 Go on\r\n", "message": b"", "end": b"250 2.0.0 Ok: queued as 4bT2xk1Zz\r\n",
           "QUIT": b"221 2.0.0 Bye\r\n", "STARTTLS": b"220 2.0.0 Ready\r\n", "AUTH": b"235 2.7.0 Ok\r\n"}


class ScriptedSmtp(Served):
    """Listens at `where` ("unix:/PATH", or a port of 127.0.0.1 for ""). `changed` replaces entries of REPLIES; "message" is said as soon as the first byte
    of the message came. `certificate` and `key` are for STARTTLS. `commands` are the lines it was sent, `messages` the bytes up to the final dot;
    `envelopes` are the recipients of each that was accepted; `parted` is set when a client is gone, `unended` counts messages that never ended."""

    def __init__(self, where="", certificate=None, key=None, **changed):
        self.replies = dict(REPLIES, **changed)
        self.commands, self.messages, self.envelopes, self.unended = [], [], [], 0
        self.parted, self.ended, self.tls = threading.Event(), threading.Event(), None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate, key)
        listener, self.where = listen(where)
        super().__init__(listener)
        self.start(self.accept, listener, self._serve)

    def __exit__(self, *why):
        self.ended.set()
        super().__exit__(*why)

    def heard(self, verb):
        return [line for line in self.commands if line.split(" ")[0].split(":")[0] == verb]

    def _serve(self, connection):
        with contextlib.suppress(OSError, ValueError):
            Conversation(self, connection).run()
        with contextlib.suppress(OSError):
            connection.close()
        self.parted.set()


class Lines:
    """Lines of a socket; `pending` is what has come and was not read yet."""

    def __init__(self, connection):
        self.connection, self.pending = connection, b""

    def readline(self):
        while b"\n" not in self.pending:
            more = self.connection.recv(65536)
            if not more:
                return b""
            self.pending += more
        line, end, self.pending = self.pending.partition(b"\n")
        return line + end

    def __iter__(self):
        return iter(self.readline, b"")


class Conversation:
    def __init__(self, server, connection):
        self.server, self.connection = server, connection
        self.lines = Lines(connection)
        self.times = {}
        self.recipients = []

    def run(self):
        going = self.reply("greeting")
        while going:
            line = self.lines.readline()
            if not line:
                return
            self.server.commands.append(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))
            verb = line.split(b" ")[0].strip().decode("ascii", "replace").upper()
            said = self.reply(verb)
            going = said and verb != "QUIT"
            if verb == "RCPT" and said and said.startswith(b"2"):
                self.recipients.append(line.split(b"<")[1].split(b">")[0].decode())
            if going and verb == "DATA" and said.startswith(b"3"):
                going = self.message()
            elif going and verb == "STARTTLS" and said.startswith(b"220") and self.server.tls:
                self.start_tls()

    def start_tls(self):
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.lines = Lines(self.connection)

    def message(self):
        said = []
        early = True
        for line in self.lines:
            if early and not self.reply("message", nothing=True):
                return False
            early = False
            if line == b".\r\n":
                self.server.messages.append(b"".join(said))
                answer = self.reply("end")
                if answer and answer.startswith(b"2"):
                    self.server.envelopes.append(self.recipients)
                return answer
            said.append(line)
        self.server.unended += 1
        return False

    def reply(self, step, nothing=False):
        """Says what the script has for the step. False ends the connection."""
        what = self.server.replies.get(step, b"502 5.5.1 What?\r\n")
        if isinstance(what, list):
            place = self.times.get(step, 0)
            self.times[step] = place + 1
            what = what[min(place, len(what) - 1)]
        if callable(what):
            what = what(self)
        if what is STALL:
            self.server.ended.wait(60)
            return False
        if what is DROP:
            return False
        if what is SAID:
            return b"said"
        if what:
            self.connection.sendall(what)
        return what or nothing


def slowly(data, pause=0.01):
    """A reply that comes byte by byte."""
    def say(conversation):
        for i in range(len(data)):
            conversation.connection.sendall(data[i:i + 1])
            time.sleep(pause)
        return SAID
    return say
