"""SMTP into a server that does its worst at each step (HOSTILE S4): what is sent, what is never sent, and which of the four outcomes it is."""
import contextlib
import os
import re
import subprocess
import sys
import time

import pytest

from lab.certs import Authority
from lab.process import BUILD
from scripted_smtp import DROP, OFFERS, STALL, ScriptedSmtp, ehlo, slowly

PROBE = os.path.join(BUILD, "test", "session", "smtp_probe")
SENDER = "choir-bounces@lists.example.org"
POST = b"From: alice@post.example.com\nSubject: Rehearsal\n\nHello\n.\n..two dots\n\nFrom here on\n"
ACCEPTED = "accepted 4bT2xk1Zz"


def members(count):
    return ["m%d@home.example" % i for i in range(count)]


def configuration(directory, where, **settings):
    settings = dict({"relay": "smtp", "smtp_server": where, "hostname": "mx.example.org", "log": "stderr"}, **settings)
    path = os.path.join(directory, "rollcall.conf")
    with open(path, "w") as f:
        f.write("[rollcall]\n" + "".join("%s = %s\n" % item for item in settings.items()))
    return path


class Probe:
    """One transaction. `pause` waits between begin and commit; `words` are further words for the program."""

    def __init__(self, directory, where, recipients=1, message=POST, sender=SENDER, seconds=20, words=(), before=(), **settings):
        recipients = members(recipients) if isinstance(recipients, int) else recipients
        paths = [os.path.join(directory, name) for name in ("message", "recipients")]
        with open(paths[0], "wb") as f:
            f.write(message)
        with open(paths[1], "w") as f:
            f.write("\n".join(recipients))
        argv = list(before) + [PROBE, configuration(directory, where, **settings), paths[0], sender, paths[1], str(seconds)] + list(words)
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def begun(self):
        line = self.process.stdout.readline()
        assert line.startswith("begun "), line
        return line

    def end(self, word=""):
        """What came of it, without the lines "begun" and "batch"; those stand in .lines, the log in .log."""
        said, self.log = self.process.communicate(word + "\n" if word else "", timeout=60)
        assert self.process.returncode == 0, said + self.log
        self.lines = said.splitlines()
        rest = [line for line in self.lines if not re.match("begun|batch", line)]
        return rest[0] if rest else ""


@pytest.fixture
def attempt(lab_directory):
    def go(server, **options):
        probe = Probe(lab_directory, server.where, **options)
        probe.said = probe.end()
        return probe
    return go


# ---- what is sent ----

def test_bytes(attempt):
    with ScriptedSmtp() as server:
        assert attempt(server, recipients=3).said.startswith(ACCEPTED)
        assert server.messages == [b"From: alice@post.example.com\r\nSubject: Rehearsal\r\n\r\nHello\r\n..\r\n...two dots\r\n\r\nFrom here on\r\n"]
        size = len(POST) + POST.count(b"\n")
        assert server.commands == ["EHLO mx.example.org", "MAIL FROM:<%s> SIZE=%d" % (SENDER, size)] + \
            ["RCPT TO:<%s>" % m for m in members(3)] + ["DATA", "QUIT"]


@pytest.mark.parametrize("message, sent", [
    (b"", b""), (b"\n", b"\r\n"), (b".", b"..\r\n"), (b"a: b\n\nno end", b"a: b\r\n\r\nno end\r\n"), (b".\n.\n", b"..\r\n..\r\n"),
    (b"x" * 70000 + b"\n.x\n", b"x" * 70000 + b"\r\n..x\r\n"), (b"a\n" * 40000, b"a\r\n" * 40000)], ids=range(7))
def test_dots_and_ends(attempt, message, sent):
    with ScriptedSmtp() as server:
        assert attempt(server, message=message).said.startswith(ACCEPTED)
        assert server.messages == [sent]


