#!/usr/bin/python3
"""Measures the fan-out against its floor, in pairs in one run, and prints a Markdown table.

    test/bench/run.py [--build DIR] [--members N ...] [--pairs N] [--only signatures|fan-out]

Floor: a bare QMQP client (qmqp_floor.c) that hands the same bytes and recipients to the same Postfix. Rollcall: the time from
the end of DATA to its 250, which holds parsing, authorising, cooking, two DKIM signatures and their check, the live look-up in the CRM
over TLS and the same QMQP transaction. Postfix puts both on hold, so that deliveries do not disturb the figures. Signatures: the CPU that a post's signatures take (signatures.c), against what
`openssl speed` says of the same kinds of key in the same run. Machines are
noisy: the ratio of each pair counts, and its median is what to quote. This is a report and never fails a build.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--members", type=int, nargs="*", default=[100, 1000, 10000])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--only", choices=["signatures", "fan-out"])
    return parser.parse_args()


OPTIONS = parse()
os.environ["BUILD"] = str((ROOT / OPTIONS.build).resolve())
sys.path.insert(0, str(ROOT / "test"))

from lab.crm import member  # noqa: E402 (the lab reads BUILD when it is imported)
from lab.dkimcheck import Key  # noqa: E402
from lab.postfix import DOMAIN  # noqa: E402
from lab.process import tidy_signals  # noqa: E402
from lab.world import World, compose  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def hold_everything(world):
    """What arrives goes to the hold queue: accepted for good, and nothing is delivered meanwhile."""
    checks = os.path.join(world.directory, "hold")
    with open(checks, "w") as f:
        f.write("/^List-Id:/ HOLD\n")
    world.postfix.postconf("-P", "rollcall-cleanup/unix/header_checks=regexp:" + checks,
                           "rollcall-out/unix/receive_override_options=no_milters")
    world.postfix.reload()


def floor(world, message, recipients):
    program = os.path.join(os.environ["BUILD"], "test", "bench", "qmqp_floor")
    files = []
    for name, data in (("floor-message", message), ("floor-recipients", "\n".join(recipients).encode())):
        files.append(os.path.join(world.directory, name))
        with open(files[-1], "wb") as f:
            f.write(data)
    said = subprocess.run([program, world.postfix.qmqp_socket, "big-bounces@" + DOMAIN] + files, capture_output=True, text=True, check=True)
    return float(said.stdout.split()[0])


def rollcall(world, name):
    message = compose(member(1), name + "@" + DOMAIN, body=b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 50)
    with world.rollcall.connect(600) as client:
        replies = client.envelope(member(1), [name + "@" + DOMAIN])
        assert replies[0].code == 250, replies
        assert client.command("DATA").code == 354
        client.send(message[:-2])
        start = time.monotonic()
        client.send(b"\r\n.\r\n")
        reply = client.reply()
        seconds = time.monotonic() - start
    assert reply.code == 250, reply
    return seconds


def cpu(world):
    """{program: CPU seconds of its processes and of those children that it has reaped}."""
    found = {}
    for name, pids in world.rollcall.processes().items():
        for pid in pids:
            with open("/proc/%d/stat" % pid) as f:
                fields = f.read().rpartition(")")[2].split()
            # utime, stime, cutime, cstime. A living child counts itself; its parent counts it only once it is reaped.
            found[name] = found.get(name, 0) + sum(map(int, fields[11:15])) / TICK
    return found


def memory(world):
    """{program: (number of processes, sum of PSS in MiB, largest VmHWM in MiB)}."""
    found = {}
    for name, pids in world.rollcall.processes().items():
        pss = peak = 0
        for pid in pids:
            with open("/proc/%d/smaps_rollup" % pid) as f:
                pss += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
            with open("/proc/%d/status" % pid) as f:
                peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith("VmHWM:")])
        found[name] = (len(pids), pss / 1024, peak / 1024)
    return found


def spread(values, form="%.3f"):
    return "%s (%s–%s)" % tuple(form % value for value in (statistics.median(values), min(values), max(values)))


def one_size(world, count):
    """One row: pairs of floor and Rollcall, in turn."""
    name = "big%d" % count
    world.crm.fill(name, count)
    recipients = world.crm.members(name)
    rollcall(world, name)
    sample = compose(member(1), name + "@" + DOMAIN, fields=[("List-Id", "<%s.%s>" % (name, DOMAIN)), ("X-Fill", " ".join(["x" * 60] * 30))],
                     body=b"x" * 70 + b"\n" + (b"y" * 70 + b"\n") * 50).replace(b"\r\n", b"\n")
    floors, ours, before = [], [], cpu(world)
    for _ in range(OPTIONS.pairs):
        floors.append(floor(world, sample, recipients))
        ours.append(rollcall(world, name))
        world.postfix.delete_all()
    used = cpu(world)
    per_post = {program: 1000 * (used[program] - before.get(program, 0)) / OPTIONS.pairs for program in sorted(used)}
    ratios = [a / b for a, b in zip(ours, floors)]
    print("| %d | %s | %s | %s | %s |" % (count, spread(floors), spread(ours), spread(ratios, "%.2f"),
                                           ", ".join("%s %.1f" % (p.replace("rollcall-", ""), ms) for p, ms in per_post.items())), flush=True)


def openssl_speed():
    """{"rsa": (ms to sign, ms to verify), "ed25519": …} of one operation, as `openssl speed` finds them on this machine now."""
    found = {}
    said = subprocess.run(["openssl", "speed", "-seconds", "1", "rsa2048", "ed25519"], capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        words = line.split()
        if line.startswith("rsa 2048"):
            found["rsa"] = tuple(1000 / float(word) for word in words[-2:])
        elif "EdDSA (Ed25519)" in line:
            found["ed25519"] = tuple(1000 / float(word) for word in words[-2:])
    return found


def signatures():
    """CPU of a post's signatures, against the bare operations that they cannot do without. All of ours are verified twice before they leave."""
    program = os.path.join(os.environ["BUILD"], "test", "bench", "signatures")
    keys = {name: Key(DOMAIN, name, kind) for name, kind in (("author", "rsa"), ("r", "rsa"), ("e", "ed25519"))}
    print("\n| post | verify author's (RSA), CPU ms | two signatures, CPU ms | ARC link, CPU ms | floor by openssl speed, ms | ratio |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as place:
        paths = {name: os.path.join(place, name) for name in (*keys, "message", "record")}
        for name, key in keys.items():
            with open(os.open(paths[name], os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
                f.write(key.pem)
        pathlib.Path(paths["record"]).write_text(keys["author"].record)
        for name, lines, rounds in (("5 kB", 70, 300), ("1 MB", 14000, 30)):
            message = keys["author"].sign(compose(member(1), "big@" + DOMAIN, body=(b"x" * 70 + b"\r\n") * lines))
            pathlib.Path(paths["message"]).write_bytes(message)
            rows = []
            for _ in range(OPTIONS.pairs):
                speed = openssl_speed()
                (rsa_sign, rsa_verify), (ed_sign, ed_verify) = speed["rsa"], speed["ed25519"]
                # One to verify; two to sign, each verified by dispatch and by the last look; two to seal, each verified by dispatch.
                floor_ms = rsa_verify + rsa_sign + ed_sign + 2 * (rsa_verify + ed_verify) + 2 * (rsa_sign + rsa_verify)
                said = subprocess.run([program, paths["message"], paths["record"], DOMAIN, paths["r"], paths["e"], str(rounds)], capture_output=True, text=True, check=True)
                rows.append(tuple(map(float, said.stdout.split())) + (floor_ms,))
            columns = list(zip(*rows))
            print("| %s | %s | %s |" % (name, " | ".join(spread(column) for column in columns), spread([sum(row[:3]) / row[3] for row in rows], "%.2f")), flush=True)


def main():
    tidy_signals()
    if OPTIONS.only != "fan-out":
        signatures()
    if OPTIONS.only != "signatures":
        fan_out()


def fan_out():
    with World(fast=True) as world:
        hold_everything(world)
        print("| members | floor: bare QMQP, s | Rollcall: end of DATA to 250, s | ratio | CPU ms per post |")
        print("|---:|---:|---:|---:|---|")
        for count in OPTIONS.members:
            one_size(world, count)
        print("\n| program | processes | memory (PSS), MiB | largest peak of one process, MiB |\n|---|---:|---:|---:|")
        for program, (number, pss, peak) in sorted(memory(world).items()):
            print("| %s | %d | %.1f | %.1f |" % (program, number, pss, peak))
        print("\nMedian (smallest–largest) of %d pairs, taken in turn." % OPTIONS.pairs)


if __name__ == "__main__":
    main()
