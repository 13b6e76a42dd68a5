# %% [markdown]
# # Optimizers: from gradients to steps
#
# A gradient says which way is up, so a step against it goes down. It does not say how far to go. In this chapter you
# watch plain gradient descent diverge, zigzag and slow to a crawl. You fix each failure with one more idea, and end
# with the update rules of PyTorch's `SGD`, `Adam` and `AdamW`.
#
# - **You will build** `SGD` with momentum, `Adam`, `AdamW`, `clip_grad_norm`, and a function that draws the paths they
#   take.
# - **You need** [Value](value.ipynb) and [Backpropagation](backprop.ipynb).
# - **Time** about 35 minutes.

# %% mystnb={"code_prompt_show": "Imports, 21 lines"} tags=["hide-input"]
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
# The loss of a network depends on many weights, so nobody can draw it. Take instead a function of two numbers; it
# causes some of the same trouble. It is a long, narrow bowl, which curves 25 times as much in $y$ as in $x$:

# %% tags=["active-ipynb"]
# def bowl(x, y):
#     return (x**2 + 25 * y**2) / 2

# %% [markdown]
# `backward()` gives the gradient at any point. The picture shows it at 44 points. All arrows have the same length,
# because only their direction matters here, and each blue curve joins points of equal height.
#
# The lowest point is the center. The opposite of an arrow points downhill. Does it also point at the center? Decide
# before you look.

# %% mystnb={"code_prompt_show": "The picture's code, 26 lines", "image": {"alt": "Contour lines of a long bowl with gradient arrows. The arrows stand at right angles to the lines and point out of the bowl. Away from the x axis they point almost straight up or down. Only those on the two axes point straight away from the center."}} tags=["active-ipynb", "hide-input"]
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
# Only on the two axes. Away from the $x$ axis, which is the floor of the bowl, the arrows point almost straight across.
# A short step $d$ changes the height by about $g \cdot d$, and for a given length this falls most if $d$ points against
# the gradient $g$. So that is the *steepest* way down from where you stand. In a narrow bowl, it leads across to the
# floor and not along it. Much of this chapter follows from this picture.
#
# ## Two lines
#
# A step against the gradient goes down, if it is small enough. So make many small steps. The **learning rate** `lr`
# says how far to move for each unit of gradient. Gradient descent needs one line for each parameter, and here these are
# the last two:

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
# It works: the height falls from 20.5 to below 5. But compare the two columns. `y` jumps from side to side and shrinks
# to a quarter with each step, while `x` loses only 5 % a step.
#
# ## The line that is easy to forget
#
# Each call of `backward()` *adds* to the gradients of the leaves; [Backpropagation](backprop.ipynb) explains why. What
# if you do not set them to zero before each call? You get no error and no warning.
#
# What will the height do then, in the first steps and later?

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
# Without that line, each step uses the sum of *all* gradients so far. At first the point is faster: at step 11 it is at
# height 2.8 instead of 5.1. But the sum grows so large that the point shoots past the bottom and climbs the other side.
# It goes on swinging, like a marble in a bowl without friction.
#
# ## A place for the bookkeeping
#
# A network has more than two parameters, so keep them in a list, and write the zeroing once. The class `Optimizer`
# takes any iterable of Values, such as the weights of a network. They must be leaves: an interior node's number is
# computed from its inputs, and changing it would contradict them.
#
# The class has two methods for a training loop: `zero_grad()` sets all gradients to zero, and `step()` changes the
# parameters once. For this, `step()` calls `update(group)`, which each optimizer defines in its own way. A **group** is
# a dict: `group["params"]` is a list of parameters, and beside it stand the **hyperparameters** that they share,
# numbers that you choose and training does not change, such as `group["lr"]`. Usually one group holds all parameters.


