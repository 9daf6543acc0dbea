"""rollcall check, lists and settings: exit statuses, what is found in bad files (HOSTILE C1, C2, C3, C7, C8, C9), and what is shown."""
import os
import re
import shutil
import subprocess
import time

import pytest

from cli import LEVELS, Cli, merge, run, write_config
from lab.process import BUILD, ROOT
from lab.rollcall import DISPATCH_UID, TEXTS, DOMAIN
from lab.smime import Authority
from lab.world import World


@pytest.fixture(scope="module")
def world():
    """All but the daemon."""
    with World(start_rollcall=False) as everything:
        yield everything


@pytest.fixture
def cli(world, tmp_path):
    return Cli(world, tmp_path)


# ---- the command line ----

@pytest.mark.parametrize("arguments", [
    [], ["frob"], ["--frob"], ["check", "x"], ["check", "--frob"], ["check", "--config"], ["lists", "x"], ["settings", "a", "b"],
    ["settings", "--default", "--changed"], ["digest"], ["dkim", "keygen", "--bits", "12"], ["settings", "--default", DOMAIN]])
def test_wrong_usage(arguments):
    said = run(*arguments)
    assert said.status == 64 and said.output == "" and said.errors.startswith("rollcall") and said.errors.endswith(" --help\n"), said


@pytest.mark.parametrize("arguments, words", [
    (["--help"], ["check", "lists", "settings", "--config"]), (["check", "--help"], ["--offline", "--postfix-config", "Exit status"]),
    (["lists", "-h"], ["--json"]), (["settings", "--help"], ["--changed", "--default", "DOMAIN|LIST"]), (["--version"], ["rollcall 0."])])
def test_help_and_version(arguments, words):
    said = run(*arguments)
    assert said.status == 0 and said.errors == ""
    assert [word for word in words if word not in said.output] == []


USAGE = re.compile(r"\AUsage:\n  (rollcall\S*(?: [a-z]+)?) \[OPTION\u2026\](?: \S.*)?\n")


@pytest.mark.parametrize("program", ["rollcall", "rollcall-lmtpd", *("rollcall " + word for word in (
    "accept", "archive", "check", "digest", "digests", "discard", "dkim", "explain", "held", "lists", "reject", "settings", "show", "test"))])
def test_usage_line_and_wrong_options(program):
    """What runs is what the usage line says; what is wrong is told in one line on stderr, with the way to the help."""
    words = program.split()
    start = lambda *more: subprocess.run([os.path.join(BUILD, words[0]), *words[1:], *more], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, env={"LC_ALL": "C"})
    said = start("--help")
    assert said.returncode == 0 and said.stderr == b"" and USAGE.match(said.stdout.decode()).group(1) == program, said
    said = start("--hlep")
    assert (said.returncode, said.stdout.decode(), said.stderr.decode()) == (64, "", "%s: Unknown option --hlep: see %s --help\n" % (program, program))


def test_config_before_or_behind_the_command(cli):
    config = cli.config()
    assert run("--config", config, "check", "--offline").status == 0
    assert run("check", "--offline", "--config", config).status == 0
    assert run("-c", "/nowhere", "check", "--offline", "-c", config).status == 0
    missing = run("check", "--offline", "--config", "/nowhere")
    assert missing.status == 1 and missing.output == "error: /nowhere: No such file or directory; --config FILE names another\n"


# ---- check: all is well ----

def test_all_is_well(cli):
    said = cli.check(script=True)
    assert said.status == 0 and said.errors == "" and said.problems == []
    assert {f["level"] for f in said.findings()} <= set(LEVELS) and len(said.of("ok")) > 10
    assert [w for w in said.of("warning") if "spacelog@%s has no owner" % DOMAIN not in w] == []
    assert "@mail.example.net" not in said.output and "@space.example" not in said.output


def test_lines_are_made_to_be_read_and_parsed(cli):
    said = run("check", "--config", cli.config(), "--postfix-config", cli.world.postfix.config)
    assert said.status == 0
    for line in said.output.splitlines():
        assert re.fullmatch(r"(ok|warning|error): \S.*", line)
    assert re.search(r"^warning: list spacelog\S* has no owner: .* — \S.*$", said.output, re.MULTILINE)


