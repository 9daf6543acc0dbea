"""S/MIME judged by lib/mail/smime.h, behind the walls of a session's child: which mail is its author's, and why another is not (issue 4; HOSTILE M25).

Certificates, CRLs and signatures are made for the run (lab/smime.py); signatures are OpenSSL's own. OCSP: test_smime_ocsp.py.
"""
import base64
import os
import re
import shutil
import subprocess
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab import smime
from lab.smime import Authority, detached_body, detached_fields, entity, mail, opaque, signed
from smime_judge import AUTHOR, PROBE, judge


class Pki:
    """An authority that is trusted with an intermediate, one that is not, and whoever they vouch for."""

    def __init__(self, directory):
        self.directory = directory
        self.root = Authority(directory, "Root")
        self.middle = Authority(directory, "Middle", issuer=self.root)
        self.strange = Authority(directory, "Strange")
        self.good = self.root.issue("good", AUTHOR)
        self.other = self.root.issue("other", "rhea@mail.example.net")
        self.bundle = self.root.certificate

    def judge(self, message, *options, **more):
        return judge(message, "--ca", self.bundle, *options, **more)

    def passes(self, message, *options, **more):
        result, signer, reason = self.judge(message, *options, **more)
        return result == "pass" and signer == AUTHOR and not reason

    def fails(self, message, words, *options, result="fail", **more):
        found, _, reason = self.judge(message, *options, **more)
        assert (found, bool(re.search(words, reason))) == (result, True), (found, reason)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(str(tmp_path_factory.mktemp("smime")))


# ---- what passes ----

@pytest.mark.parametrize("make", [signed, opaque])
@pytest.mark.parametrize("content", [
    entity(),
    entity("Wer hat den Schlüssel?\r\n".encode(), encoding="8bit"),
    entity(base64.encodebytes(b"\0\1LF\nand CR\r only\xff" * 30).replace(b"\n", b"\r\n"), "application/octet-stream", "base64"),
    entity(b"--outer\r\n" + entity() + b"\r\n--outer\r\n" + entity() + b"\r\n--outer--\r\n", 'multipart/mixed; boundary="outer"'),
    entity(b"trailing blanks  \t\r\n\r\n\r\n"),
    entity(b"no line end"),
    entity(b""),
], ids=["7bit", "8bit", "base64", "multipart", "blanks", "no-line-end", "empty"])
def test_contents(pki, make, content):
    assert pki.passes(make(AUTHOR, pki.good, content=content))


@pytest.mark.parametrize("kind, options", [(2048, ()), (2048, ("rsa_padding_mode:pss",)), ("ec", ())])
def test_keys(pki, kind, options):
    assert pki.passes(signed(AUTHOR, pki.root.issue("key", AUTHOR, kind=kind), options=options))


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_digests(pki, digest):
    assert pki.passes(signed(AUTHOR, pki.good, options=("-md", digest)))


def test_authority_with_an_ed25519_key(pki):
    root = Authority(pki.directory, "Modern", kind="ed25519")
    assert judge(signed(AUTHOR, root.issue("modern", AUTHOR)), "--ca", root.certificate)[0] == "pass"


def test_as_openssl_writes_it(pki):
    """Its own MIME with a preamble, from text with LF; in BER of unknown length; with a subject key identifier."""
    for options in ([], ["-stream"], ["-nodetach", "-stream"], ["-keyid"]):
        said = subprocess.run(["openssl", "cms", "-sign", "-text", "-md", "sha256", "-signer", pki.good.certificate, "-inkey", pki.good.key] + options,
                              input=b"Who has\nthe key?\n", capture_output=True, check=True).stdout
        message = b"From: %s\r\n" % AUTHOR.encode() + re.sub(rb"\r?\n", b"\r\n", said)
        assert pki.passes(message), options


def test_binary_signed_with_lf_is_not_what_mail_carries(pki):
    """Who signs LF and sends CRLF has signed something else (RFC 8551 section 3.1.1)."""
    der = smime.cms(entity().replace(b"\r\n", b"\n"), pki.good)
    pki.fails(mail(AUTHOR, detached_fields(), detached_body(entity(), der)), "not what was signed")


