# %% [markdown]
# # Neurons, layers, MLP
#
# A neural network is a formula with knobs. In this chapter you build it from its smallest part, a line in the plane,
# see why stacking parts needs a bend between them, and end with a model in one line of code: `MLP(2, [4, 4, 1])`.
#
# - **You will build** `Neuron`, `Layer`, `MLP`, and `Module`, which finds every knob in a model.
# - **You need** [Value](value.ipynb). A few cells use NumPy arrays.
# - **Time** about 35 minutes.

# %%
"""Neurons, layers, MLP: models as values that know their parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsIndex

from micrograd_numpy.guards.hidden import ATOMS, Searched, expect_no_hidden
from micrograd_numpy.guards.inputs import Inputs, as_inputs, as_sizes, one_of
from micrograd_numpy.guards.numbers import as_size
from micrograd_numpy.guards.parameters import expect_floats, numbers_of_state
from micrograd_numpy.value import Value, dot

if TYPE_CHECKING:
    import numpy as np  # elsewhere, where it is used: importing this module stays light

__all__ = ["MLP", "Layer", "Module", "Neuron"]


# %% [markdown]
# ## A neuron is a line
#
# A neuron looks at some numbers and answers with one. It has a **weight** for each input and one number more, the
# **bias**. It multiplies, adds up, and adds the bias:
#
# $$z = w_1 x_1 + w_2 x_2 + b$$
#
# Take $w_1 = 1$, $w_2 = 2$ and $b = -2$. Before you run the next cell: for which of the three points is the answer
# positive, for which negative?

# %% tags=["active-ipynb"]
# def score(x1, x2, w1=1.0, w2=2.0, bias=-2.0):
#     return w1 * x1 + w2 * x2 + bias
#
#
# for point in [(2.0, 1.0), (0.0, 0.0), (0.0, 1.0)]:
#     print(point, "gives", score(*point))

# %% [markdown]
# One point on each side, and one that gives exactly 0. The points that give 0 form a straight line. On one side of it
# every answer is positive, on the other every answer is negative. The next function draws that: the line, the positive
# side in blue, and an orange arrow with the coordinates $(w_1, w_2)$.

# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# import numpy as np
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
#
# book_style()
# span = np.linspace(-3, 3, 61)
# X1, X2 = np.meshgrid(span, span)
#
#
# def neuron_picture(w1, w2, bias):
#     plt.contourf(
#         X1,
#         X2,
#         score(X1, X2, w1, w2, bias),
#         levels=[-99, 0, 99],
#         colors=["white", "#cfe0f3"],
#     )
#     if w1 or w2:  # without weights there is no line
#         length = w1**2 + w2**2
#         # the point of the line nearest to the origin
#         foot = (-bias * w1 / length, -bias * w2 / length)
#         plt.axline(foot, (foot[0] - w2, foot[1] + w1), color=FORWARD)
#         tip = (foot[0] + w1, foot[1] + w2)
#         plt.annotate(
#             "",
#             tip,
#             foot,
#             arrowprops={"arrowstyle": "-|>", "color": BACKWARD, "linewidth": 2},
#         )
#     plt.title(f"w = ({w1:g}, {w2:g}), b = {bias:g}", fontsize=10)
#     plt.gca().set(xlim=(-3, 3), ylim=(-3, 3), xticks=[-2, 0, 2], yticks=[-2, 0, 2], aspect="equal")

# %% [markdown]
# Before you run the next cell: the second picture changes the weights, the third the bias. Which one turns the line,
# and which one shifts it?

# %% mystnb={"image": {"alt": "Three planes, each cut by a line with the positive side blue and an arrow standing on the line at a right angle: from the first to the second the weights change and the line turns; from the first to the third the bias changes and the line shifts."}} tags=["active-ipynb"]
# plt.figure(figsize=(7.2, 2.7))
# for place, knobs in enumerate([(1.0, 2.0, -2.0), (2.0, -1.0, -2.0), (1.0, 2.0, 2.0)], start=1):
#     plt.subplot(1, 3, place)
#     neuron_picture(*knobs)
# plt.show()

# %% [markdown]
# Weights turn the line, the bias shifts it. The arrow stands on the line at a right angle and points to the positive
# side. It is orange because it is a gradient: $\partial z/\partial x_1 = w_1$ and $\partial z/\partial x_2 = w_2$. The
# engine agrees:

# %% tags=["active-ipynb"]
# x1, x2 = Value(0.5), Value(-1.0)
# score(x1, x2).backward()
# print(x1.grad, x2.grad)

# %% [markdown]
# Now turn the knobs. The darker the color, the larger the answer: blue above zero, ocher below. You can move the
# sliders, or drag the tip of the arrow, the line, and the black point, whose answer is spelled out. Try to put the
# point on the other side by moving one knob only. And predict: what happens to the line, and what to the colors, when
# you double $w_1$, $w_2$ and $b$?

# %% mystnb={"image": {"alt": "The plane of the two inputs with the neuron's line: blue and darker away from it on the side of the arrow, ocher on the other. In the page, sliders turn and shift the line.", "classes": "touch touch-neuron"}} tags=["active-ipynb"]
# from micrograd_numpy.figures import neuron_figure
#
# neuron_figure(w1=1.0, w2=2.0, bias=-2.0, activation="linear")

# %% [markdown]
# The line stays, because where the answer was 0, twice the answer is 0, too. The colors deepen:

# %% tags=["active-ipynb"]
# for point in [(2.0, 0.0), (-2.0, 2.0), (2.0, 1.0)]:
#     print(point, score(*point), "doubled:", score(*point, w1=2.0, w2=4.0, bias=-4.0))

# %% [markdown]
# ## The fold
#
# So far the answer is a flat, tilted sheet over the plane. A neuron sends its answer through one more function, the
# **activation**. The most common one is `relu`: keep what is positive, replace the rest by 0. That folds the sheet
# along the line. (The figure above has a button for it: everything ocher goes blank.)

# %% mystnb={"image": {"alt": "A sheet over the plane, flat on the floor on one side of a line and rising at a constant slope on the other."}} tags=["active-ipynb"]
# axes = plt.figure(figsize=(4.8, 3.8)).add_subplot(projection="3d")
# sheet = np.maximum(0.0, score(X1, X2))
# axes.plot_surface(X1, X2, sheet, color="#5b8fcb", rstride=5, cstride=5, edgecolor="white", linewidth=0.5)
# axes.set(xlabel="x₁", ylabel="x₂", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
# axes.view_init(elev=30, azim=-125)
# plt.show()

# %% [markdown]
# A **layer** is several neurons that look at the same inputs. Each brings a line of its own, so each brings a fold of
# its own. Add up the answers of four neurons, whose lines are the sides of a square:

# %% mystnb={"image": {"alt": "Four lines cut the plane into nine parts; the sum is zero in the square in the middle and rises away from it on all sides, fastest in the corners."}} tags=["active-ipynb"]
# folds = [(1.0, 0.0, -1.0), (-1.0, 0.0, -1.0), (0.0, 1.0, -1.0), (0.0, -1.0, -1.0)]
# tray = sum(np.maximum(0.0, score(X1, X2, *knobs)) for knobs in folds)
#
# plt.figure(figsize=(4.6, 3.8))
# plt.contourf(
#     X1,
#     X2,
#     tray,
#     levels=[-0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4],
#     cmap="Blues",
#     vmin=0,
#     vmax=5,
# )
# plt.colorbar(label="sum of the four answers", ticks=[0, 1, 2, 3, 4])
# for at in (-1, 1):
#     plt.axvline(at, color=FORWARD)
#     plt.axhline(at, color=FORWARD)
# plt.gca().set(xticks=[-2, 0, 2], yticks=[-2, 0, 2], xlabel="x₁", ylabel="x₂", aspect="equal")
# plt.grid(False)
# plt.show()

# %% [markdown]
# A tray: a flat floor inside the square, and a rim that rises on every side. One line can only cut the plane in two;
# four of them fence something in. More folds make finer shapes. With enough neurons in one layer, the sum can come as
# close as you like to any continuous function on a bounded region: that was proved for sigmoids {cite:p}`cybenko1989`,
# and it holds for relu too.
#
# ## Why a bend is needed
#
# Now put one layer behind another. Before you run the next cell: two layers, but no activation. The first has a matrix
# of weights $W_1$ and biases $b_1$, the second $W_2$ and $b_2$, nine numbers in all. What shapes can the pair draw that
# one neuron can't?

# %% tags=["active-ipynb"]
# W1, b1 = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([1.0, 0.0])
# W2, b2 = np.array([2.0, -1.0]), 0.5
#
# W, b = W2 @ W1, W2 @ b1 + b2
# print(f"one neuron with w = ({W[0]}, {W[1]}) and b = {b}")
# for x in [(0.0, 0.0), (1.0, 2.0), (-3.0, 0.5)]:
#     print(f"{x}: two layers give {W2 @ (W1 @ x + b1) + b2}, the one neuron gives {W @ x + b}")

# %% [markdown]
# None. Multiply out: $W_2(W_1 x + b_1) + b_2 = (W_2 W_1)\,x + (W_2 b_1 + b_2)$. One matrix, one bias, one flat sheet.
# Without a bend, a hundred layers are one layer that is slow to compute. The activation is what makes depth worth
# having.
#
# ## Four points that one neuron can't split
#
# The smallest task where that matters is XOR: answer yes when exactly one of two inputs is 1. Try every neuron on a
# grid, 4913 of them. How many of the four points does the best one get right?

# %% tags=["active-ipynb"]
# xor = {(0, 0): False, (0, 1): True, (1, 0): True, (1, 1): False}
# knobs = np.arange(-2.0, 2.1, 0.25)
# w1, w2, bias = np.meshgrid(knobs, knobs, knobs)
#
# right = sum((score(*point, w1, w2, bias) > 0) == answer for point, answer in xor.items())
# for count in range(5):
#     print(f"{count} of 4 right: {np.sum(right == count):5} neurons")

# %% [markdown]
# The best get three. A finer grid would not help, and school algebra says why. For the two yes points you need
# $w_2 + b > 0$ and $w_1 + b > 0$; together, $w_1 + w_2 + 2b > 0$. For the two no points you need $b < 0$ and
# $w_1 + w_2 + b < 0$; together, $w_1 + w_2 + 2b < 0$. It can't be both.
#
# Two relu neurons and a third behind them can do it, with weights so plain that you can check them in your head:

# %% tags=["active-ipynb"]
# def xor_net(x1, x2):
#     h1 = np.maximum(0.0, x1 + x2)
#     h2 = np.maximum(0.0, x1 + x2 - 1.0)
#     return h1 - 2.0 * h2
#
#
# for point in xor:
#     print(point, xor_net(*point))

# %% [markdown]
# The first neuron counts the ones. The second wakes up only when there are two, and the third subtracts it twice, so 0,
# 1, 2 becomes 0, 1, 0. Where the result is above one half, the answer is yes:

# %% mystnb={"image": {"alt": "The four points of XOR: the two yes points lie in a blue band between two parallel lines, the two no points outside it, one on each side."}} tags=["active-ipynb"]
# near = np.linspace(-0.5, 1.5, 81)
# N1, N2 = np.meshgrid(near, near)
# plt.figure(figsize=(3.8, 3.6))
# plt.contourf(N1, N2, xor_net(N1, N2), levels=[-99, 0.5, 99], colors=["white", "#cfe0f3"])
# plt.axline((0, 0.5), slope=-1, color=FORWARD)
# plt.axline((0, 1.5), slope=-1, color=FORWARD)
# for (x1, x2), answer in xor.items():
#     plt.plot(
#         x1,
#         x2,
#         "o" if answer else "X",
#         markersize=12,
#         color=FORWARD if answer else "#6b7280",
#     )
#     plt.annotate("yes" if answer else "no", (x1, x2), (12, 8), textcoords="offset points")
# plt.gca().set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), aspect="equal")
# plt.gca().set(xticks=[0, 1], yticks=[0, 1], xlabel="x₁", ylabel="x₂")
# plt.show()

# %% [markdown]
# Here the weights came from thinking. In [Training on moons](moons.ipynb) they come from gradients, and for that a
# model needs all its knobs in one place.
#
# ## The real code: a Module knows its parameters
#
# Training touches every weight and every bias of a model: to zero its gradient, to move it, to save it. Listing them by
# hand is how one gets forgotten, and a forgotten weight raises no error. It never moves. So `Module` finds them: it
# walks through its own attributes, into lists and other modules, and collects each Value that no operation made. Those
# Values are the **parameters**.


# %%
class Module(Searched):
    """Anything with parameters: assign Values, or Modules, to attributes, and they are found.

    A parameter is a leaf Value (one that no operation made) held by an attribute of
    the module, or by a list, tuple, dict or Module inside it, at any depth. They come
    in the order in which the attributes were first assigned; one that is shared comes
    once, at its first place.

    A Value that an operation made is no parameter. If it was computed from a parameter of
    the module, it is a result that the module keeps, and left alone. If not, it is an
    error, because nothing that an optimizer changes would ever change it.

    It is an error, too, if the module holds a Value only where no parameters are looked
    for: in a set, a deque, an array, an object of another class, or the class itself. What
    a function uses is left alone: `self.teacher = lambda x: teacher(x)` keeps a model that
    shall not be trained.
    """

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name: the path of attributes, indices and keys that leads to it.

        Raises
        ------
        ValueError
            If two parameters have the same name, or the module holds a Value that is no
            parameter and was computed from none.
        """
        found: dict[str, Value] = {}
        others: list[tuple[str, Any]] = []
        seen: set[int] = set()
        stack: list[tuple[str, Any]] = [("", self)]
        while stack:  # a stack of our own: no nesting is too deep, and no cycle is endless
            path, item = stack.pop()
            if type(item) in ATOMS or id(item) in seen:
                continue
            seen.add(id(item))
            if issubclass(type(item), Value) and not item._prev:
                if path in found:  # a dict's keys can do that: 1 and "1", or one with a dot
                    raise ValueError(f"two parameters have the name {path!r}; rename a key, so that none gets lost")
                found[path] = item
            else:
                others.append((path, item))
                before = f"{path}." if path else ""
                stack += [(f"{before}{key}", child) for key, child in parts_of(item)][::-1]
        expect_no_hidden(type(self).__name__, others, set(found.values()))
        return iter(found.items())

    def parameters(self) -> list[Value]:
        """The parameters alone, in the same order."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """Every parameter's number by its name: a plain dict, ready for `json.dump`."""
        named = dict(self.named_parameters())
        for name, parameter in named.items():
            expect_floats(name, parameter)
        return {name: parameter.data for name, parameter in named.items()}

    def load_state_dict(self, state: Mapping[str, SupportsFloat]) -> None:
        """Set every parameter to the number `state` has for its name: all of them, or none.

        Parameters
        ----------
        state : mapping of str to float
            As `state_dict` returns it.

        Raises
        ------
        ValueError
            If a name is missing or unexpected.
        TypeError
            If `state` is not a mapping, or holds something that is not one real number.
        """
        named = dict(self.named_parameters())
        numbers = numbers_of_state(state, named, self)
        for parameter, number in zip(named.values(), numbers):
            parameter.data = number

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.parameters())} parameters)"


