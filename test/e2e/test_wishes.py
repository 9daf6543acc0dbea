"""Mail that wants to join or to leave: the page, a note to the owners, or the CRM's procedure once the wish is proved (HOSTILE X10)."""
import email
import email.policy
import re
import urllib.parse

import pytest

from explaining import explain
from lab.crm import schema
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World, address, compose

OWNER, MEMBER = "anneke@space.example", "chaya@mail.example.net"
SETTINGS = {
    "crm": {"subscribe_procedure": "mailinglists_join", "unsubscribe_procedure": "mailinglists_leave"},
    "domain " + DOMAIN: {"unsubscribe_page": "https://crm.example.org/{list}", "subscribe_page": "https://crm.example.org/{list}/join"},
    "list " + address("deelnemers"): {"subscription_requests": "procedure"},
    "list " + address("spacelog"): {"subscription_requests": "owners", "language": "nl"},
    "list " + address("testlist"): {"subscription_requests": "page"},
}


@pytest.fixture(scope="module")
def world():
    with World(settings=SETTINGS, start_rollcall=False) as world:
        world.crm.mariadb.script(schema("procedures.sql"))
        world.crm.join(OWNER, "spacelog")
        world.rollcall.start()
        yield world


def text_of(copy):
    return email.message_from_bytes(copy.message, policy=email.policy.default).get_body(("plain",)).get_content()


def wish(world, word, person, name="deelnemers", fields=(), sender=None):
    """Sends the mail; waits for the line in the log, which it returns."""
    world.postfix.wait_empty()
    world.sink.forget()
    before = len(world.rollcall.log("role=%s," % word))
    to = address("%s-%s" % (name, word))
    world.postfix.send(compose(person, to, "please", b"please\r\n", fields), person if sender is None else sender, to)
    return wait_until(lambda: world.rollcall.log("role=%s," % word)[before:], 15, "the wish: " + world.last_words())[0]


def mail_to(world, person):
    copy, = wait_until(lambda: world.sink.transactions(person), 15, "a mail to %s: %s" % (person, world.last_words()))
    return copy


def confirm(world, copy, person):
    """Follows the link; the line in the log."""
    link, = [urllib.parse.urlsplit(url) for url in re.findall(r"mailto:\S+", text_of(copy))]
    where, before = urllib.parse.unquote(link.path), len(world.rollcall.log("role=confirm,"))
    world.postfix.wait_empty()
    world.sink.forget()
    world.postfix.send(compose(person, where, "confirm", b"confirm\r\n"), person, where)
    return wait_until(lambda: world.rollcall.log("role=confirm,")[before:], 15, "the confirmation")[0]


def test_leave_and_join_by_confirmation(world):
    assert "asked to confirm" in wish(world, "unsubscribe", MEMBER)
    copy = mail_to(world, MEMBER)
    assert copy.sender == "" and copy.header("Auto-Submitted") == ["auto-replied"] and "leave the mailing list" in text_of(copy)
    # Nothing happens before the word comes, and never by somebody else's.
    assert MEMBER in world.crm.members("deelnemers")
    assert "wrong-person" in confirm(world, copy, "mallory@elsewhere.example")
    assert MEMBER in world.crm.members("deelnemers")
    assert "decided" in confirm(world, copy, MEMBER)
    told = mail_to(world, MEMBER)
    assert "leave the mailing list %s has been granted" % address("deelnemers") in " ".join(text_of(told).split())
    assert MEMBER not in world.crm.members("deelnemers")
    # A second click tells that it is done, and changes nothing.
    assert "already" in confirm(world, copy, MEMBER)
    world.rollcall.wait_log("list=<deelnemers@.*: wish to unsubscribe: the CRM has done it")
    assert len(world.rollcall.log("wish to unsubscribe: the CRM")) == 1
    # The mail was no post: no member has it.
    world.postfix.wait_empty()
    assert not [c for c in world.sink.transactions() if c.header("List-Id")]


def test_explain_calls_nothing(world):
    """Not even for an author who would be believed."""
    person = "ezra@post.example.com"
    world.crm.join(person, "deelnemers")
    answer, = explain(world, "--to", address("deelnemers-unsubscribe"), "--method", "smime", text=compose(person, address("deelnemers-unsubscribe")))
    assert "wish to unsubscribe: called" in answer["posts"][0]["text"], answer
    assert person in world.crm.members("deelnemers")
    assert not world.rollcall.log("ezra")


