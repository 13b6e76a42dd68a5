"""The losses, a row each: the tests, the attack on the compiler and the page "The contract" go over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from micrograd_numpy import Value, binary_cross_entropy, binary_cross_entropy_with_logits, hinge_loss, mse_loss
from tests.tables.edges import INF, NAN, NUMBERS, PROBABILITIES, TELLING

SIGNS = (-1.0, 1.0)
SHARES = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Loss:
    """A loss, and what can be asked of it."""

    function: Callable[..., Value]
    first: str  # what it calls the predictions
    symbol: str  # one of them, on the page and in DIFFERENCES
    targets: Sequence[float]
    edges: Sequence[float]  # the predictions on the page
    range: tuple[float, float] = (-8.0, 8.0)  # where predictions are ordinary
    pytorch: Callable[[Any, Any], Any] | None = None  # the same of two tensors, if PyTorch has no function of its name

    @property
    def name(self) -> str:
        """What the library calls it."""
        return self.function.__name__

    def __str__(self) -> str:
        return self.name


LOSSES = [
    Loss(mse_loss, "predictions", "p", (0.0, 1.0, INF), [x for x in TELLING if x != -2.5]),
    Loss(binary_cross_entropy, "predictions", "p", SHARES, PROBABILITIES, (0.01, 0.99)),
    Loss(binary_cross_entropy_with_logits, "logits", "z", SHARES, [-INF, *sorted(set(NUMBERS)), INF, NAN]),
    Loss(
        hinge_loss, "scores", "s", SIGNS, [*TELLING[:8], 1.0, *TELLING[8:]],
        pytorch=lambda scores, targets: (1.0 - targets * scores).relu().mean(),
    ),
]  # fmt: skip
LOSS_FUNCTIONS = [loss.function for loss in LOSSES]
