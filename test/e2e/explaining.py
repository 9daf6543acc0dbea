"""What the tests of `rollcall explain` share: asking it, delivering the same for real, and holding the two against each other."""
import hashlib
import json
import os
import re
import subprocess

from lab.postfix import DOMAIN
from lab.process import BUILD, wait_until

LINE = re.compile(r"(\S+): list=<(.*?)>, role=(\w+), .*, stage=(\S+), rule=(\S+), .*dsn=(\S+), status=(\w+) \((.*)\)$")


def address(name):
    return name if "@" in name else "%s@%s" % (name, DOMAIN)


def run(world, *arguments, user=None, text=b"", program=os.path.join(BUILD, "rollcall")):
    """(exit status, stdout, stderr)."""
    done = subprocess.run([program, "explain", "--config", world.rollcall.config, *arguments], input=text, capture_output=True, timeout=120,
                          **(dict(user=user, group=user, extra_groups=[]) if user else {}))
    return done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")


def explain(world, *arguments, text=b""):
    """The objects that it prints; an explanation must not fail."""
    status, output, errors = run(world, "--json", *arguments, text=text)
    answers = [json.loads(line) for line in output.splitlines()]
    assert status == 0 and not errors, (status, errors, [answer for answer in answers if "trouble" in answer][:3])
    return answers


def plain(text):
    """A reply or text without what no question can know: Postfix's queue id, the number of the held post, who was answered a moment ago."""
    return re.sub(r"held as \d+", "held as N", re.sub(r"queued as \w+", "queued as ID", re.sub(r"(wish to \w+): later", r"\1: answered", text)))


def of_answer(post):
    """(stage, rule, status code, word, text) as an answer has it."""
    return post["stage"], post.get("rule", "-"), post["status"], post["verdict"], plain(post["text"])


def of_log(line):
    """The same of a line of the log."""
    _, _, _, stage, rule, dsn, word, text = LINE.search(line).groups()
    return stage, rule, dsn, word, plain(text)


def logged(world, message_id):
    """The log's line of a post that was really delivered."""
    pattern = "msgid=%s, " % re.escape(message_id)
    return wait_until(lambda: world.rollcall.log(pattern), 20, "the log's line of %s" % message_id)[0]


def everything(world):
    """The bytes of all that may not change by a question, and how much the others have said."""
    state = os.path.join(world.rollcall.directory, "state")
    # The index of the store's log is memory that SQLite's readers note themselves in.
    found = {name: hashlib.sha256(open(os.path.join(state, name), "rb").read()).hexdigest()
             for name in sorted(os.listdir(state)) if not name.endswith("-shm")}
    return found, world.rollcall.log(), world.postfix.queued(), len(world.sink.transactions()), len(world.postfix.log())


def deliver(world, post, message, ident):
    """The same mail over LMTP with the envelope of an answer; returns {address: reply}."""
    options = "SIZE=%d%s" % (len(message), " SMTPUTF8" if post["smtputf8"] else "")
    with world.rollcall.connect() as client:
        assert client.command("LHLO client.example").code == 250
        assert client.command("XFORWARD IDENT=%s" % ident).code == 250
        mail = client.command("MAIL FROM:<%s> %s" % (post["sender"], options))
        wanted = [each["address"] for each in post["posts"]]
        if mail.code != 250:
            return dict.fromkeys(wanted, mail.lines[-1])
        replies = [client.command("RCPT TO:<%s>" % each) for each in wanted]
        accepted = [i for i, reply in enumerate(replies) if reply.code == 250]
        if accepted:
            for i, reply in zip(accepted, client.data(message, len(accepted))):
                replies[i] = reply
        return {each: reply.lines[-1] for each, reply in zip(wanted, replies)}
