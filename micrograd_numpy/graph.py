# %% [markdown]
# # Seeing the graph
#
# A Value knows what it was made from. In this chapter you turn that memory into a picture, with no program but your
# own: every number, every gradient, every arrow in its place.
#
# - **You will build** `draw_graph(root)`, which draws any expression that fits on a page.
# - **You need** [Value](value.ipynb), and `topological_sort` from [Backpropagation](backprop.ipynb).
# - **Time** about 25 minutes.

# %%
"""Seeing the graph: a picture of the values behind a value, drawn without any other program."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from micrograd_numpy.backprop import Node, topological_sort
from micrograd_numpy.drawing.style import BACKWARD, CARD, FORWARD, INK, MUTED

FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"
MARGIN = 24.0  # around the picture
ROOM = 34.0  # between layers
GAP = 14.0  # between neighbors in a layer; all lengths in pixels
BOLD = 13.5  # bold letters of size 12 are as wide as others of this size
LINE, HALO = "#8b95a3", {"stroke": CARD, "stroke_width": "4", "paint_order": "stroke"}
LEAF = {"fill": "#eaf1f9", "stroke": "#a9c1de", "stroke_width": "1.2"}
OPERATION = {"fill": "#ffffff", "stroke": "#9ca3af", "stroke_width": "1.2"}
ROOT = {"stroke": INK, "stroke_width": "2.2"}


class Drawable(Node, Protocol):
    """What a picture needs to know of a value, besides what backpropagation does."""

    data: float
    label: str
    _op: str
    _local: tuple[float, ...]


# item on the left, item on the right, its port: -0.5 at the top to 0.5 at the bottom
Link = tuple[int, int, float]


# %% [markdown]
# ## The picture first
#
# Here is what you are going to build, at work.

# %% mystnb={"image": {"alt": "The graph of c = a*b + a after backward: leaves a = 2 with gradient 4 and b = 3 with gradient 2 at the left, their product 6 in the middle, the root c = 8 at the right."}} tags=["active-ipynb"]
# from micrograd_numpy import Value, draw_graph
#
# a, b = Value(2.0, label="a"), Value(3.0, label="b")
# c = a * b + a
# c.label = "c"
# c.backward()
# draw_graph(c)

# %% [markdown]
# Read it from left to right. A tinted card is a **leaf**: a number that you put in. A white card was computed, and the
# badge on its left edge names the operation. The card with the strong border is the **root**. Each card shows its data
# in blue and its gradient in orange, to four digits; in Jupyter, let the mouse rest on a card to see them all. An arrow
# says "was used for".
#
# Two arrows leave `a`, and this is the picture's most useful message: `a` moves `c` along two paths, so its gradient is
# a sum of two parts.
#
# ## What a picture must not lose
#
# A common way to remember inputs is a set. Before you run the next cell: how many inputs has `x * x`, and how many are
# left when they go through a set?

# %% tags=["active-ipynb"]
# x = Value(3.0, label="x")
# y = x * x
# y.label = "y"
# y.backward()
# print("inputs:", len(y._prev), "  in a set:", len(set(y._prev)))

# %% [markdown]
# A set holds `x` once. A picture drawn from it shows one arrow with local derivative 3, and a reader who multiplies
# along the path and adds over paths finds 3. The gradient is 6. The inputs of a Value are a tuple, so both arrows are
# there. Ask for the local derivatives and the sum is plain to see:

# %% mystnb={"image": {"alt": "The graph of y = x*x at x = 3: two separate arrows run from x to the product, each marked 3, and the gradient of x is 6."}} tags=["active-ipynb"]
# draw_graph(y, local_derivatives=True)

# %% [markdown]
# A set loses a second thing: the order. With one, $a - b$ and $b - a$ have the same picture. Here the first input
# arrives above the second.

# %% mystnb={"image": {"alt": "The graph of a - b: the arrow from a enters the badge above the arrow from b; the local derivatives are 1 and minus 1."}} tags=["active-ipynb"]
# draw_graph(Value(2.0, label="a") - Value(3.0, label="b"), local_derivatives=True)

# %% [markdown]
# ## Which column?
#
# Now build it. A picture needs an $x$ and a $y$ for every node, and the graph has neither. Start with $x$: arrows
# should run to the right, so every node must stand left of everything that uses it.
#
# `topological_sort` lists inputs before outputs. You could give each node a column of its own, in that order. That
# works, but a picture of 33 nodes would be 33 columns wide. Nodes that don't depend on each other can share a column, a
# **layer**.
#
# Count steps to the root. But which steps, when there are two paths? Try the shortest path first.

# %% tags=["active-ipynb"]
# nodes = topological_sort(c)
# names = {a: "a", b: "b", nodes[2]: "a*b", c: "c"}
#
# shortest = {c: 0}
# for node in reversed(nodes):
#     for source in node._prev:
#         shortest[source] = min(shortest.get(source, len(nodes)), shortest[node] + 1)
# print({names[node]: steps for node, steps in shortest.items()})

# %% [markdown]
# `a` is one step from the root, and so is `a*b`. They share a layer, and the arrow from `a` to `a*b` has nowhere to go.
# Replace "shortest" by "longest" and this cannot happen: if `a` is used for `a*b`, its longest path is at least one
# step longer.

# %% tags=["active-ipynb"]
# longest = dict.fromkeys(nodes, 0)
# for node in reversed(nodes):
#     for source in node._prev:
#         longest[source] = max(longest[source], longest[node] + 1)
# print({names[node]: steps for node, steps in longest.items()})

# %% [markdown]
# One walk, from the root backwards, as in backpropagation; only that it takes a maximum where backpropagation adds.
# Every node ends up directly left of its first use, so leaves sit next to where they matter.
#
# The library's version works on numbers instead of nodes: node 0, 1, 2 in topological order, and for each the list of
# its inputs. Its companion handles arrows longer than one layer. Such an arrow would run through the cards in between,
# so it gets a **waypoint** in each layer that it passes: an item of height zero, for which the cards make room as for
# any other.


# %%
def layers_of(inputs: Sequence[Sequence[int]]) -> list[int]:
    """Put the root in the last layer and every other node just left of its first use.

    Parameters
    ----------
    inputs : list of list of int
        The inputs of node 0, 1, ...; inputs come before outputs, the root last.

    Returns
    -------
    list of int
        Counted from the left. No edge stays inside a layer or runs to the left.
    """
    steps = [0] * len(inputs)  # of the longest path to the root
    for node in reversed(range(len(inputs))):
        for source in inputs[node]:
            steps[source] = max(steps[source], steps[node] + 1)
    return [max(steps) - count for count in steps]


def route_edges(inputs: Sequence[Sequence[int]], layers: list[int]) -> list[list[int]]:
    """List the items that each edge visits, one in every layer.

    An edge that is longer than one layer gets a waypoint in each layer it passes:
    a new item, whose layer is appended to `layers`. The edges of one node share
    their waypoints: they run together, then fork.
    """
    waypoints: dict[tuple[int, int], int] = {}
    routes = []
    for node, sources in enumerate(inputs):
        for source in sources:
            route = [source]
            for layer in range(layers[source] + 1, layers[node]):
                if (source, layer) not in waypoints:
                    waypoints[source, layer] = len(layers)
                    layers.append(layer)
                route.append(waypoints[source, layer])
            routes.append([*route, node])
    return routes


# %% [markdown]
# For $c = ab + a$: the edge from `a` to the sum passes the layer of the product, at waypoint 4.

# %% tags=["active-ipynb"]
# number = {node: i for i, node in enumerate(nodes)}
# inputs = [[number[source] for source in node._prev] for node in nodes]
# layers = layers_of(inputs)
# print("inputs", inputs)
# print("layers", layers)
# print("routes", route_edges(inputs, layers))

# %% [markdown]
# ## Above or below?
#
# Within a layer, order is everything. Lines that cross are hard to follow, so count crossings. Two lines cross when one
# starts above the other and arrives below it. Sort the lines by where they start; then each pair that arrives in the
# wrong order is a crossing.
#
# To find the order with the fewest crossings is a hard problem, and nobody knows a fast way that is always right. A
# simple one is usually good: move each item to the mean place of its neighbors in the next layer, its **barycenter**,
# and sweep through the layers to and fro. Keep the best order seen.


# %%
def count_crossings(rows: Sequence[Sequence[int]], links: Sequence[Sequence[Link]]) -> int:
    """Count the pairs of links that cross, if `rows[k]` is layer k from top to bottom and `links[k]` leaves it."""
    place = {item: i for row in rows for i, item in enumerate(row)}
    crossings = 0
    for between in links:
        passed: list[float] = []  # where the links that start above arrive, sorted
        for _, arrival in sorted((place[a], place[b] + port) for a, b, port in between):
            crossings += len(passed) - bisect_right(passed, arrival)
            insort(passed, arrival)
    return crossings


def order_rows(rows: list[list[int]], links: Sequence[Sequence[Link]], sweeps: int = 12) -> list[list[int]]:
    """Reorder each row so that fewer links cross: Sugiyama's barycenter sweeps, keeping the best result."""
    best, fewest = rows, count_crossings(rows, links)
    for sweep in range(sweeps if fewest else 0):
        leftward = sweep % 2 == 0
        rows = list(rows)
        place = {item: float(i) for row in rows for i, item in enumerate(row)}
        for k in reversed(range(len(links))) if leftward else range(1, len(rows)):
            # where each item's neighbors are
            seen: dict[int, list[float]] = {item: [] for item in rows[k]}
            for a, b, port in links[k] if leftward else links[k - 1]:
                seen[a if leftward else b].append(place[b] + port if leftward else place[a])
            barycenter = {item: sum(at) / len(at) if at else place[item] for item, at in seen.items()}
            rows[k] = sorted(rows[k], key=barycenter.__getitem__)
            place.update((item, float(i)) for i, item in enumerate(rows[k]))
        crossings = count_crossings(rows, links)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