@pytest.mark.parametrize("offers, words, expected", [
    (OFFERS, ("verp",), " SIZE=%d XVERP=+="), ((), (), ""), (("SIZE",), (), " SIZE=%d"), (OFFERS, (), " SIZE=%d"), ((), ("verp",), "")])
def test_what_mail_says(attempt, offers, words, expected):
    with ScriptedSmtp(EHLO=ehlo(*offers)) as server:
        probe = attempt(server, words=words)
        assert probe.said.startswith(ACCEPTED)
        assert server.heard("MAIL") == ["MAIL FROM:<%s>%s" % (SENDER, expected.replace("%d", str(len(POST) + POST.count(b"\n"))))]
        assert ("does not offer XVERP" in probe.log) == ("verp" in words and "XVERP" not in offers)


@pytest.mark.parametrize("message, words", [
    (b"A: b\n\n\xc3\xa9\n", " BODY=8BITMIME"), (b"A: \xc3\xa9\n\nb\n", " BODY=8BITMIME SMTPUTF8"), (b"A: b\n\nC: d\n", "")])
def test_eight_bit(attempt, message, words):
    with ScriptedSmtp(EHLO=ehlo("8BITMIME", "SMTPUTF8")) as server:
        assert attempt(server, message=message).said.startswith(ACCEPTED)
        assert server.heard("MAIL") == ["MAIL FROM:<%s>%s" % (SENDER, words)]
        assert server.messages == [message.replace(b"\n", b"\r\n")]


@pytest.mark.parametrize("offers, words", [(("SMTPUTF8",), " SMTPUTF8"), ((), "")])
def test_an_address_beyond_ascii(attempt, offers, words):
    """It is asked for where a member needs it; a server without it may take or refuse that one."""
    with ScriptedSmtp(EHLO=ehlo(*offers)) as server:
        assert attempt(server, recipients=["ann@a.example", "jürgen@b.example"]).said.startswith(ACCEPTED)
        assert server.heard("MAIL") == ["MAIL FROM:<%s>%s" % (SENDER, words)] and len(server.heard("RCPT")) == 2


@pytest.mark.parametrize("offers, message, status, todo", [
    (("SMTPUTF8",), b"A: b\n\n\xe9\n", "4.6.3", "have it do so"), (("8BITMIME",), b"A: \xe9\n\n", "4.6.7", "have it do so"),
    (OFFERS, b"A: b\n\na\rb\n", "4.6.0", ""), (OFFERS, b"A: b\n\na\0b\n", "4.6.0", ""), (("SIZE 20",), POST, "4.3.4", "raise its limit"),
    (("LIMITS RCPTMAX=1 MAILMAX=5",), POST, "4.5.3", "set smtp_batch")])
def test_what_the_server_cannot(attempt, offers, message, status, todo):
    """It is never sent in another form; the post waits with a reason, and with what to do."""
    with ScriptedSmtp(EHLO=ehlo(*offers)) as server:
        said = attempt(server, message=message, recipients=2).said
        assert said.startswith("deferred 451 %s " % status) and todo in said
        assert server.heard("MAIL") == []


def test_old_server(attempt):
    with ScriptedSmtp(EHLO=b"502 5.5.1 What?\r\n") as server:
        assert attempt(server, recipients=3).said.startswith(ACCEPTED)
        assert server.commands[:3] == ["EHLO mx.example.org", "HELO mx.example.org", "MAIL FROM:<%s>" % SENDER]


def test_replies_in_crumbs(attempt):
    with ScriptedSmtp(EHLO=slowly(ehlo(*OFFERS), 0.001), MAIL=slowly(b"250-Ok\r\n250 so\r\n", 0.001), RCPT=slowly(b"250 Ok\n", 0.001)) as server:
        assert attempt(server, recipients=7).said.startswith(ACCEPTED)


