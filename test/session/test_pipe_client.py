"""rollcall-pipe against a server that does its worst: what it says on the wire, and what it tells pipe(8).

The rule under test is that only a 2xx to the final dot is success, only a clear refusal of the post is final, and everything else,
at every step, is 75. Statuses are those of <sysexits.h>.
"""
import os
import re
import socket
import subprocess
import time

import pytest

from lab.process import BUILD
from scripted_lmtp import DROP, LHLO, STALL, ScriptedLmtp

PROGRAM = os.path.join(BUILD, "rollcall-pipe")
OK, DATAERR, NOUSER, UNAVAILABLE, TEMPFAIL, NOPERM = 0, 65, 67, 69, 75, 77
POST = b"From: a@b.example\nTo: choir@lists.example.org\n\nHello\n"
STEPS = ["greeting", "LHLO", "XFORWARD", "MAIL", "RCPT", "DATA", "end"]


@pytest.fixture
def where(tmp_path):
    return "unix:%s/lmtp" % tmp_path


def run(where, message=POST, sender="a@b.example", recipient="choir@lists.example.org", options=(), environment=None):
    """(status, text); whatever happens there is exactly one printable line, and its code agrees with the status."""
    done = subprocess.run([PROGRAM, "--socket", where, "--sender", sender, "--recipient", recipient, *options],
                          input=message, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, env=environment)
    check_output(done)
    return done.returncode, done.stdout.decode().rstrip("\n")


def check_output(done):
    assert re.fullmatch(rb"[245]\.\d{1,3}\.\d{1,3} [ -~]{1,473}\n", done.stdout), done.stdout
    assert done.stderr == b""
    assert done.stdout[:1] == {OK: b"2", TEMPFAIL: b"4"}.get(done.returncode, b"5")


# ---- what goes over the wire ----

@pytest.mark.parametrize("kind", ["unix", "inet"])
def test_whole_conversation(where, kind):
    with ScriptedLmtp(where if kind == "unix" else "inet") as server:
        options = ["--client", "192.0.2.7", "--queue-id", "4bT2xk1Zz", "--sasl-user", "alice@b.example"]
        assert run(server.where, options=options) == (OK, "2.0.0 Ok: queued as 4bT2xk1Zz")
        assert server.parted.wait(5)
    assert server.commands == ["LHLO localhost", "XFORWARD ADDR=192.0.2.7 IDENT=4bT2xk1Zz",
                               "MAIL FROM:<a@b.example> SIZE=%d AUTH=alice@b.example" % (len(POST) + POST.count(b"\n")),
                               "RCPT TO:<choir@lists.example.org>", "DATA", "QUIT"]
    assert server.messages == [POST.replace(b"\n", b"\r\n")]


@pytest.mark.parametrize("sender", ["", "<>", "MAILER-DAEMON", "mailer-daemon"])
def test_null_sender(where, sender):
    with ScriptedLmtp(where) as server:
        assert run(where, sender=sender)[0] == OK
    assert [c for c in server.commands if c.startswith("MAIL FROM:<> ")]


MESSAGES = {
    "dots": b".\n..\n.x\nx.\n\n.\n",
    "dot in front": b".\n",
    "one newline": b"\n",
    "blank lines": b"\n\n\n\n",
    "lone cr": b"a\rb\n\r\n\r.\n.\r\n",
    "nul": b"a\0b\n.\0\n",
    "8 bit": bytes(range(128, 256)) + b"\n",
    "long line": b"x" * 3000000 + b"\n",
    "many dots": b".\n" * 200000,
    "chunk borders": b"".join(b"x" * n + b"\n.\n" for n in range(16370, 16390)),
    "newlines at chunk borders": b"\n" * 50000,
}


@pytest.mark.parametrize("name", MESSAGES)
def test_message_arrives_byte_for_byte(where, name):
    message = MESSAGES[name]
    with ScriptedLmtp(where) as server:
        assert run(where, message) == (OK, "2.0.0 Ok: queued as 4bT2xk1Zz")
    received, = server.messages
    assert re.sub(rb"(?m)^\.", b"", received) == message.replace(b"\n", b"\r\n")
    assert not re.search(rb"(?m)^\.\r?$", received)
    mail, = [c for c in server.commands if c.startswith("MAIL")]
    assert "SIZE=%d" % (len(message) + message.count(b"\n")) in mail.split(" ")
    assert ("BODY=8BITMIME" in mail) == (max(message) > 127)


@pytest.mark.parametrize("client,told", [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "IPV6:2001:db8::1"), ("unknown", "[UNAVAILABLE]"),
                                         ("", "[UNAVAILABLE]"), ("1.2.3.4\r\nRSET", "[UNAVAILABLE]")])
