"""ARC both ways with another implementation (python3-dkim): it seals and we validate, we seal and it does; and chains broken wherever they can break.

RFC 8617 sections 5.1 and 5.2.
"""
import random
import re

import dkim
import pytest

from lab.dkimcheck import Key, Table
from lab.many import message
from signatures import Probe, join, split

BASIC = (b"From: Jan <jan@author.example.net>\r\nTo: choir@lists.example.org\r\nSubject: x\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
         b"Message-ID: <1@author.example.net>\r\nMIME-Version: 1.0\r\n\r\nSee you  at eight.\r\n\r\n")


@pytest.fixture(scope="module")
def keys():
    return {"hop": Key("relay.example", "hop", bits=1024), "other": Key("other.example", "o", bits=1024), "list": Key("lists.example.org", "l", bits=1024),
            "ed25519": Key("lists.example.org", "e", "ed25519")}


@pytest.fixture(scope="module")
def table(keys):
    return Table(*keys.values())


@pytest.fixture
def probe(keys, tmp_path):
    return Probe(tmp_path, {key.name: key.record for key in keys.values()})


def arc_sign(text, key, cv=None, names=None):
    """One link more by python3-dkim."""
    text = re.sub(rb"(?m)^Authentication-Results:.*\r\n", b"", text)
    result = b"relay.example; spf=pass smtp.mailfrom=author.example.net" + (b"; arc=" + cv if cv else b"")
    text = b"Authentication-Results: " + result + b"\r\n" + text
    links = dkim.arc_sign(text, key.selector.encode(), key.domain.encode(), key.pem, b"relay.example", include_headers=names, linesep=b"\r\n")
    assert len(links) == 3
    return b"".join(links) + text


def judge(table, text):
    """What python3-dkim makes of a chain: its result (None: a chain that ended), and its reason."""
    cv, results, reason = dkim.arc_verify(text, dnsfunc=table.lookup)
    return cv and cv.decode(), reason


def cv(probe, text):
    return probe.verify_one(text).arc.cv


# ---- many messages ----

def whole(number):
    """As the generator makes it, made so that both implementations can read it: python3-dkim keeps a blank before a missing last CRLF."""
    text = message(number)
    text += b"" if b"\r\n\r\n" in text else b"\r\n"
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def test_what_another_seals(probe, keys):
    """200 messages with one to three links: pass, with who sealed; changed, fail."""
    names = [b"from", b"to", b"subject", b"references", b"references", b"x-mailer", b"date"]
    sealed, changed = [], []
    for number in range(200):
        text = arc_sign(whole(number), keys["hop"], names=names)
        for i in range(number % 3):
            text = arc_sign(b"Received: by hop%d\r\n" % i + text, keys["other"], b"pass", names=names)
        sealed.append(text)
        changed += [text + b"more\r\n", text.replace(b"jan@author", b"jam@author", 1), text.replace(b"spf=pass", b"spf=fail", 1)]
    for number, found in enumerate(probe.verify(sealed)):
        assert found.arc == ("pass", number % 3 + 1, ["relay.example"] + ["other.example"] * (number % 3), ""), (number, found)
    assert {found.arc.cv for found in probe.verify([text for text in changed if text not in sealed])} == {"fail"}


def test_what_we_seal(probe, keys, table):
    """240 messages as a list sends them, DKIM signatures first; some came with a chain. Another implementation accepts each seal, and so do we."""
    texts = [whole(number) for number in range(240)]
    texts = [arc_sign(text, keys["hop"]) if number % 4 == 3 else text for number, text in enumerate(texts)]
    sealed = probe.seal(texts, keys["list"], [keys["ed25519"]], "sign")
    for number, (text, found) in enumerate(zip(sealed, probe.verify(sealed))):
        count = 2 if number % 4 == 3 else 1
        assert (found.arc.cv, found.arc.instances, found.arc.sealers[-1]) == ("pass", count, "lists.example.org"), (number, found)
        assert [one.result for one in found.dkim] == ["pass", "pass"]
        assert judge(table, text) == ("pass", "success"), number
        assert text.startswith(b"ARC-Seal: i=%d;" % count)


