"""The fan-out over the wire with the real rollcall-dispatch, CRM and store, at a mail server that plays a script: what it answers for, what breaks at
each step, and children that ask out of turn. Nothing is sent then, or it is said that it was."""
import contextlib
import os

import pytest

from lab.postfix import DOMAIN
from lab.world import World
from dispatch_room import AUTHOR, POST, List, Room, key_of, numbers, without
from scripted_qmqp import ScriptedQmqp

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user")
LF = POST.replace(b"\r\n", b"\n")


@pytest.fixture(scope="module")
def room():
    with World(start_rollcall=False) as world, ScriptedQmqp(os.path.join(world.directory, "qmqp")) as qmqp:
        world.rollcall.configure({"rollcall": {"qmqp_socket": qmqp.where}})
        started = Room(world)
        started.qmqp = qmqp
        yield started
        assert started.end() == 0
        assert "@mail.example.net" not in started.log_text() and "@mods.example" not in started.log_text()


@pytest.fixture
def ours(room):
    room.qmqp.replies, room.qmqp.taken, room.qmqp.before = [], [], None
    return List(room)


@contextlib.contextmanager
def claimed(room, ours):
    key = key_of(ours.name, next(numbers))
    with room.phase() as phase:
        assert phase.ask("CLAIM", ours.name, key).word == "none"
        yield phase, key


@contextlib.contextmanager
def prepared(room, ours):
    with claimed(room, ours) as (phase, key):
        ways, ready = phase.prepare(ours.name, key, POST)
        assert ready.word == "none" and ways == {"mail": 3}, ready
        yield phase, key


# ---- out of turn ----


def test_a_child_that_asks_out_of_turn_gets_nothing(room, ours):
    key = key_of("turn")
    with room.phase() as phase:
        refused = [phase.ask("ROSTER", ours.name, 0, key, "", [], []), phase.ask("PREPARE", "mail", message=LF), phase.ask("COMMIT"),
                   phase.ask("FINISH", "", False)]
        assert phase.ask("CLAIM", ours.name, key).word == "none"
        for name, role, with_key, others in [
                (ours.name, 0, key_of("another"), []), (ours.name, 0, key[:5], []), (ours.name, 99, key, []), ("a@elsewhere.example", 0, key, []),
                (ours.name, 0, key, ["a@elsewhere.example"]), (ours.name, 0, key, [ours.name] * 21)]:
            refused.append(phase.ask("ROSTER", name, role, with_key, "", [], others))
        refused += [phase.ask("PREPARE", "mail", message=LF), phase.ask("FINISH", "", False)]
        assert phase.ask("ROSTER", ours.name, 0, key, "", [], []).word == "none"
        refused += [phase.ask("PREPARE", "pigeon", message=LF), phase.ask("PREPARE", "nomail", message=LF), phase.ask("PREPARE", "txt", message=LF),
                    phase.ask("PREPARE", "mail"), phase.ask("PREPARE", "mail", message=b""), phase.ask("COMMIT"),
                    phase.ask("FINISH", "x" * 2001, False)]
    assert {(answer.word, answer.code) for answer in refused} == {("deferred", 451)}, refused
    assert all("internal trouble" in answer.text for answer in refused), refused
    assert room.qmqp.taken == []


def test_a_digest_without_its_post(room, ours):
    with prepared(room, ours) as (phase, key):
        assert phase.ask("COMMIT").word == "sent"
        answer = phase.ask("FINISH", "", True)
    assert answer.word == "deferred" and "internal trouble (finish)" in answer.text


# ---- nobody ----


def roster(room, ours, role=0, addressed=(), others=(), author=""):
    with claimed(room, ours) as (phase, key):
        return phase.ask("ROSTER", ours.name, role, key, author, list(addressed), list(others))


def test_nobody_and_why(room, ours):
    everybody = ours.moderators + [AUTHOR]
    answer = roster(room, ours, addressed=everybody)
    assert answer.word == "discarded" and answer.text == "every member has a copy already"
    answer = roster(room, ours, role=1)
    assert (answer.word, answer.code, answer.text) == ("deferred", 451, "the list has no owner right now")
    assert "ALARM list=<%s>: nobody in the CRM is its owner" % ours.name in room.log_text()
    # One whose address is none changes nothing of that.
    room.world.crm.join("no address", ours.local)
    assert roster(room, ours, addressed=everybody).word == "discarded"
    for address in everybody:
        room.world.crm.leave(address, ours.local)
    room.store("DELETE FROM list_count")
    answer = roster(room, ours)
    assert answer.word == "deferred" and "no row of column 'user_subscriber' is an address" in room.log_text()
    room.world.crm.leave("no address", ours.local)
    assert roster(room, ours).text == "the list is gone from the member directory"


def test_who_has_a_copy_by_another_list(room, ours):
    other = List(room)
    room.world.crm.leave(other.moderators[1], other.local)
    answer = roster(room, ours, others=[other.name])
    assert answer.values[0] == [["mail", 2]], "the author is on both"
    # A list that is gone is nobody's copy.
    assert roster(room, ours, others=["gone@" + DOMAIN]).values[0] == [["mail", 3]]


