"""A further column of a person's own row, and the number of members, from a real MariaDB."""
import pytest

from crm_door import Door, Talk, listed
from lab.crm import Crm
from lab.mariadb import MariaDB
from lab.process import directory

VIEW = """CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, list, user_subscriber, digest, owner, moderator,
          Paid, born, share, voice, flag, note, `odd-name` FROM flat"""


@pytest.fixture(scope="module")
def crm():
    with directory() as path, MariaDB(path) as mariadb:
        crm = Crm(mariadb)
        crm.execute("CREATE TABLE flat (id INT AUTO_INCREMENT PRIMARY KEY, list VARCHAR(300), user_subscriber VARCHAR(300), digest VARCHAR(30)"
                    " DEFAULT 'mail', owner INT DEFAULT 0, moderator INT DEFAULT 0, Paid TINYINT, born DATE, share DECIMAL(6,2), voice VARCHAR(40),"
                    " flag BIT(8), note TEXT, `odd-name` VARCHAR(10) DEFAULT 'yes') CHARSET utf8mb4")
        crm.execute(VIEW)
        yield crm


@pytest.fixture(scope="module")
def door(crm):
    with directory() as path:
        yield Door(path, crm)


def add(crm, address, name="choir", **values):
    columns = {"list": name, "user_subscriber": address, **values}
    crm.execute("INSERT INTO flat (%s) VALUES (%s)" % (", ".join(columns), ", ".join(["%s"] * len(columns))), *columns.values())


def ask(door, column, person="ann@mail.example.net", name="choir"):
    return door.ask("column", listed(name), person, column)


@pytest.fixture(autouse=True)
def empty(crm):
    crm.execute("DELETE FROM flat")


def test_values_are_text(crm, door):
    add(crm, " Ann@Mail.Example.net", Paid=1, born="1980-02-29", share="12.50", voice="sopraan ë €", flag=7, note="a" * 1000)
    add(crm, "bob@mail.example.net", voice="bas")
    with Talk(door) as talk:
        for column, value in (("paid", "1"), ("PAID", "1"), ("born", "1980-02-29"), ("share", "12.50"), ("voice", "sopraan ë €"), ("flag", "7"),
                              ("note", "a" * 1000), ("odd-name", "yes"), ("digest", "mail")):
            assert talk.ask("column", listed("choir"), "ann@mail.example.net", column).lines == ["value " + value]
        assert talk.ask("column", listed("choir"), "bob@mail.example.net", "paid").first == "value NULL"
        assert talk.ask("column", listed("choir"), "carol@mail.example.net", "paid").first == "not found"
        assert talk.ask("column", listed("other"), "ann@mail.example.net", "paid").first == "not found"
        # It is live.
        crm.execute("UPDATE flat SET Paid = 0")
        assert talk.ask("column", listed("choir"), "ann@mail.example.net", "paid").first == "value 0"


def test_no_such_column_is_named(crm, door):
    add(crm, "ann@mail.example.net")
    answer = ask(door, "payed")
    assert answer.first.startswith("trouble deferred 451 4.3.5 ") and "'payed'" in answer.first
    assert "the view has no column 'payed'" in answer.log
    # What is no column's name never reaches the server as anything else: it is quoted, and looked up before.
    for name in ("paid` FROM flat -- ", "1", "user_subscriber, paid", "*"):
        assert ask(door, name).first.startswith("trouble deferred 451 4.3.5 ")
    # A column that comes is found on the next try.
    crm.execute("ALTER TABLE flat ADD COLUMN payed INT DEFAULT 3")
    crm.execute(VIEW.replace("note", "note, payed"))
    try:
        assert ask(door, "payed").first == "value 3"
    finally:
        crm.execute(VIEW)
        crm.execute("ALTER TABLE flat DROP COLUMN payed")


def test_rows_that_disagree_are_trouble(crm, door):
    add(crm, "ann@mail.example.net", voice="alt")
    add(crm, "ANN@mail.example.net", voice="alt")
    assert ask(door, "voice").first == "value alt"
    crm.execute("UPDATE flat SET voice = 'bas' ORDER BY id LIMIT 1")
    assert "disagree about column 'voice'" in ask(door, "voice").log and ask(door, "voice").trouble
    crm.execute("UPDATE flat SET voice = NULL ORDER BY id LIMIT 1")
    assert ask(door, "voice").trouble


def test_a_value_too_long_is_trouble(crm, door):
    add(crm, "ann@mail.example.net", note="a" * 1025)
    assert "column 'note'" in ask(door, "note").log and ask(door, "note").trouble


def test_a_view_that_is_gone(crm, door):
    crm.drop_view()
    try:
        assert "view or column missing" in ask(door, "paid").trouble
        assert "view or column missing" in door.ask("total", listed("choir")).trouble
    finally:
        crm.execute(VIEW)


def test_total(crm, door):
    assert door.ask("total", listed("choir")).first == "0"
    for i in range(7):
        add(crm, "m%d@mail.example.net" % i)
    add(crm, "x@mail.example.net", name="other")
    assert door.ask("total", listed("choir")).first == "7"
    add(crm, "y@mail.example.net", name="CHOIR@lists.example.org")
    assert "two lists have this address" in door.ask("total", listed("choir")).trouble
