"""Trouble with the CRM under the whole of it: the post waits in Postfix with a reason, and goes out once to each when the trouble is over."""
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.certs import Authority
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World, compose

AUTHOR = "chaya@mail.example.net"
LIST = "deelnemers@" + DOMAIN


@pytest.fixture(scope="module")
def shared():
    with World() as world:
        yield world


def waits(world, reason):
    """A post now waits, for that reason; nobody got anything."""
    world.sink.forget()
    world.post(AUTHOR, LIST, "In trouble")
    world.postfix.wait_deferred()
    reasons = world.postfix.delay_reasons()
    assert all(re.search(reason, said) for said in reasons), reasons
    assert world.sink.recipients() == {}
    for address in world.crm_members_before:
        assert not [said for said in reasons if address in said]


def goes_out_once(world):
    """The post that waited is with each member once; what Postfix and the breaker wait for is waited for."""
    def delivered():
        world.postfix.flush()
        return not world.postfix.queued()

    wait_until(delivered, 40, "an empty queue", pause=1)
    members = world.crm.members("deelnemers")
    world.copies(len(members))
    assert world.sink.recipients() == {address: 1 for address in members}


@pytest.fixture(autouse=True)
def members_before(shared):
    shared.crm_members_before = shared.crm.members("deelnemers")


def test_server_stopped_and_back(shared):
    shared.mariadb.kill()
    waits(shared, r"451 4\.3\.0")
    shared.mariadb.start()
    goes_out_once(shared)


def test_view_dropped_and_back(shared):
    shared.crm.drop_view()
    waits(shared, r"451 4\.3\.0")
    assert shared.rollcall.log(r"mailinglists_api")
    shared.crm.use_view("view.sql")
    shared.mariadb.execute("GRANT SELECT, SHOW VIEW ON crm.mailinglists_api TO mlist")
    goes_out_once(shared)


def test_server_that_another_authority_vouches_for(shared):
    """HOSTILE D13: it is not spoken to, and the password is never sent; only the lab's own connection sees the FLUSH."""
    good = shared.mariadb.authority.issue("server-again")
    bad = Authority(shared.directory, "Other CA").issue("impostor")
    shared.mariadb.use_certificate(bad)
    shared.mariadb.execute("KILL CONNECTION USER mlist")
    waits(shared, r"451 4\.3\.0")
    assert shared.rollcall.log(r"(?i)certificate|TLS|SSL")
    shared.mariadb.use_certificate(good)
    goes_out_once(shared)


def test_shrunk_list_waits_with_an_alarm(shared):
    """HOSTILE D8: an import that lost more than half is the commonest accident."""
    shared.crm.fill("shrinking", 40)
    shared.crm.join(AUTHOR, "shrinking")
    shared.sink.forget()
    shared.post(AUTHOR, "shrinking")
    shared.copies(41)
    shared.crm.execute("UPDATE mailinglists_subscription SET active = 0 WHERE mailinglist_id ="
                       " (SELECT id FROM mailinglists_mailinglist WHERE name = 'shrinking') AND member_id NOT IN"
                       " (SELECT id FROM members_user WHERE email = %s) AND member_id %% 4 <> 0", AUTHOR)
    shared.sink.forget()
    shared.post(AUTHOR, "shrinking")
    shared.postfix.wait_deferred()
    assert "shrunk" in shared.postfix.delay_reasons()[0]
    assert shared.rollcall.wait_log(r"ALARM list=<shrinking@.*half-done import")
    shared.crm.execute("UPDATE mailinglists_subscription SET active = 1")
    shared.postfix.flush()
    shared.copies(41)
    assert set(shared.sink.recipients().values()) == {1}


def test_same_post_twice_is_sent_once(shared):
    """HOSTILE M35, DESIGN's K: a retry of Postfix whose first answer was lost."""
    message = compose(AUTHOR, LIST)
    members = shared.crm.members("deelnemers")
    shared.sink.forget()
    with shared.rollcall.connect() as client:
        first = client.post(AUTHOR, [LIST], message)[0]
    with shared.rollcall.connect() as client:
        second = client.post(AUTHOR, [LIST], message)[0]
    assert (first.code, second.code) == (250, 250)
    assert re.search(r"queued as (\w+)", first.text)[1] == re.search(r"queued as (\w+) before", second.text)[1]
    shared.copies(len(members))
    assert shared.sink.recipients() == {address: 1 for address in members}


def test_same_post_fifty_times_at_once_is_sent_once(shared):
    """HOSTILE M35."""
    message = compose(AUTHOR, LIST)
    members = shared.crm.members("deelnemers")
    shared.sink.forget()

    def send(_):
        with shared.rollcall.connect(60) as client:
            return client.post(AUTHOR, [LIST], message)[0].code

    with ThreadPoolExecutor(50) as pool:
        codes = list(pool.map(send, range(50)))
    assert set(codes) <= {250, 451} and 250 in codes
    shared.copies(len(members))
    assert shared.sink.recipients() == {address: 1 for address in members}
