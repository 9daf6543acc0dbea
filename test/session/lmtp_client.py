"""A raw LMTP client for tests, and the probe program (lmtp_probe.c) as a server."""
import contextlib
import os
import signal
import socket
import subprocess
import time

from lab.process import BUILD, children, free_port, wait_until

PROBE = os.path.join(BUILD, "test/session/lmtp_probe")
RELAY_USER = "61009:61009"
LIST, OTHER = "list@lists.example.org", "other@lists.example.org"


class Gone(Exception):
    """The server closed the connection."""


class Lmtp:
    """One connection. Replies are read whole; what `say` and `command` send is given without CRLF."""

    def __init__(self, connection, timeout=20):
        self.socket, self.pending = connection, b""
        connection.settimeout(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def say(self, *lines):
        self.send(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\r\n" for line in lines))

    def _line(self):
        while b"\n" not in self.pending:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Gone(self.pending)
            self.pending += data
        line, _, self.pending = self.pending.partition(b"\n")
        assert line.endswith(b"\r") and all(32 <= byte < 127 for byte in line[:-1]), line
        assert len(line) <= 511, line
        return line[:-1].decode()

    def reply(self):
        """The next reply as text, its lines joined by newlines."""
        lines = [self._line()]
        while lines[-1][3] == "-":
            lines.append(self._line())
        assert {line[:3] for line in lines} == {lines[0][:3]}
        return "\n".join(lines)

    def command(self, line):
        self.say(line)
        return self.reply()

    def expect(self, line, start):
        """Sends a command whose reply must begin with `start`."""
        reply = self.command(line)
        assert reply.startswith(start), "%r: %r" % (line, reply)
        return reply

    def hello(self, name="client.example"):
        assert self.reply().startswith("220 ")
        return self.expect("LHLO " + name, "250")

    def begin(self, *recipients, sender="a@b.example"):
        """Greeting to the accepted RCPTs."""
        self.hello()
        self.expect("MAIL FROM:<%s>" % sender, "250 2.1.0")
        for recipient in recipients or (LIST,):
            self.expect("RCPT TO:<%s>" % recipient, "250 2.1.5")

    def post(self, data, replies=1):
        """DATA and the given bytes with CRLF.CRLF as they stand; returns the replies."""
        self.expect("DATA", "354 ")
        self.send(data)
        return [self.reply() for _ in range(replies)]

    def is_closed(self):
        """True when the server closes now without another word."""
        with contextlib.suppress(Gone):
            raise AssertionError(self._line())
        return True


class Server:
    """A running lmtp_probe with its files in `directory`; options become KEY=VALUE."""

    def __init__(self, directory, mode, **options):
        self.out, self.log = directory + "/out", directory + "/log"
        os.makedirs(self.out, exist_ok=True)
        argv = [PROBE, mode, "out=" + self.out] + ["%s=%s" % item for item in options.items()]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        text = self.log_text()
        assert "Sanitizer" not in text and "runtime error" not in text, text

    def posts(self):
        """What posts brought so far: (message, {key: [values]}), oldest first. The .txt of a post is written last."""
        files = [os.path.join(self.out, name) for name in os.listdir(self.out) if name.endswith(".txt")]
        return [read_post(path) for path in sorted(files, key=os.path.getmtime)]

    def log_text(self):
        with open(self.log) as f:
            return f.read()


class Probe(Server):
    """Listens on a unix socket in `directory`."""

    def __init__(self, directory, **options):
        self.path = directory + "/socket"
        super().__init__(directory, "unix", path=self.path, **options)
        wait_until(lambda: os.path.exists(self.path) or self.process.poll() is not None, what="lmtp_probe")

    def connect(self, timeout=20):
        connection = socket.socket(socket.AF_UNIX)
        wait_until(lambda: connection.connect_ex(self.path) == 0, what="connection")
        return Lmtp(connection, timeout)


class FrontProbe(Server):
    """Listens on TCP behind the TLS front; `settings` go into the [rollcall] section. `front` is the front's pid, 0 when it did
    not start."""

    def __init__(self, directory, settings, **options):
        self.port = free_port()
        path = directory + "/rollcall.conf"
        with open(path, "w") as f:
            f.write("[rollcall]\ntls_user = %s\n" % RELAY_USER + "".join("%s = %s\n" % item for item in settings.items()))
        os.chmod(path, 0o644)
        super().__init__(directory, "tcp", port=self.port, config=path, **options)
        self.front = int(self.process.stdout.readline() or 0)

    def __exit__(self, *why):
        if self.front:
            for pid in [self.front] + children(self.front):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        super().__exit__(*why)

    def connect(self, timeout=20):
        return Lmtp(socket.create_connection(("127.0.0.1", self.port), timeout), timeout)


def read_post(path):
    envelope = {}
    with open(path) as f:
        for line in f:
            key, _, value = line.rstrip("\n").partition("=")
            envelope.setdefault(key, []).append(value)
    with open(path[:-4] + ".eml", "rb") as f:
        return f.read(), envelope


def transcript(script, **options):
    """Runs one session on stdin and stdout with these bytes; returns (replies as text lines, stderr)."""
    argv = [PROBE, "stdin"] + ["%s=%s" % item for item in options.items()]
    done = subprocess.run(argv, input=script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 0, done
    assert done.stdout.endswith(b"\r\n") and b"\n" not in done.stdout.replace(b"\r\n", b"")
    return done.stdout.decode("ascii").split("\r\n")[:-1], done.stderr.decode()


def elapsed(function):
    start = time.monotonic()
    function()
    return time.monotonic() - start
