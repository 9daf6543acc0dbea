"""The main job with relay = smtp: each member one signed copy as by QMQP, in one transaction; and in batches where a server takes no more, which a kill -9 between
two of them does not send twice."""
import collections
import contextlib
import os
import signal
import sys

import pytest

from lab.crm import member
from lab.postfix import DOMAIN
from lab.process import free_port, wait_until
from lab.world import World, compose

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "session"))
from scripted_smtp import ScriptedSmtp  # noqa: E402

AUTHOR = "chaya@mail.example.net"
BODY = "Één vraag\r\n.\r\n..twee\r\n\r\nFrom here on  \r\n".encode()


@contextlib.contextmanager
def smtp_world(**settings):
    """A world whose Rollcall is not started yet."""
    with World(fast=True, start_rollcall=False) as world:
        world.rollcall.configure({"rollcall": dict({"relay": "smtp", "smtp_server": world.postfix.add_smtp_entrance()}, **settings)})
        yield world


@pytest.fixture(scope="module")
def shared():
    with smtp_world() as world:
        world.rollcall.configure({"domain " + DOMAIN: {"verp": "yes"}})
        world.rollcall.start()
        yield world


def send(world, name, count, subject="By SMTP"):
    world.crm.fill(name, count)
    message = compose(member(1), name, subject, BODY, [("X-Raw", "één")])
    world.sink.forget()
    world.postfix.send(message, member(1), "%s@%s" % (name, DOMAIN), ["SMTPUTF8"])
    return message


def once(copies):
    return collections.Counter(address for copy in copies for address in copy.recipients)


@pytest.mark.parametrize("count", [1, 1000])
def test_each_member_one_copy(shared, count):
    send(shared, "list%d" % count, count)
    copies = shared.copies(count, 120)
    assert once(copies) == {address: 1 for address in shared.crm.members("list%d" % count)}
    for copy in copies:
        (address,) = copy.recipients
        assert copy.sender == "list%d-bounces+%s@%s" % (count, address.replace("@", "="), DOMAIN)
        assert copy.body == BODY and copy.header("X-Raw") == ["=?utf-8?Q?=C3=A9=C3=A9n?="]
    assert all(result.good for result in shared.dns.verify(copies[0].message))
    # One transaction, under one id that Postfix was told, too.
    (line,) = shared.rollcall.log("list=<list%d@.*status=sent" % count)
    assert shared.postfix.log(r"%s: from=<list%d-bounces@%s>, size=\d+, nrcpt=%d " % (line.rpartition("queued as ")[2].rstrip(")"), count, DOMAIN, count))


def test_the_same_bytes_as_by_qmqp(shared):
    messages = []
    for relay in ("smtp", "qmqp"):
        shared.rollcall.configure({"rollcall": {"relay": relay}})
        assert shared.rollcall.reload()
        send(shared, "bytes", 3, "Twice")
        copies = shared.copies(3)
        assert {copy.body for copy in copies} == {BODY}
        messages.append([line.partition(b":")[0].lower() for line in copies[0].message.partition(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] not in b" \t"])
    shared.rollcall.configure({"rollcall": {"relay": "smtp"}})
    assert shared.rollcall.reload()
    assert messages[0] == messages[1]


def test_owners(shared):
    shared.sink.forget()
    shared.postfix.send(compose("anneke@space.example", "deelnemers-owner"), "anneke@space.example", "deelnemers-owner@" + DOMAIN)
    (copy,) = shared.copies(1)
    assert copy.sender == "deelnemers-bounces@" + DOMAIN


def test_owners_hear_of_refused_addresses():
    """Once a day, with the server's words and without the address, which never touches the disk."""
    def rcpt(conversation):
        line = conversation.server.commands[-1]
        return b"550 5.1.1 <%s>: no such mailbox\r\n" % victim.encode() if victim in line else b"250 2.1.5 Ok\r\n"

    def notes():
        return [text for text in server.messages if b"Some members get no copies" in text]
    with smtp_world() as world, ScriptedSmtp(RCPT=rcpt) as server:
        members = world.crm.members("deelnemers")
        owners = {row[0] for row in world.crm.query("SELECT DISTINCT user_subscriber FROM mailinglists_api WHERE list='deelnemers' AND owner")}
        victim = sorted(set(members) - owners - {AUTHOR})[0]
        world.rollcall.configure({"rollcall": {"smtp_server": server.where}})
        world.rollcall.start()
        for number in (1, 2):
            world.post(AUTHOR, "deelnemers", "Post %d" % number)
            wait_until(lambda number=number: len(server.messages) >= number + len(owners), 30, "post and notes\n" + world.last_words())
        world.post(AUTHOR, "deelnemers", "Post 3")
        wait_until(lambda: len(server.messages) == 3 + len(owners), 30, "the last post")
        assert len(notes()) == len(owners) and {address for envelope in server.envelopes for address in envelope if len(envelope) == 1} == owners
        for text in notes():
            said = " ".join(text.decode().split())
            assert victim not in said and "at least 1 of " in said and "550 5.1.1 [...] no such mailbox" in said
        state = os.path.join(world.rollcall.directory, "state")
        for name in os.listdir(state):
            with open(os.path.join(state, name), "rb") as f:
                assert victim.encode() not in f.read(), name
        assert not world.rollcall.log(victim)


