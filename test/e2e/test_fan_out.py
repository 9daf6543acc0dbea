"""What ends a fan-out before its last byte: nobody gets anything, Postfix keeps the post, and the retry sends it once (HOSTILE L16, S4, S8)."""
import contextlib
import time

import pytest

from lab.postfix import DOMAIN
from lab.world import World, compose

AUTHOR = "chaya@mail.example.net"
LIST = "deelnemers@" + DOMAIN


@pytest.fixture(scope="module")
def shared():
    with World() as world:
        yield world


@contextlib.contextmanager
def crm_holds_its_breath(world):
    """Whoever asks the CRM about people waits."""
    holder = world.mariadb.connect("crm")
    try:
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLES members_user WRITE")
        yield
    finally:
        holder.close()


def begin(client):
    client.envelope(AUTHOR, [LIST])
    assert client.command("DATA").code == 354


def goes_out_once(world, message):
    with world.rollcall.connect() as client:
        assert client.post(AUTHOR, [LIST], message)[0].code == 250
    members = world.crm.members("deelnemers")
    world.copies(len(members))
    assert world.sink.recipients() == {address: 1 for address in members}


def test_the_client_is_gone(shared):
    shared.sink.forget()
    message = compose(AUTHOR, LIST, "Impatient")
    with shared.rollcall.connect() as client:
        begin(client)
        with crm_holds_its_breath(shared):
            client.send(message + b".\r\n")
            client.close()
    shared.rollcall.wait_log(r"dsn=4\.4\.2, status=deferred \(the client is gone before the last byte\)")
    assert shared.sink.transactions() == [] and shared.postfix.queued() == 0
    goes_out_once(shared, message)


def test_it_is_too_late(shared):
    """Postfix would give up before our 250 came: better nothing than twice."""
    shared.sink.forget()
    message = compose(AUTHOR, LIST, "Late")
    shared.rollcall.configure({"rollcall": {"post_deadline": 17}})
    shared.rollcall.reload()
    try:
        with shared.rollcall.connect() as client:
            begin(client)
            with crm_holds_its_breath(shared):
                client.send(message + b".\r\n")
                time.sleep(2.5)
            reply = client.reply()
        assert reply.code == 451 and "4.4.7 too late to hand the post over in time" in reply.text
    finally:
        shared.rollcall.configure({"rollcall": {"post_deadline": None}})
        shared.rollcall.reload()
    assert shared.sink.transactions() == []
    goes_out_once(shared, message)


def test_postfix_is_away(shared):
    shared.sink.forget()
    message = compose(AUTHOR, LIST, "Nobody there")
    shared.postfix.stop()
    try:
        with shared.rollcall.connect() as client:
            reply = client.post(AUTHOR, [LIST], message)[0]
        assert reply.code == 451
    finally:
        shared.postfix.start()
    assert shared.sink.transactions() == []
    goes_out_once(shared, message)
