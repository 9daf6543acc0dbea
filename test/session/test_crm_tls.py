"""Who is at the other end, and what may we do there: HOSTILE 5.3, rows D13 to D15, and C2, C8 for the way to the CRM."""
import os
import random
import ssl
import struct
import time
import warnings

import pytest

from crm_door import DOMAIN, Door, Talk, listed, renew_user
from lab.certs import Authority
from lab.crm import PASSWORD, Crm
from lab.mariadb import MariaDB
from lab.process import directory
from lab.proxy import Proxy, strip_tls
from scripted_mysql import EOF, OK, Server, context, error, result, row


@pytest.fixture(scope="module")
def server():
    with directory() as path, MariaDB(path) as mariadb:
        yield mariadb


@pytest.fixture(scope="module")
def sample(server):
    return Crm(server)


@pytest.fixture
def crm(sample):
    """The sample CRM, with a user whose grants are fresh."""
    renew_user(sample)
    return sample


@pytest.fixture
def proxy(crm):
    """Between the door and the server, to see what is sent in the clear."""
    with Proxy(crm.mariadb.port) as between:
        yield between


def refused(answer, word="no verified TLS"):
    assert word in answer.trouble, answer
    assert PASSWORD not in answer.log
    return answer


def closed(proxy):
    assert proxy.connections > 0
    assert b"mlist" not in proxy.sent, "the handshake response, with the user's name and the password's proof, was sent in the clear"


# ---- D13 ----

def test_d13_verified_tls_is_what_there_is(crm, proxy, lab_directory):
    door = Door(lab_directory, crm, port=proxy.port)
    assert len(door.recipients("deelnemers").addresses) == 10
    closed(proxy)
    assert b"deelnemers" not in proxy.sent
    assert any(line.startswith("good: TLS: TLSv1.3 with ") and "verified" in line for line in door.ask("start").lines)


def test_d13_a_server_without_tls(crm, proxy, lab_directory):
    crm.mariadb.restart(tls=False)
    try:
        refused(Door(lab_directory, crm, port=proxy.port).recipients("deelnemers"))
        refused(Door(lab_directory, crm, port=proxy.port, ssl_ca=None).recipients("deelnemers"))
        closed(proxy)
    finally:
        crm.mariadb.restart()


def test_d13_tls_stripped_on_the_way(crm, proxy, lab_directory):
    proxy.edit = strip_tls
    refused(Door(lab_directory, crm, port=proxy.port).recipients("deelnemers"))
    closed(proxy)


def test_d13_another_authority(crm, proxy, lab_directory):
    other = Authority(lab_directory, "Other CA")
    refused(Door(lab_directory, crm, port=proxy.port, ssl_ca=other.path).recipients("deelnemers"))
    # No authority named: the system's, and they do not know this one, not even on the loopback.
    refused(Door(lab_directory, crm, port=proxy.port, ssl_ca=None).recipients("deelnemers"))
    refused(Door(lab_directory, crm, port=proxy.port, ssl_ca="/nonexistent/ca.pem").recipients("deelnemers"))
    closed(proxy)


@pytest.mark.parametrize("kind", ["issue_expired", "issue_not_yet_valid", "issue_wrong_name"])
def test_d13_a_bad_certificate_and_then_a_good_one(crm, proxy, lab_directory, kind):
    door = Door(lab_directory, crm, port=proxy.port)
    with Talk(door) as talk:
        crm.mariadb.use_certificate(getattr(crm.mariadb.authority, kind)())
        refused(talk.ask("recipients", listed("deelnemers")))
        closed(proxy)
        start = door.ask("start").lines
        assert any(line.startswith("bad: no verified TLS") for line in start) and not any("refuse" in line for line in start)
        crm.mariadb.use_certificate(crm.mariadb.authority.issue("renewed"))
        assert len(talk.ask("recipients", listed("deelnemers")).addresses) == 10


def test_d13_the_name_that_was_asked_for_counts(crm, lab_directory):
    crm.mariadb.use_certificate(crm.mariadb.authority.issue("name", names=("localhost",)))
    try:
        assert len(Door(lab_directory, crm, host="localhost").recipients("deelnemers").addresses) == 10
        refused(Door(lab_directory, crm, host="127.0.0.1").recipients("deelnemers"))
        # A name in `hosts` is verified like one in the option file.
        refused(Door(lab_directory, crm, {"hosts": "127.0.0.1:%d" % crm.mariadb.port}, host="localhost").recipients("deelnemers"))
    finally:
        crm.mariadb.use_certificate(crm.mariadb.authority.issue("server"))


