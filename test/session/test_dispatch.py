"""Held posts, orders and jobs over the wire, with the real rollcall-dispatch, CRM and Postfix: rows X1 to X3 and X10 of the hostile
input table, as far as this room answers for them. What breaks on the way: test_dispatch_faults.py."""
import contextlib
import json
import os

import pytest

from lab.crm import schema
from lab.process import wait_until
from dispatch_room import AUTHOR, POST, List, key_of, numbers, ours, room, state  # noqa: F401

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user")
WORDS = {"accept": "accepted", "reject": "rejected", "discard": "discarded"}


# ---- the way of a post ----


def test_from_hold_to_release(room, ours):
    held = ours.hold(facts={"subject": "Tea", "tell-author": "yes"})
    job = room.take(held, "notice-moderators")
    assert (job.kind, job.list, job.held, job.message) == ("notice-moderators", ours.name, held, POST)
    assert job.fields["held-author"] == AUTHOR and job.fields["held-reason"] == "because" and job.fields["fact-subject"] == "Tea"
    assert job.fields["held-state"] == "waiting" and 0 <= int(job.fields["held-until"]) - int(job.fields["held-at"]) - 7 * 86400 <= 120
    assert [sorted(r) for r in job.recipients] == [["accept", "discard", "id", "reject", "reply"]] * 2
    assert "mods.example" not in json.dumps([job.fields, job.recipients]), "an address left the room"
    room.world.sink.forget()
    job.send_all()
    copies = room.world.copies(2)
    assert sorted(t.recipients[0] for t in copies) == sorted(ours.moderators)
    assert {t.sender for t in copies} == {""}
    assert sorted(json.loads(t.body)["id"] for t in copies) == sorted(r["id"] for r in job.recipients)
    tokens = {t.recipients[0]: json.loads(t.body) for t in copies}
    first, second = ours.moderators

    outcome, fields = ours.order(tokens[first]["accept"], first, "accept")
    assert outcome == "decided" and fields["state"] == "accepted" and fields["held"] == str(held)
    assert [kind for kind, in room.store("SELECT kind FROM job WHERE held = ? ORDER BY id", held)] == ["notice-author", "release", "decided"]

    # The second click, of the other one and of the same: harmless, and told who, what and when.
    assert ours.order(tokens[second]["reject"], second, "reject")[0] == "already"
    text, answer = room.answer_to(ours.name)
    assert text == "already" and answer.fields["by"] == first and answer.fields["state"] == "accepted"
    assert len(answer.recipients) == 1 and "to" not in answer.fields and int(answer.fields["at"]) > 1700000000
    room.world.sink.forget()
    answer.send_all()
    assert [t.recipients for t in room.world.copies(1)] == [[second]]
    assert ours.order(tokens[first]["accept"], first, "accept")[0] == "already"

    # What waits for a word is asked no more; the others hear; the release gets the stored original.
    with room.errand() as phase:
        number, = room.due(held, "notice-author")
        assert phase.ask("JOB", number).word == "discarded"
    decided = room.take(held, "decided")
    assert decided.fields["by"] == first and decided.fields["word"] == "accept" and len(decided.recipients) == 1
    room.world.sink.forget()
    decided.send_all()
    assert [t.recipients for t in room.world.copies(1)] == [[second]]
    release = room.take(held, "release")
    assert release.message == POST and release.recipients == [] and release.fields["state"] == "accepted"
    room.world.sink.forget()
    key = key_of("release", held)
    with release.phase as phase:
        assert phase.ask("CLAIM", ours.name, key).word == "none"
        ways, ready = phase.prepare(ours.name, key, POST)
        assert ways == {"mail": 3} and ready.word == "none"
        assert phase.ask("COMMIT").word == "sent"
        assert phase.ask("FINISH", "", False).text.startswith("queued as ")
        assert phase.ask("JOB_DONE", True, "").word == "none"
    room.world.copies(3)
    assert sorted(room.world.sink.recipients()) == sorted(ours.moderators + [AUTHOR])
    text, answer = room.answer_to(ours.name)
    answer.done()
    assert room.due(held) == []
    assert state(room, held) == ("accepted", 0)
    assert room.store("SELECT author, sender, reason FROM held WHERE id = ?", held) == [("", "", "")]
    assert ours.order(tokens[second]["accept"], second, "accept")[0] == "already"


