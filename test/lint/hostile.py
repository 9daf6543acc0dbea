"""test/HOSTILE.md names tests that exist: a row whose test was renamed or dropped would promise what nothing shows."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHORT = {"authentication": "e2e/test_authentication.py", "body": "e2e/test_body.py", "rules": "e2e/test_rules.py", "wishes": "e2e/test_wishes.py", "unclear": "e2e/test_unclear.py", "lmtp": "session/test_lmtp.py", "messages": "e2e/test_messages.py",
         "crm": "session/test_crm.py",
         "faults": "session/test_crm_faults.py", "moderation": "e2e/test_moderation.py", "tls": "session/test_crm_tls.py", "rows": "unit/test_crm_rows.c"}


def lint_hostile():
    """Each row of test/HOSTILE.md names tests that exist."""
    page = ROOT / "test" / "HOSTILE.md"
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if not line.startswith("| "):
            continue
        cell = line.split("|")[2]
        file = None
        for token in re.findall(r"(?:unit|session|e2e)/[\w*]+\.(?:py|c)|fuzz_\w+|`(?:\w+: )?test_\w+\*?`", cell):
            token = token.strip("`")
            if token.startswith("fuzz_"):
                if not (ROOT / "test" / "fuzz" / (token + ".c")).exists():
                    yield "test/HOSTILE.md:%d: no fuzz target %s" % (number, token)
                continue
            if "/" in token:
                found = list((ROOT / "test").glob(token))
                file = found[0] if found else None
                if not found:
                    yield "test/HOSTILE.md:%d: no file test/%s" % (number, token)
                continue
            short, _, name = token.rpartition(": ")
            file = ROOT / "test" / SHORT[short] if short else file
            pattern = r"\b" + re.escape(name).replace(r"\*", r"\w*") + r"\("
            if file is None or not re.search(pattern, file.read_text()):
                yield "test/HOSTILE.md:%d: no test %s in %s" % (number, name, file and file.name)
