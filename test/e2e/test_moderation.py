"""Moderation and confirmation by mail: who is asked, what a word does, and what does nothing (HOSTILE 5.5)."""
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World, compose
from moderating import follow, links, moderators, parse, sent_to_all, status, text_of

LIST, ASKED = "deelnemers@" + DOMAIN, "spacelog@" + DOMAIN
GUARDED, LONG = "guarded@" + DOMAIN, "a-list-with-forty-letters-in-its-ownname"
AUTHOR, STRANGER = "chaya@mail.example.net", "stranger@elsewhere.example"
# Lists that take what a process writes, each with other rules.
CRON = {"cron-open": "public", "cron-held": "editorkeyonly", "cron-asked": "publickey", "cron-closed": "closed"}
SETTINGS = {"rollcall": {"log_debug": "no"}, "list " + LIST: {"scenario": "privateoreditorkey"}, "list " + ASKED: {"scenario": "publickey"},
            "list " + GUARDED: {"scenario": "editorkey"}, "list %s@%s" % (LONG, DOMAIN): {"scenario": "privateoreditorkey"}}

SETTINGS.update({"list %s@%s" % (name, DOMAIN): {"scenario": scenario, "auto_generated": "scenario"} for name, scenario in CRON.items()})


@pytest.fixture(scope="module")
def shared():
    with World(settings=SETTINGS) as world:
        for name in LONG, "guarded", *CRON:
            for moderator in moderators(world):
                world.crm.join(moderator, name)
        yield world


def hold(world, subject="Please hold", to=LIST, author=STRANGER, body=b"A first post.\r\n"):
    """Posts as somebody who needs a moderator; returns {moderator: notice}, and the author's copy under his address."""
    world.postfix.wait_empty()
    world.sink.forget()
    world.rollcall.forget_who_was_told()
    world.post(author, to, subject, body)
    wanted = set(moderators(world)) | {author}

    def told():
        """Only of this post: what is still on its way of the test before is another subject's."""
        copies = {copy.recipients[0]: copy for copy in world.sink.transactions() if copy.header("Subject")[0].endswith(": " + subject)}
        return copies if wanted <= set(copies) else None
    return wait_until(told, 30, "word to everybody: " + world.last_words())


def test_notice_says_what_it_is_about(shared):
    copies = hold(shared, "A first question")
    asked = moderators(shared)
    assert len(asked) >= 2
    tokens = set()
    for moderator in asked:
        copy = copies[moderator]
        notice = parse(copy)
        assert copy.sender == "" and notice["Auto-Submitted"] == "auto-generated"
        assert notice["From"].addresses[0].addr_spec == "deelnemers-owner@" + DOMAIN
        assert moderator not in notice["To"]
        text = text_of(copy)
        assert STRANGER in text and "A first question" in text
        assert set(links(copy)) == {"accept", "reject", "discard"}
        tokens |= {link[0] for link in links(copy).values()} | {notice["Reply-To"].addresses[0].addr_spec}
        (attached,) = [part for part in notice.walk() if part.get_content_type() == "message/rfc822"]
        assert attached.get_content()["Subject"] == "A first question"
        assert all(result.good for result in shared.dns.verify(copy.message))
    # Every token is one person's for one action.
    assert len(tokens) == 4 * len(asked)
    author = copies[STRANGER]
    assert parse(author)["Auto-Submitted"] == "auto-replied" and "A first question" in text_of(author)
    assert not [address for address in asked if address in author.message.decode()]


def test_accept_by_link(shared):
    copies = hold(shared, "Accept me")
    first, second = moderators(shared)[:2]
    follow(shared, first, links(copies[first])["accept"])
    (copy,) = {copy.message: copy for copy in sent_to_all(shared)}.values()
    assert copy.header("Subject") == ["Accept me"] and copy.body == b"A first post.\r\n"
    assert all(result.good for result in shared.dns.verify(copy.message))
    # The other moderators hear of it, in the same thread.
    told = wait_until(lambda: [c for c in shared.sink.transactions(second) if not c.header("List-Id")], 10, "word to the other moderator")
    assert parse(told[0])["In-Reply-To"] == parse(copies[second])["Message-ID"]
    # The second click does no harm and says so.
    shared.postfix.wait_empty()
    follow(shared, second, links(copies[second])["discard"])
    (told,) = wait_until(lambda: shared.sink.transactions(second), 10, "word of who was first")
    assert first in text_of(told)
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Id")]


