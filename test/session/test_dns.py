"""DNS by the real rollcall-dispatch, asked over the wire as an intake child asks, with a real resolver behind it (HOSTILE S1)."""
import time

import pytest

from lab.process import directory
from lab.resolver import BOGUS, Resolver
from lab.world import World
from session.dispatch_room import Room

FOUND, NO_RECORD, NO_NAME, TROUBLE = range(4)


@pytest.fixture(scope="module")
def resolver():
    with directory("dns") as path, Resolver(path) as server:
        yield server


@pytest.fixture(scope="module")
def world():
    with World(start_rollcall=False) as world:
        yield world


@pytest.fixture(scope="module")
def room(world, resolver):
    world.rollcall.configure({"rollcall": {"resolver": resolver.setting, "dns_deadline": 1, "dispatch_workers": 1}})
    started = Room(world)
    yield started
    assert started.end() == 0


def ask(phase, name):
    """(result, [records])"""
    answer = phase.ask("TXT", name)
    assert answer.word == "none", answer
    result, records = answer.values
    assert all(record[-1] == 0 for record in records)
    return result, [bytes(record[:-1]) for record in records]


@pytest.fixture
def child(room):
    with room.phase() as phase:
        yield lambda name: ask(phase, name)


def test_records(resolver, child):
    long = "".join("%04d" % i for i in range(500))
    resolver.zone({"one.example": "v=DMARC1; p=none", "two.example": ["first", "second"], "long.example": long,
                   "bytes.example": bytes(range(1, 256))})
    assert child("one.example") == (FOUND, [b"v=DMARC1; p=none"])
    assert child("ONE.Example") == (FOUND, [b"v=DMARC1; p=none"])
    assert sorted(child("two.example")[1]) == [b"first", b"second"]
    assert child("long.example") == (FOUND, [long.encode()])
    assert child("bytes.example") == (FOUND, [bytes(range(1, 256))])


def test_none(resolver, child):
    resolver.exists("there.example")
    resolver.add("below.deep.example", "x")
    assert child("there.example") == (NO_RECORD, [])
    assert child("deep.example") == (NO_RECORD, [])
    assert child("nothing.example") == (NO_NAME, [])


def test_aliases(resolver, child):
    resolver.add("target.example", "here")
    resolver.alias("alias.example", "middle.example")
    resolver.alias("middle.example", "target.example")
    resolver.alias("lost.example", "nowhere.example")
    resolver.alias("loop.example", "pool.example")
    resolver.alias("pool.example", "loop.example")
    assert child("alias.example") == (FOUND, [b"here"])
    assert child("lost.example") == (NO_RECORD, [])
    assert child("loop.example") in ((TROUBLE, []), (NO_RECORD, []))


def test_s1_trouble(resolver, child):
    """What fails, and what nobody answers, is trouble within dns_deadline, and does no harm to the next question."""
    resolver.refuse("broken.example")
    resolver.silence("silent.example")
    resolver.add("good.example", "good")
    for name in ("broken.example", "x.broken.example", "x." + BOGUS):
        assert child(name) == (TROUBLE, [])
    start = time.monotonic()
    assert child("silent.example") == (TROUBLE, [])
    assert 0.9 < time.monotonic() - start < 2
    assert child("good.example") == (FOUND, [b"good"])
