"""What is decided at the console, seen by the real rollcall-dispatch beside it: it finds the jobs by itself, and knows them (HOSTILE X3)."""
import os
import time

import pytest

from cli import run
from dispatch_room import Room
from lab.postfix import DOMAIN
from lab.rollcall import DISPATCH_UID
from lab.world import World

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user")
LIST, AUTHOR = "choir@" + DOMAIN, "chaya@mail.example.net"
POST = b"From: chaya@mail.example.net\r\nSubject: Tea\r\n\r\nAt four.\r\n"
FACTS = {"subject": "Tea", "tell-author": "yes"}


@pytest.fixture(scope="module")
def room():
    with World(start_rollcall=False) as world:
        started = Room(world)
        for person in ("first@mods.example", "second@mods.example"):
            world.crm.add_person(person, moderator=True)
            world.crm.join(person, "choir")
        yield started
        assert started.end() == 0


def ticket_of(room, number):
    """Waits until the clock has sent this job's ticket."""
    deadline = time.monotonic() + 10
    while room.next_ticket() != number:
        assert time.monotonic() < deadline


def decide(room, *words):
    """Holds a post, decides it at the console: (its number, the jobs that follow and are found by the clock)."""
    number = room.hold(LIST, POST + b"%d\r\n" % time.monotonic_ns(), facts=FACTS)
    before = room.due(number)
    said = run(words[0], str(number), *words[1:], "--config", room.world.rollcall.config)
    assert said.status == 0 and said.errors == ""
    jobs = [job for job in room.due(number) if job not in before]
    for job in jobs:
        ticket_of(room, job)
    again = run("discard", str(number), "--config", room.world.rollcall.config)
    assert again.status == 1 and "is already" in again.errors and ", by the console on " in again.errors
    return number, jobs


def moderators_hear(room, number, word, text=None):
    job = room.take(number, "decided")
    assert (job.fields["word"], job.fields.get("text"), "by" in job.fields) == (word, text, False)
    assert abs(int(job.fields["at"]) - time.time()) < 30 and job.fields["fact-subject"] == "Tea"
    room.world.sink.forget()
    count = len(job.recipients)
    job.send_all()
    heard = {t.recipients[0] for t in room.world.copies(count)}
    assert {"first@mods.example", "second@mods.example"} <= heard and AUTHOR not in heard


def test_accept(room):
    number, jobs = decide(room, "accept")
    assert len(jobs) == 2
    moderators_hear(room, number, "accept")
    release = room.take(number, "release")
    assert release.message.startswith(POST) and release.fields["state"] == release.fields["held-state"] == "accepted"
    release.done()
    assert {os.stat(os.path.join(room.state, name)).st_uid for name in os.listdir(room.state)} == {DISPATCH_UID}


def test_reject(room):
    number, jobs = decide(room, "reject", "--text", "Coffee, please.")
    assert len(jobs) == 2
    moderators_hear(room, number, "reject", "Coffee, please.")
    rejected = room.take(number, "rejected")
    assert rejected.fields["text"] == "Coffee, please." and len(rejected.recipients) == 1
    room.world.sink.forget()
    rejected.send_all()
    assert [t.recipients for t in room.world.copies(1)] == [[AUTHOR]]


def test_discard(room):
    number, jobs = decide(room, "discard")
    assert len(jobs) == 1
    moderators_hear(room, number, "discard")
    # Nobody is asked any more, and the message goes with its last job.
    for job in room.due(number):
        with room.errand() as phase:
            assert phase.ask("JOB", job).word == "discarded"
    shown = run("show", str(number), "--config", room.world.rollcall.config)
    assert shown.status == 0 and AUTHOR not in shown.output and "discarded" in shown.output
