"""check_gradients: no false alarm on right gradients, no wrong rule that slips through."""

from __future__ import annotations

import math
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from itertools import count

import numpy as np
import pytest

from micrograd_numpy import MLP, Value, ops, topological_sort
from micrograd_numpy import gradcheck as chapter
from micrograd_numpy.gradcheck import check_gradients
from micrograd_numpy.value import apply, dot, mean

FACTORS = [999.0, 2.0, 1.001, 1.0 + 1e-6, 1.0 - 1e-6, 0.5, 0.0, -1.0, -1e9, 1e-9, math.inf, math.nan]
SCALES = [1e-150, 1e-12, 1e-3, 1.0, 1e3, 1e12, 1e150]

# Right functions, each with the points at which it has one clear slope that is not zero.
RULES: dict[str, tuple[ops.Rule, list[tuple[float, ...]]]] = {
    "add": (ops.add, [(1.0, 2.0), (-3e5, 1e5), (1e-9, 2e-9)]),
    "sub": (ops.sub, [(1.0, 2.0), (-3e5, 1e5), (1e-9, 2e-9)]),
    "neg": (ops.neg, [(0.0,), (1.0,), (1e100,), (-1e-100,)]),
    "mul": (ops.mul, [(2.0, 3.0), (-1e-8, 4.0), (1e50, 1e-50), (-7.0, -1e9)]),
    "div": (ops.div, [(2.0, 3.0), (-1e-8, 4.0), (1e50, 1e-50), (-7.0, -1e9)]),
    "square": (ops.power(2.0), [(3.0,), (-1e-7,), (1e80,)]),
    "root": (ops.power(0.5), [(3.0,), (1e-7,), (1e80,)]),
    "inverse cube": (ops.power(-3.0), [(3.0,), (-1e-7,), (1e50,)]),
    "pow": (ops.pow, [(2.0, 3.0), (0.1, -2.0), (1e3, 0.5)]),
    "exp": (ops.exp, [(0.0,), (1.0,), (-30.0,), (300.0,), (1e-9,)]),
    "log": (ops.log, [(1.0,), (1e-200,), (1e200,), (0.3,)]),
    "relu": (ops.relu, [(1.0,), (1e-9,), (1e9,)]),
    "tanh": (ops.tanh, [(0.0,), (0.5,), (-3.0,), (1e-9,)]),
    "sigmoid": (ops.sigmoid, [(0.0,), (0.5,), (-30.0,), (5.0,)]),
    "dot": (ops.dot, [(1.0, 2.0, 3.0, 4.0), (1e-3, -2.0, 1e3, 0.5)]),
    "mean": (ops.mean, [(1.0, -2.0, 4.0), (1e-5, 1e-6), (3.0,)]),
}
POINTS = [pytest.param(rule, point, id=f"{name}{point}") for name, (rule, points) in RULES.items() for point in points]


def changed(rule: ops.Rule, change: Callable[[float], float], which: int | None = 0) -> ops.Rule:
    """The same rule with one local derivative, or all, changed."""

    def wrong(*x: float) -> tuple[float, tuple[float, ...]]:
        result, local = rule(*x)
        return result, tuple(change(d) if which in (None, i) else d for i, d in enumerate(local))

    return wrong


def broken(rule: ops.Rule, factor: float, which: int | None = None) -> ops.Rule:
    """The same rule with one local derivative, or all, off by a factor."""
    return changed(rule, lambda d: d * factor, which)


# ------------------------------------------------------------------ right gradients


@pytest.mark.parametrize(("rule", "point"), POINTS)
def test_right_rules_agree(rule, point):
    report = check_gradients(lambda *x: apply(rule, *x), *point)
    assert report, report
    assert [row.verdict for row in report.rows] == ["agrees"] * len(point)


@pytest.mark.parametrize("scale", SCALES)
def test_right_gradients_agree_at_every_scale_of_input_and_output(scale):
    for x in (1e-300, -1e-9, 0.0, 0.7, -3.0):
        for f in (lambda v: (v * 1.5 + 0.2).tanh() * scale, lambda v: (v * v + v).exp() * scale):
            report = check_gradients(f, x)
            assert report, report
    for x in (0.01, 0.7, -3.0):
        report = check_gradients(lambda v: (v / scale * 1.5 + 0.2).tanh(), x * scale)
        assert report, report


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x: x, 3.0),
        (lambda x: x * x, 0.0),
        (lambda x: (x - 0.7) ** 2, 0.7),
        (lambda x: x * 0.0 + 1.0, 0.7),
        (lambda x: x.relu(), -1.0),
        (lambda x: x.relu() + 1.0, -1e-5),
        (lambda x: (x - 1.0).relu(), 1.0001),
        (lambda x: x.tanh(), 30.0),
        (lambda x: (x * 1e12).tanh(), 0.0),
        (lambda x: (x * 1e5).tanh() + x, 1e-7),
        (lambda x: (x - 1e6) ** 2, 0.0),
        (lambda x: x + 1e8 - 1e8, 1.0),
        (lambda x: x * 1e-9 + 1e8, 1.0),
        (lambda x: 1e12 * x**-2, -3.0),
        (lambda x: (x * 300.0).sigmoid() + x * x, 0.01),
        (lambda x: x + 1.0 / (x * sys.float_info.max), 1.0),  # a little further, 1/inf
    ],
)
def test_awkward_but_right_gradients_agree(f, point):
    report = check_gradients(f, point)
    assert report, report


