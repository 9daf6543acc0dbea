"""The LMTP session: every row of section 5.1 of the hostile input table that the session itself decides.

Rows are named in the tests (L1 ... L22). L21 and the real daemon's part of L19 are in test_intake.py, STARTTLS in test_starttls.py.
"""
import re
import selectors
import socket
import time

import pytest

from lab.process import children, status, wait_until
from lmtp_client import LIST, OTHER, Gone, Probe, elapsed, transcript

POST = b"From: a@b.example\r\n\r\nHello\r\n"
END = b".\r\n"


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    with Probe(str(tmp_path_factory.mktemp("probe"))) as server:
        yield server


@pytest.fixture
def client(probe):
    with probe.connect() as connection:
        yield connection


@pytest.fixture
def start(tmp_path):
    """Starts a probe of its own for a test that wants other settings or its own files."""
    started = []

    def start_probe(**options):
        started.append(Probe(str(tmp_path), **options))
        return started[-1]

    yield start_probe
    for server in started:
        server.__exit__()


def codes(lines):
    return [line[:3] for line in lines if line[3:4] == " "]


# ---- the ordinary way ----

def test_offer(client):
    lines = client.hello().split("\n")
    assert lines == ["250-mx.example.org", "250-PIPELINING", "250-ENHANCEDSTATUSCODES", "250-SMTPUTF8", "250-SIZE 1000000",
                     "250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE", "250 8BITMIME"]


def test_envelope_and_message(start):
    server = start()
    with server.connect() as c:
        c.hello()
        c.expect("XFORWARD NAME=spike.example ADDR=192.0.2.7 HELO=a+20b IDENT=4bT2xk1Zz", "250 2.0.0")
        c.expect("XFORWARD NAME=[UNAVAILABLE] SOURCE=REMOTE", "250 2.0.0")
        c.expect("MAIL FROM:<Jan@B.example> SIZE=100 BODY=8BITMIME SMTPUTF8 AUTH=jan+2Bx", "250 2.1.0")
        c.expect("RCPT TO:<list-bounces+x=y.example@lists.example.org>", "250 2.1.5")
        assert c.post(POST + b"\xc3\xa9\r\n" + END) == ["250 2.0.0 queued for list@lists.example.org"]
        c.expect("QUIT", "221 2.0.0")
        assert c.is_closed()
    message, envelope = server.posts()[0]
    assert message == POST + b"\xc3\xa9\r\n"
    assert envelope["sender"] == ["Jan@b.example"]
    assert envelope["smtputf8"] == envelope["8bit"] == ["yes"]
    assert envelope["sasl"] == ["jan+x"]
    assert "name" not in envelope
    assert (envelope["addr"], envelope["helo"], envelope["ident"]) == (["192.0.2.7"], ["a b"], ["4bT2xk1Zz"])
    assert envelope["rcpt"] == ["list-bounces+x=y.example@lists.example.org list@lists.example.org bounces x=y.example"]
    assert 530 <= int(envelope["seconds"][0]) <= 540


def test_untrusted_peer(start):
    server = start(trusted=0)
    with server.connect() as c:
        assert "XFORWARD" not in c.hello()
        c.expect("XFORWARD NAME=x", "502 5.5.1")
        c.expect("MAIL FROM:<> AUTH=boss", "250")
        c.expect("RCPT TO:<%s>" % LIST, "250")
        c.post(POST + END)
    assert "sasl" not in server.posts()[0][1]


def test_pipelining_is_answered_in_one_piece_and_order(start):
    """RFC 2920; and what the routing holds open is let go only when the client is waited for."""
    server = start()
    with server.connect() as c:
        c.hello()
        c.say("MAIL FROM:<a@b.example>", "RCPT TO:<%s>" % LIST, "RCPT TO:<nobody@lists.example.org>", "RCPT TO:<%s>" % OTHER, "DATA")
        wait_until(lambda: selectors_ready(c.socket), what="replies")
        replies = c.socket.recv(65536).decode().split("\r\n")
        assert codes(replies) == ["250", "250", "550", "250", "354"]
        c.send(POST + END)
        c.say("QUIT")
        assert [c.reply()[:3] for _ in range(3)] == ["250", "250", "221"]
    assert re.fullmatch("I*RRRI+P", server.posts()[0][1]["events"][0])


