"""`make demo`: the main job as a story, told on the terminal, each claim checked. Ends with 1 when one does not hold.

KEEP=1 leaves the world up at the end, until Ctrl-C.
"""
import os
import re
import sys
import textwrap
import time

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from lab.postfix import DOMAIN
from lab.process import BUILD, LabError, run, tidy_signals, wait_until
from lab.world import World, compose, wait_for_the_end

AUTHOR, LEAVER, READER = "chaya@mail.example.net", "femke+lists@post.example.com", "ines@mail.example.net"
STRANGER = "mallory@elsewhere.example"
LIST = "deelnemers@" + DOMAIN
BODY = "Wie heeft de sleutel van de werkplaats? Ik sta voor de deur.\r\n\r\n-- \r\nChaya · café om de hoek\r\n".encode()


class Story:
    """Says what happens and keeps count of what did not hold."""

    def __init__(self):
        self.started, self.failed, self.claims = time.monotonic(), 0, 0
        self.color = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def paint(self, code, text):
        return "\033[%sm%s\033[0m" % (code, text) if self.color else text

    def chapter(self, title):
        print("\n" + self.paint("1", "[%4.1f s] %s" % (time.monotonic() - self.started, title)), flush=True)

    def tell(self, text):
        print(textwrap.fill(text, 100, initial_indent="  ", subsequent_indent="  "), flush=True)

    def quote(self, text):
        """What a program said, in its own words."""
        wrapped = textwrap.wrap(text, 104, initial_indent="    | ", subsequent_indent="    |   ", break_on_hyphens=False)
        print(self.paint("2", "\n".join(wrapped)), flush=True)

    def check(self, claim, holds, found=None):
        self.claims += 1
        self.failed += not holds
        mark = self.paint("32", "ok  ") if holds else self.paint("1;31", "FAIL")
        print("  %s %s%s" % (mark, claim, "" if holds or found is None else ": found %r" % (found,)), flush=True)


def result_line(world, before):
    """Rollcall's newest line about a post."""
    lines = wait_until(lambda: world.rollcall.log("status=")[before:], 5, "Rollcall's line about the post")
    return lines[-1]


def once_each(world, members):
    return world.sink.recipients() == {member: 1 for member in members}


def check_copies(story, world, copies, post):
    """What is true of every copy that leaves."""
    signed = {(DOMAIN, "rsa-sha256"), (DOMAIN, "ed25519-sha256")}
    judged = [world.dns.good_domains(copy.message) for copy in copies]
    story.check("python3-dkim verifies the list's two signatures on each copy", all(signed <= good for good in judged), judged)
    story.check("the author's own DKIM signature still verifies", all(("mail.example.net", "rsa-sha256") in good for good in judged), judged)
    story.check("the body is what the author wrote, byte for byte", all(copy.body == post.partition(b"\r\n\r\n")[2] for copy in copies))
    story.check("mail programs can tell the list (List-Id, List-Post, List-Unsubscribe)",
                all(copy.header(name) for copy in copies for name in ("List-Id", "List-Post", "List-Unsubscribe")), copies[0].message)


def a_member_posts(story, world):
    story.chapter("A member posts")
    members = world.crm.members("deelnemers")
    story.tell("Chaya writes to %s, signed by her provider. The CRM's view has %d people on that list now." % (LIST, len(members)))
    post = world.author_key.sign(compose("Chaya Levi <%s>" % AUTHOR, LIST, "De sleutel", BODY))
    world.postfix.send(post, AUTHOR, LIST)
    copies = world.copies(len(members))
    story.quote(result_line(world, 0))
    story.check("each of the %d got exactly one copy, and nobody else did" % len(members), once_each(world, members), world.sink.recipients())
    handed_in = world.postfix.log(r"rollcall/qmqpd.*client=")
    story.check("Rollcall handed them all to Postfix in one transaction", len(handed_in) == 1, handed_in)
    check_copies(story, world, copies, post)
    story.tell("From the head of a copy, as it arrived:")
    for name in ("From", "To", "Subject", "Sender", "List-Id", "List-Post", "List-Unsubscribe"):
        story.quote("%s: %s" % (name, "; ".join(copies[0].header(name))))


def someone_leaves(story, world):
    story.chapter("Someone leaves in the CRM")
    world.crm.leave(LEAVER, "deelnemers")
    world.sink.forget()
    members = world.crm.members("deelnemers")
    story.tell("Femke leaves the list: one row in the CRM changes. Nothing is told to Rollcall, nothing is restarted or copied.")
    world.post(AUTHOR, LIST, "Gevonden")
    world.copies(len(members))
    story.check("the next post goes to the other %d, once each" % len(members), once_each(world, members), world.sink.recipients())
    story.check("Femke got nothing", LEAVER not in world.sink.recipients())


