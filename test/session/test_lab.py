"""The lab must be as real as it says, or the tests that stand on it prove nothing."""
import os
import signal
import subprocess
import sys
import time

import pytest

from lab import certs
from lab.crm import member
from lab.process import ROOT, LabError, alive, run, status


def ask(crm, directory, sql="SELECT COUNT(*) FROM mailinglists_api", **changes):
    """What Debian's client gets as Rollcall's user: (exit status, output)."""
    file = crm.option_file(os.path.join(directory, "crm.cnf"), **changes)
    done = run(crm.client(file, "--batch", "--skip-column-names", "-e", sql), check=False)
    return done.returncode, done.stdout.strip()


# ---- MariaDB and the sample CRM ----

def test_sample_lists(crm):
    assert crm.members("testlist") == ["anneke@space.example", "bram@space.example"]
    assert len(crm.members("deelnemers")) == 8 and len(crm.members("deelnemers", None)) == 10
    assert len(crm.members("spacelog")) == 4
    rows = crm.query("SELECT comment_subscriber, digest, owner, moderator FROM mailinglists_api WHERE list = 'deelnemers'"
                     " AND user_subscriber IN ('anneke@space.example', 'bram@space.example', 'ines@mail.example.net')"
                     " ORDER BY user_subscriber")
    assert rows == [("Anneke de Wit", "mail", 1, 1), ("Bram Kuiper", "mail", 0, 1), ("Inês Araújo", "digestplain", 0, 0)]


def test_both_views_say_the_same(crm):
    everything = "SELECT * FROM mailinglists_api ORDER BY user_subscriber, list"
    slow = crm.query(everything)
    crm.use_view("view-fast.sql")
    assert crm.query(everything) == slow and len(slow) == 16


def test_join_leave_and_change(crm):
    crm.join("new@post.example.com", "testlist")
    assert crm.leave("bram@space.example", "testlist") == 1
    assert crm.members("testlist") == ["anneke@space.example", "new@post.example.com"]
    crm.join("bram@space.example", "testlist", digest=True)
    crm.change_address("new@post.example.com", "newer@post.example.com")
    assert crm.members("testlist") == ["anneke@space.example", "newer@post.example.com"]
    assert crm.members("testlist", "digestplain") == ["bram@space.example"]


def test_fill_makes_the_members_that_python_expects(crm):
    crm.fill("big", 1000)
    crm.fill("small", 10)
    assert crm.members("big") == sorted(member(i) for i in range(1, 1001))
    assert crm.members("small") == sorted(member(i) for i in range(1, 11))


def test_rollcalls_user_sees_the_view_over_tls_only(crm, lab_directory):
    assert ask(crm, lab_directory) == (0, "16")
    code, text = ask(crm, lab_directory, "SHOW STATUS LIKE 'Ssl_cipher'")
    assert code == 0 and "TLS_AES" in text
    code, text = ask(crm, lab_directory, ssl_ca=None, ssl_verify_server_cert=None, skip_ssl=True)
    assert code != 0 and "Access denied" in text


@pytest.mark.parametrize("sql", [
    "SELECT email FROM members_user", "SELECT * FROM mailinglists_subscription", "DELETE FROM mailinglists_api",
    "INSERT INTO mailinglists_mailinglist (name) VALUES ('x')", "CREATE TABLE x (a INT)", "SELECT authentication_string FROM mysql.user"])
def test_rollcalls_user_may_nothing_else(crm, lab_directory, sql):
    code, text = ask(crm, lab_directory, sql)
    assert code != 0 and "denied" in text


def test_grants_want_a_password(mariadb, crm):
    mariadb.execute("DROP USER mlist")
    with open(os.path.join(ROOT, "schema", "grants.sql")) as f:
        with pytest.raises(LabError, match="no @password is set"):
            mariadb.script(f.read())
    assert mariadb.query("SELECT user FROM mysql.user WHERE user = 'mlist'") == []


@pytest.mark.parametrize("make, reason", [
    (lambda ca, other: ca.issue_expired(), "expired"), (lambda ca, other: ca.issue_not_yet_valid(), "not yet valid"),
    (lambda ca, other: ca.issue_wrong_name(), "Validation of SSL server certificate failed"),
    (lambda ca, other: other.issue("other"), "self.signed|unable to get local issuer|certificate verify failed")])
def test_bad_certificates_are_bad(mariadb, crm, lab_directory, make, reason):
    other = certs.Authority(lab_directory, "Other CA")
    mariadb.use_certificate(make(mariadb.authority, other))
    code, text = ask(crm, lab_directory)
    assert code != 0
    assert [part for part in reason.split("|") if part in text], text


def test_without_tls_nobody_enters(mariadb, crm, lab_directory):
    mariadb.restart(tls=False)
    code, text = ask(crm, lab_directory)
    assert code != 0 and "does not support" in text


def test_kill_loses_nothing_and_restart_keeps_the_port(mariadb, crm, lab_directory):
    crm.join("last@post.example.com", "testlist")
    pid = mariadb.pid
    mariadb.kill()
    assert not alive(pid)
    assert ask(crm, lab_directory)[0] != 0
    started = time.monotonic()
    mariadb.start()
    assert time.monotonic() - started < 5
    assert "last@post.example.com" in crm.members("testlist")
    assert ask(crm, lab_directory) == (0, "17")


