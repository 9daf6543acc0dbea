#!/usr/bin/python3
"""The settings' table, their manual and the example agree.

    test/lint/check_settings.py            prints what does not agree
    test/lint/check_settings.py --write    brings doc/rollcall.conf.5 up to date (wants build/rollcall)

The manual's part about the settings stands between two marks in doc/rollcall.conf.5 and is what `rollcall settings --manual` prints. Beside
that, the table itself is read here, by another reader than the compiler's: so the manual is also compared with
what stands in settings_table.h when nothing is built.
"""
import pathlib
import re
import subprocess
import sys

sys.path[0] = str(pathlib.Path(__file__).resolve().parent)

from source import Finding, ROOT, text

TABLE, MANUAL, EXAMPLE = "lib/base/settings_table.h", "doc/rollcall.conf.5", "doc/rollcall.conf.example"
BEGIN, END = '.\\" What follows is printed by: rollcall settings --manual\n', '.\\" End of what rollcall settings --manual prints\n'
SECTIONS = {"SCOPE_ROLLCALL": "rollcall", "SCOPE_CRM": "crm", "SCOPE_SITE": "rollcall", "SCOPE_DOMAIN": "domain", "SCOPE_LIST": "list"}


def rows():
    """The rows of the table: dicts with section, name, value, help and line."""
    content = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text(TABLE), flags=re.DOTALL)
    string = r'"((?:\\.|[^"\\])*)"'
    pattern = re.compile(r"SETTING\(\s*(SCOPE_\w+),\s*(\w+),\s*TYPE_\w+,\s*%s,\s*\d+,\s*\d+,\s*(?:NULL|%s),\s*((?:%s\s*)+)\)" % (string, string, string))
    found = []
    for match in pattern.finditer(content):
        sentence = "".join(re.findall(string, match.group(5)))
        found.append({"section": SECTIONS[match.group(1)], "name": match.group(2), "value": match.group(3), "help": sentence,
                      "line": content[:match.start()].count("\n") + 1})
    assert len(found) == len(re.findall(r"^SETTING\(", content, re.MULTILINE)), "a row of %s is written in a way that this cannot read" % TABLE
    return found


def plain(roff):
    """roff as it reads, in one line."""
    for source, meaning in (("\\&", ""), ("\\e", "\\"), ("\\-", "-")):
        roff = roff.replace(source, meaning)
    return re.sub(r"\s+", " ", re.sub(r"^\.(TP|SS|B|BR)\b ?", "", roff, flags=re.MULTILINE)).replace('" .', '".')


def manual_part():
    whole = text(MANUAL)
    if BEGIN not in whole or END not in whole:
        return None
    return whole[whole.index(BEGIN) + len(BEGIN):whole.index(END)]


def printed(build):
    """What the built program prints, or None."""
    program = ROOT / build / "rollcall"
    if not program.exists():
        return None
    done = subprocess.run([program, "settings", "--manual"], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def lint_settings_table():
    """Each setting has a sentence of its own that ends in a stop."""
    for row in rows():
        if not re.match(r"[A-Z].*\.$", row["help"]):
            yield Finding(TABLE, row["line"], "%s: its sentence should begin with a capital and end with a stop" % row["name"])


def lint_settings_manual(build):
    """doc/rollcall.conf.5 describes exactly the settings of the table, and as the program prints them."""
    part = manual_part()
    if part is None:
        yield Finding(MANUAL, 0, "the two marks are not there")
        return
    for row in rows():
        entry = re.search(r"^\.B %s\n(.*?)(?=^\.TP|^\.SS|\Z)" % row["name"], part, re.MULTILINE | re.DOTALL)
        if not entry:
            yield Finding(MANUAL, 0, "%s is not described" % row["name"])
        elif row["help"] not in plain(entry.group(1)) or (row["value"] and row["value"] not in plain(entry.group(1))):
            yield Finding(MANUAL, 0, "%s: sentence or default is not the table's" % row["name"])
    for name in set(re.findall(r"^\.B (\w+)$", part, re.MULTILINE)) - {row["name"] for row in rows()}:
        yield Finding(MANUAL, 0, "%s is described and does not exist" % name)
    program = printed(build)
    if program is not None and program != part:
        yield Finding(MANUAL, 0, "is not what the built program prints: test/lint/check_settings.py --write")


def lint_settings_example():
    """doc/rollcall.conf.example sets settings that exist, in sections where they may stand."""
    section, names = None, {}
    for row in rows():
        names.setdefault(row["name"], set()).update({row["section"]} | ({"domain"} if row["section"] == "list" else set()))
    for number, line in enumerate(text(EXAMPLE).split("\n"), 1):
        head, setting = re.match(r"#?\[(\w+)", line), re.match(r"#?(\w+) = ", line)
        if head:
            section = head.group(1)
        elif setting and section not in names.get(setting.group(1), set()):
            yield Finding(EXAMPLE, number, "there is no setting %s in [%s]" % (setting.group(1), section))


def write(build="build"):
    part = printed(build)
    if part is None:
        sys.exit("%s/rollcall is not built, or does not run" % build)
    path = ROOT / MANUAL
    whole = path.read_text()
    path.write_text(whole[:whole.index(BEGIN) + len(BEGIN)] + part + whole[whole.index(END):])


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
        sys.exit(0)
    findings = [*lint_settings_table(), *lint_settings_manual("build"), *lint_settings_example()]
    print("\n".join(map(str, findings)) or "the settings' table, manual and example agree")
    sys.exit(1 if findings else 0)
