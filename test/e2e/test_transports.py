"""The other ways in: TCP with STARTTLS, the pipe(8) client, and what a sysadmin sees of them."""
import os
import re
import shutil
import socket
import ssl
import time

import pytest

from lab.certs import Authority
from lab.lmtp import Lmtp
from lab.postfix import DOMAIN
from lab.process import BUILD, free_port, wait_until
from lab.world import World, compose

AUTHOR = "chaya@mail.example.net"
LIST = "deelnemers@" + DOMAIN


class TlsWorld(World):
    """Rollcall also listens on TCP, with a certificate of an authority of its own."""

    def __enter__(self):
        self.port = free_port()
        super().__enter__()
        trust = os.path.join(self.directory, "lmtp-ca")
        os.mkdir(trust)
        self.authority = Authority(trust, "LMTP CA")
        self.certificate, self.key = (os.path.join(trust, name) for name in ("used-cert.pem", "used-key.pem"))
        self.use(self.authority.issue("first"))
        self.rollcall.configure({"rollcall": {"listen": "%s;inet:127.0.0.1:%d" % (self.rollcall.lmtp, self.port),
                                              "tls_certificate_file": self.certificate, "tls_key_file": self.key}})
        assert self.rollcall.reload()
        return self

    def use(self, pair):
        for source, target in zip(pair, (self.certificate, self.key)):
            shutil.copy(source, target + ".new")
            os.chmod(target + ".new", 0o600)
            os.rename(target + ".new", target)

    def connect(self):
        return Lmtp("inet:127.0.0.1:%d" % self.port)

    def start_tls(self, client, cafile=None):
        assert client.command("STARTTLS").code == 220
        context = ssl.create_default_context(cafile=cafile or self.authority.path)
        client.socket = context.wrap_socket(client.socket, server_hostname="localhost")
        return client


@pytest.fixture(scope="module")
def shared():
    with TlsWorld() as world:
        yield world


def test_post_over_tcp_and_tls(shared):
    with shared.connect() as client:
        assert "STARTTLS" in "\n".join(client.command("LHLO x").lines)
        shared.start_tls(client)
        assert "STARTTLS" not in "\n".join(client.command("LHLO x").lines)
        assert client.socket.version() in ("TLSv1.2", "TLSv1.3")
        shared.sink.forget()
        assert client.post(AUTHOR, [LIST], compose(AUTHOR, LIST))[0].code == 250
    shared.copies(len(shared.crm.members("deelnemers")))


def test_post_over_tcp_without_tls(shared):
    shared.sink.forget()
    with shared.connect() as client:
        assert client.post(AUTHOR, [LIST], compose(AUTHOR, LIST))[0].code == 250
    shared.copies(len(shared.crm.members("deelnemers")))


def test_plain_text_behind_starttls_is_dropped(shared):
    """The injection of CVE-2011-0411: what came before the handshake is not taken for what came under TLS."""
    with shared.connect() as client:
        client.command("LHLO x")
        client.send(b"STARTTLS\r\nRSET\r\nNOOP injected\r\n")
        assert client.reply().code == 220
        # The rest of the segment must neither be answered nor break the handshake.
        context = ssl.create_default_context(cafile=shared.authority.path)
        client.rest = b""
        client.socket = context.wrap_socket(client.socket, server_hostname="localhost")
        assert client.command("VRFY x").code in (502, 252)
        assert client.command("LHLO x").code == 250


def test_renewed_certificate_is_served_without_a_restart(shared):
    def serial():
        with shared.connect() as client:
            client.command("LHLO x")
            return shared.start_tls(client).socket.getpeercert()["serialNumber"]

    before = serial()
    shared.use(shared.authority.issue("second"))
    assert wait_until(lambda: serial() != before, 10, "the new certificate")
    # A broken pair keeps the one in force.
    now = serial()
    with open(shared.certificate, "w") as f:
        f.write("rubbish")
    assert serial() == now
    assert shared.rollcall.wait_log("(?i)certificate")
    shared.use(shared.authority.issue("third"))
    assert wait_until(lambda: serial() != now, 10, "the third certificate")


