"""The bench must keep running, and count right; its figures are nobody's promise."""
import os
import subprocess
import sys
import xml.dom.minidom

import pytest

from lab.process import BUILD, ROOT

sys.path.insert(0, os.path.join(ROOT, "test", "bench"))

import aims  # noqa: E402
import costs  # noqa: E402
import figures  # noqa: E402
import peers  # noqa: E402
import plot  # noqa: E402
import signing  # noqa: E402
from arena import Load, parse_stat  # noqa: E402


def test_a_quick_run_writes_report_and_plot(lab_directory):
    done = subprocess.run([sys.executable, os.path.join(ROOT, "test", "bench", "run.py"), "--build", BUILD, "--output", lab_directory, "--quick", "--only", "throughput",
                           "--members", "5", "--connections", "2"], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    report = open(os.path.join(lab_directory, "report.md")).read()
    row = next(line for line in report.splitlines() if line.startswith("| 5 | 2 |")).split("|")
    assert float(row[3]) > 0 and float(row[4]) > 0 and float(row[5]) > 0
    picture = open(os.path.join(lab_directory, "performance.svg")).read()
    assert "posts/s" in picture and "members" in picture
    xml.dom.minidom.parseString(picture)


@pytest.mark.parametrize("values, form, said", [([], "%.1f", "–"), ([2], "%.1f", "2.0"), ([3, 1, 2], "%.1f", "2.0 (1.0–3.0)"), ([1, 2, 3, 10], "%.2f", "2.50 (1.00–10.00)")])
def test_spread(values, form, said):
    assert figures.spread(values, form) == said


def test_ratios_are_by_pairs():
    assert figures.ratios([2, 9, 5], [1, 3, 0]) == [2, 3]
    assert figures.per_post({"a": 3.0, "b": 1.0}, {"a": 1.0}, 10) == {"a": 200, "b": 100}
    assert figures.verdict(1.1, 1.1) == "met" and figures.verdict(1.11, 1.1) == "missed" and figures.verdict(0.9, 0.9, False) == "met"


def test_table():
    assert figures.table(["a", "b"], [["x", 1]]) == "| a | b |\n|---|---:|\n| x | 1 |\n"


def test_what_a_load_client_says():
    load = Load("2.000000 4\n0.1\n0.2\n0.3\n0.4\n")
    assert load.rate == 2 and load.posts == [0.1, 0.2, 0.3, 0.4]


def test_cpu_of_a_process_whose_name_has_blanks():
    assert parse_stat("12 (a) b c) S 1 12 12 0 -1 4194304 100 0 0 0 5 6 7 8 20 0 1") == ("S", 11, 15)


def test_samples_go_to_the_innermost_stage():
    script = ["rollcall-intake", "\t  1 memcpy", "\t  2 post_sign", "\t  3 session_serve", "\t  4 start_child", "", "rollcall-dispat", "\t  5 crm_run (inlined)", "\t 6 answer_roster", ""]
    stages, parts, total = costs.count_samples(script)
    assert total == 2 and stages == {("intake", "sign"): 1, ("dispatch", "roster"): 1} and parts == {"MariaDB's client": 1}


def test_calls_go_to_what_was_asked_last():
    requests = costs.request_names()
    assert requests[0] == "ROUTE" and requests.index("CLAIM") == 4
    lines = ['7 poll([{fd=4}])', '7 recvmsg(4, {msg_iov=[{iov_base="\\x04\\x00\\x00\\x00"..., iov_len=1}]}) = 65', '7 pread64(8) = 4', '7 sendmsg(4, {msg_iov=[{iov_base="\\x04\\x00\\x00\\x00"}]})',
             '9 sendmsg(6, {msg_iov=[{iov_base="\\x00\\x00\\x00\\x00"}]}) = 9', '9 poll( <unfinished ...>', '9 <... poll resumed>) = 1']
    calls = costs.count_calls(lines, {7: "dispatch"}, requests)
    assert calls == {("dispatch", "before"): 1, ("dispatch", "claim"): 3, ("session", "route"): 2}


def test_openssl_speed():
    text = "rsa 2048 bits 0.000250s 0.000010s   4000.0 100000.0\n 253 bits EdDSA (Ed25519)   0.0000s   0.0001s  20000.0  10000.0\n"
    speed = signing.parse_speed(text)
    assert speed == {"rsa": (0.25, 0.01), "ed25519": (0.05, 0.1)}
    assert signing.floor(speed) == pytest.approx(0.01 + 0.3 + 0.22 + 0.52)


def test_the_best_peer_is_the_one_to_beat():
    rounds = {"members": 10, "rollcall": [{"rate": 30, "cpu": 2}], "peer": [{"rate": 10, "cpu": 4}]}
    slower = {"members": 10, "rollcall": [{"rate": 30, "cpu": 2}], "peer": [{"rate": 5, "cpu": 1}]}
    found = {"a": {"sizes": [rounds]}, "b": {"sizes": [slower]}, "c": None}
    assert peers.best(found, 10, "rate") == ("a", 3) and peers.best(found, 10, "cpu") == ("b", 2)
    assert "| posts/s to 10 members, to the best peer's (a) | at least 3 | 3.00 | met |" in aims.report({"peers": found})


def test_axes_have_whole_decades():
    axis = plot.Axis([3, 250], 0, 300)
    assert axis.ticks() == [1, 10, 100, 1000] and axis.place(10) == pytest.approx(100)
    assert [plot.short(value) for value in (0.01, 1, 10000, 1e6)] == ["0.01", "1", "10,000", "1M"]
