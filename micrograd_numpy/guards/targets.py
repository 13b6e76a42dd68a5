"""Predictions and targets of a loss: as many of one as of the other, and numbers that it is made for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, SupportsFloat

from micrograd_numpy.guards.numbers import in_order, what_is
from micrograd_numpy.value import Value, as_value

Scalar = Value | SupportsFloat
Numbers = Scalar | Iterable[Scalar]


def check(v: Value, holds: Callable[[Any], Any], complaint: Callable[[float], Exception]) -> None:
    """Raise `complaint` of the number in `v` unless `holds` is true of it.

    The place for a function to look at a number: `vectorize` takes note of it, and asks
    `holds` of an array. So it must be an expression for numbers and arrays alike.
    """
    if not holds(v.data):
        raise complaint(v.data)


def as_column(loss: str, name: str, numbers: Numbers) -> list[Value]:
    """`numbers` as a list of Values, or an error that says which loss was given what."""
    values: list[Value] = []
    for i, x in enumerate(in_order(loss, name, numbers)):  # type: ignore[arg-type]  # not single
        try:
            values.append(as_value(x))
        except TypeError:
            row = hasattr(x, "__len__") and not isinstance(x, (str, bytes))
            hint = (
                f"flatten rows first, for example [x for row in {name} for x in row]"
                if row
                else "make it a number first"
            )
            raise TypeError(f"{loss} compares number with number, but {name}[{i}] is {what_is(x)}; {hint}") from None
    return values


def is_single(x: Numbers) -> bool:
    """Whether `x` stands for one number, not for a sequence of them."""
    return getattr(x, "shape", None) == () or not hasattr(x, "__iter__")


def pair(loss: str, predictions: Numbers, targets: Numbers, first: str = "predictions") -> list[tuple[Value, Value]]:
    """Each prediction with its target.

    Raises
    ------
    TypeError
        If an element is not one number, or a container has no order.
    ValueError
        If the lengths differ, there is nothing to average, or a sequence meets a single number.
    """
    single = is_single(predictions), is_single(targets)
    if all(single):
        return [(as_value(predictions), as_value(targets))]  # type: ignore[arg-type]  # single
    if any(single):
        one, many = (first, "targets") if single[0] else ("targets", first)
        raise ValueError(f"{loss} got one number as {one} but a sequence as {many}; pass one target per prediction")
    left, right = as_column(loss, first, predictions), as_column(loss, "targets", targets)
    if len(left) != len(right):
        raise ValueError(f"{loss} got {len(left)} {first} and {len(right)} targets; pass one target per prediction")
    if not left:
        raise ValueError(f"{loss} got no {first}; the mean of nothing is undefined")
    return list(zip(left, right))


def is_probability(x: float) -> bool:
    """Whether `x` is in [0, 1]; nan is not. With & instead of `and`, so that arrays can be asked, too."""
    return (x >= 0.0) & (x <= 1.0)


def is_sign(x: float) -> bool:
    """Whether `x` is −1 or +1."""
    return (x == 1.0) | (x == -1.0)


def expect(loss: str, needs: str, name: str, values: Iterable[Value], holds: Callable[[Any], Any], hint: str) -> None:
    """Raise a ValueError at the first of `values` of which `holds` is not true."""
    for i, v in enumerate(values):

        def complaint(x: float, i: int = i) -> ValueError:
            return ValueError(f"{loss} needs {name} {needs}, but {name}[{i}] is {x!r}; {hint}")

        check(v, holds, complaint)


def expect_probabilities(loss: str, name: str, values: Iterable[Value], hint: str) -> None:
    """Raise a ValueError at the first of `values` outside [0, 1]."""
    expect(loss, "between 0 and 1", name, values, is_probability, hint)


def expect_probable_targets(loss: str, pairs: Iterable[tuple[Value, Value]]) -> None:
    """Raise a ValueError at the first target outside [0, 1]."""
    targets = (t for _, t in pairs)
    expect_probabilities(loss, "targets", targets, "turn labels -1 and 1 into 0 and 1 with (t + 1) / 2")


def expect_signs(loss: str, pairs: Iterable[tuple[Value, Value]]) -> None:
    """Raise a ValueError at the first target that is neither −1 nor +1."""
    targets = (t for _, t in pairs)
    expect(loss, "-1 or 1", "targets", targets, is_sign, "turn labels 0 and 1 into -1 and 1 with 2 * t - 1")
