"""An LMTP client that says exactly what it is told, for tests of the conversation itself."""
import collections
import socket

Reply = collections.namedtuple("Reply", "code text lines")


class Closed(Exception):
    """The server closed the connection instead of replying."""


class Lmtp:
    """A connection to "unix:/PATH" or "inet:HOST:PORT"; the greeting is in `greeting`."""

    def __init__(self, where, timeout=20, greeting=True):
        kind, _, rest = where.partition(":")
        if kind == "unix":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(rest)
        else:
            host, _, port = rest.rpartition(":")
            self.socket = socket.create_connection((host, int(port)), timeout)
        self.rest = b""
        self.greeting = self.reply() if greeting else None

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """Bytes as they are."""
        self.socket.sendall(data)

    def reply(self):
        """The next reply, all its lines; Closed when there is none."""
        lines = []
        while True:
            while b"\n" not in self.rest:
                data = self.socket.recv(65536)
                if not data:
                    raise Closed("after %r" % (self.rest or lines))
                self.rest += data
            line, _, self.rest = self.rest.partition(b"\n")
            lines.append(line.rstrip(b"\r").decode("utf-8", "surrogateescape"))
            if lines[-1][3:4] != "-":
                return Reply(int(lines[-1][:3]), lines[-1][4:], lines)

    def command(self, line):
        """Sends one line (text, CRLF is added) and returns its reply."""
        self.send(line.encode("utf-8", "surrogateescape") + b"\r\n")
        return self.reply()

    def is_closed(self):
        """Waits until the server closes; False when it says something instead."""
        return not self.rest and self.socket.recv(1) == b""

    def envelope(self, sender, recipients, options=""):
        """LHLO, MAIL and RCPTs; returns the replies to the RCPTs. MAIL must be taken."""
        hello = self.command("LHLO client.example")
        assert hello.code == 250, hello
        mail = self.command("MAIL FROM:<%s>%s" % (sender, options and " " + options))
        assert mail.code == 250, mail
        return [self.command("RCPT TO:<%s>" % recipient) for recipient in recipients]

    def data(self, message, count):
        """DATA with a message (bytes, CRLF lines; dots are stuffed here); returns `count` replies, one per accepted RCPT."""
        start = self.command("DATA")
        assert start.code == 354, start
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in message.split(b"\r\n"))
        self.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        return [self.reply() for _ in range(count)]

    def post(self, sender, recipients, message, options=""):
        """A whole transaction; returns one reply per recipient: to RCPT when that was refused, else the one after the data."""
        replies = self.envelope(sender, recipients, options)
        accepted = [i for i, reply in enumerate(replies) if reply.code == 250]
        if accepted:
            for i, reply in zip(accepted, self.data(message, len(accepted))):
                replies[i] = reply
        return replies
