"""How the code is written: lengths, parameters, heads, words that may not stand in it (STYLE)."""
import re

from source import Finding, c_files, code, files, functions, prototypes, text

# Tests may be longer: their tables of cases stand beside the function that runs them.
FUNCTION_LINES, FILE_LINES, TEST_FILE_LINES, PARAMETERS = 60, 400, 600, 5

# What is longer or has more, each with its reason.
LONGER_FILES = {
    "postfix-conf/rollcall-postfix": "a script that an admin can read and copy alone is one file",
}
LONGER_FUNCTIONS = {}
MORE_PARAMETERS = {
    ("lib/list/list.c", "add_reading"): "the columns of one row, at the one place that makes it",
    ("lib/dns/dns.c", "on_answer"): "libunbound calls it so",
}
# A switch over an enum of ours names every arm. These are over something else.
HAVE_DEFAULT = {
    "lib/keys/keys_file.c": "kinds of key are OpenSSL's, an int",
    "lib/crm/crm_trouble.c": "error numbers of the server's, of which there are hundreds",
    "lib/list/address.c": "GLib's kinds of character, of which there are thirty",
    "lmtpd/master/tls_stream.c": "OpenSSL's errors, an int",
    "cli/pipe_reply.c": "exit statuses, an int",
}

FORBIDDEN_CALLS = {
    "strcpy": "lengths: g_strlcpy", "strcat": "lengths: g_strlcat or GString", "strncpy": "does not end in NUL: g_strlcpy",
    "strncat": "lengths: GString", "stpcpy": "lengths: GString", "sprintf": "lengths: g_snprintf", "vsprintf": "lengths: g_vsnprintf",
    "atoi": "errors: text_parse_number", "atol": "errors: text_parse_number", "atoll": "errors: text_parse_number",
    "atof": "errors: text_parse_number", "strtok": "state: g_strsplit", "gets": "lengths: io_read", "scanf": "errors: text_parse_number",
    "sscanf": "errors: text_parse_number", "fscanf": "errors: text_parse_number", "system": "no shell", "popen": "no shell",
    "alloca": "the stack is finite", "g_alloca": "the stack is finite", "g_newa": "the stack is finite", "tmpnam": "races: memfd",
    "mktemp": "races: memfd", "signal_safe_printf": "not safe", "g_print": "translates: fputs", "bcopy": "memcpy", "rand": "random_bytes",
}
# Not ours to commit: places of one machine, unfinished work.
FORBIDDEN_TEXT = [(r"(?<![\w.])/work/", "a path of one machine"), (r"\bTODO\b|\bFIXME\b|\bXXX\b", "unfinished work belongs into an issue"),
                  (r"[ \t]+$", "blanks at the end of the line")]


def line_of(content, place):
    return content[:place].count("\n") + 1


def product():
    return c_files("lib", "lmtpd", "cli")


def lint_forbidden_calls():
    """No call of a function that loses lengths, errors or the shell."""
    pattern = re.compile(r"(?<![\w>.])(%s)\s*\(" % "|".join(FORBIDDEN_CALLS))
    for name in c_files():
        for match in pattern.finditer(code(name)):
            # A test may read a number of its own making as it likes.
            if name.startswith("test/") and FORBIDDEN_CALLS[match.group(1)].startswith("errors:"):
                continue
            yield Finding(name, line_of(code(name), match.start()), "%s(): %s" % (match.group(1), FORBIDDEN_CALLS[match.group(1)]))


def lint_function_lengths():
    """Functions of at most 60 lines."""
    for name in c_files():
        for function in functions(name):
            if function.length > FUNCTION_LINES and (name, function.name) not in LONGER_FUNCTIONS:
                yield Finding(name, function.line, "%s() has %d lines, at most %d" % (function.name, function.length, FUNCTION_LINES))


def lint_file_lengths():
    """Files of at most 400 lines, tests of at most 600."""
    for name in c_files() + [n for n in files() if n.endswith((".py", ".sh")) or n == "postfix-conf/rollcall-postfix"]:
        lines, most = text(name).count("\n"), TEST_FILE_LINES if name.startswith("test/") else FILE_LINES
        if lines > most and name not in LONGER_FILES:
            yield Finding(name, 0, "has %d lines, at most %d" % (lines, most))


def lint_parameters():
    """Functions of at most five parameters, a place for the reason of a failure at the end not counted; more want a struct."""
    for name in product():
        for function in prototypes(name) if name.endswith(".h") else functions(name):
            if function.parameters > PARAMETERS and (name, function.name) not in MORE_PARAMETERS:
                yield Finding(name, function.line, "%s() has %d parameters, at most %d" % (function.name, function.parameters, PARAMETERS))


def lint_switch_defaults():
    """A switch over an enum names every arm, so that the compiler tells when one is added. Best effort: no `default:` where all
    labels are names."""
    for name in product():
        content = code(name)
        for match in re.finditer(r"\bswitch\s*\(", content):
            end = re.compile(r"^(\t*)\}", re.MULTILINE)
            indent = len(re.search(r"[^\n]*$", content[:match.start()]).group(0)) - len(re.search(r"[^\n]*$", content[:match.start()]).group(0).lstrip("\t"))
            stop = next((m.start() for m in end.finditer(content, match.end()) if len(m.group(1)) == indent), len(content))
            block = content[match.end():stop]
            labels = re.findall(r"^\t*case ([^:]+):", block, re.MULTILINE)
            if re.search(r"^\t*default:", block, re.MULTILINE) and labels and all(re.fullmatch(r"[A-Z]\w+", l) for l in labels) \
                    and name not in HAVE_DEFAULT:
                yield Finding(name, line_of(content, match.start()), "switch over names with a default")


def lint_heads():
    """Every file opens by saying what it is."""
    for name in files():
        first = text(name)[:400].lstrip("\ufeff") if name.endswith((".c", ".h", ".py", ".sh")) else None
        if first is None or (name.endswith("__init__.py") and not first):
            continue
        if first.startswith("#!"):
            first = first.partition("\n")[2]
        if not first.startswith(("/*", '"""', "# ")):
            yield Finding(name, 1, "does not open with what it is")


def lint_guards():
    """A header's guard is its path: two that are the same hide one of them."""
    for name in c_files("lib", "lmtpd", "cli"):
        guard = "ROLLCALL_" + re.sub(r"\W", "_", re.sub(r"^(lib|lmtpd)/", "", name)).upper()
        if name.endswith(".h") and "#ifndef %s\n#define %s\n" % (guard, guard) not in text(name) and name != "lib/base/settings_table.h":
            yield Finding(name, 1, "the guard is not %s" % guard)


def lint_words():
    """Nothing of one machine, nothing unfinished, no blanks at line ends."""
    for name in files():
        if not name.endswith((".c", ".h", ".py", ".sh", ".md", ".sql", ".1", ".5", ".8")) and "." in name.split("/")[-1] or name.startswith("test/fuzz/corpus"):
            continue
        if name == "test/lint/shape.py":
            continue
        for pattern, why in FORBIDDEN_TEXT:
            for match in re.finditer(pattern, text(name), re.MULTILINE):
                yield Finding(name, line_of(text(name), match.start()), why)
