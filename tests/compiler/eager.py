"""What the compiler's tests share: the scalar engine's answers, sample by sample, to compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from micrograd_numpy import MLP, Value, vectorize
from micrograd_numpy.compiler import replay

BACKENDS = ["arrays", "floats"]


@contextmanager
def by(backend: str) -> Iterator[None]:
    """Let what is compiled in this block run on arrays, or on floats, however large it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "FEW", {"arrays": 0, "floats": 10**9}[backend])
        yield


def as_list(results: Any) -> list[Any]:
    """What a function returned, as a list."""
    return list(results) if isinstance(results, (list, tuple)) else [results]


def eager(fn: Callable[..., Any], *arrays: Any) -> list[list[Any]]:
    """The results of the scalar engine, sample by sample."""
    samples = zip(*(np.asarray(array).tolist() for array in arrays))
    symbols = [[list(map(Value, x)) if isinstance(x, list) else Value(x) for x in sample] for sample in samples]
    return [as_list(fn(*sample)) for sample in symbols]


def numbers(results: list[list[Any]]) -> np.ndarray:
    """The same as an array, a row for each sample."""
    return np.array([[float(v) for v in row] for row in results])


def send_back(results: list[list[Any]], seeds: np.ndarray) -> None:
    """Fill gradients, where each result counts as much as its seed."""
    for row, weights in zip(results, np.reshape(seeds, (len(results), -1)).tolist()):
        for v, weight in zip(row, weights):
            if isinstance(v, Value):
                (v * weight).backward()


def grads(parameters: Sequence[Value]) -> list[float]:
    """Take the gradients, and begin anew."""
    taken = [p.grad for p in parameters]
    for p in parameters:
        p.grad = 0.0
    return taken


def close(ours: Any, theirs: Any) -> bool:
    """Within 1e-12; relative, where numbers are large."""
    return np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def values(rng: np.random.Generator, *shape: int) -> Any:
    """Values in lists of lists."""
    if not shape:
        return Value(float(rng.normal()))
    return [values(rng, *shape[1:]) for _ in range(shape[0])]


def demo(seed: int = 0) -> tuple[MLP, Callable[[list[Value], Value], Value], np.ndarray, np.ndarray]:
    """The demo of micrograd: a model, the loss of one sample, and a hundred samples."""
    model = MLP(2, [16, 16, 1], rng=seed)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(100, 2))
    y = np.where(X[:, 0] * X[:, 1] > 0, 1.0, -1.0)

    def loss(x: list[Value], t: Value) -> Value:
        return (1 - t * model(x)).relu() + 1e-4 * sum(p * p for p in model.parameters())

    return model, loss, X, y


def compiled_demo() -> Any:
    """The demo's loss, vectorized and called once."""
    _, loss, X, y = demo()
    vectorized = vectorize(loss)
    vectorized(X, y)
    return vectorized
