"""The disk under the store: full, and bits that flip in its files. Errors of single calls: test_calls.py."""
import contextlib
import os
import random
import shutil
import signal
import subprocess

import pytest

from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.rollcall import DISPATCH_UID
from lab.world import World, compose
from oracle import LIST, some

STATE_SIZE = "3m"


@pytest.fixture(scope="module")
def world():
    """Its state directory is a small file system of its own."""
    with World(settings={"rollcall": {"dispatch_workers": 2}}, start_rollcall=False) as everything:
        state = os.path.join(everything.rollcall.directory, "state")
        mount(state, "mount", "-t", "tmpfs", "-o", "size=%s,uid=%d,gid=%d,mode=0700" % (STATE_SIZE, DISPATCH_UID, DISPATCH_UID), "none", state)
        try:
            everything.state = state
            everything.rollcall.start()
            yield everything
        finally:
            everything.rollcall.stop()
            subprocess.run(["umount", "-l", state], check=True)


def mount(state, *command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("no mount here: " + done.stderr)


@contextlib.contextmanager
def filled(world, spare):
    """But for `spare` bytes the disk is full."""
    ballast = os.path.join(world.state, "ballast")
    fd = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while os.write(fd, bytes(4096)):
            pass
    os.close(fd)
    size = os.path.getsize(ballast)
    os.truncate(ballast, max(0, size - spare) // 4096 * 4096)
    try:
        yield
    finally:
        os.unlink(ballast)


def test_disk_full(world, trial):
    """From not one byte of room to room for almost everything."""
    with trial(world, "disk of the store full, at each page that a post needs") as its:
        for pages in some(range(0, 16)):
            # What the log still has of its own would be room.
            world.rollcall.store("PRAGMA wal_checkpoint(TRUNCATE)")
            with filled(world, pages * 4096):
                its.post()
                wait_until(lambda: world.postfix.queued() == 0 or world.postfix.deferred(), 30, "an end or another time")
            its.settle()


def test_disk_full_for_what_is_held(world, trial):
    """A held post is 250 only when it is safely there: whatever was answered 250 is there, whatever was not is not."""
    world.rollcall.configure({"list %s@%s" % (LIST, DOMAIN): {"scenario": "privateoreditorkey"}})
    assert world.rollcall.reload()
    with trial(world, "disk of the store full while posts are held") as its:
        for pages in some(range(0, 24)):
            world.rollcall.store("PRAGMA wal_checkpoint(TRUNCATE)")
            its.runs += 1
            before = world.rollcall.store("SELECT count(*) FROM held")[0][0]
            with filled(world, pages * 4096), world.rollcall.connect() as client:
                code = client.post("stranger@elsewhere.example", ["%s@%s" % (LIST, DOMAIN)], compose("stranger@elsewhere.example", LIST, "Held %d" % pages,
                                                                                                     b"x" * 9000 + b"\r\n"))[0].code
            now = world.rollcall.store("SELECT count(*) FROM held")[0][0]
            if (code == 250) != (now == before + 1) or code not in (250, 451, 452):
                its.trouble.append("answered %d with %d held, %d before" % (code, now, before))
    world.rollcall.configure({"list %s@%s" % (LIST, DOMAIN): {"scenario": None}})
    assert world.rollcall.reload()


# ---- bits ----

@contextlib.contextmanager
def damaged(world, name, place, bit):
    """The daemon is down meanwhile, then up again over a store with one wrong bit; at the end the right one is back."""
    keep = os.path.join(world.directory, "keep")
    world.rollcall.kill()
    shutil.rmtree(keep, ignore_errors=True)
    shutil.copytree(world.state, keep)
    with open(os.path.join(world.state, name), "r+b") as f:
        f.seek(place)
        byte = f.read(1)
        f.seek(place)
        f.write(bytes([byte[0] ^ 1 << bit]))
    world.rollcall.launch()
    try:
        yield
    finally:
        world.rollcall.daemon.end(signal.SIGKILL)
        wait_until(lambda: not world.rollcall.answers(), 10, "the end")
        for entry in os.listdir(world.state):
            # A worker that was the last to close the store has taken its log away meanwhile.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(world.state, entry))
        for entry in os.listdir(keep):
            shutil.copy2(os.path.join(keep, entry), world.state)
            os.chown(os.path.join(world.state, entry), DISPATCH_UID, DISPATCH_UID)
        world.rollcall.start()


@pytest.mark.long
def test_flipped_bits(world, trial):
    """Whatever SQLite makes of it: no program dies by a signal, a refusal to start says why, and posts go out or wait; with the right file back they
    go out once. A record of a post that is done may be what is damaged; then it is as if it had not been."""
    dice = random.Random(7)
    with trial(world, "bits of store.db and of its log flipped") as its:
        its.post()
        its.settle()
        places = [("store.db", place) for place in (0, 16, 18, 28, 44, 56, 60, 68, 100, 103, 105)]
        for name in ("store.db", "store.db-wal"):
            size = os.path.getsize(os.path.join(world.state, name))
            places += [(name, dice.randrange(size)) for _ in range(10) if size]
        its.runs = 0
        for name, place in some(places):
            if place >= os.path.getsize(os.path.join(world.state, name)):
                continue
            before = len(world.rollcall.log(r"\(signal \d+\)|panic"))
            with damaged(world, name, place, dice.randrange(8)):
                wait_until(lambda: world.rollcall.answers() or not world.rollcall.daemon.running(), 20, "a start or its refusal")
                if world.rollcall.daemon.running():
                    its.post()
                    wait_until(lambda: world.postfix.queued() == 0 or world.postfix.deferred() or not world.rollcall.daemon.running(), 30, "an end")
                else:
                    its.runs += 1
                bad = world.rollcall.log(r"\(signal \d+\)|panic")[before:]
                its.trouble += ["%s at %d: %s" % (name, place, line) for line in bad]
            its.settle()
