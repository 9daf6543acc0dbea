"""rollcall-postfix on copies of the configuration that Debian's package installs, with the real postconf.

What is asserted is the text of the files where nothing may change, and what Postfix reads from them (postconf -n, -M) where it may.
"""
import os
import re
import shutil
import subprocess

import pytest

from lab.process import ROOT

SCRIPT = os.path.join(ROOT, "postfix-conf", "rollcall-postfix")
D = "lists.example.org"
INLINE = "inline:{lists.example.org=rollcall:unix:/run/rollcall/lmtp}"


class Config:
    """A configuration directory as Debian's postfix package makes it, dated back so that postconf does not wait for it to age."""

    def __init__(self, path):
        self.path = str(path)
        shutil.copy("/usr/share/postfix/main.cf.debian", self.file("main.cf"))
        shutil.copy("/usr/share/postfix/master.cf.dist", self.file("master.cf"))
        self.add("mydestination = $myhostname, localhost\nmyhostname = mx.example.org\nrecipient_delimiter = +\n")

    def file(self, name):
        return os.path.join(self.path, name)

    def add(self, text, name="main.cf"):
        with open(self.file(name), "a") as f:
            f.write(text)

    def text(self):
        texts = []
        for name in ("main.cf", "master.cf"):
            with open(self.file(name)) as f:
                texts.append(f.read())
        return texts

    def date_back(self):
        for name in ("main.cf", "master.cf"):
            os.utime(self.file(name), (1e9, 1e9))

    def postconf(self, *arguments):
        self.date_back()
        return subprocess.run(["postconf", "-c", self.path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                              text=True).stdout

    def meaning(self):
        return self.postconf("-n"), self.postconf("-M")

    def expanded(self):
        """All parameters as a Postfix program sees them."""
        return [line for line in self.postconf("-x").splitlines() if not line.startswith("process_id")]

    def value(self, name):
        return self.postconf("-h", name).rstrip("\n")

    def service(self, name):
        return self.postconf("-M", name + "/unix").split()

    def run(self, *arguments):
        self.date_back()
        return subprocess.run([SCRIPT, "--config-dir", self.path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=60)

    def done(self, *arguments):
        """Runs it, insists that it went well and quietly, and returns what it said."""
        result = self.run(*arguments)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    def refused(self, *arguments, status=1):
        """Runs it, insists that it refused and touched nothing, and returns the reason."""
        before = self.text()
        result = self.run(*arguments)
        assert result.returncode == status and result.stdout == "" and self.text() == before, result
        return result.stderr


@pytest.fixture
def config(tmp_path):
    return Config(tmp_path)


def shown(output):
    """The lines that a printed difference takes out and puts in, sorted."""
    return sorted(line for line in output.splitlines() if re.match(r"[-+](?![-+]{2} )", line))


def made(before, after):
    found = []
    for old, new in zip(before, after):
        old, new = old.splitlines(), new.splitlines()
        found += ["-" + line for line in old if line not in new] + ["+" + line for line in new if line not in old]
    return sorted(found)


# ---- there and back ----

def test_apply_and_remove_leave_no_trace(config):
    before = config.text()
    config.done("--domain", D, "apply")
    assert config.text() != before
    config.done("remove")
    assert config.text() == before


def test_what_apply_writes(config):
    config.done("--domain", D, "apply")
    assert config.value("relay_domains") == "$rollcall_domains" and config.value("transport_maps") == "$rollcall_transport_maps"
    assert config.postconf("-xh", "relay_domains", "transport_maps").split("\n")[:2] == [D, INLINE]
    assert config.value("rollcall_destination_recipient_limit") == config.value("rollcall_destination_concurrency_limit") == "10"
    assert [config.service(name)[:8] for name in ("rollcall", "rollcall-out", "rollcall-cleanup", "rollcall-pipe")] == [
        "rollcall unix - - n - - lmtp".split(), "rollcall-out unix n - y - - qmqpd".split(),
        "rollcall-cleanup unix n - y - 0 cleanup".split(), []]
    assert "no_address_mappings" not in " ".join(config.service("rollcall-out"))


def test_fragments_for_hand_editing_come_to_the_same(config):
    for name in ("main.cf", "master.cf"):
        with open(os.path.join(ROOT, "postfix-conf", name + ".rollcall")) as f:
            config.add(f.read(), name)
    assert "nothing to change" in config.done("--domain", D, "apply")
    assert config.done("status") == "%s goes to rollcall:unix:/run/rollcall/lmtp\n" % D


def test_commented_parts_of_the_fragments_come_to_the_same(config):
    for name in ("main.cf", "master.cf"):
        with open(os.path.join(ROOT, "postfix-conf", name + ".rollcall")) as f:
            lines = f.read()
        lines = re.sub(r"(?m)^#(rollcall[-_]|smtpd_recipient|relay_recipient|    (?:flags|argv|--sasl))", r"\1", lines)
        config.add(lines.replace("...", "inline:{a@b.example=any}" if name == "main.cf" else "..."), name)
    by_hand = config.meaning()
    other = Config(os.path.dirname(config.file("other/x")) if os.makedirs(config.file("other")) is None else None)
    other.add("relay_recipient_maps = inline:{a@b.example=any}\nsmtpd_recipient_restrictions = inline:{a@b.example=any}\n")
    other.done("--domain", D, "--verify-recipients", "apply")
    other.done("--domain", D, "--transport", "pipe", "--pipe-program", "/bin/true", "--pipe-user", "nobody", "apply")
    assert [other.service(n) for n in ("rollcall-out", "rollcall-cleanup")] == [config.service(n) for n in ("rollcall-out", "rollcall-cleanup")]
    replaced = " ".join(other.service("rollcall-pipe")).replace("/bin/true", "/usr/bin/rollcall-pipe").replace("user=nobody", "user=rollcall-pipe")
    assert replaced == " ".join(config.service("rollcall-pipe"))
    of_other = dict(line.partition(" = ")[::2] for line in other.meaning()[0].splitlines())
    of_hand = dict(line.partition(" = ")[::2] for line in by_hand[0].splitlines())
    names = [n for n in of_hand if "rollcall" in n + of_hand[n] and not n.startswith("rollcall_destination")]
    assert len(names) >= 10 and {n: of_other.get(n) for n in names} == {n: of_hand[n] for n in names}


def test_dry_run_shows_what_apply_does_and_does_nothing(config):
    before = config.text()
    dry = config.done("--domain", D, "--dry-run", "apply")
    assert config.text() == before and dry.endswith("dry run, nothing was changed\n")
    wet = config.done("--domain", D, "apply")
    assert shown(dry) == shown(wet) == made(before, config.text())
    before = config.text()
    dry = config.done("--dry-run", "remove")
    assert config.text() == before
    wet = config.done("remove")
    assert shown(dry) == shown(wet) == made(before, config.text())


@pytest.mark.parametrize("options", [[], ["--verify-recipients"], ["--lmtp", "inet:127.0.0.1:2424"],
                                     ["--transport", "pipe", "--pipe-program", "/bin/true", "--pipe-user", "nobody"]], ids=str)
def test_second_apply_changes_nothing_and_says_so(config, options):
    config.done("--domain", D, *options, "apply")
    before = config.text(), [os.stat(config.file(n)).st_ino for n in ("main.cf", "master.cf")]
    for _ in range(2):
        assert config.done("--domain", D, *options, "apply") == "rollcall-postfix: nothing to change in %s\n" % config.path
    assert (config.text(), [os.stat(config.file(n)).st_ino for n in ("main.cf", "master.cf")]) == before


def test_remove_where_nothing_is(config):
    before = config.text()
    assert "nothing to change" in config.done("remove") and config.text() == before
    config.done("--domain", D, "apply")
    assert "nothing to change" in config.done("--domain", "other.example.org", "remove")


def test_status(config):
    assert config.refused("status", status=1) == "" if config.run("status").stdout == "" else config.run("status").returncode == 1
    config.done("--domain", D, "apply")
    assert config.done("status") == "%s goes to rollcall:unix:/run/rollcall/lmtp\n" % D
    config.postconf("-Pe", "rollcall-cleanup/unix/always_bcc=spy@example.org")
    result = config.run("status")
    assert result.returncode == 1 and "-    -o always_bcc=spy@example.org" in result.stdout and "+    -o always_bcc=" in result.stdout
    config.done("--domain", D, "apply")
    assert config.run("status").returncode == 0


# ---- what the admin has stays as it is ----

LISTS = [
    "",
    "transport_maps =\nrelay_domains =\n",
    "transport_maps = inline:{a.example=smtp:[b.example]}\nrelay_domains = a.example\n",
    "transport_maps = inline:{a.example=smtp:[b.example]} regexp:{{/never/ x}}\nrelay_domains = a.example b.example,c.example\n",
    "transport_maps =\n  inline:{a.example=smtp:[b.example]},\n# why this one\n  regexp:{{/^a,b c@d$$/ smtp:[e]:26}}\n"
    "relay_domains = a.example,\n   b.example\n",
    "relay_domains = $mydestination a.example\nrelay_recipient_maps = inline:{x@a.example=1}, inline:{@b.example=1}\n",
    "own = inline:{x.example=smtp:}\ntransport_maps = $own\nrelay_domains = ${mydomain}\n",
    "smtpd_recipient_restrictions = permit_mynetworks,\n  reject_unauth_destination,\n  permit\n",
    "compatibility_level = 0\n",
    "compatibility_level = 0\nrelay_domains =\n",
]


@pytest.mark.parametrize("text", LISTS)
def test_lists_of_the_admin_come_back(config, text):
    config.add(text)
    before, expanded = config.meaning(), config.expanded()
    names = {"relay_domains": "$rollcall_domains", "transport_maps": "$rollcall_transport_maps"}
    values = {name: config.postconf("-xh", name).strip() for name in names}
    config.done("--domain", D, "--verify-recipients", "apply")
    for name, token in names.items():
        assert config.value(name).endswith(token)
        assert config.postconf("-xh", name).strip() == ", ".join(filter(None, [values[name], config.postconf("-h", token[1:]).strip()]))
    assert config.value("smtpd_recipient_restrictions").startswith("$rollcall_recipient_restrictions")
    assert ("$rollcall_relay" in config.value("relay_recipient_maps")) == ("relay_recipient_maps" in text)
    config.done("remove")
    assert sorted(config.meaning()[0].splitlines()) == sorted(
        line for line in before[0].splitlines() if line not in ("transport_maps =", "relay_domains =") or "level = 0" in text and "relay" in line)
    assert config.meaning()[1] == before[1]
    assert config.expanded() == expanded and "rollcall" not in config.text()[0]


@pytest.mark.parametrize("value", ["$rollcall_transport_maps, static:x", "static:x $rollcall_transport_maps,static:y",
                                   "static:x,$rollcall_transport_maps , static:y", "static:x, $rollcall_transport_maps"])
def test_our_element_is_found_wherever_the_admin_moved_it(config, value):
    config.done("--domain", D, "apply")
    config.postconf("-e", "transport_maps=" + value.replace("static:x", "inline:{x=y}").replace("static:y", "inline:{y=x}"))
    assert "nothing to change" in config.done("--domain", D, "apply")
    config.done("remove")
    kept = config.value("transport_maps")
    assert "rollcall" not in kept and [m for m in re.split("[, ]+", kept)] == ["inline:{x=y}"] + ["inline:{y=x}"] * ("y" in value)


def test_comments_in_master_cf_survive(config):
    config.add("# a word at the end\n", "master.cf")
    config.done("--domain", D, "apply")
    text = config.text()[1]
    config.add("# a word behind ours\nother unix - - n - - smtp\n  -o a=b\n# within\n  -o c=d\n", "master.cf")
    config.done("remove")
    assert config.text()[1].replace("# a word behind ours\nother unix - - n - - smtp\n  -o a=b\n# within\n  -o c=d\n", "") == re.sub(
        r"(?m)^rollcall.*\n(?:    .*\n)*", "", text)
    assert "# a word at the end" in config.text()[1] and "# within" in config.text()[1]


def test_own_layout_of_our_entries_survives(config):
    config.done("--domain", D, "apply")
    with open(config.file("master.cf")) as f:
        text = f.read().replace("    -o lmtp_data_done_timeout=600s\n", "# so long\n\t-o   lmtp_data_done_timeout=600s\n")
    with open(config.file("master.cf"), "w") as f:
        f.write(text)
    assert "nothing to change" in config.done("--domain", D, "apply")
    assert "# so long" in config.text()[1]


@pytest.mark.parametrize("chroot", ["n", "y", "-"])
def test_chroot_is_that_of_the_own_cleanup(config, chroot):
    config.postconf("-Fe", "cleanup/unix/chroot=" + chroot)
    config.done("--domain", D, "apply")
    assert [config.service(s)[4] for s in ("rollcall", "rollcall-out", "rollcall-cleanup")] == ["n", chroot, chroot]


# ---- domains and transports ----

def test_several_domains(config):
    before = config.text()
    config.done("--domain", "A.example.org", "--domain", "b.example.org", "apply")
    config.done("--domain", "c.example.org", "--lmtp", "inet:127.0.0.1:2424", "apply")
    config.done("--domain", "b.example.org", "--lmtp", "unix:/run/b", "apply")
    assert config.value("rollcall_domains") == "a.example.org, b.example.org, c.example.org"
    assert config.done("status").splitlines() == ["a.example.org goes to rollcall:unix:/run/rollcall/lmtp",
                                                  "b.example.org goes to rollcall:unix:/run/b",
                                                  "c.example.org goes to rollcall:inet:127.0.0.1:2424"]
    config.done("--domain", "a.example.org", "remove")
    assert config.value("rollcall_domains") == "b.example.org, c.example.org"
    config.done("--domain", "c.example.org", "--domain", "b.example.org", "remove")
    assert config.text() == before


def test_a_dot_in_a_domain_is_a_dot(config):
    config.done("--domain", "a.b.example", "--domain", "axb.example", "apply")
    config.done("--domain", "a.b.example", "--lmtp", "unix:/run/x", "apply")
    config.done("--domain", "a.b.example", "remove")
    assert config.done("status") == "axb.example goes to rollcall:unix:/run/rollcall/lmtp\n"


def test_tls_is_switched_off_for_unix_sockets_only(config):
    config.done("--domain", D, "apply")
    assert "lmtp_tls_security_level=none" in config.service("rollcall")
    config.done("--domain", D, "--lmtp", "inet:[::1]:2424", "apply")
    assert "lmtp_tls_security_level=none" not in config.service("rollcall")
    config.done("--domain", D, "apply")
    assert "lmtp_tls_security_level=none" in config.service("rollcall")


def test_pipe_transport(config):
    before = config.text()
    pipe = ["--transport", "pipe", "--pipe-program", "/bin/true", "--pipe-user", "nobody"]
    config.done("--domain", D, "--lmtp", "inet:127.0.0.1:2424", *pipe, "apply")
    assert config.service("rollcall-pipe") == (
        "rollcall-pipe unix - n n - - pipe flags=q user=nobody null_sender= argv=/bin/true --socket inet:127.0.0.1:2424 "
        "--sender ${sender} --recipient ${recipient} --sasl-user ${sasl_username} --client ${client_address} --queue-id ${queue_id}").split()
    assert config.service("rollcall") == [] and config.value("rollcall-pipe_destination_recipient_limit") == "1"
    assert config.done("status") == "%s goes to rollcall-pipe:\n" % D
    config.done("--domain", "b.example.org", "--transport", "pipe", "apply")
    assert "user=nobody" in config.service("rollcall-pipe") and "inet:127.0.0.1:2424" in config.service("rollcall-pipe")
    config.done("--domain", "b.example.org", "apply")
    assert config.service("rollcall") and config.service("rollcall-pipe")
    config.done("--domain", D, "apply")
    assert config.service("rollcall-pipe") == [] and "rollcall-pipe" not in "".join(config.text())
    config.done("remove")
    assert config.text() == before


# ---- refusals ----

def table(config, name, text):
    with open(config.file(name), "w") as f:
        f.write(text)
    subprocess.run(["postmap", config.file(name)], check=True)
    return "hash:" + config.file(name)


@pytest.mark.parametrize("setting", [
    "mydestination = lists.example.org", "mydestination = localhost, Lists.Example.ORG", "mydestination = $myhostname\nmyhostname = lists.example.org",
    "mydestination = FILE", "mydestination = inline:{lists.example.org=x}", "mydestination = TABLE", "virtual_alias_domains = a.example lists.example.org",
    "virtual_alias_maps = TABLE", "virtual_mailbox_domains = TABLE", "virtual_mailbox_domains = proxy:TABLE"])
def test_domain_that_postfix_delivers_itself(config, setting):
    with open(config.file("names"), "w") as f:
        f.write("# ours\na.example lists.example.org # lists\n")
    config.add(setting.replace("FILE", config.file("names")).replace("TABLE", table(config, "table", "lists.example.org x\n")) + "\n")
    reason = config.refused("--domain", D, "apply")
    name = "virtual_alias_domains" if "alias" in setting else setting.split(" ")[0]
    assert "%s is in %s: Postfix delivers its mail itself" % (D, name) in reason and "Take it out of " + name in reason


@pytest.mark.parametrize("setting,reason", [
    ("verp_delimiter_filter = -=", "verp_delimiter_filter lacks + or ="),
    ("virtual_alias_maps = inline:{@lists.example.org=x@a.example}\nvirtual_alias_domains =", "virtual_alias_maps (inline:"),
    ("canonical_maps = regexp:{{/@lists/ x@a.example}}", "canonical_maps (regexp:"),
    ("transport_maps = inline:{lists.example.org=mailman:}", "already routes lists.example.org elsewhere"),
    ("transport_maps = TABLE", "already routes lists.example.org elsewhere"),
    ("transport_maps = inline:{a=b}, regexp:{{/@lists/ smtp:x}}", "already routes any-list@lists.example.org elsewhere")])
def test_what_would_come_before_us(config, setting, reason):
    config.add(setting.replace("TABLE", table(config, "table", "lists.example.org mailman:\n")) + "\n")
    assert reason in config.refused("--domain", D, "apply")


@pytest.mark.parametrize("setting", ["mydestination = example.org, lists.example.org.example.com, sub.lists.example.org", "mydestination = /nonexistent",
                                     "virtual_alias_maps = inline:{x@lists.example.org=y@a.example}", "transport_maps = inline:{a.example=smtp:, {*=smtp:b}}",
                                     "relay_domains = lists.example.org"])
def test_what_only_looks_like_it(config, setting):
    config.add(setting + "\n")
    config.done("--domain", D, "apply")


def test_a_table_that_cannot_be_asked_is_named_and_no_obstacle(config):
    config.add("transport_maps = hash:/nonexistent/table\n")
    result = config.run("--domain", D, "apply")
    assert result.returncode == 0
    assert "could not ask hash:/nonexistent/table for lists.example.org; see to it that it is not there" in result.stderr


@pytest.mark.parametrize("line", ["rollcall unix - - n - - smtp", "rollcall-cleanup unix n - n - 0 cleanup -o a=b",
                                  "rollcall-pipe unix - n n - - pipe user=nobody argv=/bin/true"])
def test_services_of_others_with_our_name(config, line):
    config.add(line + "\n", "master.cf")
    for arguments in (["--domain", D, "apply"], ["remove"]):
        assert "has a service %s/unix that is not ours" % line.split()[0] in config.refused(*arguments)


@pytest.mark.parametrize("options,reason", [
    (["--pipe-program", "/nonexistent"], "/nonexistent is no program here"), (["--pipe-program", "/bin/true"], "there is no user rollcall-pipe"),
    (["--pipe-program", "/bin/true", "--pipe-user", "root"], "pipe(8) does not run programs as root"),
    (["--pipe-program", "/bin/true", "--pipe-user", "postfix"], "pipe(8) does not run programs as postfix"),
    (["--pipe-program", "/bin/true", "--pipe-user", "nobody", "--verify-recipients"], "--verify-recipients needs the lmtp transport")])
def test_pipe_transport_that_could_not_run(config, options, reason):
    if "rollcall-pipe" in reason and shutil.which("getent") and subprocess.run(["getent", "passwd", "rollcall-pipe"]).returncode == 0:
        pytest.skip("this machine has a user rollcall-pipe")
    assert reason in config.refused("--domain", D, "--transport", "pipe", *options, "apply")


@pytest.mark.parametrize("arguments", [
    [], ["apply"], ["--domain", D], ["--domain", D, "apply", "remove"], ["--domain", D, "install"], ["--domain"], ["--domain", "", "apply"],
    ["--domain", D, "--lmtp", "/run/x", "apply"], ["--domain", D, "--lmtp", "unix:/a b", "apply"], ["--domain", D, "--lmtp", "unix:/a,b}", "apply"],
    ["--domain", D, "--lmtp", "inet:127.0.0.1", "apply"], ["--domain", D, "--transport", "smtp", "apply"], ["--unknown", "apply"],
    *(["--domain", d, "apply"] for d in ["org", "-a.example", "a-.example", "a..example", ".example.org", "example.org.", "a b.example", "a,b.example",
                                         "a=b.example", "{a}.example", "*.example", "b\u00fccher.example", "10.0.0.1", "a_b.example", "$x.example",
                                         "a" * 64 + ".example", "a." * 130 + "example", "a.example\nb.example", "a.example b.example"])])
def test_wrong_usage(config, arguments):
    assert "usage: rollcall-postfix" in config.refused(*arguments, status=64)


def test_no_configuration_there(tmp_path):
    result = subprocess.run([SCRIPT, "--config-dir", tmp_path, "--domain", D, "apply"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1 and "no main.cf and master.cf to be read" in result.stderr


def test_no_right_to_write(config):
    os.chmod(config.path, 0o755)
    before = config.text()
    result = subprocess.run(["setpriv", "--reuid", "nobody", "--clear-groups", SCRIPT, "--config-dir", config.path, "--domain", D, "apply"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1 and config.text() == before
