"""Arithmetic and tables: medians with their spread, ratios by pairs, Markdown."""
import statistics


def spread(values, form="%.3f"):
    """Median and, where there are several, the extremes: "1.20 (1.10–1.40)"."""
    values = list(values)
    if not values:
        return "–"
    middle = form % statistics.median(values)
    return middle if len(values) == 1 else "%s (%s–%s)" % (middle, form % min(values), form % max(values))


def ratios(ours, theirs):
    """Each of ours to the one of theirs that was measured beside it: what both suffered from cancels out."""
    return [a / b for a, b in zip(ours, theirs) if b > 0]


def per_post(after, before, posts):
    """{program: milliseconds of CPU for each post}; a program that was not there before began at 0."""
    return {name: 1000 * (after[name] - before.get(name, 0)) / posts for name in sorted(after)}


def verdict(value, aim, at_most=True):
    """How an aim was met, in a word for the table."""
    return "met" if (value <= aim if at_most else value >= aim) else "missed"


def table(head, rows, numbers_from=1):
    """A Markdown table; columns from `numbers_from` on stand to the right."""
    lines = ["| " + " | ".join(head) + " |", "|" + "".join("---|" if i < numbers_from else "---:|" for i in range(len(head)))]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def thousands(number):
    return "{:,}".format(number)