# %% [markdown]
# Try it on a graph that needs it, the expression from micrograd's README. A link has three parts: the item on the left,
# the item on the right, and the **port** where it arrives there, from −0.5 at the top to 0.5 at the bottom. Ports keep
# the first input above the second.

# %% tags=["active-ipynb"]
# def readme(a, b):
#     a, b = Value(a, label="a"), Value(b, label="b")
#     c = a + b
#     d = a * b + b**3
#     c += c + 1
#     c += 1 + c + (-a)
#     d += d * 2 + (b + a).relu()
#     d += 3 * d + (b - a).relu()
#     e = c - d
#     f = e**2
#     g = f / 2.0
#     g += 10.0 / f
#     c.label, d.label, e.label, f.label, g.label = "cdefg"
#     g.backward()
#     return g
#
#
# g = readme(-4.0, 2.0)
# nodes = topological_sort(g)
# number = {node: i for i, node in enumerate(nodes)}
# inputs = [[number[source] for source in node._prev] for node in nodes]
# layers = layers_of(inputs)
# routes = route_edges(inputs, layers)
# print(f"{len(nodes)} nodes, {len(routes)} edges, {max(layers) + 1} layers, {len(layers) - len(nodes)} waypoints")

# %% tags=["active-ipynb"]
# rows = [[item for item, layer in enumerate(layers) if layer == k] for k in range(max(layers) + 1)]
# links = [[] for _ in rows[1:]]
# for route in routes:
#     for left, right in pairwise(route):
#         port = inputs[right].index(route[0]) / 2 - 0.25 if right == route[-1] else 0.0
#         if (left, right, port) not in links[layers[left]]:
#             links[layers[left]].append((left, right, port))
#
# print("crossings in topological order:", count_crossings(rows, links))
# print("crossings after the sweeps:    ", count_crossings(order_rows(rows, links), links))

