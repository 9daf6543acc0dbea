"""DNS by the real rollcall-dispatch, asked over the wire as an intake child asks, with a real resolver behind it (HOSTILE S1)."""
import os
import time

import pytest

from lab.dnsproxy import FAULTS, DnsProxy
from lab.process import directory, wait_until
from lab.resolver import BOGUS, Resolver
from lab.world import World
from session.dispatch_room import Room

FAULT_ANSWERS = {name: fault for family in FAULTS.values() for name, fault in family.items()}
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
    """What fails is trouble at once."""
    resolver.refuse("broken.example")
    for name in ("broken.example", "x.broken.example", "x." + BOGUS):
        start = time.monotonic()
        assert child(name) == (TROUBLE, [])
        assert time.monotonic() - start < 0.9


def test_s1_silence(room, resolver):
    """What nobody answers is trouble within dns_deadline; the phase's patience ends, and nobody else's question suffers from it."""
    resolver.silence("silent.example")
    resolver.add("good.example", "good")
    with room.phase() as phase:
        start = time.monotonic()
        for i in range(6):
            assert ask(phase, "n%d.silent.example" % i) == (TROUBLE, [])
        # Four times dns_deadline, and then not one moment more.
        assert 3.8 < time.monotonic() - start < 5.5
        assert ask(phase, "good.example") == (TROUBLE, [])
    with room.phase() as phase:
        start = time.monotonic()
        assert ask(phase, "good.example") == (FOUND, [b"good"])
        assert time.monotonic() - start < 0.5
    assert "TXT of n0.silent.example: no answer in time" in room.log_text()


def test_s1_resolver_dead_and_back(room, resolver):
    resolver.add("later.example", "at last")
    resolver.stop()
    with room.phase() as phase:
        start = time.monotonic()
        assert ask(phase, "later.example") == (TROUBLE, [])
        assert time.monotonic() - start < 2
    resolver.start()
    with room.phase() as phase:
        wait_until(lambda: ask(phase, "later.example") == (FOUND, [b"at last"]), 10, "an answer again", pause=0.5)


@pytest.mark.parametrize("name", ["a length that lies", "half a length"])
def test_s1_a_connection_that_has_gone_dumb(world, room, resolver, name):
    """By TCP: the next question takes another, while questions keep coming."""
    resolver.zone({"%s.dumb.example" % word: "x" for word in ("good", "bad", "next")})
    with DnsProxy(resolver.port) as line:
        world.rollcall.configure({"rollcall": {"resolver": line.setting}})
        other, line.tcp = Room(world), True
        world.rollcall.configure({"rollcall": {"resolver": resolver.setting}})
        with other.phase() as phase:
            assert ask(phase, "good.dumb.example") == (FOUND, [b"x"])
            line.arm(FAULT_ANSWERS[name])
            assert ask(phase, "bad.dumb.example") == (TROUBLE, [])
            line.disarm()
            assert ask(phase, "next.dumb.example") == (FOUND, [b"x"])
        assert other.end() == 0


def test_s1_tcp_that_is_far_away(world, room, resolver):
    """A line takes its time, also under load: an answer by TCP counts until half of dns_deadline."""
    names = ["%s.far.example" % word for word in ("one", "two", "three")]
    resolver.zone({name: "x" for name in names})
    with DnsProxy(resolver.port) as line:
        world.rollcall.configure({"rollcall": {"resolver": line.setting}})
        other, line.tcp = Room(world), True
        world.rollcall.configure({"rollcall": {"resolver": resolver.setting}})
        line.arm(lambda answer: [(0.25, answer)])
        with other.phase() as phase:
            for name in names:
                assert ask(phase, name) == (FOUND, [b"x"])
        assert other.end() == 0


def test_s1_a_resolver_that_is_far_away(world, room, resolver):
    """By UDP: who needs 0.8 s for each answer is heard the first time, and not asked again until his patience with us is over."""
    names = ["%s.away.example" % word for word in ("one", "two")]
    resolver.zone({name: "x" for name in names})
    with DnsProxy(resolver.port) as line:
        world.rollcall.configure({"rollcall": {"resolver": line.setting, "dns_deadline": 4}})
        other = Room(world)
        world.rollcall.configure({"rollcall": {"resolver": resolver.setting, "dns_deadline": 1}})
        line.arm(lambda answer: [(0.8, answer)])
        with other.phase() as phase:
            start = time.monotonic()
            for name in names:
                assert ask(phase, name) == (FOUND, [b"x"])
            assert time.monotonic() - start < 2.7
        assert other.end() == 0