def test_client_address(where, client, told):
    with ScriptedLmtp(where) as server:
        assert run(where, options=["--client", client, "--queue-id", ""])[0] == OK
    assert server.commands[1:3] == ["XFORWARD ADDR=" + told, server.commands[2]] and server.commands[2].startswith("MAIL ")


@pytest.mark.parametrize("value,told", [("a\r\nDATA", "a+0D+0ADATA"), ("a=b+c d", "a+3Db+2Bc+20d"), ("jürgen", "j+C3+BCrgen"), ("\x7f", "+7F")])
def test_no_option_value_brings_a_line_end(where, value, told):
    with ScriptedLmtp(where) as server:
        assert run(where, options=["--sasl-user", value, "--queue-id", value])[0] == OK
    assert server.commands[1].endswith(" IDENT=" + told) and server.commands[2].endswith(" AUTH=" + told)
    assert [c.split(" ")[0] for c in server.commands][:5] == ["LHLO", "XFORWARD", "MAIL", "RCPT", "DATA"]


def test_without_xforward_nothing_is_told(where):
    with ScriptedLmtp(where, LHLO=b"250-x\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n") as server:
        assert run(where, options=["--sasl-user", "alice", "--client", "192.0.2.1", "--queue-id", "1"])[0] == OK
    assert server.commands[:2] == ["LHLO localhost", "MAIL FROM:<a@b.example>"]


def test_login_that_is_too_long_is_not_told(where):
    with ScriptedLmtp(where) as server:
        assert run(where, options=["--sasl-user", "+" * 255])[0] == OK
        assert run(where, options=["--sasl-user", "+" * 256])[0] == OK
    told = [c for c in server.commands if c.startswith("MAIL")]
    assert told[0].endswith(" AUTH=" + "+2B" * 255) and "AUTH" not in told[1]


def test_addresses_beyond_ascii(where):
    with ScriptedLmtp(where) as server:
        assert run(where, recipient="chör@lists.example.org")[0] == OK
    assert server.commands[2].endswith(" BODY=8BITMIME SMTPUTF8") and server.commands[3] == "RCPT TO:<chör@lists.example.org>"


def test_server_without_smtputf8_or_8bitmime(where):
    with ScriptedLmtp(where, LHLO=b"250 x\r\n") as server:
        assert run(where, sender="jürgen@b.example") == (DATAERR, "5.6.7 The server does not take addresses that are not ASCII")
        assert run(where, b"\xff\n") == (TEMPFAIL, "4.3.5 %s does not take 8-bit mail" % where)
        assert run(where)[0] == OK
    assert len(server.messages) == 1


@pytest.mark.parametrize("address", ['"a b"@x.example', '"a\\"> b"@x.example', '"a\\\\"@x.example', "a@[127.0.0.1]", "x:y,z@x.example"])
def test_odd_addresses_are_for_the_server_to_judge(where, address):
    with ScriptedLmtp(where) as server:
        assert run(where, sender=address, recipient=address)[0] == OK
    assert "RCPT TO:<%s>" % address in server.commands


@pytest.mark.parametrize("address", ["a\r\nDATA@x", "a\nb@x", "a\tb@x", "a b@x", "a>@x", "<a@x", 'a"b@x', '"a\\"@x', '"a\n"@x', '"a\\\x7f"@x',
                                     "a\\ b@x", "x" * 501])
def test_addresses_that_cannot_be_spoken(where, address):
    with ScriptedLmtp(where) as server:
        assert run(where, recipient=address)[0] == NOUSER
        assert run(where, sender=address)[0] == DATAERR
        assert run(where, recipient="")[0] == NOUSER
    assert server.commands == []


# ---- what pipe(8) is told ----

