"""Inputs of a model: its sizes, the names of its activations, and the examples that it is given."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, SupportsFloat, SupportsIndex

from micrograd_numpy.guards.numbers import as_size, in_order, what_is
from micrograd_numpy.value import Value

Inputs = Iterable[Value | SupportsFloat] | Value | SupportsFloat


def one_of(names: Collection[str], name: str, x: object) -> str:
    """`x`, if it is one of some names."""
    if not isinstance(x, str) or x not in names:
        raise ValueError(f"{name} must be one of {', '.join(names)}, but got {what_is(x)}")
    return x


def as_sizes(nin: SupportsIndex, nouts: Iterable[SupportsIndex]) -> list[int]:
    """The sizes of an MLP from its inputs to its outputs, if there is at least one layer."""
    if not isinstance(nouts, Iterable):
        raise TypeError(f"nouts must list the sizes of the layers, as in [4, 1], but got {what_is(nouts)}")
    sizes = [as_size(nin, "nin")]
    sizes += [as_size(n, f"nouts[{i}]") for i, n in enumerate(in_order("MLP", "nouts", nouts))]
    if len(sizes) == 1:
        raise ValueError("nouts must list at least one layer, as in [4, 1], but it is empty")
    return sizes


def as_inputs(x: Inputs, nin: int) -> list[Value]:
    """`x` as a list of `nin` Values; a lone number stands for a list of one."""
    items: Any = x
    if not isinstance(x, (list, tuple)):
        if isinstance(x, Iterable):
            in_order("a model", "its inputs", x)
        ndim = getattr(x, "ndim", 1 if hasattr(x, "__iter__") else 0)
        if ndim > 1:
            raise TypeError(
                f"expected one example of {nin} number{'s' * (nin > 1)}, but got an array of shape {items.shape}; "
                "take one row at a time: [model(row) for row in X]"
            )
        items = x if ndim else (x,)
    values: list[Value] = []
    v: Any
    for v in items:
        if isinstance(v, Value):
            values.append(v)
            continue
        if isinstance(v, (list, tuple)) or getattr(v, "ndim", 0) > 0:
            raise TypeError(
                f"expected one example of {nin} number{'s' * (nin > 1)}, but got rows of them; "
                "take one row at a time: [model(row) for row in X]"
            )
        values.append(Value(v))
    if len(values) != nin:
        raise ValueError(
            f"expected {nin} input{'s' * (nin > 1)}, but got {len(values)}; pass one number for each input of the model"
        )
    return values
