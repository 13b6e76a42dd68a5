# %% [markdown]
# # Neurons, layers, MLP
#
# A neural network is a formula with many numbers that training can change: its parameters. In this chapter you build
# one from its smallest part, a neuron, which draws a line in the plane. You see why layers need a bend between them. At
# the end, a whole model is one line of code: `MLP(2, [4, 4, 1])`.
#
# - **You will build** `Neuron`, `Layer`, `MLP`, and the core of `Module`, which finds every parameter of a model.
# - **You need** [Value](value.ipynb), [Operations](ops.ipynb), matrices in NumPy (`W @ x`), and what a variance is.
# - **Time** about 35 minutes.

# %% mystnb={"code_prompt_show": "Imports, 13 lines"} tags=["hide-input"]
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
# A neuron takes some numbers and returns one. It has a **weight** for each input and one more number, the **bias**. It
# multiplies each input by its weight, adds the products, and adds the bias:
#
# $$z = w_1 x_1 + w_2 x_2 + b$$
#
# We call $z$ the neuron's score. Take $w_1 = 1$, $w_2 = 2$ and $b = -2$. For which of the three points below is the
# score positive, and for which is it negative? Decide before you run the cell.

# %% tags=["active-ipynb"]
# def score(x1, x2, w1=1.0, w2=2.0, bias=-2.0):
#     return w1 * x1 + w2 * x2 + bias
#
#
# for point in [(2.0, 1.0), (0.0, 0.0), (0.0, 1.0)]:
#     print(point, "gives", score(*point))

# %% [markdown]
# One point has a positive score, one a negative score, and one a score of exactly 0. The points whose score is 0 form a
# straight line. On one side of it every score is positive, and on the other side every score is negative. (There is no
# line if both weights are 0. With three inputs, a plane takes the place of the line.)
#
# The pictures show that for three neurons: the line, the positive side in blue, and an orange arrow that goes $w_1$ to
# the right and $w_2$ up. From the first picture to the second, the weights change. From the first to the third, the
# bias changes. What will each change do to the line?

# %% mystnb={"code_prompt_show": "The pictures' code, 28 lines", "image": {"alt": "Three planes, each cut by a line with the positive side blue and an arrow standing on the line at a right angle. From the first to the second the weights change and the line turns; from the first to the third the bias changes and the line shifts without turning."}} tags=["active-ipynb", "hide-input"]
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
#     length = w1**2 + w2**2
#     # the point of the line nearest to the origin
#     foot = (-bias * w1 / length, -bias * w2 / length)
#     plt.axline(foot, (foot[0] - w2, foot[1] + w1), color=FORWARD)
#     tip = (foot[0] + w1, foot[1] + w2)
#     arrow = {"arrowstyle": "-|>", "color": BACKWARD, "linewidth": 2}
#     plt.annotate("", tip, foot, arrowprops=arrow)
#     plt.title(f"w = ({w1:g}, {w2:g}), b = {bias:g}", fontsize=10)
#     plt.gca().set(xlim=(-3, 3), ylim=(-3, 3), xticks=[-2, 0, 2], yticks=[-2, 0, 2], aspect="equal")
#
#
# plt.figure(figsize=(7.2, 2.7))
# for place, neuron in enumerate([(1.0, 2.0, -2.0), (2.0, -1.0, -2.0), (1.0, 2.0, 2.0)], start=1):
#     plt.subplot(1, 3, place)
#     neuron_picture(*neuron)
# plt.show()

# %% [markdown]
# The weights alone decide the direction of the line. A change of the bias shifts it to a parallel line. Walk along the
# line, in the direction $(-w_2, w_1)$: the score changes by $w_1 \cdot (-w_2) + w_2 \cdot w_1 = 0$. The same sum is the
# dot product of that direction and the arrow $(w_1, w_2)$. It is 0, so the arrow stands on the line at a right angle.
# Walk along the arrow, and the score grows by $w_1^2 + w_2^2$. So the arrow points to the positive side.
#
# The arrow is orange because it is a gradient: $\partial z/\partial x_1 = w_1$ and $\partial z/\partial x_2 = w_2$. The
# engine agrees:

# %% tags=["active-ipynb"]
# x1, x2 = Value(0.5), Value(-1.0)
# score(x1, x2).backward()
# print(x1.grad, x2.grad)

