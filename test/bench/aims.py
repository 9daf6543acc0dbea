"""The aims, each with the figure that this run saw, as a table."""
import statistics

import figures
import peers
import scale
import throughput

IDLE_AIM = 40  # MiB


def row(name, seen, aim, at_most=True, form="%.2f"):
    return [name, ("at most " if at_most else "at least ") + "%g" % aim, form % seen, figures.verdict(seen, aim, at_most)]


def of_throughput(found):
    rows = []
    for connections in dict.fromkeys(cell["connections"] for cell in found["cells"]):
        small = [cell for cell in found["cells"] if cell["connections"] == connections and cell["members"] <= 100]
        for cell in small[-1:]:
            rows.append(row("posts/s to %d members, %d at a time, to those of bare QMQP" % (cell["members"], connections), statistics.median(throughput.ratio(cell)), throughput.AIM, False))
    return rows + [row("memory at start, MiB", found["start"], IDLE_AIM, True, "%.1f"), row("memory after this load, MiB", found["idle"], IDLE_AIM, True, "%.1f")]


def of_scale(found):
    rows = []
    for one in found["sizes"]:
        if one["members"] in scale.AIMS:
            ratio = statistics.median(figures.ratios(one["rollcall"], one["qmqp"]))
            rows.append(row("one post to %s members, to bare QMQP" % figures.thousands(one["members"]), ratio, scale.AIMS[one["members"]]))
    largest = max(found["sizes"], key=lambda one: one["members"])
    return rows + [row("memory at %s members, MiB" % figures.thousands(largest["members"]), largest["memory"], scale.MEMORY_AIM, True, "%.0f")]


def of_peers(found):
    rows = []
    sizes = dict.fromkeys(rounds["members"] for peer in found.values() if peer for rounds in peer["sizes"])
    for members in sizes:
        for what, words, aim, at_most in (("rate", "posts/s", peers.POSTS_AIM, False), ("cpu", "CPU of a post", peers.CPU_AIM, True)):
            name, ratio = peers.best(found, members, what)
            rows.append(row("%s to %d members, to the best peer's (%s)" % (words, members, name), ratio, aim, at_most))
    return rows


PARTS = {"scale": of_scale, "throughput": of_throughput, "peers": of_peers}


def report(found):
    rows = [line for part, rows_of in PARTS.items() if found.get(part) for line in rows_of(found[part])]
    return "### Aims\n\n" + figures.table(["what", "aim", "seen (median)", ""], rows) if rows else ""
