"""One statement of the store fails in the midst of what rollcall-dispatch does with several: somebody's turn and the mail that he gets for it, a job's end and what
follows from it, a digest's posts, the clock's rounds, the mail server's "no" and its record. Then nothing is lost, nothing is said twice, and the log
tells why. Planted from outside, as a trigger: so a real statement of the program as it is installed fails, and no other. Each call by itself: unit/test_store_faults.c."""
import mailbox
import os
import signal

import pytest

from dispatch_room import AUTHOR, POST, List, Room, broken, key_of, numbers, one_phase, state, without
from lab.crm import schema
from lab.inject import AVAILABLE, Strace
from lab.postfix import DOMAIN
from lab.process import children, wait_until
from lab.rollcall import DISPATCH_UID
from lab.world import World
from scripted_qmqp import ScriptedQmqp

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user")
REASON = "state store unavailable, try again later"
WISHED = "wished@" + DOMAIN    # its wishes go to the CRM's procedure
OWNED = "owned@" + DOMAIN      # and its to the owners
BOXED = "boxed@" + DOMAIN      # and this is archived
DIGEST, OTHER = "digested@" + DOMAIN, "another@" + DOMAIN
ENDS = ("ABORT", "ROLLBACK")   # the statement is taken back, or, as when the disk is full, the whole transaction is


@pytest.fixture(scope="module")
def room():
    lists = {"list " + WISHED: {"subscription_requests": "procedure"}, "list " + OWNED: {"subscription_requests": "owners"}}
    lists.update({"list " + name: {"digest_at": "", "digest_posts": "2"} for name in (DIGEST, OTHER)})
    with World(start_rollcall=False) as world, ScriptedQmqp(os.path.join(world.directory, "qmqp")) as qmqp:
        world.crm.mariadb.script(schema("procedures.sql"))
        archives = os.path.join(world.directory, "archives")
        os.mkdir(archives)
        os.chown(archives, DISPATCH_UID, DISPATCH_UID)
        lists["list " + BOXED] = {"archive": "mbox:%s/box" % archives}
        for name in WISHED, OWNED, DIGEST, OTHER, BOXED:
            world.crm.join(AUTHOR, name.partition("@")[0])
            world.crm.join("reads-%s@mods.example" % name.partition("@")[0], name.partition("@")[0], digest=True)
        world.crm.add_person("owner@mods.example", owner=True)
        world.crm.join("owner@mods.example", "owned")
        world.rollcall.configure({"rollcall": {"qmqp_socket": qmqp.where},
                                  "crm": {"subscribe_procedure": "mailinglists_join", "unsubscribe_procedure": "mailinglists_leave"}, **lists})
        started = Room(world)
        started.qmqp = qmqp
        yield started
        assert started.end() == 0
        assert "@mail.example.net" not in started.log_text() and "@mods.example" not in started.log_text()


@pytest.fixture
def ours(room):
    room.qmqp.replies, room.qmqp.taken, room.qmqp.before = [], [], None
    return List(room)


def jobs_of(room, name, kind):
    return [row[0] for row in room.store("SELECT id FROM job WHERE list = ? AND kind = ?", name, kind)]


def take(room, number):
    """The answer to JOB, for who cares for no more."""
    room.store("UPDATE job SET due_at = 0 WHERE id = ?", number)
    with room.errand() as phase:
        return phase.ask("JOB", number)


# ---- a turn and what it is used for ----
# Each makes what it needs, and returns: the question, what fails, what the answer to it is when it is asked again, and the jobs that there are then.

def reply(room, ours):
    person = "asks@%s.example" % ours.local
    return one_phase(room, "ANSWER", ours.name, person, "help", {}), "INSERT ON job", "queued", (ours.name, "answer")


def wish(room, name, person, method, word="subscribe"):
    key = key_of("wish", name, person, method)
    return one_phase(room, "WISH", name, key, word, person, person, method, {}, before=[("CLAIM", name, key)], message=POST)


def page(room, ours):
    return wish(room, ours.name, "joins@%s.example" % ours.local, "smtp"), "INSERT ON job", "answered", (ours.name, "answer")


def wish_for_owners(room, ours):
    """The note can be written, and the answer cannot: then the owners do not hear of it twice."""
    return wish(room, OWNED, "joins@%s.example" % ours.local, "smtp"), "INSERT ON job WHEN NEW.kind = 'answer'", "noted", (OWNED, "answer", "note")


