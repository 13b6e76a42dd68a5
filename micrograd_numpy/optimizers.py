# %% [markdown]
# # Optimizers: from gradients to steps
#
# A gradient says which way is down. It does not say how far to go, and most of training is that second question. In
# this chapter you watch plain descent diverge, zigzag and starve. You mend each failure with a line or two, and end
# with the optimizers of PyTorch, number for number.
#
# - **You will build** `SGD` with momentum, `Adam` and `AdamW`, `clip_grad_norm`, and a way to draw paths.
# - **You need** [Value](value.ipynb) and [Backpropagation](backprop.ipynb).
# - **Time** about 35 minutes.

# %%
"""Optimizers: from gradients to steps, by the update rules of torch.optim."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import hypot, isfinite, isnan, nan, sqrt
from typing import TYPE_CHECKING, Any

from micrograd_numpy.guards.numbers import what_is
from micrograd_numpy.guards.parameters import (
    Groups,
    Parameters,
    Setting,
    as_distinct_parameters,
    at_least_zero,
    call_closure,
    expect_all_floats,
    true_or_false,
)
from micrograd_numpy.ops import divide
from micrograd_numpy.value import Value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SGD", "Adam", "AdamW", "clip_grad_norm"]


# %% [markdown]
# ## Downhill
#
# A network's loss is a function of thousands of weights, and nobody can draw it. So take a function of two numbers that
# has the same troubles: a long, narrow bowl, 25 times more curved in $y$ than in $x$.

# %% tags=["active-ipynb"]
# def bowl(x, y):
#     return (x**2 + 25 * y**2) / 2

# %% [markdown]
# `backward()` gives the gradient at any point. Here it is at many, each arrow drawn with the same length, because only
# its direction matters now. The blue lines join points of equal height.
#
# Before you look: the lowest point is the center. Turn an arrow around, and it points downhill. Does it point at the
# center?

# %% mystnb={"image": {"alt": "Contour lines of a long bowl with gradient arrows. The arrows stand at right angles to the lines and point out of the bowl, almost straight up or down, so their reverse seldom points at the center."}} tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# import numpy as np
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, book_style
#
# book_style()
# xs, ys = np.linspace(-5, 5, 101), np.linspace(-2, 2, 81)
# plt.figure(figsize=(6.4, 3.0))
# plt.contour(
#     xs,
#     ys,
#     bowl(xs, ys[:, None]),
#     levels=[1, 4, 10, 20, 35, 55],
#     colors=FORWARD,
#     linewidths=1,
# )
# points = [(Value(a), Value(b)) for a in np.linspace(-4, 4, 9) for b in (-1.5, -0.75, 0.0, 0.75, 1.5)]
# for x, y in points:
#     bowl(x, y).backward()
# arrows = [(x.data, y.data, x.grad, y.grad) for x, y in points if x.grad or y.grad]
# lengths = [np.hypot(dx, dy) for _, _, dx, dy in arrows]
# a, b, dx, dy = np.transpose(arrows)
# plt.quiver(a, b, dx / lengths, dy / lengths, color=BACKWARD, angles="xy", scale=22, width=0.005)
# plt.plot(0, 0, "o", color=BACKWARD)
# plt.gca().set_aspect("equal")
# plt.xlabel("x")
# plt.ylabel("y")
# plt.show()

# %% [markdown]
# Hardly anywhere. The gradient is the direction of *steepest* ascent, here and now, and in a narrow bowl the steepest
# way down is the way to the floor of the valley, across it rather than along it. Keep this picture in mind; most of the
# chapter follows from it.
#
# ## Two lines
#
# Still, any small step against the gradient goes down. So make many. The **learning rate** `lr` is the length of a step
# per unit of gradient. Gradient descent is two lines, one for each parameter:

# %% tags=["active-ipynb"]
# x, y = Value(-4.0), Value(1.0)
# lr = 0.05
# for step in range(6):
#     height = bowl(x, y)
#     print(f"step {step}: x = {x.data:7.4f}, y = {y.data:7.4f}, height = {height.data:8.4f}")
#     x.grad = y.grad = 0.0
#     height.backward()
#     x.data -= lr * x.grad
#     y.data -= lr * y.grad

# %% [markdown]
# It works: the height falls from 20.5 to below 5. Look at the columns, though. `y` jumps from side to side and shrinks
# quickly; `x` creeps.
#
# ## The line that everybody forgets
#
# Leaves *add up* gradients: [Backpropagation](backprop.ipynb) relies on it. So what if you do not set them to zero
# before each `backward()`? Nothing fails, and nothing warns you.
#
# Before you run the next cell: does it go down faster, more slowly, or not at all?

# %% tags=["active-ipynb"]
# def heights(zero_grad, steps=100, lr=0.02):
#     x, y = Value(-4.0), Value(1.0)
#     result = []
#     for _ in range(steps):
#         if zero_grad:
#             x.grad = y.grad = 0.0
#         height = bowl(x, y)
#         height.backward()
#         x.data -= lr * x.grad
#         y.data -= lr * y.grad
#         result.append(height.data)
#     return result
#
#
# with_it, without_it = heights(zero_grad=True), heights(zero_grad=False)
# for step in range(0, 100, 11):
#     print(f"step {step:2d}: height {with_it[step]:7.4f}   forgotten: {without_it[step]:7.4f}")

# %% [markdown]
# Without the line each step uses the sum of *all* gradients so far. The point rushes to the bottom, but by then the sum
# is large, so it shoots through and climbs the other side. It swings forever, like a marble in a bowl without friction.
# Remember the marble: you will want it back.
#
# ## A place for the bookkeeping
#
# A network has more than two parameters, so keep them in a list, and write the zeroing once. The class below takes any
# iterable of Values, which is what `model.parameters()` gives. Only leaves may be optimized: to change the number of an
# inner node would break its tie to its inputs.
#
# What changes from one optimizer to the next is one method, `update`. It gets a **group**: a dict with some parameters
# and the hyperparameters that they share. Mostly there is one group with everything in it. The lists and the checks are
# in a plain module, `micrograd_numpy/guards/parameters.py`.


# %%
class Optimizer(Groups):
    """What all optimizers share: the parameters they may change, and a learning rate.

    A subclass defines `update(group)`, which changes the `data` of each Value in `group["params"]`,
    guided by its `grad`. `gradients(group)` goes through those that have a gradient, and adds the weight
    decay. What it has to remember of a parameter p from step to step it names in
    `keeps`, and finds in `self.state[p]`, where it starts from 0. (A subclass may define `step()` instead,
    over `self.parameters`; its state cannot be saved.)

    Parameters
    ----------
    parameters : iterable of Value, or of dict
        The leaves to optimize, each once; for a model, `model.parameters()`. Or groups of them, as in
        `[{"params": [w, b], "lr": 0.1}, {"params": [c]}]`: what a group does not set is as below.
    lr : float
        The learning rate, at least 0. Assign to `optimizer.lr` to change it between steps, in all groups;
        reading it is an error if they differ. `optimizer.param_groups` has each group's own.
    **settings
        The hyperparameters of a subclass, which are in every group by their names.

    Attributes
    ----------
    parameters : list of Value
    param_groups : list of dict
    state : dict

    Raises
    ------
    TypeError
        If `parameters` is not an iterable of Values or groups, or a hyperparameter is not a number.
    ValueError
        If there are no parameters, if one is there twice or was made by an operation,
        or if a hyperparameter is out of range or unknown.
    """

    def __init__(self, parameters: Parameters, lr: float, **settings: Any) -> None:
        super().__init__(parameters, lr=lr, **settings)

    def zero_grad(self, set_to_none: bool = False) -> None:
        """Set every parameter's gradient to zero, because `backward()` adds to what is there.

        With `set_to_none`, to None: `step()` skips a parameter that `backward()` then does not reach.
        """
        zero: Any = None if set_to_none else 0.0
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = zero

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter's number once, guided by its gradient, and return what `closure` returned.

        Parameters
        ----------
        closure : callable, optional
            Called first: sets gradients to zero, computes a loss, calls its `backward()`, and returns it.

        Raises
        ------
        TypeError
            If a parameter holds something else than a number, such as a Value in `.data`.
        ValueError
            If a hyperparameter was changed to one that is out of range.
        """
        loss = None if closure is None else call_closure(closure)
        self._check()
        for group in self.param_groups:
            try:
                self.update(group)
            except TypeError:
                expect_all_floats(self.parameters)  # says so, if one of them is to blame
                raise
        return loss

    def gradients(self, group: dict[str, Any]) -> Iterator[tuple[Value, float]]:
        """Each parameter of a group with its gradient, and that of its weight decay, but for those without a gradient.

        The weight decay is the group's hyperparameter of this name, if it has one: the λ of an L2 penalty λ/2·Σp².
        """
        weight_decay = group.get("weight_decay")
        for p in group["params"]:
            g = p.grad
            if g is not None:  # a factor of zero must not meet an infinity: 0·inf is nan
                yield p, g + weight_decay * p.data if weight_decay else g


