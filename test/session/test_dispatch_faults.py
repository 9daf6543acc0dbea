"""What breaks around held posts and jobs: damaged messages (row X8 of the hostile input table), the clock, children that ask out of turn,
and kill -9 at each step. With the real rollcall-dispatch, CRM and Postfix."""
import json
import os

import pytest

from lab.process import children, wait_until
from dispatch_room import AUTHOR, POST, key_of, ours, room, state  # noqa: F401

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user")


# ---- damaged and lost ----


def test_x8_damaged_message(room, ours):
    held = ours.hold()
    one = ours.moderators[0]
    tokens = room.tokens(held)
    room.store("UPDATE held_message SET message = zeroblob(3) WHERE held = ?", held)
    assert ours.order(tokens[one]["accept"], one, "accept")[0] == "missing"
    text, answer = room.answer_to(ours.name)
    assert text == "lost" and len(answer.recipients) == 1 and answer.message is None
    answer.done()
    assert state(room, held)[0] == "waiting" and room.due(held, "release") == []
    assert ours.order(tokens[one]["discard"], one, "discard")[0] == "decided"


def test_x8_damaged_after_the_decision(room, ours):
    held = ours.hold()
    one = ours.moderators[0]
    assert ours.order(room.tokens(held)[one]["accept"], one, "accept")[0] == "decided"
    room.store("UPDATE held_message SET message = zeroblob(3) WHERE held = ?", held)
    number, = room.due(held, "release")
    with room.errand() as phase:
        answer = phase.ask("JOB", number)
        assert answer.word == "discarded" and answer.message is None
    assert room.due(held, "release") == []
    text, answer = room.answer_to(ours.name)
    room.world.sink.forget()
    answer.send_all()
    assert text == "lost" and [t.recipients for t in room.world.copies(1)] == [[one]]


# ---- the clock ----


def test_expiry(room, ours):
    held = ours.hold(facts={"tell-author": "yes"})
    silent = ours.hold(key=key_of("silent"))
    unproved = ours.hold(kind=2, key=key_of("unproved"))
    unread = ours.hold(kind=3, author="", key=key_of("unread"))
    tokens = room.tokens(held)
    room.store("UPDATE held SET expires_at = 1 WHERE list = ?", ours.name)
    room.kill()  # a new clock looks at once
    wait_until(lambda: {state(room, h)[0] for h in (held, silent, unproved, unread)} == {"expired"}, 20, "expiry")
    assert room.due(held, "expired-author") and room.due(held, "expired-moderators")
    assert not room.due(silent, "expired-author") and room.due(silent, "expired-moderators")
    assert room.due(unproved) == room.due(unproved, "notice-author"), "nobody knew of it"
    job = room.take(unread, "expired-owners")
    assert job.message is None, "its bytes went to somebody"
    job.done()
    assert not room.due(unread, "expired-moderators") and not room.due(unread, "expired-author")
    job = room.take(held, "expired-moderators")
    assert len(job.recipients) == 2 and job.message == POST and job.fields["held-state"] == "expired"
    job.done()
    one = ours.moderators[0]
    outcome, fields = ours.order(tokens[one]["accept"], one, "accept")
    assert outcome == "already" and fields["state"] == "expired"


def test_expiry_comes_second(room, ours):
    """Whom somebody decides about between the clock's look and its turn: that decision stands, and nobody hears or reads of another (HOSTILE X3)."""
    first = ours.hold()
    second, third = [ours.hold(facts={"tell-author": "yes"}, key=key_of(name)) for name in ("second", "third")]
    room.store("UPDATE held SET expires_at = 1 WHERE list = ?", ours.name)
    room.store("CREATE TRIGGER somebody AFTER UPDATE OF state ON held WHEN NEW.id = %d BEGIN "
               "UPDATE held SET state = 4, decided_at = 1 WHERE id = %d; END" % (first, second))
    room.kill()
    wait_until(lambda: "held=%d expired" % third in room.log_text(), 20, "expiry")
    room.store("DROP TRIGGER somebody")
    assert [state(room, held)[0] for held in (first, second, third)] == ["expired", "discarded", "expired"]
    assert "held=%d expired" % first in room.log_text() and "held=%d expired" % second not in room.log_text()
    assert not room.due(second, "expired-author") and not room.due(second, "expired-moderators")


def test_tickets(room, ours):
    """At once by the worker, and again by the clock when that one was lost."""
    room.store("DELETE FROM job")
    room.forget_tickets()
    held = ours.hold()
    number, = room.due(held)
    assert room.next_ticket() == number
    room.forget_tickets()
    job = room.take(held, "notice-moderators")
    job.done(False)
    room.store("UPDATE job SET due_at = 0 WHERE id = ?", number)
    room.kill()
    wait_until(lambda: room.next_ticket() == number, 10, "the clock's ticket")
    room.take(held, "notice-moderators").done()


