#!/usr/bin/python3
"""Runs the lints: house rules that a machine can check. Ends with one line: N passed, N failed[, N skipped].

    test/lint/run.py [--quick] [-k WORD] [--build DIR]

A lint is a function lint_NAME in one of the modules beside this; it yields findings, and its first line says what holds when there are none.
One that takes `build` gets the directory of built programs. --quick leaves out compilers and analysers; -k runs those with
WORD in their name. A program that a lint needs and that is not installed makes it "skipped", never "passed".
"""
import argparse
import inspect
import pathlib
import sys
import time

sys.dont_write_bytecode = True
sys.path[0] = str(pathlib.Path(__file__).resolve().parent)

import check_settings
import hostile
import manuals
import rooms
import shape
import tools
import units

SLOW = {"lint_compiler", "lint_cppcheck", "lint_clang_tidy", "lint_gcc_analyzer"}


def lints():
    for module in (rooms, shape, check_settings, manuals, hostile, tools, units):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("lint_") and function.__module__ == module.__name__:
                yield name, function


def run(name, function, build):
    """The lint's findings as a list, or None when a program is missing; prints what it finds."""
    started = time.monotonic()
    arguments = [build] if "build" in inspect.signature(function).parameters else []
    sentence = " ".join(inspect.getdoc(function).split())
    try:
        findings = list(dict.fromkeys(function(*arguments)))
    except tools.Missing as missing:
        print("skip  %s (%s is not installed)" % (sentence, missing), flush=True)
        return None
    print("%s  %s%s" % ("FAIL" if findings else "ok  ", sentence, "" if time.monotonic() - started < 5 else
                        " [%.0f s]" % (time.monotonic() - started)), flush=True)
    for finding in findings:
        print("      %s (%s)" % (finding, name))
    return findings


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("-k", dest="word", default="")
    parser.add_argument("--build", default="build")
    options = parser.parse_args()
    passed = failed = skipped = 0
    for name, function in lints():
        if options.word not in name or (options.quick and name in SLOW):
            continue
        # The compiler's own tree, so that a build in use is not disturbed.
        found = run(name, function, "build-lint" if name == "lint_compiler" else options.build)
        passed, failed, skipped = passed + (found == []), failed + bool(found), skipped + (found is None)
    print("%d passed, %d failed" % (passed, failed) + (", %d skipped" % skipped if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