# %% [markdown]
# With it, plain descent is one line in a class. And a mistake is a sentence:

# %% tags=["active-ipynb"]
# class Descent(Optimizer):
#     def update(self, group):
#         for p in group["params"]:
#             p.data -= group["lr"] * p.grad
#
#
# w = Value(1.0, label="w")
# for parameters, lr in [([], 0.1), ([w, w], 0.1), ([w * 2], 0.1), ([1.0], 0.1), ([w], -0.1)]:
#     try:
#         Descent(parameters, lr)
#     except (TypeError, ValueError) as error:
#         print(error)

# %% [markdown]
# The loop, too, is always the same three calls: `zero_grad`, `backward`, `step`. Put it into a function that returns
# the points it visited. The optimizer needs the parameters, and the parameters are made inside; so what you pass is a
# *maker* of optimizers. `partial(Descent, lr=0.05)` is one: `Descent` with its learning rate filled in.


# %%
def path(
    f: Callable[..., Value],
    optimizer: Callable[[list[Value]], Optimizer],
    start: Sequence[float],
    steps: int,
) -> list[tuple[float, ...]]:
    """The points that an optimizer visits on its way down `f`.

    Parameters
    ----------
    f : callable
        Takes as many Values as `start` has numbers; returns the Value to make small.
    optimizer : callable
        Makes an optimizer of a list of parameters, as `partial(SGD, lr=0.1)` does.
    start : sequence of float
        Where to start.
    steps : int
        How many steps to take.

    Returns
    -------
    list of tuple of float
        `steps + 1` points, the first of them `start`.
    """
    parameters = [Value(x) for x in start]
    optimize = optimizer(parameters)
    points = [tuple(p.data for p in parameters)]
    for _ in range(steps):
        optimize.zero_grad()
        f(*parameters).backward()
        optimize.step()
        points.append(tuple(p.data for p in parameters))
    return points


# %% tags=["active-ipynb"]
# from functools import partial
#
# start = (-4.0, 1.0)
# for x, y in path(bowl, partial(Descent, lr=0.05), start, steps=5):
#     print(f"x = {x:7.4f}, y = {y:7.4f}")

# %% [markdown]
# The same six points as by hand, and the loop is written for good.
#
# ## How long is a step?
#
# Take one coordinate with curvature $c$: $f(p) = \frac{1}{2} c p^2$, whose gradient is $cp$. A step makes
#
# $$p \leftarrow p - \text{lr} \cdot c p = (1 - \text{lr} \cdot c)\, p.$$
#
# Each step multiplies $p$ by the same factor. It shrinks if the factor lies between $-1$ and $1$, so descent converges
# exactly when $0 < \text{lr} < 2/c$. The steepest direction decides: in our bowl $c = 25$, and the limit is
# $2/25 = 0.08$.
#
# Before you run the next cell: where is `y`, which starts at 1, after 100 steps with 0.079, 0.080, 0.081?

