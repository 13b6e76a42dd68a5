"""Functions that several tests share: each works on Values and on torch tensors alike."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from micrograd_numpy import Value, losses, numpy_rule, ops, topological_sort
from micrograd_numpy.value import apply, dot, mean, total
from tests.tables.operations import EPSILON, ONE_INPUT, TWO_INPUTS


@dataclass(frozen=True)
class Domain:
    """Where to look at a function: some fixed points, and a strategy that draws others."""

    points: tuple[tuple[float, ...], ...]
    drawn: st.SearchStrategy[tuple[float, ...]]


@dataclass(frozen=True)
class Function:
    """A function, and where it is smooth (at a corner of relu, nobody has a slope to compare with)."""

    name: str
    f: Callable[..., Any]
    domain: Domain

    @property
    def points(self) -> tuple[tuple[float, ...], ...]:
        return self.domain.points

    def __str__(self) -> str:
        return self.name


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Floats between `low` and `high`, none of them so small that its powers underflow."""
    return st.floats(low, high).map(lambda x: x if abs(x) > 1e-6 else 0.0)


real = numbers(-8.0, 8.0)
nonzero = st.one_of(numbers(0.01, 8.0), numbers(-8.0, -0.01))
positive = numbers(0.01, 50.0)

ANY = Domain(((-2.5,), (-0.3,), (0.4,), (3.0,)), st.tuples(real))
NONZERO = Domain(ANY.points, st.tuples(nonzero))
POSITIVE = Domain(((0.01,), (0.7,), (42.0,)), st.tuples(positive))
PAIRS = Domain(((2.0, 3.0), (-1.5, 0.25), (0.1, -4.0)), st.tuples(real, nonzero))
POWERS = Domain(((2.0, 3.0), (0.5, -1.5), (4.0, 0.0)), st.tuples(numbers(0.1, 8.0), numbers(-4.0, 4.0)))
DOMAINS = {"any": ANY, "positive": POSITIVE, "nonzero": NONZERO, "pairs": PAIRS, "powers": POWERS}
README = Domain(((-4.0, 2.0), (1.0, 0.5), (3.0, -2.0)), st.tuples(real, real))


def micrograd_readme(a: Any, b: Any) -> Any:
    """The expression from micrograd's README."""
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + (b + a).relu()
    d = d + 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    return g + 10.0 / f


def diamond(a: Any) -> Any:
    """Ten levels of sharing."""
    for _ in range(10):
        a = (a + a) * 0.5 + a * 0.1
    return a


OPERATIONS = [
    *(Function(o.name, o.f, DOMAINS[o.domain]) for o in [*ONE_INPUT, *TWO_INPUTS]),
    Function("a + 2", lambda a: a + 2, ANY),
    Function("2 + a", lambda a: 2 + a, ANY),
    Function("a - 2", lambda a: a - 2, ANY),
    Function("2 - a", lambda a: 2 - a, ANY),
    Function("a * 2", lambda a: a * 2, ANY),
    Function("2 * a", lambda a: 2 * a, ANY),
    Function("a / 2", lambda a: a / 2, ANY),
    Function("2 / a", lambda a: 2 / a, NONZERO),
    Function("a ** 3", lambda a: a**3, ANY),
    Function("a ** -2", lambda a: a**-2, NONZERO),
    Function("a ** 0", lambda a: a**0, ANY),
    Function("a ** 0.5", lambda a: a**0.5, POSITIVE),
    Function("2 ** a", lambda a: 2**a, ANY),
]

EXPRESSIONS = [
    Function("a*b + a", lambda a, b: a * b + a, PAIRS),
    Function("micrograd's README", micrograd_readme, README),
    Function("x * x", lambda a: a * a, ANY),
    Function("a used four times", lambda a: (a + a) * (a - 3 * a), ANY),
    Function("diamond", diamond, ANY),
    Function("neuron", lambda a, b: (a * 0.5 + b * -1.5 + 0.3).tanh(), PAIRS),
    Function("quotient of sums", lambda a, b: (a - b) / (a * a + b * b), PAIRS),
    Function("log of sigmoid", lambda a: a.sigmoid().log(), ANY),
    Function("tower", lambda a: (a.tanh().exp() + 1).log() ** 2, ANY),
    Function("power of itself", lambda a: a**a, POSITIVE),
]