def test_what_a_link_says(probe, keys):
    """Our fields as a reader sees them: no l=, From and our DKIM signatures covered, no seal; folded."""
    sealed = probe.seal([BASIC], keys["list"], [keys["ed25519"]], "sign")[0]
    fields = split(sealed)[0]
    assert [field.split(b":")[0] for field in fields[:3]] == [b"ARC-Seal", b"ARC-Message-Signature", b"ARC-Authentication-Results"]
    assert fields[2].startswith(b"ARC-Authentication-Results: i=1; lists.example.org;")
    tags = dict(tag.strip().split(b"=", 1) for tag in re.sub(rb"\s", b"", fields[1].split(b":", 1)[1]).split(b";"))
    assert set(tags) == {b"i", b"a", b"c", b"d", b"s", b"t", b"h", b"bh", b"b"} and tags[b"c"] == b"relaxed/relaxed" and tags[b"a"] == b"rsa-sha256"
    names = tags[b"h"].lower().split(b":")
    assert names.count(b"dkim-signature") == 2 and names.count(b"from") == 2 and b"arc-seal" not in names and b"received" not in names
    assert b"h=" not in fields[0] and b"bh=" not in fields[0] and b"cv=none" in fields[0]
    assert max(len(line) for field in fields[:3] for line in field.split(b"\r\n")) <= 78


def test_ed25519_seals(probe, keys):
    assert cv(probe, probe.seal([BASIC], keys["ed25519"])[0]) == "pass"


# ---- chains of every length ----

@pytest.fixture(scope="module")
def chains(keys, tmp_path_factory):
    """Chains of 0 to 50 links, ours and the other's in turn."""
    probe = Probe(tmp_path_factory.mktemp("chains"), {key.name: key.record for key in keys.values()})
    made = [BASIC]
    while len(made) <= 50:
        last = b"Received: by hop%d\r\n" % len(made) + made[-1]
        made.append(probe.seal([last], keys["list"])[0] if len(made) % 4 else arc_sign(last, keys["hop"], b"pass"))
    return made


def test_every_length(probe, table, chains):
    for number, found in enumerate(probe.verify(chains)):
        assert (found.arc.cv, found.arc.instances, len(found.arc.sealers)) == ("pass" if number else "none", number, number), found
    for number in (1, 2, 4, 9, 50):
        assert judge(table, chains[number]) == ("pass", "success"), number


def test_no_link_51(probe, keys, chains):
    """Fifty are the most: the message leaves as it came. More than that are no chain, and get no seal either."""
    assert probe.seal([chains[50]], keys["list"]) == [chains[50]]
    more = chains[50].replace(b"i=50;", b"i=51;")
    assert cv(probe, more) == "fail" and probe.seal([more], keys["list"]) == [more]
    flood = b"".join(b"ARC-Seal: i=%d\r\nARC-Message-Signature: i=%d\r\nARC-Authentication-Results: i=%d; x\r\n" % (i, i, i) for i in range(1, 201)) + BASIC
    found = probe.verify_one(flood)
    assert (found.arc.cv, found.arc.instances) == ("fail", 50) and "more than 50" in found.arc.reason
    assert probe.seal([flood], keys["list"]) == [flood]


# ---- broken at each kind of place ----

def is_arc(field):
    return field.lower().startswith(b"arc-")


