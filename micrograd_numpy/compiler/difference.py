"""Tell two recordings of a function apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from micrograd_numpy import ops
from micrograd_numpy.arrays import Recipe


def difference(old: Recipe, new: Recipe) -> str:
    """What a function does otherwise than when `old` was recorded, in a few words; "" if nothing."""
    if [node.parameter for node in old.parameters] != [node.parameter for node in new.parameters]:
        return "it uses other Values as parameters"
    for number, (before, now) in enumerate(zip_longest(pieces(old), pieces(new), fillvalue=("nothing", ())), 1):
        if before == now:
            continue
        if before[0] == now[0]:
            for a, b in zip(before[1], now[1]):
                if a != b and isinstance(a, str) and isinstance(b, str):
                    return f"a constant was {a} and is {b}"
            return f"operation {number}, {called(now[0])}, has other inputs"
        return f"operation {number} was {called(before[0])} and is {called(now[0])}"
    return ""


def pieces(recipe: Recipe) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """What a recipe does, piece by piece: the rule, and where each input comes from; of a constant, its text."""
    for node in recipe.steps:
        yield node.rule, tuple(repr(i.number) if i.constant else i.index for i in node.inputs)
    yield "the return", tuple(node.index for node in recipe.results)
    for node, holds, _ in recipe.checks:
        yield holds.__code__, (repr(node.number) if node.constant else node.index,)


def called(what: Any) -> str:
    """A rule in a message."""
    if isinstance(what, ops.power):
        return f"'**{what.n:g}'"
    return what if isinstance(what, str) else repr(getattr(what, "__name__", getattr(what, "co_name", "rule")))
