"""The names of an array program: views where places lie evenly, under names that nobody else has."""

from __future__ import annotations

import numpy as np

from micrograd_numpy import Value, vectorize
from micrograd_numpy.value import dot
from tests.compiler.eager import by, close, compiled_demo, eager, grads, send_back


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


def test_in_the_demo_nothing_has_to_be_gathered() -> None:
    source = compiled_demo().source
    assert "strided" not in source and "np.take" not in source and ".at(" not in source
