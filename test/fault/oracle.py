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
    return [things[i * (len(things) - 1) // (count - 1)] for i in range(count)]


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
        counts.update({"%s/%s" % (place, name): 1 for name in os.listdir(os.path.join(rollcall.directory, place))
                       if name != "person.key"})
    counts["transactions"] = transactions(world)
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


def worker_descriptors(world):
    return max(descriptors(pid) for pid in world.rollcall.processes().get("rollcall-dispatch", []))


class Trial:
    """See above. `may_double`, when given: subjects of posts that may come twice; `place` is what is being tried, for the one who reads of a failure;
    `places` what that was by subject."""

    def __init__(self, world, title, report, lists=(LIST,), signatures=True):
        self.world, self.title, self.report, self.lists, self.signatures = world, title, report, lists, signatures
        self.posts, self.trouble, self.runs, self.may_double, self.place, self.places = [], [], 0, None, "", {}

    def __enter__(self):
        steady(self.world)
        self.world.sink.forget()
        self.warnings = len(self.world.rollcall.log(AMBIGUOUS))
        self.panics = len(self.world.rollcall.log(r"panic:"))
        self.lines = len(self.world.postfix.log())
        self.members = {name: self.world.crm.members(name) for name in self.lists}
        self.before, self.descriptors = census(self.world), worker_descriptors(self.world)
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

    def compose(self, name=LIST, body=None, author=AUTHOR):
        """A post that nobody has handed over yet, remembered for the judgement."""
        subject = "Fault %d of %d" % (next(_numbers), os.getpid())
        body = body if body is not None else ("%s: één vraag.\r\n.\r\n..\r\n-- \r\n" % subject).encode() * 3
        message = compose(author, name, subject, body)
        self.places[subject] = self.place
        self.posts.append(Post(subject, name, message, self.members[name]))
        return self.posts[-1]

    def post(self, name=LIST, body=None):
        """By SMTP into Postfix, which brings it to Rollcall."""
        post = self.compose(name, body)
        self.runs += 1
        self.world.postfix.send(post.message, AUTHOR, "%s@%s" % (name, DOMAIN))
        return post

    def settle(self, timeout=PATIENCE):
        """Until both queues are empty; what waits is tried again and again."""
        flushed = [0.0]

        def empty():
            if self.world.postfix.queued() == 0 and self.world.postfix.queued() == 0:
                return True
            if time.monotonic() - flushed[0] > 0.5:
                self.world.postfix.flush()
                flushed[0] = time.monotonic()
            return False
        wait_until(empty, timeout, "both queues to run empty", pause=0.05)

    # ---- judgement ----

    def copies(self):
        """{subject: copies of a list post}"""
        found = collections.defaultdict(list)
        for copy in self.world.sink.transactions():
            if copy.header("List-Id") and not copy.header("Auto-Submitted") and " Digest, Vol " not in copy.header("Subject")[0]:
                found[(copy.header("Subject") or [""])[0]].append(copy)
        return found

    def judge(self):
        found, lost, doubled = self.copies(), 0, []
        for post in self.posts:
            copies = found.pop(post.subject, [])
            got = collections.Counter(address for copy in copies for address in copy.recipients)
            lost += len(set(post.members) - set(got))
            if set(got) - set(post.members):
                self.trouble.append("%s: copies to strangers" % post.subject)
            if max(got.values(), default=0) > 1:
                doubled.append(post)
            for copy in {hashlib.sha256(copy.message).digest(): copy for copy in copies}.values():
                self.check_copy(post, copy)
        self.trouble += ["a list post that nobody wrote: %s" % subject for subject in found]
        allowed = self.allowed(doubled)
        self.check_leftovers()
        twice = len(doubled) - allowed
        self.bad = [what for what in (lost and "%d copies lost" % lost, twice and "%d posts twice: %s" % (twice, ["%s, %s" % (post.subject, self.places[post.subject]) for post in doubled]),
                                      *self.trouble) if what]
        return [self.title, self.runs, lost, allowed, twice, "; ".join(sorted(set(self.trouble)))[:300] or "none", self.verdicts()]

    def allowed(self, doubled):
        told = len(self.world.rollcall.log(AMBIGUOUS)) - self.warnings
        if self.may_double is not None:
            return min(told, sum(post.subject in self.may_double for post in doubled))
        return min(told, len(doubled))

    def check_copy(self, post, copy):
        if copy.body != post.message.partition(b"\r\n\r\n")[2]:
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
            wait_until(same, 40, "what was there before", pause=0.1)
        except LabError:
            now = census(self.world)
            self.trouble += ["%s: %s before, %s now" % (name, self.before.get(name, 0), now.get(name, 0))
                             for name in sorted(set(now) | set(self.before)) if now.get(name) != self.before.get(name)]
        # The connection to the CRM, the resolver and SQLite's files may come to a worker that had not needed them yet.
        if worker_descriptors(self.world) > self.descriptors + 12:
            self.trouble.append("a worker with %d descriptors" % worker_descriptors(self.world))
        if self.world.rollcall.store("PRAGMA integrity_check") != [("ok",)]:
            self.trouble.append("the store is damaged")
        if len(self.world.rollcall.log(r"panic:")) > self.panics:
            self.trouble.append("panic")

    def verdicts(self):
        seen = collections.Counter()
        for line in self.world.postfix.log()[self.lines:]:
            if "/rollcall/lmtp[" in line and "status=" in line:
                said = re.search(r"said: (\d{3})[ -](\d\.\d\.\d)", line) or re.search(r"status=sent \((\d{3}) (\d\.\d\.\d)", line)
                seen[" ".join(said.groups()) if said else "no reply"] += 1
        return ", ".join("%s × %d" % item for item in sorted(seen.items()))
