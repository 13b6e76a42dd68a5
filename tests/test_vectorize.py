"""vectorize: the numbers are the eager engine's, whatever the function; it compiles when it must, and only then."""

from __future__ import annotations

import ast
import copy
import doctest
import math
import operator
import pickle
import re
import statistics
import threading
import tracemalloc
import warnings
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import lru_cache, partial, reduce
from itertools import chain
from operator import itemgetter
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_numpy import (
    MLP,
    SGD,
    Module,
    Value,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    check_gradients,
    detect_anomaly,
    draw_graph,
    hinge_loss,
    mse_loss,
    numpy_rule,
    ops,
    topological_sort,
    value,
    vectorize,
)
from micrograd_numpy.compiler import replay
from micrograd_numpy.value import apply, dot, mean, total
from tests.tables import catalogue, changes
from tests.tables.catalogue import FUNCTIONS, Function, Program, errors, own, programs
from tests.tables.edges import BINARY, EDGES, UNARY, Operation, same

BACKENDS = ["arrays", "floats"]


@contextmanager
def by(backend: str) -> Iterator[None]:
    """Let what is compiled in this block run on arrays, or on floats, however large it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "FEW", {"arrays": 0, "floats": 10**9}[backend])
        yield


@pytest.fixture(params=BACKENDS)
def backend(request) -> Iterator[None]:
    """Run the test on arrays, and on floats."""
    with by(request.param):
        yield


# The forms of the catalogue's own rules, as a user writes them.


@numpy_rule(catalogue.softplus)
def softplus_of_arrays(a):
    return np.maximum(a, 0.0) + np.log1p(np.exp(-abs(a))), (1.0 / (1.0 + np.exp(-a)),)


@numpy_rule(catalogue.sin)
def sin_of_arrays(a):
    return np.sin(a), (np.cos(a),)


@numpy_rule(catalogue.hypot)
def hypot_of_arrays(a, b):
    h = np.hypot(a, b)
    return h, (a / h, b / h)


def as_list(results: Any) -> list[Any]:
    """What a function returned, as a list."""
    return list(results) if isinstance(results, (list, tuple)) else [results]


def eager(fn: Callable[..., Any], *arrays: Any) -> list[list[Any]]:
    """The results of the scalar engine, sample by sample."""
    samples = zip(*(np.asarray(array).tolist() for array in arrays))
    symbols = [[list(map(Value, x)) if isinstance(x, list) else Value(x) for x in sample] for sample in samples]
    return [as_list(fn(*sample)) for sample in symbols]


def numbers(results: list[list[Any]]) -> np.ndarray:
    """The same as an array, a row for each sample."""
    return np.array([[float(v) for v in row] for row in results])


def send_back(results: list[list[Any]], seeds: np.ndarray) -> None:
    """Fill gradients, where each result counts as much as its seed."""
    for row, weights in zip(results, np.reshape(seeds, (len(results), -1)).tolist()):
        for v, weight in zip(row, weights):
            if isinstance(v, Value):
                (v * weight).backward()


def grads(parameters: Sequence[Value]) -> list[float]:
    """Take the gradients, and begin anew."""
    taken = [p.grad for p in parameters]
    for p in parameters:
        p.grad = 0.0
    return taken


def close(ours: Any, theirs: Any) -> bool:
    """Within 1e-12; relative, where numbers are large."""
    return np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def values(rng: np.random.Generator, *shape: int) -> Any:
    """Values in lists of lists."""
    if not shape:
        return Value(float(rng.normal()))
    return [values(rng, *shape[1:]) for _ in range(shape[0])]


# ------------------------------------------------------------------ the numbers: functions with a structure

RNG = np.random.default_rng(0)
W, B = values(RNG, 5, 4), values(RNG, 5)
W2, B2 = values(RNG, 3, 5), values(RNG, 3)
KERNEL, SCALE, U = values(RNG, 3), values(RNG), values(RNG, 4)
NET = MLP(4, [6, 6, 2], "tanh", rng=1)
PARAMETERS = [*chain(*W, *W2), *B, *B2, *KERNEL, SCALE, *U, *NET.parameters()]


def layer(weights, biases, x, f=Value.tanh):
    return [f(dot(w, x) + b) for w, b in zip(weights, biases)]


def hidden(x):
    return layer(W, B, x)


def softmax(z):
    e = [v.exp() for v in z]
    total = sum(e)
    return [v / total for v in e]


def cell(h, v):
    """One step of a recurrent network."""
    return [(dot(w[:3], h) + w[3] * v + b).tanh() for w, b in zip(W[:3], B)]


def picked(rows, x):
    """A product of entries in no order."""
    return dot([rows[i] for i in (3, 1, 4, 0)], [x[i] for i in (2, 0, 3, 1)])


def shared_twice(x):
    h = (U[0] * x).tanh()
    return sum([h, h, h])


# Each works on a list x of four Values and on a Value t.
STRUCTURES = {
    # layers
    "a network": lambda x, t: NET(x),
    "softmax": lambda x, t: softmax(hidden(x)),
    "cross entropy over softmax": lambda x, t: (
        -sum(p.log() * (i + 1) for i, p in enumerate(softmax(layer(W2, B2, hidden(x))))) * t
    ),
    "attention": lambda x, t: dot(softmax([dot(w, x) for w in W]), [dot(w, x) for w in W[::-1]]),
    "gates": lambda x, t: [a * b for a, b in zip(layer(W, B, x, Value.sigmoid), hidden(x))],
    "two heads": lambda x, t: sum(hidden(x)) * sum(layer(W2, B2, layer(W, B, [v * v for v in x]))),
    "a convolution": lambda x, t: sum((dot(KERNEL, x[i : i + 3]) + SCALE).relu() for i in range(2)) * t,
    "the mean of a convolution": lambda x, t: mean([(dot(KERNEL, x[i : i + 3]) + SCALE).tanh() for i in range(2)]) + t,
    "the total of a convolution": lambda x, t: (
        total([(dot(KERNEL, x[i : i + 3]) + SCALE).tanh() for i in range(2)]) * t
    ),
    "a total of a total": lambda x, t: total([total(x), -t, SCALE, 1.0]) - total([*W[0], 2.0]) + total([]) + total([t]),
    "city blocks": lambda x, t: total(abs(v - t) for v in x) + abs(SCALE) * abs(total(x)),
    "a recurrent network": lambda x, t: reduce(cell, x, [0.0 * t] * 3)[0],
    "a penalty on weights": lambda x, t: (
        NET(x)[0] + 0.1 * sum(p * p for name, p in NET.named_parameters() if "weights" in name)
    ),
    # signs
    "negated products": lambda x, t: -dot(W[0], x) - dot(W[1], x) - SCALE,
    "a negated layer": lambda x, t: sum((-dot(w, x) - b).tanh() for w, b in zip(W, B)),
    "one minus a layer": lambda x, t: sum((t - dot(w, x)).relu() for w in W),
    "biases minus a layer": lambda x, t: sum((b - dot(w, x)).relu() for w, b in zip(W, B)),
    "signs mixed": lambda x, t: dot(W[0], x) - dot(W[1], [v * t for v in x]) * t + 3 - t,
    # views
    "backwards": lambda x, t: dot(W2[0], hidden(x)[::-1]) + dot(W2[1], hidden(x)),
    "every other": lambda x, t: sum(hidden(x)[::2]) * t,
    "arguments in no order": lambda x, t: dot(
        [W[i][j] for i, j in ((0, 0), (2, 3), (1, 1), (4, 2))], [x[i] for i in (2, 0, 3, 1)]
    ),
    "a layer in no order": lambda x, t: picked(hidden(x), x) ** 2,
    "parameters tied": lambda x, t: dot(U, [v.tanh() for v in [a + b for a, b in zip(U, x)]]) + dot(U, U) * t,
    "terms twice": lambda x, t: (
        dot([U[0], U[0], U[1]], [x[0], x[0], x[2]]) + x[0] * U[0] + x[0] * U[0] + sum([t, t, t]) * SCALE
    ),
    "operations twice": lambda x, t: sum([(U[0] * t).tanh(), (U[0] * t).tanh()]) * SCALE + shared_twice(x[1]),
    "an outer product": lambda x, t: [w * t + b for w, b in zip(U, B)],
    "a function of an outer product": lambda x, t: sum(((w * t).tanh() * v).exp() for w, v in zip(U, x)),
    "a matrix of numbers": lambda x, t: sum((x[0] * a + x[1] * b).tanh() for a, b in ((1.0, 2.0), (3.0, 4.0))),
    "scaled by a number": lambda x, t: [(2.0 * v).tanh() * SCALE for v in x],
    # no layers
    "distances": lambda x, t: [sum((a - b) ** 2 for a, b in zip(x, w)) for w in W],
    "radial functions": lambda x, t: sum((-sum((a - b) ** 2 for a, b in zip(x, w))).exp() * b for w, b in zip(W, B)),
    "a bell": lambda x, t: (-((t - SCALE) ** 2) / (2 * SCALE**2)).exp(),
    "powers": lambda x, t: sum((v * v + 1) ** i for i, v in enumerate(x)) + (t * t + 1) ** SCALE + SCALE**2 + 2**t,
    "logarithms": lambda x, t: sum((v * v + SCALE * SCALE).log() for v in x) / (t * t + 1),
    "rules of one's own": lambda x, t: own(catalogue.hypot, own(catalogue.sin, SCALE * t), x[0] * U[0]),
    "the same rule on two inputs": lambda x, t: sum(own(catalogue.softplus, dot(w, x)) for w in W),
    # results
    "arguments as results": lambda x, t: [t, x[0], t * 1.0],
    "parameters and numbers as results": lambda x, t: [SCALE, U[0] * U[1], 1.0, 2, x[3]],
    "zero as a result": lambda x, t: [0.0, 0, SCALE * 0.0, sum([])],
    "the same result twice": lambda x, t: [h := SCALE * t, h, h],
    "a result inside another": lambda x, t: [h := dot(U, x), h + t, (h + t) * h],
    "nothing but parameters": lambda x, t: dot(U, U) + SCALE,
    # losses
    "mse_loss": lambda x, t: mse_loss(NET(x), [t, t * 2]),
    "hinge_loss": lambda x, t: hinge_loss(NET(x), [1.0, -1.0]),
    "binary_cross_entropy": lambda x, t: binary_cross_entropy(NET(x)[0].sigmoid(), t.sigmoid()),
    "binary_cross_entropy_with_logits": lambda x, t: binary_cross_entropy_with_logits(NET(x), [0.25, 1.0]),
}


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("name", STRUCTURES)
def test_results_and_gradients_are_the_eager_engines(name: str) -> None:
    f = STRUCTURES[name]
    vectorized, programs = vectorize(f, reduction="none"), set()
    rng = np.random.default_rng(1)
    grads(PARAMETERS)
    for n in (1, 2, 7, 2):  # and with other parameters each time
        for p in PARAMETERS:
            p.data = float(rng.normal())
        X, t = rng.normal(size=(n, 4)), rng.normal(size=n)
        batch = vectorized(X, t)
        seeds = rng.normal(size=batch.data.shape)
        batch.backward(seeds)
        ours = grads(PARAMETERS)
        results = eager(f, X, t)
        send_back(results, seeds)
        assert close(np.reshape(batch.data, (n, -1)), numbers(results)), vectorized.source
        assert close(ours, grads(PARAMETERS)), vectorized.source
        assert np.array_equal(vectorized.forward(X, t), batch.data)
        programs.add(vectorized._latest)
    assert len(programs) == 1


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_functions_of_the_catalogue_are_the_eager_engines(function: Function) -> None:
    """Their inputs are arguments, or parameters."""
    points = np.array(function.points)
    parameters = [Value(0.0) for _ in points[0]]
    of_arguments = vectorize(lambda x: function.f(*x), reduction="none")
    of_parameters = vectorize(lambda x: function.f(*parameters) + 0 * x)
    assert close(of_arguments(points).data[:, None], numbers(eager(lambda x: function.f(*x), points)))
    for point in function.points:
        for p, number in zip(parameters, point):
            p.data = number
        of_parameters([0.0, 0.0]).backward()
        ours = grads(parameters)
        function.f(*parameters).backward()
        assert close(ours, grads(parameters))


# ------------------------------------------------------------------ the numbers: edges


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


# ------------------------------------------------------------------ the numbers: random programs


def compare(program: Program, kept: list[bool], n: int) -> None:
    """Vectorize a program, where some of its leaves are arguments and the others parameters."""
    arguments = [i for i, keep in enumerate(kept[: len(program.leaves)]) if not keep] or [0]
    parameters = [Value(x) for x in program.leaves]

    def fn(x: list[Value]) -> Any:
        leaves = list(parameters)
        for i, v in zip(arguments, x):
            leaves[i] = v
        results = program.run(leaves)
        return results if len(results) > 1 else results[0]

    columns = np.array([[program.leaves[i] for i in arguments]] * n)
    vectorized = vectorize(fn, reduction="none")
    batch = vectorized(columns)
    seeds = np.linspace(0.5, 1.5, batch.data.size).reshape(batch.data.shape)
    batch.backward(seeds)
    ours = grads(parameters)
    off = dict.fromkeys(parameters, 0.0)  # how far gradients may be off
    for row, found, weights in zip(eager(fn, columns), batch.data.reshape(n, -1), seeds.reshape(n, -1).tolist()):
        for v, number, weight in zip(row, found, weights):
            assert abs(v.data - number) <= 1e-12 * abs(v.data) + bound(errors(v)[v][0]), vectorized.source
            root = v * weight
            root.backward()
            for node, (_, grad) in errors(root).items():
                if node in off:
                    off[node] += grad
    for i, (p, grad) in enumerate(zip(parameters, ours)):
        if i not in arguments:
            assert abs(grad - p.grad) <= 1e-12 * abs(p.grad) + bound(off[p]), vectorized.source


def bound(error: float) -> float:
    """A multiple of the error that one order of operations makes: two orders, and NumPy's exp, log and tanh."""
    return 10 * error if error < math.inf else math.inf  # nan where the rules have no slope to go by


