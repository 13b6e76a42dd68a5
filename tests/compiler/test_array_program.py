"""The array program: a short line of statements, whatever the size of the batch."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from micrograd_numpy import MLP, vectorize
from micrograd_numpy.value import dot
from tests.compiler.eager import compiled_demo, demo, values
from tests.compiler.structures import written


def calls(source: str) -> list[str]:
    """The functions that a program calls in its forward and backward pass."""
    (bind,) = ast.parse(source).body
    assert isinstance(bind, ast.FunctionDef)
    passes = [part for part in bind.body if isinstance(part, ast.FunctionDef)]
    assert [part.name for part in passes] == ["forward", "backward"]
    statements = [statement for part in passes for statement in part.body]
    return [ast.unparse(call.func) for s in statements for call in ast.walk(s) if isinstance(call, ast.Call)]


def test_what_is_written_changes_only_if_that_is_meant(stored) -> None:
    """In these is all that a program and its explanation can have, in little."""
    names = (
        "parameters tied, terms twice, operations twice, a total of a total, negated products, signs mixed, "
        "subtracted where something was added, subtracted far apart, more arrays than digits, every other, "
        "a convolution, a recurrent network, an outer product, powers, logarithms, rules of one's own, "
        "zero as a result, parameters and numbers as results, a result inside another"
    )
    stored("arrays.txt", written(names, lambda programs: f"{programs.arrays.source}\n{programs.arrays.explain()}"))


def test_the_demo_is_a_short_line_of_statements() -> None:
    vectorized = compiled_demo()
    assert vectorized._latest.programs.arrays.statements == len(calls(vectorized.source)) <= 32
    assert "3 matrix products: (16, 3)·(3, n), (16, 17)·(17, n), (1, 17)·(17, n)" in vectorized.explain()


def test_the_program_does_not_depend_on_the_size_of_the_batch() -> None:
    sources = []
    for n in (10, 1000):
        _, loss, X, y = demo()
        vectorized = vectorize(loss)
        vectorized(np.tile(X, (10, 1))[:n], np.tile(y, 10)[:n])
        sources.append(vectorized.source)
    assert sources[0] == sources[1]


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