# %% [markdown]
# Now change the parameters yourself. Blue means a positive score and ocher a negative one. The darker the color, the
# further the score is from 0. You can move the sliders, or drag the tip of the arrow, the line, and the black point,
# whose score is written out. Try to bring the point to the other side by changing only one parameter. And what do you
# expect when you double $w_1$, $w_2$ and $b$?

# %% mystnb={"image": {"alt": "The plane of the two inputs with the neuron's line: blue and darker away from it on the side of the arrow, ocher on the other. In the page, sliders turn and shift the line.", "classes": "touch touch-neuron"}} tags=["active-ipynb"]
# from micrograd_numpy.figures import neuron_figure
#
# neuron_figure(w1=1.0, w2=2.0, bias=-2.0, activation="linear")

# %% [markdown]
# When all three are doubled, every score is doubled. Where the score was 0 it is still 0, so the line stays, but the
# colors become deeper.
#
# ## The fold
#
# So far the output is a flat, tilted sheet over the plane. A neuron sends its score through one more function, the
# **activation function**, and this bends the sheet. The library has three, besides `linear`, which changes nothing.
# Here they are in blue, with their slopes in orange:

# %% mystnb={"code_prompt_show": "The pictures' code, 15 lines", "image": {"alt": "Three curves with their slopes: relu is 0 on the left and the diagonal on the right, and its slope jumps from 0 to 1; tanh climbs from \u22121 to 1, and its slope is 1 in the middle and falls towards 0 on both sides; sigmoid climbs from 0 to 1, and its slope is 0.25 at most."}} tags=["active-ipynb", "hide-input"]
# z = np.linspace(-5, 5, 201)
# plt.figure(figsize=(7.2, 2.4))
# for place, name in enumerate(["relu", "tanh", "sigmoid"], start=1):
#     outputs, slopes = [], []
#     for number in z.tolist():
#         v = Value(number)
#         result = getattr(v, name)()
#         result.backward()
#         outputs.append(result.data)
#         slopes.append(v.grad)
#     plt.subplot(1, 3, place)
#     plt.plot(z, outputs, color=FORWARD, label=name)
#     plt.plot(z, slopes, color=BACKWARD, label=f"slope of {name}")
#     plt.gca().set(title=name, ylim=(-1.1, 2.1), xticks=[-4, 0, 4], xlabel="z")
# plt.show()

# %% [markdown]
# We begin with `relu`, the library's default. It keeps what is positive and replaces the rest by 0. Its bend is a sharp
# fold along the line. (Press `relu` in the figure above: everything ocher goes blank.)

# %% mystnb={"code_prompt_show": "The picture's code, 6 lines", "image": {"alt": "A sheet over the plane, flat on the floor on one side of a line and rising at a constant slope on the other."}} tags=["active-ipynb", "hide-input"]
# axes = plt.figure(figsize=(4.8, 3.8)).add_subplot(projection="3d")
# sheet = np.maximum(0.0, score(X1, X2))
# axes.plot_surface(X1, X2, sheet, color="#5b8fcb", rstride=5, cstride=5, edgecolor="white", linewidth=0.5)
# axes.set(xlabel="x₁", ylabel="x₂", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
# axes.view_init(elev=30, azim=-125)
# plt.show()

# %% [markdown]
# A **layer** is several neurons that read the same inputs. Each of them has its own line, and folds its own sheet
# along it. Here is the sum of the outputs of four relu neurons, whose lines are the sides of a square:

# %% mystnb={"code_prompt_show": "The picture's code, 19 lines", "image": {"alt": "Four lines cut the plane into nine parts. The sum is zero in the square in the middle and rises away from it on all sides, fastest in the corners."}} tags=["active-ipynb", "hide-input"]
# folds = [(1.0, 0.0, -1.0), (-1.0, 0.0, -1.0), (0.0, 1.0, -1.0), (0.0, -1.0, -1.0)]
# tray = sum(np.maximum(0.0, score(X1, X2, *neuron)) for neuron in folds)
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
# plt.colorbar(label="sum of the four outputs", ticks=[0, 1, 2, 3, 4])
# for at in (-1, 1):
#     plt.axvline(at, color=FORWARD)
#     plt.axhline(at, color=FORWARD)
# plt.gca().set(xticks=[-2, 0, 2], yticks=[-2, 0, 2], xlabel="x₁", ylabel="x₂", aspect="equal")
# plt.grid(False)
# plt.show()