@pytest.mark.parametrize("which", BACKENDS)
@settings(max_examples=100)
@given(program=programs(most=30), kept=st.lists(st.booleans(), min_size=4, max_size=4), n=st.integers(1, 3))
def test_random_programs_are_the_eager_engines(which: str, program: Program, kept: list[bool], n: int) -> None:
    with by(which):
        compare(program, kept, n)


@pytest.mark.parametrize("which", BACKENDS)
@settings(max_examples=50)
@given(program=programs())
def test_gradients_of_all_inputs_of_random_programs_are_the_eager_engines(which: str, program: Program) -> None:
    """Every leaf is a parameter, and an argument that nobody needs comes first."""
    with by(which):
        compare(Program((0.0, *program.leaves), tuple(shifted(program)), program.roots), [False, *[True] * 4], 2)


def shifted(program: Program) -> Iterator[tuple[str, float, tuple[int, ...]]]:
    """The steps of a program that has one leaf more, at the beginning."""
    return ((name, c, tuple(i + 1 for i in inputs)) for name, c, inputs in program.steps)


# ------------------------------------------------------------------ training


def demo(seed: int = 0) -> tuple[MLP, Callable[[list[Value], Value], Value], np.ndarray, np.ndarray]:
    """The demo of micrograd: a model, the loss of one sample, and a hundred samples."""
    model = MLP(2, [16, 16, 1], rng=seed)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(100, 2))
    y = np.where(X[:, 0] * X[:, 1] > 0, 1.0, -1.0)

    def loss(x: list[Value], t: Value) -> Value:
        return (1 - t * model(x)).relu() + 1e-4 * sum(p * p for p in model.parameters())

    return model, loss, X, y


def test_training_is_the_eager_engines_step_by_step() -> None:
    model, loss, X, y = demo()
    twin, eager_loss, _, _ = demo()
    optimizer, eager_optimizer = SGD(model.parameters(), lr=0.1), SGD(twin.parameters(), lr=0.1)
    vectorized = vectorize(loss)
    first = None
    for step in range(3):
        batch = vectorized(X, y)
        optimizer.zero_grad()
        batch.backward()
        objective = mean([row[0] for row in eager(eager_loss, X, y)])
        eager_optimizer.zero_grad()
        objective.backward()
        assert math.isclose(batch.data, objective.data, rel_tol=1e-12), step
        assert close([p.grad for p in model.parameters()], [p.grad for p in twin.parameters()]), step
        optimizer.step()
        eager_optimizer.step()
        first = first or batch.data
    for _ in range(100):
        batch = vectorized(X, y)
        optimizer.zero_grad()
        batch.backward()
        optimizer.step()
    assert batch.data < first / 2


def test_gradients_of_a_vectorized_function_are_finite_differences() -> None:
    """As for any function: forward at neighbours of the parameters."""
    X = np.array([0.5, -1.0, 2.0])

    def f(a: Value, b: Value) -> Value:
        return mean([(a * x).tanh() * b + (a * b) ** 2 for x in X])

    a, b = Value(0.7), Value(-1.2)
    assert check_gradients(f, 0.7, -1.2)
    vectorize(lambda x: (a * x).tanh() * b + (a * b) ** 2)(X).backward()
    ours = grads([a, b])
    f(a, b).backward()
    assert close(ours, grads([a, b]))


def test_the_docstrings_examples_are_true() -> None:
    for module in (vectorize, numpy_rule):
        for example in doctest.DocTestFinder(recurse=False).find(
            module, globs=vars(value) | {"vectorize": vectorize, "numpy_rule": numpy_rule, "math": math}
        ):
            results = doctest.DocTestRunner(verbose=False).run(example)
            assert results.attempted > 2 and results.failed == 0, example.name


# ------------------------------------------------------------------ the call


