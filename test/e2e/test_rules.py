"""What decides about a post beside roles: columns and counts of the CRM, listmasters, and a list's own checks; and who hears which rule it was."""
import email
import email.policy
import os
import subprocess

import pytest

from explaining import explain, run
from lab.process import BUILD, wait_until
from lab.world import World, address, compose

MODERATOR, STRANGER = "bram@space.example", "stranger@elsewhere.example"
PAID, UNPAID = "paid@mail.example.net", "unpaid@mail.example.net"
RULES = {
    "send.paid": "equal([crm->paid],1) and is_subscriber([listname],[sender]) -> do_it\ntrue() -> reject(reason='send_subscriber')\n",
    "send.missing": "equal([crm->payed],1) -> do_it\ntrue() -> reject\n",
    "send.small": "less_than([list->total],4) and equal([list->description],'A few') and equal([conf->hostname],'mx.example.org') -> do_it\ntrue() -> discard\n",
    "send.forward": "true() smtp,dkim,md5,smime -> editor\n",
    "send.reasons": "match([header->Subject],/one/) -> reject('send_editor')\nmatch([header->Subject],/two/) -> reject(reason='send_owner',tt2='send_editor')\n"
                    "true() -> reject(reason='not_for_sale')\n",
    "send.masters": "is_owner([listname],[sender]) -> do_it\ntrue() -> discard\n",
}
SETTINGS = {
    "rollcall": {"listmasters": "Root@elsewhere.example"},
    "list " + address("paid"): {"scenario": "paid"},
    "list " + address("missing"): {"scenario": "missing"},
    "list " + address("small"): {"scenario": "small", "description": "A few"},
    "list " + address("forward"): {"scenario": "forward"},
    "list " + address("reasons"): {"scenario": "reasons"},
    "list " + address("masters"): {"scenario": "masters"},
    "list " + address("brake"): {"scenario": "public", "emergency": "yes"},
    "list " + address("checks"): {"scenario": "public", "banned": "bad@elsewhere.example;^.*@spam[.]example$", "max_recipients": 3, "no_subject": "reject",
                                  "administrivia": "hold", "require_explicit_destination": "hold", "acceptable_aliases": "singers@example.org",
                                  "max_size": 20000, "max_size_action": "reject"},
    "list " + address("closed"): {"scenario": "public", "list_status": "closed"},
}


@pytest.fixture(scope="module")
def world():
    with World(settings=SETTINGS, start_rollcall=False) as world:
        crm, etc = world.crm, os.path.join(world.rollcall.directory, "etc")
        for folder, files in (("scenari", RULES), ("search_filters", {"ban.txt": "# those of the file\n^file.*@elsewhere\n"})):
            os.makedirs(os.path.join(etc, folder))
            for name, text in files.items():
                with open(os.path.join(etc, folder, name), "w") as f:
                    f.write(text)
        crm.execute("ALTER TABLE members_user ADD COLUMN paid INT NOT NULL DEFAULT 0")
        (view,), = [row[1:2] for row in crm.query("SHOW CREATE VIEW mailinglists_api")]
        crm.execute(view[view.index("select"):].replace("select distinct", "CREATE OR REPLACE VIEW mailinglists_api AS SELECT DISTINCT `members_user`.`paid` AS `paid`,"))
        for name in ("paid", "missing", "small", "forward", "reasons", "masters", "brake", "checks", "closed"):
            for person in (PAID, UNPAID, MODERATOR):
                crm.join(person, name)
        crm.execute("UPDATE members_user SET paid = 1 WHERE email = %s", PAID)
        world.rollcall.start()
        yield world


def post(world, name, author=STRANGER, to=None, subject="Tea", body=b"At four.\r\n", fields=()):
    """Hands a post over by LMTP; the reply."""
    world.postfix.wait_empty()
    world.sink.forget()
    message = compose(author, to or address(name), subject, body, fields)
    with world.rollcall.connect() as client:
        reply, = client.post(author, [address(name)], message)
    return reply


def text_of(copy):
    return email.message_from_bytes(copy.message, policy=email.policy.default).get_body(("plain",)).get_content()


def notice(world):
    """The moderator's."""
    return wait_until(lambda: world.sink.transactions(MODERATOR), 15, "a notice: " + world.last_words())[0]


def test_column_of_the_author(world):
    assert post(world, "paid", PAID).code == 250
    assert len(world.copies(3)) and world.rollcall.wait_log("list=<paid@.*rule=send.paid:1.*status=sent")
    reply = post(world, "paid", UNPAID)
    assert reply.code == 550
    world.crm.execute("UPDATE members_user SET paid = 1 WHERE email = %s", UNPAID)
    try:
        assert post(world, "paid", UNPAID).code == 250
    finally:
        world.crm.execute("UPDATE members_user SET paid = 0 WHERE email = %s", UNPAID)


def test_column_that_is_not_there_makes_posts_wait(world):
    reply = post(world, "missing", PAID)
    assert reply.code == 451 and "'payed'" in str(reply.text)
    world.rollcall.wait_log("ALARM list=<missing@.*payed")
    world.rollcall.wait_log("crm: missing@.*the view has no column 'payed'")
    assert not world.sink.transactions()


def test_check_names_the_column_and_the_rule(world):
    done = subprocess.run([os.path.join(BUILD, "rollcall"), "check", "--config", world.rollcall.config, "--postfix-config", world.postfix.config],
                          capture_output=True, text=True)
    assert "send.missing:1: the CRM's view has no column 'payed'" in done.stdout and "'paid'" not in done.stdout, done.stdout


