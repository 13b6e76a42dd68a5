"""Blocks and tuples as Python wants them, the smallest included."""

from __future__ import annotations

from micrograd_numpy.compiler.source import as_tuple_of, body, indented


def test_a_block_is_never_empty() -> None:
    assert indented(["a = 1", "b = 2"], 2) == body(["a = 1", "b = 2"], 2) == "\n        a = 1\n        b = 2"
    assert (indented([], 1), body([], 1)) == ("", "\n    pass")


def test_one_name_is_a_tuple_too() -> None:
    assert [as_tuple_of(names) for names in ("", "a", "ab")] == ["", "a,", "a, b"]
