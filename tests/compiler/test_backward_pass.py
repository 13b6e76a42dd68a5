"""The backward pass: what goes back, and what need not."""

from __future__ import annotations

import math
import re

import pytest

from micrograd_numpy import Value, vectorize
from tests.compiler.eager import compiled_demo


def test_products_go_back_to_the_weights_of_three_layers_and_to_the_inputs_of_two() -> None:
    _, _, backward = compiled_demo().source.partition("def backward")
    assert len(re.findall(r"\bdot\(", backward)) == 5


@pytest.mark.usefixtures("backend")
def test_gradients_that_nobody_can_need_are_not_asked_for() -> None:
    """A parameter that has no say gets nothing; one that is used for nothing is not even known."""
    w, idle = Value(3.0), Value(math.nan)

    def f(x: Value) -> Value:
        idle * x
        return w * x

    vectorize(f)([1.0, 2.0]).backward()
    assert (w.grad, idle.grad) == (1.5, 0.0)
