"""HOSTILE 5.2, what has one sure author and is unclear otherwise: the moderators see it first, and what they accept goes out as it came.
And rule B: what becomes of a refusal whose bounce could hit somebody who never wrote."""
import hashlib
import re

import pytest

from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World
from moderating import follow, links, parse, text_of

LIST, LOUD, ASKING, KEEPING, DROPPING = ("%s@%s" % (name, DOMAIN) for name in ("unclear", "loud", "asking", "keeping", "dropping"))
MEMBER, MODERATOR, STRANGER = "member@x.example", "moderator@x.example", "stranger@y.example"
HEAD = {"From": MEMBER, "To": LIST, "Subject": "Hello", "Date": "Sat, 21 Nov 2026 10:00:00 +0100", "Message-ID": "<%d@mua.example>"}
SETTINGS = {"rollcall": {"border_authserv_ids": "mx.example.org"}, "list " + LOUD: {"scenario": "public"}, "list " + ASKING: {"scenario": "publickey"},
            "list " + KEEPING: {"unauthenticated_refusals": "hold"}, "list " + DROPPING: {"unauthenticated_refusals": "discard"}}
MIXED = b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%s\r\n"
_count = 0


@pytest.fixture(scope="module")
def shared():
    with World(settings=SETTINGS) as world:
        world.crm.add_person(MODERATOR, moderator=True)
        for name in ("unclear", "loud", "asking", "keeping", "dropping"):
            world.crm.join(MEMBER, name)
            world.crm.join(MODERATOR, name)
        yield world


def mail(*lines, body=b"text\r\n", author=MEMBER):
    """The usual fields and these lines of a header."""
    global _count
    _count += 1
    given = {line.partition(b":")[0].strip().lower() for line in lines}
    usual = dict(HEAD, From=author)
    usual["Message-ID"] %= _count
    head = [b"%s: %s" % (name.encode(), value.encode()) for name, value in usual.items() if name.lower().encode() not in given]
    return b"\r\n".join(head + list(lines)) + b"\r\n\r\n" + body


def send(world, message, sender=MEMBER, to=LIST):
    with world.rollcall.connect() as client:
        reply = client.post(sender, [to], message)[0]
        return reply.code, reply.text


def nested(depth):
    out = b"MIME-Version: 1.0\r\n"
    for i in range(depth):
        out += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
    return out + b"\r\ntext\r\n" + b"".join(b"--b%d--\r\n" % i for i in reversed(range(depth)))


def holds(world, message, to=LIST, sender=MEMBER):
    """It is held; returns the moderator's notice."""
    world.postfix.wait_empty()
    world.sink.forget()
    code, text = send(world, message, sender, to)
    assert code == 250 and re.search("held as [0-9]+$", text), (code, text)
    wait_until(lambda: world.sink.transactions(MODERATOR), 15, "a notice: " + world.last_words())
    assert not [copy for copy in world.sink.transactions() if copy.header("List-Id")]
    return world.sink.transactions(MODERATOR)[0]


def original(notice):
    """The held post as the notice carries it: message/rfc822, or a file where that could not travel."""
    (part,) = [part for part in parse(notice).iter_attachments() if part.get_filename() == "post.eml"]
    if part.get_content_type() == "message/rfc822":
        boundary = parse(notice).get_boundary().encode()
        return notice.message.split(b'filename="post.eml"\r\n\r\n')[1].rsplit(b"\r\n--" + boundary + b"--")[0]
    return part.get_content()


def accepted(world, notice):
    """It is accepted and goes to everybody; returns the copy."""
    follow(world, MODERATOR, links(notice)["accept"])
    wait_until(lambda: {MEMBER, MODERATOR} <= set(world.sink.recipients()), 20, "the post at every member: " + world.last_words())
    world.postfix.wait_empty()
    posts = [copy for copy in world.sink.transactions() if copy.header("List-Id")]
    assert sorted(a for copy in posts for a in copy.recipients) == sorted([MEMBER, MODERATOR])
    assert [r.good for r in world.dns.verify(posts[0].message)] and all(r.good for r in world.dns.verify(posts[0].message) if r.domain == DOMAIN)
    return posts[0]