# %% [markdown]
# The sum is flat inside the square. One line can only cut the plane in two, but several lines can enclose a region.
# With enough neurons in one layer and the right weights, a weighted sum of their outputs comes as close as you like to
# any continuous function on a square. This was proved for sigmoids {cite:p}`cybenko1989`, and it holds for relu too
# {cite:p}`leshno1993`.
#
# ## Why a bend is needed
#
# Now put one layer behind another, but without an activation function. The first layer has two neurons: a matrix $W_1$
# with a row of weights for each, and two biases $b_1$. The second has one neuron: two weights $W_2$ and a bias $b_2$.
# That makes nine parameters in all. Which shapes can the two layers draw that one neuron cannot?

# %% tags=["active-ipynb"]
# W1, b1 = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([1.0, 0.0])
# W2, b2 = np.array([2.0, -1.0]), 0.5
#
# W, b = W2 @ W1, W2 @ b1 + b2
# print(f"one neuron with w = ({W[0]}, {W[1]}) and b = {b}")
# for x in [(0.0, 0.0), (1.0, 2.0), (-3.0, 0.5)]:
#     print(f"{x}: two layers give {W2 @ (W1 @ x + b1) + b2}, the one neuron gives {W @ x + b}")

# %% [markdown]
# None. Multiply out: $W_2(W_1 x + b_1) + b_2 = (W_2 W_1)\,x + (W_2 b_1 + b_2)$. That is one row of weights, one bias
# and one flat sheet again. A hundred layers without a bend can draw only what one layer can.
#
# ## Four points that one neuron cannot split
#
# A well-known task that needs a bend is XOR: answer yes when exactly one of two inputs is 1. We try 17 values for each
# of the three parameters, which makes 4913 neurons. A positive score means yes. How many of the four points does the
# best of these neurons get right?

# %% tags=["active-ipynb"]
# xor = {(0, 0): False, (0, 1): True, (1, 0): True, (1, 1): False}
# grid = np.arange(-2.0, 2.1, 0.25)
# w1, w2, bias = np.meshgrid(grid, grid, grid)
#
# right = sum((score(*point, w1, w2, bias) > 0) == answer for point, answer in xor.items())
# for count in range(5):
#     print(f"{count} of 4 right: {np.sum(right == count):5} neurons")

# %% [markdown]
# The best get three. A finer grid would not help, and school algebra says why. For the two yes points you need
# $w_2 + b > 0$ and $w_1 + b > 0$; together, $w_1 + w_2 + 2b > 0$. For the two no points you need $b \le 0$ and
# $w_1 + w_2 + b \le 0$; together, $w_1 + w_2 + 2b \le 0$. It cannot be both.
#
# A second neuron behind the first does not help. It gets only one number, the output of the first. As $z$ grows, that
# number never falls, because none of our four activation functions ever does. So the score of the second neuron never
# falls either, or, if its weight is negative, never rises. The points where it is positive still lie on one side of a
# line.
#
# Two relu neurons and a third behind them can do it, with weights that you can check in your head:

# %% tags=["active-ipynb"]
# def xor_net(x1, x2):
#     h1 = np.maximum(0.0, x1 + x2)
#     h2 = np.maximum(0.0, x1 + x2 - 1.0)
#     return h1 - 2.0 * h2 - 0.5
#
#
# for point in xor:
#     print(point, xor_net(*point))

# %% [markdown]
# The first neuron counts the ones. The second is positive only when there are two. The third subtracts it twice, so 0,
# 1, 2 becomes 0, 1, 0, and its bias is −0.5. Where its score is positive, the answer is yes:

