"""Messages of many shapes for signatures, message(0), message(1), …: the same each time.

Folds and blanks wherever they may stand, fields twice, 8-bit, multiparts, long lines, empty bodies, blank lines at the end, no end of the last line.
"""
import random

WORDS = ["alto", "bass", "Probe", "um", "acht", "Gr=C3=BC=C3=9Fe", "x" * 70, "a.b@c.org", "=?utf-8?q?J=C3=B6?=", "(comment)", "\"quoted\"", ";", "--"]
BLANKS = [" ", "  ", "\t", " \t ", "\r\n ", "\r\n\t", " \r\n \t"]


def value(dice, words):
    text = "".join(dice.choice(WORDS) + dice.choice(BLANKS) for _ in range(words))
    return text if dice.random() < 0.3 else text.rstrip()


def fields(dice, number):
    lines = ["From: Jan <jan@author.example.net>", "To: choir@lists.example.org"]
    for name in ("Subject", "Date", "Message-ID", "Cc", "In-Reply-To", "References", "Reply-To", "Sender", "X-Mailer", "Received", "Comments"):
        if dice.random() < 0.6:
            colon = dice.choice([":", ": ", ":  ", ":\t", ":\r\n "])
            lines.append(dice.choice([name, name.upper(), name.lower()]) + colon + value(dice, dice.randrange(0, 12)))
    if number % 7 == 0:
        lines += ["X-Flood-%d: %s" % (i, value(dice, 3)) for i in range(200)]
    if number % 11 == 0:
        lines += ["References: <again%d@x>" % i for i in range(3)] + ["Cc: twice@x", "Comments:"]
    if number % 13 == 0:
        lines.append("References: " + " ".join("<%d@author.example.net>" % i for i in range(400)))
    if number % 5 == 0:
        lines.append("Subject: 8-bit \u00fc in utf-8" if number % 2 else "X-Raw: \u00fc")
    dice.shuffle(lines)
    return "\r\n".join(lines).encode("utf-8" if number % 3 else "latin-1") + b"\r\n"


def body(dice, number):
    kind = number % 10
    if kind == 0:
        return b"\r\n" * dice.randrange(0, 4)
    if kind == 1:
        return b"  leading\t and trailing \t \r\n \t\r\nx\r\n" + b" \r\n" * dice.randrange(0, 3) + b"\r\n" * dice.randrange(0, 5)
    if kind == 2:
        return b"no newline at the end"
    if kind == 3:
        return bytes(dice.choice(b"\xc3\xbc\xff\x80\x01\x0b\x0c a\t") for _ in range(400)) + b"\r\n"
    if kind == 4:
        return b"blank at the end "
    if kind == 5:
        return b".\r\n..\r\nFrom x\r\n-- \r\n--b--\r\n"
    if kind == 6:
        return (b"".join(bytes([dice.randrange(33, 127)]) for _ in range(997)) + b"\r\n") * 3
    if kind == 7:
        return b"\r\n".join(value(dice, 30).encode() for _ in range(40)) + b"\r\n"
    if kind == 8:
        return b" ".join(b"word" * dice.randrange(1, 4) for _ in range(dice.randrange(1, 60))) + b"\r\n" * 3
    return b"a\r\n" * dice.randrange(1, 9000)


def multipart(dice, number):
    inner = b"\r\n--b\r\n".join(body(dice, dice.randrange(10)) for _ in range(3))
    head = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=b\r\n"
    return head, b"preamble\r\n--b\r\n\r\n" + inner + b"\r\n--b--\r\n"


def message(number):
    dice = random.Random(number)
    head, rest = fields(dice, number), body(dice, number)
    if number % 4 == 0:
        more, rest = multipart(dice, number)
        head += more
    return head if number % 50 == 49 else head + b"\r\n" + rest