@pytest.mark.parametrize("offset", [1e3, 1e6, 1e9, 1e12])
def test_an_offset_that_drowns_the_slope_never_makes_a_right_gradient_look_wrong(offset):
    for f in (lambda x: x**-2, lambda x: x.tanh(), lambda x: (-x).exp(), lambda x: x.sigmoid() * x):
        for point in (0.1, 1.0, -2.0, 9.0):
            row = check_gradients(lambda x, f=f: f(x) + offset, point).rows[0]
            assert row.verdict in {"agrees", "inconclusive"}, row


def test_a_step_so_long_that_f_is_another_function_may_not_accuse():
    """A bell of height 1e-9 on a plateau of 1e6: from afar there is only the plateau, and its slope is zero."""
    for factor, at in [(1.0, 0.5), (1.0, -0.3), (1.5, 0.5)]:
        bell = broken(lambda a: (1e-9 / (1.0 + a * a), (-2e-9 * a / (1.0 + a * a) ** 2,)), factor)
        assert check_gradients(lambda x, r=bell: apply(r, x) + 1e6, at).rows[0].verdict == "inconclusive"

    def bump_on_a_slope(a: float) -> tuple[float, tuple[float]]:
        return 1e-9 * a + 1e-8 / (1.0 + a * a), (1e-9 - 2e-8 * a / (1.0 + a * a) ** 2,)

    assert check_gradients(lambda x: apply(bump_on_a_slope, x) + 1e8, 0.5).rows[0].verdict == "inconclusive"


def test_many_random_expressions_agree():
    rng = np.random.default_rng(0)
    for _ in range(100):
        a, b, c = rng.normal(0.0, 2.0, 3)
        report = check_gradients(lambda a, b, c: ((a * b + c).tanh() + (a - c) ** 2 / (1.0 + b * b)).exp(), a, b, c)
        assert report, report


def test_an_input_that_f_ignores_agrees():
    report = check_gradients(lambda a, b: a * 2.0, 1.0, 5.0)
    assert report
    assert (report.rows[1].backprop, report.rows[1].difference, report.rows[1].error) == (0.0, 0.0, 0.0)
    assert check_gradients(lambda a, b: a * 2.0, 1.0, 1e-9).evaluations == 2 + 10 * 2  # no search for a step


def test_one_value_given_twice_agrees():
    a = Value(3.0, label="a")
    report = check_gradients(lambda x, y: x * y, a, a)
    assert report
    assert [row.backprop for row in report.rows] == [6.0, 6.0]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_whole_network_agrees(activation):
    model = MLP(2, [4, 3, 1], activation=activation, rng=np.random.default_rng(3))
    points, targets = [(0.5, -1.0), (1.5, 0.3), (-0.2, 0.8)], [1.0, -1.0, 0.5]

    def loss() -> Value:
        return mean((model(x) - t) ** 2 for x, t in zip(points, targets, strict=True))

    parameters = model.parameters()
    before = [(p.data, p.grad) for p in parameters]
    report = check_gradients(lambda *_: loss(), *parameters)
    assert report, report
    assert len(report.rows) == len(parameters) == 31
    assert [(p.data, p.grad) for p in parameters] == before


def test_the_difference_is_as_exact_as_the_docstring_says():
    for f, x, exact in [
        (lambda v: v.exp(), 1.0, math.e),
        (lambda v: v.tanh(), 0.3, 1.0 - math.tanh(0.3) ** 2),
        (lambda v: v**7, 1.1, 7 * 1.1**6),
    ]:
        row = check_gradients(f, x).rows[0]
        assert abs(row.difference - exact) <= row.uncertainty < 1e-7 * exact


def test_the_error_term_of_the_formula():
    """On x⁷ the seventh derivative is 5040 everywhere, so the error is h⁶·5040/140 = 36·h⁶, and the first to appear."""
    h = 0.5
    assert chapter.central(lambda x: x**6, 1.0, h)[0] == pytest.approx(6.0, rel=1e-13)
    six, apart = chapter.central(lambda x: x**7, 1.0, h)
    assert abs(six - 7.0) == pytest.approx(36.0 * h**6, rel=1e-12)
    # x⁵ is where the four-point formula starts to err: h⁴·120/30, while the six-point formula is exact
    six, apart = chapter.central(lambda x: x**5, 1.0, h)
    assert six == pytest.approx(5.0, rel=1e-13)
    assert apart == pytest.approx(4.0 * h**4, rel=1e-12)


@pytest.mark.parametrize("n", [1, 5, 25])
def test_it_costs_a_fixed_number_of_evaluations_for_each_input(n: int) -> None:
    """Also where the slope is hard to find, and where the claim is wrong: no search is endless."""
    calls: list[int] = []
    usual = check_gradients(lambda *x: calls.append(1) or mean(v.tanh() for v in x), *(0.1 + i / n for i in range(n)))
    assert usual.evaluations == len(calls) == 2 + 10 * n
    kinks = check_gradients(lambda *x: mean(v.relu() for v in x), *[0.0] * n)
    drowned = check_gradients(lambda *x: mean(v.tanh() for v in x) + 1e15, *[0.5] * n)
    wrong = check_gradients(lambda *x: mean(apply(lambda a: (a, (2.0,)), v) for v in x), *[0.5] * n)
    for report in (kinks, drowned, wrong):
        assert not report
        # 46 steps at most, from 2⁻¹⁰ down to 2⁻¹⁰⁰, and nine evaluations to look for a kink
        assert report.evaluations <= 2 + (46 * 10 + 9) * n