def test_each_field_changed(probe, chains):
    """Six links: a byte in each of the eighteen fields, at their beginning, middle and end."""
    fields, rest = split(chains[6])
    broken = []
    for place, field in enumerate(fields):
        if not is_arc(field):
            continue
        start = field.index(b":") + 2
        for i in {start, start + (len(field) - start) // 2, len(field) - 6}:
            while field[i:i + 1].isspace():
                i += 1
            changed = field[:i] + (b"q" if field[i:i + 1] not in b"qQ" else b"z") + field[i + 1:]
            broken.append(join(fields[:place] + [changed] + fields[place + 1:], rest))
    assert len(broken) == 54
    for found in probe.verify(broken):
        assert found.arc.cv == "fail" and found.arc.reason, found


def test_each_field_missing_or_twice(probe, chains, table):
    fields, rest = split(chains[6])
    places = [place for place, field in enumerate(fields) if is_arc(field)]
    missing = [join(fields[:place] + fields[place + 1:], rest) for place in places]
    twice = [join(fields[:place] + [fields[place]] + fields[place:], rest) for place in places]
    assert {found.arc.cv for found in probe.verify(missing + twice)} == {"fail"}
    # A set gone altogether: the first, one between, and the last, without which what is left is whole again.
    sets = [[field for field in fields if not (is_arc(field) and b"i=%d;" % number in field)] for number in range(1, 7)]
    results = [found.arc for found in probe.verify([join(rest_of, rest) for rest_of in sets])]
    assert [(arc.cv, arc.instances) for arc in results] == [("fail", 6)] * 5 + [("pass", 5)]


def test_order_does_not_matter_numbers_do(probe, chains):
    fields, rest = split(chains[6])
    dice = random.Random(6)
    shuffled = []
    for i in range(5):
        arc = [field for field in fields if is_arc(field)]
        dice.shuffle(arc)
        shuffled.append(join(arc + [field for field in fields if not is_arc(field)], rest))
    assert {found.arc.cv for found in probe.verify(shuffled)} == {"pass"}
    swapped = [re.sub(rb"(?<=[ :]i=)[%d%d](?=;)" % (a, b), lambda match: b"%d" % (a + b - int(match[0])), chains[6]) for a, b in ((1, 2), (3, 6), (5, 6))]
    assert {found.arc.cv for found in probe.verify(swapped)} == {"fail"}
    for number in (b"0", b"51", b"007", b"-1", b"x", b""):
        assert cv(probe, chains[6].replace(b"i=3;", b"i=" + number + b";")) == "fail"


@pytest.mark.parametrize("old, new", [(b"cv=none", b"cv=pass"), (b"cv=none", b"cv=fail"), (b"cv=pass", b"cv=none"), (b"cv=pass", b"cv=fail"), (b"cv=pass", b"cv=maybe"),
                                      (b"cv=pass; ", b""), (b"cv=pass", b"cv=PASS")])
def test_state_of_a_seal(probe, keys, chains, old, new):
    """Wrong in an older seal, and in the newest."""
    for text in (chains[3], chains[2]):
        for count in (1, -1):
            changed = text.replace(old, new, count)
            if changed != text:
                assert cv(probe, changed) == "fail", (changed, count)


def test_message_changed(probe, chains):
    """Between links it may be, as long as the newest link is of after that; behind it, not."""
    text = chains[3]
    for changed in (text + b"x\r\n", text.replace(b"See you  at", b"See you at nine"), text.replace(b"Subject: x", b"Subject: y"),
                    text.replace(b"From: Jan", b"From: Jim"), b"Subject: added\r\n" + text):
        assert cv(probe, changed) == "fail"
    for allowed in (b"Received: by another\r\n" + text, b"X-Spam: no\r\n" + text, text.replace(b"See you  at", b"See you at"), text + b"\r\n\r\n"):
        assert cv(probe, allowed) == "pass"


def test_changed_between_links(probe, keys, table):
    text = arc_sign(arc_sign(BASIC, keys["hop"]).replace(b"Subject: x", b"Subject: [choir] x"), keys["other"], b"pass")
    assert cv(probe, text) == "pass"
    again = probe.seal([text.replace(b"[choir] x", b"[other] x")], keys["list"])[0]
    # It was broken when it came, and our link says so and covers nothing but itself.
    assert b"cv=fail" in split(again)[0][0] and again.startswith(b"ARC-Seal: i=3;")
    found = probe.verify_one(again)
    assert found.arc.cv == "fail" and "cv=fail" in found.arc.reason and judge(table, again)[0] is None
    # Then it is over.
    assert probe.seal([again], keys["list"]) == [again]


def test_chain_that_another_ended(probe, keys):
    ended = arc_sign(arc_sign(BASIC, keys["hop"]).replace(b"Subject: x", b"Subject: y"), keys["other"], b"fail")
    assert cv(probe, ended) == "fail" and probe.seal([ended], keys["list"]) == [ended]


def test_keys(probe, keys, chains):
    """No key, a revoked one, another's: fail. No answer: temperror, and it says which link."""
    for record, result in (([], "fail"), ("v=DKIM1; p=", "fail"), (keys["other"].record, "fail"), ("!", "temperror")):
        probe.records[keys["hop"].name] = record
        found = probe.verify_one(chains[6])
        assert found.arc.cv == result and "(i=4)" in found.arc.reason, found
    probe.records[keys["list"].name] = "!"
    assert cv(probe, chains[6]) == "temperror"


def test_what_no_link_may_say(probe, keys, chains):
    one = chains[1]
    for old, new in ((b"h=From", b"h=ARC-Seal:From"), (b"; t=", b"; l=5; t="), (b"a=rsa-sha256", b"a=rsa-sha1"), (b"cv=none", b"h=From; cv=none"), (b"cv=none", b"cv=none; cv=none")):
        assert old in one and cv(probe, one.replace(old, new)) == "fail"