def test_standard_input():
    lines, _ = transcript(b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n%s%sQUIT\r\n" % (LIST.encode(), POST, END))
    assert codes(lines) == ["220", "250", "250", "250", "354", "250", "221"]


def test_address_probe(client):
    """What Postfix's verify(8) does, in both of its endings."""
    client.hello()
    for _ in range(2):
        client.expect("MAIL FROM:<double-bounce@mx.example>", "250")
        client.expect("RCPT TO:<%s>" % LIST, "250")
        client.expect("RSET", "250")
    client.expect("MAIL FROM:<>", "250")
    client.expect("RCPT TO:<nobody@lists.example.org>", "550 5.1.1")
    client.expect("QUIT", "221")


def test_reset_forgets(start):
    server = start()
    with server.connect() as c:
        c.hello()
        c.expect("XFORWARD NAME=old.example IDENT=OLD", "250")
        c.expect("MAIL FROM:<old@b.example> SMTPUTF8 BODY=8BITMIME AUTH=old", "250")
        c.expect("RCPT TO:<%s>" % OTHER, "250")
        c.expect("RSET", "250")
        c.expect("RCPT TO:<%s>" % LIST, "503")
        c.expect("MAIL FROM:<new@b.example>", "250")
        c.expect("RCPT TO:<%s>" % LIST, "250")
        c.post(POST + END)
    envelope = server.posts()[0][1]
    assert envelope["sender"] == ["new@b.example"]
    assert envelope["rcpt"] == ["%s %s post -" % (LIST, LIST)]
    assert not {"name", "ident", "sasl"} & set(envelope)
    assert envelope["smtputf8"] == envelope["8bit"] == ["no"]


def test_one_message_per_session(client):
    client.begin()
    assert client.post(POST + END)[0].startswith("250")
    client.expect("NOOP", "250")
    client.expect("MAIL FROM:<>", "421 4.3.2")
    assert client.is_closed()


@pytest.mark.parametrize("list_name, reply", [
    ("third", "550 5.7.1 not for you"), ("defer", "451 4.3.0 not now"), ("blank", "451 4.3.0 No decision was made")])
def test_final_verdicts(client, list_name, reply):
    client.begin(list_name + "@lists.example.org")
    assert client.post(POST + END) == [reply]


def test_route_that_gives_no_route(client):
    """A 2xx to RCPT without a recipient behind it would shift all replies after the dot."""
    client.begin(LIST)
    client.expect("RCPT TO:<shy@lists.example.org>", "451 4.3.0")
    assert client.post(POST + END) == ["250 2.0.0 queued for list@lists.example.org"]


# ---- L1 to L6: commands ----

@pytest.mark.parametrize("line", ["HELO x", "EHLO x", "ehlo"])
def test_l1_smtp_greeting(client, line):
    client.reply()
    client.expect(line, "500 5.5.1")
    client.expect("LHLO x", "250")


@pytest.mark.parametrize("line", ["MAIL FROM:<>", "RCPT TO:<%s>" % LIST, "DATA", "XFORWARD NAME=x"])
def test_l2_before_lhlo(client, line):
    client.reply()
    client.expect(line, "503 5.5.1")
    client.expect("LHLO x", "250")


def test_l2_sequence(client):
    client.hello()
    client.expect("RCPT TO:<%s>" % LIST, "503 5.5.1")
    client.expect("DATA", "503 5.5.1")
    client.expect("MAIL FROM:<>", "250")
    client.expect("MAIL FROM:<>", "503 5.5.1")
    client.expect("XFORWARD NAME=x", "503 5.5.1")
    client.expect("DATA", "503 5.5.1")
    client.expect("RCPT TO:<%s>" % LIST, "250")
    client.expect("LHLO y", "250")
    client.expect("RCPT TO:<%s>" % LIST, "503 5.5.1")


def test_l3_data_without_recipients(client):
    client.hello()
    client.expect("MAIL FROM:<>", "250")
    client.expect("RCPT TO:<nobody@lists.example.org>", "550")
    client.expect("DATA", "503 5.5.1")
    client.expect("RCPT TO:<%s>" % LIST, "250")
    assert client.post(POST + END)[0].startswith("250")


@pytest.mark.parametrize("length, code", [(2048, "250"), (2049, "500"), (30000, "500"), (65536, "500")])
def test_l4_long_line(client, length, code):
    client.reply()
    client.send(b"NOOP " + b"x" * (length - 7) + b"\r\n")
    assert client.reply().startswith(code)
    client.expect("NOOP", "250")


def test_l4_line_without_end(probe):
    def flood(connection, size):
        connection.reply()
        try:
            for _ in range(size // 65536):
                connection.send(b"x" * 65536)
        except OSError:
            pass

    with probe.connect() as c:
        flood(c, 10 << 20)
        assert c.reply().startswith("421 4.7.0")
        assert c.is_closed()


def test_l4_memory(start):
    """10 MB in lines that are too long, and the session is no larger than before."""
    server = start()
    with server.connect() as c:
        c.hello()
        pid = children(server.process.pid)[0]
        before = int(status(pid)["VmHWM"].split()[0])
        for _ in range(19):
            c.expect(b"NOOP " + b"x" * 60000, "500 5.5.2")
        assert int(status(pid)["VmHWM"].split()[0]) - before < 512


@pytest.mark.parametrize("line", [
    b"NOOP \0\r\n", b"NO\0OP\r\n", b"NOOP \xc3\xa9\r\n", b"\xff\xfe\r\n", b"NOOP a\rb\r\n", b"NOOP\r\r\n", b"NOOP\n", b"\n", b"NOOP\t\r\n",
    b"LHLO caf\xc3\xa9\r\n", b"RSET\r\r\n"])
def test_l5_bytes(client, line):
    client.hello()
    client.send(line)
    assert client.reply().startswith("500 5.5.2")
    client.expect("NOOP", "250")


def test_l5_twenty_errors(client):
    client.hello()
    client.send(b"\0\r\n" * 25)
    assert [client.reply()[:9] for _ in range(21)] == ["500 5.5.2"] * 20 + ["421 4.7.0"]
    assert client.is_closed()


@pytest.mark.parametrize("word", ["NOOP", "RSET", "HELP", "LHLO x", "XFORWARD NAME=x"])
def test_l6_junk(client, word):
    client.hello()
    client.say("RSET")  # LHLO and RSET are two already
    client.reply()
    client.say(*[word] * 98)
    assert {client.reply()[:1] for _ in range(98)} == {"2"}
    client.expect(word, "421 4.7.0")
    assert client.is_closed()


def test_l6_ten_thousand(probe):
    with probe.connect() as c:
        c.reply()
        try:
            c.say(*["NOOP"] * 10000)
        except OSError:
            pass
        replies = []
        with pytest.raises(Gone):
            while True:
                replies.append(c.reply()[:3])
        assert replies == ["250"] * 100 + ["421"]


# ---- L7 to L12: transactions ----

def test_l7_reply_per_recipient(start):
    server = start()
    with server.connect() as c:
        c.hello()
        c.expect("MAIL FROM:<>", "250")
        c.expect("RCPT TO:<third@lists.example.org>", "250")
        c.expect("RCPT TO:<nobody@lists.example.org>", "550 5.1.1")
        c.expect("RCPT TO:<%s>" % LIST, "250")
        assert c.post(POST + END, 2) == ["550 5.7.1 not for you", "250 2.0.0 queued for list@lists.example.org"]
        c.expect("NOOP", "250 2.0.0 Ok")
    assert len(server.posts()) == 1


def test_l8_same_list_twice(start):
    server = start()
    with server.connect() as c:
        c.begin(LIST, OTHER, LIST)
        replies = c.post(POST + END, 3)
    assert replies[0] == replies[2] != replies[1]
    assert [line.split()[1] for line in server.posts()[0][1]["rcpt"]] == [LIST, OTHER, LIST]


@pytest.mark.parametrize("recipient, reply", [
    ("nobody@lists.example.org", "550 5.1.1"), ("list@elsewhere.example", "550 5.1.1"), ("closed@lists.example.org", "550 5.7.1"),
    ("crm@lists.example.org", "451 4.3.0"), ("LIST@Lists.Example.ORG", "250 2.1.5"), ("List-OWNER@lists.example.org", "250 2.1.5"),
    ("list-confirm+token@lists.example.org", "250 2.1.5"), ("list@lists.example.org.", "550 5.1.3"),
    ("list@.lists.example.org", "550 5.1.3"),
    # L10
    ("../../etc/passwd@lists.example.org", "550"), ("|cmd@lists.example.org", "550"), ('"a b"@lists.example.org', "550 5.1.1"),
    ('"list"@lists.example.org', "250 2.1.5"), ("list@[127.0.0.1]", "550"), ("@lists.example.org:list@lists.example.org", "550"),
    ("", "501 5.1.3"), ("postmaster", "550 5.1.1"), ("PostMaster", "550 5.1.1"), ("list", "550"), ("/etc/passwd", "550"),
    ('"list@lists.example.org"', "550"), ("list@lists.example.org@elsewhere.example", "550"), ("a" * 65 + "@lists.example.org", "550")])
def test_l9_l10_recipients(client, recipient, reply):
    client.hello()
    client.expect("MAIL FROM:<>", "250")
    client.expect("RCPT TO:<%s>" % recipient, reply)
    client.expect("NOOP", "250")


def test_l10_bad_addresses_are_no_errors(client):
    """Postfix may bring many strange addresses in good faith: the twentieth must not cost the other recipients."""
    client.hello()
    client.expect("MAIL FROM:<>", "250")
    for number in range(60):
        client.expect("RCPT TO:<.%d.@lists.example.org>" % number, "550")
        client.expect("RCPT TO:<no%d@lists.example.org>" % number, "550")
    client.expect("RCPT TO:<%s>" % LIST, "250")


def test_l11_null_sender_reaches_the_post(start):
    """Whether such a post is dropped is for the stages to say; the session passes on that the sender was empty."""
    server = start()
    with server.connect() as c:
        c.begin(sender="")
        c.post(POST + END)
    assert server.posts()[0][1]["sender"] == [""]


@pytest.mark.parametrize("parameters, reply", [
    ("SIZE=99999999999999999999", "552 5.3.4"), ("SIZE=1000001", "552 5.3.4"), ("SIZE=1000000", "250"), ("SIZE=0", "250"),
    ("SIZE=-1", "501"), ("SIZE=1k", "501"), ("SIZE", "501"), ("SIZE=", "501"), ("SIZE=999999999999999999999", "501"),
    ("BODY=BINARYMIME", "501"), ("BODY=8BITMIME", "250"), ("BODY=7BIT", "250"), ("body=8bitmime size=5", "250"),
    ("SMTPUTF8", "250"), ("SMTPUTF8=1", "501"), ("AUTH=x", "250"), ("AUTH=<>", "250"), ("AUTH=x+0Ay", "501"), ("AUTH=+x", "501"),
    ("AUTH", "501"),
    ("RET=FULL", "555"), ("ENVID=abc", "555"), ("ENVID=a+0Ab", "501"), ("HOLDFOR=10", "555"), ("SIZE=1 SIZE=2", "501")])
def test_l12_mail_parameters(client, parameters, reply):
    client.hello()
    client.expect("MAIL FROM:<a@b.example> " + parameters, reply)
    # A refused MAIL leaves no transaction behind.
    client.expect("RCPT TO:<%s>" % LIST, "250" if reply == "250" else "503")


@pytest.mark.parametrize("parameters, reply", [
    ("NOTIFY=NEVER", "555"), ("ORCPT=rfc822;a@b", "555"), ("ORCPT=rfc822;a+0D+0Ab", "501"), ("SIZE=1", "555")])
def test_l12_rcpt_parameters(client, parameters, reply):
    client.hello()
    client.expect("MAIL FROM:<>", "250")
    client.expect("RCPT TO:<%s> %s" % (LIST, parameters), reply)


def test_l12_smtputf8_addresses(client):
    client.hello()
    client.expect("MAIL FROM:<caf\u00e9@b.example>", "553 5.6.7")
    client.expect("MAIL FROM:<caf\u00e9@b\u00fccher.example> SMTPUTF8", "250")
    client.expect("RCPT TO:<l\u00efst@lists.example.org>", "550 5.1.1")
    client.expect(b"RCPT TO:<l\xef@lists.example.org>", "550 5.1.3")
    client.expect("RSET", "250")
    client.expect("MAIL FROM:<a@b.example>", "250")
    client.expect("RCPT TO:<l\u00efst@lists.example.org>", "553 5.6.7")


# ---- L13 to L18: data ----

@pytest.mark.parametrize("inside, reply", [
    (b"a\n.\nb", "550 5.6.11"), (b"a\n.\r\nb", "550 5.6.11"), (b"a\r.\rb", "550 5.6.11"), (b"a\r\n.\nb", "550 5.6.11"),
    (b"a\r\n.\rb", "550 5.6.11"), (b"a\r.\r\nb", "550 5.6.11"), (b"a\r\r\nb", "550 5.6.11"), (b"a\0b", "550 5.6.0")])
def test_l13_l14_not_the_end(start, inside, reply):
    """Commands behind a false end are content; the first command is the one behind the true end."""
    server = start()
    with server.connect() as c:
        c.begin(LIST, OTHER)
        c.expect("DATA", "354")
        c.send(b"From: a@b.example\r\n\r\n" + inside + b"\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<third@lists.example.org>\r\n" + END +
               b"NOOP\r\n")
        assert [c.reply()[:len(reply)] for _ in range(2)] == [reply] * 2
        assert c.reply() == "250 2.0.0 Ok"
        c.expect("QUIT", "221")
    assert server.posts() == []
    for name in (LIST, OTHER):
        assert "list=<%s>, dsn=%s, status=refused" % (name, reply[4:]) in server.log_text()


def test_l14_command_behind_the_dot(client):
    client.begin()
    client.expect("DATA", "354")
    client.send(POST + END + b"MAIL FROM:<>\r\n")
    assert client.reply().startswith("250 2.0.0 queued")
    assert client.reply().startswith("421 4.3.2")


def test_l15_dots_cut_everywhere(start):
    server = start()
    sent = b"..\r\n...\r\n.x\r\n..x\r\nx.\r\n\r\n...." + b"." * 70000 + b"\r\n"
    want = b".\r\n..\r\nx\r\n.x\r\nx.\r\n\r\n..." + b"." * 70000 + b"\r\n"
    cuts = list(range(1, 30)) + [65535, 65536, 65537, len(sent) - 1, len(sent), len(sent) + 1, len(sent) + 2]
    for cut in cuts:
        with server.connect() as c:
            c.begin()
            c.expect("DATA", "354")
            whole = sent + END
            c.send(whole[:cut])
            time.sleep(0.005)
            c.send(whole[cut:])
            assert c.reply().startswith("250")
    assert {message for message, _ in server.posts()} == {want}
    assert len(server.posts()) == len(cuts)


def test_l16_client_leaves_in_data(start):
    server = start()
    with server.connect() as c:
        c.begin()
        c.expect("DATA", "354")
        c.send(POST + b"\r\n.\r")
    with server.connect() as c:
        c.begin()
        c.expect("DATA", "354")
    with server.connect() as c:
        c.begin(LIST)
        assert c.post(POST + END)[0].startswith("250")
    assert len(server.posts()) == 1


@pytest.mark.parametrize("stays", [True, False])
def test_l16_client_leaves_after_the_dot(start, stays):
    """The stages can see it: session_peer_present() is what they ask before the last byte goes to Postfix."""
    server = start()
    with server.connect() as c:
        c.begin("slow@lists.example.org")
        c.expect("DATA", "354")
        c.send(POST + END + b"QUIT\r\n")
        if stays:
            assert c.reply().startswith("250")
    wait_until(server.posts, what="post")
    assert server.posts()[0][1]["present"] == ["yes" if stays else "no"]


@pytest.mark.parametrize("size, reply", [(1000000, "250 2.0.0"), (1000001, "552 5.3.4"), (1999990, "552 5.3.4")])
def test_l17_size(client, size, reply):
    client.begin(LIST, OTHER)
    line = b"x" * 98 + b"\r\n"
    data = line * (size // 100 - 1)
    data += b"x" * (size - len(data) - 2) + b"\r\n"
    assert len(data) == size
    assert [text[:len(reply)] for text in client.post(data + END, 2)] == [reply] * 2
    client.expect("NOOP", "250")


@pytest.mark.parametrize("piece", [b"x" * 65536, b"\n" * 65536, b"\r\n" * 32768, b"\0" * 65536, b"." * 65536])
def test_l17_endless_data(probe, piece):
    with probe.connect() as c:
        c.begin(LIST, OTHER)
        c.expect("DATA", "354")
        sent = 0
        with pytest.raises(OSError):
            while sent < 100 << 20:
                sent += c.socket.send(piece)
        # Twice the limit and what fits into buffers on the way.
        assert sent < 4 << 20
        assert [c.reply()[:9] for _ in range(2)] == ["552 5.3.4"] * 2
        assert c.is_closed()


def test_l18_silent_and_slow(start):
    server = start(command=1, session=3)

    def silent():
        with server.connect() as c:
            c.reply()
            assert c.reply().startswith("421 4.4.2")
            assert c.is_closed()

    def drip(connection, byte):
        with pytest.raises(OSError):
            while True:
                connection.send(byte)
                time.sleep(0.1)
                if selectors_ready(connection.socket):
                    assert connection.reply().startswith("421 4.4.2")
                    assert connection.is_closed()
                    raise OSError

    def slow_command():
        with server.connect() as c:
            c.hello()
            drip(c, b"N")

    def slow_data():
        with server.connect() as c:
            c.begin()
            c.expect("DATA", "354")
            drip(c, b"x")

    assert 0.9 < elapsed(silent) < 2.9
    assert 0.9 < elapsed(slow_command) < 2.9
    # Each piece comes in time, so it is the session's own deadline that ends this one.
    assert 2.9 < elapsed(slow_data) < 10
    assert server.posts() == []


def test_l18_others_go_on(start):
    server = start(command=5)
    with server.connect() as slow, server.connect() as c:
        slow.hello()
        slow.send(b"MAI")
        c.begin()
        assert c.post(POST + END)[0].startswith("250")


def test_l18_client_that_does_not_read(start):
    """Replies are not collected without end, and writing them has a deadline as well."""
    server = start(command=1)
    with server.connect() as c:
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.hello()
        with pytest.raises(OSError):
            c.expect("MAIL FROM:<>", "250")
            while True:
                c.send(b"RCPT TO:<nobody@lists.example.org>\r\n" * 1000)


def selectors_ready(connection):
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(0))


# ---- L19, L20, L22 ----

def test_l19_five_hundred_connections(start):
    server = start(sessions=20)
    clients = [server.connect(60) for _ in range(500)]
    try:
        for c in clients:
            c.say("LHLO x", "MAIL FROM:<>", "RCPT TO:<%s>" % LIST, "DATA")
            c.send(POST + END)
            c.say("QUIT")
        for c in clients:
            assert [c.reply()[:3] for _ in range(7)] == ["220", "250", "250", "250", "354", "250", "221"]
            c.socket.close()
    finally:
        for c in clients:
            c.socket.close()
    assert len(server.posts()) == 500


@pytest.mark.parametrize("line", [
    "BDAT 10 LAST", "VRFY list", "EXPN list", "STARTTLS", "AUTH PLAIN AGEAYg==", "ETRN x", "XCLIENT NAME=x", "TURN"])
def test_l20_not_offered(client, line):
    client.hello()
    client.expect(line, "502 5.5.1")


@pytest.mark.parametrize("line", [
    "XFORWARD", "XFORWARD NAME", "XFORWARD NAME=a+", "XFORWARD NAME=a+0Ab", "XFORWARD FOO=x", "XFORWARD ADDR=nonsense",
    "XFORWARD PORT=99999", "XFORWARD SOURCE=x", "XFORWARD NAME=" + "x" * 256])
def test_l20_bad_xforward(client, line):
    client.hello()
    client.expect(line, "501 5.5.4")


def test_l22_too_many_recipients(start):
    server = start()
    with server.connect() as c:
        c.hello()
        c.say("MAIL FROM:<>", *["RCPT TO:<%s>" % LIST] * 1000)
        assert {c.reply()[:3] for _ in range(1001)} == {"250"}
        for _ in range(30):
            c.expect("RCPT TO:<%s>" % OTHER, "452 4.5.3")
        assert len(set(c.post(POST + END, 1000))) == 1
        c.expect("QUIT", "221")
    assert len(server.posts()[0][1]["rcpt"]) == 1000
