"""(b), (c) One post to very many members: seconds from the end of DATA to 250, beside bare clients in the same Postfix; memory; the CRM's part."""
import statistics

import figures
from sampler import Sampler

SMTP_MOST = 100000  # members; bare SMTP takes some 10 s for these, and minutes for a million
AIMS = {10000: 1.10, 1000000: 1.15}
MEMORY_AIM = 150  # MiB


def one_size(arena, count, pairs):
    name = arena.fill(count)
    found = {"members": count, "rollcall": [], "qmqp": [], "smtp": [], "crm": [], "memory": 0, "programs": {}}
    before = arena.cpu()
    for turn in range(pairs):
        found["qmqp"] += arena.qmqp(name).posts
        arena.clear()
        with Sampler(arena) as sampler:
            found["rollcall"] += arena.lmtp(name).posts
        found["crm"].append(arena.last_delays()[2])
        found["memory"] = max(found["memory"], sampler.peak)
        found["programs"] = {program: max(mib, found["programs"].get(program, 0)) for program, mib in sampler.programs.items()}
        arena.clear()
        if count <= SMTP_MOST and turn < 3:
            found["smtp"] += arena.smtp(name).posts
            arena.clear()
    after = arena.cpu()
    found["cpu"] = figures.per_post({program: seconds for program, seconds in after.items() if program != "postfix"}, before, pairs)
    return found


def pairs_for(count, options):
    """So many that each size takes about as long as the others."""
    return max(1, options.pairs if count <= 10000 else options.pairs // 2 if count <= 100000 else 2)


def measure(arena, options):
    found = []
    for count in options.scale:
        found.append(one_size(arena, count, pairs_for(count, options)))
        print("scale: %d members: %s s, bare QMQP %s s" % (count, figures.spread(found[-1]["rollcall"]), figures.spread(found[-1]["qmqp"])), flush=True)
    return {"sizes": found}


def report(found):
    rows, memory = [], []
    for one in found["sizes"]:
        ratio = figures.ratios(one["rollcall"], one["qmqp"])
        aim = AIMS.get(one["members"])
        rows.append([figures.thousands(one["members"]), len(ratio)] + [figures.spread(one[way]) for way in ("rollcall", "qmqp", "smtp", "crm")] +
                    [figures.spread(ratio, "%.2f"), "at most %.2f: %s" % (aim, figures.verdict(statistics.median(ratio), aim)) if aim else "–"])
        memory.append([figures.thousands(one["members"]), "%.1f" % one["memory"]] + ["%.1f" % one["programs"].get("rollcall-" + room, 0) for room in ("lmtpd", "intake", "dispatch")] +
                      ["%.1f" % sum(ms for program, ms in one["cpu"].items() if program.startswith("rollcall")), "%.1f" % one["cpu"].get("mariadbd", 0)])
    return ("### One post to very many\n\nSeconds; the CRM's part is that of Rollcall's time in which the members are counted, read and checked. The ratio is Rollcall to bare QMQP, by pairs.\n\n"
            + figures.table(["members", "pairs", "Rollcall: end of DATA to 250", "bare QMQP", "bare SMTP", "of ours the CRM's part", "ratio to QMQP", "aim"], rows)
            + "\nMemory is the largest sum of the shares (PSS) of all processes at one moment, sampled during the runs. Aim: under %d MiB.\n\n" % MEMORY_AIM
            + figures.table(["members", "memory, MiB", "lmtpd", "intake", "dispatch", "CPU ms per post: Rollcall", "MariaDB"], memory))