def test_s4_limit_is_learnt_and_met_in_batches():
    """Without smtp_batch all waits; with it, the server's own limit makes the batches smaller."""
    with smtp_world() as world:
        place = "127.0.0.1:%d" % free_port()
        world.rollcall.configure({"rollcall": {"smtp_server": world.postfix.add_smtp_entrance(place, smtpd_recipient_limit="100"), "dispatch_workers": 1}})
        world.rollcall.start()
        send(world, "big", 1000)
        (reason,) = world.postfix.wait_deferred()
        assert "takes only 100 of 1000 recipients at once" in reason and "smtp_batch" in reason
        assert world.sink.transactions() == []
        world.rollcall.configure({"rollcall": {"smtp_batch": 5000}})
        assert world.rollcall.reload()
        world.postfix.flush()
        copies = world.copies(1000, 60)
        assert once(copies) == {address: 1 for address in world.crm.members("big")}
        assert {copy.body for copy in copies} == {BODY}
        files = world.postfix.log(r"qmgr\[\d+\]: \w+: from=<big-bounces@.*nrcpt=([0-9]+) ")
        assert 11 <= len(files) <= 25
        assert world.rollcall.wait_log("list=<big@.*: 1000 members in %d batches" % len(files))


def kill(world, signals):
    """A reply that ends the trusted room first, the first time; `signals` counts."""
    signals.append(1)
    if len(signals) == 4:
        for pid in world.rollcall.processes()["rollcall-dispatch"]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def killed(step, reply, **settings):
    """A world whose post to ten batches was cut short at this step of the fourth, and its mail server."""
    signals = []

    def say(conversation):
        kill(world, signals)
        return reply
    with smtp_world() as world, ScriptedSmtp(**{step: say}) as server:
        world.rollcall.configure({"rollcall": {"smtp_server": server.where, "smtp_batch": 100}, "domain " + DOMAIN: settings})
        world.rollcall.start()
        send(world, "big", 1000)
        world.postfix.wait_deferred(1, 60)
        yield world, server


def go_on(world):
    """Postfix tries again until nothing waits."""
    world.rollcall.daemon.wait_ready(world.rollcall.answers)
    for _ in range(20):
        world.postfix.flush()
        with contextlib.suppress(Exception):
            world.postfix.wait_empty(3)
            break


@pytest.mark.parametrize("step, reply", [("MAIL", b"250 2.1.0 Ok\r\n"), ("end", b"250 2.0.0 Ok: queued as AB12\r\n")])
def test_killed_between_batches(step, reply):
    """Before the last byte of the fourth batch nobody has anything twice; after it, that batch alone has."""
    with killed(step, reply) as (world, server):
        before = set(world.crm.members("big"))
        # Who leaves or joins meanwhile moves nobody else.
        for address in (member(10), member(500), member(990)):
            world.crm.leave(address, "big")
        world.crm.add_person("new@home.example")
        world.crm.join("new@home.example", "big")
        go_on(world)
        counts = collections.Counter(address for envelope in server.envelopes for address in envelope)
        stay = before & set(world.crm.members("big"))
        assert stay <= set(counts) and set(counts) <= before | {"new@home.example"}
        twice = {address for address, count in counts.items() if count > 1}
        assert max(counts.values()) == (1 if step == "MAIL" else 2)
        if step == "end":
            assert any(twice >= stay & set(envelope) for envelope in server.envelopes[3:5]) and len(twice) <= 100
            assert world.rollcall.log("a member may get two copies|second copy")
        assert len({message.partition(b"\r\n\r\n")[2] for message in server.messages}) == 1


def test_an_unclear_batch_is_asked_about():
    """on_ambiguous = hold: the batches that are surely not out go out, and the one that may be is for a person."""
    with killed("end", b"250 2.0.0 Ok: queued as AB12\r\n", on_ambiguous="hold") as (world, server):
        go_on(world)
        counts = collections.Counter(address for envelope in server.envelopes for address in envelope)
        assert {address: counts[address] for address in world.crm.members("big")} == dict.fromkeys(world.crm.members("big"), 1)
        assert len(world.rollcall.store("SELECT id FROM held")) == 1


def test_refuses_to_start_without_its_password():
    with smtp_world(smtp_user="rollcall", smtp_password_file="/nonexistent/password") as world:
        status, said = world.rollcall.refusal()
        assert status != 0 and "smtp_password_file: /nonexistent/password No such file" in said
