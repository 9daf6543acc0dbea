"""Archives, one post at a time (archive_probe): Maildir and mbox read back by Python's mailbox, killed before each of their writes; HyperKitty's Mailman
interface at a server that looks at each field; and HyperKitty itself, where Debian's package is installed (e2e/test_archive.py shows it posts of ours)."""
import contextlib
import email.parser
import email.policy
import fcntl
import http.server
import json
import mailbox
import os
import shutil
import ssl
import stat
import subprocess
import threading

import pytest

from lab.certs import Authority
from lab.process import BUILD, directory

PROBE = os.path.join(BUILD, "test", "session", "archive_probe")
LIST, AT = "choir@lists.example.org", 1795000000
WRITES = ("write", "pwrite64", "fsync", "rename", "unlink", "unlinkat", "link", "linkat", "ftruncate", "fchmod")
QUOTED = b"From here\n>From there\nFrom: no\n\nFrom x Sat Nov 21 10:00:00 2026\n"


@pytest.fixture
def place():
    with directory("archive") as path:
        yield path


def post(number, body=QUOTED):
    return b"From: <a@mail.example.net>\nSubject: %d\nMessage-ID: <%d@x.example>\n\n" % (number, number) + body


def put(archive, message, repeated=True, at=AT, key="-", ca="", prefix=()):
    done = subprocess.run([*prefix, PROBE, archive, LIST, str(at), {True: "yes", False: "no"}.get(repeated, repeated), key, ca], input=message,
                          capture_output=True, timeout=30)
    return done.returncode, done.stdout.decode().partition("\n")[::2]


def good(*what, **how):
    code, (word, why) = put(*what, **how)
    assert (code, word) == (0, "done"), why


def read(archive):
    """The posts, as bytes, in their order."""
    kind, path = archive.split(":", 1)
    if kind == "maildir":
        box = mailbox.Maildir(path, create=False)
        return [m[1] for m in sorted((box.get_message(k).get_date(), box.get_bytes(k)) for k in box.keys())]
    box = mailbox.mbox(path, create=False)
    found = [box.get_bytes(key) for key in box.keys()]
    box.close()
    return [b"".join(line[1:] if line.lstrip(b">").startswith(b"From ") and line.startswith(b">") else line for line in m.splitlines(True)) for m in found]


@pytest.fixture(params=["maildir", "mbox"])
def archive(request, place):
    return "%s:%s/{domain}-{list}" % (request.param, place)


def filled(archive):
    return archive.replace("{domain}-{list}", "lists.example.org-choir")


def test_posts_come_back_as_they_went(archive):
    posts = [post(1), post(2, b""), post(3, b"\n\n"), post(4, b"\xff\x80\n" * 1000), post(5, b"x" * 100000 + b"\n")]
    for number, message in enumerate(posts):
        good(archive, message, at=AT + number, repeated=False)
    assert read(filled(archive)) == posts
    for base, names, files in os.walk(os.path.dirname(filled(archive).split(":")[1])):
        for name in files:
            assert stat.S_IMODE(os.stat(os.path.join(base, name)).st_mode) in (0o640, 0o600)
        assert not [n for n in files if n.endswith((".lock", ".new"))]


def test_each_once(archive):
    for _ in range(3):
        good(archive, post(1))
    good(archive, post(2), at=AT + 1)
    assert read(filled(archive)) == [post(1), post(2)]


def test_a_reader_that_has_moved_it(place):
    good("maildir:%s/m" % place, post(1))
    name, = os.listdir(place + "/m/new")
    os.rename("%s/m/new/%s" % (place, name), "%s/m/cur/%s:2,RS" % (place, name))
    good("maildir:%s/m" % place, post(1))
    assert os.listdir(place + "/m/new") == [] and len(os.listdir(place + "/m/cur")) == 1


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace")
def test_killed_before_each_write(archive):
    good(archive, post(0))
    wanted, killed = [post(0)], []
    # strace counts each call by itself.
    for name in WRITES:
        for number in range(1, 20):
            message, at = post(len(wanted)), AT + len(wanted)
            code, _ = put(archive, message, at=at, prefix=["strace", "-f", "-o", "/dev/null", "-e", "trace=" + name, "-e",
                                                           "inject=%s:signal=KILL:when=%d" % (name, number)])
            good(archive, message, at=at)
            wanted.append(message)
            assert read(filled(archive)) == wanted, "killed before %s %d" % (name, number)
            if code == 0:
                break
            killed.append((name, number))
    assert len(killed) >= 9, killed


def test_a_torn_end_is_cut_off(place):
    """What a power cut leaves: the note, and some of the post."""
    path = place + "/mbox"
    good("mbox:" + path, post(1))
    before = os.path.getsize(path)
    good("mbox:" + path, post(2), at=AT + 1)
    for length in (before + 1, before + 7, before + 60, os.path.getsize(path) - 1):
        os.truncate(path, length)
        good("mbox:" + path, post(2), at=AT + 1)
        assert read("mbox:" + path) == [post(1), post(2)]


def test_what_others_write_stays(place):
    """A note that no longer fits says nothing."""
    path = place + "/mbox"
    good("mbox:" + path, post(1))
    good("mbox:" + path, post(2), at=AT + 1)
    theirs = b"From z@x.example Sat Nov 21 10:00:00 2026\nSubject: theirs\n\nno end"
    with open(path, "wb") as f:
        f.write(theirs)
    good("mbox:" + path, post(3), at=AT + 2)
    assert read("mbox:" + path) == [theirs.partition(b"\n")[2] + b"\n", post(3)]