def wish_unproved(room, ours):
    return wish(room, WISHED, "joins@%s.example" % ours.local, "smtp"), "INSERT ON held_message", "asked to confirm", (WISHED, "notice-author")


def wish_proved(room, ours):
    room.world.crm.add_person("joins@%s.example" % ours.local)
    return wish(room, WISHED, "joins@%s.example" % ours.local, "dkim"), "INSERT ON job", "called", (WISHED, "answer")


def guess(room, ours):
    return one_phase(room, "ORDER", ours.name, "b" * 16, "guesser@elsewhere.example", "accept", "", "smtp", "none", "here"), "INSERT ON job", "unknown", \
        (ours.name, "answer")


def disowned_order(room, ours):
    """Of which the address on file is asked whether it was his."""
    moderator, held = ours.moderators[0], ours.hold()
    job = room.take(held, "notice-moderators")
    token, = [r["accept"] for r, a in zip(job.recipients, sorted(ours.moderators)) if a == moderator]
    job.done()
    return one_phase(room, "ORDER", ours.name, token, moderator, "accept", "", "smtp", "fail", "here"), "INSERT ON job", "asked", (ours.name, "second")


TURNS = (reply, page, wish_for_owners, wish_unproved, wish_proved, guess, disowned_order)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("prepare", TURNS, ids=[prepare.__name__ for prepare in TURNS])
def test_a_turn_is_not_used_up_by_trouble(room, ours, prepare, end):
    """Who gets one answer a day gets it: an attempt of which nothing came is not the day's."""
    ask, what, outcome, (name, *kinds) = prepare(room, ours)
    what, _, when = what.partition(" WHEN ")
    before = {kind: len(jobs_of(room, name, kind)) for kind in kinds}
    with broken(room, what, when or "1", end):
        for _ in range(2):
            said = ask()
            assert said.word == "deferred" and said.text == REASON, (said, room.log_text()[-1000:])
    assert before == {kind: len(jobs_of(room, name, kind)) for kind in kinds}, "half of it stays"
    said = ask()
    assert said.word == "none" and said.values[0] == outcome, (said, room.log_text()[-1000:])
    assert {kind: count + 1 for kind, count in before.items()} == {kind: len(jobs_of(room, name, kind)) for kind in kinds}


@pytest.mark.parametrize("end", ENDS)
def test_an_author_is_asked_when_his_post_can_be_held(room, ours, end):
    """Whom nothing proves is asked about one post a day: not about one that could not be held."""
    key, facts = key_of("confirm", ours.name, end), {"unproved": "yes"}
    ask = one_phase(room, "HOLD", ours.name, key, 2, AUTHOR, AUTHOR, "because", facts, before=[("CLAIM", ours.name, key)], message=POST)
    with broken(room, "INSERT ON held_message", end=end):
        assert ask().word == "deferred"
    assert room.store("SELECT id FROM held WHERE list = ?", ours.name) == []
    held, = ask().values
    job = room.take(held, "notice-author")
    assert "confirm" in job.recipients[0]
    job.done()


def test_owners_hear_of_a_matter_when_it_can_be_written(room, ours):
    room.world.crm.join("no address", ours.local)

    def roster():
        key = key_of("roster", ours.name, next(numbers))
        return one_phase(room, "ROSTER", ours.name, 0, key, "", [], [], before=[("CLAIM", ours.name, key)])().word

    with broken(room, "INSERT ON job"):
        assert roster() == "none", "the post goes all the same"
        assert "list=<%s>: its owners cannot be told (note-unusable): adding a job: planted" % ours.name in room.log_text()
    with without(room, "answer"):
        assert roster() == "none"
    assert jobs_of(room, ours.name, "note") == []
    assert roster() == "none" and roster() == "none" and len(jobs_of(room, ours.name, "note")) == 1


@pytest.mark.parametrize("prepare", [wish_for_owners, wish_proved], ids=["owners", "procedure"])
def test_a_wish_waits_for_the_crm(room, ours, prepare):
    ask, _, outcome, (name, *kinds) = prepare(room, ours)
    before = len(jobs_of(room, name, "answer"))
    room.world.mariadb.stop()
    try:
        assert ask().word == "deferred" and len(jobs_of(room, name, "answer")) == before
    finally:
        room.world.mariadb.start()
    assert ask().values[0] == outcome and len(jobs_of(room, name, "answer")) == before + 1


