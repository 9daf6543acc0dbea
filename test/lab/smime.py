"""S/MIME for the lab: authorities and people with certificates of every kind of flaw, and mails signed by `openssl cms`.

Certificates and CRLs are made here, because openssl(1) would want a configuration file for each flaw; signatures are always OpenSSL's.
"""
import base64
import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from lab.process import Daemon, free_port, run

DAY = datetime.timedelta(days=1)
SMTP_UTF8_MAILBOX = ObjectIdentifier("1.3.6.1.5.5.7.8.9")
NO_USAGE = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                          "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)


def new_key(kind):
    """"ec", "ed25519", or the number of an RSA key's bits."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, kind)


def when(days):
    return datetime.datetime.utcnow().replace(microsecond=0) + days * DAY


class Person:
    """A certificate with its key: `certificate` and `key` are paths, `x509` and `private` the objects."""

    def __init__(self, directory, stem, certificate, private):
        self.x509, self.private = certificate, private
        self.certificate, self.key = (os.path.join(directory, stem + end) for end in ("-cert.pem", "-key.pem"))
        with open(self.certificate, "wb") as f:
            f.write(certificate.public_bytes(serialization.Encoding.PEM))
        with open(self.key, "wb") as f:
            f.write(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


class Authority(Person):
    """A CA in `directory`, its own root unless there is an `issuer`."""

    def __init__(self, directory, name, issuer=None, kind="ec", days=(-100, 100)):
        self.directory, self.name = directory, name
        private = new_key(kind)
        extensions = [(x509.BasicConstraints(ca=True, path_length=None), True),
                      (x509.KeyUsage(**{**NO_USAGE, "key_cert_sign": True, "crl_sign": True}), True)]
        parent = (issuer.name, issuer.private) if issuer else (name, private)
        certificate = _certificate([(NameOID.COMMON_NAME, name)], parent, private, days, extensions)
        super().__init__(directory, "ca-" + name.lower().replace(" ", "-"), certificate, private)

    def issue(self, stem, *addresses, days=(-10, 10), kind="ec", usage=(ExtendedKeyUsageOID.EMAIL_PROTECTION,), key_usage="digital_signature",
              subject=(), utf8=None, ocsp=None, digest=None, serial=None):
        """A person with the addresses in subjectAltName. `subject` are further (OID, text) of the name, `ocsp` a responder's URL."""
        private = new_key(kind)
        names = [x509.RFC822Name(address) for address in addresses]
        if utf8:
            text = utf8.encode()
            names.append(x509.OtherName(SMTP_UTF8_MAILBOX, b"\x0c" + bytes([len(text)]) + text))
        extensions = [(x509.BasicConstraints(ca=False, path_length=None), True)]
        extensions += [(x509.SubjectAlternativeName(names), False)] if names else []
        extensions += [(x509.ExtendedKeyUsage(usage), False)] if usage else []
        extensions += [(x509.KeyUsage(**{**NO_USAGE, key_usage: True}), True)] if key_usage else []
        if ocsp:
            place = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp))
            extensions += [(x509.AuthorityInformationAccess([place]), False)]
        certificate = _certificate([(NameOID.COMMON_NAME, stem)] + list(subject), (self.name, self.private), private, days, extensions,
                                   digest, serial)
        return Person(self.directory, stem, certificate, private)

    def crl(self, stem, revoked=(), days=(-1, 1), der=False):
        """Writes a CRL and returns its path."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
        builder = builder.last_update(when(days[0])).next_update(when(days[1]))
        for person in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(person.x509.serial_number).revocation_date(when(-1)).build()
            builder = builder.add_revoked_certificate(entry)
        crl = builder.sign(self.private, hashes.SHA256() if not isinstance(self.private, ed25519.Ed25519PrivateKey) else None)
        path = os.path.join(self.directory, stem + ".crl")
        with open(path, "wb") as f:
            f.write(crl.public_bytes(serialization.Encoding.DER if der else serialization.Encoding.PEM))
        return path


def _certificate(subject, parent, private, days, extensions, digest=None, serial=None):
    issuer, secret = parent
    builder = (x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(oid, text) for oid, text in subject]))
               .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])).public_key(private.public_key())
               .serial_number(serial or x509.random_serial_number()).not_valid_before(when(days[0])).not_valid_after(when(days[1])))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), False)
    return builder.sign(secret, None if isinstance(secret, ed25519.Ed25519PrivateKey) else digest or hashes.SHA256())


def cms(content, *people, options=(), detached=True, certificates=()):
    """A SignedData in DER over exactly these bytes. `certificates` are further Persons whose certificates go along."""
    words = ["openssl", "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256"] + ([] if detached else ["-nodetach"])
    directory = os.path.dirname(people[0].certificate)
    with open(os.path.join(directory, "content"), "wb") as f:
        f.write(content)
    for person in people:
        words += ["-signer", person.certificate, "-inkey", person.key]
        words += [word for option in options if option.startswith("rsa_") for word in ("-keyopt", option)]
    if certificates:
        with open(os.path.join(directory, "more.pem"), "wb") as f:
            f.write(b"".join(p.x509.public_bytes(serialization.Encoding.PEM) for p in certificates))
        words += ["-certfile", os.path.join(directory, "more.pem")]
    words += [option for option in options if not option.startswith("rsa_")]
    out = os.path.join(directory, "out.der")
    run(words + ["-in", os.path.join(directory, "content"), "-out", out])
    with open(out, "rb") as f:
        return f.read()


def entity(body=b"Who has the key?\r\n", kind="text/plain; charset=utf-8", encoding="7bit"):
    return b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n" % (kind.encode(), encoding.encode()) + body


def wrapped(der):
    return base64.encodebytes(der).replace(b"\n", b"\r\n")


def detached_fields(boundary="sig"):
    return "multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=\"%s\"" % boundary


def detached_body(content, der, boundary=b"sig"):
    """A multipart/signed's body around an entity and its signature."""
    return (b"--%s\r\n%s\r\n--%s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n"
            b"Content-Disposition: attachment; filename=smime.p7s\r\n\r\n%s--%s--\r\n") % (boundary, content, boundary, wrapped(der), boundary)


