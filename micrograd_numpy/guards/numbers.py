"""Numbers: whether what comes in is one, or several in an order, and what to say if not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from operator import index
from typing import Any, SupportsIndex


def beginning(x: object) -> str:
    """How the repr of `x` begins, on one line; nothing if it has none."""
    try:
        return " ".join(line.strip() for line in repr(x).splitlines())[:60]
    except Exception:  # noqa: BLE001  # thousands of digits or of brackets, or a bug in the repr
        return ""


def what_is(x: object) -> str:
    """`x` in an error message: its type, and how its repr begins."""
    text = beginning(x)
    return f"{type(x).__name__}: {text}" if text else type(x).__name__


def short(x: object) -> str:
    """A float to six significant digits, still looking like one; anything else as it is."""
    return repr(float(f"{x:.6g}")) if type(x) is float else beginning(x) or what_is(x)


def advice(x: Any) -> str:
    """What to do with `x`, which a Value cannot hold."""
    shape = getattr(x, "shape", None)
    if hasattr(type(x), "_prev"):
        hint = (
            "it is a Value already: use it as it is, or take its number with .data; where a Value would do, it is of "
            "another class Value, from before a reload or from another module: make all Values with one class"
        )
    elif x is None:
        hint = "has a function forgotten to return its result?"
    elif isinstance(x, Mapping):
        hint = "make one Value per number: {key: Value(x) for key, x in data.items()}"
    elif isinstance(shape, tuple) and len(shape) == 2:
        rows = "data.to_numpy()" if hasattr(x, "to_numpy") else "data"
        hint = f"make one Value per number: [[Value(x) for x in row] for row in {rows}]"
    elif isinstance(x, Iterable) and shape != () and not isinstance(x, (str, bytes)):
        hint = "make one Value per element: [Value(x) for x in data]"
    elif isinstance(x, complex) or getattr(getattr(x, "dtype", None), "kind", "") == "c":
        hint = "take one real number from it, for example with .real"
    elif isinstance(x, (str, bytes)) or hasattr(type(x), "__float__"):
        hint = "convert it first, for example with float(...)"
    else:
        hint = "it is no number, and float(...) makes none of it"
    return hint


def as_float(data: object) -> float:
    """`data` as a Python float, if it is one real number.

    Raises
    ------
    TypeError
        For anything that is not an int, a float, a NumPy real scalar or a 0-d array.
    OverflowError
        For an int that is too large for a float.
    """
    if isinstance(data, (float, int)):
        try:
            return float(data)
        except OverflowError:
            raise OverflowError(
                "a Value holds a float, which ends near 1.8e308, but got an int of "
                f"{int(data).bit_length()} bits; make it smaller first"
            ) from None
    if getattr(type(data), "__module__", "") == "numpy" and getattr(data, "shape", None) == ():
        number: Any = data
        if number.dtype.kind in "biuf":
            return float(number.item())
    raise TypeError(f"a Value holds one real number, but got {what_is(data)}; {advice(data)}")


def as_size(n: SupportsIndex, name: str, least: int = 1) -> int:
    """`n` as an int, if it is a whole number and at least `least`."""
    try:
        size = index(n)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, but got {what_is(n)}") from None
    if size < least:
        raise ValueError(f"{name} must be at least {least}, but got {size}")
    return size


def in_order(who: str, what: str, items: Iterable[Any]) -> Iterable[Any]:
    """`items`, if one can go through them as through a list; of a table (a pandas DataFrame), the rows.

    A mapping would hand out its keys, a set its elements in any order, bytes small numbers, and a
    table the names of its columns: each a list of numbers to look at, and none of them meant.

    Raises
    ------
    TypeError
        If `items` is a mapping, a set or bytes.
    """
    if isinstance(items, (Mapping, AbstractSet)):
        raise TypeError(
            f"{who} needs {what} in an order, but a {type(items).__name__} came in; pass a list or an array"
        )
    if isinstance(items, (bytes, bytearray)):
        raise TypeError(f"{who} needs {what} as numbers, but {type(items).__name__} came in; pass a list or an array")
    table: Any = items
    return table.to_numpy() if hasattr(items, "to_numpy") else items


def as_tuple(name: str, xs: Iterable[Any], some: bool = False) -> tuple[Any, ...]:
    """`xs` as a tuple, or an error that says what `name` takes; with `some`, it must not be empty."""
    try:
        # mostly it is a list, and there is nothing to ask
        items = tuple(xs if type(xs) is list else in_order(name, "its numbers", xs))
    except TypeError:
        if isinstance(xs, Iterable):
            raise  # what makes them has a bug of its own
        raise TypeError(
            f"{name} takes Values or numbers in a list, but got {what_is(xs)}; write [x] for a single x"
        ) from None
    if some and not items:
        raise ValueError(f"{name} needs at least one value, but got none")
    return items


def as_halves(name: str, left: Iterable[Any], right: Iterable[Any]) -> tuple[Any, ...]:
    """`left` and then `right` as one tuple, if they are of one length."""
    first = tuple(left) if type(left) is list else as_tuple(name, left)  # as mostly: it saves a call
    second = tuple(right) if type(right) is list else as_tuple(name, right)
    if len(first) != len(second):
        raise ValueError(
            f"{name} needs as many numbers on the left as on the right, but got {len(first)} and {len(second)}"
        )
    return first + second


def as_answer(name: str, answer: Any, inputs: int) -> tuple[float, tuple[float, ...]]:
    """What a rule of that name returned for so many inputs: its result and its local derivatives, as floats.

    Raises
    ------
    TypeError
        If it is anything else than real numbers as (result, (d1, d2, ...)).
    ValueError
        If there are more or fewer local derivatives than inputs.
    """
    try:
        result, slopes = answer
        data, local = as_float(result), tuple(map(as_float, slopes))
    except (TypeError, ValueError):
        raise TypeError(
            f"the rule {name!r} returned {what_is(answer)}; it must return its result and one local "
            "derivative for each input, real numbers all, as (result, (d1, d2, ...))"
        ) from None
    if len(local) != inputs:
        raise ValueError(
            f"the rule {name!r} got {inputs} inputs but returned {len(local)} local "
            "derivatives; it must return one for each input, as (result, (d1, d2, ...))"
        )
    return data, local
