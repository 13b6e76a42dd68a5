"""The paths of optimizers on a function's contour lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from micrograd_numpy.drawing.style import BACKWARD, FORWARD, INK
from micrograd_numpy.drawing.svg import shown, tag
from micrograd_numpy.figures.figure import Figure
from micrograd_numpy.figures.plane import (
    Plane,
    dots_text,
    evenly,
    outlines,
    path_text,
    picture,
    scaled,
    steps_of,
    whole,
)
from micrograd_numpy.optimizers import Optimizer, path
from micrograd_numpy.value import Value


def followed(plane: Plane, points: Iterable[Sequence[float]]) -> list[int]:
    """A path in half pixels; what flies off is followed until it is far outside, where nobody sees it."""
    near = takewhile(lambda point: all(abs(n) < 2000 for n in point), (plane.at(*point) for point in points))
    return steps_of(whole(near))


RATES = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.075, 0.079, 0.081, 0.1, 0.125, 0.15, 0.155, 0.2, 0.3, 0.5)
MOMENTA = (0.0, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 0.95)


def paths_figure(
    f: Callable[..., Value],
    optimizers: Mapping[str, Callable[[float, float], Callable[[list[Value]], Optimizer]]],
    start: Sequence[float],
    x: tuple[float, float],
    y: tuple[float, float],
    *,
    rates: Sequence[float] = RATES,
    momenta: Sequence[float] = MOMENTA,
    first: tuple[float, float] = (0.1, 0.45),
    steps: int = 40,
) -> Figure:
    """The paths of optimizers on a function's contour lines, with a slider for the learning rate and the momentum.

    Every path is walked here, by `path` of the optimizers' chapter; the figure only shows them.

    Parameters
    ----------
    f : callable
        A function of two Values, made of operations alone.
    optimizers : mapping of str to callable
        For each name a function of a learning rate and a momentum that returns a maker of
        optimizers, as `path` takes it.
    start : sequence of float
        Where the paths start.
    x, y : tuple of float
        The window: its left and right, its bottom and top.
    rates, momenta : sequence of float
        What the sliders choose from.
    first : tuple of float
        The learning rate and the momentum of the picture; each one of those.
    steps : int
        How many steps to take.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no optimizers, the first choice is not among the others, or the start is not in the window.
    """
    if not optimizers:
        raise ValueError("paths_figure needs at least one optimizer, by name: {'SGD': lambda lr, momentum: ...}")
    for name, number, among in (("learning rate", first[0], rates), ("momentum", first[1], momenta)):
        if number not in among:
            raise ValueError(f"the first {name} must be one of those to choose from, {list(among)}, but got {number!r}")
    if not (x[0] <= start[0] <= x[1] and y[0] <= start[1] <= y[1]):
        raise ValueError(
            f"the start {tuple(start)} lies outside the window, x from {x[0]} to {x[1]} and y from {y[0]} to {y[1]}; "
            "make it wider"
        )
    plane = Plane(x, y)
    walks: list[dict[str, Any]] = []
    for make in optimizers.values():
        for lr in rates:
            for momentum in momenta:
                points = path(f, make(lr, momentum), start, steps)
                height = f(*(Value(p) for p in points[-1])).data
                walks.append({"points": followed(plane, points), "height": float(f"{height:.2g}")})
    chosen = [list(rates).index(first[0]), list(momenta).index(first[1])]
    walk = walks[chosen[0] * len(momenta) + chosen[1]]
    settings = f"lr {shown(first[0])}, momentum {shown(first[1])}"
    title = f"{next(iter(optimizers))}, {settings}: height {shown(walk['height'])}"
    alt = f"Paths of {' and '.join(optimizers)} on the contour lines of a function: choose learning rate and momentum."
    inside = scaled(contour_lines(f, plane) + drawn_walk(walk["points"]))
    data = {
        "height": f(*(Value(p) for p in start)).data,
        "optimizers": list(optimizers),
        "rates": rates,
        "momenta": momenta,
        "steps": steps,
        "first": chosen,
        "walks": walks,
    }
    return Figure("paths", alt, data, picture(alt, title, 420, 364, plane.window(inside)))


def contour_lines(f: Callable[..., Value], plane: Plane) -> str:
    """Ten contour lines of a function, closer together near the bottom."""
    heights = [[f(Value(a), Value(b)).data for a in evenly(*plane.x, 91)] for b in evenly(*plane.y[::-1], 73)]
    low, top = min(map(min, heights)), max(map(max, heights))
    levels = [low + (top - low) * 1e-3 ** (k / 10) for k in range(10, 0, -1)]
    return tag(
        "path", d=outlines(plane, heights, levels), fill="none", stroke=FORWARD, stroke_width=1.6, stroke_opacity=0.5
    )


def drawn_walk(points: Sequence[int]) -> str:
    """A path as `followed` returns it: a line with dots on it, and a square where it starts."""
    look = {"fill": "none", "stroke": BACKWARD, "stroke_linecap": "round", "stroke_linejoin": "round"}
    line = tag("path", data_part="path", d=path_text(points), **look, stroke_width=2.6)
    dots = tag("path", data_part="dots", d=dots_text(points), **look, stroke_width=8)
    return line + dots + tag("path", d=f"M{points[0]} {points[1]}m-7 -7h14v14h-14z", fill=INK)