@pytest.mark.parametrize("author, names", [
    ("chaya@mail.example.net", dict(addresses=["Chaya@Mail.Example.NET"])),
    ("chaya@mail.example.net", dict(addresses=["a@example.net", "chaya@mail.example.net"])),
    ("chaya@mail.example.net", dict(subject=[(NameOID.EMAIL_ADDRESS, "chaya@mail.example.net")])),
    ("chaya@xn--mnchen-3ya.example", dict(utf8="chaya@münchen.example")),
    ("chäya@mail.example.net", dict(utf8="chäya@mail.example.net")),
])
def test_addresses_that_fit(pki, author, names):
    names = dict(names)
    person = pki.root.issue("named", *names.pop("addresses", ()), **names)
    result, signer, _ = judge(signed("x@y.example", person), "--ca", pki.bundle, author=author)
    assert (result, signer.lower()) == ("pass", author)


@pytest.mark.parametrize("names", [
    dict(addresses=["rhea@mail.example.net"]), dict(addresses=["chaya@mail.example.net.evil.example"]), dict(addresses=["chaya@mail.example.ne"]),
    dict(addresses=["chaya@mail.example.net\0.evil.example"]), dict(addresses=["<chaya@mail.example.net>"]), dict(addresses=[]),
    dict(addresses=["a@example.net"], subject=[(NameOID.EMAIL_ADDRESS, AUTHOR)]), dict(subject=[(NameOID.ORGANIZATIONAL_UNIT_NAME, AUTHOR)]),
    dict(subject=[(NameOID.EMAIL_ADDRESS, "rhea@mail.example.net")]), dict(utf8="rhea@mail.example.net"),
])
def test_addresses_that_do_not(pki, names):
    names = dict(names)
    person = pki.root.issue("named", *names.pop("addresses", ()), **names)
    pki.fails(signed(AUTHOR, person), "not for the author's address")


def test_no_author(pki):
    """A mail whose From is none cannot be signed by it; the probe's empty author stands for that."""
    pki.fails(signed(AUTHOR, pki.good), "not for the author's address", author="")


# ---- time, issuers, usage ----

@pytest.mark.parametrize("days, words", [((-10, -1), "expired"), ((1, 10), "not yet valid")])
def test_validity(pki, days, words):
    message = signed(AUTHOR, pki.root.issue("dated", AUTHOR, days=days))
    pki.fails(message, words)
    middle = int(time.time() + sum(days) / 2 * 86400)
    assert pki.passes(message, "--at", str(middle))


def test_issuers(pki):
    below = pki.middle.issue("below", AUTHOR)
    alone = smime.cms(entity(), below)
    pki.fails(mail(AUTHOR, detached_fields(), detached_body(entity(), alone)), "unable to get local issuer")
    assert pki.passes(signed(AUTHOR, below, certificates=[pki.middle]))
    pki.fails(signed(AUTHOR, pki.strange.issue("stranger", AUTHOR)), "unable to get local issuer")
    pki.fails(signed(AUTHOR, pki.strange.issue("stranger", AUTHOR), certificates=[pki.strange]), "self-signed certificate in")
    # An intermediate in the bundle is enough.
    assert judge(signed(AUTHOR, below), "--ca", pki.middle.certificate)[0] == "pass"
    # A person is no authority.
    pki.good.name, pki.good.directory = "good", pki.directory
    pki.fails(signed(AUTHOR, Authority.issue(pki.good, "child", AUTHOR), certificates=[pki.good]), "invalid CA certificate")


def test_self_signed(pki):
    lone = Authority(pki.directory, "Lone")
    lone.name = "Lone"
    person = lone.issue("Lone", AUTHOR, kind=2048)
    pki.fails(signed(AUTHOR, person), "unable to get|self-signed")


@pytest.mark.parametrize("usage, key_usage, words", [
    ((ExtendedKeyUsageOID.SERVER_AUTH,), "digital_signature", "purpose"),
    ((ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING), "digital_signature", "purpose"),
    ((ExtendedKeyUsageOID.EMAIL_PROTECTION,), "key_encipherment", "purpose"),
    ((), "key_agreement", "purpose"),
    ((ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH), "content_commitment", None),
    ((), "digital_signature", None), ((), None, None),
])
def test_usage(pki, usage, key_usage, words):
    message = signed(AUTHOR, pki.root.issue("used", AUTHOR, usage=usage, key_usage=key_usage))
    pki.fails(message, words) if words else pki.passes(message) or pytest.fail("no pass")


