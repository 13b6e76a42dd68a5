"""Functions with a structure: layers, signs, views, results, losses. What is vectorized must do what they do."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import chain

import numpy as np

from micrograd_numpy import (
    MLP,
    Value,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge_loss,
    mse_loss,
)
from micrograd_numpy.arrays import record
from micrograd_numpy.compiler.programs import Programs
from micrograd_numpy.value import dot, mean, total
from tests.compiler.eager import values
from tests.tables import catalogue
from tests.tables.catalogue import own

RNG = np.random.default_rng(0)


W, B = values(RNG, 5, 4), values(RNG, 5)


W2, B2 = values(RNG, 3, 5), values(RNG, 3)


KERNEL, SCALE, U = values(RNG, 3), values(RNG), values(RNG, 4)


NET = MLP(4, [6, 6, 2], "tanh", rng=1)


PARAMETERS = [*chain(*W, *W2), *B, *B2, *KERNEL, SCALE, *U, *NET.parameters()]


def layer(weights, biases, x, f=Value.tanh):
    return [f(dot(w, x) + b) for w, b in zip(weights, biases)]


def hidden(x):
    return layer(W, B, x)


def softmax(z):
    e = [v.exp() for v in z]
    total = sum(e)
    return [v / total for v in e]


def cell(h, v):
    """One step of a recurrent network."""
    return [(dot(w[:3], h) + w[3] * v + b).tanh() for w, b in zip(W[:3], B)]


def picked(rows, x):
    """A product of entries in no order."""
    return dot([rows[i] for i in (3, 1, 4, 0)], [x[i] for i in (2, 0, 3, 1)])


def shared_twice(x):
    h = (U[0] * x).tanh()
    return sum([h, h, h])


# Each works on a list x of four Values and on a Value t.
STRUCTURES = {
    # layers
    "a network": lambda x, t: NET(x),
    "softmax": lambda x, t: softmax(hidden(x)),
    "cross entropy over softmax": lambda x, t: (
        -sum(p.log() * (i + 1) for i, p in enumerate(softmax(layer(W2, B2, hidden(x))))) * t
    ),
    "attention": lambda x, t: dot(softmax([dot(w, x) for w in W]), [dot(w, x) for w in W[::-1]]),
    "gates": lambda x, t: [a * b for a, b in zip(layer(W, B, x, Value.sigmoid), hidden(x))],
    "two heads": lambda x, t: sum(hidden(x)) * sum(layer(W2, B2, layer(W, B, [v * v for v in x]))),
    "a convolution": lambda x, t: sum((dot(KERNEL, x[i : i + 3]) + SCALE).relu() for i in range(2)) * t,
    "the mean of a convolution": lambda x, t: mean([(dot(KERNEL, x[i : i + 3]) + SCALE).tanh() for i in range(2)]) + t,
    "the total of a convolution": lambda x, t: (
        total([(dot(KERNEL, x[i : i + 3]) + SCALE).tanh() for i in range(2)]) * t
    ),
    "a long sum": lambda x, t: SCALE * t + total(x * 13),
    "a total of a total": lambda x, t: total([total(x), -t, SCALE, 1.0]) - total([*W[0], 2.0]) + total([]) + total([t]),
    "city blocks": lambda x, t: total(abs(v - t) for v in x) + abs(SCALE) * abs(total(x)),
    "a recurrent network": lambda x, t: reduce(cell, x, [0.0 * t] * 3)[0],
    "a penalty on weights": lambda x, t: (
        NET(x)[0] + 0.1 * sum(p * p for name, p in NET.named_parameters() if "weights" in name)
    ),
    # signs
    "negated products": lambda x, t: -dot(W[0], x) - dot(W[1], x) - SCALE,
    "a negated layer": lambda x, t: sum((-dot(w, x) - b).tanh() for w, b in zip(W, B)),
    "one minus a layer": lambda x, t: sum((t - dot(w, x)).relu() for w in W),
    "biases minus a layer": lambda x, t: sum((b - dot(w, x)).relu() for w, b in zip(W, B)),
    "signs mixed": lambda x, t: dot(W[0], x) - dot(W[1], [v * t for v in x]) * t + 3 - t,
    "subtracted where something was added": lambda x, t: (
        (t - SCALE).tanh() + SCALE - dot([U[0], U[0], U[1]], [x[0], x[0], x[2]])
    ),
    "subtracted far apart": lambda x, t: [dot(w, x).tanh() - w[0] for w in W],
    # views
    "backwards": lambda x, t: dot(W2[0], hidden(x)[::-1]) + dot(W2[1], hidden(x)),
    "every other": lambda x, t: dot(KERNEL, (h := hidden(x))[::2]) * sum(h) * t,
    "arguments in no order": lambda x, t: dot(
        [W[i][j] for i, j in ((0, 0), (2, 3), (1, 1), (4, 2))], [x[i] for i in (2, 0, 3, 1)]
    ),
    "a layer in no order": lambda x, t: picked(hidden(x), x) ** 2,
    "more arrays than digits": lambda x, t: [p.exp() * t + reduce(lambda c, _: c.tanh(), range(10), SCALE) for p in U],
    "parameters tied": lambda x, t: dot(U, [v.tanh() for v in [a + b for a, b in zip(U, x)]]) + dot(U, U) * t,
    "terms twice": lambda x, t: (
        dot([U[0], U[0], U[1]], [x[0], x[0], x[2]]) + x[0] * U[0] + x[0] * U[0] + sum([t, t, t]) * SCALE
    ),
    "operations twice": lambda x, t: sum([(U[0] * t).tanh(), (U[0] * t).tanh()]) * SCALE + shared_twice(x[1]),
    "an outer product": lambda x, t: [w * t + b for w, b in zip(U, B)],
    "a function of an outer product": lambda x, t: sum(((w * t).tanh() * v).exp() for w, v in zip(U, x)),
    "a matrix of numbers": lambda x, t: sum((x[0] * a + x[1] * b).tanh() for a, b in ((1.0, 2.0), (3.0, 4.0))),
    "scaled by a number": lambda x, t: [(2.0 * v).tanh() * SCALE for v in x],
    # no layers
    "distances": lambda x, t: [sum((a - b) ** 2 for a, b in zip(x, w)) for w in W],
    "radial functions": lambda x, t: sum((-sum((a - b) ** 2 for a, b in zip(x, w))).exp() * b for w, b in zip(W, B)),
    "a bell": lambda x, t: (-((t - SCALE) ** 2) / (2 * SCALE**2)).exp(),
    "powers": lambda x, t: sum((v * v + 1) ** i for i, v in enumerate(x)) + (t * t + 1) ** SCALE + SCALE**2 + 2**t,
    "logarithms": lambda x, t: sum((v * v + SCALE * SCALE).log() for v in x) / (t * t + 1),
    "rules of one's own": lambda x, t: own(
        catalogue.sin, own(catalogue.hypot, own(catalogue.sin, SCALE * t), x[0] * U[0])
    ),
    "the same rule on two inputs": lambda x, t: sum(own(catalogue.softplus, dot(w, x)) for w in W),
    # results
    "arguments as results": lambda x, t: [t, x[0], t * 1.0],
    "parameters and numbers as results": lambda x, t: [SCALE, U[0] * U[1], 1.0, 2, x[3]],
    "zero as a result": lambda x, t: [0.0, 0, SCALE * 0.0, sum([])],
    "the same result twice": lambda x, t: [h := SCALE * t, h, h],
    "a result inside another": lambda x, t: [h := dot(U, x), h + t, (h + t) * h],
    "nothing but parameters": lambda x, t: dot(U, U) + SCALE,
    # losses
    "mse_loss": lambda x, t: mse_loss(NET(x), [t, t * 2]),
    "hinge_loss": lambda x, t: hinge_loss(NET(x), [1.0, -1.0]),
    "binary_cross_entropy": lambda x, t: binary_cross_entropy(NET(x)[0].sigmoid(), t.sigmoid()),
    "binary_cross_entropy_with_logits": lambda x, t: binary_cross_entropy_with_logits(NET(x), [0.25, 1.0]),
}


def written(names: str, how: Callable[[Programs], str]) -> str:
    """The programs of those structures as text, each under its name."""
    made = {name: Programs(record(STRUCTURES[name], [[1.0] * 4, 1.0], ["x", "t"])) for name in names.split(", ")}
    return "\n\n".join(f"# {name}\n\n{how(programs)}" for name, programs in made.items())