# %% mystnb={"code_prompt_show": "The class Optimizer, 73 lines"} tags=["hide-input"]
class Optimizer(Groups):
    """The base of all optimizers: it holds the parameters that they change, and the learning rate.

    A subclass defines `update(group)`, which changes the `data` of each Value in `group["params"]`,
    guided by its `grad`. `gradients(group)` yields those that have a gradient, and adds the weight
    decay. `keeps` names the numbers that the optimizer remembers for each parameter p from step to step;
    the numbers are in `self.state[p]`, and start at 0. (A subclass may define `step()` instead,
    over `self.parameters`; its state cannot be saved.)

    Parameters
    ----------
    parameters : iterable of Value, or of dict
        The leaves to optimize, each once; for a model, `model.parameters()`. Or groups of them, as in
        `[{"params": [w, b], "lr": 0.1}, {"params": [c]}]`; what a group does not set is taken from
        the other arguments.
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

        With `set_to_none`, to None; then `step()` skips parameters that `backward()` does not reach.
        """
        zero: Any = None if set_to_none else 0.0
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = zero

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the number of every parameter once, guided by its gradient; return what `closure` returned.

        Parameters
        ----------
        closure : callable, optional
            A function that is called first: it sets gradients to zero, computes a loss, calls its `backward()`,
            and returns it.

        Raises
        ------
        TypeError
            If a parameter holds something other than a number, such as a Value in `.data`.
        ValueError
            If a hyperparameter was changed to one that is out of range.
        """
        loss = None if closure is None else call_closure(closure)
        self._check()
        for group in self.param_groups:
            try:
                self.update(group)
            except TypeError:
                expect_all_floats(self.parameters)  # its error names the parameter at fault, if there is one
                raise
        return loss

    def gradients(self, group: dict[str, Any]) -> Iterator[tuple[Value, float]]:
        """Yield each parameter of a group that has a gradient, with this gradient and that of its weight decay.

        The weight decay is the group's hyperparameter of this name, if it has one: the λ of an L2 penalty λ/2·Σp².
        """
        weight_decay = group.get("weight_decay")
        for p in group["params"]:
            g = p.grad
            if g is not None:  # no product with a decay of zero: 0·inf is nan
                yield p, g + weight_decay * p.data if weight_decay else g


# %% [markdown]
# With this class, plain descent is one line:

# %% tags=["active-ipynb"]
# class Descent(Optimizer):
#     def update(self, group):
#         for p in group["params"]:
#             p.data -= group["lr"] * p.grad

# %% [markdown]
# The loop is always the same three calls: `zero_grad`, `backward`, `step`. The function `path` runs this loop and
# returns the points that the optimizer visits. `path` makes the parameters, so it needs to be told how to make the
# optimizer for them. Pass it a function such as `partial(Descent, lr=0.05)`, which is `Descent` with its learning rate
# filled in.


# %%
def path(
    f: Callable[..., Value],
    optimizer: Callable[[list[Value]], Optimizer],
    start: Sequence[float],
    steps: int,
) -> list[tuple[float, ...]]:
    """Return the points that an optimizer visits on its way down `f`.

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
# These are the same six points as above.
#
# ## How long is a step?
#
# Take one coordinate with curvature $c$: $f(p) = \frac{1}{2} c p^2$, whose gradient is $cp$. A step makes
#
# $$p \leftarrow p - \text{lr} \cdot c p = (1 - \text{lr} \cdot c)\, p.$$
#
# Each step multiplies $p$ by the same factor. If this factor lies between $-1$ and $1$, then $p$ shrinks. So descent
# converges exactly when $0 < \text{lr} < 2/c$. The largest curvature sets the limit: in our bowl it is $c = 25$, and
# the limit is $2/25 = 0.08$.
#
# `y` starts at 1. Where do you expect it after 100 steps with the rates 0.079, 0.080 and 0.081?

# %% tags=["active-ipynb"]
# for lr in [0.079, 0.080, 0.081]:
#     x, y = path(bowl, partial(Descent, lr=lr), start, steps=100)[-1]
#     print(f"lr = {lr:.3f}: |y| = {abs(y):7.4f}, and the formula says {abs(1 - lr * 25) ** 100:7.4f}")

# %% [markdown]
# The next function draws paths on contour lines:


# %% mystnb={"code_prompt_show": "The function plot_paths, 52 lines"} tags=["hide-input"]
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
# Thirty steps with each of four learning rates, from the black square:

# %% mystnb={"code_prompt_show": "The picture's code, 6 lines", "image": {"alt": "Four paths of gradient descent in the bowl. At 0.005 the path stops far from the center, at x = \u22123.4. At 0.04 it drops to the floor in one step, then creeps along it to x = \u22121.2. At 0.075 it zigzags across the floor and ends nearest to the center, at x = \u22120.4. At 0.081 it swings wider with every step."}} tags=["active-ipynb", "hide-input"]
# verdicts = {0.005: "too small", 0.04: "better", 0.075: "best of these", 0.081: "too large"}
# paths = {
#     f"lr = {lr}: {verdict}": path(bowl, partial(Descent, lr=lr), start, steps=30) for lr, verdict in verdicts.items()
# }
# plot_paths(bowl, paths, x=(-5, 5), y=(-2.2, 2.2))
# plt.show()

# %% [markdown]
# Plain descent is caught between two needs. The steep direction forbids a larger rate, and the flat direction needs
# one. Even at the best of these rates, the path bounces from wall to wall and loses only 7.5 % of `x` a step.
#
# ## A ball with mass
#
# Here are the gradients along the third path. In one column, the numbers almost cancel. Which one?