def test_weak_algorithms(pki):
    pki.fails(signed(AUTHOR, pki.good, options=("-md", "sha1")), "SHA1, which is not trusted")
    pki.fails(signed(AUTHOR, pki.root.issue("short", AUTHOR, kind=1024)), "1024 bits")
    pki.fails(signed(AUTHOR, pki.root.issue("md", AUTHOR, digest=hashes.SHA1())), "too weak")
    short = pki.root.issue("sha", AUTHOR, kind=2048)
    pki.fails(signed(AUTHOR, short, options=("-md", "md5")), "MD5, which is not trusted")


def test_ed25519_signer_is_unknown_and_no_crash(pki):
    """OpenSSL 3.0 signs no CMS with it; so a certificate with such a key takes the place of another's."""
    first = pki.root.issue("first", AUTHOR, serial=4711)
    second = pki.root.issue("second", AUTHOR, serial=4711, kind="ed25519")
    pki.fails(signed(AUTHOR, first, options=("-nocerts",), certificates=[second]), "neither RSA nor EC")


# ---- what was changed ----

def test_altered(pki):
    message = signed(AUTHOR, pki.good)
    pki.fails(message.replace(b"Who has", b"Who had"), "not what was signed")
    pki.fails(message.replace(b"charset=utf-8", b"charset=us-ascii"), "not what was signed")
    pki.fails(message.replace(b"key?\r\n", b"key? \r\n"), "not what was signed")
    inside = opaque(AUTHOR, pki.good)
    der = base64.b64decode(inside.partition(b"\r\n\r\n")[2])
    pki.fails(mail(AUTHOR, smime.OPAQUE, smime.wrapped(der.replace(b"Who has", b"Who had")), encoding="base64"), "not what was signed")
    # Header fields are not covered, as everybody who reads RFC 8551 knows.
    assert pki.passes(message.replace(b"Subject: A question", b"Subject: Another"))


def test_each_byte_of_a_signature(pki):
    """Flipped anywhere, it passes only where the byte says nothing: in the version and in the list of digests, which nobody needs."""
    der = smime.cms(entity(), pki.root.issue("flip", AUTHOR))
    passed = []
    for place in range(0, len(der), 7):
        changed = der[:place] + bytes([der[place] ^ 0x55]) + der[place + 1:]
        if pki.judge(mail(AUTHOR, detached_fields(), detached_body(entity(), changed)))[0] == "pass":
            passed.append(place)
    assert all(place < 60 for place in passed), passed


def test_attributes_as_content(pki):
    """Without signed attributes nothing counts: they could be those of another signature, shown as content."""
    pki.fails(signed(AUTHOR, pki.good, options=("-noattr",)), "no signed attributes")
    pki.fails(opaque(AUTHOR, pki.good, options=("-noattr",)), "no signed attributes")


def test_signer_without_certificate(pki):
    pki.fails(signed(AUTHOR, pki.good, options=("-nocerts",)), "not in the message")
    pki.fails(signed(AUTHOR, pki.good, options=("-nocerts",), certificates=[pki.other]), "not in the message")


def test_other_content_types(pki):
    pki.fails(signed(AUTHOR, pki.good, options=("-econtent_type", "1.2.3.4")), "not a mail")


def test_content_of_its_own(pki):
    """A container with content inside of a multipart/signed could be shown instead of what stands beside it."""
    der = smime.cms(entity(), pki.good, detached=False)
    pki.fails(mail(AUTHOR, detached_fields(), detached_body(entity(b"Another\r\n"), der)), "content of its own")
    pki.fails(mail(AUTHOR, detached_fields(), detached_body(entity(), der)), "content of its own")
    detached = smime.cms(entity(), pki.good)
    pki.fails(mail(AUTHOR, smime.OPAQUE, smime.wrapped(detached), encoding="base64"), "no content")


# ---- several signers, several layers ----

def test_signers(pki):
    strange = pki.strange.issue("second", "second@example.net")
    assert pki.passes(signed(AUTHOR, pki.good, pki.other))
    assert pki.passes(signed(AUTHOR, pki.other, pki.good))
    pki.fails(signed(AUTHOR, pki.other, pki.root.issue("third", "third@example.net")), "not for the author's")
    # One that does not hold has no harmless reading.
    pki.fails(signed(AUTHOR, pki.good, strange), "unable to get local issuer")
    pki.fails(signed(AUTHOR, strange, pki.good), "unable to get local issuer")
    crowd = [pki.root.issue("crowd%d" % i, AUTHOR) for i in range(6)]
    pki.fails(signed(AUTHOR, *crowd), "more than 5")
    assert pki.passes(signed(AUTHOR, *crowd[:5]))


