"""Attack the compiler: random programs, vectorized, must give the eager engine's numbers, or its errors.

`python -m tests.quality.attack` tries 20,000 seeds; with numbers behind it, those seeds. A seed is a program. One that
fails is printed as text that runs in this folder, with all dropped that it does not need in order to fail.

**When is a number right?** Two correct programs differ: sums come in another order, NumPy's tanh is not Python's.
How much that may change a result depends on the program, so the program itself is asked: the eager engine runs
again with every number that an operation reads or makes nudged by up to one unit in the last place. The numbers that
come out are all as right as the first. What was compiled must lie between them, or within `FACTOR` times their
spread. It must be nan or infinite if they all are, and may be if one of them is.
"""
# ruff: noqa: F401, F403, T201  # the text of programs names what is imported; and this is one that prints

from __future__ import annotations

import argparse
import math
import multiprocessing
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import reduce
from operator import mul
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np

from micrograd_numpy import MLP, Layer, Module, Neuron, Value, ops, topological_sort, value, vectorize
from micrograd_numpy.guards import targets
from micrograd_numpy.losses import *
from micrograd_numpy.value import apply, as_value, dot, mean
from tests.compiler.eager import BACKENDS, as_list, by
from tests.garbage import garbage
from tests.tables.catalogue import hypot, sin, sin_of_arrays
from tests.tables.losses import LOSSES
from tests.tables.operations import EPSILON, ONE_INPUT, TWO_INPUTS

inf, nan = math.inf, math.nan  # so that a program's text can name them

FACTOR = 8  # NumPy's exp, log, tanh and power may be four units off, to either side
OFTEN = (1.0, 0.3, 0.03)  # how many are nudged: where a nudge makes nan of a number, all of them always would
NUDGES = 200  # at most: as many as it takes to explain a difference
OVERFLOW = 1e300  # of larger numbers, a sum can overflow in one order and not in another

# ---------------------------------------------------------------- rules of one's own


def blend(a, b, c):
    """Between a and b, by c; two of the slopes depend on one input only."""
    return a + c * (b - a), (1.0 - c, c, b - a)


# ---------------------------------------------------------------- what people build


def softmax(z):
    e = [as_value(v).exp() for v in z]
    return [v / sum(e) for v in e]


def normalized(z):
    """A layer norm."""
    middle = mean(z)
    return [(v - middle) / (mean((v - middle) ** 2 for v in z) + 1e-5) ** 0.5 for v in z]


def attention(query, keys, rows):
    weights = softmax([dot(query, key) for key in keys])
    return [dot(weights, column) for column in zip(*rows)]


def recurrent(rows, x):
    h = [0.0] * len(rows)
    for v in x:
        h = [(dot(row, h) + row[0] * v).tanh() for row in rows]
    return h


def gated(rows, x):
    """A recurrent network that chooses what to keep."""
    h = [0.0] * len(rows)
    for v in x:
        keep = [(dot(row, h) + v).sigmoid() for row in rows]
        h = [k * old + (1 - k) * (dot(row[::-1], h) - v).tanh() for k, old, row in zip(keep, h, rows)]
    return h


def convolution(kernel, x):
    return [dot(kernel, x[i : i + len(kernel)]).relu() for i in range(len(x) - len(kernel) + 1)]


def residual(model, x):
    return [a + b for a, b in zip(x, as_list(model(x)))]


def experts(gates, models, x):
    return sum(gate * as_list(model(x))[0] for gate, model in zip(softmax(gates), models))


def embedding(rows, i):
    """A row of a table, by a product with 0s and a 1."""
    one_hot = [float(i == k) for k in range(len(rows))]
    return [dot(column, one_hot) for column in zip(*rows)]


def hypernetwork(model, z, x):
    """One network makes the weights of another."""
    weights = as_list(model(z))
    return [dot(weights, x[:1] * len(weights)).tanh(), dot(weights[::-1], (x * len(weights))[: len(weights)])]


def autoencoder(rows, x):
    """Tied weights: the way back is the way there, turned round."""
    code = [dot(row, x).tanh() for row in rows]
    return [dot(column, code) for column in zip(*rows)]


# ---------------------------------------------------------------- programs


