"""What a list does to its posts' bodies and to From: footers, filter and DMARC, seen at the members (HOSTILE M16, M17, M19, M24, M26, M33).

Copies are read by Python's email, DMARC is judged by python3-dkim and python3-authheaders with the lab's real resolver.
"""
import base64
import email
import email.policy
import os
import re
import subprocess

import pytest

from explaining import explain
from lab.dmarccheck import Judge
from lab.postfix import DOMAIN
from lab.process import BUILD, wait_until
from lab.world import World, address, compose

# A domain that asks for refusal, and one that asks for nothing.
STRICT, FREE, OTHER = "anna@strict.example", "bob@free.example", "carla@mail.example.net"
FOOTER = "-- \n{list_name}: caf\u00e9 of {domain}\n{?unsubscribe_page}Leave: {unsubscribe_page}\n{?archived_at}Here: {archived_at}\n"
LISTS = {"transparent": {}, "footer": {}, "wrap": {"dmarc_mitigation": "wrap-if-needed"}, "refuse": {"dmarc_mitigation": "reject"},
         "none": {"dmarc_mitigation": "none"}, "always": {"dmarc_mitigation": "munge"}, "replies": {"reply_to": "list"}, "tagged": {"subject_tag": "[tag]"},
         "around": {"footer_signed": "around"},
         "filter": {"filter_remove_extensions": "exe;js", "filter_remove_types": "video", "filter_part_size": "100k"},
         "text": {"filter_pass_types": "text;image/png", "collapse_alternatives": "yes", "html_to_text": "yes", "filter_empty": "hold", "scenario": "private"},
         "asked": {"filter_pass_types": "text", "filter_empty": "hold", "scenario": "privateoreditorkey"}}
WITH_FOOTER = {"footer", "wrap", "refuse", "none", "replies", "around", "text"}
PNG = b"Content-Type: image/png; name=p.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
EXE = b"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*0=\"holiday.e\"; filename*1=\"xe\"\r\n\r\nMZ\r\n"


@pytest.fixture(scope="module")
def world():
    with World(start_rollcall=False) as world:
        path = os.path.join(world.rollcall.directory, "footer")
        with open(path, "w") as f:
            f.write(FOOTER)
        shared = {"unsubscribe_page": "https://crm.example.org/leave?l={list}", "archived_at": "https://archive.example.org/{hash}"}
        world.rollcall.configure({"list " + address(name): {**settings, **(shared if name in WITH_FOOTER else {}),
                                                            "footer_file": path if name in WITH_FOOTER else None} for name, settings in LISTS.items()})
        for name in LISTS:
            for person in (STRICT, FREE, OTHER):
                world.crm.join(person, name)
        world.author = world.add_author_key("strict.example")
        world.resolver.add("_dmarc.strict.example", "v=DMARC1; p=reject; adkim=s")
        world.resolver.set("_dmarc." + DOMAIN, "v=DMARC1; p=reject")
        world.judge = Judge(world.resolver.setting)
        world.rollcall.start()
        yield world


def post(world, name, author=FREE, body=b"At four.\r\n", fields=(), head=None):
    """Hands a post over by LMTP; the reply, and what was handed over. `head`: other fields than compose()'s of MIME."""
    world.postfix.wait_empty()
    world.sink.forget()
    message = compose('"Anna \u010capek" <%s>' % author if author == STRICT else author, address(name), "Tea", body, fields)
    if head is not None:
        top, _, rest = message.partition(b"\r\n\r\n")
        kept = [line for line in top.split(b"\r\n") if not line.lower().startswith((b"content-", b"mime-"))]
        message = b"\r\n".join(kept + ([b"MIME-Version: 1.0", head] if head else [])) + b"\r\n\r\n" + rest
    if author == STRICT:
        message = message.replace('"Anna \u010capek"'.encode(), b"=?utf-8?q?Anna_=C4=8Capek?=")
        message = world.author.sign(message, [b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"mime-version", b"content-type"])
    with world.rollcall.connect() as client:
        reply, = client.post(author, [address(name)], message)
    return reply, message


def copy_of(world, name, **how):
    """The copy that members got, as bytes and read."""
    reply, sent = post(world, name, **how)
    assert reply.code == 250 and "queued" in reply.text, reply
    copies = world.copies(3)
    assert all(result.good for result in world.dns.verify(copies[0].message) if result.domain == DOMAIN)
    assert max(map(len, copies[0].message.split(b"\r\n"))) <= 998
    return copies[0], email.message_from_bytes(copies[0].message, policy=email.policy.default), sent