def test_it_is_a_function_and_a_decorator_with_and_without_arguments() -> None:
    w = Value(3.0)

    def f(x: Value) -> Value:
        """Three times."""
        return w * x

    @vectorize
    def plain(x: Value) -> Value:
        """Three times."""
        return w * x

    @vectorize(reduction="sum")
    def added(x: Value) -> Value:
        return w * x

    @vectorize()
    def averaged(x: Value) -> Value:
        return w * x

    assert (vectorize(f)([1.0, 2.0]).data, plain([1.0, 2.0]).data, averaged([1.0, 2.0]).data) == (4.5, 4.5, 4.5)
    assert added([1.0, 2.0]).data == 9.0
    assert (plain.__name__, plain.__doc__, plain.fn.__name__) == ("plain", "Three times.", "plain")


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_reduction_is_of_all_samples(reduction: str) -> None:
    w = Value(3.0)
    batch = vectorize(lambda x: w * x, reduction=reduction)([1.0, 2.0, 6.0])
    if reduction == "none":
        assert batch.data.tolist() == [3.0, 6.0, 18.0]
        batch.backward([1.0, 0.0, 0.5])
        assert w.grad == 4.0
    else:
        assert (type(batch.data), batch.data) == (float, {"mean": 9.0, "sum": 27.0}[reduction])
        batch.backward()
        assert w.grad == {"mean": 3.0, "sum": 9.0}[reduction]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_result_without_arguments_counts_for_every_sample(reduction: str) -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: w * w, reduction=reduction)
    batch = vectorized([1.0, 2.0])
    batch.backward(*[[1.0, 1.0]] * (reduction == "none"))
    assert np.array_equal(batch.data, {"mean": 9.0, "sum": 18.0, "none": [9.0, 9.0]}[reduction])
    assert w.grad == {"mean": 6.0, "sum": 12.0, "none": 12.0}[reduction]
    assert vectorized.forward([1.0, 2.0]).tolist() == [9.0, 9.0]


def test_several_results_are_columns() -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: (w * x, x, w), reduction="none")
    batch = vectorized([1.0, 2.0])
    assert batch.data.tolist() == [[3.0, 1.0, 3.0], [6.0, 2.0, 3.0]]
    assert vectorized.forward([1.0, 2.0]).tolist() == batch.data.tolist()
    batch.backward([[1.0, 5.0, 0.0], [0.0, 5.0, 10.0]])
    assert w.grad == 1.0 + 10.0
    assert vectorize(lambda x: [w * x], reduction="none")([1.0, 2.0]).data.shape == (2, 1)


def test_forward_works_whatever_the_reduction() -> None:
    w = Value(3.0)
    assert vectorize(lambda x: [w * x, x]).forward([1.0, 2.0]).tolist() == [[3.0, 1.0], [6.0, 2.0]]
    assert vectorize(lambda x: w * x, reduction="sum").forward([1.0, 2.0]).tolist() == [3.0, 6.0]


def test_gradients_of_none_count_as_zero_and_odd_ones_are_an_error() -> None:
    v, w = Value(2.0), Value(3.0)
    batch = vectorize(lambda x: v * x + w)([1.0, 2.0])
    v.grad = None
    batch.backward()
    assert (v.grad, w.grad) == (1.5, 1.0)
    v.grad = "text"
    with pytest.raises(TypeError):
        batch.backward()
    assert w.grad == 2.0


def test_results_can_be_printed() -> None:
    results = vectorize(lambda x: 2 * x, reduction="none")([1.0, 2.0])
    assert repr(results) == "Results(data=array([2., 4.]))"


def test_a_batch_can_be_turned_into_a_float_and_printed() -> None:
    batch = vectorize(lambda x: 2 * x)([1.0, 2.0])
    assert (float(batch), repr(batch)) == (3.0, "Batch(data=3.0, grad=0.0)")


@pytest.mark.parametrize(
    "convert",
    [
        list,
        tuple,
        np.array,
        partial(np.array, dtype=np.float32),
        partial(np.array, dtype=np.int8),
        partial(np.array, dtype=np.uint64),
        lambda x: np.array(x, dtype=float, order="F"),
        lambda x: np.repeat(x, 2, axis=0)[::2],
    ],
)
def test_arrays_of_any_real_kind_and_lists_are_taken(convert: Callable[[Any], Any]) -> None:
    X, t = [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], [2.0, 0.0, 1.0]
    vectorized = vectorize(lambda x, t: dot(x, x) * t, reduction="none")
    assert vectorized(convert(X), convert(t)).data.tolist() == [10.0, 0.0, 74.0]


@pytest.mark.usefixtures("backend")
def test_bools_are_taken() -> None:
    assert vectorize(lambda x: 2 * x, reduction="none")([True, False]).data.tolist() == [2.0, 0.0]
    assert vectorize(lambda x: 2 * x, reduction="none")(np.array([True, False])).data.tolist() == [2.0, 0.0]


@pytest.mark.usefixtures("backend")
def test_arrays_are_neither_changed_nor_kept() -> None:
    w = Value(3.0)
    X, t = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.0])
    vectorized = vectorize(lambda x, t: (w * x[0] * x[1] - t) ** 2)
    batch = vectorized(X, t)
    assert X.tolist() == [[1.0, 2.0], [3.0, 4.0]] and t.tolist() == [1.0, 2.0]
    batch.backward()
    before = grads([w])
    again = vectorized(X, t)
    X[:], t[:] = 0.0, 0.0
    again.backward()
    assert grads([w]) == before


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


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("x", [[math.inf, -math.inf], [1e308, 1e308], [math.nan, 1.0], [-1.0, 0.0]])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_no_number_makes_numpy_warn(x: list[float], reduction: str) -> None:
    w = Value(1e300)
    vectorized = vectorize(lambda v: v + 0.0 * (w * v).exp().log() ** 0.5, reduction=reduction)
    vectorized(x).backward()
    vectorized.forward(x)
    assert vectorize(lambda v: v + 0 * w, reduction=reduction)(x).data != 0.0


@pytest.mark.usefixtures("backend")
def test_results_and_gradients_that_were_handed_out_stay_as_they_are() -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: w * x, reduction="none")
    first, forward = vectorized([1.0, 2.0]), vectorized.forward([1.0, 2.0])
    data = first.data
    vectorized([5.0, 6.0]).backward([1.0, 1.0])
    del first
    vectorized([5.0, 6.0]).backward([1.0, 1.0])
    vectorized.forward([7.0, 8.0])
    assert data.tolist() == forward.tolist() == [3.0, 6.0]


def test_what_it_is_called_with_may_have_any_names() -> None:
    """Those of the program included."""
    w = Value(2.0)
    names = ["S", "dS", "Z", "dZ", "n", "np", "strided", "forward", "backward", "t1", "h1", "s", "m", "a", "OUT"]
    names += ["TIMEOUT", "bool", "x_1", "xk", "dh1", "i1", "slopes1", "rule1"]
    sums = f"(w * {' * w + '.join(names)}).tanh().relu()"
    fn = eval(f"lambda {', '.join(names)}: {sums} * {' * '.join(names)} + dot([w, w], [S, n])", {"w": w, "dot": dot})
    arrays = np.linspace(0.1, 1.0, 3 * len(names)).reshape(len(names), 3)
    with by("arrays"):
        vectorize(fn)(*arrays).backward()
    ours = grads([w])
    send_back(eager(fn, *arrays), np.full(3, 1 / 3))
    assert close(ours, grads([w]))


def test_callables_of_all_kinds_are_taken() -> None:
    class Model:
        scale = Value(3.0)

        def __call__(self, x: Value) -> Value:
            return self.scale * x

        def method(self, x: Value) -> Value:
            return self.scale * x

    def power(n: int, x: Value) -> Value:
        return x**n

    assert vectorize(Model())([1.0, 2.0]).data == 4.5
    assert vectorize(Model().method)([1.0, 2.0]).data == 4.5
    assert vectorize(partial(power, 3))([1.0, 2.0]).data == 4.5
    assert vectorize(Value.exp)([0.0]).data == 1.0
    assert vectorize(MLP(2, [1], rng=0), reduction="none")(np.ones((3, 2))).data.shape == (3,)
    assert vectorize(itemgetter(1))([[1.0, 2.0], [3.0, 4.0]]).data == 3.0  # the names of its arguments are not known


def test_any_number_of_arguments_is_taken() -> None:
    vectorized = vectorize(lambda *xs: sum(sum(as_list(x)) for x in xs))
    assert vectorized([1.0], [2.0], [[3.0, 4.0]]).data == 10.0


# ------------------------------------------------------------------ backward


@pytest.mark.usefixtures("backend")
def test_gradients_accumulate() -> None:
    w, b = Value(3.0), Value(1.0)
    w.grad = 100.0
    vectorized = vectorize(lambda x: w * x + b)
    batch, other = vectorized([1.0, 2.0, 3.0]), vectorized([4.0])
    batch.backward()
    assert (w.grad, b.grad) == (102.0, 1.0)
    batch.backward()
    other.backward()
    batch.backward()
    assert (w.grad, b.grad) == (110.0, 4.0)


@pytest.mark.usefixtures("backend")
def test_each_batch_has_memory_of_its_own() -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: (w * x).tanh().exp(), reduction="none")
    inputs = np.linspace(0.1, 1.0, 20).reshape(5, 4)
    batches = [vectorized(x) for x in inputs]
    for x in inputs:
        vectorized.forward(-x)
    for x, batch in zip(inputs, batches):
        batch.backward(np.ones(4))
        ours = grads([w])
        send_back(eager(vectorized.fn, x), np.ones(4))
        assert close(ours, grads([w]))


