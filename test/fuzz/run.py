#!/usr/bin/python3
"""Runs every fuzz target for some seconds from its seeds; ends with "N passed, N failed".

    test/fuzz/run.py [--build DIR] [--seconds N] [--keep] [TARGET ...]

A finding's input and its report are printed; with --keep the grown corpus stays in BUILD/fuzz/corpus/TARGET for a longer hunt.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def run_target(options, stem):
    program = (ROOT / options.build / "fuzz" / ("fuzz_" + stem)).resolve()
    seeds, dictionary = ROOT / "test/fuzz/corpus" / stem, ROOT / "test/fuzz" / (stem + ".dict")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as work:
        corpus = program.parent / "corpus" / stem if options.keep else pathlib.Path(work) / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        command = [program, "-max_total_time=%d" % options.seconds, "-rss_limit_mb=2048", "-timeout=20", "-print_final_stats=1", "-seed=%d" % options.seed,
                   "-artifact_prefix=%s/" % work, corpus]
        command += ["-dict=%s" % dictionary] if dictionary.exists() else []
        command += [seeds] if seeds.is_dir() else []
        try:
            result = subprocess.run(command, cwd=work, capture_output=True, text=True, errors="replace", timeout=options.seconds + 180)
            code, said = result.returncode, result.stderr
        except (OSError, subprocess.TimeoutExpired) as error:
            code, said = -1, str(error)
        found = re.search(r"stat::number_of_executed_units:\s*(\d+)", said)
        artifacts = [path for path in pathlib.Path(work).iterdir() if path.is_file()]
        if code != 0 and artifacts:
            kept = ROOT / options.build / artifacts[0].name
            shutil.copy(artifacts[0], kept)
            said += "\ninput kept as %s\n" % kept
    return stem, code == 0 and found is not None, int(found[1]) if found else 0, said


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build-fuzz")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1, help="0 takes a new one each time: for a hunt, not for a gate")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    stems = options.targets or sorted(path.stem[len("fuzz_"):] for path in ROOT.glob("test/fuzz/fuzz_*.c"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        for stem, good, executions, said in pool.map(lambda stem: run_target(options, stem), stems):
            print("%s: %d executions, %s" % (stem, executions, "no finding" if good else "FAILED"), flush=True)
            if not good:
                failed += 1
                print(said[-4000:])
    print("%d passed, %d failed" % (len(stems) - failed, failed))
    return 1 if failed or not stems else 0


if __name__ == "__main__":
    sys.exit(main())
