"""The float program: plain Python, whatever the function."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd_numpy import Value, numpy_rule, vectorize
from micrograd_numpy.value import apply
from tests.compiler.eager import by
from tests.compiler.structures import written


def test_what_is_written_changes_only_if_that_is_meant(stored) -> None:
    """In these is all that a program can have, in little."""
    names = (
        "zero as a result, arguments as results, nothing but parameters, rules of one's own, signs mixed, "
        "a total of a total, a long sum"
    )
    stored("floats.txt", written(names, lambda programs: programs.floats.source))


@pytest.mark.parametrize("samples", [1, 100])
def test_what_a_rule_answers_becomes_a_float(samples: int) -> None:
    def step(a):
        return a > np.float64(0.0), (np.float32(0.5),)

    w = Value(1.0)
    vectorized = vectorize(lambda x: apply(step, w * x) + apply(step, w * x))
    batch = vectorized(np.ones(samples))
    batch.backward()
    assert batch.data == 2.0 and type(w.grad) is float and w.grad == pytest.approx(1.0)


def test_a_rule_that_answers_wrongly_for_a_later_sample_is_told_by_its_name() -> None:
    def growing(a):
        return a, (1.0,) * int(a)

    numpy_rule(growing)(lambda a: (a, (1.0,)))  # so that it is not followed
    with (
        by("floats"),
        pytest.raises(ValueError, match=r"^the rule 'growing' got 1 inputs but returned 2 local") as error,
    ):
        vectorize(lambda x: apply(growing, x))([1.0, 2.0])
    assert "<vectorize>" in [str(step.path) for step in error.traceback]
