"""rollcall held, show, accept, reject and discard: a real store in a directory of the daemon's, without the daemon (HOSTILE X3, X7, X8)."""
import concurrent.futures
import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time

import pytest

from cli import PROGRAM, merge, run, write_config
from lab.process import BUILD
from lab.rollcall import DISPATCH_UID, DOMAIN

PROBE = os.path.join(BUILD, "test", "session", "held_probe")
LIST = "choir@" + DOMAIN
AUTHOR = "ann@example.org"
POST = b"From: Ann <ann@example.org>\r\nSubject: Rehearsal\r\n\r\nOn Friday.\r\n"
TELL = {"tell-author": "yes"}
EVIL = "a\x1b]0;owned\x07\x1b[2J\x9b31m\u202egpj\u2028b\r\nnumber 99 Grüße"


class Console:
    """A state directory as the daemon's, its configuration, and both sides: the command and who holds posts."""

    def __init__(self, directory):
        self.state = os.path.join(directory, "state")
        os.mkdir(self.state, 0o700)
        os.chown(self.state, DISPATCH_UID, DISPATCH_UID)
        self.sections = {"rollcall": {"user": DISPATCH_UID, "state_directory": self.state}, "domain " + DOMAIN: {}}
        self.config = write_config(os.path.join(directory, "rollcall.conf"), self.sections)

    def probe(self, *words, text=b""):
        done = subprocess.run([PROBE, str(DISPATCH_UID), self.state] + [str(word) for word in words], input=text, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def hold(self, facts=None, kind="moderation", address=LIST, author=AUTHOR, reason="not a member", text=POST):
        facts = dict({"subject": "Rehearsal", "method": "dkim"}, **(facts or {}))
        return int(self.probe("hold", kind, address, author, reason, *["%s=%s" % pair for pair in facts.items()], text=text))

    def jobs(self):
        """Does the jobs that are due: [(held, kind, list, fields)]."""
        jobs = []
        for line in self.probe("jobs").splitlines():
            if line.startswith("\t"):
                name, _, value = line[1:].partition("=")
                jobs[-1][3][name] = value.encode().decode("unicode_escape").encode("latin-1").decode()
            else:
                held, kind, address = line.split(" ")
                jobs.append((int(held), kind, address, {}))
        return jobs

    def run(self, *words, **how):
        return run(*[str(word) for word in words], "--config", self.config, **how)

    def json(self, *words, status=0):
        said = self.run(*words, "--json")
        assert said.status == status and said.errors == ""
        return json.loads(said.output)

    def sql(self, text):
        with sqlite3.connect(os.path.join(self.state, "store.db")) as db:
            return db.execute(text).fetchall()

    def owners(self):
        return {name: (os.lstat(os.path.join(self.state, name)).st_uid, oct(os.lstat(os.path.join(self.state, name)).st_mode))
                for name in os.listdir(self.state)}


@pytest.fixture
def directory():
    """Not pytest's own, which the daemon's user may not enter."""
    path = tempfile.mkdtemp(prefix="rollcall-held-")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def console(directory):
    return Console(directory)


def is_harmless(text):
    """Nothing in it that a terminal obeys, or that makes text look like another."""
    return not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]", text)


# ---- held ----

def test_held_shows_what_waits(console):
    assert console.hold() == 1 and console.hold(kind="confirmation", author="bob@example.net", address="ski@" + DOMAIN) == 2
    said = console.run("held")
    assert said.status == 0 and said.errors == ""
    head, first, second = said.output.splitlines()
    assert head.split() == ["NUMBER", "LIST", "KIND", "STATE", "SIZE", "HELD", "SINCE", "EXPIRES", "AUTHOR", "SUBJECT"]
    today = time.strftime("%Y-%m-%d ")
    assert re.fullmatch(r" +1  %s  moderation +waiting +%d  %s..:..  \S+ ..:..  %s +Rehearsal" % (LIST, len(POST), today, AUTHOR), first)
    assert re.fullmatch(r" +2  ski@%s +confirmation +waiting .*  bob@example.net +Rehearsal" % DOMAIN, second)
    assert first.index(AUTHOR) == second.index("bob@") == head.index("AUTHOR")