@dataclass(frozen=True)
class Program:
    """A function of one sample as text, and what to call it with."""

    setup: tuple[str, ...]  # lines that make parameters
    body: tuple[str, ...]  # lines of the function
    answer: str  # what it returns
    batches: dict[str, list[Any]]  # the arguments
    reduction: str

    @property
    def function(self) -> str:
        """The text that defines the function."""
        lines = [*self.body, f"return {self.answer}"]
        return "\n".join([*self.setup, "", "", f"def f({', '.join(self.batches)}):", *(f"    {x}" for x in lines)])

    def seeds(self, results: int) -> list[float]:
        """How much each result counts, where it is not a mean."""
        if self.reduction == "sum":
            return [1.0] * results
        rng = Random(results)
        return [rng.choice([rng.uniform(-2.0, 2.0), 1.0, 0.0]) for _ in range(results)]

    def load(self) -> tuple[Callable[..., Any], list[Value]]:
        """The function, and its parameters."""
        names = dict(globals())
        before = set(names)
        exec(self.function, names)  # we have just written it
        everything = Module()
        everything.__dict__ |= {name: made for name, made in names.items() if name not in before}
        return names["f"], everything.parameters()

    def __str__(self) -> str:
        """The program as text."""
        arrays = ", ".join(map(str, self.batches.values()))
        call = [f'batch = vectorize(f, reduction="{self.reduction}")({arrays})', "print(batch.data)"]
        return "\n".join(["from tests.quality.attack import *", "", self.function, "", "", *call])


# Numbers at the edges: nothing, no number, too small, too large, and where exp, tanh and sigmoid end.
EDGES = [0.0, -0.0, 1.0, -1.0, inf, -inf, nan, 5e-324, -1e-310, 1e-200, 1e200, -1e300, 19.0, -40.0, 710.0, -745.0]
CALM = 1e3  # in a tame program no number is larger
UNARY = [*(operation.written for operation in ONE_INPUT), "apply(sin, {})"]
BINARY = [*(operation.written for operation in TWO_INPUTS), "apply(hypot, {}, {})"]
EXPONENTS = [2, 3, 1, 0, -1, -2, 0.5, -0.5, 1.5, 1 / 3]
ACTIVATIONS = ["relu", "tanh", "sigmoid", "linear"]
LABELS = {"sign": [1.0, -1.0], "class": [0.0, 1.0, 0.25]}
LABEL_OF = {
    f"{loss}({{}}{'.sigmoid()' if loss.range[0] > 0.0 else ''}, {{}})": "sign" if -1.0 in loss.targets else "class"
    for loss in LOSSES
}


