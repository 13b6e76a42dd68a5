"""Every mistake that the library answers with an error, chapter by chapter: one line of code each.

What is answered stands on the page "The contract", which tools/book/contract.py makes of these lines; the tests
compare. Errors that Python, NumPy or scikit-learn raise in words of their own are not listed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# What the lines may use.
SETUP = """\
import copy
import math
import pickle
from math import inf, nan

import numpy as np

from micrograd_numpy import *
from micrograd_numpy import ops
from micrograd_numpy.engine import *
from micrograd_numpy.figures import boundary_figure, neuron_figure, paths_figure
from micrograd_numpy.figures.plane import Plane, contours
from micrograd_numpy.moons import *
from micrograd_numpy.nn import *
from micrograd_numpy.optimizers import Optimizer, plot_paths

a = Value(2.0, label="a")
model = MLP(2, [1])
sgd = SGD(model.parameters())


def cube(x):
    return x**3, (3 * x**2,)


def cubed(x):
    return math.pow(x, 3), (3 * x**2,)


class Unhashable:
    __hash__ = None

    def __call__(self, x):
        return x, (1.0,)


def in_spite(f):
    try:
        return f()
    except TypeError:
        return 1.0
"""


@dataclass(frozen=True)
class Mistake:
    """A line of code that raises an error."""

    code: str
    missing: str = ""  # a module that is not installed

    def __str__(self) -> str:
        return self.code

    def provoke(self) -> Exception:
        """Run the line, and return what it raised."""
        names: dict[str, object] = {}
        exec(SETUP, names)
        try:
            with without(self.missing):
                exec(self.code, names)
        except Exception as error:  # noqa: BLE001  # whatever it is, the test compares it
            return error
        raise AssertionError(f"nothing happened: {self.code}")


@contextmanager
def without(module: str) -> Iterator[None]:
    """Let an import of `module` fail, if it is named."""
    found = sys.modules.get(module)
    if module:
        sys.modules[module] = None  # type: ignore[assignment]  # how Python marks what cannot be imported
    try:
        yield
    finally:
        if module:
            del sys.modules[module]
        if found:
            sys.modules[module] = found


# The modules that are absent while a line runs.
MISSING = {
    "moons_data()": "sklearn.datasets",
    "contours(Plane((0, 1), (0, 1)), [[1.0, 2.0], [3.0, 4.0]])": "contourpy",
    "plot_points([[1.0, 2.0]], [1])": "matplotlib.pyplot",
}

# A line each; what is too long for this file goes on behind a backslash.
LINES = {
    "Value": """
Value("3")
Value(None)
Value(1j)
Value([1.0, 2.0])
Value(np.zeros(2))
Value(np.zeros((1, 2)))
Value({'w': 1.0})
Value(...)
a + type('Value', (), {'_prev': (), '__repr__': lambda self: 'Value(data=1.0)'})()
Value(a)
Value(10**400)
a + "1"
a + None
[1.0] + a
a * np.ones(2)
np.ones(2) * a
a / 1j
a ** "2"
"2" ** a
a ** 10**400
a < "1"
a >= None
np.ones(2) < a
round(a, 2)
int(a)
math.floor(a)
math.ceil(a)
math.trunc(a)
a % 2
2 % a
a // 2
2 // a
divmod(a, 2)
divmod(2, a)
copy.deepcopy(a * 2)
pickle.dumps(a * 2)
apply(lambda x: x, a)
apply(lambda x: (x, 1.0), a)
apply(lambda x: ("x", (1.0,)), a)
apply(lambda x: (x, (1.0, 2.0)), a)
apply(ops.mul, a, "3")
dot([a], [1.0, 2.0])
dot(1.0, 2.0)
dot({1.0}, [2.0])
mean({0: 1.0, 1: 2.0})
total(b"12")
dot([[1.0]], [[2.0]])
total(a)
mean([])
mean(a)
mean(None)
mean([[1.0, 2.0]])
""",
    "Backpropagation": """
topological_sort(None)
topological_sort(3.0)
backward([a])
backward(3.0)
""",
    "Seeing the graph": """
draw_graph(3.0)
draw_graph([a, a * 2])
draw_graph(a, direction="left")
draw_graph(a * 2, max_nodes=1)
draw_graph(a).save("graph.png")
stepper(3)
stepper([a])
stepper(a * 2, max_nodes=1)
stepper(a).save("figure.png")
""",
    "Trusting gradients": """
