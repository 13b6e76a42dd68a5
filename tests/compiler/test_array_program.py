"""The array program: a short line of statements, under names that nobody else has."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest

from micrograd_numpy import MLP, Value, vectorize
from micrograd_numpy.value import dot
from tests.compiler.eager import by, close, demo, eager, grads, send_back, values
from tests.compiler.structures import STRUCTURES


def test_what_it_is_called_with_may_have_any_names() -> None:
    """Those of the program included."""
    w = Value(2.0)
    names = ["S", "dS", "Z", "dZ", "n", "np", "strided", "forward", "backward", "t1", "h1", "s", "m", "a", "OUT"]
    names += ["TIMEOUT", "bool", "x_1", "xk", "dh1", "i1", "slopes1", "rule1"]
    sums = f"(w * {' * w + '.join(names)}).tanh().relu()"
    fn = eval(f"lambda {', '.join(names)}: {sums} * {' * '.join(names)} + dot([w, w], [S, n])", {"w": w, "dot": dot})
    arrays = np.linspace(0.1, 1.0, 3 * len(names)).reshape(len(names), 3)
    with by("arrays"):
        vectorize(fn)(*arrays).backward()
    ours = grads([w])
    send_back(eager(fn, *arrays), np.full(3, 1 / 3))
    assert close(ours, grads([w]))


def calls(source: str) -> list[str]:
    """The functions that a program calls in its forward and backward pass."""
    (bind,) = ast.parse(source).body
    assert isinstance(bind, ast.FunctionDef)
    passes = [part for part in bind.body if isinstance(part, ast.FunctionDef)]
    assert [part.name for part in passes] == ["forward", "backward"]
    statements = [statement for part in passes for statement in part.body]
    return [ast.unparse(call.func) for s in statements for call in ast.walk(s) if isinstance(call, ast.Call)]


@pytest.mark.parametrize("name", STRUCTURES)
def test_both_programs_are_python(name: str) -> None:
    vectorized = vectorize(STRUCTURES[name], reduction="none")
    vectorized(np.ones((2, 4)), np.ones(2))
    assert calls(vectorized.source)
    assert set(re.findall(r"    def \w+\(\):\n( +)", vectorized.source)) == {8 * " "}
    compile(vectorized._latest.programs.floats.source, "floats", "exec")


def test_the_demo_is_a_short_line_of_statements() -> None:
    _, loss, X, y = demo()
    vectorized = vectorize(loss)
    vectorized(X, y)
    forward, _, backward = vectorized.source.partition("def backward")
    assert vectorized._latest.programs.arrays.statements == len(calls(vectorized.source)) <= 32
    assert len(re.findall(r"\bdot\(", forward)) == 3 + 1  # three layers, and the sum of squares
    assert len(re.findall(r"\bdot\(", backward)) == 5  # for the weights of each, and for the inputs of two
    assert "3 matrix products: (16, 3)·(3, n), (16, 17)·(17, n), (1, 17)·(17, n)" in vectorized.explain()
    assert "strided" not in vectorized.source and "np.take" not in vectorized.source and ".at(" not in vectorized.source


def test_the_program_does_not_depend_on_the_size_of_the_batch() -> None:
    sources = []
    for n in (10, 1000):
        _, loss, X, y = demo()
        vectorized = vectorize(loss)
        vectorized(np.tile(X, (10, 1))[:n], np.tile(y, 10)[:n])
        sources.append(vectorized.source)
    assert sources[0] == sources[1]


def test_explain_tells_what_each_pass_did() -> None:
    w = values(np.random.default_rng(0), 2, 2)
    vectorized = vectorize(lambda x: [dot(row, x).tanh() for row in w], reduction="none")
    vectorized(np.ones((3, 2)))
    assert vectorized.explain().splitlines() == [
        "record   4 operations on one sample, with 4 parameters",
        "fuse     4 remain: 2 sums of products, 2 others",
        "group    2 arrays, on 2 levels",
        "factor   1 matrix product: (2, 2)·(2, n)",
        "lay out  4 numbers for all samples, 4 for each; 3 operands are views, 0 gathered, 1 overwritten",
        "emit     2 NumPy statements forward, 4 back",
    ]


@pytest.mark.parametrize(("layers", "more"), [(5, ""), (6, " and 1 more"), (7, " and 2 more")])
def test_explain_names_the_first_five_matrix_products(layers: int, more: str) -> None:
    vectorized = vectorize(MLP(2, [2] * layers, rng=0), reduction="none")
    vectorized(np.ones((3, 2)))
    products = ", ".join(["(2, 3)·(3, n)"] * 5)
    assert f"factor   {layers} matrix products: {products}{more}\n" in vectorized.explain()


def test_explain_tells_a_product_that_all_samples_share() -> None:
    w = values(np.random.default_rng(0), 3, 2)
    vectorized = vectorize(lambda x: [dot(row, w[2]) * x for row in w[:2]], reduction="none")
    vectorized(np.ones(3))
    assert "factor   2 matrix products: (2, 2)·(2, 1), (2, 1)·(1, n)\n" in vectorized.explain()