# %% tags=["active-ipynb"]
# for lr in [0.079, 0.080, 0.081]:
#     x, y = path(bowl, partial(Descent, lr=lr), start, steps=100)[-1]
#     print(f"lr = {lr:.3f}: |y| = {abs(y):7.4f}, and the formula says {abs(1 - lr * 25) ** 100:7.4f}")

# %% [markdown]
# A limit as sharp as that deserves a picture. This function draws paths on a function's contour lines:


# %%
def plot_paths(
    f: Callable[[Value, Value], Value],
    paths: Mapping[str, Sequence[tuple[float, ...]]],
    x: tuple[float, float],
    y: tuple[float, float],
) -> Figure:
    """Draw paths on the contour lines of `f`, one panel for each.

    Parameters
    ----------
    f : callable
        A function of two Values.
    paths : mapping of str to sequence of points
        The title of each panel, and what `path` returned.
    x, y : tuple of float
        The window: its left and right, its bottom and top.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are no paths.
    """
    import matplotlib.pyplot as plt
    import numpy as np

    from micrograd_numpy.drawing.style import BACKWARD, FORWARD, INK

    if not paths:
        raise ValueError('plot_paths needs at least one path: {"SGD": path(f, ...)}')
    xs, ys = np.linspace(*x, 121), np.linspace(*y, 121)
    height = np.array([[f(Value(a), Value(b)).data for a in xs] for b in ys])
    height -= height.min()
    # closer together near the bottom, where paths end
    levels = height.max() * np.geomspace(1e-3, 1.0, 11)
    columns = 1 if len(paths) == 1 else 2
    rows = -(-len(paths) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(6.4, 2.5 * rows if columns == 2 else 3.6),
        squeeze=False,
        sharex=True,
        sharey=True,
    )
    for ax in axes.flat[len(paths) :]:
        ax.set_visible(False)
    for ax, (title, points) in zip(axes.flat, paths.items()):
        ax.contour(xs, ys, height, levels=levels, colors=FORWARD, linewidths=0.8, alpha=0.5)
        ax.plot(*zip(*points), color=BACKWARD, linewidth=1.2, marker="o", markersize=3)
        ax.plot(*points[0], marker="s", markersize=6, color=INK)
        ax.set(title=title, xlim=x, ylim=y)
        ax.grid(visible=False)
    return figure


# %% [markdown]
# Four learning rates, thirty steps each, all from the black square:

# %% mystnb={"image": {"alt": "Four paths of gradient descent in the bowl. At 0.005 it stops far from the center. At 0.04 it drops to the floor at once, then creeps along it. At 0.075 it zigzags across the floor but gets nearest. At 0.081 it swings wider with each step."}} tags=["active-ipynb"]
# verdicts = {0.005: "too small", 0.04: "better", 0.075: "best of these", 0.081: "too large"}
# paths = {
#     f"lr = {lr}: {verdict}": path(bowl, partial(Descent, lr=lr), start, steps=30) for lr, verdict in verdicts.items()
# }
# plot_paths(bowl, paths, x=(-5, 5), y=(-2.2, 2.2))
# plt.show()

# %% [markdown]
# This is the dilemma of plain descent. The steep direction forbids a larger rate; the flat direction needs one. At the
# best rate it bounces off the walls of the valley, and still inches along its floor.
#
# ## A ball with mass
#
# Look at the gradients along the third path. Which of the two columns would survive if you averaged them?

# %% tags=["active-ipynb"]
# for x, y in path(bowl, partial(Descent, lr=0.075), start, steps=5):
#     print(f"gradient: {x:6.2f} in x, {25 * y:6.2f} in y")

# %% [markdown]
# In $x$ they agree, step after step; in $y$ they quarrel. So let gradients push a **velocity** $v$, and let the
# velocity move the point. A factor $\mu$ below 1, the **momentum**, makes old pushes fade, as friction would
# {cite:p}`polyak1964`. The velocity outlives the step, one number for each parameter. An optimizer names what it
# `keeps`, and finds it in its `state`, where it starts from 0:

# %% tags=["active-ipynb"]
# class HeavyBall(Optimizer):
#     keeps = ("v",)
#
#     def __init__(self, parameters, lr, momentum):
#         super().__init__(parameters, lr, momentum=momentum)
#
#     def update(self, group):
#         for p in group["params"]:
#             kept = self.state[p]
#             kept["v"] = group["momentum"] * kept["v"] + p.grad
#             p.data -= group["lr"] * kept["v"]

# %% [markdown]
# How much does it favor pushes that agree? A constant push $g$ builds up $g + \mu g + \mu^2 g + \dots = g/(1 - \mu)$. A
# push that changes sign every time leaves only $g - \mu g + \mu^2 g - \dots = g/(1 + \mu)$. With $\mu = 0.9$ that is
# ten times against about half:

# %% tags=["active-ipynb"]
# for name, sign in [("agreeing", 1.0), ("quarreling", -1.0)]:
#     ball = HeavyBall([Value(0.0)], lr=0.1, momentum=0.9)
#     p = ball.parameters[0]
#     for t in range(200):
#         p.grad = sign**t
#         ball.step()
#     print(f"pushes of size 1, {name}: velocity of size {abs(ball.state[p]['v']):.4f}")
# print(f"1/(1 - 0.9) = {1 / (1 - 0.9):.4f}, 1/(1 + 0.9) = {1 / (1 + 0.9):.4f}")

# %% [markdown]
# And the marble? With $\mu = 1$ nothing fades, and $v$ is the sum of all gradients. That is the forgotten `zero_grad`,
# to the last bit:

# %% tags=["active-ipynb"]
# frictionless = path(bowl, partial(HeavyBall, lr=0.02, momentum=1.0), start, steps=99)
# print("same heights:", [bowl(x, y) for x, y in frictionless] == without_it)

# %% [markdown]
# The mistake was a useful idea without friction. How much friction is right?