def test_many_tickets(room, ours):
    """Ten at a time, and each job gets its ticket although the first ones stay due."""
    room.store("DELETE FROM job")
    room.forget_tickets()
    for i in range(35):
        room.store("INSERT INTO job (held, list, kind, fields, attempts, made_at, due_at) VALUES (0, ?, 'answer', x'', 0, 1, ?)", ours.name, i)
    wanted, got = set(room.due()), set()
    for _ in range(2 * len(wanted)):
        got.add(room.next_ticket())
        if got >= wanted:
            break
    assert got >= wanted
    room.store("DELETE FROM job")


# ---- requests that no honest child sends ----


def test_out_of_turn(room, ours):
    key = key_of("turn")
    for number in (0, 2 ** 62):
        with room.errand() as phase:
            assert phase.ask("JOB", number).word == "discarded"
    with room.phase() as phase:
        assert phase.ask("NOTICE", 0, key, message=POST).word == "deferred"
        assert phase.ask("JOB_DONE", True, "").word == "deferred"
        assert phase.ask("HOLD", ours.name, key, 1, AUTHOR, AUTHOR, "", {}, message=POST).word == "deferred", "without K"
        assert phase.ask("CLAIM", ours.name, key).word == "none"
        assert phase.ask("HOLD", ours.name, key_of("other"), 1, AUTHOR, AUTHOR, "", {}, message=POST).word == "deferred"
        assert phase.ask("HOLD", ours.name, key, 3, AUTHOR, AUTHOR, "", {}, message=POST).word == "deferred"
        assert phase.ask("HOLD", ours.name, key, 1, AUTHOR, AUTHOR, "", {}).word == "deferred"
        assert phase.ask("HOLD", ours.name, key, 1, AUTHOR, AUTHOR, "x" * 20000, {}, message=POST).word == "deferred"
        assert phase.ask("HOLD", "a@elsewhere.example", key, 1, AUTHOR, AUTHOR, "", {}, message=POST).word == "deferred"
        assert phase.ask("HOLD", ours.name, key, 1, AUTHOR, AUTHOR, "", {}, message=b"").word == "deferred"
        assert phase.ask("HOLD", ours.name, key, 1, "no address", AUTHOR, "", {}, message=POST).word == "deferred"
        assert phase.ask("HOLD", ours.name, key, 1, AUTHOR, AUTHOR, "", {}, message=POST).word == "sent"
        assert phase.ask("ORDER", ours.name, "a" * 16, "no address", "accept", "", "smtp", "none", "").word == "deferred"
        assert phase.ask("ORDER", "a@elsewhere.example", "a" * 16, AUTHOR, "accept", "", "smtp", "none", "").word == "deferred"
    with room.phase() as phase:
        assert phase.claim_again(ours.name, key).word == "sent"


def test_a_job_is_not_for_a_sessions_child(room, ours):
    """It has parsed what a stranger sent: were it owned, it would read held posts and their moderators' tokens."""
    held = ours.hold()
    number, = room.due(held)
    with room.phase() as phase:
        answer = phase.ask("JOB", number)
    assert answer.word == "deferred" and answer.values == ["", "", 0, {}, []] and answer.message is None
    assert len(room.tokens(held)) == 2, "and it was not put off by that"


def test_a_child_gets_one_job(room, ours):
    """The release of a post parses it: whoever owns that child must not see the next held post."""
    first, second = ours.hold(), ours.hold(key=key_of("another"))
    job = room.take(first, "notice-moderators")
    number, = room.due(second)
    room.store("UPDATE job SET due_at = 0 WHERE id = ?", number)
    with job.phase as phase:
        assert phase.ask("JOB_DONE", True, "").word == "none"
        assert phase.ask("JOB", number).word == "deferred"


def test_a_job_is_one_childs(room, ours):
    held = ours.hold()
    job = room.take(held, "notice-moderators")
    number, = room.due(held)
    room.store("UPDATE job SET due_at = 0 WHERE id = ?", number)
    with room.errand() as phase:
        assert phase.ask("JOB", number).text == "busy"
    assert job.phase.ask("JOB", number).word == "deferred", "one at a time"
    assert job.phase.ask("NOTICE", 0, key_of("K"), message=POST).word == "deferred", "that was the end of the phase's job"
    job.phase.__exit__()
    room.take(held, "notice-moderators").done()


