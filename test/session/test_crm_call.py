"""The CRM's own procedures for wishes to join or to leave: what they change, what they say, and what their trouble leaves (schema/procedures.sql)."""
import pytest

from crm_door import Door, Talk, listed, renew_user
from lab.crm import Crm, schema
from lab.mariadb import MariaDB
from lab.process import directory

ANN = "chaya@mail.example.net"
PROCEDURES = {"subscribe_procedure": "mailinglists_join", "unsubscribe_procedure": "crm.mailinglists_leave"}


@pytest.fixture(scope="module")
def crm():
    with directory() as path, MariaDB(path) as mariadb:
        crm = Crm(mariadb)
        crm.mariadb.script(schema("procedures.sql"))
        yield crm


@pytest.fixture
def door(lab_directory, crm):
    return Door(lab_directory, crm, PROCEDURES)


def procedure(crm, body, name="odd"):
    """One more procedure that Rollcall's user may call."""
    crm.execute("CREATE OR REPLACE PROCEDURE %s(IN wanted VARCHAR(255), IN address VARCHAR(320)) BEGIN %s END" % (name, body))
    crm.execute("GRANT EXECUTE ON PROCEDURE %s TO 'mlist'@'%%'" % name)


def call(door, name, person=ANN, to="deelnemers"):
    return door.ask("call", name, listed(to), person)


def test_leave_and_join(crm, door):
    with Talk(door) as talk:
        assert talk.ask("call", "crm.mailinglists_leave", listed("deelnemers"), ANN).lines == ["done -"]
        assert ANN not in crm.members("deelnemers")
        # A second time does no harm.
        assert talk.ask("call", "crm.mailinglists_leave", listed("deelnemers"), ANN).lines == ["done -"]
        assert talk.ask("standing", listed("deelnemers"), ANN).first == "stranger"
        assert talk.ask("call", "mailinglists_join", listed("deelnemers"), ANN).lines == ["done -"]
        assert ANN in crm.members("deelnemers")
        # What the SIGNAL says is the person's to read.
        refused = talk.ask("call", "mailinglists_join", listed("deelnemers"), "nobody@mail.example.net")
        assert refused.first == "refused We do not know this address. Please become a member first: https://crm.example.org/join"
        assert refused.log == ""
        # The connection is good for more.
        assert talk.ask("total", listed("deelnemers")).first == "10"


@pytest.mark.parametrize("body, answer", [
    ("SELECT 'Welcome, é', 2 UNION SELECT 'x', 3; SELECT 5;", "done Welcome, é"),
    ("SELECT CONCAT('a', CHAR(10), 'b', CHAR(0), 'c');", "done a b\ufffdc"),
    ("SELECT REPEAT('x', 5000);", "done " + "x" * 400),
    ("SELECT NULL; SELECT 7;", "done 7"),
    ("SELECT 'first'; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Never mind';", "refused Never mind"),
    ("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Own number', MYSQL_ERRNO = 30001;", "refused Own number"),
    ("SIGNAL SQLSTATE '45000';", "refused Unhandled user-defined exception condition"),
    ("SELECT CONCAT(wanted, ' ', address);", "done deelnemers o'x\\@mail.example.net"),
])
def test_what_it_says(crm, door, body, answer):
    procedure(crm, body)
    person = "o'x\\\\@mail.example.net" if "wanted" in body else ANN
    got = call(door, "odd", person.replace("\\\\", "\\"))
    assert got.first == answer, got


@pytest.mark.parametrize("body, said", [
    ("SIGNAL SQLSTATE '45001' SET MESSAGE_TEXT = 'for nobody';", "error 1644"),
    ("INSERT INTO no_such_table VALUES (1);", "error 1146"),
    ("SELECT seq FROM seq_1_to_100000;", "more than 1000 rows"),
    ("DECLARE i INT DEFAULT 0; WHILE i < 50 DO SELECT i; SET i = i + 1; END WHILE;", "more than 10 result sets"),
])
def test_trouble_changes_nothing(crm, door, body, said):
    before = crm.members("deelnemers")
    procedure(crm, body.replace("INSERT INTO no", "UPDATE mailinglists_subscription SET active = 0; INSERT INTO no").replace(
        "SELECT seq", "UPDATE mailinglists_subscription SET active = 0; SELECT seq"))
    answer = call(door, "odd")
    assert answer.trouble and said in answer.log and "ALARM" in answer.log and "for nobody" not in answer.log, answer
    assert crm.members("deelnemers") == before


def test_procedure_that_is_not_there(crm, door):
    answer = call(door, "nonesuch")
    assert "column missing" in answer.trouble or "access denied" in answer.trouble
    for name in ("x`; DROP TABLE members_user; -- ", "a.b.c", "", "a b", "x" * 65):
        assert call(door, name).trouble
    assert crm.members("deelnemers")


def test_grants(crm, door, lab_directory):
    renew_user(crm)
    crm.mariadb.script(schema("procedures.sql"))
    lines = door.ask("start").lines
    assert "good: grants: the CRM user may read the view, call what it is there for, and nothing else" in lines, lines
    # Without the setting they are too much.
    other = Door(lab_directory, crm)
    assert [line for line in other.ask("start").lines if line.startswith("bad refuse: grants: ") and "mailinglists_join" in line]
    door.configure(PROCEDURES)
    crm.execute("REVOKE EXECUTE ON PROCEDURE mailinglists_leave FROM 'mlist'@'%'")
    lines = door.ask("start").lines
    assert "bad: grants: the CRM user may not EXECUTE crm.mailinglists_leave (setting unsubscribe_procedure)" in lines, lines
    door.configure({"subscribe_procedure": "mailinglists_join(1,2)"})
    assert [line for line in door.ask("start").lines if line.startswith("bad refuse: subscribe_procedure")]