def test_nobody_is_known_without_the_key(room, ours):
    """Others could read it: so nobody is hashed by it any more, what needs that waits, and the log says what to mend."""
    (number,), key = room.due(ours.hold()), os.path.join(room.state, "person.key")
    room.world.crm.join("no address", ours.local)
    asks = [prepare(room, ours)[0] for prepare in (reply, page, guess)]
    os.chmod(key, 0o644)
    room.kill()
    try:
        assert {ask().text for ask in asks} == {REASON} and take(room, number).text == REASON
        key_of_hold = key_of("without", ours.name)
        hold = one_phase(room, "HOLD", ours.name, key_of_hold, 2, AUTHOR, AUTHOR, "because", {"unproved": "yes"}, before=[("CLAIM", ours.name, key_of_hold)],
                         message=POST)
        assert hold().text == REASON
        roster = key_of("without roster", ours.name)
        assert one_phase(room, "ROSTER", ours.name, 0, roster, "", [], [], before=[("CLAIM", ours.name, roster)])().word == "none", "posts need no hash"
        assert "its owners cannot be told (note-unusable): person.key: must be a file of 32 bytes" in room.log_text()
    finally:
        os.chmod(key, 0o600)
    assert {ask().word for ask in asks} == {"none"} and take(room, number).word == "none" and hold().word == "sent"


def test_what_is_decided_is_decided(room, ours):
    """Whatever cannot be recorded of it: the mail's retry is a second click, which hears so."""
    one, held = ours.moderators[0], ours.hold()
    job = room.take(held, "notice-moderators")
    token = job.recipients[sorted(ours.moderators).index(one)]["discard"]
    job.done()
    key = key_of("click", ours.name)
    ask = one_phase(room, "ORDER", ours.name, token, one, "discard", "", "smtp", "none", "here", before=[("CLAIM", ours.name, key)])
    with broken(room, "INSERT ON post"):
        assert ask().values[0] == "decided" and "state store: recording a post: planted" in room.log_text()
    assert ask().values[0] == "already" and len(jobs_of(room, ours.name, "answer")) == 1
    held = ours.hold(kind=2, facts={"unproved": "yes"}, key=key_of("confirm", ours.name))
    job = room.take(held, "notice-author")
    token = job.recipients[0]["confirm"]
    job.done()
    with broken(room, "DELETE ON answer"):
        assert ours.order(token, AUTHOR, "confirm")[0] == "decided" and "state store: forgetting an answer: planted" in room.log_text()
    # Confirmed, and then refused by the rules: the author is told, and once.
    with broken(room, "DELETE ON job"), room.take(held, "release").phase as phase:
        assert phase.ask("JOB_DONE", True, "not here").text == REASON
    assert room.due(held, "refused") == []
    room.take(held, "release").done(why="not here")
    assert len(room.due(held, "refused")) == 1 and room.due(held, "release-failed") == []


# ---- a job's end and what follows ----

def decided(room, ours, word="accept", **how):
    one, held = ours.moderators[0], ours.hold(**how)
    job = room.take(held, "notice-moderators")
    token = job.recipients[sorted(ours.moderators).index(one)][word]
    job.done()
    assert ours.order(token, one, word)[0] == "decided"
    return held


@pytest.mark.parametrize("end", ENDS)
def test_word_of_a_lost_post_goes_out_once(room, ours, end):
    held = decided(room, ours)
    room.store("UPDATE held_message SET message = zeroblob(3) WHERE held = ?", held)
    number, = room.due(held, "release")
    with broken(room, "DELETE ON job", end=end):
        for _ in range(2):
            assert take(room, number).text == REASON
    assert jobs_of(room, ours.name, "answer") == [] and room.due(held, "release") == [number]
    assert take(room, number).text == "its message is lost"
    assert len(jobs_of(room, ours.name, "answer")) == 1 and room.due(held, "release") == []