def test_locks_of_others_are_respected(place):
    path = place + "/mbox"
    good("mbox:" + path, post(1))
    with open(path + ".lock", "w") as f:
        f.write("1\n")
    code, (word, why) = put("mbox:" + path, post(2))
    assert (word, "locked" in why) == ("trouble", True)
    os.utime(path + ".lock", (AT - 10**9, AT - 10**9))
    with open(path, "rb+") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        code, (word, why) = put("mbox:" + path, post(2))
    assert (word, "locked" in why) == ("trouble", True)
    good("mbox:" + path, post(2), at=AT + 1)
    with open(path + ".lock", "w") as f:
        f.write("rollcall %d\n" % 2**22)
    good("mbox:" + path, post(3), at=AT + 2)
    assert read("mbox:" + path) == [post(1), post(2), post(3)] and not os.path.exists(path + ".lock")


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_links_and_other_things_are_refused(place, kind):
    os.mkdir(place + "/elsewhere")
    os.symlink(place + "/elsewhere" if kind == "maildir" else place + "/file", place + "/link")
    os.mkfifo(place + "/fifo")
    for name in ("link", "fifo", "no/such"):
        assert put("%s:%s/%s" % (kind, place, name), post(1))[1][0] == "trouble"
        assert put("%s:%s/%s" % (kind, place, name), post(1), repeated="probe")[1][0] == "bad"
    assert os.listdir(place + "/elsewhere") == [] and not os.path.exists(place + "/file")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_full_disk_leaves_no_half_post(place):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", place], check=True)
    try:
        for archive in ("mbox:%s/mbox" % place, "maildir:%s/m" % place):
            good(archive, post(1))
            code, (word, why) = put(archive, post(2, b"x" * 200000))
            assert word == "trouble" and "No space" in why
            good(archive, post(3), at=AT + 1)
            assert read(archive) == [post(1), post(3)]
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("archive", ["maildir:relative", "mbox:/", "mbox:/a/../b", "mbox:/a//b", "mbox:/{name}", "mbox:/a}", "imap://x/", "hyperkitty:ftp://x/",
                                     "hyperkitty:https://", "hyperkitty:https://u:p@h/", "hyperkitty:https://h/?key=x", "hyperkitty:http://lists.example.org/",
                                     "hyperkitty:http://127.0.0.1.example.org/", "hyperkitty:https://h/a b"])
def test_bad_places(archive):
    code, (word, _) = put(archive, post(1))
    assert code == 1 and word.startswith("bad ")


# ---- HyperKitty's interface ----

class Server(http.server.ThreadingHTTPServer):
    """Answers as `answer` says and keeps the requests."""

    def __init__(self, tls=None):
        self.requests, self.answer = [], (200, {"url": "https://x/"})

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.server.requests.append((self.command, self.path, self.headers, body))
                status, content = self.server.answer
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                if status // 100 == 3:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(data)

            def do_GET(self):
                self.headers["Content-Length"] = "0"
                self.do_POST()

            def log_message(self, *what):
                pass
        super().__init__(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        self.place = "hyperkitty:%s://127.0.0.1:%d/hyperkitty" % ("https" if tls else "http", self.server_port)

    def handle_error(self, *what):
        """A handshake that our client ends is what some tests are about."""

    def __exit__(self, *why):
        self.shutdown()
        self.thread.join()
        self.server_close()


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


def fields(request):
    _, _, headers, body = request
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    return {part.get_param("name", header="content-disposition"): (part.get_filename(), part.get_payload(decode=True)) for part in form.iter_parts()}


def test_the_form_is_what_hyperkitty_reads(server):
    server.requests.clear()
    good(server.place + "/", post(1, b"no \xff end"), key="Secret")
    request, = server.requests
    assert request[:2] == ("POST", "/hyperkitty/api/mailman/archive") and request[2]["Authorization"] == "Token Secret"
    assert "Secret" not in request[1] and request[2]["Content-Type"].startswith("multipart/form-data")
    assert fields(request) == {"mlist": (None, LIST.encode()), "message": ("message.txt", post(1, b"no \xff end"))}
    assert put(server.place, post(1), repeated="probe", key="Secret")[1][0] == "good"
    assert server.requests[-1][:2] == ("GET", "/hyperkitty/api/mailman/urls?mlist=choir%40lists.example.org")


@pytest.mark.parametrize("status, content, word", [
    (200, {"url": "x"}, "done"), (201, {"url": "x"}, "done"), (200, b"<html>\"url\"</html>", "trouble"), (200, b"", "trouble"),
    (302, b"", "trouble"), (400, {"error": "Non-ascii sender"}, "refused"), (400, b"<h1>Bad Request: ALLOWED_HOSTS</h1>", "trouble"),
    (401, b"<html>", "trouble"), (403, b"<html>", "trouble"), (404, b"", "trouble"), (413, b"", "refused"), (429, b"", "trouble"),
    (500, b"", "broken"), (502, b"", "trouble"), (503, b"", "trouble"), (200, b"{" + b"x" * 100000, "silent")])
def test_answers(server, status, content, word):
    server.answer = (status, content)
    try:
        assert put(server.place, post(1), key="Secret")[1][0] == word
    finally:
        server.answer = (200, {"url": "https://x/"})


def test_nobody_answers():
    assert put("hyperkitty:http://127.0.0.1:1/hyperkitty", post(1), key="Secret")[1][0] == "silent"


def test_tls_is_verified(place):
    authority, stranger = Authority(place), Authority(place, "Other CA")
    for names, ca, word in ((("127.0.0.1",), authority.path, "done"), (("127.0.0.1",), stranger.path, "silent"), (("127.0.0.1",), "", "silent"),
                            (("other.example",), authority.path, "silent")):
        with Server(tls=authority.issue("server", names)) as server:
            assert put(server.place, post(1), key="Secret", ca=ca)[1][0] == word, (names, ca)
            assert len(server.requests) == (word == "done")