check_gradients(3.0, 1.0)
check_gradients(lambda x: x * 2)
check_gradients(lambda x: x * 2, "3")
check_gradients(lambda x: x * 2, a * 2)
check_gradients(lambda x: x * 2, inf)
check_gradients(lambda x: x.log(), -1.0)
check_gradients(lambda x: x.data, 1.0)
check_gradients(lambda x: [x, x * 2], 1.0)
check_gradients(lambda x, n=iter([1, 2, 3]): x * next(n), 1.0)
check_gradients(lambda x: x * 2, 1.0, rtol=0.0)
check_gradients(lambda x: x * 2, 1.0, atol=nan)
""",
    "Anomalies": """
with detect_anomaly(): Value(0.0, label="x").log() * 2
with detect_anomaly(): Value(inf) - 1
with detect_anomaly(): (Value(0.0, label="x") ** 0.5).backward()
""",
    "Neurons, layers, MLP": """
Neuron(0)
Neuron(2.0)
Neuron(2, "rleu")
Layer(2, "4")
MLP(2, 3)
MLP(2, [])
MLP(2, [4, 0])
MLP(2, [4, 1.0])
MLP(2, [4, 1], "rleu")
MLP(2, {4, 1})
model({0: 5.0, 1: 7.0})
model([1.0])
model(1.0)
model([1.0, "2"])
model(np.ones((3, 2)))
model([[1.0, 2.0], [3.0, 4.0]])
model([[1.0, 2.0]])
model.load_state_dict([1.0])
model.load_state_dict({})
model.load_state_dict({**model.state_dict(), "c": 1.0})
model.load_state_dict(dict.fromkeys(model.state_dict(), "1"))
model.load_state_dict(dict.fromkeys(model.state_dict(), 10**400))
model.extra = {1: Value(1.0), "1": Value(2.0)}; model.parameters()
model.extra = {a}; model.parameters()
model.extra = {a: 1.0}; model.parameters()
type("Line", (Module,), {"w": a})().parameters()
model.extra = Value(5.0) * 0.1; model.parameters()
model.extra = (Neuron(2) for _ in range(3)); model.parameters()
type("Line", (Module,), {"__slots__": ("w",)})
neuron_figure(1.0, inf, 0.0)
neuron_figure("1", 0.0, 0.0)
neuron_figure(1.0, 1.0, 0.0, "rleu")
""",
    "Losses": """
mse_loss([1.0, 2.0], [1.0])
mse_loss([], [])
mse_loss([1.0, 2.0], 1.0)
mse_loss(1.0, [1.0, 2.0])
mse_loss([[1.0], [2.0]], [1.0, 2.0])
mse_loss(["1"], [1.0])
mse_loss(None, 1.0)
mse_loss({1.0, 2.0}, [1.0, 2.0])
mse_loss(b"12", [1.0, 2.0])
mse_loss([10**400], [1.0])
binary_cross_entropy([1.5], [1])
binary_cross_entropy([nan], [1])
binary_cross_entropy([0.5], [-1])
binary_cross_entropy([0.5], [])
binary_cross_entropy_with_logits([3.0], [-1])
binary_cross_entropy_with_logits([3.0], [])
hinge_loss([3.0], [0])
hinge_loss([3.0], [])
""",
    "Optimizers": """
