"""The paths of optimizers are those that the engine walks."""

from __future__ import annotations

import gzip
import math
from functools import partial

import pytest

from micrograd_numpy import SGD, Adam
from micrograd_numpy.drawing.svg import shown
from micrograd_numpy.figures import paths_figure, plane
from micrograd_numpy.figures.plane import Plane
from micrograd_numpy.optimizers import path
from tests.figures import carried, decoded, javascript


def bowl(x, y):
    return (x**2 + 25 * y**2) / 2


def sgd(lr, momentum):
    return partial(SGD, lr=lr, momentum=momentum)


def adam(lr, momentum):
    return partial(Adam, lr=lr, betas=(momentum, 0.999))


@pytest.fixture(scope="module")
def racing():
    return paths_figure(bowl, {"SGD": sgd, "Adam": adam}, (-4.0, 1.0), (-5, 5), (-2.2, 2.2))


def test_every_path_is_the_one_that_the_engine_walks(racing):
    data = carried(racing.svg)["data"]
    plane = Plane((-5, 5), (-2.2, 2.2))
    walks = iter(data["walks"])
    for make in (sgd, adam):
        for lr in data["rates"]:
            for momentum in data["momenta"]:
                walk, points = next(walks), path(bowl, make(lr, momentum), (-4.0, 1.0), 40)
                drawn = decoded(walk["points"])
                for (x, y), point in zip(drawn, points):
                    assert math.dist((x, y), plane.at(*point)) < 0.36  # half of half a pixel, both ways
                if len(drawn) < len(points):
                    assert max(map(abs, plane.at(*points[len(drawn)]))) >= 2000
                assert float(walk["height"]) == pytest.approx(bowl(*points[-1]), rel=0.05)
    assert next(walks, None) is None


def test_the_picture_shows_the_first_choice(racing):
    data = carried(racing.svg)["data"]
    walk = data["walks"][data["rates"].index(0.1) * len(data["momenta"]) + data["momenta"].index(0.45)]
    assert plane.path_text(walk["points"]) in racing.picture
    assert plane.dots_text(walk["points"]) in racing.picture
    assert f"SGD, lr 0.1, momentum 0.45: height {shown(walk['height'])}" in racing.picture
    written = javascript("[figures.pathText(x), figures.dotsText(x)]", walk["points"], [1, 2])
    assert written == [[plane.path_text(p), plane.dots_text(p)] for p in (walk["points"], [1, 2])]


def test_the_picture_and_its_data_are_those_that_are_stored(stored):
    stored("paths.svg", paths_figure(bowl, {"SGD": sgd}, (-4.0, 1.0), (-5, 5), (-2.2, 2.2), steps=2).svg)


def test_figures_are_light(racing):
    assert len(gzip.compress(racing.svg.encode())) < 40_000


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"optimizers": {}}, "paths_figure needs at least one optimizer"),
        ({"first": (0.123, 0.45)}, "the first learning rate must be one of those to choose from, .* but got 0.123"),
        ({"first": (0.1, 0.46)}, "the first momentum must be one of those to choose from, .* but got 0.46"),
        ({"start": (9.0, 0.0)}, r"the start \(9.0, 0.0\) lies outside the window, x from -5 to 5"),
        ({"start": (0.0, 9.0)}, "y from -2.2 to 2.2; make it wider"),
    ],
)
def test_paths_say_what_is_wrong(wrong, message):
    given = {"optimizers": {"SGD": sgd}, "start": (-4.0, 1.0)} | wrong
    with pytest.raises(ValueError, match=message):
        paths_figure(bowl, x=(-5, 5), y=(-2.2, 2.2), **given)
