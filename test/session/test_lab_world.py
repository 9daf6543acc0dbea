"""A whole world, as a person starts it by hand: up, usable, and gone without a trace however it ends."""
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from lab.process import ROOT, alive, children, program


def up(**environment):
    """`python3 -m lab.world` with what it printed: (process, text)."""
    environment = dict(os.environ, PYTHONPATH=os.path.join(ROOT, "test"), **environment)
    lab = subprocess.Popen([sys.executable, "-m", "lab.world"], stdout=subprocess.PIPE, text=True, env=environment)
    text = ""
    for line in lab.stdout:
        text += line
        if "Ctrl-C" in line:
            break
    assert "Ctrl-C" in text, "the world did not come up"
    return lab, text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_stays(lab_directory, number):
    lab, text = up(TMPDIR=lab_directory)
    family = children(lab.pid)
    assert {program(pid) for pid in family} >= {"mariadbd", "master", "qmgr", "sink", "rollcall-lmtpd", "rollcall-intake", "rollcall-dispatch"}
    lab.send_signal(number)
    lab.wait(60)
    lab.stdout.close()
    end = time.monotonic() + 10
    while any(alive(pid) for pid in family) and time.monotonic() < end:
        time.sleep(0.02)
    assert not [pid for pid in family if alive(pid)]
    assert number == signal.SIGKILL or os.listdir(lab_directory) == []


def test_the_instructions_work(lab_directory):
    lab, text = up(TMPDIR=lab_directory)
    try:
        post = re.search(r"^Post: +(.*\\\n.*)$", text, re.MULTILINE).group(1)
        subprocess.run(["sh", "-c", post], check=True)
        index = re.search(r"tail -n 3 (\S+/sink/index)", text).group(1)
        end = time.monotonic() + 20
        while "bram@space.example" not in open(index).read() and time.monotonic() < end:
            time.sleep(0.1)
        assert "bram@space.example" in open(index).read()
        for name in ("Postfix", "Rollcall", "The list", "Leave"):
            command = re.search(r"^%s: +(.*)$" % name, text, re.MULTILINE).group(1)
            done = subprocess.run(["sh", "-ec", command], capture_output=True, text=True)
            assert done.returncode == 0, (command, done.stderr)
    finally:
        lab.terminate()
        lab.wait(60)
        lab.stdout.close()