@pytest.mark.parametrize("end", ENDS)
def test_word_of_a_failed_release_goes_out_once(room, ours, end):
    held = decided(room, ours)
    with broken(room, "DELETE ON job", end=end):
        for _ in range(2):
            with room.take(held, "release").phase as phase:
                assert phase.ask("JOB_DONE", True, "too long").text == REASON
    assert room.due(held, "release-failed") == []
    with broken(room, "INSERT ON job", end=end), room.take(held, "release").phase as phase:
        assert phase.ask("JOB_DONE", True, "too long").text == REASON
    room.take(held, "release").done(why="too long")
    assert room.due(held, "release") == [] and len(room.due(held, "release-failed")) == 1
    job = room.take(held, "release-failed")
    assert job.message == POST, "it goes back whole"
    job.done()


@pytest.mark.parametrize("name", [WISHED, None], ids=["procedure", "note"])
@pytest.mark.parametrize("end", ENDS)
def test_word_of_a_granted_wish_goes_out_once(room, ours, name, end):
    """The procedure is called again, and says the same; a list that has none any more leaves the note to its owners."""
    name, person = name or ours.name, "joins@%s.example" % ours.local
    room.world.crm.add_person(person)
    held = room.hold(name, POST, author=person, kind=2, facts={"wish": "subscribe"}, key=key_of("wish", ours.name))
    job = room.take(held, "notice-author")
    token = job.recipients[0]["confirm"]
    job.done()
    assert room.order(name, token, person, "confirm")[0] == "decided"
    number, = room.due(held, "wish")
    notes = len(jobs_of(room, name, "note"))
    with broken(room, "DELETE ON job", end=end):
        for _ in range(2):
            assert take(room, number).text == REASON
    assert room.due(held, "answer") == [] and len(jobs_of(room, name, "note")) == notes
    assert take(room, number).text == "its wish is granted"
    assert room.due(held, "wish") == [] and len(room.due(held, "answer")) == 1 and len(jobs_of(room, name, "note")) == notes + (name != WISHED)
    assert (person in room.world.crm.members("wished")) == (name == WISHED)


def test_a_job_that_has_nothing_to_do_and_cannot_be_ended(room, ours):
    held = ours.hold()
    number, = room.due(held)
    room.store("DELETE FROM held WHERE id = ?", held)
    with broken(room, "DELETE ON job"):
        assert take(room, number).text == REASON
    assert take(room, number).text == "its post is gone" and room.due(held) == []


def test_a_job_of_a_kind_or_a_list_that_nobody_knows(room, ours):
    """As a newer Rollcall may have written it, or one with another configuration: it stays, and the log says so."""
    for name, kind in (ours.name, "juggle"), ("a@elsewhere.example", "answer"):
        (number,), = room.store("INSERT INTO job (held, list, kind, fields, attempts, made_at, due_at) VALUES (0, ?, ?, x'', 0, 1, 0) RETURNING id", name, kind)
        assert take(room, number).text == "a job that is not understood"
        assert "ALARM list=<%s> job=%d: of a kind or a list" % (name, number) in room.log_text()
        room.store("DELETE FROM job WHERE id = ?", number)


def test_an_author_who_has_had_his_mail_waits(room, ours):
    """Nothing proves him, so a second post of his is asked about a day later; and if that cannot be said, still."""
    first, second = [ours.hold(kind=2, facts={"unproved": "yes"}, key=key_of(ours.name, number)) for number in range(2)]
    number, = room.due(second, "notice-author")
    with without(room, "answer"):
        assert take(room, number).text == REASON
    room.store("UPDATE job SET due_at = 0 WHERE id = ?", number)
    with broken(room, "UPDATE ON job", when="NEW.attempts = OLD.attempts"), room.errand() as phase:
        assert phase.ask("JOB", number).text == REASON
    assert take(room, number).text == "not today"
    room.take(first, "notice-author").done()


# ---- a digest ----

def keep(room, name, subject):
    """A post that is out, and waits for the list's next digest."""
    key, post = key_of("kept", subject), POST.replace(b"Tea", subject.encode())
    with room.phase() as phase:
        assert phase.ask("CLAIM", name, key).word == "none"
        assert phase.prepare(name, key, post)[1].word == "none"
        assert phase.ask("COMMIT").word == "sent"
        assert phase.ask("FINISH", "", True, message=post.replace(b"\r\n", b"\n")).word == "sent"


def closed(room, name):
    """The number of the job that sends its digest: a new clock looks at once."""
    room.kill()
    return wait_until(lambda: jobs_of(room, name, "digest"), 15, "a digest's job")[0]