OPAQUE = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"


def mail(author, kind, body, encoding=None, subject="A question", to="choir@lists.example.org"):
    head = [("From", author), ("To", to), ("Subject", subject), ("Date", "Sat, 21 Nov 2026 10:00:00 +0000"),
            ("Message-ID", "<%d@mua.example>" % (hash(body) & 0xffffffff)), ("MIME-Version", "1.0"), ("Content-Type", kind)]
    head += [("Content-Transfer-Encoding", encoding)] if encoding else []
    return "".join("%s: %s\r\n" % field for field in head).encode() + b"\r\n" + body


def signed(author, *people, content=None, options=(), certificates=(), **fields):
    """A multipart/signed mail."""
    content = content or entity()
    der = cms(content, *people, options=options, certificates=certificates)
    return mail(author, detached_fields(), detached_body(content, der), **fields)


def opaque(author, *people, content=None, options=(), certificates=(), **fields):
    """A mail whose content stands inside of the signature."""
    der = cms(content or entity(), *people, options=options, certificates=certificates, detached=False)
    return mail(author, OPAQUE, wrapped(der), encoding="base64", **fields)


# ---- DER by hand, for what openssl(1) does not make ----

def tlv(tag, *contents):
    content = b"".join(contents)
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def split(data):
    """The elements one after another in `data`: [(tag, content)]."""
    found = []
    while data:
        tag, length, place = data[0], data[1], 2
        if length & 0x80:
            place = 2 + (length & 0x7f)
            length = int.from_bytes(data[2:place], "big")
        found.append((tag, data[place:place + length]))
        data = data[place + length:]
    return found


def rebuild(der, change):
    """A SignedData whose elements [(tag, content)] (version, digests, content, certificates, …) change() has changed."""
    (_, info), = split(der)
    (kind, inside) = split(info)
    (_, signed_data), = split(inside[1])
    elements = change(split(signed_data))
    return tlv(0x30, tlv(*kind), tlv(0xa0, tlv(0x30, *[tlv(tag, content) for tag, content in elements])))


# ---- OCSP ----

class Responder:
    """`openssl ocsp` answering for an authority's people, signed by `signer` (the authority, if there is none)."""

    def __init__(self, authority, signer=None, port=None):
        self.authority, self.signer = authority, signer or authority
        self.port = port or free_port()
        self.url = "http://localhost:%d/" % self.port
        self.index = os.path.join(authority.directory, "index-%d" % self.port)
        self.daemon = None
        self.know()

    def know(self, good=(), revoked=()):
        """Whom it knows: a line for each in the format of openssl-ca(1)."""
        lines = ["V\t%s\t\t%X\tunknown\t/CN=x\n" % ("491231235959Z", p.x509.serial_number) for p in good]
        lines += ["R\t491231235959Z\t260101000000Z\t%X\tunknown\t/CN=x\n" % p.x509.serial_number for p in revoked]
        with open(self.index, "w") as f:
            f.writelines(lines)

    def __enter__(self):
        words = ["openssl", "ocsp", "-index", self.index, "-port", str(self.port), "-CA", self.authority.certificate,
                 "-rsigner", self.signer.certificate, "-rkey", self.signer.key, "-nmin", "5"]
        log = self.index + ".log"
        # What an earlier one at this port said is no sign of this one.
        open(log, "w").close()
        self.daemon = Daemon("openssl ocsp", log, words)
        self.daemon.start()
        # Not by connecting: one that comes and asks nothing keeps it busy for ever.
        self.daemon.wait_ready(lambda: "waiting for OCSP client" in self.daemon.tail(5))
        return self

    def __exit__(self, *why):
        self.daemon.end()
