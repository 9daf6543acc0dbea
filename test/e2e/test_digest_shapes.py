"""Digests of posts of many shapes, sent by the real daemon: read back by Python's email byte for byte, by nmh's burst, and by RFC 1153 to the letter.

The posts are put into the store as they are kept there; that they get there, and what the list makes of them before, is test_digest.py's."""
import contextlib
import email
import email.policy
import hashlib
import os
import re
import sqlite3
import subprocess

import pytest

from digest_posts import FILES, KINDS, large, posts, wide
from lab import rfc1153
from lab.postfix import DOMAIN
from lab.process import BUILD, as_user, wait_until
from lab.rollcall import DISPATCH_UID
from lab.world import World

LISTS = {"shapes": {}, "parts": {"digest_part": "20k"}}
FORMS = ("digest", "digestplain", "summary")


@pytest.fixture(scope="module")
def world():
    settings = {"list %s@%s" % (name, DOMAIN): dict(lines, digest_at="") for name, lines in LISTS.items()}
    with World(settings=settings, postfix_settings={"message_size_limit": 0}) as everything:
        everything.crm.execute("CREATE TABLE modes (list VARCHAR(50), mode VARCHAR(30))")
        everything.crm.execute("CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, list,"
                               " CONCAT(mode, '@members.example') user_subscriber, mode digest, 0 owner, 0 moderator FROM modes")
        for name in LISTS:
            for form in FORMS:
                everything.crm.execute("INSERT INTO modes VALUES (%s, %s)", name, form)
        yield everything


def keep(world, name, messages):
    with as_user(DISPATCH_UID):
        with contextlib.closing(sqlite3.connect(os.path.join(world.rollcall.directory, "state", "store.db"), timeout=10)) as db, db:
            for message in messages:
                kept = db.execute("INSERT INTO kept (list, issue, archive, archived_at, size, kept_at) VALUES (?, 0, 0, '', ?, 1795255200)",
                                  (name + "@" + DOMAIN, len(message))).lastrowid
                db.execute("INSERT INTO kept_message (kept, hash, message) VALUES (?, ?, ?)", (kept, hashlib.sha256(message).digest(), message))


def send(world, name, messages):
    """{form: the mails that its reader got}, in the order of their parts."""
    world.postfix.wait_empty()
    world.sink.forget()
    keep(world, name, messages)
    subprocess.run([os.path.join(BUILD, "rollcall"), "digest", name, "--config", world.rollcall.config], check=True, stdout=subprocess.DEVNULL)
    wait_until(lambda: world.rollcall.store("SELECT count(*) FROM digest_issue") == [(0,)], 60, "the issue: " + world.last_words())
    world.postfix.wait_empty(60)
    assert world.rollcall.store("SELECT count(*) FROM kept") == [(0,)]
    found = {form: [t.message.replace(b"\r\n", b"\n") for t in world.sink.transactions() if form + "@members.example" in t.recipients] for form in FORMS}
    for mails in found.values():
        mails.sort(key=lambda mail: [int(number) for number in re.findall(r"\d+", email.message_from_bytes(mail)["Subject"])])
    return found


def plain_text(mail):
    """The text of a mail of one text part."""
    read = email.message_from_bytes(mail)
    assert read.get_content_type() == "text/plain"
    return read.get_payload(decode=True).decode(read.get_content_charset() or "ascii").replace("\r\n", "\n")


def inner_bytes(mail):
    """The posts of a MIME digest: the parts' bytes by the boundary alone, and read by Python's email."""
    read = email.message_from_bytes(mail, policy=email.policy.compat32)
    assert read.get_content_type() == "multipart/mixed" and not read.defects
    masthead, topics, inside = read.get_payload()
    assert masthead.get_content_type() == topics.get_content_type() == "text/plain" and inside.get_content_type() == "multipart/digest"
    boundary = b"\n--" + inside.get_boundary().encode()
    raw = mail[mail.index(boundary + b"\n"):mail.index(boundary + b"--\n")].split(boundary + b"\n")[1:]
    parts = inside.get_payload()
    assert len(raw) == len(parts)
    found = []
    for part, data in zip(parts, raw):
        head, _, body = data.partition(b"\n\n") if not data.startswith(b"\n") else (b"", b"", data[1:])
        if part.get_content_type() == "message/rfc822":
            assert re.fullmatch(b"|Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit", head), head
            found.append(body)
        else:
            assert part.get_content_type() == "application/octet-stream" and part.get_filename().endswith(".eml")
            found.append(part.get_payload(decode=True).replace(b"\r\n", b"\n"))
    return found


