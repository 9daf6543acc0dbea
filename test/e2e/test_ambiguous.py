"""The three outcomes when the answer to the last byte is lost or is no: Postfix has the post, it certainly has not, nobody knows. A proxy stands between
Rollcall and the real qmqpd and loses the answer, or the last byte. Setting `on_ambiguous`."""
import contextlib
import os
import socket
import subprocess

import pytest

from moderating import follow, links, status, text_of
from lab.postfix import DOMAIN
from lab.process import BUILD, as_ourselves, wait_until
from lab.served import Served, listen
from lab.world import World, compose

AUTHOR, MODERATOR = "author@elsewhere.example", "mail2@members.example"
RESEND, HOLD = "resend@" + DOMAIN, "hold@" + DOMAIN
VIEW = """CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, list, address user_subscriber, mode digest, owner, moderator FROM modes"""


def is_whole(netstring):
    length, colon, rest = netstring.partition(b":")
    return colon and len(rest) > int(length)


class Between(Served):
    """Listens on a unix socket and hands on to Postfix's. `plan` has what becomes of the next connections: "swallow": Postfix takes it and nobody hears of it;
    "lose": Postfix never gets the last byte; "no": neither, and the answer is that it did not; else, and when it is empty, all passes."""

    def __init__(self, path, target):
        self.path, self.target, self.plan, self.done = path, target, [], []
        listener, self.where = listen("unix:" + path)
        super().__init__(listener)
        self.start(self.accept, listener, self.serve)

    def serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            with as_ourselves():
                server.connect(self.target)
            data = b""
            while not is_whole(data):
                more = client.recv(65536)
                if not more:
                    return
                data += more
            # A plan is for posts: notices go whenever their jobs are done.
            word = self.plan.pop(0) if self.plan and b"\nList-Post: " in data else "pass"
            if word in ("lose", "no"):
                server.sendall(data[:-1])
            else:
                server.sendall(data)
            if word == "no":
                client.sendall(b"13:Znot just now,")
            elif word != "lose":
                answer = server.recv(4096)
                if word != "swallow":
                    client.sendall(answer)
            self.done.append(word)

    def __exit__(self, *why):
        super().__exit__(*why)
        os.unlink(self.path)


@pytest.fixture(scope="module")
def shared():
    settings = {"scenario": "public", "digest_at": "", "subject_tag": ""}
    world = World({"list " + RESEND: settings, "list " + HOLD: dict(settings, on_ambiguous="hold")}, start_rollcall=False)
    with world:
        world.crm.execute("CREATE TABLE modes (list VARCHAR(50), address VARCHAR(200), mode VARCHAR(30), owner INT DEFAULT 0, moderator INT DEFAULT 0)")
        for name in ("resend", "hold"):
            for number, mode in enumerate(("mail", "mail", "mail", "txt", "digest")):
                address = "%s%d@members.example" % (mode, number)
                world.crm.execute("INSERT INTO modes VALUES (%s, %s, %s, 0, %s)", name, address, mode, int(address == MODERATOR))
        world.crm.execute(VIEW)
        os.chmod(world.directory, 0o755)
        with Between(os.path.join(world.directory, "between"), world.postfix.qmqp_socket) as world.between:
            world.rollcall.configure({"rollcall": {"qmqp_socket": world.between.where}})
            world.rollcall.start()
            yield world


@pytest.fixture(autouse=True)
def nothing_before(shared):
    shared.postfix.wait_empty()
    shared.sink.forget()
    shared.between.done.clear()
    yield
    assert shared.between.plan == []


def members(world, mode):
    return world.crm.members("hold", mode)


def hand_in(world, to, message):
    with world.rollcall.connect(60) as client:
        return client.post(AUTHOR, [to], message)[0]


def posted(world, to, plan, subject="Did it arrive"):
    """A post of which the first hand-over goes as planned: its bytes, and what LMTP said."""
    world.between.plan[:] = plan
    message = compose(AUTHOR, to, subject)
    return message, hand_in(world, to, message)


def copies(world):
    """{mode: how many each has}, once Postfix's queue is empty. Notices are no copies."""
    world.postfix.wait_empty()
    got = [a for copy in world.sink.transactions() if copy.header("List-Post") for a in copy.recipients]
    counts = {mode: {got.count(a) for a in members(world, mode)} for mode in ("mail", "txt", "digest")}
    assert all(len(found) == 1 for found in counts.values()), counts
    return {mode: found.pop() for mode, found in counts.items()}


def each(world, mail, txt=1):
    wanted = {"mail": mail, "txt": txt, "digest": 0}
    wait_until(lambda: len([a for t in world.sink.transactions() if t.header("List-Post") for a in t.recipients]) >= 3 * mail + txt, 20,
               "the copies\n" + world.last_words())
    assert copies(world) == wanted


def kept(world):
    return world.rollcall.store("SELECT count(*) FROM kept WHERE issue = 0 AND list = ?", HOLD)[0][0]


