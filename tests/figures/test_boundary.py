"""The regions of the boundary are those that the model sees."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from micrograd_numpy import MLP, SGD, Value
from micrograd_numpy.figures import boundary_figure
from micrograd_numpy.figures.plane import Plane
from micrograd_numpy.moons import predict, train
from tests.figures import SVG, carried, decoded, inside, numbers, read


def test_the_picture_and_its_data_are_those_that_are_stored(stored):
    X, y = [[-1.0, 0.5], [0.5, -0.5], [1.0, 0.75], [0.0, 1.0]], [-1.0, -1.0, 1.0, 1.0]
    model = MLP(2, [3, 1], rng=0)
    history = train(model, X, y, SGD(model.parameters(), lr=0.5), epochs=4, keep=(0, 3), progress=False)
    stored("boundary.svg", boundary_figure(model, X, y, history).svg)


@pytest.fixture(scope="module")
def trained():
    rng = random.Random(3)
    X = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(60)]
    y = [1.0 if a * a + b * b < 0.5 else -1.0 for a, b in X]
    model = MLP(2, [12, 1], rng=0)
    history = train(model, X, y, SGD(model.parameters(), lr=0.5), epochs=30, keep=range(0, 31, 5), progress=False)
    return model, X, y, history


def test_the_regions_are_those_of_the_models(trained):
    model, X, y, history = trained
    before = model.state_dict()
    figure = boundary_figure(model, X, y, history)
    assert model.state_dict() == before
    frames = carried(figure.svg)["data"]["frames"]
    assert [frame["epoch"] for frame in frames] == [0, 5, 10, 15, 20, 25, 30]
    xs, ys = ([row[i] for row in X] for i in (0, 1))
    low_x, high_x, low_y, high_y = min(xs) - 0.4, max(xs) + 0.4, min(ys) - 0.4, max(ys) + 0.4
    height = round(372 * (high_y - low_y) / (high_x - low_x))
    plane = Plane((low_x, high_x), (low_y, high_y), height=height)
    rng = random.Random(0)
    film = MLP(2, [12, 1])
    for frame in frames:
        film.load_state_dict(history.snapshots[frame["epoch"]])
        points = [(rng.uniform(low_x, high_x), rng.uniform(low_y, high_y)) for _ in range(400)]
        near = 0
        for (a, b), score in zip(points, predict(film, points), strict=True):
            px, py = plane.at(a, b)
            if inside(frame["region"], 2 * px, 2 * py) != (score > 0.0):
                # only where the boundary is less than a pixel and a half away
                step = (high_x - low_x) / 372 * 1.5
                around = [(a + u * step, b + v * step) for u in (-1, 0, 1) for v in (-1, 0, 1)]
                assert len({s > 0.0 for s in predict(film, around)}) == 2, (frame["epoch"], a, b)
                near += 1
        assert near < 12
    for frame in frames[:-1]:
        assert frame["right"] == f"{history.accuracies[frame['epoch']]:.0%}"
        assert frame["loss"] == pytest.approx(history.losses[frame["epoch"]], rel=1e-3)
    assert not {"loss", "dot"} & frames[-1].keys()  # training measures none at its end
    assert f">epoch 30: {frames[-1]['right']} right<" in figure.picture
    assert frames[-1]["region"] in figure.picture


def test_the_dot_is_on_the_curve(trained):
    model, X, y, history = trained
    figure = boundary_figure(model, X, y, history)
    (dot,) = (p for p in read(figure.picture).iter(f"{SVG}circle") if p.get("data-part") == "dot")
    assert dot.get("visibility") == "hidden"  # the end has no loss
    (curve,) = (p.get("d") for p in read(figure.picture).iter(f"{SVG}path") if p.get("stroke") == "#6b7280")
    points = decoded(numbers(curve))
    for frame in carried(figure.svg)["data"]["frames"][:-1]:
        assert tuple(n / 2 for n in frame["dot"]) == points[frame["epoch"]]


def test_a_loss_of_zero_gets_a_linear_scale(trained):
    model, X, y, history = trained
    given = SimpleNamespace(losses=[1.0, 0.5, 0.0], snapshots=dict.fromkeys(range(3), history.snapshots[0]))
    frames = boundary_figure(model, X, y, given, resolution=8).data["frames"]
    heights = [frame["dot"][1] for frame in frames]
    assert heights[1] - heights[0] == heights[2] - heights[1] > 0


@pytest.mark.parametrize(("losses", "dots"), [([1.0], [(0, 60)]), ([1.0, 0.1], [(0, 10), (744, 110)])])
def test_one_epoch_is_a_film_too_and_two_take_the_whole_width(trained, losses, dots):
    model, X, y, history = trained
    given = SimpleNamespace(losses=losses, snapshots=dict.fromkeys(range(len(losses)), history.snapshots[0]))
    assert [frame["dot"] for frame in boundary_figure(model, X, y, given, resolution=8).data["frames"]] == dots


def test_a_boundary_asked_at_once_is_the_same_but_for_rounding(trained):
    model, X, y, history = trained
    slow, fast = (boundary_figure(model, X, y, history, resolution=12, vectorized=v) for v in (False, True))
    for one, other in zip(slow.data["frames"], fast.data["frames"], strict=True):
        assert one == other


def test_a_boundary_of_classes_0_and_1_and_of_probabilities(trained):
    model, X, y, history = trained
    zero_one = [max(0.0, label) for label in y]
    expected = boundary_figure(model, X, y, history, resolution=12)
    assert boundary_figure(model, X, zero_one, history, resolution=12) == expected

    class Sure(MLP):
        def __call__(self, x):
            score = super().__call__(x)
            return score.sigmoid() if score < 30.0 else Value(1.0)

    sure = Sure(2, [12, 1])
    with pytest.raises(ValueError, match=r"say threshold=0\.5 for probabilities"):
        boundary_figure(sure, X, zero_one, history, resolution=12)
    frames = boundary_figure(sure, X, zero_one, history, resolution=12, threshold=0.5).data["frames"]
    assert [frame["right"] for frame in frames] == [frame["right"] for frame in expected.data["frames"]]
    with pytest.raises(TypeError, match="instead of an if"):
        boundary_figure(sure, X, zero_one, history, resolution=12, threshold=0.5, vectorized=True)


def test_the_model_is_left_as_it_was_even_if_a_snapshot_does_not_fit(trained):
    model, X, y, history = trained
    before = model.state_dict()
    broken = SimpleNamespace(losses=[1.0, 1.0], snapshots={0: history.snapshots[0], 1: {}})
    with pytest.raises(ValueError, match="does not fit"):
        boundary_figure(model, X, y, broken, resolution=8)
    assert model.state_dict() == before
