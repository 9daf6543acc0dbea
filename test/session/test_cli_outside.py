"""rollcall check against a CRM and a Postfix that are not as they should be (HOSTILE D10, D13, D15, D17, C5, C6 and DESIGN section 4)."""
import contextlib
import os
import shutil
import time

import pytest

from cli import Cli
from lab.crm import PASSWORD
from lab.process import free_port
from lab.process import run as execute
from lab.rollcall import DOMAIN, TEXTS
from lab.world import World


@pytest.fixture(scope="module")
def world():
    """All but the daemon."""
    with World(start_rollcall=False) as everything:
        yield everything


@pytest.fixture
def cli(world, tmp_path):
    return Cli(world, tmp_path)


@pytest.fixture
def postfix(world):
    """Postfix's files may be changed: what was there is put back."""
    names = [os.path.join(world.postfix.config, name) for name in ("main.cf", "master.cf")]
    for name in names:
        shutil.copy2(name, name + ".kept")
    yield world.postfix
    for name in names:
        os.rename(name + ".kept", name)


def problem(said, *words):
    """The one problem with all the words; fails when there is none or when the exit status does not say so."""
    assert said.status == 1, said.output
    found = [p for p in said.problems if all(word in p for word in words)]
    assert found, (words, said.output)
    return found[0]


# ---- the CRM ----

def test_crm_that_is_away(cli):
    started = time.monotonic()
    problem(cli.check({"crm": {"hosts": "127.0.0.1:1"}}), "CRM: ", "127.0.0.1")
    assert time.monotonic() - started < 20


def test_crm_that_says_nothing(cli, world):
    world.mariadb.freeze()
    try:
        started = time.monotonic()
        problem(cli.check({"crm": {"connect_deadline": 2, "query_deadline": 2}}), "CRM: ")
        assert time.monotonic() - started < 20
        assert cli.lists(changes={"crm": {"connect_deadline": 2, "query_deadline": 2}}).status == 1
    finally:
        world.mariadb.thaw()


@contextlib.contextmanager
def changed(world, sql, undo):
    world.crm.execute(sql)
    try:
        yield
    finally:
        world.crm.execute(undo)


def test_crm_user_who_may_too_much(cli, world):
    with changed(world, "GRANT INSERT ON mailinglists_api TO mlist@'%'", "REVOKE INSERT ON mailinglists_api FROM mlist@'%'"):
        problem(cli.check(), "grants", "INSERT")
        said = cli.check({"crm": {"excess_grants": "warn"}})
        assert said.status == 0 and [w for w in said.of("warning") if "INSERT" in w]
    assert cli.check().status == 0


def test_crm_lets_nobody_in(cli, world):
    """The server's words alone help nobody who did not set it up."""
    with changed(world, "ALTER USER mlist@'%' IDENTIFIED BY 'another'", "ALTER USER mlist@'%' IDENTIFIED BY '{}'".format(PASSWORD)):
        said = cli.check()
        problem(said, "CRM: access denied", "1045", " — compare user, password and database")
        assert len(said.problems) == 1, said.output


def test_crm_view_under_another_name(cli):
    """What is granted on the true view must not be revoked because of a typing error in the settings."""
    said = cli.check({"crm": {"view": "mailinglist_api"}})
    problem(said, "may not SELECT from", "is that its name (setting view)?")
    problem(said, "SELECT, SHOW VIEW ON", " — revoke it, unless the setting view is wrong")
    assert "is missing" not in said.output, said.output


def test_crm_without_the_view(cli, world):
    world.crm.drop_view()
    try:
        said = cli.check()
        problem(said, "CRM: ", " — name the view and its columns in [crm]")
        assert cli.lists().status == 1
    finally:
        world.crm.use_view("view.sql")
        world.crm.execute("GRANT SELECT, SHOW VIEW ON mailinglists_api TO mlist@'%'")
    assert cli.check().status == 0


def test_crm_without_a_column(cli):
    problem(cli.check({"crm": {"column_owner": "boss"}}), "'boss'")


@pytest.mark.parametrize("name, level, word", [
    ("../../etc/passwd", "warning", "is no list of ours"), ("choir@elsewhere.example", "warning", "is no list of ours"),
    ("testlist@" + DOMAIN, "error", "same address")])
def test_names_in_the_crm(cli, world, name, level, word):
    world.crm.join("bram@space.example", name)
    try:
        said = cli.check()
        assert [f for f in said.of(level) if word in f and name in f], said.output
        assert said.status == (level == "error")
        row = next(row for row in cli.lists("--json").findings() if row["value"] == name)
        assert not row["usable"] and row["remark"].startswith("not usable")
    finally:
        world.crm.leave("bram@space.example", name)


