"""Tags, numbers and words as an SVG file holds them."""

from __future__ import annotations

import math

import pytest

from micrograd_numpy.drawing.svg import BOLD, clipped, shown, tag, text_width


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


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("x" * 14, {}, "x" * 14),
        ("x" * 15, {}, "x" * 13 + "…"),
        ("x" * 20, {"width": text_width("x" * 20, BOLD)}, "x" * 20),
        ("x" * 20, {"width": text_width("x" * 19, BOLD)}, "x" * 18 + "…"),
        ("宽" * 40, {}, "宽" * 8 + "…"),
        ("宽" * 7 + "xxx", {}, "宽" * 7 + "x…"),  # not even half a pixel too wide
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}" * 9, {}, "\N{FULLWIDTH LATIN CAPITAL LETTER A}" * 8 + "…"),
        ("three fives, and a six", {}, "three fives,…"),
    ],
)
def test_a_text_that_is_too_wide_is_cut(text, width, short):
    assert clipped(text, **width) == short


def test_of_a_very_long_text_only_the_beginning_is_read():
    assert (clipped(" " * 199 + "x"), clipped(" " * 200 + "x")) == ("x", "")


def test_what_cannot_be_shown_is_left_out():
    assert clipped(" two\nlines\x00 ") == "two lines"
