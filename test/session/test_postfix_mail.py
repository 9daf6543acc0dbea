"""Mail through a real Postfix that rollcall-postfix was let loose on: posts come out at the LMTP side whole, copies that go in by QMQP
come out as they were signed, whatever else the site has configured, and members in the site's own alias domains are reached.
"""
import os
import re
import shutil
import socket
import subprocess
import sys

import pytest

from lab.postfix import DOMAIN, SCRIPT, Postfix, Refused
from lab.process import BUILD, run, wait_until
from scripted_lmtp import ScriptedLmtp

AUTHOR = "alice@post.example.com"
POST = b"From: alice@post.example.com\nTo: choir@lists.example.org\nMessage-ID: <1@post.example.com>\n" \
       b"Date: Sat, 21 Nov 2026 10:00:00 +0000\n\nHello\n"
CHOIR, BAND = "choir@" + DOMAIN, "band@" + DOMAIN


class DebianPostfix(Postfix):
    """With the master.cf that Debian installs: everything that can be is chrooted."""

    def __init__(self, parent, sink_port, settings=None):
        super().__init__(parent, sink_port, settings)
        shutil.copy("/usr/share/postfix/master.cf.dist", os.path.join(self.config, "master.cf"))
        self._date_back()
        self.postconf("-MX", "smtp/inet")
        self.postconf("-Me", "127.0.0.1:%d/inet=127.0.0.1:%d inet n - y - - smtpd" % (self.port, self.port))
        self._date_back()


@pytest.fixture
def peer(lab_directory):
    with ScriptedLmtp("unix:%s/lmtp" % lab_directory) as server:
        yield server


@pytest.fixture
def site(lab_directory, sink, peer):
    """site(main.cf settings, options of rollcall-postfix) starts a Postfix with Rollcall applied."""
    started = []

    def start(settings=None, options=()):
        postfix = DebianPostfix(lab_directory, sink.port, settings)
        run([SCRIPT, "--config-dir", postfix.config, "--domain", DOMAIN, "--lmtp", peer.where, *options, "apply"])
        started.append(postfix)
        postfix._date_back()
        postfix.start()
        return postfix
    yield start
    for postfix in started:
        postfix.stop()


def netstring(data):
    return b"%d:%s," % (len(data), data)


def qmqp(postfix, message, sender, recipients):
    """Hands a message in as rollcall-dispatch does; returns the reply."""
    with socket.socket(socket.AF_UNIX) as s:
        # Postfix's master leaves a service that ended too early alone for 60 seconds.
        s.settimeout(90)
        s.connect(postfix.qmqp_socket)
        s.sendall(netstring(netstring(message) + netstring(sender.encode()) + b"".join(netstring(r.encode()) for r in recipients)))
        return s.makefile("rb").read()


def queued(reply):
    return re.fullmatch(rb"\d+:KOk: queued as (\w+),", reply).group(1).decode()


def body_and_header(transaction):
    """What we handed over: the message without the Received field that Postfix put in front."""
    return re.sub(rb"\AReceived: .*\r\n(?:\t.*\r\n)*", b"", transaction.message).replace(b"\r\n", b"\n")


# ---- posts to Rollcall ----

def test_post_reaches_the_daemon_with_its_queue_id(site, peer):
    postfix = site()
    queue_id = postfix.send(POST, AUTHOR, [CHOIR, BAND])
    wait_until(lambda: peer.messages, 10, "the post")
    postfix.wait_empty()
    said = " ".join(peer.commands)
    assert "IDENT=" + queue_id in said and "ADDR=127.0.0.1" in said and "HELO=client.example" in said
    assert sorted(c for c in peer.commands if c.startswith("RCPT")) == ["RCPT TO:<%s>" % BAND, "RCPT TO:<%s>" % CHOIR]
    assert peer.commands[-1] == "QUIT" and len(peer.messages) == 1 and peer.messages[0].endswith(POST.replace(b"\n", b"\r\n"))
    assert postfix.log(r"postfix/rollcall/lmtp.*%s: to=<%s>.*status=sent \(250 2.0.0 Ok: queued as 4bT2xk1Zz\)" % (queue_id, CHOIR))


def test_no_connection_is_kept_for_the_next_post(site, peer):
    postfix = site(dict(lmtp_connection_cache_destinations=DOMAIN))
    for _ in range(5):
        postfix.send(POST, AUTHOR, CHOIR)
    postfix.wait_empty()
    assert peer.commands.count("LHLO mx.example.org") == peer.commands.count("QUIT") == 5


def test_long_lines_reach_the_daemon_whole(site, peer):
    postfix = site()
    postfix.send(POST + b"x" * 5000 + b"\n", AUTHOR, CHOIR)
    postfix.wait_empty()
    assert peer.messages[0].endswith(b"Hello\r\n" + b"x" * 5000 + b"\r\n")


