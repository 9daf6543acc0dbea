"""What must hold whatever went wrong: every member has at least one copy, and only one unless the fault hit between the last byte and its answer; each
copy has the author's body byte for byte and good signatures of ours; nothing is left over, neither process nor descriptor, file or transaction.

    with trial(world, "kill -9 at each moment of a post") as its:
        its.post()
        … the fault …
        its.settle()

Its end judges all posts since the beginning and writes the row. "Twice (allowed)" are posts of which Rollcall's own log says, before the second copy leaves,
that it may be one; a log line is not believed where the test knows better (`may_double`).
"""
import collections
import contextlib
import hashlib
import itertools
import os
import re
import sqlite3
import time

from lab.postfix import DOMAIN
from lab.process import LabError, children, program, wait_until
from lab.world import compose

HEAD = ["fault", "runs", "lost", "twice (allowed)", "twice (not allowed)", "other trouble", "verdicts seen"]
SHORT = os.environ.get("FAULT_SUITE") == "short"
AUTHOR, LIST = "chaya@mail.example.net", "deelnemers"
AMBIGUOUS = r"a member may get two copies"
PATIENCE = 60  # seconds for the queues to run empty: what died is back after 30 at the latest

_numbers = itertools.count(1)

Post = collections.namedtuple("Post", "subject list message members")


