"""A MySQL server that is up to something: it speaks just enough of the protocol to be believed, and then does what a test says."""
import contextlib
import socket
import ssl
import struct
import threading

SSL, PROTOCOL_41, SECURE, PLUGINS, LOCAL_FILES, WITH_DB = 0x800, 0x200, 0x8000, 0x80000, 0x80, 0x8
OK = b"\0\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"


def error(code, text):
    return b"\xff" + struct.pack("<H", code) + b"#HY000" + text


def text(value):
    """A length-encoded string, short ones only."""
    return bytes([len(value)]) + value


def column(name=b"c"):
    return b"\3def\0\0\0" + text(name) + b"\0\x0c" + struct.pack("<HIBHB", 45, 1024, 0xfd, 0, 0) + b"\0\0"


def result(columns):
    """How the answer to COM_QUERY begins; rows follow."""
    return [bytes([columns])] + [column()] * columns + [EOF]


def row(*values):
    return b"".join(text(value) for value in values)


class Gone(Exception):
    """The client has hung up."""


class Line:
    """One connection in packets."""

    def __init__(self, sock):
        self.sock, self.number, self.seen = sock, 0, bytearray()

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.sock.recv(count - len(data))
            if not piece:
                raise Gone()
            data += piece
        self.seen += data
        return data

    def read(self):
        head = self._exactly(4)
        self.number = head[3] + 1
        return self._exactly(int.from_bytes(head[:3], "little"))

    def write(self, *packets):
        for packet in packets:
            self.sock.sendall(len(packet).to_bytes(3, "little") + bytes([self.number & 255]) + packet)
            self.number += 1


class Server:
    """Listens for `with`. `script(line)` is called after the handshake response has come (over TLS where a `context` is given);
    `greeting` replaces the first packet. `plain` and `secret` are all that clients sent before and inside TLS."""

    def __init__(self, script=None, context=None, greeting=None):
        self.script, self.context, self.greeting = script or (lambda line: line.write(OK)), context, greeting
        self.plain, self.secret, self.handshakes, self.problems = bytearray(), bytearray(), [], []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *why):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            client.settimeout(20)
            with client, contextlib.suppress(OSError, Gone):
                self._serve(client)

    def hello(self):
        flags = PROTOCOL_41 | SECURE | PLUGINS | LOCAL_FILES | WITH_DB | 1 | (SSL if self.context else 0)
        low, high = struct.pack("<I", flags)[:2], struct.pack("<I", flags)[2:]
        return (b"\x0a5.5.5-10.11.6-MariaDB\0" + struct.pack("<I", 7) + b"abcdefgh\0" + low + b"\x2d\2\0" + high + b"\x15" + bytes(10)
                + b"ijklmnopqrst\0" + b"mysql_native_password\0")

    def _serve(self, client):
        line = Line(client)
        if self.greeting:
            client.sendall(self.greeting)
            with contextlib.suppress(Gone):
                while True:
                    line._exactly(1)
            self.plain += line.seen
            return
        line.write(self.hello())
        try:
            answer = line.read()
        finally:
            self.plain += line.seen
        if self.context:
            try:
                inside = Line(self.context.wrap_socket(client, server_side=True))
            except (ssl.SSLError, OSError) as problem:
                self.problems.append(problem)
                return
            inside.number = line.number
            line = inside
            try:
                answer = line.read()
            except Gone:
                return
        self.handshakes.append(answer)
        try:
            self.script(line)
            while True:
                line.read()
                line.write(OK)
        finally:
            if self.context:
                self.secret += line.seen


def context(pair, version=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*pair)
    if version:
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = made.maximum_version = version
    return made