# ---- kill -9 ----


def test_kill_before_hold(room, ours):
    phase = room.phase()
    assert phase.ask("CLAIM", ours.name, key_of(ours.name, POST)).word == "none"
    room.kill()
    phase.__exit__()
    assert room.store("SELECT id FROM held WHERE list = ?", ours.name) == []
    held = ours.hold()
    assert room.store("SELECT id FROM held WHERE list = ?", ours.name) == [(held,)] and len(room.due(held)) == 1


def test_kill_at_each_step(room, ours):
    held = ours.hold(facts={"tell-author": "yes"})
    room.kill()
    with room.phase() as phase:
        answer = phase.claim_again(ours.name, key_of(ours.name, POST))
        assert answer.word == "sent" and answer.text == "held as %d before" % held
    assert state(room, held) == ("waiting", 1)

    # One notice is out when the lights go: the next attempt sends the other one, and the first one's tokens still act.
    room.world.sink.forget()
    job = room.take(held, "notice-moderators")
    assert job.notice(0).word == "sent"
    room.world.copies(1)
    room.kill()
    job.phase.__exit__()
    number, = room.due(held, "notice-moderators")
    with room.errand() as phase:
        assert phase.ask("JOB", number).text == "early"
    job = room.take(held, "notice-moderators")
    assert job.notice(0).text.endswith(" before") and job.notice(1).word == "sent"
    room.world.copies(2)
    assert sorted(room.world.sink.recipients().items()) == [(address, 1) for address in sorted(ours.moderators)]
    tokens = {t.recipients[0]: json.loads(t.body) for t in room.world.sink.transactions()}
    job.phase.kill()
    room.kill()

    one, two = ours.moderators
    assert ours.order(tokens[one]["accept"], one, "accept")[0] == "decided"
    room.kill()
    assert state(room, held) == ("accepted", 1) and len(room.due(held, "release")) == 1
    assert ours.order(tokens[two]["discard"], two, "discard")[0] == "already"

    # Killed between the hand-over and the end of the job: the K tells, and each member has one copy.
    room.world.sink.forget()
    key = key_of("release", held)
    release = room.take(held, "release")
    with release.phase as phase:
        assert phase.ask("CLAIM", ours.name, key).word == "none"
        assert phase.prepare(ours.name, key, POST)[1].word == "none"
        room.kill()
    release = room.take(held, "release")
    with release.phase as phase:
        assert phase.claim_again(ours.name, key).word == "none"
        assert phase.prepare(ours.name, key, POST)[1].word == "none"
        queue_id, = phase.ask("COMMIT").values
        room.kill()
    # The variant is with Postfix, and the post is not done.
    release = room.take(held, "release")
    assert release.message == POST
    with release.phase as phase:
        assert phase.claim_again(ours.name, key).word == "none"
        assert phase.prepare(ours.name, key, POST)[1].text == "queued as %s before" % queue_id
        assert phase.ask("COMMIT").text == "internal trouble (commit)"
        assert phase.ask("FINISH", "", False).text == "queued as " + queue_id
        room.kill()
    release = room.take(held, "release")
    with release.phase as phase:
        assert phase.claim_again(ours.name, key).text == "queued as %s before" % queue_id
        assert phase.ask("JOB_DONE", True, "").word == "none"
    room.world.copies(3)
    assert set(room.world.sink.recipients().values()) == {1}


def test_moderators_change_between_attempts(room, ours):
    """Places move when the list of moderators does; whoever had the mail has had it, and nobody is passed over."""
    room.world.sink.forget()
    held = ours.hold()
    job = room.take(held, "notice-moderators")
    assert job.notice(0).word == "sent"
    room.world.copies(1)
    (had,) = room.world.sink.recipients()
    job.done(False)
    ours.demote(had)
    for i in range(2):
        room.world.crm.add_person("new%d-%s@mods.example" % (i, ours.local), moderator=True)
        room.world.crm.join("new%d-%s@mods.example" % (i, ours.local), ours.local)
    room.take(held, "notice-moderators").send_all()
    room.world.copies(4)
    assert len(room.world.sink.recipients()) == 4 and set(room.world.sink.recipients().values()) == {1}


def test_clock_is_started_again(room):
    """The clock is a child like the workers: whatever ends it, there is one again."""
    wait_until(lambda: len(children(room.process.pid)) == 6, 10, "four workers, the clock and the archiver")
    pids = children(room.process.pid)
    for pid in pids:
        os.kill(pid, 9)
    wait_until(lambda: len(children(room.process.pid)) == 6 and not set(children(room.process.pid)) & set(pids), 10, "new children")