class Writer:
    """Writes one random program, line by line, and does on one sample what it writes, to know what it has."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.wild = self.rng.choice([0.0, 0.0, 0.0, 0.0, 0.1, 0.3, 0.8])  # how many numbers are at the edges
        self.names = dict(globals())
        self.setup: list[str] = []
        self.body: list[str] = []
        self.made: list[str] = []  # expressions for Values that depend on something
        self.parameters: list[str] = []
        self.lists: list[str] = []
        self.labels: dict[str, list[str]] = {"sign": [], "class": []}

    def program(self) -> Program:
        """Everything, in the order in which it is needed."""
        rng = self.rng
        n = rng.choice([1, 1, 1, 2, 2, 2, 3, 3, 3, 5, 5, 8, 17, 100])
        size = rng.randint(1, 12)
        if n == 100:
            n, size = rng.choice([(100, min(size, 5)), (1000, 1)])
        batches = self.arguments(n)
        for _ in range(rng.randint(0, 3)):
            self.parameter()
        while len(self.body) < size:
            rng.choice(STATEMENTS)(self)
        reduction = rng.choice(["mean", "sum", "none"])
        answer = self.answer(single=reduction != "none")
        return Program(tuple(self.setup), tuple(self.body), answer, batches, reduction)

    # ---- what there is to begin with

    def number(self) -> float:
        """A number; at times, one at the edge."""
        if self.rng.random() < self.wild:
            return self.rng.choice(EDGES)
        return self.rng.choice([round(self.rng.uniform(-2.0, 2.0), 2), round(self.rng.gauss(0.0, 1.0), 3)])

    def arguments(self, n: int) -> dict[str, list[Any]]:
        """One to three arguments, numbers or lists of them, for n samples."""
        rng, batches = self.rng, {}
        for name in rng.sample(["x", "y", "t", "n", "S", "o", "h", "dZ"], rng.choice([1, 2, 2, 3])):
            label = rng.choice([None, None, "sign", "class"])
            width = 0 if label else rng.choice([0, 0, 1, 2, 3, 4, 7])
            draw = (lambda label=label: rng.choice(LABELS[label])) if label else self.number
            batches[name] = [[draw() for _ in range(width)] if width else draw() for _ in range(n)]
            first = batches[name][0]
            self.names[name] = [Value(x) for x in first] if width else Value(first)
            self.take(name)
            if label:
                self.labels[label].append(name)
        return batches

    def take(self, name: str) -> None:
        """Make what has that name known: a Value, or a list."""
        held = self.names[name]
        if isinstance(held, list):
            self.lists.append(name)
            self.made += [f"{name}[{i}]" for i, v in enumerate(held[:3]) if isinstance(v, Value)]
        elif isinstance(held, Value):
            self.made.append(name)

    def define(self, stem: str, what: str) -> str:
        """A line that makes something with parameters."""
        name = f"{stem}{len(self.setup)}"
        self.setup.append(f"{name} = {what}")
        exec(self.setup[-1], self.names)  # we have just written it
        return name

    def parameter(self) -> str:
        """A new parameter."""
        self.parameters.append(self.define("p", f"Value({self.number()})"))
        return self.parameters[-1]

    def matrix(self, rows: int, columns: int) -> str:
        """A new table of parameters."""
        table = [", ".join(f"Value({self.number()})" for _ in range(columns)) for _ in range(rows)]
        name = self.define("W", f"[{', '.join(f'[{row}]' for row in table)}]")
        self.parameters += [f"{name}[0][0]", f"{name}[-1][-1]"]
        self.lists.append(f"{name}[0]")
        return name

    def model(self, nin: int, nout: int | None = None) -> str:
        """A model with so many inputs and outputs, biases included; at times, one that is there already."""
        rng = self.rng
        kind = rng.choice(["MLP", "Layer"] if nout else ["MLP", "Layer", "Neuron"])
        nout = nout or rng.randint(1, 4)
        sizes = {"MLP": f"{nin}, {[*rng.choices(range(1, 6), k=rng.randint(0, 2)), nout]}", "Layer": f"{nin}, {nout}"}
        head = f"{kind}({sizes.get(kind, nin)}, {rng.choice(ACTIVATIONS)!r}, rng={rng.randint(0, 99)})"
        like = [line.split(" =")[0] for line in self.setup if f"= {kind}({sizes.get(kind, nin)}, " in line]
        if like and rng.random() < 0.4:
            return rng.choice(like)
        name = self.define("m", head)
        self.setup.append(f"for i, p in enumerate({name}.parameters()): p.data = p.data or 0.1 * i")  # biases
        exec(self.setup[-1], self.names)  # we have just written it
        return name

    # ---- what an operation can be given

    def value(self) -> str:
        """A Value, rather a late one; at times, a parameter."""
        if self.rng.random() < 0.2:
            return self.rng.choice(self.parameters) if self.parameters else self.parameter()
        return self.rng.choice(self.made[-4:] if self.rng.random() < 0.5 else self.made)

    def scalar(self) -> str:
        """A Value, or at times a constant."""
        return repr(self.rng.choice([self.number(), 1.0, 2])) if self.rng.random() < 0.2 else self.value()

    def list(self, length: int | None = None) -> tuple[str, int]:
        """A list as it is, turned round or cut, or of anything: parameters and constants, too."""
        rng = self.rng
        if rng.random() < 0.05:
            constants = [self.number() for _ in range(length or 3)]
            return f"{constants}", len(constants)
        known = [(name, len(eval(name, self.names))) for name in self.lists]  # we wrote it
        known = [(f"{x}[:{length}]" if length and k > length else x, min(k, length or k)) for x, k in known]
        known = [(x, k) for x, k in known if length in {None, k}]
        if known and rng.random() < 0.6:
            x, k = rng.choice(known[-3:])
            return rng.choice([x, x, x, f"{x}[::-1]"]), k
        k = length or rng.randint(1, 4)
        return f"[{', '.join([self.value(), *(self.scalar() for _ in range(k - 1))])}]", k

    # ---- lines

    def let(self, what: str) -> None:
        """The line that gives a name to something, if it is calm or the program is wild."""
        name = f"v{len(self.body)}"
        try:
            made = eval(what, self.names)  # we have just written it
        except ValueError:  # a label that is none
            if not self.wild:
                return
            made = None
        if not self.wild and not all(abs(as_value(v).data) < CALM for v in as_list(made)):
            return
        self.names[name] = made
        self.body.append(f"{name} = {what}")
        self.take(name)

    def operation(self) -> None:
        """An operation of Values."""
        rng = self.rng
        self.let(
            rng.choice(
                [
                    rng.choice(UNARY).format(self.value()),
                    rng.choice(BINARY).format(self.value(), self.scalar()),
                    rng.choice(BINARY).format(self.scalar(), self.value()),
                    f"{self.value()} ** {rng.choice(EXPONENTS)}",
                    f"apply(blend, {self.scalar()}, {self.scalar()}, {self.value()})",
                ]
            )
        )

    def reduction_of_list(self) -> None:
        """One number from a list, or two."""
        x, k = self.list()
        how = ["dot({x}, {y})", "dot({x}, {x})", "mean({x})", "sum({x})", "sum(a * b - a for a, b in zip({x}, {y}))"]
        self.let(self.rng.choice(how).format(x=x, y=self.list(k)[0]))

    def elementwise(self) -> None:
        """A list from a list, or two."""
        rng, (x, k) = self.rng, self.list()
        if rng.random() < 0.5:
            what, pairs = rng.choice(UNARY).format("as_value(a)"), f"for a in {x}"
        else:
            operands = rng.choice([("as_value(a)", "b"), ("a", "as_value(b)")])
            what, pairs = rng.choice(BINARY).format(*operands), f"for a, b in zip({x}, {self.list(k)[0]})"
        self.let(f"[{what} {pairs}]")

    def layer(self) -> None:
        """A layer of the library, or one by hand."""
        x, k = self.list()
        if self.rng.random() < 0.7:
            self.let(f"{self.model(k)}({x})")
        else:
            m = self.rng.randint(1, 4)
            sign, biases = self.rng.choice("+-"), self.list(m)[0]
            self.let(f"[dot(row, {x}) {sign} b for row, b in zip({self.matrix(m, k)}, {biases})]")

    def loss(self) -> None:
        """A loss of a number or of a list; at times it is watched only, and at times the label is none."""
        rng, what = self.rng, self.rng.choice(list(LABEL_OF))
        known = self.labels[LABEL_OF[what]]
        label = rng.choice([*known, *known, repr(rng.choice(LABELS[LABEL_OF[what]]))])
        if self.wild and rng.random() < 0.1:
            label = self.value()
        if rng.random() < 0.3 and "sigmoid" not in what:
            self.let(what.format(*(f"[{a}, {b}]" for a, b in ((self.value(), self.value()), (label, label)))))
        else:
            self.let(what.format(self.value(), label))
        if rng.random() < 0.5 and self.body and self.made[-1] == self.body[-1].split(" =")[0]:
            self.made.pop()

    def family(self) -> None:
        """What people build."""
        rng, (x, k) = self.rng, self.list()
        m = rng.randint(1, 3)
        makers: list[Callable[[], str]] = [
            lambda: f"softmax({x})",
            lambda: f"normalized({x})",
            lambda: f"attention({x}, {self.matrix(m, k)}, {self.matrix(m, 2)})",
            lambda: f"attention({x}, [{x}, {self.list(k)[0]}], [{x}, {self.list(k)[0]}])",
            lambda: f"recurrent({self.matrix(m, m)}, {x})",
            lambda: f"gated({self.matrix(m, m)}, {x})",
            lambda: f"convolution({self.matrix(1, min(k, m))}[0], {x})",
            lambda: f"convolution({self.matrix(1, 2)}[0], {self.model(k, 4)}({x}))",
            lambda: f"residual({self.model(k, k)}, {x})",
            lambda: f"experts({self.list(2)[0]}, [{self.model(k)}, {self.model(k)}], {x})",
            lambda: f"embedding({self.matrix(3, m)}, {rng.randrange(3)})",
            lambda: f"hypernetwork({self.model(k)}, {x}, {self.list()[0]})",
            lambda: f"autoencoder({self.matrix(m, k)}, {x})",
        ]
        self.let(rng.choice(makers)())

    def answer(self, single: bool) -> str:
        """What the program returns: one result, or one or more, parameters and constants among them."""
        rng, latest = self.rng, self.made[-1]
        some = rng.sample(self.made, min(4, len(self.made)))
        if single:
            return rng.choice([latest, latest, f"sum([{', '.join(some)}])", self.value()])
        more = [self.scalar(), self.value(), *some, *(f"*{x}" for x in self.lists)]
        return rng.choice([latest, f"[{', '.join([latest, *rng.sample(more, rng.randint(0, 2))])}]"])


STATEMENTS = [
    *[Writer.operation] * 5,
    *[Writer.layer] * 3,
    *[Writer.family] * 4,
    *[Writer.elementwise] * 2,
    *[Writer.reduction_of_list] * 2,
    Writer.loss,
]

# ---------------------------------------------------------------- how each engine runs them

Outcome = list[float] | None  # all results and gradients; None if a label was refused
REFUSAL = " needs "  # what every loss says to a label that is none
SLOPES = {o.rule: o.slope_of_result for o in ONE_INPUT if o.slope_of_result}


@contextmanager
def nudged(rng: Random, wide: set[Value], parameters: Sequence[Value], hoist: bool, lax: bool) -> Iterator[None]:
    """In this block, the numbers that an operation reads or makes, and sums of gradients, are nudged.

    With `hoist`, what is the same for all samples is computed once for all of them. With `lax`, no
    label is refused: a nudge is no reason to.
    """
    plain = value.node
    once: dict[Any, Value] = {}
    shared = set(parameters)

    often, draw = rng.choice(OFTEN), rng.random

    def nudge(x: float) -> float:
        return x * (1.0 + EPSILON * (2.0 * draw() - 1.0)) if draw() < often else x

    def total(terms: Iterable[float]) -> float:
        return reduce(lambda so_far, term: nudge(so_far + term), terms, 0.0)

    def node(data: float, inputs: tuple[Value, ...], op: str, local: tuple[float, ...], rule: ops.Rule) -> Value:
        common = hoist and wide.isdisjoint(inputs)
        key = (op, repr((data, local)), *(i if i in shared else i.data for i in inputs)) if common else None
        if key in once:
            return once[key]
        near = [nudge(i.data) for i in inputs]
        if rule is ops.pow:
            near[1] = inputs[1].data  # whether an exponent is whole is no matter of rounding
        data, local = rule(*near)
        if rule is ops.dot:
            data = total(map(mul, near[: len(near) // 2], near[len(near) // 2 :]))
        elif rule is ops.mean:
            data = total(near) / len(near)
        data = nudge(data)
        if rule in SLOPES:
            data = max(-1.0, min(data, 1.0)) if data == data else data  # noqa: PLR0124  # nan
            local = (SLOPES[rule](data),)
        out = plain(data, inputs, op, local, rule)
        if common:
            once[key] = out
            shared.add(out)
        else:
            wide.add(out)
        return out

    def backward(self: Value) -> None:
        for i, local in zip(self._prev, self._local):
            i.grad = nudge(i.grad + nudge(local) * self.grad)

    check = (lambda *_: None) if lax else targets.check
    with (
        patch.object(value, "node", node),
        patch.object(targets, "check", check),
        patch.object(Value, "_backward", backward),
    ):
        yield


class Eager:
    """A program in the eager engine: sample by sample, and one way back from all results."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.f, self.parameters = program.load()
        self.outcome = self.run()

    def run(self, nudge: int | None = None, lax: bool = True) -> Outcome:
        """All results and gradients, nudged if `nudge` is a number."""
        batches = self.program.batches.values()
        samples = [[[Value(v) for v in x] if isinstance(x, list) else Value(x) for x in row] for row in zip(*batches)]
        if nudge is None:
            return self.forth_and_back(samples)
        wide = {v for row in samples for x in row for v in as_list(x)}
        with nudged(Random(nudge), wide, self.parameters, hoist=nudge % 2 == 1, lax=lax):
            return self.forth_and_back(samples)

    def forth_and_back(self, samples: list[list[Any]]) -> Outcome:
        for p in self.parameters:
            p.grad = 0.0
        try:
            results = [as_value(v) for sample in samples for v in as_list(self.f(*sample))]
        except ValueError as error:
            if REFUSAL in str(error):
                return None
            raise
        self.root = (
            mean(results) if self.program.reduction == "mean" else dot(results, self.program.seeds(len(results)))
        )
        self.root.backward()
        data = [v.data for v in results] if self.program.reduction == "none" else [self.root.data]
        return data + [p.grad for p in self.parameters]

    def overflows(self) -> bool:
        """Whether a product on the way, there or back, is so large that it matters how it is added up.

        With a fused multiply-add, as BLAS has it, a product that overflows is no inf yet when it is added.
        """
        self.run()
        nodes = topological_sort(self.root)
        there = ((i.data, local) for v in nodes for i, local in zip(v._prev, v._local))
        back = ((v.grad, local) for v in nodes for local in v._local)
        return any(math.isfinite(x) and math.isfinite(y) and abs(x * y) > OVERFLOW for x, y in (*there, *back))


