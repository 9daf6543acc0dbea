"""What a post's way may not do twice, over the wire with the real rollcall-dispatch, CRM and Postfix: copies by another path, messages that kill their
readers, and hand-overs of which nobody knows what came. What whole posts make of it: e2e/test_duplicates.py, test_poison.py, test_ambiguous.py."""
import os

import pytest

from dispatch_room import AUTHOR, POST, key_of, numbers, ours, room  # noqa: F401

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user")
STRANGE = "choir@elsewhere.example"
EDITOR = 2  # of enum list_role


@pytest.fixture
def posts():
    """Keys of posts and contents that no other test has."""
    number = next(numbers)
    return lambda word: key_of("promise", "%d %s" % (number, word))


def begun(phase, ours, key, content):
    """A post in hand with its content."""
    assert phase.ask("CLAIM", ours.name, key).word == "none"
    return phase.ask("DUPLICATE", ours.name, content)


def sent(phase, ours, key):
    assert phase.prepare(ours.name, key, POST)[1].word == "none"
    assert phase.ask("COMMIT").word == "sent"


# ---- duplicates ----

def with_digest(room, ours):
    """Somebody waits for the digest: so a post is not done when its one variant is out."""
    room.world.crm.join("digest-%s@mods.example" % ours.local, ours.local, digest=True)


def test_copies_meet(room, ours, posts):
    with_digest(room, ours)
    with room.phase() as first, room.phase() as second:
        assert begun(first, ours, posts("a"), posts("content")).word == "none"
        assert begun(second, ours, posts("b"), posts("content")).word == "deferred"
        sent(first, ours, posts("a"))
    # Its child died before the end: half is out, as far as anybody knows. Only its own retry goes on.
    with room.phase() as phase:
        assert begun(phase, ours, posts("b"), posts("content")).word == "deferred"
    with room.phase() as phase:
        assert begun(phase, ours, posts("a"), posts("content")).word == "none"
        assert phase.prepare(ours.name, posts("a"), POST)[1].word == "sent"
        assert phase.ask("FINISH", "", False).word == "sent"
    with room.phase() as phase:
        answer = begun(phase, ours, posts("b"), posts("content"))
        assert answer.word == "discarded" and "distributed on" in answer.text
    room.world.copies(len(ours.moderators) + 1)


def test_a_copy_of_what_is_all_out(room, ours, posts):
    with room.phase() as phase:
        assert begun(phase, ours, posts("a"), posts("content")).word == "none"
        sent(phase, ours, posts("a"))
    # Its child died before the end, but the one variant was all of it.
    with room.phase() as phase:
        assert begun(phase, ours, posts("b"), posts("content")).word == "discarded"
    room.world.copies(len(ours.moderators) + 1)


def test_duplicates_that_make_no_sense(room, ours, posts):
    with room.phase() as phase:
        assert phase.ask("DUPLICATE", ours.name, posts("content")).word == "deferred"  # no post in hand
        assert phase.ask("CLAIM", ours.name, posts("a")).word == "none"
        assert phase.ask("DUPLICATE", STRANGE, posts("content")).word == "deferred"
        assert phase.ask("DUPLICATE", ours.name, posts("content")[:31]).word == "deferred"
        assert phase.ask("DUPLICATE", ours.name, posts("content")).word == "none"
        assert phase.ask("DUPLICATE", ours.name, posts("other")).word == "deferred"  # one content for one post


def test_mail_for_moderators_is_no_distribution(room, ours, posts):
    with room.phase() as phase:
        assert begun(phase, ours, posts("a"), posts("content")).word == "none"
        roster = phase.ask("ROSTER", ours.name, EDITOR, posts("a"), "", [], [])
        assert roster.word == "none", roster
        assert phase.ask("PREPARE", "mail", message=POST.replace(b"\r\n", b"\n")).word == "none"
        assert phase.ask("COMMIT").word == "sent" and phase.ask("FINISH", "", False).word == "sent"
    with room.phase() as phase:
        assert begun(phase, ours, posts("b"), posts("content")).word == "none"


# ---- deaths ----

def test_deaths_are_the_parents_to_tell(room, posts):
    def known():
        with room.phase() as phase:
            return phase.ask("DEATHS", posts("poison")).values[0]

    assert known() == 0
    with room.phase() as phase:
        assert phase.ask("DEATH", posts("poison")).word == "deferred"  # a session's child may not
        assert phase.ask("DEATHS", posts("poison")[:5]).word == "deferred"
    assert known() == 0
    for number in (1, 2):
        with room.errand() as phase:
            assert phase.ask("DEATH", posts("poison")).word == "none"
            assert phase.ask("DEATH", posts("poison")).word == "deferred"  # one for each phase
        assert known() == number
    with room.errand() as phase:
        assert phase.ask("DEATH", posts("poison")[:31]).word == "deferred"
    room.kill()
    assert known() == 2, "a crash forgets the dead"


def test_kinds_of_held_posts(room, ours, posts):
    """Who wrote what nobody has read, nobody knows; and a number that is no kind is none."""
    for kind, author in ((3, AUTHOR), (0, ""), (5, ""), (2, "")):
        with room.phase() as phase:
            assert phase.ask("CLAIM", ours.name, posts("kind")).word == "none"
            assert phase.ask("HOLD", ours.name, posts("kind"), kind, author, AUTHOR, "because", {}, message=POST).word == "deferred"


# ---- what is unclear ----

def test_default_is_to_send_again(room, ours, posts):
    with_digest(room, ours)
    before = {row[0] for row in room.store("SELECT key FROM post")}
    with room.phase() as phase:
        assert phase.ask("CLAIM", ours.name, posts("a")).word == "none"
        sent(phase, ours, posts("a"))
    part, = {row[0] for row in room.store("SELECT key FROM post")} - before
    room.store("UPDATE post SET state = 1, queue_id = '' WHERE key = ?", part)
    with room.phase() as phase:
        assert phase.claim_again(ours.name, posts("a")).word == "none"
        assert phase.prepare(ours.name, posts("a"), POST)[1].word == "none"
    assert "sending again, a member may get two copies" in room.log_text()
