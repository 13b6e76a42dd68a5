"""The optimizers: torch.optim's updates step for step, clear refusals, and the two helpers of the chapter."""

from __future__ import annotations

import copy
import json
import math
import pickle
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import MLP, Value, clip_grad_norm, detect_anomaly, mse_loss, vectorize
from micrograd_numpy import optimizers as chapter
from micrograd_numpy.drawing.style import BACKWARD, FORWARD, INK
from micrograd_numpy.optimizers import SGD, Adam, AdamW, Optimizer, path, plot_paths
from tests.tables.edges import GRADIENTS, SMALLEST, STARTS
from tests.tables.optimizers import CATALOGUE, OPTIMIZERS

every_rule = pytest.mark.parametrize("name", CATALOGUE)

START = (0.7, -1.3, 2.1, 0.4)


def landscape(a: Any, b: Any, c: Any, d: Any) -> Any:
    """A function of four parameters, with a curved valley and curvatures of several scales."""
    return (1 - a) ** 2 + 5 * (b - a * a) ** 2 + (c * d - 1).tanh() ** 2 + 0.01 * c * c + (0.3 * b * c).exp()


def pair(torch: ModuleType, name: str, start: Iterable[float]) -> tuple[list[Value], Optimizer, list[Any], Any]:
    """Our parameters and optimizer, and PyTorch's, at the same start."""
    ours, theirs, arguments = CATALOGUE[name]
    values = [Value(x) for x in start]
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in start]
    return values, ours(values, **arguments), tensors, getattr(torch.optim, theirs)(tensors, **arguments)


def assert_same(values: list[Value], tensors: list[Any], where: str) -> None:
    for i, (v, t) in enumerate(zip(values, tensors)):
        assert type(v.data) is float
        assert v.data == pytest.approx(t.item(), rel=1e-12, abs=1e-12, nan_ok=True), f"parameter {i}, {where}"


def step_both(ours: Optimizer, values: list[Value], theirs: Any, tensors: list[Any], where: str) -> None:
    """One step on the landscape with each of the two, and compare."""
    for optimizer, point in ((ours, values), (theirs, tensors)):
        optimizer.zero_grad()
        landscape(*point).backward()
        optimizer.step()
    assert_same(values, tensors, where)


# ---------------------------------------------------------------- how it looks (first, because it is quick to tell)


def test_the_base_class_shows_its_learning_rate() -> None:
    assert repr(Optimizer([Value(1.0)], lr=0.1)) == "Optimizer(1 parameter, lr=0.1)"


@pytest.mark.parametrize(
    ("panels", "shape", "size"), [(1, 1, (6.4, 3.6)), (2, 2, (6.4, 2.5)), (3, 4, (6.4, 5.0)), (4, 4, (6.4, 5.0))]
)
@pytest.mark.parametrize("grid", [True, False])
def test_plot_paths_draws_each_path_on_the_contours_of_f(panels: int, shape: int, size: tuple, grid: bool) -> None:
    mpl = pytest.importorskip("matplotlib")
    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_rgba

    asked = 0

    def bowl(x: Value, y: Value) -> Value:
        nonlocal asked
        asked += 1
        return x * x + y * y - 7

    points = [(5.0, 3.0), (1.0, 0.5), (0.0, 0.0)]  # the first is outside of the window
    with mpl.rc_context({"axes.grid": grid, "lines.markersize": 9}):
        figure = plot_paths(bowl, {f"path {i}": points for i in range(panels)}, x=(-4, 3), y=(-1, 2))
    try:
        assert asked == 121 * 121
        assert tuple(figure.get_size_inches()) == size
        assert [ax.get_visible() for ax in figure.axes] == [True] * panels + [False] * (shape - panels)
        assert all(ax.get_shared_x_axes().joined(ax, figure.axes[0]) for ax in figure.axes[1:])
        assert all(ax.get_shared_y_axes().joined(ax, figure.axes[0]) for ax in figure.axes[1:])
        for i, ax in enumerate(figure.axes[:panels]):
            assert (ax.get_title(), ax.get_xlim(), ax.get_ylim()) == (f"path {i}", (-4, 3), (-1, 2))
            assert not any(line.get_visible() for line in ax.get_xgridlines())
            (contours,) = ax.collections
            highest = 4.0**2 + 2.0**2  # above the lowest point, which is on the grid to a rounding
            assert contours.levels == pytest.approx([highest * 10 ** (0.3 * k - 3) for k in range(11)], rel=1e-3)
            assert contours.get_linewidths()[0] == 0.8
            assert tuple(contours.get_edgecolor()[0]) == to_rgba(FORWARD, 0.5)
            line, start = ax.lines
            assert list(zip(*line.get_data(), strict=True)) == points
            assert (line.get_color(), line.get_linewidth()) == (BACKWARD, 1.2)
            assert (line.get_marker(), line.get_markersize()) == ("o", 3)
            assert list(zip(*start.get_data(), strict=True)) == points[:1]
            assert (start.get_color(), start.get_marker(), start.get_markersize()) == (INK, "s", 6)
    finally:
        plt.close(figure)


