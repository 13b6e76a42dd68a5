"""Write the programs that replay a recipe: straight lines of NumPy, or of plain Python floats.

The passes of `vectorize` decide what is computed together and where it lies; this module writes it down.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from micrograd_numpy import ops
from micrograd_numpy.losses import cross_entropy, logit_cross_entropy
from micrograd_numpy.guards.numbers import what_is

if TYPE_CHECKING:
    from micrograd_numpy.vectorize import Group, Layout, Node, Part, Recipe, Table

# ---------------------------------------------------------------- rules in NumPy

# Each rule in NumPy: the statements that compute the result o from the inputs a and b, and for each
# input those that compute its local derivative, into s or as a mask into m; "o" is the result itself.
FORMS: dict[Any, tuple[str, tuple[str, ...]]] = {
    ops.exp: ("np.exp(a, out=o)", ("o",)),
    ops.log: ("np.log(a, out=o)", ("np.divide(1.0, a, out=s)",)),
    ops.relu: ("np.maximum(a, 0.0, out=o)", ("np.not_equal(o, 0.0, out=m)",)),
    ops.abs: (  # with no slope at nan, as PyTorch has it
        "np.absolute(a, out=o)",
        ("np.sign(a, out=s); np.copyto(s, 0.0, where=np.isnan(s))",),
    ),
    ops.tanh: ("np.tanh(a, out=o)", ("np.multiply(o, o, out=s); np.subtract(1.0, s, out=s)",)),
    ops.sigmoid: (
        "np.negative(a, out=o); np.exp(o, out=o); np.add(1.0, o, out=o); np.divide(1.0, o, out=o)",
        ("np.subtract(1.0, o, out=s); np.multiply(o, s, out=s)",),
    ),
    ops.div: (
        "np.divide(a, b, out=o)",
        ("np.divide(1.0, b, out=s)", "np.divide(o, b, out=s); np.negative(s, out=s)"),
    ),
    ops.pow: (  # float_power, because power takes a root where b is 0.5 throughout: see form_of
        "np.float_power(a, b, out=o)",
        (
            (
                "np.subtract(b, 1.0, out=s); np.float_power(a, s, out=s); np.multiply(b, s, out=s); "
                "np.copyto(s, 0.0, where=b == 0.0)"
            ),
            "np.log(a, out=s); np.multiply(o, s, out=s); np.copyto(s, 0.0, where=(a == 0.0) & (b >= 0.0))",
        ),
    ),
}


def same_rule(rule: ops.Rule | None) -> Any:
    """What is equal for rules that do the same: `power(n)` makes a new one each time."""
    return rule if exponent(rule) is None else exponent(rule)


def exponent(rule: ops.Rule | None) -> float | None:
    """The n of a rule that `power(n)` made."""
    if getattr(rule, "__qualname__", "") != "power.<locals>.rule":
        return None
    cells: Any = getattr(rule, "__closure__", None)
    n: float = cells[0].cell_contents  # it has one variable
    return n


def form_of(rule: ops.Rule | None) -> tuple[str, tuple[str, ...]] | None:
    """The NumPy statements of a rule; None if it is not one of the engine's."""
    n = exponent(rule)
    if n is None:
        return FORMS.get(rule)
    if n == 2.0:
        return "np.multiply(a, a, out=o)", ("np.multiply(2.0, a, out=s)",)
    # where the exponent is 0.5 throughout, np.power takes a root: nan at -inf, where IEEE 754's pow has inf
    power = "np.float_power" if n in {0.5, 1.5} else "np.power"
    slope = f"{power}(a, {text(n - 1.0)}, out=s); np.multiply({text(n)}, s, out=s)" if n else "0.0"
    return f"{power}(a, {text(n)}, out=o)", (slope,)