def test_held_of_one_list_and_decided_ones(console):
    for address in (LIST, "ski@" + DOMAIN, LIST):
        console.hold(address=address)
    assert console.run("discard", 1).status == 0

    def numbers(*words):
        return [post["number"] for post in console.json("held", *words)]
    assert numbers() == [2, 3] and numbers("--all") == [1, 2, 3]
    assert numbers("choir") == [3] and numbers("Choir@LISTS.example.ORG", "--all") == [1, 3]
    said = console.run("held", "choir@elsewhere.example")
    assert said.status == 1 and said.output == "" and "no list of ours; rollcall lists shows" in said.errors
    # There is no CRM here, so nobody knows whether it is a list without posts, or none.
    said = console.run("held", "gone")
    assert (said.status, said.output) == (0, "no post is held\n") and "whether there is a list gone@%s is not known now: " % DOMAIN in said.errors


def test_held_as_json(console):
    before = int(time.time())
    console.hold()
    post, = console.json("held")
    assert before <= post.pop("held_at") <= time.time() and before + 86400 <= post.pop("expires_at") <= time.time() + 86400 + 60
    assert post == {"number": 1, "list": LIST, "kind": "moderation", "state": "waiting", "author": AUTHOR, "sender": "", "subject": "Rehearsal",
                    "reason": "not a member", "size": len(POST), "decided_at": 0, "decided_by": None}


def test_more_posts_than_are_read_at_a_time(console):
    console.hold()
    console.sql("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1203) INSERT INTO held "
                "SELECT i, kind, state, list, author, sender, reason, facts, size, held_at, expires_at, decided_at, decider FROM held, n")
    assert [post["number"] for post in console.json("held")] == list(range(1, 1204))


def test_nothing_is_held(console):
    console.probe("jobs")
    assert console.run("held")[:2] == (0, "no post is held\n") and console.json("held") == []


# ---- show ----

def test_show_tells_all(console):
    console.hold({"rule": "true() smtp -> editorkey"})
    said = console.run("show", 1)
    lines = dict(re.match(r"(.{16}) (.*)", line).groups() for line in said.output.splitlines())
    assert said.status == 0 and {name.strip(): value for name, value in lines.items() if name.strip() not in ("held since", "expires")} == {
        "number": "1", "list": LIST, "kind": "moderation", "state": "waiting", "message": "%d bytes" % len(POST), "author": AUTHOR,
        "envelope sender": "<>", "reason": "not a member", "subject": "Rehearsal", "method": "dkim", "rule": "true() smtp -> editorkey"}
    post, = console.json("show", 1)
    assert (post["fact-rule"], post["fact-method"], post["number"]) == ("true() smtp -> editorkey", "dkim", 1)


def test_show_raw_is_the_message_byte_for_byte(console):
    text = bytes(range(256)) * 300 + POST
    console.hold(text=text)
    done = subprocess.run([PROGRAM, "show", "1", "--raw", "--config", console.config], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, text, b"")


def test_show_raw_into_a_full_disk_fails(console):
    console.hold(text=b"x" * 100000)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "show", "1", "--raw", "--config", console.config], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1 and b"No space left" in done.stderr


def test_show_raw_is_harmless_to_a_terminal(console):
    console.hold(text=b"From: x\r\n\r\n\x1b]0;owned\x07\x9b2J\r\n\r\n\tlast\x00\xe2\x80\xae line")
    ours, theirs = pty.openpty()
    done = subprocess.run([PROGRAM, "show", "1", "--raw", "--config", console.config], stdout=theirs)
    os.close(theirs)
    text = b""
    with open(ours, "rb", buffering=0) as terminal:
        while not text.endswith(b"line\r\n"):
            text += terminal.read(4096)
    assert done.returncode == 0 and text == b"From: x\r\n\r\n?]0;owned??2J\r\n\r\n?last???? line\r\n"


