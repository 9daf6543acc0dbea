"""Who logged in at our own Postfix, with a real Dovecot behind its submission service: by LMTP from the topmost Received, by pipe(8) from
${sasl_username}. The list asks an author who is not sure to confirm (scenario privatekey); who logged in as the author is sure (sasl_method)."""
import json
import os
import re
import shutil
import smtplib
import ssl
import subprocess

import pytest

from lab.certs import Authority
from lab.dovecot import Dovecot
from lab.postfix import DOMAIN
from lab.process import BUILD, wait_until
from lab.world import World, compose

LIST, CHAYA, LARS = "spacelog@" + DOMAIN, "chaya@mail.example.net", "lars@mail.example.net"
USERS = {CHAYA: "correct horse", LARS: "battery staple"}


@pytest.fixture(scope="module")
def world():
    settings = {"rollcall": {"lmtp_peer_users": "root;postfix;nobody", "listen_mode": "0666"}, "list " + LIST: {"scenario": "privatekey"}}
    with World(settings=settings) as world:
        certificate, key = Authority(world.directory).issue("submission")
        with Dovecot(world.directory, world.postfix, USERS) as dovecot:
            world.submission = dovecot.add_submission(certificate, key)
            yield world


def connect(world, tls=True):
    client = smtplib.SMTP("127.0.0.1", world.submission, local_hostname="client.example", timeout=60)
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client.starttls(context=context)
    client.ehlo()
    return client


def submit(world, login, message, mechanism="cram-md5", sender=None):
    """Logs in, posts, and returns the log's line about the post."""
    with connect(world) as client:
        client.user, client.password = login, USERS[login]
        client.auth(mechanism.upper(), client.auth_cram_md5 if mechanism == "cram-md5" else client.auth_plain)
        client.sendmail(sender or login, [LIST], message)
    return about(world, message)


def about(world, message):
    return world.rollcall.wait_log("msgid=%s.* status=" % re.escape(re.search(rb"Message-ID: (<.*>)", message).group(1).decode()))[-1]


def explain(world, *words, message=None):
    done = subprocess.run([os.path.join(BUILD, "rollcall"), "--config", world.rollcall.config, "explain", "--json", *words], input=message,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["posts"][0]["authentication"]


@pytest.mark.parametrize("mechanism", ["cram-md5", "plain"])
def test_login_of_the_author(world, mechanism):
    world.sink.forget()
    line = submit(world, CHAYA, compose(CHAYA, LIST, mechanism), mechanism)
    assert "auth=md5" in line and "status=sent" in line, line
    members = world.crm.members("spacelog")
    copies = world.copies(len(members))
    assert sorted(a for copy in copies for a in copy.recipients) == sorted(members)


def test_without_a_login_the_author_is_asked(world):
    """Over port 25 there is no login, whatever the sender writes in the name of our server."""
    trace = "from x (x [192.0.2.1]) (Authenticated sender: %s) by mx.example.org (Postfix) with ESMTPSA id 4bT2xk1Zz for <%s>; Sat, 21 Nov 2026 10:00:00 +0000"
    for fields in ([], [("Received", trace % (CHAYA, LIST))]):
        message = compose(CHAYA, LIST, "Not logged in", fields=fields)
        world.postfix.send(message, CHAYA, LIST)
        line = about(world, message)
        assert "auth=smtp" in line and "status=held" in line, line
        number = re.search(r"held as (\d+)", line).group(1)
        assert explain(world, "--held", number)["sasl"]["matches"] is False
    # On top, but not of this mail.
    message = b"Received: " + (trace % (CHAYA, LIST)).encode() + b"\r\n" + message.partition(b"\r\n")[2]
    world.postfix.send(message, CHAYA, LIST)
    assert "auth=smtp" in about(world, message)


def test_login_of_somebody_else(world):
    """Lars has a password of his own, and writes in the name of Chaya."""
    message = compose(CHAYA, LIST, "Forged")
    line = submit(world, LARS, message, sender=LARS)
    assert "auth=smtp" in line and "status=held" in line, line
    assert LARS not in line and CHAYA not in line
    found = explain(world, "--held", re.search(r"held as (\d+)", line).group(1))
    assert found["sasl"] == {"login": LARS, "matches": False} and found["method"] == "smtp"
    # In the envelope, too: what counts is From and the login.
    line = submit(world, LARS, compose(CHAYA, LIST, "Forged again"), sender=CHAYA)
    assert "auth=smtp" in line and "status=held" in line, line


def test_explain_knows_the_login(world):
    """The mail as it came, with the Received that Postfix wrote."""
    world.sink.forget()
    submit(world, CHAYA, compose(CHAYA, LIST, "Whose login"))
    copy, = wait_until(lambda: [c for c in world.sink.transactions() if c.header("Subject") == ["Whose login"]][:1], 20, "the copy")
    received = copy.header("Received")[-1]
    assert "Authenticated sender: " + CHAYA in received
    message = b"Received: " + received.encode() + b"\r\n" + compose(CHAYA, LIST, "Whose login")
    found = explain(world, "--to", LIST, message=message)
    assert found["sasl"] == {"login": CHAYA, "matches": True} and found["method"] == "md5"


def test_passwords_go_under_tls_only(world):
    with connect(world, tls=False) as client:
        assert not client.has_extn("auth")
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login(CHAYA, USERS[CHAYA])
    with connect(world) as client:
        assert set(client.esmtp_features["auth"].split()) == {"CRAM-MD5", "PLAIN"}
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(CHAYA, "wrong")
    with connect(world) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail(CHAYA, [LIST], compose(CHAYA, LIST))


def test_through_the_pipe_client(world):
    """The same by ${sasl_username}."""
    program = os.path.join(world.directory, "rollcall-pipe")
    shutil.copy(os.path.join(BUILD, "rollcall-pipe"), program)
    world.postfix.apply(world.rollcall.lmtp, DOMAIN, "--transport", "pipe", "--pipe-user", "nobody", "--pipe-program", program)
    line = submit(world, CHAYA, compose(CHAYA, LIST, "Piped"))
    assert "auth=md5" in line and "status=sent" in line, line
    line = submit(world, LARS, compose(CHAYA, LIST, "Piped and forged"), sender=LARS)
    assert "auth=smtp" in line and "status=held" in line, line
    message = compose(CHAYA, LIST, "Piped, not logged in")
    world.postfix.send(message, CHAYA, LIST)
    assert "auth=smtp" in about(world, message)
