"""The CRM fails in the middle of it: HOSTILE 5.3, rows D12 and D16, and S1, S3. The whole list or 451, never a part."""
import os
import re
import signal
import socket
import threading
import time

import pytest

from crm_door import DOMAIN, Door, Talk, finish, listed, renew_user
from lab.crm import Crm
from lab.mariadb import MariaDB
from lab.process import directory, free_port, wait_until
from lab.proxy import Proxy
from lab.slowline import SlowLine

ROWS = 3000
VIEW = ("CREATE OR REPLACE VIEW mailinglists_api AS SELECT '' comment_subscriber, 'choir' list, CONCAT('member', id, '@mail.example.net') user_subscriber,"
        " 'mail' digest, 0 owner, 0 moderator FROM numbers")


@pytest.fixture(scope="module")
def server():
    with directory() as path, MariaDB(path) as mariadb:
        yield mariadb


@pytest.fixture(scope="module")
def sample(server):
    crm = Crm(server)
    crm.execute("CREATE TABLE numbers (id INT PRIMARY KEY)")
    crm.execute("INSERT INTO numbers SELECT seq FROM seq_1_to_%d" % (ROWS + 1))
    return crm


@pytest.fixture
def crm(sample):
    """It runs, with a fresh user and ROWS members in one list."""
    if not sample.mariadb.daemon.running():
        sample.mariadb.daemon.end()
        sample.mariadb.start()
    sample.execute(VIEW + " WHERE id <= %d" % ROWS)
    renew_user(sample)
    return sample


@pytest.fixture
def door(lab_directory, crm):
    return Door(lab_directory, crm)


def slow_at(crm, row, seconds=0.5):
    """The server sleeps at that row (counted from 1) of the count and again of the rows; ROWS + 1 is a row that is then left out."""
    crm.execute(VIEW + " WHERE (id <> %d OR SLEEP(%s) = 0) AND id <= %d" % (row, seconds, ROWS)
                if row <= ROWS else VIEW + " WHERE id <> %d OR SLEEP(%s) <> 0" % (row, seconds))


def reading_rows(crm, seconds=0.5):
    """Waits until the rows are being read (the count, which comes first in the same statement and has slept as long, is over); returns the connection's id."""
    found = []

    def look():
        found[:] = crm.query("SELECT id FROM information_schema.processlist WHERE user = 'mlist' AND info LIKE %s AND state = 'User sleep' AND time_ms > %s",
                             "SELECT % UNION ALL SELECT %", seconds * 1000 + 50)
        return bool(found)
    wait_until(look, 10, "rows being read")
    return found[0][0]


def nothing_came(answer, *words):
    assert any(word in answer.trouble for word in words), answer
    assert len(answer.lines) == 1