# %% mystnb={"code_prompt_show": "The picture's code, 18 lines", "image": {"alt": "The four points of XOR: the two yes points lie in a blue band between two parallel lines, the two no points outside it, one on each side."}} tags=["active-ipynb", "hide-input"]
# near = np.linspace(-0.5, 1.5, 81)
# N1, N2 = np.meshgrid(near, near)
# plt.figure(figsize=(3.8, 3.6))
# plt.contourf(N1, N2, xor_net(N1, N2), levels=[-99, 0, 99], colors=["white", "#cfe0f3"])
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
# Here we chose the weights by thinking. In [Training on moons](moons.ipynb) training finds weights with gradients. For
# that, a model needs numbers to start from, and a list of its parameters.
#
# ## Where the weights start
#
# Which numbers should the weights of a new model have? All zero, or all equal? Here a network with two hidden neurons
# starts with equal weights and is trained for 50 steps to return 1 at the point (1, −2). What will the two have in
# common at the end?

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
# In this network without biases, zeros do not move: on every path from a weight to the loss, one factor is zero. The
# weights that start at 0.5 do move, but both neurons move in the same way. Equal neurons with equal weights behind them
# get equal gradients, so they stay equal, and a hundred of them can do no more than one. So the weights must start
# *different*. We draw them at random.
#
# How large should they be? Send a signal, 64 random numbers, through eight layers of 64 relu neurons, and measure its
# **strength** after each layer: the root of the mean of the squares. In one run the weights have a standard deviation
# of 1, in the other of 0.05. How far apart are the two signals at the end?

# %% mystnb={"code_prompt_show": "The helpers strength, relu and through_layers, 12 lines"} tags=["active-ipynb", "hide-input"]
# def strength(signal):
#     return float(np.sqrt(np.mean(np.square(signal))))
#
#
# def relu(z):
#     return np.maximum(0.0, z)
#
#
# def through_layers(deviation, activation=relu, seed=0, layers=8, width=64):
#     rng = np.random.default_rng(seed)
#     signal = rng.normal(size=width)
#     strengths = [strength(signal)]
#     for _ in range(layers):
#         signal = activation(rng.normal(scale=deviation, size=(width, width)) @ signal)
#         strengths.append(strength(signal))
#     return strengths

# %% tags=["active-ipynb"]
# large, small = through_layers(1.0), through_layers(0.05)
# for layer in (0, 1, 2, 4, 8):
#     print(f"after layer {layer}:  {large[layer]:8.1e} with 1, {small[layer]:8.1e} with 0.05")

# %% [markdown]
# They are ten orders of magnitude apart: weights 20 times as large multiply the output of each relu layer by 20, and
# $20^8 = 2.6 \cdot 10^{10}$. Each layer multiplies the strength by about the same factor, so after a few layers the
# signal is very large or almost gone. We want that factor to be 1, which fixes the size of the weights.
#
# A neuron adds up $n$ products $w_i x_i$. Square the sum. If the weights are independent, with mean 0 and variance $v$,
# the products $w_i w_j$ of different weights are 0 on average. What remains is $v \sum x_i^2$. That is $n\,v$ times the
# mean square of the inputs. So without an activation function we need $v = 1/n$. The same holds roughly for `tanh`,
# while its inputs are so small that it is nearly straight {cite:p}`glorot2010`. With weights that are symmetric around
# 0, the sums are too, so `relu` turns half of them into 0. This halves the mean square, so `relu` needs $v = 2/n$
# {cite:p}`he2015`. We write both as $v = g^2/n$, where $g$ is the **gain**.
#
# Does it work? We send 30 signals through 30 networks with $v = 2/64$:

# %% mystnb={"code_prompt_show": "The picture's code, 10 lines", "image": {"alt": "The strength of a signal over eight layers on a logarithmic axis. With weights of standard deviation 1 it rises to about 500,000, and with 0.05 it falls to about 0.00002. The 30 runs with variance 2/64 all stay between 0.2 and 2."}} tags=["active-ipynb", "hide-input"]
# runs = [through_layers(np.sqrt(2 / 64), seed=seed) for seed in range(30)]
# plt.figure(figsize=(6.0, 3.4))
# plt.semilogy(large, "--", color="#6b7280", label="standard deviation 1")
# for number, run in enumerate(runs):
#     plt.semilogy(run, color=FORWARD, linewidth=1, label="_" if number else "variance 2/64, 30 runs")
# plt.semilogy(small, ":", color="#6b7280", label="standard deviation 0.05")
# plt.xlabel("after layer")
# plt.ylabel("strength of the signal")
# plt.legend()
# plt.show()

