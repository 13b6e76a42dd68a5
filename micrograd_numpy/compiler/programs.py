"""All passes in a row: from a recipe to the two programs that replay it."""

from __future__ import annotations

from functools import cached_property

from micrograd_numpy.arrays import MemoryLayout, Recipe, fuse, group
from micrograd_numpy.compiler.array_program import ArrayProgram
from micrograd_numpy.compiler.float_program import FloatProgram
from micrograd_numpy.compiler.numpy_rules import expect_array_rule, expect_hashable


class Programs:
    """All passes over a recipe: two programs that do the same, each written when it is asked for."""

    def __init__(self, recipe: Recipe) -> None:
        for rule in (step.rule for step in recipe.steps if step.rule):
            expect_hashable(rule)
        self.recipe, self.nodes = recipe, fuse(recipe)
        for rule, inputs in {(node.rule, len(node.inputs)) for node in self.nodes if node.rule and not node.terms}:
            expect_array_rule(rule, inputs)  # also if it will run on floats: the size of a batch decides that
        # what is the same for all samples is computed once; a sum counts with all its terms
        self.work = {
            wide: sum(len(node.terms) or 1 for node in self.nodes if node.wide is wide) for wide in (True, False)
        }
        self.levels = max(node.depth for node in self.nodes)

    @cached_property
    def arrays(self) -> ArrayProgram:
        """In NumPy, for all samples at once."""
        groups, ones = group(self.nodes)
        layout = MemoryLayout(self.recipe, groups, ones)
        return ArrayProgram(self.recipe, self.nodes, groups, layout)

    @cached_property
    def floats(self) -> FloatProgram:
        """In plain Python, for one sample after the other."""
        return FloatProgram(self.recipe, self.nodes)

    def share(self, n: int, statements: int) -> float:
        """How many numbers each of so many statements computes for n samples, on average."""
        return (self.work[False] + n * self.work[True]) / statements