# %% tags=["active-ipynb"]
# for x, y in path(bowl, partial(Descent, lr=0.075), start, steps=5):
#     print(f"gradient: {x:6.2f} in x, {25 * y:6.2f} in y")

# %% [markdown]
# The gradients in $x$ agree, step after step. Those in $y$ change sign at every step, and in an average they would
# almost cancel. So add up the gradients in a **velocity** $v$, and move the point against it. A factor $\mu$ below 1,
# the **momentum**, makes old gradients fade, as friction would {cite:p}`polyak1964`. The point then moves like a heavy
# ball.
#
# The optimizer has to remember the velocity from step to step, one number for each parameter. `keeps` names such
# numbers; they are in `self.state[p]`, and start at 0:

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
# How much does this favor gradients that agree? A constant gradient $g$ builds up to
# $g + \mu g + \mu^2 g + \dots = g/(1 - \mu)$. A gradient that changes sign every time leaves only
# $g - \mu g + \mu^2 g - \dots = g/(1 + \mu)$. With $\mu = 0.9$, the first is ten times the gradient, and the second
# about half of it:

# %% tags=["active-ipynb"]
# for name, sign in [("constant", 1.0), ("alternating", -1.0)]:
#     v = 0.0
#     for t in range(200):
#         v = 0.9 * v + sign**t
#     print(f"{name} gradients of size 1: velocity of size {abs(v):.4f}, by the formula {1 / (1 - 0.9 * sign):.4f}")

# %% [markdown]
# With $\mu = 1$ nothing fades, so $v$ is the sum of all gradients. That is the forgotten `zero_grad`, the marble
# without friction, and the heights agree to the last bit:

# %% tags=["active-ipynb"]
# frictionless = path(bowl, partial(HeavyBall, lr=0.02, momentum=1.0), start, steps=99)
# print("same heights:", [bowl(x, y) for x, y in frictionless] == without_it)

# %% [markdown]
# So the mistake was a useful idea that lacked friction. Here is the same start with four values of the momentum:

# %% mystnb={"code_prompt_show": "The picture's code, 6 lines", "image": {"alt": "Four paths of 40 steps with the same learning rate. Without momentum the path ends at x = \u22121.8. With 0.5 it gets to \u22120.8. With 0.8 it overshoots a little and ends near the center. With 0.95 it circles the center in wide loops."}} tags=["active-ipynb", "hide-input"]
# paths = {
#     f"momentum {momentum}": path(bowl, partial(HeavyBall, lr=0.02, momentum=momentum), start, steps=40)
#     for momentum in (0.0, 0.5, 0.8, 0.95)
# }
# plot_paths(bowl, paths, x=(-5, 5), y=(-2.2, 2.2))
# plt.show()

# %% [markdown]
# With too little momentum, this is almost plain descent again. With too much, the point circles the center for a long
# time.
#
# Nesterov's variant looks ahead {cite:p}`nesterov1983,sutskever2013`. After a step, the new velocity $v$ will move the
# ball on by $-\text{lr} \cdot \mu v$, whatever the next gradient is. So make this part now. In return, leave out the
# part that was made one step ago in the same way: of the new $v$, only $g$ remains. The next gradient is then measured
# where the ball is going:
#
# $$v \leftarrow \mu v + g \qquad p \leftarrow p - \text{lr} \cdot (g + \mu v)$$
#
# This rule completes the library's `SGD`. (Its `weight_decay` is explained below.) Without momentum, `SGD` is plain
# descent, and this is what the tables below call SGD. The S is for *stochastic*: in training, the gradient usually
# comes from a few random examples {cite:p}`robbins1951`. Here nothing is random.


# %% mystnb={"code_prompt_show": "The class SGD, 72 lines"} tags=["hide-input"]
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
        """Return the hyperparameters of a group, or raise an error."""
        settings = super().checked(**numbers)
        settings["nesterov"] = true_or_false("nesterov", nesterov)
        if settings["nesterov"] and not settings["momentum"]:
            raise ValueError(f"nesterov needs a momentum greater than 0, but got momentum={settings['momentum']!r}")
        return settings

    def update(self, group: dict[str, Any]) -> None:
        """Change the number of each parameter of a group once, except where the gradient is None."""
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
# The best learning rate depends on the momentum, so move both sliders. Which pair ends closest to the center? Then a
# harder question: plain descent diverges above 0.08. With a momentum of 0.9, is the largest possible learning rate
# larger or smaller than that? Try it for both buttons.

