"""The attack: no random program is silently wrong when compiled; and the attack itself bites."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from micrograd_numpy import numpy_rule
from tests.quality import attack
from tests.quality.attack import Eager, Program, Writer, complaint, explained, shrunk
from tests.tables.operations import ONE_INPUT, TWO_INPUTS

SEEDS = range(400)  # `make attack` tries fifty times as many


def program(answer: str, *body: str, reduction: str = "mean", setup: str = "", **arguments: list) -> Program:
    """A program that returns `answer`, after the lines of its body."""
    return Program(tuple(setup.split("; ")), body, answer, arguments, reduction)


# ---------------------------------------------------------------- the attack


@pytest.mark.parametrize("first", SEEDS[::25])
def test_random_programs_are_the_eager_engines(first: int) -> None:
    for seed in range(first, first + 25):
        _, why, text = attack.attempt(seed)
        assert why is None, text


BCE, ONES = "binary_cross_entropy", [1.0, 1.0]
FOUND = {
    "constants among the inputs of a layer": program(
        "m([x, 1.0])", setup="m = MLP(2, [3, 1], 'tanh', rng=0)", x=[0.5, 1.0, -2.0]
    ),
    "parameters among the inputs of a layer": program(
        "m([x, w, w])", setup="m = Layer(3, 3, rng=0); w = Value(0.5)", x=[0.5, 1.0], reduction="none"
    ),
    "a loss that is watched": program(
        "(w * x - t) ** 2", f"{BCE}((w * x).sigmoid(), t)", setup="w = Value(0.5)", x=[0.5, 2.0], t=[0.0, 1.0]
    ),
    "a loss that is watched, of parameters alone": program(
        "x", f"{BCE}(w.sigmoid(), 1.0)", setup="w = Value(0.5)", x=[0.5, 2.0]
    ),
    "a loss that is watched, with an infinite slope": program(
        "w * x", f"{BCE}((p * t).sigmoid(), 0.0)", setup="p = Value(2.0); w = Value(0.5)", x=ONES, t=[math.inf, 1.0]
    ),
    "a loss that is watched, and its label is none": program(
        "w * x", "hinge_loss(w * x, t)", setup="w = Value(0.5)", x=[0.5, 2.0], t=[1.0, 0.0]
    ),
    "numbers eight places apart, subtracted": program(  # in place, NumPy's negative goes wrong there
        "[dot(row, x).tanh() - row[0] for row in W]",
        setup="W = [[Value(0.5) for _ in range(8)] for _ in range(2)]",
        x=[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]],
        reduction="none",
    ),
    "zero times infinity": program("w * x", setup="w = Value(0.0)", x=[1.0, math.inf, math.nan], reduction="none"),
    "zero times infinity, in a neuron": program(
        "m(x)", setup="m = Neuron(2, 'sigmoid', rng=0)", x=[[math.inf, 1.0]], reduction="none"
    ),
    "zero times infinity, in a column": program(
        "[dot(row, x) for row in W]", setup="W = [[Value(inf)], [Value(nan)]]", x=[[0.0]], reduction="none"
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_the_attack_has_found_stays_found(name: str) -> None:
    assert complaint(FOUND[name]) is None


def test_a_seed_is_a_program() -> None:
    assert str(Writer(7).program()) == str(Writer(7).program()) != str(Writer(8).program())


def test_the_seeds_reach_everything() -> None:
    texts = "\n".join(str(Writer(seed).program()) for seed in SEEDS)
    families = ["softmax", "normalized", "attention", "recurrent", "gated", "convolution", "residual", "experts"]
    families += ["embedding", "hypernetwork", "autoencoder"]
    whole = [f"{name}(" for name in [*families, "MLP", "Layer", "Neuron", "dot", "mean", "sum", "apply"]]
    whole += [max(operation.written.split("{}"), key=len) for operation in [*ONE_INPUT, *TWO_INPUTS]]
    whole += [f"** {n}\n" for n in attack.EXPONENTS] + [loss.split("(")[0] for loss in attack.LABEL_OF]
    whole += [repr(name) for name in attack.ACTIVATIONS] + [str(x) for x in attack.EDGES]
    whole += [f'reduction="{name}"' for name in ("mean", "sum", "none")] + ["return ["]
    assert [name for name in whole if name not in texts] == []


# ---------------------------------------------------------------- it bites


@pytest.fixture
def wrong_slope() -> Iterator[None]:
    """The NumPy form of one rule is wrong, by one part in a million."""
    numpy_rule(attack.sin)(lambda a: (np.sin(a), (np.cos(a) * (1 + 1e-6),)))
    yield
    numpy_rule(attack.sin)(attack.sin_of_arrays)


@pytest.mark.usefixtures("wrong_slope")
def test_a_wrong_slope_is_found_and_shown_in_a_small_program() -> None:
    programs = (Writer(seed).program() for seed in range(10_000))  # the first that shows it
    whole = next(p for p in programs if "sin" in p.function and len(p.body) < 8 and complaint(p))
    small = shrunk(whole)
    assert "gradient" in str(complaint(small)) and "apply(sin, " in small.function
    assert len(small.body) <= 3
    exec(str(small), {})  # the text can be pasted


def test_a_refused_label_is_an_outcome_and_a_crash_is_none() -> None:
    assert Eager(program("hinge_loss(x, 0.5)", x=[1.0])).outcome is None
    with pytest.raises(NameError):
        Eager(program("nothing", x=[1.0]))


# ---------------------------------------------------------------- the bound


@pytest.mark.parametrize(
    ("x", "right", "expected"),
    [
        (1.0, [1.0], True),
        (1.0 + 2**-52, [1.0], False),
        (0.0, [-0.0], True),
        (1.5, [1.0, 2.0], True),
        (10.0, [1.0, 2.0], True),  # FACTOR times the spread
        (10.1, [1.0, 2.0], False),
        (math.nan, [math.nan, math.nan], True),
        (math.nan, [1.0, math.nan], True),
        (math.nan, [1.0, math.inf], False),
        (math.inf, [math.inf], True),
        (math.inf, [-math.inf], False),
        (1.0, [math.nan, math.inf], False),
        (1.0, [math.nan, 1.0], True),
    ],
)
def test_a_number_is_right_if_the_eager_engine_could_have_said_it(x: float, right: list[float], expected: bool) -> None:
    assert explained(x, right) is expected


def test_nudges_are_no_larger_than_what_rounding_does() -> None:
    """Of a well-conditioned program, they stay below 1e-13; of a saturated tanh, they show that its slope is lost."""
    calm = Eager(program("(w * x + 1).exp() * w", setup="w = Value(0.3)", x=[0.5]))
    lost = Eager(program("(w * x).tanh()", setup="w = Value(40.0)", x=[0.5]))
    for eager, index, least, most in ((calm, 0, 1e-17, 1e-14), (calm, 1, 1e-17, 1e-14), (lost, 1, 1e-17, 1e-14)):
        numbers = [eager.run(nudge)[index] for nudge in range(30)]
        assert least < max(numbers) - min(numbers) < most


@pytest.mark.parametrize(("x", "overflows"), [(1.0, False), (1e200, True), (math.inf, False)])
def test_an_overflow_depends_on_the_order(x: float, overflows: bool) -> None:
    assert Eager(program("w * x - w * x", setup="w = Value(1e200)", x=[x])).overflows() is overflows


def test_new_memory_is_full_of_garbage() -> None:
    assert np.isnan(np.empty(3)).any() and (np.abs(np.empty((3, 2))) > 1e254).any()
    assert np.isnan(np.empty_like([1.0, 2.0], shape=4)).any()
    assert np.empty(2, bool).all() and np.empty((), int) != 0 and np.empty(0).size == 0
    assert np.empty(2, object)[0] is None and np.isinf(np.empty(2, "f2")).any()
