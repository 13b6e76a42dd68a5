"""The engine through one door: `from micrograd_numpy.engine import Value`.

The code lives where it is taught: `value.py`, `backprop.py`, `graph.py` and `anomaly.py`.
"""

from micrograd_numpy.anomaly import detect_anomaly
from micrograd_numpy.backprop import backward, topological_sort
from micrograd_numpy.graph import draw_graph
from micrograd_numpy.value import Value, apply, dot, mean, total

__all__ = [
    "Value",
    "apply",
    "backward",
    "detect_anomaly",
    "dot",
    "draw_graph",
    "mean",
    "topological_sort",
    "total",
]
