"""A state store that fails under rollcall-dispatch, request by request: one of its tables is away, as after damage to the file. Each request
is deferred with one short reason, says why in the log, and does its work when the table is back: trouble of ours refuses nobody and loses
nothing (DESIGN section 1). That each call of lib/store says so, statement by statement, is test_store_faults.c's."""
import os

import pytest

from dispatch_room import AUTHOR, POST, key_of, one_phase, ours, room, state, without  # noqa: F401

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user")
REASON = "state store unavailable, try again later"


# ---- what is asked: each makes what it needs and returns the question ----

def claim(room, ours):
    return one_phase(room, "CLAIM", ours.name, key_of("claim", ours.name))


def duplicate(room, ours):
    return one_phase(room, "DUPLICATE", ours.name, key_of("content", ours.name), before=[("CLAIM", ours.name, key_of("duplicate", ours.name))])


def deaths(room, ours):
    return one_phase(room, "DEATHS", key_of("dead", ours.name))


def death(room, ours):
    def ask():
        with room.errand() as phase:
            return phase.ask("DEATH", key_of("dying", ours.name))
    return ask


def hold(room, ours):
    key = key_of("hold", ours.name)
    return one_phase(room, "HOLD", ours.name, key, 1, AUTHOR, AUTHOR, "because", {}, before=[("CLAIM", ours.name, key)], message=POST)


def order(room, ours):
    moderator = ours.moderators[0]
    token = room.tokens(ours.hold())[moderator]["accept"]
    return one_phase(room, "ORDER", ours.name, token, moderator, "accept", "", "smtp", "none", "client 192.0.2.1")


def stale_order(room, ours):
    """One that is answered, because somebody was first."""
    first, second = ours.moderators
    tokens = room.tokens(ours.hold())
    assert ours.order(tokens[first]["discard"], first, "discard")[0] == "decided"
    return one_phase(room, "ORDER", ours.name, tokens[second]["accept"], second, "accept", "", "smtp", "none", "client 192.0.2.1")


def withdrawal(room, ours):
    held = ours.hold(facts={"tell-author": "yes"})
    return one_phase(room, "ORDER", ours.name, room.tokens(held, "notice-author")[AUTHOR]["withdraw"], AUTHOR, "withdraw", "", "smtp", "none", "")


def guess(room, ours):
    return one_phase(room, "ORDER", ours.name, "b" * 16, "guesser@elsewhere.example", "accept", "", "smtp", "none", "client " + ours.local)


def answer(room, ours):
    return one_phase(room, "ANSWER", ours.name, "asks@%s.example" % ours.local, "help", {})


def wish(room, ours):
    key, person = key_of("wish", ours.name), "joins@%s.example" % ours.local
    return one_phase(room, "WISH", ours.name, key, "subscribe", person, person, "smtp", {}, before=[("CLAIM", ours.name, key)], message=POST)


def job(room, ours):
    number, = room.due(ours.hold())

    def ask():
        with room.errand() as phase:
            return phase.ask("JOB", number)
    return ask


def roster(room, ours):
    key = key_of("roster", ours.name)
    return one_phase(room, "ROSTER", ours.name, 0, key, "", [], [], before=[("CLAIM", ours.name, key)])


REQUESTS = [(claim, "post"), (duplicate, "distributed"), (deaths, "death"), (death, "death"), (hold, "held"), (hold, "held_message"), (hold, "job"),
            (order, "token"), (order, "held"), (order, "job"), (stale_order, "job"), (withdrawal, "held"), (guess, "token_bad"),
            (guess, "answer"), (answer, "answer"), (answer, "job"), (wish, "answer"), (wish, "job"), (job, "job"), (job, "held"), (job, "token"),
            (job, "held_message"), (roster, "list_count")]


@pytest.mark.parametrize("prepare, table", REQUESTS, ids=["%s without %s" % (prepare.__name__, table) for prepare, table in REQUESTS])
def test_request_is_deferred_until_the_store_is_mended(room, ours, prepare, table):
    ask = prepare(room, ours)
    before = room.log_text().count("state store: ")
    with without(room, table):
        said = ask()
        assert said.word == "deferred" and said.text == REASON and 400 <= said.code < 500, (said, room.log_text()[-1000:])
        assert "no such table" in room.log_text() and room.log_text().count("state store: ") > before
    said = ask()
    assert said.word != "deferred", (said, room.log_text()[-1000:])


def test_what_is_in_hand_when_the_store_fails(room, ours):
    """A post between its last byte and its records, a job before its end: what was done is not denied, what was not is tried again."""
    key = key_of("in hand", ours.name)
    room.world.postfix.wait_empty()
    room.world.sink.forget()
    with room.phase() as phase:
        assert phase.ask("CLAIM", ours.name, key).word == "none"
        ways, ready = phase.prepare(ours.name, key, POST)
        assert ready.word == "none"
        with without(room, "post"):
            assert phase.ask("COMMIT").word == "deferred", "nothing may be handed over that cannot be recorded"
    room.world.postfix.wait_empty()
    assert not room.world.sink.recipients(), "somebody got a copy"
    with room.phase() as phase:
        assert phase.claim_again(ours.name, key).word == "none"
        assert phase.prepare(ours.name, key, POST)[1].word == "none"
        assert phase.ask("COMMIT").word == "sent"
        with without(room, "post"):
            assert phase.ask("FINISH", "", False).word == "sent", "the copies are out, and their own record says so"
    room.world.copies(3)
    number, = room.due(ours.hold(key=key_of("job in hand", ours.name)))
    with room.errand() as phase:
        assert phase.ask("JOB", number).word == "none"
        with without(room, "job"):
            assert phase.ask("JOB_DONE", True, "").word == "deferred"
    assert room.due() and number in room.due(), "it is there still"