def test_a_retry_is_no_second_click(room, ours):
    """Postfix brings an order's mail again when our 250 was lost."""
    held = ours.hold()
    tokens = room.tokens(held)
    for person, outcome, as_what in ((ours.moderators[0], "decided", "order %d before" % held), (ours.moderators[1], "already", "job ")):
        key = key_of("mail", ours.name, person)
        with room.phase() as phase:
            assert phase.ask("CLAIM", ours.name, key).word == "none"
            assert phase.ask("ORDER", ours.name, tokens[person]["accept"], person, "accept", "", "smtp", "none", "").values[0] == outcome
        with room.phase() as phase:
            answer = phase.claim_again(ours.name, key)
            assert answer.word == "sent" and answer.text.startswith(as_what), answer


@pytest.mark.parametrize("word", ["reject", "discard"])
def test_other_decisions(room, ours, word):
    held = ours.hold()
    person = ours.moderators[0]
    tokens = room.tokens(held)
    assert ours.order(tokens[person]["reply"], person, word, "Not here, please.\n'); DROP TABLE job; --")[0] == "decided"
    jobs = [kind for kind, in room.store("SELECT kind FROM job WHERE held = ? ORDER BY id", held)]
    assert jobs == (["rejected"] if word == "reject" else []) + ["decided"]
    if word == "reject":
        rejected = room.take(held, "rejected")
        assert rejected.fields["text"].startswith("Not here, please.\n'); DROP") and "by" not in rejected.fields
        assert rejected.message == POST
        room.world.sink.forget()
        rejected.send_all()
        assert [t.recipients for t in room.world.copies(1)] == [[AUTHOR]]
    room.take(held, "decided").done()
    assert state(room, held) == (WORDS[word], 0)


def test_a_rejection_is_no_backscatter(room, ours):
    held = ours.hold(facts={"answerable": "no"})
    person = ours.moderators[0]
    assert ours.order(room.tokens(held)[person]["reject"], person, "reject")[0] == "decided"
    assert room.due(held, "rejected") == []


def test_author_withdraws(room, ours):
    held = ours.hold(facts={"tell-author": "yes"})
    notice = room.take(held, "notice-author")
    token, = [r["withdraw"] for r in notice.recipients]
    notice.send_all()
    assert ours.order(token, AUTHOR, "accept")[0] == "unknown", "an author's token is for one thing"
    assert ours.order(token, AUTHOR, "withdraw")[0] == "decided"
    decided = room.take(held, "decided")
    assert "by" not in decided.fields and decided.fields["word"] == "withdraw" and len(decided.recipients) == 2
    decided.done()


def test_confirmation(room, ours):
    held = ours.hold(kind=2)
    assert room.due(held, "notice-moderators") == []
    notice = room.take(held, "notice-author")
    token, = [r["confirm"] for r in notice.recipients]
    notice.send_all()
    assert ours.order(token, ours.moderators[0], "confirm")[0] == "wrong-person"
    assert ours.order(token, AUTHOR, "confirm")[0] == "decided"
    release = room.take(held, "release")
    assert release.fields["state"] == "confirmed" and release.message == POST
    release.done()
    assert room.due(held) == [], "moderators hear nothing of it"


def test_confirmation_without_author(room, ours):
    with room.phase() as phase:
        assert phase.ask("CLAIM", ours.name, key_of("nobody")).word == "none"
        assert phase.ask("HOLD", ours.name, key_of("nobody"), 2, "", "", "why", {}, message=POST).word == "deferred"


def test_owners_stand_in(room):
    """A view whose owners are no moderators: then they are asked, and may decide."""
    crm = room.world.crm
    ours = List(room, moderators=0, owners=2)
    view = schema("view.sql")
    changed = view.replace("(members_user.is_superuser || members_user.is_staff)", "(members_user.is_staff)")
    assert changed != view
    try:
        crm.mariadb.script(changed)
        with room.phase() as phase:
            assert phase.ask("STANDING", ours.name, ours.owners[0]).values == [1 | 2]
        held = ours.hold()
        tokens = room.tokens(held)
        assert sorted(tokens) == sorted(ours.owners)
        assert ours.order(tokens[ours.owners[0]]["discard"], ours.owners[0], "discard")[0] == "decided"
    finally:
        crm.use_view("view.sql")