# %% mystnb={"code_prompt_show": "The figure's code, 6 lines", "image": {"alt": "One path of SGD in the bowl with learning rate 0.1 and momentum 0.45: it zigzags steeply at first and is close to the center after twenty steps. In the page, sliders choose other rates and momenta.", "classes": "touch touch-paths"}} tags=["active-ipynb", "hide-input"]
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
# Of the pairs in the figure, 0.1 and 0.45 end closest. For a bowl whose smallest and largest curvatures are $a$ and
# $c$, the heavy ball is fastest in the long run with $\text{lr} = (2/(\sqrt{a} + \sqrt{c}))^2$ and
# $\mu = ((\sqrt{c} - \sqrt{a})/(\sqrt{c} + \sqrt{a}))^2$ {cite:p}`goh2017`. Here these are 1/9 and 4/9.
#
# The limit is larger with the heavy ball, almost twice as large. Where the point jumps from wall to wall, the gradients
# alternate, and in the velocity they mostly cancel. The limit is $2(1 + \mu)/c$ {cite:p}`goh2017`, which is 0.152 here.
# Nesterov's variant is different: its limit $2(1 + \mu)/(c(1 + 2\mu))$ is only 0.054, smaller than that of plain
# descent.

# %% tags=["active-ipynb"]
# for name, lrs in {"momentum": [0.151, 0.153], "nesterov": [0.054, 0.055]}.items():
#     for lr in lrs:
#         x, y = path(bowl, partial(KINDS[name], lr=lr), start, steps=2000)[-1]
#         print(f"{name}, lr = {lr:.3f}: |y| = {abs(y):.1e} after 2000 steps")

# %% [markdown]
# Now you can tell from a path what to change:
#
# | The path … | Change |
# | --- | --- |
# | is smooth and ends far from the center | a larger learning rate |
# | zigzags, and creeps along the floor | more momentum |
# | circles the center in loops | less momentum |
# | swings wider with every step | a smaller learning rate |
#
# ## A step of its own for each parameter
#
# Now take a canyon, which curves 1000 times as much in $y$ as in $x$. The limit of plain descent is $2/1000$, and `x`,
# which starts at −4, hardly moves:

# %% tags=["active-ipynb"]
# def canyon(x, y):
#     return (x**2 + 1000 * y**2) / 2
#
#
# x, y = path(canyon, partial(SGD, lr=0.0019), start, steps=100)[-1]
# print(f"after 100 steps: x = {x:.4f}, y = {y:.4f}")

# %% [markdown]
# Momentum would help here too. But its limit is still set by the steepest parameter, so each loss needs a rate of its
# own, and you have to search for it. Could every parameter get a suitable rate by itself? Divide its gradient by the
# usual size of this gradient: then it does not matter how steep the loss is. For the size, keep a running average $v$
# of the squared gradient. (This $v$ is not a velocity; the letter is the paper's.) For the direction, keep a running
# average $m$ of the gradient itself. With $\beta_1 = 0.9$ and $\beta_2 = 0.999$:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad
# v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2 \qquad
# p \leftarrow p - \text{lr} \cdot m / \sqrt{v}$$
#
# If the gradients agree, $m/\sqrt{v}$ should be near 1 in size, whatever their scale. If they alternate, it should be
# near 0. Then a step would be about `lr` long, or shorter. (Steps can be longer if the gradient grows, steadily or in
# a jump.) Give a first version the constant gradient 5, and predict how long its steps are.

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
# The first step is more than three times as long as it should be, the tenth more than six times, and even step 1000 is
# still too long. Both averages start at 0, so at first both are too small, and $v$, the slower one, more so. But we
# know by how much: after $t$ steps, the weights of all gradients in the average add up to
#
# $$(1 - \beta)(1 + \beta + \dots + \beta^{t-1}) = 1 - \beta^t,$$
#
# and the weights in an average should add up to 1. So divide by $1 - \beta^t$. This is **bias correction**. For a
# constant gradient it is exact:

# %% mystnb={"code_prompt_show": "The picture's code, 9 lines", "image": {"alt": "Step length in units of the learning rate over 1000 steps of constant gradient. Without correction it starts above 3, rises above 6 and falls slowly toward 1. With correction it is 1 throughout."}} tags=["active-ipynb", "hide-input"]
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
# This is Adam {cite:p}`kingma2015`: with $\hat m = m/(1 - \beta_1^t)$ and $\hat v = v/(1 - \beta_2^t)$, step $t$ makes
#
# $$p \leftarrow p - \text{lr} \cdot \hat m / (\sqrt{\hat v} + \epsilon).$$
#
# The $\epsilon$, `eps` in code, is for parameters whose gradient stays at zero: without it, their step would be 0/0.


