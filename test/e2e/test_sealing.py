"""ARC through the whole of it: a post that a relay has passed on, our link on top of its chain, judged by another implementation with the same zone.

RFC 8617; what may be wrong with a chain is in session/test_arc.py.
"""
import re

import dkim
import pytest

from lab.dkimcheck import Key
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.resolver import BOGUS
from lab.world import World, compose
from moderating import follow, links, moderators, sent_to_all

AUTHOR = "chaya@mail.example.net"
LIST = "deelnemers@" + DOMAIN


@pytest.fixture(scope="module")
def shared():
    with World({"domain " + DOMAIN: {"arc": "yes"}, "list spacelog@" + DOMAIN: {"subject_tag": "[log]"},
                "list " + LIST: {"scenario": "privateoreditorkey"}}) as world:
        for name, domain in (("relay", "relay.example"), ("author", "mail.example.net")):
            setattr(world, name, world.add_author_key(domain, name))
        yield world


def arc_sign(text, key):
    links = dkim.arc_sign(b"Authentication-Results: relay.example; spf=pass smtp.mailfrom=mail.example.net\r\n" + text, key.selector.encode(),
                          key.domain.encode(), key.pem, b"relay.example", linesep=b"\r\n")
    return b"".join(links) + text


def passed_on(shared, to, text):
    shared.sink.forget()
    shared.postfix.send(text, AUTHOR, to)
    return shared.copies(len(shared.crm.members(to.split("@")[0])))[0]


def judge(shared, text):
    cv, results, reason = dkim.arc_verify(text, dnsfunc=shared.dns.lookup)
    return cv and cv.decode(), [result["as-domain"].decode() for result in results], reason


def results(copy, number):
    return re.sub(r"\s+", " ", copy.header("ARC-Authentication-Results")[number])


def test_first_link(shared):
    copy = passed_on(shared, LIST, shared.author.sign(compose(AUTHOR, LIST)))
    assert judge(shared, copy.message) == ("pass", [DOMAIN], "success")
    assert results(copy, 0).startswith("i=1; mx.example.org; dkim=pass header.d=mail.example.net header.s=author")
    # Sealed last: the fields stand above our DKIM signatures, which hold, too.
    order = re.findall(rb"(?m)^(ARC-Seal|ARC-Message-Signature|ARC-Authentication-Results|DKIM-Signature):", copy.message)
    assert order[:5] == [b"ARC-Seal", b"ARC-Message-Signature", b"ARC-Authentication-Results", b"DKIM-Signature", b"DKIM-Signature"]
    assert sorted(shared.dns.good_domains(copy.message)) == [(DOMAIN, "ed25519-sha256"), (DOMAIN, "rsa-sha256"), ("mail.example.net", "rsa-sha256")]


def test_link_behind_a_relay(shared):
    """A list with a tag breaks the author's signature; our link tells that it was good, and the chain is whole."""
    to = "spacelog@" + DOMAIN
    copy = passed_on(shared, to, arc_sign(shared.author.sign(compose(AUTHOR, to)), shared.relay))
    assert copy.header("Subject") == ["[log] A question"]
    assert judge(shared, copy.message) == ("pass", [DOMAIN, "relay.example"], "success")
    assert "dkim=pass header.d=mail.example.net" in results(copy, 0) and results(copy, 0).startswith("i=2;") and "arc=pass" in results(copy, 0)
    assert ("mail.example.net", "rsa-sha256") not in shared.dns.good_domains(copy.message)


def test_list_of_a_list(shared):
    """Two Rollcalls in a row, each with a tag: what the first one found is still to be read, and the chain that both made is whole."""
    first = passed_on(shared, "spacelog@" + DOMAIN, shared.author.sign(compose(AUTHOR, "spacelog")))
    with World({"domain " + DOMAIN: {"arc": "yes"}, "list " + LIST: {"scenario": "public", "subject_tag": "[all]"}}, start_rollcall=False) as next_one:
        key = Key(DOMAIN, "next")
        next_one.rollcall.configure({"domain " + DOMAIN: {"dkim_keys": "next:" + next_one.rollcall.write_key(key)}})
        for known in [key, shared.author] + shared.rollcall.keys:
            next_one.publish(known)
        next_one.rollcall.start()
        copy = passed_on(next_one, LIST, first.message)
        assert copy.header("Subject") == ["[all] [log] A question"]
        assert judge(next_one, copy.message) == ("pass", [DOMAIN, DOMAIN], "success")
        assert "arc=pass" in results(copy, 0) and results(copy, 1).startswith("i=1; mx.example.org; dkim=pass header.d=mail.example.net")


def test_broken_chain_ends(shared):
    """What the relay sealed was changed before it came: our link says fail and covers itself alone."""
    copy = passed_on(shared, LIST, arc_sign(compose(AUTHOR, LIST), shared.relay).replace(b"A question", b"A  changed question"))
    assert judge(shared, copy.message)[0] is None and "cv=fail" in copy.header("ARC-Seal")[0] and "arc=fail" in results(copy, 0)


def test_held_post(shared):
    """What counts is the chain's state when the post came, whatever DNS says when a moderator accepts it. Notices of ours are no link of any chain."""
    shared.sink.forget()
    text = compose("stranger@elsewhere.example", LIST, "Held")
    shared.postfix.send(arc_sign(text, shared.relay), "stranger@elsewhere.example", LIST)
    first = moderators(shared)[0]
    (notice,) = wait_until(lambda: shared.sink.transactions(first), 20, "a notice")
    assert not re.search(rb"(?m)^ARC-", notice.message.partition(b"\r\n\r\n")[0])
    shared.resolver.set(shared.relay.name.rstrip("."))
    try:
        follow(shared, first, links(notice)["accept"])
        copy = sent_to_all(shared)[0]
    finally:
        shared.publish(shared.relay)
    assert judge(shared, copy.message) == ("pass", [DOMAIN, "relay.example"], "success") and "arc=pass" in results(copy, 0)


def test_dns_trouble_defers(shared):
    """Nobody can tell the state of the chain: the post waits in Postfix, and goes out once the key is there."""
    key = Key("relay." + BOGUS, "k")
    shared.sink.forget()
    shared.postfix.send(arc_sign(compose(AUTHOR, LIST), key), AUTHOR, LIST)
    assert shared.postfix.wait_log(r"status=deferred .*451 4\.4\.3 .*ARC chain")
    shared.postfix.delete_all()


def test_off_is_the_default(shared):
    shared.rollcall.configure({"domain " + DOMAIN: {"arc": None}})
    shared.rollcall.reload()
    try:
        text = arc_sign(compose(AUTHOR, LIST), shared.relay)
        copy = passed_on(shared, LIST, text)
        # Transparent: the chain that came leaves as it came, and here it still holds.
        assert judge(shared, copy.message) == ("pass", ["relay.example"], "success")
    finally:
        shared.rollcall.configure({"domain " + DOMAIN: {"arc": "yes"}})
        shared.rollcall.reload()