@every_rule
def test_one_hundred_steps_are_those_of_pytorch(name: str, torch) -> None:
    values, ours, tensors, theirs = pair(torch, name, START)
    for step in range(100):
        step_both(ours, values, theirs, tensors, f"step {step + 1}")
    moved = max(abs(v.data - x) for v, x in zip(values, START))
    assert moved > 1e-3 or ours.lr == 0.0


@every_rule
def test_lr_changed_between_steps_as_pytorch(name: str, torch) -> None:
    values, ours, tensors, theirs = pair(torch, name, START)
    for step in range(60):
        lr = 0.02 / (1 + step // 20)
        ours.lr = lr
        theirs.param_groups[0]["lr"] = lr
        step_both(ours, values, theirs, tensors, f"step {step + 1}, lr {lr}")


RNG = random.Random(7)
RANDOM = [RNG.gauss(0.0, 10.0) for _ in range(100)]


@every_rule
@pytest.mark.parametrize("gradients", [*GRADIENTS.values(), RANDOM], ids=[*GRADIENTS, "random"])
def test_at_every_edge_the_steps_are_those_of_pytorch(name: str, gradients: list[float], torch) -> None:
    values, ours, tensors, theirs = pair(torch, name, STARTS)
    largest = [abs(x) if math.isfinite(x) else 0.0 for x in STARTS]
    for step, g in enumerate(gradients, start=1):
        for v, t in zip(values, tensors):
            v.grad = g
            t.grad = torch.tensor(g, dtype=torch.float64)
        ours.step()
        theirs.step()
        for i, (v, t) in enumerate(zip(values, tensors)):
            x, expected = v.data, t.item()
            largest[i] = max([largest[i], *(abs(y) for y in (x, expected) if math.isfinite(y))])
            # PyTorch multiplies and adds in one rounding: what a later step cancels may leave that of an earlier one.
            # And averages of subnormal gradients lose digits, before Adam divides them by eps = 1e-8.
            slack = max(1e-15 * largest[i], 1e9 * SMALLEST)
            where = f"start {STARTS[i]}, step {step}, gradient {g}"
            assert x == pytest.approx(expected, rel=1e-12, abs=slack, nan_ok=True), where


# ------------------------------------------------------------------ what holds besides the rule


@every_rule
def test_state_belongs_to_one_optimizer(name: str) -> None:
    """Two optimizers that take turns do what each does alone."""
    kind, _, arguments = CATALOGUE[name]

    def steps(*optimizers: Optimizer) -> None:
        for g in (1.0, -2.0, 0.5, 3.0):
            for factor, optimizer in enumerate(optimizers, start=1):
                for p in optimizer.parameters:
                    p.grad = factor * g
                optimizer.step()

    alone, first, second = (kind([Value(1.0)], **arguments) for _ in range(3))
    steps(alone)
    steps(first, second)
    assert first.parameters[0].data == alone.parameters[0].data


@every_rule
def test_parameters_from_a_generator(name: str) -> None:
    kind, _, arguments = CATALOGUE[name]
    values = [Value(x) for x in START]
    optimizer = kind((v for v in values), **arguments)
    assert optimizer.parameters == values
    for _ in range(2):  # a generator that was not kept would be empty by now
        landscape(*values).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert all(v.grad == 0.0 for v in values)
    assert optimizer.lr == 0.0 or all(v.data != x for v, x in zip(values, START))


@every_rule
def test_only_its_own_parameters_move(name: str) -> None:
    kind, _, arguments = CATALOGUE[name]
    mine, other = Value(1.0), Value(1.0)
    optimizer = kind([mine], **arguments)
    (mine * other * other).backward()
    optimizer.step()
    optimizer.zero_grad()
    assert (other.data, other.grad) == (1.0, 2.0)
    assert mine.grad == 0.0


def test_step_leaves_gradients_alone() -> None:
    p = Value(1.0)
    optimizer = SGD([p], lr=0.5, momentum=0.9, weight_decay=0.1)
    p.grad = 2.0
    optimizer.step()
    assert p.grad == 2.0


def test_numpy_hyperparameters_leave_plain_floats() -> None:
    p = Value(1.0)
    for optimizer in (
        SGD([p], np.float64(0.1), np.float32(0.9), np.float64(0.1)),
        Adam([p], np.float64(0.1), (np.float64(0.9), np.float64(0.99)), np.float64(1e-8)),
        AdamW([p], np.float64(0.1), weight_decay=np.float64(0.1)),
    ):
        p.grad = 1.0
        optimizer.step()
        assert type(p.data) is float


@pytest.mark.parametrize("name", [name for name, (_, _, arguments) in CATALOGUE.items() if not arguments])
def test_defaults_are_those_of_pytorch(name: str, torch) -> None:
    _, ours, _, theirs = pair(torch, name, START)
    assert all(getattr(ours, setting) == theirs.defaults[setting] for setting in ours.defaults)


def test_every_optimizer_is_public_compared_with_pytorch_and_documented() -> None:
    written = {name for name, x in vars(chapter).items() if isinstance(x, type) and issubclass(x, Optimizer)}
    page = (Path(__file__).resolve().parents[1] / "book" / "reference.md").read_text("utf-8")
    places = {
        "in __all__ of micrograd_numpy/optimizers.py": set(chapter.__all__),
        "with its defaults ({}) in CATALOGUE of tests/tables/optimizers.py": {
            kind.__name__ for kind, _, arguments in CATALOGUE.values() if not arguments
        },
        "as '.. autoclass::' in book/reference.md": set(re.findall(r"autoclass:: (\w+)$", page, re.MULTILINE)),
    }
    lacking = [f"{name} is not {place}" for place, names in places.items() for name in written - names - {"Optimizer"}]
    assert not lacking, "; ".join(lacking)


def test_the_base_class_has_no_rule() -> None:
    with pytest.raises(NotImplementedError, match=r"Optimizer has no update\(\): use SGD"):
        Optimizer([Value(1.0)], lr=0.1).step()


def test_repr() -> None:
    two = [Value(1.0), Value(2.0)]
    assert repr(SGD(two, lr=0.1)) == "SGD(2 parameters, lr=0.1, momentum=0.0, weight_decay=0.0, nesterov=False)"
    assert repr(AdamW(two[:1])) == "AdamW(1 parameter, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)"


# ------------------------------------------------------------------ groups

GROUPS: dict[str, tuple[type[Optimizer], dict[str, Any], list[dict[str, Any]]]] = {
    "SGD, rates": (SGD, {"lr": 0.01}, [{"lr": 0.002}, {}]),
    "SGD, one with momentum": (SGD, {"lr": 0.01}, [{"momentum": 0.9}, {"lr": 0.005, "weight_decay": 0.1}]),
    "SGD, one without": (
        SGD,
        {"lr": 0.01, "momentum": 0.9, "nesterov": True},
        [{"momentum": 0.0, "nesterov": False}, {}],
    ),
    "Adam, all": (
        Adam,
        {"lr": 0.05, "weight_decay": 0.1},
        [{"betas": (0.5, 0.9), "eps": 1e-3}, {"lr": 0.01, "weight_decay": 0.0}],
    ),
    "AdamW, no decay for one": (AdamW, {"lr": 0.05}, [{"weight_decay": 0.0}, {"weight_decay": 0.5, "lr": 0.02}]),
}
every_grouping = pytest.mark.parametrize("name", GROUPS)


def grouped(kind: type, defaults: dict[str, Any], own: list[dict[str, Any]], leaves: list[Any]) -> Any:
    """An optimizer of ours or of PyTorch's with the first and the third leaf in one group and the second in another."""
    first, second = own
    return kind([{"params": leaves[0:3:2], **first}, {"params": iter(leaves[1:2]), **second}], **defaults)


@every_grouping
def test_groups_step_as_those_of_pytorch(name: str, torch) -> None:
    kind, defaults, own = GROUPS[name]
    values = [Value(x) for x in START]
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    ours = grouped(kind, defaults, own, values)
    theirs = grouped(getattr(torch.optim, kind.__name__), defaults, own, tensors)
    for step in range(60):
        if step == 20:  # the last parameter has waited till now
            ours.add_param_group({"params": [values[3]], "lr": 0.007})
            theirs.add_param_group({"params": [tensors[3]], "lr": 0.007})
        if step % 15 == 14:
            for optimizer in (ours, theirs):
                for group in optimizer.param_groups:
                    group["lr"] *= 0.5
        step_both(ours, values, theirs, tensors, f"step {step + 1}")
    assert all(abs(v.data - x) > 1e-3 for v, x in zip(values, START))
    assert ours.parameters == [values[0], values[2], values[1], values[3]]
    for mine, other in zip(ours.param_groups, theirs.param_groups, strict=True):
        assert len(mine["params"]) == len(other["params"])
        assert {key: x for key, x in mine.items() if key != "params"} == {key: other[key] for key in ours.defaults}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_setting_of_a_group_may_change_between_steps(kind: type[Optimizer], torch) -> None:
    rows = [(theirs, arguments) for ours, theirs, arguments in CATALOGUE.values() if ours is kind]
    values = [Value(x) for x in START]
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    ours, theirs = kind(values, lr=0.01), getattr(torch.optim, rows[0][0])(tensors, lr=0.01)
    for _, changes in rows:
        for optimizer in (ours, theirs):
            optimizer.param_groups[0].update(ours.defaults | changes)
        for _ in range(7):
            step_both(ours, values, theirs, tensors, f"after {changes}")


def test_the_group_that_was_given_stays_as_it_is_and_settings_become_floats() -> None:
    given = {"params": (Value(1.0),), "lr": np.float32(0.5)}
    before = dict(given)
    optimizer = SGD([given], momentum=1, nesterov=np.True_)
    assert given == before
    (group,) = optimizer.param_groups
    assert group == {"params": list(given["params"]), "lr": 0.5, "momentum": 1.0, "weight_decay": 0.0, "nesterov": True}
    kinds = {"lr": float, "momentum": float, "weight_decay": float, "nesterov": bool, "params": list}
    assert {name: type(x) for name, x in group.items()} == kinds
    for same in (0.25, 0.5, 0.5):  # the last one is no change, but no float either
        group["lr"] = np.float32(same)
        optimizer.step()
    optimizer.step()
    assert type(group["lr"]) is type(given["params"][0].data) is float


@pytest.mark.parametrize(
    "change",
    [
        {"lr": -1.0},
        {"lr": math.nan},
        {"lr": "0.1"},
        {"momentum": -0.1},
        {"nesterov": True},
        {"nesterov": 2},
        {"weight_decay": None},
        {"params": [1.0]},
        {"params": [W := Value(1.0), W]},
        {"params": [W * 2]},
    ],
    ids=str,
)
def test_a_group_that_was_changed_is_checked_as_a_new_one_before_anything_moves(change: dict[str, Any]) -> None:
    a, b = Value(1.0), Value(1.0)
    optimizer = SGD([{"params": [a]}, {"params": [b]}], lr=0.1)
    a.grad = b.grad = 1.0
    optimizer.step()
    moved = a.data
    optimizer.param_groups[1].update(change)
    for _ in range(2):
        with pytest.raises((TypeError, ValueError)):
            optimizer.step()
    assert a.data == b.data == moved
    with pytest.raises((TypeError, ValueError)):
        optimizer.add_param_group({"params": [Value(1.0)], **change})
    assert len(optimizer.param_groups) == 2


def test_a_group_may_be_empty_if_another_is_not() -> None:
    a = Value(1.0)
    optimizer = SGD([{"params": []}, {"params": [a]}], lr=0.5)
    a.grad = 1.0
    optimizer.step()
    assert a.data == 0.5
    assert json.loads(json.dumps(optimizer.state_dict()))["param_groups"][0]["params"] == []


def test_parameters_added_or_taken_out_by_hand_keep_their_state_apart() -> None:
    a, b, c = Value(1.0), Value(1.0), Value(1.0)
    optimizer = SGD([a, b], lr=0.1, momentum=0.9)
    alone = SGD([c], lr=0.1, momentum=0.9)
    for _ in range(3):
        for p in (a, b, c):
            p.grad = 1.0
        optimizer.step()
        alone.step()
    optimizer.param_groups[0]["params"].remove(a)
    optimizer.param_groups[0]["params"].append(new := Value(1.0))
    new.grad = 1.0
    optimizer.step()
    alone.step()
    assert b.data == c.data != a.data
    assert new.data == 0.9


def test_lr_is_that_of_all_groups() -> None:
    optimizer = SGD([{"params": [Value(1.0)], "lr": 0.1}, {"params": [Value(1.0)]}], lr=0.2)
    with pytest.raises(ValueError, match=r"lr differs from group to group, \[0.1, 0.2\]"):
        _ = optimizer.lr
    assert optimizer.momentum == 0.0
    optimizer.lr = 0.3
    assert optimizer.lr == 0.3
    assert [group["lr"] for group in optimizer.param_groups] == [0.3, 0.3]
    optimizer.param_groups[0]["momentum"] = 0.9
    with pytest.raises(ValueError, match="nesterov needs a momentum"):  # in the second group: so in none
        optimizer.nesterov = True
    assert optimizer.nesterov is False
    assert [group["momentum"] for group in optimizer.param_groups] == [0.9, 0.0]


def test_repr_of_groups() -> None:
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    same = Adam([{"params": [a]}, {"params": [b, c]}], lr=0.1)
    assert repr(same) == "Adam(3 parameters, lr=0.1, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0)"
    rest = "momentum=0.0, weight_decay=0.0, nesterov=False"
    two = SGD([{"params": [a]}, {"params": [b, c], "lr": 0.5}], lr=0.1)
    assert repr(two) == f"SGD(1 parameter, lr=0.1, {rest}; 2 parameters, lr=0.5, {rest})"


# ------------------------------------------------------------------ rules of one's own


class ByStep(Optimizer):
    """Descent as a step over all parameters."""

    def step(self) -> None:
        for p in self.parameters:
            p.data -= self.lr * p.grad


class Heavy(Optimizer):
    """Momentum as an update of a group."""

    keeps = ("v",)

    def __init__(self, parameters: Any, lr: float, momentum: float = 0.9) -> None:
        super().__init__(parameters, lr, momentum=momentum)

    def update(self, group: dict[str, Any]) -> None:
        for p in group["params"]:
            kept = self.state[p]
            kept["v"] = group["momentum"] * kept["v"] + p.grad
            p.data -= group["lr"] * kept["v"]


def test_a_rule_of_ones_own_by_step() -> None:
    a, b = Value(1.0), Value(2.0)
    optimizer = ByStep([a, b], lr=0.5)
    a.grad = b.grad = 1.0
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    assert (a.data, b.data) == (0.25, 1.25)
    optimizer.zero_grad()
    assert a.grad == b.grad == 0.0
    with pytest.raises(NotImplementedError, match="what ByStep keeps from step to step is not known here"):
        optimizer.state_dict()
    optimizer.param_groups[0]["lr"] = 1.0
    assert optimizer.lr == 1.0


def test_a_rule_of_ones_own_by_update_has_groups_and_a_state() -> None:
    a, b, c = Value(1.0), Value(1.0), Value(1.0)
    ours, theirs = Heavy([{"params": [a], "momentum": 0.5}, {"params": [b]}], lr=0.1), SGD([c], lr=0.1, momentum=0.5)
    for _ in range(3):
        a.grad = b.grad = c.grad = 1.0
        ours.step()
        theirs.step()
    assert a.data == c.data > b.data
    assert ours.state_dict()["state"] == [{"v": ours.state[a]["v"]}, {"v": ours.state[b]["v"]}]
    with pytest.raises(ValueError, match="momentum must be at least 0"):
        Heavy([a], lr=0.1, momentum=-1.0)


def test_an_error_of_the_rule_itself_is_passed_on() -> None:
    class Wrong(Optimizer):
        def update(self, group: dict[str, Any]) -> None:
            raise TypeError("not by half")

    with pytest.raises(TypeError, match="not by half"):
        Wrong([Value(1.0)], lr=0.1).step()


def test_a_gradient_that_went_wrong_between_two_steps_is_named() -> None:
    a, b = Value(1.0), Value(1.0)
    optimizer = SGD([a, b])
    optimizer.step()
    b.grad = "0.1"
    with pytest.raises(TypeError, match=r"parameter 1 must hold a float in \.grad"):
        optimizer.step()


def test_a_closure_is_called_before_the_step(torch) -> None:
    x, t = Value(3.0), torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    ours, theirs = SGD([x], lr=0.1), torch.optim.SGD([t], lr=0.1)

    def closure(optimizer: Any, p: Any) -> Any:
        optimizer.zero_grad()
        loss = p * p
        loss.backward()
        return loss

    for _ in range(3):
        mine, other = ours.step(lambda: closure(ours, x)), theirs.step(lambda: closure(theirs, t))
        assert mine.data == pytest.approx(other.item(), rel=1e-12)
        assert x.data == pytest.approx(t.item(), rel=1e-12)
    assert ours.step() is None


# ------------------------------------------------------------------ a gradient of None


@every_rule
def test_a_parameter_without_a_gradient_is_skipped_as_in_pytorch(name: str, torch) -> None:
    values, ours, tensors, theirs = pair(torch, name, START)
    rng = random.Random(3)
    skipped = 0
    for step in range(40):
        for v, t in zip(values, tensors):
            g = rng.choice([None, rng.gauss(0.0, 1.0)])
            skipped += g is None
            v.grad = g  # type: ignore[assignment]  # that is the point
            t.grad = None if g is None else torch.tensor(g, dtype=torch.float64)
        ours.step()
        theirs.step()
        assert_same(values, tensors, f"step {step + 1}")
    assert skipped > 40


def test_zero_grad_to_none() -> None:
    a, b = Value(1.0), Value(2.0)
    optimizer = SGD([a, b], lr=0.5, weight_decay=1.0)
    optimizer.zero_grad(set_to_none=True)
    assert a.grad is b.grad is None
    (a * 3).backward()
    optimizer.step()
    assert (a.data, b.data) == (1.0 - 0.5 * 4.0, 2.0)
    optimizer.zero_grad()
    assert a.grad == b.grad == 0.0


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("watched", [False, True])
def test_backward_starts_from_zero_where_there_is_no_gradient(compiled: bool, watched: bool) -> None:
    model, twin = MLP(2, [3, 1], "tanh", rng=0), MLP(2, [3, 1], "tanh", rng=0)
    X, y = [[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]], [1.0, -1.0, 0.5]
    compute = vectorize(lambda x, t: (model(x) - t) ** 2)
    if compiled:
        compute(X, y)  # compiled before there are Nones
    for p in model.parameters():
        p.grad = None
    if watched:
        with detect_anomaly():
            (compute(X, y) if compiled else mse_loss([model(x) for x in X], y)).backward()
    else:
        (compute(X, y) if compiled else mse_loss([model(x) for x in X], y)).backward()
    mse_loss([twin(x) for x in X], y).backward()
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        assert p.grad == pytest.approx(q.grad, rel=1e-12, abs=1e-15)


def test_a_backward_that_stops_leaves_none_as_it_was() -> None:
    x = Value(1.0)
    x.grad = None
    h = x * 2
    h._local = None
    root = h + x
    with pytest.raises(TypeError):
        root.backward()
    assert x.grad is None


# ------------------------------------------------------------------ stop and go on


def numbers_only(x: Any) -> bool:
    if isinstance(x, dict):
        return all(type(key) is str and (key == "optimizer" or numbers_only(item)) for key, item in x.items())
    if isinstance(x, list):
        return all(map(numbers_only, x))
    return type(x) in {int, float, bool}


RESUMED = {name: (kind, arguments, [{}, {}]) for name, (kind, _, arguments) in CATALOGUE.items()} | GROUPS


@pytest.mark.parametrize("name", RESUMED)
def test_a_training_goes_on_to_the_bit_as_if_never_stopped(name: str) -> None:
    kind, defaults, own = RESUMED[name]
    X = [[random.Random(i).gauss(0.0, 1.0), i / 7] for i in range(8)]
    y = [float(i % 3) for i in range(8)]

    def make(seed: int) -> tuple[MLP, Any]:
        model = MLP(2, [3, 1], "tanh", rng=seed)
        return model, grouped(kind, defaults, own, model.parameters())

    def train(model: MLP, optimizer: Any, steps: Iterable[int]) -> None:
        for step in steps:
            if step == 4:
                optimizer.param_groups[1]["lr"] *= 0.5
            optimizer.zero_grad()
            mse_loss([model(x) for x in X], y).backward()
            optimizer.step()

    model, optimizer = make(0)
    train(model, optimizer, range(6))
    text = json.dumps([model.state_dict(), optimizer.state_dict()])
    states = json.loads(text)
    assert states == [model.state_dict(), optimizer.state_dict()]
    assert numbers_only(states)
    train(model, optimizer, range(6, 12))

    other, resumed = make(1)
    train(other, resumed, range(2))  # a state of its own, to be replaced
    other.load_state_dict(states[0])
    resumed.load_state_dict(states[1])
    assert json.dumps([other.state_dict(), resumed.state_dict()]) == text
    train(other, resumed, range(6, 12))
    assert other.state_dict() == model.state_dict()
    assert resumed.state_dict() == optimizer.state_dict()
    if optimizer.keeps and (kind is not SGD or any(group["momentum"] for group in optimizer.param_groups)):
        assert any(x != 0.0 for kept in states[1]["state"] for x in kept.values())


def test_a_state_is_a_copy() -> None:
    p = Value(1.0)
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    state = optimizer.state_dict()
    kept = json.dumps(state)
    p.grad = 1.0
    optimizer.step()
    assert json.dumps(state) == kept
    other = SGD([Value(1.0)])
    other.load_state_dict(state)
    other.step()
    assert json.dumps(state) == kept


def test_a_state_in_which_the_training_has_diverged_is_kept_as_it_is() -> None:
    p, q = Value(1.0), Value(1.0)
    optimizer, other = Adam([p]), Adam([q])
    p.grad = math.inf
    optimizer.step()
    other.load_state_dict(json.loads(json.dumps(optimizer.state_dict())))
    assert other.state[q]["exp_avg"] == math.inf


def test_a_setting_that_was_changed_badly_is_not_saved() -> None:
    optimizer = SGD([Value(1.0)])
    optimizer.param_groups[0]["lr"] = math.nan
    with pytest.raises(ValueError, match="lr must be at least 0"):
        optimizer.state_dict()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@every_rule
def test_a_copy_of_model_and_optimizer_goes_its_own_way(name: str, again: Callable) -> None:
    kind, _, arguments = CATALOGUE[name]
    values = [Value(x) for x in START]
    optimizer = kind(values, **arguments)

    def step(values: list[Value], optimizer: Optimizer) -> None:
        optimizer.zero_grad()
        landscape(*values).backward()
        optimizer.step()

    step(values, optimizer)
    others, other = again((values, optimizer))
    assert other.parameters == others
    before = [p.data for p in values]
    step(others, other)
    assert [p.data for p in values] == before
    step(values, optimizer)
    assert [p.data for p in values] == [p.data for p in others]


# ------------------------------------------------------------------ clipping


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("max_norm", [0.0, 1e-9, 0.1, 1.0, 5.0, 1e3, math.inf])
def test_clipping_has_the_numbers_of_pytorch(seed: int, max_norm: float, torch) -> None:
    rng = random.Random(seed)
    scale = 10.0 ** rng.randint(-8, 8)
    gradients = [rng.choice([rng.gauss(0.0, scale), rng.gauss(0.0, 1.0), 0.0, None]) for _ in range(rng.randint(1, 9))]
    values, tensors = [Value(1.0) for _ in gradients], [torch.zeros((), dtype=torch.float64) for _ in gradients]
    for v, t, g in zip(values, tensors, gradients):
        v.grad = g
        t.grad = None if g is None else torch.tensor(g, dtype=torch.float64)
    norm, expected = clip_grad_norm(iter(values), max_norm), torch.nn.utils.clip_grad_norm_(tensors, max_norm)
    assert type(norm) is float
    assert norm == pytest.approx(expected.item(), rel=1e-12, abs=0.0)
    for v, t in zip(values, tensors):
        assert (v.grad is None) == (t.grad is None)
        assert v.grad is None or v.grad == pytest.approx(t.grad.item(), rel=1e-12, abs=0.0)


EXTREMES = [[math.inf, 1.0], [1.0, -math.inf], [math.nan, 1.0], [1.0, math.inf, math.nan], [math.nan, math.inf]]


@pytest.mark.parametrize("gradients", EXTREMES, ids=str)
def test_clipping_by_no_number(gradients: list[float], torch) -> None:
    """By default an error that names the parameter; where PyTorch's is asked for, PyTorch's."""
    values, tensors = [Value(1.0) for _ in gradients], [torch.zeros((), dtype=torch.float64) for _ in gradients]
    for v, t, g in zip(values, tensors, gradients):
        v.grad, t.grad = g, torch.tensor(g, dtype=torch.float64)
    bad = next(i for i, g in enumerate(gradients) if not math.isfinite(g))
    with pytest.raises(FloatingPointError, match=f"that of parameter {bad} is {gradients[bad]!r}"):
        clip_grad_norm(values, 1.0)
    assert repr([v.grad for v in values]) == repr(gradients)
    norm = clip_grad_norm(values, 1.0, error_if_nonfinite=False)
    assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(tensors, 1.0).item(), nan_ok=True)
    for v, t in zip(values, tensors):
        assert v.grad == pytest.approx(t.grad.item(), nan_ok=True)


