"""The edge table keeps its word: differences from PyTorch are real, and inputs that nobody listed agree too."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_numpy import Value, nn
from tests.tables.edges import (
    BINARY,
    DIFFERENCES,
    EDGES,
    TELLING,
    UNARY,
    Difference,
    Operation,
    all_same,
    differs,
    same,
)
from tests.test_ops import by_rule, torchs

# ---------------------------------------------------------------- the table


def test_the_edges_hold_what_they_promise() -> None:
    magnitudes = {abs(x) for x in EDGES}
    assert {0.0, 1.0, 5e-324, 1e-300, 1e300, 19.0, 40.0, 710.0, 745.0, 1e4, math.inf} <= magnitudes
    assert any(0.0 < x < 2.2250738585072014e-308 and x != 5e-324 for x in magnitudes)
    assert any(math.isnan(x) for x in EDGES)
    signed = {repr(x) for x in EDGES}
    assert all(repr(-x) in signed for x in (0.0, 1.0, 5e-324, 1e-300, 1e300, 19.0, 40.0, 710.0, 745.0, 1e4, math.inf))
    assert {repr(x) for x in TELLING} <= signed


@pytest.mark.parametrize(
    ("ours", "theirs", "equal"),
    [
        (0.0, -0.0, True),
        (math.nan, math.nan, True),
        (math.inf, math.inf, True),
        (1.0, 1.0 + 2.0**-51, True),
        (5e-324, 0.0, True),
        (1e-310, 1.0001e-310, False),
        (1.0, 1.0 + 1e-13, False),
        (math.inf, -math.inf, False),
        (math.inf, 1.7976931348623157e308, False),
        (math.nan, 0.0, False),
        (0.0, math.nan, False),
        (1e-300, 0.0, False),
    ],
)
def test_same_forgives_rounding_and_nothing_else(ours: float, theirs: float, equal: bool) -> None:
    assert same(ours, theirs) is equal


# ---------------------------------------------------------------- where PyTorch answers otherwise


def answer(difference: Difference, leaf: Callable[[float], Any], names: dict[str, Any]) -> tuple[float, ...] | str:
    """What an expression gives with leaves of one library and the names of another."""
    leaves = {name: leaf(x) for name, x in difference.at.items()}
    try:
        out = eval(difference.code, {**names, **leaves})
    except ValueError as error:
        return type(error).__name__
    out.backward()
    return (value(out), *(value(leaf.grad) for leaf in leaves.values()))


def value(x: Any) -> float:
    """The number in a Value, a tensor or a float."""
    return float(getattr(x, "data", x))


def is_answer(given: tuple[float, ...] | str, expected: tuple[float, ...] | str) -> bool:
    """Whether it is that one, but for rounding."""
    if isinstance(given, str) or isinstance(expected, str):
        return given == expected
    return all_same(given, expected)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=str)
def test_our_side_of_a_difference(difference: Difference) -> None:
    ours = answer(difference, Value, vars(nn))
    assert is_answer(ours, difference.ours), ours
    assert difference.covers(*difference.at.values())
    assert not is_answer(difference.ours, difference.pytorch)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=str)
def test_pytorchs_side_of_a_difference(difference: Difference, torch) -> None:
    def leaf(x: float) -> Any:
        return torch.tensor(x, dtype=torch.float64, requires_grad=True)

    theirs = answer(difference, leaf, vars(torch.nn.functional))
    assert is_answer(theirs, difference.pytorch), theirs


@pytest.mark.parametrize("difference", [d for d in DIFFERENCES if d.code.startswith("a ** ")], ids=str)
def test_with_the_exponent_in_a_tensor_pytorch_answers_as_we_do(difference: Difference, torch) -> None:
    n = float(difference.code.removeprefix("a ** "))
    (a,) = difference.at.values()
    theirs = torchs(torch, lambda t: t ** torch.tensor(n, dtype=torch.float64), a)
    assert all_same(difference.ours, theirs)


@pytest.mark.parametrize("difference", [d for d in DIFFERENCES if d.code.endswith(" / a")], ids=str)
def test_with_both_in_tensors_pytorch_divides_as_we_do(difference: Difference, torch) -> None:
    number = float(difference.code.removesuffix(" / a"))
    (a,) = difference.at.values()
    theirs = torchs(torch, lambda t: torch.tensor(number, dtype=torch.float64) / t, a)
    assert all_same(difference.ours, theirs)


# ---------------------------------------------------------------- inputs that are on no list

# Any float64 there is, and its neighbors: hypothesis likes round numbers and the largest; bits reach everything.
BITS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", bits.to_bytes(8, "little"))[0])
NEAR_EDGES = st.tuples(st.sampled_from(EDGES), st.sampled_from([-math.inf, math.inf])).map(lambda x: math.nextafter(*x))
ANY = st.floats() | BITS | NEAR_EDGES
EXAMPLES = settings(max_examples=200)


@pytest.mark.parametrize("operation", UNARY, ids=str)
@EXAMPLES
@given(a=ANY)
def test_any_float_agrees_with_pytorch(operation: Operation, torch, a: float) -> None:
    ours = by_rule(operation.rule, a)
    assert all_same(ours, torchs(torch, operation.f, a), operation.slack) or differs(operation.name, a)


@pytest.mark.parametrize("operation", BINARY, ids=str)
@EXAMPLES
@given(a=ANY, b=ANY)
def test_any_two_floats_agree_with_pytorch(operation: Operation, torch, a: float, b: float) -> None:
    ours, theirs = by_rule(operation.rule, a, b), torchs(torch, operation.f, a, b)
    assert all_same(ours, theirs), (ours, theirs)
