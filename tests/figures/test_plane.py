"""Windows on the plane, and the lines in them."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from micrograd_numpy.drawing.svg import shown, tag
from micrograd_numpy.figures.plane import Plane, evenly, outlines, picture, region, scaled, simplified, ticks, whole
from tests.figures import decoded, inside, numbers


def radius(plane: Plane, x: float, y: float) -> float:
    """How far a point of the window, in pixels, is from its center."""
    return math.dist((x, y), (plane.width / 2, plane.height / 2))


SQUARE = Plane((-1.0, 1.0), (-1.0, 1.0), width=200, height=200)


def test_a_contour_line_lies_where_the_function_has_that_value():
    side = evenly(-1.0, 1.0, 41)
    paths = outlines(SQUARE, [[a * a + b * b for a in side] for b in side], [0.25, 0.64])
    inner, outer = (decoded(numbers(path)) for path in paths.split("M")[1:])
    for circle, size in ((inner, 50), (outer, 80)):
        assert circle[0] == circle[-1]
        assert all(abs(radius(SQUARE, *point) - size) < 0.6 for point in circle)
        assert len(circle) > 12


def test_a_region_has_holes_and_goes_on_beyond_the_window():
    side = evenly(-1.05, 1.05, 43)
    ring = region(SQUARE, [[abs(math.hypot(a, b) - 0.5) - 0.2 for a in side] for b in side])
    for x in range(0, 201, 5):
        for y in range(0, 201, 5):
            away = abs(radius(SQUARE, x, y) - 50) - 20
            assert abs(away) < 1 or inside(ring, 2 * x, 2 * y) == (away > 0)


def test_a_simplified_line_stays_near_and_keeps_its_ends():
    rng = random.Random(0)
    line = [(k, round(20 * math.sin(k / 15) + rng.uniform(-0.5, 0.5))) for k in range(200)]
    few = simplified(line)
    assert (few[0], few[-1]) == (line[0], line[-1])
    assert len(few) < 60
    for x, y in line:
        (a, b), (c, d) = next((p, q) for p, q in itertools.pairwise(few) if p[0] <= x <= q[0])
        assert abs((x - a) * (d - b) - (y - b) * (c - a)) / math.hypot(c - a, d - b) <= 1.0
    assert simplified([(0, 0), (5, 5), (0, 0)]) == [(0, 0), (5, 5), (0, 0)]
    assert simplified([(3, 4)]) == [(3, 4)]
    assert simplified([(0, 0), (1, 1), (2, 0)]) == [(0, 0), (2, 0)]


@pytest.mark.parametrize(
    ("window", "marks"),
    [
        ((-5.0, 5.0), [-4, -2, 0, 2, 4]),
        ((-2.2, 2.2), [-2, -1, 0, 1, 2]),
        ((0.0, 99.0), [0, 20, 40, 60, 80]),
        ((-0.31, 0.01), [-0.3, -0.2, -0.1, 0]),
        ((-0.3, 0.01), [-0.3, -0.2, -0.1, 0]),  # -0.3 / 0.1 is more than -3
        ((-0.3 + 4e-8, 0.01), [-0.3, -0.2, -0.1, 0]),
        ((-0.3 + 6e-8, 0.01), [-0.2, -0.1, 0]),
        ((1e3, 1.7e3), [1000, 1200, 1400, 1600]),
        ((0.0, 12.0), [0, 5, 10]),
        ((0.0, 30.0), [0, 10, 20, 30]),
        ((0.0, 60.0), [0, 20, 40, 60]),
    ],
)
def test_ticks_are_three_to_six_round_numbers(window, marks):
    assert ticks(*window) == pytest.approx(marks)
    assert all(len(shown(mark)) <= 5 for mark in ticks(*window))


def test_a_window_is_the_one_that_is_stored(stored):
    plane = Plane((-1.0, 2.0), (0.5, 5.0))
    grid = [[(a - 0.4) * (b - 2.6) for a in evenly(-1.5, 2.5, 9)] for b in evenly(5.5, 0.0, 12)]
    drawn = scaled("".join(tag("path", d=d) for d in (outlines(plane, grid, [-1.0, 1.0]), region(plane, grid))))
    windows = plane.window(drawn), plane.window("", {1.0: "one", 5.0: "five"})
    stored("plane.svg", picture("to read aloud", "x < y", 420, 364, *windows))


def test_whole_forgets_the_last_bits():
    assert whole([(0.1 + 0.2, 10.0), (0.3, 10.0 + 1e-12)]) == [(1, 20), (1, 20)]