def test_nobody_to_ask(room):
    ours = List(room, moderators=0)
    held = ours.hold()
    number, = room.due(held)
    with room.errand() as phase:
        answer = phase.ask("JOB", number)
    assert answer.word == "deferred" and answer.code == 451
    assert "ALARM list=<%s> held=%d: nobody in the CRM" % (ours.name, held) in room.log_text()
    room.world.crm.add_person("late@mods.example", moderator=True)
    room.world.crm.join("late@mods.example", ours.local)
    assert list(room.tokens(held)) == ["late@mods.example"]


def test_many_moderators(room):
    ours = List(room, moderators=53)
    held = ours.hold()
    job = room.take(held, "notice-moderators")
    assert len(job.recipients) == 50
    assert "53 rows say 'editor'" in room.log_text()
    job.done()


# ---- tokens that are not to act ----


def test_x1_tokens(room, ours):
    held = ours.hold()
    other = List(room)
    tokens = room.tokens(held)
    one, two = ours.moderators
    good = tokens[one]["accept"]
    room.world.crm.join(one, other.local)
    for token in (good[:-1], good + "a", good.upper(), good[:8] + "=" + good[8:], good[:8] + " " + good[8:], "", "a" * 16, "' OR 1=1 --"):
        assert ours.order(token, two, "accept")[0] == "unknown", token
    assert other.order(good, one, "accept")[0] == "unknown", "of another list"
    assert ours.order(good, "stranger@mail.example.net", "accept")[0] == "wrong-person"
    assert ours.order(good, one, "discard")[0] == "unknown", "a token acts as it was meant, or not"
    assert ours.order(tokens[one]["reply"], one, "help")[0] == "unknown"
    assert state(room, held)[0] == "waiting"
    assert ours.order(good, one, "accept")[0] == "decided"


def test_x1_bad_tokens(room, ours):
    """Ten in an hour: not listened to, an alarm once, and one answer for all of them."""
    held = ours.hold()
    one = ours.moderators[0]
    good = room.tokens(held)[one]["accept"]
    assert [ours.order("%016d" % i, one, "accept")[0] for i in range(10)] == ["unknown"] * 10
    assert [ours.order("%016d" % i, one, "accept")[0] for i in range(3)] == ["ignored"] * 3
    assert ours.order(good, one, "accept")[0] == "ignored"
    assert room.log_text().count("ALARM list=<%s>: 10 bad tokens" % ours.name) == 1
    assert len(room.store("SELECT id FROM job WHERE list = ? AND kind = 'answer'", ours.name)) == 1
    room.store("UPDATE token_bad SET hour = hour - 1")
    assert ours.order(good, one, "accept")[0] == "decided"


def test_x2_other_moderator(room, ours):
    """Forwarded or spied out: another moderator's token is nobody else's, and says nothing of the post."""
    held = ours.hold()
    one, two = ours.moderators
    tokens = room.tokens(held)
    assert ours.order(tokens[one]["accept"], two, "accept") == ("wrong-person", {})
    text, answer = room.answer_to(ours.name)
    assert text == "token-unknown" and answer.fields == {"text": "token-unknown", "to": two} and answer.message is None
    answer.done()
    assert ours.order(tokens[one]["accept"], one, "accept")[0] == "decided"
    assert ours.order(tokens[one]["accept"], two, "accept")[0] == "wrong-person"


def test_x1_forged_tokens_do_not_silence_the_true_one(room, ours):
    """Ten are counted for where they are from and the From together, so whoever forges a From cannot close its owner's mouth."""
    held = ours.hold()
    one = ours.moderators[0]
    good = room.tokens(held)[one]["accept"]
    for i in range(12):
        ours.order("%016d" % i, one, "accept", origin="client 203.0.113.9")
    assert ours.order(good, one, "accept", origin="client 203.0.113.9")[0] == "ignored"
    assert ours.order(good, one, "accept", origin="domain mods.example")[0] == "decided"


