"""Which folder may use which: the rooms, proved by the include lines and by what the linker was told (DESIGN section 7)."""
import re
import subprocess

from source import Finding, ROOT, c_files, text

BASE = {"lib/base"}
GROUND = BASE | {"lib/wire", "lib/list"}
# A folder, and the folders of ours whose headers it may include beside its own.
MAY_INCLUDE = {
    "lib/base": set(),
    "lib/wire": BASE,
    "lib/list": BASE,
    "lib/mail": BASE | {"lib/list"},
    "lib/rules": GROUND | {"lib/mail"},
    "lib/crm": GROUND,
    "lib/store": BASE,
    "lib/relay": BASE | {"lib/list", "lib/dns"},
    "lib/keys": BASE | {"lib/list"},
    "lib/dns": BASE,
    "lib/archive": BASE | {"lib/list"},
    "lmtpd/master": BASE,
    "lmtpd/intake": GROUND | {"lib/mail", "lib/rules"},
    "lmtpd/dispatch": GROUND | {"lib/crm", "lib/store", "lib/relay", "lib/keys", "lib/dns", "lib/archive"},
    "cli": BASE | {"lib/list", "lib/crm", "lib/store", "lib/relay", "lib/keys", "lib/dns", "lib/archive", "lib/mail", "lib/rules"},
}
# Libraries that only some rooms may know: a header's pattern, and the folders.
LIBRARIES = [
    (r"gmime/", {"lib/mail", "lib/rules", "lmtpd/intake"}, "GMime is for the parser's room"),
    (r"libxml/", {"lib/mail"}, "libxml2 is for the parser's room"),
    (r"dkim\.h", {"lib/mail", "lmtpd/intake"}, "libopendkim is for the parser's room"),
    (r"(mysql|mariadb|errmsg)", {"lib/crm"}, "the CRM has one door, lib/crm"),
    (r"curl/", {"lib/archive"}, "HTTP is for archives alone"),
    (r"sqlite3\.h", {"lib/store"}, "the store is lib/store"),
    (r"(unbound|event2/|arpa/nameser|resolv\.h)", {"lib/dns"}, "DNS has one door, lib/dns"),
    (r"openssl/ssl\.h", {"lmtpd/master", "lib/relay", "cli"}, "TLS towards clients is done by the front process alone"),
    (r"seccomp\.h", {"lmtpd/intake", "lmtpd/dispatch", "lmtpd/master"}, "sandboxes are the programs' own"),
    (r"(gio|gobject)/", set(), "GLib alone is enough"),
]
# What each program must not be linked with. rollcall-pipe: nothing but libc.
PROGRAMS = {
    "rollcall-intake": r"lib(curl|mariadb|mysqlclient|sqlite3|unbound|event|ssl)\b",
    "rollcall-dispatch": r"lib(gmime|opendkim|xml2)\b",
    "rollcall-lmtpd": r"lib(curl|gmime|opendkim|xml2|mariadb|mysqlclient|sqlite3|unbound|event)\b",
    "rollcall": r"lib(gmime|opendkim|xml2)\b",
    "rollcall-pipe": r"^(?!libc\.)",
}


def folder(name):
    return "/".join(name.split("/")[:-1])


def includes(name):
    """(line, header, whether it is of ours) of each include line."""
    for number, line in enumerate(text(name).split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(2), match.group(1) == '"'


def _wrong_include(name, header):
    own = folder(name)
    if folder(header) not in MAY_INCLUDE:
        return "write it from the root: \"%s/%s\"" % (own, header.split("/")[-1])
    if folder(header) != own and folder(header) not in MAY_INCLUDE[own]:
        return "%s may not use %s" % (own, folder(header))
    # rollcall-pipe runs as a user of its own, with nothing of ours but its own files.
    pipe = re.compile(r"cli/(rollcall_pipe|pipe_)")
    if own == "cli" and bool(pipe.match(name)) != bool(pipe.match(header)):
        return "rollcall-pipe shares nothing with rollcall" if folder(header) == own or pipe.match(name) else None
    return None


def lint_includes():
    """Includes point one way, and neither room includes the other's."""
    for name in c_files("lib", "lmtpd", "cli"):
        for line, header, ours in includes(name):
            wrong = _wrong_include(name, header) if ours else None
            if wrong:
                yield Finding(name, line, "%s: %s" % (header, wrong))
            for pattern, allowed, why in LIBRARIES:
                if not ours and re.match(pattern, header) and folder(name) not in allowed:
                    yield Finding(name, line, "<%s>: %s" % (header, why))


def needed(path):
    shown = subprocess.run(["readelf", "-d", path], capture_output=True, text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*?)\]", shown)


def lint_linked_libraries(build):
    """The programs that are built are linked with the libraries of their room only."""
    for program, forbidden in PROGRAMS.items():
        path = ROOT / build / program
        if not path.exists():
            continue
        for library in needed(path):
            if re.search(forbidden, library):
                yield Finding("%s/%s" % (build, program), 0, "is linked with %s" % library)