# ------------------------------------------------------------------ wrong gradients


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(("rule", "point"), POINTS)
def test_a_rule_off_by_any_factor_is_caught_in_every_input(rule, point, factor):
    _, local = rule(*point)
    for which in range(len(point)):
        report = check_gradients(lambda *x, w=which: apply(broken(rule, factor, w), *x), *point)
        assert local[which] != 0.0
        assert not report, report
        assert report.rows[which].verdict == "differs", report
        others = {row.verdict for i, row in enumerate(report.rows) if i != which}
        assert others <= ({"agrees"} if abs(factor) <= 999.0 else {"agrees", "inconclusive"}), report


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("scale", SCALES)
def test_a_wrong_rule_is_caught_at_every_scale(scale, factor):
    for rule in (ops.tanh, ops.sigmoid, ops.exp):
        wrong = broken(rule, factor)
        for x in (1e-300, -1e-9, 0.0, 0.7, 2.0):
            assert not check_gradients(lambda v, r=wrong: apply(r, v * 1.5 + 0.2) * scale, x)
        for x in (0.01, 0.7, 2.0):
            assert not check_gradients(lambda v, r=wrong: apply(r, v / scale * 1.5 + 0.2), x * scale)


@pytest.mark.parametrize("factor", FACTORS)
def test_a_wrong_rule_deep_inside_is_caught(factor):
    wrong = broken(ops.tanh, factor)
    report = check_gradients(lambda a, b: (apply(wrong, a * b) * b + a).sigmoid(), 0.4, -1.2)
    assert [row.verdict for row in report.rows] == ["differs", "differs"]


def test_classic_mistakes_are_caught():
    def square_without_two(a: float) -> tuple[float, tuple[float]]:
        return a * a, (a,)

    def mul_swapped(a: float, b: float) -> tuple[float, tuple[float, float]]:
        return a * b, (a, b)

    def tanh_of_input(a: float) -> tuple[float, tuple[float]]:
        return math.tanh(a), (1.0 - a * a,)

    def mean_without_n(*a: float) -> tuple[float, tuple[float, ...]]:
        return sum(a) / len(a), (1.0,) * len(a)

    for rule, point in [
        (square_without_two, (3.0,)),
        (mul_swapped, (2.0, 3.0)),
        (tanh_of_input, (0.3,)),
        (mean_without_n, (1.0, 2.0)),
    ]:
        assert not check_gradients(lambda *x, r=rule: apply(r, *x), *point)


def test_a_node_computed_once_outside_of_f_is_caught():
    a = Value(2.0, label="a")
    stale = a * a
    report = check_gradients(lambda v: stale * 3.0, a)
    assert (report.rows[0].backprop, report.rows[0].difference) == (12.0, 0.0)
    assert not report


# ------------------------------------------------------------------ right or wrong, and perhaps drowned

CHANGES: dict[str, Callable[[float], float]] = {
    "0": lambda _: 0.0,
    "wrong sign": lambda d: -d,
    "twice": lambda d: 2.0 * d,
    "1e-3 too much": lambda d: d * (1.0 + 1e-3),
    "1e-5 too much": lambda d: d * (1.0 + 1e-5),
    "1e-6 too much, absolute": lambda d: d + 1e-6,
    "missing path": math.nan.__add__,
}


class Drawn:
    """A random program: a few inputs, and operations on them, some with large constants if `extreme`."""

    def __init__(self, rng: random.Random, extreme: bool) -> None:
        n = rng.randint(1, 3)
        self.point = [rng.choice([rng.gauss(0.0, 2.0), 10.0 ** rng.uniform(-6.0, 2.0)]) for _ in range(n)]
        self.steps: list[tuple[ops.Rule, list[int], list[float]]] = []  # the rule, which numbers so far, and constants
        for made in range(n, n + rng.randint(2, 8)):
            kind, latest = rng.random(), max(0, made - 3)
            if kind < 0.4:
                sine: ops.Rule = lambda a: (math.sin(a), (math.cos(a),))  # noqa: E731  # a rule like the others
                bell: ops.Rule = lambda a: (1.0 / (1.0 + a * a), (-2.0 * a / (1.0 + a * a) ** 2,))  # noqa: E731  # one line, as in the chapter
                smooth = [ops.tanh, ops.sigmoid, ops.relu, ops.exp, ops.power(2.0), ops.power(3.0), sine, bell]
                self.steps.append((rng.choice(smooth), [rng.randrange(made)], []))
            elif kind < 0.65:
                two = [rng.randrange(made), rng.randrange(made)]
                self.steps.append((rng.choice([ops.add, ops.sub, ops.mul]), two, []))
            elif kind < 0.8:
                scale = 10.0 ** rng.randint(-12, 12) if extreme and rng.random() < 0.5 else rng.gauss(0.0, 1.0)
                self.steps.append((ops.mul, [rng.randrange(latest, made)], [scale]))
            else:
                offset = 10.0 ** rng.uniform(0.0, 16.0) if extreme and rng.random() < 0.7 else rng.gauss(0.0, 1.0)
                self.steps.append((ops.add, [rng.randrange(latest, made)], [rng.choice([-1.0, 1.0]) * offset]))

    def function(self, wrong: int = -1, change: str = "") -> Callable[..., Value]:
        """The program, with the first derivative of one of its rules changed."""

        def f(*inputs: Value) -> Value:
            numbers = list(inputs)
            for k, (rule, which, constants) in enumerate(self.steps):
                given = [numbers[i] for i in which]
                if k == wrong and change == "missing path":
                    given[0] = Value(given[0].data)
                elif k == wrong:
                    numbers.append(apply(changed(rule, CHANGES[change]), *given, *constants))
                    continue
                numbers.append(apply(rule, *given, *constants))
            return numbers[-1]

        return f

    def gradient(self, f: Callable[..., Value]) -> list[float]:
        """By backpropagation; nothing where f or its gradient is not finite."""
        leaves = [Value(x) for x in self.point]
        try:
            root = f(*leaves)
        except ArithmeticError:
            return []
        root.backward()
        numbers = [root.data, *(leaf.grad for leaf in leaves)]
        return numbers[1:] if all(map(math.isfinite, numbers)) else []


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_derivative_never_agrees_however_deep_it_is_drowned(seed, change):
    rng = random.Random(f"{seed} {change}")
    caught = 0
    for _ in range(100):
        program = Drawn(rng, extreme=True)
        f = program.function(rng.randrange(len(program.steps)), change)
        right, claimed = program.gradient(program.function()), program.gradient(f)
        if right and claimed:
            for row, true in zip(check_gradients(f, *program.point).rows, right, strict=True):
                if abs(row.backprop - true) > 1.01e-7 * max(abs(row.backprop), abs(true)):
                    assert row.verdict != "agrees", (row, true)
                    caught += row.verdict == "differs"
    assert caught > 20


