"""The rules of calculus that the book states, each as a test in its words."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from micrograd_numpy import (
    MLP,
    Value,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge_loss,
    mse_loss,
)
from micrograd_numpy.value import dot, mean
from tests.tables.catalogue import (
    EPSILON,
    FUNCTIONS,
    Function,
    Program,
    errors,
    nonzero,
    numbers,
    own,
    positive,
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


@given(x=real)
def test_the_root_moves_as_far_as_itself(x: float) -> None:
    """∂root/∂root = 1."""
    root = Value(x) + Value(x)
    root.backward()
    assert root.grad == 1.0


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


@given(x=constants, c=constants)
def test_a_constant_has_no_slope(x: float, c: float) -> None:
    """What does not depend on x does not move with it."""
    leaf = Value(x)
    (Value(c) * 2.0 + 1.0).backward()
    assert leaf.grad == 0.0
    assert slope(lambda v: v * 0.0 + c, x)[1] == 0.0


# ---------------------------------------------------------------- the operations, as their chapter states them


@given(a=real, b=real)
def test_a_sum_hands_its_gradient_to_both_inputs_unchanged(a: float, b: float) -> None:
    """∂(a + b)/∂a = 1 and ∂(a + b)/∂b = 1."""
    x, y = Value(a), Value(b)
    ((x + y) * 3.0).backward()
    assert (x.grad, y.grad) == (3.0, 3.0)


@given(a=real, b=real)
def test_a_difference_hands_it_on_with_one_sign_turned(a: float, b: float) -> None:
    """∂(a − b)/∂a = 1 and ∂(a − b)/∂b = −1."""
    x, y = Value(a), Value(b)
    ((x - y) * 3.0).backward()
    assert (x.grad, y.grad) == (3.0, -3.0)


@given(a=real, b=real)
def test_each_factor_has_the_other_one_for_its_slope(a: float, b: float) -> None:
    """∂(a·b)/∂a = b and ∂(a·b)/∂b = a."""
    x, y = Value(a), Value(b)
    (x * y).backward()
    assert (x.grad, y.grad) == (b, a)


@given(a=real, b=nonzero)
def test_the_slopes_of_a_quotient(a: float, b: float) -> None:
    """∂(a/b)/∂a = 1/b and ∂(a/b)/∂b = −a/b²."""
    x, y = Value(a), Value(b)
    (x / y).backward()
    assert x.grad == 1.0 / b
    assert y.grad == pytest.approx(-a / b**2, rel=4 * EPSILON, abs=0.0)


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


@given(a=real)
def test_the_power_of_zero_is_flat(a: float) -> None:
    """a⁰ is 1 for every a, so its slope is 0."""
    assert slope(lambda v: v**0, a) == slope(lambda v: v ** Value(0.0), a) == (1.0, 0.0)


@given(a=numbers(0.1, 8.0), b=numbers(-4.0, 4.0))
def test_power_rule_with_both_sides_free(a: float, b: float) -> None:
    """∂aᵇ/∂a = b·aᵇ⁻¹ and ∂aᵇ/∂b = aᵇ·ln a."""
    x, y = Value(a), Value(b)
    (x**y).backward()
    assert x.grad == pytest.approx(b * a ** (b - 1.0), rel=8 * EPSILON, abs=0.0)
    assert y.grad == pytest.approx(a**b * math.log(a), rel=8 * EPSILON, abs=0.0)


@given(a=numbers(0.1, 8.0), b=numbers(-4.0, 4.0))
def test_a_power_is_an_exponential_of_a_logarithm(a: float, b: float) -> None:
    """aᵇ = e^(b·ln a), with the same slopes in a and b."""
    assert_same_slope(lambda x: x**b, lambda x: (b * x.log()).exp(), a)
    assert_same_slope(lambda y: a**y, lambda y: (y * Value(a).log()).exp(), b)


@given(a=numbers(-50.0, 50.0))
def test_the_slope_of_the_exponential_is_its_own_height(a: float) -> None:
    """∂eᵃ/∂a = eᵃ."""
    height, grad = slope(Value.exp, a)
    assert grad == height == pytest.approx(math.exp(a), rel=EPSILON)


@given(a=positive)
def test_the_slope_of_the_logarithm(a: float) -> None:
    """∂ln a/∂a = 1/a."""
    assert slope(Value.log, a)[1] == 1.0 / a


@given(a=numbers(-8.0, 8.0))
def test_the_logarithm_undoes_the_exponential(a: float) -> None:
    """For every a, ln eᵃ = a, with slope 1."""
    back, grad = slope(lambda v: v.exp().log(), a)
    assert back == pytest.approx(a, rel=EPSILON, abs=EPSILON)
    assert grad == pytest.approx(1.0, rel=2 * EPSILON)


@given(a=real)
def test_relu_lets_positive_numbers_through_and_stops_the_others(a: float) -> None:
    """Its slope is 1 where a > 0, else 0."""
    assert slope(Value.relu, a) == ((a, 1.0) if a > 0.0 else (0.0, 0.0))


@given(a=real)
def test_the_slope_of_tanh(a: float) -> None:
    """∂tanh a/∂a = 1 − tanh² a, which is 1/cosh² a."""
    t, grad = slope(Value.tanh, a)
    assert grad == 1.0 - t * t == pytest.approx(1.0 / math.cosh(a) ** 2, abs=4 * EPSILON)


@given(a=numbers(-4.0, 4.0))
def test_tanh_is_a_quotient_of_exponentials(a: float) -> None:
    """(eᵃ − e⁻ᵃ)/(eᵃ + e⁻ᵃ), put through the quotient's two derivatives, has the slope of tanh."""

    def taken_apart(v: Value) -> Value:
        return (v.exp() - (-v).exp()) / (v.exp() + (-v).exp())

    assert_same_slope(taken_apart, Value.tanh, a)