def test_check_changes_nothing(cli):
    def state():
        found = {}
        for top in (cli.world.rollcall.directory, cli.world.postfix.config):
            for place, _, names in os.walk(top):
                found.update({os.path.join(place, name): os.lstat(os.path.join(place, name))[:9] for name in names})
        return {path: (mode, size, uid, gid, mtime) for path, (mode, _, _, _, uid, gid, size, _, mtime) in found.items()}

    cli.check(script=True)
    before = state()
    cli.check(script=True)
    assert state() == before


def test_offline_asks_nobody(cli):
    changes = {"rollcall": {"qmqp_socket": "unix:/nowhere/rollcall-out"}}
    cli.world.mariadb.freeze()
    try:
        started = time.monotonic()
        assert cli.offline(changes).status == 0
        assert time.monotonic() - started < 5
    finally:
        cli.world.mariadb.thaw()
    assert cli.check(changes).status == 1


# ---- check: the file (C1) ----

GOOD = "[rollcall]\nuser = %d\nintake_user = 61002\n" % DISPATCH_UID


@pytest.mark.parametrize("content, line, words", [
    (b"[rollcall]\nlisten_grup = x\n", 2, ["unknown setting", '"listen_group"']),
    (b"[rolcall]\n", 1, ["unknown section"]),
    (b"[rollcall]\nlog = stderr\nlog = syslog\n", 3, ["stands twice"]),
    (b"[rollcall]\n[crm]\n[rollcall]\n", 3, ["stands twice"]),
    (b"[rollcall]\nsessions_limit = many\n", 2, ["expected a number"]),
    (b"[rollcall]\nsessions_limit = -1\n", 2, ["expected a number"]),
    (b"[rollcall]\nsessions_limit = 99999999999999999999\n", 2, ["expected a number"]),
    (b"[rollcall]\n\nmessage_size_limit = 10 m\n", 3, ["expected a number"]),
    (b"[rollcall]\nlisten_mode = 0999\n", 2, ["octal"]),
    (b"[crm]\nexcess_grants = maybe\n", 2, ["refuse, warn"]),
    (b"[rollcall]\nlog = stderr\x00\n", 2, ["NUL"]),
    (b"[rollcall]\r\nlog = stderr\r\n", 1, ["LF"]),
    (b"\xef\xbb\xbf[rollcall]\n", 1, ["byte order mark"]),
    (b"[rollcall]\nhostname = \xff\n", 2, ["UTF-8"]),
    (b"log = stderr\n", 1, ["section"]),
    (b"[rollcall]\ninclude other.conf\n", 2, ["expected"]),
    (b"[domain lists.example.org]\nlog = stderr\n", 2, ["unknown setting"]),
    (b"[list a@nowhere.example]\n", None, ["needs a section [domain nowhere.example]"])])
def test_bad_file_is_named_with_its_line(tmp_path, content, line, words):
    path = tmp_path / "bad.conf"
    path.write_bytes(content)
    said = run("check", "--offline", "--config", str(path))
    place = "%s:%d: " % (path, line) if line else str(path)
    assert said.status == 1 and said.output.startswith("error: " + place)
    assert [word for word in words if word not in said.output] == []
    assert len(said.output.splitlines()) == 1
    shown = run("settings", "--config", str(path))
    assert shown.status == 1 and place in shown.errors and shown.output == ""


def test_no_final_newline_is_fine(cli):
    config = cli.config()
    with open(config) as f:
        text = f.read().rstrip("\n")
    with open(config, "w") as f:
        f.write(text)
    assert run("check", "--offline", "--config", config).status == 0


@pytest.mark.parametrize("make, word", [
    (lambda path: os.mkdir(path), "regular file"), (lambda path: os.mkfifo(path, 0o644), "regular file"),
    (lambda path: open(path, "w").truncate(1 << 30), "larger than 1 MiB"), (lambda path: os.symlink("/nowhere", path), "No such file"),
    (lambda path: (write_config(path, {}), os.chmod(path, 0o666)), "writable"), (lambda path: (write_config(path, {}), os.chmod(path, 0o664)), "writable"),
    (lambda path: (write_config(path, {}), os.chown(path, 65534, 0)), "owned by root")])
def test_what_is_no_file_of_ours(tmp_path, make, word):
    path = str(tmp_path / "odd.conf")
    make(path)
    said = run("check", "--offline", "--config", path, timeout=10)
    assert said.status == 1 and word in said.output


# ---- check: what the settings name (C2, C3, C7, C8, C9, C5's first half) ----