def parts_of(item: Any) -> Iterable[tuple[Any, Any]]:
    """Where parameters are looked for in an item: each part with its attribute, key or index."""
    parts: Iterable[tuple[Any, Any]] = ()
    kind = type(item)
    if issubclass(kind, (list, tuple)):
        parts = enumerate(item)
    elif issubclass(kind, Module):
        parts = vars(item).items()
    elif issubclass(kind, dict):
        parts = item.items()
    return parts


# %% [markdown]
# Assigning an attribute is all it takes. A parameter that sits in two places is listed once, and `made`, which is the
# result of an operation, is no parameter:

# %% tags=["active-ipynb"]
# class Parts(Module):
#     def __init__(self):
#         self.one = Value(1.0)
#         self.pair = [Value(2.0), Value(3.0)]
#         self.again = self.pair[0]
#         self.made = self.one * 2
#
#
# for name, parameter in Parts().named_parameters():
#     print(f"{name:6} {parameter.data}")

# %% [markdown]
# A Value that the walk misses would stay as it is for ever, without a word. So `Module` also looks where it collects
# nothing: into sets, arrays and other objects. `made` was no fault, because it was computed from a parameter, and
# follows it. Two that would be lost:

# %% tags=["active-ipynb"]
# class Lost(Module):
#     def __init__(self, weight):
#         self.weight = weight
#
#
# for weight in [np.array([Value(1.0), Value(2.0)]), Value(5.0) * 0.1]:
#     try:
#         Lost(weight).parameters()
#     except ValueError as error:
#         print(error)

