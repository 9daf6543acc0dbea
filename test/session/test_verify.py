"""DKIM signatures that come: what another implementation signs, we verify; what was changed, we do not. RFC 6376, 8301, 8463; HOSTILE M25, M31."""
import time

import pytest

from lab.dkimcheck import Key
from lab.many import message
from signatures import Probe, craft, join, sign, split

NOW = int(time.time())


@pytest.fixture(scope="module")
def keys():
    return {"rsa": Key("author.example.net", "r", bits=1024), "ed25519": Key("author.example.net", "e", "ed25519"),
            "large": Key("author.example.net", "large", bits=3072), "other": Key("other.example", "o", bits=1024),
            "small": Key("author.example.net", "small", bits=768)}


@pytest.fixture
def probe(keys, tmp_path):
    return Probe(tmp_path, {key.name: key.record for key in keys.values()})


def results(probe, text, now=None):
    return [signature.result for signature in probe.verify_one(text, now).dkim]


# ---- the examples ----

DINNER = b"""From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
"""

RFC_6376 = b"""DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
""" + DINNER

RFC_8463 = b"""DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
""" + DINNER.replace(b"game.", b"game. ")

RFC_KEYS = {
    "brisbane._domainkey.example.com": "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq6"
                                       "31uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB",
    "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "test._domainkey.football.example.com": "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYz"
                                            "CNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
}


def test_examples_of_the_standards(tmp_path):
    probe = Probe(tmp_path, RFC_KEYS)
    old, new = probe.verify([text.replace(b"\n", b"\r\n") for text in (RFC_6376, RFC_8463)])
    assert old.dkim == [("example.com", "brisbane", "rsa-sha256", "pass", "")]
    assert new.dkim == [("football.example.com", "brisbane", "ed25519-sha256", "pass", ""), ("football.example.com", "test", "rsa-sha256", "pass", "")]
    assert old.arc == ("none", 0, [], "")


# ---- many messages ----

CANONICAL = ["relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed"]
NAMES = [None, ["from"], ["from", "from", "to", "subject", "subject", "references", "references", "cc", "cc", "comments", "x-mailer", "received", "nothing"]]


def tampered(text):
    """One byte of the body, and one of a signed field, changed; and a line more at the end."""
    fields, rest = split(text)
    yield text + b"more\r\n"
    if len(rest) > 4:
        place = 2 + (len(rest) - 2) // 2
        while place < len(rest) and rest[place:place + 1].isspace():
            place += 1
        if place < len(rest):
            yield join(fields, rest[:place] + bytes([rest[place] ^ 2]) + rest[place + 1:])
    yield join([field.replace(b"jan@author", b"jam@author") if field.lower().startswith(b"from") else field for field in fields], rest)


