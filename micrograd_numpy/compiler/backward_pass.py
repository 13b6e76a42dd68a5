"""Write the backward pass of an array program: the statements that send gradients to what each group was made of."""

from __future__ import annotations

from collections.abc import Callable

from micrograd_numpy.arrays import Group, Part, Table
from micrograd_numpy.compiler.forward_pass import ForwardPass
from micrograd_numpy.compiler.views import Access, Arrangement, Shape, Views, arrangement_of, shape_of, shape_text

Computation = Callable[[str], list[str]]  # takes the name of an array; the statements that compute a gradient into it


class BackwardPass:
    """The statements that send the gradients of a recipe's results back to its parameters.

    Parameters
    ----------
    views : Views
        What the statements read and write.
    groups : list of Group
        In the order in which they are computed.
    forward : ForwardPass
        What it left for the way back: where the local derivatives of each group are, or how to compute them.

    Attributes
    ----------
    statements : list of str
    """

    def __init__(self, views: Views, groups: list[Group], forward: ForwardPass) -> None:
        self.views, self.forward = views, forward
        self.statements: list[str] = []
        place = views.layout.place
        # the gradients that have something in them, and those that must begin at zero
        self.reached = {(node.wide, place[node]) for node in views.recipe.results}
        self.zeroed: set[tuple[bool, int]] = set()
        for g in reversed(groups):
            if g.active:
                (self.operate_back if g.rule else self.add_up_back)(g)
        self.zeroed |= {(False, place[node]) for node in views.layout.parameters} - self.reached
        for wide, array in ((True, "dZ"), (False, "dS")):
            places = sorted(place for w, place in self.zeroed if w is wide)
            if places:
                self.statements.insert(0, f"{array}[{views.index(places)}] = 0.0")

    def operate_back(self, g: Group) -> None:
        """Send the gradient of a group of operations, times the local derivatives, to their inputs."""
        grad, rule = self.views.members(g, "d"), self.forward.followed.get(g)
        for i, part in enumerate(g.parts):
            if not any(row[0].active for row in part.a):
                continue
            statements, slope = rule.slope(i) if rule else ([], f"{self.forward.slopes[g]}[{i}]")
            self.statements += statements
            if g.in_place:
                self.statements.append(f"np.multiply({grad}, {slope}, out={grad})")
            else:
                self.send(part.a, "column", 1, shape_of(g), product(grad, slope))

    def add_up_back(self, g: Group) -> None:
        """Send the gradient of a group of sums to all of their terms."""
        grad = self.views.members(g, "d")
        for part in g.parts:
            arrangement, shape = arrangement_of(g, part), shape_of(g, part.width)
            up = f"{grad}[:, None]" if arrangement == "block" else grad
            if part.b is None:
                self.send(part.a, arrangement, part.sign, shape, up)
            elif part.matrix:
                self.multiply_back(g, part, part.b, grad)
            elif part.a == part.b:
                computation = twice(product(up, self.views.operand(part.a, arrangement)))
                self.send(part.a, arrangement, part.sign, shape, computation)
            else:
                for mine, other in ((part.a, part.b), (part.b, part.a)):
                    computation = product(up, self.views.operand(other, arrangement))
                    self.send(mine, arrangement, part.sign, shape, computation)

    def multiply_back(self, g: Group, part: Part, b: Table, grad: str) -> None:
        """Send the gradient of a product of a matrix and a column to both."""
        matrix, column = self.views.read(part.a, "matrix"), self.views.read(b, "column")
        wide, rows = b[0][0].wide, len(g.members)
        dot = self.dot(wide, rows, part.width)
        self.send(
            part.a, "matrix", part.sign, (rows, part.width), lambda out: [f"{dot}({grad}, {column}.T, out={out})"]
        )
        dot_of_column = self.dot(wide, rows)
        shape: Shape = (part.width, "n" if wide else 1)
        self.send(b, "column", part.sign, shape, lambda out: [f"{dot_of_column}({matrix}.T, {grad}, out={out})"])

    def dot(self, wide: bool, *sizes: int) -> str:
        """What multiplies two matrices; one may be a single number if a size is 1, and n is 1 or counts for nothing.

        `np.dot` takes such a matrix for a factor, and a factor of 0 makes 0 of nan.
        """
        if 1 not in sizes:
            return "np.dot"
        return self.views.define("dot", "dot", "np.dot if n > 1 else np.matmul") if wide else "np.matmul"

    # ---- sending

    def send(
        self, table: Table, arrangement: Arrangement, sign: int, shape: Shape, gradient: str | Computation
    ) -> None:
        """Add a gradient of this shape to those of a table; it has a name, or is still to be computed."""
        if not any(node.active for row in table for node in row):
            return
        access = self.views.access(table)
        first = self.reach(access)
        target = self.views.view(access, arrangement, "d") if access.simple else ""
        axes = access.repeats if access.simple else ()
        if not access.wide and shape[-1] == "n":
            axes += (len(shape) - 1,)  # one number for all samples: add up over them
        if callable(gradient):
            direct = first and not axes and access.packed  # np.dot wants that
            name = target if direct else self.views.buffer(shape)
            self.statements += gradient(name)
        else:
            name = gradient
            if axes and access.shape[1] > 1:
                name = f"np.broadcast_to({name}, {shape_text(shape)})"
        if axes:
            along = f"axis={axes[0] if len(axes) == 1 else axes}, keepdims=True"
            if first:
                self.statements.append(f"np.add.reduce({name}, {along}, out={target})")
                name = target
            else:
                name = f"np.add.reduce({name}, {along})"
        if access.simple:
            self.statements += stored(name, sign, target, first, access.packed)
            return
        array = "dZ" if access.wide else "dS" if arrangement == "matrix" else "dS[:, None]"
        add = "add" if sign == 1 else "subtract"
        self.statements.append(f"np.{add}.at({array}, {self.views.index_of(access, arrangement)}, {name})")

    def reach(self, access: Access) -> bool:
        """Whether a gradient is the first that reaches these places, so that it can be stored and not added."""
        places = {(access.wide, place) for row in access.places for place in row}
        first = access.simple and places.isdisjoint(self.reached)
        if not first:
            self.zeroed |= places - self.reached
        self.reached |= places
        return first


def product(left: str, right: str) -> Computation:
    """The product of two arrays, number by number."""
    return lambda out: [f"np.multiply({left}, {right}, out={out})"]


def twice(computation: Computation) -> Computation:
    """Two times what is computed."""
    return lambda out: [*computation(out), f"np.add({out}, {out}, out={out})"]


def stored(name: str, sign: int, target: str, first: bool, packed: bool) -> list[str]:
    """The statement that stores a gradient in its place, or adds it to what is there; none if it is there already."""
    if not first:
        return [f"np.{'add' if sign == 1 else 'subtract'}({target}, {name}, out={target})"]
    if name != target:
        return [f"np.copyto({target}, {name})" if sign == 1 else f"np.negative({name}, out={target})"]
    if sign == 1:
        return []
    # in place, with steps in memory, NumPy 2.4's negative can read what it has just written
    negated = f"np.negative({target}" if packed else f"np.multiply({target}, -1.0"
    return [f"{negated}, out={target})"]
