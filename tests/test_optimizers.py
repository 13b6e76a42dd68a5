"""The optimizers: torch.optim's updates step for step, clear refusals, and the two helpers of the chapter."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from edges import GRADIENTS, SMALLEST, STARTS

from micrograd_numpy import Value
from micrograd_numpy.optimizers import SGD, Adam, AdamW, Optimizer, path, plot_paths
from micrograd_numpy.style import BACKWARD, FORWARD, INK

# Every optimizer with every setting that changes its rule: (ours, theirs, arguments).
CATALOGUE: dict[str, tuple[type[Optimizer], str, dict[str, Any]]] = {
    "SGD": (SGD, "SGD", {"lr": 0.01}),
    "SGD by default": (SGD, "SGD", {}),
    "SGD, lr 0": (SGD, "SGD", {"lr": 0.0, "momentum": 0.9}),
    "SGD, momentum": (SGD, "SGD", {"lr": 0.01, "momentum": 0.9}),
    "SGD, nesterov": (SGD, "SGD", {"lr": 0.01, "momentum": 0.8, "nesterov": True}),
    "SGD, weight decay": (SGD, "SGD", {"lr": 0.01, "weight_decay": 0.1}),
    "SGD, all": (SGD, "SGD", {"lr": 0.01, "momentum": 0.8, "weight_decay": 0.1, "nesterov": True}),
    "Adam by default": (Adam, "Adam", {}),
    "Adam": (Adam, "Adam", {"lr": 0.05}),
    "Adam, betas": (Adam, "Adam", {"lr": 0.005, "betas": (0.3, 0.6), "eps": 0.01}),
    "Adam, betas 0": (Adam, "Adam", {"lr": 0.05, "betas": (0.0, 0.0), "eps": 1.0}),
    "Adam, eps 0": (Adam, "Adam", {"lr": 0.01, "eps": 0.0}),
    "Adam, eps": (Adam, "Adam", {"lr": 0.05, "eps": 0.1}),
    "Adam, weight decay": (Adam, "Adam", {"lr": 0.05, "weight_decay": 0.1}),
    "AdamW by default": (AdamW, "AdamW", {}),
    "AdamW": (AdamW, "AdamW", {"lr": 0.05, "weight_decay": 0.3}),
    "AdamW, no decay": (AdamW, "AdamW", {"lr": 0.05, "weight_decay": 0.0}),
    "AdamW, betas and eps": (AdamW, "AdamW", {"lr": 0.01, "betas": (0.5, 0.9), "eps": 1e-3}),
}
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
        ours.zero_grad()
        theirs.zero_grad()
        landscape(*values).backward()
        landscape(*tensors).backward()
        ours.step()
        theirs.step()
        assert_same(values, tensors, f"step {step + 1}")
    moved = max(abs(v.data - x) for v, x in zip(values, START))
    assert moved > 1e-3 or ours.lr == 0.0


@every_rule
def test_lr_changed_between_steps_as_pytorch(name: str, torch) -> None:
    values, ours, tensors, theirs = pair(torch, name, START)
    for step in range(60):
        lr = 0.02 / (1 + step // 20)
        ours.lr = lr
        theirs.param_groups[0]["lr"] = lr
        ours.zero_grad()
        theirs.zero_grad()
        landscape(*values).backward()
        landscape(*tensors).backward()
        ours.step()
        theirs.step()
        assert_same(values, tensors, f"step {step + 1}, lr {lr}")


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
    np = pytest.importorskip("numpy")
    p = Value(1.0)
    for optimizer in (
        SGD([p], np.float64(0.1), np.float32(0.9), np.float64(0.1)),
        Adam([p], np.float64(0.1), (np.float64(0.9), np.float64(0.99)), np.float64(1e-8)),
        AdamW([p], np.float64(0.1), weight_decay=np.float64(0.1)),
    ):
        p.grad = 1.0
        optimizer.step()
        assert type(p.data) is float


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW])
def test_defaults_are_those_of_pytorch(kind: type[Optimizer], torch) -> None:
    ours = kind([Value(1.0)])
    theirs = getattr(torch.optim, kind.__name__)([torch.zeros(1, requires_grad=True)]).defaults
    assert {name: getattr(ours, name) for name in ours._settings} == {name: theirs[name] for name in ours._settings}


# ------------------------------------------------------------------ refusals


W = Value(1.0, label="w")
BAD: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "no parameters": (lambda: SGD([]), ValueError, "at least one parameter, but got none"),
    "an empty generator": (lambda: Adam(v for v in ()), ValueError, "at least one parameter"),
    "one Value, not a list": (lambda: SGD(W), TypeError, r"\[w, b\], but got Value"),
    "a method, not called": (lambda: SGD([W].copy), TypeError, r"model\.parameters\(\).*but got builtin"),
    "a float": (lambda: Adam([W, 2.0]), TypeError, "parameter 1 must be a Value, but got float: 2.0"),
    "names": (lambda: SGD([("w", W)]), TypeError, "parameter 0 must be a Value, but got tuple"),
    "an interior node": (lambda: AdamW([W * 2.0]), ValueError, r"only leaves can be optimized.*made by '\*'"),
    "the same twice": (lambda: SGD([W, Value(2.0), W]), ValueError, "0 and 2 are the same Value"),
    "lr negative": (lambda: SGD([W], lr=-0.1), ValueError, "lr must be at least 0, but got -0.1"),
    "lr nan": (lambda: Adam([W], lr=math.nan), ValueError, "lr must be at least 0, but got nan"),
    "lr as text": (lambda: SGD([W], lr="0.1"), TypeError, "lr must be a real number, but got str: '0.1'"),
    "lr as a Value": (lambda: SGD([W], lr=Value(0.1)), TypeError, "lr must be a real number, but got Value"),
    "lr none": (lambda: AdamW([W], lr=None), TypeError, "lr must be a real number, but got NoneType"),
    "momentum": (lambda: SGD([W], momentum=-1.0), ValueError, "momentum must be at least 0, but got -1.0"),
    "momentum nan": (lambda: SGD([W], momentum=math.nan), ValueError, "momentum must be at least 0, but got nan"),
    "decay in SGD": (lambda: SGD([W], weight_decay=-1), ValueError, "weight_decay must be at least 0, but got -1.0"),
    "decay in Adam": (lambda: Adam([W], weight_decay=-1), ValueError, "weight_decay must be at least 0"),
    "decay in AdamW": (lambda: AdamW([W], weight_decay=math.nan), ValueError, "weight_decay must be at least 0"),
    "nesterov alone": (lambda: SGD([W], nesterov=True), ValueError, "nesterov needs a momentum greater than 0"),
    "beta 1": (lambda: Adam([W], betas=(1.0, 0.9)), ValueError, r"betas\[0\] must be at least 0 and less than 1"),
    "beta 2": (lambda: AdamW([W], betas=(0.9, -0.1)), ValueError, r"betas\[1\] must be at least 0 and less than 1"),
    "beta nan": (lambda: Adam([W], betas=(0.9, math.nan)), ValueError, r"betas\[1\].*but got nan"),
    "one beta": (lambda: Adam([W], betas=0.9), ValueError, "betas must be two numbers"),
    "three betas": (lambda: Adam([W], betas=(0.9, 0.9, 0.9)), ValueError, "betas must be two numbers"),
    "eps": (lambda: Adam([W], eps=-1e-8), ValueError, "eps must be at least 0, but got -1e-08"),
}


@pytest.mark.parametrize("what", BAD)
def test_refused_with_a_reason(what: str) -> None:
    make, error, message = BAD[what]
    with pytest.raises(error, match=message):
        make()


def test_a_tensor_is_refused_with_a_reason(torch) -> None:
    with pytest.raises(TypeError, match="parameter 0 must be a Value, but got Tensor"):
        Adam([torch.zeros(1)])


@pytest.mark.parametrize(("lr", "error"), [(-1.0, ValueError), (math.nan, ValueError), ("1", TypeError)])
def test_a_bad_lr_between_steps_is_refused_and_changes_nothing(lr: Any, error: type[Exception]) -> None:
    optimizer = SGD([Value(1.0)], lr=0.1)
    with pytest.raises(error, match="lr must be"):
        optimizer.lr = lr
    assert optimizer.lr == 0.1


def test_the_base_class_has_no_step() -> None:
    with pytest.raises(NotImplementedError, match=r"Optimizer has no step\(\): use SGD"):
        Optimizer([Value(1.0)], lr=0.1).step()


def test_repr() -> None:
    two = [Value(1.0), Value(2.0)]
    assert repr(SGD(two, lr=0.1)) == "SGD(2 parameters, lr=0.1, momentum=0.0, weight_decay=0.0, nesterov=False)"
    assert repr(AdamW(two[:1])) == "AdamW(1 parameter, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)"


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