# %% [markdown]
# ## Where the weights start
#
# A new model needs numbers in its weights, and the first idea is all zeros, or all alike. See what happens to two
# hidden neurons that start alike and learn for 50 steps to give 1 at the point (1, −2):

# %% tags=["active-ipynb"]
# def two_neurons(start, steps=50):
#     hidden = [[Value(start), Value(start)], [Value(start), Value(start)]]
#     last = [Value(start), Value(start)]
#     for _ in range(steps):
#         loss = (dot(last, [dot(weights, (1.0, -2.0)).tanh() for weights in hidden]) - 1.0) ** 2
#         loss.backward()
#         for weight in [*hidden[0], *hidden[1], *last]:
#             weight.data, weight.grad = weight.data - 0.1 * weight.grad, 0.0
#     return [[f"{weight.data:.4f}" for weight in weights] for weights in hidden]
#
#
# for start in (0.0, 0.5):
#     print("start at", start, "end at", *two_neurons(start))

# %% [markdown]
# Zeros do not move at all: every path from a weight to the loss has a factor of zero on it. The 0.5s move, but in step.
# Equal neurons get equal gradients, so they stay equal, and a layer of a hundred is as good as a layer of one. Weights
# have to start *different*, so they start random.
#
# Random, but how large? Send a random signal through eight layers of 64 relu neurons, and measure its size (the root of
# its mean square) after each. The weights have a standard deviation of 1 in one run and of 0.05 in the other. Guess
# first: how far apart are the ends?

