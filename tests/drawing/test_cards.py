"""Cards and arrows: what they show, that nothing overlaps, and that arrows arrive where they should."""

from __future__ import annotations

import itertools
import math

import pytest

from micrograd_numpy import Value, draw_graph
from micrograd_numpy.drawing import cards
from micrograd_numpy.drawing.svg import shown
from micrograd_numpy.value import apply, mean
from tests.drawing.pictures import (
    GRAPHS,
    boxes,
    diamonds,
    edges,
    fan,
    inputs_of,
    neuron,
    parts,
    product_and_sum,
    readme,
    rectangle,
    repeated,
    square,
)
from tests.figures import SVG, read


@pytest.mark.parametrize(
    ("name", "make", "options"),
    [
        ("readme", readme, {"direction": "down"}),
        ("fan", fan, {"local_derivatives": True}),
        ("repeated", repeated, {"local_derivatives": True}),
        ("repeated_down", repeated, {"local_derivatives": True, "direction": "down", "room": 8}),
    ],
)
def test_pictures_look_as_they_did(name, make, options, stored):
    """The graphs are made of numbers that every machine computes alike."""
    root = make()
    root.backward()
    stored(f"{name}.svg", draw_graph(root, **options).svg)


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("make", GRAPHS)
def test_each_edge_leaves_its_source_and_enters_its_target_in_input_order(make, direction):
    root = make()
    _, inputs = inputs_of(root)
    drawing = draw_graph(root, direction=direction)
    placed = boxes(drawing, direction)
    drawn = iter(edges(drawing, direction))
    for target, sources in enumerate(inputs):
        heights = []
        for source in sources:
            points = next(drawn)
            left, top, right, bottom = placed[source][0]
            assert points[0][0] == pytest.approx(right, abs=0.11)
            assert top < points[0][1] < bottom
            left, top, right, bottom = placed[target][1]
            assert points[-1][0] == pytest.approx(left, abs=0.11)
            assert top < points[-1][1] < bottom
            heights.append(points[-1][1])
        assert all(below - above > 5 for above, below in itertools.pairwise(heights))  # a port of its own for each


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("make", GRAPHS)
def test_boxes_do_not_overlap_and_lie_inside_the_picture(make, direction):
    drawing = draw_graph(make(), local_derivatives=True, direction=direction)
    svg = read(drawing.svg)
    _, _, width, height = map(float, svg.get("viewBox").split())
    assert (svg.get("width"), svg.get("height")) == (f"{width:.0f}", f"{height:.0f}")
    if direction == "down":
        width, height = height, width
    shift = cards.MARGIN  # the group is moved by this, across the edges
    placed = boxes(drawing, direction)
    for rectangles in placed:
        for left, top, right, bottom in rectangles:
            assert 10 <= left < right <= width - 10
            assert 10 <= top + shift < bottom + shift <= height - 10
    for one, other in itertools.combinations(placed, 2):
        for a, b in itertools.product(one, other):
            apart = a[2] + 5 < b[0] or b[2] + 5 < a[0] or a[3] + 5 < b[1] or b[3] + 5 < a[1]
            assert apart, (a, b)


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("make", GRAPHS)
def test_edges_run_to_the_right_and_through_no_box(make, direction):
    drawing = draw_graph(make(), direction=direction)
    everything = [rectangle for rectangles in boxes(drawing, direction) for rectangle in rectangles]
    for points in edges(drawing, direction):
        assert all(left[0] <= right[0] + 0.11 for left, right in itertools.pairwise(points))
        assert points[0][0] < points[-1][0]
        fine = [
            (x0 + (x1 - x0) * i / 8, y0 + (y1 - y0) * i / 8)
            for (x0, y0), (x1, y1) in itertools.pairwise(points)
            for i in range(9)
        ]
        for left, top, right, bottom in everything:
            assert not any(left + 0.2 < x < right - 0.2 and top + 0.2 < y < bottom - 0.2 for x, y in fine)


def test_both_edges_of_x_times_x_are_seen():
    first, second = edges(draw_graph(square()))
    apart = max(abs(a[1] - b[1]) for a, b in zip(first, second))
    assert first[0] == second[0]
    assert apart > 12  # as far apart as the line is wide, many times over


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("make", GRAPHS)
def test_text_lies_inside_its_card_line_below_line(make, direction):
    for node in parts(draw_graph(make(), direction=direction), "node"):
        (left, top, right, bottom), *badge = [rectangle(rect) for rect in node.iter(f"{SVG}rect")]
        texts = [
            text for text in node.iter(f"{SVG}text") if text.text != "root" and text.get("text-anchor") != "middle"
        ]
        lines = sorted({float(text.get("y")) for text in texts})
        assert len(lines) in (2, 3)  # label, data, grad
        assert top + 13 < lines[0]
        assert lines[-1] < bottom - 5
        assert all(below - above > 14 for above, below in itertools.pairwise(lines))
        assert all(left + 5 < float(text.get("x")) < right - 5 for text in texts)
        for x0, y0, x1, y1 in badge:
            assert not any(x0 < float(text.get("x")) < x1 and y0 < float(text.get("y")) - 4 < y1 for text in texts)