def test_clipping_gradients_whose_squares_are_no_floats() -> None:
    """PyTorch squares them, finds the norm infinite or 0, and makes all gradients 0 or leaves them."""
    a, b = Value(1.0), Value(1.0)
    a.grad, b.grad = 3e200, 4e200
    assert clip_grad_norm([a, b], 1.0) == pytest.approx(5e200, rel=1e-15)
    assert (a.grad, b.grad) == pytest.approx((0.6, 0.8), rel=1e-12)
    a.grad = b.grad = 1.5e308
    with pytest.raises(FloatingPointError, match=r"norm of the gradients is inf, .*: that of parameter 0 is 1.5e\+308"):
        clip_grad_norm([a, b], 1.0)


def test_clipping_takes_each_parameter_once() -> None:
    a = Value(1.0)
    a.grad = 3.0
    with pytest.raises(ValueError, match="0 and 2 are the same Value"):
        clip_grad_norm([a, Value(1.0), a], 1.0)
    assert a.grad == 3.0


def test_clipping_keeps_the_direction_repairs_numbers_and_leaves_what_is_short() -> None:
    a, b = Value(0.0), Value(0.0)
    a.grad, b.grad = np.float32(30.0), 40
    assert clip_grad_norm([a, b], 50.001) == 50.0
    assert [(type(p.grad), p.grad) for p in (a, b)] == [(float, 30.0), (float, 40.0)]
    clip_grad_norm([a, b], 5.0)
    assert b.grad / a.grad == pytest.approx(4 / 3, rel=1e-15)
    a.grad = b.grad = None
    assert clip_grad_norm([a, b], 5.0) == 0.0
    assert a.grad is b.grad is None


