"""Figures that you can touch: pictures that carry their data, and wake where JavaScript runs.

A `Figure` is a complete picture, an SVG, with the numbers behind it as JSON in its `<metadata>`. Where nothing
runs, on GitHub or on paper, the picture is all there is. A page of the book, or JupyterLab with anywidget,
hands both to `figures.js`, which moves the picture's parts. What it needs to know of calculus, the rules of
`ops.py`, it has in JavaScript too; a test compares the two.
"""

from __future__ import annotations

import ast
import functools
import inspect
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise, takewhile
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, SupportsFloat

from micrograd_numpy import backprop, ops
from micrograd_numpy.graph import FONT, clipped, draw_graph, operation_sign, shown, tag
from micrograd_numpy.mlp import ACTIVATIONS, known
from micrograd_numpy.style import BACKWARD, CARD, FORWARD, INK, MUTED
from micrograd_numpy.value import Value, as_float, what_is

if TYPE_CHECKING:
    from micrograd_numpy.moons import History
    from micrograd_numpy.optimizers import Optimizer

HERE = Path(__file__).parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


# ---------------------------------------------------------------- what all figures are


def plain(x: Any) -> Any:
    """`x` as JSON can hold it: the floats that JSON lacks become their names."""
    if isinstance(x, float):
        return x if math.isfinite(x) else repr(x)
    if isinstance(x, Mapping):
        return {str(key): plain(item) for key, item in x.items()}
    return [plain(item) for item in x] if isinstance(x, (list, tuple)) else x


@functools.cache
def widget_class() -> type[Any] | None:
    """The class of the live figure in Jupyter, or None where anywidget is not installed."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None

    class TouchFigure(anywidget.AnyWidget):
        _esm = HERE / "figures.js"
        _css = HERE / "figures.css"
        kind = traitlets.Unicode().tag(sync=True)
        data = traitlets.Dict().tag(sync=True)
        svg = traitlets.Unicode().tag(sync=True)
        alt = traitlets.Unicode().tag(sync=True)

    return TouchFigure


def in_kernel() -> bool:
    """Whether a Jupyter kernel runs this, so that a widget has a page to live in."""
    ipython = sys.modules.get("IPython")
    return getattr(ipython and ipython.get_ipython(), "kernel", None) is not None


@dataclass(frozen=True)
class Figure:
    """A picture that can be touched. Jupyter and the book show it by themselves.

    Attributes
    ----------
    kind : str
        Which figure of `figures.js` it is: stepper, paths, boundary or neuron.
    alt : str
        What it shows, in words.
    data : dict
        What the live figure needs to know, as JSON can hold it.
    picture : str
        The picture alone, an SVG.
    """

    kind: str
    alt: str
    data: dict[str, Any] = field(repr=False)
    picture: str = field(repr=False)

    @property
    def svg(self) -> str:
        """The picture with its data inside."""
        carried = {"kind": self.kind, "alt": self.alt, "data": self.data}
        text = json.dumps(plain(carried), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        start, end, _ = self.picture.rpartition("</svg>")
        return start + tag("metadata", escape(text, quote=False), data_part="touch") + end

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002  # Jupyter passes them
        """The picture; and in a kernel, where anywidget is installed, the live figure."""
        bundle: dict[str, Any] = {"image/svg+xml": self.svg, "text/plain": repr(self)}
        live = widget_class() if in_kernel() else None
        if live:
            view = live(kind=self.kind, alt=self.alt, data=plain(self.data), svg=self.picture)
            bundle[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
        return bundle

    def save(self, path: str | Path) -> None:
        """Write the picture with its data: any program that shows SVG shows it.

        Raises
        ------
        ValueError
            If `path` does not end in `.svg`.
        """
        if Path(path).suffix.lower() != ".svg":
            raise ValueError(f"a figure is saved as .svg, but got {str(path)!r}: choose that ending")
        Path(path).write_text(self.svg, encoding="utf-8")


# ---------------------------------------------------------------- the stepper

RULES: dict[str, ops.Rule] = {"+": ops.add, "-": ops.sub, "*": ops.mul, "/": ops.div, "**": ops.pow}
RULES |= {
    rule.__name__: rule
    for rule in (ops.neg, ops.abs, ops.exp, ops.log, ops.relu, ops.tanh, ops.sigmoid, ops.dot, ops.total, ops.mean)
}


def made_by(rule: Callable[..., Any], node: Value) -> bool:
    """Whether `rule` gives this node's number and local derivatives, to the last bit."""
    try:
        data, local = rule(*(i.data for i in node._prev))
    except TypeError:  # it takes another number of inputs
        return False
    return repr((data, tuple(local))) == repr((node.data, node._local))


