"""Networks, losses and optimizers through one door: `from micrograd_numpy.nn import MLP`.

The code lives where it is taught: `mlp.py`, `losses.py` and `optimizers.py`.
"""

from micrograd_numpy.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge_loss,
    mse_loss,
)
from micrograd_numpy.mlp import MLP, Layer, Module, Neuron
from micrograd_numpy.optimizers import SGD, Adam, AdamW, clip_grad_norm

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "Layer",
    "Module",
    "Neuron",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "clip_grad_norm",
    "hinge_loss",
    "mse_loss",
]
