"""A private Postfix: own configuration, queue and log under the lab's directory; up in about 50 ms.

It plays both sides of the border. It takes posts by SMTP for the list domain (rollcall-postfix routes them to Rollcall over LMTP),
takes the fan-out back by QMQP, and hands everything that leaves to the sink; there is no DNS and no other way out.
Two things make it quick: master is started directly and not by postfix(1), whose script checks for two seconds an installation
that we have just made ourselves, and the configuration files are dated back, because Postfix waits until a main.cf is two seconds
old before it reads it. Needs root, as master does.
"""
import contextlib
import grp
import json
import os
import pwd
import re
import signal
import smtplib
import socket
import stat

from lab.process import ROOT, Daemon, LabError, alive, children, free_port, is_open, run, wait_until

DOMAIN = "lists.example.org"
SCRIPT = os.path.join(ROOT, "postfix-conf", "rollcall-postfix")

MAIN = """\
compatibility_level = 3.6
queue_directory = %(here)s/queue
data_directory = %(here)s/data
maillog_file = %(here)s/maillog
maillog_file_prefixes = %(here)s
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
myorigin = $myhostname
mydestination =
local_transport = error:5.1.1 nobody lives here
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_count_limit = 0
relayhost = [127.0.0.1]:%(sink)d
smtp_dns_support_level = disabled
smtp_host_lookup = native
notify_classes =
"""

MASTER = """\
127.0.0.1:%(port)d inet n - n - - smtpd
pickup     unix n - n 60   1 pickup
cleanup    unix n - n -    0 cleanup
qmgr       unix n - n 300  1 qmgr
tlsmgr     unix - - n 1000? 1 tlsmgr
rewrite    unix - - n -    - trivial-rewrite
bounce     unix - - n -    0 bounce
defer      unix - - n -    0 bounce
trace      unix - - n -    0 bounce
verify     unix - - n -    1 verify
flush      unix n - n 1000? 0 flush
proxymap   unix - - n -    - proxymap
proxywrite unix - - n -    1 proxymap
smtp       unix - - n -    - smtp
relay      unix - - n -    - smtp
showq      unix n - n -    - showq
error      unix - - n -    - error
retry      unix - - n -    - error
discard    unix - - n -    - discard
anvil      unix - - n -    1 anvil
scache     unix - - n -    1 scache
postlog    unix-dgram n - n - 1 postlogd
"""

# The queue's directories as postfix-files wants them.
PRIVATE_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
# Master changes its user for a moment, and with that the kernel forgets to end it when the lab dies; this shell does not forget.
GUARD = ["sh", "-c", 'trap \'kill "$master"\' TERM; "$@" & master=$!; wait "$master"; wait "$master"', "guard"]
WAITING = ("maildrop", "incoming", "active", "deferred", "active")


def is_finished(path):
    return bool(os.stat(path).st_mode & stat.S_IXUSR)


class Refused(Exception):
    """Postfix did not take the message: `code` and `text` of its reply."""

    def __init__(self, code, text):
        super().__init__("%d %s" % (code, text))
        self.code, self.text = code, text


