"""What tests of moderation share: the notices of a held post, their links, and the mails that these make."""
import email
import email.policy
import re
import urllib.parse

from lab.process import wait_until
from lab.world import compose


def parse(copy):
    return email.message_from_bytes(copy.message, policy=email.policy.default)


def text_of(copy):
    return parse(copy).get_body(("plain",)).get_content()


def links(copy):
    """{word: (address, subject, body)} of the mailto links in a notice."""
    found = {}
    for url in re.findall(r"mailto:\S+", text_of(copy)):
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query))
        found[query["body"].split()[0].lower()] = (urllib.parse.unquote(parts.path), query["subject"], query["body"])
    return found


def moderators(world, name="deelnemers"):
    return sorted(r[0] for r in world.crm.query("SELECT DISTINCT user_subscriber FROM mailinglists_api WHERE list=%s AND moderator", name))


def follow(world, sender, link, fields=(), body=None, author=None):
    """Sends the mail that a link makes."""
    address, subject, text = link
    world.sink.forget()
    return world.postfix.send(compose(author or sender, address, subject, (body or text).encode() + b"\r\n", fields), sender, address)


def status(world, pattern, timeout=15):
    return world.rollcall.wait_log(pattern, timeout)


def sent_to_all(world, name="deelnemers"):
    members = world.crm.members(name)
    wait_until(lambda: set(members) <= set(world.sink.recipients()), 20, "the post at every member: %r\n%s" % (world.sink.recipients(), world.last_words()))
    posts = [copy for copy in world.sink.transactions() if copy.header("List-Id")]
    assert sorted(a for copy in posts for a in copy.recipients) == sorted(members)
    return posts
