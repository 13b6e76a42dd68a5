"""A neuron as the line that it draws in the plane."""

from __future__ import annotations

import math

from micrograd_numpy.drawing.style import BACKWARD, CARD, FORWARD, INK, MUTED
from micrograd_numpy.drawing.svg import shown, tag
from micrograd_numpy.figures.figure import Figure
from micrograd_numpy.figures.plane import NEGATIVE, POSITIVE, Plane, Point, evenly, picture
from micrograd_numpy.figures.stepper import as_steps
from micrograd_numpy.guards.inputs import one_of
from micrograd_numpy.guards.numbers import as_float
from micrograd_numpy.mlp import ACTIVATIONS
from micrograd_numpy.ops import Rule
from micrograd_numpy.value import Value

SPAN = 3.0  # the neuron's plane goes from −3 to 3, both ways
STOPS = 40  # of the gradient that paints its output
STRONGEST = {"relu": 4.0, "linear": 4.0}  # the output with the full color; 1 for the others
POINT = (1.0, 1.0)  # where its output is spelled out


def neuron_shades(w1: float, w2: float, bias: float, activation: str) -> list[list[float]]:
    """The neuron's output along its arrow, from one end of the plane to the other.

    Returns
    -------
    list of [z, output]
        Evenly spaced in z = w1·x1 + w2·x2 + bias, and at z = 0, where a relu has its corner.
    """
    bend, _ = ACTIVATIONS[activation]
    most = SPAN * (abs(w1) + abs(w2))
    zs = evenly(bias - most, bias + most, STOPS + 1)
    corner = max(min(zs), min(0.0, max(zs)))  # 0, or the end that is nearest to it
    return [[z, bend(Value(z)).data] for z in sorted({*zs, corner})]


def neuron_figure(w1: float, w2: float, bias: float, activation: str = "tanh") -> Figure:
    """The neuron activation(w1·x1 + w2·x2 + bias) as the line that it draws in the plane, with a slider for each knob.

    Parameters
    ----------
    w1, w2, bias : float
        What to start from.
    activation : str, optional
        A name in `ACTIVATIONS`; the figure offers the others, too.

    Returns
    -------
    Figure

    Raises
    ------
    TypeError
        If a knob is not one real number.
    ValueError
        If it is infinite or nan, or the activation is unknown.
    """
    one_of(ACTIVATIONS, "activation", activation)
    w1, w2, bias = as_float(w1), as_float(w2), as_float(bias)
    if not all(map(math.isfinite, (w1, w2, bias))):
        raise ValueError(f"a line needs finite numbers, but got w1={w1!r}, w2={w2!r} and bias={bias!r}")
    plane = Plane((-SPAN, SPAN), (-SPAN, SPAN), width=330, height=330)
    x, y = plane.at(*POINT)
    point = tag("circle", data_part="point", cx=x, cy=y, r=6, fill=INK, stroke=CARD, stroke_width=2)
    inside = drawn_shade(plane, w1, w2, bias, activation) + drawn_line(plane, w1, w2, bias) + point
    axes = tag("text", "x₁", x=plane.left + plane.width, y=plane.top + plane.height + 16, text_anchor="end", fill=MUTED)
    axes += tag("text", "x₂", x=plane.left - 7, y=plane.top + 10, text_anchor="end", fill=MUTED)
    alt = "The plane of a neuron's two inputs, shaded by its output, with its line and the arrow of its weights."
    image = picture(alt, neuron_title(w1, w2, bias, activation), 380, 394, plane.window(inside), axes)
    data = {
        "weights": [w1, w2],
        "bias": bias,
        "activation": activation,
        "activations": list(ACTIVATIONS),
        "rules": {name: as_steps(rule_of(name), 1) for name in ACTIVATIONS},
        "plane": plane._asdict(),
        "point": POINT,
        "stops": STOPS,
        "strongest": STRONGEST,
        "colors": [POSITIVE, NEGATIVE],
    }
    return Figure("neuron", alt, data, image)


def rule_of(activation: str) -> Rule:
    """The rule of an activation; of the linear one, which makes no node, z itself."""
    bend, _ = ACTIVATIONS[activation]
    return bend(Value(0.0))._rule or (lambda z: (z, (1.0,)))


def along_weights(w1: float, w2: float, z: float) -> Point:
    """The point on the line through the origin along the weights where w1·x1 + w2·x2 = z; else the origin."""
    square = w1 * w1 + w2 * w2
    a, b = (n / square if square else 0.0 for n in (w1, w2))
    return a * z, b * z


def drawn_shade(plane: Plane, w1: float, w2: float, bias: float, activation: str) -> str:
    """The neuron's output as a gradient along its weights: the stronger the color, the further from 0."""
    shades = neuron_shades(w1, w2, bias, activation)
    first, last = shades[0][0], shades[-1][0]
    stops = ""
    for z, out in shades:
        offset = (z - first) / (last - first or 1.0)
        opacity = f"{0.8 * min(1.0, abs(out) / STRONGEST.get(activation, 1.0)):.3f}"
        for color in [NEGATIVE] * (out <= 0.0) + [POSITIVE] * (out >= 0.0):  # at 0, from one to the other
            stops += tag("stop", offset=f"{offset:.4f}", stop_color=color, stop_opacity=opacity)
    (x1, y1), (x2, y2) = (plane.at(*along_weights(w1, w2, z - bias)) for z in (first, last))
    gradient = tag("linearGradient", stops, id="shade", gradientUnits="userSpaceOnUse", x1=x1, y1=y1, x2=x2, y2=y2)
    return gradient + tag("rect", width=plane.width, height=plane.height, fill="url(#shade)")


def drawn_line(plane: Plane, w1: float, w2: float, bias: float) -> str:
    """The line where the neuron's sum is 0, and its weights as an arrow that stands on it."""
    a, b = along_weights(w1, w2, -bias)
    square = w1 * w1 + w2 * w2
    reach = 20.0 / (math.sqrt(square) or 1.0)  # beyond the window
    ends = (plane.at(a - side * w2, b + side * w1) for side in (-reach, reach))
    look = {"fill": "none", "stroke_width": 2, "visibility": "visible" if square else "hidden"}
    line = tag("path", data_part="line", d=segment(*ends), stroke=FORWARD, **look)
    weights = arrow(plane.at(a, b), plane.at(a + w1, b + w2))
    return line + tag("path", data_part="arrow", d=weights, stroke=BACKWARD, **look)


def segment(a: Point, b: Point) -> str:
    """A straight line, as SVG writes it."""
    return f"M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}"


def arrow(a: Point, b: Point) -> str:
    """A line with a head at `b`."""
    length = math.hypot(b[0] - a[0], b[1] - a[1]) or 1.0
    u, v = 9 * (b[0] - a[0]) / length, 9 * (b[1] - a[1]) / length
    return segment(a, b) + "".join(
        f"M{b[0]:.1f} {b[1]:.1f}l{-u - side * v:.1f} {-v + side * u:.1f}" for side in (-0.5, 0.5)
    )


def neuron_title(w1: float, w2: float, bias: float, activation: str) -> str:
    """The neuron as a formula."""
    terms = f"{shown(w1)}·x₁ {as_term(w2)}·x₂ {as_term(bias)}"
    return terms if activation == "linear" else f"{activation}({terms})"


def as_term(x: float) -> str:
    """A number as a term of a sum."""
    number = shown(x)
    return f"− {number[1:]}" if number.startswith("−") else f"+ {number}"