def library_rule(node: Value) -> tuple[str, list[float], ops.Rule] | None:
    """The rule of `ops` that made a node: its name, what it was made with, and itself; None for any other rule."""
    name, made_with, rule = node._op, [], RULES.get(node._op)
    if name[:2] == "**" and not rule:
        try:
            made_with = [float(name[2:])]
        except ValueError:
            return None
        rule = ops.power(*made_with)
    if rule is None or not made_by(rule, node):
        return None
    return "power" if made_with else rule.__name__, made_with, rule


def chosen_names(nodes: Sequence[Value], number: Mapping[Value, int]) -> list[str]:
    """What to call each node: its label, or how it was made if that is short, or v with its number."""
    names: list[str] = []
    for i, node in enumerate(nodes, 1):
        inputs = [names[number[source]] for source in node._prev]
        made = ""
        if len(inputs) == 2 and node._op in {"+", "-", "*", "/", "**"}:
            made = node._op.join(name if name.isidentifier() else f"({name})" for name in inputs)
        elif inputs and node._op.isidentifier():
            made = f"{node._op}({', '.join(inputs)})"
        names.append(clipped(node.label) or (made if 0 < len(made) <= 14 else f"v{i}"))
    return names


def returned(expression: ast.expr | None) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a rule returns: its results as "data", its local derivatives as "grad"."""
    if isinstance(expression, ast.Tuple) and len(expression.elts) == 2:
        yield "data", expression.elts[0]
        yield "grad", expression.elts[1]
    elif isinstance(expression, ast.IfExp):
        yield from returned(expression.body)
        yield from returned(expression.orelse)


def rule_lines(rule: Callable[..., Any]) -> dict[str, Any] | None:
    """The lines of a rule without its docstring, and where they speak of the result and of the derivatives.

    Returns
    -------
    dict or None
        `name` and `arguments`; `lines`; and `marks`, each a line's number, two columns and
        "data" or "grad". None if the source is not at hand, or is no `def`.
    """
    try:
        text = dedent(inspect.getsource(rule))
        function = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError):
        return None
    if not isinstance(function, ast.FunctionDef):
        return None
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    first, lines = (body or function.body)[0].lineno, text.splitlines()
    marked = [mark for step in ast.walk(function) if isinstance(step, ast.Return) for mark in returned(step.value)]
    named = {
        name.id: kind
        for kind, part in marked
        for name in (part.elts if isinstance(part, ast.Tuple) else [part])
        if isinstance(name, ast.Name)
    }
    for step in ast.walk(function):  # what has a name in the last line was computed above it
        if isinstance(step, (ast.Assign, ast.AugAssign)):
            target = step.target if isinstance(step, ast.AugAssign) else step.targets[0]
            if isinstance(target, ast.Name) and target.id in named:
                marked.append((named[target.id], step.value))
    indent = min(step.col_offset for step in function.body)
    marks = []
    for kind, part in marked:
        if part.lineno == part.end_lineno:
            line = lines[part.lineno - 1].encode()  # the tree counts bytes
            start, end = (len(line[:at].decode()) - indent for at in (part.col_offset, part.end_col_offset))
            marks.append([part.lineno - first, start, end, kind])
    arguments = [a.arg for a in function.args.args] + [f"*{a.arg}" for a in [function.args.vararg] if a]
    shown_lines = [line[indent:] for line in lines[first - 1 : function.end_lineno]]
    return {"name": rule.__name__, "arguments": arguments, "lines": shown_lines, "marks": sorted(marks)}


def copied(nodes: Sequence[Value]) -> Value:
    """The last of these nodes again, in a graph of its own."""
    twins: dict[Value, Value] = {}
    for node in nodes:
        twin = twins[node] = Value(node.data, node.label)
        twin._prev, twin._op, twin._local = tuple(twins[i] for i in node._prev), node._op, node._local
    return twins[nodes[-1]]


def stepper(
    root: Value,
    *,
    rules: Iterable[Callable[..., Any]] = (),
    direction: str = "right",
    max_nodes: int = 60,
) -> Figure:
    """The graph of `root`, to go through one step at a time: forward, then backward.

    Each step shows which node is at work, what its rule computes, and what it hands to
    whom. In a page or in JupyterLab you can change the leaves, and everything is computed
    again. Everywhere else it is the picture that `draw_graph` draws after `backward()`.
    `root` and all behind it stay as they are: their gradients are not touched, and those
    in the figure start from 0.

    Parameters
    ----------
    root : Value
        The value to explain.
    rules : iterable of callable, optional
        Rules of your own that made nodes of the graph through `apply`, to have their lines
        shown. The page does not know how to compute them, so their inputs stay as they are.
    direction : {"right", "down"}, optional
        Where the edges run.
    max_nodes : int, optional
        Refuse a graph with more nodes than this: nobody could follow it.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If `root` is not a Value, or `rules` holds something else than functions.
    ValueError
        If there are more than `max_nodes` nodes, or `direction` is another word.

    Examples
    --------
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> stepper(a * b + a)
    Figure(kind='stepper', alt='The graph of (a*b)+a in 4 values, to step through, forward and backward.')
    """
    if not isinstance(root, Value):
        raise TypeError(
            f"stepper shows how one Value was computed, but got {what_is(root)}; give it the Value to explain"
        )
    own = list(rules) if isinstance(rules, Iterable) else [rules]
    for rule in own:
        if not callable(rule):
            raise TypeError(f"rules must be functions, as you gave them to apply, but got {what_is(rule)}")
    nodes = backprop.topological_sort(root)
    if len(nodes) > max_nodes:
        raise ValueError(
            f"this graph has {len(nodes)} nodes, more than max_nodes={max_nodes}: step through one of the values "
            "inside it, or a smaller example, or raise max_nodes to have it anyway"
        )
    number = {node: i for i, node in enumerate(nodes)}
    names = chosen_names(nodes, number)
    sources: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for node, name in zip(nodes, names):
        row: dict[str, Any] = {"name": name, "data": node.data}
        if node._prev:
            known = library_rule(node)
            row |= {"op": node._op, "sign": operation_sign(node._op), "local": node._local}
            row["inputs"] = [number[i] for i in node._prev]
            if known:
                row |= {"rule": known[0], "with": known[1]}
            by = [known[2]] if known else [rule for rule in own if made_by(rule, node)]
            lines = rule_lines(by[0]) if by else None
            if lines and known:
                lines["name"] = f"ops.{known[0]}" + "".join(f"({n:g})" for n in known[1])
            if lines:
                sources += [lines] if lines not in sources else []
                row["source"] = sources.index(lines)
        rows.append(row)
    twin = copied(nodes)
    twin.backward()
    drawing = draw_graph(twin, local_derivatives=True, direction=direction, room=7, max_nodes=len(nodes))
    values = f"{len(nodes)} value{'s' * (len(nodes) != 1)}"
    alt = f"The graph of {names[-1]} in {values}, to step through, forward and backward."
    return Figure("stepper", alt, {"nodes": rows, "sources": sources}, drawing.svg)


# ---------------------------------------------------------------- pictures of a plane

Point = tuple[float, float]
UNIT = 0.5  # lines in a picture's data are whole numbers of half pixels
POSITIVE, NEGATIVE = FORWARD, "#a16207"  # the two sides, in the colors of the moons


@dataclass(frozen=True)
class Plane:
    """A window on the plane, and its place in a picture: lengths in pixels, `y` upward."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: float = 372.0
    height: float = 300.0
    left: float = 40.0
    top: float = 34.0

    def at(self, x: float, y: float) -> Point:
        """Where a point is, from the window's upper left corner."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return across * self.width, (1 - up) * self.height

    def data(self) -> dict[str, Any]:
        """What the live figure needs to know of it."""
        return {
            "x": self.x,
            "y": self.y,
            "width": self.width,
            "height": self.height,
            "left": self.left,
            "top": self.top,
        }

    def window(self, inside: str, heights: Mapping[float, str] | None = None) -> str:
        """A window that shows `inside` and cuts off the rest, with numbers on its edges, or these words at these heights."""
        place = {"x": self.left, "y": self.top, "width": self.width, "height": self.height}
        marks = []
        for x in ticks(*self.x):
            at = self.left + self.at(x, 0.0)[0]
            marks.append(tag("text", shown(x), x=at, y=self.top + self.height + 16, text_anchor="middle"))
        for y, text in (heights or {y: shown(y) for y in ticks(*self.y)}).items():
            at = self.top + self.at(0.0, y)[1]
            marks.append(tag("text", text, x=self.left - 7, y=at + 4, text_anchor="end"))
        frame = tag("rect", **place, fill="none", stroke="#d1d5db", stroke_width=1)
        return (
            tag("g", "".join(marks), fill=MUTED, font_size=11) + tag("svg", inside, data_part="window", **place) + frame
        )


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between `low` and `high`, three to six of them."""
    ten = 10.0 ** math.floor(math.log10(high - low))
    step = next(k * ten for k in (0.2, 0.5, 1.0, 2.0) if (high - low) / (k * ten) < 6)
    return [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def picture(alt: str, title: str, width: float, height: float, *parts: str) -> str:
    """A whole picture: a light card with `title` at the top and `parts` on it; `alt` for those who cannot see it."""
    head = tag("text", escape(title), data_part="title", x=40, y=22, font_size=13, font_weight=600)
    size = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    inside = [tag("rect", width=f"{width:g}", height=f"{height:g}", rx=12, fill=CARD), head, *parts]
    look = {"style": "max-width:100%;height:auto", "font_family": FONT, "font_size": 12, "fill": INK}
    return tag("svg", "\n".join(inside), xmlns="http://www.w3.org/2000/svg", role="img", aria_label=alt, **size, **look)


def contours(grid: Sequence[Sequence[float]], level: float) -> list[list[Point]]:
    """The lines along which a function, known on a grid, has the value `level`: marching squares.

    Parameters
    ----------
    grid : rows of numbers
    level : float

    Returns
    -------
    list of list of (float, float)
        Points as (column, row). A line that is closed ends where it starts.
    """
    # Each crossing lies on one edge of the grid, named by its two corners; each square joins its crossings in pairs.
    joined: dict[Any, list[Any]] = {}
    high = [[v > level for v in row] for row in grid]
    for j, (above, below) in enumerate(pairwise(high)):
        for i in range(len(above) - 1):
            side = above[i], above[i + 1], below[i + 1], below[i]
            if all(side) or not any(side):
                continue
            ring = ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1))
            crossed = [tuple(sorted((ring[k], ring[k - 1]))) for k in range(4) if side[k] != side[k - 1]]
            if len(crossed) == 4 and side[0] == (sum(grid[m][k] for k, m in ring) > 4 * level):
                crossed = crossed[1:] + crossed[:1]  # a saddle: its middle joins the corners that are on its side
            for a, b in zip(crossed[::2], crossed[1::2]):
                joined.setdefault(a, []).append(b)
                joined.setdefault(b, []).append(a)

    def crossing(edge: Any) -> Point:
        (i, j), (k, m) = edge
        share = (level - grid[j][i]) / (grid[m][k] - grid[j][i])
        return i + share * (k - i), j + share * (m - j)

    lines = []
    for start in sorted(joined, key=lambda edge: len(joined[edge])):  # open lines first, from an end
        if joined[start]:
            line, at = [start], start
            while joined[at]:
                after = joined[at].pop()
                joined[after].remove(at)
                line.append(at := after)
            lines.append([crossing(edge) for edge in line])
    return lines


