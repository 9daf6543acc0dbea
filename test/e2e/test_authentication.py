"""Who wrote it: DKIM, DMARC, what the border says, and logins, with a real Postfix and a real resolver (HOSTILE M6, S1)."""
import smtplib

import pytest

from explaining import explain
from lab.lmtp import Lmtp
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World, compose
from moderating import follow, links, moderators, parse, status, text_of

LIST, SMALL, REFUSING, DROPPING = "deelnemers@" + DOMAIN, "spacelog@" + DOMAIN, "bestuur@" + DOMAIN, "testlist@" + DOMAIN
MEMBER = "chaya@mail.example.net"
REJECT, QUARANTINE, SPF, LONG = "jan@reject.example", "jan@quarantine.example", "jan@spf.example", "jan@long.example"
BROKEN, KEYLESS, HOME = "jan@broken.example", "jan@keyless.example", "jan@home.example"
AUTHORS = [REJECT, QUARANTINE, SPF, LONG, BROKEN, KEYLESS, HOME]
GENUINE = "Authentication-Results: border.example.org; spf=pass smtp.mailfrom=%s"
FIVE_KB = GENUINE % "long.example" + " (" + "x" * 5200 + ")"
SETTINGS = {
    "rollcall": {"border_hosts": "mx.example.org", "border_authserv_ids": "border.example.org", "sasl_domains": "other.example;home.example"},
    "domain " + DOMAIN: {"authserv_id": DOMAIN, "scenario": "private"},
    "list " + REFUSING: {"dmarc_fail_reject": "reject"},
    "list " + DROPPING: {"dmarc_fail_quarantine": "discard"},
}
# The border is Postfix itself: what policyd-spf does by PREPEND, a table does here.
POSTFIX = {
    "smtpd_sender_restrictions": "check_sender_access inline:{{%s = PREPEND %s},{%s = PREPEND %s}}" % (SPF, GENUINE % "spf.example", LONG, FIVE_KB),
    "smtpd_authorized_xclient_hosts": "127.0.0.1",
    "smtpd_sasl_authenticated_header": "yes",
}


@pytest.fixture(scope="module")
def shared():
    with World(settings=SETTINGS, postfix_settings=POSTFIX) as world:
        for author in AUTHORS:
            for name in (LIST, SMALL, REFUSING, DROPPING):
                world.crm.join(author, name.partition("@")[0])
        for author, policy in ((REJECT, "reject"), (QUARANTINE, "quarantine"), (SPF, "reject"), (LONG, "reject"), (HOME, "reject")):
            world.resolver.set("_dmarc." + author.partition("@")[2], "v=DMARC1; p=" + policy)
        yield world


@pytest.fixture(autouse=True)
def nothing_left(shared):
    """What a test that failed leaves in the queue is not the next one's."""
    yield
    shared.postfix.delete_all()


def post(world, author, to, subject, fields=(), key=None, login=None):
    """Hands it to Postfix, as an own server of the author's domain or with a login at Postfix; returns the line of the log."""
    world.postfix.wait_empty()
    world.sink.forget()
    message = compose(author, to, subject, fields=[tuple(field.split(": ", 1)) for field in fields])
    message = key.sign(message) if key else message
    if login:
        with smtplib.SMTP("127.0.0.1", world.postfix.port, timeout=60) as smtp:
            smtp.ehlo("client.example")
            assert smtp.docmd("XCLIENT", "NAME=pc.example ADDR=192.0.2.1 LOGIN=" + login)[0] == 220
            smtp.ehlo("client.example")
            smtp.mail(author), smtp.rcpt(to)
            queue_id = smtp.data(message)[1].decode().rpartition(" ")[2]
    else:
        queue_id = world.postfix.send(message, author, to)
    return status(world, "^[^:]*: %s: list=<%s>.*status=" % (queue_id, to))[-1]


def copy_of_a_post(world):
    """The copy of what went out, as the member's own mail program reads it."""
    def sent():
        return [copy for copy in world.sink.transactions() if copy.header("List-Id")]
    return parse(wait_until(sent, 15, "the post: " + world.last_words())[0])


def results(message):
    return [" ".join(value.split()) for value in message.get_all("Authentication-Results", [])]