@pytest.mark.parametrize("version, good", [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
def test_d13_old_versions_of_tls(crm, lab_directory, monkeypatch, version, good):
    # Debian's OpenSSL would not speak them by itself; here it may, so that it is us who refuse.
    lax = os.path.join(lab_directory, "openssl.cnf")
    with open(lax, "w") as f:
        f.write("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = lax\n[lax]\nMinProtocol = TLSv1\n"
                "CipherString = ALL:@SECLEVEL=0\n")
    monkeypatch.setenv("OPENSSL_CONF", lax)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tls = context(crm.mariadb.authority.issue("scripted"), getattr(ssl.TLSVersion, version))
    with Server(lambda line: line.write(error(1045, b"go away")), tls) as server:
        answer = Door(lab_directory, crm, port=server.port).recipients("deelnemers")
        refused(answer, "access denied" if good else "no verified TLS")
        assert bool(server.handshakes) == good and b"mlist" not in server.plain
        assert bool(server.problems) != good


def test_d13_a_client_certificate(crm, lab_directory):
    crm.execute("ALTER USER 'mlist'@'%' REQUIRE X509")
    authority = crm.mariadb.authority
    crm.mariadb.restart(options=["--ssl-ca=" + authority.path])
    try:
        refused(Door(lab_directory, crm).recipients("deelnemers"), "access denied")
        cert, key = authority.issue("rollcall", names=("rollcall",))
        assert len(Door(lab_directory, crm, ssl_cert=cert, ssl_key=key).recipients("deelnemers").addresses) == 10
    finally:
        crm.mariadb.restart()


# ---- C8: verification switched off ----

@pytest.mark.parametrize("changes", [{"ssl_verify_server_cert": "0"}, {"skip_ssl": True}, {"ssl_mode": "REQUIRED"}, {"ssl": "0"}])
def test_c8_an_option_file_that_asks_for_less_is_refused(crm, proxy, lab_directory, changes):
    door = Door(lab_directory, crm, port=proxy.port, **changes)
    refused(door.recipients("deelnemers"), "option file cannot be used")
    assert proxy.connections == 0
    assert any(line.startswith("bad refuse: ") and "less than verified TLS" in line for line in door.ask("start").lines)


def test_c8_insecure_i_know(crm, lab_directory):
    crm.execute("ALTER USER 'mlist'@'%' REQUIRE NONE")
    crm.mariadb.restart(tls=False)
    try:
        door = Door(lab_directory, crm, {"insecure_i_know": "yes"}, ssl_ca=None, ssl_verify_server_cert=None)
        assert len(door.recipients("deelnemers").addresses) == 10
        start = door.ask("start").lines
        assert sum(line.startswith("warning: ") for line in start) == 2 and not any("bad" in line for line in start)
        socket = {"host": None, "socket": crm.mariadb.socket, "ssl_ca": None}
        assert len(Door(lab_directory, crm, {"insecure_i_know": "yes"}, **socket).recipients("deelnemers").addresses) == 10
        refused(Door(lab_directory, crm, **socket).recipients("deelnemers"), "option file cannot be used")
    finally:
        crm.mariadb.restart()


def test_c2_an_option_file_that_others_may_read(crm, proxy, lab_directory):
    door = Door(lab_directory, crm, port=proxy.port)
    os.chmod(door.option_file, 0o644)
    refused(door.recipients("deelnemers"), "option file cannot be used")
    assert any(line.startswith("bad refuse: option file: ") for line in door.ask("start").lines)
    os.chmod(door.option_file, 0o600)
    assert len(door.recipients("deelnemers").addresses) == 10
    os.unlink(door.option_file)
    refused(door.recipients("deelnemers"), "option file cannot be used")


def test_the_environment_says_nothing(crm, lab_directory, monkeypatch):
    """libmariadb would take what is missing from there."""
    monkeypatch.setenv("MYSQL_PWD", PASSWORD)
    monkeypatch.setenv("HOME", lab_directory)
    crm.option_file(os.path.join(lab_directory, ".my.cnf"))
    refused(Door(lab_directory, crm, password=None).recipients("deelnemers"), "access denied")
    refused(Door(lab_directory, crm, user=None).recipients("deelnemers"), "access denied")


# ---- D14: a server that is up to something ----

@pytest.fixture
def scripted(crm, lab_directory):
    """Starts a scripted server with a certificate that the door trusts; returns it and the door."""
    started = []

    def start(script=None, greeting=None):
        server = Server(script, context(crm.mariadb.authority.issue("scripted")), greeting).__enter__()
        started.append(server)
        return server, Door(lab_directory, crm, {"connect_deadline": 2, "query_deadline": 1}, port=server.port)
    yield start
    for server in started:
        server.__exit__()


@pytest.mark.parametrize("plugin", ["mysql_clear_password", "dialog", "no_such_plugin", "../../tmp/evil", "auth_gssapi_client", "mysql_old_password", ""])
def test_d14_a_plugin_that_would_show_the_password(scripted, plugin):
    def script(line):
        line.write(b"\xfe" + plugin.encode() + b"\0" + b"x" * 20 + b"\0")
        line.read()
        line.write(OK)
    server, door = scripted(script)
    answer = door.recipients("deelnemers")
    assert "cannot connect" in answer.trouble or "access denied" in answer.trouble
    assert PASSWORD.encode() not in server.secret and PASSWORD not in answer.log
    assert server.handshakes and b"mlist" in server.handshakes[0]


def test_d14_local_infile_is_not_even_offered(scripted):
    server, door = scripted()
    door.ask("find", "deelnemers", DOMAIN)
    assert struct.unpack("<I", server.handshakes[0][:4])[0] & 0x80 == 0


@pytest.mark.parametrize("which", range(6))
def test_d14_local_infile_asked_for_at_any_answer(scripted, lab_directory, which):
    victim = os.path.join(lab_directory, "victim")
    with open(victim, "w") as f:
        f.write("the contents of a file\n" * 1000)

    def script(line):
        line.write(OK)
        for _ in range(which):
            line.read()
            line.write(OK)
        line.read()
        line.write(b"\xfb" + victim.encode())
        for _ in range(10):
            line.read()
            line.write(OK)
    server, door = scripted(script)
    assert door.ask("find", "deelnemers", DOMAIN).trouble
    assert b"contents of a file" not in server.secret + server.plain


@pytest.mark.parametrize("greeting", [
    b"\x09old protocol\0", b"HTTP/1.0 400 Bad Request\r\n\r\n", b"220 mail.example.net ESMTP\r\n", b"SSH-2.0-OpenSSH\r\n", b"\0" * 4, b"\xff" * 4096,
    b"\xff\xff\xff\0" + b"\x0a" * 100, b"\x01\0\0\0\x0a", b"\x02\0\0\0\xff\x10", b"A" * 300])
def test_d14_what_is_no_mysql_server(scripted, greeting):
    server, door = scripted(greeting=greeting)
    answer = door.recipients("deelnemers")
    assert "cannot connect" in answer.trouble or "no verified TLS" in answer.trouble
    assert server.plain == b"" and answer.seconds < 10


def test_d14_a_huge_error_text(scripted):
    def script(line):
        line.write(error(1045, b"\x1b[2J\r\nwarning: forged line " + b"A" * 16000000))
    server, door = scripted(script)
    answer = door.recipients("deelnemers")
    assert answer.trouble and len(answer.log) < 1000 and answer.log.count("\n") == 1
    assert "\x1b" not in answer.log and "\r" not in answer.log


def test_d14_error_texts_with_data_stay_out_of_the_log(scripted):
    def script(line):
        line.write(OK)
        line.read()
        line.write(OK)
        line.read()
        line.write(OK)
        line.read()
        line.write(error(1366, b"Incorrect string value: 'jan@x.example' for column"))
    server, door = scripted(script)
    answer = door.recipients("deelnemers")
    assert "server error" in answer.trouble and "error 1366" in answer.log and "Incorrect" not in answer.log


def settled(line):
    """Lets the client in and answers what it says before its first question."""
    line.write(OK)
    for _ in range(2):
        line.read()
        line.write(OK)
    assert line.read()[0] == 3


@pytest.mark.parametrize("columns", [1, 3, 9, 250, 0])
def test_d14_an_answer_to_something_else(scripted, columns):
    def script(line):
        settled(line)
        line.write(*result(columns), row(b"x"), EOF)
    server, door = scripted(script)
    assert "server error" in (answer := door.recipients("deelnemers")).trouble or "connection lost" in answer.trouble


def test_d16_rows_without_end_end_at_the_deadline(scripted):
    """A server that does not know max_statement_time, or does not mean it; each row comes in time."""
    def script(line):
        settled(line)
        line.write(*result(3))
        while True:
            line.write(*[row(b"name", b"varchar", b"utf8mb4_general_ci")] * 10)
            time.sleep(0.05)
    server, door = scripted(script)
    answer = door.recipients("deelnemers")
    assert "no answer in time" in answer.trouble and "too slowly" in answer.log and answer.seconds < 4


@pytest.mark.parametrize("seed", range(16))
def test_d14_nonsense(scripted, seed):
    """Random answers in the right frames: trouble, whatever they are, and no crash."""
    dice = random.Random(seed)

    def script(line):
        line.write(OK)
        for _ in range(dice.randrange(5)):
            line.read()
            line.write(OK)
        while True:
            line.read()
            for _ in range(dice.randrange(1, 5)):
                first = dice.choice([b"", b"\0", b"\1", b"\xfe", b"\xff", b"\xfb", b"\3"])
                line.write(first + dice.randbytes(dice.choice([0, 1, 4, 8, 11, 60, 5000])))
    server, door = scripted(script)
    answer = door.recipients("deelnemers")
    assert answer.trouble and answer.seconds < 15


# ---- D15: grants ----

WIDER = ["GRANT INSERT ON crm.mailinglists_api TO 'mlist'@'%'", "GRANT ALL ON crm.* TO 'mlist'@'%'", "GRANT FILE ON *.* TO 'mlist'@'%'",
         "GRANT SELECT ON crm.members_user TO 'mlist'@'%'", "GRANT SELECT ON crm.mailinglists_api TO 'mlist'@'%' WITH GRANT OPTION",
         "GRANT SELECT (email) ON crm.members_user TO 'mlist'@'%'", "GRANT ALL ON *.* TO 'mlist'@'%'", "GRANT reader TO 'mlist'@'%'",
         "GRANT PROXY ON ''@'' TO 'mlist'@'%'", "GRANT SELECT ON crm.* TO PUBLIC"]


@pytest.mark.parametrize("grant", WIDER)
def test_d15_more_than_the_view(crm, lab_directory, grant):
    crm.execute("CREATE ROLE IF NOT EXISTS reader")
    try:
        crm.execute(grant)
        start = Door(lab_directory, crm).ask("start").lines
        assert any(line.startswith("bad refuse: grants: the CRM user may more") for line in start), start
        assert crm.query("SELECT PASSWORD(%s)", PASSWORD)[0][0] not in str(start), "the password's hash shows"
        start = Door(lab_directory, crm, {"excess_grants": "warn"}).ask("start").lines
        assert any(line.startswith("warning: grants: the CRM user may more") for line in start)
        assert not any("refuse" in line for line in start)
    finally:
        if "PUBLIC" in grant:
            crm.execute("REVOKE ALL ON crm.* FROM PUBLIC")
        crm.execute("DROP ROLE reader")


def test_d15_less_than_needed(crm, lab_directory):
    door = Door(lab_directory, crm)
    crm.execute("REVOKE SHOW VIEW ON crm.mailinglists_api FROM 'mlist'@'%'")
    assert any(line.startswith("warning: grants: without SHOW VIEW") for line in door.ask("start").lines)
    crm.execute("REVOKE SELECT ON crm.mailinglists_api FROM 'mlist'@'%'")
    crm.execute("GRANT SELECT (list, user_subscriber, digest, owner, moderator), SHOW VIEW ON crm.mailinglists_api TO 'mlist'@'%'")
    assert all(line.startswith("good: ") for line in door.ask("check").lines)
    assert len(door.recipients("deelnemers").addresses) == 10
    crm.execute("REVOKE ALL, GRANT OPTION FROM 'mlist'@'%'")
    crm.execute("GRANT SHOW VIEW ON crm.mailinglists_api TO 'mlist'@'%'")
    assert any(line.startswith("bad: grants: the CRM user may not SELECT") for line in door.ask("start").lines)
    crm.execute("REVOKE ALL, GRANT OPTION FROM 'mlist'@'%'")
    start = door.ask("start").lines
    assert any(line.startswith("bad: ") for line in start) and not any("refuse" in line for line in start)


def test_check_while_the_crm_is_away(crm, lab_directory):
    door = Door(lab_directory, crm, port=1)
    for word in ("start", "check"):
        lines = door.ask(word).lines
        assert len(lines) == 1 and lines[0].startswith("bad: cannot connect")


def test_check_without_a_database_or_a_user(crm, lab_directory):
    lines = Door(lab_directory, crm, database=None).ask("start").lines
    assert any(line.startswith("bad refuse: no database") for line in lines)
    assert "column missing" in Door(lab_directory, crm, database=None).recipients("deelnemers").trouble
    assert all(line.startswith("good") for line in Door(lab_directory, crm, {"database": "crm"}, database=None).ask("start").lines)
    lines = Door(lab_directory, crm, user=None).ask("start").lines
    assert lines[0] == "warning: option file: no user is named" and lines[1].startswith("bad: access denied")


def test_check_names_options_that_mean_nothing(crm, lab_directory):
    lines = Door(lab_directory, crm, local_infile="1", enable_cleartext_plugin=True, loose_prompt="x").ask("check").lines
    assert sum("is not used here" in line for line in lines) == 3
    assert not any(line.startswith("bad") for line in lines)
