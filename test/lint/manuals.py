"""The manual pages and what they speak of."""
import re
import subprocess

from source import Finding, ROOT, files, text
from tools import need

LINKS = re.compile(r"`((?:lib|lmtpd|cli|test|schema|postfix-conf|doc)/[\w./*-]+)`")


def pages():
    return [name for name in files() if re.fullmatch(r"doc/[\w.-]+\.[158]", name)]


def lint_manual_syntax():
    """groff formats every manual page without a warning."""
    need("groff")
    for name in pages():
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", ROOT / name], capture_output=True, text=True)
        for line in done.stderr.splitlines():
            match = re.match(r".*?:(\d+): (.*)", line)
            yield Finding(name, int(match.group(1)) if match else 0, match.group(2) if match else line)


def lint_manual_options():
    """rollcall(1) names every option and command that the program has, and no other."""
    name = "doc/rollcall.1"
    content = text(name).replace("\\-", "-")
    source = "".join(text(f) for f in files() if re.fullmatch(r"cli/(main|command|command_\w+)\.c", f))
    options = {"--" + word for word in re.findall(r'\{"([a-z-]+)", (?:0|\'\w\'), 0, G_OPTION_ARG', source)} | {"--help"}
    shown = set(re.findall(r"--[a-z-]+", content))
    for option in sorted(options - shown):
        yield Finding(name, 0, "%s is not described" % option)
    own = set(re.findall(r"^\.B[IR]? (--[a-z-]+)", content, re.MULTILINE))
    for option in sorted(own - options):
        yield Finding(name, 0, "%s is described and does not exist" % option)
    for command in re.findall(r'^\t\{"(\w+)", (?:NULL|"[^"]*"), "', text("cli/main.c"), re.MULTILINE):
        if not re.search(r"^\.SS rollcall %s\b" % command, content, re.MULTILINE):
            yield Finding(name, 0, "rollcall %s is not described" % command)


def lint_names_in_documents():
    """Files that README, doc/ and test/README name in backquotes are there."""
    known = set(files())
    for name in known:
        if name not in ("README", "test/README") and not re.fullmatch(r"doc/[\w.-]+\.md", name):
            continue
        for match in LINKS.finditer(text(name)):
            wanted = match.group(1).rstrip("/.")
            pattern = re.compile(re.escape(wanted).replace(r"\*", "[^/]*") + r"(/|$)")
            if not any(pattern.match(other) for other in known) and not (ROOT / wanted).exists():
                yield Finding(name, text(name)[:match.start()].count("\n") + 1, "there is no %s" % wanted)
