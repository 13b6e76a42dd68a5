"""The forward pass: one product for each matrix."""

from __future__ import annotations

import re

from tests.compiler.eager import compiled_demo


def test_three_layers_are_three_products_and_the_sum_of_squares_is_one() -> None:
    forward, _, _ = compiled_demo().source.partition("def backward")
    assert len(re.findall(r"\bdot\(", forward)) == 3 + 1
