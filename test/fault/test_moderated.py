"""kill -9 at each named moment (lib/base/fault.h) from a held post to its release: the post is held, its moderators are told, one accepts, it goes out. And of
a digest that leaves. Nothing is lost, each member has it once, each moderator his notice at least once."""
import collections
import os
import subprocess

import pytest

from lab.faults import FAULT_BUILD, Faults
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World, compose
from moderating import LIST, STRANGER, deliver, hurry, links, moderators
from oracle import AMBIGUOUS, AUTHOR, some

MOST = 400  # moments of a story: more would be a circle


@pytest.fixture(scope="module")
def world():
    with World(settings={"list " + LIST: {"scenario": "privateoreditorkey"}}, start_rollcall=False) as everything:
        everything.faults = Faults(everything.rollcall)
        everything.rollcall.start()
        yield everything


def of_post(world, subject):
    return [copy for copy in world.sink.transactions() if copy.header("Subject") and copy.header("Subject")[0].endswith(subject)]


def notices(world, subject):
    return {copy.recipients[0]: copy for copy in of_post(world, ": " + subject) if copy.header("Auto-Submitted") == ["auto-generated"]}


def is_out(world, subject):
    everybody = set(world.crm.members("deelnemers"))
    return everybody <= {address for copy in of_post(world, subject) if copy.header("List-Id") for address in copy.recipients}


def attempt(world, number, mail, done):
    """`mail` is (recipient, message, sender). Who comes to that moment first, of all programs, dies there."""
    world.faults.arm(number)
    delivered = deliver(world, *mail)
    if delivered:
        wait_until(lambda: world.faults.met or done(), 15, "a death or an end: " + world.last_words())
    met, trail = world.faults.met, world.faults.trail()
    world.faults.disarm()
    if not delivered:
        wait_until(lambda: deliver(world, *mail), 40, "taken: " + world.last_words(), pause=0.1)
    wait_until(lambda: done() or hurry(world), 40, "an end: " + world.last_words(), pause=0.2)
    return met, trail


def hold(world, its, number):
    post = its.compose(author=STRANGER)
    return post, attempt(world, number, (LIST, post.message, STRANGER), lambda: set(moderators(world)) <= set(notices(world, post.subject)))


def accept(world, its, post, number):
    first = moderators(world)[0]
    address, title, text = links(notices(world, post.subject)[first])["accept"]
    mail = (address, compose(first, address, title, text.encode() + b"\r\n"), first)
    return attempt(world, number, mail, lambda: is_out(world, post.subject))


def finish(world):
    """Until no job is left: what died before its job was done is tried again, and may send its second copy then."""
    wait_until(lambda: world.rollcall.store("SELECT count(*) FROM job") == [(0,)] or hurry(world), 60, "no job left: " + world.last_words(), pause=0.3)
    world.postfix.wait_empty()


def check_notices(world, its, before):
    """Each moderator has been told of each post; twice only where the log says so."""
    finish(world)
    double = 0
    for post in its.posts:
        told = collections.Counter(copy.recipients[0] for copy in of_post(world, "For you to decide: " + post.subject)
                                   if copy.header("Auto-Submitted") == ["auto-generated"] and not copy.header("Subject")[0].startswith("Re:"))
        if set(told) != set(moderators(world)):
            its.trouble.append("%s: told were %s" % (post.subject, told))
        double += sum(told.values()) - len(told)
    if double > len(world.rollcall.log(AMBIGUOUS)) - before:
        its.trouble.append("%d notices twice" % double)


def numbers_of(trail):
    return some(range(1, min(len(trail), MOST) + 1), 3)


def test_until_it_is_held_and_told(world, trial):
    with trial(world, "kill -9 at each named moment while a post is held and its moderators are told") as its:
        before = len(world.rollcall.log(AMBIGUOUS))
        _, (_, trail) = hold(world, its, 0)
        assert {"job-came", "job-locked", "begun", "before-commit", "after-commit"} <= {name for _, name, _ in trail}
        for number in numbers_of(trail):
            its.runs += 1
            post, _ = hold(world, its, number)
        for post in its.posts:
            accept(world, its, post, 0)
        check_notices(world, its, before)


def test_until_it_is_out(world, trial):
    with trial(world, "kill -9 at each named moment while a moderator accepts and the post goes out") as its:
        before = len(world.rollcall.log(AMBIGUOUS))
        post, _ = hold(world, its, 0)
        _, trail = accept(world, its, post, 0)
        for number in numbers_of(trail):
            its.runs += 1
            post, _ = hold(world, its, 0)
            accept(world, its, post, number)
        check_notices(world, its, before)


@pytest.mark.long
def test_the_master(world, trial):
    """Before anybody was told, and before it goes out."""
    with trial(world, "kill -9 of the master, and all with it, while a post is held and released") as its:
        post, _ = hold(world, its, 0)
        its.runs = 2
        world.rollcall.kill()
        world.rollcall.start()
        first = moderators(world)[0]
        address, title, text = links(notices(world, post.subject)[first])["accept"]
        assert deliver(world, address, compose(first, address, title, text.encode() + b"\r\n"), first)
        world.rollcall.kill()
        world.rollcall.start()
        wait_until(lambda: is_out(world, post.subject) or hurry(world), 40, "an end: " + world.last_words(), pause=0.2)
        finish(world)


# ---- a digest ----

def issues(world, reader):
    """{Message-ID: the digests with it that this member got}"""
    found = collections.defaultdict(list)
    for copy in world.sink.transactions():
        if reader in copy.recipients and " Digest, Vol " in (copy.header("Subject") or [""])[0]:
            found[copy.header("Message-ID")[0]].append(copy)
    return found


def close_digest(world):
    subprocess.run([os.path.join(FAULT_BUILD, "rollcall"), "digest", LIST, "--config", world.rollcall.config], check=True, stdout=subprocess.DEVNULL)


def is_sent(world):
    return world.rollcall.store("SELECT count(*) FROM digest_issue") == [(0,)]


def leave(world, number):
    world.faults.arm(number)
    close_digest(world)
    wait_until(lambda: world.faults.met or is_sent(world), 15, "a death or an end: " + world.last_words())
    trail = world.faults.trail()
    world.faults.disarm()
    wait_until(lambda: is_sent(world) or hurry(world), 40, "an end: " + world.last_words(), pause=0.2)
    return trail


def test_a_digest_leaves(world, trial):
    """A second attempt has the same Message-ID and the same posts."""
    reader, = world.crm.query("SELECT user_subscriber FROM mailinglists_api WHERE list = 'deelnemers' AND digest = 'digestplain' LIMIT 1")[0]
    with trial(world, "kill -9 at each named moment while a digest leaves") as its:
        before = len(world.rollcall.log(AMBIGUOUS))
        leave(world, 0)
        world.postfix.wait_empty()
        world.sink.forget()

        def issue(number):
            post = its.compose()
            assert deliver(world, LIST, post.message, AUTHOR)
            return leave(world, number)
        for number in numbers_of(issue(0)):
            its.runs += 1
            issue(number)
        finish(world)
        found = issues(world, reader)
        assert len(found) == len(its.posts)
        for copies in found.values():
            assert len({(copy.header("Subject")[0], copy.body) for copy in copies}) == 1, "the same posts on each attempt"
        for post in its.posts:
            assert sum(post.subject.encode() + b"\r\n" in copies[0].body for copies in found.values()) == 1
        assert sum(len(copies) - 1 for copies in found.values()) <= len(world.rollcall.log(AMBIGUOUS)) - before
