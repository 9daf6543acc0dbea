"""A thousand random mails: `rollcall explain` never says anything else than what then happens (issue 3)."""
import collections
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from explaining import LINE, address, deliver, explain, of_answer, of_log, plain
from lab.process import directory, wait_until
from lab.world import World
from random_mail import PEOPLE, SENDERS, Mails

SEED, COUNT, AT_ONCE = 20261121, 1000, 3
TOKEN = "abcdefghijklmnop"
SCENARIOS = {
    "deelnemers": "privateandeditorkey", "spacelog": "publickey", "testlist": "odd", "vrienden": "privateoreditorkey", "besloten": "closed",
    "nieuws": "newsletter", "open": "public_nobcc", "sleutel": "privatekey", "stuk": "nowhere", "smal": "private_smime", "kaal": "publicnoattachment",
}
ODD = """title Odd
search('bad.txt') smtp,dkim,md5,smime -> reject(reason='blocklist')
match([header->Subject],/spam/) smtp,dkim,md5,smime -> reject,quiet
match([header->Subject],/hold/) smtp,dkim,md5,smime -> editorkey
match([header->Subject],/away/) smtp,dkim,md5,smime -> discard
match([header->Subject],/wait/) smtp,dkim,md5,smime -> defer
match([header->Subject],/look/) smtp,dkim,md5,smime -> editor
match([msg_header->Reply-To],/,/) smtp,dkim,md5,smime -> reject(reason='odd')
match([msg_body],/accept/) smtp,dkim,md5,smime -> request_auth
is_owner([listname],[sender]) or is_editor([listname],[sender]) smtp,dkim,md5,smime -> do_it
is_subscriber('deelnemers',[sender]) and !match([msg_header->X-Eight],/./) smtp,dkim,md5,smime -> do_it
match([header->Subject],/^(a+)+$/) smtp,dkim,md5,smime -> do_it
less_than([msg->size],'400') smtp -> request_auth
true() smtp,dkim,md5,smime -> reject(reason='send_subscriber')
"""
SETTINGS = {"rollcall": {"message_size_limit": "200k", "dispatch_workers": 2}}
SETTINGS.update({"list " + address(name): {"scenario": scenario} for name, scenario in SCENARIOS.items()})
ROLES = ["deelnemers-owner", "deelnemers-request", "spacelog-editor", "deelnemers-bounces", "deelnemers-bounces+x=y", "deelnemers-confirm", "testlist-subscribe",
         "deelnemers-confirm+" + TOKEN, "spacelog-unsubscribe", "nolist", "postmaster", "x@elsewhere.example", "DEELNEMERS", "bad..name", "nieuws-owner"]


@pytest.fixture(scope="module")
def crowd():
    with World(settings=SETTINGS, start_rollcall=False) as world:
        scenarios = os.path.join(world.rollcall.directory, "etc", "scenari")
        filters = os.path.join(world.rollcall.directory, "etc", "search_filters")
        for place, name, text in ((scenarios, "send.odd", ODD), (filters, "bad.txt", "*@example.com\n")):
            os.makedirs(place)
            with open(os.path.join(place, name), "w") as f:
                f.write(text)
        for name in SCENARIOS:
            if name not in ("deelnemers", "spacelog", "testlist"):
                world.crm.add_list(name)
                for person in ("chaya@mail.example.net", "anneke@space.example"):
                    world.crm.join(person, name)
        world.rollcall.start()
        yield world


def envelopes(mails):
    """(arguments of explain, recipients in To): most by what stands in the mail, the others by an envelope of their own."""
    lists = [address(name) for name in SCENARIOS]
    plain_ones = [((), name) for name in lists]
    groups = [(("--to", address(role)), address(role)) for role in ROLES]
    groups += [(("--to", lists[0], "--to", address(role)), lists[0]) for role in ROLES[:3]]
    groups += [(("--to", lists[2], "--sender", sender), lists[2]) for sender in ("", "nodomain", "a@@b.example", PEOPLE[0], PEOPLE[9])]
    for number in range(COUNT):
        yield mails.random.choice(plain_ones if number % 10 < 6 else groups)


def compose_all(folder):
    """[(arguments, path, message as Postfix would bring it)] of all."""
    mails, found = Mails(SEED), []
    for number, (arguments, to) in enumerate(envelopes(mails)):
        mail = mails.mail(number, "<%s>" % to)
        sender = mails.random.choice(SENDERS)
        if not mails.chance(4):
            mail = b"Return-Path: <%s>\n" % sender.encode() + mail
        path = os.path.join(folder, "%d.eml" % number)
        with open(path, "wb") as f:
            f.write(mail)
        lines = re.sub(rb"\r?\n", b"\r\n", mail)
        # Named in any case: in broken bytes it can be read for whom it is, or not.
        found.append((arguments or ("--to", to), path, lines if lines.endswith(b"\r\n") else lines + b"\r\n"))
    return found


def explain_all(world, mails):
    """Their answers in order; one run of the program for each envelope, some at a time."""
    groups, answers = collections.defaultdict(list), {}
    for arguments, path, _ in mails:
        groups[arguments].append(path)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(lambda group: explain(world, *group[0], *group[1]), groups.items()):
            answers.update((answer["file"], answer) for answer in found)
    return [answers[path] for _, path, _ in mails]


def real_lines(world, count):
    """{ident: {(list, role): line}} of what was really delivered."""
    def lines():
        found = world.rollcall.log(r" r\d+: list=<")
        return found if len(found) >= count else None
    found = collections.defaultdict(dict)
    for line in wait_until(lines, 20, "%d lines of the log" % count):
        match = LINE.search(line)
        if match:
            found[match.group(1)][match.group(2), match.group(3)] = line
    return found


def test_never_differs(crowd):
    with directory() as folder:
        mails = compose_all(folder)
        answers = explain_all(crowd, mails)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(lambda i: deliver(crowd, answers[i], mails[i][2], "r%d" % i), range(COUNT)))
    lines = real_lines(crowd, sum(1 for answer in answers for post in answer["posts"] if "stages" in post))
    seen = collections.Counter()
    for i, (answer, real) in enumerate(zip(answers, replies)):
        for post in answer["posts"]:
            where = (i, post, real)
            assert plain(post["reply"]) == plain(real[post["address"]]), where
            line = lines["r%d" % i].get((post.get("list"), post.get("role")))
            if not line and post.get("rules", {}).get("action") == "editor":
                # What the rules forward to the moderators is logged as mail for them.
                line = lines["r%d" % i].get((post["list"], "editor"))
            assert ("stages" in post) == bool(line), where
            if line:
                assert of_log(line) == of_answer(post), (where, line)
            seen[post["verdict"], post["stage"]] += 1
            seen[post.get("rule", "-").partition("send.odd:")[2]] += 1
    # It was worth while: every end that a mail can come to was among them.
    for end in (("sent", "fan-out"), ("refused", "authorise"), ("held", "authorise"), ("discarded", "authorise"), ("deferred", "authorise"), ("refused", "parse"),
                ("discarded", "parse"), ("discarded", "order"), ("discarded", "bounce"), ("refused", "scan"), ("refused", "route"), ("refused", "receive")):
        assert seen[end] >= 2, (end, dict(seen))
    # And the list with odd rules went by them, not by a file that does not compile.
    assert sum(1 for line in range(2, 2 + ODD.count("\n")) if seen[str(line)]) >= 7, dict(seen)