def test_tls_and_login_that_the_site_demands_of_others(site, peer):
    postfix = site(dict(lmtp_tls_security_level="encrypt", lmtp_sasl_auth_enable="yes",
                        lmtp_sasl_password_maps="inline:{%s=user:secret}" % DOMAIN))
    postfix.send(POST, AUTHOR, CHOIR)
    postfix.wait_empty()
    assert len(peer.messages) == 1


def test_many_lists_go_in_tens(site, peer):
    postfix = site()
    postfix.send(POST, AUTHOR, ["l%d@%s" % (i, DOMAIN) for i in range(25)])
    postfix.wait_empty()
    assert len(peer.messages) == 3 and len([c for c in peer.commands if c.startswith("RCPT")]) == 25


def test_refused_and_deferred_lists(site, peer, sink):
    postfix = site()
    peer.replies["RCPT"] = b"451 4.3.0 The CRM does not answer\r\n"
    postfix.send(POST, AUTHOR, CHOIR)
    assert "451 4.3.0 The CRM does not answer" in postfix.wait_deferred()[0]
    peer.replies["RCPT"] = b"550 5.1.1 No such list\r\n"
    postfix.flush()
    bounce, = sink.wait(1)
    assert bounce.sender == "" and bounce.recipients == [AUTHOR] and b"5.1.1 No such list" in bounce.body


def test_relay_recipient_maps_of_the_site(site, peer):
    postfix = site(dict(relay_recipient_maps="inline:{x@b.example=1}", relay_domains="b.example"))
    postfix.send(POST, AUTHOR, [CHOIR, "x@b.example"])
    with pytest.raises(Refused, match="User unknown in relay recipient table"):
        postfix.send(POST, AUTHOR, "y@b.example")
    postfix.wait_empty()
    assert len(peer.messages) == 1


def test_verify_recipients(site, peer, sink):
    postfix = site(options=["--verify-recipients"])
    peer.replies["RCPT"] = lambda c: b"250 2.1.5 Ok\r\n" if CHOIR in peer.commands[-1] else b"550 5.1.1 No such list\r\n"
    postfix.send(POST, AUTHOR, [CHOIR, "bob@b.example"])
    with pytest.raises(Refused, match="550 5.1.1 No such list"):
        postfix.send(POST, AUTHOR, BAND)
    sink.wait(1)
    postfix.wait_empty()
    assert len(peer.messages) == 1 and sink.recipients() == {"bob@b.example": 1}


def test_remove_under_a_running_postfix(site, peer):
    postfix = site(dict(mynetworks="192.0.2.1"))
    postfix.send(POST, AUTHOR, CHOIR)
    postfix.remove()

    def is_refused():
        # An smtpd that was idle at the reload may take one more connection before it ends.
        try:
            return not postfix.send(POST, AUTHOR, CHOIR)
        except Refused as refusal:
            return "Relay access denied" in refusal.text

    wait_until(is_refused, 10, "the end of the relay")
    with pytest.raises(ConnectionRefusedError):
        qmqp(postfix, POST, "choir-bounces@" + DOMAIN, ["bob@b.example"])


def test_reload_option_makes_a_running_postfix_take_it(lab_directory, sink, peer):
    with Postfix(lab_directory, sink.port) as postfix:
        run([SCRIPT, "--config-dir", postfix.config, "--domain", DOMAIN, "--lmtp", peer.where, "--reload", "apply"])
        postfix.wait_log("reload -- version")
        wait_until(lambda: os.path.exists(postfix.qmqp_socket), 10, "the QMQP socket")
        postfix.send(POST, AUTHOR, CHOIR)
        postfix.wait_empty()
    assert len(peer.messages) == 1


# ---- copies from Rollcall ----

HOSTILE_SITE = dict(
    canonical_maps="inline:{alice@post.example.com=a.lice@canon.example, choir-bounces@lists.example.org=x@canon.example}",
    sender_canonical_maps="regexp:{{/./ sender@canon.example}}", masquerade_domains="example.org example.com",
    always_bcc="spy@b.example", sender_bcc_maps="regexp:{{/./ spy@b.example}}", recipient_bcc_maps="regexp:{{/./ spy@b.example}}",
    content_filter="smtp:[127.0.0.1]:1", smtpd_milters="inet:127.0.0.1:1", non_smtpd_milters="inet:127.0.0.1:1",
    milter_default_action="tempfail", header_checks="regexp:{{/^Subject/ REJECT}}", body_checks="regexp:{{/./ REPLACE x}}",
    undisclosed_recipients_header="To: undisclosed-recipients:;", always_add_missing_headers="yes", message_size_limit="20000",
    default_verp_delimiters="-=", append_dot_mydomain="no", smtputf8_autodetect_classes="sendmail",
    receive_override_options="no_address_mappings")


