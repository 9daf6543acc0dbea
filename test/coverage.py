#!/usr/bin/python3
"""What the tests run of the code: `make coverage` builds for it, this runs the tests and writes BUILD/coverage/report.md.

    test/coverage.py [--build DIR] [--report-only] [-k EXPRESSION] [KIND ...]     KIND: unit, session, e2e (all three when none is said)

clang's counters, in its continuous mode: each program maps a shared file at its start and counts straight into it, so nothing has to be
written at the end. Thus the parser's children count, too, which can open no file, make no system call that would do, and leave by
_exit(2) or a signal; and so do those that a test kills. Only what runs in two processes at the very same moment may be counted once.
The address of that file is compiled in: Rollcall's programs clean their environment.
"""
import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ["rollcall-lmtpd", "rollcall-intake", "rollcall-dispatch", "rollcall", "rollcall-pipe"]
CODE = 0  # llvm-cov's kind of a region that is code, not a gap or a macro


def tool(name):
    """llvm-cov and llvm-profdata must be of clang's own version."""
    found = shutil.which(name)
    if not found:
        sys.exit(f"{name} is missing: run make deps as root")
    return found


def prepare(build):
    """One file of counters for each program, which who is not root may write, too: rollcall-pipe, and a command under another user."""
    counters = build / "profile"
    shutil.rmtree(counters, ignore_errors=True)
    counters.mkdir()
    counters.chmod(0o1777)
    for program in PROGRAMS:
        subprocess.run([build / program, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    for path in counters.iterdir():
        path.chmod(0o666)


def export(build):
    merged = build / "coverage" / "all.profdata"
    subprocess.run([tool("llvm-profdata"), "merge", "-o", merged] + sorted((build / "profile").glob("*.profraw")), check=True)
    objects = [word for program in PROGRAMS[1:] for word in ("-object", build / program)]
    done = subprocess.run([tool("llvm-cov"), "export", "-instr-profile", merged, build / PROGRAMS[0]] + objects, capture_output=True, check=True)
    return json.loads(done.stdout)["data"][0]


def ours(name):
    """A file of ours, by its name from the root; else nothing."""
    path = os.path.relpath(os.path.join(ROOT, name), ROOT)
    return path if path.startswith(("lib/", "lmtpd/", "cli/")) and path.endswith(".c") else None


def share(covered, count):
    return f"{100 * covered / count:.1f} %" if count else "-"


def row(name, totals):
    return f"| {name} | " + " | ".join(f"{share(*totals[what])} of {totals[what][1]}" for what in ("lines", "functions", "branches")) + " |"


def add(totals, summary):
    for what in ("lines", "functions", "branches"):
        covered, count = totals[what]
        totals[what] = (covered + summary[what]["covered"], count + summary[what]["count"])


def missing(data):
    """By file: functions that nothing calls, and in those that are called, the ranges of lines that nothing reaches."""
    found = collections.defaultdict(lambda: ([], set()))
    for function in data["functions"]:
        name = ours(function["filenames"][0])
        if not name:
            continue
        regions = [region for region in function["regions"] if region[7] == CODE and region[5] == 0]
        if function["count"] == 0:
            found[name][0].append((regions[0][0], function["name"].rpartition(":")[2]))
            continue
        for region in regions:
            if region[4] == 0:
                found[name][1].add((region[0], region[1], region[2]))
    return found


def arms(name, regions):
    """The outermost of the regions, each with its first line of code."""
    lines = (ROOT / name).read_text().splitlines()
    last = 0
    for start, column, end in sorted(regions):
        if start <= last and end <= last:
            continue
        last = max(last, end)
        said = lines[start - 1][column - 1:].strip()
        if said in ("", "{") and start < len(lines):
            said = lines[start].strip()
        yield f"  {start}" + (f"-{end}" if end > start else "") + f": `{said[:100]}`".replace("``", "` `")


def write_report(build, data):
    rooms, files = collections.defaultdict(lambda: collections.defaultdict(lambda: (0, 0))), {}
    whole = collections.defaultdict(lambda: (0, 0))
    for file in data["files"]:
        name = ours(file["filename"])
        if name:
            files[name] = collections.defaultdict(lambda: (0, 0))
            for totals in files[name], rooms[os.path.dirname(name)], whole:
                add(totals, file["summary"])
    head = ["| {} | lines | functions | branches |", "|---|---|---|---|"]
    out = ["# What the tests run", "", head[0].format("room"), head[1]]
    out += [row(name, rooms[name]) for name in sorted(rooms)] + [row("all", whole), "", head[0].format("file"), head[1]]
    out += [row(name, files[name]) for name in sorted(files)]
    out += ["", "## What nothing runs", ""]
    gaps = missing(data)
    for name in sorted(gaps):
        functions, regions = gaps[name]
        out += [f"* {name}"] + [f"  {line}: {function}() is never called" for line, function in sorted(functions)] + list(arms(name, regions))
    unlinked = sorted(str(path.relative_to(ROOT)) for room in ("lib", "lmtpd", "cli") for path in (ROOT / room).rglob("*.c") if str(path.relative_to(ROOT)) not in files)
    out += ["", "In no program: " + (", ".join(unlinked) or "nothing"), ""]
    report = build / "coverage" / "report.md"
    report.write_text("\n".join(out))
    print("\n".join(out[:out.index("", 3)]))
    print(f"{report.relative_to(ROOT)}: what each file lacks")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build-cov")
    parser.add_argument("--report-only", action="store_true", help="of what has been counted since the tests were last run")
    parser.add_argument("-k", dest="expression", default="")
    parser.add_argument("kinds", nargs="*", choices=[[], "unit", "session", "e2e"])
    options = parser.parse_args()
    build = (ROOT / options.build).resolve()
    (build / "coverage").mkdir(exist_ok=True)
    code = 0
    if not options.report_only:
        prepare(build)
        command = [sys.executable, ROOT / "test/run.py", "--build", options.build] + (["-k", options.expression] if options.expression else [])
        code = subprocess.run(command + (options.kinds or ["unit", "session", "e2e"])).returncode
    write_report(build, export(build))
    return code


if __name__ == "__main__":
    sys.exit(main())