@pytest.mark.parametrize("subject, text", [
    ("one", "Only the moderators of this list may write to it."), ("two", "Only the moderators of this list may write to it."),
    ("three", "The rules of this list do not allow this message. (not_for_sale)")])
def test_author_reads_why_in_words(world, subject, text):
    """By the name of a template or the key of a reason; also where nobody has written a text for it."""
    reply = post(world, "reasons", PAID, subject=subject)
    assert reply.code == 550 and reply.lines[-1] == "550 5.7.1 " + text


def test_total_and_settings(world):
    assert post(world, "small").code == 250
    world.rollcall.wait_log("list=<small@.*rule=send.small:1.*status=sent")
    world.crm.join("one.more@mail.example.net", "small")
    post(world, "small")
    world.rollcall.wait_log("list=<small@.*rule=send.small:2.*status=discarded")


def test_listmaster(world):
    post(world, "masters", "root@elsewhere.example")
    world.rollcall.wait_log("list=<masters@.*rule=send.masters:1.*status=sent")
    post(world, "masters", "oot@elsewhere.example")
    world.rollcall.wait_log("list=<masters@.*rule=send.masters:2.*status=discarded")


def test_emergency_brake(world):
    """Held whatever the scenario says, and the moderators read why; what they let pass goes out, without a word of the rule."""
    assert post(world, "brake", PAID, subject="Now what").code == 250
    world.rollcall.wait_log("list=<brake@.*rule=settings:emergency.*status=held")
    copy = notice(world)
    assert "At present, a moderator looks at every message to this list." in " ".join(text_of(copy).split())
    assert copy.header("X-Rollcall-Rule") == ["settings:emergency emergency"]
    link = next(word for word in text_of(copy).split() if word.startswith("mailto:") and "subject=accept" in word.lower())
    world.postfix.wait_empty()
    world.sink.forget()
    where = link[len("mailto:"):].partition("?")[0].replace("%2B", "+").replace("%2b", "+")
    world.postfix.send(compose(MODERATOR, where, "accept", b"accept\r\n"), MODERATOR, where)
    members = set(world.crm.members("brake"))
    wait_until(lambda: members <= {a for c in world.sink.transactions() if c.header("List-Id") for a in c.recipients}, 20, "the post at every member")
    assert not [c for c in world.sink.transactions() if c.header("List-Id") and b"x-rollcall" in c.message.lower()]


def test_explain_names_the_setting(world):
    message = compose(PAID, "brake")
    answer, = explain(world, "--to", address("brake"), text=message)
    rules = answer["posts"][0]["rules"]
    assert rules["place"] == "settings:emergency" and rules["action"] == "editorkey" and rules["reason"] == "emergency"
    status, text, _ = run(world, "--to", address("brake"), text=message)
    assert status == 0 and ", by settings:emergency\n" in text and "    settings:emergency\n      true\n" in text, text


@pytest.mark.parametrize("author, how, rule, code, words", [
    ("bad@elsewhere.example", {}, "banned", 250, None),
    ("Any.Body@spam.example", {}, "banned", 250, None),
    ("file7@elsewhere.example", {}, "banned", 250, None),
    (STRANGER, {"to": "a@b.org>, <c@d.org>, <" + address("checks")}, "max_recipients", 250, "too many people at once"),
    (STRANGER, {"to": "a@b.org"}, "require_explicit_destination", 250, "neither in To nor in Cc"),
    (STRANGER, {"subject": "unsubscribe"}, "administrivia", 250, "looks like a command"),
    (STRANGER, {"subject": " "}, "no_subject", 550, None),
    (STRANGER, {"body": b"0123456789\r\n" * 2000}, "max_size", 550, None),
])
def test_checks_before_the_scenario(world, author, how, rule, code, words):
    before = len(world.rollcall.log("list=<checks@.*rule=settings:%s," % rule))
    reply = post(world, "checks", author, **how)
    assert reply.code == code, reply
    lines = wait_until(lambda: world.rollcall.log("list=<checks@.*rule=settings:%s," % rule)[before:], 10, "the rule in the log")
    assert ("status=discarded" if rule == "banned" else "status=held" if words else "status=refused") in lines[0], lines
    if words:
        copy = notice(world)
        assert words in " ".join(text_of(copy).split()) and copy.header("X-Rollcall-Rule") == ["settings:%s %s" % (rule, rule)]
    else:
        world.postfix.wait_empty()
        assert not world.sink.transactions()


def test_an_alias_names_the_list(world):
    assert post(world, "checks", to="singers@example.org").code == 250
    world.rollcall.wait_log("list=<checks@.*rule=send.public:[0-9]+,.*status=sent")


def test_closed_list(world):
    reply = post(world, "closed", PAID)
    assert reply.code == 550 and "closed" in str(reply.text)


def test_forward_says_the_rule_to_moderators_alone(world):
    post(world, "forward", subject="For you", fields=[("X-Rollcall-Rule", "send.forged:1 true() -> do_it")])
    copy = notice(world)
    assert copy.header("Subject") == ["For you"]
    assert copy.header("X-Rollcall-Rule") == ["send.forward:1 true() smtp,dkim,md5,smime -> editor"]
    # Members get none, not even an author's own.
    post(world, "checks", subject="To all", fields=[("X-Rollcall-Rule", "send.forged:1 true() -> do_it")])
    for copy in world.copies(3):
        assert b"x-rollcall" not in copy.message.lower()
