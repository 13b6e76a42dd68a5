"""The picture of a graph: what it shows, that nothing overlaps, and that it is the same every time."""

from __future__ import annotations

import itertools
import math
import os
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from micrograd_numpy import Value, backprop, draw_graph, graph
from micrograd_numpy.value import apply, dot, mean

SVG = "{http://www.w3.org/2000/svg}"


# ------------------------------------------------------------------ graphs to draw


def square():
    x = Value(3.0, label="x")
    return x * x


def product_and_sum():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    return a * b + a


def readme():
    a, b = Value(-4.0, label="a"), Value(2.0, label="b")
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.label = "g"
    return g


def neuron():
    x = [Value(2.0, label="x1"), Value(0.0, label="x2")]
    w = [Value(-3.0, label="w1"), Value(1.0, label="w2")]
    return (x[0] * w[0] + x[1] * w[1] + Value(6.8813735870195432, label="b")).tanh()


def mlp():
    """A 4-4-1 network on one sample, each neuron a `dot`."""
    rng = random.Random(0)
    values = [Value(rng.uniform(-1, 1), label=f"x{i}") for i in range(4)]
    for count in (4, 1):
        weights = [[Value(rng.uniform(-1, 1), label="w") for _ in values] for _ in range(count)]
        values = [(dot(row, values) + Value(0.0, label="b")).tanh() for row in weights]
    return (values[0] - 1.0) ** 2


def diamonds():
    x = Value(1.0, label="x")
    for _ in range(6):
        x = x.tanh() + x.exp()
    return x


def fan():
    """One leaf that is used at every depth: long edges."""
    x = Value(0.5, label="x")
    y = x
    for _ in range(8):
        y = y * x
    return y


def repeated():
    x, y = Value(2.0, label="x"), Value(1.0)
    return dot([x, x, y, x], [x, y, x, x]) + mean([x, x, x])


def leaf():
    return Value(1.0, label="alone")


def random_dag(seed):
    rng = random.Random(seed)
    values = [Value(rng.uniform(-2, 2), label=f"v{i}") for i in range(rng.randint(1, 6))]
    for _ in range(rng.randint(5, 45)):
        a, b = rng.choice(values[-8:]), rng.choice(values)
        made = rng.choice(
            [lambda a, b: a * b, lambda a, b: a - b, lambda a, _: a.tanh(), lambda a, b: dot([a, b], [b, a])]
        )
        values.append(made(a, b))
        if rng.random() < 0.2:
            values[-1].label = "n" * rng.randint(1, 20)
    root = values[-1]
    for value in values[-4:-1]:
        root = root + value
    return root


GRAPHS = [square, product_and_sum, readme, neuron, mlp, diamonds, fan, repeated, leaf]
GRAPHS += [pytest.param(lambda seed=seed: random_dag(seed), id=f"dag{seed}") for seed in range(12)]


# ------------------------------------------------------------------ reading a picture


def parsed(drawing):
    return ET.fromstring(drawing.svg)  # noqa: S314  # we wrote it ourselves


def parts(drawing, name):
    return [element for element in parsed(drawing).iter() if element.get("data-part") == name]


def rectangle(element, keys=("x", "y", "width", "height")):
    x, y, width, height = (float(element.get(key)) for key in keys)
    return x, y, x + width, y + height


def boxes(drawing, direction="right"):
    """The rectangles (card, then badge if there is one) of each node, turned so that edges run to the right."""
    keys = ("x", "y", "width", "height") if direction == "right" else ("y", "x", "height", "width")
    return [[rectangle(rect, keys) for rect in node.iter(f"{SVG}rect")] for node in parts(drawing, "node")]


def walk(d, steps=24):
    """Points along an edge without its arrowhead."""
    body, head = d.split("m", 1)
    assert head
    points = []
    for command, numbers in re.findall(r"([MCHV])([^MCHV]+)", body):
        values = [float(number) for number in numbers.split()]
        if command == "M":
            assert not points or points[-1] == tuple(values)  # no jumps
            points.append((values[0], values[1]))
        elif command in "HV":
            points.append((values[0], points[-1][1]) if command == "H" else (points[-1][0], values[0]))
        else:
            corners = [points[-1], *zip(values[::2], values[1::2])]
            for t in (i / steps for i in range(1, steps + 1)):
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                points.append(tuple(sum(w * corner[axis] for w, corner in zip(weights, corners)) for axis in (0, 1)))
    return points


