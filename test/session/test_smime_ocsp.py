"""Revocation by OCSP: a real `openssl ocsp` on loopback, and a server that plays what no honest one does.

The probe asks by the code of rollcall-dispatch, which looks at where it is sent (lmtpd/dispatch/ocsp_ask.h).
"""
import contextlib
import datetime
import http.server
import os
import re
import subprocess
import threading
import time

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from lab.process import free_port
from lab.smime import Authority, Responder, signed
from smime_judge import AUTHOR, PROBE, judge

LOOPBACK = ("--allow", "127.0.0.0/8")


class Pki:
    def __init__(self, directory):
        self.root, self.strange = Authority(directory, "Root"), Authority(directory, "Strange")
        self.port = free_port()
        self.url = "http://localhost:%d/ocsp?a=b" % self.port
        self.person = self.root.issue("person", AUTHOR, ocsp=self.url)
        self.message = signed(AUTHOR, self.person)

    def judge(self, *options, message=None, url=None):
        if url:
            message = signed(AUTHOR, self.root.issue("elsewhere", AUTHOR, ocsp=url))
        return judge(message or self.message, "--ca", self.root.certificate, "--ocsp", *(options or LOOPBACK))

    def fails(self, result, words, *options, **more):
        found, _, reason = self.judge(*options, **more)
        assert (found, bool(re.search(words, reason))) == (result, True), (found, reason)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(str(tmp_path_factory.mktemp("ocsp")))


# ---- a real responder ----

@pytest.mark.parametrize("delegated", [False, True])
def test_good_revoked_unknown(pki, delegated):
    signer = pki.root.issue("responder", usage=(ExtendedKeyUsageOID.OCSP_SIGNING,)) if delegated else None
    responder = Responder(pki.root, signer, port=pki.port)
    with responder:
        pki.fails("fail", "does not know it")
    responder.know(good=[pki.person])
    with responder:
        assert pki.judge() == ("pass", AUTHOR, "")
    responder.know(revoked=[pki.person])
    with responder:
        pki.fails("fail", "revoked, says its responder")
        # Who does not ask does not hear.
        assert judge(pki.message, "--ca", pki.root.certificate)[0] == "pass"


@pytest.mark.parametrize("signer", ["plain", "strange", "strange-delegate"])
def test_wrong_signer(pki, signer):
    """A certificate of the same authority that is not for this, another authority, and another authority's responder."""
    who = {"plain": lambda: pki.root.issue("plain", AUTHOR), "strange": lambda: pki.strange,
           "strange-delegate": lambda: pki.strange.issue("delegate", usage=(ExtendedKeyUsageOID.OCSP_SIGNING,))}[signer]()
    responder = Responder(pki.root, who, port=pki.port)
    responder.know(good=[pki.person])
    with responder:
        pki.fails("temperror", "not signed by the certificate's issuer")


def test_down(pki):
    pki.fails("temperror", "not heard: no connection")


def test_instead_of_a_crl(pki):
    """A certificate without a CRL counts when its responder vouches for it, and one whose CRL says no never does."""
    responder = Responder(pki.root, port=pki.port)
    responder.know(good=[pki.person])
    foreign = pki.strange.crl("foreign")
    with responder:
        assert pki.judge(*LOOPBACK, "--crl", foreign)[0] == "pass"
        pki.fails("fail", "revoked", *LOOPBACK, "--crl", pki.root.crl("gone", [pki.person]))
    pki.fails("temperror", "not heard", *LOOPBACK, "--crl", foreign)


# ---- where it may not be sent ----

@pytest.mark.parametrize("url, words", [
    ("http://localhost:%d/", "not public"), ("http://127.0.0.1:%d/", "none that may be asked"), ("http://127.1:%d/", "none that may be asked"),
    ("http://0x7f000001:%d/", "no|none that may"), ("http://[::1]:%d/", "none that may be asked"), ("http://user@localhost:%d/", "none that may be asked"),
    ("http://2130706433:%d/", "none that may be asked"), ("https://localhost:%d/", "cannot be asked"), ("ldap://localhost:%d/", "cannot be asked"),
    ("http://localhost:%d/a b", "none that may be asked"), ("http://localhost:%d/\r\nX: y", "none that may be asked"),
    ("http://localhost:99999/", "none that may be asked"), ("http://localhost:25/", "none that may be asked"), ("http://", "none that may be asked"), ("http://localhost:%d/#x", "none that may be asked"),
    ("http://localhost:%d/" + "x" * 600, "cannot be asked"), ("http://nowhere.invalid/", "name is not known"),
])
def test_addresses_that_are_not_asked(pki, url, words):
    """Without a network that the admin allows nothing on this machine or near it is reached, in whatever spelling."""
    with scripted(pki.port, b"") as asked:
        found, _, reason = pki.judge("--allow", "192.0.2.0/24", url=url % pki.port if "%d" in url else url)
    assert found in ("fail", "temperror") and re.search(words, reason), (found, reason)
    assert asked == []


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own takes root")
def test_this_machine_is_not_asked(pki, tmp_path):
    """In a network of its own, where 9.9.9.9 is first out of reach, and then this machine's: Postfix would trust who comes from there."""
    hosts = tmp_path / "hosts"
    hosts.write_text("9.9.9.9 responder.example\n")
    message = signed(AUTHOR, pki.root.issue("here", AUTHOR, ocsp="http://responder.example:2560/"))
    place = "ip link set lo up; ip address add 9.9.9.%d/32 dev lo; mount --bind " + str(hosts) + " /etc/hosts; exec \"$@\""
    for last, words in ((8, "no connection"), (9, "address is not public")):
        done = subprocess.run(["unshare", "-mn", "sh", "-ec", place % last, "sh", PROBE, "--ca", pki.root.certificate, "--ocsp", AUTHOR],
                              input=message, capture_output=True, timeout=60)
        assert done.returncode == 0 and words in done.stdout.decode().split("\n")[2], done


