"""What can change around a vectorized function, and when it is noticed: the tests try it, the contract shows it.

Each line is done between the second and the third call, since the function is recorded at calls 1, 2 and 4.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from micrograd_numpy import Value, vectorize
from micrograd_numpy.value import mean

# What the lines may use.
SETUP = """\
from types import SimpleNamespace

import numpy as np

from micrograd_numpy import *


class Net(Module):
    factor = 1.0

    def __init__(self):
        self.layers = [MLP(1, [1], rng=0)]
        self.scale, self.on = 2.0, True
        self.w = Value(0.5)
        self.by_name = {"a": Value(1.0)}
        self.pair = (Value(1.0), [2.0])
        self.mask = np.array([1.0, 2.0])
        self.steps, self.losses, self.more, self.rows = 0, [0.1], [], [[0.0]]
        self.settings = SimpleNamespace(rate=1.0)

    def __call__(self, x):
        for layer in self.layers:
            x = layer([x])
        x = self.scale * x * self.w * self.by_name["a"] * self.pair[0] * self.pair[1][0] * self.mask[0]
        x = rate * settings["scale"] * weights[0] * twice(x) * self.settings.rate * self.factor
        penalty = sum(p * p for p in self.parameters())
        return x + 0.5 * penalty if self.on else x


class Odd:
    def __eq__(self, other):
        raise RuntimeError


def twice(x, by=2.0):
    return by * x


rate, settings, weights = 1.0, {"scale": 1.0}, [Value(1.0)]
net = Net()
neuron = net.layers[0].layers[0].neurons[0]
"""

ONCE, CHECK, NEVER = "at the next call", "at the next check, with a warning", "it makes no difference"


@dataclass(frozen=True)
class Change:
    """A line of code, what it changes, and when that is noticed."""

    what: str
    code: str
    when: str

    def __str__(self) -> str:
        return self.code

    def noticed(self) -> str:
        """Do it, and see."""
        names: dict[str, Any] = {}
        exec(SETUP, names)
        net = names["net"]
        vectorized = vectorize(net)
        before = [answer(vectorized, net, names) for _ in range(2)][-1]
        compiled = vectorized._latest
        exec(self.code, names)
        truth = eager(net, names)
        third = answer(vectorized, net, names)
        if vectorized._latest is not compiled:
            assert third == truth
            return ONCE
        if third == truth:
            return NEVER
        assert third[0] == before[0]  # frozen
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            assert answer(vectorized, net, names) == truth
        assert [w.category for w in told] == [RuntimeWarning]
        return CHECK


def rounded(result: Value, net: Any, names: dict[str, Any]) -> list[float]:
    """The result and all gradients."""
    parameters = [*net.parameters(), *names["weights"]]
    for p in parameters:
        p.grad = 0.0
    result.backward()
    return [float(f"{x:.12g}") for x in (result.data, *(p.grad for p in parameters))]


def answer(vectorized: Any, net: Any, names: dict[str, Any]) -> list[float]:
    """What the compiled function gives."""
    return rounded(vectorized([1.0, 2.0]), net, names)


def eager(net: Any, names: dict[str, Any]) -> list[float]:
    """What it must give."""
    return rounded(mean(net(Value(x)) for x in (1.0, 2.0)), net, names)


CHANGES = [
    Change("the number of a parameter", "net.w.data = 5.0", NEVER),
    Change("the number of a parameter outside of Modules", "weights[0].data = 5.0", NEVER),
    Change("a gradient, a label", 'net.w.grad, net.w.label = 2.0, "w"', NEVER),
    Change("a counter", "net.steps += 1", NEVER),
    Change("a log", "net.losses.append(0.5)", NEVER),
    Change("a log that was empty", "net.more.append(0.5)", NEVER),
    Change("a log that begins anew", "net.losses = []", NEVER),
    Change("an attribute that is new", 'net.note = "text"', NEVER),
    Change("something beside, whatever it is", "net.odd = Odd()", NEVER),
    Change("the same again", "net.scale, net.on = 2.0, True", NEVER),
    Change("a number that the function asks a Module for", "net.scale = 3.0", ONCE),
    Change("a switch", "net.on = False", ONCE),
    Change("an activation", 'neuron.activation = "tanh"', ONCE),
    Change("a number deep inside", "net.pair[1][0] = 7.0", ONCE),
    Change("another array", "net.mask = np.array([7.0, 2.0])", ONCE),
    Change("another parameter", "net.w = Value(7.0)", ONCE),
    Change("another weight", "neuron.weights[0] = Value(7.0)", ONCE),
    Change("another entry of a dict", 'net.by_name["a"] = Value(7.0)', ONCE),
    Change("a parameter more", 'net.by_name["b"] = Value(7.0)', ONCE),
    Change("a parameter in a list that was empty", "net.more.append(Value(7.0))", ONCE),
    Change("a parameter where a number was", "net.steps = Value(7.0)", ONCE),
    Change("a parameter that is new", "net.new = Value(7.0)", ONCE),
    Change("another tuple", "net.pair = (Value(7.0), [2.0])", ONCE),
    Change("a layer more", "net.layers.append(MLP(1, [1], rng=1))", ONCE),
    Change("another layer", "net.layers[0] = MLP(1, [1], rng=1)", ONCE),
    Change("a layer less", "net.layers.pop()", ONCE),
    Change("another list of layers", "net.layers = [MLP(1, [1], rng=1)]", ONCE),
    Change("a global", "rate = 5.0", CHECK),
    Change("an entry of a dict outside of Modules", 'settings["scale"] = 5.0', CHECK),
    Change("another parameter outside of Modules", "weights[0] = Value(5.0)", CHECK),
    Change("another function", "def twice(x): return 5.0 * x", CHECK),
    Change("a default", "twice.__defaults__ = (5.0,)", CHECK),
    Change("the class", "Net.__call__ = lambda self, x: self.w * x", CHECK),
    Change("an element of an array", "net.mask[0] = 7.0", CHECK),
    Change("an attribute of another object in a Module", "net.settings.rate = 5.0", CHECK),
    Change("an attribute of the class", "Net.factor = 5.0", CHECK),
    Change("a parameter in a list that held numbers", "net.rows[0].append(Value(7.0))", CHECK),
]