def test_settings_for_a_list_that_is_not_there(cli):
    said = cli.check({"list tesltist@" + DOMAIN: {"subject_tag": "[t]"}})
    assert said.status == 0 and [w for w in said.of("warning") if "the CRM has no such list" in w]


# ---- Postfix ----

def test_what_postfix_tells_of_authors(cli, postfix):
    def told(changes=None):
        return [w for w in cli.check(changes).of("warning") if "login" in w]
    assert told() == []
    postfix.postconf("-M", "-e", "submission/inet=submission inet n - n - - smtpd")
    postfix.postconf("-P", "-e", "submission/inet/smtpd_sasl_auth_enable=yes")
    warning, = told()
    assert "submission/inet does not tell who is logged in" in warning and "smtpd_sasl_authenticated_header = yes" in warning
    assert told({"rollcall": {"sasl_match": "none"}}) == []
    postfix.postconf("-e", "smtpd_sasl_authenticated_header=yes")
    assert told() == []
    postfix.postconf("-P", "-e", "submission/inet/myhostname=smtp.example.org")
    warning, = told()
    assert "submission/inet calls itself smtp.example.org" in warning and "border_hosts to smtp.example.org" in warning
    assert told({"rollcall": {"border_hosts": "mx.example.org;SMTP.example.org"}}) == []
    # SPF is read from the same fields, of each service that mail comes in by.
    both = {"rollcall": {"border_authserv_ids": "mx.example.org", "border_hosts": "elsewhere.example.org"}}
    assert len(told(both)) == len([s for s in postfix.postconf("-M").splitlines() if s.split()[7] == "smtpd"])


def test_no_postfix(cli):
    hide = ["unshare", "-m", "sh", "-c", 'mount --bind /dev/null "$0" && exec "$@"', shutil.which("postconf", path="/usr/sbin:/sbin:/usr/bin")]
    said = cli.check(prefix=hide, path="/usr/bin:/bin")
    assert said.status == 0 and [w for w in said.of("warning") if "no postconf here" in w]


def test_postfix_directory_that_is_none(cli, tmp_path):
    problem(cli.check(None, "--postfix-config", str(tmp_path)), "Postfix: ", "main.cf")


def test_postfix_without_us(cli, postfix):
    postfix.remove()
    said = cli.check(script=True)
    problem(said, "no service rollcall-out/unix")
    problem(said, "not in relay_domains")
    problem(said, "mail for %s goes to relay/unix" % DOMAIN)
    assert [w for w in said.of("warning") if "not as rollcall-postfix would write them" in w]


CAUGHT = "inline:{%s=other@elsewhere.example}"


@pytest.mark.parametrize("settings, words", [
    ({"mydestination": "$myhostname, " + DOMAIN}, ["is in mydestination"]),
    ({"virtual_alias_domains": "inline:{%s=x}" % DOMAIN}, ["is in virtual_alias_domains"]),
    ({"virtual_mailbox_domains": DOMAIN.upper()}, ["is in virtual_mailbox_domains"]),
    ({"relay_domains": "other.example"}, ["not in relay_domains"]),
    ({"virtual_alias_maps": CAUGHT % ("@" + DOMAIN)}, ["virtual_alias_maps sends @%s elsewhere" % DOMAIN]),
    ({"virtual_alias_maps": CAUGHT % ("testlist@" + DOMAIN)}, ["virtual_alias_maps sends testlist@"]),
    ({"virtual_alias_maps": "inline:{x=y}, " + CAUGHT % ("testlist-owner@" + DOMAIN)}, ["sends testlist-owner@"]),
    ({"recipient_canonical_maps": CAUGHT % ("testlist-bounces@" + DOMAIN)}, ["recipient_canonical_maps sends testlist-bounces@"]),
    ({"transport_maps": "inline:{testlist@%s=smtp:}, $rollcall_transport_maps" % DOMAIN}, ["mail for testlist@", "goes to smtp/unix"]),
    ({"transport_maps": "inline:{%s=rollcall:unix:/nowhere/lmtp}" % DOMAIN}, ["/nowhere/lmtp, where we do not listen"]),
    ({"relay_recipient_maps": "inline:{deelnemers@%s=x}" % DOMAIN}, ["relay_recipient_maps does not have"])])