# %% tags=["active-ipynb"]
# def size(signal):
#     return float(np.sqrt(np.mean(np.square([float(v) for v in signal]))))
#
#
# def through_layers(deviation, layers=8, width=64):
#     rng = np.random.default_rng(0)
#     signal = rng.normal(size=width)
#     sizes = [size(signal)]
#     for _ in range(layers):
#         signal = np.maximum(0.0, rng.normal(scale=deviation, size=(width, width)) @ signal)
#         sizes.append(size(signal))
#     return sizes
#
#
# large, small = through_layers(1.0), through_layers(0.05)
# for layer in (0, 1, 2, 4, 8):
#     print(f"after layer {layer}:  {large[layer]:8.1e} with 1, {small[layer]:8.1e} with 0.05")

# %% [markdown]
# Ten orders of magnitude, after eight layers. Each layer multiplies the size by about the same factor, so it explodes
# or it vanishes. We want the factor to be 1, and that fixes how large the weights must be.
#
# A neuron adds up $n$ products $w_i x_i$. If the weights are independent, with mean 0 and variance $v$, the sum has
# mean square $n\,v$ times that of the inputs. For a flat activation, or one like `tanh` that is nearly straight around
# 0, the factor is 1 when $v = 1/n$ {cite:p}`glorot2010`. `relu` sends half of the sums to 0, which halves the mean
# square, so there it takes $v = 2/n$ {cite:p}`he2015`. We write both as $v = g^2/n$, where $g$ is the **gain**. Here is
# the table of activations, each with its $g^2$:


# %%
def linear(v: Value) -> Value:
    """`v` as it is: the activation that does nothing."""
    return v


# Each activation with its gain², the factor by which its first weights' variance exceeds 1/nin.
ACTIVATIONS: dict[str, tuple[Callable[[Value], Value], float]] = {
    "relu": (Value.relu, 2.0),  # it silences half of its inputs
    "tanh": (Value.tanh, 1.0),
    "sigmoid": (Value.sigmoid, 1.0),
    "linear": (linear, 1.0),
}


# %% [markdown]
# A number drawn evenly from $(-b, b)$ has variance $b^2/3$, so $b = \sqrt{3 g^2/n}$ does it. Biases need no luck: with
# different weights, they can all start at 0.


# %%
def initial_weights(nin: int, activation: str, rng: np.random.Generator | int | None = None) -> list[Value]:
    """`nin` weights drawn evenly from (−b, b), b = √(3·gain²/nin): their variance is gain²/nin.

    With gain² = 2 for relu (He et al., 2015) and 1 for the others (the forward
    condition of Glorot and Bengio, 2010), a signal is about as large after a layer
    as before it.
    """
    import numpy as np

    bound = math.sqrt(3.0 * ACTIVATIONS[activation][1] / nin)
    return [Value(bound * (2.0 * u - 1.0)) for u in np.random.default_rng(rng).random(nin).tolist()]


# %% [markdown]
# ## The real code: Neuron, Layer, MLP
#
# First the neuron: `dot`, bias, activation. Its `__call__` is two lines; the rest says what it takes. What a wrong size
# or a wrong number of inputs is told comes from `micrograd_numpy/guards/inputs.py`.


# %%
class Neuron(Module):
    """One number from many: activation(w · x + b).

    Parameters
    ----------
    nin : int
        How many inputs it takes.
    activation : str, optional
        A name in `ACTIVATIONS`: "relu", "tanh", "sigmoid" or "linear".
    rng : numpy.random.Generator, int or None, optional
        Where the first weights come from: a generator, a seed, or None for new ones each time.

    Attributes
    ----------
    weights : list of Value
        One for each input; see `initial_weights`.
    bias : Value
        It starts at zero.

    Raises
    ------
    TypeError
        If `nin` is not a whole number.
    ValueError
        If `nin` is less than one, or the activation is unknown.
    """

    def __init__(
        self,
        nin: SupportsIndex,
        activation: str = "relu",
        rng: np.random.Generator | int | None = None,
    ) -> None:
        self.weights = initial_weights(as_size(nin, "nin"), one_of(ACTIVATIONS, "activation", activation), rng)
        self.bias = Value(0.0)
        self.activation = activation

    def __call__(self, x: Inputs) -> Value:
        """The neuron's output for the inputs `x`: Values, or numbers."""
        function, _ = ACTIVATIONS[self.activation]
        return function(dot(self.weights, as_inputs(x, len(self.weights))) + self.bias)

    def __repr__(self) -> str:
        return f"Neuron({len(self.weights)} → 1, {self.activation})"


# %% [markdown]
# Draw one, after `backward`. At the right, `tanh` has a slope of 0.7864 here. At the left, find the crossing: the
# gradient of each input is its weight times that, and the gradient of each weight is its input times that.

# %% mystnb={"image": {"alt": "The graph of one neuron: two weights and two inputs feed one dot node, the bias is added, and tanh gives the output; the gradient of each input is its weight times 0.7864, and the gradient of each weight is its input times 0.7864."}} tags=["active-ipynb"]
# from micrograd_numpy import draw_graph
#
# neuron = Neuron(2, "tanh")
# neuron.load_state_dict({"weights.0": 1.0, "weights.1": 2.0, "bias": -2.0})
# x = [Value(0.5, label="x1"), Value(1.0, label="x2")]
# neuron.weights[0].label, neuron.weights[1].label, neuron.bias.label = "w1", "w2", "b"
#
# out = neuron(x)
# out.label = "out"
# out.backward()
# draw_graph(out)

# %% [markdown]
# `dot` takes all products and their sum in one node. Predict: written with `*` and `+`, how many operations does a relu
# neuron with 16 inputs need? How many with `dot`?