def test_right_gradients_of_ordinary_functions_mostly_agree():
    rng = random.Random(0)
    verdicts: Counter[str] = Counter()
    for _ in range(400):
        program = Drawn(rng, extreme=False)
        if program.gradient(program.function()):
            verdicts.update(row.verdict for row in check_gradients(program.function(), *program.point).rows)
    assert verdicts["differs"] == 0
    assert verdicts["agrees"] > 0.97 * verdicts.total() > 600, verdicts


@pytest.mark.parametrize("offset", [1e6, 1e9, 1e12, 1e14, 1e16])
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_a_forgotten_derivative_is_not_taken_for_a_flat_function(offset, scale):
    """Each of these has a slope that does not show in f, and a gradient of exactly 0."""

    def lost(a: float) -> tuple[float, tuple[float]]:
        return a, (0.0,)

    for f in (
        lambda x: apply(lambda a: (1e-9 / (1.0 + a * a), (0.0,)), x) + offset,
        lambda x: apply(lost, x) + offset,
        lambda x: apply(lost, x) + offset - offset,
        lambda x: apply(lost, x + offset),
        lambda x: apply(lost, x + offset - offset),
        lambda x: apply(changed(ops.add, lambda _: 0.0), x, offset) - offset,
        lambda x: Value(x.data) + offset,
        lambda x: mean([Value(x.data), offset]) * 2.0 - offset,
    ):
        for at in (1.0, 0.5, -1e-3, 1e-9):
            row = check_gradients(lambda x, f=f: f(x) * scale, at).rows[0]
            assert row.backprop == 0.0
            assert row.verdict != "agrees", row


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e9, 1e16])
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_a_function_that_is_flat_agrees_under_any_offset(offset, scale):
    unused = Value(3.0)
    for f, at in [
        (lambda x: x.relu(), -1.0),
        (lambda x: x * 0.0, 0.7),
        (lambda x: x - x, 0.7),
        (lambda x: x**0, 2.0),
        (lambda x: x.tanh(), 30.0),
        (lambda x: x.sigmoid(), -800.0),
        (lambda x: unused * 2.0, 0.3),
        (lambda x: dot([x, unused], [0.0, 0.7]), 0.3),
        (lambda x: x.exp(), -800.0),
    ]:
        report = check_gradients(lambda x, f=f: f(x) * scale + offset, at)
        assert report, report


def test_a_lowest_point_agrees():
    for f, at in [
        (lambda x: x * x, 0.0),
        (lambda x: (x - 0.7) ** 2, 0.7),
        (lambda x: (x - 0.7) ** 2 * 1e12, 0.7),
        (lambda x: (x - 3.0) ** 2 + 1.0, 3.0),
        (lambda x: 1.0 / (1.0 + x * x), 0.0),
    ]:
        report = check_gradients(f, at)
        assert report.rows[0].backprop == 0.0
        assert report, report


def test_a_right_claim_from_afar_does_not_excuse_what_is_missing_nearby():
    """Near 0.5 the bell has a slope, but it drowns; from afar only the straight line is left."""
    for offset in (1e6, 1e8):

        def f(x: Value, offset: float = offset) -> Value:
            return x * 1e-9 + apply(lambda a: (1e-8 / (1.0 + a * a), (0.0,)), x) + offset  # its derivative is forgotten

        assert check_gradients(f, 0.5).rows[0].verdict == "inconclusive"
        assert check_gradients(lambda x, c=offset: x * 1e-9 + c, 0.5)  # a line stays a line


def test_a_function_that_is_far_larger_a_step_away_is_not_accused():
    """At the steps around 0 it is 1e20 times as large as at 0, and as noisy."""
    row = check_gradients(lambda x: (x * 4e5 + 4e-8) ** 2, 0.0).rows[0]
    assert row.verdict in {"agrees", "inconclusive"}, row


