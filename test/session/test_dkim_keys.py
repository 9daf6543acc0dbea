"""DKIM keys from making to rotating: rollcall dkim, what rollcall check says of DNS (HOSTILE C3, S1, S2), and a switch without a gap."""
import base64
import json
import os
import re
import stat

import pytest

from cli import Cli, run
from lab.dkimcheck import Key, Table
from lab.resolver import read_zone
from lab.rollcall import DOMAIN
from lab.world import World


@pytest.fixture(scope="module")
def world():
    """All but the daemon."""
    with World(start_rollcall=False) as everything:
        yield everything


@pytest.fixture
def cli(world, tmp_path):
    return Cli(world, tmp_path)


# ---- making ----

def test_keygen(tmp_path, world, cli):
    """Both keys, in files that only we may read; the printed piece of a zone and the printed line of the settings are good as they are."""
    where = str(tmp_path / "keys")
    said = run("dkim", "keygen", "--config", cli.config(), "--selector", "s2027", "--directory", where)
    assert said.status == 0 and said.errors == "", said
    assert stat.S_IMODE(os.stat(where).st_mode) == 0o700
    assert sorted(os.listdir(where)) == ["s2027-ed.pem", "s2027.pem"]
    for name in os.listdir(where):
        status = os.stat(os.path.join(where, name))
        assert stat.S_IMODE(status.st_mode) == 0o600 and status.st_uid == 0 and status.st_nlink == 1
    records = read_zone(said.output)
    assert sorted(records) == ["s2027-ed._domainkey." + DOMAIN, "s2027._domainkey." + DOMAIN]
    line = re.search(r"^; dkim_keys = (.*)$", said.output, re.MULTILINE).group(1)

    world.resolver.zone(records)
    checked = cli.check({"domain " + DOMAIN: {"dkim_keys": line}})
    assert checked.problems == []
    assert [f for f in checked.of("ok") if "s2027-ed of %s is published" % DOMAIN in f]
    assert [f for f in checked.of("ok") if "s2027 of %s is a good rsa-sha256 key" % DOMAIN in f]


@pytest.mark.parametrize("arguments, files", [
    (["--algorithm", "rsa"], ["s.pem"]), (["--algorithm", "ed25519"], ["s.pem"]), (["--algorithm", "both"], ["s-ed.pem", "s.pem"]),
    (["--algorithm", "rsa", "--bits", "2304"], ["s.pem"])])
def test_keygen_kinds(tmp_path, arguments, files):
    where = str(tmp_path / "keys")
    said = run("dkim", "keygen", "--json", "--config", "/nowhere", "--domain", "Lists.Example.org", "--selector", "s", "--directory", where, *arguments)
    assert said.status == 0 and sorted(os.listdir(where)) == files
    for made in json.loads(said.output):
        assert made["domain"] == "lists.example.org" and made["name"] == made["selector"] + "._domainkey.lists.example.org"
        assert made["record"] == read_zone(made["zone"])[made["name"]]
        public = made["record"].partition("p=")[2]
        if made["algorithm"] == "rsa-sha256":
            assert made["bits"] == (2304 if "2304" in arguments else 2048) and "k=rsa;" in made["record"]
        else:
            assert len(base64.b64decode(public)) == 32 and "k=ed25519;" in made["record"]


@pytest.mark.parametrize("algorithm", ["rsa", "ed25519"])
def test_what_is_made_verifies(tmp_path, algorithm):
    """The private half in the file and the public half in the record belong together, says python3-dkim."""
    said = run("dkim", "keygen", "--json", "--config", "/nowhere", "--domain", "a.example", "--algorithm", algorithm, "--directory", str(tmp_path))
    made, = json.loads(said.output)
    with open(made["file"], "rb") as f:
        key = Key("a.example", made["selector"], algorithm, pem=f.read())
    message = key.sign(b"From: <b@a.example>\r\nSubject: x\r\nTo: <c@d.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
                       b"Message-ID: <1@a.example>\r\n\r\nHello\r\n")
    table = Table()
    table.records[made["name"] + "."] = made["record"]
    assert [result.good for result in table.verify(message)] == [True]