def simplified(line: Sequence[tuple[int, int]], most: float = 1.0) -> list[tuple[int, int]]:
    """`line` with fewer points, none of those left out farther than `most` from it: Douglas and Peucker's way."""
    keep, parts = {0, len(line) - 1}, [(0, len(line) - 1)]
    while parts:
        start, end = parts.pop()
        (x, y), (x2, y2) = line[start], line[end]
        length = math.hypot(x2 - x, y2 - y)
        inner = [(a - x, b - y) for a, b in line[start + 1 : end]]
        off = [abs(a * (y2 - y) - b * (x2 - x)) / length if length else math.hypot(a, b) for a, b in inner]
        if off and max(off) > most:
            far = start + 1 + off.index(max(off))
            keep.add(far)
            parts += [(start, far), (far, end)]
    return [line[k] for k in sorted(keep)]


def whole(points: Iterable[Point]) -> list[tuple[int, int]]:
    """Points in pixels as whole numbers of half pixels: here the last bits of a float stop counting."""
    return [(round(x / UNIT), round(y / UNIT)) for x, y in points]


def steps_of(points: Sequence[tuple[int, int]]) -> list[int]:
    """The first point, and then how far each is from the one before: small numbers, which pack well."""
    return [*points[0], *(n for (x, y), (x2, y2) in pairwise(points) for n in (x2 - x, y2 - y))]


