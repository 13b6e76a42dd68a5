"""Memory that was never written holds anything. Here it holds what shows in every result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np

GARBAGE = np.array([np.nan, 1e255, -1e255])


def soiled(array: Any) -> Any:
    """`array`, full of garbage; None in an array of objects is no garbage, nor are texts and dates."""
    if array.dtype.kind in "fc":
        with np.errstate(over="ignore"):  # in single precision, 1e255 is inf
            array[...] = np.resize(GARBAGE, array.shape)
    elif array.dtype.kind in "iu":
        array[...] = np.iinfo(array.dtype).max // 3
    elif array.dtype.kind == "b":
        array[...] = True
    return array


@contextmanager
def garbage() -> Iterator[None]:
    """In this block, `np.empty` and `np.empty_like` hand out garbage.

    The constructor `np.ndarray(shape)` and the places that a ufunc's `where=` leaves out without an
    `out=` cannot be reached from here, nor can code that has imported `empty` by name before.
    """

    def soiling(make: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(make)
        def made(*args: Any, **kwargs: Any) -> Any:
            return soiled(make(*args, **kwargs))

        return made

    plain = {name: getattr(np, name) for name in ("empty", "empty_like")}
    try:
        for name, make in plain.items():
            setattr(np, name, soiling(make))
        yield
    finally:
        for name, make in plain.items():
            setattr(np, name, make)