# %% mystnb={"image": {"alt": "Four paths with the same learning rate. Without momentum the path stops short. With 0.5 it gets further, with 0.8 it reaches the center after a short overshoot, with 0.95 it circles the center in wide loops."}} tags=["active-ipynb"]
# paths = {
#     f"momentum {momentum}": path(bowl, partial(HeavyBall, lr=0.02, momentum=momentum), start, steps=40)
#     for momentum in (0.0, 0.5, 0.8, 0.95)
# }
# plot_paths(bowl, paths, x=(-5, 5), y=(-2.2, 2.2))
# plt.show()

# %% [markdown]
# Too little and it is plain descent again. Too much and it orbits. (Why momentum helps as much as it does is a story of
# its own {cite:p}`goh2017`.)
#
# Nesterov's variant brakes earlier {cite:p}`nesterov1983,sutskever2013`. Whatever the next gradient is, the ball will
# roll on by $\text{lr} \cdot \mu v$; so make that part of the step at once, and the next gradient is measured where the
# ball is going, not where it was. One more line, and `SGD` is whole. (Its `weight_decay` has a section of its own
# below. The S is for *stochastic*: in training, the gradient comes from a random handful of examples
# {cite:p}`robbins1951`.)


# %%
class SGD(Optimizer):
    """Gradient descent, with momentum and weight decay if you ask for them.

    With g = ∂f/∂p + weight_decay·p, each step makes

        v ← momentum·v + g
        p ← p − lr·v                      or, with nesterov,
        p ← p − lr·(g + momentum·v)

    Parameters
    ----------
    parameters : iterable of Value
        The leaves to optimize.
    lr : float
        The learning rate, at least 0.
    momentum : float
        How much of the velocity v survives a step: 0 is plain descent; at least 0, as a rule below 1.
    weight_decay : float
        λ of an L2 penalty λ/2·Σp² on the parameters, at least 0.
    nesterov : bool
        Step as if one step of momentum had been made already; needs momentum.

    Raises
    ------
    TypeError, ValueError
        As for `Optimizer`; and a ValueError for nesterov without momentum.

    Notes
    -----
    Robbins and Monro (1951); momentum by Polyak (1964); Nesterov's form as Sutskever et al.
    (2013) write it. As in `torch.optim.SGD`, the learning rate multiplies v where it is used;
    in the papers it multiplies g on its way into v. For a constant lr the paths are the same;
    after a change of lr, here the old velocity is scaled too. v starts at zero.

    Examples
    --------
    >>> x = Value(3.0)
    >>> sgd = SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> sgd.step()
    >>> round(x.data, 4)
    2.4
    """

    keeps = ("momentum_buffer",)  # v
    momentum, weight_decay, nesterov = Setting(), Setting(), Setting()

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)

    def checked(self, nesterov: object = False, **numbers: Any) -> dict[str, Any]:
        """The hyperparameters of a group, or an error."""
        settings = super().checked(**numbers)
        settings["nesterov"] = true_or_false("nesterov", nesterov)
        if settings["nesterov"] and not settings["momentum"]:
            raise ValueError(f"nesterov needs a momentum greater than 0, but got momentum={settings['momentum']!r}")
        return settings

    def update(self, group: dict[str, Any]) -> None:
        """Change the number of each parameter of a group once, but for those whose gradient is None."""
        lr, momentum, nesterov = group["lr"], group["momentum"], group["nesterov"]
        if not momentum and not group["weight_decay"]:  # the plain rule, several times as fast
            for p in group["params"]:
                try:
                    p.data -= lr * p.grad
                except TypeError:
                    if p.grad is not None:
                        raise
            return
        for p, g in self.gradients(group):
            v = g
            if momentum:
                state = self.state[p]
                state["momentum_buffer"] = v = momentum * state["momentum_buffer"] + g
            p.data -= lr * (g + momentum * v if nesterov else v)


# %% tags=["active-ipynb"]
# KINDS = {
#     "SGD": SGD,
#     "momentum": partial(SGD, momentum=0.9),
#     "nesterov": partial(SGD, momentum=0.9, nesterov=True),
# }
# for name, kind in KINDS.items():
#     x, y = path(bowl, partial(kind, lr=0.02), start, steps=100)[-1]
#     print(f"{name:8} height after 100 steps: {bowl(x, y):.1e}")

# %% [markdown]
# Learning rate and momentum belong together, and two sliders say it better than words. Every path in this figure was
# walked by the code above. Find the pair that ends lowest. Then the harder question: plain descent diverges above 0.08;
# what is the largest learning rate that a momentum of 0.9 can bear, more or less than that?

# %% mystnb={"image": {"alt": "One path of SGD in the bowl with learning rate 0.1 and momentum 0.45: it zigzags steeply at first and is at the center after about twenty steps. In the page, sliders choose other rates and momenta.", "classes": "touch touch-paths"}} tags=["active-ipynb"]
# from micrograd_numpy.figures import paths_figure
#
#
# def heavy(lr, momentum):
#     return partial(SGD, lr=lr, momentum=momentum)
#
#
# def nesterov(lr, momentum):
#     return partial(SGD, lr=lr, momentum=momentum, nesterov=momentum > 0)
#
#
# paths_figure(bowl, {"SGD": heavy, "Nesterov": nesterov}, start, x=(-5, 5), y=(-2.2, 2.2))

# %% [markdown]
# More, nearly twice as much: between 0.15 and 0.155 the path stops coming down. A ball with mass averages over the
# walls that it hits. The limit is $2(1 + \mu)/c$ {cite:p}`goh2017`, which is 0.152 here:

# %% tags=["active-ipynb"]
# for lr in [0.151, 0.152, 0.153]:
#     x, y = path(bowl, partial(SGD, lr=lr, momentum=0.9), start, steps=2000)[-1]
#     print(f"lr = {lr:.3f}: |y| = {abs(y):.1e} after 2000 steps")

# %% [markdown]
# ## A step of its own for each parameter
#
# Make the bowl a canyon: 1000 times more curved in $y$. The limit is now $2/1000$, and `x` starves.

