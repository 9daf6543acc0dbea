"""TCP and STARTTLS: a client, the real TLS front with its relays, and the real session behind it (lmtp_probe.c tcp)."""
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest

from lab.certs import Authority
from lab.process import BUILD, alive, children, status, wait_until
from lmtp_client import LIST, RELAY_USER, FrontProbe, Gone, Lmtp

POST = b"From: a@b.example\r\n\r\nHello\r\n"
END = b".\r\n"
UNDER_ASAN = b"__asan_init" in open(os.path.join(BUILD, "test/session/lmtp_probe"), "rb").read()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(str(tmp_path_factory.mktemp("ca")))


@pytest.fixture
def start(lab_directory, authority):
    """Starts a front with a certificate of its own; settings override."""
    started = []

    def start_front(options=None, **settings):
        pair = authority.issue("server-%d" % len(started))
        here = [shutil.copy(path, lab_directory) for path in pair]
        settings = dict({"tls_certificate_file": here[0], "tls_key_file": here[1]}, **settings)
        started.append(FrontProbe(lab_directory, settings, **(options or {})))
        started[-1].certificate, started[-1].key = here
        return started[-1]

    yield start_front
    for server in started:
        server.__exit__()


def client_context(authority):
    return ssl.create_default_context(cafile=authority.path)


def secure(connection, authority, context=None):
    """STARTTLS on a connection after LHLO; returns a client on the encrypted connection."""
    connection.expect("STARTTLS", "220 2.0.0")
    context = context or client_context(authority)
    return Lmtp(context.wrap_socket(connection.socket, server_hostname="127.0.0.1"))


def serial(connection):
    return connection.socket.getpeercert()["serialNumber"]


# ---- the ordinary way ----

def test_post_in_plain_text(start):
    server = start(tls_certificate_file="", tls_key_file="")
    with server.connect() as c:
        assert "STARTTLS" not in c.hello()
        c.expect("STARTTLS", "502 5.5.1")
        c.expect("MAIL FROM:<a@b.example>", "250")
        c.expect("RCPT TO:<%s>" % LIST, "250")
        assert c.post(POST + END)[0].startswith("250")
        c.expect("QUIT", "221")
        assert c.is_closed()
    assert server.posts()[0][0] == POST
    assert "connection from 127.0.0.1" in server.log_text()


def test_post_under_tls(start, authority):
    server = start({"size": 5000000})
    body = POST + b"".join(b"%06d " % number + b"x" * 70 + b"\r\n" for number in range(50000))
    with server.connect() as plain:
        assert "250-STARTTLS" in plain.hello().split("\n")
        plain.expect("XFORWARD NAME=plain.example", "250")
        c = secure(plain, authority)
        assert c.socket.version() in ("TLSv1.2", "TLSv1.3")
        # RFC 3207 4.2: nothing that was said before is known.
        c.expect("MAIL FROM:<>", "503 5.5.1")
        assert "STARTTLS" not in c.expect("LHLO again.example", "250")
        c.expect("STARTTLS", "502 5.5.1")
        c.expect("MAIL FROM:<a@b.example>", "250")
        c.expect("RCPT TO:<%s>" % LIST, "250")
        assert c.post(body + END)[0].startswith("250")
        c.expect("QUIT", "221")
        # A clean end: the server says goodbye, so nobody on the line can cut a session short unseen.
        assert c.socket.recv(1) == b""
    message, envelope = server.posts()[0]
    assert message == body
    assert "name" not in envelope


def test_transaction_and_starttls(start):
    server = start()
    with server.connect() as c:
        c.begin()
        c.expect("STARTTLS", "503 5.5.1")
        c.expect("RSET", "250")
        c.expect("STARTTLS now", "501 5.5.4")
    with server.connect() as c:
        c.reply()
        c.expect("STARTTLS", "503 5.5.1")


def test_openssl_client(start, authority):
    server = start()
    done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % server.port, "-starttls", "lmtp", "-CAfile", authority.path,
                           "-verify_return_error", "-verify_ip", "127.0.0.1", "-crlf", "-quiet"],
                          input=b"LHLO x\nMAIL FROM:<>\nRCPT TO:<%s>\nDATA\nSubject: x\n\nHello\n.\nQUIT\n" % LIST.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    assert b"250 2.0.0 queued for list@lists.example.org\r\n221 2.0.0 Bye\r\n" in done.stdout, done
    assert server.posts()[0][0] == b"Subject: x\r\n\r\nHello\r\n"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_old_protocols_and_no_tickets(start, authority):
    server = start()
    old = client_context(authority)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with server.connect() as c, pytest.raises((ssl.SSLError, ConnectionError)):
        c.hello()
        secure(c, authority, old)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = client_context(authority)
        context.minimum_version = context.maximum_version = version
        with server.connect() as plain:
            plain.hello()
            c = secure(plain, authority, context)
            c.expect("LHLO x", "250")
            assert c.socket.session is None or not c.socket.session.has_ticket


