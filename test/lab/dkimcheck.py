"""An independent judge of DKIM signatures (python3-dkim), with a table of keys in place of DNS; and authors who sign.

Independent matters: Rollcall signs with libopendkim, so a mistake that the library makes both ways would not show in its own check.
"""
import base64
import collections

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

Result = collections.namedtuple("Result", "domain selector algorithm good reason headers")

AUTHOR_FIELDS = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]


def _base64(data):
    return base64.b64encode(data).decode()


class Key:
    """A private key (algorithm "rsa" or "ed25519") in PEM, made or given, with the DNS name and TXT record of its public half."""

    def __init__(self, domain, selector, algorithm="rsa", bits=2048, pem=None):
        self.domain, self.selector, self.algorithm = domain, selector, algorithm
        if pem:
            key = serialization.load_pem_private_key(pem, None)
        else:
            key = rsa.generate_private_key(65537, bits) if algorithm == "rsa" else ed25519.Ed25519PrivateKey.generate()
        kind = serialization.PrivateFormat.TraditionalOpenSSL if algorithm == "rsa" else serialization.PrivateFormat.PKCS8
        self.pem = key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
        if algorithm == "rsa":
            public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            self._secret = self.pem
        else:
            public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            self._secret = base64.b64encode(key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw,
                                                              serialization.NoEncryption()))
        self.name = "%s._domainkey.%s." % (selector, domain)
        self.record = "v=DKIM1; k=%s; p=%s" % (algorithm, _base64(public))

    def sign(self, message, fields=None):
        """The message with a signature in front, as an author's own server makes one."""
        algorithm = b"rsa-sha256" if self.algorithm == "rsa" else b"ed25519-sha256"
        return dkim.sign(message, self.selector.encode(), self.domain.encode(), self._secret, signature_algorithm=algorithm,
                         canonicalize=(b"relaxed", b"relaxed"), include_headers=fields or AUTHOR_FIELDS, linesep=b"\r\n") + message


class Table:
    """Public keys by DNS name."""

    def __init__(self, *keys):
        self.records = {}
        self.add(*keys)

    def add(self, *keys):
        self.records.update((key.name, key.record) for key in keys)

    def lookup(self, name, timeout=None):
        name = name.decode() if isinstance(name, bytes) else name
        return self.records.get(name.rstrip(".") + ".", "").encode() or None

    def verify(self, message):
        """One Result per DKIM-Signature field, top to bottom."""
        judge = dkim.DKIM(message, minkey=1024)
        count = sum(name.lower() == b"dkim-signature" for name, value in judge.headers)
        return [self._verify_one(judge, i) for i in range(count)]

    def _verify_one(self, judge, i):
        judge.signature_fields = {}
        try:
            good = judge.verify(idx=i, dnsfunc=self.lookup)
            reason = "" if good else "does not verify"
        except dkim.DKIMException as error:
            good, reason = False, str(error)
        tags = judge.signature_fields
        text = {name: tags.get(name, b"").decode("ascii", "replace") for name in (b"d", b"s", b"a", b"h")}
        return Result(text[b"d"], text[b"s"], text[b"a"], good, reason, [h.strip().lower() for h in text[b"h"].split(":")])

    def good_domains(self, message):
        """The (domain, algorithm) pairs whose signatures verify."""
        return {(result.domain, result.algorithm) for result in self.verify(message) if result.good}
