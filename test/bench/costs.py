"""(e) What a post costs, stage by stage: CPU by perf, which says where each sample was, and system calls by strace, by what was asked last.

Without perf or strace that table is left out, and the report says so.
"""
import collections
import os
import re
import shutil
import signal
import subprocess
import time

import figures
from lab.process import ROOT

FREQUENCY = 2003  # samples a second and processor
CALLS = 10  # posts under strace
# The innermost of these functions that is in a sample's stack says whose it is.
STAGES = {
    "start_child": "fork of the child", "sandbox_lock_child": "walls around the child", "session_serve": "session: LMTP and the message's bytes",
    "session_rcpt": "route", "post_scan": "scan", "post_parse": "parse", "post_claim": "claim", "post_authenticate": "authenticate",
    "post_authorise": "authorise", "post_cook": "cook", "post_sign": "sign", "post_seal": "sign", "post_fan_out": "fan out", "post_log": "log",
    "answer_route": "route", "answer_claim": "claim", "answer_txt": "DNS", "answer_standing": "standing", "answer_row": "standing", "answer_keys": "sign",
    "answer_sign": "sign", "answer_roster": "roster", "answer_prepare": "prepare", "answer_commit": "commit", "answer_finish": "finish",
    "worker_serve": "taking tickets", "serve_once": "accept and reap",
}
PARTS = {"kernel: fork": ("kernel_clone", "__do_sys_clone"), "kernel: page faults": ("exc_page_fault",), "MariaDB's client": ("crm_run", "crm_ask"), "SQLite": ("sqlite3_step", "sqlite3_exec"),
         "libunbound": ("dns_txt",), "libopendkim": ("dkim_eoh", "dkim_eom", "dkim_body"), "the real keys' signatures": ("sign_rsa", "sign_ed25519")}


def stage_of(stack):
    """A stack is a list of function names, the innermost first."""
    return next((STAGES[name] for name in stack if name in STAGES), "other")


def read_samples(lines):
    """(program, stack) of each sample that perf script prints."""
    program, stack = None, []
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if program:
                yield program, stack
            program, stack = None, []
        elif line.startswith("\t"):
            stack.append(line.split(None, 1)[-1].replace(" (inlined)", ""))
        else:
            # The kernel keeps 15 letters of a name.
            program = line.strip().replace("rollcall-dispat", "rollcall-dispatch").replace("dispatchch", "dispatch")
    if program:
        yield program, stack


def count_samples(lines):
    stages, parts, total = collections.Counter(), collections.Counter(), 0
    for program, stack in read_samples(lines):
        total += 1
        stages[program.replace("rollcall-", ""), stage_of(stack)] += 1
        known = set(stack)
        parts.update(name for name, functions in PARTS.items() if known.intersection(functions))
    return stages, parts, total


def pids_of(arena):
    return sum(arena.world.rollcall.processes().values(), [])


def profile(arena, name, options):
    """Shares of Rollcall's CPU, by stage and by what it went into."""
    data = os.path.join(arena.directory, "perf.data")
    watch = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", str(FREQUENCY), "--call-graph", "dwarf,16384", "-o", data,
                              "-p", ",".join(map(str, pids_of(arena)))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    before = arena.cpu()
    load = arena.lmtp(name, 1, options.seconds * 2)
    cost = figures.per_post(arena.cpu(), before, len(load.posts))
    watch.send_signal(signal.SIGINT)
    watch.wait()
    arena.clear()
    said = subprocess.run(["perf", "script", "-i", data, "-F", "comm,ip,sym", "--no-demangle"], capture_output=True, text=True, errors="replace").stdout
    stages, parts, total = count_samples(said.split("\n"))
    own = sum(ms for program, ms in cost.items() if program.startswith("rollcall"))
    return {"own": own, "samples": total, "stages": [[*key, count / max(1, total)] for key, count in stages.most_common()],
            "parts": [[key, count / max(1, total)] for key, count in parts.most_common()]}


# ---- system calls ----

