"""The array program: a straight line of NumPy statements that replays a recipe for all samples at once."""

from __future__ import annotations

from typing import Any

from micrograd_numpy.arrays import Group, MemoryLayout, Recipe, RecipeNode
from micrograd_numpy.compiler.backward_pass import BackwardPass
from micrograd_numpy.compiler.forward_pass import ForwardPass
from micrograd_numpy.compiler.numpy_rules import given_rule
from micrograd_numpy.compiler.source import body
from micrograd_numpy.compiler.views import Views


class ArrayProgram:
    """The straight line of NumPy statements that replays a recipe, forward and backward.

    Parameters
    ----------
    recipe : Recipe
    nodes : list of RecipeNode
        What is left of its steps after `fuse`.
    groups : list of Group
        The same, grouped.
    layout : MemoryLayout
        Where their numbers lie.

    Attributes
    ----------
    forward, backward : list of str
        The statements.
    prelude : dict
        The names that they use, and what these stand for.
    """

    def __init__(self, recipe: Recipe, nodes: list[RecipeNode], groups: list[Group], layout: MemoryLayout) -> None:
        self.recipe, self.nodes, self.groups, self.layout = recipe, nodes, groups, layout
        self.views = Views(recipe, layout)
        forward = ForwardPass(self.views, groups)
        self.rules, self.slopes = forward.rules, forward.slopes
        backward = BackwardPass(self.views, groups, forward)
        self.forward, self.backward, self.prelude = forward.statements, backward.statements, self.views.prelude

    def explain(self) -> str:
        """What each pass did, in numbers."""
        recipe, groups = self.recipe, self.groups
        shapes = [
            f"({len(p.a)}, {p.width})·({p.width}, {'n' if p.b[0][0].wide else 1})"
            for g in groups
            for p in g.parts
            if p.matrix and p.b
        ]
        products = f"{len(shapes)} matrix product{'' if len(shapes) == 1 else 's'}"
        if shapes:
            products += f": {', '.join(shapes[:5])}"
        if len(shapes) > 5:
            products += f" and {len(shapes) - 5} more"
        operands = {self.views.access(table) for g in groups for part in g.parts for table in part.tables}
        views = sum(access.even for access in operands)
        in_place = sum(g.in_place for g in groups)
        rows = {
            "record": f"{recipe.recorded:,} operations on one sample, with {len(recipe.parameters):,} parameters",
            "fuse": f"{len(self.nodes):,} remain: {sum(bool(node.terms) for node in self.nodes):,} sums of products, "
            f"{sum(not node.terms for node in self.nodes):,} others",
            "group": f"{len(groups)} arrays, on {len({(g.wide, g.members[0].depth) for g in groups})} levels",
            "factor": products,
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

        indices = {name: np.array(places) for name, places in self.views.indices.items()}
        rules = {name: given_rule(rule, inputs) for name, (rule, inputs) in self.rules.items()}
        return {"np": np, "strided": strided, **indices, **rules}

    @property
    def source(self) -> str:
        """The program as text: a function that makes the views, and returns one to go forward and one to go back."""
        slopes = list(self.slopes.values())
        prelude = [f"{name} = {definition}" for name, definition in self.prelude.items()]
        prelude += [f"{name} = ()" for name in slopes]
        forward = [f"nonlocal {', '.join(slopes)}", *self.forward] if slopes else self.forward
        return (
            f"def bind(S, dS, Z, dZ, n):{body(prelude, 1)}\n\n"
            f"    def forward():{body(forward, 2)}\n\n"
            f"    def backward():{body(self.backward, 2)}\n\n"
            "    return forward, backward\n"
        )