SGD([])
SGD(a)
SGD(model)
SGD([1.0])
SGD([("a", a)])
SGD([a * 2])
SGD([a, Value(1.0), a])
SGD([a], lr=-0.1)
SGD([a], lr=nan)
SGD([a], lr="0.1")
SGD([a], lr=10**400)
SGD([a], momentum=-0.9)
SGD([a], weight_decay=-1)
SGD([a], nesterov=True)
Adam([a], betas=0.9)
Adam([a], betas=(0.9, 1.0))
Adam([a], betas=("0.9", 0.999))
Adam([a], eps=-1e-8)
AdamW([a], weight_decay=None)
SGD({a, Value(1.0)})
SGD({"params": [a]})
SGD([a], nesterov="no", momentum=0.9)
SGD([{"lr": 0.1}])
SGD([{"params": [a], "lrate": 0.1}])
SGD([{"params": a}])
SGD([{"params": [a], "lr": 0.1}, {"params": [Value(1.0)]}]).lr
sgd.param_groups[0]["lr"] = nan; sgd.step()
del sgd.param_groups[0]["lr"]; sgd.step()
a.data = a - 0.1 * a.grad; SGD([a]).step()
a.grad = np.ones(2); SGD([a]).step()
model.parameters()[1].data = None; model.state_dict()
sgd.step(a * a)
Optimizer([a], lr=0.1).step()
Optimizer([a], lr=0.1).state_dict()
sgd.load_state_dict([])
sgd.load_state_dict({"optimizer": "SGD", "state": []})
Adam([a]).load_state_dict(AdamW([a]).state_dict())
SGD([a]).load_state_dict(sgd.state_dict())
SGD([a, Value(1.0)]).load_state_dict(SGD([{"params": [a]}, {"params": [Value(1.0)]}]).state_dict())
SGD([a]).load_state_dict(SGD([a]).state_dict() | {"more": 1})
one = SGD([a], momentum=0.9); one.state[a]["momentum_buffer"] = "1"; one.state_dict()
SGD([a]).load_state_dict(SGD([a]).state_dict() | {"state": {}})
SGD([a]).load_state_dict(SGD([a]).state_dict() | {"state": [{}]})
SGD([a]).load_state_dict(SGD([a]).state_dict() | {"param_groups": [{}]})
SGD([a]).load_state_dict(SGD([a]).state_dict() | {"state": [{"momentum_buffer": None}]})
SGD([a]).load_state_dict(SGD([a]).state_dict() | {"state": [{"momentum_buffer": 10**400}]})
SGD([a]).load_state_dict(SGD([a]).state_dict() | {"param_groups": [{"params": [0], \
"lr": nan, "momentum": 0, "weight_decay": 0, "nesterov": False}]})
clip_grad_norm(a, 1.0)
clip_grad_norm([], 1.0)
clip_grad_norm([1.0], 1.0)
clip_grad_norm([a], -1.0)
a.grad = inf; clip_grad_norm([Value(1.0), a], 1.0)
plot_paths(lambda x, y: x * y, {}, (-1, 1), (-1, 1))
paths_figure(cube, {}, (0, 0), (-1, 1), (-1, 1))
paths_figure(cube, {"SGD": SGD}, (0, 0), (-1, 1), (-1, 1), first=(0.1, 2.0))
paths_figure(cube, {"SGD": SGD}, (0, 0), (-1, 1), (-1, 1), first=(0.123, 0.45))
paths_figure(cube, {"SGD": SGD}, (-9, 0), (-1, 1), (-1, 1))
paths_figure(cube, {"SGD": SGD}, (0, 9), (-1, 1), (-1, 1))
""",
    "Training on moons": """
moons_data()
train(model, [[1.0, 2.0]], [1, -1], sgd)
train(model, [], [], sgd)
train(model, [[1.0, 2.0]], [0], sgd)
train(model, [[1.0, 2.0]], [3.5], sgd, loss=mse_loss, threshold=1.0)
train(model, [[1.0, 2.0]], [[1]], sgd)
train(model, {0: [1.0, 2.0]}, [1], sgd)
train(a, [[1.0, 2.0]], [1], SGD([a]))
model.__class__ = type("Net", (MLP,), {"__call__": lambda self, x: 0.5}); train(model, [[1.0, 2.0]], [1], sgd)
train(model, [[1.0, 2.0]], [1], sgd, loss=lambda scores, y: 0.5)
train(model, [[1.0, 2.0]], [1], sgd, keep=5)
train(model, [1.0, 2.0], [1, -1], sgd)
train(model, [[1.0, 2.0]], [1], sgd, epochs=-1)
train(model, [[1.0, 2.0]], [1], sgd, epochs=1.5)
train(model, [[1.0, 2.0]], [1], sgd, batch_size=0)
train(model, [[1.0, 2.0]], [1], sgd, batch_size=1.5)
train(model, [[1.0, 2.0]], [1], sgd, l2=-1.0)
train(model, [[1.0, 2.0]], [1], sgd, l2="1")
train(model, [[1.0, 2.0]], [1], SGD([a]))
pair = MLP(2, [2]); train(pair, [[1.0, 2.0]], [1], SGD(pair.parameters()))
train(model, [[1.0, 2.0]], [1], sgd, schedule=lambda step: -1.0)
train(model, [[1.0, 2.0], [3.0, 4.0]], [1, -1], sgd, loss=lambda scores, y: 0 * scores[0] + len(y), vectorized=True)
predict(MLP(2, [2]), [[1.0, 2.0]])
predict(lambda row: [row[0]], [[1.0, 2.0]])
predict(lambda row: None, [[1.0, 2.0]])
predict(model, [["1", "2"]])
predict(model, [[a, 2.0]])
predict(model, np.zeros((3, 2, 2)))
predict(model, [1.0, 2.0])
accuracy(model, [[1.0, 2.0]] * 5, [1, 2, 3, 4, 5])
accuracy(lambda row: 0.3, [[1.0, 2.0], [3.0, 4.0]], [1, 0])
plot_points([[1.0]], [1])
plot_points([[1.0, 2.0]], [1])
plot_decision_boundary(model, [[1.0, 2.0]], [1], resolution=1)
plot_decision_boundary(model, [[1.0, 2.0]], [1], resolution=2.5)
plot_loss_curve([1.0])
contours(Plane((0, 1), (0, 1)), [[1.0, 2.0], [3.0, 4.0]])
boundary_figure(model, [[1, 2, 3]], [1], History())
boundary_figure(model, [[1, 2]], [1], History())
boundary_figure(model, [[1, 2]], [1], History(losses=[1.0], snapshots={2: {}}))
boundary_figure(model, [[1, 2]], [2], History())
boundary_figure(model, [[1, 2]], [1], History(losses=[nan], snapshots={0: {}}))
""",
    "Finding the arrays": """