# %% [markdown]
# Is that good? You can't try all orders, but you can start the sweeps from many. Before you run this: how many of 100
# random starts will end with fewer crossings?

# %% tags=["active-ipynb"]
# import random
#
# rng = random.Random(0)
# found = []
# for _ in range(100):
#     start = [rng.sample(row, len(row)) for row in rows]
#     found.append(count_crossings(order_rows(start, links), links))
# print("best:", min(found), "  worst:", max(found))

# %% [markdown]
# ## How high?
#
# The order is fixed; now each item gets a height. It wishes to be level with its neighbors, because then its edges run
# straight. But cards of one layer must keep their distance. Who yields?
#
# Everyone, as little as possible: keep the sum of squared distances from the wishes as small as can be. Go through the
# layer from the top. If an item's wish is too close to the block above, it joins the block, and the block moves to the
# mean wish of its members. Links between waypoints pull harder, so long edges become straight first; `dot`, Graphviz's
# own program, does the same {cite:p}`gansner1993`.


# %%
def keep_apart(wishes: Sequence[float], pulls: Sequence[float], distances: Sequence[float]) -> list[float]:
    """Minimize Σ pull·(position - wish)² over positions with at least `distances[i]` between i and i + 1."""
    offsets = [0.0]
    for distance in distances:
        offsets.append(offsets[-1] + distance)
    blocks: list[tuple[float, float, int]] = []  # items that touch move as one: mean wish, pull, how many
    for wish, pull, offset in zip(wishes, pulls, offsets):
        mean, force, count = wish - offset, pull, 1
        while blocks and blocks[-1][0] > mean:  # the block above wants to be below this one: they join
            above, its_force, its_count = blocks.pop()
            mean = (above * its_force + mean * force) / (its_force + force)
            force, count = its_force + force, its_count + count
        blocks.append((mean, force, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets)]


def place_rows(
    rows: Sequence[Sequence[int]],
    links: Sequence[Sequence[Link]],
    heights: Sequence[float],
    rounds: int = 20,
) -> list[float]:
    """Choose the vertical center of each item: near its neighbors, so that edges are short and straight.

    A waypoint has height 0; links between waypoints pull harder, which straightens long edges.
    """
    y = [0.0] * len(heights)
    for turn in range(rounds):
        leftward = turn % 2 == 0
        for k in range(len(rows) - 1, -1, -1) if leftward else range(len(rows)):
            pulls = dict.fromkeys(rows[k], 1e-6)
            wishes = {item: 1e-6 * y[item] for item in rows[k]}
            for side in (k - 1, k) if turn > 1 else (k,) if leftward else (k - 1,):
                for a, b, _ in links[side] if 0 <= side < len(links) else ():
                    weight = (1.0 + 7 * (heights[a] == 0)) * (1 + 7 * (heights[b] == 0))
                    item, wish = (a, y[b]) if side == k else (b, y[a])
                    pulls[item] += weight
                    wishes[item] += weight * wish
            distances = [(heights[a] + heights[b]) / 2 + GAP for a, b in pairwise(rows[k])]
            means = [wishes[item] / pulls[item] for item in rows[k]]
            for item, at in zip(rows[k], keep_apart(means, list(pulls.values()), distances)):
                y[item] = at
    return y


# %% [markdown]
# Three cards, each at least 60 below the one before. In the first case all want to be at 0; in the second the third
# card wants to be far away, and stays out of it. Before you run it: where do they go?

# %% tags=["active-ipynb"]
# print(keep_apart([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [60.0, 60.0]))
# print(keep_apart([0.0, 0.0, 200.0], [1.0, 1.0, 1.0], [60.0, 60.0]))

# %% [markdown]
# A wish depends on neighbors that move too. So sweep: every layer follows its neighbors in turn, to and fro, and after
# twenty sweeps hardly anything moves. The next cell puts the four steps in a row. Each takes what the last one decided
# and never goes back, which is what makes the method of {cite:t}`sugiyama1981` quick.


