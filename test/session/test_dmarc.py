"""DMARC's table of cases once more, with a real resolver for DNS: what the table of unit/test_dmarc.c says, the world says too (HOSTILE S1)."""
import os
import re
import subprocess

from lab.process import directory
from lab.resolver import Resolver
from lab.rollcall import BUILD

PROBE = os.path.join(BUILD, "test", "session", "dmarc_probe")


def run(*arguments):
    return subprocess.run([PROBE] + list(arguments), stdout=subprocess.PIPE, timeout=120, check=False, text=True)


def test_cases_by_a_real_resolver():
    with directory("dmarc") as path, Resolver(path) as resolver:
        records, others = {}, []
        for line in run("zone").stdout.splitlines():
            kind, name, text = (line.split(" ", 2) + [""])[:3]
            if kind == "record":
                records[name] = text.split("|")
            else:
                others.append((kind, name))
        resolver.zone(records)
        for kind, name in others:
            if kind == "answer":
                assert resolver.control("local_zone %s. transparent" % name).startswith("ok")
            else:
                getattr(resolver, kind)(name)
        said = run("ask", resolver.setting)
        assert said.returncode == 0, said.stdout
        assert int(re.search(r"(\d+) of \1$", said.stdout.strip())[1]) >= 60