def test_windows(attempt):
    """Replies are heard before more than a window is said, whatever the server does; a long address makes it shorter."""
    waiting = []

    def look(conversation):
        # What has come in one go: nothing more is under way than this.
        waiting.append(len(conversation.lines.pending))
        return b"250 2.1.5 Ok\r\n"
    people = members(500) + ["%s%d@%s.example" % ("x" * 50, i, "d" * 60) for i in range(200)]
    with ScriptedSmtp(RCPT=look) as server:
        assert attempt(server, recipients=people).said.startswith(ACCEPTED)
        assert server.heard("RCPT") == ["RCPT TO:<%s>" % m for m in people]
    assert 1000 < max(waiting) < 4096


def test_ids(attempt):
    for end, shown in ((b"250 OK id=1rL2cD-0004xY-2w\r\n", "accepted 1rL2cD-0004xY-2w"), (b"250-fine\r\n250 so\r\n", "accepted  "),
                       (b"251 2.0.0 Ok: queued as AB\x1b[2J\r\n", "accepted AB")):
        with ScriptedSmtp(end=end) as server:
            assert attempt(server).said.startswith(shown)


def test_dropped_before_the_commit(lab_directory):
    with ScriptedSmtp() as server:
        probe = Probe(lab_directory, server.where, words=["pause"])
        probe.begun()
        probe.end("drop")
        assert server.parted.wait(5)
        assert (server.messages, server.unended) == ([], 1)


def test_large_message_is_streamed(attempt):
    big = b"A: b\n\n" + (b"x" * 900 + b"\n") * 50000
    with ScriptedSmtp() as server:
        small = int(attempt(server).lines[-1].split()[-1])
        probe = attempt(server, message=big)
        assert probe.said.startswith(ACCEPTED)
        # The mapping itself counts, since its pages are the file's.
        assert int(probe.lines[-1].split()[-1]) - small < len(big) / 1024 + 2000


# ---- all or nothing ----

def test_refused_addresses_are_left_out(attempt):
    def rcpt(conversation):
        line = conversation.server.commands[-1]
        return b"550 5.1.1 <m7@home.example>: m7 is not here\r\n" if "<m7@" in line else b"250 2.1.5 Ok\r\n"
    with ScriptedSmtp(RCPT=rcpt) as server:
        probe = attempt(server, recipients=20)
        assert probe.said.startswith(ACCEPTED)
        assert probe.lines[0] == "begun 1 550 5.1.1 [...] [...] is not here"
        assert len(server.messages) == 1
        assert attempt(server, recipients=20, smtp_skip_share=0).said.startswith("deferred 451 4.3.0 mail server refuses more than 0 of 20")
        assert len(server.messages) == 1


@pytest.mark.parametrize("count, bad, share, good", [(200, 2, 1, True), (200, 3, 1, False), (3, 1, 1, True), (3, 2, 1, False), (1, 1, 100, False),
                                                     (4, 3, 100, True), (2, 2, 100, False)])
def test_share(attempt, count, bad, share, good):
    with ScriptedSmtp(RCPT=[b"553 5.1.3 no\r\n"] * bad + [b"250 ok\r\n"]) as server:
        probe = attempt(server, recipients=count, smtp_skip_share=share)
        assert probe.said.startswith(ACCEPTED if good else "deferred 451 4.3.0 mail server refuses more than"), probe.said
        assert len(server.messages) == good
        assert server.heard("DATA") == ["DATA"] * good


@pytest.mark.parametrize("reply", [b"450 4.2.0 later\r\n", b"452 4.3.1 disk full\r\n", b"421 4.7.0 too many errors\r\n", b"354 What?\r\n", b"452 4.2.2 full\r\n"])
@pytest.mark.parametrize("place", [0, 60, 119])
def test_4xx_at_any_recipient_ends_it(attempt, reply, place):
    with ScriptedSmtp(RCPT=[b"250 ok\r\n"] * place + [reply] + [b"250 ok\r\n"]) as server:
        probe = attempt(server, recipients=120)
        assert probe.said.startswith("deferred 451 4.3.0 mail server does not take each recipient now: " + reply[:3].decode())
        assert server.messages == []


