"""(d) The peers, as Debian has them, each feeding the same Postfix as Rollcall, in turn with it.

Counted is the CPU of all of a manager's own processes: for Rollcall its three programs, for a peer everything below its box (box.py), with
what it starts to hand mail to Postfix; not Postfix, and not the database server, which stands beside it. A peer's rate ends when the last of
its copies is complete in Postfix, for it says "accepted" long before; Rollcall's ends with its last 250, when they are.
"""
import importlib
import statistics
import time

import figures
from arena import cpu_of, installed

CONNECTIONS = 4
POSTS_AIM, CPU_AIM = 3, 0.2  # times the posts, this part of the CPU
MOST_WAIT = 240  # seconds
MOST_COPIES = 20000  # in a round


def rollcall_round(arena, name, seconds):
    before, database = arena.rollcall_cpu(), cpu_of([arena.world.mariadb.pid])
    load = arena.lmtp(name, CONNECTIONS, seconds)
    count = len(load.posts)
    found = {"rate": load.rate, "cpu": 1000 * (arena.rollcall_cpu() - before) / count, "database": 1000 * (cpu_of([arena.world.mariadb.pid]) - database) / count}
    arena.clear()
    return found


def peer_round(arena, peer, members, posts, files):
    """posts: how many; files: messages that Postfix has in the end."""
    before, database = peer.cpu(), cpu_of([arena.world.mariadb.pid])
    start = peer.feed(members, posts)
    arena.wait_held(files, MOST_WAIT)
    elapsed = arena.last_held() - start
    time.sleep(0.3)  # for what it does afterwards
    found = {"rate": posts / elapsed, "cpu": 1000 * (peer.cpu() - before) / posts, "database": 1000 * (cpu_of([arena.world.mariadb.pid]) - database) / posts}
    recipients = arena.held_recipients()
    if recipients != posts * members:
        raise RuntimeError("%s: %d posts to %d members made %d copies" % (peer.name, posts, members, recipients))
    arena.clear()
    return found


def files_per_post(arena, peer, members):
    """How many messages one post becomes; also warms the peer up. What the one before sent as it ended is no part of it."""
    arena.clear()
    peer.feed(members, 1)
    end = time.monotonic() + MOST_WAIT
    while not arena.held() or arena.held_recipients() < members:
        if time.monotonic() > end:
            raise RuntimeError("%s: the first post to %d members does not arrive" % (peer.name, members))
        time.sleep(0.2)
    files = len(arena.held())
    arena.clear()
    return files


def sizes_for(options):
    """Of one member nobody makes a list; with more than a thousand a round takes minutes."""
    sizes = [count for count in options.members if 10 <= count <= 1000]
    return sizes[:1] if options.quick else sizes


def posts_for(peer, members, options):
    """So many that a round takes some seconds; its clients share them evenly."""
    return CONNECTIONS if options.quick else max(CONNECTIONS, min(peer.posts, MOST_COPIES // members) // CONNECTIONS * CONNECTIONS)


def one_peer(arena, peer, options):
    found = []
    for members in sizes_for(options):
        name, files, posts = arena.fill(members), files_per_post(arena, peer, members), posts_for(peer, members, options)
        rounds = {"members": members, "posts": posts, "files": files, "peer": [], "rollcall": []}
        for _ in range(options.rounds):
            rounds["rollcall"].append(rollcall_round(arena, name, options.seconds))
            rounds["peer"].append(peer_round(arena, peer, members, posts, files * posts))
        found.append(rounds)
        print("peers: %s, %d members: %s posts/s, Rollcall %s" % (peer.name, members, *(figures.spread([r["rate"] for r in rounds[who]], "%.1f") for who in ("peer", "rollcall"))), flush=True)
    return {"sizes": found, "memory": peer.memory(), "about": peer.about}


def measure(arena, options):
    found = {}
    for name in options.peers:
        if not installed(name):
            print("peers: %s is not installed: skipped (make bench-deps)" % name, flush=True)
            found[name] = None
            continue
        with importlib.import_module("peer_" + name).Peer(arena, sizes_for(options)) as peer:
            found[name] = one_peer(arena, peer, options)
    return found


def column(rounds, who, what):
    return [one[what] for one in rounds[who]]


def row(name, rounds):
    rate, cpu = (figures.ratios(column(rounds, "rollcall", what), column(rounds, "peer", what)) for what in ("rate", "cpu"))
    both = [figures.spread([one["cpu"] + one["database"] for one in rounds[who]], "%.1f") for who in ("rollcall", "peer")]
    return [name, figures.thousands(rounds["members"]), "%d × %d" % (rounds["posts"], rounds["files"]), figures.spread(column(rounds, "rollcall", "rate"), "%.1f"),
            figures.spread(column(rounds, "peer", "rate"), "%.1f"), figures.spread(rate, "%.1f"), figures.spread(column(rounds, "rollcall", "cpu"), "%.1f"),
            figures.spread(column(rounds, "peer", "cpu"), "%.1f"), figures.spread(cpu, "%.2f"), " / ".join(both)]


def report(found):
    rows, notes = [], []
    for name, peer in found.items():
        if peer is None:
            notes.append("* %s: not installed, skipped. `make bench-deps` installs it." % name)
            continue
        rows += [row(name, rounds) for rounds in peer["sizes"]]
        notes.append("* %s: %s Memory (PSS) of its processes after the load: %.0f MiB." % (name, peer["about"], peer["memory"]))
    head = ["peer", "members", "posts × messages", "Rollcall, posts/s", "peer, posts/s", "ratio", "Rollcall, CPU ms per post", "peer, CPU ms per post", "ratio", "with database"]
    text = ("### Peers\n\nEach with %d posts at a time into the same Postfix. Aims against the best: %d times the posts, %.1f of the CPU. Messages: into how many a "
            "peer splits one post; Rollcall's is one.\n\n" % (CONNECTIONS, POSTS_AIM, CPU_AIM) + (figures.table(head, rows) if rows else "") + "\n" + "\n".join(notes) + "\n")
    return text


def best(found, members, what):
    """The best peer at one size, and the median ratio of Rollcall's figure to its."""
    medians = {}
    for name, peer in found.items():
        for rounds in peer["sizes"] if peer else []:
            if rounds["members"] == members:
                medians[name] = (statistics.median(column(rounds, "peer", what)), statistics.median(figures.ratios(column(rounds, "rollcall", what), column(rounds, "peer", what))))
    name = (max if what == "rate" else min)(medians, key=lambda peer: medians[peer][0])
    return name, medians[name][1]
