"""Reception modes and digests, through a real Postfix: who gets what, and what of it is left afterwards."""
import email
import email.policy
import json
import os
import re
import subprocess
import time

import pytest

from explaining import explain
from lab.dmarccheck import Judge
from lab.postfix import DOMAIN
from lab.process import BUILD, wait_until
from lab.world import World, compose

LIST = "modes"
MODES = ("mail", "mail,not_me", "nomail", "digest", "digestplain", "summary", "notice", "txt", "not_me", "nonsense", "NULL")
AUTHOR = "mail-not_me@members.example"
STRICT = "anna@strict.example"
# Lists beside that one: whose digests leave when told, and with members in these modes.
OTHERS = {"slow": ("digest", "digestplain", "digest,not_me"), "vouched": ("mail", "txt", "notice"), "refusing": ("mail", "txt"),
          "courteous": ("mail", "txt", "digest"), "first": ("mail", "txt"), "second": ("mail", "digest,not_me", "digest", "txt")}
SETTINGS = {"scenario": "public", "digest_at": "", "subject_tag": ""}
VIEW = """CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, list, address user_subscriber, mode digest, owner, moderator FROM modes"""


def address(mode):
    return "%s@members.example" % mode.replace(",", "-")


@pytest.fixture(scope="module")
def world():
    settings = {name: dict(SETTINGS) for name in OTHERS}
    settings[LIST] = dict(SETTINGS, digest_age="2s", archived_at="https://archive.example.org/{id}")
    settings["refusing"]["dmarc_mitigation"] = "reject"
    settings["courteous"]["nodupes"] = "yes"
    settings["second"]["nodupes_lists"] = "yes"
    with World(settings={"list %s@%s" % (name, DOMAIN): lines for name, lines in settings.items()}) as everything:
        everything.crm.execute("CREATE TABLE modes (list VARCHAR(50), address VARCHAR(200), mode VARCHAR(30), owner INT DEFAULT 0, moderator INT DEFAULT 0)")
        for mode in MODES:
            everything.crm.execute("INSERT INTO modes (list, address, mode) VALUES (%s, %s, %s)", LIST, address(mode),
                                   None if mode == "NULL" else mode)
        for name, modes in OTHERS.items():
            for mode in modes:
                everything.crm.execute("INSERT INTO modes (list, address, mode) VALUES (%s, %s, %s)", name, address(mode), mode)
        everything.crm.execute(VIEW)
        everything.author = everything.add_author_key("strict.example")
        everything.resolver.add("_dmarc.strict.example", "v=DMARC1; p=reject; adkim=s")
        yield everything


def read(transaction):
    return email.message_from_bytes(transaction.message, policy=email.policy.default)


def sent_to(world, mode):
    """The one message that this member got since forget()."""
    found = [t for t in world.sink.transactions() if address(mode) in t.recipients]
    assert len(found) == 1, (mode, [t.message[:200] for t in found])
    return read(found[0])


def test_each_mode_gets_its_own(world):
    world.sink.forget()
    message = compose(AUTHOR, LIST, "=?utf-8?q?N=C3=A4xt?= rehearsal", b"<p>At <b>four</b>.</p>\r\n", [("Content-Language", "en")])
    world.postfix.send(message.replace(b"text/plain", b"text/html"), AUTHOR, "%s@lists.example.org" % LIST)
    wait_until(lambda: len(world.sink.recipients()) == 9, 20, "posts and digests: " + world.last_words())
    for mode in ("mail", "nonsense", "NULL"):
        assert sent_to(world, mode).get_content_type() == "text/html"
    text = sent_to(world, "txt")
    assert text.get_content_type() == "text/plain" and text.get_content().strip() == "At four." and text["Subject"] == "Näxt rehearsal"
    notice = sent_to(world, "notice")
    assert notice["Subject"] == "Näxt rehearsal" and "archive.example.org" in notice.get_content() and "four" not in notice.get_content()
    for copy in (text, notice):
        assert copy["List-Id"] and copy["DKIM-Signature"] and not copy["Content-Language"]
    plain = sent_to(world, "digestplain").get_content().replace("\r\n", "\n")
    assert "   1. Näxt rehearsal" in plain and re.search(r"\n-{30}\n\nEnd of modes Digest\n\*{19}\n$", plain)
    assert sent_to(world, "digest").get_content_type() == "multipart/mixed"
    assert "Näxt rehearsal" in sent_to(world, "summary").get_content()
    assert not {address(mode) for mode in ("nomail", "mail,not_me")} & set(world.sink.recipients())
    # "not_me" is "mail,not_me", and somebody else's post.
    assert address("not_me") in world.sink.recipients()


def test_nothing_is_left_in_the_store(world):
    wait_until(lambda: world.rollcall.store("SELECT count(*) FROM kept") == [(0,)], 30, "an empty store")
    assert world.rollcall.store("SELECT count(*) FROM digest_issue") == [(0,)]
    assert world.rollcall.store("SELECT count(*) FROM kept_message") == [(0,)]


