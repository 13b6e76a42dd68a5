"""The float program: plain Python, whatever the function."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd_numpy import vectorize
from tests.compiler.structures import STRUCTURES


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_program_is_python(name: str) -> None:
    vectorized = vectorize(STRUCTURES[name], reduction="none")
    vectorized(np.ones((2, 4)), np.ones(2))
    compile(vectorized._latest.programs.floats.source, "floats", "exec")