def compiled(program: Program, backend: str) -> Outcome:
    """All results and gradients of the vectorized program, on arrays or on floats.

    It is recorded and called with other numbers first: nothing of them may stay.
    """
    f, parameters = program.load()
    true = [p.data for p in parameters]
    arrays = list(program.batches.values())
    with by(backend):
        vectorized = vectorize(f, reduction=program.reduction)
        for p in parameters:
            p.data = 0.5
        forth_and_back(vectorized, [array[::-1] for array in arrays], program)
        for p, number in zip(parameters, true):
            p.data, p.grad = number, 0.0
        data = forth_and_back(vectorized, arrays, program)
    return None if data is None else data + [p.grad for p in parameters]


def forth_and_back(vectorized: Any, arrays: list[list[Any]], program: Program) -> Outcome:
    """The results, if no label is refused; and gradients where they belong."""
    try:
        batch = vectorized(*arrays)
    except ValueError as error:
        if REFUSAL in str(error):
            return None
        raise
    if program.reduction == "none":
        batch.backward(np.reshape(program.seeds(batch.data.size), batch.data.shape))
    else:
        batch.backward()
    return np.ravel(batch.data).tolist()


# ---------------------------------------------------------------- the comparison


def wrong(ours: list[float], theirs: list[list[float]]) -> list[int]:
    """Which of our numbers none of theirs explains."""
    return [i for i, (x, column) in enumerate(zip(ours, zip(*theirs))) if not explained(x, column)]


