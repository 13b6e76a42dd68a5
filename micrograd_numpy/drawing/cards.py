"""The parts of a drawn graph: a card for each value, and an arrow for each use of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Protocol

from micrograd_numpy.backprop import Node
from micrograd_numpy.drawing.layout import Layout
from micrograd_numpy.drawing.style import BACKWARD, CARD, FORWARD, INK, MUTED
from micrograd_numpy.drawing.svg import BOLD, clipped, shown, tag, text_width

MARGIN = 24.0  # around the picture
ROOM = 34.0  # between layers; all lengths in pixels
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


def operation_sign(op: str) -> str:
    """Say what the badge of an operation shows: × for "*", x³ for "**3", its name for most."""
    signs = {"-": "−", "*": "×", "/": "÷", "neg": "−x", "abs": "|x|", "**": "xʸ", "sigmoid": "σ"}
    if op[:2] == "**" and op != "**":
        raised = op[2:].translate(str.maketrans("-.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"x^{op[2:]}" if any(c.isalpha() for c in op) else f"x{raised}"
    return signs.get(op, clipped(op, 80.0))


class Box:
    """A node as it is drawn: a card, and for an operation a badge on the edge where its inputs arrive."""

    def __init__(self, node: Drawable, down: bool, room: int) -> None:
        self.node, self.down = node, down
        self.label = clipped(node.label or "")
        self.sign = operation_sign(node._op)
        name, ports = (max(24.0, text_width(self.sign, BOLD) + 8), max(24.0, 9.0 * len(node._prev) + 3))
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
        marks += tag("rect", data_part="card", x=x, y=y, width=self.width, height=self.height, rx=7, **style)
        if self.label:
            marks += tag("text", escape(self.label), x=left, y=bottom - 42, font_weight=600)
        for key, number, color, up in (("data", node.data, FORWARD, 26), ("grad", node.grad, BACKWARD, 10)):
            marks += tag("text", key, x=left, y=bottom - up, font_size=10, fill=MUTED)
            marks += tag("text", shown(number), x=right, y=bottom - up, text_anchor="end", fill=color)
        if is_root:
            marks += tag("text", "root", x=right, y=bottom + 14, text_anchor="end", font_size=10, fill=MUTED)
        if node._prev:
            wide, high = self.badge
            # the badge's middle
            x, y = (across, along) if self.down else (along + 12 - wide / 2, across)
            corner = {"x": x - wide / 2, "y": y - high / 2}
            marks += tag("rect", data_part="badge", **corner, width=wide, height=high, rx=12, fill=INK)
            white = {"text_anchor": "middle", "font_weight": "600", "fill": "#ffffff"}
            marks += tag("text", escape(self.sign), x=x, y=y + 4.2, **white)
        return tag("g", marks, data_part="node", data_kind="operation" if node._prev else "leaf")


def place_layers(plan: Layout, boxes: Sequence[Box], notes: Sequence[str]) -> None:
    """Set the layers one after the other, farther apart where edges are steep or carry notes."""
    room = [ROOM] * len(plan.rows)  # before each
    for route, note in zip(plan.routes, notes):
        layer = plan.layers[route[-1]]
        room[layer] = max(room[layer], ROOM + text_width(note, 10))
    for layer, links in enumerate(plan.links, 1):
        steepest = max(abs(plan.y[a] - plan.y[b]) for a, b, _ in links)
        room[layer] = max(room[layer], min(steepest / 6, 160.0))
    for row, before in zip(plan.rows, room):
        cards = [boxes[item] for item in row if item < len(boxes)]
        plan.gates.append(plan.ends[-1] + before if plan.ends else MARGIN)
        plan.ends.append(plan.gates[-1] + max(box.reach for box in cards) + max(box.along for box in cards))
        for box in cards if not cards[0].down else ():
            # cards of a layer are equally wide
            box.along = box.width = max(box.along for box in cards)


def free_place(curve: Sequence[tuple[float, float]], width: float, taken: list[tuple[float, float, float]]) -> None:
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
    for route, port, note in zip(plan.routes, ports, notes):
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