# %% tags=["active-ipynb"]
# from micrograd_numpy import topological_sort
#
#
# def with_plus_and_times(neuron, x):
#     total = neuron.bias
#     for weight, value in zip(neuron.weights, x):
#         total = total + weight * value
#     return total.relu()
#
#
# neuron, x = Neuron(16, rng=0), np.linspace(-1.0, 1.0, 16)
# for out in (with_plus_and_times(neuron, x), neuron(x)):
#     operations = [node._op for node in topological_sort(out) if node._prev]
#     print(f"{out.data:.4f} in {len(operations)} operations, the last of them {operations[-3:]}")

# %% [markdown]
# The same number, in 3 operations instead of 33. The time of a scalar engine goes into making nodes and walking over
# them, so this is most of its speed. Frameworks call such an operation *fused*.
#
# A layer is a list of neurons. It turns its inputs into Values once, so that all its neurons share the same nodes.


# %%
class Layer(Module):
    """Several neurons that look at the same inputs.

    Parameters
    ----------
    nin, nout : int
        How many inputs it takes, and how many neurons it has.
    activation, rng : optional
        As for `Neuron`.
    """

    def __init__(
        self,
        nin: SupportsIndex,
        nout: SupportsIndex,
        activation: str = "relu",
        rng: np.random.Generator | int | None = None,
    ) -> None:
        import numpy as np

        # one generator for all: a seed each would make them all alike
        rng = np.random.default_rng(rng)
        self.neurons = [Neuron(nin, activation, rng) for _ in range(as_size(nout, "nout"))]

    def __call__(self, x: Inputs) -> Value | list[Value]:
        """The outputs, one for each neuron; of a layer with one neuron, its output itself."""
        # here, so that all neurons share the same nodes
        values = as_inputs(x, len(self.neurons[0].weights))
        outputs = [neuron(values) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        neuron = self.neurons[0]
        return f"Layer({len(neuron.weights)} → {len(self.neurons)}, {neuron.activation})"


# %% [markdown]
# Is the signal of a real layer as large after as before? Eight layers, measured as above:

# %% mystnb={"image": {"alt": "The size of a signal over eight layers on a logarithmic axis: with weights of standard deviation 1 it rises to about a million, with 0.05 it falls below a ten-thousandth, and with the scheme of Layer it stays near 1."}} tags=["active-ipynb"]
# rng = np.random.default_rng(0)
# signal = rng.normal(size=64)
# sizes = [size(signal)]
# for _ in range(8):
#     signal = Layer(64, 64, "relu", rng)(signal)
#     sizes.append(size(signal))
#
# plt.figure(figsize=(6.0, 3.4))
# plt.semilogy(large, "--", color="#6b7280", label="standard deviation 1")
# plt.semilogy(sizes, "o-", color=FORWARD, label="eight Layers")
# plt.semilogy(small, ":", color="#6b7280", label="standard deviation 0.05")
# plt.xlabel("after layer")
# plt.ylabel("size of the signal")
# plt.legend()
# plt.show()
# print(f"before: {sizes[0]:.2f}, after eight layers: {sizes[-1]:.2f}")

# %% [markdown]
# It stays. Last, layers in a row: a **multi-layer perceptron**, MLP. The hidden layers use the activation. The last one
# is linear, because a model that ends in `relu` could never answer −3.


# %%
class MLP(Module):
    """A multi-layer perceptron: layers in a row, the last one linear.

    Parameters
    ----------
    nin : int
        How many inputs it takes.
    nouts : sequence of int
        How many neurons each layer has; the last entry is the number of outputs.
    activation : str, optional
        Of every layer but the last: a name in `ACTIVATIONS`.
    rng : numpy.random.Generator, int or None, optional
        Where the first weights come from: a generator, a seed, or None for new ones each time.

    Attributes
    ----------
    layers : list of Layer

    Raises
    ------
    TypeError
        If a size is not a whole number.
    ValueError
        If a size is less than one, `nouts` is empty, or the activation is unknown.

    Examples
    --------
    >>> model = MLP(2, [4, 4, 1], rng=0)
    >>> model
    MLP(2 → 4 → 4 → 1, relu, 37 parameters)
    """

    def __init__(
        self,
        nin: SupportsIndex,
        nouts: Iterable[SupportsIndex],
        activation: str = "relu",
        rng: np.random.Generator | int | None = None,
    ) -> None:
        import numpy as np

        sizes = as_sizes(nin, nouts)
        activations = [one_of(ACTIVATIONS, "activation", activation)] * (len(sizes) - 2) + ["linear"]
        rng = np.random.default_rng(rng)
        self.layers = [Layer(*shape, rng=rng) for shape in zip(sizes[:-1], sizes[1:], activations)]

    def __call__(self, x: Inputs) -> Value | list[Value]:
        """The model's output for the inputs `x`: one Value if the last layer has one neuron, else a list.

        Parameters
        ----------
        x : sequence of Value or number
            One example: a list, a tuple or a row of an array. For a model of one input, a lone number will do.
        """
        for layer in self.layers:
            x = layer(x)
        return x  # type: ignore[return-value]  # by now a layer's output

    def __repr__(self) -> str:
        sizes = [len(layer.neurons[0].weights) for layer in self.layers] + [len(self.layers[-1].neurons)]
        activation = self.layers[0].neurons[0].activation
        return f"MLP({' → '.join(map(str, sizes))}, {activation}, {len(self.parameters())} parameters)"


# %% [markdown]
# ## How many knobs?
#
# Here is `MLP(2, [4, 4, 1])`: each line carries a weight, each neuron has a bias, and the two inputs have none. Before
# you run the cell after it: how many parameters is that?

# %% mystnb={"image": {"alt": "Two input circles, two columns of four neurons and one output neuron; every circle is joined by a line to every circle of the next column, 8 + 16 + 4 lines."}} tags=["active-ipynb"]
# from itertools import pairwise
#
#
# def network_picture(sizes):
#     plt.figure(figsize=(6.0, 3.0))
#     for layer, (nin, nout) in enumerate(pairwise(sizes)):
#         for i in range(nin):
#             for j in range(nout):
#                 plt.plot(
#                     [layer, layer + 1],
#                     [i - nin / 2, j - nout / 2],
#                     color="#9ca3af",
#                     linewidth=1,
#                     zorder=1,
#                 )
#     for layer, n in enumerate(sizes):
#         heights = [i - n / 2 for i in range(n)]
#         plt.scatter(
#             [layer] * n,
#             heights,
#             s=260,
#             color=FORWARD if layer else "white",
#             edgecolor=FORWARD,
#             zorder=2,
#         )
#     plt.xticks(range(len(sizes)), ["inputs", *["hidden"] * (len(sizes) - 2), "output"])
#     plt.yticks([])
#     plt.grid(False)
#     plt.gca().spines[:].set_visible(False)
#     plt.show()
#
#
# network_picture([2, 4, 4, 1])

# %% tags=["active-ipynb"]
# model = MLP(2, [4, 4, 1], rng=0)
# print(model)
# print(
#     " + ".join(str(len(layer.parameters())) for layer in model.layers),
#     "=",
#     len(model.parameters()),
# )

# %% [markdown]
# A layer of $m$ neurons with $n$ inputs has $(n + 1)\,m$ parameters: $3 \cdot 4 + 5 \cdot 4 + 5 \cdot 1 = 37$. Each has
# a name, the path that leads to it. A neuron's weights come first, then its bias:

# %% tags=["active-ipynb"]
# for name, parameter in list(model.named_parameters())[:6]:
#     print(f"{name:27} {parameter.data:7.4f}")

# %% [markdown]
# A call takes Values or numbers: a list, a tuple, a row of an array. One output neuron gives one Value, several give a
# list. `backward` reaches every parameter, and the inputs too.

# %% tags=["active-ipynb"]
# x = [Value(0.5), Value(-1.0)]
# out = model(x)
# print(out.data == model((0.5, -1.0)).data == model(np.array([0.5, -1.0])).data)
# print(len(MLP(2, [4, 3])(x)), "outputs")
#
# out.backward()
# print(f"gradient of the inputs: {x[0].grad:.4f}, {x[1].grad:.4f}")
# model.zero_grad()

# %% [markdown]
# What does not fit is refused, with a reason:

# %% tags=["active-ipynb"]
# attempts = [
#     (model, [1.0]),
#     (model, np.zeros((5, 2))),
#     (MLP, 2, [4, 0]),
#     (MLP, 2, [1], "rleu"),
# ]
# for call, *given in attempts:
#     try:
#         call(*given)
#     except (TypeError, ValueError) as error:
#         print(error)

# %% [markdown]
# ## Save and load
#
# `state_dict` is a plain dict of names and numbers, so a model fits in a JSON file that you can read, and that can't
# run anything when somebody else opens it (a pickle can). Here is the XOR network, set by hand through the same door:

# %% tags=["active-ipynb"]
# import json
#
# by_hand = MLP(2, [2, 1])
# by_hand.load_state_dict(
#     {
#         "layers.0.neurons.0.weights.0": 1.0,
#         "layers.0.neurons.0.weights.1": 1.0,
#         "layers.0.neurons.0.bias": 0.0,
#         "layers.0.neurons.1.weights.0": 1.0,
#         "layers.0.neurons.1.weights.1": 1.0,
#         "layers.0.neurons.1.bias": -1.0,
#         "layers.1.neurons.0.weights.0": 1.0,
#         "layers.1.neurons.0.weights.1": -2.0,
#         "layers.1.neurons.0.bias": 0.0,
#     }
# )
# print([by_hand(point).data for point in xor])

# %% [markdown]
# Write it as text, read it into a model that started elsewhere, and compare. A float survives JSON to its last bit.

# %% tags=["active-ipynb"]
# text = json.dumps(model.state_dict())
# restored = MLP(2, [4, 4, 1], rng=99)
# print(restored([0.5, -1.0]).data == model([0.5, -1.0]).data)
# restored.load_state_dict(json.loads(text))
# print(restored([0.5, -1.0]).data == model([0.5, -1.0]).data)

# %% [markdown]
# A half-loaded model runs without complaint and gives wrong answers, so everything is checked before the first number
# is set. A state that does not fit changes nothing:

# %% tags=["active-ipynb"]
# before = by_hand.state_dict()
# for state in (json.loads(text), {**before, "layers.1.neurons.0.bias": "zero"}):
#     try:
#         by_hand.load_state_dict(state)
#     except (TypeError, ValueError) as error:
#         print(error)
# print("unchanged:", by_hand.state_dict() == before)

# %% [markdown]
# ## What you can now do
#
# - See a neuron as a line, a relu neuron as a fold, and a layer as many of them.
# - Say why depth needs a bend, and why XOR needs two neurons and a third.
# - Count the parameters of a model, and say where its weights start and why there.
# - Build a model, find its parameters, save it and load it.
#
# ## In PyTorch this is …
#
# … `torch.nn.Linear` and `torch.nn.Sequential`. A `Linear` keeps the weights of a layer as one matrix, a row for each
# neuron. Copy our numbers over and compare the output and all 37 gradients:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     twin = torch.nn.Sequential(
#         torch.nn.Linear(2, 4),
#         torch.nn.ReLU(),
#         torch.nn.Linear(4, 4),
#         torch.nn.ReLU(),
#         torch.nn.Linear(4, 1),
#     ).double()
#     with torch.no_grad():
#         for linear_part, layer in zip(twin[::2], model.layers):
#             for row, neuron in enumerate(layer.neurons):
#                 linear_part.weight[row] = torch.tensor([w.data for w in neuron.weights], dtype=torch.float64)
#                 linear_part.bias[row] = neuron.bias.data
#
#     ours, theirs = model([0.5, -1.0]), twin(torch.tensor([0.5, -1.0], dtype=torch.float64))
#     model.zero_grad()
#     ours.backward()
#     theirs.backward()
#     gradients = []
#     for part in twin[::2]:
#         for row, bias in zip(part.weight.grad.tolist(), part.bias.grad.tolist()):
#             gradients += [*row, bias]
#     worst = max(abs(p.grad - g) for p, g in zip(model.parameters(), gradients))
#     print(f"ours {ours.data:.6f}, PyTorch {theirs.item():.6f}")
#     print(f"{len(gradients)} gradients, largest difference below 1e-12: {worst < 1e-12}")

# %% [markdown]
# The names are PyTorch's too: `parameters`, `named_parameters`, `zero_grad`, `state_dict`, `load_state_dict`
# {cite:p}`paszke2019`. Two things differ. PyTorch takes a batch of examples at once, one per row, where this model
# takes one. And `torch.nn.Linear` starts narrower by default: weights and biases alike from
# $(-1/\sqrt{n}, 1/\sqrt{n})$.
#
# ## Exercises
#
# Worked and folded, in [Exercises: Neurons, layers, MLP](exercises/mlp.ipynb):
#
# 1. Give the library an activation of your own, a relu that leaks, and show what it saves.
# 2. Predict the number of parameters and of nodes for any shape, in a formula each.
# 3. Save a model to a file, load it, and make sure that a wrong file can't do harm.
# 4. Use the same weights in two places, and explain their gradients.
#
# ## Check yourself
#
# :::{dropdown} A neuron has weights (3, −1) and bias 2. All three are doubled. What happens to its line?
# Nothing: $6x_1 - 2x_2 + 4 = 0$ where $3x_1 - x_2 + 2 = 0$. The sheet gets twice as steep, the line stays.
# :::
#
# :::{dropdown} Ten linear layers in a row, no activation. How many layers do you need to do the same?
# One, with the product of the matrices as its weights.
# :::
#
# :::{dropdown} Why may all biases start at zero, but not all weights?
# Neurons with different weights get different gradients, so their biases part at the first step. Neurons that are equal
# in everything get equal gradients and stay equal.
# :::
#
# :::{dropdown} How many parameters has `MLP(3, [5, 2])`?
# $(3 + 1) \cdot 5 + (5 + 1) \cdot 2 = 32$.
# :::
#
# ## Sources
#
# Neurons as thresholds are from {cite:t}`mcculloch1943`, neurons that learn from {cite:t}`rosenblatt1958`, and `relu`
# in networks from {cite:t}`nair2010`. The first weights follow {cite:t}`glorot2010` and {cite:t}`he2015`. The three
# classes have the shape they have in micrograd {cite:p}`karpathy2020micrograd`.