# %% tags=["active-ipynb"]
# def canyon(x, y):
#     return (x**2 + 1000 * y**2) / 2
#
#
# x, y = path(canyon, partial(SGD, lr=0.0019), start, steps=100)[-1]
# print(f"after 100 steps: x = {x:.4f}, y = {y:.4f}")

# %% [markdown]
# One rate cannot serve both. So measure each parameter's gradient with a ruler of its own: divide it by its usual size.
# For the size, keep a fading average $v$ of its squares (no velocity; the letter is the paper's). For the direction,
# keep a fading average $m$ of the gradient itself. With $\beta_1 = 0.9$ and $\beta_2 = 0.999$:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad
# v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2 \qquad
# p \leftarrow p - \text{lr} \cdot m / \sqrt{v}$$
#
# If the gradients agree, $m/\sqrt{v}$ is near 1 in size, whatever their scale; if they quarrel, it is near 0. So every
# step should be about `lr` long, at most. Is it? Feed a first try the constant gradient 5, and predict its steps.

# %% tags=["active-ipynb"]
# def step_lengths(correct, steps, g=5.0, beta1=0.9, beta2=0.999):
#     m = v = 0.0
#     lengths = []
#     for t in range(1, steps + 1):
#         m = beta1 * m + (1 - beta1) * g
#         v = beta2 * v + (1 - beta2) * g**2
#         if correct:
#             lengths.append(m / (1 - beta1**t) / (v / (1 - beta2**t)) ** 0.5)
#         else:
#             lengths.append(m / v**0.5)
#     return lengths
#
#
# first_try = step_lengths(correct=False, steps=1000)
# for t in [1, 2, 3, 10, 100, 1000]:
#     print(f"step {t:4d} is {first_try[t - 1]:.3f} lr long")

# %% [markdown]
# Three times too long at once, six times soon after, and still too long at step 1000. Both averages start at 0, so at
# first both are too small, and $v$, the slower one, is worse. But we know by how much: after $t$ steps the weights of
# all gradients seen add up to
#
# $$(1 - \beta)(1 + \beta + \dots + \beta^{t-1}) = 1 - \beta^t$$
#
# where an average needs 1. So divide by $1 - \beta^t$. This is **bias correction**, and it is exact here:

# %% mystnb={"image": {"alt": "Step length in units of the learning rate over 1000 steps of constant gradient. Without correction it starts at 3, rises above 6 and falls slowly toward 1; with correction it is 1 throughout."}} tags=["active-ipynb"]
# corrected = step_lengths(correct=True, steps=1000)
# print("corrected:", [f"{corrected[t - 1]:.3f}" for t in (1, 2, 3, 10, 100, 1000)])
# plt.plot(range(1, 1001), first_try, color=BACKWARD, label="first try")
# plt.plot(range(1, 1001), corrected, color=FORWARD, label="with bias correction")
# plt.xlabel("step")
# plt.ylabel("length of the step, in lr")
# plt.ylim(0, 8)
# plt.legend()
# plt.show()

# %% [markdown]
# This is Adam {cite:p}`kingma2015`. The `eps` in its denominator is there for parameters whose gradient stays zero: 0/0
# is no step length.


# %%
class Adam(Optimizer):
    """Steps of a size of their own for every parameter, whatever the scale of its gradients.

    With g = ∂f/∂p + weight_decay·p, step number t = 1, 2, … makes

        m ← β₁·m + (1 − β₁)·g             an average of the gradients
        v ← β₂·v + (1 − β₂)·g²            an average of their squares
        p ← p − lr·m̂ / (√v̂ + eps)         m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)

    Parameters
    ----------
    parameters : iterable of Value
        The leaves to optimize.
    lr : float
        The learning rate, at least 0: about the length of a step in each coordinate.
    betas : tuple of float
        β₁ and β₂, each at least 0 and less than 1.
    eps : float
        Keeps the quotient finite where the gradients are zero; at least 0.
    weight_decay : float
        λ of an L2 penalty λ/2·Σp² on the parameters, at least 0. Its gradient is normalized
        with the rest; `AdamW` keeps it apart.

    Raises
    ------
    TypeError, ValueError
        As for `Optimizer`.

    Notes
    -----
    Kingma and Ba (2015), Algorithm 1, as in `torch.optim.Adam`: eps is added after v has been
    corrected. The paper's shorter form adds it before, which makes eps count for more in the
    first steps. m and v start at zero.
    """

    keeps = ("step", "exp_avg", "exp_avg_sq")  # t, m and v
    betas, eps, weight_decay = Setting(), Setting(), Setting()

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def checked(self, betas: Any = (), **numbers: Any) -> dict[str, Any]:
        """The hyperparameters of a group, or an error."""
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ValueError(f"betas must be two numbers, as (0.9, 0.999), but got {what_is(betas)}")
        both = tuple(at_least_zero(f"betas[{i}]", beta, below=1.0) for i, beta in enumerate(betas))
        return {**super().checked(**numbers), "betas": both}

    def update(self, group: dict[str, Any]) -> None:
        """Change the number of each parameter of a group once, but for those whose gradient is None."""
        lr, eps, (beta1, beta2) = group["lr"], group["eps"], group["betas"]
        states, last = self.state, 0.0
        for p, g in self.gradients(group):
            state = states[p]
            state["step"] = t = state["step"] + 1
            if t != last:  # powers take time, and mostly all parameters have made as many steps
                last, correct_m, correct_v = t, 1.0 - beta1**t, 1.0 - beta2**t
            state["exp_avg"] = m = beta1 * state["exp_avg"] + (1.0 - beta1) * g
            state["exp_avg_sq"] = v = beta2 * state["exp_avg_sq"] + (1.0 - beta2) * g * g
            p.data -= lr * divide(m / correct_m, sqrt(v / correct_v) + eps)


# %% [markdown]
# Now the canyon. Before you run the next cell: how much do Adam's paths differ on a round bowl, on our long one, and in
# the canyon?