def edges(drawing, direction="right"):
    """The points along each edge, turned so that it runs to the right."""
    turn = 1 if direction == "right" else -1
    return [[point[::turn] for point in walk(edge.get("d"))] for edge in parts(drawing, "edge")]


def inputs_of(root):
    nodes = backprop.topological_sort(root)
    number = {node: i for i, node in enumerate(nodes)}
    return nodes, [[number[source] for source in node._prev] for node in nodes]


# ------------------------------------------------------------------ what the picture shows


@pytest.mark.parametrize("make", GRAPHS)
def test_every_node_and_every_edge_is_drawn_once(make):
    root = make()
    nodes, inputs = inputs_of(root)
    drawing = draw_graph(root)
    assert (drawing.nodes, drawing.edges) == (len(nodes), sum(map(len, inputs)))
    assert len(parts(drawing, "card")) == len(nodes)
    assert len(parts(drawing, "edge")) == drawing.edges
    kinds = [node.get("data-kind") for node in parts(drawing, "node")]
    assert kinds == ["operation" if node._prev else "leaf" for node in nodes]
    assert len(parts(drawing, "badge")) == kinds.count("operation")


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
    svg = parsed(drawing)
    _, _, width, height = map(float, svg.get("viewBox").split())
    assert (svg.get("width"), svg.get("height")) == (f"{width:.0f}", f"{height:.0f}")
    if direction == "down":
        width, height = height, width
    shift = graph.MARGIN  # the group is moved by this, across the edges
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


def test_numbers_and_names_are_written():
    root = readme()
    root.backward()
    drawing = draw_graph(root)
    texts = ["".join(node.itertext()) for node in parts(drawing, "node")]
    nodes, _ = inputs_of(root)
    a, b = (next(i for i, node in enumerate(nodes) if node.label == name) for name in "ab")
    assert "138.8" in texts[a]
    assert "645.6" in texts[b]
    assert "data24.7grad1" in texts[-1]
    assert "root" in texts[-1]
    assert repr(root.data) in texts[-1]  # all digits, where the mouse rests
    assert sum("root" in text for text in texts) == 1


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


def test_a_picture_before_backward_shows_gradients_as_they_are():
    root = product_and_sum()
    before = draw_graph(root).svg
    assert all(node.grad == 0.0 for node in inputs_of(root)[0])
    root.backward()
    after = draw_graph(root).svg
    assert before != after
    assert [node.grad for node in inputs_of(root)[0]] == [4.0, 2.0, 1.0, 1.0]  # drawing changes nothing


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


def test_the_picture_has_words():
    root = product_and_sum()
    root.label = "c"
    root.backward()
    svg = parsed(draw_graph(root))
    assert svg.get("role") == "img"
    assert [part.tag for part in svg[:2]] == [f"{SVG}title", f"{SVG}desc"]
    assert svg[0].text == "The graph of c"
    assert svg[1].text == (
        "A graph of 4 values, inputs first, the root last. "
        "a, leaf: data 2, grad 4. b, leaf: data 3, grad 2. "
        "value 3, * of a, b: data 6, grad 1. c, + of value 3, a: data 8, grad 1."
    )


def test_the_words_of_a_large_picture_stay_short():
    root = sum((Value(float(i)) for i in range(100)), Value(0.0))  # 101 leaves, 100 sums
    words = parsed(draw_graph(root))[1].text
    assert "201 values" in words
    assert words.count("grad") == 40


def test_the_picture_has_a_light_ground_and_shrinks_on_a_phone():
    svg = parsed(draw_graph(readme()))
    ground = svg[2]
    assert ground.get("fill") == "#fbfbf9"
    assert ground.get("rx")
    assert (ground.get("width"), ground.get("height")) == (svg.get("width"), svg.get("height"))
    assert "max-width:100%" in svg.get("style")


# ------------------------------------------------------------------ labels and numbers of all kinds