def test_copies_leave_as_they_were_signed(site, sink):
    postfix = site(HOSTILE_SITE)
    message = b"DKIM-Signature: v=1; b=\nFrom: \"Alice  A.\"   <alice@post.example.com>\nSubject:   kept\n as it\n\tis\nSender: c@lists.example.org\n" \
              b"Message-ID: <1@b>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n\n.\n..\nFrom x\ncaf\xc3\xa9\n" + b"y" * 30000 + b"\n"
    message = re.sub(rb"y{900}", rb"\g<0>\n", message)
    queue_id = queued(qmqp(postfix, message, "choir-bounces+@%s-@[]" % DOMAIN, ["bob@b.example", "carol@c.example"]))
    copies = sink.wait(2)
    postfix.wait_empty()
    assert [body_and_header(copy) for copy in copies] == [message] * 2
    assert sorted((copy.sender, copy.recipients[0]) for copy in copies) == [
        ("choir-bounces+bob=b.example@" + DOMAIN, "bob@b.example"), ("choir-bounces+carol=c.example@" + DOMAIN, "carol@c.example")]
    assert postfix.log("postfix/rollcall/cleanup.*" + queue_id)


def test_members_behind_aliases_of_the_site_are_reached(site, sink):
    postfix = site(dict(
        virtual_alias_domains="alias.example", mydestination="origin.example", myorigin="origin.example", local_recipient_maps="",
        virtual_alias_maps="inline:{{ann@alias.example=ann}, {ann@origin.example=ann@far.example}, {two@alias.example=x@b.example y@b.example}}",
        recipient_canonical_maps="inline:{old@b.example=new@b.example}", local_transport="smtp:[127.0.0.1]:%d" % sink.port))
    queued(qmqp(postfix, POST, "choir-bounces+@%s-@[]" % DOMAIN, ["ann@alias.example", "two@alias.example", "old@b.example", "loc@origin.example"]))
    sink.wait(5)
    postfix.wait_empty()
    assert sorted((t.recipients[0], t.sender.partition("@")[0]) for t in sink.transactions()) == [
        ("ann@far.example", "choir-bounces+ann=alias.example"), ("loc@origin.example", "choir-bounces+loc=origin.example"),
        ("new@b.example", "choir-bounces+old=b.example"), ("x@b.example", "choir-bounces+two=alias.example"),
        ("y@b.example", "choir-bounces+two=alias.example")]


def test_envelope_larger_than_the_limit_for_others(site, sink):
    postfix = site(dict(message_size_limit="20000"))
    members = ["member-%d@home.example.org" % i for i in range(2000)]
    queued(qmqp(postfix, POST, "choir-bounces@" + DOMAIN, members))
    sink.wait(2000)
    assert sink.recipients() == {member: 1 for member in members}
    with pytest.raises(Refused, match="5.3.4"):
        postfix.send(POST + b"x\n" * 20000, AUTHOR, CHOIR)


def test_member_with_an_address_beyond_ascii(site, sink):
    postfix = site()
    queued(qmqp(postfix, POST, "choir-bounces@" + DOMAIN, ["jürgen@home.example.org"]))
    copy, = sink.wait(1)
    assert copy.recipients == ["jürgen@home.example.org"] and "SMTPUTF8" in copy.parameters


STABLE = ["a@b.example", "Choir <a@b.example>", "\"Alice  A.\"\t <a@B.Example> (x (y))", "a@b.example,  c@d.example,\n\te@f.example", "undisclosed-recipients:;",
          "friends:;", "Group: a@b.example,c@d.example;", "=?utf-8?q?J=C3=B6rg?= <j@x.example>", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "<a@b.example>",
          "\"a b\"@x.example", "a@ex_ample", "<>", ",, a@b.example", "a@b.example;c@d.example", "J\u00f6rg <j@x.example>", "a+b=c@d.example"]
# What a recipient of our copies would see in the place of what was signed. Cooking makes these firm before signing, or the signature breaks.
REWRITTEN = [("friends", "friends@mx.example.org"), ("a!b", "b@a"), ("a%b", "a@b"), ("<@x.example:a@b.example>", "<a@b.example>"),
             ("\"john.doe\"@b.example", "john.doe@b.example"), ("a@b.example.", "a@b.example"), ("a..b@c.example", "\"a..b\"@c.example"),
             (".a@b.example", "\".a\"@b.example"), ("a.@b.example", "\"a.\"@b.example"), ("a@b@c.example", "\"a@b\"@c.example")]


