"""Tell two recordings of a function apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import zip_longest
from typing import Any

from micrograd_numpy import ops
from micrograd_numpy.arrays import Recipe
from micrograd_numpy.compiler.symbols import follow, is_ours

Piece = tuple[str, Any, tuple[Any, ...]]  # its name, what it does, and what it does that to


def difference(old: Sequence[Piece], new: Sequence[Piece]) -> str:
    """What a function does otherwise than when the old pieces were recorded, in a few words; "" if nothing."""
    nothing: Piece = ("nothing", None, ())
    for number, (before, now) in enumerate(zip_longest(old, new, fillvalue=nothing)):
        if before == now:
            continue
        if now[0] == "the parameters":
            return "it uses other Values as parameters"
        if before[0] != now[0]:
            return f"operation {number} was {before[0]} and is {now[0]}"
        if before[1] != now[1]:
            return f"operation {number}, {now[0]}, has another rule"
        for a, b in zip(before[2], now[2]):
            if a != b and isinstance(a, str) and isinstance(b, str):
                return f"a constant was {a} and is {b}"
        return f"operation {number}, {now[0]}, has other inputs"
    return ""


def pieces(recipe: Recipe) -> Iterator[Piece]:
    """What a recipe does, piece by piece; an input by where it comes from, a constant by its text."""

    @cache
    def told(rule: ops.Rule, inputs: int) -> Any:
        """What a rule does, if it tells; the engine's own stay as they are."""
        try:
            return rule if is_ours(rule) else str(follow(rule, inputs).steps())
        except TypeError:
            return rule

    yield "the parameters", None, tuple(node.parameter for node in recipe.parameters)
    for node in recipe.steps:
        inputs = tuple(repr(i.number) if i.constant else i.index for i in node.inputs)
        yield called(node.rule), node.rule and told(node.rule, len(inputs)), inputs
    yield "the return", None, tuple(node.index for node in recipe.results)
    for node, holds, _ in recipe.checks:
        yield called(holds.__code__), holds.__code__, (repr(node.number) if node.constant else node.index,)


def called(what: Any) -> str:
    """A rule, or the code of a check, in a message."""
    if isinstance(what, ops.power):
        return f"'**{what.n:g}'"
    return repr(getattr(what, "__name__", getattr(what, "co_name", "rule")))
