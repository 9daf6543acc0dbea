"""kill -9 at each single write of a post that is kept for a digest, of the digest's closing and of its sending: each post is kept once and is in exactly
one issue, each issue goes out, and of several variants each goes once; twice only in the window that doc/design.md names (section 3)."""
import os
import subprocess

import pytest

from lab.inject import AVAILABLE, WRITES, count_calls, each_call
from lab.postfix import DOMAIN
from lab.process import BUILD, children, wait_until
from lab.world import World
from dispatch_room import Room, key_of
from oracle import SHORT, some
from test_dispatch_kill import WORKERS, check_copies, each_write, post, twice_told

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="the room wants to change its user"),
              pytest.mark.skipif(not AVAILABLE, reason="no strace")]
POSTS, ISSUES = ("mail", "txt"), ("digest", "digestplain")


@pytest.fixture(scope="module")
def room():
    with World(settings={"rollcall": {"dispatch_workers": WORKERS}}, start_rollcall=False) as world:
        world.crm.execute("CREATE TABLE modes (list VARCHAR(50), mode VARCHAR(30))")
        world.crm.execute("CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, list,"
                          " CONCAT(mode, '@members.example') user_subscriber, mode digest, 0 owner, 0 moderator FROM modes")
        started = Room(world, digest_at="")
        wait_until(lambda: len(children(started.process.pid)) > WORKERS, 10, "all workers")
        yield started
        assert started.end() == 0


class Digest:
    """A list with a member of each mode. Does to it what intake's children do."""

    def __init__(self, room, name):
        self.room, self.local, self.name = room, name, "%s@%s" % (name, DOMAIN)
        for mode in POSTS + ISSUES:
            room.world.crm.execute("INSERT INTO modes VALUES (%s, %s)", name, mode)

    def fan_out(self, phase, key, message, ways, digest):
        """Whether all of it is done, now or before."""
        answer = phase.ask("CLAIM", self.name, key)
        if answer.word == "none":
            answer = phase.ask("ROSTER", self.name, 0, key, "", [], [])
            for way in ways:
                if answer.word == "none" or answer.word == "sent":
                    answer = phase.ask("PREPARE", way, message=message)
                if answer.word == "none":
                    answer = phase.ask("COMMIT")
            if answer.word == "sent":
                answer = phase.ask("FINISH", "", digest, message=message if digest else None)
        return answer.word == "sent"

    def post(self, number):
        with self.room.phase() as phase:
            return self.fan_out(phase, key_of(self.local, number), post(self.local, number).replace(b"\r\n", b"\n"), POSTS, True)

    def close(self, tracer=()):
        """`rollcall digest`: whether it came to its end."""
        # LeakSanitizer cannot work in a process that somebody traces, and says so by its exit status.
        done = subprocess.run([*tracer, os.path.join(BUILD, "rollcall"), "digest", self.name, "--config", self.room.world.rollcall.config],
                              env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), capture_output=True, timeout=60)
        return done.returncode == 0

    def issues(self):
        return [row[0] for row in self.room.store("SELECT id FROM digest_issue WHERE list = ? ORDER BY id", self.name)]

    def kept(self):
        """{number of an issue: its posts}"""
        found = {}
        for issue, message in self.room.store("SELECT issue, CAST(message AS TEXT) FROM kept JOIN kept_message ON kept = id WHERE list = ?", self.name):
            found.setdefault(issue, []).append(int(message.partition("Subject: %s-" % self.local)[2].partition("\n")[0]))
        return found

    def job_of(self, issue):
        return [job for job, fields in self.room.store("SELECT id, hex(fields) FROM job WHERE list = ? ORDER BY id", self.name)
                if b"issue\0%d\0" % issue in bytes.fromhex(fields)]

    def send(self, job, seen):
        """Whether the issue is out and forgotten. `seen` gets what Postfix was handed."""
        self.room.store("UPDATE job SET due_at = 0 WHERE id = ?", job)
        with self.room.errand() as phase:
            answer = phase.ask("JOB", job)
            if answer.word != "none":
                return not self.room.due_jobs(job)
            issue = int(answer.values[3]["issue"])
            assert answer.values[3]["number"] and self.local.encode() in answer.message
            seen.setdefault(issue, set()).add(answer.message)
            sent = self.fan_out(phase, key_of("issue", issue), post(self.local + "-issue", issue).replace(b"\r\n", b"\n"), ISSUES, False)
            phase.ask("JOB_DONE", sent, "")
        return not self.room.due_jobs(job)


