"""A scalar autograd engine and the book that teaches it: the chapters are the modules."""

from micrograd_numpy.anomaly import detect_anomaly
from micrograd_numpy.backprop import topological_sort
from micrograd_numpy.emit import numpy_rule
from micrograd_numpy.figures import stepper
from micrograd_numpy.gradcheck import check_gradients
from micrograd_numpy.graph import draw_graph
from micrograd_numpy.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge_loss,
    mse_loss,
)
from micrograd_numpy.mlp import MLP, Layer, Module, Neuron
from micrograd_numpy.optimizers import SGD, Adam, AdamW, clip_grad_norm
from micrograd_numpy.value import Value, apply, dot, mean, total
from micrograd_numpy.vectorize import vectorize

__version__ = "0.1.0"

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "AdamW",
    "Layer",
    "Module",
    "Neuron",
    "Value",
    "apply",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "check_gradients",
    "clip_grad_norm",
    "detect_anomaly",
    "dot",
    "draw_graph",
    "hinge_loss",
    "mean",
    "mse_loss",
    "numpy_rule",
    "stepper",
    "topological_sort",
    "total",
    "vectorize",
]
