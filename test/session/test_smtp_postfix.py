"""SMTP into a real Postfix: the service rollcall-smtp of master.cf.rollcall takes all at once, as qmqpd does, and another server's limits are met in batches."""
import os
import re

import pytest

from lab.certs import Authority
from lab.dovecot import Dovecot
from lab.postfix import DOMAIN
from lab.process import free_port
from test_smtp import Probe, secret

SENDER = "choir-bounces@" + DOMAIN
POST = (b"From: alice@post.example.com\nTo: choir@lists.example.org\nSubject: Rehearsal \xc3\xa9\xc3\xa9n\nMessage-ID: <1@post.example.com>\n"
        b"Date: Sat, 21 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        b"Hello\n.\n..two dots\n\xc3\xa9t\xc3\xa9 and a space \n\nFrom here on\n")
BODY = POST.partition(b"\n\n")[2].replace(b"\n", b"\r\n")


def members(count):
    return ["m%d@%s.example" % (i, "abcdefg"[i % 7] * (1 + i % 40)) for i in range(count)]


@pytest.fixture
def entrance(postfix, lab_directory):
    """entrance(recipients, …) hands POST to a Postfix that has rollcall-smtp."""
    postfix.apply("unix:%s/nobody" % lab_directory)
    where = postfix.add_smtp_entrance()

    def go(recipients, where=where, message=POST, **options):
        probe = Probe(lab_directory, where, recipients=recipients, message=message, sender=SENDER, seconds=30, **options)
        probe.said = probe.end()
        return probe
    return go


@pytest.mark.parametrize("count", [1, 5000])
def test_each_member_gets_one_copy(entrance, postfix, sink, count):
    addresses = members(count)
    probe = entrance(addresses)
    accepted = re.fullmatch(r"accepted ([0-9A-Za-z]+) ([0-9.]+)", probe.said)
    assert accepted, probe.said + probe.log
    print("%d recipients: %s s" % (count, accepted[2]))
    sink.wait(count, 120)
    postfix.wait_empty(60)
    assert sink.recipients() == {address: 1 for address in addresses}
    for transaction in sink.transactions():
        assert (transaction.sender, transaction.body) == (SENDER, BODY)
    # One queue file for all, under the id that we were told.
    assert postfix.log(r"qmgr\[\d+\]: %s: from=<%s>, size=\d+, nrcpt=%d " % (accepted[1], SENDER, count))
    assert len(postfix.log(r"qmgr\[\d+\]: \w+: from=")) == 1


def test_verp(entrance, sink):
    addresses = ["ann@post.example.com", "Bob+x@home.example.org", "c=d@e.example"]
    probe = entrance(addresses, words=["verp"])
    assert probe.said.startswith("accepted ") and "XVERP" not in probe.log
    assert {(t.sender, tuple(t.recipients)) for t in sink.wait(3)} == {
        ("choir-bounces+%s@%s" % (address.replace("@", "="), DOMAIN), (address,)) for address in addresses}


def test_an_address_beyond_ascii(entrance, postfix, sink):
    plain = POST.replace(b"\xc3\xa9\xc3\xa9n", b"een")
    probe = entrance(["jürgen@home.example.org", "ann@home.example.org"], message=plain)
    assert probe.said.startswith("accepted "), probe.said + probe.log
    sink.wait(2)
    assert sink.recipients() == {"jürgen@home.example.org": 1, "ann@home.example.org": 1}


def test_s4_recipient_limit(entrance, postfix, sink):
    """Postfix's own limit of 1000: nothing is sent, the reason names limit and setting, and with smtp_batch the limit is learnt."""
    place = "127.0.0.1:%d" % free_port()
    where = postfix.add_smtp_entrance(place, smtpd_recipient_limit="1000")
    probe = entrance(members(1001), where)
    assert re.match(r"deferred 451 4.5.3 mail server takes only 1000 of 1001 recipients at once \(452 4.5.3 Error: too many recipients\): raise its "
                    "smtpd_recipient_limit, or set smtp_batch", probe.said)
    assert entrance(members(1001), where, smtp_batch=5000).lines[-1].startswith("batch 1000 ")
    assert entrance(members(1000), where).said.startswith("accepted ")
    sink.wait(1000, 60)
    assert len(postfix.log(r"qmgr\[\d+\]: \w+: from=")) == 1


def test_s4_size_and_addresses(entrance, postfix, sink):
    small = postfix.add_smtp_entrance("127.0.0.1:%d" % free_port(), message_size_limit="300")
    assert entrance(members(1), small).said == "deferred 451 4.3.4 the message has %d bytes, and the mail server takes 300: raise its limit" % (len(POST) + POST.count(b"\n"))
    narrow = postfix.add_smtp_entrance("127.0.0.1:%d" % free_port(), smtpd_discard_ehlo_keywords="8bitmime,smtputf8,pipelining,size,verp")
    assert entrance(members(1), narrow).said.startswith("deferred 451 4.6.3 the message is 8-bit")
    strict = postfix.add_smtp_entrance("127.0.0.1:%d" % free_port(), smtpd_relay_restrictions="check_recipient_access,inline:{b.example=REJECT},permit_mynetworks,reject")
    probe = entrance(members(200), strict, smtp_skip_share=50)
    bad = [m for m in members(200) if m.endswith("@b.example")]
    assert probe.lines[0].startswith("begun %d 554 5.7.1 [...] Recipient address rejected: Access denied" % len(bad))
    assert probe.said.startswith("accepted ")
    sink.wait(200 - len(bad), 60)
    assert set(sink.recipients()) == set(members(200)) - set(bad)
    assert entrance(members(200), strict, smtp_skip_share=0).said.startswith("deferred 451 4.3.0 mail server refuses more than 0 of 200")


def test_tls_and_login(entrance, postfix, sink, lab_directory):
    authority = Authority(lab_directory)
    certificate, key = authority.issue("submission")
    password = secret(lab_directory, "klaproos 7\n")
    with Dovecot(lab_directory, postfix, {"rollcall@example.org": "klaproos 7"}) as dovecot:
        where = "inet:127.0.0.1:%d" % dovecot.add_submission(certificate, key)
        options = {"smtp_tls": "require", "smtp_tls_ca_file": authority.path, "smtp_user": "rollcall@example.org", "smtp_password_file": password}
        assert entrance(members(300), where, **options).said.startswith("accepted ")
        sink.wait(300, 60)
        assert sink.transactions()[0].body == BODY
        assert postfix.log("sasl_method=PLAIN, sasl_username=rollcall@example.org")
        with open(password, "w") as f:
            f.write("wrong")
        assert re.match("deferred 451 4.3.0 mail server said at AUTH: 535 5.7.8 ", entrance(members(1), where, **options).said)
        options.pop("smtp_user")
        assert re.match("deferred 451 4.3.0 mail server (refuses more than|said at MAIL)", entrance(members(3), where, **options).said)
        assert os.path.exists(password)