def test_what_strangers_wrote_is_harmless_to_a_terminal(console):
    console.hold({"subject": EVIL, "parts": EVIL, EVIL: "x"}, reason=EVIL, author=EVIL)
    for words in (["held"], ["show", 1]):
        said = console.run(*words)
        assert said.status == 0 and is_harmless(said.output) and "Grüße" in said.output and "number 99" in said.output
        assert len([line for line in said.output.splitlines() if line.lstrip().startswith("number 99")]) == 0
    for words in (["held", "--json"], ["show", 1, "--json"]):
        said = console.run(*words)
        assert is_harmless(said.output) and json.loads(said.output)[0]["subject"] == EVIL


# ---- deciding ----

def test_accept(console):
    console.hold(TELL)
    before = int(time.time())
    said = console.run("accept", 1)
    assert said.status == 0 and said.errors == "" and said.output == "post 1 to %s is accepted: the daemon sends it to the list\n" % LIST
    post, = console.json("show", 1)
    assert (post["state"], post["decided_by"], post["size"]) == ("accepted", "the console", len(POST))
    (held, kind, address, fields), decided = sorted(console.jobs(), key=lambda job: job[1], reverse=True)
    assert (held, kind, address, fields) == (1, "release", LIST, {"state": "accepted"})
    assert decided[:3] == (1, "decided", LIST) and before <= int(decided[3].pop("at")) <= time.time() and decided[3] == {"word": "accept"}
    # Its jobs are done: what is left is that it was.
    post, = console.json("show", 1)
    assert (post["state"], post["size"], post["author"], post["subject"]) == ("accepted", 0, None, None)
    assert AUTHOR not in console.run("show", 1).output and console.run("held").output == "no post is held\n"
    raw = console.run("show", 1, "--raw")
    assert raw.status == 1 and raw.output == "" and "not there" in raw.errors


def kinds(jobs):
    return {kind: fields for _, kind, _, fields in jobs}


def test_reject_with_a_text(console):
    console.hold(TELL)
    said = console.run("reject", 1, "--text", "Too long.\n\n\n\tGrüße,\r\n %s{subject} \n\n")
    assert said.status == 0 and said.output == "post 1 to %s is rejected: the daemon tells its author\n" % LIST
    jobs = kinds(console.jobs())
    text = "Too long.\n\nGrüße,\n%s{subject}"
    assert set(jobs) == {"rejected", "decided"} and jobs["rejected"] == {"text": text}
    assert (jobs["decided"]["word"], jobs["decided"]["text"]) == ("reject", text)


def test_reject_without_a_text(console):
    console.hold(TELL)
    console.hold(TELL)
    for words in ([1], [2, "--text", " \n"]):
        assert console.run("reject", *words).status == 0
        jobs = kinds(console.jobs())
        assert jobs["rejected"] == {} and set(jobs["decided"]) == {"word", "at"}


def test_reject_with_a_text_on_standard_input(console):
    console.hold(TELL)
    assert console.run("reject", 1, "--text", "-", text=b"One\nTwo\n").status == 0
    assert kinds(console.jobs())["rejected"] == {"text": "One\nTwo"}


@pytest.mark.parametrize("facts, author", [({"answerable": "no"}, AUTHOR), (TELL, "")])
def test_an_author_who_may_not_be_told_hears_nothing(console, facts, author):
    console.hold(facts, author=author)
    said = console.run("reject", 1, "--text", "No.")
    assert said.status == 0 and "its author is not told, and the text goes to the moderators alone" in said.output
    jobs = kinds(console.jobs())
    assert set(jobs) == {"decided"} and jobs["decided"]["text"] == "No."


@pytest.mark.parametrize("text, why", [
    (b"", "no text came"), (b" \r\n\t\n", "no text came"), (b"caf\xe9", "no UTF-8"), (b"a\0b", "no UTF-8"), (b"x" * 4001, "too long"),
    (b"x\n" * 101, "too long"), (b"x" * 100000, "too long")])