def path_text(steps: Sequence[int]) -> str:
    """The same as SVG writes it."""
    return f"M{steps[0]} {steps[1]}l{' '.join(map(str, steps[2:]))}" if len(steps) > 2 else ""


def dots_text(steps: Sequence[int]) -> str:
    """The points alone, for a broad round pen."""
    return f"M{steps[0]} {steps[1]}h0" + "".join(f"m{a} {b}h0" for a, b in zip(steps[2::2], steps[3::2]))


def outlines(plane: Plane, grid: Sequence[Sequence[float]], level: float) -> str:
    """The contour lines of a function as one SVG path in half pixels; the grid covers the window evenly."""
    across, up = plane.width / (len(grid[0]) - 1), plane.height / (len(grid) - 1)
    lines = ([(i * across, j * up) for i, j in line] for line in contours(grid, level))
    return "".join(path_text(steps_of(simplified(whole(line)))) for line in lines)


def region(plane: Plane, grid: Sequence[Sequence[float]]) -> str:
    """Where a function is positive, as one SVG path in half pixels; the grid has one more point on each side of the window."""
    beyond = [-1e300]  # the region ends there, out of sight, so that each of its outlines is closed
    wall = beyond * (len(grid[0]) + 2)
    closed = [wall, *([*beyond, *row, *beyond] for row in grid), wall]
    across, up = plane.width / (len(grid[0]) - 3), plane.height / (len(grid) - 3)
    lines = ([((i - 2) * across, (j - 2) * up) for i, j in line] for line in contours(closed, 0.0))
    return "".join(path_text(steps_of(simplified(whole(line)))) + "z" for line in lines)


