"""Certificates for the lab: an authority of its own and good, expired, not yet valid and wrongly named certificates.

P-256 keys, because they take a millisecond to make. Nothing here is meant for use outside tests.
"""
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
LOOPBACK = ("localhost", "127.0.0.1")


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    """Signs certificates into `directory`; `path` is its own certificate, what clients are to trust."""

    def __init__(self, directory, name="Lab CA"):
        self.directory, self.name = directory, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(name, self.key, -1, 30)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.path = self._write("ca-%s.pem" % name.replace(" ", "-").lower(), self._sign(builder))

    def _builder(self, subject, key, first_day, last_day):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(self.name))
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now + first_day * DAY).not_valid_after(now + last_day * DAY))

    def _sign(self, builder):
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _write(self, file, data):
        path = os.path.join(self.directory, file)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def issue(self, stem, names=LOOPBACK, first_day=-1, last_day=30):
        """Writes STEM-cert.pem and STEM-key.pem (mode 0600) for the names and returns both paths. Days count from today."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(names[0], key, first_day, last_day).add_extension(
            x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        cert_path = self._write(stem + "-cert.pem", self._sign(builder))
        key_path = self._write(stem + "-key.pem", b"")
        os.chmod(key_path, 0o600)
        self._write(stem + "-key.pem", key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return cert_path, key_path

    def issue_expired(self, stem="expired"):
        return self.issue(stem, first_day=-30, last_day=-1)

    def issue_not_yet_valid(self, stem="early"):
        return self.issue(stem, first_day=10, last_day=30)

    def issue_wrong_name(self, stem="wrong-name"):
        return self.issue(stem, names=("elsewhere.example", "192.0.2.1"))