@pytest.fixture
def ours(room, request):
    room.due_jobs = lambda job: room.store("SELECT 1 FROM job WHERE id = ?", job)
    return Digest(room, request.node.name.replace("_", "-"))


def members(ways):
    return ["%s@members.example" % way for way in ways]


def test_adding(room, ours, note):
    """Two variants, then the digest's copy: a crash between them sends no variant again, and keeps the post once."""
    before, answered = twice_told(room), set()

    def step(number):
        if ours.post(number):
            answered.add(number)
    killed = each_write(room, step)
    assert SHORT or killed >= 15
    for number in range(1, killed + 2):
        if number in answered:
            assert number in ours.kept()[0], "answered 250, and not kept"
        wait_until(lambda n=number: ours.post(n), 10, "a worker again")
    assert {issue: sorted(posts) for issue, posts in ours.kept().items()} == {0: list(range(1, killed + 2))}
    double = check_copies(room, ours.local, range(1, killed + 2), members(POSTS), before)
    note("kill -9 of workers before each write while a post is kept for a digest (strace)", killed, double)


def test_closing(room, ours, note):
    trace = os.path.join(room.directory, "trace")
    assert ours.post(1) and ours.close(["strace", "-f", "-o", trace, "-e", "trace=" + ",".join(WRITES)])
    places = some(each_call(count_calls(trace)), 4)
    for number, (call, count) in enumerate(places, 2):
        assert ours.post(number)
        assert not ours.close(["strace", "-f", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=%s:signal=KILL:when=%d" % (call, count)])
    number = len(places) + 1
    assert len(places) >= (4 if SHORT else 5) and ours.close()
    found = ours.kept()
    assert 0 not in found and sorted(sum(found.values(), [])) == list(range(1, number + 1))
    assert sorted(found) == ours.issues() and all(len(ours.job_of(issue)) == 1 for issue in found)
    assert [row[0] for row in room.store("SELECT number FROM digest_issue WHERE list = ? ORDER BY id", ours.name)] == list(range(1, len(found) + 1))
    note("kill -9 of the command before each write while a digest is closed (strace)", len(places))


def test_sending(room, ours, note):
    before, seen, jobs, posts = twice_told(room), {}, {}, {}

    def prepare(number):
        wait_until(lambda: ours.post(number), 10, "a worker again")
        assert ours.close()
        issue = ours.issues()[-1]
        jobs[issue], = ours.job_of(issue)
        posts[issue] = ours.kept()[issue]
        assert posts[issue] == [number]

    def step(number):
        ours.send(jobs[ours.issues()[-1]], seen)
    killed = each_write(room, step, prepare)
    assert SHORT or killed >= 15
    for job in jobs.values():
        wait_until(lambda j=job: not room.due_jobs(j) or ours.send(j, seen), 10, "the end of an issue")
    assert ours.kept() == {} and ours.issues() == [] and room.store("SELECT count(*) FROM job WHERE list = ?", ours.name) == [(0,)]
    for issue, messages in seen.items():
        assert len(messages) == 1 and b"Subject: %s-%d\n" % (ours.local.encode(), posts[issue][0]) in messages.pop(), "the same posts on each attempt"
    assert set(seen) == set(jobs)
    double = check_copies(room, ours.local + "-issue", jobs, members(ISSUES), before)
    note("kill -9 of workers before each write while a digest is sent (strace)", killed, double)
