#!/usr/bin/python3
"""Measures Rollcall against floors and peers in the same run, and writes BUILD/bench/report.md with plots beside it.

    test/bench/run.py [--build DIR] [--quick] [--only PART ...] [--members N ...] [--connections N ...] [--scale N ...] [--peers NAME ...]

Parts: throughput (posts a second), scale (one post to very many), peers (mlmmj, Mailman 3, Sympa, where they are installed: make bench-deps),
costs (CPU and system calls of a post, stage by stage), signing (CPU of signatures against openssl speed). All feed the same Postfix,
which puts everything on hold. Machines are noisy: what is compared is measured in turn, and the ratio of each pair counts. This is
a report and never fails a build; it does fail when a post is lost on the way.
"""
import argparse
import importlib
import json
import os
import pathlib
import platform
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PARTS = ("throughput", "scale", "peers", "costs", "signing")
PACKAGES = ("postfix", "mariadb-server-core", "libmariadb3", "libgmime-3.0-0", "libopendkim11", "mlmmj", "mailman3", "sympa")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--output", help="a directory; BUILD/bench if not given")
    parser.add_argument("--quick", action="store_true", help="everything once and short: to see that it runs")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--members", type=int, nargs="+", help="sizes of lists for posts a second, and for peers")
    parser.add_argument("--connections", type=int, nargs="+")
    parser.add_argument("--scale", type=int, nargs="+", help="sizes of lists for one post")
    parser.add_argument("--peers", nargs="+", choices=["mlmmj", "mailman3", "sympa"], default=["mlmmj", "mailman3", "sympa"])
    options = parser.parse_args()
    quick = options.quick
    options.members = options.members or ([10, 100] if quick else [1, 10, 100, 1000])
    options.connections = options.connections or ([1, 4] if quick else [1, 4, 20])
    options.scale = options.scale or ([1000] if quick else [10000, 100000, 1000000])
    options.rounds, options.seconds, options.pairs = (1, 0.5, 1) if quick else (3, 2, 7)
    return options


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.partition(":")[2].strip() for line in f if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) / 2 ** 20
    return "%d cores (%s), %.0f GiB, Linux %s" % (os.cpu_count(), model, memory, platform.release())


def head(options, started):
    from arena import versions
    return ("%s. %s; %s. Load average when it began and ended: %.1f, %.1f.%s\n"
            % (time.strftime("%Y-%m-%d %H:%M", time.localtime(started["time"])), machine(), ", ".join("%s %s" % v for v in versions(*PACKAGES)),
               started["load"], os.getloadavg()[0], " A quick run: its figures say little." if options.quick else ""))


def write(output, options, started, found):
    """The report so far: what was measured is there, even if a later part ends it all."""
    import aims
    from plot import plots
    modules = {part: importlib.import_module(part) for part in found}
    text = "## One run\n\n" + head(options, started) + "\n" + aims.report(found) + "".join("\n" + modules[part].report(result) for part, result in found.items())
    (output / "report.md").write_text(text)
    (output / "result.json").write_text(json.dumps(found, indent=1))
    for name, picture in plots(found).items():
        (output / (name + ".svg")).write_text(picture)
    return text


def main():
    options = parse()
    os.environ["BUILD"] = str((ROOT / options.build).resolve())
    sys.path.insert(0, str(ROOT / "test"))
    from arena import Arena  # the lab reads BUILD when it is imported
    from lab.process import tidy_signals
    tidy_signals()
    output = pathlib.Path(options.output or os.path.join(os.environ["BUILD"], "bench"))
    output.mkdir(parents=True, exist_ok=True)
    started, found, text = {"time": time.time(), "load": os.getloadavg()[0]}, {}, ""
    with Arena() as arena:
        for part in options.only:
            found[part] = importlib.import_module(part).measure(arena, options)
            text = write(output, options, started, found)
    print("\n" + text + "\n%s: report.md, result.json and plots" % output)


if __name__ == "__main__":
    main()
