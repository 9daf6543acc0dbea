"""Reception modes and digests, through a real Postfix: who gets what, and what of it is left afterwards."""
import email
import email.policy
import re

import pytest

from lab.process import wait_until
from lab.world import World, compose

LIST = "modes"
MODES = ("mail", "mail,not_me", "nomail", "digest", "digestplain", "summary", "notice", "txt", "not_me", "nonsense", "NULL")
AUTHOR = "mail-not_me@members.example"
VIEW = """CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, list, address user_subscriber, mode digest, owner, moderator FROM modes"""


def address(mode):
    return "%s@members.example" % mode.replace(",", "-")


@pytest.fixture(scope="module")
def world():
    with World(settings={"list %s@lists.example.org" % LIST: {"scenario": "public", "digest_at": "", "digest_age": "2s", "subject_tag": "",
                                                               "archived_at": "https://archive.example.org/{id}"}}) as everything:
        everything.crm.execute("CREATE TABLE modes (list VARCHAR(50), address VARCHAR(200), mode VARCHAR(30), owner INT DEFAULT 0, moderator INT DEFAULT 0)")
        for mode in MODES:
            everything.crm.execute("INSERT INTO modes (list, address, mode) VALUES (%s, %s, %s)", LIST, address(mode),
                                   None if mode == "NULL" else mode)
        everything.crm.execute(VIEW)
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