def request_names():
    """The requests of the wire in their order, from the table that both rooms are built from."""
    with open(os.path.join(ROOT, "lib", "wire", "wire.h")) as f:
        return re.findall(r"^\tX\(([A-Z_]+),", f.read(), re.M)


def count_calls(lines, programs, requests):
    """{(program, request asked last): calls} of an strace of all threads with hexadecimal texts. programs: {pid: name}; who is not in it is a session."""
    found, asked = collections.Counter(), {}
    for line in lines:
        match = re.match(r"(\d+) +(\w+)\(", line)
        if not match:
            match = re.match(r"(\d+) +<\.\.\. (recvmsg) resumed>", line)
            if match and (frame := re.search(r'iov_base="\\x([0-9a-f]{2})\\x00\\x00\\x00', line)) and programs.get(int(match.group(1))) == "dispatch":
                asked[match.group(1)] = int(frame.group(1), 16)
            continue
        pid, call = match.groups()
        program = programs.get(int(pid), "session")
        frame = re.search(r'iov_base="\\x([0-9a-f]{2})\\x00\\x00\\x00', line)
        # A worker learns by recvmsg what it is to do, a session asks by sendmsg.
        if frame and call == ("recvmsg" if program == "dispatch" else "sendmsg"):
            asked[pid] = int(frame.group(1), 16)
        number = asked.get(pid)
        found[program, requests[number].lower() if number is not None and number < len(requests) else "before"] += 1
    return found


def trace(arena, name):
    """System calls for each post."""
    output = os.path.join(arena.directory, "strace")
    programs = {pid: program.replace("rollcall-", "") for program, pids in arena.world.rollcall.processes().items() for pid in pids}
    watch = subprocess.Popen(["strace", "-f", "-xx", "-s", "4", "-o", output] + sum([["-p", str(pid)] for pid in programs], []), stderr=subprocess.DEVNULL)
    time.sleep(1.5)
    arena.client("lmtp_load", arena.world.rollcall.lmtp, *arena.posting(name), posts=CALLS)
    watch.send_signal(signal.SIGINT)
    watch.wait()
    arena.clear()
    with open(output, errors="replace") as f:
        calls = count_calls(f, programs, request_names())
    return [[*key, count / CALLS] for key, count in calls.most_common()]


def measure(arena, options):
    name = arena.fill(100)
    arena.lmtp(name, 1, 0.5)
    arena.clear()
    return {"cpu": profile(arena, name, options) if shutil.which("perf") else None, "calls": trace(arena, name) if shutil.which("strace") else None}


def report(found):
    text = "### What a post costs\n\n"
    if found["cpu"]:
        own = found["cpu"]["own"]
        text += "A post to 100 members, one at a time: %.1f ms of CPU in Rollcall's own programs; %d samples by perf, which adds to it.\n\n" % (own, found["cpu"]["samples"])
        text += figures.table(["program", "stage", "of it", "ms"], [[program, stage, "%.1f %%" % (100 * part), "%.2f" % (own * part)] for program, stage, part in found["cpu"]["stages"] if part >= 0.004], 2)
        text += "\nThe same by what it went into (a part may lie in another).\n\n"
        text += figures.table(["part", "of it", "ms"], [[part, "%.1f %%" % (100 * share), "%.2f" % (own * share)] for part, share in found["cpu"]["parts"]])
    else:
        text += "perf is not installed: no CPU by stage.\n"
    if found["calls"] is None:
        return text + "\nstrace is not installed: no system calls.\n"
    programs = collections.Counter()
    for program, _, count in found["calls"]:
        programs[program] += count
    text += "\nSystem calls of a post, by what a worker was asked last, or a session has asked last: %.0f in all (%s).\n\n" % (
        sum(programs.values()), ", ".join("%s %.0f" % pair for pair in programs.most_common()))
    return text + figures.table(["program", "since", "calls"], [[program, request, "%.1f" % count] for program, request, count in found["calls"] if count >= 1], 2)
