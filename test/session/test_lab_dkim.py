"""The judge of signatures must say no: a judge that always says yes would prove nothing about Rollcall."""
import pytest

from lab.dkimcheck import Key, Table
from lab.world import compose

POST = compose("chaya@mail.example.net", "deelnemers", "De sleutel", b"Wie heeft hem?\r\n")


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def key(request):
    return Key("mail.example.net", "s1", request.param)


def test_good_signature(key):
    result, = Table(key).verify(key.sign(POST))
    assert result[:5] == ("mail.example.net", "s1", key.algorithm + "-sha256", True, "")
    assert "subject" in result.headers


@pytest.mark.parametrize("change", [
    (b"hem?", b"hen?"), (b"De sleutel", b"De sleutels"), (b"From: <chaya", b"From: <bram"), (b" s=s1;", b" s=s2;"),
    (b"d=mail.example.net", b"d=post.example.com"), (b"hem?\r\n", b"hem?\r\nmore\r\n")])
def test_changed_message_or_key_is_bad(key, change):
    signed = key.sign(POST)
    assert change[0] in signed
    result, = Table(key).verify(signed.replace(*change))
    assert not result.good and result.reason


def test_key_not_in_the_table_or_another(key):
    other = Key("mail.example.net", "s1", key.algorithm)
    assert not Table().verify(key.sign(POST))[0].good
    assert not Table(other).verify(key.sign(POST))[0].good


def test_each_signature_is_judged_on_its_own(key):
    other = Key("lists.example.org", "s2")
    table = Table(key, other)
    signed = other.sign(key.sign(POST))
    assert [(r.domain, r.good) for r in table.verify(signed)] == [("lists.example.org", True), ("mail.example.net", True)]
    broken = signed.replace(b"DKIM-Signature: v=1;", b"DKIM-Signature: v=9;", 1)
    assert [r.good for r in table.verify(broken)] == [False, True]
    assert table.good_domains(broken) == {("mail.example.net", key.algorithm + "-sha256")}
    assert table.verify(POST) == []