# %%
@dataclass
class Layout:
    """Where everything goes. Items are the nodes 0, 1, ... and then the waypoints."""

    layers: list[int]  # of each item, from the left
    routes: list[list[int]]  # of each edge: its items
    rows: list[list[int]]  # of each layer: its items, from the top
    links: list[list[Link]]  # that leave each layer
    y: list[float]  # of each item's middle, across the layers
    gates: list[float] = field(default_factory=list)  # of each layer: where edges arrive
    ends: list[float] = field(default_factory=list)  # where its cards end and edges leave


def lay_out(inputs: Sequence[Sequence[int]], ports: Sequence[float], heights: Sequence[float]) -> Layout:
    """Decide layers, then routes, then order, then heights: no step revises an earlier one."""
    layers = layers_of(inputs)
    routes = route_edges(inputs, layers)
    rows: list[list[int]] = [[] for _ in range(max(layers) + 1)]
    for item, layer in enumerate(layers):
        rows[layer].append(item)
    # as dicts: a link that several edges share counts once
    links: list[dict[Link, None]] = [{} for _ in rows[1:]]
    for route, port in zip(routes, ports):
        for a, b in pairwise(route):
            links[layers[a]][a, b, port if b == route[-1] else 0.0] = None
    groups = [list(group) for group in links]
    rows = order_rows(rows, groups)
    y = place_rows(rows, groups, [*heights, *[0.0] * (len(layers) - len(inputs))])
    top = min(at - height / 2 for at, height in zip(y, heights))
    y = [at - top for at in y]  # the highest card touches 0
    return Layout(layers, routes, rows, groups, y)


# %% [markdown]
# ## From numbers to a picture
#
# The rest is writing. An SVG file is text: each shape is one tag with its numbers. First the words on the cards. Labels
# can hold anything, so they are cut to one line of bounded width.


# %%
def shown(x: float) -> str:
    """Write `x` to four significant digits, with a true minus sign."""
    return f"{x:.4g}".replace("-", "−")


def text_width(text: str, size: float = 12.0) -> float:
    """Estimate the width of `text`, generously: the font is the reader's, so nothing can measure it here."""
    return size * sum(1.1 if unicodedata.east_asian_width(c) in "WF" else 0.65 for c in text)


def clipped(text: object, width: float = 130.0) -> str:
    """Cut `text` to one line, no wider than `width`, without characters that cannot be shown."""
    line = "".join(c if c.isprintable() else " " for c in str(text)[:200]).strip()
    if text_width(line, BOLD) > width:
        while text_width(line + "…", BOLD) > width:
            line = line[:-1]
        line = line.rstrip() + "…"
    return line