def test_postfix_speaks_tls_to_it(shared):
    shared.postfix.apply("inet:127.0.0.1:%d" % shared.port)
    shared.postfix.postconf("-P", "rollcall/unix/lmtp_tls_security_level=encrypt")
    shared.postfix.reload()
    shared.sink.forget()
    queue_id = shared.post(AUTHOR, LIST, "Over TLS")
    shared.copies(len(shared.crm.members("deelnemers")))
    assert shared.postfix.log(r"rollcall/lmtp.*%s: .*relay=127\.0\.0\.1.*status=sent" % queue_id)
    shared.postfix.postconf("-PX", "rollcall/unix/lmtp_tls_security_level")
    shared.postfix.apply(shared.rollcall.lmtp)


def test_foreign_network_is_turned_away(shared):
    shared.rollcall.configure({"rollcall": {"lmtp_clients": "192.0.2.0/24"}})
    assert shared.rollcall.reload()
    try:
        with socket.create_connection(("127.0.0.1", shared.port), 10) as s:
            said = s.recv(200)
            assert said == b"" or said.startswith(b"421"), said
    finally:
        shared.rollcall.configure({"rollcall": {"lmtp_clients": None}})
        assert shared.rollcall.reload()


def test_slow_client_does_not_hold_up_others(shared):
    """HOSTILE L18, L19: thirty clients that say nothing, more than there are workers, and a post goes through at once."""
    idle = [shared.rollcall.connect() for _ in range(30)]
    for client in idle:
        assert client.envelope(AUTHOR, [LIST])[0].code == 250
    start = time.monotonic()
    shared.sink.forget()
    with shared.rollcall.connect() as client:
        assert client.post(AUTHOR, [LIST], compose(AUTHOR, LIST))[0].code == 250
    assert time.monotonic() - start < 5
    for client in idle:
        client.close()
    shared.copies(len(shared.crm.members("deelnemers")))


def test_five_hundred_connections_at_once(shared):
    """HOSTILE L19: the limit is served, the rest wait in the kernel's queue; nobody is lost."""
    clients = []
    path = shared.rollcall.lmtp.partition(":")[2]
    for _ in range(500):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        s.connect(path)
        clients.append(s)
    limit = 100
    wait_until(lambda: len(shared.rollcall.processes()["rollcall-intake"]) >= limit, 20, "a full house")
    assert len(shared.rollcall.processes()["rollcall-intake"]) <= limit + 1
    for s in clients:
        assert s.recv(4) == b"220 "
        s.close()


def test_pipe_transport():
    user = "nobody"
    with World(settings={"rollcall": {"lmtp_peer_users": "root;postfix;nobody", "listen_mode": "0666"}}) as world:
        program = os.path.join(world.directory, "rollcall-pipe")
        shutil.copy(os.path.join(BUILD, "rollcall-pipe"), program)
        world.postfix.apply(world.rollcall.lmtp, DOMAIN, "--transport", "pipe", "--pipe-user", user, "--pipe-program", program)
        queue_id = world.post(AUTHOR, LIST, "Through the pipe")
        members = world.crm.members("deelnemers")
        world.copies(len(members))
        assert world.sink.recipients() == {address: 1 for address in members}
        assert world.rollcall.log("%s: list=<%s>" % (queue_id, re.escape(LIST)))
        # Refusals and troubles come through as what they are.
        world.sink.forget()
        world.post("mallory@elsewhere.example", LIST)
        world.post(AUTHOR, "nolist")
        bounces = world.copies(2)
        assert {copy.recipients[0] for copy in bounces} == {"mallory@elsewhere.example", AUTHOR}
        assert any(b"Only members of this list" in copy.message for copy in bounces)
        world.mariadb.kill()
        world.sink.forget()
        world.post(AUTHOR, LIST, "Waits")
        world.postfix.wait_deferred()
        assert "member directory unavailable" in world.postfix.delay_reasons()[0]
        world.mariadb.start()
        wait_until(lambda: world.postfix.flush() or not world.postfix.queued(), 40, "an empty queue", pause=1)
        world.copies(len(members))