def evenly(low: float, high: float, n: int) -> list[float]:
    """`n` numbers from `low` to `high`, equally far apart."""
    return [low + (high - low) * i / (n - 1) for i in range(n)]


# ---------------------------------------------------------------- paths


def followed(plane: Plane, points: Iterable[Sequence[float]]) -> list[int]:
    """A path in half pixels; what flies off is followed until it is far outside, where nobody sees it."""
    near = takewhile(lambda point: all(abs(n) < 2000 for n in point), (plane.at(*point) for point in points))
    return steps_of(whole(near))


RATES = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.075, 0.079, 0.081, 0.1, 0.125, 0.15, 0.155, 0.2, 0.3, 0.5)
MOMENTA = (0.0, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 0.95)


def paths_figure(
    f: Callable[..., Value],
    optimizers: Mapping[str, Callable[[float, float], Callable[[list[Value]], Optimizer]]],
    start: Sequence[float],
    x: tuple[float, float],
    y: tuple[float, float],
    *,
    rates: Sequence[float] = RATES,
    momenta: Sequence[float] = MOMENTA,
    first: tuple[float, float] = (0.1, 0.45),
    steps: int = 40,
) -> Figure:
    """The paths of optimizers on a function's contour lines, with a slider for the learning rate and the momentum.

    Every path is walked here, by `path` of the optimizers' chapter; the figure only shows them.

    Parameters
    ----------
    f : callable
        A function of two Values, made of operations alone.
    optimizers : mapping of str to callable
        For each name a function of a learning rate and a momentum that returns a maker of
        optimizers, as `path` takes it.
    start : sequence of float
        Where the paths start.
    x, y : tuple of float
        The window: its left and right, its bottom and top.
    rates, momenta : sequence of float
        What the sliders choose from.
    first : tuple of float
        The learning rate and the momentum of the picture; each one of those.
    steps : int
        How many steps to take.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no optimizers, the first choice is not among the others, or the start is not in the window.
    """
    from micrograd_numpy.optimizers import path

    if not optimizers:
        raise ValueError("paths_figure needs at least one optimizer, by name: {'SGD': lambda lr, momentum: ...}")
    for name, number, among in (("learning rate", first[0], rates), ("momentum", first[1], momenta)):
        if number not in among:
            raise ValueError(f"the first {name} must be one of those to choose from, {list(among)}, but got {number!r}")
    if not (x[0] <= start[0] <= x[1] and y[0] <= start[1] <= y[1]):
        raise ValueError(
            f"the start {tuple(start)} lies outside the window, x from {x[0]} to {x[1]} and y from {y[0]} to {y[1]}; make it wider"
        )
    plane = Plane(x, y)
    walks: list[dict[str, Any]] = []
    for make in optimizers.values():
        for lr in rates:
            for momentum in momenta:
                points = path(f, make(lr, momentum), start, steps)
                height = f(*(Value(p) for p in points[-1])).data
                walks.append({"points": followed(plane, points), "height": float(f"{height:.2g}")})
    chosen = [list(rates).index(first[0]), list(momenta).index(first[1])]
    walk = walks[chosen[0] * len(momenta) + chosen[1]]
    heights = [[f(Value(a), Value(b)).data for a in evenly(*x, 91)] for b in evenly(*y[::-1], 73)]
    low, top = min(map(min, heights)), max(map(max, heights))
    levels = [low + (top - low) * 1e-3 ** (1 - k / 10) for k in range(10)]  # closer together near the bottom
    lines = "".join(outlines(plane, heights, level) for level in levels)
    inside = tag("path", d=lines, fill="none", stroke=FORWARD, stroke_width=1.6, stroke_opacity=0.5)
    drawn = {"fill": "none", "stroke": BACKWARD, "stroke_linecap": "round", "stroke_linejoin": "round"}
    inside += tag("path", data_part="path", d=path_text(walk["points"]), **drawn, stroke_width=2.6)
    inside += tag("path", data_part="dots", d=dots_text(walk["points"]), **drawn, stroke_width=8)
    inside += tag("path", d=f"M{walk['points'][0]} {walk['points'][1]}m-7 -7h14v14h-14z", fill=INK)
    title = (
        f"{next(iter(optimizers))}, lr {shown(first[0])}, momentum {shown(first[1])}: height {shown(walk['height'])}"
    )
    alt = f"Paths of {' and '.join(optimizers)} on the contour lines of a function: choose learning rate and momentum."
    image = picture(alt, title, 420, 364, plane.window(tag("g", inside, transform=f"scale({UNIT:g})")))
    data: dict[str, Any] = {
        "height": f(*(Value(p) for p in start)).data,
        "optimizers": list(optimizers),
        "rates": rates,
        "momenta": momenta,
    }
    data |= {"steps": steps, "first": chosen, "walks": walks}
    return Figure("paths", alt, data, image)


