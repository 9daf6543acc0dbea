"""An independent judge of DMARC: python3-dkim verifies, python3-authheaders evaluates (RFC 7489), both by the lab's real resolver.

authheaders by itself looks at the first signature only, and receivers at all of them: so each one that verifies is shown to it.
"""
import email
import email.policy
import email.utils

import authheaders
import dkim
import dns.exception
import dns.resolver
from authres.core import DKIMAuthenticationResult


class Judge:
    """`setting` is the resolver's, "127.0.0.1@PORT"."""

    def __init__(self, setting):
        host, _, port = setting.partition("@")
        self._resolver = dns.resolver.Resolver(configure=False)
        self._resolver.nameservers, self._resolver.port, self._resolver.lifetime = [host], int(port), 5

    def txt(self, name, timeout=None):
        """The text of the TXT record of a name, or None."""
        try:
            answer = self._resolver.resolve(name.decode() if isinstance(name, bytes) else name, "TXT")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.exception.SyntaxError):
            return None
        return b"".join(list(answer)[0].strings).decode()

    def signers(self, message):
        """d= of each signature that verifies, top to bottom."""
        judge = dkim.DKIM(message, minkey=1024)
        found = []
        for i in range(sum(name.lower() == b"dkim-signature" for name, _ in judge.headers)):
            try:
                if judge.verify(idx=i, dnsfunc=lambda name, timeout=None: (self.txt(name) or "").encode() or None):
                    found.append(judge.domain.decode())
            except dkim.DKIMException:
                pass
        return found

    def dmarc(self, message):
        """(result, policy) for the From of a message: "pass", "fail" or "none"; SPF is of no help to a list's mail."""
        author = email.message_from_bytes(message, policy=email.policy.default)["From"].addresses[0]
        signers, answer = self.signers(message), None
        for domain in signers or [None]:
            shown = DKIMAuthenticationResult(result="pass", header_d=domain) if domain else None
            answer = authheaders.dmarc_per_from(author.domain, dkim_result=shown, dnsfunc=self.txt)
            if answer[0] == "pass":
                break
        return answer[0], answer[3]