# ------------------------------------------------------------------ the chapter's claims and helpers


def bowl(x: Any, y: Any) -> Any:
    return (x**2 + 25 * y**2) / 2


@pytest.mark.parametrize(("lr", "converges"), [(0.0799, True), (0.0801, False)])
def test_descent_is_stable_below_two_over_the_curvature(lr: float, converges: bool) -> None:
    points = path(bowl, partial(SGD, lr=lr), (-4.0, 1.0), 100)
    assert (abs(points[-1][1]) < 1.0) is converges


def test_adam_ignores_the_scale_of_a_coordinate() -> None:
    def canyon(x: Any, y: Any) -> Any:
        return (x**2 + 1000 * y**2) / 2

    paths = [path(f, partial(Adam, lr=0.2), (-4.0, 1.0), 50) for f in (bowl, canyon)]
    for one, other in zip(*paths):
        assert one == pytest.approx(other, abs=1e-6)


def test_path_starts_at_the_start_and_follows_the_rule() -> None:
    points = path(bowl, partial(SGD, lr=0.1), (1, 2), 2)
    assert points[0] == (1.0, 2.0)
    assert points[1] == pytest.approx((0.9, -3.0))
    assert points[2] == pytest.approx((0.81, 4.5))
    assert len(points) == 3


def test_path_of_any_number_of_parameters() -> None:
    def cube(*xs: Value) -> Value:
        return sum((x * x for x in xs), Value(0.0))

    assert path(cube, partial(SGD, lr=0.5), (1.0, 2.0, 3.0), 1) == [(1.0, 2.0, 3.0), (0.0, 0.0, 0.0)]


def test_import_is_silent_and_light() -> None:
    code = (
        "import sys, micrograd_numpy.optimizers as o; "
        "print(sorted({'numpy', 'matplotlib', 'torch', 'ipywidgets', 'sklearn'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def test_without_momentum_nothing_is_left_of_an_infinite_gradient() -> None:
    x = Value(1.0)
    sgd = SGD([x], lr=0.1, weight_decay=0.5)
    x.grad = math.inf
    sgd.step()
    x.data, x.grad = 1.0, 1.0
    sgd.step()
    assert x.data == 1.0 - 0.1 * 1.5