def operation_sign(op: str) -> str:
    """Say what the badge of an operation shows: × for "*", x³ for "**3", its name for most."""
    signs = {
        "+": "+",
        "-": "−",
        "*": "×",
        "/": "÷",
        "neg": "−x",
        "abs": "|x|",
        "**": "xʸ",
        "sigmoid": "σ",
    }
    if op[:2] == "**" and op != "**":
        raised = op[2:].translate(str.maketrans("-.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"x^{op[2:]}" if any(c.isalpha() for c in op) else f"x{raised}"
    return signs.get(op, clipped(op, 80.0))


# %% tags=["active-ipynb"]
# print([shown(number) for number in [24.70408163, -1e-7, float("inf"), 6.0]])
# print([operation_sign(op) for op in ["*", "**3", "**-0.5", "tanh", "my_rule"]])
# print(clipped("a label that goes on and on and on"))

# %% [markdown]
# Then one card. `escape` turns `<` and `&` into `&lt;` and `&amp;`; without it, a label such as `x<y` would break the
# file. A box has a size *along* the edges and one *across* them, so the same code draws a graph that runs down the
# page.


# %%
def tag(name: str, inside: str = "", /, **attributes: object) -> str:
    """Write one SVG element. `inside` is SVG already; an underscore in an attribute's name becomes a hyphen."""
    written = (f"{value:.1f}" if isinstance(value, float) else escape(str(value)) for value in attributes.values())
    pairs = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in zip(attributes, written))
    return f"<{name}{pairs}>{inside}</{name}>"


class Box:
    """A node as it is drawn: a card, and for an operation a badge on the edge where its inputs arrive."""

    def __init__(self, node: Drawable, down: bool, room: int = 0) -> None:
        self.node, self.down = node, down
        self.label = clipped(node.label or "")
        self.sign = operation_sign(node._op) if node._prev else ""
        name, ports = (
            max(24.0, text_width(self.sign, BOLD) + 8),
            max(24.0, 9.0 * len(node._prev) + 3),
        )
        self.badge = (max(name, ports), 24.0) if down else (name, ports)
        # how far it sticks out, to the left or (down) on top
        self.reach = self.badge[down] - 12 if node._prev else 0.0
        self.indent = 18.0 if node._prev and not down else 9.0
        widest = max(shown(node.data), shown(node.grad), "0" * room, key=len)
        numbers = 32 + text_width(widest)
        self.width = self.indent + max(numbers, text_width(self.label, BOLD)) + 9
        self.height = 44.0 + (16 if self.label else 0) + (8 if node._prev and down else 0)
        self.along, self.across = (self.height, self.width) if down else (self.width, self.height)
        self.across = max(self.across, self.badge[not down])

    def svg(self, along: float, across: float, is_root: bool) -> str:
        """Draw the box, if its card starts at `along` in the direction of the edges, with its middle at `across`."""
        node = self.node
        x, y = (across - self.width / 2, along) if self.down else (along, across - self.height / 2)
        left, right, bottom = x + self.indent, x + self.width - 9, y + self.height
        style = (OPERATION if node._prev else LEAF) | (ROOT if is_root else {})
        exact = f"{clipped(node.label or '', 500)} {node._op or 'leaf'}\ndata {node.data!r}\ngrad {node.grad!r}".strip()
        marks = tag("title", escape(exact))  # shown while the mouse is over the card
        marks += tag(
            "rect",
            data_part="card",
            x=x,
            y=y,
            width=self.width,
            height=self.height,
            rx=7,
            **style,
        )
        if self.label:
            marks += tag("text", escape(self.label), x=left, y=bottom - 42, font_weight=600)
        for key, number, color, up in (
            ("data", node.data, FORWARD, 26),
            ("grad", node.grad, BACKWARD, 10),
        ):
            marks += tag("text", key, x=left, y=bottom - up, font_size=10, fill=MUTED)
            marks += tag("text", shown(number), x=right, y=bottom - up, text_anchor="end", fill=color)
        if is_root:
            marks += tag(
                "text",
                "root",
                x=right,
                y=bottom + 14,
                text_anchor="end",
                font_size=10,
                fill=MUTED,
            )
        if node._prev:
            wide, high = self.badge
            # the badge's middle
            x, y = (across, along) if self.down else (along + 12 - wide / 2, across)
            corner = {"x": f"{x - wide / 2:.1f}", "y": f"{y - high / 2:.1f}"}
            marks += tag(
                "rect",
                data_part="badge",
                **corner,
                width=wide,
                height=high,
                rx=12,
                fill=INK,
            )
            white = {"text_anchor": "middle", "font_weight": "600", "fill": "#ffffff"}
            marks += tag("text", escape(self.sign), x=x, y=y + 4.2, **white)
        return tag("g", marks, data_part="node", data_kind="operation" if node._prev else "leaf")


# %% [markdown]
# Then the layers' places and the edges. An edge is a chain of curves, one for each gap between two layers, and of
# straight lines across the layers it passes. Every curve stays inside its gap, and a waypoint keeps the line clear of
# the cards, so no edge can touch a card. When both inputs are the same node, the two curves bow apart.


# %%
def place_layers(plan: Layout, boxes: Sequence[Box], notes: Sequence[str]) -> None:
    """Set the layers one after the other, farther apart where edges are steep or carry notes."""
    room = [ROOM] * len(plan.rows)
    for route, note in zip(plan.routes, notes):
        layer = plan.layers[route[-1]]
        room[layer] = max(room[layer], ROOM + text_width(note, 10))
    for k, row in enumerate(plan.rows):
        cards = [boxes[item] for item in row if item < len(boxes)]
        steepest = max((abs(plan.y[a] - plan.y[b]) for a, b, _ in plan.links[k - 1]), default=0.0) if k else 0.0
        plan.gates.append(plan.ends[-1] + max(room[k], min(steepest / 6, 160.0)) if k else MARGIN)
        plan.ends.append(plan.gates[-1] + max(box.reach for box in cards) + max(box.along for box in cards))
        for box in cards if not cards[0].down else ():
            # cards of a layer are equally wide
            box.along = box.width = max(box.along for box in cards)


def free_place(
    curve: Sequence[tuple[float, float]],
    width: float,
    taken: list[tuple[float, float, float]],
) -> None:
    """Find where on a curve (four control points) a note of that width hides no other, and add it to `taken`."""
    for t in (0.5, 0.42, 0.58, 0.34, 0.66, 0.28):
        weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
        x, y = (sum(weight * point[axis] for weight, point in zip(weights, curve)) for axis in (0, 1))
        if all(abs(x - x2) > (width + width2) / 2 or abs(y - y2) > 11 for x2, y2, width2 in taken):
            break
    taken.append((x, y, width))


def edges_svg(plan: Layout, boxes: Sequence[Box], ports: Iterable[float], notes: Iterable[str]) -> list[str]:
    """Draw one path for each edge, and its note."""
    lines, texts = [], []
    taken: list[tuple[float, float, float]] = []
    parallel = Counter((route[-2], route[-1]) for route in plan.routes)
    for route, port, note in zip(plan.routes, ports, notes, strict=True):
        target = boxes[route[-1]]
        straight, head = ("V", "m-2.6 -4.5l2.6 5l2.6 -5") if target.down else ("H", "m-4.5 -2.6l5 2.6l-5 2.6")
        path = ""
        for a, b in pairwise(route):
            k, last = plan.layers[b], b == route[-1]
            start, end, here, there = plan.ends[k - 1], plan.gates[k], plan.y[a], plan.y[b]
            there += 0.75 * port * target.badge[not target.down] if last else 0.0
            # so that the two edges of x*x part
            bow = 80 * port if last and parallel[a, b] > 1 else 0.0
            middle = (start + end) / 2
            corners = (start, here), (middle, here + bow), (middle, there), (end, there)
            curve = [(y, x) if target.down else (x, y) for x, y in corners]
            path += "M{} {}C{} {} {} {} {} {}".format(*(f"{at:.1f}" for point in curve for at in point))
            path += f"{straight}{plan.ends[k] - (target.along + target.reach if last else 0):.1f}"
        lines.append(tag("path", data_part="edge", d=path + head))
        if note:
            free_place(curve, text_width(note, 10), taken)
            texts.append(tag("text", note, data_part="note", x=taken[-1][0], y=taken[-1][1] + 3.5))
    return [
        tag("g", "\n".join(lines), fill="none", stroke=LINE, stroke_width=1.5),
        tag("g", "".join(texts), font_size=10, text_anchor="middle", fill=BACKWARD, **HALO),
    ]


# %% [markdown]
# A picture that some readers cannot see needs words, and some readers have Graphviz and want its many layouts. Both are
# a walk over the nodes in topological order.


# %%
def in_words(nodes: Sequence[Drawable], inputs: Sequence[Sequence[int]], most: int = 40) -> str:
    """Say the graph in words, for readers who hear the picture."""
    names = [clipped(node.label or "") or f"value {i}" for i, node in enumerate(nodes, 1)]
    words = [f"A graph of {len(nodes)} values, inputs first, the root last."]
    if len(nodes) > most:
        words.append(f"The last {most} of them:")
    for name, node, sources in list(zip(names, nodes, inputs))[-most:]:
        made = f"{node._op} of {', '.join(names[i] for i in sources)}" if sources else "leaf"
        words.append(f"{name}, {made}: data {shown(node.data)}, grad {shown(node.grad)}.")
    return " ".join(words)


def dot_text(nodes: Sequence[Drawable], inputs: Sequence[Sequence[int]], notes: Iterable[str]) -> str:
    """Write the graph in Graphviz's language."""
    lines = [
        "digraph {",
        "  rankdir=LR",
        '  node [shape=box, style=rounded, fontname="sans-serif"]',
    ]
    for i, node in enumerate(nodes):
        words = [
            clipped(node.label or ""),
            node._op,
            f"data {shown(node.data)}",
            f"grad {shown(node.grad)}",
        ]
        quoted = "\\n".join(word.replace("\\", "\\\\").replace('"', '\\"') for word in words if word)
        lines.append(f'  n{i} [label="{quoted}"]')
    edges = [(source, i) for i, sources in enumerate(inputs) for source in sources]
    for (source, i), note in zip(edges, notes):
        lines.append(f"  n{source} -> n{i}" + (f' [label="{note}"]' if note else ""))
    return "\n".join([*lines, "}", ""])


# %% [markdown]
# What `draw_graph` returns is a small object. Jupyter looks for a method called `_repr_svg_` and shows what it returns.


# %%
@dataclass(frozen=True)
class Drawing:
    """A picture of a graph. Jupyter shows it by itself.

    Attributes
    ----------
    nodes, edges : int
        How many there are.
    svg : str
        The picture.
    dot : str
        The same graph in the language of Graphviz.
    """

    nodes: int
    edges: int
    svg: str = field(repr=False)
    dot: str = field(repr=False)

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write the picture (`.svg`) or the text for Graphviz (`.dot`, `.gv`).

        Raises
        ------
        ValueError
            If `path` ends in anything else.
        """
        text = {".svg": self.svg, ".dot": self.dot, ".gv": self.dot}.get(Path(path).suffix.lower())
        if text is None:
            raise ValueError(f"save writes .svg, .dot or .gv, but got {str(path)!r}: choose one of these endings")
        Path(path).write_text(text, encoding="utf-8")


# %% [markdown]
# Last, the function itself: check, number the nodes, lay out, write. It counts before it draws, because a picture of
# thousands of cards explains nothing.


# %%
def draw_graph(
    root: Drawable,
    *,
    local_derivatives: bool = False,
    direction: str = "right",
    room: int = 0,
    max_nodes: int = 300,
) -> Drawing:
    """Draw every value that `root` was computed from, inputs at the left, `root` at the right.

    Parameters
    ----------
    root : Value
        The value to explain. Gradients are shown as they are now: call `root.backward()` first to see them filled.
    local_derivatives : bool, optional
        Write on each edge the derivative of the operation with respect to that input.
    direction : {"right", "down"}, optional
        Where the edges run. A deep graph fits a page better when they run down.
    room : int, optional
        Make every card wide enough for numbers of so many characters. Then pictures of
        the same graph with other numbers have their cards in the same places.
    max_nodes : int, optional
        Refuse to draw more than this: nobody could read it.

    Returns
    -------
    Drawing
        Shows itself in Jupyter; has `svg`, `dot` and `save("g.svg")`.

    Raises
    ------
    TypeError
        If `root` is not a Value.
    ValueError
        If there are more than `max_nodes` nodes, or `direction` is another word.
    """
    if not all(hasattr(root, name) for name in ("data", "grad", "label", "_prev", "_op")):
        hint = "draw one of its elements" if hasattr(root, "__len__") else "give it the Value to explain"
        raise TypeError(f"draw_graph draws the graph behind one Value, but got {type(root).__name__}: {hint}")
    if direction not in ("right", "down"):
        raise ValueError(f"direction is 'right' or 'down', but got {direction!r}")
    nodes = topological_sort(root)
    if len(nodes) > max_nodes:
        raise ValueError(
            f"this graph has {len(nodes)} nodes, more than max_nodes={max_nodes}: draw one of the values inside it, "
            "or a smaller example, or raise max_nodes to draw it anyway"
        )
    number = {node: i for i, node in enumerate(nodes)}
    inputs = [[number[source] for source in node._prev] for node in nodes]
    ports = [(i + 0.5) / len(sources) - 0.5 for sources in inputs for i in range(len(sources))]
    slopes = [slope for node in nodes for slope in node._local] if local_derivatives else []
    notes = [shown(slope) for slope in slopes] or [""] * len(ports)
    boxes = [Box(node, direction == "down", room) for node in nodes]
    plan = lay_out(inputs, ports, [box.across for box in boxes])
    place_layers(plan, boxes, [note and note.rjust(room) for note in notes])
    marks = edges_svg(plan, boxes, ports, notes)
    for box, k, across in zip(boxes, plan.layers, plan.y):
        marks.append(box.svg(plan.ends[k] - box.along, across, box.node is root))

    turn = -1 if direction == "down" else 1
    across = max(at + box.across / 2 for at, box in zip(plan.y, boxes)) + 2 * MARGIN
    width, height = (f"{length:.0f}" for length in (plan.ends[-1] + MARGIN, across)[::turn])
    shift = " ".join(("0", f"{MARGIN:g}")[::turn])
    parts = [
        tag("title", escape(f"The graph of {clipped(root.label or 'a value')}")),
        tag("desc", escape(in_words(nodes, inputs))),
        tag("rect", width=width, height=height, rx=12, fill=CARD),
        tag("g", "\n".join(marks), transform=f"translate({shift})", fill=INK),
    ]
    size = {
        "viewBox": f"0 0 {width} {height}",
        "width": width,
        "height": height,
        "style": "max-width:100%;height:auto",
    }
    text = {"font_family": FONT, "font_size": "12"}
    svg = tag(
        "svg",
        "\n".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        **size,
        **text,
    )
    return Drawing(len(nodes), len(ports), svg, dot_text(nodes, inputs, notes))


# %% [markdown]
# ## What it shows
#
# The expression from micrograd's README {cite:p}`karpathy2020micrograd` has 33 nodes. The published results are
# $g = 24.7041$, $\partial g/\partial a = 138.8338$ and $\partial g/\partial b = 645.5773$. Find them in the picture,
# rounded to four digits. Then look for gradients of 0. Who has one, and why? (The graph is deep, so this time it runs
# down the page: only the roles of $x$ and $y$ change.)

# %% mystnb={"image": {"alt": "The graph of micrograd's README expression in 13 layers, drawn downward: a (gradient 138.8) and b (gradient 645.6) on top, c and d built up in two bands, joined in e, then f, and the root g = 24.7 at the bottom."}} tags=["active-ipynb"]
# draw_graph(g, direction="down")

# %% [markdown]
# A factor 2 and the factor 3 have gradient 0: each multiplies a 0. And the sum that feeds the first `relu` is −2.
# `relu` gives 0 for everything below zero, so a nudge there changes nothing, and its gradient is 0.
#
# A neuron multiplies inputs by weights, adds a bias, and bends the sum with `tanh`. With local derivatives on the
# arrows you can check every gradient by eye: multiply the number on the arrow by the gradient at its head.

# %% mystnb={"image": {"alt": "A neuron with two inputs: x1 times w1 and x2 times w2 are added, the bias b is added, tanh gives 0.7071; the arrow into tanh is marked 0.5 and every gradient behind it is a multiple of 0.5."}} tags=["active-ipynb"]
# x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
# w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
# bias = Value(6.8813735870195432, label="b")
# out = (x1 * w1 + x2 * w2 + bias).tanh()
# out.label = "out"
# out.backward()
# draw_graph(out, local_derivatives=True)

# %% [markdown]
# `w2` has gradient 0, because its input `x2` is 0: a weight on a silent input cannot learn.
#
# ## Step by step
#
# A picture shows where everything ended. `stepper` shows how it got there. Let it play, or take one step at a time with
# the arrow keys. Forward, each card is computed by its rule. Backward, each hands its gradient on, and you see the sum
# that piles up in `grad`.
#
# The leaves are yours: drag a card sideways, or move its slider. Before you do: what will the gradient of `w2` be when
# you pull `x2` up to 1? And will the gradient of `w1` stay as it is? (Where nothing can run, on paper for one, you see
# the last step.)

# %% mystnb={"image": {"alt": "The graph of the neuron, to step through: forward from the leaves x1, w1, x2, w2 and b through two products and two sums to out, then backward.", "classes": "touch touch-stepper"}} tags=["active-ipynb"]
# from micrograd_numpy import stepper
#
# stepper(out)

# %% [markdown]
# The engine agrees with your sliders:

# %% tags=["active-ipynb"]
# def gradients_of_weights(x2):
#     w = [Value(-3.0), Value(1.0)]
#     (2.0 * w[0] + x2 * w[1] + bias.data).tanh().backward()
#     return [round(v.grad, 4) for v in w]
#
#
# for number in [0.0, 0.5, 1.0]:
#     print(f"x2 = {number}: the gradients of w1 and w2 are", gradients_of_weights(number))

# %% [markdown]
# At 1, `w2` has woken up, but it gets only a small share of 1: the sum behind `tanh` has grown by `w2`, and up there
# `tanh` is flatter. That flatter slope is a factor of every gradient behind it, so `w1` loses, too.
#
# `stepper` works on a copy. Your own gradients stay as they are:

# %% tags=["active-ipynb"]
# before = [node.grad for node in topological_sort(out)]
# stepper(out)
# print("untouched:", before == [node.grad for node in topological_sort(out)])

# %% [markdown]
# A gradient can also vanish for all weights at once. Here is a gate: `relu` lets a positive sum through and stops a
# negative one. With the values below the sum is −1.

# %% mystnb={"image": {"alt": "The graph of relu(w*x + b) with w = -2, x = 1 and b = 1: the sum is -1, relu gives 0, and every gradient before relu is 0."}} tags=["active-ipynb"]
# def gate(w, x, b):
#     w, x, b = Value(w, label="w"), Value(x, label="x"), Value(b, label="b")
#     y = (w * x + b).relu()
#     y.label = "y"
#     y.backward()
#     return draw_graph(y)
#
#
# gate(-2.0, 1.0, 1.0)

# %% [markdown]
# Run everything down to the folded cell below, and you get three sliders. Move them until the gradients wake up, then
# find out what has to be true for that.

# %% tags=["active-ipynb", "hide-cell", "nbval-ignore-output", "widget"]
# import ipywidgets
#
# ipywidgets.interact(gate, w=(-3.0, 3.0, 0.5), x=(-3.0, 3.0, 0.5), b=(-3.0, 3.0, 0.5))

# %% [markdown]
# ## Files, Graphviz, and limits
#
# `draw_graph(g).save("g.svg")` writes the picture; with `.dot` it writes the text for Graphviz. That text is also short
# enough to read:

# %% tags=["active-ipynb"]
# print(draw_graph(c).dot)

# %% [markdown]
# A picture is for reading. A network that trains has thousands of nodes, and `draw_graph` declines, whatever the size:
# it counts first, without recursion.

# %% tags=["active-ipynb"]
# chain = Value(1.0)
# for _ in range(100_000):
#     chain = chain + 1.0
#
# try:
#     draw_graph(chain)
# except ValueError as error:
#     print(error)

# %% [markdown]
# For a large model, draw a part: one neuron, one sample, one loss. To a list it says:

# %% tags=["active-ipynb"]
# try:
#     draw_graph([a, b])
# except TypeError as error:
#     print(error)

# %% [markdown]
# ## What you can now do
#
# - Draw any expression, before and after `backward()`, and read its gradients along the arrows.
# - See at a glance where a gradient adds up and where it dies.
# - Walk through a small graph one step at a time, forward and backward, with `stepper`.
# - Lay out any graph without cycles: layers, then order, then heights.
# - Show an object of your own in Jupyter with `_repr_svg_`.
#
# ## In PyTorch this is …
#
# … `grad_fn`. A tensor remembers the function that made it, and that function's `next_functions` lead to the ones
# before. There is no picture, but you can walk it. `AccumulateGrad` is PyTorch's leaf.

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     a = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
#     b = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
#     stack = [((a * b + a).grad_fn, 0)]
#     while stack:
#         function, depth = stack.pop()
#         print("    " * depth + function.name().split("::")[-1])
#         stack += [(source, depth + 1) for source, _ in reversed(function.next_functions)]

# %% [markdown]
# The same graph: a sum of a product and a leaf, a product of two leaves. The leaf of `a` is listed twice because this
# walk prints a tree. And `x * x` has two entries, as it should, for one and the same leaf:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
#     first, second = (source for source, _ in (x * x).grad_fn.next_functions)
#     print("two entries, the same leaf:", first is second)

# %% [markdown]
# ## Exercises
#
# Worked and folded, in [Exercises: Seeing the graph](exercises/graph.ipynb):
#
# 1. Sum eight numbers in two ways, and compare the depth of the two graphs.
# 2. Draw a graph with nothing but `print`.
# 3. Count the edges that a set of inputs would lose.
# 4. Find the one wrong node by looking at local derivatives.
#
# ## Check yourself
#
# :::{dropdown} Why the longest path to the root, and not the shortest?
# If `a` is used to make `b`, the longest path from `a` goes on through `b`, so it has at least one step more. Every
# arrow then runs to the right. With the shortest path, `a` and `b` can share a layer.
# :::
#
# :::{dropdown} In the picture, a card has two arrows out. What do you know about its gradient?
# It is a sum of two parts, one for each arrow: the local derivative on the arrow times the gradient at its head.
# :::
#
# :::{dropdown} What is a waypoint for?
# It reserves room for a long edge in a layer that the edge passes, so that the edge does not run through cards.
# :::
#
# :::{dropdown} A leaf shows gradient 0 after `backward()`. Name two reasons.
# Some local derivative on its path is 0, as behind a `relu` that is off or at a weight whose input is 0. Or it has
# several paths, and their parts cancel.
# :::
#
# ## Sources
#
# Layers, waypoints and barycenter sweeps are from {cite:t}`sugiyama1981`. Straight long edges by stronger pull, and the
# language of the `.dot` files, are from {cite:t}`gansner1993`.
