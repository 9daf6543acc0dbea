"""Mails as nobody would write them: authors of every standing, fields missing, doubled and broken, odd shapes of MIME, odd bytes. From a seeded
random, so that a failure comes again."""
import base64
import random

from lab.postfix import DOMAIN

PEOPLE = ["chaya@mail.example.net", "Chaya@MAIL.example.net", "anneke@space.example", "bram@space.example", "Daan.van.Dijk@mail.example.net",
          "lars@mail.example.net", "femke+lists@post.example.com", "stranger@elsewhere.example", "someone@example.com", "jos\u00e9@elsewhere.example",
          "mailer-daemon@elsewhere.example", "noreply@elsewhere.example", "deelnemers@" + DOMAIN, "deelnemers-bounces@" + DOMAIN, "a.b@" + DOMAIN]
SENDERS = PEOPLE[:8] + ["", "bounces+x=y@list.example", "nodomain", "a@@b.example", "owner-x@else.example"]
SUBJECTS = ["A question", "Re: [deelnemers] tea", "help", "unsubscribe", "spam", "=?utf-8?q?caf=C3=A9?=", "=?utf-8?b?////?=", "caf\u00e9", "", "x" * 1200,
            "Auto: out of office", "hold", "away", "wait", "look", "Re: deelnemers Digest, Vol 3"]
WORDS = ["tea", "at", "four", "accept", "reject not here", "subscribe", "confirm", "help", ".", "..", ".hidden", "From here", "caf\u00e9", "x" * 1500, "unsubscribe"]
ODD_FIELDS = [("Auto-Submitted", "auto-replied"), ("Auto-Submitted", "no"), ("Precedence", "bulk"), ("Precedence", "junk"), ("X-Loop", "deelnemers@" + DOMAIN),
              ("X-Loop", "spacelog@" + DOMAIN), ("List-Id", "<deelnemers.%s>" % DOMAIN), ("List-Post", "<mailto:x@y.example>"), ("Sender", "x@y.example"),
              ("Reply-To", "a@b.example, c@d.example"), ("Received", "from a by b; Sat, 21 Nov 2026 10:00:00 +0000"), ("DKIM-Signature", "v=1; a=rsa-sha256; d=x"),
              ("ARC-Seal", "i=1; cv=none"), ("Authentication-Results", "mx.example.org; dkim=pass"), ("X-Spam-Flag", "YES"), ("Date", "yesterday"),
              ("Message-ID", "<twice@x.example>"), ("Message-ID", "none"), ("In-Reply-To", "<a@b>"), ("References", "<a@b> <c@d>"),
              ("Return-Receipt-To", "a@b.example"), ("Content-Transfer-Encoding", "base64"), ("Content-Type", "text/html"), ("MIME-Version", "2.0"),
              ("X-" + "y" * 140, "long name"), ("X-Control", "a\x01b"), ("X-Eight", "\u00fc\u00fc"), ("Subject", "a second one"), ("Cc", "a@b.example,"), ("Bcc", "h@x.example")]


