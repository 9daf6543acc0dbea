"""The mails that Rollcall writes, read back by another implementation: Python's email, html.parser and urllib. HOSTILE X7, X9, D18."""
import email
import email.policy
import html.parser
import os
import random
import re
import subprocess
import urllib.parse

import pytest

from lab.process import BUILD

PROBE = os.path.join(BUILD, "test", "session", "notice_probe")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOKENS = {"accept": "a" * 16, "reject": "b" * 16, "discard": "c" * 16, "confirm": "d" * 16, "withdraw": "e" * 16}
WORDS = {"en": ["accept", "reject", "discard"], "nl": ["goedkeuren", "afwijzen", "weggooien"], "fr": ["accepter", "refuser", "supprimer"],
         "de": ["annehmen", "ablehnen", "verwerfen"]}
COMMON = {"list": "choir@lists.example.org", "list_name": "choir", "owner": "choir-owner@lists.example.org"}
POST = b"From: Anna <anna@example.org>\r\nSubject: Hi\r\nMIME-Version: 1.0\r\n\r\nHello\r\n  --  \r\n.\r\n"


def texts():
    lines = subprocess.run([PROBE, "--all"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [(line.split()[0], line.split()[1:]) for line in lines]


def build(language, name, fields, post=None, site=None):
    command = [PROBE] + (["--post"] if post is not None else []) + (["--site", str(site)] if site else []) + [language, name]
    command += ["%s=%s" % pair for pair in {**COMMON, **fields}.items()]
    return subprocess.run(command, cwd=ROOT, input=post, capture_output=True)


def read(language, name, fields, post=None):
    done = build(language, name, fields, post)
    assert done.returncode == 0, done.stderr
    raw = done.stdout
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = email.message_from_bytes(raw, policy=email.policy.default)
    for part in message.walk():
        assert not part.defects, (language, name, part.defects)
    return raw, message


class Page(html.parser.HTMLParser):
    """Text and links of an HTML part; anything but what we write is an error."""
    def __init__(self, page):
        super().__init__()
        self.links, self.words = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        assert tag in ("html", "body", "p", "br", "a"), tag
        if tag == "a":
            self.links.append(dict(attributes)["href"])

    def handle_data(self, data):
        self.words += data.split()


def values(names, value):
    return {name: TOKENS.get(name, value) for name in names}


@pytest.mark.parametrize("language", WORDS)
def test_every_text(language):
    """Each text of each language is a good mail that says what was filled in, and that no machine answers."""
    for name, fields in texts():
        raw, message = read(language, name, values(fields, "Grüße, Ωmega & <b>co</b>"))
        plain = message.get_body(("plain",))
        assert message["From"].addresses[0].addr_spec == "choir-owner@lists.example.org"
        assert message["Auto-Submitted"] == "auto-generated" and message["X-Loop"] == "choir@lists.example.org"
        assert message["In-Reply-To"] == "<first@lists.example.org>" and message["Content-Language"] == language
        assert "choir" in message["Subject"] and "{" not in message["Subject"]
        text = plain.get_content()
        if set(fields) & {"subject", "person", "page"}:
            assert "Grüße, Ωmega & <b>co</b>" in text.replace("\n", " ")
        assert message.is_multipart() == bool(set(fields) & set(TOKENS))


@pytest.mark.parametrize("language", WORDS)
def test_moderators_notice(language):
    """X1, X9: links with the right tokens in both parts, and the post byte for byte."""
    fields = values(["accept", "reject", "discard"], "") | {"subject": "Hallo", "author": "Anna <anna@example.org>"}
    raw, message = read(language, "held-moderator", fields, POST)
    plain, page = message.get_body(("plain",)).get_content(), Page(message.get_body(("html",)).get_content())
    links = re.findall(r"mailto:\S+", plain)
    assert links == page.links and len(links) == 3
    for link, word, token in zip(links, WORDS[language], "abc"):
        url = urllib.parse.urlsplit(link)
        query = urllib.parse.parse_qs(url.query, strict_parsing=True)
        assert urllib.parse.unquote(url.path) == "choir-confirm+%s@lists.example.org" % (token * 16)
        assert query["subject"] == ["%s: Grüße" % word] and query["body"][0].startswith(word + "\r\n")
        assert word in page.words
    # The HTML part says what the text says, but for the links.
    assert set(word for word in plain.split() if not word.startswith("mailto:")) <= set(page.words)
    attached = [part for part in message.walk() if part.get_content_type() == "message/rfc822"]
    assert len(attached) == 1 and attached[0].get_content()["Subject"] == "Hi"
    assert raw.count(b"\r\n\r\n" + POST + b"\r\n--") == 1


def test_random_posts():
    """Whatever the post, it comes back byte for byte, and the mail around it is a good one."""
    chance = random.Random(20261121)
    pieces = [b"From: a@b\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n", b"\r\n", b"--x\r\n", b"--x--\r\n", b"\xc3\xbc", b"\xff", b"\0", b"\r",
              b"\n", b"a" * 999, b"Content-Transfer-Encoding: base64\r\n", b"From x\r\n", b"text ", b"\r\n\r\n", b"Subject: =?utf-8?q?=00?=\r\n"]
    for _ in range(150):
        post = b"".join(chance.choice(pieces) for _ in range(chance.randrange(12)))
        done = build("en", "held-moderator", {"accept": "a" * 16}, post)
        raw, message = done.stdout, email.message_from_bytes(done.stdout, policy=email.policy.default)
        last = list(message.iter_parts())[-1]
        if last.get_content_type() == "application/octet-stream":
            assert last.get_content() == post
        else:
            boundary = message.get_boundary().encode()
            begin = raw.index(b"\r\n\r\n", raw.index(b"Content-Type: message/rfc822")) + 4
            assert raw[begin:raw.rindex(b"\r\n--" + boundary + b"--")] == post
            assert raw.count(boundary) == 4
        assert max(map(len, raw.split(b"\r\n"))) <= 998 and b"\0" not in raw


def test_hostile_values():
    """X7, D18: values are data in the header, in the text and in HTML."""
    evil = "x\r\nBcc: victim@example.org\r\n\r\n{owner} %n%s <script>alert(1)</script> \" onclick=x =?utf-8?q?a?= ' OR 1=1 $(id)\x07\u202e"
    fields = values(["accept", "reject", "discard"], "") | dict.fromkeys(["subject", "author", "rule", "parts"], evil)
    raw, message = read("en", "held-moderator", fields)
    assert message["Bcc"] is None and b"\r\nBcc" not in raw
    plain = message.get_body(("plain",)).get_content()
    assert "{owner} %n%s <script>alert(1)</script>" in " ".join(plain.split()) and "\u202e" not in plain
    assert "<script>alert(1)</script>" in Page(message.get_body(("html",)).get_content()).words
    assert "{owner}" in message["Subject"] and "=?utf-8?q?a?=" in message["Subject"]


def test_site_overrides(tmp_path):
    """The site's text wins, the others stay; a broken one is refused with its place."""
    own = tmp_path / "nl" / "help"
    own.parent.mkdir()
    own.write_text("Subject: Eigen {list_name}\n\nOnze tekst over {list}.\n")
    message = email.message_from_bytes(build("nl", "help", {}, site=tmp_path).stdout, policy=email.policy.default)
    assert message["Subject"] == "Eigen choir" and message.get_content().strip() == "Onze tekst over choir@lists.example.org."
    message = email.message_from_bytes(build("de", "help", {}, site=tmp_path).stdout, policy=email.policy.default)
    assert message["Subject"] == "[choir] Über diese Mailingliste"
    own.write_text("Subject: x\n\n{list} {nobody}\n")
    done = build("nl", "help", {}, site=tmp_path)
    assert done.returncode == 1 and b"nl/help:3: no field {nobody} here" in done.stderr