vectorize(lambda x: x if x > 0 else -x)([1.0, -1.0])
vectorize(lambda x: min(x))([[1.0, 2.0]])
vectorize(lambda x: x or a)([1.0, -1.0])
vectorize(lambda x: x * float(a))([1.0, -1.0])
vectorize(lambda x: x * in_spite(lambda: float(x)))([1.0, -1.0])
vectorize(lambda x: x * a.data)([1.0, -1.0])
vectorize(lambda x: setattr(a, "data", 3.0))([1.0, -1.0])
vectorize(lambda x: (a * x).backward())([1.0, -1.0])
vectorize(lambda x: None)([1.0, -1.0])
vectorize(lambda x: [x, "x"])([1.0, -1.0])
vectorize(lambda x: [])([1.0, -1.0])
vectorize(lambda x, b=a * 2: b * x)([1.0, -1.0])
""",
    "From scalars to arrays": """
vectorize(3.0)
vectorize(lambda x: x, reduction="max")
type("A", (), {"__slots__": (), "f": vectorize(lambda self, x: x)})().f
vectorize(lambda x: x).source
vectorize(lambda x: x)()
vectorize(lambda x: x)(1.0)
vectorize(lambda x: x)([])
vectorize(lambda x: x)(["1", "2"])
vectorize(lambda x: x)([a])
vectorize(lambda x: x)([[1.0, 2.0], [3.0]])
vectorize(lambda x: x)(np.zeros((2, 3, 4)))
vectorize(lambda x: x)(np.zeros((2, 0)))
vectorize(lambda x, t: x * t)([1.0, 2.0], [1.0])
vectorize(lambda x: [x, a])([1.0, -1.0])
vectorize(lambda x: x * a)([1.0, -1.0]).backward([1.0, 1.0])
vectorize(lambda x: x * a, reduction="none")([1.0, -1.0]).backward()
vectorize(lambda x: x * a, reduction="none")([1.0, -1.0]).backward([1.0])
vectorize(lambda x: x * a, reduction="none")([1.0, -1.0]).backward(["1", "2"])
vectorize(lambda x: apply(cubed, x))([1.0, -1.0])
vectorize(lambda x: apply(lambda a: (float.fromhex(a.hex()), (1.0,)), x))([1.0, -1.0])
vectorize(lambda x: apply(lambda a: (1.0 if a in {2.0, 3.0} else a, (1.0,)), x))([1.0, -1.0])
memory = [0.0]; vectorize(lambda x: apply(lambda a: (a + memory[-1], (memory.append(a) or 1.0,)), x))([1.0, -1.0])
vectorize(lambda x: apply(Unhashable(), x))([1.0, -1.0])
vectorize(lambda x: apply(lambda a: (a if isinstance(a, float) else 2 * a, (1.0,)), x))([1.0, -1.0])
vectorize(lambda x: apply(lambda a: (sum(a * i for i in range(600)), (1.0,)), x))([1.0, -1.0])
vectorize(lambda x: apply(lambda a: (sum(i < a and a < i + 0.5 for i in range(64)), (0.0,)), x))([1.0, -1.0])
numpy_rule(cubed)(lambda x: x**3); vectorize(lambda x: apply(cubed, x))(np.ones(100))
fmod = lambda a, b: (math.fmod(a, b), (1.0, 0.0)); \
numpy_rule(fmod)(np.fmod); vectorize(lambda x: apply(fmod, x, a))(np.ones(100))
vectorize(hinge_loss)([0.5, -0.5], [1, 0])
vectorize(model)([[1.0, 2.0, 3.0]])
import micrograd_numpy.emit
""",
}
MISTAKES = {
    chapter: [Mistake(line, MISSING.get(line, "")) for line in lines.split("\n") if line]
    for chapter, lines in LINES.items()
}