def test_noise_is_measured_without_the_operations_that_do_not_move():
    x, a = Value(2.0), Value(3.0)

    def f(x: Value) -> Value:
        return (a * 1e16 - 1.0) * 0.0 + x.relu() * 3.0 + (x - 5.0).relu()

    _, usual = chapter.run(f, [x])
    assert [op for op in usual if op[0] == (2.0,)] == [((2.0,), 2.0)]
    rng = random.Random(0)
    assert chapter.run(f, [x], usual, rng)[1] == usual  # nothing has moved: nothing is shaken
    x.data = 2.5
    plain = chapter.run(f, [x])[1]
    moved = [p[1] != s[1] for p, s in zip(plain, chapter.run(f, [x], usual, rng)[1], strict=True)]
    assert moved == [False, False, False, True, True, True, True, False, True]


@pytest.mark.parametrize(("furthest", "side"), [(min, -1), (max, 1)])
def test_what_goes_in_is_moved_by_two_units_in_the_last_place_and_what_comes_out_by_sixteen(furthest, side):
    rng = random.Random()
    rng.randint = lambda *ends: furthest(ends)
    out, _ = chapter.run(lambda x: x.relu(), [Value(1.75)], [], rng)
    assert out.data == 1.75 + side * (2 + 16) * math.ulp(1.75)


def test_noise_is_the_same_in_every_run_and_on_every_machine():
    assert check_gradients(lambda x: x * x * x, 1.5).rows[0].uncertainty == 2.000888343900442e-11


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_noise_on_one_side_is_noise(side, monkeypatch):
    monkeypatch.setattr(chapter, "slope", lambda f, x, noise, *_: (1.0, noise(0.25)[-1], 1.0))
    assert check_gradients(lambda x: ((x - 1.0) * side).relu() + 1e9, 1.0).rows[0].uncertainty > 1e-7


def test_what_is_flat_and_what_is_rounded_away():
    assert chapter.is_flat(ops.relu, (-1.0,), (-0.9,))
    assert chapter.is_flat(ops.dot, (1.0, 2.0, 0.0, 5.0), (1.1, 2.0, 0.0, 5.0))
    assert chapter.is_flat(ops.tanh, (30.0,), (29.9,))  # on one side only
    assert not chapter.is_flat(ops.add, (1.0, 1e16), (1.1, 1e16))
    assert not chapter.is_flat(ops.tanh, (0.5,), (0.6,))
    assert not chapter.is_flat(ops.add, (-1.0, 1.0), (-0.9, 1.1))  # both move up, and far away there is no balance

    def refuses(a: float) -> tuple[float, tuple[float]]:
        return math.sqrt(a), (0.5 / math.sqrt(a),)

    assert not chapter.is_flat(refuses, (1.0,), (1.1,))


def test_other_threads_are_left_alone():
    """While one thread rounds otherwise, the numbers of another are what they always are."""
    numbers = []

    def f(x: Value) -> Value:
        thread = threading.Thread(target=lambda: numbers.append((Value(0.1) * 3.0).data))
        thread.start()
        thread.join()
        return x * 0.1

    assert check_gradients(f, 0.7)
    assert set(numbers) == {0.1 * 3.0}


def test_a_function_that_takes_a_shorter_or_a_longer_way_a_step_away_is_checked_on_its_own_numbers():
    for f in (
        lambda x: x * 3.0 if x.data < 1.0 else x * 2.0 + x,
        lambda x: x * 3.0 if x.data <= 1.0 else x * 2.0 + x,
        lambda x: x if x.data <= 1.0 else x * 2.0 - x,
    ):
        report = check_gradients(f, 1.0)
        assert report.rows[0].verdict == "agrees", report
        wide = check_gradients(lambda x, f=f: f(x) + 1e12, 1.0)
        assert wide.rows[0].verdict == "inconclusive", wide  # on another way, no long step proves anything


# ------------------------------------------------------------------ where there is nothing to be sure of


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x: x.relu(), 0.0),
        (lambda x: (x - 1.0).relu() * 1e9, 1.0),
        (lambda x: (x * 3.0 - 6.0).relu() + x, 2.0),
        (lambda x: (x.relu(), x + 1e12)[0], 0.0),  # the noise of what it does not return does not count
    ],
)
def test_a_kink_is_called_a_kink(f, point):
    report = check_gradients(f, point)
    assert not report
    assert report.rows[0].verdict == "kink", report


def test_a_kink_whose_slopes_average_to_the_gradient_agrees():
    report = check_gradients(lambda x: x.relu() + (-x).relu(), 0.0)
    assert (report.rows[0].backprop, report.rows[0].difference, report.rows[0].verdict) == (0.0, 0.0, "agrees")


def test_a_gradient_below_the_noise_is_inconclusive_whatever_backprop_says():
    def f(x: Value, factor: float) -> Value:
        return apply(broken(ops.tanh, factor), x) + 1e6

    for factor in (1.0, 2.0, 0.5):
        report = check_gradients(lambda x, k=factor: f(x, k), 17.0)
        assert not report
        assert report.rows[0].verdict == "inconclusive", report


def test_atol_lets_gradients_below_it_count_as_zero():
    def f(x: Value) -> Value:
        return x.tanh() + 1e6

    assert not check_gradients(f, 17.0)
    assert check_gradients(f, 17.0, atol=1e-6)
    assert not check_gradients(lambda x: apply(broken(ops.tanh, 2.0), x) + 1e6, 1.0, atol=1e-6)


