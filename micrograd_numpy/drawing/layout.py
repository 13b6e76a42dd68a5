"""The layered layout: columns, ways, order and heights, in this order; no step revises an earlier one.

The method is Sugiyama's, Tagawa's and Toda's of 1981. The chapter on graphs shows it at work.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise, zip_longest

GAP = 14.0  # between neighbors in a layer, in pixels

# item on the left, item on the right, its port: -0.5 at the top to 0.5 at the bottom
Link = tuple[int, int, float]


def layers_of(inputs: Sequence[Sequence[int]]) -> list[int]:
    """Put the root in the last layer and every other node just left of its first use.

    Parameters
    ----------
    inputs : list of list of int
        The inputs of node 0, 1, ...; inputs come before outputs, the root last.

    Returns
    -------
    list of int
        Counted from the left. No edge stays inside a layer or runs to the left.
    """
    steps = [0] * len(inputs)  # of the longest path to the root
    for node in reversed(range(len(inputs))):
        for source in inputs[node]:
            steps[source] = max(steps[source], steps[node] + 1)
    return [max(steps) - count for count in steps]


def route_edges(inputs: Sequence[Sequence[int]], layers: list[int]) -> list[list[int]]:
    """List the items that each edge visits, one in every layer.

    An edge that is longer than one layer gets a waypoint in each layer it passes:
    a new item, whose layer is appended to `layers`. The edges of one node share
    their waypoints: they run together, then fork.
    """
    waypoints: dict[tuple[int, int], int] = {}
    routes = []
    for node, sources in enumerate(inputs):
        for source in sources:
            route = [source]
            for layer in range(layers[source] + 1, layers[node]):
                if (source, layer) not in waypoints:
                    waypoints[source, layer] = len(layers)
                    layers.append(layer)
                route.append(waypoints[source, layer])
            routes.append([*route, node])
    return routes


def count_crossings(rows: Sequence[Sequence[int]], links: Sequence[Sequence[Link]]) -> int:
    """Count the pairs of links that cross, if `rows[k]` is layer k from top to bottom and `links[k]` leaves it."""
    place = {item: i for row in rows for i, item in enumerate(row)}
    crossings = 0
    for between in links:
        passed: list[float] = []  # where the links that start above arrive, sorted
        for _, arrival in sorted((place[a], place[b] + port) for a, b, port in between):
            crossings += len(passed) - bisect_right(passed, arrival)
            insort(passed, arrival)
    return crossings


def order_rows(rows: list[list[int]], links: Sequence[Sequence[Link]], sweeps: int = 12) -> list[list[int]]:
    """Reorder each row so that fewer links cross: Sugiyama's barycenter sweeps, keeping the best result."""
    best, fewest = rows, count_crossings(rows, links)
    for sweep in range(sweeps):
        leftward = sweep % 2 == 0
        rows = list(rows)
        place = {item: float(i) for row in rows for i, item in enumerate(row)}
        for k in reversed(range(len(links))) if leftward else range(1, len(rows)):
            # where each item's neighbors are
            seen: dict[int, list[float]] = {item: [] for item in rows[k]}
            for a, b, port in links[k] if leftward else links[k - 1]:
                seen[a if leftward else b].append(place[b] + port if leftward else place[a])
            barycenter = {item: sum(at) / len(at) if at else place[item] for item, at in seen.items()}
            rows[k] = sorted(rows[k], key=barycenter.__getitem__)
            place.update((item, float(i)) for i, item in enumerate(rows[k]))
        crossings = count_crossings(rows, links)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def keep_apart(wishes: Sequence[float], pulls: Sequence[float], distances: Sequence[float]) -> list[float]:
    """Minimize Σ pull·(position - wish)² over positions with at least `distances[i]` between i and i + 1."""
    offsets = list(accumulate(distances, initial=0.0))
    blocks: list[tuple[float, float, int]] = []  # items that touch move as one: mean wish, pull, how many
    for wish, pull, offset in zip(wishes, pulls, offsets):
        mean, force, count = wish - offset, pull, 1
        while blocks and blocks[-1][0] > mean:  # the block above wants to be below this one: they join
            above, its_force, its_count = blocks.pop()
            mean = (above * its_force + mean * force) / (its_force + force)
            force, count = its_force + force, its_count + count
        blocks.append((mean, force, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets)]


def place_rows(
    rows: Sequence[Sequence[int]], links: Sequence[Sequence[Link]], heights: Sequence[float], rounds: int = 20
) -> list[float]:
    """Choose the vertical center of each item: near its neighbors, so that edges are short and straight.

    A waypoint has height 0; links between waypoints pull harder, which straightens long edges.
    """
    y = [0.0] * len(heights)
    for turn in range(rounds):
        leftward = turn % 2 == 0
        for k in reversed(range(len(rows))) if leftward else range(len(rows)):
            pulls = dict.fromkeys(rows[k], 1e-6)
            wishes = {item: 1e-6 * y[item] for item in rows[k]}
            for side in (k - 1, k) if turn > 1 else (k,) if leftward else (k - 1,):
                for a, b, _ in links[side] if 0 <= side < len(links) else ():
                    weight = (1.0 + 7 * (heights[a] == 0)) * (1 + 7 * (heights[b] == 0))
                    item, wish = (a, y[b]) if side == k else (b, y[a])
                    pulls[item] += weight
                    wishes[item] += weight * wish
            distances = [(heights[a] + heights[b]) / 2 + GAP for a, b in pairwise(rows[k])]
            means = [wishes[item] / pulls[item] for item in rows[k]]
            for item, at in zip(rows[k], keep_apart(means, list(pulls.values()), distances)):
                y[item] = at
    return y


@dataclass
class Layout:
    """Where everything goes. Items are the nodes 0, 1, ... and then the waypoints."""

    layers: list[int]  # of each item, from the left
    routes: list[list[int]]  # of each edge: its items
    rows: list[list[int]]  # of each layer: its items, from the top
    links: list[list[Link]]  # that leave each layer
    y: list[float]  # of each item's middle, across the layers
    gates: list[float] = field(default_factory=list)  # of each layer: where edges arrive
    ends: list[float] = field(default_factory=list)  # where its cards end and edges leave


def lay_out(inputs: Sequence[Sequence[int]], ports: Sequence[float], heights: Sequence[float]) -> Layout:
    """Decide layers, then routes, then order, then heights: no step revises an earlier one."""
    layers = layers_of(inputs)
    routes = route_edges(inputs, layers)
    rows: list[list[int]] = [[] for _ in range(max(layers) + 1)]
    for item, layer in enumerate(layers):
        rows[layer].append(item)
    links: list[list[Link]] = [[] for _ in rows[1:]]
    for route, port in zip(routes, ports):
        for a, b in pairwise(route):
            links[layers[a]].append((a, b, port if b == route[-1] else 0.0))
    links = [list(dict.fromkeys(between)) for between in links]  # a link that several edges share counts once
    rows = order_rows(rows, links)
    y = place_rows(rows, links, [height for _, height in zip_longest(layers, heights, fillvalue=0.0)])
    top = min(at - height / 2 for at, height in zip(y, heights))
    y = [at - top for at in y]  # the highest card touches 0
    return Layout(layers, routes, rows, links, y)
