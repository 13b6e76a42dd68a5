"""Functions that several tests share: each works on Values and on torch tensors alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Function:
    """A function with points at which it is smooth."""

    name: str
    f: Callable[..., Any]
    points: tuple[tuple[float, ...], ...]

    def __str__(self) -> str:
        return self.name


ANY = ((-2.5,), (-0.3,), (0.4,), (3.0,))
POSITIVE = ((0.01,), (0.7,), (42.0,))
PAIRS = ((2.0, 3.0), (-1.5, 0.25), (0.1, -4.0))


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
    Function("a + b", lambda a, b: a + b, PAIRS),
    Function("a + 2", lambda a: a + 2, ANY),
    Function("2 + a", lambda a: 2 + a, ANY),
    Function("a - b", lambda a, b: a - b, PAIRS),
    Function("a - 2", lambda a: a - 2, ANY),
    Function("2 - a", lambda a: 2 - a, ANY),
    Function("a * b", lambda a, b: a * b, PAIRS),
    Function("a * 2", lambda a: a * 2, ANY),
    Function("2 * a", lambda a: 2 * a, ANY),
    Function("a / b", lambda a, b: a / b, PAIRS),
    Function("a / 2", lambda a: a / 2, ANY),
    Function("2 / a", lambda a: 2 / a, ANY),
    Function("-a", lambda a: -a, ANY),
    Function("a ** 3", lambda a: a**3, ANY),
    Function("a ** -2", lambda a: a**-2, ANY),
    Function("a ** 0", lambda a: a**0, ANY),
    Function("a ** 0.5", lambda a: a**0.5, POSITIVE),
    Function("a ** b", lambda a, b: a**b, ((2.0, 3.0), (0.5, -1.5), (4.0, 0.0))),
    Function("2 ** a", lambda a: 2**a, ANY),
    Function("exp", lambda a: a.exp(), ANY),
    Function("log", lambda a: a.log(), POSITIVE),
    Function("relu", lambda a: a.relu(), ANY),
    Function("tanh", lambda a: a.tanh(), ANY),
    Function("sigmoid", lambda a: a.sigmoid(), ANY),
]

EXPRESSIONS = [
    Function("a*b + a", lambda a, b: a * b + a, PAIRS),
    Function("micrograd's README", micrograd_readme, ((-4.0, 2.0), (1.0, 0.5), (3.0, -2.0))),
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
CASES = [(function, point) for function in FUNCTIONS for point in function.points]


def case_name(x: object) -> str:
    """How pytest shows one half of a case."""
    return str(x)
