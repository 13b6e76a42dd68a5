"""The engine in one place: `from micrograd_numpy.engine import Value`.

The code lives where it is taught: `value.py`, `backprop.py`, `graph.py` and `anomaly.py`.
"""

from micrograd_numpy import value
from micrograd_numpy.anomaly import detect_anomaly
from micrograd_numpy.backprop import backward, topological_sort
from micrograd_numpy.graph import draw_graph
from micrograd_numpy.value import *

__all__ = ["backward", "detect_anomaly", "draw_graph", "topological_sort"]
__all__ += value.__all__
