"""kill -9 of a worker before each single write that it makes, to the store, to Postfix and to the wire, in each step that a held post takes:
nothing is lost, each member has the post once, each moderator his notice; twice only in the window that doc/design.md names (section 3)."""
import collections
import os

import pytest

from lab.inject import AVAILABLE, WRITES, Census, Strace
from lab.process import alive, children, wait_until
from lab.world import World
from dispatch_room import AUTHOR, List, Room, key_of, state
from oracle import SHORT, some

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user"),
              pytest.mark.skipif(not AVAILABLE, reason="no strace")]
WORKERS = 6  # who died comes back after a second: meanwhile there are others
MOST = 120  # writes in one step: more would be a circle


@pytest.fixture(scope="module")
def room():
    with World(settings={"rollcall": {"dispatch_workers": WORKERS}}, start_rollcall=False) as world:
        started = Room(world)
        # Whoever is not there yet when strace attaches is spared, and may be the one who serves.
        wait_until(lambda: len(children(started.process.pid)) == WORKERS + 2, 30, "workers, clock and archiver")
        yield started
        assert started.end() == 0


@pytest.fixture(scope="module")
def ours(room):
    return List(room)


def each_write(room, step, prepare=None, stride=1):
    """Runs step(1) unharmed and counts what it writes, then step(2), … with a kill before each of these writes; how many kills that were."""
    def unharmed(number):
        if prepare:
            prepare(number)
        with Census(children(room.process.pid), WRITES, os.path.join(room.directory, "trace")) as census:
            step(number)
        return census.each()
    places = unharmed(1)[::stride]
    places = some(places, 4)
    assert len(places) < MOST
    for number, (call, count) in enumerate(places, 2):
        if prepare:
            prepare(number)
        wait_until(lambda: len([pid for pid in children(room.process.pid) if alive(pid)]) == WORKERS + 2, 30, "workers, clock and archiver")
        with Strace(children(room.process.pid), [call], "signal=KILL:when=%d" % count):
            step(number)
    return len(places)


def post(name, number):
    return ("From: %s\r\nSubject: %s-%d\r\nMessage-ID: <%s-%d@x.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nAt four.\r\n"
            % (AUTHOR, name, number, name, number)).encode()


def copies(room):
    """{subject: {recipient: copies}} of all that has arrived."""
    room.world.postfix.wait_empty()
    found = collections.defaultdict(collections.Counter)
    for mail in room.world.sink.transactions():
        found[mail.header("Subject")[0]].update(mail.recipients)
    return found


def twice_told(room):
    return room.log_text().count("a member may get two copies")


def check_copies(room, name, numbers, people, before):
    """Everybody has every mail; whoever has one twice is one of those that the log told of. How many there are."""
    found, double = copies(room), 0
    for number in numbers:
        got = found["%s-%d" % (name, number)]
        assert set(got) == set(people) and max(got.values()) <= 2, (number, got)
        double += max(got.values()) - 1
    assert double <= twice_told(room) - before, "a second copy outside of the window"
    return double


def try_hold(room, ours, number):
    """As an intake child does, and Postfix after a 4xx: True when it is held."""
    message, key = post("hold", number), key_of("hold", number)
    with room.phase() as phase:
        claimed = phase.ask("CLAIM", ours.name, key)
        if claimed.word == "none":
            claimed = phase.ask("HOLD", ours.name, key, 1, AUTHOR, AUTHOR, "because", {}, message=message)
    return claimed.word == "sent"


def test_hold(room, ours, note):
    def step(number):
        if try_hold(room, ours, number):
            answered.add(number)
    answered = set()
    killed = each_write(room, step)
    assert SHORT or killed >= 5
    for number in range(1, killed + 2):
        was = room.store("SELECT count(*) FROM held WHERE list = ?", ours.name)[0][0]
        wait_until(lambda n=number: try_hold(room, ours, n), 10, "a worker again")
        if number in answered:
            assert room.store("SELECT count(*) FROM held WHERE list = ?", ours.name)[0][0] == was, "answered 250, and held again"
    held = room.store("SELECT id FROM held WHERE list = ?", ours.name)
    assert len(held) == killed + 1, "each once"
    assert sorted(room.store("SELECT held FROM job WHERE kind = 'notice-moderators' AND list = ?", ours.name)) == sorted(held)
    for number, in held:
        assert state(room, number) == ("waiting", 1)
    note("kill -9 of workers before each write while a post is held (strace)", killed)


