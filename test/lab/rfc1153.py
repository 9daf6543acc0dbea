"""Takes a digest apart as RFC 1153 has it, from the RFC's text and nothing else; what is not to the letter is a NotADigest."""
import collections

# "Headers ... shall be presented in the following order"
ORDER = ("Date", "From", "To", "Cc", "Subject", "Message-ID", "Keywords", "Summary")
PREAMBLE_END, SEPARATOR = "-" * 70, "-" * 30
Message = collections.namedtuple("Message", "fields body")
Digest = collections.namedtuple("Digest", "preamble messages trailer")


class NotADigest(ValueError):
    """With what is wrong."""


def _need(truth, what):
    if not truth:
        raise NotADigest(what)


def _read_message(lines):
    """Fields, an empty line, the body."""
    fields = []
    for place, line in enumerate(lines):
        if line == "":
            break
        if line[0] in " \t":
            _need(fields, "a folded line before any field")
            fields[-1] = (fields[-1][0], fields[-1][1] + "\n" + line)
        else:
            name, colon, value = line.partition(":")
            _need(colon and name in ORDER, "no field of a digest: %r" % line)
            fields.append((name, value.lstrip(" ")))
    else:
        raise NotADigest("no empty line behind the fields")
    places = [ORDER.index(name) for name, _ in fields]
    _need(places == sorted(set(places)), "fields out of order: %r" % [name for name, _ in fields])
    return Message(dict(fields), "\n".join(lines[place + 1:]))


def parse(text, name):
    """`text` has LF line ends; `name` is the list's in the trailer."""
    lines = text.split("\n")
    _need(lines[-1] == "", "no last line end")
    lines.pop()
    end = lines.index(PREAMBLE_END) if PREAMBLE_END in lines else -1
    _need(end > 0 and lines[end - 1] == "" and lines[end + 1] == "", "no preamble")
    messages, start = [], end + 2
    for place in range(start, len(lines) - 1):
        if lines[place] == SEPARATOR and lines[place - 1] == "" and lines[place + 1] == "":
            messages.append(_read_message(lines[start:place - 1] if place - 1 > start else lines[start:place]))
            start = place + 2
    trailer = lines[start:]
    _need(len(trailer) == 2 and trailer[0] == "End of %s Digest" % name and trailer[1] == "*" * len(trailer[0]), "no trailer: %r" % trailer)
    return Digest("\n".join(lines[:end - 1]), messages, trailer)