def test_rtol_is_how_far_a_gradient_may_be_off():
    def f(x: Value) -> Value:
        return apply(broken(ops.exp, 1.001), x)

    assert not check_gradients(f, 1.0)
    assert check_gradients(f, 1.0, rtol=1e-2)


def test_an_infinite_slope_is_not_passed():
    report = check_gradients(lambda x: x**0.5, 0.0)
    assert not report
    assert report.rows[0].verdict == "inconclusive"
    assert "nan" in repr(report)


def test_a_step_that_leaves_the_domain_is_shortened():
    assert check_gradients(lambda x: (x - 1.0).log(), 1.0 + 1e-5)

    def refuses(x: Value) -> Value:
        if x.data >= 1.0:
            raise ValueError("too large")
        return x * x

    assert check_gradients(refuses, 0.9999)
    report = check_gradients(lambda x: refuses(x - 1e-300), math.nextafter(1.0, 0.0))
    assert report.rows[0].verdict == "inconclusive"


# ------------------------------------------------------------------ what it refuses, besides the table of errors


@pytest.mark.parametrize(
    ("name", "x"), [("rtol", x) for x in (0.0, -1.0, math.nan, math.inf)] + [("atol", -1.0), ("atol", math.inf)]
)
def test_tolerances_must_make_sense(name, x):
    with pytest.raises(ValueError, match="rtol must be positive"):
        check_gradients(lambda x: x, 1.0, **{name: x})


# ------------------------------------------------------------------ it leaves no trace


def test_data_and_grad_are_given_back():
    a, w = Value(2.0, label="a"), Value(5.0, label="w")
    a.grad, w.grad = 0.25, -1.5
    assert check_gradients(lambda a: a * w * w, a)
    assert (a.data, a.grad, w.data, w.grad) == (2.0, 0.25, 5.0, -1.5)
    assert a.label == "a"


@pytest.mark.parametrize("after", [0, 1, 2, 5, 9, 13])
def test_data_and_grad_are_given_back_after_an_error(after):
    calls = count()
    a, b = Value(2.0), Value(3.0)
    a.grad, b.grad = 7.0, 8.0

    def f(x: Value, y: Value) -> Value:
        if next(calls) == after:
            raise RuntimeError("broken sensor")
        return x * y

    with pytest.raises(RuntimeError, match="broken sensor"):
        check_gradients(f, a, b)
    assert (a.data, a.grad, b.data, b.grad) == (2.0, 7.0, 3.0, 8.0)


def test_data_and_grad_are_given_back_after_an_error_in_backward():
    class Broken(Value):
        __slots__ = ()

        def _backward(self) -> None:
            raise RuntimeError("no way back")

    a, w = Value(2.0), Value(3.0)
    a.grad, w.grad = 7.0, 8.0

    def f(x: Value) -> Value:
        out = Broken(0.0)
        out._prev = (x * w,)
        return out

    with pytest.raises(RuntimeError, match="no way back"):
        check_gradients(f, a)
    assert (a.data, a.grad, w.grad) == (2.0, 7.0, 8.0)


def test_f_sees_fresh_and_ordinary_graphs():
    roots = []

    def f(x: Value) -> Value:
        roots.append(x * x)
        return roots[-1]

    check_gradients(f, 3.0)
    assert len({id(root) for root in roots}) == len(roots)
    assert all(len(topological_sort(root)) == 2 for root in roots)
    assert {(root._op, root._rule) for root in roots} == {("*", ops.mul)}  # and they are like all others


# ------------------------------------------------------------------ the report


def test_the_report_names_the_input_both_numbers_the_error_and_the_verdict():
    a, b = Value(2.0, label="price"), Value(3.0)
    report = check_gradients(lambda a, b: apply(broken(ops.mul, 2.0, 1), a, b), a, b)
    assert str(report).splitlines() == [
        "1 of 2 gradients agree",
        "input  at  backprop  difference    error  verdict",
        "price   2         3           3  < 1e-07  agrees",
        "x1      3         4           2  5.0e-01  differs",
    ]
    assert repr(report) == str(report)
    row = report.rows[1]
    assert (row.name, row.value, row.backprop, row.verdict) == ("x1", 3.0, 4.0, "differs")
    assert row.difference == pytest.approx(2.0, rel=1e-12)
    assert row.error == pytest.approx(0.5, rel=1e-12)
    assert 0.0 < row.uncertainty < 1e-9
    assert bool(report) is False


def test_the_report_of_agreeing_gradients_is_true():
    report = check_gradients(lambda a, b: dot([a, b], [b, 2.0]), 2.0, 3.0)
    assert bool(report) is True
    assert report.rtol == 1e-7
    assert str(report).startswith("2 of 2 gradients agree\n")


def test_lines_of_the_report_are_aligned():
    report = check_gradients(lambda *x: mean(x) * 1e5, *[Value(10.0**k, label="v" * (k + 1)) for k in range(5)])
    lines: list[str] = str(report).splitlines()[1:]
    verdicts: Callable[[str], int] = lambda line: line.rindex("  ")  # noqa: E731  # named for its use below
    assert len({verdicts(line) for line in lines}) == 1


# ------------------------------------------------------------------ the search for a step


def steps(
    f, x: float, noise: float = 0.0, claimed: float = 1.0, rtol: float = 1e-7
) -> tuple[list[float], float, float]:
    """The exponents of the steps that `slope` tries, and what it returns."""
    asked: list[float] = []

    def noise_at(distance: float) -> np.ndarray:
        asked.append(distance / 3.0)
        return np.array([noise])

    with np.errstate(all="ignore"):
        estimate, uncertainty, _ = chapter.slope(lambda at: np.array([f(at)]), x, noise_at, claimed, rtol, 0.0)
    return [math.log2(h) for h in asked], estimate, uncertainty