def test_a_list_with_a_long_name(shared):
    """Forty letters: the local part of what moderators answer to is longer than RFC 5321's 64, and Postfix and we take it."""
    shared.postfix.wait_empty()
    shared.sink.forget()
    shared.post(STRANGER, LONG, "Long")
    first = moderators(shared, LONG)[0]
    (notice,) = wait_until(lambda: shared.sink.transactions(first), 15, "a notice: " + shared.last_words())
    address = links(notice)["accept"][0]
    assert len(LONG) == 40 and len(address.partition("@")[0]) == 65
    follow(shared, first, links(notice)["accept"])
    (copy,) = {copy.message: copy for copy in sent_to_all(shared, LONG)}.values()
    assert copy.header("Subject") == ["Long"]


def test_reject_by_reply_with_a_text(shared):
    copies = hold(shared, "Reject me")
    first = moderators(shared)[0]
    reply_to = parse(copies[first])["Reply-To"].addresses[0].addr_spec
    follow(shared, first, (reply_to, "Re: [deelnemers] For you to decide: Reject me",
                           "reject\r\nPlease write in Dutch, {author}. 100%s\r\n\r\n> quoted\r\n> accept\r\n-- \r\nAnneke"))
    (told,) = wait_until(lambda: shared.sink.transactions(STRANGER), 15, "word to the author")
    assert "Please write in Dutch, {author}. 100%s" in text_of(told) and "Anneke" not in text_of(told)
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Id")]


def test_no_moderator_reads_that_the_author_was_told_when_he_was_not(shared):
    """A post that another list sent on: its author gets no mail of ours, whatever is decided (RFC 3834)."""
    shared.postfix.wait_empty()
    shared.sink.forget()
    shared.post(STRANGER, LIST, "From another list", b"A post.\r\n", [("Precedence", "list")])
    first, second = moderators(shared)[:2]
    asked = wait_until(lambda: shared.sink.transactions(first), 15, "the notice: " + shared.last_words())[0]
    assert "Nobody is told of a rejection here" in text_of(asked)
    shared.postfix.wait_empty()
    address, subject, words = links(asked)["reject"]
    follow(shared, first, (address, subject, words + "\r\nNot from there.\r\n"))
    decided = text_of(wait_until(lambda: shared.sink.transactions(second), 15, "word to the other moderator")[0])
    assert "The author was not told." in decided and "> Not from there." in decided and "The author was told" not in decided
    shared.postfix.wait_empty()
    assert shared.sink.transactions(STRANGER) == []


def cron(world, name, word="auto-generated", sender=STRANGER):
    """What a process writes to the list, and what the log says of it."""
    world.postfix.wait_empty()
    world.sink.forget()
    world.rollcall.forget_who_was_told()
    subject = "%s to %s" % (word, name)
    message = compose(STRANGER, name + "@" + DOMAIN, subject, b"The backup is done.\r\n", [("Auto-Submitted", word)])
    queue_id = world.postfix.send(message, sender, name + "@" + DOMAIN)
    return status(world, r"%s: list=<%s@.*status=" % (queue_id, name.replace("-owner", "")))[0]


def change(world, name, value):
    world.rollcall.configure({"list %s@%s" % (name, DOMAIN): {"auto_generated": value}})
    assert world.rollcall.reload()


def heard_nothing(world, person=STRANGER):
    world.postfix.wait_empty()
    return world.sink.transactions(person) == []


def test_m27_a_list_may_take_what_a_process_wrote(shared):
    assert "status=sent" in cron(shared, "cron-open")
    copy = sent_to_all(shared, "cron-open")[0]
    # It still says what it is, so that nobody's vacation message answers it.
    assert copy.header("Auto-Submitted") == ["auto-generated"] and copy.body == b"The backup is done.\r\n"
    assert heard_nothing(shared)


