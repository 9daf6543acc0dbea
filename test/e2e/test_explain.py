"""rollcall explain: what it says is what happens, and nothing happens by it (issue 3)."""
import json
import os
import re
import time

import pytest

from explaining import address, everything, explain, logged, of_answer, of_log, plain, run
from lab.postfix import DOMAIN
from lab.process import directory
from lab.rollcall import DISPATCH_UID
from lab.world import World, compose

MEMBER, OWNER, MODERATOR, STRANGER = "chaya@mail.example.net", "anneke@space.example", "bram@space.example", "stranger@elsewhere.example"
SETTINGS = {
    "list " + address("deelnemers"): {"scenario": "privateoreditorkey"},
    "list " + address("spacelog"): {"scenario": "publickey"},
    "list " + address("testlist"): {"scenario": "mine", "auto_generated": "scenario"},
}
MINE = """title My own
match([header->Subject],/broken/) smtp,dkim,md5,smime -> defer
match([header->Subject],/away/) smtp,dkim,md5,smime -> discard
match([header->Subject],/look/) smtp,dkim,md5,smime -> editor
is_owner([listname],[sender]) smtp,dkim,md5,smime -> do_it
true() smime -> do_it
true() smtp,dkim,md5 -> reject(reason='send_subscriber')
"""


@pytest.fixture(scope="module")
def shared():
    with World(settings=SETTINGS, start_rollcall=False) as world:
        scenarios = os.path.join(world.rollcall.directory, "etc", "scenari")
        os.makedirs(scenarios)
        with open(os.path.join(scenarios, "send.mine"), "w") as f:
            f.write(MINE)
        footer = os.path.join(world.rollcall.directory, "etc", "footer.txt")
        with open(footer, "w") as f:
            f.write("To leave, say so.\n")
        world.rollcall.configure({"list " + address("testlist"): {"footer_file": footer}})
        world.rollcall.start()
        yield world


@pytest.fixture
def folder():
    with directory() as path:
        yield path


def save(folder, message, name="post.eml"):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(message)
    return path


def one(world, message, *arguments):
    """The answer about one mail for one address."""
    answer, = explain(world, *arguments, text=message)
    post, = answer["posts"]
    return post


CRON = [("Auto-Submitted", "auto-generated (by cron)")]
LOOP = [("X-Loop", address("deelnemers"))]
# A mail, whom it is for, and what must be so; the author is the envelope sender, too, unless there is another.
CASES = {
    "a member's post goes out": (MEMBER, "deelnemers", {}, ("sent", "fan-out", "send.privateoreditorkey:6")),
    "a stranger is refused": (STRANGER, "testlist", {}, ("refused", "authorise", "send.mine:7")),
    "held for the moderators": (STRANGER, "deelnemers", {}, ("held", "authorise", "send.privateoreditorkey:8")),
    "the author is asked to confirm": (STRANGER, "spacelog", {}, ("held", "authorise", "send.publickey:6")),
    "a loop is discarded": (MEMBER, "deelnemers", {"fields": LOOP}, ("discarded", "parse", None)),
    "what a process wrote is discarded": (MEMBER, "deelnemers", {"fields": CRON}, ("discarded", "parse", None)),
    "what a process wrote is no reason for a bounce": (STRANGER, "testlist", {"fields": CRON}, ("discarded", "authorise", "send.mine:7")),
    "a rule discards": (MEMBER, "testlist", {"subject": "I am away"}, ("discarded", "authorise", "send.mine:3")),
    "a rule says to wait": (MEMBER, "testlist", {"subject": "it is broken"}, ("deferred", "authorise", "send.mine:2")),
    "forwarded to the moderators": (MEMBER, "testlist", {"subject": "please look"}, ("sent", "fan-out", "send.mine:4")),
    "an order with a token that nobody has": (MEMBER, "deelnemers-confirm+" + "a" * 16, {"body": b"accept\r\n"}, ("discarded", "order", None)),
    "a wish is answered": (STRANGER, "deelnemers-request", {"subject": "help"}, ("discarded", "order", None)),
    "mail for the owners": (STRANGER, "deelnemers-owner", {}, ("sent", "fan-out", None)),
}


