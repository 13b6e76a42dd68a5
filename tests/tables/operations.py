"""The operations of a Value with one and with two inputs, a row each: what the tests know of them stands here.

The tests at the edges, the random programs, the attack on the compiler and the page "The contract" take it from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from micrograd_numpy import ops

EPSILON = 2.0**-52  # from 1 to the next float


@dataclass(frozen=True)
class Operation:
    """An operation as a rule on floats, and as one writes it: `f` works on Values and on tensors alike."""

    written: str  # with {} for each input
    rule: ops.Rule
    f: Callable[..., Any]
    domain: str = "any"  # where it is smooth: a name in catalogue.DOMAINS
    slack: float = 0.0  # how far a slope may be off, absolutely: see `edges.same`
    slope_of_result: Callable[[float], float] | None = None  # if the slope is a difference made of the result

    @property
    def name(self) -> str:
        """The operation, with a and b for its inputs."""
        return self.written.format("a", "b")

    def __str__(self) -> str:
        return self.name


ONE_INPUT = [
    Operation("-{}", ops.neg, lambda a: -a),
    Operation("{}.exp()", ops.exp, lambda a: a.exp()),
    Operation("{}.log()", ops.log, lambda a: a.log(), "positive"),
    Operation("{}.relu()", ops.relu, lambda a: a.relu()),
    Operation("abs({})", ops.abs, abs),
    # Both slopes are made of 1 − t. Near t = 1 two libraries' tanh are up to two units of the last
    # digit apart, and 1 − t² turns each into twice as much.
    Operation("{}.tanh()", ops.tanh, lambda a: a.tanh(), slack=3 * EPSILON, slope_of_result=lambda t: 1.0 - t * t),
    Operation(
        "{}.sigmoid()", ops.sigmoid, lambda a: a.sigmoid(), slack=EPSILON, slope_of_result=lambda s: s * (1.0 - s)
    ),
]
TWO_INPUTS = [
    Operation("{} + {}", ops.add, lambda a, b: a + b, "pairs"),
    Operation("{} - {}", ops.sub, lambda a, b: a - b, "pairs"),
    Operation("{} * {}", ops.mul, lambda a, b: a * b, "pairs"),
    Operation("{} / {}", ops.div, lambda a, b: a / b, "pairs"),
    Operation("{} ** {}", ops.pow, lambda a, b: a**b, "powers"),
]
