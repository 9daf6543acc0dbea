"""The session when something of our own runs out, and what it says in the log."""
import resource
import subprocess

import pytest

from lab.process import children
from lmtp_client import LIST, OTHER, PROBE, Probe

POST = b"From: a@b.example\r\n\r\nHello\r\n"
END = b".\r\n"


@pytest.fixture
def server(tmp_path):
    with Probe(str(tmp_path)) as probe:
        yield probe


def test_no_memory_file(server):
    """Said before the 354, so the client keeps its transaction and may try DATA again."""
    with server.connect() as c:
        c.begin(LIST)
        child, = children(server.process.pid)
        soft, hard = resource.prlimit(child, resource.RLIMIT_NOFILE)
        resource.prlimit(child, resource.RLIMIT_NOFILE, (3, hard))
        c.expect("DATA", "452 4.3.1")
        resource.prlimit(child, resource.RLIMIT_NOFILE, (soft, hard))
        assert c.post(POST + END)[0].startswith("250")


def test_memory_runs_out_within_data(server):
    """The message is read to its end, each list is deferred, and the session goes on."""
    script = b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n" % (LIST.encode(), OTHER.encode())
    script += b"x" * 70 + b"\r\n" + (b"y" * 98 + b"\r\n") * 9000 + END + b"NOOP\r\nQUIT\r\n"
    # A file may have 64 kB, and passing that is an error rather than a signal.
    done = subprocess.run(["bash", "-c", 'trap "" XFSZ; ulimit -f 64; exec "$0" stdin', PROBE], input=script, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=30)
    assert [line[:9] for line in done.stdout.split(b"\r\n")[-6:-1]] == [b"354 End d", b"452 4.3.1", b"452 4.3.1", b"250 2.0.0", b"221 2.0.0"]
    assert done.stderr.count(b"dsn=4.3.1, status=deferred (No memory for the message)") == 2


def test_no_address_in_the_log(server):
    """Members' addresses pass here as senders and in bounce addresses; the log has none of them."""
    with server.connect() as c:
        c.begin("list-bounces+secret=member.example@lists.example.org", sender="private@person.example")
        c.post(b"From: x\n\r\n" + END)
    text = server.log_text()
    assert "list=<list@lists.example.org>, dsn=5.6.11, status=refused" in text
    assert "secret" not in text and "private" not in text