def texts(mail):
    """The texts of a mail as a reader shows them."""
    return [part.get_content() for part in mail.walk() if part.get_content_type() == "text/plain"]


def footers(mail):
    return sum(text.count("footer: caf\u00e9 of " + DOMAIN) for text in texts(mail))


# ---- DMARC ----

def test_strict_author_on_a_transparent_list_passes_by_his_own_signature(world):
    copy, mail, sent = copy_of(world, "transparent", author=STRICT)
    assert mail["From"].addresses[0].addr_spec == STRICT and copy.body == sent.partition(b"\r\n\r\n")[2]
    assert "strict.example" in world.judge.signers(copy.message) and world.judge.dmarc(copy.message) == ("pass", "reject")


def test_strict_author_on_a_list_with_a_footer_passes_as_the_list(world):
    copy, mail, sent = copy_of(world, "footer", author=STRICT, fields=[("References", "<a@b.example>"), ("Autocrypt", "addr=%s; keydata=AAAA" % STRICT)])
    before = email.message_from_bytes(sent, policy=email.policy.default)
    assert world.judge.dmarc(copy.message) == ("pass", "reject")
    assert "strict.example" not in world.judge.signers(copy.message)
    assert (mail["From"].addresses[0].addr_spec, mail["From"].addresses[0].display_name) == (address("footer"), "Anna \u010capek via footer")
    assert STRICT not in mail["From"] and "=?utf-8?Q?" in copy.header("From")[0]
    assert [a.addr_spec for a in mail["Reply-To"].addresses] == [STRICT] and mail["Reply-To"].addresses[0].display_name == "Anna \u010capek"
    assert copy.header("Author") == ["=?utf-8?q?Anna_=C4=8Capek?= <%s>" % STRICT] and mail["Autocrypt"] is None
    assert mail["Message-ID"] == before["Message-ID"] and mail["References"] == "<a@b.example>"
    assert copy.header("Sender") == [address("footer-bounces")] and footers(mail) == 1


def test_without_mitigation_it_would_fail(world):
    copy, mail, _ = copy_of(world, "none", author=STRICT)
    assert mail["From"].addresses[0].addr_spec == STRICT and world.judge.dmarc(copy.message) == ("fail", "reject")


def test_a_tag_breaks_a_signature_too(world):
    copy, mail, _ = copy_of(world, "tagged", author=STRICT)
    assert mail["From"].addresses[0].addr_spec == address("tagged") and world.judge.dmarc(copy.message)[0] == "pass"


def test_an_author_whose_domain_asks_for_nothing_stays(world):
    copy, mail, _ = copy_of(world, "footer")
    assert mail["From"].addresses[0].addr_spec == FREE and mail["Author"] is None and mail["Reply-To"] is None
    assert world.judge.dmarc(copy.message)[0] == "none" and footers(mail) == 1


def test_always_munged(world):
    copy, mail, _ = copy_of(world, "always")
    assert mail["From"].addresses[0].addr_spec == address("always") and mail["From"].addresses[0].display_name == "bob via always"
    assert mail["Reply-To"] == FREE and copy.body == b"At four.\r\n"


def test_where_replies_go_to_the_list_the_author_is_in_cc(world):
    _, mail, _ = copy_of(world, "replies", author=STRICT, fields=[("Cc", OTHER)])
    assert mail["Reply-To"] == address("replies") and [a.addr_spec for a in mail["Cc"].addresses] == [OTHER, STRICT]


def test_wrapped(world):
    copy, mail, sent = copy_of(world, "wrap", author=STRICT, fields=[("X-Note", "x"), ("Bcc", "secret@x.example")])
    inside = mail.get_payload(0)
    assert world.judge.dmarc(copy.message) == ("pass", "reject") and mail.get_content_type() == "message/rfc822"
    assert inside["From"].addresses[0].addr_spec == STRICT and inside["X-Note"] == "x" and inside["Bcc"] is None
    assert mail["X-Note"] is None and mail["DKIM-Signature"] is not None and mail["Message-ID"] == inside["Message-ID"]
    assert "caf\u00e9 of" in inside.get_content() and [a.addr_spec for a in mail["Reply-To"].addresses] == [STRICT]


def test_refused(world):
    reply, _ = post(world, "refuse", author=STRICT)
    assert reply.code == 550 and "5.7.1" in reply.text and "DMARC" in reply.text
    assert footers(copy_of(world, "refuse")[1]) == 0


def test_explain_says_what_the_list_does(world):
    for name, done, body in (("footer", ["footer", "From is the list"], "rewritten"), ("transparent", [], "as it came")):
        answer, = explain(world, text=world.author.sign(compose(STRICT, name, "Tea", b"At four.\r\n")))
        changes = answer["posts"][0]["changes"]
        assert (changes["done"], changes["body"]) == (done, body)
        assert any(field.startswith("Author: <%s>" % STRICT) for field in changes["added"]) == bool(done)


