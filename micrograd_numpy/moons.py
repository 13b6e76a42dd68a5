# %% [markdown]
# # Training on moons
#
# You have a number that knows its derivatives, a model, a loss and an optimizer. In this chapter you put them into a
# loop of five statements. Then you repeat a published run, compare its losses with yours, and watch the boundary of the
# network bend until it fits between two moons.
#
# - **You will build** `train`, the training loop, and the pictures that show what it learned.
# - **You need** [Neurons, layers, MLP](mlp.ipynb), [Losses](losses.ipynb) and [Optimizers](optimizers.ipynb).
# - **Time** about 35 minutes.

# %% mystnb={"code_prompt_show": "Imports and types, 19 lines"} tags=["hide-input"]
"""Training on moons: two classes of points, a training loop, and pictures of what was learned."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, SupportsFloat

from micrograd_numpy.drawing.style import CARD, FORWARD, INK, OCHER
from micrograd_numpy.guards.numbers import as_float, as_size, in_order, what_is
from micrograd_numpy.guards.parameters import at_least_zero
from micrograd_numpy.losses import binary_cross_entropy, binary_cross_entropy_with_logits, hinge_loss
from micrograd_numpy.optimizers import Optimizer
from micrograd_numpy.value import Value, dot

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

Row = Iterable[SupportsFloat]
Loss = Callable[[list[Value], list[Any]], Value]
PLUS, MINUS = FORWARD, OCHER  # the colors of the two classes


# %% [markdown]
# ## Two moons
#
# The data are points in the plane. Half of them lie on the upper of two half circles and half on the lower, and random
# noise moves each point a little. Each point has a **label**: −1 on the upper moon, +1 on the lower. The points come
# from scikit-learn {cite:p}`pedregosa2011`; to run this page, you need to install it.


# %% mystnb={"code_prompt_show": "The function moons_data, 30 lines"} tags=["hide-input"]
def moons_data(
    n_samples: int = 100, noise: float = 0.1, seed: int | np.random.RandomState = 0
) -> tuple[list[list[float]], list[float]]:
    """Return points on two interleaved half circles and their labels, from scikit-learn's `make_moons`.

    Parameters
    ----------
    n_samples : int
        How many points, half of them on each moon.
    noise : float
        Standard deviation of the normal noise added to both coordinates; the
        moons have radius 1.
    seed : int or numpy.random.RandomState
        The source of the randomness. Equal seeds give equal points.

    Returns
    -------
    X : list of [float, float]
        The points.
    y : list of float
        Their labels: −1 for the upper moon, +1 for the lower.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import make_moons
    except ImportError as error:
        raise ImportError("the moons come from scikit-learn: pip install scikit-learn") from error
    X, y = make_moons(n_samples=n_samples, noise=noise, random_state=seed)
    return X.tolist(), [2.0 * label - 1.0 for label in y.tolist()]


# %% [markdown]
# We take 100 points. The seed is 1337, and it goes to NumPy's old `RandomState`. This gives the points of the published
# run that we repeat below.

# %% tags=["active-ipynb"]
# import numpy as np
#
# X, y = moons_data(n_samples=100, noise=0.1, seed=np.random.RandomState(1337))
# print(len(X), "points; the first is", [round(x, 4) for x in X[0]], "with label", y[0])

# %% [markdown]
# The functions in the folded cells check the data and draw the points.


# %% mystnb={"code_prompt_show": "Checking of the data, 46 lines"} tags=["hide-input"]
def as_numbers(name: str, items: Iterable[Any], flatten: str) -> list[float]:
    """Return `items` as plain floats, or raise a TypeError that names the one that is not a number."""
    listed: Any = in_order("a data set", name, items)
    numbers = []
    for i, x in enumerate(listed.tolist() if hasattr(listed, "tolist") else listed):
        try:
            numbers.append(as_float(x))
        except TypeError:
            several = hasattr(x, "__len__") and not isinstance(x, (str, bytes))
            hint = flatten if several else "make it a number first"
            if isinstance(x, Value):
                hint = "take its number with .data, for training leaves the data as they are"
            raise TypeError(f"{name}[{i}] must be one real number, but is {what_is(x)}; {hint}") from None
    return numbers


def as_rows(X: Iterable[Row]) -> list[list[float]]:
    """Return `X` as lists of plain floats, or raise a TypeError."""
    rows: list[list[float]] = []
    for i, row in enumerate(in_order("a data set", "X", X)):
        if not isinstance(row, Iterable) or getattr(row, "shape", None) == ():
            raise TypeError(f"X must be rows of numbers, but X[{i}] is {what_is(row)}; put each sample in a list")
        rows.append(as_numbers(f"X[{i}]", row, "flatten each sample, for example with X.reshape(len(X), -1)"))
    return rows


def as_samples(X: Iterable[Row], y: Iterable[SupportsFloat]) -> tuple[list[list[float]], list[float]]:
    """Return `X` and `y` as plain floats, after checking that they fit together.

    Raises
    ------
    TypeError
        If a sample is not a row of numbers, or a label not a number.
    ValueError
        If there are no samples, or not as many labels as samples.
    """
    samples = as_rows(X)
    labels = as_numbers("y", y, "give one label for each sample, for example np.ravel(y)")
    if len(samples) != len(labels):
        raise ValueError(f"every sample needs one label, but got {len(samples)} samples and {len(labels)} labels")
    if not samples:
        raise ValueError("got no samples; give at least one row of X and one label in y")
    return samples, labels


def expect_classes(labels: list[float]) -> None:
    """Raise a ValueError unless the labels are −1 and 1, or 0 and 1."""
    if not (set(labels) <= {-1.0, 1.0} or set(labels) <= {0.0, 1.0}):
        some = ", ".join(f"{label:g}" for label in list(dict.fromkeys(labels))[:4])
        raise ValueError(
            f"two classes need the labels -1 and 1, or 0 and 1, but got {some}; "
            "name the upper class 1, and the lower class -1 or 0"
        )