@pytest.mark.parametrize("reply", [b"452 4.5.3 Error: too many recipients\r\n", b"452 too many recipients\r\n", b"552 5.5.3 Too many\r\n"])
def test_limit(attempt, reply):
    with ScriptedSmtp(RCPT=[b"250 ok\r\n"] * 100 + [reply]) as server:
        probe = attempt(server, recipients=120, smtp_batch=110)
        assert re.match("deferred 451 4.5.3 mail server takes only 100 of 120 recipients at once .*smtpd_recipient_limit.*smtp_batch", probe.said)
        assert probe.lines[-1].startswith("batch 100 ")
        assert server.messages == []


# ---- at each step ----

BEFORE = ("greeting", "EHLO", "MAIL", "RCPT", "DATA")
WORST = {
    "closes": (DROP, "4.4.2"), "later": (b"421 4.3.2 closing\r\n", "4.3.0"), "garbage": (b"\x16\x03\x01\x02\x00\x01\n", "4.4.2"), "nul": (b"250 o\0k\r\n", "4.4.2"),
    "mixed codes": (b"250-so\r\n550 no\r\n", "4.4.2"), "a long line": (b"250 " + b"x" * 3000 + b"\r\n", "4.4.2"),
    "no end": (b"250 " + b"x" * 1000000, "4.4.2"), "a thousand lines": (b"250-abcdefghijklmnopqrst\r\n" * 1000 + b"250 ok\r\n", "4.4.2"),
    "bad code": (b"650 ok\r\n", "4.4.2"), "unasked": (b"334 more\r\n", "4.3.0"), "escapes": (b"454 \x1b[2J\xff\r\n", "4.3.0")}


@pytest.mark.parametrize("worst", WORST)
@pytest.mark.parametrize("step", BEFORE)
def test_s4_worst_reply(attempt, step, worst):
    reply, status = WORST[worst]
    if step == "DATA" and worst == "unasked":
        reply = b"250 ok\r\n"
    with ScriptedSmtp(**{step: reply}) as server:
        said = attempt(server).said
        assert said.startswith("deferred 451 %s mail server " % status), said
        assert said.isprintable() and said.isascii()
        assert server.messages == []


def test_s4_silence(lab_directory):
    """Nothing is unclear before the end; there, the answer is what is missing."""
    big = POST + b"x" * 79 * 100000
    with contextlib.ExitStack() as stack:
        probes = {}
        for step in BEFORE + ("message", "end"):
            directory = os.path.join(lab_directory, step)
            os.mkdir(directory)
            server = stack.enter_context(ScriptedSmtp(**{step: STALL}))
            probes[step] = Probe(directory, server.where, seconds=1, message=big if step == "message" else POST)
        start = time.monotonic()
        for step, probe in probes.items():
            said = probe.end()
            assert said.startswith("unclear timed out" if step == "end" else "deferred 451 4.4.2 mail server"), (step, said)
        assert time.monotonic() - start < 8


def test_s4_drip(attempt):
    """A server that drips a byte now and then does not live longer than the deadline."""
    with ScriptedSmtp(MAIL=slowly(b"250-x\r\n" * 1000, 0.1)) as server:
        start = time.monotonic()
        assert attempt(server, seconds=1).said == "deferred 451 4.4.2 mail server broke off at MAIL: timed out"
        assert time.monotonic() - start < 5


@pytest.mark.parametrize("reply, said", [
    (b"452 4.3.1 disk full\r\n", "deferred 451 4.3.0 mail server said at DATA: 452 4.3.1 disk full"),
    (b"554 5.7.1 spam\r\n", "deferred 451 4.3.0 mail server said at DATA: 554 5.7.1 spam"), (b"250 ok\r\n", "deferred 451 4.3.0 mail server answered before"),
    (DROP, "deferred 451 4.4.2 mail server broke off at DATA: ")])