def some(things, count=3):
    """All of them; in the short form a few, spread evenly."""
    things = list(things)
    if not SHORT or len(things) <= count:
        return things
    return [things[i * (len(things) - 1) // max(1, count - 1)] for i in range(count)]


def descriptors(pid):
    with contextlib.suppress(OSError):
        return len(os.listdir("/proc/%d/fd" % pid))
    return 0


def census(world):
    """What a quiet Rollcall consists of: processes, the descriptors of those that live long, files (but the key that the first person makes)."""
    rollcall = world.rollcall
    direct = [pid for pid in children(rollcall.pid) if parent_of(pid) == rollcall.pid]
    counts = {"%s: descriptors" % program(pid): descriptors(pid) for pid in [rollcall.pid] + direct}
    counts.update({name: len(pids) for name, pids in rollcall.processes().items()})
    for place in ("state", "run"):
        files = [os.path.join(here, name) for here, inside, names in os.walk(os.path.join(rollcall.directory, place)) for name in inside + names]
        counts.update({os.path.relpath(path, rollcall.directory): 1 for path in files if os.path.basename(path) != "person.key"})
    counts.update({"transactions": transactions(world), "questions to the CRM": questions(world), "dead and not buried": zombies(rollcall.pid)})
    return counts


def steady(world):
    """Waits until there is one generation, and all of it."""
    master = world.rollcall.pid

    def is_steady():
        first = census(world)
        direct = [pid for pid in children(master) if parent_of(pid) == master]
        return len(direct) == 2 and "" not in first and census(world) == first
    wait_until(is_steady, 60, "one generation of programs", pause=0.1)


def parent_of(pid):
    with contextlib.suppress(OSError), open("/proc/%d/stat" % pid) as f:
        return int(f.read().rpartition(")")[2].split()[1])
    return 0


def transactions(world):
    return world.mariadb.query("SELECT COUNT(*) FROM information_schema.innodb_trx", database=None)[0][0]


def questions(world):
    """What our connections to the CRM are at."""
    return world.mariadb.query("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'mlist' AND command <> 'Sleep'", database=None)[0][0]


def zombies(master):
    """How many of ours are dead and nobody has asked what of."""
    family, found = {master, *children(master)}, 0
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open("/proc/%s/stat" % entry) as f:
            fields = f.read().rpartition(")")[2].split()
            found += fields[0] in "ZX" and int(fields[1]) in family
    return found


def store_is_free(world):
    """Nobody reads or writes: whoever still had a snapshot or a lock of the store, for instance of a post that has long ended, would be in the way here."""
    return world.rollcall.store("PRAGMA wal_checkpoint(TRUNCATE)", timeout=1)[0][0] == 0


def kinds(pid):
    """{file, or what else it is: how many descriptors}"""
    found = collections.Counter()
    with contextlib.suppress(OSError):
        for fd in os.listdir("/proc/%d/fd" % pid):
            with contextlib.suppress(OSError):
                found[re.sub(r":\[?\d.*", "", os.readlink("/proc/%d/fd/%s" % (pid, fd)))] += 1
    return found


def held_too_much(world):
    """What a quiet worker has no business with. It may have: one of each of the store's files, its output, sockets (the pool's, the tickets', the CRM's, two
    of the resolver's, which closes those of TCP when it is asked again), two pipes of the resolver's, its epoll and that of the tickets."""
    most = {"socket": 5, "pipe": 2, "anon_inode:[eventpoll]": 2, "/dev/null": 3, world.rollcall.log_file: 2}
    return ["a worker with %d × %s" % (count, kind) for pid in world.rollcall.processes().get("rollcall-dispatch", [])
            for kind, count in kinds(pid).items() if count > most.get(kind, 1)]


def queue_id(copy):
    """Of the file in which the copy left Postfix."""
    return re.search(r"\(Postfix\).*\sid (\w+)", copy.header("Received")[0]).group(1)


class Trial:
    """See above. `may_double`, when given: subjects of posts that may come twice; `place` is what is being tried, for the one who reads of a failure;
    `places` what that was by subject. With `postfix_dies` one queue file of Postfix's counts once, however often Postfix delivers it."""

    def __init__(self, world, title, report, lists=(LIST,), signatures=True, postfix_dies=False):
        self.world, self.title, self.report, self.lists, self.signatures = world, title, report, lists, signatures
        self.posts, self.trouble, self.runs, self.may_double, self.place, self.places = [], [], 0, None, "", {}
        self.postfix_dies, self.patience, self.told = postfix_dies, 40, {}
        self.recoded = set()  # members whose variant has the author's words in other bytes

    def __enter__(self):
        steady(self.world)
        self.world.sink.forget()
        self.warnings = len(self.world.rollcall.log(AMBIGUOUS))
        self.panics = len(self.world.rollcall.log(r"panic:"))
        self.lines = len(self.world.postfix.log())
        self.members = {name: self.world.crm.members(name) for name in self.lists}
        self.before = census(self.world)
        return self

    def __exit__(self, kind, *why):
        if kind:
            self.report([self.title, self.runs, 0, 0, 0, "ended by %s" % kind.__name__, self.verdicts()])
            print("%s, %s:\n%s" % (self.title, self.place, self.world.last_words(40)))
            return
        try:
            self.settle()
        except LabError as error:
            self.trouble.append("queue not empty: %s" % str(error).splitlines()[-1][:200])
        row = self.judge()
        self.report(row)
        if self.bad:
            print(self.world.last_words(40))
        assert not self.bad, "%s: %s" % (self.title, self.bad)

    # ---- posts ----

    def compose(self, name=LIST, body=None, author=AUTHOR, key=None):
        """A post that nobody has handed over yet, remembered for the judgement. `key` signs it."""
        subject = "Fault %d of %d" % (next(_numbers), os.getpid())
        body = body if body is not None else ("%s: één vraag.\r\n.\r\n..\r\n-- \r\n" % subject).encode() * 3
        message = compose(author, name, subject, body)
        message = key.sign(message) if key else message
        self.places[subject], self.told[subject] = self.place, [self.warned(), None]
        self.posts.append(Post(subject, name, message, self.members[name]))
        return self.posts[-1]

    def post(self, name=LIST, author=AUTHOR, **how):
        """By SMTP into Postfix, which brings it to Rollcall."""
        post = self.compose(name, author=author, **how)
        self.runs += 1
        self.world.postfix.send(post.message, author, name if "@" in name else "%s@%s" % (name, DOMAIN))
        return post

    def settle(self, timeout=PATIENCE):
        """Until both queues are empty; what waits is tried again and again."""
        flushed = [0.0]

        def empty():
            if self.world.postfix.queued() == 0 and self.world.postfix.queued() == 0:
                self.told = {subject: [begin, self.warned() if end is None else end] for subject, (begin, end) in self.told.items()}
                return True
            if time.monotonic() - flushed[0] > 0.5:
                self.world.postfix.flush()
                flushed[0] = time.monotonic()
            return False
        wait_until(empty, timeout, "both queues to run empty", pause=0.05)

    # ---- judgement ----

    def warned(self):
        """How many attempts Rollcall's log says of that they may be second ones."""
        return len(self.world.rollcall.log(AMBIGUOUS)) - self.warnings

    def copies(self):
        """{subject: copies of a list post}"""
        found = collections.defaultdict(list)
        for copy in self.world.sink.transactions():
            if copy.header("List-Id") and not copy.header("Auto-Submitted") and " Digest, Vol " not in copy.header("Subject")[0]:
                found[(copy.header("Subject") or [""])[0]].append(copy)
        return found

    def judge(self):
        found, lost, doubled = self.copies(), 0, {}
        for post in self.posts:
            copies = found.pop(post.subject, [])
            got = self.count(copies)
            lost += len(set(post.members) - set(got))
            if set(got) - set(post.members):
                self.trouble.append("%s: copies to strangers" % post.subject)
            if max(got.values(), default=0) > 1:
                doubled[post.subject] = max(got.values()) - 1
            for copy in {hashlib.sha256(copy.message).digest(): copy for copy in copies}.values():
                self.check_copy(post, copy)
        self.trouble += ["a list post that nobody wrote: %s" % subject for subject in found]
        allowed = self.allowed(doubled)
        self.check_leftovers()
        twice = len(doubled) - allowed
        self.bad = [what for what in (lost and "%d copies lost" % lost, twice and "%d posts twice: %s" % (twice, ["%s, %s" % (subject, self.places[subject]) for subject in doubled]),
                                      *self.trouble) if what]
        return [self.title, self.runs, lost, allowed, twice, "; ".join(sorted(set(self.trouble)))[:300] or "none", self.verdicts()]

    def count(self, copies):
        """{address: copies}"""
        if self.postfix_dies:
            return collections.Counter(address for _, address in {(queue_id(copy), address) for copy in copies for address in copy.recipients})
        return collections.Counter(address for copy in copies for address in copy.recipients)

    def allowed(self, doubled):
        """How many of them the log told of before, in the time from the post to the next quiet, as often as there is a copy too many."""
        told = {subject: (self.warned() if end is None else end) - begin for subject, (begin, end) in self.told.items()}
        excused = [subject for subject, more in doubled.items() if told[subject] >= more and (self.may_double is None or subject in self.may_double)]
        return min(len(excused), self.warned())

    def check_copy(self, post, copy):
        if copy.body != post.message.partition(b"\r\n\r\n")[2] and not self.recoded.intersection(copy.recipients):
            self.trouble.append("%s: another body" % post.subject)
        if not self.signatures:
            return
        ours = [result for result in self.world.dns.verify(copy.message) if result.domain == DOMAIN]
        if len(ours) != 2 or not all(result.good for result in ours):
            self.trouble.append("%s: signatures %s" % (post.subject, ours))

    def check_leftovers(self):
        def same():
            now = census(self.world)
            return now == self.before
        try:
            wait_until(same, self.patience, "what was there before", pause=0.1)
        except LabError:
            now = census(self.world)
            self.trouble += ["%s: %s before, %s now" % (name, self.before.get(name, 0), now.get(name, 0))
                             for name in sorted(set(now) | set(self.before)) if now.get(name) != self.before.get(name)]
        self.trouble += held_too_much(self.world)
        try:
            if self.world.rollcall.store("PRAGMA integrity_check") != [("ok",)]:
                self.trouble.append("the store is damaged")
            wait_until(lambda: store_is_free(self.world), self.patience, "the store's locks", pause=0.1)
        except sqlite3.DatabaseError as error:
            self.trouble.append("the store is damaged: %s" % error)
        except LabError:
            self.trouble.append("somebody still has a snapshot or a lock of the store")
        if len(self.world.rollcall.log(r"panic:")) > self.panics:
            self.trouble.append("panic")

    def verdicts(self):
        return ", ".join("%s × %d" % item for item in sorted(self.seen().items()))

    def seen(self):
        """{what Postfix heard of posts: how often}"""
        seen = collections.Counter()
        for line in self.world.postfix.log()[self.lines:]:
            if "/rollcall/lmtp[" in line and "status=" in line:
                said = re.search(r"said: (\d{3})[ -](\d\.\d\.\d)", line) or re.search(r"status=sent \((\d{3}) (\d\.\d\.\d)", line)
                seen[" ".join(said.groups()) if said else "no reply"] += 1
        return seen