def test_m27_a_process_gets_no_answer_of_ours(shared):
    """RFC 3834 section 2, for each thing that the rules may say: no question, no refusal, no word of its being held, and none of what was decided."""
    said = cron(shared, "cron-asked")
    assert "stage=authorise" in said and "status=discarded" in said and "cannot be asked" in said and heard_nothing(shared)
    said = cron(shared, "cron-closed")
    assert "stage=authorise" in said and "status=discarded" in said and "a process wrote it" in said and heard_nothing(shared)
    assert "status=held" in cron(shared, "cron-held")
    first, second = moderators(shared, "cron-held")[:2]
    notice = wait_until(lambda: shared.sink.transactions(first), 15, "the notice: " + shared.last_words())[0]
    assert "Nobody is told of a rejection here" in text_of(notice) and heard_nothing(shared)
    follow(shared, first, links(notice)["reject"])
    decided = wait_until(lambda: shared.sink.transactions(second), 15, "word to the other moderator")[0]
    assert "The author was not told." in text_of(decided) and heard_nothing(shared)


def test_m27_what_a_process_wrote_goes_out_when_accepted(shared):
    assert "status=held" in cron(shared, "cron-held")
    first = moderators(shared, "cron-held")[0]
    notice = wait_until(lambda: shared.sink.transactions(first), 15, "the notice: " + shared.last_words())[0]
    # Somebody has decided about it; a setting that has changed since then must not make it vanish.
    change(shared, "cron-held", "discard")
    follow(shared, first, links(notice)["accept"])
    (copy,) = {copy.message: copy for copy in sent_to_all(shared, "cron-held")}.values()
    assert copy.header("Auto-Submitted") == ["auto-generated"]
    assert "automatic mail (auto-submitted)" in cron(shared, "cron-held") and heard_nothing(shared)
    change(shared, "cron-held", "scenario")


@pytest.mark.parametrize("name, word, sender", [("cron-open", "auto-replied", STRANGER), ("cron-open", "auto-notified", STRANGER), ("cron-open", "auto-generated", ""),
                                                ("cron-open-owner", "auto-generated", STRANGER), ("guarded", "auto-generated", STRANGER)])
def test_m27_no_other_automatic_mail(shared, name, word, sender):
    said = cron(shared, name, word, sender)
    assert "status=discarded" in said and "automatic mail (%s)" % ("auto-submitted" if sender else "null-sender") in said
    assert heard_nothing(shared)


def test_discard_tells_the_author_nothing(shared):
    copies = hold(shared, "Discard me")
    first = moderators(shared)[0]
    follow(shared, first, links(copies[first])["discard"])
    status(shared, r"order to discard: decided")
    shared.postfix.wait_empty()
    assert shared.sink.transactions(STRANGER) == []


def test_race_of_two_moderators(shared):
    """HOSTILE X3."""
    copies = hold(shared, "Race")
    first, second = moderators(shared)[:2]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda pair: follow(shared, *pair), [(first, links(copies[first])["accept"]), (second, links(copies[second])["accept"])]))
    posts = sent_to_all(shared)
    assert len({copy.message for copy in posts}) == 1
    shared.postfix.wait_empty()
    assert len([1 for copy in shared.sink.transactions() if copy.header("List-Id") for _ in copy.recipients]) == len(shared.crm.members("deelnemers"))


def test_moderator_who_lost_the_role(shared):
    """HOSTILE X3: rights are looked up again when the word comes."""
    copies = hold(shared, "Too late for one")
    loser = "bram@space.example"
    shared.crm.execute("UPDATE members_user SET is_staff = 0 WHERE email = %s", loser)
    try:
        follow(shared, loser, links(copies[loser])["accept"])
        status(shared, r"order to accept: not-moderator")
    finally:
        shared.crm.execute("UPDATE members_user SET is_staff = 1 WHERE email = %s", loser)
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Id")]


@pytest.mark.parametrize("fields, sender", [([("Auto-Submitted", "auto-replied")], None), ([], ""), ([("X-Autoreply", "yes")], None),
                                            ([("Content-Type", "multipart/report; report-type=delivery-status; boundary=b")], None)])