def test_mail_that_never_reaches_us(cli, postfix, settings, words):
    postfix.postconf("-e", *("%s=%s" % item for item in settings.items()))
    said = cli.check()
    problem(said, *words)
    assert "elsewhere.example" not in said.output


def test_routes_that_are_fine(cli, postfix):
    postfix.postconf("-e", "virtual_alias_maps=inline:{@%s=@%s, a@b.example=c@d.example}" % (DOMAIN, DOMAIN),
                     "relay_recipient_maps=inline:{@%s=x}" % DOMAIN, "transport_maps=inline:{b.example=smtp:}, $rollcall_transport_maps")
    assert cli.check().problems == []


def test_table_that_cannot_be_asked(cli, postfix):
    postfix.postconf("-e", "virtual_alias_maps=hash:/nowhere/virtual")
    said = cli.check()
    assert said.problems == [] and [w for w in said.of("warning") if "hash:/nowhere/virtual could not be asked" in w]


@pytest.mark.parametrize("change, words", [
    (["-P", "rollcall-out/unix/content_filter=smtp:[127.0.0.1]:10024"], ["content_filter"]),
    (["-P", "rollcall-out/unix/receive_override_options=no_header_body_checks", "-e", "non_smtpd_milters=inet:127.0.0.1:8891"], ["non_smtpd_milters"]),
    (["-P", "rollcall-out/unix/receive_override_options=no_header_body_checks", "-P", "rollcall-cleanup/unix/non_smtpd_milters=inet:127.0.0.1:8891"],
     ["non_smtpd_milters"]),
    (["-P", "rollcall-out/unix/qmqpd_authorized_clients=192.0.2.1"], ["qmqpd_authorized_clients"]),
    (["-P", "rollcall-out/unix/cleanup_service_name=nobody"], ["cleanup service", "not in master.cf"]),
    (["-MX", "rollcall-out/unix"], ["no service rollcall-out/unix"]),
    (["-Me", "rollcall-out/unix=rollcall-out unix n - n - - smtpd"], ["does not speak QMQP"]),
    (["-P", "rollcall/unix/lmtp_data_done_timeout=500s"], ["waits 500s", "post_deadline"])])
def test_services_that_are_not_ours_any_more(cli, postfix, change, words):
    for i in range(0, len(change), 2):
        postfix.postconf(change[i], change[i + 1])
    problem(cli.check(), *words)


def test_things_to_look_at(cli, postfix):
    for change, word in ((["-P", "rollcall-cleanup/unix/message_size_limit=10240000"], "message_size_limit holds for the fan-out"),
                         (["-e", "message_size_limit=100000000"], "bounced to their authors"),
                         (["-e", "smtp_generic_maps=inline:{a@b.example=c@d.example}"], "smtp_generic_maps of smtp/unix may change"),
                         (["-P", "relay/unix/smtp_header_checks=static:IGNORE"], "smtp_header_checks of relay/unix may change"),
                         (["-e", "smtp_line_length_limit=512"], "smtp_line_length_limit of smtp/unix breaks long lines"),
                         (["-e", "smtp_discard_ehlo_keywords=dsn, 8bitmime"], "has every 8-bit copy converted"),
                         (["-e", "maximal_queue_lifetime=121h"], "Postfix tries for 121h"),
                         (["-e", "maximal_queue_lifetime=6"], "Postfix tries for 6 to"),
                         (["-P", "rollcall/unix/lmtp_data_done_timeout=560s"], "waits 560s")):
        postfix.postconf(*change)
        said = cli.check()
        assert said.problems == [] and [w for w in said.of("warning") if word in w], said.output


def test_a_queue_that_we_outlive(cli, postfix):
    for text, ours in (("5d", "5d"), ("120h", "5d"), ("1w", "7d"), ("0", "60")):
        postfix.postconf("-e", "maximal_queue_lifetime=" + text)
        said = cli.check({"rollcall": {"queue_lifetime": ours}})
        assert said.problems == [] and not [w for w in said.of("warning") if "maximal_queue_lifetime" in w], said.output


def test_loops(cli, postfix):
    """The fan-out must not be handed to a port that would send it back to us."""
    smtp = "inet:127.0.0.1:%d" % postfix.port
    problem(cli.check({"rollcall": {"qmqp_socket": smtp}}), "does not speak QMQP")
    problem(cli.check({"rollcall": {"listen": smtp}}), "is Postfix's service")
    lmtp = cli.world.rollcall.lmtp
    problem(cli.check({"rollcall": {"qmqp_socket": lmtp}}), "posts would come back to us")


