"""Finding the arrays: what is recorded, and which matrices are in it."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import pytest

from micrograd_numpy import MLP, Value, hinge_loss, ops, vectorize
from micrograd_numpy.arrays import MemoryLayout, fuse, group, record
from micrograd_numpy.value import dot
from tests.compiler.eager import close, eager, grads, numbers, values

W0 = Value(2.0)


@pytest.mark.usefixtures("backend")
def test_a_function_may_change_the_list_that_it_gets() -> None:
    def take(x: list[Value]) -> Value:
        return x.pop() * W0 + len(x)

    def turn(x: list[Value]) -> Value:
        x.reverse()
        return x[0] * W0

    def put(x: list[Value]) -> Value:
        x[0] = x[0] * 2
        x.append(Value(3.0))
        return dot(x, x) * W0

    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    for f in (take, turn, put):
        assert close(vectorize(f).forward(X)[:, None], numbers(eager(f, X)))


def test_a_matrix_product_is_found_in_plain_sums_and_products() -> None:
    weights = values(np.random.default_rng(0), 6, 3)

    def plain(x: list[Value]) -> Value:
        h = [(w[0] * x[0] + w[1] * x[1] + w[2] * x[2]).tanh() for w in weights]
        return h[0] - h[1] + h[2] - h[3] + h[4] - h[5]

    vectorized = vectorize(plain)
    vectorized(np.ones((5, 3)))
    assert "(6, 3)·(3, n)" in vectorized.explain()
    assert vectorized.source.count("np.dot(") == 2  # forward, and back to the weights


@pytest.mark.usefixtures("backend")
def test_a_chain_may_be_long() -> None:
    w = Value(2.0)

    def f(x: Value) -> Value:
        for _ in range(20_000):
            x = x + w
        return x

    batch = vectorize(f)([1.0, 2.0])
    batch.backward()
    assert (batch.data, w.grad) == (40001.5, 20000.0)


def test_a_chain_of_functions_may_be_long() -> None:
    w = Value(2.0)
    batch = vectorize(lambda x: reduce(lambda v, _: (v * w).tanh(), range(500), x))([1.0, 2.0])
    batch.backward()
    assert math.isfinite(batch.data) and w.grad != 0.0


@pytest.mark.usefixtures("backend")
def test_a_sum_that_is_only_checked_sends_nothing_back() -> None:
    three, minus = Value(3.0), Value(-3.0)

    def f(x: Value) -> Value:
        hinge_loss([x], [x + three + minus])
        return W0 * x

    vectorize(f)([1.0, 1.0]).backward()
    assert grads([W0, three, minus]) == [1.0, 0.0, 0.0]


# ------------------------------------------------------------------ the passes, one by one


def test_a_recipe_holds_what_was_done_to_what() -> None:
    recipe = record(lambda x: x * W0 + (x + 1), [2.0], ["x"])
    ((x,),), (w,), (product, shifted, result) = recipe.arguments, recipe.parameters, recipe.steps
    leaf = {"rule": None, "inputs": (), "wide": False, "active": False, "number": 0.0, "parameter": None}
    leaf |= {"kept": False, "terms": [], "index": 0, "depth": 0}
    done = {"wide": True, "active": True}
    assert vars(x) == {**leaf, "wide": True}
    assert vars(w) == {**leaf, "active": True, "parameter": W0, "index": 1}
    assert vars(product) == {**leaf, **done, "rule": ops.mul, "inputs": (x, w), "index": 2}
    assert vars(shifted) == {**leaf, "wide": True, "rule": ops.add, "inputs": shifted.inputs, "index": 3}
    assert vars(shifted.inputs[1]) == {**leaf, "number": 1.0}
    assert vars(result) == {**leaf, **done, "rule": ops.add, "inputs": (product, shifted), "kept": True, "index": 4}


W = values(np.random.default_rng(0), 3, 2)


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda x: [dot(row, x[:2]) for row in W[:1]], [(1, 2)]),
        (lambda x: [x[0] * row[0] for row in W], [(3, 1)]),  # also the other way round
        (lambda x: W0 * x[0], []),  # one number times one
        (lambda x: [x[0] + W0 + W[0][0], x[1] + W0 + W[0][0] + W[0][1]], []),  # sums that all samples share
        (lambda x: [2.0 * x[0], 3.0 * x[0]], []),  # only scaled
        (lambda x: [dot(row, W[2]) * x[0] for row in W[:2]], [(2, 2), (2, 1)]),
        (lambda x: [dot(W[0], W[1]) * x[0]], []),  # one sum of what all samples share
        (lambda x: [dot(row, [x[0], x[0]]) for row in W], []),  # one input twice
        (lambda x: [dot(row, part) for part in (x[:2], x[2:]) for row in W], [(3, 2), (3, 2)]),
        (lambda x: [dot(W[0], x[:2]), dot(W[1], x[2:])], []),  # other inputs
    ],
)
def test_a_matrix_is_what_several_weights_are_that_multiply_the_same_inputs(function, shapes) -> None:
    groups, _ = group(fuse(record(function, [[1.0, 2.0, 3.0, 4.0]], ["x"])))
    assert [(len(part.a), part.width) for g in groups for part in g.parts if part.matrix] == shapes


def test_a_product_that_two_need_stays_a_node_of_its_own() -> None:
    def f(x: list[Value]) -> Value:
        product = x[0] * x[1]
        return product + product.exp()

    nodes = fuse(record(f, [[1.0, 2.0]], ["x"]))
    assert [(node.rule, len(node.terms)) for node in nodes] == [(ops.mul, 1), (ops.exp, 0), (ops.add, 2)]


def test_zeros_vanish_from_a_sum_but_for_one_beside_a_lone_term() -> None:
    sums = [lambda x: 0 + x + x, lambda x: 0 + x, lambda x: 0 + (0 + x), lambda x: 1 + x, lambda x: x - (1 - x)]
    last = [fuse(record(f, [2.0], ["x"]))[-1].terms for f in sums]
    told = [" ".join("x" if a.wide else str(sign * a.number) for sign, a, _ in terms) for terms in last]
    assert told == ["x x", "0.0 x", "0.0 x", "1.0 x", "-1.0 x x"]


def test_what_is_added_comes_before_what_is_subtracted() -> None:
    groups, _ = group(fuse(record(lambda x: [x[0] + W0 + W[0][0], W0.exp(), x[1] - x[0], -x[0]], [[1.0, 2.0]], ["x"])))
    assert [[part.sign for part in g.parts] for g in groups] == [[1], [1], [1, -1], [-1], [1, 1]]


def test_the_terms_of_a_sum_have_an_order_of_their_own() -> None:
    w = values(np.random.default_rng(0), 2, 3)
    groups, _ = group(fuse(record(lambda x: [dot(w[0], x), dot(w[1][::-1], x[::-1])], [[1.0, 2.0, 3.0]], ["x"])))
    ((part,),) = ([part for part in g.parts if part.matrix] for g in groups)
    assert [[node.parameter for node in row] for row in part.a] == w


def test_matrices_and_what_they_multiply_lie_in_a_row() -> None:
    model = MLP(2, [4, 3, 1], rng=0)
    recipe = record(lambda x: [sum(p * p for p in model.parameters()[::-1]), model(x)], [[1.0, 2.0]], ["x"])
    groups, ones = group(fuse(recipe))
    place = MemoryLayout(recipe, groups, ones).place
    matrices = [part for g in groups for part in g.parts if part.matrix]
    assert [(len(part.a), part.width) for part in matrices] == [(4, 3), (3, 5), (1, 4)]
    squares = next(part for g in groups for part in g.parts if part.width == len(model.parameters()))
    for part in (*matrices, squares):  # which take their terms as they lie
        for table in part.tables:
            places = [place[node] for row in table for node in row]
            assert places == list(range(places[0], places[0] + len(places)))


@pytest.mark.parametrize(
    ("function", "taken"),
    [(Value.relu, True), (Value.exp, True), (abs, False), (Value.log, False), (lambda v: [v, v.relu()], False)],
)
def test_a_result_takes_the_place_of_its_input_if_its_slope_follows_from_it(function, taken: bool) -> None:
    recipe = record(lambda x: function(2.0 * x), [1.0], ["x"])
    groups, ones = group(fuse(recipe))
    layout = MemoryLayout(recipe, groups, ones)
    source, result = (layout.place[g.members[0]] for g in groups)
    assert (source == result) is taken


def test_a_recipe_may_be_fused_again() -> None:
    from micrograd_numpy.compiler.programs import Programs

    model = MLP(2, [3, 1], rng=0)
    recipe = record(
        lambda x: hinge_loss([model(x)], [1.0]) + sum(p * p for p in model.parameters()), [[1.0, 2.0]], ["x"]
    )
    assert len({Programs(recipe).arrays.source for _ in range(3)}) == 1