def test_users(cli):
    for changes, word in (({"user": "no-such-user"}, "user no-such-user"), ({"user": "root"}, "must not be root"),
                          ({"intake_user": DISPATCH_UID}, "the same user"), ({"intake_user": "61002:%d" % DISPATCH_UID}, "the same group"),
                          ({"listen_group": "no-such-group"}, "listen_group"), ({"qmqp_group": "no-such-group"}, "qmqp_group"),
                          ({"tls_user": "no-such-user"}, "tls_user")):
        said = cli.offline({"rollcall": changes})
        assert said.status == 1 and [p for p in said.problems if word in p], (changes, said.output)
    # Whose the files would have to be nobody can say then.
    assert len(cli.offline({"rollcall": {"user": "no-such-user"}}).problems) == 1
    said = cli.offline({"rollcall": {"lmtp_peer_users": "root;no-such-user"}})
    assert said.status == 0 and [w for w in said.of("warning") if "no-such-user" in w]


def test_wishes_without_a_procedure(cli):
    asked = {"domain lists.example.org": {"subscription_requests": "procedure"}}
    assert [w for w in cli.offline(asked).of("warning") if "subscription_requests" in w and "set subscribe_procedure" in w]
    asked["crm"] = {"unsubscribe_procedure": "mailinglist_leave"}
    assert not [w for w in cli.offline(asked).of("warning") if "subscription_requests" in w]


@pytest.mark.parametrize("changes, word", [
    ({"listen": "unix:lmtp"}, "expected unix:/PATH"), ({"listen": "inet:127.0.0.1"}, "expected unix:/PATH"), ({"listen": ";"}, "nobody could reach us"),
    ({"listen": "unix:/" + "x" * 120}, "107 bytes"), ({"listen": "unix:/nowhere/lmtp"}, "directory is not there"),
    ({"listen": "unix:/etc/passwd"}, "something else has this name"), ({"qmqp_socket": "/public/x"}, "expected unix:/PATH"),
    ({"listen": "unix:/tmp/a.sock", "qmqp_socket": "unix:/tmp/../tmp/a.sock"}, "posts would come back"),
    ({"listen": "inet:0.0.0.0:2424", "qmqp_socket": "inet:127.0.0.1:2424"}, "posts would come back"),
    ({"lmtp_clients": "127.0.0.1/8"}, "ADDRESS/BITS"), ({"tls_certificate_file": "/etc/ssl/x.pem"}, "wanted together"),
    ({"tls_certificate_file": "/nowhere/a", "tls_key_file": "/nowhere/b"}, "cannot be read")])
def test_sockets(cli, changes, word):
    said = cli.offline({"rollcall": changes})
    assert said.status == 1 and [p for p in said.problems if word in p], said.output


def test_tls_files(cli, tmp_path):
    authority = cli.world.mariadb.authority
    one, other = authority.issue("lmtp"), authority.issue("other")
    good = {"tls_certificate_file": one[0], "tls_key_file": one[1]}
    os.chmod(one[1], 0o600)
    assert cli.offline({"rollcall": good}).problems == []
    assert "not the PEM certificate of tls_key_file" in cli.offline({"rollcall": dict(good, tls_key_file=other[1])}).output
    os.chmod(one[1], 0o644)
    assert "chmod 0600" in cli.offline({"rollcall": good}).output
    said = cli.offline({"rollcall": {"listen": "inet:192.0.2.1:2424"}})
    assert said.status == 0 and "plain text" in said.of("warning")[0]


def test_directories(cli, tmp_path):
    state = tmp_path / "state"
    for setup, word in ((None, "No such file"), (lambda: state.mkdir(0o700), "must belong to user %d" % DISPATCH_UID),
                        (lambda: (os.chown(state, DISPATCH_UID, DISPATCH_UID), state.chmod(0o750)), "chmod 0700")):
        setup and setup()
        said = cli.offline({"rollcall": {"state_directory": str(state)}})
        assert said.status == 1 and [p for p in said.problems if word in p], (word, said.output)
    state.chmod(0o700)
    assert cli.offline({"rollcall": {"state_directory": str(state)}}).status == 0
    assert list(state.iterdir()) == []
    (state / "store.db").write_bytes(b"something else entirely")
    os.chown(state / "store.db", DISPATCH_UID, DISPATCH_UID)
    assert "is no SQLite file" in cli.offline({"rollcall": {"state_directory": str(state)}}).output


