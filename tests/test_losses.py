"""Losses: the numbers and gradients of PyTorch, also at the edges, and errors that help."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import Value
from micrograd_numpy import losses as chapter
from micrograd_numpy.gradcheck import check_gradients
from micrograd_numpy.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge_loss,
    mse_loss,
)
from tests.tables.edges import DIFFERENCES, INF, NAN, NUMBERS, PROBABILITIES, SHARES, differs, same
from tests.tables.losses import LOSS_FUNCTIONS, LOSSES, Loss
from tests.tables.operations import EPSILON

every_loss = pytest.mark.parametrize("loss", LOSSES, ids=str)


def ours(loss: Callable[..., Value], first: list[float], second: list[float]) -> tuple[float, list[float]]:
    """The loss and the gradients of predictions and targets, in that order."""
    predictions, targets = [Value(x) for x in first], [Value(x) for x in second]
    out = loss(predictions, targets)
    out.backward()
    return out.data, [v.grad for v in predictions + targets]


def torchs(loss, first: list[float], second: list[float]) -> tuple[float, list[float]]:
    """The same from PyTorch, where `loss` takes two float64 tensors."""
    torch = pytest.importorskip("torch")
    a, b = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (first, second))
    out = loss(a, b)
    out.backward()
    return out.item(), a.grad.tolist() + b.grad.tolist()


def functional(name: str) -> Callable[..., Any]:
    """PyTorch's function of that name."""
    return getattr(pytest.importorskip("torch").nn.functional, name)


def assert_same(loss: Loss, first: list[float], second: list[float], rel: float = 1e-14) -> None:
    data, grads = ours(loss.function, first, second)
    expected, expected_grads = torchs(loss.pytorch or functional(loss.name), first, second)
    assert same(data, expected, rel), (first, second, data, expected)
    for i, pair in enumerate(zip(grads, expected_grads, strict=True)):
        assert same(*pair, rel), (i, pair)


# ------------------------------------------------------------------ the numbers of PyTorch


@pytest.mark.parametrize(
    "loss", [x for x in LOSSES if not any(d.code.startswith(f"{x}(") for d in DIFFERENCES)], ids=str
)
def test_a_loss_without_differences_is_pytorchs_at_every_edge(loss: Loss) -> None:
    for prediction, target in product([*NUMBERS, INF, -INF, NAN], loss.targets):
        assert_same(loss, [prediction], [target])


@pytest.mark.parametrize("target", [*NUMBERS, -INF, NAN])
def test_mse_is_pytorchs_at_every_target(target):
    for prediction in [*NUMBERS, INF, -INF, NAN]:
        assert_same(LOSSES[0], [prediction], [target])


@pytest.mark.parametrize("target", SHARES)
def test_binary_cross_entropy_is_pytorchs_inside_and_at_saturation(target):
    floor = float(np.float32(1e-12))  # PyTorch's: see DIFFERENCES
    for p in PROBABILITIES:
        data, (dp, dt) = ours(binary_cross_entropy, [p], [target])
        expected, (expected_dp, expected_dt) = torchs(functional("binary_cross_entropy"), [p], [target])
        assert same(data, expected), p
        room = p * (1.0 - p)
        assert same(dp * max(room, 1e-12), expected_dp * max(room, floor)), p
        if differs("binary_cross_entropy(p, t)", p, target) and not -100.0 < dt < 100.0:
            # the slope of what is computed, where PyTorch forgets that it has cut the logarithm
            assert abs(dt) == 100.0 < abs(expected_dt), p
        else:
            assert same(dt, expected_dt), p


@pytest.mark.parametrize("target", SHARES)
def test_logits_are_pytorchs_at_every_edge(target):
    for z in [*NUMBERS, INF, -INF, NAN]:
        data, grads = ours(binary_cross_entropy_with_logits, [z], [target])
        expected, expected_grads = torchs(functional("binary_cross_entropy_with_logits"), [z], [target])
        assert all(map(same, grads, expected_grads)), z
        if z == -INF or (z == INF and target == 1.0):  # see DIFFERENCES
            assert data == (0.0 if target == (z > 0.0) else INF) and math.isnan(expected)
        else:
            # PyTorch subtracts z from z when z is far below 0, so its tiny losses carry noise of 1e-16 * |z|
            assert same(data, expected, slack=EPSILON * abs(z) if -INF < z < 0.0 else 0.0), z


def test_hinge_is_pytorchs_hinge_embedding_loss_of_the_products():
    torch = pytest.importorskip("torch")
    scores, targets = [2.0, 0.5, -1.0, 0.25], [1.0, 1.0, 1.0, -1.0]
    margins = torch.tensor([s * t for s, t in zip(scores, targets, strict=True)], dtype=torch.float64)
    expected = torch.nn.functional.hinge_embedding_loss(margins, -torch.ones_like(margins)).item()
    assert hinge_loss(scores, targets).data == pytest.approx(expected, rel=1e-15, abs=0.0)


@every_loss
@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_many_samples_match_pytorch(loss: Loss, n: int) -> None:
    rng = np.random.default_rng(n)
    first = rng.uniform(*loss.range, n)
    second = rng.choice([-1.0, 1.0], n) if -1.0 in loss.targets else rng.uniform(0.0, 1.0, n)
    assert_same(loss, np.full(n, 0.5).tolist(), np.ones(n).tolist())  # targets that are all equal
    assert_same(loss, first.tolist(), second.tolist(), rel=1e-12)  # ln(1 - p) - ln p has fewer digits near p = 1/2