UNCLEAR = {
    "M8 Subject": (mail(b"Subject: one", b"subject: two"), "2 fields called Subject", [b"Subject: one", b"subject: two"]),
    "M8 Date": (mail(b"Date: Sat, 21 Nov 2026 10:00:00 +0100", b"Date: Sun, 22 Nov 2026 10:00:00 +0100"), "2 fields called Date", []),
    "M8 Message-ID": (mail(b"Message-ID: <a@b.example>", b"Message-ID: <c@d.example>"), "2 fields called Message-ID",
                      [b"Message-ID: <a@b.example>", b"Message-ID: <c@d.example>"]),
    "M8 Content-Type": (mail(b"MIME-Version: 1.0", b"Content-Type: text/plain", b"Content-Type: text/html"), "2 fields called Content-Type",
                        [b"Content-Type: text/plain", b"Content-Type: text/html"]),
    "M8 Reply-To": (mail(b"Reply-To: a@b.example", b"Reply-To: c@d.example"), "2 fields called Reply-To", []),
    "M9 blank": (mail(b"Subject : spaced"), "blank before the colon", [b"Subject: spaced"]),
    "M9 long name": (mail(b"X" * 300 + b": long"), "longer than 128 bytes", [b"X" * 300 + b": long"]),
    "M13": (mail().partition(b"\r\n\r\n")[0] + b"\r\n" + nested(60), "nested deeper than 20", []),
    "M16 same": (mail().partition(b"\r\n\r\n")[0] + b"\r\n" + MIXED % b"x" + b"\r\n--x\r\n" + MIXED % b"x" + b"\r\n--x\r\n\r\nhi\r\n--x--\r\n",
                 "same boundary", []),
    "M16 none": (mail(b"MIME-Version: 1.0", b'Content-Type: multipart/mixed; boundary=""'), "no boundary", []),
    "M16 long": (mail(b"MIME-Version: 1.0", b"Content-Type: multipart/mixed; boundary=" + b"x" * 71,
                      body=b"--" + b"x" * 71 + b"\r\n\r\nhi\r\n--" + b"x" * 71 + b"--\r\n"), "boundary that is too long", []),
    # The notice around it must not end where the post has a line that looks like the end of a part.
    "M16 near": (mail(b"MIME-Version: 1.0", b"Content-Type: multipart/mixed; boundary=x", body=b"--x\r\n\r\nhi\r\n--xy\r\n--x--\r\n--x\r\n--\r\n"),
                 "begins with its boundary", []),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_held_with_the_reason_and_released_as_it_came(shared, name):
    message, words, lines = UNCLEAR[name]
    notice = holds(shared, message)
    assert words in " ".join(text_of(notice).split()), text_of(notice)
    assert "mail programs may show different things" in " ".join(text_of(notice).split())
    assert original(notice).rstrip() == message.rstrip()
    copy = accepted(shared, notice)
    head, _, body = copy.message.partition(b"\r\n\r\n")
    assert body == message.partition(b"\r\n\r\n")[2]
    assert not [line for line in lines if line not in head.split(b"\r\n")], head
    # Each of two fields is signed, and that there is no third.
    if name.startswith("M8"):
        (result, *_) = [r for r in shared.dns.verify(copy.message) if r.domain == DOMAIN]
        field = name.split()[1].lower()
        assert result.headers.count(field if isinstance(result.headers[0], str) else field.encode()) == 1 + len(copy.header(field))


def test_m9_a_long_name_under_its_authors_signature(shared):
    """The name is too long for libopendkim, which never sees it; the signature over all others counts."""
    key = shared.add_author_key("x.example")
    long = b"N" * 300
    good = key.sign(mail(long + b": long"), [b"from", b"to", b"subject"])
    over = key.sign(mail(long + b": long"), [b"from", b"to", b"subject", long.lower()])
    for message, method in (good, "dkim"), (over, "smtp"):
        before = len(shared.rollcall.log("auth=%s.*status=held" % method))
        holds(shared, message)
        assert len(shared.rollcall.log("auth=%s.*status=held" % method)) == before + 1


def test_m34_an_address_that_is_not_ascii(shared):
    notice = holds(shared, mail("Cc: René <rené@x.example>".encode()))
    assert "needs SMTPUTF8" in " ".join(text_of(notice).split())
    assert "rené@x.example".encode() in accepted(shared, notice).message.partition(b"\r\n\r\n")[0]


def test_m34_an_author_whose_address_is_not_ascii(shared):
    author = "rené@x.example"
    shared.crm.join(author, "unclear")
    try:
        notice = holds(shared, mail(("From: <%s>" % author).encode()))
        assert "needs SMTPUTF8" in " ".join(text_of(notice).split())
    finally:
        shared.crm.leave(author, "unclear")


@pytest.mark.parametrize("name", ["M8 Subject", "M9 blank", "M13", "M16 same"])
def test_a_stranger_fills_nobodys_queue(shared, name):
    """The scenario is asked first: what it would not let pass is not held."""
    message = UNCLEAR[name][0].replace(MEMBER.encode(), STRANGER.encode())
    code, text = send(shared, message, STRANGER)
    assert code == 550 and "Only members" in text, (code, text)


def test_nothing_of_this_is_asked_twice(shared):
    code, text = send(shared, UNCLEAR["M8 Subject"][0])
    assert code == 250 and text.endswith(" before"), text


def test_every_way_to_pass_leads_to_the_moderators(shared):
    """do_it for a stranger, and request_auth: a confirmation proves who wrote it and not what it says."""
    for to in (LOUD, ASKING):
        holds(shared, mail(b"Subject: one", b"Subject: two", author=STRANGER), to, STRANGER)


@pytest.mark.parametrize("message, words", [
    (mail(b"no colon"), "no header field"), (mail(b": empty"), "name is empty"), (mail(b"X\xe4: 8-bit"), "foreign character"),
    (mail(b"X" * 901 + b": y"), "longer than 900 bytes"), (mail(b"X" * 20000 + b": y"), "field name longer"),
    (mail().partition(b"\r\n\r\n")[0] + b"\r\n" + nested(101), "nested deeper than 100"),
    (mail(b"From: member@x.example", b"From: other@x.example"), "2 From fields"),
    (mail(b"From: member@x.example", b"From : other@x.example"), "2 From fields"),
    # Held, these could never be released: Postfix or libopendkim would break them.
    (mail(b"Cc: caf\xe9@x.example"), "SMTPUTF8"),
    (mail(b"Subject: one", b"Subject: a\vb"), "control character"),
    (mail(b"MIME-Version: 1.0", b"Content-Type: multipart/mixed", body=b"x" * 2000 + b"\r\n"), "ambiguous"),
])
def test_what_can_never_go_out_is_refused_at_once(shared, message, words):
    code, text = send(shared, message)
    assert code == 550 and words in text, (code, text)


# ---- what cannot be released after all ----


def test_a_release_that_cannot_be_tells_the_moderators(shared):
    """What was well when it was held is not any more: then the moderators get the post, and it is not lost."""
    message = mail(b"Subject: one", b"Subject: two")
    notice = holds(shared, message)
    worse = message.replace(b"one", b"a\vb")
    (number,), = shared.rollcall.store("SELECT max(id) FROM held")
    shared.rollcall.store("UPDATE held_message SET message = ?, hash = ? WHERE held = ?", worse, hashlib.sha256(worse).digest(), number)
    shared.rollcall.store("UPDATE held SET size = ? WHERE id = ?", len(worse), number)
    follow(shared, MODERATOR, links(notice)["accept"])
    told = wait_until(lambda: [c for c in shared.sink.transactions(MODERATOR) if "Could not be sent out" in c.header("Subject")[0]], 15,
                      "word of it: " + shared.last_words())[0]
    assert "control character" in " ".join(text_of(told).split()) and original(told)
    assert parse(told)["In-Reply-To"] == parse(notice)["Message-ID"]
    assert shared.rollcall.log("ALARM .*it cannot be sent")
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Id")]


# ---- rule B ----


def test_refusals_of_unproved_senders(shared):
    message = mail(author=STRANGER)
    assert send(shared, message, STRANGER)[0] == 550
    code, text = send(shared, message, STRANGER, DROPPING)
    assert code == 250 and "proved nothing" in text
    notice = holds(shared, message, KEEPING, STRANGER)
    assert "Only members of this list" in " ".join(text_of(notice).split())
    # What could never go out is for nobody to decide about.
    for to in (KEEPING, DROPPING):
        code, text = send(shared, mail(b"From: a@y.example, b@y.example"), STRANGER, to)
        assert code == 250 and "proved nothing" in text and "held" not in text
        code, text = send(shared, mail(b"no colon", author=STRANGER), STRANGER, to)
        assert code == 250 and "proved nothing" in text


def test_refusals_of_a_sender_whose_spf_passed(shared):
    """Our own border vouches for it: then a bounce reaches whoever wrote."""
    border = b"Authentication-Results: mx.example.org; spf=%s smtp.mailfrom=stranger@y.example\r\n" \
             b"Received: from there by mx.example.org with ESMTP id 1; Sat, 21 Nov 2026 10:00:00 +0100\r\n"
    for to in (KEEPING, DROPPING):
        for author, words in ((STRANGER, "Only members"), ("a@y.example, b@y.example", "more than one author")):
            code, text = send(shared, border % b"pass" + mail(author=author), STRANGER, to)
            assert code == 550 and words in text, (code, text)
            assert send(shared, border % b"fail" + mail(author=author), STRANGER, to)[0] == 250


def test_a_signature_vouches_for_its_own_domains_senders_alone(shared):
    key = shared.add_author_key("y.example")
    assert send(shared, key.sign(mail(author=STRANGER)), "other@y.example", DROPPING)[0] == 550
    assert send(shared, key.sign(mail(author=STRANGER)), "victim@z.example", DROPPING)[0] == 250
