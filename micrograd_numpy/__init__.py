"""A scalar autograd engine and the book that teaches it: the chapters are the modules."""

import sys

from micrograd_numpy.anomaly import detect_anomaly
from micrograd_numpy.backprop import topological_sort
from micrograd_numpy.compiler.numpy_rules import numpy_rule
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

# Where modules of earlier versions are now.
MOVED = {"style": "drawing.style", "hidden": "guards.hidden", "parameters": "guards.parameters"}
MOVED |= {"recording": "compiler.recording", "replay": "compiler.replay"}
MOVED |= {"emit": "compiler.array_program", "staleness": "compiler.structure"}


class Moved:
    """An importer that finds nothing, and says where a module has gone."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:  # noqa: ARG004  # as Python calls it
        """Raise an ImportError if the module is one that has moved."""
        package, _, module = name.partition(".")
        if package == __name__ and module in MOVED:
            raise ImportError(f"{name} has moved: import {package}.{MOVED[module]}", name=name)


sys.meta_path.append(Moved)  # the last to be asked