@pytest.mark.parametrize("texts", [["%02d " % i + "x" * 500 for i in range(21)], ["%d " % i + "x" * 2500 for i in range(14)], ["x" * 8193],
                                   ["y" * 60000]], ids=["records", "bytes", "one", "largest"])
def test_s1_too_much(resolver, child, texts):
    """DNS itself ends at 64 kB; we do before that."""
    resolver.set("much.example", *texts)
    assert child("much.example") == (TROUBLE, [])


def test_s1_as_much_as_may_be(resolver, child):
    texts = sorted("%02d " % i + "x" * 1597 for i in range(20))
    resolver.set("enough.example", *texts, "x" * 8000, ttl=0)
    assert child("enough.example") == (TROUBLE, [])
    resolver.set("enough.example", *texts)
    result, records = child("enough.example")
    assert result == FOUND and sorted(records) == [text.encode() for text in texts]
    resolver.set("enough.example", "x" * 8192)
    assert child("enough.example") == (FOUND, [b"x" * 8192])


def test_ttl(room, resolver):
    """Within its TTL the old record counts, also for the next post; then the new one does."""
    resolver.set("kept.example", "old", ttl=2)
    with room.phase() as phase:
        assert ask(phase, "kept.example") == (FOUND, [b"old"])
    resolver.set("kept.example", "new", ttl=2)
    with room.phase() as phase:
        assert ask(phase, "kept.example") == (FOUND, [b"old"])
        wait_until(lambda: ask(phase, "kept.example") == (FOUND, [b"new"]), 5, "the end of the TTL", pause=0.2)


@pytest.mark.parametrize("name", ["", ".", "a..example", ".example", "example.", "a b.example", "a/b.example", "a\nb.example", "*.example",
                                  "\u00e9t\u00e9.example", "x" * 64 + ".example", "x" * 60 + ("." + "y" * 60) * 4, "a\\.example", "a@example"])
def test_names_that_are_none(child, name):
    assert child(name) == (NO_NAME, [])


def test_names_are_counted(room, resolver):
    resolver.add("first.example", "x")
    with room.phase() as phase:
        assert all(ask(phase, "n%d.example" % i) == (NO_NAME, []) for i in range(99))
        assert ask(phase, "first.example") == (FOUND, [b"x"])
        assert ask(phase, "first.example") == (TROUBLE, [])
        assert ask(phase, "n0.example") == (TROUBLE, [])
    assert room.log_text().count("asked DNS for more than 100 names") == 1
    with room.phase() as phase:
        assert ask(phase, "first.example") == (FOUND, [b"x"])


# ---- DNSSEC ----

@pytest.fixture
def checking(world, resolver):
    """A room that checks signatures itself, with the anchors that it is given."""
    rooms = []

    def start(anchor):
        path = os.path.join(world.directory, "anchor")
        with open(path, "w") as f:
            f.write(anchor)
        world.rollcall.configure({"rollcall": {"dnssec_anchor": path}})
        rooms.append(Room(world))
        return rooms[-1]
    yield start
    world.rollcall.configure({"rollcall": {"dnssec_anchor": None}})
    for started in rooms:
        assert started.end() == 0


def test_dnssec(resolver, checking):
    """Signed is found; the same with one record changed, and what should be signed and is not, is trouble; elsewhere nothing changes."""
    anchor = resolver.sign({"good.signed.example": "as signed", "forged.signed.example": "as it was"},
                           forged={"forged.signed.example": "as it is"})
    resolver.add("plain.example", "not signed")
    resolver.add("x.stripped.example", "not signed")
    room = checking(anchor + "stripped.example. IN DS 12345 8 2 " + "0" * 64 + "\n")
    with room.phase() as phase:
        assert ask(phase, "good.signed.example") == (FOUND, [b"as signed"])
        assert ask(phase, "gone.signed.example") == (NO_NAME, [])
        assert ask(phase, "forged.signed.example") == (TROUBLE, [])
        assert ask(phase, "x.stripped.example") == (TROUBLE, [])
        assert ask(phase, "plain.example") == (FOUND, [b"not signed"])
    assert "TXT of forged.signed.example: the DNSSEC check failed" in room.log_text()


# ---- settings ----

def test_unusable_settings_refuse_the_start(world):
    """Which ones: unit/test_dns.c."""
    before = world.rollcall.sections["rollcall"]["resolver"]
    world.rollcall.configure({"rollcall": {"resolver": "dns.example"}})
    try:
        status, said = world.rollcall.refusal()
        assert status != 0 and 'resolver: expected ADDRESS or ADDRESS@PORT, found "dns.example"' in said, said
    finally:
        world.rollcall.configure({"rollcall": {"resolver": before}})
