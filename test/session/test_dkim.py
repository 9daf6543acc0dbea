"""Our signatures before another implementation: what lib/mail signs, python3-dkim verifies, and nothing changed after it does.

The probe (dkim_probe.c) cooks and signs as Rollcall would. HOSTILE M24, M25, M31, M34; DESIGN section 6.
"""
import email
import email.policy
import os
import random
import re
import subprocess

import dkim
import pytest

from lab.dkimcheck import Key, Table
from lab.many import message
from lab.process import BUILD

PROBE = os.path.join(BUILD, "test", "session", "dkim_probe")
LIST_DOMAIN = "lists.example.org"


@pytest.fixture(scope="module")
def keys():
    return {"rsa": Key(LIST_DOMAIN, "r2026"), "small": Key(LIST_DOMAIN, "r1024", bits=1024), "ed25519": Key(LIST_DOMAIN, "e2026", "ed25519"),
            "author": Key("author.example.net", "a"), "author-ed": Key("author.example.net", "ae", "ed25519")}


@pytest.fixture(scope="module")
def table(keys):
    return Table(*keys.values())


@pytest.fixture(scope="module")
def sign(keys, tmp_path_factory):
    place = tmp_path_factory.mktemp("keys")
    for name, key in keys.items():
        (place / name).write_bytes(key.pem)

    def run(message, *options, using=("rsa", "ed25519"), status=0):
        pairs = [word for name in using for word in (keys[name].selector, str(place / name))]
        done = subprocess.run([PROBE, *options, LIST_DOMAIN, *pairs], input=message, capture_output=True, timeout=60)
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr.decode()
    return run


def ours(table, message):
    """The algorithms of our signatures that verify; every one of ours must."""
    results = [result for result in table.verify(message) if result.domain == LIST_DOMAIN]
    assert all(result.good for result in results), results
    return [result.algorithm for result in results]


def good(table, message):
    """The algorithms of all signatures that verify in a message that may be broken by now."""
    try:
        return [result.algorithm for result in table.verify(message) if result.good]
    except dkim.MessageFormatError:
        return []


# ---- many messages ----

@pytest.mark.parametrize("part", range(10))
def test_many_messages(sign, table, part):
    """400 messages of many shapes, as they came and cooked: both signatures verify, and once more with the bytes that go to Postfix."""
    for number in range(part * 40, part * 40 + 40):
        # --lf only where the post has what Postfix asks for: --cook adds it.
        options = [["--cook", "--lf"], ["--cook", "--tag", "[choir]", "--reply-to", "both", "--lf"], [], ["--cook"]][number % 4]
        text = sign(message(number), *options)
        if "--lf" in options:
            assert b"\r" not in text
            text = text.replace(b"\n", b"\r\n")
        assert ours(table, text) == ["ed25519-sha256", "rsa-sha256"], number


def test_one_key_or_another(sign, table):
    for using, algorithms in ((["rsa"], ["rsa-sha256"]), (["ed25519"], ["ed25519-sha256"]), (["small"], ["rsa-sha256"]), ([], [])):
        assert ours(table, sign(message(1), using=using)) == algorithms


def test_large_message(sign, table):
    """Ten megabytes: lines of all lengths, so that every state of the canonicaliser meets every border."""
    dice = random.Random(10)
    line = [b"x" * dice.randrange(0, 990) + b" " * dice.randrange(0, 3) + b"\r\n" for _ in range(500)]
    text = b"From: a@author.example.net\r\n\r\n" + b"".join(dice.choice(line) for _ in range(20000))
    assert len(text) > 9000000
    assert len(ours(table, sign(text))) == 2


# ---- what is said ----

