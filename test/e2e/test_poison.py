"""A message that kills whoever reads it is held for the owners after three deaths, and nothing else waits for it. The children really die: while one waits for a
name server that says nothing, it gets the signal that a parser's bug, the kernel or a limit would give it."""
import contextlib
import os
import re
import shutil
import signal
import subprocess

import pytest

from moderating import follow, links, parse, text_of
from lab.postfix import DOMAIN
from lab.process import BUILD, alive, children, wait_until
from lab.world import World, compose
from moderating import Killer, hurry

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="no strace")

LIST, AUTHOR = "deelnemers@" + DOMAIN, "chaya@mail.example.net"
STRANGER, SLOW = "stranger@elsewhere.example", "someone@slow.example"


@pytest.fixture(scope="module")
def shared():
    with World({"rollcall": {"log_debug": "yes", "dns_deadline": 20}, "list " + LIST: {"scenario": "privateoreditorkey"}}) as world:
        world.resolver.silence("slow.example")
        yield world


@pytest.fixture(autouse=True)
def nothing_before(shared):
    shared.postfix.wait_empty()
    shared.sink.forget()


def intake(world):
    return world.rollcall.processes()["rollcall-intake"][0]


def asked(world):
    return world.rollcall.log("request TXT")


class Reading:
    """From here on the next child is waited for that waits for the name server; `pid` is it."""

    def __init__(self, world):
        self.world, self.before = world, len(asked(world))
        self.others = set(children(intake(world)))

    def wait(self):
        line = wait_until(lambda: asked(self.world)[self.before:], 20, "a child that reads")[0]
        self.worker = int(re.search(r"rollcall-dispatch\[(\d+)\]", line)[1])
        self.pid, = set(children(intake(self.world))) - self.others
        return self

    def die(self):
        """The worker, too: it would wait for the name server to the end, and keep the post from being tried again."""
        os.kill(self.pid, signal.SIGSEGV)
        wait_until(lambda: not alive(self.pid), 10, "its death")
        os.kill(self.worker, signal.SIGKILL)


def deaths(world):
    return sum(row[0] for row in world.rollcall.store("SELECT count FROM death"))


def owners(world):
    return sorted(r[0] for r in world.crm.query("SELECT DISTINCT user_subscriber FROM mailinglists_api WHERE list='deelnemers' AND owner"))


def dies(world, number, death, attempt):
    """The child that makes this attempt dies before its sixth word to the other room; it has claimed nothing yet."""
    before = deaths(world)
    with Killer(world, 6, death):
        attempt()
        wait_until(lambda: deaths(world) == before + 1, 20, "death %d\n%s" % (number, world.last_words()))
        world.postfix.wait_deferred()


def post_poison(world, to=LIST, subject="Poison", sender=STRANGER):
    """Three children die of a new post. Returns its bytes."""
    message = compose(sender, to, subject)
    for number, death in enumerate(("SEGV", "KILL", "XCPU"), 1):
        dies(world, number, death, world.postfix.flush if number > 1 else lambda: world.postfix.send(message, sender, to))
    world.postfix.flush()
    world.postfix.wait_empty()
    return message


def last_held(world):
    return world.rollcall.store("SELECT id, kind, state, author, sender, reason FROM held ORDER BY id DESC LIMIT 1")[0]


def notices(world):
    people = owners(world)
    wait_until(lambda: {a for copy in world.sink.transactions() for a in copy.recipients} >= set(people), 20, "the notices\n" + world.last_words())
    world.postfix.wait_empty()
    return {copy.recipients[0]: copy for copy in world.sink.transactions()}