# ---- servers that are not honest ----

@contextlib.contextmanager
def scripted(port, answer, status=200, kind="application/ocsp-response", fields=(), pause=0):
    """An HTTP server with one answer (bytes, or a function of the request's body); yields the paths it was asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append((self.path, self.headers["Host"], self.headers["Content-Type"]))
            body = self.rfile.read(int(self.headers["Content-Length"]))
            data = answer(body) if callable(answer) else answer
            time.sleep(pause)
            with contextlib.suppress(OSError):
                self.send_response(status)
                for name, value in (("Content-Type", kind), ("Content-Length", str(len(data)))) + tuple(fields):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, *words):
            pass

    class Server(http.server.ThreadingHTTPServer):
        allow_reuse_address = True

    server = Server(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def response(pki, this=-1, until=1, status=ocsp.OCSPCertStatus.GOOD, about=None, digest=None):
    """An answer by the authority about `about` (the person), from and until so many hours from now; until None: without an end."""
    now = datetime.datetime.utcnow()
    hours = [value if value is None else now + datetime.timedelta(hours=value) for value in (this, until)]
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=(about or pki.person).x509, issuer=pki.root.x509, algorithm=hashes.SHA1(), cert_status=status, this_update=hours[0],
        next_update=hours[1], revocation_time=None, revocation_reason=None)
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, pki.root.x509).certificates([pki.root.x509])
    return builder.sign(pki.root.private, digest or hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_the_question(pki):
    with scripted(pki.port, response(pki)) as asked:
        assert pki.judge()[0] == "pass"
    assert asked == [("/ocsp?a=b", "localhost", "application/ocsp-request")] or asked == [
        ("/ocsp?a=b", "localhost:%d" % pki.port, "application/ocsp-request")]


@pytest.mark.parametrize("name, times, result", [
    ("now", dict(), "pass"), ("over", dict(this=-3, until=-1), "temperror"), ("early", dict(this=1, until=2), "temperror"),
    ("without an end", dict(this=-1, until=None), "pass"), ("old without an end", dict(this=-30, until=None), "temperror"),
])
def test_times(pki, name, times, result):
    with scripted(pki.port, response(pki, **times)):
        assert pki.judge()[0] == result


def test_answers_that_are_none(pki):
    other = pki.root.issue("somebody", "x@example.net")
    failure = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(serialization.Encoding.DER)
    good = response(pki)
    for answer, words in [(response(pki, about=other), "another certificate"), (failure, "trylater"), (b"", "no answer"), (b"\x30\x03\x0a\x01", "no answer"),
                          (good[:-20], "no answer|unreadable"), (b"\x30\x82\xff\xf0" + bytes(0xfff0), "no answer"),
                          (good.replace(b"\x80\x00", b"\x82\x00"), "not signed"), (b"<html>" * 50, "no answer"),
                          (response(pki, digest=hashes.SHA1()), "not signed")]:
        with scripted(pki.port, answer):
            pki.fails("temperror", words)


def test_http_that_is_not_followed(pki):
    good = response(pki)
    elsewhere = free_port()
    with scripted(elsewhere, good) as asked:
        for status in (301, 302, 307, 404, 500):
            with scripted(pki.port, good, status=status, fields=[("Location", "http://localhost:%d/" % elsewhere)]):
                pki.fails("temperror", "no answer")
        assert asked == []
    with scripted(pki.port, good, kind="text/html"):
        pki.fails("temperror", "no answer")
    with scripted(pki.port, good, fields=[("X-Long", "x" * 100000)]):
        assert pki.judge()[0] in ("pass", "temperror")


def test_a_slow_one(pki):
    with scripted(pki.port, response(pki), pause=1.5):
        started = time.monotonic()
        pki.fails("temperror", "in time", *LOOPBACK, "--patience", "1")
        assert 0.9 < time.monotonic() - started < 1.4


def test_five_are_too_many(pki):
    """Each of five signers names a responder: the fifth is not asked."""
    people = [pki.root.issue("p%d" % i, AUTHOR, ocsp=pki.url) for i in range(5)]
    answers = {bytes.fromhex("%x" % p.x509.serial_number if len("%x" % p.x509.serial_number) % 2 == 0 else "0%x" % p.x509.serial_number): p for p in people}

    def answer(body):
        return next(response(pki, about=p) for serial, p in answers.items() if serial in body)
    with scripted(pki.port, answer) as asked:
        assert pki.judge(message=signed(AUTHOR, *people[:4]))[0] == "pass"
        assert len(asked) == 4
        pki.fails("fail", "more than 4", message=signed(AUTHOR, *people))
        assert len(asked) == 8