FUNCTIONS = OPERATIONS + EXPRESSIONS


# ---------------------------------------------------------------- rules that the library does not have


def softplus(a: float) -> tuple[float, tuple[float]]:
    """Return ln(1 + eᵃ), with ∂/∂a = σ(a)."""
    return losses.softplus(a), (ops.sigmoid(a)[0],)


def hypot(a: float, b: float) -> tuple[float, tuple[float, float]]:
    """Return h = √(a² + b²), with ∂/∂a = a/h and ∂/∂b = b/h."""
    h = ops.raised(a * a + b * b, 0.5)
    return h, (ops.divide(a, h), ops.divide(b, h))


def sin(a: float) -> tuple[float, tuple[float]]:
    """Return sin a, with ∂/∂a = cos a; nan at ±inf."""
    return (math.sin(a), (math.cos(a),)) if math.isfinite(a) else (math.nan, (math.nan,))


@numpy_rule(sin)  # the others are followed
def sin_of_arrays(a: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray]]:
    return np.sin(a), (np.cos(a),)


def own(rule: ops.Rule, *x: Any) -> Any:
    """A rule of our own on Values; on tensors, PyTorch's method of that name."""
    return apply(rule, *x) if isinstance(x[0], Value) else getattr(x[0], rule.__name__)(*x[1:])


# ---------------------------------------------------------------- random programs

STEPS: dict[str, tuple[int, Callable[..., Any]]] = {
    # how many inputs, and the function of a number and the inputs
    **{o.name: (2, lambda c, a, b, f=o.f: f(a, b)) for o in TWO_INPUTS},
    **{o.rule.__name__: (1, lambda c, a, f=o.f: f(a)) for o in ONE_INPUT},
    "a + c": (1, lambda c, a: a + c),
    "c + a": (1, lambda c, a: c + a),
    "a - c": (1, lambda c, a: a - c),
    "c - a": (1, lambda c, a: c - a),
    "a * c": (1, lambda c, a: a * c),
    "c * a": (1, lambda c, a: c * a),
    "a / c": (1, lambda c, a: a / c),
    "c / a": (1, lambda c, a: c / a),
    "a ** c": (1, lambda c, a: a**c),
    "c ** a": (1, lambda c, a: c**a),
    "dot": (4, lambda c, *x: dot(x[:2], x[2:]) if isinstance(x[0], Value) else x[0] * x[2] + x[1] * x[3]),
    "total": (3, lambda c, *x: total(x) if isinstance(x[0], Value) else sum(x)),
    "mean": (3, lambda c, *x: mean(x) if isinstance(x[0], Value) else sum(x) / 3),
    "softplus": (1, lambda c, a: own(softplus, a) if isinstance(a, Value) else a.exp().log1p()),
    "sin": (1, lambda c, a: own(sin, a)),
    "hypot": (2, lambda c, a, b: own(hypot, a, b)),
}


@dataclass(frozen=True)
class Program:
    """A computation as plain data: what the leaves hold, what is done to whom, and which nodes are asked for."""

    leaves: tuple[float, ...]
    steps: tuple[tuple[str, float, tuple[int, ...]], ...] = ()  # operation, number, inputs
    roots: tuple[int, ...] = (-1,)

    def run(self, leaves: list[Any], order: list[int] | None = None) -> list[Any]:
        """Do the steps, in `order` if it is given, and return the roots."""
        nodes = dict(enumerate(leaves))
        for i in order or range(len(self.steps)):
            name, c, inputs = self.steps[i]
            nodes[len(leaves) + i] = STEPS[name][1](c, *(nodes[k] for k in inputs))
        return [nodes[k % len(nodes)] for k in self.roots]

    def values(self, order: list[int] | None = None) -> tuple[list[Value], list[Value]]:
        """New leaves, and the roots made of them."""
        leaves = [Value(x) for x in self.leaves]
        return leaves, self.run(leaves, order)

    def another_order(self, priority: list[float]) -> list[int]:
        """The steps in another order that works: of those whose inputs are there, the one of highest priority."""
        waiting, done = list(range(len(self.steps))), set(range(len(self.leaves)))
        order = []
        while waiting:
            ready = [i for i in waiting if done.issuperset(self.steps[i][2])]
            order.append(max(ready, key=lambda i: priority[i % len(priority)]))
            waiting.remove(order[-1])
            done.add(len(self.leaves) + order[-1])
        return order