# %% mystnb={"code_prompt_show": "The class Adam, 58 lines"} tags=["hide-input"]
class Adam(Optimizer):
    """Gradient descent that divides each parameter's step by the usual size of its gradients.

    With g = ∂f/∂p + weight_decay·p, step number t = 1, 2, … makes

        m ← β₁·m + (1 − β₁)·g             an average of the gradients
        v ← β₂·v + (1 − β₂)·g²            an average of their squares
        p ← p − lr·m̂ / (√v̂ + eps)         m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)

    Parameters
    ----------
    parameters : iterable of Value
        The leaves to optimize.
    lr : float
        The learning rate, at least 0: the length of a step in a coordinate whose gradient stays the same.
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
        """Return the hyperparameters of a group, or raise an error."""
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ValueError(f"betas must be two numbers, as (0.9, 0.999), but got {what_is(betas)}")
        both = tuple(at_least_zero(f"betas[{i}]", beta, below=1.0) for i, beta in enumerate(betas))
        return {**super().checked(**numbers), "betas": both}

    def update(self, group: dict[str, Any]) -> None:
        """Change the number of each parameter of a group once, except where the gradient is None."""
        lr, eps, (beta1, beta2) = group["lr"], group["eps"], group["betas"]
        states, last = self.state, 0.0
        for p, g in self.gradients(group):
            state = states[p]
            state["step"] = t = state["step"] + 1
            if t != last:  # computed once for all parameters that have made as many steps
                last, correct_m, correct_v = t, 1.0 - beta1**t, 1.0 - beta2**t
            state["exp_avg"] = m = beta1 * state["exp_avg"] + (1.0 - beta1) * g
            state["exp_avg_sq"] = v = beta2 * state["exp_avg_sq"] + (1.0 - beta2) * g * g
            p.data -= lr * divide(m / correct_m, sqrt(v / correct_v) + eps)


# %% [markdown]
# Now the canyon. Let Adam walk down a round bowl, our long bowl and the canyon. How far apart will its paths be?

# %% mystnb={"code_prompt_show": "The comparison of paths, 8 lines"} tags=["active-ipynb", "hide-input"]
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
# They are the same, except for the effect of `eps`. A constant factor on one parameter's gradients cancels in
# $m/\sqrt{v}$, so to Adam all these bowls look round. But there is a condition: the steep direction must be that of a
# *coordinate*. Rotate the canyon and the start by 45 degrees, so that each parameter feels both curvatures:

# %% mystnb={"image": {"alt": "A canyon that runs diagonally. Adam's path drops to the canyon's floor near the start, then barely moves along it: after 60 steps it is still far from the center."}} tags=["active-ipynb"]
# def rotated(x, y):
#     return canyon((x + y) / 2**0.5, (y - x) / 2**0.5)
#
#
# rotated_start = (-5 / 2**0.5, -3 / 2**0.5)  # the point (-4, 1), rotated too
# for f, begin in [(canyon, start), (rotated, rotated_start)]:
#     points = path(f, adam, begin, steps=60)
#     print(f"{f.__name__}: height after 60 steps {f(*points[-1]):.4f}")
# plot_paths(rotated, {"rotated: Adam, lr = 0.2, 60 steps": points}, x=(-5, 5), y=(-4, 4))
# plt.show()

# %% [markdown]
# It is the same canyon from the same point, but in the rotated one Adam is still more than ten times as high.
#
# ## Weight decay
#
# The larger its weights are, the more steeply a neuron's output can follow its inputs, so large weights let a network
# bend sharply around single examples. **Weight decay** pulls each weight toward zero. One way is a penalty
# $\frac{\lambda}{2} p^2$ in the loss, whose gradient is $\lambda p$. That is `weight_decay` in `SGD` and `Adam`. The
# other way is to shrink the weight itself before each step: $p \leftarrow (1 - \text{lr} \cdot \lambda)\, p$. That is
# `weight_decay` in `AdamW` {cite:p}`loshchilov2019`.


# %% mystnb={"code_prompt_show": "The class AdamW, 36 lines"} tags=["hide-input"]
class AdamW(Adam):
    """Adam with a weight decay that is kept out of its averages.

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
        """Change the number of each parameter of a group once, except where the gradient is None."""
        kept = 1.0 - group["lr"] * group["weight_decay"]
        group = {**group, "weight_decay": 0.0}
        for p, _ in self.gradients(group):
            p.data *= kept
        super().update(group)


# %% [markdown]
# For plain descent the two ways are the same: $p - \text{lr} \cdot (g + \lambda p) = (1 - \text{lr} \cdot \lambda)\, p
# - \text{lr} \cdot g$. With momentum and in Adam they are not. Take a weight of 1 that the loss does not depend on, so
# that only the decay moves it. What is left of it after ten steps with lr 0.01, when $\lambda$ is 0.01, and when it is
# 0.0001?

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
#     left = (f"λ = {decay}: {after_ten_steps(kind, decay):.6f}" for decay in (0.01, 0.0001))
#     print(f"{kind.__name__:6}", *left, sep="   ")