def test_a_member_changes_his_mode_in_between(world):
    """The post goes out in the modes of its moment, and the digest in those of its own."""
    world.sink.forget()
    world.crm.execute("UPDATE modes SET mode = 'digestplain' WHERE address = %s", address("mail"))
    try:
        world.post(AUTHOR, LIST, "Second")
        wait_until(lambda: address("notice") in world.sink.recipients(), 30, "the post")
        world.crm.execute("UPDATE modes SET mode = 'nomail' WHERE address = %s", address("digest"))
        wait_until(lambda: {address("mail"), address("digestplain")} <= set(world.sink.recipients()), 60, "the digest")
        assert "Digest, Vol" in sent_to(world, "mail")["Subject"]
        assert address("digest") not in world.sink.recipients()
    finally:
        for mode in ("mail", "digest"):
            world.crm.execute("UPDATE modes SET mode = %s WHERE address = %s", mode, address(mode))


def test_many_posts_one_issue_and_the_next_number(world):
    world.sink.forget()
    number = int(re.search(r"Issue (\d+)", numbered(world))[1])
    world.sink.forget()
    for i in range(5):
        world.post(AUTHOR, LIST, "Post %d" % i)
    wait_until(lambda: world.rollcall.store("SELECT count(*) FROM kept") == [(0,)] and address("digest") in world.sink.recipients(), 60, "issues")
    issues = [read(t) for t in world.sink.transactions() if address("digest") in t.recipients]
    posts = [inner for issue in issues for part in issue.iter_parts() if part.get_content_type() == "multipart/digest" for inner in part.iter_parts()]
    assert sorted(str(post.get_content()["Subject"]) for post in posts) == ["Post %d" % i for i in range(5)]
    assert [int(re.search(r"Issue (\d+)", issue["Subject"])[1]) for issue in issues] == list(range(number + 1, number + 1 + len(issues)))
    for issue in issues:
        assert issue["Message-ID"].endswith("@lists.example.org>") and issue["List-Post"] == "<mailto:%s@lists.example.org>" % LIST
        assert issue["Reply-To"] == "%s@lists.example.org" % LIST and not issue["Archived-At"]


def numbered(world):
    world.post(AUTHOR, LIST, "One")
    wait_until(lambda: address("digest") in world.sink.recipients(), 60, "a digest")
    wait_until(lambda: world.rollcall.store("SELECT count(*) FROM kept") == [(0,)], 60, "its end")
    return sent_to(world, "digest")["Subject"]


def command(world, *words, status=0):
    """`rollcall WORDS`: what it says."""
    done = subprocess.run([os.path.join(BUILD, "rollcall"), *words, "--config", world.rollcall.config], capture_output=True, timeout=60)
    assert done.returncode == status, done.stderr
    return (done.stdout + done.stderr).decode()


def deliver(world, author, names, message):
    """Hands it over by LMTP, as Postfix does; the replies."""
    world.postfix.wait_empty()
    world.sink.forget()
    with world.rollcall.connect() as client:
        return [str(reply) for reply in client.post(author, ["%s@%s" % (name, DOMAIN) for name in names], message)]


def waiting(world, name):
    """Posts in the list's open digest, as the console shows them."""
    return [row["posts"] for row in json.loads(command(world, "digests", "--json", name)) if "next" in row]


def test_on_command(world):
    """A list whose members all read digests: nothing goes out but when told."""
    assert json.loads(command(world, "digests", "--json", "slow")) == []
    assert command(world, "digest", "slow") == "slow@%s: no post waits for the digest\n" % DOMAIN
    answer, = deliver(world, address("digest,not_me"), ["slow"], compose(address("digest,not_me"), "slow", "Tea"))
    assert "250" in answer and "kept for the digest" in answer and world.sink.transactions() == []
    row, = json.loads(command(world, "digests", "--json"))
    assert (row["list"], row["posts"], row["next"]) == ("slow@" + DOMAIN, 1, 0) and row["bytes"] > 300 and abs(row["since"] - time.time()) < 60
    assert re.search(r"\n +1 +%d  \S+ \S+ +when told +slow@%s\n$" % (row["bytes"], DOMAIN), command(world, "digests"))
    assert "members=0, digest=2," in world.rollcall.log("list=<slow@")[-1]
    closed, = json.loads(command(world, "digest", "--json", "slow"))
    assert closed == {"list": "slow@" + DOMAIN, "closed": 1, "issues": "%s/1" % time.strftime("%y").lstrip("0")}
    # Who wants none of his own posts gets an issue with them: it is not his alone.
    wait_until(lambda: len(world.sink.recipients()) == 3, 30, "the issue: " + world.last_words())
    assert sorted(world.sink.recipients()) == sorted(address(mode) for mode in OTHERS["slow"])
    # It is shown as on its way until its job is done.
    wait_until(lambda: command(world, "digests", "slow") == "no post waits for a digest\n", 10, "the end of the issue")
    assert "no list of ours" in command(world, "digest", "slow@elsewhere.example", status=1)
    assert "no list of ours" in command(world, "digests", "slow@elsewhere.example", status=1) and "a list is missing" in command(world, "digest", status=64)