def test_robots_order_nothing(shared, fields, sender):
    """HOSTILE X4: an out-of-office or a bounce that quotes the token."""
    copies = hold(shared, "Robots")
    first = moderators(shared)[0]
    address, subject, text = links(copies[first])["accept"]
    shared.sink.forget()
    message = compose(first, address, subject, text.encode() + b"\r\n", fields)
    if ("Content-Type", "text/plain; charset=utf-8") and any(name == "Content-Type" for name, _ in fields):
        message = message.replace(b"Content-Type: text/plain; charset=utf-8\r\n", b"", 1)
    shared.postfix.send(message, first if sender is None else sender, address)
    status(shared, r"role=confirm.*automatic mail")
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Id")]


def test_token_of_another_person_and_tokens_that_are_none(shared):
    """HOSTILE X1, X2."""
    copies = hold(shared, "Forged")
    first, second = moderators(shared)[:2]
    address = links(copies[first])["accept"][0]
    token = address.partition("+")[2].partition("@")[0]
    for author in (second, STRANGER, AUTHOR):
        before = len(shared.rollcall.log("order to accept: wrong-person"))
        follow(shared, author, (address, "accept", "accept"))
        wait_until(lambda: len(shared.rollcall.log("order to accept: wrong-person")) > before, 10, "wrong-person")
    guess = token[:-1] + ("a" if token[-1] != "a" else "b")
    follow(shared, first, (address.replace(token, guess), "accept", "accept"))
    status(shared, "order to accept: unknown")
    with shared.rollcall.connect() as client:
        codes = [reply.code for reply in client.envelope(first, [address.replace(token, bad) for bad in (token.upper(), token[:-1], token + "=", "x")])]
    assert codes == [550] * 4
    other_list = address.replace("deelnemers", "spacelog")
    follow(shared, first, (other_list, "accept", "accept"))
    status(shared, "list=<spacelog@.*order to accept: unknown")
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Id")]
    # It still waits, and its own moderator may still decide.
    follow(shared, first, links(copies[first])["discard"])
    status(shared, "order to discard: decided")


def test_what_the_moderators_domain_disowns(shared):
    """HOSTILE X2: DMARC fails, so the address on file is asked by a fresh token, and its answer acts."""
    copies = hold(shared, "Disowned")
    first = moderators(shared)[0]
    shared.resolver.set("_dmarc." + first.partition("@")[2], "v=DMARC1; p=reject")
    try:
        follow(shared, first, links(copies[first])["reject"], body="reject\r\n\r\nNot now.")
        status(shared, "order to reject: asked")
        (asked,) = wait_until(lambda: shared.sink.transactions(first), 15, "the question: " + shared.last_words())
        assert set(links(asked)) == {"reject"} and "> Not now." in text_of(asked) and parse(asked)["Auto-Submitted"] == "auto-generated"
        assert parse(asked)["In-Reply-To"] == parse(copies[first])["Message-ID"] and STRANGER not in parse(asked)["To"]
        reply_to = parse(asked)["Reply-To"].addresses[0].addr_spec
        assert reply_to == links(asked)["reject"][0] != links(copies[first])["reject"][0]
        assert shared.sink.transactions(STRANGER) == []
        follow(shared, first, (reply_to, "Re: " + parse(asked)["Subject"], "reject\r\n\r\nNot ever.\r\n"))
        status(shared, "order to reject: decided")
        (told,) = wait_until(lambda: shared.sink.transactions(STRANGER), 15, "word to the author")
        assert "Not ever." in text_of(told)
    finally:
        shared.resolver.set("_dmarc." + first.partition("@")[2])


def test_a_moderator_whose_domain_disowns_the_post_has_no_rights(shared):
    """Else whoever writes a moderator's address into From posts to everybody unseen."""
    first = moderators(shared)[0]
    domain = first.partition("@")[2]
    shared.resolver.set("_dmarc." + domain, "v=DMARC1; p=none")
    try:
        shared.postfix.wait_empty()
        shared.sink.forget()
        shared.post(first, GUARDED, "Not mine")
        status(shared, "list=<%s>.*dmarc=fail.*status=held" % GUARDED)
    finally:
        shared.resolver.set("_dmarc." + domain)
    shared.post(first, GUARDED, "Mine")
    status(shared, "list=<%s>.*dmarc=none.*status=sent" % GUARDED)
    shared.postfix.wait_empty()