class Postfix:
    """One instance under `parent` whose mail leaves to `sink_port`. `settings` are further main.cf parameters."""

    def __init__(self, parent, sink_port, settings=None):
        self.directory = os.path.join(parent, "postfix")
        self.config = os.path.join(self.directory, "etc")
        self.queue_directory = os.path.join(self.directory, "queue")
        self.log_file = os.path.join(self.directory, "maillog")
        self.qmqp_socket = os.path.join(self.queue_directory, "public", "rollcall-out")
        self.port = free_port()
        self.daemon = None
        if os.geteuid() != 0:
            raise LabError("a private Postfix needs root: its master starts for nobody else")
        self._make_directories()
        values = dict(here=self.directory, sink=sink_port, port=self.port)
        with open(os.path.join(self.config, "main.cf"), "w") as f:
            f.writelines("%s = %s\n" % item for item in self._parameters(MAIN % values, settings or {}).items())
        with open(os.path.join(self.config, "master.cf"), "w") as f:
            f.write(MASTER % values)
        self._date_back()

    @staticmethod
    def _parameters(text, settings):
        """Each once. Of one that stands there twice every program warns when it starts, postlogd too: it writes to the very socket
        that it is to read, and once ten others were quicker it waits there for itself, and all of them for it."""
        return {**dict(line.split(" =", 1) for line in text.splitlines()), **settings}

    def _make_directories(self):
        owner, drop = pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postdrop").gr_gid
        for path in (self.directory, self.config, self.queue_directory, os.path.join(self.queue_directory, "pid")):
            os.mkdir(path, 0o755)
        own = [(os.path.join(self.directory, "data"), -1, 0o700)]
        own += [(os.path.join(self.queue_directory, name), -1, 0o700) for name in PRIVATE_QUEUES]
        own += [(os.path.join(self.queue_directory, "public"), drop, 0o710), (os.path.join(self.queue_directory, "maildrop"), drop, 0o730)]
        for path, group, mode in own:
            os.mkdir(path)
            os.chown(path, owner, group)
            os.chmod(path, mode)

    def _date_back(self):
        for name in ("main.cf", "master.cf"):
            os.utime(os.path.join(self.config, name), (1e9, 1e9))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *why):
        self.stop()

    # ---- life ----

    def start(self):
        master = os.path.join(run(["postconf", "-dh", "daemon_directory"]).stdout.strip(), "master")
        self.daemon = Daemon("postfix master", os.path.join(self.directory, "output"), GUARD + [master, "-s"],
                             env=dict(os.environ, MAIL_CONFIG=self.config), death_signal="TERM")
        self.daemon.start()
        try:
            self.daemon.wait_ready(self.answers)
        except LabError as error:
            # Master itself says nothing: what its daemons died of is in their log.
            raise LabError("%s\n%s" % (error, "\n".join(self.log()[-20:]))) from None

    def answers(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as s:
            return s.recv(4).startswith(b"220")
        return False

    def stop(self):
        """Ends master, and with it all its daemons; what is queued stays queued for the next start()."""
        return self.daemon and self.daemon.end()

    def kill(self):
        """SIGKILL to master and all its daemons at once; what is queued stays queued for the next start()."""
        family = children(self.daemon.pid)
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.daemon.end(signal.SIGKILL)
        wait_until(lambda: not any(alive(pid) for pid in family), 10, "the end of Postfix's daemons")

    @property
    def pid(self):
        """Master's."""
        with open(os.path.join(self.queue_directory, "pid", "master.pid")) as f:
            return int(f.read())

    def postconf(self, *arguments):
        return run(["postconf", "-c", self.config] + list(arguments)).stdout

    def set(self, **settings):
        """Changes main.cf parameters, and makes a running instance read them."""
        self.postconf("-e", *("%s=%s" % item for item in settings.items()))
        self.reload()

    def reload(self):
        """What `postfix reload` does, to a running instance: master and its daemons read the configuration anew."""
        self._date_back()
        if self.daemon and self.daemon.running():
            before = len(self.log("master.*: reload "))
            os.kill(self.pid, signal.SIGHUP)
            wait_until(lambda: len(self.log("master.*: reload ")) > before and self.answers(), 10, "Postfix's reload")

    def apply(self, lmtp, domain=DOMAIN, *options):
        """Lets the project's own script put Rollcall in; lmtp is unix:/PATH or inet:HOST:PORT. Returns what it said."""
        said = run([SCRIPT, "--config-dir", self.config, "--domain", domain, "--lmtp", lmtp] + list(options) + ["apply"]).stdout
        self.reload()
        return said

    def add_smtp_entrance(self, place=None, **options):
        """Adds the service rollcall-smtp as master.cf.rollcall has it: at its unix socket, or as a service "127.0.0.1:PORT"; `options` change its
        parameters. Returns what smtp_server is to say."""
        with open(os.path.join(os.path.dirname(SCRIPT), "master.cf.rollcall")) as f:
            words = " ".join(line[1:].strip() for line in f.read().partition("\n#rollcall-smtp ")[2].splitlines())
        values = dict(option.split("=", 1) for option in words.split() if "=" in option)
        values.update(options)
        name, kind = (place, "inet") if place else ("rollcall-smtp", "unix")
        self.postconf("-M", "-e", "%s/%s=%s %s n - n - - smtpd" % (name, kind, name, kind))
        self.postconf("-P", "-e", *("%s/%s/%s=%s" % (name, kind, option, value) for option, value in values.items()))
        self.reload()
        return "inet:" + place if place else "unix:%s/public/%s" % (self.queue_directory, name)

    def remove(self):
        said = run([SCRIPT, "--config-dir", self.config, "remove"]).stdout
        self.reload()
        return said

    # ---- mail ----

    def send(self, message, sender, recipients, options=()):
        """Hands a message (bytes; LF becomes CRLF) to smtpd and returns its queue id; Refused when smtpd does not take it.
        `options` are ESMTP parameters of MAIL FROM, e.g. "SMTPUTF8"."""
        recipients = [recipients] if isinstance(recipients, str) else recipients
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example", timeout=60) as smtp:
            smtp.ehlo()
            smtp.command_encoding = "utf-8"
            self._check(smtp.mail(sender, ["BODY=8BITMIME"] + list(options)))
            for recipient in recipients:
                self._check(smtp.rcpt(recipient))
            return self._check(smtp.data(re.sub(rb"(?<!\r)\n", b"\r\n", message))).rpartition(" ")[2]

    @staticmethod
    def _check(reply):
        code, text = reply
        if code >= 400:
            raise Refused(code, text.decode("utf-8", "replace"))
        return text.decode("utf-8", "replace")

    def queue(self):
        """What waits, as postqueue -j tells it: dicts with queue_name, queue_id, sender, recipients (address, delay_reason)."""
        said = run(["postqueue", "-c", self.config, "-j"]).stdout
        return [json.loads(line) for line in said.splitlines() if line.startswith("{")]

    def delay_reasons(self):
        """Why what waits waits, one text per recipient."""
        return [r["delay_reason"] for entry in self.queue() for r in entry["recipients"] if "delay_reason" in r]

    def flush(self):
        """Tries everything that waits now."""
        run(["postqueue", "-c", self.config, "-f"])

    def delete_all(self):
        run(["postsuper", "-c", self.config, "-d", "ALL"])

    def queued(self):
        """How many messages are anywhere in the queue (without asking Postfix, so also when it is down)."""
        return sum(not (queue == "incoming" and self._is_abandoned(path)) for queue in WAITING for path in self._files(queue))

    def abandoned(self):
        """The queue ids of what cleanup(8) was killed over: files with mode 0600 that nobody has open any more. That is no mail, since its sender was
        never told that it is, but Postfix keeps it for a week (postsuper(1), -p)."""
        return [os.path.basename(path) for path in self._files("incoming") if self._is_abandoned(path)]

    def _files(self, queue):
        return [os.path.join(place, name) for place, _, names in os.walk(os.path.join(self.queue_directory, queue)) for name in names]

    def _is_abandoned(self, path):
        daemons = [self.daemon.pid] + children(self.daemon.pid) if self.daemon else []
        with contextlib.suppress(FileNotFoundError):
            # It may have been finished and closed while we looked.
            return not is_finished(path) and not is_open(path, daemons) and not is_finished(path)
        return False

    def wait_empty(self, timeout=30):
        """Until nothing is queued. Directories are looked at in the order mail moves, twice, so none slips past."""
        try:
            wait_until(lambda: self.queued() == 0 and self.queued() == 0, timeout, "empty queue", pause=0.02)
        except LabError as error:
            raise LabError("%s\n%s" % (error, "\n".join(self.delay_reasons()))) from None

    def deferred(self):
        """How many messages were tried and wait for another time."""
        return sum(len(files) for _, _, files in os.walk(os.path.join(self.queue_directory, "deferred")))

    def wait_deferred(self, count=1, timeout=30):
        """Until `count` messages were tried and wait for another time; returns the reasons."""
        wait_until(lambda: self.deferred() >= count, timeout, "deferred mail", pause=0.02)
        return self.delay_reasons()

    # ---- log ----

    def log(self, pattern=None):
        """Its log's lines; only those in which the regular expression is found, when given."""
        try:
            with open(self.log_file, errors="replace") as f:
                lines = f.read().splitlines()
        except FileNotFoundError:
            lines = []
        return [line for line in lines if pattern is None or re.search(pattern, line)]

    def wait_log(self, pattern, timeout=10):
        """The lines with the pattern, as soon as there is one."""
        return wait_until(lambda: self.log(pattern), timeout, "'%s' in Postfix's log" % pattern, pause=0.02)