# %% tags=["active-ipynb"]
# ends = [run[-1] / run[0] for run in runs]
# print(f"relu: the runs end at {min(ends):.2f} to {max(ends):.2f} times their initial strength")
#
# flat = [through_layers(np.sqrt(1 / 64), np.tanh, seed=seed) for seed in range(30)]
# for layer in (1, 4, 8):
#     print(f"tanh: after layer {layer}, {np.median([run[layer] / run[0] for run in flat]):.2f} of the initial strength")

# %% [markdown]
# With `relu`, the signal neither explodes nor vanishes. With `tanh` and $v = 1/64$ the signal usually becomes weaker:
# away from 0, the output of `tanh` is smaller than its input. The weaker the signal, the less it loses in each layer.
# (With a larger gain, such as PyTorch's 5/3, it would not fade away. We keep the simple 1.)
#
# This is the table of activation functions, each with its $g^2$. For `sigmoid` the argument gives no value: the
# strength of its outputs is about 0.5 to 0.7, whatever $v$ is. We take 1.


# %%
def linear(v: Value) -> Value:
    """Return `v` itself: the activation function that changes nothing."""
    return v


# Each activation function with its gain²: the initial weights of a neuron have the variance gain²/nin.
ACTIVATIONS: dict[str, tuple[Callable[[Value], Value], float]] = {
    "relu": (Value.relu, 2.0),  # it halves the mean square
    "tanh": (Value.tanh, 1.0),
    "sigmoid": (Value.sigmoid, 1.0),
    "linear": (linear, 1.0),
}


# %% [markdown]
# If independent weights are symmetric around 0, only their variance counts. We draw evenly from an interval $(-c, c)$,
# as PyTorch does. The variance is then the mean of $w^2$ over it, $c^2/3$, so $c = \sqrt{3 g^2/n}$. The biases can all
# start at 0, because neurons with different weights are different already.


# %%
def initial_weights(nin: int, activation: str, rng: np.random.Generator | int | None = None) -> list[Value]:
    """Return `nin` weights drawn evenly from (−c, c), c = √(3·gain²/nin): their variance is gain²/nin.

    With gain² = 2 for relu (He et al., 2015) and 1 for linear (the forward condition of
    Glorot and Bengio, 2010), a layer keeps the mean square of a signal, on average over the
    weights. tanh makes it smaller. For sigmoid, 1 is only a choice, with which two different signals
    become more alike in each layer.
    """
    import numpy as np

    bound = math.sqrt(3.0 * ACTIVATIONS[activation][1] / nin)
    return [Value(bound * (2.0 * u - 1.0)) for u in np.random.default_rng(rng).random(nin).tolist()]


# %% [markdown]
# ## The real code: a Module knows its parameters
#
# Training needs every weight and every bias of a model: to set its gradient to zero, to change it, to save it. If you
# list them by hand, you can forget one. A forgotten weight raises no error. It simply never changes.
#
# So `Module` finds them. It looks through its own attributes, and into lists and other modules that it finds there, and
# collects each leaf: each Value that no operation made. These Values are the **parameters**. Here is the idea:

# %% tags=["active-ipynb"]
# def leaves(item):
#     if isinstance(item, Value):
#         return [] if item._prev else [item]
#     parts = []
#     if isinstance(item, list):
#         parts = item
#     elif isinstance(item, Module):
#         parts = vars(item).values()
#     return [leaf for part in parts for leaf in leaves(part)]

# %% [markdown]
# The real class does more. It names each parameter by the first path that leads to it, lists a shared one only once,
# looks into tuples and dicts too, and has no limit on depth. `zero_grad` sets all gradients to zero, and `state_dict`
# and `load_state_dict` save and load.