PLACES = [1, 2, ROWS // 2, ROWS - 1, ROWS, ROWS + 1]


def test_slow_is_not_broken(crm, door):
    slow_at(crm, ROWS // 2)
    assert len(door.recipients("choir").addresses) == ROWS
    slow_at(crm, ROWS + 1)
    assert len(door.recipients("choir").addresses) == ROWS


@pytest.mark.parametrize("row", PLACES)
@pytest.mark.parametrize("how", ["KILL CONNECTION", "KILL QUERY"])
def test_d12_killed_at_a_row(crm, door, row, how):
    slow_at(crm, row)
    asked = door.start("recipients", listed("choir"))
    crm.execute("%s %d" % (how, reading_rows(crm)))
    nothing_came(finish(asked), "connection lost")


@pytest.mark.parametrize("row", [1, ROWS // 2, ROWS + 1])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_d12_the_server_goes_away_at_a_row(crm, door, row, how):
    seconds = 0.5 if how == signal.SIGKILL else 3
    slow_at(crm, row, seconds)
    asked = door.start("recipients", listed("choir"))
    reading_rows(crm, seconds)
    crm.mariadb.daemon.end(how)
    nothing_came(finish(asked), "connection lost")
    crm.mariadb.start()
    crm.execute(VIEW + " WHERE id <= %d" % ROWS)
    assert len(door.recipients("choir").addresses) == ROWS


# Bytes by which two connections differ, or seem to: a signature in TLS's handshake is longer, its farewell comes before we look or after.
SLACK = 40


@pytest.mark.parametrize("step", range(0, 21))
def test_d12_the_network_cuts_anywhere(crm, door, lab_directory, step):
    """Cuts at twenty places between the greeting and the last byte, and after it."""
    with Proxy(crm.mariadb.port) as proxy:
        through = Door(lab_directory, crm, port=proxy.port)
        assert len(through.recipients("choir").addresses) == ROWS
        proxy.cut_after = proxy.received * step // 20 + (SLACK if step == 20 else 0)
        answer = through.recipients("choir")
        if step == 20:
            assert len(answer.addresses) == ROWS
        else:
            nothing_came(answer, "connection lost", "cannot connect", "no verified TLS")


def test_d12_the_end_of_the_rows_is_cut_off(crm, lab_directory):
    """Each of the last bytes of the result, where only "no more rows" is missing."""
    with Proxy(crm.mariadb.port) as proxy:
        through = Door(lab_directory, crm, port=proxy.port)
        assert len(through.recipients("choir").addresses) == ROWS
        whole = proxy.received
        for missing in range(1, 120, 7):
            proxy.cut_after = whole - missing
            answer = through.recipients("choir")
            if missing < SLACK and len(answer.lines) > 1:
                assert len(answer.addresses) == ROWS, "all or nothing"
            else:
                nothing_came(answer, "connection lost")


def test_d12_the_rows_stop_and_the_line_stays_open(crm, lab_directory):
    with Proxy(crm.mariadb.port) as proxy:
        through = Door(lab_directory, crm, {"query_deadline": 2}, port=proxy.port)
        assert len(through.recipients("choir").addresses) == ROWS
        proxy.stall_after = proxy.received * 3 // 4
        answer = through.recipients("choir")
        nothing_came(answer, "no answer in time")
        assert 1.5 < answer.seconds < 8


# ---- D16: slow, locked, full ----

def test_d16_a_slow_query_ends_at_the_deadline(crm, lab_directory):
    slow_at(crm, 1, 600)
    door = Door(lab_directory, crm, {"query_deadline": 1})
    for words in (("find", "choir", DOMAIN), ("standing", listed("choir"), "member1@mail.example.net"), ("recipients", listed("choir"))):
        answer = door.ask(*words)
        nothing_came(answer, "no answer in time")
        assert 0.8 < answer.seconds < 5
    wait_until(lambda: not crm.mariadb.connections(), 10, "no connection left behind")


def test_d16_rows_that_trickle_do_not_outlive_the_deadline(crm, lab_directory):
    crm.execute(VIEW.replace("'mail' digest", "RPAD('mail', 4000, ' ') digest") + " WHERE SLEEP(0.05) = 0")
    door = Door(lab_directory, crm, {"query_deadline": 2})
    answer = door.recipients("choir")
    nothing_came(answer, "no answer in time")
    assert answer.seconds < 8


def test_d16_locked_tables(crm, lab_directory):
    door = Door(lab_directory, crm, {"query_deadline": 1})
    holder = crm.mariadb.connect("crm")
    with holder.cursor() as cursor:
        cursor.execute("LOCK TABLES numbers WRITE")
    answer = door.recipients("choir")
    nothing_came(answer, "no answer in time")
    assert answer.seconds < 5
    holder.close()
    assert len(door.recipients("choir").addresses) == ROWS


def test_d16_a_view_being_altered(crm, lab_directory):
    """A reader elsewhere holds the view, an ALTER waits for it, and everybody else queues behind the ALTER."""
    door = Door(lab_directory, crm, {"query_deadline": 1})
    holder = crm.mariadb.connect("crm", autocommit=False)
    with holder.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM numbers")
        alter = threading.Thread(target=crm.execute, args=("ALTER TABLE numbers FORCE",))
        alter.start()
        wait_until(lambda: crm.query("SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata%%'"), 10, "the ALTER waits")
        nothing_came(door.recipients("choir"), "no answer in time")
    holder.close()
    alter.join(10)
    assert len(door.recipients("choir").addresses) == ROWS


def test_d16_too_many_connections(crm, door):
    held = []
    crm.execute("SET GLOBAL max_connections = 10")
    try:
        # The administrator has one more than everybody else.
        for _ in range(10):
            held.append(crm.mariadb.connect())
        answer = door.recipients("choir")
        nothing_came(answer, "too many connections")
        assert "error 1040" in answer.log
    finally:
        for connection in held:
            connection.close()
        wait_until(lambda: crm.mariadb.answers(), 10, "room again")
        crm.execute("SET GLOBAL max_connections = 151")
    assert len(door.recipients("choir").addresses) == ROWS


def test_d16_too_many_connections_of_ours(crm, door):
    crm.execute("ALTER USER 'mlist'@'%' WITH MAX_USER_CONNECTIONS 1")
    with Talk(door) as talk:
        assert talk.ask("find", "choir", DOMAIN).first == "found"
        nothing_came(door.recipients("choir"), "too many connections")


def test_d16_one_connection_each_and_no_snapshot_while_idle(crm, door):
    with Talk(door) as talk:
        for _ in range(5):
            talk.ask("recipients", listed("choir"))
            talk.ask("standing", listed("choir"), "a@x.example")
        assert len(crm.mariadb.connections()) == 1
        assert crm.query("SELECT COUNT(*) FROM information_schema.innodb_trx") == [(0,)]
        crm.execute("ALTER TABLE numbers COMMENT 'touched'")


def test_d16_a_server_that_takes_connections_and_says_nothing(crm, lab_directory):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        door = Door(lab_directory, crm, {"connect_deadline": 1, "query_deadline": 20}, port=silent.getsockname()[1])
        answer = door.recipients("choir")
        nothing_came(answer, "cannot connect")
        assert 0.8 < answer.seconds < 5


def test_d16_a_frozen_server(crm, lab_directory):
    door = Door(lab_directory, crm, {"connect_deadline": 1, "query_deadline": 1})
    with Talk(door) as talk:
        assert len(talk.ask("recipients", listed("choir")).addresses) == ROWS
        crm.mariadb.freeze()
        try:
            answer = talk.ask("recipients", listed("choir"))
            nothing_came(answer, "no answer in time")
            assert answer.seconds < 5
            nothing_came(talk.ask("find", "choir", DOMAIN), "cannot connect")
        finally:
            crm.mariadb.thaw()
        assert len(talk.ask("recipients", listed("choir")).addresses) == ROWS


# ---- the breaker ----

def test_d16_the_breaker_leaves_a_dead_crm_alone_and_comes_back(crm, lab_directory):
    with Proxy(crm.mariadb.port) as proxy:
        door = Door(lab_directory, crm, {"breaker_failures": 2, "breaker_pause": 2}, port=proxy.port)
        with Talk(door) as talk:
            proxy.cut_after = 0
            for _ in range(2):
                nothing_came(talk.ask("find", "choir", DOMAIN), "cannot connect")
            tried = proxy.connections
            for _ in range(50):
                answer = talk.ask("find", "choir", DOMAIN)
                nothing_came(answer, "left alone")
                assert answer.log == "" and answer.seconds < 0.5
            assert proxy.connections == tried
            time.sleep(2.1)
            nothing_came(talk.ask("find", "choir", DOMAIN), "cannot connect")
            nothing_came(talk.ask("find", "choir", DOMAIN), "left alone")
            assert proxy.connections == tried + 1
            proxy.cut_after = None
            time.sleep(2.1)
            answer = talk.ask("find", "choir", DOMAIN)
            assert answer.first == "found" and "answers again" in answer.log


def test_d16_a_crm_that_never_answers_in_time_trips_the_breaker_too(crm, lab_directory):
    slow_at(crm, 1, 600)
    door = Door(lab_directory, crm, {"query_deadline": 1, "breaker_failures": 2, "breaker_pause": 60})
    with Talk(door) as talk:
        for _ in range(2):
            nothing_came(talk.ask("recipients", listed("choir")), "no answer in time")
        nothing_came(talk.ask("recipients", listed("choir")), "left alone")


def test_a_wrong_view_does_not_trip_the_breaker(crm, lab_directory):
    door = Door(lab_directory, crm, {"breaker_failures": 1})
    crm.drop_view()
    with Talk(door) as talk:
        for _ in range(3):
            nothing_came(talk.ask("recipients", listed("choir")), "column missing")


# ---- kept connections ----

def test_a_connection_closed_while_idle_is_made_again_in_silence(crm, door):
    with Talk(door) as talk:
        assert talk.ask("find", "choir", DOMAIN).first == "found"
        before = crm.mariadb.connections()
        crm.execute("KILL %d" % before[0])
        wait_until(lambda: not crm.mariadb.connections(), 10, "the connection is gone")
        answer = talk.ask("recipients", listed("choir"))
        assert len(answer.addresses) == ROWS and "warning" not in answer.log
        crm.mariadb.restart()
        answer = talk.ask("recipients", listed("choir"))
        assert len(answer.addresses) == ROWS and "warning" not in answer.log
        crm.mariadb.kill()
        crm.mariadb.start()
        answer = talk.ask("standing", listed("choir"), "member7@mail.example.net")
        assert answer.first == "subscriber" and "warning" not in answer.log


def test_a_connection_that_a_firewall_forgot_is_made_again(crm, lab_directory):
    """Its packets vanish, and nobody says so: that is seen by connect_deadline, long before query_deadline, and the question is asked anew."""
    with SlowLine(crm.mariadb.port) as line:
        with Talk(Door(lab_directory, crm, {"connect_deadline": 1, "query_deadline": 120}, port=line.port)) as talk:
            assert talk.ask("find", "choir", DOMAIN).first == "found"
            for question, start in ((("find", "choir", DOMAIN), "found"), (("recipients", listed("choir"), "0"), "%d recipients" % ROWS),
                                    (("lists",), "choir")):
                line.vanish()
                answer = talk.ask(*question)
                assert answer.first.startswith(start) and 1 <= answer.seconds < 8, answer
                assert "a kept connection was dead, which took 1 s to see" in answer.log
        assert line.connections == 4


def test_a_slow_answer_is_no_dead_line(crm, lab_directory):
    """Who has the question has acknowledged it: then query_deadline counts."""
    slow_at(crm, 1, 1.2)
    with SlowLine(crm.mariadb.port, delay=0.05) as line, Talk(Door(lab_directory, crm, {"connect_deadline": 1}, port=line.port)) as talk:
        assert talk.ask("find", "choir", DOMAIN).first == "found"
        assert talk.ask("recipients", listed("choir"), "0").first.startswith("%d recipients" % ROWS)
        assert line.connections == 1


def test_check_tells_of_a_slow_line(crm, lab_directory):
    """With figures, and at the start of the daemon, too; a line that is only long is not worth a word."""
    with SlowLine(crm.mariadb.port, delay=0.02) as line:
        door = Door(lab_directory, crm, port=line.port)
        assert not any("slow" in text for text in door.ask("check").lines)
        line.delay = 0.21
        told = [text for text in door.ask("start").lines if text.startswith("warning: slow: connecting took ")]
        assert len(told) == 1 and re.search(r"the smallest question 0\.[4-9] s", told[0]), told


def test_s3_the_server_is_stopped_and_comes_back(crm, door):
    with Talk(door) as talk:
        assert talk.ask("find", "choir", DOMAIN).first == "found"
        crm.mariadb.stop()
        answer = talk.ask("recipients", listed("choir"))
        nothing_came(answer, "cannot connect")
        assert answer.log.count("warning") == 1
        crm.mariadb.start()
        assert len(talk.ask("recipients", listed("choir")).addresses) == ROWS


# ---- several servers ----

def test_s1_hosts_are_tried_in_turn(crm, lab_directory):
    closed = "127.0.0.1:%d" % free_port()
    good = "127.0.0.1:%d" % crm.mariadb.port
    door = Door(lab_directory, crm, {"hosts": "no-such-host.invalid;%s;%s" % (closed, good)}, host="unused.invalid")
    with Talk(door) as talk:
        answer = talk.ask("recipients", listed("choir"))
        assert len(answer.addresses) == ROWS and answer.log.count("trying the next server") == 2
        crm.execute("KILL %d" % crm.mariadb.connections()[0])
        # The one that answered last comes first.
        assert "trying" not in talk.ask("recipients", listed("choir")).log


def test_s1_no_server_at_all(crm, lab_directory):
    door = Door(lab_directory, crm, {"connect_deadline": 2}, host="no-such-host.invalid")
    nothing_came(door.recipients("choir"), "cannot connect")
    for hosts in ("::1", "[::1]:1", "127.0.0.1:1;[::1]"):
        nothing_came(Door(lab_directory, crm, {"hosts": hosts}).recipients("choir"), "cannot connect")
    for hosts in ("127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:", "host:3306x"):
        nothing_came(Door(lab_directory, crm, {"hosts": hosts}).recipients("choir"), "option file cannot be used")
    nothing_came(Door(lab_directory, crm, port="mysql").recipients("choir"), "option file cannot be used")
    nothing_came(Door(lab_directory, crm, host=None).recipients("choir"), "option file cannot be used")


def test_the_password_may_change_while_running(crm, lab_directory):
    door = Door(lab_directory, crm)
    with Talk(door) as talk:
        assert talk.ask("find", "choir", DOMAIN).first == "found"
        crm.execute("SET PASSWORD FOR 'mlist'@'%' = PASSWORD('another one')")
        crm.execute("KILL %d" % crm.mariadb.connections()[0])
        answer = talk.ask("find", "choir", DOMAIN)
        nothing_came(answer, "access denied")
        assert "another" not in answer.log
        os.rename(crm.option_file(os.path.join(lab_directory, "new.cnf"), password="another one"), door.option_file)
        assert talk.ask("find", "choir", DOMAIN).first == "found"