# %% mystnb={"code_prompt_show": "The function plot_points, 39 lines"} tags=["hide-input"]
def new_axes() -> Axes:
    """Return axes in a new figure.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("drawing needs matplotlib: pip install matplotlib") from error
    return plt.subplots()[1]


def plot_points(X: Iterable[Row], y: Iterable[SupportsFloat], ax: Axes | None = None) -> Axes:
    """Draw the samples: circles for label 1, triangles for −1 or 0.

    Parameters
    ----------
    X : rows of two numbers
        The samples.
    y : numbers
        Their labels: −1 and 1, or 0 and 1.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes
    """
    X, y = as_samples(X, y)
    expect_classes(y)
    for i, row in enumerate(X):
        if len(row) != 2:
            raise ValueError(f"a plot needs samples of two numbers, but X[{i}] has {len(row)}; pick two columns")
    ax = ax or new_axes()
    names = ("1", "0") if 0.0 in y else ("+1", "-1")
    for name, color, marker in zip(names, (PLUS, MINUS), "o^"):
        points = [row for row, label in zip(X, y) if label == float(name)]
        x1, x2 = [p[0] for p in points], [p[1] for p in points]
        ax.scatter(x1, x2, s=26, color=color, marker=marker, edgecolors=CARD, linewidths=0.6, label=name, zorder=3)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    return ax


# %% mystnb={"image": {"alt": "Two interleaved half moons: 50 ocher triangles, labeled \u22121, form an arch at the upper left; 50 blue circles, labeled +1, form a bowl at the lower right. The end of each moon reaches into the other."}} tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# from micrograd_numpy.drawing.style import BACKWARD, FORWARD, MUTED, book_style
#
# book_style()
# plot_points(X, y).legend(title="label")
# plt.show()

# %% [markdown]
# Suppose you may draw one straight line, and call everything on one side of it −1 and everything on the other side +1.
# How many of the 100 points can you get right?
#
# The answer can be computed. Look along a direction, and sort the points by how far they lie that way. A line at a
# right angle to that direction splits the row in two. The order in the row changes only at directions in which two
# points are equally far. Between each pair of neighboring such directions, the folded cell tries one, with every split
# along it.

# %% mystnb={"code_prompt_show": "The best of all lines, 18 lines"} tags=["active-ipynb", "hide-input"]
# import math
# from itertools import combinations, pairwise
#
#
# def directions_to_try(X):
#     level = []
#     for (a, b), (c, d) in combinations(X, 2):
#         angle = math.atan2(d - b, c - a)
#         level += [(angle + math.pi / 2) % (2 * math.pi), (angle - math.pi / 2) % (2 * math.pi)]
#     level.sort()
#     return [(one + next_one) / 2 for one, next_one in pairwise([*level, level[0] + 2 * math.pi])]
#
#
# def best_line(X, y):
#     points, labels, best = np.array(X), np.array(y), 0
#     for angle in directions_to_try(X):
#         row = labels[np.argsort(points @ [math.cos(angle), math.sin(angle)])]
#         # the line before all points calls them +1; each point that it passes is called -1 from then on
#         right = y.count(1.0) - np.cumsum(row)
#         best = max(best, y.count(1.0), int(right.max()))
#     return best
#
#
# print("the best line gets", best_line(X, y), "of", len(y), "right")

# %% [markdown]
# The ends of the moons reach into each other, and no line gets more than 90 right.
#
# ## Five statements
#
# The search for the best line works because a line has only two degrees of freedom, its direction and its place. Our
# network will have 337 parameters, so we need another way: start anywhere, and let the gradient say where to go. We
# first try it on a model whose boundary is a straight line, an MLP with two inputs and one neuron. Its output is a
# **score**. The sign of the score is the class, and its size says how sure the model is. The loss is the hinge loss,
# which is zero when every score is on the right side by a margin of at least one.

# %% tags=["active-ipynb"]
# from micrograd_numpy import MLP, SGD, hinge_loss
#
# line = MLP(2, [1], rng=0)
# optimizer = SGD(line.parameters(), lr=1.0)
# for step in range(200):
#     scores = [line(row) for row in X]  # 1. forward: what does the model say?
#     loss = hinge_loss(scores, y)  # 2. loss: how wrong is that?
#     optimizer.zero_grad()  # 3. forget the gradients of the step before
#     loss.backward()  # 4. backward: which way is downhill?
#     optimizer.step()  # 5. take a step that way
#     if step in {0, 1, 10, 50, 199}:
#         print(f"step {step:3d}   loss {loss.data:.4f}")

# %% [markdown]
# These five statements are training. The rest of the chapter only adds conveniences. To see what `line` has learned, we
# need two functions. `accuracy` returns the share of the scores that have the right sign, and `plot_decision_boundary`
# asks the model for its score at each point of a grid.


# %% mystnb={"code_prompt_show": "The functions predict and accuracy, 91 lines"} tags=["hide-input"]
def predict(model: Callable[..., Any], X: Iterable[Row]) -> list[float]:
    """Return the model's score for each sample, as plain floats.

    Parameters
    ----------
    model : callable
        Takes a list of numbers and returns one score: it is called once for each
        sample, in order, and each graph is freed before the next is built. Or what
        `vectorize` made of such a function: it is asked for all samples at once.
    X : rows of numbers
        The samples.

    Returns
    -------
    list of float

    Raises
    ------
    TypeError
        If a sample is not a row of numbers, or a score is not a number.
    ValueError
        If the model returns more than one number per sample.
    """
    from micrograd_numpy.compiler.replay import Vectorized

    rows = as_rows(X)
    if isinstance(model, Vectorized):
        return [only(score) for score in model.forward(rows)] if rows else []
    return [only(model(row)) for row in rows]


def only(score: Any) -> float:
    """Return the score as a number, if it is one.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is several.
    """
    if getattr(score, "shape", None) or isinstance(score, (list, tuple)):
        hint = "return that one itself" if len(score) == 1 else "give it one output"
        raise ValueError(
            f"the model must return one score per sample, but it returned a list of {len(score)}; "
            f"{hint}, as MLP(2, [8, 1]) does"
        )
    return float(score) if hasattr(score, "__float__") else as_float(score)


def accuracy(
    model: Callable[..., Any], X: Iterable[Row], y: Iterable[SupportsFloat], threshold: float | None = None
) -> float:
    """Return the fraction of samples whose score lies on the side of the threshold that belongs to their label.

    Parameters
    ----------
    model : callable
        As for `predict`.
    X : rows of numbers
        The samples.
    y : numbers
        Their labels: −1 and 1, or 0 and 1.
    threshold : float, optional
        The score above which a sample counts as class 1. By default 0, which is right
        for raw scores; for probabilities, give 0.5.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    TypeError
        As for `predict`.
    ValueError
        If `X` and `y` do not fit together, the labels are not those of two classes, or
        the scores may be probabilities and there is no threshold.
    """
    X, y = as_samples(X, y)
    expect_classes(y)
    return sum(map(agrees, centered(predict(model, X), y, threshold), y)) / len(y)


def agrees(score: float, label: float) -> bool:
    """Return whether a score puts its sample in the class of its label; 0 and nan count as the lower class."""
    return (score > 0.0) == (label > 0.5)


def centered(scores: list[float], y: list[float], threshold: float | None) -> list[float]:
    """Return the scores, shifted so that the border between the classes is at 0, where it is by default.

    Raises
    ------
    ValueError
        If there is no threshold, and the scores may as well be probabilities, for which
        it is 0.5, and that would make a difference.
    """
    if threshold is not None:
        return [score - as_float(threshold) for score in scores]
    unit = set(y) <= {0.0, 1.0} and all(0.0 <= score <= 1.0 for score in scores)
    if unit and any(0.0 < score <= 0.5 for score in scores):
        raise ValueError(
            "all scores lie between 0 and 1, so they can be probabilities or raw scores; "
            "say threshold=0.5 for probabilities, or threshold=0.0 for raw scores"
        )
    return scores


# %% mystnb={"code_prompt_show": "The function plot_decision_boundary, 43 lines"} tags=["hide-input"]
def plot_decision_boundary(
    model: Callable[..., Any],
    X: Iterable[Row],
    y: Iterable[SupportsFloat],
    ax: Axes | None = None,
    resolution: int = 50,
    threshold: float | None = None,
) -> Axes:
    """Draw the samples, the two regions into which the model divides the plane, and the boundary between them.

    Parameters
    ----------
    model : callable
        As for `predict`, with two inputs.
    X : rows of two numbers
        The samples.
    y : numbers
        Their labels: −1 and 1, or 0 and 1.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.
    resolution : int
        The model is asked at resolution × resolution points; between them the
        boundary is interpolated.
    threshold : float, optional
        The score on the line, as for `accuracy`.

    Returns
    -------
    matplotlib Axes
    """
    resolution = as_size(resolution, "resolution", least=2)
    X, y = as_samples(X, y)
    ax = plot_points(X, y, ax)
    x1, x2 = (grid_line([row[i] for row in X], resolution) for i in (0, 1))
    flat = centered(predict(model, [(a, b) for b in x2 for a in x1]), y, threshold)
    scores = [flat[start : start + resolution] for start in range(0, len(flat), resolution)]
    ax.grid(visible=False)
    ax.contourf(x1, x2, scores, levels=[-math.inf, 0.0, math.inf], colors=[MINUS, PLUS], alpha=0.14)
    if min(flat) < 0.0 < max(flat):
        ax.contour(x1, x2, scores, levels=[0.0], colors=[INK], linewidths=1.6)
    return ax


def grid_line(values: Sequence[float], n: int) -> list[float]:
    """Return `n` evenly spaced numbers that cover `values` and a little more on both sides."""
    low, high = min(values) - 0.4, max(values) + 0.4
    return [low + (high - low) * i / (n - 1) for i in range(n)]


# %% mystnb={"image": {"alt": "A straight line from the lower left to the upper right separates most of the moons; the inner end of each moon lies on the wrong side."}} tags=["active-ipynb"]
# print(f"the trained line gets {accuracy(line, X, y):.0%} right")
# plot_decision_boundary(line, X, y)
# plt.show()

# %% [markdown]
# `line` gets 88 right, two fewer than the best line. More steps would not help: at the lowest hinge loss that any line
# can have (a linear program finds it), only 86 are right. The hinge loss does not count errors. It grows with the
# distance of a wrong point from the boundary, and it also charges for points that are right but too close to it. The
# number of errors itself gives no gradient to follow, because it stays the same when the boundary moves a little.
#
# Do not leave out statement 3. `backward` adds to what a parameter's `grad` holds, so without `zero_grad` each step
# follows the sum of all gradients since the start. [Optimizers](optimizers.ipynb) shows what comes of that.
#
# ## The real code
#
# The real loop has four more parts. First, **batches**. So far, each step used all points. A step can also follow the
# average gradient of a few of them, a *minibatch*. One **epoch** is a pass through all points, so with minibatches it
# has several steps, and with the full batch it is one step. Each point must come exactly once in an epoch, and the
# order should be new each time.


# %%
def batches(n: int, batch_size: int | None, rng: np.random.Generator) -> Iterator[list[int]]:
    """Yield the indices 0 … n − 1, each exactly once, in shuffled batches.

    Parameters
    ----------
    n : int
        How many samples there are.
    batch_size : int or None
        How many go into a batch; the last batch may be smaller. None gives one
        batch of all of them, in order.
    rng : numpy.random.Generator
        Shuffles the indices.

    Yields
    ------
    list of int
    """
    if batch_size is None:
        yield list(range(n))
        return
    order = rng.permutation(n).tolist()
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


# %% tags=["active-ipynb"]
# rng = np.random.default_rng(0)
# for epoch in range(2):
#     print("epoch", epoch, list(batches(10, 4, rng)))

# %% [markdown]
# Second, a progress bar. Third, a **record** of what happened, with the losses and accuracies. Both are computed on the
# way: each batch counts with the parameters that the model has just before the step. The record can also keep copies of
# the parameters, so that you can go back and look at an earlier state of the model. State 0 is the start, and state
# $k$ is the model after $k$ epochs.


# %% mystnb={"code_prompt_show": "The function progress_bar, 14 lines"} tags=["hide-input"]
def progress_bar(epochs: int, wanted: bool) -> Iterable[int]:
    """Return the numbers 0 … epochs − 1, with a tqdm progress bar where someone can see it.

    There is no bar if tqdm is not installed, if stderr is not a terminal (logs) or
    if the environment says `TQDM_DISABLE=1`, which tqdm's own notebook bar ignores.
    """
    numbers = range(epochs)
    if not wanted or os.environ.get("TQDM_DISABLE", "") not in {"", "0"}:
        return numbers
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return numbers
    bar: Iterable[int] = tqdm(numbers, desc="training", unit="epoch", disable=None)
    return bar


# %% mystnb={"code_prompt_show": "What a model must have, and the record, 31 lines"} tags=["hide-input"]
class Model(Protocol):
    """What the training loop needs of a model."""

    def __call__(self, x: list[Any]) -> Any:
        """Return its score for one sample."""

    def parameters(self) -> list[Value]:
        """Return the Values to train."""

    def state_dict(self) -> dict[str, float]:
        """Return their numbers by name."""


@dataclass
class History:
    """The record of what happened during training, epoch by epoch.

    Attributes
    ----------
    losses : list of float
        The mean loss over each epoch, penalty included. Each sample is counted with
        the parameters that the model had when it saw it, before that step's update.
    accuracies : list of float
        The fraction of samples classified correctly, counted the same way; empty if the
        loss has no classes, so that there is nothing to count.
    snapshots : dict
        Parameters (`state_dict`) after as many epochs as the key says; 0 is the start.
    steps : int
        How many times the parameters were updated.
    interrupted : bool
        Whether training was stopped from the keyboard.
    """

    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    snapshots: dict[int, dict[str, float]] = field(default_factory=dict)
    steps: int = 0
    interrupted: bool = False


# %% [markdown]
# Fourth, two ways to run a batch forward and back. `one_by_one` does what you have seen. `at_once` gives the same
# numbers, up to rounding, but computes with arrays, as [Finding the arrays](arrays.ipynb) and [From scalars to
# arrays](vectorize.ipynb) explain.

# %% mystnb={"code_prompt_show": "Checking and small parts of the loop, 52 lines"} tags=["hide-input"]
Run = Callable[[list[list[float]], list[float]], tuple[float, list[float]]]

# The losses of classes, each with the score above which a sample counts as class 1.
THRESHOLDS: list[tuple[Loss, float]] = [
    (hinge_loss, 0.0),
    (binary_cross_entropy_with_logits, 0.0),
    (binary_cross_entropy, 0.5),
]


def border_of(loss: Loss, y: list[float], threshold: float | None) -> float | None:
    """Return the score above which a sample counts as class 1; None if there are no classes to tell apart."""
    border = next((score for known, score in THRESHOLDS if known is loss), None)
    if border is not None:  # so that the loss refuses a label before anything moves
        loss([Value(0.5)] * len(y), y)
    if threshold is None:
        return border
    expect_classes(y)
    return as_float(threshold)


def trainable(model: Model, optimizer: Optimizer) -> list[Value]:
    """Return the parameters of the model, after checking that the optimizer has some of them."""
    if not hasattr(model, "parameters"):
        raise TypeError(f"train needs a model with parameters(), such as MLP(2, [8, 1]), but got {what_is(model)}")
    parameters = model.parameters()
    if not set(parameters) & set(optimizer.parameters):
        raise ValueError("the optimizer holds none of the model's parameters; make it with model.parameters()")
    return parameters


def as_epochs(keep: Iterable[int]) -> set[int]:
    """Return the numbers of epochs as a set."""
    if not isinstance(keep, Iterable):
        raise TypeError(f"keep must list epochs, as in [0, 10], but got {what_is(keep)}")
    return {as_size(epoch, "an epoch to keep", least=0) for epoch in keep}


def penalized(loss: Loss, parameters: list[Value], l2: float) -> Loss:
    """Return the loss with the penalty l2·Σp² added."""
    if not l2:
        return loss
    return lambda scores, labels: loss(scores, labels) + l2 * dot(parameters, parameters)


def as_score(score: Any) -> Value:
    """Return the score, after checking that it is a Value, so that it has a gradient."""
    if not isinstance(score, Value):
        only(score)
        raise TypeError(
            f"the model must return a Value, but it returned {what_is(score)}, which has no gradient; "
            "leave out .data, float(...) and what comes from math"
        )
    return score


def loss_of(loss: Loss, scores: list[Value], y: list[float]) -> Value:
    """Return the loss, after checking that it is a Value that was computed."""
    objective = loss(scores, y)
    if not isinstance(objective, Value) or not objective._prev:
        raise TypeError(
            f"the loss must compute one Value from the scores, but it returned {what_is(objective)}; "
            "take the mean over the samples, with operations on Values"
        )
    return objective


# %%
def one_by_one(model: Model, loss: Loss) -> Run:
    """Return a function that runs a batch forward and back, one sample after the other."""

    def forward_backward(X: list[list[float]], y: list[float]) -> tuple[float, list[float]]:
        scores = [as_score(model(x[:])) for x in X]  # a copy: the model may change it
        objective = loss_of(loss, scores, y)
        objective.backward()
        return objective.data, [score.data for score in scores]

    return forward_backward


# %% mystnb={"code_prompt_show": "The function at_once, 22 lines"} tags=["hide-input"]
def at_once(model: Model, loss: Loss, X: list[list[float]], y: list[float]) -> Run:
    """Return a function that runs a batch forward and back, all samples at once."""
    import numpy as np

    from micrograd_numpy.vectorize import vectorize

    def one(x: list[Value], t: Value) -> list[Value]:
        score = as_score(model(x))
        return [loss([score], [t]), score]

    loss_and_score = vectorize(one, reduction="none")

    def forward_backward(X: list[list[float]], y: list[float]) -> tuple[float, list[float]]:
        batch = loss_and_score(X, y)
        seeds = np.zeros_like(batch.data)
        seeds[:, 0] = 1.0 / len(y)  # the gradient of the mean of the losses; the scores get none
        batch.backward(seeds)
        return float(batch.data[:, 0].mean()), batch.data[:, 1].tolist()

    first = loss_of(loss, [as_score(model(x[:])) for x in X], y).data
    each = float(loss_and_score.forward(X, y)[:, 0].mean())
    if not math.isclose(first, each, abs_tol=1e-12) and math.isfinite(first):
        raise ValueError(
            f"the loss of all samples is {first!r}, but the mean of their losses is {each!r}; "
            "leave vectorized=True out for such a loss"
        )
    return forward_backward


# %% [markdown]
# Now the loop itself. Three statements are left of the five. `zero_grad` has moved to the front, which changes nothing.
# `forward_backward` does the forward pass, the loss and `backward`. The rest is checking, an optional penalty, an
# optional schedule for the learning rate, and the record. If you press stop in a notebook, the loop ends, and the
# record keeps the epochs that were finished.


# %%
def train(
    model: Model,
    X: Iterable[Row],
    y: Iterable[SupportsFloat],
    optimizer: Optimizer,
    *,
    loss: Loss = hinge_loss,
    epochs: int = 100,
    batch_size: int | None = None,
    rng: np.random.Generator | int = 0,
    schedule: Callable[[int], float] | None = None,
    l2: float = 0.0,
    keep: Iterable[int] = (),
    progress: bool = True,
    vectorized: bool = False,
    threshold: float | None = None,
) -> History:
    """Train a model that returns one score per sample, and return the record of its training.

    Parameters
    ----------
    model : MLP, or any Module with one output
    X : rows of numbers
        The samples.
    y : numbers
        Their labels, as the loss wants them: −1 and 1 for `hinge_loss`, 0 and 1 (or a
        probability) for the cross-entropies, any numbers for `mse_loss`.
    optimizer : SGD, Adam, AdamW or a similar one
        Made with `model.parameters()`.
    loss : callable
        Takes scores and labels, returns one Value. It decides what the scores mean:
        accuracies are counted for the losses of two classes, and not for `mse_loss` or
        a loss of your own, unless you give a threshold.
    epochs : int
        How many times to go through all samples.
    batch_size : int, optional
        How many samples each step averages the gradient over; by default all of them.
    rng : numpy.random.Generator or int
        Shuffles the samples in each epoch if there is a `batch_size`. Equal
        seeds give equal runs.
    schedule : callable, optional
        The learning rate as a function of the step: 0, 1, 2, ….
    l2 : float
        α of the penalty α·Σp² over all parameters, added to every batch's loss.
    keep : iterable of int
        Numbers of epochs after which to keep a copy of the parameters.
    progress : bool
        Whether to show a bar (needs tqdm). Logs never get one.
    vectorized : bool
        Whether to compute all samples of a batch at once, with `vectorize`, which gives
        the same numbers up to rounding. The loss of a batch must be the mean of
        the losses of its samples, as it is for all losses of the library.
    threshold : float, optional
        Count accuracies with this score as the border between the classes. By default
        0 for `hinge_loss` and `binary_cross_entropy_with_logits`, 0.5 for
        `binary_cross_entropy`.

    Returns
    -------
    History
        If you interrupt training from the keyboard, the epochs finished so far; the
        model keeps what it has learned.

    Raises
    ------
    TypeError
        If the model has no parameters, or it or the loss returns no Value.
    ValueError
        If `X` and `y` do not fit together, the loss refuses a label, `epochs`,
        `batch_size` or `l2` is out of range, or the loss of a batch is not a mean and
        should be vectorized.
    """
    import numpy as np

    X, y = as_samples(X, y)
    border = border_of(loss, y, threshold)
    epochs = as_size(epochs, "epochs", least=0)
    if batch_size is not None:  # None: all samples at once
        batch_size = as_size(batch_size, "batch_size")
    l2 = at_least_zero("l2", l2)
    kept = as_epochs(keep)
    rng = np.random.default_rng(rng)
    parameters = trainable(model, optimizer)
    penalty = penalized(loss, parameters, l2)
    forward_backward = at_once(model, penalty, X, y) if vectorized else one_by_one(model, penalty)
    history = History()
    bar = progress_bar(epochs, progress)
    try:
        for epoch in bar:
            if epoch in kept:
                history.snapshots[epoch] = model.state_dict()
            mean_loss, correct = 0.0, 0
            for batch in batches(len(X), batch_size, rng):
                labels = [y[i] for i in batch]
                optimizer.zero_grad()
                objective, scores = forward_backward([X[i] for i in batch], labels)
                if schedule is not None:
                    optimizer.lr = schedule(history.steps)
                optimizer.step()
                history.steps += 1
                mean_loss += objective * (len(batch) / len(X))
                if border is not None:
                    correct += sum(agrees(score - border, label) for score, label in zip(scores, labels))
            history.losses.append(mean_loss)
            report = {"loss": f"{mean_loss:.4f}"}
            if border is not None:
                history.accuracies.append(correct / len(X))
                report["accuracy"] = f"{correct / len(X):.0%}"
            if hasattr(bar, "set_postfix"):
                bar.set_postfix(report)
    except KeyboardInterrupt:
        history.interrupted = True
    if len(history.losses) in kept:  # after an interrupt in an epoch, the state at its start is stored already
        history.snapshots.setdefault(len(history.losses), model.state_dict())
    return history


# %% [markdown]
# Is it the same loop? Then the parameters must be the same as those of `line`, to the last bit:

# %% tags=["active-ipynb"]
# again = MLP(2, [1], rng=0)
# history = train(again, X, y, SGD(again.parameters(), lr=1.0), epochs=200)
# print("same parameters:", again.state_dict() == line.state_dict())
# print("same last loss: ", history.losses[-1] == loss.data)
#
# again = MLP(2, [1], rng=0)
# fast = train(again, X, y, SGD(again.parameters(), lr=1.0), epochs=200, vectorized=True)
# print("vectorized, up to rounding:", np.allclose(fast.losses, history.losses, rtol=1e-9))

# %% [markdown]
# ## A published run
#
# This book learned from an engine called micrograd {cite:p}`karpathy2020micrograd`. Its notebook trains a network on
# these points and prints the losses. We repeat that run. Each step starts where the one before ended, so
# a wrong gradient in one step would change the losses of all steps after it.
#
# The network has two hidden layers of 16 relu neurons and one output. micrograd draws the first weights with Python's
# generator and seed 1337, evenly from (−1, 1), neuron by neuron. All biases start at 0. We do the same:

# %% tags=["active-ipynb"]
# import random
#
#
# def published_start():
#     model = MLP(2, [16, 16, 1])
#     weights = random.Random(1337)
#     for name, p in model.named_parameters():
#         p.data = 0.0 if name.endswith("bias") else weights.uniform(-1, 1)
#     return model
#
#
# model = published_start()
# model

# %% [markdown]
# The loss has two parts: the hinge loss, and a penalty $\alpha \sum p^2$ over all parameters $p$, with $\alpha =
# 10^{-4}$. The penalty makes large parameters costly. (In `SGD`, `weight_decay` with $\lambda = 2\alpha$ takes the same
# steps, but then the loss that you print lacks the penalty.) In each step all points are used, and the learning rate
# falls from 1.0 towards 0.1. How large is the graph of one step?

# %% tags=["active-ipynb"]
# from micrograd_numpy import topological_sort
# from micrograd_numpy.value import dot
#
# loss = hinge_loss([model(row) for row in X], y) + 1e-4 * dot(model.parameters(), model.parameters())
# print("nodes in the graph of one step:", len(topological_sort(loss)))

# %% [markdown]
# That is about eleven thousand nodes in each step, and about a million in the whole run. Do you expect the loss to fall
# at every step?

# %% tags=["active-ipynb"]
# def published_run(schedule, **options):
#     model = published_start()
#     sgd = SGD(model.parameters(), lr=1.0)
#     return model, train(model, X, y, sgd, epochs=100, schedule=schedule, l2=1e-4, keep=range(101), **options)
#
#
# model, history = published_run(lambda step: 1.0 - 0.9 * step / 100)
# for step in [0, 1, 2, 10, 20, 40, 99]:
#     print(f"step {step:2d}   loss {history.losses[step]:.4f}   accuracy {history.accuracies[step]:.0%}")
# rises = sum(after > before for before, after in pairwise(history.losses))
# print("the loss rises at", rises, "of", len(history.losses) - 1, "steps")

# %% [markdown]
# The first step almost doubles the loss, and many later steps raise it, too. The gradient tells the slope where you
# stand, and not the slope where a long step ends. With a learning rate of 1.0 the steps are long. Here are three losses
# that micrograd's notebook prints:

# %% tags=["active-ipynb"]
# published = {0: 0.8958441028683222, 1: 1.7235905336972022, 99: 0.010978370135492717}
# for step, theirs in published.items():
#     print(f"step {step:2d}   published {theirs:.15f}   ours {history.losses[step]:.15f}")
# print("steps with 100 % right:", [step for step in range(100) if history.accuracies[step] == 1][:8], "...")
# print("last step with less:", max(step for step in range(100) if history.accuracies[step] < 1))

# %% [markdown]
# They agree to at least 14 decimals, although our engine adds up the products of a neuron in one node and micrograd's
# in a chain of nodes. 100 % is first reached at step 40. But the long steps lose it again several times; from step 70
# on it stays.
#
# Which of the two parts of the loss is left at the end?

# %% tags=["active-ipynb"]
# penalty = 1e-4 * sum(p.data**2 for p in model.parameters())
# print("hinge loss", hinge_loss(predict(model, X), y).data)
# print(f"penalty    {penalty:.4f}")

# %% [markdown]
# Only the penalty. All 100 points are on the right side with a margin of at least one.
#
# ## Watch the boundary bend
#
# `history` has kept the parameters after every epoch, so you can look at earlier states of the model. The function
# `boundary_at` loads one of them into a second model and draws its regions.

# %% mystnb={"image": {"alt": "Six pictures of the regions: at epoch 0 the whole plane is called \u22121; after 1 epoch a nearly straight boundary cuts it, and after 5 it has bent; after 20 it is a wave with a hump and a dip; after 40 and 100 the wave has grown and runs between the moons with every point on its side."}} tags=["active-ipynb"]
# film = MLP(2, [16, 16, 1])
#
#
# def boundary_at(epoch, ax=None):
#     film.load_state_dict(history.snapshots[epoch])
#     ax = plot_decision_boundary(film, X, y, ax=ax, resolution=40)
#     ax.set_title(f"epoch {epoch}: {accuracy(film, X, y):.0%} right")
#
#
# _, axes = plt.subplots(3, 2, figsize=(6.4, 6.6), sharex=True, sharey=True)
# for epoch, ax in zip([0, 1, 5, 20, 40, 100], axes.flat):
#     boundary_at(epoch, ax)
#     ax.label_outer()
# plt.show()

# %% [markdown]
# The boundary is nearly straight after a few steps; the bends take longer. Between its folds a relu network is linear
# (see [Neurons, layers, MLP](mlp.ipynb)), so the folds have to move to where the moons turn.
#
# Here is every epoch. Play it, or move the slider. Watch the triangles at the right end of the upper moon: the boundary
# passes over them again and again. Over which of all the points does it pass most often?

# %% mystnb={"image": {"alt": "The regions of the trained model: the boundary winds between the moons with every point on its side. Below it is the curve of the loss. In the page, a slider goes through every epoch.", "classes": "touch touch-boundary"}} tags=["active-ipynb"]
# from micrograd_numpy.figures import boundary_figure
#
# boundary_figure(film, X, y, history, vectorized=True)

# %% [markdown]
# The stored models know the answer:

# %% mystnb={"code_prompt_show": "Which point the boundary passes most often, 8 lines"} tags=["active-ipynb", "hide-input"]
# sides = []
# for epoch in range(101):
#     film.load_state_dict(history.snapshots[epoch])
#     sides.append([score > 0 for score in predict(film, X)])
# changes = [sum(now != then for then, now in pairwise(point)) for point in zip(*sides)]
# most = changes.index(max(changes))
# where = [round(v, 2) for v in X[most]]
# print(f"The boundary passed most often over {where}, label {y[most]:+.0f}: {changes[most]} times.")

# %% [markdown]
# The curve of the loss tells the same story. On its logarithmic scale, equal distances are equal factors.


# %% mystnb={"code_prompt_show": "The function plot_loss_curve, 24 lines"} tags=["hide-input"]
def plot_loss_curve(history: History, ax: Axes | None = None) -> Axes:
    """Draw the loss over the epochs, on a logarithmic scale where it is positive.

    Parameters
    ----------
    history : History
        What `train` returned.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError
        If `history` is no History.
    """
    if not hasattr(history, "losses"):
        raise TypeError(f"plot_loss_curve draws what train returned, but got {what_is(history)}")
    ax = ax or new_axes()
    ax.plot(history.losses, color=FORWARD)
    if all(loss > 0.0 for loss in history.losses):
        ax.set_yscale("log")
    ax.set(xlabel="epoch", ylabel="loss")
    return ax


# %% mystnb={"image": {"alt": "Two curves over 100 epochs: the loss jumps up at the first step, falls in zigzags to about 0.01 and is smooth only in the last 18 steps; the accuracy climbs in jumps from 50 to 100 percent."}} tags=["active-ipynb"]
# _, (above, below) = plt.subplots(2, 1, figsize=(6.4, 4.8), sharex=True)
# plot_loss_curve(history, ax=above).set_xlabel("")
# below.plot(history.accuracies, color=FORWARD)
# below.set(xlabel="epoch", ylabel="accuracy")
# plt.show()

# %% [markdown]
# The zigzag comes from the long steps. A step leads back if its angle to the step before is more than 90°. Let us count
# these:

# %% mystnb={"code_prompt_show": "How many steps lead back, 4 lines"} tags=["active-ipynb", "hide-input"]
# places = np.array([list(state.values()) for state in history.snapshots.values()])
# moves = np.diff(places, axis=0)
# back = sum(move @ before < 0 for before, move in pairwise(moves[:83]))
# print("of the steps 1 to 82,", back, "lead back")

# %% [markdown]
# Most of these steps lead back, as if the model stepped from one wall of a valley to the other. At the end, the hinge
# loss is 0, and only the penalty still moves the parameters.
#
# Would a constant learning rate do as well as the schedule?

# %% tags=["active-ipynb"]
# for lr in [1.0, 0.1]:
#     _, constant = published_run(lambda _, lr=lr: lr, vectorized=True)
#     print(f"constant {lr}: last loss {constant.losses[-1]:.4f}, accuracy {constant.accuracies[-1]:.0%}")

# %% [markdown]
# The schedule gains little here over the constant 1.0. The constant 0.1 is too small for 100 steps.
#
# ## Many small steps or a few good ones
#
# A step of the full batch follows the true gradient of the loss, and it costs 100 points. A minibatch of 10 gives only
# an estimate of the gradient, and for the same cost you can take ten steps. Which is better?
#
# For a fair comparison, we fix what a run may cost: 2000 **gradient evaluations**, that is, 2000 times one point
# forward and back. And we give each batch size two learning rates, because what is best for one need not be best for
# another. The table shows the model at the end. These are single runs, so read only the large differences.

# %% tags=["active-ipynb"]
# runs = {}
# print("batch   steps   lr    loss    accuracy")
# for batch_size in [100, 10, 1]:
#     for lr in [1.0, 0.1]:
#         model = runs[batch_size, lr] = MLP(2, [16, 16, 1], rng=0)
#         sgd = SGD(model.parameters(), lr=lr)
#         past = train(model, X, y, sgd, epochs=20, batch_size=batch_size, progress=False)
#         loss = hinge_loss(predict(model, X), y).data
#         print(f"{batch_size:5d}   {past.steps:5d}   {lr}   {loss:.3f}   {accuracy(model, X, y):.0%}")

# %% [markdown]
# Here 20 steps with the full batch are too few at either learning rate. With batches of 10, the same cost buys 200
# steps, and at 1.0 they bring the loss to 0. With single points there are 2000 steps. But one point is a poor estimate
# of the gradient, and of the two learning rates only the small one works with it. At 1.0, half of the points end up
# wrong. Look into that model. A relu is *awake* at a point if its output there is above 0. How many of the last hidden
# layer's relus are awake at no point, and at how many points is none of them awake?

# %% mystnb={"code_prompt_show": "Counting what is awake, 13 lines"} tags=["active-ipynb", "hide-input"]
# def is_awake(model, point):
#     first, second, _ = model.layers
#     return [output.data > 0 for output in second(first(point))]
#
#
# def report(name, model):
#     awake = np.array([is_awake(model, point) for point in X])
#     print(f"{name:20} {sum(~awake.any(axis=1)):15d} of {len(X)} {sum(~awake.any(axis=0)):16d} of 16")
#
#
# ruined = runs[1, 1.0]
# print("                      points that wake none   relus no point wakes")
# report("at the start", MLP(2, [16, 16, 1], rng=0))
# report("trained with lr 0.1", runs[1, 0.1])
# report("trained with lr 1.0", ruined)
# train(ruined, X, y, SGD(ruined.parameters(), lr=0.1), epochs=20, batch_size=1, progress=False)
# report("and 20 epochs at 0.1", ruined)

# %% mystnb={"code_prompt_show": "The picture's code, 6 lines", "image": {"alt": "The moons, and in gray the part of the plane where no relu of the last hidden layer is awake. It covers all of the lower moon and most of the upper one."}} tags=["active-ipynb", "hide-input"]
# ax = plot_points(X, y)
# across, up = np.linspace(-1.5, 2.6, 50), np.linspace(-1, 1.5, 50)
# awake = [[any(is_awake(ruined, (a, b))) for a in across] for b in up]
# ax.grid(visible=False)
# ax.contourf(across, up, np.array(awake, float), levels=[-1, 0.5], colors=[MUTED], alpha=0.3)
# plt.show()

# %% [markdown]
# Where every relu of a layer gives 0, every relu has slope 0, and no gradient gets through. All points in the gray
# region have the same score, the output's bias, and that bias is the only parameter that they can still move. A relu
# that no point wakes is called *dead*. At the start no relu was dead. In this run, long steps killed 12 of the 16, and
# short ones woke none of them.
#
# So choose batch size and learning rate together. Small batches buy more steps for the same number of evaluations, and
# large ones give a better estimate of the gradient on average. We count evaluations because `one_by_one` takes one
# point at a time. On hardware that takes 100 points in the time of one, you would count steps, and larger batches look
# better.
#
# ## Points it has never seen
#
# If a model gets all its training points right, it may have learned two moons, or only a list of 100 points. There is
# one way to find out: draw new points that were not used in training.

# %% tags=["active-ipynb"]
# film.load_state_dict(history.snapshots[100])  # the published run at its end
# X_new, y_new = moons_data(n_samples=1000, noise=0.1, seed=1)
# print(f"100 points it was trained on: {accuracy(film, X, y):.1%}")
# print(f"1000 it has never seen:       {accuracy(film, X_new, y_new):.1%}")

# %% [markdown]
# It has learned the moons: it **generalizes**. But these moons are easy. With three times the noise, they overlap. Then
# not even someone who knows exactly how the points were made can get all of them right. The folded cell contains such
# an insider, who knows the moons and the noise and, for each point, asks which moon is more likely to have produced it.
# On average over new points, no model can do better.

# %% mystnb={"code_prompt_show": "The insider, 10 lines"} tags=["active-ipynb", "hide-input"]
# def insider(point, noise=0.3):
#     a, b = point
#     upper = lower = 0.0
#     for i in range(200):
#         c, s = math.cos(math.pi * i / 199), math.sin(math.pi * i / 199)
#         upper += math.exp(-((a - c) ** 2 + (b - s) ** 2) / (2 * noise**2))
#         lower += math.exp(-((a - (1 - c)) ** 2 + (b - (0.5 - s)) ** 2) / (2 * noise**2))
#     return lower - upper
#
#
# X_new, y_new = moons_data(n_samples=1000, noise=0.3, seed=99)
# print(f"the insider, on 1000 new points: {accuracy(insider, X_new, y_new):.1%}")

# %% [markdown]
# Now we train on 10, on 50 and on 200 of these noisy points, each time for 400 steps with batches of 10. Which of the
# three models will be best on the points that it was trained on?

# %% tags=["active-ipynb"]
# def noisy_run(n, l2=0.0):
#     few = moons_data(n_samples=n, noise=0.3, seed=0)
#     model = MLP(2, [16, 16, 1], rng=0)
#     options = {"epochs": 4000 // n, "batch_size": 10, "progress": False, "keep": range(0, 401, 10)}
#     history = train(model, *few, SGD(model.parameters(), lr=0.3), l2=l2, vectorized=True, **options)
#     print(f"{n:6d}   {accuracy(model, *few):10.1%}   {accuracy(model, X_new, y_new):10.1%}")
#     return model, few, history
#
#
# print("points   trained on   never seen")
# trained = {n: noisy_run(n) for n in [10, 50, 200]}

# %% [markdown]
# The two columns move in opposite directions. The model trained on 10 points is perfect on its own points and worst on
# new ones. It has 337 parameters, enough to fit all ten points and their noise. This is **overfitting**, and you cannot
# see it in the loss on the training points. With more points it becomes harder to fit the noise. At 200, the model is
# close to the insider, and its accuracy on its own points is the lowest of the three.
#
# You cannot always get more data. Two other remedies are to stop early, and to add the penalty from above. The curves
# show the model trained on 10 points, without a penalty and with $\alpha = 0.01$:

# %% tags=["active-ipynb"]
# trained["penalty"] = noisy_run(10, l2=0.01)

# %% mystnb={"code_prompt_show": "The picture's code, 17 lines", "image": {"alt": "The hinge loss on new points over 400 epochs. Without the penalty it is lowest after 90 epochs and then rises to more than twice that; with the penalty it is at most 0.36 from epoch 50 on. On the training points, the loss without the penalty falls to 0."}} tags=["active-ipynb", "hide-input"]
# from micrograd_numpy.vectorize import vectorize
#
#
# def losses_on(X, y, model, history):
#     found = []
#     for state in history.snapshots.values():
#         model.load_state_dict(state)
#         found.append(hinge_loss(predict(vectorize(model), X), y).data)
#     return found
#
#
# epochs = list(trained[10][2].snapshots)
# for key, color, name in [(10, BACKWARD, "without penalty"), ("penalty", FORWARD, "with penalty")]:
#     model, few, past = trained[key]
#     plt.plot(epochs, losses_on(X_new, y_new, model, past), color=color, label=f"new points, {name}")
#     plt.plot(epochs, losses_on(*few, model, past), ":", color=color, label=f"training points, {name}")
# plt.xlabel("epoch")
# plt.ylabel("hinge loss")
# plt.ylim(0, 1.1)
# plt.legend(loc="upper center")
# plt.show()

# %% [markdown]
# Without the penalty, the loss on new points is lowest at epoch 90. After that the model makes more mistakes, 24 % of
# the new points at the end instead of 13 %, and it is surer of them: the scores with the wrong sign grow. (To stop at
# epoch 90 because of these points would be cheating, as Exercise 3 explains.) With the penalty the loss stays low, and
# the model gets more new points right, although it gives up one of its ten. You can see what it gave up:

# %% mystnb={"code_prompt_show": "The picture's code, 6 lines", "image": {"alt": "Three boundaries. From 10 points without a penalty it puts all ten right, with a wedge cut out for one of them; from the same points with a penalty it is nearly straight, and one point is on the wrong side; from 200 points it is a wave between the moons, with some points of each class on the wrong side."}} tags=["active-ipynb", "hide-input"]
# _, axes = plt.subplots(3, 1, figsize=(5.4, 9))
# for key, ax in zip([10, "penalty", 200], axes):
#     model, few, _ = trained[key]
#     plot_decision_boundary(model, *few, ax=ax, resolution=40)
#     ax.set_title({10: "10 points", "penalty": "10 points, with a penalty", 200: "200 points"}[key])
# plt.show()

# %% [markdown]
# These, too, are single runs. One lesson is general: judge a model by points that it has not seen.
#
# ## What you can now do
#
# - Write a training loop in five statements, and say what goes wrong without `zero_grad`.
# - Read a loss curve: steps that are too long, and a loss that is only penalty.
# - Choose batch size and learning rate together, and compare runs by what they cost.
# - Tell a model that learned the moons from one that learned the points.
#
# ## In PyTorch this is …
#
# … the same five statements, with
# [`torch.optim.SGD`](https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html). We train the same network
# from the same weights for the same 100 steps. PyTorch takes all points at once, as the rows of a matrix. Its floats
# have 32 bits by default, so we ask for 64, as in Python:

# %% tags=["active-ipynb", "needs-torch"]
# try:
#     import torch
# except ImportError:
#     print("PyTorch is not installed here, so there is nothing to compare.")
# else:
#     from functools import partial
#
#     Linear, ReLU = partial(torch.nn.Linear, dtype=torch.float64), torch.nn.ReLU
#     tensor = partial(torch.tensor, dtype=torch.float64)
#     net = torch.nn.Sequential(Linear(2, 16), ReLU(), Linear(16, 16), ReLU(), Linear(16, 1))
#     with torch.no_grad():
#         for theirs, ours in zip(net[::2], published_start().layers):
#             theirs.weight.copy_(tensor([[w.data for w in n.weights] for n in ours.neurons]))
#             theirs.bias.copy_(tensor([n.bias.data for n in ours.neurons]))
#     points, labels = tensor(X), tensor(y)
#     optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
#     losses = []
#     for step in range(100):
#         scores = net(points)[:, 0]
#         penalty = 1e-4 * sum((p * p).sum() for p in net.parameters())
#         loss = torch.relu(1 - labels * scores).mean() + penalty
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.param_groups[0]["lr"] = 1.0 - 0.9 * step / 100
#         optimizer.step()
#         losses.append(loss.item())
#     print(f"torch {losses[-1]:.12f}")
#     print(f"ours  {history.losses[-1]:.12f}")
#     print(
#         "all 100 losses within 1e-9:",
#         max(abs(a - b) for a, b in zip(losses, history.losses)) < 1e-9,
#     )

# %% [markdown]
# ## Exercises
#
# With folded solutions, in [Exercises: Training on moons](exercises/moons.ipynb):
#
# 1. A data set of your own: train a network to fence in a disk.
# 2. How small can it be? Find the smallest network that learns the moons.
# 3. Stop in time: keep the parameters that do best on points held back.
# 4. Find the folds: draw the line of every hidden neuron, before and after training.
#
# ## Check yourself
#
# :::{dropdown} Which of the five statements can you move without changing anything?
# `zero_grad` may stand anywhere between `step` and the next `backward`: before the forward pass, or before the loss.
# The other four must keep their order: each uses what the one before it has made, and the forward pass what the last
# step has made.
# :::
#
# :::{dropdown} 1000 points, batches of 32, 5 epochs. How many steps is that?
# An epoch has 31 full batches and one of 8 points, so 32 steps. Five epochs have 160.
# :::
#
# :::{dropdown} The loss rises at the first step. Is the gradient wrong?
# It may be right. A step downhill is sure to lower the loss only if the loss is smooth there and the step is short
# enough. Make the learning rate ten times smaller, and then smaller still. If the loss always rises, check the
# gradients.
# :::
#
# :::{dropdown} A model gets 100 % of its training points right. Is that good?
# You cannot say. Several models in this chapter did. The one of the published run got every new point right, too; the
# one trained on ten noisy points got only about three in four.
# :::
#
# ## Sources
#
# The run is the demonstration of micrograd {cite:p}`karpathy2020micrograd`, the data set is scikit-learn's
# {cite:p}`pedregosa2011`, and the hinge loss comes from support-vector machines {cite:p}`cortes1995`. Steps along the
# gradient of random samples go back to {cite:t}`robbins1951`.
