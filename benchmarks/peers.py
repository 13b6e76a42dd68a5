"""One training step of the demonstration, in every engine: the same work, the same numbers.

The model is a multi-layer perceptron 2-h-h-1 with relu, the loss is the hinge loss plus α·Σp², the
optimizer is plain gradient descent, the batch is the whole data set, and all numbers are doubles. Each
function here takes a `Task` and returns a `Peer`, whose `step` does one training step, and whose
`gradients` are those of the step before.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from micrograd_numpy import MLP, SGD, Value, hinge_loss, vectorize

HERE = Path(__file__).parent
LR, ALPHA = 0.01, 1e-4


@dataclass(frozen=True)
class Task:
    """The data and the first weights, which all peers share."""

    X: Any  # (n, 2)
    y: Any  # (n,): −1 or +1
    width: int
    start: Any = field(repr=False)  # the parameters: for each neuron its weights, then its bias

    def model(self) -> MLP:
        """A model of ours with the first weights."""
        model = MLP(2, [self.width, self.width, 1])
        for p, number in zip(model.parameters(), self.start.tolist(), strict=True):
            p.data = number
        return model

    def matrices(self, flat: Any) -> list[tuple[Any, Any]]:
        """For each layer its weights, (outputs, inputs), and its biases: views of `flat`."""
        layers, first = [], 0
        for nin, nout in ((2, self.width), (self.width, self.width), (self.width, 1)):
            block = flat[first : first + (nin + 1) * nout].reshape(nout, nin + 1)
            layers.append((block[:, :nin], block[:, nin]))
            first += (nin + 1) * nout
        return layers

    def flat(self, layers: list[tuple[Any, Any]]) -> Any:
        """The matrices of some layers, in the order of `start`."""
        return np.concatenate([np.column_stack([np.asarray(w), np.asarray(b)]).ravel() for w, b in layers])


def task(n: int, width: int, seed: int = 0) -> Task:
    """Two noisy half circles, and He's first weights."""
    rng = np.random.default_rng(seed)
    angle, moon = rng.uniform(0.0, np.pi, n), np.arange(n) % 2
    X = np.column_stack([np.cos(angle), np.sin(angle)]) * (1 - 2 * moon[:, None]) + moon[:, None] * [1.0, 0.5]
    X = np.ascontiguousarray(X + 0.1 * rng.normal(size=X.shape))
    start = np.concatenate([
        np.column_stack([rng.uniform(-1, 1, (nout, nin)) * np.sqrt(6 / nin), np.zeros(nout)]).ravel()
        for nin, nout in ((2, width), (width, width), (width, 1))
    ])  # fmt: skip
    return Task(X, 2.0 * moon - 1.0, width, start)


@dataclass
class Peer:
    """An engine with its own copy of the model."""

    step: Callable[[], Any]
    gradients: Callable[[], Any]


# ---------------------------------------------------------------- scalars