@pytest.mark.parametrize(
    ("x", "first"), [(1.0, -10), (-1.0, -10), (0.0, -10), (0.9, -11), (1000.0, -1), (2.0**-40, -50), (5e-324, -1011)]
)
def test_the_first_step_is_about_a_thousandth_of_the_input(x, first):
    assert steps(lambda t: t, x) == ([first], 1.0, 0.0)


def test_a_step_that_is_too_long_is_followed_by_one_four_times_shorter():
    tried, estimate, uncertainty = steps(lambda t: math.tanh(1e4 * t), 0.0)
    assert tried == [-10, -12, -14, -16, -18, -20]
    assert estimate == pytest.approx(1e4, rel=1e-7)
    assert uncertainty <= 1e-7 * estimate


def test_a_step_that_is_too_short_is_followed_by_one_four_times_longer():
    tried, estimate, uncertainty = steps(lambda t: 3.0 * t, 1.0, noise=1e-8)
    # the noise of 2e-8/h falls below 3e-7 when h is 1/8
    assert (tried, estimate, uncertainty) == ([-10, -8, -6, -4, -2], 3.0, 8e-8)


def test_from_a_tiny_input_the_second_step_is_an_ordinary_one():
    tried, estimate, _ = steps(lambda t: 2.0 * t, 2.0**-40, noise=1e-15)
    assert (tried, estimate) == ([-50, -11], 2.0)


def test_where_f_is_never_finite_the_steps_end_at_the_last_digit():
    tried, estimate, uncertainty = steps(lambda t: math.nan, 1.0)
    assert tried == list(range(-10, -52, -2))
    assert math.isnan(estimate) and uncertainty == math.inf
    assert steps(lambda t: math.nan, 0.0)[0] == list(range(-10, -101, -2))
    assert steps(lambda t: math.inf, 2.0**-900)[0] == list(range(-910, -951, -2))


def test_a_slope_that_never_shows_is_sought_up_to_very_long_steps():
    tried, estimate, uncertainty = steps(lambda t: 0.0, 1.0, noise=1.0)
    assert tried == list(range(-10, 40, 2))
    assert (estimate, uncertainty) == (0.0, 8.0)  # of the longest step that is not longer than 1/4


def test_where_f_is_flat_without_any_noise_one_step_is_enough():
    for x, first in [(1.0, -10), (0.4, -12), (1e-9, -40)]:
        assert steps(lambda t: 5.0, x, claimed=0.0) == ([first], 0.0, 0.0)


def test_where_noise_may_hide_a_slope_zero_is_sought_like_any_other():
    tried, estimate, uncertainty = steps(lambda t: 5.0, 1.0, noise=1e-16, claimed=0.0)
    assert tried == list(range(-10, 40, 2))
    assert (estimate, uncertainty) == (0.0, 8e-16)


def test_zero_is_held_against_how_steep_f_is_beside_it():
    def parabola(noise: float, claimed: float = 0.0, x: float = 0.0) -> list[float]:
        return steps(lambda t: (t - x) ** 2, x, noise=noise, claimed=claimed)[0]

    # between h and 3h the parabola rises by 8h²: a slope of 4h; at 2⁻¹⁰, 1e-7 of it are 2·noise/h
    enough = 2.0**-10 * 4.0e-7 * 2.0**-10 / 2.0
    assert parabola(enough * 0.999) == [-10]
    assert parabola(enough * 1.001) == [-10, -8]
    assert len(parabola(enough * 0.999, claimed=1e-30)) > 1  # only for 0
    # on the side where it is steeper: it rises by 34h² on one, and by 18h² on the other
    for side in (-1.0, 1.0):
        for factor, tried in [(0.999, [-10]), (1.001, [-10, -8])]:
            noise = factor * 34.0e-7 * 2.0**-20 / 4.0
            assert steps(lambda t, s=side: t * t * (1.0 + s * 2.0**10 * t), 0.0, noise, claimed=0.0)[0] == tried
    # and on no step longer than about |x|/4, or 1/4 from 0: the neighbourhood of a small x is small
    assert parabola(enough * 0.999, x=2.0**-9)[:4] == [-19, -11, -9, -7]
    assert parabola(enough * 0.999, x=2.0**-8) == [-18, -11, -9]
    assert parabola(1e-7)[:7] == list(range(-10, 3, 2))  # at 2⁰ it would be enough
    # a slope no larger than its uncertainty of 2⁻³³ may be zero
    for slope, tried in [(2.0**-33, [-10]), (2.0**-33 + 2.0**-40, [-10, -8])]:
        assert steps(lambda t, s=slope: t * (t + s), 0.0, noise=2.0**-44, claimed=0.0)[0][:2] == tried


def far(t: float) -> float:
    """Flat near 1, of slope 2 from afar."""
    return 2.0 * t if abs(t - 1.0) > 0.8 else 2.0


def test_only_a_claim_that_proves_right_may_rest_on_a_long_step():
    right = steps(far, 1.0, noise=1.0, claimed=2.0)
    wrong = steps(far, 1.0, noise=1.0, claimed=3.0)
    assert right[0] == wrong[0] == list(range(-10, 25, 2))
    assert right[1:] == (2.0, 2.0**-23)
    assert wrong[1:] == (0.0, 8.0)  # what was seen on steps up to 1/4