@pytest.mark.parametrize("case", CASES)
def test_says_what_happens(shared, case):
    author, to, how, (word, stage, rule) = CASES[case]
    message = compose(author, to, how.get("subject", "A question"), how.get("body", b"Who has the key?\r\n"), how.get("fields", ()))
    post = one(shared, message, "--to", address(to))
    assert (post["verdict"], post["stage"], post.get("rule")) == (word, stage, rule), post
    assert post["reply"] == "%d %s %s" % (post["code"], post["status"], post["text"])
    queue_id = shared.postfix.send(message, author, address(to))
    line = logged(shared, post["message_id"])
    assert of_log(line) == of_answer(post)
    told = shared.postfix.wait_log(r"%s: .* (said|status=sent|status=deferred).*" % queue_id)[0]
    said = re.search(r"(?:said: |status=sent \()(.*?)( \(in reply|\)$)", told).group(1)
    assert plain(said) == plain(post["reply"])
    if word == "deferred":
        shared.postfix.delete_all()


def test_what_it_says_of_what_a_process_wrote(shared):
    for name, value in (("deelnemers", "discard"), ("testlist", "scenario")):
        message = compose(STRANGER, name, fields=CRON)
        post = one(shared, message)
        assert post["auto_generated"] == value and post["told"] == {"moderators": 0, "author": "nothing", "bounce": False}
        assert "auto_generated = %s; its author hears nothing\n" % value in run(shared, text=message)[1]
    assert "auto_generated" not in one(shared, compose(STRANGER, "testlist"))


def test_what_it_knows(shared):
    post = one(shared, compose(STRANGER, "deelnemers"))
    assert post["author"] == {"address": STRANGER, "subscriber": False, "owner": False, "moderator": False}
    assert post["told"] == {"moderators": 2, "author": "held", "bounce": False}
    looked_at = post["rules"]["looked_at"]
    assert [rule["truth"] for rule in looked_at] == ["false"] * (len(looked_at) - 1) + ["true"]
    assert (looked_at[-1]["line"], looked_at[-1]["text"]) == (8, "true() smtp,dkim,md5,smime -> editorkey")
    seen, = [rule["conditions"] for rule in looked_at if rule["text"].startswith("is_subscriber")]
    assert seen == [{"text": "is_subscriber([listname],[sender])", "values": '"deelnemers", "%s"' % STRANGER, "truth": "false"}]
    assert [stage["name"] for stage in post["stages"]][:3] == ["scan", "parse", "claim"]

    post = one(shared, compose(OWNER, "deelnemers", fields=[("List-Id", "<other.example>"), ("Reply-To", "<me@x.example>")]))
    assert (post["author"]["subscriber"], post["author"]["owner"], post["author"]["moderator"]) == (True, True, True)
    assert post["recipients"] == {"mail": len(shared.crm.members("deelnemers")), "digestplain": 2}
    changes = post["changes"]
    assert changes["body"] == "as it came" and "List-Id: <deelnemers.%s>" % DOMAIN in changes["changed"]
    assert any(field.startswith("DKIM-Signature: ") for field in changes["added"])
    assert not any(field.startswith("Subject:") for kind in ("removed", "changed", "added") for field in changes[kind])
    assert post["authentication"]["method"] == "smtp" and post["authentication"]["dkim"] == []
    assert set(post["authentication"]) == {"method", "dkim", "spf", "dmarc", "arc", "smime", "sasl"}

    changes = one(shared, compose(OWNER, "testlist"))["changes"]
    assert changes["done"] == ["footer"] and changes["body"] == "rewritten"

    refused = one(shared, compose(STRANGER, "testlist"))
    assert refused["told"] == {"moderators": 0, "author": "nothing", "bounce": True}
    assert one(shared, compose(STRANGER, "testlist"), "--sender", "")["told"]["bounce"] is False
    assert one(shared, compose(STRANGER, "spacelog"))["told"]["author"] == "confirmation"
    question = compose(STRANGER, "deelnemers", "help")
    assert one(shared, question, "--to", address("deelnemers-request"))["told"]["author"] == "answer"
    assert "%s would be answered\n" % address("deelnemers-request") in run(shared, "--to", address("deelnemers-request"), text=question)[1]