def a_stranger_posts(story, world):
    story.chapter("A stranger posts")
    world.sink.forget()
    before = len(world.rollcall.log("status="))
    story.tell("%s is on no list and writes to this one." % STRANGER)
    world.post(STRANGER, LIST, "Cheap watches")
    notice = world.copies(1)[0]
    story.quote(result_line(world, before))
    story.check("no member got it", set(world.sink.recipients()) == {STRANGER}, world.sink.recipients())
    unfolded = notice.message.decode("utf-8", "replace").replace("\r\n ", " ")
    reason = re.search("^Diagnostic-Code: (.*)$", unfolded, re.MULTILINE)
    reason = " ".join(reason.group(1).split()) if reason else "(no reason)"
    story.tell("Postfix tells the stranger why:")
    story.quote(reason)
    story.check("the refusal is a permanent one that says who may post (550 5.7.1)",
                notice.sender == "" and "550 5.7.1" in reason and "Only members of this list may write" in reason, reason)
    story.tell("Why? `rollcall explain post.eml` runs the same code without sending anything:")
    said = run([os.path.join(BUILD, "rollcall"), "explain", "--config", world.rollcall.config], input=compose(STRANGER, LIST, "Cheap watches").decode()).stdout
    for line in re.findall(r"^  ((?:reply|decided|author) .*)$", said, re.MULTILINE):
        story.quote(line)
    story.check("it says what happened", "550 5.7.1 Only members of this list may write" in said)


def the_crm_is_down(story, world):
    story.chapter("The CRM is down")
    world.sink.forget()
    members = world.crm.members("deelnemers")
    world.mariadb.kill()
    story.tell("MariaDB is killed (SIGKILL). Chaya posts all the same.")
    world.post(AUTHOR, LIST, "Koffie?")
    reasons = world.postfix.wait_deferred()
    story.tell("Postfix has taken the post and keeps it; `postqueue -p` says why it waits:")
    story.quote(reasons[0] if reasons else "(no reason)")
    story.check("the reason is a temporary one and says what is wrong",
                len(reasons) == 1 and "451 4.3.0 member directory unavailable (cannot connect)" in reasons[0], reasons)
    story.check("nobody got anything yet, neither a copy nor a bounce", not world.sink.recipients(), world.sink.recipients())
    world.mariadb.start()
    story.tell("MariaDB is back. Postfix tries again (by itself within minutes; here we say `postqueue -f`).")

    def delivered():
        if world.postfix.queued() and world.sink.recipients().total() < len(members):
            world.postfix.flush()
            time.sleep(0.5)
        return world.sink.recipients().total() >= len(members)
    wait_until(delivered, 30, "the waiting post")
    world.postfix.wait_empty()
    story.check("the waiting post went to all %d, once each" % len(members), once_each(world, members), world.sink.recipients())


def nothing_is_kept(story, world):
    story.chapter("What Rollcall kept of its members")
    addresses = [address.encode() for address, in world.crm.query("SELECT email FROM members_user")]
    found, files = [], 0
    for path, _, names in os.walk(world.rollcall.directory):
        for full in [os.path.join(path, name) for name in names if os.path.isfile(os.path.join(path, name))]:
            files += 1
            with open(full, "rb") as f:
                data = f.read().lower()
            found += [(full, address) for address in addresses if address.lower() in data]
    story.tell("Its log, its store and everything else that it wrote are searched for the addresses of all %d people." % len(addresses))
    story.check("not one of them stands in any of its %d files" % files, not found and files > 0, found)


def a_member_wants_digests(story, world):
    story.chapter("A member wants digests")
    world.crm.join(READER, "deelnemers", digest=True)
    world.sink.forget()
    members = world.crm.members("deelnemers")
    story.tell("Ines would rather have the list once a day: again one row in the CRM. Chaya posts, and what waits for the digest is sent now.")
    world.post(AUTHOR, LIST, "De sleutel is terug")
    world.copies(len(members))
    run([os.path.join(BUILD, "rollcall"), "digest", "--config", world.rollcall.config, LIST])
    world.copies(len(members) + 1)
    issue, = [copy for copy in world.sink.transactions() if READER in copy.recipients]
    story.quote(issue.header("Subject")[0])
    story.check("Ines got the digest and not the post", world.sink.recipients()[READER] == 1 and b"De sleutel is terug" in issue.body, issue.message)
    story.check("everybody else got the post, once", all(world.sink.recipients()[member] == 1 for member in members), world.sink.recipients())


def tell(story):
    story.chapter("The world is put up")
    with World(settings={"list " + LIST: {"description": "Everybody who takes part",
                                          "unsubscribe_page": "https://crm.example.org/lists/{list}/leave"}}) as world:
        world.author_key = world.add_author_key("mail.example.net")
        # Digests have a chapter of their own; what waits for one holds its posts until then.
        world.crm.execute("UPDATE mailinglists_subscription SET digest = 0")
        story.tell("A MariaDB that speaks TLS only, with the sample CRM and the view mailinglists_api; a Postfix with our postfix-conf"
                   " applied; a sink where the members' mail arrives; and Rollcall, which may read the view and nothing else."
                   " All private, in %s." % world.directory)
        for part in (a_member_posts, someone_leaves, a_stranger_posts, the_crm_is_down, nothing_is_kept, a_member_wants_digests):
            part(story, world)
        story.chapter("%d of %d claims held" % (story.claims - story.failed, story.claims))
        if os.environ.get("KEEP", "") not in ("", "0"):
            print("\nThe world stays up, in this terminal. In another one:\n\n%s\nCtrl-C (or kill %d) ends it and leaves nothing."
                  % (world.instructions(), os.getpid()), flush=True)
            wait_for_the_end()
    story.tell("Everything is stopped and removed.")


def main():
    tidy_signals()
    if os.geteuid() != 0:
        print("make demo needs root, because a private Postfix does: try `sudo make demo`.", file=sys.stderr)
        return 1
    story = Story()
    try:
        tell(story)
    except LabError as error:
        print("\nThe story could not go on: %s" % error, file=sys.stderr)
        return 1
    return 1 if story.failed else 0


if __name__ == "__main__":
    sys.exit(main())