# %% mystnb={"code_prompt_show": "The class Module, 73 lines"} tags=["hide-input"]
class Module(Searched):
    """A model or a part of one: assign Values or Modules to its attributes, and it finds all parameters.

    A parameter is a leaf Value (one that no operation made) held by an attribute of
    the module, or by a list, tuple, dict or Module inside it, at any depth. They come
    in the order in which the attributes were first assigned; one that is shared comes
    once, at its first place.

    A Value that an operation made is no parameter. If it was computed from a parameter of
    the module, it is a result that the module keeps, and left alone. If not, it is an
    error, because no change of a parameter would ever change it.

    It is an error, too, if the module holds a Value only where no parameters are looked
    for: in a set, a deque, an array, an object of another class, or the class itself. What
    a function uses is left alone: `self.teacher = lambda x: teacher(x)` keeps a model that
    is not to be trained.
    """

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Return each parameter with its name: the path of attributes, indices and keys that leads to it.

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
        while stack:  # with a stack of our own, so that nesting may be deep, and a cycle ends
            path, item = stack.pop()
            if type(item) in ATOMS or id(item) in seen:
                continue
            seen.add(id(item))
            if issubclass(type(item), Value) and not item._prev:
                if path in found:  # two keys of a dict can give one name: 1 and "1", or one with a dot
                    raise ValueError(f"two parameters have the name {path!r}; rename a key, so that none gets lost")
                found[path] = item
            else:
                others.append((path, item))
                before = f"{path}." if path else ""
                stack += [(f"{before}{key}", child) for key, child in parts_of(item)][::-1]
        expect_no_hidden(type(self).__name__, others, set(found.values()))
        return iter(found.items())

    def parameters(self) -> list[Value]:
        """Return the parameters without their names, in the same order."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """Return the number of each parameter by its name, as a plain dict that `json.dump` can save."""
        named = dict(self.named_parameters())
        for name, parameter in named.items():
            expect_floats(name, parameter)
        return {name: parameter.data for name, parameter in named.items()}

    def load_state_dict(self, state: Mapping[str, SupportsFloat]) -> None:
        """Set every parameter to the number that `state` has for its name; if one does not fit, set none.

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


# %% mystnb={"code_prompt_show": "The function parts_of, 11 lines"} tags=["hide-input"]
def parts_of(item: Any) -> Iterable[tuple[Any, Any]]:
    """Return each part of an item in which parameters are looked for, with its attribute, key or index."""
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
# Here `again` is a second name for a parameter, and `made` is the result of an operation:

# %% tags=["active-ipynb"]
# class Parts(Module):
#     def __init__(self):
#         self.one = Value(1.0)
#         self.pair = [Value(2.0), Value(3.0)]
#         self.again = self.pair[0]
#         self.made = self.one * 2
#
#
# print([leaf.data for leaf in leaves(Parts())])
# for name, parameter in Parts().named_parameters():
#     print(f"{name:6} {parameter.data}")

# %% [markdown]
# The short version lists the 2 twice. A loop over its list would move that parameter twice in each step.
#
# `Module` also looks inside sets, arrays and other objects, where it collects nothing. A Value there would never be
# trained, so `Module` raises an error. It also raises one for a result that was computed from no parameter of the
# model. (`made` was computed from one, so it is allowed.)

# %% mystnb={"code_prompt_show": "Two models with a Value that would be lost, 8 lines"} tags=["active-ipynb", "hide-input"]
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
# ## The real code: Neuron, Layer, MLP
#
# First the neuron. Its `__call__` is two lines: look up the activation function, and apply it to the dot product plus
# the bias. (`as_size`, `one_of` and `as_inputs` check what they are given.)


# %%
class Neuron(Module):
    """One number computed from several: activation(w · x + b).

    Parameters
    ----------
    nin : int
        How many inputs it takes.
    activation : str, optional
        A name in `ACTIVATIONS`: "relu", "tanh", "sigmoid" or "linear".
    rng : numpy.random.Generator, int or None, optional
        The source of the initial weights: a generator, a seed, or None for new ones each time.

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
        """Return the neuron's output for the inputs `x`, which are Values or numbers."""
        function, _ = ACTIVATIONS[self.activation]
        return function(dot(self.weights, as_inputs(x, len(self.weights))) + self.bias)

    def __repr__(self) -> str:
        return f"Neuron({len(self.weights)} → 1, {self.activation})"


# %% [markdown]
# Here is a neuron after `backward`. On the right, `tanh` has a slope of 0.7864 at this score. On the left you see the
# rule of the product: the gradient of each input is its *weight* times 0.7864, and the gradient of each weight is its
# *input* times 0.7864.

# %% mystnb={"image": {"alt": "The graph of one neuron: two weights and two inputs feed one dot node, the bias is added, and tanh gives the output. The gradient of each input is its weight times 0.7864, and the gradient of each weight is its input times 0.7864."}} tags=["active-ipynb"]
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
# A layer is a list of neurons. It turns its inputs into Values once, so that all its neurons share the same nodes.