def test_what_if(shared):
    message = compose(STRANGER, "testlist")
    assert one(shared, message)["verdict"] == "refused"
    sure = one(shared, message, "--method", "smime")
    assert (sure["verdict"], sure["rule"], sure["authentication"]["method"]) == ("sent", "send.mine:6", "smime")
    assert one(shared, message, "--method", "md5", "--to", address("spacelog"))["verdict"] == "sent"


def test_whom_it_is_for(shared):
    """The addresses of ours in To and Cc, once each; or the ones that are named."""
    to = '"Boys, girls" <%s>, someone@else.example,\r\n <%s>' % (address("DEELNEMERS").lower(), address("nolist"))
    message = compose(MEMBER, "x", fields=[("Cc", "<%s>, %s" % (address("spacelog"), address("deelnemers")))])
    message = re.sub(rb"To: [^\r]*", b"To: " + to.encode(), message, count=1)
    answer, = explain(shared, text=message)
    assert [post["address"] for post in answer["posts"]] == [address("deelnemers"), address("nolist"), address("spacelog")]
    assert [post["verdict"] for post in answer["posts"]] == ["sent", "refused", "held"]
    unknown = answer["posts"][1]
    assert (unknown["reply"], unknown["stage"]) == ("550 5.1.1 no such list here", "route") and "stages" not in unknown
    assert answer["sender"] == MEMBER
    status, output, _ = run(shared, "--json", text=compose(MEMBER, "someone@else.example"))
    assert status == 1 and "--to" in json.loads(output)["trouble"]
    assert explain(shared, text=b"Return-Path: <bounce@x.example>\n" + compose(MEMBER, "deelnemers"))[0]["sender"] == "bounce@x.example"


@pytest.mark.parametrize("message, reply", [
    (b"From: a@b.example\r\nSubject: nul\x00\r\n\r\nx\r\n", "550 5.6.0 Message has a NUL byte"),
    (b"From: a@b.example\r\nSubject: bare\r\n\r\nx\ry\r\n", "550 5.6.11 Message has a CR that ends no line"),
    (b"no header at all\r\n", "550 5.6.0 "),
    (b"From: a@b.example\r\nTo: " + b"a:" * 9000 + b"\r\n\r\n", None),
    (b"", None),
], ids=["NUL", "bare CR", "no header", "nested groups", "nothing"])
def test_hostile_mails(shared, message, reply):
    post = one(shared, message, "--to", address("deelnemers"))
    assert post["reply"].startswith(reply) if reply else post["verdict"] in ("refused", "discarded", "held"), post


def test_leaves_no_trace(shared, folder):
    """Of everything that writes in earnest, with the daemon at work and without it: not a byte in the store, the queue or a log."""
    shared.postfix.wait_empty()
    time.sleep(1.2)  # the clock's round, which may still have something to do from before
    mails = [save(folder, compose(author, to, subject), "%d.eml" % i) for i, (author, to, subject) in enumerate([
        (MEMBER, "deelnemers", "goes out"), (STRANGER, "deelnemers", "held"), (STRANGER, "spacelog", "to confirm"),
        (STRANGER, "deelnemers-request", "help"), (MODERATOR, "deelnemers-confirm+" + "b" * 16, "accept")])]
    before = everything(shared)
    for _ in range(3):
        assert [a["posts"][0]["verdict"] for a in explain(shared, *mails)] == ["sent", "held", "held", "discarded", "discarded"]
    assert everything(shared) == before
    shared.rollcall.stop()
    try:
        # Who ends beside others may leave the store's log to them, and they to him.
        shared.rollcall.store("SELECT 1 FROM job")
        before = everything(shared)
        assert not any(name.endswith("-wal") for name in before[0])
        assert [a["posts"][0]["verdict"] for a in explain(shared, *mails)] == ["sent", "held", "held", "discarded", "discarded"]
        assert everything(shared) == before
        # systemd takes the run directory away with the daemon; what we make of it goes again.
        run_directory = os.path.join(shared.rollcall.directory, "run")
        os.rename(run_directory, run_directory + ".away")
        try:
            assert one(shared, compose(MEMBER, "deelnemers"))["verdict"] == "sent"
            assert not os.path.exists(run_directory)
        finally:
            os.rename(run_directory + ".away", run_directory)
    finally:
        shared.rollcall.start()