def text(x: float) -> str:
    """`x` in a NumPy program."""
    return {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"}.get(repr(x), repr(x))


def literal(table: Table) -> str | None:
    """The number in a table, if it is one and the same constant."""
    numbers = {text(node.number) if node.constant else "" for row in table for node in row}
    return numbers.pop() or None if len(numbers) == 1 else None


@dataclass(frozen=True)
class Access:
    """Where the numbers of a table lie. An even pattern is a view of memory; any other must be gathered."""

    wide: bool
    places: tuple[tuple[int, ...], ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the table."""
        return len(self.places), len(self.places[0])

    @property
    def steps(self) -> tuple[int, int]:
        """From row to row, and from column to column."""
        m, k = self.shape
        start = self.places[0][0]
        return (self.places[1][0] - start if m > 1 else 0), (self.places[0][1] - start if k > 1 else 0)

    @property
    def even(self) -> bool:
        """Whether all steps are alike."""
        (down, right), start = self.steps, self.places[0][0]
        return all(
            place == start + i * down + j * right for i, row in enumerate(self.places) for j, place in enumerate(row)
        )

    @property
    def packed(self) -> bool:
        """Whether the places follow each other without a gap."""
        places = [place for row in self.places for place in row]
        return places == list(range(places[0], places[0] + len(places)))

    @property
    def repeats(self) -> tuple[int, ...]:
        """The axes along which the same places come again and again."""
        return tuple(axis for axis in (0, 1) if self.shape[axis] > 1 and self.steps[axis] == 0)

    @property
    def simple(self) -> bool:
        """Whether no place comes twice, but along a whole axis: only then can gradients be added up in a view."""
        m, k = (1 if axis in self.repeats else self.shape[axis] for axis in (0, 1))
        return self.even and len({place for row in self.places for place in row}) == m * k


class ArrayProgram:
    """The straight line of NumPy statements that replays a recipe, forward and backward.

    Parameters
    ----------
    recipe : Recipe
    nodes : list of Node
        What is left of its steps after `fuse`.
    groups : list of Group
        The same, grouped.
    layout : Layout
        Where their numbers lie.
    """

    def __init__(self, recipe: Recipe, nodes: list[Node], groups: list[Group], layout: Layout) -> None:
        self.recipe, self.nodes, self.groups, self.layout = recipe, nodes, groups, layout
        self.names: dict[Any, str] = {}  # of views and buffers
        self.prelude: dict[str, str] = {}  # their definitions
        self.labels: dict[Access, str] = {}
        self.taken = {"S", "dS", "Z", "dZ", "n", "np", "bool", "strided", "forward", "backward"}
        self.counts: dict[str, Iterator[int]] = {}  # by the beginning of a name
        self.indices: dict[str, Any] = {}  # places that have to be gathered
        self.rules: dict[str, tuple[ops.Rule, int]] = {}  # of the user's own, and how many inputs they take
        self.forward: list[str] = []
        self.backward: list[str] = []
        self.reached: set[tuple[bool, int]] = set()  # gradients that have something in them
        self.zeroed: set[tuple[bool, int]] = set()  # gradients that must begin at zero
        self.slopes: dict[Group, str] = {}
        self.write()

    def write(self) -> None:
        """Write all statements."""
        for nodes, name in zip(self.recipe.arguments, self.recipe.names):
            self.label([[node] for node in nodes], name)
        for g in self.groups:
            self.label(g.column, "h" if g.wide else "c")
            (self.operate if g.rule else self.add_up)(g)
        self.reached |= {(node.wide, self.layout.place[node]) for node in self.recipe.results}
        for g in reversed(self.groups):
            if g.active:
                (self.operate_back if g.rule else self.add_up_back)(g)
        self.zeroed |= {(False, self.layout.place[node]) for node in self.layout.parameters} - self.reached
        for wide, array in ((True, "dZ"), (False, "dS")):
            places = sorted(place for w, place in self.zeroed if w is wide)
            if places:
                self.backward.insert(0, f"{array}[{self.index(places)}] = 0.0")

    def access(self, table: Table) -> Access:
        """Where the numbers of a table lie."""
        place = self.layout.place
        return Access(table[0][0].wide, tuple(tuple(place[node] for node in row) for row in table))

    # ---- names

    def new(self, stem: str) -> str:
        """The next name that begins with `stem` and is not taken."""
        numbers = self.counts.setdefault(stem, count(1))
        while (name := f"{stem}{next(numbers)}") in self.taken:
            pass
        self.taken.add(name)
        return name

    def label(self, table: Table, stem: str) -> str:
        """What the numbers of a table are called; a new name, if they have none."""
        access = self.access(table)
        if access not in self.labels:
            given = len(stem) > 1 or stem in self.recipe.names
            self.labels[access] = stem if given and stem not in self.taken else self.new(stem)
            self.taken.add(self.labels[access])
        return self.labels[access]

    def define(self, key: Any, stem: str, definition: str) -> str:
        """The name of a view or a buffer, defined before the statements."""
        if key not in self.names:
            name = stem if self.prelude.get(stem, definition) == definition else self.new(stem)
            self.taken.add(name)
            self.prelude[name] = definition
            self.names[key] = name
        return self.names[key]

    def index(self, places: Any) -> str:
        """Places as NumPy indexes them: a slice if they lie in a row, else the name of an array."""
        if isinstance(places, list) and places == list(range(places[0], places[-1] + 1)):
            return f"{places[0]}:{places[-1] + 1}"
        name = self.new("i")
        self.indices[name] = places
        return name

    def buffer(self, stem: str, shape: str) -> str:
        """Room for results that are needed for a moment only."""
        kind = ", bool" if stem == "m" else ""
        name = self.names.get((stem, shape)) or self.new(stem)
        return self.define((stem, shape), name, f"np.empty({shape}{kind})")

    # ---- views
    #
    # A table of m rows and k columns is read in one of three forms:
    #   column   (m, n) or, with one number for all samples, (m, 1); k is 1
    #   matrix   (m, k); only with one number for all samples
    #   block    (m, k, n) or (m, k, 1)

    def view(self, access: Access, form: str, d: str = "") -> str:
        """The numbers of an even table, or with d="d" their gradients, which are one for all that repeat."""
        (m, k), (down, right), start = access.shape, access.steps, access.places[0][0]
        array = d + ("Z" if access.wide else "S")
        if d:
            m, k = (1 if axis in access.repeats else size for axis, size in enumerate((m, k)))
        elif form == "column" and not down:
            m = 1
        if access not in self.labels:
            above = replace(access, places=access.places[:-1])
            ones = access.wide and access.places[-1][0] in self.layout.ones and above in self.labels
            self.labels[access] = f"{self.labels[above]}_1" if ones else self.new("a")
        stem = d + self.labels[access] + ("k" if form == "block" else "")
        if form == "column" and (m == 1 or down > 0):
            step = f":{down}" if m > 1 and down > 1 else ""
            cut = f"{start}:{start + (m - 1) * down + 1}{step}"
            definition = f"{array}[{cut}]" if access.wide else f"{array}[{cut}, None]"
        elif form == "matrix" and (k == 1 or right == 1) and (m == 1 or down == k):
            definition = f"{array}[{start}:{start + m * k}].reshape({m}, {k})"
        else:
            shape, steps = ((m,), (down,)) if form == "column" else ((m, k), (down, right))
            definition = f"strided({array}, {start}, {shape}, {steps})"
            if not access.wide and form != "matrix":
                definition += "[..., None]"
        return self.define((access, form, d), stem, definition)

    def read(self, table: Table, form: str) -> str:
        """The numbers of a table: a view, or gathered anew in each forward pass."""
        access = self.access(table)
        if access.even:
            return self.view(access, form)
        if (access, form) not in self.names:
            m, k = access.shape
            shape = f"({m}" if form == "column" else f"({m}, {k}"
            shape += ", n)" if access.wide else ")" if form == "matrix" else ", 1)"
            places = self.index([row[0] for row in access.places] if form == "column" else access.places)
            name = self.define((access, form), self.new("g"), f"np.empty({shape})")
            source = "Z" if access.wide else "S" if form == "matrix" else "S[:, None]"
            self.forward.append(f"np.take({source}, {places}, axis=0, out={name}, mode='clip')")
        return self.names[access, form]

    def shape(self, g: Group, k: int = 1) -> str:
        """The shape of what a group computes from parts of width k."""
        if k == 1:
            return f"({len(g.members)}, {'n' if g.wide else 1})"
        return f"({len(g.members)}, {k}, n)" if g.wide else f"({len(g.members)}, {k})"

    def form(self, g: Group, part: Part) -> str:
        """The form in which a group reads a part that is no matrix product."""
        return "column" if part.width == 1 else "block" if g.wide else "matrix"

    def operand(self, table: Table, form: str) -> str:
        """One side of a part; a number, if it is the same throughout."""
        return (form == "column" and literal(table)) or self.read(table, form)

    # ---- forward

    def add_up(self, g: Group) -> None:
        """Compute a group of sums, part by part."""
        out, so_far = self.view(self.access(g.column), "column"), ""
        for part in sorted(g.parts, key=lambda p: (p.sign < 0, p.matrix, p.b is not None)):
            more = self.part(g, part, self.buffer("t", self.shape(g)) if so_far == out else out)
            if so_far:
                self.forward.append(f"np.{'add' if part.sign > 0 else 'subtract'}({so_far}, {more}, out={out})")
                so_far = out
            elif part.sign < 0:
                self.forward.append(f"np.negative({more}, out={out})")
                so_far = out
            else:
                so_far = more
        if so_far != out:
            self.forward.append(f"np.copyto({out}, {so_far})")

    def part(self, g: Group, part: Part, out: str) -> str:
        """Compute the sum of a part into `out`, or return the name under which it lies ready."""
        if part.matrix and part.b:
            self.label(part.a, "w")
            product = "multiply" if part.width == 1 else "dot"
            self.forward.append(
                f"np.{product}({self.read(part.a, 'matrix')}, {self.read(part.b, 'column')}, out={out})"
            )
            return out
        form = self.form(g, part)
        a = self.operand(part.a, form)
        if part.b is None and part.width == 1:
            return a
        along = "axis=1" if g.wide else "axis=1, keepdims=True"
        if part.b is None:
            self.forward.append(f"np.add.reduce({a}, {along}, out={out})")
            return out
        b = self.operand(part.b, form)
        if part.width == 1:
            self.forward.append(f"np.multiply({a}, {b}, out={out})")
        elif form == "matrix" and len(g.members) == 1:
            self.forward.append(f"np.dot({a}, {b}.T, out={out})")
        else:
            products = self.buffer("t", self.shape(g, part.width))
            self.forward.append(f"np.multiply({a}, {b}, out={products})")
            self.forward.append(f"np.add.reduce({products}, {along}, out={out})")
        return out

    def dot(self, wide: bool, *sizes: int) -> str:
        """What multiplies two matrices; one may be a single number if a size is 1, and n is 1, too, or counts for nothing.

        `np.dot` takes such a matrix for a factor, and a factor of 0 makes 0 of nan.
        """
        if 1 not in sizes:
            return "np.dot"
        return self.define("dot", "dot", "np.dot if n > 1 else np.matmul") if wide else "np.matmul"

    def operate(self, g: Group) -> None:
        """Compute a group of operations of one rule."""
        out, form = self.view(self.access(g.column), "column"), form_of(g.rule)
        if form:
            self.forward += fill(form[0], o=out, **self.sides(g))
            return
        name = self.new("rule")
        self.rules[name] = g.rule or ops.add, len(g.parts)
        self.slopes[g] = self.new("slopes")
        inputs = ", ".join(self.read(part.a, "column") for part in g.parts)
        self.forward.append(f"{out}[...], {self.slopes[g]} = {name}({inputs})")

    def sides(self, g: Group) -> dict[str, str]:
        """The inputs of an operation, by the letters that they have in `FORMS`."""
        return {letter: self.operand(part.a, "column") for letter, part in zip("ab", g.parts)}

    # ---- backward

    def add_up_back(self, g: Group) -> None:
        """Send the gradient of a group of sums to all of their terms."""
        grad = self.view(self.access(g.column), "column", "d")
        for part in g.parts:
            if part.matrix and part.b:
                w, x = self.read(part.a, "matrix"), self.read(part.b, "column")
                wide, rows = part.b[0][0].wide, len(g.members)
                dot = self.dot(wide, rows, part.width)
                self.send(part.a, "matrix", part.sign, f"({rows}, {part.width})", f"{dot}({grad}, {x}.T, out={{out}})")
                full = f"({part.width}, {'n' if wide else 1})"
                self.send(part.b, "column", part.sign, full, f"{self.dot(wide, rows)}({w}.T, {grad}, out={{out}})")
                continue
            form, full = self.form(g, part), self.shape(g, part.width)
            up = f"{grad}[:, None]" if form == "block" else grad
            if part.b is None:
                self.send(part.a, form, part.sign, full, up)
            elif part.a == part.b:
                twice = f"np.multiply({up}, {self.operand(part.a, form)}, out={{out}}); np.add({{out}}, {{out}}, out={{out}})"
                self.send(part.a, form, part.sign, full, twice)
            else:
                self.send(
                    part.a, form, part.sign, full, f"np.multiply({up}, {self.operand(part.b, form)}, out={{out}})"
                )
                self.send(
                    part.b, form, part.sign, full, f"np.multiply({up}, {self.operand(part.a, form)}, out={{out}})"
                )

    def operate_back(self, g: Group) -> None:
        """Send the gradient of a group of operations, times the local derivatives, to their inputs."""
        access, form = self.access(g.column), form_of(g.rule)
        out, grad = self.view(access, "column"), self.view(access, "column", "d")
        for i, part in enumerate(g.parts):
            if not any(row[0].active for row in part.a):
                continue
            slope = f"{self.slopes.get(g)}[{i}]"
            if form:
                names = {"o": out, **self.sides(g)}
                names |= {x: self.buffer(x, self.shape(g)) for x in "sm" if re.search(rf"\b{x}\b", form[1][i])}
                statements = fill(form[1][i], **names)
                slope = names.get("s") or names.get("m") or statements.pop()
                self.backward += statements
            if g.in_place:
                self.backward.append(f"np.multiply({grad}, {slope}, out={grad})")
            else:
                self.send(part.a, "column", 1, self.shape(g), f"np.multiply({grad}, {slope}, out={{out}})")

    def send(self, table: Table, form: str, sign: int, full: str, what: str) -> None:
        """Add a gradient of the shape `full` to those of a table: a name, or statements that compute it into {out}."""
        if not any(node.active for row in table for node in row):
            return
        access = self.access(table)
        first = self.reach(access)
        target = self.view(access, form, "d") if access.simple else ""
        axes = access.repeats if access.simple else ()
        if not access.wide and full.endswith("n)"):
            axes += (full.count(","),)  # one number for all samples: add up over them
        add = "add" if sign > 0 else "subtract"
        computed = "{out}" in what
        if computed:
            direct = first and not axes and access.packed  # np.dot wants that
            out = target if direct else self.buffer("t", full)
            self.backward += what.replace("{out}", out).split("; ")
            what = out
        if axes:
            along = f"axis={axes[0] if len(axes) == 1 else axes}, keepdims=True"
            out = f", out={target}" if first else ""
            if not computed and access.shape[1] > 1:
                what = f"np.broadcast_to({what}, {full})"
            what = f"np.add.reduce({what}, {along}{out})"
            if first:
                self.backward.append(what)
                what = target
        if not access.simple:
            array = "dZ" if access.wide else "dS" if form == "matrix" else "dS[:, None]"
            places = self.index([row[0] for row in access.places] if form == "column" else access.places)
            self.backward.append(f"np.{add}.at({array}, {places}, {what})")
        elif not first:
            self.backward.append(f"np.{add}({target}, {what}, out={target})")
        elif what != target:
            self.backward.append(f"np.copyto({target}, {what})" if sign > 0 else f"np.negative({what}, out={target})")
        elif sign < 0:
            # in place, with steps in memory, NumPy 2.4's negative can read what it has just written
            negated = f"np.negative({target}" if access.packed else f"np.multiply({target}, -1.0"
            self.backward.append(f"{negated}, out={target})")

    def reach(self, access: Access) -> bool:
        """Whether a gradient is the first that reaches these places, so that it can be stored and not added."""
        places = {(access.wide, place) for row in access.places for place in row}
        first = access.simple and places.isdisjoint(self.reached)
        if not first:
            self.zeroed |= places - self.reached
        self.reached |= places
        return first

    def explain(self) -> str:
        """What each pass did, in numbers."""
        recipe, groups = self.recipe, self.groups
        matrices = [part for g in groups for part in g.parts if part.matrix and part.b]
        shapes = [f"({len(p.a)}, {p.width})·({p.width}, {'n' if p.b and p.b[0][0].wide else 1})" for p in matrices]
        operands = {self.access(table) for g in groups for part in g.parts for table in part.tables}
        views = sum(access.even for access in operands)
        in_place = sum(g.in_place for g in groups)
        rows = {
            "record": f"{recipe.recorded:,} operations on one sample, with {len(recipe.parameters):,} parameters",
            "fuse": f"{len(self.nodes):,} remain: {sum(bool(node.terms) for node in self.nodes):,} sums of products, "
            f"{sum(not node.terms for node in self.nodes):,} others",
            "group": f"{len(groups)} arrays, on {len({(g.wide, g.members[0].depth) for g in groups})} levels",
            "factor": f"{len(matrices)} matrix product{'s' * (len(matrices) != 1)}"
            + ": " * bool(shapes)
            + ", ".join(shapes[:5])
            + f" and {len(shapes) - 5} more" * (len(shapes) > 5),
            "lay out": f"{self.layout.slots:,} numbers for all samples, {self.layout.rows:,} for each; "
            f"{views} operands are views, {len(operands) - views} gathered, {in_place} overwritten",
            "emit": f"{len(self.forward)} NumPy statements forward, {len(self.backward)} back",
        }
        return "\n".join(f"{name:8} {what}" for name, what in rows.items())

    @property
    def statements(self) -> int:
        """How many NumPy statements there are."""
        return len(self.forward) + len(self.backward)

    def environment(self) -> dict[str, Any]:
        """The names that the program uses."""
        import numpy as np

        def strided(array: Any, start: int, shape: tuple[int, ...], steps: tuple[int, ...]) -> Any:
            down = tuple(step * array.strides[0] for step in steps)
            return np.lib.stride_tricks.as_strided(array[start:], shape + array.shape[1:], down + array.strides[1:])

        indices = {name: np.array(places) for name, places in self.indices.items()}
        rules = {name: numpy_form(rule, inputs) for name, (rule, inputs) in self.rules.items()}
        return {"np": np, "strided": strided, **indices, **rules}

    @property
    def source(self) -> str:
        """The program as text: a function that makes the views, and returns one to go forward and one to go back."""
        slopes = list(self.slopes.values())
        prelude = [
            *(f"{name} = {definition}" for name, definition in self.prelude.items()),
            *(f"{s} = ()" for s in slopes),
        ]
        forward = [f"nonlocal {', '.join(slopes)}"] * bool(slopes) + self.forward
        return (
            f"def bind(S, dS, Z, dZ, n):{indented(prelude, 1)}\n\n"
            f"    def forward():{indented(forward, 2)}\n\n"
            f"    def backward():{indented(self.backward, 2)}\n\n"
            "    return forward, backward\n"
        )


def fill(template: str, **names: str) -> list[str]:
    """The statements of a template, with names for its letters."""
    return re.sub(r"\b[abosm]\b", lambda letter: names.get(letter[0], letter[0]), template).split("; ")


def listed(names: Iterable[str]) -> str:
    """Names with commas between them, so that Python takes them for a tuple even if it is one name."""
    names = list(names)
    return ", ".join(names) + "," * (len(names) == 1)


def indented(lines: Iterable[str], depth: int) -> str:
    """Lines of a block."""
    return "".join(f"\n{'    ' * depth}{line}" for line in lines) or f"\n{'    ' * depth}pass"


# ---------------------------------------------------------------- rules of your own

Form = Callable[..., tuple[Any, tuple[Any, ...]]]
OWN: dict[ops.Rule, Form] = {}


def numpy_rule(rule: ops.Rule) -> Callable[[Form], Form]:
    """Give a rule of your own its NumPy form, so that `vectorize` can replay it: `@numpy_rule(rule)`.

    Parameters
    ----------
    rule : callable
        The rule on floats, as `apply` takes it.

    Returns
    -------
    callable
        A decorator for the form: a function that takes one array per input and returns the
        result and a tuple with one local derivative per input, arrays all. The inputs have
        shapes that broadcast: (m, n) for n samples, (m, 1) for what is the same for all.

    Examples
    --------
    >>> import numpy as np
    >>> def sin(a):
    ...     return math.sin(a), (math.cos(a),)
    >>> @numpy_rule(sin)
    ... def sin_of_arrays(a):
    ...     return np.sin(a), (np.cos(a),)
    """

    def register(form: Form) -> Form:
        OWN[rule] = form
        return form

    return register


def expect_form(rule: ops.Rule) -> str:
    """The name of a rule that has a NumPy form.

    Raises
    ------
    TypeError
        If it has none.
    """
    name = getattr(rule, "__name__", "rule").replace("<lambda>", "rule")
    if rule not in OWN and form_of(rule) is None:
        raise TypeError(
            f"the rule {name!r} works on floats, and vectorize needs to know how NumPy does it: write the same "
            f"for arrays, def {name}_of_arrays(...), and put @numpy_rule({name}) above it"
        )
    return name


def numpy_form(rule: ops.Rule, inputs: int) -> Form:
    """The NumPy form of a rule of the user's own, with its answer checked."""
    name = expect_form(rule)

    def form(*arrays: Any) -> tuple[Any, tuple[Any, ...]]:
        answer = OWN[rule](*arrays)
        if (
            not isinstance(answer, tuple)
            or len(answer) != 2
            or not isinstance(answer[1], tuple)
            or len(answer[1]) != inputs
        ):
            raise TypeError(
                f"the NumPy form of the rule {name!r} must return its result and a tuple of {inputs} local "
                f"derivative{'s' * (inputs > 1)}, as (result, (d1, d2, ...)), but it returned {what_is(answer)}"
            )
        return answer

    return form


@numpy_rule(cross_entropy)
def cross_entropy_of_arrays(p: Any, t: Any) -> tuple[Any, tuple[Any, Any]]:
    """`losses.cross_entropy` for arrays."""
    import numpy as np

    log_p = np.maximum(np.log(p), -100.0)
    log_q = np.where(p < 1.0, np.log1p(-p), -100.0)
    return (t - 1.0) * log_q - t * log_p, ((p - t) / np.maximum(p * (1.0 - p), 1e-12), log_q - log_p)


@numpy_rule(logit_cross_entropy)
def logit_cross_entropy_of_arrays(z: Any, t: Any) -> tuple[Any, tuple[Any, Any]]:
    """`losses.logit_cross_entropy` for arrays."""
    import numpy as np

    tail = np.log1p(np.exp(-np.abs(z)))
    loss = np.where(t, t * (np.maximum(-z, 0.0) + tail), 0.0)  # a share of 0 costs nothing: see losses.share
    loss += np.where(1.0 - t, (1.0 - t) * (np.maximum(z, 0.0) + tail), 0.0)
    return loss, (1.0 / (1.0 + np.exp(-z)) - t, -z)


# ---------------------------------------------------------------- without arrays


class FloatProgram:
    """The same recipe in plain Python floats: sample by sample, with no graph and no arrays.

    Parameters
    ----------
    recipe : Recipe
    nodes : list of Node
        What is left of its steps after `fuse`.
    """

    def __init__(self, recipe: Recipe, nodes: list[Node]) -> None:
        self.recipe, self.nodes = recipe, nodes
        self.rules: dict[ops.Rule, str] = {}
        inputs = [node for row in recipe.arguments for node in row]
        self.names = {node: f"x{i}" for i, node in enumerate(inputs)}
        self.names |= {node: f"p{i}" for i, node in enumerate(recipe.parameters)}
        self.names |= {node: f"v{i}" for i, node in enumerate(nodes)}
        # what is the same for all samples is computed before the first and sent back after the last
        self.forward: dict[bool, list[str]] = {True: [], False: []}  # by node.wide
        self.backward: dict[bool, list[str]] = {True: [], False: []}
        self.reached: set[Node] = set()
        for node in nodes:
            self.forward[node.wide] += self.add_up(node) if node.terms else self.operate(node)
        for i, node in enumerate(recipe.results):
            self.send(True, node, f"seeds[{i}]")
        for node in reversed(nodes):
            if node.active and (node in self.reached or not node.wide):
                (self.add_up_back if node.terms else self.operate_back)(node)

    def name(self, node: Node) -> str:
        """The name of a node's number; of a constant, the number."""
        return text(node.number).replace("np.", "") if node.constant else self.names[node]

    def add_up(self, node: Node) -> list[str]:
        """A sum of products, a few terms to a line, because Python's parser has a limit."""
        terms = [
            f"{'+' if sign > 0 else '-'} {self.name(a)}" + (f" * {self.name(b)}" if b else "")
            for sign, a, b in node.terms
        ]
        lines = [" ".join(terms[i : i + 50]) for i in range(0, len(terms), 50)]
        name = self.names[node]
        return [f"{name} = {lines[0].removeprefix('+ ')}", *(f"{name} = {name} {line}" for line in lines[1:])]

    def operate(self, node: Node) -> list[str]:
        """A call of a rule."""
        rule = self.rules.setdefault(node.rule or ops.add, f"rule{len(self.rules)}")
        name, inputs = self.names[node], ", ".join(map(self.name, node.inputs))
        return [f"{name}, slopes_{name} = {rule}({inputs})"]

    def add_up_back(self, node: Node) -> None:
        """Send the gradient of a sum to its terms."""
        grad = f"d{self.names[node]}"
        for sign, a, b in node.terms:
            minus = "-" if sign < 0 else ""
            self.send(node.wide, a, f"{minus}{grad} * {self.name(b)}" if b else f"{minus}{grad}")
            if b:
                self.send(node.wide, b, f"{minus}{grad} * {self.name(a)}")

    def operate_back(self, node: Node) -> None:
        """Send the gradient of an operation to its inputs."""
        name = self.names[node]
        for k, i in enumerate(node.inputs):
            self.send(node.wide, i, f"d{name} * slopes_{name}[{k}]")

    def send(self, wide: bool, node: Node, what: str) -> None:
        """Add to the gradient of a node. If it is one for all samples, it starts at zero before the first."""
        if node.active:
            plus = "+=" if node in self.reached or not node.wide else "="
            self.backward[wide].append(f"d{self.names[node]} {plus} {what}")
            self.reached.add(node)

    def environment(self) -> dict[str, Any]:
        """The names that the program uses."""
        return {"inf": math.inf, "nan": math.nan, **{name: rule for rule, name in self.rules.items()}}

    @property
    def source(self) -> str:
        """The program as text: one function to go forward, and one to go forward and back."""
        recipe = self.recipe
        inputs = listed(self.names[node] for row in recipe.arguments for node in row)
        parameters = listed(self.names[node] for node in recipe.parameters)
        asked = (*recipe.results, *(node for node, _, _ in recipe.checks))
        results = listed(self.name(node) for node in asked)
        before = [f"{parameters} = parameters"] * bool(parameters) + self.forward[False]
        shared = [node for node in (*recipe.parameters, *self.nodes) if node.active and not node.wide]
        zeros = [f"d{self.names[node]} = 0.0" for node in shared]
        gradients = listed(f"d{self.names[node]}" for node in recipe.parameters)
        return (
            f"def forward(samples, parameters):{indented([*before, 'results = []'], 1)}\n"
            f"    for {inputs} in samples:{indented([*self.forward[True], f'results.append(({results}))'], 2)}\n"
            "    return results\n\n\n"
            f"def backward(samples, parameters, all_seeds):{indented([*before, *zeros], 1)}\n"
            f"    for ({inputs}), seeds in zip(samples, all_seeds):"
            f"{indented([*self.forward[True], *self.backward[True]], 2)}{indented([*self.backward[False], ''], 1)[:-5]}\n"
            f"    return ({gradients})\n"
        )