@pytest.mark.parametrize(
    "label",
    [
        "a<b & \"c\" 'd'",
        "]]>",
        "<script>",
        "μ²",
        "数学",
        "two\nlines",
        "nul\x00 esc\x1b[0m",
        "lone \ud800",
        "\u202eright to left",
        "%s {x}",
    ],
)
def test_any_label_gives_a_good_file(label, tmp_path):
    root = Value(1.0, label=label) * Value(2.0, label=label)
    root.label = label
    drawing = draw_graph(root)
    svg = parsed(drawing)
    shown = "".join(c if c.isprintable() else " " for c in label).strip()
    labels = [
        text.text for text in svg.iter(f"{SVG}text") if text.get("font-weight") == "600" and not text.get("text-anchor")
    ]
    assert labels == [graph.clipped(shown)] * 3
    drawing.save(tmp_path / "g.svg")  # can be encoded
    drawing.save(tmp_path / "g.dot")
    assert (tmp_path / "g.svg").read_text(encoding="utf-8") == drawing.svg


@pytest.mark.parametrize("label", ["x" * 15, "W" * 500, "宽" * 40, "a b " * 50])
def test_long_labels_are_cut(label):
    root = Value(1.0, label=label)
    card = rectangle(parts(draw_graph(root), "card")[0])
    assert card[2] - card[0] < 160
    short = graph.clipped(label)
    assert len(short) < 25
    assert short == label or short.endswith("…")
    assert label.startswith(short.rstrip("…"))


@pytest.mark.parametrize("label", [None, "", 7])
def test_labels_that_are_no_text(label):
    root = Value(1.0, label="x").exp()
    root.label = label
    assert len(parts(draw_graph(root), "node")) == 2


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
def test_every_number_fits_its_card(number, text):
    node = Value(number, label="x").tanh()
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
        *[(name, name) for name in ("relu", "tanh", "exp", "log", "dot", "mean", "softplus")],
    ],
)
def test_operations_have_their_sign(op, sign):
    root = apply(lambda x: (x, (1.0,)), Value(1.0), op=op)
    drawing = draw_graph(root)
    assert graph.operation_sign(op) == sign
    assert any(text.text == sign for text in parsed(drawing).iter(f"{SVG}text"))
    left, _, right, _ = rectangle(parts(drawing, "badge")[0])
    assert right - left >= 0.6 * 12 * len(sign) + 6


def test_a_long_operation_name_is_cut():
    root = apply(lambda x: (x, (1.0,)), Value(1.0), op="a_rule_with_quite_a_name")
    left, _, right, _ = rectangle(parts(draw_graph(root), "badge")[0])
    assert right - left < 100


# ------------------------------------------------------------------ the steps of the layout


@pytest.mark.parametrize("make", GRAPHS)
def test_layers_are_longest_paths_to_the_root(make):
    _, inputs = inputs_of(make())
    layers = graph.layers_of(inputs)
    users = [[node for node, sources in enumerate(inputs) if i in sources] for i in range(len(inputs))]
    assert (min(layers), max(layers)) == (0, layers[-1])
    assert all(layers[i] == min(layers[user] for user in users[i]) - 1 for i in range(len(inputs) - 1))


@pytest.mark.parametrize("make", GRAPHS)
def test_routes_visit_every_layer_once(make):
    _, inputs = inputs_of(make())
    layers = graph.layers_of(inputs)
    routes = graph.route_edges(inputs, layers)
    assert [(route[0], route[-1]) for route in routes] == [(s, i) for i, sources in enumerate(inputs) for s in sources]
    owner = {}
    for route in routes:
        assert [layers[item] for item in route] == list(range(layers[route[0]], layers[route[-1]] + 1))
        for item in route[1:-1]:
            assert item >= len(inputs)
            assert owner.setdefault(item, route[0]) == route[0]  # shared by the edges of one node only
    assert len(layers) == len(inputs) + len(owner)


def brute_crossings(rows, links):
    place = {item: i for row in rows for i, item in enumerate(row)}
    total = 0
    for between in links:
        ends = [(place[a], place[b] + port) for a, b, port in between]
        total += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in itertools.combinations(ends, 2))
    return total