# ---------------------------------------------------------------- a boundary that bends


def boundary_figure(
    model: Any,
    X: Iterable[Iterable[SupportsFloat]],
    y: Iterable[SupportsFloat],
    history: History,
    *,
    resolution: int = 56,
    vectorized: bool = False,
    threshold: float | None = None,
) -> Figure:
    """The regions that a model saw while it was trained, with a slider over the epochs, its loss and its accuracy.

    Parameters
    ----------
    model : Module
        The model that was trained, or one of the same sizes. It is left as it was.
    X, y : rows of two numbers, and their labels
        The samples, as for `train`.
    history : History
        What `train` returned, with snapshots of the epochs to show: `keep=range(100)`.
    resolution : int
        The model is asked at resolution × resolution points for each epoch.
    vectorized : bool
        Whether to ask it for all points at once, with `vectorize`: much faster.
    threshold : float, optional
        The score on the boundary, as for `accuracy`.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no snapshots with a loss, or the samples are not of two numbers.
    """
    from micrograd_numpy.moons import agrees, as_samples, centered, expect_classes, grid_line

    X, y = as_samples(X, y)
    expect_classes(y)
    if len(X[0]) != 2:
        raise ValueError(
            f"a boundary is drawn in the plane, but the samples have {len(X[0])} numbers; pick two columns"
        )
    epochs = sorted(epoch for epoch in history.snapshots if epoch < len(history.losses))
    if not epochs:
        raise ValueError("the history holds no snapshots to show: give train keep=range(epochs)")
    lines = [grid_line([row[i] for row in X], 2) for i in (0, 1)]
    (left, right), (bottom, top) = lines
    plane = Plane((left, right), (bottom, top), height=round(372 * (top - bottom) / (right - left)))
    # One row and column more on each side, out of sight: there the regions are closed.
    columns = evenly(left - (right - left) / resolution, right + (right - left) / resolution, resolution + 3)
    rows = evenly(top + (top - bottom) / resolution, bottom - (top - bottom) / resolution, resolution + 3)
    losses = history.losses
    if not all(map(math.isfinite, losses)):
        raise ValueError(
            "the history holds a loss that is no finite number, so its curve cannot be drawn; "
            "train with a smaller learning rate"
        )
    scale = math.log10 if min(losses) > 0.0 else float  # as plot_loss_curve does
    heights = [scale(loss) for loss in losses]
    low, high = min(heights), max(heights)
    room = 0.1 * (high - low) or 1.0
    curve = Plane((0, max(1, len(losses) - 1)), (low - room, high + room), height=60, top=plane.top + plane.height + 42)
    points = [*X, *((a, b) for b in rows for a in columns)]
    snapshots = [history.snapshots[epoch] for epoch in epochs]
    frames: list[dict[str, Any]] = []
    for epoch, answers in zip(epochs, scores_at(model, snapshots, points, vectorized)):
        scores = centered(answers, y, threshold)
        right = sum(map(agrees, scores, y)) / len(y)
        frame: dict[str, Any] = {"epoch": epoch, "right": f"{right:.0%}", "loss": float(f"{losses[epoch]:.4g}")}
        grid = [scores[k : k + len(columns)] for k in range(len(X), len(scores), len(columns))]
        frame["region"] = region(plane, grid)
        frame["dot"] = whole([curve.at(epoch, heights[epoch])])[0]
        frames.append(frame)
    last = frames[-1]
    inside = tag("rect", width=plane.width / UNIT, height=plane.height / UNIT, fill="#eee6d7")  # the tints of
    look = {"fill": "#dce5ee", "fill_rule": "evenodd", "stroke": INK, "stroke_width": 3}  # plot_decision_boundary
    inside += tag("path", data_part="region", d=last["region"], **look)
    for labels, color, shape in (
        ({1.0}, POSITIVE, "m-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0"),
        ({-1.0, 0.0}, NEGATIVE, "m-8 6h16l-8 -14z"),
    ):
        places = (plane.at(*row) for row, label in zip(X, y) if label in labels)
        d = "".join(f"M{a} {b}{shape}" for a, b in whole(places))
        inside += tag("path", d=d, fill=color, stroke=CARD, stroke_width=1.2)
    line = path_text(steps_of(whole(curve.at(k, height) for k, height in enumerate(heights))))
    below = tag("path", d=line, fill="none", stroke=MUTED, stroke_width=2.4, stroke_linejoin="round")
    below += tag("circle", data_part="dot", cx=last["dot"][0], cy=last["dot"][1], r=9, fill=BACKWARD)
    scaled = {"transform": f"scale({UNIT:g})"}
    alt = f"The regions that a model saw in epochs {epochs[0]} to {epochs[-1]} of its training, with its accuracy and its loss."
    parts = [
        plane.window(tag("g", inside, **scaled)),
        curve.window(tag("g", below, **scaled), {low: f"{min(losses):.2g}", high: f"{max(losses):.2g}"}),
    ]
    parts.append(tag("text", "loss at each epoch", x=plane.left, y=curve.top - 7, fill=MUTED, font_size=11))
    image = picture(alt, frame_title(last), 420, curve.top + curve.height + 30, *parts)
    return Figure("boundary", alt, {"frames": frames}, image)