VERDICTS = [
    ("RCPT", b"550 5.1.1 No such list\r\n", NOUSER, "5.1.1 No such list"),
    ("RCPT", b"501 5.1.3 Bad address\r\n", NOUSER, "5.1.3 Bad address"),
    ("RCPT", b"451 4.3.0 The CRM does not answer\r\n", TEMPFAIL, "4.3.0 The CRM does not answer"),
    ("RCPT", b"550 5.2.1 List is closed\r\n", UNAVAILABLE, "5.2.1 List is closed"),
    ("RCPT", b"452 4.5.3 Too many\r\n", TEMPFAIL, "4.5.3 Too many"),
    ("MAIL", b"552 5.3.4 Too large\r\n", DATAERR, "5.3.4 Too large"),
    ("MAIL", b"550 5.1.8 Bad sender\r\n", NOPERM, "5.1.8 Bad sender"),
    ("MAIL", b"555 5.5.4 Unknown parameter\r\n", TEMPFAIL, "4.3.0 server said: 555 5.5.4 Unknown parameter"),
    ("DATA", b"503 5.5.1 No valid recipients\r\n", TEMPFAIL, "4.3.0 server said: 503 5.5.1 No valid recipients"),
    ("DATA", b"250 2.0.0 Ok\r\n", TEMPFAIL, "4.3.0 server said: 250 2.0.0 Ok"),
    ("DATA", b"354\r\n", OK, "2.0.0 Ok: queued as 4bT2xk1Zz"),
    ("MAIL", b"354 Go on\r\n", TEMPFAIL, "4.3.0 server said: 354 Go on"),
    ("end", b"550 5.7.1 Only members may post\r\n", NOPERM, "5.7.1 Only members may post"),
    ("end", b"550 5.6.0 Two From fields\r\n", DATAERR, "5.6.0 Two From fields"),
    ("end", b"550 5.6.11 Bare LF\r\n", DATAERR, "5.6.11 Bare LF"),
    ("end", b"552 5.2.3 Too large\r\n", DATAERR, "5.2.3 Too large"),
    ("end", b"552 Too large\r\n", DATAERR, "5.3.4 server said: 552 Too large"),
    ("end", b"554 5.4.6 Loop\r\n", UNAVAILABLE, "5.4.6 Loop"),
    ("end", b"554 No\r\n", UNAVAILABLE, "5.0.0 server said: 554 No"),
    ("end", b"550\r\n", UNAVAILABLE, "5.0.0 server said: 550"),
    ("end", b"500 What?\r\n", TEMPFAIL, "4.3.0 server said: 500 What?"),
    ("end", b"550 4.7.1 Hm\r\n", TEMPFAIL, "4.3.0 server said: 550 4.7.1 Hm"),
    ("end", b"550 2.0.0 Hm\r\n", TEMPFAIL, "4.3.0 server said: 550 2.0.0 Hm"),
    ("end", b"450 5.1.1 Hm\r\n", TEMPFAIL, "4.3.0 server said: 450 5.1.1 Hm"),
    ("end", b"250 5.7.1 Hm\r\n", OK, "2.0.0 server said: 250 5.7.1 Hm"),
    ("end", b"250\r\n", OK, "2.0.0 server said: 250"),
    ("end", b"252 2.5.0 Hm\r\n", OK, "2.5.0 Hm"),
    ("end", b"354 Go on\r\n", TEMPFAIL, "4.3.0 server said: 354 Go on"),
    ("end", b"421 4.3.2 Going down\r\n", TEMPFAIL, "4.3.2 Going down"),
    ("end", b"550-5.7.1 Only members\r\n550 5.7.1 may post\r\n", NOPERM, "5.7.1 Only members 5.7.1 may post"),
    ("end", b"550 5.7.1 \xff\x1b[31m\tJ\xc3\xbcrgen\x08\r\n", NOPERM, "5.7.1 ??[31m J??rgen?"),
    ("end", b"250 2.0.0 only LF\n", OK, "2.0.0 only LF"),
    ("end", b"550 5.7.1000 Hm\r\n", UNAVAILABLE, "5.0.0 server said: 550 5.7.1000 Hm"),
    ("XFORWARD", b"501 5.5.4 Bad attribute\r\n", OK, "2.0.0 Ok: queued as 4bT2xk1Zz"),
    ("XFORWARD", b"421 4.3.2 Going down\r\n", TEMPFAIL, "4.3.2 Going down"),
    ("LHLO", b"500 5.5.1 What?\r\n", TEMPFAIL, "4.3.0 server said: 500 5.5.1 What?"),
    ("LHLO", b"550 5.7.1 Not you\r\n", TEMPFAIL, "4.3.0 server said: 550 5.7.1 Not you"),
    ("greeting", b"554 5.7.1 Not you\r\n", TEMPFAIL, "4.3.0 server said: 554 5.7.1 Not you"),
    ("greeting", b"250 Hm\r\n", TEMPFAIL, "4.3.0 server said: 250 Hm"),
    ("greeting", b"220-Hello\r\n220 World\r\n", OK, "2.0.0 Ok: queued as 4bT2xk1Zz"),
]


@pytest.mark.parametrize("step,reply,status,text", VERDICTS)
def test_verdict(where, step, reply, status, text):
    with ScriptedLmtp(where, **{step: reply}) as server:
        assert run(where) == (status, text)
        assert server.parted.wait(5)
    assert server.commands[-1:] == ["QUIT"]