def test_who_may_enter(cli, postfix):
    problem(cli.check({"rollcall": {"qmqp_group": "nogroup"}}), "the daemon may not enter")
    problem(cli.check({"rollcall": {"lmtp_peer_users": "root"}}), "as user postfix, whom lmtp_peer_users does not let in")
    problem(cli.check({"rollcall": {"qmqp_socket": "unix:/run/other/public/rollcall-out"}}), "no public socket of the Postfix in")
    socket = postfix.qmqp_socket
    os.rename(socket, socket + ".away")
    try:
        problem(cli.check(), "is not there")
    finally:
        os.rename(socket + ".away", socket)


def test_smtp_way(cli, postfix):
    """relay = smtp: what the server offers, what it costs that it does not, and Postfix's limit before a large list meets it."""
    smtp = {"relay": "smtp", "smtp_server": postfix.add_smtp_entrance()}
    said = cli.check({"rollcall": smtp})
    assert said.problems == [] and said.of("warning") == cli.check().of("warning"), said.output
    assert [o for o in said.of("ok") if "reached; it offers PIPELINING 8BITMIME SMTPUTF8 SIZE XVERP" in o], said.output
    assert [o for o in said.of("ok") if "takes 10000000 recipients at once" in o], said.output
    narrow = dict(smtp, smtp_server=postfix.add_smtp_entrance("127.0.0.1:%d" % free_port(), smtpd_discard_ehlo_keywords="pipelining,8bitmime,smtputf8,verp"))
    said = cli.check({"rollcall": narrow, "domain " + DOMAIN: {"verp": "yes"}})
    for word in ("PIPELINING: each", "8BITMIME: 8-bit posts wait", "SMTPUTF8: posts", "XVERP: a bounce", "takes 1000 recipients at once"):
        assert [w for w in said.of("warning") if word in w], (word, said.output)
    assert "or name another: nothing is converted" in said.output and "smtputf8_enable = yes" in said.output
    problem(cli.check({"rollcall": dict(smtp, smtp_server="inet:127.0.0.1:1")}), "mail server not reached: Connection refused")
    problem(cli.check({"rollcall": dict(smtp, smtp_server=cli.world.rollcall.lmtp)}), "is also smtp_server: posts would come back to us")
    problem(cli.check({"rollcall": dict(smtp, smtp_user="us", smtp_password_file="/nonexistent")}), "smtp_password_file: /nonexistent No such file")
    problem(cli.check({"rollcall": dict(smtp, smtp_tls="require")}), "a unix socket has no name")


def test_pipe_transport(cli, postfix):
    """By pipe(8) the route ends at the same socket, as a user of its own."""
    program = shutil.which("true")
    postfix.remove()
    execute([os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "postfix-conf", "rollcall-postfix"),
             "--config-dir", postfix.config, "--domain", DOMAIN, "--transport", "pipe", "--pipe-user", "nobody", "--pipe-program", program,
             "--lmtp", cli.world.rollcall.lmtp, "apply"])
    line = postfix.postconf("-M", "rollcall-pipe/unix").strip()
    postfix.postconf("-Me", "rollcall-pipe/unix=" + line.replace("argv=" + program, "argv=/usr/bin/rollcall-pipe"))
    problem(cli.check(), "as user nobody")
    said = cli.check({"rollcall": {"lmtp_peer_users": "root;nobody"}})
    assert said.problems == [] and [o for o in said.of("ok") if "comes to us by " + cli.world.rollcall.lmtp in o]


def test_reasons_without_a_sentence(cli, tmp_path):
    """A scenario may refuse with any word; who gets only the general sentence should be known before an author asks."""
    rules = tmp_path / "rules" / "scenari"
    rules.mkdir(parents=True)
    (rules / "send.house").write_text("is_owner([listname],[sender]) smtp,dkim,md5,smime -> reject(reason='no_tea')\n"
                                      "true() smtp,dkim,md5,smime -> reject(reason='send_owner')\n")
    settings = {"rollcall": {"rules_directory": tmp_path / "rules"}, "domain " + DOMAIN: {"scenario": "house"}}
    (warning,) = [w for w in cli.check(settings).of("warning") if "no sentence" in w]
    assert "send.house:1: there is no sentence for the reason 'no_tea'" in warning
    shutil.copytree(TEXTS, tmp_path / "all")
    with open(tmp_path / "all" / "en" / "sentences", "a") as f:
        f.write("no_tea: There is no tea today.\n")
    settings["rollcall"]["texts_directory"] = tmp_path / "all"
    assert not [w for w in cli.check(settings).of("warning") if "no sentence" in w]
