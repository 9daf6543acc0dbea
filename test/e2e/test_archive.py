"""Posts find their way into archives: Maildir and mbox read by Python's mailbox, HyperKitty (Debian's, run privately; skipped where it is not installed)
by its own REST interface. An archive that is down stops neither mail nor other archives, and what waited is there afterwards, once and in order."""
import json
import mailbox
import os
import shutil
import signal
import subprocess

import pytest

from lab.hyperkitty import READY, HyperKitty
from lab.postfix import DOMAIN
from lab.process import BUILD, alive, children, started, wait_until
from lab.rollcall import DISPATCH_UID
from lab.slowline import SlowLine
from lab.world import World, address, compose

AUTHOR = "chaya@mail.example.net"
KEY = "SecretArchiverAPIKey"


@pytest.fixture(scope="module")
def world():
    with World(start_rollcall=False) as world:
        world.archives = os.path.join(world.directory, "archives")
        os.mkdir(world.archives)
        os.chown(world.archives, DISPATCH_UID, DISPATCH_UID)
        world.key = os.path.join(world.rollcall.directory, "keys", "hyperkitty")
        with open(os.open(world.key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(KEY + "\n")
        for name in ("kept", "flat", "kitty", "plain"):
            world.crm.join(AUTHOR, name)
            world.crm.join("anneke@space.example", name)
        world.rollcall.configure({"list " + address("kept"): {"archive": "maildir:%s/{list}" % world.archives},
                                  "list " + address("flat"): {"archive": "mbox:%s/{list}.mbox" % world.archives}})
        world.rollcall.start()
        yield world


def post(world, name, subject, body=b"At four.\r\n"):
    with world.rollcall.connect() as client:
        reply, = client.post(AUTHOR, [address(name)], compose(AUTHOR, address(name), subject, body))
    assert reply.code == 250, reply


def box(world, name):
    if name == "kept":
        maildir = mailbox.Maildir(os.path.join(world.archives, name), create=False)
        return [m["Subject"] for m in sorted(maildir, key=lambda m: m["Subject"])]
    return [m["Subject"] for m in mailbox.mbox(os.path.join(world.archives, "flat.mbox"), create=False)]


def rollcall(world, *arguments, code=0, text=None):
    done = subprocess.run([os.path.join(BUILD, "rollcall"), *arguments, "--config", world.rollcall.config], capture_output=True, text=True, input=text,
                          timeout=60)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout + done.stderr


def nothing_waits(world):
    return rollcall(world, "archive", "status") == "nothing waits for an archive\n"


def test_posts_arrive_as_they_went_out(world):
    for name in ("kept", "flat", "plain"):
        post(world, name, "first of " + name, b"From here\r\n>From there\r\n")
    copies = {c.header("Subject")[0]: c.message for c in world.copies(6)}
    for name in ("kept", "flat"):
        wait_until(lambda n=name: os.path.exists(os.path.join(world.archives, n if n == "kept" else "flat.mbox")) and box(world, n), 10, "the post")
        assert box(world, name) == ["first of " + name]
    path, = os.listdir(os.path.join(world.archives, "kept", "new"))
    with open(os.path.join(world.archives, "kept", "new", path), "rb") as f:
        kept = f.read().replace(b"\n", b"\r\n")
    # What Postfix puts on top and members get beside it is not there.
    assert copies["first of kept"].endswith(kept[kept.index(b"DKIM-Signature"):]) and b"Delivered-To" not in kept
    assert os.stat(os.path.join(world.archives, "flat.mbox")).st_uid == DISPATCH_UID
    wait_until(lambda: nothing_waits(world), 5, "the store's rows to go")


def test_down_and_up_again(world):
    """A directory that is gone: mail goes on, so does the other archive; what waited comes in its order."""
    os.rename(world.archives + "/kept", world.archives + "/away")
    with open(world.archives + "/kept", "w"):
        pass
    post(world, "kept", "damaged")
    for number in (2, 3):
        post(world, "kept", "post %d of kept" % number)
    post(world, "flat", "second of flat")
    world.rollcall.wait_log("list=<kept@%s> archive: cannot enter .*tried again in 60 s" % DOMAIN)
    wait_until(lambda: len(box(world, "flat")) == 2, 10, "the other list's post")
    shown = rollcall(world, "archive", "status")
    assert "kept@" + DOMAIN in shown and "flat" not in shown
    # One that is damaged meanwhile keeps nobody behind it from the archive.
    world.rollcall.store("UPDATE kept_message SET message = zeroblob(9) WHERE kept = (SELECT min(kept) FROM kept_message)")
    os.unlink(world.archives + "/kept")
    os.rename(world.archives + "/away", world.archives + "/kept")
    # Its pause is a minute; a new start forgets it.
    world.rollcall.stop()
    world.rollcall.start()
    wait_until(lambda: "0 waiting, 1 set aside" in rollcall(world, "archive", "status"), 15, "the posts that waited")
    assert box(world, "kept") == ["first of kept", "post 2 of kept", "post 3 of kept"]
    world.rollcall.wait_log("ALARM list=<kept@%s> archive: post [0-9]+ is set aside: the stored post is damaged" % DOMAIN)
    assert "1 post is due again" in rollcall(world, "archive", "retry", address("kept"))
    wait_until(lambda: len(world.rollcall.log("is set aside: the stored post is damaged")) == 2, 10, "the second try")
    assert '"aside":1' in rollcall(world, "archive", "status", "--json").replace(" ", "")
    assert "1 post will not be archived" in rollcall(world, "archive", "forget", address("kept"))
    assert nothing_waits(world)


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
@pytest.mark.parametrize("name, call", [("kept", "unlinkat:when=2"), ("flat", "fsync:when=3")])
def test_killed_between_archive_and_store(world, name, call):
    """The archive has it, the store does not know: it is known again."""
    post(world, name, "before " + call)
    wait_until(lambda: nothing_waits(world), 15, "the archive's first post")
    before = box(world, name)
    dispatch, = [p for p in world.rollcall.processes()["rollcall-dispatch"] if children(p)]
    archiver = max(children(dispatch), key=lambda pid: (started(pid), pid))  # the last of its kind; pids may have begun at 1 again
    with subprocess.Popen(["strace", "-o", "/dev/null", "-e", "trace=unlinkat,fsync", "-e", "inject=%s:signal=KILL:when=%s" % tuple(call.split(":when=")),
                           "-p%d" % archiver], stderr=subprocess.PIPE, text=True) as strace:
        assert "attached" in strace.stderr.readline()
        post(world, name, "killed " + call)
        wait_until(lambda: nothing_waits(world), 15, "the post")
        strace.send_signal(signal.SIGINT)
    assert not alive(archiver)
    assert sorted(box(world, name)) == sorted(before + ["killed " + call])


@pytest.mark.skipif(not READY, reason="Debian's python3-django-hyperkitty is not installed")
def test_hyperkitty_shows_the_posts(world):
    with HyperKitty(world.directory, KEY) as kitty:
        world.rollcall.configure({"list " + address("kitty"): {"archive": kitty.place, "archive_key_file": world.key,
                                                               "archived_at": "https://archive.example.org/hyperkitty/list/{list}@{domain}/message/{hash}/"}})
        assert world.rollcall.reload()
        world.postfix.wait_empty()
        world.sink.forget()
        long_id = "<%s@mua.example>" % ("x" * 300)
        for number, (subject, fields) in enumerate((("Tea", ()), ("Re: Tea", ()), ("Long", (("Message-ID", long_id),)))):
            message = compose(AUTHOR, address("kitty"), subject, b"caf\xc3\xa9\r\n")
            if fields:
                lines = [line for line in message.split(b"\r\n") if not line.startswith(b"Message-ID")]
                message = b"\r\n".join([b"Message-ID: " + long_id.encode()] + lines)
            with world.rollcall.connect() as client:
                reply, = client.post(AUTHOR, [address("kitty")], message)
            assert reply.code == 250, reply
        copies = world.copies(6)
        wait_until(lambda: nothing_waits(world), 20, "HyperKitty to have them")
        emails = json.loads(kitty.get("/api/list/%s/emails/?format=json" % address("kitty")))
        assert sorted(e["subject"] for e in emails) == ["Long", "Re: Tea", "Tea"]
        # Where the copies say that they stand, they stand.
        for copy in copies:
            url = "".join(copy.header("Archived-At")[0].split()).strip("<>")
            page = kitty.get(url.partition("/hyperkitty")[2])
            assert copy.header("Subject")[0] in page and "caf\u00e9" in page


@pytest.mark.skipif(not READY, reason="Debian's python3-django-hyperkitty is not installed")
def test_a_slow_archive_keeps_no_other_waiting(world):
    """Twelve posts for one that is far away, and behind them one for the disk."""
    far = os.path.join(world.directory, "far")
    os.mkdir(far)
    with HyperKitty(far, KEY) as kitty, SlowLine(kitty.port, delay=0.3) as line:
        world.rollcall.configure({"list " + address("kitty"): {"archive": "hyperkitty:http://127.0.0.1:%d/hyperkitty" % line.port, "archive_key_file": world.key}})
        assert world.rollcall.reload()
        for number in range(12):
            post(world, "kitty", "far %d" % number)
        post(world, "kept", "near")
        wait_until(lambda: "near" in box(world, "kept"), 30, "the near archive")
        assert not nothing_waits(world), "the far one had all of its turn"
        line.delay = 0
        wait_until(lambda: nothing_waits(world), 60, "the far archive")
        emails = json.loads(kitty.get("/api/list/%s/emails/?format=json" % address("kitty")))
        assert len(emails) == 12


def test_an_mbox_is_brought_in(world):
    """Twice, which makes no difference; with what mboxes have seen: unquoted From, CRLF, no date, too old, no message at all."""
    before = box(world, "flat")
    old = ["From z@x Sat Nov 21 10:00:0%d 2020\nSubject: old %d\nMessage-ID: <old%d@x.example>\n\n>From the start\n\nFrom here on it is ours\n\n" % (n, n, n)
           for n in range(5)]
    text = "From z@x Sat Nov 21 10:00:00 1999\nSubject: too old\n\n" + "".join(old) + "From z@x Sat Nov 21 10:00:09 2020\n\n" + \
        "From z@x Sat Nov 21 10:01:00 2020\r\nSubject: crlf\r\n\r\nx\r\n"
    said = rollcall(world, "archive", "import", address("flat"), "-", "--from", "2020-01-01", text=text)
    assert "6 posts taken, 0 known already, 1 older, 1 too large or empty" in said
    assert "0 posts taken, 6 known" in rollcall(world, "archive", "import", address("flat"), "-", "--from", "2020-01-01", text=text)
    wait_until(lambda: nothing_waits(world), 15, "the posts")
    assert box(world, "flat") == before + ["old %d" % n for n in range(5)] + ["crlf"]
    with open(os.path.join(world.archives, "flat.mbox")) as f:
        assert f.read().count("\n>From the start\n\n>From here on it is ours\n") == 5
    assert "is no mbox" in rollcall(world, "archive", "import", address("flat"), "-", text="Subject: x\n\n", code=1)
    assert "has no archive" in rollcall(world, "archive", "import", address("plain"), "-", text=text, code=1)
    rollcall(world, "archive", "import", code=64)


@pytest.mark.parametrize("words", [("held",), ("held", "--all"), ("digest",), ("digests",), ("digests", "--json"), ("archive", "retry"), ("archive", "forget"),
                                   ("archive", "import")])
def test_a_list_that_is_none(world, words):
    """A name that was typed wrong is told, with the way to the right ones; of a list where nothing waits that is told."""
    behind = ("-",) if "import" in words else ()
    world.rollcall.configure({"domain " + DOMAIN: {"archive": "maildir:%s/{list}" % world.archives}})
    try:
        said = rollcall(world, *words, "kpet", *behind, text="From z@x Sat Nov 21 10:00:01 2020\nSubject: old\n\nx\n", code=1)
        assert said == "rollcall %s: there is no list %s; rollcall lists shows those that there are\n" % (words[0], address("kpet"))
        assert "is no list of ours" in rollcall(world, *words, "kpet@elsewhere.example", *behind, code=1)
        if not behind:
            assert "there is no list" not in rollcall(world, *words, "plain")
    finally:
        world.rollcall.configure({"domain " + DOMAIN: {"archive": None}})


def test_check_says_what_would_not_work(world):
    shown = rollcall(world, "check", "--offline")
    assert "its archive %s/kept would take posts" % world.archives in shown
    os.chmod(world.archives + "/kept", 0o500)
    try:
        assert "kept cannot be written by the daemon's user" in rollcall(world, "check", "--offline", code=1)
    finally:
        os.chmod(world.archives + "/kept", 0o750)


def test_what_cannot_be_is_refused_at_start(world):
    good = dict(world.rollcall.sections)
    world.rollcall.stop()
    try:
        for settings, said in (({"archive": "mbox:relative"}, "expected an absolute path"),
                               ({"archive": "hyperkitty:https://archive.example.org/hyperkitty"}, "HyperKitty wants a key"),
                               ({"archive": "hyperkitty:https://archive.example.org/", "archive_key_file": world.rollcall.config}, "must be closed to group")):
            world.rollcall.configure({"list " + address("bad"): {"archive_key_file": None, **settings}})
            code, words = world.rollcall.refusal()
            assert code != 0 and said in words and "[list bad@" in words and "line " in words
            assert said in rollcall(world, "check", "--offline", code=1)
    finally:
        world.rollcall.sections = {k: v for k, v in good.items() if "bad@" not in k}
        world.rollcall.configure({})
        world.rollcall.start()


def test_a_backlog_is_bounded(world):
    """What was promised stays, what comes later is left out and said, and members miss nothing."""
    world.sink.forget()
    world.rollcall.configure({"list " + address("flat"): {"archive_backlog": "1M"}})
    assert world.rollcall.reload()
    post(world, "flat", "before")
    wait_until(lambda: nothing_waits(world), 20, "the archive")
    before = box(world, "flat")
    body = (b"x" * 70 + b"\r\n") * 9000
    os.rename(world.archives, world.archives + ".away")
    try:
        for number in (1, 2):
            post(world, "flat", "promised %d" % number, body)
        post(world, "flat", "too much")
        world.rollcall.wait_log(r"ALARM list=<%s> archive: 2 posts of \d+ bytes wait already" % address("flat"))
        world.rollcall.wait_log(r"list=<%s>, kind=note, held=0, status=done" % address("flat"))
        post(world, "flat", "too much again")
    finally:
        os.rename(world.archives + ".away", world.archives)
    wait_until(lambda: {"[flat] The archive is not getting your messages", "too much", "too much again", "promised 1", "promised 2"} <=
               {copy.header("Subject")[0] for copy in world.sink.transactions()}, 20, "all copies")
    told = [copy for copy in world.sink.transactions() if copy.header("Subject")[0].endswith("not getting your messages")]
    assert len(told) == len({copy.recipients[0] for copy in told}) and "2 of them wait" in " ".join(told[0].message.decode().split())
    assert world.rollcall.reload()  # the pauses begin anew
    wait_until(lambda: box(world, "flat") == before + ["promised 1", "promised 2"], 20, "the archive")
    post(world, "flat", "room again")
    wait_until(lambda: box(world, "flat")[-1] == "room again", 20, "the next post")