def test_fields(sign, table):
    text = sign(message(4), "--cook", "--time", "1795257320")
    for signature in re.findall(rb"DKIM-Signature: (.*?)\r\n(?![ \t])", text, re.S):
        tags = dict(tag.strip().split(b"=", 1) for tag in re.sub(rb"\r\n", b"", signature).split(b";"))
        assert tags[b"c"] == b"relaxed/relaxed" and tags[b"d"] == b"lists.example.org" and tags[b"i"] == b"@lists.example.org"
        assert int(tags[b"t"]) == 1795257320 and int(tags[b"x"]) - int(tags[b"t"]) == 14 * 86400
        assert b"l" not in tags and b"z" not in tags
        names = [name.strip().lower() for name in tags[b"h"].split(b":")]
        head = text.split(b"\r\n\r\n")[0].lower()
        for name in (b"from", b"sender", b"reply-to", b"subject", b"date", b"message-id", b"to", b"cc", b"in-reply-to", b"references", b"mime-version",
                     b"content-type", b"content-transfer-encoding", b"list-id", b"list-help", b"list-unsubscribe", b"list-unsubscribe-post",
                     b"list-subscribe", b"list-post", b"list-owner", b"list-archive"):
            # Once more than it stands there: none can be added.
            assert names.count(name) == len(re.findall(rb"(?m)^" + name + rb"[ \t]*:", head)) + 1, name
        assert b"dkim-signature" not in names and b"received" not in names
    assert all(len(line) <= 78 for line in text.split(b"\r\n\r\n")[0].split(b"\r\n") if line.startswith((b"DKIM", b"\t")))


# ---- nothing can be changed ----