def micrograd(task: Task) -> Peer:
    """PyPI's micrograd, with the loss of its demo.ipynb."""
    from micrograd import nn
    from micrograd.engine import Value as Their

    sys.setrecursionlimit(10**6)  # its backward is recursive
    model = nn.MLP(2, [task.width, task.width, 1])
    for layer, (w, b) in zip(model.layers, task.matrices(task.start), strict=True):
        for neuron, row, bias in zip(layer.neurons, w.tolist(), b.tolist(), strict=True):
            neuron.b.data = bias
            for weight, number in zip(neuron.w, row, strict=True):
                weight.data = number
    parameters, X, y = model.parameters(), task.X.tolist(), task.y.tolist()

    def step() -> float:
        inputs = [list(map(Their, row)) for row in X]
        losses = [(1 + -t * score).relu() for t, score in zip(y, map(model, inputs), strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + ALPHA * sum(p * p for p in parameters)
        model.zero_grad()
        total.backward()
        for p in parameters:
            p.data -= LR * p.grad
        return total.data

    return Peer(step, lambda: np.array([p.grad for p in parameters]))


def trained(model: MLP, loss: Callable[[], Any]) -> Peer:
    """A model of ours, and the loop that its user writes."""
    parameters = model.parameters()
    optimizer = SGD(parameters, lr=LR)

    def step() -> float:
        total = loss()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        return total.data

    return Peer(step, lambda: np.array([p.grad for p in parameters]))


def eager(task: Task) -> Peer:
    """The scalar engine, as its user writes it."""
    model, X, y = task.model(), task.X.tolist(), task.y.tolist()
    parameters = model.parameters()
    return trained(model, lambda: hinge_loss([model(x) for x in X], y) + ALPHA * sum(p * p for p in parameters))


def node_by_node(task: Task) -> Peer:
    """The scalar engine on micrograd's very graph: one node for each + and *."""
    model, X, y = task.model(), task.X.tolist(), task.y.tolist()
    parameters = model.parameters()

    def score(x: Any) -> Value:
        x = list(map(Value, x))
        for layer in model.layers:
            sums = [sum((w * v for w, v in zip(n.weights, x)), n.bias) for n in layer.neurons]
            x = sums if layer is model.layers[-1] else [s.relu() for s in sums]
        return x[0]

    def loss() -> Any:
        losses = [(1 + -t * score(x)).relu() for t, x in zip(y, X)]
        return sum(losses) * (1.0 / len(losses)) + ALPHA * sum(p * p for p in parameters)

    return trained(model, loss)


# ---------------------------------------------------------------- arrays


def vectorized(task: Task) -> Peer:
    """The scalar engine, vectorized, as its user writes it."""
    model = task.model()

    @vectorize
    def loss(x, t):
        return (1 - t * model(x)).relu() + ALPHA * sum(p * p for p in model.parameters())

    return trained(model, lambda: loss(task.X, task.y))


def by_hand(task: Task) -> Peer:
    """NumPy, with the gradients worked out on paper."""
    X, y, n = task.X, task.y, len(task.X)
    parameters = [a.copy() for layer in task.matrices(task.start) for a in layer]
    gradients = [np.zeros_like(p) for p in parameters]

    def step() -> float:
        W1, b1, W2, b2, W3, b3 = parameters
        h1 = np.maximum(X @ W1.T + b1, 0.0)
        h2 = np.maximum(h1 @ W2.T + b2, 0.0)
        score = h2 @ W3.T + b3
        margin = np.maximum(1.0 - y * score[:, 0], 0.0)
        loss = margin.mean() + ALPHA * sum((p * p).sum() for p in parameters)
        d3 = np.where(margin > 0.0, -y / n, 0.0)[:, None]
        d2 = d3 @ W3 * (h2 > 0.0)
        d1 = d2 @ W2 * (h1 > 0.0)
        gradients[:] = [d1.T @ X, d1.sum(0), d2.T @ h1, d2.sum(0), d3.T @ h2, d3.sum(0)]
        for i, p in enumerate(parameters):
            gradients[i] += 2 * ALPHA * p
            p -= LR * gradients[i]  # noqa: PLW2901  # in place: it is an array
        return float(loss)

    return Peer(step, lambda: task.flat(list(zip(gradients[::2], gradients[1::2], strict=True))))


def by_hand_lean(task: Task) -> Peer:
    """The same, with all parameters in one array, and all buffers allocated before."""
    X, y, n, h = task.X, task.y, len(task.X), task.width
    flat, gradient, decay = task.start.copy(), np.zeros_like(task.start), np.zeros_like(task.start)
    (W1, b1), (W2, b2), (W3, b3) = task.matrices(flat)
    (dW1, db1), (dW2, db2), (dW3, db3) = task.matrices(gradient)
    h1, h2, d1, d2 = (np.empty((n, h)) for _ in range(4))
    score, margin, d3, slope = np.empty((n, 1)), np.empty(n), np.empty((n, 1)), -y / n
    mask = np.empty((n, h), bool)

    def step() -> float:
        np.matmul(X, W1.T, out=h1)
        np.add(h1, b1, out=h1)
        np.maximum(h1, 0.0, out=h1)
        np.matmul(h1, W2.T, out=h2)
        np.add(h2, b2, out=h2)
        np.maximum(h2, 0.0, out=h2)
        np.matmul(h2, W3.T, out=score)
        np.add(score, b3, out=score)
        np.multiply(y, score[:, 0], out=margin)
        np.subtract(1.0, margin, out=margin)
        np.maximum(margin, 0.0, out=margin)
        loss = np.add.reduce(margin) / n + ALPHA * np.dot(flat, flat)
        np.multiply(slope, margin > 0.0, out=d3[:, 0])
        np.matmul(d3, W3, out=d2)
        np.greater(h2, 0.0, out=mask)
        np.multiply(d2, mask, out=d2)
        np.matmul(d2, W2, out=d1)
        np.greater(h1, 0.0, out=mask)
        np.multiply(d1, mask, out=d1)
        np.matmul(d3.T, h2, out=dW3)
        np.matmul(d2.T, h1, out=dW2)
        np.matmul(d1.T, X, out=dW1)
        np.add.reduce(d3, axis=0, out=db3)
        np.add.reduce(d2, axis=0, out=db2)
        np.add.reduce(d1, axis=0, out=db1)
        np.multiply(flat, 2 * ALPHA, out=decay)
        np.add(gradient, decay, out=gradient)
        np.multiply(gradient, LR, out=decay)
        np.subtract(flat, decay, out=flat)
        return float(loss)

    return Peer(step, lambda: gradient)


def torch_eager(task: Task) -> Peer:
    """PyTorch, as its user writes it."""
    import torch

    torch.set_num_threads(1)
    h = task.width
    model = torch.nn.Sequential(
        torch.nn.Linear(2, h), torch.nn.ReLU(), torch.nn.Linear(h, h), torch.nn.ReLU(), torch.nn.Linear(h, 1)
    ).double()
    with torch.no_grad():
        for layer, (w, b) in zip(model[::2], task.matrices(task.start), strict=True):
            layer.weight.copy_(torch.from_numpy(w))
            layer.bias.copy_(torch.from_numpy(b))
    X, y = torch.from_numpy(task.X), torch.from_numpy(task.y)
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)

    def step() -> float:
        score = model(X).squeeze(1)
        loss = (1 - y * score).relu().mean() + ALPHA * sum((p * p).sum() for p in model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return Peer(step, lambda: task.flat([(layer.weight.grad, layer.bias.grad) for layer in model[::2]]))


def torch_lean(task: Task) -> Peer:
    """PyTorch with all parameters in one tensor, and no optimizer."""
    import torch

    torch.set_num_threads(1)
    X, y = torch.from_numpy(task.X), torch.from_numpy(task.y)
    flat = torch.from_numpy(task.start.copy()).requires_grad_()

    def step() -> float:
        (W1, b1), (W2, b2), (W3, b3) = task.matrices(flat)
        h = torch.addmm(b1, X, W1.T).relu()
        h = torch.addmm(b2, h, W2.T).relu()
        score = torch.addmm(b3, h, W3.T).squeeze(1)
        loss = (1 - y * score).relu().mean() + ALPHA * flat.dot(flat)
        flat.grad = None
        loss.backward()
        with torch.no_grad():
            flat.sub_(flat.grad, alpha=LR)
        return loss.item()

    return Peer(step, lambda: np.array(flat.grad))


def jax_jit(task: Task) -> Peer:
    """JAX, with the whole step compiled."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    X, y = jnp.asarray(task.X), jnp.asarray(task.y)

    def objective(flat: Any, X: Any, y: Any) -> Any:
        (W1, b1), (W2, b2), (W3, b3) = task.matrices(flat)
        h = jnp.maximum(X @ W1.T + b1, 0.0)
        h = jnp.maximum(h @ W2.T + b2, 0.0)
        score = (h @ W3.T + b3)[:, 0]
        return jnp.maximum(1 - y * score, 0.0).mean() + ALPHA * flat @ flat

    @jax.jit
    def train(flat: Any, X: Any, y: Any) -> Any:
        loss, gradient = jax.value_and_grad(objective)(flat, X, y)
        return flat - LR * gradient, gradient, loss

    state = {"flat": jnp.asarray(task.start)}

    def step() -> float:
        state["flat"], state["gradient"], loss = train(state["flat"], X, y)
        return float(loss)

    return Peer(step, lambda: np.asarray(state["gradient"]))


def autograd_arrays(task: Task) -> Peer:
    """HIPS autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    X, y, flat, gradient = task.X, task.y, task.start.copy(), np.zeros_like(task.start)

    def objective(flat: Any) -> Any:
        (W1, b1), (W2, b2), (W3, b3) = task.matrices(flat)
        h = anp.maximum(anp.dot(X, W1.T) + b1, 0.0)
        h = anp.maximum(anp.dot(h, W2.T) + b2, 0.0)
        score = (anp.dot(h, W3.T) + b3)[:, 0]
        return anp.mean(anp.maximum(1 - y * score, 0.0)) + ALPHA * anp.dot(flat, flat)

    both = value_and_grad(objective)

    def step() -> float:
        loss, gradient[...] = both(flat)
        flat[...] -= LR * gradient
        return float(loss)

    return Peer(step, lambda: gradient)


def c_loop(task: Task) -> Peer:
    """`step.c`, compiled with -O3 -march=native -ffast-math."""
    library = HERE / "_build" / "step.so"
    library.parent.mkdir(exist_ok=True)
    command = ["cc", "-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", "-o", library, HERE / "step.c"]
    subprocess.run(command, check=True)  # noqa: S603  # our own file
    run = ctypes.CDLL(str(library)).step
    doubles = np.ctypeslib.ndpointer(float, flags="C")
    run.argtypes = [doubles, doubles, ctypes.c_int, ctypes.c_int, doubles, doubles, ctypes.c_double, ctypes.c_double]
    run.restype = ctypes.c_double
    flat, gradient = task.start.copy(), np.zeros_like(task.start)

    def step() -> float:
        return run(task.X, task.y, len(task.X), task.width, flat, gradient, LR, ALPHA)

    return Peer(step, lambda: gradient)


SCALARS = {"micrograd": micrograd, "ours, node by node": node_by_node, "ours": eager}
ARRAYS = {
    "PyTorch": torch_eager,
    "PyTorch, lean": torch_lean,
    "JAX, compiled": jax_jit,
    "autograd": autograd_arrays,
    "NumPy by hand": by_hand,
    "NumPy by hand, lean": by_hand_lean,
    "ours, vectorized": vectorized,
    "C": c_loop,
}