def do_job(room, held, kind, errand):
    """Until it is gone; the clock's pauses are put forward."""
    def attempt():
        if not room.due(held, kind):
            return True
        try:
            job = room.take(held, kind)
        except AssertionError:
            return False
        with job.phase:
            errand(job)
        return not room.due(held, kind)
    wait_until(attempt, 10, "the end of the job")


def hold(room, ours, name, number):
    return wait_until(lambda: room.hold(ours.name, post(name, number), key=key_of(name, number)), 5, "held")


def take(room, held, kind):
    """The job in hand, or None: the worker died over it."""
    try:
        return room.take(held, kind)
    except AssertionError:
        return None


def test_notices(room, ours, note):
    def prepare(number):
        posts[number] = hold(room, ours, "notice", number)
        subject[posts[number]] = "notice-%d" % number

    def step(number):
        job = take(room, posts[number], "notice-moderators")
        if job:
            with job.phase:
                errand(job)

    def errand(job):
        sent = all([job.notice(place, subject[job.held]).word == "sent" for place in range(len(job.recipients))])
        job.phase.ask("JOB_DONE", sent, "")
    posts, subject, before = {}, {}, twice_told(room)
    # Every second one: eight tokens are eight times the same writes.
    killed = each_write(room, step, prepare, stride=2)
    assert SHORT or killed >= 10
    for number in posts:
        do_job(room, posts[number], "notice-moderators", errand)
    double = check_copies(room, "notice", posts, ours.moderators, before)
    note("kill -9 of workers before each write while notices leave (strace)", killed, double)


def accepted(room, ours, number):
    """A post that is accepted; its release waits."""
    held, secret = asked(room, ours, number)
    assert order(room, ours, secret).values[0] == "decided"
    return held


def asked(room, ours, number):
    """A held post, and the token that accepts it, without its mail."""
    held = hold(room, ours, ours.local, number)
    job = room.take(held, "notice-moderators")
    job.done()
    return held, job.recipients[0]["accept"]


def order(room, ours, secret):
    with room.phase() as phase:
        return phase.ask("ORDER", ours.name, secret, ours.moderators[0], "accept", "", "smtp", "none", "")


def test_accept(room, note):
    ours = List(room, moderators=1)

    def prepare(number):
        posts[number], secrets[number] = asked(room, ours, number)

    def step(number):
        if order(room, ours, secrets[number]).word == "none":
            answered.add(number)
    posts, secrets, answered = {}, {}, set()
    killed = each_write(room, step, prepare)
    assert SHORT or killed >= 5
    for number in posts:
        answer = wait_until(lambda n=number: (lambda a: a if a.word == "none" else None)(order(room, ours, secrets[n])), 10, "a worker again")
        assert answer.values[0] in (("already",) if number in answered else ("decided", "already")), answer
        assert state(room, posts[number]) == ("accepted", 1) and len(room.due(posts[number], "release")) == 1
    note("kill -9 of workers before each write while a moderator accepts (strace)", killed)


def test_release(room, note):
    ours = List(room, moderators=1)

    def prepare(number):
        posts[number] = accepted(room, ours, number)

    def step(number):
        job = take(room, posts[number], "release")
        if job:
            with job.phase:
                errand(job)

    def errand(job):
        key = key_of("release", job.held)
        claimed = job.phase.ask("CLAIM", ours.name, key)
        if claimed.word == "none":
            job.phase.ask("ROSTER", ours.name, 0, key, "", [], [])
            ready = job.phase.ask("PREPARE", "mail", message=job.message.replace(b"\r\n", b"\n"))
            if ready.word == "none":
                ready = job.phase.ask("COMMIT")
            claimed = job.phase.ask("FINISH", "", False) if ready.word == "sent" else ready
        job.phase.ask("JOB_DONE", claimed.word == "sent", "")
    posts, before = {}, twice_told(room)
    killed = each_write(room, step, prepare)
    assert SHORT or killed >= 10
    for number in posts:
        do_job(room, posts[number], "release", errand)
    double = check_copies(room, ours.local, posts, room.world.crm.members(ours.local), before)
    note("kill -9 of workers before each write while a post is released (strace)", killed, double)
