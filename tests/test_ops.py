"""The rules: local derivatives equal nudging, and PyTorch's answers at the edges of the floats."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import Value, ops
from micrograd_numpy.ops import Rule
from micrograd_numpy.value import dot, mean, total
from tests.tables.edges import BINARY, EDGES, TELLING, UNARY, all_same, differs
from tests.tables.operations import ONE_INPUT, TWO_INPUTS, Operation

PAIRS = list(product(EDGES, EDGES))


def on_the_right(f: Callable[[Any, float], Any], b: float, a: Any) -> Any:
    """Call f with the number b on its right."""
    return f(a, b)


def torchs(torch: ModuleType, f: Callable[..., Any], *inputs: float) -> tuple[float, ...]:
    """PyTorch's result of f, and its derivatives."""
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    out = f(*leaves)
    out.backward()
    return (out.item(), *(leaf.grad.item() for leaf in leaves))


def by_rule(rule: Rule, *inputs: float) -> tuple[float, ...]:
    """A rule's result and local derivatives, which are plain floats."""
    result, local = rule(*inputs)
    assert {type(x) for x in (result, *local)} == {float}
    return (result, *local)


def by_values(f: Callable[..., Any], *inputs: float) -> tuple[float, ...]:
    """The same by the public operator and backward()."""
    values = [Value(x) for x in inputs]
    out = f(*values)
    out.backward()
    return (out.data, *(v.grad for v in values))


def assert_equal(cases: Iterable[tuple[Any, tuple[float, ...], tuple[float, ...]]], slack: float = 0.0) -> None:
    """Each case is (inputs, our answer, PyTorch's)."""
    wrong = [case for case in cases if not all_same(case[1], case[2], slack)]
    assert wrong == []


# ---------------------------------------------------------------- PyTorch's answers at every edge


@pytest.mark.parametrize("operation", UNARY, ids=str)
def test_operations_of_one_input_equal_pytorch_at_every_edge(operation: Operation, torch) -> None:
    inputs = [a for a in EDGES if not differs(operation.name, a)]
    theirs = [torchs(torch, operation.f, a) for a in inputs]
    assert_equal(zip(inputs, (by_rule(operation.rule, a) for a in inputs), theirs), operation.slack)
    assert_equal(zip(inputs, (by_values(operation.f, a) for a in inputs), theirs), operation.slack)


@pytest.mark.parametrize("operation", BINARY, ids=str)
def test_operations_of_two_inputs_equal_pytorch_at_every_pair_of_edges(operation: Operation, torch) -> None:
    theirs = [torchs(torch, operation.f, *pair) for pair in PAIRS]
    assert_equal(zip(PAIRS, (by_rule(operation.rule, *pair) for pair in PAIRS), theirs))
    assert_equal(zip(PAIRS, (by_values(operation.f, *pair) for pair in PAIRS), theirs))


@pytest.mark.parametrize("operation", BINARY, ids=str)
def test_a_number_on_the_left_is_as_good_as_a_value(operation: Operation, torch) -> None:
    def number(a: float) -> Any:  # a number / tensor of PyTorch has answers of its own: see DIFFERENCES
        return torch.tensor(a, dtype=torch.float64) if operation.name == "a / b" else a

    assert_equal(
        ((a, b), by_values(partial(operation.f, a), b), torchs(torch, partial(operation.f, number(a)), b))
        for a, b in PAIRS
    )


@pytest.mark.parametrize("operation", BINARY, ids=str)
def test_a_number_on_the_right_is_as_good_as_a_value(operation: Operation, torch) -> None:
    for b in EDGES:
        f = partial(on_the_right, operation.f, b)
        inputs = [a for a in EDGES if not (operation.name == "a ** b" and differs(f"a ** {b:g}", a))]
        assert_equal(((a, b), by_values(f, a), torchs(torch, f, a)) for a in inputs)


@pytest.mark.parametrize("n", [1, 2])
def test_dot_equals_pytorch_at_the_edges(n: int, torch) -> None:
    def theirs(*t: Any) -> Any:
        return torch.dot(torch.stack(t[:n]), torch.stack(t[n:]))

    assert_equal(
        (inputs, by_values(lambda *v: dot(v[:n], v[n:]), *inputs), torchs(torch, theirs, *inputs))
        for inputs in product(EDGES if n == 1 else TELLING, repeat=2 * n)
    )


