"""What tests of S/MIME share: smime_probe.c, which judges a message as rollcall-intake does."""
import os
import subprocess

from lab.process import BUILD

PROBE = os.path.join(BUILD, "test", "session", "smime_probe")
AUTHOR = "chaya@mail.example.net"


def judge(message, *options, author=AUTHOR, timeout=60):
    """(result, signer, reason)"""
    done = subprocess.run([PROBE, *options, author], input=message, capture_output=True, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return tuple(done.stdout.decode().split("\n")[:3])