def test_colors_tell_data_from_gradients():
    root = product_and_sum()
    root.backward()
    texts = [(text.text, text.get("fill")) for text in parts(draw_graph(root), "node")[0].iter(f"{SVG}text")]
    assert ("2", "#1f5fa8") in texts
    assert ("4", "#c2410c") in texts


def test_leaves_and_the_root_look_different():
    cards = parts(draw_graph(product_and_sum()), "card")
    looks = [(card.get("fill"), card.get("stroke"), card.get("stroke-width")) for card in cards]
    assert looks[0] == looks[1]
    assert len(set(looks)) == 3  # leaf, operation, root


def test_local_derivatives_stand_on_their_edges():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    root = a * b - a
    drawing = draw_graph(root, local_derivatives=True)
    notes = parts(drawing, "note")
    assert [note.text for note in notes] == ["3", "2", "1", "−1"]
    for note, points in zip(notes, edges(drawing)):
        x, y = float(note.get("x")), float(note.get("y")) - 3.5
        assert min(math.hypot(x - px, y - py) for px, py in points) < 4
    assert parts(draw_graph(root), "note") == []


@pytest.mark.parametrize("make", [square, product_and_sum, readme, neuron, diamonds, fan])
def test_local_derivatives_do_not_hide_each_other(make):
    notes = parts(draw_graph(make(), local_derivatives=True), "note")
    spots = [(float(note.get("x")), float(note.get("y")), 0.6 * 10 * len(note.text)) for note in notes]
    for (x, y, wide), (x2, y2, wide2) in itertools.combinations(spots, 2):
        assert abs(x - x2) > (wide + wide2) / 2 or abs(y - y2) > 9


@pytest.mark.parametrize(
    ("other", "place"),
    [((48.0, 11.5), 48.0), ((48.0, 11.0), 0.34 * 96), ((58.0, 0.0), 0.42 * 96)],
)
def test_a_local_derivative_makes_way_for_one_that_it_touches(other, place):
    taken = [(*other, 10.0)]
    cards.free_place([(0.0, 0.0), (32.0, 0.0), (64.0, 0.0), (96.0, 0.0)], 10.0, taken)
    assert taken[-1] == pytest.approx((place, 0.0, 10.0))


@pytest.mark.parametrize("number", [math.nan, -math.inf, -1.23456e-107, -0.0, 24.70408, 123456.0])
def test_every_number_fits_its_card(number):
    text, node = shown(number), Value(number, label="x").tanh()
    node.data, node.grad = number, number
    group = parts(draw_graph(node), "node")[1]
    left, _, right, _ = rectangle(next(rect for rect in group.iter(f"{SVG}rect")))
    key, value = list(group.iter(f"{SVG}text"))[:2]
    assert (key.text, value.text) == ("data", text)
    assert left + 12 < float(key.get("x"))  # right of the badge
    assert float(key.get("x")) + 26 + 0.62 * 12 * len(text) <= float(value.get("x")) < right


@pytest.mark.parametrize(
    ("op", "sign"),
    [
        *[("+", "+"), ("-", "−"), ("*", "×"), ("/", "÷"), ("neg", "−x"), ("sigmoid", "σ"), ("**", "xʸ")],
        *[("**3", "x³"), ("**-0.5", "x⁻⁰·⁵"), ("**1e-07", "x^1e-07"), ("**inf", "x^inf")],
        *[("abs", "|x|"), ("a_rule_with_quite_a_name", "a_rule_w…")],
        *[(name, name) for name in ("relu", "tanh", "exp", "log", "dot", "mean", "softplus")],
    ],
)
def test_operations_have_their_sign(op, sign):
    root = apply(lambda x: (x, (1.0,)), Value(1.0), op=op)
    drawing = draw_graph(root)
    assert cards.operation_sign(op) == sign
    assert any(text.text == sign for text in read(drawing.svg).iter(f"{SVG}text"))
    left, _, right, _ = rectangle(parts(drawing, "badge")[0])
    assert right - left >= 0.6 * 12 * len(sign) + 6


@pytest.mark.parametrize("direction", ["right", "down"])
def test_an_operation_stands_between_its_inputs(direction):
    placed = boxes(draw_graph(Value(1.0, label="a") * Value(2.0, label="b"), direction=direction), direction)
    a, b, product = ((card[1] + card[3]) / 2 for card, *_ in placed)
    assert a < product < b
    assert product == pytest.approx((a + b) / 2, abs=0.2)


def test_a_long_edge_is_straight():
    x = Value(0.5, label="x")
    y = x
    for _ in range(6):
        y = y.tanh()
    long = max(edges(draw_graph(y + x)), key=lambda points: points[-1][0] - points[0][0])
    middle = [y for x, y in long if long[0][0] + 100 < x < long[-1][0] - 50]
    assert len(middle) > 100
    assert max(middle) - min(middle) < 0.3


def test_steep_edges_get_so_much_room_and_no_more():
    first, *_ = edges(draw_graph(mean([Value(1.0) for _ in range(60)])))
    assert first[-1][0] - first[0][0] == pytest.approx(160.0)


def test_a_chain_is_a_straight_line():
    x = Value(0.5, label="x")
    for _ in range(10):
        x = x.tanh()
    heights = {round(y, 1) for points in edges(draw_graph(x)) for _, y in points}
    assert len(heights) == 1