@pytest.mark.parametrize("n", [1, 2, 3])
def test_mean_equals_pytorch_at_the_edges(n: int, torch) -> None:
    assert_equal(
        (inputs, by_values(lambda *v: mean(v), *inputs), torchs(torch, lambda *t: torch.stack(t).mean(), *inputs))
        for inputs in product(EDGES if n < 3 else TELLING, repeat=n)
    )


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_total_equals_pytorch_at_the_edges(n: int, torch) -> None:
    def theirs(*t: Any) -> Any:
        return torch.stack(t).sum() if t else torch.zeros(0, dtype=torch.float64, requires_grad=True).sum()

    assert_equal(
        (inputs, by_values(lambda *v: total(v), *inputs), torchs(torch, theirs, *inputs))
        for inputs in product(EDGES if n < 3 else TELLING, repeat=n)
    )


# ---------------------------------------------------------------- the rules themselves


@pytest.mark.parametrize(
    ("a", "b", "quotient"),
    [(1.0, 0.0, math.inf), (1.0, -0.0, -math.inf), (-1.0, 0.0, -math.inf), (math.inf, 0.0, math.inf), (6.0, 3.0, 2.0)],
)
def test_divide(a: float, b: float, quotient: float) -> None:
    assert ops.divide(a, b) == quotient


@pytest.mark.parametrize("a", [0.0, -0.0, math.nan])
def test_divide_without_an_answer(a: float) -> None:
    assert math.isnan(ops.divide(a, 0.0))


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (-2.0, 3.0, -8.0),
        (-1e200, 3.0, -math.inf),
        (-1e200, 2.0, math.inf),
        (1e200, 3.0, math.inf),
        (0.0, -1.0, math.inf),
        (-0.0, -1.0, -math.inf),
        (-0.0, -2.0, math.inf),
        (-0.0, -0.5, math.inf),
        (-0.0, math.nextafter(-1.0, 0.0), math.inf),  # no odd power, though it rounds to one
        (0.0, -math.inf, math.inf),
        (0.0, 0.0, 1.0),
        (math.nan, 0.0, 1.0),
    ],
)
def test_raised(a: float, b: float, result: float) -> None:
    assert ops.raised(a, b) == result


def test_a_root_of_a_negative_number_is_nan_and_not_complex() -> None:
    assert math.isnan(ops.raised(-8.0, 1 / 3))


class Symbolic:
    """What computes like a number, and is no float."""

    def exp(self) -> str:
        return "eᵃ"


def test_what_is_no_float_brings_functions_and_powers_of_its_own() -> None:
    assert ops.exponential(Symbolic()) == "eᵃ"
    assert ops.raised(np.array([2.0, 3.0]), 3.0).tolist() == [8.0, 27.0]


# ---------------------------------------------------------------- a new operation


CHAPTER = Path(ops.__file__).read_text("utf-8")
LISTS = {"dot", "total", "mean"}  # they take a list: functions of value, not methods


def rule_names() -> list[str]:
    """The rules of ops, known by what they return, but for those that take a list."""
    return [
        name
        for name, f in inspect.getmembers(ops, inspect.isfunction)
        if str(inspect.signature(f).return_annotation).startswith("tuple[float, tuple[") and name not in LISTS
    ]


def lacks(name: str) -> list[str]:
    """What the operation of that rule lacks."""
    written = {o.rule.__name__: o.name for o in [*ONE_INPUT, *TWO_INPUTS]}
    there = {
        "a method of Value": hasattr(Value, name) or hasattr(Value, f"__{'truediv' if name == 'div' else name}__"),
        "a row in tests/tables/operations.py": name in written,
        'a row of "All of them" in micrograd_numpy/ops.py': f"# | `{written.get(name, f'a.{name}()')}` |" in CHAPTER,
    }
    return [what for what, found in there.items() if not found]


def test_no_operation_lacks_anything() -> None:
    lacking = {name: lacks(name) for name in rule_names()}
    assert {o.rule.__name__ for o in [*ONE_INPUT, *TWO_INPUTS]} <= set(lacking)  # the search finds rules
    said = "\n".join(f"the operation {name} lacks: {'; '.join(what)}" for name, what in lacking.items() if what)
    assert not said, said
