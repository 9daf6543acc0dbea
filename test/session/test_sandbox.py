"""The walls around the parser: what a session child may still do, tried from inside (sandbox_probe.c)."""
import os
import subprocess

import pytest

from lab.process import BUILD

PROBE = os.path.join(BUILD, "test", "session", "sandbox_probe")
HARMLESS = {"mmap-plain", "memfd"}

sanitized = pytest.mark.skipif("asan" in os.path.basename(BUILD), reason="AddressSanitizer needs what the walls deny")


def attempts(directory, user=None):
    config = os.path.join(directory, "rollcall.conf")
    run = os.path.join(directory, "run")
    os.mkdir(run)
    os.chmod(directory, 0o755)
    with open(config, "w") as f:
        f.write("[rollcall]\nintake_user = 61002\nrun_directory = %s\n" % run)
    if user:
        os.chown(run, user, user)
    result = subprocess.run([PROBE, config], capture_output=True, text=True, timeout=20, user=user, group=user,
                            extra_groups=[] if user else None)
    assert result.returncode == 0, result.stderr
    return dict(line.split() for line in result.stdout.splitlines()), result.stderr


def check(found):
    assert len(found) > 20
    assert {name for name, outcome in found.items() if outcome == "ALLOWED"} == HARMLESS


@sanitized
def test_walls_as_root(lab_directory):
    check(attempts(lab_directory)[0])


@sanitized
def test_walls_without_root_and_it_says_what_is_missing(lab_directory):
    found, said = attempts(lab_directory, user=61003)
    check(found)
    assert "not started as root" in said