def test_domain_that_wants_it_rejected_never_goes_out_unseen(shared):
    line = post(shared, REJECT, LIST, "Not signed")
    assert "auth=smtp, dmarc=fail," in line and "status=held" in line, line
    first = moderators(shared)[0]
    (notice,) = wait_until(lambda: shared.sink.transactions(first), 15, "the notice: " + shared.last_words())
    said = " ".join(text_of(notice).split())
    assert "The domain of the author says that this message is not genuine." in said and "Probably not." in said
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Id")]
    # What counts is what was found when it came, also when the domain has another policy a week later.
    shared.resolver.set("_dmarc.reject.example", "v=DMARC1; p=none")
    try:
        follow(shared, first, links(notice)["accept"])
        assert results(copy_of_a_post(shared)) == [DOMAIN + "; dkim=none; dmarc=fail (p=reject) header.from=reject.example"]
    finally:
        shared.resolver.set("_dmarc.reject.example", "v=DMARC1; p=reject")
    shared.postfix.wait_empty()


def test_the_same_author_signed(shared):
    key = shared.add_author_key("reject.example", "s1")
    line = post(shared, REJECT, SMALL, "Signed", key=key)
    assert "auth=dkim, dmarc=pass," in line and "status=sent" in line, line
    message = copy_of_a_post(shared)
    assert results(message) == [
        DOMAIN + "; dkim=pass header.d=reject.example header.s=s1 header.a=rsa-sha256; dmarc=pass (p=reject) header.from=reject.example"]
    # On top of what the list put there, and of no signature's concern.
    fields = [(name.lower(), value) for name, value in message.items()]
    ours = [i for i, (name, value) in enumerate(fields) if name == "received" and "(Rollcall)" in value]
    assert [i for i, (name, _) in enumerate(fields) if name == "authentication-results"] == [ours[0] - 1]
    assert all("authentication-results" not in value.lower() for value in message.get_all("DKIM-Signature"))


@pytest.mark.parametrize("author, to, wanted", [
    (QUARANTINE, SMALL, "status=sent"),
    (QUARANTINE, DROPPING, "status=discarded"),
    (REJECT, REFUSING, "dsn=5.7.26, status=refused"),
])
def test_what_the_list_makes_of_it(shared, author, to, wanted):
    line = post(shared, author, to, "Another")
    assert "auth=smtp, dmarc=fail," in line and wanted in line, line


def test_m6_what_the_border_says_counts_and_stays(shared):
    line = post(shared, SPF, SMALL, "By SPF")
    assert "auth=smtp, dmarc=pass," in line and "status=sent" in line, line
    assert results(copy_of_a_post(shared)) == [
        DOMAIN + "; dkim=none; spf=pass smtp.mailfrom=spf.example; dmarc=pass (p=reject) header.from=spf.example",
        "border.example.org; spf=pass smtp.mailfrom=spf.example"]


FORGED = [
    GENUINE % "reject.example",
    GENUINE % "reject.example" + "; dmarc=pass header.from=reject.example; dkim=pass header.d=reject.example",
    "authentication-results: (well) \"BORDER.example.org\" 1; spf=pass smtp.mailfrom=reject.example",
    "Authentication-Results: border.example.org; spf=pass ((((",
    "Authentication-Results: %s; dkim=pass header.d=reject.example" % DOMAIN,
    GENUINE % "reject.example" + " (" + "x" * 6000 + ")",
]


def test_m6_forged_results_are_ignored_and_stripped(shared):
    received = "Received: from mail.reject.example (mail.reject.example [192.0.2.1]) by mx.example.org (Postfix) with ESMTPSA id 1; Sat, 21 Nov 2026 10:00:00 +0000"
    fields = [FORGED[0], received] + FORGED[1:] + ["Authentication-Results: mx.elsewhere.example; spf=pass smtp.mailfrom=reject.example"]
    line = post(shared, REJECT, LIST, "Forged", fields=fields)
    assert "dmarc=fail" in line and "status=held" in line, line
    line = post(shared, MEMBER, SMALL, "Forged", fields=fields)
    assert "auth=smtp, dmarc=none" in line and "status=sent" in line, line
    # Another server's own word is not ours to take off.
    assert results(copy_of_a_post(shared)) == [DOMAIN + "; dkim=none; dmarc=none header.from=mail.example.net",
                                               "mx.elsewhere.example; spf=pass smtp.mailfrom=reject.example"]


def test_m6_five_kilobytes_of_results(shared):
    """Also of our border's: it says nothing then, and a policy that nothing meets holds the post."""
    line = post(shared, LONG, LIST, "Long")
    assert "dmarc=fail" in line and "status=held" in line, line