# %% [markdown]
# Adam made ten steps of about full length with either $\lambda$, because it divides the gradient of the penalty by its
# usual size, as it does with every gradient. `AdamW` keeps the decay out of the averages, so that it works as in plain
# descent: a hundredth of the decay takes away a hundredth as much.
#
# ## Off a cliff
#
# Some losses have cliffs: they are gentle where you want to be, and very steep elsewhere, perhaps where you start.
# There the gradient is right, but a step follows it much too far.
#
# Here the lowest point is at 1, the start is at 21, and the rate is 0.1. How far from 1 do you expect the point after
# three steps?

# %% tags=["active-ipynb"]
# def cliff(x):
#     return (x - 1) ** 4 + (x - 1) ** 2
#
#
# for step, (x,) in enumerate(path(cliff, partial(SGD, lr=0.1), (21.0,), steps=3)):
#     print(f"step {step}: x = {x:.3g}")

# %% [markdown]
# The first gradient is 32,040, and one step along it lands where the gradient is even larger. From here, the point
# diverges with every rate above 0.00125. With a smaller one, it crawls in the end: near the bottom the curvature is 2,
# so that a step covers less than 0.25 % of the way that is left. So keep the rate, and shorten the gradient where it is
# too long: if all gradients together, as one vector, are longer than `max_norm`, scale them down to that length
# {cite:p}`pascanu2013`. The direction stays the same.


# %% mystnb={"code_prompt_show": "The function clip_grad_norm, 47 lines"} tags=["hide-input"]
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
        Whether to raise an error if the length is infinite or nan. Otherwise the gradients are scaled by it
        all the same, which makes each of them 0 or nan.

    Returns
    -------
    float
        The length before the gradients are scaled.

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
# x = Value(21.0)
# optimizer = SGD([x], lr=0.1)
# for step in range(41):
#     optimizer.zero_grad()
#     cliff(x).backward()
#     norm = clip_grad_norm([x], max_norm=10.0)
#     if step in (0, 1, 2, 10, 20, 40):
#         print(f"step {step:3d}: x = {x.data:.4f}, gradient {norm:8.4f}, clipped to {abs(x.grad):.4f}")
#     optimizer.step()

# %% [markdown]
# Steps of length 1 lead down the cliff. By step 20 the gradient is short enough and is left as it is.
#
# ## Groups, and how to resume
#
# Parameters need not share their hyperparameters. Pass groups to the optimizer; what a group does not set is taken from
# the other arguments. A common reason is weight decay, which is usually applied to weights and not to biases. Between
# steps you may read and change `param_groups`. In the next cell both gradients are zero, so only the weight moves: it
# decays with λ = 0.01, the default of `AdamW`, and keeps the part $1 - 0.05 \cdot 0.01$:

# %% tags=["active-ipynb"]
# w, b = Value(1.0, label="w"), Value(1.0, label="b")
# optimizer = AdamW([{"params": [w]}, {"params": [b], "weight_decay": 0.0}], lr=0.1)
# for group in optimizer.param_groups:
#     group["lr"] *= 0.5
# optimizer.step()
# print(f"w = {w.data:.4f}, b = {b.data:.4f}")

# %% [markdown]
# A long training run may be interrupted. To resume it as if nothing had happened, you need more than the weights: Adam
# also needs its averages and its number of steps. `state_dict()` returns these as plain numbers, which JSON can store.
#
# Here are three runs of 20 steps in the canyon. One is never stopped. Two stop after 10 steps and go on with a new
# optimizer, one with the saved state and one without. Which runs end at the same point?

# %% mystnb={"code_prompt_show": "The three runs, 20 lines"} tags=["active-ipynb", "hide-input"]
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
# The run without the state is a different run. By chance its `x` ends nearer to 0, but it does not go on as if nothing
# had happened: its averages start again.
#
# ## A race
#
# Which optimizer is best? Here are four functions to try: the bowl, the canyon, the rotated canyon, and a curved valley
# with its lowest point at (1, 1):

# %% tags=["active-ipynb"]
# def valley(x, y):
#     return (1 - x) ** 2 + 10 * (y - x**2) ** 2

# %% [markdown]
# For each optimizer we try 24 learning rates from 0.001 to 7, with 3000 steps each. A path may pass through the bottom
# and leave it again. So we count the steps until the height is below one millionth *for good*. The table shows the
# fewest steps, with their rate. A dash means that no rate was good enough.