@pytest.mark.usefixtures("backend")
def test_parameters_that_change_between_call_and_backward_do_not_change_the_gradient() -> None:
    w, b = Value(3.0), Value(-1.0)
    vectorized = vectorize(lambda x: (w * x) ** 2 * b)
    batch = vectorized([1.0, 2.0])
    w.data, b.data = 100.0, 100.0
    batch.backward()
    assert (w.grad, b.grad) == (-15.0, 22.5)
    assert vectorized([1.0]).data == 1e6


@pytest.mark.usefixtures("backend")
def test_gradients_that_nobody_can_need_are_not_asked_for() -> None:
    """A parameter that has no say gets nothing; one that is used for nothing is not even known."""
    w, idle = Value(3.0), Value(math.nan)

    def f(x: Value) -> Value:
        idle * x
        return w * x

    vectorize(f)([1.0, 2.0]).backward()
    assert (w.grad, idle.grad) == (1.5, 0.0)


@pytest.mark.usefixtures("backend")
def test_a_function_without_parameters_has_nothing_to_send_back() -> None:
    batch = vectorize(lambda x: x * x, reduction="none")([1.0, 2.0])
    batch.backward([1.0, 1.0])
    assert batch.data.tolist() == [1.0, 4.0]


class Pressing(Value):
    """A parameter at which the user presses Ctrl-C, once: when its gradient has just been written."""

    __slots__ = ("held",)
    pressed = False

    @property
    def grad(self) -> float:
        return self.held

    @grad.setter
    def grad(self, grad: float) -> None:
        self.held = grad
        if grad and not Pressing.pressed:
            Pressing.pressed = True
            raise KeyboardInterrupt


@pytest.mark.usefixtures("backend")
def test_a_backward_that_is_interrupted_while_it_writes_writes_the_rest() -> None:
    Pressing.pressed = False
    parameters = [Value(1.0), Value(2.0), Pressing(3.0), Value(4.0), Value(5.0)]
    batch = vectorize(lambda x: sum(p * x for p in parameters))([2.0])
    with pytest.raises(KeyboardInterrupt):
        batch.backward()
    assert Pressing.pressed
    assert [p.grad for p in parameters] == [2.0] * 5


# ------------------------------------------------------------------ memory


def test_batches_of_all_sizes_share_one_program() -> None:
    w = Value(3.0)
    vectorized = vectorize(lambda x: (w * x).tanh())
    sources = set()
    for n in (10, 1, 1000, 3, 10, 1, 20, 30, 40, 50, 60, 70, 1000, 10):
        x = np.linspace(0.0, 1.0, n)
        assert close(vectorized(x).data, np.tanh(3.0 * x).mean())
        sources.add(vectorized.source)
    assert len(sources) == 1


def test_memory_is_made_once(monkeypatch) -> None:
    made: list[int] = []
    plain = replay.ArrayReplay.__init__

    def init(self, program, bind, n) -> None:
        made.append(n)
        plain(self, program, bind, n)

    monkeypatch.setattr(replay.ArrayReplay, "__init__", init)
    w = Value(3.0)
    vectorized = vectorize(lambda x: (w * x).tanh())
    X = np.ones(1000)
    for _ in range(3):
        batch = vectorized(X)
        batch.backward()
    assert len(made) == 2  # the next batch is made while the last one still has a name
    for _ in range(10):
        batch = vectorized(X)
        batch.backward()
        vectorized.forward(X)
        vectorized(X[:100])
    assert made == [1000, 1000, 100]
    kept = [vectorized(X) for _ in range(5)]
    assert len(made) == 7  # one was free
    del kept, batch
    assert [vectorized(X).data for _ in range(3)] and len(made) == 7
    for n in range(101, 109):  # eight other sizes: the first is forgotten
        vectorized(X[:n])
    vectorized(X)
    assert made[7:] == [*range(101, 109), 1000]


def test_a_call_allocates_nothing_that_grows_with_the_batch() -> None:
    model, loss, X, y = demo()
    vectorized = vectorize(loss)
    peaks = []
    for times in (20, 200):
        many, labels = np.tile(X, (times, 1)), np.tile(y, times)
        for run in range(6):
            if run == 5:  # warm, and no call at which it is recorded again
                tracemalloc.start()
            batch = vectorized(many, labels)
            batch.backward()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 8 * len(y)  # of 18,000 samples more
    assert len(model.parameters()) == 337


# ------------------------------------------------------------------ when it compiles anew


@pytest.mark.usefixtures("backend")
def test_samples_of_another_shape_compile_a_program_of_their_own() -> None:
    vectorized, programs = vectorize(lambda x: dot(x, x)), set()
    for _ in range(2):
        for x, result in (([1.0, 2.0], 5.0), ([1.0, 2.0, 3.0], 14.0)):
            assert vectorized([x]).data == result
            programs.add(vectorized._latest)
    assert len(programs) == 2


def test_of_many_shapes_the_last_are_kept() -> None:
    vectorized = vectorize(lambda x: dot(x, x))
    for k in range(1, 3 * replay.MOST):
        vectorized([[1.0] * k])
    assert len(vectorized._state.compiled) == replay.MOST
    assert vectorized([[1.0]]).data == 1.0


W0, TWIN = Value(2.0), Value(2.0)
SCALING = 2.0
TABLE = {"scales": [2.0, 1.0]}


def scaled(x: Value) -> Value:
    return SCALING * x


def rescaled(x: Value) -> Value:
    return 5.0 * x


class Scale:
    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, x: Value) -> Value:
        return self.scale * x


def using_scaled(x: Value) -> Value:
    return scaled(x)


Change = tuple[Callable[..., Any], Callable[[], Any]]
CHANGES: dict[str, Callable[[], Change]] = {}  # functions that double, and what makes them do something else


def change(maker: Callable[[], Change]) -> Callable[[], Change]:
    """Put it on the list."""
    CHANGES[maker.__name__.replace("_", " ")] = maker
    return maker


@change
def an_attribute_that_hides_the_base_classes() -> Change:
    class Base:
        scale = 2.0

    class Settings(Base):
        pass

    settings = Settings()
    return lambda x: settings.scale * x, lambda: setattr(Settings, "scale", 5.0)


@change
def an_attribute_that_was_not_there() -> Change:
    class Settings:
        pass

    settings = Settings()
    return lambda x: getattr(settings, "scale", 2.0) * x, lambda: setattr(settings, "scale", 5.0)


@change
def a_global() -> Change:
    return scaled, lambda: globals().update(SCALING=5.0)


@change
def a_global_that_another_function_uses() -> Change:
    return using_scaled, lambda: globals().update(SCALING=5.0)


@change
def a_function() -> Change:
    return using_scaled, lambda: globals().update(scaled=rescaled)


@change
def the_code_of_a_function() -> Change:
    def f(x: Value) -> Value:
        return 2.0 * x

    return f, lambda: setattr(f, "__code__", rescaled.__code__)


@change
def a_deleted_global() -> Change:
    def f(x: Value) -> Value:
        return (SCALING if "SCALING" in globals() else 5.0) * x

    return f, lambda: globals().pop("SCALING")


@change
def a_variable_of_the_function_around() -> Change:
    scale = 2.0

    def change() -> None:
        nonlocal scale
        scale = 5.0

    return lambda x: scale * x, change


@change
def an_element_of_a_list() -> Change:
    scales = [2.0]
    return lambda x: scales[0] * x, lambda: scales.__setitem__(0, 5.0)


@change
def an_element_more() -> Change:
    scales = [2.0]
    return lambda x: sum(scale * x for scale in scales), lambda: scales.append(3.0)


@change
def deep_inside() -> Change:
    return lambda x: TABLE["scales"][0] * x, lambda: TABLE["scales"].__setitem__(0, 5.0)


@change
def a_set() -> Change:
    scales = {2.0}
    return lambda x: sum(scale * x for scale in scales), lambda: scales.add(3.0)


@change
def in_a_tuple() -> Change:
    scales = ([2.0],)
    return lambda x: scales[0][0] * x, lambda: scales[0].__setitem__(0, 5.0)


@change
def an_attribute() -> Change:
    scale = Scale(2.0)
    return lambda x: scale.scale * x, lambda: setattr(scale, "scale", 5.0)


@change
def an_attribute_of_a_callable() -> Change:
    scale = Scale(2.0)
    return scale, lambda: setattr(scale, "scale", 5.0)


@change
def an_attribute_of_a_methods_object() -> Change:
    scale = Scale(2.0)
    return scale.__call__, lambda: setattr(scale, "scale", 5.0)


@change
def an_attribute_of_a_partials_argument() -> Change:
    scale = Scale(2.0)
    return partial(lambda s, x, t: s.scale * x * t.scale, scale, t=Scale(1.0)), lambda: setattr(scale, "scale", 5.0)


@change
def an_attribute_of_a_keyword_argument() -> Change:
    scale = Scale(2.0)
    return partial(lambda x, s: s.scale * x, s=scale), lambda: setattr(scale, "scale", 5.0)


@change
def the_content_of_an_array() -> Change:
    scales = np.array([2.0, 1.0])
    return lambda x: scales[0] * x, lambda: scales.__setitem__(0, 5.0)