def scores_at(
    model: Any, snapshots: Sequence[Mapping[str, float]], points: Sequence[Any], vectorized: bool
) -> list[list[float]]:
    """The model's scores for some points, as it was at each snapshot; it is left as it was."""
    from micrograd_numpy.moons import predict
    from micrograd_numpy.vectorize import vectorize

    asked = vectorize(model) if vectorized else model
    before = model.state_dict()
    answers = []
    try:
        for snapshot in snapshots:
            model.load_state_dict(snapshot)
            answers.append(predict(asked, points))
    finally:
        model.load_state_dict(before)
    return answers


def frame_title(frame: Mapping[str, Any]) -> str:
    """What stands above the picture of one epoch."""
    return f"epoch {frame['epoch']}: {frame['right']} right, loss {shown(frame['loss'])}"


# ---------------------------------------------------------------- a neuron

SPAN = 3.0  # the neuron's plane goes from −3 to 3, both ways
STOPS = 40  # of the gradient that paints its output
STRONGEST = {"relu": 4.0, "linear": 4.0}  # the output with the full color; 1 for the others
POINT = (1.0, 1.0)  # where its output is spelled out


def neuron_shades(w1: float, w2: float, bias: float, activation: str) -> list[list[float]]:
    """The neuron's output along its arrow, from one end of the plane to the other.

    Returns
    -------
    list of [z, output]
        Evenly spaced in z = w1·x1 + w2·x2 + bias, and at z = 0, where a relu has its corner.
    """
    bend, _ = ACTIVATIONS[activation]
    most = SPAN * (abs(w1) + abs(w2))
    zs = evenly(bias - most, bias + most, STOPS + 1)
    return [[z, bend(Value(z)).data] for z in sorted({*zs, *([0.0] if -most < bias < most else [])})]


