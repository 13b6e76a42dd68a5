"""The stepper: its picture, its data, and JavaScript's rules against Python's."""

from __future__ import annotations

import json
import math
import random
import re
from pathlib import Path

import numpy as np
import pytest

from micrograd_numpy import Value, draw_graph, losses, ops, topological_sort, vectorize
from micrograd_numpy.compiler.symbols import ELEMENTARY
from micrograd_numpy.drawing.svg import shown
from micrograd_numpy.figures import stepper
from micrograd_numpy.figures.stepper import as_steps, rule_lines
from micrograd_numpy.value import apply, dot, mean, total
from tests.figures import SVG, bits, carried, javascript, read
from tests.tables.catalogue import EXPRESSIONS, FUNCTIONS, Function, errors, rounding, sin
from tests.tables.edges import BINARY, EDGES, UNARY


def test_the_data_are_those_that_are_stored(stored):
    a, b = Value(2.0, label="a"), Value(-0.5, label="two words")
    root = (dot([a, b], [b, a]) ** 2 + (b / a).relu() - apply(cube, a) * apply(over_lines, b)) * a / b
    figure = stepper(root)
    rows = [json.dumps(row) for table in figure.data.values() for row in table]
    stored("stepper.txt", "\n".join([repr(figure), *rows]))


# ------------------------------------------------------------------ JavaScript's rules and numbers


def check_rules(cases: list[tuple[ops.Rule, tuple[float, ...]]], exact: bool) -> None:
    """Compare rules, as they tell themselves to the page, at inputs."""
    told = [[as_steps(rule, len(inputs)), inputs] for rule, inputs in cases]
    answers = javascript("ruleOf(x[0])(...x[1].map(number)).flat()", *told)
    for (rule, inputs), theirs in zip(cases, answers, strict=True):
        result, local = rule(*inputs)
        for ours, text in zip((result, *local), theirs, strict=True):
            other = float(text)
            close = not exact and math.isclose(ours, other, rel_tol=1e-14, abs_tol=5e-324)
            assert bits(ours) == bits(other) or close, (rule, inputs, ours, other)


@pytest.mark.parametrize("operation", [*UNARY, *BINARY], ids=str)
def test_every_rule_agrees_at_every_edge(operation):
    points = [(a,) for a in EDGES] if operation in UNARY else [(a, b) for a in EDGES for b in EDGES]
    exact = operation.rule in {ops.add, ops.sub, ops.neg, ops.mul, ops.div, ops.relu, ops.abs}
    check_rules([(operation.rule, point) for point in points], exact)


def test_rules_of_lists_agree():
    rng = random.Random(0)
    inputs = [tuple(rng.choice([*EDGES, rng.gauss(0, 1)]) for _ in range(n)) for n in (1, 2, 3, 4, 8, 20) * 60]
    check_rules([(rule, x) for x in inputs for rule in (ops.mean, ops.total)], exact=True)
    check_rules([(ops.dot, x) for x in inputs if len(x) % 2 == 0], exact=True)


def test_rules_agree_between_the_edges():
    rng = random.Random(1)
    cases = []
    for _ in range(300):
        a, b = rng.uniform(-30, 30), rng.uniform(-4, 4)
        cases += [(rule, (a,)) for rule in (ops.exp, ops.log, ops.tanh, ops.sigmoid)]
        cases += [(ops.pow, (abs(a), b)), (ops.power(b), (abs(a),))]
        cases += [(losses.logit_cross_entropy, (a, 0.25)), (losses.cross_entropy, (abs(a) / 30, 0.25))]
    check_rules(cases, exact=False)


def test_the_page_knows_every_function_that_a_rule_may_ask_for():
    rules = [{"steps": [[name, 0]], "result": 1, "slopes": []} for name in sorted(ELEMENTARY)]
    answers = javascript("ruleOf(x)(0.5)[0]", *rules)
    with np.errstate(invalid="ignore"):
        theirs = [float(getattr(np, name)(0.5)) for name in sorted(ELEMENTARY)]
    for name, ours, their in zip(sorted(ELEMENTARY), answers, theirs, strict=True):
        assert float(ours) == pytest.approx(their, rel=1e-14, nan_ok=True), name


def test_numbers_are_written_alike():
    rng = random.Random(0)
    numbers = EDGES + [rng.gauss(0, 1) * 10 ** rng.randint(-12, 12) for _ in range(500)]
    numbers += [9999.5, 9999.4999, 0.99995, 1e-5, 0.0001, 0.00099996, 123456.0, 1000.0, 10.0]
    assert javascript("shown(number(x))", *numbers) == [shown(x) for x in numbers]


# ------------------------------------------------------------------ what the steps compute


def build(function: Function, point: tuple[float, ...]) -> Value:
    """The function's graph at a point, its inputs labelled."""
    return function.f(*(Value(x, label=name) for x, name in zip(point, "ab")))


def data_of(root: Value, **options: object) -> dict:
    return carried(stepper(root, **options).svg)["data"]