def test_a_text_that_is_none_decides_nothing(console, text, why):
    console.hold(TELL)
    said = console.run("reject", 1, "--text", "-", text=text)
    assert said.status == 1 and said.output == "" and why in said.errors and "nothing is decided" in said.errors
    assert console.json("show", 1)[0]["state"] == "waiting" and console.jobs() == []


@pytest.mark.parametrize("text", [b"x" * 4000, b"x\n" * 100, "ß".encode() * 2000])
def test_a_text_at_its_bound_is_taken(console, text):
    console.hold(TELL)
    assert console.run("reject", 1, "--text", "-", text=text).status == 0
    assert kinds(console.jobs())["rejected"]["text"].encode() == text.rstrip(b"\n")


def test_discard(console):
    console.hold(TELL)
    assert console.run("discard", 1).output == "post 1 to %s is discarded: its author is not told\n" % LIST
    jobs = kinds(console.jobs())
    assert set(jobs) == {"decided"} and jobs["decided"]["word"] == "discard" and console.json("show", 1)[0]["state"] == "discarded"


def test_what_waits_for_its_author_is_no_business_of_the_moderators(console):
    for word, expected in (("accept", {"release"}), ("reject", {"rejected"}), ("discard", set())):
        number = console.hold(TELL, kind="confirmation")
        assert console.run(word, number).status == 0 and set(kinds(console.jobs())) == expected


def test_outcome_as_json(console):
    console.hold(TELL)
    before = int(time.time())
    outcome, = console.json("reject", 1)
    at = outcome.pop("decided_at")
    assert before <= at <= time.time() and outcome.pop("text")
    decided = {"number": 1, "list": LIST, "state": "rejected", "decided_by": "the console"}
    assert outcome == dict(decided, outcome="decided", author_told=True)
    outcome, = console.json("accept", 1, status=1)
    assert outcome.pop("text") and outcome == dict(decided, outcome="already", decided_at=at, author_told=False)
    outcome, = console.json("accept", 7, status=1)
    assert outcome == {"number": 7, "outcome": "unknown", "list": None, "state": None, "decided_at": 0, "decided_by": None, "author_told": False,
                       "text": "there is no held post 7"}


# ---- whoever is first (X3) ----

@pytest.mark.parametrize("state, said", [(2, "accepted, by a moderator"), (3, "rejected, by a moderator"), (6, "withdrawn, by its author")])
def test_somebody_was_first(console, state, said):
    console.hold(TELL)
    console.probe("decide", 1, state)
    for word in ("accept", "reject", "discard"):
        again = console.run(word, 1)
        assert again.status == 1 and again.output == "" and re.search(r"post 1 is already %s on \d{4}-\d\d-\d\d ..:..:.. [+-]\d{4}$" % said, again.errors)
    assert console.jobs() == []


def test_the_clock_was_first(console):
    console.hold()
    console.sql("UPDATE held SET state = 5, decided_at = 1700000000")
    assert "post 1 is already expired, by the clock on 2023-11-1" in console.run("accept", 1).errors


def test_of_many_one_decides(console):
    console.hold(TELL)
    words = ["accept", "reject", "discard"] * 4
    with concurrent.futures.ThreadPoolExecutor(len(words)) as pool:
        said = list(pool.map(lambda word: console.run(word, 1), words))
    won = [word for word, one in zip(words, said) if one.status == 0]
    assert len(won) == 1 and all("is already" in one.errors for one in said if one.status == 1) and {one.status for one in said} == {0, 1}
    expected = {"accept": {"release", "decided"}, "reject": {"rejected", "decided"}, "discard": {"decided"}}[won[0]]
    jobs = console.jobs()
    assert set(kinds(jobs)) == expected and len(jobs) == len(expected)


# ---- a message that is gone or damaged (X8) ----

@pytest.mark.parametrize("damage, why", [
    ("UPDATE held_message SET message = CAST(replace(CAST(message AS TEXT), 'Friday', 'Monday') AS BLOB)", "damaged"),
    ("DELETE FROM held_message", "not there")])