def test_word_in_the_wrong_place(shared):
    """HOSTILE X6: in HTML, quoted, below the signature, or behind twenty lines it is no word."""
    copies = hold(shared, "Wrong place")
    first = moderators(shared)[0]
    address, _, _ = links(copies[first])["accept"]
    for body in ("> accept", "-- \r\naccept", "hello\r\n" * 21 + "accept", "I accept this"):
        before = len(shared.rollcall.log("role=confirm.*no order in it"))
        follow(shared, first, (address, "Re: something", body))
        wait_until(lambda: len(shared.rollcall.log("role=confirm.*no order in it")) > before, 10, "no order in %r" % body)
    follow(shared, first, links(copies[first])["discard"])
    status(shared, "order to discard: decided")


def test_author_confirms(shared):
    """request_auth: the author of a post to a list with publickey confirms by a reply, and it goes out."""
    shared.postfix.wait_empty()
    shared.sink.forget()
    shared.rollcall.forget_who_was_told()
    shared.post(STRANGER, ASKED, "Mine, really")
    (asked,) = wait_until(lambda: shared.sink.transactions(STRANGER), 15, "the question to the author: " + shared.last_words())
    assert set(links(asked)) == {"confirm"}
    follow(shared, STRANGER, links(asked)["confirm"])
    posts = sent_to_all(shared, "spacelog")
    assert posts[0].header("Subject") == ["Mine, really"]


def test_author_withdraws(shared):
    copies = hold(shared, "On second thought")
    follow(shared, STRANGER, links(copies[STRANGER])["withdraw"])
    status(shared, "order to withdraw: decided")
    first = moderators(shared)[0]
    follow(shared, first, links(copies[first])["accept"])
    status(shared, "order to accept: already")
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Id")]


def test_help_subscribe_unsubscribe(shared):
    """HOSTILE X10: answers, and no change; one answer a day to the same person and list."""
    for role, person in (("request", "one@ask.example"), ("subscribe", "two@ask.example"), ("unsubscribe", "three@ask.example")):
        shared.sink.forget()
        shared.post(person, "deelnemers-" + role, "help", b"help\r\n")
        (answer,) = wait_until(lambda: shared.sink.transactions(person), 15, "an answer: " + shared.last_words())
        assert answer.sender == "" and parse(answer)["Auto-Submitted"] == "auto-replied"
        shared.post(person, "deelnemers-" + role, "help again", b"help\r\n")
        shared.postfix.wait_empty()
    assert len(shared.sink.transactions("three@ask.example")) == 1


def test_request_that_nobody_understands_reaches_the_owners(shared):
    shared.sink.forget()
    shared.post(STRANGER, "deelnemers-request", "My daughter", b"wants to join, how does that work?\r\n")
    wait_until(lambda: shared.sink.transactions("anneke@space.example"), 15, "the owner's copy")


def test_nothing_of_other_people_in_the_store():
    """A held post, its notices and its release leave no address but the author's own."""
    with World(settings=SETTINGS) as world:
        state = os.path.join(world.rollcall.directory, "state")
        copies = hold(world, "What is kept")
        first, second = moderators(world)[:2]
        follow(world, first, links(copies[first])["accept"])
        sent_to_all(world)
        follow(world, second, links(copies[second])["accept"])
        status(world, "order to accept: already")
        world.postfix.wait_empty()
        everybody = set(world.crm.members("deelnemers")) | set(moderators(world))
        for name in os.listdir(state):
            content = open(os.path.join(state, name), "rb").read()
            assert not [address for address in everybody if address.encode() in content], name


def test_killed_at_any_time_it_still_goes_out_once(shared):
    """Kill -9 of all that works on it between hold, order and release: nothing lost, released once."""
    for victim in ("rollcall-dispatch", "rollcall-intake"):
        copies = hold(shared, "Killed " + victim)
        first = moderators(shared)[0]
        follow(shared, first, links(copies[first])["accept"])
        for pid in shared.rollcall.processes().get(victim, []):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: shared.postfix.flush() or not shared.postfix.queued(), 30, "an empty queue", pause=1)
        wait_until(lambda: set(shared.crm.members("deelnemers")) <= set(shared.sink.recipients()), 90, "the post at every member: " + shared.last_words())
        posts = [a for copy in shared.sink.transactions() if copy.header("List-Id") for a in copy.recipients]
        assert sorted(posts) == sorted(shared.crm.members("deelnemers"))
