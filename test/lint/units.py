"""systemd's units: that they are understood, and that their walls stay as high as they are."""
import os
import re
import tempfile

from source import Finding
from tools import need, run

MOST_EXPOSURE = 1.5  # systemd-analyze's figure, 0 (safe) to 10


def made(place):
    """The units as `make install` puts them, as {name in our tree: path}."""
    done = run(["make", "-s", "-B", "units", "BUILD=" + place])
    if done.returncode:
        yield Finding("Makefile", 0, "make units: " + done.stderr.strip())
    for name in sorted(os.listdir(os.path.join(place, "systemd"))):
        yield "systemd/%s.in" % name, os.path.join(place, "systemd", name)


def lint_exposure():
    """`systemd-analyze security` finds each service's exposure to be at most 1.5."""
    need("systemd-analyze")
    with tempfile.TemporaryDirectory() as place:
        for unit in made(place):
            if isinstance(unit, Finding):
                yield unit
                continue
            said = run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit[1]]).stdout
            figure = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", said)
            if not figure or float(figure.group(1)) > MOST_EXPOSURE:
                yield Finding(unit[0], 0, "exposure %s, at most %.1f is ours" % (figure and figure.group(1), MOST_EXPOSURE))


def lint_no_right():
    """No service has a capability, root's user, or a directive that systemd does not know."""
    need("systemd-analyze")
    with tempfile.TemporaryDirectory() as place:
        for unit in made(place):
            if isinstance(unit, Finding):
                yield unit
                continue
            with open(unit[1]) as f:
                lines = f.read().splitlines()
            for line in ("CapabilityBoundingSet=", "AmbientCapabilities=", "NoNewPrivileges=yes"):
                if line not in lines:
                    yield Finding(unit[0], 0, "does not have the line " + line)
            users = [line for line in lines if line.startswith("User=")]
            if len(users) != 1 or users[0] in ("User=", "User=root", "User=0"):
                yield Finding(unit[0], 0, "has no user of its own")
            for line in run(["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", unit[1]]).stderr.splitlines():
                # What it starts is not installed where lints run.
                if os.path.basename(unit[1]) in line and "is not executable" not in line:
                    yield Finding(unit[0], 0, line.strip())