@change
def an_array_in_a_list() -> Change:
    scales = [np.array([2.0, 1.0])]
    return lambda x: scales[0][0] * x, lambda: scales.__setitem__(0, np.array([5.0, 1.0]))


@change
def a_default() -> Change:
    def f(x: Value, scales: Any = [2.0]) -> Value:  # noqa: B006  # that it can change is the point
        return scales[0] * x

    return f, lambda: f.__defaults__[0].__setitem__(0, 5.0)


@change
def a_keyword_default() -> Change:
    def f(x: Value, *, scale: Scale = Scale(2.0)) -> Value:  # noqa: B008  # likewise
        return scale.scale * x

    return f, lambda: setattr(f.__kwdefaults__["scale"], "scale", 5.0)


@change
def a_parameter_that_is_another_value() -> Change:
    scale = [Value(2.0)]
    return lambda x: scale[0] * x, lambda: scale.__setitem__(0, Value(5.0))


@change
def an_attribute_of_a_class() -> Change:
    class Settings:
        scale = 2.0

    return lambda x: Settings.scale * x, lambda: setattr(Settings, "scale", 5.0)


@change
def an_attribute_that_an_object_has_from_its_class() -> Change:
    class Settings:
        scale = 2.0

    settings = Settings()
    return lambda x: settings.scale * x, lambda: setattr(Settings, "scale", 5.0)


@change
def an_attribute_without_a_dict() -> Change:
    class Settings:
        __slots__ = ("scale",)

    settings = Settings()
    settings.scale = 2.0
    return lambda x: settings.scale * x, lambda: setattr(settings, "scale", 5.0)


@change
def an_attribute_of_a_module_of_ones_own() -> Change:
    settings = ModuleType("settings")
    settings.__file__ = __file__
    settings.scale = 2.0
    return lambda x: settings.scale * x, lambda: setattr(settings, "scale", 5.0)


@change
def an_attribute_of_a_function() -> Change:
    def f(x: Value) -> Value:
        return f.scale * x

    f.scale = 2.0
    return f, lambda: setattr(f, "scale", 5.0)


@change
def an_attribute_of_a_list() -> Change:
    class Scales(list):
        scale = 0.0

    scales = Scales()
    scales.scale = 2.0
    return lambda x: scales.scale * x, lambda: setattr(scales, "scale", 5.0)


@change
def a_method() -> Change:
    class Model:
        def run(self, x: Value) -> Value:
            return 2.0 * x

    model = Model()
    return lambda x: model.run(x), lambda: setattr(Model, "run", lambda self, x: 5.0 * x)  # noqa: PLW0108  # looked up each time


@change
def a_global_that_a_static_method_uses() -> Change:
    class Model:
        @staticmethod
        def run(x: Value) -> Value:
            return SCALING * x

    model = Model()
    return lambda x: model.run(x), lambda: globals().update(SCALING=5.0)  # noqa: PLW0108  # likewise


@change
def a_global_that_a_class_method_uses() -> Change:
    class Model:
        @classmethod
        def run(cls, x: Value) -> Value:
            return SCALING * x

    return Model.run, lambda: globals().update(SCALING=5.0)


@change
def a_global_that_a_property_uses() -> Change:
    class Model:
        @property
        def scale(self) -> float:
            return SCALING

    model = Model()
    return lambda x: model.scale * x, lambda: globals().update(SCALING=5.0)


@change
def an_element_of_a_deque() -> Change:
    scales = deque([2.0])
    return lambda x: scales[0] * x, lambda: scales.appendleft(5.0)


@change
def an_operator() -> Change:
    class Scaling:
        scale = 2.0

        def __matmul__(self, x: Value) -> Value:
            return self.scale * x

    scaling = Scaling()
    return lambda x: scaling @ x, lambda: setattr(Scaling, "scale", 5.0)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_around_the_function_is_noticed_at_the_next_check_and_said(name: str, monkeypatch) -> None:
    for thing, held in {"SCALING": 2.0, "TABLE": {"scales": [2.0, 1.0]}, "scaled": scaled}.items():
        monkeypatch.setitem(globals(), thing, held)  # what they are after the test, too
    fn, act = CHANGES[name]()
    vectorized = vectorize(fn)
    assert [vectorized([1.0]).data for _ in range(2)] == [2.0, 2.0]
    act()
    assert vectorized([1.0]).data == 2.0  # call 3: frozen
    with pytest.warns(
        RuntimeWarning, match="has changed: .* compiled anew for this call; 1 call before it may have missed the change"
    ):
        fourth = vectorized([1.0])
    assert close(fourth.data, eager(fn, [1.0])[0][0].data)
    assert fourth.data != 2.0
    assert all(vectorized([1.0]).data == fourth.data for _ in range(12))


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (lambda x: x * 2.0, lambda x: x * 3.0, "a constant was 2.0 and is 3.0"),
        (lambda x: x + 1, lambda x: x * 1, "operation 1 was 'add' and is 'mul'"),
        (lambda x: (x * x).exp(), lambda x: [x * x, x.exp()][1], "operation 1 was 'mul' and is 'exp'"),
        (lambda x: x**2, lambda x: x**3, "operation 1 was '**2' and is '**3'"),
        (lambda x: x * W0, lambda x: W0 * x, "operation 1, 'mul', has other inputs"),
        (lambda x: x * W0, lambda x: x * TWIN, "it uses other Values as parameters"),
        (lambda x: x.exp(), lambda x: x.exp() + 1, "operation 2 was the return and is 'add'"),
        (lambda x: x * 2, lambda x: [x * 2, hinge_loss([x], [x])][0], "operation 3 was nothing and is 'is_sign'"),
        (lambda x: [x * 2, x.exp()], lambda x: [x * 2, x.exp()][::-1], "operation 3, the return, has other inputs"),
    ],
)
def test_a_warning_says_what_is_different(before, now, words: str) -> None:
    fns = iter([before, now])
    vectorized = vectorize(lambda x: next(fns)(x), reduction="none")  # noqa: PLW0108  # another one each time
    vectorized([1.0])
    with pytest.warns(RuntimeWarning, match=re.escape(f"has changed: {words}. It is compiled anew for this call. ")):
        vectorized([1.0])


def test_forget_makes_it_record_at_once() -> None:
    scales = [2.0]
    vectorized = vectorize(lambda x: sum(scales[0] * v for v in as_list(x)))
    assert (vectorized([1.0]).data, vectorized([[1.0, 1.0]]).data) == (2.0, 4.0)
    scales[0] = 5.0
    vectorized.forget()
    assert (vectorized([1.0]).data, vectorized([[1.0, 1.0]]).data) == (5.0, 10.0)


def test_the_function_runs_at_calls_1_2_4_8_and_so_on() -> None:
    seen: list[int] = []
    vectorized = vectorize(lambda x: [seen.append(call), 2 * x][1])
    for call in range(1, 40):  # the function reads it
        vectorized(np.ones(call))
    assert seen == [1, 2, 4, 8, 16, 32]


def test_random_numbers_inside_draw_a_warning_at_each_check() -> None:
    rng = np.random.default_rng(0)
    vectorized, warned = vectorize(lambda x: rng.normal() * x), []
    for call in range(1, 20):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            vectorized([1.0])
        warned += [call] * len(caught)
    assert warned == [2, 4, 8, 16]


# ------------------------------------------------------------------ Modules


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("change", changes.CHANGES, ids=str)
def test_a_change_is_noticed_when_the_contract_says_so(change: changes.Change) -> None:
    assert change.noticed() == change.when


def test_what_makes_no_difference_costs_no_compilation() -> None:
    names: dict[str, Any] = {}
    exec(changes.SETUP, names)
    net = names["net"]
    vectorized = vectorize(net)
    vectorized([1.0])
    before = vectorized._latest
    for change in changes.CHANGES:
        if change.when == changes.NEVER:
            for _ in range(20):
                exec(change.code, names)
                assert close(vectorized([1.0]).data, net(Value(1.0)).data)
    assert vectorized._latest is before


def test_a_log_is_looked_at_once_and_then_left_alone() -> None:
    model = MLP(1, [1], rng=0)
    model.log = []
    vectorized = vectorize(lambda x: model([x]) + dot(model.parameters(), model.parameters()))
    vectorized([1.0])
    structure = vectorized._latest.recipe.structure
    assert any(thing is model.log for thing in structure.live)
    model.log.append(1.0)
    assert structure.unchanged()
    assert not any(thing is model.log for thing in structure.live)


def test_a_change_that_is_taken_back_is_none() -> None:
    model = MLP(1, [1], rng=0)
    vectorized = vectorize(model)
    for _ in range(2):
        vectorized([[1.0]])
    before = vectorized._latest
    model.layers.append(model.layers.pop())
    vectorized([[1.0]])
    assert vectorized._latest is before


def test_things_may_hold_each_other() -> None:
    model = MLP(1, [1], rng=0)
    model.ring = [model]
    model.ring.append(model.ring)
    vectorized = vectorize(lambda x: model([x]) + dot(model.parameters(), model.parameters()))
    for _ in range(2):
        vectorized([1.0])
    before = vectorized._latest
    model.ring.append(Value(2.0))
    vectorized([1.0])
    assert vectorized._latest is not before


