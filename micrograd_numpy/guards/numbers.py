"""What stands at more than one door of the library: checks of what comes in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any


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
