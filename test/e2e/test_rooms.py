"""The two rooms, proved on the running processes and on the files: who runs as whom, behind which walls, linked to what."""
import base64
import os
import re
import subprocess

import pytest

from lab.crm import PASSWORD
from lab.process import BUILD, children
from lab.rollcall import DISPATCH_UID, INTAKE_UID
from lab.world import World


@pytest.fixture(scope="module")
def shared():
    with World() as world:
        yield world


def status(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def needed(program):
    text = subprocess.run(["readelf", "-d", os.path.join(BUILD, program)], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*?)\.so", text))


def test_what_each_program_links():
    assert not {name for name in needed("rollcall-intake") if re.match(r"lib(mariadb|mysqlclient|sqlite3|ssl)", name)}
    assert not {name for name in needed("rollcall-dispatch") if re.match(r"lib(gmime|opendkim)", name)}
    assert {name for name in needed("rollcall-pipe") if not re.match(r"lib(c|asan|ubsan|m)$", name)} == set()


def test_hardening_of_the_programs():
    for program in ("rollcall-lmtpd", "rollcall-intake", "rollcall-dispatch", "rollcall", "rollcall-pipe"):
        path = os.path.join(BUILD, program)
        head = subprocess.run(["readelf", "-hdlW", path], capture_output=True, text=True, check=True).stdout
        assert re.search(r"Type:\s+DYN", head), program
        assert "GNU_RELRO" in head and re.search(r"BIND_NOW|Flags: NOW", head), program
        assert re.search(r"GNU_STACK.* RW ", head), program


def session_child(world, client):
    """The process that serves this connection: intake's youngest child."""
    (parent,) = [pid for pid in world.rollcall.processes()["rollcall-intake"] if status(pid)["PPid"] == str(world.rollcall.pid)]
    return parent, children(parent)[-1]


def test_users_and_walls_of_the_running_processes(shared):
    with shared.rollcall.connect() as client:
        assert client.command("LHLO x").code == 250
        parent, child = session_child(shared, client)
        for pid in (parent, child):
            fields = status(pid)
            assert fields["Uid"].split() == [str(INTAKE_UID)] * 4 and fields["Groups"].strip() == ""
            assert fields["NoNewPrivs"] == "1"
            assert fields["CapEff"] == fields["CapPrm"] == "0" * 16
            assert os.listdir("/proc/%d/root" % pid) == []
            assert os.readlink("/proc/%d/ns/net" % pid) != os.readlink("/proc/self/ns/net")
        assert status(child)["Seccomp"] == "2"
        limits = open("/proc/%d/limits" % child).read()
        assert re.search(r"Max core file size\s+0", limits) and re.search(r"Max processes\s+0", limits)
        assert re.search(r"Max address space\s+\d+", limits) and re.search(r"Max open files\s+64", limits)
        # Nothing open but the connection, the tickets, the log and /dev/null; no listening socket, no file.
        targets = [os.readlink("/proc/%d/fd/%s" % (child, fd)) for fd in os.listdir("/proc/%d/fd" % child)]
        files = [target for target in targets if target.startswith("/") and target != "/dev/null"
                 and target != shared.rollcall.log_file and not target.startswith("/memfd:")]
        assert files == []
        # Nor the socket by which jobs come, and whoever asks for one.
        assert not os.path.exists("/proc/%d/fd/6" % child)
    for pid in shared.rollcall.processes()["rollcall-dispatch"]:
        fields = status(pid)
        assert fields["Uid"].split() == [str(DISPATCH_UID)] * 4
        assert fields["NoNewPrivs"] == "1" and fields["CapEff"] == "0" * 16


def memory(pid):
    """Everything readable in a process's memory."""
    out = []
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if match and "[v" not in line:
                start, end = (int(part, 16) for part in match.groups())
                mem.seek(start)
                try:
                    out.append(mem.read(end - start))
                except OSError:
                    pass
    return b"".join(out)


def test_parser_holds_no_secret(shared):
    # Lines of the key files as they stand there; the DER that they decode to would be found by its own lines.
    key_lines = [line for key in shared.rollcall.keys for line in key.pem.splitlines()[1:-1]]
    key_lines += [base64.b64decode(line) for line in key_lines[1:-1] if len(line) == 64]
    shared.post("chaya@mail.example.net", "deelnemers")
    shared.copies(len(shared.crm.members("deelnemers")))
    with shared.rollcall.connect() as client:
        replies = client.envelope("chaya@mail.example.net", ["deelnemers@lists.example.org"])
        assert replies[0].code == 250
        for pid in session_child(shared, client):
            bytes_ = memory(pid)
            assert b"deelnemers@lists.example.org" in bytes_ or pid != session_child(shared, client)[1]
            assert PASSWORD.encode() not in bytes_
            assert not [line for line in key_lines if line in bytes_]
            assert b"anneke@space.example" not in bytes_ and b"femke+lists@post.example.com" not in bytes_


def test_no_member_on_disk_or_in_the_log(shared):
    """On a list without digests; what waits for a digest holds the post itself until that has gone."""
    shared.post("anneke@space.example", "testlist", "No traces")
    members = shared.crm.members("testlist")
    shared.copies(len(members))
    seen = 0
    for place, _, names in os.walk(shared.rollcall.directory):
        for name in names:
            path = os.path.join(place, name)
            if os.path.isfile(path):
                seen += 1
                content = open(path, "rb").read()
                assert not [address for address in members if address.encode() in content], path
    assert seen > 3


def test_other_users_are_turned_away(shared):
    """HOSTILE L21: the file mode keeps them off, and if it did not, SO_PEERCRED would."""
    path = shared.rollcall.lmtp.partition(":")[2]
    probe = "import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(%r); print(s.recv(100))" % path
    os.chmod(path, 0o666)
    try:
        said = subprocess.run(["/usr/bin/python3", "-c", probe], user=61077, group=61077, extra_groups=[], capture_output=True, text=True)
    finally:
        os.chmod(path, 0o660)
    assert "421 4.7.0" in said.stdout, said
    said = subprocess.run(["/usr/bin/python3", "-c", probe], user=61077, group=61077, extra_groups=[], capture_output=True, text=True)
    assert "PermissionError" in said.stderr


@pytest.mark.parametrize("attempt, code", [("plain", 0), ("giant", 451), ("unsealed", 451), ("forge", 451), ("nobody", 451)])
def test_what_an_owned_child_says_is_refused_and_harms_nobody(shared, attempt, code):
    parent = [pid for pid in shared.rollcall.processes()["rollcall-intake"] if status(pid)["PPid"] == str(shared.rollcall.pid)][0]
    workers, sent = shared.rollcall.processes()["rollcall-dispatch"], len(shared.sink.transactions())
    said = subprocess.run([os.path.join(BUILD, "test", "session", "owned_probe"), str(parent), "deelnemers@lists.example.org", attempt],
                          capture_output=True, text=True, timeout=60)
    assert said.returncode == 0 and int(said.stdout.split()[0]) == code, said
    assert shared.rollcall.processes()["rollcall-dispatch"] == workers
    # Postfix needs a moment to throw away a transaction that never ended.
    shared.postfix.wait_empty()
    assert len(shared.sink.transactions()) == sent and shared.rollcall.log(r"^forged") == []
