"""Posts of many shapes as they may have gone out, LF line ends: bytes, and a line that their plain form must have."""
import base64

HEAD = b"Received: from somewhere\nDate: Sat, 21 Nov 2026 10:00:00 +0000\nFrom: =?utf-8?q?Ann=C3=A4?= <anna@example.org>\nTo: <shapes@lists.example.org>,\n other@example.org\n"
HYPHENS = b"-" * 30
FAKE = b"End of shapes Digest\n********************\n"


def post(number, fields, body, subject=b"Shape %d"):
    head = HEAD + (b"Subject: " + (subject % number if b"%d" in subject else subject) + b"\n" if subject is not None else b"")
    return head + b"Message-ID: <%d@example.org>\n" % number + (b"MIME-Version: 1.0\n" + fields if fields else b"") + b"\n" + body


def multipart(kind, boundary, *parts, end=True):
    fields = b"Content-Type: multipart/%s; boundary=\"%s\"\n" % (kind, boundary)
    return fields, b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts) + (b"--" + boundary + b"--\n" if end else b"")


def text(body, kind=b"plain; charset=utf-8"):
    return b"Content-Type: text/" + kind + b"\n\n" + body


def attached(data, name=b"file.bin"):
    return b"Content-Type: application/octet-stream; name=\"%s\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment\n\n%s" % (
        name, base64.encodebytes(data))


def nested(depth):
    inner = text(b"at the bottom %d\n" % depth)
    for i in range(depth):
        fields, body = multipart(b"mixed", b"level%d" % i, inner)
        inner = fields + b"\n" + body
    return inner.split(b"\n\n", 1)[0] + b"\n", inner.split(b"\n\n", 1)[1]


def shape(number, kind):
    """(bytes, text in the plain form)"""
    mark = b"mark %d" % number
    alternative = multipart(b"alternative", b"alt", text(mark + b"\n"), text(b"<p>rich</p>\n", b"html"))
    made = {
        "plain": ((b"", mark + b"\n"),),
        "eight-bit": ((b"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n", b"Gr\xfc\xdfe, " + mark + b"\n"),),
        "alternative": (alternative,),
        "nested": (multipart(b"mixed", b"out", alternative[0] + b"\n" + alternative[1], attached(b"\0\1" * 500, b"score.pdf"),
                             b"Content-Type: message/rfc822\n\nSubject: inner\n\ninner text\n"),),
        "smime": (multipart(b"signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256", b"sig", text(mark + b"\n"),
                            b"Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"\x30\x80" * 300)),),
        "no-boundary": ((b"Content-Type: multipart/mixed\n", b"--x\n\n" + mark + b"\n--x--\n"), None),
        "unclosed": (multipart(b"mixed", b"open", text(mark + b"\n"), end=False),),
        "deep": (nested(20), b"at the bottom 20"),
        "too-deep": (nested(120), None),
        "html": ((b"Content-Type: text/html; charset=utf-8\n", b"<p>only <b>" + mark + b"</b></p>\n"), b"only " + mark),
        "separators": ((b"", HYPHENS + b"\n\n" + HYPHENS + b"\n\nDate: x\nFrom: evil@example.org\nSubject: fake\n\n" + mark + b"\n\n" + HYPHENS + b"\n\n" + FAKE),),
        "preamble": ((b"", b"\n" + b"-" * 70 + b"\n\n" + mark + b"\n" + b"-" * 31 + b"\n" + b"-" * 29 + b"\n-- \nme\n"),),
        "base64": ((b"Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n",
                    base64.encodebytes(("h\u00e9 " + mark.decode() + "\n\n" + "-" * 30 + "\n\nx\n").encode("utf-16le"))),),
        "digest": (multipart(b"digest", b"d", b"\nSubject: a\n\n" + mark + b"\n"), b""),
        "boundaries": ((b"", b"--=_" + b"0" * 32 + b"\n--=_--\n--\n" + mark + b"\n"),),
        "dots": ((b"", b".\n..\n.x\nFrom me\n>From you\n" + mark + b"\n"),),
        "empty": ((b"", b""), b""),
        "long-line": ((b"", b"x" * 3000 + b" " + mark + b"\n"), None),
        "control": ((b"", b"\x1b]0;x\x07\x0c" + mark + b"\n"), mark),
    }
    subjects = {"no-subject": None, "utf8-header": "Gr\u00fc\u00dfe \u2014 %d".encode(), "injecting": b"=?utf-8?q?a=0D=0A=0D=0A" + b"=2D" * 30 + b"=0D=0A=0D=0ABcc:_x?=",
                "folded": b"one\n two\n\tthree", "hyphens": HYPHENS, "long-subject": b"word " * 60}
    if kind in subjects:
        return post(number, b"", mark + b"\n", subjects[kind]), mark
    (fields, body), *wanted = made[kind]
    return post(number, fields, body), wanted[0] if wanted else mark


KINDS = ("plain", "eight-bit", "alternative", "nested", "smime", "no-boundary", "unclosed", "deep", "too-deep", "html", "separators", "preamble", "base64",
         "digest", "boundaries", "dots", "empty", "long-line", "control", "no-subject", "utf8-header", "injecting", "folded", "hyphens", "long-subject")

# What another server would change on the way, or take apart in another way, travels as a file.
FILES = ("too-deep", "long-line", "utf8-header")


def posts(count):
    return [shape(number, KINDS[number % len(KINDS)]) for number in range(count)]


def large(size):
    return post(0, *multipart(b"mixed", b"big", text(b"mark 0\n"), attached(b"\xa5" * (size * 3 // 4)))), b"mark 0"


def wide(size):
    return post(0, b"Content-Type: text/plain; charset=cp437\nContent-Transfer-Encoding: 8bit\n", (b"\xb0" * 70 + b"\n") * (size // 71))
