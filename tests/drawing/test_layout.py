"""The layered layout: columns, ways, order and heights, each held against its definition."""

from __future__ import annotations

import itertools
import random

import pytest

from micrograd_numpy import Value, draw_graph
from micrograd_numpy.drawing import layout
from tests.drawing.pictures import GRAPHS, inputs_of, readme


@pytest.mark.parametrize("make", GRAPHS)
def test_layers_are_longest_paths_to_the_root(make):
    _, inputs = inputs_of(make())
    layers = layout.layers_of(inputs)
    users = [[node for node, sources in enumerate(inputs) if i in sources] for i in range(len(inputs))]
    assert (min(layers), max(layers)) == (0, layers[-1])
    assert all(layers[i] == min(layers[user] for user in users[i]) - 1 for i in range(len(inputs) - 1))


@pytest.mark.parametrize("make", GRAPHS)
def test_routes_visit_every_layer_once(make):
    _, inputs = inputs_of(make())
    layers = layout.layers_of(inputs)
    routes = layout.route_edges(inputs, layers)
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


def random_rows(seed):
    rng = random.Random(seed)
    sizes = [rng.randint(1, 9) for _ in range(4)]
    numbers = iter(range(sum(sizes)))
    rows = [list(itertools.islice(numbers, size)) for size in sizes]
    links = [
        [(rng.choice(left), rng.choice(right), rng.choice([-0.25, 0.0, 0.25])) for _ in range(rng.randint(1, 25))]
        for left, right in itertools.pairwise(rows)
    ]
    return rows, links


@pytest.mark.parametrize("seed", range(20))
def test_crossings_are_counted_right_and_never_grow(seed):
    rows, links = random_rows(seed)
    before = [list(row) for row in rows]
    assert layout.count_crossings(rows, links) == brute_crossings(rows, links)
    ordered = layout.order_rows(rows, links)
    assert rows == before  # the argument is left alone
    assert [sorted(row) for row in ordered] == rows
    assert brute_crossings(ordered, links) <= brute_crossings(rows, links)


def test_so_many_crossings_are_left_as_ever():
    """How good the order is shows in the sum over many graphs."""
    graphs = [random_rows(seed) for seed in range(60)]
    assert sum(layout.count_crossings(layout.order_rows(rows, links), links) for rows, links in graphs) == 2662


def test_an_order_is_given_up_only_for_a_better_one():
    rows = [[0, 1, 2], [3]]
    assert layout.order_rows(rows, [[(2, 3, 0.0)]]) == rows


def test_a_tree_is_drawn_without_crossings():
    rng = random.Random(3)
    values = [Value(1.0) for _ in range(16)]
    while len(values) > 1:
        values = [left * right for left, right in zip(values[::2], values[1::2])]
    _, inputs = inputs_of(values[0])
    layers = layout.layers_of(inputs)
    rows = [[i for i, layer in enumerate(layers) if layer == k] for k in range(5)]
    links = [[(s, i, 0.0) for i in rows[k + 1] for s in inputs[i]] for k in range(4)]
    shuffled = [rng.sample(row, len(row)) for row in rows]
    assert layout.count_crossings(shuffled, links) > 20
    assert layout.count_crossings(layout.order_rows(shuffled, links), links) == 0


def test_the_readme_expression_has_the_crossings_that_the_chapter_says(monkeypatch):
    seen = []
    order = layout.order_rows

    def spy(rows, links):
        ordered = order(rows, links)
        seen.append((brute_crossings(rows, links), brute_crossings(ordered, links)))
        return ordered

    monkeypatch.setattr(layout, "order_rows", spy)
    draw_graph(readme())
    assert seen == [(42, 18)]


@pytest.mark.parametrize("seed", range(20))
def test_keep_apart_is_the_least_squares_answer(seed):
    rng = random.Random(seed)
    n = rng.randint(1, 12)
    wishes = [rng.uniform(-100, 100) for _ in range(n)]
    pulls = [rng.choice([1.0, 2.0, 8.0]) for _ in range(n)]
    distances = [rng.uniform(5, 60) for _ in range(n - 1)]
    y = layout.keep_apart(wishes, pulls, distances)
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
    assert layout.keep_apart([0.0, 70.0, 200.0], [1.0, 1.0, 1.0], [60.0, 60.0]) == [0.0, 70.0, 200.0]
