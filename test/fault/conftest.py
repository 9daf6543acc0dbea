"""Collects the rows of the fault suite's table, from whichever process ran them, prints it at the end and writes it to BUILD/fault.md."""
import json
import os
import sys

import pytest

from lab.process import BUILD, ROOT, tidy_signals

# What tests of other kinds share is of use here.
sys.path += [os.path.join(ROOT, "test", kind) for kind in ("session", "e2e")]
from oracle import HEAD, SHORT, Trial

FILE, ROWS = os.path.join(BUILD, "fault.md"), os.path.join(BUILD, "fault.json")


def pytest_configure(config):
    tidy_signals()
    config.addinivalue_line("markers", "long: not in the short form")


def pytest_collection_modifyitems(config, items):
    if SHORT:
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture
def trial(request):
    """trial(world, "what is done to it"): a Trial whose row comes into the table when it ends."""
    def start(world, title, **how):
        return Trial(world, title, lambda row: request.node.user_properties.append(("fault", json.dumps(row))), **how)
    return start


@pytest.fixture
def note(request):
    """note("what is done", runs, allowed): a row for a test that judges by itself; without it, it failed."""
    def add(title, runs, allowed=0):
        request.node.user_properties.append(("fault", json.dumps([title, runs, 0, allowed, 0, "none", ""])))
    return add


def collected(reporter):
    rows = {}
    for reports in reporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for number, (name, value) in enumerate(report.user_properties):
                    if name == "fault":
                        rows["%s %03d" % (report.nodeid, number)] = json.loads(value)
    return rows


def as_text(rows):
    table = [HEAD] + rows
    widths = [max(len(str(row[i])) for row in table) for i in range(len(HEAD) - 1)]
    return ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + "  " + str(row[-1]) for row in table]


def as_markdown(rows):
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in [HEAD, ["---"] * len(HEAD)] + rows]


def pytest_terminal_summary(terminalreporter, config):
    rows = collected(terminalreporter)
    # What is tried again alone is a part: the other rows stay.
    if any("::" in argument for argument in config.args) and os.path.exists(ROWS):
        with open(ROWS) as f:
            rows = dict(json.load(f), **rows)
    with open(ROWS, "w") as f:
        json.dump(rows, f)
    table = [rows[name] for name in sorted(rows)]
    sums = ["all", *(sum(row[i] for row in table) for i in range(1, 5)), sum(row[5] != "none" for row in table), ""]
    with open(FILE, "w") as f:
        f.write("\n".join(as_markdown(table + [sums])) + "\n")
    terminalreporter.section("faults")
    for line in as_text(table + [sums]):
        terminalreporter.write_line(line)