def test_explained_by_way(world):
    answer, = explain(world, "--to", "second@" + DOMAIN, "--sender", AUTHOR, text=compose(AUTHOR, "second"))
    assert answer["posts"][0]["recipients"] == {"mail": 1, "txt": 1, "digest": 2} and answer["posts"][0]["verdict"] == "sent"
    said = subprocess.run([os.path.join(BUILD, "rollcall"), "explain", "--config", world.rollcall.config, "--to", "slow@" + DOMAIN],
                          input=compose(AUTHOR, "slow"), capture_output=True, timeout=60).stdout.decode()
    assert "  recipients 2 digest, 1 digestplain\n" in said and waiting(world, "slow") == []


def test_a_word_of_nobodys_is_told_once_a_post(world):
    """Two members have it, and no line is about a person."""
    world.crm.execute("INSERT INTO modes (list, address, mode) VALUES ('vouched', 'x@members.example', 'bogus'), ('vouched', 'y@members.example', 'bogus'),"
                      " ('vouched', 'z@members.example', NULL)")
    try:
        deliver(world, AUTHOR, ["vouched"], compose(AUTHOR, "vouched"))
        assert len({"x@members.example", "y@members.example", "z@members.example"} & set(r for t in world.copies(6) for r in t.recipients)) == 3
    finally:
        world.crm.execute("DELETE FROM modes WHERE address IN ('x@members.example', 'y@members.example', 'z@members.example')")
    told = [line for line in world.rollcall.log("means nothing, taken as mail") if "list vouched@" in line]
    assert len(told) == 2 and sum("bogus" in line for line in told) == 1 and not any("members.example" in line for line in told), told


def copies_of(world, count):
    return {recipient: t for t in world.copies(count) for recipient in t.recipients}


def test_dmarc_of_each_variant(world):
    """The untouched post stays its author's; a text of it cannot, since the author's signature does not cover it."""
    judge = Judge(world.resolver.setting)
    message = world.author.sign(compose(STRICT, "vouched", "Tea"), [b"from", b"to", b"subject", b"date", b"message-id"])
    deliver(world, STRICT, ["vouched"], message)
    found = copies_of(world, 3)
    assert read(found[address("mail")])["From"] == STRICT
    for mode in ("txt", "notice"):
        assert read(found[address(mode)])["From"].addresses[0].addr_spec == "vouched@" + DOMAIN and STRICT in str(read(found[address(mode)])["Reply-To"])
    for copy in found.values():
        assert judge.dmarc(copy.message)[0] == "pass"
    # A list that refuses such posts refuses none of which half is out: who reads text gets it from the list.
    reply, = deliver(world, STRICT, ["refusing"], message)
    assert "250" in reply
    found = copies_of(world, 2)
    assert read(found[address("mail")])["From"] == STRICT and read(found[address("txt")])["From"].addresses[0].addr_spec == "refusing@" + DOMAIN


def test_html_and_files_as_text(world):
    related = (b"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>See the <i>score</i>.</p><script>x()</script>\r\n"
               b"--a\r\nContent-Type: application/pdf; name=\"score.pdf\"\r\nContent-Disposition: attachment; filename=\"score.pdf\"\r\n"
               b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\n--a--\r\n")
    message = compose(AUTHOR, "vouched", "Score", related).replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=a")
    deliver(world, AUTHOR, ["vouched"], message)
    text = read(copies_of(world, 3)[address("txt")]).get_content()
    assert "See the score." in text and "score.pdf" in text and "application/pdf" in text and "x()" not in text and "JVBER" not in text


def test_who_has_a_copy_by_to_or_cc(world):
    message = compose(AUTHOR, "courteous", "Tea", fields=[("Cc", "%s, Digest <%s>" % (address("txt"), address("digest")))])
    deliver(world, AUTHOR, ["courteous"], message)
    assert set(copies_of(world, 1)) == {address("mail")} and waiting(world, "courteous") == []
    deliver(world, AUTHOR, ["courteous"], compose(AUTHOR, "courteous", "Tea", fields=[("Cc", address("txt"))]))
    assert set(copies_of(world, 1)) == {address("mail")} and waiting(world, "courteous") == [1]
    # The digest is addressed to nobody.
    world.sink.forget()
    command(world, "digest", "courteous")
    assert set(copies_of(world, 1)) == {address("digest")}


def test_members_of_two_lists(world):
    """Who has it from the first list gets none from the second; a digest of the second goes to all who read digests."""
    replies = deliver(world, AUTHOR, ["first", "second"], compose(AUTHOR, "first", "Tea"))
    assert all("250" in reply for reply in replies)
    assert sorted(recipient for t in world.copies(2) for recipient in t.recipients) == sorted([address("mail"), address("txt")])
    assert waiting(world, "second") == [1]
    world.sink.forget()
    command(world, "digest", "second")
    wait_until(lambda: len(world.sink.recipients()) == 2, 30, "the issue: " + world.last_words())
    assert set(world.sink.recipients()) == {address("digest"), address("digest,not_me")}
    world.postfix.wait_empty()
