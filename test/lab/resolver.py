"""DNS for one world: a real resolver (Debian's unbound) on a loopback port that knows a zone of ours and nothing else.

    resolver.add("s1._domainkey.mail.example.net", "v=DKIM1; p=…")

Every other name is not there, said at once: nothing here ever asks the machine's own network. Records have a TTL of 0 unless told, so a
change counts at once although those who ask have caches. Names below .test, .invalid, .onion and .localhost are no good for tests: the
asking library itself knows that these are not there.
"""
import os
import re
import shlex
import socket

from lab.process import Daemon, free_port, run

CONFIG = """\
server:
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  do-ip6: no
  num-threads: 1
  outgoing-range: 16
  module-config: "validator iterator"
  do-not-query-localhost: no
  trust-anchor: "{bogus}. DS 12345 8 2 0000000000000000000000000000000000000000000000000000000000000000"
auth-zone:
  name: "."
  zonefile: "{directory}/zone"
  for-downstream: yes
  for-upstream: no
auth-zone:
  name: "{bogus}."
  zonefile: "{directory}/bogus.zone"
  for-downstream: no
  for-upstream: yes
auth-zone:
  name: "{signed}."
  zonefile: "{directory}/signed.zone"
  for-downstream: yes
  for-upstream: no
remote-control:
  control-enable: yes
  control-interface: "{directory}/control"
  control-use-cert: no
"""
# Any name below it is SERVFAIL: the resolver has a trust anchor for it, and the zone is not signed.
BOGUS = "bogus.example"
BOGUS_ZONE = """\
$ORIGIN bogus.example.
@ 0 IN SOA ns hostmaster 1 0 0 0 0
@ 0 IN NS ns
* 0 IN TXT "not signed"
"""
SIGNED = "signed.example"
HEAD = """\
. 0 IN SOA ns.example. hostmaster.example. 1 0 0 0 0
. 0 IN NS ns.example.
"""
STRING = 250  # bytes of one character-string; a record may have several


def quoted(text, size=STRING):
    """A record's data as a zone file has it, in character-strings of at most `size` bytes."""
    data = text.encode() if isinstance(text, str) else text
    parts = [data[i:i + size] for i in range(0, len(data), size)] or [b""]
    return " ".join('"%s"' % "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else "\\%03d" % c for c in part) for part in parts)


def read_zone(text):
    """{name: text} of the TXT records in a piece of a zone file as `rollcall dkim` prints it."""
    found = {}
    for match in re.finditer(r"^(\S+)\. \d+ IN TXT \((.*?) \)$", text, re.MULTILINE | re.DOTALL):
        strings = shlex.split(match.group(2))
        assert all(len(string) <= 255 for string in strings)
        found[match.group(1)] = "".join(strings)
    return found


class Resolver:
    """`with` starts and stops it. A name is written without its last dot."""

    def __init__(self, parent, port=None):
        self.directory = os.path.join(parent, "resolver")
        self.port = port or free_port()
        self.setting = "127.0.0.1@%d" % self.port
        self._records = {}
        self._absent = 0
        os.mkdir(self.directory, 0o755)
        self._write("bogus.zone", BOGUS_ZONE)
        self._write("zone", HEAD)
        self._write("signed.zone", HEAD.replace(".", SIGNED + ".", 1))
        self._write("unbound.conf", CONFIG.format(port=self.port, directory=self.directory, bogus=BOGUS, signed=SIGNED))
        self.daemon = Daemon("unbound", os.path.join(self.directory, "log"),
                             ["unbound", "-d", "-c", os.path.join(self.directory, "unbound.conf")])

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w") as f:
            f.write(text)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *why):
        self.stop()

    def start(self):
        self.daemon.start()
        self.daemon.wait_ready(self._ready)

    def stop(self):
        return self.daemon.end()

    def _ready(self):
        try:
            return "is running" in self.control("status")
        except OSError:
            return False

    def control(self, command):
        """What unbound-control says to that, without a process of its own."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(os.path.join(self.directory, "control"))
            connection.sendall(b"UBCT1 %s\n" % command.encode())
            answer = b""
            while True:
                piece = connection.recv(4096)
                if not piece:
                    return answer.decode()
                answer += piece

    def _do(self, command):
        answer = self.control(command)
        assert answer.startswith("ok"), "%s: %s" % (command, answer)

    # ---- the zone ----

    def _publish(self):
        self._write("zone", HEAD.replace(" 0 ", " %d " % self._absent, 1).replace(" 0\n", " %d\n" % self._absent, 1) + "".join("%s. %s\n" % (name, record) for name, records in self._records.items() for record in records))
        if self.daemon.running():
            self._do("auth_zone_reload .")

    def absent(self, ttl):
        """For how long it may be remembered that a name is not there."""
        self._absent = ttl
        self._publish()

    def record(self, name, kind, data, ttl=0):
        """One more record of any kind, its data as a zone file has it."""
        self._records.setdefault(name, []).append("%d IN %s %s" % (ttl, kind, data))
        self._publish()

    def add(self, name, *texts, ttl=0):
        """TXT records beside those that are there."""
        self._records.setdefault(name, []).extend("%d IN TXT %s" % (ttl, quoted(text)) for text in texts)
        self._publish()

    def set(self, name, *texts, ttl=0):
        """These TXT records and no other of any kind; none: the name is not there any more."""
        self._records.pop(name, None)
        if texts:
            self.add(name, *texts, ttl=ttl)
        else:
            self._publish()

    def zone(self, records):
        """Many at once, in place of what the names had: {name: text or [texts]}."""
        for name, texts in records.items():
            texts = [texts] if isinstance(texts, (str, bytes)) else texts
            self._records[name] = ["0 IN TXT " + quoted(text) for text in texts]
        self._publish()

    def alias(self, name, target, ttl=0):
        self.record(name, "CNAME", target + ".", ttl)

    def exists(self, name):
        """The name is there, with an address and no TXT record."""
        self.record(name, "A", "192.0.2.1")

    def sign(self, records, forged=()):
        """Makes a zone SIGNED with these {name: text}, signed by DNSSEC; then changes the texts of those that are forged, {name: text}.
        Returns the trust anchor, a line of a zone file."""
        head = "{0}. 0 IN SOA ns.{0}. hostmaster.{0}. 1 0 0 0 0\n{0}. 0 IN NS ns.{0}.\n".format(SIGNED)
        self._write("plain.zone", head + "".join("%s. 0 IN TXT %s\n" % (name, quoted(text)) for name, text in records.items()))
        key = run(["ldns-keygen", "-k", "-a", "ECDSAP256SHA256", SIGNED], cwd=self.directory).stdout.strip().splitlines()[-1]
        run(["ldns-signzone", "-f", "signed.zone", "plain.zone", key], cwd=self.directory)
        with open(os.path.join(self.directory, "signed.zone")) as f:
            zone = f.read()
        for name, text in dict(forged).items():
            assert zone.count(quoted(records[name])) == 1
            zone = zone.replace(quoted(records[name]), quoted(text))
        self._write("signed.zone", zone)
        self._do("auth_zone_reload %s." % SIGNED)
        with open(os.path.join(self.directory, key + ".key")) as f:
            return f.read().split(";")[0].strip() + "\n"

    def refuse(self, name):
        """Everything from this name downwards fails at once, as with name servers that are broken."""
        self._do("local_zone %s. always_refuse" % name)

    def silence(self, name):
        """Nothing from this name downwards is ever answered."""
        self._do("local_zone %s. always_deny" % name)

    def heal(self, name):
        """Ends refuse() and silence()."""
        self._do("local_zone_remove %s." % name)