@st.composite
def programs(draw: st.DrawFn, most: int = 12) -> Program:
    """Programs with sharing, whose numbers stay finite and moderate: a step that would leave that is not taken."""
    leaves = draw(st.lists(numbers(-4.0, 4.0), min_size=1, max_size=4))
    steps: list[tuple[str, float, tuple[int, ...]]] = []
    nodes = [Value(x) for x in leaves]
    constants = st.one_of(st.integers(-3, 3), numbers(-4.0, 4.0), numbers(-4.0, 4.0).map(np.float64))
    for name in draw(st.lists(st.sampled_from(list(STEPS)), min_size=1, max_size=most)):
        count, step = STEPS[name]
        # counted from the latest, so that the simplest program is a chain
        inputs = tuple(len(nodes) - 1 - draw(st.integers(0, len(nodes) - 1)) for _ in range(count))
        c = draw(constants) if "c" in name.split() else 0
        node = step(c, *(nodes[k] for k in inputs))
        if abs(node.data) <= 1e4 and all(abs(local) <= 1e4 for local in node._local):
            steps.append((name, c, inputs))
            nodes.append(node)
    roots = draw(st.lists(st.integers(0, len(nodes) - 1), max_size=2))
    return Program(tuple(leaves), tuple(steps), (len(nodes) - 1, *(len(nodes) - 1 - k for k in roots)))


# ---------------------------------------------------------------- how exact a gradient can be


def contributions(root: Value) -> dict[Value, float]:
    """For each node, the sum over all paths of |product of the local derivatives|: what rounding is relative to."""
    order = topological_sort(root)
    sizes = dict.fromkeys(order, 0.0)
    sizes[root] = 1.0
    for node in reversed(order):
        for i, local in zip(node._prev, node._local):
            sizes[i] += abs(local) * sizes[node]
    return sizes


def rounding(root: Value) -> dict[Value, float]:
    """How far each gradient may be from the exact sum over paths of the local derivatives as they are.

    A path is multiplied with one rounding for each edge, and added with one for each
    edge into its nodes, so all edges together bound the roundings (Higham, 2002).
    """
    edges = sum(len(node._prev) for node in topological_sort(root))
    return {node: (edges + 1) * EPSILON * size for node, size in contributions(root).items()}


OF_LISTS = {ops.dot, ops.total, ops.mean}
CANCELLING = {o.rule for o in ONE_INPUT if o.slope_of_result}  # their slopes are differences of numbers near 1


def errors(root: Value) -> dict[Value, tuple[float, float]]:
    """How far the number and the gradient of each node may be from the exact ones, after `root.backward()`.

    A running error analysis: each operation adds a few roundings, and passes on what its
    inputs bring. By how much a local derivative moves with its inputs is asked of the rule.
    """
    order = topological_sort(root)
    off: dict[Value, float] = {}
    moved: dict[Value, list[float]] = {}  # by how much the local derivatives may be off
    for node in order:
        off[node] = 0.0
        if node._rule is None:
            continue
        x = [i.data for i in node._prev]
        few = 3 + len(x)
        large = sum(abs(local * v) for local, v in zip(node._local, x)) if node._rule in OF_LISTS else 0.0
        off[node] = few * EPSILON * (abs(node.data) + large)
        moved[node] = [few * EPSILON * (abs(d) + (node._rule in CANCELLING)) for d in node._local]
        for k, i in enumerate(node._prev):
            if not off[i]:
                continue
            near = [node._rule(*x[:k], x[k] + sign * off[i], *x[k + 1 :]) for sign in (-1.0, 1.0)]
            off[node] += max(abs(result - node.data) for result, _ in near)
            for j, local in enumerate(node._local):
                moved[node][j] += max(abs(slopes[j] - local) for _, slopes in near)
    users = Counter(i for node in order for i in node._prev)
    grads = dict.fromkeys(order, 0.0)
    for node in reversed(order):
        # a root that is a leaf accumulates; all others were set anew
        grad = 1.0 if node is root else node.grad
        for i, local, d in zip(node._prev, node._local, moved.get(node, ())):
            step = (3 + users[i]) * EPSILON * abs(local * grad)
            grads[i] += step + (abs(local) + d) * grads[node] + d * abs(grad)
    return {node: (off[node], grads[node]) for node in order}
