"""The connection to the CRM ends before the n-th thing that is asked, for every n: the whole answer or none, whatever the question (HOSTILE D12)."""
import contextlib
import re
import select

import pytest

from crm_door import DOMAIN, Door, Talk, listed
from lab.crm import Crm, schema
from lab.mariadb import MariaDB
from lab.process import directory
from lab.proxy import Proxy

ANN, OWNER = "chaya@mail.example.net", "owner-alone@space.example"


class Ending(Proxy):
    """Ends a connection in place of handing on the client's piece number `last` (None: never). Each question is a piece; so is a step of TLS."""
    last = None
    pieces = 0  # of the latest connection

    def _relay(self, client, server):
        self.pieces = 0
        while True:
            ready = select.select([client, server, self._stop_reader], [], [])[0]
            if self._stop_reader in ready:
                return
            for source, target in (client, server), (server, client):
                if source in ready:
                    data = source.recv(65536)
                    self.pieces += source is client
                    if not data or (source is client and self.pieces == self.last):
                        return
                    target.sendall(data)


@pytest.fixture(scope="module")
def crm():
    with directory() as path, MariaDB(path) as mariadb:
        crm = Crm(mariadb)
        crm.mariadb.script(schema("procedures.sql"))
        # Owners of the sample CRM moderate, too; these do not.
        crm.mariadb.script(schema("view.sql").replace("(members_user.is_superuser || members_user.is_staff)", "(members_user.is_staff)"))
        crm.add_person(OWNER, owner=True)
        crm.join(OWNER, "deelnemers")
        yield crm


@pytest.fixture(scope="module")
def proxy(crm):
    with Ending(crm.mariadb.port) as proxy:
        yield proxy


@pytest.fixture
def door(lab_directory, crm, proxy):
    proxy.last = None
    return Door(lab_directory, crm, {"subscribe_procedure": "mailinglists_join", "unsubscribe_procedure": "crm.mailinglists_leave"}, port=proxy.port)


QUESTIONS = [("find", "deelnemers", DOMAIN), ("standing", listed("deelnemers"), ANN), ("column", listed("deelnemers"), ANN, "digest"), ("total", listed("deelnemers")),
             ("recipients", listed("deelnemers")), ("recipients", listed("deelnemers"), "1"), ("lists",),
             # Whether somebody else moderates is asked besides; and owners stand in for moderators that there are none of.
             ("standing", listed("deelnemers"), OWNER), ("recipients", listed("deelnemers"), "2"), ("recipients", listed("spacelog"), "2")]


@pytest.mark.parametrize("words", QUESTIONS, ids=lambda words: " ".join(words[:1] + words[2:]))
def test_d12_no_part_of_an_answer(door, proxy, words):
    whole = door.ask(*words)
    assert not whole.first.startswith("trouble")
    troubles = []
    for proxy.last in range(1, proxy.pieces + 1):
        answer = door.ask(*words)
        if answer.first.startswith("trouble"):
            assert answer.trouble and len(answer.lines) == 1
            troubles.append(proxy.last)
        else:
            # What is said behind the last answer asks for nothing: statements are closed, the snapshot ends.
            assert answer.lines == whole.lines
    assert len(troubles) >= 6 and proxy.last - len(troubles) < 8, (proxy.last, troubles)


def test_d12_a_procedure_changes_all_or_nothing(crm, door, proxy):
    before = crm.members("deelnemers")
    assert door.ask("call", "crm.mailinglists_leave", listed("deelnemers"), "nobody@mail.example.net").first == "done -"
    asked, outcomes = proxy.pieces, set()
    # Pieces may melt into one: the last numbers cut nothing.
    for last in range(1, asked + 6):
        proxy.last = last
        answer = door.ask("call", "crm.mailinglists_leave", listed("deelnemers"), ANN)
        outcomes.add(answer.first.split()[0])
        assert (ANN in crm.members("deelnemers")) == answer.first.startswith("trouble"), (last, answer)
        proxy.last = None
        assert door.ask("call", "mailinglists_join", listed("deelnemers"), ANN).first == "done -"
    assert outcomes == {"trouble", "done"}
    assert door.ask("call", "mailinglists_join", listed("nolist"), ANN).trouble
    assert sorted(crm.members("deelnemers")) == sorted(before)


def test_d12_the_check_says_what_it_could_not_see(door, proxy):
    for words in ("check",), ("start",):
        proxy.last = None
        assert all(line.startswith("good") for line in door.ask(*words).lines if "refuse" in line)
        asked, seen = proxy.pieces, set()
        for proxy.last in range(1, asked + 6):
            bad = [line for line in door.ask(*words).lines if line.startswith("bad")]
            # A server that is away may come back: no reason to refuse to start. (Pieces may melt into one: the last numbers cut nothing.)
            assert all(re.match("bad: (connection lost|no verified TLS)", line) for line in bad), bad
            seen.add(len(bad))
        assert seen == {0, 1}


def test_d12_a_kept_connection_ends_at_any_question(door, proxy):
    """The first question on a kept connection is tried once more; what comes after it is not, and the next one finds a new connection."""
    with Talk(door) as talk:
        whole = talk.ask(*QUESTIONS[4]).lines
        first = proxy.pieces
        assert talk.ask(*QUESTIONS[4]).lines == whole
        each = proxy.pieces - first
        for step in range(1, each + 1):
            with contextlib.suppress(OSError):
                proxy.last = proxy.pieces + step
                answer = talk.ask(*QUESTIONS[4])
                assert answer.lines == whole or (len(answer.lines) == 1 and answer.trouble), step
            proxy.last = None
            assert talk.ask(*QUESTIONS[4]).lines == whole