def test_only_the_outermost_counts(pki):
    def layer(inner, person):
        return signed(AUTHOR, person, content=b"Content-Type: " + detached_fields("in").encode() + b"\r\n\r\n" +
                      detached_body(entity(), smime.cms(entity(), inner), b"in"))
    assert pki.passes(layer(pki.other, pki.good))
    assert pki.passes(layer(pki.strange.issue("inner", AUTHOR), pki.good))
    pki.fails(layer(pki.good, pki.other), "not for the author's")
    # Around a part only, as a gateway's footer leaves it: somebody else wrote the rest.
    part = b"Content-Type: " + detached_fields("in").encode() + b"\r\n\r\n" + detached_body(entity(), smime.cms(entity(), pki.good), b"in")
    mixed = b"--out\r\n" + part + b"--out\r\n" + entity(b"A footer\r\n") + b"--out--\r\n"
    pki.fails(mail(AUTHOR, 'multipart/mixed; boundary="out"', mixed), "only a part", result="none")
    forwarded = b"Content-Type: message/rfc822\r\n\r\n" + signed(AUTHOR, pki.good)
    pki.fails(mail(AUTHOR, 'multipart/mixed; boundary="out"', b"--out\r\n" + forwarded + b"\r\n--out--\r\n"), "only a part", result="none")


# ---- forms ----

def test_none(pki):
    for kind, body in [("text/plain", b"Hello\r\n"), ("multipart/mixed; boundary=b", b"--b\r\n\r\nHello\r\n--b--\r\n"),
                       ('multipart/signed; protocol="application/pgp-signature"; boundary=b',
                        b"--b\r\n\r\nHello\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n"),
                       ("application/pkcs7-mime; smime-type=enveloped-data", b"MIIB\r\n"), ("application/pkcs7-mime; smime-type=certs-only", b"MIIB\r\n")]:
        assert pki.judge(mail(AUTHOR, kind, body)) == ("none", "", "")


def test_nobody_is_trusted(pki):
    assert judge(signed(AUTHOR, pki.good)) == ("none", "", "no certificate is trusted here (smime_ca_file)")


def test_broken_forms(pki):
    good = signed(AUTHOR, pki.good)
    der = smime.cms(entity(), pki.good)
    body = detached_body(entity(), der)
    third = body.replace(b"--sig\r\nContent-Type: application/pkcs7", b"--sig\r\n" + entity(b"unsigned\r\n") + b"\r\n--sig\r\nContent-Type: application/pkcs7")
    pki.fails(mail(AUTHOR, detached_fields(), third), "not two parts")
    pki.fails(good.replace(b"--sig--", b""), "not clear")
    pki.fails(good.replace(b"Encoding: base64\r\nContent-Disp", b"Encoding: 7bit\r\nContent-Disp"), "not in base64")
    twice = good.replace(b"Content-Type: multipart", b"Content-Type: multipart/signed; boundary=other\r\nContent-Type: multipart")
    assert pki.judge(twice)[0] != "pass"
    for junk in (b"", b"\x30", b"\x30\x80" * 10000, os.urandom(3000), der[:-30], der + b"more"):
        result = pki.judge(mail(AUTHOR, detached_fields(), detached_body(entity(), junk)))
        assert result[0] == ("pass" if junk == der + b"more" else "fail")
        assert pki.judge(mail(AUTHOR, smime.OPAQUE, smime.wrapped(junk), encoding="base64"))[0] == "fail"


def test_large_containers_have_limits(pki):
    many = [pki.root.issue("many", "m%d@example.net" % i, serial=1000 + i) for i in range(21)]
    pki.fails(signed(AUTHOR, pki.good, certificates=many), "more than 20 certificates")
    assert pki.passes(signed(AUTHOR, pki.good, certificates=many[:19]))
    der = smime.cms(entity(), pki.good)
    pki.fails(mail(AUTHOR, detached_fields(), detached_body(entity(), der + bytes(600000))), "too large")
    # 20,000 digests over 5 MB each would be 100 GB of hashing.
    content = entity(b"x" * 70 + b"\r\n") * 70000

    def bomb(elements):
        return [(tag, text * 20000) if tag == 0x31 and i == 1 else (tag, text) for i, (tag, text) in enumerate(elements)]
    started = time.monotonic()
    pki.judge(mail(AUTHOR, detached_fields(), detached_body(content, smime.rebuild(smime.cms(content, pki.good), bomb))))
    assert time.monotonic() - started < 5


