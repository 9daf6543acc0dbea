"""The project's files as the lints see them: which there are, C without comments and texts, functions with their places."""
import dataclasses
import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SKIPPED = ("build", "autom4te.cache", ".git", "__pycache__")


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something that a lint does not like, at a place."""
    path: str
    line: int
    text: str

    def __str__(self):
        return "%s:%d: %s" % (self.path, self.line, self.text) if self.line else "%s: %s" % (self.path, self.text)


@functools.lru_cache(maxsize=None)
def files():
    """All files of the project, relative to its root: what git has or would have; without git, what is there."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        names = set(done.stdout.splitlines())
    else:
        names = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*")}
        names = {name for name in names if not name.split("/")[0].startswith(SKIPPED) and "__pycache__" not in name}
    return sorted(name for name in names if (ROOT / name).is_file())


def c_files(*folders):
    """The .c and .h files under the folders; everywhere when none is given."""
    return [name for name in files() if name.endswith((".c", ".h")) and (not folders or name.startswith(tuple(f + "/" for f in folders)))]


@functools.lru_cache(maxsize=None)
def text(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def _blank(match):
    """Comments become blanks, texts keep their quotes; line ends stay, so line numbers do, too."""
    found = match.group(0)
    inner = re.sub(r"[^\n]", " ", found)
    return inner if found.startswith("/") else found[0] + inner[1:-1] + found[-1]


@functools.lru_cache(maxsize=None)
def code(name):
    """A C file in which comments and what stands in texts are blank."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, _blank, text(name), flags=re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Function:
    path: str
    name: str
    line: int       # of its first line
    length: int     # lines from there to the closing brace
    parameters: int


def count_parameters(header):
    """Parameters in `NAME(…)`, of which the text begins after the opening parenthesis. "..." is none, nor is the place for the reason
    of a failure at the end (STYLE, "Errors go three ways"): it comes with any call that can fail."""
    depth, parts = 1, [""]
    for character in header:
        depth += character in "([" or -(character in ")]")
        if depth == 0:
            break
        if character == "," and depth == 1:
            parts.append("")
        else:
            parts[-1] += character
    named = [part.strip() for part in parts if part.strip() not in ("", "void", "...")]
    return len(named) - bool(named and re.match(r"(GError \*\*|struct verdict \*)", named[-1]))


@functools.lru_cache(maxsize=None)
def functions(name):
    """The functions that a C file defines; each ends with a brace in the first column."""
    found, lines, start = [], code(name).split("\n"), None
    for number, line in enumerate(lines, 1):
        if line == "{":
            first = number - 1
            while first > 1 and lines[first - 2].strip() and not lines[first - 2].startswith(("}", "#")) \
                    and not lines[first - 2].rstrip().endswith(";"):
                first -= 1
            header = " ".join(lines[first - 1:number - 1])
            match = re.search(r"(\w+)\s*\(", header)
            start = (first, match.group(1) if match else "?", count_parameters(header[match.end():]) if match else 0)
        elif line == "}" and start:
            found.append(Function(name, start[1], start[0], number - start[0] + 1, start[2]))
            start = None
    return found


def prototypes(name):
    """The functions that a header declares."""
    found = []
    for match in re.finditer(r"^[A-Za-z_][\w \t*]*?\b(\w+)\(([^;{}]*?)\)[^;{}()]*(?:\([^;{}]*\))?[^;{}]*;", code(name), re.MULTILINE | re.DOTALL):
        line = code(name)[:match.start()].count("\n") + 1
        found.append(Function(name, match.group(1), line, 1, count_parameters(match.group(2) + ")")))
    return found