@pytest.mark.parametrize("seed", range(20))
def test_crossings_are_counted_right_and_never_grow(seed):
    rng = random.Random(seed)
    sizes = [rng.randint(1, 9) for _ in range(4)]
    numbers = iter(range(sum(sizes)))
    rows = [list(itertools.islice(numbers, size)) for size in sizes]
    links = [
        [(rng.choice(left), rng.choice(right), rng.choice([-0.25, 0.0, 0.25])) for _ in range(rng.randint(1, 25))]
        for left, right in itertools.pairwise(rows)
    ]
    before = [list(row) for row in rows]
    assert graph.count_crossings(rows, links) == brute_crossings(rows, links)
    ordered = graph.order_rows(rows, links)
    assert rows == before  # the argument is left alone
    assert [sorted(row) for row in ordered] == rows
    assert brute_crossings(ordered, links) <= brute_crossings(rows, links)


def test_a_tree_is_drawn_without_crossings():
    rng = random.Random(3)
    values = [Value(1.0) for _ in range(16)]
    while len(values) > 1:
        values = [left * right for left, right in zip(values[::2], values[1::2])]
    _, inputs = inputs_of(values[0])
    layers = graph.layers_of(inputs)
    rows = [[i for i, layer in enumerate(layers) if layer == k] for k in range(5)]
    links = [[(s, i, 0.0) for i in rows[k + 1] for s in inputs[i]] for k in range(4)]
    shuffled = [rng.sample(row, len(row)) for row in rows]
    assert graph.count_crossings(shuffled, links) > 20
    assert graph.count_crossings(graph.order_rows(shuffled, links), links) == 0


def test_the_readme_expression_has_the_crossings_that_the_chapter_says(monkeypatch):
    seen = []
    order = graph.order_rows

    def spy(rows, links):
        ordered = order(rows, links)
        seen.append((brute_crossings(rows, links), brute_crossings(ordered, links)))
        return ordered

    monkeypatch.setattr(graph, "order_rows", spy)
    draw_graph(readme())
    assert seen == [(42, 18)]


@pytest.mark.parametrize("seed", range(20))
def test_keep_apart_is_the_least_squares_answer(seed):
    rng = random.Random(seed)
    n = rng.randint(1, 12)
    wishes = [rng.uniform(-100, 100) for _ in range(n)]
    pulls = [rng.choice([1.0, 2.0, 8.0]) for _ in range(n)]
    distances = [rng.uniform(5, 60) for _ in range(n - 1)]
    y = graph.keep_apart(wishes, pulls, distances)
    slack = [below - above - distance for above, below, distance in zip(y, y[1:], distances)]
    assert all(s > -1e-9 for s in slack)
    # The conditions of Karush, Kuhn and Tucker: the forces between items that touch push them apart, and balance.
    force = 0.0
    for i in range(n):
        force += pulls[i] * (y[i] - wishes[i])
        if i == n - 1 or slack[i] > 1e-9:
            assert force == pytest.approx(0, abs=1e-6)
        else:
            assert force < 1e-6


def test_keep_apart_leaves_good_wishes_alone():
    assert graph.keep_apart([0.0, 70.0, 200.0], [1.0, 1.0, 1.0], [60.0, 60.0]) == [0.0, 70.0, 200.0]


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


def test_a_chain_is_a_straight_line():
    x = Value(0.5, label="x")
    for _ in range(10):
        x = x.tanh()
    heights = {round(y, 1) for points in edges(draw_graph(x)) for _, y in points}
    assert len(heights) == 1


# ------------------------------------------------------------------ the same every time, at any size


def test_the_picture_is_the_same_in_every_process():
    code = (
        "import test_graph as t\n"
        "from micrograd_numpy import draw_graph\n"
        "import hashlib\n"
        "for make in (t.readme, t.mlp, t.diamonds, lambda: t.random_dag(5)):\n"
        "    d = draw_graph(make(), local_derivatives=True)\n"
        "    print(hashlib.sha256((d.svg + d.dot).encode()).hexdigest())\n"
    )
    here = Path(__file__).resolve().parent
    path = os.pathsep.join([str(here), str(here.parent)])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "123")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == 4


def test_too_many_nodes_are_refused_with_their_number():
    root = Value(0.0)
    for _ in range(150):
        root = root + 1.0  # two more nodes each time
    with pytest.raises(ValueError, match=r"301 nodes, more than max_nodes=300.*one of the values inside"):
        draw_graph(root)
    assert draw_graph(root, max_nodes=301).nodes == 301
    assert draw_graph(root._prev[0]).nodes == 299