def neuron_figure(w1: float, w2: float, bias: float, activation: str = "tanh") -> Figure:
    """The neuron activation(w1·x1 + w2·x2 + bias) as the line that it draws in the plane, with a slider for each knob.

    Parameters
    ----------
    w1, w2, bias : float
        What to start from.
    activation : str, optional
        A name in `ACTIVATIONS`; the figure offers the others, too.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If a knob is not one real number.
    ValueError
        If it is infinite or nan, or the activation is unknown.
    """
    known(activation)
    w1, w2, bias = as_float(w1), as_float(w2), as_float(bias)
    if not all(map(math.isfinite, (w1, w2, bias))):
        raise ValueError(f"a line needs finite numbers, but got w1={w1!r}, w2={w2!r} and bias={bias!r}")
    plane = Plane((-SPAN, SPAN), (-SPAN, SPAN), width=330, height=330)
    shades = neuron_shades(w1, w2, bias, activation)
    strongest = STRONGEST.get(activation, 1.0)
    stops = ""
    for z, out in shades:
        offset = (z - shades[0][0]) / (shades[-1][0] - shades[0][0] or 1.0)
        opacity = f"{0.8 * min(1.0, abs(out) / strongest):.3f}"
        for color in [NEGATIVE] * (out <= 0.0) + [POSITIVE] * (out >= 0.0):  # at 0, from one to the other
            stops += tag("stop", offset=f"{offset:.4f}", stop_color=color, stop_opacity=opacity)
    length = w1 * w1 + w2 * w2
    along = [n / length if length else 0.0 for n in (w1, w2)]
    foot = [-bias * n for n in along]
    (x1, y1), (x2, y2) = (plane.at(*(n * (z - bias) for n in along)) for z, _ in (shades[0], shades[-1]))
    inside = tag("linearGradient", stops, id="shade", gradientUnits="userSpaceOnUse", x1=x1, y1=y1, x2=x2, y2=y2)
    inside += tag("rect", width=plane.width, height=plane.height, fill="url(#shade)")
    reach, size = 20.0, math.sqrt(length) or 1.0
    ends = [plane.at(foot[0] - side * w2 / size, foot[1] + side * w1 / size) for side in (-reach, reach)]
    pen = {"fill": "none", "stroke_width": 2, "visibility": "visible" if length else "hidden"}
    inside += tag("path", data_part="line", d=segment(*ends), stroke=FORWARD, **pen)
    inside += tag(
        "path",
        data_part="arrow",
        d=arrow(plane.at(*foot), plane.at(foot[0] + w1, foot[1] + w2)),
        stroke=BACKWARD,
        **pen,
    )
    at = plane.at(*POINT)
    inside += tag("circle", data_part="point", cx=at[0], cy=at[1], r=6, fill=INK, stroke=CARD, stroke_width=2)
    axes = tag("text", "x₁", x=plane.left + plane.width, y=plane.top + plane.height + 16, text_anchor="end", fill=MUTED)
    axes += tag("text", "x₂", x=plane.left - 7, y=plane.top + 10, text_anchor="end", fill=MUTED)
    alt = "The plane of a neuron's two inputs, shaded by its output, with its line and the arrow of its weights."
    image = picture(alt, neuron_title(w1, w2, bias, activation), 380, 394, plane.window(inside), axes)
    data = {"weights": [w1, w2], "bias": bias, "activation": activation, "activations": list(ACTIVATIONS)}
    data |= {
        "plane": plane.data(),
        "point": POINT,
        "stops": STOPS,
        "strongest": STRONGEST,
        "colors": [POSITIVE, NEGATIVE],
    }
    return Figure("neuron", alt, data, image)


def segment(a: Point, b: Point) -> str:
    """A straight line, as SVG writes it."""
    return f"M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}"


def arrow(a: Point, b: Point) -> str:
    """A line with a head at `b`."""
    length = math.hypot(b[0] - a[0], b[1] - a[1]) or 1.0
    u, v = 9 * (b[0] - a[0]) / length, 9 * (b[1] - a[1]) / length
    return segment(a, b) + "".join(
        f"M{b[0]:.1f} {b[1]:.1f}l{-u - side * v:.1f} {-v + side * u:.1f}" for side in (-0.5, 0.5)
    )


def neuron_title(w1: float, w2: float, bias: float, activation: str) -> str:
    """The neuron as a formula."""
    terms = f"{shown(w1)}·x₁ {signed(w2)}·x₂ {signed(bias)}"
    return f"{terms}" if activation == "linear" else f"{activation}({terms})"


def signed(x: float) -> str:
    """A number as a term of a sum."""
    return shown(x).replace("−", "− ", 1) if x < 0 else f"+ {shown(x)}"