def test_one_question_a_day(world):
    """X10: whoever writes in somebody's name makes him get one mail."""
    victim = "victim@elsewhere.example"
    assert "asked to confirm" in wish(world, "subscribe", victim)
    mail_to(world, victim)
    for _ in range(3):
        assert wish(world, "subscribe", victim).endswith("(wish to subscribe: later)")
    assert "later" in wish(world, "unsubscribe", victim)
    world.postfix.wait_empty()
    assert not world.sink.transactions()


def test_what_the_procedure_refuses_is_told(world):
    stranger = "nobody@elsewhere.example"
    wish(world, "subscribe", stranger)
    confirm(world, mail_to(world, stranger), stranger)
    text = " ".join(text_of(mail_to(world, stranger)).replace(">", "").split())
    assert "could not be granted" in text and "We do not know this address. Please become a member first: https://crm.example.org/join" in text
    assert address("deelnemers-owner") in text
    world.rollcall.wait_log("list=<deelnemers@.*: wish to subscribe: the CRM refuses it")


def test_trouble_is_tried_again(world):
    person = "dirk@post.example.com"
    world.crm.join(person, "deelnemers")
    wish(world, "unsubscribe", person)
    copy = mail_to(world, person)
    world.crm.execute("RENAME TABLE mailinglists_subscription TO hidden")
    world.crm.execute("CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, 'deelnemers' list, email user_subscriber, 'mail' digest,"
                      " 0 owner, 0 moderator FROM members_user")
    try:
        confirm(world, copy, person)
        world.rollcall.wait_log("ALARM crm: deelnemers@.*procedure mailinglists_leave", 20)
        assert not world.sink.transactions(person)
    finally:
        world.crm.execute("RENAME TABLE hidden TO mailinglists_subscription")
        world.crm.use_view("view.sql")


def test_robots_wish_nothing(world):
    assert "automatic" in wish(world, "unsubscribe", MEMBER, fields=[("Auto-Submitted", "auto-replied")])
    world.postfix.wait_empty()
    assert not world.sink.transactions()


def test_owners_get_a_note(world):
    person = "joost@elsewhere.example"
    assert "noted" in wish(world, "subscribe", person, "spacelog")
    answer, note = mail_to(world, person), mail_to(world, OWNER)
    assert person in text_of(note) and note.header("To") == ["<%s>" % address("spacelog-owner")] and note.header("Auto-Submitted") == ["auto-generated"]
    assert OWNER not in answer.message.decode() and "doorgegeven aan de beheerders" in " ".join(text_of(answer).split())
    assert "https://crm.example.org/spacelog/join" in text_of(answer)
    assert person not in world.crm.members("spacelog")
    assert "later" in wish(world, "unsubscribe", person, "spacelog")
    world.postfix.wait_empty()
    assert not world.sink.transactions()


def test_wish_waits_where_nobody_is_the_owner(world):
    """Nobody is told that the owners know of it, who are not there."""
    person = "roos@elsewhere.example"
    world.crm.leave(OWNER, "spacelog")
    try:
        assert "4.2.1" in wish(world, "subscribe", person, "spacelog")
        world.rollcall.wait_log("ALARM list=<spacelog@.*: nobody in the CRM is its owner: wishes")
        world.postfix.wait_deferred()
        assert not world.sink.transactions(person)
    finally:
        world.crm.join(OWNER, "spacelog")
    wait_until(lambda: world.postfix.flush() or not world.postfix.queued(), 30, "an empty queue", pause=1)
    mail_to(world, person)
    assert person in text_of(mail_to(world, OWNER))


def test_the_page_alone(world):
    person = "piet@elsewhere.example"
    assert "answered" in wish(world, "unsubscribe", person, "testlist")
    text = text_of(mail_to(world, person))
    assert "https://crm.example.org/testlist\n" in text.replace("\r", "") and "/join" not in text


@pytest.mark.parametrize("name, addresses, words", [
    ("deelnemers", ["deelnemers-subscribe", "deelnemers-unsubscribe"], None), ("testlist", [], "You cannot join, leave or change your address by mail."),
    ("spacelog", ["spacelog-subscribe", "spacelog-unsubscribe"], None)])
def test_help_says_what_mail_can_do(world, name, addresses, words):
    """By the list's subscription_requests."""
    person = "kees-%s@elsewhere.example" % name
    world.postfix.wait_empty()
    world.sink.forget()
    world.postfix.send(compose(person, address(name + "-request"), "help", b"help\r\n"), person, address(name + "-request"))
    text = text_of(mail_to(world, person))
    assert re.findall(r"\S+subscribe(?=@)", text) == addresses, text
    assert words is None or words in text
