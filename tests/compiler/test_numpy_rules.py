"""Rules in NumPy: at every edge what they are on floats; and rules of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import Value, numpy_rule, ops, vectorize
from micrograd_numpy.value import apply
from tests.compiler.eager import close, eager, grads, numbers, send_back
from tests.tables.edges import BINARY, EDGES, UNARY, Operation, same


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("operation", [*UNARY, *BINARY], ids=str)
def test_operations_at_the_edges_are_the_eager_engines(operation: Operation) -> None:
    points = [(a,) for a in EDGES] if operation in UNARY else [(a, b) for a in EDGES for b in EDGES]
    parameters = [Value(-0.0) for _ in points[0]]  # −0 + x is x, to the sign of zero
    vectorized = vectorize(lambda x: operation.f(*(p + v for p, v in zip(parameters, x))), reduction="none")
    results = vectorized.forward(points).tolist()
    for point, result in zip(points, results):
        leaves = list(map(Value, point))
        out = operation.f(*leaves)
        out.backward()
        batch = vectorized([point])
        batch.backward([1.0])
        assert same(result, out.data, rel=1e-13) and same(batch.data[0], out.data, rel=1e-13), point
        slopes = zip(grads(parameters), [leaf.grad for leaf in leaves])
        assert all(same(x, y, rel=1e-12, slack=4 * operation.slack) for x, y in slopes), point


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, -0.0, 1e300, 5e-324, -2.5])
def test_constants_at_the_edges_are_the_eager_engines(number: float) -> None:
    def f(x: Value) -> list[Value]:
        return [x * number, x + number, number - x, x / number, number / x, x**number, -(x * number) + number]

    points = [0.0, -0.0, 1.0, -2.5, 1e300, math.inf, math.nan]
    theirs = numbers(eager(f, points))
    ours = vectorize(f, reduction="none").forward(points)
    assert all(map(same, ours.ravel().tolist(), theirs.ravel().tolist()))


def test_a_form_that_returns_something_else_is_refused() -> None:
    def twice(a: float) -> tuple[float, tuple[float]]:
        return 2 * a, (2.0,)

    vectorized = vectorize(lambda x: apply(twice, x))
    with pytest.raises(TypeError, match=r"^the rule 'twice' works on floats.*@numpy_rule\(twice\)"):
        vectorized(np.ones(100))
    wrong: list[Callable[[Any], Any]] = [
        lambda a: 2 * a,
        lambda a: (2 * a,),
        lambda a: (2 * a, 2.0),
        lambda a: (2 * a, [2.0]),
        lambda a: (2 * a, (2.0, 2.0)),
        lambda a: [2 * a, (2.0,)],
    ]
    for form in wrong:
        numpy_rule(twice)(form)
        with pytest.raises(
            TypeError, match=r"^the NumPy form of the rule 'twice' must return its result and a tuple of 1"
        ):
            vectorized(np.ones(100))
    numpy_rule(twice)(lambda a: (2 * a, (2.0,)))
    assert vectorized(np.ones(100)).data == 2.0


def test_a_form_may_be_a_decorated_function_and_stays_one() -> None:
    def twice(a: float) -> tuple[float, tuple[float]]:
        return 2 * a, (2.0,)

    def form(a):
        return 2 * a, (2.0,)

    assert numpy_rule(twice)(form) is form


@pytest.mark.usefixtures("backend")
def test_the_engines_rules_can_be_applied() -> None:
    w = Value(0.5)

    def f(x: Value) -> Value:
        return apply(ops.exp, apply(ops.mul, w, x)) + apply(ops.power(3.0), x) + apply(ops.power(0.5), w)

    vectorize(f, reduction="sum")([1.0, 2.0]).backward()
    ours = grads([w])
    send_back(eager(f, [1.0, 2.0]), np.ones(2))
    assert close(ours, grads([w]))