def test_huge_opaque_container(pki):
    """8 MB of certificates that nobody asked for: to read them all would take seconds."""
    def stuffed(elements):
        return [(tag, text * 20000) if tag == 0xa0 else (tag, text) for tag, text in elements]
    der = smime.rebuild(smime.cms(entity(), pki.good, detached=False), stuffed)
    pki.fails(mail(AUTHOR, smime.OPAQUE, smime.wrapped(der), encoding="base64"), "too large")


# ---- CRLs ----

def test_crl(pki):
    gone = pki.root.issue("gone", AUTHOR)
    message, fine = signed(AUTHOR, gone), signed(AUTHOR, pki.good)
    assert pki.passes(message)
    for der in (False, True):
        crl = pki.root.crl("now", [gone], der=der)
        pki.fails(message, "revoked", "--crl", crl)
        assert pki.passes(fine, "--crl", crl)
    pki.fails(fine, "CRL has expired", "--crl", pki.root.crl("old", days=(-3, -1)))
    pki.fails(fine, "CRL is not yet valid", "--crl", pki.root.crl("early", days=(1, 3)))
    pki.fails(fine, "unable to get certificate CRL", "--crl", pki.strange.crl("foreign"))
    os.mkdir(os.path.join(pki.directory, "forger"))
    forger = Authority(os.path.join(pki.directory, "forger"), "Root")
    pki.fails(fine, "CRL signature failure", "--crl", forger.crl("forged"))


def test_crl_directory(pki, tmp_path):
    below, gone = pki.middle.issue("under", AUTHOR), pki.middle.issue("fallen", AUTHOR)
    message = signed(AUTHOR, below, certificates=[pki.middle])
    shutil.copy(pki.root.crl("r"), tmp_path / "root.crl")
    pki.fails(message, "unable to get certificate CRL", "--crl", str(tmp_path))
    shutil.copy(pki.middle.crl("m", [gone], der=True), tmp_path / "middle.crl")
    assert pki.passes(message, "--crl", str(tmp_path))
    pki.fails(signed(AUTHOR, gone, certificates=[pki.middle]), "revoked", "--crl", str(tmp_path))
    # The intermediate itself.
    shutil.copy(pki.root.crl("r2", [pki.middle]), tmp_path / "root.crl")
    pki.fails(message, "revoked", "--crl", str(tmp_path))
    # A certificate that lies there, too, is not trusted for that.
    shutil.copy(pki.strange.certificate, tmp_path / "strange.pem")
    shutil.copy(pki.strange.crl("s"), tmp_path / "strange.crl")
    pki.fails(signed(AUTHOR, pki.strange.issue("hopeful", AUTHOR)), "unable to get local issuer", "--crl", str(tmp_path))


def test_crl_in_the_message_is_not_looked_at(pki):
    """A revoked sender who brings an older CRL that does not know it yet."""
    gone = pki.root.issue("late", AUTHOR)
    with open(pki.root.crl("before", der=True), "rb") as f:
        before = f.read()

    def carry(elements):
        return elements[:-1] + [(0xa1, before)] + elements[-1:]
    der = smime.rebuild(smime.cms(entity(), gone), carry)
    message = mail(AUTHOR, detached_fields(), detached_body(entity(), der))
    assert pki.passes(message)
    pki.fails(message, "revoked", "--crl", pki.root.crl("after", [gone]))
    pki.fails(message, "unable to get certificate CRL", "--crl", pki.strange.crl("foreign"))


def test_files_that_cannot_be_used(pki, tmp_path):
    message = signed(AUTHOR, pki.good)

    def said(*options):
        done = subprocess.run([PROBE, *options, AUTHOR], input=message, capture_output=True, timeout=60)
        return done.stdout.split(b"\n")[0].decode(), done.stderr.decode()
    (tmp_path / "junk").write_bytes(b"-----BEGIN CERTIFICATE-----\nno\n")
    (tmp_path / "empty").write_bytes(b"")
    result, words = said("--ca", str(tmp_path / "nowhere"))
    assert result == "none" and "nowhere" in words
    for name in ("junk", "empty"):
        result, words = said("--ca", str(tmp_path / name))
        assert result == "none" and "no certificate can be read from it" in words
    result, words = said("--ca", pki.bundle, "--crl", str(tmp_path / "nowhere"))
    assert result == "fail" and "nowhere" in words
    (tmp_path / "dir").mkdir()
    result, words = said("--ca", pki.bundle, "--crl", str(tmp_path / "dir"))
    assert result == "fail" and "there is no CRL in it" in words
