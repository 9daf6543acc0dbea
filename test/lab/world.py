"""Everything together: CRM, Postfix, sink and Rollcall in one directory, gone at the end of the `with` block.

    with World() as world:
        world.post("chaya@mail.example.net", "deelnemers", "Hello", b"To all of you.\\r\\n")
        copies = world.copies(10)

By hand: `PYTHONPATH=test python3 -m lab.world` leaves one up until Ctrl-C.
"""
import contextlib
import email.utils
import itertools
import signal
import sys

from lab.crm import Crm
from lab.dkimcheck import Key, Table
from lab.mariadb import MariaDB
from lab.postfix import DOMAIN, Postfix
from lab.process import LabError, directory, tidy_signals
from lab.resolver import Resolver
from lab.rollcall import Rollcall
from lab.sink import Sink

_numbers = itertools.count(1)


def address(name):
    """The address of a list of the lab's domain; a whole address stays what it is."""
    return name if "@" in name else "%s@%s" % (name, DOMAIN)


def compose(author, to, subject="A question", body=b"Who has the key?\r\n", fields=()):
    """A plain post as bytes with CRLF. `fields` are further (name, value) pairs, put after the usual ones."""
    head = [("From", author if "<" in author else "<%s>" % author), ("To", "<%s>" % address(to)), ("Subject", subject),
            ("Date", email.utils.formatdate(localtime=False)), ("Message-ID", email.utils.make_msgid(str(next(_numbers)), "mua.example")),
            ("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8"), ("Content-Transfer-Encoding", "8bit")]
    head += list(fields)
    return "".join("%s: %s\r\n" % field for field in head).encode("utf-8", "surrogateescape") + b"\r\n" + body


class World:
    """`settings` go to Rollcall (see its class), `postfix_settings` to main.cf; fast=True takes the faster view.
    Parts: mariadb, crm, sink, postfix, resolver, rollcall. `dns` (for the judge of signatures) and `resolver` (for Rollcall) know
    Rollcall's DKIM keys, and authors' keys that add_author_key() makes; resolver.add() makes further TXT records."""

    def __init__(self, settings=None, postfix_settings=None, fast=False, start_rollcall=True):
        self._settings, self._postfix_settings, self._fast, self._start = settings, postfix_settings, fast, start_rollcall
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.directory = stack.enter_context(directory("world"))
            self.sink = stack.enter_context(Sink(self.directory))
            self.mariadb = stack.enter_context(MariaDB(self.directory))
            self.crm = Crm(self.mariadb, fast=self._fast)
            self.postfix = Postfix(self.directory, self.sink.port, self._postfix_settings)
            self.resolver = stack.enter_context(Resolver(self.directory))
            self.rollcall = Rollcall(self.directory, self.crm, self.postfix.qmqp_socket, self._settings, self.resolver.setting)
            self.resolver.zone({DOMAIN: "v=spf1 ip4:127.0.0.1 -all", "_dmarc." + DOMAIN: "v=DMARC1; p=none"})
            self.dns = Table()
            for key in self.rollcall.keys:
                self.publish(key)
            self.postfix.apply(self.rollcall.lmtp)
            stack.enter_context(self.postfix)
            stack.callback(self.rollcall.__exit__)
            if self._start:
                self.rollcall.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *why):
        self._stack.close()

    def add_author_key(self, domain, selector="author", algorithm="rsa"):
        """A DKIM key for authors of a domain, known to `dns` and `resolver`; its sign() signs a message."""
        key = Key(domain, selector, algorithm)
        self.publish(key)
        return key

    def publish(self, key):
        """Puts a key's public half into DNS."""
        self.dns.add(key)
        self.resolver.set(key.name.rstrip("."), key.record)

    def post(self, author, to, subject="A question", body=b"Who has the key?\r\n", fields=()):
        """Composes a post and hands it to Postfix by SMTP; returns the queue id."""
        return self.postfix.send(compose(author, to, subject, body, fields), author, address(to))

    def copies(self, count, timeout=30):
        """Waits for that many copies and until Postfix has nothing left; returns the transactions."""
        try:
            self.sink.wait(count, timeout)
            self.postfix.wait_empty(timeout)
        except LabError as error:
            raise LabError("%s\n%s" % (error, self.last_words())) from None
        return self.sink.transactions()

    def last_words(self, lines=15):
        """The ends of both logs, for the message of a failed test."""
        return "--- Rollcall\n%s\n--- Postfix\n%s" % ("\n".join(self.rollcall.log()[-lines:]), "\n".join(self.postfix.log()[-lines:]))

    def instructions(self):
        """How to use a world that was left up."""
        here, config = self.directory, self.postfix.config
        return """\
Post:        printf 'From: anneke@space.example\\nSubject: Hello\\n\\nHi all\\n' | \\
               sendmail -C {config} -f anneke@space.example deelnemers@{domain}
Copies:      tail -n 3 {here}/sink/index; tail -n 40 {here}/sink/messages
Postfix:     postqueue -c {config} -p; postqueue -c {config} -f; tail {here}/postfix/maillog
Rollcall:    tail {here}/rollcall/log; cat {here}/rollcall/rollcall.conf
The list:    {client} crm -e 'SELECT * FROM mailinglists_api'
Leave:       {client} crm -e 'UPDATE mailinglists_subscription SET active = 0 WHERE member_id = 3'
""".format(here=here, config=config, domain=DOMAIN, client=self.crm.administrator())


def wait_for_the_end():
    """Until SIGINT or SIGTERM."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            signal.pause()


def main():
    tidy_signals()
    with World() as world:
        print("A world is up.\n\n" + world.instructions() + "\nCtrl-C ends it and leaves nothing.", flush=True)
        wait_for_the_end()


if __name__ == "__main__":
    sys.exit(main())