# ---- footers ----

LATIN = "Gr\u00fc\u00dfe\r\n"
SIGNED = (b"--s\r\nContent-Type: text/plain\r\n\r\nhi \r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n--s--\r\n")
SHAPES = {
    "utf-8": (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit", LATIN.encode(), "Gr\u00fc\u00dfe", 1),
    "latin-1": (b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable", b"Gr=FC=DFe\r\n", "Gr\u00fc\u00dfe", 1),
    "iso-2022-jp": (b"Content-Type: text/plain; charset=iso-2022-jp", "\u5408\u5531\r\n".encode("iso-2022-jp"), "\u5408\u5531", 1),
    "flowed": (b"Content-Type: text/plain; charset=us-ascii; format=flowed", b"a line that goes \r\non\r\n", "goes", 1),
    "base64": (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", base64.b64encode(LATIN.encode()) + b"\r\n", "Gr\u00fc\u00dfe", 1),
    "no MIME": (b"", b"hello\r\n", "hello", 1),
    "html": (b"Content-Type: text/html; charset=utf-8", b"<p>hello</p>\r\n", "", 1),
    "alternative": (b"Content-Type: multipart/alternative; boundary=b", b"--b\r\n\r\nhello\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>hello\r\n--b--\r\n", "hello", 1),
    "mixed": (b"Content-Type: multipart/mixed; boundary=b", b"--b\r\n\r\nhello\r\n--b\r\n" + PNG + b"--b--\r\n", "hello", 1),
    "empty": (b"Content-Type: text/plain", b"", "", 1),
    "no end": (b"Content-Type: text/plain", b"hello", "hello", 1),
    "long line": (b"Content-Type: text/plain", b"word " * 600 + b"\r\n", "word", 1),
    "signed": (b"Content-Type: multipart/signed; micalg=pgp-sha256; protocol=\"application/pgp-signature\"; boundary=s", SIGNED, "hi", 0),
    "quoted": (b"Content-Type: text/plain; charset=utf-8",
               "I agree\r\n> hello\r\n> -- \r\n> footer: caf\u00e9 of {0}\r\n> Leave: https://crm.example.org/leave?l=footer\r\n> Here: https://archive.example.org/X\r\n".format(DOMAIN).encode(),
               "I agree", 1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_m26_a_footer_is_readable_and_there_once(world, shape):
    head, body, word, count = SHAPES[shape]
    copy, mail, _ = copy_of(world, "footer", head=head, body=body)
    assert footers(mail) == count and word in "".join(texts(mail)) and not mail.defects
    if count == 0:
        assert copy.body == body
    elif shape != "quoted":
        assert re.search(r"Leave: https://crm.example.org/leave\?l=footer\r?\nHere: https://archive.example.org/[A-Z2-7]{32}\s*$", texts(mail)[-1])
    # Re-posted as it went out, it gets no second one.
    again, _, after = copy.message.partition(b"\r\n\r\n")
    own = re.findall(rb"(?im)^(?:content-(?:type|transfer-encoding|disposition):.*(?:\r\n[ \t].*)*)", again)
    reposted, mail, _ = copy_of(world, "footer", head=b"\r\n".join(line.rstrip() for line in own), body=after)
    assert footers(mail) == count and reposted.body == after


def test_m26_around_what_is_signed(world):
    head, body = SHAPES["signed"][:2]
    copy, mail, _ = copy_of(world, "around", head=head, body=body)
    assert mail.get_content_type() == "multipart/mixed" and mail.get_payload(0).get_content_type() == "multipart/signed"
    assert body.rstrip() in copy.body and "caf\u00e9" in texts(mail)[-1]


@pytest.mark.parametrize("head, body", [
    (b"Content-Type: multipart/mixed; boundary=b", b"--b\r\n\r\nhi\r\n"),
    (b"Content-Type: multipart/mixed; boundary=b", b"--b\r\n\r\nhi\r\n--b--\r\n--b\r\nhidden\r\n"),
    (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", b"!!!! not base64 ====\r\n"),
    (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable", b"=ZZ =\t\r\n=\r\n"),
    (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-unknown", b"?\r\n")])
def test_m17_m19_what_is_broken_gets_none(world, head, body):
    assert copy_of(world, "footer", head=head, body=body)[0].body == body


# ---- filter ----

def mixed(*parts):
    return b"".join(b"--b\r\n" + part for part in parts) + b"--b--\r\n"


MIXED, PLAIN = b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/plain\r\n\r\nhello\r\n"


def test_m33_a_part_is_removed_and_the_text_says_so(world):
    copy, mail, _ = copy_of(world, "filter", head=MIXED, body=mixed(PLAIN, EXE, PNG))
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "image/png", "text/plain"]
    assert "- holiday.exe (application/octet-stream, 1 kB)" in texts(mail)[-1] and PNG in copy.body


def test_what_is_wanted_leaves_byte_for_byte(world):
    body = mixed(PLAIN, PNG)
    assert copy_of(world, "filter", head=MIXED, body=body)[0].body == body


def test_nothing_left_is_refused(world):
    reply, _ = post(world, "filter", head=MIXED, body=mixed(EXE))
    assert reply.code == 550 and "5.6.1" in reply.text


def test_html_becomes_text(world):
    html = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Gr\xc3\xbc\xc3\x9fe <a href=\"https://x.example/\">here</a><script>x()</script>\r\n"
    _, mail, _ = copy_of(world, "text", head=b"Content-Type: text/html; charset=utf-8", body=html.partition(b"\r\n\r\n")[2])
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().startswith("Gr\u00fc\u00dfe here <https://x.example/>") and "text: caf\u00e9" in mail.get_content()
    _, mail, _ = copy_of(world, "text", head=b"Content-Type: multipart/alternative; boundary=b", body=mixed(PLAIN, html))
    assert mail.get_content_type() == "text/plain" and mail.get_content().startswith("hello")


def test_nothing_left_is_held_and_a_moderator_may_let_it_out(world):
    body = mixed(EXE)
    reply, _ = post(world, "text", head=MIXED, body=body)
    assert reply.code == 250 and "held" in reply.text, reply
    number = re.search(r"held as (\d+)", reply.text)[1]
    done = subprocess.run([os.path.join(BUILD, "rollcall"), "accept", "--config", world.rollcall.config, number], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wait_until(lambda: sum(bool(copy.header("List-Id")) for copy in world.sink.transactions()), 15, "the post: " + world.last_words())
    out = [copy for copy in world.copies(3) if copy.header("List-Id")][0]
    assert EXE in out.body


def test_who_accepted_it_for_another_reason_is_asked(world):
    """He was not told that the filter would leave nothing, and that it goes out as it came."""
    def accept(number):
        done = subprocess.run([os.path.join(BUILD, "rollcall"), "accept", "--config", world.rollcall.config, number], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    reply, _ = post(world, "asked", author="stranger@elsewhere.example", head=MIXED, body=mixed(EXE))
    first = re.search(r"held as (\d+)", reply.text)[1]
    accept(first)
    line, = world.rollcall.wait_log(r"kind=release, held=%s, status=done held as " % first)
    second = re.search(r"held as (\d+)", line)[1]
    assert world.rollcall.store("SELECT reason FROM held WHERE id = ?", int(second)) == [("held-filter",)]
    assert not [copy for copy in world.sink.transactions() if copy.header("List-Id") and EXE in copy.body]
    accept(second)
    wait_until(lambda: [copy for copy in world.sink.transactions() if copy.header("List-Id") and EXE in copy.body], 15, "the post: " + world.last_words())


# ---- files and fields ----

def test_footers_are_read_again_and_a_broken_one_changes_nothing(world):
    path = os.path.join(world.rollcall.directory, "footer")
    try:
        with open(path, "w") as f:
            f.write("{no_such_field}\n")
        assert not world.rollcall.reload() and world.rollcall.log("footer:1: no field {no_such_field}")
        assert footers(copy_of(world, "footer")[1]) == 1
        with open(path, "w") as f:
            f.write("\ufeffanother\r\n.\r\n")
        assert world.rollcall.reload()
        assert texts(copy_of(world, "footer")[1])[0].rstrip().endswith("another\r\n.")
    finally:
        with open(path, "w") as f:
            f.write(FOOTER)
        world.rollcall.reload()


def test_fields_for_reports_are_signed(world):
    world.rollcall.configure({"list " + address("transparent"): {"feedback_id": "a:b:c:rollcall", "cfbl_address": "fbl@%s; report=arf" % DOMAIN}})
    assert world.rollcall.reload()
    copy, mail, _ = copy_of(world, "transparent", fields=[("CFBL-Address", "other@x.example")])
    assert (mail["Feedback-ID"], mail["CFBL-Address"]) == ("a:b:c:rollcall", "fbl@%s; report=arf" % DOMAIN)
    assert all({"feedback-id", "cfbl-address", "author"} <= set(result.headers) for result in world.dns.verify(copy.message))