class Counted:
    """A node that counts how often somebody asks for its inputs."""

    __slots__ = ("inputs",)
    asked = 0
    data, grad, label, _op = 1.0, 0.0, "", "+"

    def __init__(self, inputs):
        self.inputs = inputs

    @property
    def _prev(self):
        Counted.asked += 1
        return self.inputs


def counted_chain(n):
    root = Counted(())
    for _ in range(n - 1):
        root = Counted((root,))
    return root


def counted_diamonds(n):
    root = Counted(())
    for _ in range(n - 1):
        root = Counted((root, root))
    return root


def counted_fan(n):
    leaf = Counted(())
    return Counted(tuple(Counted((leaf, leaf)) for _ in range(n - 2)))


@pytest.mark.parametrize("shape", [counted_chain, counted_diamonds, counted_fan])
def test_a_large_graph_is_refused_after_one_look_at_each_node(shape, monkeypatch):
    """A chain of a million is in test_backprop.py."""
    root = shape(5000)
    Counted.asked = 0

    def never(*_):
        raise AssertionError("a graph that is refused must not be laid out")

    monkeypatch.setattr(graph, "lay_out", never)
    with pytest.raises(ValueError, match="this graph has 5000 nodes"):
        draw_graph(root)
    assert Counted.asked <= 5000 + 2


def test_a_deep_graph_needs_no_recursion():
    root = Value(1.0)
    for _ in range(1500):
        root = -root
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        drawing = draw_graph(root, max_nodes=2000)
    finally:
        sys.setrecursionlimit(limit)
    assert drawing.nodes == 1501


def test_nodes_of_another_class_can_be_drawn():
    drawing = draw_graph(Counted((Counted(()), Counted(()))))
    assert (drawing.nodes, drawing.edges) == (3, 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (3.0, "got float"),
        (None, "got NoneType"),
        ("c", "got str"),
        ([Value(1.0)], "got list: draw one of its elements"),
    ],
)
def test_what_is_no_value_is_refused(wrong, message):
    with pytest.raises(TypeError, match=f"draws the graph behind one Value, but {message}"):
        draw_graph(wrong)


def test_another_direction_is_refused():
    with pytest.raises(ValueError, match="direction is 'right' or 'down', but got 'up'"):
        draw_graph(square(), direction="up")


# ------------------------------------------------------------------ files


def test_jupyter_and_repr():
    drawing = draw_graph(square())
    assert drawing._repr_svg_() is drawing.svg
    assert repr(drawing) == "Drawing(nodes=2, edges=2)"


@pytest.mark.parametrize(("name", "what"), [("g.svg", "svg"), ("g.SVG", "svg"), ("g.dot", "dot"), ("g.gv", "dot")])
def test_save(tmp_path, name, what):
    root = product_and_sum()
    root.label = "σ"
    drawing = draw_graph(root)
    drawing.save(tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8") == getattr(drawing, what)
    drawing.save(str(tmp_path / name))


@pytest.mark.parametrize("name", ["g.png", "g", "svg"])
def test_save_refuses_other_files(tmp_path, name):
    with pytest.raises(ValueError, match=r"save writes \.svg, \.dot or \.gv, but got"):
        draw_graph(square()).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", GRAPHS)
def test_dot_is_well_formed_and_complete(make):
    root = make()
    nodes, inputs = inputs_of(root)
    lines = draw_graph(root, local_derivatives=True).dot.splitlines()
    assert (lines[0], lines[-1]) == ("digraph {", "}")
    text = r'"(?:[^"\\]|\\.)*"'
    written = [line for line in lines if re.fullmatch(rf"  n\d+ \[label={text}\]", line)]
    arrows = [re.fullmatch(rf"  n(\d+) -> n(\d+) \[label={text}\]", line) for line in lines]
    found = [(int(match[1]), int(match[2])) for match in arrows if match]
    assert len(written) == len(nodes)
    assert found == [(source, i) for i, sources in enumerate(inputs) for source in sources]
    assert len(lines) == 4 + len(written) + len(found)


def test_dot_escapes_quotes_and_backslashes():
    dot = draw_graph(Value(1.0, label='a "b" \\')).dot
    assert '  n0 [label="a \\"b\\" \\\\\\ndata 1\\ngrad 0"]' in dot.splitlines()
