"""A list that only signed posts reach (scenario private_smime), through a real Postfix: who gets in, what members get, and what explain tells."""
import json
import os
import re
import subprocess

import pytest

from lab import smime
from lab.postfix import DOMAIN
from lab.process import BUILD
from lab.smime import Authority, Responder, opaque, signed
from lab.world import World

LIST, AUTHOR = "spacelog@" + DOMAIN, "chaya@mail.example.net"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("pki"))
    root = Authority(directory, "Root")
    settings = {"rollcall": {"smime_ca_file": root.certificate, "smime_crl": root.crl("now"), "smime_ocsp": "yes", "smime_ocsp_networks": "127.0.0.0/8"},
                "list " + LIST: {"scenario": "private_smime", "subject_tag": "[space]"}}
    with World(settings=settings) as world:
        world.root = root
        yield world


def post(world, message, sender=AUTHOR):
    """Hands it to Postfix, and returns what Rollcall's log says of it."""
    world.sink.forget()
    message = re.sub(rb"(?m)^To: .*\r\n", b"To: %s\r\n" % LIST.encode(), message, count=1)
    identifier = re.search(rb"Message-ID: <(.*)>", message).group(1).decode()
    world.postfix.send(message, sender, LIST)
    return world.rollcall.wait_log("msgid=<%s>.* status=" % identifier)[-1]


def explain(world, message):
    """What explain tells of its S/MIME."""
    done = subprocess.run([os.path.join(BUILD, "rollcall"), "--config", world.rollcall.config, "explain", "--json", "--to", LIST],
                          input=message, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["posts"][0]["authentication"]["smime"]


@pytest.mark.parametrize("make", [signed, opaque])
@pytest.mark.parametrize("content", [smime.entity(), smime.entity("Schlüssel \r\n-- \r\n".encode(), "text/plain; charset=utf-8; format=flowed", "8bit")])
def test_signed_posts_go_out_and_still_verify(world, make, content, tmp_path):
    """HOSTILE M25: the body is the author's to the byte, and every member can verify it, with OpenSSL and with us."""
    message = make(AUTHOR, world.root.issue("chaya", AUTHOR), content=content)
    line = post(world, message)
    assert "auth=smime" in line and "status=sent" in line
    copies = world.copies(len(world.crm.members("spacelog")))
    for copy in copies:
        assert copy.body == message.partition(b"\r\n\r\n")[2]
        assert copy.header("Subject") == ["[space] A question"]
        (tmp_path / "copy").write_bytes(copy.message)
        said = subprocess.run(["openssl", "cms", "-verify", "-in", tmp_path / "copy", "-CAfile", world.root.certificate, "-purpose", "smimesign"],
                              capture_output=True)
        assert said.returncode == 0, said.stderr
        again = subprocess.run([os.path.join(BUILD, "test", "session", "smime_probe"), "--ca", world.root.certificate, AUTHOR],
                               input=copy.message, capture_output=True)
        assert again.stdout.startswith(b"pass\n")


def test_others_do_not_get_in(world):
    """Unsigned, changed, signed by somebody else, by somebody whom nobody vouches for, and by one who was revoked."""
    good = signed(AUTHOR, world.root.issue("chaya", AUTHOR))
    other = signed(AUTHOR, world.root.issue("rhea", "rhea@mail.example.net"))
    os.mkdir(os.path.join(world.root.directory, "strange"))
    strange = signed(AUTHOR, Authority(os.path.join(world.root.directory, "strange"), "Strange").issue("chaya", AUTHOR))
    bare = smime.mail(AUTHOR, "text/plain", b"Let me in\r\n")
    for message, result, words in [(bare, "none", "^$"), (good.replace(b"Who has", b"Who had"), "fail", "not what was signed"),
                                   (other, "fail", "not for the author"), (strange, "fail", "local issuer")]:
        line = post(world, message)
        assert "auth=smtp" in line and "dsn=5.7.1, status=refused" in line, line
        found = explain(world, message)
        assert found["result"] == result and re.search(words, found.get("reason") or ""), found
    # Signed by a stranger to the list who has a good certificate.
    line = post(world, signed("rhea@mail.example.net", world.root.issue("rhea", "rhea@mail.example.net")), "rhea@mail.example.net")
    assert "auth=smime" in line and "status=refused" in line
    assert explain(world, good)["result"] == "pass"


def test_revoked_by_crl_after_a_reload(world):
    gone = world.root.issue("gone", AUTHOR)
    message = signed(AUTHOR, gone, content=smime.entity(b"Still here\r\n"))
    assert "status=sent" in post(world, message)
    world.root.crl("now", [gone])
    assert world.rollcall.reload()
    assert "status=refused" in post(world, signed(AUTHOR, gone, content=smime.entity(b"And now\r\n")))
    assert "revoked" in explain(world, message)["reason"]
    world.root.crl("now")
    assert world.rollcall.reload()


def test_responder_is_asked_by_the_other_room(world):
    responder = Responder(world.root)
    person = world.root.issue("asked", AUTHOR, ocsp=responder.url)

    def outcome(text):
        message = signed(AUTHOR, person, content=smime.entity(text))
        return post(world, message), explain(world, message)
    responder.know(good=[person])
    with responder:
        line, found = outcome(b"one\r\n")
        assert "auth=smime" in line and "status=sent" in line and found["result"] == "pass", (line, found)
    responder.know(revoked=[person])
    with responder:
        line, found = outcome(b"two\r\n")
        assert "status=refused" in line and "revoked" in found["reason"]
    line, found = outcome(b"three\r\n")
    assert "status=refused" in line and (found["result"], "no connection" in found["reason"]) == ("temperror", True), (line, found)