def rollcall(world, *arguments):
    done = subprocess.run([os.path.join(BUILD, "rollcall"), arguments[0], "--config", world.rollcall.config, *arguments[1:]], capture_output=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


def test_held_unread_after_three_deaths(shared):
    """Also: Postfix's queue is empty in the end, other posts pass meanwhile, and nobody but the owners hears of it."""
    message = post_poison(shared)
    number, *rest = last_held(shared)
    assert rest == [3, 1, "", STRANGER, "held-unparsed"]
    line, = shared.rollcall.log(r"stage=poison,.*status=held \(held as %d, unread" % number)
    told = notices(shared)
    assert sorted(told) == owners(shared)
    for copy in told.values():
        said = text_of(copy)
        assert STRANGER in said and "rollcall show %d --raw" % number in said and set(links(copy)) == {"discard"}
        assert "Poison" not in copy.message.decode() and not parse(copy).is_attachment()
        assert not [part for part in parse(copy).walk() if part.get_content_type() == "message/rfc822"]
    assert message in rollcall(shared, "show", "--raw", str(number)).replace(b"\n", b"\r\n").replace(b"\r\r", b"\r")
    assert "unparsed" in rollcall(shared, "show", str(number)).decode() and "unparsed" in rollcall(shared, "held").decode()
    # An owner discards it; whether the list has moderators makes no difference.
    follow(shared, owners(shared)[0], links(told[owners(shared)[0]])["discard"])
    shared.rollcall.wait_log("held=%d discarded" % number)
    shared.postfix.wait_empty()


def test_others_pass_meanwhile(shared):
    """While it is being read, and while it waits for its next attempt."""
    before, members = deaths(shared), len(shared.crm.members("deelnemers"))
    reading = Reading(shared)
    shared.postfix.send(compose(SLOW, LIST, "Slow poison"), SLOW, LIST)
    reading.wait()
    shared.post(AUTHOR, LIST, "While it is read")
    shared.sink.wait(members, 15)
    reading.die()
    wait_until(lambda: deaths(shared) == before + 1, 10, "a death that counts\n" + shared.last_words())
    shared.postfix.wait_deferred()
    shared.post(AUTHOR, LIST, "While it waits")
    shared.sink.wait(2 * members, 15)
    shared.postfix.delete_all()


def test_console_lets_it_out(shared):
    """With a mended program, that is. It gets three deaths of its own, and then it is held again."""
    post_poison(shared, subject="Once more")
    number = last_held(shared)[0]
    notices(shared)
    shared.sink.forget()
    before = deaths(shared)
    with Killer(shared, 6):
        rollcall(shared, "accept", str(number))
        wait_until(lambda: deaths(shared) == before + 1, 40, "a release that dies\n" + shared.last_words())
    shared.rollcall.store("UPDATE death SET count = 3 WHERE count = 1")
    hurry(shared)
    shared.rollcall.wait_log("kind=release, held=%d, status=done held as" % number, 40)
    again, kind = last_held(shared)[:2]
    assert again > number and kind == 3
    notices(shared)
    shared.sink.forget()
    number = again
    rollcall(shared, "accept", str(number))
    members = shared.crm.members("deelnemers")
    shared.copies(len(members), 40)
    assert shared.sink.recipients() == {address: 1 for address in members}


def test_it_expires_and_the_owners_hear(shared):
    """Once, in the thread of what they heard before, and with nothing out of it."""
    post_poison(shared, subject="Too late")
    number = last_held(shared)[0]
    first = notices(shared)
    shared.sink.forget()
    shared.rollcall.store("UPDATE held SET expires_at = 1 WHERE id = ?", number)
    assert shared.rollcall.reload()  # a new clock looks at once
    told = notices(shared)
    shared.rollcall.wait_log("ALARM list=<%s> held=%d expired: it is lost" % (LIST, number))
    assert sorted(told) == owners(shared) and set(shared.sink.recipients().values()) == {1}
    for address, copy in told.items():
        said = text_of(copy)
        assert STRANGER in said and "number %d " % number in said and "deleted" in said and not links(copy)
        assert "Too late" not in copy.message.decode() and not list(parse(copy).iter_attachments())
        assert copy.header("References") == first[address].header("Message-ID")
    assert shared.rollcall.store("SELECT state, size FROM held WHERE id = ?", number) == [(5, 0)], "its bytes are still there"


def test_mail_for_the_owners(shared):
    """It is held as well, and never goes to the list."""
    post_poison(shared, "deelnemers-owner@" + DOMAIN, "Private")
    number = last_held(shared)[0]
    notices(shared)
    shared.sink.forget()
    rollcall(shared, "accept", str(number))
    shared.copies(1, 40)
    assert set(shared.sink.recipients()) == set(owners(shared))


def test_no_death_of_the_message(shared):
    """Its client hangs up, and intake is reloaded, or killed, or stopped: nothing is counted."""
    before = deaths(shared)

    def hand_in():
        reading = Reading(shared)
        client = shared.rollcall.connect()
        for line in ("LHLO x", "MAIL FROM:<%s>" % SLOW, "RCPT TO:<%s>" % LIST, "DATA"):
            client.command(line)
        client.send(compose(SLOW, LIST, "Innocent") + b".\r\n")
        reading.wait()
        client.close()
        return reading

    reading = hand_in()
    assert shared.rollcall.reload()
    os.kill(reading.pid, signal.SIGKILL)  # of a generation that is on its way out
    wait_until(lambda: not alive(reading.pid), 10, "its end")
    for end in (signal.SIGKILL, signal.SIGTERM):
        reading = hand_in()
        os.kill(intake(shared), end)
        with contextlib.suppress(ProcessLookupError):
            os.kill(reading.pid, signal.SIGKILL)
        wait_until(lambda: not alive(reading.pid), 10, "its end")
        wait_until(shared.rollcall.answers, 20, "intake again")
    assert deaths(shared) == before
