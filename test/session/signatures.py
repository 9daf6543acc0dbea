"""Rollcall's verifier and sealer, many messages in one process (signature_probe.c); keys and authors' signatures by python3-dkim."""
import base64
import collections
import hashlib
import os
import re
import subprocess
import time

import dkim
import nacl.encoding
import nacl.signing

from lab.process import BUILD

PROBE = os.path.join(BUILD, "test", "session", "signature_probe")

Dkim = collections.namedtuple("Dkim", "domain selector algorithm result reason")
Arc = collections.namedtuple("Arc", "cv instances sealers reason")
Found = collections.namedtuple("Found", "dkim arc")


class Probe:
    """`records` maps DNS names to a TXT record or a list of them; "!" is a server that does not answer."""

    def __init__(self, directory, records):
        self.directory, self.records = directory, dict(records)

    def run(self, word, messages, keys=(), now=None):
        zone = self.directory / "zone"
        lines = []
        for name, texts in self.records.items():
            lines += ["%s\t%s\n" % (name.rstrip("."), text) for text in ([texts] if isinstance(texts, str) else texts)]
        zone.write_text("".join(lines))
        command = [PROBE, str(zone), str(int(now or time.time()))]
        for key in keys:
            path = self.directory / key.selector
            path.write_bytes(key.pem)
            command += [key.domain, key.selector, str(path)]
        data = b"".join(b"%s %d\n%s" % (word.encode(), len(message), message) for message in messages)
        done = subprocess.run(command, input=data, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def verify(self, messages, now=None):
        found, signatures, arc = [], [], None
        for line in self.run("verify", messages, now=now).decode().splitlines():
            words = line.split("\t")
            if words[0] == "dkim":
                signatures.append(Dkim(*words[1:]))
            elif words[0] == "arc":
                arc = Arc(words[1], int(words[2]), words[3].split(",") if words[3] else [], words[4])
            else:
                found.append(Found(signatures, arc))
                signatures, arc = [], None
        assert len(found) == len(messages)
        return found

    def verify_one(self, message, now=None):
        return self.verify([message], now)[0]

    def seal(self, messages, key, others=(), word="seal", now=None):
        """Each message with our link on top; word "sign": also with DKIM signatures by all keys."""
        data, place, sealed = self.run(word, messages, [key, *others], now), 0, []
        while place < len(data):
            end = data.index(b"\n", place)
            length = int(data[place:end])
            sealed.append(data[end + 1:end + 1 + length])
            place = end + 1 + length
        assert len(sealed) == len(messages)
        return sealed


def sign(message, key, names=None, canonical="relaxed/relaxed"):
    """The message with a signature by python3-dkim in front."""
    algorithm = b"rsa-sha256" if key.algorithm == "rsa" else b"ed25519-sha256"
    signer = dkim.DKIM(message, signature_algorithm=algorithm, linesep=b"\r\n")
    signer.should_not_sign = set()
    names = [name.encode() for name in (names or ["from", "to", "subject", "date", "message-id", "cc", "references"])]
    return signer.sign(key.selector.encode(), key.domain.encode(), key._secret, canonicalize=tuple(canonical.encode().split(b"/")),
                       include_headers=names) + message


def craft(message, key, tags, names=("from",), canonical="relaxed"):
    """A signature whose tags are what they are told to be, also wrong ones: b= is right for them, so that only the tags decide."""
    policy = dkim.canonicalization.CanonicalizationPolicy.from_c_value(("%s/%s" % (canonical, canonical)).encode())
    headers, body = dkim.rfc822_parse(message)
    bh = base64.b64encode(hashlib.sha256(policy.canonicalize_body(body)).digest()).decode()
    text = tags.format(d=key.domain, s=key.selector, bh=bh, h=":".join(names)).encode()
    value = (b"DKIM-Signature", b" " + text.replace(b"b=@", b"b="))
    hasher = dkim.HashThrough(hashlib.sha256())
    dkim.hash_headers(hasher, policy, policy.canonicalize_headers(headers), [name.lower().encode() for name in names], value, {})
    if key.algorithm == "rsa":
        signature = dkim.crypto.RSASSA_PKCS1_v1_5_sign(hasher, dkim.crypto.parse_pem_private_key(key.pem))
    else:
        signature = nacl.signing.SigningKey(key._secret, encoder=nacl.encoding.Base64Encoder).sign(hasher.digest()).signature
    return b"DKIM-Signature: " + text.replace(b"b=@", b"b=" + base64.b64encode(signature)) + b"\r\n" + message


def split(message):
    """The header's fields, whole, and the rest with the empty line."""
    head, rest = message.split(b"\r\n\r\n", 1)
    return re.findall(rb"[^\r\n][^\n]*\r\n(?:[ \t][^\n]*\r\n)*", head + b"\r\n"), b"\r\n" + rest


def join(fields, rest):
    return b"".join(fields) + rest