def test_long_text_is_cut(where):
    with ScriptedLmtp(where, end=b"550 5.7.1 " + b"x" * 3000 + b"\r\n"):
        assert run(where) == (NOPERM, "5.7.1 " + "x" * 473)


# ---- a server that misbehaves, at every step ----

def no_answer(connection):
    connection.shutdown(socket.SHUT_WR)
    return STALL


GARBAGE = {
    "not a reply": b"hello\r\n",
    "bare newline": b"\r\n",
    "code of two digits": b"25 ok\r\n",
    "code without blank": b"250ok\r\n",
    "code out of range": b"650 ok\r\n",
    "nul": b"250 2.0.0 o\0k\r\n",
    "nul before the end": b"250 2.0.0 ok\0\r\n",
    "another code in between": b"250-x\r\n354 y\r\n",
    "a line without end, 1 MB": b"250 " + b"x" * 1000000,
    "a line of 1 MB": b"250 " + b"x" * 1000000 + b"\r\n",
    "lines without end": b"250-x\r\n" * 100000 + b"250 x\r\n",
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", GARBAGE)
def test_garbage_is_doubt(where, step, fault):
    with ScriptedLmtp(where, **{step: GARBAGE[fault]}):
        status, text = run(where)
    assert status == TEMPFAIL and text.startswith("4.3.0 ")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", [DROP, no_answer, lambda c: c.sendall(b"250 2.0.0 o") or DROP, lambda c: c.sendall(b"250-ok\r\n") or DROP],
                         ids=["close", "half-close", "half a line", "half a reply"])
def test_lost_is_doubt(where, step, fault):
    with ScriptedLmtp(where, **{step: fault}):
        status, text = run(where)
    assert status == TEMPFAIL and text.endswith(": left without an answer") and where in text


@pytest.mark.parametrize("step", STEPS)
def test_stall_ends_in_time(where, step):
    started = time.monotonic()
    with ScriptedLmtp(where, **{step: STALL}):
        status, text = run(where, options=["--timeout", "2"])
    assert status == TEMPFAIL and text.endswith(": took too long")
    assert 0.9 < time.monotonic() - started < 4


def test_drip_does_not_prolong_the_deadline(where):
    def drip(connection):
        for _ in range(40):
            connection.sendall(b"2")
            time.sleep(0.1)
        return DROP
    started = time.monotonic()
    with ScriptedLmtp(where, RCPT=drip):
        assert run(where, options=["--timeout", "2"])[0] == TEMPFAIL
    assert time.monotonic() - started < 2.5


def test_server_that_does_not_read_the_message(where):
    started = time.monotonic()
    with ScriptedLmtp(where, DATA=lambda c: c.sendall(b"354 Go on\r\n") or STALL):
        status, text = run(where, b"x\n" * 5000000, options=["--timeout", "2"])
    assert (status, text[-len("message: took too long"):]) == (TEMPFAIL, "message: took too long")
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("size", [1, 5000000], ids=["small", "large"])
@pytest.mark.parametrize("said,status,text", [
    (b"552 5.3.4 Too large\r\n", DATAERR, "5.3.4 Too large"), (b"421 4.3.2 Going down\r\n", TEMPFAIL, "4.3.2 Going down"),
    (b"250 2.0.0 Ok\r\n", TEMPFAIL, "spoke before its turn"), (b"354 Go on\r\n", TEMPFAIL, "spoke before its turn"),
    (b"\r\n", TEMPFAIL, "sent what is no LMTP reply")])
def test_server_that_speaks_in_the_middle_of_the_message(where, size, said, status, text):
    """A success that comes before the final dot answers nothing; a refusal is one, whether the server reads on or not."""
    with ScriptedLmtp(where, DATA=lambda c: c.sendall(b"354 Go on\r\n" + said) or STALL) as server:
        got = run(where, b"x\n" * size, options=["--timeout", "4"])
    assert got[0] == status and got[1].endswith(text)
    assert server.messages == []


@pytest.mark.parametrize("step", STEPS[:-1])
def test_reply_too_many_is_never_taken_for_the_last(where, step):
    replies = {"greeting": b"220 x\r\n", "LHLO": LHLO, "DATA": b"354 x\r\n"}
    with ScriptedLmtp(where, **{step: replies.get(step, b"250 2.0.0 Ok\r\n") + b"250 2.0.0 Ok\r\n" * 10}):
        assert run(where)[0] == TEMPFAIL