def test_the_steps_end_where_they_turn_around_and_the_best_is_kept():
    # between 2⁻⁶ and 2⁻⁴ rounding and truncation change places; 2⁻⁶ is not tried again
    tried, estimate, uncertainty = steps(lambda t: t**7, 1.0, noise=1e-6, rtol=0.0)
    assert tried == [-10, -8, -6, -4]
    assert abs(estimate - 7.0) < uncertainty == pytest.approx(2e-6 * 2**6, rel=0.05)
    # and on the way down: the first step that is too short is the last
    tried, estimate, uncertainty = steps(lambda t: math.exp(1e3 * t), 0.0, noise=1e-12, rtol=0.0)
    assert tried == [-10, -12, -14, -16, -18]
    assert estimate == pytest.approx(1e3, abs=uncertainty)


def test_a_small_input_may_go_up_to_a_quarter_and_no_further():
    for x, tried, uncertainty in [
        (0.375, [-12, *range(-10, 39, 2)], 8.0),  # 2⁻² counts as near: 2/2⁻²
        (0.1875, [-13, *range(-11, 38, 2)], 16.0),  # and 2⁻¹ does not, so 2⁻³
    ]:
        assert steps(lambda t: 0.0, x, noise=1.0) == (tried, 0.0, uncertainty)


def test_estimates_that_differ_by_just_their_uncertainties_do_not_contradict_each_other():
    together = 2.0**-9 + 2.0**-11  # the rounding at steps 2⁻¹⁰ and 2⁻⁸
    for slope, second_thoughts in [(together, [-10, -8, -6]), (together * 1.01, [-10, -8])]:
        tried = steps(lambda t, s=slope: s * t if abs(t) >= 2.0**-8 else 0.0, 0.0, noise=2.0**-20)[0]
        assert tried[:3] == second_thoughts


def test_where_truncation_equals_rounding_the_step_counts_as_too_short():
    h = 2.0**-10
    tried, _, _ = steps(lambda t: 60.0 * h if t == 3.0 * h else 0.0, 0.0, noise=h / 2.0)
    assert tried[:2] == [-10, -8]


def test_a_claim_within_the_tolerance_is_right():
    found = [steps(far, 1.0, noise=1.0, claimed=2.0 + gap, rtol=2.0**-23)[1] for gap in (2.0**-22, 2.0**-21)]
    assert found == [2.0, 0.0]


# ------------------------------------------------------------------ the verdict


@pytest.mark.parametrize(
    ("difference", "uncertainty", "verdict"),
    [
        (1.25, 0.25, "agrees"),
        (1.25, 0.26, "inconclusive"),
        (1.26, 0.25, "inconclusive"),
        (11.25, 1.0, "inconclusive"),  # farther than 0.25 + 10·1.0 it would differ
        (11.5, 1.0, "differs"),
    ],
)
def test_the_verdict_weighs_the_gap_against_tolerance_and_uncertainty(monkeypatch, difference, uncertainty, verdict):
    monkeypatch.setattr(chapter, "slope", lambda *_: (difference, uncertainty, 0.25))
    (row,) = check_gradients(lambda x: x, 1.0, rtol=1e-9, atol=0.25).rows
    assert (row.backprop, row.difference, row.verdict) == (1.0, difference, verdict)


def test_an_error_as_large_as_the_tolerance_is_shown_as_within_it():
    row = chapter.Comparison("x", 1.0, 2.0, 2.0, 0.0, 1e-7, "agrees")
    assert "< 1e-07" in repr(chapter.Report((row,), 8, 1e-7))
    assert "1.1e-07" in repr(chapter.Report((row._replace(error=1.1e-7),), 8, 1e-7))


# ------------------------------------------------------------------ the search for a kink


def test_a_kink_is_where_the_gap_between_the_slopes_does_not_shrink_and_is_no_noise():
    """At the five points that are asked for, f is made up: the verdict turns exactly where the gaps say."""
    h = 2.0**-12  # near 1, from its power of two

    def kink(gap: float, smaller_gap: float, noise: float, x: float = 1.0, h: float = h) -> bool:
        f = {x + h: gap * h, x - h: 0.0, x: 0.0, x + h / 16: smaller_gap * h / 16, x - h / 16: 0.0}
        return chapter.has_kink(f.__getitem__, x, {h: noise}.__getitem__)

    assert kink(1.0, 1.0, 0.0)
    assert kink(-1.0, -1.0, 0.0)
    assert kink(1.0, 0.51, 0.0)
    assert not kink(1.0, 0.5, 0.0)
    assert not kink(1.0, 1.0 / 16, 0.0)  # a curve
    assert kink(1.0, 1.0, h / 4.5)
    assert not kink(1.0, 1.0, h / 4.0)
    assert kink(1.0, 1.0, 0.0, x=0.0)
    assert kink(1.0, 1.0, 0.0, x=1024.0, h=0.25)
    assert kink(1.0, 1.0, 0.0, x=-0.4, h=2.0**-14)


def test_a_function_that_takes_a_longer_way_beside_the_point_is_checked_all_the_same() -> None:
    report = check_gradients(lambda x: x * x if x.data == 1.5 else (x * 0.5 + x * 0.5) * x, 1.5)
    assert report.rows[0].verdict in {"agrees", "inconclusive"}
    assert math.isclose(report.rows[0].difference, 3.0, rel_tol=1e-6)
