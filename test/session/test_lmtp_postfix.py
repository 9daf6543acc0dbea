"""The session with its real client: Postfix's lmtp(8), set up by our own script, over a unix socket and over TCP with STARTTLS."""
import os
import re

import pytest

from lab.certs import Authority
from lab.process import run, wait_until
from lmtp_client import LIST, OTHER, FrontProbe, Probe

THIRD = "third@lists.example.org"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="Postfix's master needs root")


@pytest.fixture
def server(lab_directory):
    directory = lab_directory + "/probe"
    os.mkdir(directory, 0o755)
    with Probe(directory, size=20000000) as probe:
        os.chmod(probe.path, 0o666)
        yield probe


@pytest.fixture
def unix_postfix(postfix, server):
    postfix.apply("unix:" + server.path)
    return postfix


def status_of(postfix, queue_id, recipient):
    """What Postfix says became of a recipient: "sent", "bounced", "deferred" and the text in brackets."""
    pattern = r"%s: to=<%s>.* status=(\w+) \((.*)\)$" % (queue_id, re.escape(recipient))
    return re.search(pattern, postfix.wait_log(pattern)[0]).groups()


def body(message):
    """Postfix adds header fields that are missing."""
    return message.partition(b"\r\n\r\n")[2]


def test_verdict_per_list(unix_postfix, server):
    message = b"From: a@b.example\nTo: list@lists.example.org\nSubject: x\n\n.\n..dots\n" + b"x" * 5000 + b"\n\xc3\xa9\n"
    queue_id = unix_postfix.send(message, "a@b.example", [LIST, THIRD, OTHER])
    assert status_of(unix_postfix, queue_id, LIST)[0] == "sent"
    assert status_of(unix_postfix, queue_id, OTHER)[0] == "sent"
    status, text = status_of(unix_postfix, queue_id, THIRD)
    assert status == "bounced" and "550 5.7.1 not for you" in text
    got, envelope = server.posts()[0]
    assert body(got) == body(message.replace(b"\n", b"\r\n"))
    assert len(server.posts()) == 1
    assert envelope["sender"] == ["a@b.example"]
    assert (envelope["ident"], envelope["addr"], envelope["helo"]) == ([queue_id], ["127.0.0.1"], ["client.example"])
    assert envelope["8bit"] == ["yes"] and envelope["smtputf8"] == ["no"]


def test_refused_and_deferred_at_rcpt(unix_postfix, server):
    queue_id = unix_postfix.send(b"Subject: x\n\nx\n", "a@b.example", [LIST, "nobody@lists.example.org", "crm@lists.example.org"])
    assert status_of(unix_postfix, queue_id, LIST)[0] == "sent"
    status, text = status_of(unix_postfix, queue_id, "nobody@lists.example.org")
    assert status == "bounced" and "550 5.1.1 no such list" in text
    status, text = status_of(unix_postfix, queue_id, "crm@lists.example.org")
    assert status == "deferred" and "451 4.3.0 the CRM does not answer" in text


def test_international_sender(unix_postfix, server):
    sender = "caf\u00e9@b\u00fccher.example"
    queue_id = unix_postfix.send(("From: <%s>\n\nx\n" % sender).encode(), sender, LIST, ["SMTPUTF8"])
    assert status_of(unix_postfix, queue_id, LIST)[0] == "sent"
    envelope = server.posts()[0][1]
    assert envelope["sender"] == ["caf\u00e9@xn--bcher-kva.example"]
    assert envelope["smtputf8"] == ["yes"]


def test_nul_is_refused_for_good(unix_postfix, server):
    queue_id = unix_postfix.send(b"Subject: x\n\na\0b\n", "a@b.example", LIST)
    status, text = status_of(unix_postfix, queue_id, LIST)
    assert status == "bounced" and "550 5.6.0" in text
    assert server.posts() == []


def test_too_big_is_not_even_sent(unix_postfix, server):
    """Postfix knows our SIZE."""
    unix_postfix.set(message_size_limit="30000000")
    queue_id = unix_postfix.send(b"Subject: x\n\n" + b"0123456789abcde\n" * 1300000, "a@b.example", LIST)
    status, text = status_of(unix_postfix, queue_id, LIST)
    assert status == "bounced" and "exceeds size limit 20000000 of server mx.example.org" in text


def test_many_posts_at_a_time(unix_postfix, server):
    """One message per session, and Postfix never has to be told so."""
    for number in range(40):
        unix_postfix.send(b"Subject: %d\n\nx\n" % number, "a@b.example", LIST)
    unix_postfix.wait_empty()
    assert len(server.posts()) == 40
    assert unix_postfix.log("one message per session|status=(deferred|bounced)") == []


def test_address_verification(unix_postfix, server):
    """verify(8): RCPT and then no DATA."""
    for recipient, status in ((LIST, "deliverable"), ("nobody@lists.example.org", "undeliverable")):
        run(["sendmail", "-C", unix_postfix.config, "-bv", recipient])
        unix_postfix.wait_log("to=<%s>.* status=%s" % (re.escape(recipient), status))
    assert server.posts() == []


def test_starttls_with_postfix(postfix, lab_directory):
    directory = lab_directory + "/front"
    os.mkdir(directory, 0o755)
    authority = Authority(directory)
    certificate, key = authority.issue("server")
    with FrontProbe(directory, {"tls_certificate_file": certificate, "tls_key_file": key}, size=20000000) as server:
        postfix.apply("inet:127.0.0.1:%d" % server.port)
        options = {"security_level": "secure", "CAfile": authority.path, "secure_cert_match": "localhost", "loglevel": "1"}
        postfix.postconf("-P", *("rollcall/unix/lmtp_tls_%s=%s" % item for item in options.items()))
        postfix.reload()
        message = b"Subject: x\n\n" + (b"y" * 63 + b"\n") * 100000
        queue_id = postfix.send(message, "a@b.example", [LIST, THIRD])
        assert status_of(postfix, queue_id, LIST)[0] == "sent"
        assert status_of(postfix, queue_id, THIRD)[0] == "bounced"
        assert postfix.log("Verified TLS connection established to 127.0.0.1.*TLSv1.3")
        wait_until(server.posts, what="post")
        got, envelope = server.posts()[0]
        assert body(got) == body(message.replace(b"\n", b"\r\n"))
        assert envelope["ident"] == [queue_id]