class Mails:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, one_in):
        return self.random.randrange(one_in) == 0

    def author_fields(self):
        pick = self.random.choice
        person = pick(PEOPLE[:8]) if not self.chance(9) else pick(PEOPLE)
        odd = [[("From", "%s, <%s>" % (pick(PEOPLE), pick(PEOPLE)))], [("From", "<%s>" % person), ("From", "<%s>" % pick(PEOPLE))], [], [("From", "")],
               [("From", "friends: %s;" % person)], [("From", '"%s" <%s>' % (pick(PEOPLE), person))], [("From", "=?utf-8?q?=3C%s=3E?= <%s>" % (pick(PEOPLE), person))],
               [("From", "%s (%s)" % (person, pick(PEOPLE)))], [("From", "<%s" % person)], [("from", person)], [("From", "a" * 300 + "@x.example")]]
        return pick(odd) if self.chance(6) else [("From", "A Person <%s>" % person)]

    def text(self):
        lines = [" ".join(self.random.choice(WORDS) for _ in range(self.random.randrange(6))) for _ in range(self.random.randrange(8))]
        return "\n".join(lines).encode("latin-1" if self.chance(8) else "utf-8", "replace")

    def part(self, depth):
        if depth > 0 and not self.chance(3):
            return self.multipart(depth - 1)
        kind = self.random.choice(["text/plain", "text/html", "application/pdf; name=x.pdf", "message/rfc822", "text/calendar", "application/pkcs7-signature"])
        coding = self.random.choice(["7bit", "8bit", "base64", "quoted-printable", "binary", "uuencode", ""])
        body = self.text()
        if coding == "base64" and not self.chance(4):
            body = base64.encodebytes(body)
        return b"Content-Type: %s\nContent-Transfer-Encoding: %s\n\n%s" % (kind.encode(), coding.encode(), body)

    def multipart(self, depth):
        kind = self.random.choice(["mixed", "alternative", "signed", "related", "digest", "report", "x-odd"])
        boundary = self.random.choice(["b%d" % self.random.randrange(99), "b 1", "", "x" * 80, "b"])
        parts = b"".join(b"--%s\n%s\n" % (boundary.encode(), self.part(depth)) for _ in range(self.random.randrange(4)))
        end = b"" if self.chance(6) else b"--%s--\n" % boundary.encode()
        return b'Content-Type: multipart/%s; boundary="%s"\n\n%s%s' % (kind.encode(), boundary.encode(), parts, end)

    def nested(self, depth):
        inner = b"Content-Type: text/plain\n\ndeep\n"
        for i in range(depth):
            inner = b"Content-Type: multipart/mixed; boundary=n%d\n\n--n%d\n%s\n--n%d--\n" % (i, i, inner, i)
        return inner

    def body(self):
        if self.chance(25):
            return b"MIME-Version: 1.0\n" + self.nested(self.random.choice([5, 18, 30, 90, 130]))
        if self.chance(3):
            return b"MIME-Version: 1.0\n" + self.multipart(self.random.randrange(4))
        if self.chance(40):
            return b"\n" + b"a line of a large mail\n" * self.random.choice([2000, 20000])
        head = b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nMIME-Version: 1.0\n" if self.chance(2) else b""
        return head + b"\n" + self.text()

    def fields(self, to):
        pick = self.random.choice
        fields = self.author_fields() + [("To", to)]
        fields += [("Subject", pick(SUBJECTS))] * (0 if self.chance(15) else 1)
        fields += [("Date", "Sat, 21 Nov 2026 10:00:00 +0100")] * (0 if self.chance(10) else 1)
        for _ in range(pick([0, 0, 0, 1, 2, 3])):
            fields.append(pick(ODD_FIELDS))
        if self.chance(50):
            fields += [("Received", "by x")] * pick([30, 47, 48, 49, 60])
        if self.chance(120):
            fields += [("X-Many", "y")] * 1100
        self.random.shuffle(fields)
        return fields

    def break_bytes(self, mail):
        place = self.random.randrange(len(mail))
        what = self.random.choice([b"\x00", b"\r", b"\xff\xfe", b"\n\n", b"\x1b[2J", b":", b"no colon here\n"])
        return mail[:place] + what + mail[place + self.random.randrange(3):]

    def mail(self, number, to):
        """One mail with its own Message-ID mark, so that no two are the same; LF or CRLF."""
        fields = self.fields(to)
        if not self.chance(10):
            fields.append(("Message-ID", "<%d@random.example>" % number))
        head = "".join("%s: %s\n" % field for field in fields) + "X-Number: %d\n" % number
        mail = head.encode("utf-8") + self.body()
        if self.chance(12):
            mail = self.break_bytes(mail)
        return mail.replace(b"\n", b"\r\n") if self.chance(2) else mail