def test_x2_disowned(room, ours):
    """The domain of the moderator says that the mail is not his: the address on file is asked, and its answer counts."""
    held = ours.hold()
    one, two = ours.moderators
    tokens = room.tokens(held)
    forged = {"method": "smtp", "dmarc": "fail"}
    assert ours.order(tokens[one]["reply"], one.replace("m", "M", 1), "reject", "No.", **forged)[0] == "asked"
    assert state(room, held)[0] == "waiting"
    job = room.take(held, "second")
    assert job.fields["word"] == "reject" and job.fields["text"] == "No." and job.fields["held-reason"] == "because"
    assert [set(fields) for fields in job.recipients] == [{"id", "reject"}]
    room.world.sink.forget()
    job.send_all()
    (mail,) = room.world.copies(1)
    assert mail.recipients == [one]
    second = json.loads(mail.body)["reject"]
    # Whoever has the first token fills nobody's mailbox with it.
    assert ours.order(tokens[one]["reject"], one, "reject", **forged)[0] == "asked"
    assert room.due(held, "second") == []
    assert ours.order(second, two, "reject", **forged)[0] == "wrong-person"
    assert ours.order(second, one, "accept", **forged)[0] == "unknown"
    assert state(room, held)[0] == "waiting"
    assert ours.order(second, one, "reject", **forged)[0] == "decided"
    # What proves the person better than the domain's policy, or a domain without one, needs no second mail.
    for proof in ({"method": "dkim", "dmarc": "pass"}, {"method": "smtp", "dmarc": "none"}, {"method": "smtp", "dmarc": "temperror"},
                  {"method": "smime", "dmarc": "fail"}):
        held = ours.hold(key=key_of(ours.name, sorted(proof.items())))
        assert ours.order(room.tokens(held)[one]["discard"], one, "discard", **proof)[0] == "decided"


def test_x2_disowned_author(room, ours):
    held = ours.hold(kind=2)
    confirm = room.tokens(held, "notice-author")[AUTHOR]["confirm"]
    assert ours.order(confirm, AUTHOR, "confirm", dmarc="fail")[0] == "asked"
    job = room.take(held, "second")
    assert job.fields["to"] == AUTHOR
    room.world.sink.forget()
    job.send_all()
    (mail,) = room.world.copies(1)
    assert mail.recipients == [AUTHOR]
    assert ours.order(json.loads(mail.body)["confirm"], AUTHOR, "confirm", dmarc="fail")[0] == "decided"


def test_x3_role_lost(room, ours):
    held = ours.hold()
    one, two = ours.moderators
    tokens = room.tokens(held)
    ours.demote(one)
    assert ours.order(tokens[one]["accept"], one, "accept")[0] == "not-moderator"
    text, answer = room.answer_to(ours.name)
    assert text == "not-moderator-any-more" and len(answer.recipients) == 1 and "by" not in answer.fields
    answer.done()
    room.world.crm.leave(one, ours.local)
    assert ours.order(tokens[one]["accept"], one, "accept")[0] == "not-moderator"
    assert ours.order(tokens[two]["accept"], two, "accept")[0] == "decided"
    assert "state" not in ours.order(tokens[one]["accept"], one, "accept")[1], "who has lost the role hears nothing"


def test_x3_decider_lost_the_role(room, ours):
    """Who decided is an address only while a moderator."""
    held = ours.hold()
    one, two = ours.moderators
    tokens = room.tokens(held)
    assert ours.order(tokens[one]["discard"], one, "discard")[0] == "decided"
    ours.demote(one)
    decided = room.take(held, "decided")
    assert "by" not in decided.fields and len(decided.recipients) == 1
    decided.done()


def test_x3_race(room, ours):
    """Two moderators at once, many times: one decides, the other comes late."""
    for _ in range(10):
        held = ours.hold(key=key_of(next(numbers)))
        one, two = ours.moderators
        tokens = room.tokens(held)
        with room.phase() as a, room.phase() as b:
            for phase, person, word in ((a, one, "accept"), (b, two, "reject")):
                question = {"request": "ORDER", "arguments": [ours.name, tokens[person][word], person, word, "", "smtp", "none", ""]}
                phase.process.stdin.write(json.dumps(question) + "\n")
            a.process.stdin.flush()
            b.process.stdin.flush()
            outcomes = sorted(json.loads(phase.process.stdout.readline())["answer"][1] for phase in (a, b))
        assert outcomes == ["already", "decided"]
        assert len(room.due(held, "release")) + len(room.due(held, "rejected")) == 1
        room.store("DELETE FROM job WHERE list = ?", ours.name)


def test_x3_expired_token(room, ours):
    held = ours.hold()
    one = ours.moderators[0]
    tokens = room.tokens(held)
    room.store("UPDATE token SET expires_at = 1 WHERE held = ?", held)
    assert ours.order(tokens[one]["accept"], one, "accept")[0] == "expired"
    text, answer = room.answer_to(ours.name)
    assert text == "token-expired"
    answer.done()
    assert state(room, held)[0] == "waiting"


