"""Tags, numbers and words as an SVG file holds them."""

from __future__ import annotations

import math

import pytest

from micrograd_numpy.drawing.svg import clipped, shown, tag, text_width


def test_a_tag_is_written_with_its_attributes_escaped_and_its_inside_as_it_is():
    assert tag("text", "<b/>", x=0.25, font_size=10, aria_label='"<&') == (
        '<text x="0.2" font-size="10" aria-label="&quot;&lt;&amp;"><b/></text>'
    )
    assert tag("g") == "<g></g>"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "−inf"),
        (1e-7, "1e−07"),
        (-1.23456e-107, "−1.235e−107"),
        (-0.0, "−0"),
        (24.70408, "24.7"),
        (123456.0, "1.235e+05"),
    ],
)
def test_a_number_has_four_digits_and_a_true_minus(number, text):
    assert shown(number) == text


@pytest.mark.parametrize("label", ["x" * 15, "W" * 500, "宽" * 40, "a b " * 50])
def test_long_texts_are_cut(label):
    short = clipped(label)
    assert text_width(short) <= 130
    assert len(short) < 25
    assert short == label or short.endswith("…")
    assert label.startswith(short.rstrip("…"))


def test_what_cannot_be_shown_is_left_out():
    assert clipped(" two\nlines\x00 ") == "two lines"