def test_run_directory(cli, tmp_path):
    place = tmp_path / "run"
    said = cli.offline({"rollcall": {"run_directory": str(place)}})
    assert said.status == 0 and "will be made at start" in said.output and not place.exists()
    place.mkdir()
    for setup, word in ((lambda: place.chmod(0o777), "writable by others"), (lambda: (place.chmod(0o755), os.chown(place, 65534, 65534)), "chown root")):
        setup()
        said = cli.offline({"rollcall": {"run_directory": str(place)}})
        assert said.status == 1 and word in said.output
    assert cli.offline({"rollcall": {"run_directory": str(place / "a" / "b")}}).status == 1


def openssl(*arguments):
    return subprocess.run(["openssl"] + list(arguments), check=True, capture_output=True).stdout


def key_file(path, data, mode=0o600):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as f:
        f.write(data)
    os.chmod(path, mode)
    return str(path)


def rsa(bits):
    return openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:%d" % bits)


@pytest.mark.parametrize("make, word", [
    (lambda p: None, "No such file"), (lambda p: key_file(p, rsa(2048), 0o644), "chmod 0600"),
    (lambda p: (key_file(p, rsa(2048)), os.chown(p, 65534, 0)), "owned by root"), (lambda p: key_file(p, rsa(512)), "1,024 bits"),
    (lambda p: key_file(p, rsa(2048) + rsa(2048)), "more than one"), (lambda p: key_file(p, rsa(2048)[:500]), "damaged"),
    (lambda p: key_file(p, openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")), "neither RSA nor Ed25519"),
    (lambda p: key_file(p, openssl("genpkey", "-algorithm", "RSA", "-aes128", "-pass", "pass:x")), "encrypted"),
    (lambda p: (key_file(p, rsa(2048)), key_file(p, openssl("pkey", "-in", p, "-pubout"))), "public half")])
def test_keys_that_cannot_sign(cli, tmp_path, make, word):
    path = str(tmp_path / "key.pem")
    make(path)
    config = cli.config({"domain " + DOMAIN: {"dkim_keys": "s1:" + path}})
    said = run("check", "--offline", "--json", "--config", config, timeout=20)
    assert said.status == 1 and [p for p in said.problems if word in p and path in p and "dkim_keys" in p], said.output


def test_keys_that_want_a_word(cli, tmp_path):
    short = key_file(tmp_path / "short.pem", rsa(1024))
    said = cli.offline({"domain " + DOMAIN: {"dkim_keys": "s1:" + short}})
    assert said.status == 0 and [w for w in said.of("warning") if "1024 bits" in w]
    said = cli.offline({"domain " + DOMAIN: {"dkim_keys": None}})
    assert said.status == 0 and [w for w in said.of("warning") if "go out unsigned" in w]
    for selector in ("a b", "a_b", "", "a:b"):
        said = cli.offline({"domain " + DOMAIN: {"dkim_keys": "%s:%s" % (selector, short)}})
        assert said.status == 1 and "dkim_keys" in said.problems[0]


@pytest.mark.parametrize("value, word", [
    ("https://x.example/{lst}/", "{lst}"), ("https://x.example/%s{id}", "{id}"), ("https://x.example/{list", "brace"), ("x.example", "web address")])
def test_page_templates(cli, value, word):
    said = cli.offline({"domain " + DOMAIN: {"unsubscribe_page": value}})
    assert said.status == 1 and word in said.problems[0] and re.search(r"rollcall\.conf:\d+: unsubscribe_page", said.problems[0])
    good = {"unsubscribe_page": "https://x.example/{list}/{domain}?a=%n", "archived_at": "https://x.example/{hash}/{id}"}
    assert cli.offline({"domain " + DOMAIN: good}).problems == []


def test_places(cli):
    for changes, word in (({"domain a..b.example": {}}, "no domain name"), ({"list a'b@" + DOMAIN: {}}, "can be no list"),
                          ({"domain " + DOMAIN: None}, "no [domain NAME] section")):
        said = cli.offline(changes)
        assert said.status == 1 and [p for p in said.problems if word in p], said.output


def test_option_file(cli, lab_directory):
    """Looked at as the daemon's user: what root can read says nothing."""
    path = os.path.join(lab_directory, "crm.cnf")

    def look():
        return cli.offline({"crm": {"option_file": path}})

    assert "No such file" in look().problems[0]
    shutil.copy(cli.world.rollcall.option_file, path)
    for uid, gid, mode, fine in ((0, 0, 0o600, False), (0, DISPATCH_UID, 0o640, True), (0, DISPATCH_UID, 0o644, False),
                                 (DISPATCH_UID, DISPATCH_UID, 0o400, True), (65534, DISPATCH_UID, 0o640, False)):
        os.chown(path, uid, gid)
        os.chmod(path, mode)
        assert look().status == (0 if fine else 1), (uid, gid, oct(mode), look().output)
    os.chown(path, 0, DISPATCH_UID)
    os.chmod(path, 0o640)
    with open(path, "a") as f:
        f.write("ssl-verify-server-cert = 0\n")
    assert look().status == 0 and "less than verified TLS" in look().of("warning")[0]
    with open(path, "a") as f:
        f.write("!include /etc/my.cnf\n")
    assert look().status == 1 and "only for the lab" not in look().output


def test_not_as_root(cli, lab_directory):
    config = shutil.copy(cli.config(), lab_directory)
    said = run("check", "--offline", "--json", "--config", config, prefix=["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
    assert said.status == 1
    assert "not root" in said.of("warning")[0] and [p for p in said.problems if "state_directory" in p and "denied" in p]
    # Nothing of what is behind that door is judged, and no advice given to move it away.
    assert not [p for p in said.problems if "store.db" in p], said.problems


def test_a_directory_without_cases(tmp_path):
    said = run("test", str(tmp_path), "--config", "/nowhere")
    assert (said.status, said.output, said.errors) == (1, "0 passed, 0 failed\n", "rollcall test: %s has no case: no file NAME.json\n" % tmp_path)


def test_texts(cli, lab_directory):
    """HOSTILE C7."""
    directory = os.path.join(lab_directory, "texts")
    shutil.copytree(TEXTS, directory)
    changes = {"rollcall": {"texts_directory": directory}}
    assert [f for f in cli.offline(changes).of("ok") if "every one of them can be filled" in f]
    with open(os.path.join(directory, "nl", "help"), "w") as f:
        f.write("Subject: Van ons\n\nBeste {naam}\n")
    said = cli.offline(changes)
    assert said.status == 1 and re.search(r"texts: .*nl/help:3: .*naam", said.problems[0])


def test_a_name_that_is_too_long_for_tokens(cli):
    """Thirty-nine letters leave room for "-confirm+TOKEN" in the 64 bytes that every server takes."""
    names = ["a" * 39, "b" * 40]
    for name in names:
        cli.world.crm.join("new@post.example.com", name)
    try:
        told = [w for w in cli.check().of("warning") if "RFC 5321" in w]
        assert len(told) == 1 and "b" * 40 + "@" in told[0]
    finally:
        for name in names:
            cli.world.crm.leave("new@post.example.com", name)


# ---- lists ----

def test_lists(cli):
    rows = {row["address"]: row for row in cli.lists("--json").findings()}
    assert rows["deelnemers@" + DOMAIN] == {"value": "deelnemers", "address": "deelnemers@" + DOMAIN, "members": 10, "owners": 1,
                                            "moderators": 2, "usable": True, "remark": None}
    assert rows["spacelog@" + DOMAIN]["remark"] == "usable, but without owner" and len(rows) == 3
    text = cli.lists()
    assert text.status == 0 and text.errors == ""
    assert re.search(r"^testlist@%s +2 +1 +2  usable$" % re.escape(DOMAIN), text.output, re.MULTILINE)
    assert "space.example" not in text.output and "example.net" not in text.output


def test_lists_are_live(cli):
    cli.world.crm.join("new@post.example.com", "testlist")
    cli.world.crm.join("new@post.example.com", "newlist")
    try:
        rows = {row["value"]: row["members"] for row in cli.lists("--json").findings()}
        assert rows["testlist"] == 3 and rows["newlist"] == 1
    finally:
        cli.world.crm.leave("new@post.example.com", "testlist")
        cli.world.crm.leave("new@post.example.com", "newlist")
    assert "newlist" not in cli.lists().output


def test_lists_without_an_answer(cli, tmp_path):
    said = cli.lists(changes={"crm": {"hosts": "127.0.0.1:1"}})
    assert said.status == 1 and said.output == "" and "rollcall lists: " in said.errors
    assert run("lists", "--config", "/nowhere").status == 1


# ---- settings ----

def test_settings_read_back(cli, tmp_path):
    changes = {"domain " + DOMAIN: {"subject_tag": "[x]"}, "list choir@" + DOMAIN: {"reply_to": "both"}}
    first = run("settings", "--config", cli.config(changes))
    assert first.status == 0 and "# From %s" % cli.directory in first.output
    again = tmp_path / "again.conf"
    again.write_text(first.output)
    assert run("check", "--offline", "--config", str(again)).status == 0
    strip = re.compile(r"^# (From .*|The default\.)\n", re.MULTILINE)
    assert strip.sub("", run("settings", "--config", str(again)).output) == strip.sub("", first.output)


def test_settings_of_a_place(cli):
    changes = {"domain " + DOMAIN: {"subject_tag": "[x]"}, "list choir@" + DOMAIN: {"reply_to": "both"}}
    config = cli.config(changes)
    rows = {row["name"]: row for row in run("settings", "--json", "--config", config, "Choir@" + DOMAIN.upper()).findings()}
    assert rows["subject_tag"]["value"] == "[x]" and rows["subject_tag"]["line"] > 0 and rows["reply_to"]["section"] == "list choir@" + DOMAIN
    assert rows["verp"]["file"] is None and "listen" not in rows
    assert run("settings", "--config", config, "choir").output == run("settings", "--config", config, "choir@" + DOMAIN).output
    for place in ("choir@elsewhere.example", "a b", "-"):
        said = run("settings", "--config", config, place)
        assert said.status == 1 and "no domain or list of ours" in said.errors


def test_defaults_want_no_file():
    said = run("settings", "--default", "--config", "/nowhere")
    assert said.status == 0 and "sessions_limit = 100\n" in said.output


def test_the_example_is_a_good_file(tmp_path):
    with open(os.path.join(ROOT, "doc", "rollcall.conf.example")) as f:
        text = f.read()
    path = tmp_path / "example.conf"
    for content in (text, re.sub(r"^#(?=\[|\w+ = )", "", text, flags=re.MULTILINE)):
        path.write_text(content)
        assert run("settings", "--config", str(path)).status == 0


def test_merge_is_what_the_tests_think():
    assert merge({"a": {"x": 1}}, {"a": {"y": 2}, "b": {}}) == {"a": {"x": 1, "y": 2}, "b": {}}
    assert merge({"a": {"x": 1}}, {"a": None}) == {}


# ---- S/MIME ----

def test_smime_files(cli, tmp_path):
    """What lets good signatures not count is an error; what is only old in a bundle is a warning."""
    root, old, other = Authority(str(tmp_path), "Root"), Authority(str(tmp_path), "Old", days=(-9, -1)), Authority(str(tmp_path), "Other")
    bundle, crls = tmp_path / "bundle.pem", tmp_path / "crls"
    crls.mkdir()

    def found(**settings):
        said = cli.offline({"rollcall": {"smime_ca_file": bundle, **settings}})
        return [f["text"] for f in said.findings() if "S/MIME: " in f["text"] or "S/MIME sig" in f["text"] or ": smime_" in f["text"]], said.status
    bundle.write_text("nothing")
    assert found() == (["S/MIME: %s: no certificate can be read from it" % bundle], 1)
    with open(root.certificate) as first, open(old.certificate) as second:
        bundle.write_text(first.read() + second.read())
    assert found() == (["S/MIME: the certificate of /CN=Old is out of date", "S/MIME signatures count, by 2 certificates"], 0)
    lines, status = found(smime_crl=crls)
    assert status == 1 and "S/MIME: %s: there is no CRL in it" % crls in lines
    shutil.copy(root.crl("stale", days=(-3, -1)), crls / "1.crl")
    shutil.copy(other.crl("fresh"), crls / "2.crl")
    lines, status = found(smime_crl=crls)
    assert status == 1 and "S/MIME: the CRL of /CN=Root is out of date" in lines
    shutil.copy(root.crl("newer"), crls / "3.crl")
    lines, status = found(smime_crl=crls)
    assert status == 0 and lines[1:] == ["S/MIME signatures count, by 2 certificates and CRLs"]
    lines, status = found(smime_ocsp_networks="10.0.0.1/8")
    assert status == 1 and "smime_ocsp_networks: 10.0.0.1/8 is no network" in lines[0]
    assert "say nothing" in found(smime_ca_file=None, smime_ocsp="yes")[0][0]