# %% tags=["active-ipynb"]
# def round_bowl(x, y):
#     return (x**2 + y**2) / 2
#
#
# adam = partial(Adam, lr=0.2)
# reference = path(round_bowl, adam, start, steps=100)
# for f in (bowl, canyon):
#     points = path(f, adam, start, steps=100)
#     far = max(abs(a - b) for p, q in zip(points, reference) for a, b in zip(p, q))
#     print(f"{f.__name__:6} largest distance from the round bowl's path: {far:.0e}")

# %% [markdown]
# They do not: a factor on one parameter's gradient cancels in $m/\sqrt{v}$, up to `eps`. Adam sees every such bowl as
# round. But the gift has a condition: the steep direction must be a *coordinate*. Turn the canyon and the start by 45
# degrees, so that each parameter feels both curvatures.

# %% mystnb={"image": {"alt": "A canyon that runs diagonally. Adam's path drops to the canyon's floor near the start, then barely moves along it: after 60 steps it is still far from the center."}} tags=["active-ipynb"]
# def turned(x, y):
#     return canyon((x + y) / 2**0.5, (y - x) / 2**0.5)
#
#
# turned_start = (-5 / 2**0.5, -3 / 2**0.5)  # the point (-4, 1), turned too
# for f, begin in [(canyon, start), (turned, turned_start)]:
#     points = path(f, adam, begin, steps=60)
#     print(f"{f.__name__}: height after 60 steps {f(*points[-1]):.4f}")
# plot_paths(turned, {"turned: Adam, lr = 0.2, 60 steps": points}, x=(-5, 5), y=(-4, 4))
# plt.show()

# %% [markdown]
# ## Weights that fade
#
# A model with large weights can bend itself around every example. **Weight decay** pulls each weight toward zero. One
# way is a penalty $\frac{\lambda}{2} p^2$ in the loss, whose gradient is $\lambda p$: that is `weight_decay` in `SGD`
# and `Adam`. Another way is to shrink the weight itself, by the share $\text{lr} \cdot \lambda$ in each step:


