"""on_ambiguous = hold, when the fault hits between the last byte and its answer: nobody gets a second copy, a person is asked, and what he says is what happens.
Accepting sends once more what was in doubt and nothing else, discarding sends nothing; a release that is hit itself is asked about again."""
import collections
import os
import subprocess

import pytest

from lab.faults import FAULT_BUILD, Faults
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.proxy import Fault, Proxy
from lab.world import World
from moderating import hurry
from oracle import AUTHOR, LIST, some

MODES = {"mail": 3, "txt": 2}  # two variants, so that one may be out for sure while the other is in doubt
VIEW = "CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, list, address user_subscriber, mode digest, 0 owner, moderator FROM modes"
HELD = "SELECT id FROM held WHERE kind = 4 AND state = 1 ORDER BY id"


@pytest.fixture(scope="module")
def world():
    with World(start_rollcall=False, settings={"domain " + DOMAIN: {"on_ambiguous": "hold"}}) as everything:
        people = [(AUTHOR, "mail", 1)] + [("%s%d@mail.example.net" % (mode, n), mode, 0) for mode, count in MODES.items() for n in range(count)]
        everything.crm.execute("CREATE TABLE modes (list VARCHAR(50), address VARCHAR(200), mode VARCHAR(30), moderator INT)")
        for person in people:
            everything.crm.execute("INSERT INTO modes VALUES (%s, %s, %s, %s)", LIST, *person)
        everything.crm.execute(VIEW)
        everything.modes = {mode: [address for address, its, _ in people if its == mode] for mode in MODES}
        everything.faults = Faults(everything.rollcall)
        with Proxy(everything.postfix.qmqp_socket, os.path.join(everything.directory, "back")) as line:
            everything.line = line
            everything.rollcall.configure({"rollcall": {"qmqp_socket": "unix:" + line.path}})
            everything.rollcall.start()
            yield everything


def command(world, word, number):
    subprocess.run([os.path.join(FAULT_BUILD, "rollcall"), word, "--config", world.rollcall.config, str(number)], check=True, capture_output=True, timeout=60)


def asked(world):
    """The posts that a person is asked about now."""
    return [number for number, in world.rollcall.store(HELD)]


def quiet(world, its):
    """Until Postfix and our own jobs have nothing left to do."""
    wait_until(lambda: world.rollcall.store("SELECT count(*) FROM job") == [(0,)] or hurry(world), 60, "no job left: " + world.last_words(), pause=0.2)
    its.settle()


def copies(world, its, post):
    """{mode: how many copies each of its members has}; a part of them never has another number than the rest."""
    got = collections.Counter(address for copy in its.copies()[post.subject] for address in copy.recipients)
    counts = {mode: {got[address] for address in people} for mode, people in world.modes.items()}
    if any(len(found) > 1 for found in counts.values()):
        its.trouble.append("%s: a part of a variant: %s" % (post.subject, got))
    return {mode: max(found) for mode, found in counts.items()}


def decide(world, its, post, word):
    """One who is asked says that, and it happens, and nothing else."""
    number, = asked(world)
    before = copies(world, its, post)
    its.told[post.subject][1] = None
    command(world, word, number)
    quiet(world, its)
    after = copies(world, its, post)
    more = {mode: after[mode] - before[mode] for mode in MODES}
    if word == "discard" and any(more.values()) or word == "accept" and sorted(more.values()) != [0, 1]:
        its.trouble.append("%s (%s): %s changed %s to %s" % (post.subject, its.place, word, before, after))
    if asked(world):
        its.trouble.append("%s (%s): asked again after %s" % (post.subject, its.place, word))
    return after


def hit(world, its, strike):
    """A post that the fault hits; what each member has of it afterwards, and whether somebody is asked."""
    strike()
    post = its.post()
    its.settle()
    world.faults.disarm()
    quiet(world, its)
    now = copies(world, its, post)
    if max(now.values()) > 1:
        its.trouble.append("%s (%s): twice without anybody's word: %s" % (post.subject, its.place, now))
    return post, now, bool(asked(world))


def answer(world, its, post, now, number):
    """As one does who looks whether it has arrived; every second time he errs on the side of twice."""
    missing = 0 in now.values()
    word = "accept" if missing or number % 2 else "discard"
    if not missing and word == "accept":
        its.may_double.add(post.subject)
    decide(world, its, post, word)


def window(trail, program="rollcall-dispatch"):
    """The moments from the record of an intention to that of what came of it, of each variant."""
    inside, found = False, []
    for number, (who, moment, _) in enumerate(trail, 1):
        if who == program:
            inside = (inside or moment == "after-intent") and moment != "after-done"
            if inside:
                found.append(number)
    return found


def test_killed_in_the_window(world, trial):
    with trial(world, "on_ambiguous = hold: kill -9 at each moment between INTENT and DONE; then a person decides") as its:
        its.members, its.recoded, its.may_double = {LIST: sum(world.modes.values(), [])}, set(world.modes["txt"]), set()
        world.faults.arm(0)
        its.post()
        its.settle()
        moments = window(world.faults.trail())
        assert len(moments) >= 6
        its.runs, questions = 0, 0
        for number in some(moments):
            its.place = "moment %d" % number
            post, now, is_asked = hit(world, its, lambda n=number: world.faults.arm(n))
            questions += is_asked
            if is_asked:
                answer(world, its, post, now, number)
        assert questions >= its.runs - 2, "not in the window"


@pytest.mark.long
def test_answer_lost(world, trial):
    with trial(world, "on_ambiguous = hold: Postfix's answer cut, swallowed, stalled, garbled; then a person decides") as its:
        its.members, its.recoded, its.may_double = {LIST: sum(world.modes.values(), [])}, set(world.modes["txt"]), set()
        for number, action in enumerate(("close", "close", "swallow", "swallow", "stall", "garble")):
            its.place, world.line.fault = action, Fault("server", 0, action)
            post, now, is_asked = hit(world, its, lambda: None)
            assert is_asked and set(now.values()) == {1}
            answer(world, its, post, now, number)


@pytest.mark.long
def test_the_release_is_hit_itself(world, trial):
    """He is asked again, and nothing goes out a third time without his word."""
    with trial(world, "on_ambiguous = hold: kill -9 at each moment of the release's own window") as its:
        its.members, its.recoded, its.may_double = {LIST: sum(world.modes.values(), [])}, set(world.modes["txt"]), set()

        def released(strike):
            world.line.fault = Fault("server", 0, "close")
            post, _, is_asked = hit(world, its, lambda: None)
            assert is_asked
            number, = asked(world)
            its.may_double.add(post.subject)
            its.told[post.subject][1] = None
            strike()
            command(world, "accept", number)
            wait_until(lambda: world.rollcall.log(r"kind=release, held=%d, " % number) or world.faults.met, 30, "the release")
            if not world.faults.met:
                quiet(world, its)
            trail = world.faults.trail()
            world.faults.disarm()
            quiet(world, its)
            return post, trail
        _, trail = released(lambda: world.faults.arm(0))
        its.runs = 0
        for number in some(window(trail)):
            its.place = "moment %d" % number
            post, _ = released(lambda n=number: world.faults.arm(n))
            now = copies(world, its, post)
            if sum(now.values()) > 3:
                its.trouble.append("%s (%s): %s after one word" % (post.subject, its.place, now))
            if asked(world):
                its.told[post.subject][1] = None
                decide(world, its, post, "discard")