def test_a_damaged_message_is_not_accepted(console, damage, why):
    console.hold(TELL)
    console.sql(damage)
    said = console.run("accept", 1)
    assert said.status == 1 and said.output == "" and why in said.errors and "it still waits: rollcall discard 1" in said.errors
    assert console.json("accept", 1, status=1)[0]["outcome"] == "missing"
    assert console.run("show", 1, "--raw").status == 1 and console.jobs() == []
    assert console.run("discard", 1).status == 0 and console.json("held") == []


# ---- who may, and what is left behind ----

def test_root_leaves_no_file_of_roots(console):
    console.hold()
    for words in (["held"], ["show", 1], ["show", 1, "--raw"], ["accept", 1]):
        assert console.run(*words).status == 0
        assert {owner for owner, _ in console.owners().values()} == {DISPATCH_UID}
        assert all(mode.endswith("600") for _, mode in console.owners().values())


def as_user(uid):
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]


def test_the_daemons_user_may_too(console, directory):
    """Not in the way of the tree's own directories, which may be closed."""
    console.hold()
    program = shutil.copy(PROGRAM, directory)
    done = subprocess.run(as_user(DISPATCH_UID) + [program, "accept", "1", "--config", console.config], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "is accepted" in done.stdout
    for words in (["held"], ["show", "1"], ["reject", "1"]):
        done = subprocess.run(as_user(65534) + [program] + words + ["--config", console.config], capture_output=True, text=True)
        assert done.returncode == 1 and done.stdout == "" and "belongs to user %d: this takes root, or that user" % DISPATCH_UID in done.stderr


@pytest.mark.parametrize("words", [["held"], ["show", 1], ["accept", 1], ["reject", 1], ["discard", 1]])
def test_trouble_is_told(console, words):
    changes = [
        ({"user": "no-such-user-of-ours"}, "user no-such-user-of-ours of the settings: no such user"),
        ({"user": "0"}, "must not be root"), ({"state_directory": "/nowhere"}, "there is no store in /nowhere: the daemon has not run yet"),
        ({"frobs": 3}, "frobs")]
    for change, why in changes:
        write_config(console.config, merge(console.sections, {"rollcall": change}))
        said = console.run(*words)
        assert said.status == 1 and said.output == "" and why in said.errors and said.errors.startswith("rollcall %s: " % words[0])
    write_config(console.config, console.sections)
    said = console.run(*words)
    assert said.status == 1 and "the daemon has not run yet" in said.errors and os.listdir(console.state) == []
    os.chown(console.state, 0, 0)
    said = console.run(*words)
    assert said.status == 1 and said.output == "" and os.listdir(console.state) == []


def test_a_store_that_is_none(console):
    with open(os.path.join(console.state, "store.db"), "wb") as f:
        f.write(b"not a database, but long enough to be looked at as one\n" * 100)
    os.chown(f.name, DISPATCH_UID, DISPATCH_UID)
    said = console.run("accept", 1)
    assert said.status == 1 and said.output == "" and "nothing is decided: " in said.errors


@pytest.mark.parametrize("words", [
    ["show"], ["accept"], ["reject"], ["discard"], ["show", "x"], ["show", "0"], ["show", "-1"], ["show", "1x"], ["accept", "9223372036854775808"],
    ["accept", "1", "2"], ["held", "a", "b"], ["accept", "1", "--text", "x"], ["reject", "1", "--text"], ["show", "1", "--raw", "--json"], ["held", "--raw"]])
def test_wrong_usage(console, words):
    console.hold(TELL)
    said = console.run(*words)
    assert said.status == 64 and said.output == "" and said.errors.startswith("rollcall " + words[0])
    assert console.json("show", 1)[0]["state"] == "waiting"


@pytest.mark.parametrize("word", ["show", "accept", "reject", "discard"])
def test_a_number_that_is_none(console, word):
    console.hold()
    said = console.run(word, 9223372036854775807)
    assert said.status == 1 and said.output == "" and said.errors == "rollcall %s: there is no held post 9223372036854775807\n" % word