# %%
class AdamW(Adam):
    """Adam with weight decay that is kept out of the averages.

    Each step first shrinks the parameter, then makes Adam's step on the gradient alone:

        p ← p·(1 − lr·weight_decay)
        p ← p − lr·m̂ / (√v̂ + eps)

    Parameters
    ----------
    parameters, lr, betas, eps
        As for `Adam`.
    weight_decay : float
        The share lr·weight_decay of every parameter is lost in a step; at least 0.

    Raises
    ------
    TypeError, ValueError
        As for `Optimizer`.

    Notes
    -----
    Loshchilov and Hutter (2019), as in `torch.optim.AdamW`: the decay is multiplied by lr,
    where the paper has a schedule of its own that multiplies both.
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def update(self, group: dict[str, Any]) -> None:
        """Change the number of each parameter of a group once, but for those whose gradient is None."""
        kept = 1.0 - group["lr"] * group["weight_decay"]
        group = {**group, "weight_decay": 0.0}
        for p, _ in self.gradients(group):
            p.data *= kept
        super().update(group)


# %% [markdown]
# For plain descent the two ways are the same:
# $p - \text{lr} \cdot (g + \lambda p) = (1 - \text{lr} \cdot \lambda)\, p - \text{lr} \cdot g$. For Adam they are not.
# Take a weight of 1 that the loss does not depend on, so that only decay moves it.
#
# Before you run the next cell: ten steps with lr 0.01, and $\lambda$ of 0.01 or 0.0001. What is left of the 1?

# %% tags=["active-ipynb"]
# def after_ten_steps(kind, weight_decay):
#     w = Value(1.0)
#     optimizer = kind([w], lr=0.01, weight_decay=weight_decay)
#     for _ in range(10):
#         optimizer.zero_grad()  # the loss does not depend on w: its gradient is zero
#         optimizer.step()
#     return w.data
#
#
# for kind in (SGD, Adam, AdamW):
#     print(
#         f"{kind.__name__:6}",
#         *(f"λ = {wd}: {after_ten_steps(kind, wd):.6f}" for wd in (0.01, 0.0001)),
#         sep="   ",
#     )

# %% [markdown]
# Adam made ten full steps, and a hundred times less decay changed nothing: it divides the penalty's gradient by its own
# size, as it does with every gradient. `AdamW` keeps the decay out of the averages {cite:p}`loshchilov2019`, and does
# what SGD does and what you asked for.

# %% [markdown]
# ## Off a cliff
#
# Some losses have cliffs: gentle where you want to be, and steep where you start. The gradient says the truth, here and
# now, and a step believes it for much too far.
#
# Before you run the next cell: the lowest point is at 1, the start at 6, the rate is 0.02. How far from 1 is the third
# step?

# %% tags=["active-ipynb"]
# def cliff(x):
#     return (x - 1) ** 4 + (x - 1) ** 2
#
#
# for step, (x,) in enumerate(path(cliff, partial(SGD, lr=0.02), (6.0,), steps=3)):
#     print(f"step {step}: x = {x:.3g}")

# %% [markdown]
# The first gradient is 510. One step along it lands where the gradient is larger still. A smaller rate would help here,
# and crawl everywhere else. So keep the rate, and shorten the gradient where it is too long: take all gradients as one
# vector, and if its length is above `max_norm`, scale it down to that {cite:p}`pascanu2013`. The direction stays.


# %%
def clip_grad_norm(parameters: Iterable[Value], max_norm: float, error_if_nonfinite: bool = True) -> float:
    """Scale gradients down so that, as one vector, they are at most `max_norm` long.

    Call it between `backward()` and `step()`.

    Parameters
    ----------
    parameters : iterable of Value
        Whose gradients count. Those with a gradient of None are left out.
    max_norm : float
        The largest length, at least 0.
    error_if_nonfinite : bool
        What to do if the length is infinite or nan: raise an error, or scale by it all the same, which
        makes every gradient 0 or nan.

    Returns
    -------
    float
        The length before.

    Raises
    ------
    FloatingPointError
        If the length is infinite or nan, unless `error_if_nonfinite` is False. Nothing is changed.
    TypeError, ValueError
        If `parameters` are not different Values that hold numbers, if there are none, or if `max_norm` is
        negative, nan or no number.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), as in `torch.nn.utils.clip_grad_norm_`: the factor is
    max_norm/(length + 1e-6), or 1 if that is more. There, `error_if_nonfinite` is False by default, and a
    single nan becomes a nan in every parameter without a word; here you learn which gradient it was.
    """
    values = as_distinct_parameters(parameters, "clip_grad_norm")
    max_norm = at_least_zero("max_norm", max_norm)
    gradients = {i: p.grad for i, p in enumerate(values) if p.grad is not None}
    norm = nan if any(map(isnan, gradients.values())) else hypot(*gradients.values())
    if error_if_nonfinite and not isfinite(norm):
        i = next(
            (i for i, g in gradients.items() if not isfinite(g)),
            max(gradients, key=lambda i: abs(gradients[i])),
        )
        raise FloatingPointError(
            f"the norm of the gradients is {norm!r}, so it cannot be clipped: that of parameter {i} is "
            f"{gradients[i]!r}; detect_anomaly() tells where it comes from"
        )
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1.0:
        for i, g in gradients.items():
            values[i].grad = g * factor
    return norm


# %% tags=["active-ipynb"]
# x = Value(6.0)
# optimizer = SGD([x], lr=0.02)
# for step in range(301):
#     optimizer.zero_grad()
#     cliff(x).backward()
#     norm = clip_grad_norm([x], max_norm=10.0)
#     if step in (0, 1, 2, 20, 50, 300):
#         print(f"step {step:3d}: x = {x.data:.4f}, gradient {norm:8.4f}, clipped to {abs(x.grad):.4f}")
#     optimizer.step()

# %% [markdown]
# Short steps lead down the cliff. By step 20 the gradient fits, and is left as it is.
#
# ## A rate for each part, and a break
#
# Parameters need not share their hyperparameters. Give the optimizer groups, and what a group does not say is as in the
# other arguments. A usual reason is weight decay, which is meant for weights and not for biases. Between steps,
# `param_groups` may be read and changed:

# %% tags=["active-ipynb"]
# w, b = Value(1.0, label="w"), Value(1.0, label="b")
# optimizer = AdamW([{"params": [w]}, {"params": [b], "weight_decay": 0.0}], lr=0.1)
# print(optimizer)
# for group in optimizer.param_groups:
#     group["lr"] *= 0.5
# optimizer.step()
# print(f"w = {w.data:.4f}, b = {b.data:.4f}")

# %% [markdown]
# A long training gets interrupted. To go on as if nothing had happened it takes more than the weights: Adam's averages,
# and how many steps they have seen. `state_dict()` has all of it, ready for JSON.
#
# Before you run the next cell: three runs of 20 steps in the canyon. One is never stopped; two start anew after 10
# steps, one of them without the saved state. Which end at the same point?

# %% tags=["active-ipynb"]
# import json
#
#
# def canyon_run(points, optimizer, steps):
#     for _ in range(steps):
#         optimizer.zero_grad()
#         canyon(*points).backward()
#         optimizer.step()
#
#
# ends = {}
# for run in ("never stopped", "state loaded", "state lost"):
#     points = [Value(a) for a in start]
#     optimizer = Adam(points, lr=0.2)
#     canyon_run(points, optimizer, 10)
#     if run != "never stopped":
#         text = json.dumps(optimizer.state_dict())
#         optimizer = Adam(points, lr=0.2)
#         if run == "state loaded":
#             optimizer.load_state_dict(json.loads(text))
#     canyon_run(points, optimizer, 10)
#     ends[run] = [p.data for p in points]
#     same = ends[run] == ends["never stopped"]
#     print(f"{run:13}  x = {points[0].data:.4f}, the same to the last bit: {same}")

# %% [markdown]
# ## A race
#
# Which one is best? Here are four functions: the bowl, the canyon, the canyon turned, and a curved valley after
# Rosenbrock, with its lowest point at (1, 1). For each optimizer, try 24 learning rates from 0.001 to 7, and count the
# steps until the height is below one millionth.

# %% tags=["active-ipynb"]
# def valley(x, y):
#     return (1 - x) ** 2 + 10 * (y - x**2) ** 2
#
#
# def steps_to_bottom(f, optimizer, start, most=6000):
#     parameters = [Value(x) for x in start]
#     optimize = optimizer(parameters)
#     for step in range(most):
#         height = f(*parameters)
#         if height.data < 1e-6:
#             return step
#         if not height.data < 1e9:  # diverged
#             break
#         optimize.zero_grad()
#         height.backward()
#         optimize.step()
#     return None
#
#
# KINDS["Adam"] = Adam
# RATES = [digit * 10.0**e for e in (-3, -2, -1, 0) for digit in (1, 1.5, 2, 3, 5, 7)]
# RACES = {bowl: start, canyon: start, turned: turned_start, valley: (-1.5, 1.5)}
# results = {
#     (f, name): {lr: steps_to_bottom(f, partial(kind, lr=lr), begin) for lr in RATES}
#     for f, begin in RACES.items()
#     for name, kind in KINDS.items()
# }

# %% tags=["active-ipynb"]
# print("fewest steps, and the rate:", *(f"{name:>14}" for name in KINDS), sep="")
# for f in RACES:
#     row = f"{f.__name__:27}"
#     for name in KINDS:
#         steps, lr = min((steps, lr) for lr, steps in results[f, name].items() if steps is not None)
#         row += f"{f'{steps} ({lr:g})':>14}"
#     print(row)

# %% [markdown]
# Plain descent suffers most where curvatures differ most. SGD in all its forms does not care how the canyon lies; Adam
# does. Nobody wins everywhere. A second question may matter more in practice: how many of the 24 rates get there within
# 6000 steps at all?

# %% tags=["active-ipynb"]
# print("rates that arrive, of 24:  ", *(f"{name:>14}" for name in KINDS), sep="")
# for f in RACES:
#     arrived = [sum(steps is not None for steps in results[f, name].values()) for name in KINDS]
#     print(f"{f.__name__:27}", *(f"{count:14}" for count in arrived), sep="")

# %% [markdown]
# Adam forgives: in the canyon 23 of 24 rates arrive, where SGD has one. That, more than speed, is a reason to reach for
# it first.
#
# What the tables do not show: a network has thousands of parameters, not two. Its gradients are noisy, and these are
# exact. There was one start for each function, momentum was held at 0.9, and a finer grid would change every count. So
# do not read a law into 38 against 136. Read that the learning rate is part of every result, and compare optimizers
# only when each has had its best.
#
# The four in the valley, for their first sixty steps:

# %% mystnb={"image": {"alt": "Sixty steps of four optimizers in a curved valley. SGD drops to the floor and creeps along it, half of the way. Momentum overshoots the bend, turns a loop, and follows the floor past the lowest point. Nesterov makes a smaller detour. Adam follows the floor in jerks and ends at the lowest point."}} tags=["active-ipynb"]
# paths = {
#     f"{name}, lr = {lr}": path(valley, partial(KINDS[name], lr=lr), RACES[valley], steps=60)
#     for name, lr in [("SGD", 0.02), ("momentum", 0.01), ("nesterov", 0.01), ("Adam", 0.5)]
# }
# plot_paths(valley, paths, x=(-2.2, 2.2), y=(-1.0, 3.0))
# plt.show()

# %% [markdown]
# Now you race. Sixty steps each, from the same start; for Adam, the slider of the momentum sets $\beta_1$. Whom can you
# bring nearest to (1, 1), and whose sliders forgive a careless hand?

# %% mystnb={"image": {"alt": "Adam's path in the curved valley with learning rate 0.5 and momentum 0.9: it follows the floor in jerks to the lowest point. In the page, sliders choose other rates and momenta, and buttons other optimizers.", "classes": "touch touch-paths"}} tags=["active-ipynb"]
# def adam_beta1(lr, momentum):
#     return partial(Adam, lr=lr, betas=(momentum, 0.999))
#
#
# racers = {"Adam": adam_beta1, "SGD": heavy, "Nesterov": nesterov}
# rates = [0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0]
# paths_figure(
#     valley,
#     racers,
#     RACES[valley],
#     x=(-2.2, 2.2),
#     y=(-1.0, 3.0),
#     rates=rates,
#     first=(0.5, 0.9),
#     steps=60,
# )

# %% [markdown]
# ## What you can now do
#
# - Say why a learning rate diverges, and where the limit is: at $2/c$ for the largest curvature $c$.
# - Tell from a path what is wrong with it, and which knob mends it.
# - Write an optimizer of your own: a subclass with an `update`.
# - Choose between `weight_decay` in `Adam` and in `AdamW`, and know what you chose.
# - Clip gradients, give parts of a model hyperparameters of their own, and stop and resume a training.
#
# ## In PyTorch this is …
#
# … `torch.optim`, with the same names and the same defaults. Ten steps in the valley with each, and the largest
# difference between the two paths:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     for kind, options in [
#         (SGD, {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
#         (Adam, {"lr": 0.1}),
#         (AdamW, {"lr": 0.1, "weight_decay": 0.1}),
#     ]:
#         x, y = (torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in (-1.5, 1.5))
#         optimizer = getattr(torch.optim, kind.__name__)([x, y], **options)
#         ours = path(valley, partial(kind, **options), (-1.5, 1.5), steps=10)
#         largest = 0.0
#         for point in ours[1:]:
#             optimizer.zero_grad()
#             valley(x, y).backward()
#             optimizer.step()
#             largest = max(largest, abs(x.item() - point[0]), abs(y.item() - point[1]))
#         print(f"{kind.__name__:5} at ({x.item():9.6f}, {y.item():9.6f}), difference below 1e-12: {largest < 1e-12}")

# %% [markdown]
# One habit differs. There, `zero_grad()` sets gradients to `None`, and a parameter without a gradient is skipped. Here
# it sets them to 0, and a parameter with gradient 0 still moves by velocity and decay. `zero_grad(set_to_none=True)`
# does as PyTorch does. And `optimizer.lr` is short for the rate in all of `optimizer.param_groups`.
#
# ## Exercises
#
# Worked and folded, in [Exercises: Optimizers](exercises/optimizers.ipynb):
#
# 1. A learning rate that shrinks turns noisy gradients into an exact average.
# 2. RMSProp, in one line of arithmetic.
# 3. Clip each gradient, or all as one vector?
# 4. Predict the largest stable learning rate of a tilted bowl.
#
# ## Check yourself
#
# :::{dropdown} The loss doubles at every step. What do you change first?
# Make the learning rate smaller. It is above 2 divided by the largest curvature.
# :::
#
# :::{dropdown} You forget `zero_grad()` with plain SGD. Which optimizer did you write?
# Momentum with μ = 1: every gradient is remembered in full, and nothing ever settles.
# :::
#
# :::{dropdown} Someone multiplies the loss by 1000. What happens to the path of SGD, and of Adam?
# SGD's steps are 1000 times as long, and it probably diverges. Adam's path stays the same, except for the effect of
# `eps`.
# :::
#
# :::{dropdown} You double `weight_decay` in `Adam`, and a weight that the loss ignores decays no faster. Why?
# Adam divides the penalty's gradient by its own size. Use `AdamW`.
# :::
#
# ## Sources
#
# Stochastic gradient descent {cite:p}`robbins1951`, momentum {cite:p}`polyak1964`, Nesterov's form
# {cite:p}`nesterov1983,sutskever2013`, Adam {cite:p}`kingma2015`, AdamW {cite:p}`loshchilov2019`, clipping
# {cite:p}`pascanu2013`; the rules follow `torch.optim` {cite:p}`paszke2019`.
