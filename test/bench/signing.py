"""CPU of a post's signatures, against the bare operations that they cannot do without, as `openssl speed` finds them in the same run."""
import os
import subprocess
import tempfile

import figures
from lab.crm import member
from lab.dkimcheck import Key
from lab.postfix import DOMAIN
from lab.process import BUILD
from lab.world import compose

SIZES = (("5 kB", 70, 300), ("1 MB", 14000, 30))  # name, lines, rounds


def parse_speed(text):
    """{"rsa": (ms to sign, ms to verify), "ed25519": …} from what openssl speed prints."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if line.startswith("rsa 2048"):
            found["rsa"] = tuple(1000 / float(word) for word in words[-2:])
        elif "EdDSA (Ed25519)" in line:
            found["ed25519"] = tuple(1000 / float(word) for word in words[-2:])
    return found


def floor(speed):
    """One to verify; two to sign, each verified by dispatch and by the last look; two to seal, each verified by dispatch."""
    (rsa_sign, rsa_verify), (ed_sign, ed_verify) = speed["rsa"], speed["ed25519"]
    return rsa_verify + rsa_sign + ed_sign + 2 * (rsa_verify + ed_verify) + 2 * (rsa_sign + rsa_verify)


def write_keys(place):
    keys = {name: Key(DOMAIN, name, kind) for name, kind in (("author", "rsa"), ("r", "rsa"), ("e", "ed25519"))}
    paths = {name: os.path.join(place, name) for name in (*keys, "message", "record")}
    for name, key in keys.items():
        with open(os.open(paths[name], os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(key.pem)
    with open(paths["record"], "w") as f:
        f.write(keys["author"].record)
    return keys, paths


def one_round(paths, rounds):
    speed = subprocess.run(["openssl", "speed", "-seconds", "1", "rsa2048", "ed25519"], capture_output=True, text=True, check=True).stdout
    argv = [os.path.join(BUILD, "test", "bench", "signatures"), paths["message"], paths["record"], DOMAIN, paths["r"], paths["e"], str(rounds)]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return [float(word) for word in said.split()] + [floor(parse_speed(speed))]


def measure(arena, options):
    found = []
    with tempfile.TemporaryDirectory() as place:
        keys, paths = write_keys(place)
        for name, lines, rounds in SIZES:
            with open(paths["message"], "wb") as f:
                f.write(keys["author"].sign(compose(member(1), "big@" + DOMAIN, body=(b"x" * 70 + b"\r\n") * lines)))
            found.append({"post": name, "rounds": [one_round(paths, rounds // (10 if options.quick else 1)) for _ in range(options.rounds)]})
    return found


def report(found):
    rows = []
    for one in found:
        columns = list(zip(*one["rounds"]))
        rows.append([one["post"]] + [figures.spread(column) for column in columns] + [figures.spread([sum(row[:3]) / row[3] for row in one["rounds"]], "%.2f")])
    return ("### Signatures\n\nAll of ours are verified twice before they leave.\n\n"
            + figures.table(["post", "verify the author's (RSA), CPU ms", "two signatures, CPU ms", "ARC link, CPU ms", "floor by openssl speed, ms", "ratio"], rows))
