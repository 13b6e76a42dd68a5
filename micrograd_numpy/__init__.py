"""A scalar autograd engine and the book that teaches it: the chapters are the modules."""

import sys

from micrograd_numpy import losses, mlp, optimizers, value
from micrograd_numpy.anomaly import detect_anomaly
from micrograd_numpy.backprop import topological_sort
from micrograd_numpy.compiler.numpy_rules import numpy_rule
from micrograd_numpy.figures import stepper
from micrograd_numpy.gradcheck import check_gradients
from micrograd_numpy.graph import draw_graph
from micrograd_numpy.losses import *
from micrograd_numpy.mlp import *
from micrograd_numpy.optimizers import *
from micrograd_numpy.value import *
from micrograd_numpy.vectorize import vectorize

__version__ = "0.1.0"

__all__ = ["check_gradients", "detect_anomaly", "draw_graph", "numpy_rule", "stepper", "topological_sort", "vectorize"]
__all__ += value.__all__
__all__ += mlp.__all__
__all__ += losses.__all__
__all__ += optimizers.__all__

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