def explained(x: float, right: Sequence[float]) -> bool:
    """Whether x is between numbers that are right, or within FACTOR times their spread; or is no number as one is."""
    if not math.isfinite(x):
        return any(x == y or (x != x and y != y) for y in right)  # noqa: PLR0124  # nan
    finite = [y for y in right if math.isfinite(y)]
    if not finite:
        return False
    low, high = min(finite), max(finite)
    slack = FACTOR * (high - low + math.ulp(0.0))  # the unit in the last place of a number next to 0
    return low - slack <= x <= high + slack


def fits(ours: Outcome, theirs: Sequence[Outcome]) -> bool:
    """Whether what the eager engine gives, nudged or not, explains ours: each number, or that a label is refused."""
    if ours is None or None in theirs:
        return any((t is None) is (ours is None) for t in theirs)
    return not wrong(ours, theirs)


def complaint(program: Program) -> str | None:
    """What is wrong with a program as it is compiled; None if nothing is."""
    eager = Eager(program)
    for backend in BACKENDS:
        try:
            ours = compiled(program, backend)
        except Exception as error:  # noqa: BLE001  # whatever it is, the eager engine had none
            return f"{backend}: {type(error).__name__}: {error}"
        theirs = [eager.outcome]
        lax = ours is not None and eager.outcome is not None
        while not fits(ours, theirs) and len(theirs) <= NUDGES:
            theirs.append(eager.run(nudge=len(theirs), lax=lax))
        if not fits(ours, theirs) and not (lax and eager.overflows()):
            return f"{backend}: {difference(ours, theirs, program)}"
    return None


