"""The edges of the floats, as data: what goes in, what is asked there, and where PyTorch answers otherwise.

The tests of operations, losses and optimizers read it, and so does tools/book/contract.py, which makes the
page "The contract" of it. Nothing here needs torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from micrograd_numpy import ops
from tests.tables.operations import ONE_INPUT, TWO_INPUTS, Operation

INF, NAN = math.inf, math.nan
SMALLEST = 5e-324  # the smallest subnormal

# ---------------------------------------------------------------- operations

EDGES = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5, 0.3, -2.5,
    SMALLEST, -SMALLEST, 1e-310, -1e-310, 2.2250738585072014e-308, -2.2250738585072014e-308, 1e-300, -1e-300,
    19.0, -19.0, 40.0, -40.0, 710.0, -710.0, 745.0, -745.0, 1e4, -1e4,
    1e300, -1e300, 1.7976931348623157e308, -1.7976931348623157e308, INF, -INF, NAN,
]  # fmt: skip

# The twelve that show the most: the rows and columns of the page's grids.
TELLING = [-INF, -1e300, -2.5, -1.0, -0.0, 0.0, SMALLEST, 0.5, 3.0, 1e300, INF, NAN]


def power(name: str, n: float) -> Operation:
    """`a ** n` for the constant exponent n, which `name` writes."""
    return Operation(f"{{}} ** {name}", ops.power(n), lambda a: a**n)


EXPONENTS = {
    "2": 2.0, "3": 3.0, "1": 1.0, "0": 0.0, "-1": -1.0, "-2": -2.0, "0.5": 0.5, "-0.5": -0.5, "1.5": 1.5, "-1.5": -1.5,
    "(1/3)": 1 / 3, "(-1/3)": -1 / 3, "1e4": 1e4, "-1e4": -1e4, "1e300": 1e300, "5e-324": SMALLEST,
    "inf": INF, "-inf": -INF, "nan": NAN,
}  # fmt: skip

UNARY = [*ONE_INPUT, *(power(name, n) for name, n in EXPONENTS.items())]
BINARY = TWO_INPUTS


def same(ours: float, theirs: float, rel: float = 1e-14, slack: float = 0.0) -> bool:
    """Equal, with nan equal to nan and 0 to −0, but for rounding.

    Libraries compute exp, log, tanh and pow to a unit or two of the last digit, which is 2e-16
    of the number, or 5e-324 where the number is subnormal. `slack` is for differences of close
    numbers, which keep the unit and lose the number.
    """
    if math.isnan(ours) or math.isnan(theirs):
        return math.isnan(ours) and math.isnan(theirs)
    return ours == theirs or math.isclose(ours, theirs, rel_tol=rel, abs_tol=max(4 * SMALLEST, slack))


def all_same(ours: tuple[float, ...], theirs: tuple[float, ...], slack: float = 0.0) -> bool:
    """Whether results are the same, and each slope within `slack` too."""
    return same(ours[0], theirs[0]) and all(same(x, y, slack=slack) for x, y in zip(ours[1:], theirs[1:], strict=True))


# ---------------------------------------------------------------- losses

NUMBERS = [
    0.0, -0.0, 1.0, -1.0, 0.3, -2.5, SMALLEST, 1e-300, -1e-300, 19.0, -19.0, 36.0, -36.0, 37.0, -37.0, 40.0, -40.0,
    710.0, -710.0, 745.0, -745.0, 1e4, -1e4, 1e200, -1e200, 1e300, -1e300,
]  # fmt: skip
PROBABILITIES = [
    0.0, SMALLEST, 1e-320, 1e-300, 1e-44, 3.7e-44, 3.8e-44, 1e-43, 1e-16, 1e-13, 1e-12, 1e-5, 0.3, 0.5, 0.9,
    1 - 1e-5, 1 - 1e-13, 1 - 2.0**-53, 1.0,
]  # fmt: skip
SHARES = [0.0, SMALLEST, 1e-300, 0.25, 0.5, 0.9, 1 - 2.0**-53, 1.0]  # targets between the classes 0 and 1

# ---------------------------------------------------------------- optimizers

STARTS = [2.5, 0.0, -0.0, 1e16, 1e300, -1e300, 1.7e308, 1e-300, SMALLEST, INF, -INF, NAN]
GRADIENTS: dict[str, list[float]] = {
    "zero": [0.0] * 20,
    "zero after one": [1.0] + [0.0] * 20,
    "one after zeros": [0.0] * 5 + [1.0] * 5,
    "tiny": [1e-12, -3e-11, 2e-12] * 5,
    "subnormal": [SMALLEST, 1e-310, -SMALLEST] * 3,
    "far below eps": [1e-100, -1e-150, 1e-120] * 5,
    "square underflows": [1e-163, -1e-165, 1e-300] * 3,
    "huge": [1e100, -3e120, 2e90] * 5,
    "square overflows": [1e200, -1e250, 1.0, 1e180] * 5,
    "largest": [1e300, -1e300, 1e308, 1.0] * 2,
    "alternating": [1.0, -1.0] * 10,
    "inf": [1.0, INF, 1.0, 0.0, -1.0],
    "-inf": [1.0, -INF, 1.0, 0.0, -1.0],
    "inf at first": [INF, 0.0, 0.0],
    "inf and -inf": [INF, -INF, 1.0],
    "nan": [1.0, NAN, 1.0],
}

# ---------------------------------------------------------------- where PyTorch answers otherwise


@dataclass(frozen=True)
class Difference:
    """An answer that is not PyTorch's on purpose.

    `code` is an expression in the names of `at`, which become leaves; it is evaluated with Values
    and the names of micrograd_numpy.nn, and with tensors and the names of torch.nn.functional.
    An answer is the result and then the derivative with respect to each leaf, or the name of an
    error.
    """

    code: str
    at: dict[str, float]
    ours: tuple[float, ...] | str
    pytorch: tuple[float, ...] | str
    where: str  # the whole region, as a condition on the same names
    reason: str

    def __str__(self) -> str:
        return f"{self.code} at {', '.join(f'{name} = {x!r}' for name, x in self.at.items())}"

    def covers(self, *inputs: float) -> bool:
        """Whether these inputs, in the order of `at`, are in the region."""
        names = {"inf": INF, "is_minus_zero": lambda x: repr(x) == "-0.0"}
        return bool(eval(self.where, names, dict(zip(self.at, inputs, strict=True))))  # ours, below


ROOT = (
    "For a constant exponent of ±0.5 PyTorch takes a square root; with the exponent in a tensor it answers as IEEE "
    "754's pow. Here both forms give IEEE's answer. The slope of a ** 1.5 is such a root."
)
SQUARE = (
    "For the constant exponent −2 PyTorch computes 1/(a·a), and a·a overflows long before the answer leaves the "
    "floats; with the exponent in a tensor it answers as we do. The slope of a ** -1 is such a power."
)
RECIPROCAL = (
    "PyTorch computes number / tensor as number · (1/tensor), and the reciprocal, or its square in the slope, leaves "
    "the floats; with both in tensors it answers as we do."
)
CUT = "PyTorch cuts the logarithms at −100 in the loss, but not in this slope. Ours is the slope of what is computed."
FLOOR = "The floor of 1e-12 is a float32 in PyTorch, 9.99999996e-13; ours is the double."
DIGITS = "PyTorch adds and subtracts the logit, which leaves rounding noise; ours keeps all digits."
NO_END = "PyTorch subtracts two infinities; but the loss grows without end as the logit falls."
SURE = "PyTorch multiplies 0 by infinity; but the loss of a right logit goes to 0 as the logit grows surer."
NO_FLOOR = "A label of −1 is a mistake: its loss would fall without end. PyTorch takes it."

DIFFERENCES = [
    Difference("a ** 0.5", {"a": -INF}, (INF, 0.0), (NAN, NAN), "a == -inf", ROOT),
    Difference("a ** 0.5", {"a": -0.0}, (0.0, INF), (-0.0, -INF), "is_minus_zero(a)", ROOT),
    Difference("a ** -0.5", {"a": -INF}, (0.0, 0.0), (NAN, 0.0), "a == -inf", ROOT),
    Difference("a ** -0.5", {"a": -0.0}, (INF, -INF), (-INF, -INF), "is_minus_zero(a)", ROOT),
    Difference("a ** 1.5", {"a": -INF}, (INF, INF), (INF, NAN), "a == -inf", ROOT),
    Difference("a ** -2", {"a": 1e160}, (1e-320, 0.0), (0.0, 0.0), "1.34e154 < abs(a) < inf", SQUARE),
    Difference(
        "a ** -1", {"a": 1e160}, (1e-160, -1e-320), (1e-160, 0.0), "1.34e154 < abs(a) < inf",
        SQUARE,
    ),
    Difference("0.0 / a", {"a": 1e-310}, (0.0, 0.0), (NAN, NAN), "abs(a) < 1e-154 or abs(a) > 1e154", RECIPROCAL),
    Difference("1e-300 / a", {"a": 1e-310}, (1e10, -INF), (INF, -INF), "abs(a) < 1e-154 or abs(a) > 1e154", RECIPROCAL),
    Difference(
        "binary_cross_entropy(p, t)", {"p": 0.0, "t": 0.0}, (0.0, 0.0, 100.0), (0.0, 0.0, INF),
        "p < 3.72e-44", CUT,
    ),
    Difference(
        "binary_cross_entropy(p, t)", {"p": 1.0, "t": 1.0}, (0.0, 0.0, -100.0), (0.0, 0.0, -INF), "p == 1", CUT
    ),
    Difference(
        "binary_cross_entropy(p, t)", {"p": 0.5e-12, "t": 0.0},
        (5.00000000000125e-13, 0.5, 28.324168296487994), (5.00000000000125e-13, 0.5000000019979014, 28.324168296487994),
        "p * (1 - p) < 1e-12 and p != t", FLOOR,
    ),
    Difference(
        "binary_cross_entropy_with_logits(z, t)", {"z": -40.0, "t": 0.0},
        (4.248354255291589e-18, 4.248354255291589e-18, 40.0), (0.0, 4.248354255291589e-18, 40.0),
        "-inf < z < 0", DIGITS,
    ),
    Difference(
        "binary_cross_entropy_with_logits(z, t)", {"z": -INF, "t": 1.0}, (INF, -1.0, INF), (NAN, -1.0, INF),
        "z == -inf and t > 0", NO_END,
    ),
    Difference(
        "binary_cross_entropy_with_logits(z, t)", {"z": INF, "t": 1.0}, (0.0, 0.0, -INF), (NAN, 0.0, -INF),
        "z == inf and t == 1", SURE,
    ),
    Difference(
        "binary_cross_entropy_with_logits(z, t)", {"z": -INF, "t": 0.0}, (0.0, 0.0, INF), (NAN, 0.0, INF),
        "z == -inf and t == 0", SURE,
    ),
    Difference(
        "binary_cross_entropy_with_logits(z, t)", {"z": 1.0, "t": -1.0},
        "ValueError", (2.313261687518223, 1.7310585786300048, -1.0), "t < 0 or t > 1", NO_FLOOR,
    ),
]  # fmt: skip


def differs(code: str, *inputs: float) -> bool:
    """Whether PyTorch answers otherwise there, on record."""
    return any(d.code == code and d.covers(*inputs) for d in DIFFERENCES)
