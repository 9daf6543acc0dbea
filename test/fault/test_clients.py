"""An LMTP client that leaves at each step, and one that does it in the middle of a byte stream: what it brings again later goes out once."""
import socket
import time

import pytest

from lab.lmtp import Closed
from lab.postfix import DOMAIN
from lab.process import wait_until
from lab.world import World
from oracle import AUTHOR, LIST, some

TO = "%s@%s" % (LIST, DOMAIN)


@pytest.fixture(scope="module")
def world():
    with World() as everything:
        yield everything


def begin(client, post):
    client.envelope(AUTHOR, [TO])
    assert client.command("DATA").code == 354
    client.send(b"\r\n".join(b"." + line if line.startswith(b".") else line for line in post.message.split(b"\r\n")))


def leave_after(client, post, step):
    """The client says so much of a post, and is gone."""
    commands = ["LHLO client.example", "MAIL FROM:<%s>" % AUTHOR, "RCPT TO:<%s>" % TO, "DATA"]
    if isinstance(step, int):
        for command in commands[:step]:
            client.command(command)
        return
    if step == "pipelined":
        client.command(commands[0])
        client.send("\r\n".join(commands[1:] + [""]).encode())
        return
    if step == "half":
        client.envelope(AUTHOR, [TO])
        client.command("DATA")
        client.send(post.message[:len(post.message) // 2])
        return
    begin(client, post)
    if step != "before the dot":
        client.send(b".\r\n")
    if step == "half deaf":
        client.socket.shutdown(socket.SHUT_RDWR)
    elif step == "reply unread":
        client.socket.recv(1, socket.MSG_PEEK)
    elif isinstance(step, float):
        time.sleep(step)


def is_taken(world, post):
    try:
        with world.rollcall.connect() as client:
            return client.post(AUTHOR, [TO], post.message)[0].code == 250
    except (Closed, OSError):
        return False


# After the dot: at moments that fall before, into and behind the hand-over.
STEPS = [0, 1, 2, 3, 4, "pipelined", "half", "before the dot", "after the dot", "half deaf", "reply unread"] + [n * 0.002 for n in range(1, 30)]


def test_client_leaves(world, trial):
    with trial(world, "LMTP client that leaves at each step, and comes again") as its:
        for step in some(STEPS, 5):
            post = its.compose()
            its.runs += 1
            with world.rollcall.connect() as client:
                leave_after(client, post, step)
            wait_until(lambda p=post: is_taken(world, p), 30, "taken")