@given(a=numbers(-30.0, 30.0))
def test_the_slope_of_the_sigmoid(a: float) -> None:
    """∂σ/∂a = σ(a)·(1 − σ(a))."""
    s, grad = slope(Value.sigmoid, a)
    assert s == pytest.approx(1.0 / (1.0 + math.exp(-a)), rel=2 * EPSILON)
    assert grad == s * (1.0 - s)


@given(a=numbers(-8.0, 8.0))
def test_the_sigmoid_is_a_path_through_one_plus_an_exponential(a: float) -> None:
    """With u = 1 + e⁻ᵃ, σ = 1/u: multiply along the path."""
    assert_same_slope(lambda v: 1.0 / (1.0 + (-v).exp()), Value.sigmoid, a)


@given(a=real)
def test_the_slope_of_softplus_is_the_sigmoid(a: float) -> None:
    """∂ln(1 + eᵃ)/∂a = σ(a), as a rule of one's own and as a chain of operations."""
    assert slope(lambda v: own(softplus, v), a)[1] == slope(Value.sigmoid, a)[0]
    assert_same_slope(lambda v: own(softplus, v), lambda v: (1.0 + v.exp()).log(), a)


pairs = st.lists(st.tuples(real, real), min_size=1, max_size=6)


@given(pairs)
def test_each_weight_of_a_dot_product_meets_only_its_own_input(numbers: list[tuple[float, float]]) -> None:
    """∂(Σ aᵢ·bᵢ)/∂aᵢ = bᵢ and ∂(Σ aᵢ·bᵢ)/∂bᵢ = aᵢ."""
    a, b = ([Value(x) for x in side] for side in zip(*numbers, strict=True))
    dot(a, b).backward()
    assert [(v.grad, w.grad) for v, w in zip(b, a, strict=True)] == numbers


@given(st.lists(real, min_size=1, max_size=6))
def test_one_of_n_numbers_moves_their_average_one_nth_as_far(numbers: list[float]) -> None:
    """∂mean/∂aᵢ = 1/n."""
    values = [Value(x) for x in numbers]
    mean(values).backward()
    assert [v.grad for v in values] == [1.0 / len(values)] * len(values)


# ---------------------------------------------------------------- losses


@given(p=real, t=real)
def test_the_slope_of_a_squared_error(p: float, t: float) -> None:
    """∂(p − t)²/∂p = 2·(p − t)."""
    assert slope(lambda v: mse_loss(v, t), p)[1] == 2.0 * (p - t)


@given(z=real, t=numbers(0.0, 1.0))
def test_the_slope_of_cross_entropy_in_the_logit(z: float, t: float) -> None:
    """Probability minus target: σ(z) − t."""
    assert slope(lambda v: binary_cross_entropy_with_logits(v, t), z)[1] == slope(Value.sigmoid, z)[0] - t


@given(p=numbers(0.01, 0.99), t=numbers(0.0, 1.0))
def test_the_slope_of_cross_entropy_in_the_probability(p: float, t: float) -> None:
    """(p − t)/(p·(1 − p))."""
    expected = (p - t) / (p * (1.0 - p))
    assert slope(lambda v: binary_cross_entropy(v, t), p)[1] == pytest.approx(expected, rel=8 * EPSILON, abs=0.0)


@given(s=real, t=st.sampled_from([-1.0, 1.0]))
def test_hinge_pushes_with_a_slope_of_one_inside_the_margin(s: float, t: float) -> None:
    """−t where t·s < 1, else 0."""
    assert slope(lambda v: hinge_loss(v, t), s)[1] == (-t if 1.0 - t * s > 0.0 else 0.0)


@given(
    points=st.lists(st.tuples(real, real, st.sampled_from([0.0, 1.0])), min_size=1, max_size=4),
    seed=st.integers(0, 99),
    loss=st.sampled_from([mse_loss, binary_cross_entropy_with_logits]),
)
@settings(max_examples=30)
def test_the_gradient_of_a_sum_of_losses_is_the_sum_of_their_gradients(points, seed: int, loss) -> None:
    """One backward() of the sum, or one of each loss: the leaves add up."""
    model = MLP(2, [3, 1], "tanh", rng=seed)
    parameters = model.parameters()
    for *x, t in points:
        loss(model(x), t).backward()
    one_by_one = [p.grad for p in parameters]
    model.zero_grad()
    total = sum((loss(model(x), t) for *x, t in points), Value(0.0))
    total.backward()
    bounds = rounding(total)
    assert all(abs(p.grad - g) <= 2.0 * bounds[p] for p, g in zip(parameters, one_by_one, strict=True))