def test_the_numbers_that_the_docstrings_promise():
    assert mse_loss([3.0, 5.0], [2.0, 2.0]).data == 5.0
    assert binary_cross_entropy([0.9, 0.2], [1, 0]).data == pytest.approx(0.1643, abs=5e-5)
    assert binary_cross_entropy_with_logits([-1000.0, 1000.0], [1, 1]).data == 500.0
    assert hinge_loss([2.0, 0.5, -1.0], [1, 1, 1]).data == pytest.approx(2.5 / 3)


# ------------------------------------------------------------------ what is more exact than PyTorch


@pytest.mark.parametrize("z", [30.0, 37.0, 100.0, 700.0])
@pytest.mark.parametrize("target", [0.0, 1.0])
def test_a_sure_and_right_logit_keeps_all_digits_of_its_tiny_loss(z, target):
    data, _ = ours(binary_cross_entropy_with_logits, [z if target else -z], [target])
    assert data == pytest.approx(math.exp(-z), rel=1e-12, abs=0.0)


@pytest.mark.parametrize("z", [-5.0, -0.3, 0.0, 1.7, 20.0])
@pytest.mark.parametrize("target", SHARES)
def test_logits_and_probabilities_tell_the_same_loss(z, target):
    from_logit = binary_cross_entropy_with_logits(z, target).data
    assert binary_cross_entropy(Value(z).sigmoid(), target).data == pytest.approx(from_logit, rel=1e-6)


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_an_infinite_logit_costs_what_ever_larger_ones_go_to(target):
    for sign in (-1.0, 1.0):
        near = binary_cross_entropy_with_logits(sign * 1e308, target).data
        z = Value(sign * INF)
        loss = binary_cross_entropy_with_logits(z, target)
        loss.backward()
        assert loss.data == (INF if near else 0.0)
        assert z.grad == (sign if near else 0.0)


# ------------------------------------------------------------------ gradients


@pytest.mark.parametrize(("p", "t"), list(product([1e-5, 0.2, 0.7, 0.999], [0.1, 0.5, 0.8])))
def test_gradients_of_binary_cross_entropy(p, t):
    assert check_gradients(binary_cross_entropy, p, t)


@pytest.mark.parametrize(("z", "t"), list(product([-60.0, -2.0, 0.0, 0.5, 3.0, 60.0], [0.1, 0.5, 0.8])))
def test_gradients_of_binary_cross_entropy_with_logits(z, t):
    report = check_gradients(binary_cross_entropy_with_logits, z, t, atol=1e-12)  # some slopes are zero
    assert report, report


@pytest.mark.parametrize(("p", "t"), list(product([-1e6, -2.0, 1e-6, 0.5, 1e8], [0.1, -5.0, 3e3])))
def test_gradients_of_mse(p, t):
    assert check_gradients(mse_loss, p, t)


@pytest.mark.parametrize(("s", "t"), list(product([-3.0, -0.5, 1e-3, 0.9, 1.1, 40.0], [-1, 1])))
def test_gradients_of_hinge(s, t):
    assert check_gradients(lambda s: hinge_loss(s, t), s)


def test_the_gradient_of_a_logit_is_probability_minus_target():
    z = [Value(x) for x in (-3.0, 0.2, 5.0)]
    binary_cross_entropy_with_logits(z, [1, 0, 1]).backward()
    for v, t in zip(z, [1, 0, 1], strict=True):
        assert v.grad == pytest.approx((1 / (1 + math.exp(-v.data)) - t) / 3, rel=1e-14)


@every_loss
def test_each_sample_is_one_prediction_with_its_own_target(loss):
    """Swapping two targets changes the loss; a mean of samples is the mean of their losses."""
    first, second = [0.9, 0.2, 0.6], [1.0, loss.targets[0], 1.0]
    alone = [loss.function(p, t).data for p, t in zip(first, second, strict=True)]
    assert loss.function(first, second).data == pytest.approx(sum(alone) / 3, rel=1e-15)
    assert loss.function(first, second[1:] + second[:1]).data != pytest.approx(sum(alone) / 3)


# ------------------------------------------------------------------ a new loss


def test_no_loss_lacks_anything() -> None:
    functions = dict(inspect.getmembers(chapter, inspect.isfunction))
    written = {name for name, f in functions.items() if [*inspect.signature(f).parameters][1:] == ["targets"]}
    page = (Path(__file__).parents[1] / "book" / "reference.md").read_text("utf-8")
    places = {
        "__all__ of micrograd_numpy/losses.py": set(chapter.__all__),
        "LOSSES of tests/tables/losses.py": {loss.name for loss in LOSSES},
        "book/reference.md": set(re.findall(r"autofunction:: (\w+)$", page, re.MULTILINE)),
    }
    lacking = [f"{name} is not in {place}" for place, names in places.items() for name in written - names]
    assert not lacking, "; ".join(lacking)
    assert written == set(chapter.__all__)  # the search finds losses


# ------------------------------------------------------------------ the rules themselves


@pytest.mark.parametrize("a", [-1e308, -800.0, -40.0, -1.0, 0.0, 1e-9, 1.0, 40.0, 800.0, 1e308])
def test_softplus_never_overflows_and_keeps_its_digits(a):
    expected = math.log1p(math.exp(a)) if a < 700.0 else a
    assert chapter.softplus(a) == pytest.approx(expected, rel=1e-15, abs=0.0)


def test_a_loss_costs_two_nodes_per_sample_at_most_and_one_for_the_mean():
    from micrograd_numpy import topological_sort

    first, second = [Value(0.3) for _ in range(10)], [Value(1.0) for _ in range(10)]
    nodes = {loss: len([v for v in topological_sort(loss(first, second)) if v._prev]) for loss in LOSS_FUNCTIONS}
    assert nodes[binary_cross_entropy] == nodes[binary_cross_entropy_with_logits] == 11
    assert nodes[mse_loss] == 21