def test_s1_trouble_with_dns_defers_and_nothing_else(shared):
    shared.resolver.refuse("_dmarc.broken.example")
    try:
        line = post(shared, BROKEN, SMALL, "Nobody knows")
        assert "dmarc=temperror, dsn=4.4.3, status=deferred" in line, line
        shared.postfix.wait_deferred()
        # A signature of that very domain settles it: no policy could make it fail.
        key = shared.add_author_key("broken.example", "s1")
        shared.sink.forget()
        queue_id = shared.postfix.send(key.sign(compose(BROKEN, SMALL, "Signed all the same")), BROKEN, SMALL)
        line = status(shared, "%s: list=.*status=" % queue_id)[-1]
        assert "auth=dkim, dmarc=temperror," in line and "status=sent" in line, line
    finally:
        shared.resolver.heal("_dmarc.broken.example")


def test_key_that_dns_does_not_give_defers(shared):
    key = shared.add_author_key("keyless.example", "s2")
    shared.resolver.refuse("s2._domainkey.keyless.example")
    try:
        line = post(shared, KEYLESS, SMALL, "No key", key=key)
        assert "dsn=4.4.3, status=deferred" in line, line
        shared.postfix.wait_deferred()
    finally:
        shared.resolver.heal("s2._domainkey.keyless.example")
    queue_id = line.split(": ")[1]

    def sent():
        """Each worker remembers for some seconds that nobody answered."""
        shared.postfix.flush()
        return shared.rollcall.log("^[^:]*: %s: .*auth=dkim,.*status=sent" % queue_id)
    wait_until(sent, 20, "the post: " + shared.last_words(), pause=0.5)


@pytest.mark.parametrize("author, login, fields, method", [
    (MEMBER, MEMBER, (), "md5"),
    (MEMBER, "Chaya@Mail.Example.NET", (), "md5"),
    (MEMBER, "chaya", (), "smtp"),
    (MEMBER, "jan@reject.example", (), "smtp"),
    # Logged in as himself, and says below that he is another.
    (MEMBER, "jan@reject.example", ("Received: from x (x [192.0.2.1]) (Authenticated sender: %s) by mx.example.org (Postfix) with ESMTPSA id 1; now" % MEMBER,), "smtp"),
])
def test_login_at_our_postfix(shared, author, login, fields, method):
    assert "auth=%s, dmarc=none," % method in post(shared, author, SMALL, "Logged in", login=login, fields=fields)


def test_who_is_not_logged_in_cannot_say_so(shared):
    forged = "Received: from x (x [192.0.2.1]) (Authenticated sender: %s) by mx.example.org (Postfix) with ESMTPSA id 1; now" % MEMBER
    assert "auth=smtp," in post(shared, MEMBER, SMALL, "Not logged in", fields=(forged,))


def test_login_settles_what_the_domain_says_to_strangers_where_its_mail_starts_here(shared):
    """Its other servers have not signed yet: it comes from one of them."""
    line = post(shared, HOME, SMALL, "From here", login=HOME)
    assert "auth=md5, dmarc=fail," in line and "status=sent" in line, line
    # Members' servers have heard that domain's wish as well: unsigned, it is the list's mail.
    assert copy_of_a_post(shared)["From"].addresses[0].addr_spec == SMALL
    assert "auth=smtp, dmarc=fail," in post(shared, HOME, LIST, "From elsewhere") and "held" in shared.last_words()
    shared.postfix.wait_empty()


def test_no_other_proof_lets_out_what_the_domain_wants_rejected(shared):
    """A login, a confirmation or a certificate of the author: his domain still says that such mail is none of its own."""
    line = post(shared, REJECT, SMALL, "From elsewhere", login=REJECT)
    assert "auth=md5, dmarc=fail," in line and "status=held" in line, line
    shared.postfix.wait_empty()
    for method in ("md5", "smime"):
        answer, = explain(shared, "--method", method, text=compose(REJECT, SMALL))
        assert (answer["posts"][0]["authentication"]["method"], answer["posts"][0]["verdict"]) == (method, "held"), answer


def test_login_by_the_pipe_client(shared):
    """MAIL's AUTH= (RFC 4954), as rollcall-pipe writes it from ${sasl_username}."""
    with Lmtp("unix:" + shared.rollcall.lmtp if not shared.rollcall.lmtp.startswith("unix:") else shared.rollcall.lmtp) as client:
        client.command("LHLO client.example")
        assert client.command("MAIL FROM:<%s> AUTH=%s" % (MEMBER, MEMBER.replace("+", "+2B"))).code == 250
        assert client.command("RCPT TO:<%s>" % SMALL).code == 250
        assert client.command("DATA").code == 354
        client.send(compose(MEMBER, SMALL, "By pipe").replace(b"\n", b"\r\n").replace(b"\r\r\n", b"\r\n") + b".\r\n")
        assert client.reply().code == 250
    status(shared, "^[^:]*: -: list=<%s>.*auth=md5, dmarc=none,.*status=sent" % SMALL)
    shared.postfix.wait_empty()
