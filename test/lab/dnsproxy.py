"""A proxy between Rollcall's resolver and a name server, over UDP and TCP, that does to answers what networks, broken servers and forgers do.

`answer` is what becomes of an answer: a function of the answer's bytes that returns [(seconds until it is sent, bytes)], or STRANGER in place of the seconds
for a datagram from another port, at once; none: silence. FAULTS has those that the suite tries. Over TCP the pieces become what the stream carries behind
each length, and a length of its own where `raw` stands for the seconds; an empty list ends the connection.
"""
import contextlib
import socket
import struct
import threading
import time

from lab.process import free_port
from lab.served import Served

STRANGER, RAW = "stranger", "raw"
TC, RCODE = 0x0200, 0x000F
LATE = 1.6  # seconds; the suite gives a question one


def flags(answer, clear, put):
    """The answer with other flags."""
    word, = struct.unpack_from("!H", answer, 2)
    return answer[:2] + struct.pack("!H", word & ~clear | put) + answer[4:]


def other_id(answer):
    return bytes([answer[0] ^ 1]) + answer[1:]


def question_end(answer):
    place = 12
    while answer[place]:
        place += 1 + answer[place]
    return place + 5


def bare(answer, put):
    """Header and question alone, with these flags, and no record."""
    return flags(answer[:4] + b"\0\1" + bytes(6) + answer[12:question_end(answer)], TC | RCODE, put)


def garble(place):
    """Bits flipped in one byte of header or question; behind these stands data, of which only DNSSEC could tell that it is other data."""
    def change(answer):
        at = min(place, question_end(answer) - 1)
        return [(0, answer[:at] + bytes([answer[at] ^ 0x55]) + answer[at + 1:])]
    return change


FAULTS = {
    "silent or late": {
        "silence": lambda answer: [],
        "late": lambda answer: [(LATE, answer)],
        "half a length": lambda answer: [(RAW, b"\0")],
        "twice": lambda answer: [(0, answer), (0, answer)],
    },
    "forged": {
        "another id": lambda answer: [(0, other_id(answer))],
        "another id, then the right one": lambda answer: [(0, bare(other_id(answer), 3)), (0.05, answer)],
        "from a stranger, then the right one": lambda answer: [(STRANGER, bare(answer, 3)), (0.05, answer)],
    },
    "no": {
        "SERVFAIL": lambda answer: [(0, bare(answer, 2))],
        "REFUSED": lambda answer: [(0, bare(answer, 5))],
    },
    "cut or too long": {
        "half": lambda answer: [(0, answer[:len(answer) // 2])],
        "all but the last byte": lambda answer: [(0, answer[:-1])],
        "the header alone": lambda answer: [(0, answer[:12])],
        "no byte": lambda answer: [(0, b"")],
        "rubbish behind it": lambda answer: [(0, answer + b"\xff" * 300)],
        "a length that lies": lambda answer: [(RAW, struct.pack("!H", 65535) + answer)],
    },
    "garbled": {"byte %d" % place: garble(place) for place in (0, 2, 3, 4, 5, 6, 7, 9, 11, 12, 14, 99)},
}


class DnsProxy(Served):
    """Listens for `with` on a loopback port, `port`, and asks the server at `target`. `answer` is applied to the answers whose number, counted from 1 since
    arm(), is in the range that arm() was given. With `tcp` each UDP answer says that it is cut, so that all is asked again by TCP, and only there faults
    are. `asked` counts questions by what they came with."""

    def __init__(self, target):
        self.target, self.port, self.tcp = target, free_port(), False
        self.answer, self.range, self.count, self.asked = None, range(0), 0, {"udp": 0, "tcp": 0}
        self._udp, self._stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._lock = threading.Lock()
        super().__init__(self._udp, self._stranger, self._listener)

    @property
    def setting(self):
        return "127.0.0.1@%d" % self.port

    def arm(self, answer, numbers=range(1, 1 << 30)):
        with self._lock:
            self.answer, self.range, self.count = answer, numbers, 0

    def disarm(self):
        self.arm(None, range(0))

    def __enter__(self):
        self.start(self._serve_udp)
        self.start(self.accept, self._listener, self._serve_tcp)
        return self

    def _ask(self, question):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", self.target))
            s.send(question)
            return s.recv(65535) if self.ready(s, 10) else None

    def _ask_by_tcp(self, question):
        with socket.create_connection(("127.0.0.1", self.target)) as s:
            s.sendall(struct.pack("!H", len(question)) + question)
            return read_framed(s)

    def _pieces(self, answer, kind):
        """What is sent in place of the answer."""
        with self._lock:
            self.asked[kind] += 1
            if self.tcp and kind == "udp":
                return [(0, bare(answer, TC))]
            self.count += 1
            fault = self.answer if self.count in self.range else None
        return fault(answer) if fault else [(0, answer)]

    def _serve_udp(self):
        while self.ready(self._udp):
            question, client = self._udp.recvfrom(65535)
            self.start(self._answer_udp, question, client)

    def _answer_udp(self, question, client):
        answer = self._ask(question)
        for when, piece in self._pieces(answer, "udp") if answer else []:
            if when == RAW:
                continue
            if when != STRANGER:
                time.sleep(when)
            (self._stranger if when == STRANGER else self._udp).sendto(piece, client)

    def _serve_tcp(self, client):
        with client, contextlib.suppress(OSError):
            while self.ready(client):
                question = read_framed(client)
                pieces = self._pieces(self._ask_by_tcp(question), "tcp") if question else []
                for when, piece in pieces:
                    if when not in (RAW, STRANGER):
                        time.sleep(when)
                    if when != STRANGER:
                        client.sendall(piece if when == RAW else struct.pack("!H", len(piece)) + piece)
                if not pieces:
                    return


def read_framed(s):
    """One message of a stream; None at its end."""
    data = b""
    while len(data) < 2 or len(data) < 2 + struct.unpack_from("!H", data)[0]:
        more = s.recv(65535)
        if not more:
            return None
        data += more
    return data[2:]