def test_a_parameter_that_a_model_makes_at_the_first_call_is_one_at_once() -> None:
    class Late(Module):
        w: Value | None = None

        def __call__(self, x: Value) -> Value:
            if self.w is None:
                self.w = Value(3.0)
            return self.w * x

    late = Late()
    vectorized = vectorize(late)
    for call in (1.0, 2.0, 3.0):
        vectorized([1.0]).backward()
        assert late.w is not None and late.w.grad == call


def test_a_question_that_the_function_asks_in_spite_of_the_error_is_refused() -> None:
    def clamp(v: Value) -> Value:
        try:
            return v if float(v) < 1 else v * 0 + 1
        except TypeError:
            return v

    for _ in range(2):
        with pytest.raises(TypeError, match="turns a Value into a float"):
            vectorize(clamp)([0.5, 9.0])


def test_a_question_in_another_thread_is_refused() -> None:
    def sign(x: Value) -> Value:
        with ThreadPoolExecutor(1) as pool:
            return x * next(pool.map(lambda v: 1.0 if v > 0 else -1.0, [x]))

    with pytest.raises(TypeError, match="compares a Value by >"):
        vectorize(sign)([2.0, -3.0])


def test_gradients_of_a_vectorized_function_can_be_checked() -> None:
    w, b = Value(3.0), Value(0.5)
    loss = vectorize(lambda x, t: (w * x + b - t).tanh() ** 2)
    for _ in range(5):
        assert check_gradients(lambda w, b: loss([1.0, 2.0], [0.0, 1.0]) * w + b, w, b)


def test_methods_are_told_apart_by_identity_and_keep_their_object() -> None:
    class Same(Module):
        __hash__ = None

        def __init__(self, w: float) -> None:
            self.w = Value(w)

        def __eq__(self, other: object) -> bool:
            return True

        @vectorize
        def loss(self, x: Value) -> Value:
            return self.w * x

    first, second = Same(1.0), Same(3.0)
    assert (first.loss([1.0]).data, second.loss([1.0]).data) == (1.0, 3.0)
    second.loss([1.0]).backward()
    assert (first.w.grad, second.w.grad) == (0.0, 1.0)
    assert Same(5.0).loss([2.0]).data == 10.0
    loss = second.loss
    del second
    assert loss([1.0]).data == 3.0


def test_a_copy_is_compiled_for_what_its_function_sees() -> None:
    w = Value(2.0)
    vectorized = vectorize(lambda x: w * x)
    for _ in range(2):
        vectorized([1.0])
    twin = copy.deepcopy(vectorized)
    w.data = 7.0
    twin([1.0]).backward()
    assert (twin([1.0]).data, w.grad) == (7.0, 1.0)


def test_a_method_that_is_decorated_has_programs_for_each_object() -> None:
    class Model(Module):
        def __init__(self, w: float) -> None:
            self.w = Value(w)

        @vectorize
        def loss(self, x: Value, t: Value) -> Value:
            return (self.w * x - t) ** 2

        @vectorize(reduction="none")
        def scores(self, x: Value) -> Value:
            """Scores."""
            return self.w * x

    first, second = Model(1.0), Model(3.0)
    assert isinstance(Model.loss, replay.Vectorized)
    for _ in range(3):
        assert (first.loss([2.0], [0.0]).data, second.loss([2.0], [0.0]).data) == (4.0, 36.0)
    second.loss([2.0], [0.0]).backward()
    assert (first.w.grad, second.w.grad) == (0.0, 24.0)
    assert first.scores.forward([1.0, 2.0]).tolist() == [1.0, 2.0]
    assert "def forward" in first.loss.source
    assert (first.loss.__name__, first.scores.__doc__) == ("loss", "Scores.")
    twin = copy.deepcopy(second)
    twin.w.data = 5.0
    assert (twin.loss([2.0], [0.0]).data, second.loss([2.0], [0.0]).data) == (100.0, 36.0)
    assert pickle.loads(pickle.dumps(first.state_dict())) == {"w": 1.0}
    gone = weakref.ref(twin)
    del twin
    assert gone() is None


# ------------------------------------------------------------------ a batch is a Value


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_what_a_call_returns_can_be_used_like_any_value(reduction: str) -> None:
    w, b = Value(2.0, label="w"), Value(0.5)
    X, Y = [1.0, -2.0, 3.0], [0.5, 0.25]
    f = vectorize(lambda x: (w * x + b).tanh(), reduction=reduction)
    g = vectorize(lambda x: w * x * x, reduction=reduction)

    def used(first: Value, second: Value) -> Value:
        return (first + 0.01 * (w * w)) * second - first.exp() / 3

    def plain(fn: Any, x: list[float]) -> Value:
        rows = [row[0] for row in eager(fn.fn, x)]
        return mean(rows) if reduction == "mean" else sum(rows)

    ours = used(f(X), g(Y))
    ours.backward()
    found = grads([w, b])
    theirs = used(plain(f, X), plain(g, Y))
    theirs.backward()
    assert close([ours.data, *found], [theirs.data, *grads([w, b])])


def test_a_batch_behaves_like_a_value() -> None:
    w = Value(2.0, label="w")
    batch = vectorize(lambda x: w * x)([1.0, 3.0])
    assert isinstance(batch, Value) and batch._prev == (w,) and batch._local == (2.0,)
    assert (float(batch), batch > 3.0, bool(batch)) == (4.0, True, True)
    assert draw_graph(batch + 1, local_derivatives=True).nodes == 4
    with pytest.raises(TypeError, match="only leaves can be copied"):
        copy.copy(batch)
    batch.backward()
    batch.backward()
    assert (w.grad, batch.grad) == (4.0, 1.0)
    (batch * 3).backward()
    assert (w.grad, batch.grad) == (10.0, 3.0)
    with pytest.raises(ValueError, match="computed outside"):
        vectorize(lambda x: x * batch)([1.0])


def test_a_method_of_an_object_that_holds_all_it_needs_to_train_compiles_once() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.model = MLP(2, [3, 1], rng=0)
            self.optimizer = SGD(self.model.parameters(), lr=0.1, momentum=0.9)
            self.loss = vectorize(self.loss_of_sample)
            self.history: list[float] = []

        def loss_of_sample(self, x: list[Value]) -> Value:
            return self.model(x) ** 2

        def train(self, X: np.ndarray) -> None:
            batch = self.loss(X)
            self.optimizer.zero_grad()
            batch.backward()
            self.optimizer.step()
            self.history.append(batch.data)

    trainer = Trainer()
    trainer.train(np.ones((3, 2)))
    compiled = trainer.loss._latest
    for n in (3, 50, 4):
        trainer.train(np.ones((n, 2)))
    assert trainer.loss._latest is compiled
    assert len(set(trainer.history)) == 4


# ------------------------------------------------------------------ checks inside


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("loss", "scores", "targets", "complaint"),
    [
        (hinge_loss, [0.5, -0.5, 2.0], [1, -1, 0], "sample 2: hinge_loss needs targets -1 or 1, but targets[0] is 0.0"),
        (
            binary_cross_entropy,
            [0.5, 1.5, 2.5],
            [1, 0, 1],
            "sample 1: binary_cross_entropy needs predictions between 0 and 1, but predictions[0] is 1.5",
        ),
        (
            binary_cross_entropy,
            [0.5, math.nan],
            [1, 0],
            "sample 1: binary_cross_entropy needs predictions between 0 and 1, but predictions[0] is nan",
        ),
        (
            binary_cross_entropy_with_logits,
            [5.0, 6.0],
            [1, -1],
            "sample 1: binary_cross_entropy_with_logits needs targets between 0 and 1, but targets[0] is -1.0",
        ),
    ],
)
def test_what_a_loss_asks_of_one_sample_is_asked_of_all(loss, scores, targets, complaint: str) -> None:
    w = Value(1.0)
    vectorized = vectorize(lambda s, t: loss(w * s, t))
    for _ in range(2):  # the call that compiles, and one that does not
        with pytest.raises(ValueError) as error:  # noqa: PT011  # the message is compared below
            vectorized(scores, targets)
        assert str(error.value).startswith(complaint)
    assert math.isfinite(vectorized(scores[:1], targets[:1]).data)
    with pytest.raises(ValueError, match="sample"):
        vectorized.forward(scores, targets)


def test_the_position_in_the_list_is_told_with_the_sample() -> None:
    vectorized = vectorize(lambda x: hinge_loss([0.5, 0.5], [1.0, x]))
    with pytest.raises(ValueError, match=r"^sample 1: hinge_loss .* targets\[1\] is 0\.0"):
        vectorized([1.0, 0.0])


def test_checks_are_asked_of_what_is_computed_and_of_what_is_not_needed() -> None:
    def f(x: Value) -> Value:
        value.check(2 * x, lambda v: v < 10.0, lambda v: OverflowError(f"{v} is too large"))
        return x

    vectorized = vectorize(f, reduction="none")
    assert vectorized([1.0, 2.0]).data.tolist() == [1.0, 2.0]
    with pytest.raises(OverflowError, match=r"^sample 2: 12\.0 is too large$"):
        vectorized([1.0, 2.0, 6.0, 5.5])


