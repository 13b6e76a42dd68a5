"""Python source, as the programs are written: blocks of lines, and tuples of names."""

from __future__ import annotations

from collections.abc import Iterable


def indented(lines: Iterable[str], depth: int) -> str:
    """Lines of a block, each on a new line; nothing if there are none."""
    return "".join(f"\n{'    ' * depth}{line}" for line in lines)


def body(lines: Iterable[str], depth: int) -> str:
    """The block of a function or a loop, which Python does not let be empty."""
    return indented(lines, depth) or indented(["pass"], depth)


def as_tuple_of(names: Iterable[str]) -> str:
    """Names with commas between them, so that Python takes them for a tuple even if it is one name."""
    names = list(names)
    return f"{names[0]}," if len(names) == 1 else ", ".join(names)
