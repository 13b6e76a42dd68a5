"""The names of an array program: views of memory, buffers, and what has to be gathered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Literal

from micrograd_numpy.arrays import Group, MemoryLayout, Part, Recipe, Table
from micrograd_numpy.compiler.numpy_rules import literal

# How a table of m rows and k columns is arranged when it is read:
# - column: (m, n) or, with one number for all samples, (m, 1); k is 1
# - matrix: (m, k), only with one number for all samples
# - block: (m, k, n) or (m, k, 1)
Arrangement = Literal["column", "matrix", "block"]
Shape = tuple["int | str", ...]  # "n" is the number of samples


def shape_text(shape: Shape) -> str:
    """A shape in a program."""
    return f"({', '.join(map(str, shape))})"


def constant(table: Table) -> str | None:
    """The number in a table, if it is one and the same constant."""
    numbers = {literal(node.number) if node.constant else "" for row in table for node in row}
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


class Views:
    """What the statements of an array program read and write, each under one name.

    Parameters
    ----------
    recipe : Recipe
    layout : MemoryLayout
        Where the numbers of the recipe lie.

    Attributes
    ----------
    prelude : dict
        The names of views and buffers, and their definitions, which come before all statements.
    indices : dict
        The names of places that have to be gathered, and the places.
    forward : list of str
        The statements of the forward pass, where gathering has its turn.
    """

    def __init__(self, recipe: Recipe, layout: MemoryLayout) -> None:
        self.recipe, self.layout = recipe, layout
        self.names: dict[Any, str] = {}  # of views and buffers
        self.prelude: dict[str, str] = {}
        self.labels: dict[Access, str] = {}
        self.taken = {"S", "dS", "Z", "dZ", "n", "np", "bool", "strided", "forward", "backward"}
        self.counts: dict[str, Iterator[int]] = {}  # by the beginning of a name
        self.indices: dict[str, Any] = {}
        self.forward: list[str] = []
        for nodes, name in zip(recipe.arguments, recipe.names):
            self.label([[node] for node in nodes], name)

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
        return name

    def label(self, table: Table, stem: str) -> str:
        """What the numbers of a table are called; a new name, if they have none."""
        access = self.access(table)
        if access not in self.labels:
            given = stem in self.recipe.names and stem not in self.taken
            self.labels[access] = stem if given else self.new(stem)
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

    def index_of(self, access: Access, arrangement: Arrangement) -> str:
        """The places of an uneven table, as NumPy indexes them."""
        return self.index([row[0] for row in access.places] if arrangement == "column" else access.places)

    def buffer(self, shape: Shape, dtype: str = "float", i: int = 0) -> str:
        """Room for results that are needed for a moment only: of sums, i is 0; of rules it counts from 1."""
        key = shape, dtype, i
        name = self.names.get(key) or self.new("m" if dtype == "bool" else "s" if i else "t")
        arguments = shape_text(shape) if dtype == "float" else f"{shape_text(shape)}, {dtype}"
        return self.define(key, name, f"np.empty({arguments})")

    # ---- views

    def view(self, access: Access, arrangement: Arrangement, d: str = "") -> str:
        """The numbers of an even table, or with d="d" their gradients, which are one for all that repeat."""
        (m, k), (down, right), start = access.shape, access.steps, access.places[0][0]
        array = d + ("Z" if access.wide else "S")
        if d:
            m, k = (1 if axis in access.repeats else size for axis, size in enumerate((m, k)))
        stem = d + self.label_of(access) + ("k" if arrangement == "block" else "")
        if arrangement == "column" and down >= 0:
            step = f":{down}" if down > 1 else ""
            cut = f"{start}:{start + (m - 1) * down + 1}{step}"
            definition = f"{array}[{cut}]" if access.wide else f"{array}[{cut}, None]"
        elif arrangement == "matrix" and (k == 1 or right == 1) and (m == 1 or down == k):
            definition = f"{array}[{start}:{start + m * k}].reshape({m}, {k})"
        else:
            shape, steps = ((m,), (down,)) if arrangement == "column" else ((m, k), (down, right))
            definition = f"strided({array}, {start}, {shape}, {steps})"
            if not access.wide and arrangement != "matrix":
                definition += "[..., None]"
        return self.define((access, arrangement, d), stem, definition)

    def label_of(self, access: Access) -> str:
        """What an even table is called: with a row of ones below, as the rows above it are."""
        if access not in self.labels:
            above = replace(access, places=access.places[:-1])
            ones = access.wide and access.places[-1][0] in self.layout.ones and above in self.labels
            self.labels[access] = f"{self.labels[above]}_1" if ones else self.new("a")
        return self.labels[access]

    def read(self, table: Table, arrangement: Arrangement) -> str:
        """The numbers of a table: a view, or gathered anew in each forward pass."""
        access = self.access(table)
        if access.even:
            return self.view(access, arrangement)
        if (access, arrangement) not in self.names:
            samples: Shape = ("n",) if access.wide else () if arrangement == "matrix" else (1,)
            rows_and_columns = access.shape[:1] if arrangement == "column" else access.shape
            places = self.index_of(access, arrangement)
            shape = shape_text((*rows_and_columns, *samples))
            name = self.define((access, arrangement), self.new("g"), f"np.empty({shape})")
            source = "Z" if access.wide else "S" if arrangement == "matrix" else "S[:, None]"
            self.forward.append(f"np.take({source}, {places}, axis=0, out={name}, mode='clip')")
        return self.names[access, arrangement]

    def operand(self, table: Table, arrangement: Arrangement) -> str:
        """One side of a part; a number, if it is the same throughout."""
        return (arrangement == "column" and constant(table)) or self.read(table, arrangement)

    def members(self, g: Group, d: str = "") -> str:
        """What a group computes, or with d="d" the gradients of that."""
        return self.view(self.access(g.column), "column", d)

    def inputs(self, g: Group) -> list[str]:
        """The inputs of a group of operations."""
        return [self.operand(part.a, "column") for part in g.parts]


def shape_of(g: Group, k: int = 1) -> Shape:
    """The shape of what a group computes from parts of width k."""
    if k == 1:
        return len(g.members), "n" if g.wide else 1
    return (len(g.members), k, "n") if g.wide else (len(g.members), k)


def arrangement_of(g: Group, part: Part) -> Arrangement:
    """How a group reads a part that is no matrix product."""
    return "column" if part.width == 1 else "block" if g.wide else "matrix"
