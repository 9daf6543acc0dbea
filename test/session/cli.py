"""The sysadmin's command under test: `rollcall` run with a configuration of its own, and what it said."""
import collections
import json
import os
import subprocess

from lab.process import BUILD, ROOT

PROGRAM = os.path.join(BUILD, "rollcall")
LEVELS = ("ok", "warning", "error")


class Said(collections.namedtuple("Said", "status output errors")):
    """One run: exit status, stdout, stderr."""

    def findings(self):
        return json.loads(self.output)

    def of(self, level):
        """The findings of a level, each as its text and what to do."""
        return ["%s — %s" % (f["text"], f["todo"]) for f in self.findings() if f["level"] == level]

    @property
    def problems(self):
        return self.of("error")


def run(*arguments, prefix=(), path=None, script=False, timeout=60, text=None):
    """Runs it; with `script` it finds our own rollcall-postfix, which takes half a second to compare.
    `text` (bytes) is its standard input."""
    search = path or (os.path.join(ROOT, "postfix-conf") + ":" if script else "") + os.environ["PATH"]
    done = subprocess.run(list(prefix) + [PROGRAM] + list(arguments), env=dict(os.environ, PATH=search), timeout=timeout,
                          capture_output=True, input=text or b"")
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))


def write_config(path, sections):
    """{section: {name: value}} as a file; a value of None leaves the line out."""
    with open(path, "w") as f:
        for section, settings in sections.items():
            f.write("[%s]\n" % section)
            f.writelines("%s = %s\n" % item for item in settings.items() if item[1] is not None)
    os.chmod(path, 0o644)
    return path


def merge(sections, changes):
    """The sections with `changes` in them, as a new dict."""
    merged = {name: dict(settings) for name, settings in sections.items()}
    for name, settings in changes.items():
        if settings is None:
            merged.pop(name, None)
        else:
            merged.setdefault(name, {}).update(settings)
    return merged


class Cli:
    """`rollcall` beside the parts of a world in which the daemon does not run."""

    def __init__(self, world, directory):
        self.world, self.directory = world, str(directory)

    def config(self, changes=None):
        return write_config(os.path.join(self.directory, "rollcall.conf"), merge(self.world.rollcall.sections, changes or {}))

    def check(self, changes=None, *options, **how):
        """rollcall check --json with the settings changed."""
        return run("check", "--json", "--config", self.config(changes), "--postfix-config", self.world.postfix.config, *options, **how)

    def offline(self, changes=None):
        return self.check(changes, "--offline")

    def lists(self, *options, changes=None):
        return run("lists", "--config", self.config(changes), *options)