def check_plain(mail, wanted, name="shapes"):
    digest = rfc1153.parse(plain_text(mail), name)
    assert len(digest.messages) == len(wanted)
    for message, (post, mark) in zip(digest.messages, wanted):
        assert message.fields["Message-ID"].encode() in post and message.fields["From"] == "Annä <anna@example.org>"
        assert message.fields["To"] == "<shapes@lists.example.org>,\n other@example.org" and "Bcc" not in message.fields
        if mark is not None:
            assert mark.decode() in message.body, message
    return digest


def topics(text):
    return [int(number) for number in re.findall(r"^ *(\d+)\. ", text, re.M)]


@pytest.mark.parametrize("count", (1, 2, 50, 1000))
def test_many_shapes(world, count):
    wanted = posts(count)
    found = send(world, "shapes", [post for post, _ in wanted])
    assert all(len(mails) == 1 for mails in found.values())
    assert inner_bytes(found["digest"][0]) == [post for post, _ in wanted]
    digest = check_plain(found["digestplain"][0], wanted)
    assert topics(digest.preamble) == topics(plain_text(found["summary"][0])) == list(range(1, count + 1))
    for mails in found.values():
        assert max(map(len, mails[0].split(b"\n"))) <= 998


def test_parts(world):
    """Each post once, in order, none dropped; one that is larger than a part is a part of its own."""
    wanted = posts(50)
    wanted[7] = large(60000)
    found = send(world, "parts", [post for post, _ in wanted])
    count = len(found["digest"])
    assert 4 <= count <= 20 and all(len(mails) == count for mails in found.values())
    assert sum([inner_bytes(mail) for mail in found["digest"]], []) == [post for post, _ in wanted]
    for form, mails in found.items():
        subjects = [email.message_from_bytes(mail)["Subject"] for mail in mails]
        assert len({re.match(r".*Issue \d+", subject)[0] for subject in subjects}) == 1
        assert [subject.rpartition(" ")[2] for subject in subjects] == ["(%d/%d)" % (i + 1, count) for i in range(count)], subjects
        assert b"This is part 2 of %d." % count in mails[1]
        assert len({email.message_from_bytes(mail)["Message-ID"] for mail in mails}) == count, form
    start = 0
    for whole, plain in zip(found["digest"], found["digestplain"]):
        posts_here = wanted[start:start + len(inner_bytes(whole))]
        check_plain(plain, posts_here, "parts")
        start += len(posts_here)


def test_a_large_post(world):
    """And one whose text would be five times as long, as UTF-8 in an encoding."""
    wanted = [large(20 << 20)] + posts(3)[1:] + [(wide(4 << 20), None)]
    found = send(world, "shapes", [post for post, _ in wanted])
    assert sum([inner_bytes(mail) for mail in found["digest"]], []) == [post for post, _ in wanted]
    assert all(len(mail) < 20000 for mail in found["digestplain"] + found["summary"])


def test_burst_by_nmh(world, tmp_path):
    """Another reader: nmh takes the MIME digest apart into the same messages, but for those that go as files."""
    folder = tmp_path / "Mail" / "inbox"
    folder.mkdir(parents=True)
    (tmp_path / ".mh_profile").write_text("Path: %s\n" % folder.parent)
    wanted = [post for post, _ in posts(len(KINDS))]
    (folder / "1").write_bytes(send(world, "shapes", wanted)["digest"][0])
    subprocess.run(["/usr/bin/mh/burst", "+inbox", "1"], env=dict(os.environ, HOME=str(tmp_path), MH=str(tmp_path / ".mh_profile")), check=True, timeout=30)
    found = [path.read_bytes() for path in folder.iterdir() if path.name.isdigit() and path.name != "1"]
    files = {KINDS.index(kind) for kind in FILES}
    assert sorted(found) == sorted(post for place, post in enumerate(wanted) if place not in files)