# ---- what somebody on the line might do ----

@pytest.mark.parametrize("injected", [
    b"RSET\r\n", b"LHLO evil\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<other@lists.example.org>\r\nDATA\r\n", b"x" * 3000,
    b"NOOP\r\n" * 5000], ids=["command", "transaction", "noise", "much"])
def test_injection_before_tls(start, authority, injected):
    server = start()
    with server.connect() as plain:
        plain.hello()
        plain.send(b"STARTTLS\r\n" + injected)
        assert plain.reply().startswith("220 2.0.0")
        assert plain.pending == b""
        c = Lmtp(client_context(authority).wrap_socket(plain.socket, server_hostname="127.0.0.1"))
        c.expect("DATA", "503 5.5.1 Say LHLO first")
        c.expect("LHLO honest.example", "250")
        c.expect("MAIL FROM:<a@b.example>", "250")
        c.expect("RCPT TO:<%s>" % LIST, "250")
        assert c.post(POST + END)[0].startswith("250")
    message, envelope = server.posts()[0]
    assert message == POST
    assert envelope["rcpt"] == ["%s %s post -" % (LIST, LIST)]


def test_plain_text_instead_of_a_handshake(start):
    server = start()
    with server.connect() as c:
        c.hello()
        c.expect("STARTTLS", "220 2.0.0")
        c.say("LHLO x", "MAIL FROM:<>")
        with pytest.raises(Gone) as gone:
            while True:
                c._line()
        # An alert at most; nothing that a parser said.
        assert b"250" not in gone.value.args[0] and b"503" not in gone.value.args[0]
    wait_until(lambda: not children(server.front), what="end of the relay")
    assert "TLS handshake failed" in server.log_text()


def test_client_that_is_no_friend(start):
    server = start(lmtp_clients="192.0.2.0/24;2001:db8::/32")
    with server.connect() as c:
        assert c.reply().startswith("421 4.7.0")
        assert c.is_closed()
    assert "127.0.0.1 may not speak LMTP to us" in server.log_text()
    assert server.posts() == []


# ---- certificates ----

def replace(source, target, mode=None):
    temporary = target + ".new"
    shutil.copy(source, temporary)
    if mode:
        os.chmod(temporary, mode)
    os.rename(temporary, target)


def served_serial(server, authority):
    with server.connect() as plain:
        plain.hello()
        return serial(secure(plain, authority))


def test_renewed_certificate(start, authority):
    server = start()
    first = served_serial(server, authority)
    with server.connect() as old:
        old.hello()
        certificate, key = authority.issue("renewed")
        # Half a renewal: the new certificate with the old key is never used.
        replace(certificate, server.certificate)
        assert served_serial(server, authority) == served_serial(server, authority) == first
        assert server.log_text().count("ALARM TLS certificate has changed but cannot be used") == 1
        replace(key, server.key)
        second = served_serial(server, authority)
        assert second != first
        # Nobody's session was cut, and it has the certificate of its time.
        assert serial(secure(old, authority)) == first


