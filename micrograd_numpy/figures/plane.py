"""Windows on the plane, and lines in them: what the figures of functions of two numbers share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

from micrograd_numpy.drawing.style import CARD, FORWARD, INK, MUTED, OCHER
from micrograd_numpy.drawing.svg import FONT, shown, tag

Point = tuple[float, float]
UNIT = 0.5  # lines in a picture's data are whole numbers of half pixels
POSITIVE, NEGATIVE = FORWARD, OCHER  # the two sides, in the colors of the moons


class Plane(NamedTuple):
    """A window on the plane, and its place in a picture: lengths in pixels, `y` upward."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: float = 372.0
    height: float = 300.0
    left: float = 40.0
    top: float = 34.0

    def at(self, x: float, y: float) -> Point:
        """Where a point is, from the window's upper left corner."""
        return self.across(x), self.down(y)

    def across(self, x: float) -> float:
        """How far a point is from the window's left."""
        return (x - self.x[0]) / (self.x[1] - self.x[0]) * self.width

    def down(self, y: float) -> float:
        """How far a point is from the window's top."""
        return (1 - (y - self.y[0]) / (self.y[1] - self.y[0])) * self.height

    def window(self, inside: str, heights: Mapping[float, str] | None = None) -> str:
        """A window that shows `inside` and cuts off the rest, with numbers on its edges, or words at these heights."""
        place = {"x": self.left, "y": self.top, "width": self.width, "height": self.height}
        marks = []
        for x in ticks(*self.x):
            at = self.left + self.across(x)
            marks.append(tag("text", shown(x), x=at, y=self.top + self.height + 16, text_anchor="middle"))
        for y, text in (heights or {y: shown(y) for y in ticks(*self.y)}).items():
            at = self.top + self.down(y)
            marks.append(tag("text", text, x=self.left - 7, y=at + 4, text_anchor="end"))
        frame = tag("rect", **place, fill="none", stroke="#d1d5db", stroke_width=1)
        return (
            tag("g", "".join(marks), fill=MUTED, font_size=11) + tag("svg", inside, data_part="window", **place) + frame
        )


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between `low` and `high`, three to six of them."""
    ten = 10.0 ** math.floor(math.log10(high - low))
    step = next(k * ten for k in (0.2, 0.5, 1.0, 2.0) if (high - low) / (k * ten) < 6)
    # rounded, so that a mark counts that is an end but for the last digits
    first, last = (round(end / step, 6) for end in (low, high))
    return [n * step for n in range(math.ceil(first), math.floor(last) + 1)]


def picture(alt: str, title: str, width: float, height: float, *parts: str) -> str:
    """A whole picture: a light card with `title` at the top and `parts` on it; `alt` for those who cannot see it."""
    head = tag("text", escape(title), data_part="title", x=40, y=22, font_size=13, font_weight=600)
    size = {"viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    inside = [tag("rect", width=f"{width:g}", height=f"{height:g}", rx=12, fill=CARD), head, *parts]
    look = {"style": "max-width:100%;height:auto", "font_family": FONT, "font_size": 12, "fill": INK}
    return tag("svg", "\n".join(inside), xmlns="http://www.w3.org/2000/svg", role="img", aria_label=alt, **size, **look)


def contours(plane: Plane, grid: Sequence[Sequence[float]], beyond: int = 0) -> Any:
    """What traces the contour lines of a function in pixels of the window.

    Parameters
    ----------
    plane : Plane
    grid : rows of numbers
        What the function is at points that lie evenly in the window, the first row at its top.
    beyond : int
        How many rows and columns of them lie outside, on each side.

    Returns
    -------
    contourpy.ContourGenerator

    Raises
    ------
    ImportError
        If contourpy is not installed, which comes with matplotlib.
    """
    try:
        from contourpy import contour_generator
    except ImportError as error:
        raise ImportError(
            "contour lines need contourpy, which comes with matplotlib: pip install matplotlib"
        ) from error
    x, y = (
        [(i - beyond) * length / (n - 1 - 2 * beyond) for i in range(n)]
        for length, n in ((plane.width, len(grid[0])), (plane.height, len(grid)))
    )
    return contour_generator(x, y, grid)


def simplified(line: Sequence[tuple[int, int]], most: float = 1.0) -> list[tuple[int, int]]:
    """`line` with fewer points, none of those left out farther than `most` from it: Douglas and Peucker's way."""
    keep, parts = {0, len(line) - 1}, [(0, len(line) - 1)]
    while parts:
        start, end = parts.pop()
        (x, y), (x2, y2) = line[start], line[end]
        length = math.hypot(x2 - x, y2 - y)
        inner = [(a - x, b - y) for a, b in line[start + 1 : end]]
        off = [abs(a * (y2 - y) - b * (x2 - x)) / length if length else math.hypot(a, b) for a, b in inner]
        if off and max(off) > most:
            far = start + 1 + off.index(max(off))
            keep.add(far)
            parts += [(start, far), (far, end)]
    return [line[k] for k in sorted(keep)]


def whole(points: Iterable[Point]) -> list[tuple[int, int]]:
    """Points in pixels as whole numbers of half pixels: here the last bits of a float stop counting."""
    return [(round(x / UNIT), round(y / UNIT)) for x, y in points]


def steps_of(points: Sequence[tuple[int, int]]) -> list[int]:
    """The first point, and then how far each is from the one before: small numbers, which pack well."""
    return [*points[0], *(n for (x, y), (x2, y2) in pairwise(points) for n in (x2 - x, y2 - y))]


def path_text(steps: Sequence[int]) -> str:
    """The same as SVG writes it."""
    x, y, *further = steps
    return f"M{x} {y}l{' '.join(map(str, further))}" if further else ""


def dots_text(steps: Sequence[int]) -> str:
    """The points alone, for a broad round pen."""
    return f"M{steps[0]} {steps[1]}h0" + "".join(f"m{a} {b}h0" for a, b in zip(steps[2::2], steps[3::2]))


def scaled(inside: str) -> str:
    """What is drawn in half pixels, in pixels."""
    return tag("g", inside, transform=f"scale({UNIT:g})")


def outline(points: Iterable[Point]) -> str:
    """A line through points in pixels, as SVG writes it in half pixels."""
    return path_text(steps_of(simplified(whole(points))))


def outlines(plane: Plane, grid: Sequence[Sequence[float]], levels: Iterable[float]) -> str:
    """The contour lines of a function as one SVG path; the grid covers the window evenly."""
    traced = contours(plane, grid)
    return "".join(outline(line.tolist()) for level in levels for line in traced.lines(level))


def region(plane: Plane, grid: Sequence[Sequence[float]]) -> str:
    """Where a function is positive, as one SVG path; the grid has one more point on each side of the window."""
    polygons = zip(*contours(plane, grid, beyond=1).filled(0.0, math.inf))
    # each polygon's points are those of its border, and then those of its holes
    rings = (points[start:end] for points, offsets in polygons for start, end in pairwise(offsets))
    return "".join(outline(ring.tolist()) + "z" for ring in rings)


def evenly(low: float, high: float, n: int) -> list[float]:
    """`n` numbers from `low` to `high`, equally far apart."""
    return [low + (high - low) * i / (n - 1) for i in range(n)]