def difference(ours: Outcome, theirs: Sequence[Outcome], program: Program) -> str:
    """The first number that is wrong, and how."""
    if ours is None or theirs[0] is None:
        return f"a label is {'refused' if ours is None else 'taken'}"
    i = wrong(ours, theirs)[0]
    gradients = len(program.load()[1])
    what = f"result {i}" if i < len(ours) - gradients else f"gradient {i - len(ours) + gradients}"
    return f"{what} is {ours[i]!r}, but should be {theirs[0][i]!r}"


# ---------------------------------------------------------------- smaller programs

NAME = r"\b(?:[pWvxytnSoh]|dZ)\d*\b(?:\[-?\d+\])*"  # of a Value or a list


def smaller(program: Program) -> Iterator[Program]:
    """The program with less in it: half of the samples, the first lines, a line less, a name for what it stands in."""
    n = len(next(iter(program.batches.values())))
    for half in (slice(n // 2), slice(n // 2, n)) if n > 1 else ():
        yield replace(program, batches={name: rows[half] for name, rows in program.batches.items()})
    for i, line in enumerate(program.body[:-1]):
        for at in ("", "[0]", "[-1]"):
            yield replace(program, body=program.body[: i + 1], answer=line.partition(" = ")[0] + at)
    for part in ("body", "setup"):
        lines = getattr(program, part)
        for i in reversed(range(len(lines))):
            yield replace(program, **{part: lines[:i] + lines[i + 1 :]})
    for name in program.batches:
        yield replace(program, batches={k: rows for k, rows in program.batches.items() if k != name})
    for i, line in enumerate(program.body):
        head, _, what = line.partition(" = ")
        for name in dict.fromkeys(re.findall(NAME, what)):
            before, after = program.body[:i], program.body[i + 1 :]
            if name == what:  # a second name for the same
                after, answer = (re.sub(rf"\b{head}\b", name, text) for text in ("\n".join(after), program.answer))
                yield replace(program, body=(*before, *after.splitlines()), answer=answer)
            else:
                yield replace(program, body=(*before, f"{head} = {name}", *after))
    for name in dict.fromkeys(re.findall(NAME, program.answer)):
        if name != program.answer:
            yield replace(program, answer=name)


def shrunk(program: Program) -> Program:
    """The smallest program with which the same is wrong."""
    kind = kind_of(complaint(program))
    for candidate in smaller(program):
        with suppress(Exception):  # a program that makes no sense
            if kind_of(complaint(candidate)) == kind:
                return shrunk(candidate)
    return program


def kind_of(why: str | None) -> str | None:
    """A complaint without its numbers."""
    return why and re.sub(r" \d.*", "", why)


# ---------------------------------------------------------------- the attack


def attempt(seed: int) -> tuple[int, str | None, str]:
    """One seed: what is wrong with its program, and a small program with which the same is wrong."""
    with garbage():
        program = Writer(seed).program()
        why = complaint(program)
        if why is None:
            return seed, None, ""
        small = shrunk(program)
        return seed, why, f"# seed {seed}: {complaint(small)}\n{small}\n"


def main() -> int:
    """Try seeds, and tell how many failed."""
    parser = argparse.ArgumentParser(description="Compare random programs, vectorized, with the eager engine.")
    parser.add_argument("seeds", nargs="*", type=int)
    parser.add_argument("--count", type=int, default=20_000, help="how many seeds, if none is given")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    seeds = options.seeds or range(options.count)
    start, failed = time.monotonic(), Counter[str | None]()
    with multiprocessing.Pool(options.jobs) as pool:
        for _, why, text in pool.imap_unordered(attempt, seeds, chunksize=1 + len(seeds) // 1000):
            if why is not None:
                failed[kind_of(why)] += 1
                if failed.total() <= SHOWN:
                    print(text, flush=True)
    took, count = time.monotonic() - start, len(seeds)
    print(f"{count} programs, {2 * count} comparisons, {failed.total()} failures, {took:.0f} s")
    for why, times in failed.most_common():
        print(f"{times:6} {why}")
    return 1 if failed else 0


SHOWN = 20

if __name__ == "__main__":
    sys.exit(main())