def test_a_digest_whose_store_fails(room, ours):
    for subject in "One", "Two":
        keep(room, DIGEST, subject)
    number = closed(room, DIGEST)
    for table in "digest_issue", "kept", "kept_message":
        with without(room, table):
            assert take(room, number).text == REASON, table
    # Its end: all of it or nothing, and what has been sent is sent again by nobody.
    for what in "DELETE ON kept", "DELETE ON kept_message", "DELETE ON digest_issue", "DELETE ON job", "UPDATE ON kept":
        with broken(room, what), room.errand() as phase:
            room.store("UPDATE job SET due_at = 0 WHERE id = ?", number)
            assert phase.ask("JOB", number).word == "none"
            assert phase.ask("JOB_DONE", True, "").text == REASON, what
        assert room.store("SELECT count(*) FROM kept JOIN kept_message ON kept = id WHERE list = ? AND issue > 0", DIGEST) == [(2,)], what
    # A damaged post is left out, and the others go.
    room.store("UPDATE kept_message SET message = zeroblob(3) WHERE kept = (SELECT min(id) FROM kept WHERE list = ?)", DIGEST)
    room.store("UPDATE job SET due_at = 0 WHERE id = ?", number)
    with room.errand() as phase:
        answer = phase.ask("JOB", number)
        assert b"Subject: Two" in answer.message and b"Subject: One" not in answer.message
        assert answer.message.index(b"From: ") < 64, "what was damaged is cut off again"
        assert "ALARM list=<%s>: a post is missing in the digest" % DIGEST in room.log_text()
        assert phase.ask("JOB_DONE", True, "").word == "none"
    assert room.store("SELECT count(*) FROM kept WHERE list = ?", DIGEST) == [(0,)] and jobs_of(room, DIGEST, "digest") == []


def test_a_digest_whose_issue_is_gone(room, ours):
    (number,), = room.store("INSERT INTO job (held, list, kind, fields, attempts, made_at, due_at) VALUES (0, ?, 'digest', x'', 0, 1, 0) RETURNING id", DIGEST)
    with broken(room, "DELETE ON job"):
        assert take(room, number).text == REASON
    assert take(room, number).text == "its issue is gone" and jobs_of(room, DIGEST, "digest") == []


def test_one_lists_digest_keeps_no_others(room, ours):
    with broken(room, "INSERT ON digest_issue", when="NEW.list = '%s'" % DIGEST):
        for name in DIGEST, OTHER:
            for subject in "Three", "Four":
                keep(room, name, subject + name)
        closed(room, OTHER)
        assert "list=<%s> digest: cannot be closed: state store: closing a digest: planted" % DIGEST in room.log_text()
        assert jobs_of(room, DIGEST, "digest") == []
    closed(room, DIGEST)
    room.store("DELETE FROM job")


@pytest.mark.skipif(not AVAILABLE, reason="strace is not there")
def test_no_memory_for_what_a_job_carries(room, ours):
    """The kernel refuses a memory file, or a place in it."""
    for subject in "Five", "Six":
        keep(room, OTHER, subject)
    digest, (held,) = closed(room, OTHER), room.due(ours.hold())
    workers = children(room.process.pid)
    with Strace(workers, ["memfd_create"], "error=EMFILE"):
        answer = take(room, digest)
        assert (answer.word, answer.text) == ("deferred", "cannot make a memory file: Too many open files")
        assert take(room, held).text == REASON and "a memory file: Too many open files" in room.log_text()
    with Strace(workers, ["write"], "error=ENOSPC:when=1"):
        assert take(room, digest).word == "deferred"
    with room.errand() as phase:
        room.store("UPDATE job SET due_at = 0 WHERE id = ?", digest)
        assert b"Subject: Five" in phase.ask("JOB", digest).message
        assert phase.ask("JOB_DONE", True, "").word == "none"


# ---- the clock ----

def waiting(room, name, count):
    """Posts whose time is over, as the store has them."""
    room.store("INSERT INTO held (kind, state, list, author, sender, reason, facts, size, held_at, expires_at, decided_at) "
               "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT 2, 1, ?, '', '', '', x'', 1, 1, 0, 0 FROM n" % count, name)
    return [row[0] for row in room.store("SELECT id FROM held WHERE list = ? ORDER BY id", name)]


