"""The two programs of a recipe: their numbers are the eager engine's, whatever the function."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_numpy import Value, dot, vectorize
from micrograd_numpy.arrays import record
from micrograd_numpy.compiler.programs import Programs
from tests.compiler.eager import BACKENDS, by, close, eager, grads, numbers, send_back
from tests.compiler.structures import PARAMETERS, STRUCTURES
from tests.tables.catalogue import FUNCTIONS, Function, Program, errors, programs


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("name", STRUCTURES)
def test_results_and_gradients_are_the_eager_engines(name: str) -> None:
    f = STRUCTURES[name]
    vectorized, programs = vectorize(f, reduction="none"), set()
    rng = np.random.default_rng(1)
    grads(PARAMETERS)
    for n in (1, 2, 7, 2):  # and with other parameters each time
        for p in PARAMETERS:
            p.data = float(rng.normal())
        X, t = rng.normal(size=(n, 4)), rng.normal(size=n)
        batch = vectorized(X, t)
        seeds = rng.normal(size=batch.data.shape)
        batch.backward(seeds)
        ours = grads(PARAMETERS)
        results = eager(f, X, t)
        send_back(results, seeds)
        assert close(np.reshape(batch.data, (n, -1)), numbers(results)), vectorized.source
        assert close(ours, grads(PARAMETERS)), vectorized.source
        assert np.array_equal(vectorized.forward(X, t), batch.data)
        programs.add(vectorized._latest)
    assert len(programs) == 1


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_functions_of_the_catalogue_are_the_eager_engines(function: Function) -> None:
    """Their inputs are arguments, or parameters."""
    points = np.array(function.points)
    parameters = [Value(0.0) for _ in points[0]]
    of_arguments = vectorize(lambda x: function.f(*x), reduction="none")
    of_parameters = vectorize(lambda x: function.f(*parameters) + 0 * x)
    assert close(of_arguments(points).data[:, None], numbers(eager(lambda x: function.f(*x), points)))
    for point in function.points:
        for p, number in zip(parameters, point):
            p.data = number
        of_parameters([0.0, 0.0]).backward()
        ours = grads(parameters)
        function.f(*parameters).backward()
        assert close(ours, grads(parameters))


def compare(program: Program, kept: list[bool], n: int) -> None:
    """Vectorize a program, where some of its leaves are arguments and the others parameters."""
    arguments = [i for i, keep in enumerate(kept[: len(program.leaves)]) if not keep] or [0]
    parameters = [Value(x) for x in program.leaves]

    def fn(x: list[Value]) -> Any:
        leaves = list(parameters)
        for i, v in zip(arguments, x):
            leaves[i] = v
        results = program.run(leaves)
        return results if len(results) > 1 else results[0]

    columns = np.array([[program.leaves[i] for i in arguments]] * n)
    vectorized = vectorize(fn, reduction="none")
    batch = vectorized(columns)
    seeds = np.linspace(0.5, 1.5, batch.data.size).reshape(batch.data.shape)
    batch.backward(seeds)
    ours = grads(parameters)
    off = dict.fromkeys(parameters, 0.0)  # how far gradients may be off
    for row, found, weights in zip(eager(fn, columns), batch.data.reshape(n, -1), seeds.reshape(n, -1).tolist()):
        for v, number, weight in zip(row, found, weights):
            assert abs(v.data - number) <= 1e-12 * abs(v.data) + bound(errors(v)[v][0]), vectorized.source
            root = v * weight
            root.backward()
            for node, (_, grad) in errors(root).items():
                if node in off:
                    off[node] += grad
    for i, (p, grad) in enumerate(zip(parameters, ours)):
        if i not in arguments:
            assert abs(grad - p.grad) <= 1e-12 * abs(p.grad) + bound(off[p]), vectorized.source


def bound(error: float) -> float:
    """A multiple of the error that one order of operations makes: two orders, and NumPy's exp, log and tanh."""
    return 10 * error if error < math.inf else math.inf  # nan where the rules have no slope to go by


@pytest.mark.parametrize("which", BACKENDS)
@settings(max_examples=100)
@given(program=programs(most=30), kept=st.lists(st.booleans(), min_size=4, max_size=4), n=st.integers(1, 3))
def test_random_programs_are_the_eager_engines(which: str, program: Program, kept: list[bool], n: int) -> None:
    with by(which):
        compare(program, kept, n)


@pytest.mark.parametrize("which", BACKENDS)
@settings(max_examples=50)
@given(program=programs())
def test_gradients_of_all_inputs_of_random_programs_are_the_eager_engines(which: str, program: Program) -> None:
    """Every leaf is a parameter, and an argument that nobody needs comes first."""
    with by(which):
        compare(Program((0.0, *program.leaves), tuple(shifted(program)), program.roots), [False, *[True] * 4], 2)


def shifted(program: Program) -> Iterator[tuple[str, float, tuple[int, ...]]]:
    """The steps of a program that has one leaf more, at the beginning."""
    return ((name, c, tuple(i + 1 for i in inputs)) for name, c, inputs in program.steps)


def test_a_sum_is_as_much_work_as_its_terms_and_what_samples_share_is_done_once() -> None:
    w = Value(0.5)
    made = Programs(record(lambda x: dot([w.exp()] * 3, x).tanh().exp(), [[1.0, 2.0, 3.0]], ["x"]))
    assert (made.work, made.levels) == ({False: 1, True: 3 + 1 + 1}, 4)
    assert made.share(10, statements=4) == (1 + 10 * 5) / 4