@pytest.mark.parametrize("part", range(4))
def test_what_another_signs(probe, keys, part):
    """560 messages, all forms, both algorithms, one to three signatures: all pass; changed, none does."""
    signed, changed = [], []
    for number in range(part * 140, part * 140 + 140):
        text = message(number)
        if b"\r\n\r\n" not in text:
            text += b"\r\n"
        # A blank before the missing last CRLF: python3-dkim keeps it where RFC 6376 3.4.4 does not. Mail by SMTP always has the CRLF.
        text += b"\r\n" if text.endswith(b" ") else b""
        for name in (["rsa"], ["ed25519"], ["rsa", "other"], ["ed25519", "rsa", "ed25519"])[number % 4]:
            text = sign(text, keys[name], NAMES[number % 3], CANONICAL[number // 4 % 4])
        signed.append(text)
        changed += tampered(text)
    for number, found in enumerate(probe.verify(signed)):
        assert [signature.result for signature in found.dkim] == ["pass"] * [1, 1, 2, 3][number % 4], (part, number, found)
    for found in probe.verify(changed):
        assert {signature.result for signature in found.dkim} == {"fail"}, found


def test_every_byte(probe, keys):
    """Each byte of header, body and signature, one at a time."""
    text = b"From: Jan <jan@author.example.net>\r\nSubject: at\r\n eight\r\n\r\nSee  you.\r\n\r\n-- \r\nJan\r\n"
    for canonical in ("relaxed/relaxed", "simple/simple"):
        signed = sign(text, keys["ed25519"], ["from", "subject"], canonical)
        end = signed.index(b"==\r\nFrom") - 1
        places = [i for i in range(16, len(signed)) if not signed[i:i + 1].isspace() and not end <= i < end + 3]
        changed = [signed[:i] + (b"q" if signed[i:i + 1] not in b"qQ" else b"z") + signed[i + 1:] for i in places]
        for place, found in zip(places, probe.verify(changed)):
            assert all(signature.result != "pass" for signature in found.dkim), (place, signed[:place], found)
        assert len(places) > 250


# ---- keys ----

BASIC = b"From: Jan <jan@author.example.net>\r\nTo: choir@lists.example.org\r\nSubject: x\r\n\r\nSee you.\r\n"


def test_keys_in_dns(probe, keys):
    rsa, ed25519 = keys["rsa"].record, keys["ed25519"].record
    p = rsa.split("p=")[1]
    cases = [
        ("pass", "", rsa), ("pass", "", "p=" + p), ("pass", "", "k=rsa;p=%s;" % p), ("pass", "", "v=DKIM1; h=sha1:sha256; s=email:x; p=" + p),
        ("pass", "", ["v=spf1 -all", rsa]), ("pass", "", [ed25519, rsa]), ("pass", "", "v=DKIM1; n=words = more; p=%s %s" % (p[:70], p[70:])),
        ("pass", "testing", "v=DKIM1; t=y; p=" + p), ("pass", "", "v=DKIM1; t=s; p=" + p),
        ("temperror", "DNS", "!"),
        ("permerror", "revoked", "v=DKIM1; p="), ("permerror", "no key", []), ("permerror", "no DKIM key", "v=spf1 -all"), ("permerror", "no DKIM key", "v=DKIM1"),
        ("permerror", "no DKIM key", "k=rsa; v=DKIM1; p=" + p), ("permerror", "no DKIM key", "v=DKIM2; p=" + p), ("permerror", "no DKIM key", "v=DKIM1; p=%s; p=" % p),
        ("permerror", "another algorithm", ed25519), ("permerror", "another algorithm", "v=DKIM1; k=dsa; p=" + p), ("permerror", "SHA-256", "v=DKIM1; h=sha1; p=" + p),
        ("permerror", "not for mail", "v=DKIM1; s=tlsrpt; p=" + p), ("permerror", "is none", "v=DKIM1; p=" + p[:-8]), ("permerror", "is none", "v=DKIM1; p=!!!!"),
        ("permerror", "is none", "v=DKIM1; p=AAAA"), ("policy", "1,024", keys["small"].record), ("fail", "verify", keys["other"].record),
    ]
    text = sign(BASIC, keys["rsa"])
    for result, reason, record in cases:
        probe.records[keys["rsa"].name] = record
        found = probe.verify_one(text).dkim[0]
        assert found.result == result and reason in found.reason, (record, found)


def test_large_key_and_bare_rsa(probe, keys):
    """And a key without its wrapping, as the RFC's grammar has it."""
    from cryptography.hazmat.primitives import serialization
    import base64
    assert results(probe, sign(BASIC, keys["large"])) == ["pass"]
    public = serialization.load_pem_private_key(keys["rsa"].pem, None).public_key()
    bare = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    probe.records[keys["rsa"].name] = "v=DKIM1; p=" + base64.b64encode(bare).decode()
    assert results(probe, sign(BASIC, keys["rsa"])) == ["pass"]


def test_no_more_questions_than_needed(probe, keys):
    """A dead name server costs three waits, not twenty."""
    probe.records[keys["rsa"].name] = "!"
    text = BASIC
    for number in range(5):
        text = sign(text, keys["rsa"])
    assert [(found.result, "other keys" in found.reason) for found in probe.verify_one(text).dkim] == [("temperror", False)] * 3 + [("temperror", True)] * 2


# ---- what a signature says ----

GOOD = "v=1; a=rsa-sha256; c=relaxed/relaxed; d={d}; s={s}; h={h}; bh={bh}; b=@"
TAGS = [
    ("pass", "", GOOD), ("pass", "", GOOD + ";"), ("pass", "", GOOD.replace("; ", ";\r\n\t")), ("pass", "", GOOD + "; i=jan@{d}"), ("pass", "", GOOD + "; i=@deep.{d}"),
    ("pass", "", GOOD + "; q=dns/txt:x"), ("pass", "", GOOD + "; z=From:x|To:y"), ("pass", "", GOOD + "; unknown=tag"), ("pass", "", GOOD.replace("rsa-sha256", "RSA-SHA256")),
    ("pass", "", GOOD + "; t=%d; x=%d" % (NOW - 9, NOW + 99)), ("pass", "", GOOD + "; x=%d" % (NOW - 1800)), ("pass", "", GOOD + "; l=10"),
    ("pass", "", GOOD.replace("d={d}", "d=AUTHOR.Example.NET")),
    ("permerror", "version", GOOD.replace("v=1", "v=2")), ("permerror", "version", GOOD.replace("v=1; ", "")), ("permerror", "no tag list", GOOD + "; d=x"),
    ("permerror", "no tag list", GOOD + ";;"), ("permerror", "algorithm", GOOD.replace("rsa-sha256", "rsa-sha512")), ("policy", "8301", GOOD.replace("rsa-sha256", "rsa-sha1")),
    ("permerror", "c=", GOOD.replace("relaxed/relaxed", "nofws")), ("permerror", "domain", GOOD.replace("d={d}", "d=a_b.c")), ("permerror", "domain", GOOD.replace("s={s}", "s=a..b")),
    ("permerror", "domain", GOOD.replace("s={s}; ", "")), ("permerror", "identity", GOOD + "; i=jan@other.example"), ("permerror", "identity", GOOD + "; i=jan@x{d}"),
    ("permerror", "identity", GOOD + "; i=jan"), ("permerror", "identity", GOOD + "; i==@{d}"), ("permerror", "identity", GOOD + "; i=a@b@{d}"), ("pass", "", GOOD + "; i=j=C3=A4n@{d}"), ("permerror", "From", GOOD.replace("h={h}", "h=to")), ("permerror", "From", GOOD.replace("h={h}; ", "")),
    ("permerror", "h=", GOOD.replace("h={h}", "h={h}::to")), ("permerror", "q=", GOOD + "; q=http"), ("permerror", "times", GOOD + "; t=%d; x=%d" % (NOW, NOW - 5)),
    ("permerror", "times", GOOD + "; t=-1"), ("permerror", "times", GOOD + "; x=9999999999999"), ("fail", "expired", GOOD + "; x=%d" % (NOW - 4000)),
    ("policy", "future", GOOD + "; t=%d" % (NOW + 4000)), ("policy", "older", GOOD + "; t=5"), ("policy", "l=", GOOD + "; l=9"), ("policy", "l=", GOOD + "; l=0"),
    ("permerror", "l=", GOOD + "; l=11"), ("permerror", "l=", GOOD + "; l=x"), ("permerror", "b=", GOOD.replace("b=@", "b=@=")), ("permerror", "b=", GOOD.replace("b=@", "b=")),
    ("permerror", "bh=", GOOD.replace("bh={bh}", "bh=AAAA")), ("permerror", "bh=", GOOD.replace("bh={bh}; ", "")), ("fail", "body", GOOD.replace("bh={bh}", "bh=" + "A" * 43 + "=")),
    ("policy", "too many", GOOD.replace("h={h}", "h={h}" + ":subject" * 600)), ("policy", "too long", GOOD + "; z=" + "x" * 17000),
    ("policy", "UTF-8", GOOD + "; i=j\u00e4n@{d}"), ("policy", "our own", GOOD.replace("h={h}", "h={h}:X-Rollcall-End")),
]


def test_what_a_signature_says(probe, keys):
    found = probe.verify([craft(BASIC, keys["rsa"], tags) for result, reason, tags in TAGS], NOW)
    for (result, reason, tags), one in zip(TAGS, found):
        assert one.dkim[0].result == result and reason in one.dkim[0].reason, (tags, one)


def test_subdomain_and_strict_key(probe, keys):
    """t=s in the key: i= must be the very domain."""
    probe.records[keys["rsa"].name] = keys["rsa"].record.replace("k=rsa", "k=rsa; t=y:s")
    assert results(probe, craft(BASIC, keys["rsa"], GOOD + "; i=@deep.{d}")) == ["permerror"]
    assert results(probe, craft(BASIC, keys["rsa"], GOOD + "; i=@{d}")) == ["pass"]


def test_fields_named_beyond_the_message(probe, keys):
    """Each field is signed, and h= goes on with what is not there: libopendkim alone writes behind its array of fields then, and dies."""
    more = tuple("x%d" % i for i in range(500))
    assert results(probe, craft(BASIC, keys["rsa"], GOOD, ("from", "to", "subject") + more)) == ["pass"]
    assert results(probe, craft(BASIC, keys["rsa"], GOOD, ("from", "from", "from"))) == ["pass"]
    # A signature that covers itself never holds.
    assert [results(probe, craft(text, keys["rsa"], GOOD, ("from", "to", "dkim-signature") + more))
            for text in (BASIC, BASIC.replace(b"Subject: x\r\n", b""))] == [["fail"], ["fail"]]


def test_control_characters(probe, keys):
    """VT and FF in a field are blanks to some verifiers only; in simple form they are the same to all, and unsigned they do not matter."""
    text = BASIC.replace(b"Subject: x", b"Subject: x\x0b \x0cy")
    assert results(probe, sign(text, keys["rsa"], ["from", "subject"])) == ["policy"]
    assert results(probe, sign(text, keys["rsa"], ["from", "to"])) == ["pass"]
    assert results(probe, sign(text, keys["rsa"], ["from", "subject"], "simple/simple")) == ["pass"]


def test_hundred_signatures(probe, keys):
    """M31: the topmost twenty are looked at, wherever the good one stands; one line says that there were more."""
    junk = b"DKIM-Signature: v=9; nonsense;;; h=\r\nDKIM-Signature:\r\n" + b"DKIM-Signature: a=\xff\r\n" * 97
    good = sign(BASIC, keys["rsa"])
    buried = results(probe, junk + good)
    assert buried == ["permerror"] * 20 + ["policy"]
    assert results(probe, good[:good.index(b"From:")] + junk + BASIC)[0] == "pass"
    forty = good
    for i in range(39):
        forty = sign(forty, keys["ed25519"], ["from"])
    assert results(probe, forty) == ["pass"] * 20 + ["policy"]


def test_signature_over_signatures(probe, keys):
    """Allowed, and verified as long as all of them are good enough to be shown to the library."""
    once = sign(BASIC, keys["other"])
    twice = sign(once, keys["rsa"], ["from", "dkim-signature"])
    assert results(probe, twice) == ["pass", "pass"]
    assert results(probe, twice.replace(b"From: Jan", b"DKIM-Signature: junk\r\nFrom: Jan")) == ["policy", "pass", "permerror"]
    assert results(probe, twice.replace(b"s=o;", b"s=p;")) == ["fail", "permerror"]


def test_long_names_and_no_from(probe, keys):
    name = b"X" * 120
    text = name + b": y\r\n" + BASIC
    assert results(probe, sign(text, keys["rsa"], ["from", name.decode().lower()])) == ["pass"]
    assert results(probe, sign(BASIC, keys["rsa"]).replace(b"From: Jan", b"Form: Jan")) == ["fail"]
