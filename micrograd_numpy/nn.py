"""Networks, losses and optimizers in one place: `from micrograd_numpy.nn import MLP`.

The code lives where it is taught: `mlp.py`, `losses.py` and `optimizers.py`.
"""

from micrograd_numpy import losses, mlp, optimizers
from micrograd_numpy.losses import *
from micrograd_numpy.mlp import *
from micrograd_numpy.optimizers import *

__all__: list[str] = []
__all__ += losses.__all__
__all__ += mlp.__all__
__all__ += optimizers.__all__