# ------------------------------------------------------------------ rules of one's own


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


# ------------------------------------------------------------------ refused


def plain_engine() -> dict[str, Any]:
    """All that can be replaced while a function runs."""
    found = {**vars(Value), **{f"Module.{name}": thing for name, thing in vars(Module).items()}, **vars(value)}
    return {name: thing for name, thing in found.items() if name != "__slotnames__"}  # what copyreg notes


EQUAL, LOOK = "compares a Value by ==", "looks a Value up in a dict or a set"


def matched(x: Value) -> Value:
    match x:  # "case 1"
        case 1:
            return x
    return -x


def matched_by_class(x: Value) -> Value:
    match x:
        case Value(data=1.0):  # "case Value"
            return x
    return -x


REFUSED: dict[str, tuple[Callable[[Value], Any], str]] = {
    "v or w": (lambda x: x or -x, "asks whether a Value is true"),
    "not v": (lambda x: x * (not x), "asks whether a Value is true"),
    "if v > 0": (lambda x: x if x > 0 else -x, "compares a Value by >"),
    "min": (lambda x: min(x, W0), "compares a Value by <"),
    "v < w": (lambda x: x if x < W0 else -x, "compares a Value by <"),
    "w >= 1": (lambda x: x if W0 >= 1 else -x, "compares a Value by >="),
    "w <= 1": (lambda x: x if W0 <= 1 else -x, "compares a Value by <="),
    "max": (lambda x: max(x, W0), "compares a Value by >"),
    "float(v)": (lambda x: x * float(x), "turns a Value into a float"),
    "float(w)": (lambda x: x * float(W0), "turns a Value into a float"),
    "math.sin(v)": (lambda x: x * math.sin(x), "turns a Value into a float"),
    "np.array(v, float)": (lambda x: x * np.array([x], float)[0], "turns a Value into a float"),
    "v.data": (lambda x: x * x.data, "asks for the data of a Value"),
    "w.data": (lambda x: x * W0.data, "asks for the data of a Value"),
    "(v * w).data": (lambda x: x * (x * W0).data, "asks for the data of a Value"),
    "w.data = 1": (lambda x: setattr(W0, "data", 1.0) or x, "sets the data of a Value"),
    "w.grad": (lambda x: x * W0.grad, "asks for the grad of a Value"),
    "w.grad = 0": (lambda x: setattr(W0, "grad", 0.0) or x, "sets the grad of a Value"),
    "backward()": (lambda x: (x * W0).backward(), "calls backward()"),
    "v == 1": (lambda x: x if x == 1 else -x, EQUAL),
    "1 == v": (lambda x: x if 1 == x else -x, EQUAL),  # noqa: SIM300  # the other way round is the point
    "v != 1": (lambda x: x if x != 1 else -x, EQUAL),
    "v == w": (lambda x: x if x == W0 else -x, EQUAL),
    "(v * w) == 1": (lambda x: x if x * W0 == 1 else -x, EQUAL),
    "v in a list": (lambda x: x if x in [1, -1] else -x, EQUAL),
    "list.count(v)": (lambda x: [1, -1].count(x) * x, EQUAL),
    "list.index(v)": (lambda x: [1, -1].index(x) * x, EQUAL),
    "operator.eq": (lambda x: x if operator.eq(x, 1) else -x, EQUAL),
    "v in a set": (lambda x: x if x in {1, -1} else -x, LOOK),
    "dict.get(v)": (lambda x: {1: 2.0}.get(x, 3.0) * x, LOOK),
    "hash(v)": (lambda x: hash(x) * x, LOOK),
    "Counter": (lambda x: Counter([x, 1.0])[1.0] * x, LOOK),
    "statistics.mode": (lambda x: statistics.mode([x, 1.0]) * x, LOOK),
    "lru_cache": (lambda x: lru_cache(W0.__class__.relu)(x), LOOK),  # noqa: PLW0108  # the line is the point
    "repr(v)": (lambda x: len(repr(x)) * x, "turns a Value into text"),
    "str(v)": (lambda x: len(str(x)) * x, "turns a Value into text"),
    "f-string": (lambda x: len(f"{x}") * x, "turns a Value into text"),
    "str(w)": (lambda x: len(str(W0)) * x, "turns a Value into text"),
    "str([v])": (lambda x: len(str([x])) * x, "turns a Value into text"),
    "'%s' % v": (lambda x: len("%s" % x) * x, "turns a Value into text"),  # noqa: UP031  # one of the ways
    "v._local": (lambda x: (x * W0)._local[1] * x, "asks for the _local of a Value"),
    "getattr": (lambda x: getattr(x, "data") * x, "asks for the data of a Value"),  # noqa: B009  # likewise
    "attrgetter": (lambda x: operator.attrgetter("data")(x) * x, "asks for the data of a Value"),
    "pickle": (lambda x: pickle.loads(pickle.dumps(x)), "copies or pickles a Value"),
    "sorted": (lambda x: sorted([W0, x])[1], "compares a Value by <"),
    "np.sort": (lambda x: np.sort(np.array([W0, x]))[0], "compares a Value by <"),
    "np.unique": (lambda x: np.unique(np.array([W0, x]))[0], "compares a Value by <"),
    "np.argmax": (lambda x: np.argmax(np.array([W0, x])) * x, "compares a Value by >"),
    "np.array_equal": (lambda x: np.array_equal([x], [1.0]) * x, EQUAL),
    "topological_sort": (lambda x: topological_sort(x * W0)[-1].data * x, "asks for the data of a Value"),
    "case 1": (matched, EQUAL),
    "case Value": (matched_by_class, "asks for the data of a Value"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_freeze_one_samples_answer_is_refused_and_the_line_named(name: str) -> None:
    fn, what = REFUSED[name]
    before = plain_engine()
    for _ in range(2):
        with pytest.raises(TypeError) as error:
            vectorize(fn)([0.5, -0.5])
        line = f'"{name}"'
        assert re.match(rf"line \d+ of '{re.escape(fn.__name__)}' \(.*\) [a-z]", str(error.value))
        assert line in str(error.value) or fn.__name__ != "<lambda>"
        assert f" {what}, but a vectorized function runs once" in str(error.value)
    assert plain_engine() == before
    assert (W0.data, W0.grad) == (2.0, 0.0)


@pytest.mark.parametrize("fn", [lambda x: copy.copy(x) * W0, lambda x: copy.deepcopy([W0])[0] * x])
def test_copies_which_would_be_frozen_are_refused(fn: Callable[[Value], Value]) -> None:
    with pytest.raises(TypeError, match="copies or pickles a Value, but a vectorized function runs once"):
        vectorize(fn)([0.5, -0.5])


def test_the_line_is_the_users_also_inside_of_helpers() -> None:
    def helper(x: Value) -> float:
        return float(x)

    with pytest.raises(TypeError, match=r"^line \d+ of 'helper' \(return float\(x\)\) turns a Value into a float, but"):
        vectorize(lambda x: x * helper(x))([1.0])


def test_what_asks_for_no_number_is_allowed() -> None:
    """Labels, `is`, parameters by name, and parameters as keys: they are Values in the eager engine, too."""
    model = MLP(1, [1], rng=0)
    tied = {W0: 3.0}

    def f(x: Value) -> Value:
        x.label = "x"
        assert x is not None and not x._prev and isinstance(x, Value)
        assert W0 in tied and W0 in [2.0, W0] and W0 != 2.0
        assert len(set(model.parameters())) == 2 and len(topological_sort(x * W0)) == 3
        return model([x]) * len(list(model.named_parameters())) * tied[W0]

    assert close(vectorize(f)([1.0]).data, 6.0 * model([1.0]).data)


def test_the_engines_own_messages_are_not_masked() -> None:
    for fn, message in {
        lambda x: Value([x]): "a Value holds one real number, but got list: ",
        lambda x: mse_loss([[x]], [1.0]): r"predictions\[0\] is list",
        lambda x: SGD([x * 2]): "only leaves can be optimized, but parameter 0, a recorded Value, was made by",
    }.items():
        with pytest.raises((TypeError, ValueError), match=message):
            vectorize(fn)([1.0])


def test_an_exception_inside_leaves_the_engine_as_it_was() -> None:
    before = plain_engine()
    for error in (ZeroDivisionError, KeyboardInterrupt, SystemExit):

        def f(x: Value, error: type[BaseException] = error) -> Value:
            raise error

        with pytest.raises(error):
            vectorize(f)([1.0])
        assert plain_engine() == before
    with pytest.raises(ValueError, match="computed outside"):
        vectorize(lambda x, y=W0 * 2: x * y)([1.0])
    assert plain_engine() == before
    assert float(W0) == W0.data == 2.0


def test_after_a_refusal_the_function_can_be_called_again() -> None:
    strict = [True]
    vectorized = vectorize(lambda x: x.relu() if strict[0] is False else max(x, W0))
    with pytest.raises(TypeError, match="compares a Value by >"):
        vectorized([1.0])
    strict[0] = False
    assert vectorized([3.0]).data == 3.0


def test_another_thread_may_work_with_values_meanwhile() -> None:
    inside, done = threading.Event(), threading.Event()
    answers: list[Any] = []

    def f(x: Value) -> Value:
        inside.set()
        assert done.wait(10)
        return W0 * x - 1

    def work() -> None:
        try:
            assert inside.wait(10)
            v = Value(3.0)
            out = (v * v - 1).relu()
            out.backward()
            v.data += 1.0
            answers.extend([out.data, v.grad, v.data, float(v), bool(v), v > 3, v >= 5, v < 3, v <= 4])
            answers.append(hinge_loss(v, 1).data)
            with suppress(ValueError):
                hinge_loss(v, 0)
                answers.append("no check")
        finally:
            done.set()

    worker = threading.Thread(target=work)
    before = plain_engine()
    worker.start()
    vectorized = vectorize(f)
    batch = vectorized([1.0, 2.0])
    worker.join()
    batch.backward()
    assert answers == [8.0, 6.0, 4.0, 4.0, True, True, False, False, True, 0.0]
    assert (batch.data, grads([W0])) == (2.0, [1.5])
    assert "record   2 operations on one sample, with 1 parameters" in vectorized.explain()
    assert plain_engine() == before


def test_two_threads_may_compile_at_the_same_time() -> None:
    before = plain_engine()
    answers: dict[int, Any] = {}
    start = threading.Barrier(4)

    def work(i: int) -> None:
        w = Value(float(i))

        def f(x: Value) -> Value:
            for _ in range(50):
                x = (1 - x * w).tanh()
            return x

        start.wait()
        for _ in range(5):
            batch = vectorize(f)([0.5, 1.0])
            batch.backward()
            with suppress(TypeError):
                vectorize(lambda x: max(x, w))([1.0])
                answers[-1] = "nobody refused"
        expected = [row[0].data for row in eager(f, [0.5, 1.0])]
        answers[i] = close(batch.data, np.mean(expected)) and math.isfinite(w.grad)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert answers == {0: True, 1: True, 2: True, 3: True}
    assert plain_engine() == before


def test_two_threads_may_call_the_same_function() -> None:
    vectorized = vectorize(lambda x: (W0 * x).tanh())
    right: list[bool] = []

    def work(i: int) -> None:
        x = np.linspace(0.0, i, 100)
        right.extend(close(vectorized(x).data, np.tanh(W0.data * x).mean()) for _ in range(100))

    workers = [threading.Thread(target=work, args=(i,)) for i in range(1, 4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert right == [True] * 300


def test_a_vectorized_function_in_another_is_refused_but_its_function_may_be_used() -> None:
    inner = vectorize(lambda x: W0 * x)
    outer = vectorize(lambda x: inner(x).data * x)
    with pytest.raises(TypeError, match="must hold real numbers, but got Value"):
        outer([1.0])
    with pytest.raises(TypeError, match="asks for the data of a Value"):
        vectorize(lambda x: inner([1.0, 2.0]).data * x)([1.0])
    assert vectorize(lambda x: inner.fn(x) * x)([3.0]).data == 18.0
    assert float(W0) == 2.0


# ------------------------------------------------------------------ detect_anomaly


@pytest.mark.usefixtures("backend")
def test_the_first_nan_in_a_vectorized_function_is_named() -> None:
    w = Value(1.0, label="w")
    w.grad = 5.0
    vectorized = vectorize(lambda x: (w * x).log())
    assert vectorized([1.0, -1.0]).data != 0.0  # nan, and nobody says so
    with detect_anomaly():
        vectorized([1.0, 2.0]).backward()
        with pytest.raises(FloatingPointError, match=r"^'log' gave nan:(.|\n)*w = 1\.0"):
            vectorized([1.0, -1.0])
        with pytest.raises(FloatingPointError, match=r"^'log' gave -inf:"):
            vectorized.forward([1.0, 0.0])
    assert w.grad == 6.0
    assert vectorized([1.0, -1.0]).data != 0.0


@pytest.mark.usefixtures("backend")
def test_the_first_bad_gradient_in_a_vectorized_function_is_named_and_none_is_kept() -> None:
    w = Value(1.0, label="w")
    w.grad = 5.0
    vectorized = vectorize(lambda x: [(w * x) ** 0.5, w * x], reduction="none")
    with detect_anomaly():
        batch = vectorized([4.0, 0.0])
        with pytest.raises(FloatingPointError, match=r"^the backward of '\*\*0.5' made a gradient of inf"):
            batch.backward(np.ones((2, 2)))
        assert w.grad == 5.0
        vectorized([4.0, 1.0]).backward([[0.0, 1.0], [0.0, 1.0]])
    assert w.grad == 10.0
    assert vectorize(lambda x: (w * x) ** 0.5)([4.0, 0.0]).backward() is None
    assert math.isnan(w.grad)  # 0 · inf, as in the eager engine


@pytest.mark.usefixtures("backend")
def test_lists_of_numbers_and_one_result_work_in_detect_anomaly() -> None:
    with detect_anomaly():
        batch = vectorize(lambda x: dot(x, x) * W0)([[1.0, 2.0], [3.0, 4.0]])
        batch.backward()
        vectorize(lambda x: [x, 1.0], reduction="none")([2.0]).backward([[1.0, 1.0]])
    assert (batch.data, grads([W0])) == (30.0, [15.0])


# ------------------------------------------------------------------ the program


def calls(source: str) -> list[str]:
    """The functions that a program calls in its forward and backward pass."""
    (bind,) = ast.parse(source).body
    assert isinstance(bind, ast.FunctionDef)
    passes = [part for part in bind.body if isinstance(part, ast.FunctionDef)]
    assert [part.name for part in passes] == ["forward", "backward"]
    statements = [statement for part in passes for statement in part.body]
    return [ast.unparse(call.func) for s in statements for call in ast.walk(s) if isinstance(call, ast.Call)]


@pytest.mark.parametrize("name", STRUCTURES)
def test_both_programs_are_python(name: str) -> None:
    vectorized = vectorize(STRUCTURES[name], reduction="none")
    vectorized(np.ones((2, 4)), np.ones(2))
    assert calls(vectorized.source)
    compile(vectorized._latest.programs.floats.source, "floats", "exec")


def test_the_demo_is_a_short_line_of_statements() -> None:
    _, loss, X, y = demo()
    vectorized = vectorize(loss)
    vectorized(X, y)
    forward, _, backward = vectorized.source.partition("def backward")
    assert vectorized._latest.programs.arrays.statements == len(calls(vectorized.source)) <= 32
    assert len(re.findall(r"\bdot\(", forward)) == 3 + 1  # three layers, and the sum of squares
    assert len(re.findall(r"\bdot\(", backward)) == 5  # for the weights of each, and for the inputs of two
    assert "3 matrix products: (16, 3)·(3, n), (16, 17)·(17, n), (1, 17)·(17, n)" in vectorized.explain()
    assert "strided" not in vectorized.source and "np.take" not in vectorized.source and ".at(" not in vectorized.source


def test_a_matrix_product_is_found_in_plain_sums_and_products() -> None:
    weights = values(np.random.default_rng(0), 6, 3)

    def plain(x: list[Value]) -> Value:
        h = [(w[0] * x[0] + w[1] * x[1] + w[2] * x[2]).tanh() for w in weights]
        return h[0] - h[1] + h[2] - h[3] + h[4] - h[5]

    vectorized = vectorize(plain)
    vectorized(np.ones((5, 3)))
    assert "(6, 3)·(3, n)" in vectorized.explain()
    assert vectorized.source.count("np.dot(") == 2  # forward, and back to the weights


def test_the_program_does_not_depend_on_the_size_of_the_batch() -> None:
    sources = []
    for n in (10, 1000):
        _, loss, X, y = demo()
        vectorized = vectorize(loss)
        vectorized(np.tile(X, (10, 1))[:n], np.tile(y, 10)[:n])
        sources.append(vectorized.source)
    assert sources[0] == sources[1]


def test_explain_tells_what_each_pass_did() -> None:
    w = values(np.random.default_rng(0), 2, 2)
    vectorized = vectorize(lambda x: [dot(row, x).tanh() for row in w], reduction="none")
    vectorized(np.ones((3, 2)))
    assert vectorized.explain().splitlines() == [
        "record   4 operations on one sample, with 4 parameters",
        "fuse     4 remain: 2 sums of products, 2 others",
        "group    2 arrays, on 2 levels",
        "factor   1 matrix product: (2, 2)·(2, n)",
        "lay out  4 numbers for all samples, 4 for each; 3 operands are views, 0 gathered, 1 overwritten",
        "emit     2 NumPy statements forward, 4 back",
    ]


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


def test_what_is_small_runs_on_floats_and_what_is_large_on_arrays() -> None:
    w = Value(2.0)
    vectorized = vectorize(lambda x: (w * x).tanh())
    assert isinstance(vectorized(np.ones(1))._call.replay, replay.FloatReplay)
    assert isinstance(vectorized(np.ones(1000))._call.replay, replay.ArrayReplay)
    _, loss, X, y = demo()
    assert isinstance(vectorize(loss)(X[:10], y[:10])._call.replay, replay.ArrayReplay)
