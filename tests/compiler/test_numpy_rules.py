"""The NumPy statements of a rule compute, number by number, what the rule says."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import Value, losses, numpy_rule, ops, vectorize
from micrograd_numpy.compiler.numpy_rules import NumpyRule
from micrograd_numpy.compiler.symbols import FollowError
from micrograd_numpy.value import apply
from tests.compiler.eager import by, close, eager, grads, numbers, send_back
from tests.compiler.test_symbols import random_rule
from tests.tables.edges import BINARY, EDGES, INF, NAN, NUMBERS, PROBABILITIES, SHARES, UNARY, Operation, same


def program(rule: ops.Rule, inputs: int) -> tuple[list[str], list[tuple[list[str], str]], set[str]]:
    """The statements forward, those of each slope and its name, and the buffers."""
    buffers: set[str] = set()

    def buffer(dtype: str, i: int) -> str:
        buffers.add(name := f"{'m' if dtype == 'bool' else 's'}{i}")
        return name

    numpy = NumpyRule(rule, [f"x{i}" for i in range(inputs)], "o", buffer)
    return numpy.forward(), [numpy.slope(i) for i in range(inputs)], buffers


def on_arrays(rule: ops.Rule, points: list[tuple[float, ...]]) -> list[list[float]]:
    """The result and the slopes of a rule at each point, by its statements: the inputs must be left alone."""
    columns = np.array(points).T
    forward, slopes, buffers = program(rule, len(columns))
    names: dict[str, Any] = {"np": np, "o": np.full(len(points), np.nan)}
    names |= {f"x{i}": column.copy() for i, column in enumerate(columns)}
    names |= {name: np.empty(len(points), bool if name[0] == "m" else float) for name in buffers}
    answers = []
    with np.errstate(all="ignore"):
        for lines, name in ((forward, "o"), *slopes):
            exec("\n".join(lines), names)
            answers.append(np.broadcast_to(eval(name, names), len(points)) * 1.0)
    assert all(map(np.array_equal, (names[f"x{i}"] for i in range(len(columns))), columns, [True] * len(columns)))
    return np.array(answers).T.tolist()


def expect_the_same(rule: ops.Rule, points: list[tuple[float, ...]], slack: float = 0.0) -> None:
    for point, ours in zip(points, on_arrays(rule, points)):
        result, slopes = rule(*point)
        assert all(same(x, y, slack=slack) for x, y in zip(ours, (result, *slopes), strict=True)), (point, ours)


@pytest.mark.parametrize("operation", UNARY, ids=str)
def test_operations_of_one_input_at_the_edges(operation) -> None:
    expect_the_same(operation.rule, [(x,) for x in EDGES], operation.slack)


@pytest.mark.parametrize("operation", BINARY, ids=str)
def test_operations_of_two_inputs_at_all_pairs_of_edges(operation) -> None:
    expect_the_same(operation.rule, list(product(EDGES, EDGES)), operation.slack)


@pytest.mark.parametrize("targets", [SHARES, [0.0, -0.0, 1.0]], ids=["shares", "classes"])
@pytest.mark.parametrize(
    ("rule", "inputs"),
    [(losses.cross_entropy, [*PROBABILITIES, -0.0]), (losses.logit_cross_entropy, [*NUMBERS, INF, -INF, NAN])],
    ids=["probabilities", "logits"],
)
def test_losses_at_the_edges(rule, inputs, targets) -> None:
    expect_the_same(rule, list(product(inputs, targets)))


@pytest.mark.parametrize("seed", range(300))
def test_random_rules(seed: int) -> None:
    names = {**vars(ops), "max": max, "min": min, "float_": lambda x: x}
    exec(random_rule(random.Random(seed)), names)
    try:
        expect_the_same(names["rule"], [(x, y) for x in EDGES[:12] for y in EDGES[:12]])
    except FollowError as error:
        assert str(error).startswith("its ifs can go more")  # noqa: PT017  # the one reason that may be


def test_a_buffer_is_used_again_as_soon_as_nobody_needs_it() -> None:
    def chain(a):
        for _ in range(20):
            a = a * 1.5 + 0.5
        return a, (1.5**20,)

    forward, _, buffers = program(chain, 1)
    assert len(forward) == 40
    assert buffers == set()  # the place of the result is enough


def test_a_known_exponent_takes_the_faster_power_but_for_a_root() -> None:
    rules = (ops.power(3.0), 1), (ops.power(0.5), 1), (ops.pow, 2)
    assert [program(*rule)[0] for rule in rules] == [
        ["np.power(x0, 3.0, out=o)"],
        ["np.float_power(x0, 0.5, out=o)"],  # np.power takes a root there: nan at -inf
        ["np.float_power(x0, x1, out=o)"],
    ]


def test_a_slope_of_0_or_1_is_a_mask() -> None:
    forward, ((lines, name),), buffers = program(ops.relu, 1)
    assert forward == ["np.maximum(x0, 0.0, out=o)"]
    assert (lines, name, buffers) == (["np.not_equal(o, 0.0, out=m1)"], "m1", {"m1"})
    assert program(ops.tanh, 1)[1:] == ([(["np.multiply(o, o, out=s1)", "np.subtract(1.0, s1, out=s1)"], "s1")], {"s1"})


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (lambda a: (-a, (1.0 if a < 0.0 else 0.0,)), ["np.less(x0, 0.0, out=m1)"]),
        (
            lambda a: (-a, (0.0 if a < 0.0 else 1.0,)),
            ["np.less(x0, 0.0, out=m1)", "np.logical_not(m1, out=m1)"],  # not >=: nan is on the other side
        ),
        (lambda a: (-a, (0.0 if a != 2.0 else 1.0,)), ["np.equal(x0, 2.0, out=m1)"]),
    ],
)
def test_masks_of_other_questions(rule, lines) -> None:
    assert program(rule, 1)[1] == [(lines, "m1")]
    expect_the_same(rule, [(x,) for x in (-1.0, 0.0, 2.0, NAN)])


def test_a_constant_needs_no_statement() -> None:
    assert program(lambda a: (3.0, (NAN,)), 1) == (["np.copyto(o, 3.0)"], [([], "np.nan")], set())
    assert program(lambda a: (a, (-INF,)), 1) == (["np.copyto(o, x0)"], [([], "-np.inf")], set())


# ------------------------------------------------------------------ in a compiled function


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
        return 2 * math.fsum([a]), (2.0,)

    vectorized = vectorize(lambda x: apply(twice, x))
    with pytest.raises(TypeError, match=r"^vectorize cannot follow the rule 'twice': .*@numpy_rule\(twice\)"):
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


def test_a_form_that_is_given_may_take_several_inputs() -> None:
    def ratio(a: Any, b: Any) -> Any:
        return a / b, (1 / b, -a / b**2)

    numpy_rule(ratio)(ratio)
    w = Value(2.0)
    with by("arrays"):
        batch = vectorize(lambda x: apply(ratio, w, x))([1.0, 4.0])
    batch.backward()
    assert (batch.data, w.grad) == (1.25, 0.625)


def test_a_rule_without_a_hash_is_refused_by_its_name() -> None:
    class Doubling:
        __name__, __hash__ = "doubling", None

        def __call__(self, a: float) -> tuple[float, tuple[float]]:
            return 2.0 * a, (2.0,)

    with pytest.raises(TypeError, match="and 'doubling' has none"):
        vectorize(lambda x: apply(Doubling(), x))([1.0, -1.0])