def test_s4_speaks_while_it_should_listen(attempt, reply, said):
    big = POST + b"x\n" * 8000000

    def speak(conversation):
        if reply is not DROP:
            conversation.connection.sendall(reply)
        return STALL if reply is not DROP else DROP
    with ScriptedSmtp(message=speak) as server:
        probe = attempt(server, message=big)
        assert probe.said.startswith(said), probe.said
        assert server.messages == []


@pytest.mark.parametrize("end, outcome", [
    (DROP, "unclear connection closed"), (b"250", "unclear "), (b"nonsense\r\n", "unclear an answer that is no SMTP"), (b"354 more\r\n", "unclear 354 more"),
    (b"451 4.3.0 later\r\n", "temporary 451 4.3.0 later"), (b"421 bye\r\n", "temporary 421 bye"), (b"554 5.7.1 no, <m0@home.example>\r\n", "permanent 554 5.7.1 no, [...]"),
    (b"250-2.0.0 so\r\n250 2.0.0 far\r\n", "accepted "), (b"250 2.0.0 Ok: queued as X1\r\n421 bye\r\n", "accepted X1 ")])
def test_s4_answer_to_the_end(attempt, end, outcome):
    with ScriptedSmtp(end=(lambda c: c.connection.sendall(end) or DROP) if end == b"250" else end) as server:
        assert attempt(server).said.startswith(outcome)
        assert len(server.messages) == 1


@pytest.mark.parametrize("reply, outcome", [(b"421 4.4.2 timeout\r\n", "temporary 421"), (b"250 Ok: queued as AB1\r\n", "unclear 250"), (DROP, "temporary ")])
def test_s4_answer_before_the_end(lab_directory, reply, outcome):
    with ScriptedSmtp(message=reply, DATA=[b"354 go\r\n"]) as server:
        probe = Probe(lab_directory, server.where, words=["pause"], message=b"A: b\n\n" + b"x\n" * 10)
        first = probe.process.stdout.readline()
        # Whoever is quick enough sees it at once; else at the commit.
        if first.startswith("begun"):
            time.sleep(0.2)
            assert probe.end("commit").startswith(outcome)
        else:
            assert first.startswith("deferred 451 4.")
        assert server.messages == []


def test_nobody_there(attempt, lab_directory):
    server = ScriptedSmtp()
    server.__exit__()
    assert attempt(server).said == "deferred 451 4.4.1 mail server not reached: Connection refused"
    server.where = "unix:%s/none" % lab_directory
    assert attempt(server).said == "deferred 451 4.4.1 mail server not reached: No such file or directory"
    server.where = "inet:no.such.host.invalid:25"
    assert attempt(server).said == "deferred 451 4.4.1 mail server not reached: its name has no address, or DNS does not say"


# A resolver that needs 2.5 s for a name, in a network of its own, where nobody listens at the address that it tells.
SLOW_RESOLVER = """
import socket, subprocess, sys, threading, time

def serve(s):
    while True:
        question, client = s.recvfrom(512)
        threading.Thread(target=answer, args=(s, question, client), daemon=True).start()

def answer(s, question, client):
    time.sleep(2.5)
    end = question.index(b"\\0", 12) + 5
    is_a = question[end - 4:end - 2] == b"\\0\\1"
    record = b"\\xc0\\x0c\\0\\1\\0\\1" + bytes(4) + b"\\0\\4\\x7f\\0\\0\\1"
    s.sendto(question[:2] + b"\\x81\\x80\\0\\1" + (b"\\0\\1" if is_a else b"\\0\\0") + bytes(4) + question[12:end] + (record if is_a else b""), client)

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
threading.Thread(target=serve, args=(s,), daemon=True).start()
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own takes root")
def test_a_name_that_takes_its_time(lab_directory):
    """A first look-up goes half round the world; given up, it would be a first one again at Postfix's next attempt."""
    resolv = os.path.join(lab_directory, "resolv.conf")
    with open(resolv, "w") as f:
        f.write("nameserver 127.0.0.1\n")
    place = "ip link set lo up; mount --bind %s /etc/resolv.conf; exec \"$@\"" % resolv
    argv = ["unshare", "-mn", "sh", "-ec", place, "sh", sys.executable, "-c", SLOW_RESOLVER]
    probe = Probe(lab_directory, "inet:relay.example.net:25", before=argv)
    assert probe.end() == "deferred 451 4.4.1 mail server not reached: Connection refused", probe.log