def test_selectors_follow_each_other(tmp_path, cli):
    """Without --selector: the year and the first letter that neither a file nor a setting has."""
    where, config = str(tmp_path / "keys"), cli.config({"domain " + DOMAIN: {"dkim_keys": None}})
    made = [json.loads(run("dkim", "keygen", "--json", "--algorithm", "ed25519", "--config", config, "--directory", where).output)[0]["selector"]
            for _ in range(2)]
    assert [s[4:] for s in made] == ["a", "b"] and made[0][:4].isdigit()
    config = cli.config({"domain " + DOMAIN: {"dkim_keys": "%sc:%s/%s.pem" % (made[0][:4], where, made[0])}})
    third = run("dkim", "keygen", "--json", "--algorithm", "ed25519", "--config", config, "--directory", where)
    assert json.loads(third.output)[0]["selector"][4:] == "d"


def test_never_overwrites(tmp_path):
    """Neither a key nor what a link points to; and what was made before that is taken away again, since half is not what was wanted."""
    where = tmp_path / "keys"
    where.mkdir()
    (where / "s.pem").write_text("precious")
    (tmp_path / "target").write_text("precious")
    (where / "t-ed.pem").symlink_to(tmp_path / "target")
    (where / "u-ed.pem").symlink_to(tmp_path / "nothing")
    for selector in "stu":
        said = run("dkim", "keygen", "--config", "/nowhere", "--domain", DOMAIN, "--selector", selector, "--directory", str(where))
        assert said.status == 1 and "File exists" in said.errors and said.output == ""
    assert (where / "s.pem").read_text() == (tmp_path / "target").read_text() == "precious"
    assert sorted(os.listdir(where)) == ["s.pem", "t-ed.pem", "u-ed.pem"] and not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("arguments, status, word", [
    ([], 64, "keygen or record"), (["frob"], 64, "keygen or record"), (["keygen", "x"], 64, "too many"), (["keygen", "--bits", "x"], 64, "x"),
    (["keygen"], 1, "say --domain"), (["record"], 1, "No such file or directory; --config"), (["keygen", "--domain", "a_b.example"], 1, "no domain name"),
    (["keygen", "--domain", "a.example", "--bits", "1024"], 64, "2048 to 4096"), (["keygen", "--domain", "a.example", "--bits", "4097"], 64, "4096"),
    (["keygen", "--domain", "a.example", "--algorithm", "dsa"], 64, "dsa"), (["keygen", "--domain", "a.example", "--directory", "keys"], 64, "absolute"),
    (["keygen", "--domain", "a.example", "--directory", "/nowhere/keys"], 1, "/nowhere/keys"),
    (["keygen", "--domain", "a.example", "--directory", "/tmp", "--selector", "a;b"], 1, "selector"),
    (["keygen", "--domain", "a.example", "--directory", "/tmp", "--selector", "../a"], 1, "selector"),
    (["record", "--domain", "a.example", "--file", "/etc/hostname"], 1, "say --selector"),
    (["record", "--domain", "a.example", "--file", "/etc/hostname", "--selector", "s"], 1, "must be closed")])
def test_what_cannot_be_made(arguments, status, word):
    said = run("dkim", *arguments, "--config", "/nowhere")
    assert said.status == status and word in said.errors and said.output == "", said


def test_record_again(tmp_path, world, cli):
    """Of the keys in the settings, of one of them, and of a file that the settings do not name."""
    config = cli.config()
    expected = {key.name.rstrip("."): key.record for key in world.rollcall.keys}
    assert read_zone(run("dkim", "record", "--config", config).output) == expected
    assert read_zone(run("dkim", "record", "--config", config, "--domain", DOMAIN).output) == expected
    one = run("dkim", "record", "--config", config, "--selector", "ed2026")
    assert list(read_zone(one.output)) == ["ed2026._domainkey." + DOMAIN]
    assert run("dkim", "record", "--config", config, "--selector", "other").status == 1
    key = Key(DOMAIN, "next")
    path = world.rollcall.write_key(key)
    printed = read_zone(run("dkim", "record", "--config", config, "--file", path).output)
    assert printed == {"next._domainkey." + DOMAIN: key.record}


# ---- check ----

def rsa_key(world):
    return world.rollcall.keys[0]


