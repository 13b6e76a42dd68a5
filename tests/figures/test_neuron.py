"""The neuron's line and shades, in Python and in JavaScript."""

from __future__ import annotations

import re

import pytest

from micrograd_numpy.figures import neuron_figure
from micrograd_numpy.figures.neuron import ACTIVATIONS, SPAN, STOPS, as_term, neuron_shades, neuron_title
from tests.figures import SVG, javascript, read

KNOBS = [(1.0, 2.0, -2.0), (0.0, -1.5, 0.25), (0.0, 0.0, 1.0), (-0.1, 0.05, 4.0), (3.0, 0.0, 0.0)]


@pytest.mark.parametrize(
    ("activation", "weights"), [("tanh", (1.0, 2.0)), ("relu", (1.0, 2.0)), ("sigmoid", (0.0, 0.0))]
)
def test_the_picture_and_its_data_are_those_that_are_stored(stored, activation, weights):
    stored(f"neuron_{activation}.svg", neuron_figure(*weights, -2.0, activation).svg)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_both_sides_shade_the_plane_alike(activation):
    rule = neuron_figure(*KNOBS[0]).data["rules"][activation]
    shades = f"neuronShades(...x[0], (z) => ruleOf(x[1])(z), {SPAN}, {STOPS})"
    answers = javascript(shades, *([knobs, rule] for knobs in KNOBS))
    for knobs, theirs in zip(KNOBS, answers, strict=True):
        ours = neuron_shades(*knobs, activation)
        assert len(ours) == len(theirs)
        for (z, out), (z2, out2) in zip(ours, theirs, strict=True):
            assert (z, out) == (pytest.approx(float(z2), rel=1e-12), pytest.approx(float(out2), rel=1e-12, abs=1e-300))


def test_the_line_is_where_the_sum_is_zero():
    w1, w2, bias = 1.0, 2.0, -2.0
    figure = neuron_figure(w1, w2, bias)
    (line,) = (p.get("d") for p in read(figure.picture).iter(f"{SVG}path") if p.get("data-part") == "line")
    x1, y1, x2, y2 = map(float, re.findall(r"-?[\d.]+", line))
    for px, py in ((x1, y1), (x2, y2)):
        a, b = px / 330 * 6 - 3, 3 - py / 330 * 6
        assert abs(w1 * a + w2 * b + bias) < 0.01


def test_the_title_is_the_formula_with_every_sign_between_its_terms():
    assert neuron_title(1.0, 0.5, -2.0, "tanh") == "tanh(1·x₁ + 0.5·x₂ − 2)"
    assert neuron_title(-1e-7, -1e-7, 0.0, "linear") == "−1e−07·x₁ − 1e−07·x₂ + 0"


def test_without_weights_there_is_no_line():
    assert 'visibility="hidden"' in neuron_figure(0.0, 0.0, 1.0).picture
    assert 'visibility="hidden"' not in neuron_figure(0.1, 0.0, 1.0).picture


@pytest.mark.parametrize(("x", "term"), [(2.0, "+ 2"), (-2.5, "− 2.5"), (0.0, "+ 0"), (-0.0, "− 0")])
def test_a_term_has_one_sign(x, term):
    assert as_term(x) == term