# %% mystnb={"code_prompt_show": "The race, 29 lines"} tags=["active-ipynb", "hide-input"]
# def steps_to_bottom(f, optimizer, start, steps=3000):
#     parameters = [Value(x) for x in start]
#     optimize = optimizer(parameters)
#     arrived = None
#     for step in range(steps):
#         height = f(*parameters)
#         if not height.data < 1e9:  # diverged
#             return None
#         if not height.data < 1e-6:  # not yet there, or no longer
#             arrived = None
#         elif arrived is None:
#             arrived = step
#         optimize.zero_grad()
#         height.backward()
#         optimize.step()
#     return arrived
#
#
# KINDS["Adam"] = Adam
# RATES = [digit * 10.0**e for e in (-3, -2, -1, 0) for digit in (1, 1.5, 2, 3, 5, 7)]
# RACES = {bowl: start, canyon: start, rotated: rotated_start, valley: (-1.5, 1.5)}
# counts, best = {}, {}
# print(f"{'':8}", *(f"{name:>14}" for name in KINDS), sep="")
# for f, begin in RACES.items():
#     row = f"{f.__name__:8}"
#     for name, kind in KINDS.items():
#         tried = {lr: steps_to_bottom(f, partial(kind, lr=lr), begin) for lr in RATES}
#         counts[f, name] = {lr: steps for lr, steps in tried.items() if steps is not None}
#         best[f, name] = min(((steps, lr) for lr, steps in counts[f, name].items()), default=None)
#         row += f"{'{} ({:g})'.format(*best[f, name]) if best[f, name] else '-':>14}"
#     print(row)

# %% [markdown]
# No optimizer wins everywhere. Plain descent suffers where curvatures differ most: it takes 110 steps in the bowl, and
# in the canyon 3000 are not enough. For momentum and for Nesterov's variant, it makes no difference that the canyon is
# rotated. For Adam it does.
#
# :::{dropdown} Two results that look odd
# In the bowl, momentum loses to plain descent. A momentum of 0.9 is too much there; with 0.45 and a rate of 0.1, it
# takes 31 steps. In the canyon, Nesterov's variant takes 729 steps, because its limit is only 0.00136, and of the 24
# rates just one is smaller; momentum's limit is 0.0038.
# :::
#
# In practice, nobody tells you the best rate. How well does a rate work that is not the best? Each dot below is a rate
# that arrives:

# %% mystnb={"code_prompt_show": "The picture's code, 12 lines", "image": {"alt": "Four panels, one for each function: the steps needed over the learning rate, both on logarithmic scales. In the bowl, the dots of momentum lie low from 0.003 to 0.15, and those of Adam from 0.07 to 0.5. In the canyon, those of momentum end at 0.003, and those of Adam lie as in the bowl. In the rotated canyon, Adam needs more than 1000 steps with every rate. Above its low stretch, Adam needs more than 2000 steps in the bowl and in the canyon."}} tags=["active-ipynb", "hide-input"]
# figure, panels = plt.subplots(2, 2, figsize=(6.4, 4.8), sharex=True, sharey=True)
# for ax, f in zip(panels.flat, RACES):
#     for name, style in zip(KINDS, ("v-", "o-", "s-", "D-")):
#         ax.loglog(list(counts[f, name]), list(counts[f, name].values()), style, ms=3, lw=1.2, label=name)
#     ax.set_title(f.__name__)
#     ax.set_ylim(80, 3500)
# for ax in panels[1]:
#     ax.set_xlabel("learning rate")
# for ax in panels[:, 0]:
#     ax.set_ylabel("steps")
# panels[1, 0].legend(loc="lower right")
# plt.show()

# %% [markdown]
# The rates that suit momentum depend on the function: it needs fewer than 210 steps with 0.003 to 0.15 in the bowl, but
# only with 0.003 in the canyon. Adam needs fewer than 210 with 0.2 and with 0.3 in the bowl, the canyon and the valley
# alike, because its rate is a length: it must suit the distance, and not the steepness. That is a good reason to try
# Adam first. But no rate helps it in the rotated canyon. And with a large rate, its path in the bowl and in the canyon
# comes down early, and jumps away from the bottom again and again.
#
# The picture leaves out a lot: networks have many more parameters and noisy gradients, and here each function had one
# start and momentum was always 0.9. So do not conclude from 120 against 165 steps that Nesterov's variant beats Adam in
# every valley. The learning rate is part of every result: compare optimizers only when each has its best one.
#
# Here are the first sixty steps in the valley, with the best rates of the table. Plain descent creeps along the floor.
# Momentum turns loops beyond the bend. Adam is slow here: with the rate 0.5, it would be closer after sixty steps. But
# with this rate it leaves the bottom again later.

