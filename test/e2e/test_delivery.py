"""The main job: a post comes in over Postfix, and each member of the live list gets exactly one signed copy."""
import email.header
import hashlib
import re

import pytest

from lab.crm import member
from lab.postfix import DOMAIN
from lab.world import World, compose

AUTHOR = "chaya@mail.example.net"
LIST = "deelnemers@" + DOMAIN


@pytest.fixture(scope="module")
def shared():
    with World() as world:
        yield world


def signers(world, message):
    return {(result.domain, result.algorithm) for result in world.dns.verify(message) if result.good}


def check_copies(world, copies, message, members):
    """Each member once; body byte-equal; both of our signatures good in the eyes of another implementation."""
    got = [address for copy in copies for address in copy.recipients]
    assert sorted(got) == sorted(members)
    body = message.partition(b"\r\n\r\n")[2]
    for copy in {hashlib.sha256(copy.message).digest(): copy for copy in copies}.values():
        assert copy.body == body
        results = world.dns.verify(copy.message)
        ours = [result for result in results if result.domain == DOMAIN]
        assert {result.algorithm for result in ours} == {"rsa-sha256", "ed25519-sha256"}, results
        assert all(result.good for result in ours), results


BODIES = {
    "text": ("text/plain; charset=utf-8", "8bit", "Één vraag: wie heeft de sleutel?\r\n.\r\n..\r\n\r\n-- \r\nChaya\r\n".encode()),
    "no-final-newline": ("text/plain", "7bit", b"no newline at the end"),
    "trailing-blanks": ("text/plain", "7bit", b"blanks   \t \r\n\r\n\r\n\r\n"),
    "flowed": ("text/plain; format=flowed; delsp=yes", "7bit", b"A long line that \r\nflows \r\n> quoted \r\n"),
    "html": ("text/html; charset=iso-8859-1", "8bit", b"<p>caf\xe9</p>\r\n"),
    "multipart": ("multipart/mixed; boundary=b1", "7bit",
                  b"preamble\r\n--b1\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b1\r\nContent-Type: application/octet-stream\r\n"
                  b"Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b1--\r\nepilogue\r\n"),
    "signed": ("multipart/signed; boundary=s1; micalg=pgp-sha256; protocol=\"application/pgp-signature\"", "7bit",
               b"--s1\r\nContent-Type: text/plain\r\n\r\nsigned text  \r\n--s1\r\nContent-Type: application/pgp-signature\r\n\r\n"
               b"-----BEGIN PGP SIGNATURE-----\r\n\r\nabc\r\n-----END PGP SIGNATURE-----\r\n--s1--\r\n"),
    "smime": ("multipart/signed; boundary=\"s2\"; micalg=sha-256; protocol=\"application/pkcs7-signature\"", "7bit",
              b"This is an S/MIME signed message\r\n\r\n--s2\r\nContent-Type: text/plain\r\n\r\nsigned  text \r\n\r\n--s2\r\n"
              b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHAqCA\r\n\r\n--s2--\r\n"),
    "smime-opaque": ("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "base64", b"MIAGCSqGSIb3DQEHAqCAMIACAQExDTALBglghkgBZQMEAgEwgAYJKoZIhvcNAQcB\r\n\r\n"),
    "encrypted": ("multipart/encrypted; boundary=e1; protocol=\"application/pgp-encrypted\"", "7bit",
                  b"--e1\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--e1\r\nContent-Type: application/octet-stream\r\n\r\n"
                  b"-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n-----END PGP MESSAGE-----\r\n--e1--\r\n"),
    "base64": ("image/png", "base64", b"iVBORw0KGgo=\r\n"),
}


@pytest.mark.parametrize("shape", BODIES)
def test_body_leaves_byte_for_byte_and_authors_signature_holds(shared, shape):
    kind, encoding, body = BODIES[shape]
    key = shared.add_author_key("mail.example.net", "s-" + shape)
    head = "".join("%s: %s\r\n" % field for field in [
        ("From", "Chaya Levi <%s>" % AUTHOR), ("To", LIST), ("Subject", "=?utf-8?q?Vraag_=C3=A9=C3=A9n?=\r\n folded " + shape),
        ("Date", "Sat, 21 Nov 2026 10:00:00 +0100"), ("Message-ID", "<%s@mua.example>" % shape), ("MIME-Version", "1.0"),
        ("Content-Type", kind), ("Content-Transfer-Encoding", encoding), ("X-Odd", "  two  blanks ")])
    message = key.sign(head.encode() + b"\r\n" + (body if body.endswith(b"\r\n") else body + b"\r\n"))
    shared.sink.forget()
    shared.postfix.send(message, AUTHOR, LIST)
    members = shared.crm.members("deelnemers")
    copies = shared.copies(len(members))
    check_copies(shared, copies, message, members)
    assert ("mail.example.net", "rsa-sha256") in signers(shared, copies[0].message)
    assert copies[0].header("X-Odd") == ["two  blanks"]


def test_fields_of_a_list_post(shared):
    shared.sink.forget()
    shared.post(AUTHOR, LIST, "Fields", fields=[
        ("List-Id", "<evil.example>"), ("List-Unsubscribe", "<https://evil.example>"), ("Bcc", "secret@x.example"),
        ("Approved", "password"), ("Return-Receipt-To", AUTHOR), ("Disposition-Notification-To", AUTHOR), ("Errors-To", AUTHOR)])
    copy = shared.copies(len(shared.crm.members("deelnemers")))[0]
    assert copy.header("List-Id") == ["<deelnemers.%s>" % DOMAIN]
    assert copy.header("List-Post") == ["<mailto:%s>" % LIST]
    assert copy.header("List-Owner") == ["<mailto:deelnemers-owner@%s>" % DOMAIN]
    assert "<mailto:deelnemers-unsubscribe@%s>" % DOMAIN in copy.header("List-Unsubscribe")[0]
    assert copy.header("Precedence") == ["list"]
    assert copy.header("Sender") == ["deelnemers-bounces@%s" % DOMAIN] or copy.header("Sender") == ["<deelnemers-bounces@%s>" % DOMAIN]
    for name in ("Bcc", "Approved", "Return-Receipt-To", "Disposition-Notification-To", "Errors-To"):
        assert copy.header(name) == [], name
    assert copy.sender == "deelnemers-bounces@" + DOMAIN
    # The whole header never names another member.
    others = set(shared.crm.members("deelnemers")) - {AUTHOR}
    head = copy.message.partition(b"\r\n\r\n")[0].decode()
    assert not [address for address in others if address in head]


def test_log_line_and_reply_carry_the_queue_id(shared):
    shared.sink.forget()
    queue_id = shared.post(AUTHOR, LIST, "Log line")
    members = len(shared.crm.members("deelnemers"))
    shared.copies(members)
    line = shared.rollcall.wait_log("^[^:]*: %s: list=" % queue_id)[-1]
    form = (r"%s: list=<%s>, role=post, msgid=<[^>]+>, size=\d+, members=%d, digest=\d+, delay=[\d.]+, delays=[\d.]+/[\d.]+/[\d.]+/[\d.]+, "
            r"stage=fan-out, rule=send\.private:\d+, auth=smtp, dmarc=none, dsn=2\.0\.0, status=sent \(queued as (\w+)\)" % (queue_id, re.escape(LIST), members))
    match = re.search(form, line)
    assert match, line
    # The same id in Postfix's log: as the fan-out's queue id, and in the reply that lmtp(8) got.
    assert shared.postfix.log(r"qmgr.*%s: from=<deelnemers-bounces@" % match[1])
    assert shared.postfix.log(r"lmtp.*%s: .*status=sent \(250 2\.0\.0 .*queued as %s" % (queue_id, match[1]))


def test_member_who_left_gets_nothing_from_the_next_post_on(shared):
    shared.crm.join("leaver@mail.example.net", "spacelog")
    for expected in (True, False):
        shared.sink.forget()
        shared.post(AUTHOR, "spacelog@" + DOMAIN)
        members = shared.crm.members("spacelog")
        copies = shared.copies(len(members))
        got = {address for copy in copies for address in copy.recipients}
        assert ("leaver@mail.example.net" in got) == expected
        shared.crm.leave("leaver@mail.example.net", "spacelog")


def test_two_lists_in_one_mail(shared):
    shared.sink.forget()
    message = compose(AUTHOR, LIST)
    shared.postfix.send(message, AUTHOR, [LIST, "spacelog@" + DOMAIN])
    expected = shared.crm.members("deelnemers") + shared.crm.members("spacelog")
    copies = shared.copies(len(expected))
    assert sorted(address for copy in copies for address in copy.recipients) == sorted(expected)
    ids = {copy.header("List-Id")[0] for copy in copies}
    assert ids == {"<deelnemers.%s>" % DOMAIN, "<spacelog.%s>" % DOMAIN}


def test_outsider_is_refused_and_told_why(shared):
    shared.sink.forget()
    shared.post("mallory@elsewhere.example", LIST, "Buy this")
    bounce = shared.copies(1)[0]
    assert bounce.recipients == ["mallory@elsewhere.example"] and bounce.sender == ""
    assert b"5.7.1" in bounce.message and b"Only members of this list" in bounce.message.replace(b"\r\n    ", b" ")
    assert not [a for a in shared.crm.members("deelnemers") if a.encode() in bounce.message]


def test_owner_address_reaches_the_owners_and_shows_nobody(shared):
    shared.sink.forget()
    shared.post("stranger@elsewhere.example", "deelnemers-owner", "May I join?")
    owners = [row[0] for row in shared.crm.query("SELECT user_subscriber FROM mailinglists_api WHERE list='deelnemers' AND owner")]
    copies = shared.copies(len(owners))
    assert sorted(a for c in copies for a in c.recipients) == sorted(owners)
    assert copies[0].header("X-Loop") == [LIST]
    assert copies[0].header("List-Id") == []


def test_subject_tag_and_reply_to_as_settings(shared):
    shared.rollcall.configure({"list testlist@" + DOMAIN: {"subject_tag": "[tést]", "reply_to": "list"}})
    assert shared.rollcall.reload()
    shared.crm.join(AUTHOR, "testlist")
    shared.sink.forget()
    shared.post(AUTHOR, "testlist", "Re: Hello")
    members = shared.crm.members("testlist")
    copy = shared.copies(len(members))[0]
    assert "testlist@" + DOMAIN in copy.header("Reply-To")[0]
    subject = str(email.header.make_header(email.header.decode_header(copy.header("Subject")[0])))
    assert subject.count("[tést]") == 1 and subject.endswith("Hello")
    assert all(result.good for result in shared.dns.verify(copy.message))


@pytest.mark.parametrize("count", [5, 100, 10000])
def test_every_member_exactly_one_copy(count):
    with World(fast=True, settings={"domain " + DOMAIN: {"verp": "yes"}} if count == 100 else None) as world:
        world.crm.fill("big", count)
        author, message = member(1), None
        message = compose(author, "big@" + DOMAIN, "To %d members" % count)
        world.postfix.send(message, author, "big@" + DOMAIN)
        members = world.crm.members("big")
        assert len(members) == count
        copies = world.copies(count, timeout=120)
        check_copies(world, copies, message, members)
        if count == 100:
            for copy in copies:
                (address,) = copy.recipients
                local, _, domain = address.rpartition("@")
                assert copy.sender == "big-bounces+%s=%s@%s" % (local, domain, DOMAIN)
        else:
            assert {copy.sender for copy in copies} == {"big-bounces@" + DOMAIN}
        # One transaction into Postfix, whatever the count.
        assert len(world.postfix.log(r"rollcall/.*qmqpd.*client=|qmqpd\[\d+\]: \w+: client=")) == 1
