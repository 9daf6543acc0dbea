#!/usr/bin/python3
"""Runs Rollcall's tests and ends with one line: N passed, N failed[, N skipped].

    test/run.py [--build DIR] [-k EXPRESSION] [--jobs N] KIND ...     KIND: unit, session, e2e, fault

unit tests are cmocka programs in BUILD/test/unit; the others are pytest files in test/KIND. Several run at once, since most of them wait most of the time; the tests of one file stay in one process and share what it
starts. A program that crashes or a file that cannot be loaded counts as a failure, and so does a kind without tests.

A pytest case that fails beside others is tried once more, alone: these wait for real servers on machines that may be busy. One
that then passes is named under "unsteady" and not counted as failed; one that fails twice is. More than RETRIES are no noise.
What failed is named again at the end.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
RETRIES = 6


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.bad, self.unsteady = [], []

    def add(self, passed, failed, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped


def run_program(source, build):
    """One unit test program: passed, failed, skipped, what it wrote, and how long it took."""
    environment = dict(os.environ, G_SLICE="always-malloc", G_DEBUG="fatal-criticals")
    program = build / source.relative_to(ROOT).with_suffix("")
    start = time.monotonic()
    try:
        result = subprocess.run([program], cwd=ROOT, env=environment, capture_output=True, text=True,
                                errors="replace", timeout=300)
        output, code = result.stdout + result.stderr, result.returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        output, code = str(error), -1
    passed = sum(map(int, re.findall(r"\[  PASSED  \] (\d+) test", output)))
    failed = sum(map(int, re.findall(r"\[  FAILED  \] (?:tests: )?(\d+) test", output)))
    skipped = sum(map(int, re.findall(r"\[  SKIPPED \] (?:tests: )?(\d+) test", output)))
    if (code != 0 or passed + skipped == 0) and failed == 0:
        failed = 1  # crashed, did not start, or ran nothing
    return passed, failed, skipped, output, time.monotonic() - start


def run_unit(build, jobs, tally, timings):
    sources = sorted(ROOT.glob("test/unit/test_*.c"))
    if not sources:
        tally.add(0, 1)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda source: run_program(source, build), sources)
        for source, (passed, failed, skipped, output, seconds) in zip(sources, results):
            timings.append((seconds, source.name))
            tally.add(passed, failed, skipped)
            print(f"{source.relative_to(ROOT)}: {passed} passed, {failed} failed" +
                  (f", {skipped} skipped" if skipped else ""), flush=True)
            if failed:
                tally.bad.append(str(source.relative_to(ROOT)))
                print(output)


def pytest(build, report, arguments):
    """One run of pytest: its status and its report's cases, none if it could not be read."""
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}", "-ra",
               "-W", "error::pytest.PytestUnhandledThreadExceptionWarning"]  # what a scripted server asserts counts, too
    environment = dict(os.environ, BUILD=str(build), PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1")
    code = subprocess.run(command + arguments, cwd=ROOT, env=environment).returncode
    try:
        return code, list(ElementTree.parse(report).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return code, []


def went_wrong(case):
    return case.find("failure") is not None or case.find("error") is not None


def node(case):
    """The name by which pytest takes a case."""
    return f'{case.get("classname").replace(".", "/")}.py::{case.get("name")}'


def run_pytest(kind, build, options, tally, timings):
    arguments = [str(ROOT / "test" / kind)]
    if options.expression:
        arguments += ["-k", options.expression]
    if options.jobs > 1:
        arguments += ["-n", str(options.jobs), "--dist", "loadfile"]
    code, cases = pytest(build, build / f"{kind}.xml", arguments)
    timings += [(float(case.get("time", 0)), f'{kind}: {case.get("name")}') for case in cases]
    bad = sorted({node(case) for case in cases if went_wrong(case)})
    skipped = sum(case.find("skipped") is not None for case in cases)
    passed = len({node(case) for case in cases}) - len(bad) - skipped
    if options.jobs > 1 and 0 < len(bad) <= RETRIES:
        print(f"once more, alone: {' '.join(bad)}", flush=True)
        again = pytest(build, build / f"{kind}-again.xml", bad)[1]
        unsteady = sorted({node(case) for case in again} - {node(case) for case in again if went_wrong(case)})
        tally.unsteady += unsteady
        passed, bad = passed + len(unsteady), [name for name in bad if name not in unsteady]
    elif not bad and (code != 0 or not cases):
        bad = [f"test/{kind}: pytest ended with {code} after {len(cases)} cases"]
    tally.bad += bad
    tally.add(passed, len(bad), skipped)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("-k", dest="expression", default="")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)) + 1)
    parser.add_argument("kinds", nargs="+", choices=["unit", "session", "e2e", "fault"])
    options = parser.parse_args()
    build = (ROOT / options.build).resolve()
    tally, timings, start = Tally(), [], time.monotonic()
    for kind in options.kinds:
        if kind == "unit":
            run_unit(build, options.jobs, tally, timings)
        else:
            run_pytest(kind, build, options, tally, timings)
    print("slowest: " + ", ".join(f"{name} {seconds:.1f} s" for seconds, name in sorted(timings, reverse=True)[:8]))
    print(f"time: {time.monotonic() - start:.0f} s")
    for title, names in ("unsteady (failed beside others, passed alone)", tally.unsteady), ("failed", tally.bad):
        for name in names:
            print(f"{title}: {name}")
    print(f"{tally.passed} passed, {tally.failed} failed" + (f", {tally.skipped} skipped" if tally.skipped else ""))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