def test_what_is_typed_is_read_as_python_reads_it():
    right = ["0", "-0", "1.5", " +2 ", ".5", "7.", "1e3", "-2E-3", "1e40", "5e-324", "1e-400", "0.1"]
    assert [bits(float(found["x"])) for found in javascript("typed(x)", *right)] == [
        bits(float(text)) for text in right
    ]
    (comma, minus) = javascript("typed(x).x", "1,5", "−3")
    assert (comma, minus) == (1.5, -3)
    wrong = ["", "abc", "nan", "inf", "1e400", "-1e309", "1,000", "12,500", "1,5,2"]
    wrong += ["1 000", "0x10", "1_000", "--1", "e5"]
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
    root = apply(sin, x * y) * z
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
        assert data["rules"][row["rule"]] == as_steps(root._rule, len(root._prev))
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


def test_the_rule_counts_and_not_what_the_operation_is_called():
    a = Value(2.0, label="a")
    for op in ("tanh", "*", "**2", "**nobody"):
        data = data_of(apply(sin, a, op=op))
        assert "rule" not in data["nodes"][-1]
        assert data["sources"][0]["name"] == "sin"


def test_a_leaf_that_was_moved_after_all_was_computed_is_shown_as_it_is():
    a = Value(2.0, label="a")
    root = a * 3.0
    a.data = 5.0
    assert [row["data"] for row in data_of(root)["nodes"]] == [5.0, 3.0, 6.0]


def test_a_batch_has_no_rule_to_show():
    w = Value(2.0, label="w")
    batch = vectorize(lambda x: w * x)([1.0, 3.0])
    row = data_of(batch * 2.0)["nodes"][1]
    assert (row["op"], "rule" in row, "source" in row) == ("batch", False, False)


def cube(a):
    return a * a * a, (3.0 * a * a,)


def test_rules_of_your_own_show_their_lines_and_are_computed_in_the_page_if_they_tell_how():
    x = Value(0.5, label="x")
    data = data_of(apply(sin, x) + apply(cube, x))
    sources = {row["name"]: data["sources"][row["source"]] for row in data["nodes"] if "source" in row}
    assert {name: source["name"] for name, source in sources.items()} == {
        "sin(x)": "sin", "cube(x)": "cube", "v4": "ops.add",
    }  # fmt: skip
    assert sources["sin(x)"]["arguments"] == ["a"]
    assert ["rule" in row for row in data["nodes"]] == [False, False, True, True]


def undocumented(a):
    return (a, (1.0,)) if a > 0 else half_of(a)


def half_of(a):
    result = (a / 2, (0.5,))
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
    assert rule_lines(lambda a: (a, (1.0,))) is None
    assert rule_lines(OwnRule) is None
    assert rule_lines(OwnRule())["name"] == "OwnRule"
    by = rule_lines(half_of)
    assert by["lines"] == ["result = (a / 2, (0.5,))", "half_of.called = True", "return result"]
    assert by["marks"] == []
    assert marked(undocumented, "data") == ["a"]
    assert (marked(over_lines, "data"), marked(over_lines, "grad")) == ([], ["(1.0,)"])


def test_what_nodes_are_called():
    a, b = Value(2.0, label="a"), Value(3.0, label="two words")
    names = [row["name"] for row in data_of((a * b + a.tanh()) / a)["nodes"]]
    assert names == ["a", "two words", "a*(two words)", "tanh(a)", "v5", "v5/a"]
    assert [row["name"] for row in data_of(mean([Value(1.0), a]))["nodes"]] == ["v1", "a", "mean(v1, a)"]
    assert [row["name"] for row in data_of(a**3)["nodes"]] == ["a", "v2"]
    assert [data_of(root)["nodes"][-1]["name"] for root in (a - a, a**a)] == ["a-a", "a**a"]
    long = [data_of(Value(1.0, label="x" * letters).tanh())["nodes"][1]["name"] for letters in (8, 9)]
    assert long == ["tanh(xxxxxxxx)", "v2"]


def test_a_root_that_is_a_leaf():
    figure = stepper(Value(3.0, label="x"))
    assert figure.data == {"nodes": [{"name": "x", "data": 3.0}], "sources": [], "rules": []}
    assert figure.alt == "The graph of x in 1 value, to step through, forward and backward."
    (steps,) = javascript("trace(nodesOf(x))", figure.data)
    assert [step["grads"] for step in steps] == [[0], [1]]


def test_a_graph_has_up_to_60_nodes_or_as_many_as_are_asked_for():
    chain = [Value(1.0)]
    for _ in range(300):
        chain.append(-chain[-1])
    assert len(stepper(chain[59]).data["nodes"]) == 60
    assert len(stepper(chain[300], max_nodes=301).data["nodes"]) == 301
    with pytest.raises(ValueError, match="61 nodes"):
        stepper(chain[60])


def test_a_deep_graph_is_refused_at_once():
    chain = Value(1.0)
    for _ in range(100_000):
        chain = chain + 1.0
    with pytest.raises(ValueError, match="200001 nodes"):
        stepper(chain)
