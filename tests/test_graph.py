"""The picture of a graph: what it shows, what it refuses, and the files that it writes."""

from __future__ import annotations

import re
import sys

import pytest

from micrograd_numpy import Value, draw_graph, graph
from micrograd_numpy.drawing.svg import clipped
from tests.drawing.pictures import GRAPHS, inputs_of, parts, product_and_sum, readme, square
from tests.figures import SVG, read
from tests.test_backprop import chain_of, diamonds_of, fan_of

# ------------------------------------------------------------------ what the picture shows


@pytest.mark.parametrize(
    ("name", "options"), [("right", {}), ("down", {"direction": "down", "local_derivatives": True, "room": 6})]
)
def test_a_picture_looks_as_it_did(name, options, stored):
    root = product_and_sum()
    root.backward()
    drawing = draw_graph(root, **options)
    stored(f"graph_{name}.svg", drawing.svg)
    stored(f"graph_{name}.dot", drawing.dot)


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


def test_a_picture_before_backward_shows_gradients_as_they_are():
    root = product_and_sum()
    before = draw_graph(root).svg
    assert all(node.grad == 0.0 for node in inputs_of(root)[0])
    root.backward()
    after = draw_graph(root).svg
    assert before != after
    assert [node.grad for node in inputs_of(root)[0]] == [4.0, 2.0, 1.0, 1.0]  # drawing changes nothing


def test_the_picture_has_words():
    root = product_and_sum()
    root.label = "c"
    root.backward()
    svg = read(draw_graph(root).svg)
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
    words = read(draw_graph(root).svg)[1].text
    assert words.startswith("A graph of 201 values, inputs first, the root last. The last 40 of them: value 162, ")
    assert words.count("grad") == 40
    nodes, inputs = inputs_of(root)
    assert "The last" not in graph.in_words(nodes[:40], inputs[:40])


def test_the_picture_has_a_light_ground_and_shrinks_on_a_phone():
    svg = read(draw_graph(readme()).svg)
    assert svg[2].get("fill") == "#fbfbf9"
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
    svg = read(drawing.svg)
    shown = "".join(c if c.isprintable() else " " for c in label).strip()
    labels = [
        text.text for text in svg.iter(f"{SVG}text") if text.get("font-weight") == "600" and not text.get("text-anchor")
    ]
    assert labels == [clipped(shown)] * 3
    drawing.save(tmp_path / "g.svg")  # can be encoded
    drawing.save(tmp_path / "g.dot")
    assert (tmp_path / "g.svg").read_text(encoding="utf-8") == drawing.svg


@pytest.mark.parametrize("label", [None, "", 7])
def test_labels_that_are_no_text(label):
    root = Value(1.0, label="x").exp()
    root.label = label
    assert len(parts(draw_graph(root), "node")) == 2


# ------------------------------------------------------------------ at any size


def test_too_many_nodes_are_refused_with_their_number():
    root = Value(0.0)
    for _ in range(150):
        root = root + 1.0  # two more nodes each time
    with pytest.raises(ValueError, match=r"301 nodes, more than max_nodes=300.*one of the values inside"):
        draw_graph(root)
    assert draw_graph(root, max_nodes=301).nodes == 301
    assert draw_graph(root._prev[0]).nodes == 299


@pytest.mark.parametrize("shape", [chain_of, diamonds_of, fan_of])
def test_a_large_graph_is_refused_after_one_look_at_each_node(shape, monkeypatch):
    """A chain of a million is in test_backprop.py."""
    nodes = shape(4000)
    for node in nodes:
        node.looked = 0

    def never(*_):
        raise AssertionError("a graph that is refused must not be laid out")

    monkeypatch.setattr(graph, "lay_out", never)
    with pytest.raises(ValueError, match=f"this graph has {len(nodes)} nodes"):
        draw_graph(nodes[-1])
    assert sum(node.looked for node in nodes) <= len(nodes) + 2


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


class Bare:
    """A node that is no Value."""

    data, grad, label, _op = 1.0, 0.0, "", "+"

    def __init__(self, *inputs):
        self._prev = inputs


def test_nodes_of_another_class_can_be_drawn():
    drawing = draw_graph(Bare(Bare(), Bare()))
    assert (drawing.nodes, drawing.edges) == (3, 2)


# ------------------------------------------------------------------ files


def test_the_chapter_passes_on_what_it_makes_and_what_it_shows():
    made = {name for name, thing in vars(graph).items() if getattr(thing, "__module__", "") == graph.__name__}
    assert made <= set(graph.__all__)
    assert all(hasattr(graph, name) for name in graph.__all__)


def test_jupyter_and_repr():
    drawing = draw_graph(square())
    assert drawing._repr_svg_() is drawing.svg
    assert repr(drawing) == "Drawing(nodes=2, edges=2)"
    with pytest.raises(AttributeError):
        drawing.svg = ""  # a picture is what it was drawn as


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