def test_what_postfix_makes_of_address_fields(site, sink):
    postfix = site(dict(append_dot_mydomain="no"))
    for value, wanted in [(value, value) for value in STABLE] + REWRITTEN:
        sink.forget()
        fields = "".join("%s: %s\n" % (name, value) for name in ("From", "To", "Cc", "Reply-To", "Sender"))
        message = b"Message-ID: <1@b>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n%s\nHello\n" % fields.encode()
        queued(qmqp(postfix, message, "choir-bounces@" + DOMAIN, ["bob@b.example"]))
        copy, = sink.wait(1)
        assert body_and_header(copy) == message.replace((": %s\n" % value).encode(), (": %s\n" % wanted).encode()), value


def test_nobody_but_group_postdrop_can_hand_copies_in(site):
    postfix = site()
    test = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"

    def connect(*groups):
        return subprocess.run(["setpriv", "--reuid", "nobody", "--regid", "nogroup", *groups, sys.executable, "-c", test, postfix.qmqp_socket],
                              stderr=subprocess.PIPE, text=True)
    assert "PermissionError" in connect("--clear-groups").stderr
    assert connect("--groups", "postdrop").returncode == 0


# ---- the pipe transport ----

@pytest.fixture
def pipe_site(site, lab_directory):
    program = os.path.join(lab_directory, "rollcall-pipe")
    shutil.copy(os.path.join(BUILD, "rollcall-pipe"), program)
    return lambda: site(options=["--transport", "pipe", "--pipe-program", program, "--pipe-user", "nobody"])


def test_post_through_the_pipe(pipe_site, peer):
    postfix = pipe_site()
    queue_id = postfix.send(POST + b".\n..\ncaf\xc3\xa9\n" + b"x" * 5000 + b"\n", AUTHOR, [CHOIR, "\"a b\"@" + DOMAIN])
    postfix.wait_empty()
    assert len(peer.messages) == 2 and peer.messages[0] == peer.messages[1]
    assert peer.messages[0].endswith(POST.replace(b"\n", b"\r\n") + b"..\r\n...\r\ncaf\xc3\xa9\r\n" + b"x" * 5000 + b"\r\n")
    assert sorted(c for c in peer.commands if c.startswith("RCPT")) == ["RCPT TO:<\"a b\"@%s>" % DOMAIN, "RCPT TO:<%s>" % CHOIR]
    assert peer.commands.count("XFORWARD ADDR=127.0.0.1 IDENT=" + queue_id) == 2
    assert postfix.log(r"%s: to=<%s>.*dsn=2.0.0, status=sent .*\(2.0.0 Ok: queued as 4bT2xk1Zz\)" % (queue_id, CHOIR))


def test_null_sender_through_the_pipe(pipe_site, peer):
    postfix = pipe_site()
    postfix.send(POST, "", CHOIR)
    postfix.wait_empty()
    assert [c for c in peer.commands if c.startswith("MAIL FROM:<> ")]


@pytest.mark.parametrize("step,reply,dsn", [("RCPT", "550 5.1.1 No such list", "5.1.1"), ("end", "550 5.7.1 Only members may post", "5.7.1"),
                                            ("end", "552 5.3.4 Too large", "5.3.4"), ("end", "550 5.6.0 Two From fields", "5.6.0")])
def test_refusal_through_the_pipe(pipe_site, peer, sink, step, reply, dsn):
    postfix = pipe_site()
    peer.replies[step] = reply.encode() + b"\r\n"
    postfix.send(POST, AUTHOR, CHOIR)
    bounce, = sink.wait(1)
    assert bounce.recipients == [AUTHOR] and ("Status: " + dsn).encode() in bounce.body
    assert postfix.log(r"dsn=%s, status=bounced \(%s" % (dsn, reply[10:]))


@pytest.mark.parametrize("step,reply", [("RCPT", b"451 4.3.0 The CRM does not answer\r\n"), ("end", b"what?\r\n"), ("greeting", b"554 5.7.1 Not you\r\n")])
def test_doubt_through_the_pipe(pipe_site, peer, sink, step, reply):
    postfix = pipe_site()
    peer.replies[step] = reply
    postfix.send(POST, AUTHOR, CHOIR)
    postfix.wait_deferred()
    assert postfix.log("dsn=4.3.0, status=deferred") and sink.transactions() == []
    peer.replies.update(RCPT=b"250 Ok\r\n", end=b"250 Ok\r\n", greeting=b"220 x\r\n")
    before = len(peer.messages)
    postfix.flush()
    postfix.wait_empty()
    assert len(peer.messages) == before + 1


def test_daemon_that_is_away_keeps_the_post(pipe_site, peer, lab_directory, sink):
    postfix = pipe_site()
    os.rename("%s/lmtp" % lab_directory, "%s/away" % lab_directory)
    postfix.send(POST, AUTHOR, CHOIR)
    assert "No such file or directory" in postfix.wait_deferred()[0] and sink.transactions() == []
