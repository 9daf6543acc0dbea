"""Wishes over the wire: a mail that proves its author is as good as a confirmation, one that does not is asked about, and nonsense gets nothing."""
import os
import subprocess

import pytest

from dispatch_room import DOMAIN, Room, key_of
from lab.crm import schema
from lab.process import BUILD, wait_until
from lab.world import World

MAIL = b"From: chaya@mail.example.net\r\nSubject: please\r\n\r\nLet me go.\r\n"
ANN, BOB = "chaya@mail.example.net", "dirk@post.example.com"
CHOIR = "deelnemers@" + DOMAIN


@pytest.fixture(scope="module")
def room():
    with World(start_rollcall=False) as world:
        world.crm.mariadb.script(schema("procedures.sql"))
        world.crm.join(BOB, "deelnemers")
        world.rollcall.configure({"crm": {"subscribe_procedure": "mailinglists_join", "unsubscribe_procedure": "mailinglists_leave"}})
        started = Room(world, subscription_requests="procedure")
        yield started
        assert started.end() == 0
        assert "@mail.example.net" not in started.log_text() and "@post.example.com" not in started.log_text()


def ask(room, person, word="unsubscribe", method="smtp", name=CHOIR, claim=True, message=MAIL, number=0):
    key = key_of(person, word, method, number)
    with room.phase() as phase:
        if claim:
            assert phase.ask("CLAIM", name, key).word == "none"
        return phase.ask("WISH", name, key, word, person, person, method, {"message-id": "<1@mua.example>"}, message=message)


@pytest.mark.parametrize("method", ["dkim", "smime", "md5"])
def test_a_proved_author_needs_no_confirmation(room, method):
    before = room.due(kind="notice-author")
    assert ANN in room.world.crm.members("deelnemers")
    answer = ask(room, ANN, method=method)
    assert answer.word == "none" and answer.values == ["called"], answer
    assert ANN not in room.world.crm.members("deelnemers") and room.due(kind="notice-author") == before
    assert ask(room, ANN, "subscribe", method).values == ["called"]
    assert ANN in room.world.crm.members("deelnemers")
    # One answer a day, however often it is proved.
    assert len(room.store("SELECT id FROM job WHERE kind = 'answer'")) == 1


def test_anybody_else_is_asked_first(room):
    assert ask(room, BOB).values == ["asked to confirm"]
    assert BOB in room.world.crm.members("deelnemers")
    (held, author, state), = room.store("SELECT id, author, state FROM held")
    assert author == BOB and state == 1
    token, = room.tokens(held, "notice-author").values()
    assert room.order(CHOIR, token["confirm"], ANN, "confirm")[0] == "wrong-person"
    assert room.order(CHOIR, token["confirm"], BOB, "confirm")[0] == "decided"
    # The job calls the procedure and leaves the answer; it may be taken twice, and a crash between is harmless.
    number, = room.due(held, "wish")
    room.kill()
    with room.errand() as phase:
        assert phase.ask("JOB", number).text == "its wish is granted"
    assert BOB not in room.world.crm.members("deelnemers")
    assert room.due(held, "wish") == [] and len(room.due(held, "answer")) == 1
    with room.errand() as phase:
        assert phase.ask("JOB", number).text == "gone"
    job = room.take(held, "answer")
    assert job.fields["text"] == "unsubscribed" and job.fields["to"] == BOB
    job.send_all()
    assert room.store("SELECT author, size FROM held WHERE id = ?", held) == [("", 0)]


def test_the_console_may_grant_it(room):
    person = "esther@home.example.org"
    room.world.crm.join(person, "deelnemers")
    assert ask(room, person).values == ["asked to confirm"]
    (held,), = room.store("SELECT id FROM held WHERE author = ?", person)
    done = subprocess.run([os.path.join(BUILD, "rollcall"), "accept", "--config", room.world.rollcall.config, str(held)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert room.due(held, "release") == []
    number, = wait_until(lambda: room.due(held, "wish"), 5, "the job")
    with room.errand() as phase:
        assert phase.ask("JOB", number).text == "its wish is granted"
    assert person not in room.world.crm.members("deelnemers")


def test_nonsense_gets_nothing(room):
    members = room.world.crm.members("deelnemers")
    for how in ({"word": "drop"}, {"claim": False}, {"name": "deelnemers@elsewhere.example", "claim": False}, {"person": "no address"}, {"message": None}):
        how = {"person": ANN, "method": "smime", "number": repr(how), **how}
        person = how.pop("person")
        answer = ask(room, person, **how)
        assert answer.word == "deferred" and answer.text.endswith("internal trouble (wish)"), answer
    # "smtp" and a word that is no method prove nothing.
    assert ask(room, "x@mail.example.net", method="smime2").values == ["asked to confirm"]
    assert room.world.crm.members("deelnemers") == members


def test_a_mail_wishes_once(room):
    """Who owns a parser can say of anybody that he has proved himself; of one person, as his own mail could."""
    members, key = room.world.crm.members("deelnemers"), key_of("twice")
    with room.phase() as phase:
        assert phase.ask("CLAIM", CHOIR, key).word == "none"
        for person, wanted in ((ANN, ("none", ["called"])), (BOB, ("deferred", ["later"])), (ANN, ("deferred", ["later"]))):
            answer = phase.ask("WISH", CHOIR, key, "unsubscribe", person, person, "smime", {}, message=MAIL)
            assert (answer.word, answer.values) == wanted, answer
    assert ask(room, ANN, "subscribe", "smime", number=2).values == ["called"]
    assert sorted(room.world.crm.members("deelnemers")) == sorted(members)
