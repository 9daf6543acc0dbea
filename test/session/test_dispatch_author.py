"""What an author whom nothing proves hears of his held posts: anybody can write in his name, so it is one mail a day and list."""
import os

import pytest

from lab.process import wait_until
from dispatch_room import AUTHOR, key_of, ours, room, state  # noqa: F401

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user")
FORGED = {"tell-author": "yes", "unproved": "yes"}
CONFIRMATION = 2


def hold(ours, name, **how):
    return ours.hold(key=key_of(ours.name, name), **how)


def is_early(room, held):
    """Whether the one request for this post has to wait: it is looked at, and left."""
    number, = room.due(held, "notice-author")
    room.store("UPDATE job SET due_at = 0 WHERE id = ?", number)
    with room.errand() as phase:
        answer = phase.ask("JOB", number)
    assert answer.word in ("none", "discarded"), answer
    assert room.due(held, "notice-author") == [number]
    return answer.word == "discarded" and answer.text == "not today"


def a_day_later(room):
    room.store("UPDATE answer SET answered_at = answered_at - 90000")


def test_moderation_once_a_day(room, ours):
    posts = [hold(ours, n, facts=FORGED) for n in range(3)]
    assert [len(room.due(held, "notice-author")) for held in posts] == [1, 0, 0]
    assert [len(room.due(held, "notice-moderators")) for held in posts] == [1, 1, 1]
    # A post that something proves, and another list's, are other matters.
    assert len(room.due(hold(ours, "proved", facts={"tell-author": "yes"}), "notice-author")) == 1
    a_day_later(room)
    assert [len(room.due(hold(ours, n, facts=FORGED), "notice-author")) for n in ("later", "later still")] == [1, 0]


def test_expiry_counts_too(room, ours):
    posts = [hold(ours, n, facts=FORGED) for n in range(3)]
    a_day_later(room)
    room.store("UPDATE held SET expires_at = 1 WHERE list = ?", ours.name)
    room.kill()
    for held in posts:
        wait_until(lambda held=held: state(room, held)[0] == "expired", 20, "the end of its time")
    assert sorted(len(room.due(held, "expired-author")) for held in posts) == [0, 0, 1]
    assert [len(room.due(held, "expired-moderators")) for held in posts] == [1, 1, 1]


def test_confirmations_one_after_the_other(room, ours):
    first, second, third = (hold(ours, n, kind=CONFIRMATION, facts=FORGED) for n in range(3))
    tokens = room.tokens(first, "notice-author")[AUTHOR]
    assert is_early(room, second) and is_early(room, third)
    # Who answers reads his mail: he is asked about the next at once, and about no other.
    assert ours.order(tokens["confirm"], AUTHOR, "confirm")[0] == "decided"
    (due,), = room.store("SELECT held FROM job WHERE kind = 'notice-author' AND list = ? AND due_at <= unixepoch()", ours.name)
    assert due == second
    tokens = room.tokens(second, "notice-author")[AUTHOR]
    assert is_early(room, third)
    assert ours.order(tokens["confirm"], AUTHOR, "confirm")[0] == "decided"
    assert [state(room, held)[0] for held in (first, second, third)] == ["confirmed", "confirmed", "waiting"]
    assert not is_early(room, third)


def test_a_confirmation_waits_a_day(room, ours):
    first, second = (hold(ours, n, kind=CONFIRMATION, facts=FORGED) for n in range(2))
    room.tokens(first, "notice-author")
    for _ in range(6):
        assert is_early(room, second)
    assert "ALARM list=<%s>" % ours.name not in room.log_text(), "to wait is no trouble"
    a_day_later(room)
    assert list(room.tokens(second, "notice-author")) == [AUTHOR]