def test_by_name(attempt):
    with ScriptedSmtp() as server:
        server.where = server.where.replace("127.0.0.1", "localhost")
        assert attempt(server).said.startswith(ACCEPTED)


# ---- TLS and login ----

@pytest.fixture
def authority(lab_directory):
    return Authority(lab_directory)


def secret(directory, text="geheim\n", mode=0o600):
    path = os.path.join(directory, "password")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def pair(authority, *names, **options):
    return dict(zip(("certificate", "key"), authority.issue(*names, **options)))


def test_starttls(attempt, authority):
    with ScriptedSmtp(EHLO=ehlo("STARTTLS", "PIPELINING"), **pair(authority, "server")) as server:
        for options in ({"smtp_tls": "require", "smtp_tls_ca_file": authority.path}, {"smtp_tls": "may"}):
            server.commands.clear()
            probe = attempt(server, recipients=120, message=POST * 3000, **options)
            assert probe.said.startswith(ACCEPTED), probe.said
            assert [c.split()[0] for c in server.commands if c != "QUIT"][:4] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]
        assert attempt(server, smtp_tls="none").said.startswith(ACCEPTED)
        # The system's authorities do not know ours.
        assert attempt(server, smtp_tls="require").said.startswith("deferred 451 4.7.5 mail server: no TLS: unable to get local issuer")
        assert len(server.messages) == 3


@pytest.mark.parametrize("names, reason", [
    (["localhost"], None), (["*.example", "localhost"], None), (["other.example"], "no TLS: hostname mismatch"), (["local*"], "no TLS: hostname mismatch"),
    (["localhost.example"], "no TLS: hostname mismatch")])
def test_starttls_proves_the_name(attempt, authority, names, reason):
    """As smtp_server is written in a configuration: by name, which the certificate must have, whatever address it led to."""
    with ScriptedSmtp(EHLO=ehlo("STARTTLS"), **pair(authority, "server", names=names)) as server:
        server.where = server.where.replace("127.0.0.1", "localhost")
        said = attempt(server, smtp_tls="require", smtp_tls_ca_file=authority.path).said
        assert said.startswith(ACCEPTED) if reason is None else "deferred 451 4.7.5" in said and reason in said, said
        assert len(server.messages) == (reason is None)


def test_s4_starttls_gone_wrong(attempt, authority, lab_directory):
    require = {"smtp_tls": "require", "smtp_tls_ca_file": authority.path}
    starttls = ehlo("STARTTLS")
    cases = [
        (dict(EHLO=starttls, **pair(authority, "other", names=["other.example"])), "no TLS: IP address mismatch"),
        (dict(EHLO=starttls, **pair(authority, "old", first_day=-30, last_day=-1)), "no TLS: certificate has expired"),
        (dict(EHLO=ehlo()), "does not offer STARTTLS"),
        (dict(EHLO=starttls, STARTTLS=b"454 4.7.0 no\r\n"), "said at STARTTLS: 454 4.7.0 no"),
        (dict(EHLO=starttls, STARTTLS=b"220 go\r\n250 injected\r\n"), "plain text after STARTTLS"),
        (dict(EHLO=starttls, STARTTLS=lambda c: c.connection.sendall(b"220 go\r\n") or DROP), "no TLS: "),
        (dict(EHLO=starttls, STARTTLS=b"220 go\r\n" + b"", **{}), "no TLS: "),
        (dict(EHLO=starttls, STARTTLS=lambda c: c.connection.sendall(b"220 go\r\n") or STALL), "no TLS: timed out"),
    ]
    for script, reason in cases:
        with ScriptedSmtp(**script) as server:
            said = attempt(server, seconds=2, **require).said
            assert said.startswith("deferred 451 4.") and reason in said, (reason, said)
            assert server.messages == [] and server.heard("MAIL") == []
    with ScriptedSmtp(EHLO=starttls, **pair(authority, "server")) as server:
        assert "smtp_tls_ca_file cannot be read" in attempt(server, smtp_tls="require", smtp_tls_ca_file="/nonexistent/ca.pem").said


