"""The rules of calculus that the book states, each as a test in its words; each rule of ops is in test_ops."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from micrograd_numpy import Value
from tests.tables.catalogue import (
    EPSILON,
    FUNCTIONS,
    Function,
    Program,
    errors,
    nonzero,
    numbers,
    own,
    programs,
    real,
    rounding,
    softplus,
)

UNARY = [function for function in FUNCTIONS if len(function.points[0]) == 1]
BINARY = [function for function in FUNCTIONS if len(function.points[0]) == 2]

functions = st.sampled_from(UNARY)
constants = numbers(-9.0, 9.0)
every_pair = settings(max_examples=150)


def slope(f: Callable[[Value], Value], x: float) -> tuple[float, float]:
    """f(x) and f′(x), if they are finite."""
    leaf = Value(x)
    root = f(leaf)
    root.backward()
    assume(math.isfinite(root.data) and math.isfinite(leaf.grad))
    return root.data, leaf.grad


def assert_slope(f: Callable[[Value], Value], x: float, expected: float) -> None:
    """f′(x) is the expected number, but for rounding: a few roundings more than the graph's own."""
    leaf = Value(x)
    root = f(leaf)
    root.backward()
    assert abs(leaf.grad - expected) <= 8.0 * rounding(root)[leaf] + 1e-300, (leaf.grad, expected)


def assert_same_slope(f: Callable[[Value], Value], g: Callable[[Value], Value], x: float) -> None:
    """Two ways to write one function: each slope as exact as its own formula allows."""
    slopes = []
    for function in (f, g):
        leaf = Value(x)
        root = function(leaf)
        root.backward()
        slopes.append((leaf.grad, errors(root)[leaf][1]))
    (one, may), (other, may_too) = slopes
    assert abs(one - other) <= may + may_too + 1e-300, slopes


def drawn_point(data: st.DataObject, *at: Function) -> float:
    """A number in the domains of all of them, if the first one's has one."""
    (x,) = data.draw(at[0].domain.drawn)
    assume(all(math.isfinite(number) for function in at for number in slope(function.f, x)))
    return x


# ---------------------------------------------------------------- how slopes combine


@every_pair
@given(f=functions, g=functions, data=st.data())
def test_sum_rule(f: Function, g: Function, data: st.DataObject) -> None:
    """The slope of a sum is the sum of the slopes: (f + g)′ = f′ + g′."""
    x = drawn_point(data, f, g)
    assert_slope(lambda v: f.f(v) + g.f(v), x, slope(f.f, x)[1] + slope(g.f, x)[1])


@every_pair
@given(f=functions, g=functions, data=st.data())
def test_difference_rule(f: Function, g: Function, data: st.DataObject) -> None:
    """A difference is the same with one sign turned: (f − g)′ = f′ − g′."""
    x = drawn_point(data, f, g)
    assert_slope(lambda v: f.f(v) - g.f(v), x, slope(f.f, x)[1] - slope(g.f, x)[1])


@every_pair
@given(f=functions, data=st.data())
def test_negative(f: Function, data: st.DataObject) -> None:
    """The slope of a negative is the negative of the slope: (−f)′ = −f′, to the last bit."""
    x = drawn_point(data, f)
    assert slope(lambda v: -f.f(v), x)[1] == -slope(f.f, x)[1]


@every_pair
@given(f=functions, g=functions, data=st.data())
def test_product_rule(f: Function, g: Function, data: st.DataObject) -> None:
    """Each factor's slope counts as often as the other factor says: (f·g)′ = f′·g + f·g′."""
    x = drawn_point(data, f, g)
    (a, da), (b, db) = slope(f.f, x), slope(g.f, x)
    assert_slope(lambda v: f.f(v) * g.f(v), x, da * b + a * db)


@every_pair
@given(f=functions, g=functions, data=st.data())
def test_quotient_rule(f: Function, g: Function, data: st.DataObject) -> None:
    """One over the lower one for the upper, −a/b² for the lower: (f/g)′ = f′/g − f·g′/g²."""
    x = drawn_point(data, f, g)
    (a, da), (b, db) = slope(f.f, x), slope(g.f, x)
    assume(abs(b) > 1e-9)
    assert_slope(lambda v: f.f(v) / g.f(v), x, da / b - a * db / b**2)


@every_pair
@given(f=functions, data=st.data())
def test_reciprocal_rule(f: Function, data: st.DataObject) -> None:
    """What grows makes one over it shrink: (1/f)′ = −f′/f²."""
    x = drawn_point(data, f)
    a, da = slope(f.f, x)
    assume(abs(a) > 1e-9)
    assert_slope(lambda v: 1.0 / f.f(v), x, -da / a**2)


@every_pair
@given(f=functions, g=functions, data=st.data())
def test_chain_rule(f: Function, g: Function, data: st.DataObject) -> None:
    """Along a path, factors multiply: the slope of g(f(x)) is g′(f(x))·f′(x)."""
    x = drawn_point(data, f)
    middle, df = slope(f.f, x)
    _, dg = slope(g.f, middle)
    assert_slope(lambda v: g.f(f.f(v)), x, dg * df)


@every_pair
@given(f=st.sampled_from(BINARY), data=st.data())
def test_an_input_that_is_used_twice_gathers_both_slopes(f: Function, data: st.DataObject) -> None:
    """Over paths, contributions add: the slope of f(x, x) is ∂f/∂a + ∂f/∂b, both at x."""
    x, _ = data.draw(f.domain.drawn)
    a, b = Value(x), Value(x)
    root = f.f(a, b)
    root.backward()
    assume(all(map(math.isfinite, (root.data, a.grad, b.grad))))
    assert_slope(lambda v: f.f(v, v), x, a.grad + b.grad)


