"""The paths of optimizers are those that the engine walks."""

from __future__ import annotations

import gzip
import math
from functools import partial

import pytest

from micrograd_numpy import SGD, Adam
from micrograd_numpy.drawing.svg import shown
from micrograd_numpy.figures import paths_figure, plane
from micrograd_numpy.figures.paths import followed
from micrograd_numpy.figures.plane import Plane
from micrograd_numpy.optimizers import path
from tests.figures import carried, decoded, javascript


def bowl(x, y):
    return (x**2 + 25 * y**2) / 2


def sgd(lr, momentum):
    return partial(SGD, lr=lr, momentum=momentum)


def adam(lr, momentum):
    return partial(Adam, lr=lr, betas=(momentum, 0.999))


def test_the_picture_and_its_data_are_those_that_are_stored(stored):
    figure = paths_figure(lambda x, y: bowl(x, y - 0.5) + 3, {"SGD": sgd}, (-4.0, 1.0), (-5, 5), (-2.2, 2.2), steps=2)
    stored("paths.svg", figure.svg)


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
    assert racing.alt.startswith("Paths of SGD and Adam on the contour lines of a function")
    assert f"SGD, lr 0.1, momentum 0.45: height {shown(walk['height'])}" in racing.picture
    written = javascript("[figures.pathText(x), figures.dotsText(x)]", walk["points"], [1, 2])
    assert written == [[plane.path_text(p), plane.dots_text(p)] for p in (walk["points"], [1, 2])]


def test_figures_are_light(racing):
    assert len(gzip.compress(racing.svg.encode())) < 40_000


def test_a_path_may_start_on_the_edge_of_the_window():
    for corner in ((-5.0, -2.2), (5.0, 2.2)):
        (walk,) = paths_figure(
            bowl, {"SGD": sgd}, corner, (-5, 5), (-2.2, 2.2), rates=[0.1], momenta=[0.45], steps=1
        ).data["walks"]
        assert decoded(walk["points"])[0] == Plane((-5, 5), (-2.2, 2.2)).at(*corner)


def test_a_path_is_followed_as_long_as_it_is_less_than_2000_pixels_away():
    pixels = Plane((0, 1), (0, 1), width=1, height=1)
    assert decoded(followed(pixels, [(0, 0), (1999, 1), (2000, 1), (0, 0)])) == [(0, 1), (1999, 0)]