def test_without_the_crm(shared):
    """It says what the poster would get, and why."""
    shared.mariadb.stop()
    try:
        answer, = explain(shared, text=compose(MEMBER, "deelnemers"))
        post, = answer["posts"]
        assert post["reply"].startswith("451 4.") and post["verdict"] == "deferred" and post["stage"] == "route"
        assert any("crm: " in line and "cannot connect" in line for line in answer["log"]), answer["log"]
    finally:
        shared.mariadb.start()
    assert one(shared, compose(MEMBER, "deelnemers"))["verdict"] == "sent"


def test_a_held_post(shared):
    """What its scenario said, and what it would say now."""
    shared.postfix.wait_empty()
    message = compose("later@elsewhere.example", "deelnemers", "Not yet")
    shared.postfix.send(message, "later@elsewhere.example", address("deelnemers"))
    line = logged(shared, re.search(rb"Message-ID: (\S+)", message).group(1).decode())
    number = re.search(r"held as (\d+)", line).group(1)
    answer, = explain(shared, "--held", number)
    assert answer["held"]["number"] == int(number) and answer["held"]["kind"] == "moderation"
    assert answer["held"]["rule"] == "true() smtp,dkim,md5,smime -> editorkey"
    assert answer["posts"][0]["verdict"] == "held"
    shared.crm.join("later@elsewhere.example", "deelnemers")
    assert explain(shared, "--held", number)[0]["posts"][0]["verdict"] == "sent"
    assert run(shared, "--held", "99999")[0] == 1


def test_as_text(shared, folder):
    path = save(folder, compose(STRANGER, "testlist", "=?utf-8?q?=1B=5B2J?="))
    status, text, errors = run(shared, path)
    assert (status, errors) == (0, "")
    for wanted in (r"^testlist@\S+ would be refused$", r"^  reply +550 5\.7\.1 ", r"^  decided +in stage authorise, by send\.mine:7$",
                   r"^  author +%s: a stranger to the list$" % STRANGER, r"^    send\.mine:7: true\(\) smtp,dkim,md5 -> reject", r"^  stages +scan [\d.]+ ms, "):
        assert re.search(wanted, text, re.MULTILINE), (wanted, text)
    assert "\x1b" not in text


def test_who_may(shared, folder):
    """The daemon's user may where he can read the keys; anybody else learns that he may not, and nothing more."""
    path = save(folder, compose(MEMBER, "deelnemers"))
    os.chmod(folder, 0o755)
    status, output, errors = run(shared, path, user=65534)
    assert status == 1 and not output and "this takes root" in errors
    keys = os.path.join(shared.rollcall.directory, "keys")
    names = [keys] + [os.path.join(keys, name) for name in os.listdir(keys)]
    for name in names:
        os.chown(name, DISPATCH_UID, DISPATCH_UID)
    try:
        status, output, errors = run(shared, "--json", path, user=DISPATCH_UID)
        assert status == 0 and json.loads(output)["posts"][0]["verdict"] == "sent", errors
    finally:
        for name in names:
            os.chown(name, 0, 0)


@pytest.mark.parametrize("arguments", [("--method", "pgp"), ("--to", "a b@c"), ("--to", "nobody"), ("--sender", "a>\r\nRSET"), ("--held", "3", "--to", "a@b"), ("--held", "-3"), ("--client-name", "a b"), ("--sender", b"\xff@x.example")])
def test_wrong_usage(shared, arguments):
    status, output, errors = run(shared, *arguments, text=compose(MEMBER, "deelnemers"))
    assert status == 64 and not output and errors.startswith("rollcall explain: ")