def test_login(attempt, lab_directory):
    path = secret(lab_directory)
    with ScriptedSmtp(EHLO=ehlo("AUTH PLAIN LOGIN")) as server:
        assert attempt(server, smtp_user="rollcall", smtp_password_file=path).said.startswith(ACCEPTED)
        assert server.heard("AUTH") == ["AUTH PLAIN AHJvbGxjYWxsAGdlaGVpbQ=="]
    with ScriptedSmtp(EHLO=ehlo("AUTH LOGIN"), AUTH=b"334 VXNlcm5hbWU6\r\n", **{"CM9SBGNHBGW=": b"334 UGFzc3dvcmQ6\r\n", "Z2VOZWLT": b"235 ok\r\n"}) as server:
        said = attempt(server, smtp_user="rollcall", smtp_password_file=path).said
        assert server.commands[1:4] == ["AUTH LOGIN", "cm9sbGNhbGw=", "Z2VoZWlt"], said
        assert said.startswith(ACCEPTED)


@pytest.mark.parametrize("offers, reply, said", [
    (("AUTH PLAIN",), b"535 5.7.8 wrong\r\n", "deferred 451 4.3.0 mail server said at AUTH: 535 5.7.8 wrong"),
    (("AUTH CRAM-MD5",), b"", "deferred 451 4.7.0 mail server offers neither AUTH PLAIN nor AUTH LOGIN"), (("AUTH PLAIN",), b"334 \r\n", "deferred 451 4.3.0"),
    (("AUTH PLAIN",), DROP, "deferred 451 4.4.2")])
def test_login_refused(attempt, lab_directory, offers, reply, said):
    with ScriptedSmtp(EHLO=ehlo(*offers), AUTH=reply) as server:
        probe = attempt(server, smtp_user="rollcall", smtp_password_file=secret(lab_directory))
        assert probe.said.startswith(said)
        assert "geheim" not in probe.said + probe.log
        assert server.messages == []


@pytest.mark.parametrize("settings, fault", [
    ({"smtp_server": "inet:mail.example.net:587"}, "leaves this machine only with smtp_tls = require"),
    ({"smtp_server": "inet:mail.example.net:587", "smtp_tls": "may"}, "leaves this machine only with smtp_tls = require"),
    ({"smtp_password_file": ""}, "wants smtp_password_file"), ({"text": ""}, "is empty"), ({"text": "a\nb\n"}, "more than one line"),
    ({"mode": 0o640}, "must be closed to group"), ({"text": "x" * 600}, "longer than 500 bytes"), ({"smtp_server": "mail.example.net"}, "expected unix:/PATH or"),
    ({"smtp_server": "inet:2001:db8::1:25"}, "expected unix:/PATH or"), ({"smtp_server": "unix:/x", "smtp_tls": "require"}, "a unix socket has no name")])
def test_settings_that_make_no_way(lab_directory, settings, fault):
    settings = dict(settings)
    path = secret(lab_directory, settings.pop("text", "geheim"), settings.pop("mode", 0o600))
    settings = dict({"smtp_user": "rollcall", "smtp_password_file": path}, **settings)
    probe = Probe(lab_directory, settings.pop("smtp_server", "inet:127.0.0.1:25"), **settings)
    said = probe.end()
    assert said.startswith("no way: ") and fault in said, said