# %%
class Layer(Module):
    """Several neurons that read the same inputs.

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

        # one generator for all neurons: with a seed for each, they would all be equal
        rng = np.random.default_rng(rng)
        self.neurons = [Neuron(nin, activation, rng) for _ in range(as_size(nout, "nout"))]

    def __call__(self, x: Inputs) -> Value | list[Value]:
        """Return a list with the output of each neuron; if there is only one neuron, its output itself."""
        # once for all neurons, so that they share the same nodes
        values = as_inputs(x, len(self.neurons[0].weights))
        outputs = [neuron(values) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        neuron = self.neurons[0]
        return f"Layer({len(neuron.weights)} → {len(self.neurons)}, {neuron.activation})"


# %% [markdown]
# Last, several layers in a row: a **multi-layer perceptron**, or MLP. Its last layer is linear. A model that ends in
# `relu` could never answer −3. The layers before the last one are called *hidden*. They use the activation function.


# %%
class MLP(Module):
    """A multi-layer perceptron: several layers in a row, of which the last one is linear.

    Parameters
    ----------
    nin : int
        How many inputs it takes.
    nouts : sequence of int
        How many neurons each layer has; the last entry is the number of outputs.
    activation : str, optional
        The activation function of every layer but the last: a name in `ACTIVATIONS`.
    rng : numpy.random.Generator, int or None, optional
        The source of the initial weights: a generator, a seed, or None for new ones each time.

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
        """Return the model's output for the inputs `x`: one Value if the last layer has one neuron, else a list.

        Parameters
        ----------
        x : sequence of Value or number
            One example: a list, a tuple or a row of an array. For a model of one input, a single number will do.
        """
        for layer in self.layers:
            x = layer(x)
        return x  # type: ignore[return-value]  # now it is the output of a layer

    def __repr__(self) -> str:
        sizes = [len(layer.neurons[0].weights) for layer in self.layers] + [len(self.layers[-1].neurons)]
        activation = self.layers[0].neurons[0].activation
        return f"MLP({' → '.join(map(str, sizes))}, {activation}, {len(self.parameters())} parameters)"


# %% [markdown]
# ## How many parameters?
#
# Here is `MLP(2, [4, 4, 1])`. Each line stands for a weight. Each neuron has a bias, and the two inputs have none. How
# many parameters is that?

# %% mystnb={"code_prompt_show": "The picture's code, 29 lines", "image": {"alt": "Two input circles, two columns of four neurons and one output neuron. Every circle is joined by a line to every circle of the next column: 8 + 16 + 4 lines."}} tags=["active-ipynb", "hide-input"]
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
# print([len(layer.parameters()) for layer in model.layers], "in the layers")
# for name, parameter in list(model.named_parameters())[:4]:
#     print(f"{name:27} {parameter.data:7.4f}")

# %% [markdown]
# A layer of $m$ neurons with $n$ inputs has $(n + 1)\,m$ parameters: $3 \cdot 4 + 5 \cdot 4 + 5 \cdot 1 = 37$. The name
# of each is the path that leads to it. The weights of a neuron come first, and then its bias.
#
# A call takes Values or numbers: a list, a tuple, or a row of an array. A model with one output neuron returns one
# Value, and a model with several returns a list. `backward` gives a gradient to every parameter, and to the inputs.

# %% tags=["active-ipynb"]
# x = [Value(0.5), Value(-1.0)]
# out = model(x)
# print("equal:", out.data == model((0.5, -1.0)).data == model(np.array([0.5, -1.0])).data)
#
#
# out.backward()
# print(f"gradient of the inputs: {x[0].grad:.4f}, {x[1].grad:.4f}")
# model.zero_grad()

# %% [markdown]
# ## Save and load
#
# `state_dict` returns a plain dict of names and numbers. As JSON it is readable text, and loading it runs no code.
# (Loading a pickle can.) Here we load the XOR network that we set by hand above:

# %% tags=["active-ipynb"]
# by_hand = MLP(2, [2, 1])
# numbers = [1.0, 1.0, 0.0, 1.0, 1.0, -1.0, 1.0, -2.0, -0.5]
# by_hand.load_state_dict(dict(zip(by_hand.state_dict(), numbers)))
# print([by_hand(point).data for point in xor])

# %% [markdown]
# Now write a model as text, and read it into another model that started from other weights. Python's `json` keeps every
# bit of a finite float, so the outputs are equal:

# %% tags=["active-ipynb"]
# import json
#
# text = json.dumps(model.state_dict())
# restored = MLP(2, [4, 4, 1], rng=99)
# print("equal before loading:", restored([0.5, -1.0]).data == model([0.5, -1.0]).data)
# restored.load_state_dict(json.loads(text))
# print("equal after loading: ", restored([0.5, -1.0]).data == model([0.5, -1.0]).data)

# %% [markdown]
# A model in which only some of the parameters were loaded would run without an error and give wrong answers. So
# `load_state_dict` checks all names and numbers before it sets the first one. If they do not fit, it changes nothing.
# (The activation function is not in the state. A `tanh` model takes the numbers of a `relu` model of the same sizes.)

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
# - See a neuron as a line, a relu neuron as a fold, and a layer as several of them.
# - Say why depth needs a bend, and why one hidden neuron is not enough for XOR.
# - Count the parameters of a model, and say how large its weights are at the start, and why.
# - Build a model, find its parameters, save it and load it.
#
# ## In PyTorch this is …
#
# … [`torch.nn.Linear`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html) and
# [`torch.nn.Sequential`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html). A `Linear` keeps the
# weights of a layer as one matrix, with a row for each neuron. We copy our numbers over and compare the output and all
# 37 gradients:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     Linear, ReLU = torch.nn.Linear, torch.nn.ReLU
#     twin = torch.nn.Sequential(Linear(2, 4), ReLU(), Linear(4, 4), ReLU(), Linear(4, 1)).double()
#     with torch.no_grad():
#         for theirs, ours in zip(twin[::2], model.layers):
#             for row, neuron in enumerate(ours.neurons):
#                 theirs.weight[row] = torch.tensor([w.data for w in neuron.weights], dtype=torch.float64)
#                 theirs.bias[row] = neuron.bias.data
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
# The methods have the same names in PyTorch's
# [`Module`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html): `parameters`, `named_parameters`,
# `zero_grad`, `state_dict` and `load_state_dict` {cite:p}`paszke2019`. But a PyTorch model can also take a batch of
# examples, one in each row; ours takes only one. And the weights of a `Linear` start closer to 0 by default: weights
# and biases alike are drawn from $(-1/\sqrt{n}, 1/\sqrt{n})$. By our argument, these weights alone make a signal weaker
# in each layer of relu. Our weights for relu are those of
# [`kaiming_uniform_`](https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.kaiming_uniform_).
#
# ## Exercises
#
# With folded solutions, in [Exercises: Neurons, layers, MLP](exercises/mlp.ipynb):
#
# 1. A relu that leaks: add an activation function of your own, and show that a dead neuron learns with it.
# 2. Count before you build: find formulas for the number of parameters and of nodes.
# 3. Save a model to a file, load it, and show that a model that does not fit the file refuses it.
# 4. The same weights in two places: build a symmetric model, and explain its gradients.
#
# ## Check yourself
#
# :::{dropdown} A neuron has weights (3, −1) and bias 2. All three are doubled. What happens to its line?
# Nothing. $6x_1 - 2x_2 + 4 = 0$ holds where $3x_1 - x_2 + 2 = 0$ does. The sheet becomes twice as steep.
# :::
#
# :::{dropdown} Ten linear layers in a row, no activation function. How many layers do you need to do the same?
# One, with the product of the matrices as its weights, and one bias for each neuron.
# :::
#
# :::{dropdown} Why may all biases start at zero, but not all weights?
# If all weights of a layer are equal (zero, for example), its neurons are equal. If the weights behind them are equal
# too, they get equal gradients and stay equal. Random weights make different neurons, so in general the gradients of
# their biases differ, too.
# :::
#
# :::{dropdown} How many parameters does `MLP(3, [5, 2])` have?
# $(3 + 1) \cdot 5 + (5 + 1) \cdot 2 = 32$.
# :::
#
# ## Sources
#
# Neurons as thresholds: {cite:t}`mcculloch1943`. Neurons that learn: {cite:t}`rosenblatt1958`. Relu was made popular by
# {cite:t}`nair2010`. The initial weights follow {cite:t}`glorot2010`, of whose two conditions we use the forward one,
# and {cite:t}`he2015`. The three classes have the shape they have in micrograd {cite:p}`karpathy2020micrograd`.
