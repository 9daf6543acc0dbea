"""(a) Posts a second: Rollcall by LMTP, and bare QMQP and SMTP clients with the same bytes and recipients, in turn."""
import os

import figures

AIM = 0.9  # of what bare QMQP reaches, for lists of up to 100


def cell(arena, name, connections, options):
    """One size and number of connections: what each round gave."""
    rounds = {"qmqp": [], "rollcall": [], "smtp": []}
    before, done = None, 0
    cpu = {}
    for _ in range(options.rounds):
        for way in rounds:
            before = arena.cpu()
            load = getattr(arena, "lmtp" if way == "rollcall" else way)(name, connections, options.seconds)
            if len(arena.held()) != len(load.posts):
                raise RuntimeError("%s: %d posts, %d in the queue" % (way, len(load.posts), len(arena.held())))
            if way == "rollcall":
                done += len(load.posts)
                for program, seconds in arena.cpu().items():
                    cpu[program] = cpu.get(program, 0) + seconds - before.get(program, 0)
            rounds[way].append(load.rate)
            arena.clear()
    return {"rates": rounds, "cpu": figures.per_post(cpu, {}, done)}


def measure(arena, options):
    found, start = {}, idle(arena)
    for count in options.members:
        name = arena.fill(count)
        for connections in options.connections:
            found["%d/%d" % (count, connections)] = dict(cell(arena, name, connections, options), members=count, connections=connections)
            print("throughput: %d members, %d connections: %s posts/s" % (count, connections, figures.spread(found["%d/%d" % (count, connections)]["rates"]["rollcall"], "%.0f")), flush=True)
    return {"cells": list(found.values()), "seconds": options.seconds, "start": start, "idle": idle(arena)}


def idle(arena):
    """MiB of all of Rollcall's processes when nothing is to do."""
    return sum(mib for _, mib in arena.memory().values())


def ratio(cell):
    return figures.ratios(cell["rates"]["rollcall"], cell["rates"]["qmqp"])


def report(found):
    rows = []
    for one in found["cells"]:
        cpu = one["cpu"]
        own = sum(ms for program, ms in cpu.items() if program.startswith("rollcall"))
        rows.append([figures.thousands(one["members"]), one["connections"]] + [figures.spread(one["rates"][way], "%.0f") for way in ("rollcall", "qmqp", "smtp")] +
                    [figures.spread(ratio(one), "%.2f"), figures.spread(figures.ratios(one["rates"]["rollcall"], one["rates"]["smtp"]), "%.2f"),
                     "%.1f" % own, "%.1f" % cpu.get("mariadbd", 0), "%.1f" % cpu.get("postfix", 0)])
    head = ["members", "connections", "Rollcall, posts/s", "bare QMQP", "bare SMTP", "ratio to QMQP", "ratio to SMTP", "CPU ms per post: Rollcall", "MariaDB", "Postfix"]
    return ("### Posts a second\n\nEach figure is the median (smallest–largest) of %d rounds of %g s, taken in turn. Aim: at least %.1f of bare QMQP to lists of up to 100. "
            "On %d cores whatever Rollcall and the CRM compute is missing to Postfix.\n\n" % (len(found["cells"][0]["rates"]["qmqp"]), found["seconds"], AIM, os.cpu_count())
            + figures.table(head, rows)
            + "\nMemory (PSS) of all of Rollcall's processes with nothing to do: %.1f MiB at the start, %.1f MiB after this load.\n" % (found["start"], found["idle"]))
