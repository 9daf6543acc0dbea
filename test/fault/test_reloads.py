"""A reload of something broken keeps what is in force; a crash while it is broken may make posts wait, and mended, everything goes on."""
import os
import shutil
import signal
import time

import pytest

from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.rollcall import TEXTS
from lab.world import World
from oracle import AUTHOR, LIST, SHORT


@pytest.fixture(scope="module")
def world():
    with World(start_rollcall=False, settings={"crm": {"breaker_failures": 1000}}) as everything:
        here = everything.rollcall.directory
        texts, footer, rules = os.path.join(here, "texts"), os.path.join(here, "footer.txt"), os.path.join(here, "etc", "scenari")
        shutil.copytree(TEXTS, texts)
        os.makedirs(rules)
        for path, text in (footer, "-- \nOur list\n"), (os.path.join(rules, "send.ours"), "title Ours\n\ntrue() smtp,dkim,md5,smime -> do_it\n"):
            with open(path, "w") as f:
                f.write(text)
        everything.rollcall.configure({"rollcall": {"texts_directory": texts}, "list plain@" + DOMAIN: {"footer_file": footer},
                                       "list %s@%s" % (LIST, DOMAIN): {"scenario": "ours"}})
        everything.files = {"settings": everything.rollcall.config, "key": os.path.join(here, "keys", "rsa2026.pem"), "text": os.path.join(texts, "en", "help"),
                            "footer": footer, "scenario": os.path.join(rules, "send.ours"), "option file": everything.rollcall.option_file}
        everything.crm.join(AUTHOR, "plain")
        everything.rollcall.start()
        yield everything


RUBBISH = {"settings": b"[rollcall]\nusre = x\n", "key": b"no key\n", "text": b"Subject: Ours\n\nDear {nmae}\n", "footer": b"{nmae}\n", "scenario": b"true( ->\n",
           "option file": b"[client\n"}
BROKEN = [(name, how) for name in RUBBISH for how in ("gone", "rubbish")]
# With these broken nobody may guess: posts wait for the admin. The others' stand-ins are the distributed text, and the settings that the master still has.
WAITS = {"settings": False, "key": True, "text": False, "footer": False, "scenario": True, "option file": True}


def break_it(path, how, rubbish):
    """Returns what mends it."""
    keep = path + ".keep"
    shutil.copy2(path, keep)
    owner = os.stat(path)
    os.chown(keep, owner.st_uid, owner.st_gid)
    if how == "gone":
        os.unlink(path)
    else:
        with open(path, "wb") as f:
            f.write(rubbish)

    def mend():
        os.rename(keep, path)
    return mend


def kill_programs(world):
    """All that the master started; it starts them again."""
    for name in ("rollcall-intake", "rollcall-dispatch"):
        for pid in world.rollcall.processes().get(name, []):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("name, how", BROKEN if not SHORT else [("text", "rubbish"), ("settings", "gone")])
def test_broken_reload(world, trial, name, how):
    with trial(world, "%s %s at a reload, then all programs killed, then mended" % (name, how)) as its:
        its.post()
        its.settle()
        mend = break_it(world.files[name], how, RUBBISH[name])
        try:
            world.rollcall.reload()
            its.post()
            wait_until(lambda: world.postfix.queued() == 0 or world.postfix.deferred(), 30, "an end or another time")
            kill_programs(world)
            # Whoever asks while nobody may answer waits a minute for it: seen once.
            if not WAITS[name] or (name, how) == ("key", "gone"):
                its.post()
            if WAITS[name]:
                time.sleep(3)
            else:
                its.settle()
        finally:
            mend()
        assert world.rollcall.reload(60)


def test_a_list_whose_footer_cannot_be_read_after_a_crash_waits(world):
    """Without it the post would lack what the list always says. The others go out."""
    world.sink.forget()
    mend = break_it(world.files["footer"], "gone", b"")
    try:
        kill_programs(world)
        wait_until(world.rollcall.answers, 40, "an answer")
        world.post(AUTHOR, "plain")
        reason, = world.postfix.wait_deferred()
        assert "451 4.3.5" in reason and "footer" in reason and world.rollcall.log(r"ALARM footer_file: .*footer.txt")
    finally:
        mend()
    assert world.rollcall.reload()
    world.postfix.flush()
    copy, = world.copies(1)
    assert copy.body.endswith(b"-- \r\nOur list\r\n")