def bare(record):
    """p= with the RSAPublicKey alone, as RFC 6376 has it."""
    der = base64.b64decode(record.partition("p=")[2])
    return base64.b64encode(der[24:]).decode()


@pytest.mark.parametrize("change, words", [
    (lambda r: [], ["no such record"]), (lambda r: [r, r + ";"], ["more than one record"]), (lambda r: ["v=DKIM1; k=rsa; p="], ["revoked"]),
    (lambda r: [Key(DOMAIN, "x").record], ["another key"]), (lambda r: [r.replace("k=rsa", "k=ed25519")], ["k="]),
    (lambda r: ["v=DKIM1; h=sha1; " + r.partition("; ")[2]], ["h=", "sha256"]), (lambda r: ["v=DKIM1; s=tlsrpt; " + r.partition("; ")[2]], ["s="]),
    (lambda r: [r.replace("v=DKIM1", "v=DKIM2")], ["v=DKIM1"]), (lambda r: [r.partition("; ")[2] + "; v=DKIM1"], ["v=DKIM1"]),
    (lambda r: ["v=DKIM1; k=rsa"], ["no p="]), (lambda r: ["v=DKIM1; p=%%%"], ["base64"]), (lambda r: [r[:-40]], ["base64", "another"]),
    (lambda r: ["hello world"], ["no list of tags"])],
    ids=["absent", "two", "revoked", "another", "kind", "hash", "service", "version", "version-last", "no-p", "base64", "cut", "nonsense"])
def test_s2_key_in_dns(world, cli, change, words):
    key = rsa_key(world)
    world.resolver.set(key.name.rstrip("."), *change(key.record))
    try:
        said = cli.check()
        assert said.status == 1
        problem, = [p for p in said.problems if p.startswith("DNS: DKIM key rsa2026 of %s cannot be verified: " % DOMAIN)]
        assert [w for w in words if w in problem] and "rollcall dkim record --domain %s --selector rsa2026" % DOMAIN in problem
        assert [f for f in said.of("ok") if "DKIM key ed2026 of %s is published" % DOMAIN in f]
    finally:
        world.publish(key)


@pytest.mark.parametrize("change", [
    lambda r: r.partition("; ")[2], lambda r: r.replace("k=rsa; ", ""), lambda r: "v=DKIM1; h=sha1:sha256; s=*; t=s; n=ours; " + r.partition("; ")[2],
    lambda r: r[:100] + " \t" + r[100:] + ";", lambda r: "v=DKIM1; k=rsa; p=" + bare(r)], ids=["no-v", "no-k", "more", "folded", "bare"])
def test_good_records(world, cli, change):
    key = rsa_key(world)
    world.resolver.set(key.name.rstrip("."), change(key.record))
    try:
        said = cli.check()
        assert said.status == 0 and [f for f in said.of("ok") if "DKIM key rsa2026 of %s is published" % DOMAIN in f], said.output
    finally:
        world.publish(key)


def test_marked_as_a_test(world, cli):
    key = rsa_key(world)
    world.resolver.set(key.name.rstrip("."), key.record.replace("k=", "t=s:y; k="))
    try:
        said = cli.check()
        assert said.status == 0 and [w for w in said.of("warning") if "t=y" in w and "rsa2026" in w]
    finally:
        world.publish(key)


def test_s1_dns_does_not_answer(world, cli):
    """A dead resolver is one warning and one wait, and no error of the settings; a domain that is broken keeps nobody from the others."""
    said = cli.check({"rollcall": {"resolver": "127.0.0.1@1", "dns_deadline": 1}})
    assert said.status == 0
    assert len([w for w in said.of("warning") if "DNS does not tell about" in w and "resolver" in w and "nothing else" in w]) == 1
    assert not [f for f in said.of("ok") if f.startswith("DNS:")]
    world.resolver.refuse("ed2026._domainkey." + DOMAIN)
    said = cli.check()
    world.resolver.heal("ed2026._domainkey." + DOMAIN)
    assert [w for w in said.of("warning") if "DNS does not tell about ed2026._domainkey" in w and "nothing else" not in w]
    assert said.status == 0 and len([f for f in said.of("ok") if f.startswith("DNS:")]) == 3
    assert "resolver: expected" in cli.check({"rollcall": {"resolver": "nowhere"}}).problems[0]


