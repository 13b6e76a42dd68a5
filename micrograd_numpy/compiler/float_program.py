"""The float program: a recipe in plain Python floats, for what is so small that arrays do not pay."""

from __future__ import annotations

import math
from typing import Any

from micrograd_numpy import ops
from micrograd_numpy.arrays import Recipe, RecipeNode
from micrograd_numpy.compiler.numpy_rules import rule_name
from micrograd_numpy.compiler.source import as_tuple_of, body, indented
from micrograd_numpy.compiler.symbols import is_ours
from micrograd_numpy.guards.numbers import as_answer


class FloatProgram:
    """The same recipe in plain Python floats: sample by sample, with no graph and no arrays.

    Parameters
    ----------
    recipe : Recipe
    nodes : list of RecipeNode
        What is left of its steps after `fuse`.
    """

    def __init__(self, recipe: Recipe, nodes: list[RecipeNode]) -> None:
        self.recipe, self.nodes = recipe, nodes
        self.rules: dict[ops.Rule, str] = {}
        inputs = [node for row in recipe.arguments for node in row]
        self.names = {node: f"x{i}" for i, node in enumerate(inputs)}
        self.names |= {node: f"p{i}" for i, node in enumerate(recipe.parameters)}
        self.names |= {node: f"v{i}" for i, node in enumerate(nodes)}
        # what is the same for all samples is computed before the first and sent back after the last
        self.forward: dict[bool, list[str]] = {True: [], False: []}  # by node.wide
        self.backward: dict[bool, list[str]] = {True: [], False: []}
        self.reached: set[RecipeNode] = set()
        for node in nodes:
            self.forward[node.wide] += self.add_up(node) if node.terms else self.operate(node)
        for i, node in enumerate(recipe.results):
            self.send(True, node, f"seeds[{i}]")
        for node in reversed(nodes):
            if node.active:
                (self.add_up_back if node.terms else self.operate_back)(node)

    def name(self, node: RecipeNode) -> str:
        """The name of a node's number; of a constant, the number."""
        return repr(node.number) if node.constant else self.names[node]

    def add_up(self, node: RecipeNode) -> list[str]:
        """A sum of products, a few terms to a line, because Python's parser has a limit."""
        terms = [
            f"{'+' if sign == 1 else '-'} {self.name(a)}" + (f" * {self.name(b)}" if b else "")
            for sign, a, b in node.terms
        ]
        lines = [" ".join(terms[i : i + 50]) for i in range(0, len(terms), 50)]
        name = self.names[node]
        return [f"{name} = {lines[0].removeprefix('+ ')}", *(f"{name} = {name} {line}" for line in lines[1:])]

    def operate(self, node: RecipeNode) -> list[str]:
        """A call of a rule."""
        rule = self.rules.setdefault(node.rule or ops.add, f"rule{len(self.rules)}")
        name, inputs = self.names[node], ", ".join(map(self.name, node.inputs))
        return [f"{name}, slopes_{name} = {rule}({inputs})"]

    def add_up_back(self, node: RecipeNode) -> None:
        """Send the gradient of a sum to its terms."""
        grad = f"d{self.names[node]}"
        for sign, a, b in node.terms:
            minus = "-" if sign == -1 else ""
            self.send(node.wide, a, f"{minus}{grad} * {self.name(b)}" if b else f"{minus}{grad}")
            if b:
                self.send(node.wide, b, f"{minus}{grad} * {self.name(a)}")

    def operate_back(self, node: RecipeNode) -> None:
        """Send the gradient of an operation to its inputs."""
        name = self.names[node]
        for k, i in enumerate(node.inputs):
            self.send(node.wide, i, f"d{name} * slopes_{name}[{k}]")

    def send(self, wide: bool, node: RecipeNode, what: str) -> None:
        """Add to the gradient of a node. If it is one for all samples, it starts at zero before the first."""
        if node.active:
            plus = "+=" if node in self.reached or not node.wide else "="
            self.backward[wide].append(f"d{self.names[node]} {plus} {what}")
            self.reached.add(node)

    def environment(self) -> dict[str, Any]:
        """The names that the program uses."""
        return {"inf": math.inf, "nan": math.nan, **{name: in_floats(rule) for rule, name in self.rules.items()}}

    @property
    def source(self) -> str:
        """The program as text: one function to go forward, and one to go forward and back."""
        recipe = self.recipe
        inputs = as_tuple_of(self.names[node] for row in recipe.arguments for node in row)
        parameters = as_tuple_of(self.names[node] for node in recipe.parameters)
        asked = (*recipe.results, *(node for node, _, _ in recipe.checks))
        results = as_tuple_of(self.name(node) for node in asked)
        before = [f"{parameters} = parameters"] if parameters else []
        before += self.forward[False]
        shared = [node for node in (*recipe.parameters, *self.nodes) if node.active and not node.wide]
        zeros = [f"d{self.names[node]} = 0.0" for node in shared]
        gradients = as_tuple_of(f"d{self.names[node]}" for node in recipe.parameters)
        return (
            f"def forward(samples, parameters):{indented([*before, 'results = []'], 1)}\n"
            f"    for {inputs} in samples:{indented([*self.forward[True], f'results.append(({results}))'], 2)}\n"
            "    return results\n\n\n"
            f"def backward(samples, parameters, all_seeds):{body([*before, *zeros], 1)}\n"
            f"    for ({inputs}), seeds in zip(samples, all_seeds):"
            f"{body([*self.forward[True], *self.backward[True]], 2)}"
            f"{indented(self.backward[False], 1)}\n"
            f"    return ({gradients})\n"
        )


def in_floats(rule: ops.Rule) -> ops.Rule:
    """A rule whose answers are floats, as the eager engine makes them; of the library's, itself."""
    if is_ours(rule):
        return rule
    return lambda *inputs: as_answer(rule_name(rule), rule(*inputs), len(inputs))