TAMPERED = (b"From: Jan <jan@author.example.net>\r\nTo: choir@lists.example.org\r\nSubject: Re:\r\n  concert\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            b"Message-ID: <1@author.example.net>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nSee you  at eight.\r\n\r\n-- \r\nJan\r\n")


def other(byte):
    """Another byte that no canonicalisation takes for the same."""
    return ord("q") if byte != ord("q") else ord("z")


def test_every_byte(sign, table):
    """Each byte of the signed fields and of the body, one at a time: then neither signature verifies."""
    signed = sign(TAMPERED, "--cook")
    assert len(ours(table, signed)) == 2
    start = signed.index(b"From: Jan")
    loose = [signed.index(name) for name in (b"Archived-At:", b"Precedence:", b"X-Loop:")]
    free = {i for place in loose for i in range(place, signed.index(b"\r\n", place) + 2)}
    tried = 0
    for place in range(start, len(signed)):
        if place in free:
            continue
        changed = signed[:place] + bytes([other(signed[place])]) + signed[place + 1:]
        assert good(table, changed) == [], (place, signed[place - 20:place + 20])
        tried += 1
    assert tried > 600


def test_every_byte_of_the_signature(sign, table):
    """Each byte of a signature field, except its folds: then it does not verify."""
    signed = sign(TAMPERED, using=["rsa"])
    # 256 bytes of signature end in "x==" and CRLF, and the x has four bits that mean nothing.
    end = signed.index(b"==\r\nFrom: Jan") - 1
    for place in range(signed.index(b":") + 2, end):
        if signed[place:place + 1].isspace():
            continue
        changed = signed[:place] + bytes([other(signed[place])]) + signed[place + 1:]
        assert good(table, changed) == [], (place, signed[place - 10:place + 10])


@pytest.mark.parametrize("field", ["From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "To", "Cc", "In-Reply-To", "References", "MIME-Version",
                                   "Content-Type", "Content-Transfer-Encoding", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Archive"])
def test_nothing_can_be_added(sign, table, field):
    signed = sign(TAMPERED, "--cook")
    for place in (signed.index(b"From: Jan"), 0, signed.index(b"\r\n\r\n") + 2):
        changed = signed[:place] + field.encode() + b": evil@example.com\r\n" + signed[place:]
        assert good(table, changed) == []
    for more in (b"x", b"\r\nx\r\n", b" x"):
        assert good(table, signed + more) == []


def test_each_stands_alone(sign, table):
    """Our second signature does not cover the first: without either, or with theirs gone, the other still verifies."""
    signed = sign(TAMPERED)
    first, second, rest = re.split(rb"(?m)^(?=DKIM-Signature:|From: Jan)", signed)[1:]
    for text, algorithm in ((first + rest, "ed25519-sha256"), (second + rest, "rsa-sha256")):
        assert ours(table, text) == [algorithm]
    assert ours(table, second + first + rest) == ["rsa-sha256", "ed25519-sha256"]


# ---- the author's own signature ----

AUTHORED = (b"From: Jan <jan@author.example.net>\r\nTo: choir@lists.example.org\r\nSubject: Re:  concert\r\n\tat eight\r\n"
            b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@author.example.net>\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\nReply-To: jan@author.example.net\r\nX-Odd:   kept \t\r\n\r\nSee you  at eight. \r\n\r\n\xc3\xbc\r\n\r\n\r\n")


@pytest.mark.parametrize("canonical", [b"relaxed", b"simple"])
@pytest.mark.parametrize("who", ["author", "author-ed"])
@pytest.mark.parametrize("names", ["from to subject date message-id mime-version content-type", "from",
                                   "from from sender precedence subject subject reply-to x-odd to to cc cc date message-id in-reply-to references"])
def test_author_survives(sign, table, keys, canonical, who, names):
    """Transparent mode: what the author signed still verifies after cooking, and so do we; the body leaves byte for byte."""
    key = keys[who]
    algorithm = b"rsa-sha256" if who == "author" else b"ed25519-sha256"
    signature = dkim.sign(AUTHORED, key.selector.encode(), key.domain.encode(), key._secret, signature_algorithm=algorithm,
                          canonicalize=(canonical, canonical), include_headers=names.encode().split(), linesep=b"\r\n")
    text = sign(signature + AUTHORED, "--cook", "--lf").replace(b"\n", b"\r\n")
    assert table.good_domains(text) == {("author.example.net", algorithm.decode()), (LIST_DOMAIN, "rsa-sha256"), (LIST_DOMAIN, "ed25519-sha256")}
    assert text.split(b"\r\n\r\n", 1)[1] == AUTHORED.split(b"\r\n\r\n", 1)[1]
    assert (b"\r\nSender: choir-bounces@" in text) == ("sender" not in names)
    assert (b"\r\nPrecedence: list\r\n" in text) == ("precedence" not in names)


def test_author_with_a_tag(sign, table, keys):
    """A tag is the admin's choice: the author's signature over the subject breaks, ours holds."""
    text = sign(keys["author"].sign(AUTHORED), "--cook", "--tag", "[choir]")
    assert table.good_domains(text) == {(LIST_DOMAIN, "rsa-sha256"), (LIST_DOMAIN, "ed25519-sha256")}
    assert b"\r\nSubject: [choir] Re:  concert\tat eight\r\n" in text


def test_hundred_signatures(sign, table, keys):
    """M31: a hundred came, twenty stay, and broken ones do not get in our way."""
    flood = b"DKIM-Signature: v=9; nonsense;;; h=\r\nDKIM-Signature:\r\n" + b"DKIM-Signature: a=\xff\r\n" * 97
    text = sign(flood + AUTHORED, "--cook")
    assert text.count(b"DKIM-Signature:") == 22
    assert len(ours(table, text)) == 2
    arc = b"".join(b"ARC-Seal: i=%d\r\nARC-Message-Signature: i=%d\r\nARC-Authentication-Results: i=%d; x\r\n" % (i, i, i) for i in range(1, 201))
    assert b"ARC-" not in sign(arc + AUTHORED, "--cook")


# ---- what must be mended before ----

def test_long_lines(sign, table):
    long = b"From: a@author.example.net\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: " + b"word " * 300 + b"\r\n\r\n" + b"z" * 30000 + b"\r\n"
    text = sign(long, "--cook", "--lf").replace(b"\n", b"\r\n")
    assert len(ours(table, text)) == 2
    assert max(len(line) for line in text.split(b"\r\n")) <= 998
    read = email.message_from_bytes(text, policy=email.policy.default)
    assert read.get_content().rstrip("\r\n") == "z" * 30000
    assert read["subject"].split() == ["word"] * 300


def test_8bit_headers(sign, table):
    text = sign("From: Jörg <j@author.example.net>\r\nTo: \"Chör\" <choir@lists.example.org>\r\nSubject: Grüße an alle\r\n\r\nx\r\n".encode(), "--cook")
    assert len(ours(table, text)) == 2
    assert text.split(b"\r\n\r\n")[0].isascii()
    read = email.message_from_bytes(text, policy=email.policy.default)
    assert read["subject"] == "Grüße an alle" and read["from"].addresses[0].display_name == "Jörg"
    assert "SMTPUTF8" in sign("From: <jörg@author.example.net>\r\n\r\nx\r\n".encode(), "--cook", status=1)


def test_what_cannot_be_signed(sign):
    """Verifiers do not agree on VT and FF in a field; a name repeated without end does not fit into what they read."""
    assert "control character" in sign(b"From: a@x\r\nSubject: a\x0bb\r\n\r\nx\r\n", status=1)
    assert "too many To fields" in sign(b"From: a@x\r\n" + b"To: b@y\r\n" * 900 + b"\r\nx\r\n", status=1)
    assert "no From" in sign(b"To: a@x\r\n\r\nx\r\n", status=1)
