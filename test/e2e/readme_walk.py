"""Does what the README's walk-through says, word for word, on a machine of its own: started by test_readme.py inside new namespaces.

Root's view of /etc, /var and /usr/local is laid over by memory, so that users can be made, programs installed and the machine's own
Postfix configured and started, and nothing of it is left. What the walk-through leaves to the reader is done here: a MariaDB with the
sample CRM on crm.example.org, its certificate authority's file, a Postfix to begin with, DNS. Prints one JSON object at the end.
"""
import contextlib
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab.crm import schema
from lab.mariadb import MariaDB
from lab.process import LabError, ROOT, directory, run, tidy_signals, wait_until
from lab.resolver import Resolver, read_zone
from lab.sink import Sink

SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # netdevice(7)
NOT_MOUNTED = 42  # exit status: this kernel or container does not allow it
HOST = "crm.example.org"
POST = "From: anneke@space.example\\nTo: testlist@lists.example.org\\nSubject: Hello\\n\\nHi all\\n"


def lay_over(memory="/mnt"):
    """Puts memory over the places that the walk-through writes to; what it needs for that stands on a mount point that any system has."""
    run(["mount", "--make-rprivate", "/"])
    run(["mount", "-t", "tmpfs", "tmpfs", memory])
    for place in ("etc", "var", "usr/local"):
        upper, work = (os.path.join(memory, kind, place) for kind in ("upper", "work"))
        os.makedirs(upper)
        os.makedirs(work)
        run(["mount", "-t", "overlay", "overlay", "-o", "lowerdir=/%s,upperdir=%s,workdir=%s" % (place, upper, work), "/" + place])
    run(["mount", "-t", "tmpfs", "tmpfs", "/run"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))


def steps():
    """The walk-through's commands by number of its step."""
    with open(os.path.join(ROOT, "README")) as f:
        part = f.read().partition("in ten minutes\n")[2].partition("The promise\n")[0]
    found = {}
    for step in re.split(r"\n(?=\d+\. )", part)[1:]:
        found[int(step.partition(".")[0])] = "\n".join(line[7:] for line in step.split("\n") if line.startswith("       "))
    return found


class Walk:
    """Runs commands, each of which must succeed."""

    def __init__(self):
        self.commands = []

    def shell(self, text):
        done = subprocess.run(["bash", "-ec", text], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise LabError("exit status %d of:\n%s\n%s" % (done.returncode, text, done.stdout[-2000:]))
        self.commands.append(text)
        return done.stdout


def prepare_database(server):
    """What the CRM's keeper has already, and their client: `mariadb DATABASE` as administrator."""
    server.port = 3306
    server._adopt(server.authority.issue("crm", names=[HOST]))
    server.start()
    server.execute("CREATE DATABASE crm DEFAULT CHARACTER SET utf8mb4")
    server.script(schema("crm-sample.sql"))
    with open("/etc/hosts", "a") as f:
        f.write("127.0.0.1 %s\n" % HOST)
    with open("/usr/local/bin/mariadb", "w") as f:
        f.write('#!/bin/sh\ncase $1 in --defaults-file=*) exec /usr/bin/mariadb "$@" ;; esac\n'
                'exec /usr/bin/mariadb --no-defaults --socket=%s --user=root "$@"\n' % server.socket)
    os.chmod("/usr/local/bin/mariadb", 0o755)


def prepare_postfix(sink):
    """A Postfix as Debian installs it, whose mail leaves to the sink."""
    if not os.path.exists("/etc/postfix/main.cf"):
        run(["cp", "/usr/share/postfix/main.cf.debian", "/etc/postfix/main.cf"])
    run(["postconf", "-e", "relayhost=[127.0.0.1]:%d" % sink.port, "smtp_dns_support_level=disabled", "inet_protocols=ipv4",
         "alias_maps=", "alias_database=", "myhostname=mx.example.org", "maillog_file=/var/log/mail.log"])
    # What waits in the machine's own queue is not this test's to deliver; it is still there afterwards, below the memory.
    run(["find", "/var/spool/postfix", "-type", "f", "(", "-path", "*/maildrop/*", "-o", "-path", "*/deferred/*", "-o", "-path", "*/incoming/*", ")",
         "-delete"])
    run(["postfix", "start"])


def walk(place, seen):
    todo, hand = steps(), Walk()
    seen["commands"] = hand.commands
    seen["steps"] = len(todo)
    with Sink(place) as sink, contextlib.ExitStack() as stack:
        server = MariaDB(place)
        stack.callback(server.kill)
        prepare_database(server)
        prepare_postfix(sink)
        seen["postfix_before"] = run(["postconf", "-n"]).stdout + run(["postconf", "-M"]).stdout
        # Step 1 without `make deps`: what is missing is not to be installed by a test.
        hand.shell(todo[1].replace("make deps && ", ""))
        # One shell, as a reader has, because the password is kept in it.
        hand.shell(todo[2] + "\n" + todo[3])
        run(["cp", server.ca, "/etc/rollcall/crm-ca.pem"])
        hand.shell(re.search(r"`(mariadb --defaults-file[^`]*)`", open(os.path.join(ROOT, "README")).read()).group(1))
        seen["dkim"] = read_zone(hand.shell(todo[4]))
        resolver = stack.enter_context(Resolver(place, port=53))
        resolver.zone(dict(seen["dkim"], **{"lists.example.org": "v=spf1 mx -all", "_dmarc.lists.example.org": "v=DMARC1; p=none"}))
        with open("/etc/resolv.conf", "w") as f:
            f.write("nameserver 127.0.0.1\n")
        # Step 5: "take the # from these two lines".
        for line in todo[5].split("\n"):
            hand.shell("grep -qxF '#%s' /etc/rollcall/rollcall.conf && sed -i 's|^#\\(%s\\)$|\\1|' /etc/rollcall/rollcall.conf"
                       % (line, line.replace("[", "\\[")))
        hand.shell(todo[6])
        seen["check"] = hand.shell(todo[7])
        daemon = subprocess.Popen(["rollcall-lmtpd"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists("/run/rollcall/lmtp"), 20, "the daemon's socket")
        seen["lists"] = hand.shell("rollcall lists")
        hand.shell("printf '%s' | sendmail -f anneke@space.example testlist@lists.example.org" % POST)
        sink.wait(2, 30)
        seen["copies"] = [{"recipients": t.recipients, "data": t.message.decode()} for t in sink.transactions()]
        daemon.terminate()
        seen["daemon"] = daemon.wait(60)
        hand.shell("rollcall-postfix remove")
        seen["postfix_after"] = run(["postconf", "-n"]).stdout + run(["postconf", "-M"]).stdout
        run(["postfix", "stop"])


def main():
    tidy_signals()
    started, seen = time.monotonic(), {}
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    try:
        lay_over()
    except LabError as error:
        print(error)
        return NOT_MOUNTED
    with directory("readme") as place:
        walk(place, seen)
    seen["seconds"] = time.monotonic() - started
    print(json.dumps(seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