def test_freeze_answers_nothing(mariadb, crm, lab_directory):
    file = crm.option_file(os.path.join(lab_directory, "crm.cnf"), connect_timeout=1)
    mariadb.freeze()
    assert status(mariadb.pid)["State"].startswith("T")
    assert run(crm.client(file, "-e", "SELECT 1"), check=False).returncode != 0
    mariadb.thaw()
    assert ask(crm, lab_directory, "SELECT 1") == (0, "1")


# ---- schema/renew-certificate, against the running server ----

def renew(mariadb, crm, lineage, **changes):
    environment = dict(os.environ, RENEWED_LINEAGE=lineage, CRM_LINEAGE="db.example", CRM_CLIENT=crm.administrator(),
                       CRM_TLS_USER="nobody", CRM_TLS_FILE=os.path.join(mariadb.directory, "tls", "server.pem"))
    environment.update(changes)
    return run([os.path.join(ROOT, "schema", "renew-certificate")], check=False, env=environment)


def lineage(directory, pair, name="db.example"):
    """The directory that certbot would hand to the hook."""
    path = os.path.join(directory, name)
    os.makedirs(path, exist_ok=True)
    for source, target in zip(pair, ("fullchain.pem", "privkey.pem")):
        run(["cp", source, os.path.join(path, target)])
    return path


@pytest.fixture
def hooked(mariadb, crm, lab_directory):
    """A MariaDB that reads certificate and key from the file that the hook writes."""
    done = renew(mariadb, crm, lineage(lab_directory, mariadb.authority.issue("first")))
    assert done.returncode == 0, done.stdout
    file = os.path.join(mariadb.directory, "tls", "server.pem")
    mariadb.stop()
    mariadb.start(options=["--ssl-cert=" + file, "--ssl-key=" + file])
    return file


def serial(mariadb):
    """The serial number of the certificate that the server shows to a newcomer."""
    shown = run(["openssl", "s_client", "-starttls", "mysql", "-connect", "127.0.0.1:%d" % mariadb.port], stderr=subprocess.DEVNULL,
                check=False).stdout
    return run(["openssl", "x509", "-noout", "-serial"], input=shown).stdout


def test_renewed_certificate_is_shown_without_a_restart(mariadb, crm, lab_directory, hooked):
    before, pid = serial(mariadb), mariadb.pid
    done = renew(mariadb, crm, lineage(lab_directory, mariadb.authority.issue("second")))
    assert (done.returncode, done.stdout) == (0, "")
    assert serial(mariadb) != before and mariadb.pid == pid
    assert ask(crm, lab_directory) == (0, "16")
    file = os.stat(hooked)
    assert file.st_uid == 0 and file.st_mode & 0o777 == 0o640
    assert os.listdir(os.path.dirname(hooked)) == ["server.pem"]


@pytest.mark.parametrize("broken, said", [
    (lambda ca: (ca.issue("a")[0], ca.issue("b")[1]), "does not belong to"), (lambda ca: ca.issue_expired(), "has expired"),
    (lambda ca: (ca.issue("a")[0], ca.issue("a")[0]), "is no private key"), (lambda ca: (os.devnull, os.devnull), "is missing or empty")])
def test_broken_renewal_leaves_the_old_certificate(mariadb, crm, lab_directory, hooked, broken, said):
    before = serial(mariadb)
    done = renew(mariadb, crm, lineage(lab_directory, broken(mariadb.authority)))
    assert done.returncode == 1 and said in done.stdout
    mariadb.restart(options=["--ssl-cert=" + hooked, "--ssl-key=" + hooked])
    assert serial(mariadb) == before


def test_renewal_of_another_name_is_not_ours(mariadb, crm, lab_directory, hooked):
    before = serial(mariadb)
    done = renew(mariadb, crm, lineage(lab_directory, mariadb.authority.issue("second"), "www.example"))
    assert (done.returncode, done.stdout) == (0, "")
    assert serial(mariadb) == before


def test_renewal_says_when_the_server_was_not_told(mariadb, crm, lab_directory, hooked):
    pair = mariadb.authority.issue("second")
    done = renew(mariadb, crm, lineage(lab_directory, pair), CRM_CLIENT="false")
    assert done.returncode == 1 and "FLUSH SSL failed" in done.stdout


# ---- nothing stays behind ----

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_server_ends_with_its_lab(lab_directory, number):
    """`number` ends the lab's process; the server and (but for SIGKILL) the directory must follow."""
    code = ("import sys, time\nfrom lab.process import directory, tidy_signals\nfrom lab.mariadb import MariaDB\ntidy_signals()\n"
            "with directory() as path, MariaDB(path) as server:\n\tprint(server.pid, path, flush=True)\n\ttime.sleep(60)\n")
    environment = dict(os.environ, PYTHONPATH=os.path.join(ROOT, "test"), TMPDIR=lab_directory)
    lab = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    pid, path = lab.stdout.readline().split()
    lab.send_signal(number)
    lab.wait(20)
    lab.stdout.close()
    end = time.monotonic() + 5
    while alive(int(pid)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(int(pid))
    assert number == signal.SIGKILL or not os.path.exists(path)
