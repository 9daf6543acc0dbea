"""The README's walk-through, done word for word on a machine of its own, ends with a list that works (readme_walk.py)."""
import json
import os
import subprocess
import sys

import dkim
import pytest

from lab.process import ROOT

WALK = os.path.join(ROOT, "test", "e2e", "readme_walk.py")
NOT_MOUNTED = 42


@pytest.fixture(scope="module")
def seen():
    """What happened on the way."""
    done = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, WALK],
                          capture_output=True, text=True, timeout=300)
    if done.returncode == NOT_MOUNTED or "unshare failed" in done.stderr:
        pytest.skip("no private view of /etc here: " + (done.stdout + done.stderr).strip()[-200:])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_every_command_works(seen):
    """Each that fails ends the walk at once; here only that none was overlooked."""
    assert seen["steps"] == 11
    for word in ("make install", "schema/grants.sql", "crm.cnf", "rollcall dkim keygen", "2026a.pem", "--reload apply", "rollcall check"):
        assert [command for command in seen["commands"] if word in command], word


def test_it_takes_less_than_ten_minutes(seen):
    assert seen["seconds"] < 600


def test_check_and_lists_have_nothing_against_it(seen):
    assert "ok: DNS: DKIM key 2026a-ed of lists.example.org is published" in seen["check"]
    assert "error:" not in seen["check"] and "ok: Postfix: mail for lists.example.org comes to us" in seen["check"]
    assert "testlist@lists.example.org" in seen["lists"]


def test_a_post_reaches_the_members_signed_with_the_published_key(seen):
    assert sorted(r for copy in seen["copies"] for r in copy["recipients"]) == ["anneke@space.example", "bram@space.example"]
    published = {name.encode() + b".": record.encode() for name, record in seen["dkim"].items()}
    assert len(published) == 2
    for copy in seen["copies"]:
        assert "List-Id:" in copy["data"]
        for number in range(2):
            assert dkim.DKIM(copy["data"].encode()).verify(idx=number, dnsfunc=lambda name, timeout=5: published.get(name))


def test_what_went_in_comes_out(seen):
    assert seen["daemon"] == 0
    assert seen["postfix_after"] == seen["postfix_before"]