def test_the_clock_goes_on_beside_what_fails(room, ours):
    """A new clock looks at once. One post that cannot expire keeps no other from it, and nothing keeps the rest of the housekeeping."""
    stuck, *others = waiting(room, ours.name, 5)
    room.store("INSERT INTO answer (person, list, answered_at) VALUES (zeroblob(32), ?, 1)", ours.name)
    with broken(room, "UPDATE ON held", when="NEW.id = %d" % stuck), broken(room, "DELETE ON answer"):
        room.kill()
        wait_until(lambda: {state(room, held)[0] for held in others} == {"expired"}, 20, "expiry")
        assert state(room, stuck)[0] == "waiting"
        assert "state store: held=%d cannot expire: deciding a held post: planted" % stuck in room.log_text()
    assert "state store: removing what is over: planted" in room.log_text()
    room.kill()
    wait_until(lambda: state(room, stuck)[0] == "expired", 20, "the last one's expiry")
    assert room.store("SELECT count(*) FROM answer WHERE list = ?", ours.name) == [(0,)]


def test_the_clock_whose_tables_are_away(room, ours):
    """It says so and comes back to it: to jobs in a second, to digests in five, to posts that expire with the next look."""
    def expired():
        return room.store("SELECT count(*) FROM held WHERE list = ? AND state = 5", ours.name)[0][0]

    waiting(room, ours.name, 200)  # of which each round takes some, a second after the other
    room.kill()
    wait_until(lambda: expired() and expired() % 20 == 0, 20, "the end of a round")
    with without(room, "held"):
        wait_until(lambda: [line for line in room.log_text().splitlines() if "expire" in line and "no such table" in line], 10, "word of expiry")
    with without(room, "job"), without(room, "kept"):
        wait_until(lambda: "looking for jobs: no such table" in room.log_text(), 10, "word of jobs")
        wait_until(lambda: "looking at open digests: no such table" in room.log_text(), 10, "word of digests")
    before = expired()
    assert 0 < before < 200
    with broken(room, "UPDATE ON age"):
        for pid in children(room.process.pid):
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: "state store: growing older: planted" in room.log_text(), 10, "word of its last second")
    wait_until(lambda: expired() > before, 20, "another round")
    room.store("DELETE FROM held WHERE list = ?", ours.name)


# ---- the archive ----

def test_a_post_is_archived_once(room, ours):
    """It is there, and that cannot be recorded: so it is put there again, and found."""
    def box():
        return [message["Subject"] for message in mailbox.mbox(os.path.join(room.directory, "archives", "box"), create=False)]

    with broken(room, "UPDATE ON kept", when="NEW.archive = 0"):
        keep(room, BOXED, "Boxed")
        wait_until(lambda: "list=<%s> archive: archiving a post: planted" % BOXED in room.log_text(), 15, "word of the archive")
        assert box() == ["Boxed"] and room.store("SELECT archive FROM kept WHERE list = ?", BOXED) == [(1,)]
    with without(room, "kept"):
        wait_until(lambda: "looking for posts to archive: no such table" in room.log_text(), 10, "word of the table")
    room.kill()  # a new archiver does not wait
    wait_until(lambda: room.store("SELECT archive FROM kept WHERE list = ?", BOXED) in ([], [(0,)]), 15, "the record")
    assert box() == ["Boxed"]


# ---- the mail server ----

@pytest.mark.parametrize("reply", [b"Zno room", b"Dtoo big"])
def test_it_says_no_and_that_cannot_be_recorded(room, ours, reply):
    """The retry takes it for one of which nobody knows: it goes out, and once."""
    key, failing = key_of("no", ours.name), broken(room, "DELETE ON post")
    room.qmqp.replies, room.qmqp.before = [reply], failing.__enter__
    with room.phase() as phase:
        assert phase.ask("CLAIM", ours.name, key).word == "none"
        assert phase.prepare(ours.name, key, POST)[1].word == "none"
        answer = phase.ask("COMMIT")
        assert answer.word == "deferred" and answer.text.startswith("the mail system did not take it: "), answer
        room.qmqp.before = None
        failing.__exit__(None, None, None)
        assert "list=<%s>: store: cannot record that the mail server did not take it" % ours.name in room.log_text()
        assert phase.prepare(ours.name, key, POST)[1].word == "none" and phase.ask("COMMIT").word == "sent"
    assert "list=<%s>: an earlier attempt ended between" % ours.name in room.log_text()
    assert len(room.qmqp.taken) == 2