@pytest.mark.parametrize("harm", ["garbage", "mode", "gone"])
def test_broken_renewal_keeps_the_old(start, authority, harm):
    server = start()
    first = served_serial(server, authority)
    certificate, key = authority.issue("next")
    replace(certificate, server.certificate)
    if harm == "garbage":
        with open(server.key, "w") as f:
            f.write("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    elif harm == "mode":
        replace(key, server.key, 0o644)
    else:
        os.unlink(server.key)
    assert served_serial(server, authority) == first
    assert server.log_text().count("ALARM") == 1


@pytest.mark.parametrize("harm", ["mode", "mismatch", "missing", "encrypted", "network"])
def test_front_does_not_start(start, authority, lab_directory, harm):
    """Each is found before anything is accepted, so a reload with it changes nothing; and nobody is asked for a password."""
    certificate, key = (shutil.copy(path, lab_directory + "/bad-" + os.path.basename(path)) for path in authority.issue("bad"))
    settings = {"tls_certificate_file": certificate, "tls_key_file": key}
    if harm == "mode":
        os.chmod(key, 0o644)
    elif harm == "mismatch":
        replace(authority.issue("third")[1], key)
    elif harm == "missing":
        os.unlink(key)
    elif harm == "encrypted":
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", key, "-out", key + ".new", "-passout", "pass:secret"], check=True)
        os.rename(key + ".new", key)
    else:
        settings["lmtp_clients"] = "127.0.0.1/8"
    server = start(**settings)
    assert server.front == 0
    assert server.process.wait(10) == 75
    assert ("127.0.0.1/8 is no network" if harm == "network" else "TLS certificate cannot be used: " + key) in server.log_text()


# ---- processes ----

@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop to another user")
def test_relay_is_confined(start, authority):
    server = start()
    with server.connect() as plain:
        plain.hello()
        c = secure(plain, authority)
        c.expect("NOOP", "250")
        relay, = children(server.front)
        state = status(relay)
        assert state["Uid"].split() == [RELAY_USER.split(":")[0]] * 4
        assert state["Gid"].split() == [RELAY_USER.split(":")[1]] * 4
        assert state["Groups"].split() == []
        assert state["NoNewPrivs"] == "1"
        assert state["CapEff"].strip("0") == state["CapPrm"].strip("0") == ""
        if not UNDER_ASAN:
            assert state["Seccomp"] == "2"
        # Standard descriptors, the client, data and control: no listener, no way back to the hand-off socket.
        assert len(os.listdir("/proc/%d/fd" % relay)) == 6
        # Of the master's the front keeps only listener, hand-off and its own signals.
        assert len(os.listdir("/proc/%d/fd" % server.front)) == 6


def test_front_stops_and_sessions_finish(start, authority):
    server = start()
    with server.connect() as plain:
        plain.hello()
        c = secure(plain, authority)
        os.kill(server.front, signal.SIGTERM)

        def is_closed():
            with socket.socket() as other:
                return other.connect_ex(("127.0.0.1", server.port)) != 0
        wait_until(is_closed, what="closed port")
        assert alive(server.front)
        c.expect("LHLO x", "250")
        c.expect("MAIL FROM:<>", "250")
        c.expect("RCPT TO:<%s>" % LIST, "250")
        assert c.post(POST + END)[0].startswith("250")
        c.expect("QUIT", "221")
    wait_until(lambda: not alive(server.front), what="end of the front")


def test_sessions_limit(start):
    """The next connection waits in the kernel and is served when there is room."""
    server = start(sessions_limit=2)
    first, second, third = (server.connect() for _ in range(3))
    with first, second, third:
        first.hello()
        second.hello()
        third.socket.settimeout(0.5)
        with pytest.raises(socket.timeout):
            third.reply()
        first.expect("QUIT", "221")
        third.socket.settimeout(10)
        third.hello()


# ---- how connections end ----

@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("stays", [False, True])
def test_client_leaves_after_the_dot(start, authority, tls, stays):
    """The parser sees through the relay whether its client is still there."""
    server = start()
    with server.connect() as c:
        c.hello()
        if tls:
            c = secure(c, authority)
            c.expect("LHLO x", "250")
        c.say("MAIL FROM:<>", "RCPT TO:<slow@lists.example.org>", "DATA")
        assert [c.reply()[:3] for _ in range(3)] == ["250", "250", "354"]
        c.send(POST + END)
        if stays:
            assert c.reply().startswith("250")
        c.socket.close()
    wait_until(server.posts, what="post")
    assert server.posts()[0][1]["present"] == ["yes" if stays else "no"]
    wait_until(lambda: not children(server.front), what="end of the relay")


def test_reset_by_the_client(start):
    server = start()
    c = server.connect()
    c.begin("slow@lists.example.org")
    c.expect("DATA", "354")
    c.send(POST + END)
    c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    c.socket.close()
    wait_until(server.posts, what="post")
    assert server.posts()[0][1]["present"] == ["no"]
    wait_until(lambda: not children(server.front), what="end of the relay")


def test_half_closed_client_gets_its_replies(start):
    server = start()
    with server.connect() as c:
        c.hello()
        c.say(*["NOOP"] * 50, "QUIT")
        c.socket.shutdown(socket.SHUT_WR)
        assert [c.reply()[:3] for _ in range(51)] == ["250"] * 50 + ["221"]
        assert c.is_closed()


def test_last_reply_survives_unread_input(start):
    """A close with input unread would send a reset that takes the 421 back."""
    server = start()
    with server.connect() as c:
        c.reply()
        c.send(b"NOOP\r\n" * 20000)
        time.sleep(0.5)
        replies = []
        with pytest.raises(Gone):
            while True:
                replies.append(c.reply()[:3])
        assert replies == ["250"] * 100 + ["421"]


def test_idle_relay_does_not_spin(start, authority):
    """Not with a silent client, and not with one that has gone while a post is at work."""
    server = start()
    with server.connect() as plain:
        plain.hello()
        c = secure(plain, authority)
        c.expect("LHLO x", "250")
        relay, = children(server.front)
        c.say("MAIL FROM:<>", "RCPT TO:<slow@lists.example.org>", "DATA")
        assert [c.reply()[:3] for _ in range(3)] == ["250", "250", "354"]
        c.send(POST + END)
        c.socket.close()
        time.sleep(0.7)
        with open("/proc/%d/stat" % relay) as f:
            user, system = f.read().rpartition(")")[2].split()[11:13]
        assert int(user) + int(system) < 20
    wait_until(server.posts, what="post")