def rollcall(world, *arguments):
    done = subprocess.run([os.path.join(BUILD, "rollcall"), arguments[0], "--config", world.rollcall.config, *arguments[1:]], capture_output=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout.decode()


def hurry(world):
    """Puts the pauses of jobs forward, and has dispatch look for what is due: it does at each order, if only of a token that there is none."""
    world.rollcall.store("UPDATE job SET due_at = 0")
    hand_in(world, "hold-confirm+%s@%s" % ("a" * 16, DOMAIN), compose("nobody@elsewhere.example", HOLD, "accept", b"accept\r\n"))


def ask(world):
    """The moderator's notice of the post that is held now, and its number."""
    (number,), = world.rollcall.store("SELECT id FROM held WHERE kind = 4 AND state = 1")

    def told():
        return [copy for copy in world.sink.transactions() if "Did this arrive" in " ".join(copy.header("Subject") or [])]

    wait_until(told, 20, "the notice\n" + world.last_words())
    world.postfix.wait_empty()
    copy, = told()
    assert copy.recipients == [MODERATOR]
    return copy, number


# ---- the outcomes ----

@pytest.mark.parametrize("to", [RESEND, HOLD])
def test_accepted(shared, to):
    message, reply = posted(shared, to, [])
    assert reply.code == 250 and "queued as" in reply.text
    assert "before" in hand_in(shared, to, message).text
    each(shared, 1)


@pytest.mark.parametrize("to", [RESEND, HOLD])
def test_certainly_not(shared, to):
    before = len(shared.rollcall.log("a member may get two copies"))
    message, reply = posted(shared, to, ["no"])
    assert reply.code == 451 and "not just now" in reply.text
    assert "queued as" in hand_in(shared, to, message).text
    each(shared, 1)
    assert len(shared.rollcall.log("a member may get two copies")) == before


@pytest.mark.parametrize("word,number", [("swallow", 2), ("lose", 1)])
def test_unclear_is_sent_again_by_default(shared, word, number):
    message, reply = posted(shared, RESEND, [word])
    assert reply.code == 451
    before = len(shared.rollcall.log("sending again, a member may get two copies"))
    assert "queued as" in hand_in(shared, RESEND, message).text
    assert len(shared.rollcall.log("sending again, a member may get two copies")) == before + 1
    each(shared, number)


def test_held_and_it_was_there(shared):
    """By Postfix's own retry: it gets 250, its queue is empty, and nobody has a second copy."""
    before = kept(shared)
    shared.between.plan[:] = ["swallow"]
    shared.postfix.send(compose(AUTHOR, HOLD, "It was there"), AUTHOR, HOLD)
    shared.postfix.wait_deferred()
    shared.postfix.flush()
    status(shared, r"stage=fan-out,.*status=held \(held as")
    copy, number = ask(shared)
    each(shared, 1)
    assert kept(shared) == before + 1
    assert set(links(copy)) == {"accept", "discard"} and "It was there" in text_of(copy)
    assert "ambiguous" in rollcall(shared, "held") and "held-ambiguous" in rollcall(shared, "show", str(number))
    follow(shared, MODERATOR, links(copy)["discard"])
    status(shared, r"held=%d discarded" % number)
    shared.postfix.wait_empty()
    assert not [copy for copy in shared.sink.transactions() if copy.header("List-Post")]


def test_held_and_it_was_not_there(shared):
    """Who has it for sure gets no second one: the readers of plain text."""
    before = kept(shared)
    message, reply = posted(shared, HOLD, ["lose"], "It was not")
    assert reply.code == 451
    held = hand_in(shared, HOLD, message)
    assert held.code == 250 and "held as" in held.text
    assert "held as" in hand_in(shared, HOLD, message).text
    copy, number = ask(shared)
    assert copies(shared) == {"mail": 0, "txt": 1, "digest": 0} and kept(shared) == before + 1
    follow(shared, MODERATOR, links(copy)["accept"])
    status(shared, r"kind=release, held=%d, status=done queued as" % number)
    each(shared, 1, 0)
    assert "queued as" in hand_in(shared, HOLD, message).text
    assert copies(shared) == {"mail": 1, "txt": 0, "digest": 0} and kept(shared) == before + 1


def test_unclear_again_is_asked_again(shared):
    """The attempt that somebody ordered is lost, too: he is asked once more, and nothing goes out without his word."""
    message, _ = posted(shared, HOLD, ["swallow"], "Twice unclear")
    assert "held as" in hand_in(shared, HOLD, message).text
    copy, number = ask(shared)
    shared.sink.forget()
    shared.between.plan[:] = ["lose"]
    rollcall(shared, "accept", str(number))
    status(shared, r"kind=release, held=%d, status=deferred no answer" % number, 20)
    hurry(shared)
    status(shared, r"kind=release, held=%d, status=done held as" % number, 45)
    copy, again = ask(shared)
    assert again > number and copies(shared) == {"mail": 0, "txt": 0, "digest": 0}
    rollcall(shared, "accept", str(again))
    status(shared, r"kind=release, held=%d, status=done queued as" % again)
    each(shared, 1, 0)


def test_nobody_decides(shared):
    """Nobody says that it has not gone out: nobody knows. And nobody gets it a second time."""
    message, _ = posted(shared, HOLD, ["swallow"], "Undecided")
    assert "held as" in hand_in(shared, HOLD, message).text
    _, number = ask(shared)
    each(shared, 1)
    shared.sink.forget()
    shared.rollcall.store("UPDATE held SET expires_at = 1 WHERE id = ?", number)
    assert shared.rollcall.reload()  # a new clock looks at once

    def told():
        return [copy for copy in shared.sink.transactions() if "Undecided" in " ".join(copy.header("Subject") or [])]

    wait_until(told, 30, "the notice\n" + shared.last_words())
    copy, = told()
    assert copy.recipients == [MODERATOR] and "Did this arrive" in copy.header("Subject")[0]
    assert "has not gone out" not in text_of(copy) and "nobody knows" in " ".join(text_of(copy).split())


def test_a_copy_by_another_path_is_no_way_round(shared):
    message, _ = posted(shared, HOLD, ["swallow"], "Two paths")
    assert "held as" in hand_in(shared, HOLD, message).text
    assert "a duplicate" in hand_in(shared, HOLD, b"X-Path: two\r\n" + message).text
    _, number = ask(shared)
    rollcall(shared, "discard", str(number))
    each(shared, 1)