def test_crm_down(room, ours):
    """No answer is not "no moderator": the mail waits in Postfix, the job in the store."""
    held, later = ours.hold(), ours.hold(key=key_of("later"))
    one = ours.moderators[0]
    tokens = room.tokens(held)
    number, = room.due(later)
    room.world.mariadb.stop()
    try:
        answer = ours.order(tokens[one]["accept"], one, "accept")
        assert answer.word == "deferred" and answer.code == 451
        with room.errand() as phase:
            answer = phase.ask("JOB", number)
            assert answer.word == "deferred" and answer.code == 451
            assert phase.ask("NOTICE", 0, key_of("K"), message=b"Subject: x\n\n").word == "deferred"
    finally:
        room.world.mariadb.start()
    assert state(room, held)[0] == "waiting"
    with room.phase() as phase:
        wait_until(lambda: phase.ask("STANDING", ours.name, one).word == "none", 30, "the CRM's return", pause=0.1)
    assert ours.order(tokens[one]["accept"], one, "accept")[0] == "decided"
    with room.errand() as phase:
        assert phase.ask("JOB", number).text == "early", "whoever has just tried waits"
    assert len(room.tokens(later)) == 2


# ---- answers ----


def test_x10_one_answer_a_day(room, ours):
    asker = "asker%d@mail.example.net" % next(numbers)
    with room.phase() as phase:
        assert phase.ask("ANSWER", ours.name, asker, "help", {"page": "https://x.example/"}).values == ["queued"]
        assert [phase.ask("ANSWER", ours.name, asker, "help", {}).values for _ in range(5)] == [["later"]] * 5
        assert phase.ask("ANSWER", ours.name, "no address", "help", {}).word == "deferred"
        assert phase.ask("ANSWER", "list@elsewhere.example", asker, "help", {}).word == "deferred"
    text, answer = room.answer_to(ours.name)
    assert text == "help" and answer.fields == {"text": "help", "to": asker, "page": "https://x.example/"}
    room.world.sink.forget()
    answer.send_all()
    assert [t.recipients for t in room.world.copies(1)] == [[asker]]
    with room.phase() as phase:
        assert phase.ask("ANSWER", ours.name, asker, "help", {}).values == ["later"]


def test_answer_cannot_be_turned(room, ours):
    """A child that was taken over names no other receiver, and asks for nobody's name, by fields."""
    asker, one = "asker%d@mail.example.net" % next(numbers), ours.moderators[0]
    with room.phase() as phase:
        fields = {"to": one, "to-person": "00" * 32, "by": "00" * 32, "text": "already"}
        assert phase.ask("ANSWER", ours.name, asker, "help", fields).values == ["queued"]
    text, answer = room.answer_to(ours.name)
    assert text == "help" and answer.fields == {"text": "help", "to": asker} and len(answer.recipients) == 1
    answer.done()


@contextlib.contextmanager
def owners_who_do_not_moderate(crm):
    """A view in which owner and moderator are apart, as in a CRM other than the sample's."""
    text = schema("view.sql")
    apart = text.replace("(members_user.is_superuser || members_user.is_staff)", "(members_user.is_staff)")
    assert apart != text
    crm.mariadb.script(apart)
    try:
        yield
    finally:
        crm.mariadb.script(text)


def test_owners_decide_about_what_nobody_could_read(room):
    """They were told of it, also where others moderate; about other posts they have no word then."""
    ours = List(room, moderators=1, owners=1)
    (owner,), (moderator,) = ours.owners, ours.moderators
    with owners_who_do_not_moderate(room.world.crm):
        unread = ours.hold(kind=3, author="", key=key_of("unread", ours.name))
        tokens = room.tokens(unread, "notice-owners")
        assert set(tokens) == {owner} and "accept" not in tokens[owner], "it would be parsed once more"
        assert ours.order(tokens[owner]["discard"], owner, "discard")[0] == "decided" and state(room, unread)[0] == "discarded"
        # One who was a moderator when he was asked, and is an owner now.
        held = ours.hold(key=key_of("read", ours.name))
        token = room.tokens(held)[moderator]["discard"]
        room.world.crm.add_person("another@mods.example", moderator=True)
        room.world.crm.join("another@mods.example", ours.local)
        room.world.crm.execute("UPDATE members_user SET is_staff = 0, is_superuser = 1 WHERE email = %s", moderator)
        assert ours.order(token, moderator, "discard")[0] == "not-moderator" and state(room, held)[0] == "waiting"