def test_a_list_that_shrank_and_a_crm_that_is_away(room, ours):
    for number in range(40):
        room.world.crm.join("s%d-%s@mods.example" % (number, ours.local), ours.local)
    assert roster(room, ours).word == "none"
    room.world.crm.execute("UPDATE mailinglists_subscription s JOIN members_user u ON u.id = s.member_id SET s.active = 0 WHERE u.email LIKE 's%%'")
    answer = roster(room, ours)
    assert (answer.word, answer.code) == ("deferred", 451)
    room.world.mariadb.stop()
    try:
        for answer in roster(room, ours), roster(room, ours, others=[ours.name]):
            assert answer.word == "deferred" and "member directory unavailable" in answer.text
    finally:
        room.world.mariadb.start()


# ---- the mail server ----


@pytest.mark.parametrize("reply, text", [(b"Zno room", "the mail system did not take it: no room"), (b"Dtoo big", "the mail system did not take it: too big")])
def test_it_says_no(room, ours, reply, text):
    room.qmqp.replies = [reply]
    with prepared(room, ours) as (phase, key):
        answer = phase.ask("COMMIT")
        assert (answer.word, answer.code) == ("deferred", 451) and text in answer.text
        # Nothing is left of it: the next attempt is a first one.
        ways, ready = phase.prepare(ours.name, key, POST)
        assert ready.word == "none" and phase.ask("COMMIT").word == "sent"
    assert "an earlier attempt ended" not in room.log_text().split(ours.name, 1)[1]
    assert len(room.qmqp.taken) == 2


def test_it_does_not_say(room, ours):
    room.qmqp.replies = [None]
    with prepared(room, ours) as (phase, key):
        answer = phase.ask("COMMIT")
    assert (answer.word, answer.text) == ("deferred", "no answer from the mail system")
    assert room.store("SELECT count(*) FROM post WHERE state = 1") != [(0,)], "what may be there is on record"
    room.store("DELETE FROM post")


def test_it_is_away(room, ours):
    os.rename(room.qmqp.path, room.qmqp.path + ".away")
    try:
        with claimed(room, ours) as (phase, key):
            ready = phase.prepare(ours.name, key, POST)[1]
            assert ready.word == "deferred" and ready.code == 451
            assert phase.ask("COMMIT").word == "deferred"
    finally:
        os.rename(room.qmqp.path + ".away", room.qmqp.path)


# ---- the store ----


def test_the_store_does_not_answer(room, ours):
    key = key_of(ours.name)
    with without(room, "post"), room.phase() as phase:
        answer = phase.ask("CLAIM", ours.name, key)
        assert (answer.word, answer.code) == ("deferred", 451), answer
    with claimed(room, ours) as (phase, key), without(room, "post"):
        assert phase.prepare(ours.name, key, POST)[1].word == "deferred"
    with prepared(room, ours) as (phase, key), without(room, "post"):
        # No INTENT, no last byte.
        assert phase.ask("COMMIT").word == "deferred"
    assert room.qmqp.taken == []


def test_the_store_does_not_answer_once_it_is_sent(room, ours):
    """Then 250 is the truth, whatever can be recorded of it."""
    gone = without(room, "post")
    with prepared(room, ours) as (phase, key):
        room.qmqp.before = gone.__enter__
        answer = phase.ask("COMMIT")
        room.qmqp.before = None
        assert answer.word == "sent" and answer.text.startswith("queued as ")
        assert phase.ask("FINISH", "", False).word == "sent"
        gone.__exit__(None, None, None)
    assert room.log_text().count("cannot record that 4bT2xk1Zz1 is done") == 2
    # What is kept for a digest is a promise of its own.
    with prepared(room, ours) as (phase, key):
        assert phase.ask("COMMIT").word == "sent"
        with without(room, "kept"):
            answer = phase.ask("FINISH", "", True, message=POST)
        assert (answer.word, answer.code) == ("deferred", 451)
    room.store("DELETE FROM post")


def test_a_variant_that_is_done_is_not_sent_again(room, ours):
    room.world.crm.join("digest-%s@mods.example" % ours.local, ours.local, digest=True)
    with claimed(room, ours) as (phase, key):
        assert phase.prepare(ours.name, key, POST)[1].word == "none"
        assert phase.ask("COMMIT").word == "sent"
        phase.kill()
    with room.phase() as phase:
        assert phase.claim_again(ours.name, key).word == "none"
        ready = phase.prepare(ours.name, key, POST)[1]
        assert ready.word == "sent" and ready.text == "queued as 4bT2xk1Zz1 before"
        assert phase.ask("FINISH", "", False).text == "queued as 4bT2xk1Zz1"
    assert len(room.qmqp.taken) == 1


def test_a_post_of_one_variant_is_done_with_it(room, ours):
    """Nobody waits for more of it: so nothing is left for FINISH to record, and a child that dies before it leaves a post that is done."""
    with prepared(room, ours) as (phase, key):
        assert phase.ask("COMMIT").word == "sent"
        phase.kill()
    with room.phase() as phase:
        answer = phase.claim_again(ours.name, key)
        assert (answer.word, answer.text) == ("sent", "queued as 4bT2xk1Zz1 before")
    assert len(room.qmqp.taken) == 1
