"""The same post by two paths is distributed once: the setting `duplicates`. K, which knows Postfix's retries, is tested elsewhere."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from explaining import explain
from moderating import follow, links, moderators, sent_to_all, status
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World, compose

AUTHOR = "chaya@mail.example.net"
STRANGER = "stranger@elsewhere.example"
LIST = "deelnemers@" + DOMAIN


@pytest.fixture(scope="module")
def shared():
    with World({"list testlist@" + DOMAIN: {"duplicates": 0}, "list " + LIST: {"scenario": "privateoreditorkey"}}) as world:
        yield world


@pytest.fixture(autouse=True)
def nothing_before(shared):
    shared.postfix.wait_empty()
    shared.sink.forget()


def by(path, message):
    """As that path's servers bring it."""
    return b"Received: from %s by mx.example.org; Sat, 21 Nov 2026 17:00:00 +0000\r\nX-Path: %s\r\n" % (path, path) + message


def hand_in(world, message, sender=AUTHOR, to=LIST):
    with world.rollcall.connect(60) as client:
        return client.post(sender, [to], message)[0]


def records(world):
    return world.rollcall.store("SELECT count(*), min(state) FROM distributed")[0]


def test_second_path_gets_250_and_nobody_a_copy(shared):
    message = compose(AUTHOR, "deelnemers")
    shared.postfix.send(by(b"the list", message), AUTHOR, LIST)
    copies = sent_to_all(shared)
    for sender in (AUTHOR, "forwarder@elsewhere.example"):
        shared.postfix.send(by(b"an alias", message), sender, LIST)
        status(shared, r"stage=duplicate,.*dsn=2\.0\.0, status=discarded \(a duplicate: the same post was distributed on 20")
    shared.postfix.wait_empty()
    assert len(shared.sink.transactions()) == len(copies)
    assert records(shared) == (1, 2)
    assert AUTHOR.encode() not in open(shared.rollcall.directory + "/state/store.db", "rb").read()


def test_another_post_is_another_one(shared):
    message = compose(AUTHOR, "deelnemers", body=b"One.\r\n")
    nameless = message.replace(b"Message-ID: ", b"X-No-ID: ")
    for number, text in enumerate((message, message.replace(b"One.", b"Two."), nameless, by(b"x", nameless), message.replace(b"Message-ID: <", b"Message-ID: <x"))):
        assert hand_in(shared, text).text.count("queued as"), number
    assert hand_in(shared, by(b"x", message)).text.count("duplicate")


def test_off_and_other_lists(shared):
    """A list that wants all of them gets them; what one list has is nothing to another."""
    author = next(iter(set(shared.crm.members("testlist")) & set(shared.crm.members("deelnemers"))))
    message = compose(author, "testlist", fields=[("Cc", LIST)])
    for path in (b"one", b"two"):
        assert "queued as" in hand_in(shared, by(path, message), to="testlist@" + DOMAIN).text
    assert "queued as" in hand_in(shared, message).text
    assert "a duplicate" in hand_in(shared, by(b"x", message)).text


def test_twenty_paths_at_once(shared):
    """Whoever comes while the first is at work waits in Postfix; there is one distribution."""
    message = compose(AUTHOR, "deelnemers", "At once")
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda n: hand_in(shared, by(b"path %d" % n, message)), range(20)))
    assert {reply.code for reply in replies} <= {250, 451}
    assert sum("queued as" in reply.text for reply in replies) == 1
    assert all("duplicate" in reply.text or "queued as" in reply.text for reply in replies if reply.code == 250)
    assert "a duplicate" in hand_in(shared, by(b"late", message)).text
    sent_to_all(shared)


def test_held_is_not_distributed_and_a_release_is(shared):
    message = compose(STRANGER, "deelnemers", "From outside")
    for path in (b"one", b"two"):
        assert "held as" in hand_in(shared, by(path, message), STRANGER).text
    asked = moderators(shared)
    wait_until(lambda: len([c for c in shared.sink.transactions() if "accept" in str(c.message)]) >= 2 * len(asked), 20, "both notices")
    shared.postfix.wait_empty()
    notices = [copy for copy in shared.sink.transactions() if copy.recipients == [asked[0]]]
    numbers = [row[0] for row in shared.rollcall.store("SELECT id FROM held WHERE state = 1 ORDER BY id")]
    assert len(notices) == len(numbers) == 2
    follow(shared, asked[0], links(notices[0])["accept"])
    sent_to_all(shared)
    # That it is distributed is recorded behind the last byte: until then a copy is told to wait.
    status(shared, r"kind=release, .*status=done queued as")
    assert "a duplicate" in hand_in(shared, by(b"three", message), STRANGER).text
    # The other one is accepted, too: its members have it.
    follow(shared, asked[0], links(notices[1])["accept"])
    status(shared, r"kind=release, .*status=done a duplicate")
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Id") and copy.recipients != asked[:1] and "From outside" == copy.header("Subject")]


def test_mail_for_the_owners_is_none(shared):
    message = compose(AUTHOR, "deelnemers-owner")
    for path in (b"one", b"two"):
        assert "queued as" in hand_in(shared, by(path, message), to="deelnemers-owner@" + DOMAIN).text


def one(world, message):
    answer, = explain(world, text=message)
    return answer["posts"][0]


def test_explain_says_so(shared):
    message = compose(AUTHOR, "deelnemers", "Explained")
    assert one(shared, message)["verdict"] == "sent"
    assert "queued as" in hand_in(shared, message).text
    said = one(shared, by(b"x", message))
    assert (said["verdict"], said["stage"], said["code"]) == ("discarded", "duplicate", 250) and "distributed on" in said["text"]
    assert [stage["name"] for stage in said["stages"]][-1] == "duplicate"


def test_records_age_with_postfixs_queue(shared):
    """What was delivered is known for queue_lifetime and two days; the clock looks when it starts."""
    shared.rollcall.store("DELETE FROM job")
    for days, left in ((6, True), (2, False)):
        shared.rollcall.store("UPDATE post SET changed = changed - ?", days * 86400)
        shared.rollcall.stop()
        shared.rollcall.start()
        wait_until(lambda: bool(shared.rollcall.store("SELECT 1 FROM post LIMIT 1")) == left, 10, "%d days" % days)