def test_offline_asks_nobody(cli):
    assert "DNS" not in cli.offline({"rollcall": {"resolver": "127.0.0.1@1"}}).output


def test_hints(world, cli):
    def warnings():
        return [w for w in cli.check().of("warning") if "SPF" in w or "DMARC" in w]
    assert warnings() == []
    try:
        world.resolver.set(DOMAIN, "v=spf1 -all", "V=SPF1 mx", "other")
        world.resolver.set("_dmarc." + DOMAIN, "v=DMARC1; p=none", "v=DMARC1; p=reject")
        one, two = warnings()
        assert "more than one SPF" in one and "more than once" in two
        world.resolver.set(DOMAIN, "other")
        world.resolver.set("_dmarc." + DOMAIN, "v=spf1")
        one, two = warnings()
        assert "no SPF" in one and "no DMARC" in two and "_dmarc." + DOMAIN in two
        world.resolver.set("_dmarc.example.org", "v=DMARC1; p=none")
        assert [w for w in warnings() if "DMARC" in w] == []
    finally:
        world.resolver.set("_dmarc.example.org")
        world.resolver.zone({DOMAIN: "v=spf1 -all", "_dmarc." + DOMAIN: "v=DMARC1; p=none"})


# ---- the daemon ----

@pytest.fixture(scope="module")
def running():
    with World() as everything:
        yield everything


def send(world, count=1, at=None, do=None):
    """Posts so often, does something before number `at`, and returns all copies: each member has got each post once."""
    members = world.crm.members("deelnemers")
    world.sink.forget()
    for number in range(count):
        if number == at:
            do()
        world.post("chaya@mail.example.net", "deelnemers", "Number %d" % number)
    copies = world.copies(count * len(members))
    assert world.sink.recipients() == {address: count for address in members}
    return copies


def test_s2_daemon_warns_and_goes_on(running):
    """A key that is not in DNS, or not ours, is told at each start and reload; posts go out all the same."""
    assert running.rollcall.log("DKIM key") == []
    rsa, ed = running.rollcall.keys
    running.resolver.set(rsa.name.rstrip("."))
    running.resolver.set(ed.name.rstrip("."), "v=DKIM1; k=ed25519; p=")
    assert running.rollcall.reload()
    running.rollcall.wait_log("ALARM DKIM key rsa2026 of %s is not in DNS" % DOMAIN)
    running.rollcall.wait_log("ALARM DKIM key ed2026 of %s is revoked, or another stands, in DNS" % DOMAIN)
    send(running)
    for key in running.rollcall.keys:
        running.publish(key)


def test_rotation_without_a_gap(running, tmp_path):
    """As rollcall.conf(5) says it: publish the new, switch by a reload, take the old away when its last mail has arrived."""
    judge = Table(*running.rollcall.keys)

    def signers(copies):
        """Selectors of the signatures on each, all of which must be good."""
        found = []
        for copy in copies:
            results = [r for r in judge.verify(copy.message) if r.domain == DOMAIN]
            assert all(r.good for r in results), results
            found.append({r.selector for r in results})
        return found

    old, new = {key.selector for key in running.rollcall.keys}, {"next", "next-ed"}
    first = send(running)
    assert all(s == old for s in signers(first))

    said = run("dkim", "keygen", "--config", running.rollcall.config, "--selector", "next", "--directory", str(tmp_path / "keys"))
    line = re.search(r"^; dkim_keys = (.*)$", said.output, re.MULTILINE).group(1)
    records = read_zone(said.output)
    running.resolver.zone(records)
    judge.records.update((name + ".", record) for name, record in records.items())
    assert all(s == old for s in signers(send(running)))

    def switch():
        assert running.rollcall.reload()
    running.rollcall.configure({"domain " + DOMAIN: {"dkim_keys": line}})
    # Posts are under way while it switches: all arrive, each signed by the one pair or by the other.
    during = signers(send(running, 6, at=3, do=switch))
    assert all(s in (old, new) for s in during) and new in during
    assert all(s == new for s in signers(send(running)))
    assert all(s == old for s in signers(first))
    assert running.rollcall.log("DKIM key next") == []
