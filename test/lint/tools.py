"""What other programs say: compilers, static analysers, shells. Each is skipped, and named as such, where it is not installed."""
import ast
import concurrent.futures
import os
import re
import shutil
import subprocess
import warnings

from source import Finding, ROOT, files, text

# A choice of clang-tidy's checks. Its analyser is not among them: it takes three minutes and does not know the cleanup attribute, nor
# does cppcheck's memleak; leaks are found by AddressSanitizer. Left out of bugprone-*: taste, what -Wconversion is for, and
# checks that stumble over GLib's macros or over comparing bytes that end in no NUL.
# Of the other groups what is about mistakes: not printf's result (cert-err33-c), recursion, unused parameters of callbacks, or pointers made of numbers,
# which GLib's tables are.
TIDY = "-*,cert-*,misc-*,portability-*,performance-*,readability-inconsistent-declaration-parameter-name,readability-misleading-indentation," \
       "readability-duplicate-include,readability-misplaced-array-index,-cert-err33-c,-cert-dcl37-c,-cert-dcl51-cpp,-misc-no-recursion,-misc-unused-parameters," \
       "-performance-no-int-to-ptr,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-assignment-in-if-condition," \
       "-bugprone-narrowing-conversions,-bugprone-macro-parentheses,-bugprone-implicit-widening-of-multiplication-result," \
       "-bugprone-sizeof-expression,-bugprone-not-null-terminated-result"


class Missing(Exception):
    """The program that the lint needs is not here."""


def need(program):
    if not shutil.which(program):
        raise Missing(program)


def run(argv, **options):
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, errors="replace", **options)


def place(line):
    """"FILE:LINE:… text" as a finding."""
    parts = line.split(":", 2)
    if len(parts) == 3 and parts[1].isdigit():
        return Finding(os.path.relpath(os.path.join(ROOT, parts[0]), ROOT), int(parts[1]), parts[2].strip())
    return Finding("-", 0, line.strip())


def scripts():
    """Shell scripts: by name or by their first line."""
    for name in files():
        if name.endswith(".sh") or ("." not in os.path.basename(name) and text(name).startswith("#!/bin/sh")):
            yield name


def lint_shell():
    """Shell scripts are of POSIX, and shellcheck has nothing to say."""
    need("shellcheck")
    for name in scripts():
        done = run(["sh", "-n", name])
        if done.returncode:
            yield Finding(name, 0, done.stderr.strip())
        # SC1007: "a= b=c" is how several variables are emptied in one line.
        for line in run(["shellcheck", "-f", "gcc", "-S", "warning", "-e", "SC1007", name]).stdout.splitlines():
            yield place(line)


def lint_python():
    """Python files compile without a warning."""
    for name in files():
        if not name.endswith(".py"):
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                ast.parse(text(name), name)
                compile(text(name), name, "exec", dont_inherit=True)
            except SyntaxError as error:
                yield Finding(name, error.lineno or 0, str(error))
        for warning in caught:
            yield Finding(name, warning.lineno, str(warning.message))


def lint_compiler(build):
    """All programs build without a warning."""
    done = run(["make", "-k", "-j2", "--no-print-directory", "-s", "BUILD=" + build, "WERROR=-Werror", "all"])
    for line in (done.stdout + done.stderr).splitlines():
        if ": error: " in line or ": warning: " in line:
            yield place(line)
    if done.returncode:
        yield Finding("Makefile", 0, "make all: " + (done.stderr.strip().splitlines() or ["failed"])[-1])


def lint_cppcheck():
    """cppcheck finds no error."""
    need("cppcheck")
    done = run(["cppcheck", "-q", "-j2", "--std=c11", "--enable=warning,portability", "--inline-suppr", "-I.", "-DG_LOG_DOMAIN=\"rollcall\"",
                "-D_GNU_SOURCE", "--library=gtk", "--suppress=unknownMacro", "--suppress=memleak", "--template={file}:{line}: {id}: {message}", "lib", "lmtpd", "cli"])
    for line in done.stderr.splitlines():
        if not line.startswith("nofile:"):
            yield place(line)


def flags():
    """What the compiler needs to read our files; foreign headers are system headers."""
    packages = ["glib-2.0", "gmime-3.0", "libxml-2.0", "opendkim", "json-glib-1.0", "libmariadb" if run(["pkg-config", "--exists", "libmariadb"]).returncode == 0 else "mysqlclient"]
    words = run(["pkg-config", "--cflags"] + packages).stdout.split()
    macros = ["-D_GNU_SOURCE"] + ['-D%s="x"' % name for name in ["G_LOG_DOMAIN"] + re.findall(r"-D(ROLLCALL_\w+)=", text("Makefile"))]
    return ["-std=gnu11", "-I."] + macros + [word.replace("-I", "-isystem", 1) for word in words]


def each(argv):
    """What `argv(source)` says of each of our sources, stdout and stderr, as many at a time as there are processors."""
    sources = [name for name in files() if name.endswith(".c") and name.startswith(("lib/", "lmtpd/", "cli/"))]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in pool.map(lambda name: run(argv(name)), sources):
            yield from (done.stdout + done.stderr).splitlines()


def lint_gcc_analyzer():
    """gcc's analyser finds no way to a NULL, a leak or a value that was never set."""
    need("gcc")
    words = flags()
    # -O0: what is written, not what inlining made of it, in which it gets lost. It ends the path it follows at what it cannot bound, silently.
    for line in each(lambda name: ["gcc"] + words + ["-O0", "-fanalyzer", "-fdiagnostics-path-format=none", "-c", "-o", os.devnull, name]):
        # gcc 12 sees a value of no name, at no place, in a loop whose variable has the cleanup attribute: nothing that could be mended.
        if (": warning: " in line or ": error: " in line) and not (line.startswith("cc1: ") and "<unknown>" in line):
            yield place(line)


def lint_clang_tidy():
    """clang-tidy finds no mistake (a choice of its checks)."""
    need("clang-tidy")
    words = flags()
    for line in each(lambda name: ["clang-tidy", "--quiet", "--checks=" + TIDY, name, "--"] + words):
        # Of a header that is not ours the complaint is that our own clock_gettime(2), for the fault build, names its parameters otherwise.
        if (": warning: " in line or ": error: " in line) and not line.startswith("/usr/include/"):
            yield place(line)
