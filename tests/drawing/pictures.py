"""What the tests of drawn graphs share: graphs to draw, and how to read a picture."""

from __future__ import annotations

import random
import re

import pytest

from micrograd_numpy import Value, backprop
from micrograd_numpy.value import dot, mean
from tests.figures import SVG, read

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
    """One leaf that is used again and again, at two depths: edges side by side, short and long ones."""
    x = Value(2.0, label="x")
    y = x + 1.0
    root = dot([x, x, y, x], [x, y, x, x]) + mean([x, x, x])
    root.label = "the mean and the dot product of what is used seven times!"
    return root


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


def parts(drawing, name):
    return [element for element in read(drawing.svg).iter() if element.get("data-part") == name]


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