# %% mystnb={"code_prompt_show": "The picture's code, 6 lines", "image": {"alt": "Sixty steps of four optimizers in a curved valley. SGD creeps along the floor and stops at x = \u22120.15, far from the lowest point. Momentum runs far across the floor, turns loops, and ends at x = 0.94. Nesterov keeps closer to the floor and ends beyond the lowest point, at x = 1.06. Adam takes short steps and ends at x = 0.78."}} tags=["active-ipynb", "hide-input"]
# paths = {
#     f"{name}, lr = {lr:g}": path(valley, partial(kind, lr=lr), RACES[valley], steps=60)
#     for (name, kind), lr in zip(KINDS.items(), [best[valley, name][1] for name in KINDS])
# }
# plot_paths(valley, paths, x=(-2.2, 2.2), y=(-1.0, 3.0))
# plt.show()

# %% [markdown]
# Try it yourself, with sixty steps from the same start. For Adam, the slider for the momentum sets $\beta_1$. Which
# optimizer can you bring lowest?

# %% mystnb={"code_prompt_show": "The figure's code, 14 lines", "image": {"alt": "Adam's path in the curved valley with learning rate 0.5 and momentum 0.9: it weaves along the floor and ends close to the lowest point. In the page, sliders choose other rates and momenta, and buttons other optimizers.", "classes": "touch touch-paths"}} tags=["active-ipynb", "hide-input"]
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
# The heavy ball (the button SGD) ends lowest, with 0.02 and 0.8. But of the 112 settings of the two sliders, Adam gets
# below a height of 0.1 with 22, the heavy ball with 17 and Nesterov's variant with 15.
#
# ## What you can now do
#
# - Say why plain descent diverges, and where the limit is in a bowl: at $2/c$ for the largest curvature $c$.
# - Tell from a path what is wrong with it, and which hyperparameter to change.
# - Write an optimizer of your own: a subclass with an `update`.
# - Choose between `weight_decay` in `Adam` and in `AdamW`.
# - Clip gradients, give parts of a model hyperparameters of their own, and stop and resume a training run.
#
# ## In PyTorch this is …
#
# … [`SGD`](https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html),
# [`Adam`](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html) and
# [`AdamW`](https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html) in `torch.optim`. What they have in
# common with ours has the same names and the same defaults. Here are ten steps in the valley with each, compared:

# %% mystnb={"code_prompt_show": "The comparison, 20 lines"} tags=["active-ipynb", "hide-input", "needs-torch"]
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
# Two other functions behave differently. PyTorch's
# [`zero_grad()`](https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html) sets gradients to
# `None`, and a step skips such parameters. Ours sets them to 0, and a parameter with gradient 0 still moves by its
# velocity and its decay; our `zero_grad(set_to_none=True)` does what PyTorch does. And
# [`clip_grad_norm_`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html), unlike ours,
# raises no error for nan, unless you ask for it.
#
# ## Exercises
#
# With folded solutions, in [Exercises: Optimizers](exercises/optimizers.ipynb):
#
# 1. An average from noise: a learning rate that shrinks turns noisy gradients into an exact average.
# 2. RMSProp: write an optimizer that Adam builds on.
# 3. Clip each, or all? Compare two ways to shorten a gradient.
# 4. The largest stable rate of a tilted bowl: find it by experiment, and explain it.
#
# ## Check yourself
#
# :::{dropdown} With plain SGD, the loss doubles at every step. What do you change first?
# Make the learning rate smaller. In a bowl, it is above 2 divided by the largest curvature.
# :::
#
# :::{dropdown} You forget `zero_grad()` with plain SGD. Which optimizer did you write?
# Momentum with μ = 1. Every gradient is remembered in full, and the point never settles.
# :::
#
# :::{dropdown} Someone multiplies the loss by 1000. What happens to the path of SGD, and of Adam?
# SGD's first step is 1000 times as long, and the path probably diverges. Adam's path stays the same, except for the
# effect of `eps`.
# :::
#
# :::{dropdown} You double `weight_decay` in `Adam`, and a weight that the loss ignores decays no faster. Why?
# Adam divides the gradient of the penalty by its usual size, so the factor cancels. Use `AdamW`.
# :::
#
# ## Sources
#
# Stochastic gradient descent {cite:p}`robbins1951`, momentum {cite:p}`polyak1964`, Nesterov's form
# {cite:p}`nesterov1983,sutskever2013`, Adam {cite:p}`kingma2015`, AdamW {cite:p}`loshchilov2019`, clipping
# {cite:p}`pascanu2013`; the rules follow `torch.optim` {cite:p}`paszke2019`.
