"""The rules: local derivatives equal nudging, and PyTorch's answers at the edges of the floats."""

from __future__ import annotations

import math

import pytest

from micrograd_numpy import ops

EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 5e-324, -5e-324, 1e-300, -1e-300, 1e300, -1e300, 19.0, -19.0, 40.0, -40.0,
    710.0, -710.0, 745.0, -745.0, 1e4, -1e4, math.inf, -math.inf, math.nan,
]  # fmt: skip

UNARY = {
    "neg": (ops.neg, lambda torch, a: -a),
    "exp": (ops.exp, lambda torch, a: torch.exp(a)),
    "log": (ops.log, lambda torch, a: torch.log(a)),
    "relu": (ops.relu, lambda torch, a: torch.relu(a)),
    "tanh": (ops.tanh, lambda torch, a: torch.tanh(a)),
    "sigmoid": (ops.sigmoid, lambda torch, a: torch.sigmoid(a)),
    "**2": (ops.power(2.0), lambda torch, a: a**2.0),
    "**3": (ops.power(3.0), lambda torch, a: a**3.0),
    "**0": (ops.power(0.0), lambda torch, a: a**0.0),
    "**-1": (ops.power(-1.0), lambda torch, a: a**-1.0),
    "**-2": (ops.power(-2.0), lambda torch, a: a**-2.0),
    "**1.5": (ops.power(1.5), lambda torch, a: a**1.5),
}
BINARY = {
    "add": (ops.add, lambda a, b: a + b),
    "sub": (ops.sub, lambda a, b: a - b),
    "mul": (ops.mul, lambda a, b: a * b),
    "div": (ops.div, lambda a, b: a / b),
    "pow": (ops.pow, lambda a, b: a**b),
}


def same(ours: float, theirs: float) -> bool:
    """Equal, with nan equal to nan, to the last few bits (libraries round differently)."""
    if math.isnan(ours) or math.isnan(theirs):
        return math.isnan(ours) and math.isnan(theirs)
    return ours == theirs or math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-300)


@pytest.mark.parametrize("a", EDGES)
@pytest.mark.parametrize("name", UNARY)
def test_unary_rules_at_the_edges_equal_pytorch(name: str, a: float, torch) -> None:
    if (name, a) == ("**1.5", -math.inf):
        return  # PyTorch disagrees with itself there: see test_where_pytorch_disagrees_with_itself
    rule, function = UNARY[name]
    tensor = torch.tensor(a, dtype=torch.float64, requires_grad=True)
    theirs = function(torch, tensor)
    theirs.backward()
    result, (slope,) = rule(a)
    assert same(result, theirs.item()), (result, theirs.item())
    assert same(slope, tensor.grad.item()), (slope, tensor.grad.item())


@pytest.mark.parametrize("a", EDGES)
@pytest.mark.parametrize("name", BINARY)
def test_binary_rules_at_the_edges_equal_pytorch(name: str, a: float, torch) -> None:
    rule, function = BINARY[name]
    wrong = []
    for b in EDGES:
        tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (a, b)]
        theirs = function(*tensors)
        theirs.backward()
        result, slopes = rule(a, b)
        expected = [theirs.item(), *(t.grad.item() for t in tensors)]
        if not all(map(same, [result, *slopes], expected)):
            wrong.append((b, [result, *slopes], expected))
    assert not wrong


def test_where_pytorch_disagrees_with_itself(torch) -> None:
    """√−∞: for the exponent 0.5 PyTorch takes the root, nan; for a tensor, IEEE 754's pow, inf. So do we."""
    minus_infinity = torch.tensor(-math.inf, dtype=torch.float64)
    assert math.isnan((minus_infinity**0.5).item())
    assert (minus_infinity ** torch.tensor(0.5, dtype=torch.float64)).item() == math.inf
    assert ops.power(0.5)(-math.inf)[0] == ops.pow(-math.inf, 0.5)[0] == math.inf


SMOOTH = {
    "add": (ops.add, (2.0, -3.0)),
    "sub": (ops.sub, (2.0, -3.0)),
    "mul": (ops.mul, (2.0, -3.0)),
    "div": (ops.div, (2.0, -3.0)),
    "neg": (ops.neg, (2.0,)),
    "square": (ops.power(2.0), (-1.5,)),
    "root": (ops.power(0.5), (2.0,)),
    "pow": (ops.pow, (1.5, -2.5)),
    "exp": (ops.exp, (0.7,)),
    "log": (ops.log, (0.7,)),
    "relu above": (ops.relu, (0.7,)),
    "relu below": (ops.relu, (-0.7,)),
    "tanh": (ops.tanh, (0.7,)),
    "sigmoid": (ops.sigmoid, (-0.7,)),
    "dot": (ops.dot, (1.0, -2.0, 3.0, 0.5, 0.25, -4.0)),
    "mean": (ops.mean, (1.0, -2.0, 6.0)),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_local_derivatives_equal_nudging(name: str) -> None:
    rule, point = SMOOTH[name]
    _, local = rule(*point)
    assert len(local) == len(point)
    for i in range(len(point)):
        up, down = list(point), list(point)
        up[i] += 1e-5
        down[i] -= 1e-5
        assert local[i] == pytest.approx((rule(*up)[0] - rule(*down)[0]) / 2e-5, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("name", SMOOTH)
def test_rules_are_on_plain_floats(name: str) -> None:
    rule, point = SMOOTH[name]
    result, local = rule(*point)
    assert type(result) is float
    assert all(type(slope) is float for slope in local)


@pytest.mark.parametrize(
    ("a", "b", "quotient"),
    [(1.0, 0.0, math.inf), (1.0, -0.0, -math.inf), (-1.0, 0.0, -math.inf), (math.inf, 0.0, math.inf), (6.0, 3.0, 2.0)],
)
def test_divide(a: float, b: float, quotient: float) -> None:
    assert ops.divide(a, b) == quotient


@pytest.mark.parametrize("a", [0.0, -0.0, math.nan])
def test_divide_without_an_answer(a: float) -> None:
    assert math.isnan(ops.divide(a, 0.0))


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (-2.0, 3.0, -8.0),
        (-1e200, 3.0, -math.inf),
        (-1e200, 2.0, math.inf),
        (1e200, 3.0, math.inf),
        (0.0, -1.0, math.inf),
        (-0.0, -1.0, -math.inf),
        (-0.0, -2.0, math.inf),
        (-0.0, -0.5, math.inf),
        (0.0, -math.inf, math.inf),
        (0.0, 0.0, 1.0),
        (math.nan, 0.0, 1.0),
    ],
)
def test_raised(a: float, b: float, result: float) -> None:
    assert ops.raised(a, b) == result


def test_a_root_of_a_negative_number_is_nan_and_not_complex() -> None:
    assert math.isnan(ops.raised(-8.0, 1 / 3))