def test_post_is_not_sent_again_after_a_lost_answer(where):
    with ScriptedLmtp(where, end=DROP) as server:
        assert run(where)[0] == TEMPFAIL
    assert len(server.messages) == 1


# ---- nobody there, and a wrong master.cf ----

NO_TARGET = "expected unix:/PATH or inet:HOST:PORT"


@pytest.mark.parametrize("target,reason", [
    ("unix:/nonexistent/lmtp", "No such file or directory"), ("unix:" + "x" * 200, "File name too long"), ("unix:/", "Connection refused"),
    ("inet:127.0.0.1:1", "Connection refused"), ("inet:[127.0.0.1]:1", "Connection refused"), ("inet:127.0.0.1", NO_TARGET),
    ("inet::25", NO_TARGET), ("inet:127.0.0.1:lmtp-no-such", NO_TARGET), ("inet:[::1", NO_TARGET),
    ("tcp:127.0.0.1:1", NO_TARGET), ("", NO_TARGET)])
def test_nobody_there(target, reason):
    assert run(target) == (TEMPFAIL, "4.3.0 %s, connect: %s" % (target, reason))


def test_full_backlog_is_waited_for_and_then_doubt(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("%s/lmtp" % tmp_path)
        listener.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect("%s/lmtp" % tmp_path)
            status, text = run("unix:%s/lmtp" % tmp_path, options=["--timeout", "2"])
    assert status == TEMPFAIL and text.endswith("connect: took too long")


@pytest.mark.parametrize("options", [
    [], ["--sender", "a@b"], ["--recipient", "a@b"], ["--sender"], ["--sender", "a@b", "--recipient", "c@d", "more"],
    ["--sender", "a@b", "--recipient", "c@d", "--unknown", "x"], ["--help"],
    *(["--sender", "a@b", "--recipient", "c@d", "--timeout", t] for t in ["0", "-1", "x", "1x", "", "99999999999999999999", "86401"])])
def test_wrong_options_keep_the_post(options):
    done = subprocess.run([PROGRAM, *options], input=POST, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    check_output(done)
    assert done.returncode == TEMPFAIL and done.stdout.startswith(b"4.3.5 usage: ")


@pytest.mark.parametrize("message", [b"", b"From: a@b.example\n\nHel", b"x", b"x\r"])
def test_message_that_was_cut_short(where, message):
    with ScriptedLmtp(where) as server:
        assert run(where, message) == (TEMPFAIL, "4.3.0 The message was cut short: it does not end in a newline")
    assert server.commands == []


def test_message_that_cannot_be_read(where, tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        done = subprocess.run([PROGRAM, "--socket", where, "--sender", "", "--recipient", "a@b"], stdin=descriptor, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=10)
    finally:
        os.close(descriptor)
    check_output(done)
    assert (done.returncode, done.stdout) == (TEMPFAIL, b"4.3.0 Cannot read the message: Is a directory\n")


def shell(where, redirections):
    line = '"$0" --socket "$1" --sender "" --recipient c@d ' + redirections
    return subprocess.run(["sh", "-c", line, PROGRAM, where], input=POST, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)


def test_closed_descriptors_are_not_taken_by_the_socket(where):
    with ScriptedLmtp(where) as server:
        assert shell(where, "2>&-").returncode == OK
        assert shell(where, ">&- 2>&-").returncode == OK
        assert shell(where, "<&- >&- 2>&-").returncode == TEMPFAIL
    assert [m for m in server.messages if b"2.0.0" in m] == [] and len(server.messages) == 2


def test_reader_of_our_text_that_left_changes_nothing(where):
    with ScriptedLmtp(where) as server:
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([PROGRAM, "--socket", where, "--sender", "", "--recipient", "c@d"], input=POST, stdout=writer, timeout=10)
        os.close(writer)
    assert done.returncode == OK and len(server.messages) == 1


def test_neither_locale_nor_a_huge_environment_matters(where):
    environment = dict({"V%d" % i: "x" * 1000 for i in range(500)}, LC_ALL="tr_TR.UTF-8")
    with ScriptedLmtp(where, LHLO=LHLO.lower()) as server:
        assert run(where, b"\xff\n", options=["--client", "192.0.2.1"], environment=environment)[0] == OK
    assert server.commands[1] == "XFORWARD ADDR=192.0.2.1"


def test_needs_nothing_but_libc():
    dynamic = subprocess.run(["readelf", "-d", PROGRAM], stdout=subprocess.PIPE, check=True).stdout.decode()
    if "libasan" in dynamic:
        pytest.skip("a sanitizer build links its own libraries")
    assert re.findall(r"NEEDED.*\[(.*)\]", dynamic) == ["libc.so.6"]