def along_paths(root: Value) -> dict[Value, list[float]]:
    """For each node, the product of the local derivatives along each path to it from the root."""
    found: dict[Value, list[float]] = {}
    stack = [(root, 1.0)]
    while stack:
        node, factor = stack.pop()
        found.setdefault(node, []).append(factor)
        stack += [(i, factor * local) for i, local in zip(node._prev, node._local)]
        if len(stack) > 1000:
            reject()  # more paths than anybody wants to follow
    return found


@given(program=programs(most=8))
def test_multiply_along_paths_and_add_over_paths(program: Program) -> None:
    """The chain rule, on every node of any graph."""
    _, (root, *_) = program.values()
    root.backward()
    bounds = rounding(root)
    for node, factors in along_paths(root).items():
        assert abs(node.grad - math.fsum(factors)) <= 2.0 * bounds[node] + 1e-300


def test_the_three_paths_of_the_exercise() -> None:
    """Through the sum, through the first factor, through the second: 4, 6 and 6 of (x + 1)·x·x at 2."""
    x = Value(2.0)
    y = (x + 1) * x * x
    assert sorted(along_paths(y)[x]) == [4.0, 6.0, 6.0]
    y.backward()
    assert x.grad == 16.0


# ---------------------------------------------------------------- constants


@every_pair
@given(f=functions, c=constants, data=st.data())
def test_constant_factor(f: Function, c: float, data: st.DataObject) -> None:
    """A constant factor stays a factor, on either side: (c·f)′ = c·f′."""
    x = drawn_point(data, f)
    _, df = slope(f.f, x)
    assert_slope(lambda v: c * f.f(v), x, c * df)
    assert_slope(lambda v: f.f(v) * c, x, c * df)


@every_pair
@given(f=functions, c=constants, data=st.data())
def test_constant_term(f: Function, c: float, data: st.DataObject) -> None:
    """A constant term moves nothing, on either side: (f + c)′ = f′, to the last bit."""
    x = drawn_point(data, f)
    _, df = slope(f.f, x)
    assert slope(lambda v: f.f(v) + c, x)[1] == slope(lambda v: c + f.f(v), x)[1] == df
    assert slope(lambda v: f.f(v) - c, x)[1] == -slope(lambda v: c - f.f(v), x)[1] == df


# ---------------------------------------------------------------- one operation, told by others


@given(a=nonzero, n=st.one_of(st.integers(-6, 6), numbers(-4.0, 4.0)))
def test_power_rule(a: float, n: float) -> None:
    """∂aⁿ/∂a = n·aⁿ⁻¹: for whole n, and for every real exponent of a positive base."""
    if n != int(n):
        a = abs(a)
    assert slope(lambda v: v**n, a)[1] == pytest.approx(n * a ** (n - 1), rel=8 * EPSILON, abs=0.0)


@given(a=nonzero, n=st.integers(1, 12))
def test_a_power_is_a_product_of_n_equal_factors(a: float, n: int) -> None:
    """aⁿ = a·a⋯a: a nudge travels n paths, and on each the other n − 1 factors multiply it."""
    assert_same_slope(lambda v: math.prod([v] * n), lambda v: v**n, a)


@given(a=numbers(0.1, 8.0), b=numbers(-4.0, 4.0))
def test_a_power_is_an_exponential_of_a_logarithm(a: float, b: float) -> None:
    """aᵇ = e^(b·ln a), with the same slopes in a and b."""
    assert_same_slope(lambda x: x**b, lambda x: (b * x.log()).exp(), a)
    assert_same_slope(lambda y: a**y, lambda y: (y * Value(a).log()).exp(), b)


@given(a=numbers(-8.0, 8.0))
def test_the_logarithm_undoes_the_exponential(a: float) -> None:
    """For every a, ln eᵃ = a, with slope 1."""
    back, grad = slope(lambda v: v.exp().log(), a)
    assert back == pytest.approx(a, rel=EPSILON, abs=EPSILON)
    assert grad == pytest.approx(1.0, rel=2 * EPSILON)


@given(a=numbers(-4.0, 4.0))
def test_tanh_is_a_quotient_of_exponentials(a: float) -> None:
    """(eᵃ − e⁻ᵃ)/(eᵃ + e⁻ᵃ), put through the quotient's two derivatives, has the slope of tanh."""

    def taken_apart(v: Value) -> Value:
        return (v.exp() - (-v).exp()) / (v.exp() + (-v).exp())

    assert_same_slope(taken_apart, Value.tanh, a)


@given(a=numbers(-8.0, 8.0))
def test_the_sigmoid_is_a_path_through_one_plus_an_exponential(a: float) -> None:
    """With u = 1 + e⁻ᵃ, σ = 1/u: multiply along the path."""
    assert_same_slope(lambda v: 1.0 / (1.0 + (-v).exp()), Value.sigmoid, a)


@given(a=real)
def test_the_slope_of_softplus_is_the_sigmoid(a: float) -> None:
    """∂ln(1 + eᵃ)/∂a = σ(a), as a rule of one's own and as a chain of operations."""
    assert slope(lambda v: own(softplus, v), a)[1] == slope(Value.sigmoid, a)[0]
    assert_same_slope(lambda v: own(softplus, v), lambda v: (1.0 + v.exp()).log(), a)
