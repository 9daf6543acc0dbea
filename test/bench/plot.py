"""One picture of a run, in panels side by side, as SVG written by hand: lines on two logarithmic axes, and bars."""
import math
import statistics
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 520, 400  # of a panel
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 48, 56  # margins within
COLOURS = {"Rollcall": "#b3261e", "bare QMQP": "#1f5fa8", "bare SMTP": "#5b8f29", "of it the CRM": "#d98c21"}
OTHERS = ("#777777", "#8e6bb0", "#3f8f8a")


def text(x, y, words, anchor="middle", size=12, more=""):
    return '<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d"%s>%s</text>' % (x, y, anchor, size, more, escape(words))


def short(value):
    """A number for an axis: 0.01, 1, 100, 10,000, 1M."""
    if value >= 1e6:
        return "%gM" % (value / 1e6)
    return "{:,.0f}".format(value) if value >= 1 else "%g" % value


class Axis:
    """A logarithmic axis from `start` to `end` pixels that holds all values, in whole decades."""

    def __init__(self, values, start, end):
        self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        if self.high == self.low:
            self.high += 1
        self.start, self.end = start, end

    def place(self, value):
        return self.start + (self.end - self.start) * (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self):
        return [10.0 ** exponent for exponent in range(self.low, self.high + 1)]


def frame(title, x_name, y_name):
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return [text(WIDTH / 2, 18, title, size=14, more=' font-weight="bold"'), text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_name),
            text(16, middle, y_name, more=' transform="rotate(-90 16 %.1f)"' % middle)]


def legend(names, colours):
    out, x = [], LEFT
    for name in names:
        out.append('<rect x="%d" y="28" width="11" height="11" fill="%s"/>' % (x, colours[name]) + text(x + 15, 38, name, "start", 11))
        x += 28 + 6.3 * len(name)
    return out


def lines(title, x_name, y_name, series):
    """series: {name: [(x, y)]}."""
    points = [point for line in series.values() for point in line]
    x_axis = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    y_axis = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    out = frame(title, x_name, y_name) + legend(series, COLOURS)
    for tick in x_axis.ticks():
        x = x_axis.place(tick)
        out.append('<path d="M%.1f %dV%d" stroke="#ddd"/>' % (x, TOP, HEIGHT - BOTTOM) + text(x, HEIGHT - BOTTOM + 16, short(tick), size=11))
    for tick in y_axis.ticks():
        y = y_axis.place(tick)
        out.append('<path d="M%d %.1fH%d" stroke="#ddd"/>' % (LEFT, y, WIDTH - RIGHT) + text(LEFT - 6, y + 4, short(tick), "end", 11))
    for name, line in series.items():
        places = ["%.1f %.1f" % (x_axis.place(x), y_axis.place(y)) for x, y in line]
        out.append('<path d="M%s" fill="none" stroke="%s" stroke-width="2"/>' % ("L".join(places), COLOURS[name]))
        out += ['<circle cx="%s" cy="%s" r="3.5" fill="%s"/>' % (*place.split(), COLOURS[name]) for place in places]
    return out


def bars(title, y_name, groups):
    """groups: {name of a group: {name: value}}; a logarithmic axis, for the peers are far apart."""
    values = [value for group in groups.values() for value in group.values() if value > 0]
    y_axis = Axis(values, HEIGHT - BOTTOM, TOP)
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    colours = dict(zip([name for name in names if name not in COLOURS], OTHERS), **COLOURS)
    out = frame(title, "", y_name) + legend(names, colours)
    for tick in y_axis.ticks():
        y = y_axis.place(tick)
        out.append('<path d="M%d %.1fH%d" stroke="#ddd"/>' % (LEFT, y, WIDTH - RIGHT) + text(LEFT - 6, y + 4, short(tick), "end", 11))
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    for number, (group, members) in enumerate(groups.items()):
        width = room * 0.8 / len(names)
        out.append(text(LEFT + room * (number + 0.5), HEIGHT - BOTTOM + 16, group))
        for name, value in members.items():
            x, y = LEFT + room * (number + 0.1) + width * names.index(name), y_axis.place(max(value, 10.0 ** y_axis.low))
            out.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (x, y, width * 0.92, HEIGHT - BOTTOM - y, colours[name]))
            out.append(text(x + width / 2, y - 4, "%.3g" % value, size=10))
    return out


def throughput_panel(found):
    most = max(cell["connections"] for cell in found["cells"] if cell["connections"] <= 4)
    cells = [cell for cell in found["cells"] if cell["connections"] == most]
    series = {name: [(cell["members"], statistics.median(cell["rates"][way])) for cell in cells] for name, way in (("Rollcall", "rollcall"), ("bare QMQP", "qmqp"), ("bare SMTP", "smtp"))}
    return lines("Posts a second, %d at a time" % most, "members", "posts/s", series)


def scale_panel(found):
    series = {name: [(one["members"], max(0.005, statistics.median(one[way]))) for one in found["sizes"] if one[way]]
              for name, way in (("Rollcall", "rollcall"), ("bare QMQP", "qmqp"), ("bare SMTP", "smtp"), ("of it the CRM", "crm"))}
    return lines("One post: from the end of DATA to 250", "members", "seconds", {name: line for name, line in series.items() if line})


def peers_panel(found, what, title, y_name):
    groups = {}
    for name, peer in found.items():
        for rounds in peer["sizes"] if peer else []:
            group = groups.setdefault("%d members" % rounds["members"], {})
            # Rollcall's beside each peer; what is drawn is their median.
            group.setdefault("Rollcall", []).extend(one[what] for one in rounds["rollcall"])
            group[name] = [one[what] for one in rounds["peer"]]
    return bars(title, y_name, {group: {name: statistics.median(values) for name, values in members.items()} for group, members in groups.items()}) if groups else None


def picture(panels):
    columns = min(2, len(panels))
    width, height = columns * WIDTH, (len(panels) + columns - 1) // columns * HEIGHT
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif">' % (width, height, width, height),
           '<rect width="100%" height="100%" fill="white"/>']
    for number, panel in enumerate(panels):
        out += ['<g transform="translate(%d %d)">' % (number % columns * WIDTH, number // columns * HEIGHT), *panel, "</g>"]
    return "\n".join(out + ["</svg>\n"])


def plots(found):
    panels = []
    if found.get("throughput"):
        panels.append(throughput_panel(found["throughput"]))
    if found.get("scale"):
        panels.append(scale_panel(found["scale"]))
    if found.get("peers"):
        panels += [peers_panel(found["peers"], "rate", "Posts a second beside the peers", "posts/s"), peers_panel(found["peers"], "cpu", "CPU of a post beside the peers", "ms")]
    panels = [panel for panel in panels if panel]
    return {"performance": picture(panels)} if panels else {}
