"""The connection to the resolver, over UDP and TCP: what a broken or hostile one does to each answer that a post waits for. The post waits with 451 or goes
on; nobody's mail is refused or held for what DNS did not say."""
import itertools

import pytest

from lab.dkimcheck import Key
from lab.dnsproxy import FAULTS, DnsProxy
from lab.process import wait_until
from lab.world import World
from oracle import LIST, SHORT, some

AUTHOR = "dora@author.example"
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def world():
    """An author whose domain wants to be rejected what it has not signed; each signature names another key, so that no answer is known already."""
    with World(start_rollcall=False) as everything, DnsProxy(everything.resolver.port) as line:
        everything.line, everything.key = line, Key("author.example", "s1")
        everything.resolver.set("*._domainkey.author.example", everything.key.record)
        everything.resolver.set("_dmarc.author.example", "v=DMARC1; p=reject")
        everything.crm.join(AUTHOR, LIST)
        everything.rollcall.configure({"rollcall": {"resolver": line.setting, "dns_deadline": 1, "dispatch_workers": 2}})
        everything.rollcall.start()
        yield everything


def post(world, its):
    world.key.selector = "s%d" % next(numbers)
    its.post(author=AUTHOR, key=world.key)


@pytest.mark.parametrize("way", ["UDP", "TCP"])
@pytest.mark.parametrize("family", list(FAULTS) if not SHORT else ["forged"])
def test_answers(world, trial, way, family):
    """What waits is tried again only at the end, when the connection has been in order for a moment: nothing of what was may be in the way then."""
    world.line.tcp, kind = way == "TCP", way.lower()
    with trial(world, "DNS over %s: %s; the first answer that a post waits for, the second, all" % (way, family)) as its:
        before = world.line.asked[kind]
        post(world, its)
        its.settle()
        assert world.line.asked[kind] > before
        for name, fault in FAULTS[family].items():
            for which in some([range(1, 2), range(2, 3), range(1, 1 << 30)], 1):
                its.place = "%s, %s" % (name, which)
                world.line.arm(fault, which)
                waiting = world.postfix.deferred()
                post(world, its)
                wait_until(lambda: world.postfix.deferred() > waiting or world.postfix.queued() == waiting, 30, "an end or another time", pause=0.02)
                world.line.disarm()
        its.settle()
        post(world, its)
        its.settle()
        if set(its.seen()) - {"250 2.0.0", "451 4.4.3"}:
            its.trouble.append("said to Postfix: %s" % its.verdicts())
