"""The lab's Postfix and sink: what goes in comes out as it was, and nothing stays behind."""
import grp
import os
import re
import socket
import time

import pytest

from lab.postfix import DOMAIN, Refused
from lab.process import alive, children

AUTHOR = "author@post.example.com"
POST = b"From: author@post.example.com\r\nTo: x@home.example.org\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n" \
       b"Message-ID: <1@post.example.com>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n"
BODIES = [b"plain\r\n", b".\r\n", b"..\r\n...\r\n.x\r\n", b"\r\n\r\n\r\n", b"caf\xc3\xa9 \xff\xfe\r\n", b"x" * 900 + b"\r\n.\r\n",
          b"line\r\n" * 20000, b""]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bytes_arrive_as_they_were(postfix, sink, body):
    postfix.send(POST + body, AUTHOR, ["x@home.example.org", "y@home.example.org"])
    copy, = sink.wait(2)
    assert copy.message.endswith(POST + body) and copy.message.startswith(b"Received: ")
    assert (copy.sender, copy.recipients) == (AUTHOR, ["x@home.example.org", "y@home.example.org"])
    assert "BODY=8BITMIME" in copy.parameters or max(body, default=0) < 128
    assert copy.header("subject") == ["=?utf-8?q?caf=C3=A9?="] and copy.body == body
    postfix.wait_empty()


def test_addresses_of_all_kinds(postfix, sink):
    addresses = ["\"a>b\"@home.example.org", "\"q\\\"uote d\"@home.example.org", "o'neill+x@home.example.org", "jürgen@home.example.org"]
    postfix.send(POST, AUTHOR, addresses, ["SMTPUTF8"])
    sink.wait(4)
    assert sorted(sink.recipients()) == sorted(addresses)
    assert all("SMTPUTF8" in t.parameters for t in sink.transactions())


def test_many_recipients_each_once(postfix, sink):
    for k in range(5):
        postfix.send(POST, AUTHOR, ["m%d@home.example.org" % i for i in range(1000 * k, 1000 * k + 1000)])
    sink.wait(5000)
    postfix.wait_empty()
    assert sink.recipients() == {"m%d@home.example.org" % i: 1 for i in range(5000)}
    sink.forget()
    assert sink.transactions() == [] and not sink.recipients()


def test_refused_recipient_comes_back_as_a_bounce(postfix, sink):
    postfix.send(POST, AUTHOR, ["refuse-a@home.example.org", "b@home.example.org"])
    sink.wait(2)
    bounce, = sink.transactions(AUTHOR)
    assert bounce.sender == "" and b"refuse-a@home.example.org" in bounce.message and b"5.1.1" in bounce.message


def test_deferred_mail_waits_with_a_reason_and_through_a_restart(postfix, sink):
    queue_id = postfix.send(POST, AUTHOR, "defer-a@home.example.org")
    assert "Mailbox full" in postfix.wait_deferred()[0]
    assert [entry["queue_id"] for entry in postfix.queue()] == [queue_id]
    postfix.stop()
    assert postfix.queued() == 1
    postfix.start()
    assert [entry["queue_id"] for entry in postfix.queue()] == [queue_id]
    postfix.delete_all()
    postfix.wait_empty()


def test_foreign_domain_is_no_relay_for_strangers(postfix):
    postfix.set(mynetworks="192.0.2.0/24")
    with pytest.raises(Refused, match="554 5.7.1"):
        postfix.send(POST, AUTHOR, "x@home.example.org")


def test_rollcall_postfix_routes_the_list_domain(postfix, lab_directory):
    missing = os.path.join(lab_directory, "nobody-listens")
    postfix.apply("unix:" + missing)
    postfix.send(POST, AUTHOR, "testlist@" + DOMAIN)
    assert missing in postfix.wait_deferred()[0]
    assert postfix.log("postfix/rollcall/lmtp.*status=deferred")


def netstring(data):
    return b"%d:%s," % (len(data), data)


def test_fan_out_door_is_for_postdrop_only_and_works(postfix, sink, lab_directory):
    postfix.apply("unix:" + os.path.join(lab_directory, "nobody-listens"))
    door = os.stat(os.path.dirname(postfix.qmqp_socket))
    assert (door.st_gid, door.st_mode & 0o777) == (grp.getgrnam("postdrop").gr_gid, 0o710)
    members = ["m%d@home.example.org" % i for i in range(100)]
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(postfix.qmqp_socket)
        parts = [POST.replace(b"\r\n", b"\n") + b"body\n", b"testlist-bounces+@lists.example.org-@[]"] + [m.encode() for m in members]
        s.sendall(netstring(b"".join(netstring(part) for part in parts)))
        assert re.fullmatch(rb"\d+:KOk: queued as \w+,", s.recv(1000))
    sink.wait(100)
    assert sink.recipients() == {member: 1 for member in members}
    assert {t.sender for t in sink.transactions()} == {"testlist-bounces+%s@lists.example.org" % m.replace("@", "=") for m in members}


def test_stop_ends_every_process(postfix, sink):
    postfix.send(POST, AUTHOR, "x@home.example.org")
    sink.wait(1)
    family = [postfix.pid] + children(postfix.pid)
    assert len(family) > 5
    postfix.stop()
    end = time.monotonic() + 5
    while any(alive(pid) for pid in family) and time.monotonic() < end:
        time.sleep(0.02)
    assert not [pid for pid in family if alive(pid)]
